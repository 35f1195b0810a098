/* SPDX-License-Identifier: Apache-2.0 */
/* Studies that cannot say much: what is said of them, and in which words. */
#include "ablate/made_study.h"

static void expect_failure(const made_study *made, const ockham_ablation_options *how, ockham_status status,
                           const char *text) {
  ockham_ablation *answer = (ockham_ablation *)(uintptr_t)1;
  ockham_error error = {0};
  assert_int_equal(ockham_ablation_analyse(&made->study, made->runs, made->n_runs, how, &answer, &error), status);
  assert_null(answer);
  if (!strstr(error.message, text)) fail_msg("expected '%s' in '%s'", text, error.message);
  assert_null(strchr(error.message, '\n'));
}

static made_study *usual_study(size_t n_factors, size_t n_scales, size_t replicates, double noise) {
  made_law law = made_usual;
  law.noise = noise;
  made_study *made = made_new(n_factors, n_scales);
  made_fill(made, &law, replicates);
  return made;
}

/* ---- what cannot be analysed ---- */

static void test_bad_data(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3, 1, .004);
  size_t n = made->n_runs;
  made->n_runs = 0;
  expect_failure(made, NULL, OCKHAM_BAD_DATA, "expected runs, found none");
  made->n_runs = n;
  for (size_t i = 0; i < n; i++) made->levels[i][1] = 0;
  expect_failure(made, NULL, OCKHAM_BAD_DATA, "two levels of 'position', found only 'a'");
  for (size_t i = 0; i < n; i++) made->levels[i][1] = 1;
  expect_failure(made, NULL, OCKHAM_BAD_DATA, "a run of the baseline");
  made->levels[3][1] = 2;
  expect_failure(made, NULL, OCKHAM_BAD_ARGUMENT, "level of 'position' below 2, found 2 in run 4");
  made->levels[3][1] = 0;
  made->runs[5].scale = 3;
  expect_failure(made, NULL, OCKHAM_BAD_ARGUMENT, "scale below 3, found 3 in run 6");
  made->runs[5].scale = 0;
  made->runs[5].loss = NAN;
  expect_failure(made, NULL, OCKHAM_BAD_DATA, "finite loss of run 6");
  free(made);
}

static void test_bad_options(void **state) {
  (void)state;
  made_study *made = usual_study(2, 2, 1, .004);
  expect_failure(made, &(ockham_ablation_options){.level = .4}, OCKHAM_BAD_ARGUMENT, "level of intervals");
  expect_failure(made, &(ockham_ablation_options){.false_calls = 1}, OCKHAM_BAD_ARGUMENT, "false calls");
  expect_failure(made, &(ockham_ablation_options){.negligible = 1}, OCKHAM_BAD_ARGUMENT, "negligible gain");
  expect_failure(made, &(ockham_ablation_options){.bootstraps = 3}, OCKHAM_BAD_ARGUMENT, "bootstraps");
  made->study.n_factors = 0;
  expect_failure(made, NULL, OCKHAM_BAD_ARGUMENT, "1 to 24 factors");
  free(made);
}

