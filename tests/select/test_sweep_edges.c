/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps where things end: few, equal, huge and tiny rows; wrong arguments; stops; want of memory. */
#include <time.h>

#include "select/sweeping.h"

/* ---- few rows ---- */

static void test_one_row_and_two(void **unused) {
  (void)unused;
  const double x[] = {3, -7, 12, 5};
  for (size_t n = 1; n <= 4; n++)
    for (size_t d = 1; n * d <= 4; d++) {
      ockham_sweep *sweep = sweep_with(rows_of(x, n, d), (ockham_sweep_options){0});
      ockham_verdict v = ockham_sweep_verdict(sweep);
      assert_int_equal(v.k, 1);
      assert_true(isnan(v.weight)); /* no other k was tried */
      assert_false(v.undecided || v.at_edge || v.extended || v.distinct_limit);
      assert_sweep_sound(sweep, rows_of(x, n, d));
      ockham_sweep_free(sweep);
    }
}

static void test_k_may_be_the_number_of_rows(void **unused) {
  (void)unused;
  double *x = make_normal(12, 2, 1);
  for (size_t d = 1; d <= 2; d++) {
    ockham_sweep *sweep = sweep_with(rows_of(x, 12, d), (ockham_sweep_options){.k_max = 12, .criterion = "elbow"});
    const ockham_curve *curve = ockham_sweep_curve(sweep);
    assert_int_equal(curve->n_points, 12);
    assert_true(curve->points[11].inertia <= 1e-28);
    assert_sweep_sound(sweep, rows_of(x, 12, d));
    ockham_sweep_free(sweep);
  }
  free(x);
}

/* As many clusters as there are rows can have: there is nothing beyond that edge. */
static void test_nothing_lies_beyond_all_rows(void **unused) {
  (void)unused;
  const double x[] = {0, 1, 1000, 1001, 5000, 5001};
  ockham_sweep *sweep = sweep_with(rows_of(x, 6, 1), (ockham_sweep_options){.k_max = 6, .criterion = "davies-bouldin"});
  assert_int_equal(ockham_sweep_verdict(sweep).k, 6); /* single rows: index 0 */
  assert_false(ockham_sweep_verdict(sweep).at_edge);
  ockham_sweep_free(sweep);
}

/* ---- few distinct rows ---- */

static void test_equal_rows_are_one_cluster(void **unused) {
  (void)unused;
  for (size_t d = 1; d <= 3; d++) {
    double x[90];
    for (size_t i = 0; i < 90; i++) x[i] = 0.1;
    ockham_sweep *sweep = sweep_with(rows_of(x, 90 / d, d), (ockham_sweep_options){0});
    ockham_verdict v = ockham_sweep_verdict(sweep);
    assert_int_equal(v.k, 1);
    assert_int_equal(ockham_sweep_curve(sweep)->n_points, 1);
    assert_true(v.distinct_limit);
    assert_false(v.at_edge);
    assert_sweep_sound(sweep, rows_of(x, 90 / d, d));
    ockham_sweep_free(sweep);
  }
}

/* Values that are not multiples of a power of two: means of equal rows may be off by a rounding. */
static void test_range_ends_at_distinct_rows(void **unused) {
  (void)unused;
  for (size_t d = 1; d <= 3; d++)
    for (size_t n_distinct = 2; n_distinct <= 9; n_distinct++)
      for (uint64_t seed = 0; seed < 4; seed++) {
        double *values = make_uniform(n_distinct, d, seed), *x = malloc(120 * d * sizeof *x);
        for (size_t i = 0; i < 120; i++) memcpy(x + i * d, values + i * i % 120 % n_distinct * d, d * sizeof *x);
        for (size_t i = 0; i < n_distinct; i++) memcpy(x + i * d, values + i * d, d * sizeof *x);
        ockham_sweep *sweep = sweep_with(rows_of(x, 120, d), (ockham_sweep_options){.k_max = 20, .seed = seed});
        assert_int_equal(ockham_sweep_curve(sweep)->n_points, n_distinct);
        assert_true(ockham_sweep_verdict(sweep).distinct_limit);
        assert_false(ockham_sweep_verdict(sweep).at_edge);
        assert_sweep_sound(sweep, rows_of(x, 120, d));
        ockham_sweep_free(sweep);
        free(values);
        free(x);
      }
}

