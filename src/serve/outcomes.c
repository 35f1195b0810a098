/* SPDX-License-Identifier: Apache-2.0 */
/* POST /admin/outcomes. Runs in a thread of its own: it reads the recording and waits for the disk. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serve/outcomes.h"

typedef struct outcomes {
  ock_exchange *x;
  json_t *root;
  ock_truth_said *said;
  size_t n;
  ock_truth *found; /* n: what will be stored */
  size_t *by_id;    /* those with an id, sorted by it */
  size_t n_by_id, n_open;
  bool *matched; /* n */
  ock_arena arena;
  bool failed;
} outcomes;

/* ---- the model ---- */

/* Whether the model's output is a class: a number that is not whole is none. Of a model that is not there, by the
 * value. */
static bool are_classes(outcomes *o, const ock_truth *found, const char *output, const json_t *predicted) {
  bool known, classes = !json_is_real(predicted);
  ock_version *v = ock_catalog_find(&o->x->server->catalog, found->model, found->version, NULL, &known);
  const ock_schema *schema = v ? ock_version_schema(v) : NULL;
  const ock_field *field = !schema || !schema->n_outputs ? NULL
                           : output                      ? ock_field_find(schema->outputs, schema->n_outputs, output)
                                                         : schema->outputs;
  if (field)
    classes = field->datatype != OCK_FP16 && field->datatype != OCK_BF16 && field->datatype != OCK_FP32 &&
              field->datatype != OCK_FP64;
  ock_version_release(v);
  return classes;
}

static const char *as_text(outcomes *o, const json_t *value) {
  char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
  const char *copy = text ? ock_arena_text(&o->arena, text, strlen(text)) : "";
  if (value && (!text || !copy)) o->failed = true;
  free(text);
  return copy ? copy : "";
}

/* With both there, how far apart they are. */
static void set_error(outcomes *o, size_t i, const json_t *predicted) {
  const ock_truth_said *said = &o->said[i];
  ock_truth *found = &o->found[i];
  found->predicted = as_text(o, predicted);
  if (!said->actual || !predicted) return;
  found->error = ock_truth_error(predicted, said->actual, are_classes(o, found, said->output, predicted));
}

/* ---- their requests ---- */

static _Thread_local const ock_truth_said *sorted; /* qsort() takes no context */

static int by_id(const void *a, const void *b) {
  return strcmp(sorted[*(const size_t *)a].id, sorted[*(const size_t *)b].id);
}

static void begin_matching(outcomes *o) {
  for (size_t i = 0; i < o->n; i++)
    if (o->said[i].id) o->by_id[o->n_by_id++] = i;
  sorted = o->said;
  qsort(o->by_id, o->n_by_id, sizeof *o->by_id, by_id);
  o->n_open = o->n_by_id;
}

