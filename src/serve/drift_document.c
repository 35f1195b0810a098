/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a version's drift, as JSON. */
#include <math.h>
#include <string.h>

#include "serve/drift_watch.h"

static const char LIMITS[] =
    "What the inputs and outputs cannot show is not seen here: that the same inputs have come to mean something else "
    "(concept drift). Outcomes that are sent to /admin/outcomes show it.";

/* ---- numbers ---- */

static void put_number(ock_buffer *out, const char *key, double value) {
  ock_buffer_print(out, ",\"%s\":", key);
  ock_buffer_json_number(out, value);
}

/* One that is beyond all numbers is told as the largest that is written here. */
static void put_run_length(ock_buffer *out, const char *key, double value) {
  put_number(out, key, isnan(value) ? value : fmin(value, OCK_DRIFT_MOST_RUN_LENGTH));
}

static void put_count(ock_buffer *out, const char *key, uint64_t value) {
  ock_buffer_print(out, ",\"%s\":%llu", key, (unsigned long long)value);
}

/* A value with its interval; null: it has none. */
static void put_interval(ock_buffer *out, const char *key, double value, double low, double high) {
  if (!isfinite(value)) {
    ock_buffer_print(out, ",\"%s\":null", key);
    return;
  }
  ock_buffer_print(out, ",\"%s\":[", key);
  ock_buffer_json_number(out, value);
  ock_buffer_text(out, ",");
  ock_buffer_json_number(out, low);
  ock_buffer_text(out, ",");
  ock_buffer_json_number(out, high);
  ock_buffer_text(out, "]");
}

static void put_often(ock_buffer *out, double run_length, const char *of) {
  char count[32], text[80];
  if (isnan(run_length)) { /* nothing was measured */
    ock_buffer_print(out, ",\"often\":null");
    return;
  }
  ock_say_count(run_length, count);
  snprintf(text, sizeof text, "once in %s %s", count, of);
  ock_buffer_json_member(out, "often", text);
}

/* ---- what it is ---- */

static const char *status_of(ock_drift *d) {
  if (d->drifted) return "drift";
  if (!d->profile) return "no profile";
  if (*d->problem || atomic_load(&d->fits) < 0) return "cannot be watched";
  if (!d->monitor) return "starting";
  return ockham_drift_monitor_look(d->monitor)->n_measured ? "quiet" : "learning";
}

static const char *problem_of(ock_drift *d) {
  if (atomic_load_explicit(&d->fits, memory_order_acquire) < 0) return d->misfit;
  return d->problem;
}

static void write_profile(const ock_drift *d, ock_buffer *out) {
  ock_buffer_print(out, ",\"profile\":{\"rows\":%llu,\"clusters\":%zu,\"columns\":%zu,\"signals\":%zu",
                   (unsigned long long)d->parts->n_rows, d->parts->k, d->n_columns, d->parts->n_signals);
  ock_buffer_json_member(out, "from", d->from);
  bool by_hour = d->parts->n_signals && d->parts->signals[0].by_hour;
  ock_buffer_print(out, ",\"by_hour\":%s}", by_hour && d->options.by_hour ? "true" : "false");
}

static void write_budget(const ock_drift *d, const ockham_drift_state *state, ock_buffer *out) {
  static const char *const words[] = {
#define WORD(name, word) word,
      OCKHAM_SIGNAL_GROUP_LIST(WORD)
#undef WORD
  };
  char text[160];
  ock_alarm_budget_say(&d->budget, d->settings.false_alarms, d->rate_used, d->rate_assumed, text, sizeof text);
  ock_buffer_text(out, ",\"budget\":{\"asked\":");
  ock_buffer_json_text(out, d->settings.false_alarms);
  put_number(out, "rows", ock_alarm_budget_rows(&d->budget, d->rate_used));
  put_number(out, "rows_per_second", d->rate_used);
  ock_buffer_print(out, ",\"assumed\":%s", d->rate_assumed && d->budget.seconds > 0 ? "true" : "false");
  ock_buffer_json_member(out, "words", text);
  ock_buffer_text(out, ",\"shares\":{");
  for (size_t i = 0; i < OCKHAM_N_SIGNAL_GROUPS; i++)
    ock_buffer_print(out, "%s\"%s\":%.6g", i ? "," : "", words[i], ock_drift_share(d, (ockham_signal_group)i));
  ock_buffer_text(out, "}");
  if (state) put_interval(out, "achieved", state->achieved_run_length, state->achieved_low, state->achieved_high);
  ock_buffer_text(out, "}");
}

