/* SPDX-License-Identifier: Apache-2.0 */
/* stats: how far two labellings of the same rows agree; small symmetric matrices; tails of distributions.
 * Main type: ock_sizes, the multiset of group sizes of a partition; both indices follow from three of them.
 * Invariants: nothing depends on which numbers stand for the clusters; counts stay whole numbers until the last step.
 * Threads: pure functions, no state.
 * Source: Hubert & Arabie, J. Classification 2, 1985 (doi:10.1007/BF01908075); Vinh, Epps & Bailey, JMLR 11, 2010. */
#ifndef OCK_STATS_INTERNAL_H
#define OCK_STATS_INTERNAL_H

#include <ockham/stats.h>

#include "core/internal.h"

/* `count` groups have `size` rows. Different sizes only, ascending: at most sqrt(2 n_rows) of them. */
typedef struct ock_size_count {
  uint64_t size, count;
} ock_size_count;
typedef struct ock_sizes {
  ock_size_count *items;
  size_t n_items;
  uint64_t n_groups; /* sum of the counts */
  uint64_t n_rows;   /* sum of size * count */
} ock_sizes;

/* Agreement of two partitions from the sizes of their clusters and of the non-empty cells of their contingency table.
 * O(a->n_items * b->n_items * s), s being some ten standard deviations of a cell under chance. */
ockham_agreement ock_agreement_of_sizes(const ock_sizes *a, const ock_sizes *b, const ock_sizes *cells);

/* ---- small symmetric matrices: lower triangles packed by rows, element i, j <= i at i (i + 1) / 2 + j ---- */

/* a = L L^T in place, O(d^3 / 6); false when a is not positive definite. */
bool ock_cholesky(double *a, size_t d);
/* The inverse of a lower triangle, in place. */
void ock_triangle_invert(double *a, size_t d);
/* Turn columns, or rows, p and q of a d x d matrix in their plane. */
void ock_rotate_columns(double *m, size_t d, size_t p, size_t q, double cosine, double sine);
void ock_rotate_rows(double *m, size_t d, size_t p, size_t q, double cosine, double sine);
/* Eigenvalues, the largest first, and as columns of a d x d matrix their vectors, by Jacobi's rotations. a (d x d, both
 * triangles) is spoilt. */
void ock_symmetric_eigen(double *a, size_t d, double *values, double *vectors);

/* ---- tails of distributions ---- */

/* The regularised incomplete beta function I_x(a, b); a, b > 0. O(root of the larger). */
double ock_beta_share(double x, double a, double b);
/* The probability of more than f under F with a and b degrees of freedom. */
double ock_f_tail(double f, double a, double b);

#endif
