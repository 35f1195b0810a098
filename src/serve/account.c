/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a request once it was answered: figures in the meter, an entry in the recording, a line in the log.
 */
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include "serve/internal.h"

static const char *route_text(ock_route route) {
  static const char *const texts[] = {
#define TEXT(name, method, path, admin) method " " path,
      OCK_ROUTE_LIST(TEXT)
#undef TEXT
  };
  return texts[route];
}

static void client_text(const ock_exchange *x, char text[INET6_ADDRSTRLEN]) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  const struct sockaddr *address = info ? info->client_addr : NULL;
  text[0] = '\0';
  if (address && address->sa_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, INET6_ADDRSTRLEN);
  else if (address && address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, INET6_ADDRSTRLEN);
}

static bool is_slow(const ock_version *version, uint64_t total_ns) {
  if (!version) return false;
  uint64_t most = version->settings.slow_ms
                      ? (uint64_t)version->settings.slow_ms * 1000000
                      : (uint64_t)atomic_load_explicit(&version->meter.slow_ns, memory_order_relaxed);
  return most && total_ns > most;
}

/* A share of all, spread evenly, whatever their order. */
static bool is_sampled(const ock_exchange *x) {
  double share = x->server->options.sample;
  if (share <= 0) return false;
  uint64_t h = ock_hash(x->id, strlen(x->id)) ^ x->time_ns;
  return (double)(ock_hash(&h, sizeof h) >> 11) * 0x1p-53 < share;
}

static const char *or_empty(const char *text) {
  return text ? text : "";
}

/* What curl says of every body tells nothing: then what it was taken for. */
static const char *content_type_of(const ock_exchange *x) {
  const char *given = or_empty(ock_exchange_header(x, "Content-Type"));
  if (*given && strncasecmp(given, "application/x-www-form-urlencoded", 33) != 0) return given;
  return x->form == OCK_FORM_CSV ? "text/csv" : "application/json";
}

static ockham_request describe(ock_exchange *x, size_t answer_size, const char *client) {
  if (x->server->options.n_redact) ock_redact_error(x);
  ockham_request r = {
      .time_ns = x->time_ns,
      .total_ns = ock_clock_ns() - x->begin_ns,
      .cpu_ns = x->cpu_ns,
      .hash = x->hash,
      .n_rows = ock_exchange_request(x)->n_rows,
      .bytes_in = x->size,
      .bytes_out = answer_size,
      .status = x->status,
      .id = x->id,
      .model = x->version ? x->version->settings.name : x->target.model,
      .version = x->version ? x->version->settings.version : x->target.version,
      .route = route_text(x->target.route),
      .error = x->error.message,
      .client = client,
      .answer_type = or_empty(x->content_type),
  };
  memcpy(r.phase_ns, x->phase_ns, sizeof r.phase_ns);
  r.key = or_empty(ock_exchange_header(x, "X-Unit-Key"));
  r.content_type = content_type_of(x);
  if (is_slow(x->version, r.total_ns)) x->marks |= OCKHAM_MARK_SLOW;
  if (is_sampled(x)) x->marks |= OCKHAM_MARK_SAMPLED;
  r.marks = x->marks;
  return r;
}

/* ---- bodies ---- */

static size_t cut(uint64_t size, uint64_t most, ockham_request *r) {
  if (size <= most) return (size_t)size;
  r->marks |= OCKHAM_MARK_CUT;
  return (size_t)most;
}

static void keep_bodies(ock_exchange *x, ockham_request *r) {
  uint64_t most = x->server->options.record_body_bytes;
  r->body = x->body;
  r->body_size = cut(x->size, most, r);
  r->json_size = x->json_size;
  r->answer = x->out.bytes;
  r->answer_size = cut(x->out.size, most, r);
  r->answer_json_size = x->out_json_size;
}

