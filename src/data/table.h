/* SPDX-License-Identifier: Apache-2.0 */
/* What a table is made of, for the files of this folder that fill, scale or write one. */
#ifndef OCK_DATA_TABLE_H
#define OCK_DATA_TABLE_H

#include "data/internal.h"

struct ockham_table {
  void *values; /* n_rows x n_columns, row-major, of type dtype */
  ockham_dtype dtype;
  size_t n_rows, n_columns;
  size_t n_unused; /* columns of the file */
  char **names;    /* n_columns */
  uint32_t *label; /* n_rows, or NULL without a label column */
  double *weight;  /* n_rows, or NULL without a weight column */
  double *time;    /* n_rows, or NULL without a time column */
  ock_labels labels;
  ock_labels *texts;    /* n_columns, those of categories; NULL: there are none */
  uint64_t *source_row; /* n_rows, or NULL when no row was left out */
  uint64_t n_rows_dropped, n_cells_filled;
};

#endif