static bool stop(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

static void test_interrupted(void **state) {
  (void)state;
  made_study *made = usual_study(4, 3, 2, .004);
  expect_failure(made, &(ockham_ablation_options){.progress.report = stop}, OCKHAM_INTERRUPTED, "stopped before");
  free(made);
}

/* ---- what can be said nevertheless ---- */

static void test_one_scale(void **state) {
  (void)state;
  made_study *made = usual_study(3, 1, 6, .004);
  ockham_ablation *answer = made_analyse(made, NULL);
  const ockham_effect *norm = &answer->mains[0];
  assert_false(answer->law.fitted);
  assert_true(isnan(norm->ceg[0].value) && isnan(norm->ceg_measured[0].value) && isnan(norm->elasticity.value));
  assert_int_equal(norm->trend, OCKHAM_TREND_UNKNOWN);
  assert_int_equal(norm->verdict, OCKHAM_EFFECT_HELPS);
  assert_true(norm->loss[0].high < 0 && norm->loss[0].low > -.2);
  assert_int_equal(answer->mains[2].verdict, OCKHAM_EFFECT_UNDECIDED);
  assert_true(made_warns(answer, "one scale only"));
  assert_true(answer->scales[0].degrees == 6 + 6 && answer->scales[0].sd > .002 && answer->scales[0].sd < .008);
  assert_true(answer->scales[0].detectable > .001 && answer->scales[0].detectable < .02);
  ockham_ablation_free(answer);
  free(made);
}

/* The largest scale has no runs yet: claims are answered by those that have. */
static void test_a_scale_to_come(void **state) {
  (void)state;
  made_study *made = made_new(4, 3);
  made_law law = made_usual;
  law.noise = .001;
  made->study.n_scales = 2;
  made_fill(made, &law, 4);
  made->study.n_scales = 3;
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(isnan(answer->mains[0].loss[2].value) && answer->mains[0].loss[1].high < 0);
  ockham_study_claim claims[] = {{.kind = OCKHAM_CLAIM_HELPS, .factor = 0, .level = 1},
                                 {.kind = OCKHAM_CLAIM_NEGLIGIBLE, .factor = 0, .level = 1}};
  char why[200];
  made->study.claims = claims, made->study.n_claims = 2;
  assert_int_equal(ockham_claim_answer(&made->study, answer, 0, why), OCKHAM_ANSWER_YES);
  assert_non_null(strstr(why, "at S2"));
  assert_int_equal(ockham_claim_answer(&made->study, answer, 1, why), OCKHAM_ANSWER_NO);
  assert_null(strstr(why, "nan"));
  ockham_ablation_free(answer);
  free(made);
}

/* The compute of a scale's cells differs a little, and the next scale has two cells: that tells no trend of four
 * factors, though their columns are independent. */
static void test_a_scale_of_two_cells(void **state) {
  (void)state;
  made_study *made = made_new(4, 1);
  made_law law = made_usual;
  law.noise = .004;
  made_fill(made, &law, 4);
  for (size_t i = 0; i < made->n_runs; i++)
    for (size_t f = 0; f < 4; f++) made->runs[i].flops *= made->levels[i][f] ? 1 + .01 * (double)(f + 1) : 1;
  made->study.n_scales = 2;
  made->scales[1].name = "S2";
  static const uint8_t cells[2][4] = {{0, 0, 0, 0}, {1, 1, 0, 0}};
  for (size_t i = 0; i < 8; i++) made_add(made, &law, 1, cells[i % 2]);
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(answer->law.fitted &&
              made_warns(answer, "its change with scale cannot be told from others', or from one scale"));
  for (size_t j = 0; j < 4; j++) {
    const ockham_effect *e = &answer->mains[j];
    assert_int_equal(e->trend, OCKHAM_TREND_UNKNOWN);
    assert_true(e->ceg[0].value == e->ceg[1].value && e->ceg[0].value > .3 && e->ceg[0].value < 3);
  }
  assert_true(answer->mains[0].loss[0].high < 0);
  ockham_ablation_free(answer);
  free(made);
}

/* Equal runs at one level differ by ten times as much as others. */
static void make_noisy(made_study *made) {
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][1]) made->runs[i].loss += .04 * ock_rng_normal(&made->rng);
}

static void test_a_noisy_level(void **state) {
  (void)state;
  made_study *made = usual_study(4, 2, 6, .004), *even = usual_study(4, 2, 6, .004), *each = usual_study(4, 2, 6, .004);
  size_t n = each->n_runs;
  for (size_t i = 0; i < n; i++) made_add(each, &made_usual, each->runs[i].scale, each->levels[i])->seed = 1000 + i;
  make_noisy(made);
  make_noisy(each);
  ockham_ablation *answer = made_analyse(made, NULL), *of_even = made_analyse(even, NULL),
                  *of_each = made_analyse(each, NULL);
  assert_true(made_warns(answer, "equal runs of the recipe differ by 0.0")); /* which has all second levels */
  assert_true(made_warns(of_each, "equal runs at position=b differ by 0.0"));
  assert_false(made_warns(of_even, "equal runs"));
  ockham_ablation_free(answer);
  ockham_ablation_free(of_even);
  ockham_ablation_free(of_each);
  free(made);
  free(even);
  free(each);
}

