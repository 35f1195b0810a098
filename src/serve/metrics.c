/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' text format 0.0.4, and the statistics of Triton's extension. */
#include <math.h>
#include <string.h>

#include "serve/internal.h"

enum { FIRST_POWER = 4, LAST_POWER = 25, POWER_STEP = 1 }; /* 16 µs ... 34 s */

static unsigned long long get(const atomic_ullong *value) {
  return atomic_load_explicit(value, memory_order_relaxed);
}

/* ---- one family after another, each over all versions ---- */

typedef struct family {
  const char *name, *type, *help;
  void (*write)(ock_buffer *out, const char *name, ock_version *v, const char *labels);
} family;

static void write_value(ock_buffer *out, const char *name, const char *labels, double value) {
  ock_buffer_print(out, "%s{%s} %.17g\n", name, labels, value);
}

static void write_requests(ock_buffer *out, const char *name, ock_version *v, const char *labels) {
  ock_buffer_print(out, "%s{%s,outcome=\"success\"} %llu\n", name, labels, get(&v->meter.n_success));
  for (size_t i = 0; i < OCK_REASON_COUNT; i++)
    ock_buffer_print(out, "%s{%s,outcome=\"%s\"} %llu\n", name, labels, ock_reason_words[i],
                     get(&v->meter.n_failure[i]));
}

static void write_histogram(ock_buffer *out, const char *name, const ock_histogram *h, const char *labels) {
  for (unsigned power = FIRST_POWER; power <= LAST_POWER; power += POWER_STEP)
    ock_buffer_print(out, "%s_bucket{%s,le=\"%.9g\"} %llu\n", name, labels, ldexp(1e-6, (int)power),
                     ock_histogram_below(h, power));
  ock_buffer_print(out, "%s_bucket{%s,le=\"+Inf\"} %llu\n", name, labels, get(&h->n));
  ock_buffer_print(out, "%s_sum{%s} %.9g\n", name, labels, (double)get(&h->sum_ns) / 1e9);
  ock_buffer_print(out, "%s_count{%s} %llu\n", name, labels, get(&h->n));
}

static void write_total(ock_buffer *out, const char *name, ock_version *v, const char *labels) {
  write_histogram(out, name, &v->meter.total, labels);
}

static void write_phases(ock_buffer *out, const char *name, ock_version *v, const char *labels) {
  char with_phase[256];
  for (size_t i = 0; i < OCKHAM_PHASE_COUNT; i++) {
    snprintf(with_phase, sizeof with_phase, "%s,phase=\"%s\"", labels, ock_phase_words[i]);
    write_histogram(out, name, &v->meter.phases[i], with_phase);
  }
}

#define METER_VALUE(function, expression)                                                       \
  static void function(ock_buffer *out, const char *name, ock_version *v, const char *labels) { \
    write_value(out, name, labels, (double)(expression));                                       \
  }
METER_VALUE(write_rows, get(&v->meter.n_rows))
METER_VALUE(write_bytes_in, get(&v->meter.bytes_in))
METER_VALUE(write_bytes_out, get(&v->meter.bytes_out))
METER_VALUE(write_ready, ock_version_ready(v))
METER_VALUE(write_compared, get(&v->meter.n_compared))
METER_VALUE(write_different, get(&v->meter.n_different))
METER_VALUE(write_dropped, get(&v->meter.n_dropped))

#define CREW_VALUE(function, expression)                                                        \
  static void function(ock_buffer *out, const char *name, ock_version *v, const char *labels) { \
    ock_crew_figures f;                                                                         \
    ock_crew_look(v->crew, &f);                                                                 \
    write_value(out, name, labels, (double)(expression));                                       \
  }
CREW_VALUE(write_queue, f.n_waiting)
CREW_VALUE(write_workers_up, f.n_up)
CREW_VALUE(write_workers_busy, f.n_busy)
CREW_VALUE(write_starts, f.n_starts)
CREW_VALUE(write_deaths, f.n_deaths)
CREW_VALUE(write_quarantined, f.n_quarantined)
CREW_VALUE(write_cpu, f.cpu_seconds)
CREW_VALUE(write_memory, f.memory_bytes)
CREW_VALUE(write_peak, f.peak_memory_bytes)
CREW_VALUE(write_breaker, f.breaker_open)

static const family families[] = {
    {"ockham_requests_total", "counter", "Requests by how they ended; failures in Triton's words.", write_requests},
    {"ockham_rows_total", "counter", "Rows answered.", write_rows},
    {"ockham_request_bytes_total", "counter", "Bytes of request bodies.", write_bytes_in},
    {"ockham_answer_bytes_total", "counter", "Bytes of answers.", write_bytes_out},
    {"ockham_request_seconds", "histogram", "From the first byte of a request until its answer was ready.",
     write_total},
    {"ockham_phase_seconds", "histogram", "The phases of answered requests.", write_phases},
    {"ockham_model_ready", "gauge", "1 when the version can answer.", write_ready},
    {"ockham_queue_length", "gauge", "Requests that wait for a worker.", write_queue},
    {"ockham_workers_up", "gauge", "Workers that are up.", write_workers_up},
    {"ockham_workers_busy", "gauge", "Workers that have a request.", write_workers_busy},
    {"ockham_worker_starts_total", "counter", "Workers started, restarts included.", write_starts},
    {"ockham_worker_deaths_total", "counter", "Workers that died or were ended for taking too long.", write_deaths},
    {"ockham_quarantined_total", "counter", "Requests refused because they killed two workers.", write_quarantined},
    {"ockham_worker_cpu_seconds_total", "counter", "CPU time of all workers.", write_cpu},
    {"ockham_worker_memory_bytes", "gauge", "Resident memory of the workers.", write_memory},
    {"ockham_worker_peak_memory_bytes", "gauge", "The most memory that a worker had.", write_peak},
    {"ockham_breaker_open", "gauge", "1 while requests are refused because workers keep failing.", write_breaker},
    {"ockham_shadow_compared_total", "counter", "Answers of a shadow that were compared.", write_compared},
    {"ockham_shadow_different_total", "counter", "Of these, those that differ.", write_different},
    {"ockham_shadow_dropped_total", "counter", "Requests that a shadow had no room for.", write_dropped},
};

