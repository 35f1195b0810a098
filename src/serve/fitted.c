/* SPDX-License-Identifier: Apache-2.0 */
/* A fitted model answers as ockham_model_predict() does. */
#include <math.h>
#include <string.h>

#include "serve/internal.h"

static const char *const INPUT = "x";

/* The squared distance, as a multiple of a cluster's mean one, that a row of a spherical Gaussian cluster in d
 * dimensions exceeds once in a million: the chi-squared quantile over d, by E. B. Wilson & M. M. Hilferty, "The
 * distribution of chi-square", 1931 (doi:10.1073/pnas.17.12.684). */
static double far_factor(size_t n_columns) {
  const double z = 4.7534; /* of 1 - 1e-6 */
  double spread = 2.0 / (9.0 * (double)n_columns), root = 1 - spread + z * sqrt(spread);
  return root * root * root;
}

static ockham_status set_far_distances(ock_version *version, ockham_error *err) {
  const ockham_model_parts *parts = ockham_model_look(version->fitted);
  if (parts->mixture || !parts->within) return OCKHAM_OK;
  version->far_distances = ock_arena_array(&version->arena, parts->k, sizeof(double));
  if (!version->far_distances) return ock_fail_memory(err, "a model's distances", parts->k * sizeof(double));
  double within = 0, total = 0;
  for (size_t j = 0; j < parts->k; j++) {
    within += parts->within[j];
    total += parts->weights ? parts->weights[j] : (double)parts->sizes[j];
  }
  for (size_t j = 0; j < parts->k; j++) {
    double size = parts->weights ? parts->weights[j] : (double)parts->sizes[j];
    double mean = parts->sizes[j] > parts->n_columns && size > 0 ? parts->within[j] / size : within / total;
    version->far_distances[j] = far_factor(parts->n_columns) * (mean > 0 ? mean : within / total);
  }
  return OCKHAM_OK;
}

static ock_field field(const char *name, ock_datatype datatype, size_t n_dimensions, int64_t columns) {
  return (ock_field){.name = name, .datatype = datatype, .n_dimensions = n_dimensions, .shape = {-1, columns}};
}

ockham_status ock_fitted_schema(const ockham_model_parts *parts, ock_schema *schema, ockham_error *err) {
  ock_field *fields = ock_arena_array(&schema->arena, 5, sizeof *fields);
  schema->columns = ock_arena_array(&schema->arena, parts->n_columns, sizeof(char *));
  if (!fields || !schema->columns) return ock_fail_memory(err, "a model's schema", parts->n_columns * sizeof(char *));
  memcpy(schema->columns, parts->column_names, parts->n_columns * sizeof(char *));
  schema->n_columns = parts->n_columns;
  schema->layout = OCK_LAYOUT_MATRIX;
  fields[0] = field(INPUT, OCK_FP64, 2, (int64_t)parts->n_columns);
  fields[1] = field("cluster", OCK_INT64, 1, 0);
  if (parts->mixture) {
    fields[2] = field("probability", OCK_FP64, 1, 0);
    fields[3] = field("log_density", OCK_FP64, 1, 0);
    fields[4] = field("probabilities", OCK_FP64, 2, (int64_t)parts->k);
  } else {
    fields[2] = field("squared_distance", OCK_FP64, 1, 0);
  }
  schema->inputs = fields;
  schema->n_inputs = 1;
  schema->outputs = fields + 1;
  schema->n_outputs = parts->mixture ? 4 : 2;
  return OCKHAM_OK;
}

ockham_status ock_fitted_open(ock_version *version, ockham_error *err) {
  OCK_TRY(ockham_model_load(version->settings.file, &version->fitted, err));
  if (ockham_model_look(version->fitted)->k == 0)
    return ock_fail(err, OCKHAM_BAD_FILE, "%s: expected a model with clusters, found a profile alone",
                    version->settings.file);
  version->platform = ockham_model_look(version->fitted)->mixture ? "ockham_mixture" : "ockham_kmeans";
  OCK_TRY(ock_fitted_schema(ockham_model_look(version->fitted), &version->schema, err));
  return set_far_distances(version, err);
}

