/* SPDX-License-Identifier: Apache-2.0 */
/* The search for nearest centres: one body, compiled for floats (OCK_ELEMENT_float) and for doubles, once for each
 * instruction set. Half a squared distance is |x|^2 / 2 + |c|^2 / 2 - x c, one fused step a coordinate; what that
 * cancels is bounded by `rounding`, which callers hold against differences that matter. Lanes are rows of a panel. */
#include <math.h>
#include <string.h>

#include "kernels/internal.h"
#include "kernels/tables.h"
#ifdef OCK_ELEMENT_float
#include "kernels/float_ops.h"
#else
#include "kernels/vector_ops.h"
#endif
#include "kernels/panel_ops.h"

/* Centres of a tile, and vectors of rows: as many sums as there are registers for, so that rows are loaded seldom; at
 * least eight hide the latency of a product. */
enum { TILE_CENTRES = 6, PANEL_VECTORS = OCK_PANEL / LANES, MOST_AT_ONCE = 128, CHUNK_BYTES = 24576 };
#if defined(OCK_VECTOR_avx512) || defined(OCK_VECTOR_neon)
enum { WIDE_TILE = 4 };
#else
enum { WIDE_TILE = 2 };
#endif
#define LESSER(a, b) ((a) < (b) ? (a) : (b))
#define TILE_VECTORS(n) ((n) > 2 ? WIDE_TILE : (n) == 2 ? LESSER(4, PANEL_VECTORS) : LESSER(8, PANEL_VECTORS))

/* Bounds are floats; this factor keeps them bounds when they are rounded to that. */
static const float outward = 1 + 0x1p-20f, inward = 1 - 0x1p-20f;

/* Where coordinate 0 of row r stands: a strip holds its rows' coordinates side by side, so that a tile of rows is read
 * from one end to the other. */
static inline size_t place(size_t d, size_t r) {
  return r / OCK_STRIP * OCK_STRIP * d + r % OCK_STRIP;
}

/* The nearest of the centres met so far, and the one after it, for one vector of rows. Numbers of centres are elements:
 * exact below 2^24, and chosen with the same masks as distances. */
typedef struct best {
  vec nearest, second, which, runner_up;
} best;

__attribute__((always_inline)) static inline void meet(best *b, vec distance, vec number, bool two) {
  mask first = less(distance, b->nearest);
  if (two) {
    mask second = less(distance, b->second);
    b->runner_up = choose(first, b->which, choose(second, number, b->runner_up));
    b->second = minimum(b->second, maximum(b->nearest, distance));
  }
  b->which = choose(first, number, b->which);
  b->nearest = minimum(b->nearest, distance);
}

/* What all rows of the panel have met so far. */
typedef struct standings {
  element nearest[OCK_PANEL], second[OCK_PANEL], which[OCK_PANEL], runner_up[OCK_PANEL];
} standings;

__attribute__((always_inline)) static inline best load_best(const standings *s, size_t r, bool two) {
  best b = {.nearest = load(s->nearest + r), .which = load(s->which + r)};
  b.second = two ? load(s->second + r) : b.nearest;
  b.runner_up = two ? load(s->runner_up + r) : b.which;
  return b;
}

__attribute__((always_inline)) static inline void store_best(standings *s, size_t r, const best *b, bool two) {
  store(s->nearest + r, b->nearest);
  store(s->which + r, b->which);
  if (!two) return;
  store(s->second + r, b->second);
  store(s->runner_up + r, b->runner_up);
}

/* v vectors of rows from r on meet n centres from j on; least[t] is lowered to the least distance of each lane. Always
 * inlined with constants, so that sums live in registers. */
