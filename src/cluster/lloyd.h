/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that implement ock_lloyd share among themselves. */
#ifndef OCK_CLUSTER_LLOYD_H
#define OCK_CLUSTER_LLOYD_H

#include "cluster/internal.h"

struct ock_lloyd_block {
  size_t first, end; /* rows */
  double *sums;      /* k_max (at least OCK_MAX_CANDIDATES) x d: what the pass adds to the state's sums */
  int64_t *counts;   /* likewise */
  double *within;    /* k_max */
  double *spread;    /* k_max */
  uint64_t n_changed;
  double weight;   /* propose: sum of squared distances */
  double *gain;    /* propose: one a candidate */
  size_t farthest; /* repair: the row with the largest upper */
};

struct ock_lloyd_worker {
  double *panel;      /* d x OCK_PANEL */
  double *candidates; /* OCK_MAX_CANDIDATES x OCK_PANEL */
};

/* Rows whose label is to be searched among all centres, up to a panel of them. */
typedef struct ock_search {
  size_t n;
  size_t row[OCK_PANEL];
} ock_search;

/* sum += sign * (row i - origin). */
void ock_lloyd_add_row(const ock_lloyd *s, size_t i, double sign, double *sum);
/* Start a pass that changes labels: zero what blocks add up. */
void ock_lloyd_zero_blocks(ock_lloyd *s);
/* End it: add the blocks' sums and counts to the state's, in order; returns the number of changed labels. */
uint64_t ock_lloyd_reduce_blocks(ock_lloyd *s);
/* Draw a row with probability proportional to its squared distance to its centre, after ock_lloyd_weigh(), which
 * returns the sum of these. */
double ock_lloyd_weigh(ock_lloyd *s);
size_t ock_lloyd_draw_row(const ock_lloyd *s, ock_rng *rng, double total);
/* position = row i - origin. */
void ock_lloyd_row_position(const ock_lloyd *s, size_t i, double *position);
void ock_lloyd_run_blocks(ock_lloyd *s, ock_task *task, void *arg);

#endif
