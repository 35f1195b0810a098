/* SPDX-License-Identifier: Apache-2.0 */
/** Criteria for the number of clusters: pure functions of a curve, which holds what is known of one clustering for each
 *  k. They are listed by `ockham criteria`; docs/criteria.md has their weaknesses. */
#ifndef OCKHAM_CRITERIA_H
#define OCKHAM_CRITERIA_H

#include <ockham/core.h>
#include <ockham/mixture.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What one cluster looks like where it is no component of a mixture. */
typedef enum ockham_shape {
  OCKHAM_SHAPE_COMPONENTS, /**< as mixture_family and mixture_tail say */
  OCKHAM_SHAPE_STUDENT,    /**< ellipsoid whose tails fall as a power: multivariate t */
  OCKHAM_SHAPE_SKEWED,     /**< columns skewed, or tailed, each in its way: sinh-arcsinh or a power of the distance from
                                an end, with a Gaussian copula */
  OCKHAM_SHAPE_BOX         /**< uniform in a box along the axes */
} ockham_shape;

/** What the rows say of one clustering beyond its centroids and sums. A cluster is here the rows that have its centroid
 *  for their nearest, about their own mean. T is the matrix of sums of squares and products of all rows about their
 *  mean, W the same within clusters, B = T - W; columns that are constant are left out of all three. Where more than
 *  OCKHAM_SCATTER_COLUMNS columns vary there are no matrices: spectrum is NULL, what needs them NaN. */
typedef struct ockham_row_statistics {
  const double *spectrum;  /**< n_varying: eigenvalues of T, the largest first; the same for every k */
  double log_determinant;  /**< ln(|W| / |T|); NaN when W or T is singular, to rounding */
  double trace_ratio;      /**< trace of W^-1 B; NaN likewise */
  const double *explained; /**< n_columns: B / T of the column's own sums of squares; NaN where it is constant */
  double scattering; /**< mean over clusters of |v_j| / |v|; v_j, v: vectors of the variances of each column, within
                          the cluster and of all rows */
  double density_between; /**< mean over pairs of clusters of the number of their rows that are near the middle of the
                               two means, over the larger of their numbers near one of them (0 when there are none
                               anywhere); near: within sqrt(sum |v_j|) / k. NaN when there are only such in the middle,
                             or k is 1, or more than OCKHAM_DENSITY_CLUSTERS */
  const double *halves;   /**< k: the cluster's sum of squares when 2-means splits it, about the two means */
} ockham_row_statistics;

/** Up to so many columns that vary ockham_row_statistics has matrices. */
#define OCKHAM_SCATTER_COLUMNS 256
/** Up to so many clusters it has densities between them. */
#define OCKHAM_DENSITY_CLUSTERS 1000

typedef struct ockham_pair_statistics ockham_pair_statistics;
typedef struct ockham_resample_statistics ockham_resample_statistics;

/** One clustering of the curve, its clusters numbered by falling weight. Arrays are borrowed. */
typedef struct ockham_curve_point {
  size_t k;
  double inertia;                  /**< sum of squared distances to the centroids */
  const uint64_t *sizes;           /**< k: rows of each cluster, all at least 1 */
  const double *within;            /**< k: sum of squared distances of each cluster's rows to its centroid, by weight */
  const double *spread;            /**< k: sum of distances, not squared, by weight */
  const double *centroids;         /**< k x n_columns */
  double silhouette;               /**< mean over rows; NaN when it was not computed, or k is 1 */
  double simplified_silhouette;    /**< the same with distances to centroids for mean distances to rows; NaN likewise */
  double silhouette_error;         /**< standard error of silhouette where it is an estimate; 0 where it is exact */
  const double *weights;           /**< k: sum of the weights of each cluster's rows; NULL: the same as sizes */
  double mixture_bic, mixture_icl; /**< the highest of any mixture with k components, parameters costing more where rows
                                        are few; -infinity where none can be fitted, or it cannot be the best; only
                                        where the curve has_mixtures */
  ockham_covariance mixture_family;  /**< of the mixture with that BIC */
  double mixture_tail;               /**< likewise: ockham_mixture.tail */
  ockham_shape mixture_shape;        /**< for k = 1 it may have another shape */
  const ockham_row_statistics *rows; /**< NULL where they were not gathered; so are these: */
  const ockham_pair_statistics *pairs;
  const ockham_resample_statistics *resamples;
} ockham_curve_point;

