/* SPDX-License-Identifier: Apache-2.0 */
/* Rows go into bins OCK_PANEL at a time, transposed, so that each loop runs over rows and needs no branch. A row's bins
 * do not depend on the others of its panel: every lane is computed alike, whatever the rest hold. */
#include <math.h>
#include <string.h>

#include "profile/internal.h"

enum { LANES = 8, ALIGNMENT = 64 };

ock_block *ock_block_new(const ockham_profile *profile) {
  size_t d = profile->parts.n_numbers, header = (sizeof(ock_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  size_t panels = ock_size_product(profile->parts.n_columns + 2 * d, OCK_PANEL * sizeof(double));
  char *bytes = panels < SIZE_MAX - header - ALIGNMENT ? ock_alloc(header + panels + ALIGNMENT) : NULL;
  if (!bytes) return NULL;
  ock_block *block = (ock_block *)bytes;
  bytes += header;
  bytes += (ALIGNMENT - (uintptr_t)bytes % ALIGNMENT) % ALIGNMENT;
  block->values = (double *)bytes;
  block->scaled = block->values + profile->parts.n_columns * OCK_PANEL;
  block->standard = block->scaled + d * OCK_PANEL;
  return block;
}

/* ---- loading and scaling ---- */

/* By rows, as they lie in memory. */
static void load_values(ockham_rows x, size_t first, size_t n, double *values) {
  size_t stride = ock_rows_stride(x), d = x.n_columns;
  for (size_t r = 0; r < n; r++) {
    size_t at = (first + r) * stride;
    if (x.dtype == OCKHAM_FLOAT32)
      for (size_t j = 0; j < d; j++) values[j * OCK_PANEL + r] = (double)((const float *)x.data)[at + j];
    else
      for (size_t j = 0; j < d; j++) values[j * OCK_PANEL + r] = ((const double *)x.data)[at + j];
  }
  for (size_t j = 0; j < d; j++)
    for (size_t r = n; r < OCK_PANEL; r++) values[j * OCK_PANEL + r] = 0;
}

/* Whether all are finite: 0 x is 0 then, and else no number. */
static bool are_finite(const double *values) {
  double sum[LANES] = {0}, all = 0;
  for (size_t first = 0; first < OCK_PANEL; first += LANES)
    for (size_t r = 0; r < LANES; r++) sum[r] += 0 * values[first + r];
  for (size_t r = 0; r < LANES; r++) all += sum[r];
  return all == 0;
}

static void count_missing(const double *values, uint32_t *missing) {
  for (size_t r = 0; r < OCK_PANEL; r++) missing[r] += values[r] != values[r];
}

/* What is infinite, or too large to be squared, is taken to be at its column's limit. */
static void scale_column(const ockham_profile *p, size_t m, const double *values, double *scaled) {
  double centre = p->centre[m], factor = p->factor[m], low = p->scaled_low[m], high = p->scaled_high[m];
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double value = (values[r] - centre) * factor, limit = values[r] > centre ? high : low;
    limit = values[r] == values[r] ? limit : 0;
    scaled[r] = fabs(value) <= OCK_PROFILE_LARGEST ? value : limit;
  }
}

void ock_block_load(const ockham_profile *p, ockham_rows x, size_t first, size_t n, ock_block *block) {
  block->n = n;
  block->has_missing = false;
  load_values(x, first, n, block->values);
  memset(block->missing_inputs, 0, sizeof block->missing_inputs);
  memset(block->missing_numbers, 0, sizeof block->missing_numbers);
  for (size_t j = 0; j < p->parts.n_columns; j++) {
    const double *values = block->values + j * OCK_PANEL;
    if (p->columns[j].role == OCKHAM_COLUMN_OUTPUT || are_finite(values)) continue;
    count_missing(values, block->missing_inputs);
    if (p->columns[j].kind == OCKHAM_COLUMN_NUMBER) count_missing(values, block->missing_numbers);
  }
  for (size_t r = 0; r < OCK_PANEL; r++) block->has_missing |= block->missing_numbers[r] > 0;
  for (size_t m = 0; m < p->parts.n_numbers; m++)
    scale_column(p, m, block->values + p->numbers[m] * OCK_PANEL, block->scaled + m * OCK_PANEL);
}

/* ---- clusters ---- */

/* Over the numbers that are there. */
static void assign_incomplete(const ockham_profile *p, ock_block *block, size_t r) {
  size_t d = p->parts.n_numbers, n_observed = d - block->missing_numbers[r];
  double least = INFINITY;
  uint32_t label = 0;
  for (size_t i = 0; i < p->parts.k; i++) {
    double sum = 0;
    for (size_t m = 0; m < d; m++) {
      double difference = block->scaled[m * OCK_PANEL + r] - p->centroids[i * d + m];
      double value = block->values[p->numbers[m] * OCK_PANEL + r];
      sum += value == value ? difference * difference : 0;
    }
    if (sum < least) {
      least = sum;
      label = (uint32_t)i;
    }
  }
  block->label[r] = label;
  block->squared[r] = n_observed ? least * ((double)d / (double)n_observed) : NAN;
}

void ock_block_assign(const ockham_profile *p, ock_block *block) {
  double second[OCK_PANEL];
  size_t d = p->parts.n_numbers;
  p->kernels->nearest_two(block->scaled, d, p->centroids, p->parts.k, block->label, block->squared, second);
  if (!block->has_missing) return;
  for (size_t r = 0; r < block->n; r++)
    if (block->missing_numbers[r]) assign_incomplete(p, block, r);
}

/* ---- directions ---- */

void ock_block_standardise(const ockham_profile *p, ock_block *block) {
  for (size_t m = 0; m < p->parts.n_numbers; m++) {
    const double *values = block->values + p->numbers[m] * OCK_PANEL;
    double *standard = block->standard + m * OCK_PANEL;
    double low = p->low[m], high = p->high[m], mean = p->mean[m], gain = p->gain[m];
    for (size_t r = 0; r < OCK_PANEL; r++) {
      double value = values[r] < low ? low : values[r];
      value = value > high ? high : value;
      value = (value - mean) * gain;
      standard[r] = value == value ? value : 0;
    }
  }
}

void ock_block_project(const ockham_profile *p, const ock_block *block, size_t direction, double *out) {
  size_t d = p->parts.n_numbers;
  const double *along = p->directions + direction * d;
  for (size_t first = 0; first < block->n; first += LANES) {
    double sum[LANES] = {0};
    for (size_t m = 0; m < d; m++)
      for (size_t r = 0; r < LANES; r++) sum[r] += along[m] * block->standard[m * OCK_PANEL + first + r];
    memcpy(out + first, sum, sizeof sum);
  }
}

/* ---- codes ---- */

typedef struct code_sink {
  uint16_t *codes;
  size_t step;
} code_sink;

/* How many cuts each value has reached; what is missing has its own bin. */
static void code_numbers(const double *values, size_t n, const double *cuts, size_t n_cuts, uint16_t missing,
                         code_sink sink) {
  for (size_t first = 0; first < n; first += LANES) {
    double reached[LANES] = {0};
    int32_t code[LANES];
    const double *value = values + first;
    for (size_t b = 0; b < n_cuts; b++)
      for (size_t r = 0; r < LANES; r++) reached[r] += value[r] >= cuts[b] ? 1.0 : 0.0;
    for (size_t r = 0; r < LANES; r++) code[r] = (int32_t)(value[r] == value[r] ? reached[r] : (double)missing);
    size_t left = n - first < LANES ? n - first : LANES;
    for (size_t r = 0; r < left; r++) sink.codes[(first + r) * sink.step] = (uint16_t)code[r];
  }
}

static void code_texts(const double *values, size_t n, const uint16_t *bins, size_t n_texts, uint16_t missing,
                       code_sink sink) {
  for (size_t r = 0; r < n; r++) {
    double value = values[r];
    uint16_t code = (uint16_t)(value == value ? missing - 1 : missing); /* a new one, until it is known */
    if (value >= 0 && value < (double)n_texts && value == floor(value)) code = bins[(size_t)value];
    sink.codes[r * sink.step] = code;
  }
}

static void code_column(const ockham_profile *p, const ock_block *block, size_t s, code_sink sink) {
  const ockham_signal *signal = &p->signals[s];
  const double *values = block->values + signal->index * OCK_PANEL;
  const ockham_profile_column *column = &p->columns[signal->index];
  uint16_t missing = (uint16_t)(signal->n_bins - 1);
  if (column->kind == OCKHAM_COLUMN_NUMBER)
    code_numbers(values, block->n, p->cuts[s], signal->n_edges, missing, sink);
  else
    code_texts(values, block->n, p->text_bins[signal->index], column->n_texts, missing, sink);
}

static void code_clusters(const ockham_profile *p, const ock_block *block, code_sink sink) {
  size_t k = p->parts.k, d = p->parts.n_numbers;
  for (size_t r = 0; r < block->n; r++) {
    uint32_t missing = block->missing_numbers[r], label = block->label[r];
    size_t code = missing == d ? k + 1 : missing == 0 && block->squared[r] > p->radii[label] ? k : label;
    sink.codes[r * sink.step] = (uint16_t)code;
  }
}

static void code_distances(const ockham_profile *p, const ock_block *block, code_sink sink) {
  for (size_t r = 0; r < block->n; r++) {
    const double *edges = p->distance_edges + block->label[r] * OCK_DISTANCE_EDGES;
    double squared = block->squared[r];
    int code = 0;
    for (size_t b = 0; b < OCK_DISTANCE_EDGES; b++) code += squared >= edges[b];
    if (squared > p->radii[block->label[r]]) code = OCK_DISTANCE_EDGES;
    sink.codes[r * sink.step] = (uint16_t)(block->missing_numbers[r] ? OCKHAM_PROFILE_DISTANCE_BINS : code);
  }
}

static void code_direction(const ockham_profile *p, const ock_block *block, size_t s, code_sink sink) {
  double along[OCK_PANEL];
  ock_block_project(p, block, p->signals[s].index, along);
  code_numbers(along, block->n, p->cuts[s], p->signals[s].n_edges, 0, sink);
}

static void code_missing(const ock_block *block, code_sink sink) {
  static const uint16_t bins[OCK_MOST_MISSING_BINS] = {0, 1, 2, 3, 3};
  for (size_t r = 0; r < block->n; r++) {
    uint32_t n = block->missing_inputs[r];
    sink.codes[r * sink.step] = n < OCK_MOST_MISSING_BINS ? bins[n] : OCK_MOST_MISSING_BINS - 1;
  }
}

static void code_signal(const ockham_profile *p, const ock_block *block, size_t s, code_sink sink) {
  switch (p->signals[s].kind) {
    case OCKHAM_SIGNAL_CLUSTERS:
      code_clusters(p, block, sink);
      break;
    case OCKHAM_SIGNAL_DISTANCE:
      code_distances(p, block, sink);
      break;
    case OCKHAM_SIGNAL_DIRECTION:
      code_direction(p, block, s, sink);
      break;
    case OCKHAM_SIGNAL_MISSING:
      code_missing(block, sink);
      break;
    default:
      code_column(p, block, s, sink);
  }
}

void ock_block_code(const ockham_profile *p, ock_block *block, uint16_t *codes, size_t row_step, size_t signal_step) {
  if (p->parts.k) ock_block_assign(p, block);
  if (p->parts.n_directions) ock_block_standardise(p, block);
  for (size_t s = 0; s < p->parts.n_signals; s++)
    code_signal(p, block, s, (code_sink){codes + s * signal_step, row_step});
}

/* ---- the call ---- */

ockham_status ock_profile_check_rows(const ockham_profile *p, ockham_rows x, ockham_error *err) {
  if (x.n_columns != p->parts.n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the data must have the profile's %zu columns, found %zu",
                    p->parts.n_columns, x.n_columns);
  if (x.n_rows && !x.data) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the data must not be NULL");
  if (x.dtype != OCKHAM_FLOAT64 && x.dtype != OCKHAM_FLOAT32)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the data must be float64 or float32, found type %d", (int)x.dtype);
  if (ock_rows_stride(x) < x.n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the stride must be at least %zu columns, found %zu", x.n_columns,
                    x.stride);
  return OCKHAM_OK;
}

ockham_status ockham_profile_bin(const ockham_profile *profile, ockham_rows x, uint16_t *codes,
                                 double *squared_distances, ockham_error *err) {
  OCK_TRY(ock_profile_check_rows(profile, x, err));
  ock_block *block = ock_block_new(profile);
  if (!block) return ock_fail_memory(err, "a block of rows", x.n_columns * OCK_PANEL * sizeof(double));
  size_t n_signals = profile->parts.n_signals;
  for (size_t first = 0; first < x.n_rows; first += OCK_PANEL) {
    size_t n = x.n_rows - first < OCK_PANEL ? x.n_rows - first : OCK_PANEL;
    ock_block_load(profile, x, first, n, block);
    ock_block_code(profile, block, codes + first * n_signals, n_signals, 1);
    if (!squared_distances) continue;
    for (size_t r = 0; r < n; r++) squared_distances[first + r] = profile->parts.k ? block->squared[r] : NAN;
  }
  ock_free(block);
  return OCKHAM_OK;
}
