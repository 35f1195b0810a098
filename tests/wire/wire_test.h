/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies with the padding that decoders want, in blocks of just their size, so that sanitizers see what is read beyond.
 */
#ifndef OCK_TEST_WIRE_H
#define OCK_TEST_WIRE_H

#include "test.h"
#include "wire/json.h"

static inline char *padded(const char *text, size_t size) {
  char *copy = malloc(size + OCK_BODY_PADDING);
  assert_non_null(copy);
  if (size) memcpy(copy, text, size);
  memset(copy + size, 0, OCK_BODY_PADDING);
  return copy;
}

/* The buffer as a C string, which lives until the buffer is cleared. */
static inline const char *text_of(ock_buffer *buffer) {
  ock_buffer_put(buffer, "", 1);
  assert_false(buffer->failed);
  buffer->size--;
  return buffer->bytes;
}

/* One rule: what a decoder makes of `input`. */
typedef struct rule {
  const char *input;
  const char *expected; /* the result as its test writes it, or the message after a '!' */
} rule;

/* The offset in a message is that of what was found. */
static inline void check_offset(const char *input, const char *message) {
  const char *at = strstr(message, "at byte "), *found = strstr(message, "found '");
  if (at && found && found[7] != '\'' && found[7] != '\\')
    assert_memory_equal(input + strtoul(at + 8, NULL, 10), found + 7, 1);
}

/* All rules that do not hold are shown; returns how many. */
static inline size_t rule_broken(const char *input, const char *expected, const char *found) {
  if (*found == '!') check_offset(input, found);
  if (strcmp(expected, found) == 0) return 0;
  print_error("%s\n  expected %s\n  found    %s\n", input, expected, found);
  return 1;
}

#endif
