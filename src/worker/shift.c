/* SPDX-License-Identifier: Apache-2.0 */
/* A hand's thread: open, work, close, pause, and again. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "worker/crew.h"

enum { MOST_ATTEMPTS = 2 };

/* ---- what hand.h promises ---- */

void ock_hand_wake(ock_hand *hand) {
  (void)eventfd_write(hand->wake, 1);
}

void ock_hand_woken(ock_hand *hand) {
  eventfd_t unused;
  (void)eventfd_read(hand->wake, &unused);
}

bool ock_hand_is_ending(const ock_hand *hand) {
  return atomic_load_explicit(&hand->crew->ending, memory_order_acquire);
}

bool ock_hand_wait(ock_hand *hand, uint64_t until_ns) {
  struct pollfd waiter = {.fd = hand->wake, .events = POLLIN};
  for (;;) {
    uint64_t now = ock_clock_ns();
    if (until_ns && now >= until_ns) return false;
    uint64_t left = until_ns ? until_ns - now : 0;
    struct timespec pause = ock_timespec(left);
    if (ppoll(&waiter, 1, until_ns ? &pause : NULL, NULL) > 0) return true;
  }
}

void ock_hand_tell(ock_hand *hand, const ock_worker_event *event) {
  ock_worker_event whole = *event;
  whole.hand = hand->index;
  whole.process = hand->process;
  ock_crew_tell(hand->crew, &whole);
}

static void tell(member *self, ock_worker_event_kind kind, const char *text, const ock_job *job) {
  ock_worker_event event = {.kind = kind, .text = text, .exit_code = -1};
  if (job) event.request_id = job->request_id, event.hash = job->hash;
  ock_hand_tell(&self->hand, &event);
}

/* ---- the answer's check ---- */

static void check_answer(ock_crew *crew, const ock_job *job, ock_hand_result *result) {
  const ock_schema *schema = ock_crew_schema(crew);
  if (result->outcome != OCK_DONE || !schema || schema->n_outputs == 0) return;
  if (ock_schema_check_answer(schema, &job->request, &result->answer, &result->error)) result->outcome = OCK_BAD_ANSWER;
}

/* ---- one job ---- */

static void tell_death(member *self, const char *text, const ock_job *job) {
  if (!self->hand.crew->kind->tells_deaths) tell(self, OCK_WORKER_DIED, text, job);
}

static void tell_breaker(member *self, bool changed, bool open) {
  ock_crew *crew = self->hand.crew;
  char text[160];
  if (!changed) return;
  if (open)
    snprintf(text, sizeof text, "%zu failures of model %.64s in a row: requests are refused until one works",
             crew->options.breaker_failures, crew->options.model);
  else
    snprintf(text, sizeof text, "model %.64s works again", crew->options.model);
  tell(self, open ? OCK_BREAKER_OPEN : OCK_BREAKER_CLOSED, text, NULL);
}

static void tell_quarantine(member *self, const ock_job *job) {
  ock_crew *crew = self->hand.crew;
  char text[256];
  snprintf(text, sizeof text, "request %.80s killed two %ss of model %s: it is refused for an hour",
           job->request_id ? job->request_id : "without a name", crew->kind->noun, crew->options.model);
  tell(self, OCK_QUARANTINE, text, job);
}

/* The mutex is held. Next in the queue, with the hand's own reference; jobs whose time is over go to *list. */
static ock_job *take_job(member *self, ock_job **list) {
  ock_crew *crew = self->hand.crew;
  uint64_t now = ock_clock_ns();
  while (crew->first) {
    ock_job *job = crew->first;
    bool is_late = job->deadline_ns && now >= job->deadline_ns;
    if (!is_late && !job->own->cancelled && !ock_trouble_knows(crew, job->hash)) break;
    ock_crew_claim(crew, job);
    job->outcome = is_late ? OCK_LATE : job->own->cancelled ? OCK_CANCELLED : OCK_QUARANTINED;
    job->own->next = *list;
    *list = job;
  }
  ock_job *job = crew->first;
  if (!job || atomic_load(&crew->ending)) return NULL;
  ock_job_hold(job);
  return job;
}

