/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ablation_json.h"
#include "report/page.h"

#ifndef OCK_HAVE_JANSSON

bool ock_ablation_json(const ock_ablation_report *report, FILE *out) {
  (void)report;
  (void)out;
  return false;
}

#else

enum { MOST_CHARACTERS = 480 };

/* ---- numbers ---- */

/* [value, low, high] */
static json_t *interval(const ockham_interval *x) {
  json_t *array = json_array();
  ock_json_append(&array, ock_json_number(x->value));
  ock_json_append(&array, ock_json_number(x->low));
  ock_json_append(&array, ock_json_number(x->high));
  return array;
}

static json_t *intervals(const ockham_interval *x, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; i < n; i++) ock_json_append(&array, interval(&x[i]));
  return array;
}

static json_t *text(const char *from) {
  return ock_json_text(from, MOST_CHARACTERS);
}

/* Under a name that came from anywhere. */
static void put_named(json_t **object, const char *name, json_t *value) {
  char *key = ock_text_clean(name, MOST_CHARACTERS);
  if (!key) json_decref(value);
  ock_json_put(object, key ? key : "", key ? value : NULL);
  ock_free(key);
}

/* ---- the study ---- */

static json_t *settings(const ockham_study_setting *list, size_t n) {
  json_t *object = json_object();
  for (size_t i = 0; i < n; i++) put_named(&object, list[i].name, text(list[i].value));
  return object;
}

static json_t *factor(const ockham_study_factor *f) {
  json_t *object = json_object(), *levels = json_array();
  for (size_t l = 0; l < f->n_levels; l++) ock_json_append(&levels, text(f->levels[l]));
  ock_json_put(&object, "name", text(f->name));
  ock_json_put(&object, "levels", levels);
  return object;
}

/* What was to be run, where it is told. */
static json_t *design(const ock_ablation_report *r, size_t s) {
  const ockham_plan *plan = r->account->plan;
  if (!plan || s >= plan->n_scales) return json_null();
  const ockham_design *d = &plan->designs[s];
  json_t *object = json_object(), *aliases = json_array();
  for (size_t i = 0; i < d->n_aliases; i++) ock_json_append(&aliases, text(d->aliases[i]));
  ock_json_put(&object, "cells", ock_json_integer(d->n_cells));
  ock_json_put(&object, "resolution", ock_json_integer(d->resolution));
  ock_json_put(&object, "efficiency", ock_json_number(d->efficiency));
  ock_json_put(&object, "aliases", aliases);
  ock_json_put(&object, "runs", ock_json_integer(plan->scales[s].n_runs));
  ock_json_put(&object, "detectable_ceg", ock_json_number(plan->scales[s].detectable_ceg));
  return object;
}

static json_t *scale(const ock_ablation_report *r, size_t s) {
  const ockham_study_scale *from = &r->study->scales[s];
  const ockham_scale_noise *noise = &r->ablation->scales[s];
  json_t *object = json_object();
  ock_json_put(&object, "name", text(from->name));
  ock_json_put(&object, "settings", settings(from->settings, from->n_settings));
  ock_json_put(&object, "held_out", json_boolean(from->held_out));
  ock_json_put(&object, "runs", ock_json_integer(noise->n_runs));
  ock_json_put(&object, "diverged", ock_json_integer(noise->n_diverged));
  ock_json_put(&object, "failed", ock_json_integer(noise->n_failed));
  ock_json_put(&object, "transition", ock_json_integer(noise->n_transition));
  ock_json_put(&object, "baseline_on_plateau", ock_json_integer(noise->n_plateau));
  ock_json_put(&object, "compute", ock_json_number(noise->compute));
  ock_json_put(&object, "design", design(r, s));
  ock_json_put(&object, "noise_sd", ock_json_number(noise->sd));
  ock_json_put(&object, "noise_degrees", ock_json_integer(noise->degrees));
  ock_json_put(&object, "detectable_loss", ock_json_number(noise->detectable));
  return object;
}

static json_t *study(const ock_ablation_report *r) {
  json_t *object = json_object(), *factors = json_array(), *scales = json_array();
  for (size_t f = 0; f < r->study->n_factors; f++) ock_json_append(&factors, factor(&r->study->factors[f]));
  for (size_t s = 0; s < r->study->n_scales; s++) ock_json_append(&scales, scale(r, s));
  ock_json_put(&object, "name", text(r->study->name));
  ock_json_put(&object, "question", text(r->study->question));
  ock_json_put(&object, "metric", text(r->study->metric));
  ock_json_put(&object, "compute", text(r->study->compute));
  ock_json_put(&object, "design", json_string(ock_design_word(r->study->design)));
  ock_json_put(&object, "design_about", json_string(ock_design_about(r->study->design)));
  ock_json_put(&object, "worst_loss", ock_json_number(r->study->worst_loss));
  ock_json_put(&object, "base", settings(r->study->base, r->study->n_base));
  ock_json_put(&object, "factors", factors);
  ock_json_put(&object, "scales", scales);
  return object;
}

/* ---- effects ---- */

