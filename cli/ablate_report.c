/* SPDX-License-Identifier: Apache-2.0 */
/* What the runs say. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ablate.h"
#include "outputs.h"

typedef struct report_options {
  const char *journal, *report, *command;
  int account;
  double level;
  size_t bootstraps, threads;
  uint64_t seed;
  bool json, every, quiet;
} report_options;

#define X(name, word, about) word,
static const char *const account_choices[] = {OCKHAM_ACCOUNT_LIST(X) NULL};
#undef X

static const cli_option option_table[] = {
    {"account", CLI_CHOICE, "NAME", "how scales compare: iso-flop (the default), iso-parameter, iso-time",
     offsetof(report_options, account), account_choices},
    {"level", CLI_REAL, "P", "of intervals, 0.5 to 0.999 (default: 0.9)", offsetof(report_options, level), NULL},
    {"every", CLI_FLAG, NULL, "tell of every pair of changes, not only of those that stand out",
     offsetof(report_options, every), NULL},
    {"json", CLI_FLAG, NULL, "print one JSON object instead, with every figure and run", offsetof(report_options, json),
     NULL},
    {"report", CLI_OUTPUT, "FILE",
     "write a page of charts (HTML, one file): what each change is worth, and at which scale",
     offsetof(report_options, report), NULL},
    {"bootstraps", CLI_COUNT, "N", "draws for intervals (default: 1000)", offsetof(report_options, bootstraps), NULL},
    {"seed", CLI_SEED, "N", "of all random choices (default: 0)", offsetof(report_options, seed), NULL},
    {"threads", CLI_COUNT, "N", "threads to use (default: one a core)", offsetof(report_options, threads), NULL},
    {"journal", CLI_TEXT, "FILE", "what has been run (default: beside STUDY, in .journal)",
     offsetof(report_options, journal), NULL},
    {"quiet", CLI_FLAG, NULL, "no progress", offsetof(report_options, quiet), NULL},
    {0},
};

typedef struct answers {
  ockham_ablation *by[OCKHAM_N_ACCOUNTS];
  bool *after;
} answers;

static ockham_status analyse(const ablate_study *a, const report_options *o, const ockham_progress *progress,
                             answers *found, ockham_error *err) {
  ockham_trainer trainer = ockham_lm_trainer(NULL);
  ockham_ablation_options options = {.level = o->level,
                                     .bootstraps = o->bootstraps,
                                     .seed = o->seed,
                                     .threads = o->threads,
                                     .trainer = &trainer,
                                     .progress = *progress};
  for (int k = 0; k < OCKHAM_N_ACCOUNTS; k++) {
    ockham_error other = {0};
    bool asked = k == o->account;
    options.account = (ockham_compute_account)k;
    ockham_status status =
        ockham_ablation_analyse(a->study, a->runs, a->n_runs, &options, &found->by[k], asked ? err : &other);
    if (status && asked) return status;
    if (status == OCKHAM_INTERRUPTED || status == OCKHAM_NO_MEMORY) { /* others may lack what they go by */
      *err = other;
      return status;
    }
  }
  return OCKHAM_OK;
}

static ockham_status date_claims(const ablate_study *a, answers *found, ockham_error *err) {
  found->after = calloc(a->study->n_claims + 1, sizeof *found->after);
  if (!found->after) return cli_no_memory("the claims", err);
  for (size_t c = 0; c < a->study->n_claims; c++)
    found->after[c] = !ockham_journal_claimed_before(a->journal, &a->study->claims[c]);
  return OCKHAM_OK;
}

static ockham_ablation_account account_of(const ablate_study *a, const report_options *o, const answers *found) {
  ockham_ablation_account account = {.study = a->study,
                                     .runs = a->runs,
                                     .n_runs = a->n_runs,
                                     .ablation = found->by[o->account],
                                     .account = (ockham_compute_account)o->account,
                                     .claimed_after = found->after,
                                     .level = o->level > 0 ? o->level : 0.9,
                                     .plan = a->plan,
                                     .command = o->command};
  for (int k = 0; k < OCKHAM_N_ACCOUNTS; k++) account.beside[k] = k == o->account ? NULL : found->by[k];
  return account;
}

