/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a state of k-means after every change, by plain sums and searches over all rows and centres. */
#ifndef OCK_TEST_LLOYD_CHECK_H
#define OCK_TEST_LLOYD_CHECK_H

#include "cluster/lloyd.h"
#include "scene.h"

/* Data, its frame and store, and a state on them. */
typedef struct stage {
  ock_frame frame;
  ock_store store;
  ock_pool *pool;
  ock_lloyd s;
  double most_rounding; /* of half a squared distance, whenever one was computed */
} stage;

static inline void stage_begin(stage *g, ockham_rows x, size_t k_max, bool wide, size_t n_threads) {
  *g = (stage){0};
  assert_ok(ock_pool_new(n_threads, &g->pool, err));
  assert_ok(ock_frame_init(&g->frame, x, g->pool, err));
  assert_ok(ock_store_init(&g->store, &g->frame, x, NULL, x.n_rows, wide, g->pool, err));
  assert_ok(ock_lloyd_init(&g->s, &g->store, k_max, 1, g->pool, NULL, err));
}

static inline void stage_end(stage *g) {
  ock_lloyd_clear(&g->s);
  ock_store_clear(&g->store);
  ock_frame_clear(&g->frame);
  ock_pool_free(g->pool);
}

static inline void stage_row(const ock_store *store, size_t i, double *row) {
  for (size_t l = 0; l < store->d; l++)
    row[l] = ock_element(ock_store_panel(store, i / OCK_PANEL), ock_strip_place(store->d, i % OCK_PANEL, l),
                         ock_store_is_wide(store));
}

/* Rounding of the sums that a state keeps, relative to the sum of the sizes of what is added: panels are added up in
 * elements first. */
static inline double stage_sum_rounding(const ock_lloyd *s) {
  return ock_store_is_wide(s->store) ? 1e-12 : 32 * 0x1p-24;
}

/* The places of the store hold each row of the data once. */
static inline void check_permutation(const ock_store *store) {
  static bool seen[SCENE_MAX_ROWS];
  memset(seen, 0, sizeof seen);
  for (size_t i = 0; i < store->n; i++) {
    assert_true(store->row[i] < store->frame->n && !seen[store->row[i]]);
    seen[store->row[i]] = true;
  }
}

typedef struct plain_sums {
  double sums[SCENE_MAX_K * SCENE_MAX_COLUMNS], squares[SCENE_MAX_K], inertia, total_squares;
  double total[SCENE_MAX_COLUMNS]; /* of sizes, over all rows */
  uint64_t counts[SCENE_MAX_K];
} plain_sums;

static inline void add_rows(const ock_lloyd *s, plain_sums *p) {
  double row[SCENE_MAX_COLUMNS];
  memset(p, 0, sizeof *p);
  for (size_t i = 0; i < s->n; i++) {
    size_t j = s->label[i];
    assert_true(j < s->k);
    stage_row(s->store, i, row);
    p->counts[j]++;
    for (size_t l = 0; l < s->d; l++) {
      p->sums[j * s->d + l] += row[l];
      p->squares[j] += row[l] * row[l];
      p->total[l] += fabs(row[l]);
      p->total_squares += row[l] * row[l];
    }
  }
  for (size_t i = 0; i < s->n; i++) {
    size_t j = s->label[i];
    stage_row(s->store, i, row);
    for (size_t l = 0; l < s->d; l++) {
      double difference = row[l] - p->sums[j * s->d + l] / (double)p->counts[j];
      p->inertia += difference * difference;
    }
  }
}

static inline void check_sums(const ock_lloyd *s) {
  static plain_sums p;
  double rounding = stage_sum_rounding(s), sizes = 0;
  add_rows(s, &p);
  for (size_t j = 0; j < s->k; j++) {
    assert_true(s->counts[j] == (double)p.counts[j]);
    if (!(fabs(s->squares[j] - p.squares[j]) <= rounding * p.total_squares))
      fail_msg("squares of cluster %zu: %.17g, not %.17g", j, s->squares[j], p.squares[j]);
    for (size_t l = 0; l < s->d; l++)
      if (!(fabs(s->sums[j * s->d + l] - p.sums[j * s->d + l]) <= rounding * p.total[l]))
        fail_msg("sum of cluster %zu, column %zu: %.17g, not %.17g", j, l, s->sums[j * s->d + l], p.sums[j * s->d + l]);
    sizes += s->counts[j];
  }
  assert_true(sizes == (double)s->n);
  if (!(fabs(s->inertia - p.inertia) <= 4 * rounding * p.total_squares))
    fail_msg("inertia %.17g, not %.17g, of %g", s->inertia, p.inertia, p.total_squares);
}

/* Squared distances as searches see them: rows and centres as elements. */
static inline double seen_distance(const ock_lloyd *s, const double *row, size_t j) {
  double sum = 0;
  for (size_t l = 0; l < s->d; l++) {
    double difference = row[l] - ock_element(s->centres, j * s->d + l, ock_store_is_wide(s->store));
    sum += difference * difference;
  }
  return sum;
}

