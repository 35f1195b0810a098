/* SPDX-License-Identifier: Apache-2.0 */
/* The models of the configuration, and how what runs is brought in line with them: a version is started, and takes its
 * place once it can answer; what it replaces finishes what it has. */
#include <string.h>
#include <sys/stat.h>

#include "serve/internal.h"

/* ---- copies ---- */

const char *ock_copy_text(ock_arena *arena, const char *text, bool *failed) {
  const char *copy = text ? ock_arena_text(arena, text, strlen(text)) : NULL;
  if (text && !copy) *failed = true;
  return copy;
}

const char **ock_copy_texts(ock_arena *arena, const char **texts, unsigned n, bool *failed) {
  const char **copy = ock_arena_array(arena, (size_t)n + 1, sizeof *copy);
  if (!copy) {
    *failed = true;
    return NULL;
  }
  for (unsigned i = 0; i < n; i++) copy[i] = ock_copy_text(arena, texts[i], failed);
  copy[n] = NULL;
  return copy;
}

void ock_copy_drift(ock_arena *arena, ockham_serve_drift *to, const ockham_serve_drift *from, bool *failed) {
  *to = *from;
  to->false_alarms = ock_copy_text(arena, from->false_alarms, failed);
  to->detector = ock_copy_text(arena, from->detector, failed);
  to->webhook = ock_copy_text(arena, from->webhook, failed);
}

void ock_copy_model(ock_arena *arena, ockham_serve_model *to, const ockham_serve_model *from, bool *failed) {
  *to = *from;
  to->name = ock_copy_text(arena, from->name, failed);
  to->version = ock_copy_text(arena, from->version ? from->version : "1", failed);
  to->file = ock_copy_text(arena, from->file, failed);
  to->upstream = ock_copy_text(arena, from->upstream, failed);
  to->folder = ock_copy_text(arena, from->folder, failed);
  to->budget = ock_copy_text(arena, from->budget, failed);
  to->profile = ock_copy_text(arena, from->profile, failed);
  ock_copy_drift(arena, &to->drift, &from->drift, failed);
  to->command = ock_copy_texts(arena, from->command, from->n_command, failed);
  to->environment = ock_copy_texts(arena, from->environment, from->n_environment, failed);
}

/* What a model leaves open of how it is watched is the server's: from here on each knows all of it. */
static void copy_to_plan(ock_plan *plan, unsigned i, const ockham_serve_options *options, bool *failed) {
  ockham_serve_model model = options->models[i];
  model.drift = ock_drift_settings(&model.drift, &options->drift);
  ock_copy_model(&plan->arena, &plan->models[i], &model, failed);
}

ockham_status ock_plan_copy(ock_plan *plan, const ockham_serve_options *options, ockham_error *err) {
  bool failed = false;
  unsigned n = options->n_models;
  *plan = (ock_plan){.n = n};
  plan->models = ock_arena_array(&plan->arena, (size_t)n + 1, sizeof *plan->models);
  if (!plan->models) failed = true;
  for (unsigned i = 0; i < n && !failed; i++) copy_to_plan(plan, i, options, &failed);
  if (!failed) return OCKHAM_OK;
  ock_arena_clear(&plan->arena);
  *plan = (ock_plan){0};
  return ock_fail_memory(err, "the list of models", n * sizeof *plan->models);
}

/* ---- what is the same ---- */

static void add_text(ock_buffer *all, const char *text) {
  ock_buffer_put(all, text ? text : "\1", text ? strlen(text) + 1 : 2);
}

