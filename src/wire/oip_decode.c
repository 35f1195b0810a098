/* SPDX-License-Identifier: Apache-2.0 */
/* The Open Inference Protocol, version 2: requests and answers, with the binary tensor data extension.
 *
 * What the protocol leaves open: data may be nested as the shape says, or flat. Numbers for integers may be written
 * with a point or an exponent as long as they are integers (KServe takes 1.0 and cuts 1.5, Triton refuses both). null
 * stands for an id, parameters or outputs that are not given. A key that is not known is passed over. */
#include "wire/json.h"

typedef struct decoder {
  ock_json json;
  ock_message *message;
  const char *binary, *binary_end; /* what is left of the binary data */
  bool answer;
} decoder;

/* What an object in "inputs" or "outputs" has told so far. */
typedef struct parts {
  ock_tensor tensor;
  bool has_datatype, has_shape, has_data;
  const char *data_at;   /* where "data" is, when it must wait for the shape */
  const char *binary_at; /* where binary_data_size was said; NULL: it was not */
  uint64_t binary_size;
  int binary_output; /* of a wanted output, as ock_wanted has it */
} parts;

/* ---- members of a tensor ---- */

static ockham_status read_datatype(ock_json *json, parts *t) {
  ock_text text;
  const char *at = json->p;
  OCK_TRY(ock_json_string(json, &text));
  t->has_datatype = true;
  if (ock_datatype_find(text.bytes, text.size, &t->tensor.datatype)) return OCKHAM_OK;
  return ock_json_expected(json, at, "BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64 or BYTES");
}

static ockham_status read_shape(ock_json *json, parts *t) {
  bool more;
  ock_tensor *tensor = &t->tensor;
  const char *at = json->p;
  OCK_TRY(ock_json_enter_array(json));
  for (;;) {
    OCK_TRY(ock_json_next_item(json, &more));
    if (!more) break;
    if (tensor->n_dimensions == OCK_DIMENSIONS)
      return ock_json_fail(json, json->p, "expected at most %d dimensions", OCK_DIMENSIONS);
    OCK_TRY(ock_json_unsigned(json, "a whole number of 0 or more", &tensor->shape[tensor->n_dimensions]));
    tensor->n_dimensions++;
  }
  t->has_shape = true;
  if (ock_shape_product(tensor->shape, tensor->n_dimensions, &tensor->n_elements)) return OCKHAM_OK;
  return ock_json_fail(json, at, "the shape has more elements than any tensor can");
}

static ockham_status read_tensor_parameters(decoder *d, parts *t) {
  ock_json *json = &d->json;
  ock_text key;
  bool more, flag;
  if (ock_json_null(json)) return OCKHAM_OK;
  OCK_TRY(ock_json_enter_object(json));
  for (;;) {
    OCK_TRY(ock_json_next_key(json, &key, &more));
    if (!more) return OCKHAM_OK;
    if (ock_text_is(key, "binary_data_size")) {
      t->binary_at = json->p;
      OCK_TRY(ock_json_unsigned(json, "a number of bytes", &t->binary_size));
    } else if (ock_text_is(key, "binary_data")) {
      OCK_TRY(ock_json_boolean(json, &flag));
      t->binary_output = flag;
    } else if (ock_text_is(key, "shared_memory_region")) {
      return ock_json_fail(json, json->p, "expected data in the request: shared memory is not taken");
    } else {
      OCK_TRY(ock_json_skip(json));
    }
  }
}

static ockham_status read_data(decoder *d, parts *t) {
  t->has_data = true;
  if (t->has_datatype && t->has_shape) return ock_json_data(&d->json, &t->tensor);
  t->data_at = d->json.p;
  return ock_json_skip(&d->json);
}

/* ---- binary data ---- */

static ockham_status fail_binary_size(decoder *d, const parts *t, size_t expected) {
  char shape[OCK_SHAPE_SHOWN];
  ock_shape_show(t->tensor.shape, t->tensor.n_dimensions, shape);
  return ock_json_fail(&d->json, t->binary_at, "expected a binary_data_size of %zu for %s of shape %s, found %llu",
                       expected, ock_datatype_name(t->tensor.datatype), shape, (unsigned long long)t->binary_size);
}

static ockham_status check_binary_texts(decoder *d, const parts *t, const char *bytes) {
  size_t left = (size_t)t->binary_size, n = 0;
  for (uint32_t size; left >= sizeof size; n++) {
    memcpy(&size, bytes, sizeof size);
    if (size > left - sizeof size) break;
    bytes += sizeof size + size;
    left -= sizeof size + size;
  }
  if (left)
    return ock_json_fail(&d->json, t->binary_at, "element %zu of the binary data goes beyond their end by its length",
                         n);
  if (n == t->tensor.n_elements) return OCKHAM_OK;
  return ock_json_fail(&d->json, t->binary_at, "expected %zu elements in the binary data, found %zu",
                       t->tensor.n_elements, n);
}

