/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/crew.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "worker/limits.h"

uint64_t ock_crew_timeout_ns(const ock_crew *crew) {
  return (uint64_t)crew->options.timeout_ms * 1000000u;
}

void ock_crew_tell(ock_crew *crew, ock_worker_event *event) {
  if (!crew->options.told) return;
  event->model = crew->options.model;
  event->version = crew->options.version;
  if (!event->stderr_tail) event->stderr_tail = "";
  crew->options.told(crew->options.told_user, event);
}

/* ---- the queue ---- */

static void unlink_job(ock_crew *crew, ock_job *job) {
  ock_job_private *own = job->own;
  *(own->previous ? &own->previous->own->next : &crew->first) = own->next;
  *(own->next ? &own->next->own->previous : &crew->last) = own->previous;
  own->previous = own->next = NULL;
  crew->n_waiting--;
}

static void push_back(ock_crew *crew, ock_job *job) {
  job->own->previous = crew->last;
  job->own->next = NULL;
  *(crew->last ? &crew->last->own->next : &crew->first) = job;
  crew->last = job;
  crew->n_waiting++;
  job->own->state = JOB_WAITING;
}

void ock_crew_push_front(ock_crew *crew, ock_job *job) {
  job->own->previous = NULL;
  job->own->next = crew->first;
  *(crew->first ? &crew->first->own->previous : &crew->last) = job;
  crew->first = job;
  crew->n_waiting++;
  job->own->state = JOB_WAITING;
}

void ock_crew_wake_one(ock_crew *crew) {
  member *one = crew->idle;
  if (!one) return;
  crew->idle = one->next_idle;
  one->idle = false;
  ock_hand_wake(&one->hand);
}

void ock_crew_claim(ock_crew *crew, ock_job *job) {
  if (job->own->state == JOB_WAITING) unlink_job(crew, job);
  job->own->state = JOB_ANSWERED;
  job->finished_ns = ock_clock_ns();
}

ock_job *ock_crew_claim_waiting(ock_crew *crew) {
  ock_job *list = crew->first;
  for (ock_job *job = list; job; job = job->own->next) {
    job->own->state = JOB_ANSWERED;
    job->finished_ns = ock_clock_ns();
  }
  crew->first = crew->last = NULL;
  crew->n_waiting = 0;
  return list;
}

/* ---- answers ---- */

static void hand_back(ock_crew *crew, ock_job *job, ock_outcome outcome) {
  job->outcome = outcome;
  job->done(job);
  ock_job_release(job);
  pthread_mutex_lock(&crew->mutex);
  if (--crew->n_unanswered == 0) pthread_cond_broadcast(&crew->changed);
  pthread_mutex_unlock(&crew->mutex);
}

void ock_crew_answer(ock_crew *crew, ock_job *job, ock_outcome outcome, const char *format, ...) {
  if (outcome != OCK_DONE) {
    va_list arguments;
    va_start(arguments, format);
    job->error = (ockham_error){.status = OCKHAM_IO};
    vsnprintf(job->error.message, sizeof job->error.message, format, arguments);
    va_end(arguments);
  }
  hand_back(crew, job, outcome);
}

void ock_crew_answer_all(ock_crew *crew, ock_job *list, ock_outcome outcome, const char *format, ...) {
  char text[sizeof list->error.message];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  while (list) {
    ock_job *job = list;
    list = job->own->next;
    ock_crew_answer(crew, job, outcome, "%s", text);
  }
}

/* ---- what is refused at once ---- */

static uint64_t wait_ahead_ns(const ock_crew *crew) {
  size_t n_hands = crew->n_up ? crew->n_up : 1;
  return (uint64_t)((double)crew->n_waiting * crew->mean_service_ns / (double)n_hands);
}

static uint32_t in_ms(uint64_t ns) {
  uint64_t ms = ns / 1000000u + 1;
  return ms > 60000 ? 60000 : (uint32_t)ms;
}

static uint32_t next_start_ms(const ock_crew *crew) {
  uint64_t now = ock_clock_ns(), first = crew->n_up ? crew->trial_ns : UINT64_MAX;
  for (size_t i = 0; i < crew->options.n_hands; i++) {
    uint64_t at = crew->members[i].retry_ns;
    if (at && at < first) first = at;
  }
  if (first == UINT64_MAX) return 1000; /* one is being opened: nobody knows for how long */
  return first > now ? in_ms(first - now) : 1;
}

