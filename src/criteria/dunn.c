/* SPDX-License-Identifier: Apache-2.0 */
/* Dunn's index and its generalisations: the least separation of two clusters over the largest diameter of one. */
#include <math.h>

#include "criteria/internal.h"

/* Numbers are those of Bezdek & Pal. */
typedef enum { OF_NEAREST_ROWS = 1, OF_MEAN_DISTANCES = 3, OF_CENTROIDS = 4, OF_CROSSED_CENTROIDS = 5 } separation;
typedef enum { OF_FARTHEST_ROWS = 1, OF_MEAN_PAIRS = 2, OF_SPREAD = 3 } diameter;

static double least_centroid_distance(const ockham_curve *curve, const ockham_curve_point *p) {
  double least = INFINITY;
  for (size_t a = 0; a < p->k; a++)
    for (size_t b = 0; b < a; b++) least = fmin(least, ock_centroid_distance(curve, p, a, b));
  return p->k > 1 ? least : NAN;
}

static double find_separation(const ockham_curve *curve, const ockham_curve_point *p, separation which) {
  switch (which) {
    case OF_NEAREST_ROWS:
      return p->pairs->least_between;
    case OF_MEAN_DISTANCES:
      return p->pairs->least_mean_between;
    case OF_CENTROIDS:
      return least_centroid_distance(curve, p);
    case OF_CROSSED_CENTROIDS:
      return p->pairs->least_mean_crossed;
  }
  return NAN;
}

/* Twice the mean distance to the centroid. */
static double largest_spread(const ockham_curve_point *p) {
  double largest = 0;
  for (size_t j = 0; j < p->k; j++) largest = fmax(largest, 2 * p->spread[j] / ock_point_weight(p, j));
  return largest;
}

static double find_diameter(const ockham_curve_point *p, diameter which) {
  switch (which) {
    case OF_FARTHEST_ROWS:
      return p->pairs->largest_within;
    case OF_MEAN_PAIRS:
      return p->pairs->largest_mean_within;
    case OF_SPREAD:
      return largest_spread(p);
  }
  return NAN;
}

/* Undefined where no cluster has a diameter, or only what rounding left of a mean of equal rows. */
static double dunn(const ockham_curve *curve, size_t i, separation numerator, diameter denominator) {
  static const double rounding = 1e-12;
  const ockham_curve_point *p = &curve->points[i];
  if (!p->pairs) return NAN;
  double distance = find_separation(curve, p, numerator), width = find_diameter(p, denominator);
  return width > rounding * distance && width > 0 ? distance / width : NAN;
}

#define DUNN(numerator, denominator)                                              \
  double ock_dunn_##numerator##denominator(const ockham_curve *curve, size_t i) { \
    return dunn(curve, i, (separation)(numerator), (diameter)(denominator));      \
  }
DUNN(1, 1)
DUNN(1, 2)
DUNN(1, 3)
DUNN(3, 1)
DUNN(3, 2)
DUNN(3, 3)
DUNN(4, 1)
DUNN(4, 2)
DUNN(4, 3)
DUNN(5, 1)
DUNN(5, 2)
DUNN(5, 3)
#undef DUNN
