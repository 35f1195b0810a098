/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that people wrote: as values, and shown back to them. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/internal.h"

/* ---- values ---- */

bool ock_parse_switch(const char *text, bool *value) {
  static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcasecmp(text, words[i]) != 0) continue;
    *value = i < 3;
    return true;
  }
  return false;
}

/* What strtod() reads, without its blanks, hexadecimals and words. */
static const char *read_number(const char *text, double *value) {
  char *end;
  size_t length = strspn(text, "+-.0123456789eE");
  if (length == 0 || text[strspn(text, "+-.")] == 'e' || text[strspn(text, "+-.")] == 'E') return NULL;
  *value = strtod(text, &end);
  return end == text || end > text + length || !isfinite(*value) ? NULL : end;
}

bool ock_parse_number(const char *text, double *value) {
  const char *end = read_number(text, value);
  return end && *end == '\0';
}

bool ock_parse_size(const char *text, double *bytes) {
  static const char letters[] = "KMGT";
  const char *end = read_number(text, bytes);
  if (!end) return false;
  const char *letter = *end ? strchr(letters, toupper((unsigned char)*end)) : NULL;
  if (letter) {
    *bytes = ldexp(*bytes, 10 * (int)(letter - letters + 1));
    end++;
    if (*end == 'i') end++;
  }
  if (*end == 'B') end++;
  return *end == '\0' && *bytes == floor(*bytes);
}

bool ock_parse_duration(const char *text, double *seconds) {
  static const struct {
    const char *name;
    double seconds;
  } units[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
  double number;
  const char *end = read_number(text, &number);
  if (!end) return false;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].name) != 0) continue;
    *seconds = number * units[i].seconds;
    return true;
  }
  return false;
}

/* ---- messages ---- */

ock_shown ock_show(const char *text) {
  ock_shown shown;
  size_t n = 0;
  for (; text[n] && n < sizeof shown.text - 4; n++) shown.text[n] = iscntrl((unsigned char)text[n]) ? '?' : text[n];
  bool cut = text[n] != '\0';
  if (cut) /* not within a letter of UTF-8 */
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
  strcpy(shown.text + n, cut ? "..." : "");
  return shown;
}

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Letters put in, left out, changed, or swapped with the next (the optimal string alignment distance). */
static size_t count_mistakes(const char *word, const char *name) {
  enum { MOST = 32 };
  size_t rows[3][MOST + 1], n = strlen(name), m = strlen(word);
  if (n > MOST || m > MOST) return SIZE_MAX;
  for (size_t j = 0; j <= n; j++) rows[0][j] = j;
  for (size_t i = 1; i <= m; i++) {
    size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      row[j] = least(above[j - 1] + (word[i - 1] != name[j - 1]), least(above[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1])
        row[j] = least(row[j], second[j - 2] + 1);
    }
  }
  return rows[m % 3][n];
}

const char *ock_guess(const char *word, const char *const *names) {
  const char *guess = NULL;
  size_t fewest = least(strlen(word) / 3, 3) + 1; /* more is another word */
  for (; *names; names++) {
    size_t n = count_mistakes(word, *names);
    bool is_start = strlen(word) >= 3 && strncmp(*names, word, strlen(word)) == 0;
    bool starts = strlen(*names) >= 3 && strncmp(*names, word, strlen(*names)) == 0; /* timeout_ms */
    if (is_start || starts) n = least(n, 1);
    if (n >= fewest) continue;
    fewest = n;
    guess = *names;
  }
  return guess;
}