/* ---- signals ---- */

static const char *kind_word(ockham_signal_kind kind) {
  static const char *const words[] = {
#define WORD(name, word, meaning, group) word,
      OCKHAM_SIGNAL_LIST(WORD)
#undef WORD
  };
  return words[kind];
}

static void write_signal(const ockham_drift_signal *s, ock_buffer *out) {
  ock_buffer_text(out, "{\"name\":");
  ock_buffer_json_text(out, s->signal->name);
  ock_buffer_json_member(out, "kind", kind_word(s->signal->kind));
  put_number(out, "statistic", s->statistic);
  put_number(out, "limit", s->limit);
  put_run_length(out, "run_length", s->run_length);
  put_run_length(out, "asked_run_length", s->asked_run_length);
  put_often(out, s->run_length, "rows");
  put_number(out, "rows", s->n_effective);
  put_interval(out, "psi", s->psi, s->psi_low, s->psi_high);
  put_number(out, "js", s->js);
  put_interval(out, "shift", s->shift, s->shift_low, s->shift_high);
  ock_buffer_print(out, ",\"drifted\":%s}", s->drifted ? "true" : "false");
}

static void write_signals(const ockham_drift_state *state, ock_buffer *out) {
  ock_buffer_text(out, ",\"leading\":");
  ock_buffer_json_text(out, state->signals[state->leading].signal->name);
  ock_buffer_text(out, ",\"signals\":[");
  for (size_t i = 0; i < state->n_signals; i++) {
    ock_buffer_text(out, i ? ",\n" : "");
    write_signal(&state->signals[i], out);
  }
  ock_buffer_text(out, "]");
}

static void write_bins_of(const ock_drift *d, size_t at, ock_buffer *out) {
  ockham_drift_bin bins[OCKHAM_PROFILE_MOST_BINS];
  const ockham_signal *signal = &d->parts->signals[at];
  ockham_drift_monitor_bins(d->monitor, at, bins);
  ock_buffer_text(out, "{\"signal\":");
  ock_buffer_json_text(out, signal->name);
  ock_buffer_text(out, ",\"bins\":[");
  for (size_t b = 0; b < signal->n_bins; b++) {
    ock_buffer_text(out, b ? ",{\"name\":" : "{\"name\":");
    ock_buffer_json_text(out, signal->bin_names[b]);
    put_number(out, "then", bins[b].reference);
    put_interval(out, "now", bins[b].now, fmax(bins[b].reference + bins[b].low, 0),
                 fmin(bins[b].reference + bins[b].high, 1));
    ock_buffer_text(out, "}");
  }
  ock_buffer_text(out, "]}");
}

/* Of clusters, of the leading signal, and of those that have drifted: the others' are as they were. */
static void write_bins(const ock_drift *d, const ockham_drift_state *state, ock_buffer *out) {
  bool first = true;
  ock_buffer_text(out, ",\"bins\":[");
  for (size_t i = 0; i < state->n_signals; i++) {
    const ockham_drift_signal *s = &state->signals[i];
    if (s->signal->kind != OCKHAM_SIGNAL_CLUSTERS && i != state->leading && !s->drifted) continue;
    if (!first) ock_buffer_text(out, ",\n");
    write_bins_of(d, i, out);
    first = false;
  }
  ock_buffer_text(out, "]");
}

/* ---- the course ---- */

static void write_episode(const ockham_drift_state *state, const ockham_drift_episode *e, ock_buffer *out) {
  ock_buffer_print(out, "{\"number\":%llu", (unsigned long long)e->number);
  ock_buffer_json_member(out, "signal", state->signals[e->signal].signal->name);
  put_count(out, "since_row", e->since_row);
  put_count(out, "noticed_row", e->noticed_row);
  if (e->until_row)
    put_count(out, "until_row", e->until_row);
  else
    ock_buffer_text(out, ",\"until_row\":null");
  ock_buffer_print(out, ",\"since_ns\":%.0f,\"noticed_ns\":%.0f", e->since_s * 1e9, e->noticed_s * 1e9);
  put_run_length(out, "run_length", e->run_length);
  put_often(out, e->run_length, "rows");
  put_number(out, "psi", e->psi);
  ock_buffer_text(out, "}");
}

