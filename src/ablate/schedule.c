/* SPDX-License-Identifier: Apache-2.0 */
#include "ablate/schedule.h"

#include <math.h>
#include <string.h>

enum { WAITING, RUNNING, ENDED, NOT_WANTED };
static const ockham_run_options usual = {0};

/* ---- rates ---- */

static bool is_probe(const ockham_run *run) {
  return run->purpose == OCKHAM_PURPOSE_PROBE;
}

static bool has_ended(const ock_schedule *s, size_t i) {
  return s->states[i] == ENDED;
}

/* No cell's probes call for more. */
static bool all_settled(const ock_schedule *s, const ockham_run *runs, size_t n) {
  for (size_t i = 0; i < s->plan->n_runs; i++) {
    const ockham_run *run = &s->plan->runs[i];
    if (is_probe(run) && s->states[i] != NOT_WANTED && !ock_rate_find(s->study, runs, n, run->levels).settled)
      return false;
  }
  return true;
}

/* The cell's own probes have all ended, and call for no more; of a cell without one that counts, all have: it takes
 * another's rate. */
static bool probes_ended(const ock_schedule *s, const uint8_t *levels) {
  bool own = false, own_ended = true, all_ended = true;
  for (size_t i = 0; i < s->plan->n_runs; i++) {
    const ockham_run *run = &s->plan->runs[i];
    if (!is_probe(run) || s->states[i] == NOT_WANTED) continue;
    bool is_own = memcmp(run->levels, levels, s->study->n_factors) == 0;
    own = own || is_own;
    all_ended = all_ended && has_ended(s, i);
    own_ended = own_ended && (!is_own || has_ended(s, i));
  }
  if (!own_ended) return false;
  size_t n;
  const ockham_run *runs = ock_journal_all(s->journal, &n);
  ock_rate_search search = ock_rate_find(s->study, runs, n, levels);
  if (own && search.best > 0) return search.settled;
  return all_ended && all_settled(s, runs, n);
}

/* Fill in the run's rate; false: it is not known yet. */
static bool find_rate(const ock_schedule *s, ockham_run *run) {
  size_t n;
  const ockham_run *runs = ock_journal_all(s->journal, &n);
  if (run->rate > 0) return true;
  if (s->study->n_rates > 1 && !probes_ended(s, run->levels)) return false;
  run->rate = ock_rate_choose(s->study, runs, n, run->levels);
  if (run->rate == 0) run->rate = 1; /* every probe failed */
  return true;
}

/* ---- what the journal has ---- */

/* NULL: not run, or its rate is not known. */
static const ockham_run *find_run(ock_schedule *s, size_t i) {
  ockham_run run = s->plan->runs[i];
  if (!find_rate(s, &run)) return NULL;
  ock_line key = {0};
  ock_run_key(s->study, &run, &key);
  s->failed = s->failed || key.failed;
  const ockham_run *found = key.failed ? NULL : ock_journal_find(s->journal, key.bytes);
  ock_free(key.bytes);
  return found;
}

static bool is_baseline(const ock_schedule *s, const ockham_run *run) {
  for (size_t f = 0; f < s->study->n_factors; f++)
    if (run->levels[f]) return false;
  return true;
}

/* Probes are wanted for the sake of others. */
static bool is_wanted(const ock_schedule *s, const ockham_run *run) {
  const ockham_run_options *o = s->options;
  if (is_probe(run)) return !o->only_replicates || is_baseline(s, run);
  if (o->only_replicates && run->purpose != OCKHAM_PURPOSE_BASELINE) return false;
  return o->only_scale == 0 || run->scale + 1 == o->only_scale;
}

static bool is_done(const ock_schedule *s, const ockham_run *found) {
  return found && !(ock_has_failed(found->outcome) && s->options->retry);
}

static void mark(ock_schedule *s, size_t i) {
  if (!is_done(s, find_run(s, i))) return;
  s->states[i] = ENDED;
  s->n_done++;
}

static void mark_all(ock_schedule *s, bool probes) {
  for (size_t i = 0; i < s->plan->n_runs; i++)
    if (s->states[i] == WAITING && is_probe(&s->plan->runs[i]) == probes) mark(s, i);
}

ockham_status ock_schedule_make(ock_schedule *s, const ockham_study *study, const ockham_plan *plan,
                                const ockham_journal *journal, const ockham_run_options *options, ockham_error *err) {
  *s = (ock_schedule){.study = study, .plan = plan, .journal = journal, .options = options};
  s->states = ock_alloc_zeroed(plan->n_runs, 1);
  if (!s->states) return ock_fail_memory(err, "the plan", plan->n_runs);
  for (size_t i = 0; i < plan->n_runs; i++) {
    bool wanted = is_wanted(s, &plan->runs[i]);
    s->states[i] = wanted ? WAITING : NOT_WANTED;
    s->n_wanted += wanted;
  }
  mark_all(s, true);
  mark_all(s, false);
  if (!s->failed) return OCKHAM_OK;
  ock_schedule_clear(s);
  return ock_fail_memory(err, "the plan", plan->n_runs);
}

