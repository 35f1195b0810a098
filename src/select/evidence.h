/* SPDX-License-Identifier: Apache-2.0 */
/* What criteria need beside sizes, centroids and inertia: gathered for each k when it is asked for. */
#ifndef OCK_SELECT_EVIDENCE_H
#define OCK_SELECT_EVIDENCE_H

#include "select/run.h"

/* Gather all of one kind for the sweep's k_min ... k_max; kept in the sweep, and shown by its curve from then on. When
 * the ticker stops it there is none. Fails with NO_MEMORY. */
typedef ockham_status ock_gather(ock_run *r, ockham_sweep *sweep, ockham_error *err);
ock_gather ock_gather_resamples;

ock_gather ock_gather_pairs;
/* ---- the rows looked at once more ---- */

typedef struct ock_row_evidence {
  ockham_row_statistics *points; /* from the sweep's k_min on */
  ock_arena arena;
} ock_row_evidence;

/* Rows in memory only. O(n d (k_max^2 + 40 k_max)) time, and n d^2 where there are matrices; 8 bytes a row. */
ock_gather ock_gather_rows;
void ock_row_evidence_free(ock_row_evidence *evidence);

/* ---- its parts: everything is in the frame's units, relative to its origin ---- */

/* The rows of one cluster. */
typedef struct ock_cluster_rows {
  ockham_rows x;
  const ock_frame *frame;
  const uint32_t *row;
  size_t n, every; /* n of them: every so many */
  double *mean;    /* d */
  double weight;   /* sum of those of the rows */
} ock_cluster_rows;

/* Row i less the mean; returns its weight. */
static inline double ock_cluster_row(const ock_cluster_rows *c, size_t i, double *values) {
  const ock_frame *frame = c->frame;
  size_t row = c->row[i * c->every];
  for (size_t l = 0; l < frame->d; l++)
    values[l] = (ock_rows_get(c->x, row, l) - frame->origin[l]) * frame->unit - c->mean[l];
  return frame->weights ? frame->weights[row] : 1;
}

/* The mean of the rows, and their weight. values, sum: scratch of d. */
void ock_cluster_find_mean(ock_cluster_rows *c, double *values, double *sum);

/* Split the cluster by 2-means, from its longest axis on, or from few rows also from some pairs of them; `widest` is
 * the column with the greatest variance. Returns the sum of squared distances to the nearer of the two means. scratch:
 * OCK_HALVES d. */
enum { OCK_HALVES = 7 };
double ock_halve(const ock_cluster_rows *c, size_t widest, ock_rng *rng, double *scratch);

/* Sums of squares and products of the columns that vary, in units of their own roots of sums of squares, so that all
 * diagonals of T are 1. Matrices are packed by rows. */
typedef struct ock_scatter {
  size_t d, m;            /* columns, and those that vary */
  size_t *column;         /* m: which these are */
  double *squares;        /* m: sum of squares of each */
  double *total;          /* T; NULL where the matrices would be too large, or T is singular */
  double *spectrum;       /* m: eigenvalues of the unscaled T, the largest first; NULL where they would be too many */
  double log_determinant; /* of T */
  double *within, *position; /* scratch */
  ock_arena arena;
} ock_scatter;
/* To be cleared in any case. */
ockham_status ock_scatter_init(ock_scatter *s, ockham_rows x, const ock_frame *frame, ock_pool *pool,
                               ockham_error *err);
void ock_scatter_clear(ock_scatter *s);
/* ln(|W| / |T|) and the trace of W^-1 B of k clusters, from their weights and means (k x d); NaN where they are
 * undefined. explained: d, as in ockham_row_statistics. */
void ock_scatter_compare(ock_scatter *s, size_t k, const double *weights, const double *means, double *log_determinant,
                         double *trace_ratio, double *explained);

#endif
