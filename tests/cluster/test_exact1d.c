/* SPDX-License-Identifier: Apache-2.0 */
/* The optimum in one column against all splits of the sorted values, each added up from its definition. */
#include "scene.h"

enum { SMALL = 10 };

static int compare_values(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double sum_of_squares(const double *value, size_t n) {
  double mean = 0, sum = 0;
  for (size_t i = 0; i < n; i++) mean += (value[i] - value[0]) / (double)n;
  mean += value[0];
  for (size_t i = 0; i < n; i++) sum += (value[i] - mean) * (value[i] - mean);
  return sum;
}

/* least[k - 1] for k = 1 ... n: bit i of the split cuts between sorted values i and i + 1. */
static void try_all_splits(const double *value, size_t n, double *least) {
  double sorted[SMALL];
  memcpy(sorted, value, n * sizeof(double));
  qsort(sorted, n, sizeof(double), compare_values);
  for (size_t k = 0; k < n; k++) least[k] = INFINITY;
  for (unsigned split = 0; split < 1u << (n - 1); split++) {
    size_t n_cuts = 0, first = 0;
    double total = 0;
    for (size_t i = 0; i < n; i++) {
      if (i + 1 < n && !(split >> i & 1)) continue;
      total += sum_of_squares(sorted + first, i + 1 - first);
      first = i + 1;
      n_cuts += i + 1 < n;
    }
    least[n_cuts] = fmin(least[n_cuts], total);
  }
}

static double inertia_of(const double *value, size_t n, const double *centroids, size_t k) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double least = INFINITY;
    for (size_t j = 0; j < k; j++) least = fmin(least, fabs(value[i] - centroids[j]));
    sum += least * least;
  }
  return sum;
}

static size_t count_distinct(const double *value, size_t n) {
  size_t distinct = 0;
  for (size_t i = 0; i < n; i++) {
    size_t j = 0;
    while (j < i && value[j] != value[i]) j++;
    distinct += j == i;
  }
  return distinct;
}

static ockham_rows column(const double *value, size_t n) {
  return (ockham_rows){.data = value, .n_rows = n, .n_columns = 1};
}

/* tolerance: relative to the optimum. */
static void compare_with_all_splits(const double *value, size_t n, double tolerance) {
  double least[SMALL], centroids[SMALL];
  try_all_splits(value, n, least);
  ock_exact1d e;
  assert_ok(ock_exact1d_init(&e, column(value, n), n, NULL, err));
  assert_int_equal(e.n_distinct, count_distinct(value, n));
  assert_int_equal(e.k_max, e.n_distinct);
  for (size_t k = 1; k <= e.k_max; k++) {
    ock_exact1d_centroids(&e, k, centroids);
    for (size_t j = 0; j + 1 < k; j++) assert_true(centroids[j] < centroids[j + 1]);
    double found = inertia_of(value, n, centroids, k);
    if (!(found <= least[k - 1] * (1 + tolerance)))
      fail_msg("n %zu, k %zu: found %.17g, least %.17g", n, k, found, least[k - 1]);
  }
  ock_exact1d_clear(&e);
}

static void it_is_the_best_of_all_splits(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(1, 0);
  double value[SMALL];
  for (size_t repeat = 0; repeat < 300; repeat++) {
    size_t n = 1 + ock_rng_below(&rng, SMALL);
    uint64_t range = 1 + ock_rng_below(&rng, 30);
    for (size_t i = 0; i < n; i++) value[i] = (double)ock_rng_below(&rng, range) - 7;
    compare_with_all_splits(value, n, 1e-12);
    for (size_t i = 0; i < n; i++) value[i] = exp(3 * ock_rng_normal(&rng));
    compare_with_all_splits(value, n, 1e-12);
  }
}

static void an_offset_costs_nothing(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(2, 0);
  double value[SMALL];
  for (size_t repeat = 0; repeat < 100; repeat++) {
    for (size_t i = 0; i < SMALL; i++) value[i] = 1e12 + (double)ock_rng_below(&rng, 64) / 4;
    compare_with_all_splits(value, SMALL, 1e-6); /* centroids are rounded to 1e-4 */
    for (size_t i = 0; i < SMALL; i++) value[i] -= 2e12;
    compare_with_all_splits(value, SMALL, 1e-6);
  }
}

/* What is near must not drown in the squares of what is far: a sentinel of 1e12 among values of size 1. */
static void groups_far_apart_keep_their_details(void **state) {
  (void)state;
  compare_with_all_splits((double[]){0, 1, 2, 20, 21, 22, 1e12, 1e12 + 1, 1e12 + 20, 1e12 + 21}, 10, 1e-6);
  compare_with_all_splits((double[]){-1e12, 0, 1, 7, 9, 30, 31, 32, 33, 1e12}, 10, 1e-6);
  compare_with_all_splits((double[]){1e-12, 3e-12, 9e-12, 11e-12, 1, 2, 3, 1e6, 2e6, 2.1e6}, 10, 1e-6);
}

static void small_and_large_values(void **state) {
  (void)state;
  double value[SMALL] = {1, 2, 3, 10, 11, 12, 30, 31, 40, 55}, scaled[SMALL];
  const double factors[] = {1e-150, 1e-100, 1e100, 1e150};
  for (size_t f = 0; f < 4; f++) {
    for (size_t i = 0; i < SMALL; i++) scaled[i] = value[i] * factors[f];
    compare_with_all_splits(scaled, SMALL, 1e-12);
  }
}

