/* SPDX-License-Identifier: Apache-2.0 */
/* cluster: k-means as a state whose clusters can be split, merged and moved while labels and bounds are kept, and the
 *   exact pass that says what a set of centres is worth.
 * Main types: ock_frame (the unit all coordinates are in), ock_store (rows in panels, neighbours together), ock_lloyd
 *   (a clustering of a store), ock_fit (centres, and what they are worth on all rows).
 * Invariants: a store holds floats while differences that matter are far above their rounding, else doubles; labels of
 *   a state are those of the nearest centre to within that rounding; for every panel upper is at least the distance of
 *   any of its rows to its centre, lower[j] at most that of any of its rows to centre j. What ock_settle() says is
 *   exact in float64, equal distances going to the lower number. Sums are float64, taken block by block in order (a
 *   state adds up the rows of one panel in the store's elements). A row of weight w adds to every sum what w rows
 *   would; all weights here are positive: rows of weight 0 are taken out at the door (ock_weighing).
 * Threads: one state belongs to one thread, which lends its pool; results do not depend on the pool's size.
 * Source: bounds after Elkan, ICML 2003, kept for panels of rows and not for rows; merging after Ward, JASA 58, 1963
 *   (doi:10.1080/01621459.1963.10500845). */
#ifndef OCK_CLUSTER_INTERNAL_H
#define OCK_CLUSTER_INTERNAL_H

#include <math.h>
#include <ockham/cluster.h>

#include "core/internal.h"
#include "kernels/internal.h"

/* ---- which rows count ---- */

/* The rows whose weight is not 0, and their weights. */
typedef struct ock_weighing {
  ockham_rows x;         /* the caller's, or a copy of those that count */
  const double *weights; /* of these; NULL: all 1 */
  size_t *row;           /* which rows they are; NULL: all */
  char *rows;
  double *picked;
} ock_weighing;
/* x has been checked; weights: x.n_rows, or NULL. Fails with BAD_DATA (row set) and NO_MEMORY. */
ockham_status ock_weighing_init(ock_weighing *weighing, ockham_rows x, const double *weights, ockham_error *err);
void ock_weighing_clear(ock_weighing *weighing);

/* ---- the unit of coordinates ---- */

/* All coordinates are (x - origin) * unit: the mean is 0 and none exceeds 1, so that offsets cost no digits and nothing
 * overflows or underflows, in floats either. The unit is a power of two: nothing is rounded by it. */
typedef struct ock_frame {
  size_t n, d;
  const double *weights; /* n, borrowed; NULL: all 1 */
  double total;          /* sum of the weights; n when all are 1 */
  double *origin;        /* d: the mean of the rows */
  double unit;
  double *low, *high; /* d: least and greatest value of each column, as they are in the data */
} ock_frame;
/* One pass over the rows. x has been checked. Fails with NO_MEMORY, and with BAD_DATA when squares of x would
 * overflow. */
ockham_status ock_frame_init_weighted(ock_frame *frame, ockham_rows x, const double *weights, ock_pool *pool,
                                      ockham_error *err);
static inline ockham_status ock_frame_init(ock_frame *frame, ockham_rows x, ock_pool *pool, ockham_error *err) {
  return ock_frame_init_weighted(frame, x, NULL, pool, err);
}
/* The same without the rows, from the mean and the range of each column (d values each); squares must not overflow. */
ockham_status ock_frame_of_ranges(ock_frame *frame, size_t n, size_t d, const double *mean, const double *low,
                                  const double *high, ockham_error *err);
void ock_frame_clear(ock_frame *frame);

/* ---- rows in stretches ---- */

/* The rows of a pass: all at once where they are in memory; else in stretches whose ends depend on the number of
 * columns only, so that sums do not depend on the blocks of the source. */