/* The mutex is held. */
static void begin_job(member *self, ock_job *job) {
  ock_crew *crew = self->hand.crew;
  ock_crew_claim(crew, job); /* out of the queue */
  job->finished_ns = 0;
  job->own->state = JOB_RUNNING;
  job->started_ns = self->job_started_ns = ock_clock_ns();
  job->attempts++;
  self->job = job;
  crew->n_busy++;
  if (crew->kind->blocks) ock_keeper_call(crew, self->job_started_ns + ock_crew_timeout_ns(crew));
}

static bool counts_as_failure(const ock_hand_result *result) {
  return result->lost || result->outcome == OCK_TIMED_OUT || result->outcome == OCK_DIED ||
         result->outcome == OCK_UNAVAILABLE;
}

typedef struct news { /* what to tell once the mutex is free */
  bool answer, quarantined, breaker_changed;
  ock_job *refused;
} news;

static bool may_try_again(ock_crew *crew, const ock_job *job, const ock_hand_result *result) {
  return result->again && job->attempts < MOST_ATTEMPTS && !crew->breaker_open && !atomic_load(&crew->ending) &&
         !job->own->cancelled && !ock_trouble_knows(crew, job->hash);
}

static void note_service(ock_crew *crew, uint64_t service_ns) {
  double service = (double)service_ns;
  crew->mean_service_ns += (service - crew->mean_service_ns) * (crew->mean_service_ns > 0 ? 0.1 : 1);
}

/* The mutex is held. */
static news end_job(member *self, ock_job *job, ock_hand_result *result) {
  ock_crew *crew = self->hand.crew;
  news fresh = {0};
  bool failed = counts_as_failure(result);
  self->job = NULL;
  crew->n_busy--;
  if (result->outcome == OCK_STOPPED) {
    /* neither for nor against the hand */
  } else if (failed) {
    self->failures++;
    fresh.breaker_changed = ock_trouble_failed(crew);
    if (result->blamed) fresh.quarantined = ock_trouble_blame(crew, job->hash);
  } else {
    self->failures = 0;
    note_service(crew, ock_clock_ns() - self->job_started_ns);
    fresh.breaker_changed = ock_trouble_answered(crew);
    ock_trouble_forgive(crew, job->hash);
  }
  if (job->own->state == JOB_RUNNING && may_try_again(crew, job, result)) {
    ock_crew_push_front(crew, job);
    ock_crew_wake_one(crew);
  } else if (job->own->state == JOB_RUNNING) {
    ock_crew_claim(crew, job);
    fresh.answer = true;
  }
  if (fresh.breaker_changed && failed) fresh.refused = ock_crew_claim_waiting(crew);
  return fresh;
}

static void hand_over(member *self, ock_job *job, ock_hand_result *result) {
  job->answer = result->answer;
  result->answer = (ock_message){0};
  job->cpu_ns = result->cpu_ns;
  job->encode_ns = result->encode_ns;
  job->decode_ns = result->decode_ns;
  ock_crew_answer(self->hand.crew, job, result->outcome, "%s", result->error.message);
}

/* Returns whether the hand is still of use. */
static bool do_job(member *self, ock_job *job) {
  ock_crew *crew = self->hand.crew;
  ock_hand_result result = {0};
  crew->kind->call(&self->hand, job, self->job_started_ns + ock_crew_timeout_ns(crew), &result);
  check_answer(crew, job, &result);
  pthread_mutex_lock(&crew->mutex);
  news fresh = end_job(self, job, &result);
  pthread_mutex_unlock(&crew->mutex);
  if (result.lost) tell_death(self, result.error.message, job);
  if (fresh.quarantined) tell_quarantine(self, job);
  tell_breaker(self, fresh.breaker_changed, counts_as_failure(&result));
  if (fresh.answer) hand_over(self, job, &result);
  if (fresh.refused)
    ock_crew_answer_all(crew, fresh.refused, OCK_UNAVAILABLE, "no %s of model %s works", crew->kind->noun,
                        crew->options.model);
  ock_message_clear(&result.answer);
  ock_job_release(job);
  return !result.lost;
}

static void answer_passed_over(member *self, ock_job *list) {
  ock_crew *crew = self->hand.crew;
  const char *model = crew->options.model;
  while (list) {
    ock_job *job = list;
    list = job->own->next;
    if (job->outcome == OCK_LATE)
      ock_crew_answer(crew, job, OCK_LATE, "the deadline passed in the queue of model %s", model);
    else if (job->outcome == OCK_CANCELLED)
      ock_crew_answer(crew, job, OCK_CANCELLED, "the client of model %s left", model);
    else
      ock_crew_answer(crew, job, OCK_QUARANTINED, "this request killed two %ss of model %s and is not tried again",
                      crew->kind->noun, model);
  }
}

