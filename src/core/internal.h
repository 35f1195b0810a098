/* SPDX-License-Identifier: Apache-2.0 */
/* core: what every other folder stands on, and nothing that knows about data or clusters.
 * Main types: ock_arena (scratch freed at once), ock_rng (a random stream), ock_pool (worker threads).
 * Invariants: all memory goes through ock_alloc*, so that a test can make the n-th allocation fail; sizes are
 *   multiplied only by the checked functions here.
 * Threads: functions are reentrant; an arena or rng belongs to one thread, a pool to the thread that made it.
 * Source: Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2021 (doi:10.1145/3460772). */
#ifndef OCK_CORE_INTERNAL_H
#define OCK_CORE_INTERNAL_H

#include <ockham/core.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define OCK_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#define OCK_TRY(call)                            \
  do {                                           \
    ockham_status ock_try_status_ = (call);      \
    if (ock_try_status_) return ock_try_status_; \
  } while (0)

/* ---- errors ---- */

/* Fill *err (if there is one) and return status, so that a failing function ends in `return ock_fail(...)`. */
OCK_PRINTF(3, 4) ockham_status ock_fail(ockham_error *err, ockham_status status, const char *format, ...);
/* The same with the row and column (from 1) that are at fault; 0 for "none". */
OCK_PRINTF(5, 6)
ockham_status ock_fail_at(ockham_error *err, ockham_status status, uint64_t row, uint64_t column, const char *format,
                          ...);
/* "not enough memory for <what> (<size>)": what is a noun such as "the distance bounds". */
ockham_status ock_fail_memory(ockham_error *err, const char *what, size_t size_bytes);

/* ---- memory ---- */

/* All return NULL when memory (or size_t) runs out; a size of 0 gives a block that can be freed. */
void *ock_alloc(size_t size_bytes);
void *ock_alloc_array(size_t count, size_t size_bytes);  /* uninitialised */
void *ock_alloc_zeroed(size_t count, size_t size_bytes); /* all bits zero */
void *ock_realloc_array(void *block, size_t count, size_t size_bytes);
void ock_free(void *block);
char *ock_string_copy(const char *text);
/* count * size_bytes, or SIZE_MAX when that overflows (an allocation of SIZE_MAX always fails). */
size_t ock_size_product(size_t count, size_t size_bytes);

/* Fault injection, for tests: let `successes` more allocations through, then fail every one until ock_fault_clear().
 * ock_fault_hits() says how many were refused. */
void ock_fault_after(long successes);
void ock_fault_clear(void);
long ock_fault_hits(void);

/* An arena hands out 64-byte aligned blocks that are released together. Zero-initialise, then ock_arena_clear(). */
typedef struct ock_arena {
  struct ock_arena_chunk *newest;
} ock_arena;
void *ock_arena_array(ock_arena *arena, size_t count, size_t size_bytes); /* uninitialised; NULL when out of memory */
char *ock_arena_text(ock_arena *arena, const char *text, size_t size);    /* with a NUL behind it; likewise */
void ock_arena_clear(ock_arena *arena);

/* ---- random numbers: xoshiro256++, seeded by splitmix64 ---- */

typedef struct ock_rng {
  uint64_t state[4];
} ock_rng;
/* Streams of one seed are independent: give each piece of parallel or optional work its own. */
ock_rng ock_rng_make(uint64_t seed, uint64_t stream);
uint64_t ock_rng_next(ock_rng *rng);
double ock_rng_uniform(ock_rng *rng);                 /* in [0, 1), 53 bits */
uint64_t ock_rng_below(ock_rng *rng, uint64_t bound); /* in 0 ... bound - 1 without bias, bound > 0 */
double ock_rng_normal(ock_rng *rng);                  /* mean 0, variance 1 */

/* ---- threads ---- */

/* A fixed set of workers. ock_pool_run() calls task(arg, i, worker) once for each i in 0 ... n_tasks - 1, from the
 * calling thread (worker 0) and the others (worker < ock_pool_size), in any order, and returns when all are done.
 * Tasks must not start further runs on the same pool. Results must depend on i only, never on `worker`, which is
 * there to pick scratch memory. */
typedef struct ock_pool ock_pool;
typedef void ock_task(void *arg, size_t i, size_t worker);
/* n_threads 0: one a core, or as many of these as the system starts. */
ockham_status ock_pool_new(size_t n_threads, ock_pool **pool, ockham_error *err);
size_t ock_pool_size(const ock_pool *pool);
void ock_pool_run(ock_pool *pool, size_t n_tasks, ock_task *task, void *arg);
void ock_pool_free(ock_pool *pool);

/* ---- checksums ---- */

/* Of bytes that follow those whose checksum is crc; 0 to begin with. */
uint32_t ock_crc32(uint32_t crc, const void *bytes, size_t size);        /* reflected polynomial 0xedb88320 (zlib's) */
uint32_t ock_crc32c_plain(uint32_t crc, const void *bytes, size_t size); /* 0x82f63b78 (Castagnoli 1993; RFC 3720) */

/* ---- numbers ---- */

