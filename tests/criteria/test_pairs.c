/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria of pairs of rows against clusterCrit, fpc, NbClust and R's own correlations: pairs_reference.R wrote the
 * numbers. What is known of the pairs is counted the plain way here; tests/select/test_row_pairs.c is about the fast
 * one. */
#include "criteria/pairs_reference.h"
#include "criteria/plain_pairs.h"

enum { N_CASES = sizeof pair_cases / sizeof *pair_cases, MOST_VALUES = 512 };

static const double tolerance = 1e-9;

/* A curve point with its pairs. */
typedef struct paired {
  labelled of;
  ockham_pair_statistics pairs;
} paired;

static void fill(paired *p, const double *x, size_t n, size_t d, const uint8_t *label, size_t k) {
  labelled_fill(&p->of, x, n, d, label, k);
  p->pairs = plain_statistics(&(plain_rows){x, n, d, k, label, p->of.centroids});
  p->of.point.pairs = &p->pairs;
}

static void fill_case(paired *p, const pair_case *c) {
  double x[MOST_VALUES];
  assert_true(c->n_rows * c->n_columns <= MOST_VALUES);
  for (size_t i = 0; i < c->n_rows * c->n_columns; i++) x[i] = c->rows[i] / 64.0;
  fill(p, x, c->n_rows, c->n_columns, c->labels, c->k);
}

/* NaN with them is NaN here. */
#define assert_agrees(found, expected)          \
  do {                                          \
    if (isnan(expected))                        \
      assert_true(isnan(found));                \
    else                                        \
      assert_close(found, expected, tolerance); \
  } while (0)

static void test_values_agree_with_cluster_crit(void **unused) {
  (void)unused;
  for (size_t i = 0; i < N_CASES; i++) {
    const pair_case *c = &pair_cases[i];
    paired p;
    fill_case(&p, c);
    assert_agrees(value_of("c-index", &p.of.curve, 0), c->c_index);
    assert_agrees(value_of("mcclain-rao", &p.of.curve, 0), c->mcclain_rao);
    assert_agrees(value_of("dunn", &p.of.curve, 0), c->dunn);
    assert_agrees(value_of("dunn-13", &p.of.curve, 0), c->dunn_13);
    assert_agrees(value_of("dunn-31", &p.of.curve, 0), c->dunn_31);
    assert_agrees(value_of("dunn-33", &p.of.curve, 0), c->dunn_33);
    assert_agrees(value_of("dunn-41", &p.of.curve, 0), c->dunn_41);
    assert_agrees(value_of("dunn-43", &p.of.curve, 0), c->dunn_43);
  }
}

static void test_values_agree_with_fpc(void **unused) {
  (void)unused;
  size_t n_equal = 0;
  for (size_t i = 0; i < N_CASES; i++) {
    const pair_case *c = &pair_cases[i];
    paired p;
    fill_case(&p, c);
    assert_agrees(value_of("gamma", &p.of.curve, 0), c->fpc_gamma);
    n_equal += p.pairs.concordant + p.pairs.discordant < 1;
    assert_agrees(value_of("c-index", &p.of.curve, 0), c->fpc_c_index);
    assert_agrees(value_of("point-biserial", &p.of.curve, 0), c->point_biserial);
    assert_agrees(value_of("dunn", &p.of.curve, 0), c->fpc_dunn);
    assert_agrees(value_of("dunn-32", &p.of.curve, 0), c->dunn_32);
  }
  assert_in_range(n_equal, 3, N_CASES - 2); /* both with and without equal distances */
}

static void test_correlations_agree_with_r(void **unused) {
  (void)unused;
  for (size_t i = 0; i < N_CASES; i++) {
    paired p;
    fill_case(&p, &pair_cases[i]);
    assert_agrees(value_of("tau", &p.of.curve, 0), pair_cases[i].tau);
    assert_agrees(value_of("hubert", &p.of.curve, 0), pair_cases[i].hubert);
  }
}

/* The curve of NbClust's clusterings, k = 2 ... */
typedef struct nbclust_curve {
  paired of[NBCLUST_K_MAX - 1];
  ockham_curve_point points[NBCLUST_K_MAX - 1];
  ockham_curve curve;
} nbclust_curve;

