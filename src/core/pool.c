/* SPDX-License-Identifier: Apache-2.0 */
/* A run is open while there are tasks to draw from a shared counter. The caller works too; a worker that arrives in
 * time enters and helps, one that the system has not woken yet is not waited for. Runs follow each other within
 * microseconds, so whoever waits first watches for a short while, and only then sleeps on a condition variable. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "core/internal.h"

enum { MAX_THREADS = 1024, SPINS = 4000 };

typedef struct worker {
  ock_pool *pool;
  size_t index;
  pthread_t thread;
} worker;

struct ock_pool {
  size_t n_threads; /* the caller included */
  worker *workers;  /* n_threads - 1 */
  pthread_mutex_t mutex;
  pthread_cond_t wake, left;
  uint64_t n_runs;
  atomic_uint_fast64_t open; /* the number of the run that may be entered, from 1; 0 between runs */
  atomic_size_t n_inside;    /* workers that look at the run: while there are any its fields must not change */
  atomic_bool stopping;
  ock_task *task;
  void *arg;
  size_t n_tasks;
  atomic_size_t next_task;
  ock_ticker *ticker; /* of this run; NULL: nothing stops it */
};

static bool is_stopped(ock_ticker *ticker) {
  return ticker && ock_ticker_stopped(ticker);
}

static void work(ock_pool *pool, size_t index) {
  bool is_caller = index == 0;
  for (;;) {
    if (is_caller && is_stopped(pool->ticker)) {
      atomic_store(&pool->next_task, pool->n_tasks);
      return;
    }
    size_t i = atomic_fetch_add_explicit(&pool->next_task, 1, memory_order_relaxed);
    if (i >= pool->n_tasks) return;
    pool->task(pool->arg, i, index);
  }
}

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

static bool has_news(ock_pool *pool, uint64_t seen) {
  uint64_t open = atomic_load(&pool->open);
  return (open != 0 && open != seen) || atomic_load(&pool->stopping);
}

static void await_news(ock_pool *pool, uint64_t seen) {
  for (int spin = 0; spin < SPINS; spin++) {
    if (has_news(pool, seen)) return;
    relax();
  }
  pthread_mutex_lock(&pool->mutex);
  while (!has_news(pool, seen)) pthread_cond_wait(&pool->wake, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

static void await_leavers(ock_pool *pool) {
  for (int spin = 0; spin < SPINS; spin++) {
    if (atomic_load(&pool->n_inside) == 0) return;
    relax();
  }
  pthread_mutex_lock(&pool->mutex);
  while (atomic_load(&pool->n_inside) > 0) pthread_cond_wait(&pool->left, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

static void *worker_main(void *arg) {
  worker *self = arg;
  ock_pool *pool = self->pool;
  uint64_t seen = 0;
  for (;;) {
    await_news(pool, seen);
    if (atomic_load(&pool->stopping)) return NULL;
    /* First in, then a look at whether the run is still open: the caller closes it first and then looks for anyone
     * inside, so one of the two sees the other. */
    atomic_fetch_add(&pool->n_inside, 1);
    uint64_t open = atomic_load(&pool->open);
    if (open != 0) {
      work(pool, self->index);
      seen = open;
    }
    if (atomic_fetch_sub(&pool->n_inside, 1) == 1) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->left);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
}

static size_t count_cores(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return (size_t)CPU_COUNT(&set);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (size_t)n : 1;
}

static size_t default_threads(void) {
  size_t cores = count_cores();
  return cores < MAX_THREADS ? cores : MAX_THREADS;
}

static void stop_workers(ock_pool *pool, size_t n_started) {
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->stopping, true);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  for (size_t i = 0; i < n_started; i++) pthread_join(pool->workers[i].thread, NULL);
}

static void destroy(ock_pool *pool) {
  pthread_cond_destroy(&pool->left);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  ock_free(pool->workers);
  ock_free(pool);
}

/* Returns how many threads there are, the caller included: fewer than asked when the system has no more. */
static size_t start_workers(ock_pool *pool, size_t n_threads) {
  for (size_t i = 0; i + 1 < n_threads; i++) {
    pool->workers[i] = (worker){.pool = pool, .index = i + 1};
    if (pthread_create(&pool->workers[i].thread, NULL, worker_main, &pool->workers[i]) != 0) return i + 1;
  }
  return n_threads;
}

/* When the number is ours, fewer will do: results do not depend on it. */
ockham_status ock_pool_new(size_t n_threads, ock_pool **out, ockham_error *err) {
  *out = NULL;
  bool asked = n_threads > 0;
  if (!asked) n_threads = default_threads();
  if (n_threads > MAX_THREADS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "threads must be at most %d, found %zu", MAX_THREADS, n_threads);
  ock_pool *pool = ock_alloc_zeroed(1, sizeof *pool);
  worker *workers = ock_alloc_zeroed(n_threads, sizeof *workers);
  if (!pool || !workers) {
    ock_free(pool);
    ock_free(workers);
    return ock_fail_memory(err, "the thread pool", sizeof *pool + n_threads * sizeof *workers);
  }
  pool->workers = workers;
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pthread_cond_init(&pool->left, NULL);
  pool->n_threads = start_workers(pool, n_threads);
  if (asked && pool->n_threads < n_threads) {
    ock_fail(err, OCKHAM_NO_MEMORY, "could start only %zu of %zu threads", pool->n_threads, n_threads);
    ock_pool_free(pool);
    return OCKHAM_NO_MEMORY;
  }
  *out = pool;
  return OCKHAM_OK;
}

size_t ock_pool_size(const ock_pool *pool) {
  return pool->n_threads;
}

void ock_pool_run(ock_pool *pool, size_t n_tasks, ock_task *task, void *arg) {
  (void)ock_pool_run_watched(pool, NULL, n_tasks, task, arg);
}

static void run_alone(ock_ticker *ticker, size_t n_tasks, ock_task *task, void *arg) {
  for (size_t i = 0; i < n_tasks && !is_stopped(ticker); i++) task(arg, i, 0);
}

static void run_together(ock_pool *pool, ock_ticker *ticker, size_t n_tasks, ock_task *task, void *arg) {
  pool->task = task;
  pool->arg = arg;
  pool->n_tasks = n_tasks;
  pool->ticker = ticker;
  atomic_store_explicit(&pool->next_task, 0, memory_order_relaxed);
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->open, ++pool->n_runs);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  work(pool, 0);
  atomic_store(&pool->open, 0);
  await_leavers(pool);
}

bool ock_pool_run_watched(ock_pool *pool, ock_ticker *ticker, size_t n_tasks, ock_task *task, void *arg) {
  if (is_stopped(ticker)) return false;
  if (pool->n_threads == 1 || n_tasks < 2)
    run_alone(ticker, n_tasks, task, arg);
  else
    run_together(pool, ticker, n_tasks, task, arg);
  return !ticker || !ticker->stopped;
}

void ock_pool_free(ock_pool *pool) {
  if (!pool) return;
  stop_workers(pool, pool->n_threads - 1);
  destroy(pool);
}
