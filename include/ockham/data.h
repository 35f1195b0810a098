/* SPDX-License-Identifier: Apache-2.0 */
/** Tables of numbers from files: CSV/TSV, NPY, HDF5 and SQLite through one interface, whole or in blocks; and
 *  synthetic tables with a known answer. */
#ifndef OCKHAM_DATA_H
#define OCKHAM_DATA_H

#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What to do with a missing cell: an empty one, NA, N/A, #N/A, NaN, null, none, "?" or "-" (any case) in text; NaN in
 *  a binary file; NULL in SQLite. Infinities are an error under every policy but DROP. */
typedef enum ockham_missing {
  OCKHAM_MISSING_ERROR = 0, /**< refuse the file, naming row and column */
  OCKHAM_MISSING_DROP,      /**< leave out the row */
  OCKHAM_MISSING_MEAN,      /**< put the mean of the column's other cells, by the rows' weights (whole tables only, not
                                 blocks) */
  OCKHAM_MISSING_KEEP       /**< put NaN; infinities stay too */
} ockham_missing;

typedef enum ockham_header { OCKHAM_HEADER_FIND = 0, OCKHAM_HEADER_PRESENT, OCKHAM_HEADER_ABSENT } ockham_header;

/** Which columns of a file become features, and how cells are understood. Zero everywhere is a sensible default.
 *  Columns are given by name, or by number from 1 where no column has that name. */
typedef struct ockham_read_options {
  const char *const *columns; /**< the features, in this order; NULL: all that are not ignored */
  size_t n_columns;
  const char *const *ignore; /**< columns to leave out */
  size_t n_ignore;
  const char *label_column; /**< a column of known labels, numbers or text; not a feature; NULL: none */
  const char *query;        /**< SQLite only: rows to read instead of a table */
  ockham_missing missing;
  ockham_header header; /**< CSV only; FIND: the first row is a header if a cell of it is not a number */
  char delimiter;       /**< CSV only; 0: found among comma, semicolon, tab, '|' and blanks */
  size_t threads;       /**< 0: one a core */
  const ockham_progress *progress;
  const char *weight_column; /**< a column that says how many rows each row stands for: 0, or OCKHAM_LEAST_WEIGHT to
                                  OCKHAM_LARGEST_WEIGHT; not a feature; NULL: none. A missing weight is never filled */
  const char *const *category_columns; /**< features that hold texts: each cell becomes the number of its text, 0, 1,
                                          ... in order of first appearance; a missing one is as `missing` says */
  size_t n_category_columns;
  bool find_categories; /**< whole tables only: so does every feature with a cell that is neither a number nor missing,
                             which is an error otherwise */
  const char *time_column; /**< seconds since 1970, or ISO 8601 (2026-03-01, 2026-03-01T12:30:00Z, with a blank for T,
                                fractions and offsets; UTC where none is given); not a feature; NULL: none */
  bool skip_absent;  /**< names among columns and category_columns that the file lacks are passed over, instead of an
                          error, but for BAD_DATA where it lacks all; numbers are no names then */
  bool as_they_come; /**< blocks of CSV only: a block holds the rows that have arrived, and is not waited for until it
                          is full; progress can stop a wait that a signal interrupts. Slower for files */
} ockham_read_options;

/** A whole file in memory, as float64 (NPY and HDF5 files of float32 stay float32). */
typedef struct ockham_table ockham_table;

