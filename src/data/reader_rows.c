/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks pass through untouched where nothing is to be reordered or left out, which is the usual case. */
#include <math.h>
#include <string.h>

#include "data/reader.h"

static bool is_finite_double(const double *x, size_t n) {
  uint64_t found = 0;
  for (size_t i = 0; i < n; i++) {
    uint64_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    found |= (bits & 0x7fffffffffffffffu) + 0x0010000000000000u; /* carries into the sign for nan and inf */
  }
  return found >> 63 == 0;
}

static bool is_finite_float(const float *x, size_t n) {
  uint32_t found = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    found |= (bits & 0x7fffffffu) + 0x00800000u;
  }
  return found >> 31 == 0;
}

static bool is_finite(const ock_block *block, size_t first, size_t n) {
  return block->dtype == OCKHAM_FLOAT32 ? is_finite_float((const float *)block->values + first, n)
                                        : is_finite_double((const double *)block->values + first, n);
}

static double value_at(const ock_block *block, size_t i) {
  return block->dtype == OCKHAM_FLOAT32 ? (double)((const float *)block->values)[i]
                                        : ((const double *)block->values)[i];
}

/* Values in a row of the source's. */
static size_t row_width(const ockham_reader *reader) {
  return reader->n_features + reader->has_weight + reader->has_time;
}

/* The source's column behind the n-th value of its rows. */
static size_t nth_value(const ock_source *source, size_t n) {
  size_t j = 0;
  for (;; j++)
    if (ock_role_has_value(source->role[j]) && n-- == 0) return j;
}

static ockham_status fail_value(const ockham_reader *reader, size_t row, size_t feature, double value,
                                ockham_error *err) {
  const ock_source *source = reader->source;
  size_t j = nth_value(source, feature);
  unsigned long long number = reader->n_rows_read + row + 1;
  if (isnan(value))
    return ock_fail_at(err, OCKHAM_BAD_DATA, number, j + 1,
                       "%s: row %llu, column %zu '%.64s' is missing (NaN); --missing drop leaves out such rows, "
                       "--missing mean fills them in",
                       source->path, number, j + 1, source->names[j]);
  return ock_fail_at(err, OCKHAM_BAD_DATA, number, j + 1,
                     "%s: row %llu, column %zu '%.64s' holds %g, which is not finite", source->path, number, j + 1,
                     source->names[j], value);
}

/* Find the first value that the policy does not allow. */
static ockham_status check_values(const ockham_reader *reader, const ock_block *block, ockham_error *err) {
  size_t n = row_width(reader);
  for (size_t i = 0; i < block->n_rows; i++) {
    if (is_finite(block, i * n, n)) continue;
    for (size_t j = 0; j < n; j++) {
      double value = value_at(block, i * n + j);
      if (isinf(value) || (isnan(value) && reader->missing == OCKHAM_MISSING_ERROR))
        return fail_value(reader, i, j, value, err);
    }
  }
  return OCKHAM_OK;
}

static ockham_status reserve_rows(ockham_reader *reader, size_t n_rows, size_t value_bytes, ockham_error *err) {
  if (n_rows <= reader->capacity_rows) return OCKHAM_OK;
  ock_free(reader->rows);
  ock_free(reader->label);
  ock_free(reader->weight);
  ock_free(reader->time);
  size_t size = ock_size_product(n_rows, reader->n_features);
  reader->rows = ock_alloc_array(size, value_bytes);
  reader->label = ock_alloc_array(n_rows, sizeof *reader->label);
  reader->weight = ock_alloc_array(reader->has_weight ? n_rows : 0, sizeof *reader->weight);
  reader->time = ock_alloc_array(reader->has_time ? n_rows : 0, sizeof *reader->time);
  reader->capacity_rows = reader->rows && reader->label && reader->weight && reader->time ? n_rows : 0;
  return reader->capacity_rows ? OCKHAM_OK
                               : ock_fail_memory(err, "a block of rows", ock_size_product(size, value_bytes));
}

