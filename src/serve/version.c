/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "serve/internal.h"

/* ---- the crew ---- */

static void told(void *user, const ock_worker_event *event) {
  ock_version *version = user;
  ockham_server *server = version->server;
  static const char *const kinds[] = {
      [OCK_WORKER_UP] = "start",       [OCK_WORKER_DIED] = "death",         [OCK_WORKER_LOG] = "log",
      [OCK_QUARANTINE] = "quarantine", [OCK_BREAKER_OPEN] = "breaker-open", [OCK_BREAKER_CLOSED] = "breaker-closed"};
  const char *name = event->model, *number = event->version;
  if (version->fitted && event->kind == OCK_WORKER_UP) return; /* it was ready before */
  if (event->kind == OCK_WORKER_LOG) {
    ock_server_log(server, "%s:%s[%ld] %s", name, number, event->process, event->text);
    return;
  }
  ock_buffer details = {0};
  ock_buffer_print(&details, "{\"worker\":%zu,\"process\":%ld", event->hand, event->process);
  if (event->request_id) {
    ock_buffer_text(&details, ",\"request\":");
    ock_buffer_json_text(&details, event->request_id);
    ock_buffer_print(&details, ",\"hash\":\"%016llx\"", (unsigned long long)event->hash);
  }
  if (event->kind == OCK_WORKER_DIED) {
    ock_buffer_print(&details, ",\"exit_code\":%d,\"signal\":%d,\"stderr\":", event->exit_code, event->signal);
    ock_buffer_json_string(&details, event->stderr_tail, server->options.n_redact ? 0 : event->stderr_size);
  }
  ock_buffer_put(&details, "}", 2);
  ock_server_log(server, "%s:%s %s", name, number, event->text);
  ock_server_event(server, kinds[event->kind], name, number, event->text, details.failed ? NULL : details.bytes);
  ock_buffer_clear(&details);
}

ock_crew_options ock_crew_options_of(const ockham_serve_model *s) {
  enum { CONNECTIONS = 8, PROCESSES = 64, FILES = 256 };
  return (ock_crew_options){
      .model = s->name,
      .version = s->version ? s->version : "1",
      .n_hands = s->workers    ? s->workers
                 : s->upstream ? CONNECTIONS
                               : 1,
      .queue_length = s->queue,
      .startup_ms = s->startup_ms,
      .timeout_ms = s->timeout_ms,
      .folder = s->folder,
      .environment = s->environment,
      .limits = {.memory_bytes = s->memory_bytes,
                 .cpus = s->cpus,
                 .n_processes = s->processes ? s->processes : PROCESSES,
                 .n_files = s->files ? s->files : FILES,
                 .no_network = s->no_network,
                 .deny_syscalls = !s->no_sandbox},
      .command = s->command && s->n_command ? s->command : NULL,
      .url = s->upstream,
      .binary = !s->upstream_json,
  };
}

static ockham_status start_crew(ock_version *version, ockham_error *err) {
  ock_crew_options options = ock_crew_options_of(&version->settings);
  options.helpers = version->server->helpers;
  if (version->fitted) {
    options.call = ock_fitted_call;
    options.call_user = version;
  }
  options.interrupted = &version->server->interrupted;
  options.told = told;
  options.told_user = version;
  return ock_crew_start(&options, &version->crew, err);
}

/* ---- life ---- */

static void leave_alive(ock_version *version) {
  ockham_server *server = version->server;
  pthread_mutex_lock(&server->life_lock);
  ock_version **at = &server->alive;
  while (*at && *at != version) at = &(*at)->next;
  if (*at) *at = version->next;
  pthread_mutex_unlock(&server->life_lock);
}

static void end_version(ock_version *version) {
  enum { PATIENCE_MS = 30000 };
  ockham_server *server = version->server;
  leave_alive(version);
  ock_crew_stop(version->crew, server->stopping ? server->patience_ms : PATIENCE_MS);
  ock_drift_release(version->drift);
  ockham_model_free(version->fitted);
  ock_schema_clear(&version->schema);
  ock_meter_clear(&version->meter);
  ock_allowance_clear(&version->allowance);
  ock_past_clear(&version->history);
  ock_arena_clear(&version->arena);
  ock_free(version);
  pthread_mutex_lock(&server->life_lock);
  server->n_alive--;
  pthread_cond_broadcast(&server->life_changed);
  pthread_mutex_unlock(&server->life_lock);
}

static void *end_version_apart(void *version) {
  end_version(version);
  return NULL;
}

void ock_version_hold(ock_version *version) {
  atomic_fetch_add(&version->n_holders, 1);
}

/* Its crew may have work to finish, which no request shall wait for; and the last to hold it may be a thread of that
 * crew, which cannot wait for its own end. */
void ock_version_release(ock_version *version) {
  if (!version || atomic_fetch_sub(&version->n_holders, 1) != 1) return;
  pthread_t thread;
  if (pthread_create(&thread, NULL, end_version_apart, version) == 0) {
    pthread_detach(thread);
    return;
  }
  ockham_server *server = version->server;
  pthread_mutex_lock(&server->life_lock);
  version->left = true;
  pthread_mutex_unlock(&server->life_lock);
}

