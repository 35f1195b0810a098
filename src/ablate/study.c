/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a study again and again, and the text by which a journal knows it. */
#include "ablate/study.h"

#include <stdarg.h>
#include <string.h>

#include "ablate/command.h"
#include "data/internal.h"

ockham_status ock_study_fault(const ock_study_file *file, size_t line, ockham_error *err, const char *format, ...) {
  char text[sizeof((ockham_error *)0)->message];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (line) return ock_fail(err, OCKHAM_BAD_FILE, "%.160s:%zu: %s", file->name, line, text);
  return ock_fail(err, OCKHAM_BAD_FILE, "%.160s: %s", file->name, text);
}

/* ---- names ---- */

bool ock_is_word(const char *text, size_t length, const char *word) {
  return strlen(word) == length && memcmp(text, word, length) == 0;
}

size_t ock_factor_find(const ockham_study *study, const char *name, size_t length) {
  for (size_t f = 0; f < study->n_factors; f++)
    if (ock_is_word(name, length, study->factors[f].name)) return f;
  return SIZE_MAX;
}

bool ock_level_means(const char *level, const char *text) {
  double a, b;
  bool x, y;
  if (strcmp(level, text) == 0) return true;
  if (ock_number_parse(level, strlen(level), &a) && ock_number_parse(text, strlen(text), &b)) return a == b;
  return ock_parse_switch(level, &x) && ock_parse_switch(text, &y) && x == y;
}

size_t ock_level_find(const ockham_study_factor *factor, const char *word, size_t length) {
  for (size_t l = 0; l < factor->n_levels; l++)
    if (ock_is_word(word, length, factor->levels[l])) return l;
  return SIZE_MAX;
}

size_t ock_scale_find(const ockham_study *study, const char *name) {
  for (size_t s = 0; s < study->n_scales; s++)
    if (strcmp(study->scales[s].name, name) == 0) return s;
  return SIZE_MAX;
}

bool ock_levels_forbidden(const ockham_study *study, const uint8_t *levels) {
  for (size_t i = 0; i < study->n_forbidden; i++) {
    const ockham_study_forbidden *pair = &study->forbidden[i];
    if (levels[pair->factor[0]] == pair->level[0] && levels[pair->factor[1]] == pair->level[1]) return true;
  }
  return false;
}

/* ---- settings ---- */

size_t ock_settings_count(const ockham_study *study, size_t scale) {
  return study->n_base + study->scales[scale].n_settings + study->n_factors;
}

void ock_settings_list(const ockham_study *study, size_t scale, const uint8_t *levels, ockham_study_setting *settings) {
  const ockham_study_scale *s = &study->scales[scale];
  for (size_t i = 0; i < study->n_base; i++) *settings++ = study->base[i];
  for (size_t i = 0; i < s->n_settings; i++) *settings++ = s->settings[i];
  for (size_t f = 0; f < study->n_factors; f++)
    *settings++ = (ockham_study_setting){study->factors[f].name, study->factors[f].levels[levels[f]]};
}

const char *ock_setting_find(const ockham_study_setting *settings, size_t n, const char *name) {
  while (n-- > 0)
    if (strcmp(settings[n].name, name) == 0) return settings[n].value;
  return NULL;
}

/* ---- the text ---- */

static void put_settings(ock_line *text, const ockham_study_setting *settings, size_t n) {
  for (size_t i = 0; i < n; i++) {
    ock_line_add(text, " ");
    ock_line_add(text, settings[i].name);
    ock_line_add(text, "=");
    ock_line_add(text, settings[i].value);
  }
}

/* A text of several lines on one. */
static void put_line(ock_line *text, const char *name, const char *value) {
  ock_line_add(text, name);
  ock_line_add(text, " ");
  for (; value && *value; value++) ock_line_put(text, *value == '\n' ? "\\n" : value, *value == '\n' ? 2 : 1);
  ock_line_add(text, "\n");
}

