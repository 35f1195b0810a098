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

static inline ockham_model *example_model(ockham_scale kind) {
  ockham_model_parts parts = example_parts(kind);
  ockham_model *model = NULL;
  assert_ok(ockham_model_new(&parts, &model, err));
  return model;
}

static inline void assert_is_example(const ockham_model *model, ockham_scale kind) {
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
  assert_memory_equal(found->within, example_within, sizeof example_within);
  assert_int_equal(found->n_rows, 150);
  assert_true(found->seed == expected.seed);
  assert_string_equal(found->criterion, "bic");
}

#endif
