/* SPDX-License-Identifier: Apache-2.0 */
/* Runs, several at a time: what the plan holds and the journal lacks. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "ablate/journal.h"
#include "ablate/process.h"
#include "ablate/schedule.h"

enum { TICK_MS = 100, BLOCK = 1 << 16, MOST_LOG = 16 << 20, MOST_CORES = 1024, ENOUGH_FAILURES = 3 };

/* A place for one run at a time. */
typedef struct slot {
  bool busy, timed_out;
  int cpu;
  size_t number; /* of the run in the plan */
  ockham_run run;
  ock_child child;
  ock_metrics metrics;
  ock_line command, key, log_path;
  FILE *log;
  size_t n_logged;
  uint64_t began_ns, began_wall_ns;
} slot;

typedef struct runner {
  const ockham_study *study;
  ockham_journal *journal;
  ockham_run_options options;
  ock_schedule schedule;
  slot *slots;
  size_t n_started, n_slots, n_failed; /* of this session, as long as none has ever gone well: for giving up early */
  bool has_gone_well;
  struct pollfd *polled;
  char **environment;
  char *block;
  const char *folder;
} runner;

/* ---- starting ---- */

static void clear_slot(slot *s) {
  if (s->log) fclose(s->log);
  ock_metrics_clear(&s->metrics);
  ock_free(s->command.bytes);
  ock_free(s->key.bytes);
  ock_free(s->log_path.bytes);
  *s = (slot){.cpu = s->cpu};
}

static ockham_status open_log(runner *r, slot *s, ockham_error *err) {
  ock_line_add(&s->log_path, r->folder);
  ock_line_print(&s->log_path, "/%05" PRIu64 "-%s.log", s->run.id, r->study->scales[s->run.scale].name);
  if (s->log_path.failed) return ock_fail_memory(err, "a run", 0);
  s->log = fopen(s->log_path.bytes, "we");
  if (!s->log) return ock_fail(err, OCKHAM_CANNOT_WRITE, "%s: %s", ock_show(s->log_path.bytes).text, strerror(errno));
  fprintf(s->log, "$ %s\n", s->command.bytes);
  fflush(s->log);
  return OCKHAM_OK;
}

static bool is_taken(const runner *r, uint64_t id) {
  size_t n;
  const ockham_run *runs = ock_journal_all(r->journal, &n);
  for (size_t i = 0; i < n; i++)
    if (runs[i].id == id) return true;
  for (size_t i = 0; i < r->n_slots; i++)
    if (r->slots[i].busy && r->slots[i].run.id == id) return true;
  return false;
}

/* The plan's number, unless another run has it: then one that none has. */
static uint64_t choose_id(const runner *r, uint64_t planned) {
  if (planned > 0 && !is_taken(r, planned)) return planned;
  uint64_t id = ock_journal_next_id(r->journal);
  for (size_t i = 0; i < r->n_slots; i++)
    if (r->slots[i].busy && r->slots[i].run.id >= id) id = r->slots[i].run.id + 1;
  return id;
}

static ockham_status make_command(runner *r, slot *s, ockham_error *err) {
  char *command;
  OCK_TRY(ockham_run_command(r->study, &s->run, r->options.trainer, &command, err));
  if (!r->study->command) ock_line_add(&s->command, "exec ");
  ock_line_add(&s->command, command);
  ock_free(command);
  return s->command.failed ? ock_fail_memory(err, "a command", 0) : OCKHAM_OK;
}

