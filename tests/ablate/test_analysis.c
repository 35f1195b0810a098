/* SPDX-License-Identifier: Apache-2.0 */
/* The analysis finds the law that made the runs, and does not care how they are told. */
#include "ablate/analysis.h"
#include "ablate/analysis_reference.h"
#include "ablate/made_study.h"

/* ---- without noise ---- */

static void check_exact(const made_study *made, const made_law *law, const ockham_ablation *answer, double central) {
  assert_true(answer->law.fitted);
  assert_close(answer->law.irreducible.value, law->irreducible, 1e-6);
  assert_close(answer->law.exponent.value, law->exponent, 1e-6);
  for (size_t f = 0; f < made->study.n_factors; f++) {
    const ockham_effect *effect = &answer->mains[f];
    double l0 = log(central / 6e12);
    assert_close(effect->log_loss.value, law->effect[f] - law->change[f] * l0, 1e-6);
    assert_close(effect->elasticity.value, law->change[f] / law->exponent, 1e-5);
    for (size_t s = 0; s < made->study.n_scales; s++) {
      double l = log(made_compute(s) / 6e12);
      assert_close(effect->ceg[s].value, exp((law->change[f] * l - law->effect[f]) / law->exponent), 1e-5);
      assert_true(effect->ceg[s].low <= effect->ceg[s].value && effect->ceg[s].value <= effect->ceg[s].high);
    }
  }
}

static void test_exact_recovery(void **state) {
  (void)state;
  made_study *made = made_new(4, 3);
  made_fill(made, &made_usual, 1);
  ockham_ablation *answer = made_analyse(made, NULL);
  check_exact(made, &made_usual, answer, answer->law.central_compute);
  assert_close(answer->law.level, exp(made_usual.level - made_usual.exponent * log(answer->law.central_compute / 6e12)),
               1e-6);
  assert_int_equal(answer->mains[0].verdict, OCKHAM_EFFECT_HELPS);
  assert_int_equal(answer->mains[1].verdict, OCKHAM_EFFECT_HURTS);
  assert_int_equal(answer->mains[2].verdict, OCKHAM_EFFECT_NEGLIGIBLE);
  assert_int_equal(answer->mains[0].trend, OCKHAM_TREND_GROWS);
  assert_int_equal(answer->mains[1].trend, OCKHAM_TREND_CONSTANT);
  assert_close(log(answer->mains[3].crossover.value), log(6e12) + made_usual.effect[3] / made_usual.change[3], 1e-4);
  ockham_ablation_free(answer);
  free(made);
}

/* A change that helps at the smallest scale and hurts at the largest is not negligible for doing nothing between. */
static void test_turning(void **state) {
  (void)state;
  made_law law = made_usual;
  law.effect[0] = 0, law.change[0] = -.04;
  made_study *made = made_new(2, 3);
  made_fill(made, &law, 2);
  ockham_ablation *answer = made_analyse(made, NULL);
  assert_int_equal(answer->mains[0].trend, OCKHAM_TREND_CROSSES);
  assert_int_equal(answer->mains[0].verdict, OCKHAM_EFFECT_UNDECIDED);
  assert_true(isinf(answer->mains[0].runs_to_decide));
  assert_close(answer->mains[0].crossover.value / answer->law.central_compute, 1, 1e-4);
  assert_true(answer->mains[0].ceg[0].low > 1.2 && answer->mains[0].ceg[2].high < .8);
  ockham_ablation_free(answer);
  free(made);
}

/* The joint gain and Shapley's parts of a law with an interaction, parts by all orders. */
static double gain_of_subset(const made_law *law, unsigned subset, double compute) {
  uint8_t levels[3] = {subset & 1, subset >> 1 & 1, subset >> 2 & 1}, none[3] = {0};
  double change = log(made_loss(law, 3, levels, compute) - law->irreducible) -
                  log(made_loss(law, 3, none, compute) - law->irreducible);
  return -change / law->exponent;
}

static void test_joint_and_shapley(void **state) {
  (void)state;
  static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  made_law law = made_usual;
  law.pair = .03;
  made_study *made = made_new(3, 3);
  made_fill(made, &law, 1);
  ockham_ablation *answer = made_analyse(made, NULL);
  double part[3] = {0}, sum = 0, compute = made_compute(2);
  for (size_t i = 0; i < 6; i++) {
    unsigned subset = 0;
    for (size_t j = 0; j < 3; j++) {
      unsigned next = subset | 1u << orders[i][j];
      part[orders[i][j]] += (gain_of_subset(&law, next, compute) - gain_of_subset(&law, subset, compute)) / 6;
      subset = next;
    }
  }
  for (size_t j = 0; j < 3; j++) {
    assert_close(answer->shapley[j].value, part[j], 1e-4);
    sum += gain_of_subset(&law, 1u << j, compute);
  }
  assert_close(answer->joints[2].joint.value, exp(gain_of_subset(&law, 7, compute)), 1e-4);
  assert_close(answer->joints[2].product.value, exp(sum), 1e-4);
  assert_close(answer->joints[2].ratio.value, exp(gain_of_subset(&law, 7, compute) - sum), 1e-4);
  assert_true(answer->n_interactions == 3);
  assert_int_equal(answer->interactions[0].factor, 0);
  assert_int_equal(answer->interactions[0].other_factor, 1);
  assert_close(answer->interactions[0].log_loss.value, law.pair, 1e-5);
  assert_true(answer->interactions[0].inclusion > .99);
  ockham_ablation_free(answer);
  free(made);
}

