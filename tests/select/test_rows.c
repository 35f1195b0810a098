/* SPDX-License-Identifier: Apache-2.0 */
/* What is gathered by looking at the rows once more, against plain computations on the same labels. */
#include "criteria/looked.h"
#include "select/sweeping.h"

static const double tolerance = 1e-9;

static ockham_sweep *look(ockham_rows x, ockham_sweep_options options) {
  options.criterion = "scott";
  ockham_sweep *sweep = sweep_with(x, options);
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  for (size_t i = 0; i < curve->n_points; i++) assert_non_null(curve->points[i].rows);
  return sweep;
}

/* ---- halves ---- */

/* Lloyd's steps from two rows; returns the sum of squares. */
static double halve_from(const double *x, size_t n, size_t d, size_t a, size_t b) {
  double centre[2][MOST_COLUMNS], last = INFINITY, sum = 0;
  memcpy(centre[0], x + a * d, d * sizeof(double));
  memcpy(centre[1], x + b * d, d * sizeof(double));
  for (;;) {
    double sums[2][MOST_COLUMNS] = {{0}}, count[2] = {0};
    sum = 0;
    for (size_t i = 0; i < n; i++) {
      double to[2] = {labelled_squares(x + i * d, centre[0], d), labelled_squares(x + i * d, centre[1], d)};
      size_t h = to[1] < to[0];
      sum += to[h];
      count[h]++;
      for (size_t l = 0; l < d; l++) sums[h][l] += x[i * d + l];
    }
    if (!(sum < last)) return sum;
    last = sum;
    for (size_t h = 0; h < 2; h++)
      for (size_t l = 0; l < d && count[h] > 0; l++) centre[h][l] = sums[h][l] / count[h];
  }
}

/* The best of Lloyd's steps from many pairs of rows. */
static double halve_plainly(const looked_rows *r, size_t j) {
  double *rows = malloc(r->n * r->d * sizeof *rows), best = INFINITY;
  size_t n = 0;
  for (size_t i = 0; i < r->n; i++)
    if (r->labels[i] == j) memcpy(rows + n++ * r->d, r->x + i * r->d, r->d * sizeof(double));
  for (size_t a = 0; a < n; a += 1 + n / 12)
    for (size_t b = 0; b < a; b += 1 + n / 12) best = fmin(best, halve_from(rows, n, r->d, a, b));
  free(rows);
  return n > 1 ? best : 0;
}

/* A local minimum, near the best of many. Returns whether it is that. */
static bool check_half(const looked_rows *r, size_t j, double found, double within) {
  double best = halve_plainly(r, j);
  if (!(found <= within * (1 + tolerance)) || found > 1.1 * best + tolerance * within)
    fail_msg("cluster %zu of %zu: %g of %g, %g can be had", j, r->k, found, within, best);
  return found <= best * (1 + 1e-6) + tolerance * within;
}

/* ---- all of it ---- */

static void check_same(double found, double expected) {
  assert_int_equal(isnan(found), isnan(expected));
  if (!isnan(expected)) assert_close(found, expected, tolerance);
}

static void check_point(const ockham_sweep *sweep, ockham_rows x, size_t i, size_t *n_best, size_t *n_all) {
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  const ockham_curve_point *p = &curve->points[i];
  uint32_t *labels = malloc(x.n_rows * sizeof *labels);
  uint8_t *narrow = malloc(x.n_rows);
  assert_ok(ockham_sweep_labels(sweep, x, i, 1, labels, err));
  for (size_t r = 0; r < x.n_rows; r++) narrow[r] = (uint8_t)labels[r];
  looked_rows rows = {x.data, x.n_rows, x.n_columns, p->k, narrow, 0};
  looked t;
  looked_fill(&t, &rows, p->centroids, p->rows->halves);
  const ockham_row_statistics *expected = &t.statistics;
  check_same(p->rows->log_determinant, expected->log_determinant);
  check_same(p->rows->trace_ratio, expected->trace_ratio);
  check_same(p->rows->scattering, expected->scattering);
  check_same(p->rows->density_between, expected->density_between);
  for (size_t l = 0; l < x.n_columns; l++) {
    check_same(p->rows->explained[l], expected->explained[l]);
    assert_close(p->rows->spectrum[l], t.spectrum[l] * rows.scale * rows.scale, tolerance);
  }
  for (size_t j = 0; j < p->k; j++) *n_best += check_half(&rows, j, p->rows->halves[j], p->within[j]);
  *n_all += p->k;
  free(labels);
  free(narrow);
}

