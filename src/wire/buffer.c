/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "data/internal.h"
#include "wire/json.h"

char *ock_buffer_room(ock_buffer *buffer, size_t size) {
  enum { FIRST_CAPACITY = 1024 };
  if (buffer->failed) return NULL;
  if (buffer->bytes && buffer->capacity - buffer->size >= size) return buffer->bytes + buffer->size;
  size_t wanted = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
  while (wanted - buffer->size < size && wanted <= SIZE_MAX / 2) wanted *= 2;
  char *grown = wanted - buffer->size < size ? NULL : ock_realloc_array(buffer->bytes, wanted, 1);
  if (!grown) {
    buffer->failed = true;
    return NULL;
  }
  buffer->bytes = grown;
  buffer->capacity = wanted;
  return grown + buffer->size;
}

void ock_buffer_put(ock_buffer *buffer, const void *bytes, size_t size) {
  char *room = ock_buffer_room(buffer, size);
  if (!room || !size) return;
  memcpy(room, bytes, size);
  buffer->size += size;
}

void ock_buffer_text(ock_buffer *buffer, const char *text) {
  ock_buffer_put(buffer, text, strlen(text));
}

void ock_buffer_print(ock_buffer *buffer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *room = size < 0 ? NULL : ock_buffer_room(buffer, (size_t)size + 1);
  if (!room) {
    buffer->failed = true;
    return;
  }
  va_start(arguments, format);
  vsnprintf(room, (size_t)size + 1, format, arguments);
  va_end(arguments);
  buffer->size += (size_t)size;
}

void ock_buffer_clear(ock_buffer *buffer) {
  ock_free(buffer->bytes);
  *buffer = (ock_buffer){0};
}

/* ---- JSON ---- */

/* A character that a JSON string must escape, or a byte that is not UTF-8, in place of `*p`. */
static void put_special(ock_buffer *buffer, unsigned char c) {
  static const char codes[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
  const char *code = c ? strchr(codes, c) : NULL;
  if (c >= 0x80)
    ock_buffer_put(buffer, "\xEF\xBF\xBD", 3);
  else if (code)
    ock_buffer_put(buffer, (const char[]){'\\', letters[code - codes]}, 2);
  else
    ock_buffer_print(buffer, "\\u%04x", c);
}

void ock_buffer_json_string(ock_buffer *buffer, const char *text, size_t size) {
  const char *p = text, *end = text + size, *plain = p;
  ock_buffer_put(buffer, "\"", 1);
  while (p < end) {
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0x20 || c == '"' || c == '\\' ? 0 : ock_utf8_size(p, end);
    if (n) {
      p += n;
      continue;
    }
    ock_buffer_put(buffer, plain, (size_t)(p - plain));
    put_special(buffer, c);
    plain = ++p;
  }
  ock_buffer_put(buffer, plain, (size_t)(p - plain));
  ock_buffer_put(buffer, "\"", 1);
}

/* JSON cannot say what is not finite. */
static char *number_room(ock_buffer *buffer, bool finite) {
  if (finite) return ock_buffer_room(buffer, 32);
  ock_buffer_put(buffer, "null", 4);
  return NULL;
}

void ock_buffer_json_number(ock_buffer *buffer, double value) {
  char *room = number_room(buffer, isfinite(value));
  if (room) buffer->size += ock_number_format(value, room);
}

void ock_buffer_json_single(ock_buffer *buffer, float value) {
  char *room = number_room(buffer, isfinite(value));
  if (room) buffer->size += ock_number_format_single(value, room);
}

ockham_status ock_buffer_give(ock_buffer *buffer, char **text, ockham_error *err) {
  size_t capacity = buffer->capacity;
  ock_buffer_put(buffer, "", 1);
  *text = buffer->failed ? NULL : buffer->bytes;
  if (*text)
    *buffer = (ock_buffer){0};
  else
    ock_buffer_clear(buffer);
  return *text ? OCKHAM_OK : ock_fail_memory(err, "a text", capacity);
}

void ock_buffer_json_text(ock_buffer *buffer, const char *text) {
  ock_buffer_json_string(buffer, text, strlen(text));
}

void ock_buffer_json_member(ock_buffer *buffer, const char *key, const char *text) {
  ock_buffer_print(buffer, ",\"%s\":", key);
  ock_buffer_json_text(buffer, text);
}