/** Read a file. What it is follows from its first bytes and its name:
 *  `x.csv`, `x.tsv`, `x.csv.gz`, `-` (standard input, CSV, also gzipped), `x.npy`, `x.h5:/dataset` (`x.h5` alone when
 *  it holds one), `x.db:table` (`x.db` alone when it holds one, or with options->query).
 *  *table is the caller's, to be given to ockham_table_free(). Peak memory is at most twice the bytes of the result.
 *  Fails with IO, BAD_FILE, BAD_DATA (row and column set; rows count from the first row of data), BAD_ARGUMENT
 *  (a column that is not there), UNSUPPORTED (built without that format), NO_MEMORY, INTERRUPTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_table_read(const char *path, const ockham_read_options *options,
                                                             ockham_table **table, ockham_error *err);
OCKHAM_API void ockham_table_free(ockham_table *table);

/** The features; a view that lives as long as the table. */
OCKHAM_API ockham_rows ockham_table_rows(const ockham_table *table);
/** The name of feature j (0 ...); "x1", "x2", ... where the file has none. */
OCKHAM_API const char *ockham_table_column_name(const ockham_table *table, size_t j);
/** The labels as numbers 0, 1, ... in order of first appearance, one a row; NULL without a label column. */
OCKHAM_API const uint32_t *ockham_table_labels(const ockham_table *table);
OCKHAM_API size_t ockham_table_n_label_values(const ockham_table *table);
/** The text that label number `value` stands for. */
OCKHAM_API const char *ockham_table_label_text(const ockham_table *table, uint32_t value);
/** The weights, one a row, not all 0; NULL without a weight column. */
OCKHAM_API const double *ockham_table_weights(const ockham_table *table);
/** How many texts feature j has, and its text number `value`; 0 where it holds numbers. */
OCKHAM_API size_t ockham_table_n_texts(const ockham_table *table, size_t j);
OCKHAM_API const char *ockham_table_text(const ockham_table *table, size_t j, size_t value);
/** Seconds since 1970, one a row (NaN where missing, with MISSING_KEEP); NULL without a time column. */
OCKHAM_API const double *ockham_table_times(const ockham_table *table);
/** The number of row i (0 ...) among the rows of data in its file, from 1: i + 1 unless rows were left out. */
OCKHAM_API uint64_t ockham_table_source_row(const ockham_table *table, size_t i);
/** How many columns of the file are used for nothing. */
OCKHAM_API size_t ockham_table_n_unused_columns(const ockham_table *table);
/** Rows left out, or cells filled in, because of missing values. */
OCKHAM_API uint64_t ockham_table_n_rows_dropped(const ockham_table *table);
OCKHAM_API uint64_t ockham_table_n_cells_filled(const ockham_table *table);

/** The same file a block at a time, for work on more rows than memory holds. Blocks hold float64. */
typedef struct ockham_reader ockham_reader;
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_reader_open(const char *path, const ockham_read_options *options,
                                                              ockham_reader **reader, ockham_error *err);