__attribute__((always_inline)) static inline void meet_tile(const ock_contest *c, size_t r, size_t v, size_t j,
                                                            size_t n, best *b, vec *least, bool two) {
  const element *half_square = (const element *)c->half_squares + r, *half_norm = (const element *)c->half_norms + j;
  const element *centres = (const element *)c->centres + j * c->d, *rows[8];
  vec sum[TILE_CENTRES * WIDE_TILE];
  for (size_t q = 0; q < v; q++) rows[q] = (const element *)c->panel + place(c->d, r + q * LANES);
  for (size_t t = 0; t < n; t++) {
    vec norm = broadcast(half_norm[t]);
    for (size_t q = 0; q < v; q++) sum[t * v + q] = add(load(half_square + q * LANES), norm);
  }
  for (size_t l = 0; l < c->d; l++) {
    vec x[8];
    for (size_t q = 0; q < v; q++) x[q] = load(rows[q] + l * OCK_STRIP);
    for (size_t t = 0; t < n; t++) {
      vec centre = broadcast(centres[t * c->d + l]);
      for (size_t q = 0; q < v; q++) sum[t * v + q] = product_sub(x[q], centre, sum[t * v + q]);
    }
  }
  for (size_t t = 0; t < n; t++) {
    vec number = broadcast((element)(j + t)), smallest = sum[t * v];
    for (size_t q = 0; q < v; q++) {
      meet(&b[q], sum[t * v + q], number, two);
      smallest = minimum(smallest, sum[t * v + q]);
    }
    if (least) least[t] = minimum(least[t], smallest);
  }
}

/* All rows of the panel meet n centres from j on. */
__attribute__((always_inline)) static inline void meet_few(const ock_contest *c, size_t j, size_t n, standings *s,
                                                           vec *least, bool two) {
  best b[8];
  for (size_t r = 0; r < OCK_PANEL; r += TILE_VECTORS(n) * LANES) {
    for (size_t q = 0; q < TILE_VECTORS(n); q++) b[q] = load_best(s, r + q * LANES, two);
    meet_tile(c, r, TILE_VECTORS(n), j, n, b, least, two);
    for (size_t q = 0; q < TILE_VECTORS(n); q++) store_best(s, r + q * LANES, &b[q], two);
  }
}

/* Centres are met in chunks that stay in the first-level cache while the panel passes by. */
static size_t choose_chunk(size_t d) {
  size_t n = CHUNK_BYTES / (d * sizeof(element)) / TILE_CENTRES * TILE_CENTRES;
  return n < TILE_CENTRES ? TILE_CENTRES : n > MOST_AT_ONCE ? MOST_AT_ONCE : n;
}

__attribute__((always_inline)) static inline void meet_chunk(const ock_contest *c, size_t first, size_t end,
                                                             standings *s, vec *least, bool two) {
  size_t whole = first + (end - first) / TILE_CENTRES * TILE_CENTRES, n_rest = end - whole;
  for (size_t r = 0; r < OCK_PANEL && whole > first; r += WIDE_TILE * LANES) {
    best b[WIDE_TILE];
    for (size_t q = 0; q < WIDE_TILE; q++) b[q] = load_best(s, r + q * LANES, two);
    for (size_t j = first; j < whole; j += TILE_CENTRES)
      meet_tile(c, r, WIDE_TILE, j, TILE_CENTRES, b, least ? least + (j - first) : NULL, two);
    for (size_t q = 0; q < WIDE_TILE; q++) store_best(s, r + q * LANES, &b[q], two);
  }
  vec *rest = least ? least + (whole - first) : NULL;
  if (n_rest == 5) meet_few(c, whole, 5, s, rest, two);
  if (n_rest == 4) meet_few(c, whole, 4, s, rest, two);
  if (n_rest == 3) meet_few(c, whole, 3, s, rest, two);
  if (n_rest == 2) meet_few(c, whole, 2, s, rest, two);
  if (n_rest == 1) meet_few(c, whole, 1, s, rest, two);
}

static void begin(standings *s) {
  for (size_t r = 0; r < OCK_PANEL; r++) {
    s->nearest[r] = s->second[r] = (element)INFINITY;
    s->which[r] = s->runner_up[r] = 0;
  }
}

/* From half a squared distance to bounds on the distance itself; n is padded to whole vectors in both arrays. */
#ifdef OCK_ELEMENT_float
static void bound_below(const element *half, size_t n, element rounding, float *bound) {
  const vec none = broadcast(0), two = broadcast(2), slack = broadcast(-2 * rounding), factor = broadcast(inward);
  for (size_t j = 0; j < n; j += LANES)
    store(bound + j, mul(root(maximum(add(mul(load(half + j), two), slack), none)), factor));
}
#else
static void bound_below(const element *half, size_t n, element rounding, float *bound) {
  for (size_t j = 0; j < n; j++) {
    double squared = 2 * (half[j] - rounding);
    bound[j] = (float)sqrt(squared > 0 ? squared : 0) * inward;
  }
}
#endif

