/* SPDX-License-Identifier: Apache-2.0 */
/* Mixtures of Gaussians: what the files that fit them share among themselves. */
#ifndef OCK_CLUSTER_MIXTURE_H
#define OCK_CLUSTER_MIXTURE_H

#include <ockham/mixture.h>

#include "cluster/internal.h"
#include "stats/internal.h"

/* What k components add up to over the rows, by posterior probabilities and weights. */
typedef struct ock_moments {
  size_t k, d;
  bool full;
  double *weight;  /* k */
  double *mean;    /* k x d */
  double *scatter; /* k x ock_second_moments(): products of differences from the component's mean, summed */
} ock_moments;

/* What a covariance step needs. Between steps it is free for other uses, but for the orientation, which the next step
 * begins with. d x d: only where families are of any orientation. */
typedef struct ock_covariance_scratch {
  double *common, *factor;      /* second moments each */
  double *volume;               /* k */
  double *shape;                /* k x d */
  double *vectors;              /* k x d x d */
  double *orientation, *square; /* d x d */
  bool oriented;                /* there is an orientation from a step before */
  ock_watch watch;              /* may stop a step; that of no ticker at first */
} ock_covariance_scratch;
bool ock_covariance_scratch_init(ock_covariance_scratch *scratch, size_t k, size_t d, bool full, ock_arena *arena);

/* The covariances (k x ock_second_moments()) that maximise the likelihood under the family's constraint, given the
 * moments. False when one of them is singular, but those of EEE and VVV are not looked at, and when the ticker of
 * scratch->watch stopped it. Source: Celeux & Govaert,
 * Pattern Recognition 28, 1995 (doi:10.1016/0031-3203(94)00125-6); the common orientation of EVE and VVE by rotations
 * of pairs of axes, Flury & Gautschi, SIAM J. Sci. Stat. Comput. 7, 1986 (doi:10.1137/0907013). */
bool ock_covariance_step(ockham_covariance family, const ock_moments *moments, ock_covariance_scratch *scratch,
                         double *covariance);

bool ock_covariance_is_full(ockham_covariance family);
/* Whether matrices of d columns are worth a try, by themselves: for more than so many rows a column, and up to 64
 * columns, beyond which decomposing them takes out of proportion. */
bool ock_covariance_may_be_full(size_t n, size_t d, size_t rows_a_column);
/* Whether a component has one variance for all columns: EII, VII. In one column every family is one of these. */
bool ock_covariance_is_spherical(ockham_covariance family);

/* ---- expectation and maximisation ---- */

typedef struct ock_em_block ock_em_block;
typedef struct ock_em_worker ock_em_worker;

/* A mixture over the rows of a store of doubles, in the frame's units. */
typedef struct ock_em {
  const ock_store *store;
  const ock_kernels *kernels;
  ock_pool *pool;
  ock_ticker *ticker; /* may be NULL */
  size_t k, d, k_max;
  ockham_covariance family;
  bool full;     /* covariances are triangles, else variances along the axes */
  bool prior;    /* a conjugate prior keeps components from collapsing */
  bool fit_tail; /* also find: */
  double tail;   /* how light tails are: see ock_gaussian */
  double stride; /* the share of a whole step that is taken where tails are light: less after one that went too far */
  double power;  /* sum over rows and components of m^tail */
  double *floor; /* d: no variance along a column may be less; 0 at first */
  double level_floor;      /* the mean of these, for spheres */
  double *proportion;      /* k */
  double *mean;            /* k x d */
  double *covariance;      /* k x ock_second_moments() */
  double *factor;          /* the same: see ock_gaussian */
  double *log_scale;       /* k */
  double *widest;          /* k: no less than a component's variance in any direction */
  double *middle, *radius; /* of each panel: d, and the largest distance of its rows from that */
  double log_likelihood;   /* of the rows, by their weights */
  size_t n_steps;
  bool converged;
  ock_moments moments; /* what the last pass adds up to */
  double *total[2];    /* scatter of all rows: along the axes, full */
  ock_covariance_scratch scratch;
  size_t n_blocks;
  ock_em_block *blocks;
  ock_em_worker *workers;
  ock_arena arena;
} ock_em;

