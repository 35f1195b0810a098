/* SPDX-License-Identifier: Apache-2.0 */
/* X-means and G-means: what they say of one column is computed here a second time, row by row; the rest are properties.
 * Numbers of clusters on a published set are those of another program. */
#include <ockham/splits.h>

#include "select/sweeping.h"
#include "stats/internal.h"

enum { MOST = 30000 };

static uint32_t labels[MOST], other_labels[MOST];

static ockham_kmeans fit_with(ockham_rows x, ockham_splits_options options) {
  ockham_kmeans result;
  assert_ok(ockham_splits_fit(x, &options, labels, &result, err));
  return result;
}

static size_t k_of(ockham_rows x, ockham_splits_options options) {
  ockham_kmeans result = fit_with(x, options);
  size_t k = result.k;
  ockham_kmeans_clear(&result);
  return k;
}

static const ockham_splits_options each_method[] = {
    {.method = OCKHAM_X_MEANS}, {.method = OCKHAM_X_MEANS, .as_printed = true}, {.method = OCKHAM_G_MEANS}};
enum { N_METHODS = sizeof each_method / sizeof *each_method };

/* ---- one column, computed twice ---- */

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double squares_about_mean(const double *x, size_t n, double *mean) {
  double sum = 0;
  *mean = 0;
  for (size_t i = 0; i < n; i++) *mean += x[i] / (double)n;
  for (size_t i = 0; i < n; i++) sum += (x[i] - *mean) * (x[i] - *mean);
  return sum;
}

/* Where 2-means from both sides of the mean ends: how many of n ascending values are below. */
static size_t plain_cut(const double *x, size_t n) {
  double low, high, middle;
  squares_about_mean(x, n, &middle);
  for (size_t before = 0, below = 0;; before = below) {
    for (below = 0; below < n && x[below] <= middle; below++) continue;
    if (below == before) return below;
    squares_about_mean(x, below, &low);
    squares_about_mean(x + below, n - below, &high);
    middle = (low + high) / 2;
  }
}

/* ln of the density of each value together with its half, summed value by value, less the price. */
static double plain_bic(const double *x, size_t n, size_t n_below, bool as_printed) {
  double mean[2], k = n_below > 0 ? 2 : 1, squares = squares_about_mean(x, n_below, &mean[0]), sum = 0;
  squares += squares_about_mean(x + n_below, n - n_below, &mean[1]);
  double variance = squares / ((double)n - k);
  for (size_t i = 0; i < n; i++) {
    double share = (double)(i < n_below ? n_below : n - n_below) / (double)n, off = x[i] - mean[i >= n_below];
    sum += log(share) - 0.5 * log(2 * M_PI * variance) - 0.5 * off * off / variance;
  }
  if (as_printed) sum += (k * k - k) / 2; /* each cluster is credited with the degrees of freedom of all */
  return sum - k * log((double)n);        /* k (d + 1) / 2 parameters */
}

static bool plain_splits(const double *x, size_t n, ockham_splits_options o, bool *close) {
  double by;
  if (o.method == OCKHAM_X_MEANS) {
    by = plain_bic(x, n, plain_cut(x, n), o.as_printed) - plain_bic(x, n, 0, o.as_printed);
  } else {
    ock_weighted_value values[200];
    for (size_t i = 0; i < n; i++) values[i] = (ock_weighted_value){x[i], 1};
    double m = (double)n, statistic = ock_normality_test(values, n).statistic;
    by = statistic * (1 + 4 / m - 25 / (m * m)) - 1.8692;
  }
  *close = fabs(by) < 1e-6;
  return by > 0;
}

/* Two groups that stand apart more or less: whether one becomes two. */
static void one_column_is_split_as_the_formula_says(void **state) {
  (void)state;
  enum { DRAWS = 300, N = 120 };
  ock_rng rng = ock_rng_make(81, 0);
  for (size_t m = 0; m < N_METHODS; m++) {
    size_t n_split = 0;
    for (size_t draw = 0; draw < DRAWS; draw++) {
      double x[N], apart = 6 * ock_rng_uniform(&rng);
      size_t n = 10 + ock_rng_below(&rng, N - 10);
      for (size_t i = 0; i < n; i++) x[i] = ock_rng_normal(&rng) + apart * (double)(i % 2);
      qsort(x, n, sizeof *x, compare_doubles);
      bool close, expected = plain_splits(x, n, each_method[m], &close);
      ockham_splits_options options = each_method[m];
      options.k_max = 2;
      size_t k = k_of(rows_of(x, n, 1), options);
      if (!close && k != (expected ? 2 : 1)) fail_msg("method %zu, draw %zu of %zu values: %zu", m, draw, n, k);
      n_split += k == 2;
    }
    assert_in_range(n_split, DRAWS / 10, DRAWS * 9 / 10); /* both answers are met */
  }
}

