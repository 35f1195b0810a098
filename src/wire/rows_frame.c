/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of TensorFlow Serving and MLflow: rows or columns under a name. */
#include "wire/rows.h"

/* ---- {"a": [...], "b": [...]} ---- */

static ockham_status read_column_cells(ock_rows_reader *r, size_t column, uint64_t *n) {
  ock_json *json = &r->json;
  bool more;
  OCK_TRY(ock_json_enter_array(json));
  for (*n = 0;; ++*n) {
    OCK_TRY(ock_json_next_item(json, &more));
    if (!more) return OCKHAM_OK;
    json->row = *n + 1;
    OCK_TRY(ock_rows_read_cell(r, column));
  }
}

static ockham_status read_column(ock_rows_reader *r, size_t column, size_t n_before) {
  uint64_t n;
  const char *at = r->json.p;
  if (r->last_row[column]) return ock_json_fail(&r->json, at, "the column comes twice");
  OCK_TRY(read_column_cells(r, column, &n));
  r->json.row = r->json.column = 0;
  r->json.column_name = NULL;
  if (!n_before) r->request->n_rows = n;
  if (n && n == r->request->n_rows) return OCKHAM_OK;
  const char *name = r->schema->columns[column];
  if (!n) return ock_json_fail(&r->json, at, "column '%.60s': expected at least one value, found none", name);
  return ock_json_fail(&r->json, at, "column '%.60s': expected %llu values as in the one before, found %llu", name,
                       (unsigned long long)r->request->n_rows, (unsigned long long)n);
}

static ockham_status end_columns(ock_rows_reader *r, size_t n) {
  if (n == r->schema->n_columns) return OCKHAM_OK;
  size_t column = 0;
  while (r->last_row[column]) column++;
  return ock_json_fail(&r->json, r->json.p - 1, "expected the column '%.60s' also, found none",
                       r->schema->columns ? r->schema->columns[column] : r->schema->inputs[0].name);
}

ockham_status ock_rows_read_columns(ock_rows_reader *r) {
  ock_json *json = &r->json;
  ock_text key;
  bool more;
  size_t column;
  OCK_TRY(ock_json_enter_object(json));
  for (size_t n = 0;; n++) {
    OCK_TRY(ock_json_next_key(json, &key, &more));
    if (!more) return end_columns(r, n);
    OCK_TRY(ock_rows_find(r, key, &column));
    bool matrix = r->schema->layout == OCK_LAYOUT_MATRIX;
    if (column < r->schema->n_columns) {
      r->column_by_column = matrix;
      OCK_TRY(read_column(r, column, n));
    } else if (matrix && n == 0 && ock_text_is(key, r->schema->inputs[0].name)) {
      OCK_TRY(ock_rows_read_list(r));
      OCK_TRY(ock_json_next_key(json, &key, &more));
      return more ? ock_rows_fail_unknown(r, json->p, key) : OCKHAM_OK;
    } else {
      return ock_rows_fail_unknown(r, json->p, key);
    }
  }
}

/* ---- {"columns": [...], "data": [[...], ...]} ---- */

typedef struct split {
  size_t *order; /* which column each is; NULL: not told, or the model names none */
  size_t n;
  bool has_data;
  const char *data_at; /* "data" came before "columns" */
} split;

static ockham_status add_to_order(ock_rows_reader *r, split *s) {
  ock_text name;
  size_t column;
  const char *at = r->json.p;
  OCK_TRY(ock_json_string(&r->json, &name));
  if (!r->schema->columns) {
    s->n++;
    return OCKHAM_OK;
  }
  OCK_TRY(ock_rows_find(r, name, &column));
  if (column == r->schema->n_columns) return ock_rows_fail_unknown(r, at, name);
  for (size_t i = 0; i < s->n; i++)
    if (s->order[i] == column)
      return ock_json_fail(&r->json, at, "the column '%.60s' comes twice", r->schema->columns[column]);
  s->order[s->n++] = column;
  return OCKHAM_OK;
}

