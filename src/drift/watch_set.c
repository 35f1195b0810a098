/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/watch_set.h"

#include <math.h>
#include <string.h>

ockham_drift_options ock_drift_options_filled(const ockham_drift_options *options) {
  ockham_drift_options filled = options ? *options : (ockham_drift_options){0};
  if (!(filled.rows_per_false_alarm > 0)) filled.rows_per_false_alarm = 100000;
  if (!(filled.level > 0)) filled.level = .01;
  if (filled.min_effect == 0) filled.min_effect = OCKHAM_DRIFT_MIN_EFFECT;
  return filled;
}

/* ---- curves, one for all signals that are alike ---- */

enum { SIGNATURE_BYTES = 64 };
typedef struct signature {
  unsigned char bytes[SIGNATURE_BYTES];
  size_t size;
  const ockham_signal *first; /* that has it */
} signature;

static size_t find_signature(const signature *known, size_t n, const signature *wanted) {
  size_t i = 0;
  while (i < n && (known[i].size != wanted->size || memcmp(known[i].bytes, wanted->bytes, wanted->size))) i++;
  return i;
}

static ockham_status calibrate(ock_watch_set *set, const ockham_drift_options *options, signature *known,
                               size_t *curve_of, ockham_error *err) {
  size_t n = 0;
  for (size_t s = 0; s < set->n; s++) {
    if (!set->items[s].state) continue;
    signature own = {.first = set->items[s].signal};
    own.size = set->type->signature(own.first, options, own.bytes);
    curve_of[s] = find_signature(known, n, &own);
    if (curve_of[s] == n) known[n++] = own;
  }
  set->n_curves = n;
  set->curves = ock_arena_array(&set->arena, n, sizeof *set->curves);
  if (!set->curves) return ock_fail_memory(err, "curves of run lengths", n * sizeof *set->curves);
  for (size_t i = 0; i < n; i++)
    OCK_TRY(set->type->calibrate(set->type, known[i].first, options, n, &set->curves[i], err));
  for (size_t s = 0; s < set->n; s++) {
    if (set->items[s].state) set->items[s].curve = &set->curves[curve_of[s]];
  }
  return OCKHAM_OK;
}

void ock_watch_set_budget(ock_watch_set *set, double rows_per_false_alarm) {
  for (size_t s = 0; s < set->n; s++) {
    ock_watched *w = &set->items[s];
    if (!w->state) continue;
    w->asked = rows_per_false_alarm / w->split;
    w->limit = ock_run_lengths_limit(w->curve, w->asked);
    w->calm_limit = ock_run_lengths_limit(w->curve, sqrt(w->asked));
    if (set->type->set_limit) set->type->set_limit(w->state, w->limit);
  }
}

/* ---- a set ---- */

static ockham_status start_watch(ock_watch_set *set, ock_watched *w, const ockham_drift_options *options,
                                 ockham_error *err) {
  size_t size = set->type->state_size(w->signal, options);
  void *state = ock_arena_array(&set->arena, 1, size);
  if (!state) return ock_fail_memory(err, "the watch of a signal", size);
  memset(state, 0, size);
  OCK_TRY(set->type->start(state, w->signal, options, err));
  w->state = state;
  return OCKHAM_OK;
}

static ockham_status start_watches(ock_watch_set *set, const ockham_signal *signals,
                                   const ockham_drift_options *options, const ock_watch_set *like, ockham_error *err) {
  size_t n = set->n, n_watched = 0;
  bool *watched = ock_arena_array(&set->arena, n, sizeof *watched);
  double *split = ock_arena_array(&set->arena, n, sizeof *split);
  size_t *curve_of = ock_arena_array(&set->arena, n, sizeof *curve_of);
  signature *known = ock_arena_array(&set->arena, n, sizeof *known);
  set->items = ock_arena_array(&set->arena, n, sizeof *set->items);
  if (!watched || !split || !curve_of || !known || !set->items)
    return ock_fail_memory(err, "the watches of signals", ock_size_product(n, sizeof *set->items));
  for (size_t s = 0; s < n; s++) watched[s] = set->type->applies(&signals[s]);
  ock_budget_split(signals, watched, n, options->shares, split);
  for (size_t s = 0; s < n; s++) {
    set->items[s] = (ock_watched){.signal = &signals[s], .split = split[s], .asked = INFINITY, .limit = INFINITY};
    set->items[s].calm_limit = INFINITY;
  }
  for (size_t s = 0; s < n; s++) {
    if (!(split[s] > 0)) continue;
    OCK_TRY(start_watch(set, &set->items[s], options, err));
    n_watched++;
  }
  if (!n_watched)
    return ock_fail(err, OCKHAM_UNSUPPORTED, "the profile has no signal for this detector and these shares");
  if (!like) OCK_TRY(calibrate(set, options, known, curve_of, err));
  for (size_t s = 0; like && s < n; s++) set->items[s].curve = like->items[s].curve;
  ock_watch_set_budget(set, options->rows_per_false_alarm);
  return OCKHAM_OK;
}

ockham_status ock_watch_set_make(const ockham_signal *signals, size_t n, const ockham_drift_options *options,
                                 const ock_watch_set *like, ock_watch_set *set, ockham_error *err) {
  *set = (ock_watch_set){.type = ock_watch_types[options->detector], .n = n};
  if (!set->type) return ock_fail(err, OCKHAM_UNSUPPORTED, "this detector does not watch signals");
  ockham_status status = start_watches(set, signals, options, like, err);
  if (status) ock_watch_set_clear(set);
  return status;
}

void ock_watch_set_clear(ock_watch_set *set) {
  for (size_t s = 0; set->items && set->type->end && s < set->n; s++) {
    if (set->items[s].state) set->type->end(set->items[s].state);
  }
  ock_arena_clear(&set->arena);
  *set = (ock_watch_set){0};
}

void ock_watch_set_reset(ock_watch_set *set) {
  for (size_t s = 0; s < set->n; s++) {
    set->items[s].statistic = 0;
    if (set->items[s].state) set->type->reset(set->items[s].state);
  }
}

void ock_watch_set_put(ock_watch_set *set, const uint16_t *codes, size_t step, const double *plain, size_t hour) {
  for (size_t s = 0; s < set->n; s++) {
    ock_watched *w = &set->items[s];
    if (!w->state) continue;
    ock_watch_block block = {.n_rows = OCKHAM_DRIFT_BLOCK, .codes = codes + s * step, .plain = plain, .hour = hour};
    set->type->put(w->state, &block);
    w->statistic = set->type->statistic(w->state);
  }
}