/* ---- odd columns ---- */

static void test_constant_columns_change_nothing(void **unused) {
  (void)unused;
  double *blobs = make_blobs(200, 2, 4, 1), *x = malloc(200 * 5 * sizeof *x);
  for (size_t i = 0; i < 200; i++) {
    const double row[] = {1e9, blobs[2 * i], -3.3, blobs[2 * i + 1], 0};
    memcpy(x + 5 * i, row, sizeof row);
  }
  ockham_sweep *with = sweep_with(rows_of(x, 200, 5), (ockham_sweep_options){.k_max = 8});
  ockham_sweep *without = sweep_with(rows_of(blobs, 200, 2), (ockham_sweep_options){.k_max = 8});
  assert_int_equal(ockham_sweep_curve(with)->n_varying, 2);
  assert_sweep_sound(with, rows_of(x, 200, 5));
  for (size_t i = 0; i < 8; i++)
    assert_close(ockham_score_bic(ockham_sweep_curve(with), i).value,
                 ockham_score_bic(ockham_sweep_curve(without), i).value, 1e-9);
  ockham_sweep_free(with);
  ockham_sweep_free(without);
  free(blobs);
  free(x);
}

static void test_many_columns(void **unused) {
  (void)unused;
  double *x = make_normal(20, 10000, 1);
  for (size_t i = 0; i < 10; i++)
    for (size_t l = 0; l < 10000; l++) x[i * 10000 + l] += 1;
  ockham_sweep *sweep = sweep_with(rows_of(x, 20, 10000), (ockham_sweep_options){0});
  assert_int_equal(ockham_sweep_verdict(sweep).k, 2);
  assert_sweep_sound(sweep, rows_of(x, 20, 10000));
  ockham_sweep_free(sweep);
  free(x);
}

/* ---- large and small numbers ---- */

static void test_offset_does_not_matter(void **unused) {
  (void)unused;
  for (size_t d = 1; d <= 2; d++) {
    double *x = make_blobs(240, d, 4, 1), *y = malloc(240 * d * sizeof *y);
    for (size_t i = 0; i < 240 * d; i++) y[i] = x[i] + 1e6;
    ockham_sweep *near = sweep_with(rows_of(x, 240, d), (ockham_sweep_options){0});
    ockham_sweep *far = sweep_with(rows_of(y, 240, d), (ockham_sweep_options){0});
    assert_int_equal(ockham_sweep_verdict(near).k, 4);
    assert_int_equal(ockham_sweep_verdict(far).k, 4);
    for (size_t i = 0; i < ockham_sweep_curve(near)->n_points; i++)
      assert_close(ockham_sweep_curve(far)->points[i].inertia, ockham_sweep_curve(near)->points[i].inertia, 1e-6);
    ockham_sweep_free(near);
    ockham_sweep_free(far);
    free(x);
    free(y);
  }
}

static void test_units_do_not_matter(void **unused) {
  (void)unused;
  const double factors[] = {1e-140, 1e-30, 1e30, 1e135};
  double *x = make_blobs(200, 2, 4, 1), *y = malloc(400 * sizeof *y);
  for (size_t f = 0; f < 4; f++) {
    for (size_t i = 0; i < 400; i++) y[i] = x[i] * factors[f];
    ockham_sweep *sweep = sweep_with(rows_of(y, 200, 2), (ockham_sweep_options){0});
    assert_int_equal(ockham_sweep_verdict(sweep).k, 4);
    assert_curve_in_order(sweep);
    ockham_sweep_free(sweep);
  }
  free(x);
  free(y);
}