typedef struct ock_feed {
  size_t n, d;
  ockham_rows rows;                /* of the stretch; none at the end */
  size_t first;                    /* number of its first row */
  size_t n_rounds;                 /* how often all rows were gone through */
  const ockham_row_source *source; /* NULL: the rows are in memory, and all there are is in `all` */
  ockham_rows all;
  ockham_rows block; /* what the source gave last ... */
  size_t taken;      /* ... and how many rows of it are used up */
  size_t stretch_rows;
  double *buffer;
} ock_feed;
ock_feed ock_feed_of_rows(ockham_rows x);
/* n rows of a source, which is borrowed until _clear. Fails with NO_MEMORY. */
ockham_status ock_feed_of_source(ock_feed *feed, const ockham_row_source *source, size_t n, ockham_error *err);
ockham_status ock_feed_rewind(ock_feed *feed, ockham_error *err);
/* Fails as the source does, and with BAD_DATA when it gives other than n rows, or what is not finite. */
ockham_status ock_feed_next(ock_feed *feed, ockham_error *err);
void ock_feed_clear(ock_feed *feed);
/* Bytes that the stretches of a source take. */
double ock_feed_bytes(size_t d);

/* ---- some of the rows ---- */

/* At most n_sample rows from all over n: *rows receives their numbers, ascending, for ock_free(); NULL when all n are
 * taken. */
ockham_status ock_rows_sample(size_t n, size_t n_sample, uint64_t seed, uint32_t **rows, ockham_error *err);
/* Copies of these n rows, in this order, until _clear. */
ockham_status ock_rows_copy(ockham_rows x, const uint32_t *row, size_t n, ockham_rows *copy, ockham_error *err);
void ock_rows_copy_clear(ockham_rows *copy);
/* All rows in the order of their labels (below k), as they come among equals: order has n entries. first: k + 1, where
 * each label's rows end. */
void ock_sort_by_label(const uint32_t *label, size_t n, size_t *first, size_t k, uint32_t *order);

/* ---- options ---- */

/* BAD_ARGUMENT when there is no such algorithm or precision. */
static inline ockham_status ock_check_algorithm(ockham_algorithm algorithm, ockham_precision precision,
                                                ockham_error *err) {
  if (algorithm <= OCKHAM_ALGORITHM_BOUNDS && precision <= OCKHAM_PRECISION_DOUBLE) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "there is no algorithm %d with precision %d", (int)algorithm,
                  (int)precision);
}

/* BAD_ARGUMENT when options are missing, or their k is 0 ... */
static inline ockham_status ock_check_k_given(bool has_options, size_t k, ockham_error *err) {
  if (has_options && k > 0) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "k must be at least 1, found %s", has_options ? "0" : "no options");
}

/* ... or k is more than the rows; which: of these, if not all count, such as " with a weight". */
static inline ockham_status ock_check_k(size_t k, size_t n_rows, const char *which, ockham_error *err) {
  if (k <= n_rows) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "k must be at most the number of rows%s, %zu, found %zu", which, n_rows, k);
}

/* ... or the range of k has no k in it; k_max 0: it has no end. */
static inline ockham_status ock_check_k_range(size_t k_min, size_t k_max, ockham_error *err) {
  if (k_max == 0 || k_min <= k_max) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the least k, %zu, must not exceed the largest, %zu", k_min, k_max);
}

/* BAD_DATA: rows whose differences underflow when they are squared. */
static inline ockham_status ock_fail_alike(ockham_error *err) {
  return ock_fail(err, OCKHAM_BAD_DATA, "the rows differ so little that the squares of differences are 0; scale them");
}

/* Rows have numbers of 32 bits, one of which means none. */
static inline ockham_status ock_check_row_count(size_t n, ockham_error *err) {
  if (n < UINT32_MAX) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "at most 2^32 - 2 rows can be clustered, found %zu", n);
}

/* ---- rows in panels ---- */

typedef struct ock_store {
  const ock_frame *frame;
  const ock_search_kernels *search; /* of floats or of doubles */
  size_t n, d, n_panels;
  char *panels; /* n_panels of d x OCK_PANEL elements: see ock_contest; the last is filled up with its first row */
  char *half_squares; /* n_panels x OCK_PANEL elements */
  float *reach;       /* n_panels: the largest |x| in each */
  uint32_t *row;      /* n: which row of x stands at each place */
  double *weight;     /* n_panels x OCK_PANEL: of the row at each place, 0 beyond n; NULL: all 1 */
  double total;       /* sum of the weights */
  double squares;     /* sum of |x|^2 over the rows */
} ock_store;
/* Copy the rows `row[0 ... n - 1]` of x (NULL: all, in their order), with their weights in the frame. */
ockham_status ock_store_init(ock_store *store, const ock_frame *frame, ockham_rows x, const uint32_t *row, size_t n,
                             bool wide, ock_pool *pool, ockham_error *err);
