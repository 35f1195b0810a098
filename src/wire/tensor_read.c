/* SPDX-License-Identifier: Apache-2.0 */
/* "data": from JSON straight into the tensor. */
#include <math.h>

#include "wire/json.h"

/* ---- one cell ---- */

static ockham_status fail_range(ock_json *json, const char *at, ock_datatype datatype, ock_integer why) {
  char shown[OCK_TOKEN_SHOWN];
  ock_json_token(at, json->end, shown);
  return ock_json_fail_range(json, at, datatype, why, shown);
}

/* The integer at p, which is not a plain one. Returns its end; NULL: the error is set, with its status. */
static const char *integer_slow(ock_json *json, const char *p, ock_datatype datatype, bool *negative,
                                uint64_t *magnitude, ockham_status *status) {
  const char *end = ock_json_number_end(p);
  if (!end) {
    *status = ock_json_expected_number(json, p, datatype);
    return NULL;
  }
  ock_integer why = ock_integer_read(p, end, negative, magnitude);
  if (!why) return end;
  *status = fail_range(json, p, datatype, why);
  return NULL;
}

__attribute__((always_inline)) static inline const char *integer_cell(ock_json *json, const char *p,
                                                                      ock_datatype datatype, size_t size,
                                                                      unsigned char *out, ockham_status *status) {
  bool negative;
  uint64_t magnitude;
  const char *end = ock_json_integer_scan(p, &negative, &magnitude);
  if (__builtin_expect(!end, 0)) {
    end = integer_slow(json, p, datatype, &negative, &magnitude, status);
    if (!end) return NULL;
  }
  ock_range range = ock_integer_ranges[datatype];
  if (__builtin_expect(magnitude > (negative ? range.least : range.most), 0)) {
    *status = fail_range(json, p, datatype, OCK_INTEGER_LARGE);
    return NULL;
  }
  uint64_t value = negative ? 0 - magnitude : magnitude;
  memcpy(out, &value, size);
  return end;
}

__attribute__((noinline)) static const char *real_slow(ock_json *json, const char *p, ock_datatype datatype,
                                                       double *value, ockham_status *status) {
  const char *end = ock_json_number_slow(p, value);
  if (end && isfinite(*value)) return end;
  *status = end ? fail_range(json, p, datatype, OCK_INTEGER_LARGE) : ock_json_expected_number(json, p, datatype);
  return NULL;
}

__attribute__((always_inline)) static inline const char *real_cell(ock_json *json, const char *p, ock_datatype datatype,
                                                                   unsigned char *out, ockham_status *status) {
  double value;
  const char *end = ock_json_number_scan(p, &value);
  if (__builtin_expect(!end, 0)) {
    end = real_slow(json, p, datatype, &value, status);
    if (!end) return NULL;
  }
  if (datatype == OCK_FP64) {
    memcpy(out, &value, sizeof value);
    return end;
  }
  float single = (float)value;
  if (__builtin_expect(isinf(single), 0)) {
    *status = fail_range(json, p, datatype, OCK_INTEGER_LARGE);
    return NULL;
  }
  memcpy(out, &single, sizeof single);
  return end;
}

static inline const char *bool_cell(ock_json *json, const char *p, unsigned char *out, ockham_status *status) {
  *out = *p == 't';
  if (memcmp(p, "true", 4) == 0) return p + 4;
  if (memcmp(p, "false", 5) == 0) return p + 5;
  *status = ock_json_expected_number(json, p, OCK_BOOL);
  return NULL;
}

__attribute__((always_inline)) static inline const char *cell(ock_json *json, const char *p, ock_datatype datatype,
                                                              size_t size, unsigned char *out, ockham_status *status) {
  if (datatype == OCK_FP64 || datatype == OCK_FP32) return real_cell(json, p, datatype, out, status);
  if (datatype == OCK_BOOL) return bool_cell(json, p, out, status);
  return integer_cell(json, p, datatype, size, out, status);
}

ockham_status ock_json_cell(ock_json *json, ock_datatype datatype, unsigned char *out) {
  ockham_status status = OCKHAM_OK;
  const char *end = cell(json, json->p, datatype, ock_datatype_size(datatype), out, &status);
  if (end) json->p = end;
  return status;
}

void ock_buffer_element(ock_buffer *buffer, const char *bytes, size_t size) {
  uint32_t length = (uint32_t)size;
  if (size > UINT32_MAX) buffer->failed = true;
  ock_buffer_put(buffer, &length, sizeof length);
  ock_buffer_put(buffer, bytes, size);
}

