/* SPDX-License-Identifier: Apache-2.0 */
/* stats: how far two labellings of the same rows agree; principal axes; whether numbers are normal; shapes of one
 * cluster; tails of distributions; small symmetric matrices.
 * Main types: ock_sizes, the multiset of group sizes of a partition, from three of which both indices of agreement
 *   follow; ockham_principal_axes, which own their memory; packed triangles for small matrices.
 * Invariants: agreement does not depend on which numbers stand for the clusters, and its counts stay whole until the
 *   last step; axes are the same bits for any number of threads, for sums are of slabs that do not depend on it.
 * Threads: no state but the caller's; ockham_principal_axes_fit() runs its sums over rows on a pool of its own.
 * Source: Hubert & Arabie, J. Classification 2, 1985 (doi:10.1007/BF01908075); Vinh, Epps & Bailey, JMLR 11, 2010;
 *   Halko, Martinsson & Tropp, SIAM Review 53, 2011 (doi:10.1137/090771806). */
#ifndef OCK_STATS_INTERNAL_H
#define OCK_STATS_INTERNAL_H

#include <math.h>
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

/* log |Gamma(x)|: lgamma() writes its sign where other threads do. */
static inline double ock_log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

/* The variance of a Gaussian with the quartiles of n >= 1 sorted values. */
double ock_quartile_variance(const double *sorted, size_t n);
/* For qsort(): ascending doubles, or structs that begin with one. */
static inline int ock_compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The value at share q of n >= 1 sorted ones, linear between them; infinite where both neighbours are. */
static inline double ock_sorted_quantile(const double *sorted, size_t n, double q) {
  double place = q * (double)(n - 1);
  size_t below = (size_t)place;
  if (below + 1 >= n) return sorted[n - 1];
  double low = sorted[below], high = sorted[below + 1], part = place - (double)below;
  return low == high || part == 0 ? low : low + part * (high - low);
}

/* Where a function with one peak between low and high is highest, to within enough / 2: by golden sections. */
typedef double ock_function(const void *arg, double at);
double ock_golden_section(ock_function *f, const void *arg, double low, double high, double enough);

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

/* Long work asks the ticker whether to stop, once in about a million multiplications: a clock costs more than a small
 * matrix. NULL, or without a ticker: never. */
typedef struct ock_watch {
  ock_ticker *ticker; /* may be NULL */
  double work;        /* since it was asked */
} ock_watch;
bool ock_watch_stopped(ock_watch *watch, double work);

/* Each of these has a twin that can be stopped; what it was to compute is then spoilt. */

/* a = L L^T in place, O(d^3 / 6); false when a is not positive definite, or stopped. */
bool ock_cholesky_watched(double *a, size_t d, ock_watch *watch);
static inline bool ock_cholesky(double *a, size_t d) {
  return ock_cholesky_watched(a, d, NULL);
}
/* The inverse of a lower triangle, in place; false when stopped. */
bool ock_triangle_invert_watched(double *a, size_t d, ock_watch *watch);
static inline void ock_triangle_invert(double *a, size_t d) {
  (void)ock_triangle_invert_watched(a, d, NULL);
}
/* The logarithm of the root of the determinant of a matrix, from its factor. */
double ock_factor_log_root(const double *factor, size_t d);
/* From a covariance (full: a packed triangle; else d variances) to the inverse of its factor, in place, by which rows
 * become uncorrelated with variance 1, and the logarithm of the root of its determinant. False when it is singular, or
 * the variance of a column, given those before it, is not above floor (d; NULL: 0), or stopped. */
bool ock_inverse_factor_watched(double *matrix, size_t d, bool full, const double *floor, double *log_root,
                                ock_watch *watch);
static inline bool ock_inverse_factor(double *matrix, size_t d, bool full, const double *floor, double *log_root) {
  return ock_inverse_factor_watched(matrix, d, full, floor, log_root, NULL);
}
/* Turn columns, or rows, p and q of a d x d matrix in their plane. */
void ock_rotate_columns(double *m, size_t d, size_t p, size_t q, double cosine, double sine);
void ock_rotate_rows(double *m, size_t d, size_t p, size_t q, double cosine, double sine);
/* Eigenvalues, the largest first, and as columns of a d x d matrix their vectors (NULL: not wanted). a (d x d, both
 * triangles) is spoilt. Small matrices by Jacobi's rotations, larger ones by reflections to three diagonals and QL
 * steps with implicit shifts (Dubrulle, Martin & Wilkinson, Numer. Math. 12, 1968): errors are of the rounding of the
 * largest eigenvalue. False when stopped. */
