/* SPDX-License-Identifier: Apache-2.0 */
/* Principal axes: against Jacobi's rotations of the covariance, planted directions, and the other way to find them. */
#include <ockham/stats.h>

#include "test.h"

static ockham_rows rows_of(const double *x, size_t n, size_t d) {
  return (ockham_rows){.data = x, .n_rows = n, .n_columns = d};
}

static ockham_principal_axes fit(ockham_rows x, const double *weights, size_t n_axes, size_t threads) {
  ockham_principal_axes axes;
  assert_ok(ockham_principal_axes_fit(x, weights, n_axes, threads, &axes, err));
  return axes;
}

/* Column j varies by spread / (j + 1), and the columns are mixed. */
static double *make_rows(size_t n, size_t d, double spread, uint64_t seed) {
  double *x = malloc(n * d * sizeof *x);
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < d; j++) {
      double before = j ? x[i * d + j - 1] - 3 : 0;
      x[i * d + j] = 3 + 0.6 * before + spread / (double)(j + 1) * ock_rng_normal(&rng);
    }
  return x;
}

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += a[j] * b[j];
  return sum;
}

/* ---- the plain way ---- */

static void plain_covariance(ockham_rows x, const double *weights, double *c) {
  size_t d = x.n_columns;
  double *mean = calloc(d, sizeof *mean), total = 0;
  for (size_t i = 0; i < x.n_rows; i++) total += weights ? weights[i] : 1;
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t j = 0; j < d; j++) mean[j] += (weights ? weights[i] : 1) * ock_rows_get(x, i, j) / total;
  memset(c, 0, d * d * sizeof *c);
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t j = 0; j < d; j++)
      for (size_t l = 0; l < d; l++)
        c[j * d + l] +=
            (weights ? weights[i] : 1) * (ock_rows_get(x, i, j) - mean[j]) * (ock_rows_get(x, i, l) - mean[l]) / total;
  free(mean);
}

/* Jacobi: turn p and q so that c_pq is 0, over and over. The values are then on the diagonal, the largest first. */
static void plain_eigenvalues(double *c, size_t d) {
  for (int sweep = 0; sweep < 60; sweep++)
    for (size_t p = 0; p < d; p++)
      for (size_t q = p + 1; q < d; q++) {
        double angle = atan2(2 * c[p * d + q], c[p * d + p] - c[q * d + q]) / 2, cosine = cos(angle), sine = sin(angle);
        for (size_t i = 0; i < d; i++) {
          double a = c[i * d + p], b = c[i * d + q];
          c[i * d + p] = cosine * a + sine * b;
          c[i * d + q] = cosine * b - sine * a;
        }
        for (size_t i = 0; i < d; i++) {
          double a = c[p * d + i], b = c[q * d + i];
          c[p * d + i] = cosine * a + sine * b;
          c[q * d + i] = cosine * b - sine * a;
        }
      }
  for (size_t i = 0; i < d; i++)
    for (size_t j = i + 1; j < d; j++)
      if (c[j * d + j] > c[i * d + i]) {
        double swap = c[i * d + i];
        c[i * d + i] = c[j * d + j];
        c[j * d + j] = swap;
      }
}

static void assert_axes_of(const ockham_principal_axes *axes, ockham_rows x, const double *weights, double tolerance) {
  size_t d = x.n_columns;
  double *c = malloc(d * d * sizeof *c), trace = 0;
  plain_covariance(x, weights, c);
  for (size_t j = 0; j < d; j++) trace += c[j * d + j];
  assert_close(axes->total_variance, trace, 1e-10);
  for (size_t a = 0; a < axes->n_axes; a++) {
    const double *v = axes->directions + a * d;
    size_t most = 0;
    for (size_t j = 0; j < d; j++) {
      assert_close(dot(c + j * d, v, d), axes->variances[a] * v[j], tolerance * fmax(1, trace));
      if (fabs(v[j]) > fabs(v[most])) most = j;
    }
    assert_true(v[most] > 0);
    for (size_t b = 0; b <= a; b++) assert_close(dot(v, axes->directions + b * d, d), a == b, 1e-12);
    assert_true(a == 0 || axes->variances[a] <= axes->variances[a - 1]);
  }
  free(c);
}