static bool refuse(ock_job *job, ock_outcome outcome, uint32_t *retry_ms, uint32_t ms, const char *format, ...)
    OCK_PRINTF(5, 6);
static bool refuse(ock_job *job, ock_outcome outcome, uint32_t *retry_ms, uint32_t ms, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  job->error = (ockham_error){.status = OCKHAM_IO};
  vsnprintf(job->error.message, sizeof job->error.message, format, arguments);
  va_end(arguments);
  job->outcome = outcome;
  job->finished_ns = job->queued_ns;
  *retry_ms = ms;
  return false;
}

static bool is_too_late(const ock_crew *crew, const ock_job *job) {
  if (!job->deadline_ns) return false;
  return job->queued_ns >= job->deadline_ns || wait_ahead_ns(crew) > job->deadline_ns - job->queued_ns;
}

static bool accept(ock_crew *crew, ock_job *job, uint32_t *retry_ms) {
  const ock_crew_options *o = &crew->options;
  if (crew->stopping) return refuse(job, OCK_STOPPED, retry_ms, 0, "model %s is being unloaded", o->model);
  if (ock_trouble_knows(crew, job->hash))
    return refuse(job, OCK_QUARANTINED, retry_ms, 0, "this request killed two %ss of model %s and is not tried again",
                  crew->kind->noun, o->model);
  if (crew->n_waiting >= o->queue_length)
    return refuse(job, OCK_QUEUE_FULL, retry_ms, in_ms(wait_ahead_ns(crew)),
                  "the queue of model %s is full: %zu requests are waiting", o->model, crew->n_waiting);
  if (is_too_late(crew, job))
    return refuse(job, OCK_TOO_LATE, retry_ms, in_ms(wait_ahead_ns(crew)),
                  "the deadline would pass in the queue of model %s: expected to wait for %.3f s", o->model,
                  (double)wait_ahead_ns(crew) * 1e-9);
  if (!ock_trouble_lets_through(crew, job->queued_ns))
    return refuse(job, OCK_UNAVAILABLE, retry_ms, next_start_ms(crew), "no %s of model %s works: %zu failures in a row",
                  crew->kind->noun, o->model, crew->failures_in_row);
  return true;
}

bool ock_crew_submit(ock_crew *crew, ock_job *job, uint32_t *retry_ms) {
  uint32_t unused;
  job->queued_ns = ock_clock_ns();
  pthread_mutex_lock(&crew->mutex);
  bool accepted = accept(crew, job, retry_ms ? retry_ms : &unused);
  if (accepted) {
    ock_job_hold(job);
    crew->n_unanswered++;
    push_back(crew, job);
    ock_crew_wake_one(crew);
    if (job->deadline_ns) ock_keeper_call(crew, job->deadline_ns);
    if (job->own->cancelled) ock_keeper_call(crew, 0); /* by a client that left before it was handed over */
  } else {
    crew->n_refused++;
  }
  pthread_mutex_unlock(&crew->mutex);
  return accepted;
}

void ock_crew_cancel(ock_crew *crew, ock_job *job) {
  pthread_mutex_lock(&crew->mutex);
  if (job->own->state != JOB_ANSWERED) {
    job->own->cancelled = true;
    ock_keeper_call(crew, 0);
  }
  pthread_mutex_unlock(&crew->mutex);
}

/* ---- looking ---- */

const ock_schema *ock_crew_schema(const ock_crew *crew) {
  return atomic_load_explicit(&crew->known_schema, memory_order_acquire);
}

bool ock_crew_ready(ock_crew *crew) {
  pthread_mutex_lock(&crew->mutex);
  bool ready = crew->n_up > 0 && !crew->breaker_open && !crew->stopping;
  pthread_mutex_unlock(&crew->mutex);
  return ready;
}

static void add_hand_figures(member *one, ock_crew_figures *figures) {
  ock_hand_figures own = {0};
  pthread_mutex_lock(&one->hand.lock);
  one->hand.crew->kind->look(&one->hand, &own);
  pthread_mutex_unlock(&one->hand.lock);
  figures->cpu_seconds += own.cpu_seconds;
  figures->memory_bytes += own.memory_bytes;
  if (own.peak_memory_bytes > figures->peak_memory_bytes) figures->peak_memory_bytes = own.peak_memory_bytes;
}