/* The first place in by_id whose id is not less. */
static size_t find_id(const outcomes *o, const char *id) {
  size_t low = 0, high = o->n_by_id;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (strcmp(o->said[o->by_id[middle]].id, id) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool is_of(const ock_truth_said *said, const ockham_request *r) {
  return (!said->model || strcmp(said->model, r->model) == 0) &&
         (!said->version || strcmp(said->version, r->version) == 0);
}

static void match_one(outcomes *o, size_t i, const ockham_request *r, const json_t *answer) {
  ock_truth *found = &o->found[i];
  const ock_truth_said *said = &o->said[i];
  const char *model = ock_arena_text(&o->arena, r->model, strlen(r->model));
  const char *version = ock_arena_text(&o->arena, r->version, strlen(r->version));
  o->failed = o->failed || !model || !version;
  if (o->failed) return;
  found->model = model;
  found->version = version;
  found->request = r->number;
  o->matched[i] = true;
  o->n_open--;
  set_error(o, i,
            said->predicted ? said->predicted
            : answer        ? ock_truth_predicted(answer, said->output, said->row)
                            : NULL);
}

static json_t *answer_of(const ockham_request *r) {
  ock_buffer text = {0};
  if (!r->answer || r->marks & OCKHAM_MARK_CUT) return NULL;
  ock_body_explain(r->answer_type, (size_t)r->answer_json_size, r->answer, (size_t)r->answer_size, &text);
  json_t *answer = text.failed ? NULL : json_loadb(text.bytes, text.size, 0, NULL);
  ock_buffer_clear(&text);
  return answer;
}

/* Copies to shadows have the same id: they are matched by those who name them. */
static void match_request(outcomes *o, const ockham_request *r) {
  size_t at = find_id(o, r->id);
  json_t *answer = NULL;
  bool looked = false;
  for (; at < o->n_by_id && strcmp(o->said[o->by_id[at]].id, r->id) == 0; at++) {
    size_t i = o->by_id[at];
    if (o->matched[i] || !is_of(&o->said[i], r) || (r->marks & OCKHAM_MARK_SHADOW && !o->said[i].version)) continue;
    if (!looked) answer = answer_of(r);
    looked = true;
    match_one(o, i, r, answer);
  }
  json_decref(answer);
}

/* Once through the recording, from the newest on, until all are found. */
static ockham_status match(outcomes *o, ockham_error *err) {
  ockham_recording *recording;
  ockham_request request;
  bool found = true;
  begin_matching(o);
  if (!o->n_open) return OCKHAM_OK;
  OCK_TRY(ockham_recording_open(o->x->server->options.folder, &recording, err));
  ockham_recording_rewind(recording, true);
  ockham_status status = OCKHAM_OK;
  while (o->n_open && !o->failed && !(status = ockham_recording_next(recording, NULL, &request, &found, err)) && found)
    match_request(o, &request);
  ockham_recording_close(recording);
  return status;
}

/* ---- to those who watch ---- */

static ock_version *version_of(outcomes *o, const ock_truth *found) {
  bool known;
  if (!*found->model) return NULL;
  return ock_catalog_find(&o->x->server->catalog, found->model, found->version, NULL, &known);
}

/* An error that is no 0 or 1, where all before were. */
static ockham_status check_kinds(outcomes *o, ockham_error *err) {
  for (size_t i = 0; i < o->n; i++) {
    double error = o->found[i].error;
    if (isnan(error) || error == 0 || error == 1) continue;
    ock_version *v = version_of(o, &o->found[i]);
    bool events = v && v->drift && ock_drift_outcomes_are_events(v->drift) == 1;
    ock_version_release(v);
    if (events)
      return ock_fail(err, OCKHAM_BAD_DATA, "outcomes[%zu]: expected an error of 0 or 1, as all before, found %.6g", i,
                      error);
  }
  return OCKHAM_OK;
}

/* Each version's in their order, at once: a stretch of the same version after the other. */
static void watch(outcomes *o, size_t *n_used) {
  double *errors = ock_alloc_array(o->n, sizeof *errors);
  for (size_t i = 0, end; errors && i < o->n; i = end) {
    size_t n = 0;
    const ock_truth *first = &o->found[i];
    for (end = i; end < o->n; end++) {
      const ock_truth *one = &o->found[end];
      if (strcmp(one->model, first->model) != 0 || strcmp(one->version, first->version) != 0) break;
      if (!isnan(one->error)) errors[n++] = one->error;
    }
    ock_version *v = version_of(o, first);
    if (v && v->drift) {
      ock_drift_put_outcomes(v->drift, errors, n);
      *n_used += n;
    }
    ock_version_release(v);
  }
  ock_free(errors);
}

/* ---- all of it ---- */

static ockham_status begin(outcomes *o, ockham_error *err) {
  uint64_t now = ock_wall_ns();
  o->found = ock_alloc_zeroed(o->n, sizeof *o->found);
  o->by_id = ock_alloc_array(o->n, sizeof *o->by_id);
  o->matched = ock_alloc_zeroed(o->n, sizeof *o->matched);
  if (!o->found || !o->by_id || !o->matched) return ock_fail_memory(err, "outcomes", o->n * sizeof *o->found);
  for (size_t i = 0; i < o->n; i++) {
    const ock_truth_said *said = &o->said[i];
    o->found[i] = (ock_truth){.time_ns = (uint64_t)(said->time_s * 1e9),
                              .received_ns = now,
                              .id = said->id ? said->id : "",
                              .model = said->model ? said->model : "",
                              .version = said->version ? said->version : "",
                              .predicted = "",
                              .actual = as_text(o, said->actual),
                              .error = said->error};
    if (said->model && said->version && said->predicted) set_error(o, i, said->predicted);
  }
  return OCKHAM_OK;
}

static ockham_status take(outcomes *o, ockham_error *err) {
  OCK_TRY(ock_outcomes_parse(o->x->body, o->x->size, &o->root, &o->said, &o->n, err));
  OCK_TRY(begin(o, err));
  OCK_TRY(match(o, err));
  if (o->failed) return ock_fail_memory(err, "outcomes", o->n * sizeof *o->found);
  OCK_TRY(check_kinds(o, err));
  return o->n ? ock_outcomes_put(o->x->server->options.folder, o->found, o->n, err) : OCKHAM_OK;
}

static void answer(outcomes *o) {
  size_t n_used = 0, n_unknown = 0, n_open = 0;
  watch(o, &n_used);
  for (size_t i = 0; i < o->n; i++) {
    bool unknown = o->said[i].id && !o->matched[i] && !(o->said[i].model && o->said[i].version);
    n_unknown += unknown;
    n_open += !unknown && isnan(o->found[i].error);
  }
  ock_buffer_print(&o->x->out, "{\"stored\":%zu,\"watched\":%zu,\"unknown_requests\":%zu,\"without_answer\":%zu}", o->n,
                   n_used, n_unknown, n_open);
}

void ock_outcomes_answer(ock_exchange *x) {
  outcomes o = {.x = x};
  ockham_error err = {0};
  if (!x->server->recorder)
    ock_exchange_fail(x, 404, "this server keeps no recording, and no outcomes");
  else if (take(&o, &err))
    ock_exchange_fail_by(x, &err);
  else
    answer(&o);
  json_decref(o.root);
  ock_free(o.said);
  ock_free(o.found);
  ock_free(o.by_id);
  ock_free(o.matched);
  ock_arena_clear(&o.arena);
}
