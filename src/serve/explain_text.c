/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded requests and events as texts of the caller's. */
#include "serve/internal.h"

ockham_status ockham_request_json(const ockham_request *request, bool with_bodies, char **json, ockham_error *err) {
  ock_buffer out = {0};
  ock_request_write(request, with_bodies, &out);
  return ock_buffer_give(&out, json, err);
}

ockham_status ockham_request_explain(const ockham_request *request, bool answer, char **json, ockham_error *err) {
  ock_buffer out = {0};
  const char *body = answer ? request->answer : request->body;
  if (body && answer)
    ock_body_explain(request->answer_type, (size_t)request->answer_json_size, body, (size_t)request->answer_size, &out);
  else if (body)
    ock_body_explain(request->content_type, (size_t)request->json_size, body, (size_t)request->body_size, &out);
  else
    ock_buffer_text(&out, "null");
  return ock_buffer_give(&out, json, err);
}

ockham_status ockham_event_json(const ockham_event *event, char **json, ockham_error *err) {
  ock_buffer out = {0};
  ock_event_write(event, &out);
  return ock_buffer_give(&out, json, err);
}
