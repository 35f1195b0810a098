/* SPDX-License-Identifier: Apache-2.0 */
/* The state of k-means against plain sums and searches over all rows and centres, after every kind of change. */
#include "scene.h"

static scene data;

/* ---- what must always hold ---- */

/* The size of a coordinate, to which rounding is compared. */
static double scale_of(const ock_lloyd *s) {
  double scale = 1e-300;
  for (size_t i = 0; i < s->n; i++)
    for (size_t l = 0; l < s->d; l++) scale = fmax(scale, fabs(ock_rows_get(s->x, i, l) - s->origin[l]));
  for (size_t c = 0; c < s->k * s->d; c++) scale = fmax(scale, fabs(s->centroids[c]));
  return scale * sqrt((double)s->d);
}

static void check_sums(const ock_lloyd *s, double scale) {
  static double sums[SCENE_MAX_K * SCENE_MAX_COLUMNS];
  uint64_t counts[SCENE_MAX_K] = {0};
  memset(sums, 0, sizeof sums);
  for (size_t i = 0; i < s->n; i++) {
    assert_true(s->label[i] < s->k);
    counts[s->label[i]]++;
    for (size_t l = 0; l < s->d; l++) sums[s->label[i] * s->d + l] += ock_rows_get(s->x, i, l) - s->origin[l];
  }
  for (size_t j = 0; j < s->k; j++) {
    assert_int_equal(counts[j], s->counts[j]);
    for (size_t l = 0; l < s->d; l++)
      assert_true(fabs(sums[j * s->d + l] - s->sums[j * s->d + l]) <= 1e-12 * scale * (double)s->n);
  }
}

static void check_bounds(const ock_lloyd *s, double scale, bool upper_is_exact) {
  double rounding = 1e-12 * scale;
  for (size_t i = 0; i < s->n; i++) {
    double own = sqrt(plain_squared_distance(s->x, i, s->origin, s->centroids + s->label[i] * s->d));
    if (!(s->upper[i] >= own - rounding))
      fail_msg("n %zu d %zu k %zu row %zu: upper %g own %g cnt %zu", s->n, s->d, s->k, i, s->upper[i], own,
               (size_t)s->counts[s->label[i]]);
    assert_true(!upper_is_exact || s->upper[i] <= own + rounding);
    for (size_t j = 0; j < s->k; j++) {
      if (j == s->label[i]) continue;
      double other = sqrt(plain_squared_distance(s->x, i, s->origin, s->centroids + j * s->d));
      assert_true(own <= other + rounding);
      assert_true(s->lower[i] <= other + rounding);
    }
  }
}

static void check_measures(const ock_lloyd *s) {
  double within[SCENE_MAX_K] = {0}, spread[SCENE_MAX_K] = {0}, inertia = 0;
  for (size_t i = 0; i < s->n; i++) {
    double squared = plain_squared_distance(s->x, i, s->origin, s->centroids + s->label[i] * s->d);
    within[s->label[i]] += squared;
    spread[s->label[i]] += sqrt(squared);
    inertia += squared;
  }
  for (size_t j = 0; j < s->k; j++) {
    assert_close(s->within[j], within[j], 1e-11);
    assert_close(s->spread[j], spread[j], 1e-11);
  }
  assert_close(s->inertia, inertia, 1e-11);
}

static void check_all(const ock_lloyd *s, bool measured) {
  double scale = scale_of(s);
  check_sums(s, scale);
  check_bounds(s, scale, true);
  if (measured) check_measures(s);
}

/* ---- random changes ---- */

/* A row's place, an existing centre's place, or anywhere. */
static void draw_position(const ock_lloyd *s, ock_rng *rng, double *position) {
  uint64_t kind = ock_rng_below(rng, 4);
  size_t i = ock_rng_below(rng, s->n), j = ock_rng_below(rng, s->k);
  for (size_t l = 0; l < s->d; l++) {
    position[l] = ock_rows_get(s->x, i, l) - s->origin[l];
    if (kind == 1) position[l] = s->centroids[j * s->d + l];
    if (kind == 2) position[l] = 3 * ock_rng_normal(rng);
  }
}

static void assign_random(ock_lloyd *s, ock_rng *rng, size_t k) {
  static double centres[SCENE_MAX_K * SCENE_MAX_COLUMNS];
  s->k = 1; /* so that draw_position has a centre to look at */
  memset(s->centroids, 0, s->d * sizeof(double));
  for (size_t j = 0; j < k; j++) draw_position(s, rng, centres + j * s->d);
  ock_lloyd_assign(s, centres, k);
}

