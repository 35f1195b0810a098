/* SPDX-License-Identifier: Apache-2.0 */
/* The analysis of a study, step by step. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

enum { DEFAULT_BOOTSTRAPS = 1000 };

typedef struct answer {
  ockham_ablation public; /* first */
  ock_arena arena;
} answer;

void ockham_ablation_free(ockham_ablation *ablation) {
  if (!ablation) return;
  answer *whole = (answer *)ablation;
  ock_arena arena = whole->arena;
  ock_arena_clear(&arena);
  ock_free(whole);
}

/* ---- options ---- */

static ockham_status fill_options(const ockham_ablation_options *from, ockham_ablation_options *how,
                                  ockham_error *err) {
  *how = from ? *from : (ockham_ablation_options){0};
  if (how->level == 0) how->level = .9;
  if (how->false_calls == 0) how->false_calls = .1;
  if (how->bootstraps == 0) how->bootstraps = DEFAULT_BOOTSTRAPS;
  if (how->negligible == 0) how->negligible = 1.05;
  if (!(how->level >= .5 && how->level <= .999))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a level of intervals from 0.5 to 0.999, found %g", how->level);
  if (!(how->false_calls > 0 && how->false_calls < 1))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected false calls between 0 and 1, found %g", how->false_calls);
  if (!(how->negligible > 1 && how->negligible <= 10))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a negligible gain above 1, up to 10, found %g",
                    how->negligible);
  if (how->bootstraps < 20 || how->bootstraps > 1000000)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected 20 to 1,000,000 bootstraps, found %zu", how->bootstraps);
  if ((size_t)how->account >= OCKHAM_N_ACCOUNTS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected an account below %d, found %d", OCKHAM_N_ACCOUNTS,
                    (int)how->account);
  return OCKHAM_OK;
}

static ockham_status check_study(const ockham_study *study, size_t n_runs, ockham_error *err) {
  if (!study || study->n_factors < 1 || study->n_factors > 24)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected 1 to 24 factors, found %zu", study ? study->n_factors : 0);
  if (study->n_scales < 1) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a scale, found none");
  for (size_t f = 0; f < study->n_factors; f++) {
    size_t n = study->factors[f].n_levels;
    if (n < 2 || n > 32)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected 2 to 32 levels of '%s', found %zu", study->factors[f].name,
                      n);
  }
  if (!n_runs) return ock_fail(err, OCKHAM_BAD_DATA, "expected runs, found none");
  return OCKHAM_OK;
}

/* ---- the answer's room ---- */

static ockham_interval *unknown_intervals(ock_analysis *a, size_t n) {
  ockham_interval *made = ock_arena_array(a->arena, n, sizeof *made);
  for (size_t i = 0; made && i < n; i++) made[i] = (ockham_interval){NAN, NAN, NAN};
  return made;
}

ockham_effect *ock_effects_new(ock_analysis *a, size_t n) {
  const ockham_interval none = {NAN, NAN, NAN};
  ockham_effect *effects = ock_arena_array(a->arena, n, sizeof *effects);
  for (size_t i = 0; effects && i < n; i++) {
    size_t n_scales = a->study->n_scales;
    effects[i] = (ockham_effect){.other_factor = SIZE_MAX,
                                 .other_level = SIZE_MAX,
                                 .log_loss = none,
                                 .elasticity = none,
                                 .loss = unknown_intervals(a, n_scales),
                                 .ceg = unknown_intervals(a, n_scales),
                                 .ceg_measured = unknown_intervals(a, n_scales),
                                 .crossover = none,
                                 .diverged = none,
                                 .baseline_diverged = none,
                                 .p_diverged = NAN,
                                 .parameters = NAN,
                                 .flops_per_token = NAN,
                                 .p = NAN,
                                 .p_adjusted = NAN,
                                 .p_trend = NAN,
                                 .inclusion = NAN,
                                 .inclusion_trend = NAN,
                                 .verdict = OCKHAM_EFFECT_UNDECIDED,
                                 .runs_to_decide = NAN};
    if (!effects[i].loss || !effects[i].ceg || !effects[i].ceg_measured) return NULL;
  }
  return effects;
}

