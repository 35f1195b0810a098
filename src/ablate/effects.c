/* SPDX-License-Identifier: Apache-2.0 */
/* Effects of the mains with their intervals, read off the draws. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

/* Of the baseline, by which compute and loss are exchanged. */
double ock_exponent(const ock_analysis *a, const double *coefficients) {
  const ock_model *m = &a->model;
  double slope = coefficients[1];
  for (size_t j = 0; j < m->n_mains; j++) slope -= coefficients[ock_first_trend(m) + j] * m->centre[j];
  return -slope;
}

typedef double statistic(const ock_analysis *a, const double *coefficients, size_t j, double l);

static double log_loss_of(const ock_analysis *a, const double *coefficients, size_t j, double l) {
  (void)l;
  return coefficients[ock_first_main(&a->model) + j];
}

static double elasticity_of(const ock_analysis *a, const double *coefficients, size_t j, double l) {
  (void)l;
  return -coefficients[ock_first_trend(&a->model) + j] / ock_exponent(a, coefficients);
}

/* Its logarithm: quantiles are the same, and neither side is far from 0. */
static double log_gain_of(const ock_analysis *a, const double *coefficients, size_t j, double l) {
  double change = coefficients[ock_first_main(&a->model) + j] + coefficients[ock_first_trend(&a->model) + j] * l;
  return -change / ock_exponent(a, coefficients);
}

static double exponent_only(const ock_analysis *a, const double *coefficients, size_t j, double l) {
  (void)j, (void)l;
  return ock_exponent(a, coefficients);
}

static ockham_interval interval_of(const ock_analysis *a, statistic *of, size_t j, double l, double *room) {
  const ock_draws *draws = &a->draws;
  for (size_t b = 0; b < draws->n; b++) room[b] = of(a, draws->coefficients + b * draws->p, j, l);
  return ock_interval_of(of(a, a->fit.coefficients, j, l), room, draws->n, a->how.level);
}

static ockham_interval exp_of(ockham_interval x) {
  return (ockham_interval){exp(x.value), exp(x.low), exp(x.high)};
}

/* How often draws are on the other side of 0 than the estimate, both sides. */
static double two_sided(const ock_analysis *a, statistic *of, size_t j) {
  const ock_draws *draws = &a->draws;
  double below = 1, above = 1;
  for (size_t b = 0; b < draws->n; b++) {
    double value = of(a, draws->coefficients + b * draws->p, j, 0);
    below += value <= 0, above += value >= 0;
  }
  return fmin(1, 2 * fmin(below, above) / (double)(draws->n + 1));
}

ockham_interval ock_log_gain(const ock_analysis *a, size_t j, double l, double *room) {
  return interval_of(a, log_gain_of, j, l, room);
}

ockham_interval ock_fieller(double c0, double c1, double v00, double v01, double v11, double t) {
  double a = c1 * c1 - t * t * v11, b = c0 * c1 - t * t * v01, c = c0 * c0 - t * t * v00;
  double root = b * b - a * c;
  if (!(a > 0) || !(root >= 0)) return (ockham_interval){NAN, NAN, NAN}; /* c1 may be 0: all, or all but an interval */
  return (ockham_interval){-c0 / c1, (-b - sqrt(root)) / a, (-b + sqrt(root)) / a};
}

/* Where mains and trends cancel, whatever E is, for the losses are then equal. */
static ockham_interval crossover_of(const ock_analysis *a, size_t j) {
  size_t main = ock_first_main(&a->model) + j, trend = ock_first_trend(&a->model) + j;
  const ock_fit *fit = &a->fit;
  double freedom, v11 = ock_fit_variance(fit, &a->model, trend, &freedom);
  double t = ock_student_quantile((1 + a->how.level) / 2, freedom);
  ockham_interval l =
      ock_fieller(fit->coefficients[main], fit->coefficients[trend], ock_fit_covariance(fit, &a->model, main, main),
                  ock_fit_covariance(fit, &a->model, main, trend), v11, t);
  return (ockham_interval){exp(a->central + l.value), exp(a->central + l.low), exp(a->central + l.high)};
}