static ockham_status start(runner *r, slot *s, size_t number, const ockham_run *run, ockham_error *err) {
  s->number = number;
  s->run = *run;
  ock_run_key(r->study, run, &s->key);
  if (s->key.failed) return ock_fail_memory(err, "a run", 0);
  const ockham_run *before = ock_journal_find(r->journal, s->key.bytes); /* a failed one, again */
  s->run.id = before ? before->id : choose_id(r, run->id);
  OCK_TRY(make_command(r, s, err));
  OCK_TRY(open_log(r, s, err));
  OCK_TRY(ock_child_start(s->command.bytes, s->cpu, r->environment, &s->child, err));
  s->began_ns = ock_clock_ns();
  s->began_wall_ns = ock_wall_ns();
  s->busy = true;
  r->n_started++;
  ock_schedule_take(&r->schedule, number);
  return OCKHAM_OK;
}

static ockham_status fill_slots(runner *r, ockham_error *err) {
  for (size_t i = 0; i < r->n_slots; i++) {
    ockham_run run;
    size_t number;
    slot *s = &r->slots[i];
    if (s->busy) continue;
    if (!ock_schedule_next(&r->schedule, &number, &run)) return OCKHAM_OK;
    ockham_status status = start(r, s, number, &run, err);
    if (status) clear_slot(s);
    OCK_TRY(status);
  }
  return OCKHAM_OK;
}

/* ---- reading ---- */

static void write_log(slot *s, const char *bytes, size_t size) {
  static const char cut[] = "\n[the rest is left out]\n";
  if (s->n_logged >= MOST_LOG) return;
  fwrite(bytes, 1, size, s->log);
  s->n_logged += size;
  if (s->n_logged >= MOST_LOG) fwrite(cut, 1, sizeof cut - 1, s->log);
}

/* What there is now, but not for ever from one that never stops. A pipe that the program closed is closed. */
static void read_output(runner *r, slot *s, int *file, bool has_metrics) {
  for (int round = 0; round < 64 && *file >= 0; round++) {
    ssize_t n = read(*file, r->block, BLOCK);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    if (n == 0) {
      close(*file);
      *file = -1;
      break;
    }
    write_log(s, r->block, (size_t)n);
    if (has_metrics) ock_metrics_feed(&s->metrics, r->block, (size_t)n);
  }
}

static void read_slot(runner *r, slot *s) {
  read_output(r, s, &s->child.out, true);
  read_output(r, s, &s->child.errors, false);
}

/* ---- ending ---- */

static ock_result result_of(runner *r, slot *s, const ock_child_end *end, bool was_killed) {
  char text[160];
  const char *why = was_killed ? "it was killed" : ock_child_why(end, text);
  ock_result result = ock_metrics_result(&s->metrics, r->study, why);
  double seconds = 1e-9 * (double)(ock_clock_ns() - s->began_ns);
  if (s->timed_out) {
    result.outcome = OCKHAM_OUTCOME_TIMED_OUT;
    result.loss = NAN;
    snprintf(result.why, sizeof result.why, "it took longer than %g s", r->study->timeout_s);
  }
  if (!r->study->command && !was_killed)
    result.seconds = end->cpu_seconds; /* of the built-in trainer, also where others use the core as well */
  else if (isnan(result.seconds))
    result.seconds = seconds;
  return result;
}

static ockham_status record(runner *r, slot *s, const ock_result *result, double cpu_seconds, ockham_error *err) {
  if (s->metrics.failed) return ock_fail_memory(err, "the metrics of a run", 0);
  ock_row row = {.run = &s->run,
                 .key = s->key.bytes,
                 .result = result,
                 .metrics = &s->metrics,
                 .command = s->command.bytes,
                 .log = s->log_path.bytes,
                 .cpu_seconds = cpu_seconds,
                 .began_ns = s->began_wall_ns,
                 .ended_ns = ock_wall_ns()};
  return ock_journal_put(r->journal, &row, err);
}

static void tell(runner *r, const slot *s, const ock_result *result) {
  const ockham_run *run = ock_journal_find(r->journal, s->key.bytes);
  if (!r->options.on_run || !run) return;
  char why[256];
  bool failed = ock_has_failed(result->outcome);
  snprintf(why, sizeof why, "%s; see %.80s", result->why, s->log_path.bytes);
  r->options.on_run(r->options.arg, run, failed ? why : NULL, r->schedule.n_done, r->schedule.n_wanted,
                    ock_schedule_seconds_left(&r->schedule, r->n_slots));
}