/* ---- a turn: from being up to being lost, or the end ---- */

static void leave_idle(member *self) {
  ock_crew *crew = self->hand.crew;
  for (member **link = &crew->idle; *link; link = &(*link)->next_idle) {
    if (*link != self) continue;
    *link = self->next_idle;
    break;
  }
  self->idle = false;
}

static bool wait_for_work(member *self) {
  ock_crew *crew = self->hand.crew;
  bool fine = true;
  if (crew->kind->watch)
    fine = crew->kind->watch(&self->hand);
  else
    ock_hand_wait(&self->hand, 0);
  if (fine) ock_hand_woken(&self->hand);
  return fine;
}

/* False: it is lost, with nothing to do. */
static bool work(member *self) {
  ock_crew *crew = self->hand.crew;
  for (;;) {
    ock_job *passed_over = NULL;
    pthread_mutex_lock(&crew->mutex);
    if (self->idle) leave_idle(self);
    ock_job *job = take_job(self, &passed_over);
    bool ends = !job && atomic_load(&crew->ending);
    if (job) {
      begin_job(self, job);
    } else if (!ends) {
      self->next_idle = crew->idle;
      crew->idle = self;
      self->idle = true;
    }
    pthread_mutex_unlock(&crew->mutex);
    answer_passed_over(self, passed_over);
    if (ends) return true;
    if (job ? !do_job(self, job) : !wait_for_work(self)) return job != NULL;
  }
}

static void end_turn(member *self, bool counted) {
  ock_crew *crew = self->hand.crew;
  bool ends = atomic_load(&crew->ending), breaker_changed = false;
  ock_job *refused = NULL;
  pthread_mutex_lock(&crew->mutex);
  if (self->idle) leave_idle(self);
  self->up = false;
  crew->n_up--;
  if (!ends) crew->n_deaths++;
  if (!ends && !counted) {
    self->failures++;
    breaker_changed = ock_trouble_failed(crew);
    if (breaker_changed) refused = ock_crew_claim_waiting(crew);
  }
  if (crew->first) ock_crew_wake_one(crew); /* it may have been this one that a job woke */
  pthread_mutex_unlock(&crew->mutex);
  if (!ends && !counted) tell_death(self, "it was lost while it had nothing to do", NULL);
  tell_breaker(self, breaker_changed, true);
  if (refused)
    ock_crew_answer_all(crew, refused, OCK_UNAVAILABLE, "no %s of model %s works", crew->kind->noun,
                        crew->options.model);
}

/* ---- opening ---- */

/* The first schema is the crew's; another one later would make answers of others than what clients were told. */
static ockham_status agree_on_schema(ock_crew *crew, ock_schema *schema, ockham_error *err) {
  if (schema->n_inputs + schema->n_outputs == 0) return OCKHAM_OK;
  ock_buffer mine = {0}, theirs = {0};
  pthread_mutex_lock(&crew->mutex);
  bool is_first = !ock_crew_schema(crew);
  if (is_first) {
    crew->schema = *schema;
    *schema = (ock_schema){0};
    atomic_store_explicit(&crew->known_schema, &crew->schema, memory_order_release);
  }
  pthread_mutex_unlock(&crew->mutex);
  if (is_first) return OCKHAM_OK;
  ock_schema_write(&crew->schema, &mine);
  ock_schema_write(schema, &theirs);
  bool failed = mine.failed || theirs.failed;
  bool equal = !failed && mine.size == theirs.size && memcmp(mine.bytes, theirs.bytes, mine.size) == 0;
  ock_buffer_clear(&mine);
  ock_buffer_clear(&theirs);
  if (failed) return ock_fail_memory(err, "a schema", 0);
  return equal ? OCKHAM_OK
               : ock_fail(err, OCKHAM_BAD_DATA, "expected the inputs and outputs that the first %s of model %s has",
                          crew->kind->noun, crew->options.model);
}

