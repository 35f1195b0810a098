/* SPDX-License-Identifier: Apache-2.0 */
/* MMD of a window of whole rows against rows of the reference: the squared distance between means of random Fourier
 * features, cos(w . row + b), of a Gaussian kernel whose width is the median distance of two rows of the reference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift/watches.h"
#include "stats/internal.h"

enum { N_FEATURES = 128, N_PAIRS = 500, FEWEST_ROWS = 20, STRETCH = 64, N_STREAMS = 128, MOST_SIMULATED = 2000000 };

/* ---- plain rows ---- */

void ock_mmd_plain(const ockham_profile_parts *profile, ockham_rows x, double *plain) {
  for (size_t i = 0; i < x.n_rows; i++) {
    for (size_t j = 0; j < profile->n_numbers; j++) {
      const ockham_column_range *range = &profile->ranges[profile->numbers[j]];
      double value = ock_rows_get(x, i, profile->numbers[j]);
      if (value < range->clip_low) value = range->clip_low;
      if (value > range->clip_high) value = range->clip_high;
      plain[i * profile->n_numbers + j] = isnan(value) || !(range->sd > 0) ? 0 : (value - range->mean) / range->sd;
    }
  }
}

/* Rows i of n that are taken: stretches of neighbours, so that stickiness shows, as far apart as that allows. */
static size_t row_to_take(size_t i, size_t n, size_t n_taken) {
  size_t n_stretches = (n_taken + STRETCH - 1) / STRETCH, stretch = i / STRETCH;
  if (n_taken == n || n_stretches < 2) return i;
  return (n - STRETCH) * stretch / (n_stretches - 1) + i % STRETCH;
}

static ockham_status fill_reference(const ockham_profile *profile, ockham_rows reference, size_t n, double *rows,
                                    uint16_t *codes, ockham_error *err) {
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  size_t cell = reference.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double), clusters = 0;
  while (clusters < parts->n_signals && parts->signals[clusters].kind != OCKHAM_SIGNAL_CLUSTERS) clusters++;
  for (size_t i = 0; i < n; i++) {
    ockham_rows one = reference;
    one.data = (const char *)reference.data + row_to_take(i, reference.n_rows, n) * ock_rows_stride(reference) * cell;
    one.n_rows = 1;
    double *row = rows + i * (parts->n_numbers + 1);
    ock_mmd_plain(parts, one, row);
    OCK_TRY(ockham_profile_bin(profile, one, codes, NULL, err));
    row[parts->n_numbers] = clusters < parts->n_signals ? codes[clusters] : 0;
  }
  return OCKHAM_OK;
}

ockham_status ock_mmd_reference(const ockham_profile *profile, ockham_rows reference, ockham_rows *plain,
                                ockham_error *err) {
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  size_t n = reference.n_rows < OCK_MMD_MOST_ROWS ? reference.n_rows : OCK_MMD_MOST_ROWS, d = parts->n_numbers + 1;
  if (!parts->n_numbers) return ock_fail(err, OCKHAM_UNSUPPORTED, "expected inputs of numbers for mmd, found none");
  if (!reference.data || n < FEWEST_ROWS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected %d or more rows of the reference for mmd, found %zu",
                    FEWEST_ROWS, reference.data ? n : 0);
  if (reference.n_columns != parts->n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected the profile's %zu columns in the reference's rows, found %zu",
                    parts->n_columns, reference.n_columns);
  double *rows = ock_alloc_array(ock_size_product(n, d), sizeof *rows);
  uint16_t *codes = ock_alloc_array(parts->n_signals, sizeof *codes);
  ockham_status status = rows && codes ? fill_reference(profile, reference, n, rows, codes, err)
                                       : ock_fail_memory(err, "rows of the reference", ock_size_product(n, d));
  ock_free(codes);
  if (status) {
    ock_free(rows);
    return status;
  }
  *plain = (ockham_rows){.data = rows, .n_rows = n, .n_columns = d, .dtype = OCKHAM_FLOAT64};
  return OCKHAM_OK;
}

/* ---- features ---- */

typedef struct features {
  size_t n_columns;
  double *directions; /* N_FEATURES x n_columns */
  double shifts[N_FEATURES];
} features;

