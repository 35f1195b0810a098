/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/monitor.h"

#include <math.h>
#include <string.h>

/* ---- begin, forget, end ---- */

static void *take(ockham_drift_monitor *monitor, size_t count, size_t size, bool *failed) {
  void *memory = ock_arena_array(&monitor->arena, count, size);
  if (!memory) *failed = true;
  return memory;
}

static ockham_status take_memory(ockham_drift_monitor *monitor, ockham_error *err) {
  size_t n = monitor->parts->n_signals, d = monitor->parts->n_columns, n_bins = 0;
  bool failed = false;
  monitor->first_bin = take(monitor, n, sizeof(size_t), &failed);
  for (size_t s = 0; s < n && !failed; s++) {
    monitor->first_bin[s] = n_bins;
    n_bins += monitor->parts->signals[s].n_bins;
  }
  monitor->values = take(monitor, ock_size_product(d, OCKHAM_DRIFT_KEPT_ROWS), sizeof(double), &failed);
  monitor->codes = take(monitor, ock_size_product(n, OCKHAM_DRIFT_KEPT_ROWS), sizeof(uint16_t), &failed);
  monitor->panel_codes = take(monitor, ock_size_product(n, OCK_MONITOR_PANEL), sizeof(uint16_t), &failed);
  monitor->told = take(monitor, n, sizeof *monitor->told, &failed);
  monitor->flagged = take(monitor, n, sizeof *monitor->flagged, &failed);
  monitor->course.highest = take(monitor, n, sizeof(double), &failed);
  monitor->panel = ock_block_new(monitor->profile);
  failed = failed || !monitor->panel || !ock_onset_start(&monitor->onset, n_bins, &monitor->arena) ||
           !ock_shifts_start(&monitor->shifts, d, &monitor->arena);
  return failed ? ock_fail_memory(err, "a drift monitor", ock_size_product(d, OCKHAM_DRIFT_KEPT_ROWS * 8)) : OCKHAM_OK;
}

void ockham_drift_monitor_reset(ockham_drift_monitor *monitor) {
  size_t n = monitor->parts->n_signals;
  ockham_drift_state *state = &monitor->state, fresh = {0};
  ock_watch_set_reset(&monitor->set);
  ock_onset_reset(&monitor->onset);
  ock_shifts_reset(&monitor->shifts);
  ock_course_reset(&monitor->course, n);
  memset(monitor->flagged, 0, n * sizeof *monitor->flagged);
  memset(monitor->times, 0, sizeof monitor->times);
  monitor->calm_since = monitor->calm_rows = monitor->last_end = 0;
  fresh.calibration_s = state->calibration_s;
  *state = fresh;
}

static ockham_status check_options(const ockham_drift_options *options, ockham_error *err) {
  if ((int)options->detector < 0 || options->detector >= OCKHAM_N_DETECTORS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "there is no detector %d", (int)options->detector);
  if (!(options->rows_per_false_alarm >= 100) || isinf(options->rows_per_false_alarm))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "rows_per_false_alarm must be 100 or more, found %g",
                    options->rows_per_false_alarm);
  return ock_budget_check(options->shares, err);
}

static ockham_status make_watches(ockham_drift_monitor *monitor, ockham_error *err) {
  ockham_drift_options *options = &monitor->options;
  ockham_rows plain = {0};
  if (options->detector == OCKHAM_DETECTOR_MMD) {
    bool failed = false;
    size_t n_cells = ock_size_product(OCKHAM_DRIFT_BLOCK, monitor->parts->n_numbers);
    monitor->plain = take(monitor, n_cells, sizeof(double), &failed);
    if (failed) return ock_fail_memory(err, "a drift monitor", n_cells);
    OCK_TRY(ock_mmd_reference(monitor->profile, options->reference, &plain, err));
  }
  options->reference = plain;
  ockham_status status =
      ock_watch_set_make(monitor->parts->signals, monitor->parts->n_signals, options, NULL, &monitor->set, err);
  ock_free((void *)plain.data);
  options->reference = (ockham_rows){0};
  return status;
}

static ockham_status start(ockham_drift_monitor *monitor, ockham_error *err) {
  OCK_TRY(check_options(&monitor->options, err));
  double started = ock_clock_seconds();
  OCK_TRY(take_memory(monitor, err));
  OCK_TRY(make_watches(monitor, err));
  ockham_drift_monitor_reset(monitor);
  monitor->state.calibration_s = ock_clock_seconds() - started;
  return OCKHAM_OK;
}

