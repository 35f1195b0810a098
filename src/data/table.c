/* SPDX-License-Identifier: Apache-2.0 */
/* A table grows in place: large blocks are moved by remapping pages, and pages that were never written cost nothing, so
 * the peak stays near the size of the result. */
#include "data/table.h"

#include <math.h>
#include <string.h>

#include "data/reader.h"

enum { FIRST_ROWS = 256 };

void ockham_table_free(ockham_table *table) {
  if (!table) return;
  if (table->names)
    for (size_t j = 0; j < table->n_columns; j++) ock_free(table->names[j]);
  ock_free(table->names);
  ock_free(table->values);
  ock_free(table->label);
  ock_free(table->weight);
  ock_free(table->time);
  ock_free(table->source_row);
  for (size_t j = 0; table->texts && j < table->n_columns; j++) ock_labels_clear(&table->texts[j]);
  ock_free(table->texts);
  ock_labels_clear(&table->labels);
  ock_free(table);
}

static size_t value_bytes(const ockham_table *table) {
  return table->dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
}

/* ---- rows ---- */

static ockham_status set_capacity(ockham_table *table, const ockham_reader *reader, size_t n_rows, ockham_error *err) {
  size_t n_values = ock_size_product(n_rows, table->n_columns);
  void *values = ock_realloc_array(table->values, n_values, value_bytes(table));
  if (!values) return ock_fail_memory(err, "the table", ock_size_product(n_values, value_bytes(table)));
  table->values = values;
  if (ock_reader_has_weight(reader)) {
    double *weight = ock_realloc_array(table->weight, n_rows, sizeof *weight);
    if (!weight) return ock_fail_memory(err, "the weights", ock_size_product(n_rows, sizeof *weight));
    table->weight = weight;
  }
  if (ock_reader_has_time(reader)) {
    double *time = ock_realloc_array(table->time, n_rows, sizeof *time);
    if (!time) return ock_fail_memory(err, "the times", ock_size_product(n_rows, sizeof *time));
    table->time = time;
  }
  if (!ock_reader_has_label(reader)) return OCKHAM_OK;
  uint32_t *label = ock_realloc_array(table->label, n_rows, sizeof *label);
  if (!label) return ock_fail_memory(err, "the labels", ock_size_product(n_rows, sizeof *label));
  table->label = label;
  return OCKHAM_OK;
}

/* Keep the numbers of rows from the first row that is left out on; before it they are what they would be anyway. */
static ockham_status number_rows(ockham_table *table, const ock_block *block, uint64_t n_dropped, size_t capacity,
                                 ockham_error *err) {
  if (!block->source_row || n_dropped == 0) return OCKHAM_OK;
  uint64_t *numbers = ock_realloc_array(table->source_row, capacity, sizeof *numbers);
  if (!numbers) return ock_fail_memory(err, "the row numbers", ock_size_product(capacity, sizeof *numbers));
  if (!table->source_row)
    for (size_t i = 0; i < table->n_rows; i++) numbers[i] = i + 1;
  table->source_row = numbers;
  memcpy(numbers + table->n_rows, block->source_row, block->n_rows * sizeof *numbers);
  return OCKHAM_OK;
}

static void append(ockham_table *table, const ock_block *block) {
  size_t row_bytes = table->n_columns * value_bytes(table);
  memcpy((char *)table->values + table->n_rows * row_bytes, block->values, block->n_rows * row_bytes);
  if (block->weight) memcpy(table->weight + table->n_rows, block->weight, block->n_rows * sizeof *table->weight);
  if (block->time) memcpy(table->time + table->n_rows, block->time, block->n_rows * sizeof *table->time);
  if (block->label) memcpy(table->label + table->n_rows, block->label, block->n_rows * sizeof *table->label);
  table->n_rows += block->n_rows;
}

static ockham_status append_rows(ockham_table *table, ockham_reader *reader, ockham_error *err) {
  uint64_t expected = ock_reader_n_rows_expected(reader);
  size_t capacity = 0;
  for (;;) {
    ock_block block;
    OCK_TRY(ock_reader_next_block(reader, &block, err));
    if (block.n_rows == 0) break;
    if (ock_reader_found_text(reader)) continue; /* the rest is read for which other columns hold text */
    size_t needed = table->n_rows + block.n_rows;
    if (needed > capacity) {
      capacity = capacity ? capacity + capacity / 2 : expected < SIZE_MAX / 2 ? (size_t)expected : 0;
      if (capacity < needed + FIRST_ROWS) capacity = needed + FIRST_ROWS;
      OCK_TRY(set_capacity(table, reader, capacity, err));
    }
    OCK_TRY(number_rows(table, &block, ockham_reader_n_rows_dropped(reader), capacity, err));
    append(table, &block);
  }
  return OCKHAM_OK;
}

