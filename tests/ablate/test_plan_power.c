/* SPDX-License-Identifier: Apache-2.0 */
/* Times and power of plans against what they are made of, against R, and against simulated studies. */
#include "ablate/plans.h"

/* ---- time ---- */

/* seconds = 2e-10 flops^1.1: the line finds a scale that was not run. */
static void test_time(void **state) {
  static const double flops[] = {1e11, 1e12, 4e12};
  ockham_run pilot[4];
  setup s;
  (void)state;
  make_setup(&s, 6, 3);
  for (size_t i = 0; i < 4; i++)
    pilot[i] = done_run(i / 2, all_zero, i, 1, flops[i / 2], 2e-10 * pow(flops[i / 2], 1.1));
  s.study.core_minutes = 1e9;
  ockham_plan *plan = plan_with(&s.study, pilot, 4);
  assert_close(plan->scales[0].run_seconds, pilot[0].seconds, 1e-12);
  assert_close(plan->scales[1].run_seconds, pilot[2].seconds, 1e-12);
  assert_true(isnan(plan->scales[2].run_seconds) && isnan(plan->core_seconds) && !plan->over_budget);
  double sum = 0;
  for (size_t i = 0; i < plan->n_runs; i++) {
    double work = flops[plan->runs[i].scale] * (plan->runs[i].levels[0] ? 1.5 : 1);
    plan->runs[i].flops = work;
    sum += plan->runs[i].scale == 2 ? 2e-10 * pow(work, 1.1)
                                    : pilot[2 * plan->runs[i].scale].seconds * work / flops[plan->runs[i].scale];
  }
  assert_ok(ockham_plan_predict(&s.study, pilot, 4, plan, err));
  assert_close(plan->core_seconds, sum, 1e-9);
  assert_false(plan->over_budget);
  s.study.core_minutes = sum / 60 / 1.01;
  assert_ok(ockham_plan_predict(&s.study, pilot, 4, plan, err));
  assert_true(plan->over_budget);
  ockham_plan_free(plan);
  plan = plan_with(&s.study, pilot, 2); /* one scale: in proportion */
  for (size_t i = 0; i < plan->n_runs; i++) plan->runs[i].flops = flops[plan->runs[i].scale];
  assert_ok(ockham_plan_predict(&s.study, pilot, 2, plan, err));
  assert_close(plan->scales[2].run_seconds, 40 * pilot[0].seconds, 1e-9);
  ockham_plan_free(plan);
}

/* ---- power ---- */

/* R 4.2.2: qt(1 - alpha / 2, nu), and uniroot() of the power by integrate() over dchisq(); pt() with its ncp agrees
 * to 2e-11. */
static void test_power_against_r(void **state) {
  static const struct {
    double alpha, freedom, critical, detectable;
  } cases[] = {
      {0.1, 1, 6.31375151468, 8.19225843368},    {0.1, 2, 2.91998558035, 3.97899405004},
      {0.0125, 3, 5.39194907193, 6.89545345668}, {0.1, 5, 2.01504837333, 2.90453409531},
      {0.02, 16, 2.58348718528, 3.46673211005},  {0.0125, 11, 2.98087243005, 3.9059048823},
      {0.05, 30, 2.0422724563, 2.89535830015},   {0.004, 200, 2.91192385287, 3.75876272416},
      {0.1, 2000, 1.6456158667, 2.48725175545},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_close(ock_t_critical(cases[i].alpha, cases[i].freedom), cases[i].critical, 1e-8);
    assert_close(ock_t_detectable(cases[i].alpha, cases[i].freedom, .8), cases[i].detectable, 1e-6);
  }
}

/* A fraction's main effect has the variance 4 / n; noise is pooled over cells with 2 and 3 runs. One at another rate is
 * of neither. */
