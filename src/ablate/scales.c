/* SPDX-License-Identifier: Apache-2.0 */
/* Each scale for itself: effects on the loss from its own runs, those on the plateau included.
 * The mains are added in log(loss - E), so that multiplying changes are no interaction; the law only takes off what
 * cells differ in compute. Where a scale has too few runs to tell, its changes of loss are the law's. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

enum { BLOCK = 32 }; /* draws of a task */

typedef struct own_scale {
  ock_analysis *a;
  size_t number;
  ock_model model;
  ock_fit fit;
  bool by_law;
  bool *told;                    /* n_mains */
  double l;                      /* of the baseline, of the law */
  size_t baseline;               /* its unit; n_units: none */
  size_t p;                      /* of the model whose rows these are */
  double *rows;                  /* n_mains x n_units x 2 x p: with the level, and with the factor's first */
  double *changes;               /* n_mains x bootstraps */
  double *errors, *coefficients; /* a worker's: n_units, p */
} own_scale;

static bool takes_scale(const ock_analysis *a, size_t run, size_t scale) {
  return a->runs[run].scale == scale;
}

/* ---- the model of a scale ---- */

/* Compute in which cells differ is taken off by the law's slope for each. */
static ockham_status take_off_compute(own_scale *s, ockham_error *err) {
  const ock_analysis *a = s->a;
  ock_model *m = &s->model;
  if (a->model.n_blocks) return OCKHAM_OK;
  m->offset = ock_arena_array(&s->a->scratch, m->n_units, sizeof *m->offset);
  if (!m->offset) return ock_no_room(err);
  for (size_t u = 0; u < m->n_units; u++) {
    double slope = ock_model_slope(&a->model, a->fit.coefficients, m->units[u].levels);
    double away = m->units[u].log_compute - a->scale_compute[s->number];
    m->offset[u] = isnan(away) ? 0 : slope * away;
  }
  return OCKHAM_OK;
}

static ockham_status fit_scale(own_scale *s, ockham_error *err) {
  enum { ROUNDS = 2 };
  ock_analysis *a = s->a;
  ock_model *m = &s->model;
  double irreducible = a->model.n_blocks ? 0 : fmin(a->irreducible.mean, ock_model_most(m));
  if (!ock_fit_make(&s->fit, &a->scratch, m)) return ock_no_room(err);
  for (size_t round = 0; round <= ROUNDS; round++) {
    ock_fit_run(&s->fit, m, irreducible, true);
    if (round < ROUNDS) ock_variance_find(m, &s->fit);
  }
  return ock_columns_told(m, ock_first_main(m), m->n_mains, s->told, err);
}

/* What a main effect of this scale must be to be seen with 80 % power. */
static double find_detectable(const own_scale *s) {
  const ock_model *m = &s->model;
  double least = INFINITY, middle = 0, freedom;
  for (size_t u = 0; u < m->n_units; u++) middle += s->fit.magnitude[u] / (double)m->n_units;
  for (size_t j = 0; j < m->n_mains; j++) {
    if (!s->told[j]) continue;
    double deviation = sqrt(ock_fit_variance(&s->fit, m, ock_first_main(m) + j, &freedom));
    double seen = ock_student_quantile(1 - s->a->how.false_calls / 2, freedom) + ock_student_quantile(.8, freedom);
    least = fmin(least, seen * deviation * middle);
  }
  return isfinite(least) ? least : NAN;
}

static ockham_status make_model(own_scale *s, ockham_error *err) {
  ock_analysis *a = s->a;
  ock_model *m = &s->model;
  ock_unit *units;
  OCK_TRY(ock_units_gather(a, takes_scale, s->number, &units, &m->n_units, err));
  m->units = units;
  s->baseline = m->n_units;
  for (size_t u = 0; u < m->n_units; u++)
    if (ock_is_baseline(a, units[u].levels)) s->baseline = u;
  if (!m->n_units) return OCKHAM_OK;
  if (!ock_model_make(m, &a->scratch, a->study->n_scales, a->n_selected, 0)) return ock_no_room(err);
  m->n_pairs = a->n_selected;
  if (m->n_pairs) memcpy(m->pairs, a->model.pairs, m->n_pairs * sizeof *m->pairs);
  ock_variance_guess(m);
  return take_off_compute(s, err);
}

/* ---- changes of the loss ---- */

