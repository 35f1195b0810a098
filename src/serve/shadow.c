/* SPDX-License-Identifier: Apache-2.0 */
/* Shadows get what the client's version got, once that was answered, through their own bounded queue: the first to be
 * dropped, and never waited for. Both answers are compared, the shadow's is recorded beside the client's. */
#include <string.h>

#include "serve/compare.h"
#include "serve/internal.h"

typedef struct shadow {
  ock_version *version;
  ock_message expected; /* the answer that the client got */
  char id[128];
  uint64_t time_ns, hash;
} shadow;

static void free_shadow(shadow *s) {
  ock_message_clear(&s->expected);
  ock_version_release(s->version);
  ock_free(s);
}

static void compare(shadow *s, const ock_job *job, ock_buffer *error, uint32_t *marks) {
  ock_meter *meter = &s->version->meter;
  double tolerance = s->version->settings.tolerance > 0 ? s->version->settings.tolerance : 1e-6;
  ock_difference d;
  ock_answers_compare(&s->expected, &job->answer, tolerance, &d);
  atomic_fetch_add(&meter->n_compared, 1);
  if (!d.n_different && !d.shape[0]) return;
  atomic_fetch_add(&meter->n_different, 1);
  *marks |= OCKHAM_MARK_DIFFERS;
  if (d.shape[0])
    ock_buffer_print(error, "%s", d.shape);
  else if (s->version->server->options.n_redact)
    ock_buffer_print(error, "%llu of %llu values differ", (unsigned long long)d.n_different,
                     (unsigned long long)d.n_values);
  else
    ock_buffer_print(error, "%llu of %llu values differ, most %s[%llu]: %.9g, the client got %.9g",
                     (unsigned long long)d.n_different, (unsigned long long)d.n_values, d.output,
                     (unsigned long long)d.at, d.b, d.a);
}

static ockham_request describe(const shadow *s, const ock_job *job, uint32_t marks, const char *error) {
  ockham_request r = {
      .time_ns = s->time_ns,
      .total_ns = job->finished_ns - job->queued_ns,
      .cpu_ns = job->cpu_ns,
      .hash = s->hash,
      .n_rows = job->request.n_rows,
      .status = (uint32_t)ock_outcome_status(job->outcome),
      .marks = marks,
      .id = s->id,
      .model = s->version->settings.name,
      .version = s->version->settings.version,
      .route = "",
      .key = "",
      .client = "",
      .error = error,
      .content_type = "application/json",
      .answer_type = "application/json",
  };
  r.phase_ns[OCKHAM_PHASE_COMPUTE] = job->started_ns ? job->finished_ns - job->started_ns : 0;
  return r;
}

/* The bodies of what differs or failed, written anew; not where columns are redacted, nor when they are too long. */
static uint64_t put_in_recording(const shadow *s, const ock_job *job, ockham_request *r) {
  ock_buffer body = {0}, answer = {0};
  size_t json_size, answer_json_size = 0;
  const ockham_serve_options *o = &s->version->server->options;
  bool done = job->outcome == OCK_DONE, keep = (r->marks & OCKHAM_MARK_DIFFERS || !done) && !o->n_redact;
  if (keep) ock_oip_encode_request(&job->request, false, &body, &json_size);
  if (keep && done)
    ock_oip_encode_answer(r->model, r->version, &job->request, &job->answer, &answer, &answer_json_size);
  if (keep && !body.failed && !answer.failed && body.size <= o->record_body_bytes) {
    r->body = body.bytes;
    r->body_size = body.size;
    r->json_size = json_size;
    r->answer = answer.bytes;
    r->answer_size = answer.size;
    r->answer_json_size = answer_json_size;
  }
  uint64_t number = ock_recorder_put(s->version->server->recorder, r);
  ock_buffer_clear(&body);
  ock_buffer_clear(&answer);
  return number;
}

/* It is watched as any version is. */
static void note_for_drift(const shadow *s, ock_job *job, const ockham_request *r, uint64_t number) {
  ock_version *v = s->version;
  ock_drift_request noted = {.time_s = (double)r->time_ns / 1e9,
                             .compute_s = (double)r->phase_ns[OCKHAM_PHASE_COMPUTE] / 1e9,
                             .number = number,
                             .n_rows = r->n_rows,
                             .answered = job->outcome == OCK_DONE,
                             .fault = r->status >= 500};
  if (v->drift) ock_drift_note(v->drift, ock_version_schema(v), &noted, &job->request, &job->answer);
}

static void record(shadow *s, ock_job *job) {
  ock_buffer error = {0};
  uint32_t marks = OCKHAM_MARK_SHADOW;
  if (job->outcome == OCK_DONE) {
    compare(s, job, &error, &marks);
  } else {
    atomic_fetch_add(&s->version->meter.n_unanswered, 1);
    bool quotes = !s->version->server->options.n_redact; /* the message may hold values */
    ock_buffer_text(&error, quotes ? job->error.message : ock_outcome_text(job->outcome));
  }
  ock_buffer_put(&error, "", 1);
  ockham_request r = describe(s, job, marks, error.failed ? "" : error.bytes);
  ock_meter_add(&s->version->meter, &r, ock_outcome_reason(job->outcome));
  uint64_t number = s->version->server->recorder ? put_in_recording(s, job, &r) : 0;
  note_for_drift(s, job, &r, number);
  ock_buffer_clear(&error);
}

static void done(ock_job *job) {
  shadow *s = job->user;
  record(s, job);
  ock_job_release(job);
  free_shadow(s);
}

static ock_version *find_shadow(ock_catalog *catalog, const ock_version *beside) {
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(catalog, i)); i++) {
    if (v->settings.shadow && v != beside && strcmp(v->settings.name, beside->settings.name) == 0) return v;
    ock_version_release(v);
  }
  return NULL;
}

/* The exchange has no more use for its tensors: they are moved, not copied. */
static void move_message(ock_message *from, ock_message *to) {
  *to = *from;
  from->arena = (ock_arena){0};
  from->tensors = NULL;
  from->n_tensors = from->n_wanted = 0;
}

/* Its inputs may be others than those of the version that was asked. False: it refuses the copy. */
static bool takes(const shadow *s, ock_job *job) {
  const ock_schema *schema = ock_version_schema(s->version);
  if (!schema || !ock_schema_check(schema, &job->request, s->version->fitted, &job->error)) return true;
  job->outcome = OCK_REFUSED;
  job->queued_ns = job->finished_ns = ock_clock_ns();
  return false;
}

void ock_shadow_send(ock_exchange *x) {
  if (!x->server->has_shadows) return;
  ock_version *version = find_shadow(&x->server->catalog, x->version);
  if (!version) return;
  shadow *s = ock_alloc_zeroed(1, sizeof *s);
  ock_job *job = ock_job_new();
  if (!s || !job) {
    ock_free(s);
    ock_job_release(job);
    ock_version_release(version);
    return;
  }
  s->version = version;
  s->time_ns = x->time_ns;
  s->hash = x->hash;
  memcpy(s->id, x->id, sizeof s->id);
  move_message(ock_exchange_request(x), &job->request);
  move_message(ock_exchange_answer(x), &s->expected);
  ock_job_name(job, s->id, NULL);
  job->hash = x->hash;
  job->done = done;
  job->user = s;
  if (!takes(s, job)) {
    done(job);
    return;
  }
  uint32_t retry_ms;
  if (ock_crew_submit(version->crew, job, &retry_ms)) return;
  atomic_fetch_add(&version->meter.n_dropped, 1);
  ock_job_release(job);
  free_shadow(s);
}
