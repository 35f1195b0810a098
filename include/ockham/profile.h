/* SPDX-License-Identifier: Apache-2.0 */
/** A reference profile: what the rows that a model was made from look like, in counts. New rows are compared with it
 *  (drift.h) without the old ones at hand: its size follows from clusters and columns, not from rows. */
#ifndef OCKHAM_PROFILE_H
#define OCKHAM_PROFILE_H

#include <ockham/core.h>
#include <ockham/data.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a column holds. */
typedef enum ockham_column_kind {
  OCKHAM_COLUMN_NUMBER = 0, /**< numbers; NaN: missing */
  OCKHAM_COLUMN_CATEGORY    /**< numbers of texts: 0 ... n_texts - 1; NaN: missing; anything else: a new text */
} ockham_column_kind;

/** What a column is for. */
typedef enum ockham_column_role {
  OCKHAM_COLUMN_INPUT = 0, /**< what the model is given */
  OCKHAM_COLUMN_OUTPUT     /**< what it answered: has a signal of its own, and no part in the clusters */
} ockham_column_role;

typedef struct ockham_profile_column {
  const char *name;
  ockham_column_kind kind;
  ockham_column_role role;
  const char *const *texts; /**< of a CATEGORY: n_texts, by number */
  size_t n_texts;
} ockham_profile_column;

/** What is counted: each signal puts every row into exactly one of its bins. X(NAME, "word", what it is, group). */
#define OCKHAM_SIGNAL_LIST(X)                                                                                      \
  X(CLUSTERS, "clusters", "which cluster is nearest, or that the row is outside all of them", INPUTS)              \
  X(DISTANCE, "distance", "how far from its cluster's centre, among the distances of that cluster's rows", INPUTS) \
  X(DIRECTION, "direction", "where along a principal axis of the columns", INPUTS)                                 \
  X(COLUMN, "column", "where in the range of an input column, or which category", INPUTS)                          \
  X(OUTPUT, "output", "the same of what the model answered", OUTPUTS)                                              \
  X(MISSING, "missing", "how many inputs are missing", MISSING)
#define OCKHAM_SIGNAL_ENUM(name, word, meaning, group) OCKHAM_SIGNAL_##name,
typedef enum ockham_signal_kind { OCKHAM_SIGNAL_LIST(OCKHAM_SIGNAL_ENUM) OCKHAM_N_SIGNAL_KINDS } ockham_signal_kind;
#undef OCKHAM_SIGNAL_ENUM

/** What shares of a budget of false alarms go to (drift.h). The last two are not of a profile: see ockham_stream. */
#define OCKHAM_SIGNAL_GROUP_LIST(X) \
  X(INPUTS, "inputs") X(OUTPUTS, "outputs") X(MISSING, "missing") X(LATENCY, "latency") X(ERRORS, "errors")
#define OCKHAM_SIGNAL_GROUP_ENUM(name, word) OCKHAM_GROUP_##name,
typedef enum ockham_signal_group {
  OCKHAM_SIGNAL_GROUP_LIST(OCKHAM_SIGNAL_GROUP_ENUM) OCKHAM_N_SIGNAL_GROUPS
} ockham_signal_group;
#undef OCKHAM_SIGNAL_GROUP_ENUM

/** One signal: bins and how many rows of the reference lie in each.
 *  - CLUSTERS: k clusters, then "outside", then "empty" (no number in the row). A row with missing cells is in the
 *    cluster that is nearest by those it has, and never outside.
 *  - DISTANCE: OCKHAM_PROFILE_DISTANCE_BINS by rising distance, among those of the cluster's rows (those outside are in
 *    the last), then "unknown" (rows with missing cells).
 *  - DIRECTION: bins between quantiles, the first and the last open; missing cells lie in the middle.
 *  - COLUMN, OUTPUT of numbers: "below" all that was seen, bins between quantiles, "above", "missing". A column with
 *    few values has one bin for each; a value that a tenth of the rows have has one alone; where there is no finite
 *    value, bins are "present" and "missing".
 *  - COLUMN, OUTPUT of categories: one each, the commonest first, up to OCKHAM_PROFILE_MOST_CATEGORIES; then "other",
 *    "new", "missing". With more texts than that, one that a single row has counts as "new", for it was (I. J. Good,
 *    Biometrika 40, 1953).
 *  - MISSING: rows with 0, 1, 2, 3 or 4, and more missing inputs; as many of these as there are inputs for. */
