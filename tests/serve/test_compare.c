/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"
#include "serve/compare.h"

static ock_message doubles(const char *name, const double *values, size_t n) {
  ock_message m = {0};
  const uint64_t shape[] = {n};
  ock_tensor *t = ock_message_add(&m, name, OCK_FP64, shape, 1, n * sizeof *values);
  assert_non_null(t);
  memcpy(t->data, values, n * sizeof *values);
  return m;
}

static ock_message texts(const char *const *values, size_t n) {
  ock_message m = {0};
  const uint64_t shape[] = {n};
  size_t size = 0;
  for (size_t i = 0; i < n; i++) size += 4 + strlen(values[i]);
  ock_tensor *t = ock_message_add(&m, "s", OCK_BYTES, shape, 1, size);
  assert_non_null(t);
  unsigned char *p = t->data;
  for (size_t i = 0; i < n; i++) {
    uint32_t length = (uint32_t)strlen(values[i]);
    memcpy(p, &length, 4);
    memcpy(p + 4, values[i], length);
    p += 4 + length;
  }
  return m;
}

static ock_difference difference_of(ock_message a, ock_message b, double tolerance) {
  ock_difference d;
  ock_answers_compare(&a, &b, tolerance, &d);
  ock_message_clear(&a);
  ock_message_clear(&b);
  return d;
}

static void numbers_within_the_tolerance_are_the_same(void **state) {
  (void)state;
  const double a[] = {1, -2, 0, NAN, INFINITY}, b[] = {1 + 1e-9, -2 - 1e-9, 0, NAN, INFINITY};
  ock_difference d = difference_of(doubles("y", a, 5), doubles("y", b, 5), 1e-6);
  assert_int_equal(d.n_values, 5);
  assert_int_equal(d.n_different, 0);
  assert_string_equal(d.shape, "");
}

static void the_worst_is_named(void **state) {
  (void)state;
  const double a[] = {1, 2, 3}, b[] = {1.01, 4, 3.3};
  ock_difference d = difference_of(doubles("y", a, 3), doubles("y", b, 3), 1e-6);
  assert_int_equal(d.n_different, 3);
  assert_int_equal(d.at, 1);
  assert_close(d.worst, 0.5, 1e-15);
  assert_close(d.a, 2, 0);
  assert_close(d.b, 4, 0);
  assert_string_equal(d.output, "y");
}

static void a_number_that_became_nan_is_infinitely_far(void **state) {
  (void)state;
  const double a[] = {1, 0}, b[] = {NAN, 1};
  ock_difference d = difference_of(doubles("y", a, 2), doubles("y", b, 2), 1e-6);
  assert_int_equal(d.n_different, 2);
  assert_true(isinf(d.worst));
  assert_int_equal(d.at, 0);
}

static void texts_are_compared_whole(void **state) {
  (void)state;
  const char *const a[] = {"a", "bc", ""}, *const b[] = {"a", "bd", ""};
  ock_difference d = difference_of(texts(a, 3), texts(b, 3), 1);
  assert_int_equal(d.n_different, 1);
  assert_int_equal(d.at, 1);
}

static void other_shapes_cannot_be_compared(void **state) {
  (void)state;
  const double a[] = {1, 2};
  const char *const s[] = {"a", "b"};
  assert_string_not_equal(difference_of(doubles("y", a, 2), doubles("y", a, 1), 1).shape, "");
  assert_string_not_equal(difference_of(doubles("y", a, 2), doubles("z", a, 2), 1).shape, "");
  assert_string_not_equal(difference_of(doubles("s", a, 2), texts(s, 2), 1).shape, "");
  assert_string_not_equal(difference_of(doubles("y", a, 2), (ock_message){0}, 1).shape, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_within_the_tolerance_are_the_same),
      cmocka_unit_test(the_worst_is_named),
      cmocka_unit_test(a_number_that_became_nan_is_infinitely_far),
      cmocka_unit_test(texts_are_compared_whole),
      cmocka_unit_test(other_shapes_cannot_be_compared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
