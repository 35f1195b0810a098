/* SPDX-License-Identifier: Apache-2.0 */
/* The slope heuristic: beyond the truth ln L rises in proportion to the number of parameters, and twice that slope is
 * the price of one. How many of the largest k the slope is taken from is told by where the choice does not depend on it
 * (Baudry, Maugis & Michel 2012); a robust line, for single k may have missed their optimum. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "criteria/internal.h"
#include "stats/internal.h"

enum { LEAST_MODELS = 10, MOST_STEPS = 20 };

/* A plateau of choices counts when it has this share of all. */
static const double least_plateau = 0.15;

static const double bisquare = 4.685; /* residuals of more standard deviations count for nothing */
static const double precision = 1e-4;

/* ln L over the number of parameters, by rising k, and scratch. */
typedef struct models {
  size_t n;
  double *x, *y;
  double *weight, *residual, *sorted;
} models;

/* Weighted least squares through the models from `first` on; leaves the residuals, and returns the slope. */
static double fit_line(const models *m, size_t first) {
  double sum = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (size_t i = first; i < m->n; i++) {
    sum += m->weight[i];
    x += m->weight[i] * m->x[i];
    y += m->weight[i] * m->y[i];
  }
  x /= sum;
  y /= sum;
  for (size_t i = first; i < m->n; i++) {
    xx += m->weight[i] * (m->x[i] - x) * (m->x[i] - x);
    xy += m->weight[i] * (m->x[i] - x) * (m->y[i] - y);
  }
  for (size_t i = first; i < m->n; i++) m->residual[i] = m->y[i] - y - xy / xx * (m->x[i] - x);
  return xy / xx;
}

/* From the median of their sizes, as for a normal distribution. */
static double scale_of_residuals(const models *m, size_t first) {
  size_t n = m->n - first;
  for (size_t i = 0; i < n; i++) m->sorted[i] = fabs(m->residual[first + i]);
  qsort(m->sorted, n, sizeof(double), ock_compare_doubles);
  return 1.4826 * 0.5 * (m->sorted[(n - 1) / 2] + m->sorted[n / 2]);
}

static void weigh_residuals(const models *m, size_t first, double scale) {
  for (size_t i = first; i < m->n; i++) {
    double u = fmin(1, fabs(m->residual[i] / scale / bisquare));
    m->weight[i] = (1 - u * u) * (1 - u * u);
  }
}

/* Whether the residuals are those before, which are in `sorted`. */
static bool has_converged(const models *m, size_t first) {
  double change = 0, size = 0;
  for (size_t i = first; i < m->n; i++) {
    double before = m->sorted[i - first];
    change += (m->residual[i] - before) * (m->residual[i] - before);
    size += before * before;
  }
  return sqrt(change / fmax(1e-20, size)) <= precision;
}

/* The slope by Tukey's bisquare, from least squares on. */
static double robust_slope(const models *m, size_t first) {
  for (size_t i = first; i < m->n; i++) m->weight[i] = 1;
  double slope = fit_line(m, first);
  for (int step = 0; step < MOST_STEPS; step++) {
    double scale = scale_of_residuals(m, first);
    if (!(scale > 0)) break;
    weigh_residuals(m, first, scale);
    memcpy(m->sorted, m->residual + first, (m->n - first) * sizeof(double));
    slope = fit_line(m, first);
    if (has_converged(m, first)) break;
  }
  return slope;
}

/* The model that is best at twice this slope; SIZE_MAX when it is none. */
static size_t best_model(const models *m, double slope) {
  double most = -INFINITY;
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < m->n; i++)
    if (m->y[i] - 2 * slope * m->x[i] > most) {
      most = m->y[i] - 2 * slope * m->x[i];
      best = i;
    }
  return best;
}

/* Going on with fewer and fewer of the largest k, the last plateau of one choice that is long enough. */
static size_t stable_choice(const models *m) {
  size_t chosen = SIZE_MAX, last = SIZE_MAX, length = 0;
  for (size_t first = 0; first + 1 < m->n; first++) {
    size_t best = best_model(m, robust_slope(m, first));
    length = best == last ? length + 1 : 1;
    last = best;
    if ((double)length >= least_plateau * (double)(m->n - 1)) chosen = best;
  }
  return chosen;
}

size_t ock_choose_by_slope(const ockham_criterion *criterion, const ockham_curve *curve) {
  size_t n = curve->n_points, chosen = SIZE_MAX;
  double *values = n < LEAST_MODELS ? NULL : ock_alloc_array(n, 5 * sizeof(double));
  if (!values) return SIZE_MAX;
  models m = {.n = n,
              .x = values,
              .y = values + n,
              .weight = values + 2 * n,
              .residual = values + 3 * n,
              .sorted = values + 4 * n};
  for (size_t i = 0; i < n; i++) {
    m.x[i] = (double)(curve->points[i].k * (curve->n_varying + 1));
    m.y[i] = ockham_criterion_value(criterion, curve, i);
  }
  chosen = stable_choice(&m);
  ock_free(values);
  return chosen;
}
