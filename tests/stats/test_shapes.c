/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/internal.h"
#include "test.h"

enum { N = 400 };

/* ---- Student's t ---- */

/* In one column: the maximum that scipy 1.17.1 finds (stats.t.fit) for these 60 numbers, in 64ths. */
static void student_is_that_of_scipy(void **state) {
  (void)state;
  static const int numbers[] = {128, 15,  132, 73,   145, 267, -239, 83,  146, 70, -68, 69,   125, 117, 3,
                                8,   92,  5,   112,  172, 154, -31,  192, 62,  77, 211, 112,  100, 93,  97,
                                126, 239, 9,   -114, 137, 67,  108,  215, 134, 64, 140, -225, -38, 243, 157,
                                284, 102, 70,  8,    116, 45,  129,  -78, 14,  78, 99,  206,  61,  103, 301};
  enum { COUNT = sizeof numbers / sizeof *numbers };
  double x[COUNT], log_likelihood, freedom;
  for (size_t i = 0; i < COUNT; i++) x[i] = numbers[i] / 64.0;
  for (int o = OCK_SPHERE; o <= OCK_ANY_ORIENTATION; o++) { /* in one column all are the same */
    assert_int_equal(ock_student_estimate(x, NULL, COUNT, 1, (ock_orientation)o, &log_likelihood, &freedom),
                     OCK_SHAPE_FITTED);
    assert_true(fabs(log_likelihood - -110.6218415086268) < 0.05);
    assert_true(fabs(freedom - 2.958) < 0.3);
  }
}

/* Gaussian rows have nothing of a t: the likelihood is nearly that of the Gaussian, by its formula. */
static void gaussian_rows_have_many_degrees_of_freedom(void **state) {
  (void)state;
  static double x[N * 2];
  ock_rng rng = ock_rng_make(3, 1);
  double squares[2] = {0}, mean[2] = {0}, log_likelihood, freedom;
  for (size_t i = 0; i < (size_t)N * 2; i++) x[i] = (i % 2 ? 5 : 1) * ock_rng_normal(&rng);
  for (size_t i = 0; i < (size_t)N * 2; i++) mean[i % 2] += x[i] / N;
  for (size_t i = 0; i < (size_t)N * 2; i++) squares[i % 2] += (x[i] - mean[i % 2]) * (x[i] - mean[i % 2]);
  double gaussian = 0;
  for (size_t l = 0; l < 2; l++) gaussian -= 0.5 * N * (log(2 * acos(-1) * squares[l] / N) + 1);
  assert_int_equal(ock_student_estimate(x, NULL, N, 2, OCK_ALONG_AXES, &log_likelihood, &freedom), OCK_SHAPE_FITTED);
  assert_true(log_likelihood > gaussian - 1 && log_likelihood < gaussian + 4);
  assert_true(freedom > 15);
}

/* ---- columns ---- */

/* The density has area 1, and its logarithms add up to what the estimate says. */
static void densities_are_densities(void **state) {
  (void)state;
  ock_sinh_arcsinh_fit fit = {.location = 1, .scale = 2, .skew = 0.4, .tail = 0.7};
  double area = 0;
  for (double x = -2000; x < 2000; x += 0.01) area += 0.01 * exp(ock_sinh_arcsinh_log_density(&fit, x));
  assert_close(area, 1, 1e-4);
  double x[N], sum = 0;
  ock_rng rng = ock_rng_make(5, 1);
  for (size_t i = 0; i < N; i++)
    x[i] = fit.location + fit.scale * sinh((asinh(ock_rng_normal(&rng)) + fit.skew) / fit.tail);
  double truth = 0;
  for (size_t i = 0; i < N; i++) truth += ock_sinh_arcsinh_log_density(&fit, x[i]);
  ock_sinh_arcsinh_fit found;
  assert_true(ock_sinh_arcsinh_estimate(x, NULL, N, &found));
  for (size_t i = 0; i < N; i++) sum += ock_sinh_arcsinh_log_density(&found, x[i]);
  assert_close(found.log_likelihood, sum, 1e-10);
  assert_true(sum > truth); /* the maximum is above the parameters that the numbers were drawn with ... */
  assert_true(sum < truth + 10);
}

