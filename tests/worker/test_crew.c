/* SPDX-License-Identifier: Apache-2.0 */
/* Many jobs: the queue, deadlines, cancellation, quarantine, the breaker, the end. */
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "crew_test.h"

static ock_crew_figures look(ock_crew *crew) {
  ock_crew_figures figures;
  ock_crew_look(crew, &figures);
  return figures;
}

/* A job that keeps the only hand busy, and is at it. */
static ock_job *occupy(ock_crew *crew, waiter *w, double ms) {
  ock_job *job = submit(crew, w, -ACT_SLEEP, ms);
  eventually(look(crew).n_busy == 1);
  return job;
}

static void expect(ock_job *job, ock_outcome outcome) {
  wait_done(job);
  if (job->outcome != outcome)
    fail_msg("expected '%s', found '%s': %s", ock_outcome_text(outcome), ock_outcome_text(job->outcome),
             job->error.message);
  ock_job_release(job);
}

static void expect_refused(ock_crew *crew, ock_job *job, ock_outcome outcome, uint32_t *retry_ms) {
  assert_false(ock_crew_submit(crew, job, retry_ms));
  assert_int_equal(job->outcome, outcome);
  assert_true(job->error.message[0]);
  assert_int_equal(((waiter *)job->user)->n_done, 0);
  ock_job_release(job);
}

/* ---- the table ---- */

static void test_outcomes(void **state) {
  (void)state;
  assert_int_equal(ock_outcome_status(OCK_DONE), 200);
  assert_int_equal(ock_outcome_status(OCK_QUARANTINED), 422);
  assert_string_equal(ock_outcome_reason(OCK_LATE), "CANCELED");
  assert_string_equal(ock_outcome_text(OCK_QUEUE_FULL), "the queue is full");
}

static void test_options_must_say_one_thing(void **state) {
  (void)state;
  ock_crew *crew = (ock_crew *)1;
  ockham_error error;
  ock_crew_options options = {.model = "m"};
  assert_int_equal(ock_crew_start(&options, &crew, &error), OCKHAM_BAD_ARGUMENT);
  assert_null(crew);
  options.command = model_command;
  options.url = "http://127.0.0.1:1/";
  assert_int_equal(ock_crew_start(&options, &crew, &error), OCKHAM_BAD_ARGUMENT);
}

/* ---- the queue ---- */

static void test_queue_is_bounded_and_in_order(void **state) {
  (void)state;
  enum { LENGTH = 5 };
  ock_crew_options options = actor_options(model_command, NULL);
  options.queue_length = LENGTH;
  ock_crew *crew = start_crew(&options);
  waiter first, waiting[LENGTH], over;
  ock_job *busy = occupy(crew, &first, 400), *jobs[LENGTH];
  for (int i = 0; i < LENGTH; i++) jobs[i] = submit(crew, &waiting[i], i, 0);
  uint32_t retry_ms = 0;
  expect_refused(crew, make_job(&over, 1, 1), OCK_QUEUE_FULL, &retry_ms);
  assert_true(retry_ms > 0);
  assert_int_equal(look(crew).n_waiting, LENGTH);
  assert_int_equal(look(crew).n_refused, 1);
  expect(busy, OCK_DONE);
  for (int i = 0; i < LENGTH; i++) {
    wait_done(jobs[i]);
    assert_true(answer_of(jobs[i], 0) == i + 0.75);
    if (i) assert_true(jobs[i]->started_ns > jobs[i - 1]->started_ns);
  }
  for (int i = 0; i < LENGTH; i++) ock_job_release(jobs[i]);
  ock_crew_stop(crew, 1000);
}

static void test_hands_work_at_once(void **state) {
  (void)state;
  enum { HANDS = 4 };
  ock_crew_options options = actor_options(model_command, NULL);
  options.n_hands = HANDS;
  ock_crew *crew = start_crew(&options);
  eventually(look(crew).n_up == HANDS);
  waiter w[HANDS];
  ock_job *jobs[HANDS];
  for (int i = 0; i < HANDS; i++) jobs[i] = submit(crew, &w[i], -ACT_SLEEP, 800);
  eventually(look(crew).n_busy == HANDS);
  for (int i = 0; i < HANDS; i++) expect(jobs[i], OCK_DONE);
  ock_crew_stop(crew, 1000);
}

