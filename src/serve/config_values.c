/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a configuration file as values. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/config.h"

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
