/* SPDX-License-Identifier: Apache-2.0 */
/* stats: how far two labellings of the same rows agree; whether numbers are normal; small symmetric matrices.
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

/* ---- is it normal? ---- */

/* A number that stands for `weight` equal ones. */
typedef struct ock_weighted_value {
  double value, weight;
} ock_weighted_value;

typedef struct ock_normality {
  double n;         /* sum of the weights */
  double statistic; /* A^2, mean and variance estimated; NaN when they cannot be: n <= 1, or all values equal */
  double p;         /* of A^2 (1 + 0.75 / n + 2.25 / n^2); NaN below OCK_NORMALITY_FEWEST, 4e-24 stands for any below */
} ock_normality;

enum { OCK_NORMALITY_FEWEST = 8 };

/* Anderson & Darling's test of n values, which it sorts. */
ock_normality ock_normality_test(ock_weighted_value *values, size_t n);
/* How often A^2 of many normal values exceeds a: the four pieces of Stephens in D'Agostino & Stephens, Goodness-of-fit
 * techniques, 1986, table 4.9, within 4 % down to 0.001, at 0.0001 a tenth too low; beyond a = 10 as there. */
double ock_normality_tail(double a);

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

#endif