/* Room for k_max components; full: families of any orientation too. The store (of doubles), pool and ticker are
 * borrowed until _clear. The ticker stops what takes long at any place: then steps return false, and moments,
 * covariances and what a pass was to put somewhere hold anything. Fails with NO_MEMORY. */
ockham_status ock_em_init(ock_em *em, const ock_store *store, size_t k_max, bool full, ock_pool *pool,
                          ock_ticker *ticker, ockham_error *err);
void ock_em_clear(ock_em *em);
/* The scatter of all rows, along the axes and (full) in any orientation: what the least variance and the prior need. */
void ock_em_measure_rows(ock_em *em, bool full);
/* Begin from the clusters of k centroids (k x d): the moments of their rows. One pass. */
void ock_em_start(ock_em *em, const double *centroids, size_t k, bool full);
/* Begin from memberships (n x k, by row of x, summing to 1 in each). One pass. */
void ock_em_start_from(ock_em *em, const double *membership, size_t k, bool full);
/* From the moments there are: steps until one changes the log-likelihood by less than `tolerance` (nats), or
 * most_steps. False when a component collapses. */
bool ock_em_run(ock_em *em, ockham_covariance family, size_t most_steps, double tolerance);
/* Go on where most_steps ended it: up to so many in all. */
bool ock_em_go_on(ock_em *em, size_t most_steps, double tolerance);
/* From the mixture there is, its family and tail: up to most_steps more. */
bool ock_em_resume(ock_em *em, size_t most_steps, double tolerance);
/* From the mixture there is to moments with one component less: the two whose rows are best told by one. False when
 * that cannot be said, or k is 1. */
bool ock_em_merge(ock_em *em);
/* Keep the moments of em, with k, in `to` (room for k_max), and put them back. */
void ock_em_save(const ock_em *em, ock_moments *to);
void ock_em_restore(ock_em *em, const ock_moments *from);
bool ock_moments_init(ock_moments *moments, size_t k_max, size_t d, bool full, ock_arena *arena);
/* 1e-10 of the columns' mean variance: a component with less has collapsed. After ock_em_measure_rows(). */
double ock_em_least_variance(const ock_em *em);
/* In the data's units, what was reached; BIC counts the tail where it was found. */
double ock_em_log_likelihood(const ock_em *em);
double ock_em_parameters(const ock_em *em);
/* How many times the matrices of components, as `covariance` has them, their covariances are; 1 for the Gaussian. */
double ock_tail_spread(double tail, size_t d);
/* The mixture there is, in the data's units, and what it is worth; labels (n) by row of x, or NULL. What `to` held is
 * freed. Fails with NO_MEMORY. Where the ticker stops it, labels, ICL and entropy are anything. */
ockham_status ock_em_write(ock_em *em, ockham_mixture *to, uint32_t *labels, ockham_error *err);
/* Put a mixture in the data's units into the state; full: covariances as triangles even where it is along the axes.
 * False when one is singular, or there is no mixture. */
bool ock_em_put(ock_em *em, const ockham_mixture *mixture, bool full);
/* No variance may be less than these d, which may be those of em itself; 0 until then. */
void ock_em_set_floor(ock_em *em, const double *floor);
/* The moments of the rows by the mixture there is, and its log-likelihood. One pass. */
void ock_em_measure(ock_em *em);
/* Forget all but the variances of the moments there are. */
void ock_em_flatten(ock_em *em);
/* Factors and scales from proportions, means and covariances; false when one is singular. */
bool ock_em_take_factors(ock_em *em);
/* Where a pass is to put what rows say of their components; by row of x, each may be NULL. */
typedef struct ock_em_outputs {
  uint32_t *label;
  double *membership;  /* n x k */
  double *log_density; /* n */
} ock_em_outputs;
/* One more pass: also sums over the rows, by weights, of the logarithm of the largest membership, and of the entropy
 * (which takes its time; NULL: not wanted). */
void ock_em_classify(ock_em *em, const ock_em_outputs *outputs, double *log_certainty, double *entropy);

#endif
