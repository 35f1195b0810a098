/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria that compare distances within and between clusters. None is defined for one cluster. */
#include <math.h>

#include "criteria/internal.h"

double ock_inertia(const ockham_curve *curve, size_t i) {
  return curve->points[i].inertia;
}

double ock_silhouette(const ockham_curve *curve, size_t i) {
  return curve->points[i].silhouette;
}

double ock_simplified_silhouette(const ockham_curve *curve, size_t i) {
  return curve->points[i].simplified_silhouette;
}

double ock_calinski_harabasz(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  double k = (double)p->k, n = ock_curve_weight(curve);
  if (p->k < 2 || n <= k || !(p->inertia > 0)) return NAN;
  return (curve->total - p->inertia) / (k - 1) / (p->inertia / (n - k));
}

double ock_centroid_distance(const ockham_curve *curve, const ockham_curve_point *p, size_t a, size_t b) {
  const double *x = p->centroids + a * curve->n_columns, *y = p->centroids + b * curve->n_columns;
  double sum = 0;
  for (size_t l = 0; l < curve->n_columns; l++) sum += (x[l] - y[l]) * (x[l] - y[l]);
  return sqrt(sum);
}

double ock_davies_bouldin(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  if (p->k < 2) return NAN;
  double sum = 0;
  for (size_t a = 0; a < p->k; a++) {
    double worst = 0;
    for (size_t b = 0; b < p->k; b++) {
      if (a == b) continue;
      double scatter = p->spread[a] / ock_point_weight(p, a) + p->spread[b] / ock_point_weight(p, b);
      double ratio = scatter / ock_centroid_distance(curve, p, a, b);
      if (ratio > worst) worst = ratio;
    }
    sum += worst;
  }
  double index = sum / (double)p->k;
  return ock_defined(index); /* two centroids at one place */
}

/* ---- between centroids ---- */

/* The least and the greatest distance between two centroids. */
typedef struct range {
  double least, greatest;
} range;

static range range_of_distances(const ockham_curve *curve, const ockham_curve_point *p) {
  range r = {INFINITY, 0};
  for (size_t a = 0; a < p->k; a++)
    for (size_t b = 0; b < a; b++) {
      double between = ock_centroid_distance(curve, p, a, b);
      r.least = fmin(r.least, between);
      r.greatest = fmax(r.greatest, between);
    }
  return r;
}

double ock_xie_beni(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  if (p->k < 2) return NAN;
  double least = range_of_distances(curve, p).least;
  return ock_defined(p->inertia / ock_curve_weight(curve) / least / least);
}

double ock_pbm(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  double spread = 0;
  if (p->k < 2 || !(curve->total_spread > 0)) return NAN;
  for (size_t j = 0; j < p->k; j++) spread += p->spread[j];
  double root = curve->total_spread / spread * range_of_distances(curve, p).greatest / (double)p->k;
  return ock_defined(root * root);
}

/* ---- scattering, and what lies between ---- */

static double total_separation(const ockham_curve *curve, const ockham_curve_point *p) {
  range r = range_of_distances(curve, p);
  double sum = 0;
  for (size_t a = 0; a < p->k; a++) {
    double to_others = 0;
    for (size_t b = 0; b < p->k; b++) to_others += ock_centroid_distance(curve, p, a, b);
    sum += 1 / to_others;
  }
  return r.greatest / r.least * sum;
}

double ock_sd_index(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i], *last = &curve->points[curve->n_points - 1];
  if (!p->rows || p->k < 2) return NAN;
  return ock_defined(total_separation(curve, last) * p->rows->scattering + total_separation(curve, p));
}

double ock_s_dbw(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  return p->rows && p->k > 1 ? ock_defined(p->rows->scattering + p->rows->density_between) : NAN;
}
