/* SPDX-License-Identifier: Apache-2.0 */
/* The public fit for one k: its contract, hard data, and comparison with a plain Lloyd and with scikit-learn. */
#include <float.h>

#include "scene.h"

static scene data, shifted;
static uint32_t labels[SCENE_MAX_ROWS], other_labels[SCENE_MAX_ROWS];
static double squared[SCENE_MAX_ROWS];

static ockham_kmeans fit(ockham_rows x, ockham_kmeans_options options, uint32_t *out) {
  ockham_kmeans result = {0};
  assert_ok(ockham_kmeans_fit(x, &options, out, &result, err));
  return result;
}

/* Everything that core.h and cluster.h promise of a result that converged. rounding: relative to the largest value. */
static void check_result(ockham_rows x, const ockham_kmeans *result, double rounding) {
  static double sums[SCENE_MAX_ROWS * 2], within[SCENE_MAX_ROWS];
  uint64_t *sizes = calloc(result->k, sizeof *sizes);
  double inertia = 0, largest = DBL_MIN;
  memset(sums, 0, sizeof sums);
  memset(within, 0, sizeof within);
  assert_true(result->converged && result->n_columns == x.n_columns);
  assert_true(result->k * x.n_columns <= SCENE_MAX_ROWS * 2);
  for (size_t i = 0; i < x.n_rows; i++) {
    assert_true(labels[i] < result->k);
    const double *own = result->centroids + labels[i] * x.n_columns;
    double distance = plain_squared_distance(x, i, NULL, own);
    sizes[labels[i]]++;
    within[labels[i]] += distance;
    inertia += distance;
    for (size_t l = 0; l < x.n_columns; l++) {
      sums[labels[i] * x.n_columns + l] += ock_rows_get(x, i, l) - own[l];
      largest = fmax(largest, fabs(ock_rows_get(x, i, l)));
    }
  }
  double each = rounding * largest;
  for (size_t j = 0; j < result->k; j++) {
    assert_true(sizes[j] > 0 && sizes[j] == result->sizes[j]);
    double room = 2 * each * sqrt(within[j] * (double)sizes[j]) + (double)sizes[j] * each * each;
    assert_true(fabs(within[j] - result->within[j]) <= 1e-12 * within[j] + room);
    for (size_t l = 0; l < x.n_columns; l++) assert_true(fabs(sums[j * x.n_columns + l]) <= each * (double)sizes[j]);
  }
  double room = 2 * each * sqrt(inertia * (double)x.n_rows) + (double)x.n_rows * each * each;
  assert_true(fabs(inertia - result->inertia) <= 1e-12 * inertia + room);
  free(sizes);
}

/* The labels are those of ockham_nearest, and its distances add up to the inertia. */
static void check_nearest(ockham_rows x, const ockham_kmeans *result) {
  double sum = 0;
  assert_ok(ockham_nearest(x, result->centroids, result->k, 2, other_labels, squared, err));
  assert_memory_equal(labels, other_labels, x.n_rows * sizeof *labels);
  for (size_t i = 0; i < x.n_rows; i++) {
    sum += squared[i];
    size_t j = plain_nearest(x, i, NULL, result->centroids, result->k);
    assert_close(squared[i], plain_squared_distance(x, i, NULL, result->centroids + j * x.n_columns), 1e-12);
  }
  assert_close(sum, result->inertia, 1e-11);
}

/* ---- contract ---- */