static json_t *effect(const ock_ablation_report *r, const ockham_effect *e) {
  const ockham_study *s = r->study;
  json_t *object = json_object();
  ock_json_put(&object, "factor", text(s->factors[e->factor].name));
  ock_json_put(&object, "level", text(s->factors[e->factor].levels[e->level]));
  ock_json_put(&object, "baseline", text(s->factors[e->factor].levels[0]));
  if (e->other_factor != SIZE_MAX) {
    ock_json_put(&object, "other_factor", text(s->factors[e->other_factor].name));
    ock_json_put(&object, "other_level", text(s->factors[e->other_factor].levels[e->other_level]));
  }
  ock_json_put(&object, "verdict", json_string(ock_effect_verdict_word(e->verdict)));
  ock_json_put(&object, "trend", json_string(ock_trend_word(e->trend)));
  ock_json_put(&object, "log_loss", interval(&e->log_loss));
  ock_json_put(&object, "elasticity", interval(&e->elasticity));
  ock_json_put(&object, "loss", e->loss ? intervals(e->loss, s->n_scales) : json_null());
  ock_json_put(&object, "ceg", e->ceg ? intervals(e->ceg, s->n_scales) : json_null());
  ock_json_put(&object, "ceg_measured", e->ceg_measured ? intervals(e->ceg_measured, s->n_scales) : json_null());
  ock_json_put(&object, "crossover", interval(&e->crossover));
  ock_json_put(&object, "p", ock_json_number(e->p));
  ock_json_put(&object, "p_adjusted", ock_json_number(e->p_adjusted));
  ock_json_put(&object, "p_trend", ock_json_number(e->p_trend));
  ock_json_put(&object, "inclusion", ock_json_number(e->inclusion));
  ock_json_put(&object, "inclusion_trend", ock_json_number(e->inclusion_trend));
  ock_json_put(&object, "runs_to_decide", ock_json_number(e->runs_to_decide));
  if (e->other_factor != SIZE_MAX) return object;
  ock_json_put(&object, "parameters", ock_json_number(e->parameters));
  ock_json_put(&object, "flops_per_token", ock_json_number(e->flops_per_token));
  ock_json_put(&object, "diverges", json_boolean(e->diverges));
  ock_json_put(&object, "diverged", interval(&e->diverged));
  ock_json_put(&object, "baseline_diverged", interval(&e->baseline_diverged));
  ock_json_put(&object, "p_diverged", ock_json_number(e->p_diverged));
  return object;
}

static json_t *effects(const ock_ablation_report *r, const ockham_effect *list, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; i < n; i++) ock_json_append(&array, effect(r, &list[i]));
  return array;
}

static json_t *joints(const ock_ablation_report *r) {
  json_t *array = json_array();
  for (size_t s = 0; s < r->study->n_scales; s++) {
    const ockham_joint *j = &r->ablation->joints[s];
    json_t *object = json_object();
    ock_json_put(&object, "scale", text(r->study->scales[s].name));
    ock_json_put(&object, "joint", interval(&j->joint));
    ock_json_put(&object, "product", interval(&j->product));
    ock_json_put(&object, "ratio", interval(&j->ratio));
    ock_json_append(&array, object);
  }
  return array;
}

static json_t *shapley(const ock_ablation_report *r) {
  return r->ablation->shapley ? intervals(r->ablation->shapley, r->ablation->n_mains) : json_null();
}

/* ---- claims, stability, the law ---- */

static json_t *claims(const ock_ablation_report *r) {
  json_t *array = json_array();
  for (size_t c = 0; c < r->study->n_claims; c++) {
    char why[200];
    ockham_answer answer = ockham_claim_answer(r->study, r->ablation, c, why);
    json_t *object = json_object();
    ock_json_put(&object, "claim", text(r->study->claims[c].text));
    ock_json_put(&object, "answer", json_string(ock_answer_word(answer)));
    ock_json_put(&object, "why", text(why));
    ock_json_put(&object, "made_after", json_boolean(r->account->claimed_after && r->account->claimed_after[c]));
    ock_json_append(&array, object);
  }
  return array;
}

static json_t *stability(const ock_ablation_report *r) {
  json_t *array = json_array();
  for (size_t i = 0; i < r->n_levels; i++) {
    const ockham_level_stability *l = &r->stability[i];
    json_t *object = json_object();
    ock_json_put(&object, "factor", text(r->study->factors[l->factor].name));
    ock_json_put(&object, "level", text(r->study->factors[l->factor].levels[l->level]));
    ock_json_put(&object, "runs", ock_json_integer(l->n_runs));
    ock_json_put(&object, "diverged", ock_json_integer(l->n_diverged));
    ock_json_put(&object, "failed", ock_json_integer(l->n_failed));
    ock_json_put(&object, "cells_probed", ock_json_integer(l->n_probed));
    ock_json_put(&object, "cells_at_edge", ock_json_integer(l->n_at_edge));
    ock_json_put(&object, "rate_sensitivity", ock_json_number(l->rate_sensitivity));
    ock_json_put(&object, "rate", ock_json_number(l->rate));
    ock_json_append(&array, object);
  }
  return array;
}

