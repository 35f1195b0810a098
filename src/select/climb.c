/* SPDX-License-Identifier: Apache-2.0 */
/* Up: split the cluster where it helps most, and let Lloyd's steps repair. Down: merge the two clusters that lose
 * least. The two find different optima; the better is kept at each k, and the next step starts from it. */
#include <math.h>
#include <string.h>

#include "select/internal.h"

enum { MAX_ITERATIONS = 100, RNG_STREAM_CLIMB = 1000, RNG_STREAM_AFRESH = 2000, MOST_TRADES = 4 };

/* A step that lowers the inertia by less than this share of it is the last: the fits are finished in ock_describe(). */
static const double tolerance = 1e-4;
/* A path that is worse than the best known fit by more than this goes on from the best. */
static const double worth_switching = 1.002;

void ock_fit_clear(ock_fit *fit) {
  ock_free(fit->centroids);
  ock_free(fit->sizes);
  ock_free(fit->within);
  ock_free(fit->spread);
  *fit = (ock_fit){.inertia = INFINITY, .silhouette = NAN, .simplified_silhouette = NAN};
}

static bool allocate_fit(ock_fit *fit, size_t k, size_t d) {
  if (fit->centroids) return true;
  fit->k = k;
  fit->centroids = ock_alloc_array(k * d, sizeof(double));
  fit->sizes = ock_alloc_array(k, sizeof(uint64_t));
  fit->within = ock_alloc_array(k, sizeof(double));
  fit->spread = ock_alloc_array(k, sizeof(double));
  if (fit->centroids && fit->sizes && fit->within && fit->spread) return true;
  ock_fit_clear(fit);
  return false;
}

/* Near the number of distinct rows, where only rounding keeps rows off their centres, a state may be left with an empty
 * cluster: that is no clustering with k clusters. */
bool ock_state_is_whole(const ock_lloyd *state, size_t k) {
  if (state->k != k) return false;
  for (size_t j = 0; j < k; j++)
    if (state->counts[j] == 0) return false;
  return true;
}

bool ock_fit_keep(ock_fit *fit, const ock_lloyd *state, bool *kept) {
  *kept = false;
  if (!(state->inertia < fit->inertia)) return true;
  if (!allocate_fit(fit, state->k, state->d)) return false;
  fit->inertia = state->inertia;
  fit->silhouette = fit->simplified_silhouette = NAN; /* those were of another clustering */
  memcpy(fit->centroids, state->centroids, state->k * state->d * sizeof(double));
  memcpy(fit->sizes, state->counts, state->k * sizeof(uint64_t));
  memcpy(fit->within, state->within, state->k * sizeof(double));
  memcpy(fit->spread, state->spread, state->k * sizeof(double));
  *kept = true;
  return true;
}

static ockham_status keep(ock_climb *climb, ockham_error *err) {
  bool kept;
  ock_lloyd *s = climb->state;
  if (!ock_fit_keep(&climb->sweep->fits[s->k - 1], s, &kept)) {
    return ock_fail_memory(err, "a clustering of the curve", s->k * (s->d + 3) * sizeof(double));
  }
  return OCKHAM_OK;
}

static void load(ock_climb *climb, size_t k) {
  ock_lloyd_assign(climb->state, climb->sweep->fits[k - 1].centroids, k);
}

/* Go on from the best known fit when the path has fallen behind it. */
static void catch_up(ock_climb *climb) {
  const ock_fit *best = &climb->sweep->fits[climb->state->k - 1];
  if (climb->state->inertia > best->inertia * worth_switching) load(climb, best->k);
}

static bool stopped(ock_climb *climb) {
  return ock_ticker_stopped(climb->ticker);
}

/* The pair whose merging raises the inertia least: n_a n_b / (n_a + n_b) |c_a - c_b|^2. */
static void cheapest_merge(const ock_lloyd *s, size_t *best_a, size_t *best_b) {
  double least = INFINITY;
  *best_a = 0;
  *best_b = 1;
  for (size_t b = 1; b < s->k; b++)
    for (size_t a = 0; a < b; a++) {
      double n_a = (double)s->counts[a], n_b = (double)s->counts[b];
      double price =
          n_a * n_b / (n_a + n_b) * ock_squared_distance(s->centroids + a * s->d, s->centroids + b * s->d, s->d);
      if (price < least) {
        least = price;
        *best_a = a;
        *best_b = b;
      }
    }
}

/* Merge the two clusters that lose least and split where it helps most: out of a local optimum, while it pays. */
static ockham_status trade(ock_climb *climb, ock_rng *rng, ockham_error *err) {
  ock_lloyd *s = climb->state;
  size_t k = s->k;
  if (k < 3) return OCKHAM_OK;
  for (size_t t = 0; t < MOST_TRADES && !stopped(climb); t++) {
    double before = climb->sweep->fits[k - 1].inertia;
    size_t a, b, j;
    cheapest_merge(s, &a, &b);
    ock_lloyd_merge(s, a, b);
    if (!ock_lloyd_propose_split(s, rng, ock_lloyd_n_candidates(k), &j, s->candidates)) break;
    ock_lloyd_split(s, j, s->candidates);
    ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
    if (climb->ticker->stopped || !ock_state_is_whole(s, k)) break;
    OCK_TRY(keep(climb, err));
    if (s->inertia > before * (1 - 1e-9)) break;
  }
  return OCKHAM_OK;
}

/* ---- up ---- */

ockham_status ock_climb_up(ock_climb *climb, size_t from, size_t to, size_t round, ockham_error *err) {
  ock_lloyd *s = climb->state;
  ock_rng rng = ock_rng_make(climb->seed, RNG_STREAM_CLIMB + round);
  load(climb, from);
  while (s->k < to && !stopped(climb)) {
    size_t k = s->k;
    size_t j;
    if (!ock_lloyd_propose_split(s, &rng, ock_lloyd_n_candidates(k + 1), &j, s->candidates)) break;
    ock_lloyd_split(s, j, s->candidates);
    ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
    if (climb->ticker->stopped) break;
    if (!ock_state_is_whole(s, k + 1)) break; /* no more distinct rows */
    OCK_TRY(keep(climb, err));
    OCK_TRY(trade(climb, &rng, err));
    catch_up(climb);
    climb->ticker->done++;
  }
  return OCKHAM_OK;
}

/* ---- afresh ---- */

ockham_status ock_climb_afresh(ock_climb *climb, size_t to, size_t n_starts, ockham_error *err) {
  ock_lloyd *s = climb->state;
  for (size_t k = 2; k <= to; k++)
    for (size_t start = 0; start < n_starts && !stopped(climb); start++) {
      ock_rng rng = ock_rng_make(climb->seed, RNG_STREAM_AFRESH + k * n_starts + start);
      ock_lloyd_seed(s, k, &rng);
      ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
      if (climb->ticker->stopped) break;
      if (ock_state_is_whole(s, k)) OCK_TRY(keep(climb, err));
    }
  return OCKHAM_OK;
}

/* ---- down ---- */

ockham_status ock_climb_down(ock_climb *climb, size_t from, size_t to, ockham_error *err) {
  ock_lloyd *s = climb->state;
  load(climb, from);
  while (s->k > to && !stopped(climb)) {
    size_t a, b;
    cheapest_merge(s, &a, &b);
    ock_lloyd_merge(s, a, b);
    ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
    if (climb->ticker->stopped) break;
    if (ock_state_is_whole(s, s->k)) OCK_TRY(keep(climb, err));
    catch_up(climb);
    climb->ticker->done++;
  }
  return OCKHAM_OK;
}