/* The largest scale is predicted from the others, and its runs change nothing else. */
static void test_held_out(void **state) {
  (void)state;
  made_law law = made_usual;
  law.noise = .002;
  made_study *made = made_new(3, 4);
  made->scales[3].held_out = true;
  made_fill(made, &law, 3);
  ockham_ablation *answer = made_analyse(made, NULL);
  double mean = 0, n = 0;
  for (size_t i = 0; i < made->n_runs; i++) {
    bool baseline = !made->levels[i][0] && !made->levels[i][1] && !made->levels[i][2];
    if (made->runs[i].scale == 3 && baseline) mean += made->runs[i].loss, n++;
  }
  assert_close(answer->held_loss, mean / n, 1e-12);
  assert_close(answer->predicted_compute, made_compute(3), 1e-9);
  assert_true(answer->predicted.low < mean / n && mean / n < answer->predicted.high);
  assert_true(answer->predicted.high - answer->predicted.low < .1);
  for (size_t i = 0; i < made->n_runs; i++)
    if (made->runs[i].scale == 3) made->runs[i].loss += .5;
  ockham_ablation *other = made_analyse(made, NULL);
  assert_true(other->predicted.value == answer->predicted.value);
  assert_true(other->law.irreducible.value == answer->law.irreducible.value);
  ockham_ablation_free(answer);
  ockham_ablation_free(other);
  free(made);
}

/* ---- told otherwise ---- */

static made_study *noisy_study(double noise) {
  made_law law = made_usual;
  law.noise = noise;
  made_study *made = made_new(3, 3);
  made_fill(made, &law, 3);
  return made;
}

static void check_same(const ockham_interval *a, const ockham_interval *b) {
  assert_memory_equal(a, b, sizeof *a);
}

static void test_order_of_runs(void **state) {
  (void)state;
  made_study *made = noisy_study(.004);
  ockham_ablation *answer = made_analyse(made, NULL);
  for (size_t i = 0; i + 1 < made->n_runs; i++) { /* shuffle; new numbers, too */
    size_t other = i + (size_t)ock_rng_below(&made->rng, made->n_runs - i);
    ockham_run swap = made->runs[i];
    made->runs[i] = made->runs[other], made->runs[other] = swap;
  }
  for (size_t i = 0; i < made->n_runs; i++) made->runs[i].id = 1000 - i, made->runs[i].seed = i * i;
  ockham_ablation *other = made_analyse(made, NULL);
  for (size_t j = 0; j < answer->n_mains; j++) {
    check_same(&answer->mains[j].log_loss, &other->mains[j].log_loss);
    check_same(&answer->mains[j].elasticity, &other->mains[j].elasticity);
    for (size_t s = 0; s < 3; s++) check_same(&answer->mains[j].loss[s], &other->mains[j].loss[s]);
    for (size_t s = 0; s < 3; s++) check_same(&answer->mains[j].ceg_measured[s], &other->mains[j].ceg_measured[s]);
  }
  ockham_ablation_free(answer);
  ockham_ablation_free(other);
  free(made);
}

/* Another unit of compute, factors in another order, levels the other way round. */
static void test_units_and_names(void **state) {
  (void)state;
  made_study *made = noisy_study(.004);
  ockham_ablation *answer = made_analyse(made, NULL);
  for (size_t i = 0; i < made->n_runs; i++) {
    uint8_t *levels = made->levels[i], swap = levels[0];
    made->runs[i].flops *= 1e-15;
    levels[0] = levels[2], levels[2] = swap;
  }
  ockham_ablation *other = made_analyse(made, NULL);
  for (size_t j = 0; j < 3; j++) {
    const ockham_effect *x = &answer->mains[j], *y = &other->mains[2 - j];
    assert_close(x->log_loss.value, y->log_loss.value, 1e-9);
    assert_close(x->ceg[1].value, y->ceg[1].value, 1e-9);
    assert_close(x->elasticity.value, y->elasticity.value, 1e-9);
    assert_close(x->log_loss.high - x->log_loss.low, y->log_loss.high - y->log_loss.low,
                 .25 * (x->log_loss.high - x->log_loss.low));
    assert_close(x->inclusion, y->inclusion, .05);
    assert_int_equal(x->verdict, y->verdict);
  }
  assert_close(answer->law.central_compute * 1e-15, other->law.central_compute, 1e-9);
  ockham_ablation_free(other);
  for (size_t i = 0; i < made->n_runs; i++) made->levels[i][0] ^= 1;
  other = made_analyse(made, NULL);
  assert_close(other->mains[0].log_loss.value, -answer->mains[2].log_loss.value, 1e-9);
  assert_close(other->mains[1].log_loss.value, answer->mains[1].log_loss.value, 1e-9);
  ockham_ablation_free(answer);
  ockham_ablation_free(other);
  free(made);
}

