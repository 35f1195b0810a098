/* SPDX-License-Identifier: Apache-2.0 */
/* Kneedle (Satopaa et al. 2011) with the choices of Python's kneed for a decreasing convex curve: no smoothing,
 * sensitivity 1, the first knee. Its answer depends on the range of k, for both axes are scaled by it. */
#include <math.h>

#include "criteria/internal.h"

/* How far the curve lies under the chord, both axes scaled to 0 ... 1. False when the curve is flat. */
static bool find_differences(const double *x, const double *y, size_t n, double *difference) {
  double low = y[0], high = y[0];
  for (size_t i = 1; i < n; i++) {
    low = fmin(low, y[i]);
    high = fmax(high, y[i]);
  }
  if (!(high > low) || !(x[n - 1] > x[0])) return false;
  double top = 0;
  for (size_t i = 0; i < n; i++) {
    difference[i] = (y[i] - low) / (high - low);
    top = fmax(top, difference[i]);
  }
  for (size_t i = 0; i < n; i++) difference[i] = top - difference[i] - (x[i] - x[0]) / (x[n - 1] - x[0]);
  return true;
}

/* At either end a point has itself for the missing neighbour. */
static bool is_maximum(const double *y, size_t n, size_t i) {
  return y[i] >= y[i ? i - 1 : 0] && y[i] >= y[i + 1 < n ? i + 1 : i];
}

static bool is_minimum(const double *y, size_t n, size_t i) {
  return y[i] <= y[i ? i - 1 : 0] && y[i] <= y[i + 1 < n ? i + 1 : i];
}

size_t ockham_kneedle(const double *x, const double *y, size_t n) {
  if (n < 2) return SIZE_MAX;
  double *difference = ock_alloc_array(n, sizeof(double));
  size_t knee = SIZE_MAX;
  if (difference && find_differences(x, y, n, difference)) {
    double mean_step = 1.0 / (double)(n - 1), threshold = 0;
    size_t candidate = SIZE_MAX;
    bool active = false;
    for (size_t i = 0; i + 1 < n && knee == SIZE_MAX; i++) {
      if (is_maximum(difference, n, i)) {
        threshold = difference[i] - mean_step;
        candidate = i;
        active = true;
      }
      if (is_minimum(difference, n, i)) active = false;
      if (active && candidate != SIZE_MAX && difference[i + 1] < threshold) knee = candidate;
    }
  }
  ock_free(difference);
  return knee;
}