/* ---- deadlines and cancellation ---- */

static void test_deadlines(void **state) {
  (void)state;
  ock_crew_options options = actor_options(model_command, NULL);
  ock_crew *crew = start_crew(&options);
  waiter w1, w2, w3;
  ock_job *running = make_job(&w1, -ACT_SLEEP, 600), *queued = make_job(&w2, 1, 1);
  running->deadline_ns = ock_clock_ns() + 50000000;
  queued->deadline_ns = ock_clock_ns() + 60000000;
  assert_true(ock_crew_submit(crew, running, NULL));
  eventually(look(crew).n_busy == 1);
  assert_true(ock_crew_submit(crew, queued, NULL));
  wait_done(running);
  assert_int_equal(running->outcome, OCK_LATE);
  assert_non_null(strstr(running->error.message, "the deadline passed after "));
  wait_done(queued);
  assert_int_equal(queued->outcome, OCK_LATE);
  assert_int_equal(queued->started_ns, 0);
  assert_int_equal(look(crew).n_busy, 1); /* the worker goes on */
  ock_job *next = submit(crew, &w3, 1, 1);
  expect(next, OCK_DONE);
  assert_int_equal(look(crew).n_starts, 1); /* nobody was ended for it */
  ock_job_release(running);
  ock_job_release(queued);
  ock_crew_stop(crew, 1000);
}

static void test_too_late(void **state) {
  (void)state;
  ock_crew_options options = actor_options(model_command, NULL);
  ock_crew *crew = start_crew(&options);
  waiter w, w2, w3, w4;
  ock_job *job = make_job(&w, 1, 1);
  job->deadline_ns = 1; /* long ago */
  expect_refused(crew, job, OCK_TOO_LATE, NULL);
  ask(crew, -ACT_SLEEP, 100, OCK_DONE, NULL); /* the mean is 100 ms now */
  ock_job *busy = occupy(crew, &w, 100);
  ock_job *waiting = submit(crew, &w2, 1, 1);
  job = make_job(&w3, 1, 1);
  job->deadline_ns = ock_clock_ns() + 50000000; /* one is ahead of it */
  uint32_t retry_ms = 0;
  expect_refused(crew, job, OCK_TOO_LATE, &retry_ms);
  assert_true(retry_ms >= 50);
  job = make_job(&w4, 1, 1);
  job->deadline_ns = ock_clock_ns() + (uint64_t)10000000000;
  assert_true(ock_crew_submit(crew, job, &retry_ms));
  expect(job, OCK_DONE);
  expect(waiting, OCK_DONE);
  expect(busy, OCK_DONE);
  ock_crew_stop(crew, 1000);
}

static void test_cancel(void **state) {
  (void)state;
  ock_crew_options options = actor_options(model_command, NULL);
  ock_crew *crew = start_crew(&options);
  waiter w1, w2, w3;
  ock_job *running = occupy(crew, &w1, 500), *queued = submit(crew, &w2, 1, 1), *last = submit(crew, &w3, 2, 2);
  ock_crew_cancel(crew, queued);
  wait_done(queued);
  assert_int_equal(queued->outcome, OCK_CANCELLED);
  ock_crew_cancel(crew, queued); /* again: nothing */
  assert_int_equal(look(crew).n_busy, 1);
  ock_crew_cancel(crew, running);
  wait_done(running);
  assert_int_equal(running->outcome, OCK_CANCELLED);
  assert_int_equal(running->answer.n_tensors, 0);
  expect(last, OCK_DONE);
  ock_crew_cancel(crew, running);
  assert_int_equal(w1.n_done, 1);
  ock_job_release(running);
  ock_job_release(queued);
  ock_crew_stop(crew, 1000);
}

/* A client that leaves between being watched and being handed over. */
static void test_cancel_before_submit(void **state) {
  (void)state;
  ock_crew_options options = actor_options(model_command, NULL);
  ock_crew *crew = start_crew(&options);
  waiter w1, w2;
  ock_job *running = occupy(crew, &w1, 2000), *early = make_job(&w2, 1, 1);
  ock_crew_cancel(crew, early);
  assert_true(ock_crew_submit(crew, early, NULL));
  expect(early, OCK_CANCELLED);
  assert_int_equal(w1.n_done, 0);
  ock_crew_cancel(crew, running);
  expect(running, OCK_CANCELLED);
  ock_crew_stop(crew, 1000);
}

