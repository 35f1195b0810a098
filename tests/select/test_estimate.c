/* SPDX-License-Identifier: Apache-2.0 */
/* The estimated silhouette against the exact one of the same sweep, for many seeds. */
#include "select/internal.h"
#include "sweeping.h"

enum { SEEDS = 50, K_MAX = 8 };

static ockham_status estimate(ockham_sweep *sweep, ockham_rows x, double pairs, uint64_t seed, size_t threads,
                              ockham_error *err) {
  ock_pool *pool;
  ock_ticker ticker = {0};
  OCK_TRY(ock_pool_new(threads, &pool, err));
  ockham_status status = ock_silhouettes_estimate(sweep, x, pairs, seed, pool, &ticker, err);
  ock_pool_free(pool);
  return status;
}

/* Estimates are within 4 standard errors, and these are as large as the estimates' spread over seeds says. */
static void check_honest(ockham_rows x, double pairs) {
  ockham_sweep *sweep =
      sweep_with(x, (ockham_sweep_options){.criterion = "bic", .k_min = 2, .k_max = K_MAX, .exact = true});
  double exact[K_MAX + 1], squares = 0, stated = 0;
  for (size_t k = 2; k <= sweep->k_max; k++) {
    exact[k] = sweep->fits[k - 1].silhouette;
    assert_true(isfinite(exact[k]) && sweep->fits[k - 1].silhouette_error == 0);
  }
  assert_int_equal(ockham_sweep_verdict(sweep).silhouette_rows, 0);
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    assert_ok(estimate(sweep, x, pairs, seed, 2, err));
    assert_true(sweep->silhouette_rows > 100 && sweep->silhouette_rows < x.n_rows / 2);
    for (size_t k = 2; k <= sweep->k_max; k++) {
      double error = sweep->fits[k - 1].silhouette - exact[k], sd = sweep->fits[k - 1].silhouette_error;
      if (!(fabs(error) <= 4 * sd)) fail_msg("k = %zu, seed %d: off by %g, stated %g", k, (int)seed, error, sd);
      squares += error * error;
      stated += sd * sd;
    }
  }
  double ratio = sqrt(squares / stated);
  print_message("observed over stated error: %.2f\n", ratio);
  assert_true(ratio > 0.7 && ratio < 1.4);
  ockham_sweep_free(sweep);
}

