/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "worker/crew.h"

#define STATUS(name, status, reason, text) [OCK_##name] = status,
#define REASON(name, status, reason, text) [OCK_##name] = reason,
#define TEXT(name, status, reason, text) [OCK_##name] = text,
static const int statuses[] = {OCK_OUTCOME_LIST(STATUS)};
static const char *const reasons[] = {OCK_OUTCOME_LIST(REASON)};
static const char *const texts[] = {OCK_OUTCOME_LIST(TEXT)};

int ock_outcome_status(ock_outcome outcome) {
  return statuses[outcome];
}

const char *ock_outcome_reason(ock_outcome outcome) {
  return reasons[outcome];
}

const char *ock_outcome_text(ock_outcome outcome) {
  return texts[outcome];
}

/* ---- jobs ---- */

typedef struct whole_job {
  ock_job job;
  ock_job_private own;
} whole_job;

ock_job *ock_job_new(void) {
  whole_job *whole = ock_alloc_zeroed(1, sizeof *whole);
  if (!whole) return NULL;
  whole->job.own = &whole->own;
  atomic_init(&whole->own.references, 1);
  return &whole->job;
}

static const char *copy_text(ock_job *job, const char *text) {
  size_t size = text ? strlen(text) + 1 : 0;
  char *copy = text ? ock_arena_array(&job->request.arena, size, 1) : NULL;
  return copy ? memcpy(copy, text, size) : NULL;
}

void ock_job_name(ock_job *job, const char *request_id, const char *traceparent) {
  job->request_id = copy_text(job, request_id);
  job->traceparent = copy_text(job, traceparent);
}

void ock_job_hold(ock_job *job) {
  atomic_fetch_add_explicit(&job->own->references, 1, memory_order_relaxed);
}

void ock_job_release(ock_job *job) {
  if (!job || atomic_fetch_sub_explicit(&job->own->references, 1, memory_order_acq_rel) != 1) return;
  ock_message_clear(&job->request);
  ock_message_clear(&job->answer);
  ock_free(job);
}
