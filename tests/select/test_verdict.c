/* SPDX-License-Identifier: Apache-2.0 */
/* What decides by default: mixtures, one cluster of any shape, and how sure that is. */
#include "blocks.h"
#include "select/sweeping.h"

enum { N = 600 };

static ockham_sweep *sweep_rows(const double *x, size_t n, size_t d) {
  return sweep_with(rows_of(x, n, d), (ockham_sweep_options){.no_silhouette = true});
}

/* The clusters are the mixture's: labels, sizes and spreads are those of its predictions. */
static void clusters_are_those_of_the_mixture(void **state) {
  (void)state;
  double *x = make_blobs(N, 3, 4, 1), squared[4] = {0};
  ockham_sweep *sweep = sweep_rows(x, N, 3);
  ockham_verdict v = ockham_sweep_verdict(sweep);
  uint32_t labels[N], others[N];
  uint64_t sizes[4] = {0};
  assert_int_equal(v.k, 4);
  assert_non_null(v.mixture);
  assert_ok(ockham_sweep_verdict_labels(sweep, rows_of(x, N, 3), 0, labels, err));
  assert_ok(ockham_mixture_predict(v.mixture, rows_of(x, N, 3), 1, others, NULL, NULL, err));
  assert_memory_equal(labels, others, sizeof labels);
  for (size_t i = 0; i < N; i++) {
    sizes[labels[i]]++;
    assert_int_equal(labels[i], labels[i % 4]); /* the blob that it was drawn for */
    for (size_t l = 0; l < 3; l++) squared[labels[i]] += pow(x[i * 3 + l] - v.mixture->means[labels[i] * 3 + l], 2);
  }
  for (size_t j = 0; j < 4; j++) {
    assert_int_equal(sizes[j], v.sizes[j]);
    assert_close(squared[j], v.within[j], 1e-12);
  }
  assert_int_equal(v.confidence.n_halves, 20);
  assert_true(v.confidence.n_agree >= 18 && v.confidence.n_agree == ockham_sweep_half_count(sweep, 4));
  assert_int_equal(v.confidence.n_peaks, 4);
  assert_false(v.confidence.unclear || v.confidence.n_bent);
  ockham_sweep_free(sweep);
  free(x);
}

/* Two equal round Gaussians whose centres are 3 standard deviations apart: a share Phi(-1.5) = 0.0668 of the rows may
 * be in either, which is the error of the best classifier. */
static void overlap_is_the_error_of_the_best_classifier(void **state) {
  (void)state;
  enum { MANY = 6000 };
  double *x = make_normal(MANY, 2, 4);
  for (size_t i = 0; i < MANY; i += 2) x[2 * i] += 3;
  ockham_sweep *sweep = sweep_rows(x, MANY, 2);
  ockham_confidence c = ockham_sweep_verdict(sweep).confidence;
  assert_int_equal(ockham_sweep_verdict(sweep).k, 2);
  assert_true(fabs(c.overlap - 0.0668) < 0.01);
  assert_int_equal(c.merge_a + c.merge_b, 1);
  assert_int_equal(c.n_peaks, 2); /* above 2 standard deviations the density has two peaks */
  ockham_sweep_free(sweep);
  free(x);
}

/* Beyond memory clusters are those of k-means, which have other numbers than components: none is told to overlap, or to
 * be split. */
static void components_are_not_told_of_where_they_are_not_the_clusters(void **state) {
  (void)state;
  enum { MANY = 6000 };
  double *x = make_normal(MANY, 2, 4);
  for (size_t i = 0; i < MANY; i += 2) x[2 * i] += 3;
  blocks b = {.x = rows_of(x, MANY, 2), .block_rows = 500};
  ockham_row_source source = blocks_source(&b);
  ockham_overview overview = {0};
  ockham_sweep *sweep;
  assert_ok(ockham_overview_take(&source, 4000, 0, NULL, &overview, err));
  assert_ok(ockham_sweep_run_source(&source, &overview, 1 << 25, &(ockham_sweep_options){.k_max = 6}, &sweep, err));
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_int_equal(v.k, 2);
  assert_string_equal(v.criterion->name, "mixture");
  assert_null(v.mixture);
  assert_int_equal(v.confidence.n_halves, 20);
  assert_int_equal(v.confidence.n_peaks, 2);
  assert_true(v.confidence.overlap == 0 && v.confidence.merge_a == 0 && v.confidence.merge_b == 0);
  assert_false(v.confidence.has_split);
  ockham_sweep_free(sweep);
  ockham_overview_clear(&overview);
  free(x);
}