static void alpha_decides_by_p(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(82, 0);
  size_t n_split = 0;
  for (size_t draw = 0; draw < 60; draw++) {
    double x[100];
    ock_weighted_value values[100];
    for (size_t i = 0; i < 100; i++) {
      x[i] = ock_rng_normal(&rng) + 2.5 * (double)(i % 2);
      values[i] = (ock_weighted_value){x[i], 1};
    }
    double p = ock_normality_test(values, 100).p;
    ockham_splits_options options = {.method = OCKHAM_G_MEANS, .k_max = 2, .alpha = p * 1.001};
    assert_int_equal(k_of(rows_of(x, 100, 1), options), 2);
    options.alpha = p * 0.999;
    assert_int_equal(k_of(rows_of(x, 100, 1), options), 1);
    options.alpha = 0.05;
    n_split += k_of(rows_of(x, 100, 1), options) == 2;
  }
  assert_in_range(n_split, 6, 54);
}

/* ---- the result ---- */

/* The answer is an ordinary clustering: sizes, means and sums are those of the labels, and no centroid is nearer. */
static void assert_sound(ockham_rows x, const ockham_kmeans *r) {
  double inertia = 0;
  ockham_curve_point p = {.k = r->k, .centroids = r->centroids};
  assert_nearest(x, labels, &p);
  sweeping_summary s = summarise(x, labels, &p);
  for (size_t j = 0; j < r->k; j++) {
    assert_int_equal(r->sizes[j], s.sizes[j]);
    assert_true(j == 0 || r->weights[j] <= r->weights[j - 1]);
    assert_close(r->within[j], s.within[j], 1e-9);
    for (size_t l = 0; l < x.n_columns; l++)
      assert_true(fabs(s.means[j * x.n_columns + l]) < 1e-6 * (double)r->sizes[j]);
    inertia += s.within[j];
  }
  assert_close(r->inertia, inertia, 1e-9);
  clear_summary(&s);
}

static void the_result_is_a_clustering(void **state) {
  (void)state;
  static const struct { size_t n, d, k; } scenes[] = {{400, 2, 5}, {900, 3, 20}, {5000, 2, 100}, {600, 17, 4}};
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
    double *x = make_blobs(scenes[i].n, scenes[i].d, scenes[i].k, 83 + i);
    ockham_rows rows = rows_of(x, scenes[i].n, scenes[i].d);
    for (size_t m = 0; m < N_METHODS; m++) {
      ockham_splits_options options = each_method[m];
      ockham_kmeans r = fit_with(rows, options);
      assert_sound(rows, &r);
      assert_true(r.converged);
      if (options.method == OCKHAM_G_MEANS) /* round clusters that stand apart: about as many as there are */
        assert_in_range(r.k, scenes[i].k, scenes[i].k + scenes[i].k / 10);
      ockham_kmeans_clear(&r);
    }
    free(x);
  }
}

/* G-means says of these what ClustPy 0.0.2 says of them, and X-means what it says with one cluster to begin with. */
static void published_sets_are_counted_as_by_clustpy(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t g_means, x_means;
  } sets[] = {{"hepta", 7, 1},  {"R15", 16, 1},    {"spherical_5_2", 4, 1}, {"simplex", 4, 1},
              {"sizes1", 4, 1}, {"square1", 4, 1}, {"gaussians1", 2, 2}};
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    char path[512];
    ockham_table *table;
    ockham_read_options read = {.label_column = "label"};
    snprintf(path, sizeof path, "%s/known-k/%s.csv", OCK_SHARED_DATA, sets[i].name);
    if (ockham_table_read(path, &read, &table, NULL)) skip();
    assert_int_equal(k_of(ockham_table_rows(table), each_method[2]), sets[i].g_means);
    assert_int_equal(k_of(ockham_table_rows(table), each_method[0]), sets[i].x_means);
    ockham_table_free(table);
  }
}

