/* SPDX-License-Identifier: Apache-2.0 */
/** Mixtures of Gaussians for a given number of components, by expectation and maximisation. To choose the number, see
 *  select.h. */
#ifndef OCKHAM_MIXTURE_H
#define OCKHAM_MIXTURE_H

#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The one list of covariance families: X(name, full, what the components share). A component's covariance is
 * volume x orientation x shape x orientation'; the three letters, of mclust, say whether components have the volume,
 * the shape and the orientation Equal, each its own (V), or none (I: spheres, or axes of the coordinates). */
#define OCKHAM_COVARIANCE_LIST(X)                           \
  X(EII, false, "spheres of one size")                      \
  X(VII, false, "spheres")                                  \
  X(EEI, false, "ellipsoids along the axes, all alike")     \
  X(VEI, false, "ellipsoids along the axes, of one shape")  \
  X(EVI, false, "ellipsoids along the axes, of one volume") \
  X(VVI, false, "ellipsoids along the axes")                \
  X(EEE, true, "ellipsoids, all alike")                     \
  X(VEE, true, "ellipsoids of one shape and orientation")   \
  X(EVE, true, "ellipsoids of one volume and orientation")  \
  X(VVE, true, "ellipsoids of one orientation")             \
  X(EEV, true, "ellipsoids of one volume and shape")        \
  X(VEV, true, "ellipsoids of one shape")                   \
  X(EVV, true, "ellipsoids of one volume")                  \
  X(VVV, true, "ellipsoids")

typedef enum ockham_covariance {
#define OCKHAM_COVARIANCE_ENUM(name, full, text) OCKHAM_##name,
  OCKHAM_COVARIANCE_LIST(OCKHAM_COVARIANCE_ENUM)
#undef OCKHAM_COVARIANCE_ENUM
      OCKHAM_N_COVARIANCES
} ockham_covariance;

/** "EII" ... "VVV"; NULL for what is not in the list. */
OCKHAM_API const char *ockham_covariance_name(ockham_covariance family);
/** What its components share, in words; NULL likewise. */
OCKHAM_API const char *ockham_covariance_text(ockham_covariance family);
/** The family of a name, in any case of letters; OCKHAM_N_COVARIANCES when there is none. */
OCKHAM_API ockham_covariance ockham_covariance_find(const char *name);
/** How many numbers ockham_mixture.covariances has for a component of the family: n_columns, the variances, where
 *  families lie along the axes (EII ... VVI), else n_columns x n_columns. SIZE_MAX when that is too large for a size_t,
 *  0 for what is not in the list. */
OCKHAM_API size_t ockham_covariance_size(ockham_covariance family, size_t n_columns);
/** Free parameters of a mixture of k components of the family in n_columns: k - 1 proportions, k n_columns means, and
 *  those of the covariances. 0 for what is not in the list. */
OCKHAM_API double ockham_covariance_parameters(ockham_covariance family, size_t k, size_t n_columns);

typedef struct ockham_mixture_options {
  size_t k;             /**< number of components, 1 <= k <= n_rows (that have a weight); has no default */
  const char *families; /**< names separated by commas, of which the one with the highest BIC is kept; NULL: those along
                             the axes (EII ... VVI), and the others where there are more rows (that have a weight) than
                             columns, and at most 64 columns */
  uint64_t seed;        /**< of the start */
  size_t restarts;      /**< of the k-means that the steps start from; default 4, above 64 components 1 */
  size_t max_steps;     /**< of each family; default 1000 */
  double tolerance;     /**< a step that raises the log-likelihood by less than this (nats) is the last; default 1e-6 */
  const double *start;  /**< n x k: how much each row belongs to each component, at least 0, each row's sum 1; NULL: the
                             clusters of k-means */
  size_t threads;       /**< 0: one a core */
  const ockham_progress *progress;
  const double *weights; /**< n: how many rows each row stands for, as for ockham_kmeans_fit(); NULL: 1 each */
  bool tails; /**< also try each family with tails that are not Gaussian, one more parameter for all components */
} ockham_mixture_options;

