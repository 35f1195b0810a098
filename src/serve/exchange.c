/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request: its first line, its headers, its body in pieces, an answer at once or after a job, the end. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "report/assets.h"
#include "serve/internal.h"

enum { FIRST_CAPACITY = 4096 };

/* ---- headers ---- */

const char *ock_exchange_header(const ock_exchange *x, const char *name) {
  return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

const char *ock_exchange_argument(const ock_exchange *x, const char *name) {
  return MHD_lookup_connection_value(x->connection, MHD_GET_ARGUMENT_KIND, name);
}

typedef struct framing {
  size_t n_lengths, n_encodings, n_hosts;
  bool has_body, bad;
} framing;

static bool is_token(const char *name) {
  static const char OTHERS[] = "!#$%&'*+-.^_`|~";
  size_t n = 0;
  for (; name[n]; n++) {
    char lower = name[n] | 0x20;
    bool good = (lower >= 'a' && lower <= 'z') || (name[n] >= '0' && name[n] <= '9') || strchr(OTHERS, name[n]);
    if (!good) return false;
  }
  return n > 0;
}

static enum MHD_Result look_at_header(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
  (void)kind;
  framing *f = user;
  if (strcasecmp(name, "Content-Length") == 0) {
    f->n_lengths++;
    if (!*value || value[strspn(value, "0123456789")]) f->bad = true;
    if (value[strspn(value, "0")]) f->has_body = true;
  }
  if (strcasecmp(name, "Transfer-Encoding") == 0) {
    f->n_encodings++;
    f->has_body = true;
    if (strcasecmp(value, "chunked") != 0) f->bad = true;
  }
  if (strcasecmp(name, "Host") == 0) f->n_hosts++;
  if (!is_token(name)) f->bad = true;        /* "Content-Length : 5" */
  if (strpbrk(value, "\r\n")) f->bad = true; /* a CR alone ends a line for some: what is behind it is a header then */
  return MHD_YES;
}

/* What a server in front could read otherwise than this one: where a request ends must be beyond doubt (RFC 9112, 6.3).
 */
static bool framing_is_clear(const ock_exchange *x, bool *has_body) {
  framing f = {0};
  MHD_get_connection_values(x->connection, MHD_HEADER_KIND, look_at_header, &f);
  *has_body = f.has_body;
  return !f.bad && f.n_lengths <= 1 && f.n_encodings <= 1 && f.n_lengths + f.n_encodings <= 1 && f.n_hosts <= 1;
}

static bool is_plain_text(const char *text, size_t most) {
  size_t n = strlen(text);
  for (size_t i = 0; i < n; i++)
    if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\') return false;
  return n > 0 && n <= most;
}

static void set_id(ock_exchange *x) {
  const char *given = ock_exchange_header(x, "X-Request-Id");
  if (given && is_plain_text(given, sizeof x->id - 1)) {
    memcpy(x->id, given, strlen(given) + 1);
    return;
  }
  uint64_t n = atomic_fetch_add(&x->server->n_ids, 1);
  snprintf(x->id, sizeof x->id, "%08llx-%llx", (unsigned long long)(x->server->id_seed & 0xffffffff),
           (unsigned long long)n);
}

/* ---- answers ---- */

void ock_exchange_fail(ock_exchange *x, unsigned status, const char *format, ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  x->status = status;
  if (!x->reason) x->reason = "OTHER";
  snprintf(x->error.message, sizeof x->error.message, "%.500s", message);
  x->out.size = 0;
  x->out_json_size = 0;
  x->content_type = "application/json";
  ock_buffer_text(&x->out, "{\"error\":");
  ock_buffer_json_text(&x->out, message);
  ock_buffer_text(&x->out, "}");
}

void ock_exchange_fail_by(ock_exchange *x, const ockham_error *err) {
  static const struct {
    ockham_status status;
    unsigned http;
  } table[] = {{OCKHAM_BAD_DATA, 400},    {OCKHAM_BAD_ARGUMENT, 400}, {OCKHAM_BAD_FILE, 400},
               {OCKHAM_UNSUPPORTED, 415}, {OCKHAM_NO_MEMORY, 503},    {OCKHAM_IO, 502}};
  unsigned http = 500;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (table[i].status == err->status) http = table[i].http;
  ock_exchange_fail(x, http, "%s", err->message);
}

/* W3C Trace Context: version-trace-parent-flags, in lower-case hexadecimal digits. */
const char *ock_exchange_trace(const ock_exchange *x) {
  static const char form[] = "hh-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
  const char *trace = ock_exchange_header(x, "traceparent");
  if (!trace || strlen(trace) != sizeof form - 1) return NULL;
  for (size_t i = 0; form[i]; i++)
    if (form[i] == '-' ? trace[i] != '-' : !strchr("0123456789abcdef", trace[i])) return NULL;
  return trace;
}

static void add_timing(struct MHD_Response *response, const ock_exchange *x) {
  char text[256];
  size_t n = 0;
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%s;dur=%.3f", i ? ", " : "", ock_phase_words[i],
                          (double)x->phase_ns[i] / 1e6);
  MHD_add_response_header(response, "Server-Timing", text);
}

