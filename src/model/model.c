/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "model/internal.h"
#include "profile/internal.h"

/* ---- checks ---- */

static ockham_status check_scaling(const ockham_model_parts *parts, ockham_error *err) {
  const ockham_scaling *scaling = &parts->scaling;
  if (scaling->kind < OCKHAM_SCALE_NONE || scaling->kind > OCKHAM_SCALE_ROBUST)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the scaling must be none, standard or robust, found number %d",
                    (int)scaling->kind);
  if (!isfinite(scaling->spread_ratio) || scaling->spread_ratio < 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the spread ratio must be finite and not negative, found %g",
                    scaling->spread_ratio);
  if (scaling->kind == OCKHAM_SCALE_NONE) return OCKHAM_OK;
  if (!scaling->centre || !scaling->factor || scaling->n_columns != parts->n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the scaling must be of the model's %zu columns, found %zu",
                    parts->n_columns, scaling->centre && scaling->factor ? scaling->n_columns : 0);
  for (size_t j = 0; j < parts->n_columns; j++)
    if (!isfinite(scaling->centre[j]) || !isfinite(scaling->factor[j]) || !(scaling->factor[j] > 0))
      return ock_fail(
          err, OCKHAM_BAD_ARGUMENT,
          "the scaling of column %zu must have a finite centre and a finite positive factor, found %g and %g", j + 1,
          scaling->centre[j], scaling->factor[j]);
  return OCKHAM_OK;
}

/* Of rows without numbers there is nothing but a profile. */
static bool is_profile_alone(const ockham_model_parts *parts) {
  return parts->k == 0 && parts->n_columns == 0 && parts->profile && !parts->mixture &&
         ockham_profile_look(parts->profile)->k == 0;
}

static ockham_status check_alone(const ockham_model_parts *parts, ockham_error *err) {
  if (!parts->criterion) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a model must have a criterion, found NULL");
  if (parts->scaling.kind != OCKHAM_SCALE_NONE || parts->n_rows != 0 || parts->weights)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a profile alone must have no scaling, weights or rows of clusters");
  return check_scaling(parts, err);
}

static ockham_status check_shape(const ockham_model_parts *parts, ockham_error *err) {
  if (parts->k == 0 || parts->k >= UINT32_MAX || parts->n_columns == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "a model must have at least one cluster and one column, found %zu and %zu", parts->k,
                    parts->n_columns);
  if (ock_size_product(ock_size_product(parts->k, parts->n_columns), sizeof(double)) == SIZE_MAX)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%zu clusters in %zu columns are more than can be addressed", parts->k,
                    parts->n_columns);
  if (!parts->column_names || !parts->sizes || !parts->criterion)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a model must have column names, sizes and a criterion, found NULL");
  if (!parts->mixture && (!parts->centroids || !parts->within))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a model must have centroids and within, or else a mixture, found NULL");
  for (size_t j = 0; j < parts->n_columns; j++)
    if (!parts->column_names[j])
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "column %zu must have a name, found NULL", j + 1);
  return OCKHAM_OK;
}

/* A component may be the most probable of no row. */
static ockham_status check_sizes(const ockham_model_parts *parts, ockham_error *err) {
  uint64_t n_rows = 0;
  bool overflow = false;
  for (size_t i = 0; i < parts->k; i++) {
    double weight = parts->weights ? parts->weights[i] : 1;
    overflow |= __builtin_add_overflow(n_rows, parts->sizes[i], &n_rows);
    if (!isfinite(weight) || weight < 0 || (weight == 0 && !parts->mixture))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the weight of cluster %zu must be finite and %s, found %g", i,
                      parts->mixture ? "not negative" : "positive", weight);
  }
  if (overflow || n_rows != parts->n_rows)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "the sizes of clusters must add up to %" PRIu64 " rows, found %" PRIu64 "%s", parts->n_rows, n_rows,
                    overflow ? " beyond 2^64" : "");
  return OCKHAM_OK;
}

