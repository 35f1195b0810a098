/* SPDX-License-Identifier: Apache-2.0 */
/* Mixtures over a range of k: right where BIC of k-means is not, the same bits for any number of threads, and whole in
 * what they leave out. */
#include <math.h>

#include "select/mixtures.h"
#include "test.h"

enum { N = 1200, D = 2 };

static double x[N * D], weights[N];

static ockham_rows rows(size_t n) {
  return (ockham_rows){.data = x, .n_rows = n, .n_columns = D};
}

/* k long clouds side by side, each in its own direction. */
static void draw_long(size_t n, size_t k, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < n; i++) {
    double j = (double)(i % k), along = 6 * ock_rng_normal(&rng), across = ock_rng_normal(&rng);
    x[i * D] = 30 * j + along * cos(j) - across * sin(j);
    x[i * D + 1] = along * sin(j) + across * cos(j);
  }
}

/* k round clouds whose density falls as exp(-r / 2), that is with an exponent of 1/2: r is a sum of two exponentials.
 */
static void draw_heavy(size_t n, size_t k, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < n; i++) {
    double r = -2 * log((1 - ock_rng_uniform(&rng)) * (1 - ock_rng_uniform(&rng)));
    double a = ock_rng_normal(&rng), b = ock_rng_normal(&rng), length = sqrt(a * a + b * b);
    x[i * D] = 60 * (double)(i % k) + r * a / length;
    x[i * D + 1] = r * b / length;
  }
}

static ockham_sweep *sweep(ockham_rows at, ockham_sweep_options options) {
  ockham_sweep *result;
  assert_ok(ockham_sweep_run(at, &options, &result, err));
  return result;
}

static size_t answer(const ockham_sweep *s, const char *criterion) {
  size_t i = ockham_criterion_choose(ockham_criterion_find(criterion), ockham_sweep_curve(s));
  return i == SIZE_MAX ? 0 : ockham_sweep_curve(s)->points[i].k;
}

static void long_clusters_are_counted_once(void **state) {
  (void)state;
  for (size_t k = 1; k <= 5; k++) {
    draw_long(N, k, k);
    ockham_sweep *s = sweep(rows(N), (ockham_sweep_options){.criterion = "mixture", .no_silhouette = true});
    ockham_verdict v = ockham_sweep_verdict(s);
    assert_int_equal(v.k, k);
    assert_true(v.weight > 0.9 && v.mixture_rows == N);
    if (k > 1) assert_true(answer(s, "bic") > k); /* round ones are not */
    ockham_sweep_free(s);
  }
}

static void heavy_tails_are_no_clusters(void **state) {
  (void)state;
  for (size_t k = 1; k <= 4; k++) {
    draw_heavy(N, k, 10 + k);
    ockham_sweep *s = sweep(rows(N), (ockham_sweep_options){.criterion = "mixture", .no_silhouette = true});
    ockham_verdict v = ockham_sweep_verdict(s);
    assert_int_equal(v.k, k);
    assert_true(ockham_sweep_curve(s)->points[v.point].mixture_tail < 0.7);
    ockham_sweep_free(s);
  }
}

/* At its own k the curve's mixture is at least as good as one that is fitted from k-means alone. */
static void scores_are_those_of_mixtures(void **state) {
  (void)state;
  draw_long(600, 3, 21);
  ockham_sweep *s = sweep(rows(600), (ockham_sweep_options){.mixtures = true, .k_max = 8, .no_silhouette = true});
  const ockham_curve *curve = ockham_sweep_curve(s);
  assert_true(curve->has_mixtures);
  for (size_t k = 2; k <= 4; k++) {
    if (!isfinite(curve->points[k - 1].mixture_bic)) continue; /* it cannot be the best */
    ockham_mixture m;
    ockham_mixture_options options = {.k = k, .families = "EII,VII,VVI,EEE,VEV,VVV", .tolerance = 1e-3};
    assert_ok(ockham_mixture_fit(rows(600), &options, NULL, &m, err));
    double correction = 0.15 * m.n_parameters * log(600); /* at most, for rows that are few */
    assert_true(curve->points[k - 1].mixture_bic >= m.bic - correction);
    assert_true(curve->points[k - 1].mixture_icl <= curve->points[k - 1].mixture_bic + 1e-9);
    ockham_mixture_clear(&m);
  }
  ockham_sweep_free(s);
}

static void threads_do_not_matter(void **state) {
  (void)state;
  draw_heavy(N, 3, 31);
  ockham_sweep *one = sweep(rows(N), (ockham_sweep_options){.mixtures = true, .k_max = 8, .threads = 1});
  for (size_t threads = 2; threads <= 3; threads++) {
    ockham_sweep *s = sweep(rows(N), (ockham_sweep_options){.mixtures = true, .k_max = 8, .threads = threads});
    for (size_t i = 0; i < 8; i++) {
      const ockham_curve_point *a = &ockham_sweep_curve(one)->points[i], *b = &ockham_sweep_curve(s)->points[i];
      assert_true(a->mixture_bic == b->mixture_bic && a->mixture_icl == b->mixture_icl);
    }
    ockham_sweep_free(s);
  }
  ockham_sweep_free(one);
}

