/* SPDX-License-Identifier: Apache-2.0 */
/* One cluster split in two, on all of its rows: whether it should be is for criteria to say. */
#include <math.h>
#include <string.h>

#include "select/evidence.h"

enum { AXIS_STEPS = 8, MOST_STEPS = 100, STEPS_FOR_MANY = 4, MOST_STARTS = 8 };

/* Few rows have many optima: so many values are worth further starts, from two rows each. Of more the longest axis is
 * found on some, and what was found there gets some steps on all. */
static const double values_for_starts = 3e4;
static const double worth_a_step = 1e-6;

void ock_cluster_find_mean(ock_cluster_rows *c, double *values, double *sum) {
  size_t d = c->frame->d;
  memset(c->mean, 0, d * sizeof(double)); /* rows are taken relative to it */
  memset(sum, 0, d * sizeof(double));
  c->weight = 0;
  for (size_t i = 0; i < c->n; i++) {
    double weight = ock_cluster_row(c, i, values);
    c->weight += weight;
    for (size_t l = 0; l < d; l++) sum[l] += weight * values[l];
  }
  if (c->weight > 0)
    for (size_t l = 0; l < d; l++) c->mean[l] = sum[l] / c->weight;
}

/* In several sums, which do not wait for each other. */
static double along(const double *way, const double *values, size_t d) {
  double sum[4] = {0};
  size_t l = 0;
  for (; l + 4 <= d; l += 4)
    for (size_t s = 0; s < 4; s++) sum[s] += way[l + s] * values[l + s];
  for (; l < d; l++) sum[0] += way[l] * values[l];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Some steps of the power method towards the cluster's longest axis. */
static void find_axis(const ock_cluster_rows *c, size_t widest, double *values, double *way, double *next) {
  size_t d = c->frame->d;
  memset(way, 0, d * sizeof *way);
  way[widest] = 1;
  for (size_t step = 0; step < AXIS_STEPS; step++) {
    memset(next, 0, d * sizeof *next);
    for (size_t i = 0; i < c->n; i++) {
      double weight = ock_cluster_row(c, i, values) * along(way, values, d);
      for (size_t l = 0; l < d; l++) next[l] += weight * values[l];
    }
    double length = sqrt(along(next, next, d));
    if (!(length > 0)) return;
    for (size_t l = 0; l < d; l++) way[l] = next[l] / length;
  }
}

/* The rows beyond the plane are one half; a and b become the means of both. Returns what that gains. */
static double take_halves(const ock_cluster_rows *c, const double *way, double threshold, double *values, double *a,
                          double *b) {
  size_t d = c->frame->d;
  double n_a = 0;
  memset(a, 0, d * sizeof *a);
  for (size_t i = 0; i < c->n; i++) {
    double weight = ock_cluster_row(c, i, values);
    if (!(along(way, values, d) > threshold)) continue;
    n_a += weight;
    for (size_t l = 0; l < d; l++) a[l] += weight * values[l];
  }
  double n_b = c->weight - n_a;
  if (!(n_a > 0) || !(n_b > 0)) return 0;
  for (size_t l = 0; l < d; l++) {
    b[l] = -a[l] / n_b; /* the mean of both is 0 */
    a[l] /= n_a;
  }
  return n_a * n_b / c->weight * ock_squared_distance(a, b, d);
}

/* Steps of 2-means from a plane across `way` on; a and b receive the means. Returns what these gain. */
static double climb(const ock_cluster_rows *c, size_t most_steps, double *way, double threshold, double *values,
                    double *a, double *b) {
  size_t d = c->frame->d;
  double gain = 0;
  for (size_t step = 0; step < most_steps; step++) {
    double now = take_halves(c, way, threshold, values, a, b);
    if (!(now > gain * (1 + worth_a_step))) break;
    gain = now;
    for (size_t l = 0; l < d; l++) way[l] = a[l] - b[l];
    threshold = 0.5 * (along(a, a, d) - along(b, b, d));
  }
  return gain;
}

/* The plane between two rows; returns its threshold. */
static double between_rows(const ock_cluster_rows *c, ock_rng *rng, double *values, double *way) {
  size_t d = c->frame->d;
  ock_cluster_row(c, ock_rng_below(rng, c->n), way);
  ock_cluster_row(c, ock_rng_below(rng, c->n), values);
  double threshold = 0.5 * (along(way, way, d) - along(values, values, d));
  for (size_t l = 0; l < d; l++) way[l] -= values[l];
  return threshold;
}

static double measure(const ock_cluster_rows *c, const double *a, const double *b, double *values) {
  double sum = 0;
  for (size_t i = 0; i < c->n; i++) {
    double weight = ock_cluster_row(c, i, values);
    sum += weight * fmin(ock_squared_distance(values, a, c->frame->d), ock_squared_distance(values, b, c->frame->d));
  }
  return sum;
}

/* The best means from all starts. scratch: (OCK_HALVES - 3) d */
static void search(const ock_cluster_rows *c, size_t widest, ock_rng *rng, double *best, double *scratch) {
  size_t d = c->frame->d, n_starts = 1 + (size_t)(values_for_starts / ((double)c->n * (double)d));
  double *values = scratch, *way = values + d, *means = way + d, most = 0;
  find_axis(c, widest, values, way, means);
  memset(best, 0, 2 * d * sizeof *best); /* equal rows have no halves */
  for (size_t start = 0; start < n_starts && start < MOST_STARTS; start++) {
    double threshold = start ? between_rows(c, rng, values, way) : 0;
    double gain = climb(c, MOST_STEPS, way, threshold, values, means, means + d);
    if (!(gain > most)) continue;
    most = gain;
    memcpy(best, means, 2 * d * sizeof *best);
  }
}

/* The same from every so many rows first. */
static void search_some(const ock_cluster_rows *c, size_t widest, ock_rng *rng, double *best, double *scratch) {
  size_t d = c->frame->d;
  ock_cluster_rows some = *c;
  double *values = scratch, *way = values + d, *mean = scratch + (OCK_HALVES - 3) * d;
  some.every = 1 + (size_t)((double)c->n * (double)d / values_for_starts);
  some.n = (c->n + some.every - 1) / some.every;
  some.mean = mean;
  ock_cluster_find_mean(&some, values, way);
  search(&some, widest, rng, best, scratch);
  for (size_t l = 0; l < d; l++) {
    way[l] = best[l] - best[d + l];
    values[l] = 0.5 * (best[l] + best[d + l]) + mean[l] - c->mean[l];
  }
  double threshold = along(way, values, d), *means = way + d;
  if (climb(c, STEPS_FOR_MANY, way, threshold, values, means, means + d) > 0) memcpy(best, means, 2 * d * sizeof *best);
}

double ock_halve(const ock_cluster_rows *c, size_t widest, ock_rng *rng, double *scratch) {
  size_t d = c->frame->d;
  double *best = scratch + (OCK_HALVES - 2) * d;
  bool many = (double)c->n * (double)d > values_for_starts && c->n > 1000;
  (many ? search_some : search)(c, widest, rng, best, scratch);
  return measure(c, best, best + d, scratch);
}
