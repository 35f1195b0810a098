/* SPDX-License-Identifier: Apache-2.0 */
/** How many clusters: a clustering for every k of a range, sharing work across k, and what each criterion says. */
#ifndef OCKHAM_SELECT_H
#define OCKHAM_SELECT_H

#include <ockham/cluster.h>
#include <ockham/core.h>
#include <ockham/criteria.h>
#include <ockham/data.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ockham_sweep_options {
  size_t k_min; /**< default 1 */
  size_t k_max; /**< largest k tried; 0: round(sqrt(n)) between 10 and 60, further where a quick look as far as sqrt(n)
                     finds more, then extended by half while the deciding criterion's best k is near it, up to
                     OCKHAM_K_LIMIT and a third of the rows */
  uint64_t seed;
  size_t restarts; /**< further rounds up and down the range, each with fresh seeds; default 1, or 3 for at most 2,000
                      rows */
  const char *criterion; /**< what decides; default "mixture", or "bic" where no mixture can be fitted */
  bool exact;            /**< compute the exact silhouette whatever it costs, no estimate */
  bool no_silhouette;    /**< leave both silhouettes out */
  size_t threads;        /**< 0: one a core */
  const ockham_progress *progress;
  ockham_algorithm algorithm;
  ockham_precision precision;
  const double *weights; /**< n: how many rows each row stands for, 0 or OCKHAM_LEAST_WEIGHT to OCKHAM_LARGEST_WEIGHT;
                            fractions are fine, but criteria take the sum for the number of rows; NULL: 1 each */
  bool mixtures; /**< also fit mixtures (mixture.h) to up to 12,000 of the rows, for k up to a quarter beyond what BIC
                    of k-means says, for the criteria that are of them; implied by such a criterion, and so by default.
                      Not where a column is constant. */
  bool all_criteria; /**< gather what every criterion needs, mixtures included, which takes many times longer; a
                        criterion that decides gets what it needs anyway. For tables in memory only */
} ockham_sweep_options;

/** How far the range is extended by itself. */
#define OCKHAM_K_LIMIT 256
/** The silhouette is estimated from a sample when the exact one costs more: n^2 (n_columns + 8). The estimate costs a
 *  quarter of that. */
#define OCKHAM_SILHOUETTE_LIMIT 1e10

typedef struct ockham_sweep ockham_sweep;

/** What speaks for a k that mixtures chose, and against it. */
typedef struct ockham_confidence {
  size_t n_halves;         /**< random halves of the rows that chose again, ten and their complements; 0: none could */
  size_t n_agree;          /**< how many of them say the same; ockham_sweep_half_count() tells of other k */
  bool unclear;            /**< most halves say 1, or they differ and there is no gap between components */
  size_t merge_a, merge_b; /**< the two clusters that overlap most: with one cluster less they are the first to go */
  double overlap;          /**< the share of their rows that may be in either, by posterior probabilities; 0: k is 1, or
                              the clusters are those of k-means (ockham_verdict.mixture is NULL): there are no two */
  size_t n_peaks;          /**< groups of clusters between whose means the density falls nowhere; 0: not known */
  size_t n_bent;           /**< groups of rows that hang together but have no centre: rings, arcs, spirals */
  double bent_share;       /**< their share of the rows: above 0.2 centroids do not describe these data */
  double z;                /**< where rows are too few for matrices, n <= 4 n_columns, or columns more than 64: how many
                                standard deviations the clusters' inertia is above that of as many clusters of one
                                Gaussian with the rows' covariance (SigClust); NaN: not asked, or beyond memory */
  bool like_one;           /**< z is above -1.77, so that one in twenty such Gaussians has as tight clusters: k is 1 */
  bool has_split;
  size_t split; /**< the cluster that is two with one more; where has_split, and so not where k > 1 clusters are those
                   of k-means */
} ockham_confidence;

