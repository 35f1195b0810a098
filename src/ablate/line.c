/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "ablate/command.h"
#include "data/internal.h"

void ock_line_put(ock_line *text, const char *bytes, size_t size) {
  if (text->failed) return;
  if (text->room - text->size <= size) {
    size_t room = 2 * text->room + size + 64;
    char *grown = ock_realloc_array(text->bytes, room, 1);
    if (!grown) {
      text->failed = true;
      return;
    }
    text->bytes = grown;
    text->room = room;
  }
  memcpy(text->bytes + text->size, bytes, size);
  text->size += size;
  text->bytes[text->size] = '\0';
}

void ock_line_add(ock_line *text, const char *bytes) {
  ock_line_put(text, bytes, strlen(bytes));
}

void ock_line_print(ock_line *text, const char *format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  ock_line_put(text, line, n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

double ock_twelve_digits(double value) {
  double unit = value != 0 && isfinite(value) ? pow(10, 11 - floor(log10(fabs(value)))) : 1;
  return isfinite(unit) && unit > 0 ? round(value * unit) / unit : value;
}

void ock_line_number(ock_line *text, double value) {
  char digits[32];
  ock_number_format(ock_twelve_digits(value), digits);
  ock_line_add(text, digits);
}

void ock_line_quote(ock_line *text, const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-+:/,=@%";
  if (*word && word[strspn(word, plain)] == '\0') {
    ock_line_add(text, word);
    return;
  }
  ock_line_add(text, "'");
  for (; *word; word++) {
    if (*word == '\'')
      ock_line_add(text, "'\\''");
    else
      ock_line_put(text, word, 1);
  }
  ock_line_add(text, "'");
}
