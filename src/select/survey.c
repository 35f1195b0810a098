/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "select/internal.h"
#include "stats/internal.h"

/* Rows to look at for the resolution of a column: all of a small table, a sample of a large or wide one. */
static size_t choose_sample_size(ockham_rows x) {
  size_t most = 4000000 / x.n_columns;
  if (most > 4096) most = 4096;
  if (most < 256) most = 256;
  return x.n_rows < most ? x.n_rows : most;
}

/* The least gap between two different values of the sample: the step of the grid when the column is rounded to one, and
 * next to nothing when it is not. */
static double smallest_gap(ockham_rows x, size_t j, double *sample, size_t n_sample) {
  for (size_t i = 0; i < n_sample; i++) sample[i] = ock_rows_get(x, i * x.n_rows / n_sample, j);
  qsort(sample, n_sample, sizeof(double), ock_compare_doubles);
  double gap = INFINITY;
  for (size_t i = 1; i < n_sample; i++)
    if (sample[i] > sample[i - 1]) gap = fmin(gap, sample[i] - sample[i - 1]);
  return isfinite(gap) ? gap : 0;
}

ockham_status ock_survey_rows(ockham_rows x, const ock_frame *frame, double total, ock_survey *survey,
                              ockham_error *err) {
  size_t n_sample = choose_sample_size(x);
  double *sample = ock_alloc_array(n_sample, sizeof(double));
  if (!sample) return ock_fail_memory(err, "a sample of a column", n_sample * sizeof(double));
  *survey = (ock_survey){.total = total};
  double rounding = 0; /* variance of rounding to a grid of step g is g^2 / 12 (Sheppard) */
  for (size_t j = 0; j < x.n_columns; j++) {
    if (frame->low[j] == frame->high[j]) continue;
    survey->n_varying++;
    double gap = smallest_gap(x, j, sample, n_sample);
    rounding += gap * gap / 12;
  }
  ock_free(sample);
  double d = survey->n_varying ? (double)survey->n_varying : 1;
  double computing = 1e-14 * total / (frame->total * d);
  survey->variance_floor = fmax(fmax(rounding / d, computing), DBL_MIN);
  return OCKHAM_OK;
}