/* Put the rows into another order: place i gets what stood at order[i]. False when memory ran out: nothing changed. */
bool ock_store_reorder(ock_store *store, const uint32_t *order, ock_pool *pool);
void ock_store_clear(ock_store *store);
/* The d values of the row at a place, in the frame's units. */
void ock_store_read_row(const ock_store *store, size_t place, double *values);
/* The n values of a column, in the order of the places. */
void ock_store_read_column(const ock_store *store, size_t l, double *values);
/* Whether clusters of this inertia are so small that floats hardly tell their rows apart. */
bool ock_store_is_too_fine(const ock_store *store, double inertia);
/* Bytes that a store of n rows takes. */
double ock_store_bytes(size_t n, size_t d, bool wide);

static inline const void *ock_store_panel(const ock_store *store, size_t p) {
  return store->panels + p * store->d * OCK_PANEL * store->search->element_bytes;
}

static inline const void *ock_store_half_squares(const ock_store *store, size_t p) {
  return store->half_squares + p * OCK_PANEL * store->search->element_bytes;
}

static inline double ock_store_weight(const ock_store *store, size_t place) {
  return store->weight ? store->weight[place] : 1;
}

static inline bool ock_store_is_wide(const ock_store *store) {
  return store->search->element_bytes == sizeof(double);
}

/* Element `at` of an array of a store's elements. */
static inline double ock_element(const void *elements, size_t at, bool wide) {
  return wide ? ((const double *)elements)[at] : (double)((const float *)elements)[at];
}

static inline void ock_element_set(void *elements, size_t at, bool wide, double value) {
  if (wide)
    ((double *)elements)[at] = value;
  else
    ((float *)elements)[at] = (float)value;
}

/* From this share of all centres within reach on it is cheaper to meet all than to copy those. */
static const double ock_worth_copying = 0.75;

/* ---- the state ---- */

typedef struct ock_lloyd_block ock_lloyd_block;   /* what one block of panels adds up */
typedef struct ock_lloyd_worker ock_lloyd_worker; /* scratch of one thread */

/* The best cut of a cluster in two that a few steps of 2-means found. */
typedef struct ock_cut {
  double gain;       /* by how much it lowers the inertia */
  double churn;      /* weight that came or went since it was looked for; infinite when it never was */
  double *positions; /* 2 x d */
} ock_cut;

/* How one set of centres follows another: bounds on distances to the old ones become bounds on those to the new. */
typedef struct ock_succession {
  uint32_t *parent; /* for each new centre the nearest old one ... */
  float *gap;       /* ... and no less than the distance to it */
  float *shift;     /* for each old centre no less than the distance to the nearest new one ... */
  uint32_t *heir;   /* ... and its number */
} ock_succession;
/* Compare n_old centres with n_now (n x d each): O(n_old n_now d). */
void ock_find_parents(const double *old, size_t n_old, const double *now, size_t n_now, size_t d, ock_succession *to);
/* No less than the root. */
static inline float ock_bound_distance(double squared) {
  return (float)(sqrt(squared) * (1 + 0x1p-20));
}

/* Rows of a cluster that is to be cut. */
typedef struct ock_members {
  uint32_t cluster;
  uint32_t *rows;
  size_t n, n_seen, every;
} ock_members;

/* The last few steps, for their acceleration: where centres were sent, and from how far. */
enum { OCK_LLOYD_DEPTH = 8 };
typedef struct ock_history {
  size_t n, next;
  double *means[OCK_LLOYD_DEPTH], *steps[OCK_LLOYD_DEPTH]; /* k x d each */
  double product[OCK_LLOYD_DEPTH][OCK_LLOYD_DEPTH];        /* of steps */
} ock_history;

