/* SPDX-License-Identifier: Apache-2.0 */
/* Against scipy 1.17: stats.cauchy.sf((w * cauchy.isf(p)).sum()), false_discovery_control, and a root of
 * ncx2.sf(chi2.isf(level, 9), 9, x) - .8. */
#include "drift/internal.h"
#include "test.h"

static void combined_as_by_scipy(void **unused) {
  (void)unused;
  static const struct {
    size_t n;
    double p[4], weights[4], combined;
  } known[] = {
      {3, {.01, .4, .9}, {.5, .25, .25}, 0.020881077212206677},
      {2, {1e-12, .5}, {.1, .9}, 1e-11},
      {4, {.2, .3, .04, .6}, {.25, .25, .25, .25}, 0.12457061172706888},
      {4, {.002, .003, .04, .97}, {.4, .3, .2, .1}, 0.0033150397423501146},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double p = ock_p_values_combine(known[i].p, known[i].weights, known[i].n);
    assert_true(fabs(p / known[i].combined - 1) < 1e-9);
  }
}

static void ends_are_taken(void **unused) {
  (void)unused;
  static const double ones[] = {1, 1}, mixed[] = {0, 1}, low[] = {1e-6, 1}, even[] = {.5, .5}, first[] = {1, 0};
  assert_true(ock_p_values_combine(ones, even, 2) > .98);
  assert_true(ock_p_values_combine(mixed, even, 2) >= 0 && ock_p_values_combine(mixed, even, 2) < 1e-200);
  assert_true(ock_p_values_combine(low, even, 2) < 2.1e-6); /* a p of 1 does not cover it */
  assert_close(ock_p_values_combine(low, first, 2), 1e-6, 1e-9);
  assert_true(ock_p_values_combine(low, (double[]){0, 0}, 2) == 1);
}

static void picked_as_by_scipy(void **unused) {
  (void)unused;
  enum { N = 10 };
  static const double p[N] = {.001, .008, .039, .041, .042, .06, .074, .205, .212, .216};
  double weights[N];
  bool picked[N];
  for (size_t i = 0; i < N; i++) weights[i] = 1. / N;
  ock_p_values_pick(p, weights, N, .05, picked);
  for (size_t i = 0; i < N; i++) assert_true(picked[i] == (i < 2));
  ock_p_values_pick(p, weights, N, .09, picked); /* .042 <= .09 x 5 / 10 */
  for (size_t i = 0; i < N; i++) assert_true(picked[i] == (i < 5));
  ock_p_values_pick(p, weights, N, 1e-9, picked); /* the whole is significant: one is always named */
  for (size_t i = 0; i < N; i++) assert_true(picked[i] == (i == 0));
}

static void smallest_shifts_are_those_of_scipy(void **unused) {
  (void)unused;
  assert_close(ock_smallest_shift(5000, 5000, .01), 0.09453805048219273, 1e-6);
  assert_close(ock_smallest_shift(100000, 1000, 1e-4), 0.19360565744471767, 1e-6);
  assert_close(ock_smallest_shift(500, 50, .05), 0.5991642402845566, 1e-6);
  assert_true(isinf(ock_smallest_shift(0, 50, .05)));
}

/* By hand: .6, .2, .2, of which inputs have four parts here, two of them the columns'. */
static void a_budget_is_split(void **unused) {
  (void)unused;
  enum { N = 7 };
  const ockham_signal signals[N] = {{.kind = OCKHAM_SIGNAL_CLUSTERS}, {.kind = OCKHAM_SIGNAL_DISTANCE},
                                    {.kind = OCKHAM_SIGNAL_COLUMN},   {.kind = OCKHAM_SIGNAL_COLUMN},
                                    {.kind = OCKHAM_SIGNAL_OUTPUT},   {.kind = OCKHAM_SIGNAL_OUTPUT},
                                    {.kind = OCKHAM_SIGNAL_MISSING}};
  static const double usual[N] = {.15, .15, .15, .15, .1, .1, .2};
  double split[N];
  ock_budget_split(signals, NULL, N, NULL, split);
  for (size_t s = 0; s < N; s++) assert_close(split[s], usual[s], 1e-12);
  const bool watched[N] = {[1] = true, [2] = true, [3] = true};
  ock_budget_split(signals, watched, N, NULL, split);
  for (size_t s = 0; s < N; s++) assert_close(split[s], s >= 1 && s <= 3 ? 1. / 3 : 0, 1e-12);
  const double shares[OCKHAM_N_SIGNAL_GROUPS] = {[OCKHAM_GROUP_OUTPUTS] = 3, [OCKHAM_GROUP_MISSING] = 1};
  ock_budget_split(signals, NULL, N, shares, split);
  for (size_t s = 0; s < N; s++) assert_close(split[s], s < 4 ? 0 : s < 6 ? .375 : .25, 1e-12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(combined_as_by_scipy),
      cmocka_unit_test(ends_are_taken),
      cmocka_unit_test(picked_as_by_scipy),
      cmocka_unit_test(a_budget_is_split),
      cmocka_unit_test(smallest_shifts_are_those_of_scipy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
