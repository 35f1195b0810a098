/* SPDX-License-Identifier: Apache-2.0 */
/* Mixtures of Gaussians, and of components with other tails, for every k of a sweep. */
#ifndef OCK_SELECT_MIXTURES_H
#define OCK_SELECT_MIXTURES_H

#include "cluster/mixture.h"
#include "select/internal.h"

/* What one mixture is worth on the rows it was fitted to, in the data's units. */
typedef struct ock_mixture_score {
  double log_likelihood, bic, icl; /* bic, icl: -infinity where it could not be fitted */
  double tail;
  bool fitted;
} ock_mixture_score;

/* Families by two: the Gaussian tail, and one that was found. */
enum { OCK_MIXTURES = 2 * OCKHAM_N_COVARIANCES };

/* What the values of a column are like, in the frame's units. */
typedef struct ock_grain {
  double gap;             /* the least between two values, where many repeat; else 0 */
  double step;            /* the same where all values are on a grid, and rows have no weights; else 0 */
  size_t n_different;     /* values */
  double middle_variance; /* of a Gaussian with the quartiles of the column */
} ock_grain;
/* Of each column of a store of doubles (d). False when memory ran out. */
bool ock_grain_find(const ock_store *store, ock_grain *grain);
/* Spread values of such a store that are on a grid evenly over their step. */
void ock_grain_spread(ock_store *store, const ock_grain *grain, uint64_t seed);

/* One cluster of another shape. */
typedef struct ock_single {
  ockham_shape shape;
  double log_likelihood, bic; /* bic: -infinity where there is none */
} ock_single;
/* The best of these for the rows of a store of doubles, in the data's units; full: of any orientation too; floor: d, no
 * variance may be less. Not to be used when the ticker stopped it. Fails with NO_MEMORY. */
ockham_status ock_single_find(const ock_store *store, bool full, const double *floor, ock_pool *pool,
                              ock_ticker *ticker, ock_single *best, ockham_error *err);

/* What random halves of the rows say, and what tells the chosen mixture from others. */
typedef struct ock_doubts {
  size_t n_halves;
  size_t *says;            /* k_max: how many halves say k */
  size_t merge_a, merge_b; /* the components that overlap most ... */
  double overlap;          /* ... and the share of their rows that may be in either; 0: there is only one */
  size_t n_peaks;          /* groups of components without a gap between them; 0: not known */
  size_t split;            /* the component that is two with one more */
  bool has_split;
  size_t n_bent;     /* groups of connected rows that have no centre ... */
  double bent_share; /* ... and their share of the rows */
  double z;          /* of ock_significance_ask(); NaN: it was not asked */
  bool like_one;     /* that says one cluster */
} ock_doubts;

typedef struct ock_mixtures {
  size_t n_rows; /* they were fitted to */
  size_t k_max;
  double best;               /* bic ... */
  size_t best_k;             /* ... and its number of components */
  size_t k;                  /* what is decided in the end: another where other evidence overrules BIC */
  bool full;                 /* families of any orientation were tried */
  ock_grain *grain;          /* d */
  ock_mixture_score *scores; /* k_max x OCK_MIXTURES */
  ock_single single;         /* one cluster, where k = 1 was tried */
  ockham_mixture *kept;      /* k_max: the best with k components, in the data's units, where it comes near the best of
                                all; else without components */
  double *kept_bic;          /* k_max */
  ock_doubts doubts;
} ock_mixtures;
static inline ock_mixture_score *ock_mixture_at(const ock_mixtures *m, size_t k, ockham_covariance family, bool tail) {
  return &m->scores[(k - 1) * OCK_MIXTURES + 2 * (size_t)family + tail];
}
/* The best of what tells k clusters: for one, also the other shapes. -infinity where there is nothing. */
static inline double ock_mixtures_best_bic(const ock_mixtures *m, size_t k) {
  return k == 1 ? fmax(m->kept_bic[0], m->single.bic) : m->kept_bic[k - 1];
}

typedef struct ock_mixtures_question {
  ockham_rows x;
  size_t k_max, k_round; /* up to how many components; the number of clusters by k-means */
  uint64_t seed;
  bool doubts;       /* also find what speaks against the answer */
  double most_bytes; /* what may be taken; 0: as much as is good */
  bool by_default;   /* no criterion was asked for: other evidence may overrule BIC */
} ock_mixtures_question;
/* Fit them for the sweep's k_min to at most k_max components, on up to 12,000 of the rows. When the ticker stops it the
 * rest are not fitted. Fails with NO_MEMORY. */
ockham_status ock_mixtures_find(const ockham_sweep *sweep, const ock_mixtures_question *question, ock_pool *pool,
                                ock_ticker *ticker, ock_mixtures *mixtures, ockham_error *err);
/* Whether there is something to compare: mixtures of more than one component too, and of rows that are not a few which
 * repeat (is_limited: the distinct rows are the last k), unless they were spread. */
bool ock_mixtures_can_decide(const ock_mixtures *mixtures, size_t d, bool is_limited);
/* What n rows that share themselves between k components by these weights pay for parameters, on the scale of BIC. */
double ock_mixture_price(ockham_covariance family, bool tail, const double *weight, size_t k, size_t d);
/* Fit what was kept to random halves of the rows of the store, and see which k each of them prefers. */
ockham_status ock_half_samples_ask(ock_mixtures *m, const ock_store *store, ockham_rows x, const double *floor,
                                   uint64_t seed, ock_pool *pool, ock_ticker *ticker, ockham_error *err);
/* By how many standard deviations clusters of the rows of the store, m->k of them, are less tight than those of one
 * Gaussian with their covariance; whether that is so little below 0 that there is one cluster. */
ockham_status ock_significance_ask(ock_mixtures *m, const ock_store *store, uint64_t seed, ock_pool *pool,
                                   ock_ticker *ticker, ockham_error *err);
/* What tells the mixture with m->k components from its neighbours, by the rows of the store. */
ockham_status ock_doubts_find(ock_mixtures *m, const ock_store *store, ockham_rows x, ock_pool *pool,
                              ockham_error *err);
/* Whether rows hang together in groups that are bent. */
ockham_status ock_bent_find(ock_mixtures *m, const ock_store *store, uint64_t seed, ock_pool *pool, ock_ticker *ticker,
                            ockham_error *err);
void ock_mixtures_clear(ock_mixtures *mixtures);

/* The mixture that decided, if one did, becomes the sweep's clusters: count the rows x of each. */
ockham_status ock_sweep_take_mixture(ockham_sweep *sweep, ockham_rows x, size_t threads, ockham_error *err);

#endif