typedef struct ock_lloyd {
  ock_store *store;
  size_t n, d;
  size_t k, k_max;
  double *centroids; /* k x d, in the frame's units, as searches see them */
  double *sums;      /* k x d: sum of the rows of each cluster */
  double *counts;    /* k: rows */
  double *weights;   /* k: sum of their weights; the same as counts when all are 1 */
  double *squares;   /* k: sum of |x|^2 */
  uint32_t *label;   /* n_panels x OCK_PANEL; what stands beyond n says nothing */
  double inertia;    /* of the clusters about their means, in units^2 */
  size_t n_iterations;
  ockham_work work;

  const ock_kernels *kernels;
  ock_pool *pool;
  ock_ticker *ticker; /* may be NULL */
  ock_arena arena;
  void *centres;    /* k_max x d elements: the centroids, rounded */
  void *half_norms; /* k_max elements */
  double reach;     /* the largest |c| */
  size_t n_bounds;  /* k_max, rounded up to OCK_BOUNDS */
  float *lower;     /* n_panels x n_bounds */
  float *upper;     /* n_panels */
  float *drift;     /* n_bounds */
  size_t n_blocks;
  ock_lloyd_block *blocks;
  ock_lloyd_worker *workers;
  ock_cut *cuts;         /* k_max */
  ock_members *members;  /* k_max */
  uint32_t *member_rows; /* n at most */
  uint32_t *list;        /* k_max: scratch */
  double *positions;     /* k_max x d: scratch */
  ock_history history;
  ock_succession succession;
  uint64_t seed, n_draws;
  size_t k_regrouped; /* how many clusters there were when rows were put into their order */
  bool plain;         /* look at every distance, whatever bounds say */
} ock_lloyd;

/* Prepare for up to k_max centres (at most n); no centre is set yet. Store, pool and ticker are borrowed until _clear.
 * Fails with NO_MEMORY. */
ockham_status ock_lloyd_init(ock_lloyd *s, ock_store *store, size_t k_max, uint64_t seed, ock_pool *pool,
                             ock_ticker *ticker, ockham_error *err);
void ock_lloyd_clear(ock_lloyd *s);

/* Put k centres and search the nearest for every row: O(n k d). Clusters may be empty. */
void ock_lloyd_assign(ock_lloyd *s, const double *centroids, size_t k);

/* Lloyd's steps until no label changes, until a step lowers the inertia by no more than tolerance times it, or
 * max_iterations. Clusters that run empty get half of another; when there is none to cut they are dropped, and k falls.
 * Returns true when it ended by convergence. The centroids are one step behind the means then: see ock_lloyd_mean(). */
bool ock_lloyd_run(ock_lloyd *s, size_t max_iterations, double tolerance);

/* Whether cluster j has no rows, or none whose weight rounding has left. */
static inline bool ock_lloyd_is_empty(const ock_lloyd *s, size_t j) {
  return !(s->counts[j] > 0.5 && s->weights[j] > 0);
}

/* The mean of cluster j, which is not empty. */
void ock_lloyd_mean(const ock_lloyd *s, size_t j, double *mean);
/* Sum of squared distances of its rows to that. */
double ock_lloyd_within(const ock_lloyd *s, size_t j);

/* The cluster that is best cut in two, other than avoid_a and avoid_b: cuts are looked for where clusters have changed.
 * The gain is 0 when there is nothing to cut. */
size_t ock_lloyd_best_cut(ock_lloyd *s, size_t avoid_a, size_t avoid_b);
/* The pair whose merging raises the inertia least; returns by how much. k is at least 2. */
double ock_lloyd_cheapest_merge(const ock_lloyd *s, size_t *a, size_t *b);

/* The changes of the set of centres; labels and bounds follow in one pass over the panels. */
void ock_lloyd_split(ock_lloyd *s, size_t j); /* where its cut says; the new centre gets number k */
/* Into their mean; both may be empty. The lower of the two numbers stays, the last cluster gets the other. */
void ock_lloyd_merge(ock_lloyd *s, size_t a, size_t b);
/* Merge the two clusters that lose least and split another where that gains `worth` times as much or more (before steps
 * follow). False when nothing would. */
