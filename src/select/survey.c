/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "select/internal.h"

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Rows to look at for the resolution of a column: all of a small table, a sample of a large or wide one. */
static size_t choose_sample_size(ockham_rows x) {
  size_t most = 4000000 / x.n_columns;
  if (most > 4096) most = 4096;
  if (most < 256) most = 256;
  return x.n_rows < most ? x.n_rows : most;
}

/* The range of each column, and the sum of squares about the mean, in one pass. */
static void measure_columns(ockham_rows x, const double *mean, double *low, double *high, double *total) {
  *total = 0;
  for (size_t j = 0; j < x.n_columns; j++) low[j] = high[j] = ock_rows_get(x, 0, j);
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t j = 0; j < x.n_columns; j++) {
      double value = ock_rows_get(x, i, j), difference = value - mean[j];
      low[j] = value < low[j] ? value : low[j];
      high[j] = value > high[j] ? value : high[j];
      *total += difference * difference;
    }
}

/* The least gap between two different values of the sample: the step of the grid when the column is rounded to one, and
 * next to nothing when it is not. */
static double smallest_gap(ockham_rows x, size_t j, double *sample, size_t n_sample) {
  for (size_t i = 0; i < n_sample; i++) sample[i] = ock_rows_get(x, i * x.n_rows / n_sample, j);
  qsort(sample, n_sample, sizeof(double), compare_doubles);
  double gap = INFINITY;
  for (size_t i = 1; i < n_sample; i++)
    if (sample[i] > sample[i - 1]) gap = fmin(gap, sample[i] - sample[i - 1]);
  return isfinite(gap) ? gap : 0;
}

ockham_status ock_survey_rows(ockham_rows x, const double *mean, ock_survey *survey, ockham_error *err) {
  size_t n_sample = choose_sample_size(x), n_values = n_sample + 2 * x.n_columns;
  double *sample = ock_alloc_array(n_values, sizeof(double));
  if (!sample) return ock_fail_memory(err, "a sample of a column", n_values * sizeof(double));
  double *low = sample + n_sample, *high = low + x.n_columns;
  *survey = (ock_survey){0};
  measure_columns(x, mean, low, high, &survey->total);
  double rounding = 0; /* variance of rounding to a grid of step g is g^2 / 12 (Sheppard) */
  for (size_t j = 0; j < x.n_columns; j++) {
    if (low[j] == high[j]) continue;
    survey->n_varying++;
    double gap = smallest_gap(x, j, sample, n_sample);
    rounding += gap * gap / 12;
  }
  ock_free(sample);
  double d = survey->n_varying ? (double)survey->n_varying : 1;
  double computing = 1e-14 * survey->total / ((double)x.n_rows * d);
  survey->variance_floor = fmax(fmax(rounding / d, computing), DBL_MIN);
  return OCKHAM_OK;
}
