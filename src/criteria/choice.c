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

size_t ock_choose_knee(const ockham_criterion *criterion, const ockham_curve *curve) {
  size_t n = curve->n_points, knee = SIZE_MAX;
  double *x = ock_alloc_array(n, 2 * sizeof(double));
  if (x) {
    double *y = x + n;
    for (size_t i = 0; i < n; i++) {
      x[i] = (double)curve->points[i].k;
      y[i] = ockham_criterion_value(criterion, curve, i);
    }
    knee = ockham_kneedle(x, y, n);
  }
  ock_free(x);
  return knee;
}
