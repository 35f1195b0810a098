/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps over ordinary data: their range, and every fit is what it claims to be. The answers: test_answers.c. */
#include "select/sweeping.h"

/* ---- the range ---- */

/* n = 300: the range starts at sqrt(n) = 17 and must grow twice. */
static void test_range_grows_until_k_is_found(void **unused) {
  (void)unused;
  double *x = make_blobs(300, 2, 30, 1);
  ockham_sweep *sweep = sweep_with(rows_of(x, 300, 2), (ockham_sweep_options){0});
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_int_equal(v.k, 30);
  assert_true(v.extended);
  assert_false(v.at_edge);
  assert_false(v.distinct_limit);
  assert_true(v.weight > 0.9);
  assert_sweep_sound(sweep, rows_of(x, 300, 2));
  ockham_sweep_free(sweep);
  free(x);
}

/* Not beyond a third of the rows: too few a cluster to tell. */
static void test_range_ends_at_a_third_of_the_rows(void **unused) {
  (void)unused;
  double *x = make_blobs(60, 2, 30, 1);
  ockham_sweep *sweep = sweep_with(rows_of(x, 60, 2), (ockham_sweep_options){0});
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  assert_true(curve->points[curve->n_points - 1].k <= 20);
  ockham_sweep_free(sweep);
  free(x);
}

static void test_edge_is_told(void **unused) {
  (void)unused;
  double *x = make_blobs(300, 2, 8, 1);
  ockham_sweep *sweep = sweep_with(rows_of(x, 300, 2), (ockham_sweep_options){.k_max = 5});
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_int_equal(v.k, 5);
  assert_true(v.at_edge);
  assert_false(v.extended);
  ockham_sweep_free(sweep);
  sweep = sweep_with(rows_of(x, 300, 2), (ockham_sweep_options){.k_max = 9});
  assert_int_equal(ockham_sweep_verdict(sweep).k, 8);
  assert_false(ockham_sweep_verdict(sweep).at_edge);
  ockham_sweep_free(sweep);
  free(x);
}

static void test_range_is_honoured(void **unused) {
  (void)unused;
  double *x = make_blobs(200, 3, 4, 1);
  const size_t ranges[][2] = {{1, 1}, {2, 2}, {3, 9}, {6, 6}, {1, 30}, {195, 200}};
  for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
    ockham_sweep_options options = {.k_min = ranges[r][0], .k_max = ranges[r][1]};
    ockham_sweep *sweep = sweep_with(rows_of(x, 200, 3), options);
    const ockham_curve *curve = ockham_sweep_curve(sweep);
    assert_int_equal(curve->points[0].k, ranges[r][0]);
    assert_int_equal(curve->points[curve->n_points - 1].k, ranges[r][1]);
    assert_sweep_sound(sweep, rows_of(x, 200, 3));
    ockham_sweep_free(sweep);
  }
  ockham_sweep *sweep = sweep_with(rows_of(x, 200, 3), (ockham_sweep_options){.k_min = 50}); /* above the default end */
  assert_int_equal(ockham_sweep_curve(sweep)->points[0].k, 50);
  ockham_sweep_free(sweep);
  free(x);
}

/* Whether a criterion finds four blobs that nothing could miss: most others look for where a curve bends most, prefer
 * more clusters than there are, or fewer. */
static bool is_right(const ockham_criterion *criterion) {
  static const char *const others[] = {"log-ss-ratio", "jump",    "wb-index", "xie-beni", "pbm",  "ccc",    "sd-index",
                                       "duda",         "c-index", "gamma",    "g-plus",   "dunn", "dunn-33"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(criterion->name, others[i]) == 0) return true;
  return criterion->usual && criterion->direction != OCKHAM_KNEE && strcmp(criterion->name, "aic") != 0;
}

static void test_another_criterion_decides(void **unused) {
  (void)unused;
  double *x = make_blobs(240, 2, 4, 2);
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) {
    if (criteria[c].evidence == OCKHAM_EVIDENCE_RESAMPLES) continue; /* test_resamples.c */
    ockham_sweep *sweep = sweep_with(rows_of(x, 240, 2), (ockham_sweep_options){.criterion = criteria[c].name});
    ockham_verdict v = ockham_sweep_verdict(sweep);
    assert_ptr_equal(v.criterion, &criteria[c]);
    if (v.undecided)
      print_error("%s\n", criteria[c].name);
    else
      assert_int_equal(v.point, ockham_criterion_choose(&criteria[c], ockham_sweep_curve(sweep)));
    if (strcmp(criteria[c].name, "bic") == 0 || strcmp(criteria[c].name, "mixture") == 0)
      assert_true(v.weight > 0 && v.weight <= 1);
    else
      assert_true(isnan(v.weight));
    if (is_right(&criteria[c])) assert_int_equal(v.k, 4);
    ockham_sweep_free(sweep);
  }
  free(x);
}

static void test_no_answer_is_told(void **unused) {
  (void)unused;
  double *x = make_blobs(50, 2, 2, 2);
  ockham_sweep_options options = {.k_min = 1, .k_max = 1, .criterion = "silhouette"};
  ockham_sweep *sweep = sweep_with(rows_of(x, 50, 2), options);
  assert_true(ockham_sweep_verdict(sweep).undecided);
  assert_int_equal(ockham_sweep_verdict(sweep).k, 1);
  ockham_sweep_free(sweep);
  free(x);
}

/* ---- the fits ---- */

