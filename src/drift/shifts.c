/* SPDX-License-Identifier: Apache-2.0 */
/* How far columns of numbers moved: weighted means of values clipped to the reference's limits, one wild value of which
 * does not count for more than the farthest that is normal. */
#include <math.h>
#include <string.h>

#include "drift/monitor.h"

static double span_of(size_t i) {
  return (double)(32 << (2 * i));
}

static double update_weight(size_t i) {
  return -expm1(-OCKHAM_DRIFT_BLOCK / span_of(i));
}

bool ock_shifts_start(ock_shifts *shifts, size_t n_columns, ock_arena *arena) {
  size_t n = ock_size_product(n_columns, OCK_SHIFT_SPANS);
  shifts->n_columns = n_columns;
  shifts->sums = ock_arena_array(arena, n, sizeof *shifts->sums);
  shifts->squares = ock_arena_array(arena, n, sizeof *shifts->squares);
  shifts->weights = ock_arena_array(arena, n, sizeof *shifts->weights);
  return shifts->sums && shifts->squares && shifts->weights;
}

void ock_shifts_reset(ock_shifts *shifts) {
  size_t size = shifts->n_columns * OCK_SHIFT_SPANS * sizeof(double);
  memset(shifts->sums, 0, size);
  memset(shifts->squares, 0, size);
  memset(shifts->weights, 0, size);
  shifts->n_blocks = 0;
}

void ock_shifts_put(ock_shifts *shifts, const ockham_profile_parts *parts, const double *values) {
  double lambda[OCK_SHIFT_SPANS];
  for (size_t i = 0; i < OCK_SHIFT_SPANS; i++) lambda[i] = update_weight(i);
  shifts->n_blocks++;
  for (size_t j = 0; j < shifts->n_columns; j++) {
    if (parts->columns[j].kind != OCKHAM_COLUMN_NUMBER) continue;
    const ockham_column_range *range = &parts->ranges[j];
    double sum = 0, square = 0, n = 0;
    for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) {
      double value = values[r * shifts->n_columns + j];
      if (isnan(value)) continue;
      value = fmin(fmax(value, range->clip_low), range->clip_high) - range->mean;
      sum += value, square += value * value, n++;
    }
    double *sums = shifts->sums + j * OCK_SHIFT_SPANS, *squares = shifts->squares + j * OCK_SHIFT_SPANS;
    double *weights = shifts->weights + j * OCK_SHIFT_SPANS;
    for (size_t i = 0; i < OCK_SHIFT_SPANS; i++) {
      sums[i] += lambda[i] * (sum / OCKHAM_DRIFT_BLOCK - sums[i]);
      squares[i] += lambda[i] * (square / OCKHAM_DRIFT_BLOCK - squares[i]);
      weights[i] += lambda[i] * (n / OCKHAM_DRIFT_BLOCK - weights[i]);
    }
  }
}

/* The span nearest in logarithms. */
static size_t find_span(double rows) {
  size_t i = 0;
  while (i + 1 < OCK_SHIFT_SPANS && rows > 2 * span_of(i)) i++;
  return i;
}

void ock_shifts_tell(const ock_shifts *shifts, const ockham_profile_parts *parts, size_t column, double stickiness,
                     double span_rows, ockham_drift_signal *told) {
  const ockham_column_range *range = &parts->ranges[column];
  size_t i = find_span(span_rows), at = column * OCK_SHIFT_SPANS + i;
  double weight = shifts->weights[at];
  if (!(weight > 0) || !(range->sd > 0)) return;
  double mean = shifts->sums[at] / weight, variance = shifts->squares[at] / weight - mean * mean;
  /* Of a weighted mean that began with nothing: (sum of weights)^2 / sum of their squares, in rows that have a value.
   */
  double lambda = update_weight(i), decay = pow(1 - lambda, (double)shifts->n_blocks);
  double n_now = (2 - lambda) / lambda * (1 - decay) / (1 + decay) * OCKHAM_DRIFT_BLOCK * (weight / (1 - decay));
  double n_reference = (double)(parts->n_rows - range->n_missing), inflation = ock_variance_inflation(stickiness);
  double error = sqrt(inflation * (fmax(variance, 0) / (range->sd * range->sd) / n_now + 1 / n_reference));
  told->shift = mean / range->sd;
  told->shift_low = told->shift - OCK_NORMAL_975 * error;
  told->shift_high = told->shift + OCK_NORMAL_975 * error;
}
