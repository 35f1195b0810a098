/* SPDX-License-Identifier: Apache-2.0 */
/* Tails of distributions. */
#include <math.h>

#include "stats/internal.h"

static double away_from_zero(double value) {
  const double tiny = 1e-300;
  return fabs(value) < tiny ? tiny : value;
}

/* The continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8) by Lentz's method; it converges
 * fast where x < (a + 1) / (a + b + 2), in some root of the larger of a and b. */
static double beta_fraction(double x, double a, double b) {
  const double precision = 1e-15;
  enum { MOST_TERMS = 1000000 };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m < MOST_TERMS; m++) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    value *= c * d;
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    value *= c * d;
    if (fabs(c * d - 1) < precision) break;
  }
  return value;
}

double ock_beta_share(double x, double a, double b) {
  if (!(x > 0)) return isnan(x) ? NAN : 0;
  if (!(x < 1)) return 1;
  double scale = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x);
  if (x < (a + 1) / (a + b + 2)) return exp(scale) * beta_fraction(x, a, b) / a;
  return 1 - exp(scale) * beta_fraction(1 - x, b, a) / b;
}

double ock_f_tail(double f, double a, double b) {
  return f > 0 ? ock_beta_share(b / (b + a * f), b / 2, a / 2) : 1;
}

double ock_quartile_variance(const double *sorted, size_t n) {
  const double normal_quartiles = 1.349; /* they are apart by so many standard deviations */
  double deviation = (sorted[n - 1 - n / 4] - sorted[n / 4]) / normal_quartiles;
  return deviation * deviation;
}