static ockham_status check_centroids(const ockham_model_parts *parts, ockham_error *err) {
  for (size_t i = 0; i < parts->k; i++) {
    if (!isfinite(parts->within[i]) || parts->within[i] < 0)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "within of cluster %zu must be finite and not negative, found %g", i,
                      parts->within[i]);
    const double *centroid = parts->centroids + i * parts->n_columns;
    for (size_t j = 0; j < parts->n_columns; j++)
      if (!isfinite(centroid[j]))
        return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the centroid of cluster %zu must be finite, found %g in column %zu",
                        i, centroid[j], j + 1);
  }
  return OCKHAM_OK;
}

static ockham_status check_mixture(const ockham_model_parts *parts, ockham_error *err) {
  const ockham_mixture *m = parts->mixture;
  const double measures[] = {m->log_likelihood, m->n_parameters, m->bic, m->icl, m->aic, m->entropy};
  if (m->k != parts->k || m->n_columns != parts->n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "the mixture must be of %zu components and %zu columns, found %zu and %zu", parts->k,
                    parts->n_columns, m->k, m->n_columns);
  for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
    if (!isfinite(measures[i]))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "likelihood and criteria of the mixture must be finite, found %g",
                      measures[i]);
  return ockham_mixture_check(m, err);
}

static bool is_number_of(const ockham_profile_parts *profile, const char *name) {
  for (size_t m = 0; m < profile->n_numbers; m++)
    if (strcmp(profile->columns[profile->numbers[m]].name, name) == 0) return true;
  return false;
}

/* A profile may know of more: categories, outputs, numbers that the model is not given. */
static ockham_status check_profile(const ockham_model_parts *parts, ockham_error *err) {
  for (size_t j = 0; parts->profile && j < parts->n_columns; j++)
    if (!is_number_of(ockham_profile_look(parts->profile), parts->column_names[j]))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                      "the profile must have each column of the model among its inputs of numbers, found no '%s'",
                      parts->column_names[j]);
  return OCKHAM_OK;
}

ockham_status ock_model_check(const ockham_model_parts *parts, ockham_error *err) {
  if (is_profile_alone(parts)) return check_alone(parts, err);
  OCK_TRY(check_shape(parts, err));
  OCK_TRY(check_profile(parts, err));
  OCK_TRY(check_scaling(parts, err));
  OCK_TRY(check_sizes(parts, err));
  return parts->mixture ? check_mixture(parts, err) : check_centroids(parts, err);
}

/* ---- copying: false when memory runs out ---- */

static void *copy_array(ock_arena *arena, const void *from, size_t count, size_t size_bytes) {
  void *to = ock_arena_array(arena, count, size_bytes);
  return to && count > 0 ? memcpy(to, from, count * size_bytes) : to;
}

static bool copy_names(ockham_model *model, const ockham_model_parts *parts) {
  size_t size = 0;
  for (size_t j = 0; j < parts->n_columns; j++) size += strlen(parts->column_names[j]) + 1;
  char *text = ock_arena_array(&model->arena, size, 1);
  const char **names = ock_arena_array(&model->arena, parts->n_columns, sizeof *names);
  if (!text || !names) return false;
  model->parts.column_names = names;
  model->names_text = text;
  model->names_size_bytes = size;
  for (size_t j = 0; j < parts->n_columns; j++) {
    size_t name_size = strlen(parts->column_names[j]) + 1;
    names[j] = memcpy(text, parts->column_names[j], name_size);
    text += name_size;
  }
  return true;
}

static bool copy_scaling(ockham_model *model, const ockham_model_parts *parts) {
  size_t d = parts->n_columns;
  model->parts.scaling.n_columns = d;
  model->parts.scaling.centre = model->parts.scaling.factor = NULL;
  if (parts->scaling.kind == OCKHAM_SCALE_NONE) return true;
  double *values = ock_arena_array(&model->arena, d, 2 * sizeof *values);
  if (!values) return false;
  model->scaling_values = values;
  model->parts.scaling.centre = memcpy(values, parts->scaling.centre, d * sizeof *values);
  model->parts.scaling.factor = memcpy(values + d, parts->scaling.factor, d * sizeof *values);
  return true;
}

