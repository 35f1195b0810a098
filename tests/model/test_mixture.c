/* SPDX-License-Identifier: Apache-2.0 */
/* Models that label by a mixture: against scikit-learn, against the mixture itself, and their contract. */
#include <float.h>

#include "model/bytes.h"
#include "model/example.h"
#include "model/reference.h"

enum { N = 30000, D = 40, STRIDE = 42, K = 3 }; /* more than one stretch */
static double rows64[N * STRIDE], scaled64[N * D], centre[D], factor[D];
static float rows32[N * STRIDE], scaled32[N * D];
static double proportions[K] = {0.5, 0.375, 0.125}, means[K * D], covariances[K * D * D];
static uint32_t labels[N], expected_labels[N];
static double probabilities[N * K], expected_probabilities[N * K], densities[N], expected_densities[N];

/* ---- against scikit-learn, and densities written out ---- */

/* A model of the reference's mixture, for rows in their own units or for scaled ones. */
static ockham_model *model_of(const reference_mixture *r, bool scales) {
  static const char *const names[] = {"a", "b", "c", "d"};
  const uint64_t sizes[] = {r->n_rows, 0, 0};
  ockham_mixture mixture = {.family = ockham_covariance_find(r->family),
                            .k = r->k,
                            .n_columns = r->n_columns,
                            .proportions = (double *)r->proportions,
                            .means = (double *)r->means,
                            .covariances = (double *)r->covariances,
                            .tail = r->tail};
  ockham_model_parts parts = {.k = r->k,
                              .n_columns = r->n_columns,
                              .column_names = names,
                              .scaling = {.kind = OCKHAM_SCALE_NONE, .n_columns = r->n_columns},
                              .sizes = sizes,
                              .n_rows = r->n_rows,
                              .criterion = "given",
                              .mixture = &mixture};
  ockham_model *model;
  if (scales) {
    parts.scaling.kind = OCKHAM_SCALE_STANDARD;
    parts.scaling.centre = (double *)r->centre;
    parts.scaling.factor = (double *)r->factor;
  }
  assert_ok(ockham_model_new(&parts, &model, err));
  return model;
}

static void assert_as_reference(const ockham_model *model, const reference_mixture *r, const double *x) {
  ockham_rows rows = {.data = x, .n_rows = r->n_rows, .n_columns = r->n_columns};
  assert_ok(ockham_model_posterior(model, rows, 1, labels, probabilities, densities, err));
  for (size_t i = 0; i < r->n_rows; i++) {
    size_t best = 0;
    assert_close(densities[i], r->log_densities[i], 1e-9);
    for (size_t j = 0; j < r->k; j++) {
      assert_close(probabilities[i * r->k + j], r->probabilities[i * r->k + j], 1e-9);
      if (r->probabilities[i * r->k + j] > r->probabilities[i * r->k + best]) best = j;
    }
    assert_int_equal(labels[i], best);
  }
}

static void probabilities_are_those_of_scikit_learn(void **state) {
  (void)state;
  for (size_t c = 0; c < sizeof reference_mixtures / sizeof *reference_mixtures; c++) {
    const reference_mixture *r = &reference_mixtures[c];
    double own[200], scaled[200];
    for (size_t i = 0; i < r->n_rows * r->n_columns; i++) {
      own[i] = r->rows[i] / 64.0;
      scaled[i] = (own[i] - r->centre[i % r->n_columns]) * r->factor[i % r->n_columns];
    }
    ockham_model *model = model_of(r, false);
    assert_as_reference(model, r, scaled);
    ockham_model_free(model);
    model = model_of(r, true);
    assert_as_reference(model, r, own);
    ockham_model_free(model);
  }
}

/* ---- against the mixture itself ---- */