/* How many halves there were, and how many of them the best there are. */
typedef struct count {
  size_t best, all;
} count;

static void check_curve(double *x, size_t n, size_t d, ockham_sweep_options options, count *halves) {
  ockham_sweep *sweep = look(rows_of(x, n, d), options);
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  for (size_t i = 0; i < curve->n_points; i++) check_point(sweep, rows_of(x, n, d), i, &halves->best, &halves->all);
  ockham_sweep_free(sweep);
  free(x);
}

static void statistics_are_those_of_the_labels(void **unused) {
  (void)unused;
  count halves = {0};
  check_curve(make_blobs(300, 3, 4, 1), 300, 3, (ockham_sweep_options){.k_max = 9}, &halves);
  check_curve(make_blobs(400, 8, 6, 2), 400, 8, (ockham_sweep_options){.k_min = 3, .k_max = 8}, &halves);
  check_curve(make_normal(150, 1, 3), 150, 1, (ockham_sweep_options){.k_max = 12}, &halves);
  check_curve(make_uniform(700, 2, 4), 700, 2, (ockham_sweep_options){.k_max = 20, .threads = 3}, &halves);
  check_curve(make_uniform(6000, 2, 5), 6000, 2, (ockham_sweep_options){.k_max = 5}, &halves);
  double *far = make_blobs(200, 2, 3, 6);
  for (size_t i = 0; i < 400; i++) far[i] = far[i] * 1e-3 + 4;
  check_curve(far, 200, 2, (ockham_sweep_options){.k_max = 6}, &halves);
  assert_true(10 * halves.best >= 8 * halves.all);
}

/* Two blobs that are one cluster: the halves are the blobs. */
static void halves_find_what_is_there(void **unused) {
  (void)unused;
  for (uint64_t seed = 0; seed < 10; seed++) {
    size_t d = 1 + seed % 6;
    double *x = make_blobs(120, d, 2, seed);
    ockham_sweep *sweep = look(rows_of(x, 120, d), (ockham_sweep_options){.k_max = 2});
    const ockham_curve *curve = ockham_sweep_curve(sweep);
    assert_close(curve->points[0].rows->halves[0], curve->points[1].inertia, tolerance);
    assert_int_equal(curve->points[ockham_criterion_choose(ockham_criterion_find("duda"), curve)].k, 2);
    ockham_sweep_free(sweep);
    free(x);
  }
}

/* Round clusters that are well apart, and one cluster, are told by the better ones. */
static void the_better_ones_count_round_clusters(void **unused) {
  (void)unused;
  static const char *const better[] = {"duda", "slope-heuristic", "aicc"};
  for (uint64_t seed = 0; seed < 8; seed++) {
    size_t d = 2 + seed % 4, k = 1 + seed, n = 60 * k;
    double *x = make_blobs(n, d, k, seed);
    ockham_sweep *sweep = look(rows_of(x, n, d), (ockham_sweep_options){.k_max = 20});
    const ockham_curve *curve = ockham_sweep_curve(sweep);
    for (size_t c = 0; c < sizeof better / sizeof *better; c++) {
      size_t i = ockham_criterion_choose(ockham_criterion_find(better[c]), curve);
      if (i + 1 != k) fail_msg("%s says %zu of %zu clusters", better[c], i + 1, k);
    }
    ockham_sweep_free(sweep);
    free(x);
  }
}

/* ---- special tables ---- */

