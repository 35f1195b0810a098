/* SPDX-License-Identifier: Apache-2.0 */
/* The exact passes against a plain k-means in doubles. */
#include "scene.h"

static scene data;
static ock_pool *pool;
static ock_frame frame;
static uint32_t label[SCENE_MAX_ROWS];

/* Row i in the frame's units. */
static void unit_row(size_t i, double *row) {
  for (size_t l = 0; l < frame.d; l++) row[l] = (ock_rows_get(data.x, i, l) - frame.origin[l]) * frame.unit;
}

static void allocate(ock_fit *fit, size_t k) {
  ock_fit_init(fit);
  assert_true(ock_fit_allocate(fit, k, frame.d));
}

/* A fit at k rows, drawn at random and different where that is easy. */
static void begin_at_rows(ock_fit *fit, size_t k, ock_rng *rng) {
  allocate(fit, k);
  for (size_t j = 0, tries = 0; j < k; tries++) {
    double *centroid = fit->centroids + j * frame.d;
    bool is_new = true;
    unit_row(ock_rng_below(rng, frame.n), centroid);
    for (size_t i = 0; i < j; i++)
      is_new = is_new && ock_squared_distance(centroid, fit->centroids + i * frame.d, frame.d) > 0;
    j += is_new || tries > 1000;
  }
}

static void settle(ock_fit *fit, const ock_settle_options *options) {
  ockham_work work = {0};
  assert_ok(ock_settle(data.x, &frame, &fit, 1, options, pool, NULL, &work, err));
  if (fit->centroids) assert_true(work.distances >= fit->n_passes * frame.n * fit->k);
}

/* Everything that a settled fit says, for these labels (every `stride`-th). exact: the arithmetic of distances is. */
typedef struct claims {
  const ock_fit *fit;
  bool silhouettes, exact;
  bool rough; /* it ended by a tolerance */
} claims;

static void check_label(const claims *c, const double *row, uint32_t found, double *own, double *other) {
  size_t k = c->fit->k, best = 0;
  double least = INFINITY;
  *other = INFINITY;
  for (size_t j = 0; j < k; j++) {
    double squared = ock_squared_distance(row, c->fit->centroids + j * frame.d, frame.d);
    if (j == found) *own = squared;
    if (j != found) *other = fmin(*other, squared);
    if (!(squared < least)) continue;
    least = squared;
    best = j;
  }
  if (best != found && (c->exact || !(*own - least <= 1e-14 * (double)frame.d * least)))
    fail_msg("k %zu: label %u at %.17g, but %zu at %.17g", k, found, *own, best, least);
}

static void check_settled(const claims *c) {
  static double within[SCENE_MAX_K], spread[SCENE_MAX_K], sums[SCENE_MAX_K * SCENE_MAX_COLUMNS];
  static double silhouette[SCENE_MAX_K];
  uint64_t sizes[SCENE_MAX_K] = {0};
  const ock_fit *fit = c->fit;
  double row[SCENE_MAX_COLUMNS], inertia = 0, total_silhouette = 0;
  memset(within, 0, sizeof within);
  memset(spread, 0, sizeof spread);
  memset(sums, 0, sizeof sums);
  memset(silhouette, 0, sizeof silhouette);
  assert_true(fit->settled && fit->centroids && fit->k <= SCENE_MAX_K);
  for (size_t i = 0; i < frame.n; i++) {
    double own = 0, other;
    size_t j = label[i];
    assert_true(j < fit->k);
    unit_row(i, row);
    check_label(c, row, label[i], &own, &other);
    sizes[j]++;
    within[j] += own;
    spread[j] += sqrt(own);
    inertia += own;
    if (other > 0) silhouette[j] += 1 - sqrt(own) / sqrt(other);
    for (size_t l = 0; l < frame.d; l++) sums[j * frame.d + l] += row[l];
  }
  for (size_t j = 0; j < fit->k; j++) {
    assert_true(sizes[j] > 0 && sizes[j] == fit->sizes[j] && (j == 0 || sizes[j] <= sizes[j - 1]));
    assert_true(fabs(fit->within[j] - within[j]) <= 1e-12 * within[j]);
    assert_true(fabs(fit->spread[j] - spread[j]) <= 1e-12 * spread[j]);
    if (sizes[j] > 1) total_silhouette += silhouette[j];
    for (size_t l = 0; fit->converged && !c->rough && l < frame.d; l++)
      assert_close(fit->centroids[j * frame.d + l], sums[j * frame.d + l] / (double)sizes[j], 1e-13);
  }
  assert_true(fabs(fit->inertia - inertia) <= 1e-12 * inertia);
  if (c->silhouettes && fit->k > 1)
    assert_close(fit->simplified_silhouette, total_silhouette / (double)frame.n, 1e-8); /* floats choose the second */
  else
    assert_true(isnan(fit->simplified_silhouette));
}

