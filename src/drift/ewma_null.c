/* SPDX-License-Identifier: Apache-2.0 */
/* Streams without drift for the EWMA watch: the truth is drawn from what the reference leaves possible,
 * Dirichlet(counts + prior), rows stay in their bin or are drawn anew. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift/ewma.h"

/* ---- which watches are alike ---- */

static int compare_falling(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x < y) - (x > y);
}

/* The nearest number of a grid whose logarithms are `step` apart. */
static double round_log(double value, double step) {
  return exp(step * nearbyint(log(value) / step));
}

void ock_ewma_canonical(const ockham_signal *signal, bool by_hour, ockham_signal *canonical, uint64_t *counts) {
  const double grid_rows = .1, grid_shares = .2, grid_stickiness = .05;
  double n = by_hour && signal->by_hour ? ock_ewma_hour_rows(signal) : (double)signal->n_counted;
  double scale = round_log(n, grid_rows) / (double)signal->n_counted;
  size_t n_ordered = ock_signal_ordered(signal);
  for (size_t j = 0; j < signal->n_bins; j++) {
    double rows = ock_ewma_rows_known(signal, j);
    counts[j] = rows > 0 ? (uint64_t)nearbyint(round_log(rows * scale, grid_shares)) : 0;
  }
  /* What a kind means for the order of bins; where they have none, any will do. */
  ockham_signal_kind kind = n_ordered == signal->n_bins ? OCKHAM_SIGNAL_DIRECTION : OCKHAM_SIGNAL_DISTANCE;
  if (!n_ordered) {
    kind = OCKHAM_SIGNAL_MISSING;
    qsort(counts, signal->n_bins, sizeof *counts, compare_falling);
  }
  *canonical = (ockham_signal){.kind = kind, .n_bins = signal->n_bins, .counts = counts};
  for (size_t j = 0; j < signal->n_bins; j++) canonical->n_counted += counts[j];
  /* Rounded sizes must not change how much the reference knows. */
  double again = (double)signal->n_counted * scale / (double)canonical->n_counted;
  if (!canonical->n_counted) again = 1;
  canonical->n_counted = 0;
  for (size_t j = 0; j < signal->n_bins; j++) {
    counts[j] = (uint64_t)nearbyint((double)counts[j] * again);
    canonical->n_counted += counts[j];
  }
  double stickiness = ock_signal_stickiness(signal, by_hour);
  canonical->stickiness = fmin(OCK_PROFILE_MOST_STICKY, grid_stickiness * nearbyint(stickiness / grid_stickiness));
}

size_t ock_ewma_signature(const ockham_signal *signal, const ockham_drift_options *options, unsigned char *bytes) {
  uint64_t counts[OCKHAM_PROFILE_MOST_BINS];
  ockham_signal canonical;
  ock_ewma_canonical(signal, options->by_hour, &canonical, counts);
  struct {
    uint64_t kind, n_bins, n_counted, hash, window;
    double stickiness;
  } key = {canonical.kind,  canonical.n_bins,    canonical.n_counted, ock_hash_counts(&canonical),
           options->window, canonical.stickiness};
  memcpy(bytes, &key, sizeof key);
  return sizeof key;
}

/* ---- a stream ---- */

typedef struct null_context {
  ock_ewma_plan plan;
  const ockham_signal *signal;
  uint32_t stay; /* of 2^32 */
} null_context;

/* Bins are drawn by aliases: bin j itself up to its threshold (of 2^32 - 1), else another. */
typedef struct null_state {
  ock_ewma ewma;
  size_t latest;
  uint32_t *threshold;
  uint16_t *alias;
} null_state;

static size_t draw_bin(const null_state *state, size_t n_bins, uint32_t random) {
  uint64_t at = (uint64_t)random * n_bins;
  size_t j = at >> 32;
  return (uint32_t)at <= state->threshold[j] ? j : state->alias[j];
}

static size_t align8(size_t size) {
  return (size + 7) / 8 * 8;
}