/** Fit every k from k_min to k_max.
 *
 *  x        n rows of finite numbers; borrowed for the call.
 *  options  NULL: defaults.
 *  sweep    for ockham_sweep_free(); NULL after a failure.
 *
 *  With weights the curve is that of a table that holds each row as often as its weight says (to rounding, and where
 *  the same optima are found). Rows of weight 0 count nowhere; when there are some, the other rows are copied.
 *  The inertia never rises with k. k_max is lowered to the number of distinct rows. One column: every k is the global
 *  optimum. When progress asks to stop, what is done so far is returned as a partial sweep, with OCKHAM_OK, unless
 *  there are not yet two k to compare (INTERRUPTED).
 *
 *  Fails with BAD_ARGUMENT (k_min > k_max, k_min or k_max > n, k_max > 65535, no such criterion, algorithm or
 *  precision), BAD_DATA (row and column of the first value that is not finite, or beyond 1e140; row of the first weight
 *  that is none; all weights 0; differences so small that all their squares are 0; fewer distinct rows than k_min),
 *  NO_MEMORY, INTERRUPTED.
 *
 *  Extra memory: the rows as float32 (or as float64 when they are that close together), up to 64 MB and a sample of
 *  them beyond that; about 8 + k_max / 16 bytes a row of these, 8 more with weights; 2 more a row for each k while the
 * exact silhouette is computed, 8 while criteria look at the rows once more (one column: 84 and 4 k_max more), and up
 * to 24 n_columns k_max^2 bytes for the centroids. Large tables are searched on some of their rows; all rows then
 * finish each fit, and measure it.
 *
 *  Source: going up, the cluster whose halves (by 2-means) lower the inertia most is split, and the cheapest merge is
 *  traded for the best split (Kaukoranta, Franti & Nevalainen, Optical Engineering 37, 1998); going down, Ward merges;
 *  for few clusters also fresh starts. The best is kept at each k. docs/every-k.md tells more. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_sweep_run(ockham_rows x, const ockham_sweep_options *options,
                                                            ockham_sweep **sweep, ockham_error *err);
OCKHAM_API void ockham_sweep_free(ockham_sweep *sweep);

/** The same with more rows than memory holds: the search is that of ockham_sweep_run() on the overview's sample; then
 *  the source is gone through, mostly twice, and in each round every clustering is moved and measured on all rows.
 * Sizes, sums of squares and of distances, the simplified silhouette, and so all criteria but the silhouette (an
 * estimate from the sample), are exact for all rows, and the inertia never rises with k. Criteria of pairs of rows are
 * left out.
 *
 *    ockham_row_source source;     // such as of ockham_reader_source()
 *    ockham_sweep_sample_rows(source.n_columns, memory_bytes, NULL, &n_sample, &err);
 *    ockham_overview_take(&source, n_sample, seed, NULL, &overview, &err);
 *    ockham_sweep_run_source(&source, &overview, memory_bytes, NULL, &sweep, &err);
 *
 *  source        borrowed for the call.
 *  overview      of this source, scaled as it is; borrowed.
 *  memory_bytes  what overview, sweep and everything in between may take; the source's own blocks come on top. The
 * range is not extended further than it allows. The result depends on the seed, the overview and memory_bytes, not on
 * the number of threads or the source's blocks. One column: not the global optimum. A stop during the search fails with
 * INTERRUPTED; later, what has been measured on all rows is returned as a partial sweep, if it is something.
 *
 *  Fails as ockham_sweep_run() does (without rows in messages), as the source does, and with BAD_ARGUMENT when
 *  memory_bytes is too little (the message says the least), options->exact or options->weights is set or a criterion
 *  that needs rows, pairs or resamples of them is to decide, with BAD_DATA when the source gives other rows than
 *  before. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_sweep_run_source(const ockham_row_source *source,
                                                                   const ockham_overview *overview, size_t memory_bytes,
                                                                   const ockham_sweep_options *options,
                                                                   ockham_sweep **sweep, ockham_error *err);
/** How many rows its sample may have: about half of the memory. Only k_max of the options (NULL: defaults) counts.
 *  Fails with BAD_ARGUMENT when it is too little memory. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_sweep_sample_rows(size_t n_columns, size_t memory_bytes,
                                                                    const ockham_sweep_options *options, size_t *n_rows,
                                                                    ockham_error *err);
/** Whether so much memory is enough for a table of float64 and ockham_sweep_run() on it, k up to 60. An estimate from
 *  above. */
