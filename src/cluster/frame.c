/* SPDX-License-Identifier: Apache-2.0 */
/* The unit of coordinates, in one pass over the rows: their mean and range. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cluster/internal.h"

enum { BLOCKS = 64, MIN_ROWS = 2048 };

/* What one block of rows adds up, with their weights: d sums, and the least and greatest value of each column; `row` is
 * room for one as doubles. */
typedef struct column_sums {
  double *sum, *low, *high, *row;
  double weight, squares;
} column_sums;

typedef struct frame_pass {
  ockham_rows x;
  ock_frame *frame;
  size_t n_blocks;
  column_sums *blocks;
} frame_pass;

static size_t block_begin(const frame_pass *p, size_t b) {
  return (size_t)((double)p->x.n_rows * (double)b / (double)p->n_blocks);
}

/* Take one row of doubles in; several sums let the columns go side by side. */
static void add_row(const double *restrict row, size_t d, double weight, column_sums *c) {
  double *restrict sum = c->sum, *restrict low = c->low, *restrict high = c->high, squares[4] = {0};
  for (size_t l = 0; l < d; l++) {
    sum[l] += weight * row[l];
    low[l] = row[l] < low[l] ? row[l] : low[l];
    high[l] = row[l] > high[l] ? row[l] : high[l];
  }
  size_t whole = d / 4 * 4;
  for (size_t l = 0; l < whole; l += 4)
    for (size_t q = 0; q < 4; q++) squares[q] += row[l + q] * row[l + q];
  for (size_t l = whole; l < d; l++) squares[0] += row[l] * row[l];
  c->squares += weight * ((squares[0] + squares[1]) + (squares[2] + squares[3]));
  c->weight += weight;
}

static void sum_block(void *arg, size_t b, size_t worker) {
  (void)worker;
  const frame_pass *p = arg;
  column_sums *c = &p->blocks[b];
  size_t d = p->x.n_columns, stride = ock_rows_stride(p->x);
  for (size_t l = 0; l < d; l++) {
    c->sum[l] = 0;
    c->low[l] = INFINITY;
    c->high[l] = -INFINITY;
  }
  c->squares = c->weight = 0;
  for (size_t i = block_begin(p, b); i < block_begin(p, b + 1); i++) {
    double weight = p->frame->weights ? p->frame->weights[i] : 1;
    if (p->x.dtype == OCKHAM_FLOAT64) {
      add_row((const double *)p->x.data + i * stride, d, weight, c);
      continue;
    }
    for (size_t l = 0; l < d; l++) c->row[l] = (double)((const float *)p->x.data)[i * stride + l];
    add_row(c->row, d, weight, c);
  }
}

/* The power of two that makes `largest` at most 1, within what a double holds. */
static double choose_unit(double largest) {
  int exponent;
  if (!(largest > 0)) return 1;
  frexp(largest, &exponent);
  return ldexp(1, -exponent > 1000 ? 1000 : -exponent);
}

static ockham_status measure(frame_pass *p, ock_pool *pool, ockham_error *err) {
  ock_frame *f = p->frame;
  double squares = 0, largest = 0;
  ock_pool_run(pool, p->n_blocks, sum_block, p);
  f->total = 0;
  for (size_t b = 0; b < p->n_blocks; b++) f->total += p->blocks[b].weight;
  for (size_t l = 0; l < f->d; l++) {
    double sum = 0;
    f->low[l] = INFINITY;
    f->high[l] = -INFINITY;
    for (size_t b = 0; b < p->n_blocks; b++) {
      sum += p->blocks[b].sum[l];
      f->low[l] = fmin(f->low[l], p->blocks[b].low[l]);
      f->high[l] = fmax(f->high[l], p->blocks[b].high[l]);
    }
    f->origin[l] = sum / f->total;
    largest = fmax(largest, fmax(f->high[l] - f->origin[l], f->origin[l] - f->low[l]));
  }
  for (size_t b = 0; b < p->n_blocks; b++) squares += p->blocks[b].squares;
  if (!(squares <= DBL_MAX / (8 * fmax(f->total, (double)f->n))))
    return ock_fail(err, OCKHAM_BAD_DATA, "the data hold values too large to be squared and summed; scale them");
  f->unit = choose_unit(largest);
  return OCKHAM_OK;
}

ockham_status ock_frame_init_weighted(ock_frame *frame, ockham_rows x, const double *weights, ock_pool *pool,
                                      ockham_error *err) {
  size_t d = x.n_columns, n_blocks = x.n_rows / MIN_ROWS < 1 ? 1 : x.n_rows / MIN_ROWS;
  if (n_blocks > BLOCKS) n_blocks = BLOCKS;
  *frame = (ock_frame){.n = x.n_rows, .d = d, .weights = weights, .origin = ock_alloc_array(d, 3 * sizeof(double))};
  column_sums *blocks = ock_alloc_array(n_blocks, sizeof *blocks);
  double *values = ock_alloc_array(ock_size_product(4 * n_blocks, d), sizeof(double));
  ockham_status status;
  if (frame->origin && blocks && values) {
    frame->low = frame->origin + d;
    frame->high = frame->low + d;
    for (size_t b = 0; b < n_blocks; b++) {
      double *at = values + 4 * b * d;
      blocks[b] = (column_sums){.sum = at, .low = at + d, .high = at + 2 * d, .row = at + 3 * d};
    }
    status = measure(&(frame_pass){x, frame, n_blocks, blocks}, pool, err);
  } else {
    status = ock_fail_memory(err, "sums of columns", ock_size_product(4 * n_blocks + 3, d * sizeof(double)));
  }
  ock_free(values);
  ock_free(blocks);
  if (status) ock_frame_clear(frame);
  return status;
}

ockham_status ock_frame_of_ranges(ock_frame *frame, size_t n, size_t d, const double *mean, const double *low,
                                  const double *high, ockham_error *err) {
  *frame = (ock_frame){.n = n, .d = d, .total = (double)n, .origin = ock_alloc_array(d, 3 * sizeof(double))};
  if (!frame->origin) return ock_fail_memory(err, "sums of columns", ock_size_product(d, 3 * sizeof(double)));
  frame->low = frame->origin + d;
  frame->high = frame->low + d;
  double largest = 0;
  for (size_t l = 0; l < d; l++) {
    frame->origin[l] = mean[l];
    frame->low[l] = low[l];
    frame->high[l] = high[l];
    largest = fmax(largest, fmax(high[l] - mean[l], mean[l] - low[l]));
  }
  frame->unit = choose_unit(largest);
  return OCKHAM_OK;
}

void ock_frame_clear(ock_frame *frame) {
  ock_free(frame->origin);
  *frame = (ock_frame){0};
}