ockham_status ockham_drift_monitor_new(const ockham_profile *profile, const ockham_drift_options *options,
                                       ockham_drift_monitor **monitor, ockham_error *err) {
  *monitor = NULL;
  ockham_drift_monitor *made = ock_alloc_zeroed(1, sizeof *made);
  if (!made) return ock_fail_memory(err, "a drift monitor", sizeof *made);
  made->profile = profile;
  made->parts = ockham_profile_look(profile);
  made->options = ock_drift_options_filled(options);
  ockham_status status = start(made, err);
  if (status) {
    ockham_drift_monitor_free(made);
  } else {
    *monitor = made;
  }
  return status;
}

void ockham_drift_monitor_free(ockham_drift_monitor *monitor) {
  if (!monitor) return;
  ock_watch_set_clear(&monitor->set);
  ock_free(monitor->panel);
  ock_arena_clear(&monitor->arena);
  ock_free(monitor);
}

void ockham_drift_monitor_set_budget(ockham_drift_monitor *monitor, double rows_per_false_alarm) {
  monitor->options.rows_per_false_alarm = fmax(rows_per_false_alarm, 100);
  ock_watch_set_budget(&monitor->set, monitor->options.rows_per_false_alarm);
}

/* ---- rows in ---- */

static void count_block(ockham_drift_monitor *monitor, const uint16_t *codes) {
  for (size_t s = 0; s < monitor->set.n; s++) {
    uint32_t *counts = monitor->onset.counts + monitor->first_bin[s];
    for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) counts[codes[s * OCK_MONITOR_PANEL + r]]++;
  }
}

/* A block whose codes are at `codes`, PANEL from one signal to the next. */
static bool measure_block(ockham_drift_monitor *monitor, const uint16_t *codes) {
  ockham_drift_state *state = &monitor->state;
  size_t n = monitor->set.n, place = state->n_measured % OCKHAM_DRIFT_KEPT_ROWS;
  uint16_t *kept = monitor->codes + place * n;
  for (size_t s = 0; s < n; s++)
    memcpy(kept + s * OCKHAM_DRIFT_BLOCK, codes + s * OCK_MONITOR_PANEL, OCKHAM_DRIFT_BLOCK * sizeof *codes);
  const double *times = monitor->times + state->n_measured % OCK_MONITOR_PANEL;
  double middle = times[OCKHAM_DRIFT_BLOCK / 2], end = times[OCKHAM_DRIFT_BLOCK - 1];
  bool by_hour = monitor->options.by_hour && middle > 0;
  const double *values = monitor->values + place * monitor->parts->n_columns;
  if (monitor->plain) {
    ockham_rows rows = {.data = values, .n_rows = OCKHAM_DRIFT_BLOCK, .n_columns = monitor->parts->n_columns};
    ock_mmd_plain(monitor->parts, rows, monitor->plain);
  }
  ock_watch_set_put(&monitor->set, codes, OCK_MONITOR_PANEL, monitor->plain,
                    by_hour ? 1 + ock_hour_of_week(middle) : 0);
  ock_shifts_put(&monitor->shifts, monitor->parts, values);
  count_block(monitor, codes);
  state->n_measured += OCKHAM_DRIFT_BLOCK;
  bool alarm = ock_monitor_judge(monitor, end);
  ock_onset_note(&monitor->onset, state->n_measured, end);
  ock_course_note(monitor);
  return alarm;
}

/* All complete blocks that were not measured: they lie within one panel. Returns how many episodes began. */
static size_t measure(ockham_drift_monitor *monitor) {
  ockham_drift_state *state = &monitor->state;
  size_t n_rows = (size_t)(state->n_rows - state->n_measured) / OCKHAM_DRIFT_BLOCK * OCKHAM_DRIFT_BLOCK, n_alarms = 0;
  if (!n_rows) return 0;
  size_t d = monitor->parts->n_columns, place = state->n_measured % OCKHAM_DRIFT_KEPT_ROWS;
  ockham_rows rows = {.data = monitor->values + place * d, .n_rows = n_rows, .n_columns = d};
  ock_block_load(monitor->profile, rows, 0, n_rows, monitor->panel);
  ock_block_code(monitor->profile, monitor->panel, monitor->panel_codes, 1, OCK_MONITOR_PANEL);
  for (size_t r = 0; r < n_rows; r += OCKHAM_DRIFT_BLOCK) n_alarms += measure_block(monitor, monitor->panel_codes + r);
  return n_alarms;
}

static void take_row(ockham_drift_monitor *monitor, ockham_rows x, size_t row, double time) {
  size_t d = monitor->parts->n_columns, place = monitor->state.n_rows % OCKHAM_DRIFT_KEPT_ROWS;
  for (size_t j = 0; j < d; j++) monitor->values[place * d + j] = ock_rows_get(x, row, j);
  monitor->times[monitor->state.n_rows % OCK_MONITOR_PANEL] = ock_is_time(time) ? time : 0;
  monitor->state.n_rows++;
}

