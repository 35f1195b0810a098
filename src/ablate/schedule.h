/* SPDX-License-Identifier: Apache-2.0 */
/* Which run of a plan comes next: in the plan's order, but a run whose rate is to be chosen waits for the probes that
 * choose it. */
#ifndef OCK_ABLATE_SCHEDULE_H
#define OCK_ABLATE_SCHEDULE_H

#include "ablate/journal.h"

typedef struct ock_schedule {
  const ockham_study *study;
  const ockham_plan *plan;
  const ockham_journal *journal;
  const ockham_run_options *options;
  uint8_t *states; /* of the plan's runs */
  size_t n_wanted, n_done;
  size_t first;             /* those before it need not be looked at */
  bool failed;              /* memory ran out */
  double seconds, expected; /* by the clock, of runs that ended in this session; what was expected of the same */
} ock_schedule;

ockham_status ock_schedule_make(ock_schedule *schedule, const ockham_study *study, const ockham_plan *plan,
                                const ockham_journal *journal, const ockham_run_options *options, ockham_error *err);
void ock_schedule_clear(ock_schedule *schedule);
/* A run with its rate that can be started now; false: there is none, or not yet. */
bool ock_schedule_next(ock_schedule *schedule, size_t *number, ockham_run *run);
void ock_schedule_take(ock_schedule *schedule, size_t number); /* it is under way */
void ock_schedule_end(ock_schedule *schedule, size_t number);  /* it is in the journal */
/* How long that took. */
void ock_schedule_time(ock_schedule *schedule, size_t scale, double seconds);
/* NaN: not known. */
double ock_schedule_seconds_left(const ock_schedule *schedule, size_t n_at_a_time);

#endif
