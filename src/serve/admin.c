/* SPDX-License-Identifier: Apache-2.0 */
/* The second port: who may use it, models loaded and unloaded, what was recorded, the console and its stream. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "serve/internal.h"

static const char COOKIE[] = "ockham_token";

/* ---- who may ---- */

static bool is_admin_route(ock_route route) {
  static const bool table[] = {
#define ADMIN(name, method, path, admin) admin,
      OCK_ROUTE_LIST(ADMIN)
#undef ADMIN
  };
  return table[route];
}

/* Takes as long whether the first byte differs or the last. */
static bool same_secret(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b);
  unsigned different = n != m;
  for (size_t i = 0; i < n; i++) different |= (unsigned char)(a[i] ^ b[i % (m ? m : 1)]);
  return !different;
}

static bool has_token(const ock_exchange *x) {
  const char *header = ock_exchange_header(x, "Authorization");
  if (header && strncasecmp(header, "Bearer ", 7) == 0 && same_secret(header + 7, x->server->token)) return true;
  const char *cookie = MHD_lookup_connection_value(x->connection, MHD_COOKIE_KIND, COOKIE);
  return cookie && same_secret(cookie, x->server->token);
}

/* A page of another site must not be able to act through a browser that reaches this port: its requests say where they
 * come from; and a name that was made to point here (DNS rebinding) is not one of ours. */
static bool is_from_elsewhere(const ock_exchange *x) {
  const char *origin = ock_exchange_header(x, "Origin"), *host = ock_exchange_header(x, "Host");
  const char *behind = origin ? strstr(origin, "://") : NULL;
  return origin && (!behind || !host || strcmp(behind + 3, host) != 0);
}

static bool is_local_name(const char *host) {
  static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
  for (size_t i = 0; i < 3; i++) {
    size_t n = strlen(names[i]);
    if (strncasecmp(host, names[i], n) == 0 && (!host[n] || host[n] == ':')) return true;
  }
  return false;
}

bool ock_admin_allows(ock_exchange *x) {
  if (!x->admin && !is_admin_route(x->target.route)) return true;
  if (!x->admin) {
    ock_exchange_fail(x, 404, "this is served on the admin address only");
    return false;
  }
  if (is_from_elsewhere(x)) {
    ock_exchange_fail(x, 403, "the request comes from another site");
    return false;
  }
  const char *host = ock_exchange_header(x, "Host");
  if (!x->server->token) {
    if (!host || x->server->admin_is_socket || is_local_name(host)) return true;
    ock_exchange_fail(x, 403, "without a token only localhost is answered, found Host '%.100s'", host);
    return false;
  }
  bool open = ock_console_is_asset(x->target.route) || x->target.route == OCK_ROUTE_LOGIN ||
              x->target.route == OCK_ROUTE_LIVE || x->target.route == OCK_ROUTE_READY;
  if (open || has_token(x)) return true;
  ock_exchange_fail(x, 401, "expected the token of the token file as Authorization: Bearer ...");
  return false;
}

void ock_admin_headers(const ock_exchange *x, struct MHD_Response *response) {
  if (x->asset)
    ock_console_headers(x, response);
  else
    MHD_add_response_header(response, "Cache-Control", "no-store");
  MHD_add_response_header(response, "X-Frame-Options", "DENY");
  if (x->status == 401) MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
  if (x->target.route == OCK_ROUTE_LOGIN && x->status == 204) {
    char cookie[600];
    snprintf(cookie, sizeof cookie, "%s=%.500s; HttpOnly; SameSite=Strict; Path=/", COOKIE, x->server->token);
    MHD_add_response_header(response, "Set-Cookie", cookie);
  }
}

static void login(ock_exchange *x) {
  if (!x->server->token || same_secret(x->body, x->server->token))
    x->status = 204;
  else
    ock_exchange_fail(x, 401, "this is not the token");
}

/* ---- models ---- */

