/* SPDX-License-Identifier: Apache-2.0 */
/* KSWIN: the latest rows of a window against as many others of it, drawn at random; knows nothing of the reference but
 * the ranks that it gives. */
#include <math.h>
#include <string.h>

#include "drift/watches.h"

typedef struct watch {
  ock_windowed head;
  size_t n_ordered, n_latest; /* as many are drawn from those before */
  uint16_t *order;            /* of the older rows: the first of a shuffled pack are taken */
  uint64_t seed;
  ock_rng rng;
  uint64_t memory[];
} watch;

static size_t watch_size(const ockham_signal *signal, const ockham_drift_options *options) {
  size_t window = ock_window_of(options);
  return sizeof(watch) + ock_recent_size(signal->n_bins, window) + window * sizeof(uint16_t);
}

static void watch_reset(void *state) {
  watch *w = state;
  ock_recent_reset(&w->head.recent);
  for (size_t i = 0; i < w->head.recent.window - w->n_latest; i++) w->order[i] = (uint16_t)i;
  w->rng = ock_rng_make(w->seed, 0);
  w->head.statistic = 0;
}

/* Three tenths of the window, as its authors' 30 of 100. */
static ockham_status watch_start(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                                 ockham_error *err) {
  (void)err;
  watch *w = state;
  size_t window = ock_window_of(options);
  ock_recent_start(&w->head.recent, signal, window, w->memory);
  w->order = (uint16_t *)((char *)w->memory + ock_recent_size(signal->n_bins, window));
  w->n_ordered = ock_signal_ordered(signal);
  w->n_latest = window < 10 ? 1 : window * 3 / 10;
  w->seed = options->seed;
  watch_reset(w);
  return OCKHAM_OK;
}

/* Any pack is as good to begin with as a sorted one (Fisher & Yates, as far as needed). */
static void count_samples(watch *w, uint32_t *latest, uint32_t *others) {
  size_t n_older = w->head.recent.window - w->n_latest;
  for (size_t age = 0; age < w->n_latest; age++) latest[ock_recent_code(&w->head.recent, age)]++;
  for (size_t i = 0; i < w->n_latest && i < n_older; i++) {
    size_t j = i + ock_rng_below(&w->rng, n_older - i);
    uint16_t taken = w->order[j];
    w->order[j] = w->order[i], w->order[i] = taken;
    others[ock_recent_code(&w->head.recent, w->n_latest + taken)]++;
  }
}

/* The largest difference takes few values, between which no limit can be set finely; the mean difference, at most a
 * step of it, decides among equal ones. */
static double compare(const watch *w, const uint32_t *latest, const uint32_t *others) {
  double n = 0, m = 0, below_n = 0, below_m = 0, most = 0, sum = 0;
  for (size_t b = 0; b < w->n_ordered; b++) n += latest[b], m += others[b];
  if (n < (double)w->n_latest / 4 || m < (double)w->n_latest / 4) return 0;
  for (size_t b = 0; b < w->n_ordered; b++) {
    below_n += latest[b], below_m += others[b];
    double difference = fabs(below_n / n - below_m / m);
    most = fmax(most, difference);
    sum += difference;
  }
  return most + sum / (double)w->n_ordered / (double)w->n_latest;
}

static void watch_put(void *state, const ock_watch_block *block) {
  watch *w = state;
  ock_recent_put(&w->head.recent, block);
  if (!ock_recent_is_full(&w->head.recent)) return;
  uint32_t latest[OCKHAM_PROFILE_MOST_BINS] = {0}, others[OCKHAM_PROFILE_MOST_BINS] = {0};
  count_samples(w, latest, others);
  w->head.statistic = compare(w, latest, others);
}

const ock_watch_type ock_watch_kswin = {.state_size = watch_size,
                                        .start = watch_start,
                                        .reset = watch_reset,
                                        .put = watch_put,
                                        .statistic = ock_windowed_statistic,
                                        .shares = ock_windowed_shares,
                                        .applies = ock_watch_is_ordered,
                                        .calibrate = ock_watch_calibrate,
                                        .signature = ock_watch_signature};