static void write_course(const ockham_drift_state *state, ock_buffer *out) {
  const double most_level = 1000;
  put_count(out, "n_episodes", state->n_episodes);
  ock_buffer_text(out, ",\"episodes\":[");
  for (size_t i = 0; i < state->n_kept; i++) {
    if (i) ock_buffer_text(out, ",");
    write_episode(state, &state->episodes[i], out);
  }
  ock_buffer_text(out, "],\"course\":[");
  for (size_t i = 0; i < state->n_points; i++) {
    ock_buffer_print(out, "%s[%llu,", i ? "," : "", (unsigned long long)state->points[i].row);
    ock_buffer_json_number(out, fmin(state->points[i].alarm_level, most_level));
    ock_buffer_text(out, "]");
  }
  ock_buffer_text(out, "]");
}

/* ---- requests to look at ---- */

/* While drift lasts the latest, of which bodies are being kept. Those of an alarm that is over stay: a burst may have
 * ended before its alarm. */
static void find_examples(const ock_drift *d, const ockham_drift_state *state, ock_drift_found *found) {
  ockham_drift_bin bins[OCKHAM_PROFILE_MOST_BINS];
  bool lasts = d->n_begun > d->n_ended;
  if (d->n_begun && !lasts) {
    *found = d->alarmed;
    return;
  }
  found->signal = lasts ? d->alarmed.signal : state->leading;
  found->since_row = lasts ? d->alarmed.since_row : 0;
  found->bin = lasts ? d->alarmed.bin : ock_drift_grown_bin(d, found->signal, &found->shares);
  ockham_drift_monitor_bins(d->monitor, found->signal, bins);
  found->shares = bins[found->bin];
  ock_drift_find_requests(d, found);
  if (!lasts || found->n) return;
  found->n = d->alarmed.n;
  memcpy(found->numbers, d->alarmed.numbers, sizeof found->numbers);
}

static void write_examples(const ock_drift *d, const ockham_drift_state *state, ock_buffer *out) {
  ock_drift_found found;
  find_examples(d, state, &found);
  ock_buffer_text(out, ",\"examples\":{\"signal\":");
  ock_buffer_json_text(out, state->signals[found.signal].signal->name);
  ock_buffer_json_member(out, "bin", d->parts->signals[found.signal].bin_names[found.bin]);
  put_number(out, "then", found.shares.reference);
  put_number(out, "now", found.shares.now);
  ock_buffer_text(out, ",\"requests\":[");
  for (size_t i = 0; i < found.n; i++)
    ock_buffer_print(out, "%s%llu", i ? "," : "", (unsigned long long)found.numbers[i]);
  ock_buffer_print(out, "],\"link\":\"/admin/requests?model=%s&version=%s&marks=drift\"}", d->name, d->version);
}

/* ---- series ---- */

static void write_series_state(const ock_drift_series *s, size_t series, ock_buffer *out) {
  ockham_stream_state state = ockham_stream_look(s->stream);
  const char *of = series == OCK_SERIES_OUTCOMES ? "outcomes" : "requests";
  ock_buffer_print(out, ",\"status\":\"%s\"", !state.ready ? "learning" : state.drifted ? "drift" : "quiet");
  put_count(out, "learned", state.n_learned);
  if (!state.ready) return;
  put_number(out, "then", state.reference);
  put_interval(out, "now", state.now, state.low, state.high);
  put_number(out, "psi", state.psi);
  put_run_length(out, "run_length", state.run_length);
  put_run_length(out, "asked_run_length", state.asked_run_length);
  put_often(out, state.run_length, of);
  put_count(out, "n_episodes", state.n_episodes);
}

