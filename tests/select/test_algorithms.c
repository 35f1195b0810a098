/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds rule out only what cannot matter: with them and without, a sweep and a fit are the same to the last bit, on
 * rows of every awkward kind. In float64 from the start, what is found is as consistent. */
#include "sweeping.h"

typedef struct kind {
  const char *name;
  size_t n, d, k_max;
  double (*value)(ock_rng *rng, size_t i, size_t l);
} kind;

static double from_normal(ock_rng *rng, size_t i, size_t l) {
  (void)i, (void)l;
  return ock_rng_normal(rng);
}

static double from_noise(ock_rng *rng, size_t i, size_t l) {
  (void)i, (void)l;
  return ock_rng_uniform(rng);
}

static double from_groups(ock_rng *rng, size_t i, size_t l) {
  return 10 * (double)((i * 7 + l * l) % 9) + ock_rng_normal(rng);
}

/* Whole numbers 0 ... 3: many equal rows, and distances that tie. */
static double from_grid(ock_rng *rng, size_t i, size_t l) {
  (void)i, (void)l;
  return (double)ock_rng_below(rng, 4);
}

static double from_line(ock_rng *rng, size_t i, size_t l) {
  (void)rng;
  return (double)(i * i % 1000) * (double)(l + 1);
}

static double far_away(ock_rng *rng, size_t i, size_t l) {
  return 1e9 + from_groups(rng, i, l);
}

/* Groups of 1e-7 of the distance between two heaps of them: floats do not tell their rows apart. */
static double too_fine(ock_rng *rng, size_t i, size_t l) {
  return (double)(i % 2) + 1e-7 * from_groups(rng, i, l);
}

static double nearly_nothing(ock_rng *rng, size_t i, size_t l) {
  return 1e-150 * from_groups(rng, i, l);
}