static void test_accounts(void **state) {
  (void)state;
  made_study *made = noisy_study(.002);
  const double by_scale[OCKHAM_N_ACCOUNTS] = {6, 3, 5};
  double exponent[OCKHAM_N_ACCOUNTS];
  for (int account = 0; account < OCKHAM_N_ACCOUNTS; account++) {
    ockham_ablation_options how = {.bootstraps = 100, .account = (ockham_compute_account)account, .threads = 1};
    ockham_ablation *answer = made_analyse(made, &how);
    exponent[account] = answer->law.exponent.value * log(by_scale[account]);
    ockham_ablation_free(answer);
  }
  assert_close(exponent[1], exponent[0], 1e-6); /* the same curve, compute to another power */
  assert_close(exponent[2], exponent[0], 1e-6);
  free(made);
}

static void test_threads(void **state) {
  (void)state;
  made_study *made = noisy_study(.004);
  ockham_ablation_options how = {.bootstraps = 300, .threads = 1};
  ockham_ablation *answer = made_analyse(made, &how);
  for (how.threads = 2; how.threads <= 5; how.threads += 3) {
    ockham_ablation *other = made_analyse(made, &how);
    for (size_t j = 0; j < 3; j++) {
      const ockham_effect *x = &answer->mains[j], *y = &other->mains[j];
      check_same(&x->log_loss, &y->log_loss);
      check_same(&x->elasticity, &y->elasticity);
      check_same(&answer->shapley[j], &other->shapley[j]);
      for (size_t s = 0; s < 3; s++) check_same(&x->loss[s], &y->loss[s]);
      for (size_t s = 0; s < 3; s++) check_same(&x->ceg[s], &y->ceg[s]);
      for (size_t s = 0; s < 3; s++) check_same(&x->ceg_measured[s], &y->ceg_measured[s]);
      assert_true(x->inclusion == y->inclusion && x->p_adjusted == y->p_adjusted);
    }
    ockham_ablation_free(other);
  }
  ockham_ablation_free(answer);
  free(made);
}

/* ---- against others ---- */

/* R's lm: one scale, three factors. */
static void test_against_lm(void **state) {
  (void)state;
  made_study *made = made_new(3, 1);
  made_law law = made_usual;
  made_fill(made, &law, 0);
  for (size_t i = 0; i < 8; i++) made->runs[i].loss = lm_losses[i];
  ockham_ablation *answer = made_analyse(made, NULL);
  for (size_t j = 0; j < 3; j++) {
    assert_close(answer->mains[j].log_loss.value, lm_found[j + 1], 1e-7);
    assert_true(isnan(answer->mains[j].ceg[0].value));
    assert_int_equal(answer->mains[j].trend, OCKHAM_TREND_UNKNOWN);
  }
  assert_true(made_warns(answer, "one scale only"));
  ockham_ablation_free(answer);
  free(made);
}

/* numpy's least squares of the weighted columns, E and the variances given. */
static void test_against_numpy(void **state) {
  (void)state;
  const double variance[3] = {4e-4, 1e-4, .25e-4}, compute[3] = {1e10, 8e10, 5e11};
  const ock_main mains[2] = {{0, 1}, {1, 1}};
  uint8_t levels[12][2];
  ock_unit units[12];
  for (size_t u = 0; u < 12; u++) {
    levels[u][0] = u & 1, levels[u][1] = u >> 1 & 1;
    units[u] = (ock_unit){
        .scale = u / 4, .n = 1, .levels = levels[u], .loss = given_losses[u], .log_compute = log(compute[u / 4])};
  }
  ock_arena arena = {0};
  ock_model m = {.n_factors = 2, .n_mains = 2, .mains = mains, .n_units = 12, .units = units};
  double central = (log(compute[0]) + log(compute[1]) + log(compute[2])) / 3;
  assert_true(ock_model_make(&m, &arena, 3, 0, central));
  ock_fit fit;
  assert_true(ock_fit_make(&fit, &arena, &m));
  memcpy(m.variance, variance, sizeof variance);
  ock_fit_run(&fit, &m, .6, true);
  for (size_t j = 0; j < 6; j++) assert_close(fit.coefficients[j], given_found[j], 1e-12);
  assert_close(fit.squares, given_squares[0], 1e-11);
  for (size_t j = 0; j < 6; j++) { /* the influence is what it says */
    double sum = 0;
    for (size_t u = 0; u < 12; u++) sum += fit.influence[j * 12 + u] * log(given_losses[u] - .6);
    assert_close(sum, fit.coefficients[j], 1e-12);
  }
  ock_arena_clear(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exact_recovery), cmocka_unit_test(test_joint_and_shapley),
      cmocka_unit_test(test_held_out),       cmocka_unit_test(test_turning),
      cmocka_unit_test(test_order_of_runs),  cmocka_unit_test(test_units_and_names),
      cmocka_unit_test(test_accounts),       cmocka_unit_test(test_threads),
      cmocka_unit_test(test_against_lm),     cmocka_unit_test(test_against_numpy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
