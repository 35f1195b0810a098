/* SPDX-License-Identifier: Apache-2.0 */
/* ablate: studies of changes: designs, runs, the journal, and what the runs say.
 * Main types: ockham_study (what was asked), ockham_run (what was found), ockham_ablation (the answer).
 * Invariants: the answer is a function of study, runs and options alone; a run's number never changes its meaning.
 * Threads: the bootstrap runs on a pool, sums are ordered; the journal belongs to one thread.
 * Source: Hoffmann et al., 2022 (arXiv:2203.15556); Gundlach et al., 2025 (arXiv:2511.21622) for the compute-equivalent
 * gain as a function of compute; Box, Hunter & Hunter, Statistics for experimenters, 2005, for designs. */
#ifndef OCK_ABLATE_INTERNAL_H
#define OCK_ABLATE_INTERNAL_H

#include <ockham/ablate.h>

#include "core/internal.h"

/* ---- stability.c: what became of runs ---- */

/* A run that did not stay below the loss of a model that has learned nothing has diverged, whatever it was called. */
bool ock_run_diverged(const ockham_study *study, const ockham_run *run);
bool ock_has_failed(ockham_outcome outcome); /* or timed out */
bool ock_has_ended(ockham_outcome outcome);  /* done, or diverged */
typedef struct ock_level_count {
  size_t n_runs, n_diverged, n_failed;
} ock_level_count;
/* Runs at a level of a factor. takes: n_runs, which of them count (NULL: all); scale: SIZE_MAX for all. */
ock_level_count ock_level_count_runs(const ockham_study *study, const ockham_run *runs, size_t n_runs,
                                     const bool *takes, size_t factor, size_t level, size_t scale);

#endif
