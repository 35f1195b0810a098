/* SPDX-License-Identifier: Apache-2.0 */
/* The journal inside: a row for each run that has ended, kept in memory as well. Another row of the same key is another
 * go at the same run, and takes its place. One process writes at a time: it holds a lock on a file in the folder of
 * runs, which the system lets go of however the process ends. */
#ifndef OCK_ABLATE_JOURNAL_H
#define OCK_ABLATE_JOURNAL_H

#include "ablate/command.h"
#include "ablate/metrics.h"

/* What tells a run from others of its study: what it is (a probe is no run of the design), scale, levels, seed, rate.
 */
void ock_run_key(const ockham_study *study, const ockham_run *run, ock_line *key);

/* "a=x b=y" */
void ock_levels_put(const ockham_study *study, const uint8_t *levels, ock_line *text);
/* The multiple of the rate; 1 where it is not said. */
double ock_rate_of(const ockham_run *run);

/* Words of purposes and outcomes, ended by NULL; which of them `word` is: the end's number when it is none. */
extern const char *const ock_purpose_words[OCKHAM_N_PURPOSES + 1], *const ock_outcome_words[OCKHAM_N_OUTCOMES + 1];
size_t ock_word_find(const char *const *words, const char *word);

typedef struct ock_row {
  const ockham_run *run; /* its id is the row's */
  const char *key;
  const ock_result *result;
  const ock_metrics *metrics; /* may be NULL */
  const char *command, *log;  /* may be NULL */
  double cpu_seconds;         /* NaN: not known */
  uint64_t began_ns, ended_ns;
} ock_row;

const ockham_study *ock_journal_study(const ockham_journal *journal);
/* NULL: it has not been run. journal NULL: nothing has. */
const ockham_run *ock_journal_find(const ockham_journal *journal, const char *key);
/* A number that no run has. */
uint64_t ock_journal_next_id(const ockham_journal *journal);
/* In a transaction of its own: it is there, or nothing is. */
ockham_status ock_journal_put(ockham_journal *journal, const ock_row *row, ockham_error *err);
/* All of it, for looking on; of NULL nothing. */
const ockham_run *ock_journal_all(const ockham_journal *journal, size_t *n);
/* The folder for logs, and the lock that is in it; made when there is none. */
const char *ock_journal_folder(const ockham_journal *journal);
ockham_status ock_journal_lock(ockham_journal *journal, ockham_error *err);
void ock_journal_unlock(ockham_journal *journal);
/* Many rows at once. */
ockham_status ock_journal_begin(ockham_journal *journal, ockham_error *err);
ockham_status ock_journal_commit(ockham_journal *journal, ockham_error *err);
void ock_journal_rollback(ockham_journal *journal); /* also of what is in memory */

/* What a cell's probes among these runs say. Where the best is the lowest or the highest that was tried, the next one
 * on that side is to be tried, at the same ratio, as long as the study widens; where all diverged, the next lower. */
typedef struct ock_rate_search {
  double best; /* 0: none that counts */
  size_t n_further;
  double further[OCK_MOST_WIDER]; /* beyond the study's own, all tried but for the last, which need not be */
  bool settled;                   /* nothing is left to try */
} ock_rate_search;
/* Mean loss of a cell's probes at one multiple; infinite without any that counts. *tried: there was one, however it
 * ended. */
double ock_rate_loss(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels,
                     double rate, bool *tried);
ock_rate_search ock_rate_find(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels);
/* The multiple of the rate at which a cell is run, by its probes among these runs; 0: none was probed. */
double ock_rate_choose(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels);

#endif
