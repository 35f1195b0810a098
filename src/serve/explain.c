/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded requests and events as JSON. */

#include "serve/internal.h"

static void put_phases(ock_buffer *out, const ockham_request *r) {
  ock_buffer_text(out, ",\"phase_us\":{");
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++)
    ock_buffer_print(out, "%s\"%s\":%.3f", i ? "," : "", ock_phase_words[i], (double)r->phase_ns[i] / 1e3);
  ock_buffer_text(out, "}");
}

static void put_marks(ock_buffer *out, uint32_t marks) {
  bool first = true;
  ock_buffer_text(out, ",\"marks\":[");
  for (size_t i = 0; i < OCK_MARKS; i++) {
    if (!(marks & ock_mark_words[i].mark)) continue;
    ock_buffer_print(out, "%s\"%s\"", first ? "" : ",", ock_mark_words[i].word);
    first = false;
  }
  ock_buffer_text(out, "]");
}

static void put_body(ock_buffer *out, const char *key, const char *type, uint64_t json_size, const void *body,
                     uint64_t size) {
  if (!body) return;
  ock_buffer_print(out, ",\"%s\":", key);
  ock_body_explain(type, (size_t)json_size, body, (size_t)size, out);
}

void ock_request_write(const ockham_request *r, bool with_bodies, ock_buffer *out) {
  ock_buffer_print(out, "{\"number\":%llu,\"time_ns\":%llu,\"status\":%u,\"total_us\":%.3f,\"cpu_us\":%.3f",
                   (unsigned long long)r->number, (unsigned long long)r->time_ns, r->status, (double)r->total_ns / 1e3,
                   (double)r->cpu_ns / 1e3);
  put_phases(out, r);
  put_marks(out, r->marks);
  ock_buffer_json_member(out, "id", r->id);
  ock_buffer_json_member(out, "model", r->model);
  ock_buffer_json_member(out, "version", r->version);
  ock_buffer_json_member(out, "route", r->route);
  ock_buffer_json_member(out, "key", r->key);
  ock_buffer_json_member(out, "client", r->client);
  ock_buffer_json_member(out, "error", r->error);
  ock_buffer_json_member(out, "content_type", r->content_type);
  ock_buffer_json_member(out, "answer_type", r->answer_type);
  ock_buffer_print(out, ",\"hash\":\"%016llx\",\"rows\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu,\"kept\":%s",
                   (unsigned long long)r->hash, (unsigned long long)r->n_rows, (unsigned long long)r->bytes_in,
                   (unsigned long long)r->bytes_out, r->body ? "true" : "false");
  if (with_bodies) {
    put_body(out, "request", r->content_type, r->json_size, r->body, r->body_size);
    put_body(out, "answer", r->answer_type, r->answer_json_size, r->answer, r->answer_size);
  }
  ock_buffer_text(out, "}");
}

void ock_event_write(const ockham_event *event, ock_buffer *out) {
  ock_buffer_print(out, "{\"number\":%llu,\"time_ns\":%llu", (unsigned long long)event->number,
                   (unsigned long long)event->time_ns);
  ock_buffer_json_member(out, "kind", event->kind);
  ock_buffer_json_member(out, "model", event->model);
  ock_buffer_json_member(out, "version", event->version);
  ock_buffer_json_member(out, "text", event->text);
  ock_buffer_print(out, ",\"details\":%s}", *event->details ? event->details : "{}");
}
