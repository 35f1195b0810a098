/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster cut in two, and what tests say of that: what X-means and G-means ask of each cluster. */
#ifndef OCK_SELECT_HALVES_H
#define OCK_SELECT_HALVES_H

#include "cluster/internal.h"
#include "stats/internal.h"

/* Rows as they are in memory, not as searches see them: rounded to floats, tight clusters would not pass for normal. */
typedef struct ock_cut_rows {
  ockham_rows x;
  const ock_frame *frame;
} ock_cut_rows;

/* Scratch of one thread. */
typedef struct ock_cut_scratch {
  double *rows;                           /* some members about the mean of these, n_most x d */
  double *weights;                        /* n_most: of these */
  double *row, *mean, *way, *next, *half; /* d each */
} ock_cut_scratch;
bool ock_cut_scratch_init(ock_cut_scratch *scratch, size_t d, ock_arena *arena);

/* The two halves of a cluster; everything in the frame's units. */
typedef struct ock_halves {
  double weight[2]; /* sums of the rows' weights; 0 when the rows do not differ */
  double within;    /* sum of squared distances of the rows to their mean */
  double gain;      /* by how much the halves lower that */
  double *means;    /* 2 x d, the caller's room */
} ock_halves;

/* Cut n members (numbers of rows): 2-means from mean +- axis sqrt(2 variance / pi), the axis being the longest, found
 * by power iteration from a random start. Some thousand members tell where to cut, all then take sides. */
void ock_cut_in_halves(const ock_cut_rows *rows, const uint32_t *members, size_t n, ock_rng *rng,
                       ock_cut_scratch *scratch, ock_halves *halves);
/* The members along the line through the two means: n values. */
void ock_project_on_halves(const ock_cut_rows *rows, const uint32_t *members, size_t n, const ock_halves *halves,
                           ock_cut_scratch *scratch, ock_weighted_value *values);

#endif
