/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: the curve point of rows with given labels, computed the plain way. */
#ifndef OCK_CRITERIA_LABELLED_H
#define OCK_CRITERIA_LABELLED_H

#include <float.h>
#include <ockham/criteria.h>

#include "test.h"

enum { MOST_CLUSTERS = 128, MOST_COLUMNS = 8 };

/* A curve of one point that owns what the point shows. Its address must not change: the curve points into it. */
typedef struct labelled {
  ockham_curve curve;
  ockham_curve_point point;
  uint64_t sizes[MOST_CLUSTERS];
  double within[MOST_CLUSTERS], spread[MOST_CLUSTERS], centroids[MOST_CLUSTERS * MOST_COLUMNS];
} labelled;

static inline double labelled_squares(const double *a, const double *b, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += (a[l] - b[l]) * (a[l] - b[l]);
  return sum;
}

static inline void labelled_means(labelled *t, const double *x, size_t n, size_t d, const uint8_t *labels, size_t k) {
  memset(t->centroids, 0, sizeof t->centroids);
  memset(t->sizes, 0, sizeof t->sizes);
  for (size_t i = 0; i < n; i++) {
    t->sizes[labels[i]]++;
    for (size_t l = 0; l < d; l++) t->centroids[labels[i] * d + l] += x[i * d + l];
  }
  for (size_t j = 0; j < k; j++)
    for (size_t l = 0; l < d; l++) t->centroids[j * d + l] /= (double)t->sizes[j];
}

static inline double labelled_total(const double *x, size_t n, size_t d) {
  double mean[MOST_COLUMNS] = {0}, total = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++) mean[l] += x[i * d + l] / (double)n;
  for (size_t i = 0; i < n; i++) total += labelled_squares(x + i * d, mean, d);
  return total;
}

/* All columns count as varying; the floor is out of the way. */
static inline void labelled_fill(labelled *t, const double *x, size_t n, size_t d, const uint8_t *labels, size_t k) {
  memset(t, 0, sizeof *t);
  labelled_means(t, x, n, d, labels, k);
  for (size_t i = 0; i < n; i++) {
    double squares = labelled_squares(x + i * d, t->centroids + labels[i] * d, d);
    t->within[labels[i]] += squares;
    t->spread[labels[i]] += sqrt(squares);
    t->point.inertia += squares;
  }
  t->point = (ockham_curve_point){.k = k,
                                  .inertia = t->point.inertia,
                                  .sizes = t->sizes,
                                  .within = t->within,
                                  .spread = t->spread,
                                  .centroids = t->centroids,
                                  .silhouette = NAN,
                                  .simplified_silhouette = NAN};
  t->curve = (ockham_curve){.n_rows = n,
                            .n_columns = d,
                            .n_varying = d,
                            .variance_floor = DBL_MIN,
                            .total = labelled_total(x, n, d),
                            .n_points = 1,
                            .points = &t->point};
}

static inline double value_of(const char *name, const ockham_curve *curve, size_t i) {
  const ockham_criterion *criterion = ockham_criterion_find(name);
  assert_non_null(criterion);
  return ockham_criterion_value(criterion, curve, i);
}

#endif
