/* SPDX-License-Identifier: Apache-2.0 */
/* The main part: many requests of five sizes in turn; what they cost, and whether memory grows. */
#include <math.h>
#include <string.h>

#include "serve/certify.h"

#define BATCH(rows) rows,
static const unsigned batch_rows[] = {OCKHAM_CERTIFY_BATCH_LIST(BATCH)};

enum { SMALLEST = 0, LARGEST = OCKHAM_CERTIFY_BATCHES - 1, MEMORY_POINTS = 200, GIVE_UP = 10 };

typedef struct load {
  ock_trial *trial;
  size_t n_cycles;                                 /* of one request of each size */
  double *seconds, *cpu_seconds;                   /* a size: n_cycles */
  size_t n[OCKHAM_CERTIFY_BATCHES];                /* that were answered */
  double at[MEMORY_POINTS], memory[MEMORY_POINTS]; /* requests so far, bytes */
  size_t n_points;
  uint64_t n_asked, n_failed, n_late, n_in_a_row;
  char problem[200]; /* of the first that failed */
} load;

/* ---- asking ---- */

static void note_failure(load *l, const ock_answer *answer) {
  if (l->n_failed++ == 0)
    snprintf(l->problem, sizeof l->problem, "%s: %.150s", ock_outcome_text(answer->outcome), answer->error.message);
  l->n_in_a_row++;
  if (answer->outcome == OCK_TIMED_OUT) l->n_late++;
}

static void note_answer(load *l, size_t size, size_t first, const ock_answer *answer) {
  ock_trial_look_at(l->trial, first, answer);
  size_t at = size * l->n_cycles + l->n[size]++;
  l->seconds[at] = answer->seconds;
  l->cpu_seconds[at] = answer->cpu_seconds;
  l->n_in_a_row = 0;
}

/* A sample that the model refuses says nothing about the model. */
static ockham_status refuse_sample(const ock_trial *trial, const ock_answer *answer, ockham_error *err) {
  return ock_fail(err, OCKHAM_BAD_DATA, "%.160s: the model refuses its rows: %s", trial->options->sample,
                  answer->error.message);
}

static ockham_status ask_once(load *l, size_t size, ockham_error *err) {
  ock_trial *trial = l->trial;
  ock_message request;
  ock_answer answer;
  size_t first = (size_t)ock_rng_below(&trial->rng, trial->sample.n_rows);
  OCK_TRY(ock_trial_step(trial, "asking", err));
  OCK_TRY(ock_sample_request(&trial->sample, trial->subject.schema, first, batch_rows[size], NULL, &request, err));
  OCK_TRY(ock_subject_ask(&trial->subject, &request, &answer, err));
  ockham_status status = OCKHAM_OK;
  if (answer.outcome == OCK_DONE)
    note_answer(l, size, first, &answer);
  else if (answer.outcome == OCK_REFUSED && l->n_asked == 0)
    status = refuse_sample(trial, &answer, err);
  else
    note_failure(l, &answer);
  l->n_asked++;
  ock_answer_clear(&answer);
  return status;
}

static void note_memory(load *l, size_t cycle) {
  size_t every = (l->n_cycles + MEMORY_POINTS - 1) / MEMORY_POINTS;
  if (cycle % every || l->n_points == MEMORY_POINTS) return;
  uint64_t now, peak;
  ock_subject_memory(&l->trial->subject, &now, &peak);
  l->at[l->n_points] = (double)l->n_asked;
  l->memory[l->n_points++] = (double)now;
}

static ockham_status ask_all(load *l, ockham_error *err) {
  for (size_t cycle = 0; cycle < l->n_cycles && l->n_in_a_row < GIVE_UP; cycle++) {
    for (size_t size = 0; size < OCKHAM_CERTIFY_BATCHES; size++) OCK_TRY(ask_once(l, size, err));
    note_memory(l, cycle);
  }
  return OCKHAM_OK;
}

/* ---- what came of it ---- */

static void find_answers(load *l) {
  if (l->n_failed == 0)
    ock_trial_find(l->trial, OCKHAM_FINDING_ANSWERS, OCKHAM_FIT_OK, "all %llu requests were answered",
                   (unsigned long long)l->n_asked);
  else
    ock_trial_find(l->trial, OCKHAM_FINDING_ANSWERS, OCKHAM_FIT_BAD, "%llu of %llu requests failed; the first: %s",
                   (unsigned long long)l->n_failed, (unsigned long long)l->n_asked, l->problem);
}