static bool went_well(ockham_outcome outcome) {
  return outcome != OCKHAM_OUTCOME_FAILED;
}

static bool has_one_that_went_well(ockham_journal *journal) {
  size_t n;
  const ockham_run *runs = ock_journal_all(journal, &n);
  for (size_t i = 0; i < n; i++)
    if (went_well(runs[i].outcome)) return true;
  return false;
}

/* Something that is wrong with every run is found by the first few; a level that is wrong leaves the others to be run,
 * also where its runs come first after a pilot or a stop. */
static ockham_status give_up_early(runner *r, const slot *s, const ock_result *result, ockham_error *err) {
  if (went_well(result->outcome)) r->has_gone_well = true;
  if (r->has_gone_well || ++r->n_failed < ENOUGH_FAILURES) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_DATA, "the first %zu runs all failed, the last: %s; see %.120s", r->n_failed,
                  result->why, s->log_path.bytes);
}

static ockham_status end_slot(runner *r, slot *s, ockham_error *err) {
  ock_child_end end = {0};
  ssize_t n = read(s->child.end, &end, sizeof end);
  read_slot(r, s);
  ock_metrics_end(&s->metrics);
  ock_child_kill(&s->child);
  ock_child_finish(&s->child);
  bool was_killed = n != (ssize_t)sizeof end;
  ock_result result = result_of(r, s, &end, was_killed);
  ockham_status status = record(r, s, &result, was_killed ? NAN : end.cpu_seconds, err);
  if (!status) {
    ock_schedule_end(&r->schedule, s->number);
    ock_schedule_time(&r->schedule, s->run.scale, 1e-9 * (double)(ock_clock_ns() - s->began_ns));
    tell(r, s, &result);
    status = give_up_early(r, s, &result, err);
  }
  clear_slot(s);
  return status;
}

static void stop_all(runner *r) {
  for (size_t i = 0; i < r->n_slots; i++)
    if (r->slots[i].busy) ock_child_kill(&r->slots[i].child);
  for (size_t i = 0; i < r->n_slots; i++) {
    ock_child_finish(&r->slots[i].child);
    clear_slot(&r->slots[i]);
  }
}

/* ---- the loop ---- */

static size_t count_busy(const runner *r) {
  size_t n = 0;
  for (size_t i = 0; i < r->n_slots; i++) n += r->slots[i].busy;
  return n;
}

static void end_late(runner *r) {
  for (size_t i = 0; i < r->n_slots; i++) {
    slot *s = &r->slots[i];
    if (!s->busy || s->timed_out || r->study->timeout_s <= 0) continue;
    if (1e-9 * (double)(ock_clock_ns() - s->began_ns) < r->study->timeout_s) continue;
    s->timed_out = true;
    ock_child_kill(&s->child);
  }
}

static void wait_a_little(runner *r) {
  nfds_t n = 0;
  for (size_t i = 0; i < r->n_slots; i++) {
    const ock_child *child = &r->slots[i].child;
    if (!r->slots[i].busy) continue;
    r->polled[n++] = (struct pollfd){.fd = child->out, .events = POLLIN};
    r->polled[n++] = (struct pollfd){.fd = child->errors, .events = POLLIN};
    r->polled[n++] = (struct pollfd){.fd = child->end, .events = POLLIN};
  }
  poll(r->polled, n, TICK_MS); /* closed ones are -1, which it passes over */
}

static ockham_status serve_slots(runner *r, ockham_error *err) {
  for (size_t i = 0; i < r->n_slots; i++) {
    slot *s = &r->slots[i];
    struct pollfd end = {.fd = s->child.end, .events = POLLIN};
    if (!s->busy) continue;
    bool has_ended = poll(&end, 1, 0) > 0 && end.revents;
    if (has_ended)
      OCK_TRY(end_slot(r, s, err));
    else
      read_slot(r, s);
  }
  return OCKHAM_OK;
}