static const kind kinds[] = {
    {"normal", 700, 3, 20, from_normal},  {"noise", 4500, 4, 16, from_noise},    {"groups", 5000, 2, 24, from_groups},
    {"wide", 400, 70, 12, from_groups},   {"grid", 500, 2, 16, from_grid},       {"line", 800, 3, 12, from_line},
    {"far away", 900, 2, 12, far_away},   {"too fine", 900, 2, 14, too_fine},    {"one column", 300, 1, 12, from_grid},
    {"tiny", 600, 2, 12, nearly_nothing}, {"every row", 24, 2, 24, from_normal},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static double *make_rows(const kind *c) {
  double *x = malloc(c->n * c->d * sizeof *x);
  ock_rng rng = ock_rng_make(1, c->n);
  for (size_t i = 0; i < c->n; i++)
    for (size_t l = 0; l < c->d; l++) x[i * c->d + l] = c->value(&rng, i, l);
  return x;
}

/* Sizes and sums are those of the labels, and no row has a nearer centroid. */
static void check_consistent(const char *name, const ockham_sweep *sweep, ockham_rows x) {
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  uint32_t *labels = malloc(x.n_rows * sizeof *labels);
  for (size_t c = 0; c < curve->n_points; c++) {
    const ockham_curve_point *p = &curve->points[c];
    double inertia = 0;
    assert_ok(ockham_sweep_labels(sweep, x, c, 1, labels, err));
    for (size_t i = 0; i < x.n_rows; i++) {
      double own = squares_between(x, i, p->centroids + labels[i] * x.n_columns);
      inertia += own;
      for (size_t j = 0; j < p->k; j++)
        assert_true(own <= squares_between(x, i, p->centroids + j * x.n_columns) * (1 + 1e-9) + 1e-13 * curve->total);
    }
    /* Centroids in the data's units are rounded where the data are far from 0. */
    if (!(fabs(inertia - p->inertia) <= 1e-9 * p->inertia + 1e-12 * curve->total))
      fail_msg("%s, k = %zu: inertia %.17g, its labels' %.17g", name, p->k, p->inertia, inertia);
  }
  free(labels);
}

static void test_sweeps(void **unused) {
  (void)unused;
  for (size_t c = 0; c < N_KINDS; c++) {
    double *values = make_rows(&kinds[c]);
    ockham_rows x = rows_of(values, kinds[c].n, kinds[c].d);
    ockham_sweep_options options = {.criterion = "bic", .k_max = kinds[c].k_max, .no_silhouette = c % 2 == 0};
    for (int precision = 0; precision <= OCKHAM_PRECISION_DOUBLE; precision++) {
      options.precision = (ockham_precision)precision;
      options.algorithm = OCKHAM_ALGORITHM_BOUNDS;
      options.threads = 2;
      ockham_sweep *bounds = sweep_with(x, options);
      options.algorithm = OCKHAM_ALGORITHM_LLOYD;
      options.threads = 1;
      ockham_sweep *plain = sweep_with(x, options);
      assert_same_curves(bounds, plain);
      check_consistent(kinds[c].name, bounds, x);
      ockham_sweep_free(bounds);
      ockham_sweep_free(plain);
    }
    free(values);
  }
}

static void test_fits(void **unused) {
  (void)unused;
  for (size_t c = 0; c < N_KINDS; c++) {
    double *values = make_rows(&kinds[c]);
    uint32_t *labels[2] = {malloc(kinds[c].n * sizeof(uint32_t)), malloc(kinds[c].n * sizeof(uint32_t))};
    ockham_kmeans fits[2];
    for (size_t a = 0; a < 2; a++) {
      ockham_kmeans_options options = {.k = kinds[c].k_max, .restarts = 2, .threads = 1 + a};
      options.algorithm = a ? OCKHAM_ALGORITHM_LLOYD : OCKHAM_ALGORITHM_AUTO;
      assert_ok(ockham_kmeans_fit(rows_of(values, kinds[c].n, kinds[c].d), &options, labels[a], &fits[a], err));
    }
    assert_true(fits[0].inertia == fits[1].inertia);
    assert_memory_equal(labels[0], labels[1], kinds[c].n * sizeof(uint32_t));
    for (size_t a = 0; a < 2; a++) {
      ockham_kmeans_clear(&fits[a]);
      free(labels[a]);
    }
    free(values);
  }
}

/* Hundreds of clusters: more than one chunk of centres, and cuts of many clusters at once. */
static void test_many_clusters(void **unused) {
  (void)unused;
  enum { N = 6000, D = 3, K = 300 };
  double *values = make_uniform(N, D, 4);
  double inertia[2];
  for (size_t a = 0; a < 2; a++) {
    ockham_kmeans_options options = {.k = K, .restarts = 1, .algorithm = a ? OCKHAM_ALGORITHM_LLOYD : 0};
    ockham_kmeans fit;
    assert_ok(ockham_kmeans_fit(rows_of(values, N, D), &options, NULL, &fit, err));
    assert_int_equal(fit.k, K);
    inertia[a] = fit.inertia;
    ockham_kmeans_clear(&fit);
  }
  assert_true(inertia[0] == inertia[1]);
  free(values);
}

static void test_unknown_ones_are_refused(void **unused) {
  (void)unused;
  const double values[4] = {1, 2, 3, 4};
  ockham_sweep *sweep;
  ockham_error err;
  ockham_sweep_options options = {.algorithm = (ockham_algorithm)3};
  assert_int_equal(ockham_sweep_run(rows_of(values, 2, 2), &options, &sweep, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "there is no algorithm 3 with precision 0");
  ockham_kmeans fit;
  ockham_kmeans_options fit_options = {.k = 1, .precision = (ockham_precision)2};
  assert_int_equal(ockham_kmeans_fit(rows_of(values, 2, 2), &fit_options, NULL, &fit, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "there is no algorithm 0 with precision 2");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sweeps),
      cmocka_unit_test(test_fits),
      cmocka_unit_test(test_many_clusters),
      cmocka_unit_test(test_unknown_ones_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
