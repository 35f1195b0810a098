/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in CSV. The delimiter is a comma, or what the first line has in place of one: semicolon or tab. */
#include <math.h>

#include "data/csv.h"
#include "wire/rows.h"

typedef struct csv {
  ock_rows_reader *r;
  ock_csv_dialect dialect;
  const char *p, *end; /* the last character before end is an end of line */
  size_t *order;       /* which column each cell is; n_columns of the schema: none */
  size_t n_cells;      /* in a row */
} csv;

/* ---- cells ---- */

static ockham_status fail_cell(ock_json *json, const char *what, ock_text cell) {
  char shown[OCK_TOKEN_SHOWN];
  ock_text_show(cell, shown);
  const char *why = ock_text_is_missing(cell.bytes, cell.size) ? "; missing values are not taken" : "";
  return ock_json_fail(json, json->p, "expected %s, found %s%s", what, shown, why);
}

static bool is_word(ock_text cell, const char *lower, const char *title, const char *upper) {
  return ock_text_is(cell, lower) || ock_text_is(cell, title) || ock_text_is(cell, upper);
}

static ockham_status take_boolean(ock_json *json, ock_text cell, unsigned char *out) {
  *out = is_word(cell, "true", "True", "TRUE") || ock_text_is(cell, "1");
  if (*out || is_word(cell, "false", "False", "FALSE") || ock_text_is(cell, "0")) return OCKHAM_OK;
  return fail_cell(json, "true or false", cell);
}

static bool parse(ock_text cell, double *value) {
  const char *end = cell.bytes + cell.size;
  return ock_number_scan(cell.bytes, value) == end || ock_number_parse(cell.bytes, cell.size, value);
}

/* Blanks may still be within quotes. */
static ock_text trim(ock_text cell) {
  while (cell.size && strchr(" \t\r\n", *cell.bytes)) cell.bytes++, cell.size--;
  while (cell.size && strchr(" \t\r\n", cell.bytes[cell.size - 1])) cell.size--;
  return cell;
}

static ockham_status fail_range(ock_json *json, ock_datatype datatype, ock_integer why, ock_text cell) {
  char shown[OCK_TOKEN_SHOWN];
  ock_text_show(cell, shown);
  return ock_json_fail_range(json, json->p, datatype, why, shown);
}

static ockham_status take_real(ock_json *json, ock_datatype datatype, ock_text cell, double value, unsigned char *out) {
  float single = (float)value;
  bool is_single = datatype == OCK_FP32;
  if (!isfinite(is_single ? (double)single : value)) return fail_range(json, datatype, OCK_INTEGER_LARGE, cell);
  memcpy(out, is_single ? (void *)&single : (void *)&value, ock_datatype_size(datatype));
  return OCKHAM_OK;
}

static ockham_status take_integer(ock_json *json, ock_datatype datatype, ock_text cell, unsigned char *out) {
  bool negative;
  uint64_t magnitude;
  ock_range range = ock_integer_ranges[datatype];
  ock_integer why = ock_integer_read(cell.bytes + (*cell.bytes == '+'), cell.bytes + cell.size, &negative, &magnitude);
  if (!why && magnitude > (negative ? range.least : range.most)) why = OCK_INTEGER_LARGE;
  if (why) return fail_range(json, datatype, why, cell);
  if (negative) magnitude = 0 - magnitude;
  memcpy(out, &magnitude, ock_datatype_size(datatype));
  return OCKHAM_OK;
}

static ockham_status take_number(ock_json *json, ock_datatype datatype, ock_text cell, unsigned char *out) {
  double value;
  bool integer = ock_is_integer(datatype);
  cell = trim(cell);
  if (!parse(cell, &value)) return fail_cell(json, integer ? "an integer" : "a number", cell);
  const char *digits = cell.bytes + (*cell.bytes == '+' || *cell.bytes == '-');
  if (*digits != '.' && !ock_is_digit(*digits)) return fail_cell(json, "a finite number", cell); /* inf, nan */
  return integer ? take_integer(json, datatype, cell, out) : take_real(json, datatype, cell, value, out);
}

