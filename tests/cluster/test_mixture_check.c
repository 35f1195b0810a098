/* SPDX-License-Identifier: Apache-2.0 */
/* What is a mixture, and which rows are too far from one: ockham_mixture_check() and ockham_mixture_predict(). */
#include <float.h>

#include "cluster/mixture.h"
#include "scene.h"
#include "stats/internal.h"

enum { K = 2, D = 3, MOST = 12 };

static double proportions[K], means[K * D], covariances[K * D * D];

/* Two components that lie along the axes. */
static ockham_mixture plain_mixture(ockham_covariance family) {
  static const double variances[K * D] = {1, 2, 3, 0.25, 5, 1};
  bool diagonal = ockham_covariance_size(family, D) == D;
  memset(covariances, 0, sizeof covariances);
  for (size_t i = 0; i < K * D; i++) {
    means[i] = (double)i;
    covariances[diagonal ? i : i / D * D * D + i % D * (D + 1)] = variances[i];
  }
  proportions[0] = 0.75;
  proportions[1] = 0.25;
  return (ockham_mixture){.family = family,
                          .k = K,
                          .n_columns = D,
                          .proportions = proportions,
                          .means = means,
                          .covariances = covariances,
                          .tail = 1};
}

static void assert_refused(const ockham_mixture *mixture, const char *message) {
  ockham_error err = {0};
  assert_int_equal(ockham_mixture_check(mixture, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, message);
}

static void what_is_fitted_passes(void **state) {
  (void)state;
  static scene data;
  ock_rng rng = ock_rng_make(71, 0);
  scene_shape(&data, 300, 3, 0, OCKHAM_FLOAT64);
  for (size_t i = 0; i < 300; i++)
    for (size_t l = 0; l < 3; l++)
      scene_put(&data, i, l, 1e-3 * (8 * (double)(i % 3) * (double)(l + 1) + ock_rng_normal(&rng)));
  for (size_t f = 0; f < OCKHAM_N_COVARIANCES; f++)
    for (size_t tails = 0; tails < 2; tails++) {
      ockham_mixture_options options = {
          .k = 3, .families = ockham_covariance_name((ockham_covariance)f), .tails = tails};
      ockham_mixture mixture;
      assert_ok(ockham_mixture_fit(data.x, &options, NULL, &mixture, err));
      assert_ok(ockham_mixture_check(&mixture, err));
      ockham_mixture_clear(&mixture);
    }
}

static void kinds_are_checked(void **state) {
  (void)state;
  ockham_mixture good = plain_mixture(OCKHAM_VVV), m = good;
  assert_ok(ockham_mixture_check(&m, err));
  m.k = 0;
  assert_refused(&m, "a mixture must have at least one component and one column, found 0 and 3");
  m = good;
  m.n_columns = 0;
  assert_refused(&m, "a mixture must have at least one component and one column, found 2 and 0");
  m.n_columns = (size_t)1 << 31; /* squared it is 2^62, which k doubles of are not */
  assert_refused(&m, "2 covariances of 2147483648 columns are more than can be addressed");
  m.family = OCKHAM_EII;
  m.n_columns = SIZE_MAX;
  assert_refused(&m, "2 covariances of 18446744073709551615 columns are more than can be addressed");
  m = good;
  m.means = NULL;
  assert_refused(&m, "a mixture must have proportions, means and covariances, found NULL");
  m = good;
  m.family = OCKHAM_N_COVARIANCES;
  assert_refused(&m, "the family must be one of 14, found number 14");
  m = good;
  m.tail = 0;
  assert_refused(&m, "the tail must be from 0.1 to 10, found 0");
  m.tail = NAN;
  assert_refused(&m, "the tail must be from 0.1 to 10, found nan");
}

static void numbers_are_checked(void **state) {
  (void)state;
  static const struct {
    ockham_covariance family;
    double *at, value;
    const char *message;
  } wrong[] = {
      {OCKHAM_VVV, &proportions[1], -0.25, "the proportion of component 1 must be finite and positive, found -0.25"},
      {OCKHAM_VVV, &proportions[1], 0, "the proportion of component 1 must be finite and positive, found 0"},
      {OCKHAM_VVV, &proportions[0], INFINITY, "the proportion of component 0 must be finite and positive, found inf"},
      {OCKHAM_VVV, &proportions[0], 0.5, "the proportions of components must add up to 1, found 0.75"},
      {OCKHAM_VVV, &means[4], NAN, "the mean of component 1 must be finite, found nan in column 2"},
      {OCKHAM_VVV, &covariances[1], NAN, "the covariance of component 0 must be finite, found nan for columns 1 and 2"},
      {OCKHAM_VVV, &covariances[1], 0.5,
       "the covariance of component 0 must be symmetric, found 0.5 and 0 for columns 1 and 2"},
      {OCKHAM_VVI, &covariances[4], NAN, "the variance of component 1 must be finite, found nan in column 2"},
      {OCKHAM_VVI, &covariances[3], 0, "the covariance of component 1 must be positive definite"},
      {OCKHAM_VVI, &covariances[3], -1, "the covariance of component 1 must be positive definite"},
      {OCKHAM_EEE, &covariances[9], -1, "the covariance of component 1 must be positive definite"},
      {OCKHAM_EEE, &covariances[9], INFINITY,
       "the covariance of component 1 must be finite, found inf for columns 1 and 1"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    ockham_mixture m = plain_mixture(wrong[i].family);
    *wrong[i].at = wrong[i].value;
    assert_refused(&m, wrong[i].message);
  }
  ockham_mixture m = plain_mixture(OCKHAM_VVV); /* as sums in another order may round */
  covariances[1] = 0.1;
  covariances[3] = nextafter(0.1, 1);
  proportions[0] = nextafter(0.75, 1);
  assert_ok(ockham_mixture_check(&m, err));
}

/* A matrix passes when its least eigenvalue, found by rotations and not by a factor, is positive. */
static void definite_is_what_has_positive_eigenvalues(void **state) {
  (void)state;
  double a[MOST * MOST], spoilt[MOST * MOST], values[MOST], vectors[MOST * MOST], mean[MOST] = {0}, one = 1;
  ock_rng rng = ock_rng_make(72, 0);
  int n_definite = 0, n_other = 0;
  for (int repeat = 0; repeat < 2000; repeat++) {
    size_t d = 1 + ock_rng_below(&rng, MOST);
    for (size_t i = 0; i < d; i++)
      for (size_t l = 0; l <= i; l++)
        a[i * d + l] = a[l * d + i] =
            ock_rng_normal(&rng) + (i == l ? 2 * sqrt((double)d) * ock_rng_uniform(&rng) + 1 : 0);
    ockham_mixture m = {.family = OCKHAM_VVV,
                        .k = 1,
                        .n_columns = d,
                        .proportions = &one,
                        .means = mean,
                        .covariances = a,
                        .tail = repeat % 2 ? 1 : 0.5};
    memcpy(spoilt, a, d * d * sizeof *a);
    ock_symmetric_eigen(spoilt, d, values, vectors);
    if (fabs(values[d - 1]) < 1e-9) continue;
    bool definite = values[d - 1] > 0;
    assert_int_equal(ockham_mixture_check(&m, NULL), definite ? OCKHAM_OK : OCKHAM_BAD_ARGUMENT);
    n_definite += definite;
    n_other += !definite;
  }
  assert_true(n_definite > 300 && n_other > 300);
}

/* A covariance may be finite and positive, and the matrix that goes with its tail not. */
static void matrices_of_tails_must_be_finite(void **state) {
  (void)state;
  ockham_mixture m = plain_mixture(OCKHAM_VVI);
  for (size_t i = 0; i < D; i++) covariances[i] = DBL_MAX;
  assert_ok(ockham_mixture_check(&m, err));
  m.tail = 4; /* its matrix is larger than its covariance */
  assert_refused(&m, "the covariance of component 0 must be positive definite");
  for (size_t i = 0; i < D; i++) covariances[i] = 5e-324;
  m.tail = 1;
  assert_ok(ockham_mixture_check(&m, err));
  m.tail = 0.1; /* smaller by far: nothing is left */
  assert_refused(&m, "the covariance of component 0 must be positive definite");
}

/* Up to the last row that is taken every density is finite; beyond it rows are refused by their number. */
static void far_rows_are_refused(void **state) {
  (void)state;
  enum { N = 70 };
  double x[N * D], densities[N], probabilities[N * K];
  uint32_t labels[N];
  static const double tails[] = {0.3, 1, 4};
  for (size_t t = 0; t < 3; t++)
    for (size_t full = 0; full < 2; full++) {
      ockham_mixture m = plain_mixture(full ? OCKHAM_VVV : OCKHAM_VVI);
      ockham_rows rows = {.data = x, .n_rows = N, .n_columns = D};
      int exponent = 0;
      m.tail = tails[t];
      for (; exponent < 1000; exponent += 7) {
        ockham_error err = {0};
        for (size_t i = 0; i < N * D; i++) x[i] = (double)(i % 5);
        x[66 * D + 1] = -ldexp(1, exponent);
        ockham_status status = ockham_mixture_predict(&m, rows, 1, labels, probabilities, densities, &err);
        if (status) {
          assert_int_equal(status, OCKHAM_BAD_DATA);
          assert_int_equal(err.row, 67);
          assert_int_equal(err.column, 2);
          assert_string_equal(err.message, "row 67 is so far from every component that its squared distance overflows");
          break;
        }
        for (size_t i = 0; i < N; i++) {
          assert_true(isfinite(densities[i]) && labels[i] < K);
          assert_close(probabilities[i * K] + probabilities[i * K + 1], 1, 1e-12);
        }
      }
      assert_true(exponent > 480 && exponent < 512);
    }
}

static void memory_runs_out(void **state) {
  (void)state;
  ockham_mixture m = plain_mixture(OCKHAM_VVV);
  long n_refusals = 0;
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_mixture_check(&m, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    n_refusals += status != OCKHAM_OK;
  }
  assert_int_equal(n_refusals, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_fitted_passes),
      cmocka_unit_test(kinds_are_checked),
      cmocka_unit_test(numbers_are_checked),
      cmocka_unit_test(definite_is_what_has_positive_eigenvalues),
      cmocka_unit_test(matrices_of_tails_must_be_finite),
      cmocka_unit_test(far_rows_are_refused),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