/* ---- tests ---- */

static void test_against_jacobi(void **unused) {
  (void)unused;
  const size_t shapes[][2] = {{2, 1}, {3, 2}, {200, 7}, {50, 40}, {30, 60}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    size_t n = shapes[s][0], d = shapes[s][1];
    double *x = make_rows(n, d, 4, s), *c = malloc(d * d * sizeof *c);
    ockham_principal_axes axes = fit(rows_of(x, n, d), NULL, d, 2);
    plain_covariance(rows_of(x, n, d), NULL, c);
    plain_eigenvalues(c, d);
    for (size_t a = 0; a < d; a++) assert_close(axes.variances[a], c[a * d + a], 1e-10);
    assert_axes_of(&axes, rows_of(x, n, d), NULL, 1e-10);
    ockham_principal_axes_clear(&axes);
    free(c);
    free(x);
  }
}

/* Rows on a cross: 3 along (0.6, 0.8), 1 along (-0.8, 0.6), about (10, 20). */
static void test_planted_directions(void **unused) {
  (void)unused;
  const double x[] = {10 + 1.8, 20 + 2.4, 10 - 1.8, 20 - 2.4, 10 - 0.8, 20 + 0.6, 10 + 0.8, 20 - 0.6};
  ockham_principal_axes axes = fit(rows_of(x, 4, 2), NULL, 2, 1);
  double at[8];
  assert_close(axes.mean[0], 10, 1e-15);
  assert_close(axes.mean[1], 20, 1e-15);
  assert_close(axes.directions[0], 0.6, 1e-14);
  assert_close(axes.directions[1], 0.8, 1e-14);
  assert_close(axes.directions[2], 0.8, 1e-14); /* turned so that the largest is positive */
  assert_close(axes.directions[3], -0.6, 1e-14);
  assert_close(axes.variances[0], 4.5, 1e-14);
  assert_close(axes.variances[1], 0.5, 1e-14);
  assert_close(axes.total_variance, 5, 1e-14);
  ockham_principal_axes_project(&axes, rows_of(x, 4, 2), at);
  const double expected[] = {3, 0, -3, 0, 0, -1, 0, 1};
  for (size_t i = 0; i < 8; i++) assert_close(at[i], expected[i], 1e-13);
  ockham_principal_axes_clear(&axes);
}

static void test_float32_with_gaps_is_float64(void **unused) {
  (void)unused;
  enum { N = 40, D = 5, STRIDE = 9 };
  double *x = make_rows(N, D, 2, 5), at[2 * N], same[2 * N];
  float *gaps = malloc(N * STRIDE * sizeof *gaps);
  for (size_t i = 0; i < N * STRIDE; i++) gaps[i] = 1e30f;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < D; j++) x[i * D + j] = gaps[i * STRIDE + j] = (float)x[i * D + j];
  ockham_rows single = {.data = gaps, .n_rows = N, .n_columns = D, .stride = STRIDE, .dtype = OCKHAM_FLOAT32};
  ockham_principal_axes a = fit(rows_of(x, N, D), NULL, 2, 1), b = fit(single, NULL, 2, 3);
  assert_memory_equal(a.directions, b.directions, 2 * D * sizeof *a.directions);
  assert_memory_equal(a.variances, b.variances, 2 * sizeof *a.variances);
  ockham_principal_axes_project(&a, rows_of(x, N, D), at);
  ockham_principal_axes_project(&b, single, same);
  assert_memory_equal(at, same, sizeof at);
  ockham_principal_axes_clear(&a);
  ockham_principal_axes_clear(&b);
  free(gaps);
  free(x);
}