/* A constant column says nothing; the others say what they say without it. */
static void constant_columns_are_left_out(void **unused) {
  (void)unused;
  enum { N = 200 };
  double *x = make_blobs(N, 2, 3, 1), *wider = malloc(N * 3 * sizeof *wider);
  for (size_t i = 0; i < N; i++) {
    wider[3 * i] = x[2 * i];
    wider[3 * i + 1] = 7.1;
    wider[3 * i + 2] = x[2 * i + 1];
  }
  ockham_sweep *a = look(rows_of(x, N, 2), (ockham_sweep_options){.k_max = 6});
  ockham_sweep *b = look(rows_of(wider, N, 3), (ockham_sweep_options){.k_max = 6});
  const ockham_curve *c = ockham_sweep_curve(a), *e = ockham_sweep_curve(b);
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t i = 0; i < c->n_points; i++) {
    assert_true(isnan(e->points[i].rows->explained[1]));
    for (size_t k = 0; k < n; k++)
      if (criteria[k].evidence == OCKHAM_EVIDENCE_ROWS)
        check_same(ockham_criterion_value(&criteria[k], e, i), ockham_criterion_value(&criteria[k], c, i));
  }
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
  free(wider);
}

/* Columns that are sums of others, and few rows for many clusters. */
static void singular_matrices_are_undefined(void **unused) {
  (void)unused;
  enum { N = 60 };
  double *x = make_normal(N, 3, 1);
  for (size_t i = 0; i < N; i++) x[3 * i + 2] = x[3 * i] - 2 * x[3 * i + 1];
  ockham_sweep *sweep = look(rows_of(x, N, 3), (ockham_sweep_options){.k_max = 5});
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  for (size_t i = 0; i < curve->n_points; i++) {
    const ockham_row_statistics *rows = curve->points[i].rows;
    assert_true(isnan(rows->log_determinant) && isnan(rows->trace_ratio));
    assert_true(isfinite(rows->explained[0]) && isfinite(rows->scattering));
  }
  assert_true(curve->points[0].rows->spectrum[2] <= 1e-12 * curve->points[0].rows->spectrum[0]);
  assert_true(ockham_sweep_verdict(sweep).undecided);
  ockham_sweep_free(sweep);
  free(x);
  x = make_normal(20, 5, 2);
  sweep = look(rows_of(x, 20, 5), (ockham_sweep_options){.k_max = 20});
  curve = ockham_sweep_curve(sweep);
  for (size_t i = 0; i < 20; i++) /* 20 - k differences span the rows within clusters */
    assert_int_equal(isnan(curve->points[i].rows->log_determinant), 20 - curve->points[i].k < 5);
  ockham_sweep_free(sweep);
  free(x);
}

static void wide_tables_have_no_matrices(void **unused) {
  (void)unused;
  enum { N = 40, D = OCKHAM_SCATTER_COLUMNS + 1 };
  double *x = make_normal(N, D, 1);
  ockham_sweep *sweep = look(rows_of(x, N, D), (ockham_sweep_options){.k_max = 3});
  const ockham_row_statistics *rows = ockham_sweep_curve(sweep)->points[2].rows;
  assert_null(rows->spectrum);
  assert_true(isnan(rows->log_determinant) && isnan(rows->trace_ratio));
  assert_true(rows->explained[D - 1] > 0 && rows->explained[D - 1] < 1 && rows->scattering > 0);
  ockham_sweep_free(sweep);
  free(x);
}