static void note_up(member *self) {
  ock_crew *crew = self->hand.crew;
  pthread_mutex_lock(&crew->mutex);
  self->up = true;
  self->retry_ns = 0;
  crew->n_up++;
  crew->n_starts++;
  bool changed = ock_trouble_started(crew);
  pthread_cond_broadcast(&crew->changed);
  pthread_mutex_unlock(&crew->mutex);
  char text[160];
  if (self->hand.process)
    snprintf(text, sizeof text, "%s %zu of model %s is up (process %ld)", crew->kind->noun, self->hand.index,
             crew->options.model, self->hand.process);
  else
    snprintf(text, sizeof text, "%s %zu of model %s is up", crew->kind->noun, self->hand.index, crew->options.model);
  tell(self, OCK_WORKER_UP, text, NULL);
  tell_breaker(self, changed, false);
}

static void note_not_up(member *self, const ockham_error *error) {
  ock_crew *crew = self->hand.crew;
  ock_job *refused = NULL;
  pthread_mutex_lock(&crew->mutex);
  self->failed_once = true;
  self->failures++;
  crew->n_deaths++;
  crew->last_failure = *error;
  bool changed = ock_trouble_failed(crew);
  if (changed) refused = ock_crew_claim_waiting(crew);
  pthread_cond_broadcast(&crew->changed);
  pthread_mutex_unlock(&crew->mutex);
  tell_breaker(self, changed, true);
  if (refused)
    ock_crew_answer_all(crew, refused, OCK_UNAVAILABLE, "no %s of model %s starts: %.400s", crew->kind->noun,
                        crew->options.model, error->message);
}

/* The connections to a server fail together, and again and again while it is away: that is told once a minute. */
static bool is_news(ock_crew *crew) {
  const uint64_t minute_ns = 60000000000u;
  if (!crew->options.url) return true;
  pthread_mutex_lock(&crew->mutex);
  uint64_t now = ock_clock_ns(); /* under the lock: never before told_ns, which another hand may just have set */
  bool fresh = !crew->told_ns || crew->told_starts != crew->n_starts || now - crew->told_ns >= minute_ns;
  if (fresh) crew->told_ns = now, crew->told_starts = crew->n_starts;
  pthread_mutex_unlock(&crew->mutex);
  return fresh;
}

static bool bring_up(member *self) {
  ock_crew *crew = self->hand.crew;
  ockham_error error = {0};
  ock_schema schema = {0};
  ockham_status status = crew->kind->open(&self->hand, &schema, &error);
  bool opened = status == OCKHAM_OK;
  if (opened) status = agree_on_schema(crew, &schema, &error);
  ock_schema_clear(&schema);
  if (status && opened)
    tell(self, OCK_WORKER_DIED, error.message, NULL);
  else if (status && !ock_hand_is_ending(&self->hand) && is_news(crew))
    tell_death(self, error.message, NULL);
  if (!status)
    note_up(self);
  else if (!ock_hand_is_ending(&self->hand))
    note_not_up(self, &error);
  return status == OCKHAM_OK;
}

static void pause_before_next(member *self) {
  ock_crew *crew = self->hand.crew;
  uint64_t pause_ms = crew->options.backoff_ms;
  for (size_t i = 1; i < self->failures && pause_ms < crew->options.most_backoff_ms; i++) pause_ms *= 2;
  if (pause_ms > crew->options.most_backoff_ms) pause_ms = crew->options.most_backoff_ms;
  uint64_t until = ock_clock_ns() + pause_ms * 1000000u;
  pthread_mutex_lock(&crew->mutex);
  self->retry_ns = until;
  pthread_mutex_unlock(&crew->mutex);
  while (!ock_hand_is_ending(&self->hand) && ock_hand_wait(&self->hand, until)) ock_hand_woken(&self->hand);
  pthread_mutex_lock(&crew->mutex);
  self->retry_ns = 0;
  pthread_mutex_unlock(&crew->mutex);
}

void *ock_shift_run(void *arg) {
  member *self = arg;
  ock_crew *crew = self->hand.crew;
  sigset_t all; /* they are for the server's threads; and a dead worker's pipe gives EPIPE, not SIGPIPE */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  while (!ock_hand_is_ending(&self->hand)) {
    bool up = bring_up(self);
    if (up) end_turn(self, work(self));
    crew->kind->close(&self->hand);
    if (!ock_hand_is_ending(&self->hand)) pause_before_next(self);
  }
  return NULL;
}