/* ---- trouble ---- */

static void test_quarantine(void **state) {
  (void)state;
  notes seen = {0};
  ock_crew_options options = actor_options(model_command, &seen);
  ock_crew *crew = start_crew(&options);
  waiter w;
  ock_job *job = make_job(&w, -ACT_KILL, 0);
  job->hash = 42;
  job->request_id = "bad-1";
  assert_true(ock_crew_submit(crew, job, NULL));
  wait_done(job);
  assert_int_equal(job->outcome, OCK_DIED);
  assert_int_equal(job->attempts, 2);
  ock_job_release(job);
  wait_for_event(&seen, OCK_QUARANTINE, 1);
  assert_string_equal(seen.last[OCK_QUARANTINE],
                      "request bad-1 killed two workers of model m: it is refused for an hour");
  job = make_job(&w, -ACT_KILL, 0);
  job->hash = 42;
  expect_refused(crew, job, OCK_QUARANTINED, NULL);
  job = make_job(&w, 1, 1);
  job->hash = 43;
  assert_true(ock_crew_submit(crew, job, NULL));
  expect(job, OCK_DONE);
  assert_int_equal(look(crew).n_quarantined, 1);
  assert_int_equal(look(crew).n_deaths, 2);
  ock_crew_stop(crew, 1000);
}

/* Time-outs count too, one by one; a death that is no fault of the request is forgiven when it works. */
static void test_quarantine_by_time_out(void **state) {
  (void)state;
  ock_crew_options options = actor_options(model_command, NULL);
  options.timeout_ms = 100;
  ock_crew *crew = start_crew(&options);
  waiter w;
  for (int i = 0; i < 2; i++) {
    ock_job *job = make_job(&w, -ACT_HANG, 0);
    job->hash = 7;
    assert_true(ock_crew_submit(crew, job, NULL));
    expect(job, OCK_TIMED_OUT);
  }
  ock_job *job = make_job(&w, -ACT_HANG, 0);
  job->hash = 7;
  expect_refused(crew, job, OCK_QUARANTINED, NULL);
  ock_crew_stop(crew, 1000);
}

static void kill_worker(const notes *seen) {
  const char *at = strstr(seen->last[OCK_WORKER_UP], "(process ");
  kill((pid_t)strtol(at + 9, NULL, 10), SIGKILL);
}

/* kill -9 from outside, once idle and once mid-job: the job is answered all the same. */
static void test_killed_from_outside(void **state) {
  (void)state;
  notes seen = {0};
  ock_crew_options options = actor_options(model_command, &seen);
  ock_crew *crew = start_crew(&options);
  wait_for_event(&seen, OCK_WORKER_UP, 1);
  kill_worker(&seen);
  wait_for_event(&seen, OCK_WORKER_UP, 2);
  waiter w;
  ock_job *job = make_job(&w, -ACT_SLEEP, 500);
  job->hash = 5;
  assert_true(ock_crew_submit(crew, job, NULL));
  eventually(look(crew).n_busy == 1);
  kill_worker(&seen);
  wait_done(job);
  assert_int_equal(job->outcome, OCK_DONE);
  assert_int_equal(job->attempts, 2);
  ock_job_release(job);
  assert_int_equal(look(crew).n_quarantined, 0);
  ock_crew_stop(crew, 1000);
}

