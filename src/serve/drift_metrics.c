/* SPDX-License-Identifier: Apache-2.0 */
/* Drift in Prometheus' text format. A family's samples stand together, so that each version is looked at for each. */
#include <math.h>
#include <string.h>

#include "serve/drift_watch.h"

typedef struct sample {
  ock_buffer *out;
  const char *name, *labels;
} sample;

/* A label's value as the format wants it. */
static void put_label(ock_buffer *out, const char *text) {
  for (; *text; text++) {
    if (*text == '\\' || *text == '"')
      ock_buffer_print(out, "\\%c", *text);
    else
      ock_buffer_put(out, *text == '\n' ? "\\n" : text, *text == '\n' ? 2 : 1);
  }
}

static void put_value(const sample *s, const char *signal, double value) {
  if (!isfinite(value)) return;
  ock_buffer_print(s->out, "%s{%s", s->name, s->labels);
  if (signal) {
    ock_buffer_text(s->out, ",signal=\"");
    put_label(s->out, signal);
    ock_buffer_text(s->out, "\"");
  }
  ock_buffer_print(s->out, "} %.17g\n", value);
}

static const ockham_drift_state *look(const ock_drift *d) {
  return d->monitor ? ockham_drift_monitor_look(d->monitor) : NULL;
}

/* ---- each of them; the lock is held ---- */

static void write_state(const sample *s, ock_drift *d) {
  put_value(s, NULL, d->drifted);
}
static void write_rows(const sample *s, ock_drift *d) {
  put_value(s, NULL, (double)d->n_rows);
}
static void write_dropped(const sample *s, ock_drift *d) {
  put_value(s, NULL, (double)atomic_load(&d->n_dropped));
}
static void write_skipped(const sample *s, ock_drift *d) {
  put_value(s, NULL, (double)atomic_load(&d->n_skipped));
}
static void write_budget(const sample *s, ock_drift *d) {
  put_value(s, NULL, ock_alarm_budget_rows(&d->budget, d->rate_used));
}

/* of_signal, of_stream: what is told of each. */
static void write_each(const sample *s, ock_drift *d, double (*of_signal)(const ockham_drift_signal *),
                       double (*of_stream)(const ockham_stream_state *)) {
  const ockham_drift_state *state = look(d);
  for (size_t i = 0; state && i < state->n_signals; i++)
    put_value(s, state->signals[i].signal->name, of_signal(&state->signals[i]));
  for (size_t i = 0; i < OCK_SERIES_COUNT; i++) {
    if (!d->series[i].stream) continue;
    ockham_stream_state stream = ockham_stream_look(d->series[i].stream);
    if (stream.ready) put_value(s, ock_series_words[i], of_stream(&stream));
  }
}

static double log_of(double rows) {
  return log10(fmin(fmax(rows, 1), OCK_DRIFT_MOST_RUN_LENGTH));
}
static double run_length_of(const ockham_drift_signal *s) {
  return log_of(s->run_length);
}
static double stream_run_length_of(const ockham_stream_state *s) {
  return log_of(s->run_length);
}
static double asked_of(const ockham_drift_signal *s) {
  return log_of(s->asked_run_length);
}
static double stream_asked_of(const ockham_stream_state *s) {
  return log_of(s->asked_run_length);
}
static double psi_of(const ockham_drift_signal *s) {
  return s->psi;
}
static double stream_psi_of(const ockham_stream_state *s) {
  return s->psi;
}

static void write_run_length(const sample *s, ock_drift *d) {
  write_each(s, d, run_length_of, stream_run_length_of);
}
static void write_asked(const sample *s, ock_drift *d) {
  write_each(s, d, asked_of, stream_asked_of);
}
static void write_psi(const sample *s, ock_drift *d) {
  write_each(s, d, psi_of, stream_psi_of);
}

static void write_episodes(const sample *s, ock_drift *d) {
  const ockham_drift_state *state = look(d);
  uint64_t n = state ? state->n_episodes : 0;
  for (size_t i = 0; i < OCK_SERIES_COUNT; i++)
    if (d->series[i].stream) n += ockham_stream_look(d->series[i].stream).n_episodes;
  put_value(s, NULL, (double)n);
}

/* ---- families ---- */

static const struct {
  const char *name, *type, *help;
  void (*write)(const sample *sample, ock_drift *drift);
} families[] = {
    {"ockham_drift_state", "gauge", "1 while what is asked, or answered, drifts.", write_state},
    {"ockham_drift_episodes_total", "counter", "Episodes of drift: one alarm each.", write_episodes},
    {"ockham_drift_rows_total", "counter", "Rows that were watched.", write_rows},
    {"ockham_drift_dropped_rows_total", "counter", "Rows that came too fast to be watched.", write_dropped},
    {"ockham_drift_skipped_rows_total", "counter", "Rows of requests without a column of the profile.", write_skipped},
    {"ockham_drift_budget_rows", "gauge", "Without drift, rows for one alarm.", write_budget},
    {"ockham_drift_run_length_log10", "gauge",
     "By signal: without drift it is as high as now once in 10 to this many rows.", write_run_length},
    {"ockham_drift_limit_log10", "gauge", "By signal: it alarms above this.", write_asked},
    {"ockham_drift_psi", "gauge", "By signal: population stability index, its bias removed.", write_psi},
};

/* Versions that are watched: those with a profile, or to which outcomes came. */
static bool is_watched(const ock_version *v) {
  return v->drift && (v->drift->profile || v->drift->series[OCK_SERIES_OUTCOMES].n_values);
}

static void write_version(ock_version *v, size_t family, ock_buffer *out) {
  char labels[160];
  ock_drift *d = v->drift;
  snprintf(labels, sizeof labels, "model=\"%s\",version=\"%s\"", v->settings.name, v->settings.version);
  pthread_mutex_lock(&d->lock);
  if (is_watched(v)) families[family].write(&(sample){out, families[family].name, labels}, d);
  pthread_mutex_unlock(&d->lock);
}

void ock_drift_metrics(ockham_server *server, ock_buffer *out) {
  for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
    ock_buffer_print(out, "# HELP %s %s\n# TYPE %s %s\n", families[f].name, families[f].help, families[f].name,
                     families[f].type);
    ock_version *v;
    for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
      if (v->drift) write_version(v, f, out);
      ock_version_release(v);
    }
  }
}
