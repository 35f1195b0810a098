/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/internal.h"

static void put_float64(const double *row, const double *origin, size_t d, size_t width, double *lane) {
  if (origin)
    for (size_t l = 0; l < d; l++) lane[l * width] = row[l] - origin[l];
  else
    for (size_t l = 0; l < d; l++) lane[l * width] = row[l];
}

static void put_float32(const float *row, const double *origin, size_t d, size_t width, double *lane) {
  for (size_t l = 0; l < d; l++) lane[l * width] = (double)row[l] - (origin ? origin[l] : 0);
}

static void put_row(ockham_rows x, const double *origin, size_t i, size_t width, double *lane) {
  size_t at = i * ock_rows_stride(x);
  if (x.dtype == OCKHAM_FLOAT32)
    put_float32((const float *)x.data + at, origin, x.n_columns, width, lane);
  else
    put_float64((const double *)x.data + at, origin, x.n_columns, width, lane);
}

static void clear_lanes(size_t first, size_t d, size_t width, double *panel) {
  for (size_t l = 0; l < d; l++)
    for (size_t r = first; r < width; r++) panel[l * width + r] = 0;
}

void ock_panel_load(ockham_rows x, const double *origin, size_t first, size_t n, size_t width, double *panel) {
  for (size_t r = 0; r < n; r++) put_row(x, origin, first + r, width, panel + r);
  if (n < width) clear_lanes(n, x.n_columns, width, panel);
}

void ock_panel_gather(ockham_rows x, const double *origin, const size_t *index, size_t n, double *panel) {
  for (size_t r = 0; r < n; r++) put_row(x, origin, index[r], OCK_PANEL, panel + r);
  if (n < OCK_PANEL) clear_lanes(n, x.n_columns, OCK_PANEL, panel);
}
