/* SPDX-License-Identifier: Apache-2.0 */
/* All changes at once: what the full recipe gains, beside the product of what each change gains on the baseline; the
 * part of each, averaged over all orders in which they could be made (Shapley, 1953: of mains and pairs it is the mean
 * of adding one to the baseline and of leaving one out of the recipe); and the baseline at the scale that was held out.
 */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

typedef struct recipe {
  ock_analysis *a;
  ock_model model; /* with all pairs, if enough is left: those that are not significant add up */
  ock_draws draws;
  ock_fit fit;
  uint8_t *levels;
  double *row, *errors;            /* n_columns, n_units */
  double *joint, *product, *ratio; /* a draw each */
} recipe;

static double predict(const recipe *r, const double *coefficients, double l) {
  return ock_model_predict(&r->model, coefficients, r->levels, l, 0, r->row);
}

static void set_levels(recipe *r, uint8_t level) {
  memset(r->levels, level, r->a->study->n_factors);
}

/* Logarithm of the product over changes of what each gains alone. */
static double product_of(recipe *r, const double *coefficients, double l) {
  set_levels(r, 0);
  double baseline = predict(r, coefficients, l), sum = 0;
  for (size_t f = 0; f < r->a->study->n_factors; f++) {
    r->levels[f] = 1;
    sum += baseline - predict(r, coefficients, l);
    r->levels[f] = 0;
  }
  return sum / ock_exponent(r->a, coefficients);
}

/* Of the recipe's unit, whose loss is off by `error`. */
static double joint_of(recipe *r, const double *coefficients, double irreducible, size_t u, double error) {
  const ock_model *m = &r->model;
  double left = fmax(m->fitted[u] - irreducible, 1e-300);
  set_levels(r, 0);
  double baseline = predict(r, coefficients, m->l[u]);
  return (baseline - log(m->units[u].loss - irreducible) - error / left) / ock_exponent(r->a, coefficients);
}

static ockham_interval exp_interval(const ock_analysis *a, double value, double *draws) {
  ockham_interval x = ock_interval_of(value, draws, a->how.bootstraps, a->how.level);
  return (ockham_interval){exp(x.value), exp(x.low), exp(x.high)};
}

/* The recipe's errors are those with which the coefficients of the draw were found. */
static void find_joint(recipe *r, size_t u) {
  ock_analysis *a = r->a;
  size_t s = a->model.units[u].scale;
  double l = a->scale_compute[s] - a->central;
  for (size_t b = 0; b < r->draws.n; b++) {
    const double *coefficients = r->draws.coefficients + b * r->draws.p;
    ock_rng rng = ock_rng_make(a->how.seed, b);
    ock_draw_errors(&a->model, &rng, r->errors);
    r->joint[b] = joint_of(r, coefficients, r->draws.irreducible[b], u, r->errors[u]);
    r->product[b] = product_of(r, coefficients, l);
    r->ratio[b] = r->joint[b] - r->product[b];
  }
  double joint = joint_of(r, r->fit.coefficients, a->irreducible.mean, u, 0);
  double product = product_of(r, r->fit.coefficients, l);
  a->out->joints[s].joint = exp_interval(a, joint, r->joint);
  a->out->joints[s].product = exp_interval(a, product, r->product);
  a->out->joints[s].ratio = exp_interval(a, joint - product, r->ratio);
}

static double shapley_of(recipe *r, const double *coefficients, size_t factor, double l) {
  set_levels(r, 0);
  double sum = predict(r, coefficients, l);
  r->levels[factor] = 1;
  sum -= predict(r, coefficients, l);
  set_levels(r, 1);
  sum -= predict(r, coefficients, l);
  r->levels[factor] = 0;
  sum += predict(r, coefficients, l);
  return sum / 2 / ock_exponent(r->a, coefficients);
}

static bool all_told(const ock_analysis *a) {
  for (size_t j = 0; j < a->n_mains; j++)
    if (a->mains[j].level == 1 && !a->main_told[j]) return false;
  return true;
}

static void find_shapley(recipe *r) {
  ock_analysis *a = r->a;
  double l = -INFINITY;
  for (size_t u = 0; u < a->model.n_units; u++) l = fmax(l, a->scale_compute[a->model.units[u].scale] - a->central);
  for (size_t j = 0; j < a->n_mains; j++) {
    if (a->mains[j].level != 1) continue;
    size_t factor = a->mains[j].factor;
    for (size_t b = 0; b < r->draws.n; b++)
      r->joint[b] = shapley_of(r, r->draws.coefficients + b * r->draws.p, factor, l);
    double value = shapley_of(r, r->fit.coefficients, factor, l);
    a->out->shapley[j] = ock_interval_of(value, r->joint, r->draws.n, a->how.level);
  }
}