OCKHAM_API size_t ockham_reader_n_columns(const ockham_reader *reader);
OCKHAM_API const char *ockham_reader_column_name(const ockham_reader *reader, size_t j);
/** The next rows, valid until the next call; rows->n_rows is 0 at the end of the file. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_reader_next(ockham_reader *reader, ockham_rows *rows,
                                                              ockham_error *err);
/** The weights of the block's rows, as long as they are valid; NULL without a weight column. */
OCKHAM_API const double *ockham_reader_weights(const ockham_reader *reader);
/** Texts met so far, and times of the block's rows, as of a table. */
OCKHAM_API size_t ockham_reader_n_texts(const ockham_reader *reader, size_t j);
OCKHAM_API const char *ockham_reader_text(const ockham_reader *reader, size_t j, size_t value);
OCKHAM_API const double *ockham_reader_times(const ockham_reader *reader);
/** The number of row i (0 ...) of the block among the rows of data in the file, from 1. */
OCKHAM_API uint64_t ockham_reader_source_row(const ockham_reader *reader, size_t i);
/** Known labels of the rows of the block, as ockham_table_labels(); NULL without a label column. */
OCKHAM_API const uint32_t *ockham_reader_labels(const ockham_reader *reader);
OCKHAM_API size_t ockham_reader_n_label_values(const ockham_reader *reader);   /**< met so far */
OCKHAM_API uint64_t ockham_reader_n_rows_dropped(const ockham_reader *reader); /**< so far, in this round */
/** How many columns of the file are used for nothing. */
OCKHAM_API size_t ockham_reader_n_unused_columns(const ockham_reader *reader);
/** Go back to before the first row. Fails with BAD_ARGUMENT when the rows come from standard input or a pipe, which
 *  cannot be read twice, with BAD_FILE when the file has other columns now, and as _open. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_reader_rewind(ockham_reader *reader, ockham_error *err);
/** The reader's rows as a source, which lives as long as the reader. Fails with BAD_ARGUMENT as _rewind does. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_reader_source(ockham_reader *reader, ockham_row_source *source,
                                                                ockham_error *err);
OCKHAM_API void ockham_reader_close(ockham_reader *reader);

/** How columns of different units are made comparable. */
typedef enum ockham_scale {
  OCKHAM_SCALE_AUTO = 0, /**< STANDARD when the largest and the smallest standard deviation of the columns that are not
                              constant differ by more than OCKHAM_SCALE_AUTO_RATIO; else NONE */
  OCKHAM_SCALE_NONE,
  OCKHAM_SCALE_STANDARD, /**< subtract the mean, divide by the standard deviation (denominator n) */
  OCKHAM_SCALE_ROBUST    /**< subtract the median, divide by the interquartile range; by the standard deviation where
                              that range is 0 */
} ockham_scale;
#define OCKHAM_SCALE_AUTO_RATIO 10.0

/** x' = (x - centre[j]) * factor[j]. Zero-initialise; ockham_scaling_clear() frees it. Constant columns keep factor 1.
 */
typedef struct ockham_scaling {
  ockham_scale kind; /**< what is done, never AUTO */
  size_t n_columns;
  double *centre;      /**< n_columns, finite; NULL for NONE */
  double *factor;      /**< n_columns, finite and positive; NULL for NONE */
  double spread_ratio; /**< largest over smallest standard deviation of the columns that are not constant; 1 if none */
} ockham_scaling;

/** Measure the columns of x. Fails with BAD_ARGUMENT, BAD_DATA (not finite, or so large that squares overflow),
 *  NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_scaling_fit(ockham_rows x, ockham_scale kind, ockham_scaling *scaling,
                                                              ockham_error *err);
/** The same for rows that stand for several each: mean, standard deviation and quartiles are those of a table that
 *  holds each row as often as its weight says. Quartiles: the value whose place is floor((n - 1) q), n the sum of the
 *  weights, and the next, as in Hmisc's wtd.quantile. weights: x.n_rows, each 0 or OCKHAM_LEAST_WEIGHT to
 *  OCKHAM_LARGEST_WEIGHT, not all 0; NULL: all 1. Fails also with BAD_DATA (row of the first weight that is none). */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_scaling_fit_weighted(ockham_rows x, const double *weights,
                                                                       ockham_scale kind, ockham_scaling *scaling,
                                                                       ockham_error *err);
/** Scale rows into `scaled`, x.n_rows x x.n_columns without gaps and of x.dtype; may be x.data itself when x has no
 *  gaps. x.n_columns must be scaling->n_columns (or kind NONE). */
OCKHAM_API void ockham_scaling_apply(const ockham_scaling *scaling, ockham_rows x, void *scaled);
OCKHAM_API void ockham_scaling_clear(ockham_scaling *scaling);

/** Scale the rows that a reader gives from its next block on; borrowed until the reader is closed. NULL: leave them. */
OCKHAM_API void ockham_reader_scale(ockham_reader *reader, const ockham_scaling *scaling);

