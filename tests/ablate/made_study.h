/* SPDX-License-Identifier: Apache-2.0 */
/* Studies made in memory from a known law, for tests of the analysis. */
#ifndef OCK_TEST_MADE_STUDY_H
#define OCK_TEST_MADE_STUDY_H

#include <ockham/ablate.h>

#include "test.h"

enum { MADE_FACTORS = 4, MADE_SCALES = 4, MADE_RUNS = 400 };

/* loss = E + exp(level + effects - (exponent + changes) l) + noise; one pair may have an interaction. */
typedef struct made_law {
  double irreducible, level, exponent, effect[MADE_FACTORS], change[MADE_FACTORS], pair; /* of factors 0 and 1 */
  double noise;
} made_law;

typedef struct made_study {
  ockham_study study;
  ockham_study_factor factors[MADE_FACTORS];
  ockham_study_scale scales[MADE_SCALES];
  ockham_run runs[MADE_RUNS];
  uint8_t levels[MADE_RUNS][MADE_FACTORS];
  size_t n_runs;
  ock_rng rng;
} made_study;

static const char *const made_names[MADE_FACTORS] = {"norm", "position", "init", "tied"};
static const char *const made_levels[] = {"a", "b", "c"};
static const char *const made_scales[MADE_SCALES] = {"S1", "S2", "S3", "S4"};
static const made_law made_usual = {
    .irreducible = .7, .level = -.2, .exponent = .2, .effect = {-.06, .04, 0, .02}, .change = {.02, 0, 0, -.03}};

static inline made_study *made_new(size_t n_factors, size_t n_scales) {
  made_study *made = calloc(1, sizeof *made);
  for (size_t f = 0; f < n_factors; f++) made->factors[f] = (ockham_study_factor){made_names[f], 2, made_levels};
  for (size_t s = 0; s < n_scales; s++) made->scales[s].name = made_scales[s];
  made->study = (ockham_study){.name = "made",
                               .n_factors = n_factors,
                               .factors = made->factors,
                               .n_scales = n_scales,
                               .scales = made->scales,
                               .worst_loss = 8};
  made->rng = ock_rng_make(7, 0);
  return made;
}

static inline double made_compute(size_t scale) {
  return 1e12 * pow(6, (double)scale);
}

/* l is measured from the middle of the first three scales. */
static inline double made_loss(const made_law *law, size_t n_factors, const uint8_t *levels, double compute) {
  double l = log(compute / 6e12), sum = law->level - law->exponent * l;
  for (size_t f = 0; f < n_factors; f++) sum += levels[f] * (law->effect[f] - law->change[f] * l);
  return law->irreducible + exp(sum + law->pair * levels[0] * (n_factors > 1 ? levels[1] : 0));
}

static inline ockham_run *made_add(made_study *made, const made_law *law, size_t scale, const uint8_t *levels) {
  size_t i = made->n_runs++, n = made->study.n_factors;
  memcpy(made->levels[i], levels, n);
  double loss = made_loss(law, n, levels, made_compute(scale)) + law->noise * ock_rng_normal(&made->rng);
  made->runs[i] = (ockham_run){.id = i + 1,
                               .scale = scale,
                               .levels = made->levels[i],
                               .seed = i,
                               .outcome = OCKHAM_OUTCOME_DONE,
                               .loss = loss,
                               .flops = made_compute(scale),
                               .parameters = 1e5 * pow(3, (double)scale),
                               .tokens = 1e6,
                               .seconds = 40 * pow(5, (double)scale),
                               .slope = NAN};
  return &made->runs[i];
}

/* Every combination at every scale, and replicates of the baseline and of the recipe. */
static inline void made_fill(made_study *made, const made_law *law, size_t replicates) {
  size_t n = made->study.n_factors;
  for (size_t s = 0; s < made->study.n_scales; s++) {
    uint8_t levels[MADE_FACTORS] = {0};
    for (size_t cell = 0; cell < (size_t)1 << n; cell++) {
      for (size_t f = 0; f < n; f++) levels[f] = (uint8_t)(cell >> f & 1);
      made_add(made, law, s, levels);
    }
    for (size_t i = 0; i < replicates; i++) {
      memset(levels, 0, sizeof levels);
      made_add(made, law, s, levels)->purpose = OCKHAM_PURPOSE_BASELINE;
      memset(levels, 1, sizeof levels);
      made_add(made, law, s, levels)->purpose = OCKHAM_PURPOSE_RECIPE;
    }
  }
}

static inline ockham_ablation *made_analyse(const made_study *made, const ockham_ablation_options *options) {
  ockham_ablation_options how = options ? *options : (ockham_ablation_options){.bootstraps = 200, .threads = 1};
  ockham_ablation *answer = NULL;
  assert_ok(ockham_ablation_analyse(&made->study, made->runs, made->n_runs, &how, &answer, err));
  return answer;
}

static inline bool made_warns(const ockham_ablation *answer, const char *text) {
  for (size_t i = 0; i < answer->n_warnings; i++)
    if (strstr(answer->warnings[i], text)) return true;
  return false;
}

#endif