typedef struct ockham_signal {
  ockham_signal_kind kind;
  ockham_signal_group group;
  size_t index;                 /**< DIRECTION: of the axis; COLUMN, OUTPUT: of the column among all; else 0 */
  const char *name;             /**< "clusters", "distance", "direction 1", or the column's */
  size_t n_bins;                /**< at least 2, at most OCKHAM_PROFILE_MOST_BINS */
  const uint64_t *counts;       /**< n_bins: rows of the reference that were counted */
  uint64_t n_counted;           /**< their sum */
  const char *const *bin_names; /**< n_bins: "3", "outside", "1.5 to 2", "red" */
  const double *edges; /**< numbers: n_edges rising edges. Bin 0 is below edges[0]; bin b + 1 begins at edges[b], and
                            ends before edges[b + 1]. Of a column the last of these is closed, and holds one value only
                            where its two are equal. Of a DIRECTION the last bin is open. NULL for all else, and for
                            columns without values */
  size_t n_edges;
  double stickiness; /**< 0 to 0.98: how often a row is in the bin of the one before it beyond chance, over all rows; 0
                          where that is not significant. Where stretches of 64 rows and more vary more than it explains,
                          as much as makes a process that stays with this probability vary as they do. Of bins in
                          an order also the autocorrelation of neighbours' normal scores, where that is more */
  double
      stickiness_in_hours; /**< the same of what the hour of the week does not explain; without by_hour equal to it */
  const uint32_t *by_hour; /**< OCKHAM_HOURS_A_WEEK x n_bins: counts by hour of the week (0: Monday 0:00 to 1:00 UTC);
                                NULL: times were not given, or span less than two weeks */
} ockham_signal;

#define OCKHAM_PROFILE_DISTANCE_BINS 8
#define OCKHAM_PROFILE_COLUMN_BINS 10 /**< between quantiles, at most; fewer when they would have less than 5 rows */
#define OCKHAM_PROFILE_MOST_CATEGORIES 60
#define OCKHAM_PROFILE_MOST_BINS 260
#define OCKHAM_PROFILE_MOST_DIRECTIONS 8
#define OCKHAM_HOURS_A_WEEK 168

/** Of a column of numbers, over the reference's rows that have it. */
typedef struct ockham_column_range {
  double mean, sd; /**< of values clipped to [low - 3 (high - low), high + 3 (high - low)], low and high the 0.1 % and
                        99.9 % quantiles, at least one row in from either end: one wild value does not set the scale.
                        Infinite values have no part in all this; 0 where there are no finite ones */
  double least, most;
  double clip_low, clip_high; /**< those limits; new values are clipped to them before means are taken */
  uint64_t n_missing;
} ockham_column_range;

/** What one replay of rows that the profile held back found: how often a detector with its thresholds would have
 *  alarmed, beside what was asked for. Filled in by ockham_drift_rehearse() (drift.h). */
typedef struct ockham_rehearsal {
  double asked_rows;    /**< a false alarm per so many rows */
  double achieved_rows; /**< what came out */
  double low, high;     /**< 95 % interval */
} ockham_rehearsal;
#define OCKHAM_PROFILE_MOST_REHEARSALS 4

/** Everything a profile knows; a view. */
typedef struct ockham_profile_parts {
  uint64_t n_rows;   /**< of the reference */
  uint64_t n_fitted; /**< of them, those that clusters and their radii were fitted on; the others were counted */
  size_t n_columns;
  const ockham_profile_column *columns; /**< n_columns */
  const ockham_column_range *ranges;    /**< n_columns; of categories only n_missing */
  size_t n_signals;
  const ockham_signal *signals;  /**< n_signals: as in ockham_signal_kind, columns in their order */
  size_t k;                      /**< clusters; 0 without columns of numbers among the inputs */
  size_t n_numbers;              /**< inputs of numbers, in the order of the columns: what the following are over */
  const size_t *numbers;         /**< n_numbers: index of the column */
  const double *centre, *factor; /**< n_numbers: x' = (x - centre) factor, before distances are taken */
  const double *centroids;       /**< k x n_numbers, scaled */
  const double *radii;           /**< k: squared distance beyond which a whole row is outside */
  const double *distance_edges;  /**< k x (DISTANCE_BINS - 1) squared distances */
  const double *deviations;      /**< k x n_numbers: standard deviation of the cluster's rows along each, scaled */
  size_t n_directions;
  const double *directions;  /**< n_directions x n_numbers, of unit length, over columns standardised by their
                                  range's mean and sd */
  uint64_t since_s, until_s; /**< times of the first and the last row, since 1970; 0: not given */
  size_t n_rehearsals;
  const ockham_rehearsal *rehearsals;
} ockham_profile_parts;

typedef struct ockham_profile ockham_profile;