/* Squares that overflow are refused, with the place of the number. */
static void test_huge_numbers_are_refused(void **unused) {
  (void)unused;
  const double huge[] = {1e155, -1e200, 1.7e308};
  for (size_t h = 0; h < 3; h++)
    for (size_t d = 1; d <= 2; d++) {
      double *x = make_normal(5000, d, 1);
      for (size_t i = 0; i < 5000 * d; i += 7) x[i] = i % 2 ? huge[h] : -huge[h];
      ockham_sweep *sweep = (ockham_sweep *)x;
      ockham_error err = {0};
      assert_int_equal(ockham_sweep_run(rows_of(x, 5000, d), NULL, &sweep, &err), OCKHAM_BAD_DATA);
      assert_null(sweep);
      assert_non_null(strstr(err.message, "too large"));
      free(x);
    }
}

/* A fill value such as 1e20 for "missing" takes all digits from the rest of its column. */
static void test_one_enormous_row(void **unused) {
  (void)unused;
  const double fills[] = {1e20, -1e30, 9.969209968386869e36};
  for (size_t f = 0; f < 3; f++)
    for (size_t d = 1; d <= 2; d++) {
      double *x = make_normal(100, d, 1);
      x[17 * d] = fills[f];
      ockham_sweep *sweep = sweep_with(rows_of(x, 100, d), (ockham_sweep_options){0});
      assert_curve_in_order(sweep);
      ockham_sweep_free(sweep);
      free(x);
    }
}

static void assert_refused(ockham_rows x, ockham_sweep_options options, ockham_status status, const char *word) {
  ockham_sweep *sweep = (ockham_sweep *)&options; /* must become NULL */
  ockham_error err = {0};
  assert_int_equal(ockham_sweep_run(x, &options, &sweep, &err), status);
  assert_null(sweep);
  assert_int_equal(err.status, status);
  if (!strstr(err.message, word)) fail_msg("'%s' lacks '%s'", err.message, word);
  assert_null(strchr(err.message, '\n'));
  assert_int_equal(ockham_sweep_run(x, &options, &sweep, NULL), status);
}

static void test_numbers_whose_squares_vanish(void **unused) {
  (void)unused;
  for (size_t d = 1; d <= 2; d++) {
    double *x = make_normal(60, d, 1);
    for (size_t i = 0; i < 60 * d; i++) x[i] *= 1e-200;
    assert_refused(rows_of(x, 60, d), (ockham_sweep_options){0}, OCKHAM_BAD_DATA, "squares");
    x[0] = 1; /* and one that does not */
    ockham_sweep *sweep = sweep_with(rows_of(x, 60, d), (ockham_sweep_options){0});
    assert_curve_in_order(sweep);
    ockham_sweep_free(sweep);
    free(x);
  }
}

/* ---- wrong arguments ---- */

static void test_wrong_arguments_are_refused(void **unused) {
  (void)unused;
  double x[20] = {1, 2, 3, 4};
  ockham_rows rows = rows_of(x, 10, 2);
  assert_refused(rows, (ockham_sweep_options){.k_min = 5, .k_max = 4}, OCKHAM_BAD_ARGUMENT, "5");
  assert_refused(rows, (ockham_sweep_options){.k_max = 11}, OCKHAM_BAD_ARGUMENT, "11");
  assert_refused(rows, (ockham_sweep_options){.k_min = 11}, OCKHAM_BAD_ARGUMENT, "11");
  assert_refused(rows, (ockham_sweep_options){.criterion = "bicx"}, OCKHAM_BAD_ARGUMENT, "bicx");
  assert_refused(rows_of(x, 0, 2), (ockham_sweep_options){0}, OCKHAM_BAD_ARGUMENT, "");
  assert_refused(rows_of(x, 10, 0), (ockham_sweep_options){0}, OCKHAM_BAD_ARGUMENT, "");
  assert_refused(rows_of(NULL, 10, 2), (ockham_sweep_options){0}, OCKHAM_BAD_ARGUMENT, "");
  assert_refused(rows, (ockham_sweep_options){.k_min = 9}, OCKHAM_BAD_DATA, "distinct"); /* 3 distinct rows */
}

