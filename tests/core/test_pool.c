/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <time.h>

#include "test.h"

enum { MAX_TASKS = 1000, MAX_POOL = 8 };

typedef struct board {
  atomic_int times[MAX_TASKS];
  double result[MAX_TASKS];
  size_t pool_size;
  atomic_int bad_workers;
  atomic_int busy[MAX_POOL]; /* one task at a time for each worker */
} board;

static void mark(void *arg, size_t i, size_t worker) {
  board *b = arg;
  if (worker >= b->pool_size || atomic_fetch_add(&b->busy[worker], 1) != 0) atomic_fetch_add(&b->bad_workers, 1);
  atomic_fetch_add(&b->times[i], 1);
  b->result[i] = sqrt((double)i); /* not atomic: it must be seen after the run all the same */
  if (worker < b->pool_size) atomic_fetch_sub(&b->busy[worker], 1);
}

static void run_and_check(ock_pool *pool, size_t n_tasks) {
  static board b;
  memset(&b, 0, sizeof b);
  b.pool_size = ock_pool_size(pool);
  ock_pool_run(pool, n_tasks, mark, &b);
  assert_int_equal(b.bad_workers, 0);
  for (size_t i = 0; i < MAX_TASKS; i++) {
    assert_int_equal(b.times[i], i < n_tasks);
    assert_true(b.result[i] == (i < n_tasks ? sqrt((double)i) : 0));
  }
}

/* Allows so many calls. */
static bool count_down(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)stage, (void)done, (void)total;
  long *left = user;
  return --*left >= 0;
}

static void a_watched_run_runs_all(void **state) {
  (void)state;
  static board b;
  for (size_t n_threads = 1; n_threads <= 3; n_threads++) {
    ock_pool *pool;
    assert_ok(ock_pool_new(n_threads, &pool, err));
    for (size_t n_tasks = 0; n_tasks < 30; n_tasks++) {
      memset(&b, 0, sizeof b);
      b.pool_size = n_threads;
      assert_true(ock_pool_run_watched(pool, NULL, n_tasks, mark, &b));
      for (size_t i = 0; i < MAX_TASKS; i++) assert_int_equal(b.times[i], i < n_tasks);
    }
    ock_pool_free(pool);
  }
}

static void a_watched_run_can_be_stopped(void **state) {
  (void)state;
  static board b;
  ock_pool *pool;
  assert_ok(ock_pool_new(2, &pool, err));
  long calls = 0;
  ockham_progress progress = {.report = count_down, .user = &calls};
  ock_ticker ticker = {.progress = &progress};
  memset(&b, 0, sizeof b);
  b.pool_size = 2;
  assert_false(ock_pool_run_watched(pool, &ticker, 10, mark, &b));
  for (size_t i = 0; i < 10; i++) assert_int_equal(b.times[i], 0);
  ticker = (ock_ticker){.progress = &progress};
  calls = 1000;
  assert_true(ock_pool_run_watched(pool, &ticker, 10, mark, &b));
  assert_true(calls < 1000);
  ticker.stopped = true;
  assert_false(ock_pool_run_watched(pool, &ticker, 10, mark, &b));
  for (size_t i = 0; i < 10; i++) assert_int_equal(b.times[i], 1);
  ock_pool_free(pool);
}

static void nap(long milliseconds) {
  nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

static void every_task_runs_once(void **state) {
  (void)state;
  static const size_t n_tasks[] = {0, 1, 2, 3, 7, 8, 9, 64, MAX_TASKS};
  for (size_t n_threads = 1; n_threads <= MAX_POOL; n_threads++) {
    ock_pool *pool;
    assert_ok(ock_pool_new(n_threads, &pool, err));
    assert_int_equal(ock_pool_size(pool), n_threads);
    for (size_t repeat = 0; repeat < 20; repeat++)
      for (size_t t = 0; t < 9; t++) run_and_check(pool, n_tasks[t]);
    ock_pool_free(pool);
  }
}

/* Workers spin, then sleep: a run must reach them in either state, and on the way from one to the other. */
static void runs_after_a_pause(void **state) {
  (void)state;
  for (size_t n_threads = 2; n_threads <= MAX_POOL; n_threads += 3) {
    ock_pool *pool;
    assert_ok(ock_pool_new(n_threads, &pool, err));
    for (long pause = 0; pause < 6; pause++) {
      nap(pause);
      run_and_check(pool, 50);
      run_and_check(pool, 3);
    }
    ock_pool_free(pool);
  }
}

static void slow_task(void *arg, size_t i, size_t worker) {
  (void)worker;
  if (i == 0) nap(5);
  atomic_fetch_add((atomic_int *)arg, 1);
}

static void the_caller_waits_for_slow_tasks(void **state) {
  (void)state;
  ock_pool *pool;
  assert_ok(ock_pool_new(3, &pool, err));
  for (int repeat = 0; repeat < 5; repeat++) {
    atomic_int done = 0;
    ock_pool_run(pool, 4, slow_task, &done);
    assert_int_equal(done, 4);
  }
  ock_pool_free(pool);
}

static void add_one(void *arg, size_t i, size_t worker) {
  (void)i, (void)worker;
  atomic_fetch_add((atomic_long *)arg, 1);
}

static void many_short_runs(void **state) {
  (void)state;
  ock_pool *pool;
  assert_ok(ock_pool_new(4, &pool, err));
  atomic_long total = 0;
  for (int run = 0; run < 3000; run++) ock_pool_run(pool, 5, add_one, &total);
  assert_int_equal(total, 15000);
  ock_pool_free(pool);
}

static void pools_come_and_go(void **state) {
  (void)state;
  for (size_t repeat = 0; repeat < 40; repeat++) {
    ock_pool *unused, *used;
    assert_ok(ock_pool_new(1 + repeat % 5, &unused, err));
    assert_ok(ock_pool_new(5 - repeat % 5, &used, err));
    run_and_check(used, repeat);
    ock_pool_free(unused);
    ock_pool_free(used);
  }
  ock_pool_free(NULL);
}

static void sizes_are_checked(void **state) {
  (void)state;
  ock_pool *pool;
  ockham_error found;
  assert_ok(ock_pool_new(0, &pool, err));
  assert_true(ock_pool_size(pool) >= 1);
  ock_pool_free(pool);
  assert_int_equal(ock_pool_new(1025, &pool, &found), OCKHAM_BAD_ARGUMENT);
  assert_null(pool);
  assert_string_equal(found.message, "threads must be at most 1024, found 1025");
  assert_int_equal(ock_pool_new(SIZE_MAX, &pool, NULL), OCKHAM_BAD_ARGUMENT);
}

static void memory_runs_out(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ock_pool *pool;
    ock_fault_after(n);
    ockham_status status = ock_pool_new(3, &pool, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    assert_true((pool == NULL) == (status != OCKHAM_OK));
    ock_pool_free(pool);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_task_runs_once),
      cmocka_unit_test(a_watched_run_runs_all),
      cmocka_unit_test(a_watched_run_can_be_stopped),
      cmocka_unit_test(runs_after_a_pause),
      cmocka_unit_test(the_caller_waits_for_slow_tasks),
      cmocka_unit_test(many_short_runs),
      cmocka_unit_test(pools_come_and_go),
      cmocka_unit_test(sizes_are_checked),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