static inline void check_bounds(stage *g) {
  ock_lloyd *s = &g->s;
  double row[SCENE_MAX_COLUMNS];
  for (size_t p = 0; p < s->store->n_panels; p++)
    g->most_rounding = fmax(g->most_rounding, ock_contest_rounding(s->store->search->element_bytes, s->d,
                                                                   (double)s->store->reach[p], s->reach));
  for (size_t i = 0; i < s->n; i++) {
    const float *lower = ock_lloyd_lower(s, i / OCK_PANEL);
    double upper = (double)s->upper[i / OCK_PANEL];
    stage_row(s->store, i, row);
    double own = seen_distance(s, row, s->label[i]);
    if (!(sqrt(own) * (1 - 1e-12) <= upper))
      fail_msg("n %zu d %zu k %zu row %zu: upper %.9g own %.9g", s->n, s->d, s->k, i, upper, sqrt(own));
    for (size_t j = 0; j < s->k; j++) {
      double other = seen_distance(s, row, j);
      if (!(own <= other + 4 * g->most_rounding))
        fail_msg("n %zu d %zu k %zu row %zu: nearer to %zu (%.9g) than to %u (%.9g)", s->n, s->d, s->k, i, j,
                 sqrt(other), s->label[i], sqrt(own));
      if (!((double)lower[j] <= sqrt(other) * (1 + 1e-12)))
        fail_msg("n %zu d %zu k %zu row %zu: lower %.9g, centre %zu %.9g", s->n, s->d, s->k, i, (double)lower[j], j,
                 sqrt(other));
    }
    for (size_t j = s->k; i % OCK_PANEL == 0 && j < s->n_bounds; j++) assert_true(isinf(lower[j]) && lower[j] > 0);
  }
}

static inline void check_all(stage *g) {
  assert_true(g->s.k >= 1 && g->s.k <= g->s.k_max);
  check_permutation(&g->store);
  check_sums(&g->s);
  check_bounds(g);
}

/* ---- random changes ---- */

/* A row's place, an existing centre's place, or anywhere. */
static inline void draw_position(const ock_lloyd *s, ock_rng *rng, double *position) {
  uint64_t kind = ock_rng_below(rng, 4);
  size_t j = ock_rng_below(rng, s->k + (s->k == 0));
  stage_row(s->store, ock_rng_below(rng, s->n), position);
  for (size_t l = 0; l < s->d; l++) {
    if (kind == 1 && s->k > 0) position[l] = s->centroids[j * s->d + l];
    if (kind == 2) position[l] = 0.6 * ock_rng_normal(rng);
  }
}

static inline void assign_random(ock_lloyd *s, ock_rng *rng, size_t k) {
  static double centres[SCENE_MAX_K * SCENE_MAX_COLUMNS];
  for (size_t j = 0; j < k; j++) draw_position(s, rng, centres + j * s->d);
  ock_lloyd_assign(s, centres, k);
}

static inline void split_best(ock_lloyd *s) {
  size_t j = ock_lloyd_best_cut(s, OCK_LLOYD_NONE, OCK_LLOYD_NONE);
  assert_true(j < s->k && s->cuts[j].gain >= 0);
  if (s->cuts[j].gain > 0) ock_lloyd_split(s, j);
}

static inline void merge_random(ock_lloyd *s, ock_rng *rng) {
  size_t a = ock_rng_below(rng, s->k), b = (a + 1 + ock_rng_below(rng, s->k - 1)) % s->k;
  if (ock_rng_below(rng, 2)) ock_lloyd_cheapest_merge(s, &a, &b);
  ock_lloyd_merge(s, a, b);
}

static inline void change_once(ock_lloyd *s, ock_rng *rng) {
  switch (ock_rng_below(rng, 10)) {
    case 0:
    case 1:
      if (s->k < s->k_max) split_best(s);
      break;
    case 2:
    case 3:
      if (s->k >= 2) merge_random(s, rng);
      break;
    case 4: {
      size_t k = s->k;
      ock_lloyd_trade(s, ock_rng_uniform(rng));
      assert_int_equal(s->k, k);
      break;
    }
    case 5:
      ock_lloyd_run(s, ock_rng_below(rng, 4), 0);
      break;
    case 6:
      ock_lloyd_run(s, 50, 0.001);
      break;
    case 7:
      assert_true(ock_lloyd_regroup(s));
      break;
    case 8:
      assign_random(s, rng, 1 + ock_rng_below(rng, s->k_max));
      break;
    default:
      if (ock_rng_below(rng, 2))
        ock_lloyd_scatter(s, 1 + ock_rng_below(rng, s->k_max), rng);
      else
        ock_lloyd_grow(s, 1 + ock_rng_below(rng, s->k_max));
  }
}

#endif