static void test_breaker(void **state) {
  (void)state;
  char path[] = "/tmp/ockham-starts-XXXXXX";
  close(mkstemp(path));
  const char *const command[] = {OCK_TEST_ACTOR, "fails-first", path, "6", NULL};
  notes seen = {0};
  ock_crew_options options = actor_options(command, &seen);
  options.breaker_failures = 3;
  options.backoff_ms = 20;
  options.most_backoff_ms = 100;
  ock_crew *crew;
  assert_ok(ock_crew_start(&options, &crew, err));
  ockham_error error;
  assert_int_equal(ock_crew_wait(crew, &error), OCKHAM_IO);
  assert_non_null(strstr(error.message, "exited with code 5"));
  waiter w1, w2;
  ock_job *waiting = submit(crew, &w1, 1, 1); /* taken, as it may still come up; given back when the breaker opens */
  expect(waiting, OCK_UNAVAILABLE);
  wait_for_event(&seen, OCK_BREAKER_OPEN, 1);
  uint32_t retry_ms = 0;
  expect_refused(crew, make_job(&w2, 1, 1), OCK_UNAVAILABLE, &retry_ms);
  assert_true(retry_ms >= 1);
  assert_true(look(crew).breaker_open);
  assert_false(ock_crew_ready(crew));
  wait_for_event(&seen, OCK_BREAKER_CLOSED, 1); /* the sixth start works */
  assert_true(ock_crew_ready(crew));
  assert_true(ask(crew, 1, 1, OCK_DONE, NULL) == 2.75);
  assert_int_equal(seen.n[OCK_WORKER_DIED], 5);
  ock_crew_stop(crew, 1000);
  unlink(path);
}

static void test_breaker_by_deaths(void **state) {
  (void)state;
  notes seen = {0};
  ock_crew_options options = actor_options(model_command, &seen);
  options.breaker_failures = 2;
  options.backoff_ms = 1000;
  options.most_backoff_ms = 1000;
  ock_crew *crew = start_crew(&options);
  ask(crew, -ACT_KILL, 0, OCK_DIED, NULL); /* both of its attempts */
  wait_for_event(&seen, OCK_BREAKER_OPEN, 1);
  waiter w;
  uint32_t retry_ms = 0;
  expect_refused(crew, make_job(&w, 1, 1), OCK_UNAVAILABLE, &retry_ms);
  assert_true(retry_ms > 0 && retry_ms <= 1001); /* when it starts again */
  wait_for_event(&seen, OCK_BREAKER_CLOSED, 1);
  ask(crew, 1, 1, OCK_DONE, NULL);
  ock_crew_stop(crew, 1000);
}

static void test_another_schema_is_refused(void **state) {
  (void)state;
  char path[] = "/tmp/ockham-starts-XXXXXX";
  close(mkstemp(path));
  const char *const command[] = {OCK_TEST_ACTOR, "other-hello", path, NULL};
  notes seen = {0};
  ock_crew_options options = actor_options(command, &seen);
  ock_crew *crew = start_crew(&options);
  assert_null(ock_crew_schema(crew)->columns);
  wait_for_event(&seen, OCK_WORKER_UP, 1);
  kill_worker(&seen);
  wait_for_event(&seen, OCK_WORKER_DIED, 3);
  assert_non_null(strstr(seen.last[OCK_WORKER_DIED], "expected the inputs and outputs that the first worker"));
  assert_int_equal(seen.n[OCK_WORKER_UP], 1);
  ock_crew_stop(crew, 1000);
  unlink(path);
}

/* ---- the end ---- */

static void test_stop_waits_then_refuses(void **state) {
  (void)state;
  enum { N = 6 };
  for (int patient = 0; patient < 2; patient++) {
    ock_crew_options options = actor_options(model_command, NULL);
    ock_crew *crew = start_crew(&options);
    waiter w[N];
    ock_job *jobs[N];
    for (int i = 0; i < N; i++) jobs[i] = submit(crew, &w[i], -ACT_SLEEP, patient ? 5 : 10000);
    eventually(look(crew).n_busy == 1);
    ock_crew_close(crew, patient ? 10000 : 30);
    waiter late;
    expect_refused(crew, make_job(&late, 1, 1), OCK_STOPPED, NULL);
    assert_int_equal(look(crew).n_up, 0);
    assert_int_equal(ock_crew_schema(crew)->n_inputs, 1);
    ock_crew_stop(crew, 0);
    for (int i = 0; i < N; i++) expect(jobs[i], patient ? OCK_DONE : OCK_STOPPED);
  }
  ock_crew_stop(NULL, 0);
}

/* ---- functions ---- */

