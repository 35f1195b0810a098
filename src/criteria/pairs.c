/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria of pairs of rows: whether those within clusters are nearer than those between. None is defined for one
 * cluster, nor where every cluster is one row. */
#include <math.h>

#include "criteria/internal.h"

static const ockham_pair_statistics nothing_known = {
    .share_within = NAN, .mean_within = NAN, .mean_between = NAN, .concordant = NAN, .discordant = NAN};

static const ockham_pair_statistics *pairs_of(const ockham_curve *curve, size_t i) {
  return curve->points[i].pairs ? curve->points[i].pairs : &nothing_known;
}

static double ratio(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : NAN;
}

double ock_c_index(const ockham_curve *curve, size_t i) {
  static const double rounding = 1e-12;
  const ockham_pair_statistics *p = pairs_of(curve, i);
  double range = p->mean_farthest - p->mean_nearest;
  if (isnan(p->mean_between)) return NAN; /* whatever rounding left of the range */
  return range > rounding * p->mean_farthest ? fmax(0, p->mean_within - p->mean_nearest) / range : NAN;
}

double ock_mcclain_rao(const ockham_curve *curve, size_t i) {
  return ratio(pairs_of(curve, i)->mean_within, pairs_of(curve, i)->mean_between);
}

double ock_point_biserial(const ockham_curve *curve, size_t i) {
  const ockham_pair_statistics *p = pairs_of(curve, i);
  return ratio((p->mean_between - p->mean_within) * sqrt(p->share_within * (1 - p->share_within)), p->deviation);
}

double ock_gamma(const ockham_curve *curve, size_t i) {
  const ockham_pair_statistics *p = pairs_of(curve, i);
  return ratio(p->concordant - p->discordant, p->concordant + p->discordant);
}

/* N / (N - 1): from N^2 / 2 to the number of combinations of two pairs. */
static double correction(const ockham_pair_statistics *p) {
  return ratio(1, 1 - 1 / p->n_pairs);
}

double ock_g_plus(const ockham_curve *curve, size_t i) {
  const ockham_pair_statistics *p = pairs_of(curve, i);
  if (!(p->equal < 1)) return NAN; /* nothing is nearer */
  return 2 * p->discordant * p->share_within * (1 - p->share_within) * correction(p);
}

double ock_tau(const ockham_curve *curve, size_t i) {
  const ockham_pair_statistics *p = pairs_of(curve, i);
  double combinations = 2 * p->share_within * (1 - p->share_within) * correction(p); /* within and between, of all */
  return (p->concordant - p->discordant) * sqrt(ratio(combinations, 1 - p->equal));
}

double ock_hubert(const ockham_curve *curve, size_t i) {
  return curve->points[i].pairs ? curve->points[i].pairs->centroid_correlation : NAN;
}

double ock_frey(const ockham_curve *curve, size_t i) {
  if (i + 1 >= curve->n_points) return NAN;
  const ockham_pair_statistics *p = pairs_of(curve, i), *next = pairs_of(curve, i + 1);
  double within = next->mean_within - p->mean_within, between = next->mean_between - p->mean_between;
  return within != 0 ? between / within : NAN;
}

/* ---- which k ---- */

size_t ock_choose_bend(const ockham_criterion *criterion, const ockham_curve *curve) {
  double largest = 0;
  size_t chosen = SIZE_MAX;
  for (size_t i = 1; i + 1 < curve->n_points; i++) {
    double before = ockham_criterion_value(criterion, curve, i - 1);
    double value = ockham_criterion_value(criterion, curve, i);
    double bend = value - before - (ockham_criterion_value(criterion, curve, i + 1) - value);
    if (bend > largest) {
      largest = bend;
      chosen = i;
    }
  }
  return chosen;
}

/* Down from the largest k, values fall below 1 and rise above it again; the point before they fall the last time. */
size_t ock_choose_last_below_one(const ockham_criterion *criterion, const ockham_curve *curve) {
  size_t i = 0;
  while (i < curve->n_points && !(ockham_criterion_value(criterion, curve, i) < 1)) i++;
  if (i == curve->n_points) return SIZE_MAX;
  while (ockham_criterion_value(criterion, curve, i) < 1) i++;
  return i;
}
