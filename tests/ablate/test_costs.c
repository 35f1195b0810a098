/* SPDX-License-Identifier: Apache-2.0 */
/* What a change alone makes of the baseline's parameters and FLOPs a token. */
#include "ablate/made_study.h"

static made_study *usual_study(size_t n_factors, size_t n_scales) {
  made_law law = made_usual;
  law.noise = .004;
  made_study *made = made_new(n_factors, n_scales);
  made_fill(made, &law, 1);
  return made;
}

/* Parameters and FLOPs of a run as products of what its levels cost. */
static void set_costs(made_study *made, const double *parameters, const double *flops) {
  for (size_t i = 0; i < made->n_runs; i++) {
    ockham_run *run = &made->runs[i];
    for (size_t f = 0; f < made->study.n_factors; f++) {
      run->parameters *= run->levels[f] ? parameters[f] : 1;
      run->flops *= run->levels[f] ? flops[f] : 1;
    }
  }
}

static void assert_costs(const ockham_ablation *answer, size_t main, double parameters, double flops) {
  const double rounding = 1e-9;
  assert_close(answer->mains[main].parameters, parameters, rounding);
  assert_close(answer->mains[main].flops_per_token, flops, rounding);
}

static void assert_unknown(const ockham_ablation *answer, size_t main) {
  assert_true(isnan(answer->mains[main].parameters) && isnan(answer->mains[main].flops_per_token));
}

/* A run with the change alone says it, whatever others say. */
static void test_alone(void **state) {
  (void)state;
  made_study *made = usual_study(3, 3);
  set_costs(made, (double[]){1.25, .5, 1}, (double[]){1, 1.5, .75});
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][0] + made->levels[i][1] + made->levels[i][2] > 1) made->runs[i].parameters *= 7;
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_costs(answer, 0, 1.25, 1);
  assert_costs(answer, 1, .5, 1.5);
  assert_costs(answer, 2, 1, .75);
  ockham_ablation_free(answer);
  free(made);
}

/* Of half a factorial, which has no run with one change: what all runs have in common. Costs here are no products; the
 * wanted are numpy.linalg.lstsq of the logarithms on 1 and the levels. */
static void test_of_a_fraction(void **state) {
  (void)state;
  const double costs[8] = {1, 1.5, 1.6, 1.5, 1.2, .9, 2, 1.1},
               wanted[4] = {1.0407714065144797, 0.8727133552516664, 1.3436301082131497, 0.9013344775740002};
  made_law law = made_usual;
  made_study *made = made_new(4, 2);
  for (size_t s = 0; s < 2; s++)
    for (size_t cell = 0, n = 0; cell < 16; cell++) {
      uint8_t levels[MADE_FACTORS] = {cell & 1, cell >> 1 & 1, cell >> 2 & 1, (uint8_t)(cell >> 3)};
      if ((levels[0] + levels[1] + levels[2] + levels[3]) % 2) continue;
      made_add(made, &law, s, levels)->parameters = 1000 * costs[n];
      made_add(made, &law, s, levels)->parameters = 1000 * costs[n++];
    }
  ockham_ablation *answer = made_analyse(made, NULL);
  for (size_t j = 0; j < 4; j++) assert_costs(answer, j, wanted[j], 1);
  ockham_ablation_free(answer);
  free(made);
}

/* Two changes that only come together tell of neither; a third is told. */
static void test_aliases(void **state) {
  (void)state;
  made_law law = made_usual;
  made_study *made = made_new(3, 2);
  for (size_t s = 0; s < 2; s++)
    for (size_t cell = 0; cell < 4; cell++) {
      uint8_t levels[MADE_FACTORS] = {cell & 1, cell & 1, cell >> 1};
      made_add(made, &law, s, levels)->parameters = 1000 * (cell & 1 ? 1.5 : 1) * (cell >> 1 ? .8 : 1);
      made_add(made, &law, s, levels);
    }
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_unknown(answer, 0);
  assert_unknown(answer, 1);
  assert_costs(answer, 2, .8, 1);
  ockham_ablation_free(answer);
  free(made);
}

/* The largest scale counts, but for one that was held out. */
static void test_of_the_largest_scale(void **state) {
  (void)state;
  made_study *made = usual_study(2, 4);
  made->scales[3].held_out = true;
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->levels[i][0]) made->runs[i].parameters *= 1 + .25 * (double)made->runs[i].scale;
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_costs(answer, 0, 1.5, 1);
  assert_costs(answer, 1, 1, 1);
  ockham_ablation_free(answer);
  free(made);
}

static void test_unknown(void **state) {
  (void)state;
  made_study *made = usual_study(2, 2);
  for (size_t i = 0; i < made->n_runs; i++) made->runs[i].parameters = made->runs[i].tokens = NAN;
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_unknown(answer, 0);
  assert_unknown(answer, 1);
  ockham_ablation_free(answer);
  free(made);
}

/* ---- by the trainer ---- */

/* Takes no position b alone; norm b has a third more, in twice the tokens. */
static ockham_status complete(void *user, const ockham_study_setting *settings, size_t n, ockham_trainer_facts *facts,
                              ockham_error *err) {
  size_t *n_asked = user;
  bool norm = false, position = false;
  ++*n_asked;
  for (size_t i = 0; i < n; i++) {
    norm = norm || (strcmp(settings[i].name, "norm") == 0 && strcmp(settings[i].value, "b") == 0);
    position = position || (strcmp(settings[i].name, "position") == 0 && strcmp(settings[i].value, "b") == 0);
  }
  if (position && !norm) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected position b with norm b only");
  *facts = (ockham_trainer_facts){.rate = 1, .parameters = norm ? 4 : 3, .flops = 12, .tokens = norm ? 2 : 1};
  return OCKHAM_OK;
}

static void test_by_the_trainer(void **state) {
  (void)state;
  size_t n_asked = 0;
  ockham_trainer trainer = {.complete = complete, .user = &n_asked};
  ockham_ablation_options how = {.bootstraps = 50, .threads = 1, .trainer = &trainer};
  made_study *made = usual_study(2, 2);
  set_costs(made, (double[]){9, .5}, (double[]){9, 1.5});
  ockham_ablation *answer = made_analyse(made, &how);
  assert_int_equal(n_asked, 3);
  assert_costs(answer, 0, 4.0 / 3, .5);
  assert_costs(answer, 1, .5, 1.5); /* that it does not take: as runs have it */
  ockham_ablation_free(answer);
  made->study.command = "train {norm} {position}";
  answer = made_analyse(made, &how);
  assert_int_equal(n_asked, 3); /* no trainer of ours */
  assert_costs(answer, 0, 9, 9);
  ockham_ablation_free(answer);
  free(made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_alone),
      cmocka_unit_test(test_of_a_fraction),
      cmocka_unit_test(test_aliases),
      cmocka_unit_test(test_unknown),
      cmocka_unit_test(test_of_the_largest_scale),
      cmocka_unit_test(test_by_the_trainer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
