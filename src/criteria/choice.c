/* SPDX-License-Identifier: Apache-2.0 */
/* Which point of a curve a criterion chooses: by its values, one rule a function. */
#include <math.h>

#include "criteria/internal.h"

static size_t choose_extreme(const ockham_criterion *criterion, const ockham_curve *curve, double sign) {
  double best = -INFINITY;
  size_t chosen = SIZE_MAX;
  for (size_t i = 0; i < curve->n_points; i++) {
    double value = sign * ockham_criterion_value(criterion, curve, i);
    if (value > best) {
      best = value;
      chosen = i;
    }
  }
  return chosen;
}

size_t ock_choose_largest(const ockham_criterion *criterion, const ockham_curve *curve) {
  return choose_extreme(criterion, curve, 1);
}

size_t ock_choose_smallest(const ockham_criterion *criterion, const ockham_curve *curve) {
  return choose_extreme(criterion, curve, -1);
}

typedef struct values {
  const ockham_criterion *criterion;
  const ockham_curve *curve;
} values;

static ock_curve_place value_over_k(const void *arg, size_t i) {
  const values *v = arg;
  return (ock_curve_place){(double)v->curve->points[i].k, ockham_criterion_value(v->criterion, v->curve, i)};
}

size_t ock_choose_knee(const ockham_criterion *criterion, const ockham_curve *curve) {
  return ock_kneedle(value_over_k, &(values){criterion, curve}, curve->n_points);
}

/* ---- bounds ---- */

static size_t first_beyond(const ockham_criterion *criterion, const ockham_curve *curve, double sign, double bound) {
  for (size_t i = 0; i < curve->n_points; i++)
    if (sign * ockham_criterion_value(criterion, curve, i) >= sign * bound) return i;
  return SIZE_MAX;
}

size_t ock_first_at_most(const ockham_criterion *criterion, const ockham_curve *curve, double bound) {
  return first_beyond(criterion, curve, -1, bound);
}

size_t ock_first_at_least(const ockham_criterion *criterion, const ockham_curve *curve, double bound) {
  return first_beyond(criterion, curve, 1, bound);
}

size_t ock_last_at_least(const ockham_criterion *criterion, const ockham_curve *curve, double bound) {
  for (size_t i = curve->n_points; i-- > 0;)
    if (ockham_criterion_value(criterion, curve, i) >= bound) return i;
  return SIZE_MAX;
}

size_t ock_choose_hartigan(const ockham_criterion *criterion, const ockham_curve *curve) {
  return ock_first_at_most(criterion, curve, 10);
}

size_t ock_choose_explained(const ockham_criterion *criterion, const ockham_curve *curve) {
  return ock_first_at_least(criterion, curve, 0.9);
}

size_t ock_choose_duda(const ockham_criterion *criterion, const ockham_curve *curve) {
  return ock_first_at_least(criterion, curve, 0);
}

size_t ock_choose_beale(const ockham_criterion *criterion, const ockham_curve *curve) {
  return ock_first_at_least(criterion, curve, 0.005);
}

/* ---- rules of resamples ---- */

/* The gap of a point. */
typedef const ockham_gap *gap_of(const ockham_resample_statistics *statistics);

static const ockham_gap *of_box(const ockham_resample_statistics *s) {
  return &s->gap;
}

static const ockham_gap *of_axes(const ockham_resample_statistics *s) {
  return &s->gap_pca;
}

static const ockham_gap *of_inertia(const ockham_resample_statistics *s) {
  return &s->gap_star;
}

/* The first that the next does not exceed by more than the error. */
static size_t choose_gap(const ockham_curve *curve, gap_of *gap) {
  for (size_t i = 0; i + 1 < curve->n_points; i++) {
    if (!curve->points[i].resamples) break;
    const ockham_gap *here = gap(curve->points[i].resamples), *next = gap(curve->points[i + 1].resamples);
    if (here->value >= next->value - next->error) return i;
  }
  return SIZE_MAX;
}

size_t ock_choose_gap(const ockham_criterion *criterion, const ockham_curve *curve) {
  (void)criterion;
  return choose_gap(curve, of_box);
}

size_t ock_choose_gap_pca(const ockham_criterion *criterion, const ockham_curve *curve) {
  (void)criterion;
  return choose_gap(curve, of_axes);
}

size_t ock_choose_gap_star(const ockham_criterion *criterion, const ockham_curve *curve) {
  (void)criterion;
  return choose_gap(curve, of_inertia);
}

size_t ock_choose_predictable(const ockham_criterion *criterion, const ockham_curve *curve) {
  return ock_last_at_least(criterion, curve, 0.8);
}

size_t ock_choose_stable(const ockham_criterion *criterion, const ockham_curve *curve) {
  return ock_last_at_least(criterion, curve, 0.75);
}
