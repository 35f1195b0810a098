/* SPDX-License-Identifier: Apache-2.0 */
/* A table with weights is worth what the table is that holds each row as often as its weight says. */
#include <float.h>

#include "scene.h"

enum { MOST_TIMES = 4 };

static scene data, repeated;
static double weights[SCENE_MAX_ROWS];
static uint32_t labels[SCENE_MAX_ROWS], other_labels[SCENE_MAX_ROWS];

/* Random rows, some of them equal, of weights 1 ... MOST_TIMES; the same repeated, in another order. */
static size_t make_pair(size_t n, size_t d, ockham_dtype dtype, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 1);
  size_t total = 0, at = 0;
  scene_shape(&data, n, d, dtype == OCKHAM_FLOAT32 ? d + 3 : d, dtype);
  for (size_t i = 0; i < n; i++) {
    weights[i] = 1 + (double)ock_rng_below(&rng, MOST_TIMES);
    total += (size_t)weights[i];
    for (size_t l = 0; l < d; l++) scene_put(&data, i, l, ock_rng_normal(&rng) + 4 * (double)(i * (l + 1) % 5));
    for (size_t l = 0; i % 7 == 3 && l < d; l++) scene_put(&data, i, l, ock_rows_get(data.x, i - 1, l));
  }
  scene_shape(&repeated, total, d, d, dtype);
  for (size_t time = 0; time < MOST_TIMES; time++)
    for (size_t i = 0; i < n; i++)
      if ((double)time < weights[i]) {
        for (size_t l = 0; l < d; l++) scene_put(&repeated, at, l, ock_rows_get(data.x, i, l));
        at++;
      }
  assert_int_equal(at, total);
  return total;
}

static ock_pool *make_pool(void) {
  ock_pool *pool;
  assert_ok(ock_pool_new(2, &pool, err));
  return pool;
}

/* ---- the frame and the store ---- */

static void the_frame_is_that_of_repeated_rows(void **state) {
  (void)state;
  ock_pool *pool = make_pool();
  for (uint64_t seed = 0; seed < 6; seed++) {
    size_t total = make_pair(seed < 3 ? 97 : 2500, 1 + seed % 4, seed % 2 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64, seed);
    ock_frame a, b;
    assert_ok(ock_frame_init_weighted(&a, data.x, weights, pool, err));
    assert_ok(ock_frame_init(&b, repeated.x, pool, err));
    assert_true(a.total == (double)total && b.total == (double)total);
    assert_true(a.unit == b.unit);
    for (size_t l = 0; l < a.d; l++) {
      assert_close(a.origin[l], b.origin[l], 1e-12);
      assert_true(a.low[l] == b.low[l] && a.high[l] == b.high[l]);
    }
    ock_store s, t;
    assert_ok(ock_store_init(&s, &a, data.x, NULL, data.x.n_rows, seed % 3, pool, err));
    assert_ok(ock_store_init(&t, &b, repeated.x, NULL, total, seed % 3, pool, err));
    assert_true(s.total == (double)total && t.total == (double)total);
    assert_close(s.squares, t.squares, 1e-6);
    ock_store_clear(&s);
    ock_store_clear(&t);
    ock_frame_clear(&a);
    ock_frame_clear(&b);
  }
  ock_pool_free(pool);
}

/* ---- measuring given centres ---- */

static void take_centres(ock_fit *fit, const ock_frame *frame, ockham_rows x, size_t k) {
  ock_fit_init(fit);
  assert_true(ock_fit_allocate(fit, k, frame->d));
  for (size_t j = 0; j < k; j++)
    for (size_t l = 0; l < frame->d; l++)
      fit->centroids[j * frame->d + l] = (ock_rows_get(x, 11 * j + 1, l) - frame->origin[l]) * frame->unit;
}

