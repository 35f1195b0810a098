/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as rows. */
#include <math.h>
#include <string.h>

#include "data/internal.h"
#include "wire/json.h"

/* The outputs that go, each with where it is: rows are written one after the other. */
typedef struct answer {
  ock_cursor *outputs;
  size_t n;
  uint64_t n_rows;
  ock_buffer *out;
} answer;

/* ---- JSON ---- */

/* The elements of a tensor from dimension d on, nested. */
static void put_nested(answer *a, ock_cursor *cursor, size_t d) {
  const ock_tensor *t = cursor->tensor;
  if (d == t->n_dimensions) {
    ock_cursor_json(cursor, a->out);
    return;
  }
  ock_buffer_put(a->out, "[", 1);
  for (uint64_t i = 0; i < t->shape[d] && !a->out->failed; i++) {
    if (i) ock_buffer_put(a->out, ",", 1);
    put_nested(a, cursor, d + 1);
  }
  ock_buffer_put(a->out, "]", 1);
}

static void put_name(answer *a, const ock_cursor *cursor) {
  const char *name = cursor->tensor->name;
  ock_buffer_json_text(a->out, name);
  ock_buffer_put(a->out, ":", 1);
}

/* {"y": 1, "z": [2, 3]}, with `plain` one value where a row has one. */
static void put_object(answer *a, size_t dimension, bool plain) {
  for (size_t i = 0; i < a->n; i++) {
    ock_cursor *cursor = &a->outputs[i];
    const ock_tensor *t = cursor->tensor;
    bool one = plain && t->n_dimensions == 2 && t->shape[1] == 1;
    ock_buffer_put(a->out, i ? "," : "{", 1);
    put_name(a, cursor);
    put_nested(a, cursor, one ? 2 : dimension);
  }
  ock_buffer_text(a->out, a->n ? "}" : "{}");
}

static void put_lines(answer *a) {
  for (uint64_t i = 0; i < a->n_rows && !a->out->failed; i++) {
    put_object(a, 1, true);
    ock_buffer_put(a->out, "\n", 1);
  }
}

static void put_rows(answer *a, bool single) {
  if (single) {
    put_object(a, 1, true);
    return;
  }
  ock_buffer_put(a->out, "[", 1);
  for (uint64_t i = 0; i < a->n_rows && !a->out->failed; i++) {
    if (i) ock_buffer_put(a->out, ",", 1);
    put_object(a, 1, true);
  }
  ock_buffer_put(a->out, "]", 1);
}

/* As TensorFlow Serving does: one output is not named. */
static void put_predictions(answer *a) {
  ock_buffer_text(a->out, "{\"predictions\":[");
  for (uint64_t i = 0; i < a->n_rows && !a->out->failed; i++) {
    if (i) ock_buffer_put(a->out, ",", 1);
    if (a->n == 1)
      put_nested(a, &a->outputs[0], 1);
    else
      put_object(a, 1, false);
  }
  ock_buffer_text(a->out, "]}");
}

static void put_columns(answer *a) {
  ock_buffer_text(a->out, "{\"outputs\":");
  if (a->n == 1)
    put_nested(a, &a->outputs[0], 0);
  else
    put_object(a, 0, false);
  ock_buffer_text(a->out, "}");
}

/* ---- CSV ---- */

static void put_csv_text(ock_buffer *out, const char *text, size_t size) {
  bool plain = size && text[0] != ' ' && text[0] != '\t' && text[size - 1] != ' ' && text[size - 1] != '\t';
  for (size_t i = 0; i < size; i++) plain &= !(text[i] && strchr("\",;\r\n", text[i]));
  if (plain) {
    ock_buffer_put(out, text, size);
    return;
  }
  ock_buffer_put(out, "\"", 1);
  for (size_t i = 0; i < size; i++) ock_buffer_put(out, text[i] == '"' ? "\"\"" : &text[i], text[i] == '"' ? 2 : 1);
  ock_buffer_put(out, "\"", 1);
}

