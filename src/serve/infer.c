/* SPDX-License-Identifier: Apache-2.0 */
/* A request for inference: bytes to tensors, tensors to a version of a model, its answer back in the form that was
 * asked. */
#include <stdlib.h>
#include <string.h>

#include "serve/internal.h"

/* ---- which model ---- */

/* Each once: versions of a model may be anywhere in the catalog. Between the names are ", ", which no name holds. */
static bool is_listed(const ock_buffer *names, const char *name) {
  size_t n = strlen(name);
  const char *at = names->size ? names->bytes : NULL;
  while (at) {
    if (strncmp(at, name, n) == 0 && (!at[n] || at[n] == ',')) return true;
    at = strstr(at, ", ");
    if (at) at += 2;
  }
  return false;
}

static void list_names(ockham_server *server, ock_buffer *out) {
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
    if (!is_listed(out, v->settings.name)) ock_buffer_print(out, "%s%s", out->size ? ", " : "", v->settings.name);
    ock_version_release(v);
  }
}

static void fail_unknown(ock_exchange *x, bool known) {
  if (known) {
    ock_exchange_fail(x, 404, "model '%s' has no version '%s'", x->target.model, x->target.version);
    return;
  }
  ock_buffer names = {0};
  list_names(x->server, &names);
  ock_exchange_fail(x, 404, "there is no model '%s'; expected one of: %s", x->target.model,
                    names.size && !names.failed ? names.bytes : "(none is loaded)");
  ock_buffer_clear(&names);
}

/* A path without a name means the only model there is. */
static bool name_only_model(ock_exchange *x) {
  const char *given = ock_exchange_header(x, "X-Amzn-SageMaker-Target-Model");
  if (!given) given = ock_exchange_argument(x, "model");
  if (given && strlen(given) >= OCK_NAME_SIZE) {
    ock_exchange_fail(x, 404, "there is no model '%.80s...': names have at most %d bytes", given, OCK_NAME_SIZE - 1);
    return false;
  }
  if (given) {
    memcpy(x->target.model, given, strlen(given) + 1);
    return true;
  }
  ock_version *v;
  bool several = false;
  for (size_t i = 0; (v = ock_catalog_get(&x->server->catalog, i)); i++) {
    several = several || (x->target.model[0] && strcmp(x->target.model, v->settings.name) != 0);
    snprintf(x->target.model, sizeof x->target.model, "%s", v->settings.name);
    ock_version_release(v);
  }
  if (several) {
    x->target.model[0] = '\0';
    ock_exchange_fail(x, 400, "there are several models: say which by ?model=NAME");
  }
  return !several;
}

bool ock_exchange_find_version(ock_exchange *x) {
  if (!x->target.model[0] && !name_only_model(x)) return false;
  bool known;
  const char *version = x->target.version[0] ? x->target.version : NULL;
  x->version =
      ock_catalog_find(&x->server->catalog, x->target.model, version, ock_exchange_header(x, "X-Unit-Key"), &known);
  if (!x->version) fail_unknown(x, known);
  return x->version;
}

void ock_exchange_fail_not_ready(ock_exchange *x) {
  const char *problem = ock_version_problem(x->version);
  x->reason = "REJECTED";
  ock_exchange_fail(x, 503, "model '%s' is not ready: %s", x->version->settings.name,
                    *problem ? problem : "it is starting");
}

/* ---- which form ---- */

static bool type_is(const char *type, const char *wanted) {
  size_t n = strlen(wanted);
  return strncasecmp(type, wanted, n) == 0 && (!type[n] || type[n] == ';' || type[n] == ' ');
}

static bool type_is_csv(const char *type) {
  return type_is(type, "text/csv") || type_is(type, "application/csv") || type_is(type, "text/plain");
}

static bool type_is_lines(const char *type) {
  return type_is(type, "application/x-ndjson") || type_is(type, "application/ndjson") ||
         type_is(type, "application/jsonl") || type_is(type, "application/jsonlines") ||
         type_is(type, "application/json-lines");
}

/* What curl says of any body when nobody tells it is no more than nothing. */
static bool type_says_nothing(const char *type) {
  return !type || !*type || type_is(type, "application/x-www-form-urlencoded") ||
         type_is(type, "application/octet-stream");
}

static bool looks_like_json(const ock_exchange *x) {
  size_t blank = strspn(x->body, " \t\r\n");
  return x->body[blank] == '[' || x->body[blank] == '{';
}

