/* SPDX-License-Identifier: Apache-2.0 */
/* Run what the plan holds and the journal lacks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ablate.h"

typedef struct run_options {
  const char *journal, *scale, *folder;
  size_t cores;
  bool pilot, retry, anyway, no_pin, quiet, commands;
} run_options;

static const cli_option option_table[] = {
    {"journal", CLI_TEXT, "FILE", "what has been run (default: beside STUDY, in .journal)",
     offsetof(run_options, journal), NULL},
    {"cores", CLI_COUNT, "N", "runs at a time, each on a core of its own (default: the study's, or all cores)",
     offsetof(run_options, cores), NULL},
    {"pilot", CLI_FLAG, NULL, "only replicates of the baseline: what the noise is, and how long runs take",
     offsetof(run_options, pilot), NULL},
    {"scale", CLI_TEXT, "NAME", "only runs of this scale", offsetof(run_options, scale), NULL},
    {"retry", CLI_FLAG, NULL, "run those again that failed or took too long", offsetof(run_options, retry), NULL},
    {"anyway", CLI_FLAG, NULL, "also a study that cannot tell enough, or takes longer than its budget",
     offsetof(run_options, anyway), NULL},
    {"no-pin", CLI_FLAG, NULL, "do not keep each run on one core", offsetof(run_options, no_pin), NULL},
    {"folder", CLI_TEXT, "FOLDER", "for what runs print (default: the journal's name and .runs)",
     offsetof(run_options, folder), NULL},
    {"commands", CLI_FLAG, NULL, "print the command of every run, and run none", offsetof(run_options, commands), NULL},
    {"quiet", CLI_FLAG, NULL, "no progress, no line for each run", offsetof(run_options, quiet), NULL},
    {0},
};

/* ---- progress ---- */

typedef struct shower {
  const ockham_study *study;
  const ockham_progress *stopping; /* knows of Ctrl-C */
  bool on_terminal, lines;
  bool drawn; /* from then on it changes with each run that ends */
  size_t n_done, n_runs, n_failed;
  double seconds_left;
} shower;

static void draw(shower *s) {
  char time[32];
  cli_line line = {0};
  cli_line_add_bar(&line, s->n_runs ? (double)s->n_done / (double)s->n_runs : 0);
  cli_line_add(&line, " %zu of %zu runs", s->n_done, s->n_runs);
  if (!isnan(s->seconds_left)) cli_line_add(&line, ", %s left", ablate_duration(s->seconds_left, time));
  if (s->n_failed) cli_line_add(&line, ", %zu failed", s->n_failed);
  cli_line_draw(&line);
  s->drawn = true;
}

static void print_line(const shower *s, const ockham_run *run, const char *why) {
  printf("%zu/%zu %s", s->n_done, s->n_runs, s->study->scales[run->scale].name);
  for (size_t f = 0; f < s->study->n_factors; f++)
    printf(" %s=%s", s->study->factors[f].name, s->study->factors[f].levels[run->levels[f]]);
  printf(" seed=%llu rate=%.4g: ", (unsigned long long)run->seed, run->rate);
  if (why)
    printf("%s: %s\n", run->outcome == OCKHAM_OUTCOME_TIMED_OUT ? "timed out" : "failed", why);
  else if (run->outcome == OCKHAM_OUTCOME_DIVERGED)
    printf("diverged\n");
  else
    printf("%s %.4f in %.1f s\n", s->study->metric, run->loss, run->seconds);
  fflush(stdout);
}

static void on_run(void *arg, const ockham_run *run, const char *why, size_t n_done, size_t n_runs,
                   double seconds_left) {
  shower *s = arg;
  s->n_done = n_done;
  s->n_runs = n_runs;
  s->n_failed += why != NULL;
  s->seconds_left = seconds_left;
  cli_line_clear();
  if (s->lines) print_line(s, run, why);
  if (s->on_terminal) draw(s);
}

static bool report(void *user, const char *stage, uint64_t done, uint64_t total) {
  shower *s = user;
  s->n_done = done;
  s->n_runs = total;
  if (s->on_terminal && !s->drawn) draw(s);
  return s->stopping->report(s->stopping->user, stage, done, total);
}

/* ---- running ---- */

static ockham_status find_scale(const ockham_study *study, const char *name, size_t *number, ockham_error *err) {
  if (!name) return OCKHAM_OK;
  for (size_t s = 0; s < study->n_scales; s++)
    if (strcmp(study->scales[s].name, name) == 0) {
      *number = s + 1;
      return OCKHAM_OK;
    }
  *err = (ockham_error){.status = OCKHAM_BAD_ARGUMENT};
  snprintf(err->message, sizeof err->message, "--scale must be one of the study's, found '%.64s'", name);
  return err->status;
}

static ockham_status refuse(const ablate_study *a, bool before, ockham_error *err) {
  char doubt[240];
  if (!ablate_doubt(a, doubt)) return OCKHAM_OK;
  *err = (ockham_error){.status = OCKHAM_BAD_DATA};
  snprintf(err->message, sizeof err->message, "%s: %s%s; --anyway runs it as it is", a->study->name,
           before ? "" : "by its first runs ", doubt);
  return err->status;
}

