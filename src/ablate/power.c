/* SPDX-License-Identifier: Apache-2.0 */
/* Power of t tests, with the spread of the estimated standard error integrated out. */
#include "ablate/plan.h"
#include "stats/internal.h"

/* Where f, which does not fall, passes `level` between low and high. */
typedef struct crossing {
  double alpha, freedom, critical;
} crossing;

static double find_crossing(double (*f)(const crossing *, double), const crossing *arg, double level, double low,
                            double high) {
  for (int i = 0; i < 200 && high - low > 1e-13 * high; i++) {
    double middle = (low + high) / 2;
    if (f(arg, middle) < level) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return (low + high) / 2;
}

static double inside_share(const crossing *c, double t) {
  return 1 - ock_f_tail(t * t, 1, c->freedom);
}

double ock_t_critical(double alpha, double freedom) {
  crossing c = {alpha, freedom, 0};
  double high = 2;
  while (inside_share(&c, high) < 1 - alpha && high < 1e12) high *= 2;
  return find_crossing(inside_share, &c, 1 - alpha, 0, high);
}

static double normal_above(double z) {
  return erfc(z / sqrt(2)) / 2;
}

/* The density of u = log of the ratio of an estimated to the true standard error, times a constant. */
static double log_spread_density(double u, double freedom) {
  return exp(freedom * (u - expm1(2 * u) / 2));
}

double ock_t_power(double shift, double critical, double freedom) {
  enum { N_STEPS = 800 }; /* the sum of a smooth density that vanishes at both ends: exact to rounding */
  double width = 1 / sqrt(2 * freedom), low = -fmin(9 * width, 30) - 5 / freedom * 8, high = fmin(9 * width, 4);
  double step = (high - low) / N_STEPS, sum = 0, weights = 0;
  for (int i = 0; i <= N_STEPS; i++) {
    double u = low + step * i, weight = log_spread_density(u, freedom), bound = critical * exp(u);
    weights += weight;
    sum += weight * (normal_above(bound - shift) + normal_above(bound + shift));
  }
  return sum / weights;
}

static double power_of_shift(const crossing *c, double shift) {
  return ock_t_power(shift, c->critical, c->freedom);
}

double ock_t_detectable(double alpha, double freedom, double power) {
  crossing c = {alpha, freedom, ock_t_critical(alpha, freedom)};
  double high = 2;
  while (power_of_shift(&c, high) < power && high < 1e12) high *= 2;
  return find_crossing(power_of_shift, &c, power, 0, high);
}
