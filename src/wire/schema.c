/* SPDX-License-Identifier: Apache-2.0 */
/* What a model takes and gives, read and written. */
#include <string.h>

#include "wire/json.h"

enum { LIST_LIMIT = 4096, COLUMNS_LIMIT = 1 << 20 };

void ock_schema_clear(ock_schema *schema) {
  ock_arena_clear(&schema->arena);
  *schema = (ock_schema){0};
}

/* ---- reading ---- */

static ockham_status read_dimension(ock_json *json, ock_field *field) {
  bool negative;
  uint64_t value;
  const char *at = json->p, *end = ock_json_number_end(at);
  if (!end || ock_integer_read(at, end, &negative, &value) || value > INT64_MAX || (negative && value != 1))
    return ock_json_expected(json, at, "a whole number, or -1 for any");
  if (field->n_dimensions == OCK_DIMENSIONS)
    return ock_json_fail(json, at, "expected at most %d dimensions", OCK_DIMENSIONS);
  field->shape[field->n_dimensions++] = negative ? -1 : (int64_t)value;
  json->p = end;
  return OCKHAM_OK;
}

static ockham_status read_shape(ock_json *json, ock_field *field) {
  bool more;
  OCK_TRY(ock_json_enter_array(json));
  for (;;) {
    OCK_TRY(ock_json_next_item(json, &more));
    if (!more) return OCKHAM_OK;
    OCK_TRY(read_dimension(json, field));
  }
}

static ockham_status read_field(ock_json *json, ock_field *field) {
  ock_text key, text;
  bool more, has_datatype = false, has_shape = false;
  OCK_TRY(ock_json_enter_object(json));
  for (;;) {
    OCK_TRY(ock_json_next_key(json, &key, &more));
    if (!more) break;
    const char *at = json->p;
    if (ock_text_is(key, "name")) {
      OCK_TRY(ock_json_name(json, "a name in quotes", &field->name));
    } else if (ock_text_is(key, "datatype")) {
      OCK_TRY(ock_json_string(json, &text));
      has_datatype = true;
      if (!ock_datatype_find(text.bytes, text.size, &field->datatype))
        return ock_json_expected(json, at, "BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64 or BYTES");
    } else if (ock_text_is(key, "shape")) {
      has_shape = true;
      OCK_TRY(read_shape(json, field));
    } else {
      OCK_TRY(ock_json_skip(json));
    }
  }
  if (field->name && has_datatype && has_shape) return OCKHAM_OK;
  return ock_json_fail(json, json->p - 1, "expected \"%s\" in the object that ends here, found none",
                       !field->name    ? "name"
                       : !has_datatype ? "datatype"
                                       : "shape");
}

static ockham_status check_name(ock_json *json, const ock_field *fields, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(fields[i].name, fields[n].name) == 0)
      return ock_json_fail(json, json->p - 1, "the name '%.40s' comes twice", fields[n].name);
  return OCKHAM_OK;
}

/* The arena gives room for 8, 16, ... of them. */
static ockham_status make_room(ock_json *json, void **array, size_t n, size_t size) {
  enum { FIRST = 8 };
  if (n == LIST_LIMIT) return ock_json_fail(json, json->p, "expected at most %d entries", LIST_LIMIT);
  if (n && (n < FIRST || n & (n - 1))) return OCKHAM_OK;
  void *grown = ock_arena_array(json->arena, n ? 2 * n : FIRST, size);
  if (!grown) return ock_fail_memory(json->err, "a schema", 2 * n * size);
  if (n) memcpy(grown, *array, n * size);
  *array = grown;
  return OCKHAM_OK;
}

static ockham_status read_fields(ock_json *json, ock_field **fields, size_t *n_fields) {
  bool more;
  void *array = NULL;
  size_t n = 0;
  const char *at = json->p;
  OCK_TRY(ock_json_enter_array(json));
  for (;; n++) {
    OCK_TRY(ock_json_next_item(json, &more));
    if (!more) break;
    OCK_TRY(make_room(json, &array, n, sizeof(ock_field)));
    *fields = array;
    (*fields)[n] = (ock_field){0};
    OCK_TRY(read_field(json, &(*fields)[n]));
    OCK_TRY(check_name(json, *fields, n));
  }
  *n_fields = n;
  return n ? OCKHAM_OK : ock_json_fail(json, at, "expected at least one entry");
}

static ockham_status read_columns(ock_json *json, ock_schema *schema) {
  bool more;
  void *array = NULL;
  size_t n = 0;
  if (ock_json_null(json)) return OCKHAM_OK;
  OCK_TRY(ock_json_enter_array(json));
  for (;; n++) {
    OCK_TRY(ock_json_next_item(json, &more));
    if (!more) break;
    OCK_TRY(make_room(json, &array, n, sizeof *schema->columns));
    schema->columns = array;
    OCK_TRY(ock_json_name(json, "a name in quotes", &schema->columns[n]));
    for (size_t i = 0; i < n; i++)
      if (strcmp(schema->columns[i], schema->columns[n]) == 0)
        return ock_json_fail(json, json->p - 1, "the name '%.40s' comes twice", schema->columns[n]);
  }
  schema->n_columns = n;
  return n ? OCKHAM_OK : ock_json_fail(json, json->p - 1, "expected at least one entry");
}