static void fill_rows(own_scale *s, const ock_model *m, uint8_t *levels) {
  const ock_analysis *a = s->a;
  double l = a->model.n_blocks ? 0 : s->l;
  for (size_t j = 0; j < a->n_mains; j++) {
    for (size_t u = 0; u < s->model.n_units; u++) {
      double *row = s->rows + (j * s->model.n_units + u) * 2 * s->p;
      memcpy(levels, s->model.units[u].levels, a->study->n_factors);
      levels[a->mains[j].factor] = (uint8_t)a->mains[j].level;
      ock_model_row(m, levels, l, s->number, row);
      levels[a->mains[j].factor] = 0;
      ock_model_row(m, levels, l, s->number, row + s->p);
    }
  }
}

static double product(const double *row, const double *coefficients, size_t p) {
  double sum = 0;
  for (size_t j = 0; j < p; j++) sum += row[j] * coefficients[j];
  return sum;
}

/* The mean over the cells of the scale. */
static double change_of_loss(const own_scale *s, size_t j, const double *coefficients) {
  double sum = 0;
  for (size_t u = 0; u < s->model.n_units; u++) {
    const double *row = s->rows + (j * s->model.n_units + u) * 2 * s->p;
    sum += exp(product(row, coefficients, s->p)) - exp(product(row + s->p, coefficients, s->p));
  }
  return sum / (double)s->model.n_units;
}

static double effect_at(const own_scale *s, size_t j, const double *coefficients) {
  const ock_model *law = &s->a->model;
  if (!s->by_law) return coefficients[ock_first_main(&s->model) + j];
  double trend = law->n_blocks ? 0 : coefficients[ock_first_trend(law) + j];
  return coefficients[ock_first_main(law) + j] + trend * s->l;
}

static void draw_block(void *arg, size_t task, size_t worker) {
  own_scale *s = arg;
  ock_analysis *a = s->a;
  size_t n = s->model.n_units, n_draws = a->how.bootstraps, n_mains = a->n_mains;
  double *errors = s->errors + worker * n, *coefficients = s->coefficients + worker * s->p;
  for (size_t b = task * BLOCK; b < n_draws && b < (task + 1) * BLOCK; b++) {
    ock_rng rng = ock_rng_make(a->how.seed, ((uint64_t)s->number + 1) << 32 | b);
    ock_draw_errors(&s->model, &rng, errors);
    size_t at = s->number * n_draws + b;
    a->scale_baselines[at] = s->baseline < n ? s->model.units[s->baseline].loss + errors[s->baseline] : NAN;
    const double *drawn = coefficients;
    for (size_t u = 0; u < n; u++) errors[u] /= s->fit.magnitude[u];
    for (size_t j = 0; j < s->p && !s->by_law; j++)
      coefficients[j] = s->fit.coefficients[j] + product(s->fit.influence + j * n, errors, n);
    if (s->by_law) drawn = a->draws.coefficients + b * s->p;
    for (size_t j = 0; j < n_mains; j++) {
      s->changes[j * n_draws + b] = s->told[j] ? change_of_loss(s, j, drawn) : NAN;
      a->scale_effects[at * n_mains + j] = s->told[j] ? effect_at(s, j, drawn) : NAN;
    }
  }
}

static ockham_status draw_all(own_scale *s, ockham_error *err) {
  ock_analysis *a = s->a;
  size_t n = s->model.n_units, n_draws = a->how.bootstraps, workers = ock_pool_size(a->pool);
  const ock_model *m = s->by_law ? &a->model : &s->model;
  s->p = ock_n_columns(m);
  s->rows = ock_arena_array(&a->scratch, ock_size_product(a->n_mains * n, 2 * s->p), sizeof *s->rows);
  s->changes = ock_arena_array(&a->scratch, ock_size_product(a->n_mains, n_draws), sizeof *s->changes);
  s->errors = ock_arena_array(&a->scratch, ock_size_product(workers, n), sizeof *s->errors);
  s->coefficients = ock_arena_array(&a->scratch, ock_size_product(workers, s->p), sizeof *s->coefficients);
  uint8_t *levels = ock_arena_array(&a->scratch, a->study->n_factors, 1);
  if (!s->rows || !s->changes || !s->errors || !s->coefficients || !levels) return ock_no_room(err);
  fill_rows(s, m, levels);
  if (!ock_pool_run_watched(a->pool, &a->ticker, (n_draws + BLOCK - 1) / BLOCK, draw_block, s))
    return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the effects of a scale were known");
  return OCKHAM_OK;
}

