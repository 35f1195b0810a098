/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of named values, from whatever form, into tensors. */
#include <string.h>

#include "wire/rows.h"

ockham_status ock_rows_open(ock_rows_reader *r, const ock_schema *schema, const char *body, size_t size,
                            ock_message *request, ockham_error *err) {
  *r = (ock_rows_reader){.schema = schema, .request = request};
  r->columns = ock_alloc_zeroed(schema->n_columns, sizeof *r->columns);
  r->last_row = ock_alloc_zeroed(schema->n_columns, sizeof *r->last_row);
  OCK_TRY(ock_json_open(&r->json, body, body + size, &request->arena, err));
  return r->columns && r->last_row ? OCKHAM_OK : ock_rows_fail_memory(r);
}

void ock_rows_close(ock_rows_reader *r) {
  for (size_t i = 0; r->columns && i < r->schema->n_columns; i++) ock_buffer_clear(&r->columns[i]);
  ock_free(r->columns);
  ock_free(r->last_row);
  ock_free(r->slots);
  ock_json_close(&r->json);
}

ockham_status ock_rows_fail_memory(ock_rows_reader *r) {
  return ock_fail_memory(r->json.err, "rows", (size_t)(r->json.end - r->json.begin));
}

static bool is_matrix(const ock_rows_reader *r) {
  return r->schema->layout == OCK_LAYOUT_MATRIX && !r->column_by_column;
}

/* ---- names ---- */

static bool is_column(const ock_rows_reader *r, size_t column, ock_text name) {
  return ock_text_is(name, r->schema->columns[column]);
}

static bool make_slots(ock_rows_reader *r) {
  size_t n_slots = 8;
  while (n_slots < 2 * r->schema->n_columns) n_slots *= 2;
  r->slots = ock_alloc_zeroed(n_slots, sizeof *r->slots);
  if (!r->slots) return false;
  r->n_slots = n_slots;
  for (size_t c = 0; c < r->schema->n_columns; c++) {
    const char *name = r->schema->columns[c];
    size_t at = ock_hash(name, strlen(name)) & (n_slots - 1);
    while (r->slots[at]) at = (at + 1) & (n_slots - 1);
    r->slots[at] = (uint32_t)c + 1;
  }
  return true;
}

ockham_status ock_rows_find(ock_rows_reader *r, ock_text name, size_t *column) {
  size_t n = r->schema->n_columns;
  *column = n;
  if (!r->schema->columns) return OCKHAM_OK;
  if (r->next < n && is_column(r, r->next, name)) {
    *column = r->next++;
    return OCKHAM_OK;
  }
  if (!r->slots && !make_slots(r)) return ock_rows_fail_memory(r);
  size_t mask = r->n_slots - 1;
  for (size_t at = ock_hash(name.bytes, name.size) & mask; r->slots[at]; at = (at + 1) & mask) {
    if (!is_column(r, r->slots[at] - 1, name)) continue;
    *column = r->slots[at] - 1;
    r->next = *column + 1;
    return OCKHAM_OK;
  }
  return OCKHAM_OK;
}

ockham_status ock_rows_fail_unknown(ock_rows_reader *r, const char *at, ock_text name) {
  char known[OCK_NAMES_SHOWN], shown[OCK_TOKEN_SHOWN];
  const ock_schema *s = r->schema;
  r->json.column = 0;
  r->json.column_name = NULL;
  ock_text_show(name, shown);
  if (!s->columns)
    return ock_json_fail(&r->json, at, "the column %s is not known: the model names none, and takes arrays of %zu",
                         shown, s->n_columns);
  ock_names_show(s->columns, s->n_columns, sizeof *s->columns, known);
  return ock_json_fail(&r->json, at, "the column %s is not known: expected %s", shown, known);
}

/* ---- rows and cells ---- */

ockham_status ock_rows_begin(ock_rows_reader *r) {
  r->json.row = r->request->n_rows + 1;
  r->n_set = r->next = 0;
  if (!is_matrix(r)) return OCKHAM_OK;
  size_t size = ock_size_product(r->schema->n_columns, ock_datatype_size(ock_rows_datatype(r, 0)));
  r->row = (unsigned char *)ock_buffer_room(&r->columns[0], size);
  if (!r->row) return ock_rows_fail_memory(r);
  r->columns[0].size += size;
  return OCKHAM_OK;
}

