/* SPDX-License-Identifier: Apache-2.0 */
/* Each model of the options: that it can be run, and that it fits the others. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <ockham/certify.h>
#include <ockham/model.h>
#include <string.h>
#include <sys/stat.h>

#include "serve/config_check.h"
#include "worker/internal.h"

enum { MOST_NAME = 64 };

/* A problem with one key of the model. */
#define TELL(check, where, key, ...)                                \
  do {                                                              \
    char tell_where_[224];                                          \
    snprintf(tell_where_, sizeof tell_where_, "%s.%s", where, key); \
    ock_check_tell(check, tell_where_, __VA_ARGS__);                \
  } while (0)

static const char *version_of(const ockham_serve_model *model) {
  return model->version ? model->version : "1";
}

static bool is_name(const char *name) {
  size_t n = 0;
  for (; name[n]; n++)
    if (n == MOST_NAME || !(isalnum((unsigned char)name[n]) || strchr("_-.", name[n])) || !isascii(name[n]))
      return false;
  return n > 0 && name[0] != '.';
}

static void check_name(ock_check *check, const char *where, const char *key, const char *name) {
  if (!is_name(name))
    TELL(check, where, key, "expected at most %d letters, digits, '_', '-' and '.', not starting with '.', found '%s'",
         MOST_NAME, ock_show(name).text);
}

/* ---- among the others ---- */

static bool same_name(const ockham_serve_model *a, const ockham_serve_model *b) {
  return a->name && b->name && strcmp(a->name, b->name) == 0;
}

static void check_unique(ock_check *check, size_t i, const char *where) {
  const ockham_serve_model *models = check->options->models;
  for (size_t j = 0; j < i; j++) {
    if (!same_name(&models[i], &models[j]) || strcmp(version_of(&models[i]), version_of(&models[j])) != 0) continue;
    TELL(check, where, models[i].version ? "version" : "name",
         "expected another version than that of models[%zu], found %s version %s again", j,
         ock_show(models[i].name).text, ock_show(version_of(&models[i])).text);
    return;
  }
}

static void check_shadow(ock_check *check, size_t i, const char *where) {
  const ockham_serve_model *models = check->options->models;
  if (models[i].shadow && models[i].weight > 0)
    TELL(check, where, "weight", "expected none for a shadow, whose answers no client sees, found %.15g",
         models[i].weight);
  if (!models[i].shadow) return;
  for (size_t j = 0; j < check->options->n_models; j++)
    if (same_name(&models[i], &models[j]) && !models[j].shadow) return;
  TELL(check, where, "shadow", "expected another version of '%s' that answers, found only shadows",
       models[i].name ? ock_show(models[i].name).text : "");
}

/* ---- what it is ---- */

static void check_file(ock_check *check, const ockham_serve_model *model, const char *where) {
  ockham_model *loaded;
  ockham_error err;
  if (ockham_model_load(model->file, &loaded, &err))
    TELL(check, where, "file", "%s", err.message);
  else if (ockham_model_look(loaded)->k == 0)
    TELL(check, where, "file", "expected a model with clusters, found a profile alone in %s",
         ock_show(model->file).text);
  if (loaded) ockham_model_free(loaded);
}

static void check_command(ock_check *check, const ockham_serve_model *model, const char *where) {
  struct stat info;
  char path[OCK_PROGRAM_PATH];
  if (model->n_command == 0 || !*model->command[0]) {
    TELL(check, where, "command", "expected a program, found nothing");
    return;
  }
  if (model->folder && (stat(model->folder, &info) != 0 || !S_ISDIR(info.st_mode)))
    TELL(check, where, "folder", "expected a folder, found none at %s", ock_show(model->folder).text);
  else if (!ock_program_find(model->command[0], model->folder, path))
    TELL(check, where, "command", "expected a program that can be run, found none %s '%s'",
         strchr(model->command[0], '/') ? "at" : "in PATH for", ock_show(model->command[0]).text);
  for (unsigned i = 0; i < model->n_environment; i++)
    if (!strchr(model->environment[i], '=') || model->environment[i][0] == '=')
      TELL(check, where, "environment", "expected NAME=value, found '%s'", ock_show(model->environment[i]).text);
}

static void check_upstream(ock_check *check, const ockham_serve_model *model, const char *where) {
  const char *url = model->upstream, *host = NULL;
  if (strncmp(url, "http://", 7) == 0) host = url + 7;
  if (strncmp(url, "https://", 8) == 0) host = url + 8;
  if (!host || !*host || strchr("/:?#", *host) || url[strcspn(url, " \t\r\n\\\"<>")])
    TELL(check, where, "upstream", "expected a URL such as http://127.0.0.1:9000/v2/models/name, found '%s'",
         ock_show(url).text);
}

/* What only programs can be told. */
static void check_limits(ock_check *check, const ockham_serve_model *m, const char *where) {
  const struct {
    bool given;
    const char *key;
  } limits[] = {{m->memory_bytes > 0, "limits.memory"}, {m->cpus > 0, "limits.cpus"},
                {m->processes > 0, "limits.processes"}, {m->files > 0, "limits.files"},
                {m->no_network, "limits.network"},      {m->no_sandbox, "limits.sandbox"},
                {m->folder != NULL, "folder"},          {m->n_environment > 0, "environment"}};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
    if (limits[i].given)
      TELL(check, where, limits[i].key, "expected only with a command, found it with %s",
           m->file ? "a fitted model" : "a server");
}

static void check_kind(ock_check *check, const ockham_serve_model *model, const char *where) {
  int n = (model->file != NULL) + (model->command != NULL) + (model->upstream != NULL);
  if (n != 1) {
    ock_check_tell(check, where, "expected exactly one of file, command and upstream, found %s",
                   n ? "several" : "none");
    return;
  }
  if (model->file) check_file(check, model, where);
  if (model->command) check_command(check, model, where);
  if (model->upstream) check_upstream(check, model, where);
  if (!model->command) check_limits(check, model, where);
  if (model->upstream_json && !model->upstream) TELL(check, where, "upstream_json", "expected only with an upstream");
}

void ock_check_model(ock_check *check, size_t i, const char *where) {
  const ockham_serve_model *model = &check->options->models[i];
  if (model->name)
    check_name(check, where, "name", model->name);
  else
    ock_check_tell(check, where, "expected a name, found none");
  if (model->version) check_name(check, where, "version", model->version);
  check_unique(check, i, where);
  check_kind(check, model, where);
  check_shadow(check, i, where);
  ockham_budget budget;
  ockham_error err;
  if (model->budget && ockham_budget_read(model->budget, &budget, &err))
    TELL(check, where, "budget", "%s", err.message);
  char place[224];
  snprintf(place, sizeof place, "%s.profile", where);
  if (model->profile) ock_check_profile(check, place, model->profile, model->file);
  snprintf(place, sizeof place, "%s.drift", where);
  ock_check_drift(check, place, &model->drift);
}