static void keep_changes(own_scale *s) {
  ock_analysis *a = s->a;
  size_t n_draws = a->how.bootstraps;
  const double *coefficients = s->by_law ? a->fit.coefficients : s->fit.coefficients;
  for (size_t j = 0; j < a->n_mains; j++) {
    double value = s->told[j] ? change_of_loss(s, j, coefficients) : NAN;
    ockham_interval *loss = (ockham_interval *)a->out->mains[j].loss;
    loss[s->number] = ock_interval_of(value, s->changes + j * n_draws, n_draws, a->how.level);
    a->scale_effect[s->number * a->n_mains + j] = s->told[j] ? effect_at(s, j, coefficients) : NAN;
  }
  a->scale_baseline[s->number] = s->baseline < s->model.n_units ? s->model.units[s->baseline].loss : NAN;
}

/* A scale's own runs tell when every main is told that the law tells, and some noise is left to go by. */
static bool needs_law(const own_scale *s) {
  const ock_analysis *a = s->a;
  const double fewest = 2;
  if (s->model.by_effects || ock_total_freedom(&s->model) < fewest) return true;
  for (size_t j = 0; j < a->n_mains; j++)
    if (!s->told[j] && a->main_told[j] && !a->lost[j * a->study->n_scales + s->number]) return true;
  return false;
}

static ockham_status analyse(own_scale *s, ockham_error *err) {
  ock_analysis *a = s->a;
  OCK_TRY(make_model(s, err));
  if (!s->model.n_units) return OCKHAM_OK;
  OCK_TRY(fit_scale(s, err));
  a->out->scales[s->number].detectable = find_detectable(s);
  bool many = a->model.n_blocks != 1;
  s->by_law = many && !isnan(s->l) && needs_law(s);
  if (s->by_law) {
    memcpy(s->told, a->main_told, a->n_mains * sizeof *s->told);
    if (ock_warn(a, "scale '%s' has too few runs to tell its effects alone: its changes of loss are those of the law",
                 a->study->scales[s->number].name))
      return ock_no_room(err);
  }
  for (size_t j = 0; j < a->n_mains; j++)
    if (a->lost[j * a->study->n_scales + s->number]) s->told[j] = false;
  OCK_TRY(draw_all(s, err));
  keep_changes(s);
  return OCKHAM_OK;
}

ockham_status ock_scales_analyse(ock_analysis *a, ockham_error *err) {
  size_t n_scales = a->study->n_scales, n = ock_size_product(n_scales, a->how.bootstraps);
  a->scale_effects = ock_arena_array(&a->scratch, ock_size_product(n, a->n_mains), sizeof *a->scale_effects);
  a->scale_baselines = ock_arena_array(&a->scratch, n, sizeof *a->scale_baselines);
  a->scale_effect = ock_arena_array(&a->scratch, ock_size_product(n_scales, a->n_mains), sizeof *a->scale_effect);
  a->scale_baseline = ock_arena_array(&a->scratch, n_scales, sizeof *a->scale_baseline);
  bool *told = ock_arena_array(&a->scratch, a->n_mains, sizeof *told);
  if (!a->scale_effects || !a->scale_baselines || !a->scale_effect || !a->scale_baseline || !told)
    return ock_no_room(err);
  for (size_t i = 0; i < n * a->n_mains; i++) a->scale_effects[i] = NAN;
  for (size_t i = 0; i < n; i++) a->scale_baselines[i] = NAN;
  for (size_t i = 0; i < n_scales * a->n_mains; i++) a->scale_effect[i] = NAN;
  for (size_t i = 0; i < n_scales; i++) a->scale_baseline[i] = NAN;
  for (size_t i = 0; i < n_scales; i++) {
    own_scale s = {.a = a, .number = i, .told = told, .l = a->model.n_blocks ? 0 : a->scale_compute[i] - a->central};
    s.model = (ock_model){.n_factors = a->study->n_factors, .n_blocks = 1, .n_mains = a->n_mains, .mains = a->mains};
    OCK_TRY(analyse(&s, err));
  }
  return OCKHAM_OK;
}
