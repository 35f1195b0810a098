/* SPDX-License-Identifier: Apache-2.0 */
/* What the usual detectors have in common: the latest rows, and calibration by the same simulated streams. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "drift/watches.h"

/* ---- the latest rows ---- */

static size_t align8(size_t size) {
  return (size + 7) / 8 * 8;
}

size_t ock_recent_size(size_t n_bins, size_t window) {
  return n_bins * sizeof(double) + align8(n_bins * sizeof(uint32_t)) + align8(window * sizeof(uint16_t));
}

void ock_recent_start(ock_recent *recent, const ockham_signal *signal, size_t window, void *memory) {
  *recent =
      (ock_recent){.n_bins = signal->n_bins, .window = window, .inflation = ock_variance_inflation(signal->stickiness)};
  recent->now = memory;
  recent->counts = (uint32_t *)(recent->now + signal->n_bins);
  recent->codes = (uint16_t *)((char *)recent->counts + align8(signal->n_bins * sizeof(uint32_t)));
  ock_recent_reset(recent);
}

void ock_recent_reset(ock_recent *recent) {
  recent->n_rows = recent->at = 0;
  memset(recent->counts, 0, recent->n_bins * sizeof *recent->counts);
}

void ock_recent_put(ock_recent *recent, const ock_watch_block *block) {
  for (size_t i = 0; i < block->n_rows; i++) {
    uint16_t *place = &recent->codes[recent->at];
    if (ock_recent_is_full(recent)) {
      recent->counts[*place]--;
    } else {
      recent->n_rows++;
    }
    assert(block->codes[i] < recent->n_bins);
    *place = block->codes[i];
    recent->counts[*place]++;
    if (++recent->at == recent->window) recent->at = 0;
  }
}

ock_shares ock_shares_of_counts(const uint32_t *counts, size_t n_bins, double inflation, double *now) {
  double n = 0;
  for (size_t b = 0; b < n_bins; b++) n += counts[b];
  for (size_t b = 0; b < n_bins; b++) now[b] = n > 0 ? counts[b] / n : 0;
  return (ock_shares){.now = now, .n_effective = n / inflation, .span_rows = n};
}

ock_shares ock_recent_shares(const ock_recent *recent) {
  return ock_shares_of_counts(recent->counts, recent->n_bins, recent->inflation, recent->now);
}

double ock_windowed_statistic(const void *state) {
  return ((const ock_windowed *)state)->statistic;
}

ock_shares ock_windowed_shares(const void *state) {
  return ock_recent_shares(&((const ock_windowed *)state)->recent);
}

bool ock_watch_is_ordered(const ockham_signal *signal) {
  return signal->kind != OCKHAM_SIGNAL_DIRECTION && ock_signal_ordered(signal) > 1;
}

/* ---- calibration ---- */

/* A stream's state: this, then the watch's. */
typedef struct null_stream {
  ock_bin_source source;
} null_stream;

typedef struct null_context {
  const ock_watch_type *type;
  const ockham_signal *signal;
  const ockham_drift_options *options;
} null_context;

static void *watch_of(void *state) {
  return (char *)state + align8(sizeof(null_stream));
}

static void start_stream(const void *context, void *state, ock_rng *rng) {
  const null_context *c = context;
  null_stream *stream = state;
  ock_bin_source_start(&stream->source, c->signal, rng);
  ockham_status status = c->type->start(watch_of(state), c->signal, c->options, NULL);
  assert(!status); /* it takes no memory */
  (void)status;
}

static double step_stream(const void *context, void *state, ock_rng *rng) {
  const null_context *c = context;
  null_stream *stream = state;
  uint16_t codes[OCKHAM_DRIFT_BLOCK];
  ock_bin_source_draw(&stream->source, rng, OCKHAM_DRIFT_BLOCK, codes);
  ock_watch_block block = {.n_rows = OCKHAM_DRIFT_BLOCK, .codes = codes};
  c->type->put(watch_of(state), &block);
  return c->type->statistic(watch_of(state));
}

/* ---- which watches are alike ---- */

/* Steps of the grids that signals are rounded to: of logarithms, a doubling; of stickiness, a whole. */
static const double grid_rows = 8, grid_shares = 24, grid_stickiness = 50;

static double round_log(double value, double steps) {
  return exp2(nearbyint(steps * log2(value)) / steps);
}

/* What all signals of a signature are calibrated as. */
typedef struct canonical {
  ockham_signal signal;
  uint64_t counts[OCKHAM_PROFILE_MOST_BINS];
} canonical;

static void make_canonical(const ockham_signal *signal, canonical *c) {
  double n = round_log((double)signal->n_counted + 1, grid_rows), sum = 0, shares[OCKHAM_PROFILE_MOST_BINS];
  for (size_t b = 0; b < signal->n_bins; b++)
    sum += shares[b] = round_log(((double)signal->counts[b] + .5) / ((double)signal->n_counted + 1), grid_shares);
  c->signal = *signal; /* its kind and edges say which bins are in order */
  c->signal.counts = c->counts;
  c->signal.n_counted = 0;
  c->signal.stickiness = nearbyint(grid_stickiness * signal->stickiness) / grid_stickiness;
  for (size_t b = 0; b < signal->n_bins; b++) {
    double rows = n * shares[b] / sum;
    c->counts[b] = rows < 1 ? 0 : (uint64_t)nearbyint(rows);
    c->signal.n_counted += c->counts[b];
  }
}

size_t ock_watch_signature(const ockham_signal *signal, const ockham_drift_options *options, unsigned char *bytes) {
  canonical c;
  make_canonical(signal, &c);
  struct {
    uint64_t n_bins, n_ordered, n_counted, hash, window;
    double stickiness;
  } key = {signal->n_bins,  ock_signal_ordered(signal), c.signal.n_counted, ock_hash_counts(&c.signal),
           options->window, c.signal.stickiness};
  memcpy(bytes, &key, sizeof key);
  return sizeof key;
}

/* Beyond a sixteenth of the rows that are simulated curves go on as straight lines. */
ockham_status ock_watch_calibrate(const ock_watch_type *type, const ockham_signal *signal,
                                  const ockham_drift_options *options, size_t n_curves, ock_run_lengths *curve,
                                  ockham_error *err) {
  enum { N_STREAMS = 128, MOST_ROWS = 4000000 }; /* few and long ones: some statistics grow slowly */
  canonical c;
  size_t n_rows = ock_calibration_rows(n_curves);
  if (n_rows > MOST_ROWS) n_rows = MOST_ROWS;
  make_canonical(signal, &c);
  null_context context = {type, &c.signal, options};
  ock_null_streams streams = {.context = &context,
                              .state_size = align8(sizeof(null_stream)) + align8(type->state_size(signal, options)),
                              .n_streams = N_STREAMS,
                              .n_steps = n_rows / N_STREAMS / OCKHAM_DRIFT_BLOCK,
                              .rows_a_step = OCKHAM_DRIFT_BLOCK,
                              .start = start_stream,
                              .step = step_stream};
  return ock_run_lengths_simulate(&streams, options->seed, options->threads, curve, err);
}