static void equal_values_are_one_cluster(void **state) {
  (void)state;
  double value[50], centroid;
  for (size_t i = 0; i < 50; i++) value[i] = 0.1;
  value[7] = 0.1;
  ock_exact1d e;
  assert_ok(ock_exact1d_init(&e, column(value, 50), 9, NULL, err));
  assert_int_equal(e.k_max, 1);
  ock_exact1d_centroids(&e, 1, &centroid);
  assert_true(centroid == 0.1);
  ock_exact1d_clear(&e);
  double zeros[2] = {0.0, -0.0};
  assert_ok(ock_exact1d_init(&e, column(zeros, 2), 2, NULL, err));
  assert_int_equal(e.k_max, 1);
  ock_exact1d_clear(&e);
}

/* Lloyd's algorithm, whatever its start, finds nothing better. */
static void lloyd_is_never_better(void **state) {
  (void)state;
  enum { N = 2000, K = 25 };
  static double value[N], centroids[K];
  ock_pool *pool;
  assert_ok(ock_pool_new(1, &pool, err));
  for (uint64_t repeat = 0; repeat < 4; repeat++) {
    ock_rng rng = ock_rng_make(3, repeat);
    for (size_t i = 0; i < N; i++)
      value[i] = repeat % 2 ? (double)ock_rng_below(&rng, 60) : 1e6 + 5 * ock_rng_normal(&rng);
    ock_exact1d e;
    ock_frame frame;
    ock_store store;
    ock_lloyd s;
    assert_ok(ock_exact1d_init(&e, column(value, N), K, NULL, err));
    assert_ok(ock_frame_init(&frame, column(value, N), pool, err));
    assert_ok(ock_store_init(&store, &frame, column(value, N), NULL, N, true, pool, err));
    assert_ok(ock_lloyd_init(&s, &store, K, repeat, pool, NULL, err));
    double before = INFINITY;
    for (size_t k = 1; k <= K; k += 3) {
      ock_exact1d_centroids(&e, k, centroids);
      double found = inertia_of(value, N, centroids, k);
      assert_true(found < before);
      ock_lloyd_scatter(&s, k, &rng);
      ock_lloyd_run(&s, 300, 0);
      assert_int_equal(s.k, k);
      assert_true(found <= s.inertia / frame.unit / frame.unit * (1 + 1e-9));
      ock_lloyd_grow(&s, k);
      ock_lloyd_run(&s, 300, 0);
      assert_true(found <= s.inertia / frame.unit / frame.unit * (1 + 1e-9));
      before = found;
    }
    ock_lloyd_clear(&s);
    ock_store_clear(&store);
    ock_frame_clear(&frame);
    ock_exact1d_clear(&e);
  }
  ock_pool_free(pool);
}

/* Rows of float32 in a wider matrix. */
static void a_column_of_a_wider_matrix(void **state) {
  (void)state;
  float value[12] = {1, NAN, 9, NAN, 2, NAN, 8, NAN, 1.5f, NAN, 8.5f, NAN};
  double centroids[2];
  ock_exact1d e;
  ockham_rows x = {.data = value, .n_rows = 6, .n_columns = 1, .stride = 2, .dtype = OCKHAM_FLOAT32};
  assert_ok(ock_exact1d_init(&e, x, 2, NULL, err));
  ock_exact1d_centroids(&e, 2, centroids);
  assert_true(centroids[0] == 1.5 && centroids[1] == 8.5);
  ock_exact1d_clear(&e);
}

static bool refuse(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

static void it_stops_when_asked(void **state) {
  (void)state;
  ockham_progress progress = {.report = refuse};
  ock_ticker ticker = {.progress = &progress};
  double value[5] = {5, 3, 8, 1, 2};
  ock_exact1d e;
  ockham_error err;
  assert_int_equal(ock_exact1d_init(&e, column(value, 5), 3, &ticker, &err), OCKHAM_INTERRUPTED);
  assert_null(e.value);
}

static void memory_limits(void **state) {
  (void)state;
  assert_true(ock_exact1d_fits(1000000, 100));
  assert_false(ock_exact1d_fits(1000000, 1000));
  assert_false(ock_exact1d_fits(SIZE_MAX, 1));
  assert_false(ock_exact1d_fits(1, SIZE_MAX));
  double value[5] = {5, 3, 8, 1, 2};
  for_each_allocation_failure(n) {
    ock_exact1d e;
    ockham_error err;
    ock_fault_after(n);
    ockham_status status = ock_exact1d_init(&e, column(value, 5), 3, NULL, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (!status) ock_exact1d_clear(&e);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_the_best_of_all_splits),
      cmocka_unit_test(an_offset_costs_nothing),
      cmocka_unit_test(groups_far_apart_keep_their_details),
      cmocka_unit_test(small_and_large_values),
      cmocka_unit_test(equal_values_are_one_cluster),
      cmocka_unit_test(lloyd_is_never_better),
      cmocka_unit_test(a_column_of_a_wider_matrix),
      cmocka_unit_test(it_stops_when_asked),
      cmocka_unit_test(memory_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
