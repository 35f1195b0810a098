/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <ockham/cluster.h>

#include "model/example.h"

enum { N = 10000, D = 2, STRIDE = 3 }; /* more than two blocks */
static double rows64[N * STRIDE];
static float rows32[N * STRIDE];
static uint32_t labels[N], expected_labels[N];
static double distances[N], expected_distances[N];

/* Values around the centroids, rounded to floats so that both types hold the same; the third column is a gap. */
static int make_rows(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(3, 0);
  for (size_t i = 0; i < N * STRIDE; i++) {
    rows32[i] = i % STRIDE == D ? NAN : (float)(4 * ock_rng_normal(&rng) + 2);
    rows64[i] = (double)rows32[i];
  }
  return 0;
}

static ockham_rows all_rows(void) {
  return (ockham_rows){.data = rows64, .n_rows = N, .n_columns = D, .stride = STRIDE};
}

/* The same by the definition, one row after the other. */
static void predict_plainly(const ockham_model *model) {
  const ockham_model_parts *parts = ockham_model_look(model);
  bool scaled = parts->scaling.kind != OCKHAM_SCALE_NONE;
  for (size_t i = 0; i < N; i++) {
    expected_distances[i] = INFINITY;
    for (uint32_t c = 0; c < parts->k; c++) {
      double sum = 0;
      for (size_t j = 0; j < D; j++) {
        double x = rows64[i * STRIDE + j];
        if (scaled) x = (x - parts->scaling.centre[j]) * parts->scaling.factor[j];
        sum += (x - parts->centroids[c * D + j]) * (x - parts->centroids[c * D + j]);
      }
      if (sum >= expected_distances[i]) continue;
      expected_distances[i] = sum;
      expected_labels[i] = c;
    }
  }
}

static void assert_predicts(const ockham_model *model, ockham_rows x, size_t threads, double tolerance) {
  memset(labels, 0xff, sizeof labels);
  memset(distances, 0xff, sizeof distances);
  assert_ok(ockham_model_predict(model, x, threads, labels, distances, err));
  for (size_t i = 0; i < x.n_rows; i++) {
    assert_close(distances[i], expected_distances[i], tolerance);
    if (labels[i] != expected_labels[i]) fail_msg("row %zu", i);
  }
}

static void test_against_the_definition(void **state) {
  (void)state;
  static const ockham_scale kinds[] = {OCKHAM_SCALE_NONE, OCKHAM_SCALE_ROBUST};
  static const size_t sizes[] = {1, 63, 4096, 4097, N};
  for (size_t kind = 0; kind < 2; kind++) {
    ockham_model *model = example_model(kinds[kind]);
    predict_plainly(model);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      for (size_t threads = 0; threads < 4; threads++) {
        ockham_rows x = all_rows();
        x.n_rows = sizes[i];
        assert_predicts(model, x, threads, 1e-14);
        x.data = rows32;
        x.dtype = OCKHAM_FLOAT32;
        assert_predicts(model, x, threads, 1e-5);
      }
    ockham_model_free(model);
  }
}

static void test_outputs_may_be_left_out(void **state) {
  (void)state;
  ockham_model *model = example_model(OCKHAM_SCALE_STANDARD);
  predict_plainly(model);
  assert_ok(ockham_model_predict(model, all_rows(), 2, NULL, NULL, err));
  assert_ok(ockham_model_predict(model, all_rows(), 2, labels, NULL, err));
  assert_memory_equal(labels, expected_labels, sizeof labels);
  assert_ok(ockham_model_predict(model, all_rows(), 1, NULL, distances, err));
  for (size_t i = 0; i < N; i++) assert_close(distances[i], expected_distances[i], 1e-14);
  ockham_model_free(model);
}