static ock_version *take_left_one(ockham_server *server) {
  pthread_mutex_lock(&server->life_lock);
  ock_version *version = server->alive;
  while (version && !version->left) version = version->next;
  if (version) version->left = false;
  pthread_mutex_unlock(&server->life_lock);
  return version;
}

void ock_versions_end_left(ockham_server *server) {
  ock_version *version;
  while ((version = take_left_one(server))) end_version(version);
}

/* False: its last holder has let go, and it is being ended. */
static bool hold_if_held(ock_version *version) {
  size_t n = atomic_load(&version->n_holders);
  while (n && !atomic_compare_exchange_weak(&version->n_holders, &n, n + 1)) continue;
  return n > 0;
}

static ock_version *take_open_one(ockham_server *server) {
  pthread_mutex_lock(&server->life_lock);
  ock_version *version = server->alive;
  while (version && (version->closed || !hold_if_held(version))) version = version->next;
  if (version) version->closed = true;
  pthread_mutex_unlock(&server->life_lock);
  return version;
}

/* Nobody waits for what a shadow still has. */
void ock_versions_close(ockham_server *server, uint64_t until_ns) {
  ock_version *version;
  while ((version = take_open_one(server))) {
    uint64_t now = ock_clock_ns(), left_ms = now < until_ns ? (until_ns - now) / 1000000 : 0;
    ock_crew_close(version->crew, version->settings.shadow ? 0 : (uint32_t)left_ms);
    ock_version_release(version);
  }
}

/* What watched the version before goes on, where that is the same model: a reload forgets nothing. */
static ockham_status start_watching(ock_version *version, ockham_error *err) {
  const ockham_serve_model *settings = &version->settings;
  bool known;
  if (settings->drift.off) return OCKHAM_OK;
  ock_version *before = ock_catalog_find(&version->server->catalog, settings->name, settings->version, NULL, &known);
  if (before && before->drift && ock_drift_fits(before->drift, settings)) {
    ock_drift_hold(before->drift);
    version->drift = before->drift;
  }
  ock_version_release(before);
  return version->drift ? OCKHAM_OK : ock_drift_start(version, &version->drift, err);
}

static ockham_status start(ock_version *version, const ockham_serve_model *settings, ockham_error *err) {
  bool failed = false;
  ock_copy_model(&version->arena, &version->settings, settings, &failed);
  if (failed) return ock_fail_memory(err, "a model's settings", sizeof *settings);
  version->weight = settings->weight;
  version->fingerprint = ock_model_fingerprint(settings);
  version->platform = settings->upstream ? "ockham_upstream" : "ockham_worker";
  if (settings->budget) OCK_TRY(ock_allowance_open(&version->allowance, settings->budget, &version->settings, err));
  if (settings->file) OCK_TRY(ock_fitted_open(version, err));
  OCK_TRY(start_watching(version, err));
  OCK_TRY(start_crew(version, err));
  if (settings->file) version->state = OCK_VERSION_READY;
  return OCKHAM_OK;
}

ockham_status ock_version_start(ockham_server *server, const ockham_serve_model *settings, ock_version **version,
                                ockham_error *err) {
  *version = NULL;
  if (server->stopping) return ock_fail(err, OCKHAM_IO, "the server ends");
  ock_version *made = ock_alloc_zeroed(1, sizeof *made);
  if (!made) return ock_fail_memory(err, "a model", sizeof *made);
  made->server = server;
  made->n_holders = 1;
  ock_meter_init(&made->meter);
  ock_past_init(&made->history);
  pthread_mutex_lock(&server->life_lock);
  server->n_alive++;
  pthread_mutex_unlock(&server->life_lock);
  ockham_status status = start(made, settings, err);
  if (status) {
    end_version(made);
    return status;
  }
  pthread_mutex_lock(&server->life_lock);
  made->next = server->alive;
  server->alive = made;
  pthread_mutex_unlock(&server->life_lock);
  *version = made;
  return OCKHAM_OK;
}

const ock_schema *ock_version_schema(const ock_version *version) {
  return version->fitted ? &version->schema : ock_crew_schema(version->crew);
}

bool ock_version_ready(ock_version *version) {
  return version->fitted || (ock_crew_schema(version->crew) && ock_crew_ready(version->crew));
}

const char *ock_version_problem(ock_version *version) {
  return version->state == OCK_VERSION_FAILED && !ock_version_ready(version) ? version->problem : "";
}

ockham_status ock_version_wait(ock_version *version, ockham_error *err) {
  if (version->state == OCK_VERSION_READY) return OCKHAM_OK;
  ockham_error own = {0};
  ockham_status status = ock_crew_wait(version->crew, &own);
  if (status && err) *err = own;
  if (status && version->state != OCK_VERSION_FAILED) /* others may be reading it once it is FAILED */
    snprintf(version->problem, sizeof version->problem, "%s", own.message);
  version->state = status ? OCK_VERSION_FAILED : OCK_VERSION_READY;
  return status;
}
