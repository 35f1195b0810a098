/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a body of the Open Inference Protocol. The first byte chooses request or answer, the next two the size
 * of the JSON part. What decodes is whole, and comes back the same when it is encoded; its explanation is always JSON.
 */
#include <stdlib.h>

#include "wire/json.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

static char *padded(const void *bytes, size_t size) {
  char *copy = calloc(size + OCK_BODY_PADDING, 1);
  check(copy != NULL);
  if (size) memcpy(copy, bytes, size);
  return copy;
}

static void check_json(const char *text, size_t size) {
  ock_json json;
  ock_arena arena = {0};
  char *body = padded(text, size);
  check(!ock_json_open(&json, body, body + size, &arena, NULL) && !ock_json_skip(&json) && !ock_json_end(&json));
  ock_json_close(&json);
  ock_arena_clear(&arena);
  free(body);
}

static void check_texts(const ock_tensor *t) {
  ock_cursor cursor = ock_cursor_make(t);
  for (size_t i = 0; i < t->n_elements; i++) ock_cursor_text(&cursor);
  check(cursor.bytes == t->data + t->size_bytes);
}

static void check_tensor(const ock_tensor *t) {
  size_t n = 1;
  check(t->name && t->n_dimensions <= OCK_DIMENSIONS && (uintptr_t)t->data % 8 == 0);
  for (size_t i = 0; i < t->n_dimensions; i++) n *= t->shape[i];
  check(n == t->n_elements);
  if (t->datatype == OCK_BYTES)
    check_texts(t);
  else
    check(t->size_bytes == n * ock_datatype_size(t->datatype));
  for (size_t i = 0; t->datatype == OCK_BOOL && i < n; i++) check(t->data[i] <= 1);
}

static void check_same(const ock_message *a, const ock_message *b) {
  check(a->n_tensors == b->n_tensors && a->n_wanted == b->n_wanted && a->n_rows == b->n_rows);
  for (size_t i = 0; i < a->n_tensors; i++) {
    const ock_tensor *x = &a->tensors[i], *y = &b->tensors[i];
    check(strcmp(x->name, y->name) == 0 && x->datatype == y->datatype && x->n_dimensions == y->n_dimensions);
    check(memcmp(x->shape, y->shape, x->n_dimensions * sizeof *x->shape) == 0);
    check(x->size_bytes == y->size_bytes && memcmp(x->data, y->data, x->size_bytes) == 0);
  }
}

static void check_round(const ock_message *message) {
  ock_buffer out = {0};
  ock_message back = {0};
  size_t json_size;
  ock_oip_encode_request(message, true, &out, &json_size);
  char *body = padded(out.bytes, out.size);
  check(!ock_oip_decode_request(body, out.size, json_size ? json_size : out.size, &back, NULL));
  check_same(message, &back);
  out.size = 0;
  ock_oip_encode_answer("m", NULL, message, message, &out, &json_size);
  check_json(out.bytes, json_size ? json_size : out.size);
  ock_message_clear(&back);
  ock_buffer_clear(&out);
  free(body);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  if (size < 3) return 0;
  bool answer = bytes[0] & 1;
  size_t json_size = bytes[1] | (size_t)bytes[2] << 8;
  size -= 3;
  if (json_size > size || bytes[0] & 2) json_size = size;
  char *body = padded(bytes + 3, size);
  ock_message message = {0};
  ockham_error err = {0};
  ockham_status status = answer ? ock_oip_decode_answer(body, size, json_size, &message, &err)
                                : ock_oip_decode_request(body, size, json_size, &message, &err);
  check(status == OCKHAM_OK || (status == OCKHAM_BAD_DATA && err.message[0] && !strpbrk(err.message, "\n\r")));
  for (size_t i = 0; !status && i < message.n_tensors; i++) check_tensor(&message.tensors[i]);
  if (!status) check_round(&message);
  ock_buffer out = {0};
  ock_body_explain("application/json", json_size, body, size, &out);
  check_json(out.bytes, out.size);
  ock_buffer_clear(&out);
  ock_message_clear(&message);
  free(body);
  return 0;
}