/* Models come from the configuration alone: whoever may ask must not be able to bring programs along. */
static bool load_brings_nothing(ock_exchange *x) {
  if (!x->size) return true;
  json_t *body = json_loadb(x->body, x->size, JSON_REJECT_DUPLICATES, NULL);
  const json_t *parameters = json_object_get(body, "parameters");
  bool good = json_is_object(body) && (!parameters || (json_is_object(parameters) && !json_object_size(parameters)));
  json_decref(body);
  if (!good) ock_exchange_fail(x, 400, "a load takes no parameters: models come from the configuration");
  return good;
}

static void load(ock_exchange *x) {
  ockham_error err = {0};
  if (!load_brings_nothing(x)) return;
  if (ock_server_load(x->server, x->target.model, &err))
    ock_exchange_fail(x, err.status == OCKHAM_BAD_ARGUMENT ? 404 : 400, "%s", err.message);
}

static void unload(ock_exchange *x) {
  if (ock_catalog_remove(&x->server->catalog, x->target.model, NULL) == 0) {
    ock_exchange_fail(x, 404, "there is no model '%s'", x->target.model);
    return;
  }
  ock_server_event(x->server, "unload", x->target.model, "", "unloaded by request", NULL);
}

/* ---- what was recorded ---- */

static uint64_t number_argument(const ock_exchange *x, const char *name) {
  const char *text = ock_exchange_argument(x, name);
  return text && *text && !text[strspn(text, "0123456789")] ? strtoull(text, NULL, 10) : 0;
}

static uint32_t marks_argument(const ock_exchange *x) {
  const char *text = ock_exchange_argument(x, "marks");
  uint32_t marks = 0;
  for (size_t i = 0; text && i < OCK_MARKS; i++)
    if (strstr(text, ock_mark_words[i].word)) marks |= ock_mark_words[i].mark;
  return marks;
}

static ockham_request_filter filter_of(const ock_exchange *x) {
  return (ockham_request_filter){
      .model = ock_exchange_argument(x, "model"),
      .version = ock_exchange_argument(x, "version"),
      .id = ock_exchange_argument(x, "id"),
      .key = ock_exchange_argument(x, "key"),
      .least_status = (uint32_t)number_argument(x, "least_status"),
      .most_status = (uint32_t)number_argument(x, "most_status"),
      .least_total_ns = number_argument(x, "least_us") * 1000,
      .after_number = number_argument(x, "after"),
      .marks = marks_argument(x),
  };
}

static void list_requests(ock_exchange *x, ockham_recording *recording) {
  enum { USUAL = 50, MOST = 1000 };
  ockham_request_filter filter = filter_of(x);
  uint64_t limit = number_argument(x, "limit");
  limit = limit == 0 ? USUAL : limit > MOST ? MOST : limit;
  ockham_error err = {0};
  ockham_request request;
  bool found = true;
  ockham_recording_rewind(recording, true);
  ock_buffer_text(&x->out, "[");
  for (uint64_t i = 0; i < limit && !ockham_recording_next(recording, &filter, &request, &found, &err) && found; i++) {
    ock_buffer_text(&x->out, i ? ",\n" : "");
    ock_request_write(&request, false, &x->out);
  }
  ock_buffer_text(&x->out, "]");
}

static void show_request(ock_exchange *x, ockham_recording *recording) {
  ockham_request_filter filter = {.after_number = x->target.number - 1};
  ockham_error err = {0};
  ockham_request request;
  bool found = false;
  if (x->target.number && !ockham_recording_next(recording, &filter, &request, &found, &err) && found &&
      request.number == x->target.number)
    ock_request_write(&request, true, &x->out);
  else
    ock_exchange_fail(x, 404, "request %llu is not in the recording any more", (unsigned long long)x->target.number);
}

/* Where the newest of the entries in the answer begin, so that older ones can be dropped. */
typedef struct tail {
  size_t *begins; /* limit of them, in a ring */
  uint64_t limit, n;
} tail;

static void drop_older(ock_buffer *out, size_t begin, const tail *t) {
  if (!t->begins || t->n <= t->limit) return;
  size_t from = t->begins[t->n % t->limit];
  memmove(out->bytes + begin, out->bytes + from, out->size - from);
  out->size -= from - begin;
}

