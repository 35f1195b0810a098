/* SPDX-License-Identifier: Apache-2.0 */
/* Studies of two-level factors for tests of plans. */
#ifndef OCK_TEST_PLANS_H
#define OCK_TEST_PLANS_H

#include "ablate/plan.h"
#include "ablate/studies.h"
#include "test.h"

enum { MOST_SCALES = 4 };

typedef struct setup {
  ockham_study study;
  ockham_study_factor factors[OCK_FRACTION_MOST_FACTORS];
  ockham_study_scale scales[MOST_SCALES];
} setup;

/* Two-level factors in a fraction, six of each replicate. */
static inline void make_setup(setup *s, size_t n_factors, size_t n_scales) {
  static const char *const names[MOST_SCALES] = {"S1", "S2", "S3", "S4"};
  *s = (setup){.study = {.name = "test", .n_factors = n_factors, .n_scales = n_scales, .seed = 11}};
  make_factors(s->factors, n_factors, NULL);
  for (size_t i = 0; i < MOST_SCALES; i++) s->scales[i] = (ockham_study_scale){.name = names[i], .replicates = 6};
  s->study.factors = s->factors;
  s->study.scales = s->scales;
  s->study.design = OCKHAM_DESIGN_FRACTION;
}

static inline ockham_plan *plan_with(const ockham_study *study, const ockham_run *pilot, size_t n_pilot) {
  ockham_plan *plan;
  assert_ok(ockham_plan_make(study, pilot, n_pilot, &plan, err));
  return plan;
}

static inline ockham_run done_run(size_t scale, const uint8_t *levels, uint64_t seed, double loss, double flops,
                                  double seconds) {
  return (ockham_run){.id = 1000 + seed,
                      .purpose = OCKHAM_PURPOSE_PILOT,
                      .scale = scale,
                      .levels = levels,
                      .seed = seed,
                      .rate = 1,
                      .outcome = OCKHAM_OUTCOME_DONE,
                      .loss = loss,
                      .flops = flops,
                      .parameters = NAN,
                      .tokens = NAN,
                      .seconds = seconds,
                      .slope = NAN};
}

static const uint8_t all_zero[OCK_FRACTION_MOST_FACTORS] = {0};

#endif
