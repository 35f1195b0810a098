/* SPDX-License-Identifier: Apache-2.0 */
/* Models that a command line adds. */
#include <string.h>

#include "serve/config.h"

ockham_status ockham_serve_file_new(ockham_serve_file **file, ockham_error *err) {
  *file = ock_alloc_zeroed(1, sizeof **file);
  return *file ? OCKHAM_OK : ock_fail_memory(err, "a configuration", sizeof **file);
}

/* The file's name without its folder and ending. */
static char *name_of_file(ock_arena *arena, const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
  return ock_arena_text(arena, name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

static ockham_status describe(ockham_serve_file *file, ockham_serve_kind kind, const char *name, const char *text,
                              ockham_serve_model *model, ockham_error *err) {
  char *copy = ock_arena_text(&file->arena, text, strlen(text));
  size_t n;
  model->name = name ? ock_arena_text(&file->arena, name, strlen(name)) : name_of_file(&file->arena, text);
  if (!copy || !model->name) return ock_fail_memory(err, "a model's name", strlen(text));
  if (kind == OCKHAM_SERVE_FITTED) model->file = copy;
  if (kind == OCKHAM_SERVE_UPSTREAM) model->upstream = copy;
  if (kind != OCKHAM_SERVE_COMMAND) return OCKHAM_OK;
  if (!ock_config_split(&file->arena, text, &model->command, &n))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s: expected closed quotes and something after every '\\', found '%s'",
                    ock_show(model->name).text, ock_show(text).text);
  model->n_command = (unsigned)n;
  bool whole = model->command && ock_config_interpret(&file->arena, model);
  return whole ? OCKHAM_OK : ock_fail_memory(err, "a command", strlen(text));
}

ockham_status ockham_serve_file_add(ockham_serve_file *file, ockham_serve_kind kind, const char *name, const char *text,
                                    ockham_error *err) {
  ockham_serve_model model = {0};
  OCK_TRY(describe(file, kind, name, text, &model, err));
  size_t n = file->options.n_models, size = strlen(model.name) + sizeof "models.";
  ockham_serve_model *models = ock_arena_array(&file->arena, n + 1, sizeof *models);
  const char **where = ock_arena_array(&file->arena, n + 1, sizeof *where);
  char *place = ock_arena_array(&file->arena, size, 1);
  if (!models || !where || !place) return ock_fail_memory(err, "a list of models", (n + 1) * sizeof *models);
  snprintf(place, size, "models.%s", model.name);
  if (n) memcpy(models, file->options.models, n * sizeof *models);
  if (n) memcpy(where, file->model_where, n * sizeof *where);
  models[n] = model;
  where[n] = place;
  file->options.models = models;
  file->options.n_models++;
  file->model_where = where;
  return OCKHAM_OK;
}