static void test_weights_stand_for_rows(void **unused) {
  (void)unused;
  enum { N = 30, D = 4 };
  double *x = make_rows(N, D, 3, 6), *repeated = malloc(3 * N * D * sizeof *x), weights[N];
  size_t n = 0;
  for (size_t i = 0; i < N; i++) {
    weights[i] = (double)(i % 4);
    for (size_t r = 0; r < i % 4; r++) memcpy(repeated + D * n++, x + i * D, D * sizeof *x);
  }
  ockham_principal_axes a = fit(rows_of(x, N, D), weights, D, 1), b = fit(rows_of(repeated, n, D), NULL, D, 1);
  for (size_t j = 0; j < D; j++) assert_close(a.variances[j], b.variances[j], 1e-12);
  for (size_t j = 0; j < D * D; j++) assert_close(a.directions[j], b.directions[j], 1e-9);
  assert_axes_of(&a, rows_of(x, N, D), weights, 1e-10);
  ockham_principal_axes_clear(&a);
  ockham_principal_axes_clear(&b);
  free(repeated);
  free(x);
}

/* Whatever they hold: squares of these overflow. */
static void test_rows_of_weight_0_are_not_looked_at(void **unused) {
  (void)unused;
  enum { N = 30, WIDE = OCKHAM_EXACT_AXES_COLUMNS + 4 };
  for (size_t d = 3; d <= WIDE; d += WIDE - 3) {
    double *x = make_rows(N, d, 3, 9), weights[N];
    for (size_t i = 0; i < N; i++) weights[i] = i > 1;
    ockham_principal_axes kept = fit(rows_of(x + 2 * d, N - 2, d), NULL, 2, 1);
    x[0] = x[d] = 1e200;
    ockham_principal_axes weighted = fit(rows_of(x, N, d), weights, 2, 1);
    assert_close(weighted.total_variance, kept.total_variance, 1e-12);
    for (size_t j = 0; j < d; j++) assert_close(weighted.mean[j], kept.mean[j], 1e-12);
    for (size_t a = 0; a < 2; a++) assert_close(weighted.variances[a], kept.variances[a], 1e-8);
    ockham_principal_axes_clear(&kept);
    ockham_principal_axes_clear(&weighted);
    free(x);
  }
}

/* Columns of zeros change nothing but the way. */
static void test_many_columns(void **unused) {
  (void)unused;
  enum { N = 60, D = 100, WIDE = OCKHAM_EXACT_AXES_COLUMNS + 44, AXES = 3 };
  double *x = make_rows(N, D, 5, 7), *wide = calloc(N * WIDE, sizeof *wide);
  for (size_t i = 0; i < N; i++) memcpy(wide + i * WIDE + 20, x + i * D, D * sizeof *x);
  ockham_principal_axes exact = fit(rows_of(x, N, D), NULL, AXES, 1), a = fit(rows_of(wide, N, WIDE), NULL, AXES, 1),
                        b = fit(rows_of(wide, N, WIDE), NULL, AXES, 3);
  assert_memory_equal(a.directions, b.directions, AXES * WIDE * sizeof *a.directions);
  assert_close(a.total_variance, exact.total_variance, 1e-12);
  for (size_t v = 0; v < AXES; v++) {
    assert_close(a.variances[v], exact.variances[v], 1e-8);
    for (size_t j = 0; j < D; j++) assert_close(a.directions[v * WIDE + 20 + j], exact.directions[v * D + j], 1e-4);
  }
  ockham_principal_axes_clear(&exact);
  ockham_principal_axes_clear(&a);
  ockham_principal_axes_clear(&b);
  free(wide);
  free(x);
}

