/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json.h"

static void put_data(ock_buffer *out, const ock_tensor *tensor) {
  ock_cursor cursor = ock_cursor_make(tensor);
  ock_buffer_text(out, ",\"data\":[");
  for (size_t i = 0; i < tensor->n_elements && !out->failed; i++) {
    if (i) ock_buffer_put(out, ",", 1);
    ock_cursor_json(&cursor, out);
  }
  ock_buffer_text(out, "]}");
}

static void put_tensor(ock_buffer *out, const ock_tensor *tensor, bool binary) {
  ock_buffer_text(out, "{\"name\":");
  ock_buffer_json_text(out, tensor->name);
  ock_buffer_text(out, ",\"shape\":");
  ock_buffer_shape(out, tensor->shape, tensor->n_dimensions);
  ock_buffer_print(out, ",\"datatype\":\"%s\"", ock_datatype_name(tensor->datatype));
  if (binary)
    ock_buffer_print(out, ",\"parameters\":{\"binary_data_size\":%zu}}", tensor->size_bytes);
  else
    put_data(out, tensor);
}

static bool only_binary(const ock_tensor *tensor) {
  return tensor->datatype == OCK_FP16 || tensor->datatype == OCK_BF16;
}

/* The i-th output that goes: in the order in which they were asked for, or all. NULL beyond the last; one that the
 * answer does not have is passed over. */
static const ock_tensor *next_output(const ock_message *request, const ock_message *answer, size_t *i) {
  while (request->n_wanted && *i < request->n_wanted) {
    const ock_tensor *tensor = ock_message_find(answer, request->wanted[(*i)++].name);
    if (tensor) return tensor;
  }
  return request->n_wanted || *i >= answer->n_tensors ? NULL : &answer->tensors[(*i)++];
}

static bool goes_binary(const ock_message *request, const ock_tensor *tensor) {
  int said = -1;
  ock_message_wants(request, tensor->name, &said);
  return only_binary(tensor) || (said < 0 ? request->binary_output : said == 1);
}

void ock_oip_encode_answer(const char *model, const char *version, const ock_message *request,
                           const ock_message *answer, ock_buffer *out, size_t *json_size) {
  const ock_tensor *tensor;
  bool any = false, first = true;
  size_t begin = out->size;
  ock_buffer_text(out, "{\"model_name\":");
  ock_buffer_json_text(out, model);
  if (version) {
    ock_buffer_text(out, ",\"model_version\":");
    ock_buffer_json_text(out, version);
  }
  if (request->id) {
    ock_buffer_text(out, ",\"id\":");
    ock_buffer_json_text(out, request->id);
  }
  if (answer->parameters) {
    ock_buffer_text(out, ",\"parameters\":");
    ock_buffer_text(out, answer->parameters);
  }
  ock_buffer_text(out, ",\"outputs\":[");
  for (size_t i = 0; (tensor = next_output(request, answer, &i));) {
    bool binary = goes_binary(request, tensor);
    if (!first) ock_buffer_text(out, ",");
    put_tensor(out, tensor, binary);
    first = false;
    any |= binary;
  }
  ock_buffer_text(out, "]}");
  *json_size = any ? out->size - begin : 0;
  for (size_t i = 0; any && (tensor = next_output(request, answer, &i));)
    if (goes_binary(request, tensor)) ock_buffer_put(out, tensor->data, tensor->size_bytes);
}

/* Whether and how outputs are wanted. binary_output is part of the parameters where these are given. */
static void put_wanted(ock_buffer *out, const ock_message *request) {
  if (!request->n_wanted) return;
  ock_buffer_text(out, ",\"outputs\":[");
  for (size_t i = 0; i < request->n_wanted; i++) {
    ock_buffer_text(out, i ? ",{\"name\":" : "{\"name\":");
    ock_buffer_json_text(out, request->wanted[i].name);
    if (request->wanted[i].binary >= 0)
      ock_buffer_print(out, ",\"parameters\":{\"binary_data\":%s}", request->wanted[i].binary ? "true" : "false");
    ock_buffer_text(out, "}");
  }
  ock_buffer_text(out, "]");
}

void ock_oip_encode_request(const ock_message *request, bool binary, ock_buffer *out, size_t *json_size) {
  bool any = false;
  size_t begin = out->size;
  ock_buffer_text(out, "{");
  if (request->id) {
    ock_buffer_text(out, "\"id\":");
    ock_buffer_json_text(out, request->id);
    ock_buffer_text(out, ",");
  }
  if (request->parameters)
    ock_buffer_print(out, "\"parameters\":%s,", request->parameters);
  else if (request->binary_output)
    ock_buffer_text(out, "\"parameters\":{\"binary_data_output\":true},");
  ock_buffer_text(out, "\"inputs\":[");
  for (size_t i = 0; i < request->n_tensors; i++) {
    const ock_tensor *tensor = &request->tensors[i];
    if (i) ock_buffer_text(out, ",");
    put_tensor(out, tensor, binary || only_binary(tensor));
    any |= binary || only_binary(tensor);
  }
  ock_buffer_text(out, "]");
  put_wanted(out, request);
  ock_buffer_text(out, "}");
  *json_size = any ? out->size - begin : 0;
  for (size_t i = 0; i < request->n_tensors; i++)
    if (binary || only_binary(&request->tensors[i]))
      ock_buffer_put(out, request->tensors[i].data, request->tensors[i].size_bytes);
}
