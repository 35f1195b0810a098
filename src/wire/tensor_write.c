/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of tensors as JSON. */
#include <string.h>

#include "data/internal.h"
#include "wire/json.h"

void ock_buffer_shape(ock_buffer *buffer, const uint64_t *shape, size_t n_dimensions) {
  ock_buffer_text(buffer, "[");
  for (size_t i = 0; i < n_dimensions; i++)
    ock_buffer_print(buffer, "%s%llu", i ? "," : "", (unsigned long long)shape[i]);
  ock_buffer_text(buffer, "]");
}

void ock_shape_show(const uint64_t *shape, size_t n_dimensions, char shown[OCK_SHAPE_SHOWN]) {
  size_t n = (size_t)snprintf(shown, OCK_SHAPE_SHOWN, "[");
  for (size_t i = 0; i < n_dimensions && n + 32 < OCK_SHAPE_SHOWN; i++)
    n += (size_t)snprintf(shown + n, OCK_SHAPE_SHOWN - n, "%s%llu", i ? ", " : "", (unsigned long long)shape[i]);
  snprintf(shown + n, OCK_SHAPE_SHOWN - n, "]");
}

static void put_integer(ock_buffer *buffer, bool negative, uint64_t magnitude) {
  char digits[24], *end = digits + sizeof digits, *p = end;
  do {
    *--p = (char)('0' + magnitude % 10);
    magnitude /= 10;
  } while (magnitude);
  if (negative) *--p = '-';
  ock_buffer_put(buffer, p, (size_t)(end - p));
}

static uint64_t integer_at(const ock_tensor *tensor, size_t i) {
  uint64_t value = 0;
  size_t size = ock_datatype_size(tensor->datatype);
  memcpy(&value, tensor->data + i * size, size);
  if (!ock_integer_ranges[tensor->datatype].least || size == 8) return value;
  unsigned unused = 64 - 8 * (unsigned)size; /* bits: the sign goes through them */
  return (uint64_t)((int64_t)(value << unused) >> unused);
}

void ock_buffer_json_cell(ock_buffer *buffer, const ock_tensor *tensor, size_t i) {
  if (tensor->datatype == OCK_BOOL) {
    ock_buffer_text(buffer, tensor->data[i] ? "true" : "false");
  } else if (ock_is_integer(tensor->datatype)) {
    uint64_t value = integer_at(tensor, i);
    bool negative = ock_integer_ranges[tensor->datatype].least && value >> 63;
    put_integer(buffer, negative, negative ? 0 - value : value);
  } else if (tensor->datatype == OCK_FP64) {
    ock_buffer_json_number(buffer, ock_tensor_number(tensor, i));
  } else {
    ock_buffer_json_single(buffer, (float)ock_tensor_number(tensor, i));
  }
}

ock_cursor ock_cursor_make(const ock_tensor *tensor) {
  return (ock_cursor){.tensor = tensor, .bytes = tensor->data};
}

ock_text ock_cursor_text(ock_cursor *cursor) {
  uint32_t size;
  memcpy(&size, cursor->bytes, sizeof size);
  ock_text text = {(const char *)cursor->bytes + sizeof size, size};
  cursor->bytes += sizeof size + size;
  cursor->i++;
  return text;
}

void ock_cursor_json(ock_cursor *cursor, ock_buffer *buffer) {
  if (cursor->tensor->datatype != OCK_BYTES) {
    ock_buffer_json_cell(buffer, cursor->tensor, cursor->i++);
    return;
  }
  ock_text text = ock_cursor_text(cursor);
  ock_buffer_json_string(buffer, text.bytes, text.size);
}
