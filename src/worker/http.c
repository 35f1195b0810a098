/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/http.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct ock_http {
  CURL *easy;
  CURLM *multi; /* its wait can be ended, that of an easy handle alone cannot */
  char why[CURL_ERROR_SIZE];
};

/* What its callbacks fill. */
typedef struct transfer {
  ock_http_answer *answer;
  size_t most_bytes;
  bool too_long, has_json_size;
} transfer;

/* ---- handles ---- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static bool curl_works;

static void start_curl(void) {
  curl_works = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *user) {
  static const char name[] = "Inference-Header-Content-Length:";
  transfer *t = user;
  char number[32];
  size *= n;
  if (size > 5 && strncmp(bytes, "HTTP/", 5) == 0) t->has_json_size = false; /* the next answer, after 100 Continue */
  if (size < sizeof name || strncasecmp(bytes, name, sizeof name - 1) != 0) return size;
  snprintf(number, sizeof number, "%.*s", (int)(size - sizeof name + 1), bytes + sizeof name - 1);
  t->answer->json_size = strtoull(number, NULL, 10);
  t->has_json_size = true;
  return size;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *user) {
  transfer *t = user;
  size *= n;
  t->too_long = size > t->most_bytes - t->answer->body.size;
  if (t->too_long) return 0;
  ock_buffer_put(&t->answer->body, bytes, size);
  return t->answer->body.failed ? 0 : size;
}

static bool set_up(ock_http *http) {
  CURL *easy = http->easy;
  return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->why) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_USERAGENT, "ockham/" OCKHAM_VERSION) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK;
}

ockham_status ock_http_open(ock_http **http, ockham_error *err) {
  pthread_once(&curl_once, start_curl);
  *http = NULL;
  ock_http *made = ock_alloc_zeroed(1, sizeof *made);
  if (made && curl_works) {
    made->easy = curl_easy_init();
    made->multi = curl_multi_init();
    if (made->easy && made->multi && set_up(made)) {
      *http = made;
      return OCKHAM_OK;
    }
  }
  ock_http_close(made);
  return ock_fail_memory(err, "an HTTP client", sizeof *made);
}

void ock_http_close(ock_http *http) {
  if (!http) return;
  curl_easy_cleanup(http->easy);
  curl_multi_cleanup(http->multi);
  ock_free(http);
}

void ock_http_answer_clear(ock_http_answer *answer) {
  ock_buffer_clear(&answer->body);
  *answer = (ock_http_answer){0};
}

/* ---- requests ---- */

static bool add_header(struct curl_slist **headers, const char *name, const char *value) {
  char line[256];
  int n = snprintf(line, sizeof line, "%s: %s", name, value);
  if (n < 0 || (size_t)n >= sizeof line || strpbrk(line, "\r\n")) return true; /* not one to pass on */
  struct curl_slist *longer = curl_slist_append(*headers, line);
  if (longer) *headers = longer;
  return longer != NULL;
}

static bool make_headers(const ock_http_request *request, struct curl_slist **headers) {
  char size[24];
  snprintf(size, sizeof size, "%zu", request->json_size);
  bool tensors = request->json_size > 0;
  *headers = NULL;
  if (request->id && !add_header(headers, "X-Request-Id", request->id)) return false;
  if (request->traceparent && !add_header(headers, "traceparent", request->traceparent)) return false;
  if (!request->body) return true;
  struct curl_slist *longer = curl_slist_append(*headers, "Expect:"); /* no pause in front of large bodies */
  if (!longer) return false;
  *headers = longer;
  return add_header(headers, "Content-Type", tensors ? "application/octet-stream" : "application/json") &&
         (!tensors || add_header(headers, "Inference-Header-Content-Length", size));
}

static bool set_request(ock_http *http, const ock_http_request *request, struct curl_slist *headers, transfer *t) {
  CURL *easy = http->easy;
  bool good = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK;
  if (!request->body) return good && curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
  return good && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size) == CURLE_OK;
}

/* ---- one transfer ---- */

static int wait_ms(uint64_t now, uint64_t until) {
  enum { MOST = 60000 };
  uint64_t ms = (until - now + 999999) / 1000000;
  return ms < MOST ? (int)ms : MOST;
}

static bool take_result(ock_http *http, CURLcode *code) {
  int left;
  CURLMsg *message = curl_multi_info_read(http->multi, &left);
  if (!message || message->msg != CURLMSG_DONE) return false;
  *code = message->data.result;
  return true;
}

/* Until it is done (OCK_HTTP_ANSWERED: *code says how), late, or the crew ends. *woken: hand->wake was readable, and is
 * not any more. */