/** What one round over a source tells. Zero-initialise; ockham_overview_clear() frees what it holds. */
typedef struct ockham_overview {
  uint64_t n_rows;
  size_t n_columns;
  double *mean, *sd, *low, *high; /**< n_columns each; the standard deviation has the denominator n */
  ockham_rows sample;             /**< float64, in the order of the source */
  uint64_t stretch; /**< the sample has one row, drawn at random, of each stretch of so many; 1: it has all rows */
} ockham_overview;
/** Go through the source once. most_sample_rows: how many rows the sample may have, at least 2; it has half as many at
 *  least, or all. `progress` may be NULL. The result does not depend on the source's blocks.
 *  Fails as the source does, and with BAD_ARGUMENT, BAD_DATA (no rows; a value that is not finite, with its row and
 *  column; a column so wide that squares overflow), NO_MEMORY, INTERRUPTED. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_overview_take(const ockham_row_source *source,
                                                                size_t most_sample_rows, uint64_t seed,
                                                                const ockham_progress *progress,
                                                                ockham_overview *overview, ockham_error *err);
OCKHAM_API void ockham_overview_clear(ockham_overview *overview);
/** ockham_scaling_fit() of all its rows; medians and quartiles are those of the sample. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_overview_fit_scaling(const ockham_overview *overview,
                                                                       ockham_scale kind, ockham_scaling *scaling,
                                                                       ockham_error *err);
/** The overview of the scaled rows: sample, means and ranges change. */
OCKHAM_API void ockham_overview_scale(ockham_overview *overview, const ockham_scaling *scaling);

/** Scale a table in place. */
OCKHAM_API void ockham_table_scale(ockham_table *table, const ockham_scaling *scaling);

/** What ockham_generate_blobs() shall make: Gaussian clusters around random centres. */
typedef struct ockham_blobs_options {
  size_t k;                    /**< clusters; default 3 */
  size_t n_columns;            /**< default 2 */
  size_t rows_per_cluster;     /**< every cluster's size, or with rows_per_cluster_max the smallest; default 100 */
  size_t rows_per_cluster_max; /**< sizes run evenly (linspace, rounded) from the one to the other; 0: all equal */
  bool random_sizes;           /**< sizes uniform between the two instead of evenly spaced */
  double box_low, box_high;    /**< centres are uniform in [low, high]^n_columns; both 0: -1 and 1 */
  double min_distance;         /**< least distance between two centres; 0: none is asked */
  double sd; /**< standard deviation of every cluster in every column; default min_distance / 5, or 0.1 */
  uint64_t seed;
} ockham_blobs_options;

/** Draw a table of blobs: rows in order of their cluster, labels 0 ... k-1 (as text "1" ... "k"), columns x1, x2, ...
 *  Fails with BAD_ARGUMENT (when so many centres that far apart were not found in the box, with the numbers) or
 *  NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_generate_blobs(const ockham_blobs_options *options,
                                                                 ockham_table **table, ockham_error *err);

/** Write features, and labels in a last column `label` when there are any (weights are not written), as CSV with the
 * shortest digits that read back as the same numbers, or as NPY where the path ends in .npy (features only). "-" is
 * standard output. The file is written beside and renamed. Fails with CANNOT_WRITE, NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_table_write(const ockham_table *table, const char *path,
                                                              ockham_error *err);

/** Rows of numbers into a file as they come: CSV with a header, or float64 NPY where the path ends in .npy. "-" is
 *  standard output (CSV). The file is written beside and renamed when it is closed.
 *  _open fails with CANNOT_WRITE, NO_MEMORY; names: n_columns. _put takes rows of n_columns, float32 or float64. _close
 * ends the file and frees the writer, also when it fails (CANNOT_WRITE). _abandon frees it and leaves what was there
 * before. */
typedef struct ockham_writer ockham_writer;
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_writer_open(const char *path, const char *const *names,
                                                              size_t n_columns, ockham_writer **writer,
                                                              ockham_error *err);
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_writer_put(ockham_writer *writer, ockham_rows rows,
                                                             ockham_error *err);
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_writer_close(ockham_writer *writer, ockham_error *err);
OCKHAM_API void ockham_writer_abandon(ockham_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