static ockham_status make_recipe(recipe *r, ockham_error *err) {
  ock_analysis *a = r->a;
  size_t n = a->how.bootstraps;
  r->levels = ock_arena_array(&a->scratch, a->study->n_factors, 1);
  r->row = ock_arena_array(&a->scratch, ock_n_columns(&r->model), sizeof *r->row);
  r->errors = ock_arena_array(&a->scratch, a->model.n_units, sizeof *r->errors);
  r->joint = ock_arena_array(&a->scratch, n, sizeof *r->joint);
  r->product = ock_arena_array(&a->scratch, n, sizeof *r->product);
  r->ratio = ock_arena_array(&a->scratch, n, sizeof *r->ratio);
  return r->levels && r->row && r->errors && r->joint && r->product && r->ratio ? OCKHAM_OK : ock_no_room(err);
}

static ockham_status take_pairs(recipe *r, const ock_pairs *pairs, ockham_error *err) {
  const size_t spare = 3;
  ock_analysis *a = r->a;
  if (!pairs->n || ock_first_pair(&r->model) + pairs->n + spare > r->model.n_units) return OCKHAM_OK;
  r->model.pairs = pairs->items, r->model.n_pairs = pairs->n;
  if (!ock_fit_make(&r->fit, &a->scratch, &r->model)) return ock_no_room(err);
  ock_fit_run(&r->fit, &r->model, a->irreducible.mean, true);
  return ock_draws_make(a, &r->model, &r->draws, err);
}

ockham_status ock_recipe_find(ock_analysis *a, const ock_pairs *pairs, ockham_error *err) {
  recipe r = {.a = a, .model = a->model, .draws = a->draws, .fit = a->fit};
  if (a->model.n_blocks || !all_told(a)) return OCKHAM_OK;
  OCK_TRY(take_pairs(&r, pairs, err));
  OCK_TRY(make_recipe(&r, err));
  for (size_t u = 0; u < a->model.n_units; u++)
    if (ock_is_recipe(a, a->model.units[u].levels)) find_joint(&r, u);
  find_shapley(&r);
  return OCKHAM_OK;
}

/* ---- the scale that was held out ---- */

static size_t held_out(const ock_analysis *a) {
  size_t held = SIZE_MAX;
  for (size_t s = 0; s < a->study->n_scales; s++)
    if (a->study->scales[s].held_out && !isnan(a->scale_compute[s])) held = s;
  return held;
}

/* Runs of the baseline that have been done there, and their mean loss. */
static size_t find_held_loss(ock_analysis *a, size_t held) {
  size_t n = 0;
  double sum = 0;
  for (size_t i = 0; i < a->n_runs; i++) {
    if (!a->used[i] || a->runs[i].scale != held || !ock_is_baseline(a, a->runs[i].levels)) continue;
    sum += a->loss[i], n++;
  }
  a->out->held_loss = n ? sum / (double)n : NAN;
  return n;
}

/* The noise there, as that of the largest scale of the law, in proportion to what is left above E. */
ockham_status ock_prediction_find(ock_analysis *a, ockham_error *err) {
  size_t held = held_out(a), last = a->model.n_units - 1;
  recipe r = {.a = a, .model = a->model};
  if (held == SIZE_MAX) return OCKHAM_OK;
  size_t n = find_held_loss(a, held);
  a->out->predicted_compute = exp(a->scale_compute[held]);
  if (a->model.n_blocks) return OCKHAM_OK;
  OCK_TRY(make_recipe(&r, err));
  set_levels(&r, 0);
  double l = a->scale_compute[held] - a->central;
  double noise = sqrt(a->model.variance[a->model.units[last].scale] / (double)(n ? n : 1)) / a->fit.magnitude[last];
  for (size_t b = 0; b < a->draws.n; b++) {
    ock_rng rng = ock_rng_make(a->how.seed, ((uint64_t)1 << 61) + b);
    double left = predict(&r, a->draws.coefficients + b * a->draws.p, l) + noise * ock_rng_normal(&rng);
    r.joint[b] = a->draws.irreducible[b] + exp(left);
  }
  double value = a->irreducible.mean + exp(predict(&r, a->fit.coefficients, l));
  a->out->predicted = ock_interval_of(value, r.joint, a->draws.n, a->how.level);
  return OCKHAM_OK;
}