static bool copy_mixture(ockham_model *model, const ockham_mixture *from) {
  ockham_mixture *to = &model->mixture;
  size_t k = from->k, d = from->n_columns;
  *to = *from;
  to->proportions = copy_array(&model->arena, from->proportions, k, sizeof(double));
  to->means = copy_array(&model->arena, from->means, k * d, sizeof(double));
  to->covariances =
      copy_array(&model->arena, from->covariances, k * ockham_covariance_size(from->family, d), sizeof(double));
  for (size_t f = 0; f < OCKHAM_N_COVARIANCES; f++) to->family_bic[f] = NAN;
  model->parts.mixture = to;
  model->parts.centroids = to->means;
  model->parts.within = NULL;
  return to->proportions && to->means && to->covariances;
}

static bool copy_centroids(ockham_model *model, const ockham_model_parts *parts) {
  ockham_model_parts *to = &model->parts;
  to->centroids = copy_array(&model->arena, parts->centroids, parts->k * parts->n_columns, sizeof(double));
  to->within = copy_array(&model->arena, parts->within, parts->k, sizeof *parts->within);
  return to->centroids && to->within;
}

static bool copy_parts(ockham_model *model, const ockham_model_parts *parts) {
  ockham_model_parts *to = &model->parts;
  *to = *parts;
  to->profile = NULL; /* the handle copies it */
  to->sizes = copy_array(&model->arena, parts->sizes, parts->k, sizeof *parts->sizes);
  to->criterion = copy_array(&model->arena, parts->criterion, strlen(parts->criterion) + 1, 1);
  if (parts->weights) to->weights = copy_array(&model->arena, parts->weights, parts->k, sizeof *parts->weights);
  return to->sizes && to->criterion && (to->weights || !parts->weights) &&
         (parts->mixture ? copy_mixture(model, parts->mixture) : copy_centroids(model, parts)) &&
         copy_names(model, parts) && copy_scaling(model, parts);
}

/* ---- the handle ---- */

ockham_status ockham_model_new(const ockham_model_parts *parts, ockham_model **out, ockham_error *err) {
  *out = NULL;
  OCK_TRY(ock_model_check(parts, err));
  ockham_model *model = ock_alloc_zeroed(1, sizeof *model);
  if (!model || !copy_parts(model, parts)) {
    ockham_model_free(model);
    size_t a_cluster =
        parts->mixture ? ockham_covariance_size(parts->mixture->family, parts->n_columns) : parts->n_columns;
    return ock_fail_memory(err, "a model", ock_size_product(parts->k * a_cluster, sizeof(double)));
  }
  ockham_status status = parts->profile ? ock_profile_copy(parts->profile, &model->profile, err) : OCKHAM_OK;
  if (status) {
    ockham_model_free(model);
    return status;
  }
  model->parts.profile = model->profile;
  *out = model;
  return OCKHAM_OK;
}

void ockham_model_free(ockham_model *model) {
  if (!model) return;
  ockham_profile_free(model->profile);
  ock_arena_clear(&model->arena);
  ock_free(model);
}

const ockham_model_parts *ockham_model_look(const ockham_model *model) {
  return &model->parts;
}

void ockham_model_centroid(const ockham_model *model, size_t j, double *centroid) {
  const ockham_scaling *scaling = &model->parts.scaling;
  size_t d = model->parts.n_columns;
  memcpy(centroid, model->parts.centroids + j * d, d * sizeof *centroid);
  if (scaling->kind == OCKHAM_SCALE_NONE) return;
  for (size_t l = 0; l < d; l++) centroid[l] = centroid[l] / scaling->factor[l] + scaling->centre[l];
}

void ockham_model_deviations(const ockham_model *model, size_t j, double *deviations) {
  const ockham_scaling *scaling = &model->parts.scaling;
  size_t d = model->parts.n_columns;
  assert(model->parts.mixture);
  size_t size = ockham_covariance_size(model->mixture.family, d), step = size == d ? 1 : d + 1;
  const double *covariance = model->mixture.covariances + j * size;
  for (size_t l = 0; l < d; l++)
    deviations[l] = sqrt(covariance[l * step]) / (scaling->kind == OCKHAM_SCALE_NONE ? 1 : scaling->factor[l]);
}
