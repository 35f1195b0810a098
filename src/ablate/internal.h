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

#endif
