/* SPDX-License-Identifier: Apache-2.0 */
/* How long the default detector really runs: on rows of the reference themselves, which are as sticky and as crooked as
 * they are, and no simulation. Stretches of neighbouring rows are dealt into halves at random, several times over: one
 * is left out of the counts, and streams of short blocks drawn from it are watched until an alarm.
 *
 * To such a stream its half is the truth, and differs from the other half by the chance of both; so the counts are made
 * worth as many rows as one sample would be that is as uncertain: n1 n2 / (n1 + n2). Spans are then shorter than those
 * of a monitor, a quarter. Bins and clusters are those of the whole reference. */
#include <math.h>
#include <string.h>

#include "drift/watch_set.h"

enum { SPLITS = 12, STRETCH = 128, REPLAY_BLOCK = 64, FEWEST_ROWS = 2000, RUNS_A_SPLIT = 8, N_BUDGETS = 2 };
static const double budgets[N_BUDGETS] = {1000, 10000};
static const size_t most_runs_long = 8; /* a stream ends after so many times what was asked for */

typedef struct rehearsal {
  const ockham_profile_parts *parts;
  size_t n_rows;
  uint16_t *codes;        /* n_signals x n_rows */
  ockham_signal *signals; /* of the rows outside the fold */
  uint64_t *counts;       /* of all their bins */
  uint64_t seed;
  size_t threads;
  const ockham_progress *progress;
  uint32_t *stretches; /* in a random order: the first n_held are left out */
  size_t n_stretches, n_held;
  bool *is_held;
  double rows[SPLITS][N_BUDGETS], runs[SPLITS][N_BUDGETS]; /* watched, and that ended in an alarm */
} rehearsal;

/* Whole stretches only; rows behind the last are of no use. */
static void deal(rehearsal *r, ock_rng *rng) {
  for (size_t i = 0; i < r->n_stretches; i++) r->stretches[i] = (uint32_t)i;
  for (size_t i = 0; i < r->n_held; i++) {
    size_t other = i + (size_t)ock_rng_below(rng, r->n_stretches - i);
    uint32_t swap = r->stretches[i];
    r->stretches[i] = r->stretches[other], r->stretches[other] = swap;
  }
  memset(r->is_held, 0, r->n_stretches * sizeof *r->is_held);
  for (size_t i = 0; i < r->n_held; i++) r->is_held[r->stretches[i]] = true;
}

/* Signals as a reference of the other half would have them. */
static void leave_out(rehearsal *r) {
  uint64_t *counts = r->counts;
  size_t n_used = r->n_stretches * STRETCH;
  for (size_t s = 0; s < r->parts->n_signals; s++) {
    const ockham_signal *whole = &r->parts->signals[s];
    const uint16_t *codes = r->codes + s * r->n_rows;
    memset(counts, 0, whole->n_bins * sizeof *counts);
    for (size_t i = 0; i < n_used; i++) counts[codes[i]] += !r->is_held[i / STRETCH];
    /* Clusters count half of the rows: the rest is worth as much less. */
    double part = (double)whole->n_counted / (double)r->n_rows * (double)r->n_held / (double)r->n_stretches;
    r->signals[s] = *whole;
    r->signals[s].by_hour = NULL;
    r->signals[s].counts = counts;
    r->signals[s].n_counted = 0;
    for (size_t b = 0; b < whole->n_bins; b++)
      r->signals[s].n_counted += counts[b] = (uint64_t)nearbyint((double)counts[b] * part);
    counts += whole->n_bins;
  }
}

/* A block of rows that were left out, from a random place of a stretch. */
static void draw_block(const rehearsal *r, ock_rng *rng, uint16_t *codes) {
  size_t stretch = r->stretches[ock_rng_below(rng, r->n_held)];
  size_t first = stretch * STRETCH + (size_t)ock_rng_below(rng, STRETCH - REPLAY_BLOCK + 1);
  for (size_t s = 0; s < r->parts->n_signals; s++)
    memcpy(codes + s * REPLAY_BLOCK, r->codes + s * r->n_rows + first, REPLAY_BLOCK * sizeof *codes);
}

static bool is_above(const ock_watch_set *set, const double *limits) {
  for (size_t s = 0; s < set->n; s++) {
    if (set->items[s].state && set->items[s].statistic > limits[s]) return true;
  }
  return false;
}

/* One stream for both budgets: the lower limits come first, or together. */
static void run_stream(rehearsal *r, size_t split, ock_watch_set *set, const double *limits, uint16_t *codes,
                       ock_rng *rng) {
  double rows = 0;
  size_t budget = 0;
  ock_watch_set_reset(set);
  while (budget < N_BUDGETS && rows < (double)most_runs_long * budgets[budget]) {
    draw_block(r, rng, codes);
    for (size_t at = 0; at < REPLAY_BLOCK && budget < N_BUDGETS; at += OCKHAM_DRIFT_BLOCK) {
      ock_watch_set_put(set, codes + at, REPLAY_BLOCK, NULL, 0);
      rows += OCKHAM_DRIFT_BLOCK;
      while (budget < N_BUDGETS && is_above(set, limits + budget * set->n)) {
        r->rows[split][budget] += rows;
        r->runs[split][budget++]++;
      }
    }
  }
  for (; budget < N_BUDGETS; budget++) r->rows[split][budget] += rows;
}

static void find_limits(const ock_watch_set *set, double *limits) {
  for (size_t b = 0; b < N_BUDGETS; b++) {
    for (size_t s = 0; s < set->n; s++) {
      const ock_watched *w = &set->items[s];
      limits[b * set->n + s] = w->state ? ock_run_lengths_limit(w->curve, budgets[b] / w->split) : INFINITY;
    }
  }
}

