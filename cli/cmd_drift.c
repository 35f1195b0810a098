/* SPDX-License-Identifier: Apache-2.0 */
/* Have the data drifted? */
#include <ctype.h>
#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift.h"
#include "outputs.h"

static const cli_option option_table[] = {
    {"stream", CLI_FLAG, NULL, "row by row as they come: a line for each alarm; Ctrl-C ends it",
     offsetof(drift_options, stream), NULL},
    {"level", CLI_REAL, "P", "of a file: how often one without drift may be called drift (default: 0.01)",
     offsetof(drift_options, level), NULL},
    {"false-alarms", CLI_TEXT, "1/N", "of a stream: at most one false alarm in N rows on average (default: 1/100000)",
     offsetof(drift_options, false_alarms), NULL},
    {"min-effect", CLI_REAL, "PSI", "below this stability index a difference is too small to matter (default: 0.005)",
     offsetof(drift_options, min_effect), NULL},
    {"detector", CLI_TEXT, "NAME", "what watches row by row (default: ewma; --detectors lists them)",
     offsetof(drift_options, detector), NULL},
    {"detectors", CLI_FLAG, NULL, "list the detectors, and stop", offsetof(drift_options, detectors), NULL},
    {"window", CLI_COUNT, "ROWS", "that a detector looks back at most", offsetof(drift_options, window), NULL},
    {"time", CLI_TEXT, "NAME", "a column of times: seconds since 1970, or such as 2026-03-01T12:30:00Z",
     offsetof(drift_options, time), NULL},
    {"by-hour", CLI_FLAG, NULL,
     "of a stream: compare with the same hour of the week; needs --time, also of the profile",
     offsetof(drift_options, by_hour), NULL},
    {"unordered", CLI_FLAG, NULL, "the rows are in no order of time: do not say when it began",
     offsetof(drift_options, unordered), NULL},
    {"allow-missing", CLI_FLAG, NULL, "columns that FILE lacks are missing in every row, instead of an error",
     offsetof(drift_options, allow_missing), NULL},
    {"table", CLI_FLAG, NULL, "tell of every signal, not only of what stands out", offsetof(drift_options, table),
     NULL},
    {"json", CLI_FLAG, NULL, "print one JSON object instead; of a stream one a line for each event",
     offsetof(drift_options, json), NULL},
    {"report", CLI_OUTPUT, "FILE", "write a page of charts (HTML, one file): when, which population, which columns",
     offsetof(drift_options, report), NULL},
    {"seed", CLI_SEED, "N", "of all random choices (default: 0)", offsetof(drift_options, seed), NULL},
    {"category", CLI_LIST, "A,B,...", "of a table OLD: columns of categories, though they look like numbers",
     offsetof(drift_options, categories), NULL},
    CLI_CHOICE_OF_COLUMNS(drift_options),
    CLI_READING_OPTIONS(drift_options),
    {0},
};

/* ---- telling ---- */

static const char *called(const char *path) {
  return strcmp(path, "-") == 0 ? "standard input" : path;
}

ockham_drift_account drift_account(const drift_run *run, const drift_rows *rows) {
  return (ockham_drift_account){.profile = run->parts,
                                .absent_columns = rows->absent,
                                .n_absent = rows->n_absent,
                                .n_extra = rows->n_extra,
                                .source = called(run->path),
                                .reference = called(run->reference_path),
                                .command = run->command};
}

const ockham_drift_bin **drift_take_bins(const ockham_drift_monitor *monitor, const ockham_profile_parts *parts) {
  size_t n_bins = 0;
  for (size_t s = 0; s < parts->n_signals; s++) n_bins += parts->signals[s].n_bins;
  const ockham_drift_bin **views = malloc(parts->n_signals * sizeof *views + n_bins * sizeof(ockham_drift_bin));
  if (!views) return NULL;
  ockham_drift_bin *bins = (ockham_drift_bin *)(views + parts->n_signals);
  for (size_t s = 0; s < parts->n_signals; s++) {
    ockham_drift_monitor_bins(monitor, s, bins);
    views[s] = bins;
    bins += parts->signals[s].n_bins;
  }
  return views;
}

static ockham_status write_page(const drift_run *run, const ockham_drift_account *account, ockham_error *err) {
  char *html;
  ockham_status status = ockham_report_drift_page(account, &html, err);
  if (!status) status = ockham_text_write(html, run->options->report, err);
  ockham_text_free(html);
  return status;
}

/* The text goes out before the page: when that cannot be written, the answer is not lost. */
ockham_status drift_tell(const drift_run *run, const ockham_drift_account *account, ockham_error *err) {
  const drift_options *o = run->options;
  ockham_drift_report_options options = {.format = o->json ? OCKHAM_FORMAT_JSON : OCKHAM_FORMAT_TEXT,
                                         .ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
                                         .every = o->table};
  char *text;
  ockham_status status = ockham_report_drift(account, &options, &text, err);
  if (status) return status;
  printf("%s%s", text, o->json ? "\n" : "");
  ockham_text_free(text);
  return o->report ? write_page(run, account, err) : OCKHAM_OK;
}

/* ---- options ---- */

static int list_detectors(void) {
#define LINE(name, word, statistic, source) printf("%-13s %s\n%13s %s\n", word, statistic, "", source);
  OCKHAM_DETECTOR_LIST(LINE)
#undef LINE
  return EXIT_DONE;
}