/* Rows of one cluster that no Gaussian describes. */
static double *draw(int kind, size_t n, size_t d, uint64_t seed) {
  double *x = kind == 2 ? make_uniform(n, d, seed) : make_normal(n, d, seed);
  ock_rng rng = ock_rng_make(seed, 9);
  for (size_t i = 0; i < n; i++) {
    double a = ock_rng_normal(&rng), b = ock_rng_normal(&rng), c = ock_rng_normal(&rng);
    double scale = sqrt((a * a + b * b + c * c) / 3); /* t with 3 degrees of freedom */
    for (size_t l = 0; l < d; l++) {
      if (kind == 0) x[i * d + l] /= scale;
      if (kind == 1) x[i * d + l] = exp(x[i * d + l]);
    }
  }
  return x;
}

static void one_cluster_may_have_any_shape(void **state) {
  (void)state;
  static const ockham_shape shapes[] = {OCKHAM_SHAPE_STUDENT, OCKHAM_SHAPE_SKEWED, OCKHAM_SHAPE_BOX};
  for (int kind = 0; kind < 3; kind++)
    for (uint64_t seed = 0; seed < 3; seed++) {
      double *x = draw(kind, N, 2, seed);
      ockham_sweep *sweep = sweep_rows(x, N, 2);
      assert_int_equal(ockham_sweep_verdict(sweep).k, 1);
      assert_int_equal(ockham_sweep_curve(sweep)->points[0].mixture_shape, shapes[kind]);
      assert_null(ockham_sweep_verdict(sweep).mixture);
      ockham_sweep_free(sweep);
      free(x);
    }
}

/* Few rows with heavy tails in ten columns: components must not stick to rows. */
static void heavy_tails_are_one_cluster(void **state) {
  (void)state;
  enum { ROWS = 100, COLUMNS = 10, FREEDOM = 3, TABLES = 12 };
  size_t n_wrong = 0;
  for (uint64_t seed = 0; seed < TABLES; seed++) {
    double *x = make_normal(ROWS, COLUMNS, seed);
    ock_rng rng = ock_rng_make(seed, 2);
    for (size_t i = 0; i < ROWS; i++) {
      double squares = 0;
      for (int f = 0; f < FREEDOM; f++) squares += pow(ock_rng_normal(&rng), 2);
      for (size_t l = 0; l < COLUMNS; l++) x[i * COLUMNS + l] /= sqrt(squares / FREEDOM);
    }
    ockham_sweep *sweep = sweep_rows(x, ROWS, COLUMNS);
    n_wrong += ockham_sweep_verdict(sweep).k != 1;
    ockham_sweep_free(sweep);
    free(x);
  }
  assert_true(n_wrong <= 1);
}

/* A ring around a blob: the ring has no centre. */
static void rings_are_told(void **state) {
  (void)state;
  enum { MANY = 1200 };
  double *x = make_normal(MANY, 2, 6);
  ock_rng rng = ock_rng_make(6, 2);
  for (size_t i = 0; i < MANY; i++) {
    if (i % 4 == 0) continue;
    double angle = 2 * acos(-1) * ock_rng_uniform(&rng), radius = 9 + 0.5 * ock_rng_normal(&rng);
    x[2 * i] = radius * cos(angle);
    x[2 * i + 1] = radius * sin(angle);
  }
  ockham_sweep *sweep = sweep_rows(x, MANY, 2);
  ockham_confidence c = ockham_sweep_verdict(sweep).confidence;
  assert_int_equal(c.n_bent, 1);
  assert_true(fabs(c.bent_share - 0.75) < 0.02);
  ockham_sweep_free(sweep);
  free(x);
}

