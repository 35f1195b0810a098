/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria that see k-means as spherical Gaussians with hard assignments (classification likelihood). */
#include <float.h>
#include <math.h>

#include "criteria/internal.h"

/* A variance of its own needs this many rows: fewer, and a chance neighbourhood passes for a tight cluster. */
enum { MIN_ROWS_FOR_OWN_VARIANCE = 5 };

static const double two_pi = 6.283185307179586;

/* sum_j n_j ln(n_j / n): what it costs to say which cluster a row is in. Leaving it out makes every criterion of this
 * kind choose the largest k tried. */
static double mixing_term(const ockham_curve_point *p, double n) {
  double sum = 0;
  for (size_t j = 0; j < p->k; j++) sum += ock_point_weight(p, j) * log(ock_point_weight(p, j) / n);
  return sum;
}

/* Twice the log-density of `count` numbers with sum of squares `squares` about their means. */
static double twice_log_density(double count, double squares, double floor) {
  if (count == 0) return 0; /* no column varies: there is nothing to explain */
  double variance = squares / count;
  if (variance < floor) variance = floor;
  return -count * (log(two_pi * variance) + squares / (count * variance));
}

static double shared_variance(const ockham_curve *curve, const ockham_curve_point *p) {
  double n = ock_curve_weight(curve);
  return twice_log_density(n * (double)curve->n_varying, p->inertia, curve->variance_floor);
}

/* -infinity when a cluster is too small to have a variance of its own. */
static double own_variances(const ockham_curve *curve, const ockham_curve_point *p) {
  double sum = 0;
  for (size_t j = 0; j < p->k; j++) {
    double size = ock_point_weight(p, j);
    if (size < MIN_ROWS_FOR_OWN_VARIANCE) return -INFINITY;
    sum += twice_log_density(size * (double)curve->n_varying, p->within[j], curve->variance_floor);
  }
  return sum;
}

/* What p parameters cost on the scale of 2 ln L. */
typedef double parameter_price(const ockham_curve *curve, size_t p);

static double price_of_bic(const ockham_curve *curve, size_t p) {
  return (double)p * log(ock_curve_weight(curve));
}

/* McQuarrie's correction: N / (N - p - 2) for N numbers, the divisor no less than 1. */
static double price_of_bicc(const ockham_curve *curve, size_t p) {
  double n_values = ock_curve_weight(curve) * (double)curve->n_varying, left = n_values - (double)p - 2;
  return price_of_bic(curve, p) * n_values / (left > 1 ? left : 1);
}

/* Hurvich & Tsai's correction, of N numbers too: N / (N - p - 1). */
static double price_of_aicc(const ockham_curve *curve, size_t p) {
  double n_values = ock_curve_weight(curve) * (double)curve->n_varying, left = n_values - (double)p - 1;
  return 2 * (double)p * n_values / (left > 1 ? left : 1);
}

static double price_of_aic(const ockham_curve *curve, size_t p) {
  (void)curve;
  return 2 * (double)p;
}

/* The better of the two models at that price. */
static ockham_fit_score score(const ockham_curve *curve, size_t i, parameter_price *price) {
  const ockham_curve_point *p = &curve->points[i];
  double mixing = 2 * mixing_term(p, ock_curve_weight(curve));
  double twice_shared = mixing + shared_variance(curve, p);
  double twice_own = p->k > 1 ? mixing + own_variances(curve, p) : -INFINITY;
  size_t d = curve->n_varying, p_shared = p->k * (d + 1), p_own = p->k * (d + 2) - 1;
  double shared = twice_shared - price(curve, p_shared), own = twice_own - price(curve, p_own);
  if (own > shared) return (ockham_fit_score){own, twice_own / 2, p_own, true};
  return (ockham_fit_score){shared, twice_shared / 2, p_shared, false};
}

ockham_fit_score ockham_score_bic(const ockham_curve *curve, size_t i) {
  return score(curve, i, price_of_bic);
}

ockham_fit_score ockham_score_bicc(const ockham_curve *curve, size_t i) {
  return score(curve, i, price_of_bicc);
}

ockham_fit_score ockham_score_aic(const ockham_curve *curve, size_t i) {
  return score(curve, i, price_of_aic);
}

double ock_bic(const ockham_curve *curve, size_t i) {
  return ockham_score_bic(curve, i).value;
}

double ock_bicc(const ockham_curve *curve, size_t i) {
  return ockham_score_bicc(curve, i).value;
}

double ock_aic(const ockham_curve *curve, size_t i) {
  return ockham_score_aic(curve, i).value;
}

double ock_aicc(const ockham_curve *curve, size_t i) {
  return score(curve, i, price_of_aicc).value;
}

/* Of EII, whose parameters are as many more for each further cluster. */
double ock_log_likelihood(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  return mixing_term(p, ock_curve_weight(curve)) + shared_variance(curve, p) / 2;
}

/* ---- mixtures ---- */

double ock_mixture_bic(const ockham_curve *curve, size_t i) {
  double value = curve->has_mixtures ? curve->points[i].mixture_bic : NAN;
  return isfinite(value) ? value : NAN;
}

double ock_mixture_icl(const ockham_curve *curve, size_t i) {
  double value = curve->has_mixtures ? curve->points[i].mixture_icl : NAN;
  return isfinite(value) ? value : NAN;
}

/* ---- one cluster or more? ---- */

bool ockham_one_cluster_suffices(const ockham_curve *curve, size_t i) {
  return curve->points[0].k == 1 && i > 0 && ock_bicc(curve, 0) >= ock_bicc(curve, i);
}

/* ---- peers ---- */

/* As the Go program computes it, errors and all: one variance a cluster without 1/d but one variance counted as a
 * parameter, (n_j - 1)/2 for (n_j - 1) d/2, and the smallest denormal for a variance of zero, which rewards single
 * rows without measure. */
double ock_bic_goxmeans(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  double n = ock_curve_weight(curve), d = (double)curve->n_varying, sum = 0;
  for (size_t j = 0; j < p->k; j++) {
    double size = ock_point_weight(p, j);
    double variance = size > 1 ? p->within[j] / (size - 1) : 0;
    if (variance == 0) variance = DBL_TRUE_MIN;
    sum += size * log(size) - size * log(n) - size * d / 2 * log(two_pi * variance) - (size - 1) / 2;
  }
  return sum - (double)p->k * (d + 1) / 2 * log(n);
}

/* As the paper prints it: the variance lacks 1/d, and (n_j - k)/2 summed over clusters rewards k by k^2/2. */
double ock_bic_pelleg_moore(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  double n = ock_curve_weight(curve), d = (double)curve->n_varying, k = (double)p->k;
  double variance = p->inertia / (n - k), sum = mixing_term(p, n);
  for (size_t j = 0; j < p->k; j++) {
    double size = ock_point_weight(p, j);
    sum -= size / 2 * log(two_pi) + size * d / 2 * log(variance) + (size - k) / 2;
  }
  return ock_defined(sum - k * (d + 1) / 2 * log(n));
}

void ockham_bic_weights(const ockham_curve *curve, double *weights) {
  double best = -INFINITY, sum = 0;
  for (size_t i = 0; i < curve->n_points; i++) {
    weights[i] = ock_bic(curve, i);
    if (weights[i] > best) best = weights[i];
  }
  for (size_t i = 0; i < curve->n_points; i++) {
    weights[i] = exp((weights[i] - best) / 2);
    sum += weights[i];
  }
  for (size_t i = 0; i < curve->n_points; i++) weights[i] /= sum;
}
