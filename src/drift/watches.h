/* SPDX-License-Identifier: Apache-2.0 */
/** What the usual detectors have in common. A state is one block of memory without allocations of its own, so that
 *  a simulated stream holds one as it is. */
#ifndef OCK_DRIFT_WATCHES_H
#define OCK_DRIFT_WATCHES_H

#include "drift/internal.h"

/* ---- streams of bins without drift ---- */

/* Bins drawn from shares that are themselves drawn from what the reference leaves possible, Dirichlet(counts + 1/2, of
 * effective rows), by Walker's aliases; each row stays in the bin of the one before with the reference's stickiness. */
typedef struct ock_bin_source {
  size_t n_bins;
  double stickiness;
  uint16_t latest, alias[OCKHAM_PROFILE_MOST_BINS];
  double threshold[OCKHAM_PROFILE_MOST_BINS];
} ock_bin_source;
void ock_bin_source_start(ock_bin_source *source, const ockham_signal *signal, ock_rng *rng);
void ock_bin_source_draw(ock_bin_source *source, ock_rng *rng, size_t n, uint16_t *codes);

/* Run lengths of a type whose states take no memory, and what they depend on. */
ockham_status ock_watch_calibrate(const ock_watch_type *type, const ockham_signal *signal,
                                  const ockham_drift_options *options, size_t n_curves, ock_run_lengths *curve,
                                  ockham_error *err);
size_t ock_watch_signature(const ockham_signal *signal, const ockham_drift_options *options, unsigned char *bytes);

/* ---- the latest rows ---- */

enum { OCK_DEFAULT_WINDOW = 200, OCK_LEAST_WINDOW = 16, OCK_MOST_WINDOW = 65535 };
static inline size_t ock_window_of(const ockham_drift_options *options) {
  size_t window = options->window ? options->window : OCK_DEFAULT_WINDOW;
  return window < OCK_LEAST_WINDOW ? OCK_LEAST_WINDOW : window > OCK_MOST_WINDOW ? OCK_MOST_WINDOW : window;
}

/* Bins of the latest `window` rows. */
typedef struct ock_recent {
  size_t n_bins, window, n_rows, at; /* rows held; where the next one goes */
  double inflation;
  uint32_t *counts; /* n_bins */
  double *now;      /* n_bins: shares, when asked for */
  uint16_t *codes;  /* window, a ring */
} ock_recent;
/* Its arrays lie in memory of this size, aligned as doubles. */
size_t ock_recent_size(size_t n_bins, size_t window);
void ock_recent_start(ock_recent *recent, const ockham_signal *signal, size_t window, void *memory);
void ock_recent_reset(ock_recent *recent);
void ock_recent_put(ock_recent *recent, const ock_watch_block *block);
ock_shares ock_recent_shares(const ock_recent *recent);
static inline bool ock_recent_is_full(const ock_recent *recent) {
  return recent->n_rows == recent->window;
}
/* The row of `age` rows before the latest, 0 to n_rows - 1. */
static inline uint16_t ock_recent_code(const ock_recent *recent, size_t age) {
  size_t place = recent->at + recent->window - 1 - age;
  return recent->codes[place < recent->window ? place : place - recent->window];
}

/* What a watch of them begins with, and what it tells of itself. */
typedef struct ock_windowed {
  ock_recent recent;
  double statistic;
} ock_windowed;
double ock_windowed_statistic(const void *state);
ock_shares ock_windowed_shares(const void *state);
ock_shares ock_shares_of_counts(const uint32_t *counts, size_t n_bins, double inflation, double *now);

bool ock_watch_is_ordered(const ockham_signal *signal);

extern const ock_watch_type ock_watch_chi2, ock_watch_ks, ock_watch_wasserstein, ock_watch_page_hinkley,
    ock_watch_adwin, ock_watch_kswin, ock_watch_cusum, ock_watch_mmd;

#endif
