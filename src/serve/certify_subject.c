/* SPDX-License-Identifier: Apache-2.0 */
/* A model that runs, and is asked one request at a time. */
#include <unistd.h>

#include "serve/certify.h"

/* ---- start and stop ---- */

/* What it is asked is odd on purpose, and no server has checked it. */
static ockham_status call_fitted(void *user, ock_message *request, ock_message *answer, ockham_error *err) {
  ock_version *fitted = user;
  OCK_TRY(ock_schema_check(&fitted->schema, request, true, err));
  return ock_fitted_answer(fitted, request, answer, err);
}

/* One hand, no queue, and no breaker: failures are what is looked for. */
static ockham_status start_crew(ock_subject *subject, ockham_error *err) {
  enum { NEVER = 1 << 30 };
  ock_crew_options options = ock_crew_options_of(subject->model);
  options.n_hands = options.queue_length = 1;
  options.backoff_ms = 10;
  options.most_backoff_ms = 1000;
  options.breaker_failures = NEVER;
  if (subject->model->file) {
    options.call = call_fitted;
    options.call_user = &subject->fitted;
  }
  if (options.command) {
    OCK_TRY(ock_helpers_make(subject->helpers, err));
    options.helpers = subject->helpers;
  }
  return ock_crew_start(&options, &subject->crew, err);
}

static ockham_status start(ock_subject *subject, ockham_error *err) {
  double begin = ock_clock_seconds();
  if (subject->model->file) {
    subject->fitted.settings = *subject->model;
    OCK_TRY(ock_fitted_open(&subject->fitted, err));
  }
  OCK_TRY(start_crew(subject, err));
  OCK_TRY(ock_crew_wait(subject->crew, err));
  subject->startup_seconds = ock_clock_seconds() - begin;
  subject->schema = subject->model->file ? &subject->fitted.schema : ock_crew_schema(subject->crew);
  return subject->schema ? OCKHAM_OK
                         : ock_fail(err, OCKHAM_UNSUPPORTED, "expected a server that says what it takes, found none");
}

ockham_status ock_subject_start(ock_subject *subject, const ockham_serve_model *model, ockham_error *err) {
  *subject = (ock_subject){.model = model};
  sem_init(&subject->done, 0, 0);
  ockham_status status = start(subject, err);
  if (status) ock_subject_stop(subject);
  return status;
}

void ock_subject_stop(ock_subject *subject) {
  if (!subject->model) return;
  if (subject->crew) ock_crew_stop(subject->crew, 1000);
  ock_helpers_remove(subject->helpers);
  ockham_model_free(subject->fitted.fitted);
  ock_schema_clear(&subject->fitted.schema);
  ock_arena_clear(&subject->fitted.arena);
  sem_destroy(&subject->done);
  *subject = (ock_subject){0};
}

/* ---- memory ---- */

void ock_subject_memory(ock_subject *subject, uint64_t *now, uint64_t *peak) {
  ock_crew_figures figures;
  if (subject->model->file) {
    ock_memory_of(getpid(), now, peak); /* it is computed in this process */
    return;
  }
  ock_crew_look(subject->crew, &figures);
  *now = figures.memory_bytes;
  *peak = figures.peak_memory_bytes;
}

/* ---- a request ---- */

static void tell_done(ock_job *job) {
  ock_subject *subject = job->user;
  sem_post(&subject->done);
}

static void take_answer(ock_job *job, size_t n_rows, ock_answer *answer) {
  *answer = (ock_answer){.message = job->answer,
                         .outcome = job->outcome,
                         .error = job->error,
                         .n_rows = n_rows,
                         .seconds = (double)(job->finished_ns - job->started_ns) * 1e-9,
                         .cpu_seconds = (double)job->cpu_ns * 1e-9};
  job->answer = (ock_message){0};
}

ockham_status ock_subject_ask(ock_subject *subject, ock_message *request, ock_answer *answer, ockham_error *err) {
  uint32_t retry_ms;
  ock_job *job = ock_job_new();
  *answer = (ock_answer){0};
  if (!job) {
    ock_message_clear(request);
    return ock_fail_memory(err, "a request", sizeof *job);
  }
  size_t n_rows = (size_t)request->n_rows;
  job->request = *request;
  *request = (ock_message){0};
  job->done = tell_done;
  job->user = subject;
  if (ock_crew_submit(subject->crew, job, &retry_ms))
    while (sem_wait(&subject->done) != 0) continue;
  take_answer(job, n_rows, answer);
  ock_job_release(job);
  return OCKHAM_OK;
}

void ock_answer_clear(ock_answer *answer) {
  ock_message_clear(&answer->message);
  *answer = (ock_answer){0};
}
