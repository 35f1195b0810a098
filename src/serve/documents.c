/* SPDX-License-Identifier: Apache-2.0 */
/* What the server says of itself and its models. */
#include <jansson.h>
#include <string.h>

#include "serve/internal.h"

static void server_document(ock_exchange *x) {
  ock_buffer_text(&x->out, "{\"name\":\"ockham\",\"version\":\"" OCKHAM_VERSION
                           "\",\"extensions\":[\"binary_tensor_data\",\"statistics\",\"model_repository\"]}");
}

/* ---- health ---- */

static bool all_ready(ock_catalog *catalog) {
  bool ready = true;
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(catalog, i)); i++) {
    ready = ready && (v->settings.shadow || ock_version_ready(v));
    ock_version_release(v);
  }
  return ready;
}

static void health_document(ock_exchange *x) {
  if (x->target.route == OCK_ROUTE_LIVE) {
    ock_buffer_text(&x->out, "{\"live\":true}");
    return;
  }
  bool ready = !x->server->stopping && all_ready(&x->server->catalog);
  if (!ready) x->status = 503;
  ock_buffer_print(&x->out, "{\"ready\":%s}", ready ? "true" : "false");
}

static void model_ready_document(ock_exchange *x) {
  bool ready = ock_version_ready(x->version);
  if (!ready) x->status = 503;
  ock_buffer_print(&x->out, "{\"name\":\"%s\",\"ready\":%s}", x->version->settings.name, ready ? "true" : "false");
}

/* ---- metadata ---- */

static void write_versions(ock_exchange *x, const char *name) {
  ock_version *v;
  bool first = true;
  for (size_t i = 0; (v = ock_catalog_get(&x->server->catalog, i)); i++) {
    if (strcmp(v->settings.name, name) == 0) {
      ock_buffer_print(&x->out, "%s\"%s\"", first ? "" : ",", v->settings.version);
      first = false;
    }
    ock_version_release(v);
  }
}

static void model_document(ock_exchange *x) {
  const ock_schema *schema = ock_version_schema(x->version);
  if (!schema) {
    ock_exchange_fail_not_ready(x);
    return;
  }
  ock_buffer_print(&x->out, "{\"name\":\"%s\",\"versions\":[", x->version->settings.name);
  write_versions(x, x->version->settings.name);
  ock_buffer_print(&x->out, "],\"platform\":\"%s\",", x->version->platform);
  ock_schema_write(schema, &x->out);
  ock_buffer_text(&x->out, "}");
}

/* TensorFlow Serving's word for it. */
static void v1_model_document(ock_exchange *x) {
  ock_buffer_print(&x->out,
                   "{\"model_version_status\":[{\"version\":\"%s\",\"state\":\"%s\",\"status\":"
                   "{\"error_code\":\"OK\",\"error_message\":\"\"}}]}",
                   x->version->settings.version, ock_version_ready(x->version) ? "AVAILABLE" : "LOADING");
}

/* ---- statistics and index ---- */

static void stats_document(ock_exchange *x) {
  ock_version *v;
  bool first = true;
  ock_buffer_text(&x->out, "{\"model_stats\":[");
  for (size_t i = 0; (v = ock_catalog_get(&x->server->catalog, i)); i++) {
    bool wanted = !x->target.model[0] || (strcmp(v->settings.name, x->target.model) == 0 &&
                                          (!x->target.version[0] || !strcmp(v->settings.version, x->target.version)));
    if (wanted) {
      ock_buffer_text(&x->out, first ? "" : ",");
      ock_stats_write(v, &x->out);
      first = false;
    }
    ock_version_release(v);
  }
  ock_buffer_text(&x->out, "]}");
}

static void write_unloaded(ock_exchange *x, bool first) {
  ock_catalog *catalog = &x->server->catalog;
  pthread_rwlock_rdlock(&catalog->lock);
  for (size_t i = 0; i < catalog->n_unloaded; i++, first = false)
    ock_buffer_print(&x->out, "%s{\"name\":\"%s\",\"version\":\"\",\"state\":\"UNAVAILABLE\",\"reason\":\"unloaded\"}",
                     first ? "" : ",", catalog->unloaded[i]);
  pthread_rwlock_unlock(&catalog->lock);
}

/* The body may be {"ready": true}, which leaves out what cannot answer. False after an answer: it is something else. */
static bool read_index_request(ock_exchange *x, bool *only_ready) {
  *only_ready = false;
  if (!x->size) return true;
  json_t *body = json_loadb(x->body, x->size, JSON_REJECT_DUPLICATES, NULL);
  const json_t *ready = json_object_get(body, "ready");
  bool good = json_is_object(body) && (!ready || json_is_boolean(ready));
  *only_ready = json_is_true(ready);
  json_decref(body);
  if (!good) ock_exchange_fail(x, 400, "expected {} or {\"ready\": true or false}");
  return good;
}

