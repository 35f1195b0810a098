/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters cut in two by 2-means: what X-means, G-means and criteria of whole clusters ask of each. */
#ifndef OCK_SELECT_HALVES_H
#define OCK_SELECT_HALVES_H

#include "cluster/internal.h"
#include "stats/internal.h"

/* One cluster and its two halves; everything in the frame's units. */
typedef struct ock_halves {
  const uint32_t *member; /* n numbers of rows */
  size_t n;               /* 0: it is passed over */
  uint64_t stream;        /* of random numbers */
  double total;           /* sum of the rows' weights */
  double weight[2];       /* those of the halves; 0 when the rows do not differ */
  double within;          /* sum of squared distances of the rows to their mean */
  double gain;            /* by how much the halves lower that */
  double *mean;           /* d, the caller's room; so are: */
  double *variances;      /* d: of each column */
  double *means;          /* 2 x d: of the halves */
} ock_halves;

/* Reads rows as they are in memory, not as searches see them: rounded to floats, tight clusters would not pass for
 * normal. */
typedef struct ock_halver {
  ockham_rows x;
  const ock_frame *frame;
  const ock_kernels *kernels;
  uint64_t seed;
  bool restarts; /* try further starts: across the widest column, and from two rows each when rows are few */
  size_t most;   /* so many members tell where to cut; more are gone through in blocks of as many */
  struct ock_halver_worker *workers;
  struct ock_halver_large *large;  /* clusters of more members, and ... */
  struct ock_halver_block *blocks; /* ... their blocks: room for as many as x can have */
} ock_halver;
/* What it allocates stays with the arena; x and frame are borrowed. False when memory ran out. */
bool ock_halver_init(ock_halver *halver, ockham_rows x, const ock_frame *frame, uint64_t seed, const ock_pool *pool,
                     ock_arena *arena);

/* Cut n clusters that share no rows: 2-means from mean +- axis sqrt(2 variance / pi), the axis being the longest, found
 * by power iteration from a random start (Hamerly & Elkan, NIPS 2003). Of up to a thousand members the halves are a
 * fixed point, of more nearly one; some thousand tell where to halve more, and some steps of all follow. When the
 * ticker (NULL: none) stops it, nothing of it is to be used. */
void ock_halve(ock_halver *halver, ock_halves *halves, size_t n, ock_pool *pool, ock_ticker *ticker);
/* The members along the line through the two means: n values. One call a worker at a time. */
void ock_project_on_halves(const ock_halver *halver, const ock_halves *halves, size_t worker,
                           ock_weighted_value *values);

#endif