/* A row of weight 3 is three rows. */
static void weights_are_rows(void **state) {
  (void)state;
  draw_long(300, 2, 41);
  for (size_t i = 0; i < 300; i++) weights[i] = (double)(1 + i % 3);
  ockham_sweep *weighted =
      sweep(rows(300), (ockham_sweep_options){.mixtures = true, .k_max = 6, .weights = weights, .no_silhouette = true});
  size_t n = 300;
  for (size_t i = 0; i < 300; i++)
    for (size_t t = 1; t < 1 + i % 3; t++, n++) memcpy(x + n * D, x + i * D, D * sizeof *x);
  ockham_sweep *plain = sweep(rows(n), (ockham_sweep_options){.mixtures = true, .k_max = 6, .no_silhouette = true});
  assert_int_equal(answer(weighted, "mixture"), answer(plain, "mixture"));
  double a = ockham_sweep_curve(weighted)->points[1].mixture_bic, b = ockham_sweep_curve(plain)->points[1].mixture_bic;
  assert_true(fabs(a - b) <= 0.5);
  ockham_sweep_free(weighted);
  ockham_sweep_free(plain);
}

static void some_tables_have_none(void **state) {
  (void)state;
  draw_long(100, 2, 51);
  for (size_t i = 0; i < 100; i++) x[i * D + 1] = 7; /* a constant column */
  ockham_sweep *s = sweep(rows(100), (ockham_sweep_options){.criterion = "mixture"});
  ockham_verdict v = ockham_sweep_verdict(s);
  assert_true(v.undecided && v.mixture_rows == 0 && !ockham_sweep_curve(s)->has_mixtures);
  ockham_sweep_free(s);
  for (size_t n = 2; n <= 12; n++) { /* hardly any rows */
    draw_long(n, 1, 52);
    s = sweep(rows(n), (ockham_sweep_options){.criterion = "mixture", .k_max = n});
    assert_true(ockham_sweep_verdict(s).k <= n);
    ockham_sweep_free(s);
  }
  for (size_t i = 0; i < 200; i++) x[i] = (double)(i / 2 % 4); /* many equal rows */
  s = sweep(rows(100), (ockham_sweep_options){.criterion = "mixture"});
  assert_true(ockham_sweep_verdict(s).k <= 4);
  ockham_sweep_free(s);
}

static bool stop_in_mixtures(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user;
  (void)done;
  (void)total;
  return strcmp(stage, "mixtures") != 0;
}

/* Families on their way down know only large k: BIC of k-means decides then. */
static void half_of_a_search_says_nothing(void **state) {
  (void)state;
  ockham_progress progress = {.report = stop_in_mixtures};
  draw_long(N, 3, 71);
  ockham_sweep *s = sweep(rows(N), (ockham_sweep_options){.criterion = "mixture", .progress = &progress});
  ockham_verdict v = ockham_sweep_verdict(s);
  assert_true(v.partial && v.mixture_rows == 0 && !ockham_sweep_curve(s)->has_mixtures);
  assert_string_equal(v.criterion->name, "bic");
  ockham_sweep_free(s);
}

/* No mixture is fitted below k_min, nor where rows are too few for it. */
static void the_range_is_kept(void **state) {
  (void)state;
  draw_long(60, 2, 81);
  ockham_sweep *s = sweep(rows(60), (ockham_sweep_options){.mixtures = true, .k_min = 4, .k_max = 58});
  const ockham_curve *curve = ockham_sweep_curve(s);
  assert_int_equal(curve->points[0].k, 4);
  assert_true(isfinite(curve->points[0].mixture_bic));
  assert_false(isfinite(curve->points[curve->n_points - 1].mixture_bic));
  ockham_sweep_free(s);
}

static void allocations_may_fail(void **state) {
  (void)state;
  draw_long(120, 2, 61);
  for_each_allocation_failure(n) {
    ockham_sweep *s;
    ockham_sweep_options options = {.mixtures = true, .k_max = 3, .threads = 1};
    ock_fault_after(n);
    ockham_status status = ockham_sweep_run(rows(120), &options, &s, NULL);
    assert_true(status == OCKHAM_OK || (status == OCKHAM_NO_MEMORY && ock_fault_hits()));
    if (!status) ockham_sweep_free(s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(long_clusters_are_counted_once),
      cmocka_unit_test(heavy_tails_are_no_clusters),
      cmocka_unit_test(scores_are_those_of_mixtures),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(weights_are_rows),
      cmocka_unit_test(some_tables_have_none),
      cmocka_unit_test(half_of_a_search_says_nothing),
      cmocka_unit_test(the_range_is_kept),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