void ock_crew_look(ock_crew *crew, ock_crew_figures *figures) {
  pthread_mutex_lock(&crew->mutex);
  *figures = (ock_crew_figures){.n_hands = crew->options.n_hands,
                                .n_up = crew->n_up,
                                .n_busy = crew->n_busy,
                                .n_waiting = crew->n_waiting,
                                .n_starts = crew->n_starts,
                                .n_deaths = crew->n_deaths,
                                .n_quarantined = crew->n_quarantined,
                                .n_refused = crew->n_refused,
                                .mean_service_seconds = crew->mean_service_ns * 1e-9,
                                .breaker_open = crew->breaker_open,
                                .limits = crew->limits};
  pthread_mutex_unlock(&crew->mutex);
  if (!crew->kind->look) return;
  for (size_t i = 0; i < crew->options.n_hands; i++) add_hand_figures(&crew->members[i], figures);
}

/* ---- start ---- */

static const ock_hand_kind *choose_kind(const ock_crew_options *options) {
  bool has_command = options->command && options->command[0];
  if (has_command + (options->url != NULL) + (options->call != NULL) != 1) return NULL;
  return has_command ? &ock_hand_process : options->url ? &ock_hand_upstream : &ock_hand_call;
}

static void init_locks(ock_crew *crew) {
  pthread_mutex_init(&crew->mutex, NULL);
  ock_condition_init(&crew->changed);
  ock_condition_init(&crew->tick);
}

static ockham_status prepare_member(ock_crew *crew, size_t i, ockham_error *err) {
  ock_hand *hand = &crew->members[i].hand;
  *hand = (ock_hand){.crew = crew, .options = &crew->options, .index = i, .wake = -1};
  pthread_mutex_init(&hand->lock, NULL);
  hand->state = ock_alloc_zeroed(1, crew->kind->state_bytes);
  if (!hand->state) return ock_fail_memory(err, "a worker's state", crew->kind->state_bytes);
  hand->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return hand->wake < 0 ? ock_fail(err, OCKHAM_IO, "cannot make an eventfd: %s", strerror(errno)) : OCKHAM_OK;
}

static ockham_status prepare(ock_crew *crew, const ock_crew_options *options, ockham_error *err) {
  OCK_TRY(ock_crew_copy_options(crew, options, err));
  if (crew->kind == &ock_hand_process) ock_limits_describe(&crew->options.limits, crew->limits, sizeof crew->limits);
  size_t n = crew->options.n_hands;
  member *members = ock_alloc_zeroed(n, sizeof *members);
  if (!members) return ock_fail_memory(err, "a crew", n * sizeof *members);
  crew->members = members;
  for (size_t i = 0; i < n; i++) members[i].hand.wake = -1;
  for (size_t i = 0; i < n; i++) OCK_TRY(prepare_member(crew, i, err));
  return OCKHAM_OK;
}

static ockham_status run_threads(ock_crew *crew, ockham_error *err) {
  for (size_t i = 0; i < crew->options.n_hands; i++, crew->n_started++) {
    int failure = pthread_create(&crew->members[i].thread, NULL, ock_shift_run, &crew->members[i]);
    if (failure) return ock_fail(err, OCKHAM_IO, "cannot start a thread: %s", strerror(failure));
  }
  return OCKHAM_OK;
}

static void free_members(ock_crew *crew) {
  for (size_t i = 0; crew->members && i < crew->options.n_hands; i++) {
    ock_hand *hand = &crew->members[i].hand;
    if (!hand->crew) continue; /* it was not prepared */
    if (hand->state && crew->kind->free) crew->kind->free(hand);
    ock_free(hand->state);
    if (hand->wake >= 0) close(hand->wake);
    pthread_mutex_destroy(&hand->lock);
  }
  ock_free(crew->members);
}

static void destroy(ock_crew *crew) {
  free_members(crew);
  pthread_cond_destroy(&crew->tick);
  pthread_cond_destroy(&crew->changed);
  pthread_mutex_destroy(&crew->mutex);
  ock_schema_clear(&crew->schema);
  ock_arena_clear(&crew->arena);
  ock_free(crew);
}

