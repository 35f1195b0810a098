/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that diverged: they bend no law, tell which level makes them, and what may then be said of the loss. */
#include "ablate/analysis.h"
#include "ablate/analysis_reference.h"
#include "ablate/made_study.h"

/* ---- against R and scipy ---- */

/* R's mantelhaen.test(exact = TRUE), of four strata; scipy's hypergeom, of the first. */
static void test_exact_tail(void **state) {
  (void)state;
  ock_stratum of[5];
  double chance[100];
  for (size_t i = 0; i < 4; i++)
    of[i] = (ock_stratum){strata[4 * i], strata[4 * i + 1], strata[4 * i + 2], strata[4 * i + 3]};
  assert_close(ock_exact_tail(of, 4, chance), strata_p[0], 1e-12);
  assert_close(ock_exact_tail(of, 1, chance), strata_first_p[0], 1e-12);
  of[4] = (ock_stratum){9, 4, 0, 0}; /* none diverged, or all: it tells nothing */
  assert_close(ock_exact_tail(of, 5, chance), strata_p[0], 1e-12);
  of[4] = (ock_stratum){9, 4, 9, 4};
  assert_close(ock_exact_tail(of, 5, chance), strata_p[0], 1e-12);
  assert_true(ock_exact_tail(of, 0, chance) == 1);
}

/* scipy's binomtest().proportion_ci(method = "wilson"). */
static void test_wilson(void **state) {
  (void)state;
  for (size_t i = 0; i < 5; i++) {
    ockham_interval share = ock_wilson(share_of[2 * i], share_of[2 * i + 1], .9);
    assert_close(share.value, (double)share_of[2 * i] / (double)share_of[2 * i + 1], 1e-15);
    assert_close(share.low, share_ends[2 * i], 1e-9);
    assert_close(share.high, share_ends[2 * i + 1], 1e-9);
  }
  assert_true(isnan(ock_wilson(0, 0, .9).value));
}

/* ---- the law ---- */

static made_study *usual_study(void) {
  made_law law = made_usual;
  law.noise = .004;
  made_study *made = made_new(4, 3);
  made_fill(made, &law, 3);
  return made;
}

static void diverge(made_study *made, size_t run) {
  made->runs[run].outcome = OCKHAM_OUTCOME_DIVERGED;
  made->runs[run].loss = run % 2 ? NAN : 1e30;
}

static void expect_same_loss(const ockham_ablation *x, const ockham_ablation *y) {
  for (size_t j = 0; j < 4; j++) {
    assert_memory_equal(&x->mains[j].log_loss, &y->mains[j].log_loss, sizeof(ockham_interval));
    for (size_t s = 0; s < 3; s++) {
      assert_memory_equal(&x->mains[j].ceg[s], &y->mains[j].ceg[s], sizeof(ockham_interval));
      assert_memory_equal(&x->mains[j].loss[s], &y->mains[j].loss[s], sizeof(ockham_interval));
    }
  }
}

/* What is said of the loss is what would be, had the diverged runs not been run. */
static void test_kept_out(void **state) {
  (void)state;
  made_study *made = usual_study();
  const size_t which[] = {3, 16, 30, 41};
  for (size_t i = 0; i < 4; i++) made->runs[which[i]].outcome = OCKHAM_OUTCOME_FAILED;
  ockham_ablation *without = made_analyse(made, NULL);
  for (size_t i = 0; i < 4; i++) diverge(made, which[i]);
  made->runs[which[3]].outcome = OCKHAM_OUTCOME_DONE, made->runs[which[3]].loss = 8; /* has learned nothing */
  ockham_ablation *with = made_analyse(made, NULL);
  expect_same_loss(with, without);
  size_t n = 0;
  for (size_t s = 0; s < 3; s++) n += with->scales[s].n_diverged;
  assert_true(n == 4);
  assert_true(made_warns(with, "runs diverged: they tell of stability, and are kept out of the law"));
  assert_false(made_warns(with, "makes runs diverge"));
  for (size_t j = 0; j < 4; j++) assert_true(with->mains[j].p_diverged > .1 && !with->mains[j].diverges);
  ockham_ablation_free(with);
  ockham_ablation_free(without);
  free(made);
}

/* A probe that diverged beside other runs of its cell, or a better probe, is no diverged run of the study. */
static void test_probes(void **state) {
  (void)state;
  made_study *made = usual_study();
  made_law law = made_usual;
  ockham_ablation *without = made_analyse(made, NULL);
  for (size_t i = 0; i < 5; i++) {
    made_add(made, &law, 0, (uint8_t[]){1, 0, 1, 0})->purpose = OCKHAM_PURPOSE_PROBE;
    diverge(made, made->n_runs - 1);
  }
  ockham_ablation *with = made_analyse(made, NULL);
  assert_true(with->scales[0].n_diverged == 0 && with->scales[0].n_runs == without->scales[0].n_runs);
  assert_false(made_warns(with, "diverged"));
  expect_same_loss(with, without);
  ockham_ablation_free(with);
  made->runs[5].purpose = OCKHAM_PURPOSE_PROBE; /* now the cell has only probes, and one that ended */
  with = made_analyse(made, NULL);
  assert_true(with->scales[0].n_diverged == 0);
  ockham_ablation_free(with);
  diverge(made, 5); /* all diverged: one counts */
  with = made_analyse(made, NULL);
  assert_true(with->scales[0].n_diverged == 1 && with->scales[0].n_runs == without->scales[0].n_runs);
  ockham_ablation_free(with);
  ockham_ablation_free(without);
  free(made);
}

