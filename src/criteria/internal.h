/* SPDX-License-Identifier: Apache-2.0 */
/* criteria: how good is each k? Pure functions of an ockham_curve, and the table that lists them.
 * Main type: ock_criterion_entry (what is public of a criterion, and how its value is computed).
 * Invariants: a value is a finite number or NaN for "undefined here"; nothing here looks at rows.
 * Threads: pure.
 * Source: each entry of table.c names its own. */
#ifndef OCK_CRITERIA_INTERNAL_H
#define OCK_CRITERIA_INTERNAL_H

#include <ockham/criteria.h>

#include "core/internal.h"

/* Rows of cluster j, and of all, by their weights. */
static inline double ock_point_weight(const ockham_curve_point *point, size_t j) {
  return point->weights ? point->weights[j] : (double)point->sizes[j];
}
static inline double ock_curve_weight(const ockham_curve *curve) {
  return curve->total_weight > 0 ? curve->total_weight : (double)curve->n_rows;
}

typedef double ock_criterion_function(const ockham_curve *curve, size_t i);
/* The index of a point; SIZE_MAX: none. */
typedef size_t ock_choice_function(const ockham_criterion *criterion, const ockham_curve *curve);

ock_choice_function ock_choose_largest, ock_choose_smallest, ock_choose_knee, ock_choose_gap, ock_choose_gap_pca,
    ock_choose_gap_star, ock_choose_predictable, ock_choose_stable;

ock_criterion_function ock_inertia, ock_bic, ock_bicc, ock_aic, ock_bic_goxmeans, ock_calinski_harabasz,
    ock_davies_bouldin, ock_silhouette, ock_simplified_silhouette, ock_mixture_bic, ock_mixture_icl;
ock_criterion_function ock_gap, ock_gap_pca, ock_gap_star, ock_prediction_strength, ock_instability, ock_jaccard;

#endif
