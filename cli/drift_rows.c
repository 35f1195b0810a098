/* SPDX-License-Identifier: Apache-2.0 */
/* New rows as the profile has them: columns by name, texts by its numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift.h"

/* ---- columns ---- */

static ockham_status take_names(drift_rows *rows, const ockham_profile_parts *parts, ockham_error *err) {
  size_t n = parts->n_columns;
  rows->names = malloc(n * sizeof *rows->names);
  rows->categories = malloc(n * sizeof *rows->categories);
  rows->absent = malloc(n * sizeof *rows->absent);
  rows->order = malloc(n * sizeof *rows->order);
  rows->numbers = calloc(n, sizeof *rows->numbers);
  rows->n_numbers = calloc(n, sizeof *rows->n_numbers);
  if (!rows->names || !rows->categories || !rows->absent || !rows->order || !rows->numbers || !rows->n_numbers)
    return cli_no_memory("the columns", err);
  for (size_t j = 0; j < n; j++) {
    rows->names[j] = parts->columns[j].name;
    if (parts->columns[j].kind == OCKHAM_COLUMN_CATEGORY) rows->categories[rows->n_categories++] = rows->names[j];
  }
  return OCKHAM_OK;
}

ockham_status drift_rows_begin(drift_rows *rows, const drift_run *run, ockham_read_options *options,
                               ockham_error *err) {
  *rows = (drift_rows){.run = run};
  ockham_status status = take_names(rows, run->parts, err);
  *options = run->read;
  options->columns = rows->names;
  options->n_columns = run->parts->n_columns;
  options->category_columns = rows->categories;
  options->n_category_columns = rows->n_categories;
  options->time_column = run->options->time;
  options->missing = OCKHAM_MISSING_KEEP;
  options->skip_absent = true;
  return status;
}

void drift_rows_end(drift_rows *rows) {
  for (size_t j = 0; rows->numbers && j < rows->run->parts->n_columns; j++) free(rows->numbers[j]);
  free(rows->names);
  free(rows->categories);
  free(rows->absent);
  free(rows->order);
  free(rows->numbers);
  free(rows->n_numbers);
  free(rows->cells);
  *rows = (drift_rows){0};
}

static size_t n_columns_of(drift_source source) {
  return source.table ? ockham_table_rows(source.table).n_columns : ockham_reader_n_columns(source.reader);
}

static const char *name_of(drift_source source, size_t j) {
  return source.table ? ockham_table_column_name(source.table, j) : ockham_reader_column_name(source.reader, j);
}

