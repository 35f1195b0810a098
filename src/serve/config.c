/* SPDX-License-Identifier: Apache-2.0 */
/* Files, problems and lines: what the reader of YAML and the checks share. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "serve/config.h"

/* ---- problems ---- */

ockham_status ock_problem(ock_problems *problems, ockham_status status, const char *file, size_t line,
                          const char *where, const char *format, ...) {
  char place[320] = "", text[sizeof((ockham_error *)0)->message];
  size_t used = 0;
  if (file) used = (size_t)snprintf(place, sizeof place - 4, "%.160s:", file);
  if (file && line) used += (size_t)snprintf(place + used, sizeof place - used, "%zu:", line);
  if (file) used += (size_t)snprintf(place + used, sizeof place - used, " ");
  if (where && *where) snprintf(place + used, sizeof place - used, "%s: ", ock_show(where).text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  ockham_error error = {.status = OCKHAM_OK};
  ock_fail(&error, status, "%s%s", place, text);
  if (problems->tell) problems->tell(problems->user, error.message);
  if (problems->n++) return OCKHAM_OK;
  problems->status = status;
  if (problems->first) *problems->first = error;
  return OCKHAM_OK;
}

/* ---- lines ---- */

ockham_status ock_config_note_line(ockham_serve_file *file, const char *where, size_t line) {
  if (file->n_lines == file->room_for_lines) {
    size_t room = file->room_for_lines ? 2 * file->room_for_lines : 64;
    ock_config_line *grown = ock_realloc_array(file->lines, room, sizeof *grown);
    if (!grown) return OCKHAM_NO_MEMORY;
    file->lines = grown;
    file->room_for_lines = room;
  }
  const char *copy = ock_arena_text(&file->arena, where, strlen(where));
  if (!copy) return OCKHAM_NO_MEMORY;
  file->lines[file->n_lines++] = (ock_config_line){copy, line};
  return OCKHAM_OK;
}

static size_t find_exactly(const ockham_serve_file *file, const char *where, size_t length) {
  for (size_t i = 0; i < file->n_lines; i++)
    if (strncmp(file->lines[i].where, where, length) == 0 && file->lines[i].where[length] == '\0')
      return file->lines[i].line;
  return 0;
}

size_t ock_config_find_line(const ockham_serve_file *file, const char *where) {
  for (size_t length = strlen(where); length > 0; length--) {
    bool ends = where[length] == '\0' || where[length] == '.' || where[length] == '[';
    size_t line = ends ? find_exactly(file, where, length) : 0;
    if (line) return line;
  }
  return 0;
}

/* ---- files ---- */

static ockham_status read_stream(FILE *stream, const char *path, ock_buffer *text, ock_problems *problems) {
  enum { BLOCK = 1 << 14, MOST = 1 << 24 };
  char block[BLOCK];
  size_t n;
  while ((n = fread(block, 1, sizeof block, stream)) > 0 && text->size <= MOST) ock_buffer_put(text, block, n);
  if (ferror(stream)) {
    ock_problem(problems, OCKHAM_IO, path, 0, NULL, "%s", strerror(errno));
    return OCKHAM_IO;
  }
  if (text->size > MOST) {
    ock_problem(problems, OCKHAM_BAD_DATA, path, 0, NULL, "expected a configuration of at most 16 MiB, found more");
    return OCKHAM_BAD_DATA;
  }
  return text->failed ? OCKHAM_NO_MEMORY : OCKHAM_OK;
}

static ockham_status read_and_parse(const char *path, ock_problems *problems, ockham_serve_file **file) {
  FILE *stream = fopen(path, "rbe");
  if (!stream) {
    ock_problem(problems, OCKHAM_IO, path, 0, NULL, "%s", strerror(errno));
    return OCKHAM_IO;
  }
  ock_buffer text = {0};
  ockham_status status = read_stream(stream, path, &text, problems);
  fclose(stream);
  if (!status) status = ock_config_parse(path, text.bytes ? text.bytes : "", text.size, problems, file);
  ock_buffer_clear(&text);
  return status;
}

ockham_status ockham_serve_file_read_each(const char *path, ockham_serve_problem *tell, void *user,
                                          ockham_serve_file **file, ockham_error *err) {
  ock_problems problems = {.tell = tell, .user = user, .first = err};
  *file = NULL;
  ockham_status status = read_and_parse(path, &problems, file);
  return status == OCKHAM_NO_MEMORY ? ock_fail(err, status, "%.160s: not enough memory for the configuration", path)
                                    : status;
}

ockham_status ockham_serve_file_read(const char *path, ockham_serve_file **file, ockham_error *err) {
  return ockham_serve_file_read_each(path, NULL, NULL, file, err);
}

const ockham_serve_options *ockham_serve_file_look(const ockham_serve_file *file) {
  return &file->options;
}

void ockham_serve_file_free(ockham_serve_file *file) {
  if (!file) return;
  ock_arena_clear(&file->arena);
  ock_free(file->lines);
  ock_free(file);
}
