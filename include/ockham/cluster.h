/* SPDX-License-Identifier: Apache-2.0 */
/** One clustering for a given number of clusters k. To choose k, see select.h. */
#ifndef OCKHAM_CLUSTER_H
#define OCKHAM_CLUSTER_H

#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How Lloyd's steps are computed. Labels, centroids and inertia are the same bits either way. */
typedef enum ockham_algorithm {
  OCKHAM_ALGORITHM_AUTO = 0, /**< BOUNDS, which cost little where they spare nothing */
  OCKHAM_ALGORITHM_LLOYD,    /**< every distance in every step */
  OCKHAM_ALGORITHM_BOUNDS    /**< those that bounds from earlier steps do not rule out */
} ockham_algorithm;

/** What rows are searched in. Whatever it is, labels that rounding may have decided are decided again in float64, and
 *  all sums are float64. */
typedef enum ockham_precision {
  OCKHAM_PRECISION_AUTO = 0, /**< float32 about the mean while it tells the rows of a cluster apart, else float64 */
  OCKHAM_PRECISION_DOUBLE    /**< float64 */
} ockham_precision;

/** What was computed. */
typedef struct ockham_work {
  uint64_t distances;       /**< between a row and a centre */
  uint64_t plain_distances; /**< what the same steps and passes take when they look at every row and centre */
  uint64_t steps;           /**< of Lloyd's algorithm, on all rows or some */
  uint64_t passes;          /**< exact ones, over all rows */
} ockham_work;

typedef struct ockham_kmeans_options {
  size_t k;        /**< number of clusters, 1 <= k <= n_rows; has no default */
  uint64_t seed;   /**< of every random choice */
  size_t restarts; /**< independent starts, the best of which is kept; default 32 where n_rows n_columns k is up to a
                      million, else 4, above 64 clusters 1; exact 1-D needs none */
  size_t max_iterations; /**< of Lloyd's algorithm, a start; default 300 */
  size_t threads;        /**< 0: one a core */
  const ockham_progress *progress;
  ockham_algorithm algorithm;
  ockham_precision precision;
  const double *weights; /**< n_rows: how many rows each row stands for, 0 or OCKHAM_LEAST_WEIGHT to
                            OCKHAM_LARGEST_WEIGHT; fractions are fine; NULL: 1 each */
} ockham_kmeans_options;

/** A clustering, its clusters numbered by falling weight, that is by falling size where there are no weights.
 * Zero-initialise; ockham_kmeans_clear() frees what it holds. */
typedef struct ockham_kmeans {
  size_t k; /**< as asked, or the number of distinct rows when that is less */
  size_t n_columns;
  double *centroids;   /**< k x n_columns, float64, the (weighted) mean of each cluster's rows */
  uint64_t *sizes;     /**< k: rows in each cluster, all at least 1; rows of weight 0 are not counted */
  double *within;      /**< k: sum of squared distances to the centroid, each cluster's share of the inertia */
  double inertia;      /**< sum of squared Euclidean distances from each row to its centroid, by the rows' weights */
  size_t n_iterations; /**< Lloyd steps of the start that was kept */
  bool converged;  /**< no label changed in the last step, or (more than 20,000 rows or a million values) it lowered the
                      inertia by less than a hundred-thousandth; false when max_iterations ended it */
  bool exact;      /**< the global optimum is known to be found (one column, or k = 1) */
  double *weights; /**< k: sum of the weights of each cluster's rows; the same as sizes where there are none */
} ockham_kmeans;

/** Split the rows of x into k clusters so that the inertia is small: a local minimum, the global one for one column.
 *  With weights the result is that of a table that holds each row as often as its weight says (to rounding, and where
 *  the same optimum is found). Rows of weight 0 only get a label; when there are some, the other rows are copied.
 *
 *  x        n rows of finite numbers, float32 or float64; borrowed. Sums are float64 whatever x is.
 *  labels   room for n values 0 ... k-1, or NULL. Equal distances go to the lower number.
 *
 *  Fails with BAD_ARGUMENT, BAD_DATA (row and column of the first NaN or infinity; without them when the values are too
 *  large for their squares to be summed; row of the first weight that is none; all weights 0), NO_MEMORY, INTERRUPTED.
 *  Differences below 1e-162, whose square is 0, count as none.
 *  O(n k d) time a step at worst, bounds skip most of it. Extra memory: the rows as float32 (float64 when they are that
 *  close together), up to 256 MB and a sample of them beyond that, twice while they are put in order, about 4 + k / 16
 * bytes a row (8 more with weights), and some k x d arrays; one column: 84 + 4 k bytes a row (16 more with weights).
 * Source: starts from a tree of 2-means cuts and from k-means++ (Arthur & Vassilvitskii, SODA 2007), merges traded for
 * splits (Kaukoranta, Franti & Nevalainen, Optical Engineering 37, 1998), bounds after Elkan, ICML 2003, on whole
 * panels of rows; one column: Wang & Song, R Journal 3(2), 2011 (doi:10.32614/RJ-2011-015). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_kmeans_fit(ockham_rows x, const ockham_kmeans_options *options,
                                                             uint32_t *labels, ockham_kmeans *result,
                                                             ockham_error *err);
OCKHAM_API void ockham_kmeans_clear(ockham_kmeans *result);

/** For each row of x the nearest of k centroids (k x x.n_columns, float64) and the squared distance to it.
 *  labels, squared_distances: room for n_rows values each, either may be NULL. threads: 0 = one a core.
 *  Fails with BAD_ARGUMENT, BAD_DATA, NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_nearest(ockham_rows x, const double *centroids, size_t k,
                                                          size_t threads, uint32_t *labels, double *squared_distances,
                                                          ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
