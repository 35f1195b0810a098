/* SPDX-License-Identifier: Apache-2.0 */
/* One fit with many clusters on some of the rows, merged down to one: where is it worth looking? */
#include <string.h>

#include "select/internal.h"

enum { MOST_ROWS = 25000, MAX_ITERATIONS = 30 };

static const double tolerance = 1e-3;

static ockham_status look(ockham_sweep *sweep, ock_lloyd *s, uint64_t seed, ock_ticker *ticker, size_t k_max,
                          bool *too_fine, ockham_error *err) {
  ock_climb climb = {.sweep = sweep, .state = s, .seed = seed, .ticker = ticker};
  OCK_TRY(ock_sweep_reserve(sweep, k_max, err));
  ock_lloyd_grow(s, k_max);
  ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
  sweep->k_max = s->k;
  if (!ock_fit_take(&sweep->fits[s->k - 1], s))
    return ock_fail_memory(err, "a clustering of the curve", s->k * s->d * sizeof(double));
  OCK_TRY(ock_climb_down(&climb, s->k, 1, err));
  *too_fine = climb.too_fine;
  while (sweep->k_min < sweep->k_max && !sweep->fits[sweep->k_min - 1].centroids) sweep->k_min++; /* it was stopped */
  return ock_sweep_build_curve(sweep, err);
}

/* The sweep is of `some` rows only: what its curve says must be counted with these. */
static ockham_status scout_some(ockham_rows x, ockham_sweep *sweep, const uint32_t *some, size_t n, size_t k_max,
                                uint64_t seed, bool wide, bool *too_fine, ock_pool *pool, ock_ticker *ticker,
                                ockham_error *err) {
  ock_store store;
  ock_lloyd state;
  OCK_TRY(ock_store_init(&store, sweep->frame, x, some, n, wide, pool, err));
  sweep->total_weight = store.total;
  double unit = sweep->frame->unit;
  ockham_status status = ock_survey_rows(x, sweep->frame, store.squares / (unit * unit), &sweep->survey, err);
  if (!status) status = ock_lloyd_init(&state, &store, k_max, seed, pool, ticker, err);
  if (!status) {
    status = look(sweep, &state, seed, ticker, k_max, too_fine, err);
    ock_lloyd_clear(&state);
  }
  ock_store_clear(&store);
  return status;
}

static ockham_status scout_once(ockham_rows x, const ock_frame *frame, bool wide, bool *too_fine, size_t k_max,
                                uint64_t seed, ock_pool *pool, ock_ticker *ticker, size_t *k, ockham_error *err) {
  uint32_t *some;
  ockham_sweep *sweep = NULL;
  OCK_TRY(ock_rows_sample(x.n_rows, MOST_ROWS, seed, &some, err));
  size_t n = some ? MOST_ROWS : x.n_rows;
  if (k_max > n) k_max = n;
  ockham_status status = ock_sweep_new(frame, &(ockham_sweep_options){0}, &sweep, err);
  if (!status) {
    sweep->n = n;
    status = scout_some(x, sweep, some, n, k_max, seed, wide, too_fine, pool, ticker, err);
  }
  if (!status) {
    size_t best = ockham_criterion_choose(ockham_criterion_find("bic"), &sweep->curve);
    *k = best == SIZE_MAX ? 1 : sweep->curve.points[best].k;
  }
  ockham_sweep_free(sweep);
  ock_free(some);
  return status;
}

ockham_status ock_scout(ockham_rows x, const ock_frame *frame, bool *wide, size_t k_max, uint64_t seed, ock_pool *pool,
                        ock_ticker *ticker, size_t *k, ockham_error *err) {
  bool too_fine = false;
  ticker->stage = "finding the range";
  OCK_TRY(scout_once(x, frame, *wide, &too_fine, k_max, seed, pool, ticker, k, err));
  if (!too_fine) return OCKHAM_OK;
  *wide = true;
  return scout_once(x, frame, *wide, &too_fine, k_max, seed, pool, ticker, k, err);
}
