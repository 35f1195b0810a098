/* SPDX-License-Identifier: Apache-2.0 */
/* `ockham ablate`: cmd_ablate.c has the sub-commands and what they share; ablate_plan.c, ablate_run.c,
 * ablate_tables.c and ablate_report.c do one thing each. */
#ifndef OCKHAM_CLI_ABLATE_H
#define OCKHAM_CLI_ABLATE_H

#include <ockham/ablate.h>
#include <ockham/lm.h>

#include "cli.h"

/* A study, its journal and its plan. Zero-initialise; ablate_close(). */
typedef struct ablate_study {
  ockham_study *study;
  ockham_journal *journal; /* NULL: there is none yet */
  char *journal_path;
  ockham_plan *plan;
  const ockham_run *runs; /* of the journal; the journal's */
  size_t n_runs;
} ablate_study;

/* Read the study and its journal: at `journal`, or beside the study (study.yaml has study.journal). make: also when
 * there is none. */
ockham_status ablate_open(const char *path, const char *journal, bool make, ablate_study *a, ockham_error *err);
/* There are runs to tell of; else what comes next. */
ockham_status ablate_check_runs(const ablate_study *a, const char *path, ockham_error *err);
/* The built-in trainer's text can be read; a study with a command needs none. */
ockham_status ablate_check_corpus(const ockham_study *study, ockham_error *err);
/* Plan what the study says, by what the journal has. */
ockham_status ablate_plan(ablate_study *a, ockham_error *err);
/* What the plan takes and can show, by what the journal has now. */
ockham_status ablate_predict(ablate_study *a, ockham_error *err);
/* The multiple of the rate of each of the plan's runs, 0 where probes are to tell; free() *rates. */
ockham_status ablate_rates(const ablate_study *a, double **rates, ockham_error *err);
void ablate_close(ablate_study *a);

/* Print what can be said of a plan; runs: each of them, too. */
ockham_status ablate_print_plan(const ablate_study *a, bool runs, ockham_error *err);
/* Why it should not be run as it is: a line; NULL: nothing is in the way. */
const char *ablate_doubt(const ablate_study *a, char text[240]);

/* "1.5 h", "12 min", "8 s"; "unknown" of NaN. */
const char *ablate_duration(double seconds, char text[32]);
/* Whether output is to a terminal that shows UTF-8, or to a file. */
bool ablate_is_ascii(void);

extern const cli_command cmd_ablate_plan, cmd_ablate_run, cmd_ablate_resume, cmd_ablate_import, cmd_ablate_export,
    cmd_ablate_slurm, cmd_ablate_report;

#endif
