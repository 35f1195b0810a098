/* SPDX-License-Identifier: Apache-2.0 */
/* What a version did of late: slices of five seconds, ten minutes of them, and the last minute as a whole, so that who
 * looks sees how it came to be. Written once a second by one thread, read by any. */
#ifndef OCK_SERVE_HISTORY_H
#define OCK_SERVE_HISTORY_H

#include "serve/meter.h"
#include "worker/internal.h"

enum { OCK_SLICE_SECONDS = 5, OCK_SLICES = 120, OCK_SLICES_A_MINUTE = 60 / OCK_SLICE_SECONDS };

/* The meter, and the crew, at one moment. Counts that wrap are well, for only differences are looked at. */
typedef struct ock_moment {
  uint64_t time_ns; /* by ock_clock_ns() */
  uint32_t counts[OCK_BUCKETS];
  uint64_t n_success, n_failure, n_fault, n_turned_away, n_rows, success_ns, phase_ns[OCKHAM_PHASE_COUNT];
  uint64_t n_deaths;
  double cpu_seconds;
} ock_moment;

/* Between two moments. */
typedef struct ock_span {
  double seconds, cpu_seconds;
  uint64_t n_success, n_failure, n_fault, n_turned_away, n_rows, n_deaths;
  uint64_t p50_ns, p99_ns; /* 0: there were none */
  double mean_ns, phase_ns[OCKHAM_PHASE_COUNT];
} ock_span;
ock_span ock_span_between(const ock_moment *from, const ock_moment *to);

typedef struct ock_slice {
  uint64_t number; /* since the server's start; 0: not there */
  ock_span span;
  uint32_t waiting, busy; /* the most at once, as looked at once a second */
  uint64_t memory_bytes;  /* likewise */
} ock_slice;

typedef struct ock_past {
  pthread_mutex_t lock;
  bool begun;
  uint64_t number;                                     /* of the slice that is not over yet */
  ock_slice slices[OCK_SLICES];                        /* number n at n % OCK_SLICES */
  ock_moment begins[OCK_SLICES_A_MINUTE + 1], current; /* when the last slices began, likewise */
  /* Since when it is so, since 1970; 0: it is not. */
  uint64_t unready_ns, breaker_ns, faults_ns;
  uint64_t last_fault_ns, last_death_ns; /* 0: none yet */
} ock_past;
void ock_past_init(ock_past *history);
void ock_past_clear(ock_past *history);

/* What is seen of a version at a moment. */
typedef struct ock_sight {
  const ock_meter *meter;
  const ock_crew_figures *crew; /* NULL: it has none that counts */
  bool ready;
  uint64_t clock_ns, wall_ns, number; /* number: of the slice that this is in, from 1 on */
} ock_sight;
void ock_past_add(ock_past *history, const ock_sight *sight);

/* ,"minute":{...},"slices":[the last two],"since":{...} into an object; and all slices as an array. */
void ock_past_write(ock_past *history, ock_buffer *out);
void ock_past_write_all(ock_past *history, ock_buffer *out);

#endif
