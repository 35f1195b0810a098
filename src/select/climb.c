/* SPDX-License-Identifier: Apache-2.0 */
/* Up: split the cluster where it helps most, and let Lloyd's steps repair. Down: merge the two clusters that lose
 * least. The two find different optima; the better is kept at each k, and the next step starts from it. */
#include <math.h>
#include <string.h>

#include "select/internal.h"

enum {
  MAX_ITERATIONS = 100,
  RNG_STREAM_AFRESH = 2000,
  MOST_TRADES = 8,
  ROUGH_TRADES = 4,
  STARTS_FOR_ONE = 24,
  CHEAP_VALUES = 1000000
};

/* A step that lowers the inertia by less than this share of it is the last: the fits are finished later. */
static const double tolerance = 1e-4;
/* A fresh start that is worse than the best by more than this at this tolerance is given up. */
static const double rough_tolerance = 1e-3, promising = 1.02;
/* A trade is tried when what it seems to gain is this much of what it seems to lose. */
static const double worth_trading = 0.5;
/* A path that is worse than the best known fit by more than this goes on from the best. */
static const double worth_switching = 1.002;
/* A fit that is better by less than this is no better. */
static const double worth_keeping = 1 - 1e-9;

/* Near the number of distinct rows, where only rounding keeps rows off their centres, a state may be left with an empty
 * cluster: that is no clustering with k clusters. */
bool ock_state_is_whole(const ock_lloyd *state, size_t k) {
  if (state->k != k) return false;
  for (size_t j = 0; j < k; j++)
    if (ock_lloyd_is_empty(state, j)) return false;
  return true;
}

static ockham_status keep(ock_climb *climb, ockham_error *err) {
  ock_lloyd *s = climb->state;
  ock_fit *fit = &climb->sweep->fits[s->k - 1];
  if (ock_store_is_too_fine(s->store, s->inertia)) {
    climb->too_fine = true;
    return OCKHAM_OK;
  }
  if (!(s->inertia < fit->inertia * worth_keeping)) return OCKHAM_OK;
  return ock_fit_take(fit, s) ? OCKHAM_OK
                              : ock_fail_memory(err, "a clustering of the curve", s->k * (s->d + 3) * sizeof(double));
}

static bool stopped(ock_climb *climb) {
  return climb->too_fine || ock_ticker_stopped(climb->ticker);
}

/* Go on from the best known fit for k when the path has fallen behind it, or has lost a cluster. */
static void catch_up(ock_climb *climb, size_t k) {
  const ock_fit *best = &climb->sweep->fits[k - 1];
  ock_lloyd *s = climb->state;
  if (!best->centroids) return;
  if (!ock_state_is_whole(s, k) || s->inertia > best->inertia * worth_switching)
    ock_lloyd_assign(s, best->centroids, best->k);
}

/* Out of a local optimum, while it pays: what a trade seems to lose, the steps after it may more than make up for. */
static ockham_status trade(ock_climb *climb, ockham_error *err) {
  ock_lloyd *s = climb->state;
  size_t k = s->k;
  const ock_fit *fit = &climb->sweep->fits[k - 1];
  for (size_t t = 0; t < MOST_TRADES && !stopped(climb) && ock_lloyd_trade(s, worth_trading); t++) {
    double before = fit->inertia;
    ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
    if (climb->ticker->stopped || !ock_state_is_whole(s, k)) break;
    OCK_TRY(keep(climb, err));
    if (fit->inertia < before) continue;
    if (s->inertia > fit->inertia) ock_lloyd_assign(s, fit->centroids, k);
    break;
  }
  return OCKHAM_OK;
}

/* ---- up ---- */

ockham_status ock_climb_up(ock_climb *climb, size_t from, size_t to, ockham_error *err) {
  ock_lloyd *s = climb->state;
  ock_lloyd_assign(s, climb->sweep->fits[from - 1].centroids, from);
  while (s->k < to && !stopped(climb)) {
    size_t k = s->k, j = ock_lloyd_best_cut(s, SIZE_MAX, SIZE_MAX);
    if (!(s->cuts[j].gain > 0)) break; /* no more distinct rows */
    ock_lloyd_split(s, j);
    ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
    if (climb->ticker->stopped) break;
    if (ock_state_is_whole(s, k + 1)) {
      OCK_TRY(keep(climb, err));
      OCK_TRY(trade(climb, err));
    } else if (!climb->sweep->fits[k].centroids) {
      break; /* rounding undoes the cut */
    }
    if (climb->too_fine) break;
    catch_up(climb, k + 1);
    ock_lloyd_regroup_grown(s);
    climb->ticker->done++;
  }
  return OCKHAM_OK;
}

/* ---- afresh ---- */

/* One more start for k; it is followed to the end only when it is promising. */
static ockham_status start_afresh(ock_climb *climb, size_t k, uint64_t number, ockham_error *err) {
  ock_lloyd *s = climb->state;
  ock_rng rng = ock_rng_make(climb->seed, RNG_STREAM_AFRESH + number);
  ock_lloyd_scatter(s, k, &rng);
  ock_lloyd_run(s, MAX_ITERATIONS, rough_tolerance);
  for (size_t t = 0; t < ROUGH_TRADES && !stopped(climb) && ock_lloyd_trade(s, 1); t++)
    ock_lloyd_run(s, MAX_ITERATIONS, rough_tolerance);
  if (climb->ticker->stopped || !ock_state_is_whole(s, k)) return OCKHAM_OK;
  if (s->inertia > climb->sweep->fits[k - 1].inertia * promising) return OCKHAM_OK;
  ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
  if (climb->ticker->stopped || !ock_state_is_whole(s, k)) return OCKHAM_OK;
  OCK_TRY(keep(climb, err));
  return trade(climb, err);
}

/* Most for the least k, where there are the fewest neighbours; where steps cost much they must do more for it. */
static size_t count_starts(const ock_lloyd *s, size_t k) {
  double values = (double)s->n * (double)s->d, share = values > CHEAP_VALUES ? CHEAP_VALUES / values : 1;
  return (size_t)(STARTS_FOR_ONE * share) / k + (share == 1);
}

ockham_status ock_climb_afresh(ock_climb *climb, size_t to, ockham_error *err) {
  for (size_t k = 2; k <= to; k++)
    for (size_t start = 0; start < count_starts(climb->state, k) && !stopped(climb); start++)
      OCK_TRY(start_afresh(climb, k, k * (STARTS_FOR_ONE + 1) + start, err));
  return OCKHAM_OK;
}

/* ---- down ---- */

ockham_status ock_climb_down(ock_climb *climb, size_t from, size_t to, ockham_error *err) {
  ock_lloyd *s = climb->state;
  ock_lloyd_assign(s, climb->sweep->fits[from - 1].centroids, from);
  while (s->k > to && s->k > 1 && !stopped(climb)) {
    size_t a, b;
    ock_lloyd_cheapest_merge(s, &a, &b);
    ock_lloyd_merge(s, a, b);
    ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
    if (climb->ticker->stopped) break;
    if (ock_state_is_whole(s, s->k)) OCK_TRY(keep(climb, err));
    catch_up(climb, s->k);
    climb->ticker->done++;
  }
  return OCKHAM_OK;
}