static void check_refused(ockham_rows x, const ockham_kmeans_options *options, ockham_status status, size_t row,
                          size_t column, const char *message) {
  ockham_error err = {0};
  ockham_kmeans result;
  assert_int_equal(ockham_kmeans_fit(x, options, NULL, &result, &err), status);
  assert_int_equal(ockham_kmeans_fit(x, options, NULL, &result, NULL), status);
  assert_int_equal(err.status, status);
  assert_int_equal(err.row, row);
  assert_int_equal(err.column, column);
  assert_non_null(strstr(err.message, message));
  assert_true(result.centroids == NULL && result.sizes == NULL && result.within == NULL && result.k == 0);
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  double values[6] = {1, 2, 3, 4, 5, 6};
  ockham_rows x = {.data = values, .n_rows = 3, .n_columns = 2};
  const ockham_kmeans_options good = {.k = 2}, none = {0}, many = {.k = 4}, crowd = {.k = 2, .threads = 100000};
  check_refused(x, NULL, OCKHAM_BAD_ARGUMENT, 0, 0, "k must be");
  check_refused(x, &none, OCKHAM_BAD_ARGUMENT, 0, 0, "k must be at least 1, found 0");
  check_refused(x, &many, OCKHAM_BAD_ARGUMENT, 0, 0, "at most the number of rows, 3, found 4");
  check_refused(x, &crowd, OCKHAM_BAD_ARGUMENT, 0, 0, "threads");
  ockham_rows bad = x;
  bad.n_rows = 0;
  check_refused(bad, &good, OCKHAM_BAD_ARGUMENT, 0, 0, "found 0 x 2");
  bad = x;
  bad.n_columns = 0;
  check_refused(bad, &good, OCKHAM_BAD_ARGUMENT, 0, 0, "found 3 x 0");
  bad = x;
  bad.data = NULL;
  check_refused(bad, &good, OCKHAM_BAD_ARGUMENT, 0, 0, "data");
  bad = x;
  bad.stride = 1;
  check_refused(bad, &good, OCKHAM_BAD_ARGUMENT, 0, 0, "stride");
  bad = x;
  bad.dtype = (ockham_dtype)7;
  check_refused(bad, &good, OCKHAM_BAD_ARGUMENT, 0, 0, "type 7");
}

static void bad_values_are_named(void **state) {
  (void)state;
  const ockham_kmeans_options options = {.k = 2};
  double wide[6] = {1, 2, 3, NAN, 5, -INFINITY};
  float narrow[6] = {1, 2, 3, 4, INFINITY, 6};
  check_refused((ockham_rows){.data = wide, .n_rows = 3, .n_columns = 2}, &options, OCKHAM_BAD_DATA, 2, 2, "row 2");
  wide[3] = 4;
  check_refused((ockham_rows){.data = wide, .n_rows = 3, .n_columns = 2}, &options, OCKHAM_BAD_DATA, 3, 2, "-inf");
  check_refused((ockham_rows){.data = narrow, .n_rows = 3, .n_columns = 2, .dtype = OCKHAM_FLOAT32}, &options,
                OCKHAM_BAD_DATA, 3, 1, "column 1 holds inf");
  /* Finite, but the squares are not. */
  wide[3] = 1e160, wide[5] = 0;
  check_refused((ockham_rows){.data = wide, .n_rows = 3, .n_columns = 2}, &options, OCKHAM_BAD_DATA, 0, 0, "too large");
  check_refused((ockham_rows){.data = wide, .n_rows = 6, .n_columns = 1}, &options, OCKHAM_BAD_DATA, 0, 0, "too large");
}

static bool refuse(void *user, const char *stage, uint64_t done, uint64_t total) {
  assert_string_equal(stage, "k-means");
  assert_true(done <= total);
  return --*(int *)user > 0;
}

static void it_stops_when_asked(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(1, 0);
  scene_blobs(&data, &rng, 500, 2, 5, 0);
  int calls_left = 1;
  ockham_progress progress = {.report = refuse, .user = &calls_left};
  const ockham_kmeans_options options = {.k = 5, .progress = &progress};
  check_refused(data.x, &options, OCKHAM_INTERRUPTED, 0, 0, "stopped");
  data.x.n_columns = 1;
  data.x.stride = 2;
  calls_left = 1;
  check_refused(data.x, &options, OCKHAM_INTERRUPTED, 0, 0, "stopped");
  calls_left = 1000000;
  ockham_kmeans result = fit(data.x, options, NULL);
  ockham_kmeans_clear(&result);
}

static void iterations_are_limited(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(2, 0);
  scene_shape(&data, 2000, 3, 0, OCKHAM_FLOAT64);
  scene_draw(&data, &rng, false);
  ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = 12, .max_iterations = 2}, labels);
  assert_false(result.converged);
  assert_int_equal(result.n_iterations, 2);
  for (size_t j = 0; j < result.k; j++) assert_true(result.sizes[j] > 0);
  check_nearest(data.x, &result);
  ockham_kmeans_clear(&result);
}