/* Without probes and failed runs a level's stability counts what its effect does. */
static void test_counts_agree(void **state) {
  (void)state;
  made_study *made = usual_study();
  for (size_t i = 3; i < made->n_runs; i += 7) diverge(made, i);
  made->runs[5].loss = 8.5;
  ockham_level_stability levels[8];
  ockham_study_stability(&made->study, made->runs, made->n_runs, levels);
  ockham_ablation *answer = made_analyse(made, NULL);
  for (size_t f = 0; f < 4; f++) {
    const ockham_effect *effect = &answer->mains[f];
    const ockham_level_stability *first = &levels[2 * f], *second = &levels[2 * f + 1];
    assert_true(second->factor == f && second->level == 1);
    assert_int_equal(second->n_runs, effect->n_runs);
    assert_int_equal(second->n_diverged, effect->n_diverged);
    assert_true(effect->n_diverged > 0);
    assert_true(effect->baseline_diverged.value == (double)first->n_diverged / (double)first->n_runs);
    assert_int_equal(first->n_runs + second->n_runs, made->n_runs);
  }
  made->runs[0].outcome = OCKHAM_OUTCOME_FAILED, made->runs[1].outcome = OCKHAM_OUTCOME_TIMED_OUT;
  ockham_study_stability(&made->study, made->runs, made->n_runs, levels);
  for (size_t f = 0; f < 4; f++) assert_int_equal(levels[2 * f].n_failed + levels[2 * f + 1].n_failed, 2);
  ockham_ablation_free(answer);
  free(made);
}

/* ---- which level ---- */

/* Every second run at 'norm=b', which lowers the loss. Others are not blamed, though all replicates of the recipe,
 * which is at all second levels, are among those that may diverge. */
static void test_a_level(void **state) {
  (void)state;
  made_study *made = usual_study();
  size_t n = 0;
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][0] && (i / 2 + i / 16) % 2) diverge(made, i), n++;
  ockham_ablation *answer = made_analyse(made, NULL);
  const ockham_effect *norm = &answer->mains[0];
  assert_true(norm->n_diverged == n && norm->n_runs == 33 && n < 17);
  assert_true(norm->diverges && norm->p_diverged < .001);
  assert_true(norm->baseline_diverged.value == 0 && norm->diverged.low > .3 && norm->diverged.high < .7);
  assert_int_equal(norm->verdict, OCKHAM_EFFECT_HELPS); /* those that ended */
  assert_true(made_warns(answer, "'norm' at 'b' makes runs diverge"));
  for (size_t j = 1; j < 4; j++) assert_false(answer->mains[j].diverges);
  ockham_study_claim claim = {.kind = OCKHAM_CLAIM_HELPS, .factor = 0, .level = 1};
  char why[200];
  made->study.claims = &claim, made->study.n_claims = 1;
  assert_int_equal(ockham_claim_answer(&made->study, answer, 0, why), OCKHAM_ANSWER_OPEN);
  assert_non_null(strstr(why, "runs diverged"));
  ockham_ablation_free(answer);
  free(made);
}

/* All runs at the second level of a factor but one in `kept`. */
static void diverge_most(made_study *made, size_t factor, size_t kept) {
  size_t n = 0;
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][factor] && n++ % kept) diverge(made, i);
}

/* Where most diverge it hurts, whether the loss of the others is lower (norm) or the same (init). */
static void test_most(void **state) {
  (void)state;
  for (size_t factor = 0; factor < 3; factor += 2) {
    made_study *made = usual_study();
    diverge_most(made, factor, 3);
    ockham_ablation *answer = made_analyse(made, NULL);
    assert_true(answer->mains[factor].diverges && answer->mains[factor].diverged.value > .5);
    assert_int_equal(answer->mains[factor].verdict, OCKHAM_EFFECT_HURTS);
    ockham_study_claim claims[] = {{.kind = OCKHAM_CLAIM_HELPS, .factor = factor, .level = 1},
                                   {.kind = OCKHAM_CLAIM_HURTS, .factor = factor, .level = 1},
                                   {.kind = OCKHAM_CLAIM_NEGLIGIBLE, .factor = factor, .level = 1}};
    char why[200];
    made->study.claims = claims, made->study.n_claims = 3;
    assert_int_equal(ockham_claim_answer(&made->study, answer, 0, why), OCKHAM_ANSWER_NO);
    assert_int_equal(ockham_claim_answer(&made->study, answer, 1, why), OCKHAM_ANSWER_YES);
    assert_int_equal(ockham_claim_answer(&made->study, answer, 2, why), OCKHAM_ANSWER_NO);
    ockham_ablation_free(answer);
    free(made);
  }
}

