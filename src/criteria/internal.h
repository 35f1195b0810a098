/* SPDX-License-Identifier: Apache-2.0 */
/* criteria: how good is each k? Pure functions of an ockham_curve, and the table that lists them.
 * Main type: ock_criterion_entry (what is public of a criterion, and how its value is computed).
 * Invariants: a value is a finite number or NaN for "undefined here"; nothing here looks at rows.
 * Threads: pure.
 * Source: each entry of table.c names its own. */
#ifndef OCK_CRITERIA_INTERNAL_H
#define OCK_CRITERIA_INTERNAL_H

#include <math.h>
#include <ockham/criteria.h>

#include "core/internal.h"

/* Rows of cluster j, and of all, by their weights. */
static inline double ock_point_weight(const ockham_curve_point *point, size_t j) {
  return point->weights ? point->weights[j] : (double)point->sizes[j];
}
static inline double ock_curve_weight(const ockham_curve *curve) {
  return curve->total_weight > 0 ? curve->total_weight : (double)curve->n_rows;
}

double ock_centroid_distance(const ockham_curve *curve, const ockham_curve_point *point, size_t a, size_t b);
/* A value that is not finite is none. */
static inline double ock_defined(double value) {
  return isfinite(value) ? value : NAN;
}

typedef double ock_criterion_function(const ockham_curve *curve, size_t i);
/* The index of a point; SIZE_MAX: none. */
typedef size_t ock_choice_function(const ockham_criterion *criterion, const ockham_curve *curve);

/* Where a rise ends: the largest fall of slope. */
ock_choice_function ock_choose_bend;
ock_choice_function ock_choose_last_below_one;

ock_criterion_function ock_c_index, ock_mcclain_rao, ock_point_biserial, ock_gamma, ock_g_plus, ock_tau, ock_hubert,
    ock_frey, ock_dunn_11, ock_dunn_12, ock_dunn_13, ock_dunn_31, ock_dunn_32, ock_dunn_33, ock_dunn_41, ock_dunn_42,
    ock_dunn_43, ock_dunn_51, ock_dunn_52, ock_dunn_53;
ock_choice_function ock_choose_largest, ock_choose_smallest, ock_choose_knee, ock_choose_by_slope;
/* ockham_kneedle() on n points that a function tells. */
typedef struct ock_curve_place {
  double x, y;
} ock_curve_place;
typedef ock_curve_place ock_curve_reader(const void *arg, size_t i);
size_t ock_kneedle(ock_curve_reader *read, const void *arg, size_t n);

/* Rules: each has the bound that the criterion's `rule` tells. */
ock_choice_function ock_choose_hartigan, ock_choose_explained, ock_choose_duda, ock_choose_beale;

/* What such rules are made of: the first point whose value is at most, or at least, the bound, or the last that has at
 * least that. */
size_t ock_first_at_most(const ockham_criterion *criterion, const ockham_curve *curve, double bound);
size_t ock_first_at_least(const ockham_criterion *criterion, const ockham_curve *curve, double bound);
size_t ock_last_at_least(const ockham_criterion *criterion, const ockham_curve *curve, double bound);

ock_criterion_function ock_inertia, ock_bic, ock_bicc, ock_aic, ock_bic_goxmeans, ock_calinski_harabasz,
    ock_davies_bouldin, ock_silhouette, ock_simplified_silhouette, ock_mixture_bic, ock_mixture_icl;
ock_criterion_function ock_aicc, ock_bic_pelleg_moore, ock_log_likelihood, ock_banfield_raftery, ock_krzanowski_lai,
    ock_hartigan, ock_trcovw, ock_tracew, ock_ball_hall, ock_log_ss_ratio, ock_jump, ock_pham, ock_wb_index,
    ock_variance_explained, ock_xie_beni, ock_pbm;
ock_criterion_function ock_ccc, ock_scott, ock_marriot, ock_friedman, ock_rubin, ock_ratkowsky_lance, ock_sd_index,
    ock_s_dbw, ock_duda, ock_beale;
ock_choice_function ock_choose_gap, ock_choose_gap_pca, ock_choose_gap_star, ock_choose_predictable, ock_choose_stable;
ock_criterion_function ock_gap, ock_gap_pca, ock_gap_star, ock_prediction_strength, ock_instability, ock_jaccard;

#endif
