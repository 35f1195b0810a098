/* SPDX-License-Identifier: Apache-2.0 */
/* Effects against what they estimate: the values of the shares that samples were drawn from. */
#include "drift/internal.h"
#include "test.h"

enum { K = 6, SAMPLES = 4000 };
static const double base[K] = {.3, .25, .2, .15, .08, .02};
static const double moved[K] = {.22, .25, .24, .15, .1, .04};

static void draw(ock_rng *rng, const double *p, size_t n, double *shares) {
  memset(shares, 0, K * sizeof *shares);
  for (size_t i = 0; i < n; i++) {
    double u = ock_rng_uniform(rng);
    size_t b = 0;
    while (b + 1 < K && u >= p[b]) u -= p[b++];
    shares[b] += 1 / (double)n;
  }
}

static double true_psi(const double *p, const double *q) {
  double sum = 0;
  for (size_t b = 0; b < K; b++) sum += (q[b] - p[b]) * log(q[b] / p[b]);
  return sum;
}

static double true_js(const double *p, const double *q) {
  double sum = 0;
  for (size_t b = 0; b < K; b++) {
    double middle = (p[b] + q[b]) / 2;
    sum += (p[b] * log2(p[b] / middle) + q[b] * log2(q[b] / middle)) / 2;
  }
  return sqrt(sum);
}

/* Over many pairs of samples the mean of PSI is the true value, and intervals cover it. */
static void check_pairs(const double *q, size_t n, size_t m, double bias_allowed) {
  ock_rng rng = ock_rng_make(3, n + m);
  double sum = 0, squares = 0, covered = 0;
  double truth = true_psi(base, q);
  for (int i = 0; i < SAMPLES; i++) {
    double a[K], b[K];
    draw(&rng, base, n, a);
    draw(&rng, q, m, b);
    ock_effect e = ock_effect_of(a, (double)n, b, (double)m, K);
    sum += e.psi, squares += e.psi * e.psi;
    covered += e.psi_low <= truth && truth <= e.psi_high;
    assert_true(e.psi_low <= e.psi && e.psi <= e.psi_high && e.js >= 0 && e.js <= 1);
  }
  double mean = sum / SAMPLES, error = sqrt((squares / SAMPLES - mean * mean) / SAMPLES);
  if (fabs(mean - truth) > 4 * error + bias_allowed) fail_msg("PSI %g instead of %g (+- %g)", mean, truth, error);
  if (covered / SAMPLES < .92) fail_msg("intervals cover in %g %%", 100 * covered / SAMPLES);
}

static void test_psi_is_unbiased_and_covered(void **state) {
  (void)state;
  check_pairs(base, 2000, 500, .001);
  check_pairs(base, 20000, 200, .002);
  check_pairs(moved, 2000, 500, .001);
  check_pairs(moved, 20000, 2000, .0005);
}

static void test_large_samples_give_the_true_values(void **state) {
  (void)state;
  ock_effect e = ock_effect_of(base, 1e9, moved, 1e9, K);
  assert_close(e.psi, true_psi(base, moved), 1e-6);
  assert_close(e.js, true_js(base, moved), 1e-6);
  e = ock_effect_of((double[]){1, 0}, 1e12, (double[]){0, 1}, 1e12, 2);
  assert_close(e.js, 1, 1e-9); /* nothing in common */
  e = ock_effect_of(base, 1e6, base, 1e4, K);
  assert_true(e.psi < 0 && e.psi_high > 0);
  assert_true(e.js == 0);
  assert_true(isnan(ock_effect_of(base, 0, base, 10, K).psi));
}

/* One row in a bin that the reference never saw says little; many say much. */
static void test_sparse_bins_are_joined(void **state) {
  (void)state;
  double p[4] = {.5, .5, 0, 0}, one[4] = {.495, .495, 0, .01}, many[4] = {.4, .4, 0, .2};
  assert_true(ock_effect_of(p, 1000, one, 100, 4).psi < .05);
  assert_true(ock_effect_of(p, 1000, many, 100, 4).psi > .5);
}

/* 56 of 70 against 48 of 80: by hand (57 / 72, 49 / 82, 1.95996 sqrt(.002289 + .002933)). */
static void test_interval_of_shares(void **state) {
  (void)state;
  double low, high;
  ock_share_interval(48 / 80., 80, 56 / 70., 70, &low, &high);
  assert_close(low, 0.0524529266, 1e-9);
  assert_close(high, 0.3357584555, 1e-9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_psi_is_unbiased_and_covered),
      cmocka_unit_test(test_large_samples_give_the_true_values),
      cmocka_unit_test(test_sparse_bins_are_joined),
      cmocka_unit_test(test_interval_of_shares),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