/* A change that does nothing to the loss but makes a third of runs diverge is not negligible. */
static void test_negligible(void **state) {
  (void)state;
  made_law law = made_usual;
  law.noise = .0005;
  made_study *made = made_new(4, 3);
  made_fill(made, &law, 3);
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_int_equal(answer->mains[2].verdict, OCKHAM_EFFECT_NEGLIGIBLE);
  ockham_ablation_free(answer);
  size_t n = 0;
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][2] && n++ % 3 == 0) diverge(made, i);
  answer = made_analyse(made, NULL);
  assert_true(answer->mains[2].diverges && answer->mains[2].diverged.value < .5);
  assert_int_equal(answer->mains[2].verdict, OCKHAM_EFFECT_HURTS);
  ockham_ablation_free(answer);
  free(made);
}

/* One cell whose many replicates diverge is no evidence against each of its levels. */
static void test_one_cell(void **state) {
  (void)state;
  made_study *made = usual_study();
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->runs[i].purpose == OCKHAM_PURPOSE_RECIPE || !memcmp(made->levels[i], (uint8_t[]){1, 1, 1, 1}, 4))
      diverge(made, i);
  ockham_ablation *answer = made_analyse(made, NULL);
  for (size_t j = 0; j < 4; j++) assert_false(answer->mains[j].diverges);
  for (size_t s = 0; s < 3; s++) assert_true(isnan(answer->joints[s].joint.value)); /* it did not run */
  ockham_ablation_free(answer);
  free(made);
}

/* ---- nothing is left ---- */

static void test_all_of_a_level(void **state) {
  (void)state;
  made_study *made = usual_study();
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][1]) diverge(made, i);
  ockham_ablation *answer = made_analyse(made, NULL);
  const ockham_effect *position = &answer->mains[1];
  assert_int_equal(position->verdict, OCKHAM_EFFECT_HURTS);
  assert_true(position->diverges && position->diverged.value == 1 && position->diverged.high == 1);
  assert_true(isnan(position->log_loss.value) && isnan(position->runs_to_decide));
  for (size_t s = 0; s < 3; s++)
    assert_true(isnan(position->loss[s].value) && isnan(position->ceg[s].value) &&
                isnan(position->ceg_measured[s].value));
  assert_true(made_warns(answer, "'position' at 'b': all of 33 runs diverged"));
  assert_false(made_warns(answer, "cannot be told from other effects"));
  assert_int_equal(answer->mains[0].verdict, OCKHAM_EFFECT_HELPS);
  assert_true(isfinite(answer->mains[0].ceg[0].low) && isfinite(answer->mains[0].loss[0].low));
  ockham_ablation_free(answer);
  free(made);
}

/* At one scale: there nothing is said, elsewhere as before. */
static void test_all_of_a_scale(void **state) {
  (void)state;
  made_study *made = usual_study();
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][1] && made->runs[i].scale == 1) diverge(made, i);
  ockham_ablation *answer = made_analyse(made, NULL);
  for (size_t s = 0; s < 3; s++) {
    assert_true(isnan(answer->mains[1].loss[s].value) == (s == 1));
    assert_true(isnan(answer->mains[1].ceg[s].value) == (s == 1));
    assert_true(isnan(answer->mains[1].ceg_measured[s].value) == (s == 1));
    assert_false(isnan(answer->mains[0].loss[s].value) || isnan(answer->mains[0].ceg[s].value));
  }
  assert_true(made_warns(answer, "scale 'S2': all runs of 'position' at 'b'"));
  assert_false(made_warns(answer, "has too few runs"));
  ockham_ablation_free(answer);
  free(made);
}

static void test_baseline(void **state) {
  (void)state;
  made_study *made = usual_study();
  for (size_t i = 0; i < made->n_runs; i++)
    if (!memcmp(made->levels[i], (uint8_t[]){0, 0, 0, 0}, 4)) diverge(made, i);
  ockham_ablation *answer;
  ockham_error error = {0};
  assert_int_equal(ockham_ablation_analyse(&made->study, made->runs, made->n_runs, NULL, &answer, &error),
                   OCKHAM_BAD_DATA);
  assert_non_null(strstr(error.message, "did not diverge"));
  free(made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exact_tail),     cmocka_unit_test(test_wilson),         cmocka_unit_test(test_kept_out),
      cmocka_unit_test(test_probes),         cmocka_unit_test(test_counts_agree),   cmocka_unit_test(test_a_level),
      cmocka_unit_test(test_most),           cmocka_unit_test(test_negligible),     cmocka_unit_test(test_one_cell),
      cmocka_unit_test(test_all_of_a_level), cmocka_unit_test(test_all_of_a_scale), cmocka_unit_test(test_baseline),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