static ockham_status read_rows(ockham_table *table, ockham_reader *reader, ockham_error *err) {
  OCK_TRY(append_rows(table, reader, err));
  if (ock_reader_found_text(reader)) {
    OCK_TRY(ock_reader_restart(reader, err));
    table->n_rows = 0;
    ock_free(table->source_row);
    table->source_row = NULL;
    OCK_TRY(append_rows(table, reader, err));
  }
  table->n_rows_dropped = ockham_reader_n_rows_dropped(reader);
  table->n_unused = ockham_reader_n_unused_columns(reader);
  if (table->n_rows > 0) return set_capacity(table, reader, table->n_rows, err);
  if (table->n_rows_dropped == 0)
    return ock_fail(err, OCKHAM_BAD_DATA, "%s: no rows of numbers", ock_reader_path(reader));
  return ock_fail(err, OCKHAM_BAD_DATA, "%s: no rows are left: all %llu have a missing or infinite cell",
                  ock_reader_path(reader), (unsigned long long)table->n_rows_dropped);
}

static ockham_status check_weights(const ockham_table *table, const char *path, ockham_error *err) {
  for (size_t i = 0; table->weight && i < table->n_rows; i++)
    if (table->weight[i] > 0) return OCKHAM_OK;
  return table->weight ? ock_fail(err, OCKHAM_BAD_DATA, "%s: all weights are 0, expected a row that counts", path)
                       : OCKHAM_OK;
}

/* ---- missing cells ---- */

static double weight_of(const ockham_table *table, size_t i) {
  return table->weight ? table->weight[i] : 1;
}

static double get(const ockham_table *table, size_t i, size_t j) {
  size_t at = i * table->n_columns + j;
  return table->dtype == OCKHAM_FLOAT32 ? (double)((const float *)table->values)[at]
                                        : ((const double *)table->values)[at];
}

static void put(ockham_table *table, size_t i, size_t j, double value) {
  size_t at = i * table->n_columns + j;
  if (table->dtype == OCKHAM_FLOAT32)
    ((float *)table->values)[at] = (float)value;
  else
    ((double *)table->values)[at] = value;
}

/* The mean of the cells that are there, also where their sum overflows. */
static double column_mean(const ockham_table *table, size_t j, double sum, double n) {
  if (isfinite(sum)) return sum / n;
  double mean = 0;
  for (size_t i = 0; i < table->n_rows; i++) {
    double x = get(table, i, j);
    if (!isnan(x)) mean += x * (weight_of(table, i) / n);
  }
  return mean;
}

static void fill_column(ockham_table *table, size_t j, double mean) {
  for (size_t i = 0; i < table->n_rows; i++) {
    if (!isnan(get(table, i, j))) continue;
    put(table, i, j, mean);
    table->n_cells_filled++;
  }
}

/* What is known of a column: sums over the cells that are there, by their weights, and of these; and the other cells.
 */
typedef struct column_sums {
  double sum, weight;
  size_t n_missing;
} column_sums;

static void sum_columns(const ockham_table *table, column_sums *columns) {
  for (size_t i = 0; i < table->n_rows; i++) {
    double weight = weight_of(table, i);
    for (size_t j = 0; j < table->n_columns; j++) {
      double x = get(table, i, j);
      bool known = !isnan(x);
      columns[j].sum += known ? weight * x : 0;
      columns[j].weight += known ? weight : 0;
      columns[j].n_missing += !known;
    }
  }
}

static ockham_status fill_with_sums(ockham_table *table, const column_sums *columns, const char *path,
                                    ockham_error *err) {
  for (size_t j = 0; j < table->n_columns; j++) {
    if (columns[j].weight == 0)
      return ock_fail(err, OCKHAM_BAD_DATA,
                      "%s: column '%.64s' has no cell but missing ones; leave it out with --ignore", path,
                      table->names[j]);
    if (columns[j].n_missing > 0 && ockham_table_n_texts(table, j) > 0)
      return ock_fail(
          err, OCKHAM_BAD_DATA,
          "%s: column '%.64s' holds texts, so the %zu missing ones have no mean; leave it out, or such rows", path,
          table->names[j], columns[j].n_missing);
    if (columns[j].n_missing > 0) fill_column(table, j, column_mean(table, j, columns[j].sum, columns[j].weight));
  }
  return OCKHAM_OK;
}

static ockham_status fill_with_means(ockham_table *table, const char *path, ockham_error *err) {
  column_sums *columns = ock_alloc_zeroed(table->n_columns, sizeof *columns);
  if (!columns) return ock_fail_memory(err, "the column means", ock_size_product(table->n_columns, sizeof *columns));
  sum_columns(table, columns);
  ockham_status status = fill_with_sums(table, columns, path, err);
  ock_free(columns);
  return status;
}

