/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria that see the columns: determinants and traces of the matrices of sums of squares and products. */
#include <math.h>

#include "criteria/internal.h"

/* The statistics at `step` more clusters than at point i; NULL: not on this curve. */
static const ockham_row_statistics *rows_at(const ockham_curve *curve, size_t i, int step) {
  size_t at = i + (size_t)step;
  bool there = at < curve->n_points && curve->points[at].k == curve->points[i].k + (size_t)step;
  return there ? curve->points[at].rows : NULL;
}

/* ln(|T| / |W|): 0 for one cluster, whether that is on the curve or not. */
static double log_ratio(const ockham_curve *curve, size_t i, int step) {
  const ockham_row_statistics *rows = rows_at(curve, i, step);
  if (curve->points[i].k + (size_t)step == 1) return 0;
  return rows ? -rows->log_determinant : NAN;
}

double ock_scott(const ockham_curve *curve, size_t i) {
  if (curve->points[i].k < 2) return NAN;
  return ock_curve_weight(curve) * (log_ratio(curve, i, 0) - log_ratio(curve, i, -1));
}

double ock_marriot(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  return p->rows ? ock_defined((double)p->k * (double)p->k * exp(p->rows->log_determinant)) : NAN;
}

double ock_rubin(const ockham_curve *curve, size_t i) {
  if (curve->points[i].k < 2) return NAN;
  double now = exp(log_ratio(curve, i, 0));
  return ock_defined((now - exp(log_ratio(curve, i, -1))) - (exp(log_ratio(curve, i, 1)) - now));
}

double ock_friedman(const ockham_curve *curve, size_t i) {
  const ockham_row_statistics *now = curve->points[i].rows, *before = rows_at(curve, i, -1);
  if (curve->points[i].k < 2 || !now) return NAN;
  if (curve->points[i].k == 2) return now->trace_ratio;
  return before ? now->trace_ratio - before->trace_ratio : NAN;
}

double ock_ratkowsky_lance(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  if (!p->rows || p->k < 2) return NAN;
  double sum = 0;
  for (size_t l = 0; l < curve->n_columns; l++)
    if (!isnan(p->rows->explained[l])) sum += sqrt(fmax(0, p->rows->explained[l]));
  return ock_defined(sum / (double)curve->n_varying / sqrt((double)p->k));
}

/* ---- the cubic clustering criterion ---- */

/* The edges of a box like the data, the longest first, in units of those of the cubes that it is cut into. */
typedef struct box {
  const double *spectrum;
  size_t d, n_long; /* columns, and how many of them are cut */
  double log_unit;
} box;

static double edge(const box *b, size_t j) {
  return sqrt(b->spectrum[j]) * exp(-b->log_unit);
}

/* The most edges, fewer than k, that are no shorter than those of the k cubes which they are cut into. */
static bool cut_box(box *b, size_t k) {
  double log_volume[OCKHAM_SCATTER_COLUMNS + 1] = {0};
  for (size_t j = 0; j < b->d; j++) log_volume[j + 1] = log_volume[j] + log(b->spectrum[j]) / 2;
  for (b->n_long = b->d < k - 1 ? b->d : k - 1; b->n_long > 0; b->n_long--) {
    b->log_unit = (log_volume[b->n_long] - log((double)k)) / (double)b->n_long;
    if (edge(b, b->n_long - 1) >= 1) return true;
  }
  return false;
}

/* The share of the sum of squares that cutting an even box explains. */
static double expected_share(const box *b, double n, double k) {
  double left = 0, all = 0;
  for (size_t j = 0; j < b->d; j++) {
    double u = edge(b, j);
    left += (j < b->n_long ? 1 : u * u) / (n + u);
    all += u * u;
  }
  return 1 - left / all * ((n - k) * (n - k) / n) * (1 + 4 / n);
}

double ock_ccc(const ockham_curve *curve, size_t i) {
  const ockham_curve_point *p = &curve->points[i];
  if (!p->rows || !p->rows->spectrum) return NAN;
  if (p->k == 1) return 0; /* nothing is explained, nor expected to be */
  box b = {.spectrum = p->rows->spectrum, .d = curve->n_varying};
  double n = ock_curve_weight(curve), k = (double)p->k;
  if (n <= k || !cut_box(&b, p->k)) return NAN;
  double expected = expected_share(&b, n, k), unexplained = p->inertia / curve->total;
  double scale = sqrt(n * (double)b.n_long / 2) / pow(0.001 + expected, 1.2);
  return ock_defined(log((1 - expected) / unexplained) * scale);
}