static void compare_fits(const ock_fit *a, const ock_fit *b) {
  assert_true(a->settled && b->settled);
  assert_int_equal(a->k, b->k);
  assert_close(a->inertia, b->inertia, 1e-11);
  assert_close(a->simplified_silhouette, b->simplified_silhouette, 1e-11);
  for (size_t j = 0; j < a->k; j++) {
    assert_true(a->weights[j] == b->weights[j] && b->weights[j] == (double)b->sizes[j]);
    assert_true(a->sizes[j] > 0 && (double)a->sizes[j] <= a->weights[j]);
    assert_close(a->within[j], b->within[j], 1e-11);
    assert_close(a->spread[j], b->spread[j], 1e-11);
  }
}

/* One pass measures the centres, ten move them. */
static void settling_is_that_of_repeated_rows(void **state) {
  (void)state;
  ock_pool *pool = make_pool();
  for (uint64_t seed = 0; seed < 12; seed++) {
    size_t d = 2 + seed % 5, n = seed % 2 ? 2300 : 170, k = 2 + seed;
    make_pair(n, d, seed % 3 ? OCKHAM_FLOAT64 : OCKHAM_FLOAT32, seed);
    ock_frame frame, other_frame;
    assert_ok(ock_frame_init_weighted(&frame, data.x, weights, pool, err));
    assert_ok(ock_frame_init(&other_frame, repeated.x, pool, err));
    ock_fit a, b, *fits[1] = {&a}, *others[1] = {&b};
    take_centres(&a, &frame, data.x, k);
    take_centres(&b, &other_frame, data.x, k);
    ock_settle_options options = {.most_passes = seed % 4 < 2 ? 1 : 10, .silhouettes = true};
    ockham_work work = {0};
    assert_ok(ock_settle(data.x, &frame, fits, 1, &options, pool, NULL, &work, err));
    assert_ok(ock_settle(repeated.x, &other_frame, others, 1, &options, pool, NULL, &work, err));
    compare_fits(&a, &b);
    ock_fit_clear(&a);
    ock_fit_clear(&b);
    ock_frame_clear(&frame);
    ock_frame_clear(&other_frame);
  }
  ock_pool_free(pool);
}

/* ---- the state ---- */

static void check_state(const ock_lloyd *s, const ock_frame *frame) {
  double *sums = calloc(s->k * s->d, sizeof *sums), *total = calloc(s->k, sizeof *total), n = 0;
  for (size_t i = 0; i < s->n; i++) {
    uint32_t j = s->label[i];
    assert_true(s->store->weight[i] == weights[s->store->row[i]]);
    total[j] += s->store->weight[i];
    for (size_t l = 0; l < s->d; l++)
      sums[j * s->d + l] +=
          s->store->weight[i] * (ock_rows_get(data.x, s->store->row[i], l) - frame->origin[l]) * frame->unit;
  }
  for (size_t j = 0; j < s->k; j++) {
    n += s->counts[j];
    assert_close(s->weights[j], total[j], 1e-9);
    for (size_t l = 0; l < s->d; l++) assert_close(s->sums[j * s->d + l], sums[j * s->d + l], 1e-4);
  }
  assert_true(n == (double)s->n);
  free(sums);
  free(total);
}

/* Through all changes of the set of centres the sums are those of the labels. */
static void the_state_keeps_its_sums(void **state) {
  (void)state;
  ock_pool *pool = make_pool();
  for (uint64_t seed = 0; seed < 6; seed++) {
    make_pair(1500, 2 + seed, OCKHAM_FLOAT64, seed);
    for (size_t i = 0; seed % 2 && i < 1500; i++) weights[i] *= 1e-3 * (double)(1 + i % 97);
    ock_frame frame;
    ock_store store;
    ock_lloyd s;
    ock_rng rng = ock_rng_make(seed, 5);
    assert_ok(ock_frame_init_weighted(&frame, data.x, weights, pool, err));
    assert_ok(ock_store_init(&store, &frame, data.x, NULL, 1500, seed % 3 == 0, pool, err));
    assert_ok(ock_lloyd_init(&s, &store, 12, seed, pool, NULL, err));
    ock_lloyd_grow(&s, 9);
    check_state(&s, &frame);
    ock_lloyd_run(&s, 20, 0);
    check_state(&s, &frame);
    ock_lloyd_regroup(&s);
    ock_lloyd_trade(&s, 0);
    check_state(&s, &frame);
    size_t a, b;
    ock_lloyd_cheapest_merge(&s, &a, &b);
    ock_lloyd_merge(&s, a, b);
    check_state(&s, &frame);
    ock_lloyd_scatter(&s, 7, &rng);
    ock_lloyd_run(&s, 20, 0);
    check_state(&s, &frame);
    ock_lloyd_clear(&s);
    ock_store_clear(&store);
    ock_frame_clear(&frame);
  }
  ock_pool_free(pool);
}