static void index_document(ock_exchange *x) {
  bool only_ready, first = true;
  ock_version *v;
  if (!read_index_request(x, &only_ready)) return;
  ock_buffer_text(&x->out, "[");
  for (size_t i = 0; (v = ock_catalog_get(&x->server->catalog, i)); i++) {
    bool ready = ock_version_ready(v);
    if (ready || !only_ready) {
      const char *state = ready ? "READY" : v->state == OCK_VERSION_FAILED ? "UNAVAILABLE" : "LOADING";
      ock_buffer_print(&x->out, "%s{\"name\":\"%s\",\"version\":\"%s\",\"state\":\"%s\",\"reason\":", first ? "" : ",",
                       v->settings.name, v->settings.version, state);
      const char *problem = ock_version_problem(v);
      ock_buffer_json_text(&x->out, problem);
      ock_buffer_text(&x->out, "}");
      first = false;
    }
    ock_version_release(v);
  }
  if (!only_ready) write_unloaded(x, first);
  ock_buffer_text(&x->out, "]");
}

/* ---- worked examples ---- */

/* Of a fitted model the first centroid, which is what a row may look like; NULL: no memory, or another kind of model.
 */
static double *example_values(const ock_version *v) {
  if (!v->fitted) return NULL;
  double *values = ock_alloc_array(v->schema.n_columns, sizeof *values);
  if (values) ockham_model_centroid(v->fitted, 0, values);
  return values;
}

static void write_example_value(ock_buffer *out, const double *values, const ock_field *field, size_t at) {
  if (values)
    ock_buffer_print(out, "%.4g", values[at]);
  else if (field->datatype == OCK_BYTES)
    ock_buffer_text(out, "\"text\"");
  else
    ock_buffer_text(out, field->datatype == OCK_BOOL ? "true" : "1");
}

/* A row as the friendly forms take it: an object where columns have names. */
void ock_example_row(const ock_version *v, ock_buffer *out) {
  const ock_schema *schema = ock_version_schema(v);
  bool named = schema->columns;
  double *values = example_values(v);
  ock_buffer_text(out, named ? "[{" : "[[");
  for (size_t j = 0; j < schema->n_columns; j++) {
    const ock_field *field = &schema->inputs[schema->layout == OCK_LAYOUT_COLUMNS ? j : 0];
    if (j) ock_buffer_text(out, ", ");
    if (named) {
      ock_buffer_json_text(out, schema->columns[j]);
      ock_buffer_text(out, ": ");
    }
    write_example_value(out, values, field, j);
  }
  ock_buffer_text(out, named ? "}]" : "]]");
  ock_free(values);
}

/* A request of the protocol with one row. */
void ock_example_tensors(const ock_version *v, ock_buffer *out) {
  const ock_schema *schema = ock_version_schema(v);
  double *values = example_values(v);
  ock_buffer_text(out, "{\"inputs\": [");
  for (size_t i = 0; i < schema->n_inputs; i++) {
    const ock_field *field = &schema->inputs[i];
    size_t n = 1;
    ock_buffer_print(out, "%s{\"name\": ", i ? ", " : "");
    ock_buffer_json_text(out, field->name);
    ock_buffer_text(out, ", \"shape\": [");
    for (size_t d = 0; d < field->n_dimensions; d++) {
      size_t extent = field->shape[d] > 0 ? (size_t)field->shape[d] : 1;
      ock_buffer_print(out, "%s%zu", d ? ", " : "", extent);
      n *= extent;
    }
    ock_buffer_print(out, "], \"datatype\": \"%s\", \"data\": [", ock_datatype_name(field->datatype));
    for (size_t j = 0; j < n && j < 4096; j++) {
      if (j) ock_buffer_text(out, ", ");
      write_example_value(out, values, field, j);
    }
    ock_buffer_text(out, "]}");
  }
  ock_buffer_text(out, "]}");
  ock_free(values);
}

/* A text in single quotes for a shell. */
static void write_quoted(ock_buffer *out, const ock_buffer *text) {
  ock_buffer_text(out, "'");
  for (size_t i = 0; i < text->size; i++) {
    if (text->bytes[i] == '\'')
      ock_buffer_text(out, "'\\''");
    else
      ock_buffer_put(out, text->bytes + i, 1);
  }
  ock_buffer_text(out, "'");
}

void ock_example_curl(const ock_version *v, const char *url, bool tensors, ock_buffer *out) {
  const ock_schema *schema = ock_version_schema(v);
  if (!schema) return;
  tensors = tensors || schema->layout == OCK_LAYOUT_NONE;
  ock_buffer body = {0};
  if (tensors)
    ock_example_tensors(v, &body);
  else
    ock_example_row(v, &body);
  ock_buffer_text(out, "curl ");
  ock_buffer_print(out, tensors ? "%s/v2/models/%s/infer -d " : "%s/m/%s -d ", url, v->settings.name);
  write_quoted(out, &body);
  ock_buffer_clear(&body);
}