static float bound_above(element half, double rounding) {
  double squared = 2 * ((double)half + rounding);
  return squared > 0 ? (float)sqrt(squared) * outward : squared <= 0 ? 0 : INFINITY; /* of NaN nothing is known */
}

/* Meet all centres; least as in the table, or NULL. */
__attribute__((always_inline)) static inline void meet_all(const ock_contest *c, standings *s, float *least, bool two) {
  vec lanes[MOST_AT_ONCE];
  element halves[MOST_AT_ONCE];
  float bounds[MOST_AT_ONCE];
  size_t chunk = choose_chunk(c->d);
  begin(s);
  for (size_t first = 0; first < c->m; first += chunk) {
    size_t end = c->m - first < chunk ? c->m : first + chunk;
    for (size_t j = 0; least && j < end - first; j++) lanes[j] = broadcast((element)INFINITY);
    meet_chunk(c, first, end, s, least ? lanes : NULL, two);
    if (!least) continue;
    for (size_t j = 0; j < end - first; j++) halves[j] = least_lane(lanes[j]);
    for (size_t j = end - first; j % LANES; j++) halves[j] = 0;
    bound_below(halves, end - first, (element)c->rounding, bounds);
    memcpy(least + first, bounds, (end - first) * sizeof(float));
  }
}

static void nearest(const ock_contest *c, uint32_t *which, float *least, float *upper) {
  standings s;
  meet_all(c, &s, least, false);
  for (size_t r = 0; r < OCK_PANEL; r++) which[r] = (uint32_t)s.which[r];
  *upper = bound_above(largest_of(s.nearest), c->rounding);
}

static uint64_t nearest_two(const ock_contest *c, uint32_t *which, uint32_t *runner_up, float *gap, float *least,
                            float reach[2]) {
  standings s;
  uint64_t doubtful = 0;
  if (least)
    meet_all(c, &s, least, true);
  else
    meet_all(c, &s, NULL, true);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    which[r] = (uint32_t)s.which[r];
    runner_up[r] = (uint32_t)s.runner_up[r];
    gap[r] = (float)(s.second[r] - s.nearest[r]);
    doubtful |= (uint64_t) !((double)s.second[r] - (double)s.nearest[r] > 2 * c->rounding) << r;
  }
  if (!least) return doubtful;
  reach[0] = bound_above(largest_of(s.nearest), c->rounding);
  reach[1] = bound_above(largest_of(s.second), c->rounding);
  return doubtful;
}

/* ---- one side of a plane ---- */

/* The parts of a sum over rows. */
typedef struct parts {
  vec v[STRIP_VECTORS];
} parts;

static inline parts no_parts(void) {
  parts sum;
  for (size_t q = 0; q < STRIP_VECTORS; q++) sum.v[q] = broadcast(0);
  return sum;
}

/* The weights of SIDE_ROWS rows from r on where they are on this side; 0 for the others. */
enum { SIDE_VECTORS = 4, SIDE_ROWS = SIDE_VECTORS * LANES };
static inline void keep_one_side(const element *panel, size_t d, size_t r, const element *direction, vec limit,
                                 element *weight) {
  const element *rows[SIDE_VECTORS];
  vec along[SIDE_VECTORS];
  for (size_t q = 0; q < SIDE_VECTORS; q++) {
    rows[q] = panel + place(d, r + q * LANES);
    along[q] = broadcast(0);
  }
  for (size_t l = 0; l < d; l++) {
    vec c = broadcast(direction[l]);
    for (size_t q = 0; q < SIDE_VECTORS; q++) along[q] = product_add(load(rows[q] + l * OCK_STRIP), c, along[q]);
  }
  for (size_t q = 0; q < SIDE_VECTORS; q++)
    store(weight + r + q * LANES, choose(less(limit, along[q]), load(weight + r + q * LANES), broadcast(0)));
}