/* ---- one column ---- */

static void the_optimum_of_one_column_is_that_of_repeated_rows(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 4; seed++) {
    make_pair(300, 1, OCKHAM_FLOAT64, seed);
    ock_exact1d a, b;
    double x[8], y[8];
    assert_ok(ock_exact1d_init_weighted(&a, data.x, weights, 8, NULL, err));
    assert_ok(ock_exact1d_init(&b, repeated.x, 8, NULL, err));
    assert_int_equal(a.n_distinct, b.n_distinct);
    for (size_t k = 1; k <= 8; k++) {
      ock_exact1d_centroids(&a, k, x);
      ock_exact1d_centroids(&b, k, y);
      for (size_t j = 0; j < k; j++) assert_close(x[j], y[j], 1e-12);
    }
    ock_exact1d_clear(&a);
    ock_exact1d_clear(&b);
  }
}

/* ---- the public fit ---- */

static ockham_kmeans fit(ockham_rows x, size_t k, const double *w, uint32_t *out) {
  ockham_kmeans result;
  ockham_kmeans_options options = {.k = k, .weights = w, .threads = 2};
  assert_ok(ockham_kmeans_fit(x, &options, out, &result, err));
  return result;
}

static void assert_same_bits(const ockham_kmeans *a, const ockham_kmeans *b, size_t n) {
  assert_int_equal(a->k, b->k);
  assert_true(a->inertia == b->inertia && a->n_iterations == b->n_iterations);
  assert_memory_equal(a->centroids, b->centroids, a->k * a->n_columns * sizeof(double));
  assert_memory_equal(a->sizes, b->sizes, a->k * sizeof *a->sizes);
  assert_memory_equal(a->within, b->within, a->k * sizeof(double));
  assert_memory_equal(a->weights, b->weights, a->k * sizeof(double));
  assert_memory_equal(labels, other_labels, n * sizeof *labels);
}

static void weights_of_one_change_nothing(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 3; seed++) {
    make_pair(900, 1 + seed, OCKHAM_FLOAT64, seed);
    for (size_t i = 0; i < 900; i++) weights[i] = 1;
    ockham_kmeans a = fit(data.x, 6, NULL, labels), b = fit(data.x, 6, weights, other_labels);
    assert_same_bits(&a, &b, 900);
    for (size_t j = 0; j < 6; j++) assert_true(a.weights[j] == (double)a.sizes[j]);
    ockham_kmeans_clear(&a);
    ockham_kmeans_clear(&b);
  }
}

/* Rows of weight 0 get the label of the nearest centre, and that is all. */
static void rows_of_weight_zero_only_get_a_label(void **state) {
  (void)state;
  enum { N = 600, K = 5 };
  for (uint64_t seed = 0; seed < 4; seed++) {
    make_pair(N, 1 + seed, seed % 2 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64, seed);
    size_t n_kept = 0;
    for (size_t i = 0; i < N; i++) {
      if (i % 3 == 0) weights[i] = 0;
      if (i % 3 == 0) scene_put(&data, i, 0, 1000 + (double)i); /* far away */
      n_kept += weights[i] > 0;
    }
    scene_shape(&repeated, n_kept, 1 + seed, 1 + seed, data.x.dtype);
    static double kept[N];
    static uint32_t kept_labels[N];
    for (size_t i = 0, to = 0; i < N; i++) {
      if (weights[i] == 0) continue;
      kept[to] = weights[i];
      for (size_t l = 0; l < 1 + seed; l++) scene_put(&repeated, to, l, ock_rows_get(data.x, i, l));
      to++;
    }
    ockham_kmeans a = fit(data.x, K, weights, labels), b = fit(repeated.x, K, kept, kept_labels);
    assert_true(a.inertia == b.inertia);
    assert_memory_equal(a.centroids, b.centroids, K * (1 + seed) * sizeof(double));
    assert_memory_equal(a.sizes, b.sizes, K * sizeof *a.sizes);
    for (size_t i = 0, to = 0; i < N; i++)
      assert_int_equal(labels[i], weights[i] > 0 ? kept_labels[to++] : plain_nearest(data.x, i, NULL, a.centroids, K));
    ockham_kmeans_clear(&a);
    ockham_kmeans_clear(&b);
    b = fit(data.x, K, weights, NULL); /* nobody asks for labels */
    ockham_kmeans_clear(&b);
  }
}

