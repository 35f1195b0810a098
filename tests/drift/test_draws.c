/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/internal.h"
#include "test.h"

/* What the places hold of a bin, added up, is its share again. */
static void aliases_hold_the_shares(void **unused) {
  (void)unused;
  enum { N = 12 };
  ock_rng rng = ock_rng_make(1, 0);
  for (size_t n = 1; n <= N; n++) {
    double shares[N], used[N], threshold[N], held[N] = {0}, sum = 0;
    uint16_t alias[N];
    for (size_t b = 0; b < n; b++) sum += shares[b] = b % 4 == 3 ? 0 : ock_rng_uniform(&rng);
    for (size_t b = 0; b < n; b++) used[b] = shares[b] *= (double)n / sum;
    ock_make_aliases(used, n, threshold, alias);
    for (size_t b = 0; b < n; b++) {
      assert_true(threshold[b] > -1e-12 && threshold[b] <= 1 && alias[b] < n);
      held[b] += threshold[b];
      held[alias[b]] += 1 - threshold[b];
    }
    for (size_t b = 0; b < n; b++) assert_true(fabs(held[b] - shares[b]) < 1e-12);
  }
}

/* Means and variances of Dirichlet shares, a_b / a and a_b (a - a_b) / (a^2 (a + 1)): within five standard errors. */
static void shares_are_those_of_a_dirichlet(void **unused) {
  (void)unused;
  enum { N = 4, TIMES = 20000 };
  static const uint64_t counts[N] = {0, 2, 10, 28};
  ockham_signal signal = {.n_bins = N, .counts = counts, .n_counted = 40};
  double sums[N] = {0}, squares[N] = {0}, all = 40 / 2. + N * .5;
  ock_rng rng = ock_rng_make(2, 0);
  for (size_t t = 0; t < TIMES; t++) {
    double shares[N];
    ock_draw_shares(&signal, 2, .5, &rng, shares);
    for (size_t b = 0; b < N; b++) sums[b] += shares[b] / N, squares[b] += shares[b] / N * shares[b] / N;
  }
  for (size_t b = 0; b < N; b++) {
    double mean = ((double)counts[b] / 2 + .5) / all, variance = mean * (1 - mean) / (all + 1);
    double found = sums[b] / TIMES;
    assert_true(fabs(found - mean) < 5 * sqrt(variance / TIMES));
    assert_true(fabs(squares[b] / TIMES - found * found - variance) < .1 * variance);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aliases_hold_the_shares),
      cmocka_unit_test(shares_are_those_of_a_dirichlet),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
