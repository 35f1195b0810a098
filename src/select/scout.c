/* SPDX-License-Identifier: Apache-2.0 */
/* One fit with many clusters on some of the rows, merged down to one: where is it worth looking? */
#include <string.h>

#include "select/internal.h"

enum { MOST_ROWS = 25000, MAX_ITERATIONS = 30, RNG_STREAM_SCOUT = 900 };

static const double tolerance = 1e-3;

static ockham_status look(ockham_sweep *sweep, ock_lloyd *s, uint64_t seed, ock_ticker *ticker, size_t k_max,
                          ockham_error *err) {
  ock_climb climb = {.sweep = sweep, .state = s, .seed = seed, .ticker = ticker};
  ock_rng rng = ock_rng_make(seed, RNG_STREAM_SCOUT);
  bool kept;
  OCK_TRY(ock_survey_rows(s->x, s->origin, &sweep->survey, err));
  memcpy(sweep->origin, s->origin, s->d * sizeof(double));
  OCK_TRY(ock_sweep_reserve(sweep, k_max, err));
  ock_lloyd_seed(s, k_max, &rng);
  ock_lloyd_run(s, MAX_ITERATIONS, tolerance);
  sweep->k_max = s->k;
  if (!ock_fit_keep(&sweep->fits[s->k - 1], s, &kept))
    return ock_fail_memory(err, "a clustering of the curve", s->k * s->d * sizeof(double));
  OCK_TRY(ock_climb_down(&climb, s->k, 1, err));
  while (sweep->k_min < sweep->k_max && !sweep->fits[sweep->k_min - 1].centroids) sweep->k_min++; /* it was stopped */
  return ock_sweep_build_curve(sweep, err);
}

ockham_status ock_scout(ockham_rows x, size_t k_max, uint64_t seed, ock_pool *pool, ock_ticker *ticker, size_t *k,
                        ockham_error *err) {
  ockham_rows some;
  ockham_sweep *sweep = NULL;
  ock_lloyd state;
  ticker->stage = "finding the range";
  OCK_TRY(ock_rows_sample(x, MOST_ROWS, seed, &some, err));
  if (k_max > some.n_rows) k_max = some.n_rows;
  ockham_status status = ock_sweep_new(some, &(ockham_sweep_options){0}, &sweep, err);
  if (!status) status = ock_lloyd_init(&state, some, k_max, pool, ticker, err);
  if (!status) {
    status = look(sweep, &state, seed, ticker, k_max, err);
    ock_lloyd_clear(&state);
  }
  if (!status) {
    size_t best = ockham_criterion_choose(ockham_criterion_find("bic"), &sweep->curve);
    *k = best == SIZE_MAX ? 1 : sweep->curve.points[best].k;
  }
  ockham_sweep_free(sweep);
  ock_rows_sample_clear(&some, x);
  return status;
}
