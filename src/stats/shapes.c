/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of one cluster that are not Gaussian: skewed columns, and tails that fall as a power. */
#include <math.h>
#include <string.h>

#include "stats/internal.h"

static const double log_two_pi = 1.8378770664093454836;

/* ---- sinh-arcsinh ---- */

enum { SINH_PARAMETERS = 4, TRIANGLE = SINH_PARAMETERS * (SINH_PARAMETERS + 1) / 2 };

/* Sums over the rows: what one step needs. */
typedef struct sinh_sums {
  double log_likelihood;
  double slope[SINH_PARAMETERS];
  double squares[TRIANGLE]; /* of the slopes, row by row */
} sinh_sums;

double ock_sinh_arcsinh(const ock_sinh_arcsinh_fit *f, double x) {
  return sinh(f->tail * asinh((x - f->location) / f->scale) - f->skew);
}

double ock_sinh_arcsinh_log_density(const ock_sinh_arcsinh_fit *f, double x) {
  double u = (x - f->location) / f->scale, z = ock_sinh_arcsinh(f, x);
  return 0.5 * (log1p(z * z) - log1p(u * u) - z * z - log_two_pi) + log(f->tail) - log(f->scale);
}

/* Slopes by location / scale, log scale, skew and log tail. */
static void add_row(const ock_sinh_arcsinh_fit *f, double x, double weight, sinh_sums *s) {
  double u = (x - f->location) / f->scale, a = asinh(u), z = sinh(f->tail * a - f->skew), root = sqrt(1 + u * u);
  double c = sqrt(1 + z * z), g = z / c - z * c, by_u = g * f->tail / root - u / (root * root);
  const double slope[SINH_PARAMETERS] = {-by_u, -u * by_u - 1, -g, g * a * f->tail + 1};
  s->log_likelihood += weight * (log(c / root) - 0.5 * z * z);
  for (size_t i = 0, at = 0; i < SINH_PARAMETERS; i++) {
    s->slope[i] += weight * slope[i];
    for (size_t j = 0; j <= i; j++, at++) s->squares[at] += weight * slope[i] * slope[j];
  }
}

static sinh_sums sum_rows(const ock_sinh_arcsinh_fit *f, const double *x, const double *weight, size_t n,
                          double total) {
  sinh_sums s = {0};
  for (size_t i = 0; i < n; i++) add_row(f, x[i], weight ? weight[i] : 1, &s);
  s.log_likelihood += total * (log(f->tail) - log(f->scale) - 0.5 * log_two_pi);
  return s;
}

/* Solve squares * step = slope; false when that is singular. */
static bool find_step(const sinh_sums *s, double step[SINH_PARAMETERS]) {
  double l[TRIANGLE];
  memcpy(l, s->squares, sizeof l);
  if (!ock_cholesky(l, SINH_PARAMETERS)) return false;
  memcpy(step, s->slope, SINH_PARAMETERS * sizeof *step);
  for (size_t i = 0; i < SINH_PARAMETERS; i++) {
    for (size_t j = 0; j < i; j++) step[i] -= l[i * (i + 1) / 2 + j] * step[j];
    step[i] /= l[i * (i + 1) / 2 + i];
  }
  for (size_t i = SINH_PARAMETERS; i-- > 0;) {
    for (size_t j = i + 1; j < SINH_PARAMETERS; j++) step[i] -= l[j * (j + 1) / 2 + i] * step[j];
    step[i] /= l[i * (i + 1) / 2 + i];
  }
  return true;
}

static ock_sinh_arcsinh_fit moved(const ock_sinh_arcsinh_fit *f, const double step[SINH_PARAMETERS], double share) {
  const double least_tail = 0.3, most_tail = 8; /* farther out values stick to a point, or to two ends */
  ock_sinh_arcsinh_fit to = *f;
  to.location += share * step[0] * f->scale;
  to.scale *= exp(fmax(-1, fmin(1, share * step[1])));
  to.skew += share * step[2];
  to.tail = fmin(most_tail, fmax(least_tail, f->tail * exp(fmax(-1, fmin(1, share * step[3])))));
  return to;
}