ockham_status ockham_drift_monitor_put(ockham_drift_monitor *monitor, ockham_rows x, const double *times,
                                       size_t *n_alarms, ockham_error *err) {
  OCK_TRY(ock_profile_check_rows(monitor->profile, x, err));
  size_t n = 0;
  for (size_t i = 0; i < x.n_rows; i++) {
    take_row(monitor, x, i, times ? times[i] : 0);
    if (monitor->state.n_rows % OCK_MONITOR_PANEL == 0) n += measure(monitor);
  }
  n += measure(monitor);
  if (n_alarms) *n_alarms = n;
  return OCKHAM_OK;
}

/* ---- state out ---- */

static const ockham_rehearsal *nearest_rehearsal(const ockham_profile_parts *parts, double asked) {
  const ockham_rehearsal *nearest = NULL;
  double least = INFINITY;
  for (size_t i = 0; i < parts->n_rehearsals; i++) {
    double away = fabs(log(parts->rehearsals[i].asked_rows / asked));
    if (away < least) nearest = &parts->rehearsals[i], least = away;
  }
  return nearest;
}

static void tell_achieved(const ockham_drift_monitor *monitor, ockham_drift_state *state) {
  const ockham_rehearsal *r = nearest_rehearsal(monitor->parts, state->asked_run_length);
  state->achieved_run_length = r ? r->achieved_rows / r->asked_rows : NAN;
  state->achieved_low = r ? r->low / r->asked_rows : NAN;
  state->achieved_high = r ? r->high / r->asked_rows : NAN;
}

static size_t find_leading(const ockham_drift_monitor *monitor) {
  size_t best = 0;
  double best_level = -INFINITY;
  for (size_t s = 0; s < monitor->set.n; s++) {
    const ock_watched *w = &monitor->set.items[s];
    double level = w->state ? ock_alarm_level(w, w->statistic) : -INFINITY;
    if (level > best_level) best = s, best_level = level;
  }
  return best;
}

const ockham_drift_state *ockham_drift_monitor_look(ockham_drift_monitor *monitor) {
  ockham_drift_state *state = &monitor->state;
  state->n_signals = monitor->set.n;
  state->signals = monitor->told;
  for (size_t s = 0; s < monitor->set.n; s++) ock_monitor_tell(monitor, s, &monitor->told[s]);
  state->asked_run_length = monitor->options.rows_per_false_alarm;
  tell_achieved(monitor, state);
  state->episodes = monitor->episodes;
  state->leading = state->drifted ? monitor->episodes[state->n_kept - 1].signal : find_leading(monitor);
  state->points = monitor->course.points;
  state->n_points = monitor->course.n;
  return state;
}

void ockham_drift_monitor_bins(const ockham_drift_monitor *monitor, size_t s, ockham_drift_bin *bins) {
  const ock_watched *w = &monitor->set.items[s];
  double reference[OCKHAM_PROFILE_MOST_BINS],
      n_reference = ock_reference_shares(w->signal, monitor->options.by_hour, reference);
  ock_shares shares = {0};
  if (w->state && monitor->state.n_measured) shares = monitor->set.type->shares(w->state);
  for (size_t b = 0; b < w->signal->n_bins; b++) {
    bins[b] = (ockham_drift_bin){.reference = reference[b], .now = NAN, .low = NAN, .high = NAN};
    if (!(shares.n_effective > 0)) continue;
    bins[b].now = shares.now[b];
    ock_share_interval(reference[b], n_reference, shares.now[b], shares.n_effective, &bins[b].low, &bins[b].high);
  }
}

size_t ockham_drift_monitor_examples(const ockham_drift_monitor *monitor, size_t s, size_t bin, size_t n_rows,
                                     uint64_t *numbers, double *values) {
  const ockham_drift_state *state = &monitor->state;
  size_t n = 0, d = monitor->parts->n_columns;
  /* Those whose place no later row has. */
  uint64_t first = state->n_rows > OCKHAM_DRIFT_KEPT_ROWS ? state->n_rows - OCKHAM_DRIFT_KEPT_ROWS : 0;
  for (uint64_t row = state->n_measured; row > first && n < n_rows; row--) {
    size_t place = (row - 1) % OCKHAM_DRIFT_KEPT_ROWS, r = place % OCKHAM_DRIFT_BLOCK;
    const uint16_t *codes = monitor->codes + (place - r) * monitor->set.n + s * OCKHAM_DRIFT_BLOCK;
    if (codes[r] != bin) continue;
    if (numbers) numbers[n] = row;
    if (values) memcpy(values + n * d, monitor->values + place * d, d * sizeof *values);
    n++;
  }
  return n;
}
