/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: rows to sweep over, and what must hold of every sweep. */
#ifndef OCK_SELECT_SWEEPING_H
#define OCK_SELECT_SWEEPING_H

#include <ockham/select.h>

#include "test.h"

/* ---- rows; the caller frees ---- */

static inline ockham_rows rows_of(const double *x, size_t n, size_t d) {
  return (ockham_rows){.data = x, .n_rows = n, .n_columns = d};
}

static inline double *make_normal(size_t n, size_t d, uint64_t seed) {
  double *x = malloc(n * d * sizeof *x);
  ock_rng rng = ock_rng_make(seed, 1);
  for (size_t i = 0; i < n * d; i++) x[i] = ock_rng_normal(&rng);
  return x;
}

static inline double *make_uniform(size_t n, size_t d, uint64_t seed) {
  double *x = malloc(n * d * sizeof *x);
  ock_rng rng = ock_rng_make(seed, 2);
  for (size_t i = 0; i < n * d; i++) x[i] = ock_rng_uniform(&rng);
  return x;
}

/* Whether coordinate vector c is at least `distance` from the first n others. */
static inline bool is_apart(const double *centres, size_t c, size_t d, double distance) {
  for (size_t other = 0; other < c; other++) {
    double sum = 0;
    for (size_t l = 0; l < d; l++) sum += pow(centres[c * d + l] - centres[other * d + l], 2);
    if (sum < distance * distance) return false;
  }
  return true;
}

/* k normal clusters of standard deviation 1, their centres at least 8 apart; row i is of cluster i mod k. */
static inline double *make_blobs(size_t n, size_t d, size_t k, uint64_t seed) {
  double *x = malloc(n * d * sizeof *x), *centres = malloc(k * d * sizeof *x), distance = 8;
  double half = distance * fmax(1, pow((double)k, 1 / (double)d)) * 1.5;
  ock_rng rng = ock_rng_make(seed, 3);
  for (size_t c = 0; c < k; c++) do
      for (size_t l = 0; l < d; l++) centres[c * d + l] = half * (2 * ock_rng_uniform(&rng) - 1);
    while (!is_apart(centres, c, d, distance));
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++) x[i * d + l] = centres[i % k * d + l] + ock_rng_normal(&rng);
  free(centres);
  return x;
}

/* ---- sweeps ---- */

static inline ockham_sweep *sweep_with(ockham_rows x, ockham_sweep_options options) {
  ockham_sweep *sweep = NULL;
  assert_ok(ockham_sweep_run(x, &options, &sweep, err));
  assert_non_null(sweep);
  return sweep;
}

static inline size_t chosen_by(ockham_rows x, ockham_sweep_options options) {
  ockham_sweep *sweep = sweep_with(x, options);
  size_t k = ockham_sweep_verdict(sweep).k;
  ockham_sweep_free(sweep);
  return k;
}

/* ---- what must hold ---- */

/* What the labels of a point say its sizes, centroids and sums are. */
typedef struct sweeping_summary {
  uint64_t *sizes;
  double *means, *within, *spread;
} sweeping_summary;

static inline double squares_between(ockham_rows x, size_t i, const double *centre) {
  double sum = 0;
  for (size_t l = 0; l < x.n_columns; l++) sum += pow(ock_rows_get(x, i, l) - centre[l], 2);
  return sum;
}

static inline sweeping_summary summarise(ockham_rows x, const uint32_t *labels, const ockham_curve_point *p) {
  size_t d = x.n_columns;
  sweeping_summary s = {calloc(p->k, sizeof *s.sizes), calloc(p->k * d, sizeof(double)), calloc(p->k, sizeof(double)),
                        calloc(p->k, sizeof(double))};
  for (size_t i = 0; i < x.n_rows; i++) {
    assert_true(labels[i] < p->k);
    s.sizes[labels[i]]++;
    /* About the centroid that the curve shows: no digits are lost to an offset. */
    for (size_t l = 0; l < d; l++)
      s.means[labels[i] * d + l] += ock_rows_get(x, i, l) - p->centroids[labels[i] * d + l];
    double squares = squares_between(x, i, p->centroids + labels[i] * d);
    s.within[labels[i]] += squares;
    s.spread[labels[i]] += sqrt(squares);
  }
  return s;
}

static inline void clear_summary(sweeping_summary *s) {
  free(s->sizes);
  free(s->means);
  free(s->within);
  free(s->spread);
}

