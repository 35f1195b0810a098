/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as they come, until they end or Ctrl-C does: a line for each alarm, and one when it is over. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift.h"

enum { MOST_EXAMPLES = 5 };

typedef struct stream {
  drift_run *run;
  drift_rows rows;
  ockham_reader *reader;
  ockham_drift_monitor *monitor;
  bool drifted; /* an episode lasts, and was told */
  uint64_t n_rows;
  uint64_t example_rows[MOST_EXAMPLES];
  double *example_values;
} stream;

static void free_stream(stream *s) {
  free(s->example_values);
  ockham_drift_monitor_free(s->monitor);
  drift_rows_end(&s->rows);
  ockham_reader_close(s->reader);
}

static ockham_status open_rows(stream *s, ockham_error *err) {
  ockham_read_options options;
  ockham_status status = drift_rows_begin(&s->rows, s->run, &options, err);
  options.as_they_come = true;
  if (!status) status = ockham_reader_open(s->run->path, &options, &s->reader, err);
  return status ? status : drift_rows_match(&s->rows, (drift_source){.reader = s->reader}, err);
}

/* Thresholds are ready before the first row is waited for. */
static ockham_status begin(stream *s, ockham_error *err) {
  ockham_drift_options options = s->run->options->drift;
  if (s->run->reference) options.reference = ockham_table_rows(s->run->reference);
  s->example_values = calloc(MOST_EXAMPLES, s->run->parts->n_columns * sizeof *s->example_values);
  if (!s->example_values) return cli_no_memory("the examples", err);
  ockham_status status = ockham_drift_monitor_new(s->run->profile, &options, &s->monitor, err);
  return status ? status : open_rows(s, err);
}

/* ---- what is told ---- */

/* The bin of the leading signal that grew most. */
static size_t grown_bin(const ockham_drift_state *state, const ockham_drift_bin *bins) {
  size_t most = 0;
  for (size_t b = 1; b < state->signals[state->leading].signal->n_bins; b++)
    if (bins[b].now - bins[b].reference > bins[most].now - bins[most].reference) most = b;
  return most;
}

/* The account as it stands; its bins are to be freed. */
static ockham_status take_account(stream *s, ockham_drift_account *account, ockham_error *err) {
  *account = drift_account(s->run, &s->rows);
  account->course = ockham_drift_monitor_look(s->monitor);
  account->bins = drift_take_bins(s->monitor, s->run->parts);
  return account->bins ? OCKHAM_OK : cli_no_memory("the shares of bins", err);
}

/* An alarm that nobody gets to read: the stream may go on for days. */
static ockham_status fail_output(ockham_error *err) {
  *err = (ockham_error){.status = OCKHAM_CANNOT_WRITE};
  snprintf(err->message, sizeof err->message, "standard output: %s", strerror(errno));
  return OCKHAM_CANNOT_WRITE;
}

/* An alarm, or that it is over. */
static ockham_status tell_episode(stream *s, ockham_error *err) {
  ockham_drift_account account;
  ockham_drift_report_options options = {.format = s->run->options->json ? OCKHAM_FORMAT_JSON : OCKHAM_FORMAT_TEXT};
  char *text = NULL;
  ockham_status status = take_account(s, &account, err);
  if (!status) status = ockham_report_drift_alarm(&account, &options, &text, err);
  free((void *)account.bins);
  if (status) return status;
  cli_progress_end();
  printf("%s%s", text, s->run->options->json ? "\n" : "");
  bool read = fflush(stdout) == 0 && !ferror(stdout); /* whoever waits for it reads a pipe */
  ockham_text_free(text);
  return read ? OCKHAM_OK : fail_output(err);
}

static ockham_status tell_all(stream *s, ockham_error *err) {
  ockham_drift_account account;
  ockham_status status = take_account(s, &account, err);
  const ockham_drift_state *state = account.course;
  if (!status && state->drifted) {
    account.example_bin = grown_bin(state, account.bins[state->leading]);
    account.n_examples = ockham_drift_monitor_examples(s->monitor, state->leading, account.example_bin, MOST_EXAMPLES,
                                                       s->example_rows, s->example_values);
    account.example_rows = s->example_rows;
    account.example_values = s->example_values;
  }
  if (!status) status = drift_tell(s->run, &account, err);
  free((void *)account.bins);
  return status;
}

/* ---- rows ---- */

static ockham_status put(stream *s, ockham_rows rows, const double *times, ockham_error *err) {
  size_t n_alarms;
  ockham_status status = ockham_drift_monitor_put(s->monitor, rows, times, &n_alarms, err);
  s->n_rows += rows.n_rows;
  if (status || (n_alarms == 0 && !s->drifted)) return status;
  bool drifted = ockham_drift_monitor_look(s->monitor)->drifted;
  if (n_alarms == 0 && drifted) return OCKHAM_OK;
  s->drifted = drifted;
  return tell_episode(s, err);
}

/* Up to the end of a block, after each of which an episode can begin or end: none is passed over. */
static size_t n_next(const stream *s, size_t n_left) {
  size_t n = OCKHAM_DRIFT_BLOCK - (size_t)(s->n_rows % OCKHAM_DRIFT_BLOCK);
  return n < n_left ? n : n_left;
}

static ockham_status put_block(stream *s, ockham_rows rows, ockham_error *err) {
  const double *times = ockham_reader_times(s->reader);
  ockham_rows arranged;
  ockham_status status = drift_rows_arrange(&s->rows, (drift_source){.reader = s->reader}, rows, &arranged, err);
  size_t stride = arranged.stride ? arranged.stride : arranged.n_columns;
  for (size_t first = 0, n; first < rows.n_rows && !status; first += n) {
    ockham_rows some = arranged;
    some.data = (const double *)arranged.data + first * stride;
    some.n_rows = n = n_next(s, rows.n_rows - first);
    status = put(s, some, times ? times + first : NULL, err);
  }
  return status;
}

static ockham_status watch(stream *s, ockham_error *err) {
  ockham_rows rows;
  ockham_status status;
  while (!(status = ockham_reader_next(s->reader, &rows, err)) && rows.n_rows > 0)
    if ((status = put_block(s, rows, err))) break;
  return status;
}

/* Whatever ends it, what was seen so far is told. */
int drift_stream(drift_run *run) {
  stream s = {.run = run};
  ockham_error err = {0}, other = {0};
  ockham_status status = begin(&s, &err);
  bool begun = !status;
  if (begun) status = watch(&s, &err);
  cli_progress_end();
  ockham_status telling = begun ? tell_all(&s, &other) : OCKHAM_OK;
  bool found = begun && ockham_drift_monitor_look(s.monitor)->n_episodes > 0;
  free_stream(&s);
  if (status && status != OCKHAM_INTERRUPTED) return cli_fail_drift(&err);
  if (telling) return cli_fail_drift(&other);
  return status ? EXIT_STOPPED : found ? EXIT_DRIFT : EXIT_DONE;
}