static ockham_status take_text(csv *c, size_t column, const ock_csv_cell *cell) {
  ock_json *json = &c->r->json;
  size_t size = cell->length;
  const char *text = cell->text, *end = text + size;
  for (const char *p = text; p < end;) {
    size_t n = ock_utf8_size(p, end);
    if (!n) return ock_json_fail(json, p, "expected UTF-8, found the byte 0x%02x", (unsigned char)*p);
    p += n;
  }
  char *copy = cell->escaped ? ock_csv_cell_copy(text, size, true, &size) : NULL;
  if (cell->escaped && !copy) return ock_rows_fail_memory(c->r);
  ock_buffer *out = &c->r->columns[column];
  ock_buffer_element(out, copy ? copy : text, size);
  ock_free(copy);
  return out->failed ? ock_rows_fail_memory(c->r) : OCKHAM_OK;
}

static ockham_status take_cell(csv *c, size_t column, const ock_csv_cell *cell) {
  ock_rows_reader *r = c->r;
  if (column == r->schema->n_columns) return OCKHAM_OK;
  OCK_TRY(ock_rows_enter_cell(r, column));
  ock_datatype datatype = ock_rows_datatype(r, column);
  if (datatype == OCK_BYTES) return take_text(c, column, cell);
  unsigned char *out = ock_rows_cell(r, column);
  ock_text text = {cell->text, cell->length};
  if (!out) return ock_rows_fail_memory(r);
  return datatype == OCK_BOOL ? take_boolean(&r->json, text, out) : take_number(&r->json, datatype, text, out);
}

/* ---- rows ---- */

static ockham_status fail_fault(csv *c, const ock_csv_cell *cell) {
  ock_json *json = &c->r->json;
  if (cell->fault == OCK_CSV_UNCLOSED) return ock_json_fail(json, json->p, "the quote that opens here is not closed");
  if (cell->fault == OCK_CSV_HOLDS_NUL) return ock_json_fail(json, json->p, "expected text, found a NUL byte");
  return ock_json_fail(json, json->p, "expected a delimiter after the closing quote");
}

/* The next cell, and where it is for messages. */
static ockham_status next_cell(csv *c, ock_csv_cell *cell) {
  while (*c->p == ' ' || (*c->p == '\t' && c->dialect.delimiter != '\t')) c->p++;
  c->r->json.p = c->p;
  *cell = ock_csv_cell_read(&c->dialect, c->p, c->end);
  c->p = cell->next;
  return cell->fault ? fail_fault(c, cell) : OCKHAM_OK;
}

static ockham_status fail_width(csv *c, const char *row, size_t found) {
  ock_json *json = &c->r->json;
  json->column = 0;
  json->column_name = NULL;
  return ock_json_fail(json, row, "expected %zu cells, found %zu", c->n_cells, found);
}

static ockham_status read_row(csv *c) {
  ock_csv_cell cell = {.last = false};
  const char *row = c->p;
  size_t n = 0;
  OCK_TRY(ock_rows_begin(c->r));
  for (; !cell.last; n++) {
    c->r->json.column = n + 1;
    c->r->json.column_name = NULL;
    OCK_TRY(next_cell(c, &cell));
    if (n < c->n_cells) OCK_TRY(take_cell(c, c->order[n], &cell));
  }
  return n == c->n_cells ? ock_rows_end(c->r) : fail_width(c, row, n);
}

/* ---- the first row ---- */

/* Go through the first row without keeping it: how many cells, and whether one is no number. */
static ockham_status look_at_first(csv *c, size_t *n, bool *header) {
  ock_csv_cell cell = {.last = false};
  const char *row = c->p;
  double value;
  *header = false;
  for (*n = 0; !cell.last; ++*n) {
    OCK_TRY(next_cell(c, &cell));
    if (!parse((ock_text){cell.text, cell.length}, &value)) *header = true;
  }
  c->p = row;
  return OCKHAM_OK;
}

static ockham_status name_cell(csv *c, size_t i, const ock_csv_cell *cell) {
  ock_rows_reader *r = c->r;
  size_t size, *column = &c->order[i];
  char *name = ock_csv_cell_copy(cell->text, cell->length, cell->escaped, &size);
  if (!name) return ock_rows_fail_memory(r);
  ockham_status status = ock_rows_find(r, (ock_text){name, size}, column);
  ock_free(name);
  OCK_TRY(status);
  if (*column == r->schema->n_columns) return OCKHAM_OK;
  if (r->last_row[*column])
    return ock_json_fail(&r->json, r->json.p, "the column '%.60s' comes twice in the header",
                         r->schema->columns[*column]);
  r->last_row[*column] = UINT64_MAX;
  return OCKHAM_OK;
}

