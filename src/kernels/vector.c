/* SPDX-License-Identifier: Apache-2.0 */
/* The vector kernels: one body in terms of a dozen vector operations, compiled once for each instruction set with
 * OCK_VECTOR_ISA naming the table and OCK_VECTOR_<isa> choosing the operations. Lanes are rows of a panel. */
#include <math.h>

#include "kernels/internal.h"
#include "kernels/tables.h"
#include "kernels/vector_ops.h"

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

#define SEARCH_NAME_(isa, type) ock_search_##isa##_##type
#define SEARCH_NAME(isa, type) SEARCH_NAME_(isa, type)
#define TABLE_NAME_(isa) ock_kernels_##isa
#define TABLE_NAME(isa) TABLE_NAME_(isa)
#define LOOP_(function, isa) ock_##function##_##isa
#define LOOP(function, isa) LOOP_(function, isa)
#define TEXT_(isa) #isa
#define TEXT(isa) TEXT_(isa)

const ock_kernels TABLE_NAME(OCK_VECTOR_ISA) = {
    .isa = TEXT(OCK_VECTOR_ISA),
    .runs_here = runs_here,
    .narrow = &SEARCH_NAME(OCK_VECTOR_ISA, float),
    .wide = &SEARCH_NAME(OCK_VECTOR_ISA, double),
    .carry = OCK_CARRY(OCK_VECTOR_ISA),
    .fill_float64 = fill_float64,
    .fill_float32 = fill_float32,
    .nearest_two = nearest_two,
    .distances = distances,
    .own_distance = own_distance,
    .pair_sums = LOOP(pair_sums, OCK_VECTOR_ISA),
    .merge_sums = LOOP(merge_sums, OCK_VECTOR_ISA),
    .log_density = LOOP(log_density, OCK_VECTOR_ISA),
    .add_moments = LOOP(add_moments, OCK_VECTOR_ISA),
    .add_projected = LOOP(add_projected, OCK_VECTOR_ISA),
    .weigh_tail = LOOP(weigh_tail, OCK_VECTOR_ISA),
    .range = LOOP(range, OCK_VECTOR_ISA),
    .posterior = LOOP(posterior, OCK_VECTOR_ISA),
};