/** Of all pairs of rows, or of those of OCKHAM_PAIR_ROWS rows drawn at random, which then estimate it for all rows.
 *  Distances are Euclidean, in the units of the data; equal means equal as float64. A pair is "within" when both rows
 *  are in one cluster, else "between". A pair counts by the product of its rows' weights, and a row of weight w > 1 has
 *  w (w - 1) / 2 pairs more, within, at distance 0: those of the w rows that it stands for. NaN where there is no pair
 *  to tell. */
struct ockham_pair_statistics {
  double n_pairs;                   /**< N: of the rows looked at */
  double share_within;              /**< f: the share of them that is within */
  double mean_within, mean_between; /**< distance */
  double mean_nearest;              /**< distance of the N f nearest of all pairs */
  double mean_farthest;             /**< and of the N f farthest */
  double deviation;                 /**< root mean square difference of all distances to their mean; the same for each
                                         k, and 0 where all are equal to within rounding */
  double concordant, discordant;    /**< of a pair within and one between, all N^2 f (1 - f) combinations: the share in
                                         which the former is nearer, and farther */
  double equal;                     /**< of two pairs, all N (N - 1) / 2 combinations: the share in which both are
                                         equally far; the same for each k */
  double centroid_correlation;      /**< over all pairs, of the rows' distance with that of their clusters' centroids */
  double least_between;             /**< distance of two rows of different clusters */
  double largest_within;            /**< distance of two rows of one cluster */
  double largest_mean_within;       /**< over clusters, of the mean distance within; clusters of one row have none */
  double least_mean_between;        /**< over pairs of clusters, of the mean distance of a row of each */
  double least_mean_crossed;        /**< over pairs of clusters, of the mean distance of their rows to the centroid of
                                         the other one */
};

/** All pairs of so many rows are looked at; of more, so many are drawn. */
#define OCKHAM_PAIR_ROWS 2000

/** All clusterings of one data set, by ascending k. */
typedef struct ockham_curve {
  uint64_t n_rows;       /**< that count: those of weight 0 do not */
  size_t n_columns;      /**< of the centroids */
  size_t n_varying;      /**< columns that are not constant: the dimension that likelihoods count */
  double variance_floor; /**< least variance a column is credited with: rounding noise of the data, more than 0 */
  double total;          /**< sum of squared distances to the overall mean */
  size_t n_points;
  const ockham_curve_point *points;
  double total_weight; /**< sum of the weights of all rows: the n of every criterion; 0: n_rows */
  bool weighted;       /**< the rows have weights that are not all 1 */
  bool has_mixtures;   /**< mixtures were fitted, to up to 12,000 of the rows */
  double total_spread; /**< sum of distances, not squared, to the overall mean, by weight; 0: not known */
} ockham_curve;

typedef enum ockham_direction {
  OCKHAM_MAXIMUM,
  OCKHAM_MINIMUM,
  OCKHAM_KNEE,
  OCKHAM_RULE /**< as ockham_criterion.rule says */
} ockham_direction;

/** What has to be known of each k beside its clusters' sizes, centroids and inertia: gathered when it is asked for. */
typedef enum ockham_evidence {
  OCKHAM_EVIDENCE_CURVE,
  OCKHAM_EVIDENCE_MIXTURES,
  OCKHAM_EVIDENCE_ROWS,     /**< the rows looked at once more for each k: ockham_curve_point.rows */
  OCKHAM_EVIDENCE_PAIRS,    /**< pairs of rows: ockham_curve_point.pairs */
  OCKHAM_EVIDENCE_RESAMPLES /**< clusterings of other rows: ockham_curve_point.resamples */
} ockham_evidence;

/** How much lower inertia is than that of rows drawn evenly from a box, and by how much this must be beaten. */
typedef struct ockham_gap {
  double value, error;
} ockham_gap;

/** What clusterings of other rows say of one k: NaN where it is undefined (k is more than some of the other rows are
 *  distinct, or more than OCKHAM_RESAMPLE_K_LIMIT), or was not asked for. W: the inertia of the rows, W*: that of a
 *  reference, which are as many rows drawn evenly from the box that the rows fill. docs/criteria.md tells more. */