bool ock_symmetric_eigen_watched(double *a, size_t d, double *values, double *vectors, ock_watch *watch);
static inline void ock_symmetric_eigen(double *a, size_t d, double *values, double *vectors) {
  (void)ock_symmetric_eigen_watched(a, d, values, vectors, NULL);
}
/* The same by one way or the other, for any d. */
bool ock_eigen_by_rotations(double *a, size_t d, double *values, double *vectors, ock_watch *watch);
bool ock_eigen_by_reflections(double *a, size_t d, double *values, double *vectors, ock_watch *watch);

/* ---- least squares: columns made orthogonal one by one ---- */

typedef struct ock_basis {
  size_t n, most, rank; /* of rows; columns there is room for; columns so far */
  double *q;            /* orthonormal columns of n, and room for one more */
  double *r;            /* column j, at r + j * most, is where the j-th column added lies along them */
  double *room;
} ock_basis;
/* False when memory runs out. */
bool ock_basis_make(ock_basis *basis, ock_arena *arena, size_t n, size_t most);
/* Add x (n) unless what is left of it is below `least` of its length: then it depends on the others, or there is no
 * room. along: rank + 1 numbers, where it lies along the columns so far; NULL: not wanted. O(n rank). */
bool ock_basis_add(ock_basis *basis, const double *x, double least, double *along);
/* x becomes what is left of it; its length. along: rank. */
double ock_basis_rest(const ock_basis *basis, double *x, double *along);
/* From `along` to coefficients of the columns added, in place. */
void ock_basis_solve(const ock_basis *basis, double *along);

/* ---- shapes of one cluster ---- */

/* z = sinh(tail asinh((x - location) / scale) - skew) is standard normal: tails are heavier than the normal's below 1.
 * Source: Jones & Pewsey, Biometrika 96, 2009 (doi:10.1093/biomet/asp053). */
typedef struct ock_sinh_arcsinh_fit {
  double location, scale, skew, tail, log_likelihood;
} ock_sinh_arcsinh_fit;
/* By maximum likelihood, tails 0.3 to 8; weight may be NULL. False when the values do not vary. O(n) a step. */
bool ock_sinh_arcsinh_estimate(const double *x, const double *weight, size_t n, ock_sinh_arcsinh_fit *fit);
/* z, and the logarithm of the density. */
double ock_sinh_arcsinh(const ock_sinh_arcsinh_fit *fit, double x);
double ock_sinh_arcsinh_log_density(const ock_sinh_arcsinh_fit *fit, double x);

typedef enum ock_shape_result { OCK_SHAPE_FITTED, OCK_SHAPE_NONE, OCK_SHAPE_NO_MEMORY } ock_shape_result;

/* (y^power - 1) / power is normal, y being the distance from the end; 0: its logarithm is. In units of e^reference.
 * Source: Box & Cox, JRSS B 26, 1964. */
typedef struct ock_power_fit {
  double sign, end, power, reference, mean, deviation, log_likelihood;
} ock_power_fit;
/* By maximum likelihood, powers -1 to 1, the end where the values are densest and beyond them. */
ock_shape_result ock_power_estimate(const double *x, const double *weight, size_t n, ock_power_fit *fit);
/* The standard normal value. */
double ock_power_normal(const ock_power_fit *fit, double x);

typedef enum ock_orientation { OCK_SPHERE, OCK_ALONG_AXES, OCK_ANY_ORIENTATION } ock_orientation;
/* The log-likelihood of a multivariate t for n rows of d columns, and its degrees of freedom (1 to 200).
 * OCK_SHAPE_NONE where the scatter is singular. Source: Liu & Rubin, Statistica Sinica 5, 1995. */
ock_shape_result ock_student_estimate(const double *x, const double *weight, size_t n, size_t d,
                                      ock_orientation orientation, double *log_likelihood, double *freedom);
/* ---- tails of distributions ---- */

/* The regularised incomplete beta function I_x(a, b); a, b > 0. O(root of the larger). */
double ock_beta_share(double x, double a, double b);
/* The probability of more than f under F with a and b degrees of freedom. */
double ock_f_tail(double f, double a, double b);
/* The regularised upper incomplete gamma function Q(a, x); a > 0. */
double ock_gamma_tail(double a, double x);
/* The probability of more than x under chi-squared, central or with a noncentrality. */
double ock_chi2_tail(double x, double freedom);
double ock_chi2_tail_shifted(double x, double freedom, double noncentrality);
double ock_normal_density(double z);
double ock_normal_quantile(double p); /* infinite at 0 and 1 */
/* Student's: how often |t| is larger, and the value below which it is with probability p. Degrees need not be whole. */
double ock_student_tail(double t, double freedom);
double ock_student_quantile(double p, double freedom);

#endif
