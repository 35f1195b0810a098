/* SPDX-License-Identifier: Apache-2.0 */
/* One fit by all ways: instruction sets, numbers of threads and types of the data give the same clustering. */
#include "scene.h"

enum { MAX_CLUSTERS = 300 };

static scene data;
static uint32_t labels[SCENE_MAX_ROWS], first_labels[SCENE_MAX_ROWS];

typedef enum kind {
  CLOUDS,   /* well apart */
  RANDOM,   /* one cloud: many local optima */
  GRID,     /* ties */
  COPIES,   /* of a few rows */
  LINE,     /* all rows on one line */
  ALL_ROWS, /* k = n */
  OFFSET,   /* far from 0 */
  DENORMAL,
  N_KINDS
} kind;

/* Values that floats hold too: multiples of 2^-8 below 2^6 (offset: of 2^-2 about 2^20). */
static void draw(ock_rng *rng, size_t n, size_t d, kind how, ockham_dtype dtype) {
  scene_shape(&data, n, d, 0, dtype);
  for (size_t i = 0; i < n; i++) {
    double along = floor(256 * ock_rng_normal(rng)) / 256;
    for (size_t l = 0; l < d; l++) {
      double value = floor(256 * ock_rng_normal(rng)) / 256;
      if (how == CLOUDS) value = value / 4 + (double)((i % 6) * (l == 0 ? 8 : 0) + (i % 3) * (l == 1 ? 16 : 0));
      if (how == GRID) value = (double)ock_rng_below(rng, 4);
      if (how == COPIES && i >= 25) value = ock_rows_get(data.x, i * i % 25, l);
      if (how == LINE) value = along * (double)(1 + l);
      if (how == OFFSET) value = 0x1p20 + floor(16 * ock_rng_normal(rng)) / 4;
      if (how == DENORMAL) value = 0x1p-148 * (double)ock_rng_below(rng, 9);
      scene_put(&data, i, l, (double)(float)value);
    }
  }
}

typedef struct way {
  const char *isa;
  size_t threads;
  ockham_dtype dtype;
} way;

static ockham_kmeans fit_by(const way *w, size_t k, uint64_t seed) {
  ockham_kmeans result = {0};
  ockham_rows x = data.x;
  x.dtype = w->dtype;
  x.data = w->dtype == OCKHAM_FLOAT32 ? (const void *)data.narrow : (const void *)data.wide;
  setenv("OCKHAM_ISA", w->isa, 1);
  ockham_kmeans_options options = {.k = k, .seed = seed, .restarts = 2, .threads = w->threads};
  assert_ok(ockham_kmeans_fit(x, &options, labels, &result, err));
  unsetenv("OCKHAM_ISA");
  return result;
}

/* A fixed point: the labels are those of the nearest centroids, which are the means; what is said adds up. */
static void check_fixed_point(const ockham_kmeans *result) {
  static double sums[SCENE_MAX_ROWS * 4];
  size_t d = data.x.n_columns;
  double inertia = 0, size = 0;
  assert_true(result->converged && result->k * d <= SCENE_MAX_ROWS * 4);
  memset(sums, 0, result->k * d * sizeof(double));
  for (size_t i = 0; i < data.x.n_rows; i++) {
    double least = INFINITY, own;
    for (size_t j = 0; j < result->k; j++)
      least = fmin(least, plain_squared_distance(data.x, i, NULL, result->centroids + j * d));
    own = plain_squared_distance(data.x, i, NULL, result->centroids + labels[i] * d);
    for (size_t l = 0; l < d; l++) {
      double value = ock_rows_get(data.x, i, l);
      size = fmax(size, fabs(value));
      sums[labels[i] * d + l] += value - result->centroids[labels[i] * d + l];
    }
    assert_true(sqrt(own) <= sqrt(least) + 1e-13 * size);
    inertia += own;
  }
  for (size_t c = 0; c < result->k * d; c++) assert_true(fabs(sums[c]) <= 1e-14 * size * (double)data.x.n_rows);
  assert_true(fabs(inertia - result->inertia) <= 1e-9 * inertia + 1e-20 * size * size);
}

