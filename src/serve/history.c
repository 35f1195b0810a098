/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/history.h"

#include <string.h>

enum { QUIET_SECONDS = 60 }; /* without faults, after which those before are another story */

static uint64_t get(const atomic_ullong *value) {
  return atomic_load_explicit(value, memory_order_relaxed);
}

void ock_past_init(ock_past *history) {
  memset(history, 0, sizeof *history);
  history->current.time_ns = ock_clock_ns();
  pthread_mutex_init(&history->lock, NULL);
}

void ock_past_clear(ock_past *history) {
  pthread_mutex_destroy(&history->lock);
}

/* ---- moments ---- */

static void take_moment(const ock_sight *sight, ock_moment *m) {
  const ock_meter *meter = sight->meter;
  m->time_ns = sight->clock_ns;
  for (size_t i = 0; i < OCK_BUCKETS; i++) m->counts[i] = (uint32_t)get(&meter->total.counts[i]);
  m->n_success = get(&meter->n_success);
  m->n_failure = 0;
  for (size_t i = 0; i < OCK_REASON_COUNT; i++) m->n_failure += get(&meter->n_failure[i]);
  m->n_fault = get(&meter->n_fault);
  m->n_turned_away = get(&meter->n_turned_away);
  m->n_rows = get(&meter->n_rows);
  m->success_ns = get(&meter->success_ns);
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++) m->phase_ns[i] = get(&meter->phase_ns[i]);
  m->n_deaths = sight->crew ? sight->crew->n_deaths : 0;
  m->cpu_seconds = sight->crew ? sight->crew->cpu_seconds : (double)get(&meter->cpu_ns) / 1e9;
}

ock_span ock_span_between(const ock_moment *from, const ock_moment *to) {
  ock_span s = {
      .seconds = (double)(to->time_ns - from->time_ns) / 1e9,
      .cpu_seconds = to->cpu_seconds - from->cpu_seconds,
      .n_success = to->n_success - from->n_success,
      .n_failure = to->n_failure - from->n_failure,
      .n_fault = to->n_fault - from->n_fault,
      .n_turned_away = to->n_turned_away - from->n_turned_away,
      .n_rows = to->n_rows - from->n_rows,
      .n_deaths = to->n_deaths - from->n_deaths,
  };
  uint64_t counts[OCK_BUCKETS];
  for (size_t i = 0; i < OCK_BUCKETS; i++) counts[i] = (uint32_t)(to->counts[i] - from->counts[i]);
  s.p50_ns = ock_counts_quantile(counts, 0.5);
  s.p99_ns = ock_counts_quantile(counts, 0.99);
  double n = s.n_success ? (double)s.n_success : 1;
  s.mean_ns = (double)(to->success_ns - from->success_ns) / n;
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++) s.phase_ns[i] = (double)(to->phase_ns[i] - from->phase_ns[i]) / n;
  return s;
}

/* ---- slices ---- */

static ock_slice *slice_at(ock_past *h, uint64_t number) {
  return &h->slices[number % OCK_SLICES];
}

static ock_moment *begin_of(ock_past *h, uint64_t number) {
  return &h->begins[number % (OCK_SLICES_A_MINUTE + 1)];
}

/* Slices that nobody looked at, for the machine slept, are empty. */
static void begin_slices(ock_past *h, uint64_t number) {
  uint64_t first = h->begun ? h->number + 1 : number;
  if (number - first >= OCK_SLICES) first = number - OCK_SLICES + 1;
  for (uint64_t i = first; i <= number; i++) {
    *slice_at(h, i) = (ock_slice){.number = i};
    *begin_of(h, i) = h->current;
  }
  h->number = number;
}

static void update_slice(ock_past *h, const ock_crew_figures *crew) {
  ock_slice *slice = slice_at(h, h->number);
  slice->span = ock_span_between(begin_of(h, h->number), &h->current);
  if (!crew) return;
  if (crew->n_waiting > slice->waiting) slice->waiting = (uint32_t)crew->n_waiting;
  if (crew->n_busy > slice->busy) slice->busy = (uint32_t)crew->n_busy;
  if (crew->memory_bytes > slice->memory_bytes) slice->memory_bytes = crew->memory_bytes;
}

static void keep_since(uint64_t *since, bool is_so, uint64_t now_ns) {
  if (!is_so)
    *since = 0;
  else if (!*since)
    *since = now_ns;
}

static void update_since(ock_past *h, const ock_sight *sight, uint64_t n_faults, uint64_t n_deaths) {
  uint64_t now_ns = sight->wall_ns;
  keep_since(&h->unready_ns, !sight->ready, now_ns);
  keep_since(&h->breaker_ns, sight->crew && sight->crew->breaker_open, now_ns);
  if (n_faults) h->last_fault_ns = now_ns;
  bool quiet = now_ns - h->last_fault_ns > (uint64_t)QUIET_SECONDS * 1000000000u;
  keep_since(&h->faults_ns, h->last_fault_ns && !quiet, now_ns);
  if (n_deaths) h->last_death_ns = now_ns;
}