/* ---- data that floats cannot tell apart ---- */

typedef enum kind { CLOUDS, GRID, COPIES, SPECKS, OFFSET, DENORMAL, N_KINDS } kind;

static void draw(ock_rng *rng, size_t n, size_t d, kind how, ockham_dtype dtype) {
  scene_shape(&data, n, d, d % 2 ? d + 1 : 0, dtype);
  scene_draw(&data, rng, how == GRID);
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++) {
      double speck = (l == 0 ? 1 : 0.5) * (double)(i % 5), near = ock_rng_normal(rng);
      if (how == SPECKS) scene_put(&data, i, l, speck + 1e-9 * near); /* tiny beside their distance from the origin */
      if (how == OFFSET) scene_put(&data, i, l, 1e8 + (double)ock_rng_below(rng, 8) / 4);
      if (how == DENORMAL) scene_put(&data, i, l, l == 0 && i % 3 == 0 ? 1 : 1e-310 * (double)(i % 7));
      if (how == COPIES && i >= 20) scene_put(&data, i, l, ock_rows_get(data.x, i * i % 20, l));
    }
  assert_ok(ock_frame_init(&frame, data.x, pool, err));
}

static const size_t sizes[][2] = {{2, 1}, {64, 2}, {65, 3}, {600, 1}, {513, 20}, {1100, 2}, {2000, 4}};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static void what_it_says_is_so(void **state) {
  (void)state;
  for (size_t c = 0; c < N_SIZES; c++)
    for (kind how = 0; how < N_KINDS; how++) {
      ock_rng rng = ock_rng_make(51, c * N_KINDS + how);
      draw(&rng, sizes[c][0], sizes[c][1], how, c % 3 == 1 && how < SPECKS ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64);
      for (size_t k = 1; k <= 40 && k <= frame.n; k = k * 2 + 1) {
        ock_settle_options options = {.most_passes = k % 2 ? 300 : 3, .silhouettes = k % 3 != 1, .label = label};
        options.wide = ock_rng_below(&rng, 2);
        ock_fit fit;
        begin_at_rows(&fit, k, &rng);
        settle(&fit, &options);
        if (fit.centroids) check_settled(&(claims){.fit = &fit, .silhouettes = options.silhouettes});
        assert_true(fit.n_passes <= options.most_passes + 2);
        ock_fit_clear(&fit);
      }
      ock_frame_clear(&frame);
    }
}

/* Where all arithmetic is exact, equal distances go to the lower number, the numbers being those of the result. The
 * mean of the grid is one of its points. */
