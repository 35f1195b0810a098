/* SPDX-License-Identifier: Apache-2.0 */
/* A part of loops.c: sums, rotations, dropout, rounding. */
#include "lm/vec.h"

static void add_scaled(size_t n, const real *x, real a, const real *y, real *sum) {
  vec factor = broadcast(a);
  for
    EACH(i, n) put(sum + i, n - i, product_add(factor, take(y + i, n - i), take(x + i, n - i)));
}

static void scale(size_t n, real a, const real *x, real *y) {
  vec factor = broadcast(a);
  for
    EACH(i, n) put(y + i, n - i, factor * take(x + i, n - i));
}

static double dot(size_t n, const real *x, const real *y) {
  enum { BLOCK = 1024 }; /* in floats, then in double */
  double sum = 0;
  for (size_t i = 0; i < n; i += BLOCK) sum += (double)row_dot(n - i < BLOCK ? n - i : BLOCK, x + i, y + i);
  return sum;
}

static void add_row(size_t rows, size_t d, const real *row, real *x) {
  for (size_t r = 0; r < rows; r++, x += d)
    for
      EACH(i, d) put(x + i, d - i, take(x + i, d - i) + take(row + i, d - i));
}

static void sum_rows(size_t rows, size_t d, const real *x, real *sum) {
  for
    EACH(i, d) {
      vec total = take(sum + i, d - i);
      for (size_t r = 0; r < rows; r++) total = total + take(x + r * d + i, d - i);
      put(sum + i, d - i, total);
    }
}

static void rope(size_t rows, size_t heads, size_t half, const real *cosines, const real *sines, real sign, real *x) {
  vec s = broadcast(sign);
  for (size_t r = 0; r < rows; r++, cosines += half, sines += half)
    for (size_t h = 0; h < heads; h++, x += 2 * half)
      for
        EACH(m, half) {
          size_t left = half - m;
          vec c = take(cosines + m, left), t = s * take(sines + m, left);
          vec a = take(x + m, left), b = take(x + half + m, left);
          put(x + m, left, product_sub(b, t, a * c));
          put(x + half + m, left, product_add(a, t, b * c));
        }
}

/* 32 even bits of a counter under a key: the finaliser of MurmurHash3 (Appleby, 2011), twice. */
static inline uint32_t hash(uint64_t key, uint32_t i) {
  uint32_t x = i ^ (uint32_t)key;
  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  x ^= x >> 16;
  x += (uint32_t)(key >> 32);
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  return x ^ (x >> 16);
}

static void dropout(size_t n, uint64_t key, uint64_t first, double probability, real *x) {
  uint32_t threshold = (uint32_t)(probability * 4294967296.);
  real kept = (real)(1 / (1 - probability));
  uint64_t high = key + (first >> 32 << 32); /* a block of 2^32 numbers has a key of its own */
  for (size_t i = 0; i < n; i++) x[i] *= hash(high, (uint32_t)(first + i)) < threshold ? 0 : kept;
}

static void round_to_bf16(size_t n, const real *x, real *rounded) {
  for (size_t i = 0; i < n; i++) {
    float value = (float)x[i];
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&value, &bits, sizeof bits);
    rounded[i] = value != value ? x[i] : (real)value;
  }
}
