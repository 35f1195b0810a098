/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "wire/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are little-endian, and used as they lie");

#define NAME_OF(name, size) #name,
#define SIZE_OF(name, size) size,
static const char *const names[] = {OCK_DATATYPE_LIST(NAME_OF)};
static const unsigned char sizes[] = {OCK_DATATYPE_LIST(SIZE_OF)};

const char *ock_datatype_name(ock_datatype datatype) {
  return names[datatype];
}

size_t ock_datatype_size(ock_datatype datatype) {
  return sizes[datatype];
}

bool ock_datatype_find(const char *name, size_t length, ock_datatype *datatype) {
  for (int i = 0; i < OCK_DATATYPE_COUNT; i++) {
    if (strlen(names[i]) != length || memcmp(names[i], name, length) != 0) continue;
    *datatype = (ock_datatype)i;
    return true;
  }
  return false;
}

/* ---- numbers ---- */

/* IEEE 754 binary16: 5 bits of exponent, 10 of mantissa. */
static double half(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 31  ? (mantissa ? (double)NAN : (double)INFINITY)
                 : exponent == 0 ? ldexp(mantissa, -24)
                                 : ldexp(mantissa + 1024, exponent - 25);
  return bits >> 15 ? -value : value;
}

/* The upper half of a float32. */
static double brain(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return (double)value;
}

#define CASE(name, type, expression)                   \
  case OCK_##name: {                                   \
    type x;                                            \
    memcpy(&x, tensor->data + i * sizeof x, sizeof x); \
    return expression;                                 \
  }

double ock_tensor_number(const ock_tensor *tensor, size_t i) {
  switch (tensor->datatype) {
    CASE(BOOL, uint8_t, x)
    CASE(UINT8, uint8_t, x)
    CASE(UINT16, uint16_t, x)
    CASE(UINT32, uint32_t, x)
    CASE(UINT64, uint64_t, (double)x)
    CASE(INT8, int8_t, x)
    CASE(INT16, int16_t, x)
    CASE(INT32, int32_t, x)
    CASE(INT64, int64_t, (double)x)
    CASE(FP16, uint16_t, half(x))
    CASE(BF16, uint16_t, brain(x))
    CASE(FP32, float, (double)x)
    CASE(FP64, double, x)
    default:
      return (double)NAN;
  }
}

/* ---- messages ---- */

void ock_message_clear(ock_message *message) {
  ock_arena_clear(&message->arena);
  *message = (ock_message){0};
}

/* Room for one more of n in an array that lies in the arena: it doubles when n is a power of two. NULL: no memory. */
static void *grow(ock_arena *arena, void *array, size_t n, size_t size) {
  enum { FIRST = 4 };
  if (n && (n < FIRST || n & (n - 1))) return array;
  void *grown = ock_arena_array(arena, n ? 2 * n : FIRST, size);
  if (grown && n) memcpy(grown, array, n * size);
  return grown;
}

ock_tensor *ock_message_slot(ock_message *message) {
  ock_tensor *grown = grow(&message->arena, message->tensors, message->n_tensors, sizeof *grown);
  if (!grown) return NULL;
  message->tensors = grown;
  ock_tensor *tensor = &grown[message->n_tensors++];
  *tensor = (ock_tensor){0};
  return tensor;
}

ock_wanted *ock_message_wanted_slot(ock_message *message) {
  ock_wanted *grown = grow(&message->arena, message->wanted, message->n_wanted, sizeof *grown);
  if (!grown) return NULL;
  message->wanted = grown;
  return &grown[message->n_wanted++];
}

bool ock_shape_product(const uint64_t *shape, size_t n_dimensions, size_t *n_elements) {
  size_t n = 1;
  bool zero = false, large = false;
  for (size_t i = 0; i < n_dimensions; i++) {
    zero |= shape[i] == 0;
    large |= __builtin_mul_overflow(n, shape[i], &n) || n > OCK_ELEMENTS;
  }
  *n_elements = zero ? 0 : n;
  return zero || !large;
}

void ock_message_count_rows(ock_message *message) {
  const ock_tensor *first = message->tensors;
  if (message->n_tensors) message->n_rows = first->n_dimensions ? first->shape[0] : 1;
}

ock_tensor *ock_message_add(ock_message *message, const char *name, ock_datatype datatype, const uint64_t *shape,
                            size_t n_dimensions, size_t size_bytes) {
  size_t n_elements, size_name = strlen(name) + 1;
  if (n_dimensions > OCK_DIMENSIONS || !ock_shape_product(shape, n_dimensions, &n_elements)) return NULL;
  if (datatype != OCK_BYTES) size_bytes = ock_size_product(n_elements, ock_datatype_size(datatype));
  unsigned char *data = ock_arena_array(&message->arena, size_bytes, 1);
  char *copy = ock_arena_array(&message->arena, size_name, 1);
  ock_tensor *tensor = data && copy ? ock_message_slot(message) : NULL;
  if (!tensor) return NULL;
  memcpy(copy, name, size_name);
  *tensor = (ock_tensor){.name = copy,
                         .datatype = datatype,
                         .n_dimensions = n_dimensions,
                         .n_elements = n_elements,
                         .data = data,
                         .size_bytes = size_bytes};
  if (n_dimensions) memcpy(tensor->shape, shape, n_dimensions * sizeof *shape);
  ock_message_count_rows(message);
  return tensor;
}

const ock_tensor *ock_message_find(const ock_message *message, const char *name) {
  for (size_t i = 0; i < message->n_tensors; i++)
    if (strcmp(message->tensors[i].name, name) == 0) return &message->tensors[i];
  return NULL;
}

bool ock_message_wants(const ock_message *request, const char *name, int *binary) {
  if (binary) *binary = -1;
  for (size_t i = 0; i < request->n_wanted; i++) {
    if (strcmp(request->wanted[i].name, name) != 0) continue;
    if (binary) *binary = request->wanted[i].binary;
    return true;
  }
  return request->n_wanted == 0;
}