/* Returns whether the state is measured afterwards. */
static bool change_once(ock_lloyd *s, ock_rng *rng) {
  double position[SCENE_MAX_COLUMNS], gain;
  draw_position(s, rng, position);
  switch (ock_rng_below(rng, 7)) {
    case 0:
      if (s->k < s->k_max) ock_lloyd_insert(s, position);
      return false;
    case 1:
      if (s->k >= 2) {
        size_t a = ock_rng_below(rng, s->k), b = (a + 1 + ock_rng_below(rng, s->k - 1)) % s->k;
        ock_lloyd_merge(s, a, b);
      }
      return false;
    case 2:
      ock_lloyd_move(s, ock_rng_below(rng, s->k), position);
      return false;
    case 3:
      ock_lloyd_measure(s);
      return true;
    case 4:
      ock_lloyd_measure(s);
      if (s->k < s->k_max && ock_lloyd_propose(s, rng, 1 + ock_rng_below(rng, 4), position, &gain)) {
        assert_true(gain > 0);
        ock_lloyd_insert(s, position);
      }
      return false;
    case 5:
      ock_lloyd_run(s, ock_rng_below(rng, 4), 0);
      return true;
    default:
      ock_lloyd_run(s, 50, 0.01);
      return true;
  }
}

static void change_often(ock_lloyd *s, ock_rng *rng, size_t n_changes) {
  assign_random(s, rng, 1 + ock_rng_below(rng, s->k_max));
  check_all(s, true);
  for (size_t c = 0; c < n_changes; c++) check_all(s, change_once(s, rng));
}

typedef struct shape {
  size_t n, d, extra_stride, k_max;
  bool coarse;
  ockham_dtype dtype;
} shape;

static void shape_data(const shape *c, ock_rng *rng) {
  scene_shape(&data, c->n, c->d, c->extra_stride ? c->d + c->extra_stride : 0, c->dtype);
  scene_draw(&data, rng, c->coarse);
}