struct ockham_resample_statistics {
  ockham_gap gap;                   /**< mean ln W* - ln W; sd(ln W*) sqrt(1 + 1/B), B = 50 references */
  ockham_gap gap_pca;               /**< the same, the box along the principal axes */
  ockham_gap gap_star;              /**< mean W* - W; sd(W*) sqrt(1 + 1/B) */
  double prediction_strength;       /**< mean over 50 splits in halves; 1 for k = 1 */
  double prediction_strength_error; /**< standard error of that mean */
  double instability;               /**< share of pairs of rows on which two bootstrap samples disagree: mean of 50 */
  double instability_error;         /**< standard error of that mean */
  double jaccard;      /**< the least of the clusters' mean Jaccard similarities to 100 bootstraps; 1 for k = 1 */
  double jaccard_mean; /**< their mean over clusters */
  uint64_t n_rows;     /**< how many rows were resampled: some of them where all were too many */
};
/** Resamples are clustered for k up to this. */
#define OCKHAM_RESAMPLE_K_LIMIT 256

/** What a criterion is. */
typedef struct ockham_criterion {
  const char *name;  /**< for options and JSON: "bic" */
  const char *title; /**< for people: "BIC" */
  ockham_direction direction;
  bool can_answer_one; /**< whether it is defined for k = 1 */
  const char *formula;
  const char *source;
  ockham_evidence evidence; /**< undefined on a curve without it */
  const char *rule;         /**< which k it chooses, in words, where the direction is OCKHAM_RULE; else NULL */
  bool usual;               /**< shown unless others are asked for */
} ockham_criterion;

/** The table of criteria, *n of them; constant. */
OCKHAM_API const ockham_criterion *ockham_criteria(size_t *n);
/** The one with this name, or with another name for the same (ray-turi: xie-beni; ksq-detw: marriot; pseudot2: duda);
 *  NULL when there is none. */
OCKHAM_API const ockham_criterion *ockham_criterion_find(const char *name);

/** Whether the curve has what the criterion needs: else it is undefined throughout. */
OCKHAM_API bool ockham_criterion_has_evidence(const ockham_criterion *criterion, const ockham_curve *curve);

/** Its value at point i of the curve; NaN where it is undefined. O(k^2 n_columns) at worst. */
OCKHAM_API double ockham_criterion_value(const ockham_criterion *criterion, const ockham_curve *curve, size_t i);
/** The index of the point it chooses (the lowest k among equals); SIZE_MAX when it chooses none. */
OCKHAM_API size_t ockham_criterion_choose(const ockham_criterion *criterion, const ockham_curve *curve);

/** The spherical Gaussian model behind BIC and AIC at a point: the better of one variance for all clusters (EII) and
 *  one for each (VII; only when every cluster has at least 5 rows, by weight), by the criterion that is asked. Higher
 * is better, the scale is mclust's.
 *
 *    ln L = sum_j n_j ln(n_j / n) - 1/2 sum_j n_j d [ln(2 pi v_j) + S_j / (n_j d v_j)]
 *    v_j = S_j / (n_j d), or the pooled S / (n d); no less than the variance floor
 *    p = k (d + 1) for EII, k (d + 2) - 1 for VII
 *    BIC = 2 ln L - p ln n
 *    AIC = 2 ln L - 2 p
 *    BICc = 2 ln L - p ln n N / (N - p - 2), N = n d, the divisor no less than 1
 *
 *  n and n_j are sums of weights: a row of weight w counts as w rows.
 *  BICc is McQuarrie's correction for few rows (Statistics & Probability Letters 44, 1999). */
typedef struct ockham_fit_score {
  double value;
  double log_likelihood;
  size_t n_parameters;
  bool variances_differ; /**< VII */
} ockham_fit_score;
OCKHAM_API ockham_fit_score ockham_score_bic(const ockham_curve *curve, size_t i);
OCKHAM_API ockham_fit_score ockham_score_bicc(const ockham_curve *curve, size_t i);
OCKHAM_API ockham_fit_score ockham_score_aic(const ockham_curve *curve, size_t i);

/** Whether one cluster explains the rows at least as well as point i of the curve by BICc: with few rows the maximum of
 *  BIC itself is often a chance group. False when the curve does not begin at k = 1. */
OCKHAM_API bool ockham_one_cluster_suffices(const ockham_curve *curve, size_t i);

/** Posterior probability of each point's k under BIC and equal priors: exp(BIC / 2), normalised. weights: n_points. */
OCKHAM_API void ockham_bic_weights(const ockham_curve *curve, double *weights);

/** Kneedle on n >= 2 points of a decreasing convex curve, sensitivity 1, offline: the index of the knee or SIZE_MAX.
 *  The same answer as Python's kneed 0.8 and later. Source: Satopaa et al., ICDCSW 2011 (doi:10.1109/ICDCSW.2011.20).
 */
OCKHAM_API size_t ockham_kneedle(const double *x, const double *y, size_t n);

#ifdef __cplusplus
}
#endif
#endif
