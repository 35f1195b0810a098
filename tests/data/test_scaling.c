/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table.h"
#include "test.h"

enum { ROWS = 6, COLUMNS = 3 };
static const double example[ROWS * COLUMNS] = {1, 1e6 + 0.25, 3,  2,  1e6 + 1.5, -7,  4,  1e6 - 2,    3,
                                               8, 1e6 + 0.75, 11, 16, 1e6 + 3,   0.5, 32, 1e6 - 1.25, 3};

static ockham_rows view(const double *data, size_t n_rows, size_t n_columns) {
  return (ockham_rows){.data = data, .n_rows = n_rows, .n_columns = n_columns};
}

/* mean_ and scale_ of scikit-learn 1.9.1, StandardScaler().fit(example). */
static void test_standard_agrees_with_sklearn(void **state) {
  (void)state;
  static const double mean[] = {10.5, 1000000.375, 2.25};
  static const double sd[] = {10.828203913853857, 1.6630168369562588, 5.273755777432247};
  ockham_scaling scaling;
  assert_ok(ockham_scaling_fit(view(example, ROWS, COLUMNS), OCKHAM_SCALE_STANDARD, &scaling, err));
  assert_int_equal(scaling.kind, OCKHAM_SCALE_STANDARD);
  assert_int_equal(scaling.n_columns, COLUMNS);
  for (size_t j = 0; j < COLUMNS; j++) {
    assert_close(scaling.centre[j], mean[j], 1e-15);
    assert_close(1 / scaling.factor[j], sd[j], 1e-14);
  }
  assert_close(scaling.spread_ratio, 6.51118116980235, 1e-14);
  ockham_scaling_clear(&scaling);
  assert_null(scaling.centre);
}

/* center_ and scale_ of scikit-learn 1.9.1, RobustScaler().fit(example). */
static void test_robust_agrees_with_sklearn(void **state) {
  (void)state;
  static const double median[] = {6, 1000000.5, 3}, range[] = {11.5, 2.1875, 1.875};
  ockham_scaling scaling;
  assert_ok(ockham_scaling_fit(view(example, ROWS, COLUMNS), OCKHAM_SCALE_ROBUST, &scaling, err));
  for (size_t j = 0; j < COLUMNS; j++) {
    assert_close(scaling.centre[j], median[j], 1e-15);
    assert_close(1 / scaling.factor[j], range[j], 1e-14);
  }
  ockham_scaling_clear(&scaling);
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double sorted_quantile(const double *sorted, size_t n, double q) {
  double place = (double)(n - 1) * q;
  size_t below = (size_t)place;
  double next = sorted[below + 1 < n ? below + 1 : below];
  return sorted[below] + (next - sorted[below]) * (place - (double)below);
}

/* Selection must find what sorting finds, whatever the order of the data and the number of ties. */
static void test_robust_agrees_with_sorting(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(3, 0);
  for (size_t n = 1; n < 200; n++) {
    double values[200], sorted[200];
    for (size_t i = 0; i < n; i++)
      values[i] = n % 3 == 0 ? (double)i : n % 3 == 1 ? (double)ock_rng_below(&rng, 4) : ock_rng_normal(&rng);
    memcpy(sorted, values, n * sizeof(double));
    qsort(sorted, n, sizeof(double), compare_doubles);
    double range = sorted_quantile(sorted, n, 0.75) - sorted_quantile(sorted, n, 0.25);
    ockham_scaling scaling;
    assert_ok(ockham_scaling_fit(view(values, n, 1), OCKHAM_SCALE_ROBUST, &scaling, err));
    assert_close(scaling.centre[0], sorted_quantile(sorted, n, 0.5), 1e-15);
    if (range > 0) assert_close(scaling.factor[0], 1 / range, 1e-15);
    ockham_scaling_clear(&scaling);
  }
}

/* Where the quartiles agree the standard deviation serves: of 0, 0, 0, 0, 5 that is 2. */
static void test_robust_without_range(void **state) {
  (void)state;
  const double values[] = {0, 0, 0, 0, 5};
  ockham_scaling scaling;
  assert_ok(ockham_scaling_fit(view(values, 5, 1), OCKHAM_SCALE_ROBUST, &scaling, err));
  assert_close(scaling.centre[0], 0, 0);
  assert_close(scaling.factor[0], 0.5, 1e-15);
  ockham_scaling_clear(&scaling);
}

/* Adding an offset, or a power of two of a unit, must not change what is found. */
static void test_offsets_and_units(void **state) {
  (void)state;
  enum { N = 1000 };
  static const double units[] = {1, 0x1p300, 0x1p-300, 0x1p900, 0x1p-900, 0x1p1019};
  double small[N], large[N];
  ock_rng rng = ock_rng_make(5, 0);
  for (size_t i = 0; i < N; i++) small[i] = (double)ock_rng_below(&rng, 4096) / 1024; /* exact with any offset */
  ockham_scaling expected, found;
  assert_ok(ockham_scaling_fit(view(small, N, 1), OCKHAM_SCALE_STANDARD, &expected, err));
  for (size_t i = 0; i < N; i++) large[i] = small[i] + 1e9;
  assert_ok(ockham_scaling_fit(view(large, N, 1), OCKHAM_SCALE_STANDARD, &found, err));
  assert_close(found.factor[0], expected.factor[0], 1e-13);
  assert_close(found.centre[0] - 1e9, expected.centre[0], 1e-6);
  ockham_scaling_clear(&found);
  for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
    for (size_t i = 0; i < N; i++) large[i] = small[i] * units[u];
    assert_ok(ockham_scaling_fit(view(large, N, 1), OCKHAM_SCALE_STANDARD, &found, err));
    assert_close(found.factor[0] * units[u], expected.factor[0], 1e-14);
    assert_close(found.centre[0] / units[u], expected.centre[0], 1e-14);
    ockham_scaling_clear(&found);
  }
  ockham_scaling_clear(&expected);
}

