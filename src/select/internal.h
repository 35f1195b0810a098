/* SPDX-License-Identifier: Apache-2.0 */
/* select: a clustering for every k, and which k to believe.
 * Main type: ockham_sweep (the best clustering found for each k, and the curve that criteria read).
 * Invariants: fits are in the units of the sweep's frame; fits[k - 1] is the best clustering with k clusters met so
 *   far; in the end the inertia never rises with k.
 * Threads: one sweep belongs to one thread, which lends its pool to the passes.
 * Source: going up, the cluster whose halves lower the inertia most is split; merges are traded for splits after
 *   Kaukoranta, Franti & Nevalainen, Optical Engineering 37, 1998; going down, Ward merges after Equitz, IEEE TASSP 37,
 *   1989 (doi:10.1109/29.35395). */
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
  double total_weight; /* of the rows */
  bool weighted;       /* they have weights that are not all 1 */
  size_t k_min, k_max; /* what is covered so far; k_max falls to the number of distinct rows */
  bool distinct_limit, extended, partial, exact;
  size_t silhouette_rows;         /* over which it was estimated; 0: it is exact, or not there */
  size_t searched_rows, n_passes; /* beyond memory; else 0 */
  const ockham_criterion *criterion;
  double seconds;
  const ock_frame *frame; /* own_frame, or borrowed by a sweep of some of the rows */
  ock_frame own_frame;
  ock_survey survey;
  ock_fit *fits; /* capacity k_capacity */
  size_t k_capacity;
  ockham_curve curve;
  ockham_curve_point *points;
  ockham_work work;
  struct ock_mixtures *mixtures;         /* NULL: none */
  struct ock_row_evidence *row_evidence; /* likewise */
  bool by_default;                       /* no criterion was asked for: other evidence may overrule BIC of mixtures */
  const ockham_mixture *chosen;          /* the mixture that decided; NULL: k-means did */
  uint64_t *sizes;                       /* of its clusters, all rows */
  double *weights, *within;
  ockham_pair_statistics *pairs;         /* of k_min ... k_max; NULL: none */
  size_t pair_rows;                      /* from which they are estimated; 0: they are of all rows, or not there */
  ockham_resample_statistics *resamples; /* k_min ... k_max; NULL: none */
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

/* A quick look at large tables: which k up to k_max BIC prefers on a sample of the rows, merged down from k_max.
 * *wide is set when floats cannot tell the rows apart. */
