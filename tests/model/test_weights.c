/* SPDX-License-Identifier: Apache-2.0 */
/* A model keeps the weights of its clusters where rows had weights. */
#include <unistd.h>

#include "example.h"

static void weights_are_saved_and_loaded(void **state) {
  (void)state;
  static const double weights[] = {120.5, 0.25, 1e9};
  char folder[] = "/tmp/ockham-test-model-XXXXXX", path[64];
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_STANDARD);
  ockham_model *model, *loaded;
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/a.model", folder);
  parts.weights = weights;
  assert_ok(ockham_model_new(&parts, &model, err));
  assert_ok(ockham_model_save(model, path, err));
  assert_ok(ockham_model_load(path, &loaded, err));
  assert_is_example(loaded, OCKHAM_SCALE_STANDARD);
  assert_memory_equal(ockham_model_look(loaded)->weights, weights, sizeof weights);
  ockham_model_free(loaded);
  ockham_model_free(model);
  model = example_model(OCKHAM_SCALE_STANDARD);
  assert_ok(ockham_model_save(model, path, err));
  assert_ok(ockham_model_load(path, &loaded, err));
  assert_null(ockham_model_look(loaded)->weights);
  ockham_model_free(loaded);
  ockham_model_free(model);
  unlink(path);
  assert_int_equal(rmdir(folder), 0);
}

static void what_is_no_weight_is_refused(void **state) {
  (void)state;
  const double weights[] = {1, 0, 2};
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_NONE);
  ockham_model *model;
  ockham_error error = {0};
  parts.weights = weights;
  assert_int_equal(ockham_model_new(&parts, &model, &error), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(error.message, "the weight of cluster 1 must be finite and positive, found 0");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_saved_and_loaded),
      cmocka_unit_test(what_is_no_weight_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
