/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "serve/internal.h"

/* A budget was measured on a machine of its own: half as much again is not yet another model, and one request in twenty
 * that takes twice the 99th percentile may be another's doing. What is asked once in a while finds its caches cold:
 * less than these seconds are never told of. */
#define MORE_CPU 1.5
#define MORE_TIME 2.0
#define MORE_MEMORY 1.25
#define SLOW_SHARE 0.05
#define LEAST_CPU 100e-6
#define LEAST_TIME 1e-3

ockham_status ock_allowance_open(ock_allowance *allowance, const char *path, ockham_serve_model *settings,
                                 ockham_error *err) {
  OCK_TRY(ockham_budget_read(path, &allowance->budget, err));
  pthread_mutex_init(&allowance->lock, NULL);
  allowance->there = true;
  if (settings->timeout_ms == 0) settings->timeout_ms = allowance->budget.timeout_ms;
  if (settings->command && settings->memory_bytes == 0) settings->memory_bytes = allowance->budget.memory_limit_bytes;
  return OCKHAM_OK;
}

void ock_allowance_clear(ock_allowance *allowance) {
  if (allowance->there) pthread_mutex_destroy(&allowance->lock);
  allowance->there = false;
}

/* The 99th percentile of the next larger batch; of still larger ones in proportion. NaN when it is not known. */
static double usual_seconds(const ockham_budget *budget, uint64_t n_rows) {
  const ockham_batch_latency *largest = &budget->batches[OCKHAM_CERTIFY_BATCHES - 1];
  for (size_t i = 0; i < OCKHAM_CERTIFY_BATCHES; i++)
    if (n_rows <= budget->batches[i].rows) return budget->batches[i].p99_seconds;
  return largest->rows ? largest->p99_seconds * (double)n_rows / (double)largest->rows : (double)NAN;
}

bool ock_allowance_add(ock_allowance *allowance, uint64_t n_rows, double seconds, double cpu_seconds) {
  const ockham_budget *b = &allowance->budget;
  if (!allowance->there) return false;
  double allowed = b->cpu_seconds_per_request.high + (double)n_rows * b->cpu_seconds_per_row.high;
  pthread_mutex_lock(&allowance->lock);
  if (cpu_seconds > 0 && allowed > 0) {
    allowance->cpu_used += cpu_seconds;
    allowance->cpu_allowed += allowed;
  }
  if (seconds > MORE_TIME * usual_seconds(b, n_rows) + LEAST_TIME) allowance->n_slow++;
  bool full = ++allowance->n % OCK_ALLOWANCE_WINDOW == 0;
  pthread_mutex_unlock(&allowance->lock);
  return full;
}

/* The lock is held. Returns whether there is something to tell. */
static bool changes(ock_allowance *allowance, ock_allowance_kind kind, bool over, const char *what, char *line) {
  if (allowance->over[kind] == over) return false;
  allowance->over[kind] = over;
  if (!over) snprintf(line, sizeof(ock_allowance_line), "is within its budget again: %s", what);
  return true;
}

size_t ock_allowance_judge(ock_allowance *allowance, uint64_t memory_bytes,
                           ock_allowance_line lines[OCK_ALLOWANCE_COUNT]) {
  size_t n = 0;
  pthread_mutex_lock(&allowance->lock);
  double answers = allowance->n ? allowance->n : 1, slow = allowance->n_slow / answers;
  double cpu = allowance->cpu_allowed > 0 ? allowance->cpu_used / allowance->cpu_allowed : 0;
  bool over_cpu = cpu > MORE_CPU && allowance->cpu_used - allowance->cpu_allowed > LEAST_CPU * answers;
  double memory = allowance->budget.memory_bytes ? (double)memory_bytes / (double)allowance->budget.memory_bytes : 0;
  char *line = lines[n];
  snprintf(line, sizeof *lines, "uses %.3g times the CPU of its budget, in the last %.0f answers", cpu, answers);
  n += changes(allowance, OCK_ALLOWANCE_CPU, over_cpu, "CPU", line);
  line = lines[n];
  snprintf(line, sizeof *lines,
           "is slower than its budget: %.3g %% of the last %.0f answers took more than twice the 99th percentile",
           100 * slow, answers);
  n += changes(allowance, OCK_ALLOWANCE_TIME, slow > SLOW_SHARE, "time", line);
  line = lines[n];
  snprintf(line, sizeof *lines, "has %.3g MiB, %.3g times the memory of its budget", (double)memory_bytes / 1048576,
           memory);
  n += changes(allowance, OCK_ALLOWANCE_MEMORY, memory > MORE_MEMORY, "memory", line);
  allowance->n = allowance->n_slow = 0;
  allowance->cpu_used = allowance->cpu_allowed = 0;
  pthread_mutex_unlock(&allowance->lock);
  return n;
}

/* The most that one of its processes has: the budget is of one. */
static uint64_t memory_of(const ock_version *version) {
  ock_crew_figures figures;
  if (!version->settings.command) return 0;
  ock_crew_look(version->crew, &figures);
  return figures.n_up ? figures.memory_bytes / figures.n_up : 0;
}

void ock_allowance_note(ock_version *version, const ockham_request *request) {
  ock_allowance_line lines[OCK_ALLOWANCE_COUNT];
  double seconds = (double)request->phase_ns[OCKHAM_PHASE_COMPUTE] * 1e-9, cpu = (double)request->cpu_ns * 1e-9;
  if (request->status != 200 || !ock_allowance_add(&version->allowance, request->n_rows, seconds, cpu)) return;
  size_t n = ock_allowance_judge(&version->allowance, memory_of(version), lines);
  for (size_t i = 0; i < n; i++) {
    const ockham_serve_model *s = &version->settings;
    ock_server_log(version->server, "%s:%s %s", s->name, s->version, lines[i]);
    ock_server_event(version->server, "budget", s->name, s->version, lines[i], NULL);
  }
}
