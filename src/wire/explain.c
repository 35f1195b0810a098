/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded body as JSON for people. */
#include <string.h>
#include <strings.h>

#include "wire/json.h"

typedef struct explained {
  const char *body; /* a copy with the padding that decoders want */
  size_t size, json_size;
  ock_arena arena;
  ock_buffer *out;
} explained;

/* ---- tensors ---- */

static void put_tensor(ock_buffer *out, const ock_tensor *t) {
  ock_cursor cursor = ock_cursor_make(t);
  ock_buffer_text(out, "{\"name\":");
  ock_buffer_json_text(out, t->name);
  ock_buffer_print(out, ",\"datatype\":\"%s\",\"shape\":", ock_datatype_name(t->datatype));
  ock_buffer_shape(out, t->shape, t->n_dimensions);
  ock_buffer_text(out, ",\"data\":[");
  for (size_t i = 0; i < t->n_elements && !out->failed; i++) {
    if (i) ock_buffer_put(out, ",", 1);
    ock_cursor_json(&cursor, out);
  }
  ock_buffer_text(out, "]}");
}

static void put_message(ock_buffer *out, const ock_message *m, bool answer) {
  ock_buffer_print(out, "{\"kind\":\"%s\"", answer ? "answer" : "request");
  if (m->id) ock_buffer_json_member(out, "id", m->id);
  if (m->parameters) {
    ock_buffer_text(out, ",\"parameters\":");
    ock_buffer_text(out, m->parameters);
  }
  ock_buffer_text(out, answer ? ",\"outputs\":[" : ",\"inputs\":[");
  for (size_t i = 0; i < m->n_tensors; i++) {
    if (i) ock_buffer_put(out, ",", 1);
    put_tensor(out, &m->tensors[i]);
  }
  ock_buffer_text(out, "]");
  for (size_t i = 0; i < m->n_wanted; i++) {
    ock_buffer_text(out, i ? "," : ",\"outputs\":[");
    ock_buffer_json_text(out, m->wanted[i].name);
  }
  ock_buffer_text(out, m->n_wanted ? "]}" : "}");
}

static bool explain_message(explained *e, bool answer, ockham_error *err) {
  ock_message message = {0};
  ockham_status status = answer ? ock_oip_decode_answer(e->body, e->size, e->json_size, &message, err)
                                : ock_oip_decode_request(e->body, e->size, e->json_size, &message, err);
  if (!status) put_message(e->out, &message, answer);
  ock_message_clear(&message);
  return !status;
}

/* ---- what is not a message ---- */

static bool is_json(explained *e) {
  ock_json json;
  ockham_status status = ock_json_open(&json, e->body, e->body + e->size, &e->arena, NULL);
  if (!status) status = ock_json_skip(&json);
  if (!status) status = ock_json_end(&json);
  ock_json_close(&json);
  return !status;
}

static bool is_text(const explained *e) {
  const char *p = e->body, *end = p + e->size;
  while (p < end) {
    size_t n = ock_utf8_size(p, end);
    bool control = (unsigned char)*p < 0x20 && *p != '\t' && *p != '\n' && *p != '\r';
    if (!n || control) return false;
    p += n;
  }
  return true;
}

static void put_base64(ock_buffer *out, const char *bytes, size_t size) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *b = (const unsigned char *)bytes;
  for (size_t i = 0; i < size; i += 3) {
    size_t n = size - i < 3 ? size - i : 3;
    uint32_t v = (uint32_t)b[i] << 16 | (n > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (n > 2 ? b[i + 2] : 0);
    char four[4] = {letters[v >> 18], letters[v >> 12 & 63], n > 1 ? letters[v >> 6 & 63] : '=',
                    n > 2 ? letters[v & 63] : '='};
    ock_buffer_put(out, four, sizeof four);
  }
}

static void put_note(explained *e, const char *note) {
  ock_buffer_text(e->out, "{\"note\":");
  ock_buffer_json_text(e->out, note);
  if (is_text(e)) {
    ock_buffer_text(e->out, ",\"text\":");
    ock_buffer_json_string(e->out, e->body, e->size);
  } else {
    ock_buffer_text(e->out, ",\"base64\":\"");
    put_base64(e->out, e->body, e->size);
    ock_buffer_text(e->out, "\"");
  }
  ock_buffer_text(e->out, "}");
}

/* ---- the door ---- */

static bool is_type(const char *content_type, const char *type) {
  return content_type && strncasecmp(content_type, type, strlen(type)) == 0;
}

static void put_lines(explained *e, const char *key) {
  ock_buffer_print(e->out, "{\"%s\":", key);
  ock_buffer_json_string(e->out, e->body, e->size);
  ock_buffer_text(e->out, "}");
}

static void explain(explained *e, const char *content_type) {
  ockham_error as_request = {0}, as_answer = {0};
  bool csv = is_type(content_type, "text/csv");
  bool lines = is_type(content_type, "application/x-ndjson") || is_type(content_type, "application/ndjson") ||
               is_type(content_type, "application/jsonl") || is_type(content_type, "application/jsonlines");
  if ((csv || lines) && is_text(e)) {
    put_lines(e, csv ? "csv" : "ndjson");
  } else if (explain_message(e, false, &as_request) || explain_message(e, true, &as_answer)) {
    return;
  } else if (is_json(e)) {
    ock_buffer_text(e->out, "{\"json\":");
    ock_buffer_put(e->out, e->body, e->size);
    ock_buffer_text(e->out, "}");
  } else {
    bool answer = strstr(as_request.message, "expected \"inputs\"") != NULL;
    put_note(e, answer ? as_answer.message : as_request.message);
  }
}

void ock_body_explain(const char *content_type, size_t json_size, const char *body, size_t size, ock_buffer *out) {
  explained e = {.size = size, .json_size = json_size && json_size < size ? json_size : size, .out = out};
  char *copy = ock_arena_array(&e.arena, size + OCK_BODY_PADDING, 1);
  if (copy) {
    if (size) memcpy(copy, body, size);
    memset(copy + size, 0, OCK_BODY_PADDING);
    e.body = copy;
    explain(&e, content_type);
  } else {
    out->failed = true;
  }
  ock_arena_clear(&e.arena);
}