static void add_headers(struct MHD_Response *response, const ock_exchange *x) {
  MHD_add_response_header(response, "Content-Type", x->content_type ? x->content_type : "application/json");
  MHD_add_response_header(response, "X-Request-Id", x->id);
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  char number[32];
  if (x->out_json_size) {
    snprintf(number, sizeof number, "%zu", x->out_json_size);
    MHD_add_response_header(response, "Inference-Header-Content-Length", number);
  }
  if (x->status == 503 || x->status == 429) {
    snprintf(number, sizeof number, "%u", x->retry_ms ? (x->retry_ms + 999) / 1000 : 1);
    MHD_add_response_header(response, "Retry-After", number);
  }
  if (x->allow) MHD_add_response_header(response, "Allow", x->allow);
  if (x->version) {
    MHD_add_response_header(response, "X-Model-Version", x->version->settings.version);
    add_timing(response, x);
  }
  const char *trace = ock_exchange_trace(x);
  if (trace) MHD_add_response_header(response, "traceresponse", trace);
}

static void close_after(struct MHD_Response *response) {
  MHD_add_response_header(response, "Connection", "close");
}

/* The buffer's bytes become the response's. */
static struct MHD_Response *take_bytes(ock_buffer *out) {
  ock_buffer taken = *out;
  *out = (ock_buffer){0};
  if (!taken.bytes) return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
  struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(taken.size, taken.bytes, ock_free);
  if (!response) ock_free(taken.bytes);
  return response;
}

static enum MHD_Result send_answer(ock_exchange *x, bool and_close) {
  x->stage = OCK_STAGE_DONE;
  struct MHD_Response *response = x->asset ? ock_console_response(x) : take_bytes(&x->out);
  if (!response) return MHD_NO;
  add_headers(response, x);
  if (x->admin) ock_admin_headers(x, response);
  if (and_close) close_after(response);
  enum MHD_Result result = MHD_queue_response(x->connection, x->status, response);
  MHD_destroy_response(response);
  return result;
}

/* Where there was no memory for the answer, there may be for saying so; else it is empty. */
static void fail_without_memory(ock_exchange *x) {
  ock_buffer_clear(&x->out);
  ock_exchange_fail(x, 503, "not enough memory for the answer");
  if (x->out.failed) ock_buffer_clear(&x->out);
}

static enum MHD_Result answer(ock_exchange *x, bool and_close) {
  if (x->out.failed) fail_without_memory(x);
  ock_exchange_record(x, x->asset ? x->asset->size : x->out.size);
  return send_answer(x, and_close || x->server->stopping);
}

/* ---- bodies ---- */

static bool grow_body(ock_exchange *x, size_t needed) {
  size_t capacity = x->capacity ? x->capacity : FIRST_CAPACITY;
  while (capacity < needed) capacity *= 2;
  char *grown = ock_realloc_array(x->body, capacity + OCK_BODY_PADDING, 1);
  if (!grown) return false;
  x->body = grown;
  x->capacity = capacity;
  return true;
}

/* What is beyond the limit is read and dropped, so that the client gets to read why; and only so much of it. */
static bool add_to_body(ock_exchange *x, const char *bytes, size_t size) {
  size_t most = x->server->options.body_bytes;
  if (x->too_long || size > most - x->size) {
    x->too_long = true;
    x->n_dropped += size;
    return x->n_dropped / 4 <= most;
  }
  if (x->capacity < x->size + size && !grow_body(x, x->size + size)) return false;
  memcpy(x->body + x->size, bytes, size);
  x->size += size;
  return true;
}

