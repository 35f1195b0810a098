/* SPDX-License-Identifier: Apache-2.0 */
/* `ockham drift`: cmd_drift.c has the options, drift_reference.c gets a profile, drift_rows.c brings new rows into its
 * order, drift_batch.c and drift_stream.c compare. */
#ifndef OCKHAM_CLI_DRIFT_H
#define OCKHAM_CLI_DRIFT_H

#include <ockham/drift.h>

#include "cli.h"

typedef struct drift_options {
  cli_input input; /* columns and ignore are for a reference that is a table */
  cli_list categories;
  double level, min_effect;
  const char *false_alarms, *detector, *time, *report;
  size_t window;
  uint64_t seed;
  bool stream, unordered, by_hour, allow_missing, json, table, detectors;
  ockham_drift_options drift; /* the library's, of these */
} drift_options;

/* One run; freed together. */
typedef struct drift_run {
  const drift_options *options;
  const char *reference_path, *path, *command;
  ockham_read_options read; /* how files are read */
  ockham_model *model;      /* which has the profile; or NULL */
  ockham_table *reference;  /* of which it was made; or NULL */
  ockham_profile *made;
  const ockham_profile *profile; /* either */
  const ockham_profile_parts *parts;
} drift_run;

/* Find the profile in the model, or make that of a table. */
ockham_status drift_find_reference(drift_run *run, ockham_error *err);
void drift_free_reference(drift_run *run);

/* New rows as the profile has its columns. */
typedef struct drift_rows {
  const drift_run *run;
  const char **names, **categories; /* of the profile */
  size_t n_categories;
  size_t *order;       /* one a column of the profile: which column of the data; SIZE_MAX: none */
  const char **absent; /* n_absent: names of those */
  size_t n_absent, n_extra;
  double **numbers; /* one a column of categories: the profile's number of each text of the data */
  size_t *n_numbers;
  double *cells; /* rows in their new order, where they are not in it */
  size_t capacity;
} drift_rows;

/* What reading them needs: columns by name, missing ones kept. */
ockham_status drift_rows_begin(drift_rows *rows, const drift_run *run, ockham_read_options *options, ockham_error *err);
void drift_rows_end(drift_rows *rows);

/* What tells of columns: a table or a reader. */
typedef struct drift_source {
  const ockham_table *table;
  const ockham_reader *reader;
} drift_source;
/* Find the columns. Fails with BAD_DATA where some are absent that must not be. */
ockham_status drift_rows_match(drift_rows *rows, drift_source source, ockham_error *err);
/* Bring rows into order: a view of them, or of rows->cells until the next call. */
ockham_status drift_rows_arrange(drift_rows *rows, drift_source source, ockham_rows from, ockham_rows *arranged,
                                 ockham_error *err);

/* The text of a cell as the data have it, in a row (0 ...) of a table; NULL: it is a number, or missing. */
const char *drift_rows_text(const drift_rows *rows, const ockham_table *table, size_t i, size_t column);

/* All at once; row by row. Return the exit code. */
int drift_batch(drift_run *run);
int drift_stream(drift_run *run);

/* Print what is told of drift, and write the page that was asked for. */
ockham_status drift_tell(const drift_run *run, const ockham_drift_account *account, ockham_error *err);
/* What is told of files and columns. */
ockham_drift_account drift_account(const drift_run *run, const drift_rows *rows);
/* A view of the shares of all a monitor's signals, to be freed; NULL when memory ran out. */
const ockham_drift_bin **drift_take_bins(const ockham_drift_monitor *monitor, const ockham_profile_parts *parts);
#endif
