/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a schema: what is read is written, and that is read and written the same. */
#include <stdlib.h>
#include <string.h>

#include "wire/internal.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

static void write_schema(const ock_schema *schema, ock_buffer *out) {
  ock_buffer_text(out, "{");
  ock_schema_write(schema, out);
  ock_buffer_text(out, "}");
  check(!out->failed);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  ock_schema schema, again;
  ock_buffer first = {0}, second = {0};
  ockham_error err = {0};
  ockham_status status = ock_schema_parse((const char *)bytes, size, &schema, &err);
  check(status == OCKHAM_OK || (status == OCKHAM_BAD_DATA && err.message[0] && !strpbrk(err.message, "\n\r")));
  if (status) return 0;
  write_schema(&schema, &first);
  check(!ock_schema_parse(first.bytes, first.size, &again, NULL));
  write_schema(&again, &second);
  check(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0);
  check(schema.layout == again.layout && schema.n_columns == again.n_columns);
  ock_buffer_clear(&first);
  ock_buffer_clear(&second);
  ock_schema_clear(&schema);
  ock_schema_clear(&again);
  return 0;
}
