/* SPDX-License-Identifier: Apache-2.0 */
/* cluster: k-means on rows that stay where they are, as a state whose centres can be moved, inserted, split and merged.
 * Main type: ock_lloyd (labels, centres, and bounds on distances that survive all of these changes).
 * Invariants: upper[i] is at least the distance from row i to its centre, lower[i] at most the distance to every other
 *   centre; after ock_lloyd_measure(), _assign(), or a change of centres in a measured state every upper[i] is exact.
 *   Equal distances go to the lower number when labels are searched. Sums are float64, taken block by block in order.
 * Threads: one state belongs to one thread, which lends its pool; results do not depend on the pool's size.
 * Source: Hamerly, SDM 2010 (doi:10.1137/1.9781611972801.12); greedy k-means++ after Arthur & Vassilvitskii, SODA 2007;
 *   merging after Ward, JASA 58, 1963 (doi:10.1080/01621459.1963.10500845). */
#ifndef OCK_CLUSTER_INTERNAL_H
#define OCK_CLUSTER_INTERNAL_H

#include <ockham/cluster.h>

#include "core/internal.h"
#include "kernels/internal.h"

enum { OCK_MAX_CANDIDATES = 12 };

typedef struct ock_lloyd_block ock_lloyd_block;   /* what one block of rows adds up */
typedef struct ock_lloyd_worker ock_lloyd_worker; /* scratch of one thread */

typedef struct ock_lloyd {
  ockham_rows x;
  size_t n, d;
  size_t k, k_max;
  double *origin;      /* d: the mean of x; everything below is relative to it, so that offsets cost no digits */
  double *centroids;   /* k x d */
  double *sums;        /* k x d: sum of the rows of each cluster */
  uint64_t *counts;    /* k */
  uint32_t *label;     /* n */
  double *upper;       /* n: distances, not squared */
  double *lower;       /* n */
  double *within;      /* k: sum of squared distances to the centre, as of the last measure or assign */
  double *spread;      /* k: sum of distances to the centre, likewise */
  double inertia;      /* sum of within */
  size_t n_iterations; /* of ock_lloyd_run() since the state was made */

  const ock_kernels *kernels;
  ock_pool *pool;
  ock_ticker *ticker; /* may be NULL */
  ock_arena arena;
  size_t n_blocks;
  ock_lloyd_block *blocks;
  ock_lloyd_worker *workers;
  uint32_t *order;    /* k_max: for sorting */
  double *drift;      /* k_max: how far each centre moved in the last step */
  double *half_gap;   /* k_max: half the distance to the nearest other centre, or 0 when not worth computing */
  double *previous;   /* k_max x d: the centres before the step; scratch for one position between steps */
  double *candidates; /* 2 OCK_MAX_CANDIDATES x d: positions in a contest */
} ock_lloyd;

/* Prepare for up to k_max centres (at most n); no centre is set yet. x has been checked; x, pool and ticker are
 * borrowed until _clear. Fails with NO_MEMORY, and with BAD_DATA when squares of x would overflow. */
ockham_status ock_lloyd_init(ock_lloyd *s, ockham_rows x, size_t k_max, ock_pool *pool, ock_ticker *ticker,
                             ockham_error *err);
void ock_lloyd_clear(ock_lloyd *s);

/* Put k centres (relative to the origin) and search the nearest for every row: O(n k d). Clusters may be empty. */
void ock_lloyd_assign(ock_lloyd *s, const double *centroids, size_t k);

/* Lloyd's steps until no label changes, until a step can lower the inertia by no more than tolerance times it, or
 * max_iterations. Clusters that run empty get the row that is farthest from its centre; when every row lies on a centre
 * they are dropped, and k falls. Returns true when it ended by convergence. Leaves the state measured. */
bool ock_lloyd_run(ock_lloyd *s, size_t max_iterations, double tolerance);

/* Number the centres by falling size (earlier numbers first among equals), and assign. */
void ock_lloyd_sort(ock_lloyd *s);

/* Make upper exact and compute within, spread and inertia: O(n d). */
void ock_lloyd_measure(ock_lloyd *s);

/* Choose a row as a further centre: of n_candidates rows drawn with probability proportional to their squared distance
 * to their centre, the one that would lower the inertia most. False when every row lies on its centre. The state must
 * be measured. gain is that drop; position receives d values. */
bool ock_lloyd_propose(ock_lloyd *s, ock_rng *rng, size_t n_candidates, double *position, double *gain);

/* Choose a cluster to split and where: each of n_candidates rows, drawn as above, suggests to cut its own cluster by
 * the plane through the centre across the way to the row, and a few steps of 2-means inside the cluster improve the
 * cut; the one that lowers the inertia most wins. In many dimensions a row itself is no good position for a centre (it
 * is as far from its own cluster's rows as from others'), the mean of half a cluster is. positions receives 2 x d
 * values, for centre *j and for a new one. False when every row lies on its centre. The state must be measured. */
bool ock_lloyd_propose_split(ock_lloyd *s, ock_rng *rng, size_t n_candidates, size_t *j,
                             double *positions); /* positions may be s->candidates */

/* The changes of the set of centres; labels and bounds follow in one pass over the rows. */
void ock_lloyd_insert(ock_lloyd *s, const double *position);           /* as centre k */
void ock_lloyd_split(ock_lloyd *s, size_t j, const double *positions); /* centre j and a new one, as proposed */
void ock_lloyd_merge(ock_lloyd *s, size_t a, size_t b);                /* into their mean; both may be empty */
void ock_lloyd_move(ock_lloyd *s, size_t j, const double *position);   /* one centre, anywhere */

/* Greedy k-means++ from nothing: up to k centres, fewer when the rows are not that distinct. */
void ock_lloyd_seed(ock_lloyd *s, size_t k, ock_rng *rng);
size_t ock_lloyd_n_candidates(size_t k); /* 2 + floor(ln k) */

/* Squared distance between two points of d coordinates. */
double ock_squared_distance(const double *a, const double *b, size_t d);

/* ---- one column: the global optimum for every k at once ---- */

typedef struct ock_exact1d {
  size_t n, n_distinct, k_max; /* k_max: at most n_distinct */
  double *value;               /* n_distinct, ascending */
  double *weight_before;       /* n_distinct + 1: rows before each value */
  uint32_t *first;             /* k_max x n_distinct: where the last cluster begins, for each k and prefix */
} ock_exact1d;

/* True when the tables for n rows and k_max fit the memory we allow them (1 GiB). */
bool ock_exact1d_fits(size_t n, size_t k_max);
/* O(n log n + k n log n) time, 4 k n bytes. Fails with NO_MEMORY, INTERRUPTED. */
ockham_status ock_exact1d_init(ock_exact1d *e, ockham_rows x, size_t k_max, ock_ticker *ticker, ockham_error *err);
/* The optimal k <= k_max centroids, ascending. */
void ock_exact1d_centroids(const ock_exact1d *e, size_t k, double *centroids);
void ock_exact1d_clear(ock_exact1d *e);

#endif
