/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of each main: helps, hurts, negligible or undecided; stays, grows, vanishes or turns. */
#include <math.h>

#include "ablate/analysis.h"

/* The |t| that none of the family exceeds but with the probability of false calls. */
static double critical_t(const ock_analysis *a, double *room) {
  const ock_draws *draws = &a->draws;
  for (size_t b = 0; b < draws->n; b++) {
    room[b] = 0;
    for (size_t j = 0; j < a->n_mains; j++)
      if (a->main_told[j]) room[b] = fmax(room[b], fabs(draws->t[b * a->n_mains + j]));
  }
  qsort(room, draws->n, sizeof *room, ock_compare_doubles);
  return room[(size_t)((double)(draws->n - 1) * (1 - a->how.false_calls))];
}

/* So many times the runs until t is what is needed, or the gain's interval within the negligible. */
static double times_to_decide(double t, double critical, ockham_interval log_gain, double negligible) {
  const double power = .84; /* 80 % */
  double seen = (critical + power) / fabs(t), left = log(negligible) - fabs(log_gain.value);
  double closed = left > 0 ? (log_gain.high - log_gain.low) / 2 / left : INFINITY;
  double least = fmin(seen, isnan(closed) ? INFINITY : closed);
  return fmax(1, least * least);
}

static void decide(const ock_analysis *a, size_t j, double critical, double *room) {
  const double most_times = 100;
  ockham_effect *effect = &a->out->mains[j];
  size_t column = ock_first_main(&a->model) + j;
  ockham_interval gain = {NAN, NAN, NAN};
  double rope = log(a->how.negligible);
  effect->verdict = OCKHAM_EFFECT_UNDECIDED;
  effect->runs_to_decide = INFINITY;
  if (!a->main_told[j]) return;
  effect->runs_to_decide = NAN;
  if (!a->model.n_blocks) gain = ock_log_gain(a, j, 0, room);
  bool stays = effect->trend == OCKHAM_TREND_CONSTANT || effect->trend == OCKHAM_TREND_UNKNOWN;
  if (stays && gain.low >= -rope && gain.high <= rope) /* not where it only passes 1 */
    effect->verdict = OCKHAM_EFFECT_NEGLIGIBLE;
  else if (effect->p_adjusted <= a->how.false_calls)
    effect->verdict = effect->log_loss.value < 0 ? OCKHAM_EFFECT_HELPS : OCKHAM_EFFECT_HURTS;
  if (effect->verdict != OCKHAM_EFFECT_UNDECIDED) return;
  if (!stays) gain.value = NAN; /* it will not come to lie within the negligible */
  double t = a->fit.coefficients[column] / sqrt(ock_fit_variance(&a->fit, &a->model, column, NULL));
  double times = times_to_decide(t, critical, gain, a->how.negligible);
  effect->runs_to_decide = times <= most_times ? ceil(times * (double)a->out->law.n_used) : INFINITY;
}

/* The least and the largest log compute of the law's scales. */
static void find_range(const ock_analysis *a, double *low, double *high) {
  *low = INFINITY, *high = -INFINITY;
  for (size_t u = 0; u < a->model.n_units; u++) {
    double l = a->scale_compute[a->model.units[u].scale] - a->central;
    *low = fmin(*low, l), *high = fmax(*high, l);
  }
}

static ockham_trend trend_of(const ock_analysis *a, size_t j, double *room) {
  double low, high;
  if (a->model.n_blocks || !a->trend_told[j]) return OCKHAM_TREND_UNKNOWN;
  const ockham_effect *effect = &a->out->mains[j];
  if (!(effect->inclusion_trend > .5)) return OCKHAM_TREND_CONSTANT;
  if (effect->elasticity.low <= 0 && effect->elasticity.high >= 0) return OCKHAM_TREND_UNKNOWN; /* it is up to E */
  find_range(a, &low, &high);
  ockham_interval first = ock_log_gain(a, j, low, room), last = ock_log_gain(a, j, high, room);
  bool turns = (first.low > 0 && last.high < 0) || (first.high < 0 && last.low > 0);
  if (turns) return OCKHAM_TREND_CROSSES;
  return fabs(last.value) > fabs(first.value) ? OCKHAM_TREND_GROWS : OCKHAM_TREND_VANISHES;
}

ockham_status ock_verdicts_find(ock_analysis *a, ockham_error *err) {
  double *room = ock_arena_array(&a->scratch, a->draws.n, sizeof *room);
  if (!room) return ock_no_room(err);
  double critical = critical_t(a, room);
  for (size_t j = 0; j < a->n_mains; j++) {
    a->out->mains[j].trend = trend_of(a, j, room);
    decide(a, j, critical, room);
    ock_divergence_decide(&a->out->mains[j]);
  }
  return OCKHAM_OK;
}