static bool choose_form(ock_exchange *x) {
  const char *type = ock_exchange_header(x, "Content-Type");
  ock_form json = x->target.route == OCK_ROUTE_PREDICT       ? OCK_FORM_INSTANCES
                  : x->target.route == OCK_ROUTE_INVOCATIONS ? OCK_FORM_FRAME
                                                             : OCK_FORM_ROWS;
  if (x->target.route == OCK_ROUTE_INFER)
    x->form = OCK_FORM_OIP;
  else if (type_says_nothing(type))
    x->form = looks_like_json(x) ? json : OCK_FORM_CSV;
  else if (type_is_csv(type))
    x->form = OCK_FORM_CSV;
  else if (type_is_lines(type))
    x->form = OCK_FORM_NDJSON;
  else if (type_is(type, "application/json"))
    x->form = json;
  else
    ock_exchange_fail(x, 415,
                      "Content-Type: expected application/json, text/csv or application/x-ndjson, found '%.80s'", type);
  return !x->status;
}

/* ---- bytes to tensors ---- */

static bool set_json_size(ock_exchange *x) {
  const char *text = ock_exchange_header(x, "Inference-Header-Content-Length");
  x->json_size = 0;
  if (!text) return true;
  char *end;
  unsigned long long size = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || size > x->size) {
    ock_exchange_fail(x, 400, "Inference-Header-Content-Length: expected at most the body's %zu bytes, found '%.40s'",
                      x->size, text);
    return false;
  }
  x->json_size = (size_t)size;
  return true;
}

/* Header 0: no JSON, the body is the data of the only input (Triton's raw binary request), and so are the outputs. */
static ockham_status decode_raw(ock_exchange *x, const ock_schema *schema, ockham_error *err) {
  const ock_field *field = schema->inputs;
  size_t size = schema->n_inputs == 1 ? ock_datatype_size(field->datatype) : 0;
  uint64_t shape[OCK_DIMENSIONS], row = 1;
  size_t open = 0, n_open = 0;
  for (size_t i = 0; size && i < field->n_dimensions; i++) {
    shape[i] = field->shape[i] < 0 ? 1 : (uint64_t)field->shape[i];
    if (field->shape[i] < 0) open = i, n_open++;
    row = ock_size_product(row, shape[i]);
  }
  size_t row_bytes = ock_size_product(row, size);
  if (!row_bytes || n_open > 1 || x->size % row_bytes || (!n_open && x->size != row_bytes))
    return ock_fail(err, OCKHAM_BAD_DATA,
                    "a body without JSON must be the data of the model's only input%s, found %zu bytes",
                    row_bytes ? ", whole rows of it" : ", of one open dimension and not BYTES", x->size);
  if (n_open) shape[open] = x->size / row_bytes;
  ock_tensor *tensor = ock_message_add(&x->request, field->name, field->datatype, shape, field->n_dimensions, x->size);
  if (!tensor) return ock_fail_memory(err, "a tensor", x->size);
  memcpy(tensor->data, x->body, x->size);
  tensor->binary = x->request.binary_output = true;
  x->request.n_rows = field->n_dimensions ? shape[0] : 1;
  return OCKHAM_OK;
}

static ockham_status decode_tensors(ock_exchange *x, const ock_schema *schema, ockham_error *err) {
  bool raw = ock_exchange_header(x, "Inference-Header-Content-Length") && !x->json_size;
  return raw ? decode_raw(x, schema, err)
             : ock_oip_decode_request(x->body, x->size, x->json_size ? x->json_size : x->size, &x->request, err);
}

static bool decode(ock_exchange *x, const ock_schema *schema) {
  ockham_error err = {0};
  ockham_status status;
  if (x->form == OCK_FORM_OIP) {
    if (!set_json_size(x)) return false;
    status = decode_tensors(x, schema, &err);
  } else {
    status = ock_rows_decode(x->form, x->body, x->size, schema, &x->request, &err);
  }
  if (!status) status = ock_schema_check(schema, &x->request, x->version->fitted, &err);
  if (status) ock_exchange_fail_by(x, &err);
  return !status;
}

/* ---- tensors to bytes ---- */

static const char *type_of(const ock_exchange *x) {
  if (x->form == OCK_FORM_CSV) return "text/csv";
  if (x->form == OCK_FORM_NDJSON) return "application/x-ndjson";
  return x->out_json_size ? "application/octet-stream" : "application/json";
}

static void encode(ock_exchange *x) {
  uint64_t begin = ock_clock_ns();
  const ock_message *request = ock_exchange_request(x), *answer = ock_exchange_answer(x);
  if (ock_fitted_is_far(x->version, answer)) x->marks |= OCKHAM_MARK_FAR;
  const ockham_serve_model *settings = &x->version->settings;
  ockham_error err = {0};
  x->status = 200;
  if (x->form == OCK_FORM_OIP)
    ock_oip_encode_answer(settings->name, settings->version, request, answer, &x->out, &x->out_json_size);
  else if (ock_rows_encode(x->form, request, answer, &x->out, &err))
    ock_exchange_fail_by(x, &err);
  if (x->status == 200) x->content_type = type_of(x);
  x->phase_ns[OCKHAM_PHASE_ENCODE] = ock_clock_ns() - begin;
}