static void one_gaussian_is_one_cluster(void **state) {
  (void)state;
  for (uint64_t draw = 0; draw < 30; draw++) {
    size_t n = 100 + 60 * draw, d = 1 + draw % 8;
    double *x = make_normal(n, d, 90 + draw);
    for (size_t m = 0; m < N_METHODS; m++) {
      ockham_kmeans r = fit_with(rows_of(x, n, d), each_method[m]);
      assert_int_equal(r.k, 1);
      assert_true(r.exact && r.converged);
      ockham_kmeans_clear(&r);
    }
    free(x);
  }
}

/* BIC of a result by its own words, corrected. */
static double bic_of(const ockham_kmeans *r, double n) {
  double d = (double)r->n_columns, k = (double)r->k, variance = r->inertia / ((n - k) * d), sum = 0;
  for (size_t j = 0; j < r->k; j++) sum += r->weights[j] * log(r->weights[j] / n);
  return sum - n * d / 2 * log(2 * M_PI * variance) - (n - k) * d / 2 - k * (d + 1) / 2 * log(n);
}

/* The start is one of the clusterings that X-means has met: the answer is never worse. */
static void x_means_keeps_the_best(void **state) {
  (void)state;
  size_t n_more = 0;
  for (uint64_t draw = 0; draw < 20; draw++) {
    size_t n = 300, d = 1 + draw % 3;
    double *x = draw % 2 ? make_uniform(n, d, draw) : make_blobs(n, d, 6, draw);
    for (size_t k_min = 1; k_min <= 8; k_min++) {
      ockham_splits_options options = {.k_min = k_min, .k_max = k_min};
      ockham_kmeans start = fit_with(rows_of(x, n, d), options);
      options.k_max = 0;
      ockham_kmeans r = fit_with(rows_of(x, n, d), options);
      assert_int_equal(start.k, k_min);
      assert_true(r.k >= k_min);
      assert_true(bic_of(&r, (double)n) >= bic_of(&start, (double)n) - 1e-3 * (double)n); /* steps go on after it */
      n_more += r.k > k_min;
      ockham_kmeans_clear(&start);
      ockham_kmeans_clear(&r);
    }
    free(x);
  }
  assert_in_range(n_more, 20, 140);
}

/* The K^2 of the printed formula: it goes on where the corrected one has ended. */
static void as_printed_it_splits_on(void **state) {
  (void)state;
  size_t n = 2000;
  double *x = make_uniform(n, 1, 97);
  for (size_t i = 0; i < n; i += 2) x[i] = floor(x[i] * 40) / 40; /* narrow groups on an even ground */
  ockham_splits_options options = {.k_min = 20};
  size_t corrected = k_of(rows_of(x, n, 1), options);
  options.as_printed = true;
  size_t printed = k_of(rows_of(x, n, 1), options);
  assert_true(printed > corrected && corrected >= 20);
  free(x);
}

/* ---- options ---- */

static void the_range_is_kept(void **state) {
  (void)state;
  double *x = make_blobs(1000, 2, 12, 84);
  ockham_rows rows = rows_of(x, 1000, 2);
  for (size_t k = 1; k <= 11; k++)
    assert_int_equal(k_of(rows, (ockham_splits_options){.method = OCKHAM_G_MEANS, .k_max = k}), k);
  for (size_t k = 13; k <= 40; k += 9)
    for (size_t m = 0; m < N_METHODS; m++) {
      ockham_splits_options options = each_method[m];
      options.k_min = options.k_max = k;
      assert_int_equal(k_of(rows, options), k);
    }
  free(x);
}

static void assert_same(const ockham_kmeans *a, const ockham_kmeans *b) {
  assert_int_equal(a->k, b->k);
  assert_memory_equal(a->centroids, b->centroids, a->k * a->n_columns * sizeof(double));
  assert_memory_equal(&a->inertia, &b->inertia, sizeof(double));
}

static void threads_and_algorithm_do_not_matter(void **state) {
  (void)state;
  enum { N = 12000 };
  double *x = make_blobs(N, 3, 30, 85);
  for (size_t m = 0; m < N_METHODS; m++) {
    ockham_splits_options options = each_method[m];
    options.threads = 1;
    ockham_kmeans one = fit_with(rows_of(x, N, 3), options);
    memcpy(other_labels, labels, N * sizeof *labels);
    options.threads = 3;
    ockham_kmeans three = fit_with(rows_of(x, N, 3), options);
    assert_memory_equal(labels, other_labels, N * sizeof *labels);
    assert_same(&one, &three);
    options.algorithm = OCKHAM_ALGORITHM_LLOYD;
    ockham_kmeans plain = fit_with(rows_of(x, N, 3), options);
    assert_same(&one, &plain);
    ockham_kmeans_clear(&one);
    ockham_kmeans_clear(&three);
    ockham_kmeans_clear(&plain);
  }
  free(x);
}