/* The baseline's replicates go first: by them it is known whether the others are worth their time. */
static ockham_status run_pilot(ablate_study *a, ockham_run_options options, ockham_error *err) {
  options.only_replicates = true;
  if (!options.only_scale) options.only_scale = 1;
  ockham_status status = ockham_study_run(a->study, a->plan, a->journal, &options, err);
  if (!status) status = ablate_predict(a, err);
  return status ? status : refuse(a, false, err);
}

static ockham_status run_plan(ablate_study *a, const run_options *o, const ockham_trainer *trainer, shower *s,
                              ockham_error *err) {
  ockham_run_options options = {.trainer = trainer,
                                .folder = o->folder,
                                .cores = o->cores,
                                .retry = o->retry,
                                .unpinned = o->no_pin,
                                .on_run = on_run,
                                .arg = s,
                                .progress = {.report = report, .user = s}};
  ockham_status status = find_scale(a->study, o->scale, &options.only_scale, err);
  if (!status) status = ablate_check_corpus(a->study, err);
  if (!status && !o->anyway) status = refuse(a, true, err);
  if (!status && o->pilot) {
    options.only_replicates = true;
    return ockham_study_run(a->study, a->plan, a->journal, &options, err);
  }
  if (!status && !o->anyway) status = run_pilot(a, options, err);
  return status ? status : ockham_study_run(a->study, a->plan, a->journal, &options, err);
}

/* Of runs whose learning rate is known. */
static ockham_status print_commands(const ablate_study *a, const ockham_trainer *trainer, ockham_error *err) {
  double *rates;
  size_t n_unknown = 0;
  ockham_status status = ablate_rates(a, &rates, err);
  for (size_t i = 0; !status && i < a->plan->n_runs; i++) {
    char *command;
    ockham_run run = a->plan->runs[i];
    run.rate = rates[i];
    n_unknown += rates[i] == 0;
    if (rates[i] == 0) continue;
    status = ockham_run_command(a->study, &run, trainer, &command, err);
    if (status) break;
    printf("%s\n", command);
    ockham_text_free(command);
  }
  free(rates);
  if (n_unknown)
    fprintf(stderr, "ockham: %zu more wait for probes of the learning rate: once these have been run or imported\n",
            n_unknown);
  return status;
}

/* How it stands, and what comes next. */
static void print_end(ablate_study *a, const char *path) {
  ockham_error err = {0};
  if (ablate_plan(a, &err)) return; /* anew, for what was run may have called for more */
  size_t waiting = ockham_study_waiting(a->study, a->plan, a->journal), n_failed = 0;
  for (size_t i = 0; i < a->n_runs; i++)
    n_failed += a->runs[i].outcome == OCKHAM_OUTCOME_FAILED || a->runs[i].outcome == OCKHAM_OUTCOME_TIMED_OUT;
  printf("%s: %zu of %zu runs are done", a->study->name, a->plan->n_runs - waiting, a->plan->n_runs);
  if (n_failed) printf(", %zu of them failed (--retry runs these again)", n_failed);
  printf("; next: ockham ablate %s %s\n", waiting ? "run" : "report", path);
}

/* This program, as runs start it. */
static const char *own_path(char path[4096]) {
  ssize_t n = readlink("/proc/self/exe", path, 4095);
  if (n <= 0) return NULL;
  path[n] = '\0';
  return path;
}

static int run_study(const char *path, const run_options *o) {
  char program[4096];
  ablate_study a = {0};
  ockham_error err = {0};
  ockham_trainer trainer = ockham_lm_trainer(own_path(program));
  ockham_status status = ablate_open(path, o->journal, !o->commands, &a, &err);
  if (!status) status = ablate_plan(&a, &err);
  if (o->commands) {
    if (!status) status = print_commands(&a, &trainer, &err);
    ablate_close(&a);
    return status ? cli_fail(&err) : EXIT_DONE;
  }
  shower s = {.study = a.study,
              .stopping = cli_progress_start(true),
              .on_terminal = cli_line_wanted(o->quiet),
              .lines = !o->quiet,
              .seconds_left = NAN};
  if (!status) status = run_plan(&a, o, &trainer, &s, &err);
  cli_progress_end();
  if (!status && !o->quiet) print_end(&a, path);
  int code = status ? cli_fail(&err) : EXIT_DONE;
  if (status == OCKHAM_INTERRUPTED) fprintf(stderr, "ockham: the same command goes on from there\n");
  ablate_close(&a);
  return code;
}

static int run(int n_arguments, char **arguments, const cli_command *command) {
  run_options options = {0};
  bool stop;
  int n, code = cli_parse(command, n_arguments, arguments, &options, &n, &stop);
  return stop ? code : run_study(arguments[0], &options);
}

static const char details[] =
    "Each run is a process on one core; its lines 'METRIC name=value' are its result, and what it prints is kept in a\n"
    "file. After Ctrl-C, or whatever ends it, the same command goes on: only runs that were under way are lost.";

const cli_command cmd_ablate_run = {
    "ablate run", "STUDY [options]", "run what the plan holds and the journal lacks", details, 1, 1, true, option_table,
    run};

const cli_command cmd_ablate_resume = {
    "ablate resume", "STUDY [options]", "the same: go on with it", details, 1, 1, true, option_table, run};