static void clear_is_idempotent(void **state) {
  (void)state;
  ockham_kmeans result = fit((ockham_rows){.data = (double[]){4, 5}, .n_rows = 1, .n_columns = 2},
                             (ockham_kmeans_options){.k = 1}, labels);
  assert_true(result.centroids[0] == 4 && result.centroids[1] == 5 && result.inertia == 0 && result.exact);
  ockham_kmeans_clear(&result);
  ockham_kmeans_clear(&result);
  assert_null(result.centroids);
}

static void memory_runs_out(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(3, 0);
  for (size_t d = 1; d <= 2; d++) {
    scene_blobs(&data, &rng, 90, d, 3, 0);
    for_each_allocation_failure(n) {
      ockham_error err;
      ockham_kmeans result;
      ockham_kmeans_options options = {.k = 3, .threads = d};
      ock_fault_after(n);
      ockham_status status = ockham_kmeans_fit(data.x, &options, labels, &result, &err);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
      assert_true((result.centroids == NULL) == (status != OCKHAM_OK));
      ockham_kmeans_clear(&result);
    }
    for_each_allocation_failure(n) {
      ockham_error err;
      ock_fault_after(n);
      ockham_status status = ockham_nearest(data.x, (double[]){0, 1, 2, 3}, 2, d, labels, squared, &err);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    }
  }
}

/* ---- edges of k and of the data ---- */

static void one_cluster_is_the_mean(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(4, 0);
  for (size_t d = 1; d <= 4; d++) {
    scene_shape(&data, 5000, d, d + 1, d % 2 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64);
    scene_draw(&data, &rng, false);
    ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = 1}, labels);
    assert_true(result.exact && result.k == 1 && result.sizes[0] == 5000);
    check_result(data.x, &result, 1e-13);
    check_nearest(data.x, &result);
    ockham_kmeans_clear(&result);
  }
}

static void every_row_its_own_cluster(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(5, 0);
  for (size_t d = 1; d <= 3; d++)
    for (size_t n = 1; n < 80; n += 13) {
      scene_shape(&data, n, d, 0, OCKHAM_FLOAT64);
      scene_draw(&data, &rng, false);
      ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = n, .threads = 2}, labels);
      assert_int_equal(result.k, n);
      assert_true(result.inertia < 1e-25);
      for (size_t j = 0; j < n; j++) assert_int_equal(result.sizes[j], 1);
      ockham_kmeans_clear(&result);
    }
}

/* k falls to the number of different rows, and every row gets a centroid that is equal to it, to rounding. */
static void duplicates_lower_k(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(6, 0);
  for (size_t d = 1; d <= 3; d++)
    for (size_t distinct = 1; distinct <= 9; distinct += 4) {
      scene_shape(&data, 3000, d, 0, OCKHAM_FLOAT64);
      for (size_t i = 0; i < 3000; i++)
        for (size_t l = 0; l < d; l++)
          scene_put(&data, i, l, 0.1 + 0.7 * (double)((i * i) % distinct) * (double)(l + 1));
      size_t seen = 0; /* squares modulo `distinct`: the number of different ones */
      for (size_t r = 0; r < distinct; r++) {
        size_t i = 0;
        while (i < distinct && (i * i) % distinct != r) i++;
        seen += i < distinct;
      }
      ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = 20, .seed = ock_rng_next(&rng)}, labels);
      assert_int_equal(result.k, seen);
      assert_true(result.inertia < 1e-20);
      check_result(data.x, &result, 1e-13);
      ockham_kmeans_clear(&result);
    }
}

static void constant_columns_change_nothing(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(7, 0);
  scene_blobs(&data, &rng, 600, 2, 4, 0);
  scene_shape(&shifted, 600, 4, 0, OCKHAM_FLOAT64);
  for (size_t i = 0; i < 600; i++) {
    scene_put(&shifted, i, 0, 12345.678);
    scene_put(&shifted, i, 1, ock_rows_get(data.x, i, 0));
    scene_put(&shifted, i, 2, ock_rows_get(data.x, i, 1));
    scene_put(&shifted, i, 3, 1e100 / 1e95);
  }
  ockham_kmeans plain = fit(data.x, (ockham_kmeans_options){.k = 4}, other_labels);
  ockham_kmeans wider = fit(shifted.x, (ockham_kmeans_options){.k = 4}, labels);
  assert_memory_equal(labels, other_labels, 600 * sizeof *labels);
  assert_close(plain.inertia, wider.inertia, 1e-12);
  ockham_kmeans_clear(&plain);
  ockham_kmeans_clear(&wider);
}