/* Later probes found a better rate for the baseline, which was run again: what it was before is no part of it. */
static void test_superseded(void **state) {
  (void)state;
  static const double rates[] = {1, 2};
  made_study *made = usual_study(4, 3, 4, .004), *other = usual_study(4, 3, 4, .004);
  uint8_t baseline[4] = {0};
  size_t n = made->n_runs, n_old = 0;
  made->study.rates = rates, made->study.n_rates = 2;
  for (size_t i = 0; i < n; i++) {
    made->runs[i].rate = memcmp(made->levels[i], baseline, 4) ? 1 : 2;
    if (memcmp(made->levels[i], baseline, 4)) continue;
    size_t at = made->n_runs++;
    memcpy(made->levels[at], baseline, 4);
    made->runs[at] = made->runs[i];
    made->runs[at].id = at + 1, made->runs[at].levels = made->levels[at];
    made->runs[at].rate = 1, made->runs[at].loss += .5;
    n_old++;
  }
  for (int r = 0; r < 2; r++) {
    size_t at = made->n_runs++;
    memcpy(made->levels[at], baseline, 4);
    made->runs[at] = made->runs[0];
    made->runs[at].id = at + 1, made->runs[at].levels = made->levels[at], made->runs[at].scale = 0;
    made->runs[at].purpose = OCKHAM_PURPOSE_PROBE;
    made->runs[at].rate = rates[r], made->runs[at].loss = 3 - r;
  }
  ockham_ablation *answer = made_analyse(made, NULL), *as_before = made_analyse(other, NULL);
  char warning[64];
  snprintf(warning, sizeof warning, "runs left out: %zu, whose cells' learning rate", n_old);
  assert_true(n_old > 3 && made_warns(answer, warning));
  for (size_t j = 0; j < 4; j++) assert_true(answer->mains[j].log_loss.value == as_before->mains[j].log_loss.value);
  ockham_ablation_free(answer);
  ockham_ablation_free(as_before);
  free(made);
  free(other);
}

static void test_no_replicates(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3, 0, .004);
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(made_warns(answer, "no replicates"));
  assert_true(isnan(answer->scales[0].sd) && answer->scales[0].degrees == 0);
  assert_int_equal(answer->mains[0].verdict, OCKHAM_EFFECT_HELPS);
  ockham_ablation_free(answer);
  free(made);
}

/* As many runs as terms: the noise is guessed from the effects. */
static void test_saturated(void **state) {
  (void)state;
  made_law law = made_usual;
  law.noise = .004;
  made_study *made = made_new(3, 1);
  for (size_t cell = 0; cell < 4; cell++) {
    uint8_t levels[3] = {cell & 1, cell >> 1 & 1, (cell & 1) ^ (cell >> 1 & 1)};
    made_add(made, &law, 0, levels);
  }
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(made_warns(answer, "Lenth"));
  for (size_t j = 0; j < 3; j++) {
    assert_int_equal(answer->mains[j].verdict, OCKHAM_EFFECT_UNDECIDED);
    assert_true(answer->mains[j].runs_to_decide > 4);
    assert_true(isfinite(answer->mains[j].log_loss.low));
  }
  assert_true(made_warns(answer, "cannot be told from main effects"));
  ockham_ablation_free(answer);
  free(made);
}

