/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a table and scaling it: what clusters and fit have in common. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "profiles.h"

const char *const cli_algorithm_choices[] = {"auto", "lloyd", "bounds", NULL}; /* in the order of ockham_algorithm */
const char *const cli_precision_choices[] = {"auto", "double", NULL};          /* of ockham_precision */
const char *const cli_missing_choices[] = {"error", "drop", "mean", NULL};     /* in the order of ockham_missing */
const char *const cli_header_choices[] = {"find", "yes", "no", NULL};          /* of ockham_header */
const char *const cli_scale_choices[] = {"auto", "none", "standard", "robust", NULL}; /* of ockham_scale */

void cli_input_free(cli_input *input) {
  cli_list_free(&input->columns);
  cli_list_free(&input->ignore);
}

int cli_read_options(const cli_input *input, ockham_read_options *options) {
  const char *delimiter = input->delimiter;
  if (delimiter && strcmp(delimiter, "\\t") == 0) delimiter = "\t";
  if (delimiter && strcmp(delimiter, "tab") == 0) delimiter = "\t";
  if (delimiter && strlen(delimiter) != 1)
    return cli_fail_usage("--delimiter must be one character or 'tab', found '%s'", delimiter);
  *options = (ockham_read_options){
      .columns = input->columns.items,
      .n_columns = input->columns.n,
      .ignore = input->ignore.items,
      .n_ignore = input->ignore.n,
      .label_column = input->label_column,
      .query = input->query,
      .missing = (ockham_missing)input->missing,
      .header = (ockham_header)input->header,
      .delimiter = delimiter ? delimiter[0] : 0,
      .threads = input->threads,
      .progress = cli_progress_start(input->quiet),
      .weight_column = input->weights,
  };
  return EXIT_DONE;
}

ockham_status cli_name_file(const char *path, ockham_status status, ockham_error *err) {
  ockham_error plain = *err;
  if (status != OCKHAM_BAD_DATA) return status;
  snprintf(err->message, sizeof err->message, "%.200s: %.300s", path, plain.message);
  for (char *c = err->message; *c; c++)
    if (iscntrl((unsigned char)*c)) *c = ' '; /* one line, whatever the path holds */
  return status;
}

/* A column of known answers among the features would decide the answer by itself. */
static void warn_about_label(const char *name) {
  static const char *const suspects[] = {"label", "labels", "class", "target", "cluster", "species"};
  for (size_t s = 0; s < sizeof suspects / sizeof *suspects; s++)
    if (strcasecmp(name, suspects[s]) == 0)
      fprintf(stderr, "ockham: note: column '%s' is used as data; if it holds known answers, say --label-column %s\n",
              name, name);
}

/* Running numbers have no clusters, but spread out whatever clusters the other columns have. */
static void warn_about_row_numbers(const char *name) {
  fputs("ockham: note: column '", stderr);
  cli_put_name(name, strlen(name), stderr);
  fputs("' only numbers the rows and is used as data; --ignore leaves it out\n", stderr);
}

void cli_note_column(const char *name, bool only_numbers_rows) {
  warn_about_label(name);
  if (only_numbers_rows) warn_about_row_numbers(name);
}

/* What a column holds beyond the number of its row; NaN when that is not the same everywhere. */
static double excess_over_row_number(const ockham_table *table, size_t j) {
  ockham_rows x = ockham_table_rows(table);
  double excess = NAN;
  for (size_t i = 0; i < x.n_rows; i++) {
    size_t at = i * (x.stride ? x.stride : x.n_columns) + j;
    double value = x.dtype == OCKHAM_FLOAT32 ? ((const float *)x.data)[at] : ((const double *)x.data)[at];
    double found = value - (double)ockham_table_source_row(table, i);
    if (i > 0 && found != excess) return NAN;
    excess = found;
  }
  return excess;
}

static void note_columns(const ockham_table *table) {
  enum { FEW_ROWS = 10 };
  ockham_rows x = ockham_table_rows(table);
  bool may_number = x.n_columns > 1 && x.n_rows >= FEW_ROWS;
  for (size_t j = 0; j < x.n_columns; j++)
    cli_note_column(ockham_table_column_name(table, j), may_number && !isnan(excess_over_row_number(table, j)));
}

/* What is taken for the number of rows should not be less than it. */
static void warn_about_weights(const ockham_table *table) {
  const double *weights = ockham_table_weights(table);
  size_t n_rows = ockham_table_rows(table).n_rows, n = 0;
  double sum = 0;
  for (size_t i = 0; weights && i < n_rows; i++) {
    sum += weights[i];
    n += weights[i] > 0;
  }
  if (sum < (double)n)
    fprintf(stderr,
            "ockham: note: the weights add up to %.6g, which criteria take for the number of rows, but there are %zu; "
            "they should count what was observed\n",
            sum, n);
}

/* Scale, and keep a copy of what there was. */
static ockham_status scale_table(ockham_table *table, const ockham_scaling *scaling, cli_plain *plain,
                                 ockham_error *err) {
  ockham_rows x = ockham_table_rows(table);
  if (plain && !cli_profile_obstacle(table, 0)) {
    plain->rows = x;
    size_t size = x.n_rows * x.n_columns * (x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double));
    if (scaling->kind != OCKHAM_SCALE_NONE) plain->rows.data = plain->copy = malloc(size);
    if (!plain->rows.data) return cli_no_memory("a copy of the table, for a profile", err);
    if (plain->copy) memcpy(plain->copy, x.data, size);
  }
  ockham_table_scale(table, scaling);
  return OCKHAM_OK;
}

ockham_status cli_read_scaled(const char *path, const cli_input *input, const ockham_read_options *options,
                              ockham_table **table, ockham_scaling *scaling, cli_plain *plain, ockham_error *err) {
  cli_interrupt_ends_at_once(true);
  ockham_status status = ockham_table_read(path, options, table, err);
  cli_interrupt_ends_at_once(false);
  if (status) return status;
  status = ockham_scaling_fit_weighted(ockham_table_rows(*table), ockham_table_weights(*table),
                                       (ockham_scale)input->scale, scaling, err);
  status = cli_name_file(path, status, err);
  if (status) {
    ockham_table_free(*table);
    *table = NULL;
    return status;
  }
  if (!input->quiet) {
    note_columns(*table);
    warn_about_weights(*table);
  }
  return scale_table(*table, scaling, plain, err);
}
