/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a configuration file as values. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "serve/config.h"

/* ---- numbers ---- */

bool ock_config_switch(const char *text, bool *value) {
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

bool ock_config_number(const char *text, double *value) {
  const char *end = read_number(text, value);
  return end && *end == '\0';
}

bool ock_config_size(const char *text, double *bytes) {
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

bool ock_config_duration(const char *text, double *seconds) {
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

/* ---- commands ---- */

/* One word from *text on, without its quotes, into `word`, which has room for it. */
static bool split_word(const char **text, char *word, size_t *length) {
  const char *c = *text;
  char quote = '\0';
  *length = 0;
  for (; *c && (quote || !strchr(" \t\n", *c)); c++) {
    if (!quote && (*c == '\'' || *c == '"')) {
      quote = *c;
    } else if (quote && *c == quote) {
      quote = '\0';
    } else if (*c == '\\' && (!quote || (quote == '"' && c[1] && strchr("\"\\", c[1])))) {
      if (!*++c) return false;
      word[(*length)++] = *c;
    } else {
      word[(*length)++] = *c;
    }
  }
  *text = c;
  return !quote;
}

bool ock_config_split(ock_arena *arena, const char *text, const char ***words, size_t *n) {
  size_t size = strlen(text), length;
  char *room = ock_arena_array(arena, size + 1, 1);
  *words = ock_arena_array(arena, size / 2 + 2, sizeof **words);
  *n = 0;
  if (!room || !*words) {
    *words = NULL;
    return true;
  }
  for (text += strspn(text, " \t\n"); *text; text += strspn(text, " \t\n")) {
    if (!split_word(&text, room, &length)) return false;
    room[length] = '\0';
    (*words)[(*n)++] = room;
    room += length + 1; /* a word is followed by a blank or the end */
  }
  (*words)[*n] = NULL;
  return true;
}

/* ---- the environment ---- */

/* "NAME}" or "NAME:-otherwise}" from text on; its end, or NULL. */
static const char *parse_reference(const char *text, size_t *name_length, const char **otherwise,
                                   size_t *otherwise_length) {
  size_t n = 0;
  while (isalnum((unsigned char)text[n]) || text[n] == '_') n++;
  *name_length = n;
  *otherwise = NULL;
  if (n == 0 || isdigit((unsigned char)text[0])) return NULL;
  if (text[n] == '}') return text + n + 1;
  if (strncmp(text + n, ":-", 2) != 0) return NULL;
  *otherwise = text + n + 2;
  *otherwise_length = strcspn(*otherwise, "}");
  return (*otherwise)[*otherwise_length] ? *otherwise + *otherwise_length + 1 : NULL;
}

/* The value of the reference at *text (after its "${"), which is passed over; NULL after a problem. */
static const char *look_up(ock_arena *arena, const char **text, const char **missing, bool *no_memory) {
  size_t length, otherwise_length = 0;
  const char *otherwise, *end = parse_reference(*text, &length, &otherwise, &otherwise_length);
  *missing = NULL;
  if (!end) return NULL;
  char *name = ock_arena_text(arena, *text, length);
  if ((*no_memory = !name)) return NULL;
  *text = end;
  const char *value = getenv(name);
  if (otherwise && (!value || !*value)) {
    value = ock_arena_text(arena, otherwise, otherwise_length);
    *no_memory = !value;
  } else if (!value) {
    *missing = name;
  }
  return value;
}

static ockham_status substitute_into(ock_arena *arena, const char *text, ock_buffer *out, const char **missing,
                                     bool *whole) {
  bool no_memory = false;
  *whole = true;
  while (*text) {
    size_t plain = strcspn(text, "$");
    if (plain) ock_buffer_put(out, text, plain);
    text += plain;
    if (strncmp(text, "$${", 3) == 0) {
      ock_buffer_text(out, "${");
      text += 3;
    } else if (strncmp(text, "${", 2) == 0) {
      text += 2;
      const char *value = look_up(arena, &text, missing, &no_memory);
      if (no_memory) return OCKHAM_NO_MEMORY;
      *whole = value != NULL;
      if (!value) return OCKHAM_OK;
      if (*value) ock_buffer_text(out, value);
    } else if (*text) {
      ock_buffer_put(out, text++, 1);
    }
  }
  return out->failed ? OCKHAM_NO_MEMORY : OCKHAM_OK;
}

ockham_status ock_config_substitute(ock_arena *arena, const char *text, const char **value, const char **missing) {
  ock_buffer out = {0};
  bool whole;
  *value = NULL;
  *missing = NULL;
  ockham_status status = substitute_into(arena, text, &out, missing, &whole);
  if (!status && whole && !(*value = ock_arena_text(arena, out.bytes ? out.bytes : "", out.size)))
    status = OCKHAM_NO_MEMORY;
  ock_buffer_clear(&out);
  return status;
}

static bool is_script(const ockham_serve_model *model, const char *name) {
  char path[4096];
  size_t n = strlen(name);
  bool beside = model->folder && name[0] != '/';
  int length = snprintf(path, sizeof path, "%s%s%s", beside ? model->folder : "", beside ? "/" : "", name);
  return n > 3 && strcmp(name + n - 3, ".py") == 0 && length > 0 && (size_t)length < sizeof path &&
         access(path, R_OK) == 0 && access(path, X_OK) != 0;
}

bool ock_config_interpret(ock_arena *arena, ockham_serve_model *model) {
  if (!model->n_command || !is_script(model, model->command[0])) return true;
  const char **words = ock_arena_array(arena, (size_t)model->n_command + 2, sizeof *words);
  if (!words) return false;
  words[0] = "python3";
  memcpy(words + 1, model->command, model->n_command * sizeof *words);
  words[++model->n_command] = NULL;
  model->command = words;
  return true;
}

/* ---- words that were meant ---- */

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
