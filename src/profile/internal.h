/* SPDX-License-Identifier: Apache-2.0 */
/* profile: what the rows that a model was made from look like, in counts, and how rows are put into the bins.
 * Main types: ockham_profile, ock_block (OCK_PANEL rows on their way into bins).
 * Invariants: what is fitted and what is read from bytes ends in ock_profile_finish(), so both bin alike; the bins of a
 *   row depend on nothing but the row; counts of clusters and distances are of rows that the clusters were not moved
 * by. Threads: a profile does not change while it bins, so any number of threads may use one, each with a block of its
 * own. Source: our own; two-sample counts after Frittoli et al., QT-EWMA, IEEE TKDE 35, 2023
 * (doi:10.1109/TKDE.2022.3152498).
 */
#ifndef OCK_PROFILE_INTERNAL_H
#define OCK_PROFILE_INTERNAL_H

#include <ockham/profile.h>

#include "core/internal.h"
#include "kernels/internal.h"

enum {
  OCK_PROFILE_FEWEST_ROWS = 20,
  OCK_PROFILE_MOST_CLUSTERS = OCKHAM_PROFILE_MOST_BINS - 2,
  OCK_PROFILE_MOST_EDGES = OCKHAM_PROFILE_COLUMN_BINS + 1,
  OCK_DISTANCE_EDGES = OCKHAM_PROFILE_DISTANCE_BINS - 1,
  OCK_MOST_MISSING_BINS = 5,
  OCK_PROFILE_NEW_TEXT = OCKHAM_PROFILE_MOST_CATEGORIES + 1, /* the bin, where there are more texts than bins */
  OCK_PROFILE_VERSION = 1                                    /* of the bytes */
};
/* Times that span so many seconds, two weeks, give counts by hour of the week. */
#define OCK_HOURS_FROM_S (14 * 86400.0)
/* Beyond this scaled numbers are replaced by their column's limit, so that no square overflows. */
#define OCK_PROFILE_LARGEST 1e100
#define OCK_PROFILE_MOST_STICKY 0.98

/* The arrays of parts, as those who fill them in see them. */
struct ockham_profile {
  ockham_profile_parts parts;
  ock_arena arena;
  ockham_profile_column *columns;
  ockham_column_range *ranges;
  ockham_signal *signals;
  size_t *numbers;
  double *centre, *factor, *centroids, *radii, *distance_edges, *deviations, *directions;
  uint16_t **text_bins; /* n_columns: of a category the bin of each text; else NULL */
  uint32_t *single;     /* n_signals: which of the bins between edges hold one value only, by bit */
  ockham_rehearsal rehearsals[OCKHAM_PROFILE_MOST_REHEARSALS];
  /* What follows from the above: ock_profile_finish(). */
  const ock_kernels *kernels;
  size_t n_inputs;
  double *low, *high;               /* n_numbers: clip limits */
  double *scaled_low, *scaled_high; /* n_numbers: the same, scaled */
  double *sum_low, *sum_high;       /* n_numbers: what scaled numbers are clipped to before centres are taken */
  double *mean, *gain;              /* n_numbers: z = (x - mean) gain */
  const double **cuts;              /* n_signals: edges as they are compared: a value is in the bin of how many it has
                                       reached; the last of a column is the next number, for its bin is closed */
  uint32_t **text_order;            /* n_columns: of a category its texts in the order of strcmp(); else NULL */
};

/* ---- making one ---- */

/* An empty profile with room for so many columns, whose kinds, roles, names and texts are copied, with n_inputs and the
 * numbers among them. columns NULL: numbers named "x1", "x2", ... */
ockham_status ock_profile_new(const ockham_profile_column *columns, size_t n_columns, ockham_profile **profile,
                              ockham_error *err);
/* Room for k clusters of the numbers; and for directions. False when memory runs out. */
bool ock_profile_add_clusters(ockham_profile *profile, size_t k);
bool ock_profile_add_directions(ockham_profile *profile, size_t n_directions);
/* Room for all signals, whose kinds, groups and indices are set: they follow from clusters, directions and columns. */
bool ock_profile_add_signals(ockham_profile *profile);
/* Whether bins lie between edges; and how many there are where not. */
bool ock_signal_has_edges(const ockham_profile *profile, const ockham_signal *signal);
size_t ock_signal_fixed_bins(const ockham_profile *profile, const ockham_signal *signal);
/* How many of the first bins are in order (directions, distances, numbers); the others are of rows without a value. 0:
 * it has no order. */
size_t ock_signal_ordered(const ockham_signal *signal);
/* Names of the bins of signal s, whose edges and n_bins are set. False when memory runs out. */
bool ock_name_bins(ockham_profile *profile, size_t s);
/* Limits of the numbers, as soon as ranges and scaling are there: what assigning and projecting need. */
bool ock_profile_set_limits(ockham_profile *profile);
/* What binning needs, as soon as all is there. False when memory runs out. */
bool ock_profile_finish(ockham_profile *profile);
void *ock_profile_array(ockham_profile *profile, size_t count, size_t size_bytes); /* zeroed */

/* Note rehearsals in a profile: at most OCKHAM_PROFILE_MOST_REHEARSALS. */
void ock_profile_set_rehearsals(ockham_profile *profile, const ockham_rehearsal *rehearsals, size_t n);
/* A copy for whoever keeps it. */
ockham_status ock_profile_copy(const ockham_profile *from, ockham_profile **profile, ockham_error *err);