bool ock_lloyd_trade(ock_lloyd *s, double worth);

/* Reorder the store so that rows of one cluster, and those on the same side of it, stand together: panels are then
 * decided as a whole. True when done, false for want of memory, which changes nothing. */
bool ock_lloyd_regroup(ock_lloyd *s);
/* The same whenever the clusters have become twice as many. */
void ock_lloyd_regroup_grown(ock_lloyd *s);

/* Search all rows anew; returns the share of pairs of a panel and a centre that bounds then do not rule out. */
double ock_lloyd_share_within_reach(ock_lloyd *s);

/* Start from k rows drawn at random (fewer when they are not that distinct). */
void ock_lloyd_scatter(ock_lloyd *s, size_t k, ock_rng *rng);
/* Start from one cluster, and cut the best one until there are k. */
void ock_lloyd_grow(ock_lloyd *s, size_t k);

/* Squared distance between two points of d coordinates. */
double ock_squared_distance(const double *a, const double *b, size_t d);

/* ---- a state of some of the rows ---- */

typedef struct ock_sketch {
  ock_store store;
  ock_lloyd state;
} ock_sketch;

typedef struct ock_sketch_options {
  size_t n;     /* rows, drawn from all over; all when there are no more */
  size_t k_max; /* room for so many centres */
  uint64_t seed;
  bool wide, plain; /* as in ock_store_init() and ock_lloyd */
} ock_sketch_options;
/* The sketch must not move until _clear. */
ockham_status ock_sketch_init(ock_sketch *sketch, ockham_rows x, const ock_frame *frame,
                              const ock_sketch_options *options, ock_pool *pool, ock_ticker *ticker, ockham_error *err);
/* If it held all rows of the frame and they were regrouped, *order (unless order is NULL) receives them in that order,
 * for ock_free(); what was there before is freed. */
void ock_sketch_clear(ock_sketch *sketch, uint32_t **order);
/* Starts of a k-means of so many clusters that is only to be good. */
size_t ock_usual_restarts(size_t k);
/* How many of n rows are enough to search for k clusters; n when that is not far from it. */
size_t ock_sketch_rows(size_t n, size_t d, size_t k);

/* ---- what centres are worth, exactly ---- */

/* Few rows are brought to where no label changes. Many have labels that go on changing without end in sight or any
 * effect: there a step that lowers the inertia by next to nothing is the last. */
static inline bool ock_rows_are_many(size_t n, size_t d) {
  const size_t most_rows = 20000, most_values = 1000000;
  return n > most_rows || (double)n * (double)d > (double)most_values;
}
static const double ock_tolerance_for_many = 1e-5;

/* A clustering: its centroids, and what they are worth on all rows once it is settled. Everything is in the frame's
 * units. inertia is infinite, and the arrays NULL, before there is one. */
typedef struct ock_fit {
  size_t k;
  double inertia;
  double *centroids;                        /* k x d */
  uint64_t *sizes;                          /* k: rows */
  double *weights;                          /* k: sum of their weights */
  double *within;                           /* k: sums of squared distances to the centroid */
  double *spread;                           /* k: sums of distances; only when settled */
  double silhouette, simplified_silhouette; /* NaN unless measured */
  double silhouette_error;                  /* standard error; 0 unless estimated */
  size_t n_passes;                          /* over all rows, until it was settled */
  bool settled, converged;                  /* converged: no step changes it, or by next to nothing (the tolerance) */
} ock_fit;
void ock_fit_init(ock_fit *fit);
void ock_fit_clear(ock_fit *fit);
/* Room for k clusters; what was there is gone. False when memory ran out. */
bool ock_fit_allocate(ock_fit *fit, size_t k, size_t d);
/* Take the state's clusters about their means. */
bool ock_fit_take(ock_fit *fit, const ock_lloyd *state);

/* What is public of a settled fit, in the data's units; exact, converged and n_iterations are the caller's. Fails with
 * NO_MEMORY. */