static nbclust_curve *make_nbclust(void) {
  nbclust_curve *c = malloc(sizeof *c);
  double x[MOST_VALUES];
  size_t n_values = sizeof nbclust_rows / sizeof *nbclust_rows, d = n_values / NBCLUST_ROWS;
  for (size_t i = 0; i < n_values; i++) x[i] = nbclust_rows[i] / 64.0;
  for (size_t k = 2; k <= NBCLUST_K_MAX; k++) {
    fill(&c->of[k - 2], x, NBCLUST_ROWS, d, nbclust_labels[k - 2], k);
    c->points[k - 2] = c->of[k - 2].of.point;
  }
  c->curve = c->of[0].of.curve;
  c->curve.n_points = NBCLUST_K_MAX - 1;
  c->curve.points = c->points;
  return c;
}

/* It prints four decimals. */
static void assert_prints(double value, double printed) {
  if (!(fabs(value - printed) <= 0.5001e-4)) fail_msg("%.9g is not %.4f", value, printed);
}

static void test_values_agree_with_nbclust(void **unused) {
  (void)unused;
  nbclust_curve *c = make_nbclust();
  for (size_t i = 0; i + 2 < NBCLUST_K_MAX; i++) {
    double n = c->of[i].pairs.n_pairs;
    assert_prints(value_of("gamma", &c->curve, i), nbclust_gamma[i]);
    assert_prints(value_of("dunn", &c->curve, i), nbclust_dunn[i]);
    assert_prints(value_of("frey", &c->curve, i), nbclust_frey[i]);
    assert_prints(value_of("point-biserial", &c->curve, i) * sqrt((n - 1) / n), nbclust_ptbiserial[i]); /* n - 1 */
  }
  free(c);
}

/* What we take for its errors gives its numbers, and ours are those of the definitions above. */
static void test_where_nbclust_differs(void **unused) {
  (void)unused;
  nbclust_curve *c = make_nbclust();
  double n_rows = NBCLUST_ROWS;
  for (size_t i = 0; i + 2 < NBCLUST_K_MAX; i++) {
    const ockham_pair_statistics *p = &c->of[i].pairs;
    double n = p->n_pairs, f = p->share_within, comparisons = n * n * f * (1 - f);
    double wrong = n_rows * (n_rows - 1) / 2; /* pairs of rows where it should be pairs of these */
    double between = comparisons * (1 - p->concordant - p->discordant);
    assert_prints(value_of("mcclain-rao", &c->curve, i) * (1 - f) / f, nbclust_mcclain[i]);
    assert_prints(value_of("g-plus", &c->curve, i) * (n * (n - 1) / 2) / wrong, nbclust_gplus[i]);
    assert_prints(comparisons * (p->concordant - p->discordant) / sqrt((wrong - between) * wrong), nbclust_tau[i]);
    assert_true(fabs(value_of("c-index", &c->curve, i) - nbclust_cindex[i]) > 0.01);
  }
  free(c);
}

/* Three values of each, by the rules. */
static ockham_curve curve_of(ockham_curve_point *points, ockham_pair_statistics *pairs, size_t n) {
  for (size_t i = 0; i < n; i++) points[i] = (ockham_curve_point){.k = i + 1, .pairs = &pairs[i]};
  return (ockham_curve){.n_rows = 100, .n_columns = 1, .n_points = n, .points = points};
}

