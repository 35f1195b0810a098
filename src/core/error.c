/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/internal.h"

const char *ockham_version(void) {
  return OCKHAM_VERSION;
}

const char *ockham_status_text(ockham_status status) {
#define STATUS_TEXT(name, text) text,
  static const char *const texts[] = {OCKHAM_STATUS_LIST(STATUS_TEXT)};
#undef STATUS_TEXT
  return (unsigned)status < OCKHAM_STATUS_COUNT ? texts[status] : "unknown status";
}

/* Take off a character of UTF-8 that the end of the buffer cut in two. */
static void drop_cut_character(char *text, size_t length) {
  size_t n_trailing = 0; /* 10xxxxxx bytes at the end */
  while (n_trailing < 3 && n_trailing < length && ((unsigned char)text[length - 1 - n_trailing] & 0xc0) == 0x80)
    n_trailing++;
  if (n_trailing == length) return;
  unsigned char lead = (unsigned char)text[length - 1 - n_trailing];
  size_t n_wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  if (n_trailing < n_wanted) text[length - 1 - n_trailing] = 0;
}

OCK_PRINTF(5, 0)
static ockham_status fill(ockham_error *err, ockham_status status, uint64_t row, uint64_t column, const char *format,
                          va_list arguments) {
  if (err) {
    err->status = status;
    err->row = row;
    err->column = column;
    int length = vsnprintf(err->message, sizeof err->message, format, arguments);
    if (length >= (int)sizeof err->message) drop_cut_character(err->message, sizeof err->message - 1);
    /* One line, whatever a file or a name held. */
    for (char *c = err->message; *c; c++)
      if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = ' ';
  }
  return status;
}

ockham_status ock_fail(ockham_error *err, ockham_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fill(err, status, 0, 0, format, arguments);
  va_end(arguments);
  return status;
}

ockham_status ock_fail_at(ockham_error *err, ockham_status status, uint64_t row, uint64_t column, const char *format,
                          ...) {
  va_list arguments;
  va_start(arguments, format);
  fill(err, status, row, column, format, arguments);
  va_end(arguments);
  return status;
}

ockham_status ock_fail_memory(ockham_error *err, const char *what, size_t size_bytes) {
  if (size_bytes == SIZE_MAX)
    return ock_fail(err, OCKHAM_NO_MEMORY, "not enough memory for %s (more than can be addressed)", what);
  if (size_bytes < 1024) return ock_fail(err, OCKHAM_NO_MEMORY, "not enough memory for %s", what);
  if (size_bytes < 10 * 1024 * 1024)
    return ock_fail(err, OCKHAM_NO_MEMORY, "not enough memory for %s (%.0f KiB)", what, (double)size_bytes / 1024);
  return ock_fail(err, OCKHAM_NO_MEMORY, "not enough memory for %s (%.0f MiB)", what, (double)size_bytes / 1048576);
}
