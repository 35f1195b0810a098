/* SPDX-License-Identifier: Apache-2.0 */
/* Which change matters, and which is only scale? */
#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ablate.h"

/* ---- the study and its journal ---- */

/* "study.yaml" has "study.journal". NULL: no memory. */
static char *journal_beside(const char *path) {
  const char *name = strcmp(path, "-") == 0 ? "study" : path, *slash = strrchr(name, '/'), *dot = strrchr(name, '.');
  size_t n = dot && dot > name && (!slash || dot > slash + 1) ? (size_t)(dot - name) : strlen(name);
  char *text = malloc(n + sizeof ".journal");
  if (text) {
    memcpy(text, name, n);
    strcpy(text + n, ".journal");
  }
  return text;
}

static ockham_status open_journal(ablate_study *a, bool make, ockham_error *err) {
  if (!make && access(a->journal_path, F_OK) != 0) return OCKHAM_OK;
  ockham_status status = ockham_journal_open(a->journal_path, a->study, &a->journal, err);
  return status ? status : ockham_journal_runs(a->journal, &a->runs, &a->n_runs, err);
}

ockham_status ablate_open(const char *path, const char *journal, bool make, ablate_study *a, ockham_error *err) {
  ockham_trainer trainer = ockham_lm_trainer(NULL);
  a->journal_path = journal ? strdup(journal) : journal_beside(path);
  if (!a->journal_path) return cli_no_memory("the study", err);
  ockham_status status = ockham_study_read(path, &trainer, &a->study, err);
  return status ? status : open_journal(a, make, err);
}

ockham_status ablate_check_runs(const ablate_study *a, const char *path, ockham_error *err) {
  if (a->journal && a->n_runs) return OCKHAM_OK;
  *err = (ockham_error){.status = OCKHAM_BAD_DATA};
  snprintf(err->message, sizeof err->message, "%.200s: nothing has been run yet; next: ockham ablate run %.200s",
           a->journal_path, path);
  return err->status;
}

ockham_status ablate_check_corpus(const ockham_study *study, ockham_error *err) {
  if (study->command || access(study->corpus_path, R_OK) == 0) return OCKHAM_OK;
  *err = (ockham_error){.status = OCKHAM_IO};
  snprintf(err->message, sizeof err->message, "the study's corpus, %.200s, cannot be read; `ockham corpus` makes one",
           study->corpus_path);
  return err->status;
}

void ablate_close(ablate_study *a) {
  ockham_plan_free(a->plan);
  ockham_journal_free(a->journal);
  ockham_study_free(a->study);
  free(a->journal_path);
  *a = (ablate_study){0};
}

/* ---- planning ---- */

/* What the built-in trainer says that each run costs: for the times of scales that nothing has been run at. */
static ockham_status ask_trainer(ablate_study *a, ockham_error *err) {
  ockham_trainer trainer = ockham_lm_trainer(NULL);
  ockham_status status = OCKHAM_OK;
  if (a->study->command) return OCKHAM_OK;
  for (size_t i = 0; i < a->plan->n_runs && !status; i++) {
    ockham_trainer_facts facts = {NAN, NAN, NAN, NAN};
    status = ockham_run_ask(a->study, &a->plan->runs[i], &trainer, &facts, err);
    a->plan->runs[i].flops = facts.flops;
    a->plan->runs[i].parameters = facts.parameters;
  }
  return status ? status : ockham_plan_predict(a->study, a->runs, a->n_runs, a->plan, err);
}

ockham_status ablate_plan(ablate_study *a, ockham_error *err) {
  ockham_plan_free(a->plan);
  a->plan = NULL;
  ockham_status status = a->journal ? ockham_journal_runs(a->journal, &a->runs, &a->n_runs, err) : OCKHAM_OK;
  if (!status) status = ockham_plan_make(a->study, a->runs, a->n_runs, &a->plan, err);
  return status ? status : ask_trainer(a, err);
}

ockham_status ablate_predict(ablate_study *a, ockham_error *err) {
  ockham_status status = ockham_journal_runs(a->journal, &a->runs, &a->n_runs, err);
  return status ? status : ockham_plan_predict(a->study, a->runs, a->n_runs, a->plan, err);
}

ockham_status ablate_rates(const ablate_study *a, double **rates, ockham_error *err) {
  *rates = calloc(a->plan->n_runs, sizeof **rates);
  if (!*rates) return cli_no_memory("the rates of runs", err);
  return ockham_plan_rates(a->study, a->plan, a->journal, *rates, err);
}

/* ---- words ---- */

const char *ablate_duration(double seconds, char text[32]) {
  if (isnan(seconds))
    snprintf(text, 32, "unknown");
  else if (seconds < 9.5)
    snprintf(text, 32, "%.1f s", seconds);
  else if (seconds < 90)
    snprintf(text, 32, "%.0f s", seconds);
  else if (seconds < 5400)
    snprintf(text, 32, "%.0f min", seconds / 60);
  else
    snprintf(text, 32, "%.1f h", seconds / 3600);
  return text;
}

bool ablate_is_ascii(void) {
  return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

/* ---- the sub-commands ---- */

static const cli_command *const commands[] = {&cmd_ablate_plan,   &cmd_ablate_run,   &cmd_ablate_resume,
                                              &cmd_ablate_report, &cmd_ablate_slurm, &cmd_ablate_import,
                                              &cmd_ablate_export};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_overview(FILE *out) {
  fprintf(out, "ockham ablate %s\n\n%s\n\n", cmd_ablate.usage, cmd_ablate.summary);
  for (size_t c = 0; c < N_COMMANDS; c++)
    fprintf(out, "  ockham %-14s %-22s %s\n", commands[c]->name, commands[c]->usage, commands[c]->summary);
  fputs("\n  ockham ablate COMMAND --help    all options\n\n", out);
  fputs("Start with: ockham ablate plan study.yaml\n", out);
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  (void)command;
  if (n_arguments < 1) {
    print_overview(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0) {
    print_overview(stdout);
    return EXIT_DONE;
  }
  for (size_t c = 0; c < N_COMMANDS; c++)
    if (strcmp(arguments[0], commands[c]->name + strlen("ablate ")) == 0)
      return commands[c]->run(n_arguments - 1, arguments + 1, commands[c]);
  return cli_fail_usage("ablate has no command '%s'; `ockham ablate --help` lists them", arguments[0]);
}

static const cli_option no_options[] = {{0}};

const cli_command cmd_ablate = {
    "ablate", "COMMAND STUDY [options]", "which change matters, and which is only scale", NULL, 0, 0, false, no_options,
    run};
