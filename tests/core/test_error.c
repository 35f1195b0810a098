/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

static void a_failure_fills_the_error(void **state) {
  (void)state;
  ockham_error err;
  memset(&err, 0x55, sizeof err);
  assert_int_equal(ock_fail(&err, OCKHAM_IO, "%s: %d", "path", 7), OCKHAM_IO);
  assert_int_equal(err.status, OCKHAM_IO);
  assert_true(err.row == 0 && err.column == 0);
  assert_string_equal(err.message, "path: 7");
  assert_int_equal(ock_fail_at(&err, OCKHAM_BAD_DATA, 3, UINT64_MAX, "x"), OCKHAM_BAD_DATA);
  assert_true(err.row == 3 && err.column == UINT64_MAX);
}

static void no_error_to_fill_is_fine(void **state) {
  (void)state;
  assert_int_equal(ock_fail(NULL, OCKHAM_IO, "%s", "x"), OCKHAM_IO);
  assert_int_equal(ock_fail_at(NULL, OCKHAM_BAD_FILE, 1, 2, "x"), OCKHAM_BAD_FILE);
  assert_int_equal(ock_fail_memory(NULL, "x", 3), OCKHAM_NO_MEMORY);
}

static void messages_are_one_line_of_text(void **state) {
  (void)state;
  ockham_error err;
  ock_fail(&err, OCKHAM_BAD_DATA, "%s",
           "a\nb\r\nc\td\x1b[31me\x7f"
           "f\x01");
  assert_string_equal(err.message, "a b  c d [31me f ");
  ock_fail(&err, OCKHAM_BAD_DATA, "%s",
           "Gr\xc3\xbc\xc3\x9f"
           "e");
  assert_string_equal(err.message,
                      "Gr\xc3\xbc\xc3\x9f"
                      "e");
}

/* A message that is too long is cut, never inside a character of UTF-8. */
static void long_messages_are_cut(void **state) {
  (void)state;
  ockham_error err;
  char text[2 * sizeof err.message];
  for (size_t shift = 0; shift < 5; shift++) {
    memset(text, 'a', sizeof text);
    for (size_t i = shift; i + 4 < sizeof text; i += 4) memcpy(text + i, "\xf0\x9f\x98\x80", 4);
    text[sizeof text - 1] = 0;
    ock_fail(&err, OCKHAM_BAD_DATA, "%s", text);
    size_t length = strlen(err.message);
    assert_true(length >= sizeof err.message - 4);
    assert_int_equal((length - shift) % 4, 0);
    assert_memory_equal(err.message, text, length);
  }
  memset(text, 'a', sizeof text - 1);
  ock_fail(&err, OCKHAM_BAD_DATA, "%s", text);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void memory_messages_say_how_much(void **state) {
  (void)state;
  ockham_error err;
  assert_int_equal(ock_fail_memory(&err, "the bounds", 2048), OCKHAM_NO_MEMORY);
  assert_string_equal(err.message, "not enough memory for the bounds (2 KiB)");
  ock_fail_memory(&err, "the bounds", (size_t)300 << 20);
  assert_string_equal(err.message, "not enough memory for the bounds (300 MiB)");
  ock_fail_memory(&err, "the bounds", SIZE_MAX);
  assert_string_equal(err.message, "not enough memory for the bounds (more than can be addressed)");
}

static ockham_status pass_on(ockham_status status, int *reached) {
  OCK_TRY(status);
  ++*reached;
  return OCKHAM_OK;
}

static void try_returns_failures_only(void **state) {
  (void)state;
  int reached = 0;
  assert_int_equal(pass_on(OCKHAM_IO, &reached), OCKHAM_IO);
  assert_int_equal(reached, 0);
  assert_int_equal(pass_on(OCKHAM_OK, &reached), OCKHAM_OK);
  assert_int_equal(reached, 1);
}

static void every_status_has_a_text(void **state) {
  (void)state;
  assert_string_equal(ockham_status_text(OCKHAM_OK), "success");
  assert_string_equal(ockham_status_text(OCKHAM_INTERRUPTED), "the caller asked to stop before there was a result");
  assert_string_equal(ockham_status_text(OCKHAM_STATUS_COUNT), "unknown status");
  assert_string_equal(ockham_status_text((ockham_status)-1), "unknown status");
  for (int s = 0; s < OCKHAM_STATUS_COUNT; s++)
    for (int other = 0; other < s; other++)
      assert_string_not_equal(ockham_status_text((ockham_status)s), ockham_status_text((ockham_status)other));
  assert_string_equal(ockham_version(), OCKHAM_VERSION);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_failure_fills_the_error),     cmocka_unit_test(no_error_to_fill_is_fine),
      cmocka_unit_test(messages_are_one_line_of_text), cmocka_unit_test(long_messages_are_cut),
      cmocka_unit_test(memory_messages_say_how_much),  cmocka_unit_test(try_returns_failures_only),
      cmocka_unit_test(every_status_has_a_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
