/* SPDX-License-Identifier: Apache-2.0 */
#include "data/internal.h"
#include "test.h"

static uint32_t intern(ock_labels *labels, const char *text) {
  uint32_t value = UINT32_MAX;
  assert_ok(ock_labels_intern(labels, text, strlen(text), &value, err));
  return value;
}

static void values_count_first_appearances(void **state) {
  (void)state;
  ock_labels labels = {0};
  assert_int_equal(intern(&labels, "b"), 0);
  assert_int_equal(intern(&labels, ""), 1);
  assert_int_equal(intern(&labels, "bb"), 2);
  assert_int_equal(intern(&labels, "b"), 0);
  assert_int_equal(intern(&labels, ""), 1);
  assert_int_equal(labels.n, 3);
  assert_string_equal(labels.texts[2], "bb");
  ock_labels_clear(&labels);
  assert_int_equal(labels.n, 0);
}

static void texts_need_no_terminator(void **state) {
  (void)state;
  ock_labels labels = {0};
  uint32_t value;
  assert_ok(ock_labels_intern(&labels, "abc", 2, &value, err));
  assert_int_equal(intern(&labels, "ab"), value);
  assert_ok(ock_labels_intern(&labels, "ab\0c", 4, &value, err)); /* as binary files may hold */
  assert_int_equal(intern(&labels, "ab"), value);
  ock_labels_clear(&labels);
}

static void thousands_of_values_stay_apart(void **state) {
  (void)state;
  ock_labels labels = {0};
  char text[16];
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t i = 0; i < 5000; i++) {
      snprintf(text, sizeof text, "v%u", i * 7919);
      assert_int_equal(intern(&labels, text), i);
    }
  assert_int_equal(labels.n, 5000);
  ock_labels_clear(&labels);
}

static void running_out_of_memory_is_told(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ock_labels labels = {0};
    ockham_error error = {0};
    ockham_status status = OCKHAM_OK;
    ock_fault_after(n);
    for (int i = 0; i < 200 && !status; i++) {
      char text[16];
      uint32_t value;
      snprintf(text, sizeof text, "%d", i);
      status = ock_labels_intern(&labels, text, strlen(text), &value, &error);
    }
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ock_labels_clear(&labels);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_count_first_appearances),
      cmocka_unit_test(texts_need_no_terminator),
      cmocka_unit_test(thousands_of_values_stay_apart),
      cmocka_unit_test(running_out_of_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
