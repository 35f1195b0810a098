/* SPDX-License-Identifier: Apache-2.0 */
/* From statistics to alarms, one an episode, and the course that they took. */
#include <math.h>
#include <string.h>

#include "drift/monitor.h"

/* ---- what is known of a signal ---- */

double ock_alarm_level(const ock_watched *watched, double statistic) {
  return log(fmax(1, ock_run_lengths_at(watched->curve, statistic))) / log(watched->asked);
}

double ock_reference_shares(const ockham_signal *signal, bool by_hour, double *shares) {
  for (size_t b = 0; b < signal->n_bins; b++) shares[b] = (double)signal->counts[b] / (double)signal->n_counted;
  return (double)signal->n_counted / ock_variance_inflation(ock_signal_stickiness(signal, by_hour));
}

/* Of the distance: the mean of normal scores, which have mean 0 and deviation 1 in the reference. */
static void tell_distance(const ockham_signal *signal, double stickiness, const ock_shares *shares,
                          ockham_drift_signal *told) {
  double scores[OCKHAM_PROFILE_MOST_BINS], sum = 0, squares = 0, weight = 0;
  size_t n = ock_signal_ordered(signal);
  ock_signal_scores(signal, scores);
  for (size_t b = 0; b < n; b++) {
    sum += shares->now[b] * scores[b];
    squares += shares->now[b] * scores[b] * scores[b];
    weight += shares->now[b];
  }
  if (!(weight > 0)) return;
  double mean = sum / weight, variance = squares / weight - mean * mean;
  double n_reference = (double)signal->n_counted / ock_variance_inflation(stickiness);
  double error = sqrt(variance / (shares->n_effective * weight) + 1 / n_reference);
  told->shift = mean;
  told->shift_low = mean - OCK_NORMAL_975 * error;
  told->shift_high = mean + OCK_NORMAL_975 * error;
}

static void tell_shift(const ockham_drift_monitor *monitor, const ockham_signal *signal, const ock_shares *shares,
                       ockham_drift_signal *told) {
  bool is_column = signal->kind == OCKHAM_SIGNAL_COLUMN || signal->kind == OCKHAM_SIGNAL_OUTPUT;
  double stickiness = ock_signal_stickiness(signal, monitor->options.by_hour);
  if (signal->kind == OCKHAM_SIGNAL_DISTANCE) {
    tell_distance(signal, stickiness, shares, told);
  } else if (is_column && monitor->parts->columns[signal->index].kind == OCKHAM_COLUMN_NUMBER) {
    ock_shifts_tell(&monitor->shifts, monitor->parts, signal->index, stickiness, shares->span_rows, told);
  }
}

void ock_monitor_tell(ockham_drift_monitor *monitor, size_t s, ockham_drift_signal *told) {
  const ock_watched *w = &monitor->set.items[s];
  *told = (ockham_drift_signal){.signal = w->signal,
                                .asked_run_length = w->asked,
                                .limit = w->limit,
                                .statistic = NAN,
                                .run_length = NAN,
                                .p_value = NAN,
                                .n_effective = 0,
                                .psi = NAN,
                                .psi_low = NAN,
                                .psi_high = NAN,
                                .js = NAN,
                                .shift = NAN,
                                .shift_low = NAN,
                                .shift_high = NAN};
  if (!w->state || !monitor->state.n_measured) return;
  double reference[OCKHAM_PROFILE_MOST_BINS];
  ock_shares shares = monitor->set.type->shares(w->state);
  double n_reference = ock_reference_shares(w->signal, monitor->options.by_hour, reference);
  ock_effect effect = ock_effect_of(reference, n_reference, shares.now, shares.n_effective, w->signal->n_bins);
  told->statistic = w->statistic;
  told->run_length = fmax(1, ock_run_lengths_at(w->curve, w->statistic));
  told->n_effective = shares.n_effective;
  told->psi = effect.psi, told->psi_low = effect.psi_low, told->psi_high = effect.psi_high;
  told->js = effect.js;
  bool matters = monitor->options.min_effect < 0 || effect.psi >= monitor->options.min_effect || effect.blind;
  told->drifted = w->statistic > w->limit && matters;
  tell_shift(monitor, w->signal, &shares, told);
}

/* ---- episodes ---- */

static void keep_episode(ockham_drift_monitor *monitor, const ockham_drift_episode *episode) {
  ockham_drift_state *state = &monitor->state;
  if (state->n_kept == OCKHAM_DRIFT_MOST_EPISODES)
    memmove(monitor->episodes, monitor->episodes + 1, --state->n_kept * sizeof *episode);
  monitor->episodes[state->n_kept++] = *episode;
}