static int find_detector(drift_options *o) {
  if (!o->detector || ockham_detector_find(o->detector, &o->drift.detector)) return EXIT_DONE;
  return cli_fail_usage("no detector is named '%s'; `ockham drift --detectors` lists them", o->detector);
}

/* "1/100000", "1 per 100000 rows" as a server has it, with or without "rows", or "100000". */
static int find_budget(drift_options *o) {
  if (!o->false_alarms) return EXIT_DONE;
  const char *text = o->false_alarms;
  if (strncmp(text, "1/", 2) == 0)
    text += 2;
  else if (strncmp(text, "1 per ", 6) == 0)
    text += 6;
  char *end;
  double rows = strtod(text, &end);
  if (strcmp(end, " rows") == 0) end += 5;
  if (isdigit((unsigned char)*text) && *end == '\0' && rows >= 100 && rows <= 1e15) {
    o->drift.rows_per_false_alarm = rows;
    return EXIT_DONE;
  }
  return cli_fail_usage("--false-alarms must be such as 1/100000, one in at least 100 rows, found '%s'",
                        o->false_alarms);
}

static int check_numbers(drift_options *o) {
  if (!isnan(o->level) && !(o->level > 0 && o->level < 1))
    return cli_fail_usage("--level must be between 0 and 1, found %g", o->level);
  if (!isnan(o->level) && o->stream)
    return cli_fail_usage("--level is of a file that is compared as a whole; of a stream say --false-alarms 1/N");
  if (o->min_effect < 0) return cli_fail_usage("--min-effect must not be negative, found %g", o->min_effect);
  if (o->by_hour && !o->time) return cli_fail_usage("--by-hour needs times: --time NAME");
  if (o->by_hour && !o->stream) return cli_fail_usage("--by-hour goes with --stream: a file is compared as a whole");
  if (o->stream && o->unordered) return cli_fail_usage("--stream goes by the order of rows; --unordered is for files");
  if (isnan(o->level)) o->level = 0; /* the default there */
  o->drift.level = o->level;
  o->drift.min_effect = isnan(o->min_effect) ? 0 : o->min_effect > 0 ? o->min_effect : -1;
  o->drift.window = o->window;
  o->drift.by_hour = o->by_hour;
  o->drift.seed = o->seed;
  o->drift.threads = o->input.threads;
  return EXIT_DONE;
}

/* Before the long work: the page can be made, and does not go where the text goes. */
static int check_report(const drift_options *o, const char *command) {
  ockham_error err = {0};
  if (!o->report) return EXIT_DONE;
  if (strcmp(o->report, "-") == 0)
    return cli_fail_usage("--report needs the name of a file: standard output has the text");
  ockham_status status = ockham_report_check_page(&err);
  if (!status && !command) status = cli_no_memory("the command line", &err);
  return status ? cli_fail_drift(&err) : EXIT_DONE;
}

static int check(drift_options *o, char *const *arguments, const char *command) {
  int code = find_detector(o);
  if (!code) code = find_budget(o);
  if (!code) code = check_numbers(o);
  if (!code) code = check_report(o, command);
  if (!code && strcmp(arguments[0], "-") == 0 && strcmp(arguments[1], "-") == 0)
    code = cli_fail_usage("standard input can be either the reference or the new rows, not both");
  return code;
}

/* ---- all of it ---- */

static int answer(drift_run *run) {
  ockham_error err = {0};
  int code = cli_read_options(&run->options->input, &run->read);
  if (code) return code;
  run->read.columns = run->read.ignore = NULL; /* of the reference */
  run->read.n_columns = run->read.n_ignore = 0;
  ockham_status status = drift_find_reference(run, &err);
  if (status) {
    cli_progress_end();
    code = cli_fail_drift(&err);
  } else {
    code = run->options->stream ? drift_stream(run) : drift_batch(run);
  }
  drift_free_reference(run);
  return code;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  drift_options o = {.level = (double)NAN, .min_effect = (double)NAN};
  int n;
  bool stop;
  char *line = cli_command_line(command->name, n_arguments, arguments);
  int code = cli_parse(command, n_arguments, arguments, &o, &n, &stop);
  if (!stop && o.detectors)
    code = list_detectors();
  else if (!stop && n != 2)
    code = cli_fail_usage("usage: ockham %s %s", command->name, command->usage);
  else if (!stop && !(code = check(&o, arguments, line))) {
    drift_run run = {.options = &o, .reference_path = arguments[0], .path = arguments[1], .command = line};
    code = answer(&run);
  }
  free(line);
  cli_list_free(&o.categories);
  cli_input_free(&o.input);
  return cli_finish_drift(code);
}

const cli_command cmd_drift = {
    .name = "drift",
    .usage = "MODEL|OLD FILE [options]",
    .summary = "have the data drifted? since when, which population, which columns",
    .details =
        "MODEL has a profile, which `ockham profile`, `clusters` and `fit` put there; of a table OLD one is made.\n"
        "FILE as for `ockham clusters`; - is standard input. Columns are found by name, in any order; other columns\n"
        "are passed over. Cells may be missing, and texts that the reference has not are counted as new.\n"
        "Exit codes: 0 no drift, or a difference too small to matter, 3 drift, 1 data, 2 command line, 4 memory or\n"
        "system, 130 stopped by Ctrl-C (a stream is told of first). docs/drift.md says what is tested, and how.",
    .max_arguments = 2,
    .reads_files = true,
    .options = option_table,
    .run = run,
};
