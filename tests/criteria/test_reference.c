/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria against scikit-learn, scipy and kneed: reference.py wrote the numbers. */
#include "criteria/labelled.h"
#include "criteria/reference.h"

enum { N_CASES = sizeof reference_cases / sizeof *reference_cases };
enum { N_CURVES = sizeof reference_curves / sizeof *reference_curves };

static const double tolerance = 1e-9;

static void fill_case(labelled *t, const reference_case *c) {
  double x[1024];
  size_t n_values = c->n_rows * c->n_columns;
  assert_true(n_values <= 1024);
  for (size_t i = 0; i < n_values; i++) x[i] = c->rows[i] / 64.0;
  labelled_fill(t, x, c->n_rows, c->n_columns, c->labels, c->k);
  t->curve.variance_floor = reference_variance_floor;
}

static void test_geometry_agrees_with_scikit_learn(void **unused) {
  (void)unused;
  for (size_t i = 0; i < N_CASES; i++) {
    labelled t;
    fill_case(&t, &reference_cases[i]);
    assert_close(value_of("davies-bouldin", &t.curve, 0), reference_cases[i].davies_bouldin, tolerance);
    assert_close(value_of("calinski-harabasz", &t.curve, 0), reference_cases[i].calinski_harabasz, tolerance);
  }
}

typedef enum { PRICE_BIC, PRICE_BICC, PRICE_AIC } price_kind;

static double expected_price(const reference_case *c, price_kind price, size_t p) {
  double n = (double)c->n_rows, n_values = n * (double)c->n_columns;
  if (price == PRICE_AIC) return 2 * (double)p;
  return (double)p * log(n) * (price == PRICE_BICC ? n_values / (n_values - (double)p - 2) : 1);
}

/* The better of the two models by that criterion, from the reference's log-likelihoods. */
static ockham_fit_score expected_score(const reference_case *c, price_kind price) {
  size_t k = c->k, d = c->n_columns, p_eii = k * (d + 1), p_vii = k * (d + 2) - 1;
  double eii = 2 * c->log_likelihood_eii - expected_price(c, price, p_eii);
  double vii = 2 * c->log_likelihood_vii - expected_price(c, price, p_vii);
  if (vii > eii) return (ockham_fit_score){vii, c->log_likelihood_vii, p_vii, true}; /* never when it is NaN */
  return (ockham_fit_score){eii, c->log_likelihood_eii, p_eii, false};
}

static void assert_scores_equal(ockham_fit_score found, ockham_fit_score expected) {
  assert_close(found.value, expected.value, tolerance);
  assert_close(found.log_likelihood, expected.log_likelihood, tolerance);
  assert_int_equal(found.n_parameters, expected.n_parameters);
  assert_int_equal(found.variances_differ, expected.variances_differ);
}

static void test_likelihoods_agree_with_scipy(void **unused) {
  (void)unused;
  size_t n_differ = 0;
  for (size_t i = 0; i < N_CASES; i++) {
    const reference_case *c = &reference_cases[i];
    labelled t;
    fill_case(&t, c);
    assert_scores_equal(ockham_score_bic(&t.curve, 0), expected_score(c, PRICE_BIC));
    assert_scores_equal(ockham_score_bicc(&t.curve, 0), expected_score(c, PRICE_BICC));
    assert_scores_equal(ockham_score_aic(&t.curve, 0), expected_score(c, PRICE_AIC));
    assert_true(value_of("bic", &t.curve, 0) == ockham_score_bic(&t.curve, 0).value);
    assert_true(value_of("aic", &t.curve, 0) == ockham_score_aic(&t.curve, 0).value);
    n_differ += ockham_score_bic(&t.curve, 0).variances_differ;
  }
  assert_in_range(n_differ, 1, N_CASES - 1); /* both models are met */
}

static void test_goxmeans_agrees_with_its_formula(void **unused) {
  (void)unused;
  for (size_t i = 0; i < N_CASES; i++) {
    labelled t;
    fill_case(&t, &reference_cases[i]);
    assert_close(value_of("bic-goxmeans", &t.curve, 0), reference_cases[i].goxmeans, tolerance);
  }
}

static void test_kneedle_agrees_with_kneed(void **unused) {
  (void)unused;
  size_t n_none = 0;
  for (size_t c = 0; c < N_CURVES; c++) {
    double x[64], y[64];
    size_t n = reference_curves[c].n;
    for (size_t i = 0; i < n; i++) {
      x[i] = (double)(i + 1);
      y[i] = curve_values[reference_curves[c].first + i];
    }
    size_t knee = ockham_kneedle(x, y, n), expected = reference_curves[c].knee - (size_t)1; /* none: SIZE_MAX */
    if (knee != expected) print_error("curve %zu of %zu points: knee %zu, kneed %zu\n", c, n, knee + 1, expected + 1);
    n_none += expected == SIZE_MAX;
    assert_int_equal(knee, expected);
  }
  assert_in_range(n_none, 1, N_CURVES / 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_geometry_agrees_with_scikit_learn),
      cmocka_unit_test(test_likelihoods_agree_with_scipy),
      cmocka_unit_test(test_goxmeans_agrees_with_its_formula),
      cmocka_unit_test(test_kneedle_agrees_with_kneed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
