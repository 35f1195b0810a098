/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as JSON, and the budget in them read back. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <ockham/certify.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"
#include "wire/internal.h"

enum { FORMAT = 1 };

/* ---- writing ---- */

static void put_number(ock_buffer *out, const char *key, double value) {
  ock_buffer_print(out, "  \"%s\": ", key);
  ock_buffer_json_number(out, value);
  ock_buffer_text(out, ",\n");
}

static void put_interval(ock_buffer *out, const char *key, const ockham_interval *interval) {
  ock_buffer_print(out, "  \"%s\": {\"estimate\": ", key);
  ock_buffer_json_number(out, interval->value);
  ock_buffer_text(out, ", \"low\": ");
  ock_buffer_json_number(out, interval->low);
  ock_buffer_text(out, ", \"high\": ");
  ock_buffer_json_number(out, interval->high);
  ock_buffer_text(out, "},\n");
}

static void put_batches(ock_buffer *out, const ockham_budget *budget) {
  ock_buffer_text(out, "  \"batches\": [");
  for (size_t i = 0; i < OCKHAM_CERTIFY_BATCHES; i++) {
    ock_buffer_print(out, "%s\n    {\"rows\": %u, \"p50_seconds\": ", i ? "," : "", budget->batches[i].rows);
    ock_buffer_json_number(out, budget->batches[i].p50_seconds);
    ock_buffer_text(out, ", \"p99_seconds\": ");
    ock_buffer_json_number(out, budget->batches[i].p99_seconds);
    ock_buffer_text(out, "}");
  }
  ock_buffer_text(out, "\n  ],\n");
}

static void put_findings(ock_buffer *out, const ockham_certificate *certificate) {
  ock_buffer_text(out, "  \"findings\": [");
  for (size_t i = 0; i < OCKHAM_FINDING_COUNT; i++) {
    const ockham_finding *finding = &certificate->findings[i];
    ock_buffer_print(out, "%s\n    {\"name\": \"%s\", \"verdict\": \"%s\", \"text\": ", i ? "," : "", finding->name,
                     ockham_fit_text(finding->fit));
    ock_buffer_json_text(out, finding->text);
    ock_buffer_text(out, "}");
  }
  ock_buffer_text(out, "\n  ]\n}\n");
}

static void put_certificate(ock_buffer *out, const ockham_certificate *certificate, const char *model) {
  const ockham_budget *budget = &certificate->budget;
  ock_buffer_print(out, "{\n  \"ockham_budget\": %d,\n  \"model\": ", FORMAT);
  ock_buffer_json_text(out, model);
  ock_buffer_text(out, ",\n");
  put_number(out, "requests", (double)budget->requests);
  put_number(out, "startup_seconds", budget->startup_seconds);
  put_number(out, "memory_bytes", (double)budget->memory_bytes);
  put_number(out, "memory_limit_bytes", (double)budget->memory_limit_bytes);
  put_number(out, "timeout_ms", (double)budget->timeout_ms);
  put_interval(out, "cpu_seconds_per_row", &budget->cpu_seconds_per_row);
  put_interval(out, "cpu_seconds_per_request", &budget->cpu_seconds_per_request);
  put_interval(out, "growth_bytes_per_request", &budget->growth_bytes_per_request);
  put_batches(out, budget);
  put_findings(out, certificate);
}

ockham_status ockham_certificate_write(const ockham_certificate *certificate, const char *model, const char *path,
                                       ockham_error *err) {
  ock_buffer text = {0};
  ock_output output;
  put_certificate(&text, certificate, model);
  if (text.failed) {
    ock_buffer_clear(&text);
    return ock_fail_memory(err, "a certificate", 4096);
  }
  ockham_status status = ock_output_open(&output, path, err);
  if (!status) {
    ock_output_write(&output, text.bytes, text.size);
    status = ock_output_commit(&output, err);
    ock_output_abandon(&output);
  }
  ock_buffer_clear(&text);
  return status;
}

/* ---- reading ---- */

typedef struct reading {
  const char *path;
  ockham_error *err;
} reading;

/* A number that is not negative (or, with `any`, is), or null, which is NaN. */
static ockham_status get_number(const reading *r, const json_t *object, const char *where, const char *key, bool any,
                                double *value) {
  const json_t *item = json_object_get(object, key);
  *value = json_is_null(item) ? (double)NAN : json_number_value(item);
  if (json_is_null(item) || (json_is_number(item) && (any || *value >= 0))) return OCKHAM_OK;
  return ock_fail(r->err, OCKHAM_BAD_FILE, "%.160s: %s%s: expected a number%s or null, found %s", r->path, where, key,
                  any ? "" : " of at least 0",
                  !item                  ? "nothing"
                  : json_is_number(item) ? "one below"
                                         : "something else");
}

