/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms: a line in the log, an event in the recording and a webhook when drift begins, and when it is over. */
#include <math.h>
#include <string.h>

#include "serve/config.h"
#include "serve/drift_watch.h"

/* ---- in words ---- */

size_t ock_drift_grown_bin(const ock_drift *d, size_t signal, ockham_drift_bin *bin) {
  ockham_drift_bin bins[OCKHAM_PROFILE_MOST_BINS];
  size_t grown = 0, n = d->parts->signals[signal].n_bins;
  ockham_drift_monitor_bins(d->monitor, signal, bins);
  for (size_t b = 1; b < n; b++)
    if (bins[b].now - bins[b].reference > bins[grown].now - bins[grown].reference) grown = b;
  *bin = bins[grown];
  return grown;
}

void ock_drift_say_signal(const ock_drift *d, const ockham_drift_signal *s, size_t at, char *text, size_t size) {
  ockham_drift_bin bin;
  size_t grown = ock_drift_grown_bin(d, at, &bin);
  int n = 0;
  if (!isfinite(bin.now)) {
    snprintf(text, size, "%s: too few rows yet", ock_show(s->signal->name).text);
    return;
  }
  if (isfinite(s->shift) && fabs(s->shift) >= 0.05)
    n = snprintf(text, size, "%s is %.2g standard deviations %s; ", ock_show(s->signal->name).text, fabs(s->shift),
                 s->shift > 0 ? "higher" : "lower");
  else
    n = snprintf(text, size, "%s: ", ock_show(s->signal->name).text);
  if (n > 0 && (size_t)n < size)
    snprintf(text + n, size - (size_t)n, "'%s' is %.3g %% of the rows, was %.3g %%",
             ock_show(s->signal->bin_names[grown]).text, 100 * bin.now, 100 * bin.reference);
}

static void say_series(const ock_drift_series *s, size_t series, const ockham_stream_state *state, char *text,
                       size_t size) {
  const char *unit = ock_series_units[series];
  if (s->events)
    snprintf(text, size, "%s: %.3g %%, was %.3g %%", ock_series_words[series], 100 * state->now,
             100 * state->reference);
  else
    snprintf(text, size, "%s: %.4g%s%s on average, was %.4g%s%s", ock_series_words[series], state->now,
             *unit ? " " : "", unit, state->reference, *unit ? " " : "", unit);
}

/* ---- to all who listen ---- */

static void write_numbers(ock_buffer *out, const char *key, const uint64_t *numbers, size_t n) {
  ock_buffer_print(out, ",\"%s\":[", key);
  for (size_t i = 0; i < n; i++) ock_buffer_print(out, "%s%llu", i ? "," : "", (unsigned long long)numbers[i]);
  ock_buffer_text(out, "]");
}

/* What all have in common; without a brace at the end. */
static void begin_details(ock_buffer *out, const char *phase, const char *signal, uint64_t episode) {
  ock_buffer_print(out, "{\"phase\":\"%s\"", phase);
  ock_buffer_json_member(out, "signal", signal);
  ock_buffer_print(out, ",\"episode\":%llu", (unsigned long long)episode);
}

static void send_webhook(ock_drift *d, const char *text, const ock_buffer *details) {
  ock_buffer body = {0};
  if (!d->settings.webhook || !d->server->webhooks) return;
  ock_buffer_print(&body, "{\"event\":\"drift\",\"model\":\"%s\",\"version\":\"%s\",\"time_ns\":%llu", d->name,
                   d->version, (unsigned long long)ock_wall_ns());
  ock_buffer_json_member(&body, "text", text);
  ock_buffer_print(&body, ",\"details\":%s}", details->bytes);
  ock_buffer_put(&body, "", 1);
  if (!body.failed) ock_webhooks_send(d->server->webhooks, d->settings.webhook, body.bytes);
  ock_buffer_clear(&body);
}

/* The buffer is without its brace; it is cleared. */
static void tell(ock_drift *d, const char *text, ock_buffer *details) {
  ock_buffer_put(details, "}", 2);
  const char *json = details->failed ? NULL : details->bytes;
  ock_server_log(d->server, "%s:%s %s", d->name, d->version, text);
  ock_server_event(d->server, "drift", d->name, d->version, text, json);
  if (json) send_webhook(d, text, details);
  ock_buffer_clear(details);
}

/* ---- of the monitor ---- */

void ock_drift_find_requests(const ock_drift *d, ock_drift_found *found) {
  uint64_t rows[OCKHAM_DRIFT_KEPT_ROWS];
  size_t n = ockham_drift_monitor_examples(d->monitor, found->signal, found->bin, OCKHAM_DRIFT_KEPT_ROWS, rows, NULL);
  found->n = 0;
  for (size_t i = 0; i < n && found->n < OCK_DRIFT_MOST_EXAMPLES; i++) {
    uint64_t number = d->origins[rows[i] % OCK_DRIFT_ORIGINS];
    if (rows[i] < found->since_row && found->n) return; /* the others are from before it began */
    bool again = found->n && found->numbers[found->n - 1] == number;
    if (number && !again) found->numbers[found->n++] = number;
  }
}