static void begin_episode(ockham_drift_monitor *monitor, size_t s, const ockham_drift_signal *told, double time) {
  ockham_drift_state *state = &monitor->state;
  const ock_watched *w = &monitor->set.items[s];
  ockham_drift_episode episode = {.number = ++state->n_episodes,
                                  .noticed_row = state->n_measured,
                                  .signal = s,
                                  .run_length = told->run_length,
                                  .psi = told->psi,
                                  .noticed_s = time};
  episode.since_row = 1 + ock_onset_find(&monitor->onset, w->signal, monitor->first_bin[s], state->n_measured,
                                         monitor->last_end, &episode.since_s);
  keep_episode(monitor, &episode);
  state->drifted = true;
  monitor->calm_since = state->n_measured;
  monitor->calm_rows = (uint64_t)monitor->set.type->shares(w->state).span_rows;
}

/* Signals that drift now and were not seen to before, in this episode: they are flagged. Returns the one that is most
 * beyond its limit, or n. */
static size_t flag_signals(ockham_drift_monitor *monitor, ockham_drift_signal *leading) {
  size_t best = monitor->set.n;
  double best_level = -INFINITY;
  for (size_t s = 0; s < monitor->set.n; s++) {
    const ock_watched *w = &monitor->set.items[s];
    if (!w->state || !(w->statistic > w->limit) || monitor->flagged[s]) continue;
    ockham_drift_signal told;
    ock_monitor_tell(monitor, s, &told);
    if (!told.drifted) continue;
    monitor->flagged[s] = true;
    double level = ock_alarm_level(w, w->statistic);
    if (level > best_level) best = s, best_level = level, *leading = told;
  }
  return best;
}

/* Limits are lower for signals that were above theirs: half in logarithms of run lengths. */
static bool is_calm(const ockham_drift_monitor *monitor) {
  for (size_t s = 0; s < monitor->set.n; s++) {
    if (monitor->flagged[s] && monitor->set.items[s].statistic > monitor->set.items[s].calm_limit) return false;
  }
  return true;
}

bool ock_monitor_judge(ockham_drift_monitor *monitor, double time) {
  ockham_drift_state *state = &monitor->state;
  ockham_drift_signal told = {0};
  size_t s = flag_signals(monitor, &told);
  bool is_new = s < monitor->set.n && !state->drifted;
  if (is_new) {
    begin_episode(monitor, s, &told, time);
  } else if (state->drifted) {
    if (s < monitor->set.n || !is_calm(monitor)) monitor->calm_since = state->n_measured;
    if (state->n_measured - monitor->calm_since >= monitor->calm_rows && state->n_measured > monitor->calm_since) {
      state->drifted = false;
      monitor->last_end = monitor->episodes[state->n_kept - 1].until_row = state->n_measured;
      memset(monitor->flagged, 0, monitor->set.n * sizeof *monitor->flagged);
    }
  }
  return is_new;
}

/* ---- the course ---- */

static void forget_highest(ock_course *course, size_t n_signals) {
  for (size_t s = 0; s < n_signals; s++) course->highest[s] = -INFINITY;
}

void ock_course_reset(ock_course *course, size_t n_signals) {
  course->n = 0;
  course->rows_a_point = OCKHAM_DRIFT_BLOCK;
  forget_highest(course, n_signals);
}

static void halve_points(ock_course *course) {
  for (size_t i = 0; i < course->n / 2; i++) {
    const ockham_drift_point *a = &course->points[2 * i], *b = a + 1;
    ockham_drift_point both = a->alarm_level > b->alarm_level ? *a : *b;
    both.row = b->row;
    course->points[i] = both;
  }
  course->n /= 2;
  course->rows_a_point *= 2;
}

void ock_course_note(ockham_drift_monitor *monitor) {
  ock_course *course = &monitor->course;
  for (size_t s = 0; s < monitor->set.n; s++) {
    const ock_watched *w = &monitor->set.items[s];
    if (w->state && w->statistic > course->highest[s]) course->highest[s] = w->statistic;
  }
  if (monitor->state.n_measured % course->rows_a_point) return;
  ockham_drift_point point = {.row = monitor->state.n_measured, .alarm_level = -INFINITY};
  for (size_t s = 0; s < monitor->set.n; s++) {
    const ock_watched *w = &monitor->set.items[s];
    double level = w->state ? ock_alarm_level(w, course->highest[s]) : -INFINITY;
    if (level > point.alarm_level) point.alarm_level = level, point.signal = s;
  }
  course->points[course->n++] = point;
  forget_highest(course, monitor->set.n);
  if (course->n == OCKHAM_DRIFT_MOST_POINTS) halve_points(course);
}
