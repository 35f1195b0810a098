/* SPDX-License-Identifier: Apache-2.0 */
/* A part of loops.c: softmax, caps, the loss of a row. */
#include "lm/vec.h"

static real row_max(size_t n, const real *x) {
  size_t whole = n / LANES * LANES;
  vec most = K(-INFINITY);
  for
    EACH(i, whole) most = maximum(most, load(x + i));
  real result = max_lanes(most);
  for (size_t i = whole; i < n; i++) result = x[i] > result || x[i] != x[i] ? x[i] : result;
  return result;
}

/* x becomes e^(x - most); the sum. Lanes behind the end are taken off again by putting in what e makes nothing of. */
static real row_exp(size_t n, real most, real *x) {
  vec m = broadcast(most), sum = K(0);
  size_t whole = n / LANES * LANES;
  for
    EACH(i, whole) {
      vec e = exponential(load(x + i) - m);
      store(x + i, e);
      sum = sum + e;
    }
  if (whole == n) return sum_lanes(sum);
  real tail[LANES];
  for (size_t i = 0; i < LANES; i++) tail[i] = whole + i < n ? x[whole + i] : -INFINITY;
  vec e = exponential(load(tail) - m);
  store_part(x + whole, n - whole, e);
  return sum_lanes(sum + e);
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
