/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper answers for jobs that nobody else will: cancelled, past their deadline, running past the time-out of a
 * hand that cannot end them, or left when the crew ends. It looks at all of them each time, which is why it comes at
 * most once a millisecond for deadlines. */
#include "worker/crew.h"

static const uint64_t least_pause_ns = 1000000;

void ock_keeper_call(ock_crew *crew, uint64_t when_ns) {
  if (when_ns == 0) {
    crew->keeper_called = true;
  } else {
    if (crew->keeper_wake_ns && crew->keeper_wake_ns <= when_ns) return;
    crew->keeper_wake_ns = when_ns;
  }
  pthread_cond_signal(&crew->tick);
}

typedef struct due { /* what the keeper found */
  ock_job *first;
  uint64_t now, next_ns;
} due;

static void note_next(due *found, uint64_t at) {
  if (!found->next_ns || at < found->next_ns) found->next_ns = at;
}

/* What shall become of a job that is not answered; DONE: nothing yet. */
static ock_outcome judge(const ock_crew *crew, const ock_job *job, uint64_t give_up_ns, due *found) {
  if (atomic_load(&crew->ending)) return OCK_STOPPED;
  if (job->own->cancelled) return OCK_CANCELLED;
  if (give_up_ns && found->now >= give_up_ns) return OCK_TIMED_OUT;
  if (job->deadline_ns && found->now >= job->deadline_ns) return OCK_LATE;
  if (give_up_ns) note_next(found, give_up_ns);
  if (job->deadline_ns) note_next(found, job->deadline_ns);
  return OCK_DONE;
}

static void take(ock_crew *crew, ock_job *job, ock_outcome outcome, due *found) {
  ock_crew_claim(crew, job);
  job->outcome = outcome;
  job->own->next = found->first;
  found->first = job;
}

static void look_through(ock_crew *crew, due *found) {
  for (ock_job *job = crew->first, *next; job; job = next) {
    next = job->own->next;
    ock_outcome outcome = judge(crew, job, 0, found);
    if (outcome != OCK_DONE) take(crew, job, outcome, found);
  }
  for (size_t i = 0; i < crew->options.n_hands; i++) {
    member *one = &crew->members[i];
    if (!one->job || one->job->own->state != JOB_RUNNING) continue;
    uint64_t give_up_ns = crew->kind->blocks ? one->job_started_ns + ock_crew_timeout_ns(crew) : 0;
    ock_outcome outcome = judge(crew, one->job, give_up_ns, found);
    if (outcome != OCK_DONE) take(crew, one->job, outcome, found);
  }
}

static void answer(ock_crew *crew, ock_job *job) {
  const char *model = crew->options.model;
  double waited = (double)(job->finished_ns - job->queued_ns) * 1e-9;
  switch (job->outcome) {
    case OCK_CANCELLED:
      ock_crew_answer(crew, job, OCK_CANCELLED, "the client of model %s left after %.3f s", model, waited);
      break;
    case OCK_TIMED_OUT:
      ock_crew_answer(crew, job, OCK_TIMED_OUT, "model %s took longer than its time-out of %.3f s", model,
                      crew->options.timeout_ms * 1e-3);
      break;
    case OCK_LATE:
      ock_crew_answer(crew, job, OCK_LATE, "the deadline passed after %.3f s %s model %s", waited,
                      job->started_ns ? "in" : "in the queue of", model);
      break;
    default:
      ock_crew_answer(crew, job, OCK_STOPPED, "model %s is being unloaded", model);
  }
}

/* Until there is something to do; the mutex is held. */
static void sleep_on(ock_crew *crew) {
  while (!crew->keeper_called && !crew->keeper_ending) {
    uint64_t at = crew->keeper_wake_ns;
    if (at && at <= ock_clock_ns()) return;
    if (at)
      (void)ock_condition_wait(&crew->tick, &crew->mutex, at);
    else
      pthread_cond_wait(&crew->tick, &crew->mutex);
  }
}

static ock_job *find_due(ock_crew *crew) {
  due found = {.now = ock_clock_ns()};
  crew->keeper_called = false;
  look_through(crew, &found);
  if (found.next_ns && found.next_ns < found.now + least_pause_ns) found.next_ns = found.now + least_pause_ns;
  crew->keeper_wake_ns = found.next_ns;
  return found.first;
}

void *ock_keeper_run(void *arg) {
  ock_crew *crew = arg;
  pthread_mutex_lock(&crew->mutex);
  for (;;) {
    sleep_on(crew);
    ock_job *job = find_due(crew);
    bool ends = crew->keeper_ending && !job;
    pthread_mutex_unlock(&crew->mutex);
    if (ends) return NULL;
    while (job) {
      ock_job *next = job->own->next;
      answer(crew, job);
      job = next;
    }
    pthread_mutex_lock(&crew->mutex);
  }
}
