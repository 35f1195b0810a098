/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as tables: from other trackers and job arrays, and for others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ablate.h"

typedef struct import_options {
  const char *journal;
  cli_list map, set;
} import_options;

static const cli_option import_table[] = {
    {"map", CLI_TEXTS, "OURS=THEIRS", "a column of ours and what it is called there: loss=eval/loss",
     offsetof(import_options, map), NULL},
    {"set", CLI_TEXTS, "OURS=TEXT", "a column of ours that is the same in every row: scale=S1",
     offsetof(import_options, set), NULL},
    {"journal", CLI_TEXT, "FILE", "where they go (default: beside STUDY, in .journal)",
     offsetof(import_options, journal), NULL},
    {0},
};

/* Cut each "a=b" in two, where it stands. NULL after a line about what is wrong. */
static ockham_study_setting *split(const cli_list *list, const char *option, int *code) {
  ockham_study_setting *settings = malloc((list->n + 1) * sizeof *settings);
  if (!settings) {
    fputs("ockham: not enough memory for the command line\n", stderr);
    *code = EXIT_RESOURCES;
    return NULL;
  }
  for (size_t i = 0; i < list->n; i++) {
    char *text = (char *)list->items[i], *equals = strchr(text, '=');
    if (!equals || equals == text) {
      *code = cli_fail_usage("--%s must be such as loss=eval/loss, found '%s'", option, text);
      free(settings);
      return NULL;
    }
    *equals = '\0';
    settings[i] = (ockham_study_setting){text, equals + 1};
  }
  return settings;
}

static int import_file(const char *path, const char *table, const char *journal, const ockham_import_options *options) {
  ablate_study a = {0};
  ockham_error err = {0};
  uint64_t n = 0;
  ockham_status status = ablate_open(path, journal, true, &a, &err);
  if (!status) status = ockham_journal_import(a.journal, table, options, &n, &err);
  if (!status) printf("%llu run%s imported into %s\n", (unsigned long long)n, n == 1 ? "" : "s", a.journal_path);
  int code = status ? cli_fail(&err) : EXIT_DONE;
  ablate_close(&a);
  return code;
}

static int run_import(int n_arguments, char **arguments, const cli_command *command) {
  import_options o = {0};
  bool stop;
  int n, code = cli_parse(command, n_arguments, arguments, &o, &n, &stop);
  ockham_study_setting *map = stop ? NULL : split(&o.map, "map", &code);
  ockham_study_setting *set = map ? split(&o.set, "set", &code) : NULL;
  if (set) {
    ockham_import_options options = {.map = map, .n_map = o.map.n, .set = set, .n_set = o.set.n};
    code = import_file(arguments[0], arguments[1], o.journal, &options);
  }
  free(map);
  free(set);
  cli_list_free(&o.map);
  cli_list_free(&o.set);
  return code;
}

const cli_command cmd_ablate_import = {
    "ablate import",
    "STUDY TABLE [options]",
    "take in runs of another tracker, or of a job array",
    "TABLE is .csv or .jsonl with a row a run (columns by the names of factors, scale, seed, the study's metric, ...), "
    "a\n"
    "task's .out, or the folder of a job array. Runs that the journal has are left out.",
    2,
    2,
    true,
    import_table,
    run_import};

/* ---- export ---- */

/* Of commands that need no other. */
typedef struct journal_options {
  const char *journal;
} journal_options;

static const cli_option journal_table[] = {
    {"journal", CLI_TEXT, "FILE", "what has been run (default: beside STUDY, in .journal)",
     offsetof(journal_options, journal), NULL},
    {0},
};

static int export_runs(const char *path, const char *table, const char *journal) {
  ablate_study a = {0};
  ockham_error err = {0};
  uint64_t n = 0;
  ockham_status status = ablate_open(path, journal, false, &a, &err);
  if (!status) status = ablate_check_runs(&a, path, &err);
  if (!status) status = ockham_journal_export(a.journal, table, &n, &err);
  if (!status && strcmp(table, "-") != 0)
    printf("%llu run%s written to %s\n", (unsigned long long)n, n == 1 ? "" : "s", table);
  int code = status ? cli_fail(&err) : EXIT_DONE;
  ablate_close(&a);
  return code;
}

static int run_export(int n_arguments, char **arguments, const cli_command *command) {
  journal_options o = {0};
  bool stop;
  int n, code = cli_parse(command, n_arguments, arguments, &o, &n, &stop);
  return stop ? code : export_runs(arguments[0], arguments[1], o.journal);
}

const cli_command cmd_ablate_export = {"ablate export",
                                       "STUDY TABLE [options]",
                                       "write all runs as a table, to publish beside the study",
                                       "TABLE is .csv, or - for standard output, with a row a run. `ockham ablate "
                                       "import STUDY TABLE` takes it in again, to\n"
                                       "the last digit: who has both files has the report.",
                                       2,
                                       2,
                                       false,
                                       journal_table,
                                       run_export};

/* ---- job arrays ---- */

static void print_tasks(const char *path, const char *script, size_t n, size_t later) {
  if (n == 0) {
    printf("nothing is left to run\n");
    return;
  }
  printf("%zu task%s; next: sbatch %s, and then: ockham ablate import %s %s.runs\n", n, n == 1 ? "" : "s", script, path,
         script);
  if (later)
    printf("%zu run%s wait for the rates that these find: come back after the import\n", later, later == 1 ? "" : "s");
}

static int write_script(const char *path, const char *script, const char *journal) {
  ablate_study a = {0};
  ockham_error err = {0};
  ockham_trainer trainer = ockham_lm_trainer(NULL);
  size_t n = 0, later = 0;
  ockham_status status = ablate_open(path, journal, true, &a, &err);
  if (!status) status = ablate_plan(&a, &err);
  if (!status) status = ockham_study_slurm(a.study, a.plan, a.journal, &trainer, script, &n, &later, &err);
  if (!status) print_tasks(path, script, n, later);
  int code = status ? cli_fail(&err) : EXIT_DONE;
  ablate_close(&a);
  return code;
}

static int run_slurm(int n_arguments, char **arguments, const cli_command *command) {
  journal_options o = {0};
  bool stop;
  int n, code = cli_parse(command, n_arguments, arguments, &o, &n, &stop);
  return stop ? code : write_script(arguments[0], arguments[1], o.journal);
}

const cli_command cmd_ablate_slurm = {"ablate slurm",
                                      "STUDY SCRIPT [options]",
                                      "write a job array for Slurm: one task a run that is missing",
                                      NULL,
                                      2,
                                      2,
                                      false,
                                      journal_table,
                                      run_slurm};
