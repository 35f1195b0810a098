/* SPDX-License-Identifier: Apache-2.0 */
/* What upstream.c needs of libcurl: one request at a time over a connection that is kept, ended by a time, a size or
 * the end of the crew. Only http and https, no redirects, and no proxy from the environment: the server is the one
 * named. */
#ifndef OCK_WORKER_HTTP_H
#define OCK_WORKER_HTTP_H

#include "worker/hand.h"

typedef struct ock_http ock_http;
ockham_status ock_http_open(ock_http **http, ockham_error *err);
void ock_http_close(ock_http *http);

typedef struct ock_http_request {
  const char *url;
  const char *body;       /* NULL: GET */
  size_t size, json_size; /* json_size: of the JSON in front of tensors, 0 when there are none */
  const char *id;         /* X-Request-Id; NULL: none */
  const char *traceparent;
  uint64_t until_ns; /* by ock_clock_ns() */
  size_t most_bytes;
} ock_http_request;

/* Zero-initialise. */
typedef struct ock_http_answer {
  long status;
  ock_buffer body;        /* with OCK_BODY_PADDING zeros behind it */
  size_t size, json_size; /* without them; as Inference-Header-Content-Length says, or size */
} ock_http_answer;
void ock_http_answer_clear(ock_http_answer *answer);

typedef enum ock_http_end {
  OCK_HTTP_ANSWERED,
  OCK_HTTP_UNREACHED, /* no connection */
  OCK_HTTP_BROKEN,    /* it was closed before an answer came */
  OCK_HTTP_CUT,       /* ... within the answer, or that is no HTTP */
  OCK_HTTP_TOO_LONG,  /* the answer */
  OCK_HTTP_LATE,
  OCK_HTTP_ENDING, /* the crew */
  OCK_HTTP_FAILED  /* here: memory, or TLS */
} ock_http_end;
/* hand->wake that became readable meanwhile is left so. */
ock_http_end ock_http_do(ock_http *http, ock_hand *hand, const ock_http_request *request, ock_http_answer *answer,
                         ockham_error *err);

/* The text of {"error": "..."}, or of "detail" or "message" that others say; NULL when there is none. ock_free() it. */
char *ock_http_error_text(const ock_http_answer *answer);
/* {"extensions": [..., name, ...]} */
bool ock_http_has_extension(const ock_http_answer *answer, const char *name);

#endif