static void test_detectable(void **state) {
  static const uint8_t other[OCK_FRACTION_MOST_FACTORS] = {1, 1};
  static const double losses[] = {1.50, 1.52, 1.49, 1.40, 1.44};
  ockham_run pilot[6];
  setup s;
  (void)state;
  make_setup(&s, 5, 1);
  s.scales[0].replicates = 0;
  s.study.seeds = 2;
  for (size_t i = 0; i < 5; i++) pilot[i] = done_run(0, i < 3 ? all_zero : other, i, losses[i], NAN, NAN);
  pilot[5] = done_run(0, all_zero, 5, 1.9, NAN, NAN);
  pilot[5].rate = 2;
  ockham_plan *plan = plan_with(&s.study, pilot, 6);
  double mean = (1.5 + 1.52 + 1.49) / 3;
  double square = pow(1.5 - mean, 2) + pow(1.52 - mean, 2) + pow(1.49 - mean, 2) + 2 * .02 * .02;
  assert_close(plan->scales[0].noise, sqrt(square / 3), 1e-12);
  assert_int_equal(plan->scales[0].degrees, 16);
  assert_close(plan->scales[0].detectable_loss, ock_t_detectable(.1 / 5, 16, .8) * sqrt(square / 3) * sqrt(4 / 32.),
               1e-9);
  assert_true(isnan(plan->scales[0].detectable_ceg));
  assert_false(plan->underpowered);
  ockham_plan_free(plan);
}

/* The effect that is promised to be found with 80 % power is found in 80 % of simulated studies, by a t test with the
 * noise of the plan's own replicates: an irregular design, so that the worst level is no formula. */
static void test_power_by_simulation(void **state) {
  enum { N = 6000, K = 5 };
  ockham_run pilot[2];
  ock_rng rng = ock_rng_make(5, 0);
  setup s;
  size_t n_found = 0, n_false = 0;
  (void)state;
  make_setup(&s, K, 1);
  s.study.design = OCKHAM_DESIGN_D_OPTIMAL;
  s.study.design_runs = 7;
  s.scales[0].replicates = 2;
  for (size_t i = 0; i < 2; i++) pilot[i] = done_run(0, all_zero, i, i % 2 ? 1.01 : .99, NAN, NAN);
  ockham_plan *plan = plan_with(&s.study, pilot, 2);
  double noise = plan->scales[0].noise, effect = plan->scales[0].detectable_loss;
  size_t degrees = 0, worst = 0;
  double variance = 0, packed[36], inverse[64], rows[64 * 8];
  for (size_t i = 0; i < plan->n_runs; i++) {
    rows[i * (K + 1)] = 1;
    for (size_t f = 0; f < K; f++) rows[i * (K + 1) + 1 + f] = plan->runs[i].levels[f];
  }
  assert_true(ock_design_inverse(rows, plan->n_runs, K + 1, 0, packed, inverse));
  for (size_t f = 0; f < K; f++) {
    if (inverse[(f + 1) * (K + 2)] <= variance) continue;
    variance = inverse[(f + 1) * (K + 2)];
    worst = f;
  }
  double critical = ock_t_critical(.1 / K, (double)plan->scales[0].degrees);
  for (size_t n = 0; n < N; n++) {
    double y[64], estimate[2] = {0}, square = 0;
    for (size_t i = 0; i < plan->n_runs; i++) y[i] = noise * ock_rng_normal(&rng);
    degrees = 0;
    for (size_t i = 0; i < plan->n_runs; i++) { /* within cells */
      double mean = 0;
      size_t n_cell = 0, first = 0;
      for (size_t j = plan->n_runs; j-- > 0;) {
        if (memcmp(plan->runs[i].levels, plan->runs[j].levels, K) != 0) continue;
        mean += y[j];
        n_cell++;
        first = j;
      }
      square += pow(y[i] - mean / (double)n_cell, 2);
      degrees += first == i ? n_cell - 1 : 0;
    }
    for (size_t i = 0; i < plan->n_runs; i++) {
      double weight = 0; /* of the run in the estimate */
      for (size_t j = 0; j <= K; j++) weight += inverse[(worst + 1) * (K + 1) + j] * rows[i * (K + 1) + j];
      estimate[0] += weight * y[i];
      estimate[1] += weight * (y[i] + effect * plan->runs[i].levels[worst]);
    }
    double bound = critical * sqrt(square / (double)degrees * variance);
    n_false += fabs(estimate[0]) > bound;
    n_found += fabs(estimate[1]) > bound;
  }
  assert_int_equal(degrees, plan->scales[0].degrees);
  assert_true(degrees >= 3 && degrees < 6);           /* few: a normal's would be far off */
  assert_true(fabs((double)n_found / N - .8) < .018); /* 3.5 standard errors */
  assert_true(fabs((double)n_false / N - .02) < .0064);
  ockham_plan_free(plan);
}

