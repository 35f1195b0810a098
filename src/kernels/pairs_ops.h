/* SPDX-License-Identifier: Apache-2.0 */
/* The float32 side of vector_ops.h, for pairs.c: a vector of NARROW_LANES floats, and the way from and to doubles. */
#ifndef OCK_KERNELS_PAIRS_OPS_H
#define OCK_KERNELS_PAIRS_OPS_H

#include "kernels/vector_ops.h"

enum { NARROW_LANES = 2 * LANES };

#if defined(OCK_VECTOR_avx512)
typedef __m512 narrow;
static inline narrow narrow_load(const float *p) {
  return _mm512_loadu_ps(p);
}
static inline void narrow_store(float *p, narrow a) {
  _mm512_storeu_ps(p, a);
}
static inline narrow narrow_broadcast(float a) {
  return _mm512_set1_ps(a);
}
static inline narrow narrow_add(narrow a, narrow b) {
  return _mm512_add_ps(a, b);
}
static inline narrow narrow_sub(narrow a, narrow b) {
  return _mm512_sub_ps(a, b);
}
static inline narrow narrow_mul(narrow a, narrow b) {
  return _mm512_mul_ps(a, b);
}
static inline narrow narrow_square_add(narrow a, narrow sum) {
  return _mm512_fmadd_ps(a, a, sum);
}
static inline narrow narrow_root(narrow a) {
  return _mm512_sqrt_ps(a);
}
static inline narrow from_wide(vec low, vec high) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
}
static inline vec wide_low(narrow a) {
  return _mm512_cvtps_pd(_mm512_castps512_ps256(a));
}
static inline vec wide_high(narrow a) {
  return _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
}

#elif defined(OCK_VECTOR_avx2)
typedef __m256 narrow;
static inline narrow narrow_load(const float *p) {
  return _mm256_loadu_ps(p);
}
static inline void narrow_store(float *p, narrow a) {
  _mm256_storeu_ps(p, a);
}
static inline narrow narrow_broadcast(float a) {
  return _mm256_set1_ps(a);
}
static inline narrow narrow_add(narrow a, narrow b) {
  return _mm256_add_ps(a, b);
}
static inline narrow narrow_sub(narrow a, narrow b) {
  return _mm256_sub_ps(a, b);
}
static inline narrow narrow_mul(narrow a, narrow b) {
  return _mm256_mul_ps(a, b);
}
static inline narrow narrow_square_add(narrow a, narrow sum) {
  return _mm256_fmadd_ps(a, a, sum);
}
static inline narrow narrow_root(narrow a) {
  return _mm256_sqrt_ps(a);
}
static inline narrow from_wide(vec low, vec high) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low)), _mm256_cvtpd_ps(high), 1);
}
static inline vec wide_low(narrow a) {
  return _mm256_cvtps_pd(_mm256_castps256_ps128(a));
}
static inline vec wide_high(narrow a) {
  return _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
}

#elif defined(OCK_VECTOR_sse2)
typedef __m128 narrow;
static inline narrow narrow_load(const float *p) {
  return _mm_loadu_ps(p);
}
static inline void narrow_store(float *p, narrow a) {
  _mm_storeu_ps(p, a);
}
static inline narrow narrow_broadcast(float a) {
  return _mm_set1_ps(a);
}
static inline narrow narrow_add(narrow a, narrow b) {
  return _mm_add_ps(a, b);
}
static inline narrow narrow_sub(narrow a, narrow b) {
  return _mm_sub_ps(a, b);
}
static inline narrow narrow_mul(narrow a, narrow b) {
  return _mm_mul_ps(a, b);
}
static inline narrow narrow_square_add(narrow a, narrow sum) {
  return _mm_add_ps(_mm_mul_ps(a, a), sum);
}
static inline narrow narrow_root(narrow a) {
  return _mm_sqrt_ps(a);
}
static inline narrow from_wide(vec low, vec high) {
  return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}
static inline vec wide_low(narrow a) {
  return _mm_cvtps_pd(a);
}
static inline vec wide_high(narrow a) {
  return _mm_cvtps_pd(_mm_movehl_ps(a, a));
}

#elif defined(OCK_VECTOR_neon)
typedef float32x4_t narrow;
static inline narrow narrow_load(const float *p) {
  return vld1q_f32(p);
}
static inline void narrow_store(float *p, narrow a) {
  vst1q_f32(p, a);
}
static inline narrow narrow_broadcast(float a) {
  return vdupq_n_f32(a);
}
static inline narrow narrow_add(narrow a, narrow b) {
  return vaddq_f32(a, b);
}
static inline narrow narrow_sub(narrow a, narrow b) {
  return vsubq_f32(a, b);
}
static inline narrow narrow_mul(narrow a, narrow b) {
  return vmulq_f32(a, b);
}
static inline narrow narrow_square_add(narrow a, narrow sum) {
  return vfmaq_f32(sum, a, a);
}
static inline narrow narrow_root(narrow a) {
  return vsqrtq_f32(a);
}
static inline narrow from_wide(vec low, vec high) {
  return vcombine_f32(vcvt_f32_f64(low), vcvt_f32_f64(high));
}
static inline vec wide_low(narrow a) {
  return vcvt_f64_f32(vget_low_f32(a));
}
static inline vec wide_high(narrow a) {
  return vcvt_high_f64_f32(a);
}
#endif

#endif
