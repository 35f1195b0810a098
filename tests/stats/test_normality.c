/* SPDX-License-Identifier: Apache-2.0 */
/* Anderson & Darling's test against scipy, statsmodels and the law of A^2: reference.py wrote the numbers. */
#include "stats/internal.h"
#include "stats/reference.h"
#include "test.h"

enum { N_SAMPLES = sizeof reference_samples / sizeof *reference_samples, MOST = 4096 };
enum { N_TAILS = sizeof reference_tails / sizeof *reference_tails };

static ock_weighted_value values[MOST];

static size_t load(const reference_sample *s) {
  for (size_t i = 0; i < s->n; i++) values[i] = (ock_weighted_value){reference_values[s->first + i] / 64.0, 1};
  return s->n;
}

static void it_is_that_of_scipy_and_statsmodels(void **state) {
  (void)state;
  for (size_t i = 0; i < N_SAMPLES; i++) {
    const reference_sample *s = &reference_samples[i];
    ock_normality test = ock_normality_test(values, load(s));
    assert_close(test.statistic, s->statistic, 1e-9);
    assert_true(test.n == (double)s->n);
    if (s->p > 0)
      assert_true(fabs(test.p - s->p) <= 1e-6 * s->p);
    else
      assert_true(test.p > 0 && test.p < 1e-23); /* theirs ends at A^2 = 13 */
  }
}

static void p_is_near_the_law_for_many_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < N_TAILS; i++) {
    double p = ock_normality_tail(reference_tails[i].statistic), exact = reference_tails[i].probability;
    double tolerance = exact > 0.004 ? 0.02 : exact > 0.001 ? 0.04 : 0.1;
    if (!(fabs(p / exact - 1) < tolerance))
      fail_msg("A^2 = %g: p %g, by its law %g", reference_tails[i].statistic, p, exact);
  }
  for (double a = 0; a < 12; a += 0.01)
    assert_true(ock_normality_tail(a) + 0.002 > ock_normality_tail(a + 0.01)); /* where pieces meet they step by this */
}

/* D'Agostino & Stephens 1986, table 4.7, case 3. */
static void p_is_that_of_the_percentage_points(void **state) {
  (void)state;
  static const struct {
    double statistic, p;
  } points[] = {{0.631, 0.1}, {0.752, 0.05}, {0.873, 0.025}, {1.035, 0.01}, {1.159, 0.005}};
  for (size_t i = 0; i < sizeof points / sizeof *points; i++)
    assert_true(fabs(ock_normality_tail(points[i].statistic) / points[i].p - 1) < 0.015);
}

/* As often as p says, also for few rows. */
static void normal_values_are_rejected_as_often_as_p_says(void **state) {
  (void)state;
  enum { DRAWS = 20000 };
  static const size_t sizes[] = {8, 12, 40};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ock_rng rng = ock_rng_make(71, i);
    size_t n_five = 0, n_one = 0;
    for (size_t draw = 0; draw < DRAWS; draw++) {
      for (size_t r = 0; r < sizes[i]; r++) values[r] = (ock_weighted_value){5 + 2 * ock_rng_normal(&rng), 1};
      double p = ock_normality_test(values, sizes[i]).p;
      n_five += p < 0.05;
      n_one += p < 0.01;
    }
    assert_in_range(n_five, 0.045 * DRAWS, 0.055 * DRAWS); /* 3.2 standard errors */
    assert_in_range(n_one, 0.0075 * DRAWS, 0.0125 * DRAWS);
  }
}

static void a_weight_is_so_many_equal_values(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(72, 0);
  double x[60];
  size_t times[60], n = 0;
  for (size_t i = 0; i < 60; i++) {
    x[i] = ock_rng_normal(&rng);
    times[i] = 1 + ock_rng_below(&rng, 5);
    for (size_t t = 0; t < times[i]; t++) values[n++] = (ock_weighted_value){x[i], 1};
  }
  ock_normality repeated = ock_normality_test(values, n);
  for (size_t i = 0; i < 60; i++) values[i] = (ock_weighted_value){x[i], (double)times[i]};
  ock_normality weighted = ock_normality_test(values, 60);
  assert_true(weighted.n == repeated.n);
  assert_close(weighted.statistic, repeated.statistic, 1e-12);
  assert_close(weighted.p, repeated.p, 1e-12);
}

/* Neither where values are nor in which order they come. */
static void place_scale_and_order_do_not_matter(void **state) {
  (void)state;
  size_t n = load(&reference_samples[3]);
  double before = ock_normality_test(values, n).statistic;
  for (size_t i = 0; i < n; i++) values[i].value = 1e6 - 1e-3 * values[i].value; /* now they come in falling order */
  assert_true(values[0].value > values[n - 1].value);
  assert_close(ock_normality_test(values, n).statistic, before, 1e-6);
}

static void without_spread_it_is_undefined(void **state) {
  (void)state;
  for (size_t i = 0; i < 20; i++) values[i] = (ock_weighted_value){0.1, 1};
  assert_true(isnan(ock_normality_test(values, 20).statistic));
  assert_true(isnan(ock_normality_test(values, 1).statistic));
  values[0].value = 0.3;
  ock_normality test = ock_normality_test(values, OCK_NORMALITY_FEWEST - 1);
  assert_true(isfinite(test.statistic) && isnan(test.p));
  test = ock_normality_test(values, OCK_NORMALITY_FEWEST);
  assert_true(isfinite(test.statistic) && isfinite(test.p));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_that_of_scipy_and_statsmodels),
      cmocka_unit_test(p_is_near_the_law_for_many_rows),
      cmocka_unit_test(p_is_that_of_the_percentage_points),
      cmocka_unit_test(normal_values_are_rejected_as_often_as_p_says),
      cmocka_unit_test(a_weight_is_so_many_equal_values),
      cmocka_unit_test(place_scale_and_order_do_not_matter),
      cmocka_unit_test(without_spread_it_is_undefined),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