static void test_failed_and_waiting(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3, 3, .004);
  ockham_ablation *answer = made_analyse(made, NULL);
  made_law law = made_usual;
  for (size_t i = 0; i < 4; i++) {
    ockham_run *run = made_add(made, &law, 1, (uint8_t[]){1, 0, 1});
    run->loss = NAN;
    run->outcome = i < 2 ? OCKHAM_OUTCOME_FAILED : i < 3 ? OCKHAM_OUTCOME_TIMED_OUT : OCKHAM_OUTCOME_WAITING;
  }
  ockham_ablation *other = made_analyse(made, NULL);
  assert_true(other->scales[1].n_failed == 3);
  assert_true(other->mains[0].log_loss.value == answer->mains[0].log_loss.value);
  ockham_ablation_free(answer);
  ockham_ablation_free(other);
  free(made);
}

/* A baseline that more compute makes worse: something that it takes over does not suit it. */
static void test_a_baseline_that_gets_worse(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3, 3, .004), *as_usual = usual_study(3, 3, 3, .004);
  uint8_t baseline[3] = {0};
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->runs[i].scale == 2 && memcmp(made->levels[i], baseline, 3) == 0) made->runs[i].loss += .5;
  made->scales[2].held_out = as_usual->scales[2].held_out = true;
  ockham_ablation *answer = made_analyse(made, NULL), *of_usual = made_analyse(as_usual, NULL);
  assert_true(made_warns(answer, "scale 'S3': the baseline ends at ") && made_warns(answer, "worse than at 'S2'"));
  assert_false(made_warns(of_usual, "the baseline ends at"));
  for (size_t j = 0; j < 3; j++) { /* its curve ends before */
    assert_true(isnan(answer->mains[j].ceg_measured[2].value) && !isnan(of_usual->mains[j].ceg_measured[2].value));
    assert_true(answer->mains[j].ceg_measured[1].value <= 1);
  }
  ockham_ablation_free(answer);
  ockham_ablation_free(of_usual);
  free(made);
  free(as_usual);
}

/* Two factors and two scales leave two cells to spare: a large interaction is seen, and not taken for noise. */
static void test_a_pair_of_two_factors(void **state) {
  (void)state;
  made_law law = made_usual;
  law.noise = .004, law.pair = .3, law.effect[0] = -.2;
  made_study *made = made_new(2, 2);
  made_fill(made, &law, 6);
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_int_equal(answer->n_interactions, 1);
  assert_true(answer->interactions[0].p < 1e-6 && answer->interactions[0].inclusion > .95);
  double left = made_loss(&law, 2, (uint8_t[]){0, 0}, made_compute(0)) - law.irreducible;
  assert_close(answer->interactions[0].loss[0].value, left * expm1(.3), .1); /* what E is, two scales hardly tell */
  assert_int_equal(answer->mains[1].verdict, OCKHAM_EFFECT_HURTS);
  ockham_ablation_free(answer);
  free(made);
}

/* What no run of which ended is told, and the others are. */
static void test_a_level_that_fails(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3, 3, .004);
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][2]) made->runs[i].loss = NAN, made->runs[i].outcome = OCKHAM_OUTCOME_FAILED;
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(made_warns(answer, "'init' at 'b': all of ") && made_warns(answer, " runs failed"));
  assert_true(isnan(answer->mains[2].log_loss.value) && answer->mains[0].log_loss.high < 0);
  assert_int_equal(answer->mains[2].verdict, OCKHAM_EFFECT_UNDECIDED);
  ockham_ablation_free(answer);
  free(made);
}

/* A run that was done twice from one seed is one run. */
static void test_same_run_again(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3, 3, .004);
  ockham_ablation *answer = made_analyse(made, NULL);
  made_law law = made_usual;
  for (size_t i = 1; i < 20; i++) {
    ockham_run *run = made_add(made, &law, made->runs[i].scale, made->levels[i]);
    run->loss = made->runs[i].loss, run->seed = made->runs[i].seed;
  }
  ockham_ablation *other = made_analyse(made, NULL);
  assert_true(other->mains[0].log_loss.low == answer->mains[0].log_loss.low);
  assert_true(other->scales[0].sd == answer->scales[0].sd && other->scales[0].degrees == answer->scales[0].degrees);
  ockham_ablation_free(answer);
  ockham_ablation_free(other);
  free(made);
}

