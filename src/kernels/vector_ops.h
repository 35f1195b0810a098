/* SPDX-License-Identifier: Apache-2.0 */
/* The vector operations that vector.c and search.c are written in, for the instruction set that OCK_VECTOR_<isa>
 * chooses: a vector of LANES doubles, masks from comparing two of them, loads of whole, narrow (float) and partial
 * vectors, and the transpose of LANES vectors. */
#ifndef OCK_KERNELS_VECTOR_OPS_H
#define OCK_KERNELS_VECTOR_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef double element;

#if defined(OCK_VECTOR_avx512)
#include <immintrin.h>
enum { LANES = 8 };
typedef __m512d vec;
typedef __mmask8 mask;
static inline vec load(const double *p) {
  return _mm512_loadu_pd(p);
}
static inline void store(double *p, vec a) {
  _mm512_storeu_pd(p, a);
}
static inline vec broadcast(double a) {
  return _mm512_set1_pd(a);
}
static inline vec add(vec a, vec b) {
  return _mm512_add_pd(a, b);
}
static inline vec sub(vec a, vec b) {
  return _mm512_sub_pd(a, b);
}
static inline vec square_add(vec a, vec sum) {
  return _mm512_fmadd_pd(a, a, sum);
}
static inline vec minimum(vec a, vec b) {
  return _mm512_min_pd(a, b);
}
static inline vec maximum(vec a, vec b) {
  return _mm512_max_pd(a, b);
}
static inline vec root(vec a) {
  return _mm512_sqrt_pd(a);
}
static inline mask less(vec a, vec b) {
  return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ);
}
static inline vec choose(mask m, vec yes, vec no) {
  return _mm512_mask_blend_pd(m, no, yes);
}
static inline vec product_add(vec a, vec b, vec sum) {
  return _mm512_fmadd_pd(a, b, sum);
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return _mm512_fnmadd_pd(a, b, sum);
}
static inline vec mul(vec a, vec b) {
  return _mm512_mul_pd(a, b);
}
static inline double least_lane(vec a) {
  return _mm512_reduce_min_pd(a);
}
static inline unsigned bits(mask m) {
  return m;
}
static inline vec load_narrow(const float *p) {
  return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}
static inline vec load_part(const double *p, size_t n) {
  return _mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p);
}
static inline vec load_narrow_part(const float *p, size_t n) {
  return _mm512_cvtps_pd(_mm256_maskz_loadu_ps((__mmask8)((1u << n) - 1), p));
}
static inline void transpose(vec v[LANES]) {
  vec a[LANES], b[LANES];
  for (int i = 0; i < LANES; i += 2) {
    a[i] = _mm512_unpacklo_pd(v[i], v[i + 1]);
    a[i + 1] = _mm512_unpackhi_pd(v[i], v[i + 1]);
  }
  for (int i = 0; i < LANES; i += 4)
    for (int j = 0; j < 2; j++) {
      b[i + j] = _mm512_shuffle_f64x2(a[i + j], a[i + j + 2], 0x88);
      b[i + j + 2] = _mm512_shuffle_f64x2(a[i + j], a[i + j + 2], 0xdd);
    }
  for (int j = 0; j < 4; j++) {
    vec low = _mm512_shuffle_f64x2(b[j], b[j + 4], 0x88), high = _mm512_shuffle_f64x2(b[j], b[j + 4], 0xdd);
    v[j] = low;
    v[j + 4] = high;
  }
}
static inline bool runs_here(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}

