/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in JSON: objects by name, arrays by place. */
#include "wire/rows.h"

/* ---- a cell ---- */

static ockham_status read_plain(ock_rows_reader *r, size_t column) {
  ock_datatype datatype = ock_rows_datatype(r, column);
  if (datatype == OCK_BYTES) return ock_json_cell_text(&r->json, &r->columns[column]);
  unsigned char *cell = ock_rows_cell(r, column);
  return cell ? ock_json_cell(&r->json, datatype, cell) : ock_rows_fail_memory(r);
}

/* A cell of an input of shape [-1, 1] may be an array of one. */
ockham_status ock_rows_read_cell(ock_rows_reader *r, size_t column) {
  ock_json *json = &r->json;
  OCK_TRY(ock_rows_enter_cell(r, column));
  bool wrapped =
      *json->p == '[' && r->schema->layout == OCK_LAYOUT_COLUMNS && r->schema->inputs[column].n_dimensions == 2;
  if (wrapped) json->p = ock_json_blanks(json->p + 1);
  OCK_TRY(read_plain(r, column));
  if (!wrapped) return OCKHAM_OK;
  json->p = ock_json_blanks(json->p);
  if (*json->p != ']') return ock_json_expected(json, json->p, "']'");
  json->p++;
  return OCKHAM_OK;
}

/* ---- a row ---- */

static ockham_status fail_width(ock_rows_reader *r, size_t expected, size_t found, bool more) {
  r->json.column = 0;
  r->json.column_name = NULL;
  if (more) return ock_json_fail(&r->json, r->json.p, "expected %zu values, found more", expected);
  return ock_json_fail(&r->json, r->json.p - 1, "expected %zu values, found %zu", expected, found);
}

ockham_status ock_rows_read_cells(ock_rows_reader *r, const size_t *order, size_t n) {
  bool more;
  OCK_TRY(ock_json_enter_array(&r->json));
  for (size_t i = 0;; i++) {
    OCK_TRY(ock_json_next_item(&r->json, &more));
    if (!more && i < n) return fail_width(r, n, i, false);
    if (!more) return OCKHAM_OK;
    if (i == n) return fail_width(r, n, i, true);
    OCK_TRY(ock_rows_read_cell(r, order ? order[i] : i));
  }
}

/* TensorFlow Serving also names the one input: {"x": [1, 2]}. */
static bool is_whole_row(const ock_rows_reader *r, ock_text key) {
  return r->schema->layout == OCK_LAYOUT_MATRIX && *r->json.p == '[' && ock_text_is(key, r->schema->inputs[0].name);
}

static ockham_status read_object(ock_rows_reader *r) {
  ock_text key;
  bool more;
  size_t column;
  OCK_TRY(ock_json_enter_object(&r->json));
  for (;;) {
    const char *at = r->json.p;
    r->json.column = 0;
    r->json.column_name = NULL;
    OCK_TRY(ock_json_next_row_key(&r->json, &key, &more));
    if (!more) return OCKHAM_OK;
    OCK_TRY(ock_rows_find(r, key, &column));
    if (column < r->schema->n_columns) {
      OCK_TRY(ock_rows_read_cell(r, column));
    } else if (is_whole_row(r, key)) {
      OCK_TRY(ock_rows_read_cells(r, NULL, r->schema->n_columns));
    } else {
      at = ock_json_blanks(at);
      return ock_rows_fail_unknown(r, *at == ',' ? ock_json_blanks(at + 1) : at, key);
    }
  }
}

ockham_status ock_rows_read_row(ock_rows_reader *r) {
  ock_json *json = &r->json;
  json->p = ock_json_blanks(json->p);
  OCK_TRY(ock_rows_begin(r));
  if (*json->p == '{')
    OCK_TRY(read_object(r));
  else if (*json->p == '[')
    OCK_TRY(ock_rows_read_cells(r, NULL, r->schema->n_columns));
  else if (r->schema->n_columns == 1)
    OCK_TRY(ock_rows_read_cell(r, 0));
  else
    return ock_json_expected(json, json->p, "a row: an object or an array");
  return ock_rows_end(r);
}

ockham_status ock_rows_read_list(ock_rows_reader *r) {
  bool more;
  OCK_TRY(ock_json_enter_array(&r->json));
  for (;;) {
    OCK_TRY(ock_json_next_item(&r->json, &more));
    if (!more) return OCKHAM_OK;
    OCK_TRY(ock_rows_read_row(r));
  }
}

/* ---- ROWS and NDJSON ---- */

/* A list of rows, or one: an object, or an array of values where a row has several. */
static ockham_status read_rows(ock_rows_reader *r) {
  const char *p = r->json.p = ock_json_blanks(r->json.p);
  bool list = false;
  if (*p == '[') {
    p = ock_json_blanks(p + 1);
    list = *p == '[' || *p == '{' || *p == ']' || r->schema->n_columns == 1;
  }
  if (list) return ock_rows_read_list(r);
  r->request->answering = OCK_ANSWER_SINGLE;
  return ock_rows_read_row(r);
}

/* {"rows": ...} is told from a row that has such a column by its value. */
static ockham_status enter_wrapper(ock_rows_reader *r, bool *wrapped) {
  ock_json *json = &r->json;
  ock_text key;
  const char *begin = json->p;
  size_t depth = json->depth;
  *wrapped = false;
  if (*json->p == '{') {
    OCK_TRY(ock_json_enter_object(json));
    OCK_TRY(ock_json_next_row_key(json, &key, wrapped));
    *wrapped = *wrapped && ock_text_is(key, "rows") && (*json->p == '[' || *json->p == '{');
  }
  if (*wrapped) return OCKHAM_OK;
  json->p = begin;
  json->depth = depth;
  return OCKHAM_OK;
}

static ockham_status read_rows_body(ock_rows_reader *r) {
  ock_json *json = &r->json;
  bool wrapped, more;
  ock_text key;
  json->p = ock_json_blanks(json->p);
  OCK_TRY(enter_wrapper(r, &wrapped));
  OCK_TRY(read_rows(r));
  if (wrapped) {
    json->p = ock_json_blanks(json->p);
    const char *at = json->p;
    OCK_TRY(ock_json_next_row_key(json, &key, &more));
    if (more) return ock_json_fail(json, at, "expected nothing beside \"rows\"");
  }
  return ock_json_end(json);
}

static ockham_status read_lines(ock_rows_reader *r) {
  ock_json *json = &r->json;
  for (json->p = ock_json_blanks(json->p); json->p < json->end; json->p = ock_json_blanks(json->p)) {
    const char *begin = json->p;
    OCK_TRY(ock_rows_read_row(r));
    const char *line_end = memchr(begin, '\n', (size_t)(json->p - begin));
    json->row = r->request->n_rows;
    if (line_end) return ock_json_fail(json, line_end, "expected one row a line, found one that goes on");
    while (*json->p == ' ' || *json->p == '\t' || *json->p == '\r') json->p++;
    if (*json->p != '\n' && json->p < json->end) return ock_json_expected(json, json->p, "the end of the line");
    json->row = 0;
  }
  return ock_json_end(json);
}

ockham_status ock_rows_read_json(ock_rows_reader *r, ock_form form) {
  if (form == OCK_FORM_NDJSON) return read_lines(r);
  if (form == OCK_FORM_ROWS) return read_rows_body(r);
  return ock_rows_read_frame(r, form);
}
