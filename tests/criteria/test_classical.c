/* SPDX-License-Identifier: Apache-2.0 */
/* The classical criteria against the R packages NbClust, clusterCrit and capushe, and against their definitions in
 * numpy: classical.py wrote the numbers, and says where these packages are not what they say they are. */
#include "criteria/classical.h"
#include "criteria/internal.h"
#include "criteria/looked.h"

enum { N_CASES = sizeof classical_cases / sizeof *classical_cases };
enum { N_SLOPES = sizeof slope_curves / sizeof *slope_curves };

/* A curve over k = 1 ... CLASSICAL_K with all that rows say. */
typedef struct case_curve {
  labelled of[CLASSICAL_K];
  looked rows[CLASSICAL_K];
  ockham_curve_point points[CLASSICAL_K];
  ockham_curve curve;
} case_curve;

static void fill_curve(case_curve *t, const classical_case *c) {
  double x[1024];
  size_t n_values = c->n_rows * c->n_columns;
  assert_true(n_values <= 1024);
  for (size_t i = 0; i < n_values; i++) x[i] = c->rows[i] / 64.0;
  const double *halves = c->halves;
  for (size_t k = 1; k <= CLASSICAL_K; k++) {
    looked_rows rows = {x, c->n_rows, c->n_columns, k, c->labels + (k - 1) * c->n_rows, 0};
    labelled_fill(&t->of[k - 1], x, c->n_rows, c->n_columns, rows.labels, k);
    looked_fill(&t->rows[k - 1], &rows, t->of[k - 1].centroids, halves);
    t->points[k - 1] = t->of[k - 1].point;
    t->points[k - 1].rows = &t->rows[k - 1].statistics;
    halves += k;
  }
  t->curve = t->of[0].curve;
  t->curve.total_spread = t->of[0].spread[0];
  t->curve.n_points = CLASSICAL_K;
  t->curve.points = t->points;
}

/* clusterCrit divides counts of rows in single precision. */
static double tolerance_for(const classical_value *v) {
  bool single = strcmp(v->criterion, "s-dbw") == 0 && strcmp(v->source, "clusterCrit") == 0;
  return single ? 1e-6 : 1e-9;
}

static void check_value(const case_curve *t, const classical_value *v, size_t i) {
  double value = value_of(v->criterion, &t->curve, i), expected = v->of[i];
  bool defined = strcmp(v->source, "its definition") == 0; /* and undefined where that is */
  bool agrees = fabs(value - expected) <= tolerance_for(v) * fmax(1, fabs(expected));
  if (!agrees && (!isnan(expected) || (defined && !isnan(value))))
    fail_msg("%s at k = %zu is %.17g, by %s %.17g", v->criterion, i + 1, value, v->source, expected);
}

static void test_values_are_those_of_their_sources(void **unused) {
  (void)unused;
  for (size_t c = 0; c < N_CASES; c++) {
    case_curve t;
    fill_curve(&t, &classical_cases[c]);
    for (size_t v = 0; v < classical_cases[c].n_values; v++)
      for (size_t i = 0; i < CLASSICAL_K; i++) check_value(&t, &classical_cases[c].values[v], i);
  }
}

/* Every criterion of the curve or of rows that is not among the usual ones is met by name. */
static void test_no_criterion_is_left_out(void **unused) {
  (void)unused;
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) {
    bool asked = criteria[c].evidence == OCKHAM_EVIDENCE_CURVE || criteria[c].evidence == OCKHAM_EVIDENCE_ROWS;
    if (criteria[c].usual || !asked) continue;
    bool met = false;
    for (size_t v = 0; v < classical_cases[0].n_values; v++)
      met = met || strcmp(classical_cases[0].values[v].criterion, criteria[c].name) == 0;
    if (!met) fail_msg("%s has no reference", criteria[c].name);
  }
}

