/* SPDX-License-Identifier: Apache-2.0 */
/** Status codes, errors, the allocator, progress and the matrix view: what every other header uses.
 *
 *  Conventions of the whole interface:
 *  - every function that can fail returns an ockham_status and takes a last `ockham_error *err`, which may be NULL;
 *  - arguments are borrowed for the call; outputs are set on success only, and handles are set to NULL on failure;
 *  - in an options struct zero means "the default" for every field, so `{0}` is always a valid start;
 *  - all randomness comes from `seed`: the same input and seed give the same bits for any number of threads, and on
 *    every processor with a fused multiply-add (x86-64 with AVX2 or AVX-512, 64-bit ARM); others round differently;
 *  - nothing is kept in globals except the allocator, so separate handles may be used from separate threads. */
#ifndef OCKHAM_CORE_H
#define OCKHAM_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define OCKHAM_API __attribute__((visibility("default")))
#define OCKHAM_MUST_CHECK __attribute__((warn_unused_result))
#else
#define OCKHAM_API
#define OCKHAM_MUST_CHECK
#endif

#define OCKHAM_VERSION "0.1.0"

/** The version of the library that is linked, as "major.minor.patch". */
OCKHAM_API const char *ockham_version(void);

/** The instruction set whose kernels this process uses: "reference", "sse2", "avx2", "avx512" or "neon".
 *  The fastest that runs here is picked; the environment variable OCKHAM_ISA forces one of these, and is ignored
 *  when it names another or one that does not run here. */
OCKHAM_API const char *ockham_instruction_set(void);

/* The one list of status codes: X(name, what it means). The enum and ockham_status_text() come from it. */
#define OCKHAM_STATUS_LIST(X)                                             \
  X(OK, "success")                                                        \
  X(BAD_ARGUMENT, "an argument or option is outside its valid range")     \
  X(BAD_DATA, "the data cannot be used as they are")                      \
  X(BAD_FILE, "the file is not of the format expected, or it is damaged") \
  X(IO, "reading failed")                                                 \
  X(CANNOT_WRITE, "writing failed")                                       \
  X(NO_MEMORY, "memory ran out")                                          \
  X(UNSUPPORTED, "this build lacks what was asked for")                   \
  X(INTERRUPTED, "the caller asked to stop before there was a result")

#define OCKHAM_STATUS_ENUM(name, text) OCKHAM_##name,
typedef enum ockham_status { OCKHAM_STATUS_LIST(OCKHAM_STATUS_ENUM) OCKHAM_STATUS_COUNT } ockham_status;
#undef OCKHAM_STATUS_ENUM

/** What a status means, as a phrase; "unknown status" for a number outside the list. */
OCKHAM_API const char *ockham_status_text(ockham_status status);

/** Why a call failed. Filled once, where the failure is known; untouched by calls that succeed. */
typedef struct ockham_error {
  ockham_status status;
  uint64_t row;      /**< row of the data that is at fault, from 1; 0 when no row is */
  uint64_t column;   /**< column that is at fault, from 1; 0 when no column is */
  char message[512]; /**< one line, no full stop: what was expected and what was found */
} ockham_error;

/** The element type of a matrix. */
typedef enum ockham_dtype { OCKHAM_FLOAT64 = 0, OCKHAM_FLOAT32 = 1 } ockham_dtype;

/** A view of rows that somebody else owns: n_rows x n_columns, row i starting i * stride elements after `data`. */
typedef struct ockham_rows {
  const void *data;
  size_t n_rows;
  size_t n_columns;
  size_t stride; /**< elements from one row to the next; 0 means n_columns */
  ockham_dtype dtype;
} ockham_rows;

/** A figure and an interval around it; NaN where it is not known. */
typedef struct ockham_interval {
  double value, low, high;
} ockham_interval;

/** Rows that come a block at a time, and again from the first as often as they are asked for: more than memory holds.
 *  Every round must give the same finite rows in the same order; how they are cut into blocks does not matter. The two
 *  functions return OCKHAM_OK or fail with a status and a message in *err, which is never NULL; INTERRUPTED is a stop
 *  that the user asked for. */
typedef struct ockham_row_source {
  size_t n_columns;
  /** Go back to before the first row; called before every round. */
  ockham_status (*rewind)(void *user, ockham_error *err);
  /** The next rows, of n_columns columns, the source's until the next call; rows->n_rows is 0 at the end. */
  ockham_status (*next)(void *user, ockham_rows *rows, ockham_error *err);
  void *user;
} ockham_row_source;

/** What a row may weigh, other than 0: within these, sums of weights and of what they multiply stay numbers. */
#define OCKHAM_LEAST_WEIGHT 1e-100
#define OCKHAM_LARGEST_WEIGHT 1e100

/** How a long call tells how far it is, and learns that it should stop.
 *  `report` is called from the calling thread only, at most a few hundred times a second. */
typedef struct ockham_progress {
  /** stage: what is being done, for people; done of total, total 0 when unknown. Return false to stop early. */
  bool (*report)(void *user, const char *stage, uint64_t done, uint64_t total);
  void *user;
  const bool *at_once; /**< looked at when report returned false: true stops without finishing what a partial result
                            would need, so that the call fails with INTERRUPTED; NULL: false */
} ockham_progress;

/** Replace malloc, realloc and free for everything the library allocates from now on.
 *  Call it before any other function, and never while a handle is alive; NULL restores the C library's. The three
 *  functions keep malloc's contract (alignment included) and must be safe to call from several threads. */
typedef struct ockham_allocator {
  void *(*allocate)(void *user, size_t size);
  void *(*reallocate)(void *user, void *block, size_t size);
  void (*release)(void *user, void *block);
  void *user;
} ockham_allocator;
OCKHAM_API void ockham_set_allocator(const ockham_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