/* A constant column is one even where the mean of its values is not exact. */
static void test_constant_columns(void **state) {
  (void)state;
  enum { N = 997, D = 3 };
  static double values[N * D];
  for (size_t i = 0; i < N; i++) {
    values[i * D] = 0.1;
    values[i * D + 1] = 1e6 + 0.1;
    values[i * D + 2] = (double)(i % 2);
  }
  static const ockham_scale kinds[] = {OCKHAM_SCALE_STANDARD, OCKHAM_SCALE_ROBUST};
  for (size_t k = 0; k < 2; k++) {
    ockham_scaling scaling;
    assert_ok(ockham_scaling_fit(view(values, N, D), kinds[k], &scaling, err));
    assert_true(scaling.factor[0] == 1 && scaling.factor[1] == 1);
    assert_true(scaling.centre[0] == 0.1 && scaling.centre[1] == 1e6 + 0.1);
    assert_true(scaling.spread_ratio == 1);
    ockham_scaling_clear(&scaling);
  }
}

static void test_auto(void **state) {
  (void)state;
  const double alike[] = {0, 0, 7, 1, 9.9, 7}, apart[] = {0, 0, 7, 1, 10.1, 7};
  ockham_scaling scaling;
  assert_ok(ockham_scaling_fit(view(alike, 2, 3), OCKHAM_SCALE_AUTO, &scaling, err));
  assert_int_equal(scaling.kind, OCKHAM_SCALE_NONE);
  assert_null(scaling.factor);
  assert_close(scaling.spread_ratio, 9.9, 1e-14);
  ockham_scaling_clear(&scaling);
  assert_ok(ockham_scaling_fit(view(apart, 2, 3), OCKHAM_SCALE_AUTO, &scaling, err));
  assert_int_equal(scaling.kind, OCKHAM_SCALE_STANDARD);
  ockham_scaling_clear(&scaling);
}

static void test_strides_types_and_in_place(void **state) {
  (void)state;
  double wide[ROWS * 5], scaled[ROWS * COLUMNS], again[ROWS * COLUMNS];
  float narrow[ROWS * COLUMNS];
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < 5; j++) wide[i * 5 + j] = j < COLUMNS ? example[i * COLUMNS + j] : (double)NAN;
  ockham_rows gaps = {.data = wide, .n_rows = ROWS, .n_columns = COLUMNS, .stride = 5};
  ockham_scaling scaling;
  assert_ok(ockham_scaling_fit(gaps, OCKHAM_SCALE_STANDARD, &scaling, err));
  ockham_scaling_apply(&scaling, gaps, scaled);
  memcpy(again, example, sizeof again);
  ockham_scaling_apply(&scaling, view(again, ROWS, COLUMNS), again);
  assert_memory_equal(scaled, again, sizeof scaled);
  for (size_t i = 0; i < ROWS * COLUMNS; i++) narrow[i] = (float)example[i];
  ockham_rows floats = {.data = narrow, .n_rows = ROWS, .n_columns = COLUMNS, .dtype = OCKHAM_FLOAT32};
  ockham_scaling_apply(&scaling, floats, narrow);
  for (size_t i = 0; i < ROWS * COLUMNS; i++) assert_true(narrow[i] == (float)scaled[i]);
  ockham_scaling_clear(&scaling);
  for (size_t j = 0; j < COLUMNS; j++) { /* mean 0 and variance 1, as promised */
    double sum = 0, squares = 0;
    for (size_t i = 0; i < ROWS; i++)
      sum += scaled[i * COLUMNS + j], squares += scaled[i * COLUMNS + j] * scaled[i * COLUMNS + j];
    assert_close(sum, 0, 1e-9);
    assert_close(squares / ROWS, 1, 1e-12);
  }
}

