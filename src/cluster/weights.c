/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows count, and for how much. */
#include <string.h>

#include "cluster/internal.h"

static ockham_status check_weights(const double *weights, size_t n, size_t *n_positive, bool *all_one,
                                   ockham_error *err) {
  *n_positive = 0;
  *all_one = true;
  for (size_t i = 0; i < n; i++) {
    double w = weights[i];
    if (w != 0 && !(w >= OCKHAM_LEAST_WEIGHT && w <= OCKHAM_LARGEST_WEIGHT))
      return ock_fail_at(err, OCKHAM_BAD_DATA, i + 1, 0,
                         "row %zu: a weight must be 0 or a number from %g to %g, found %g", i + 1, OCKHAM_LEAST_WEIGHT,
                         OCKHAM_LARGEST_WEIGHT, w);
    *n_positive += w > 0;
    *all_one = *all_one && w == 1;
  }
  if (*n_positive == 0) return ock_fail(err, OCKHAM_BAD_DATA, "all weights are 0, expected a row that counts");
  return OCKHAM_OK;
}

/* Copy the rows that count. */
static bool pick_rows(ock_weighing *w, ockham_rows x, const double *weights, size_t n) {
  size_t value_bytes = x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double), to = 0;
  size_t row_bytes = x.n_columns * value_bytes, stride_bytes = ock_rows_stride(x) * value_bytes;
  w->rows = ock_alloc_array(n, row_bytes);
  w->picked = ock_alloc_array(n, sizeof(double));
  w->row = ock_alloc_array(n, sizeof *w->row);
  if (!w->rows || !w->picked || !w->row) return false;
  for (size_t i = 0; i < x.n_rows; i++) {
    if (!(weights[i] > 0)) continue;
    memcpy(w->rows + to * row_bytes, (const char *)x.data + i * stride_bytes, row_bytes);
    w->picked[to] = weights[i];
    w->row[to++] = i;
  }
  bool all_one = true;
  for (size_t i = 0; i < n; i++) all_one = all_one && w->picked[i] == 1;
  w->x = (ockham_rows){.data = w->rows, .n_rows = n, .n_columns = x.n_columns, .dtype = x.dtype};
  w->weights = all_one ? NULL : w->picked;
  return true;
}

ockham_status ock_weighing_init(ock_weighing *w, ockham_rows x, const double *weights, ockham_error *err) {
  size_t n;
  bool all_one;
  *w = (ock_weighing){.x = x};
  if (!weights) return OCKHAM_OK;
  OCK_TRY(check_weights(weights, x.n_rows, &n, &all_one, err));
  if (!all_one) w->weights = weights;
  if (n == x.n_rows || pick_rows(w, x, weights, n)) return OCKHAM_OK;
  ock_weighing_clear(w);
  return ock_fail_memory(err, "a copy of the rows that count", ock_size_product(n, x.n_columns * sizeof(double)));
}

void ock_weighing_clear(ock_weighing *w) {
  ock_free(w->rows);
  ock_free(w->picked);
  ock_free(w->row);
  *w = (ock_weighing){0};
}
