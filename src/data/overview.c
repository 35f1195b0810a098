/* SPDX-License-Identifier: Apache-2.0 */
/* One round over rows that may be too many for memory. Means and squares are Welford's, row by row, so that blocks do
 * not matter. The sample is one row of each stretch, like other samples of ours; when there are too many stretches, two
 * become one, and a coin says whose row stays. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "data/internal.h"

enum { RNG_STREAM_OVERVIEW = 900, FIRST_ROWS = 4096 };

typedef struct gathering {
  ockham_overview *o;
  size_t d;
  double *squares; /* d: sums of squares about the mean */
  double *rows;    /* the sample */
  size_t n, most, capacity;
  uint64_t stretch, at, chosen; /* the length of a stretch, how many of its rows came, and which is taken */
  ock_rng rng;
  ock_ticker ticker;
} gathering;

/* ---- measures ---- */

static void measure_row(gathering *g, const double *row) {
  ockham_overview *o = g->o;
  double share = 1 / (double)++o->n_rows;
  for (size_t l = 0; l < g->d; l++) {
    double x = row[l], difference = x - o->mean[l];
    o->mean[l] += difference * share;
    g->squares[l] += difference * (x - o->mean[l]);
    o->low[l] = x < o->low[l] ? x : o->low[l];
    o->high[l] = x > o->high[l] ? x : o->high[l];
  }
}

static ockham_status check_row(const gathering *g, const double *row, ockham_error *err) {
  double sum = 0;
  for (size_t l = 0; l < g->d; l++) sum += row[l] * 0;
  if (sum == 0) return OCKHAM_OK;
  size_t l = 0;
  while (isfinite(row[l])) l++;
  unsigned long long number = g->o->n_rows + 1;
  return ock_fail_at(err, OCKHAM_BAD_DATA, number, l + 1, "the data must be finite: row %llu, column %zu holds %g",
                     number, l + 1, row[l]);
}

/* ---- the sample ---- */

static void halve(gathering *g) {
  size_t row_bytes = g->d * sizeof(double);
  for (size_t i = 0; 2 * i < g->n; i++) {
    size_t from = 2 * i + (2 * i + 1 < g->n && ock_rng_below(&g->rng, 2));
    if (from != i) memcpy(g->rows + i * g->d, g->rows + from * g->d, row_bytes);
  }
  g->n = (g->n + 1) / 2;
  g->stretch *= 2;
}

static ockham_status reserve(gathering *g, ockham_error *err) {
  if (g->n < g->capacity) return OCKHAM_OK;
  size_t capacity = g->capacity ? 2 * g->capacity : FIRST_ROWS;
  if (capacity > g->most) capacity = g->most;
  double *rows = ock_realloc_array(g->rows, capacity, ock_size_product(g->d, sizeof(double)));
  if (!rows) return ock_fail_memory(err, "a sample of the rows", ock_size_product(capacity, g->d * sizeof(double)));
  g->rows = rows;
  g->capacity = capacity;
  return OCKHAM_OK;
}

/* The row that is taken stands behind the sample until its stretch ends. */
static ockham_status sample_row(gathering *g, const double *row, ockham_error *err) {
  if (g->at == 0) {
    if (g->n == g->most) halve(g);
    g->chosen = g->stretch > 1 ? ock_rng_below(&g->rng, g->stretch) : 0;
  }
  if (g->at == g->chosen) {
    OCK_TRY(reserve(g, err));
    memcpy(g->rows + g->n * g->d, row, g->d * sizeof(double));
  }
  if (++g->at < g->stretch) return OCKHAM_OK;
  g->n++;
  g->at = 0;
  return OCKHAM_OK;
}

/* The last stretch may be short: its row is in the sample if it has come. */
static void end_sample(gathering *g) {
  if (g->at > g->chosen) g->n++;
}

/* ---- the round ---- */

static ockham_status gather_block(gathering *g, ockham_rows block, double *row, ockham_error *err) {
  if (block.n_columns != g->d)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected blocks of %zu columns, found %zu", g->d, block.n_columns);
  for (size_t i = 0; i < block.n_rows; i++) {
    const double *values = row;
    size_t at = i * ock_rows_stride(block);
    if (block.dtype == OCKHAM_FLOAT64)
      values = (const double *)block.data + at;
    else
      for (size_t l = 0; l < g->d; l++) row[l] = (double)((const float *)block.data)[at + l];
    OCK_TRY(check_row(g, values, err));
    measure_row(g, values);
    OCK_TRY(sample_row(g, values, err));
  }
  return OCKHAM_OK;
}

