/* SPDX-License-Identifier: Apache-2.0 */
/** X-means and G-means: k-means that splits a cluster wherever a test of its rows says so. For those who look for them
 *  by name: docs/x-means.md tells what they get wrong; select.h compares every k instead. */
#ifndef OCKHAM_SPLITS_H
#define OCKHAM_SPLITS_H

#include <ockham/cluster.h>
#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a cluster is asked. Its rows are cut in two by 2-means, from two places on their longest axis. */
typedef enum ockham_splits_method {
  OCKHAM_X_MEANS = 0, /**< whether two round Gaussians have a higher BIC than one; of the clusterings on the way the
                           one with the highest BIC is the result */
  OCKHAM_G_MEANS      /**< whether the rows, projected on the line through the two means, are not normal, by Anderson
                           & Darling's test; clusters of fewer than 8 rows are left as they are */
} ockham_splits_method;

typedef struct ockham_splits_options {
  ockham_splits_method method;
  size_t k_min; /**< clusters to begin with; default 1 */
  size_t k_max; /**< most clusters; default OCKHAM_SPLITS_K_MAX, or the number of rows where that is less */
  uint64_t seed;
  double alpha;    /**< G-means: probability to split a normal cluster; 0: the published rule, which says 0.0001 */
  bool as_printed; /**< X-means: the BIC of the paper as printed, errors and all */
  size_t threads;  /**< 0: one a core */
  const ockham_progress *progress;
  ockham_algorithm algorithm;
  ockham_precision precision;
  const double *weights; /**< n_rows: how many rows each row stands for, 0 or OCKHAM_LEAST_WEIGHT to
                            OCKHAM_LARGEST_WEIGHT; n in all formulas is their sum; NULL: 1 each */
} ockham_splits_options;

#define OCKHAM_SPLITS_K_MAX 256

/** Start from k_min clusters. In rounds, split those whose rows ask for it (the strongest first where k_max does not
 *  allow all), then let Lloyd's steps move all centroids; end when none asks, or at k_max. The result is that of
 *  ockham_kmeans_fit(); its n_iterations are all steps of all rounds.
 *
 *  X-means: BIC = ln L - p / 2 ln n, p = k (d + 1), d being the columns that vary, k 1 and 2 within a cluster:
 *    ln L = sum_j n_j ln(n_j / n) - n d / 2 ln(2 pi v) - (n - k) d / 2,  v = S / ((n - k) d)
 *  S being the inertia, v no less than rounding makes it. As printed instead
 *    ln L = sum_j n_j ln(n_j / n) - n / 2 ln(2 pi) - n d / 2 ln v - (n - k^2) / 2,  v = S / (n - k)
 *  G-means: A*^2 = A^2 (1 + 4 / n - 25 / n^2) > 1.8692; where alpha is given, D'Agostino & Stephens' p < alpha.
 *
 *  labels  room for n values 0 ... k-1, or NULL.
 *
 *  Fails as ockham_kmeans_fit() does, and with BAD_ARGUMENT (k_min > k_max, alpha not between 0 and 1). O(n k d) time
 *  a step at worst, as there; beside its memory 32 bytes a row.
 *  Sources: Pelleg & Moore, ICML 2000; Hamerly & Elkan, NIPS 16, 2003. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_splits_fit(ockham_rows x, const ockham_splits_options *options,
                                                             uint32_t *labels, ockham_kmeans *result,
                                                             ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
