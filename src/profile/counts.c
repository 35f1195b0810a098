/* SPDX-License-Identifier: Apache-2.0 */
/* All rows go into bins, whose codes are kept by signal; then each signal is counted. */
#include <math.h>
#include <string.h>

#include "profile/internal.h"

enum { ROWS_A_TASK = 64 * OCK_PANEL, SCRATCH = OCK_HOUR_KINDS * OCKHAM_PROFILE_MOST_BINS };
static const double largest_time_s = 1e15;

typedef struct count_tasks {
  ock_profile_fit *fit;
  uint16_t *codes; /* n_signals x n_rows */
  uint8_t *hours;  /* n_rows: hour of the week, or OCK_NO_HOUR; NULL: nothing is counted by hour */
  double *scratch; /* SCRATCH a worker */
} count_tasks;

static void code_rows(void *arg, size_t task, size_t worker) {
  const count_tasks *t = arg;
  size_t n = t->fit->x.n_rows, begin = task * ROWS_A_TASK, end = n - begin < ROWS_A_TASK ? n : begin + ROWS_A_TASK;
  ock_block *block = t->fit->blocks[worker];
  for (size_t first = begin; first < end; first += OCK_PANEL) {
    ock_block_load(t->fit->profile, t->fit->x, first, end - first < OCK_PANEL ? end - first : OCK_PANEL, block);
    ock_block_code(t->fit->profile, block, t->codes + first, 1, n);
  }
}

/* Rows that moved the clusters, or set their radii, are not counted in them. */
static bool is_counted(const ock_profile_fit *fit, const ockham_signal *signal, size_t row) {
  bool of_half = ock_signal_is_of_half(signal->kind);
  return !of_half || !ock_row_is_fitted(fit, row);
}

static double find_stickiness(const ock_profile_fit *fit, const ockham_signal *signal, const uint16_t *codes,
                              const uint8_t *hours, double *scratch) {
  size_t n = fit->x.n_rows, n_ordered = ock_signal_ordered(signal);
  if (fit->options->unordered) return 0;
  double s = ock_stickiness(codes, hours, n, signal->n_bins, scratch);
  return n_ordered ? ock_order_stickiness(codes, hours, n, signal->n_bins, n_ordered, s) : s;
}

static void count_signal(void *arg, size_t s, size_t worker) {
  const count_tasks *t = arg;
  ockham_signal *signal = &t->fit->profile->signals[s];
  const uint16_t *codes = t->codes + s * t->fit->x.n_rows;
  uint64_t *counts = (uint64_t *)signal->counts; /* this profile is still being made */
  uint32_t *by_hour = (uint32_t *)signal->by_hour;
  for (size_t i = 0; i < t->fit->x.n_rows; i++) {
    if (!is_counted(t->fit, signal, i)) continue;
    counts[codes[i]]++;
    if (by_hour && t->hours[i] != OCK_NO_HOUR) by_hour[t->hours[i] * signal->n_bins + codes[i]]++;
  }
  for (size_t b = 0; b < signal->n_bins; b++) signal->n_counted += counts[b];
  double *scratch = t->scratch + worker * SCRATCH;
  signal->stickiness = signal->stickiness_in_hours = find_stickiness(t->fit, signal, codes, NULL, scratch);
  if (by_hour) signal->stickiness_in_hours = find_stickiness(t->fit, signal, codes, t->hours, scratch);
}

/* ---- times ---- */

bool ock_is_time(double time) {
  return time >= 0 && time <= largest_time_s;
}

/* 1970 began on a Thursday. */
size_t ock_hour_of_week(double time) {
  if (!ock_is_time(time)) return OCK_NO_HOUR;
  uint64_t hours = (uint64_t)(time / 3600);
  return (hours + 3 * 24) % OCKHAM_HOURS_A_WEEK;
}

/* True when they span two weeks. */
static bool set_times(ock_profile_fit *fit) {
  double since = INFINITY, until = -INFINITY;
  const double *times = fit->options->times;
  for (size_t i = 0; times && i < fit->x.n_rows; i++) {
    if (!ock_is_time(times[i])) continue;
    since = fmin(since, times[i]);
    until = fmax(until, times[i]);
  }
  if (!(since <= until)) return false;
  fit->profile->parts.since_s = (uint64_t)since;
  fit->profile->parts.until_s = (uint64_t)until;
  return until - since >= OCK_HOURS_FROM_S;
}

static bool set_hours(count_tasks *t) {
  const double *times = t->fit->options->times;
  if (!set_times(t->fit)) return true;
  t->hours = ock_arena_array(&t->fit->scratch, t->fit->x.n_rows, sizeof *t->hours);
  for (size_t i = 0; t->hours && i < t->fit->x.n_rows; i++) t->hours[i] = (uint8_t)ock_hour_of_week(times[i]);
  return t->hours;
}

static bool make_room(count_tasks *t) {
  ockham_profile *p = t->fit->profile;
  for (size_t s = 0; s < p->parts.n_signals; s++) {
    ockham_signal *signal = &p->signals[s];
    signal->counts = ock_profile_array(p, signal->n_bins, sizeof *signal->counts);
    if (!signal->counts) return false;
    if (!t->hours) continue;
    signal->by_hour = ock_profile_array(p, OCKHAM_HOURS_A_WEEK * signal->n_bins, sizeof *signal->by_hour);
    if (!signal->by_hour) return false;
  }
  return true;
}

ockham_status ock_fit_counts(ock_profile_fit *fit) {
  size_t n = fit->x.n_rows, n_signals = fit->profile->parts.n_signals;
  count_tasks tasks = {.fit = fit};
  tasks.codes = ock_arena_array(&fit->scratch, ock_size_product(n, n_signals), sizeof *tasks.codes);
  tasks.scratch = ock_arena_array(&fit->scratch, ock_pool_size(fit->pool) * SCRATCH, sizeof *tasks.scratch);
  if (!tasks.codes || !tasks.scratch || !set_hours(&tasks) || !make_room(&tasks))
    return ock_fail_memory(fit->err, "the bins of rows", ock_size_product(n, n_signals * sizeof *tasks.codes));
  OCK_TRY(ock_profile_run(fit, (n + ROWS_A_TASK - 1) / ROWS_A_TASK, code_rows, &tasks));
  return ock_profile_run(fit, n_signals, count_signal, &tasks);
}
