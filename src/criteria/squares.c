/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria that compare the sums of squares of successive k: of one more cluster they ask how much it explains. */
#include <math.h>

#include "criteria/internal.h"

/* The inertia at `step` more clusters than at point i; that of one cluster is known anyway. NaN: not on this curve. */
static double inertia_at(const ockham_curve *curve, size_t i, int step) {
  size_t k = curve->points[i].k + (size_t)step, at = i + (size_t)step;
  if (step && k == 1) return curve->total;
  return at < curve->n_points && curve->points[at].k == k ? curve->points[at].inertia : NAN;
}

/* ---- falls from one k to the next ---- */

/* A cube cut into k equal cubes has k^(2/d) times less inertia. */
static double cube_fall(double k, double before, double now, double d) {
  return pow(k - 1, 2 / d) * before - pow(k, 2 / d) * now;
}

double ock_krzanowski_lai(const ockham_curve *curve, size_t i) {
  double k = (double)curve->points[i].k, d = (double)curve->n_varying, now = inertia_at(curve, i, 0);
  if (k < 2) return NAN;
  double here = cube_fall(k, inertia_at(curve, i, -1), now, d);
  return ock_defined(fabs(here / cube_fall(k + 1, now, inertia_at(curve, i, 1), d)));
}

double ock_hartigan(const ockham_curve *curve, size_t i) {
  double left = ock_curve_weight(curve) - (double)curve->points[i].k - 1;
  return ock_defined((inertia_at(curve, i, 0) / inertia_at(curve, i, 1) - 1) * left);
}

double ock_trcovw(const ockham_curve *curve, size_t i) {
  double n = ock_curve_weight(curve), k = (double)curve->points[i].k;
  if (k < 2 || n <= k) return NAN;
  return ock_defined(inertia_at(curve, i, -1) / (n - k + 1) - inertia_at(curve, i, 0) / (n - k));
}

double ock_tracew(const ockham_curve *curve, size_t i) {
  if (curve->points[i].k < 2) return NAN;
  double now = inertia_at(curve, i, 0);
  return (inertia_at(curve, i, -1) - now) - (now - inertia_at(curve, i, 1));
}

double ock_ball_hall(const ockham_curve *curve, size_t i) {
  double k = (double)curve->points[i].k;
  return k < 2 ? NAN : inertia_at(curve, i, -1) / (k - 1) - inertia_at(curve, i, 0) / k;
}

static double log_ratio(const ockham_curve *curve, size_t i, int step) {
  double within = inertia_at(curve, i, step);
  return log((curve->total - within) / within);
}

double ock_log_ss_ratio(const ockham_curve *curve, size_t i) {
  if (curve->points[i].k < 3) return NAN; /* nothing lies between clusters when there is one */
  double now = log_ratio(curve, i, 0);
  return ock_defined((now - log_ratio(curve, i, -1)) - (log_ratio(curve, i, 1) - now));
}

/* The logarithm, for in many columns the powers themselves overflow. Relative to that of one cluster, whose jump is
 * from 0. */
double ock_jump(const ockham_curve *curve, size_t i) {
  double power = (double)curve->n_varying / 2, now = inertia_at(curve, i, 0);
  double level = power * log(curve->total / now);
  if (curve->points[i].k == 1) return ock_defined(level);
  return ock_defined(level + log1p(-pow(now / inertia_at(curve, i, -1), power)));
}

/* By how much less the inertia is expected to fall with each further cluster. */
static double pham_weight(double k, double d) {
  return 1 - 3 / (4 * d) * pow(5.0 / 6, k - 2);
}

double ock_pham(const ockham_curve *curve, size_t i) {
  double k = (double)curve->points[i].k, d = (double)curve->n_varying;
  if (k == 1) return 1;
  double before = inertia_at(curve, i, -1);
  if (before == 0) return 1;
  return ock_defined(inertia_at(curve, i, 0) / (pham_weight(k, d) * before));
}

/* ---- each k by itself ---- */

double ock_wb_index(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  return p->k < 2 ? NAN : ock_defined((double)p->k * p->inertia / (curve->total - p->inertia));
}

double ock_variance_explained(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  return p->k < 2 ? NAN : ock_defined(1 - p->inertia / curve->total);
}

double ock_banfield_raftery(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  double sum = 0;
  for (size_t j = 0; j < p->k; j++) sum += ock_point_weight(p, j) * log(p->within[j] / ock_point_weight(p, j));
  return ock_defined(sum);
}