/* From now on some requests with such rows keep their bodies. */
static void begin_capture(ock_drift *d) {
  atomic_store(&d->capture_signal, d->alarmed.signal);
  atomic_store(&d->capture_bin, d->alarmed.bin);
  atomic_store(&d->capture_left, OCK_DRIFT_MOST_CAPTURED);
}

static void tell_begin(ock_drift *d, const ockham_drift_state *state, const ockham_drift_episode *e) {
  char what[400], often[32], text[600];
  ock_buffer details = {0};
  const ockham_drift_signal *s = &state->signals[e->signal];
  ock_drift_found *found = &d->alarmed;
  found->signal = e->signal;
  found->since_row = e->since_row;
  found->bin = ock_drift_grown_bin(d, e->signal, &found->shares);
  ock_drift_find_requests(d, found);
  ock_drift_say_signal(d, s, e->signal, what, sizeof what);
  ock_say_count(e->run_length, often);
  snprintf(text, sizeof text,
           "drifts: %s; without drift this comes once in %s rows; since about row %llu, noticed at %llu", what, often,
           (unsigned long long)e->since_row, (unsigned long long)e->noticed_row);
  begin_details(&details, "begin", s->signal->name, e->number);
  ock_buffer_text(&details, ",\"run_length\":");
  ock_buffer_json_number(&details, fmin(e->run_length, OCK_DRIFT_MOST_RUN_LENGTH));
  ock_buffer_text(&details, ",\"psi\":");
  ock_buffer_json_number(&details, e->psi);
  ock_buffer_print(&details, ",\"since_row\":%llu,\"row\":%llu", (unsigned long long)e->since_row,
                   (unsigned long long)e->noticed_row);
  ock_buffer_json_member(&details, "grown", s->signal->bin_names[found->bin]);
  ock_buffer_print(&details, ",\"share\":%.6g,\"share_then\":%.6g", found->shares.now, found->shares.reference);
  write_numbers(&details, "requests", found->numbers, found->n);
  tell(d, text, &details);
  begin_capture(d);
}

static void tell_end(ock_drift *d, const ockham_drift_state *state, const ockham_drift_episode *e) {
  ock_buffer details = {0};
  char text[300];
  const char *name = state->signals[e->signal].signal->name;
  snprintf(text, sizeof text, "drifts no longer: %s has been as it was; it lasted from row %llu to %llu",
           ock_show(name).text, (unsigned long long)e->since_row, (unsigned long long)e->until_row);
  begin_details(&details, "end", name, e->number);
  ock_buffer_print(&details, ",\"since_row\":%llu,\"row\":%llu", (unsigned long long)e->since_row,
                   (unsigned long long)e->until_row);
  tell(d, text, &details);
  atomic_store(&d->capture_left, 0);
}

static bool tell_of_monitor(ock_drift *d) {
  const ockham_drift_state *state = ockham_drift_monitor_look(d->monitor);
  for (size_t i = 0; i < state->n_kept; i++) {
    const ockham_drift_episode *e = &state->episodes[i];
    if (e->number > d->n_begun) {
      d->n_begun = e->number;
      tell_begin(d, state, e);
    }
    if (e->until_row && e->number > d->n_ended) {
      d->n_ended = e->number;
      tell_end(d, state, e);
    }
  }
  return state->drifted;
}

/* ---- of series ---- */

static void tell_series(ock_drift *d, size_t series, const ockham_stream_state *state) {
  ock_drift_series *s = &d->series[series];
  char what[160], often[32], text[400];
  ock_buffer details = {0};
  say_series(s, series, state, what, sizeof what);
  ock_say_count(state->latest.run_length, often);
  if (state->drifted)
    snprintf(text, sizeof text, "drifts: %s%s; without drift this comes once in %s %s", what,
             series == OCK_SERIES_OUTCOMES ? " (of answers that turned out wrong)" : "", often,
             series == OCK_SERIES_OUTCOMES ? "outcomes" : "requests");
  else
    snprintf(text, sizeof text, "drifts no longer: %s", what);
  begin_details(&details, state->drifted ? "begin" : "end", ock_series_words[series], state->latest.number);
  ock_buffer_text(&details, ",\"now\":");
  ock_buffer_json_number(&details, state->now);
  ock_buffer_text(&details, ",\"then\":");
  ock_buffer_json_number(&details, state->reference);
  ock_buffer_text(&details, ",\"run_length\":");
  ock_buffer_json_number(&details, fmin(state->latest.run_length, OCK_DRIFT_MOST_RUN_LENGTH));
  tell(d, text, &details);
  s->told = state->drifted;
}

void ock_drift_tell(ock_drift *d) {
  bool drifted = d->monitor && tell_of_monitor(d);
  for (size_t i = 0; i < OCK_SERIES_COUNT; i++) {
    if (!d->series[i].stream) continue;
    ockham_stream_state state = ockham_stream_look(d->series[i].stream);
    drifted = drifted || state.drifted;
    if (state.drifted != d->series[i].told) tell_series(d, i, &state);
  }
  if (drifted != d->drifted) d->since_ns = ock_wall_ns();
  d->drifted = drifted;
}
