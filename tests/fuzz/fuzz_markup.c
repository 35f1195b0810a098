/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as HTML give text that is no longer; without '<' and '&' it is the same but for blanks. */
#include <stdlib.h>
#include <string.h>

#include "lm/corpus.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

static bool is_blank(unsigned char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static void check_letters(const unsigned char *bytes, size_t size, const unsigned char *text, size_t n) {
  size_t at = 0, first = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  for (size_t i = first; i < size; i++) {
    if (is_blank(bytes[i])) continue;
    while (at < n && is_blank(text[at])) at++;
    check(at < n && text[at++] == bytes[i]);
  }
  check(at == n);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  unsigned char *copy = malloc(size ? size : 1);
  if (!copy) return 0;
  if (size > 0) memcpy(copy, bytes, size);
  size_t n = ock_markup_strip(copy, size);
  check(n <= size);
  if (size > 0 && !memchr(bytes, '<', size) && !memchr(bytes, '&', size)) check_letters(bytes, size, copy, n);
  free(copy);
  return 0;
}
