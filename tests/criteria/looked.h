/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: what the rows say of given labels, computed the plain way, by other formulas than the library's. */
#ifndef OCK_CRITERIA_LOOKED_H
#define OCK_CRITERIA_LOOKED_H

#include "criteria/labelled.h"
#include "stats/internal.h"

/* Its address must not change. */
typedef struct looked {
  ockham_row_statistics statistics;
  double spectrum[MOST_COLUMNS], explained[MOST_COLUMNS];
} looked;

typedef struct looked_rows {
  const double *x;
  size_t n, d, k;
  const uint8_t *labels;
  double scale; /* set by looked_fill(): products of differences over this do not overflow */
} looked_rows;

/* Sums of squares and products about the mean, of all rows (j = k) or of a cluster, added to m (d x d). */
static inline void looked_products(const looked_rows *r, size_t j, double *m) {
  double mean[MOST_COLUMNS] = {0}, n = 0;
  for (size_t i = 0; i < r->n; i++) {
    if (j < r->k && r->labels[i] != j) continue;
    n++;
    for (size_t l = 0; l < r->d; l++) mean[l] += r->x[i * r->d + l];
  }
  for (size_t i = 0; i < r->n; i++) {
    if (j < r->k && r->labels[i] != j) continue;
    for (size_t a = 0; a < r->d; a++)
      for (size_t b = 0; b < r->d; b++)
        m[a * r->d + b] +=
            (r->x[i * r->d + a] - mean[a] / n) / r->scale * ((r->x[i * r->d + b] - mean[b] / n) / r->scale);
  }
}

/* Solve a x = b for the columns of b, by Gauss's elimination with pivots; a and b are spoilt, b becomes x. Returns
 * ln |a|; NaN when it is singular. */
static inline double looked_solve(double *a, double *b, size_t d) {
  double sum = 0, largest = 0;
  for (size_t i = 0; i < d * d; i++) largest = fmax(largest, fabs(a[i]));
  for (size_t c = 0; c < d; c++) {
    size_t pivot = c;
    for (size_t i = c + 1; i < d; i++) pivot = fabs(a[i * d + c]) > fabs(a[pivot * d + c]) ? i : pivot;
    for (size_t l = 0; l < d; l++) {
      double swap = a[c * d + l];
      a[c * d + l] = a[pivot * d + l];
      a[pivot * d + l] = swap;
      swap = b[c * d + l];
      b[c * d + l] = b[pivot * d + l];
      b[pivot * d + l] = swap;
    }
    if (!(fabs(a[c * d + c]) > 1e-12 * largest)) return NAN;
    sum += log(fabs(a[c * d + c]));
    for (size_t i = 0; i < d; i++) {
      double factor = i == c ? 0 : a[i * d + c] / a[c * d + c];
      for (size_t l = 0; l < d; l++) {
        a[i * d + l] -= factor * a[c * d + l];
        b[i * d + l] -= factor * b[c * d + l];
      }
    }
  }
  for (size_t c = 0; c < d; c++)
    for (size_t l = 0; l < d; l++) b[c * d + l] /= a[c * d + c];
  return sum;
}

static inline void looked_matrices(looked *t, const looked_rows *r) {
  enum { SIZE = MOST_COLUMNS * MOST_COLUMNS };
  double total[SIZE] = {0}, within[SIZE] = {0}, between[SIZE], copy[SIZE], none[SIZE] = {0}, vectors[SIZE];
  size_t d = r->d, size = d * d;
  looked_products(r, r->k, total);
  for (size_t j = 0; j < r->k; j++) looked_products(r, j, within);
  for (size_t i = 0; i < size; i++) between[i] = total[i] - within[i];
  for (size_t l = 0; l < d; l++) t->explained[l] = between[l * d + l] / total[l * d + l];
  memcpy(copy, total, sizeof copy);
  ock_symmetric_eigen(copy, d, t->spectrum, vectors);
  double of_within = looked_solve(within, between, d), of_total = looked_solve(total, none, d);
  t->statistics.log_determinant = of_within - of_total;
  t->statistics.trace_ratio = isnan(of_within) || isnan(of_total) ? NAN : 0;
  for (size_t l = 0; l < d; l++) t->statistics.trace_ratio += between[l * d + l];
}

/* |v_j| of a cluster, or of all rows. */
static inline double looked_scatter(const looked_rows *r, size_t j) {
  double m[MOST_COLUMNS * MOST_COLUMNS] = {0}, n = 0, sum = 0;
  looked_products(r, j, m);
  for (size_t i = 0; i < r->n; i++) n += j == r->k || r->labels[i] == j;
  for (size_t l = 0; l < r->d; l++) sum += pow(m[l * r->d + l] / n, 2);
  return sqrt(sum);
}

/* Rows of clusters a and b within reach of a point. */
static inline double looked_count(const looked_rows *r, size_t a, size_t b, const double *point, double reach) {
  double n = 0;
  for (size_t i = 0; i < r->n; i++)
    if (r->labels[i] == a || r->labels[i] == b)
      n += sqrt(labelled_squares(r->x + i * r->d, point, r->d)) <= reach * (1 + 1e-12);
  return n;
}

static inline double looked_density(const looked_rows *r, const double *centroids, double reach) {
  double sum = 0, middle[MOST_COLUMNS];
  for (size_t a = 0; a < r->k; a++)
    for (size_t b = 0; b < a; b++) {
      for (size_t l = 0; l < r->d; l++) middle[l] = (centroids[a * r->d + l] + centroids[b * r->d + l]) / 2;
      double between = looked_count(r, a, b, middle, reach);
      double denser =
          fmax(looked_count(r, a, b, centroids + a * r->d, reach), looked_count(r, a, b, centroids + b * r->d, reach));
      if (between > 0) sum += denser > 0 ? between / denser : NAN;
    }
  return sum / ((double)(r->k * (r->k - 1)) / 2);
}

/* All but halves, which are the caller's. */
static inline void looked_fill(looked *t, looked_rows *r, const double *centroids, const double *halves) {
  double sum = 0, k = (double)r->k;
  *t = (looked){0};
  r->scale = DBL_MIN;
  for (size_t i = 0; i < r->n * r->d; i++) r->scale = fmax(r->scale, fabs(r->x[i] - r->x[i % r->d]));
  for (size_t j = 0; j < r->k; j++) sum += looked_scatter(r, j);
  looked_matrices(t, r);
  t->statistics.spectrum = t->spectrum;
  t->statistics.explained = t->explained;
  t->statistics.scattering = sum / k / looked_scatter(r, r->k);
  t->statistics.density_between = r->k > 1 ? looked_density(r, centroids, r->scale * sqrt(sum) / k) : NAN;
  t->statistics.halves = halves;
}

#endif