ockham_status ockham_server_example(ockham_server *server, const char *model, char **line, ockham_error *err) {
  bool known;
  ock_buffer out = {0};
  *line = NULL;
  ock_version *version = ock_catalog_find(&server->catalog, model, NULL, NULL, &known);
  if (version) ock_example_curl(version, server->url, false, &out);
  ock_version_release(version);
  if (!out.size && !out.failed) return OCKHAM_OK;
  return ock_buffer_give(&out, line, err);
}

/* The address by which the client reached us, where that is plain. */
static void own_url(const ock_exchange *x, char url[300]) {
  const char *host = ock_exchange_header(x, "Host");
  bool plain = host && *host && strlen(host) < 200 &&
               !host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]")];
  if (plain)
    snprintf(url, 300, "%s://%.200s", x->server->options.certificate ? "https" : "http", host);
  else
    snprintf(url, 300, "%s", x->server->url);
}

static void write_front(ock_exchange *x, ock_buffer *out) {
  char url[300];
  own_url(x, url);
  ock_buffer_text(out, "ockham " OCKHAM_VERSION "\n\n");
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&x->server->catalog, i)); i++) {
    const char *problem = ock_version_problem(v);
    ock_buffer_print(out, "%s, version %s: %s\n", v->settings.name, v->settings.version,
                     *problem               ? problem
                     : ock_version_ready(v) ? "ready"
                                            : "starting");
    if (ock_version_schema(v)) {
      ock_buffer_text(out, "  ");
      ock_example_curl(v, url, false, out);
      if (ock_version_schema(v)->layout != OCK_LAYOUT_NONE) {
        ock_buffer_text(out, "\n  ");
        ock_example_curl(v, url, true, out);
      }
    }
    ock_buffer_text(out, "\n\n");
    ock_version_release(v);
  }
  ock_buffer_print(out, "Rows may also be CSV or one JSON object a line. All there is: %s/openapi.json\n", url);
}

static void escape_html(const ock_buffer *text, ock_buffer *out) {
  for (size_t i = 0; i < text->size; i++) {
    switch (text->bytes[i]) {
      case '<':
        ock_buffer_text(out, "&lt;");
        break;
      case '>':
        ock_buffer_text(out, "&gt;");
        break;
      case '&':
        ock_buffer_text(out, "&amp;");
        break;
      default:
        ock_buffer_put(out, text->bytes + i, 1);
    }
  }
}

/* A browser asks for HTML before all else; it gets the same text. */
static void front_document(ock_exchange *x) {
  const char *accept = ock_exchange_header(x, "Accept");
  x->content_type = "text/plain; charset=utf-8";
  if (!accept || strncasecmp(accept, "text/html", 9) != 0) {
    write_front(x, &x->out);
    return;
  }
  x->content_type = "text/html; charset=utf-8";
  ock_buffer text = {0};
  write_front(x, &text);
  ock_buffer_text(
      &x->out,
      "<!doctype html><meta charset=utf-8><title>ockham</title><meta name=color-scheme content=\"light dark\">"
      "<pre style=\"white-space:pre-wrap;overflow-wrap:anywhere;max-width:60em;margin:2em auto\">");
  escape_html(&text, &x->out);
  ock_buffer_text(&x->out, "</pre>\n");
  x->out.failed |= text.failed;
  ock_buffer_clear(&text);
}

/* ---- which document ---- */

static void about_a_version(ock_exchange *x) {
  if (!ock_exchange_find_version(x)) return;
  switch (x->target.route) {
    case OCK_ROUTE_MODEL:
      model_document(x);
      break;
    case OCK_ROUTE_MODEL_READY:
      model_ready_document(x);
      break;
    case OCK_ROUTE_MODEL_STATS:
      stats_document(x);
      break;
    case OCK_ROUTE_MODEL_DRIFT:
      ock_drift_write(x->version, &x->out);
      break;
    default:
      v1_model_document(x);
      break;
  }
}

void ock_document_answer(ock_exchange *x) {
  x->status = 200;
  x->content_type = "application/json";
  switch (x->target.route) {
    case OCK_ROUTE_FRONT:
      if (x->admin)
        ock_admin_answer(x);
      else
        front_document(x);
      break;
    case OCK_ROUTE_OPENAPI:
      ock_openapi_write(x->server, &x->out);
      break;
    case OCK_ROUTE_SERVER:
      server_document(x);
      break;
    case OCK_ROUTE_LIVE:
    case OCK_ROUTE_READY:
    case OCK_ROUTE_PING:
      health_document(x);
      break;
    case OCK_ROUTE_ALL_STATS:
      stats_document(x);
      break;
    case OCK_ROUTE_INDEX:
      index_document(x);
      break;
    case OCK_ROUTE_MODEL:
    case OCK_ROUTE_MODEL_READY:
    case OCK_ROUTE_MODEL_STATS:
    case OCK_ROUTE_MODEL_DRIFT:
    case OCK_ROUTE_V1_MODEL:
      about_a_version(x);
      break;
    default:
      ock_admin_answer(x);
      break;
  }
}