static void put_in_recording(ock_exchange *x, ockham_request *r) {
  ock_buffer body = {0};
  static const uint32_t kept =
      OCKHAM_MARK_SLOW | OCKHAM_MARK_SAMPLED | OCKHAM_MARK_FAR | OCKHAM_MARK_DIED | OCKHAM_MARK_DRIFT;
  bool keep = x->status >= 400 || x->marks & kept;
  if (keep && x->body) keep_bodies(x, r);
  if (x->server->options.n_redact) ock_redact(x, r, &body);
  x->number = ock_recorder_put(x->server->recorder, r);
  ock_buffer_clear(&body);
}

/* ---- drift ---- */

/* Before it is recorded: whether its bodies are wanted. */
static void mark_for_drift(ock_exchange *x, ockham_request *r) {
  ock_version *v = x->version;
  if (!v || !v->drift || x->status != 200) return;
  if (ock_drift_wants(v->drift, ock_version_schema(v), ock_exchange_request(x), ock_exchange_answer(x)))
    r->marks = x->marks |= OCKHAM_MARK_DRIFT;
}

static void note_for_drift(ock_exchange *x, const ockham_request *r) {
  ock_version *v = x->version;
  if (!v || !v->drift) return;
  ock_drift_request noted = {.time_s = (double)r->time_ns / 1e9,
                             .compute_s = (double)r->phase_ns[OCKHAM_PHASE_COMPUTE] / 1e9,
                             .number = x->number,
                             .n_rows = r->n_rows,
                             .answered = x->status == 200,
                             .fault = x->status >= 500};
  ock_drift_note(v->drift, ock_version_schema(v), &noted, ock_exchange_request(x), ock_exchange_answer(x));
}

/* ---- the access log ---- */

static void add_text(ock_buffer *line, const char *key, const char *text) {
  if (*text) ock_buffer_json_member(line, key, text);
}

static void write_log(ock_exchange *x, const ockham_request *r) {
  ock_buffer line = {0};
  time_t seconds = (time_t)(r->time_ns / 1000000000u);
  struct tm parts;
  char when[32];
  gmtime_r(&seconds, &parts);
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
  ock_buffer_print(&line, "{\"time\":\"%s.%03uZ\",\"status\":%u,\"ms\":%.3f", when,
                   (unsigned)(r->time_ns / 1000000 % 1000), r->status, (double)r->total_ns / 1e6);
  add_text(&line, "route", r->route);
  add_text(&line, "model", r->model);
  add_text(&line, "version", r->version);
  add_text(&line, "id", r->id);
  add_text(&line, "key", r->key);
  add_text(&line, "client", r->client);
  ock_buffer_print(&line, ",\"rows\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu", (unsigned long long)r->n_rows,
                   (unsigned long long)r->bytes_in, (unsigned long long)r->bytes_out);
  add_text(&line, "error", r->error);
  ock_buffer_text(&line, "}\n");
  if (!line.failed) {
    pthread_mutex_lock(&x->server->log_lock);
    fwrite(line.bytes, 1, line.size, x->server->access_log);
    pthread_mutex_unlock(&x->server->log_lock);
  }
  ock_buffer_clear(&line);
}

void ock_exchange_record(ock_exchange *x, size_t answer_size) {
  bool inference = ock_route_is_inference(x->target.route);
  if (!inference && !x->server->access_log) return;
  char client[INET6_ADDRSTRLEN] = "";
  if (x->server->access_log || x->server->recorder) client_text(x, client);
  ockham_request r = describe(x, answer_size, client);
  if (inference && x->version) ock_meter_add(&x->version->meter, &r, x->status == 200 ? NULL : x->reason);
  if (inference && x->version) ock_allowance_note(x->version, &r);
  if (x->server->access_log) write_log(x, &r);
  if (inference) mark_for_drift(x, &r);
  if (inference && x->server->recorder) put_in_recording(x, &r);
  if (inference) note_for_drift(x, &r);
  if (inference && x->status == 200) ock_shadow_send(x);
}
