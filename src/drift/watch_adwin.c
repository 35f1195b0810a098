/* SPDX-License-Identifier: Apache-2.0 */
/* ADWIN: a window that grows while the means of no two of its parts differ by more than chance allows, and loses its
 * oldest rows when they do. Sums are kept in an exponential histogram, as the paper has it: at most M buckets of each
 * size 1, 2, 4 ...; when there is one more, the two oldest of that size become one of the next. The bound is the
 * paper's for variances (its equation 3.1), with delta' = delta / ln(n): epsilon = sqrt(2 / m variance ln(2 / delta'))
 * + 2 / (3 m) ln(2 / delta'),  1 / m = 1 / n_0 + 1 / n_1. The statistic is the largest |mean_0 - mean_1| / epsilon at
 * delta = .002: the textbook's limit is 1; ours is calibrated. */
#include <math.h>
#include <string.h>

#include "drift/watches.h"

enum { BUCKETS_A_SIZE = 5, N_SIZES = 40, SHOWN_ROWS = 1000, FEWEST_ROWS = 5 };

typedef struct bucket {
  double sum, square;
} bucket;

/* Of 2^i rows each, the oldest first. */
typedef struct row_of_buckets {
  size_t n;
  bucket buckets[BUCKETS_A_SIZE + 1];
} row_of_buckets;

typedef struct watch {
  ock_windowed head; /* its rows are for what it shows */
  double ranks[OCKHAM_PROFILE_MOST_BINS];
  double n, sum, square; /* of the whole window */
  size_t n_sizes;
  row_of_buckets sizes[N_SIZES];
  double limit;
  uint64_t memory[];
} watch;

static size_t watch_size(const ockham_signal *signal, const ockham_drift_options *options) {
  (void)options;
  return sizeof(watch) + ock_recent_size(signal->n_bins, SHOWN_ROWS);
}

static void watch_reset(void *state) {
  watch *w = state;
  ock_recent_reset(&w->head.recent);
  w->n = w->sum = w->square = w->head.statistic = 0;
  w->n_sizes = 1;
  memset(w->sizes, 0, sizeof w->sizes);
}

static ockham_status watch_start(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                                 ockham_error *err) {
  (void)options;
  (void)err;
  watch *w = state;
  ock_recent_start(&w->head.recent, signal, SHOWN_ROWS, w->memory);
  ock_signal_ranks(signal, w->ranks);
  w->limit = INFINITY; /* a window that never loses rows exceeds a limit for the first time as one that does */
  watch_reset(w);
  return OCKHAM_OK;
}

/* ---- the histogram ---- */

static void remove_oldest_of(row_of_buckets *size, size_t n) {
  size->n -= n;
  memmove(size->buckets, size->buckets + n, size->n * sizeof *size->buckets);
}

static void drop_oldest(watch *w) {
  row_of_buckets *size = &w->sizes[w->n_sizes - 1];
  w->n -= ldexp(1, (int)w->n_sizes - 1);
  w->sum -= size->buckets[0].sum, w->square -= size->buckets[0].square;
  remove_oldest_of(size, 1);
  while (w->n_sizes > 1 && !w->sizes[w->n_sizes - 1].n) w->n_sizes--;
}

static void insert(watch *w, double value) {
  bucket carried = {value, value * value};
  w->n++, w->sum += value, w->square += value * value;
  for (size_t i = 0; i < N_SIZES; i++) {
    row_of_buckets *size = &w->sizes[i];
    if (i == w->n_sizes) w->n_sizes++;
    size->buckets[size->n++] = carried;
    if (size->n <= BUCKETS_A_SIZE) return;
    carried = (bucket){size->buckets[0].sum + size->buckets[1].sum, size->buckets[0].square + size->buckets[1].square};
    remove_oldest_of(size, 2);
  }
  w->n -= ldexp(1, N_SIZES); /* more rows than any stream has */
  w->sum -= carried.sum, w->square -= carried.square;
}

/* ---- the rule ---- */

static double largest_ratio(const watch *w) {
  const double delta = .002;
  if (w->n < 2 * FEWEST_ROWS) return 0;
  double mean = w->sum / w->n, variance = fmax(0, w->square / w->n - mean * mean);
  double log_term = log(2 * log(w->n) / delta), n = 0, sum = 0, largest = 0;
  for (size_t i = w->n_sizes; i-- > 0;) {
    double rows = ldexp(1, (int)i);
    for (size_t j = 0; j < w->sizes[i].n; j++) {
      n += rows, sum += w->sizes[i].buckets[j].sum;
      double n_rest = w->n - n;
      if (n < FEWEST_ROWS) continue;
      if (n_rest < FEWEST_ROWS) return largest;
      double inverse = 1 / n + 1 / n_rest;
      double bound = sqrt(2 * inverse * variance * log_term) + 2. / 3 * inverse * log_term;
      largest = fmax(largest, fabs(sum / n - (w->sum - sum) / n_rest) / bound);
    }
  }
  return largest;
}

static void watch_put(void *state, const ock_watch_block *block) {
  watch *w = state;
  ock_recent_put(&w->head.recent, block);
  for (size_t i = 0; i < block->n_rows; i++) {
    double rank = w->ranks[block->codes[i]];
    if (!isnan(rank)) insert(w, rank);
  }
  double ratio = largest_ratio(w);
  w->head.statistic = ratio;
  while (ratio > w->limit && w->n > 2 * FEWEST_ROWS) {
    drop_oldest(w);
    ratio = largest_ratio(w);
  }
}

static void watch_set_limit(void *state, double limit) {
  ((watch *)state)->limit = limit;
}

const ock_watch_type ock_watch_adwin = {.state_size = watch_size,
                                        .start = watch_start,
                                        .reset = watch_reset,
                                        .put = watch_put,
                                        .statistic = ock_windowed_statistic,
                                        .shares = ock_windowed_shares,
                                        .applies = ock_watch_is_ordered,
                                        .set_limit = watch_set_limit,
                                        .calibrate = ock_watch_calibrate,
                                        .signature = ock_watch_signature};