/* The larger and the smaller of two numbers, where a loop looks for the most: GCC 12 dies of fmax() there on arm64. */
static inline double ock_larger(double kept, double value) {
  return value > kept ? value : kept;
}
static inline double ock_smaller(double kept, double value) {
  return value < kept ? value : kept;
}

/* ---- hashes ---- */

/* A number whose every bit depends on every bit of z (the end of splitmix64: Steele, Lea & Flood, OOPSLA 2014). */
static inline uint64_t ock_mix64(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* FNV-1a of bytes that follow those whose hash is given, or another start: OCK_FNV1A_START to begin with. */
#define OCK_FNV1A_START 0xcbf29ce484222325u
static inline uint64_t ock_fnv1a(uint64_t hash, const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < size; i++) hash = (hash ^ at[i]) * 0x100000001b3u;
  return hash;
}

/* ---- time ---- */

uint64_t ock_clock_ns(void);    /* monotonic: differences only */
double ock_clock_seconds(void); /* the same in seconds */
uint64_t ock_wall_ns(void);     /* since 1970 */
struct timespec ock_timespec(uint64_t ns);
/* A condition whose waits go by ock_clock_ns(), which nobody sets back; pthread_cond_destroy(). */
void ock_condition_init(pthread_cond_t *condition);
/* Wait, as pthread_cond_timedwait() does; false once that time has come. */
bool ock_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t until_ns);

/* ---- progress, output files ---- */

/* True when the caller's progress function asked to stop. progress may be NULL. */
bool ock_progress_stopped(const ockham_progress *progress, const char *stage, uint64_t done, uint64_t total);

/* Progress of nested work: the outer level sets done and total, inner loops call ock_ticker_stopped() as often as they
 * like; the caller's function is reached every 20 ms, and at once in a new stage. Once stopped it stays stopped. */
typedef struct ock_ticker {
  const ockham_progress *progress;
  const char *stage, *told; /* a static text, and the one of the last call */
  uint64_t done, total;
  double next_call_seconds;
  bool stopped;
} ock_ticker;
bool ock_ticker_stopped(ock_ticker *ticker);
/* It was stopped, and no partial result is wanted. */
bool ock_ticker_gave_up(const ock_ticker *ticker);
/* ock_pool_run(); the ticker (NULL: none), which the caller asks between tasks, may stop it. False when it did: some
 * tasks were not run. */
bool ock_pool_run_watched(ock_pool *pool, ock_ticker *ticker, size_t n_tasks, ock_task *task, void *arg);

/* A file written beside its destination and renamed over it by ock_output_commit(), so that a failure leaves what was
 * there before. "-" writes to standard output; a device or pipe is written in place. Zero-initialise;
 * ock_output_abandon() after any failure (and harmless after success). */
typedef struct ock_output {
  FILE *stream;
  char *path;
  char *temporary_path; /* NULL when nothing is to be renamed */
  int failure;          /* errno of the first write that failed, or 0 */
} ock_output;
ockham_status ock_output_open(ock_output *output, const char *path, ockham_error *err);
/* After a failure nothing more is written; ock_output_commit() tells of it. */
void ock_output_write(ock_output *output, const void *bytes, size_t size);
ockham_status ock_output_commit(ock_output *output, ockham_error *err);
void ock_output_abandon(ock_output *output);

/* ---- texts that people wrote ---- */

/* A text from outside for a message: cut when it is long, control characters as '?'. */
typedef struct ock_shown {
  char text[96];
} ock_shown;
ock_shown ock_show(const char *text);
/* The name that `word` was probably meant to be; NULL when none is near. names: ended by NULL. */
const char *ock_guess(const char *word, const char *const *names);
/* Each returns false when the text is none. */
bool ock_parse_switch(const char *text, bool *value);       /* true, yes, on; false, no, off */
bool ock_parse_size(const char *text, double *bytes);       /* 512M, 1.5G, 4096 */
bool ock_parse_duration(const char *text, double *seconds); /* 500ms, 10s, 5m, 2h, 14d */
bool ock_parse_number(const char *text, double *value);

/* ---- matrix views ---- */

/* Check a view that came from outside: pointer, sizes, stride, and every value finite. `what` names it in messages. */
ockham_status ock_rows_check(ockham_rows rows, const char *what, ockham_error *err);

static inline bool ock_is_weight(double value) {
  return value == 0 || (value >= OCKHAM_LEAST_WEIGHT && value <= OCKHAM_LARGEST_WEIGHT);
}
/* Check the weights of n rows (NULL: all 1): each is one, and not all are 0. *total is their sum, in their order. */
ockham_status ock_weights_check(const double *weights, size_t n, double *total, ockham_error *err);

static inline size_t ock_rows_stride(ockham_rows rows) {
  return rows.stride ? rows.stride : rows.n_columns;
}

static inline double ock_rows_get(ockham_rows rows, size_t row, size_t column) {
  size_t at = row * ock_rows_stride(rows) + column;
  return rows.dtype == OCKHAM_FLOAT32 ? (double)((const float *)rows.data)[at] : ((const double *)rows.data)[at];
}

#endif
