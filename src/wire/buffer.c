/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/internal.h"

char *ock_buffer_room(ock_buffer *buffer, size_t size) {
  enum { FIRST_CAPACITY = 1024 };
  if (buffer->failed) return NULL;
  if (buffer->capacity - buffer->size >= size) return buffer->bytes + buffer->size;
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