/* ... and below it everywhere near. */
static void estimates_are_maxima(void **state) {
  (void)state;
  double x[N];
  ock_rng rng = ock_rng_make(6, 1);
  for (size_t i = 0; i < N; i++) x[i] = exp(0.5 * ock_rng_normal(&rng));
  ock_sinh_arcsinh_fit best;
  assert_true(ock_sinh_arcsinh_estimate(x, NULL, N, &best));
  for (size_t trial = 0; trial < 200; trial++) {
    ock_sinh_arcsinh_fit other = best;
    double sum = 0;
    other.location += 0.05 * ock_rng_normal(&rng);
    other.scale *= exp(0.05 * ock_rng_normal(&rng));
    other.skew += 0.05 * ock_rng_normal(&rng);
    other.tail *= exp(0.05 * ock_rng_normal(&rng));
    for (size_t i = 0; i < N; i++) sum += ock_sinh_arcsinh_log_density(&other, x[i]);
    assert_true(sum < best.log_likelihood + 0.2);
  }
}

/* Log-normal numbers: the logarithm of the distance from 0 is normal, or nearly that; the likelihood is that of the
 * normal values times the slope there, taken by differences. */
static void powers_make_columns_normal(void **state) {
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2) {
    double x[N], sum = 0, squares = 0;
    ock_rng rng = ock_rng_make(7, 1);
    for (size_t i = 0; i < N; i++) x[i] = sign * exp(ock_rng_normal(&rng));
    ock_power_fit fit;
    assert_int_equal(ock_power_estimate(x, NULL, N, &fit), OCK_SHAPE_FITTED);
    assert_true(fit.sign == sign && fabs(fit.power) < 0.25);
    for (size_t i = 0; i < N; i++) {
      double z = ock_power_normal(&fit, x[i]), step = 1e-6 * fabs(x[i] - fit.end);
      double slope = (ock_power_normal(&fit, x[i] + step) - ock_power_normal(&fit, x[i] - step)) / (2 * step);
      squares += z * z;
      sum += log(fabs(slope)) - 0.5 * z * z - 0.5 * log(2 * acos(-1));
    }
    assert_close(squares, N, 1e-9);
    assert_close(fit.log_likelihood, sum, 1e-6);
  }
}

/* A weight of 2 is the number twice. */
static void weights_are_copies(void **state) {
  (void)state;
  double x[N], twice[2 * N], weight[N], a, b, freedom;
  ock_rng rng = ock_rng_make(8, 1);
  for (size_t i = 0; i < N; i++) {
    twice[2 * i] = twice[2 * i + 1] = x[i] = exp(ock_rng_normal(&rng));
    weight[i] = 2;
  }
  ock_sinh_arcsinh_fit s, t;
  ock_power_fit p, q;
  assert_true(ock_sinh_arcsinh_estimate(x, weight, N, &s) && ock_sinh_arcsinh_estimate(twice, NULL, 2 * N, &t));
  assert_close(s.log_likelihood, t.log_likelihood, 1e-6);
  assert_int_equal(ock_power_estimate(x, weight, N, &p) + ock_power_estimate(twice, NULL, 2 * N, &q), OCK_SHAPE_FITTED);
  assert_close(p.log_likelihood, q.log_likelihood, 1e-9);
  assert_int_equal(ock_student_estimate(x, weight, N, 1, OCK_SPHERE, &a, &freedom), OCK_SHAPE_FITTED);
  assert_int_equal(ock_student_estimate(twice, NULL, 2 * N, 1, OCK_SPHERE, &b, &freedom), OCK_SHAPE_FITTED);
  assert_close(a, b, 1e-6);
}

static void what_does_not_vary_has_no_shape(void **state) {
  (void)state;
  double x[8] = {3, 3, 3, 3, 3, 3, 3, 3}, a, freedom;
  ock_sinh_arcsinh_fit s;
  ock_power_fit p;
  assert_false(ock_sinh_arcsinh_estimate(x, NULL, 8, &s));
  assert_int_equal(ock_power_estimate(x, NULL, 8, &p), OCK_SHAPE_NONE);
  assert_int_equal(ock_student_estimate(x, NULL, 8, 1, OCK_SPHERE, &a, &freedom), OCK_SHAPE_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(student_is_that_of_scipy),        cmocka_unit_test(gaussian_rows_have_many_degrees_of_freedom),
      cmocka_unit_test(densities_are_densities),         cmocka_unit_test(estimates_are_maxima),
      cmocka_unit_test(powers_make_columns_normal),      cmocka_unit_test(weights_are_copies),
      cmocka_unit_test(what_does_not_vary_has_no_shape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