/* ---- rows on their way into bins ---- */

typedef struct ock_block {
  size_t n;
  bool has_missing;                   /* a number among the inputs */
  double *values;                     /* n_columns x OCK_PANEL, as they are; 0 beyond n */
  double *scaled, *standard;          /* n_numbers x OCK_PANEL, 0 where missing */
  uint32_t missing_inputs[OCK_PANEL]; /* of whatever kind */
  uint32_t missing_numbers[OCK_PANEL];
  uint32_t label[OCK_PANEL];
  double squared[OCK_PANEL]; /* over the observed numbers, as a share of all; NaN: none */
} ock_block;
ock_block *ock_block_new(const ockham_profile *profile); /* for ock_free() */
/* Whether rows have the profile's columns, and are there; BAD_ARGUMENT says what is not. */
ockham_status ock_profile_check_rows(const ockham_profile *profile, ockham_rows x, ockham_error *err);
/* Rows first ... first + n - 1, n <= OCK_PANEL. */
void ock_block_load(const ockham_profile *profile, ockham_rows x, size_t first, size_t n, ock_block *block);
/* Nearest clusters of a loaded block. */
void ock_block_assign(const ockham_profile *profile, ock_block *block);
void ock_block_standardise(const ockham_profile *profile, ock_block *block);
/* Along one direction, of a standardised block: OCK_PANEL values. */
void ock_block_project(const ockham_profile *profile, const ock_block *block, size_t direction, double *out);
/* All of that, and the codes: of row r in signal s at codes[r * row_step + s * signal_step]. */
void ock_block_code(const ockham_profile *profile, ock_block *block, uint16_t *codes, size_t row_step,
                    size_t signal_step);

/* ---- times ---- */

/* Seconds since 1970 that are a time: from 0 to some 30 million years, so that all that is made of them stays a number.
 */
bool ock_is_time(double time);
enum { OCK_NO_HOUR = OCKHAM_HOURS_A_WEEK, OCK_HOUR_KINDS };
/* 0: Monday 0:00 to 1:00 UTC; OCK_NO_HOUR of what is no time. */
size_t ock_hour_of_week(double time);

/* ---- fitting ---- */

typedef struct ock_profile_fit {
  ockham_profile *profile;
  ockham_rows x;
  const ockham_profile_options *options;
  size_t stretch; /* rows: stretches are fitted and counted by turns */
  ock_pool *pool;
  ock_ticker ticker;
  ock_arena scratch;
  double *sort_space; /* 2 n a worker */
  ock_block **blocks; /* one a worker */
  double *edges;      /* MOST_EDGES for each column, then for each direction ... */
  size_t *n_edges;    /* ... so many of which are used */
  uint32_t *single;   /* which of the bins between them hold one value only, by bit */
  ockham_error *err;
} ock_profile_fit;

static inline bool ock_row_is_fitted(const ock_profile_fit *fit, size_t row) {
  return row / fit->stretch % 2 == 0;
}
/* Row i of those that are fitted. */
static inline size_t ock_fitted_row(const ock_profile_fit *fit, size_t i) {
  return i / fit->stretch * 2 * fit->stretch + i % fit->stretch;
}
/* Bins that were fitted to one half are counted on the other. */
static inline bool ock_signal_is_of_half(ockham_signal_kind kind) {
  return kind == OCKHAM_SIGNAL_CLUSTERS || kind == OCKHAM_SIGNAL_DISTANCE || kind == OCKHAM_SIGNAL_DIRECTION;
}
/* Run tasks; INTERRUPTED when the caller's progress says so. */
ockham_status ock_profile_run(ock_profile_fit *fit, size_t n_tasks, ock_task *task, void *arg);
/* Room for twice x.n_rows numbers, of a worker. */
static inline double *ock_profile_sort_space(const ock_profile_fit *fit, size_t worker) {
  return fit->sort_space + worker * 2 * fit->x.n_rows;
}

/* Ranges and edges of columns of numbers, bins of texts. */
ockham_status ock_fit_columns(ock_profile_fit *fit);
ockham_status ock_fit_clusters(ock_profile_fit *fit);
/* Directions and their edges. */
ockham_status ock_fit_directions(ock_profile_fit *fit);
/* Counts, stickiness, hours. */
ockham_status ock_fit_counts(ock_profile_fit *fit);

/* Sort finite numbers: n, and room for as many. */
void ock_sort_doubles(double *values, size_t n, double *scratch);
/* Edges of at most OCKHAM_PROFILE_COLUMN_BINS bins between quantiles of m sorted values: up to OCK_PROFILE_MOST_EDGES.
 * The last two may be equal: that bin holds one value. *single: bit b is set when all m values in bin
 * [edges[b], edges[b + 1]) are equal. */
size_t ock_quantile_edges(const double *sorted, size_t m, double *edges, uint32_t *single);

/* How sticky a signal's bins are, from those of n rows in their order; with hours (n, or NULL) beyond what these
 * explain. scratch: OCK_HOUR_KINDS x n_bins. */
double ock_stickiness(const uint16_t *codes, const uint8_t *hours, size_t n, size_t n_bins, double *scratch);
/* The same of signals whose first n_ordered bins are in order, s being what ock_stickiness() says: the autocorrelation
 * of neighbours' normal scores, where it is significantly more. */
double ock_order_stickiness(const uint16_t *codes, const uint8_t *hours, size_t n, size_t n_bins, size_t n_ordered,
                            double s);

#endif