static void equal_distances_go_to_the_lower_number(void **state) {
  (void)state;
  for (uint64_t repeat = 0; repeat < 60; repeat++) {
    ock_rng rng = ock_rng_make(52, repeat);
    size_t d = 1 + repeat % 3, n = 2 * (100 + repeat), k = 2 + repeat % 9;
    scene_shape(&data, n, d, 0, OCKHAM_FLOAT32);
    for (size_t i = 0; i < n; i++)
      for (size_t l = 0; l < d; l++) {
        double value = i % 2 ? 8 - ock_rows_get(data.x, i - 1, l) : (double)ock_rng_below(&rng, 9);
        scene_put(&data, i, l, value);
      }
    assert_ok(ock_frame_init(&frame, data.x, pool, err));
    ock_fit fit;
    begin_at_rows(&fit, k, &rng);
    for (size_t j = 0; j < k; j++) /* a half of a step away from a copy */
      for (size_t i = 0; i < j; i++)
        if (ock_squared_distance(fit.centroids + j * d, fit.centroids + i * d, d) == 0)
          fit.centroids[j * d] += frame.unit / 2 * (double)(1 + j);
    settle(&fit, &(ock_settle_options){.most_passes = 1 + repeat % 2, .wide = repeat % 4 == 3, .label = label});
    if (fit.centroids && fit.n_passes == 1) check_settled(&(claims){.fit = &fit, .exact = true});
    if (fit.centroids) check_settled(&(claims){.fit = &fit});
    ock_fit_clear(&fit);
    ock_frame_clear(&frame);
  }
}

/* ---- many fits, other orders, threads ---- */

enum { N_FITS = 7, N_ROWS = 3000 };

static void assert_same_fit(const ock_fit *a, const ock_fit *b) {
  assert_true(a->k == b->k && a->n_passes == b->n_passes && a->settled == b->settled && a->converged == b->converged);
  assert_true(a->inertia == b->inertia);
  assert_memory_equal(a->centroids, b->centroids, a->k * frame.d * sizeof(double));
  assert_memory_equal(a->sizes, b->sizes, a->k * sizeof(uint64_t));
  assert_memory_equal(a->within, b->within, a->k * sizeof(double));
  assert_memory_equal(a->spread, b->spread, a->k * sizeof(double));
  assert_memory_equal(&a->simplified_silhouette, &b->simplified_silhouette, sizeof(double));
}

static void begin_many(ock_fit *fits, uint64_t seed) {
  for (size_t q = 0; q < N_FITS; q++) {
    ock_rng rng = ock_rng_make(seed, q);
    begin_at_rows(&fits[q], 1 + q * q, &rng);
  }
}

static void fits_together_are_as_fits_alone(void **state) {
  (void)state;
  static uint16_t labels[N_ROWS * N_FITS];
  const size_t n_threads[] = {1, 2, 7};
  for (int how = 0; how < 2; how++) {
    ock_rng rng = ock_rng_make(53, (uint64_t)how);
    draw(&rng, N_ROWS, 3, how ? GRID : CLOUDS, OCKHAM_FLOAT64);
    ock_fit alone[N_FITS], together[N_FITS], *fits[N_FITS];
    ock_settle_options options = {.most_passes = 40, .silhouettes = true, .label = label};
    begin_many(alone, 53);
    for (size_t t = 0; t < 3; t++) {
      ock_pool *other;
      ockham_work work = {0};
      assert_ok(ock_pool_new(n_threads[t], &other, err));
      begin_many(together, 53);
      for (size_t q = 0; q < N_FITS; q++) fits[q] = &together[q];
      options.labels = labels;
      assert_ok(ock_settle(data.x, &frame, fits, N_FITS, &options, other, NULL, &work, err));
      options.labels = NULL;
      for (size_t i = 0; i < N_ROWS; i++) assert_int_equal(label[i], labels[i * N_FITS]);
      for (size_t q = 0; q < N_FITS; q++) {
        if (t == 0) settle(&alone[q], &options);
        for (size_t i = 0; t == 0 && i < N_ROWS; i++) assert_int_equal(label[i], labels[i * N_FITS + q]);
        if (t == 0) check_settled(&(claims){.fit = &alone[q], .silhouettes = true});
        assert_same_fit(&alone[q], &together[q]);
        ock_fit_clear(&together[q]);
      }
      ock_pool_free(other);
    }
    for (size_t q = 0; q < N_FITS; q++) ock_fit_clear(&alone[q]);
    ock_frame_clear(&frame);
  }
}

