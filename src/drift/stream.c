/* SPDX-License-Identifier: Apache-2.0 */
/* A series without a profile: its first values make one, of a single column that is watched as any output is. */
#include <math.h>
#include <string.h>

#include "drift/monitor.h"

struct ockham_stream {
  ockham_stream_options options;
  uint64_t n_values, n_before; /* of the latter, those before the monitor's first */
  size_t n_learned;
  double *learned; /* n_learn; freed when the monitor is there */
  ockham_profile *profile;
  ockham_drift_monitor *monitor; /* NULL: it still learns */
};

static ockham_status check_options(const ockham_stream_options *options, ockham_error *err) {
  const size_t fewest = 100;
  if (options->n_learn < fewest)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "n_learn must be %zu or more, found %zu", fewest, options->n_learn);
  if (!(options->rows_per_false_alarm >= 100) || isinf(options->rows_per_false_alarm))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "rows_per_false_alarm must be 100 or more, found %g",
                    options->rows_per_false_alarm);
  return OCKHAM_OK;
}

ockham_status ockham_stream_new(const ockham_stream_options *options, ockham_stream **stream, ockham_error *err) {
  *stream = NULL;
  ockham_stream_options filled = options ? *options : (ockham_stream_options){0};
  if (!(filled.rows_per_false_alarm > 0)) filled.rows_per_false_alarm = 100000;
  if (!filled.n_learn) filled.n_learn = 2000;
  OCK_TRY(check_options(&filled, err));
  ockham_stream *made = ock_alloc_zeroed(1, sizeof *made);
  double *learned = ock_alloc_array(filled.n_learn, sizeof *learned);
  if (!made || !learned) {
    ock_free(made);
    ock_free(learned);
    return ock_fail_memory(err, "a stream", ock_size_product(filled.n_learn, sizeof *learned));
  }
  made->options = filled;
  made->learned = learned;
  *stream = made;
  return OCKHAM_OK;
}

void ockham_stream_free(ockham_stream *stream) {
  if (!stream) return;
  ockham_drift_monitor_free(stream->monitor);
  ockham_profile_free(stream->profile);
  ock_free(stream->learned);
  ock_free(stream);
}

static ockham_status begin_watching(ockham_stream *stream) {
  static const char *const texts[] = {"0", "1"};
  const ockham_stream_options *options = &stream->options;
  ockham_profile_column column = {.name = options->events ? "events" : "values", .role = OCKHAM_COLUMN_OUTPUT};
  if (options->events) column.kind = OCKHAM_COLUMN_CATEGORY, column.texts = texts, column.n_texts = 2;
  ockham_profile_options how = {.columns = &column, .seed = options->seed, .threads = 1};
  ockham_rows rows = {.data = stream->learned, .n_rows = stream->n_learned, .n_columns = 1};
  OCK_TRY(ockham_profile_fit(rows, &how, &stream->profile, NULL));
  ockham_drift_options watch = {.rows_per_false_alarm = options->rows_per_false_alarm,
                                .min_effect = options->min_effect,
                                .window = options->window,
                                .seed = options->seed};
  watch.shares[OCKHAM_GROUP_OUTPUTS] = 1;
  return ockham_drift_monitor_new(stream->profile, &watch, &stream->monitor, NULL);
}

/* Without memory for a monitor it learns anew; and so it does of values too far apart for a profile. */
static void learn(ockham_stream *stream, double value) {
  stream->learned[stream->n_learned++] = value;
  if (stream->n_learned < stream->options.n_learn) return;
  if (begin_watching(stream)) {
    ockham_profile_free(stream->profile);
    stream->profile = NULL;
    stream->n_learned = 0;
  } else {
    ock_free(stream->learned);
    stream->learned = NULL;
    stream->n_before = stream->n_values;
  }
}