/* ---- hard numbers ---- */

static void offsets_cost_no_digits(void **state) {
  (void)state;
  static const double offsets[] = {1e6, -1e9};
  for (size_t d = 1; d <= 3; d++)
    for (size_t o = 0; o < 2; o++) {
      ock_rng rng = ock_rng_make(8, d);
      scene_blobs(&shifted, &rng, 3000, d, 6, offsets[o]);
      /* The same rows without the offset: the differences are exact. */
      scene_shape(&data, 3000, d, 0, OCKHAM_FLOAT64);
      for (size_t i = 0; i < 3000; i++)
        for (size_t l = 0; l < d; l++) scene_put(&data, i, l, ock_rows_get(shifted.x, i, l) - offsets[o]);
      ockham_kmeans near = fit(data.x, (ockham_kmeans_options){.k = 6}, other_labels);
      ockham_kmeans far = fit(shifted.x, (ockham_kmeans_options){.k = 6}, labels);
      assert_memory_equal(labels, other_labels, 3000 * sizeof *labels);
      assert_close(far.inertia, near.inertia, 1e-9);
      for (size_t c = 0; c < 6 * d; c++) assert_close(far.centroids[c], near.centroids[c] + offsets[o], 1e-15);
      ockham_kmeans_clear(&near);
      ockham_kmeans_clear(&far);
    }
}

/* Values near the ends of the range of a double: the labels are those at size 1. */
static void tiny_and_huge_values(void **state) {
  (void)state;
  static const double factors[] = {0x1p-450, 0x1p-300, 0x1p300, 0x1p480};
  for (size_t d = 1; d <= 2; d++) {
    ock_rng rng = ock_rng_make(9, d);
    scene_blobs(&data, &rng, 400, d, 4, 0);
    ockham_kmeans plain = fit(data.x, (ockham_kmeans_options){.k = 4}, other_labels);
    for (size_t f = 0; f < 4; f++) {
      scene_shape(&shifted, 400, d, 0, OCKHAM_FLOAT64);
      for (size_t i = 0; i < 400; i++)
        for (size_t l = 0; l < d; l++) scene_put(&shifted, i, l, factors[f] * ock_rows_get(data.x, i, l));
      ockham_kmeans scaled = fit(shifted.x, (ockham_kmeans_options){.k = 4}, labels);
      assert_memory_equal(labels, other_labels, 400 * sizeof *labels);
      assert_close(scaled.inertia / factors[f] / factors[f], plain.inertia, 1e-9);
      ockham_kmeans_clear(&scaled);
    }
    ockham_kmeans_clear(&plain);
  }
}

/* Differences whose squares underflow count as none: still a valid clustering, of whatever k. */
static void denormals_do_no_harm(void **state) {
  (void)state;
  for (size_t d = 1; d <= 2; d++) {
    scene_shape(&data, 64, d, 0, OCKHAM_FLOAT64);
    for (size_t i = 0; i < 64; i++)
      for (size_t l = 0; l < d; l++) scene_put(&data, i, l, 5e-324 * (double)(i % 8) + (i == 63 ? 1e-310 : 0));
    ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = 5}, labels);
    assert_true(result.k >= 1 && result.k <= 5 && result.inertia == 0);
    for (size_t j = 0; j < result.k; j++) assert_true(result.sizes[j] > 0);
    ockham_kmeans_clear(&result);
  }
}

/* Values that fall together when the mean is taken off must not leave a cluster empty. */
static void values_that_rounding_joins(void **state) {
  (void)state;
  double values[8] = {1, 2, 3, 4, 1e20, 2e20, -1e19, 7};
  ockham_rows x = {.data = values, .n_rows = 8, .n_columns = 1};
  for (size_t k = 1; k <= 8; k++) {
    ockham_kmeans result = fit(x, (ockham_kmeans_options){.k = k}, labels);
    assert_true(result.k >= (k < 4 ? k : 4) && result.k <= k);
    for (size_t j = 0; j < result.k; j++) assert_true(result.sizes[j] > 0);
    ockham_kmeans_clear(&result);
  }
}