/* Some 100 microseconds: what another request of the same thread may be made to wait for. */
bool ock_fitted_is_quick(const ock_version *version, uint64_t n_rows) {
  enum { MOST_PRODUCTS = 1 << 20, COST_OF_MIXTURE = 16 };
  const ockham_model_parts *parts = ockham_model_look(version->fitted);
  double columns = (double)parts->n_columns;
  double products = (double)n_rows * (double)parts->k * columns * (parts->mixture ? COST_OF_MIXTURE + columns : 1);
  return products <= MOST_PRODUCTS;
}

bool ock_fitted_is_far(const ock_version *version, const ock_message *answer) {
  const ock_tensor *cluster = ock_message_find(answer, "cluster"),
                   *distance = ock_message_find(answer, "squared_distance");
  if (!version->far_distances || !cluster || !distance) return false;
  const int64_t *clusters = (const int64_t *)(const void *)cluster->data;
  const double *squared_distances = (const double *)(const void *)distance->data;
  for (size_t i = 0; i < distance->n_elements; i++)
    if (squared_distances[i] > version->far_distances[clusters[i]]) return true;
  return false;
}

static ockham_status no_memory(size_t n_rows, ockham_error *err) {
  return ock_fail_memory(err, "the labels of rows", ock_size_product(n_rows, sizeof(int64_t)));
}

static ockham_status answer_kmeans(ock_version *version, ockham_rows rows, uint32_t *labels, ock_message *answer,
                                   ockham_error *err) {
  const uint64_t shape[] = {rows.n_rows};
  ock_tensor *distance = ock_message_add(answer, "squared_distance", OCK_FP64, shape, 1, rows.n_rows * sizeof(double));
  if (!distance) return no_memory(rows.n_rows, err);
  double *squared_distances = (double *)distance->data;
  return rows.n_rows ? ockham_model_predict(version->fitted, rows, 1, labels, squared_distances, err) : OCKHAM_OK;
}

static ockham_status answer_mixture(ock_version *version, const ock_message *request, ockham_rows rows,
                                    uint32_t *labels, ock_message *answer, ockham_error *err) {
  size_t n = rows.n_rows, k = ockham_model_look(version->fitted)->k;
  const uint64_t shape[] = {n, k};
  size_t all_size = ock_size_product(ock_size_product(n, k), sizeof(double));
  ock_tensor *tensor = ock_message_add(answer, "probability", OCK_FP64, shape, 1, n * sizeof(double));
  double *probability = tensor ? (double *)tensor->data : NULL;
  tensor = tensor ? ock_message_add(answer, "log_density", OCK_FP64, shape, 1, n * sizeof(double)) : NULL;
  double *log_density = tensor ? (double *)tensor->data : NULL, *all = NULL;
  if (tensor && request->n_wanted && ock_message_wants(request, "probabilities", NULL)) {
    tensor = ock_message_add(answer, "probabilities", OCK_FP64, shape, 2, all_size);
    all = tensor ? (double *)tensor->data : NULL;
  } else if (tensor) {
    all = ock_arena_array(&answer->arena, 1, all_size);
  }
  if (!all) return no_memory(n, err);
  if (n) OCK_TRY(ockham_model_posterior(version->fitted, rows, 1, labels, all, log_density, err));
  for (size_t i = 0; i < n; i++) probability[i] = all[i * k + labels[i]];
  return OCKHAM_OK;
}

ockham_status ock_fitted_call(void *version, ock_message *request, ock_message *answer, ockham_error *err) {
  return ock_fitted_answer(version, request, answer, err);
}

ockham_status ock_fitted_answer(ock_version *version, ock_message *request, ock_message *answer, ockham_error *err) {
  ockham_rows rows;
  OCK_TRY(ock_message_matrix(&version->schema, request, &rows, err));
  const uint64_t shape[] = {rows.n_rows};
  ock_tensor *cluster = ock_message_add(answer, "cluster", OCK_INT64, shape, 1, rows.n_rows * sizeof(int64_t));
  uint32_t *labels = ock_arena_array(&answer->arena, rows.n_rows, sizeof *labels);
  if (!cluster || !labels) return no_memory(rows.n_rows, err);
  int64_t *clusters = (int64_t *)cluster->data;
  answer->n_rows = rows.n_rows;
  if (ockham_model_look(version->fitted)->mixture)
    OCK_TRY(answer_mixture(version, request, rows, labels, answer, err));
  else
    OCK_TRY(answer_kmeans(version, rows, labels, answer, err));
  for (size_t i = 0; i < rows.n_rows; i++) clusters[i] = (int64_t)labels[i];
  return OCKHAM_OK;
}
