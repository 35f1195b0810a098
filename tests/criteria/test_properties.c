/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of criteria for any data: invariances, finite values in degenerate cases, ties, the table. */
#include "criteria/looked.h"

enum { N = 60, D = 3, K_MAX = 6 };

/* ---- data ---- */

/* Three blobs, and labels for k = 1 ... K_MAX that split them more and more. */
static void make_blobs(double x[N * D], uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 1);
  for (size_t i = 0; i < N; i++)
    for (size_t l = 0; l < D; l++) x[i * D + l] = 5.0 * (double)((i % 3 + l) % 3) + ock_rng_normal(&rng);
}

static void make_labels(uint8_t labels[N], size_t k) {
  for (size_t i = 0; i < N; i++) labels[i] = (uint8_t)(i % 6 % k);
}

/* A curve over k = 1 ... K_MAX of the rows x. */
typedef struct test_curve {
  labelled of[K_MAX];
  looked rows[K_MAX];
  double halves[K_MAX][K_MAX];
  ockham_curve_point points[K_MAX];
  ockham_curve curve;
} test_curve;

static void make_curve(test_curve *c, const double *x) {
  for (size_t k = 1; k <= K_MAX; k++) {
    uint8_t labels[N];
    make_labels(labels, k);
    labelled_fill(&c->of[k - 1], x, N, D, labels, k);
    c->points[k - 1] = c->of[k - 1].point;
    for (size_t j = 0; j < k; j++) c->halves[k - 1][j] = c->of[k - 1].within[j] * (k < 3 ? 0.3 : 0.7);
    looked_fill(&c->rows[k - 1], &(looked_rows){x, N, D, k, labels, 0}, c->of[k - 1].centroids, c->halves[k - 1]);
    c->points[k - 1].rows = &c->rows[k - 1].statistics;
  }
  c->curve = c->of[0].curve;
  c->curve.total_spread = c->of[0].spread[0];
  c->curve.n_points = K_MAX;
  c->curve.points = c->points;
}

/* ---- invariance ---- */

static void scale_and_shift(double *x, double factor, double shift) {
  for (size_t i = 0; i < N * D; i++) x[i] = factor * x[i] + shift;
}

/* Turn by an angle in the plane of columns a and b. */
static void rotate(double *x, size_t a, size_t b, double angle) {
  for (size_t i = 0; i < N; i++) {
    double u = x[i * D + a], v = x[i * D + b];
    x[i * D + a] = cos(angle) * u - sin(angle) * v;
    x[i * D + b] = sin(angle) * u + cos(angle) * v;
  }
}

/* value(k) - value(1) is the same on both curves. */
static void assert_same_differences(const char *name, const ockham_curve *a, const ockham_curve *b, double tolerance) {
  for (size_t i = 1; i < K_MAX; i++)
    assert_close(value_of(name, a, i) - value_of(name, a, 0), value_of(name, b, i) - value_of(name, b, 0), tolerance);
}

static void assert_same_values(const char *name, const ockham_curve *a, const ockham_curve *b, double tolerance) {
  for (size_t i = 1; i < K_MAX; i++)
    if (isnan(value_of(name, a, i)))
      assert_true(isnan(value_of(name, b, i)));
    else
      assert_close(value_of(name, a, i), value_of(name, b, i), tolerance);
}

/* Those that look at columns: units and places do not matter, directions may. */
static void assert_same_matrices(const double *x, const double *y, double tolerance) {
  const char *const same[] = {"ccc", "scott", "marriot", "friedman", "rubin", "ratkowsky-lance", "s-dbw"};
  test_curve a, b;
  make_curve(&a, x);
  make_curve(&b, y);
  for (size_t c = 0; c < sizeof same / sizeof *same; c++) assert_same_values(same[c], &a.curve, &b.curve, tolerance);
}