static void copy_row(const ockham_reader *reader, const ock_block *block, size_t from, size_t to) {
  size_t n = reader->n_features, width = row_width(reader);
  const size_t *position = reader->position;
  if (block->dtype == OCKHAM_FLOAT32) {
    const float *x = (const float *)block->values + from * width;
    float *y = (float *)reader->rows + to * n;
    for (size_t k = 0; k < n; k++) y[k] = x[position ? position[k] : k];
  } else {
    const double *x = (const double *)block->values + from * width;
    double *y = (double *)reader->rows + to * n;
    for (size_t k = 0; k < n; k++) y[k] = x[position ? position[k] : k];
  }
}

static ockham_status number_rows(ockham_reader *reader, size_t n_rows, ockham_error *err) {
  if (n_rows > reader->capacity_source_rows) {
    ock_free(reader->source_row);
    reader->source_row = ock_alloc_array(n_rows, sizeof *reader->source_row);
    reader->capacity_source_rows = reader->source_row ? n_rows : 0;
    if (!reader->source_row) return ock_fail_memory(err, "the row numbers", n_rows * sizeof *reader->source_row);
  }
  for (size_t i = 0; i < n_rows; i++) reader->source_row[i] = reader->n_rows_read + i + 1;
  return OCKHAM_OK;
}

static ockham_status copy_weight(ockham_reader *reader, const ock_block *block, size_t from, size_t to,
                                 ockham_error *err) {
  const ock_source *source = reader->source;
  size_t j = reader->weight_column;
  double weight = value_at(block, from * row_width(reader) + reader->weight_position);
  reader->weight[to] = weight;
  if (ock_is_weight(weight)) return OCKHAM_OK;
  unsigned long long number = reader->n_rows_read + from + 1;
  return ock_fail_at(err, OCKHAM_BAD_DATA, number, j + 1,
                     "%s: row %llu, column %zu '%.64s': a weight must be 0 or a number from %g to %g, found %g",
                     source->path, number, j + 1, source->names[j], OCKHAM_LEAST_WEIGHT, OCKHAM_LARGEST_WEIGHT, weight);
}

/* A time that is missing is kept, or left to fail here; sources that read texts have checked the others. */
static ockham_status copy_time(ockham_reader *reader, const ock_block *block, size_t from, size_t to,
                               ockham_error *err) {
  const ock_source *source = reader->source;
  size_t j = reader->time_column;
  double time = value_at(block, from * row_width(reader) + reader->time_position);
  reader->time[to] = time;
  if (ock_time_is_valid(time) || (isnan(time) && reader->missing == OCKHAM_MISSING_KEEP)) return OCKHAM_OK;
  unsigned long long number = reader->n_rows_read + from + 1;
  return ock_fail_at(err, OCKHAM_BAD_DATA, number, j + 1,
                     "%s: row %llu, column %zu '%.64s': expected a time in seconds since 1970, found %g", source->path,
                     number, j + 1, source->names[j], time);
}

/* ---- categories of sources that only know numbers ---- */

enum { MOST_IN_FLOAT = 1 << 24 /* the numbers up to it are floats */ };

static ockham_status number_value(ockham_reader *reader, size_t k, ockham_dtype dtype, size_t at, ockham_error *err) {
  float *narrow = reader->rows;
  double *wide = reader->rows, value = dtype == OCKHAM_FLOAT32 ? (double)narrow[at] : wide[at];
  if (isnan(value)) return OCKHAM_OK;
  char text[32];
  uint32_t number;
  size_t length = ock_number_format(value, text);
  OCK_TRY(ock_labels_intern(&reader->texts[reader->column[k]], text, length, &number, err));
  if (dtype == OCKHAM_FLOAT32 && number > MOST_IN_FLOAT)
    return ock_fail(err, OCKHAM_BAD_DATA, "%s: column %zu '%.64s' has too many different values for categories",
                    reader->source->path, reader->column[k] + 1, reader->source->names[reader->column[k]]);
  if (dtype == OCKHAM_FLOAT32)
    narrow[at] = (float)number;
  else
    wide[at] = number;
  return OCKHAM_OK;
}

static ockham_status number_categories(ockham_reader *reader, const ock_block *block, ockham_error *err) {
  const ock_source *source = reader->source;
  for (size_t k = 0; k < reader->n_features; k++) {
    if (source->role[reader->column[k]] != OCK_ROLE_CATEGORY) continue;
    for (size_t i = 0; i < block->n_rows; i++)
      OCK_TRY(number_value(reader, k, block->dtype, i * reader->n_features + k, err));
  }
  return OCKHAM_OK;
}