static ockham_status gather(gathering *g, const ockham_row_source *source, double *row, ockham_error *err) {
  ockham_error unused;
  if (!err) err = &unused;
  OCK_TRY(source->rewind(source->user, err));
  for (;;) {
    ockham_rows block;
    OCK_TRY(source->next(source->user, &block, err));
    if (block.n_rows == 0) break;
    OCK_TRY(gather_block(g, block, row, err));
    g->ticker.done = g->o->n_rows;
    if (ock_ticker_stopped(&g->ticker)) return ock_fail(err, OCKHAM_INTERRUPTED, "reading was stopped");
  }
  end_sample(g);
  return g->o->n_rows > 0 ? OCKHAM_OK : ock_fail(err, OCKHAM_BAD_DATA, "no rows of numbers");
}

static ockham_status conclude(const gathering *g, ockham_error *err) {
  ockham_overview *o = g->o;
  for (size_t l = 0; l < g->d; l++) {
    o->sd[l] = o->low[l] < o->high[l] ? sqrt(g->squares[l] / (double)o->n_rows) : 0;
    if (!isfinite(o->sd[l]) || !isfinite(o->mean[l]))
      return ock_fail_at(err, OCKHAM_BAD_DATA, 0, l + 1,
                         "column %zu runs from %g to %g, which is too wide to be squared", l + 1, o->low[l],
                         o->high[l]);
  }
  o->stretch = g->stretch;
  o->sample = (ockham_rows){.data = g->rows, .n_rows = g->n, .n_columns = g->d, .dtype = OCKHAM_FLOAT64};
  return OCKHAM_OK;
}

void ockham_overview_clear(ockham_overview *o) {
  ock_free(o->mean);
  ock_free((void *)o->sample.data);
  *o = (ockham_overview){0};
}

ockham_status ockham_overview_take(const ockham_row_source *source, size_t most_sample_rows, uint64_t seed,
                                   const ockham_progress *progress, ockham_overview *overview, ockham_error *err) {
  size_t d = source->n_columns;
  if (d == 0 || most_sample_rows < 2)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "an overview needs at least one column and 2 rows, found %zu and %zu", d,
                    most_sample_rows);
  ockham_overview o = {.n_columns = d, .mean = ock_alloc_zeroed(ock_size_product(6, d), sizeof(double))};
  if (!o.mean) return ock_fail_memory(err, "measures of columns", ock_size_product(6 * d, sizeof(double)));
  o.sd = o.mean + d;
  o.low = o.mean + 2 * d;
  o.high = o.mean + 3 * d;
  for (size_t l = 0; l < d; l++) {
    o.low[l] = INFINITY;
    o.high[l] = -INFINITY;
  }
  gathering g = {.o = &o,
                 .d = d,
                 .squares = o.mean + 4 * d,
                 .most = most_sample_rows / 2 * 2, /* stretches are joined by two */
                 .stretch = 1,
                 .rng = ock_rng_make(seed, RNG_STREAM_OVERVIEW),
                 .ticker = {.progress = progress, .stage = "reading"}};
  ockham_status status = gather(&g, source, o.mean + 5 * d, err);
  if (!status) status = conclude(&g, err);
  if (status) {
    ock_free(g.rows);
    ock_free(o.mean);
    return status;
  }
  *overview = o;
  return OCKHAM_OK;
}

void ockham_overview_scale(ockham_overview *o, const ockham_scaling *scaling) {
  if (scaling->kind == OCKHAM_SCALE_NONE) return;
  ockham_scaling_apply(scaling, o->sample, (void *)o->sample.data);
  for (size_t l = 0; l < o->n_columns; l++) {
    double centre = scaling->centre[l], factor = scaling->factor[l];
    o->mean[l] = (o->mean[l] - centre) * factor;
    o->low[l] = (o->low[l] - centre) * factor;
    o->high[l] = (o->high[l] - centre) * factor;
    o->sd[l] *= factor;
  }
}