static ockham_status fail_header(csv *c, size_t column) {
  char found[OCK_TOKEN_SHOWN];
  ock_rows_reader *r = c->r;
  const char *line = r->json.p, *line_end = memchr(line, c->dialect.eol, (size_t)(c->end - line));
  ock_text_show((ock_text){line, (size_t)((line_end ? line_end : c->end) - line)}, found);
  return ock_json_fail(&r->json, line, "expected the column '%.60s' in the header, found %s",
                       r->schema->columns[column], found);
}

static ockham_status read_header(csv *c) {
  ock_rows_reader *r = c->r;
  ock_csv_cell cell;
  const char *line = c->p;
  if (!r->schema->columns) { /* no names to go by */
    for (size_t i = 0; i < c->n_cells; i++) OCK_TRY(next_cell(c, &cell));
    return OCKHAM_OK;
  }
  for (size_t i = 0; i < c->n_cells; i++) {
    OCK_TRY(next_cell(c, &cell));
    OCK_TRY(name_cell(c, i, &cell));
  }
  r->json.p = line;
  for (size_t column = 0; column < r->schema->n_columns; column++)
    if (!r->last_row[column]) return fail_header(c, column);
  memset(r->last_row, 0, r->schema->n_columns * sizeof *r->last_row);
  return OCKHAM_OK;
}

static ockham_status read_first(csv *c) {
  bool header;
  ock_rows_reader *r = c->r;
  size_t n_columns = r->schema->n_columns;
  OCK_TRY(look_at_first(c, &c->n_cells, &header));
  bool by_place = !header || !r->schema->columns;
  if (by_place && c->n_cells != n_columns)
    return ock_json_fail(&r->json, c->p, "expected %zu columns, or a header with their names, found %zu cells",
                         n_columns, c->n_cells);
  c->order = ock_arena_array(&r->request->arena, c->n_cells, sizeof *c->order);
  if (!c->order) return ock_rows_fail_memory(r);
  for (size_t i = 0; i < c->n_cells; i++) c->order[i] = i;
  return header ? read_header(c) : OCKHAM_OK;
}

/* ---- the text ---- */

static char find_delimiter(const char *begin, const char *end, char eol, size_t n_columns) {
  const char *line_end = memchr(begin, eol, (size_t)(end - begin));
  size_t size = (size_t)((line_end ? line_end : end) - begin);
  if (n_columns == 1 || memchr(begin, ',', size)) return ',';
  return memchr(begin, ';', size) ? ';' : memchr(begin, '\t', size) ? '\t' : ',';
}

/* Rows must end in an end of line: a text whose last does not is copied. */
static ockham_status end_last_line(csv *c, char eol) {
  ock_json *json = &c->r->json;
  size_t size = (size_t)(json->end - json->begin);
  if (c->p < json->end && json->end[-1] == eol) return OCKHAM_OK;
  char *copy = ock_arena_array(json->arena, size + 1 + OCK_BODY_PADDING, 1);
  if (!copy) return ock_rows_fail_memory(c->r);
  memcpy(copy, json->begin, size);
  memset(copy + size, 0, 1 + OCK_BODY_PADDING);
  copy[size] = eol;
  c->p = copy + (c->p - json->begin);
  json->begin = copy;
  c->end = json->end = copy + size + 1;
  return OCKHAM_OK;
}

ockham_status ock_rows_read_csv(ock_rows_reader *r) {
  csv c = {.r = r, .p = r->json.p, .end = r->json.end};
  uint64_t n_lines = 0;
  size_t size = (size_t)(c.end - c.p);
  char eol = memchr(c.p, '\n', size) || !memchr(c.p, '\r', size) ? '\n' : '\r';
  OCK_TRY(end_last_line(&c, eol));
  c.dialect = ock_csv_dialect_make(',', eol);
  c.p = ock_csv_skip_blank_lines(&c.dialect, c.p, c.end, &n_lines);
  if (c.p == c.end) return ock_json_fail(&r->json, c.p, "expected rows of CSV, found none");
  c.dialect = ock_csv_dialect_make(find_delimiter(c.p, c.end, eol, r->schema->n_columns), eol);
  OCK_TRY(read_first(&c));
  for (;;) {
    c.p = ock_csv_skip_blank_lines(&c.dialect, c.p, c.end, &n_lines);
    if (c.p == c.end) return OCKHAM_OK;
    OCK_TRY(read_row(&c));
  }
}
