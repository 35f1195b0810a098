/* SPDX-License-Identifier: Apache-2.0 */
/* What the console shows, as one JSON object; and the same once a second to all that listen (server-sent events). */
#include <errno.h>
#include <string.h>

#include "serve/internal.h"

/* ---- the state ---- */

static unsigned long long get(const atomic_ullong *value) {
  return atomic_load_explicit(value, memory_order_relaxed);
}

static double quantile_ms(const ock_histogram *h, double q) {
  return (double)ock_histogram_quantile(h, q) / 1e6;
}

static void write_meter(const ock_meter *m, ock_buffer *out) {
  unsigned long long failures = 0;
  for (size_t i = 0; i < OCK_REASON_COUNT; i++) failures += get(&m->n_failure[i]);
  ock_buffer_print(out, ",\"success\":%llu,\"failure\":%llu,\"rows\":%llu", get(&m->n_success), failures,
                   get(&m->n_rows));
  ock_buffer_print(out, ",\"p50_ms\":%.4f,\"p90_ms\":%.4f,\"p99_ms\":%.4f", quantile_ms(&m->total, 0.5),
                   quantile_ms(&m->total, 0.9), quantile_ms(&m->total, 0.99));
  ock_buffer_text(out, ",\"counts\":{"); /* by the bucket's doubling, so that a page can tell the last second's */
  bool first = true;
  for (unsigned power = 0; power < OCK_DOUBLINGS; power++) {
    unsigned long long n =
        ock_histogram_below(&m->total, power) - (power ? ock_histogram_below(&m->total, power - 1) : 0);
    if (!n) continue;
    ock_buffer_print(out, "%s\"%u\":%llu", first ? "" : ",", power, n);
    first = false;
  }
  ock_buffer_text(out, "},\"phase_ms\":{");
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++)
    ock_buffer_print(out, "%s\"%s\":%.4f", i ? "," : "", ock_phase_words[i], quantile_ms(&m->phases[i], 0.5));
  ock_buffer_text(out, "},\"failures\":{");
  for (size_t i = 0; i < OCK_REASON_COUNT; i++)
    ock_buffer_print(out, "%s\"%s\":%llu", i ? "," : "", ock_reason_words[i], get(&m->n_failure[i]));
  ock_buffer_print(out, "},\"compared\":%llu,\"different\":%llu,\"dropped\":%llu", get(&m->n_compared),
                   get(&m->n_different), get(&m->n_dropped));
}

static void write_crew(ock_crew *crew, ock_buffer *out) {
  ock_crew_figures f;
  ock_crew_look(crew, &f);
  ock_buffer_print(out,
                   ",\"workers\":%zu,\"up\":%zu,\"busy\":%zu,\"waiting\":%zu,\"starts\":%llu,\"deaths\":%llu,"
                   "\"quarantined\":%llu,\"cpu_seconds\":%.3f,\"memory\":%llu,\"peak_memory\":%llu,\"breaker\":%s",
                   f.n_hands, f.n_up, f.n_busy, f.n_waiting, (unsigned long long)f.n_starts,
                   (unsigned long long)f.n_deaths, (unsigned long long)f.n_quarantined, f.cpu_seconds,
                   (unsigned long long)f.memory_bytes, (unsigned long long)f.peak_memory_bytes,
                   f.breaker_open ? "true" : "false");
  ock_buffer_text(out, ",\"limits\":");
  ock_buffer_json_text(out, f.limits ? f.limits : "");
}

static void write_version(ock_version *v, ock_buffer *out) {
  bool ready = ock_version_ready(v);
  ock_buffer_print(out, "{\"name\":\"%s\",\"version\":\"%s\",\"platform\":\"%s\",\"state\":\"%s\",\"shadow\":%s",
                   v->settings.name, v->settings.version, v->platform,
                   ready                            ? "ready"
                   : v->state == OCK_VERSION_FAILED ? "failed"
                                                    : "starting",
                   v->settings.shadow ? "true" : "false");
  ock_buffer_print(out, ",\"weight\":%.17g,\"problem\":", v->weight);
  const char *problem = ock_version_problem(v);
  ock_buffer_json_text(out, problem);
  write_meter(&v->meter, out);
  if (!v->fitted) write_crew(v->crew, out);
  ock_past_write(&v->history, out);
  ock_buffer_text(out, ",\"drift\":");
  ock_drift_write_short(v, out);
  ock_buffer_text(out, "}");
}