static void test_values_that_are_not_finite_are_named(void **unused) {
  (void)unused;
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t b = 0; b < 3; b++) {
    double x[20] = {0};
    ockham_sweep *sweep;
    ockham_error err = {0};
    x[2 * 6 + 1] = x[2 * 8] = bad[b];
    assert_int_equal(ockham_sweep_run(rows_of(x, 10, 2), NULL, &sweep, &err), OCKHAM_BAD_DATA);
    assert_int_equal(err.row, 7);
    assert_int_equal(err.column, 2);
  }
}

static void test_labels_check_their_arguments(void **unused) {
  (void)unused;
  double *x = make_blobs(60, 2, 3, 1);
  uint32_t labels[60];
  ockham_error err = {0};
  ockham_sweep *sweep = sweep_with(rows_of(x, 60, 2), (ockham_sweep_options){.k_max = 5});
  assert_int_equal(ockham_sweep_labels(sweep, rows_of(x, 60, 2), 5, 1, labels, &err), OCKHAM_BAD_ARGUMENT);
  assert_int_equal(ockham_sweep_labels(sweep, rows_of(x, 40, 3), 2, 1, labels, &err), OCKHAM_BAD_ARGUMENT);
  x[3] = NAN;
  assert_int_equal(ockham_sweep_labels(sweep, rows_of(x, 60, 2), 2, 1, labels, &err), OCKHAM_BAD_DATA);
  ockham_sweep_free(sweep);
  ockham_sweep_free(NULL);
  free(x);
}

/* ---- stops ---- */

/* Stops at the n-th call. Sleeping makes every look at the clock a call, for calls come 20 ms apart at least. */
typedef struct stopper {
  int calls, stop_at;
  uint64_t most_done;
} stopper;

static bool count_down(void *user, const char *stage, uint64_t done, uint64_t total) {
  stopper *s = user;
  assert_non_null(stage);
  assert_true(total == 0 || done <= total);
  if (done > s->most_done) s->most_done = done;
  nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
  return ++s->calls < s->stop_at;
}

/* Every stop gives INTERRUPTED or a sweep in order that says it is partial; without a stop it does not say so. */
static void check_stops(ockham_rows x, ockham_sweep_options options, int most_calls) {
  bool finished = false;
  for (int stop_at = 1; !finished && stop_at <= most_calls; stop_at++) {
    stopper s = {.stop_at = stop_at};
    ockham_progress progress = {.report = count_down, .user = &s};
    options.progress = &progress;
    ockham_sweep *sweep;
    ockham_error err = {0};
    ockham_status status = ockham_sweep_run(x, &options, &sweep, &err);
    bool stopped = s.calls >= stop_at;
    assert_int_equal(s.calls, stopped ? stop_at : s.calls); /* never asked again */
    if (status == OCKHAM_INTERRUPTED) {
      assert_true(stopped && err.message[0]);
      assert_null(sweep);
      continue;
    }
    assert_int_equal(status, OCKHAM_OK);
    assert_false(err.message[0]);
    assert_true(ockham_sweep_curve(sweep)->n_points > 1);
    assert_int_equal(ockham_sweep_verdict(sweep).partial, stopped);
    assert_curve_in_order(sweep);
    if (stopped) assert_false(ockham_sweep_verdict(sweep).distinct_limit);
    if (!stopped) assert_sweep_sound(sweep, x);
    ockham_sweep_free(sweep);
    finished = !stopped;
  }
}

/* Where no partial result is wanted, none is made. */
static void test_stops_at_once(void **unused) {
  (void)unused;
  const bool at_once = true;
  double *x = make_uniform(2000, 3, 1);
  bool finished = false;
  for (int stop_at = 1; !finished && stop_at <= 8; stop_at++) {
    stopper s = {.stop_at = stop_at};
    ockham_progress progress = {.report = count_down, .user = &s, .at_once = &at_once};
    ockham_sweep_options options = {.k_max = 30, .progress = &progress};
    ockham_sweep *sweep;
    ockham_error err = {0};
    ockham_status status = ockham_sweep_run(rows_of(x, 2000, 3), &options, &sweep, &err);
    finished = s.calls < stop_at;
    assert_int_equal(status, finished ? OCKHAM_OK : OCKHAM_INTERRUPTED);
    assert_true(finished || (sweep == NULL && err.message[0]));
    ockham_sweep_free(sweep);
  }
  free(x);
}

