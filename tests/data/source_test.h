/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of sources share: temporary files, and a source read to its end. */
#ifndef OCK_SOURCE_TEST_H
#define OCK_SOURCE_TEST_H

#include "test.h"
/* apart from the above, whose headers must come first */
#include <unistd.h>

#include "data/internal.h"

/* A fresh path for a temporary file, to be given to drop_path(). */
static inline char *make_path(const char *suffix) {
  const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
  char path[512];
  snprintf(path, sizeof path, "%s/ockham_test_XXXXXX%s", folder, suffix);
  int descriptor = mkstemps(path, (int)strlen(suffix));
  assert_true(descriptor >= 0);
  close(descriptor);
  return strdup(path);
}

static inline void drop_path(char *path) {
  unlink(path);
  free(path);
}

static inline void write_file(const char *path, const void *bytes, size_t size) {
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  assert_int_equal(fwrite(bytes, 1, size, stream), size);
  assert_int_equal(fclose(stream), 0);
}

static inline unsigned char *read_file(const char *path, size_t *size) {
  FILE *stream = fopen(path, "rb");
  assert_non_null(stream);
  assert_int_equal(fseek(stream, 0, SEEK_END), 0);
  *size = (size_t)ftell(stream);
  rewind(stream);
  unsigned char *bytes = malloc(*size + 1);
  assert_int_equal(fread(bytes, 1, *size, stream), *size);
  bytes[*size] = 0;
  fclose(stream);
  return bytes;
}

/* All rows of a source as doubles. */
typedef struct rows_read {
  double *values;
  uint32_t *label;
  size_t n_rows, n_features, n_blocks;
  ockham_dtype dtype;
  ock_labels labels;
} rows_read;

static inline void rows_read_clear(rows_read *rows) {
  free(rows->values);
  free(rows->label);
  ock_labels_clear(&rows->labels);
}

static inline void append_block(rows_read *rows, const ock_block *block) {
  size_t d = rows->n_features, n = rows->n_rows + block->n_rows;
  rows->values = realloc(rows->values, (n * d + 1) * sizeof(double));
  rows->label = realloc(rows->label, (n + 1) * sizeof(uint32_t));
  for (size_t i = 0; i < block->n_rows * d; i++)
    rows->values[rows->n_rows * d + i] =
        block->dtype == OCKHAM_FLOAT32 ? (double)((const float *)block->values)[i] : ((const double *)block->values)[i];
  for (size_t i = 0; block->label && i < block->n_rows; i++) rows->label[rows->n_rows + i] = block->label[i];
  rows->n_rows = n;
  rows->dtype = block->dtype;
  rows->n_blocks++;
}

/* Read everything and close the source. Column `label` (from 0; -1: none) is the label, `skip` is left out. */
static inline ockham_status read_rows(ock_source *source, int label, int skip, rows_read *rows, ockham_error *err) {
  *rows = (rows_read){0};
  for (size_t j = 0; j < source->n_columns; j++) {
    source->role[j] = (int)j == label ? OCK_ROLE_LABEL : (int)j == skip ? OCK_ROLE_SKIP : OCK_ROLE_FEATURE;
    rows->n_features += source->role[j] == OCK_ROLE_FEATURE;
  }
  source->labels = &rows->labels;
  ockham_status status;
  ock_block block = {0};
  do {
    status = source->next(source, &block, err);
    if (!status) append_block(rows, &block);
  } while (!status && block.n_rows > 0);
  source->close(source);
  return status;
}

#endif