static ockham_status inflate_all(ock_exchange *x, z_stream *z, size_t most, ock_buffer *out, ockham_error *err) {
  enum { STEP = 64 * 1024 };
  z->next_in = (unsigned char *)x->body;
  z->avail_in = (unsigned)x->size;
  int result = Z_OK;
  while (result == Z_OK) {
    char *room = ock_buffer_room(out, STEP + OCK_BODY_PADDING);
    if (!room) return ock_fail_memory(err, "a compressed body", out->size + STEP);
    z->next_out = (unsigned char *)room;
    z->avail_out = STEP;
    result = inflate(z, Z_NO_FLUSH);
    out->size += STEP - z->avail_out;
    if (out->size > most)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the body is longer than %zu bytes once it is decompressed", most);
  }
  if (result != Z_STREAM_END || z->avail_in)
    return ock_fail(err, OCKHAM_BAD_DATA, "the body's compression is damaged or cut: at byte %lu", z->total_in);
  return OCKHAM_OK;
}

/* BAD_DATA, UNSUPPORTED (another encoding) or, when it becomes longer than bodies may be, BAD_ARGUMENT. */
static ockham_status inflate_body(ock_exchange *x, const char *encoding, ockham_error *err) {
  enum { GZIP_OR_ZLIB = 32 + MAX_WBITS };
  if (strcasecmp(encoding, "gzip") != 0 && strcasecmp(encoding, "deflate") != 0)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "Content-Encoding: expected gzip or deflate, found '%.60s'", encoding);
  z_stream z = {0};
  if (inflateInit2(&z, GZIP_OR_ZLIB) != Z_OK) return ock_fail_memory(err, "decompression", sizeof z);
  ock_buffer out = {0};
  ockham_status status = inflate_all(x, &z, x->server->options.body_bytes, &out, err);
  inflateEnd(&z);
  if (status) {
    ock_buffer_clear(&out);
    return status;
  }
  ock_free(x->body);
  x->body = out.bytes;
  x->size = out.size;
  x->capacity = out.capacity - OCK_BODY_PADDING;
  return OCKHAM_OK;
}

static bool body_is_whole(ock_exchange *x, ockham_error *err) {
  if (!x->body && !grow_body(x, 0)) {
    ock_fail_memory(err, "a body", FIRST_CAPACITY);
    return false;
  }
  const char *encoding = ock_exchange_header(x, "Content-Encoding");
  if (encoding && x->size && strcasecmp(encoding, "identity") != 0 && inflate_body(x, encoding, err)) return false;
  memset(x->body + x->size, 0, OCK_BODY_PADDING);
  return true;
}

/* ---- steps ---- */

static ock_exchange *new_exchange(ockham_server *server, struct MHD_Connection *connection) {
  ock_exchange *x = ock_alloc_zeroed(1, sizeof *x);
  if (!x) return NULL;
  atomic_fetch_add(&server->n_exchanges, 1);
  x->server = server;
  x->connection = connection;
  x->watch = SIZE_MAX;
  x->time_ns = ock_wall_ns();
  x->begin_ns = ock_clock_ns();
  return x;
}

void *ock_exchange_begin(void *server, const char *uri, struct MHD_Connection *connection) {
  (void)uri;
  return new_exchange(server, connection);
}

void *ock_exchange_begin_admin(void *server, const char *uri, struct MHD_Connection *connection) {
  (void)uri;
  ock_exchange *x = new_exchange(server, connection);
  if (x) x->admin = true;
  return x;
}

