/* SPDX-License-Identifier: Apache-2.0 */
/* The vector kernels: one body in terms of a dozen vector operations, compiled once for each instruction set with
 * OCK_VECTOR_ISA naming the table and OCK_VECTOR_<isa> choosing the operations. Lanes are rows of a panel. */
#include <math.h>

#include "kernels/internal.h"
#include "kernels/tables.h"

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
static inline vec mul(vec a, vec b) {
  return _mm512_mul_pd(a, b);
}
static inline unsigned bits(mask m) {
  return m;
}
static inline mask same(const uint32_t *label, uint32_t j) {
  return _mm256_cmpeq_epi32_mask(_mm256_loadu_si256((const __m256i *)label), _mm256_set1_epi32((int)j));
}
static inline vec gather(const double *table, const uint32_t *index) {
  return _mm512_i32gather_pd(_mm256_loadu_si256((const __m256i *)index), table, 8);
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
static bool runs_here(void) {
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
static inline vec mul(vec a, vec b) {
  return _mm256_mul_pd(a, b);
}
static inline unsigned bits(mask m) {
  return (unsigned)_mm256_movemask_pd(m);
}
static inline mask same(const uint32_t *label, uint32_t j) {
  __m128i equal = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)label), _mm_set1_epi32((int)j));
  return _mm256_castsi256_pd(_mm256_cvtepi32_epi64(equal));
}
static inline vec gather(const double *table, const uint32_t *index) {
  return _mm256_i32gather_pd(table, _mm_loadu_si128((const __m128i *)index), 8);
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
static bool runs_here(void) {
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
static inline vec mul(vec a, vec b) {
  return _mm_mul_pd(a, b);
}
static inline unsigned bits(mask m) {
  return (unsigned)_mm_movemask_pd(m);
}
static inline mask same(const uint32_t *label, uint32_t j) {
  __m128i equal = _mm_cmpeq_epi32(_mm_loadl_epi64((const __m128i *)label), _mm_set1_epi32((int)j));
  return _mm_castsi128_pd(_mm_unpacklo_epi32(equal, equal));
}
static inline vec gather(const double *table, const uint32_t *index) {
  return _mm_setr_pd(table[index[0]], table[index[1]]);
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
static bool runs_here(void) {
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
static inline vec mul(vec a, vec b) {
  return vmulq_f64(a, b);
}
static inline unsigned bits(mask m) {
  return (unsigned)((vgetq_lane_u64(m, 0) & 1) | (vgetq_lane_u64(m, 1) & 2));
}
static inline mask same(const uint32_t *label, uint32_t j) {
  const uint64_t equal[2] = {label[0] == j ? UINT64_MAX : 0, label[1] == j ? UINT64_MAX : 0};
  return vld1q_u64(equal);
}
static inline vec gather(const double *table, const uint32_t *index) {
  const double values[2] = {table[index[0]], table[index[1]]};
  return vld1q_f64(values);
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
static bool runs_here(void) {
  return true;
}

#else
#error "no vector operations for this instruction set"
#endif

/* Store columns l ... l + n - 1 of LANES rows, which v holds one a vector, as lanes r ... of a panel. */
__attribute__((always_inline)) static inline void put_columns(vec v[LANES], size_t l, size_t n, const double *origin,
                                                              double *panel, size_t r) {
  transpose(v);
  for (size_t c = 0; c < n; c++) store(panel + (l + c) * OCK_PANEL + r, sub(v[c], broadcast(origin[l + c])));
}

static void fill_float64(const double *data, const size_t *offset, size_t d, const double *origin, double *panel) {
  vec v[LANES];
  for (size_t r = 0; r < OCK_PANEL; r += LANES) {
    size_t l = 0;
    for (; l + LANES <= d; l += LANES) {
      for (size_t lane = 0; lane < LANES; lane++) v[lane] = load(data + offset[r + lane] + l);
      put_columns(v, l, LANES, origin, panel, r);
    }
    if (l == d) continue;
    for (size_t lane = 0; lane < LANES; lane++) v[lane] = load_part(data + offset[r + lane] + l, d - l);
    put_columns(v, l, d - l, origin, panel, r);
  }
}

static void fill_float32(const float *data, const size_t *offset, size_t d, const double *origin, double *panel) {
  vec v[LANES];
  for (size_t r = 0; r < OCK_PANEL; r += LANES) {
    size_t l = 0;
    for (; l + LANES <= d; l += LANES) {
      for (size_t lane = 0; lane < LANES; lane++) v[lane] = load_narrow(data + offset[r + lane] + l);
      put_columns(v, l, LANES, origin, panel, r);
    }
    if (l == d) continue;
    for (size_t lane = 0; lane < LANES; lane++) v[lane] = load_narrow_part(data + offset[r + lane] + l, d - l);
    put_columns(v, l, d - l, origin, panel, r);
  }
}

/* Rows of a register tile (two vectors) and centroids of one: 2 x 4 sums hide the latency of square_add. */
enum { TILE_ROWS = 2 * LANES, TILE_CENTROIDS = 4 };

/* Squared distances from TILE_ROWS rows of the panel to n centroids (1 or TILE_CENTROIDS): sum[2 * j], sum[2 * j + 1].
 * Always inlined with a constant n, so that sum lives in registers. */
__attribute__((always_inline)) static inline void tile(const double *rows, size_t d, const double *centroids, size_t n,
                                                       vec *sum) {
  for (size_t j = 0; j < 2 * n; j++) sum[j] = broadcast(0);
  for (size_t l = 0; l < d; l++) {
    vec low = load(rows + l * OCK_PANEL), high = load(rows + l * OCK_PANEL + LANES);
    for (size_t j = 0; j < n; j++) {
      vec c = broadcast(centroids[j * d + l]);
      sum[2 * j] = square_add(sub(low, c), sum[2 * j]);
      sum[2 * j + 1] = square_add(sub(high, c), sum[2 * j + 1]);
    }
  }
}

/* The best two of the centroids that one vector of rows has met so far. The label is kept as a double: exact below
 * 2^53, and it can be chosen with the same mask as the distance. */
typedef struct best {
  vec nearest, second, label;
} best;

__attribute__((always_inline)) static inline void meet(best *b, vec distance, vec label) {
  b->label = choose(less(distance, b->nearest), label, b->label);
  b->second = minimum(b->second, maximum(b->nearest, distance));
  b->nearest = minimum(b->nearest, distance);
}

static inline void store_best(const best *b, uint32_t *label, double *nearest, double *second) {
  double wide[LANES];
  store(wide, b->label);
  for (size_t r = 0; r < LANES; r++) label[r] = (uint32_t)wide[r];
  store(nearest, b->nearest);
  store(second, b->second);
}

static void nearest_two(const double *panel, size_t d, const double *centroids, size_t k, uint32_t *label,
                        double *nearest, double *second) {
  for (size_t r = 0; r < OCK_PANEL; r += TILE_ROWS) {
    best low = {broadcast(INFINITY), broadcast(INFINITY), broadcast(0)}, high = low;
    vec sum[2 * TILE_CENTROIDS];
    size_t j = 0;
    for (; j + TILE_CENTROIDS <= k; j += TILE_CENTROIDS) {
      tile(panel + r, d, centroids + j * d, TILE_CENTROIDS, sum);
      for (size_t t = 0; t < TILE_CENTROIDS; t++) {
        vec number = broadcast((double)(j + t));
        meet(&low, sum[2 * t], number);
        meet(&high, sum[2 * t + 1], number);
      }
    }
    for (; j < k; j++) {
      tile(panel + r, d, centroids + j * d, 1, sum);
      meet(&low, sum[0], broadcast((double)j));
      meet(&high, sum[1], broadcast((double)j));
    }
    store_best(&low, label + r, nearest + r, second + r);
    store_best(&high, label + r + LANES, nearest + r + LANES, second + r + LANES);
  }
}

static void distances(const double *panel, size_t d, const double *centroids, size_t m, double *out) {
  for (size_t r = 0; r < OCK_PANEL; r += TILE_ROWS) {
    vec sum[2 * TILE_CENTROIDS];
    size_t j = 0;
    for (; j + TILE_CENTROIDS <= m; j += TILE_CENTROIDS) {
      tile(panel + r, d, centroids + j * d, TILE_CENTROIDS, sum);
      for (size_t t = 0; t < TILE_CENTROIDS; t++) {
        store(out + (j + t) * OCK_PANEL + r, sum[2 * t]);
        store(out + (j + t) * OCK_PANEL + r + LANES, sum[2 * t + 1]);
      }
    }
    for (; j < m; j++) {
      tile(panel + r, d, centroids + j * d, 1, sum);
      store(out + j * OCK_PANEL + r, sum[0]);
      store(out + j * OCK_PANEL + r + LANES, sum[1]);
    }
  }
}

static void own_distance(const double *panel, size_t d, const double *centroids, const uint32_t *label, double *out) {
  vec own[LANES];
  for (size_t r = 0; r < OCK_PANEL; r += LANES) {
    vec sum = broadcast(0);
    for (size_t l = 0; l < d; l += LANES) {
      size_t n = d - l < LANES ? d - l : LANES;
      for (size_t lane = 0; lane < LANES; lane++) {
        const double *centroid = centroids + label[r + lane] * d + l;
        own[lane] = n == LANES ? load(centroid) : load_part(centroid, n);
      }
      transpose(own);
      for (size_t c = 0; c < n; c++) sum = square_add(sub(load(panel + (l + c) * OCK_PANEL + r), own[c]), sum);
    }
    store(out + r, sum);
  }
}

static size_t follow(const uint32_t *label, double *upper, double *lower, size_t n, const ock_motion *motion,
                     uint32_t *suspects) {
  const vec most = broadcast(motion->most), next = broadcast(motion->next), slack = broadcast(motion->slack);
  const unsigned all = (1u << LANES) - 1;
  size_t n_suspects = 0, i = 0;
  for (; i + LANES <= n; i += LANES) {
    vec u = add(load(upper + i), gather(motion->drift, label + i));
    vec l = sub(load(lower + i), choose(same(label + i, motion->fastest), next, most));
    store(upper + i, u);
    store(lower + i, l);
    for (unsigned open = ~bits(less(mul(u, slack), l)) & all; open; open &= open - 1) {
      size_t r = i + (size_t)__builtin_ctz(open);
      suspects[n_suspects] = (uint32_t)r;
      n_suspects += !(upper[r] * motion->slack < motion->half_gap[label[r]]);
    }
  }
  size_t n_rest = ock_kernels_reference.follow(label + i, upper + i, lower + i, n - i, motion, suspects + n_suspects);
  for (size_t r = 0; r < n_rest; r++) suspects[n_suspects + r] += (uint32_t)i;
  return n_suspects + n_rest;
}

enum { STRIP_VECTORS = OCK_STRIP / LANES };

static void pair_sums(const double *strip, size_t d, const double *y, size_t m, const uint16_t *slot, size_t n_slots,
                      double *sums) {
  for (size_t j = 0; j < m; j++, y += d, slot += n_slots) {
    vec distance[STRIP_VECTORS];
    for (size_t v = 0; v < STRIP_VECTORS; v++) distance[v] = broadcast(0);
    for (size_t l = 0; l < d; l++)
      for (size_t v = 0; v < STRIP_VECTORS; v++)
        distance[v] = square_add(sub(load(strip + l * OCK_STRIP + v * LANES), broadcast(y[l])), distance[v]);
    for (size_t v = 0; v < STRIP_VECTORS; v++) distance[v] = root(distance[v]);
    for (size_t s = 0; s < n_slots; s++) {
      double *sum = sums + (size_t)slot[s] * OCK_STRIP;
      for (size_t v = 0; v < STRIP_VECTORS; v++) store(sum + v * LANES, add(load(sum + v * LANES), distance[v]));
    }
  }
}

#define TABLE_NAME_(isa) ock_kernels_##isa
#define TABLE_NAME(isa) TABLE_NAME_(isa)
#define TEXT_(isa) #isa
#define TEXT(isa) TEXT_(isa)

const ock_kernels TABLE_NAME(OCK_VECTOR_ISA) = {
    .isa = TEXT(OCK_VECTOR_ISA),
    .runs_here = runs_here,
    .fill_float64 = fill_float64,
    .fill_float32 = fill_float32,
    .nearest_two = nearest_two,
    .distances = distances,
    .own_distance = own_distance,
    .follow = follow,
    .pair_sums = pair_sums,
};
