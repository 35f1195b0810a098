/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/internal.h"

static void fill(const ock_kernels *kernels, ockham_rows x, const double *origin, const size_t *offset, double *panel) {
  if (x.dtype == OCKHAM_FLOAT32)
    kernels->fill_float32(x.data, offset, x.n_columns, origin, panel);
  else
    kernels->fill_float64(x.data, offset, x.n_columns, origin, panel);
}

void ock_panel_load(const ock_kernels *kernels, ockham_rows x, const double *origin, size_t first, size_t n,
                    double *panel) {
  size_t offset[OCK_PANEL], stride = ock_rows_stride(x);
  for (size_t r = 0; r < OCK_PANEL; r++) offset[r] = (r < n ? first + r : first) * stride;
  fill(kernels, x, origin, offset, panel);
}

/* Scattered rows come from memory one by one unless they are asked for ahead of time. */
static void prefetch_row(ockham_rows x, size_t offset) {
  enum { LINE = 64, MOST_LINES = 4 };
  size_t size = x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  const char *row = (const char *)x.data + offset * size;
  size_t n_bytes = x.n_columns * size < MOST_LINES * LINE ? x.n_columns * size : MOST_LINES * LINE;
  for (size_t at = 0; at < n_bytes; at += LINE) __builtin_prefetch(row + at);
}

void ock_panel_gather(const ock_kernels *kernels, ockham_rows x, const double *origin, const size_t *index, size_t n,
                      double *panel) {
  size_t offset[OCK_PANEL], stride = ock_rows_stride(x);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    offset[r] = index[r < n ? r : 0] * stride;
    if (r < n) prefetch_row(x, offset[r]);
  }
  fill(kernels, x, origin, offset, panel);
}
