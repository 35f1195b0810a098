/* SPDX-License-Identifier: Apache-2.0 */
/* Mixtures of Gaussians: what the files that fit them share among themselves. */
#ifndef OCK_CLUSTER_MIXTURE_H
#define OCK_CLUSTER_MIXTURE_H

#include <ockham/mixture.h>

#include "cluster/internal.h"

/* What k components add up to over the rows, by posterior probabilities and weights. */
typedef struct ock_moments {
  size_t k, d;
  bool full;
  double *weight;  /* k */
  double *mean;    /* k x d */
  double *scatter; /* k x ock_second_moments(): products of differences from the component's mean, summed */
} ock_moments;

/* Scratch for one covariance step, and what its inner iterations start from. */
typedef struct ock_shapes {
  double *common, *factor;                /* second moments each */
  double *volume;                         /* k */
  double *shape;                          /* k x d */
  double *vectors;                        /* k x d x d */
  double *orientation, *square;           /* d x d */
  bool oriented;                          /* there is an orientation from a step before */
} ock_shapes;
bool ock_shapes_init(ock_shapes *shapes, size_t k, size_t d, bool full, ock_arena *arena);

/* The covariances (k x ock_second_moments()) that maximise the likelihood under the family's constraint, given the
 * moments. False when one of them is singular. Source: Celeux & Govaert, Pattern Recognition 28, 1995
 * (doi:10.1016/0031-3203(94)00125-6); the common orientation of EVE and VVE by rotations of pairs of axes, Flury &
 * Gautschi, SIAM J. Sci. Stat. Comput. 7, 1986 (doi:10.1137/0907013). */
bool ock_covariance_step(ockham_covariance family, const ock_moments *moments, ock_shapes *shapes, double *covariance);

bool ock_covariance_is_full(ockham_covariance family);

/* ---- expectation and maximisation ---- */

typedef struct ock_em_block ock_em_block;
typedef struct ock_em_worker ock_em_worker;

/* A mixture over the rows of a store of doubles, in the frame's units. */
typedef struct ock_em {
  const ock_store *store;
  ock_pool *pool;
  ock_ticker *ticker; /* may be NULL */
  size_t k, d, k_max;
  ockham_covariance family;
  bool full;        /* covariances are triangles, else variances along the axes */
  bool prior;       /* a conjugate prior keeps components from collapsing */
  double floor;     /* no variance may be less */
  double *proportion; /* k */
  double *mean;       /* k x d */
  double *covariance; /* k x ock_second_moments() */
  double *factor;     /* the same: see ock_gaussian */
  double *log_scale;  /* k */
  double log_likelihood; /* of the rows, by their weights */
  size_t n_steps;
  bool converged;
  ock_moments moments;   /* what the last pass adds up to */
  double *total[2];      /* scatter of all rows: along the axes, full */
  ock_shapes shapes;
  size_t n_blocks;
  ock_em_block *blocks;
  ock_em_worker *workers;
  ock_arena arena;
} ock_em;

/* Room for k_max components; full: families of any orientation too. The store (of doubles), pool and ticker are borrowed
 * until _clear. Fails with NO_MEMORY. */
ockham_status ock_em_init(ock_em *em, const ock_store *store, size_t k_max, bool full, ock_pool *pool,
                          ock_ticker *ticker, ockham_error *err);
void ock_em_clear(ock_em *em);
/* Begin from the clusters of k centroids (k x d): the moments of their rows. One pass. */
void ock_em_start(ock_em *em, const double *centroids, size_t k, bool full);
/* Begin from memberships (n x k, by row of x, summing to 1 in each). One pass. */
void ock_em_start_from(ock_em *em, const double *membership, size_t k, bool full);
/* From the moments there are: steps until one raises the log-likelihood by less than `tolerance` (nats), or most_steps.
 * False when a component collapses. */
bool ock_em_run(ock_em *em, ockham_covariance family, size_t most_steps, double tolerance);
/* Where steps begin: the clusters of k centroids, or memberships. */
typedef struct ock_em_start_point {
  size_t k;
  const double *centroids;  /* k x d */
  const double *membership; /* n x k by row of x; NULL: the centroids */
} ock_em_start_point;
/* A family from a start; where a component collapses again, with the prior. False when that fails too, or the ticker
 * stopped it. */
bool ock_em_fit(ock_em *em, ockham_covariance family, const ock_em_start_point *start, size_t most_steps,
                double tolerance);

/* Factors and scales from proportions, means and covariances; false when one is singular. */
bool ock_em_take_factors(ock_em *em);
/* Where a pass is to put what rows say of their components; by row of x, each may be NULL. */
typedef struct ock_em_outputs {
  uint32_t *label;
  double *membership;  /* n x k */
  double *log_density; /* n */
} ock_em_outputs;
/* One more pass: also sums over the rows, by weights, of the logarithm of the largest membership, and of the entropy. */
void ock_em_classify(ock_em *em, const ock_em_outputs *outputs, double *log_certainty, double *entropy);

#endif