/* ---- quality ---- */

static double plain_lloyd(ockham_rows x, size_t k, ock_rng *rng) {
  double centres[8 * 4], sums[8 * 4], counts[8], inertia = INFINITY;
  assert_true(k <= 8 && x.n_columns <= 4);
  for (size_t j = 0; j < k; j++) {
    size_t i = ock_rng_below(rng, x.n_rows);
    for (size_t l = 0; l < x.n_columns; l++) centres[j * x.n_columns + l] = ock_rows_get(x, i, l);
  }
  for (double before = 0; before != inertia;) {
    before = inertia;
    inertia = 0;
    memset(sums, 0, sizeof sums);
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < x.n_rows; i++) {
      size_t j = plain_nearest(x, i, NULL, centres, k);
      inertia += plain_squared_distance(x, i, NULL, centres + j * x.n_columns);
      counts[j]++;
      for (size_t l = 0; l < x.n_columns; l++) sums[j * x.n_columns + l] += ock_rows_get(x, i, l);
    }
    for (size_t c = 0; c < k * x.n_columns; c++)
      if (counts[c / x.n_columns] > 0) centres[c] = sums[c] / counts[c / x.n_columns];
  }
  return inertia;
}

static void not_worse_than_a_plain_lloyd(void **state) {
  (void)state;
  for (uint64_t repeat = 0; repeat < 10; repeat++) {
    ock_rng rng = ock_rng_make(10, repeat);
    size_t k = 2 + repeat % 6, d = 1 + repeat % 4;
    scene_blobs(&data, &rng, 200, d, k, 0);
    double best = INFINITY;
    for (size_t start = 0; start < 20; start++) best = fmin(best, plain_lloyd(data.x, k, &rng));
    ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = k, .seed = repeat}, labels);
    assert_true(result.inertia <= best * (1 + 1e-9));
    check_result(data.x, &result, 1e-13);
    check_nearest(data.x, &result);
    ockham_kmeans_clear(&result);
  }
}

/* The least inertia_ of 1500 starts of KMeans(k, n_init=1, tol=0) of scikit-learn 1.9.1; as many here. */
static void as_good_as_scikit_learn(void **state) {
  (void)state;
  static const struct {
    size_t k;
    double inertia;
  } cases[] = {{2, 45921.0}, {4, 20614.159090909092}, {7, 11279.247474747473}};
  scene_shape(&data, 60, 2, 0, OCKHAM_FLOAT32);
  for (size_t i = 0; i < 60; i++) {
    scene_put(&data, i, 0, (double)((i * 37) % 101));
    scene_put(&data, i, 1, (double)((i * i * 13) % 89));
  }
  for (size_t c = 0; c < 3; c++) {
    ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = cases[c].k, .restarts = 1500}, labels);
    assert_close(result.inertia, cases[c].inertia, 1e-12);
    check_result(data.x, &result, 1e-13);
    ockham_kmeans_clear(&result);
  }
}

static void more_restarts_are_never_worse(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(11, 0);
  scene_shape(&data, 400, 3, 0, OCKHAM_FLOAT64);
  scene_draw(&data, &rng, false);
  double before = INFINITY;
  for (size_t restarts = 1; restarts <= 16; restarts *= 2) {
    ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = 15, .restarts = restarts}, labels);
    assert_true(result.inertia <= before * (1 + 1e-12));
    before = result.inertia;
    ockham_kmeans_clear(&result);
  }
}

/* ---- determinism ---- */

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  for (size_t d = 1; d <= 3; d += 2) {
    ock_rng rng = ock_rng_make(12, d);
    scene_shape(&data, 7000, d, 0, OCKHAM_FLOAT64);
    scene_draw(&data, &rng, d == 3);
    ockham_kmeans one = fit(data.x, (ockham_kmeans_options){.k = 11, .restarts = 2, .threads = 1}, labels);
    const size_t n_threads[] = {2, 3, 7};
    for (size_t t = 0; t < 3; t++) {
      ockham_kmeans_options options = {.k = 11, .restarts = 2, .threads = n_threads[t]};
      ockham_kmeans many = fit(data.x, options, other_labels);
      assert_memory_equal(labels, other_labels, 7000 * sizeof *labels);
      assert_memory_equal(one.centroids, many.centroids, 11 * d * sizeof(double));
      assert_memory_equal(one.within, many.within, 11 * sizeof(double));
      assert_true(one.inertia == many.inertia && one.n_iterations == many.n_iterations);
      ockham_kmeans_clear(&many);
    }
    ockham_kmeans_clear(&one);
  }
}