ockham_status ock_scout(ockham_rows x, const ock_frame *frame, bool *wide, size_t k_max, uint64_t seed, ock_pool *pool,
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

typedef enum ock_silhouettes { OCK_SILHOUETTES_NONE, OCK_SILHOUETTES_SIMPLIFIED, OCK_SILHOUETTES_ALL } ock_silhouettes;

/* All rows, and how to go through them. */
typedef struct ock_rows_in_order {
  ockham_rows x;
  const uint32_t *order; /* neighbours together, or NULL */
  bool wide;             /* floats cannot tell these rows apart */
  bool as_they_are;      /* measure only, without a step */
  ock_feed *feed;        /* where they come from when they are not in memory: x and order are not there then */
  double partial_bytes;  /* for sums; 0: a good size */
  bool plain;            /* look at every distance */
} ock_rows_in_order;
/* Settle those of the fits from ... k_max that are not yet, or with labels (n x number of these fits) all of them. */
ockham_status ock_settle_fits(ockham_sweep *sweep, const ock_rows_in_order *rows, size_t from, uint16_t *labels,
                              bool silhouettes, ock_pool *pool, ock_ticker *ticker, ockham_error *err);
/* The exact silhouette of every k. */
ockham_status ock_exact_silhouettes(ockham_sweep *sweep, const ock_rows_in_order *rows, ock_pool *pool,
                                    ock_ticker *ticker, ockham_error *err);

/* Copies of fits from ... k_max in the data's units (centroids still relative to the origin), in the arena. */
ockham_status ock_fits_in_data_units(const ockham_sweep *sweep, size_t from, ock_arena *arena, ock_fit **fits,
                                     ockham_error *err);

/* The nearest centroid of each row of x in each of the fits, whose centroids are in the units of x, relative to the
 * origin: label[p x.n_rows + i]. panel: scratch, x.n_columns x OCK_PANEL. */
void ock_fits_label(const ock_fit *fits, size_t n_fits, ockham_rows x, const double *origin, double *panel,
                    uint16_t *label);

/* ---- beyond memory: a sweep of a sample, whose fits are then settled on all rows ---- */

/* In memory: what was found is finished on as many rows as this holds, and then settled on all. */
static const double ock_store_most_bytes = 64e6;

/* What the parts of such a sweep may take. */
typedef struct ock_memory_plan {
  size_t sample_rows, k_limit; /* k_limit: how far the range may be extended */
  double store_bytes, partial_bytes, silhouette_bytes;
} ock_memory_plan;
/* BAD_ARGUMENT when it is too little, saying the least. k_max 0: the default range. */
ockham_status ock_plan_memory(size_t n_columns, double memory_bytes, size_t k_max, ock_memory_plan *plan,
                              ockham_error *err);
/* So many pairs of rows of a sample can be looked at for the silhouettes of k up to k_max. */
double ock_plan_pairs(const ock_memory_plan *plan, size_t n_columns, size_t k_max);
/* Copy the fits of a sweep of some rows that the whole does not have, to be settled. */
ockham_status ock_fits_adopt(ockham_sweep *whole, const ockham_sweep *some, ockham_error *err);
/* A fit for k from the one for k - 1: one of its clusters gets two centres, where the state of some rows says. Of a
 * second try its row that is farthest from its centroid is the new centre: that never has more inertia. */
ockham_status ock_fit_split(ockham_sweep *whole, ock_lloyd *state, size_t k, bool again, ockham_error *err);
/* Keep the fits before the first that is not settled, or that has more inertia than fewer clusters. */
void ock_fits_cut(ockham_sweep *whole);

bool ock_state_is_whole(const ock_lloyd *state, size_t k); /* k clusters, none of them empty */

/* Several labellings of the same rows. */
typedef struct ock_partitions {
  size_t n_partitions;
  const ock_fit *fits;   /* k, sizes and spread of each; when sampled also centroids and within */
  const uint16_t *label; /* label[i * n_partitions + p]: the cluster of row i in partition p */
  bool sampled;          /* fits are those of a larger table, the rows are some of its rows */
  const uint32_t *row;   /* n_evaluated rows over which the mean is taken; NULL: all */
  size_t n_evaluated;
  const double *weights; /* of all rows, by which means are taken; NULL: all 1 */
} ock_partitions;

/* Sum of the weights of the rows in cluster j. */
static inline double ock_fit_weight(const ock_fit *fit, size_t j) {
  return fit->weights ? fit->weights[j] : (double)fit->sizes[j];
}

/* Mean silhouettes of all partitions in one pass over the pairs of evaluated rows and all rows; variance, unless NULL,
 * receives half the mean square of the difference between a row's silhouette and the next one's, times what uneven
 * weights make of the variance of a mean.
 * A row of weight w stands for w rows at one place: w - 1 of them are further rows of its own cluster, at distance 0.
 * When sampled, the distance to a cluster that has few rows among ours is the root mean square that its centroid tells.
 * INTERRUPTED when the ticker stopped it, and nothing is written. O(n n_evaluated n_columns) time, and as long again at
 * worst (when no two rows share their clusters in all partitions); 4 bytes a value and up to some hundred a row. Sums
 * of distances have a relative error of 1e-6 at most, and 1e-8 usually. */
ockham_status ock_silhouettes_compute(ockham_rows x, const double *origin, const ock_partitions *partitions,
                                      ock_pool *pool, ock_ticker *ticker, double *silhouette, double *variance,
                                      ockham_error *err);

/* Estimate the silhouettes of fits k_min ... k_max of the sweep of x from some of the rows, with their standard errors,
 * looking at about so many pairs of rows. When it is stopped they stay as they are. */
ockham_status ock_silhouettes_estimate(ockham_sweep *sweep, ockham_rows x, double pairs, uint64_t seed, ock_pool *pool,
                                       ock_ticker *ticker, ockham_error *err);

#endif
