/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded body goes to the route by which it came, so that everything between the socket and the model is asked
 * again too; one at a time, so that the order is that of the recording. */
#include <curl/curl.h>
#include <ockham/replay.h>
#include <stdlib.h>
#include <string.h>

#include "data/internal.h"
#include "serve/compare.h"
#include "serve/internal.h"

typedef struct replay {
  const ockham_replay_options *options;
  ockham_replay_result *result;
  CURL *curl;
  ock_buffer answer;
  size_t answer_json_size;
  uint32_t status;
  uint64_t total_ns;
  char text[400];
  ock_difference difference;
} replay;

/* ---- asking ---- */

static size_t take_body(char *bytes, size_t size, size_t n, void *user) {
  replay *r = user;
  ock_buffer_put(&r->answer, bytes, size * n);
  return r->answer.failed ? 0 : size * n;
}

static size_t take_header(char *line, size_t size, size_t n, void *user) {
  static const char NAME[] = "inference-header-content-length:";
  replay *r = user;
  size_t length = size * n;
  if (length > sizeof NAME && strncasecmp(line, NAME, sizeof NAME - 1) == 0)
    r->answer_json_size = strtoull(line + sizeof NAME - 1, NULL, 10);
  return length;
}

/* "POST /v2/models/{m}/infer": the path, with the model put in and the version asked for behind it. */
static void write_url(const replay *r, const ockham_request *request, ock_buffer *url) {
  const ockham_replay_options *o = r->options;
  const char *path = strchr(request->route, '/'), *place = path ? strstr(path, "{m}") : NULL;
  const char *model = o->model ? o->model : request->model;
  ock_buffer_print(url, "%s", o->url);
  while (url->size && url->bytes[url->size - 1] == '/') url->size--;
  if (place) {
    ock_buffer_put(url, path, (size_t)(place - path));
    ock_buffer_text(url, model);
    if (o->version) ock_buffer_print(url, "/versions/%s", o->version);
    ock_buffer_text(url, place + 3);
  } else {
    ock_buffer_print(url, "%s?model=%s", path ? path : "/", model);
  }
  ock_buffer_put(url, "", 1);
}

static struct curl_slist *headers_of(const ockham_request *request) {
  char line[600];
  struct curl_slist *list = NULL;
  snprintf(line, sizeof line, "Content-Type: %.500s", request->content_type);
  list = curl_slist_append(list, *request->content_type ? line : "Content-Type:");
  if (request->json_size) {
    snprintf(line, sizeof line, "Inference-Header-Content-Length: %llu", (unsigned long long)request->json_size);
    list = curl_slist_append(list, line);
  }
  snprintf(line, sizeof line, "X-Request-Id: %.500s", request->id);
  list = curl_slist_append(list, *request->id ? line : "X-Request-Id:");
  snprintf(line, sizeof line, "X-Unit-Key: %.500s", request->key);
  if (*request->key) list = curl_slist_append(list, line);
  return curl_slist_append(list, "Expect:");
}

static void ask(replay *r, const ockham_request *request) {
  ock_buffer url = {0};
  write_url(r, request, &url);
  struct curl_slist *headers = headers_of(request);
  r->answer.size = r->answer_json_size = 0;
  r->answer.failed = false;
  r->status = 0;
  if (!url.failed) {
    curl_easy_setopt(r->curl, CURLOPT_URL, url.bytes);
    curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(r->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
    curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, headers);
    uint64_t begin = ock_clock_ns();
    CURLcode code = curl_easy_perform(r->curl);
    r->total_ns = ock_clock_ns() - begin;
    long status = 0;
    if (code == CURLE_OK)
      curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
    else
      snprintf(r->text, sizeof r->text, "%s", curl_easy_strerror(code));
    r->status = (uint32_t)status;
  }
  curl_slist_free_all(headers);
  ock_buffer_clear(&url);
}