static void instruction_sets_agree(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(13, 0);
  scene_blobs(&data, &rng, 1000, 5, 7, 0);
  const char *set = getenv("OCKHAM_ISA");
  char *before = set ? ock_string_copy(set) : NULL;
  for (size_t t = 0; ock_kernels_all()[t]; t++) {
    if (!ock_kernels_all()[t]->runs_here()) continue;
    setenv("OCKHAM_ISA", ock_kernels_all()[t]->isa, 1);
    assert_string_equal(ockham_instruction_set(), ock_kernels_all()[t]->isa);
    ockham_kmeans result = fit(data.x, (ockham_kmeans_options){.k = 7}, t == 0 ? other_labels : labels);
    if (t > 0) assert_memory_equal(labels, other_labels, 1000 * sizeof *labels);
    ockham_kmeans_clear(&result);
  }
  if (before)
    setenv("OCKHAM_ISA", before, 1);
  else
    unsetenv("OCKHAM_ISA");
  ock_free(before);
}

/* ---- ockham_nearest ---- */

static void nearest_takes_the_lower_of_equals(void **state) {
  (void)state;
  float values[4 * 3] = {0, 0, 9, 2, 0, 9, 5, 5, 9, 1, 0, 9};
  ockham_rows x = {.data = values, .n_rows = 4, .n_columns = 2, .stride = 3, .dtype = OCKHAM_FLOAT32};
  const double centres[3 * 2] = {2, 0, 0, 0, 0, 0};
  assert_ok(ockham_nearest(x, centres, 3, 1, labels, squared, err));
  const uint32_t expected[4] = {1, 0, 0, 0};
  assert_memory_equal(labels, expected, sizeof expected);
  assert_true(squared[0] == 0 && squared[1] == 0 && squared[2] == 34 && squared[3] == 1);
  assert_ok(ockham_nearest(x, centres, 3, 1, NULL, NULL, err));
}

static void nearest_refuses_bad_arguments(void **state) {
  (void)state;
  double values[4] = {1, 2, 3, 4}, centres[4] = {1, 2, 3, NAN};
  ockham_rows x = {.data = values, .n_rows = 2, .n_columns = 2};
  ockham_error err = {0};
  assert_int_equal(ockham_nearest(x, centres, 0, 1, labels, NULL, &err), OCKHAM_BAD_ARGUMENT);
  assert_int_equal(ockham_nearest(x, NULL, 1, 1, labels, NULL, &err), OCKHAM_BAD_ARGUMENT);
  assert_int_equal(ockham_nearest(x, centres, 2, 1, labels, NULL, &err), OCKHAM_BAD_DATA);
  assert_true(err.row == 2 && err.column == 2);
  assert_non_null(strstr(err.message, "the centroids"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(bad_values_are_named),
      cmocka_unit_test(it_stops_when_asked),
      cmocka_unit_test(iterations_are_limited),
      cmocka_unit_test(clear_is_idempotent),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(one_cluster_is_the_mean),
      cmocka_unit_test(every_row_its_own_cluster),
      cmocka_unit_test(duplicates_lower_k),
      cmocka_unit_test(constant_columns_change_nothing),
      cmocka_unit_test(offsets_cost_no_digits),
      cmocka_unit_test(tiny_and_huge_values),
      cmocka_unit_test(denormals_do_no_harm),
      cmocka_unit_test(values_that_rounding_joins),
      cmocka_unit_test(not_worse_than_a_plain_lloyd),
      cmocka_unit_test(as_good_as_scikit_learn),
      cmocka_unit_test(more_restarts_are_never_worse),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(instruction_sets_agree),
      cmocka_unit_test(nearest_takes_the_lower_of_equals),
      cmocka_unit_test(nearest_refuses_bad_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
