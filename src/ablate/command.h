/* SPDX-License-Identifier: Apache-2.0 */
/* The command of a run: a template with {names}, or the built-in trainer's. */
#ifndef OCK_ABLATE_COMMAND_H
#define OCK_ABLATE_COMMAND_H

#include "ablate/study.h"

/* The next {name} of a template from *text on, which goes behind it; false: none is left. `{{name}}` and `${name}` are
 * none, nor are braces around anything but a name. The text before it is that from the old *text on, to *start. */
bool ock_placeholder_next(const char **text, const char **start, const char **name, size_t *length);
/* Every placeholder is known, and what varies is there. */
ockham_status ock_command_check(const ock_study_file *file, ockham_error *err);

/* A text that grows. Once memory ran out it stays as it is, and failed. */
typedef struct ock_line {
  char *bytes; /* NUL-terminated, or NULL; ock_free() */
  size_t size, room;
  bool failed;
} ock_line;
void ock_line_put(ock_line *text, const char *bytes, size_t size);
void ock_line_add(ock_line *text, const char *bytes);
OCK_PRINTF(2, 3) void ock_line_print(ock_line *text, const char *format, ...);
double ock_twelve_digits(double value);
/* To 12 digits, so that a product such as 0.003 x 0.1 is what it looks like; with a point in every locale. */
void ock_line_number(ock_line *text, double value);
/* As one word of a shell. */
void ock_line_quote(ock_line *text, const char *word);

#endif