static void test_the_bend_of_hubert(void **unused) {
  (void)unused;
  const double value[] = {NAN, 0.5, 0.6, 0.8, 0.85, 0.9, 0.91}, flat[] = {NAN, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
  ockham_pair_statistics pairs[7] = {{0}};
  ockham_curve_point points[7];
  ockham_curve curve = curve_of(points, pairs, 7);
  const ockham_criterion *hubert = ockham_criterion_find("hubert");
  for (size_t i = 0; i < 7; i++) pairs[i].centroid_correlation = value[i];
  assert_int_equal(ockham_criterion_choose(hubert, &curve), 3);
  curve.n_points = 3;
  assert_int_equal(ockham_criterion_choose(hubert, &curve), SIZE_MAX);
  curve.n_points = 7;
  for (size_t i = 0; i < 7; i++) pairs[i].centroid_correlation = flat[i];
  assert_int_equal(ockham_criterion_choose(hubert, &curve), SIZE_MAX);
}

static size_t frey_of(const double *ratio, size_t n) {
  ockham_pair_statistics pairs[8] = {{0}};
  ockham_curve_point points[8];
  pairs[0].mean_within = pairs[0].mean_between = NAN; /* one cluster */
  for (size_t i = 2; i < n; i++) {
    pairs[i].mean_within = -(double)i;
    pairs[i].mean_between = pairs[i - 1].mean_between - ratio[i - 1];
  }
  pairs[1].mean_within = -1;
  ockham_curve curve = curve_of(points, pairs, n);
  for (size_t i = 1; i + 1 < n; i++) assert_close(value_of("frey", &curve, i), ratio[i], 1e-12);
  assert_true(isnan(value_of("frey", &curve, n - 1)));
  return ockham_criterion_choose(ockham_criterion_find("frey"), &curve);
}

static void test_the_last_fall_of_frey(void **unused) {
  (void)unused;
  assert_int_equal(frey_of((const double[]){NAN, 0.2, 0.4, 6, 0.5, 3, 2}, 8), 3); /* down from 8, the last is at 3, 2 */
  assert_int_equal(frey_of((const double[]){NAN, 4, 4, 6, 0.5, 3, 2}, 8), 5);
  assert_int_equal(frey_of((const double[]){NAN, 0.4, 0.4, 0.6, 0.5, 0.3, 0.2}, 8), 7);
  assert_int_equal(frey_of((const double[]){NAN, 4, 4, 6, 1, 3, 2}, 8), SIZE_MAX);
}

static bool is_of_pairs(const ockham_criterion *c) {
  return c->evidence == OCKHAM_EVIDENCE_PAIRS;
}

static void check_undefined(const double *x, size_t n, const uint8_t *label, size_t k, const char *except) {
  paired p;
  size_t n_criteria;
  fill(&p, x, n, 1, label, k);
  const ockham_criterion *criteria = ockham_criteria(&n_criteria);
  for (size_t c = 0; c < n_criteria; c++) {
    if (!is_of_pairs(&criteria[c]) || strcmp(criteria[c].name, except) == 0) continue;
    if (!isnan(ockham_criterion_value(&criteria[c], &p.of.curve, 0))) fail_msg("%s", criteria[c].name);
  }
}

/* One cluster, single rows only (whose distances are those of their centroids), rows that are all equal, one row. */
static void test_undefined_where_there_is_nothing_to_compare(void **unused) {
  (void)unused;
  const double line[] = {1, 2, 4, 8, 16, 32}, equal[] = {3, 3, 3, 3, 3, 3};
  const uint8_t one[6] = {0}, each[] = {0, 1, 2, 3, 4, 5}, halves[] = {0, 0, 0, 1, 1, 1};
  check_undefined(line, 6, one, 1, "");
  check_undefined(line, 6, each, 6, "hubert");
  check_undefined(equal, 6, one, 1, "");
  check_undefined(equal, 6, each, 6, "");
  check_undefined(equal, 6, halves, 2, "");
  check_undefined(line, 1, one, 1, "");
}

/* Two values: no cluster has a diameter, though 0.1 and its mean may differ. */
static void test_rounding_is_no_diameter(void **unused) {
  (void)unused;
  double x[14];
  uint8_t label[14];
  for (size_t i = 0; i < 14; i++) x[i] = (label[i] = i >= 9) ? 5.3 : 0.1;
  paired p;
  fill(&p, x, 14, 1, label, 2);
  p.of.spread[0] = 1e-16;
  assert_true(isnan(value_of("dunn", &p.of.curve, 0)) && isnan(value_of("dunn-33", &p.of.curve, 0)));
  assert_close(value_of("gamma", &p.of.curve, 0), 1, 0);
  p.of.spread[0] = 1e-6;
  assert_true(value_of("dunn-33", &p.of.curve, 0) > 1e6);
}

/* Clusters that are apart: nothing is the wrong way round, exactly. */
static void test_perfect_clusters_have_the_best_values(void **unused) {
  (void)unused;
  double x[30];
  uint8_t label[30];
  for (size_t i = 0; i < 30; i++) {
    label[i] = (uint8_t)(i % 3);
    x[i] = 100 * (double)label[i] + (double)(i * i % 7) / 10;
  }
  paired p;
  fill(&p, x, 30, 1, label, 3);
  assert_close(value_of("c-index", &p.of.curve, 0), 0, 1e-15);
  assert_true(value_of("gamma", &p.of.curve, 0) == 1);
  assert_true(value_of("g-plus", &p.of.curve, 0) == 0);
  assert_true(value_of("dunn", &p.of.curve, 0) > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_agree_with_cluster_crit),
      cmocka_unit_test(test_values_agree_with_fpc),
      cmocka_unit_test(test_correlations_agree_with_r),
      cmocka_unit_test(test_values_agree_with_nbclust),
      cmocka_unit_test(test_where_nbclust_differs),
      cmocka_unit_test(test_the_bend_of_hubert),
      cmocka_unit_test(test_the_last_fall_of_frey),
      cmocka_unit_test(test_undefined_where_there_is_nothing_to_compare),
      cmocka_unit_test(test_rounding_is_no_diameter),
      cmocka_unit_test(test_perfect_clusters_have_the_best_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