static double timeout_seconds(const load *l) {
  unsigned ms = l->trial->options->model->timeout_ms;
  return (ms ? ms : 10000) / 1000.0;
}

static void find_latency(load *l) {
  ockham_batch_latency *batches = l->trial->certificate->budget.batches;
  char text[200] = "p50/p99 in ms:";
  double slowest = 0;
  for (size_t size = 0; size < OCKHAM_CERTIFY_BATCHES; size++) {
    double *seconds = l->seconds + size * l->n_cycles;
    batches[size] = (ockham_batch_latency){batch_rows[size], ock_quantile(seconds, l->n[size], 0.5),
                                           ock_quantile(seconds, l->n[size], 0.99)};
    if (batches[size].p99_seconds > slowest) slowest = batches[size].p99_seconds;
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s %u row%s %.3g/%.3g", size ? "," : "", batch_rows[size],
             size ? "s" : "", batches[size].p50_seconds * 1e3, batches[size].p99_seconds * 1e3);
  }
  if (l->n_late)
    ock_trial_find(l->trial, OCKHAM_FINDING_LATENCY, OCKHAM_FIT_BAD, "%llu requests took longer than %g s; %s",
                   (unsigned long long)l->n_late, timeout_seconds(l), text);
  else if (slowest > timeout_seconds(l) / 2)
    ock_trial_find(l->trial, OCKHAM_FINDING_LATENCY, OCKHAM_FIT_NOTE, "near the time-out of %g s; %s",
                   timeout_seconds(l), text);
  else
    ock_trial_find(l->trial, OCKHAM_FINDING_LATENCY, l->n[SMALLEST] ? OCKHAM_FIT_OK : OCKHAM_FIT_UNKNOWN, "%s", text);
}

/* Four times the slowest of a hundred, in two digits; a machine may stand still for longer than a small model takes. */
static void suggest_timeout(load *l) {
  ockham_budget *budget = &l->trial->certificate->budget;
  double slowest = 0;
  for (size_t size = 0; size < OCKHAM_CERTIFY_BATCHES; size++)
    slowest = fmax(slowest, budget->batches[size].p99_seconds); /* fmax() passes over NaN */
  double ms = fmax(4000 * slowest, 1000), unit = pow(10, floor(log10(ms)) - 1);
  if (slowest > 0) budget->timeout_ms = (unsigned)fmin(ceil(ms / unit) * unit, 86400000);
}

static void print_seconds(double seconds, char text[32]) {
  static const char *const units[] = {"s", "ms", "us", "ns"};
  int unit = 0;
  while (unit < 3 && fabs(seconds) < 1) {
    seconds *= 1000;
    unit++;
  }
  snprintf(text, 32, "%.3g %s", seconds, units[unit]);
}

static void print_interval(const ockham_interval *interval, const char *what, char text[112]) {
  char estimate[32], low[32], high[32];
  print_seconds(interval->value, estimate);
  print_seconds(interval->low, low);
  print_seconds(interval->high, high);
  snprintf(text, 112, "%s %s (95 %%: %s to %s)", estimate, what, low, high);
}

static ockham_status find_cpu(load *l, ockham_error *err) {
  ockham_budget *budget = &l->trial->certificate->budget;
  ockham_interval *row = &budget->cpu_seconds_per_row, *request = &budget->cpu_seconds_per_request;
  double used = 0;
  for (size_t i = 0; i < l->n[SMALLEST]; i++) used += l->cpu_seconds[i];
  if (used == 0) {
    ock_trial_find(l->trial, OCKHAM_FINDING_CPU, OCKHAM_FIT_UNKNOWN, "not known");
    return OCKHAM_OK;
  }
  OCK_TRY(ock_cost_of_rows(l->cpu_seconds, l->n[SMALLEST], l->cpu_seconds + LARGEST * l->n_cycles, l->n[LARGEST],
                           batch_rows[LARGEST] - batch_rows[SMALLEST], l->trial->options->seed, row, request, err));
  char of_row[112], of_request[112];
  print_interval(row, "a row", of_row);
  print_interval(request, "a request", of_request);
  ock_trial_find(l->trial, OCKHAM_FINDING_CPU, OCKHAM_FIT_OK, "%s, and %s", of_row, of_request);
  return OCKHAM_OK;
}

