/* SPDX-License-Identifier: Apache-2.0 */
/* What criteria need beside sizes, centroids and inertia: gathered for each k when it is asked for. */
#ifndef OCK_SELECT_EVIDENCE_H
#define OCK_SELECT_EVIDENCE_H

#include "select/run.h"

/* Gather all of one kind for the sweep's k_min ... k_max; kept in the sweep, and shown by its curve from then on. When
 * the ticker stops it there is none. Fails with NO_MEMORY. */
typedef ockham_status ock_gather(ock_run *r, ockham_sweep *sweep, ockham_error *err);
ock_gather ock_gather_resamples, ock_gather_pairs;

/* ---- the rows looked at once more ---- */

typedef struct ock_row_evidence {
  ockham_row_statistics *points; /* from the sweep's k_min on */
  ock_arena arena;
} ock_row_evidence;

/* Rows in memory only. O(n d (k_max^2 + 40 k_max)) time, and n d^2 where there are matrices; 12 bytes a row. */
ock_gather ock_gather_rows;
void ock_row_evidence_free(ock_row_evidence *evidence);

/* ---- its parts: everything is in the frame's units, relative to its origin ---- */

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
/* To be cleared in any case; not to be used when the ticker stopped it. */
ockham_status ock_scatter_init(ock_scatter *s, ockham_rows x, const ock_frame *frame, ock_pool *pool,
                               ock_ticker *ticker, ockham_error *err);
void ock_scatter_clear(ock_scatter *s);
/* ln(|W| / |T|) and the trace of W^-1 B of k clusters, from their weights and means (k x d); NaN where they are
 * undefined. explained: d, as in ockham_row_statistics. */
void ock_scatter_compare(ock_scatter *s, size_t k, const double *weights, const double *means, double *log_determinant,
                         double *trace_ratio, double *explained);

#endif
