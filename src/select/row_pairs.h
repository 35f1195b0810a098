/* SPDX-License-Identifier: Apache-2.0 */
/* Some rows with all their pairs by distance, and what a labelling makes of these. */
#ifndef OCK_SELECT_ROW_PAIRS_H
#define OCK_SELECT_ROW_PAIRS_H

#include "select/internal.h"

typedef struct ock_row_pair {
  double distance;
  uint16_t a, b; /* a < b */
} ock_row_pair;

/* All pairs of n rows of d columns, sorted by their distance; in these a row has distance 0 exactly from its equals.
 * Takes 32 bytes a pair, then 16. */
ockham_status ock_row_pairs_sort(const double *x, size_t n, size_t d, ock_pool *pool, ock_row_pair **pairs,
                                 ockham_error *err);
static inline size_t ock_row_pairs_count(size_t n) {
  return n < 2 ? 0 : n * (n - 1) / 2;
}

/* Rows, in the units of a frame, that stand for a table; `self` and what follows is the same for every labelling. */
typedef struct ock_paired_rows {
  size_t n, d;
  const double *x;       /* n x d, from 0 and not from the origin: differences are exact */
  const double *origin;  /* d: what centroids are relative to */
  double unit;           /* of x and origin: how much is 1 in the data */
  const double *weights; /* n, in units of `heavy`, a power of two: none exceeds 1 */
  double heavy;
  ock_row_pair *pairs; /* freed by ock_paired_rows_clear() */
  /* By weight, in units of heavy^2: */
  double self;  /* pairs within rows: of the w rows that a row of weight w stands for, at distance 0 */
  double total; /* all pairs */
  double mean, deviation;
  double equal; /* share of the pairs of pairs, whose distances are the same */
} ock_paired_rows;

/* From n, d, x, origin, unit and weights, which are borrowed, to the rest; fails with NO_MEMORY. raw_weights: as they
 * are in the data, NULL: 1 each. */
ockham_status ock_paired_rows_init(ock_paired_rows *rows, const double *raw_weights, double *weights, ock_pool *pool,
                                   ockham_error *err);
void ock_paired_rows_clear(ock_paired_rows *rows);

/* A labelling of paired rows. Not every cluster need have one. */
typedef struct ock_row_labels {
  size_t k;
  const double *centroids; /* k x d */
  const uint16_t *label;   /* of each row */
} ock_row_labels;

/* What a worker needs: room for labellings of up to k_max clusters. */
typedef struct ock_pair_scratch {
  uint16_t *label, *number;                        /* of rows by the clusters they are in, numbered anew */
  double *centroids, *weights, *n_within;          /* of these: their pairs of rows */
  double *sums, *crossed, *panel, *distances, *at; /* sums: of distances, by the clusters of both rows */
} ock_pair_scratch;
bool ock_pair_scratch_init(ock_pair_scratch *scratch, const ock_paired_rows *rows, size_t k_max, ock_arena *arena);

/* One walk up the pairs, O(n^2 + n k d + k^2 d). */
void ock_pair_statistics(const ock_paired_rows *rows, const ock_row_labels *labels, ock_pair_scratch *scratch,
                         ockham_pair_statistics *statistics);

#endif