void ock_schedule_clear(ock_schedule *s) {
  ock_free(s->states);
  s->states = NULL;
}

/* ---- going on ---- */

/* Another of the plan's runs that came to the same is under way. */
static bool is_running(const ock_schedule *s, const ockham_run *run) {
  for (size_t i = 0; i < s->plan->n_runs; i++) {
    ockham_run other = s->plan->runs[i];
    if (s->states[i] != RUNNING || other.scale != run->scale || other.seed != run->seed ||
        is_probe(&other) != is_probe(run) || memcmp(other.levels, run->levels, s->study->n_factors) != 0)
      continue;
    if (find_rate(s, &other) && other.rate == run->rate) return true;
  }
  return false;
}

bool ock_schedule_next(ock_schedule *s, size_t *number, ockham_run *run) {
  while (s->first < s->plan->n_runs && s->states[s->first] != WAITING) s->first++;
  for (size_t i = s->first; i < s->plan->n_runs; i++) {
    if (s->states[i] != WAITING) continue;
    *run = s->plan->runs[i];
    if (!find_rate(s, run) || is_running(s, run)) continue;
    if (is_done(s, find_run(s, i))) { /* its rate was not known before, or two runs came to the same */
      ock_schedule_end(s, i);
      continue;
    }
    *number = i;
    return true;
  }
  return false;
}

void ock_schedule_take(ock_schedule *s, size_t number) {
  s->states[number] = RUNNING;
}

void ock_schedule_end(ock_schedule *s, size_t number) {
  s->states[number] = ENDED;
  s->n_done++;
}

/* ---- time ---- */

/* Mean seconds of the runs of a scale; else what the plan says. */
static double seconds_of_scale(const ock_schedule *s, size_t scale) {
  size_t n, n_used = 0;
  double sum = 0;
  const ockham_run *runs = ock_journal_all(s->journal, &n);
  for (size_t i = 0; i < n; i++) {
    if (runs[i].scale != scale || isnan(runs[i].seconds) || runs[i].outcome != OCKHAM_OUTCOME_DONE) continue;
    sum += runs[i].seconds;
    n_used++;
  }
  if (n_used) return sum / (double)n_used;
  return s->plan->scales ? s->plan->scales[scale].run_seconds : NAN;
}

void ock_schedule_time(ock_schedule *s, size_t scale, double seconds) {
  double expected = seconds_of_scale(s, scale);
  if (isnan(expected)) return;
  s->seconds += seconds;
  s->expected += expected;
}

/* Times in the journal are of a core; where others use it as well, the clock goes on faster. */
double ock_schedule_seconds_left(const ock_schedule *s, size_t n_at_a_time) {
  double sum = 0;
  for (size_t scale = 0; scale < s->study->n_scales; scale++) {
    size_t n = 0, n_running = 0;
    for (size_t i = 0; i < s->plan->n_runs; i++) {
      if (s->plan->runs[i].scale != scale) continue;
      n += s->states[i] == WAITING;
      n_running += s->states[i] == RUNNING;
    }
    if (n + n_running > 0) sum += ((double)n + 0.5 * (double)n_running) * seconds_of_scale(s, scale);
  }
  double slower = s->expected > 0 ? s->seconds / s->expected : 1;
  return sum * slower / (double)n_at_a_time;
}

size_t ockham_study_waiting(const ockham_study *study, const ockham_plan *plan, const ockham_journal *journal) {
  ock_schedule schedule;
  if (ock_schedule_make(&schedule, study, plan, journal, &usual, NULL)) return 0;
  size_t n = schedule.n_wanted - schedule.n_done;
  ock_schedule_clear(&schedule);
  return n;
}

ockham_status ockham_plan_rates(const ockham_study *study, const ockham_plan *plan, const ockham_journal *journal,
                                double *rates, ockham_error *err) {
  ock_schedule schedule;
  OCK_TRY(ock_schedule_make(&schedule, study, plan, journal, &usual, err));
  for (size_t i = 0; i < plan->n_runs; i++) {
    ockham_run run = plan->runs[i];
    rates[i] = find_rate(&schedule, &run) ? run.rate : 0;
  }
  ock_schedule_clear(&schedule);
  return OCKHAM_OK;
}
