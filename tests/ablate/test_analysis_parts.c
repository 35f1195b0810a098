/* SPDX-License-Identifier: Apache-2.0 */
/* Curves, Fieller's interval and multiple tests, against scipy and by counting. */
#include "ablate/analysis.h"
#include "ablate/analysis_reference.h"
#include "test.h"

/* scipy's PchipInterpolator. */
static void test_curve(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof curve_at / sizeof *curve_at; i++) {
    assert_close(ock_curve_at(curve_x, curve_y, 5, curve_at[i]), curve_value[i], 1e-13);
    double back = ock_curve_find(curve_x, curve_y, 5, 2, curve_value[i]);
    assert_close(back, curve_at[i], 1e-9);
  }
  const double steep[3] = {2, 1.9, 1};
  for (size_t i = 0; i < sizeof curve_two / sizeof *curve_two; i++)
    assert_close(ock_curve_at(curve_x, steep, 3, curve_at[i]), curve_two[i], 1e-13);
}

static void test_beyond_the_curve(void **state) {
  (void)state;
  assert_true(ock_curve_find(curve_x, curve_y, 5, 1, 1.4) == INFINITY);
  assert_true(ock_curve_find(curve_x, curve_y, 5, 3, 2.5) == -INFINITY);
  assert_true(ock_curve_find(curve_x, curve_y, 5, 1, curve_y[1]) == curve_x[1]);
  assert_true(ock_curve_find(curve_x, curve_y, 2, 0, 1.95) < curve_x[1]);
}

/* Fieller's set is where (c0 + c1 x)^2 <= t^2 var(c0 + c1 x): by looking at each x. */
static void test_fieller(void **state) {
  (void)state;
  const double c0 = .3, c1 = -.8, v00 = .01, v01 = -.004, v11 = .02, t = 1.8;
  ockham_interval found = ock_fieller(c0, c1, v00, v01, v11, t);
  assert_close(found.value, .375, 1e-12);
  double low = NAN, high = NAN;
  for (double x = -5; x < 5; x += 1e-4) {
    double at = c0 + c1 * x, variance = v00 + 2 * v01 * x + v11 * x * x;
    if (at * at > t * t * variance) continue;
    low = isnan(low) ? x : low;
    high = x;
  }
  assert_close(found.low, low, 2e-4);
  assert_close(found.high, high, 2e-4);
  assert_true(isnan(ock_fieller(.3, .2, .01, 0, .02, 1.8).value)); /* the slope may be 0 */
}

/* scipy's false_discovery_control. */
static void test_false_discovery(void **state) {
  (void)state;
  enum { M = sizeof discovery_p / sizeof *discovery_p };
  double p[M + 1];
  memcpy(p, discovery_p, sizeof discovery_p);
  p[M] = NAN;
  ock_arena arena = {0};
  assert_true(ock_false_discovery(p, M + 1, &arena));
  for (size_t i = 0; i < M; i++) assert_close(p[i], discovery_adjusted[i], 1e-14);
  assert_true(isnan(p[M]));
  ock_arena_clear(&arena);
}

/* By counting: of the largest one, over all; of the smallest, it alone; never falling. */
static void test_step_down(void **state) {
  (void)state;
  enum { DRAWS = 400, M = 4 };
  static double draws[DRAWS * M];
  const double t[M] = {1.2, -2.5, NAN, .4};
  ock_rng rng = ock_rng_make(1, 1);
  for (size_t i = 0; i < DRAWS * M; i++) draws[i] = ock_rng_normal(&rng);
  double p[M], first = 1, second = 1, third = 1;
  for (size_t b = 0; b < DRAWS; b++) {
    const double *d = draws + b * M;
    double two = fmax(fabs(d[0]), fabs(d[3]));
    first += fmax(two, fabs(d[1])) >= 2.5, second += two >= 1.2, third += fabs(d[3]) >= .4;
  }
  ock_arena arena = {0};
  assert_true(ock_step_down(t, draws, DRAWS, M, &arena, p));
  assert_close(p[1], first / (DRAWS + 1), 1e-12);
  assert_close(p[0], fmax(first, second) / (DRAWS + 1), 1e-12);
  assert_close(p[3], fmax(second, third) / (DRAWS + 1), 1e-12);
  assert_true(isnan(p[2]));
  ock_arena_clear(&arena);
}

static void test_intervals(void **state) {
  (void)state;
  double values[] = {5, 1, 3, 2, 4, 0, 6, 8, 7, 9, 10};
  ockham_interval found = ock_interval_of(5.5, values, 11, .8);
  assert_close(found.low, 1, 1e-12);
  assert_close(found.high, 9, 1e-12);
  double infinite[] = {1, 2, INFINITY, INFINITY};
  found = ock_interval_of(2, infinite, 4, .9);
  assert_true(isinf(found.high) && found.low > 1 && found.low < 2);
  double unknown[] = {1, NAN};
  assert_true(isnan(ock_interval_of(1, unknown, 2, .9).low));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_curve),           cmocka_unit_test(test_beyond_the_curve), cmocka_unit_test(test_fieller),
      cmocka_unit_test(test_false_discovery), cmocka_unit_test(test_step_down),        cmocka_unit_test(test_intervals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