static const shape shapes[] = {
    {1, 1, 0, 1, false, OCKHAM_FLOAT64},     {2, 3, 0, 2, true, OCKHAM_FLOAT32},
    {7, 1, 2, 7, true, OCKHAM_FLOAT64},      {63, 2, 0, 40, true, OCKHAM_FLOAT32},
    {64, 2, 1, 9, false, OCKHAM_FLOAT64},    {65, 5, 3, 12, true, OCKHAM_FLOAT64},
    {300, 3, 0, 40, false, OCKHAM_FLOAT32},  {1000, 2, 0, 40, true, OCKHAM_FLOAT64},
    {1025, 20, 0, 17, true, OCKHAM_FLOAT32}, {2047, 4, 1, 5, false, OCKHAM_FLOAT32},
    {4100, 1, 0, 30, true, OCKHAM_FLOAT64},  {4500, 3, 0, 25, false, OCKHAM_FLOAT64},
    {7000, 7, 2, 20, true, OCKHAM_FLOAT64},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void bounds_and_sums_survive_every_change(void **state) {
  (void)state;
  for (size_t c = 0; c < N_SHAPES; c++) {
    ock_rng rng = ock_rng_make(3, c);
    shape_data(&shapes[c], &rng);
    ock_pool *pool;
    assert_ok(ock_pool_new(1 + c % 3, &pool, err));
    for (size_t repeat = 0; repeat < (shapes[c].n > 500 ? 1 : 10); repeat++) {
      ock_lloyd s;
      assert_ok(ock_lloyd_init(&s, data.x, shapes[c].k_max, pool, NULL, err));
      assert_true(shapes[c].n < 4096 || s.n_blocks > 1);
      change_often(&s, &rng, 15);
      ock_lloyd_clear(&s);
    }
    ock_pool_free(pool);
  }
}

static void runs_end_at_a_fixed_point(void **state) {
  (void)state;
  for (size_t c = 0; c < N_SHAPES; c++) {
    ock_rng rng = ock_rng_make(4, c);
    shape_data(&shapes[c], &rng);
    ock_pool *pool;
    ock_lloyd s;
    assert_ok(ock_pool_new(2, &pool, err));
    assert_ok(ock_lloyd_init(&s, data.x, shapes[c].k_max, pool, NULL, err));
    assign_random(&s, &rng, shapes[c].k_max);
    if (!ock_lloyd_run(&s, 1000, 0)) fail_msg("shape %zu: no convergence, k %zu, %zu its", c, s.k, s.n_iterations);
    check_all(&s, true);
    for (size_t j = 0; j < s.k; j++) {
      assert_true(s.counts[j] > 0);
      for (size_t l = 0; l < s.d; l++)
        assert_close(s.centroids[j * s.d + l], s.sums[j * s.d + l] / (double)s.counts[j], 1e-12);
    }
    double before = s.inertia;
    assert_true(ock_lloyd_run(&s, 1000, 0));
    assert_close(s.inertia, before, 1e-12);
    ock_lloyd_clear(&s);
    ock_pool_free(pool);
  }
}

/* Every step may only lower the inertia. */
static void inertia_never_rises(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(5, 0);
  shape_data(&(shape){3000, 3, 0, 30, false, OCKHAM_FLOAT64}, &rng);
  ock_pool *pool;
  ock_lloyd s;
  assert_ok(ock_pool_new(1, &pool, err));
  assert_ok(ock_lloyd_init(&s, data.x, 30, pool, NULL, err));
  ock_lloyd_seed(&s, 30, &rng);
  double before = INFINITY;
  for (bool done = false; !done; before = s.inertia) {
    done = ock_lloyd_run(&s, 1, 0);
    assert_true(s.inertia <= before * (1 + 1e-12));
  }
  ock_lloyd_clear(&s);
  ock_pool_free(pool);
}

/* ---- threads ---- */

typedef struct outcome {
  size_t k;
  double inertia, centroids[SCENE_MAX_K * SCENE_MAX_COLUMNS], upper[SCENE_MAX_ROWS], lower[SCENE_MAX_ROWS];
  uint32_t label[SCENE_MAX_ROWS];
} outcome;

static void find_outcome(size_t n_threads, outcome *o) {
  memset(o, 0, sizeof *o);
  ock_rng rng = ock_rng_make(6, 1);
  ock_pool *pool;
  ock_lloyd s;
  assert_ok(ock_pool_new(n_threads, &pool, err));
  assert_ok(ock_lloyd_init(&s, data.x, 20, pool, NULL, err));
  ock_lloyd_seed(&s, 20, &rng);
  ock_lloyd_run(&s, 5, 0);
  for (size_t c = 0; c < 12; c++) change_once(&s, &rng);
  ock_lloyd_measure(&s);
  o->k = s.k;
  o->inertia = s.inertia;
  memcpy(o->centroids, s.centroids, s.k * s.d * sizeof(double));
  memcpy(o->upper, s.upper, s.n * sizeof(double));
  memcpy(o->lower, s.lower, s.n * sizeof(double));
  memcpy(o->label, s.label, s.n * sizeof(uint32_t));
  ock_lloyd_clear(&s);
  ock_pool_free(pool);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  static outcome one, many;
  for (int coarse = 0; coarse < 2; coarse++) {
    ock_rng rng = ock_rng_make(6, 0);
    shape_data(&(shape){7000, 3, 0, 20, coarse, OCKHAM_FLOAT64}, &rng);
    find_outcome(1, &one);
    const size_t n_threads[] = {2, 3, 7};
    for (size_t t = 0; t < 3; t++) {
      find_outcome(n_threads[t], &many);
      assert_memory_equal(&one, &many, sizeof one);
    }
  }
}

/* ---- empty clusters ---- */

/* Rows of one column, and centres that need not be near any. */
static void start_line(ock_lloyd *s, ock_pool *pool, const double *rows, size_t n, const double *centres, size_t k) {
  scene_shape(&data, n, 1, 0, OCKHAM_FLOAT64);
  for (size_t i = 0; i < n; i++) scene_put(&data, i, 0, rows[i]);
  assert_ok(ock_lloyd_init(s, data.x, k, pool, NULL, err));
  for (size_t j = 0; j < k; j++) s->centroids[j] = centres[j] - s->origin[0];
  ock_lloyd_assign(s, s->centroids, k);
}

static void check_line(ock_lloyd *s, size_t max_iterations, size_t k) {
  ock_lloyd_run(s, max_iterations, 0);
  assert_int_equal(s->k, k);
  for (size_t j = 0; j < k; j++) assert_true(s->counts[j] > 0);
  check_all(s, true);
  ock_lloyd_clear(s);
}

static void empty_clusters_are_filled(void **state) {
  (void)state;
  ock_pool *pool;
  ock_lloyd s;
  assert_ok(ock_pool_new(1, &pool, err));
  for (size_t max_iterations = 0; max_iterations < 4; max_iterations++) {
    start_line(&s, pool, (double[]){1, 2, 3, 4, 5, 6}, 6, (double[]){9, 9, 9, 9}, 4);
    check_line(&s, max_iterations, 4);
    /* The farthest row is the only one of its cluster, which runs empty in turn when the row is taken. */
    start_line(&s, pool, (double[]){0, 0, 0, 10}, 4, (double[]){0, 6, 1000}, 3);
    check_line(&s, max_iterations, 2);
    start_line(&s, pool, (double[]){0, 1, 10, 20}, 4, (double[]){0.5, 6, 26, 1000}, 4);
    check_line(&s, max_iterations, 4);
  }
  ock_pool_free(pool);
}

static void too_few_distinct_rows_lower_k(void **state) {
  (void)state;
  ock_pool *pool;
  ock_lloyd s;
  assert_ok(ock_pool_new(2, &pool, err));
  start_line(&s, pool, (double[]){5, 5, 5, 5}, 4, (double[]){5, 7, 5, 5}, 4);
  check_line(&s, 10, 1);
  start_line(&s, pool, (double[]){1, 8, 1, 8, 3, 3, 3}, 7, (double[]){1, 1, 1, 1, 1, 8, 3}, 7);
  check_line(&s, 10, 3);
  start_line(&s, pool, (double[]){1, 8, 1, 8, 3, 3, 3}, 7, (double[]){1, 1, 1, 1, 1, 1, 1}, 7);
  check_line(&s, 0, 3);
  ock_pool_free(pool);
}

static void seeds_are_distinct_rows(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(7, 0);
  shape_data(&(shape){500, 2, 0, 40, true, OCKHAM_FLOAT32}, &rng); /* a grid of 16 places */
  ock_pool *pool;
  ock_lloyd s;
  double position[2], gain;
  assert_ok(ock_pool_new(1, &pool, err));
  assert_ok(ock_lloyd_init(&s, data.x, 40, pool, NULL, err));
  ock_lloyd_seed(&s, 40, &rng);
  assert_int_equal(s.k, 16);
  check_all(&s, false);
  for (size_t i = 0; i < s.n; i++) assert_true(s.upper[i] == 0);
  ock_lloyd_measure(&s);
  assert_true(s.inertia == 0);
  assert_false(ock_lloyd_propose(&s, &rng, 3, position, &gain));
  ock_lloyd_clear(&s);
  ock_pool_free(pool);
}

/* The gain that is promised is the drop of the inertia. */
static void proposals_keep_their_promise(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(8, 0);
  shape_data(&(shape){5000, 4, 0, 10, false, OCKHAM_FLOAT64}, &rng);
  ock_pool *pool;
  ock_lloyd s;
  double position[4], gain;
  assert_ok(ock_pool_new(2, &pool, err));
  assert_ok(ock_lloyd_init(&s, data.x, 10, pool, NULL, err));
  ock_lloyd_seed(&s, 1, &rng);
  while (s.k < 10) {
    double before = s.inertia;
    assert_true(ock_lloyd_propose(&s, &rng, OCK_MAX_CANDIDATES + 5, position, &gain));
    ock_lloyd_insert(&s, position);
    ock_lloyd_measure(&s);
    assert_close(before - gain, s.inertia, 1e-12);
  }
  ock_lloyd_clear(&s);
  ock_pool_free(pool);
}

static void memory_runs_out(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(9, 0);
  shape_data(&(shape){5000, 20, 0, 40, false, OCKHAM_FLOAT64}, &rng);
  ock_pool *pool;
  assert_ok(ock_pool_new(3, &pool, err));
  for_each_allocation_failure(n) {
    ock_lloyd s;
    ockham_error err;
    ock_fault_after(n);
    ockham_status status = ock_lloyd_init(&s, data.x, 40, pool, NULL, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (!status) ock_lloyd_clear(&s);
  }
  ock_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_and_sums_survive_every_change),
      cmocka_unit_test(runs_end_at_a_fixed_point),
      cmocka_unit_test(inertia_never_rises),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(empty_clusters_are_filled),
      cmocka_unit_test(too_few_distinct_rows_lower_k),
      cmocka_unit_test(seeds_are_distinct_rows),
      cmocka_unit_test(proposals_keep_their_promise),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