static void print_bytes(double bytes, char text[32]) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  while (unit < 4 && fabs(bytes) >= 1000) {
    bytes /= 1024;
    unit++;
  }
  snprintf(text, 32, "%.3g %s", bytes, units[unit]);
}

static void find_memory(load *l) {
  enum { MIB = 1 << 20, STEP = 16 * MIB, LEAST_ROOM = 32 * MIB };
  ockham_budget *budget = &l->trial->certificate->budget;
  uint64_t now, peak;
  char text[32];
  ock_subject_memory(&l->trial->subject, &now, &peak);
  if (peak == 0) {
    ock_trial_find(l->trial, OCKHAM_FINDING_MEMORY, OCKHAM_FIT_UNKNOWN, "not known");
    return;
  }
  uint64_t room = peak / 2 > LEAST_ROOM ? peak / 2 : LEAST_ROOM;
  budget->memory_bytes = peak;
  budget->memory_limit_bytes = (peak + room + STEP - 1) / STEP * STEP;
  print_bytes((double)peak, text);
  ock_trial_find(l->trial, OCKHAM_FINDING_MEMORY, OCKHAM_FIT_OK, "%s at most%s; a limit of %llu MiB would do", text,
                 l->trial->options->model->file ? ", of this process" : "",
                 (unsigned long long)(budget->memory_limit_bytes / MIB));
}

/* Growth that begins with the first requests is warming up: only the last 60 % of the points are looked at. A leak is
 * growth that is certain, and more than what an allocator's pages explain. */
static ockham_status find_growth(load *l, ockham_error *err) {
  enum { NOISE = 512 << 10 };
  size_t skip = l->n_points * 2 / 5, n = l->n_points - skip;
  ockham_interval *slope = &l->trial->certificate->budget.growth_bytes_per_request;
  OCK_TRY(ock_theil_sen(l->at + skip, l->memory + skip, n, slope, err));
  if (n < 10 || l->memory[l->n_points - 1] == 0) {
    *slope = (ockham_interval){(double)NAN, (double)NAN, (double)NAN};
    ock_trial_find(l->trial, OCKHAM_FINDING_GROWTH, OCKHAM_FIT_UNKNOWN, "not known");
    return OCKHAM_OK;
  }
  double span = l->at[l->n_points - 1] - l->at[skip];
  char rate[32], low[32], high[32];
  print_bytes(slope->value, rate);
  print_bytes(slope->low, low);
  print_bytes(slope->high, high);
  if (slope->low > 0 && slope->value * span > NOISE)
    ock_trial_find(l->trial, OCKHAM_FINDING_GROWTH, OCKHAM_FIT_BAD,
                   "a leak of %s a request (95 %%: %s to %s): 1 GiB more after %.2g requests", rate, low, high,
                   1073741824.0 / slope->value);
  else
    ock_trial_find(l->trial, OCKHAM_FINDING_GROWTH, OCKHAM_FIT_OK,
                   "no leak in %llu requests: %s a request (95 %%: %s to %s)", (unsigned long long)l->n_asked, rate,
                   low, high);
  return OCKHAM_OK;
}

static ockham_status find_all(load *l, ockham_error *err) {
  l->trial->certificate->budget.requests = l->n_asked;
  find_answers(l);
  OCK_TRY(find_cpu(l, err)); /* before latency, which sorts */
  find_latency(l);
  suggest_timeout(l);
  find_memory(l);
  return find_growth(l, err);
}

ockham_status ock_trial_load(ock_trial *trial, ockham_error *err) {
  unsigned requests = trial->options->requests;
  load l = {.trial = trial, .n_cycles = (requests ? requests : 10000) / OCKHAM_CERTIFY_BATCHES};
  if (l.n_cycles == 0) l.n_cycles = 1;
  size_t n = l.n_cycles * OCKHAM_CERTIFY_BATCHES;
  l.seconds = ock_alloc_array(n, sizeof(double));
  l.cpu_seconds = ock_alloc_array(n, sizeof(double));
  /* Touched before memory is looked at, as of a fitted model it is this process's. */
  if (l.seconds) memset(l.seconds, 0, n * sizeof(double));
  if (l.cpu_seconds) memset(l.cpu_seconds, 0, n * sizeof(double));
  ockham_status status = l.seconds && l.cpu_seconds ? ask_all(&l, err) : ock_fail_memory(err, "the figures", n * 16);
  if (!status) status = find_all(&l, err);
  ock_free(l.seconds);
  ock_free(l.cpu_seconds);
  return status;
}
