/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which one pass over the pairs of rows serves many partitions at once. Rows are sorted by their labels,
 * so that rows that share their clusters in all partitions (atoms) lie together, and a distance is added up once for
 * each atom. Sums over atoms are then merged along a tree: a node stands for some consecutive partitions, its atoms
 * share their clusters in these; the leaves are the partitions themselves. */
#ifndef OCK_SELECT_PAIRING_H
#define OCK_SELECT_PAIRING_H

#include "select/internal.h"

#define OCK_FROM_PIECES SIZE_MAX

typedef struct ock_pair_node {
  size_t parent;   /* whose sums are merged into those of this one: an earlier node, or OCK_FROM_PIECES */
  size_t first, n; /* partitions; a leaf has n = 1, and its atoms are the clusters, numbered as in the labels */
  size_t n_from, n_atoms;
  uint32_t *into; /* n_from: the atom of this node that each atom of the parent, or piece, belongs to */
  size_t offset;  /* its sums begin at this atom of the n_sums of a worker */
} ock_pair_node;

typedef struct ock_pairing {
  double scale; /* what coordinates relative to the origin are multiplied with: no square overflows float32 */
  double unit;  /* what weights are multiplied with: none exceeds 1; 1 when there are none */
  size_t n_blocks, n_pieces;
  ock_pair_block *blocks;
  size_t *first_piece; /* of each block */
  size_t n_nodes, n_sums;
  ock_pair_node *nodes; /* those from pieces need their sums kept; others may share room once their subtree is done */
  ock_arena arena;
} ock_pairing;

ockham_status ock_pairing_init(ock_pairing *pairing, ockham_rows x, const double *origin,
                               const ock_partitions *partitions, ockham_error *err);
void ock_pairing_clear(ock_pairing *pairing);

#endif