/* Where nothing varies any directions do, but they are directions; fewer rows than axes are no trouble. */
static void test_nothing_varies(void **unused) {
  (void)unused;
  for (size_t d = 3; d < 400; d += 297) {
    double *x = malloc(5 * d * sizeof *x);
    for (size_t i = 0; i < 5 * d; i++) x[i] = (double)(i % d);
    for (size_t changed = 0; changed < 2; changed++) {
      x[1] += (double)changed;
      ockham_principal_axes axes = fit(rows_of(x, 5, d), NULL, 3, 1);
      assert_axes_of(&axes, rows_of(x, 5, d), NULL, 1e-12);
      assert_close(axes.variances[0], 0.16 * (double)changed, 1e-12);
      assert_close(axes.variances[1], 0, 1e-12);
      ockham_principal_axes_clear(&axes);
    }
    free(x);
  }
}

static void test_an_offset_loses_no_digits(void **unused) {
  (void)unused;
  double *x = make_rows(50, 3, 1, 8);
  ockham_principal_axes near = fit(rows_of(x, 50, 3), NULL, 3, 1);
  for (size_t i = 0; i < 150; i++) x[i] = x[i] + 0x1p30;
  ockham_principal_axes far = fit(rows_of(x, 50, 3), NULL, 3, 1);
  for (size_t a = 0; a < 3; a++) assert_close(far.variances[a], near.variances[a], 1e-6);
  ockham_principal_axes_clear(&near);
  ockham_principal_axes_clear(&far);
  free(x);
}

static void assert_refused(ockham_rows x, const double *weights, size_t n_axes, ockham_status expected,
                           const char *message) {
  ockham_error err = {0};
  ockham_principal_axes axes;
  assert_int_equal(ockham_principal_axes_fit(x, weights, n_axes, 1, &axes, &err), expected);
  assert_null(axes.mean);
  if (!strstr(err.message, message)) fail_msg("%s", err.message);
}

static void test_refusals(void **unused) {
  (void)unused;
  double x[] = {1, 2, 3, 4, 5, NAN}, zero[3] = {0}, negative[] = {1, 1, -1}, far[] = {-1e200, 0, 1e200, 0};
  ockham_rows rows = rows_of(x, 2, 2);
  assert_refused(rows, NULL, 0, OCKHAM_BAD_ARGUMENT, "n_axes must be from 1 to the 2 columns, found 0");
  assert_refused(rows, NULL, 3, OCKHAM_BAD_ARGUMENT, "found 3");
  assert_refused(rows_of(x, 3, 2), NULL, 1, OCKHAM_BAD_DATA, "row 3, column 2");
  assert_refused(rows, zero, 1, OCKHAM_BAD_DATA, "all weights are 0");
  assert_refused(rows_of(x, 2, 2), negative + 1, 1, OCKHAM_BAD_DATA,
                 "row 2: a weight must be 0 or a number from 1e-100 to 1e+100, found -1");
  assert_refused(rows_of(far, 2, 2), NULL, 1, OCKHAM_BAD_DATA, "overflow");
  assert_refused((ockham_rows){0}, NULL, 1, OCKHAM_BAD_ARGUMENT, "must not be NULL");
}

static void test_want_of_memory(void **unused) {
  (void)unused;
  for (size_t d = 5; d < 400; d += 295) {
    double *x = make_rows(20, d, 2, 9);
    for_each_allocation_failure(n) {
      ockham_error err = {0};
      ockham_principal_axes axes;
      ock_fault_after(n);
      ockham_status status = ockham_principal_axes_fit(rows_of(x, 20, d), NULL, 2, 2, &axes, &err);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
      assert_int_equal(axes.directions != NULL, status == OCKHAM_OK);
      ockham_principal_axes_clear(&axes);
    }
    free(x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_jacobi),
      cmocka_unit_test(test_planted_directions),
      cmocka_unit_test(test_float32_with_gaps_is_float64),
      cmocka_unit_test(test_weights_stand_for_rows),
      cmocka_unit_test(test_rows_of_weight_0_are_not_looked_at),
      cmocka_unit_test(test_many_columns),
      cmocka_unit_test(test_nothing_varies),
      cmocka_unit_test(test_an_offset_loses_no_digits),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_want_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