/* Neither the order of the rows nor the elements that rows are searched in change more than rounding. */
static void order_and_width_change_only_rounding(void **state) {
  (void)state;
  static uint32_t order[N_ROWS], before[N_ROWS];
  for (kind how = 0; how < N_KINDS; how++) {
    ock_rng rng = ock_rng_make(54, how);
    draw(&rng, N_ROWS, 2, how, OCKHAM_FLOAT64);
    for (size_t i = 0; i < N_ROWS; i++) {
      size_t j = ock_rng_below(&rng, i + 1);
      order[i] = order[j];
      order[j] = (uint32_t)i;
    }
    ock_fit first = {0};
    for (int way = 0; way < 4; way++) {
      ock_rng same = ock_rng_make(54, 100 + how);
      ock_fit fit;
      begin_at_rows(&fit, 5, &same);
      settle(&fit,
             &(ock_settle_options){.most_passes = 2, .wide = way % 2, .order = way / 2 ? order : NULL, .label = label});
      if (way == 0) {
        first = fit;
        memcpy(before, label, sizeof before);
        continue;
      }
      assert_true((first.centroids == NULL) == (fit.centroids == NULL));
      if (fit.centroids) {
        if (how == CLOUDS || how == COPIES) assert_memory_equal(label, before, sizeof before); /* no near ties */
        assert_true(fabs(fit.inertia - first.inertia) <= 1e-12 * first.inertia);
      }
      ock_fit_clear(&fit);
    }
    ock_fit_clear(&first);
    ock_frame_clear(&frame);
  }
}

/* ---- ends ---- */

static void passes_and_tolerance_are_respected(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(55, 0);
  draw(&rng, 5000, 3, CLOUDS, OCKHAM_FLOAT64);
  size_t n_passes[3];
  const double tolerance[3] = {0, 1e-3, 0.5};
  double before = INFINITY;
  for (size_t most = 1; most < 12; most++) {
    ock_rng same = ock_rng_make(55, 1);
    ock_fit fit;
    begin_at_rows(&fit, 12, &same);
    settle(&fit, &(ock_settle_options){.most_passes = most, .label = label});
    assert_true(fit.n_passes == most && !fit.converged && fit.inertia < before);
    check_settled(&(claims){.fit = &fit});
    before = fit.inertia;
    ock_fit_clear(&fit);
  }
  for (size_t t = 0; t < 3; t++) {
    ock_rng same = ock_rng_make(55, 1);
    ock_fit fit;
    begin_at_rows(&fit, 12, &same);
    settle(&fit, &(ock_settle_options){.most_passes = 1000, .tolerance = tolerance[t], .label = label});
    check_settled(&(claims){.fit = &fit, .rough = t > 0});
    assert_true(fit.converged && fit.n_passes > 1);
    n_passes[t] = fit.n_passes;
    ock_fit_clear(&fit);
  }
  assert_true(n_passes[0] < 1000 && n_passes[0] > n_passes[1] && n_passes[1] > n_passes[2]);
  ock_frame_clear(&frame);
}

/* Centroids far from all rows, one or several. */
static void empty_clusters_get_the_farthest_row(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(56, 0);
  draw(&rng, 500, 2, CLOUDS, OCKHAM_FLOAT64);
  for (size_t n_empty = 1; n_empty <= 3; n_empty++) {
    ock_fit fit;
    begin_at_rows(&fit, 6, &rng);
    for (size_t j = 0; j < n_empty; j++) fit.centroids[2 * j] = 50 + (double)j;
    settle(&fit, &(ock_settle_options){.most_passes = 300, .label = label});
    assert_non_null(fit.centroids); /* there are rows enough */
    assert_true(fit.converged && fit.k == 6);
    check_settled(&(claims){.fit = &fit});
    ock_fit_clear(&fit);
  }
  ock_frame_clear(&frame);
}