bool ock_sinh_arcsinh_estimate(const double *x, const double *weight, size_t n, ock_sinh_arcsinh_fit *fit) {
  enum { MOST_STEPS = 60, MOST_HALVINGS = 8 };
  const double enough = 0.01; /* nats */
  double total = 0, mean = 0, squares = 0;
  for (size_t i = 0; i < n; i++) total += weight ? weight[i] : 1;
  for (size_t i = 0; i < n; i++) mean += (weight ? weight[i] : 1) * x[i] / total;
  for (size_t i = 0; i < n; i++) squares += (weight ? weight[i] : 1) * (x[i] - mean) * (x[i] - mean);
  if (!(squares > 0)) return false;
  *fit = (ock_sinh_arcsinh_fit){.location = mean, .scale = sqrt(squares / total), .tail = 1};
  sinh_sums now = sum_rows(fit, x, weight, n, total);
  for (size_t t = 0; t < MOST_STEPS; t++) {
    double step[SINH_PARAMETERS], share = 1, before = now.log_likelihood;
    if (!find_step(&now, step)) break;
    for (size_t h = 0; h < MOST_HALVINGS; h++, share /= 2) {
      ock_sinh_arcsinh_fit next = moved(fit, step, share);
      sinh_sums then = sum_rows(&next, x, weight, n, total);
      if (!(then.log_likelihood > now.log_likelihood)) continue;
      *fit = next;
      now = then;
      break;
    }
    if (!(now.log_likelihood > before + enough)) break;
  }
  fit->log_likelihood = now.log_likelihood;
  return isfinite(now.log_likelihood);
}

/* ---- powers of the distance from an end ---- */

/* (y^power - 1) / power, from the logarithm of y. */
static double box_cox(double logarithm, double power) {
  return fabs(power) > 1e-9 ? expm1(power * logarithm) / power : logarithm;
}

/* The logarithms of y = sign (x - end). */
typedef struct power_values {
  const double *logarithm, *weight;
  size_t n;
  double total; /* of the weights */
} power_values;

/* Log-likelihood of this power, with the mean and deviation that are best for it, which go into fit. */
static double fit_power(const power_values *v, double power, ock_power_fit *fit) {
  const double *weight = v->weight;
  double mean = 0, squares = 0, logs = 0, reference = 0, total = v->total;
  for (size_t i = 0; i < v->n; i++) logs += (weight ? weight[i] : 1) * v->logarithm[i];
  reference = logs / total;                 /* so that no power overflows */
  for (int twice = 0; twice < 2; twice++) { /* first for the mean, then for the squares about it */
    double sum = 0;
    squares = 0;
    for (size_t i = 0; i < v->n; i++) {
      double z = box_cox(v->logarithm[i] - reference, power);
      sum += (weight ? weight[i] : 1) * z;
      squares += (weight ? weight[i] : 1) * (z - mean) * (z - mean);
    }
    mean = sum / total;
  }
  fit->power = power;
  fit->reference = reference;
  fit->mean = mean;
  fit->deviation = sqrt(squares / total);
  return -total * (log(fit->deviation) + 0.5 * (log_two_pi + 1) + reference); /* the powers' slopes have product 1 */
}

static double judge_power(const void *values, double power) {
  ock_power_fit fit;
  return fit_power(values, power, &fit);
}

double ock_power_normal(const ock_power_fit *f, double x) {
  return (box_cox(log(f->sign * (x - f->end)) - f->reference, f->power) - f->mean) / f->deviation;
}

ock_shape_result ock_power_estimate(const double *x, const double *weight, size_t n, ock_power_fit *best) {
  const double enough = 0.01;
  double total = 0, mean = 0, cubes = 0, low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < n; i++) total += weight ? weight[i] : 1;
  for (size_t i = 0; i < n; i++) {
    mean += (weight ? weight[i] : 1) * x[i] / total;
    low = fmin(low, x[i]);
    high = fmax(high, x[i]);
  }
  for (size_t i = 0; i < n; i++) cubes += (weight ? weight[i] : 1) * pow(x[i] - mean, 3);
  if (!(high > low)) return OCK_SHAPE_NONE;
  double *logarithm = ock_alloc_array(n, sizeof *logarithm);
  if (!logarithm) return OCK_SHAPE_NO_MEMORY;
  power_values values = {logarithm, weight, n, total};
  best->log_likelihood = -INFINITY;
  /* The end lies a little beyond the last value, from about the distance to the next one; at the value itself the
   * likelihood has no bound. */
  for (double beyond = 1 / total; beyond < 2; beyond *= 2) {
    ock_power_fit fit = {.sign = cubes < 0 ? -1 : 1};
    fit.end = cubes < 0 ? high + beyond * (high - low) / 4 : low - beyond * (high - low) / 4;
    for (size_t i = 0; i < n; i++) logarithm[i] = log(fit.sign * (x[i] - fit.end));
    fit.log_likelihood = fit_power(&values, ock_golden_section(judge_power, &values, -1, 1, enough), &fit);
    if (fit.log_likelihood > best->log_likelihood) *best = fit;
  }
  ock_free(logarithm);
  return isfinite(best->log_likelihood) ? OCK_SHAPE_FITTED : OCK_SHAPE_NONE;
}

/* ---- Student's t ---- */

/* The rows as a t sees them. */
typedef struct distances {
  const double *squared, *weight; /* squared: Mahalanobis distances */
  size_t n, d;
  double total; /* of the weights */
} distances;

