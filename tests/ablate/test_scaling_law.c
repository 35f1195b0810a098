/* SPDX-License-Identifier: Apache-2.0 */
/* The fit of a scaling law against scipy's minimum of the same objective, and against the truth. */
#include <ockham/ablate.h>

#include "ablate/analysis_reference.h"
#include "test.h"

enum { N = sizeof law_losses / sizeof *law_losses };

static double huber_sum(const double *p) {
  double sum = 0;
  for (size_t i = 0; i < N; i++) {
    double loss = p[0] + p[1] * pow(law_parameters[i], -p[3]) + p[2] * pow(law_tokens[i], -p[4]);
    double r = fabs(log(loss / law_losses[i]));
    sum += r <= 1e-3 ? r * r / 2 : 1e-3 * (r - .5e-3);
  }
  return sum;
}

/* Not above scipy's, from more starts, by more than its tolerance; the same place. */
static void test_against_scipy(void **state) {
  (void)state;
  ockham_scaling_law law;
  assert_ok(ockham_scaling_law_fit(law_parameters, law_tokens, law_losses, N, 0, 0, &law, err));
  const double found[5] = {law.E.value, law.A.value, law.B.value, law.alpha.value, law.beta.value};
  assert_close(law.objective, huber_sum(found), 1e-12);
  assert_true(law.objective <= law_objective[0] * (1 + 1e-6));
  for (size_t j = 0; j < 5; j++) assert_close(found[j] / law_found[j], 1, 1e-3);
  assert_true(isnan(law.E.low) && isnan(law.E.high) && law.n == N);
}

/* The replication's parameters (Besiroglu et al., 2024), without noise. */
static void test_exact(void **state) {
  (void)state;
  double n[60], d[60], loss[60];
  for (size_t i = 0; i < 60; i++) {
    n[i] = 5e7 * pow(1.6, (double)(i % 12)), d[i] = 5e9 * pow(3, (double)(i / 12));
    loss[i] = 1.8172 + 482.01 * pow(n[i], -.3478) + 2085.43 * pow(d[i], -.3658);
  }
  ockham_scaling_law law;
  assert_ok(ockham_scaling_law_fit(n, d, loss, 60, 0, 0, &law, err));
  assert_close(law.E.value, 1.8172, 1e-4);
  assert_close(law.A.value / 482.01, 1, 1e-2);
  assert_close(law.B.value / 2085.43, 1, 1e-2);
  assert_close(law.alpha.value, .3478, 1e-3);
  assert_close(law.beta.value, .3658, 1e-3);
  for (size_t i = 0; i < 60; i++) n[i] *= 1e-6, d[i] *= 1e-9; /* other units change A and B alone */
  assert_ok(ockham_scaling_law_fit(n, d, loss, 60, 0, 0, &law, err));
  assert_close(law.E.value, 1.8172, 1e-4);
  assert_close(law.A.value / (482.01 * pow(1e6, -.3478)), 1, 1e-2);
}

static void test_intervals(void **state) {
  (void)state;
  ockham_scaling_law law, again;
  assert_ok(ockham_scaling_law_fit(law_parameters, law_tokens, law_losses, N, 60, 5, &law, err));
  assert_ok(ockham_scaling_law_fit(law_parameters, law_tokens, law_losses, N, 60, 5, &again, err));
  assert_memory_equal(&law.alpha, &again.alpha, sizeof law.alpha);
  assert_true(law.alpha.low < .34 && .34 < law.alpha.high); /* as they were drawn */
  assert_true(law.E.low < law.E.value && law.E.value < law.E.high && law.E.high - law.E.low < .5);
  assert_true(law.alpha.low < law.alpha.value && law.alpha.value < law.alpha.high);
}

static void test_bad_points(void **state) {
  (void)state;
  double n[8] = {1, 2, 3, 4, 5, 6, 7, 8}, d[8] = {8, 7, 6, 5, 4, 3, 2, 1}, loss[8] = {2, 3, 2, 3, 2, 3, 2, 3};
  ockham_scaling_law law;
  ockham_error error;
  assert_int_equal(ockham_scaling_law_fit(n, d, loss, 6, 0, 0, &law, &error), OCKHAM_BAD_ARGUMENT);
  loss[4] = 0;
  assert_int_equal(ockham_scaling_law_fit(n, d, loss, 8, 0, 0, &law, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "expected losses above 0, found 0 in row 5");
  assert_true(error.row == 5);
  for (size_t i = 0; i < 8; i++) d[i] = 3;
  assert_int_equal(ockham_scaling_law_fit(n, d, loss, 8, 0, 0, &law, &error), OCKHAM_BAD_DATA);
}

static void test_allocation_failures(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ockham_scaling_law law;
    ock_fault_after(n);
    ockham_status status = ockham_scaling_law_fit(law_parameters, law_tokens, law_losses, 12, 2, 5, &law, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_scipy),       cmocka_unit_test(test_exact),
      cmocka_unit_test(test_intervals),           cmocka_unit_test(test_bad_points),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