typedef struct ockham_profile_options {
  const ockham_profile_column *columns; /**< x.n_columns; texts are copied; NULL: numbers named "x1", "x2", ... */
  size_t k;                /**< clusters to start from; 0 only without a column of numbers among the inputs */
  const double *centroids; /**< k x n_numbers, scaled: of a model, or of ockham_kmeans_fit() on part of the rows */
  const double *centre, *factor; /**< n_numbers; NULL: not scaled */
  const double *times;           /**< x.n_rows, seconds since 1970, rising where rows are in order; NULL: not known */
  bool unordered;                /**< the rows are in no order of time: nothing is concluded from neighbours */
  uint64_t seed;
  size_t threads; /**< 0: one a core */
  const ockham_progress *progress;
} ockham_profile_options;

/** Describe rows.
 *
 *  Clusters start from the given centroids and are moved to those of one half of the rows by a few steps of Lloyd's
 *  algorithm; radii (the 99.9 % quantile of distances) and edges of distances are those of that half, and counts those
 *  of the other, so that they are of rows which the bins were not fitted to. The halves are alternating stretches of
 *  rows. Of clusters of less than 1000 rows that quantile is extrapolated, and never below the largest distance seen.
 *  Bins of columns lie between quantiles of all rows, and count all. Directions are principal axes of clipped and
 *  standardised columns of the first half, with bins between quantiles of the other, which is counted: of up to 8
 * columns all along which rows of both halves vary, of more the first four and the last four, of more than
 * OCKHAM_EXACT_AXES_COLUMNS (stats.h) the first 8, of one column none.
 *
 *  - x: 20 rows or more of x.n_columns, float64 or float32; NaN is missing; infinities count as "below" or "above".
 *  - options->k: at most OCKHAM_PROFILE_MOST_BINS - 2.
 *
 *  Fails with BAD_ARGUMENT, BAD_DATA (too few rows; a column so wide that squares overflow; one of which every cell is
 *  missing is no failure), NO_MEMORY, INTERRUPTED. O(n (k + n_columns + n_directions) n_columns) time; memory is 2
 * bytes a row and signal, 16 a row and thread, some 10 a row. The same bits for any number of threads. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_profile_fit(ockham_rows x, const ockham_profile_options *options,
                                                              ockham_profile **profile, ockham_error *err);
OCKHAM_API void ockham_profile_free(ockham_profile *profile);
OCKHAM_API const ockham_profile_parts *ockham_profile_look(const ockham_profile *profile);

/** Put rows into bins: codes[i * n_signals + s] is the bin of row i in signal s. x has the profile's columns in its
 *  order (ockham_profile_match()). A row does not depend on others. codes: room for x.n_rows x n_signals.
 *  squared_distances: to the centre of its cluster, in scaled units (over the observed columns, as a share of all), or
 *  NaN; may be NULL. In distances a number that is infinite, or too large to be squared, counts as its clip limit.
 *  One thread; O(n_columns (k + n_directions)) a row, less than a microsecond at k, n_columns <= 32. Rows go through 64
 *  at a time, and a call costs as if it had a multiple of 64: few large calls are better than many small ones.
 *  Fails with BAD_ARGUMENT (number of columns), NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_profile_bin(const ockham_profile *profile, ockham_rows x,
                                                              uint16_t *codes, double *squared_distances,
                                                              ockham_error *err);

/** How columns of other data stand to the profile's: order[j] is the column of `names` (n_names) that is column j of
 * the profile, by name, or SIZE_MAX where there is none; n_extra: columns that are of no use. */
OCKHAM_API void ockham_profile_match(const ockham_profile *profile, const char *const *names, size_t n_names,
                                     size_t *order, size_t *n_extra);
/** The number of a text in a column of categories; n_texts for a new one. */
OCKHAM_API size_t ockham_profile_category(const ockham_profile *profile, size_t column, const char *text,
                                          size_t text_length);

/** What a direction is made of: up to `most` columns (index among all) of the largest weights, and these; room for
 * `most` each. Returns how many there are: OCKHAM_PROFILE_MOST_DIRECTIONS at most. Weights are of columns standardised
 * by their range's mean and sd, and their squares add up to 1 over all columns. */
OCKHAM_API size_t ockham_profile_direction_columns(const ockham_profile_parts *parts, size_t direction, size_t most,
                                                   size_t *columns, double *weights);

/** A profile as bytes, and back: for files that hold one among other things. *bytes is freed by ockham_bytes_free().
 *  _decode refuses what is cut or cannot be with BAD_FILE; `where` is for its message. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_profile_encode(const ockham_profile *profile, unsigned char **bytes,
                                                                 size_t *size, ockham_error *err);
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_profile_decode(const unsigned char *bytes, size_t size,
                                                                 const char *where, ockham_profile **profile,
                                                                 ockham_error *err);
OCKHAM_API void ockham_bytes_free(unsigned char *bytes);

#ifdef __cplusplus
}
#endif
#endif
