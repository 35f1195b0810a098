/* SPDX-License-Identifier: Apache-2.0 */
/* Anderson & Darling's test: how far the distribution function of some numbers is from that of the normal distribution
 * with their mean and variance, above all in the tails. */
#include <math.h>
#include <stdlib.h>

#include "stats/internal.h"

/* Equal values by their weight, so that sums do not depend on how they came. */
static int compare_values(const void *a, const void *b) {
  const ock_weighted_value *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return (x->weight > y->weight) - (x->weight < y->weight);
}

/* ln of the probability below z; far out by the first terms of Mills' ratio. */
static double log_below(double z) {
  const double half_log_two_pi = 0.9189385332046727;
  if (z > 0) return log1p(-0.5 * erfc(z * M_SQRT1_2));
  if (z > -30) return log(0.5 * erfc(-z * M_SQRT1_2));
  return -0.5 * z * z - log(-z) - half_log_two_pi + log1p(-1 / (z * z) + 3 / (z * z * z * z));
}

/* The sum over ranks r of (2 r - 1) ln F(z_r) + (2 (n - r) + 1) ln(1 - F(z_r)): a value of weight w has the ranks
 * before + 1 ... before + w, the sum of 2 r - 1 over which is w (2 before + w). */
static double statistic(const ock_weighted_value *values, size_t n_values, double n, double mean, double deviation) {
  double before = 0, sum = 0;
  for (size_t i = 0; i < n_values; i++) {
    double w = values[i].weight, z = (values[i].value - mean) / deviation;
    sum += w * ((2 * before + w) / n * log_below(z) + (2 * (n - before) - w) / n * log_below(-z));
    before += w;
  }
  return -n - sum;
}

double ock_normality_tail(double a) {
  if (a < 0.2) return 1 - exp(-13.436 + 101.14 * a - 223.73 * a * a);
  if (a < 0.34) return 1 - exp(-8.318 + 42.796 * a - 59.938 * a * a);
  if (a < 0.6) return exp(0.9177 - 4.279 * a - 1.38 * a * a);
  if (a > 10) a = 10;
  return exp(1.2937 - 5.709 * a + 0.0186 * a * a);
}

ock_normality ock_normality_test(ock_weighted_value *values, size_t n) {
  ock_normality test = {.statistic = NAN, .p = NAN};
  double mean = 0, squares = 0;
  qsort(values, n, sizeof *values, compare_values);
  for (size_t i = 0; i < n; i++) {
    test.n += values[i].weight;
    mean += values[i].weight * values[i].value;
  }
  mean /= test.n;
  for (size_t i = 0; i < n; i++) squares += values[i].weight * (values[i].value - mean) * (values[i].value - mean);
  if (!(test.n > 1) || !(squares > 0) || values[0].value == values[n - 1].value) return test;
  test.statistic = statistic(values, n, test.n, mean, sqrt(squares / (test.n - 1)));
  if (test.n >= OCK_NORMALITY_FEWEST)
    test.p = ock_normality_tail(test.statistic * (1 + 0.75 / test.n + 2.25 / (test.n * test.n)));
  return test;
}