static ockham_status make_answer(ock_analysis *a, ockham_error *err) {
  ockham_ablation *out = a->out;
  const ockham_interval none = {NAN, NAN, NAN};
  out->n_mains = a->n_mains;
  out->mains = ock_effects_new(a, a->n_mains);
  out->joints = ock_arena_array(a->arena, a->study->n_scales, sizeof *out->joints);
  out->shapley = unknown_intervals(a, a->n_mains);
  if (!out->mains || !out->joints || !out->shapley) return ock_no_room(err);
  for (size_t s = 0; s < a->study->n_scales; s++) out->joints[s] = (ockham_joint){none, none, none};
  for (size_t j = 0; j < a->n_mains; j++) {
    out->mains[j].factor = a->mains[j].factor, out->mains[j].level = a->mains[j].level;
  }
  out->predicted = none;
  out->predicted_compute = out->held_loss = NAN;
  a->main_told = ock_arena_array(&a->scratch, a->n_mains, sizeof *a->main_told);
  a->trend_told = ock_arena_array(&a->scratch, a->n_mains, sizeof *a->trend_told);
  return a->main_told && a->trend_told ? OCKHAM_OK : ock_no_room(err);
}

/* ---- the model ---- */

static bool takes_law(const ock_analysis *a, size_t run, size_t scale) {
  (void)scale;
  return a->in_law[a->runs[run].scale] && !a->out->transition[run] && !isnan(a->log_compute[run]);
}

static bool takes_kept(const ock_analysis *a, size_t run, size_t scale) {
  (void)scale;
  return a->in_law[a->runs[run].scale] && !a->out->transition[run];
}

/* log C0: the mean over scales of the mean over their units. Also how many scales of different compute there are. */
static size_t find_central(ock_analysis *a, const ock_unit *units, size_t n) {
  size_t n_scales = 0, n_different = 0;
  double sum = 0, before = NAN;
  for (size_t u = 0, first = 0; u < n; u++) {
    if (u + 1 < n && units[u + 1].scale == units[u].scale) continue;
    double mean = 0;
    for (size_t i = first; i <= u; i++) mean += units[i].log_compute / (double)(u + 1 - first);
    n_different += isnan(before) || fabs(mean - before) > 1e-3;
    sum += mean, before = mean, first = u + 1, n_scales++;
  }
  a->central = sum / (double)n_scales;
  return n_different;
}

/* Each unit at the middle of its scale. */
static void flatten(const ock_model *m, double *l) {
  for (size_t u = 0, first = 0; u < m->n_units; u++) {
    if (u + 1 < m->n_units && m->units[u + 1].scale == m->units[u].scale) continue;
    double mean = 0;
    for (size_t i = first; i <= u; i++) mean += m->l[i] / (double)(u + 1 - first);
    for (; first <= u; first++) l[first] = mean;
  }
}

/* A trend is told by scales: what little the compute of one scale's cells differs by would tell any trend, and badly.
 */
static ockham_status find_trends(ock_analysis *a, ockham_error *err) {
  ock_model *m = &a->model, flat = *m;
  flat.l = ock_arena_array(&a->scratch, m->n_units, sizeof *flat.l);
  bool *told = ock_arena_array(&a->scratch, m->n_mains, sizeof *told);
  if (!flat.l || !told) return ock_no_room(err);
  flatten(m, flat.l);
  OCK_TRY(ock_columns_told(&flat, ock_first_trend(m), m->n_mains, told, err));
  m->trends = told;
  return OCKHAM_OK;
}

static ockham_status make_model(ock_analysis *a, bool law, ockham_error *err) {
  ock_model *m = &a->model;
  ock_unit *units;
  size_t n;
  OCK_TRY(ock_units_gather(a, law ? takes_law : takes_kept, 0, &units, &n, err));
  size_t n_different = find_central(a, units, n);
  if (law && n_different < 2) return make_model(a, false, err);
  *m = (ock_model){.n_factors = a->study->n_factors,
                   .n_mains = a->n_mains,
                   .mains = a->mains,
                   .units = units,
                   .n_units = n,
                   .n_blocks = law ? 0 : a->study->n_scales};
  if (!n) return ock_fail(err, OCKHAM_BAD_DATA, "expected runs that have left the plateau, found none");
  for (size_t u = 0; u < n; u++)
    if (!(units[u].loss > 0)) return ock_fail(err, OCKHAM_BAD_DATA, "expected losses above 0, found %g", units[u].loss);
  if (!ock_model_make(m, &a->scratch, a->study->n_scales, 0, a->central)) return ock_no_room(err);
  if (law) OCK_TRY(find_trends(a, err));
  ock_variance_guess(m);
  return OCKHAM_OK;
}

static ockham_status find_told(ock_analysis *a, ockham_error *err) {
  const ock_model *m = &a->model;
  OCK_TRY(ock_columns_told(m, ock_first_main(m), m->n_mains, a->main_told, err));
  for (size_t j = 0; j < m->n_mains; j++) a->trend_told[j] = false;
  for (size_t j = 0; !m->n_blocks && j < m->n_mains; j++) a->trend_told[j] = m->trends[j] && a->main_told[j];
  return OCKHAM_OK;
}