bool ockham_stream_put(ockham_stream *stream, double value) {
  if (isnan(value)) return false;
  if (stream->options.events) value = value != 0;
  stream->n_values++;
  if (!stream->monitor) {
    learn(stream, value);
    return false;
  }
  size_t n_alarms = 0;
  ockham_rows row = {.data = &value, .n_rows = 1, .n_columns = 1};
  ockham_status status = ockham_drift_monitor_put(stream->monitor, row, NULL, &n_alarms, NULL);
  return !status && n_alarms > 0;
}

void ockham_stream_set_budget(ockham_stream *stream, double rows_per_false_alarm) {
  stream->options.rows_per_false_alarm = fmax(rows_per_false_alarm, 100);
  if (stream->monitor) ockham_drift_monitor_set_budget(stream->monitor, rows_per_false_alarm);
}

/* ---- what is known ---- */

/* The column's signal; others are not watched. */
static size_t find_signal(const ockham_stream *stream) {
  const ockham_profile_parts *parts = ockham_profile_look(stream->profile);
  size_t s = 0;
  while (s + 1 < parts->n_signals && parts->signals[s].kind != OCKHAM_SIGNAL_OUTPUT) s++;
  return s;
}

/* Bins of events are by how common they are. The interval is Agresti & Coull's (American Statistician 52, 1998). */
static void tell_rate(const ockham_stream *stream, size_t s, double n_now, ockham_stream_state *state) {
  ockham_drift_bin bins[OCKHAM_PROFILE_MOST_BINS];
  const ockham_signal *signal = &ockham_profile_look(stream->profile)->signals[s];
  ockham_drift_monitor_bins(stream->monitor, s, bins);
  state->reference = 0;
  double now = n_now > 0 ? 0 : NAN;
  for (size_t b = 0; b < signal->n_bins; b++) {
    if (strcmp(signal->bin_names[b], "1")) continue;
    state->reference = bins[b].reference;
    if (n_now > 0) now = bins[b].now;
  }
  double n = n_now + 4, middle = (now * n_now + 2) / n, half = OCK_NORMAL_975 * sqrt(middle * (1 - middle) / n);
  state->now = now;
  state->low = fmin(now, fmax(0, middle - half));
  state->high = fmax(now, fmin(1, middle + half));
}

static void tell_mean(const ockham_stream *stream, const ockham_drift_signal *told, ockham_stream_state *state) {
  const ockham_column_range *range = ockham_profile_look(stream->profile)->ranges;
  double half = OCK_NORMAL_975 * range->sd / sqrt(told->n_effective);
  state->reference = range->mean;
  state->now = range->sd > 0 ? range->mean + told->shift * range->sd : NAN;
  state->low = state->now - half;
  state->high = state->now + half;
}

/* Rows are counted from the first value, with all that were learned from. */
static void tell_episode(const ockham_stream *stream, ockham_drift_episode episode, ockham_stream_state *state) {
  episode.since_row += stream->n_before;
  episode.noticed_row += stream->n_before;
  if (episode.until_row) episode.until_row += stream->n_before;
  episode.signal = 0;
  state->latest = episode;
}

ockham_stream_state ockham_stream_look(const ockham_stream *stream) {
  ockham_stream_state state = {.n_values = stream->n_values,
                               .n_learned = stream->n_learned,
                               .ready = stream->monitor != NULL,
                               .run_length = NAN,
                               .asked_run_length = stream->options.rows_per_false_alarm,
                               .psi = NAN,
                               .reference = NAN,
                               .now = NAN,
                               .low = NAN,
                               .high = NAN};
  if (!stream->monitor) return state;
  const ockham_drift_state *watched = ockham_drift_monitor_look(stream->monitor);
  size_t s = find_signal(stream);
  const ockham_drift_signal *told = &watched->signals[s];
  state.drifted = watched->drifted;
  state.run_length = told->run_length;
  state.psi = told->psi;
  state.n_episodes = watched->n_episodes;
  if (watched->n_kept) tell_episode(stream, watched->episodes[watched->n_kept - 1], &state);
  if (stream->options.events) {
    tell_rate(stream, s, told->n_effective, &state);
  } else {
    tell_mean(stream, told, &state);
  }
  return state;
}
