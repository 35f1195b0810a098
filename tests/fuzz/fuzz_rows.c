/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as rows. The first byte chooses form and schema. What decodes fits the schema, and is read back the same
 * from the answers that say it in rows, NDJSON and (without NULs) CSV. */
#include <stdlib.h>

#include "wire/json.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

#define OUTPUTS ",\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP64\",\"shape\":[-1]}]"
static const char *const schemas[] = {
    "{\"inputs\":[{\"name\":\"a\",\"datatype\":\"INT32\",\"shape\":[-1]},{\"name\":\"b\",\"datatype\":\"FP64\","
    "\"shape\":"
    "[-1,1]},{\"name\":\"c\",\"datatype\":\"BYTES\",\"shape\":[-1]},{\"name\":\"d\",\"datatype\":\"BOOL\",\"shape\":"
    "[-1]}]" OUTPUTS "}",
    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,2]}],\"columns\":[\"a\",\"b\"]" OUTPUTS "}",
    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT64\",\"shape\":[-1,2]}]" OUTPUTS "}",
    "{\"inputs\":[{\"name\":\"a\",\"datatype\":\"BYTES\",\"shape\":[-1]}]" OUTPUTS "}",
};
enum { N_SCHEMAS = sizeof schemas / sizeof *schemas };

static char *padded(const void *bytes, size_t size) {
  char *copy = calloc(size + OCK_BODY_PADDING, 1);
  check(copy != NULL);
  if (size) memcpy(copy, bytes, size);
  return copy;
}

static bool holds_nul(const ock_message *m) {
  for (size_t i = 0; i < m->n_tensors; i++) {
    ock_cursor cursor = ock_cursor_make(&m->tensors[i]);
    if (m->tensors[i].datatype != OCK_BYTES) continue;
    for (size_t j = 0; j < m->tensors[i].n_elements; j++) {
      ock_text text = ock_cursor_text(&cursor);
      if (memchr(text.bytes, 0, text.size)) return true;
    }
  }
  return false;
}

static void check_same(const ock_message *a, const ock_message *b) {
  check(a->n_tensors == b->n_tensors && a->n_rows == b->n_rows);
  for (size_t i = 0; i < a->n_tensors; i++) {
    const ock_tensor *x = &a->tensors[i], *y = &b->tensors[i];
    check(x->size_bytes == y->size_bytes && memcmp(x->data, y->data, x->size_bytes) == 0);
  }
}

static void check_round(ock_form form, const ock_schema *schema, const ock_message *message) {
  ock_buffer out = {0};
  ock_message back = {0};
  check(!ock_rows_encode(form, message, message, &out, NULL));
  char *body = padded(out.bytes, out.size);
  check(!ock_rows_decode(form, body, out.size, schema, &back, NULL));
  check_same(message, &back);
  ock_message_clear(&back);
  ock_buffer_clear(&out);
  free(body);
}

static void check_decoded(const ock_schema *schema, const ock_message *message) {
  check(!ock_schema_check(schema, message, false, NULL));
  check_round(OCK_FORM_ROWS, schema, message);
  check_round(OCK_FORM_NDJSON, schema, message);
  bool csv = schema->layout == OCK_LAYOUT_COLUMNS || !schema->columns;
  if (csv && !holds_nul(message)) check_round(OCK_FORM_CSV, schema, message);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  if (size < 1) return 0;
  ock_form form = (ock_form)(1 + bytes[0] % (OCK_FORM_COUNT - 1));
  const char *text = schemas[bytes[0] / OCK_FORM_COUNT % N_SCHEMAS];
  ock_schema schema;
  ock_message message = {0};
  ockham_error err = {0};
  char *body = padded(bytes + 1, --size);
  check(!ock_schema_parse(text, strlen(text), &schema, NULL));
  ockham_status status = ock_rows_decode(form, body, size, &schema, &message, &err);
  check(status == OCKHAM_OK || (status == OCKHAM_BAD_DATA && err.message[0] && !strpbrk(err.message, "\n\r")));
  if (!status) check_decoded(&schema, &message);
  ock_message_clear(&message);
  ock_schema_clear(&schema);
  free(body);
  return 0;
}