/* Components with covariances A A' + I, and rows about them, the same in floats and doubles. */
static int make_rows(void **state) {
  static double a[D * D];
  ock_rng rng = ock_rng_make(8, 0);
  for (size_t j = 0; j < K; j++) {
    for (size_t i = 0; i < D * D; i++) a[i] = 0.2 * ock_rng_normal(&rng);
    for (size_t i = 0; i < D; i++) {
      means[j * D + i] = 2 * ock_rng_normal(&rng);
      for (size_t l = 0; l <= i; l++) {
        double sum = i == l;
        for (size_t m = 0; m < D; m++) sum += a[i * D + m] * a[l * D + m];
        covariances[(j * D + i) * D + l] = covariances[(j * D + l) * D + i] = sum;
      }
    }
  }
  for (size_t l = 0; l < D; l++) {
    centre[l] = ock_rng_normal(&rng);
    factor[l] = 0.5 + ock_rng_uniform(&rng);
  }
  for (size_t i = 0; i < N * STRIDE; i++) {
    size_t l = i % STRIDE, j = ock_rng_below(&rng, K);
    rows32[i] = l >= D ? NAN : (float)((means[j * D + l] + ock_rng_normal(&rng)) / factor[l] + centre[l]);
    rows64[i] = (double)rows32[i];
  }
  return make_folder(state);
}

static ockham_rows all_rows(ockham_dtype dtype) {
  return (ockham_rows){.data = dtype == OCKHAM_FLOAT32 ? (const void *)rows32 : (const void *)rows64,
                       .n_rows = N,
                       .n_columns = D,
                       .stride = STRIDE,
                       .dtype = dtype};
}

static ockham_mixture wide_mixture(double tail) {
  return (ockham_mixture){.family = OCKHAM_VVV,
                          .k = K,
                          .n_columns = D,
                          .proportions = proportions,
                          .means = means,
                          .covariances = covariances,
                          .tail = tail};
}

static ockham_model *wide_model(const ockham_mixture *mixture) {
  static const char *names[D];
  static const uint64_t sizes[K] = {N, 0, 0};
  for (size_t l = 0; l < D; l++) names[l] = "x";
  ockham_model_parts parts = {
      .k = K,
      .n_columns = D,
      .column_names = names,
      .scaling = {.kind = OCKHAM_SCALE_ROBUST, .n_columns = D, .centre = centre, .factor = factor},
      .sizes = sizes,
      .n_rows = N,
      .criterion = "given",
      .mixture = mixture};
  ockham_model *model;
  assert_ok(ockham_model_new(&parts, &model, err));
  return model;
}

static void expect_of_mixture(const ockham_mixture *mixture, const ockham_scaling *scaling, ockham_dtype dtype) {
  void *scaled = dtype == OCKHAM_FLOAT32 ? (void *)scaled32 : (void *)scaled64;
  ockham_scaling_apply(scaling, all_rows(dtype), scaled);
  ockham_rows x = {.data = scaled, .n_rows = N, .n_columns = D, .dtype = dtype};
  assert_ok(ockham_mixture_predict(mixture, x, 2, expected_labels, expected_probabilities, expected_densities, err));
}

static void assert_as_expected(const ockham_model *model, ockham_dtype dtype, size_t threads) {
  memset(labels, 0xff, sizeof labels);
  memset(probabilities, 0xff, sizeof probabilities);
  memset(densities, 0xff, sizeof densities);
  assert_ok(ockham_model_posterior(model, all_rows(dtype), threads, labels, probabilities, densities, err));
  assert_memory_equal(labels, expected_labels, sizeof labels);
  assert_memory_equal(probabilities, expected_probabilities, sizeof probabilities);
  assert_memory_equal(densities, expected_densities, sizeof densities);
}

static void bits_are_those_of_the_mixture(void **state) {
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    ockham_dtype dtype = i % 2 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64;
    ockham_mixture mixture = wide_mixture(i < 2 ? 1 : 0.5);
    ockham_model *model = wide_model(&mixture), *loaded;
    expect_of_mixture(&mixture, &ockham_model_look(model)->scaling, dtype);
    for (size_t threads = 1; threads <= 3; threads++) assert_as_expected(model, dtype, threads);
    assert_ok(ockham_model_save(model, path_a, err));
    assert_ok(ockham_model_load(path_a, &loaded, err));
    assert_as_expected(loaded, dtype, 0);
    ockham_model_free(loaded);
    ockham_model_free(model);
  }
}

