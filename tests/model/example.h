/* SPDX-License-Identifier: Apache-2.0 */
/* The model that these tests are about: three clusters in two columns, small enough to be damaged in every way. */
#ifndef OCK_TEST_MODEL_EXAMPLE_H
#define OCK_TEST_MODEL_EXAMPLE_H

#include "model/internal.h"
#include "test.h"

static const char *const example_names[] = {"length, cm", "width"};
static double example_centre[] = {5.5, -2}, example_factor[] = {0.5, 4};
static const double example_centroids[] = {-1, 0, 0.25, 1.5, 3, -2};
static const uint64_t example_sizes[] = {50, 38, 62};
static const double example_within[] = {15.25, 0, 39.75};

static inline ockham_model_parts example_parts(ockham_scale kind) {
  ockham_scaling scaling = {kind, 2, example_centre, example_factor, 12.5};
  if (kind == OCKHAM_SCALE_NONE) scaling = (ockham_scaling){.kind = kind, .spread_ratio = 1};
  return (ockham_model_parts){.k = 3,
                              .n_columns = 2,
                              .column_names = example_names,
                              .scaling = scaling,
                              .centroids = example_centroids,
                              .sizes = example_sizes,
                              .within = example_within,
                              .n_rows = 150,
                              .seed = UINT64_C(0x0123456789abcdef),
                              .criterion = "bic"};
}

/* The same clusters as components. */
static double example_proportions[] = {0.5, 0.25, 0.25};
static double example_covariances[] = {1, 0.5, 0.5, 2, 0.25, 0, 0, 0.25, 4, -1, -1, 3};
static const ockham_mixture example_mixture = {.family = OCKHAM_VVV,
                                               .k = 3,
                                               .n_columns = 2,
                                               .proportions = example_proportions,
                                               .means = (double *)example_centroids,
                                               .covariances = example_covariances,
                                               .log_likelihood = -512.25,
                                               .n_parameters = 17,
                                               .bic = -1109.75,
                                               .icl = -1120.5,
                                               .aic = -1058.5,
                                               .entropy = 5.375,
                                               .tail = 1,
                                               .n_steps = 23,
                                               .converged = true,
                                               .regularised = true};

static inline ockham_model_parts example_mixture_parts(ockham_scale kind) {
  ockham_model_parts parts = example_parts(kind);
  parts.centroids = parts.within = NULL;
  parts.mixture = &example_mixture;
  return parts;
}

static inline ockham_model *example_model_of_mixture(ockham_scale kind) {
  ockham_model_parts parts = example_mixture_parts(kind);
  ockham_model *model = NULL;
  assert_ok(ockham_model_new(&parts, &model, err));
  return model;
}

static inline ockham_model *example_model(ockham_scale kind) {
  ockham_model_parts parts = example_parts(kind);
  ockham_model *model = NULL;
  assert_ok(ockham_model_new(&parts, &model, err));
  return model;
}

static inline void assert_is_mixture(const ockham_model *model) {
  const ockham_model_parts *parts = ockham_model_look(model);
  const ockham_mixture *found = parts->mixture, *expected = &example_mixture;
  assert_non_null(found);
  assert_true(found->family == expected->family && found->tail == expected->tail);
  assert_int_equal(found->k, 3);
  assert_int_equal(found->n_columns, 2);
  assert_memory_equal(found->proportions, example_proportions, sizeof example_proportions);
  assert_memory_equal(found->means, example_centroids, sizeof example_centroids);
  assert_memory_equal(found->covariances, example_covariances, sizeof example_covariances);
  assert_true(found->log_likelihood == expected->log_likelihood && found->n_parameters == expected->n_parameters);
  assert_true(found->bic == expected->bic && found->icl == expected->icl && found->aic == expected->aic);
  assert_true(found->entropy == expected->entropy && found->n_steps == expected->n_steps);
  assert_true(found->converged == expected->converged && found->regularised == expected->regularised);
  for (size_t f = 0; f < OCKHAM_N_COVARIANCES; f++) assert_true(isnan(found->family_bic[f]));
  assert_ptr_equal(parts->centroids, found->means);
  assert_null(parts->within);
}

/* What does not depend on whether there is a mixture. */
static inline void assert_has_frame_of_example(const ockham_model *model, ockham_scale kind) {
  const ockham_model_parts *found = ockham_model_look(model);
  ockham_model_parts expected = example_parts(kind);
  assert_int_equal(found->k, 3);
  assert_int_equal(found->n_columns, 2);
  for (size_t j = 0; j < 2; j++) assert_string_equal(found->column_names[j], example_names[j]);
  assert_int_equal(found->scaling.kind, kind);
  assert_int_equal(found->scaling.n_columns, 2);
  assert_true(found->scaling.spread_ratio == expected.scaling.spread_ratio);
  if (kind == OCKHAM_SCALE_NONE) {
    assert_null(found->scaling.centre);
    assert_null(found->scaling.factor);
  } else {
    assert_memory_equal(found->scaling.centre, example_centre, sizeof example_centre);
    assert_memory_equal(found->scaling.factor, example_factor, sizeof example_factor);
  }
  assert_memory_equal(found->centroids, example_centroids, sizeof example_centroids);
  assert_memory_equal(found->sizes, example_sizes, sizeof example_sizes);
  assert_int_equal(found->n_rows, 150);
  assert_true(found->seed == expected.seed);
  assert_string_equal(found->criterion, "bic");
}

static inline void assert_is_example(const ockham_model *model, ockham_scale kind) {
  assert_has_frame_of_example(model, kind);
  assert_memory_equal(ockham_model_look(model)->within, example_within, sizeof example_within);
  assert_null(ockham_model_look(model)->mixture);
}

#endif