/* loss = 1 + 2 (C / 1e12)^-.15 at three scales of the pilot: the CEG that a small change of the loss is worth. */
static void test_detectable_gain(void **state) {
  ockham_run pilot[16];
  setup s;
  (void)state;
  make_setup(&s, 6, 3);
  for (size_t i = 0; i < 12; i++) {
    double flops = pow(10, 12 + (double)(i / 4) / 4);
    pilot[i] = done_run(i / 4, all_zero, i, 1 + 2 * pow(flops / 1e12, -.15) + (i % 2 ? .001 : -.001), flops, 1);
  }
  ockham_plan *plan = plan_with(&s.study, pilot, 12);
  for (size_t i = 0; i < 3; i++) {
    double slope = .15 * 2 * pow(10, -.15 * (double)i / 4), loss = plan->scales[i].detectable_loss;
    assert_true(loss > 0 && loss < .01);
    assert_true(fabs(log(plan->scales[i].detectable_ceg) / (loss / slope) - 1) < .06);
  }
  assert_false(plan->underpowered);
  ockham_plan_free(plan);
  for (size_t i = 0; i < 12; i++) pilot[i].loss += i % 2 ? .3 : -.3; /* hopeless */
  plan = plan_with(&s.study, pilot, 12);
  assert_true(plan->underpowered);
  ockham_plan_free(plan);
  plan = plan_with(&s.study, pilot, 4); /* one scale: its noise is taken for the others', no slope */
  assert_close(plan->scales[2].noise, plan->scales[0].noise, 0);
  assert_true(isnan(plan->scales[0].detectable_ceg) && !plan->underpowered);
  ockham_plan_free(plan);
}

/* One level of three is never there in leave-one-out: nothing can be detected at that scale alone. */
static void test_untold_level(void **state) {
  ockham_run pilot[2];
  setup s;
  (void)state;
  make_setup(&s, 3, 1);
  s.factors[1].n_levels = 3;
  s.study.design = OCKHAM_DESIGN_LEAVE_ONE_OUT;
  for (size_t i = 0; i < 2; i++) pilot[i] = done_run(0, all_zero, i, i ? 1.1 : 1, NAN, NAN);
  ockham_plan *plan = plan_with(&s.study, pilot, 2);
  assert_true(isinf(plan->scales[0].detectable_loss));
  ockham_plan_free(plan);
}

/* The example of docs/designs.md by numpy and scipy: inv(A'A) of the printed cells, twelve replicates and, at S1,
 * add-one-in; and the root of the power as an integral over chi(12). */
static void test_example(void **state) {
  static const double losses[] = {1.552, 1.541, 1.567, 1.548, 1.401, 1.394, 1.398, 1.405};
  ockham_run pilot[8];
  setup s;
  (void)state;
  make_setup(&s, 8, 2);
  s.study.add_one_in = true;
  for (size_t i = 0; i < 8; i++) pilot[i] = done_run(i / 4, all_zero, i, losses[i], i < 4 ? 1.6e12 : 1e13, 1);
  ockham_plan *plan = plan_with(&s.study, pilot, 8);
  assert_int_equal(plan->scales[0].n_runs, 36);
  assert_close(plan->scales[0].detectable_loss, .017874795208, 1e-10);
  assert_close(plan->scales[1].detectable_loss, .008468343665, 1e-10);
  assert_close(plan->scales[1].detectable_ceg, exp(.008468343665 / (1.552 - 1.3995) * log(6.25)), 1e-9);
  ockham_plan_free(plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_time),
      cmocka_unit_test(test_power_against_r),
      cmocka_unit_test(test_detectable),
      cmocka_unit_test(test_power_by_simulation),
      cmocka_unit_test(test_detectable_gain),
      cmocka_unit_test(test_untold_level),
      cmocka_unit_test(test_example),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