static size_t cells_of(const ock_tensor *t) {
  size_t n = 1;
  for (size_t d = 1; d < t->n_dimensions; d++) n *= (size_t)t->shape[d];
  return n;
}

static void put_csv_cell(answer *a, ock_cursor *cursor) {
  const ock_tensor *t = cursor->tensor;
  if (t->datatype == OCK_BYTES) {
    ock_text text = ock_cursor_text(cursor);
    put_csv_text(a->out, text.bytes, text.size);
    return;
  }
  double value = ock_tensor_number(t, cursor->i);
  if (isfinite(value)) {
    ock_cursor_json(cursor, a->out);
    return;
  }
  char text[32];
  ock_buffer_put(a->out, text, ock_number_format(value, text));
  cursor->i++;
}

static void put_csv_header(answer *a) {
  bool first = true;
  for (size_t i = 0; i < a->n; i++) {
    const ock_tensor *t = a->outputs[i].tensor;
    size_t n = cells_of(t);
    for (size_t j = 0; j < n && !a->out->failed; j++, first = false) {
      ock_buffer name = {0};
      ock_buffer_text(&name, t->name);
      if (n > 1) ock_buffer_print(&name, "_%zu", j);
      if (!first) ock_buffer_put(a->out, ",", 1);
      put_csv_text(a->out, name.bytes ? name.bytes : "", name.size);
      a->out->failed |= name.failed;
      ock_buffer_clear(&name);
    }
  }
  ock_buffer_put(a->out, "\n", 1);
}

static void put_csv(answer *a) {
  put_csv_header(a);
  for (uint64_t row = 0; row < a->n_rows && !a->out->failed; row++) {
    bool first = true;
    for (size_t i = 0; i < a->n; i++) {
      for (size_t j = cells_of(a->outputs[i].tensor); j-- > 0; first = false) {
        if (!first) ock_buffer_put(a->out, ",", 1);
        put_csv_cell(a, &a->outputs[i]);
      }
    }
    ock_buffer_put(a->out, "\n", 1);
  }
}

/* ---- the door ---- */

static ockham_status choose(const ock_message *request, const ock_message *message, answer *a, ockham_error *err) {
  int binary;
  for (size_t i = 0; i < message->n_tensors; i++) {
    const ock_tensor *t = &message->tensors[i];
    if (!ock_message_wants(request, t->name, &binary)) continue;
    if (t->n_dimensions && t->shape[0] == a->n_rows) {
      a->outputs[a->n++] = ock_cursor_make(t);
      continue;
    }
    char shape[OCK_SHAPE_SHOWN];
    ock_shape_show(t->shape, t->n_dimensions, shape);
    return ock_fail(err, OCKHAM_UNSUPPORTED,
                    "output '%.60s': expected a value for each of %llu rows, found shape %s: ask for it by the Open "
                    "Inference Protocol",
                    t->name, (unsigned long long)a->n_rows, shape);
  }
  return OCKHAM_OK;
}

ockham_status ock_rows_encode(ock_form form, const ock_message *request, const ock_message *message, ock_buffer *out,
                              ockham_error *err) {
  answer a = {.n_rows = request->n_rows, .out = out};
  a.outputs = ock_alloc_array(message->n_tensors, sizeof *a.outputs);
  if (!a.outputs) return ock_fail_memory(err, "an answer", message->n_tensors * sizeof *a.outputs);
  ockham_status status = choose(request, message, &a, err);
  if (status) {
    ock_free(a.outputs);
    return status;
  }
  if (form == OCK_FORM_CSV)
    put_csv(&a);
  else if (form == OCK_FORM_NDJSON)
    put_lines(&a);
  else if (form == OCK_FORM_ROWS)
    put_rows(&a, request->answering == OCK_ANSWER_SINGLE);
  else if (request->answering == OCK_ANSWER_COLUMNS)
    put_columns(&a);
  else
    put_predictions(&a);
  ock_free(a.outputs);
  return out->failed ? ock_fail_memory(err, "an answer", out->size) : OCKHAM_OK;
}