static void write_family(ockham_server *server, const family *f, ock_buffer *out) {
  ock_buffer_print(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
    char labels[160];
    snprintf(labels, sizeof labels, "model=\"%s\",version=\"%s\"", v->settings.name, v->settings.version);
    f->write(out, f->name, v, labels);
    ock_version_release(v);
  }
}

static void write_recording(ockham_server *server, ock_buffer *out) {
  if (!server->recorder) return;
  ock_recorder_figures f;
  ock_recorder_look(server->recorder, &f);
  ock_buffer_print(out,
                   "# HELP ockham_recorded_total Requests recorded.\n# TYPE ockham_recorded_total counter\n"
                   "ockham_recorded_total %llu\n"
                   "# HELP ockham_recording_requests Requests in the recording, which drops the oldest.\n"
                   "# TYPE ockham_recording_requests gauge\nockham_recording_requests %llu\n"
                   "# HELP ockham_recording_lost_total Requests that could not be recorded.\n"
                   "# TYPE ockham_recording_lost_total counter\nockham_recording_lost_total %llu\n"
                   "# HELP ockham_recording_bytes Bytes of the recording.\n# TYPE ockham_recording_bytes gauge\n"
                   "ockham_recording_bytes %llu\n",
                   (unsigned long long)f.n_put, (unsigned long long)f.n_requests, (unsigned long long)f.n_lost,
                   (unsigned long long)f.bytes);
}

void ock_metrics_write(ockham_server *server, ock_buffer *out) {
  for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) write_family(server, &families[i], out);
  ock_drift_metrics(server, out);
  ock_buffer_print(out,
                   "# HELP ockham_up_seconds Since the server started.\n# TYPE ockham_up_seconds gauge\n"
                   "ockham_up_seconds %.3f\n",
                   (double)(ock_clock_ns() - server->start_ns) / 1e9);
  write_recording(server, out);
}

/* ---- Triton's statistics ---- */

static void write_duration(ock_buffer *out, const char *key, unsigned long long count, unsigned long long ns) {
  ock_buffer_print(out, "%s:{\"count\":%llu,\"ns\":%llu}", key, count, ns);
}

static void write_sizes(ock_meter *meter, ock_buffer *out) {
  pthread_mutex_lock(&meter->lock);
  for (size_t i = 0; i < meter->n_sizes; i++) {
    const ock_batch_size *s = &meter->sizes[i];
    ock_buffer_print(out, "%s{\"batch_size\":%llu,", i ? "," : "", (unsigned long long)s->n_rows);
    ock_buffer_text(out, "\"compute_input\":{");
    ock_buffer_print(out, "\"count\":%llu,\"ns\":%llu},\"compute_infer\":{\"count\":%llu,\"ns\":%llu},",
                     (unsigned long long)s->count, (unsigned long long)s->compute_ns[0], (unsigned long long)s->count,
                     (unsigned long long)s->compute_ns[1]);
    ock_buffer_print(out, "\"compute_output\":{\"count\":%llu,\"ns\":%llu}}", (unsigned long long)s->count,
                     (unsigned long long)s->compute_ns[2]);
  }
  pthread_mutex_unlock(&meter->lock);
}

void ock_stats_write(ock_version *v, ock_buffer *out) {
  ock_meter *m = &v->meter;
  unsigned long long success = get(&m->n_success), failures = 0;
  for (size_t i = 0; i < OCK_REASON_COUNT; i++) failures += get(&m->n_failure[i]);
  ock_buffer_print(out,
                   "{\"name\":\"%s\",\"version\":\"%s\",\"last_inference\":%llu,\"inference_count\":%llu,"
                   "\"execution_count\":%llu,\"inference_stats\":{",
                   v->settings.name, v->settings.version, get(&m->last_wall_ms), get(&m->n_rows), success);
  write_duration(out, "\"success\"", success, get(&m->success_ns));
  write_duration(out, ",\"fail\"", failures, get(&m->failure_ns));
  write_duration(out, ",\"queue\"", success, get(&m->phase_ns[OCKHAM_PHASE_QUEUE]));
  write_duration(out, ",\"compute_input\"", success, get(&m->phase_ns[OCKHAM_PHASE_DECODE]));
  write_duration(out, ",\"compute_infer\"", success, get(&m->phase_ns[OCKHAM_PHASE_COMPUTE]));
  write_duration(out, ",\"compute_output\"", success, get(&m->phase_ns[OCKHAM_PHASE_ENCODE]));
  write_duration(out, ",\"cache_hit\"", 0, 0);
  write_duration(out, ",\"cache_miss\"", 0, 0);
  ock_buffer_text(out, "},\"batch_stats\":[");
  write_sizes(m, out);
  ock_buffer_text(out, "]}");
}
