/* SPDX-License-Identifier: Apache-2.0 */
/* Detectors of cumulative sums, both ways: S = max(0, S + value - allowance). CUSUM's values are normal scores; those
 * of Page & Hinkley are ranks less their running mean, whose sum less its minimum is the same S. */
#include <math.h>
#include <string.h>

#include "drift/watches.h"

enum { UP, DOWN, N_WAYS };

typedef struct watch {
  size_t n_bins;
  double allowance, inflation, cap; /* sums do not rise beyond */
  bool runs;                        /* less the running mean, which begins as that of n_reference rows */
  double n_reference, n, total;
  double sums[N_WAYS], highest[N_WAYS]; /* highest: within the latest block */
  double values[OCKHAM_PROFILE_MOST_BINS];
  uint32_t counts[N_WAYS][OCKHAM_PROFILE_MOST_BINS]; /* of rows since the sum was 0: what it accuses */
  double now[OCKHAM_PROFILE_MOST_BINS];
} watch;

static size_t watch_size(const ockham_signal *signal, const ockham_drift_options *options) {
  (void)signal;
  (void)options;
  return sizeof(watch);
}

static void watch_reset(void *state) {
  watch *w = state;
  w->n = w->total = 0;
  for (int way = UP; way < N_WAYS; way++) w->sums[way] = w->highest[way] = 0;
  memset(w->counts, 0, sizeof w->counts);
}

static void start_common(watch *w, const ockham_signal *signal, double allowance) {
  w->n_bins = signal->n_bins;
  w->allowance = allowance;
  w->inflation = ock_variance_inflation(signal->stickiness);
  w->n_reference = (double)signal->n_counted / w->inflation;
  w->cap = INFINITY;
  watch_reset(w);
}

/* For a shift of half a standard deviation (Page): half of it. */
static ockham_status cusum_start(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                                 ockham_error *err) {
  const double allowance = .25;
  (void)options;
  (void)err;
  watch *w = state;
  w->runs = false;
  start_common(w, signal, allowance);
  ock_signal_scores(signal, w->values);
  return OCKHAM_OK;
}

/* A fiftieth of the range: 0.07 of the ranks' standard deviation. */
static ockham_status page_hinkley_start(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                                        ockham_error *err) {
  const double allowance = .02;
  (void)options;
  (void)err;
  watch *w = state;
  w->runs = true;
  start_common(w, signal, allowance);
  ock_signal_ranks(signal, w->values);
  for (size_t b = 0; b < signal->n_bins; b++) w->values[b] -= .5;
  return OCKHAM_OK;
}

static void add_to(watch *w, int way, double value, uint16_t code) {
  double sum = w->sums[way] + value - w->allowance;
  if (sum <= 0) {
    if (w->sums[way] > 0) memset(w->counts[way], 0, w->n_bins * sizeof **w->counts);
    w->sums[way] = 0;
    return;
  }
  w->counts[way][code]++;
  w->sums[way] = fmin(sum, w->cap);
  w->highest[way] = fmax(w->highest[way], w->sums[way]);
}

static void watch_put(void *state, const ock_watch_block *block) {
  watch *w = state;
  for (int way = UP; way < N_WAYS; way++) w->highest[way] = 0;
  for (size_t i = 0; i < block->n_rows; i++) {
    double value = w->values[block->codes[i]];
    if (isnan(value)) continue;
    if (w->runs) {
      w->n++, w->total += value;
      value -= w->total / (w->n_reference + w->n);
    }
    add_to(w, UP, value, block->codes[i]);
    add_to(w, DOWN, -value, block->codes[i]);
  }
}

static double watch_statistic(const void *state) {
  const watch *w = state;
  return fmax(w->highest[UP], w->highest[DOWN]);
}

static ock_shares watch_shares(const void *state) {
  const watch *w = state;
  const uint32_t *counts = w->counts[w->sums[UP] >= w->sums[DOWN] ? UP : DOWN];
  return ock_shares_of_counts(counts, w->n_bins, w->inflation, ((watch *)state)->now);
}

/* Twice the limit: after the end of a drift a sum is soon below. */
static void watch_set_limit(void *state, double limit) {
  ((watch *)state)->cap = 2 * limit;
}

const ock_watch_type ock_watch_cusum = {.state_size = watch_size,
                                        .start = cusum_start,
                                        .reset = watch_reset,
                                        .put = watch_put,
                                        .statistic = watch_statistic,
                                        .shares = watch_shares,
                                        .applies = ock_watch_is_ordered,
                                        .set_limit = watch_set_limit,
                                        .calibrate = ock_watch_calibrate,
                                        .signature = ock_watch_signature};

const ock_watch_type ock_watch_page_hinkley = {.state_size = watch_size,
                                               .start = page_hinkley_start,
                                               .reset = watch_reset,
                                               .put = watch_put,
                                               .statistic = watch_statistic,
                                               .shares = watch_shares,
                                               .applies = ock_watch_is_ordered,
                                               .set_limit = watch_set_limit,
                                               .calibrate = ock_watch_calibrate,
                                               .signature = ock_watch_signature};
