/* SPDX-License-Identifier: Apache-2.0 */
/* Many p-values: one of all, which signals to name, and what a batch can see. */
#include <float.h>
#include <math.h>

#include "drift/internal.h"
#include "stats/internal.h"

/* Each p becomes a Cauchy variable; their weighted sum is one again, nearly so in its tail whatever they depend on. A p
 * of 1, of counts that agree to the row, would outweigh all others and is taken as .99. */
double ock_p_values_combine(const double *p, const double *weights, size_t n) {
  const double small = 1e-8, large = 1e8, most = .99;
  double sum = 0, weight = 0;
  for (size_t i = 0; i < n; i++) {
    if (!(weights[i] > 0)) continue;
    double q = fmax(fmin(p[i], most), DBL_MIN);
    sum += weights[i] * (q < small ? 1 / (q * M_PI) : tan((.5 - q) * M_PI));
    weight += weights[i];
  }
  if (!(weight > 0)) return 1;
  double t = sum / weight;
  return t > large ? 1 / (t * M_PI) : .5 - atan(t) / M_PI;
}

static double rank_of(const double *p, const double *weights, size_t n, double ratio) {
  double passed = 0;
  for (size_t i = 0; i < n; i++) passed += weights[i] > 0 && p[i] / weights[i] <= ratio ? 1 : 0;
  return passed;
}

void ock_p_values_pick(const double *p, const double *weights, size_t n, double level, bool *picked) {
  double limit = 0, least = INFINITY;
  for (size_t i = 0; i < n; i++) { /* n is some hundred at most: a sort would save nothing */
    if (!(weights[i] > 0)) continue;
    double ratio = p[i] / weights[i];
    if (ratio <= level * rank_of(p, weights, n, ratio)) limit = fmax(limit, ratio);
    least = fmin(least, ratio);
  }
  for (size_t i = 0; i < n; i++) picked[i] = weights[i] > 0 && p[i] / weights[i] <= fmax(limit, least);
}

/* ---- power ---- */

static double bisect(double low, double high, double (*falling)(double at, double a, double b), double a, double b) {
  for (int i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    double middle = (low + high) / 2;
    if (falling(middle, a, b) > 0) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return (low + high) / 2;
}

static double above_level(double x, double freedom, double level) {
  return ock_chi2_tail(x, freedom) - level;
}

static double below_power(double noncentrality, double limit, double freedom) {
  return .8 - ock_chi2_tail_shifted(limit, freedom, noncentrality);
}

/* A shift by d moves d (density(z_b) - density(z_b+1)) of a share into bin b, between the normal quantiles z; the
 * noncentrality is nm / (n + m) times the sum of the squares of these over the bins' shares. */
double ock_smallest_shift(double n_reference, double n_now, double level) {
  enum { BINS = 10 };
  double information = 0, before = 0;
  for (int b = 1; b <= BINS; b++) {
    double density = b < BINS ? ock_normal_density(ock_normal_quantile((double)b / BINS)) : 0;
    information += (density - before) * (density - before) * BINS;
    before = density;
  }
  double n = n_reference * n_now / (n_reference + n_now);
  if (!(n > 0) || !(level > 0)) return INFINITY;
  double limit = bisect(0, 4000, above_level, BINS - 1, level);
  double noncentrality = bisect(0, 8000, below_power, limit, BINS - 1);
  return sqrt(noncentrality / (n * information));
}
