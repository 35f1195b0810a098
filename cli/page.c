/* SPDX-License-Identifier: Apache-2.0 */
/* The HTML report of clusters. */
#include <stdlib.h>

#include "outputs.h"

/* What a table knows of its columns, labels and rows, as the page wants it. */
typedef struct names {
  const char **columns, **labels;
  uint64_t *rows;
} names;

static void free_names(names *n) {
  free(n->columns);
  free(n->labels);
  free(n->rows);
}

static bool take_names(const ockham_table *table, names *n) {
  ockham_rows x = ockham_table_rows(table);
  size_t n_labels = ockham_table_n_label_values(table);
  n->columns = malloc(x.n_columns * sizeof *n->columns);
  n->labels = malloc((n_labels + 1) * sizeof *n->labels);
  n->rows = malloc(x.n_rows * sizeof *n->rows);
  if (!n->columns || !n->labels || !n->rows) return false;
  for (size_t j = 0; j < x.n_columns; j++) n->columns[j] = ockham_table_column_name(table, j);
  for (size_t v = 0; v < n_labels; v++) n->labels[v] = ockham_table_label_text(table, (uint32_t)v);
  for (size_t i = 0; i < x.n_rows; i++) n->rows[i] = ockham_table_source_row(table, i);
  return true;
}

static ockham_status write_page(const char *path, const ockham_sweep *sweep, ockham_rows x, const uint32_t *labels,
                                const ockham_page_options *options, ockham_error *err) {
  char *html;
  ockham_status status = ockham_report_page(sweep, x, labels, options, &html, err);
  if (!status) status = ockham_text_write(html, path, err);
  ockham_text_free(html);
  return status;
}

ockham_status cli_write_page(const char *path, const ockham_sweep *sweep, const ockham_table *table,
                             const uint32_t *labels, ockham_page_options options, ockham_error *err) {
  names n = {0};
  ockham_status status = take_names(table, &n) ? OCKHAM_OK : cli_no_memory("the names of the columns", err);
  options.column_names = n.columns;
  options.known_labels = ockham_table_labels(table);
  options.known_label_texts = n.labels;
  options.row_numbers = n.rows;
  options.weights = ockham_table_weights(table);
  if (!status) status = write_page(path, sweep, ockham_table_rows(table), labels, &options, err);
  free_names(&n);
  return status;
}

ockham_status cli_passes_write_page(const char *path, const ockham_sweep *sweep, const cli_passes *passes,
                                    ockham_page_options options, ockham_error *err) {
  ockham_rows x = passes->overview.sample;
  const char **columns = malloc(x.n_columns * sizeof *columns);
  uint32_t *labels = malloc(x.n_rows * sizeof *labels);
  ockham_status status = columns && labels ? OCKHAM_OK : cli_no_memory("the report", err);
  for (size_t j = 0; !status && j < x.n_columns; j++) columns[j] = ockham_reader_column_name(passes->reader, j);
  options.column_names = columns;
  if (!status) status = ockham_sweep_verdict_labels(sweep, x, options.threads, labels, err);
  if (!status) status = write_page(path, sweep, x, labels, &options, err);
  free(columns);
  free(labels);
  return status;
}