static void assert_same_clustering(const ockham_kmeans *a, const ockham_kmeans *b, const way *w, kind how, size_t k) {
  assert_int_equal(a->k, b->k);
  if (!(fabs(a->inertia - b->inertia) <= 1e-9 * a->inertia))
    fail_msg("data %d, k %zu, %s, %zu threads, type %d: inertia %.12g, not %.12g", how, k, w->isa, w->threads, w->dtype,
             b->inertia, a->inertia);
  size_t n_different = 0;
  for (size_t i = 0; i < data.x.n_rows; i++) n_different += labels[i] != first_labels[i];
  if (n_different)
    fail_msg("data %d, k %zu, %s, %zu threads, type %d: %zu other labels", how, k, w->isa, w->threads, w->dtype,
             n_different);
}

/* The same but for the numbers of clusters of equal size. */
static void assert_same_partition(const ockham_kmeans *a, const ockham_kmeans *b, const way *w, kind how) {
  uint32_t number[MAX_CLUSTERS];
  assert_int_equal(a->k, b->k);
  memset(number, 0xff, sizeof number);
  for (size_t i = 0; i < data.x.n_rows; i++) {
    if (number[labels[i]] == UINT32_MAX) number[labels[i]] = first_labels[i];
    if (number[labels[i]] != first_labels[i]) fail_msg("data %d, %s: row %zu is elsewhere", how, w->isa, i);
  }
  if (!(fabs(a->inertia - b->inertia) <= 1e-9 * a->inertia + 1e-24))
    fail_msg("data %d, %s: inertia %.17g, not %.17g", how, w->isa, b->inertia, a->inertia);
}

/* Threads and the type of exact values never change a bit; instruction sets change no label where the optimum is one
 * that every path leads to. Elsewhere rounding may decide between local optima: then each must be one. */
static void compare_ways(size_t n, size_t d, size_t k, kind how, uint64_t seed) {
  bool same_everywhere = how == CLOUDS || how == COPIES || how == ALL_ROWS;
  ock_rng rng = ock_rng_make(61, seed);
  draw(&rng, n, d, how, OCKHAM_FLOAT64);
  double least = INFINITY, most = 0;
  ockham_kmeans overall = {0};
  for (size_t t = 0; ock_kernels_all()[t]; t++) {
    if (!ock_kernels_all()[t]->runs_here()) continue;
    way w = {ock_kernels_all()[t]->isa, 1, OCKHAM_FLOAT64};
    ockham_kmeans first = fit_by(&w, k, seed);
    check_fixed_point(&first);
    least = fmin(least, first.inertia);
    most = fmax(most, first.inertia);
    if (overall.centroids && same_everywhere) assert_same_partition(&overall, &first, &w, how);
    memcpy(first_labels, labels, n * sizeof *labels);
    for (size_t other = 1; other < 4; other++) {
      way v = {w.isa, other % 2 ? 3 : 1, other / 2 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64};
      ockham_kmeans result = fit_by(&v, k, seed);
      assert_same_clustering(&first, &result, &v, how, k);
      assert_true(first.inertia == result.inertia && first.n_iterations == result.n_iterations);
      assert_memory_equal(first.centroids, result.centroids, first.k * d * sizeof(double));
      ockham_kmeans_clear(&result);
    }
    ockham_kmeans_clear(&overall);
    overall = first;
  }
  ockham_kmeans_clear(&overall);
  if (how == LINE || how == RANDOM) assert_true(most <= 1.2 * least);
}

static void all_ways_agree(void **state) {
  (void)state;
  for (kind how = 0; how < N_KINDS; how++)
    for (uint64_t seed = 0; seed < 2; seed++) {
      size_t d = how == GRID ? 1 + 2 * seed : 2 + seed, n = how == ALL_ROWS ? 60 : 400;
      size_t k = how == ALL_ROWS ? n : how == CLOUDS ? 6 : how == COPIES ? 30 : 7;
      compare_ways(n, d, k, how, seed);
    }
}

static void many_clusters(void **state) {
  (void)state;
  compare_ways(600, 2, MAX_CLUSTERS, RANDOM, 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_ways_agree),
      cmocka_unit_test(many_clusters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
