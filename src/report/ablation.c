/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ablation.h"

#include <math.h>

/* ---- words ---- */

#define X(name, word) word,
const char *ock_effect_verdict_word(ockham_effect_verdict verdict) {
  static const char *const words[] = {OCKHAM_EFFECT_VERDICT_LIST(X)};
  return words[verdict];
}

const char *ock_trend_word(ockham_trend trend) {
  static const char *const words[] = {OCKHAM_TREND_LIST(X)};
  return words[trend];
}

const char *ock_answer_word(ockham_answer answer) {
  static const char *const words[] = {OCKHAM_ANSWER_LIST(X)};
  return words[answer];
}
#undef X

const char *ock_account_word(ockham_compute_account account) {
#define X(name, word, about) word,
  static const char *const words[] = {OCKHAM_ACCOUNT_LIST(X)};
#undef X
  return words[account];
}

const char *ock_account_about(ockham_compute_account account) {
#define X(name, word, about) about,
  static const char *const words[] = {OCKHAM_ACCOUNT_LIST(X)};
#undef X
  return words[account];
}

const char *ock_design_word(ockham_design_kind kind) {
#define X(name, word, about) word,
  static const char *const words[] = {OCKHAM_DESIGN_LIST(X)};
#undef X
  return words[kind];
}

const char *ock_design_about(ockham_design_kind kind) {
#define X(name, word, about) about,
  static const char *const words[] = {OCKHAM_DESIGN_LIST(X)};
#undef X
  return words[kind];
}

void ock_effect_name(const ockham_study *study, const ockham_effect *e, const char *arrow, char *name, size_t size) {
  const ockham_study_factor *f = &study->factors[e->factor];
  if (e->other_factor == SIZE_MAX) {
    snprintf(name, size, "%s %s %s %s", f->name, f->levels[0], arrow, f->levels[e->level]);
  } else {
    const ockham_study_factor *g = &study->factors[e->other_factor];
    snprintf(name, size, "%s=%s with %s=%s", f->name, f->levels[e->level], g->name, g->levels[e->other_level]);
  }
}

size_t ock_effect_last_scale(const ockham_study *study, const ockham_effect *e) {
  size_t last = study->n_scales - 1;
  while (last > 0 && isnan(e->ceg[last].value)) last--;
  return isnan(e->ceg[last].value) ? study->n_scales - 1 : last;
}

/* ---- the report ---- */

static bool write_report(const void *what, FILE *out) {
  const ock_ablation_report *report = what;
  if (report->options->format == OCKHAM_FORMAT_JSON) return ock_ablation_json(report, out);
  ock_ablation_text(report, out);
  return true;
}

bool ock_ablation_report_make(const ockham_ablation_account *account, const ockham_ablation_report_options *options,
                              ock_ablation_report *r) {
  *r = (ock_ablation_report){
      .account = account, .options = options, .study = account->study, .ablation = account->ablation};
  for (size_t f = 0; f < r->study->n_factors; f++) r->n_levels += r->study->factors[f].n_levels;
  r->stability = ock_alloc_array(r->n_levels, sizeof *r->stability);
  if (r->stability) ockham_study_stability(r->study, account->runs, account->n_runs, r->stability);
  return r->stability;
}

void ock_ablation_report_clear(ock_ablation_report *r) {
  ock_free(r->stability);
}

ockham_status ockham_report_ablation(const ockham_ablation_account *account,
                                     const ockham_ablation_report_options *options, char **text, ockham_error *err) {
  static const ockham_ablation_report_options defaults = {0};
  ock_ablation_report r;
  *text = NULL;
  if (!options) options = &defaults;
#ifndef OCK_HAVE_JANSSON
  if (options->format == OCKHAM_FORMAT_JSON)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "this build has no JSON (jansson was not found when it was configured)");
#endif
  if (ock_ablation_report_make(account, options, &r)) *text = ock_text_of(write_report, &r);
  ock_ablation_report_clear(&r);
  return *text ? OCKHAM_OK : ock_fail_memory(err, "the report", 1);
}