/* Where the loss does not fall along compute there is no law. */
static ockham_status settle(ock_analysis *a, ock_pairs *pairs, ockham_error *err) {
  OCK_TRY(make_model(a, true, err));
  OCK_TRY(ock_law_settle(a, err));
  if (!a->irreducible.n) {
    if (ock_warn(a, "the loss of the baseline does not fall along compute: no law is fitted")) return ock_no_room(err);
    OCK_TRY(make_model(a, false, err));
    OCK_TRY(ock_law_settle(a, err));
  }
  OCK_TRY(find_told(a, err));
  OCK_TRY(ock_pairs_sort(a, pairs, err));
  a->pairs = pairs;
  OCK_TRY(ock_pairs_select(a, pairs, err));
  OCK_TRY(ock_law_settle(a, err));
  if (a->irreducible.n) return OCKHAM_OK;
  a->model.n_pairs = a->n_selected = 0, a->pairs = NULL; /* with them the baseline's exponent is not between 0 and 1 */
  return ock_law_settle(a, err);
}

/* ---- warnings ---- */

/* Why there is no law where there are two scales or more. */
static ockham_status warn_of_no_law(ock_analysis *a) {
  size_t n_scales = 0, n_known = 0;
  double least = INFINITY, most = -INFINITY;
  for (size_t s = 0; s < a->study->n_scales; s++) {
    if (!a->in_law[s] || !a->out->scales[s].n_runs) continue;
    n_scales++;
    if (isnan(a->scale_compute[s])) continue;
    n_known++;
    least = fmin(least, a->scale_compute[s]), most = fmax(most, a->scale_compute[s]);
  }
  if (n_known < n_scales)
    return ock_warn(a, "no law, and no gains: runs tell of compute at %zu of %zu scales", n_known, n_scales);
  if (!(most > least)) return ock_warn(a, "no law, and no gains: the scales have the same compute");
  return ock_warn(a, "no law: gains in compute and their change with scale are not known");
}

static ockham_status warn_of_scales(ock_analysis *a) {
  size_t n_law = 0, n_degrees = 0;
  for (size_t s = 0; s < a->study->n_scales; s++) {
    const ockham_scale_noise *noise = &a->out->scales[s];
    const char *name = a->study->scales[s].name;
    n_law += a->in_law[s] && noise->n_runs > 0;
    n_degrees += noise->degrees;
    if (noise->n_failed) OCK_TRY(ock_warn(a, "scale '%s': %zu runs failed and are left out", name, noise->n_failed));
  }
  if (a->model.n_blocks && n_law < 2)
    OCK_TRY(ock_warn(a, "one scale only: nothing can be said of compute or scale, effects are on the loss"));
  else if (a->model.n_blocks)
    OCK_TRY(warn_of_no_law(a));
  if (a->n_superseded)
    OCK_TRY(ock_warn(a,
                     "runs left out: %zu, whose cells' learning rate, by the study's rates and the probes as they "
                     "are now, is another",
                     a->n_superseded));
  if (a->model.by_effects)
    return ock_warn(a, "no replicates and no runs to spare: the noise was guessed from the smaller effects (Lenth)");
  return n_degrees ? OCKHAM_OK
                   : ock_warn(a, "no replicates: the noise is what the model leaves, with any interactions in it");
}

static ockham_status warn_of_factors(ock_analysis *a) {
  for (size_t j = 0; j < a->n_mains; j++) {
    const ock_main *main = &a->mains[j];
    const ockham_study_factor *factor = &a->study->factors[main->factor];
    const char *level = factor->levels[main->level];
    if (ock_level_lost(a, j)) continue;
    ock_level_count count =
        ock_level_count_runs(a->study, a->runs, a->n_runs, NULL, main->factor, main->level, SIZE_MAX);
    if (count.n_runs && count.n_failed == count.n_runs)
      OCK_TRY(ock_warn(a, "'%s' at '%s': all of %zu runs failed", factor->name, level, count.n_runs));
    else if (!a->main_told[j])
      OCK_TRY(ock_warn(a, "'%s' at '%s' cannot be told from other effects: too few runs have it, or always together",
                       factor->name, level));
    else if (!a->trend_told[j] && !a->model.n_blocks)
      OCK_TRY(ock_warn(a,
                       "'%s' at '%s': its change with scale cannot be told from others', or from one scale: its gain "
                       "is taken to stay",
                       factor->name, level));
  }
  return OCKHAM_OK;
}

typedef struct baseline_runs {
  double n, loss;
} baseline_runs;

