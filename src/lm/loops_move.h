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

/* The upper half of a float, rounded by the lower; what is not a number stays so. */
static inline uint16_t upper_half(float value) {
  uint32_t pattern;
  memcpy(&pattern, &value, sizeof pattern);
  uint32_t nearest = (pattern + 0x7fff + (pattern >> 16 & 1)) >> 16;
  return (uint16_t)((pattern & 0x7fffffffu) > 0x7f800000u ? pattern >> 16 | 0x40 : nearest);
}

static void to_bf16(size_t n, const real *x, uint16_t *rounded) {
  size_t i = 0;
#ifdef OCK_VECTOR_avx512 /* whose products want them, so that it must be quick */
  const __m512i half = _mm512_set1_epi32(0x7fff), one = _mm512_set1_epi32(1), quiet = _mm512_set1_epi32(0x40);
  for (; i + LANES <= n; i += LANES) {
    vec a = load(x + i);
    __m512i pattern = _mm512_castps_si512(a), upper = _mm512_srli_epi32(pattern, 16);
    __m512i odd = _mm512_and_epi32(upper, one);
    __m512i nearest = _mm512_srli_epi32(_mm512_add_epi32(pattern, _mm512_add_epi32(half, odd)), 16);
    __mmask16 no_number = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
    __m512i result = _mm512_mask_or_epi32(nearest, no_number, upper, quiet);
    _mm256_storeu_si256((__m256i *)(rounded + i), _mm512_cvtepi32_epi16(result));
  }
#endif
  for (; i < n; i++) rounded[i] = upper_half((float)x[i]);
}

static void round_to_bf16(size_t n, const real *x, real *rounded) {
  for (size_t i = 0; i < n; i++) {
    uint32_t pattern = (uint32_t)upper_half((float)x[i]) << 16;
    float value;
    memcpy(&value, &pattern, sizeof value);
    rounded[i] = (real)value;
  }
}