/* What has no unit is the same in any, and anywhere. */
static void units_do_not_matter(void **unused) {
  (void)unused;
  static const double factors[] = {0x1p-400, 1e-3, 0x1p400, 1}, shifts[] = {0, 1, 0, 1e7};
  static const char *const same[] = {"ccc",   "scott", "marriot", "friedman", "ratkowsky-lance",
                                     "s-dbw", "duda",  "beale"};
  enum { N = 240, D = 3 };
  double *x = make_blobs(N, D, 4, 1), *y = malloc(N * D * sizeof *y);
  ockham_sweep *plain = look(rows_of(x, N, D), (ockham_sweep_options){.k_max = 6});
  for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
    for (size_t i = 0; i < N * D; i++) y[i] = factors[f] * x[i] + shifts[f];
    ockham_sweep *other = look(rows_of(y, N, D), (ockham_sweep_options){.k_max = 6});
    for (size_t c = 0; c < sizeof same / sizeof *same; c++)
      for (size_t i = 0; i < 4; i++) {
        const ockham_criterion *criterion = ockham_criterion_find(same[c]);
        double value = ockham_criterion_value(criterion, ockham_sweep_curve(other), i);
        double expected = ockham_criterion_value(criterion, ockham_sweep_curve(plain), i);
        assert_int_equal(isnan(value), isnan(expected));
        if (!isnan(expected)) assert_close(value, expected, 1e-6);
      }
    ockham_sweep_free(other);
  }
  ockham_sweep_free(plain);
  free(x);
  free(y);
}

/* ---- how it runs ---- */

static void assert_same_bits(const ockham_curve *a, const ockham_curve *b) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t i = 0; i < a->n_points; i++)
    for (size_t c = 0; c < n; c++) {
      double x = ockham_criterion_value(&criteria[c], a, i), y = ockham_criterion_value(&criteria[c], b, i);
      assert_memory_equal(&x, &y, sizeof x);
    }
}

static void threads_do_not_matter(void **unused) {
  (void)unused;
  double *x = make_blobs(3000, 3, 5, 1);
  ockham_sweep *one = look(rows_of(x, 3000, 3), (ockham_sweep_options){.k_max = 8, .threads = 1});
  ockham_sweep *three = look(rows_of(x, 3000, 3), (ockham_sweep_options){.k_max = 8, .threads = 3});
  assert_same_bits(ockham_sweep_curve(one), ockham_sweep_curve(three));
  ockham_sweep_free(one);
  ockham_sweep_free(three);
  free(x);
}

/* Rows of float32 are the same rows. */
static void floats_are_looked_at_too(void **unused) {
  (void)unused;
  enum { N = 300, D = 2 };
  double *x = make_blobs(N, D, 3, 1);
  float *narrow = malloc(N * D * sizeof *narrow);
  for (size_t i = 0; i < N * D; i++) x[i] = narrow[i] = (float)x[i];
  ockham_rows rows = {.data = narrow, .n_rows = N, .n_columns = D, .dtype = OCKHAM_FLOAT32};
  ockham_sweep *a = look(rows_of(x, N, D), (ockham_sweep_options){.k_max = 6});
  ockham_sweep *b = look(rows, (ockham_sweep_options){.k_max = 6});
  assert_same_bits(ockham_sweep_curve(a), ockham_sweep_curve(b));
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
  free(narrow);
}

/* Nothing of it unless it is asked for. */
static void it_is_not_done_unasked(void **unused) {
  (void)unused;
  double *x = make_blobs(100, 2, 3, 1);
  ockham_sweep *sweep = sweep_with(rows_of(x, 100, 2), (ockham_sweep_options){0});
  assert_null(ockham_sweep_curve(sweep)->points[0].rows);
  assert_false(ockham_criterion_has_evidence(ockham_criterion_find("scott"), ockham_sweep_curve(sweep)));
  ockham_sweep_free(sweep);
  sweep = sweep_with(rows_of(x, 100, 2), (ockham_sweep_options){.all_criteria = true, .k_max = 4});
  assert_non_null(ockham_sweep_curve(sweep)->points[0].rows);
  ockham_sweep_free(sweep);
  free(x);
}

/* Stop once so many k were looked at. */
static bool stop_at_rows(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)total;
  return strcmp(stage, "criteria of rows") != 0 || done < *(const uint64_t *)user;
}