static void write_unloaded(ock_catalog *catalog, ock_buffer *out) {
  ock_buffer_text(out, ",\"unloaded\":[");
  pthread_rwlock_rdlock(&catalog->lock);
  for (size_t i = 0; i < catalog->n_unloaded; i++)
    ock_buffer_print(out, "%s\"%s\"", i ? "," : "", catalog->unloaded[i]);
  pthread_rwlock_unlock(&catalog->lock);
  ock_buffer_text(out, "]");
}

void ock_state_write(ockham_server *server, ock_buffer *out) {
  ock_buffer_print(out, "{\"version\":\"" OCKHAM_VERSION "\",\"time_ns\":%llu,\"up_seconds\":%.3f,\"url\":\"%s\"",
                   (unsigned long long)ock_wall_ns(), (double)(ock_clock_ns() - server->start_ns) / 1e9, server->url);
  if (server->recorder) {
    ock_recorder_figures f;
    ock_recorder_look(server->recorder, &f);
    ock_buffer_print(out, ",\"recording\":{\"requests\":%llu,\"lost\":%llu,\"bytes\":%llu,\"problem\":",
                     (unsigned long long)f.n_requests, (unsigned long long)f.n_lost, (unsigned long long)f.bytes);
    ock_buffer_json_text(out, f.problem ? f.problem : "");
    ock_buffer_text(out, ",\"folder\":");
    ock_buffer_json_text(out, server->options.folder);
    ock_buffer_text(out, "}");
  }
  ock_buffer_text(out, ",\"models\":[");
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
    ock_buffer_text(out, i ? "," : "");
    write_version(v, out);
    ock_version_release(v);
  }
  ock_buffer_text(out, "]");
  write_unloaded(&server->catalog, out);
  ock_buffer_text(out, "}");
}

/* ---- the recording's troubles, and the history ---- */

typedef struct trouble_told {
  const char *problem; /* the last that was told of; NULL: none, or it is over */
  int calm;            /* seconds without */
} trouble_told;

static void look_at(ock_version *v) {
  uint64_t now_ns = ock_clock_ns(), slice_ns = (uint64_t)OCK_SLICE_SECONDS * 1000000000u;
  ock_crew_figures crew;
  if (!v->fitted) ock_crew_look(v->crew, &crew);
  ock_sight sight = {
      .meter = &v->meter,
      .crew = v->fitted ? NULL : &crew,
      .ready = ock_version_ready(v),
      .clock_ns = now_ns,
      .wall_ns = ock_wall_ns(),
      .number = (now_ns - v->server->start_ns) / slice_ns + 1,
  };
  ock_past_add(&v->history, &sight);
}

static void look_at_all(ockham_server *server) {
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
    look_at(v);
    ock_version_release(v);
  }
}

/* What is lost is told of once, and that it is over only when it stays so: a problem may come and go. */
static void look_at_recording(ockham_server *server, trouble_told *told) {
  enum { CALM_SECONDS = 5 };
  if (!server->recorder) return;
  ock_recorder_figures f;
  ock_recorder_look(server->recorder, &f);
  if (f.problem && f.problem != told->problem)
    ock_server_log(server, "recording in %s: %s", server->options.folder, f.problem);
  if (f.problem) *told = (trouble_told){.problem = f.problem};
  if (f.problem || !told->problem || ++told->calm < CALM_SECONDS) return;
  ock_server_log(server, "recording in %s: it goes on, %llu requests are missing", server->options.folder,
                 (unsigned long long)f.n_lost);
  told->problem = NULL;
}

void ock_history_document(ockham_server *server, ock_buffer *out) {
  ock_buffer_print(out, "{\"time_ns\":%llu,\"slice_seconds\":%d,\"models\":[", (unsigned long long)ock_wall_ns(),
                   OCK_SLICE_SECONDS);
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
    ock_buffer_print(out, "%s{\"name\":\"%s\",\"version\":\"%s\",\"slices\":", i ? "," : "", v->settings.name,
                     v->settings.version);
    ock_past_write_all(&v->history, out);
    ock_buffer_text(out, "}");
    ock_version_release(v);
  }
  ock_buffer_text(out, "]}");
}

/* ---- those who listen ---- */

typedef struct listener {
  struct MHD_Connection *connection;
  ock_buffer text; /* what is still to be sent */
  size_t sent;
  bool asleep;
  struct listener *next;
  struct ock_streams *streams;
} listener;

