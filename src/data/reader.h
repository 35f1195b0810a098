/* SPDX-License-Identifier: Apache-2.0 */
/* What reading a table and reading blocks share: a source with columns chosen and missing cells treated. */
#ifndef OCK_DATA_READER_H
#define OCK_DATA_READER_H

#include "data/internal.h"

typedef enum ock_file_format { OCK_FILE_CSV, OCK_FILE_NPY, OCK_FILE_HDF5, OCK_FILE_SQLITE } ock_file_format;

struct ockham_reader {
  char *path;       /* of the file, which source->path may point to; NULL when the source was given */
  const char *part; /* in it, or NULL */
  ock_file_format format;
  ockham_read_options options; /* what opening the source anew needs of them */
  char *query;
  ockham_progress progress;
  ock_source *source;
  ockham_missing missing;
  ock_labels labels;
  ock_labels *texts; /* as many as the source has columns: those of categories; NULL: there are none */
  bool *may_be_text; /* likewise: features that become categories where they hold text; NULL: none */
  bool has_label, has_weight, has_time;
  size_t weight_column;              /* among the source's columns, where it is a feature like others ... */
  size_t weight_position;            /* ... and among these */
  size_t time_column, time_position; /* likewise */
  size_t n_features;                 /* without them */
  size_t *column;                    /* n_features: where each is among the source's columns */
  size_t *position;                  /* n_features: where each is in the source's rows; NULL when they are in order */
  void *rows;                        /* the block given out last, where it is not the source's own */
  uint32_t *label;
  double *weight, *time;
  size_t capacity_rows;
  uint64_t *source_row; /* under DROP: which rows of the file the block's are */
  size_t capacity_source_rows;
  const ockham_scaling *scaling; /* of the rows given out, or NULL */
  const uint32_t *block_label;   /* of the block given out last, or NULL */
  double *converted;             /* rows as float64, or scaled */
  size_t capacity_converted;
  uint64_t n_rows_read, n_rows_before, n_rows_dropped; /* before: those of earlier blocks */
  bool ended;
};

/* Give the source's columns their roles. */
ockham_status ock_reader_choose_columns(ockham_reader *reader, const ockham_read_options *options, ockham_error *err);
/* Make a feature (0 ...) hold texts. */
ockham_status ock_reader_make_category(ockham_reader *reader, size_t k, ockham_error *err);

/* The same as ockham_reader_open(), with every policy for missing cells; MEAN leaves NaN for the caller to fill. */
ockham_status ock_reader_open(const char *path, const ockham_read_options *options, ockham_reader **reader,
                              ockham_error *err);
/* The same with a source that is open; it becomes the reader's, also on failure. */
ockham_status ock_reader_open_source(ock_source *source, const ockham_read_options *options, ockham_reader **reader,
                                     ockham_error *err);
/* The next rows: features in the order asked for, in the source's type, valid until the next call. */
ockham_status ock_reader_next_block(ockham_reader *reader, ock_block *block, ockham_error *err);
const char *ock_reader_path(const ockham_reader *reader);
ockham_dtype ock_reader_dtype(const ockham_reader *reader);
bool ock_reader_has_label(const ockham_reader *reader);
bool ock_reader_has_weight(const ockham_reader *reader);
bool ock_reader_has_time(const ockham_reader *reader);
uint64_t ock_reader_n_rows_expected(const ockham_reader *reader);
ock_labels *ock_reader_labels(ockham_reader *reader);
/* The texts of feature k, for taking; NULL where it holds numbers. */
ock_labels *ock_reader_texts(ockham_reader *reader, size_t k);
/* With find_categories: whether a feature that was taken for numbers turned out to hold text, so that blocks are of no
 * use; and begin again with such features as categories. */
bool ock_reader_found_text(const ockham_reader *reader);
ockham_status ock_reader_restart(ockham_reader *reader, ockham_error *err);

/* Read all of an open source; it is closed. */
ockham_status ock_table_read_source(ock_source *source, const ockham_read_options *options, ockham_table **table,
                                    ockham_error *err);

/* The number that a text of digits stands for; 0 for any other text. */
size_t ock_column_number(const char *text);

#endif
