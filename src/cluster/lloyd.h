/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that implement ock_lloyd share among themselves. */
#ifndef OCK_CLUSTER_LLOYD_H
#define OCK_CLUSTER_LLOYD_H

#include "cluster/internal.h"

struct ock_lloyd_block {
  size_t first, end; /* panels */
  double *sums;      /* k_max x d: what a pass adds to the state's sums, where touched */
  double *counts;    /* k_max: rows */
  double *weights;   /* k_max */
  double *squares;   /* k_max */
  double *churn;     /* k_max: weight that came or went */
  bool *touched;     /* k_max */
  uint64_t n_changed, n_distances;
};

struct ock_lloyd_worker {
  char *centres;        /* k_max x d elements: those within reach of a panel */
  char *half_norms;     /* k_max elements */
  uint32_t *candidates; /* n_bounds */
  float *least;         /* n_bounds */
  float *inherited;     /* n_bounds */
  char *normal;         /* d elements */
  double *sums;         /* 5 x d */
  char *members;        /* some rows of one cluster, in panels: ock_lloyd_most_members() */
  uint32_t *member_label;
  char *member_weights; /* as elements, the largest 1 */
};

/* How many rows of a cluster are looked at when it is cut. */
size_t ock_lloyd_most_members(size_t d);
/* Put centre j; returns how far that is from where it was, as searches see it. */
double ock_lloyd_put_centre(ock_lloyd *s, size_t j, const double *position);
/* Take the norms of all centres. */
void ock_lloyd_norms(ock_lloyd *s);

/* What a pass over the panels does to bounds and labels before rows are searched. */
typedef struct ock_lloyd_change {
  bool everything;        /* all centres are new, labels say nothing ... */
  size_t n_old;           /* ... and bounds are those on so many old centres, see s->succession; 0: nothing */
  uint32_t merged, into;  /* rows of `merged` now belong to `into`; NONE: no rows */
  float shift;            /* distance from the old centre of `merged` to the new one of `into` */
  uint32_t renamed;       /* rows of this number get that of `merged`; NONE: no rows */
  uint32_t parent, child; /* `child` is new: bounds on it are those on `parent`; NONE: no centre is new */
} ock_lloyd_change;
#define OCK_LLOYD_NONE UINT32_MAX
static const ock_lloyd_change ock_lloyd_no_change = {.merged = OCK_LLOYD_NONE,
                                                     .into = OCK_LLOYD_NONE,
                                                     .renamed = OCK_LLOYD_NONE,
                                                     .parent = OCK_LLOYD_NONE,
                                                     .child = OCK_LLOYD_NONE};
/* One pass: labels follow the centres, whose drifts are set; sums, counts, inertia too. Returns changed labels. */
uint64_t ock_lloyd_follow(ock_lloyd *s, const ock_lloyd_change *change);

bool ock_history_init(ock_lloyd *s);
/* Remember the step from the centroids to the means of their rows. */
void ock_history_note(ock_lloyd *s);
/* Where the steps that were noted lead to: k x d positions. False when they do not tell. */
bool ock_history_extrapolate(ock_lloyd *s, double *positions);

/* The bounds of panel p. */
static inline float *ock_lloyd_lower(const ock_lloyd *s, size_t p) {
  return s->lower + p * s->n_bounds;
}

static inline size_t ock_lloyd_rows_of_panel(const ock_lloyd *s, size_t p) {
  return s->n - p * OCK_PANEL < OCK_PANEL ? s->n - p * OCK_PANEL : OCK_PANEL;
}

#endif