static ockham_status print_answers(const ockham_ablation_account *account, const report_options *o, ockham_error *err) {
  ockham_ablation_report_options options = {
      .format = o->json ? OCKHAM_FORMAT_JSON : OCKHAM_FORMAT_TEXT, .ascii = ablate_is_ascii(), .every = o->every};
  char *text;
  ockham_status status = ockham_report_ablation(account, &options, &text, err);
  if (!status) fputs(text, stdout);
  if (!status) ockham_text_free(text);
  return status;
}

static ockham_status write_page(const ockham_ablation_account *account, const char *path, ockham_error *err) {
  char *html;
  ockham_status status = ockham_report_ablation_page(account, &html, err);
  if (!status) status = ockham_text_write(html, path, err);
  ockham_text_free(html);
  return status;
}

/* First, for it reads the runs anew. Runs from elsewhere may fit no plan: then designs are not told. */
static ockham_status plan(ablate_study *a, ockham_error *err) {
  if (!ablate_plan(a, err)) return OCKHAM_OK;
  ockham_plan_free(a->plan);
  a->plan = NULL;
  *err = (ockham_error){0};
  return ockham_journal_runs(a->journal, &a->runs, &a->n_runs, err);
}

/* Before the last run it is an interim one. */
static void note_waiting(const ablate_study *a) {
  if (!a->plan) return;
  size_t n = ockham_study_waiting(a->study, a->plan, a->journal);
  if (n) printf("\n  beware: %zu of %zu runs are still to be run\n", n, a->plan->n_runs);
}

static int report_study(const char *path, const report_options *o) {
  ablate_study a = {0};
  answers found = {{0}, NULL};
  ockham_error err = {0};
  ockham_status status = ablate_open(path, o->journal, false, &a, &err);
  if (!status) status = ablate_check_runs(&a, path, &err);
  if (!status) status = plan(&a, &err);
  if (!status) status = analyse(&a, o, cli_progress_start(o->quiet), &found, &err);
  cli_progress_end();
  if (!status) status = date_claims(&a, &found, &err);
  ockham_ablation_account account = account_of(&a, o, &found);
  if (!status) status = print_answers(&account, o, &err);
  if (!status && !o->json) note_waiting(&a);
  if (!status && o->report) status = write_page(&account, o->report, &err);
  int code = status ? cli_fail(&err) : EXIT_DONE;
  for (int k = 0; k < OCKHAM_N_ACCOUNTS; k++) ockham_ablation_free(found.by[k]);
  free(found.after);
  ablate_close(&a);
  return code;
}

/* Before the long work: the page can be made, and does not go where the text goes. */
static int check_page(const report_options *o, const char *line) {
  ockham_error err = {0};
  if (!o->report) return EXIT_DONE;
  if (strcmp(o->report, "-") == 0)
    return cli_fail_usage("--report needs the name of a file: standard output has the text");
  ockham_status status = ockham_report_check_page(&err);
  if (!status && !line) status = cli_no_memory("the command line", &err);
  return status ? cli_fail(&err) : EXIT_DONE;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  report_options options = {0};
  bool stop;
  char *line = cli_command_line(command->name, n_arguments, arguments);
  int n, code = cli_parse(command, n_arguments, arguments, &options, &n, &stop);
  options.command = line;
  if (!stop) code = check_page(&options, line);
  if (!stop && !code) code = report_study(arguments[0], &options);
  free(line);
  return code;
}

const cli_command cmd_ablate_report = {"ablate report",
                                       "STUDY [options]",
                                       "what each change does, what it is worth, and how that goes on with scale",
                                       NULL,
                                       1,
                                       1,
                                       true,
                                       option_table,
                                       run};