/* No centroid is nearer to a row than its own, rounding aside. */
static inline void assert_nearest(ockham_rows x, const uint32_t *labels, const ockham_curve_point *p) {
  for (size_t i = 0; i < x.n_rows; i++) {
    double own = squares_between(x, i, p->centroids + labels[i] * x.n_columns);
    for (size_t j = 0; j < p->k; j++)
      assert_true(own <= squares_between(x, i, p->centroids + j * x.n_columns) * (1 + 1e-9) + 1e-280);
  }
}

/* Sizes, centroids and sums are those of the labels; every row is with its nearest centroid. */
static inline void assert_fixed_point(const ockham_sweep *sweep, ockham_rows x, size_t i, double tolerance) {
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  const ockham_curve_point *p = &curve->points[i];
  double scale = sqrt(curve->total / (double)curve->n_rows), sum = 0; /* of a column's values about their mean */
  uint32_t *labels = malloc(x.n_rows * sizeof *labels);
  assert_ok(ockham_sweep_labels(sweep, x, i, 1, labels, err));
  assert_nearest(x, labels, p);
  sweeping_summary s = summarise(x, labels, p);
  for (size_t j = 0; j < p->k; j++) {
    assert_true(p->sizes[j] > 0);
    assert_int_equal(p->sizes[j], s.sizes[j]);
    for (size_t l = 0; l < x.n_columns; l++)
      assert_true(fabs(s.means[j * x.n_columns + l]) <= tolerance * scale * (double)p->sizes[j]);
    assert_true(fabs(p->within[j] - s.within[j]) <= tolerance * curve->total);
    assert_true(fabs(p->spread[j] - s.spread[j]) <= 1e-6 * scale * (double)p->sizes[j]);
    sum += p->within[j];
  }
  assert_true(fabs(sum - p->inertia) <= 1e-12 * p->inertia);
  clear_summary(&s);
  free(labels);
}

/* What holds of every curve, also of a partial one. */
static inline void assert_curve_in_order(const ockham_sweep *sweep) {
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  assert_true(curve->n_points > 0 && curve->variance_floor > 0 && curve->n_varying <= curve->n_columns);
  for (size_t i = 0; i < curve->n_points; i++) {
    const ockham_curve_point *p = &curve->points[i];
    uint64_t n = 0;
    assert_int_equal(p->k, curve->points[0].k + i);
    for (size_t j = 0; j < p->k; j++) {
      assert_true(p->sizes[j] > 0);
      n += p->sizes[j];
    }
    assert_int_equal(n, curve->n_rows);
    assert_true(isfinite(p->inertia) && p->inertia >= 0);
    if (i > 0) assert_true(p->inertia <= curve->points[i - 1].inertia);
    assert_true(isnan(p->silhouette) || fabs(p->silhouette) <= 1);
    assert_true(isfinite(ockham_score_bic(curve, i).value));
  }
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_true(v.point < curve->n_points);
  assert_int_equal(v.k, curve->points[v.point].k);
  assert_true(v.seconds >= 0);
}

static inline void assert_sweep_sound(const ockham_sweep *sweep, ockham_rows x) {
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  assert_curve_in_order(sweep);
  assert_int_equal(curve->n_rows, x.n_rows);
  assert_int_equal(curve->n_columns, x.n_columns);
  for (size_t i = 0; i < curve->n_points; i++) assert_fixed_point(sweep, x, i, 1e-12);
  assert_false(ockham_sweep_verdict(sweep).partial);
}

/* The same bits: everything that the two curves show. */
static inline void assert_same_curves(const ockham_sweep *a, const ockham_sweep *b) {
  const ockham_curve *c = ockham_sweep_curve(a), *e = ockham_sweep_curve(b);
  assert_int_equal(c->n_points, e->n_points);
  assert_memory_equal(&c->total, &e->total, sizeof c->total);
  for (size_t i = 0; i < c->n_points; i++) {
    const ockham_curve_point *p = &c->points[i], *q = &e->points[i];
    assert_int_equal(p->k, q->k);
    assert_memory_equal(&p->inertia, &q->inertia, sizeof(double));
    assert_memory_equal(p->sizes, q->sizes, p->k * sizeof *p->sizes);
    assert_memory_equal(p->within, q->within, p->k * sizeof(double));
    assert_memory_equal(p->spread, q->spread, p->k * sizeof(double));
    assert_memory_equal(p->centroids, q->centroids, p->k * c->n_columns * sizeof(double));
    assert_memory_equal(&p->silhouette, &q->silhouette, sizeof(double));
    assert_memory_equal(&p->simplified_silhouette, &q->simplified_silhouette, sizeof(double));
  }
}

#endif