static double median_distance(ockham_rows reference, ock_rng *rng) {
  double distances[N_PAIRS];
  const double *rows = reference.data;
  for (size_t i = 0; i < N_PAIRS; i++) {
    const double *a = rows + ock_rng_below(rng, reference.n_rows) * reference.n_columns;
    const double *b = rows + ock_rng_below(rng, reference.n_rows) * reference.n_columns;
    double sum = 0;
    for (size_t j = 0; j + 1 < reference.n_columns; j++) sum += (a[j] - b[j]) * (a[j] - b[j]);
    distances[i] = sqrt(sum);
  }
  qsort(distances, N_PAIRS, sizeof *distances, ock_compare_doubles);
  return distances[N_PAIRS / 2] > 0 ? distances[N_PAIRS / 2] : 1;
}

static bool make_features(ockham_rows reference, uint64_t seed, features *f) {
  ock_rng rng = ock_rng_make(seed, 0);
  double width = median_distance(reference, &rng);
  f->n_columns = reference.n_columns - 1;
  f->directions = ock_alloc_array(N_FEATURES * f->n_columns, sizeof *f->directions);
  if (!f->directions) return false;
  for (size_t i = 0; i < N_FEATURES * f->n_columns; i++) f->directions[i] = ock_rng_normal(&rng) / width;
  for (size_t i = 0; i < N_FEATURES; i++) f->shifts[i] = 2 * M_PI * ock_rng_uniform(&rng);
  return true;
}

static void add_features(const features *f, const double *row, double *sums) {
  for (size_t i = 0; i < N_FEATURES; i++) {
    const double *direction = f->directions + i * f->n_columns;
    double angle = f->shifts[i];
    for (size_t j = 0; j < f->n_columns; j++) angle += direction[j] * row[j];
    sums[i] += cos(angle);
  }
}

/* ---- a window of blocks ---- */

typedef struct window {
  size_t n_blocks, n_held, at;
  double *sums; /* n_blocks x N_FEATURES, a ring */
} window;

static double *next_block(window *w) {
  double *sums = w->sums + w->at * N_FEATURES;
  memset(sums, 0, N_FEATURES * sizeof *sums);
  w->at = (w->at + 1) % w->n_blocks;
  if (w->n_held < w->n_blocks) w->n_held++;
  return sums;
}

static size_t blocks_of(const ockham_drift_options *options) {
  return (ock_window_of(options) + OCKHAM_DRIFT_BLOCK - 1) / OCKHAM_DRIFT_BLOCK;
}

/* n m / (n + m) times the squared distance of the means, where kernels are 2 / N_FEATURES times products. */
static double measure(const window *w, const double *mean, size_t n_reference) {
  if (w->n_held < w->n_blocks) return 0;
  double n = (double)(w->n_blocks * OCKHAM_DRIFT_BLOCK), m = (double)n_reference, sum = 0, totals[N_FEATURES] = {0};
  for (size_t b = 0; b < w->n_blocks; b++) {
    for (size_t i = 0; i < N_FEATURES; i++) totals[i] += w->sums[b * N_FEATURES + i];
  }
  for (size_t i = 0; i < N_FEATURES; i++) {
    double difference = totals[i] / n - mean[i];
    sum += difference * difference;
  }
  return 2. / N_FEATURES * sum * n * m / (n + m);
}

/* ---- the watch ---- */

typedef struct watch {
  ock_recent recent; /* clusters */
  features features;
  window window;
  size_t n_reference;
  double mean[N_FEATURES], statistic;
  uint64_t memory[];
} watch;

static size_t watch_size(const ockham_signal *signal, const ockham_drift_options *options) {
  return sizeof(watch) + ock_recent_size(signal->n_bins, blocks_of(options) * OCKHAM_DRIFT_BLOCK);
}

static void watch_end(void *state) {
  watch *w = state;
  ock_free(w->features.directions);
  ock_free(w->window.sums);
  w->features.directions = w->window.sums = NULL;
}

static void watch_reset(void *state) {
  watch *w = state;
  ock_recent_reset(&w->recent);
  w->window.n_held = w->window.at = 0;
  w->statistic = 0;
}

