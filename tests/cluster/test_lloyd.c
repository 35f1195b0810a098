/* SPDX-License-Identifier: Apache-2.0 */
/* The state of k-means against plain sums and searches over all rows and centres, after every kind of change. */
#include "lloyd_check.h"

static scene data;

typedef struct shape {
  size_t n, d, extra_stride, k_max;
  bool coarse, wide;
  ockham_dtype dtype;
} shape;

static void shape_data(const shape *c, ock_rng *rng) {
  scene_shape(&data, c->n, c->d, c->extra_stride ? c->d + c->extra_stride : 0, c->dtype);
  scene_draw(&data, rng, c->coarse);
}

static const shape shapes[] = {
    {1, 1, 0, 1, false, false, OCKHAM_FLOAT64},     {2, 3, 0, 2, true, true, OCKHAM_FLOAT32},
    {7, 1, 2, 7, true, false, OCKHAM_FLOAT64},      {63, 2, 0, 40, true, true, OCKHAM_FLOAT32},
    {64, 2, 1, 9, false, false, OCKHAM_FLOAT64},    {65, 5, 3, 12, true, false, OCKHAM_FLOAT64},
    {129, 3, 0, 40, false, true, OCKHAM_FLOAT64},   {300, 3, 0, 40, false, false, OCKHAM_FLOAT32},
    {1000, 2, 0, 40, true, true, OCKHAM_FLOAT64},   {1025, 20, 0, 17, true, false, OCKHAM_FLOAT32},
    {2047, 4, 1, 5, false, true, OCKHAM_FLOAT32},   {4100, 1, 0, 30, true, false, OCKHAM_FLOAT64},
    {6200, 3, 0, 25, false, false, OCKHAM_FLOAT64}, {7000, 7, 2, 20, true, true, OCKHAM_FLOAT64},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void bounds_and_sums_survive_every_change(void **state) {
  (void)state;
  static stage g;
  for (size_t c = 0; c < N_SHAPES; c++) {
    ock_rng rng = ock_rng_make(3, c);
    shape_data(&shapes[c], &rng);
    for (size_t repeat = 0; repeat < (shapes[c].n > 500 ? 1 : 10); repeat++) {
      stage_begin(&g, data.x, shapes[c].k_max, shapes[c].wide, 1 + c % 3);
      assert_true(shapes[c].n < 6144 || g.s.n_blocks > 1);
      assign_random(&g.s, &rng, 1 + ock_rng_below(&rng, shapes[c].k_max));
      check_all(&g);
      for (size_t change = 0; change < 25; change++) {
        change_once(&g.s, &rng);
        check_all(&g);
      }
      stage_end(&g);
    }
  }
}

/* Labels that do not change, or that change back and forth between centres that are as near to within rounding. */
static void runs_end_at_a_fixed_point(void **state) {
  (void)state;
  static stage g;
  for (size_t c = 0; c < N_SHAPES; c++) {
    ock_rng rng = ock_rng_make(4, c);
    shape_data(&shapes[c], &rng);
    stage_begin(&g, data.x, shapes[c].k_max, shapes[c].wide, 2);
    assign_random(&g.s, &rng, shapes[c].k_max);
    if (!ock_lloyd_run(&g.s, 1000, 0)) fail_msg("shape %zu: no convergence, k %zu", c, g.s.k);
    assert_true(g.s.n_iterations < 1000);
    check_all(&g);
    for (size_t j = 0; j < g.s.k; j++) {
      assert_true(g.s.counts[j] > 0);
      for (size_t l = 0; l < g.s.d; l++)
        assert_close(g.s.centroids[j * g.s.d + l], g.s.sums[j * g.s.d + l] / g.s.counts[j], 1e-12);
    }
    double before = g.s.inertia;
    assert_true(ock_lloyd_run(&g.s, 1000, 0));
    assert_true(g.s.inertia == before);
    stage_end(&g);
  }
}

/* Every step may only lower the inertia, but for rounding. */
static void inertia_never_rises(void **state) {
  (void)state;
  static stage g;
  for (int wide = 0; wide < 2; wide++)
    for (int coarse = 0; coarse < 2; coarse++) {
      ock_rng rng = ock_rng_make(5, (uint64_t)coarse);
      shape_data(&(shape){3000, 3, 0, 30, coarse, wide, OCKHAM_FLOAT64}, &rng);
      stage_begin(&g, data.x, 30, wide, 1);
      double rounding = stage_sum_rounding(&g.s) * g.store.squares, before = INFINITY;
      ock_lloyd_scatter(&g.s, 30, &rng);
      for (size_t step = 0; step < 300 && !ock_lloyd_run(&g.s, 1, 0); step++) {
        assert_true(g.s.inertia <= before + rounding);
        before = g.s.inertia;
      }
      assert_true(g.s.inertia <= before + rounding);
      stage_end(&g);
    }
}

/* A tolerance ends a run early, and a run that is long enough says that it converged. */
static void runs_end_when_told(void **state) {
  (void)state;
  static stage g;
  ock_rng rng = ock_rng_make(6, 0);
  shape_data(&(shape){5000, 2, 0, 12, false, false, OCKHAM_FLOAT64}, &rng);
  stage_begin(&g, data.x, 12, false, 1);
  size_t n_iterations[3];
  const double tolerance[3] = {0, 1e-4, 0.5};
  for (size_t t = 0; t < 3; t++) {
    ock_rng same = ock_rng_make(6, 1);
    ock_lloyd_scatter(&g.s, 12, &same);
    g.s.n_iterations = 0;
    assert_true(ock_lloyd_run(&g.s, 1000, tolerance[t]));
    n_iterations[t] = g.s.n_iterations;
  }
  assert_true(n_iterations[0] > n_iterations[1] && n_iterations[1] > n_iterations[2] && n_iterations[2] >= 1);
  for (size_t most = 0; most <= 12; most++) {
    ock_rng same = ock_rng_make(6, 1);
    ock_lloyd_scatter(&g.s, 12, &same);
    g.s.n_iterations = 0;
    assert_false(ock_lloyd_run(&g.s, most, 0));
    assert_in_range(g.s.n_iterations, most, 2 * most); /* steps that went too far are taken back by another */
  }
  stage_end(&g);
}

/* ---- threads ---- */

typedef struct outcome {
  size_t k;
  double inertia, centroids[SCENE_MAX_K * SCENE_MAX_COLUMNS];
  float upper[SCENE_MAX_ROWS / OCK_PANEL + 1], lower[(SCENE_MAX_ROWS / OCK_PANEL + 1) * 48];
  uint32_t label[SCENE_MAX_ROWS], row[SCENE_MAX_ROWS];
} outcome;

static void find_outcome(size_t n_threads, bool wide, outcome *o) {
  static stage g;
  memset(o, 0, sizeof *o);
  ock_rng rng = ock_rng_make(7, 1);
  stage_begin(&g, data.x, 20, wide, n_threads);
  assert_true(g.s.n_blocks > 1);
  ock_lloyd_scatter(&g.s, 20, &rng);
  ock_lloyd_run(&g.s, 5, 0);
  for (size_t c = 0; c < 25; c++) change_once(&g.s, &rng);
  o->k = g.s.k;
  o->inertia = g.s.inertia;
  memcpy(o->centroids, g.s.centroids, g.s.k * g.s.d * sizeof(double));
  memcpy(o->upper, g.s.upper, g.store.n_panels * sizeof(float));
  memcpy(o->lower, g.s.lower, g.store.n_panels * g.s.n_bounds * sizeof(float));
  memcpy(o->label, g.s.label, g.s.n * sizeof(uint32_t));
  memcpy(o->row, g.store.row, g.s.n * sizeof(uint32_t));
  stage_end(&g);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  static outcome one, many;
  const size_t n_threads[] = {2, 3, 7};
  for (int kind = 0; kind < 4; kind++) {
    ock_rng rng = ock_rng_make(7, 0);
    shape_data(&(shape){7000, 3, 0, 20, kind % 2, kind / 2, OCKHAM_FLOAT64}, &rng);
    find_outcome(1, kind / 2, &one);
    for (size_t t = 0; t < 3; t++) {
      find_outcome(n_threads[t], kind / 2, &many);
      assert_memory_equal(&one, &many, sizeof one);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_and_sums_survive_every_change),
      cmocka_unit_test(runs_end_at_a_fixed_point),
      cmocka_unit_test(inertia_never_rises),
      cmocka_unit_test(runs_end_when_told),
      cmocka_unit_test(threads_do_not_change_a_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