/* Clusters far from the mean, which floats about it cannot tell apart. */
static void offsets_do_not_matter(void **state) {
  (void)state;
  enum { N = 600 };
  double *x = make_blobs(N, 2, 3, 86);
  size_t k = k_of(rows_of(x, N, 2), each_method[2]);
  assert_int_equal(k, 3);
  memcpy(other_labels, labels, N * sizeof *labels);
  for (size_t i = 0; i < N; i++) x[2 * i] += i % 3 == 0 ? 1e9 : -1e9;
  assert_int_equal(k_of(rows_of(x, N, 2), each_method[2]), k);
  assert_memory_equal(labels, other_labels, N * sizeof *labels);
  free(x);
}

static void weights_are_rows(void **state) {
  (void)state;
  enum { N = 500, D = 2 };
  double *x = make_blobs(N, D, 4, 87), weights[N], *repeated = malloc(4 * N * D * sizeof *repeated);
  ock_rng rng = ock_rng_make(88, 0);
  size_t n = 0;
  for (size_t i = 0; i < N; i++) {
    size_t times = ock_rng_below(&rng, 4);
    weights[i] = (double)times;
    for (size_t t = 0; t < times; t++) memcpy(repeated + D * n++, x + D * i, D * sizeof *x);
  }
  for (size_t m = 0; m < N_METHODS; m++) {
    ockham_splits_options options = each_method[m];
    ockham_kmeans whole = fit_with(rows_of(repeated, n, D), options);
    options.weights = weights;
    ockham_kmeans r = fit_with(rows_of(x, N, D), options);
    assert_int_equal(r.k, whole.k);
    assert_close(r.inertia, whole.inertia, 1e-9);
    assert_ok(ockham_nearest(rows_of(x, N, D), r.centroids, r.k, 1, other_labels, NULL, err));
    assert_memory_equal(labels, other_labels, N * sizeof *labels); /* also those of weight 0 */
    ockham_kmeans_clear(&whole);
    ockham_kmeans_clear(&r);
  }
  free(x);
  free(repeated);
}

/* ---- edges ---- */

static void few_or_equal_rows_are_left(void **state) {
  (void)state;
  double x[2 * OCK_NORMALITY_FEWEST];
  for (size_t i = 0; i < 2 * OCK_NORMALITY_FEWEST; i++) x[i] = (double)(i % 2) * 100 + (double)i;
  for (size_t n = 1; n < OCK_NORMALITY_FEWEST; n++) assert_int_equal(k_of(rows_of(x, n, 2), each_method[2]), 1);
  for (size_t m = 0; m < N_METHODS; m++) {
    assert_int_equal(k_of(rows_of(x, 1, 2), each_method[m]), 1);
    for (size_t i = 0; i < 12; i++) x[i] = 5;
    assert_int_equal(k_of(rows_of(x, 12, 1), each_method[m]), 1);
    assert_int_equal(k_of(rows_of(x, 6, 2), each_method[m]), 1);
  }
}

/* Three places with many rows each, two of them neighbours on the grid that BIC takes for the data's resolution. */
static void equal_rows_are_not_cut(void **state) {
  (void)state;
  static const size_t expected[N_METHODS] = {2, 2, 3};
  static const double places[] = {0, 1, 100};
  double x[600];
  for (size_t i = 0; i < 300; i++) {
    x[2 * i] = places[i % 3];
    x[2 * i + 1] = 7; /* and a column that says nothing */
  }
  for (size_t m = 0; m < N_METHODS; m++) {
    ockham_kmeans r = fit_with(rows_of(x, 300, 2), each_method[m]);
    assert_int_equal(r.k, expected[m]);
    assert_close(r.inertia, r.k == 3 ? 0 : 50, 1e-12);
    ockham_kmeans_clear(&r);
  }
}

