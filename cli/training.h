/* SPDX-License-Identifier: Apache-2.0 */
/* What `ockham train` shows: a line of progress, the account at the end, metrics, JSON, the table of levels. */
#ifndef OCKHAM_CLI_TRAINING_H
#define OCKHAM_CLI_TRAINING_H

#include <ockham/lm.h>

#include "cli.h"

/* A line on a terminal: step, loss, bits, speed, time left. Ctrl-C and SIGTERM stop the run at its next step.
 * cli_progress_end() ends it. */
typedef struct training_progress {
  ockham_progress progress; /* for the library */
  bool visible;
  double start_seconds, next_seconds;
  uint64_t first_done; /* steps that a checkpoint had, counted from at most one; UINT64_MAX: not told yet */
  ockham_lm_point before, last;
  double held_bits; /* the last that was measured; NaN: none yet */
} training_progress;
void training_progress_start(training_progress *progress, bool quiet);
void training_progress_point(void *progress, const ockham_lm_point *point);

void training_print_account(const ockham_lm_config *config, const ockham_lm_cost *cost, const ockham_lm_result *result,
                            const char *out);
/* The names are what a study's runner reads. */
void training_print_metrics(const ockham_lm_cost *cost, const ockham_lm_result *result);
ockham_status training_print_json(const ockham_lm_config *config, const ockham_lm_cost *cost,
                                  const ockham_lm_result *result, ockham_error *err);
/* The exit code. */
int training_print_levels(void);

#endif
