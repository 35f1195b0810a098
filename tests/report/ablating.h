/* SPDX-License-Identifier: Apache-2.0 */
/* A study whose truth is known, for tests of its reports: log(loss - 1/2) = 0.2 - 0.15 log(C / C0), less 0.08 with
 * "rope", and more by 0.1 - 0.03 log(C / C0) with "flat". All cells twice at three scales, and at a fourth, held out.
 */
#ifndef OCK_REPORT_ABLATING_H
#define OCK_REPORT_ABLATING_H

#include <jansson.h>
#include <ockham/report.h>

#include "test.h"

enum { ABL_FACTORS = 2, ABL_CELLS = 6, ABL_SCALES = 4, ABL_SEEDS = 2, ABL_RUNS = ABL_CELLS * ABL_SCALES * ABL_SEEDS };
enum { ABL_DIVERGED = 47, ABL_TRANSITION = 5 }; /* numbers of runs */

typedef struct ablating {
  ockham_study_factor factors[ABL_FACTORS];
  ockham_study_setting settings[ABL_SCALES];
  ockham_study_scale scales[ABL_SCALES];
  ockham_study_claim claims[2];
  bool after[2];
  ockham_study study;
  uint8_t levels[ABL_RUNS][ABL_FACTORS];
  ockham_run runs[ABL_RUNS];
  ockham_ablation *ablation, *by_time;
  ockham_plan *plan;
  ockham_ablation_account account;
} ablating;

static inline double abl_log_left(const uint8_t *levels, double l) {
  return 0.2 - 0.15 * l - (levels[0] ? 0.08 : 0) + (levels[1] == 2 ? 0.1 - 0.03 * l : 0);
}

static inline void abl_run(ablating *a, size_t i, ock_rng *rng) {
  size_t cell = i % ABL_CELLS, scale = i / (ABL_CELLS * ABL_SEEDS);
  double width = 32 << scale, l = 3 * log(width / 64);
  a->levels[i][0] = cell % 2, a->levels[i][1] = (uint8_t)(cell / 2);
  double left = exp(abl_log_left(a->levels[i], l) + 0.004 * ock_rng_normal(rng));
  a->runs[i] = (ockham_run){.id = i + 1,
                            .purpose = OCKHAM_PURPOSE_DESIGN,
                            .scale = scale,
                            .levels = a->levels[i],
                            .seed = i / ABL_CELLS % ABL_SEEDS,
                            .rate = 1,
                            .outcome = OCKHAM_OUTCOME_DONE,
                            .loss = 0.5 + left,
                            .flops = 1e6 * width * width * width,
                            .parameters = 12 * width * width,
                            .tokens = 1000 * width,
                            .seconds = width * width * width / 1e3,
                            .slope = i + 1 == ABL_TRANSITION ? -left : -0.15 * left};
  if (i + 1 != ABL_DIVERGED) return;
  a->runs[i].purpose = OCKHAM_PURPOSE_PROBE; /* counted in a cell it would blur all effects */
  a->runs[i].outcome = OCKHAM_OUTCOME_DIVERGED;
  a->runs[i].loss = (double)NAN;
}

static inline void abl_analyse(ablating *a) {
  ockham_ablation_options options = {.bootstraps = 200, .threads = 1, .seed = 1};
  assert_ok(ockham_ablation_analyse(&a->study, a->runs, ABL_RUNS, &options, &a->ablation, err));
  options.account = OCKHAM_ACCOUNT_TIME;
  assert_ok(ockham_ablation_analyse(&a->study, a->runs, ABL_RUNS, &options, &a->by_time, err));
  assert_ok(ockham_plan_make(&a->study, a->runs, ABL_RUNS, &a->plan, err));
  a->account = (ockham_ablation_account){.study = &a->study,
                                         .runs = a->runs,
                                         .n_runs = ABL_RUNS,
                                         .ablation = a->ablation,
                                         .beside = {[OCKHAM_ACCOUNT_TIME] = a->by_time},
                                         .claimed_after = a->after,
                                         .level = 0.9,
                                         .plan = a->plan,
                                         .command = "ockham ablate report s.yaml --report p.html"};
}

static inline ablating *abl_make(void) {
  static const char *const positions[] = {"learned", "rope"}, *const inits[] = {"fan-in", "xavier", "flat"};
  static const char *const names[] = {"S1", "S2", "S3", "S4"}, *const widths[] = {"32", "64", "128", "256"};
  ablating *a = calloc(1, sizeof *a);
  ock_rng rng = ock_rng_make(7, 0);
  a->factors[0] = (ockham_study_factor){"position", 2, positions};
  a->factors[1] = (ockham_study_factor){"init", 3, inits};
  for (size_t s = 0; s < ABL_SCALES; s++) {
    a->settings[s] = (ockham_study_setting){"width", widths[s]};
    a->scales[s] = (ockham_study_scale){names[s], 1, &a->settings[s], 0, 2, s + 1 == ABL_SCALES};
  }
  a->claims[0] = (ockham_study_claim){"position=rope helps", OCKHAM_CLAIM_HELPS, 0, 1};
  a->claims[1] = (ockham_study_claim){"init=flat helps", OCKHAM_CLAIM_HELPS, 1, 2};
  a->after[1] = true;
  a->study = (ockham_study){.name = "made",
                            .question = "Is the truth found?",
                            .command = "true",
                            .metric = "loss",
                            .compute = "flops",
                            .n_factors = ABL_FACTORS,
                            .factors = a->factors,
                            .n_scales = ABL_SCALES,
                            .scales = a->scales,
                            .n_claims = 2,
                            .claims = a->claims,
                            .design = OCKHAM_DESIGN_FULL,
                            .seeds = ABL_SEEDS,
                            .worst_loss = 3};
  for (size_t i = 0; i < ABL_RUNS; i++) abl_run(a, i, &rng);
  abl_analyse(a);
  return a;
}

static inline void abl_free(ablating *a) {
  ockham_ablation_free(a->ablation);
  ockham_ablation_free(a->by_time);
  ockham_plan_free(a->plan);
  free(a);
}

#endif