static ock_http_end drive(ock_http *http, ock_hand *hand, uint64_t until, CURLcode *code, bool *woken) {
  struct curl_waitfd wake = {.fd = hand->wake, .events = CURL_WAIT_POLLIN};
  for (;;) {
    int n_running = 0;
    if (curl_multi_perform(http->multi, &n_running) != CURLM_OK) return OCK_HTTP_FAILED;
    if (take_result(http, code)) return OCK_HTTP_ANSWERED;
    if (ock_hand_is_ending(hand)) return OCK_HTTP_ENDING;
    uint64_t now = ock_clock_ns();
    if (now >= until) return OCK_HTTP_LATE;
    if (curl_multi_poll(http->multi, &wake, 1, wait_ms(now, until), NULL) != CURLM_OK) return OCK_HTTP_FAILED;
    if (!wake.revents) continue;
    ock_hand_woken(hand);
    wake.revents = 0;
    *woken = true;
  }
}

static ock_http_end end_of(CURLcode code, const transfer *t) {
  switch (code) {
    case CURLE_OK:
      return OCK_HTTP_ANSWERED;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return OCK_HTTP_UNREACHED;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
      return OCK_HTTP_BROKEN;
    case CURLE_RECV_ERROR:
      return t->answer->body.size ? OCK_HTTP_CUT : OCK_HTTP_BROKEN;
    case CURLE_WRITE_ERROR:
      return t->too_long ? OCK_HTTP_TOO_LONG : OCK_HTTP_FAILED;
    case CURLE_OPERATION_TIMEDOUT:
      return OCK_HTTP_LATE;
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 */
    case CURLE_BAD_CONTENT_ENCODING:
      return OCK_HTTP_CUT;
    default:
      return OCK_HTTP_FAILED;
  }
}

static void explain(ock_http_end end, CURLcode code, const ock_http *http, const ock_http_request *request,
                    ockham_error *err) {
  const char *why = *http->why ? http->why : curl_easy_strerror(code);
  if (end == OCK_HTTP_LATE)
    ock_fail(err, OCKHAM_IO, "%.160s did not answer in time", request->url);
  else if (end == OCK_HTTP_TOO_LONG)
    ock_fail(err, OCKHAM_IO, "%.160s: expected an answer of at most %zu bytes, found more", request->url,
             request->most_bytes);
  else if (end == OCK_HTTP_ENDING)
    ock_fail(err, OCKHAM_IO, "%.160s: given up, since the model is being unloaded", request->url);
  else if (end != OCK_HTTP_ANSWERED)
    ock_fail(err, OCKHAM_IO, "%.160s: %s", request->url, why);
}

static bool finish_answer(ock_http *http, const transfer *t) {
  static const char padding[OCK_BODY_PADDING];
  ock_http_answer *answer = t->answer;
  curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &answer->status);
  answer->size = answer->body.size;
  if (!t->has_json_size) answer->json_size = answer->size;
  ock_buffer_put(&answer->body, padding, sizeof padding);
  return !answer->body.failed;
}

ock_http_end ock_http_do(ock_http *http, ock_hand *hand, const ock_http_request *request, ock_http_answer *answer,
                         ockham_error *err) {
  transfer t = {.answer = answer, .most_bytes = request->most_bytes};
  struct curl_slist *headers;
  CURLcode code = CURLE_OUT_OF_MEMORY;
  ock_http_end end = OCK_HTTP_FAILED;
  bool woken = false;
  http->why[0] = '\0';
  if (make_headers(request, &headers) && set_request(http, request, headers, &t) &&
      curl_multi_add_handle(http->multi, http->easy) == CURLM_OK) {
    end = drive(http, hand, request->until_ns, &code, &woken);
    if (woken) ock_hand_wake(hand); /* a job or the end of the crew: the hand is to find it next */
    if (end == OCK_HTTP_ANSWERED) end = end_of(code, &t);
    curl_multi_remove_handle(http->multi, http->easy);
  }
  curl_slist_free_all(headers);
  if (end == OCK_HTTP_ANSWERED && !finish_answer(http, &t)) end = OCK_HTTP_FAILED;
  explain(end, code, http, request, err);
  return end;
}

/* ---- what servers say ---- */

char *ock_http_error_text(const ock_http_answer *answer) {
  static const char *const keys[] = {"error", "detail", "message"};
  json_t *root = json_loadb(answer->body.bytes, answer->size, 0, NULL);
  const char *text = NULL;
  for (size_t i = 0; i < sizeof keys / sizeof *keys && !text; i++)
    text = json_string_value(json_object_get(root, keys[i]));
  char *copy = text && *text ? ock_string_copy(text) : NULL;
  json_decref(root);
  return copy;
}

bool ock_http_has_extension(const ock_http_answer *answer, const char *name) {
  json_t *root = json_loadb(answer->body.bytes, answer->size, 0, NULL);
  json_t *extensions = json_object_get(root, "extensions");
  bool found = false;
  for (size_t i = 0; i < json_array_size(extensions) && !found; i++) {
    const char *text = json_string_value(json_array_get(extensions, i));
    found = text && strcmp(text, name) == 0;
  }
  json_decref(root);
  return found;
}