static json_t *law(const ock_ablation_report *r) {
  const ockham_ablation_law *l = &r->ablation->law;
  json_t *object = json_object();
  if (!l->fitted) {
    json_decref(object);
    return json_null();
  }
  ock_json_put(&object, "irreducible", interval(&l->irreducible));
  ock_json_put(&object, "exponent", interval(&l->exponent));
  ock_json_put(&object, "level", ock_json_number(l->level));
  ock_json_put(&object, "central_compute", ock_json_number(l->central_compute));
  ock_json_put(&object, "residual_sd", ock_json_number(l->residual));
  ock_json_put(&object, "runs", ock_json_integer(l->n_used));
  ock_json_put(&object, "cells", ock_json_integer(l->n_cells));
  return object;
}

static json_t *held_out(const ock_ablation_report *r) {
  const ockham_ablation *a = r->ablation;
  if (a->predicted.value != a->predicted.value) return json_null();
  json_t *object = json_object();
  ock_json_put(&object, "predicted", interval(&a->predicted));
  ock_json_put(&object, "compute", ock_json_number(a->predicted_compute));
  ock_json_put(&object, "measured", ock_json_number(a->held_loss));
  return object;
}

/* CEGs by the other accounts, in the order of the mains. */
static json_t *beside(const ock_ablation_report *r) {
  json_t *object = json_object();
  for (size_t k = 0; k < OCKHAM_N_ACCOUNTS; k++) {
    const ockham_ablation *a = r->account->beside[k];
    if (!a) continue;
    json_t *array = json_array();
    for (size_t i = 0; i < a->n_mains; i++)
      ock_json_append(&array, a->mains[i].ceg ? intervals(a->mains[i].ceg, r->study->n_scales) : json_null());
    ock_json_put(&object, ock_account_word((ockham_compute_account)k), array);
  }
  return object;
}

/* ---- runs ---- */

#define X(name, word) word,
static const char *const purposes[] = {OCKHAM_PURPOSE_LIST(X)};
static const char *const outcomes[] = {OCKHAM_OUTCOME_LIST(X)};
#undef X

static json_t *run_object(const ock_ablation_report *r, size_t i) {
  const ockham_run *run = &r->account->runs[i];
  json_t *object = json_object(), *levels = json_object();
  for (size_t f = 0; f < r->study->n_factors; f++)
    put_named(&levels, r->study->factors[f].name, text(r->study->factors[f].levels[run->levels[f]]));
  ock_json_put(&object, "id", ock_json_integer(run->id));
  ock_json_put(&object, "purpose", json_string(purposes[run->purpose]));
  ock_json_put(&object, "scale", text(r->study->scales[run->scale].name));
  ock_json_put(&object, "levels", levels);
  ock_json_put(&object, "seed", ock_json_integer(run->seed));
  ock_json_put(&object, "rate", ock_json_number(run->rate));
  ock_json_put(&object, "outcome", json_string(outcomes[run->outcome]));
  ock_json_put(&object, "loss", ock_json_number(run->loss));
  ock_json_put(&object, "flops", ock_json_number(run->flops));
  ock_json_put(&object, "parameters", ock_json_number(run->parameters));
  ock_json_put(&object, "tokens", ock_json_number(run->tokens));
  ock_json_put(&object, "seconds", ock_json_number(run->seconds));
  ock_json_put(&object, "slope", ock_json_number(run->slope));
  ock_json_put(&object, "transition", json_boolean(r->ablation->transition && r->ablation->transition[i]));
  return object;
}

static json_t *runs(const ock_ablation_report *r) {
  json_t *array = json_array();
  for (size_t i = 0; i < r->account->n_runs; i++) ock_json_append(&array, run_object(r, i));
  return array;
}

json_t *ock_json_ablation(const ock_ablation_report *r) {
  const ockham_ablation *a = r->ablation;
  json_t *object = json_object(), *warnings = json_array();
  for (size_t i = 0; i < a->n_warnings; i++) ock_json_append(&warnings, text(a->warnings[i]));
  ock_json_put(&object, "format", ock_json_integer(1));
  ock_json_put(&object, "study", study(r));
  ock_json_put(&object, "account", json_string(ock_account_word(r->account->account)));
  ock_json_put(&object, "interval_level", ock_json_number(r->account->level));
  ock_json_put(&object, "mains", effects(r, a->mains, a->n_mains));
  ock_json_put(&object, "interactions", effects(r, a->interactions, a->n_interactions));
  ock_json_put(&object, "joints", joints(r));
  ock_json_put(&object, "shapley", shapley(r));
  ock_json_put(&object, "beside", beside(r));
  ock_json_put(&object, "claims", claims(r));
  ock_json_put(&object, "stability", stability(r));
  ock_json_put(&object, "law", law(r));
  ock_json_put(&object, "held_out", held_out(r));
  ock_json_put(&object, "warnings", warnings);
  ock_json_put(&object, "runs", runs(r));
  ock_json_put(&object, "version", json_string(ockham_version()));
  return object;
}

bool ock_ablation_json(const ock_ablation_report *r, FILE *out) {
  return ock_json_dump(ock_json_ablation(r), out);
}

#endif
