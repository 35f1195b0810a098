/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "core/internal.h"

/* Checked in a loop without branches: the product with zero is NaN exactly for a value that is not finite. */
static bool row_is_finite(ockham_rows rows, size_t i) {
  double sum = 0;
  size_t at = i * ock_rows_stride(rows);
  if (rows.dtype == OCKHAM_FLOAT32) {
    const float *x = (const float *)rows.data + at;
    for (size_t j = 0; j < rows.n_columns; j++) sum += (double)(x[j] * 0.0f);
  } else {
    const double *x = (const double *)rows.data + at;
    for (size_t j = 0; j < rows.n_columns; j++) sum += x[j] * 0.0;
  }
  return sum == 0;
}

ockham_status ock_rows_check(ockham_rows rows, const char *what, ockham_error *err) {
  if (!rows.data) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s must not be NULL", what);
  if (rows.n_rows == 0 || rows.n_columns == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s must have at least one row and one column, found %zu x %zu", what,
                    rows.n_rows, rows.n_columns);
  if (rows.dtype != OCKHAM_FLOAT64 && rows.dtype != OCKHAM_FLOAT32)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s must be float32 or float64, found type %d", what, (int)rows.dtype);
  if (ock_rows_stride(rows) < rows.n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the stride of %s must be at least its %zu columns, found %zu", what,
                    rows.n_columns, rows.stride);
  for (size_t i = 0; i < rows.n_rows; i++) {
    if (row_is_finite(rows, i)) continue;
    size_t j = 0;
    while (isfinite(ock_rows_get(rows, i, j))) j++;
    return ock_fail_at(err, OCKHAM_BAD_DATA, i + 1, j + 1, "%s must be finite: row %zu, column %zu holds %g", what,
                       i + 1, j + 1, ock_rows_get(rows, i, j));
  }
  return OCKHAM_OK;
}

ockham_status ock_weights_check(const double *weights, size_t n, double *total, ockham_error *err) {
  *total = weights ? 0 : (double)n;
  for (size_t i = 0; weights && i < n; i++) {
    if (!ock_is_weight(weights[i]))
      return ock_fail_at(err, OCKHAM_BAD_DATA, i + 1, 0,
                         "row %zu: a weight must be 0 or a number from %g to %g, found %g", i + 1, OCKHAM_LEAST_WEIGHT,
                         OCKHAM_LARGEST_WEIGHT, weights[i]);
    *total += weights[i];
  }
  return *total > 0 ? OCKHAM_OK : ock_fail(err, OCKHAM_BAD_DATA, "all weights are 0, expected a row that counts");
}
