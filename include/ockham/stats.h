/* SPDX-License-Identifier: Apache-2.0 */
/** Statistics of rows and labels: how far two labellings of the same rows agree, and principal axes. */
#ifndef OCKHAM_STATS_H
#define OCKHAM_STATS_H

#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Agreement of two labellings, corrected for chance: 1 for the same partition, about 0 for independent ones. */
typedef struct ockham_agreement {
  double adjusted_rand;               /**< ARI: Hubert & Arabie, J. Classification 2, 1985 (doi:10.1007/BF01908075) */
  double adjusted_mutual_information; /**< AMI, arithmetic mean normalisation: Vinh, Epps & Bailey, JMLR 11, 2010 */
} ockham_agreement;

/** Compare labellings a and b of n rows, numbers below 2^32 - 1 in any range. Both values are 1 when the partitions are
 *  equal (two all-in-one or two all-apart partitions included). O(n log n + k_a k_b n_max) time.
 *  Fails with BAD_ARGUMENT (n is 0) or NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_agreement_measure(const uint32_t *a, const uint32_t *b, size_t n,
                                                                    ockham_agreement *agreement, ockham_error *err);

/** The same from how many rows each pair of clusters shares: counts[i * n_b + j] of cluster i of a and j of b, some of
 *  which may have no rows. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_agreement_of_counts(const uint64_t *counts, size_t n_a, size_t n_b,
                                                                      ockham_agreement *agreement, ockham_error *err);

/** The directions along which rows vary most. Zero-initialise; ockham_principal_axes_clear() frees what it holds. */
typedef struct ockham_principal_axes {
  size_t n_axes, n_columns;
  double *mean;          /**< n_columns */
  double *directions;    /**< n_axes x n_columns: orthonormal, by falling variance, the largest component of each (the
                              first of equals) positive */
  double *variances;     /**< n_axes: of the rows along each direction, denominator the sum of the weights */
  double total_variance; /**< sum of the variances of all columns, which is that along all n_columns axes */
} ockham_principal_axes;

/** Up to so many columns axes are exact, to rounding. */
#define OCKHAM_EXACT_AXES_COLUMNS 256

/** Find the first n_axes principal axes of rows: eigenvectors of their covariance, which is not scaled.
 *
 *  x        n rows of finite numbers, float32 or float64; borrowed.
 *  weights  n: how many rows each row stands for, 0 or OCKHAM_LEAST_WEIGHT to OCKHAM_LARGEST_WEIGHT, not all 0; NULL: 1
 *           each.
 *  n_axes   1 to x.n_columns.
 *  threads  0: one a core.
 *  axes     what it held is not freed; without anything after a failure.
 *
 *  Beyond OCKHAM_EXACT_AXES_COLUMNS columns by subspace iteration from a fixed seed, until no variance changes by more
 *  than 1e-9 of it (or than rounding of the first) or 60 rounds are done: an axis is then as good as its variance
 * stands out from those that follow. Where variances are equal any directions of their space are right. The same bits
 * for any number of threads.
 *
 *  Fails with BAD_ARGUMENT (n_axes), BAD_DATA (a value that is not finite, with row and column; row of the first weight
 *  that is none; all weights 0; differences whose squares overflow), NO_MEMORY. O(n d^2 + d^3) for d columns; beyond,
 *  O(n d n_axes) a round.
 *
 *  Source: Halko, Martinsson & Tropp, SIAM Review 53, 2011 (doi:10.1137/090771806), algorithm 4.4. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_principal_axes_fit(ockham_rows x, const double *weights,
                                                                     size_t n_axes, size_t threads,
                                                                     ockham_principal_axes *axes, ockham_error *err);
/** Where rows lie along the axes: (x - mean) . direction, n x n_axes into `coordinates`. x.n_columns must be that of
 *  the axes. */
OCKHAM_API void ockham_principal_axes_project(const ockham_principal_axes *axes, ockham_rows x, double *coordinates);
OCKHAM_API void ockham_principal_axes_clear(ockham_principal_axes *axes);

#ifdef __cplusplus
}
#endif
#endif