static void errors_are_named(void **state) {
  (void)state;
  double *x = make_normal(50, 2, 89), weights[50] = {-1};
  static const struct {
    ockham_splits_options options;
    const char *message;
  } wrong[] = {
      {{.k_min = 5, .k_max = 4}, "the least k, 5, must not exceed the largest, 4"},
      {{.k_min = 51}, "k must be at most the number of rows, 50, found 51"},
      {{.k_max = 51}, "k must be at most the number of rows, 50, found 51"},
      {{.method = OCKHAM_G_MEANS, .alpha = -0.1}, "alpha must be between 0 and 1, found -0.1"},
      {{.method = OCKHAM_G_MEANS, .alpha = 1}, "alpha must be between 0 and 1, found 1"},
      {{.method = OCKHAM_G_MEANS, .alpha = NAN}, "alpha must be between 0 and 1, found"},
      {{.method = (ockham_splits_method)2}, "there is no method 2"},
      {{.algorithm = (ockham_algorithm)9}, "there is no algorithm 9"},
  };
  ockham_kmeans r;
  ockham_error err;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(ockham_splits_fit(rows_of(x, 50, 2), &wrong[i].options, NULL, &r, &err), OCKHAM_BAD_ARGUMENT);
    if (!strstr(err.message, wrong[i].message)) fail_msg("%s", err.message);
    assert_null(r.centroids);
  }
  ockham_splits_options weighted = {.weights = weights};
  assert_int_equal(ockham_splits_fit(rows_of(x, 50, 2), &weighted, NULL, &r, &err), OCKHAM_BAD_DATA);
  assert_int_equal(err.row, 1);
  x[7] = NAN;
  assert_int_equal(ockham_splits_fit(rows_of(x, 50, 2), NULL, NULL, &r, &err), OCKHAM_BAD_DATA);
  assert_true(err.row == 4 && err.column == 2);
  free(x);
}

static void allocations_may_fail(void **state) {
  (void)state;
  double *x = make_blobs(150, 2, 3, 91), weights[150];
  for (size_t i = 0; i < 150; i++) weights[i] = (double)(i % 4);
  for (size_t m = 0; m < N_METHODS; m++) {
    for_each_allocation_failure(n) {
      ockham_splits_options options = each_method[m];
      options.threads = 1;
      options.k_min = 33; /* more than there is room for at first */
      options.weights = m == 1 ? weights : NULL;
      ockham_kmeans r;
      ock_fault_after(n);
      ockham_status status = ockham_splits_fit(rows_of(x, 150, 2), &options, labels, &r, NULL);
      assert_true(status == OCKHAM_OK || (status == OCKHAM_NO_MEMORY && ock_fault_hits()));
      assert_true((status == OCKHAM_OK) == (r.centroids != NULL));
      ockham_kmeans_clear(&r);
    }
  }
  free(x);
}

typedef struct stopper {
  size_t calls_left;
} stopper;

static bool stop_later(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)stage;
  (void)done;
  (void)total;
  stopper *s = user;
  return s->calls_left > 0 && s->calls_left-- > 0;
}

static void it_can_be_stopped(void **state) {
  (void)state;
  enum { N = 30000 };
  double *x = make_blobs(N, 4, 60, 92);
  for (size_t calls = 0; calls < 3; calls++) {
    stopper s = {calls};
    ockham_progress progress = {.report = stop_later, .user = &s};
    ockham_splits_options options = {.method = OCKHAM_G_MEANS, .progress = &progress, .threads = 1};
    ockham_kmeans r;
    ockham_error err;
    ockham_status status = ockham_splits_fit(rows_of(x, N, 4), &options, labels, &r, &err);
    if (calls == 0) assert_int_equal(status, OCKHAM_INTERRUPTED);
    assert_true(status == OCKHAM_OK ||
                status == OCKHAM_INTERRUPTED); /* a fast machine may be done before it is asked */
    assert_true((status == OCKHAM_OK) == (r.centroids != NULL));
    ockham_kmeans_clear(&r);
  }
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_column_is_split_as_the_formula_says),
      cmocka_unit_test(alpha_decides_by_p),
      cmocka_unit_test(the_result_is_a_clustering),
      cmocka_unit_test(published_sets_are_counted_as_by_clustpy),
      cmocka_unit_test(one_gaussian_is_one_cluster),
      cmocka_unit_test(x_means_keeps_the_best),
      cmocka_unit_test(as_printed_it_splits_on),
      cmocka_unit_test(the_range_is_kept),
      cmocka_unit_test(threads_and_algorithm_do_not_matter),
      cmocka_unit_test(offsets_do_not_matter),
      cmocka_unit_test(weights_are_rows),
      cmocka_unit_test(few_or_equal_rows_are_left),
      cmocka_unit_test(equal_rows_are_not_cut),
      cmocka_unit_test(errors_are_named),
      cmocka_unit_test(allocations_may_fail),
      cmocka_unit_test(it_can_be_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