static void fill_effect(ock_analysis *a, size_t j, double *room) {
  const ockham_interval none = {NAN, NAN, NAN};
  ockham_effect *effect = &a->out->mains[j];
  bool law = !a->model.n_blocks;
  effect->log_loss = effect->elasticity = effect->crossover = none;
  effect->p = effect->p_adjusted = effect->p_trend = NAN;
  if (!a->main_told[j]) return;
  size_t column = ock_first_main(&a->model) + j;
  double freedom, variance = ock_fit_variance(&a->fit, &a->model, column, &freedom);
  effect->log_loss = interval_of(a, log_loss_of, j, 0, room);
  effect->p = ock_student_tail(a->fit.coefficients[column] / sqrt(variance), freedom);
  if (!law) return;
  bool trend = a->trend_told[j];
  if (trend) {
    effect->elasticity = interval_of(a, elasticity_of, j, 0, room);
    effect->p_trend = two_sided(a, elasticity_of, j);
    effect->crossover = crossover_of(a, j);
  }
  for (size_t s = 0; s < a->study->n_scales; s++) {
    ockham_interval *gain = (ockham_interval *)effect->ceg + s;
    bool lost = a->lost[j * a->study->n_scales + s];
    if (!lost && !isnan(a->scale_compute[s]))
      *gain = exp_of(ock_log_gain(a, j, a->scale_compute[s] - a->central, room));
  }
}

/* p of the whole family, which is never below the p of one. */
static ockham_status adjust(ock_analysis *a, ockham_error *err) {
  double *t = ock_arena_array(&a->scratch, a->n_mains, sizeof *t);
  double *p = ock_arena_array(&a->scratch, a->n_mains, sizeof *p);
  if (!t || !p) return ock_no_room(err);
  for (size_t j = 0; j < a->n_mains; j++) {
    size_t column = ock_first_main(&a->model) + j;
    double variance = ock_fit_variance(&a->fit, &a->model, column, NULL);
    t[j] = a->main_told[j] && variance > 0 ? a->fit.coefficients[column] / sqrt(variance) : NAN;
  }
  if (!ock_step_down(t, a->draws.t, a->draws.n, a->n_mains, &a->scratch, p)) return ock_no_room(err);
  for (size_t j = 0; j < a->n_mains; j++) a->out->mains[j].p_adjusted = fmax(p[j], a->out->mains[j].p);
  return OCKHAM_OK;
}

static void fill_law(ock_analysis *a, double *room) {
  ockham_ablation_law *law = &a->out->law;
  const ock_model *m = &a->model;
  double runs = 0, squares = 0;
  for (size_t u = 0; u < m->n_units; u++) {
    runs += (double)m->units[u].n;
    squares += m->own[u] * (double)m->units[u].n / (a->fit.magnitude[u] * a->fit.magnitude[u]);
  }
  law->n_used = (size_t)runs, law->n_cells = m->n_units;
  law->residual = sqrt(squares / (double)m->n_units);
  law->fitted = !m->n_blocks;
  law->irreducible = law->exponent = (ockham_interval){NAN, NAN, NAN};
  law->level = law->central_compute = NAN;
  if (!law->fitted) return;
  memcpy(room, a->draws.irreducible, a->draws.n * sizeof *room);
  law->irreducible = ock_interval_of(a->irreducible.mean, room, a->draws.n, a->how.level);
  law->exponent = interval_of(a, exponent_only, 0, 0, room);
  law->central_compute = exp(a->central);
}

ockham_status ock_effects_find(ock_analysis *a, ockham_error *err) {
  double *room = ock_arena_array(&a->scratch, a->draws.n, sizeof *room);
  double *row = ock_arena_array(&a->scratch, a->draws.p, sizeof *row);
  uint8_t *levels = ock_arena_array(&a->scratch, a->study->n_factors, 1);
  if (!room || !row || !levels) return ock_no_room(err);
  for (size_t j = 0; j < a->n_mains; j++) fill_effect(a, j, room);
  fill_law(a, room);
  memset(levels, 0, a->study->n_factors);
  if (a->out->law.fitted) a->out->law.level = exp(ock_model_predict(&a->model, a->fit.coefficients, levels, 0, 0, row));
  return adjust(a, err);
}
