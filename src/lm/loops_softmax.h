/* SPDX-License-Identifier: Apache-2.0 */
/* A part of loops.c: softmax, caps, the loss of a row. */
#include "lm/vec.h"

static real row_max(size_t n, const real *x) {
  vec most = K(-INFINITY);
  for
    EACH(i, n) most = maximum(most, take_or(x + i, n - i, -(real)INFINITY));
  return max_lanes(most);
}

/* x becomes e^(x - most); the sum. */
static real row_exp(size_t n, real most, real *x) {
  vec m = broadcast(most), sum = K(0);
  for
    EACH(i, n) {
      vec e = exponential(take_or(x + i, n - i, -(real)INFINITY) - m);
      put(x + i, n - i, e);
      sum = sum + e;
    }
  return sum_lanes(sum);
}

static void softmax(size_t n, const real *bias, real *logits) {
  if (bias) add_scaled(n, logits, 1, bias, logits);
  real most = row_max(n, logits);
  if (most == -(real)INFINITY) {
    memset(logits, 0, n * sizeof *logits);
    return;
  }
  real sum = row_exp(n, most, logits);
  scale(n, 1 / sum, logits, logits);
}

static void softmax_backward(size_t n, const real *p, real *dp) {
  vec mean = broadcast(row_dot(n, p, dp));
  for
    EACH(i, n) put(dp + i, n - i, take(p + i, n - i) * (take(dp + i, n - i) - mean));
}

static void cap(size_t n, real c, real *x) {
  vec most = broadcast(c), inverse = broadcast(1 / c);
  for
    EACH(i, n) put(x + i, n - i, most * tangent(take(x + i, n - i) * inverse));
}

static void cap_backward(size_t n, real c, const real *capped, real *dx) {
  vec inverse = broadcast(1 / c);
  for
    EACH(i, n) {
      vec t = take(capped + i, n - i) * inverse;
      put(dx + i, n - i, take(dx + i, n - i) * product_sub(t, t, K(1)));
    }
}

static ock_lm_row_loss cross_entropy(size_t n, size_t target, real weight, real z_loss, real *logits) {
  real most = row_max(n, logits), of_target = logits[target];
  real sum = row_exp(n, most, logits);
  real log_z = most + (real)log((double)sum);
  if (weight != 0) {
    scale(n, weight * (1 + 2 * z_loss * log_z) / sum, logits, logits);
    logits[target] -= weight;
  }
  return (ock_lm_row_loss){log_z - of_target, log_z};
}