#elif defined(OCK_VECTOR_avx2)
#include <immintrin.h>
enum { LANES = 4 };
typedef __m256d vec;
typedef __m256d mask;
static inline vec load(const double *p) {
  return _mm256_loadu_pd(p);
}
static inline void store(double *p, vec a) {
  _mm256_storeu_pd(p, a);
}
static inline vec broadcast(double a) {
  return _mm256_set1_pd(a);
}
static inline vec add(vec a, vec b) {
  return _mm256_add_pd(a, b);
}
static inline vec sub(vec a, vec b) {
  return _mm256_sub_pd(a, b);
}
static inline vec square_add(vec a, vec sum) {
  return _mm256_fmadd_pd(a, a, sum);
}
static inline vec minimum(vec a, vec b) {
  return _mm256_min_pd(a, b);
}
static inline vec maximum(vec a, vec b) {
  return _mm256_max_pd(a, b);
}
static inline vec root(vec a) {
  return _mm256_sqrt_pd(a);
}
static inline mask less(vec a, vec b) {
  return _mm256_cmp_pd(a, b, _CMP_LT_OQ);
}
static inline vec choose(mask m, vec yes, vec no) {
  return _mm256_blendv_pd(no, yes, m);
}
static inline vec product_add(vec a, vec b, vec sum) {
  return _mm256_fmadd_pd(a, b, sum);
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return _mm256_fnmadd_pd(a, b, sum);
}
static inline vec mul(vec a, vec b) {
  return _mm256_mul_pd(a, b);
}
static inline double least_lane(vec a) {
  __m128d b = _mm_min_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
  return _mm_cvtsd_f64(_mm_min_sd(b, _mm_unpackhi_pd(b, b)));
}
static inline unsigned bits(mask m) {
  return (unsigned)_mm256_movemask_pd(m);
}
static inline vec load_narrow(const float *p) {
  return _mm256_cvtps_pd(_mm_loadu_ps(p));
}
static inline __m256i part(size_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
}
static inline vec load_part(const double *p, size_t n) {
  return _mm256_maskload_pd(p, part(n));
}
static inline vec load_narrow_part(const float *p, size_t n) {
  __m128i lanes = _mm_cmpgt_epi32(_mm_set1_epi32((int)n), _mm_setr_epi32(0, 1, 2, 3));
  return _mm256_cvtps_pd(_mm_maskload_ps(p, lanes));
}
static inline void transpose(vec v[LANES]) {
  vec a = _mm256_unpacklo_pd(v[0], v[1]), b = _mm256_unpackhi_pd(v[0], v[1]);
  vec c = _mm256_unpacklo_pd(v[2], v[3]), d = _mm256_unpackhi_pd(v[2], v[3]);
  v[0] = _mm256_permute2f128_pd(a, c, 0x20);
  v[1] = _mm256_permute2f128_pd(b, d, 0x20);
  v[2] = _mm256_permute2f128_pd(a, c, 0x31);
  v[3] = _mm256_permute2f128_pd(b, d, 0x31);
}
static inline bool runs_here(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

#elif defined(OCK_VECTOR_sse2)
#include <emmintrin.h>
enum { LANES = 2 };
typedef __m128d vec;
typedef __m128d mask;
static inline vec load(const double *p) {
  return _mm_loadu_pd(p);
}
static inline void store(double *p, vec a) {
  _mm_storeu_pd(p, a);
}
static inline vec broadcast(double a) {
  return _mm_set1_pd(a);
}
static inline vec add(vec a, vec b) {
  return _mm_add_pd(a, b);
}
static inline vec sub(vec a, vec b) {
  return _mm_sub_pd(a, b);
}
static inline vec square_add(vec a, vec sum) {
  return _mm_add_pd(_mm_mul_pd(a, a), sum);
}
static inline vec minimum(vec a, vec b) {
  return _mm_min_pd(a, b);
}
static inline vec maximum(vec a, vec b) {
  return _mm_max_pd(a, b);
}
static inline vec root(vec a) {
  return _mm_sqrt_pd(a);
}
static inline mask less(vec a, vec b) {
  return _mm_cmplt_pd(a, b);
}
static inline vec choose(mask m, vec yes, vec no) {
  return _mm_or_pd(_mm_and_pd(m, yes), _mm_andnot_pd(m, no));
}
static inline vec product_add(vec a, vec b, vec sum) {
  return _mm_add_pd(_mm_mul_pd(a, b), sum);
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return _mm_sub_pd(sum, _mm_mul_pd(a, b));
}
static inline vec mul(vec a, vec b) {
  return _mm_mul_pd(a, b);
}
static inline double least_lane(vec a) {
  return _mm_cvtsd_f64(_mm_min_sd(a, _mm_unpackhi_pd(a, a)));
}
static inline unsigned bits(mask m) {
  return (unsigned)_mm_movemask_pd(m);
}
static inline vec load_narrow(const float *p) {
  return _mm_setr_pd((double)p[0], (double)p[1]);
}
static inline vec load_part(const double *p, size_t n) {
  return n > 1 ? _mm_loadu_pd(p) : _mm_load_sd(p);
}
static inline vec load_narrow_part(const float *p, size_t n) {
  return n > 1 ? load_narrow(p) : _mm_set_sd((double)p[0]);
}
static inline void transpose(vec v[LANES]) {
  vec low = _mm_unpacklo_pd(v[0], v[1]), high = _mm_unpackhi_pd(v[0], v[1]);
  v[0] = low;
  v[1] = high;
}
static inline bool runs_here(void) {
  return true;
}

#elif defined(OCK_VECTOR_neon)
#include <arm_neon.h>
enum { LANES = 2 };
typedef float64x2_t vec;
typedef uint64x2_t mask;
static inline vec load(const double *p) {
  return vld1q_f64(p);
}
static inline void store(double *p, vec a) {
  vst1q_f64(p, a);
}
static inline vec broadcast(double a) {
  return vdupq_n_f64(a);
}
static inline vec add(vec a, vec b) {
  return vaddq_f64(a, b);
}
static inline vec sub(vec a, vec b) {
  return vsubq_f64(a, b);
}
static inline vec square_add(vec a, vec sum) {
  return vfmaq_f64(sum, a, a);
}
static inline vec minimum(vec a, vec b) {
  return vminq_f64(a, b);
}
static inline vec maximum(vec a, vec b) {
  return vmaxq_f64(a, b);
}
static inline vec root(vec a) {
  return vsqrtq_f64(a);
}
static inline mask less(vec a, vec b) {
  return vcltq_f64(a, b);
}
static inline vec choose(mask m, vec yes, vec no) {
  return vbslq_f64(m, yes, no);
}
static inline vec product_add(vec a, vec b, vec sum) {
  return vfmaq_f64(sum, a, b);
}
static inline vec product_sub(vec a, vec b, vec sum) {
  return vfmsq_f64(sum, a, b);
}
static inline vec mul(vec a, vec b) {
  return vmulq_f64(a, b);
}
static inline double least_lane(vec a) {
  return vminvq_f64(a);
}
static inline unsigned bits(mask m) {
  return (unsigned)((vgetq_lane_u64(m, 0) & 1) | (vgetq_lane_u64(m, 1) & 2));
}
static inline vec load_narrow(const float *p) {
  return vcvt_f64_f32(vld1_f32(p));
}
static inline vec load_part(const double *p, size_t n) {
  return n > 1 ? vld1q_f64(p) : vsetq_lane_f64(p[0], vdupq_n_f64(0), 0);
}
static inline vec load_narrow_part(const float *p, size_t n) {
  return n > 1 ? load_narrow(p) : vsetq_lane_f64((double)p[0], vdupq_n_f64(0), 0);
}
static inline void transpose(vec v[LANES]) {
  vec low = vtrn1q_f64(v[0], v[1]), high = vtrn2q_f64(v[0], v[1]);
  v[0] = low;
  v[1] = high;
}
static inline bool runs_here(void) {
  return true;
}

#else
#error "no vector operations for this instruction set"
#endif

#endif