ockham_status ock_kmeans_of_fit(const ock_fit *fit, const ock_frame *frame, ockham_kmeans *result, ockham_error *err);
/* Labels of all rows of x where only some count (weighed->row is set): `label` is of these. */
ockham_status ock_kmeans_label_all(const ockham_kmeans *result, ockham_rows x, const ock_weighing *weighed,
                                   const uint32_t *label, size_t threads, uint32_t *labels, ockham_error *err);

/* A cluster or component by falling weight; equals by their centroids, so that their order does not depend on that of
 * the search. For qsort(). */
typedef struct ock_ranked {
  double weight;
  const double *centroid;
  size_t d;
  uint32_t j; /* its number before */
} ock_ranked;
int ock_compare_ranked(const void *a, const void *b);

/* Sums are made in so many parts; those of the fits that share a pass take so much, more fits are done in turn. */
enum { OCK_SETTLE_BLOCKS = 32 };
static const double ock_settle_bytes = 48e6;

typedef struct ock_settle_options {
  const uint32_t *order; /* n: the order to visit the rows in, neighbours together; NULL: as they are */
  size_t most_passes;    /* over the rows; at least 2 unless centres are not to move at all */
  double tolerance;      /* steps go on until nothing changes, or the inertia falls by no more than this times it */
  bool silhouettes;      /* also the simplified silhouette */
  bool wide;             /* search with doubles from the start */
  bool plain;            /* look at every distance */
  bool may_drop;         /* clusters that stay empty are dropped, and k falls; without it such a fit is cleared */
  uint16_t *labels;      /* n x n_fits, or NULL: the label of every row in each fit */
  uint32_t *label;       /* n, or NULL: the labels of the first fit */
  double partial_bytes;  /* for sums: when the fits take more they share passes in groups; 0: ock_settle_bytes */
} ock_settle_options;
/* Bring all fits nearer to fixed points of Lloyd's step and measure them: every pass over the rows serves all of them.
 * Clusters are numbered by falling weight. A fit whose rows are not that distinct is cleared. When the ticker stops it,
 * fits that were not measured yet are left as they are, not settled; rows of a source are then measured as far as whole
 * passes went, and take neither order nor labels. What was computed is added to *work. */
ockham_status ock_settle_feed(ock_feed *feed, const ock_frame *frame, ock_fit *const *fits, size_t n_fits,
                              const ock_settle_options *options, ock_pool *pool, ock_ticker *ticker, ockham_work *work,
                              ockham_error *err);
static inline ockham_status ock_settle(ockham_rows x, const ock_frame *frame, ock_fit *const *fits, size_t n_fits,
                                       const ock_settle_options *options, ock_pool *pool, ock_ticker *ticker,
                                       ockham_work *work, ockham_error *err) {
  ock_feed feed = ock_feed_of_rows(x);
  return ock_settle_feed(&feed, frame, fits, n_fits, options, pool, ticker, work, err);
}

/* ---- one column: the global optimum for every k at once ---- */

typedef struct ock_exact1d {
  size_t n, n_distinct, k_max; /* k_max: at most n_distinct */
  double *value;               /* n_distinct, ascending */
  double *weight_before;       /* n_distinct + 1: sum of the weights of the rows before each value */
  uint32_t *first;             /* k_max x n_distinct: where the last cluster begins, for each k and prefix */
} ock_exact1d;

/* True when the tables for n rows and k_max fit the memory we allow them (1 GiB). */
bool ock_exact1d_fits(size_t n, size_t k_max);
/* O(n log n + k n log n) time, 4 k n bytes. Fails with NO_MEMORY, INTERRUPTED. */
ockham_status ock_exact1d_init_weighted(ock_exact1d *e, ockham_rows x, const double *weights, size_t k_max,
                                        ock_ticker *ticker, ockham_error *err);
static inline ockham_status ock_exact1d_init(ock_exact1d *e, ockham_rows x, size_t k_max, ock_ticker *ticker,
                                             ockham_error *err) {
  return ock_exact1d_init_weighted(e, x, NULL, k_max, ticker, err);
}
/* The optimal k <= k_max centroids, ascending. */
void ock_exact1d_centroids(const ock_exact1d *e, size_t k, double *centroids);
void ock_exact1d_clear(ock_exact1d *e);

#endif