static void outputs_may_be_left_out(void **state) {
  (void)state;
  ockham_mixture mixture = wide_mixture(1);
  ockham_model *model = wide_model(&mixture);
  ockham_rows x = all_rows(OCKHAM_FLOAT64);
  expect_of_mixture(&mixture, &ockham_model_look(model)->scaling, OCKHAM_FLOAT64);
  assert_ok(ockham_model_posterior(model, x, 2, NULL, NULL, NULL, err));
  assert_ok(ockham_model_posterior(model, x, 2, labels, NULL, NULL, err));
  assert_memory_equal(labels, expected_labels, sizeof labels);
  assert_ok(ockham_model_posterior(model, x, 2, NULL, probabilities, NULL, err));
  assert_memory_equal(probabilities, expected_probabilities, sizeof probabilities);
  assert_ok(ockham_model_posterior(model, x, 2, NULL, NULL, densities, err));
  assert_memory_equal(densities, expected_densities, sizeof densities);
  memset(labels, 0xff, sizeof labels);
  assert_ok(ockham_model_predict(model, x, 2, labels, NULL, err));
  assert_memory_equal(labels, expected_labels, sizeof labels);
  ockham_model_free(model);
}

/* The distance that ockham_model_predict() gives is that to the mean of the row's component. */
static void distances_are_to_means(void **state) {
  (void)state;
  ockham_mixture mixture = wide_mixture(1);
  ockham_model *model = wide_model(&mixture);
  static double distances[N];
  expect_of_mixture(&mixture, &ockham_model_look(model)->scaling, OCKHAM_FLOAT64);
  for (size_t with_labels = 0; with_labels < 2; with_labels++) {
    memset(distances, 0xff, sizeof distances);
    assert_ok(ockham_model_predict(model, all_rows(OCKHAM_FLOAT64), 2, with_labels ? labels : NULL, distances, err));
    for (size_t i = 0; i < N; i++) {
      double sum = 0;
      for (size_t l = 0; l < D; l++) sum += pow(scaled64[i * D + l] - means[expected_labels[i] * D + l], 2);
      assert_close(distances[i], sum, 1e-13);
    }
  }
  assert_memory_equal(labels, expected_labels, sizeof labels);
  ockham_model_free(model);
}

/* ---- the contract ---- */

static void a_model_holds_copies(void **state) {
  (void)state;
  double p[] = {0.5, 0.25, 0.25}, m[6], c[12], value[2];
  ockham_model_parts parts = example_mixture_parts(OCKHAM_SCALE_STANDARD);
  ockham_mixture mixture = example_mixture;
  ockham_model *model, *again;
  memcpy(m, example_centroids, sizeof m);
  memcpy(c, example_covariances, sizeof c);
  mixture.proportions = p;
  mixture.means = m;
  mixture.covariances = c;
  parts.mixture = &mixture;
  assert_ok(ockham_model_new(&parts, &model, err));
  p[0] = m[0] = c[0] = mixture.tail = NAN;
  mixture.k = 0;
  assert_has_frame_of_example(model, OCKHAM_SCALE_STANDARD);
  assert_is_mixture(model);
  assert_ok(ockham_model_new(ockham_model_look(model), &again, err));
  assert_is_mixture(again);
  ockham_model_free(again);
  ockham_model_centroid(model, 2, value);
  assert_true(value[0] == 3 / 0.5 + 5.5 && value[1] == -2 / 4.0 - 2);
  ockham_model_deviations(model, 2, value);
  assert_true(value[0] == 2 / 0.5 && value[1] == sqrt(3) / 4);
  ockham_model_free(model);
  model = example_model_of_mixture(OCKHAM_SCALE_NONE);
  ockham_model_deviations(model, 0, value);
  assert_true(value[0] == 1 && value[1] == sqrt(2));
  ockham_model_free(model);
}

static void assert_refused(const ockham_model_parts *parts, const char *message) {
  ockham_model *model = (ockham_model *)parts;
  ockham_error err = {0};
  assert_int_equal(ockham_model_new(parts, &model, &err), OCKHAM_BAD_ARGUMENT);
  assert_null(model);
  assert_string_equal(err.message, message);
}

static void other_mixtures_are_refused(void **state) {
  (void)state;
  ockham_model_parts parts = example_mixture_parts(OCKHAM_SCALE_NONE);
  ockham_mixture mixture = example_mixture;
  parts.mixture = &mixture;
  mixture.k = 2;
  assert_refused(&parts, "the mixture must be of 3 components and 2 columns, found 2 and 2");
  mixture.k = 3;
  mixture.n_columns = 1;
  assert_refused(&parts, "the mixture must be of 3 components and 2 columns, found 3 and 1");
  mixture = example_mixture;
  mixture.icl = NAN;
  assert_refused(&parts, "likelihood and criteria of the mixture must be finite, found nan");
  mixture = example_mixture;
  mixture.proportions = NULL;
  assert_refused(&parts, "a mixture must have proportions, means and covariances, found NULL");
  mixture = example_mixture;
  parts.weights = (const double[]){1, -1, 2};
  assert_refused(&parts, "the weight of cluster 1 must be finite and not negative, found -1");
}