ockham_status ock_json_cell_text(ock_json *json, ock_buffer *out) {
  ock_text text;
  OCK_TRY(ock_json_string(json, &text));
  ock_buffer_element(out, text.bytes, text.size);
  return out->failed ? ock_fail_memory(json->err, "a tensor of BYTES", out->size + text.size) : OCKHAM_OK;
}

/* ---- a whole tensor ---- */

typedef struct reader {
  ock_json *json;
  const ock_tensor *tensor;
  size_t n, capacity;
  unsigned char *out;
  ock_buffer bytes; /* BYTES */
  size_t n_levels;  /* of the arrays that hold values; 0: not yet known */
  size_t lengths[OCK_NESTING];
  bool known[OCK_NESTING];
} reader;

static ockham_status fail_count(reader *r, const char *at, bool more) {
  char shape[OCK_SHAPE_SHOWN], found[32];
  const ock_tensor *t = r->tensor;
  ock_shape_show(t->shape, t->n_dimensions, shape);
  snprintf(found, sizeof found, "%zu", r->n);
  return ock_json_fail(r->json, at, "expected %zu values for shape %s, found %s", t->n_elements, shape,
                       more ? "more" : found);
}

/* The values of one array, p at the first of them; stops at the bracket. */
__attribute__((always_inline)) static inline ockham_status run_of(reader *r, ock_datatype datatype, size_t size) {
  ock_json *json = r->json;
  ock_json_level *level = &json->levels[json->depth - 1];
  const size_t first = r->n, capacity = r->capacity;
  size_t n = first;
  const char *p = json->p;
  ockham_status status = OCKHAM_OK;
  for (;; p = ock_json_blanks(p + 1)) {
    level->index = n - first;
    if (__builtin_expect(n == capacity, 0)) return fail_count(r, p, true);
    const char *end = cell(json, p, datatype, size, r->out + n * size, &status);
    if (__builtin_expect(!end, 0)) return status;
    n++;
    p = end;
    if (__builtin_expect(*p == ',', 1)) continue;
    p = ock_json_blanks(p);
    if (*p != ',') break;
  }
  json->p = p;
  r->n = n;
  return *p == ']' ? OCKHAM_OK : ock_json_expected(json, p, "',' or ']'");
}

static ockham_status run_of_texts(reader *r) {
  ock_json *json = r->json;
  ock_json_level *level = &json->levels[json->depth - 1];
  for (size_t first = r->n;; json->p++) {
    json->p = ock_json_blanks(json->p);
    level->index = r->n - first;
    if (r->n == r->capacity) return fail_count(r, json->p, true);
    OCK_TRY(ock_json_cell_text(json, &r->bytes));
    r->n++;
    json->p = ock_json_blanks(json->p);
    if (*json->p != ',') break;
  }
  return *json->p == ']' ? OCKHAM_OK : ock_json_expected(json, json->p, "',' or ']'");
}

/* Each datatype gets a loop of its own. */
static ockham_status run(reader *r) {
  switch (r->tensor->datatype) {
    case OCK_BOOL:
      return run_of(r, OCK_BOOL, 1);
    case OCK_UINT8:
      return run_of(r, OCK_UINT8, 1);
    case OCK_UINT16:
      return run_of(r, OCK_UINT16, 2);
    case OCK_UINT32:
      return run_of(r, OCK_UINT32, 4);
    case OCK_UINT64:
      return run_of(r, OCK_UINT64, 8);
    case OCK_INT8:
      return run_of(r, OCK_INT8, 1);
    case OCK_INT16:
      return run_of(r, OCK_INT16, 2);
    case OCK_INT32:
      return run_of(r, OCK_INT32, 4);
    case OCK_INT64:
      return run_of(r, OCK_INT64, 8);
    case OCK_FP32:
      return run_of(r, OCK_FP32, 4);
    case OCK_FP64:
      return run_of(r, OCK_FP64, 8);
    case OCK_BYTES:
      return run_of_texts(r);
    default:
      break;
  }
  return ock_json_fail(r->json, r->json->p, "%s has no JSON form: send it as binary data",
                       ock_datatype_name(r->tensor->datatype));
}

