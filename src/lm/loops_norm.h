/* SPDX-License-Identifier: Apache-2.0 */
/* A part of loops.c: norms. */
#include "lm/vec.h"

#define RMS_EPSILON 1e-6
#define LAYER_EPSILON 1e-5

static real row_dot(size_t d, const real *x, const real *y) {
  vec sum = K(0);
  for
    EACH(i, d) sum = product_add(take(x + i, d - i), take(y + i, d - i), sum);
  return sum_lanes(sum);
}

static void rms(size_t rows, size_t d, const real *x, const real *gain, real *y, real *scale) {
  for (size_t r = 0; r < rows; r++, x += d, y += d) {
    scale[r] = 1 / (real)sqrt((double)(row_dot(d, x, x) / (real)d + (real)RMS_EPSILON));
    vec s = broadcast(scale[r]);
    for
      EACH(i, d) put(y + i, d - i, take(x + i, d - i) * s * take(gain + i, d - i));
  }
}

/* With n = x scale and e = gain dy: dx = scale (e - n mean(e n)). */
static void rms_backward(size_t rows, size_t d, const real *x, const real *gain, const real *scale, const real *dy,
                         bool add, real *dx, real *dgain) {
  for (size_t r = 0; r < rows; r++, x += d, dy += d, dx += d) {
    vec s = broadcast(scale[r]), sum = K(0);
    for
      EACH(i, d) {
        vec n = take(x + i, d - i) * s, t = take(dy + i, d - i) * n;
        sum = product_add(t, take(gain + i, d - i), sum);
        put(dgain + i, d - i, take(dgain + i, d - i) + t);
      }
    vec mean = broadcast(sum_lanes(sum) / (real)d);
    for
      EACH(i, d) {
        vec n = take(x + i, d - i) * s, e = take(gain + i, d - i) * take(dy + i, d - i);
        vec g = s * product_sub(n, mean, e);
        put_sum(add, dx + i, d - i, g);
      }
  }
}

static real row_sum(size_t d, const real *x) {
  vec sum = K(0);
  for
    EACH(i, d) sum = sum + take(x + i, d - i);
  return sum_lanes(sum);
}

/* Sum of (x - mean)^2. A row's tail is done by itself, as the zeros behind it are no part of it. */
static real row_spread(size_t d, const real *x, real mean) {
  vec sum = K(0), m = broadcast(mean);
  size_t whole = d / LANES * LANES;
  for
    EACH(i, whole) {
      vec c = load(x + i) - m;
      sum = product_add(c, c, sum);
    }
  real total = sum_lanes(sum);
  for (size_t i = whole; i < d; i++) total += (x[i] - mean) * (x[i] - mean);
  return total;
}

static void layer(size_t rows, size_t d, const real *x, const real *gain, const real *bias, real *y, real *scale,
                  real *mean) {
  for (size_t r = 0; r < rows; r++, x += d, y += d) {
    mean[r] = row_sum(d, x) / (real)d;
    scale[r] = 1 / (real)sqrt((double)(row_spread(d, x, mean[r]) / (real)d + (real)LAYER_EPSILON));
    vec m = broadcast(mean[r]), s = broadcast(scale[r]);
    for
      EACH(i, d)
    put(y + i, d - i, product_add((take(x + i, d - i) - m) * s, take(gain + i, d - i), take(bias + i, d - i)));
  }
}

/* With n = (x - mean) scale and e = gain dy: dx = scale (e - mean(e) - n mean(e n)). */
static void layer_backward(size_t rows, size_t d, const real *x, const real *gain, const real *scale, const real *mean,
                           const real *dy, bool add, real *dx, real *dgain, real *dbias) {
  for (size_t r = 0; r < rows; r++, x += d, dy += d, dx += d) {
    vec s = broadcast(scale[r]), m = broadcast(mean[r]), sum = K(0), product = K(0);
    for
      EACH(i, d) {
        vec g = take(dy + i, d - i), t = g * (take(x + i, d - i) - m) * s, a = take(gain + i, d - i);
        sum = product_add(g, a, sum);
        product = product_add(t, a, product);
        put(dgain + i, d - i, take(dgain + i, d - i) + t);
        put(dbias + i, d - i, take(dbias + i, d - i) + g);
      }
    vec mean_e = broadcast(sum_lanes(sum) / (real)d), mean_en = broadcast(sum_lanes(product) / (real)d);
    for
      EACH(i, d) {
        vec n = (take(x + i, d - i) - m) * s, e = take(gain + i, d - i) * take(dy + i, d - i);
        vec g = s * product_sub(n, mean_en, e - mean_e);
        put_sum(add, dx + i, d - i, g);
      }
  }
}