static void assert_rows_refused(const ockham_model *model, ockham_rows x, ockham_status status, uint64_t row,
                                const char *message) {
  ockham_error err = {0};
  assert_int_equal(ockham_model_posterior(model, x, 2, labels, NULL, NULL, &err), status);
  assert_string_equal(err.message, message);
  assert_int_equal(err.row, row);
  assert_int_equal(ockham_model_posterior(model, x, 2, labels, NULL, NULL, NULL), status);
  assert_int_equal(ockham_model_predict(model, x, 2, labels, densities, &err), status);
  assert_string_equal(err.message, message);
  assert_int_equal(err.row, row);
}

static void bad_rows_are_refused(void **state) {
  (void)state;
  static const double values[] = {1e200, -DBL_MAX};
  ockham_mixture mixture = wide_mixture(0.5);
  ockham_model *model = wide_model(&mixture);
  ockham_rows x = all_rows(OCKHAM_FLOAT64);
  double *at = &rows64[28000 * STRIDE + 1], kept = *at;
  for (size_t i = 0; i < 2; i++) {
    *at = values[i];
    assert_rows_refused(model, x, OCKHAM_BAD_DATA, 28001,
                        "row 28001 is so far from every component that its squared distance overflows");
  }
  *at = NAN;
  assert_rows_refused(model, x, OCKHAM_BAD_DATA, 28001, "the data must be finite: row 28001, column 2 holds nan");
  *at = kept;
  x.n_columns = 2;
  assert_rows_refused(model, x, OCKHAM_BAD_ARGUMENT, 0, "the data must have the model's 40 columns, found 2");
  ockham_model_free(model);
}

static void k_means_has_no_probabilities(void **state) {
  (void)state;
  ockham_model *model = example_model(OCKHAM_SCALE_NONE);
  ockham_rows x = {.data = rows64, .n_rows = 10, .n_columns = 2};
  ockham_error err = {0};
  assert_int_equal(ockham_model_posterior(model, x, 1, labels, NULL, NULL, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "the model must hold a mixture, found centroids of k-means");
  ockham_model_free(model);
}

static void memory_runs_out_for_a_model(void **state) {
  (void)state;
  ockham_mixture mixture = wide_mixture(1);
  ockham_model *model = wide_model(&mixture);
  ockham_model_parts parts = *ockham_model_look(model);
  long n_refusals = 0;
  for_each_allocation_failure(n) {
    ockham_model *copy = model;
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = ockham_model_new(&parts, &copy, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    assert_int_equal(err.status, status);
    if (status) assert_null(copy);
    n_refusals += status != OCKHAM_OK;
    ockham_model_free(copy);
  }
  assert_true(n_refusals >= 3);
  ockham_model_free(model);
}

static void memory_runs_out_for_rows(void **state) {
  (void)state;
  ockham_model *model = example_model_of_mixture(OCKHAM_SCALE_STANDARD);
  ockham_rows x = {.data = rows64, .n_rows = 500, .n_columns = 2, .stride = STRIDE};
  for (size_t distances = 0; distances < 2; distances++) {
    long n_refusals = 0;
    for_each_allocation_failure(n) {
      ockham_error err = {0};
      ock_fault_after(n);
      ockham_status status = distances ? ockham_model_predict(model, x, 1, NULL, densities, &err)
                                       : ockham_model_posterior(model, x, 1, labels, probabilities, densities, &err);
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
      cmocka_unit_test(probabilities_are_those_of_scikit_learn),
      cmocka_unit_test(bits_are_those_of_the_mixture),
      cmocka_unit_test(outputs_may_be_left_out),
      cmocka_unit_test(distances_are_to_means),
      cmocka_unit_test(a_model_holds_copies),
      cmocka_unit_test(other_mixtures_are_refused),
      cmocka_unit_test(bad_rows_are_refused),
      cmocka_unit_test(k_means_has_no_probabilities),
      cmocka_unit_test(memory_runs_out_for_a_model),
      cmocka_unit_test(memory_runs_out_for_rows),
  };
  return cmocka_run_group_tests(tests, make_rows, remove_folder);
}