/* Four blobs are found by what is made for such; the rules say what they say. */
static void test_choices_follow_from_values(void **unused) {
  (void)unused;
  case_curve t;
  fill_curve(&t, &classical_cases[0]);
  const char *const right[] = {"log-ss-ratio", "jump", "wb-index", "ccc", "duda"};
  for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
    size_t k = t.points[ockham_criterion_choose(ockham_criterion_find(right[i]), &t.curve)].k;
    if (k != 4) fail_msg("%s chooses %zu", right[i], k);
  }
  const ockham_criterion *explained = ockham_criterion_find("variance-explained");
  size_t first = ockham_criterion_choose(explained, &t.curve);
  assert_true(ockham_criterion_value(explained, &t.curve, first) >= 0.9);
  assert_true(ockham_criterion_value(explained, &t.curve, first - 1) < 0.9);
  assert_ptr_equal(ockham_criterion_find("ray-turi"), ockham_criterion_find("xie-beni"));
  assert_ptr_equal(ockham_criterion_find("ksq-detw"), ockham_criterion_find("marriot"));
  assert_ptr_equal(ockham_criterion_find("pseudot2"), ockham_criterion_find("duda"));
}

/* Of a curve whose silhouettes are these. */
static void test_bounds_choose_the_first_or_the_last(void **unused) {
  (void)unused;
  const double values[] = {NAN, 0.25, 0.5, NAN, 0.5, 0.75, 0.25};
  enum { N = sizeof values / sizeof *values };
  const ockham_criterion *criterion = ockham_criterion_find("silhouette");
  ockham_curve_point points[N] = {{0}};
  for (size_t i = 0; i < N; i++) points[i].silhouette = values[i];
  ockham_curve curve = {.n_points = N, .points = points};
  assert_int_equal(ock_first_at_least(criterion, &curve, 0.5), 2);
  assert_int_equal(ock_first_at_least(criterion, &curve, 0.6), 5);
  assert_int_equal(ock_first_at_least(criterion, &curve, 0.8), SIZE_MAX);
  assert_int_equal(ock_first_at_most(criterion, &curve, 0.5), 1);
  assert_int_equal(ock_first_at_most(criterion, &curve, 0.2), SIZE_MAX);
  assert_int_equal(ock_last_at_least(criterion, &curve, 0.5), 5);
  assert_int_equal(ock_last_at_least(criterion, &curve, 0.25), 6);
  assert_int_equal(ock_last_at_least(criterion, &curve, 1), SIZE_MAX);
}

enum { MOST_POINTS = 64 };

/* Clusters of one size for each k, as far as the slope heuristic is concerned. */
typedef struct slope_curve {
  double weights[MOST_POINTS][MOST_POINTS];
  ockham_curve_point points[MOST_POINTS];
  ockham_curve curve;
} slope_curve;

static void fill_slope(slope_curve *t, size_t c) {
  size_t m = slope_curves[c].n_points;
  assert_true(m <= MOST_POINTS);
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j <= i; j++) t->weights[i][j] = (double)slope_curves[c].n / (double)(i + 1);
    t->points[i] =
        (ockham_curve_point){.k = i + 1, .inertia = slope_values[slope_curves[c].first + i], .weights = t->weights[i]};
  }
  t->curve = (ockham_curve){.n_rows = slope_curves[c].n,
                            .n_columns = slope_curves[c].d,
                            .n_varying = slope_curves[c].d,
                            .variance_floor = DBL_MIN,
                            .n_points = m,
                            .points = t->points};
}

static void test_slopes_are_those_of_capushe(void **unused) {
  (void)unused;
  const ockham_criterion *criterion = ockham_criterion_find("slope-heuristic");
  for (size_t c = 0; c < N_SLOPES; c++) {
    slope_curve t;
    fill_slope(&t, c);
    assert_int_equal(ockham_criterion_choose(criterion, &t.curve) + 1, slope_curves[c].chosen);
    t.curve.n_points = 9; /* too few to tell a slope from */
    assert_int_equal(ockham_criterion_choose(criterion, &t.curve), SIZE_MAX);
  }
}

static void test_want_of_memory_means_no_slope(void **unused) {
  (void)unused;
  slope_curve t;
  fill_slope(&t, 0);
  ock_fault_after(0);
  assert_int_equal(ockham_criterion_choose(ockham_criterion_find("slope-heuristic"), &t.curve), SIZE_MAX);
  assert_true(ock_fault_hits() > 0);
  ock_fault_clear();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_are_those_of_their_sources),
      cmocka_unit_test(test_no_criterion_is_left_out),
      cmocka_unit_test(test_choices_follow_from_values),
      cmocka_unit_test(test_bounds_choose_the_first_or_the_last),
      cmocka_unit_test(test_slopes_are_those_of_capushe),
      cmocka_unit_test(test_want_of_memory_means_no_slope),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