static void assert_invariant(const double *x, const double *y, double tolerance) {
  test_curve a, b;
  make_curve(&a, x);
  make_curve(&b, y);
  assert_same_differences("bic", &a.curve, &b.curve, tolerance);
  assert_same_differences("aic", &a.curve, &b.curve, tolerance);
  assert_same_differences("bic-goxmeans", &a.curve, &b.curve, tolerance);
  const char *const likelihoods[] = {"aicc", "bic-pelleg-moore", "slope-heuristic", "banfield-raftery"};
  for (size_t c = 0; c < 4; c++) assert_same_differences(likelihoods[c], &a.curve, &b.curve, tolerance);
  const char *const same[] = {
      "davies-bouldin", "calinski-harabasz", "krzanowski-lai", "hartigan", "log-ss-ratio", "jump",
      "pham",           "wb-index",          "xie-beni",       "duda",     "beale",        "variance-explained"};
  for (size_t c = 0; c < sizeof same / sizeof *same; c++) assert_same_values(same[c], &a.curve, &b.curve, tolerance);
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) /* columns are what ratkowsky-lance, sd-index and s-dbw see: those turn with them */
    if (criteria[c].evidence != OCKHAM_EVIDENCE_ROWS)
      assert_int_equal(ockham_criterion_choose(&criteria[c], &a.curve),
                       ockham_criterion_choose(&criteria[c], &b.curve));
}

static void test_units_do_not_matter(void **unused) {
  (void)unused;
  const double factors[] = {1e-100, 1e-3, 7, 1e12, 1e100};
  double x[N * D], y[N * D];
  make_blobs(x, 1);
  for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
    memcpy(y, x, sizeof x);
    scale_and_shift(y, factors[f], 0);
    assert_invariant(x, y, 1e-9);
    assert_same_matrices(x, y, 1e-9);
  }
}

static void test_place_and_direction_do_not_matter(void **unused) {
  (void)unused;
  double x[N * D], y[N * D];
  make_blobs(x, 2);
  memcpy(y, x, sizeof x);
  scale_and_shift(y, 1, 1e4);
  assert_invariant(x, y, 1e-8);
  assert_same_matrices(x, y, 1e-8);
  memcpy(y, x, sizeof x);
  rotate(y, 0, 1, 0.7);
  rotate(y, 1, 2, 2.1);
  assert_invariant(x, y, 1e-9);
}

/* ---- degenerate curves ---- */

static void assert_finite_or_undefined(const labelled *t) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) assert_false(isinf(ockham_criterion_value(&criteria[c], &t->curve, 0)));
  const char *const always[] = {"bic", "aic", "bic-goxmeans", "elbow"};
  for (size_t c = 0; c < 4; c++) assert_true(isfinite(value_of(always[c], &t->curve, 0)));
  assert_true(isfinite(ockham_score_bic(&t->curve, 0).log_likelihood));
}

static void check_degenerate(const double *x, size_t n, size_t d, size_t n_varying, const uint8_t *labels, size_t k) {
  labelled t;
  labelled_fill(&t, x, n, d, labels, k);
  t.curve.n_varying = n_varying;
  t.curve.total_spread = 1;
  assert_finite_or_undefined(&t);
  const double nothing[20] = {0};
  looked rows;
  looked_fill(&rows, &(looked_rows){x, n, d, k, labels, 0}, t.centroids, nothing);
  t.point.rows = &rows.statistics;
  assert_finite_or_undefined(&t);
}

static void test_degenerate_data_have_finite_values(void **unused) {
  (void)unused;
  double zeros[20] = {0}, line[20];
  uint8_t one[20] = {0}, each[20], pairs[20], halves[20];
  for (size_t i = 0; i < 20; i++) {
    line[i] = (double)i;
    each[i] = (uint8_t)i;
    pairs[i] = (uint8_t)(i / 2);
    halves[i] = i >= 10;
  }
  check_degenerate(line, 1, 1, 0, one, 1);      /* one row */
  check_degenerate(line, 1, 5, 0, one, 1);      /* of several columns */
  check_degenerate(zeros, 20, 1, 0, one, 1);    /* all equal */
  check_degenerate(zeros, 10, 2, 0, halves, 1); /* all equal, two columns */
  check_degenerate(zeros, 20, 1, 0, halves, 2); /* two centroids at one place */
  check_degenerate(line, 20, 1, 1, each, 20);   /* k = n */
  check_degenerate(line, 10, 2, 2, each, 10);   /* k = n, two columns */
  check_degenerate(line, 20, 1, 1, pairs, 10);  /* small clusters */
  check_degenerate(line, 2, 1, 1, each, 2);     /* two rows */
  check_degenerate(zeros, 20, 1, 1, pairs, 10); /* duplicates throughout */
  check_degenerate(zeros, 20, 1, 1, halves, 2); /* zero variance, VII may be used */
}

