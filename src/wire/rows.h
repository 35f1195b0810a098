/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way into a schema's inputs. With OCK_LAYOUT_COLUMNS each column is a tensor and grows by itself; with
 * OCK_LAYOUT_MATRIX whole rows are appended to one. Which columns a row has had is told by its number. */
#ifndef OCK_WIRE_ROWS_H
#define OCK_WIRE_ROWS_H

#include "wire/json.h"

typedef struct ock_rows_reader {
  const ock_schema *schema;
  ock_message *request;
  ock_json json;       /* also where messages say where: its begin is the body's, its row that which is being read */
  ock_buffer *columns; /* n_columns */
  unsigned char *row;  /* MATRIX: the row that is being read */
  uint64_t *last_row;  /* of each column: the last row that had it */
  size_t n_set;        /* columns that this row has had */
  size_t next;         /* the column that is likely to come next */
  uint32_t *slots;     /* a hash table of columns by name, number + 1; NULL: not needed yet */
  size_t n_slots;
  bool column_by_column; /* MATRIX: each column grows by itself after all, to be put together at the end */
} ock_rows_reader;
ockham_status ock_rows_open(ock_rows_reader *r, const ock_schema *schema, const char *body, size_t size,
                            ock_message *request, ockham_error *err);
void ock_rows_close(ock_rows_reader *r);
/* Put what was read into the request. */
ockham_status ock_rows_finish(ock_rows_reader *r);

static inline ock_datatype ock_rows_datatype(const ock_rows_reader *r, size_t column) {
  return r->schema->inputs[r->schema->layout == OCK_LAYOUT_MATRIX ? 0 : column].datatype;
}

/* Begin the next row; end it when it has all columns. */
ockham_status ock_rows_begin(ock_rows_reader *r);
ockham_status ock_rows_end(ock_rows_reader *r);
/* The number of the column of that name; n_columns: there is none. */
ockham_status ock_rows_find(ock_rows_reader *r, ock_text name, size_t *column);
/* The next cell read is of this column: fails when the row has had it. */
ockham_status ock_rows_enter_cell(ock_rows_reader *r, size_t column);
/* Where the cell goes (not BYTES, which are appended to columns[column]); NULL: no memory. */
unsigned char *ock_rows_cell(ock_rows_reader *r, size_t column);
ockham_status ock_rows_fail_memory(ock_rows_reader *r);

ockham_status ock_rows_read_json(ock_rows_reader *r, ock_form form);
ockham_status ock_rows_read_cell(ock_rows_reader *r, size_t column);
/* One row, a value at json.p. */
ockham_status ock_rows_read_row(ock_rows_reader *r);
/* Rows in an array. */
ockham_status ock_rows_read_list(ock_rows_reader *r);
/* The cells of an array; order: which column each is, n of them; NULL: as they come. */
ockham_status ock_rows_read_cells(ock_rows_reader *r, const size_t *order, size_t n);
/* {"a": [...], ...} */
ockham_status ock_rows_read_columns(ock_rows_reader *r);
ockham_status ock_rows_read_frame(ock_rows_reader *r, ock_form form); /* INSTANCES and FRAME */
ockham_status ock_rows_read_csv(ock_rows_reader *r);
ockham_status ock_rows_fail_unknown(ock_rows_reader *r, const char *at, ock_text name);

#endif
