/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as CSV. The first two bytes choose options. One piece by one thread, and pieces of a few bytes by one and
 * by two threads, must agree in every bit or in the very same error; what is read must be finite, unless missing cells
 * are kept. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"
#include "data/reader.h"
#include "data/table.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

static ockham_read_options options_for(unsigned char choice, unsigned char more) {
  static const char *const first = "1", *const last[] = {"2", "3"};
  ockham_read_options options = {.missing = (ockham_missing)(choice % 3)};
  if (more & 0x01) options.missing = OCKHAM_MISSING_KEEP;
  if (more & 0x02) options.find_categories = true;
  if (more & 0x04) options.category_columns = last, options.n_category_columns = 1 + (more >> 4) % 2;
  if (more & 0x08) options.time_column = "1";
  if (choice & 0x04) options.label_column = "2";
  if (choice & 0x08) options.ignore = &first, options.n_ignore = 1;
  if (choice & 0x10) options.header = OCKHAM_HEADER_PRESENT;
  if (choice & 0x20) options.header = OCKHAM_HEADER_ABSENT;
  static const char delimiters[] = {0, 0, ' ', ','};
  options.delimiter = delimiters[choice >> 6];
  return options;
}

static ockham_table *read_table(const unsigned char *bytes, size_t size, size_t piece_bytes, size_t n_threads,
                                ockham_read_options options, ockham_error *err) {
  ock_source *source;
  ockham_table *table = NULL;
  options.threads = n_threads;
  *err = (ockham_error){0};
  if (ock_csv_open_bytes("fuzz.csv", bytes, size, piece_bytes, &options, &source, err)) return NULL;
  ockham_status status = ock_table_read_source(source, &options, &table, err);
  check((status == OCKHAM_OK) == (table != NULL));
  return table;
}

static void check_same_texts(const ock_labels *a, const ock_labels *b) {
  check(a->n == b->n);
  for (size_t i = 0; i < a->n; i++) check(strcmp(a->texts[i], b->texts[i]) == 0);
}

static void check_same_tables(const ockham_table *a, const ockham_table *b) {
  check((a == NULL) == (b == NULL));
  if (!a) return;
  check(a->n_rows == b->n_rows && a->n_columns == b->n_columns);
  check(memcmp(a->values, b->values, a->n_rows * a->n_columns * sizeof(double)) == 0);
  check(a->n_rows_dropped == b->n_rows_dropped && a->n_cells_filled == b->n_cells_filled);
  for (size_t j = 0; j < a->n_columns; j++) check(strcmp(a->names[j], b->names[j]) == 0);
  check((a->label == NULL) == (b->label == NULL) && a->labels.n == b->labels.n);
  if (a->label) check(memcmp(a->label, b->label, a->n_rows * sizeof *a->label) == 0);
  for (size_t i = 0; i < a->labels.n; i++) check(strcmp(a->labels.texts[i], b->labels.texts[i]) == 0);
  check((a->time == NULL) == (b->time == NULL));
  if (a->time) check(memcmp(a->time, b->time, a->n_rows * sizeof *a->time) == 0);
  check((a->texts == NULL) == (b->texts == NULL));
  for (size_t j = 0; a->texts && j < a->n_columns; j++) check_same_texts(&a->texts[j], &b->texts[j]);
}

/* Categories are numbers of texts, each of which is met before the next. */
static void check_categories(const ockham_table *table) {
  for (size_t j = 0; table && table->texts && j < table->n_columns; j++) {
    double n_seen = 0;
    for (size_t i = 0; table->texts[j].n > 0 && i < table->n_rows; i++) {
      double value = ((const double *)table->values)[i * table->n_columns + j];
      check(isnan(value) || table->n_rows_dropped > 0 || value <= n_seen);
      if (value == n_seen) n_seen++;
    }
    check(table->n_rows_dropped > 0 || n_seen == (double)table->texts[j].n);
  }
}

static void check_finite(const ockham_table *table) {
  if (!table) return;
  const double *values = table->values;
  check(table->n_rows > 0 && table->n_columns > 0);
  for (size_t i = 0; i < table->n_rows * table->n_columns; i++) check(isfinite(values[i]));
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  if (size < 2) return 0;
  ockham_read_options options = options_for(bytes[0], bytes[1]);
  bytes += 2, size -= 2;
  ockham_error error, piecewise_error;
  ockham_table *whole = read_table(bytes, size, 0, 1, options, &error);
  if (options.missing != OCKHAM_MISSING_KEEP) check_finite(whole);
  check_categories(whole);
  for (size_t n_threads = 1; n_threads <= 2; n_threads++) {
    ockham_table *piecewise = read_table(bytes, size, 7, n_threads, options, &piecewise_error);
    check_same_tables(whole, piecewise);
    check(strcmp(error.message, piecewise_error.message) == 0);
    check(error.status == piecewise_error.status && error.row == piecewise_error.row);
    check(error.column == piecewise_error.column);
    ockham_table_free(piecewise);
  }
  ockham_table_free(whole);
  return 0;
}
