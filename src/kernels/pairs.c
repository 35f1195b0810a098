/* SPDX-License-Identifier: Apache-2.0 */
/* The loops over pairs of rows, compiled once for each instruction set like vector.c. Lanes are rows of a strip. */
#include "kernels/internal.h"
#include "kernels/pairs_ops.h"
#include "kernels/tables.h"

/* Vectors of a strip in float32 and float64, and how many of its float32 vectors meet how many rows at once: 8 sums
 * hide the latency of square_add. */
enum { STRIP_NARROW = OCK_STRIP / NARROW_LANES, STRIP_WIDE = OCK_STRIP / LANES };
enum { TILE_VECTORS = STRIP_NARROW < 2 ? STRIP_NARROW : 2, TILE_ROWS = 8 / TILE_VECTORS };

/* The strip relative to the origin of a block of rows. */
static void shift_strip(const double *strip, size_t d, const double *origin, float *shifted) {
  for (size_t l = 0; l < d; l++) {
    vec o = broadcast(origin[l]);
    for (size_t r = 0; r < OCK_STRIP; r += NARROW_LANES) {
      const double *from = strip + l * OCK_STRIP + r;
      narrow_store(shifted + l * OCK_STRIP + r, from_wide(sub(load(from), o), sub(load(from + LANES), o)));
    }
  }
}

/* Distances from the rows of TILE_VECTORS vectors to n rows y. Always inlined with a constant n: sums in registers. */
__attribute__((always_inline)) static inline void tile(const float *strip, size_t d, const float *y, size_t n,
                                                       float *out) {
  narrow sum[TILE_VECTORS * TILE_ROWS];
  for (size_t i = 0; i < TILE_VECTORS * n; i++) sum[i] = narrow_broadcast(0);
  for (size_t l = 0; l < d; l++) {
    narrow row[TILE_VECTORS];
    for (size_t v = 0; v < TILE_VECTORS; v++) row[v] = narrow_load(strip + l * OCK_STRIP + v * NARROW_LANES);
    for (size_t j = 0; j < n; j++) {
      narrow other = narrow_broadcast(y[j * d + l]);
      for (size_t v = 0; v < TILE_VECTORS; v++)
        sum[j * TILE_VECTORS + v] = narrow_square_add(narrow_sub(row[v], other), sum[j * TILE_VECTORS + v]);
    }
  }
  for (size_t j = 0; j < n; j++)
    for (size_t v = 0; v < TILE_VECTORS; v++)
      narrow_store(out + j * OCK_STRIP + v * NARROW_LANES, narrow_root(sum[j * TILE_VECTORS + v]));
}

/* Distances from the strip to m rows: out is m x OCK_STRIP. */
static void strip_distances(const float *strip, size_t d, const float *y, size_t m, float *out) {
  for (size_t v = 0; v < STRIP_NARROW; v += TILE_VECTORS) {
    const float *rows = strip + v * NARROW_LANES;
    size_t j = 0;
    for (; j + TILE_ROWS <= m; j += TILE_ROWS)
      tile(rows, d, y + j * d, TILE_ROWS, out + j * OCK_STRIP + v * NARROW_LANES);
    for (; j < m; j++) tile(rows, d, y + j * d, 1, out + j * OCK_STRIP + v * NARROW_LANES);
  }
}

static void weigh(const float *weights, size_t n, float *distance) {
  for (size_t j = 0; j < n; j++) {
    narrow weight = narrow_broadcast(weights[j]);
    for (size_t v = 0; v < STRIP_NARROW; v++, distance += NARROW_LANES)
      narrow_store(distance, narrow_mul(narrow_load(distance), weight));
  }
}

/* Sums over n rows: four at a time in float32, then in float64. */
static void add_up(const float *distance, size_t n, double *sums) {
  for (size_t v = 0; v < STRIP_NARROW; v++, distance += NARROW_LANES, sums += NARROW_LANES) {
    vec low = broadcast(0), high = broadcast(0);
    size_t j = 0;
    for (; j + 4 <= n; j += 4) {
      const float *p = distance + j * OCK_STRIP;
      narrow four = narrow_add(narrow_add(narrow_load(p), narrow_load(p + OCK_STRIP)),
                               narrow_add(narrow_load(p + 2 * OCK_STRIP), narrow_load(p + 3 * OCK_STRIP)));
      low = add(low, wide_low(four));
      high = add(high, wide_high(four));
    }
    for (; j < n; j++) {
      narrow one = narrow_load(distance + j * OCK_STRIP);
      low = add(low, wide_low(one));
      high = add(high, wide_high(one));
    }
    store(sums, low);
    store(sums + LANES, high);
  }
}

#define NAME_(function, isa) ock_##function##_##isa
#define NAME(function, isa) NAME_(function, isa)

void NAME(pair_sums, OCK_VECTOR_ISA)(const double *strip, size_t d, const ock_pair_block *block, float *shifted,
                                     double *sums) {
  float distance[OCK_PAIR_ROWS * OCK_STRIP];
  size_t row = 0;
  shift_strip(strip, d, block->origin, shifted);
  strip_distances(shifted, d, block->rows, block->n_rows, distance);
  if (block->weights) weigh(block->weights, block->n_rows, distance);
  for (size_t i = 0; i < block->n_pieces; i++) {
    add_up(distance + row * OCK_STRIP, block->length[i], sums + i * OCK_STRIP);
    row += block->length[i];
  }
}

void NAME(merge_sums, OCK_VECTOR_ISA)(const double *from, size_t n, const uint32_t *into, double *sums) {
  for (size_t i = 0; i < n;) {
    vec sum[STRIP_WIDE];
    double *to = sums + (size_t)into[i] * OCK_STRIP;
    uint32_t atom = into[i];
    for (size_t v = 0; v < STRIP_WIDE; v++) sum[v] = load(to + v * LANES);
    do { /* neighbours often belong together: their sum stays in registers */
      for (size_t v = 0; v < STRIP_WIDE; v++) sum[v] = add(sum[v], load(from + v * LANES));
      from += OCK_STRIP;
    } while (++i < n && into[i] == atom);
    for (size_t v = 0; v < STRIP_WIDE; v++) store(to + v * LANES, sum[v]);
  }
}
