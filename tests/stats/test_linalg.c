/* SPDX-License-Identifier: Apache-2.0 */
/* Small symmetric matrices, put together again from their parts. */
#include <math.h>

#include "stats/internal.h"
#include "test.h"

enum { MOST_D = 24 };

/* B B' + ridge I, packed. */
static void draw(ock_rng *rng, size_t d, double ridge, double *packed) {
  static double b[MOST_D * MOST_D];
  for (size_t i = 0; i < d * d; i++) b[i] = ock_rng_normal(rng);
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = i == j ? ridge : 0;
      for (size_t l = 0; l < d; l++) sum += b[i * d + l] * b[j * d + l];
      packed[i * (i + 1) / 2 + j] = sum;
    }
}

static double at(const double *packed, size_t i, size_t j) {
  return i >= j ? packed[i * (i + 1) / 2 + j] : packed[j * (j + 1) / 2 + i];
}

static void factors_make_the_matrix(void **state) {
  (void)state;
  static double a[MOST_D * MOST_D], factor[MOST_D * MOST_D], inverse[MOST_D * MOST_D];
  ock_rng rng = ock_rng_make(1, 0);
  for (size_t d = 1; d <= MOST_D; d++) {
    draw(&rng, d, 0.5, a);
    memcpy(factor, a, sizeof a);
    assert_true(ock_cholesky(factor, d));
    memcpy(inverse, factor, sizeof a);
    ock_triangle_invert(inverse, d);
    for (size_t i = 0; i < d; i++)
      for (size_t j = 0; j <= i; j++) {
        double product = 0, one = 0;
        for (size_t l = 0; l <= j; l++) product += at(factor, i, l) * at(factor, j, l);
        for (size_t l = j; l <= i; l++) one += at(inverse, i, l) * at(factor, l, j);
        assert_true(fabs(product - at(a, i, j)) <= 1e-12 * (double)d);
        assert_true(fabs(one - (i == j)) <= 1e-10 * (double)d);
      }
  }
}

static void singular_matrices_have_none(void **state) {
  (void)state;
  double zero[1] = {0}, flat[3] = {1, 2, 4}, bent[3] = {1, 2, 3}, none[1] = {NAN};
  assert_false(ock_cholesky(zero, 1));
  assert_false(ock_cholesky(flat, 2));
  assert_false(ock_cholesky(bent, 2));
  assert_false(ock_cholesky(none, 1));
}

static void check_eigen(const double *packed, size_t d, double scale) {
  static double square[MOST_D * MOST_D], vectors[MOST_D * MOST_D], values[MOST_D];
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < d; j++) square[i * d + j] = at(packed, i, j);
  ock_symmetric_eigen(square, d, values, vectors);
  double alone[MOST_D];
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < d; j++) square[i * d + j] = at(packed, i, j);
  ock_symmetric_eigen(square, d, alone, NULL);
  assert_memory_equal(alone, values, d * sizeof *values);
  for (size_t i = 0; i < d; i++) {
    if (i > 0) assert_true(values[i] <= values[i - 1]);
    for (size_t j = 0; j < d; j++) {
      double sum = 0, one = 0;
      for (size_t l = 0; l < d; l++) {
        sum += vectors[i * d + l] * values[l] * vectors[j * d + l];
        one += vectors[l * d + i] * vectors[l * d + j];
      }
      assert_true(fabs(sum - at(packed, i, j)) <= 1e-12 * scale * (double)d);
      assert_true(fabs(one - (i == j)) <= 1e-13 * (double)d);
    }
  }
}

static void eigenvectors_make_the_matrix(void **state) {
  (void)state;
  static double a[MOST_D * MOST_D];
  ock_rng rng = ock_rng_make(2, 0);
  for (size_t d = 1; d <= MOST_D; d++) {
    draw(&rng, d, 0, a);
    check_eigen(a, d, (double)d);
    for (size_t i = 0; i < d; i++)
      for (size_t j = 0; j <= i; j++) a[i * (i + 1) / 2 + j] = i == j ? (double)(i % 3) : 0; /* equal ones */
    check_eigen(a, d, 1);
    for (size_t i = 0; i < d * (d + 1) / 2; i++) a[i] = 1; /* rank 1 */
    check_eigen(a, d, (double)d);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(factors_make_the_matrix),
      cmocka_unit_test(singular_matrices_have_none),
      cmocka_unit_test(eigenvectors_make_the_matrix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