static ockham_status check_binary_booleans(decoder *d, const parts *t, const char *bytes) {
  for (size_t i = 0; i < t->tensor.n_elements; i++)
    if ((unsigned char)bytes[i] > 1)
      return ock_json_fail(&d->json, t->binary_at, "expected 0 or 1 in the binary data, found %u at element %zu",
                           (unsigned char)bytes[i], i);
  return OCKHAM_OK;
}

static ockham_status take_binary(decoder *d, parts *t) {
  ock_tensor *tensor = &t->tensor;
  size_t left = (size_t)(d->binary_end - d->binary), size = ock_datatype_size(tensor->datatype);
  size_t expected = ock_size_product(tensor->n_elements, size);
  if (size && t->binary_size != expected) return fail_binary_size(d, t, expected);
  if (t->binary_size > left)
    return ock_json_fail(&d->json, t->binary_at, "expected %llu bytes of binary data, found %zu left in the body",
                         (unsigned long long)t->binary_size, left);
  if (tensor->datatype == OCK_BYTES) OCK_TRY(check_binary_texts(d, t, d->binary));
  if (tensor->datatype == OCK_BOOL) OCK_TRY(check_binary_booleans(d, t, d->binary));
  tensor->size_bytes = (size_t)t->binary_size;
  tensor->data = ock_arena_array(&d->message->arena, tensor->size_bytes, 1);
  if (!tensor->data) return ock_fail_memory(d->json.err, "a tensor", tensor->size_bytes);
  memcpy(tensor->data, d->binary, tensor->size_bytes);
  tensor->binary = true;
  d->binary += tensor->size_bytes;
  return OCKHAM_OK;
}

/* ---- tensors ---- */

static ockham_status missing(decoder *d, const char *what) {
  return ock_json_fail(&d->json, d->json.p - 1, "expected %s in the object that ends here, found none", what);
}

/* "data" came before what says how to read it: go back to it. */
static ockham_status read_waiting_data(decoder *d, parts *t) {
  ock_json *json = &d->json;
  const char *after = json->p;
  json->levels[json->depth++].key = (ock_text){"data", 4}; /* the object again, which was just left */
  json->p = t->data_at;
  OCK_TRY(ock_json_data(json, &t->tensor));
  json->depth--;
  json->p = after;
  return OCKHAM_OK;
}

static ockham_status finish_tensor(decoder *d, parts *t) {
  if (!t->tensor.name) return missing(d, "\"name\"");
  if (!t->has_shape) return missing(d, "\"shape\"");
  if (!t->has_datatype) return missing(d, "\"datatype\"");
  if (t->has_data && t->binary_at)
    return ock_json_fail(&d->json, t->binary_at, "expected \"data\" or a binary_data_size, found both");
  if (!t->has_data && !t->binary_at) return missing(d, "\"data\" or a binary_data_size");
  if (t->data_at) OCK_TRY(read_waiting_data(d, t));
  if (t->binary_at) OCK_TRY(take_binary(d, t));
  if (ock_message_find(d->message, t->tensor.name))
    return ock_json_fail(&d->json, d->json.p - 1, "the name '%.40s' comes twice", t->tensor.name);
  ock_tensor *tensor = ock_message_slot(d->message);
  if (!tensor) return ock_fail_memory(d->json.err, "tensors", sizeof *tensor);
  *tensor = t->tensor;
  return OCKHAM_OK;
}

static ockham_status finish_wanted(decoder *d, parts *t) {
  if (!t->tensor.name) return missing(d, "\"name\"");
  for (size_t i = 0; i < d->message->n_wanted; i++)
    if (strcmp(d->message->wanted[i].name, t->tensor.name) == 0)
      return ock_json_fail(&d->json, d->json.p - 1, "the name '%.40s' comes twice", t->tensor.name);
  ock_wanted *wanted = ock_message_wanted_slot(d->message);
  if (!wanted) return ock_fail_memory(d->json.err, "outputs", sizeof *wanted);
  *wanted = (ock_wanted){t->tensor.name, t->binary_output};
  return OCKHAM_OK;
}

static ockham_status read_member(decoder *d, ock_text key, bool wanted, parts *t) {
  ock_json *json = &d->json;
  if (ock_text_is(key, "name")) return ock_json_name(json, "a name in quotes", &t->tensor.name);
  if (ock_text_is(key, "parameters")) return read_tensor_parameters(d, t);
  if (wanted) return ock_json_skip(json);
  if (ock_text_is(key, "datatype")) return read_datatype(json, t);
  if (ock_text_is(key, "shape")) return read_shape(json, t);
  if (ock_text_is(key, "data")) return read_data(d, t);
  return ock_json_skip(json);
}

