/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: statistics of pairs of rows by their definitions, every pair of pairs looked at. */
#ifndef OCK_CRITERIA_PLAIN_PAIRS_H
#define OCK_CRITERIA_PLAIN_PAIRS_H

#include "criteria/labelled.h"

/* Rows with labels. */
typedef struct plain_rows {
  const double *x;
  size_t n, d, k;
  const uint8_t *label;
  const double *centroids; /* k x d */
} plain_rows;

typedef struct plain_pair {
  double distance, of_centroids;
  bool within;
} plain_pair;

static inline double plain_distance(const double *a, const double *b, size_t d) {
  return sqrt(labelled_squares(a, b, d));
}

static inline plain_pair *plain_list(const plain_rows *r, size_t *n_pairs) {
  plain_pair *pairs = malloc(r->n * r->n * sizeof *pairs);
  *n_pairs = 0;
  for (size_t i = 0; i < r->n; i++)
    for (size_t j = 0; j < i; j++)
      pairs[(*n_pairs)++] = (plain_pair){
          .distance = plain_distance(r->x + i * r->d, r->x + j * r->d, r->d),
          .of_centroids = plain_distance(r->centroids + r->label[i] * r->d, r->centroids + r->label[j] * r->d, r->d),
          .within = r->label[i] == r->label[j]};
  return pairs;
}

static inline int plain_by_distance(const void *a, const void *b) {
  double x = ((const plain_pair *)a)->distance, y = ((const plain_pair *)b)->distance;
  return (x > y) - (x < y);
}

/* s+, s- and how many two are equal. */
static inline void plain_compare(const plain_pair *pairs, size_t n, double *more, double *less, double *equal) {
  *more = *less = *equal = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++) {
      double within = pairs[pairs[i].within ? i : j].distance, between = pairs[pairs[i].within ? j : i].distance;
      *equal += within == between;
      if (pairs[i].within == pairs[j].within) continue;
      *more += within < between;
      *less += within > between;
    }
}

static inline double plain_correlation(const plain_pair *pairs, size_t n) {
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < n; i++) {
    a += pairs[i].distance / (double)n;
    b += pairs[i].of_centroids / (double)n;
  }
  for (size_t i = 0; i < n; i++) {
    double u = pairs[i].distance - a, v = pairs[i].of_centroids - b;
    aa += u * u;
    bb += v * v;
    ab += u * v;
  }
  return aa > 1e-20 * a * a && bb > 1e-20 * b * b ? ab / sqrt(aa * bb) : NAN;
}

/* Over the rows of clusters a and b: least, largest and mean distance, and the mean to the other's centroid. */
typedef struct plain_clusters {
  double least, largest, mean, crossed;
  size_t n;
} plain_clusters;

static inline plain_clusters plain_two(const plain_rows *r, size_t a, size_t b) {
  plain_clusters c = {.least = INFINITY, .largest = -INFINITY};
  size_t n_rows = 0;
  for (size_t i = 0; i < r->n; i++) {
    for (size_t j = 0; j < r->n; j++) {
      if (r->label[i] != a || r->label[j] != b || (a == b && j >= i)) continue;
      double distance = plain_distance(r->x + i * r->d, r->x + j * r->d, r->d);
      c.least = fmin(c.least, distance);
      c.largest = fmax(c.largest, distance);
      c.mean += distance;
      c.n++;
    }
    if (r->label[i] != a && r->label[i] != b) continue;
    size_t other = r->label[i] == a ? b : a;
    c.crossed += plain_distance(r->x + i * r->d, r->centroids + other * r->d, r->d);
    n_rows++;
  }
  c.mean /= (double)c.n;
  c.crossed /= (double)n_rows;
  return c;
}

static inline double plain_or_nan(double extreme) {
  return isinf(extreme) ? NAN : extreme;
}

static inline void plain_compare_clusters(const plain_rows *r, ockham_pair_statistics *s) {
  double least = INFINITY, mean = INFINITY, crossed = INFINITY, largest = -INFINITY, mean_within = -INFINITY;
  for (size_t a = 0; a < r->k; a++)
    for (size_t b = 0; b <= a; b++) {
      plain_clusters c = plain_two(r, a, b);
      if (c.n == 0) continue;
      if (a == b) {
        largest = fmax(largest, c.largest);
        mean_within = fmax(mean_within, c.mean);
        continue;
      }
      least = fmin(least, c.least);
      mean = fmin(mean, c.mean);
      crossed = fmin(crossed, c.crossed);
    }
  s->least_between = plain_or_nan(least);
  s->least_mean_between = plain_or_nan(mean);
  s->least_mean_crossed = plain_or_nan(crossed);
  s->largest_within = plain_or_nan(largest);
  s->largest_mean_within = plain_or_nan(mean_within);
}

static inline ockham_pair_statistics plain_statistics(const plain_rows *r) {
  ockham_pair_statistics s = {0};
  size_t n;
  plain_pair *pairs = plain_list(r, &n);
  double count = (double)n, n_within = 0, sum = 0, more, less, equal;
  for (size_t i = 0; i < n; i++) n_within += pairs[i].within;
  for (size_t i = 0; i < n; i++) {
    sum += pairs[i].distance;
    *(pairs[i].within ? &s.mean_within : &s.mean_between) += pairs[i].distance;
  }
  for (size_t i = 0; i < n; i++) s.deviation += pow(pairs[i].distance - sum / count, 2) / count;
  plain_compare(pairs, n, &more, &less, &equal);
  s.centroid_correlation = plain_correlation(pairs, n);
  qsort(pairs, n, sizeof *pairs, plain_by_distance);
  for (size_t i = 0; i < (size_t)n_within; i++) {
    s.mean_nearest += pairs[i].distance / n_within;
    s.mean_farthest += pairs[n - 1 - i].distance / n_within;
  }
  if (n_within == 0) s.mean_nearest = s.mean_farthest = NAN;
  s.n_pairs = count;
  s.share_within = n_within / count;
  s.mean_within /= n_within;
  s.mean_between /= count - n_within;
  s.deviation = s.deviation > 1e-20 * pow(sum / count, 2) ? sqrt(s.deviation) : 0;
  s.concordant = more / (n_within * (count - n_within));
  s.discordant = less / (n_within * (count - n_within));
  s.equal = equal / (count * (count - 1) / 2);
  plain_compare_clusters(r, &s);
  free(pairs);
  return s;
}

/* The two are the same, undefined where the other is. */
static inline void plain_assert_same(const ockham_pair_statistics *a, const ockham_pair_statistics *b,
                                     double tolerance) {
  enum { N = sizeof *a / sizeof(double) };
  double x[N], y[N];
  memcpy(x, a, sizeof x);
  memcpy(y, b, sizeof y);
  for (size_t i = 0; i < N; i++) {
    if (isnan(x[i]) != isnan(y[i])) fail_msg("statistic %zu: %.17g and %.17g", i, x[i], y[i]);
    if (isnan(x[i])) continue;
    if (!(fabs(x[i] - y[i]) <= tolerance * fmax(1, fmax(fabs(x[i]), fabs(y[i])))))
      fail_msg("statistic %zu: %.17g and %.17g", i, x[i], y[i]);
  }
}

#endif