/* Log-likelihood with nu degrees of freedom, without the determinant of the scatter. */
static double student_sum(const distances *rows, double nu) {
  const double log_pi = 1.1447298858494001741;
  double sum = 0, d = (double)rows->d, half = (nu + d) / 2;
  for (size_t i = 0; i < rows->n; i++)
    sum -= (rows->weight ? rows->weight[i] : 1) * half * log1p(rows->squared[i] / nu);
  return sum + rows->total * (ock_log_gamma(half) - ock_log_gamma(nu / 2) - d / 2 * (log(nu) + log_pi));
}

static double judge_log_freedom(const void *rows, double log_nu) {
  return student_sum(rows, exp(log_nu));
}

/* The degrees of freedom near `nu` that are best for these distances. */
static double best_freedom(const distances *rows, double nu) {
  const double reach = 0.7, least = log(1), most = log(200), enough = 1e-3;
  double low = fmax(least, log(nu) - reach), high = fmin(most, log(nu) + reach);
  return exp(ock_golden_section(judge_log_freedom, rows, low, high, enough));
}

/* Squared Mahalanobis distances by the inverse of the factor. */
static void measure(const double *x, size_t n, size_t d, bool full, const double *mean, const double *inverse,
                    double *room, double *m) {
  for (size_t i = 0; i < n; i++) {
    const double *row = x + i * d;
    double sum = 0;
    for (size_t l = 0; l < d; l++) room[l] = row[l] - mean[l];
    for (size_t l = 0, at = 0; l < d; l++) {
      double turned = 0;
      for (size_t j = full ? 0 : l; j <= l; j++, at++) turned += inverse[at] * room[j];
      sum += turned * turned;
    }
    m[i] = sum;
  }
}

/* Mean and scatter of rows with these pulls; scatter per unit of weight. */
static void take_pulled(const double *x, size_t n, size_t d, bool full, const double *pull, double total, double *mean,
                        double *scatter) {
  size_t second = full ? d * (d + 1) / 2 : d;
  double sum = 0;
  memset(mean, 0, d * sizeof *mean);
  memset(scatter, 0, second * sizeof *scatter);
  for (size_t i = 0; i < n; i++) sum += pull[i];
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++) mean[l] += pull[i] / sum * x[i * d + l];
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0, at = 0; l < d; l++) {
      double part = pull[i] / total * (x[i * d + l] - mean[l]);
      for (size_t j = full ? 0 : l; j <= l; j++, at++) scatter[at] += part * (x[i * d + j] - mean[j]);
    }
}

static void level(double *variances, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += variances[l];
  for (size_t l = 0; l < d; l++) variances[l] = sum / (double)d;
}

ock_shape_result ock_student_estimate(const double *x, const double *weight, size_t n, size_t d,
                                      ock_orientation orientation, double *log_likelihood, double *freedom) {
  enum { MOST_STEPS = 60, STEPS_A_FREEDOM = 3 };
  bool full = orientation == OCK_ANY_ORIENTATION;
  const double enough = 0.02; /* nats */
  size_t second = full ? d * (d + 1) / 2 : d;
  double *room = ock_alloc_array(2 * n + 2 * d + second, sizeof *room);
  if (!room) return OCK_SHAPE_NO_MEMORY;
  double *pull = room, *m = pull + n, *mean = m + n, *row = mean + d, *scatter = row + d;
  double total = 0, nu = 8, before = -INFINITY;
  for (size_t i = 0; i < n; i++) total += pull[i] = weight ? weight[i] : 1;
  distances rows = {.squared = m, .weight = weight, .n = n, .d = d, .total = total};
  *log_likelihood = -INFINITY;
  for (size_t t = 0; t < MOST_STEPS; t++) {
    double log_root;
    take_pulled(x, n, d, full, pull, total, mean, scatter);
    if (orientation == OCK_SPHERE) level(scatter, d);
    if (!ock_inverse_factor(scatter, d, full, NULL, &log_root)) break;
    measure(x, n, d, full, mean, scatter, row, m);
    if (t % STEPS_A_FREEDOM == 0) nu = best_freedom(&rows, nu);
    *log_likelihood = fmax(*log_likelihood, student_sum(&rows, nu) - total * log_root);
    if (t % STEPS_A_FREEDOM == 0) {
      if (*log_likelihood < before + enough) break;
      before = *log_likelihood;
    }
    for (size_t i = 0; i < n; i++) pull[i] = (weight ? weight[i] : 1) * (nu + (double)d) / (nu + m[i]);
  }
  *freedom = nu;
  ock_free(room);
  return isfinite(*log_likelihood) ? OCK_SHAPE_FITTED : OCK_SHAPE_NONE;
}