static ockham_status read_tensor(decoder *d, bool wanted) {
  parts t = {.binary_output = -1};
  ock_text key;
  bool more;
  OCK_TRY(ock_json_enter_object(&d->json));
  for (;;) {
    OCK_TRY(ock_json_next_key(&d->json, &key, &more));
    if (!more) return wanted ? finish_wanted(d, &t) : finish_tensor(d, &t);
    OCK_TRY(read_member(d, key, wanted, &t));
  }
}

static ockham_status read_tensors(decoder *d, bool wanted) {
  bool more;
  if (wanted && ock_json_null(&d->json)) return OCKHAM_OK;
  OCK_TRY(ock_json_enter_array(&d->json));
  for (;;) {
    OCK_TRY(ock_json_next_item(&d->json, &more));
    if (!more) return OCKHAM_OK;
    if (d->json.levels[d->json.depth - 1].index == OCK_TENSORS)
      return ock_json_fail(&d->json, d->json.p, "expected at most %d tensors", OCK_TENSORS);
    OCK_TRY(read_tensor(d, wanted));
  }
}

/* ---- the message ---- */

/* Its text is kept as it is; one member concerns this decoder. */
static ockham_status read_parameters(decoder *d) {
  ock_json *json = &d->json;
  ock_text key;
  bool more;
  if (ock_json_null(json)) return OCKHAM_OK;
  const char *begin = json->p;
  OCK_TRY(ock_json_enter_object(json));
  for (;;) {
    OCK_TRY(ock_json_next_key(json, &key, &more));
    if (!more) break;
    if (ock_text_is(key, "binary_data_output"))
      OCK_TRY(ock_json_boolean(json, &d->message->binary_output));
    else
      OCK_TRY(ock_json_skip(json));
  }
  d->message->parameters = ock_json_keep(json, (ock_text){begin, (size_t)(json->p - begin)});
  return d->message->parameters ? OCKHAM_OK : ock_fail_memory(json->err, "parameters", (size_t)(json->p - begin));
}

static ockham_status read_message_member(decoder *d, ock_text key, bool *has_tensors) {
  ock_json *json = &d->json;
  if (ock_text_is(key, d->answer ? "outputs" : "inputs")) {
    *has_tensors = true;
    return read_tensors(d, false);
  }
  if (ock_text_is(key, "outputs")) return read_tensors(d, true);
  if (ock_text_is(key, "parameters")) return read_parameters(d);
  if (ock_text_is(key, "id") && !ock_json_null(json)) return ock_json_name(json, "an id in quotes", &d->message->id);
  if (ock_text_is(key, "id")) return OCKHAM_OK;
  return ock_json_skip(json);
}

static ockham_status read_message(decoder *d) {
  ock_text key;
  bool more, has_tensors = false;
  OCK_TRY(ock_json_enter_object(&d->json));
  for (;;) {
    OCK_TRY(ock_json_next_key(&d->json, &key, &more));
    if (!more) break;
    OCK_TRY(read_message_member(d, key, &has_tensors));
  }
  if (!has_tensors) return missing(d, d->answer ? "\"outputs\"" : "\"inputs\"");
  OCK_TRY(ock_json_end(&d->json));
  if (d->binary != d->binary_end)
    return ock_fail(d->json.err, OCKHAM_BAD_DATA,
                    "expected the body to end at byte %zu, after the last tensor's binary data, found %zu bytes more",
                    (size_t)(d->binary - d->json.begin), (size_t)(d->binary_end - d->binary));
  ock_message_count_rows(d->message);
  return OCKHAM_OK;
}

static ockham_status decode(const char *body, size_t size, size_t json_size, bool answer, ock_message *message,
                            ockham_error *err) {
  if (json_size > size)
    return ock_fail(err, OCKHAM_BAD_DATA, "the JSON part is said to have %zu bytes, but the body has %zu", json_size,
                    size);
  decoder d = {.message = message, .binary = body + json_size, .binary_end = body + size, .answer = answer};
  ockham_status status = ock_json_open(&d.json, body, body + json_size, &message->arena, err);
  if (!status) status = read_message(&d);
  ock_json_close(&d.json);
  return status;
}

ockham_status ock_oip_decode_request(const char *body, size_t size, size_t json_size, ock_message *request,
                                     ockham_error *err) {
  return decode(body, size, json_size, false, request, err);
}

ockham_status ock_oip_decode_answer(const char *body, size_t size, size_t json_size, ock_message *answer,
                                    ockham_error *err) {
  return decode(body, size, json_size, true, answer, err);
}