void ock_past_add(ock_past *h, const ock_sight *sight) {
  pthread_mutex_lock(&h->lock);
  uint64_t n_faults = h->current.n_fault, n_deaths = h->current.n_deaths;
  if (!h->begun || sight->number > h->number) begin_slices(h, sight->number);
  h->begun = true;
  take_moment(sight, &h->current);
  update_slice(h, sight->crew);
  update_since(h, sight, h->current.n_fault - n_faults, h->current.n_deaths - n_deaths);
  pthread_mutex_unlock(&h->lock);
}

/* ---- JSON ---- */

static void write_milliseconds(ock_buffer *out, const char *key, uint64_t ns) {
  if (ns)
    ock_buffer_print(out, ",\"%s\":%.4g", key, (double)ns / 1e6);
  else
    ock_buffer_print(out, ",\"%s\":null", key);
}

static void write_span(ock_buffer *out, const ock_span *s) {
  uint64_t n_refused = s->n_failure > s->n_fault ? s->n_failure - s->n_fault : 0; /* they are not read at once */
  ock_buffer_print(out, "\"seconds\":%.3f,\"success\":%llu,\"fault\":%llu,\"rejected\":%llu,\"refused\":%llu",
                   s->seconds, (unsigned long long)s->n_success, (unsigned long long)s->n_fault,
                   (unsigned long long)s->n_turned_away, (unsigned long long)n_refused);
  ock_buffer_print(out, ",\"rows\":%llu,\"deaths\":%llu,\"cpu_seconds\":%.4g", (unsigned long long)s->n_rows,
                   (unsigned long long)s->n_deaths, s->cpu_seconds);
  write_milliseconds(out, "p50_ms", s->p50_ns);
  write_milliseconds(out, "p99_ms", s->p99_ns);
  ock_buffer_print(out, ",\"mean_ms\":%.4g,\"phase_ms\":[", s->mean_ns / 1e6);
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++) ock_buffer_print(out, "%s%.4g", i ? "," : "", s->phase_ns[i] / 1e6);
  ock_buffer_text(out, "]");
}

static void write_slice(ock_buffer *out, const ock_slice *slice, bool first) {
  ock_buffer_print(out, "%s{\"number\":%llu,", first ? "" : ",", (unsigned long long)slice->number);
  write_span(out, &slice->span);
  ock_buffer_print(out, ",\"waiting\":%u,\"busy\":%u,\"memory\":%llu}", slice->waiting, slice->busy,
                   (unsigned long long)slice->memory_bytes);
}

/* Those from a number on that are there. */
static void write_slices(ock_past *h, uint64_t from, ock_buffer *out) {
  bool first = true;
  ock_buffer_text(out, "[");
  for (uint64_t i = from; h->begun && i <= h->number; i++) {
    if (slice_at(h, i)->number != i) continue;
    write_slice(out, slice_at(h, i), first);
    first = false;
  }
  ock_buffer_text(out, "]");
}

static void write_minute(ock_past *h, ock_buffer *out) {
  uint64_t from = h->number > OCK_SLICES_A_MINUTE ? h->number - OCK_SLICES_A_MINUTE : 1;
  while (from < h->number && slice_at(h, from)->number != from) from++;
  ock_span minute = {0};
  if (h->begun) minute = ock_span_between(begin_of(h, from), &h->current);
  ock_buffer_text(out, ",\"minute\":{");
  write_span(out, &minute);
  ock_buffer_text(out, "}");
}

void ock_past_write(ock_past *h, ock_buffer *out) {
  pthread_mutex_lock(&h->lock);
  write_minute(h, out);
  ock_buffer_text(out, ",\"slices\":");
  write_slices(h, h->number > 1 ? h->number - 1 : 1, out);
  ock_buffer_print(out, ",\"since\":{\"unready_ns\":%llu,\"breaker_ns\":%llu,\"faults_ns\":%llu,\"death_ns\":%llu}",
                   (unsigned long long)h->unready_ns, (unsigned long long)h->breaker_ns,
                   (unsigned long long)h->faults_ns, (unsigned long long)h->last_death_ns);
  pthread_mutex_unlock(&h->lock);
}

void ock_past_write_all(ock_past *h, ock_buffer *out) {
  pthread_mutex_lock(&h->lock);
  write_slices(h, h->number > OCK_SLICES ? h->number - OCK_SLICES + 1 : 1, out);
  pthread_mutex_unlock(&h->lock);
}