static ockham_status get_interval(const reading *r, const json_t *root, const char *key, ockham_interval *interval) {
  const json_t *item = json_object_get(root, key);
  char where[64];
  snprintf(where, sizeof where, "%s.", key);
  OCK_TRY(get_number(r, item, where, "estimate", true, &interval->value));
  OCK_TRY(get_number(r, item, where, "low", true, &interval->low));
  return get_number(r, item, where, "high", true, &interval->high);
}

static double whole(double value) {
  return value >= 0 ? fmin(value, 9007199254740992.0) : 0; /* NaN is 0: not known */
}

static ockham_status get_batches(const reading *r, const json_t *root, ockham_budget *budget) {
  const json_t *batches = json_object_get(root, "batches");
  if (json_array_size(batches) != OCKHAM_CERTIFY_BATCHES)
    return ock_fail(r->err, OCKHAM_BAD_FILE, "%.160s: batches: expected %d, found %zu", r->path, OCKHAM_CERTIFY_BATCHES,
                    json_array_size(batches));
  for (size_t i = 0; i < OCKHAM_CERTIFY_BATCHES; i++) {
    const json_t *item = json_array_get(batches, i);
    ockham_batch_latency *batch = &budget->batches[i];
    double rows;
    char where[32];
    snprintf(where, sizeof where, "batches[%zu].", i);
    OCK_TRY(get_number(r, item, where, "rows", false, &rows));
    OCK_TRY(get_number(r, item, where, "p50_seconds", false, &batch->p50_seconds));
    OCK_TRY(get_number(r, item, where, "p99_seconds", false, &batch->p99_seconds));
    batch->rows = (unsigned)fmin(whole(rows), 1e9);
  }
  return OCKHAM_OK;
}

static ockham_status get_budget(const reading *r, const json_t *root, ockham_budget *budget) {
  double requests, memory, limit, timeout;
  if (json_integer_value(json_object_get(root, "ockham_budget")) != FORMAT)
    return ock_fail(r->err, OCKHAM_BAD_FILE,
                    "%.160s: expected a file of `ockham certify` (\"ockham_budget\": %d), found none", r->path, FORMAT);
  OCK_TRY(get_number(r, root, "", "requests", false, &requests));
  OCK_TRY(get_number(r, root, "", "startup_seconds", false, &budget->startup_seconds));
  OCK_TRY(get_number(r, root, "", "memory_bytes", false, &memory));
  OCK_TRY(get_number(r, root, "", "memory_limit_bytes", false, &limit));
  OCK_TRY(get_number(r, root, "", "timeout_ms", false, &timeout));
  OCK_TRY(get_interval(r, root, "cpu_seconds_per_row", &budget->cpu_seconds_per_row));
  OCK_TRY(get_interval(r, root, "cpu_seconds_per_request", &budget->cpu_seconds_per_request));
  OCK_TRY(get_interval(r, root, "growth_bytes_per_request", &budget->growth_bytes_per_request));
  budget->requests = (uint64_t)whole(requests);
  budget->memory_bytes = (uint64_t)whole(memory);
  budget->memory_limit_bytes = (uint64_t)whole(limit);
  budget->timeout_ms = (unsigned)fmin(whole(timeout), 86400000);
  return get_batches(r, root, budget);
}

ockham_status ockham_budget_read(const char *path, ockham_budget *budget, ockham_error *err) {
  const reading r = {path, err};
  json_error_t where;
  FILE *stream = fopen(path, "rbe");
  *budget = (ockham_budget){0};
  if (!stream) return ock_fail(err, OCKHAM_IO, "%.160s: cannot be opened: %s", path, strerror(errno));
  json_t *root = json_loadf(stream, JSON_REJECT_DUPLICATES, &where);
  fclose(stream);
  if (!root)
    return ock_fail(err, OCKHAM_BAD_FILE, "%.160s:%d: expected JSON, found a mistake: %s", path, where.line,
                    where.text);
  ockham_budget read = {0};
  ockham_status status = get_budget(&r, root, &read);
  if (!status) *budget = read;
  json_decref(root);
  return status;
}