/* Two factors that always change together. */
static void test_confounded(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3, 2, .004);
  for (size_t i = 0; i < made->n_runs; i++) made->levels[i][1] = made->levels[i][0];
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(isnan(answer->mains[0].log_loss.value) && isnan(answer->mains[1].log_loss.value));
  assert_false(isnan(answer->mains[2].log_loss.value));
  assert_int_equal(answer->mains[0].verdict, OCKHAM_EFFECT_UNDECIDED);
  assert_true(isinf(answer->mains[0].runs_to_decide));
  assert_true(made_warns(answer, "'norm' at 'b' cannot be told from other effects"));
  ockham_ablation_free(answer);
  free(made);
}

/* A fraction of resolution IV: its pairs cannot be told apart, and none is reported. */
static void test_aliased_pairs(void **state) {
  (void)state;
  made_law law = made_usual;
  law.noise = .004;
  made_study *made = made_new(4, 3);
  for (size_t s = 0; s < 3; s++)
    for (size_t cell = 0; cell < 8; cell++) {
      uint8_t levels[4] = {cell & 1, cell >> 1 & 1, cell >> 2 & 1, (cell ^ cell >> 1 ^ cell >> 2) & 1};
      made_add(made, &law, s, levels);
    }
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(answer->n_interactions == 0);
  assert_true(made_warns(answer, "these interactions cannot be told apart: norm x position, init x tied"));
  ockham_ablation_free(answer);
  free(made);
}

/* The loss rises with compute: no law, but effects. */
/* Norm b gains exp(.08 / .2) = 1.49 beside position a, and loses as much beside b: in the mean it is nothing. */
static void test_help_that_turns_to_harm(void **state) {
  (void)state;
  made_law law = made_usual;
  memset(law.change, 0, sizeof law.change);
  law.effect[0] = -.08, law.pair = .16, law.noise = .0005;
  made_study *made = made_new(3, 3);
  made_fill(made, &law, 4);
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(fabs(answer->mains[0].log_loss.value) < .005);
  assert_int_equal(answer->mains[0].verdict, OCKHAM_EFFECT_UNDECIDED);
  assert_true(isinf(answer->mains[0].runs_to_decide));
  assert_int_equal(answer->mains[2].verdict, OCKHAM_EFFECT_NEGLIGIBLE);
  assert_true(made_warns(answer, "'norm' at 'b' depends on 'position': its CEG is 0.67 with 'b' and 1.49 without"));
  assert_false(made_warns(answer, "'init' at 'b' depends"));
  ockham_ablation_free(answer);
  made->study.n_scales = 1; /* the loss alone: some 70 % of it are above what is irreducible */
  for (made->n_runs = 0; made->runs[made->n_runs].scale == 0; made->n_runs++)
    ;
  answer = made_analyse(made, NULL);
  assert_true(made_warns(answer, "'norm' at 'b' depends on 'position': it changes the loss by +5"));
  ockham_ablation_free(answer);
  free(made);
}

static void test_rising_loss(void **state) {
  (void)state;
  made_law law = made_usual;
  law.exponent = -.2, law.noise = .004;
  made_study *made = made_new(3, 3);
  made_fill(made, &law, 2);
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_false(answer->law.fitted);
  assert_true(made_warns(answer, "does not fall along compute"));
  assert_true(isfinite(answer->mains[0].loss[1].value) && isnan(answer->mains[0].ceg[1].value));
  ockham_ablation_free(answer);
  for (size_t i = 0; i < made->n_runs; i++) made->runs[i].flops = NAN;
  answer = made_analyse(made, NULL);
  assert_false(answer->law.fitted);
  ockham_ablation_free(answer);
  free(made);
}