static void place_at(ock_rows_reader *r, size_t column) {
  r->json.column = column + 1;
  r->json.column_name = r->schema->columns ? r->schema->columns[column] : NULL;
}

ockham_status ock_rows_end(ock_rows_reader *r) {
  size_t column = 0;
  if (r->n_set < r->schema->n_columns) {
    while (r->last_row[column] == r->json.row) column++;
    place_at(r, column);
    return ock_json_fail(&r->json, r->json.p - 1, "expected a value for each column, found none for this one");
  }
  r->request->n_rows++;
  r->json.row = r->json.column = 0;
  r->json.column_name = NULL;
  return OCKHAM_OK;
}

ockham_status ock_rows_enter_cell(ock_rows_reader *r, size_t column) {
  place_at(r, column);
  if (r->last_row[column] == r->json.row) return ock_json_fail(&r->json, r->json.p, "the column comes twice");
  r->last_row[column] = r->json.row;
  r->n_set++;
  return OCKHAM_OK;
}

unsigned char *ock_rows_cell(ock_rows_reader *r, size_t column) {
  size_t size = ock_datatype_size(ock_rows_datatype(r, column));
  if (is_matrix(r)) return r->row + column * size;
  char *room = ock_buffer_room(&r->columns[column], size);
  if (room) r->columns[column].size += size;
  return (unsigned char *)room;
}

/* ---- into the request ---- */

static ock_tensor *add_tensor(ock_rows_reader *r, size_t i, size_t width, size_t size_bytes) {
  const ock_field *field = &r->schema->inputs[i];
  uint64_t shape[2] = {r->request->n_rows, width};
  return ock_message_add(r->request, field->name, field->datatype, shape, field->n_dimensions, size_bytes);
}

static ockham_status finish_columns(ock_rows_reader *r) {
  for (size_t c = 0; c < r->schema->n_columns; c++) {
    const ock_buffer *column = &r->columns[c];
    ock_tensor *tensor = add_tensor(r, c, 1, column->size);
    if (!tensor) return ock_rows_fail_memory(r);
    if (column->size) memcpy(tensor->data, column->bytes, column->size);
  }
  return OCKHAM_OK;
}

static void put_together(const ock_rows_reader *r, size_t size, unsigned char *out) {
  size_t n_rows = r->columns[0].size / size, width = r->schema->n_columns;
  for (size_t c = 0; c < width; c++)
    for (size_t i = 0; i < n_rows; i++) memcpy(out + (i * width + c) * size, r->columns[c].bytes + i * size, size);
}

ockham_status ock_rows_finish(ock_rows_reader *r) {
  if (r->schema->layout == OCK_LAYOUT_COLUMNS) return finish_columns(r);
  ock_tensor *tensor = add_tensor(r, 0, r->schema->n_columns, 0);
  if (!tensor) return ock_rows_fail_memory(r);
  if (r->column_by_column && r->request->n_rows)
    put_together(r, ock_datatype_size(tensor->datatype), tensor->data);
  else if (tensor->size_bytes)
    memcpy(tensor->data, r->columns[0].bytes, tensor->size_bytes);
  return OCKHAM_OK;
}

/* ---- the door ---- */

static ockham_status fail_layout(const ock_schema *schema, ockham_error *err) {
  char names[OCK_NAMES_SHOWN];
  ock_names_show(&schema->inputs->name, schema->n_inputs, sizeof *schema->inputs, names);
  return ock_fail(err, OCKHAM_UNSUPPORTED,
                  "rows cannot become the tensors that this model takes (%s): send them by the Open Inference Protocol",
                  names);
}

ockham_status ock_rows_decode(ock_form form, const char *body, size_t size, const ock_schema *schema,
                              ock_message *request, ockham_error *err) {
  if (schema->layout == OCK_LAYOUT_NONE) return fail_layout(schema, err);
  ock_rows_reader r;
  bool csv = form == OCK_FORM_CSV;
  size_t mark = csv && size >= 3 && memcmp(body, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  ockham_status status = ock_rows_open(&r, schema, body + mark, size - mark, request, err);
  if (!status) r.json.begin = body;
  if (!status) status = csv ? ock_rows_read_csv(&r) : ock_rows_read_json(&r, form);
  if (!status) status = ock_rows_finish(&r);
  ock_rows_close(&r);
  return status;
}
