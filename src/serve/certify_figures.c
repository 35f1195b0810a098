/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serve/certify.h"

static int compare_numbers(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double at_rank(const double *sorted, size_t n, double share) {
  double rank = ceil(share * (double)n) - 1;
  return n ? sorted[rank < 0 ? 0 : (size_t)rank] : (double)NAN;
}

double ock_quantile(double *values, size_t n, double share) {
  if (n) qsort(values, n, sizeof *values, compare_numbers);
  return at_rank(values, n, share);
}

static double median(const double *sorted, size_t n) {
  return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* Sen's ranks, without ties among y, which would only make the interval narrower. */
static void set_interval(const double *slopes, size_t n_slopes, size_t n, ockham_interval *slope) {
  const double z = 1.959963984540054;
  double points = (double)n, spread = z * sqrt(points * (points - 1) * (2 * points + 5) / 18);
  double low = round(((double)n_slopes - spread) / 2), high = round(((double)n_slopes + spread) / 2);
  slope->value = median(slopes, n_slopes);
  slope->low = slopes[low < 1 ? 0 : (size_t)low - 1];
  slope->high = slopes[high >= (double)n_slopes ? n_slopes - 1 : (size_t)high];
}

ockham_status ock_theil_sen(const double *x, const double *y, size_t n, ockham_interval *slope, ockham_error *err) {
  *slope = (ockham_interval){(double)NAN, (double)NAN, (double)NAN};
  if (n < 3) return OCKHAM_OK;
  size_t n_slopes = 0;
  double *slopes = ock_alloc_array(n * (n - 1) / 2, sizeof *slopes);
  if (!slopes) return ock_fail_memory(err, "the slopes between points", n * (n - 1) / 2 * sizeof *slopes);
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n; j++)
      if (x[j] != x[i]) slopes[n_slopes++] = (y[j] - y[i]) / (x[j] - x[i]);
  qsort(slopes, n_slopes, sizeof *slopes, compare_numbers);
  if (n_slopes) set_interval(slopes, n_slopes, n, slope);
  ock_free(slopes);
  return OCKHAM_OK;
}

/* ---- the bootstrap ---- */

static double mean(const double *values, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += values[i];
  return sum / (double)n;
}

static double mean_of_draws(const double *values, size_t n, ock_rng *rng) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += values[ock_rng_below(rng, n)];
  return sum / (double)n;
}

static void set_percentiles(double *draws, size_t n, double estimate, ockham_interval *interval) {
  interval->value = estimate;
  interval->low = ock_quantile(draws, n, 0.025);
  interval->high = at_rank(draws, n, 0.975);
}

ockham_status ock_cost_of_rows(const double *a, size_t n_a, const double *b, size_t n_b, double step, uint64_t seed,
                               ockham_interval *per_row, ockham_interval *per_request, ockham_error *err) {
  enum { DRAWS = 1000 };
  *per_row = *per_request = (ockham_interval){(double)NAN, (double)NAN, (double)NAN};
  if (!n_a || !n_b) return OCKHAM_OK;
  double *rows = ock_alloc_array(2 * DRAWS, sizeof *rows), *requests = rows + DRAWS;
  if (!rows) return ock_fail_memory(err, "the draws of an interval", 2 * DRAWS * sizeof *rows);
  ock_rng rng = ock_rng_make(seed, 1);
  for (size_t i = 0; i < DRAWS; i++) {
    double single = mean_of_draws(a, n_a, &rng);
    rows[i] = (mean_of_draws(b, n_b, &rng) - single) / step;
    requests[i] = single - rows[i];
  }
  double estimate = (mean(b, n_b) - mean(a, n_a)) / step;
  set_percentiles(rows, DRAWS, estimate, per_row);
  set_percentiles(requests, DRAWS, mean(a, n_a) - estimate, per_request);
  ock_free(rows);
  return OCKHAM_OK;
}