static ockham_status add_up(void *user, ock_message *request, ock_message *answer, ockham_error *err) {
  const ock_tensor *x = ock_message_find(request, "x");
  double first = ock_tensor_number(x, 0), second = ock_tensor_number(x, 1);
  if (first == -ACT_SLEEP) sleep_ms((long)second);
  if (first == -ACT_REFUSE) return ock_fail(err, OCKHAM_BAD_DATA, "no");
  if (first == -ACT_FAIL) return ock_fail(err, OCKHAM_NO_MEMORY, "none left");
  ock_tensor *y = ock_message_add(answer, "y", OCK_FP64, (uint64_t[]){1}, 1, 0);
  memcpy(y->data, &(double){first + second + *(double *)user}, 8);
  return OCKHAM_OK;
}

static void test_functions(void **state) {
  (void)state;
  double more = 10;
  ock_crew_options options = {.model = "m", .call = add_up, .call_user = &more, .timeout_ms = 300, .n_hands = 2};
  ock_crew *crew = start_crew(&options);
  ockham_error error;
  assert_true(ask(crew, 1, 2, OCK_DONE, NULL) == 13);
  ask(crew, -ACT_REFUSE, 0, OCK_REFUSED, &error);
  assert_string_equal(error.message, "no");
  ask(crew, -ACT_FAIL, 0, OCK_FAILED, NULL);
  ask(crew, -ACT_SLEEP, 700, OCK_TIMED_OUT, NULL); /* it goes on, but nobody waits for it */
  assert_true(ask(crew, 1, 2, OCK_DONE, NULL) == 13);
  assert_null(ock_crew_schema(crew));
  assert_string_equal(look(crew).limits, "");
  ock_crew_stop(crew, 1000);
}

/* ---- exactly once ---- */

enum { THREADS = 8, JOBS_EACH = 500 };

typedef struct load {
  ock_crew *crew;
  unsigned seed;
  size_t n_by_outcome[OCK_OUTCOME_COUNT];
  bool fine;
} load;

static void put_load(load *l, int i) {
  waiter w;
  int what = (int)((l->seed = l->seed * 1103515245u + 12345u) >> 16) % 40;
  double first = what == 0 ? -ACT_KILL : what == 1 ? -ACT_BYTES : what == 2 ? -ACT_REFUSE : i;
  ock_job *job = make_job(&w, first, 1);
  job->hash = (uint64_t)l->seed + 1;
  if (what == 3) job->deadline_ns = ock_clock_ns() + 300000;
  uint32_t retry_ms;
  bool accepted = ock_crew_submit(l->crew, job, &retry_ms);
  if (accepted && what == 4) ock_crew_cancel(l->crew, job);
  if (accepted) wait_done(job);
  l->n_by_outcome[job->outcome]++;
  if (job->outcome == OCK_DONE && answer_of(job, 0) != first + 1.75) l->fine = false;
  ock_job_release(job);
}

static void *run_load(void *arg) {
  load *l = arg;
  for (int i = 0; i < JOBS_EACH; i++) put_load(l, i);
  return NULL;
}