static void write_series(const ock_drift *d, ock_buffer *out) {
  ock_buffer_text(out, ",\"series\":[");
  for (size_t i = 0; i < OCK_SERIES_COUNT; i++) {
    const ock_drift_series *s = &d->series[i];
    ock_buffer_print(out, "%s{\"name\":\"%s\",\"unit\":\"%s\",\"meaning\":\"%s\",\"values\":%llu,\"events\":%s",
                     i ? "," : "", ock_series_words[i], ock_series_units[i], ock_series_meanings[i],
                     (unsigned long long)s->n_values, s->events ? "true" : "false");
    if (s->stream)
      write_series_state(s, i, out);
    else
      ock_buffer_print(out, ",\"status\":\"%s\",\"learned\":%llu", s->n_values ? "learning" : "none came",
                       (unsigned long long)s->n_values);
    ock_buffer_text(out, "}");
  }
  ock_buffer_text(out, "]");
}

/* ---- all of it ---- */

static void write_head(ock_drift *d, ock_buffer *out) {
  const char *problem = problem_of(d);
  ock_buffer_print(out, "\"status\":\"%s\",\"since_ns\":%llu", status_of(d), (unsigned long long)d->since_ns);
  if (*problem) ock_buffer_json_member(out, "problem", problem);
  put_count(out, "rows", d->n_rows);
  put_count(out, "dropped", atomic_load(&d->n_dropped));
  put_count(out, "skipped", atomic_load(&d->n_skipped));
}

static void write_watched(ock_drift *d, const ockham_drift_state *state, ock_buffer *out) {
  char what[400];
  put_count(out, "measured", state->n_measured);
  ock_buffer_json_member(out, "detector", d->settings.detector ? d->settings.detector : "ewma");
  put_number(out, "min_effect",
             d->settings.min_effect == 0 ? OCKHAM_DRIFT_MIN_EFFECT : fmax(d->settings.min_effect, 0));
  ock_drift_say_signal(d, &state->signals[state->leading], state->leading, what, sizeof what);
  ock_buffer_json_member(out, "words", what);
  write_signals(state, out);
  write_bins(d, state, out);
  write_course(state, out);
  write_examples(d, state, out);
  put_number(out, "calibration_seconds", state->calibration_s);
}

void ock_drift_write(ock_version *version, ock_buffer *out) {
  ock_drift *d = version->drift;
  ock_buffer_print(out, "{\"model\":\"%s\",\"version\":\"%s\",", version->settings.name, version->settings.version);
  if (!d) {
    ock_buffer_text(out, "\"status\":\"off\"}");
    return;
  }
  pthread_mutex_lock(&d->lock);
  ock_drift_drain(d);
  const ockham_drift_state *state = d->monitor ? ockham_drift_monitor_look(d->monitor) : NULL;
  write_head(d, out);
  if (d->profile) write_profile(d, out);
  if (d->profile) write_budget(d, state, out);
  if (state && state->n_signals) write_watched(d, state, out);
  write_series(d, out);
  ock_buffer_json_member(out, "limits", LIMITS);
  ock_buffer_text(out, "}");
  pthread_mutex_unlock(&d->lock);
}

/* ---- for the console ---- */

/* log(run length) over log(asked): 1 is the limit. */
static double level_of(const ockham_drift_signal *s) {
  double run_length = fmin(fmax(s->run_length, 1), OCK_DRIFT_MOST_RUN_LENGTH);
  return s->asked_run_length > 1 ? log(run_length) / log(s->asked_run_length) : 0;
}

void ock_drift_write_short(ock_version *version, ock_buffer *out) {
  ock_drift *d = version->drift;
  if (!d) {
    ock_buffer_text(out, "{\"status\":\"off\"}");
    return;
  }
  pthread_mutex_lock(&d->lock);
  const ockham_drift_state *state = d->monitor ? ockham_drift_monitor_look(d->monitor) : NULL;
  ock_buffer_text(out, "{");
  write_head(d, out);
  if (state && state->n_signals) {
    char what[400];
    const ockham_drift_signal *s = &state->signals[state->leading];
    ock_drift_say_signal(d, s, state->leading, what, sizeof what);
    ock_buffer_json_member(out, "words", what);
    put_number(out, "level", level_of(s));
    put_count(out, "n_episodes", state->n_episodes);
  }
  ock_buffer_text(out, "}");
  pthread_mutex_unlock(&d->lock);
}