static ockham_status watch_start(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                                 ockham_error *err) {
  watch *w = state;
  ockham_rows reference = options->reference;
  size_t n_blocks = blocks_of(options);
  ock_recent_start(&w->recent, signal, n_blocks * OCKHAM_DRIFT_BLOCK, w->memory);
  w->features.directions = NULL;
  w->window = (window){.n_blocks = n_blocks, .sums = ock_alloc_array(n_blocks * N_FEATURES, sizeof(double))};
  if (!w->window.sums || !make_features(reference, options->seed, &w->features)) {
    watch_end(w);
    return ock_fail_memory(err, "features of rows", n_blocks * N_FEATURES * sizeof(double));
  }
  w->n_reference = reference.n_rows;
  memset(w->mean, 0, sizeof w->mean);
  for (size_t i = 0; i < reference.n_rows; i++)
    add_features(&w->features, (const double *)reference.data + i * reference.n_columns, w->mean);
  for (size_t i = 0; i < N_FEATURES; i++) w->mean[i] /= (double)reference.n_rows;
  watch_reset(w);
  return OCKHAM_OK;
}

static void watch_put(void *state, const ock_watch_block *block) {
  watch *w = state;
  ock_recent_put(&w->recent, block);
  double *sums = next_block(&w->window);
  for (size_t i = 0; i < block->n_rows; i++) add_features(&w->features, block->plain + i * w->features.n_columns, sums);
  w->statistic = measure(&w->window, w->mean, w->n_reference);
}

static double watch_statistic(const void *state) {
  return ((const watch *)state)->statistic;
}

static ock_shares watch_shares(const void *state) {
  return ock_recent_shares(&((const watch *)state)->recent);
}

static bool watch_applies(const ockham_signal *signal) {
  return signal->kind == OCKHAM_SIGNAL_CLUSTERS;
}

/* ---- calibration ---- */

/* Rows by their clusters: those of cluster c are rows[first[c]] to before rows[first[c + 1]]. */
typedef struct by_cluster {
  size_t n;
  uint16_t rows[OCK_MMD_MOST_ROWS], first[OCKHAM_PROFILE_MOST_BINS + 1];
} by_cluster;

/* Streams are rows of the reference, each drawn at random: with the probability of stickiness from the cluster of the
 * one before, else from all. What is not known of the reference comes in by drawing from a sample that was so drawn. */
typedef struct null_context {
  ockham_rows reference;
  const double *mean; /* N_FEATURES */
  const float *rows;  /* the reference's features */
  size_t n_blocks;
  double stickiness;
  by_cluster all;
} null_context;

typedef struct null_state {
  window window;
  size_t latest; /* a row of the reference */
  by_cluster sample;
  uint16_t drawn[OCK_MMD_MOST_ROWS];
  double sums[];
} null_state;

static size_t cluster_of(ockham_rows reference, size_t row) {
  return (size_t)((const double *)reference.data)[(row + 1) * reference.n_columns - 1];
}

static void sort_by_cluster(ockham_rows reference, const uint16_t *rows, size_t n, by_cluster *sorted) {
  uint16_t *first = sorted->first;
  memset(first, 0, sizeof sorted->first);
  sorted->n = n;
  for (size_t i = 0; i < n; i++) first[cluster_of(reference, rows[i]) + 1]++;
  for (size_t c = 0; c < OCKHAM_PROFILE_MOST_BINS; c++) first[c + 1] = (uint16_t)(first[c + 1] + first[c]);
  for (size_t i = n; i-- > 0;) { /* firsts become ends of the clusters before, and are then put back */
    size_t end = cluster_of(reference, rows[i]) + 1;
    sorted->rows[--first[end]] = rows[i];
  }
  memmove(first, first + 1, sizeof sorted->first - sizeof *first);
  first[OCKHAM_PROFILE_MOST_BINS] = (uint16_t)n;
}

static size_t next_row(const null_context *c, const by_cluster *rows, size_t latest, ock_rng *rng) {
  size_t cluster = cluster_of(c->reference, latest), first = rows->first[cluster], end = rows->first[cluster + 1];
  bool stays = c->stickiness > 0 && end > first && ock_rng_uniform(rng) < c->stickiness;
  return stays ? rows->rows[first + ock_rng_below(rng, end - first)] : rows->rows[ock_rng_below(rng, rows->n)];
}