/* In what units columns are does not matter, not even without scaling. */
static void units_do_not_matter(void **state) {
  (void)state;
  double *x = make_blobs(N, 2, 3, 8);
  for (size_t i = 0; i < N; i++) x[2 * i + 1] *= 0.3;
  ockham_sweep *a = sweep_rows(x, N, 2);
  for (size_t i = 0; i < N; i++) x[2 * i + 1] *= 0x1p10;
  ockham_sweep *b = sweep_rows(x, N, 2);
  assert_int_equal(ockham_sweep_verdict(a).k, 3);
  assert_int_equal(ockham_sweep_verdict(b).k, 3);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
}

static void threads_do_not_matter(void **state) {
  (void)state;
  double *x = make_blobs(N, 3, 3, 9);
  ockham_sweep *a = sweep_with(rows_of(x, N, 3), (ockham_sweep_options){.threads = 1});
  ockham_sweep *b = sweep_with(rows_of(x, N, 3), (ockham_sweep_options){.threads = 3});
  ockham_verdict v = ockham_sweep_verdict(a), w = ockham_sweep_verdict(b);
  assert_int_equal(v.k, w.k);
  assert_true(v.weight == w.weight && v.confidence.overlap == w.confidence.overlap);
  for (size_t k = 1; k < 10; k++) assert_int_equal(ockham_sweep_half_count(a, k), ockham_sweep_half_count(b, k));
  assert_memory_equal(v.mixture->means, w.mixture->means, v.k * 3 * sizeof(double));
  assert_memory_equal(v.within, w.within, v.k * sizeof(double));
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
}

/* A constant column, hardly any different rows, hardly any rows: BIC of k-means decides. */
static void where_no_mixture_can_be_fitted_bic_decides(void **state) {
  (void)state;
  double *x = make_blobs(N, 2, 3, 10);
  for (size_t i = 0; i < N; i++) x[2 * i + 1] = 7;
  ockham_sweep *sweep = sweep_rows(x, N, 2);
  assert_string_equal(ockham_sweep_verdict(sweep).criterion->name, "bic");
  ockham_sweep_free(sweep);
  for (size_t i = 0; i < (size_t)N * 2; i++) x[i] = (double)(i / 2 % 2);
  sweep = sweep_rows(x, N, 2);
  assert_string_equal(ockham_sweep_verdict(sweep).criterion->name, "bic");
  assert_int_equal(ockham_sweep_verdict(sweep).k, 2);
  ockham_sweep_free(sweep);
  free(x);
}

static bool stop_in_halves(void *data, const char *stage, uint64_t done, uint64_t total) {
  (void)data;
  (void)done;
  (void)total;
  return strcmp(stage, "halves of the rows") != 0;
}

static void a_stop_leaves_an_answer(void **state) {
  (void)state;
  double *x = make_blobs(N, 6, 5, 11);
  ockham_progress progress = {.report = stop_in_halves};
  ockham_sweep *sweep =
      sweep_with(rows_of(x, N, 6), (ockham_sweep_options){.progress = &progress, .k_max = 8, .no_silhouette = true});
  assert_true(ockham_sweep_verdict(sweep).partial);
  assert_int_equal(ockham_sweep_verdict(sweep).k, 5);
  ockham_sweep_free(sweep);
  free(x);
}

/* Rows of one Gaussian whose columns are mixed by a random matrix. */
static double *make_correlated(size_t n, size_t d, uint64_t seed) {
  double *x = make_normal(n, d, seed), *mix = make_normal(d, d, seed + 1000), *y = calloc(n * d, sizeof *y);
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++)
      for (size_t m = 0; m < d; m++) y[i * d + l] += x[i * d + m] * mix[m * d + l];
  free(x);
  free(mix);
  return y;
}