/* A file that was written anew is another model. */
static void add_file(ock_buffer *all, const char *folder, const char *path) {
  char whole[4096];
  bool relative = folder && path[0] != '/';
  int n = relative ? snprintf(whole, sizeof whole, "%s/%s", folder, path) : snprintf(whole, sizeof whole, "%s", path);
  struct stat info;
  if (n < 0 || (size_t)n >= sizeof whole || stat(whole, &info) != 0) return;
  ock_buffer_print(all, "%lld.%09ld %lld %llu", (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                   (long long)info.st_size, (unsigned long long)info.st_ino);
}

/* All settings but the share of the traffic and how drift is watched, which may change while it runs. 0: no memory, so
 * nothing is the same. */
uint64_t ock_model_fingerprint(const ockham_serve_model *m) {
  ock_buffer all = {0};
  const char *texts[] = {m->name, m->version, m->file, m->upstream, m->folder, m->budget, m->profile};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) add_text(&all, texts[i]);
  for (unsigned i = 0; i < m->n_command; i++) add_text(&all, m->command[i]);
  add_text(&all, NULL);
  for (unsigned i = 0; i < m->n_environment; i++) add_text(&all, m->environment[i]);
  ock_buffer_print(&all, "%d %u %u %u %u %llu %.17g %u %u %d %d %d %.17g %u %d", m->upstream_json, m->workers, m->queue,
                   m->timeout_ms, m->startup_ms, (unsigned long long)m->memory_bytes, m->cpus, m->processes, m->files,
                   m->no_network, m->no_sandbox, m->shadow, m->tolerance, m->slow_ms, m->drift.off);
  if (m->file) add_file(&all, NULL, m->file);
  if (m->budget) add_file(&all, NULL, m->budget);
  if (m->profile) add_file(&all, NULL, m->profile);
  for (unsigned i = 0; i < m->n_command; i++) add_file(&all, m->folder, m->command[i]);
  uint64_t hash = all.failed ? 0 : ock_hash(all.bytes, all.size);
  ock_buffer_clear(&all);
  return hash;
}

/* What it is, and what it is compared with: not how it is run. */
uint64_t ock_model_identity(const ockham_serve_model *m) {
  ockham_serve_model what = {.name = m->name,
                             .version = m->version,
                             .file = m->file,
                             .upstream = m->upstream,
                             .folder = m->folder,
                             .profile = m->profile,
                             .command = m->command,
                             .n_command = m->n_command,
                             .environment = m->environment,
                             .n_environment = m->n_environment};
  return ock_model_fingerprint(&what);
}

/* ---- bringing it about ---- */

static ockham_status load_version(ockham_server *server, const ockham_serve_model *settings, bool wait,
                                  ockham_error *err) {
  ock_version *version;
  OCK_TRY(ock_version_start(server, settings, &version, err));
  ockham_status status = wait ? ock_version_wait(version, err) : OCKHAM_OK;
  if (settings->shadow) server->has_shadows = true;
  if (!status) status = ock_catalog_put(&server->catalog, version, err);
  if (status) ock_version_release(version);
  return status;
}

static bool is_same_name(const ockham_serve_model *a, const ockham_serve_model *b) {
  return strcmp(a->name, b->name) == 0 && strcmp(a->version, b->version) == 0;
}

ockham_status ock_plan_start(ockham_server *server, ockham_error *err) {
  for (unsigned i = 0; i < server->plan.n; i++) OCK_TRY(load_version(server, &server->plan.models[i], false, err));
  return OCKHAM_OK;
}

ockham_status ock_server_load(ockham_server *server, const char *name, ockham_error *err) {
  ockham_status status = OCKHAM_OK;
  bool found = false;
  pthread_mutex_lock(&server->plan_lock);
  for (unsigned i = 0; i < server->plan.n && !status; i++) {
    const ockham_serve_model *settings = &server->plan.models[i];
    if (strcmp(settings->name, name) != 0) continue;
    found = true;
    status = load_version(server, settings, true, err);
    if (!status) ock_server_event(server, "load", name, settings->version, "loaded by request", NULL);
  }
  pthread_mutex_unlock(&server->plan_lock);
  if (status || found) return status;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the configuration has no model '%s'", name);
}

/* Running already, as the settings say: only its share of the traffic may be another. */
static bool keeps(ockham_server *server, const ockham_serve_model *settings) {
  bool known;
  ock_version *v = ock_catalog_find(&server->catalog, settings->name, settings->version, NULL, &known);
  if (!v) return false;
  uint64_t fingerprint = ock_model_fingerprint(settings);
  bool same = fingerprint && fingerprint == v->fingerprint && v->state != OCK_VERSION_FAILED;
  ock_version_release(v);
  return same;
}

