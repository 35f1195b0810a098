/* SPDX-License-Identifier: Apache-2.0 */
/* Clusterings of other rows than the table's: each is a sweep of its own, so that all k cost one. Resamples are spread
 * over threads, each with one thread inside; what one says depends on the seed and its number only. */
#ifndef OCK_SELECT_RESAMPLES_H
#define OCK_SELECT_RESAMPLES_H

#include "select/evidence.h"

/* How many resamples of each kind. */
enum { OCK_REFERENCES = 50, OCK_SPLITS = 50, OCK_BOOTSTRAP_PAIRS = 50 };

/* The rows that are resampled, and what their own clusterings are. */
typedef struct ock_resampling {
  ockham_rows x;     /* n_rows x n_columns doubles, in the units of the sweep's frame */
  double unit;       /* of that */
  size_t k_max;      /* up to which these rows have clusterings */
  double *inertia;   /* k_max */
  uint16_t *label;   /* (k_max - 1) x n_rows: the cluster of each row, for k = 2 ... k_max */
  size_t *first_one; /* k_max + 2: where the clusters of each k begin when those of k = 2 ... are listed; then their
                        number */
  const ockham_sweep_options *options;
  ock_pool *pool;
  ock_ticker *ticker;
} ock_resampling;
static inline uint16_t *ock_labels_at(uint16_t *label, size_t n_rows, size_t k) {
  return label + (k - 2) * n_rows;
}

/* ---- one resample ---- */

/* What a piece of work is given. */
typedef struct ock_resample {
  size_t number;
  ock_rng rng;                     /* its own */
  const ockham_progress *progress; /* for its sweeps */
} ock_resample;
typedef ockham_status ock_resample_work(const ock_resampling *r, ock_resample *resample, void *results,
                                        ockham_error *err);

/* Do n pieces of work, `kind` telling their random numbers from those of others. INTERRUPTED when the ticker stopped
 * it; else fails as the first piece that does. */
ockham_status ock_resamples_run(const ock_resampling *r, const char *stage, size_t kind, size_t n,
                                ock_resample_work *work, void *results, ockham_error *err);

/* Sweep over rows in the units of r->x, for k up to r->k_max or the number of those that count; there is nothing but k
 * = 1, or NULL, when they are too much alike. Fails with NO_MEMORY, INTERRUPTED. */
ockham_status ock_resample_sweep(const ock_resampling *r, ock_resample *resample, ockham_rows x, const double *weights,
                                 ockham_sweep **sweep, ockham_error *err);
/* Up to which k there is a sweep. */
static inline size_t ock_resample_reach(const ockham_sweep *sweep) {
  return sweep ? sweep->k_max : 0;
}
/* The nearest centroid of such a sweep for each row of x: (sweep->k_max - 1) x x.n_rows labels, for k = 2 ... */
ockham_status ock_resample_label_rows(const ockham_sweep *sweep, ockham_rows x, uint16_t *label, ockham_error *err);
/* Of fits whose centroids are in the units of x, relative to the origin. */
ockham_status ock_resample_label_by_fits(const ock_fit *fits, size_t n_fits, ockham_rows x, const double *origin,
                                         uint16_t *label, ockham_error *err);

/* ---- what comes of them: written to the statistics of k = 1 ... r->k_max ---- */

/* References in the box of the columns (for gap and gap_star), or along the principal axes (for gap_pca). */
ockham_status ock_gap_gather(const ock_resampling *r, bool axes, ockham_resample_statistics *of, ockham_error *err);
ockham_status ock_prediction_strength_gather(const ock_resampling *r, ockham_resample_statistics *of,
                                             ockham_error *err);
/* Instability and Jaccard similarities. */
ockham_status ock_bootstrap_gather(const ock_resampling *r, ockham_resample_statistics *of, ockham_error *err);

/* Mean of n values, the first every `stride`; *error, unless NULL, its standard error. NaN if one is. */
double ock_mean_of(const double *values, size_t n, size_t stride, double *error);

/* ---- what two labellings of the same rows have in common ---- */

/* cells (k x k, k at most OCKHAM_RESAMPLE_K_LIMIT): how many rows, each counted `count` times (NULL: once), have label
 * i in a and j in b. */
void ock_cross_tabulate(const uint16_t *a, const uint16_t *b, const uint32_t *count, size_t n, size_t k,
                        uint32_t *cells);
/* The least share, over clusters i of a with two rows or more, of the pairs of its rows that b keeps together; 1 when
 * there is no such cluster. */
double ock_least_share_together(const uint32_t *cells, size_t k);
/* The share of ordered pairs of rows, equal ones included, that one keeps together and the other does not. */
double ock_share_disagreeing(const uint32_t *cells, size_t k);
/* For each cluster i of a its largest Jaccard similarity to one of b; 0 when it has no row. */
void ock_best_jaccard(const uint32_t *cells, size_t k, double *jaccard);

#endif
