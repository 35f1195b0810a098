/* SPDX-License-Identifier: Apache-2.0 */
/* The watches of all signals by one detector, each with its limit. */
#ifndef OCK_DRIFT_WATCH_SET_H
#define OCK_DRIFT_WATCH_SET_H

#include "drift/internal.h"

typedef struct ock_watched {
  const ockham_signal *signal;
  void *state;              /* NULL: the detector does not watch this signal, or it has no part of the budget */
  double split, asked;      /* its part of the budget; run length: rows */
  double limit, calm_limit; /* of the statistic: for that run length, and for its root */
  const ock_run_lengths *curve;
  double statistic;
} ock_watched;

typedef struct ock_watch_set {
  const ock_watch_type *type;
  size_t n, n_curves;
  ock_watched *items;      /* n: one a signal */
  ock_run_lengths *curves; /* n_curves */
  ock_arena arena;
} ock_watch_set;

/* Options with all defaults filled in. */
ockham_drift_options ock_drift_options_filled(const ockham_drift_options *options);
/* Start and calibrate; signals are borrowed. like: NULL, or a set of the same kinds of signals which outlives this one,
 * and whose curves and limits it shares. Fails with UNSUPPORTED when there is nothing to watch. After a failure nothing
 * is held. */
ockham_status ock_watch_set_make(const ockham_signal *signals, size_t n, const ockham_drift_options *options,
                                 const ock_watch_set *like, ock_watch_set *set, ockham_error *err);
/* Limits by another budget; curves stay. */
void ock_watch_set_budget(ock_watch_set *set, double rows_per_false_alarm);
void ock_watch_set_clear(ock_watch_set *set);
void ock_watch_set_reset(ock_watch_set *set);
/* Put OCKHAM_DRIFT_BLOCK rows: codes[s * step + r]. plain, hour: as in ock_watch_block. */
void ock_watch_set_put(ock_watch_set *set, const uint16_t *codes, size_t step, const double *plain, size_t hour);

#endif