/* With the headers there: what can be refused without the body is. True when it was. */
static bool refuse_early(ock_exchange *x, const char *url, const char *method) {
  bool has_body;
  set_id(x);
  if (!framing_is_clear(x, &has_body)) {
    ock_exchange_fail(x, 400,
                      "the headers leave open where the request ends: expected one Content-Length, or "
                      "Transfer-Encoding: chunked, and one Host");
    return true;
  }
  x->target = ock_route_find(method, url);
  if (x->target.route == OCK_ROUTE_NONE) {
    x->allow = x->target.allow;
    if (x->allow)
      ock_exchange_fail(x, 405, "%.20s is not a method of %.200s; expected %s", method, url, x->allow);
    else
      ock_exchange_fail(x, 404, "there is nothing at %.200s; GET / lists what there is", url);
    return true;
  }
  /* libmicrohttpd takes a bare CR for the end of a line, and so a length that another reads as part of a value. */
  if (has_body && strcmp(method, "POST") != 0) {
    ock_exchange_fail(x, 400, "%.20s has no body here", method);
    return true;
  }
  if (!ock_admin_allows(x)) return true;
  const char *length = ock_exchange_header(x, "Content-Length");
  if (length && strtoull(length, NULL, 10) > x->server->options.body_bytes) {
    ock_exchange_fail(x, 413, "the body has %.20s bytes, expected at most %llu", length,
                      (unsigned long long)x->server->options.body_bytes);
    return true;
  }
  return false;
}

/* The whole request is there. */
static enum MHD_Result dispatch(ock_exchange *x) {
  x->read_ns = ock_clock_ns();
  ock_guest_does(x->connection, OCK_GUEST_WAITS);
  x->phase_ns[OCKHAM_PHASE_READ] = x->read_ns - x->begin_ns;
  ockham_error err = {0};
  if (x->too_long)
    ock_exchange_fail(x, 413, "the body is longer than %llu bytes", (unsigned long long)x->server->options.body_bytes);
  else if (!body_is_whole(x, &err) && err.status == OCKHAM_BAD_ARGUMENT)
    ock_exchange_fail(x, 413, "%s", err.message);
  else if (err.status)
    ock_exchange_fail_by(x, &err);
  else if (ock_route_is_inference(x->target.route))
    ock_infer_begin(x);
  else
    ock_document_answer(x);
  if (x->stage == OCK_STAGE_WAITING || x->stage == OCK_STAGE_STREAMING) return MHD_YES;
  return answer(x, x->too_long);
}

enum MHD_Result ock_exchange_step(void *server, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *http_version, const char *upload, size_t *upload_size, void **exchange) {
  (void)server, (void)connection, (void)http_version;
  ock_exchange *x = *exchange;
  if (!x) return MHD_NO; /* no memory for it */
  if (!x->begun) {
    x->begun = true;
    ock_guest_does(connection, OCK_GUEST_SENDS);
    if (refuse_early(x, url, method)) return answer(x, true);
    return MHD_YES;
  }
  if (x->stage == OCK_STAGE_WAITING) { /* woken up: its job is done, or the thread that worked for it */
    if (x->job) ock_infer_finish(x);
    return answer(x, false);
  }
  if (*upload_size) {
    if (!add_to_body(x, upload, *upload_size)) return MHD_NO;
    *upload_size = 0;
    return MHD_YES;
  }
  return x->stage == OCK_STAGE_READING ? dispatch(x) : MHD_YES;
}

static void note_left(ock_exchange *x) {
  x->reason = "CANCELED";
  x->marks |= OCKHAM_MARK_CANCELLED;
}

/* The client left before it was answered, which libmicrohttpd may see before it asks for the answer: all that remains
 * is an entry in the recording. */
static void record_left(ock_exchange *x) {
  if (x->begun && x->stage == OCK_STAGE_READING && ock_route_is_inference(x->target.route)) {
    note_left(x);
    ock_exchange_fail(x, 499, "the client left after %zu bytes of the body", x->size);
  } else if (x->stage == OCK_STAGE_WAITING && x->job) {
    ock_infer_finish(x);
    if (x->status == 200) {
      note_left(x);
      ock_exchange_fail(x, 499, "the client left before the answer was sent");
    }
  } else {
    return;
  }
  ock_exchange_record(x, 0);
}

void ock_exchange_end(void *server, struct MHD_Connection *connection, void **exchange,
                      enum MHD_RequestTerminationCode how) {
  (void)server, (void)how;
  ock_exchange *x = *exchange;
  if (!x) return;
  *exchange = NULL;
  ock_guest_does(connection, OCK_GUEST_BEFORE_REQUEST);
  record_left(x);
  ock_job_release(x->job);
  ock_message_clear(&x->request);
  ock_message_clear(&x->answer);
  ock_version_release(x->version);
  ock_buffer_clear(&x->out);
  ock_free(x->body);
  atomic_fetch_sub(&x->server->n_exchanges, 1);
  ock_free(x);
}