/** A mixture, its components by falling proportion. Zero-initialise; ockham_mixture_clear() frees what it holds. */
typedef struct ockham_mixture {
  ockham_covariance family;
  size_t k, n_columns;
  double *proportions; /**< k, sum 1 */
  double *means;       /**< k x n_columns */
  double *covariances; /**< k x ockham_covariance_size(): matrices; of families along the axes their diagonals only */
  double log_likelihood;
  double n_parameters; /**< one more where the tail is not Gaussian */
  double bic; /**< 2 log_likelihood - n_parameters ln n, as mclust's; minus scikit-learn's; n: the sum of the weights */
  double icl; /**< bic + 2 times the sum over the rows of the logarithm of their largest posterior probability */
  double aic; /**< 2 log_likelihood - 2 n_parameters */
  double family_bic[OCKHAM_N_COVARIANCES]; /**< of every family that was tried, with the better tail; NaN: it was not,
                                                or cannot be fitted */
  double entropy;                          /**< of the posterior probabilities, summed over the rows */
  double tail; /**< 1: Gaussian. Densities fall as exp(-m^tail / 2), m being the squared Mahalanobis distance for a
                    multiple of the covariance: heavier tails below 1, flatter components with an edge above */
  size_t n_steps;
  bool converged;
  bool regularised; /**< a component collapsed, so it was fitted again with a prior: the likelihood is less than could
                       be */
} ockham_mixture;

/** Fit a mixture of k Gaussians to the rows of x: a local maximum of the likelihood, reached from the clusters of
 *  k-means or from `start`.
 *
 *  x       n rows of finite numbers, float32 or float64; borrowed.
 *  labels  room for n values: the component of the highest posterior probability; or NULL.
 *  result  what it held is not freed; without anything after a failure.
 *
 *  A component whose covariance becomes singular, or less than 1e-10 of the columns' mean variance in some direction,
 *  has no likelihood to speak of: then the prior of Fraley & Raftery (J. Classification 24, 2007,
 *  doi:10.1007/s00357-007-0004-5) draws covariances to that of all rows. Where a column is constant that helps
 *  none but spheres (EII, VII), for which it is one more direction with their common variance.
 *
 *  Fails with BAD_ARGUMENT (k, a family's name, start), BAD_DATA (as ockham_kmeans_fit(); fewer distinct rows than k;
 *  no family can be fitted), NO_MEMORY, INTERRUPTED (progress is told inside steps too). O(n k d) time a step along
 *  the axes, O(n k d^2 + k d^3) otherwise, in EVE and VVE up to twenty times k d^3. Extra memory: the rows as
 *  float64, and some 20 k d^2 numbers (70 k d along the axes). The same bits for any number of threads.
 *
 *  Source: Celeux & Govaert, Pattern Recognition 28, 1995 (doi:10.1016/0031-3203(94)00125-6); names and definitions of
 *  mclust, Scrucca et al., R Journal 8(1), 2016; tails: Dang, Browne & McNicholas, Biometrics 71, 2015
 *  (doi:10.1111/biom.12351). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_mixture_fit(ockham_rows x, const ockham_mixture_options *options,
                                                              uint32_t *labels, ockham_mixture *result,
                                                              ockham_error *err);
OCKHAM_API void ockham_mixture_clear(ockham_mixture *mixture);

/** Whether something is a mixture as one is fitted: BAD_ARGUMENT with what is wrong when there is no component or
 *  column, an array is NULL, the family is none, the tail is not from 0.1 to 10, proportions are not positive or do
 *  not add up to 1, a number of these or of the means and covariances is not finite, or a covariance is not symmetric
 *  or not positive definite; else OK. Of the family no more is asked. Or NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_mixture_check(const ockham_mixture *mixture, ockham_error *err);

/** What a mixture (that ockham_mixture_check() would pass) says of rows: for each the component of the highest
 *  posterior probability, all posterior probabilities (n x k; those below e^-36 may be 0), and the logarithm of the
 *  density; each may be NULL, and after a failure holds anything. threads: 0 = one a core. Fails with BAD_ARGUMENT
 *  (another number of columns), BAD_DATA (not finite, or so far out that squared distances could overflow; row set),
 *  NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_mixture_predict(const ockham_mixture *mixture, ockham_rows x,
                                                                  size_t threads, uint32_t *labels,
                                                                  double *probabilities, double *log_densities,
                                                                  ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