static void a_stop_leaves_none_of_it(void **unused) {
  (void)unused;
  double *x = make_normal(60000, 4, 1);
  uint64_t at = 2;
  ockham_progress progress = {.report = stop_at_rows, .user = &at};
  ockham_sweep *sweep = sweep_with(
      rows_of(x, 60000, 4),
      (ockham_sweep_options){.k_max = 30, .criterion = "beale", .progress = &progress, .no_silhouette = true});
  assert_true(ockham_sweep_verdict(sweep).partial);
  assert_null(ockham_sweep_curve(sweep)->points[0].rows);
  assert_string_equal(ockham_sweep_verdict(sweep).criterion->name, "bic");
  assert_int_equal(ockham_sweep_curve(sweep)->n_points, 30);
  ockham_sweep_free(sweep);
  free(x);
}

/* Stop the second time that somebody asks while the first k is looked at. */
static bool stop_in_the_first(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)total;
  size_t *calls = user;
  if (strcmp(stage, "criteria of rows") != 0) return true;
  if (done > 0) return false;
  return ++*calls < 2;
}

static void a_stop_is_noticed_within_one_k(void **unused) {
  (void)unused;
  enum { N = 400000, D = 16 };
  double *x = make_normal(N, D, 2);
  size_t calls = 0;
  ockham_progress progress = {.report = stop_in_the_first, .user = &calls};
  ockham_sweep *sweep =
      sweep_with(rows_of(x, N, D),
                 (ockham_sweep_options){
                     .k_max = 2, .criterion = "beale", .progress = &progress, .no_silhouette = true, .threads = 1});
  assert_int_equal(calls, 2);
  assert_true(ockham_sweep_verdict(sweep).partial);
  assert_null(ockham_sweep_curve(sweep)->points[0].rows);
  ockham_sweep_free(sweep);
  free(x);
}

/* One column, where so many clusters are soon found. */
static void many_clusters_have_no_densities(void **unused) {
  (void)unused;
  enum { N = OCKHAM_DENSITY_CLUSTERS + 200 };
  double *x = make_uniform(N, 1, 3);
  ockham_sweep *sweep = look(
      rows_of(x, N, 1), (ockham_sweep_options){.k_min = OCKHAM_DENSITY_CLUSTERS, .k_max = OCKHAM_DENSITY_CLUSTERS + 1});
  const ockham_curve_point *points = ockham_sweep_curve(sweep)->points;
  assert_true(isfinite(points[0].rows->density_between) && isnan(points[1].rows->density_between));
  assert_true(points[1].rows->scattering > 0 && points[1].rows->scattering < points[0].rows->scattering);
  assert_int_equal(ockham_criterion_choose(ockham_criterion_find("s-dbw"), ockham_sweep_curve(sweep)), 0);
  ockham_sweep_free(sweep);
  free(x);
}

static void want_of_memory_is_told(void **unused) {
  (void)unused;
  double *x = make_blobs(60, 2, 3, 1);
  for_each_allocation_failure(n) {
    ockham_sweep *sweep;
    ockham_sweep_options options = {.k_max = 4, .threads = 1, .criterion = "scott"};
    ock_fault_after(n);
    ockham_status status = ockham_sweep_run(rows_of(x, 60, 2), &options, &sweep, NULL);
    assert_true(status == OCKHAM_OK || (status == OCKHAM_NO_MEMORY && ock_fault_hits()));
    ockham_sweep_free(sweep);
  }
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statistics_are_those_of_the_labels),
      cmocka_unit_test(halves_find_what_is_there),
      cmocka_unit_test(the_better_ones_count_round_clusters),
      cmocka_unit_test(constant_columns_are_left_out),
      cmocka_unit_test(singular_matrices_are_undefined),
      cmocka_unit_test(wide_tables_have_no_matrices),
      cmocka_unit_test(units_do_not_matter),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(floats_are_looked_at_too),
      cmocka_unit_test(it_is_not_done_unasked),
      cmocka_unit_test(a_stop_leaves_none_of_it),
      cmocka_unit_test(a_stop_is_noticed_within_one_k),
      cmocka_unit_test(many_clusters_have_no_densities),
      cmocka_unit_test(want_of_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
