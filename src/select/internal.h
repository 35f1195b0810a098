/* SPDX-License-Identifier: Apache-2.0 */
/* select: a clustering for every k, and which k to believe.
 * Main type: ockham_sweep (the best clustering found for each k, and the curve that criteria read).
 * Invariants: fits are in the units of the sweep's frame; fits[k - 1] is the best clustering with k clusters met so
 * far; in the end the inertia never rises with k. Threads: one sweep belongs to one thread, which lends its pool to the
 * passes. Source: going up, the cluster whose halves lower the inertia most is split; merges are traded for splits
 * after Kaukoranta, Franti & Nevalainen, Optical Engineering 37, 1998; going down, Ward merges after Equitz, IEEE TASSP
 * 37, 1989 (doi:10.1109/29.35395). */
#ifndef OCK_SELECT_INTERNAL_H
#define OCK_SELECT_INTERNAL_H

#include <ockham/select.h>

#include "cluster/internal.h"
#include "core/internal.h"

/* What the rows are like, whatever k is. */
typedef struct ock_survey {
  size_t n_varying;
  double variance_floor;
  double total;
} ock_survey;

struct ockham_sweep {
  size_t n, d;
  size_t k_min, k_max; /* what is covered so far; k_max falls to the number of distinct rows */
  bool distinct_limit, extended, partial, exact, silhouette_skipped;
  const ockham_criterion *criterion;
  double seconds;
  const ock_frame *frame; /* borrowed while the sweep is made */
  ock_survey survey;
  ock_fit *fits; /* capacity k_capacity */
  size_t k_capacity;
  ockham_curve curve;
  ockham_curve_point *points;
  uint64_t n_distances, n_distances_plain; /* computed, and what steps that look at all pairs would have computed */
  double *shown; /* centroids, within and spread of all points, in the data's units: what the curve shows */
};

/* Everything a climb needs besides the sweep. */
typedef struct ock_climb {
  ockham_sweep *sweep;
  ock_lloyd *state;
  uint64_t seed;
  ock_ticker *ticker;
  bool too_fine; /* clusters are so small that floats cannot tell their rows apart: nothing more is kept */
} ock_climb;

ockham_status ock_sweep_new(const ock_frame *frame, const ockham_sweep_options *options, ockham_sweep **sweep,
                            ockham_error *err);
/* Make room for fits up to k. */
ockham_status ock_sweep_reserve(ockham_sweep *sweep, size_t k, ockham_error *err);
/* Show fits k_min ... k_max, all of which must exist, as the curve. */
ockham_status ock_sweep_build_curve(ockham_sweep *sweep, ockham_error *err);
/* Up to which k there are fits without a gap. */
size_t ock_sweep_count_fits(const ockham_sweep *sweep);

/* At most n_sample rows from all over n: *rows receives their numbers, ascending, for ock_free(); NULL when all n are
 * taken. Returns how many there are. */
ockham_status ock_rows_sample(size_t n, size_t n_sample, uint64_t seed, uint32_t **rows, ockham_error *err);

/* A quick look at large tables: which k up to k_max BIC prefers on a sample of the rows, merged down from k_max. */
ockham_status ock_scout(ockham_rows x, const ock_frame *frame, size_t k_max, uint64_t seed, ock_pool *pool,
                        ock_ticker *ticker, size_t *k, ockham_error *err);

/* Count the columns that vary and find the least variance that the data's resolution lets us see; `total` is the sum of
 * squares about the mean. */
ockham_status ock_survey_rows(ockham_rows x, const ock_frame *frame, double total, ock_survey *survey,
                              ockham_error *err);

/* Keep the state as the fit for its k if it is better than the one there (and no cluster is empty). Passes
 * stop early (leaving what they have) when the ticker says so. */
ockham_status ock_climb_up(ock_climb *climb, size_t from, size_t to, ockham_error *err);
ockham_status ock_climb_down(ock_climb *climb, size_t from, size_t to, ockham_error *err);
/* Few centres have few neighbours to split or merge into: for k = 2 ... to also some independent starts each. */
ockham_status ock_climb_afresh(ock_climb *climb, size_t to, ockham_error *err);
/* A fit for k from the one for k - 1. */
ockham_status ock_climb_grow(ock_climb *climb, size_t k, ockham_error *err);

typedef enum ock_silhouettes { OCK_SILHOUETTES_NONE, OCK_SILHOUETTES_SIMPLIFIED, OCK_SILHOUETTES_ALL } ock_silhouettes;

/* All rows, and how to go through them. */
typedef struct ock_rows_in_order {
  ockham_rows x;
  const uint32_t *order; /* neighbours together, or NULL */
  bool wide;             /* floats cannot tell these rows apart */
} ock_rows_in_order;
/* Settle those of the fits from ... k_max that are not yet, or with labels (n x number of these fits) all of them. */
ockham_status ock_settle_fits(ockham_sweep *sweep, const ock_rows_in_order *rows, size_t from, uint16_t *labels,
                              bool silhouettes, ock_pool *pool, ock_ticker *ticker, ockham_error *err);
/* The exact silhouette of every k. */
ockham_status ock_exact_silhouettes(ockham_sweep *sweep, const ock_rows_in_order *rows, ock_pool *pool,
                                    ock_ticker *ticker, ockham_error *err);

bool ock_state_is_whole(const ock_lloyd *state, size_t k); /* k clusters, none of them empty */

/* Exact mean silhouettes of n_partitions labellings of the rows of x in one pass over the pairs of rows. Partition p
 * has k[p] clusters of sizes[p][...]; label[i * n_partitions + p] is the cluster of row i. Partial results: false when
 * the ticker stopped it, and nothing is written. O(n^2 (d + n_partitions)) time. */
typedef struct ock_partitions {
  size_t n_partitions;
  const size_t *k;
  const uint64_t *const *sizes;
  const uint16_t *label;
} ock_partitions;
ockham_status ock_silhouettes_exact(ockham_rows x, const double *origin, const ock_partitions *partitions,
                                    ock_pool *pool, ock_ticker *ticker, double *silhouette, ockham_error *err);

#endif
