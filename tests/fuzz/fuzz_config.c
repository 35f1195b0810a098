/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are refused with lines that name the file, or give options that can be checked. */
#include <stdlib.h>
#include <string.h>

#include "serve/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(void *user, const char *line) {
  size_t *n = user;
  if (strchr(line, '\n') || strlen(line) >= sizeof((ockham_error *)0)->message) abort();
  ++*n;
}

/* Each text can be read to its end, each list has as many as it says. */
static size_t use_models(const ockham_serve_options *o) {
  size_t n = 0;
  for (unsigned i = 0; i < o->n_models; i++) {
    const ockham_serve_model *m = &o->models[i];
    for (unsigned j = 0; j < m->n_command; j++) n += strlen(m->command[j]);
    for (unsigned j = 0; j < m->n_environment; j++)
      if (!strchr(m->environment[j], '=')) abort();
    if (m->name) n += strlen(m->name);
    if (m->file) n += strlen(m->file);
  }
  return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t told = 0;
  ockham_error err = {0};
  ock_problems problems = {.tell = look_at, .user = &told, .first = &err};
  ockham_serve_file *file;
  char *text = malloc(size + 1); /* with its end where the sanitizer sees it */
  if (!text) return 0;
  if (size) memcpy(text, data, size);
  ockham_status status = ock_config_parse("/nowhere/fuzz", text, size, &problems, &file);
  free(text);
  if (status) {
    if (file || told == 0 || told != problems.n || strncmp(err.message, "/nowhere/fuzz:", 14) != 0) abort();
    return 0;
  }
  if (told || !file) abort();
  const ockham_serve_options *options = ockham_serve_file_look(file);
  if (use_models(options) == SIZE_MAX) abort();
  told = 0;
  err = (ockham_error){0};
  status = ockham_serve_check_each(options, file, look_at, &told, &err);
  if ((status == OCKHAM_OK) != (told == 0)) abort();
  ockham_serve_file_free(file);
  return 0;
}