static void start_stream(const void *context, void *memory, ock_rng *rng) {
  const null_context *c = context;
  size_t n = c->plan.n_bins;
  null_state *state = memory;
  char *arrays = (char *)memory + align8(sizeof *state);
  ock_ewma_reset(&c->plan, &state->ewma, arrays);
  state->threshold = (uint32_t *)(arrays + ock_ewma_memory(&c->plan));
  state->alias = (uint16_t *)(state->threshold + n);
  double shares[OCKHAM_PROFILE_MOST_BINS], threshold[OCKHAM_PROFILE_MOST_BINS];
  ock_draw_shares(c->signal, c->plan.inflation, c->plan.prior, rng, shares);
  ock_make_aliases(shares, n, threshold, state->alias);
  for (size_t j = 0; j < n; j++) state->threshold[j] = (uint32_t)(threshold[j] * UINT32_MAX);
  state->latest = draw_bin(state, n, (uint32_t)(ock_rng_next(rng) >> 32));
}

static double step_stream(const void *context, void *memory, ock_rng *rng) {
  const null_context *c = context;
  null_state *state = memory;
  size_t n = c->plan.n_bins;
  uint32_t *counts = state->ewma.counts;
  if (c->stay) {
    for (size_t i = 0; i < OCKHAM_DRIFT_BLOCK; i++) {
      uint64_t random = ock_rng_next(rng);
      if ((uint32_t)random >= c->stay) state->latest = draw_bin(state, n, (uint32_t)(random >> 32));
      counts[state->latest]++;
    }
  } else {
    for (size_t i = 0; i < OCKHAM_DRIFT_BLOCK; i += 2) {
      uint64_t random = ock_rng_next(rng);
      counts[draw_bin(state, n, (uint32_t)random)]++;
      counts[draw_bin(state, n, (uint32_t)(random >> 32))]++;
    }
  }
  ock_ewma_update(&c->plan, &state->ewma, 0);
  return state->ewma.spans[ock_ewma_leading(&c->plan, &state->ewma)].score;
}

/* Scores that low are no sign of anything. Where hardly a row ever leaves its bin they are all there is, and rounded
 * sizes would decide. */
static void drop_low_scores(ock_run_lengths *curve) {
  const double least = .5;
  size_t first = 0;
  while (first + 2 < curve->n && curve->statistic[first] < least) first++;
  curve->n -= first;
  memmove(curve->statistic, curve->statistic + first, curve->n * sizeof *curve->statistic);
  memmove(curve->log_rows, curve->log_rows + first, curve->n * sizeof *curve->log_rows);
  if (curve->n && curve->statistic[0] < least) {
    double rise = least - curve->statistic[0];
    for (size_t i = 0; i < curve->n; i++) curve->statistic[i] += rise;
  }
}

ockham_status ock_ewma_calibrate(const ock_watch_type *type, const ockham_signal *signal,
                                 const ockham_drift_options *options, size_t n_curves, ock_run_lengths *curve,
                                 ockham_error *err) {
  (void)type;
  enum { STREAMS = 500 };
  uint64_t counts[OCKHAM_PROFILE_MOST_BINS];
  ockham_signal canonical;
  ock_ewma_canonical(signal, options->by_hour, &canonical, counts);
  null_context context = {.signal = &canonical, .stay = (uint32_t)(canonical.stickiness * 4294967296.)};
  OCK_TRY(ock_ewma_plan_make(&canonical, options->window, false, &context.plan, err));
  /* Small references, which have few spans, differ most from each other, and want longer streams. */
  size_t n_spans = context.plan.n_spans, rows = ock_calibration_rows(n_curves) * (n_spans < 2   ? 3
                                                                                  : n_spans < 3 ? 2
                                                                                                : 1);
  size_t arrays = ock_ewma_memory(&context.plan) + canonical.n_bins * (sizeof(uint32_t) + sizeof(uint16_t));
  ock_null_streams streams = {.context = &context,
                              .state_size = align8(sizeof(null_state)) + align8(arrays),
                              .n_streams = STREAMS,
                              .n_steps = rows / STREAMS / OCKHAM_DRIFT_BLOCK,
                              .rows_a_step = OCKHAM_DRIFT_BLOCK,
                              .start = start_stream,
                              .step = step_stream};
  ockham_status status = ock_run_lengths_simulate(&streams, options->seed, options->threads, curve, err);
  if (!status) drop_low_scores(curve);
  ock_ewma_plan_clear(&context.plan);
  return status;
}