static void test_fits_are_what_they_claim(void **unused) {
  (void)unused;
  const size_t columns[] = {1, 2, 5, 20};
  for (size_t c = 0; c < 4; c++)
    for (uint64_t seed = 0; seed < 2; seed++) {
      double *x = make_blobs(350, columns[c], 6, seed), *noise = make_normal(350, columns[c], seed);
      ockham_sweep *sweep = sweep_with(rows_of(x, 350, columns[c]), (ockham_sweep_options){.seed = seed});
      assert_sweep_sound(sweep, rows_of(x, 350, columns[c]));
      assert_int_equal(ockham_sweep_verdict(sweep).exact, columns[c] == 1);
      ockham_sweep_free(sweep);
      sweep = sweep_with(rows_of(noise, 350, columns[c]), (ockham_sweep_options){.seed = seed});
      assert_sweep_sound(sweep, rows_of(noise, 350, columns[c]));
      ockham_sweep_free(sweep);
      free(x);
      free(noise);
    }
}

/* Rows on a coarse grid: rows with the same distance to two centroids are common, and so are equal rows. */
static void test_ties_agree_with_labels(void **unused) {
  (void)unused;
  for (uint64_t seed = 0; seed < 10; seed++) {
    double *x = make_normal(200, 2, seed);
    for (size_t i = 0; i < 400; i++) x[i] = round(3 * x[i]) / 10;
    ockham_sweep *sweep = sweep_with(rows_of(x, 200, 2), (ockham_sweep_options){.k_max = 60});
    assert_sweep_sound(sweep, rows_of(x, 200, 2));
    ockham_sweep_free(sweep);
    free(x);
  }
}

static void test_strided_float32(void **unused) {
  (void)unused;
  double *x = make_blobs(200, 3, 4, 3);
  float *view = malloc(200 * 5 * sizeof *view);
  for (size_t i = 0; i < 200 * 5; i++) view[i] = i % 5 < 3 ? (float)x[i / 5 * 3 + i % 5] : NAN;
  ockham_rows rows = {view, 200, 3, 5, OCKHAM_FLOAT32};
  ockham_sweep *sweep = sweep_with(rows, (ockham_sweep_options){0});
  assert_int_equal(ockham_sweep_verdict(sweep).k, 4);
  assert_sweep_sound(sweep, rows);
  ockham_sweep_free(sweep);
  free(view);
  free(x);
}

/* ---- the same bits ---- */

static void test_threads_and_runs_give_the_same_bits(void **unused) {
  (void)unused;
  double *x = make_blobs(5000, 2, 12, 4); /* enough rows for the scout, and for several blocks */
  ockham_sweep *first = sweep_with(rows_of(x, 5000, 2), (ockham_sweep_options){.threads = 1, .k_max = 16});
  const size_t threads[] = {1, 2, 5};
  for (size_t t = 0; t < 3; t++) {
    ockham_sweep_options options = {.threads = threads[t], .k_max = 16};
    ockham_sweep *again = sweep_with(rows_of(x, 5000, 2), options);
    assert_same_curves(first, again);
    ockham_sweep_free(again);
  }
  ockham_sweep_free(first);
  free(x);
}

static void test_scout_gives_the_same_bits(void **unused) {
  (void)unused;
  double *x = make_blobs(5000, 2, 40, 4);
  ockham_sweep_options options = {.threads = 1, .no_silhouette = true};
  ockham_sweep *first = sweep_with(rows_of(x, 5000, 2), options);
  assert_int_equal(ockham_sweep_verdict(first).k, 40);
  options.threads = 3;
  ockham_sweep *again = sweep_with(rows_of(x, 5000, 2), options);
  assert_same_curves(first, again);
  ockham_sweep_free(first);
  ockham_sweep_free(again);
  free(x);
}

static void test_one_column_ignores_seed_and_restarts(void **unused) {
  (void)unused;
  double *x = make_normal(500, 1, 5);
  ockham_sweep *a = sweep_with(rows_of(x, 500, 1), (ockham_sweep_options){.seed = 1});
  ockham_sweep *b = sweep_with(rows_of(x, 500, 1), (ockham_sweep_options){.seed = 2, .restarts = 3});
  assert_same_curves(a, b);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
}

/* More rounds never do worse. */
static void test_restarts_help(void **unused) {
  (void)unused;
  double *x = make_uniform(500, 2, 6);
  ockham_sweep *a = sweep_with(rows_of(x, 500, 2), (ockham_sweep_options){.k_max = 20});
  ockham_sweep *b = sweep_with(rows_of(x, 500, 2), (ockham_sweep_options){.k_max = 20, .restarts = 6});
  double sum_a = 0, sum_b = 0;
  for (size_t i = 0; i < 20; i++) {
    sum_a += ockham_sweep_curve(a)->points[i].inertia;
    sum_b += ockham_sweep_curve(b)->points[i].inertia;
  }
  assert_true(sum_b <= sum_a);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_range_grows_until_k_is_found),
      cmocka_unit_test(test_range_ends_at_a_third_of_the_rows),
      cmocka_unit_test(test_edge_is_told),
      cmocka_unit_test(test_range_is_honoured),
      cmocka_unit_test(test_another_criterion_decides),
      cmocka_unit_test(test_no_answer_is_told),
      cmocka_unit_test(test_fits_are_what_they_claim),
      cmocka_unit_test(test_ties_agree_with_labels),
      cmocka_unit_test(test_strided_float32),
      cmocka_unit_test(test_threads_and_runs_give_the_same_bits),
      cmocka_unit_test(test_scout_gives_the_same_bits),
      cmocka_unit_test(test_one_column_ignores_seed_and_restarts),
      cmocka_unit_test(test_restarts_help),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