static ockham_status loop(runner *r, ockham_error *err) {
  OCK_TRY(fill_slots(r, err));
  while (count_busy(r) > 0) {
    wait_a_little(r);
    OCK_TRY(serve_slots(r, err));
    end_late(r);
    if (ock_progress_stopped(&r->options.progress, "runs", r->schedule.n_done, r->schedule.n_wanted))
      return ock_fail(err, OCKHAM_INTERRUPTED, "stopped after %zu of %zu runs", r->schedule.n_done,
                      r->schedule.n_wanted);
    OCK_TRY(fill_slots(r, err));
  }
  return OCKHAM_OK;
}

/* ---- setting up ---- */

static ockham_status make_slots(runner *r, ockham_error *err) {
  size_t n_cores;
  int *cores = ock_child_cores(&n_cores);
  size_t n = r->options.cores ? r->options.cores : r->study->cores ? r->study->cores : n_cores ? n_cores : 1;
  r->n_slots = n < MOST_CORES ? n : MOST_CORES;
  r->slots = ock_alloc_zeroed(r->n_slots, sizeof *r->slots);
  r->polled = ock_alloc_array(3 * r->n_slots, sizeof *r->polled);
  r->environment = ock_child_environment();
  r->block = ock_alloc(BLOCK);
  bool is_made = r->slots && r->polled && r->environment && r->block;
  for (size_t i = 0; i < r->n_slots && is_made; i++)
    r->slots[i].cpu = !r->options.unpinned && r->n_slots <= n_cores ? cores[i] : -1;
  ock_free(cores);
  return is_made ? OCKHAM_OK : ock_fail_memory(err, "runs", r->n_slots * sizeof *r->slots);
}

static ockham_status run_plan(runner *r, const ockham_plan *plan, ockham_error *err) {
  OCK_TRY(ock_schedule_make(&r->schedule, r->study, plan, r->journal, &r->options, err));
  ockham_status status = loop(r, err);
  stop_all(r);
  ock_schedule_clear(&r->schedule);
  return status;
}

/* While what was run calls for more: rates beyond those of the plan, and runs that waited for them. */
static ockham_status run_further(runner *r, ockham_error *err) {
  r->options.retry = false; /* what failed has been tried again */
  for (bool more = r->study->widen > 0; more;) {
    size_t n, n_before = r->n_started;
    ockham_plan *plan;
    const ockham_run *runs = ock_journal_all(r->journal, &n);
    OCK_TRY(ockham_plan_make(r->study, runs, n, &plan, err));
    ockham_status status = run_plan(r, plan, err);
    ockham_plan_free(plan);
    OCK_TRY(status);
    more = r->n_started > n_before;
  }
  return OCKHAM_OK;
}

static ockham_status run_all(runner *r, const ockham_plan *plan, ockham_error *err) {
  OCK_TRY(ock_journal_lock(r->journal, err));
  r->has_gone_well = has_one_that_went_well(r->journal);
  OCK_TRY(make_slots(r, err));
  OCK_TRY(run_plan(r, plan, err));
  return run_further(r, err);
}

ockham_status ockham_study_run(const ockham_study *study, const ockham_plan *plan, ockham_journal *journal,
                               const ockham_run_options *options, ockham_error *err) {
  static const ockham_run_options usual = {0};
  runner r = {.study = study, .journal = journal, .options = options ? *options : usual};
  r.folder = r.options.folder ? r.options.folder : ock_journal_folder(journal);
  ockham_status status = run_all(&r, plan, err);
  ock_free(r.slots);
  ock_free(r.polled);
  ock_free(r.environment);
  ock_free(r.block);
  ock_journal_unlock(journal);
  return status;
}
