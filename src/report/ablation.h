/* SPDX-License-Identifier: Apache-2.0 */
/* What reports of a study share. */
#ifndef OCK_REPORT_ABLATION_H
#define OCK_REPORT_ABLATION_H

#include "report/internal.h"

typedef struct ock_ablation_report {
  const ockham_ablation_account *account;
  const ockham_ablation_report_options *options;
  const ockham_study *study;
  const ockham_ablation *ablation;
  ockham_level_stability *stability; /* one a level */
  size_t n_levels;
} ock_ablation_report;

/* False when memory ran out. ock_ablation_report_clear() frees what it holds. */
bool ock_ablation_report_make(const ockham_ablation_account *account, const ockham_ablation_report_options *options,
                              ock_ablation_report *report);
void ock_ablation_report_clear(ock_ablation_report *report);

const char *ock_effect_verdict_word(ockham_effect_verdict verdict);
const char *ock_trend_word(ockham_trend trend);
const char *ock_answer_word(ockham_answer answer);
const char *ock_account_word(ockham_compute_account account);
const char *ock_account_about(ockham_compute_account account);
const char *ock_design_word(ockham_design_kind kind);
const char *ock_design_about(ockham_design_kind kind);
/* "position learned -> rope", of an interaction both. */
void ock_effect_name(const ockham_study *study, const ockham_effect *effect, const char *arrow, char *name,
                     size_t size);
/* The largest scale at which anything is known of its CEG, or the last. */
size_t ock_effect_last_scale(const ockham_study *study, const ockham_effect *effect);

void ock_ablation_text(const ock_ablation_report *report, FILE *out);
bool ock_ablation_json(const ock_ablation_report *report, FILE *out); /* false: no memory */

#endif