/* Predicting the rows that a model was fitted on gives the fit's own labels, sizes and inertia. */
static void test_training_rows_keep_their_clusters(void **state) {
  (void)state;
  static double x[N * D];
  ockham_scaling scaling = {0};
  ockham_kmeans fit;
  assert_ok(ockham_scaling_fit(all_rows(), OCKHAM_SCALE_STANDARD, &scaling, err));
  ockham_scaling_apply(&scaling, all_rows(), x);
  ockham_rows scaled = {.data = x, .n_rows = N, .n_columns = D};
  assert_ok(ockham_kmeans_fit(scaled, &(ockham_kmeans_options){.k = 5, .threads = 1}, expected_labels, &fit, err));
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_NONE);
  parts.k = fit.k;
  parts.scaling = scaling;
  parts.centroids = fit.centroids;
  parts.sizes = fit.sizes;
  parts.within = fit.within;
  parts.n_rows = N;
  ockham_model *model;
  assert_ok(ockham_model_new(&parts, &model, err));
  assert_ok(ockham_model_predict(model, all_rows(), 2, labels, distances, err));
  assert_memory_equal(labels, expected_labels, sizeof labels);
  double inertia = 0;
  for (size_t i = 0; i < N; i++) inertia += distances[i];
  assert_close(inertia, fit.inertia, 1e-12);
  ockham_model_free(model);
  ockham_kmeans_clear(&fit);
  ockham_scaling_clear(&scaling);
}

static void assert_refused(ockham_rows x, ockham_status status, uint64_t row, const char *message) {
  ockham_model *model = example_model(OCKHAM_SCALE_STANDARD);
  ockham_error err = {0};
  assert_int_equal(ockham_model_predict(model, x, 2, labels, NULL, &err), status);
  assert_string_equal(err.message, message);
  assert_int_equal(err.row, row);
  ockham_model_free(model);
}

static void test_bad_rows_are_refused(void **state) {
  (void)state;
  ockham_rows x = all_rows();
  x.n_columns = 1;
  assert_refused(x, OCKHAM_BAD_ARGUMENT, 0, "the data must have the model's 2 columns, found 1");
  x = all_rows();
  double kept = rows64[7000 * STRIDE + 1];
  rows64[7000 * STRIDE + 1] = NAN;
  assert_refused(x, OCKHAM_BAD_DATA, 7001, "the data must be finite: row 7001, column 2 holds nan");
  rows64[7000 * STRIDE + 1] = 1e200; /* its square overflows; in row 9001 it does when it is scaled */
  rows64[9000 * STRIDE + 1] = DBL_MAX;
  assert_refused(x, OCKHAM_BAD_DATA, 7001,
                 "row 7001 is so far from every centroid that its squared distance overflows");
  rows64[7000 * STRIDE + 1] = kept;
  assert_refused(x, OCKHAM_BAD_DATA, 9001,
                 "row 9001 is so far from every centroid that its squared distance overflows");
  rows64[9000 * STRIDE + 1] = kept;
}

/* Whichever worker comes first, the first bad row is the one that is named. */
static void test_the_first_bad_row_is_named(void **state) {
  (void)state;
  double kept[3];
  for (size_t i = 0; i < 3; i++) {
    kept[i] = rows64[(10 + 4096 * i) * STRIDE];
    rows64[(10 + 4096 * i) * STRIDE] = 1e200;
  }
  for (int repeat = 0; repeat < 100; repeat++)
    assert_refused(all_rows(), OCKHAM_BAD_DATA, 11,
                   "row 11 is so far from every centroid that its squared distance overflows");
  for (size_t i = 0; i < 3; i++) rows64[(10 + 4096 * i) * STRIDE] = kept[i];
}

static void test_memory_runs_out(void **state) {
  (void)state;
  ockham_model *model = example_model(OCKHAM_SCALE_STANDARD);
  for (size_t threads = 1; threads <= 2; threads++) {
    long n_refusals = 0;
    for_each_allocation_failure(n) {
      ockham_error err = {0};
      ock_fault_after(n);
      ockham_status status = ockham_model_predict(model, all_rows(), threads, labels, NULL, &err);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
      assert_int_equal(err.status, status);
      n_refusals += status != OCKHAM_OK;
    }
    assert_true(n_refusals > 5);
  }
  ockham_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_the_definition),
      cmocka_unit_test(test_outputs_may_be_left_out),
      cmocka_unit_test(test_training_rows_keep_their_clusters),
      cmocka_unit_test(test_bad_rows_are_refused),
      cmocka_unit_test(test_the_first_bad_row_is_named),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, make_rows, NULL);
}