static void start_stream(const void *context, void *state, ock_rng *rng) {
  const null_context *c = context;
  null_state *s = state;
  size_t n = c->reference.n_rows, latest = ock_rng_below(rng, n);
  s->window = (window){.n_blocks = c->n_blocks, .sums = s->sums};
  for (size_t i = 0; i < n; i++) {
    s->drawn[i] = (uint16_t)latest;
    latest = next_row(c, &c->all, latest, rng);
  }
  sort_by_cluster(c->reference, s->drawn, n, &s->sample);
  s->latest = s->sample.rows[ock_rng_below(rng, n)];
}

static double step_stream(const void *context, void *state, ock_rng *rng) {
  const null_context *c = context;
  null_state *s = state;
  double *sums = next_block(&s->window);
  for (size_t i = 0; i < OCKHAM_DRIFT_BLOCK; i++) {
    const float *row = c->rows + s->latest * N_FEATURES;
    for (size_t j = 0; j < N_FEATURES; j++) sums[j] += (double)row[j];
    s->latest = next_row(c, &s->sample, s->latest, rng);
  }
  return measure(&s->window, c->mean, c->reference.n_rows);
}

static float *features_of_rows(const features *f, ockham_rows reference) {
  float *rows = ock_alloc_array(reference.n_rows * N_FEATURES, sizeof *rows);
  for (size_t i = 0; i < reference.n_rows && rows; i++) {
    double row[N_FEATURES] = {0};
    add_features(f, (const double *)reference.data + i * reference.n_columns, row);
    for (size_t j = 0; j < N_FEATURES; j++) rows[i * N_FEATURES + j] = (float)row[j];
  }
  return rows;
}

static ockham_status watch_calibrate(const ock_watch_type *type, const ockham_signal *signal,
                                     const ockham_drift_options *options, size_t n_curves, ock_run_lengths *curve,
                                     ockham_error *err) {
  (void)type;
  (void)n_curves; /* there is one */
  watch *w = ock_alloc_zeroed(1, watch_size(signal, options));
  if (!w) return ock_fail_memory(err, "features of rows", watch_size(signal, options));
  ockham_status status = watch_start(w, signal, options, err);
  float *rows = status ? NULL : features_of_rows(&w->features, options->reference);
  if (!status && !rows) status = ock_fail_memory(err, "features of rows", options->reference.n_rows * N_FEATURES);
  if (!status) {
    null_context context = {.reference = options->reference,
                            .mean = w->mean,
                            .rows = rows,
                            .n_blocks = w->window.n_blocks,
                            .stickiness = signal->stickiness};
    uint16_t all[OCK_MMD_MOST_ROWS];
    for (size_t i = 0; i < options->reference.n_rows; i++) all[i] = (uint16_t)i;
    sort_by_cluster(options->reference, all, options->reference.n_rows, &context.all);
    ock_null_streams streams = {.context = &context,
                                .state_size = sizeof(null_state) + w->window.n_blocks * N_FEATURES * sizeof(double),
                                .n_streams = N_STREAMS,
                                .n_steps = MOST_SIMULATED / N_STREAMS / OCKHAM_DRIFT_BLOCK,
                                .rows_a_step = OCKHAM_DRIFT_BLOCK,
                                .start = start_stream,
                                .step = step_stream};
    status = ock_run_lengths_simulate(&streams, options->seed, options->threads, curve, err);
  }
  ock_free(rows);
  watch_end(w);
  ock_free(w);
  return status;
}

/* There is one signal of clusters. */
static size_t watch_signature(const ockham_signal *signal, const ockham_drift_options *options, unsigned char *bytes) {
  (void)signal;
  (void)options;
  bytes[0] = OCKHAM_DETECTOR_MMD;
  return 1;
}

const ock_watch_type ock_watch_mmd = {.state_size = watch_size,
                                      .start = watch_start,
                                      .reset = watch_reset,
                                      .put = watch_put,
                                      .statistic = watch_statistic,
                                      .shares = watch_shares,
                                      .end = watch_end,
                                      .applies = watch_applies,
                                      .calibrate = watch_calibrate,
                                      .signature = watch_signature};
