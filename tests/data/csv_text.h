/* SPDX-License-Identifier: Apache-2.0 */
/* CSV from memory, for the tests of this folder. */
#ifndef OCK_TEST_CSV_TEXT_H
#define OCK_TEST_CSV_TEXT_H

#include "data/csv.h"
#include "data/reader.h"
#include "data/table.h"
#include "test.h"

static inline ockham_status csv_read(const void *text, size_t size, size_t piece_bytes, ockham_read_options options,
                                     ockham_table **table, ockham_error *err) {
  ock_source *source;
  *table = NULL;
  OCK_TRY(ock_csv_open_bytes("t.csv", text, size, piece_bytes, &options, &source, err));
  return ock_table_read_source(source, &options, table, err);
}

/* The table that a text gives; the test fails where it gives none. */
static inline ockham_table *csv_table(const char *text, ockham_read_options options) {
  ockham_table *table;
  assert_ok(csv_read(text, strlen(text), 0, options, &table, err));
  return table;
}

/* n_rows x n_columns values, row by row, and free the table. */
static inline void assert_table(ockham_table *table, size_t n_rows, size_t n_columns, const double *values) {
  assert_int_equal(table->n_rows, n_rows);
  assert_int_equal(table->n_columns, n_columns);
  for (size_t i = 0; i < n_rows * n_columns; i++)
    if (((double *)table->values)[i] != values[i])
      fail_msg("value %zu is %.17g, expected %.17g", i, ((double *)table->values)[i], values[i]);
  ockham_table_free(table);
}

static inline void assert_csv(const char *text, size_t n_rows, size_t n_columns, const double *values) {
  assert_table(csv_table(text, (ockham_read_options){0}), n_rows, n_columns, values);
}

/* The text fails with exactly this message. */
static inline ockham_error assert_csv_fails(const char *text, ockham_read_options options, const char *message) {
  ockham_error error = {0};
  ockham_table *table;
  ockham_status status = csv_read(text, strlen(text), 0, options, &table, &error);
  if (!status) fail_msg("read, but should have failed with: %s", message);
  assert_null(table);
  assert_int_equal(status, error.status);
  assert_string_equal(error.message, message);
  return error;
}

#endif
