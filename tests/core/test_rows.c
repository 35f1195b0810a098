/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>

#include "test.h"

static double wide[12] = {1, 2, 3, NAN, 5, 6, 7, NAN, 9, 10, 11, INFINITY};
static float narrow[12] = {1, 2, 3, NAN, 5, 6, 7, NAN, 9, 10, 11, INFINITY};

static const ockham_rows good = {.data = wide, .n_rows = 3, .n_columns = 3, .stride = 4};
static const ockham_rows good_narrow = {
    .data = narrow, .n_rows = 3, .n_columns = 3, .stride = 4, .dtype = OCKHAM_FLOAT32};

static void views_are_read_by_stride(void **state) {
  (void)state;
  assert_true(ock_rows_get(good, 2, 1) == 10 && ock_rows_get(good_narrow, 1, 2) == 7);
  ockham_rows dense = {.data = wide, .n_rows = 4, .n_columns = 3};
  assert_int_equal(ock_rows_stride(dense), 3);
  assert_true(ock_rows_get(dense, 2, 0) == 7 && ock_rows_get(dense, 1, 1) == 5);
}

static void good_views_pass(void **state) {
  (void)state;
  assert_ok(ock_rows_check(good, "rows", err)); /* what is between rows is not looked at */
  assert_ok(ock_rows_check(good_narrow, "rows", err));
  double extremes[6] = {DBL_MAX, -DBL_MAX, DBL_MIN, 5e-324, 0.0, -0.0};
  assert_ok(ock_rows_check((ockham_rows){.data = extremes, .n_rows = 2, .n_columns = 3}, "rows", err));
  float narrow_extremes[3] = {FLT_MAX, -FLT_MAX, 1e-45f};
  ockham_rows x = {.data = narrow_extremes, .n_rows = 1, .n_columns = 3, .dtype = OCKHAM_FLOAT32};
  assert_ok(ock_rows_check(x, "rows", err));
}

static void check_refused(ockham_rows rows, ockham_status status, uint64_t row, uint64_t column, const char *message) {
  ockham_error err = {0};
  assert_int_equal(ock_rows_check(rows, "the rows", &err), status);
  assert_int_equal(err.row, row);
  assert_int_equal(err.column, column);
  assert_string_equal(err.message, message);
}

static void bad_views_are_refused(void **state) {
  (void)state;
  ockham_rows rows = good;
  rows.n_rows = 0;
  check_refused(rows, OCKHAM_BAD_ARGUMENT, 0, 0, "the rows must have at least one row and one column, found 0 x 3");
  rows = good;
  rows.n_columns = 0;
  check_refused(rows, OCKHAM_BAD_ARGUMENT, 0, 0, "the rows must have at least one row and one column, found 3 x 0");
  rows = good;
  rows.data = NULL;
  check_refused(rows, OCKHAM_BAD_ARGUMENT, 0, 0, "the rows must not be NULL");
  rows = good;
  rows.stride = 2;
  check_refused(rows, OCKHAM_BAD_ARGUMENT, 0, 0, "the stride of the rows must be at least its 3 columns, found 2");
  rows = good;
  rows.dtype = (ockham_dtype)2;
  check_refused(rows, OCKHAM_BAD_ARGUMENT, 0, 0, "the rows must be float32 or float64, found type 2");
}

static void the_first_bad_value_is_named(void **state) {
  (void)state;
  ockham_rows rows = good, rows_narrow = good_narrow;
  rows.n_columns = rows_narrow.n_columns = 4;
  check_refused(rows, OCKHAM_BAD_DATA, 1, 4, "the rows must be finite: row 1, column 4 holds nan");
  check_refused(rows_narrow, OCKHAM_BAD_DATA, 1, 4, "the rows must be finite: row 1, column 4 holds nan");
  rows.data = wide + 8;
  rows.n_rows = 1;
  check_refused(rows, OCKHAM_BAD_DATA, 1, 4, "the rows must be finite: row 1, column 4 holds inf");
  /* Infinities of either sign in one row do not cancel. */
  double both[4] = {1, 2, INFINITY, -INFINITY};
  check_refused((ockham_rows){.data = both, .n_rows = 2, .n_columns = 2}, OCKHAM_BAD_DATA, 2, 1,
                "the rows must be finite: row 2, column 1 holds inf");
}

static void check_weight_refused(const double *weights, size_t n, uint64_t row, const char *message) {
  ockham_error err = {0};
  double total;
  assert_int_equal(ock_weights_check(weights, n, &total, &err), OCKHAM_BAD_DATA);
  assert_int_equal(err.row, row);
  assert_string_equal(err.message, message);
}

static void weights_are_checked_and_summed(void **state) {
  (void)state;
  double total = NAN, weights[] = {0, 1e-100, 2.5, 1e100, 0};
  assert_ok(ock_weights_check(weights, 3, &total, err));
  assert_true(total == 2.5);
  assert_ok(ock_weights_check(weights, 5, &total, err));
  assert_true(total == 1e100);
  assert_ok(ock_weights_check(NULL, 7, &total, err));
  assert_true(total == 7);
  check_weight_refused(weights + 4, 1, 0, "all weights are 0, expected a row that counts");
  double bad[] = {1, NAN, -2, 1e101, 1e-101};
  check_weight_refused(bad, 5, 2, "row 2: a weight must be 0 or a number from 1e-100 to 1e+100, found nan");
  check_weight_refused(bad + 2, 3, 1, "row 1: a weight must be 0 or a number from 1e-100 to 1e+100, found -2");
  check_weight_refused(bad + 3, 2, 1, "row 1: a weight must be 0 or a number from 1e-100 to 1e+100, found 1e+101");
  check_weight_refused(bad + 4, 1, 1, "row 1: a weight must be 0 or a number from 1e-100 to 1e+100, found 1e-101");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(views_are_read_by_stride),       cmocka_unit_test(good_views_pass),
      cmocka_unit_test(bad_views_are_refused),          cmocka_unit_test(the_first_bad_value_is_named),
      cmocka_unit_test(weights_are_checked_and_summed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
