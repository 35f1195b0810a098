/* SPDX-License-Identifier: Apache-2.0 */
/* A hand that asks an HTTP server: protocol v2 over one connection, which is kept open. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "worker/hand.h"
#include "worker/http.h"

typedef struct upstream {
  ock_http *http;
  char *infer, *model, *ready, *server; /* URLs; all but the first are NULL where infer is not protocol v2's */
  bool binary;
  ock_buffer body;
} upstream;

/* ---- URLs ---- */

static char *join(const char *start, size_t length, const char *end) {
  size_t size = length + strlen(end) + 1;
  char *text = ock_alloc(size);
  if (text) snprintf(text, size, "%.*s%s", (int)length, start, end);
  return text;
}

/* Of protocol v2: "http://host/v2/models/name", with or without "/infer" and a version. Else the URL is taken as it is,
 * and what the server takes is not known. */
static bool make_urls(upstream *u, const char *url) {
  static const char infer[] = "/infer", models[] = "/v2/models/";
  size_t length = strlen(url), tail = sizeof infer - 1;
  while (length > 0 && url[length - 1] == '/') length--;
  if (length > tail && strncmp(url + length - tail, infer, tail) == 0) length -= tail;
  const char *root = strstr(url, models);
  if (!root || strpbrk(url, "?#") || (size_t)(root - url) + sizeof models - 1 >= length)
    return (u->infer = ock_string_copy(url)) != NULL;
  u->infer = join(url, length, infer);
  u->model = join(url, length, "");
  u->ready = join(url, length, "/ready");
  u->server = join(url, (size_t)(root - url), "/v2");
  return u->infer && u->model && u->ready && u->server;
}

/* ---- errors that the server tells ---- */

/* A text of the server for a message: one line. */
static void tidy(char *text) {
  for (char *c = text; *c; c++)
    if (iscntrl((unsigned char)*c)) *c = ' ';
}

static void describe_status(const ock_http_answer *answer, char *text, size_t size) {
  char *why = ock_http_error_text(answer);
  if (why)
    snprintf(text, size, "%s", why);
  else
    snprintf(text, size, "the server answered with status %ld", answer->status);
  tidy(text);
  ock_free(why);
}

/* ---- open ---- */

static ockham_status get(upstream *u, ock_hand *hand, const char *url, ock_http_answer *answer, ockham_error *err) {
  uint64_t until = ock_clock_ns() + (uint64_t)hand->options->startup_ms * 1000000u;
  const ock_http_request request = {.url = url, .until_ns = until, .most_bytes = hand->options->most_answer_bytes};
  ock_http_answer_clear(answer);
  ock_http_end end = ock_http_do(u->http, hand, &request, answer, err);
  return end == OCK_HTTP_ANSWERED ? OCKHAM_OK : OCKHAM_IO;
}

static ockham_status refuse_status(const char *url, const ock_http_answer *answer, ockham_error *err) {
  char text[256];
  describe_status(answer, text, sizeof text);
  return ock_fail(err, OCKHAM_IO, "GET %.128s: expected status 200, found %ld: %s", url, answer->status, text);
}

static ockham_status ask_schema(upstream *u, ock_hand *hand, ock_schema *schema, ock_http_answer *answer,
                                ockham_error *err) {
  ockham_error inner;
  OCK_TRY(get(u, hand, u->model, answer, err));
  if (answer->status != 200) return refuse_status(u->model, answer, err);
  ockham_status status = ock_schema_parse(answer->body.bytes, answer->size, schema, &inner);
  return status ? ock_fail(err, status, "GET %.128s: %s", u->model, inner.message) : OCKHAM_OK;
}

/* Servers that do not have this page are ready when they say what the model takes. */
static ockham_status ask_ready(upstream *u, ock_hand *hand, ock_http_answer *answer, ockham_error *err) {
  OCK_TRY(get(u, hand, u->ready, answer, err));
  bool absent = answer->status == 404 || answer->status == 405 || answer->status == 501;
  return answer->status == 200 || absent ? OCKHAM_OK : refuse_status(u->ready, answer, err);
}

static ockham_status ask_binary(upstream *u, ock_hand *hand, ock_http_answer *answer, ockham_error *err) {
  u->binary = false;
  if (!hand->options->binary) return OCKHAM_OK;
  OCK_TRY(get(u, hand, u->server, answer, err));
  u->binary = answer->status == 200 && ock_http_has_extension(answer, "binary_tensor_data");
  return OCKHAM_OK;
}

static ockham_status open_upstream(ock_hand *hand, ock_schema *schema, ockham_error *err) {
  upstream *u = hand->state;
  if (!u->infer && !make_urls(u, hand->options->url)) return ock_fail_memory(err, "a URL", strlen(hand->options->url));
  OCK_TRY(ock_http_open(&u->http, err));
  if (!u->model) {
    u->binary = hand->options->binary;
    return OCKHAM_OK;
  }
  ock_http_answer answer = {0};
  ockham_status status = ask_schema(u, hand, schema, &answer, err);
  if (!status) status = ask_ready(u, hand, &answer, err);
  if (!status) status = ask_binary(u, hand, &answer, err);
  ock_http_answer_clear(&answer);
  return status;
}

