/* SPDX-License-Identifier: Apache-2.0 */
/* What makes programs workers of `ockham serve`: an adapter for those that know lines, and the helpers as files. */
#include <ockham/worker.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

typedef struct worker_options {
  bool lines;
  const char *columns, *outputs, *helpers;
} worker_options;

static const cli_option option_table[] = {
    {"lines", CLI_FLAG, NULL, "run PROGRAM, which takes a row of CSV a line and answers with one",
     offsetof(worker_options, lines), NULL},
    {"columns", CLI_TEXT, "A,B:BYTES,...", "what a row has; a type behind ':' (default: FP64)",
     offsetof(worker_options, columns), NULL},
    {"outputs", CLI_TEXT, "A,B,...", "likewise, what it answers", offsetof(worker_options, outputs), NULL},
    {"helpers", CLI_TEXT, "FOLDER", "write ockham_worker.py and ockham_worker.h there",
     offsetof(worker_options, helpers), NULL},
    {0},
};

/* Options of the program are its own: the first word that is no option of ours begins it. */
static int find_program(int n_arguments, char **arguments) {
  static const char *const with_value[] = {"--columns", "--outputs", "--helpers"};
  for (int i = 0; i < n_arguments; i++) {
    if (strcmp(arguments[i], "--") == 0) return i + 1;
    if (arguments[i][0] != '-') return i;
    for (size_t j = 0; j < sizeof with_value / sizeof with_value[0]; j++)
      if (strcmp(arguments[i], with_value[j]) == 0) {
        i++;
        break;
      }
  }
  return n_arguments;
}

static int run_lines(const worker_options *o, const char *const *program) {
  ockham_worker_lines_options options = {.columns = o->columns, .outputs = o->outputs, .command = program};
  ockham_error err = {0};
  int exit_code;
  return ockham_worker_lines(&options, &exit_code, &err) ? cli_fail(&err) : exit_code;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  worker_options o = {0};
  int n, n_own = find_program(n_arguments, arguments);
  bool stop;
  int code = cli_parse(command, n_own, arguments, &o, &n, &stop);
  if (stop) return code;
  ockham_error err = {0};
  if (o.helpers) return ockham_worker_helpers(o.helpers, &err) ? cli_fail(&err) : EXIT_DONE;
  if (!o.lines) return cli_fail_usage("expected --lines or --helpers, found neither");
  if (!o.columns || !o.outputs) return cli_fail_usage("--lines needs --columns and --outputs");
  if (n_own >= n_arguments) return cli_fail_usage("--lines needs a program, found none");
  return run_lines(&o, (const char *const *)(arguments + n_own)); /* argv ends with NULL */
}

const cli_command cmd_worker = {
    .name = "worker",
    .usage = "--lines ... PROGRAM",
    .summary = "make a worker of a program that knows lines",
    .details =
        "For `ockham serve --model NAME='ockham worker --lines --columns A,B --outputs C PROGRAM ...'`: PROGRAM gets\n"
        "each row as a line of CSV, and answers with one, which it must flush. `error: text` refuses the row.\n"
        "Programs in Python and C need no adapter: --helpers writes what they include (docs/workers.md).",
    .max_arguments = 0,
    .options = option_table,
    .run = run,
};
