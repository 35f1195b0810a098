/* SPDX-License-Identifier: Apache-2.0 */
/* Which k the rules of resamples choose: on curves by hand, and for gaps against R's maxSE(..., "Tibs2001SEmax"). */
#include "criteria/labelled.h"

enum { MOST = 8 };

/* A curve of nothing but these. */
typedef struct made_curve {
  ockham_resample_statistics statistics[MOST];
  ockham_curve_point points[MOST];
  ockham_curve curve;
} made_curve;

static void make_curve(made_curve *c, size_t n) {
  memset(c, 0, sizeof *c);
  for (size_t i = 0; i < n; i++) {
    c->points[i].k = i + 1;
    c->points[i].resamples = &c->statistics[i];
  }
  c->curve.n_points = n;
  c->curve.points = c->points;
}

static void assert_chooses(const char *name, const made_curve *c, size_t k) {
  const ockham_criterion *criterion = ockham_criterion_find(name);
  assert_int_equal(ockham_criterion_choose(criterion, &c->curve), k - 1); /* 0: none */
}

static void check_gap(const double *value, const double *error, size_t n, size_t k) {
  made_curve c;
  make_curve(&c, n);
  for (size_t i = 0; i < n; i++)
    c.statistics[i].gap = c.statistics[i].gap_pca = c.statistics[i].gap_star = (ockham_gap){value[i], error[i]};
  assert_chooses("gap", &c, k);
  assert_chooses("gap-pca", &c, k);
  assert_chooses("gap-star", &c, k);
}

/* Chosen by cluster::maxSE, R 4.2.2, cluster 2.1.4; where it says 8, the last, the rule holds nowhere. */
static void test_gap_by_hand(void **unused) {
  (void)unused;
  const double small[MOST] = {.1, .1, .1, .1, .1, .1, .1, .1};
  check_gap((const double[]){.2, .5, .9, .8, .7, 1, 1.2, 1.1}, small, MOST, 3);
  check_gap((const double[]){.2, .25, .9, .8, .7, 1, 1.2, 1.1}, small, MOST, 1); /* within the error */
  check_gap((const double[]){1, .5, .9, .8, .7, 1, 1.2, 1.1}, small, MOST, 1);
  check_gap((const double[]){0, 1, 2, 3, 4, 5, 6, 6.05}, small, MOST, 7);
  check_gap((const double[]){0, 1, 2, 3, 4, 5, 6, 7}, small, MOST, 0);
  check_gap((const double[]){0, 1, 2}, (const double[]){0, 0, 1}, 3, 2); /* the error is that of the next k */
  check_gap((const double[]){0, 1, 2}, (const double[]){0, 1, 0}, 3, 1);
  check_gap((const double[]){5}, small, 1, 0);
}

/* What is undefined is neither chosen nor compared with. */
static void test_undefined_gaps(void **unused) {
  (void)unused;
  const double small[MOST] = {.1, .1, .1, .1, .1, .1, .1, .1};
  check_gap((const double[]){0, 1, NAN, 3, 2, NAN}, small, 6, 4);
  check_gap((const double[]){NAN, NAN, NAN}, small, 3, 0);
}

static void test_largest_that_is_enough(void **unused) {
  (void)unused;
  const double values[] = {1, .9, .76, .82, .5, .79, NAN};
  made_curve c;
  make_curve(&c, 7);
  for (size_t i = 0; i < 7; i++) c.statistics[i].prediction_strength = c.statistics[i].jaccard = values[i];
  assert_chooses("prediction-strength", &c, 4);
  assert_chooses("bootstrap-jaccard", &c, 6);
  c.statistics[3].prediction_strength = 0.8;
  c.statistics[5].jaccard = 0.7499;
  assert_chooses("prediction-strength", &c, 4);
  assert_chooses("bootstrap-jaccard", &c, 4);
  for (size_t i = 0; i < 7; i++) c.statistics[i].prediction_strength = 0.1;
  assert_chooses("prediction-strength", &c, 0);
}

static void test_least_instability(void **unused) {
  (void)unused;
  const double values[] = {NAN, .2, .1, .1, .3};
  made_curve c;
  make_curve(&c, 5);
  for (size_t i = 0; i < 5; i++) c.statistics[i].instability = values[i];
  assert_chooses("bootstrap-instability", &c, 3);
}

static void test_without_resamples_nothing_is_chosen(void **unused) {
  (void)unused;
  static const char *const names[] = {
      "gap", "gap-pca", "gap-star", "prediction-strength", "bootstrap-instability", "bootstrap-jaccard"};
  made_curve c;
  make_curve(&c, 4);
  for (size_t i = 0; i < 4; i++) c.points[i].resamples = NULL;
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    const ockham_criterion *criterion = ockham_criterion_find(names[n]);
    assert_false(ockham_criterion_has_evidence(criterion, &c.curve));
    assert_true(isnan(ockham_criterion_value(criterion, &c.curve, 2)));
    assert_chooses(names[n], &c, 0);
    assert_int_equal(criterion->direction == OCKHAM_RULE, criterion->rule != NULL);
    assert_false(criterion->usual);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gap_by_hand),
      cmocka_unit_test(test_undefined_gaps),
      cmocka_unit_test(test_largest_that_is_enough),
      cmocka_unit_test(test_least_instability),
      cmocka_unit_test(test_without_resamples_nothing_is_chosen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