/* Weights tell shares; only criteria take their sum for a number of rows. */
static void the_scale_of_weights_is_free(void **state) {
  (void)state;
  static const double factors[] = {0.25, 1024, 3, 0.001, 0x1p-300, 1e90};
  for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
    double factor = factors[f];
    make_pair(700, 2 + f % 3, OCKHAM_FLOAT64, f);
    ockham_kmeans a = fit(data.x, 5, weights, labels);
    for (size_t i = 0; i < 700; i++) weights[i] *= factor;
    ockham_kmeans b = fit(data.x, 5, weights, other_labels);
    assert_memory_equal(labels, other_labels, 700 * sizeof *labels);
    assert_close(a.inertia, b.inertia / factor, 1e-12);
    for (size_t j = 0; j < 5; j++) assert_close(a.weights[j], b.weights[j] / factor, 1e-12);
    for (size_t i = 0; i < 5 * a.n_columns; i++) assert_close(a.centroids[i], b.centroids[i], 1e-12);
    ockham_kmeans_clear(&a);
    ockham_kmeans_clear(&b);
  }
}

/* A heavy row among light ones, and the other way round. */
static void weights_may_differ_without_bound(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 8; seed++) {
    make_pair(400, 1 + seed % 4, seed % 2 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64, seed);
    ock_rng rng = ock_rng_make(seed, 9);
    for (size_t i = 0; i < 400; i++) weights[i] = pow(10, 200 * ock_rng_uniform(&rng) - 100);
    weights[0] = 1e-100;
    weights[1] = 1e100;
    ockham_kmeans a = fit(data.x, 6, weights, labels);
    uint64_t n = 0;
    for (size_t j = 0; j < a.k; j++) {
      n += a.sizes[j];
      assert_true(a.sizes[j] > 0 && a.weights[j] > 0 && isfinite(a.within[j]) && a.within[j] >= 0);
      assert_true(j == 0 || a.weights[j] <= a.weights[j - 1]);
    }
    assert_int_equal(n, 400);
    for (size_t i = 0; i < a.k * a.n_columns; i++) assert_true(fabs(a.centroids[i]) < 30);
    ockham_kmeans_clear(&a);
  }
}

/* The mean of light rows is exact, though heavy ones of other clusters stand among them. */
static void heavy_rows_leave_no_rounding(void **state) {
  (void)state;
  scene_shape(&data, 192, 2, 2, OCKHAM_FLOAT64);
  double mean = 0;
  for (size_t i = 0; i < 192; i++) {
    bool heavy = i % 16 == 3;
    weights[i] = heavy ? 1e15 : 1;
    for (size_t l = 0; l < 2; l++)
      scene_put(&data, i, l, heavy ? (i % 32 == 3 ? 7.3 : -5.1) : (double)(i * 13 % 50) / 100);
    if (!heavy) mean += (double)(i * 13 % 50) / 100 / 180;
  }
  ockham_kmeans result = fit(data.x, 3, weights, labels);
  assert_true(result.sizes[0] == 6 && result.sizes[2] == 180 && result.weights[2] == 180);
  assert_close(result.centroids[4], mean, 1e-13);
  ockham_kmeans_clear(&result);
}