/* Too few rows for a matrix: without other evidence BIC of spheres says two to four clusters in a third of these. */
static void correlated_columns_are_no_clusters(void **state) {
  (void)state;
  enum { TABLES = 30, ROWS = 60, COLUMNS = 30 };
  size_t n_overruled = 0, n_wrong = 0;
  for (uint64_t seed = 0; seed < TABLES; seed++) {
    double *x = make_correlated(ROWS, COLUMNS, seed);
    ockham_sweep *sweep =
        sweep_with(rows_of(x, ROWS, COLUMNS), (ockham_sweep_options){.k_max = 6, .no_silhouette = true});
    ockham_verdict v = ockham_sweep_verdict(sweep);
    n_overruled += v.confidence.like_one;
    n_wrong += v.k != 1;
    assert_true(v.confidence.like_one == (v.confidence.z > -1.8) &&
                (!v.confidence.like_one || (v.k == 1 && v.overruled)));
    ockham_sweep_free(sweep);
    free(x);
  }
  assert_true(n_overruled >= 3);
  assert_true(n_wrong <= 1);
}

static void few_rows_of_clusters_are_clusters(void **state) {
  (void)state;
  enum { ROWS = 60, COLUMNS = 30 };
  for (size_t k = 2; k <= 5; k++) {
    double *x = make_blobs(ROWS, COLUMNS, k, k), *weights = malloc(ROWS * sizeof *weights);
    for (size_t i = 0; i < ROWS; i++) weights[i] = 1;
    ockham_sweep_options options = {.k_max = 8, .no_silhouette = true};
    ockham_sweep *sweep = sweep_with(rows_of(x, ROWS, COLUMNS), options);
    options.weights = weights;
    ockham_sweep *weighted = sweep_with(rows_of(x, ROWS, COLUMNS), options);
    ockham_verdict v = ockham_sweep_verdict(sweep);
    assert_int_equal(v.k, k);
    assert_true(v.confidence.z < -4 && !v.confidence.like_one);
    assert_close(ockham_sweep_verdict(weighted).confidence.z, v.confidence.z, 1e-6);
    ockham_sweep_free(weighted);
    options = (ockham_sweep_options){.k_max = 8, .no_silhouette = true, .criterion = "mixture"};
    weighted = sweep_with(rows_of(x, ROWS, COLUMNS), options);
    assert_true(isnan(ockham_sweep_verdict(weighted).confidence.z)); /* by BIC alone */
    ockham_sweep_free(weighted);
    ockham_sweep_free(sweep);
    free(weights);
    free(x);
  }
}

static void allocations_may_fail(void **state) {
  (void)state;
  for (size_t d = 2; d <= 6; d += 4) { /* with 20 rows and 6 columns also against one Gaussian */
    size_t rows = d == 2 ? 90 : 20;
    double *x = make_blobs(rows, d, 2, 12);
    for_each_allocation_failure(n) {
      ockham_sweep *s;
      ockham_sweep_options options = {.k_max = 3, .threads = 1, .no_silhouette = true};
      ock_fault_after(n);
      ockham_status status = ockham_sweep_run(rows_of(x, rows, d), &options, &s, NULL);
      assert_true(status == OCKHAM_OK || (status == OCKHAM_NO_MEMORY && ock_fault_hits()));
      if (!status) ockham_sweep_free(s);
    }
    free(x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(clusters_are_those_of_the_mixture),
      cmocka_unit_test(overlap_is_the_error_of_the_best_classifier),
      cmocka_unit_test(components_are_not_told_of_where_they_are_not_the_clusters),
      cmocka_unit_test(one_cluster_may_have_any_shape),
      cmocka_unit_test(heavy_tails_are_one_cluster),
      cmocka_unit_test(rings_are_told),
      cmocka_unit_test(units_do_not_matter),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(where_no_mixture_can_be_fitted_bic_decides),
      cmocka_unit_test(a_stop_leaves_an_answer),
      cmocka_unit_test(correlated_columns_are_no_clusters),
      cmocka_unit_test(few_rows_of_clusters_are_clusters),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