struct ock_streams {
  ockham_server *server;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  listener *first;
  bool ending;
};

static void fill(struct ock_streams *streams, listener *l) {
  l->text.size = l->sent = 0;
  ock_buffer_text(&l->text, "data: ");
  ock_state_write(streams->server, &l->text);
  ock_buffer_text(&l->text, "\n\n");
}

static void *run(void *arg) {
  struct ock_streams *streams = arg;
  trouble_told told = {0};
  pthread_mutex_lock(&streams->lock);
  while (!streams->ending) {
    (void)ock_condition_wait(&streams->wake, &streams->lock, ock_clock_ns() + 1000000000u);
    if (!streams->ending) look_at_all(streams->server);
    if (!streams->ending) look_at_recording(streams->server, &told);
    for (listener *l = streams->first; l; l = l->next) {
      if (!l->asleep) continue; /* still busy with the last one */
      fill(streams, l);
      l->asleep = false;
      MHD_resume_connection(l->connection);
    }
  }
  pthread_mutex_unlock(&streams->lock);
  return NULL;
}

ockham_status ock_streams_start(ockham_server *server, ockham_error *err) {
  struct ock_streams *streams = ock_alloc_zeroed(1, sizeof *streams);
  if (!streams) return ock_fail_memory(err, "the console's stream", sizeof *streams);
  streams->server = server;
  pthread_mutex_init(&streams->lock, NULL);
  ock_condition_init(&streams->wake);
  int why = pthread_create(&streams->thread, NULL, run, streams);
  if (why) {
    ock_free(streams);
    return ock_fail(err, OCKHAM_IO, "cannot start the console's stream: %s", strerror(why));
  }
  server->streams = streams;
  return OCKHAM_OK;
}

/* Wakes all listeners up for the last time: they end. The structure lives until the daemon is stopped. */
void ock_streams_end(struct ock_streams *streams) {
  if (!streams) return;
  pthread_mutex_lock(&streams->lock);
  streams->ending = true;
  pthread_cond_broadcast(&streams->wake);
  pthread_mutex_unlock(&streams->lock);
  pthread_join(streams->thread, NULL);
}

void ock_streams_free(struct ock_streams *streams) {
  if (!streams) return;
  pthread_cond_destroy(&streams->wake);
  pthread_mutex_destroy(&streams->lock);
  ock_free(streams);
}

static ssize_t next_bytes(void *user, uint64_t position, char *bytes, size_t most) {
  (void)position;
  listener *l = user;
  ssize_t n = 0;
  pthread_mutex_lock(&l->streams->lock);
  if (l->sent == l->text.size) {
    if (l->streams->ending || l->text.failed) {
      n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
      l->asleep = true;
      MHD_suspend_connection(l->connection);
    }
  } else {
    size_t left = l->text.size - l->sent;
    n = (ssize_t)(left < most ? left : most);
    memcpy(bytes, l->text.bytes + l->sent, (size_t)n);
    l->sent += (size_t)n;
  }
  pthread_mutex_unlock(&l->streams->lock);
  return n;
}

static void forget(void *user) {
  listener *l = user;
  pthread_mutex_lock(&l->streams->lock);
  listener **at = &l->streams->first;
  while (*at != l) at = &(*at)->next;
  *at = l->next;
  pthread_mutex_unlock(&l->streams->lock);
  ock_buffer_clear(&l->text);
  ock_free(l);
}

void ock_stream_begin(ock_exchange *x) {
  enum { BLOCK_SIZE = 32 * 1024 };
  struct ock_streams *streams = x->server->streams;
  listener *l = ock_alloc_zeroed(1, sizeof *l);
  struct MHD_Response *response =
      l ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, next_bytes, l, forget) : NULL;
  if (!response) {
    ock_free(l);
    ock_exchange_fail(x, 503, "not enough memory for a stream");
    return;
  }
  l->connection = x->connection;
  l->streams = streams;
  pthread_mutex_lock(&streams->lock);
  fill(streams, l);
  l->next = streams->first;
  streams->first = l;
  pthread_mutex_unlock(&streams->lock);
  MHD_add_response_header(response, "Content-Type", "text/event-stream");
  ock_admin_headers(x, response);
  if (MHD_queue_response(x->connection, 200, response) == MHD_YES)
    x->stage = OCK_STAGE_STREAMING;
  else
    ock_exchange_fail(x, 503, "not enough memory for a stream");
  MHD_destroy_response(response);
}
