/* SPDX-License-Identifier: Apache-2.0 */
/* Kneedle (Satopaa et al. 2011) with the choices of Python's kneed for a decreasing convex curve: no smoothing,
 * sensitivity 1, the first knee. Its answer depends on the range of k, for both axes are scaled by it. It takes no
 * memory: that there was none for it could not be told from a curve without a knee. */
#include <math.h>

#include "criteria/internal.h"

/* A curve with what scales its axes. */
typedef struct scaled_curve {
  ock_curve_reader *read;
  const void *arg;
  size_t n;
  double x_first, x_last, low, high, top; /* top: the largest y, scaled */
} scaled_curve;

static double scaled_y(const scaled_curve *c, size_t i) {
  return (c->read(c->arg, i).y - c->low) / (c->high - c->low);
}

/* How far the curve lies under the chord, both axes scaled to 0 ... 1. */
static double difference(const scaled_curve *c, size_t i) {
  return c->top - scaled_y(c, i) - (c->read(c->arg, i).x - c->x_first) / (c->x_last - c->x_first);
}

/* False when the curve is flat. */
static bool scale_axes(scaled_curve *c) {
  c->x_first = c->read(c->arg, 0).x;
  c->x_last = c->read(c->arg, c->n - 1).x;
  c->low = c->high = c->read(c->arg, 0).y;
  for (size_t i = 1; i < c->n; i++) {
    double y = c->read(c->arg, i).y;
    c->low = fmin(c->low, y);
    c->high = fmax(c->high, y);
  }
  if (!(c->high > c->low) || !(c->x_last > c->x_first)) return false;
  for (size_t i = 0; i < c->n; i++) c->top = fmax(c->top, scaled_y(c, i));
  return true;
}

/* At either end a point has itself for the missing neighbour. */
static bool is_maximum(const scaled_curve *c, size_t i) {
  double here = difference(c, i);
  return here >= difference(c, i ? i - 1 : 0) && here >= difference(c, i + 1 < c->n ? i + 1 : i);
}

static bool is_minimum(const scaled_curve *c, size_t i) {
  double here = difference(c, i);
  return here <= difference(c, i ? i - 1 : 0) && here <= difference(c, i + 1 < c->n ? i + 1 : i);
}

size_t ock_kneedle(ock_curve_reader *read, const void *arg, size_t n) {
  scaled_curve c = {.read = read, .arg = arg, .n = n};
  if (n < 2 || !scale_axes(&c)) return SIZE_MAX;
  double mean_step = 1.0 / (double)(n - 1), threshold = 0;
  size_t candidate = SIZE_MAX;
  bool active = false;
  for (size_t i = 0; i + 1 < n; i++) {
    if (is_maximum(&c, i)) {
      threshold = difference(&c, i) - mean_step;
      candidate = i;
      active = true;
    }
    if (is_minimum(&c, i)) active = false;
    if (active && candidate != SIZE_MAX && difference(&c, i + 1) < threshold) return candidate;
  }
  return SIZE_MAX;
}

/* ---- the curve as two arrays ---- */

typedef struct arrays {
  const double *x, *y;
} arrays;

static ock_curve_place place_in_arrays(const void *arg, size_t i) {
  const arrays *a = arg;
  return (ock_curve_place){a->x[i], a->y[i]};
}

size_t ockham_kneedle(const double *x, const double *y, size_t n) {
  return ock_kneedle(place_in_arrays, &(arrays){x, y}, n);
}