static void test_none_copies(void **state) {
  (void)state;
  double wide[4] = {1, 2, 3, 4}, packed[2] = {0, 0};
  ockham_rows gaps = {.data = wide, .n_rows = 2, .n_columns = 1, .stride = 2};
  ockham_scaling none = {.kind = OCKHAM_SCALE_NONE};
  ockham_scaling_apply(&none, gaps, packed);
  assert_true(packed[0] == 1 && packed[1] == 3);
  ockham_scaling_apply(&none, view(packed, 2, 1), packed);
  assert_true(packed[0] == 1 && packed[1] == 3);
}

static void test_table_scale(void **state) {
  (void)state;
  double values[] = {1, 3};
  ockham_table table = {.values = values, .n_rows = 2, .n_columns = 1};
  ockham_scaling scaling;
  assert_ok(ockham_scaling_fit(view(values, 2, 1), OCKHAM_SCALE_STANDARD, &scaling, err));
  ockham_table_scale(&table, &scaling);
  assert_true(values[0] == -1 && values[1] == 1);
  ockham_scaling_clear(&scaling);
}

static void refuse(ockham_rows x, ockham_scale kind, ockham_status status, uint64_t column) {
  ockham_scaling scaling = {.spread_ratio = 42};
  ockham_error err = {0};
  assert_int_equal(ockham_scaling_fit(x, kind, &scaling, &err), status);
  assert_int_equal(err.column, column);
  assert_true(scaling.spread_ratio == 42); /* outputs are set on success only */
}

static void test_refusals(void **state) {
  (void)state;
  const double infinite[] = {1, INFINITY}, huge[] = {1, 0, 1, 1e200}, widest[] = {-1e308, 1e308};
  const float large[] = {1, 1e20f};
  refuse(view(infinite, 1, 2), OCKHAM_SCALE_STANDARD, OCKHAM_BAD_DATA, 2);
  refuse(view(huge, 2, 2), OCKHAM_SCALE_NONE, OCKHAM_BAD_DATA, 2);
  refuse(view(widest, 2, 1), OCKHAM_SCALE_STANDARD, OCKHAM_BAD_DATA, 1);
  refuse((ockham_rows){.data = large, .n_rows = 2, .n_columns = 1, .dtype = OCKHAM_FLOAT32}, OCKHAM_SCALE_NONE,
         OCKHAM_BAD_DATA, 1);
  refuse(view(infinite, 0, 2), OCKHAM_SCALE_NONE, OCKHAM_BAD_ARGUMENT, 0);
  refuse(view(example, ROWS, COLUMNS), (ockham_scale)9, OCKHAM_BAD_ARGUMENT, 0);
}

static void test_allocation_failures(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ockham_scaling scaling = {0};
    ock_fault_after(n);
    ockham_status status = ockham_scaling_fit(view(example, ROWS, COLUMNS), OCKHAM_SCALE_ROBUST, &scaling, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_scaling_clear(&scaling);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_standard_agrees_with_sklearn),
      cmocka_unit_test(test_robust_agrees_with_sklearn),
      cmocka_unit_test(test_robust_agrees_with_sorting),
      cmocka_unit_test(test_robust_without_range),
      cmocka_unit_test(test_offsets_and_units),
      cmocka_unit_test(test_constant_columns),
      cmocka_unit_test(test_auto),
      cmocka_unit_test(test_strides_types_and_in_place),
      cmocka_unit_test(test_none_copies),
      cmocka_unit_test(test_table_scale),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
