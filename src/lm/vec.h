/* SPDX-License-Identifier: Apache-2.0 */
/* What the loops of lm are written in: vectors of float for one instruction set (kernels/float_ops.h), or single
 * numbers, of float or, for tests, of double. Vectors take + - * / as numbers do. */
#ifndef OCK_LM_VEC_H
#define OCK_LM_VEC_H

#include <math.h>
#include <string.h>

#include "lm/internal.h"

typedef ock_lm_real real;

#ifdef OCK_VECTOR_ISA
#include "kernels/float_ops.h"

typedef int32_t ints __attribute__((vector_size(sizeof(vec))));

#ifdef OCK_VECTOR_avx512
static inline __mmask16 first_lanes(size_t n) {
  return (__mmask16)((1u << n) - 1);
}
/* The first n < LANES numbers, then what `rest` says; and back. */
static inline vec load_part(const real *p, size_t n, real rest) {
  return _mm512_mask_loadu_ps(broadcast(rest), first_lanes(n), p);
}
static inline void store_part(real *p, size_t n, vec a) {
  _mm512_mask_storeu_ps(p, first_lanes(n), a);
}
#else
static inline vec load_part(const real *p, size_t n, real rest) {
  real lanes[LANES];
  store(lanes, broadcast(rest));
  memcpy(lanes, p, n * sizeof *p);
  return load(lanes);
}
static inline void store_part(real *p, size_t n, vec a) {
  real lanes[LANES];
  store(lanes, a);
  memcpy(p, lanes, n * sizeof *p);
}
#endif

/* The lanes in order, halves upon halves. */
static inline real sum_lanes(vec a) {
  real lane[LANES];
  store(lane, a);
  for (size_t half = LANES / 2; half; half /= 2)
    for (size_t i = 0; i < half; i++) lane[i] += lane[i + half];
  return lane[0];
}

/* e^x to 2e-7 of itself; 0 below -87.3, and not above 2e38. Not a number stays so. r = x - n log 2 is small, and e^r =
 * 1 + r + r^2 q(r), q fitted on Chebyshev nodes. n comes out of the low bits of x / log 2 + 1.5 * 2^23. */
static inline vec exponential(vec x) {
  const vec least = broadcast(-87.3f), magic = broadcast(12582912.f);
  vec in = maximum(least, minimum(broadcast(88.3f), x));
  vec shifted = product_add(in, broadcast(1.44269502f), magic);
  vec n = shifted - magic;
  vec r = product_sub(n, broadcast(-2.12194440e-4f), product_sub(n, broadcast(.693359375f), in));
  vec q = product_add(broadcast(1.39336521e-3f), r, broadcast(8.36318173e-3f));
  q = product_add(q, r, broadcast(4.16664667e-2f));
  q = product_add(q, r, broadcast(.166665763f));
  q = product_add(q, r, broadcast(.5f));
  vec e = product_add(q, r * r, r) + broadcast(1);
  ints power = ((ints)shifted << 23) + (ints)broadcast(1);
  return choose(less(x, least), broadcast(0), e * (vec)power);
}

/* Below .63 x + x^3 q(x^2), fitted likewise, so that tanh(x) / x keeps its digits; else by e^2x. */
static inline vec tangent(vec x) {
  vec z = x * x;
  vec q = product_add(broadcast(-6.07057009e-3f), z, broadcast(2.09799502e-2f));
  q = product_add(q, z, broadcast(-5.38474992e-2f));
  q = product_add(q, z, broadcast(.133327499f));
  q = product_add(q, z, broadcast(-.333333284f));
  vec small = product_add(q * z, x, x);
  vec large = broadcast(1) - broadcast(2) / (exponential(x + x) + broadcast(1));
  return choose(less(z, broadcast(.39f)), small, large);
}

#else /* ---- one number at a time ---- */

#define OCK_VECTOR_ISA reference
enum { LANES = 1 };
typedef real vec;
typedef bool mask;
static inline vec load(const real *p) {
  return *p;
}
static inline void store(real *p, vec a) {
  *p = a;
}
static inline vec load_part(const real *p, size_t n, real rest) {
  return n ? *p : rest;
}
static inline void store_part(real *p, size_t n, vec a) {
  if (n) *p = a;
}
static inline vec broadcast(real a) {
  return a;
}
static inline vec product_add(vec a, vec b, vec sum) {
  return a * b + sum;
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return sum - a * b;
}
static inline vec maximum(vec a, vec b) {
  return a > b ? a : b; /* b where one is not a number */
}
static inline mask less(vec a, vec b) {
  return a < b;
}
static inline vec choose(mask m, vec yes, vec no) {
  return m ? yes : no;
}
static inline real sum_lanes(vec a) {
  return a;
}
static inline vec exponential(vec x) {
  return (real)exp((double)x);
}
static inline vec tangent(vec x) {
  return (real)tanh((double)x);
}
#endif

/* ---- on both ---- */

static inline real max_lanes(vec a) {
  real lane[LANES];
  store(lane, a);
  real most = lane[0];
  for (size_t i = 1; i < LANES; i++) most = lane[i] > most || lane[i] != lane[i] ? lane[i] : most;
  return most;
}
/* What is left of numbers at p: LANES of them, or fewer and something behind them. */
static inline vec take_or(const real *p, size_t left, real rest) {
  return left >= LANES ? load(p) : load_part(p, left, rest);
}
static inline vec take(const real *p, size_t left) {
  return take_or(p, left, 0);
}
static inline void put(real *p, size_t left, vec a) {
  if (left >= LANES)
    store(p, a);
  else
    store_part(p, left, a);
}
static inline void put_sum(bool add_up, real *p, size_t left, vec a) {
  put(p, left, add_up ? (vec)(take(p, left) + a) : a);
}
static inline vec sigmoid(vec x) {
  return broadcast(1) / (broadcast(1) + exponential(-x));
}
#define K(number) broadcast((real)(number))
#define EACH(i, n) (size_t i = 0; i < (n); i += LANES)

#endif