char *ock_study_text(const ockham_study *study) {
  ock_line text = {0};
  put_line(&text, "name", study->name);
  put_line(&text, "corpus", study->corpus);
  put_line(&text, "command", study->command);
  put_line(&text, "metric", study->metric);
  put_line(&text, "compute", study->compute);
  ock_line_add(&text, "base");
  put_settings(&text, study->base, study->n_base);
  ock_line_add(&text, "\n");
  for (size_t f = 0; f < study->n_factors; f++) {
    ock_line_add(&text, "factor ");
    ock_line_add(&text, study->factors[f].name);
    for (size_t l = 0; l < study->factors[f].n_levels; l++) {
      ock_line_add(&text, " ");
      ock_line_add(&text, study->factors[f].levels[l]);
    }
    ock_line_add(&text, "\n");
  }
  for (size_t s = 0; s < study->n_scales; s++) {
    ock_line_add(&text, "scale ");
    ock_line_add(&text, study->scales[s].name);
    put_settings(&text, study->scales[s].settings, study->scales[s].n_settings);
    ock_line_add(&text, "\n");
  }
  for (size_t c = 0; c < study->n_claims; c++) put_line(&text, "claim", study->claims[c].text);
  if (text.failed) ock_free(text.bytes);
  return text.failed ? NULL : text.bytes;
}

/* ---- comparing ---- */

/* The line of `text` that begins with the first n bytes of `start`; its length, or NULL. */
static const char *find_line(const char *text, const char *start, size_t n, size_t *length) {
  for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
    *length = strcspn(text, "\n");
    if (*length >= n && memcmp(text, start, n) == 0) return text;
  }
  return NULL;
}

/* "factor NAME" of a line, or its first word. */
static size_t head_of(const char *line, size_t length) {
  size_t n = 0;
  bool named = strncmp(line, "factor ", 7) == 0 || strncmp(line, "scale ", 6) == 0;
  if (named) n = strcspn(line, " ") + 1;
  while (n < length && line[n] != ' ') n++;
  return n;
}

static ockham_status compare_line(const char *line, size_t length, const char *now, const char *where,
                                  ockham_error *err) {
  size_t head = head_of(line, length), found_length = 0;
  bool may_grow = strncmp(line, "factor ", 7) == 0;
  if (strncmp(line, "claim ", 6) == 0 || strncmp(line, "name ", 5) == 0) return OCKHAM_OK;
  const char *found = find_line(now, line, head, &found_length);
  while (found && found[head] != ' ' && found[head] != '\n') /* "scale S10" is not "scale S1" */
    found = find_line(found + found_length, line, head, &found_length);
  if (found && found_length >= length && memcmp(found, line, length) == 0 &&
      (found_length == length || (may_grow && found[length] == ' ')))
    return OCKHAM_OK;
  char was[160], is[160];
  snprintf(was, sizeof was, "%.*s", (int)length, line);
  snprintf(is, sizeof is, "%.*s", found ? (int)found_length : 7, found ? found : "nothing");
  return ock_fail(err, OCKHAM_BAD_DATA, "%s: expected the journal of this study, found '%s' where the study has '%s'",
                  ock_show(where).text, was, is);
}

static size_t count_lines(const char *text, const char *start) {
  size_t n = 0, length;
  for (const char *line = text; (line = find_line(line, start, strlen(start), &length)); line += length) n++;
  return n;
}

ockham_status ock_study_compare(const ockham_study *study, const char *text, const char *where, ockham_error *err) {
  char *now = ock_study_text(study);
  if (!now) return ock_fail_memory(err, "the study", strlen(text));
  ockham_status status = OCKHAM_OK;
  for (const char *line = text; *line && !status; line += strcspn(line, "\n"), line += *line == '\n')
    status = compare_line(line, strcspn(line, "\n"), now, where, err);
  if (!status && count_lines(now, "factor ") != count_lines(text, "factor "))
    status =
        ock_fail(err, OCKHAM_BAD_DATA, "%s: expected the journal of this study, found one with %zu factors for %zu",
                 ock_show(where).text, count_lines(text, "factor "), count_lines(now, "factor "));
  ock_free(now);
  return status;
}
