/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of vector_ops.h on vectors of floats, as far as search.c needs them. */
#ifndef OCK_KERNELS_FLOAT_OPS_H
#define OCK_KERNELS_FLOAT_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef float element;

#if defined(OCK_VECTOR_avx512)
#include <immintrin.h>
enum { LANES = 16 };
typedef __m512 vec;
typedef __mmask16 mask;
static inline vec load(const float *p) {
  return _mm512_loadu_ps(p);
}
static inline void store(float *p, vec a) {
  _mm512_storeu_ps(p, a);
}
static inline vec broadcast(float a) {
  return _mm512_set1_ps(a);
}
static inline vec add(vec a, vec b) {
  return _mm512_add_ps(a, b);
}
static inline vec mul(vec a, vec b) {
  return _mm512_mul_ps(a, b);
}
static inline vec product_add(vec a, vec b, vec sum) {
  return _mm512_fmadd_ps(a, b, sum);
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return _mm512_fnmadd_ps(a, b, sum);
}
static inline vec minimum(vec a, vec b) {
  return _mm512_min_ps(a, b);
}
static inline vec maximum(vec a, vec b) {
  return _mm512_max_ps(a, b);
}
static inline vec root(vec a) {
  return _mm512_sqrt_ps(a);
}
static inline mask less(vec a, vec b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline vec choose(mask m, vec yes, vec no) {
  return _mm512_mask_blend_ps(m, no, yes);
}
static inline float least_lane(vec a) {
  return _mm512_reduce_min_ps(a);
}
static inline unsigned bits(mask m) {
  return m;
}

#elif defined(OCK_VECTOR_avx2)
#include <immintrin.h>
enum { LANES = 8 };
typedef __m256 vec;
typedef __m256 mask;
static inline vec load(const float *p) {
  return _mm256_loadu_ps(p);
}
static inline void store(float *p, vec a) {
  _mm256_storeu_ps(p, a);
}
static inline vec broadcast(float a) {
  return _mm256_set1_ps(a);
}
static inline vec add(vec a, vec b) {
  return _mm256_add_ps(a, b);
}
static inline vec mul(vec a, vec b) {
  return _mm256_mul_ps(a, b);
}
static inline vec product_add(vec a, vec b, vec sum) {
  return _mm256_fmadd_ps(a, b, sum);
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return _mm256_fnmadd_ps(a, b, sum);
}
static inline vec minimum(vec a, vec b) {
  return _mm256_min_ps(a, b);
}
static inline vec maximum(vec a, vec b) {
  return _mm256_max_ps(a, b);
}
static inline vec root(vec a) {
  return _mm256_sqrt_ps(a);
}
static inline mask less(vec a, vec b) {
  return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
static inline vec choose(mask m, vec yes, vec no) {
  return _mm256_blendv_ps(no, yes, m);
}
static inline float least_lane(vec a) {
  __m128 b = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  b = _mm_min_ps(b, _mm_movehl_ps(b, b));
  return _mm_cvtss_f32(_mm_min_ss(b, _mm_movehdup_ps(b)));
}
static inline unsigned bits(mask m) {
  return (unsigned)_mm256_movemask_ps(m);
}

#elif defined(OCK_VECTOR_sse2)
#include <emmintrin.h>
enum { LANES = 4 };
typedef __m128 vec;
typedef __m128 mask;
static inline vec load(const float *p) {
  return _mm_loadu_ps(p);
}
static inline void store(float *p, vec a) {
  _mm_storeu_ps(p, a);
}
static inline vec broadcast(float a) {
  return _mm_set1_ps(a);
}
static inline vec add(vec a, vec b) {
  return _mm_add_ps(a, b);
}
static inline vec mul(vec a, vec b) {
  return _mm_mul_ps(a, b);
}
static inline vec product_add(vec a, vec b, vec sum) {
  return _mm_add_ps(_mm_mul_ps(a, b), sum);
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return _mm_sub_ps(sum, _mm_mul_ps(a, b));
}
static inline vec minimum(vec a, vec b) {
  return _mm_min_ps(a, b);
}
static inline vec maximum(vec a, vec b) {
  return _mm_max_ps(a, b);
}
static inline vec root(vec a) {
  return _mm_sqrt_ps(a);
}
static inline mask less(vec a, vec b) {
  return _mm_cmplt_ps(a, b);
}
static inline vec choose(mask m, vec yes, vec no) {
  return _mm_or_ps(_mm_and_ps(m, yes), _mm_andnot_ps(m, no));
}
static inline float least_lane(vec a) {
  __m128 b = _mm_min_ps(a, _mm_movehl_ps(a, a));
  return _mm_cvtss_f32(_mm_min_ss(b, _mm_shuffle_ps(b, b, 1)));
}
static inline unsigned bits(mask m) {
  return (unsigned)_mm_movemask_ps(m);
}

#elif defined(OCK_VECTOR_neon)
#include <arm_neon.h>
enum { LANES = 4 };
typedef float32x4_t vec;
typedef uint32x4_t mask;
static inline vec load(const float *p) {
  return vld1q_f32(p);
}
static inline void store(float *p, vec a) {
  vst1q_f32(p, a);
}
static inline vec broadcast(float a) {
  return vdupq_n_f32(a);
}
static inline vec add(vec a, vec b) {
  return vaddq_f32(a, b);
}
static inline vec mul(vec a, vec b) {
  return vmulq_f32(a, b);
}
static inline vec product_add(vec a, vec b, vec sum) {
  return vfmaq_f32(sum, a, b);
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return vfmsq_f32(sum, a, b);
}
static inline vec minimum(vec a, vec b) {
  return vminq_f32(a, b);
}
static inline vec maximum(vec a, vec b) {
  return vmaxq_f32(a, b);
}
static inline vec root(vec a) {
  return vsqrtq_f32(a);
}
static inline mask less(vec a, vec b) {
  return vcltq_f32(a, b);
}
static inline vec choose(mask m, vec yes, vec no) {
  return vbslq_f32(m, yes, no);
}
static inline float least_lane(vec a) {
  return vminvq_f32(a);
}
static inline unsigned bits(mask m) {
  static const uint32_t place[4] = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(m, vld1q_u32(place)));
}

#else
#error "no vector operations for this instruction set"
#endif

#endif
