/* SPDX-License-Identifier: Apache-2.0 */
/* A part of loops.c: what stands between the two products of a feed-forward sublayer, f(u) and its derivative. */
#include "lm/vec.h"

#define GELU_CUBE .044715
#define GELU_ROOT 0.7978845608028654 /* sqrt(2 / pi) */

static inline vec relu(vec u) {
  return choose(less(K(0), u), u, u - u); /* not a number stays so */
}
static inline vec relu_slope(vec u) {
  return choose(less(K(0), u), K(1), K(0));
}
static inline vec relu2(vec u) {
  vec r = relu(u);
  return r * r;
}
static inline vec relu2_slope(vec u) {
  vec r = relu(u);
  return r + r;
}
static inline vec silu(vec u) {
  return u * sigmoid(u);
}
static inline vec silu_slope(vec u) {
  vec s = sigmoid(u);
  return s * (K(1) + u * (K(1) - s));
}
/* u (1 + tanh(r (u + c u^3))) / 2 = u sigmoid(2 r (u + c u^3)) */
static inline vec gelu(vec u) {
  return u * sigmoid(K(2 * GELU_ROOT) * u * product_add(u * u, K(GELU_CUBE), K(1)));
}
static inline vec gelu_slope(vec u) {
  vec z = u * u, s = sigmoid(K(2 * GELU_ROOT) * u * product_add(z, K(GELU_CUBE), K(1)));
  return s * (K(1) + (K(1) - s) * u * K(2 * GELU_ROOT) * product_add(z, K(3 * GELU_CUBE), K(1)));
}

#define PLAIN_LOOPS(f)                                                                    \
  static void f##_all(size_t n, const real *u, real *h) {                                 \
    for                                                                                   \
      EACH(i, n) put(h + i, n - i, f(take(u + i, n - i)));                                \
  }                                                                                       \
  static void f##_all_backward(size_t n, const real *u, const real *dh, real *du) {       \
    for                                                                                   \
      EACH(i, n) put(du + i, n - i, take(dh + i, n - i) * f##_slope(take(u + i, n - i))); \
  }
#define GATED_LOOPS(f)                                                                                         \
  static void f##_gated(size_t n, const real *u, const real *w, real *h) {                                     \
    for                                                                                                        \
      EACH(i, n) put(h + i, n - i, f(take(u + i, n - i)) * take(w + i, n - i));                                \
  }                                                                                                            \
  static void f##_gated_backward(size_t n, const real *u, const real *w, const real *dh, real *du, real *dw) { \
    for                                                                                                        \
      EACH(i, n) {                                                                                             \
        vec g = take(dh + i, n - i), a = take(u + i, n - i);                                                   \
        put(dw + i, n - i, g * f(a));                                                                          \
        put(du + i, n - i, g * take(w + i, n - i) * f##_slope(a));                                             \
      }                                                                                                        \
  }
PLAIN_LOOPS(relu)
PLAIN_LOOPS(relu2)
PLAIN_LOOPS(gelu)
PLAIN_LOOPS(silu)
GATED_LOOPS(relu)
GATED_LOOPS(gelu)
GATED_LOOPS(silu)

static void activate(ockham_lm_ffn ffn, size_t n, const real *u, const real *w, real *h) {
  switch (ffn) {
    case OCKHAM_LM_FFN_SWIGLU:
      return silu_gated(n, u, w, h);
    case OCKHAM_LM_FFN_GEGLU:
      return gelu_gated(n, u, w, h);
    case OCKHAM_LM_FFN_REGLU:
      return relu_gated(n, u, w, h);
    case OCKHAM_LM_FFN_GELU:
      return gelu_all(n, u, h);
    case OCKHAM_LM_FFN_RELU:
      return relu_all(n, u, h);
    case OCKHAM_LM_FFN_RELU2:
      return relu2_all(n, u, h);
    case OCKHAM_LM_FFN_SILU:
    case OCKHAM_LM_N_FFNS:
      return silu_all(n, u, h);
  }
}

static void activate_backward(ockham_lm_ffn ffn, size_t n, const real *u, const real *w, const real *dh, real *du,
                              real *dw) {
  switch (ffn) {
    case OCKHAM_LM_FFN_SWIGLU:
      return silu_gated_backward(n, u, w, dh, du, dw);
    case OCKHAM_LM_FFN_GEGLU:
      return gelu_gated_backward(n, u, w, dh, du, dw);
    case OCKHAM_LM_FFN_REGLU:
      return relu_gated_backward(n, u, w, dh, du, dw);
    case OCKHAM_LM_FFN_GELU:
      return gelu_all_backward(n, u, dh, du);
    case OCKHAM_LM_FFN_RELU:
      return relu_all_backward(n, u, dh, du);
    case OCKHAM_LM_FFN_RELU2:
      return relu2_all_backward(n, u, dh, du);
    case OCKHAM_LM_FFN_SILU:
    case OCKHAM_LM_N_FFNS:
      return silu_all_backward(n, u, dh, du);
  }
}