/* ---- blocks ---- */

/* Copy the rows that stay, their features in the order asked for, and their weights and times. */
static ockham_status rearrange(ockham_reader *reader, ock_block *block, bool drop, ockham_error *err) {
  size_t value_bytes = block->dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  OCK_TRY(reserve_rows(reader, block->n_rows, value_bytes, err));
  size_t n_kept = 0;
  for (size_t i = 0; i < block->n_rows; i++) {
    if (drop && !is_finite(block, i * row_width(reader), row_width(reader))) continue;
    copy_row(reader, block, i, n_kept);
    if (block->label) reader->label[n_kept] = block->label[i];
    if (reader->has_weight) OCK_TRY(copy_weight(reader, block, i, n_kept, err));
    if (reader->has_time) OCK_TRY(copy_time(reader, block, i, n_kept, err));
    if (drop) reader->source_row[n_kept] = reader->n_rows_read + i + 1;
    n_kept++;
  }
  reader->n_rows_dropped += block->n_rows - n_kept;
  block->values = reader->rows;
  if (block->label) block->label = reader->label;
  if (reader->has_weight) block->weight = reader->weight;
  if (reader->has_time) block->time = reader->time;
  block->n_rows = n_kept;
  return reader->texts && !reader->source->reads_texts ? number_categories(reader, block, err) : OCKHAM_OK;
}

ockham_status ock_reader_next_block(ockham_reader *reader, ock_block *block, ockham_error *err) {
  do {
    OCK_TRY(reader->source->next(reader->source, block, err));
    size_t n_rows = block->n_rows;
    if (n_rows == 0) break;
    bool drop = false;
    block->source_row = NULL;
    block->weight = block->time = NULL;
    if (reader->missing == OCKHAM_MISSING_DROP) {
      OCK_TRY(number_rows(reader, n_rows, err));
      block->source_row = reader->source_row;
    }
    if (reader->missing != OCKHAM_MISSING_KEEP && !is_finite(block, 0, n_rows * row_width(reader))) {
      drop = reader->missing == OCKHAM_MISSING_DROP;
      if (!drop && !ock_reader_found_text(reader)) OCK_TRY(check_values(reader, block, err));
    }
    if (drop || reader->position) OCK_TRY(rearrange(reader, block, drop, err));
    reader->n_rows_before = reader->n_rows_read;
    reader->n_rows_read += n_rows;
  } while (block->n_rows == 0);
  return OCKHAM_OK;
}

/* Into a copy of float64, scaled. */
static ockham_status convert(ockham_reader *reader, ockham_rows *rows, ockham_error *err) {
  size_t n = rows->n_rows * reader->n_features;
  if (n > reader->capacity_converted) {
    ock_free(reader->converted);
    reader->converted = ock_alloc_array(n, sizeof(double));
    reader->capacity_converted = reader->converted ? n : 0;
    if (!reader->converted) return ock_fail_memory(err, "a block of rows", n * sizeof(double));
  }
  if (rows->dtype == OCKHAM_FLOAT32) {
    for (size_t i = 0; i < n; i++) reader->converted[i] = (double)((const float *)rows->data)[i];
    rows->data = reader->converted;
    rows->dtype = OCKHAM_FLOAT64;
  }
  if (reader->scaling) ockham_scaling_apply(reader->scaling, *rows, reader->converted);
  rows->data = reader->converted;
  return OCKHAM_OK;
}

ockham_status ockham_reader_next(ockham_reader *reader, ockham_rows *rows, ockham_error *err) {
  ock_block block;
  OCK_TRY(ock_reader_next_block(reader, &block, err));
  reader->block_label = block.label;
  reader->ended = block.n_rows == 0;
  ockham_rows found = {.data = block.values,
                       .n_rows = block.n_rows,
                       .n_columns = reader->n_features,
                       .stride = reader->n_features,
                       .dtype = block.n_rows > 0 ? block.dtype : OCKHAM_FLOAT64};
  if (block.n_rows > 0 && (block.dtype == OCKHAM_FLOAT32 || reader->scaling)) OCK_TRY(convert(reader, &found, err));
  *rows = found;
  return OCKHAM_OK;
}
