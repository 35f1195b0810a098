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

/* One cluster of another shape. */
typedef struct ock_single {
  ockham_shape shape;
  double log_likelihood, bic; /* bic: -infinity where there is none */
} ock_single;
/* The best of these for the rows of a store of doubles, in the data's units; full: of any orientation too. Fails with
 * NO_MEMORY. */
ockham_status ock_single_find(const ock_store *store, bool full, ock_pool *pool, ock_single *best, ockham_error *err);

typedef struct ock_mixtures {
  size_t n_rows; /* they were fitted to */
  size_t k_max;
  double best;               /* bic ... */
  size_t best_k;             /* ... and its number of components */
  bool full;                 /* families of any orientation were tried */
  ock_mixture_score *scores; /* k_max x OCK_MIXTURES */
  ock_single single;         /* one cluster, where k = 1 was tried */
} ock_mixtures;
static inline ock_mixture_score *ock_mixture_at(const ock_mixtures *m, size_t k, size_t which) {
  return &m->scores[(k - 1) * OCK_MIXTURES + which];
}

/* Fit them for the sweep's k_min to at most k components, on up to 12,000 of the rows; k_round: the number of clusters
 * by k-means. When the ticker stops it the rest are
 * not fitted. Fails with NO_MEMORY. */
ockham_status ock_mixtures_find(const ockham_sweep *sweep, ockham_rows x, size_t k, size_t k_round, uint64_t seed,
                                ock_pool *pool, ock_ticker *ticker, ock_mixtures *mixtures, ockham_error *err);
void ock_mixtures_clear(ock_mixtures *mixtures);

#endif