static void impossible_fits_are_cleared(void **state) {
  (void)state;
  scene_shape(&data, 300, 2, 0, OCKHAM_FLOAT64);
  for (size_t i = 0; i < 300; i++)
    for (size_t l = 0; l < 2; l++) scene_put(&data, i, l, (double)(i % 3));
  assert_ok(ock_frame_init(&frame, data.x, pool, err));
  ock_fit fit, good, *fits[2] = {&fit, &good};
  for (size_t k = 1; k <= 6; k++) {
    ockham_work work = {0};
    allocate(&fit, k);
    allocate(&good, 3);
    for (size_t j = 0; j < k; j++) unit_row(j % 3, fit.centroids + j * 2);
    for (size_t j = 0; j < 3; j++) unit_row(j, good.centroids + j * 2);
    ock_settle_options options = {.most_passes = 100, .label = label};
    assert_ok(ock_settle(data.x, &frame, fits, 2, &options, pool, NULL, &work, err));
    assert_true(good.settled && good.converged && good.inertia < 1e-28);
    assert_true((fit.centroids == NULL) == (k > 3) && (k > 3 || fit.converged));
    if (k > 3) assert_true(isinf(fit.inertia) && !fit.settled);
    if (k <= 3) check_settled(&(claims){.fit = &fit});
    assert_ok(ock_settle(data.x, &frame, fits, 2, &options, pool, NULL, &work, err)); /* cleared ones are no harm */
    ock_fit_clear(&fit);
    ock_fit_clear(&good);
  }
  ock_frame_clear(&frame);
}

static bool refuse(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

static void it_stops_when_asked(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(57, 0);
  draw(&rng, 500, 2, CLOUDS, OCKHAM_FLOAT64);
  ockham_progress progress = {.report = refuse};
  ock_ticker ticker = {.progress = &progress};
  ockham_work work = {0};
  ock_fit fit, *fits[1] = {&fit};
  begin_at_rows(&fit, 4, &rng);
  ock_settle_options options = {.most_passes = 10};
  assert_ok(ock_settle(data.x, &frame, fits, 1, &options, pool, &ticker, &work, err));
  assert_true(!fit.settled && fit.centroids && work.distances == 0);
  ock_fit_clear(&fit);
  ock_frame_clear(&frame);
}

static void memory_runs_out(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(58, 0);
  draw(&rng, 300, 2, CLOUDS, OCKHAM_FLOAT64);
  for_each_allocation_failure(n) {
    ock_fit one, two, *fits[2] = {&one, &two};
    ockham_error err;
    ockham_work work = {0};
    begin_at_rows(&one, 3, &rng);
    begin_at_rows(&two, 5, &rng);
    ock_fault_after(n);
    ockham_status status =
        ock_settle(data.x, &frame, fits, 2, &(ock_settle_options){.most_passes = 10}, pool, NULL, &work, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ock_fit_clear(&one);
    ock_fit_clear(&two);
  }
  for_each_allocation_failure(n) {
    ock_fit fit;
    ock_fit_init(&fit);
    ock_fault_after(n);
    bool done = ock_fit_allocate(&fit, 4, 2);
    assert_true(done == (ock_fault_hits() == 0) && done == (fit.centroids != NULL));
    ock_fit_clear(&fit);
  }
  ock_frame_clear(&frame);
}

static int begin(void **state) {
  (void)state;
  return ock_pool_new(2, &pool, NULL);
}

static int end(void **state) {
  (void)state;
  ock_pool_free(pool);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_it_says_is_so),
      cmocka_unit_test(equal_distances_go_to_the_lower_number),
      cmocka_unit_test(fits_together_are_as_fits_alone),
      cmocka_unit_test(order_and_width_change_only_rounding),
      cmocka_unit_test(passes_and_tolerance_are_respected),
      cmocka_unit_test(empty_clusters_get_the_farthest_row),
      cmocka_unit_test(impossible_fits_are_cleared),
      cmocka_unit_test(it_stops_when_asked),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