/* A probe of the learning rate counts where its cell has no other run, the best of its rates. */
static void test_probes(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3, 2, .002);
  ockham_ablation *answer = made_analyse(made, NULL);
  made_law law = made_usual;
  made_add(made, &law, 0, (uint8_t[]){1, 1, 0})->purpose = OCKHAM_PURPOSE_PROBE;
  made->runs[made->n_runs - 1].loss = 1;
  ockham_ablation *other = made_analyse(made, NULL);
  assert_true(other->mains[0].log_loss.value == answer->mains[0].log_loss.value);
  ockham_ablation_free(other);
  made->runs[5].purpose = OCKHAM_PURPOSE_PROBE; /* the only one of its cell; another rate is worse */
  made_add(made, &law, 0, made->levels[5])->purpose = OCKHAM_PURPOSE_PROBE;
  made->runs[made->n_runs - 1].loss = made->runs[5].loss + 1;
  other = made_analyse(made, NULL);
  assert_true(other->mains[0].log_loss.value == answer->mains[0].log_loss.value);
  ockham_ablation_free(answer);
  ockham_ablation_free(other);
  free(made);
}

/* A factor of three levels: each against the first. */
static void test_three_levels(void **state) {
  (void)state;
  made_law law = made_usual;
  made_study *made = made_new(2, 3);
  made->factors[1].n_levels = 3;
  for (size_t s = 0; s < 3; s++)
    for (uint8_t cell = 0; cell < 6; cell++) {
      uint8_t levels[2] = {cell % 2, cell / 2};
      made_add(made, &law, s, levels);
    }
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(answer->n_mains == 3);
  assert_true(answer->mains[2].factor == 1 && answer->mains[2].level == 2);
  assert_close(answer->mains[1].log_loss.value, law.effect[1], 1e-6);
  assert_close(answer->mains[2].log_loss.value, 2 * law.effect[1], 1e-6);
  assert_true(isnan(answer->shapley[2].value) && !isnan(answer->shapley[1].value));
  ockham_ablation_free(answer);
  free(made);
}

static void test_allocation_failures(void **state) {
  (void)state;
  made_study *made = usual_study(3, 2, 2, .004);
  ockham_ablation_options how = {.bootstraps = 20, .threads = 1};
  for_each_allocation_failure(n) {
    ockham_ablation *answer;
    ockham_error error = {0};
    ock_fault_after(n);
    ockham_status status = ockham_ablation_analyse(&made->study, made->runs, made->n_runs, &how, &answer, &error);
    if (ock_fault_hits()) {
      assert_int_equal(status, OCKHAM_NO_MEMORY);
      assert_null(answer);
    } else {
      assert_int_equal(status, OCKHAM_OK);
    }
    ockham_ablation_free(answer);
  }
  free(made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_data),
      cmocka_unit_test(test_bad_options),
      cmocka_unit_test(test_interrupted),
      cmocka_unit_test(test_one_scale),
      cmocka_unit_test(test_a_scale_to_come),
      cmocka_unit_test(test_no_replicates),
      cmocka_unit_test(test_superseded),
      cmocka_unit_test(test_a_noisy_level),
      cmocka_unit_test(test_a_scale_of_two_cells),
      cmocka_unit_test(test_saturated),
      cmocka_unit_test(test_failed_and_waiting),
      cmocka_unit_test(test_a_baseline_that_gets_worse),
      cmocka_unit_test(test_a_pair_of_two_factors),
      cmocka_unit_test(test_a_level_that_fails),
      cmocka_unit_test(test_same_run_again),
      cmocka_unit_test(test_confounded),
      cmocka_unit_test(test_aliased_pairs),
      cmocka_unit_test(test_help_that_turns_to_harm),
      cmocka_unit_test(test_rising_loss),
      cmocka_unit_test(test_probes),
      cmocka_unit_test(test_three_levels),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