static ockham_status read_schema(ock_json *json, ock_schema *schema) {
  ock_text key;
  bool more;
  OCK_TRY(ock_json_enter_object(json));
  for (;;) {
    OCK_TRY(ock_json_next_key(json, &key, &more));
    if (!more) break;
    if (ock_text_is(key, "inputs"))
      OCK_TRY(read_fields(json, &schema->inputs, &schema->n_inputs));
    else if (ock_text_is(key, "outputs"))
      OCK_TRY(read_fields(json, &schema->outputs, &schema->n_outputs));
    else if (ock_text_is(key, "columns"))
      OCK_TRY(read_columns(json, schema));
    else
      OCK_TRY(ock_json_skip(json));
  }
  if (!schema->n_inputs || !schema->n_outputs)
    return ock_json_fail(json, json->p - 1, "expected \"%s\" in the object that ends here, found none",
                         schema->n_inputs ? "outputs" : "inputs");
  return ock_json_end(json);
}

/* ---- layout ---- */

static bool has_cells(const ock_field *field) {
  return field->datatype != OCK_FP16 && field->datatype != OCK_BF16;
}

static bool is_matrix(const ock_schema *schema) {
  const ock_field *input = schema->inputs;
  return schema->n_inputs == 1 && input->n_dimensions == 2 && input->shape[0] == -1 && has_cells(input) &&
         input->datatype != OCK_BYTES;
}

static bool is_column(const ock_field *field) {
  bool flat = field->n_dimensions == 1 || (field->n_dimensions == 2 && field->shape[1] == 1);
  return flat && field->shape[0] == -1 && has_cells(field);
}

static ockham_status lay_out_columns(ock_schema *schema, ockham_error *err) {
  for (size_t i = 0; i < schema->n_inputs; i++)
    if (!is_column(&schema->inputs[i])) return OCKHAM_OK;
  schema->columns = ock_arena_array(&schema->arena, schema->n_inputs, sizeof *schema->columns);
  if (!schema->columns) return ock_fail_memory(err, "a schema", schema->n_inputs * sizeof *schema->columns);
  for (size_t i = 0; i < schema->n_inputs; i++) schema->columns[i] = schema->inputs[i].name;
  schema->n_columns = schema->n_inputs;
  schema->layout = OCK_LAYOUT_COLUMNS;
  return OCKHAM_OK;
}

static ockham_status lay_out(ock_schema *schema, ockham_error *err) {
  const ock_field *input = schema->inputs;
  if (schema->columns) {
    bool fits = is_matrix(schema) && (input->shape[1] == -1 || (uint64_t)input->shape[1] == schema->n_columns);
    if (!fits)
      return ock_fail(err, OCKHAM_BAD_DATA,
                      "columns: %zu names belong to a single numeric input of shape [-1, %zu], and there is none",
                      schema->n_columns, schema->n_columns);
    schema->layout = OCK_LAYOUT_MATRIX;
    return OCKHAM_OK;
  }
  if (!is_matrix(schema) || input->shape[1] == 1) return lay_out_columns(schema, err);
  if (input->shape[1] < 1 || input->shape[1] > COLUMNS_LIMIT) return OCKHAM_OK;
  schema->n_columns = (size_t)input->shape[1];
  schema->layout = OCK_LAYOUT_MATRIX;
  return OCKHAM_OK;
}

/* The text is copied to where what scanning reads beyond it is. */
ockham_status ock_schema_parse(const char *text, size_t size, ock_schema *schema, ockham_error *err) {
  ock_json json;
  *schema = (ock_schema){0};
  char *copy = size < SIZE_MAX - OCK_BODY_PADDING ? ock_arena_array(&schema->arena, size + OCK_BODY_PADDING, 1) : NULL;
  if (!copy) {
    ock_schema_clear(schema);
    return ock_fail_memory(err, "a schema", size);
  }
  if (size) memcpy(copy, text, size);
  memset(copy + size, 0, OCK_BODY_PADDING);
  ockham_status status = ock_json_open(&json, copy, copy + size, &schema->arena, err);
  if (!status) status = read_schema(&json, schema);
  if (!status) status = lay_out(schema, err);
  ock_json_close(&json);
  if (status) ock_schema_clear(schema);
  return status;
}

/* ---- writing ---- */

static void write_fields(const ock_field *fields, size_t n, ock_buffer *out) {
  for (size_t i = 0; i < n; i++) {
    ock_buffer_text(out, i ? ",{\"name\":" : "[{\"name\":");
    ock_buffer_json_text(out, fields[i].name);
    ock_buffer_print(out, ",\"datatype\":\"%s\",\"shape\":[", ock_datatype_name(fields[i].datatype));
    for (size_t j = 0; j < fields[i].n_dimensions; j++)
      ock_buffer_print(out, "%s%lld", j ? "," : "", (long long)fields[i].shape[j]);
    ock_buffer_text(out, "]}");
  }
  ock_buffer_text(out, "]");
}

void ock_schema_write(const ock_schema *schema, ock_buffer *out) {
  ock_buffer_text(out, "\"inputs\":");
  write_fields(schema->inputs, schema->n_inputs, out);
  ock_buffer_text(out, ",\"outputs\":");
  write_fields(schema->outputs, schema->n_outputs, out);
  if (schema->layout != OCK_LAYOUT_MATRIX || !schema->columns) return;
  for (size_t i = 0; i < schema->n_columns; i++) {
    ock_buffer_text(out, i ? "," : ",\"columns\":[");
    ock_buffer_json_text(out, schema->columns[i]);
  }
  ock_buffer_text(out, "]");
}

const ock_field *ock_field_find(const ock_field *fields, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(fields[i].name, name) == 0) return &fields[i];
  return NULL;
}

bool ock_schema_has_column(const ock_schema *schema, const char *name) {
  for (size_t i = 0; schema->columns && i < schema->n_columns; i++)
    if (strcmp(schema->columns[i], name) == 0) return true;
  return false;
}
