/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a sweep share while it runs: sweep.c says which k are tried, fits.c finds a clustering for each. */
#ifndef OCK_SELECT_RUN_H
#define OCK_SELECT_RUN_H

#include "select/internal.h"

/* What a sweep needs beside its result. */
typedef struct ock_run {
  ockham_sweep *sweep;
  ockham_rows x;
  const ockham_sweep_options *options;
  ock_pool *pool;
  ock_ticker ticker;
  ock_frame frame;
  ockham_sweep *some;   /* the fits of some rows, for large tables; else NULL */
  uint32_t *order;      /* all rows, neighbours together, once that is known */
  bool wide;            /* floats cannot tell the rows apart */
  bool unstructured;    /* most centres are within reach of most rows */
  double store_bytes;   /* what a store may take */
  double partial_bytes; /* and sums of a pass; 0: a good size */
  size_t k_target;      /* up to where the range goes now */
  size_t k_end;         /* up to where it may be extended */
  /* Beyond memory: x are some of the rows, and `sweep` is of these. */
  ock_feed *feed; /* all of them; else NULL */
  ockham_sweep *whole;
  ock_memory_plan plan;
} ock_run;

static inline size_t ock_clamp(size_t value, size_t low, size_t high) {
  return value < low ? low : value > high ? high : value;
}

/* Fit every k up to k_target on all rows of r->x: directly, or from what some of them suggest. */
ockham_status ock_run_fit_all(ock_run *r, ockham_error *err);
/* Settle what is not yet on all rows (those of the feed, unless it is NULL), until no fit has more inertia than one
 * with fewer clusters. */
ockham_status ock_run_settle(ock_run *r, ockham_sweep *sweep, ock_feed *feed, ockham_error *err);

/* All rows, as passes over them want them. */
ock_rows_in_order ock_run_rows(const ock_run *r);
/* How often the range is climbed again. */
size_t ock_run_rounds(const ock_run *r);

#endif