/* All after a number, or with a limit the newest of them; the oldest first. */
static void list_events(ock_exchange *x, ockham_recording *recording) {
  enum { MOST = 10000 };
  uint64_t after = number_argument(x, "after"), limit = number_argument(x, "limit");
  tail t = {.limit = limit > MOST ? MOST : limit};
  if (t.limit) t.begins = ock_alloc_array((size_t)t.limit, sizeof *t.begins);
  ockham_error err = {0};
  ockham_event event;
  bool found = true;
  ock_buffer_text(&x->out, "[");
  while (!ockham_recording_event(recording, after, ock_exchange_argument(x, "kind"), &event, &found, &err) && found) {
    if (t.n) ock_buffer_text(&x->out, ",\n");
    if (t.begins) t.begins[t.n % t.limit] = x->out.size;
    t.n++;
    ock_event_write(&event, &x->out);
    after = event.number;
  }
  if (!x->out.failed) drop_older(&x->out, 1, &t);
  ock_free(t.begins);
  ock_buffer_text(&x->out, "]");
}

static void answer_from_recording(ock_exchange *x) {
  ockham_error err = {0};
  ockham_recording *recording = NULL;
  if (!x->server->recorder) {
    ock_exchange_fail(x, 404, "this server keeps no recording");
  } else if (ockham_recording_open(x->server->options.folder, &recording, &err)) {
    ock_exchange_fail(x, 500, "%s", err.message);
  } else {
    if (x->target.route == OCK_ROUTE_REQUESTS)
      list_requests(x, recording);
    else if (x->target.route == OCK_ROUTE_REQUEST)
      show_request(x, recording);
    else
      list_events(x, recording);
  }
  ockham_recording_close(recording);
}

/* ---- in a thread of its own: what waits for a model or the disk ---- */

static void *run_apart(void *arg) {
  ock_exchange *x = arg;
  if (x->target.route == OCK_ROUTE_LOAD)
    load(x);
  else if (x->target.route == OCK_ROUTE_OUTCOMES)
    ock_outcomes_answer(x);
  else
    answer_from_recording(x);
  ockham_server *server = x->server;
  MHD_resume_connection(x->connection);
  atomic_fetch_sub(&server->n_apart, 1);
  return NULL;
}

static void start_apart(ock_exchange *x) {
  pthread_t thread;
  ockham_server *server = x->server;
  atomic_fetch_add(&server->n_apart, 1); /* before it is asked: who stops the server waits for this after that */
  if (server->stopping) {
    ock_exchange_fail(x, 503, "the server ends");
  } else {
    x->stage = OCK_STAGE_WAITING;
    MHD_suspend_connection(x->connection);
    if (pthread_create(&thread, NULL, run_apart, x) == 0) {
      pthread_detach(thread);
      return;
    }
    ock_exchange_fail(x, 503, "no thread could be started");
    MHD_resume_connection(x->connection);
  }
  atomic_fetch_sub(&server->n_apart, 1);
}

void ock_admin_answer(ock_exchange *x) {
  x->content_type = "application/json";
  switch (x->target.route) {
    case OCK_ROUTE_FRONT:
    case OCK_ROUTE_CONSOLE_STYLE:
    case OCK_ROUTE_CONSOLE_SCRIPT:
    case OCK_ROUTE_CONSOLE_VEGA:
      ock_console_answer(x);
      break;
    case OCK_ROUTE_LOGIN:
      login(x);
      break;
    case OCK_ROUTE_UNLOAD:
      unload(x);
      break;
    case OCK_ROUTE_METRICS:
      x->content_type = "text/plain; version=0.0.4; charset=utf-8";
      ock_metrics_write(x->server, &x->out);
      break;
    case OCK_ROUTE_STATE:
      ock_state_write(x->server, &x->out);
      break;
    case OCK_ROUTE_HISTORY:
      ock_history_document(x->server, &x->out);
      break;
    case OCK_ROUTE_STREAM:
      ock_stream_begin(x);
      break;
    default:
      start_apart(x);
      break;
  }
}
