/* SPDX-License-Identifier: Apache-2.0 */
/* /openapi.json: what can be asked of each model, as OpenAPI 3.1, made of the models' schemas. */
#include <string.h>

#include "serve/internal.h"

static const char *json_type(ock_datatype datatype) {
  switch (datatype) {
    case OCK_BOOL:
      return "boolean";
    case OCK_BYTES:
      return "string";
    case OCK_FP16:
    case OCK_BF16:
    case OCK_FP32:
    case OCK_FP64:
      return "number";
    default:
      return "integer";
  }
}

static void write_row_schema(const ock_schema *schema, ock_buffer *out) {
  ock_buffer_text(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
  for (size_t j = 0; j < schema->n_columns; j++) {
    const ock_field *field = &schema->inputs[schema->layout == OCK_LAYOUT_COLUMNS ? j : 0];
    ock_buffer_text(out, j ? "," : "");
    ock_buffer_json_text(out, schema->columns[j]);
    ock_buffer_print(out, ":{\"type\":\"%s\"}", json_type(field->datatype));
  }
  ock_buffer_text(out, "},\"required\":[");
  for (size_t j = 0; j < schema->n_columns; j++) {
    ock_buffer_text(out, j ? "," : "");
    ock_buffer_json_text(out, schema->columns[j]);
  }
  ock_buffer_text(out, "]}");
}

static void write_array_schema(const ock_schema *schema, ock_buffer *out) {
  ock_buffer_print(out, "{\"type\":\"array\",\"minItems\":%zu,\"maxItems\":%zu,\"items\":{\"type\":\"%s\"}}",
                   schema->n_columns, schema->n_columns, json_type(schema->inputs[0].datatype));
}

static void write_json_content(const ock_schema *schema, const char *wrapper, ock_buffer *out) {
  ock_buffer_text(out, "\"application/json\":{\"schema\":");
  if (*wrapper)
    ock_buffer_print(out, "{\"type\":\"object\",\"required\":[\"%s\"],\"properties\":{\"%s\":", wrapper, wrapper);
  ock_buffer_text(out, "{\"type\":\"array\",\"items\":");
  if (schema->columns)
    write_row_schema(schema, out);
  else
    write_array_schema(schema, out);
  ock_buffer_text(out, *wrapper ? "}}}}" : "}}");
}

static void write_path(const char *prefix, const char *name, const char *suffix, const char *summary, ock_buffer *out) {
  ock_buffer_print(out, ",\"%s%s%s\":{\"post\":{\"operationId\":\"%s%s%s\",\"summary\":\"%s\",", prefix, name, suffix,
                   name, *suffix ? "_" : "_rows", *suffix == ':' || *suffix == '/' ? suffix + 1 : suffix, summary);
  ock_buffer_text(out, "\"requestBody\":{\"required\":true,\"content\":{");
}

static void end_path(const char *result, ock_buffer *out) {
  ock_buffer_print(out,
                   "}},\"responses\":{\"200\":{\"description\":\"%s\",\"content\":{\"application/json\":{}}},"
                   "\"default\":{\"$ref\":\"#/components/responses/error\"}}}}",
                   result);
}

static void write_example(const ock_version *v, bool tensors, ock_buffer *out) {
  ock_buffer_text(out, ",\"example\":");
  if (tensors)
    ock_example_tensors(v, out);
  else
    ock_example_row(v, out);
}

static void write_version(const ock_version *v, ock_buffer *out) {
  const ock_schema *schema = ock_version_schema(v);
  const char *name = v->settings.name;
  write_path("/v2/models/", name, "/infer", "Open Inference Protocol", out);
  ock_buffer_text(out, "\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/infer\"}");
  write_example(v, true, out);
  ock_buffer_text(out, "},\"application/octet-stream\":{}");
  end_path("the outputs", out);
  if (schema->layout == OCK_LAYOUT_NONE) return;
  write_path("/m/", name, "", "Rows: JSON, CSV, or one JSON row a line", out);
  write_json_content(schema, "", out);
  out->size -= !out->failed;
  write_example(v, false, out);
  ock_buffer_text(out, "},\"text/csv\":{},\"application/x-ndjson\":{}");
  end_path("a row of outputs for each row", out);
  write_path("/v1/models/", name, ":predict", "TensorFlow Serving's form", out);
  write_json_content(schema, "instances", out);
  end_path("{\\\"predictions\\\": [...]}", out);
}

static void write_admin(ock_buffer *out) {
  ock_buffer_text(out,
                  ",\"/v2/models/{model}/drift\":{\"get\":{\"summary\":\"Whether rows still look like the profile's\","
                  "\"description\":\"At the admin address only.\",\"parameters\":[{\"name\":\"model\",\"in\":\"path\","
                  "\"required\":true,\"schema\":{\"type\":\"string\"}}],\"responses\":{\"200\":{\"description\":"
                  "\"status, signals, episodes\"},\"default\":{\"$ref\":\"#/components/responses/error\"}}}},"
                  "\"/admin/outcomes\":{\"post\":{\"summary\":\"What turned out later of what was answered\","
                  "\"description\":\"At the admin address only. A list, or one object a line.\",\"requestBody\":"
                  "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"type\":\"array\",\"items\":"
                  "{\"$ref\":\"#/components/schemas/outcome\"}}},\"application/x-ndjson\":{}}},\"responses\":{\"200\":"
                  "{\"description\":\"how many were stored and watched\"},"
                  "\"default\":{\"$ref\":\"#/components/responses/error\"}}}}");
}

static void write_outcome_schema(ock_buffer *out) {
  ock_buffer_text(out,
                  "\"outcome\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                  "\"id\":{\"type\":\"string\"},\"model\":{\"type\":\"string\"},\"version\":{\"type\":\"string\"},"
                  "\"output\":{\"type\":\"string\"},\"row\":{\"type\":\"integer\",\"minimum\":0},"
                  "\"actual\":{\"type\":[\"number\",\"string\",\"boolean\"]},"
                  "\"predicted\":{\"type\":[\"number\",\"string\",\"boolean\"]},"
                  "\"error\":{\"type\":[\"number\",\"boolean\"],\"minimum\":0},"
                  "\"time\":{\"type\":[\"number\",\"string\"]}}},");
}

/* The first version of each name stands for all. */
static bool is_first(ockham_server *server, const ock_version *version, size_t at) {
  bool first = true;
  for (size_t i = 0; i < at && first; i++) {
    ock_version *v = ock_catalog_get(&server->catalog, i);
    if (!v) break;
    first = strcmp(v->settings.name, version->settings.name) != 0 || !ock_version_schema(v);
    ock_version_release(v);
  }
  return first;
}

void ock_openapi_write(ockham_server *server, ock_buffer *out) {
  ock_buffer_print(
      out,
      "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"ockham\",\"version\":\"" OCKHAM_VERSION
      "\"},"
      "\"servers\":[{\"url\":\"%s\"}],\"paths\":{"
      "\"/v2\":{\"get\":{\"responses\":{\"200\":{\"description\":\"name, version, extensions\"}}}},"
      "\"/v2/models/{model}\":{\"get\":{\"parameters\":[{\"name\":\"model\",\"in\":\"path\",\"required\":true,"
      "\"schema\":{\"type\":\"string\"}}],\"responses\":{\"200\":{\"description\":\"inputs and outputs\"},"
      "\"default\":{\"$ref\":\"#/components/responses/error\"}}}},"
      "\"/v2/health/live\":{\"get\":{\"responses\":{\"200\":{\"description\":\"the server runs\"}}}},"
      "\"/v2/health/ready\":{\"get\":{\"responses\":{\"200\":{\"description\":\"all models can answer\"},"
      "\"503\":{\"description\":\"one cannot\"}}}}",
      server->url);
  ock_version *v;
  for (size_t i = 0; (v = ock_catalog_get(&server->catalog, i)); i++) {
    if (ock_version_schema(v) && is_first(server, v, i)) write_version(v, out);
    ock_version_release(v);
  }
  if (server->admin_url[0]) write_admin(out);
  ock_buffer_text(out,
                  "},\"components\":{\"responses\":{\"error\":{\"description\":\"what is wrong, in a line\","
                  "\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{\"error\":"
                  "{\"type\":\"string\"}},\"required\":[\"error\"]}}}}},\"schemas\":{");
  if (server->admin_url[0]) write_outcome_schema(out);
  ock_buffer_text(out,
                  "\"infer\":{\"type\":\"object\","
                  "\"required\":[\"inputs\"],\"properties\":{\"id\":{\"type\":\"string\"},\"parameters\":"
                  "{\"type\":\"object\"},\"inputs\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                  "\"required\":[\"name\",\"shape\",\"datatype\"],\"properties\":{\"name\":{\"type\":\"string\"},"
                  "\"shape\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},\"datatype\":"
                  "{\"type\":\"string\"},\"data\":{\"type\":\"array\"}}}},\"outputs\":{\"type\":\"array\","
                  "\"items\":{\"type\":\"object\",\"required\":[\"name\"]}}}}}}}");
}
