/* SPDX-License-Identifier: Apache-2.0 */
/* Rows a stretch at a time. Blocks of a source are copied together until a stretch is full. */
#include <math.h>
#include <string.h>

#include "cluster/internal.h"

/* A stretch has so many values, in whole panels for each of the blocks that a pass is cut into. */
enum { STRETCH_VALUES = 1 << 18, ROWS_AT_A_TIME = 32 * OCK_PANEL };

static size_t rows_of_stretch(size_t d) {
  size_t n = STRETCH_VALUES / d / ROWS_AT_A_TIME;
  return (n > 0 ? n : 1) * ROWS_AT_A_TIME;
}

double ock_feed_bytes(size_t d) {
  return (double)rows_of_stretch(d) * (double)d * sizeof(double);
}

ock_feed ock_feed_of_rows(ockham_rows x) {
  return (ock_feed){.n = x.n_rows, .d = x.n_columns, .all = x};
}

ockham_status ock_feed_of_source(ock_feed *feed, const ockham_row_source *source, size_t n, ockham_error *err) {
  size_t d = source->n_columns, stretch = rows_of_stretch(d) < n ? rows_of_stretch(d) : n;
  *feed = (ock_feed){.n = n, .d = d, .source = source, .stretch_rows = stretch};
  feed->buffer = ock_alloc_array(stretch, ock_size_product(d, sizeof(double)));
  return feed->buffer ? OCKHAM_OK
                      : ock_fail_memory(err, "a stretch of rows", ock_size_product(stretch, d * sizeof(double)));
}

void ock_feed_clear(ock_feed *feed) {
  ock_free(feed->buffer);
  *feed = (ock_feed){0};
}

ockham_status ock_feed_rewind(ock_feed *feed, ockham_error *err) {
  ockham_error unused;
  feed->first = 0;
  feed->rows = feed->block = (ockham_rows){0};
  feed->taken = 0;
  return feed->source ? feed->source->rewind(feed->source->user, err ? err : &unused) : OCKHAM_OK;
}

static ockham_status next_block(ock_feed *feed, ockham_error *err) {
  ockham_error unused;
  OCK_TRY(feed->source->next(feed->source->user, &feed->block, err ? err : &unused));
  feed->taken = 0;
  if (feed->block.n_rows == 0 || feed->block.n_columns == feed->d) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected blocks of %zu columns, found %zu", feed->d,
                  feed->block.n_columns);
}

/* Append n rows of the block to the n_there that the stretch has; a product with 0 is NaN for what is not finite. */
static ockham_status append(ock_feed *feed, size_t n, size_t n_there, ockham_error *err) {
  size_t d = feed->d, stride = ock_rows_stride(feed->block);
  double *to = feed->buffer + n_there * d, check = 0;
  for (size_t i = feed->taken; i < feed->taken + n; i++, to += d) {
    if (feed->block.dtype == OCKHAM_FLOAT32)
      for (size_t l = 0; l < d; l++) to[l] = (double)((const float *)feed->block.data)[i * stride + l];
    else
      memcpy(to, (const double *)feed->block.data + i * stride, d * sizeof(double));
    for (size_t l = 0; l < d; l++) check += to[l] * 0;
    if (check != 0)
      return ock_fail_at(err, OCKHAM_BAD_DATA, feed->first + n_there + i - feed->taken + 1, 0, "row %zu must be finite",
                         feed->first + n_there + i - feed->taken + 1);
  }
  feed->taken += n;
  return OCKHAM_OK;
}

static ockham_status fail_count(const ock_feed *feed, size_t n, ockham_error *err) {
  return ock_fail(err, OCKHAM_BAD_DATA, "the rows have changed while they were read: there were %zu, now %s %zu",
                  feed->n, n > feed->n ? "at least" : "there are", n);
}

static ockham_status fill_stretch(ock_feed *feed, size_t *n, ockham_error *err) {
  for (*n = 0; *n < feed->stretch_rows;) {
    if (feed->taken == feed->block.n_rows) {
      OCK_TRY(next_block(feed, err));
      if (feed->block.n_rows == 0) break;
    }
    size_t left = feed->block.n_rows - feed->taken, room = feed->stretch_rows - *n, some = left < room ? left : room;
    OCK_TRY(append(feed, some, *n, err));
    *n += some;
  }
  if (feed->first + *n > feed->n) return fail_count(feed, feed->first + *n, err);
  return OCKHAM_OK;
}

ockham_status ock_feed_next(ock_feed *feed, ockham_error *err) {
  feed->first += feed->rows.n_rows;
  size_t n = feed->first == 0 ? feed->n : 0;
  if (feed->source) {
    OCK_TRY(fill_stretch(feed, &n, err));
    feed->rows = (ockham_rows){.data = feed->buffer, .n_rows = n, .n_columns = feed->d, .dtype = OCKHAM_FLOAT64};
  } else {
    feed->rows = feed->all;
    feed->rows.n_rows = n;
  }
  if (n > 0) return OCKHAM_OK;
  if (feed->first != feed->n) return fail_count(feed, feed->first, err);
  feed->n_rounds++;
  return OCKHAM_OK;
}
