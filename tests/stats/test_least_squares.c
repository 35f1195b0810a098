/* SPDX-License-Identifier: Apache-2.0 */
/* Least squares against numpy's, dependent columns, and Student's distribution against scipy's. */
#include "ablate/analysis_reference.h"
#include "stats/internal.h"
#include "test.h"

static void test_against_numpy(void **state) {
  (void)state;
  ock_arena arena = {0};
  ock_basis basis;
  assert_true(ock_basis_make(&basis, &arena, 12, 4));
  for (size_t j = 0; j < 4; j++) assert_true(ock_basis_add(&basis, squares_x + j * 12, 1e-9, NULL));
  double y[12], along[4];
  memcpy(y, squares_y, sizeof y);
  double length = ock_basis_rest(&basis, y, along);
  assert_close(length * length, squares_rest[0], 1e-12);
  ock_basis_solve(&basis, along);
  for (size_t j = 0; j < 4; j++) assert_close(along[j], squares_found[j], 1e-12);
  ock_arena_clear(&arena);
}

/* A column that is the sum of others is told, and of which. Columns nearly alike stay orthogonal. */
static void test_dependent_columns(void **state) {
  (void)state;
  ock_arena arena = {0};
  ock_basis basis;
  assert_true(ock_basis_make(&basis, &arena, 12, 4));
  double sum[12], near[12], along[5];
  for (size_t i = 0; i < 12; i++) {
    sum[i] = 2 * squares_x[i] - 3 * squares_x[12 + i];
    near[i] = sum[i] + 1e-5 * squares_x[24 + i];
  }
  assert_true(ock_basis_add(&basis, squares_x, 1e-9, NULL) && ock_basis_add(&basis, squares_x + 12, 1e-9, NULL));
  assert_false(ock_basis_add(&basis, sum, 1e-9, along));
  ock_basis_solve(&basis, along);
  assert_close(along[0], 2, 1e-12);
  assert_close(along[1], -3, 1e-12);
  assert_true(ock_basis_add(&basis, near, 1e-9, NULL));
  for (size_t j = 0; j < 3; j++)
    for (size_t k = 0; k <= j; k++) {
      double product = 0;
      for (size_t i = 0; i < 12; i++) product += basis.q[j * 12 + i] * basis.q[k * 12 + i];
      assert_close(product, j == k, 1e-14);
    }
  double zero[12] = {0};
  assert_false(ock_basis_add(&basis, zero, 1e-9, NULL));
  ock_arena_clear(&arena);
}

static void test_student(void **state) {
  (void)state;
  for (size_t i = 0; i < 5; i++) {
    assert_close(ock_student_tail(student_t[i], student_freedom[i]) / student_tail[i], 1, 1e-9);
    assert_close(ock_student_quantile(student_p[i], student_freedom[i]), student_quantile[i], 1e-9);
  }
  assert_true(ock_student_quantile(.5, 3) == 0);
  assert_true(isinf(ock_student_quantile(1, 3)) && isnan(ock_student_quantile(.5, 0)));
  assert_true(ock_student_tail(0, 3) == 1 && ock_student_tail(INFINITY, 3) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_numpy), cmocka_unit_test(test_dependent_columns),
                                     cmocka_unit_test(test_student)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