static baseline_runs baseline_at(const ock_analysis *a, size_t scale) {
  baseline_runs b = {0};
  for (size_t i = 0; i < a->n_runs; i++) {
    if (!a->used[i] || a->runs[i].scale != scale || !ock_is_baseline(a, a->runs[i].levels)) continue;
    b.n++;
    b.loss += (a->loss[i] - b.loss) / b.n;
  }
  return b;
}

/* More compute, and a worse loss: what is carried from scale to scale does not suit it any more. */
static ockham_status warn_of_rise(ock_analysis *a) {
  const double errors = 2, more = .01;
  for (size_t s = 1; s < a->study->n_scales; s++) {
    baseline_runs before = baseline_at(a, s - 1), here = baseline_at(a, s);
    if (!(before.n > 0 && here.n > 0) || !(a->scale_compute[s] > a->scale_compute[s - 1] + more)) continue;
    double sd = a->out->scales[s].sd, of_before = a->out->scales[s - 1].sd;
    double variance = (isnan(sd) ? 0 : sd * sd / here.n) + (isnan(of_before) ? 0 : of_before * of_before / before.n);
    if (!(here.loss > before.loss + errors * sqrt(variance))) continue;
    OCK_TRY(
        ock_warn(a,
                 "scale '%s': the baseline ends at %.4g, worse than at '%s' (%.4g) with less compute: what it takes "
                 "over from there, such as its learning rate, does not suit it, and changes are measured beside that",
                 a->study->scales[s].name, here.loss, a->study->scales[s - 1].name, before.loss));
  }
  return OCKHAM_OK;
}

static ockham_status warn_of_law(ock_analysis *a) {
  const ockham_interval *e = &a->out->law.irreducible;
  if (a->model.n_blocks) return OCKHAM_OK;
  double range = ock_model_most(&a->model);
  if (e->high - e->low > range / 3)
    return ock_warn(a, "the irreducible loss is hardly known, %.3g to %.3g: more scales, further apart, would tell",
                    e->low, e->high);
  return OCKHAM_OK;
}

static ockham_status warn(ock_analysis *a, ockham_error *err) {
  return ock_plateau_warn(a) || ock_divergence_warn(a) || warn_of_scales(a) || warn_of_factors(a) || warn_of_rise(a) ||
                 warn_of_law(a)
             ? ock_no_room(err)
             : OCKHAM_OK;
}

/* ---- step by step ---- */

static ockham_status analyse(ock_analysis *a, ockham_error *err) {
  ock_pairs pairs;
  OCK_TRY(ock_gather(a, err));
  OCK_TRY(ock_scale_noise_find(a, err));
  OCK_TRY(make_answer(a, err));
  OCK_TRY(ock_divergence_find(a, err));
  OCK_TRY(settle(a, &pairs, err));
  OCK_TRY(ock_draws_make(a, &a->model, &a->draws, err));
  OCK_TRY(ock_scales_analyse(a, err));
  OCK_TRY(ock_effects_find(a, err));
  OCK_TRY(ock_evidence_find(a, &pairs, err));
  OCK_TRY(ock_verdicts_find(a, err));
  OCK_TRY(ock_interactions_find(a, &pairs, err));
  OCK_TRY(ock_depends_find(a, err));
  OCK_TRY(ock_measured_find(a, err));
  OCK_TRY(ock_recipe_find(a, &pairs, err));
  OCK_TRY(ock_prediction_find(a, err));
  OCK_TRY(ock_costs_find(a, err));
  return warn(a, err);
}

ockham_status ockham_ablation_analyse(const ockham_study *study, const ockham_run *runs, size_t n_runs,
                                      const ockham_ablation_options *options, ockham_ablation **ablation,
                                      ockham_error *err) {
  *ablation = NULL;
  OCK_TRY(check_study(study, n_runs, err));
  answer *whole = ock_alloc_zeroed(1, sizeof *whole);
  if (!whole) return ock_no_room(err);
  ock_analysis a = {.study = study, .runs = runs, .n_runs = n_runs, .arena = &whole->arena, .out = &whole->public};
  ockham_status status = fill_options(options, &a.how, err);
  a.ticker =
      (ock_ticker){.progress = options && options->progress.report ? &options->progress : NULL, .stage = "analyse"};
  if (!status) status = ock_pool_new(a.how.threads, &a.pool, err);
  if (!status) status = analyse(&a, err);
  ock_pool_free(a.pool);
  ock_arena_clear(&a.scratch);
  if (status)
    ockham_ablation_free(&whole->public);
  else
    *ablation = &whole->public;
  return status;
}