OCKHAM_API bool ockham_sweep_fits(uint64_t n_rows, size_t n_columns, size_t memory_bytes);

/** The curve, from k_min on; valid as long as the sweep. */
OCKHAM_API const ockham_curve *ockham_sweep_curve(const ockham_sweep *sweep);

/** What the sweep says as a whole. */
typedef struct ockham_verdict {
  size_t k;                          /**< the answer */
  size_t point;                      /**< its index in the curve */
  const ockham_criterion *criterion; /**< what decided */
  bool undecided;     /**< the criterion chose no k (no knee, or undefined throughout); k is then the smallest tried */
  bool one_suffices;  /**< BIC has its maximum elsewhere, but for so few rows one cluster explains them as well:
                           ockham_one_cluster_suffices() */
  bool crowded;       /**< so it is at BIC's maximum, where rows are few for so many clusters, but not at every k: the
                           answer is the best of the others */
  double weight;      /**< posterior probability of k under BIC, of k-means or of mixtures, among the k tried; NaN when
                           another criterion decided, when one_suffices or crowded, and where it has no other k */
  bool at_edge;       /**< k is the largest tried: the truth may be larger */
  bool at_lower_edge; /**< k > 1 is the least tried: the truth may be smaller */
  bool extended;      /**< the range was extended by itself */
  bool overruled; /**< the criterion has its maximum elsewhere, but less than 6 higher, and more halves of the rows say
                     k, or less than 10, and 19 of 20 do; or confidence.like_one */
  bool partial;   /**< the sweep was stopped early */
  bool distinct_limit;      /**< the range ends where there are no more distinct rows */
  bool exact;               /**< every clustering is the global optimum (one column) */
  uint64_t silhouette_rows; /**< the silhouette is estimated from so many rows drawn at random, for the exact one takes
                                 too many pairs of rows; 0: it is exact, or was not computed */
  double seconds;           /**< time the sweep took */
  uint64_t searched_rows;   /**< the search went on in so many rows drawn at random, for all were too many for memory;
                                 0: in all of them */
  size_t mixture_rows;      /**< rows that mixtures were fitted to; 0: there are none */
  size_t n_constant;        /**< so many columns are constant, and so mixtures, which decide where no criterion is asked
                                 for, were not fitted, and BIC of k-means decides; 0: that is not why it does */
  ockham_confidence confidence;  /**< where mixtures decided; else zero */
  const ockham_mixture *mixture; /**< the clusters, where mixtures decided, k > 1 and all rows are in memory; else NULL,
                                      and they are those of k-means; valid as long as the sweep, and so are: */
  const uint64_t *sizes;         /**< k: rows of each cluster */
  const double *weights;         /**< k: the sum of their weights; NULL: the rows have none */
  const double *within;          /**< k: sum of squared distances of these rows to the centroid, by weight */
  size_t n_passes;               /**< how often all rows were gone through to measure; 0: they were in memory */
  size_t pair_rows; /**< criteria of pairs of rows are of so many rows drawn at random; 0: of all, or there are
                         none */
} ockham_verdict;
OCKHAM_API ockham_verdict ockham_sweep_verdict(const ockham_sweep *sweep);

/** What it took, silhouettes apart. */
OCKHAM_API ockham_work ockham_sweep_work(const ockham_sweep *sweep);

/** How many random halves of the rows say k; 0 where none were asked, and where no mixture had k components. */
OCKHAM_API size_t ockham_sweep_half_count(const ockham_sweep *sweep, size_t k);

/** Labels 0 ... k-1 of the rows x that the sweep was run on, in the clusters of the verdict: those of its mixture, or
 * of k-means; n_rows values. Fails as ockham_nearest() and ockham_mixture_predict() do. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_sweep_verdict_labels(const ockham_sweep *sweep, ockham_rows x,
                                                                       size_t threads, uint32_t *labels,
                                                                       ockham_error *err);

/** The same for point i of the curve, whose clusters are always those of k-means.
 *  Fails as ockham_nearest() does. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_sweep_labels(const ockham_sweep *sweep, ockham_rows x, size_t i,
                                                               size_t threads, uint32_t *labels, ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