static ockham_status read_order(ock_rows_reader *r, split *s) {
  bool more;
  s->order = ock_arena_array(&r->request->arena, r->schema->n_columns, sizeof *s->order);
  if (!s->order) return ock_rows_fail_memory(r);
  OCK_TRY(ock_json_enter_array(&r->json));
  for (;;) {
    OCK_TRY(ock_json_next_item(&r->json, &more));
    if (!more) break;
    OCK_TRY(add_to_order(r, s));
  }
  if (s->n == r->schema->n_columns) {
    if (!r->schema->columns) s->order = NULL;
    return OCKHAM_OK;
  }
  char known[OCK_NAMES_SHOWN] = "";
  if (r->schema->columns) ock_names_show(r->schema->columns, r->schema->n_columns, sizeof *r->schema->columns, known);
  return ock_json_fail(&r->json, r->json.p - 1, "expected %zu columns%s%s, found %zu", r->schema->n_columns,
                       *known ? ": " : "", known, s->n);
}

static ockham_status read_ordered_rows(ock_rows_reader *r, const split *s) {
  bool more;
  OCK_TRY(ock_json_enter_array(&r->json));
  for (;;) {
    OCK_TRY(ock_json_next_item(&r->json, &more));
    if (!more) return OCKHAM_OK;
    OCK_TRY(ock_rows_begin(r));
    OCK_TRY(ock_rows_read_cells(r, s->order, r->schema->n_columns));
    OCK_TRY(ock_rows_end(r));
  }
}

static ockham_status read_split(ock_rows_reader *r) {
  ock_json *json = &r->json;
  split s = {0};
  ock_text key;
  bool more;
  OCK_TRY(ock_json_enter_object(json));
  for (;;) {
    OCK_TRY(ock_json_next_key(json, &key, &more));
    if (!more) break;
    if (ock_text_is(key, "columns")) {
      OCK_TRY(read_order(r, &s));
    } else if (ock_text_is(key, "data")) {
      s.has_data = true;
      if (!s.order) s.data_at = json->p;
      OCK_TRY(s.order ? read_ordered_rows(r, &s) : ock_json_skip(json));
    } else {
      OCK_TRY(ock_json_skip(json));
    }
  }
  if (!s.has_data)
    return ock_json_fail(json, json->p - 1, "expected \"data\" in the object that ends here, found none");
  if (!s.data_at) return OCKHAM_OK;
  const char *after = json->p;
  json->levels[json->depth++].key = (ock_text){"data", 4}; /* the object again, which was just left */
  json->p = s.data_at;
  OCK_TRY(read_ordered_rows(r, &s));
  json->depth--;
  json->p = after;
  return OCKHAM_OK;
}

/* ---- the body ---- */

static ockham_status read_inputs(ock_rows_reader *r, ock_form form) {
  if (form == OCK_FORM_INSTANCES) r->request->answering = OCK_ANSWER_COLUMNS;
  return *r->json.p == '{' ? ock_rows_read_columns(r) : ock_rows_read_list(r);
}

static const char *names_of(ock_form form) {
  return form == OCK_FORM_FRAME ? "\"dataframe_split\", \"dataframe_records\", \"instances\" or \"inputs\""
                                : "\"instances\" or \"inputs\"";
}

static bool is_known(ock_form form, ock_text key) {
  bool frame = ock_text_is(key, "dataframe_split") || ock_text_is(key, "dataframe_records");
  return ock_text_is(key, "instances") || ock_text_is(key, "inputs") || (form == OCK_FORM_FRAME && frame);
}

ockham_status ock_rows_read_frame(ock_rows_reader *r, ock_form form) {
  ock_json *json = &r->json;
  ock_text key;
  bool more, known = false;
  OCK_TRY(ock_json_enter_object(json));
  for (;;) {
    OCK_TRY(ock_json_next_key(json, &key, &more));
    if (!more) break;
    if (!is_known(form, key)) {
      OCK_TRY(ock_json_skip(json));
      continue;
    }
    if (known) return ock_json_fail(json, json->p, "expected one of %s, found two", names_of(form));
    known = true;
    if (ock_text_is(key, "inputs"))
      OCK_TRY(read_inputs(r, form));
    else if (ock_text_is(key, "dataframe_split"))
      OCK_TRY(read_split(r));
    else
      OCK_TRY(ock_rows_read_list(r));
  }
  if (!known)
    return ock_json_fail(json, json->p - 1, "expected %s in the object that ends here, found none", names_of(form));
  return ock_json_end(json);
}