/* Arrays at one level are of one length. */
static ockham_status check_length(reader *r, size_t level, const char *at, size_t length) {
  if (!r->known[level]) {
    r->known[level] = true;
    r->lengths[level] = length;
  }
  if (r->lengths[level] == length) return OCKHAM_OK;
  return ock_json_fail(r->json, at, "expected %zu values as in the arrays beside it, found %zu", r->lengths[level],
                       length);
}

static ockham_status read_level(reader *r, size_t level);

static ockham_status read_arrays(reader *r, size_t level, size_t *length) {
  bool more;
  for (*length = 0;; ++*length) {
    OCK_TRY(ock_json_next_item(r->json, &more));
    if (!more) return OCKHAM_OK;
    if (*r->json->p != '[') return ock_json_expected(r->json, r->json->p, "an array, as before");
    OCK_TRY(read_level(r, level + 1));
  }
}

static ockham_status read_level(reader *r, size_t level) {
  ock_json *json = r->json;
  const char *at = ock_json_blanks(json->p);
  size_t length, before = r->n;
  OCK_TRY(ock_json_enter_array(json));
  json->p = ock_json_blanks(json->p);
  if (*json->p == ']') {
    length = 0;
    ock_json_leave_array(json);
  } else if (*json->p == '[') {
    if (r->n_levels && level + 1 >= r->n_levels) return ock_json_expected_number(json, json->p, r->tensor->datatype);
    OCK_TRY(read_arrays(r, level, &length));
  } else {
    if (!r->n_levels) r->n_levels = level + 1;
    if (r->n_levels != level + 1) return ock_json_expected(json, json->p, "an array, as before");
    OCK_TRY(run(r));
    length = r->n - before;
    ock_json_leave_array(json);
  }
  return check_length(r, level, at, length);
}

/* Nested data must have the tensor's shape, apart from dimensions of 1, which some leave out and some add. */
static ockham_status check_nesting(reader *r, const char *at) {
  const ock_tensor *t = r->tensor;
  size_t i = 0, j = 0;
  while (r->n_levels > 1) {
    while (i < t->n_dimensions && t->shape[i] == 1) i++;
    while (j < r->n_levels && r->lengths[j] == 1) j++;
    bool shape_ended = i == t->n_dimensions, data_ended = j == r->n_levels;
    if (shape_ended && data_ended) break;
    if (!shape_ended && !data_ended && t->shape[i++] == r->lengths[j++]) continue;
    char shape[OCK_SHAPE_SHOWN], found[OCK_SHAPE_SHOWN];
    uint64_t lengths[OCK_NESTING];
    for (size_t k = 0; k < r->n_levels; k++) lengths[k] = r->lengths[k];
    ock_shape_show(t->shape, t->n_dimensions, shape);
    ock_shape_show(lengths, r->n_levels, found);
    return ock_json_fail(r->json, at, "expected values nested as shape %s says, found %s", shape, found);
  }
  return OCKHAM_OK;
}

static ockham_status read_whole(reader *r) {
  const char *at = r->json->p;
  OCK_TRY(read_level(r, 0));
  if (r->n != r->tensor->n_elements) return fail_count(r, at, false);
  return check_nesting(r, at);
}

static ockham_status keep_bytes(reader *r, ock_tensor *tensor) {
  tensor->size_bytes = r->bytes.size;
  tensor->data = ock_arena_array(r->json->arena, tensor->size_bytes, 1);
  if (!tensor->data) return ock_fail_memory(r->json->err, "a tensor of BYTES", tensor->size_bytes);
  if (tensor->size_bytes) memcpy(tensor->data, r->bytes.bytes, tensor->size_bytes);
  return OCKHAM_OK;
}

ockham_status ock_json_data(ock_json *json, ock_tensor *tensor) {
  size_t size = ock_datatype_size(tensor->datatype);
  json->p = ock_json_blanks(json->p);
  /* No more values than there are bytes for: a large shape costs nothing. */
  size_t left = json->p < json->end ? (size_t)(json->end - json->p) / 2 + 1 : 0;
  reader r = {.json = json, .tensor = tensor, .capacity = tensor->n_elements < left ? tensor->n_elements : left};
  tensor->size_bytes = r.capacity * size;
  tensor->data = r.out = ock_arena_array(json->arena, tensor->size_bytes, 1);
  if (!r.out) return ock_fail_memory(json->err, "a tensor", tensor->size_bytes);
  ockham_status status = read_whole(&r);
  if (!status && tensor->datatype == OCK_BYTES) status = keep_bytes(&r, tensor);
  ock_buffer_clear(&r.bytes);
  return status;
}
