/* SPDX-License-Identifier: Apache-2.0 */
/* Run lengths by simulation against exact ones: R 4.2.2, package spc 0.6.7 (Knoth), whose calls stand beside the
 * numbers; and against formulas where there are some. */
#include "drift/internal.h"
#include "test.h"

typedef struct chart {
  double k, lambda; /* of a one-sided CUSUM; of an EWMA */
} chart;

static void start_nothing(const void *context, void *state, ock_rng *rng) {
  (void)context, (void)state, (void)rng;
}

static double step_cusum(const void *context, void *state, ock_rng *rng) {
  double *sum = state;
  return *sum = fmax(0, *sum + ock_rng_normal(rng) - ((const chart *)context)->k);
}

/* In standard deviations of its limit distribution, both sides. */
static double step_ewma(const void *context, void *state, ock_rng *rng) {
  double *z = state, lambda = ((const chart *)context)->lambda;
  *z += lambda * (ock_rng_normal(rng) - *z);
  return fabs(*z) / sqrt(lambda / (2 - lambda));
}

static ock_run_lengths simulate(const void *context, double (*step)(const void *, void *, ock_rng *),
                                void (*start)(const void *, void *, ock_rng *), size_t n_steps, size_t threads) {
  ock_null_streams streams = {.context = context,
                              .state_size = 16,
                              .n_streams = 1500,
                              .n_steps = n_steps,
                              .rows_a_step = 1,
                              .start = start,
                              .step = step};
  ock_run_lengths curve = {0};
  assert_ok(ock_run_lengths_simulate(&streams, 1, threads, &curve, err));
  return curve;
}

/* 1,500 streams: standard errors of 2.6 % where all of them alarm, and more beyond the streams' ends. */
static void check(const ock_run_lengths *curve, double limit, double rows, double within) {
  double found = ock_run_lengths_at(curve, limit);
  if (fabs(found / rows - 1) > within) fail_msg("run length %g instead of %g", found, rows);
  assert_close(ock_run_lengths_limit(curve, found), limit, 1e-9);
}

static void test_cusum_is_as_exact_ones(void **state) {
  (void)state;
  ock_run_lengths curve = simulate(&(chart){.k = .5}, step_cusum, start_nothing, 2000, 0);
  check(&curve, 2, 38.54752744, .08); /* xcusum.arl(k=.5, h=2, mu=0) */
  check(&curve, 4, 335.3675776, .08); /* xcusum.arl(k=.5, h=4, mu=0) */
  check(&curve, 5, 930.8870121, .08); /* h=5; two-sided it is 465.4 */
  check(&curve, 7, 6966.222878, .15); /* h=7: most streams end before */
  check(&curve, 9, 51587.19641, .3);  /* h=9: an extrapolation */
}

static void test_ewma_is_as_exact_ones(void **state) {
  (void)state;
  ock_run_lengths curve = simulate(&(chart){.lambda = .1}, step_ewma, start_nothing, 2000, 0);
  check(&curve, 2.7, 368.9937340, .08); /* xewma.arl(l=.1, c=2.7, mu=0, sided="two") */
  check(&curve, 3, 842.1497558, .08);   /* c=3 */
  check(&curve, 4, 26240.42513, .3);    /* c=4: most streams end before */
}

/* A stream whose rate of alarms is log-normal over streams: T = 1 / rate has mean exp(-centre + width^2 / 2). */
static void start_rate(const void *context, void *state, ock_rng *rng) {
  *(double *)state = *(const double *)context * ock_rng_normal(rng);
}
/* A step exceeds h with probability exp(rate - h). */
static double step_rate(const void *context, void *state, ock_rng *rng) {
  (void)context;
  return *(double *)state - log(1 - ock_rng_uniform(rng));
}

static void test_lucky_references_count(void **state) {
  (void)state;
  double width = .8, truth = exp(8 + width * width / 2); /* of h = 8; four times as long as streams */
  ock_run_lengths curve = simulate(&width, step_rate, start_rate, 1000, 0);
  check(&curve, 8, truth, .25);
  width = 0;
  curve = simulate(&width, step_rate, start_rate, 1000, 0);
  check(&curve, 5, exp(5), .08);
  check(&curve, 8, exp(8), .15);
  check(&curve, 12, exp(12), .5);
}

static void test_threads_give_the_same_bits(void **state) {
  (void)state;
  ock_run_lengths one = simulate(&(chart){.k = .5}, step_cusum, start_nothing, 300, 1);
  ock_run_lengths four = simulate(&(chart){.k = .5}, step_cusum, start_nothing, 300, 4);
  assert_memory_equal(&one, &four, sizeof one);
  assert_true(one.n > 20);
  for (size_t i = 1; i < one.n; i++) {
    assert_true(one.statistic[i] > one.statistic[i - 1]);
    assert_true(one.log_rows[i] > one.log_rows[i - 1]);
  }
}

static void test_memory_may_run_out(void **state) {
  (void)state;
  ock_null_streams streams = {.context = &(chart){.k = .5},
                              .state_size = 16,
                              .n_streams = 20,
                              .n_steps = 100,
                              .rows_a_step = 1,
                              .start = start_nothing,
                              .step = step_cusum};
  for_each_allocation_failure(n) {
    ock_run_lengths curve;
    ock_fault_after(n);
    ockham_error error = {0};
    ockham_status status = ock_run_lengths_simulate(&streams, 1, 1, &curve, &error);
    if (ock_fault_hits()) assert_int_equal(status, OCKHAM_NO_MEMORY);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cusum_is_as_exact_ones), cmocka_unit_test(test_ewma_is_as_exact_ones),
      cmocka_unit_test(test_lucky_references_count), cmocka_unit_test(test_threads_give_the_same_bits),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