static void close_upstream(ock_hand *hand) {
  upstream *u = hand->state;
  ock_http_close(u->http);
  u->http = NULL;
}

static void free_upstream(ock_hand *hand) {
  upstream *u = hand->state;
  ock_free(u->infer);
  ock_free(u->model);
  ock_free(u->ready);
  ock_free(u->server);
  ock_buffer_clear(&u->body);
}

/* ---- nothing to do ---- */

static bool watch_upstream(ock_hand *hand) {
  upstream *u = hand->state;
  if (!u->ready) return ock_hand_wait(hand, 0);
  while (!ock_hand_wait(hand, ock_clock_ns() + (uint64_t)hand->options->ping_ms * 1000000u)) {
    ock_http_answer answer = {0};
    ockham_error err = {0};
    ockham_status status = ask_ready(u, hand, &answer, &err);
    ock_http_answer_clear(&answer);
    if (status && !ock_hand_is_ending(hand)) return false;
  }
  return true;
}

/* ---- a job ---- */

/* Too busy is not the request's fault, and passes. */
static ock_outcome outcome_of(long status) {
  if (status == 408 || status == 429 || status == 503) return OCK_UNAVAILABLE;
  if (status >= 400 && status < 500) return OCK_REFUSED;
  return status >= 500 && status < 600 ? OCK_FAILED : OCK_BAD_ANSWER;
}

static void take_answer(ock_http_answer *answer, ock_hand_result *result) {
  if (answer->status < 200 || answer->status > 299) {
    char text[400];
    describe_status(answer, text, sizeof text);
    result->outcome = outcome_of(answer->status);
    ock_fail(&result->error, OCKHAM_IO, "%s", text);
    return;
  }
  uint64_t start = ock_clock_ns();
  size_t json_size = answer->json_size <= answer->size ? answer->json_size : answer->size;
  ockham_status status =
      ock_oip_decode_answer(answer->body.bytes, answer->size, json_size, &result->answer, &result->error);
  result->decode_ns = ock_clock_ns() - start;
  result->outcome = status == OCKHAM_OK ? OCK_DONE : status == OCKHAM_NO_MEMORY ? OCK_FAILED : OCK_BAD_ANSWER;
}

static void take_end(ock_http_end end, ock_http_answer *answer, ock_hand_result *result) {
  static const ock_outcome outcomes[] = {
      [OCK_HTTP_UNREACHED] = OCK_UNAVAILABLE, [OCK_HTTP_BROKEN] = OCK_UNAVAILABLE, [OCK_HTTP_CUT] = OCK_BAD_ANSWER,
      [OCK_HTTP_TOO_LONG] = OCK_BAD_ANSWER,   [OCK_HTTP_LATE] = OCK_TIMED_OUT,     [OCK_HTTP_ENDING] = OCK_STOPPED,
      [OCK_HTTP_FAILED] = OCK_FAILED,
  };
  if (end == OCK_HTTP_ANSWERED) {
    take_answer(answer, result);
    return;
  }
  result->outcome = outcomes[end];
  result->lost = result->again = end == OCK_HTTP_UNREACHED || end == OCK_HTTP_BROKEN;
}

static void call_upstream(ock_hand *hand, ock_job *job, uint64_t give_up_ns, ock_hand_result *result) {
  upstream *u = hand->state;
  size_t json_size;
  uint64_t start = ock_clock_ns();
  u->body.size = 0;
  ock_oip_encode_request(&job->request, u->binary, &u->body, &json_size);
  result->encode_ns = ock_clock_ns() - start;
  if (u->body.failed) {
    ock_buffer_clear(&u->body);
    result->outcome = OCK_FAILED;
    ock_fail_memory(&result->error, "the request to the server", job->request.n_rows);
    return;
  }
  const ock_http_request request = {.url = u->infer,
                                    .body = u->body.bytes,
                                    .size = u->body.size,
                                    .json_size = json_size,
                                    .id = job->request_id,
                                    .traceparent = job->traceparent,
                                    .until_ns = give_up_ns,
                                    .most_bytes = hand->options->most_answer_bytes};
  ock_http_answer answer = {0};
  take_end(ock_http_do(u->http, hand, &request, &answer, &result->error), &answer, result);
  ock_http_answer_clear(&answer);
}

const ock_hand_kind ock_hand_upstream = {.noun = "server",
                                         .state_bytes = sizeof(upstream),
                                         .open = open_upstream,
                                         .watch = watch_upstream,
                                         .call = call_upstream,
                                         .close = close_upstream,
                                         .free = free_upstream};
