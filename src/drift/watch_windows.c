/* SPDX-License-Identifier: Apache-2.0 */
/* Detectors of one window against the reference: chi-squared, Kolmogorov-Smirnov, Wasserstein. */
#include <math.h>
#include <string.h>

#include "drift/watches.h"

typedef struct watch {
  ock_windowed head;
  size_t n_ordered;
  double n_reference; /* effective */
  size_t n_groups;    /* chi2: bins are joined */
  uint16_t group[OCKHAM_PROFILE_MOST_BINS];
  double expected[OCKHAM_PROFILE_MOST_BINS + 1]; /* chi2: of a group, in the window; else edges of bins' ranks */
  uint64_t memory[];
} watch;

static size_t watch_size(const ockham_signal *signal, const ockham_drift_options *options) {
  return sizeof(watch) + ock_recent_size(signal->n_bins, ock_window_of(options));
}

static void watch_reset(void *state) {
  watch *w = state;
  ock_recent_reset(&w->head.recent);
  w->head.statistic = 0;
}

static void start_common(watch *w, const ockham_signal *signal, const ockham_drift_options *options) {
  ock_recent_start(&w->head.recent, signal, ock_window_of(options), w->memory);
  w->n_ordered = ock_signal_ordered(signal);
  w->n_reference = (double)signal->n_counted / w->head.recent.inflation;
  w->head.statistic = 0;
}

/* ---- chi-squared ---- */

static bool applies_to_all(const ockham_signal *signal) {
  (void)signal;
  return true;
}

/* By falling counts, until the window should have five rows in a group; what is left joins the last. */
static ockham_status chi2_start(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                                ockham_error *err) {
  enum { ENOUGH_EXPECTED = 5 };
  (void)err;
  watch *w = state;
  start_common(w, signal, options);
  bool taken[OCKHAM_PROFILE_MOST_BINS] = {false};
  double total = (double)signal->n_counted + .5 * (double)signal->n_bins, open = 0;
  w->n_groups = 0;
  for (size_t i = 0; i < signal->n_bins; i++) {
    size_t most = SIZE_MAX;
    for (size_t b = 0; b < signal->n_bins; b++) {
      if (!taken[b] && (most == SIZE_MAX || signal->counts[b] > signal->counts[most])) most = b;
    }
    taken[most] = true;
    w->group[most] = (uint16_t)w->n_groups;
    open += ((double)signal->counts[most] + .5) / total * (double)w->head.recent.window;
    if (open < ENOUGH_EXPECTED) continue;
    w->expected[w->n_groups++] = open;
    open = 0;
  }
  if (!w->n_groups) w->n_groups = 1, w->expected[0] = 0; /* a window of less than five rows */
  w->expected[w->n_groups - 1] += open;
  for (size_t b = 0; b < signal->n_bins; b++) {
    if (w->group[b] == w->n_groups) w->group[b]--;
  }
  return OCKHAM_OK;
}

static void chi2_put(void *state, const ock_watch_block *block) {
  watch *w = state;
  ock_recent_put(&w->head.recent, block);
  if (!ock_recent_is_full(&w->head.recent)) return;
  double seen[OCKHAM_PROFILE_MOST_BINS] = {0}, sum = 0;
  for (size_t b = 0; b < w->head.recent.n_bins; b++) seen[w->group[b]] += w->head.recent.counts[b];
  for (size_t g = 0; g < w->n_groups; g++) {
    double difference = seen[g] - w->expected[g];
    sum += difference * difference / w->expected[g];
  }
  double window = (double)w->head.recent.window / w->head.recent.inflation;
  w->head.statistic = sum / w->head.recent.inflation * w->n_reference / (w->n_reference + window);
}

const ock_watch_type ock_watch_chi2 = {.state_size = watch_size,
                                       .start = chi2_start,
                                       .reset = watch_reset,
                                       .put = chi2_put,
                                       .statistic = ock_windowed_statistic,
                                       .shares = ock_windowed_shares,
                                       .applies = applies_to_all,
                                       .calibrate = ock_watch_calibrate,
                                       .signature = ock_watch_signature};

/* ---- distribution functions ---- */

static ockham_status ordered_start(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                                   ockham_error *err) {
  (void)err;
  watch *w = state;
  start_common(w, signal, options);
  ock_signal_edges(signal, w->expected);
  return OCKHAM_OK;
}

/* The root of the rows worth that both samples have together; 0 while there are few values in the window. */
static double scale_of(const watch *w, double n) {
  if (!ock_recent_is_full(&w->head.recent) || n < (double)w->head.recent.window / 4) return 0;
  n /= w->head.recent.inflation;
  return sqrt(n * w->n_reference / (n + w->n_reference));
}

static double count_values(const watch *w) {
  double n = 0;
  for (size_t b = 0; b < w->n_ordered; b++) n += w->head.recent.counts[b];
  return n;
}

static void ks_put(void *state, const ock_watch_block *block) {
  watch *w = state;
  ock_recent_put(&w->head.recent, block);
  double n = count_values(w), scale = scale_of(w, n), below = 0, most = 0;
  for (size_t b = 0; b < w->n_ordered && scale > 0; b++) {
    below += w->head.recent.counts[b];
    most = fmax(most, fabs(below / n - w->expected[b + 1]));
  }
  w->head.statistic = scale * most;
}

/* The area between the functions over ranks, each a straight line inside a bin. */
static double area_of(double before, double after, double width) {
  if (before * after >= 0) return width * (fabs(before) + fabs(after)) / 2;
  return width * (before * before + after * after) / (2 * (fabs(before) + fabs(after)));
}

static void wasserstein_put(void *state, const ock_watch_block *block) {
  watch *w = state;
  ock_recent_put(&w->head.recent, block);
  double n = count_values(w), scale = scale_of(w, n), below = 0, area = 0, before = 0;
  for (size_t b = 0; b < w->n_ordered && scale > 0; b++) {
    below += w->head.recent.counts[b];
    double after = below / n - w->expected[b + 1];
    area += area_of(before, after, w->expected[b + 1] - w->expected[b]);
    before = after;
  }
  w->head.statistic = scale * area;
}

const ock_watch_type ock_watch_ks = {.state_size = watch_size,
                                     .start = ordered_start,
                                     .reset = watch_reset,
                                     .put = ks_put,
                                     .statistic = ock_windowed_statistic,
                                     .shares = ock_windowed_shares,
                                     .applies = ock_watch_is_ordered,
                                     .calibrate = ock_watch_calibrate,
                                     .signature = ock_watch_signature};

const ock_watch_type ock_watch_wasserstein = {.state_size = watch_size,
                                              .start = ordered_start,
                                              .reset = watch_reset,
                                              .put = wasserstein_put,
                                              .statistic = ock_windowed_statistic,
                                              .shares = ock_windowed_shares,
                                              .applies = ock_watch_is_ordered,
                                              .calibrate = ock_watch_calibrate,
                                              .signature = ock_watch_signature};
