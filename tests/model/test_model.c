/* SPDX-License-Identifier: Apache-2.0 */
#include "model/example.h"

static void test_a_model_holds_copies(void **state) {
  (void)state;
  static const ockham_scale kinds[] = {OCKHAM_SCALE_NONE, OCKHAM_SCALE_STANDARD, OCKHAM_SCALE_ROBUST};
  for (size_t i = 0; i < 3; i++) {
    ockham_model_parts parts = example_parts(kinds[i]);
    char name[] = "length, cm", criterion[] = "bic";
    const char *names[] = {name, "width"};
    double centre[] = {5.5, -2}, within[] = {15.25, 0, 39.75};
    parts.column_names = names;
    parts.criterion = criterion;
    parts.within = within;
    if (kinds[i] != OCKHAM_SCALE_NONE) parts.scaling.centre = centre;
    ockham_model *model;
    assert_ok(ockham_model_new(&parts, &model, err));
    name[0] = criterion[0] = '#';
    names[1] = NULL;
    centre[0] = within[0] = NAN;
    assert_is_example(model, kinds[i]);
    ockham_model_free(model);
  }
  ockham_model_free(NULL);
}

static void test_centroids_in_the_units_of_the_data(void **state) {
  (void)state;
  double centroid[2];
  ockham_model *model = example_model(OCKHAM_SCALE_STANDARD);
  ockham_model_centroid(model, 2, centroid);
  assert_true(centroid[0] == 3 / 0.5 + 5.5 && centroid[1] == -2 / 4.0 - 2);
  ockham_model_free(model);
  model = example_model(OCKHAM_SCALE_NONE);
  ockham_model_centroid(model, 1, centroid);
  assert_true(centroid[0] == 0.25 && centroid[1] == 1.5);
  ockham_model_free(model);
}

static void assert_refused(const ockham_model_parts *parts, const char *message) {
  ockham_model *model = (ockham_model *)parts;
  ockham_error err = {0};
  assert_int_equal(ockham_model_new(parts, &model, &err), OCKHAM_BAD_ARGUMENT);
  assert_null(model);
  assert_string_equal(err.message, message);
}

static void test_bad_shapes_are_refused(void **state) {
  (void)state;
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_STANDARD);
  parts.k = 0;
  assert_refused(&parts, "a model must have at least one cluster and one column, found 0 and 2");
  parts.k = 3;
  parts.n_columns = 0;
  assert_refused(&parts, "a model must have at least one cluster and one column, found 3 and 0");
  parts.n_columns = SIZE_MAX / 16;
  assert_refused(&parts, "3 clusters in 1152921504606846975 columns are more than can be addressed");
  parts.n_columns = 2;
  parts.criterion = NULL;
  assert_refused(&parts, "a model must have column names, sizes and a criterion, found NULL");
  parts.criterion = "bic";
  parts.within = NULL;
  assert_refused(&parts, "a model must have centroids and within, or else a mixture, found NULL");
  parts.within = example_within;
  parts.column_names = (const char *const[]){"length", NULL};
  assert_refused(&parts, "column 2 must have a name, found NULL");
}

static void test_bad_scalings_are_refused(void **state) {
  (void)state;
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_AUTO);
  assert_refused(&parts, "the scaling must be none, standard or robust, found number 0");
  parts.scaling.kind = OCKHAM_SCALE_ROBUST;
  parts.scaling.spread_ratio = INFINITY;
  assert_refused(&parts, "the spread ratio must be finite and not negative, found inf");
  parts.scaling.spread_ratio = 1;
  parts.scaling.n_columns = 3;
  assert_refused(&parts, "the scaling must be of the model's 2 columns, found 3");
  parts.scaling.n_columns = 2;
  static const struct {
    double centre, factor;
    const char *found;
  } cases[] = {{NAN, 1, "nan and 1"}, {-INFINITY, 1, "-inf and 1"}, {0, 0, "0 and 0"},
               {0, -1, "0 and -1"},   {0, NAN, "0 and nan"},        {0, INFINITY, "0 and inf"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char message[200];
    parts.scaling.centre = (double[]){0, cases[i].centre};
    parts.scaling.factor = (double[]){1, cases[i].factor};
    snprintf(message, sizeof message,
             "the scaling of column 2 must have a finite centre and a finite positive factor, found %s",
             cases[i].found);
    assert_refused(&parts, message);
  }
}

static void test_bad_clusters_are_refused(void **state) {
  (void)state;
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_NONE);
  parts.n_rows = 151;
  assert_refused(&parts, "the sizes of clusters must add up to 151 rows, found 150");
  parts.n_rows = 1;
  parts.sizes = (const uint64_t[]){UINT64_MAX, 1, 1};
  assert_refused(&parts, "the sizes of clusters must add up to 1 rows, found 1 beyond 2^64");
  parts = example_parts(OCKHAM_SCALE_NONE);
  parts.within = (const double[]){0, -0.5, 0};
  assert_refused(&parts, "within of cluster 1 must be finite and not negative, found -0.5");
  parts.within = (const double[]){0, 0, INFINITY};
  assert_refused(&parts, "within of cluster 2 must be finite and not negative, found inf");
  parts = example_parts(OCKHAM_SCALE_NONE);
  parts.centroids = (const double[]){0, 1, 2, INFINITY, 4, 5};
  assert_refused(&parts, "the centroid of cluster 1 must be finite, found inf in column 2");
}

static void test_memory_runs_out(void **state) {
  (void)state;
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_STANDARD);
  long n_refusals = 0;
  for_each_allocation_failure(n) {
    ockham_model *model = (ockham_model *)&parts;
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = ockham_model_new(&parts, &model, &err);
    if (ock_fault_hits()) {
      n_refusals++;
      assert_int_equal(status, OCKHAM_NO_MEMORY);
      assert_int_equal(err.status, OCKHAM_NO_MEMORY);
      assert_null(model);
    } else {
      assert_int_equal(status, OCKHAM_OK);
    }
    ockham_model_free(model);
  }
  assert_true(n_refusals >= 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_model_holds_copies),     cmocka_unit_test(test_centroids_in_the_units_of_the_data),
      cmocka_unit_test(test_bad_shapes_are_refused),   cmocka_unit_test(test_bad_scalings_are_refused),
      cmocka_unit_test(test_bad_clusters_are_refused), cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