static void check_refused(const double *w, size_t k, ockham_status status, size_t row, const char *message) {
  ockham_error err = {0};
  ockham_kmeans result;
  ockham_kmeans_options options = {.k = k, .weights = w};
  assert_int_equal(ockham_kmeans_fit(data.x, &options, labels, &result, &err), status);
  assert_int_equal(err.row, row);
  assert_string_equal(err.message, message);
  assert_null(result.centroids);
}

static void what_is_no_weight_is_refused(void **state) {
  (void)state;
  make_pair(4, 2, OCKHAM_FLOAT64, 1);
  check_refused((double[]){1, 2, -1, 1}, 2, OCKHAM_BAD_DATA, 3,
                "row 3: a weight must be 0 or a number from 1e-100 to 1e+100, found -1");
  check_refused((double[]){1, INFINITY, 1, 1}, 2, OCKHAM_BAD_DATA, 2,
                "row 2: a weight must be 0 or a number from 1e-100 to 1e+100, found inf");
  check_refused((double[]){1e-200, 1, 1, 1}, 2, OCKHAM_BAD_DATA, 1,
                "row 1: a weight must be 0 or a number from 1e-100 to 1e+100, found 1e-200");
  check_refused((double[]){1, 1, 1, NAN}, 2, OCKHAM_BAD_DATA, 4,
                "row 4: a weight must be 0 or a number from 1e-100 to 1e+100, found nan");
  check_refused((double[4]){0}, 2, OCKHAM_BAD_DATA, 0, "all weights are 0, expected a row that counts");
  check_refused((double[]){1, 0, 0, 3}, 3, OCKHAM_BAD_ARGUMENT, 0,
                "k must be at most the number of rows with a weight, 2, found 3");
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  make_pair(150, 2, OCKHAM_FLOAT64, 3);
  weights[7] = 0;
  for (size_t d = 1; d <= 2; d++) {
    ockham_rows x = data.x;
    x.n_columns = d;
    x.stride = 2;
    for_each_allocation_failure(n) {
      ockham_error err = {0};
      ockham_kmeans result;
      ockham_kmeans_options options = {.k = 3, .weights = weights, .threads = 1};
      ock_fault_after(n);
      ockham_status status = ockham_kmeans_fit(x, &options, labels, &result, &err);
      assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
      if (!status) ockham_kmeans_clear(&result);
    }
  }
}

/* The least inertia_ of KMeans(k, n_init=1, tol=0, random_state=0 ... 399).fit(x, sample_weight=w), scikit-learn 1.9.1.
 */
static void scikit_learn_agrees(void **state) {
  (void)state;
  static const struct {
    size_t k;
    double inertia;
  } cases[] = {{2, 129964.73157858184}, {4, 58727.864459882214}, {7, 30748.84511540054}};
  scene_shape(&data, 120, 2, 2, OCKHAM_FLOAT64);
  for (size_t i = 0; i < 120; i++) {
    scene_put(&data, i, 0, (double)(i * 37 % 101));
    scene_put(&data, i, 1, (double)(i * i * 13 % 89));
    weights[i] = (double)(i * 7 % 5) * 0.75;
  }
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    ockham_kmeans result;
    ockham_kmeans_options options = {.k = cases[c].k, .weights = weights, .restarts = 100};
    assert_ok(ockham_kmeans_fit(data.x, &options, labels, &result, err));
    assert_close(result.inertia, cases[c].inertia, 1e-12);
    ockham_kmeans_clear(&result);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_frame_is_that_of_repeated_rows),
      cmocka_unit_test(settling_is_that_of_repeated_rows),
      cmocka_unit_test(the_state_keeps_its_sums),
      cmocka_unit_test(the_optimum_of_one_column_is_that_of_repeated_rows),
      cmocka_unit_test(weights_of_one_change_nothing),
      cmocka_unit_test(rows_of_weight_zero_only_get_a_label),
      cmocka_unit_test(the_scale_of_weights_is_free),
      cmocka_unit_test(weights_may_differ_without_bound),
      cmocka_unit_test(heavy_rows_leave_no_rounding),
      cmocka_unit_test(what_is_no_weight_is_refused),
      cmocka_unit_test(running_out_of_memory_is_reported),
      cmocka_unit_test(scikit_learn_agrees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