static void test_one_cluster_has_likelihood_but_no_geometry(void **unused) {
  (void)unused;
  double x[N * D];
  make_blobs(x, 3);
  test_curve c;
  make_curve(&c, x);
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t i = 0; i < n; i++)
    if (!ockham_criterion_has_evidence(&criteria[i], &c.curve))
      assert_true(isnan(ockham_criterion_value(&criteria[i], &c.curve, 0))); /* there are none */
    else if (criteria[i].can_answer_one || criteria[i].direction == OCKHAM_KNEE)
      assert_true(isfinite(ockham_criterion_value(&criteria[i], &c.curve, 0)));
    else
      assert_true(isnan(ockham_criterion_value(&criteria[i], &c.curve, 0)));
  assert_false(ockham_score_bic(&c.curve, 0).variances_differ); /* with one cluster they are the same model */
  assert_int_equal(ockham_score_bic(&c.curve, 0).n_parameters, D + 1);
}

static void test_a_variance_of_its_own_needs_five_rows(void **unused) {
  (void)unused;
  double x[24];
  uint8_t labels[24] = {0};
  for (size_t small = 4; small <= 5; small++) {
    for (size_t i = 0; i < 24; i++) {
      labels[i] = i < small;
      x[i] = i < small ? 1000 + 1e-3 * (double)i : (double)(i * i % 17);
    }
    labelled t;
    labelled_fill(&t, x, 24, 1, labels, 2);
    assert_int_equal(ockham_score_bic(&t.curve, 0).variances_differ, small == 5);
    assert_int_equal(ockham_score_bic(&t.curve, 0).n_parameters, small == 5 ? 5 : 4);
  }
}

/* The floor bounds what duplicates can gain: the credited variance is the floor, never less. */
static void test_floor_bounds_the_likelihood(void **unused) {
  (void)unused;
  const double zeros[20] = {0}, floor = 0.01, two_pi = 2 * acos(-1);
  uint8_t labels[20] = {0};
  labelled t;
  labelled_fill(&t, zeros, 20, 1, labels, 1);
  t.curve.variance_floor = floor;
  assert_close(ockham_score_bic(&t.curve, 0).log_likelihood, -10 * log(two_pi * floor), 1e-12);
}

/* One parameter more costs more, also when there are more parameters than values. */
static void test_price_rises_beyond_the_number_of_values(void **unused) {
  (void)unused;
  double zeros[10] = {0}, last = INFINITY;
  for (size_t k = 1; k <= 10; k++) {
    uint8_t labels[10];
    for (size_t i = 0; i < 10; i++) labels[i] = (uint8_t)(i % k);
    labelled t;
    labelled_fill(&t, zeros, 10, 1, labels, k);
    double value = ockham_score_bic(&t.curve, 0).value;
    assert_true(isfinite(value) && value < last);
    last = value;
  }
}

/* ---- choosing ---- */

static void test_ties_choose_the_lowest_k(void **unused) {
  (void)unused;
  const uint64_t sizes[] = {4, 4, 4};
  const double within[] = {1, 1, 1}, spread[] = {1, 1, 1}, centroids[] = {0, 10, 20};
  ockham_curve_point points[4];
  for (size_t i = 0; i < 4; i++)
    points[i] = (ockham_curve_point){.k = 3, /* all the same */
                                     .inertia = 3,
                                     .sizes = sizes,
                                     .within = within,
                                     .spread = spread,
                                     .centroids = centroids,
                                     .silhouette = 0.5,
                                     .simplified_silhouette = 0.5};
  ockham_curve curve = {.n_rows = 12,
                        .n_columns = 1,
                        .n_varying = 1,
                        .variance_floor = 1e-9,
                        .total = 800,
                        .n_points = 4,
                        .points = points};
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) {
    /* A flat curve has no knee; no k has a neighbour; too few k for a slope. */
    bool none = criteria[c].direction == OCKHAM_KNEE || isnan(ockham_criterion_value(&criteria[c], &curve, 0));
    none = none || strcmp(criteria[c].name, "slope-heuristic") == 0;
    size_t expected = none ? SIZE_MAX : 0;
    assert_int_equal(ockham_criterion_choose(&criteria[c], &curve), expected);
  }
  points[2].silhouette = 0.75;
  points[3].silhouette = 0.75;
  assert_int_equal(ockham_criterion_choose(ockham_criterion_find("silhouette"), &curve), 2);
}

