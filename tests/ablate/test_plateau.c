/* SPDX-License-Identifier: Apache-2.0 */
/* Which runs have not left the plateau, run by run and for the baseline. */
#include "ablate/made_study.h"

enum { REPLICATES = 5, PER_SCALE = 8 + 2 * REPLICATES };

/* Slopes of about -.2 everywhere. */
static made_study *usual_study(void) {
  made_law law = made_usual;
  law.noise = .002;
  made_study *made = made_new(3, 3);
  made_fill(made, &law, REPLICATES);
  for (size_t i = 0; i < made->n_runs; i++) made->runs[i].slope = -.2 - .001 * (double)(i % 7);
  return made;
}

static size_t count_marked(const made_study *made, const ockham_ablation *answer) {
  size_t n = 0;
  for (size_t i = 0; i < made->n_runs; i++) n += answer->transition[i];
  return n;
}

static void expect_marked(const made_study *made, size_t run, bool marked) {
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(answer->transition[run] == marked);
  assert_true(count_marked(made, answer) == marked && answer->scales[0].n_transition == marked);
  assert_true(answer->scales[0].n_plateau == 0);
  assert_true(made_warns(answer, "have not left the plateau") == marked);
  ockham_ablation_free(answer);
}

/* ---- runs ---- */

static void test_runs(void **state) {
  (void)state;
  const struct {
    double slope, worse;
    bool marked;
  } cases[] = {
      {-.01, .5, true},   /* flat, at a high loss: it has not begun */
      {.1, .5, true},     /* it even rises */
      {-.9, .5, true},    /* it falls steeply */
      {-.3, .5, false},   /* just worse: it learns as the baseline does */
      {-.11, .5, false},  /* likewise */
      {NAN, .5, false},   /* not said */
      {-.01, -.5, false}, /* has learnt earlier, and all that there is to learn */
      {-.9, -.5, false},  /* has learnt earlier, and goes on */
  };
  made_study *made = usual_study();
  const size_t run = 5; /* one of thirteen others: too few to say that it is the baseline which is late */
  ockham_run before = made->runs[run];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    made->runs[run].slope = cases[i].slope, made->runs[run].loss = before.loss + cases[i].worse;
    expect_marked(made, run, cases[i].marked);
  }
  made->runs[run].slope = -.9, made->runs[run].loss = made->runs[0].loss + .001; /* within the baseline's spread */
  expect_marked(made, run, false);
  free(made);
}

/* The gains are as if a marked run were not there; the change of the loss is not. */
static void test_kept_out(void **state) {
  (void)state;
  made_study *made = usual_study();
  const size_t run = 5;
  made->runs[run].slope = -.01, made->runs[run].loss += .5;
  ockham_ablation *answer = made_analyse(made, NULL);
  made->runs[run].outcome = OCKHAM_OUTCOME_FAILED;
  ockham_ablation *other = made_analyse(made, NULL);
  for (size_t j = 0; j < 3; j++) {
    assert_true(answer->mains[j].log_loss.value == other->mains[j].log_loss.value);
    assert_true(answer->mains[j].loss[0].value != other->mains[j].loss[0].value);
  }
  ockham_ablation_free(answer);
  ockham_ablation_free(other);
  free(made);
}

/* ---- cells in two groups ---- */

/* Three of the recipe's six runs are worse by .6, whatever their slopes. */
static void test_two_groups(void **state) {
  (void)state;
  made_study *made = usual_study();
  size_t n = 0;
  for (size_t i = 0; i < PER_SCALE && n < 3; i++) {
    if (made->runs[i].purpose != OCKHAM_PURPOSE_RECIPE) continue;
    made->runs[i].loss += .6 + .003 * (double)n++, made->runs[i].slope = NAN;
  }
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(count_marked(made, answer) == 3 && answer->scales[0].n_plateau == 0);
  for (size_t i = 0; i < made->n_runs; i++)
    if (answer->transition[i]) assert_true(made->runs[i].purpose == OCKHAM_PURPOSE_RECIPE && made->runs[i].loss > 2);
  ockham_ablation_free(answer);
  for (size_t i = 0; i < PER_SCALE; i++) /* so far apart as noise may be */
    if (made->runs[i].purpose == OCKHAM_PURPOSE_RECIPE && made->runs[i].loss > 2) made->runs[i].loss -= .55;
  answer = made_analyse(made, NULL);
  assert_true(count_marked(made, answer) == 0);
  ockham_ablation_free(answer);
  free(made);
}

/* The baseline is in two groups: the better one stands for it, the others are marked, and the scale is too small. */
static void test_baseline_in_two_groups(void **state) {
  (void)state;
  made_study *made = usual_study();
  size_t n = 0;
  for (size_t i = 0; i < PER_SCALE && n < 4; i++) {
    if (made->runs[i].purpose != OCKHAM_PURPOSE_BASELINE) continue;
    made->runs[i].loss += .6 + .003 * (double)n++, made->runs[i].slope = -1;
  }
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(count_marked(made, answer) == 4 && answer->scales[0].n_plateau == 4);
  assert_true(made_warns(answer, "scale 'S1' is too small for gains in compute: 4 runs of the baseline itself"));
  assert_true(answer->scales[1].n_plateau == 0);
  ockham_ablation_free(answer);
  free(made);
}

/* ---- the baseline is late ---- */

/* At the smallest scale only 'position=b' has left the plateau: 1.3 bits, where the others are at 2.2. */
static void test_baseline_on_the_plateau(void **state) {
  (void)state;
  const double slopes[] = {-1.2, -.02, .01}; /* the baseline's: in the midst of it, or not begun */
  for (size_t k = 0; k < 3; k++) {
    made_study *made = usual_study();
    for (size_t i = 0; i < PER_SCALE; i++) {
      bool early = made->levels[i][1];
      made->runs[i].loss += early ? 1.3 - 1.6 : 2.2 - 1.6;
      if (!early) made->runs[i].slope = slopes[k] - .001 * (double)(i % 3);
    }
    ockham_ablation *answer = made_analyse(made, NULL);
    assert_true(count_marked(made, answer) == 0);
    assert_true(answer->scales[0].n_plateau == 1 + REPLICATES && answer->scales[0].n_transition == 0);
    assert_true(answer->scales[1].n_plateau == 0);
    assert_true(made_warns(answer, "scale 'S1' is too small for gains in compute: 6 runs of the baseline itself"));
    ockham_ablation_free(answer);
    free(made);
  }
}

/* A change that is merely better has slopes like the baseline's. */
static void test_better_runs(void **state) {
  (void)state;
  made_study *made = usual_study();
  for (size_t i = 0; i < PER_SCALE; i++)
    if (made->levels[i][1]) made->runs[i].loss -= .3, made->runs[i].slope *= .7;
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_true(count_marked(made, answer) == 0 && answer->scales[0].n_plateau == 0);
  ockham_ablation_free(answer);
  free(made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_runs),
      cmocka_unit_test(test_kept_out),
      cmocka_unit_test(test_two_groups),
      cmocka_unit_test(test_baseline_in_two_groups),
      cmocka_unit_test(test_baseline_on_the_plateau),
      cmocka_unit_test(test_better_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