/* What may change while it runs. */
static ockham_status set_others(ockham_server *server, const ockham_serve_model *settings, ockham_error *err) {
  bool known;
  ockham_status status = OCKHAM_OK;
  ock_version *v = ock_catalog_find(&server->catalog, settings->name, settings->version, NULL, &known);
  if (v) atomic_store(&v->weight, settings->weight);
  if (v && v->drift) status = ock_drift_configure(v->drift, &settings->drift, err);
  ock_version_release(v);
  return status;
}

static bool plan_has(const ock_plan *plan, const ockham_serve_model *model) {
  for (unsigned i = 0; i < plan->n; i++)
    if (is_same_name(&plan->models[i], model)) return true;
  return false;
}

static void remove_missing(ockham_server *server, const ock_plan *plan) {
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i));) {
    bool stays = plan_has(plan, &v->settings);
    if (!stays) {
      ock_server_log(server, "%s:%s is let go", v->settings.name, v->settings.version);
      ock_server_event(server, "unload", v->settings.name, v->settings.version, "left out of the configuration", NULL);
      ock_catalog_remove(&server->catalog, v->settings.name, v->settings.version);
    }
    ock_version_release(v);
    if (stays) i++;
  }
}

static ockham_status fail_left(ockham_error *err, const ockham_serve_model *settings, const ockham_error *why) {
  return ock_fail(err, why->status, "%s:%s: %.400s; what runs is left as it was", settings->name, settings->version,
                  why->message);
}

/* A version for each model that is new or changed, NULL for the others: all started, then waited for. */
static ockham_status start_changed(ockham_server *server, const ock_plan *plan, ock_version **started,
                                   ockham_error *err) {
  ockham_error own = {0};
  for (unsigned i = 0; i < plan->n; i++)
    if (!keeps(server, &plan->models[i]) && ock_version_start(server, &plan->models[i], &started[i], &own))
      return fail_left(err, &plan->models[i], &own);
  for (unsigned i = 0; i < plan->n; i++)
    if (started[i] && ock_version_wait(started[i], &own)) return fail_left(err, &plan->models[i], &own);
  return OCKHAM_OK;
}

static ockham_status put_changed(ockham_server *server, const ock_plan *plan, ock_version **started,
                                 ockham_error *err) {
  for (unsigned i = 0; i < plan->n; i++) {
    const ockham_serve_model *settings = &plan->models[i];
    if (!started[i]) {
      OCK_TRY(set_others(server, settings, err));
      continue;
    }
    if (settings->shadow) server->has_shadows = true;
    if (started[i]->drift) OCK_TRY(ock_drift_configure(started[i]->drift, &settings->drift, err));
    OCK_TRY(ock_catalog_put(&server->catalog, started[i], err));
    started[i] = NULL;
    ock_server_log(server, "%s:%s is loaded", settings->name, settings->version);
    ock_server_event(server, "load", settings->name, settings->version, "loaded: the configuration changed", NULL);
  }
  return OCKHAM_OK;
}

/* One that does not start leaves all that runs as it is. */
static ockham_status take_over(ockham_server *server, const ock_plan *plan, ockham_error *err) {
  ock_version **started = ock_alloc_zeroed((size_t)plan->n + 1, sizeof *started);
  if (!started) return ock_fail_memory(err, "the list of models", plan->n * sizeof *started);
  ockham_status status = start_changed(server, plan, started, err);
  if (!status) status = put_changed(server, plan, started, err);
  for (unsigned i = 0; i < plan->n; i++) ock_version_release(started[i]);
  ock_free(started);
  return status;
}

ockham_status ockham_server_reload(ockham_server *server, const ockham_serve_options *options, ockham_error *err) {
  ock_plan plan;
  OCK_TRY(ock_plan_copy(&plan, options, err));
  pthread_mutex_lock(&server->plan_lock);
  ockham_status status = ock_server_write_helpers(server, &plan, err);
  if (!status) status = take_over(server, &plan, err);
  if (!status) {
    remove_missing(server, &plan);
    ock_arena_clear(&server->plan.arena);
    server->plan = plan;
  } else {
    ock_arena_clear(&plan.arena);
  }
  pthread_mutex_unlock(&server->plan_lock);
  return status;
}