static void test_exactly_once(void **state) {
  (void)state;
  ock_crew_options options = actor_options(model_command, NULL);
  options.n_hands = 3;
  ock_crew *crew = start_crew(&options);
  load loads[THREADS];
  pthread_t threads[THREADS];
  size_t n = 0, n_done = 0;
  for (unsigned i = 0; i < THREADS; i++) {
    loads[i] = (load){.crew = crew, .seed = i * 77 + 1, .fine = true};
    assert_int_equal(pthread_create(&threads[i], NULL, run_load, &loads[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_true(loads[i].fine);
    for (int j = 0; j < OCK_OUTCOME_COUNT; j++) n += loads[i].n_by_outcome[j];
    n_done += loads[i].n_by_outcome[OCK_DONE];
    assert_int_equal(loads[i].n_by_outcome[OCK_BAD_ANSWER] + loads[i].n_by_outcome[OCK_FAILED], 0);
  }
  assert_int_equal(n, THREADS * JOBS_EACH);
  assert_true(n_done > n * 8 / 10);
  assert_int_equal(look(crew).n_waiting, 0);
  ock_crew_stop(crew, 1000);
}

/* ---- nothing stays ---- */

static int count_open(void) {
  DIR *folder = opendir("/proc/self/fd");
  int n = 0;
  while (readdir(folder)) n++;
  closedir(folder);
  return n;
}

static void test_restarts_leave_nothing(void **state) {
  (void)state;
  notes seen = {0};
  ock_crew_options options = actor_options(model_command, &seen);
  options.most_backoff_ms = 1;
  ock_crew *crew = start_crew(&options);
  ask(crew, -ACT_KILL, 0, OCK_DIED, NULL);
  ask(crew, 1, 1, OCK_DONE, NULL);
  int before = count_open();
  for (int i = 0; i < 50; i++) {
    ask(crew, -ACT_KILL, 0, OCK_DIED, NULL);
    ask(crew, 1, 1, OCK_DONE, NULL);
  }
  assert_int_equal(count_open(), before);
  assert_int_equal(look(crew).n_starts, 103);
  ock_crew_stop(crew, 1000);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no children, dead ones neither */
}

static void test_children_go_with_their_worker(void **state) {
  (void)state;
  notes seen = {0};
  ock_crew_options options = actor_options(model_command, &seen);
  options.limits.n_processes = 20; /* a group, where there are any */
  ock_crew *crew = start_crew(&options);
  bool has_groups = strncmp(look(crew).limits, "cgroup", 6) == 0;
  ock_crew_stop(crew, 1000);
  for (int own_session = 0; own_session <= (int)has_groups; own_session++) {
    static const char *const command[] = {"sh", "-c", "exec \"" OCK_TEST_ACTOR "\" model ockham-stray", NULL};
    options.command = command;
    crew = start_crew(&options);
    ask(crew, -ACT_CHILD, own_session, OCK_DIED, NULL);
    ock_crew_stop(crew, 1000);
    eventually(!find_process("model ockham-stray"));
  }
}

/* ---- memory runs out ---- */

static void test_allocation_failures(void **state) {
  (void)state;
  double more = 10;
  ock_crew_options options = {.model = "m", .call = add_up, .call_user = &more, .n_hands = 2};
  for_each_allocation_failure(n) {
    ock_crew *crew = NULL;
    ock_fault_after(n);
    ockham_status status = ock_crew_start(&options, &crew, NULL);
    assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
    assert_true((status == OCKHAM_OK) == (crew != NULL));
    if (crew) ock_crew_stop(crew, 0);
  }
}

/* Of a process: whatever fails, a job is answered, and the crew recovers. */
static void test_allocation_failures_of_a_process(void **state) {
  (void)state;
  for (long n = 0; n < 60; n++) {
    ock_crew_options options = actor_options(model_command, NULL);
    options.most_backoff_ms = 1;
    ock_crew *crew = start_crew(&options);
    waiter w;
    ock_job *job = make_job(&w, 1, 1);
    ock_fault_after(n);
    assert_true(ock_crew_submit(crew, job, NULL));
    wait_done(job);
    bool missed = ock_fault_hits() == 0;
    ock_fault_clear();
    assert_true(job->outcome == OCK_DONE || job->outcome == OCK_FAILED || job->outcome == OCK_BAD_ANSWER);
    ock_job_release(job);
    ask(crew, 1, 1, OCK_DONE, NULL);
    ock_crew_stop(crew, 1000);
    if (missed) return;
  }
  fail_msg("it allocates without end");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_outcomes),
                                     cmocka_unit_test(test_options_must_say_one_thing),
                                     cmocka_unit_test(test_queue_is_bounded_and_in_order),
                                     cmocka_unit_test(test_hands_work_at_once),
                                     cmocka_unit_test(test_deadlines),
                                     cmocka_unit_test(test_too_late),
                                     cmocka_unit_test(test_cancel),
                                     cmocka_unit_test(test_cancel_before_submit),
                                     cmocka_unit_test(test_quarantine),
                                     cmocka_unit_test(test_quarantine_by_time_out),
                                     cmocka_unit_test(test_killed_from_outside),
                                     cmocka_unit_test(test_breaker),
                                     cmocka_unit_test(test_breaker_by_deaths),
                                     cmocka_unit_test(test_another_schema_is_refused),
                                     cmocka_unit_test(test_stop_waits_then_refuses),
                                     cmocka_unit_test(test_functions),
                                     cmocka_unit_test(test_exactly_once),
                                     cmocka_unit_test(test_restarts_leave_nothing),
                                     cmocka_unit_test(test_children_go_with_their_worker),
                                     cmocka_unit_test(test_allocation_failures),
                                     cmocka_unit_test(test_allocation_failures_of_a_process)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