/* ---- reading ---- */

static ockham_status take_texts(ockham_table *table, ockham_reader *reader, ockham_error *err) {
  table->labels = *ock_reader_labels(reader);
  *ock_reader_labels(reader) = (ock_labels){0};
  if (!ock_reader_texts(reader, 0)) return OCKHAM_OK;
  table->texts = ock_alloc_zeroed(table->n_columns, sizeof *table->texts);
  if (!table->texts) return ock_fail_memory(err, "the texts", table->n_columns * sizeof *table->texts);
  for (size_t j = 0; j < table->n_columns; j++) {
    ock_labels *texts = ock_reader_texts(reader, j);
    table->texts[j] = *texts;
    *texts = (ock_labels){0};
  }
  return OCKHAM_OK;
}

static ockham_status copy_names(ockham_table *table, const ockham_reader *reader, ockham_error *err) {
  size_t n = ockham_reader_n_columns(reader);
  table->names = ock_alloc_zeroed(n, sizeof *table->names);
  if (!table->names) return ock_fail_memory(err, "the column names", ock_size_product(n, sizeof *table->names));
  table->n_columns = n;
  for (size_t j = 0; j < n; j++) {
    table->names[j] = ock_string_copy(ockham_reader_column_name(reader, j));
    if (!table->names[j]) return ock_fail_memory(err, "a column name", strlen(ockham_reader_column_name(reader, j)));
  }
  return OCKHAM_OK;
}

static ockham_status fill_table(ockham_table *table, ockham_reader *reader, const ockham_read_options *options,
                                ockham_error *err) {
  table->dtype = ock_reader_dtype(reader);
  OCK_TRY(copy_names(table, reader, err));
  OCK_TRY(read_rows(table, reader, err));
  OCK_TRY(check_weights(table, ock_reader_path(reader), err));
  OCK_TRY(take_texts(table, reader, err));
  if (!options || options->missing != OCKHAM_MISSING_MEAN) return OCKHAM_OK;
  return fill_with_means(table, ock_reader_path(reader), err);
}

/* Read everything and close the reader. */
static ockham_status read_all(ockham_reader *reader, const ockham_read_options *options, ockham_table **out,
                              ockham_error *err) {
  ockham_table *table = ock_alloc_zeroed(1, sizeof *table);
  ockham_status status =
      table ? fill_table(table, reader, options, err) : ock_fail_memory(err, "the table", sizeof *table);
  ockham_reader_close(reader);
  if (status)
    ockham_table_free(table);
  else
    *out = table;
  return status;
}

ockham_status ock_table_read_source(ock_source *source, const ockham_read_options *options, ockham_table **table,
                                    ockham_error *err) {
  *table = NULL;
  ockham_reader *reader;
  OCK_TRY(ock_reader_open_source(source, options, &reader, err));
  return read_all(reader, options, table, err);
}

ockham_status ockham_table_read(const char *path, const ockham_read_options *options, ockham_table **table,
                                ockham_error *err) {
  *table = NULL;
  ockham_reader *reader;
  OCK_TRY(ock_reader_open(path, options, &reader, err));
  return read_all(reader, options, table, err);
}

/* ---- what a table holds ---- */

ockham_rows ockham_table_rows(const ockham_table *table) {
  return (ockham_rows){.data = table->values,
                       .n_rows = table->n_rows,
                       .n_columns = table->n_columns,
                       .stride = table->n_columns,
                       .dtype = table->dtype};
}

const char *ockham_table_column_name(const ockham_table *table, size_t j) {
  return table->names[j];
}

const double *ockham_table_weights(const ockham_table *table) {
  return table->weight;
}

const uint32_t *ockham_table_labels(const ockham_table *table) {
  return table->label;
}

size_t ockham_table_n_label_values(const ockham_table *table) {
  return table->labels.n;
}

const char *ockham_table_label_text(const ockham_table *table, uint32_t value) {
  return table->labels.texts[value];
}

size_t ockham_table_n_texts(const ockham_table *table, size_t j) {
  return table->texts ? table->texts[j].n : 0;
}

const char *ockham_table_text(const ockham_table *table, size_t j, size_t value) {
  return table->texts[j].texts[value];
}

const double *ockham_table_times(const ockham_table *table) {
  return table->time;
}

uint64_t ockham_table_source_row(const ockham_table *table, size_t i) {
  return table->source_row ? table->source_row[i] : i + 1;
}

size_t ockham_table_n_unused_columns(const ockham_table *table) {
  return table->n_unused;
}

uint64_t ockham_table_n_rows_dropped(const ockham_table *table) {
  return table->n_rows_dropped;
}

uint64_t ockham_table_n_cells_filled(const ockham_table *table) {
  return table->n_cells_filled;
}