static void test_undefined_values_are_never_chosen(void **unused) {
  (void)unused;
  double x[N * D];
  make_blobs(x, 4);
  test_curve c;
  make_curve(&c, x);
  const ockham_criterion *silhouette = ockham_criterion_find("silhouette");
  assert_int_equal(ockham_criterion_choose(silhouette, &c.curve), SIZE_MAX); /* all NaN */
  c.points[4].silhouette = -0.9;
  assert_int_equal(ockham_criterion_choose(silhouette, &c.curve), 4);
  assert_int_equal(ockham_criterion_choose(ockham_criterion_find("bic"), &c.curve), 2); /* three blobs */
  assert_int_equal(ockham_criterion_choose(ockham_criterion_find("davies-bouldin"), &c.curve), 2);
}

static void test_weights_sum_to_one(void **unused) {
  (void)unused;
  for (int e = -100; e <= 100; e += 50) {
    double x[N * D], weights[K_MAX], sum = 0;
    make_blobs(x, 5);
    scale_and_shift(x, pow(10, e), 0);
    test_curve c;
    make_curve(&c, x);
    ockham_bic_weights(&c.curve, weights);
    for (size_t i = 0; i < K_MAX; i++) {
      assert_true(weights[i] >= 0);
      sum += weights[i];
      double odds = exp((value_of("bic", &c.curve, i) - value_of("bic", &c.curve, 2)) / 2);
      assert_close(weights[i] / weights[2], odds, 1e-9);
    }
    assert_close(sum, 1, 1e-12);
    assert_true(weights[2] > 0.99);
  }
}

/* ---- Kneedle, beyond what kneed is asked ---- */

static void test_kneedle_of_odd_curves(void **unused) {
  (void)unused;
  const double x[] = {1, 2, 3, 4, 5}, bend[] = {100, 20, 18, 17, 16}, flat[] = {3, 3, 3, 3, 3},
               nan[] = {3, NAN, 1, 1, 1};
  const double same_x[] = {2, 2, 2, 2, 2};
  assert_int_equal(ockham_kneedle(x, bend, 5), 1);
  assert_int_equal(ockham_kneedle(x, flat, 5), SIZE_MAX);
  assert_int_equal(ockham_kneedle(x, bend, 0), SIZE_MAX);
  assert_int_equal(ockham_kneedle(x, bend, 1), SIZE_MAX);
  assert_int_equal(ockham_kneedle(x, bend, 2), SIZE_MAX);
  assert_int_equal(ockham_kneedle(same_x, bend, 5), SIZE_MAX);
  (void)ockham_kneedle(x, nan, 5); /* anything, but no crash */
}

/* It takes none: a knee that was not looked for would look like one that is not there. */
static void test_kneedle_needs_no_memory(void **unused) {
  (void)unused;
  double x[N * D];
  make_blobs(x, 6);
  test_curve c;
  make_curve(&c, x);
  ock_fault_after(0);
  size_t knee = ockham_criterion_choose(ockham_criterion_find("elbow"), &c.curve);
  long n_refused = ock_fault_hits();
  ock_fault_clear();
  assert_int_equal(knee, 2);
  assert_int_equal(n_refused, 0);
}

/* ---- the table ---- */

static void test_table_names_are_unique_and_found(void **unused) {
  (void)unused;
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  assert_int_equal(n, 63);
  for (size_t a = 0; a < n; a++) {
    assert_ptr_equal(ockham_criterion_find(criteria[a].name), &criteria[a]);
    assert_true(criteria[a].name[0] && criteria[a].title[0] && criteria[a].formula[0] && criteria[a].source[0]);
    for (size_t b = 0; b < a; b++) {
      assert_string_not_equal(criteria[a].name, criteria[b].name);
      assert_string_not_equal(criteria[a].title, criteria[b].title);
    }
  }
  assert_null(ockham_criterion_find("BIC"));
  assert_null(ockham_criterion_find("bi"));
  assert_null(ockham_criterion_find(""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_units_do_not_matter),
      cmocka_unit_test(test_place_and_direction_do_not_matter),
      cmocka_unit_test(test_degenerate_data_have_finite_values),
      cmocka_unit_test(test_one_cluster_has_likelihood_but_no_geometry),
      cmocka_unit_test(test_a_variance_of_its_own_needs_five_rows),
      cmocka_unit_test(test_floor_bounds_the_likelihood),
      cmocka_unit_test(test_price_rises_beyond_the_number_of_values),
      cmocka_unit_test(test_ties_choose_the_lowest_k),
      cmocka_unit_test(test_undefined_values_are_never_chosen),
      cmocka_unit_test(test_weights_sum_to_one),
      cmocka_unit_test(test_kneedle_of_odd_curves),
      cmocka_unit_test(test_kneedle_needs_no_memory),
      cmocka_unit_test(test_table_names_are_unique_and_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
