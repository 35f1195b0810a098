/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file against the profile; and row by row, to say when it began. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift.h"

enum { MOST_EXAMPLES = OCKHAM_DRIFT_EXAMPLES, ROWS_AT_ONCE = 4096 };

typedef struct batch {
  drift_run *run;
  drift_rows rows;
  ockham_table *table;
  ockham_rows x; /* in the profile's order */
  ockham_drift_comparison *comparison;
  ockham_drift_monitor *monitor;
  uint64_t example_rows[MOST_EXAMPLES];
  double *example_values;
  const char **example_texts;
  size_t n_examples;
} batch;

static void free_batch(batch *b) {
  free(b->example_values);
  free(b->example_texts);
  ockham_drift_monitor_free(b->monitor);
  ockham_drift_comparison_free(b->comparison);
  drift_rows_end(&b->rows);
  ockham_table_free(b->table);
}

static ockham_status read_rows(batch *b, ockham_error *err) {
  ockham_read_options options;
  ockham_status status = drift_rows_begin(&b->rows, b->run, &options, err);
  if (status) return status;
  cli_interrupt_ends_at_once(true);
  status = ockham_table_read(b->run->path, &options, &b->table, err);
  cli_interrupt_ends_at_once(false);
  if (status) return status;
  drift_source source = {.table = b->table};
  status = drift_rows_match(&b->rows, source, err);
  return status ? status : drift_rows_arrange(&b->rows, source, ockham_table_rows(b->table), &b->x, err);
}

/* ---- row by row ---- */

static ockham_rows part_of(ockham_rows x, size_t first, size_t n_rows) {
  size_t stride = x.stride ? x.stride : x.n_columns;
  size_t value_bytes = x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  x.data = (const char *)x.data + first * stride * value_bytes;
  x.n_rows = x.n_rows - first < n_rows ? x.n_rows - first : n_rows;
  return x;
}

static ockham_status watch(batch *b, ockham_error *err) {
  const double *times = ockham_table_times(b->table);
  const ockham_progress *progress = b->run->read.progress;
  ockham_status status = OCKHAM_OK;
  for (size_t first = 0; first < b->x.n_rows && !status; first += ROWS_AT_ONCE) {
    ockham_rows rows = part_of(b->x, first, ROWS_AT_ONCE);
    status = ockham_drift_monitor_put(b->monitor, rows, times ? times + first : NULL, NULL, err);
    if (!progress->report(progress->user, "row by row", first, b->x.n_rows)) break; /* without its end */
  }
  return status;
}

/* So that all of a batch without drift alarms as rarely as the level says. */
static double rows_per_false_alarm(const batch *b) {
  const ockham_drift_options *o = &b->run->options->drift;
  if (o->rows_per_false_alarm > 0) return o->rows_per_false_alarm;
  double level = o->level > 0 ? o->level : b->comparison->level, rows = (double)b->x.n_rows / level;
  return rows > 1000 ? rows : 1000;
}

static ockham_status follow(batch *b, ockham_error *err) {
  const drift_options *o = b->run->options;
  bool wanted = b->comparison->verdict == OCKHAM_DRIFT_FOUND || o->report;
  if (o->unordered || !wanted) return OCKHAM_OK;
  ockham_drift_options options = o->drift;
  options.rows_per_false_alarm = rows_per_false_alarm(b);
  if (b->run->reference) options.reference = ockham_table_rows(b->run->reference);
  ockham_status status = ockham_drift_monitor_new(b->run->profile, &options, &b->monitor, err);
  return status ? status : watch(b, err);
}

/* ---- examples ---- */

/* Those after the change, where it is known when that was: rows of before show what was usual. */
static ockham_status find_examples(const batch *b, uint64_t rows[MOST_EXAMPLES], ockham_error *err) {
  const ockham_drift_comparison *c = b->comparison;
  const ockham_drift_state *course = b->monitor ? ockham_drift_monitor_look(b->monitor) : NULL;
  memcpy(rows, c->example_rows, sizeof c->example_rows);
  if (!course || course->n_kept == 0) return OCKHAM_OK;
  uint64_t after[MOST_EXAMPLES];
  ockham_status status =
      ockham_drift_examples(b->run->profile, b->x, c->leading, c->grown_bin, course->episodes[0].since_row, after, err);
  if (!status && after[0] > 0) memcpy(rows, after, sizeof after);
  return status;
}

static ockham_status take_examples(batch *b, ockham_error *err) {
  size_t d = b->x.n_columns;
  uint64_t rows[MOST_EXAMPLES];
  ockham_status status = find_examples(b, rows, err);
  if (status) return status;
  b->example_values = calloc(MOST_EXAMPLES, d * sizeof *b->example_values);
  b->example_texts = calloc(MOST_EXAMPLES, d * sizeof *b->example_texts);
  if (!b->example_values || !b->example_texts) return cli_no_memory("the examples", err);
  for (size_t e = 0; e < MOST_EXAMPLES && rows[e] > 0; e++) {
    size_t i = (size_t)rows[e] - 1;
    b->example_rows[e] = ockham_table_source_row(b->table, i);
    for (size_t j = 0; j < d; j++) {
      b->example_values[e * d + j] = cli_cell(b->x, i, j);
      b->example_texts[e * d + j] = drift_rows_text(&b->rows, b->table, i, j);
    }
    b->n_examples++;
  }
  return OCKHAM_OK;
}

/* ---- all of it ---- */

static ockham_status compare(batch *b, ockham_error *err) {
  const drift_run *run = b->run;
  ockham_status status =
      ockham_drift_compare(run->profile, b->x, &run->options->drift, run->read.progress, &b->comparison, err);
  if (status) return cli_name_file(run->path, status, err);
  status = follow(b, err);
  return status || b->comparison->verdict != OCKHAM_DRIFT_FOUND ? status : take_examples(b, err);
}

static ockham_status tell(const batch *b, ockham_error *err) {
  ockham_drift_account account = drift_account(b->run, &b->rows);
  account.batch = b->comparison;
  account.course = b->monitor ? ockham_drift_monitor_look(b->monitor) : NULL;
  account.n_examples = b->n_examples;
  account.example_rows = b->example_rows;
  account.example_values = b->example_values;
  account.example_texts = b->example_texts;
  return drift_tell(b->run, &account, err);
}

int drift_batch(drift_run *run) {
  batch b = {.run = run};
  ockham_error err = {0};
  ockham_status status = read_rows(&b, &err);
  if (!status) status = compare(&b, &err);
  cli_progress_end();
  if (!status) status = tell(&b, &err);
  bool found = b.comparison && b.comparison->verdict == OCKHAM_DRIFT_FOUND;
  free_batch(&b);
  if (status) return cli_fail_drift(&err);
  return found ? EXIT_DRIFT : EXIT_DONE;
}