static void test_stops_leave_a_sweep_in_order(void **unused) {
  (void)unused;
  double *x = make_uniform(2000, 3, 1), *column = make_normal(3000, 1, 1), *large = make_blobs(5000, 2, 30, 1);
  check_stops(rows_of(x, 2000, 3), (ockham_sweep_options){.k_max = 30}, 8);
  check_stops(rows_of(x, 2000, 3), (ockham_sweep_options){.k_min = 12, .k_max = 30}, 4);
  check_stops(rows_of(column, 3000, 1), (ockham_sweep_options){.k_max = 100, .no_silhouette = true}, 6);
  check_stops(rows_of(large, 5000, 2), (ockham_sweep_options){.no_silhouette = true}, 6); /* the scout */
  free(x);
  free(column);
  free(large);
}

/* ---- want of memory ---- */

static void check_want_of_memory(ockham_rows x, ockham_sweep_options options) {
  size_t n_refused = 0;
  for_each_allocation_failure(n) {
    ockham_sweep *sweep = (ockham_sweep *)&options;
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = ockham_sweep_run(x, &options, &sweep, &err);
    if (status == OCKHAM_OK) {
      assert_curve_in_order(sweep);
      ockham_sweep_free(sweep);
    } else {
      assert_int_equal(status, OCKHAM_NO_MEMORY);
      assert_null(sweep);
      assert_non_null(strstr(err.message, "memory"));
      n_refused++;
    }
    if (ock_fault_hits() == 0) assert_int_equal(status, OCKHAM_OK);
  }
  assert_true(n_refused > 10);
}

static void test_want_of_memory(void **unused) {
  (void)unused;
  double *x = make_blobs(60, 2, 4, 1), *column = make_normal(40, 1, 1), *large = make_blobs(3800, 2, 5, 1);
  check_want_of_memory(rows_of(x, 60, 2), (ockham_sweep_options){.threads = 1});
  check_want_of_memory(rows_of(x, 60, 2), (ockham_sweep_options){.threads = 2, .k_min = 3, .k_max = 6});
  check_want_of_memory(rows_of(column, 40, 1), (ockham_sweep_options){.threads = 1, .criterion = "silhouette"});
  free(x);
  free(column);
  free(large);
}

static void test_want_of_memory_for_labels(void **unused) {
  (void)unused;
  double *x = make_blobs(60, 2, 4, 1);
  uint32_t labels[60];
  ockham_sweep *sweep = sweep_with(rows_of(x, 60, 2), (ockham_sweep_options){.threads = 1});
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_sweep_labels(sweep, rows_of(x, 60, 2), 3, 1, labels, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
  }
  ockham_sweep_free(sweep);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_row_and_two),
      cmocka_unit_test(test_k_may_be_the_number_of_rows),
      cmocka_unit_test(test_nothing_lies_beyond_all_rows),
      cmocka_unit_test(test_equal_rows_are_one_cluster),
      cmocka_unit_test(test_range_ends_at_distinct_rows),
      cmocka_unit_test(test_constant_columns_change_nothing),
      cmocka_unit_test(test_many_columns),
      cmocka_unit_test(test_offset_does_not_matter),
      cmocka_unit_test(test_units_do_not_matter),
      cmocka_unit_test(test_huge_numbers_are_refused),
      cmocka_unit_test(test_one_enormous_row),
      cmocka_unit_test(test_numbers_whose_squares_vanish),
      cmocka_unit_test(test_wrong_arguments_are_refused),
      cmocka_unit_test(test_values_that_are_not_finite_are_named),
      cmocka_unit_test(test_labels_check_their_arguments),
      cmocka_unit_test(test_stops_leave_a_sweep_in_order),
      cmocka_unit_test(test_stops_at_once),
      cmocka_unit_test(test_want_of_memory),
      cmocka_unit_test(test_want_of_memory_for_labels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