static double take_side(const void *panel, size_t d, const void *normal, double threshold, const uint32_t *label,
                        uint32_t j, const void *weights, double *sums) {
  const element *x = panel, *given = weights;
  element weight[OCK_PANEL];
  parts total = no_parts();
  for (size_t r = 0; r < OCK_PANEL; r++) weight[r] = label[r] == j ? 1 : 0;
  for (size_t r = 0; given && r < OCK_PANEL; r++) weight[r] *= given[r];
  for (size_t r = 0; r < OCK_PANEL; r += SIDE_ROWS)
    keep_one_side(x, d, r, normal, broadcast((element)threshold), weight);
  for (size_t r = 0; r < OCK_PANEL; r += OCK_STRIP)
    for (size_t q = 0; q < STRIP_VECTORS; q++) total.v[q] = add(total.v[q], load(weight + r + q * LANES));
  element count = sum_parts(total.v);
  for (size_t l = 0; l < d && count > 0; l++) {
    parts sum = no_parts();
    for (size_t r = 0; r < OCK_PANEL; r += OCK_STRIP)
      for (size_t q = 0; q < STRIP_VECTORS; q++)
        sum.v[q] =
            product_add(load(x + place(d, r) + l * OCK_STRIP + q * LANES), load(weight + r + q * LANES), sum.v[q]);
    sums[l] += (double)sum_parts(sum.v);
  }
  return (double)count;
}

static double sum_panel(const void *panel, const void *half_squares, size_t d, double *sums) {
  const element *x = panel, *half_square = half_squares;
  for (size_t l = 0; l < d; l++) {
    parts sum = no_parts();
    for (size_t r = 0; r < OCK_PANEL; r += OCK_STRIP)
      for (size_t q = 0; q < STRIP_VECTORS; q++)
        sum.v[q] = add(sum.v[q], load(x + place(d, r) + l * OCK_STRIP + q * LANES));
    sums[l] += (double)sum_parts(sum.v);
  }
  double squares = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) squares += (double)half_square[r];
  return 2 * squares;
}

/* ---- bounds: floats whatever the elements are ---- */

#ifdef OCK_ELEMENT_float
size_t OCK_CARRY(OCK_VECTOR_ISA)(float *lower, float *upper, const float *drift, size_t k, uint32_t *within_reach,
                                 float *most) {
  vec reach = broadcast(*upper), fastest = broadcast(0);
  const vec shrink = broadcast(1 - 0x1p-22f), none = broadcast(0);
  for (size_t j = 0; j < k; j += LANES)
    fastest = maximum(fastest, choose(less(reach, load(lower + j)), none, load(drift + j)));
  float lane[LANES];
  store(lane, fastest);
  for (size_t i = 1; i < LANES; i++) lane[0] = lane[i] > lane[0] ? lane[i] : lane[0];
  *upper = *upper * (1 + 0x1p-22f) + lane[0];
  reach = broadcast(*upper);
  fastest = none;
  size_t n = 0;
  for (size_t j = 0; j < k; j += LANES) {
    vec motion = load(drift + j), bound = add(mul(load(lower + j), shrink), mul(motion, broadcast(-1)));
    mask out = less(reach, bound);
    store(lower + j, bound);
    fastest = maximum(fastest, choose(out, none, motion));
    for (unsigned in = ~bits(out) & ((1u << LANES) - 1); in; in &= in - 1)
      within_reach[n++] = (uint32_t)(j + (size_t)__builtin_ctz(in));
  }
  store(lane, fastest);
  for (size_t i = 1; i < LANES; i++) lane[0] = lane[i] > lane[0] ? lane[i] : lane[0];
  *most = lane[0];
  return n;
}
#endif

#define NAME__(isa, type) ock_search_##isa##_##type
#define NAME_(isa, type) NAME__(isa, type)

const ock_search_kernels NAME_(OCK_VECTOR_ISA, OCK_ELEMENT) = {
    .element_bytes = sizeof(element),
    .nearest = nearest,
    .nearest_two = nearest_two,
    .take_side = take_side,
    .sum_panel = sum_panel,
};