/* The first split finds the curves for all. */
static ockham_status rehearse_split(rehearsal *r, size_t split, ock_watch_set *first, uint16_t *codes, double *limits,
                                    ockham_error *err) {
  ockham_drift_options options = {.seed = r->seed, .threads = r->threads};
  options = ock_drift_options_filled(&options);
  ock_rng rng = ock_rng_make(r->seed, split);
  deal(r, &rng);
  leave_out(r);
  ock_watch_set later, *set = split ? &later : first;
  OCK_TRY(ock_watch_set_make(r->signals, r->parts->n_signals, &options, split ? first : NULL, set, err));
  find_limits(set, limits);
  for (size_t i = 0; i < RUNS_A_SPLIT; i++) run_stream(r, split, set, limits, codes, &rng);
  if (split) ock_watch_set_clear(set);
  return OCKHAM_OK;
}

/* Streams of a split share its reference and its rows: splits are what varies. The ratio of sums, and its deviation in
 * logarithms by leaving out one split at a time (Quenouille's jackknife). */
static ockham_rehearsal summarise(const rehearsal *r, size_t budget) {
  const double t_975_of_11 = 2.200985;
  double rows = 0, runs = 0, sum = 0, squares = 0;
  for (size_t f = 0; f < SPLITS; f++) rows += r->rows[f][budget], runs += r->runs[f][budget];
  for (size_t f = 0; f < SPLITS; f++) {
    double without = log((rows - r->rows[f][budget]) / (runs - r->runs[f][budget] + .5));
    sum += without, squares += without * without;
  }
  double mean = rows / (runs + .5), variance = (SPLITS - 1.) / SPLITS * (squares - sum * sum / SPLITS);
  double least = 1 / (runs + .5); /* of as many exponential lengths */
  double spread = exp(t_975_of_11 * sqrt(fmax(variance, least)));
  return (ockham_rehearsal){
      .asked_rows = budgets[budget], .achieved_rows = mean, .low = mean / spread, .high = mean * spread};
}

static ockham_status put_into_bins(rehearsal *r, const ockham_profile *profile, ockham_rows x, ockham_error *err) {
  ock_block *block = ock_block_new(profile);
  if (!block) return ock_fail_memory(err, "a block of rows", x.n_columns * OCK_PANEL * sizeof(double));
  for (size_t first = 0; first < x.n_rows; first += OCK_PANEL) {
    size_t n = x.n_rows - first < OCK_PANEL ? x.n_rows - first : OCK_PANEL;
    ock_block_load(profile, x, first, n, block);
    ock_block_code(profile, block, r->codes + first, 1, r->n_rows);
  }
  ock_free(block);
  return OCKHAM_OK;
}

static ockham_status rehearse(rehearsal *r, ockham_profile *profile, ockham_rows x, ock_arena *arena,
                              ockham_error *err) {
  size_t n = r->parts->n_signals, n_bins = 0;
  for (size_t s = 0; s < n; s++) n_bins += r->parts->signals[s].n_bins;
  r->codes = ock_arena_array(arena, ock_size_product(n, r->n_rows), sizeof *r->codes);
  r->signals = ock_arena_array(arena, n, sizeof *r->signals);
  r->counts = ock_arena_array(arena, n_bins, sizeof *r->counts);
  r->n_stretches = r->n_rows / STRETCH;
  r->n_held = r->n_stretches / 2;
  r->stretches = ock_arena_array(arena, r->n_stretches, sizeof *r->stretches);
  r->is_held = ock_arena_array(arena, r->n_stretches, sizeof *r->is_held);
  uint16_t *codes = ock_arena_array(arena, n, REPLAY_BLOCK * sizeof *codes);
  double *limits = ock_arena_array(arena, n, N_BUDGETS * sizeof *limits);
  if (!r->codes || !r->signals || !r->counts || !r->stretches || !r->is_held || !codes || !limits)
    return ock_fail_memory(err, "a rehearsal", ock_size_product(n, r->n_rows * sizeof *r->codes));
  OCK_TRY(put_into_bins(r, profile, x, err));
  ock_watch_set first = {0};
  ockham_status status = OCKHAM_OK;
  for (size_t split = 0; split < SPLITS && !status; split++) {
    status = ock_progress_stopped(r->progress, "rehearse", split, SPLITS)
                 ? ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the rehearsal was done")
                 : rehearse_split(r, split, &first, codes, limits, err);
  }
  ock_watch_set_clear(&first);
  if (status) return status;
  ockham_rehearsal told[N_BUDGETS];
  for (size_t b = 0; b < N_BUDGETS; b++) told[b] = summarise(r, b);
  ock_profile_set_rehearsals(profile, told, N_BUDGETS);
  return OCKHAM_OK;
}

ockham_status ockham_drift_rehearse(ockham_profile *profile, ockham_rows x, uint64_t seed, size_t threads,
                                    const ockham_progress *progress, ockham_error *err) {
  const ockham_profile_parts *parts = ockham_profile_look(profile);
  OCK_TRY(ock_profile_check_rows(profile, x, err));
  if (x.n_rows != parts->n_rows)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the profile is of %llu rows, found %zu",
                    (unsigned long long)parts->n_rows, x.n_rows);
  if (x.n_rows < FEWEST_ROWS) return OCKHAM_OK;
  rehearsal r = {.parts = parts, .n_rows = x.n_rows, .seed = seed, .threads = threads, .progress = progress};
  ock_arena arena = {0};
  ockham_status status = rehearse(&r, profile, x, &arena, err);
  ock_arena_clear(&arena);
  return status;
}
