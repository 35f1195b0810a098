/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows count, and for how much. */
#include <string.h>

#include "cluster/internal.h"

static bool are_all_one(const double *weights, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (weights[i] != 1) return false;
  return true;
}

static size_t count_positive(const double *weights, size_t n) {
  size_t n_positive = 0;
  for (size_t i = 0; i < n; i++) n_positive += weights[i] > 0;
  return n_positive;
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
  w->x = (ockham_rows){.data = w->rows, .n_rows = n, .n_columns = x.n_columns, .dtype = x.dtype};
  w->weights = are_all_one(w->picked, n) ? NULL : w->picked;
  return true;
}

ockham_status ock_weighing_init(ock_weighing *w, ockham_rows x, const double *weights, ockham_error *err) {
  double total;
  *w = (ock_weighing){.x = x};
  if (!weights) return OCKHAM_OK;
  OCK_TRY(ock_weights_check(weights, x.n_rows, &total, err));
  size_t n = count_positive(weights, x.n_rows);
  if (!are_all_one(weights, x.n_rows)) w->weights = weights;
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
