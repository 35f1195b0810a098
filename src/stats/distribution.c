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
  double scale = ock_log_gamma(a + b) - ock_log_gamma(a) - ock_log_gamma(b) + a * log(x) + b * log1p(-x);
  if (x < (a + 1) / (a + b + 2)) return exp(scale) * beta_fraction(x, a, b) / a;
  return 1 - exp(scale) * beta_fraction(1 - x, b, a) / b;
}

double ock_f_tail(double f, double a, double b) {
  return f > 0 ? ock_beta_share(b / (b + a * f), b / 2, a / 2) : 1;
}

/* ---- gamma, chi-squared ---- */

/* The regularised incomplete gamma functions, without x^a e^-x / gamma(a + 1) and x^a e^-x / gamma(a): a series below
 * (Abramowitz & Stegun 6.5.29), the continued fraction above (6.5.31), by Lentz's method. */
static double gamma_series(double a, double x) {
  double term = 1, sum = 1;
  for (double n = a + 1; term > 1e-17 * sum; n++) {
    term *= x / n;
    sum += term;
  }
  return sum;
}

static double gamma_fraction(double a, double x) {
  const double precision = 1e-15;
  enum { MOST_TERMS = 1000000 };
  double b = x + 1 - a, c = 1e300, d = 1 / away_from_zero(b), value = d;
  for (int n = 1; n < MOST_TERMS; n++) {
    double term = -n * (n - a);
    b += 2;
    d = 1 / away_from_zero(term * d + b);
    c = away_from_zero(b + term / c);
    value *= c * d;
    if (fabs(c * d - 1) < precision) break;
  }
  return value;
}

double ock_gamma_tail(double a, double x) {
  if (!(x > 0)) return isnan(x) ? NAN : 1;
  if (isinf(x)) return 0;
  double scale = a * log(x) - x;
  if (x < a + 1) return 1 - exp(scale - ock_log_gamma(a + 1)) * gamma_series(a, x);
  return exp(scale - ock_log_gamma(a)) * gamma_fraction(a, x);
}

double ock_chi2_tail(double x, double freedom) {
  return ock_gamma_tail(freedom / 2, x / 2);
}

/* Poisson(noncentrality / 2) many pairs of degrees more: from the likeliest number down and up until nothing is added.
 */
double ock_chi2_tail_shifted(double x, double freedom, double noncentrality) {
  double mean = noncentrality / 2;
  if (!(mean > 0)) return ock_chi2_tail(x, freedom);
  double middle = floor(mean), sum = 0;
  for (int way = -1; way <= 1; way += 2) {
    for (double n = way < 0 ? middle : middle + 1; n >= 0; n += way) {
      double weight = exp(n * log(mean) - mean - ock_log_gamma(n + 1));
      sum += weight * ock_chi2_tail(x, freedom + 2 * n);
      if (weight < 1e-17) break;
    }
  }
  return fmin(sum, 1);
}

/* ---- normal ---- */

double ock_normal_density(double z) {
  const double root_two_pi = 2.5066282746310005;
  return exp(-z * z / 2) / root_two_pi;
}

/* From the approximation of Abramowitz & Stegun 26.2.23, by Halley's method. */
double ock_normal_quantile(double p) {
  if (!(p > 0)) return isnan(p) ? NAN : -INFINITY;
  if (!(p < 1)) return INFINITY;
  double tail = fmin(p, 1 - p), t = sqrt(-2 * log(tail));
  double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int i = 0; i < 3; i++) {
    double step = (0.5 * erfc(z * M_SQRT1_2) - tail) / ock_normal_density(z);
    z += step / (1 - z * step / 2);
  }
  return p < 0.5 ? -z : z;
}

/* ---- Student's t ---- */

double ock_student_tail(double t, double freedom) {
  return isinf(t) ? 0 : ock_beta_share(freedom / (freedom + t * t), freedom / 2, .5);
}

/* By halving in log t: the tail falls all the way. */
double ock_student_quantile(double p, double freedom) {
  if (!(p > 0 && p < 1) || !(freedom > 0)) return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
  double both = 2 * fmin(p, 1 - p), low = -50, high = 300;
  for (int i = 0; i < 100 && both < 1; i++) {
    double middle = (low + high) / 2;
    if (ock_student_tail(exp(middle), freedom) > both)
      low = middle;
    else
      high = middle;
  }
  return both < 1 ? copysign(exp((low + high) / 2), p - .5) : 0;
}

double ock_quartile_variance(const double *sorted, size_t n) {
  const double normal_quartiles = 1.349; /* they are apart by so many standard deviations */
  double deviation = (sorted[n - 1 - n / 4] - sorted[n / 4]) / normal_quartiles;
  return deviation * deviation;
}
