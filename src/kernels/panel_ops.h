/* SPDX-License-Identifier: Apache-2.0 */
/* What loops over the rows of a panel share, for floats and doubles: include it after the operations on these. */
#ifndef OCK_KERNELS_PANEL_OPS_H
#define OCK_KERNELS_PANEL_OPS_H

#include "kernels/internal.h"

/* Sums over rows are made of OCK_STRIP parts, whatever the lanes of a vector, so that instruction sets with a fused
 * step give the same bits. */
enum { STRIP_VECTORS = OCK_STRIP / LANES };

/* The sum of all parts, which stand in STRIP_VECTORS vectors. */
static inline element sum_parts(const vec *sum) {
  element part[OCK_STRIP];
  for (size_t q = 0; q < STRIP_VECTORS; q++) store(part + q * LANES, sum[q]);
  for (size_t n = OCK_STRIP / 2; n > 0; n /= 2)
    for (size_t i = 0; i < n; i++) part[i] += part[i + n];
  return part[0];
}

/* The largest of OCK_PANEL values. */
static inline element largest_of(const element *values) {
  vec most = load(values);
  for (size_t r = LANES; r < OCK_PANEL; r += LANES) most = maximum(most, load(values + r));
  element lane[LANES];
  store(lane, most);
  for (size_t i = 1; i < LANES; i++) lane[0] = lane[i] > lane[0] ? lane[i] : lane[0];
  return lane[0];
}

#endif