static ockham_status fail_absent(const drift_rows *rows, ockham_error *err) {
  enum { MOST_NAMED = 6 };
  char list[320] = "";
  size_t used = 0;
  for (size_t i = 0; i < rows->n_absent && i < MOST_NAMED; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s'%.40s'", i ? ", " : "", rows->absent[i]);
  if (rows->n_absent > MOST_NAMED)
    snprintf(list + used, sizeof list - used, " and %zu more", rows->n_absent - MOST_NAMED);
  *err = (ockham_error){.status = OCKHAM_BAD_DATA};
  snprintf(err->message, sizeof err->message, "lacks column%s %s of the profile; --allow-missing takes %s as missing",
           rows->n_absent == 1 ? "" : "s", list, rows->n_absent == 1 ? "it" : "them");
  return cli_name_file(rows->run->path, OCKHAM_BAD_DATA, err);
}

ockham_status drift_rows_match(drift_rows *rows, drift_source source, ockham_error *err) {
  const ockham_profile_parts *parts = rows->run->parts;
  size_t n = n_columns_of(source), n_extra;
  const char **names = malloc(n * sizeof *names);
  if (!names) return cli_no_memory("the columns", err);
  for (size_t j = 0; j < n; j++) names[j] = name_of(source, j);
  ockham_profile_match(rows->run->profile, names, n, rows->order, &n_extra);
  free(names);
  for (size_t j = 0; j < parts->n_columns; j++)
    if (rows->order[j] == SIZE_MAX) rows->absent[rows->n_absent++] = parts->columns[j].name;
  rows->n_extra =
      source.table ? ockham_table_n_unused_columns(source.table) : ockham_reader_n_unused_columns(source.reader);
  return rows->n_absent && !rows->run->options->allow_missing ? fail_absent(rows, err) : OCKHAM_OK;
}

/* ---- cells ---- */

static size_t n_texts_of(drift_source source, size_t j) {
  return source.table ? ockham_table_n_texts(source.table, j) : ockham_reader_n_texts(source.reader, j);
}

static const char *text_of(drift_source source, size_t j, size_t value) {
  return source.table ? ockham_table_text(source.table, j, value) : ockham_reader_text(source.reader, j, value);
}

/* The profile's numbers of texts that came since. */
static ockham_status number_texts(drift_rows *rows, drift_source source, size_t j, ockham_error *err) {
  size_t n = n_texts_of(source, rows->order[j]), known = rows->n_numbers[j];
  if (n == known) return OCKHAM_OK;
  double *numbers = realloc(rows->numbers[j], n * sizeof *numbers);
  if (!numbers) return cli_no_memory("the texts of a column", err);
  rows->numbers[j] = numbers;
  rows->n_numbers[j] = n;
  for (size_t t = known; t < n; t++) {
    const char *text = text_of(source, rows->order[j], t);
    numbers[t] = (double)ockham_profile_category(rows->run->profile, j, text, strlen(text));
  }
  return OCKHAM_OK;
}

static void arrange_column(const drift_rows *rows, ockham_rows from, size_t j) {
  size_t n_columns = rows->run->parts->n_columns, in = rows->order[j];
  const double *numbers = rows->numbers[j];
  double *to = rows->cells + j;
  for (size_t i = 0; i < from.n_rows; i++, to += n_columns) {
    double value = in == SIZE_MAX ? (double)NAN : cli_cell(from, i, in);
    *to = numbers && value >= 0 ? numbers[(size_t)value] : value;
  }
}

/* Whether they are in it as they are. */
static bool in_order(const drift_rows *rows, ockham_rows from) {
  size_t n = rows->run->parts->n_columns;
  if (rows->n_categories || from.n_columns != n) return false;
  for (size_t j = 0; j < n; j++)
    if (rows->order[j] != j) return false;
  return true;
}

ockham_status drift_rows_arrange(drift_rows *rows, drift_source source, ockham_rows from, ockham_rows *arranged,
                                 ockham_error *err) {
  const ockham_profile_parts *parts = rows->run->parts;
  *arranged = from;
  if (in_order(rows, from)) return OCKHAM_OK;
  if (from.n_rows > rows->capacity) {
    free(rows->cells);
    rows->cells = calloc(from.n_rows, parts->n_columns * sizeof *rows->cells);
    rows->capacity = rows->cells ? from.n_rows : 0;
    if (!rows->cells) return cli_no_memory("the rows", err);
  }
  for (size_t j = 0; j < parts->n_columns; j++) {
    bool texts = parts->columns[j].kind == OCKHAM_COLUMN_CATEGORY && rows->order[j] != SIZE_MAX;
    ockham_status status = texts ? number_texts(rows, source, j, err) : OCKHAM_OK;
    if (status) return status;
    arrange_column(rows, from, j);
  }
  *arranged = (ockham_rows){.data = rows->cells, .n_rows = from.n_rows, .n_columns = parts->n_columns};
  return OCKHAM_OK;
}

const char *drift_rows_text(const drift_rows *rows, const ockham_table *table, size_t i, size_t column) {
  size_t in = rows->order[column];
  if (in == SIZE_MAX || ockham_table_n_texts(table, in) == 0) return NULL;
  double value = cli_cell(ockham_table_rows(table), i, in);
  return value >= 0 ? ockham_table_text(table, in, (size_t)value) : NULL;
}