static bool open_curl(replay *r) {
  r->curl = curl_easy_init();
  if (!r->curl) return false;
  curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, r);
  curl_easy_setopt(r->curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(r->curl, CURLOPT_HEADERDATA, r);
  curl_easy_setopt(r->curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(r->curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(r->curl, CURLOPT_PROXY, "");
  return true;
}

/* ---- comparing ---- */

/* A copy with the zeros behind it that decoders read. */
static char *padded(const void *bytes, size_t size) {
  char *copy = ock_alloc(size + OCK_BODY_PADDING);
  if (!copy) return NULL;
  if (size) memcpy(copy, bytes, size);
  memset(copy + size, 0, OCK_BODY_PADDING);
  return copy;
}

static bool decode(const void *bytes, size_t size, size_t json_size, ock_message *message) {
  char *copy = padded(bytes, size);
  bool good = copy && !ock_oip_decode_answer(copy, size, json_size ? json_size : size, message, NULL);
  ock_free(copy);
  return good;
}

static ockham_replay_verdict compare_tensors(replay *r, const ockham_request *request, double tolerance) {
  ock_message then = {0}, now = {0};
  bool good = decode(request->answer, (size_t)request->answer_size, (size_t)request->answer_json_size, &then) &&
              decode(r->answer.bytes, r->answer.size, r->answer_json_size, &now);
  ock_difference *d = &r->difference;
  *d = (ock_difference){0};
  if (good)
    ock_answers_compare(&then, &now, tolerance, d);
  else
    snprintf(d->shape, sizeof d->shape, "an answer cannot be decoded");
  ock_message_clear(&then);
  ock_message_clear(&now);
  if (d->shape[0]) {
    snprintf(r->text, sizeof r->text, "%s", d->shape);
    return OCKHAM_REPLAY_SHAPE;
  }
  if (!d->n_different) return OCKHAM_REPLAY_SAME;
  snprintf(r->text, sizeof r->text, "%llu of %llu values, most %s[%llu]: %.9g then, %.9g now",
           (unsigned long long)d->n_different, (unsigned long long)d->n_values, d->output, (unsigned long long)d->at,
           d->a, d->b);
  return OCKHAM_REPLAY_DIFFERENT;
}

/* The number that starts at p, if one does; what stands between numbers is compared byte by byte. */
static size_t number_at(const char *p, const char *end, double *value, bool *integer) {
  size_t n = 0;
  while (p + n < end && p[n] && strchr("+-.0123456789eE", p[n])) n++;
  if (!n || !ock_number_parse(p, n, value)) return 0;
  *integer = !memchr(p, '.', n) && !memchr(p, 'e', n) && !memchr(p, 'E', n);
  return n;
}

static void note_number(ock_difference *d, double distance, double a, double b) {
  d->n_different++;
  if (distance <= d->worst) return;
  d->worst = distance;
  d->at = d->n_values;
  d->a = a;
  d->b = b;
}

/* Rows in JSON or CSV: texts alike but for numbers, which are compared as such. */
static ockham_replay_verdict compare_texts(replay *r, const ockham_request *request, double tolerance) {
  ock_difference *d = &r->difference;
  *d = (ock_difference){0};
  const char *p = request->answer, *p_end = p + request->answer_size;
  const char *q = r->answer.bytes, *q_end = q + r->answer.size;
  while (p < p_end && q < q_end) {
    double a, b;
    bool a_integer, b_integer;
    size_t n = number_at(p, p_end, &a, &a_integer), m = number_at(q, q_end, &b, &b_integer);
    if (n && m) {
      double distance = ock_relative_difference(a, b, 0);
      if (distance > (a_integer && b_integer ? 0 : tolerance)) note_number(d, distance, a, b);
      d->n_values++;
      p += n;
      q += m;
    } else if (*p++ != *q++) {
      break;
    }
  }
  if (p != p_end || q != q_end) {
    snprintf(r->text, sizeof r->text, "the answers differ at byte %zu", (size_t)(p - (const char *)request->answer));
    return OCKHAM_REPLAY_SHAPE;
  }
  if (!d->n_different) return OCKHAM_REPLAY_SAME;
  snprintf(r->text, sizeof r->text, "%llu of %llu values, most value %llu: %.9g then, %.9g now",
           (unsigned long long)d->n_different, (unsigned long long)d->n_values, (unsigned long long)d->at + 1, d->a,
           d->b);
  return OCKHAM_REPLAY_DIFFERENT;
}

static ockham_replay_verdict judge(replay *r, const ockham_request *request) {
  double tolerance = r->options->tolerance > 0 ? r->options->tolerance : 1e-6;
  if (!r->status) return OCKHAM_REPLAY_UNREACHED;
  if (r->status != request->status) {
    snprintf(r->text, sizeof r->text, "status %u then, %u now: %.*s", request->status, r->status,
             (int)(r->answer.size < 200 ? r->answer.size : 200), r->answer.size ? r->answer.bytes : "");
    return OCKHAM_REPLAY_STATUS;
  }
  if (request->status != 200) return OCKHAM_REPLAY_SAME;
  if (!request->answer || request->answer_size != request->bytes_out) return OCKHAM_REPLAY_CUT;
  bool tensors = strstr(request->route, "/infer");
  return tensors ? compare_tensors(r, request, tolerance) : compare_texts(r, request, tolerance);
}

/* ---- all of them ---- */

static bool replay_one(replay *r, const ockham_request *request) {
  ockham_replay_result *result = r->result;
  r->text[0] = '\0';
  r->difference = (ock_difference){0};
  r->total_ns = r->status = 0;
  r->answer.size = 0;
  ockham_replay_verdict verdict = OCKHAM_REPLAY_CUT;
  if (request->body_size == request->bytes_in) { /* else it was cut, or written anew without columns */
    ask(r, request);
    verdict = judge(r, request);
  }
  ock_difference *d = &r->difference;
  result->n++;
  result->n_verdicts[verdict]++;
  result->n_values += d->n_values;
  result->n_different += d->n_different;
  if (d->worst > result->worst) {
    result->worst = d->worst;
    result->worst_number = request->number;
  }
  if (r->status == 200 && request->status == 200) {
    result->seconds_then += (double)request->total_ns / 1e9;
    result->seconds_now += (double)r->total_ns / 1e9;
  }
  ockham_replayed replayed = {request,        verdict,  r->status, r->total_ns,     d->n_values,
                              d->n_different, d->worst, r->text,   r->answer.bytes, r->answer.size};
  return !r->options->each || r->options->each(r->options->user, &replayed);
}

static ockham_status replay_all(replay *r, ockham_recording *recording, ockham_error *err) {
  ockham_request_filter filter = r->options->filter;
  filter.with_body = true;
  uint64_t now = ock_wall_ns(); /* what the server records of this replay is not replayed */
  if (!filter.until_ns || filter.until_ns > now) filter.until_ns = now;
  ockham_request request;
  bool found, go_on = true;
  while (go_on && (!r->options->limit || r->result->n < r->options->limit)) {
    OCK_TRY(ockham_recording_next(recording, &filter, &request, &found, err));
    if (!found) break;
    if (request.marks & OCKHAM_MARK_SHADOW) continue;
    go_on = replay_one(r, &request);
    if (r->result->n == 1 && r->result->n_verdicts[OCKHAM_REPLAY_UNREACHED])
      return ock_fail(err, OCKHAM_IO, "cannot ask %s: %s", r->options->url, r->text);
  }
  return OCKHAM_OK;
}

ockham_status ockham_replay(const ockham_replay_options *options, ockham_replay_result *result, ockham_error *err) {
  *result = (ockham_replay_result){0};
  if (!options->url || !options->folder)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a replay needs a recording and a server");
  replay r = {.options = options, .result = result};
  ockham_recording *recording;
  OCK_TRY(ockham_recording_open(options->folder, &recording, err));
  ockham_status status = open_curl(&r) ? replay_all(&r, recording, err) : ock_fail_memory(err, "a client", 0);
  curl_easy_cleanup(r.curl);
  ock_buffer_clear(&r.answer);
  ockham_recording_close(recording);
  return status;
}