ockham_status ock_crew_start(const ock_crew_options *options, ock_crew **out, ockham_error *err) {
  *out = NULL;
  const ock_hand_kind *kind = choose_kind(options);
  if (!kind)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected one of a command, a URL and a function for model %s",
                    options->model ? options->model : "?");
  ock_crew *crew = ock_alloc_zeroed(1, sizeof *crew);
  if (!crew) return ock_fail_memory(err, "a crew", sizeof *crew);
  crew->kind = kind;
  init_locks(crew);
  ockham_status status = prepare(crew, options, err);
  int failure = status ? 0 : pthread_create(&crew->keeper, NULL, ock_keeper_run, crew);
  if (failure) status = ock_fail(err, OCKHAM_IO, "cannot start a thread: %s", strerror(failure));
  if (status) {
    destroy(crew);
    return status;
  }
  status = run_threads(crew, err);
  if (status)
    ock_crew_stop(crew, 0);
  else
    *out = crew;
  return status;
}

/* ---- waiting, stopping ---- */

static const uint64_t look_pause_ns = 20000000;

static bool none_can_be_up(const ock_crew *crew) {
  for (size_t i = 0; i < crew->options.n_hands; i++)
    if (!crew->members[i].failed_once) return false;
  return true;
}

/* It may be set by a signal's handler, which cannot wake anybody up. */
static bool is_interrupted(const ock_crew *crew) {
  return crew->options.interrupted && atomic_load(crew->options.interrupted);
}

ockham_status ock_crew_wait(ock_crew *crew, ockham_error *err) {
  uint64_t now = ock_clock_ns(), end = now + (uint64_t)crew->options.startup_ms * 1000000u;
  pthread_mutex_lock(&crew->mutex);
  for (; !crew->n_up && !none_can_be_up(crew) && !crew->stopping && !is_interrupted(crew) && now < end;
       now = ock_clock_ns())
    (void)ock_condition_wait(&crew->changed, &crew->mutex, now + look_pause_ns < end ? now + look_pause_ns : end);
  ockham_status status = OCKHAM_OK;
  if (!crew->n_up && crew->stopping)
    status = ock_fail(err, OCKHAM_IO, "model %s is being unloaded", crew->options.model);
  else if (!crew->n_up && crew->last_failure.message[0])
    status =
        ock_fail(err, OCKHAM_IO, "model %s did not start: %.400s", crew->options.model, crew->last_failure.message);
  else if (!crew->n_up && is_interrupted(crew))
    status = ock_fail(err, OCKHAM_IO, "model %s is not waited for any more", crew->options.model);
  else if (!crew->n_up)
    status = ock_fail(err, OCKHAM_IO, "model %s did not start within %.1f s", crew->options.model,
                      crew->options.startup_ms * 1e-3);
  pthread_mutex_unlock(&crew->mutex);
  return status;
}

static void wake_all(ock_crew *crew) {
  for (size_t i = 0; i < crew->n_started; i++) ock_hand_wake(&crew->members[i].hand);
}

void ock_crew_close(ock_crew *crew, uint32_t timeout_ms) {
  if (!crew || crew->closed) return;
  crew->closed = true;
  uint64_t until = ock_clock_ns() + (uint64_t)timeout_ms * 1000000u;
  bool timed_out = false;
  pthread_mutex_lock(&crew->mutex);
  crew->stopping = true;
  pthread_cond_broadcast(&crew->changed); /* who waits for it to be up need not any more */
  while (crew->n_unanswered && !timed_out) timed_out = !ock_condition_wait(&crew->changed, &crew->mutex, until);
  atomic_store(&crew->ending, true);
  ock_keeper_call(crew, 0);
  wake_all(crew);
  pthread_mutex_unlock(&crew->mutex);
  for (size_t i = 0; i < crew->n_started; i++) pthread_join(crew->members[i].thread, NULL);
  pthread_mutex_lock(&crew->mutex);
  crew->keeper_ending = true;
  ock_keeper_call(crew, 0);
  pthread_mutex_unlock(&crew->mutex);
  pthread_join(crew->keeper, NULL);
}

void ock_crew_stop(ock_crew *crew, uint32_t timeout_ms) {
  if (!crew) return;
  ock_crew_close(crew, timeout_ms);
  destroy(crew);
}