/* ---- the model ---- */

static void answer_now(ock_exchange *x, uint64_t begin) {
  ockham_error err = {0};
  ockham_status status = ock_fitted_answer(x->version, &x->request, &x->answer, &err);
  x->phase_ns[OCKHAM_PHASE_COMPUTE] = ock_clock_ns() - begin;
  if (status)
    ock_exchange_fail_by(x, &err);
  else
    encode(x);
}

static void fail_by_job(ock_exchange *x) {
  const ock_job *job = x->job;
  x->reason = ock_outcome_reason(job->outcome);
  if (job->outcome == OCK_DIED) x->marks |= OCKHAM_MARK_DIED;
  if (job->outcome == OCK_CANCELLED) x->marks |= OCKHAM_MARK_CANCELLED;
  ock_exchange_fail(x, (unsigned)ock_outcome_status(job->outcome), "%s",
                    job->error.message[0] ? job->error.message : ock_outcome_text(job->outcome));
}

/* In a thread of the crew. Once it is resumed, the exchange belongs to libmicrohttpd's thread again. */
static void wake(ock_job *job) {
  ock_exchange *x = job->user;
  ock_watch_remove(x->server->watch, x);
  MHD_resume_connection(x->connection);
}

/* X-Deadline-Ms: from the first byte of the request on. False after an answer: it is no number. */
static bool read_deadline(ock_exchange *x) {
  enum { MOST_DIGITS = 9 };
  const char *text = ock_exchange_header(x, "X-Deadline-Ms");
  if (!text) return true;
  size_t n = strspn(text, "0123456789");
  if (!n || text[n] || n > MOST_DIGITS) {
    ock_exchange_fail(x, 400, "X-Deadline-Ms: expected milliseconds, found '%.40s'", text);
    return false;
  }
  x->deadline_ns = x->begin_ns + strtoull(text, NULL, 10) * 1000000;
  return true;
}

static int socket_of(const ock_exchange *x) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

/* It is suspended first: the job may be done before this returns. */
static void hand_over(ock_exchange *x) {
  x->job = ock_job_new();
  if (!x->job) {
    ock_exchange_fail(x, 503, "not enough memory for a job");
    return;
  }
  x->job->request = x->request;
  x->request = (ock_message){0};
  x->job->hash = x->hash;
  x->job->deadline_ns = x->deadline_ns;
  ock_job_name(x->job, x->id, ock_exchange_trace(x));
  x->job->done = wake;
  x->job->user = x;
  x->stage = OCK_STAGE_WAITING;
  MHD_suspend_connection(x->connection);
  ock_watch_add(x->server->watch, x, socket_of(x));
  if (ock_crew_submit(x->version->crew, x->job, &x->retry_ms)) return;
  ock_watch_remove(x->server->watch, x);
  MHD_resume_connection(x->connection);
}

void ock_infer_begin(ock_exchange *x) {
  if (!ock_exchange_find_version(x)) return;
  const ock_schema *schema = ock_version_schema(x->version);
  if (!schema) {
    ock_exchange_fail_not_ready(x);
    return;
  }
  x->hash = ock_hash(x->body, x->size);
  if (!read_deadline(x) || !choose_form(x) || !decode(x, schema)) return;
  uint64_t now = ock_clock_ns();
  x->phase_ns[OCKHAM_PHASE_DECODE] = now - x->read_ns;
  if (x->version->fitted && ock_fitted_is_quick(x->version, x->request.n_rows))
    answer_now(x, now);
  else
    hand_over(x);
}

void ock_infer_finish(ock_exchange *x) {
  const ock_job *job = x->job;
  if (job->started_ns) {
    x->phase_ns[OCKHAM_PHASE_QUEUE] = job->started_ns - job->queued_ns;
    x->phase_ns[OCKHAM_PHASE_COMPUTE] = job->finished_ns - job->started_ns;
  } else if (job->finished_ns > job->queued_ns) {
    x->phase_ns[OCKHAM_PHASE_QUEUE] = job->finished_ns - job->queued_ns;
  }
  x->cpu_ns = job->cpu_ns;
  if (job->attempts > 1) x->marks |= OCKHAM_MARK_DIED; /* answered, by the second worker */
  if (job->outcome == OCK_DONE)
    encode(x);
  else
    fail_by_job(x);
}