/* Make the rows come sorted by the first column. */
static int by_first(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void test_blobs(void **unused) {
  (void)unused;
  double *x = make_blobs(8000, 3, 5, 1);
  check_honest(rows_of(x, 8000, 3), 4e5);
  check_honest(rows_of(x, 8000, 3), 8e6); /* all rows are the sample */
  qsort(x, 8000, 3 * sizeof(double), by_first);
  check_honest(rows_of(x, 8000, 3), 4e5);
  free(x);
}

static void test_noise(void **unused) {
  (void)unused;
  double *x = make_uniform(8000, 2, 2);
  check_honest(rows_of(x, 8000, 2), 4e5);
  qsort(x, 8000, 2 * sizeof(double), by_first);
  check_honest(rows_of(x, 8000, 2), 4e5);
  free(x);
  x = make_normal(8000, 10, 2);
  check_honest(rows_of(x, 8000, 10), 3e5);
  free(x);
}

/* Overlapping groups of very different sizes, and five rows far away: clusters of which a sample has few rows or none.
 */
static void test_unequal_clusters(void **unused) {
  (void)unused;
  enum { N = 8000, D = 2 };
  double *x = make_normal(N, D, 3);
  for (size_t i = 0; i < N; i++) {
    double shift = i % 800 == 0 ? 300 : i % 30 == 1 ? 12 : i % 10 == 2 ? 4 : 0;
    x[i * D] += shift;
    x[i * D + 1] -= shift * (double)(i % 3) / 2;
  }
  check_honest(rows_of(x, N, D), 4e5);
  check_honest(rows_of(x, N, D), 4e6);
  free(x);
}

static void test_duplicates(void **unused) {
  (void)unused;
  double *x = make_normal(8000, 2, 4);
  for (size_t i = 0; i < 16000; i++) x[i] = round(2 * x[i]);
  check_honest(rows_of(x, 8000, 2), 4e5);
  free(x);
}

static void test_strided_float32_far_from_zero(void **unused) {
  (void)unused;
  enum { N = 8000, D = 2, STRIDE = 3 };
  double *blobs = make_blobs(N, D, 3, 5);
  float *x = malloc(N * STRIDE * sizeof *x);
  for (size_t i = 0; i < N * STRIDE; i++)
    x[i] = i % STRIDE < D ? (float)(blobs[i / STRIDE * D + i % STRIDE] + 1e4) : NAN;
  check_honest((ockham_rows){x, N, D, STRIDE, OCKHAM_FLOAT32}, 4e5);
  free(blobs);
  free(x);
}

static void test_threads_give_the_same_bits(void **unused) {
  (void)unused;
  double *x = make_blobs(2000, 3, 4, 6), found[3][2 * K_MAX];
  ockham_sweep *sweep = sweep_with(rows_of(x, 2000, 3), (ockham_sweep_options){.criterion = "bic", .k_max = K_MAX});
  for (size_t t = 0; t < 3; t++) {
    assert_ok(estimate(sweep, rows_of(x, 2000, 3), 1e5, 7, t + 1, err));
    for (size_t k = 2; k <= K_MAX; k++) {
      found[t][2 * (k - 2)] = sweep->fits[k - 1].silhouette;
      found[t][2 * (k - 2) + 1] = sweep->fits[k - 1].silhouette_error;
    }
    assert_memory_equal(found[t], found[0], (2 * K_MAX - 2) * sizeof(double));
  }
  ockham_sweep_free(sweep);
  free(x);
}

static void test_want_of_memory(void **unused) {
  (void)unused;
  double *x = make_blobs(500, 2, 3, 8);
  ockham_sweep *sweep = sweep_with(rows_of(x, 500, 2), (ockham_sweep_options){.criterion = "bic", .k_max = 4});
  double before = sweep->fits[2].silhouette;
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_error err = {0};
    ockham_status status = estimate(sweep, rows_of(x, 500, 2), 5000, 9, 1, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (status) assert_true(sweep->fits[2].silhouette == before && sweep->silhouette_rows == 0);
  }
  ockham_sweep_free(sweep);
  free(x);
}

/* With as many rows as a sweep needs to estimate, and exactly when asked. */
static void test_a_sweep_of_many_rows(void **unused) {
  (void)unused;
  enum { N = 5000, D = 500 };
  double *x = make_normal(N, D, 10);
  for (size_t i = 0; i < N * D; i++) x[i] += (double)(i / D % 3 * 3);
  ockham_sweep_options options = {.criterion = "bic", .k_max = 3};
  ockham_sweep *estimated = sweep_with(rows_of(x, N, D), options);
  options.exact = true;
  ockham_sweep *exact = sweep_with(rows_of(x, N, D), options);
  size_t n_rows = ockham_sweep_verdict(estimated).silhouette_rows;
  assert_true(n_rows > 500 && n_rows < N);
  assert_int_equal(ockham_sweep_verdict(exact).silhouette_rows, 0);
  for (size_t i = 1; i < 3; i++) {
    const ockham_curve_point *a = &ockham_sweep_curve(estimated)->points[i], *b = &ockham_sweep_curve(exact)->points[i];
    assert_true(a->silhouette_error > 0 && a->silhouette_error < 0.01 && b->silhouette_error == 0);
    assert_true(fabs(a->silhouette - b->silhouette) <= 4 * a->silhouette_error);
  }
  ockham_sweep_free(estimated);
  ockham_sweep_free(exact);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_blobs),
      cmocka_unit_test(test_noise),
      cmocka_unit_test(test_unequal_clusters),
      cmocka_unit_test(test_duplicates),
      cmocka_unit_test(test_strided_float32_far_from_zero),
      cmocka_unit_test(test_threads_give_the_same_bits),
      cmocka_unit_test(test_want_of_memory),
      cmocka_unit_test(test_a_sweep_of_many_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
