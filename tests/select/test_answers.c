/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of sweeps over ordinary data: known k is found, noise is one cluster. */
#include "select/sweeping.h"

static void test_known_k_is_found(void **unused) {
  (void)unused;
  const size_t columns[] = {1, 2, 5, 20}, clusters[] = {2, 5, 9};
  for (size_t c = 0; c < 4; c++)
    for (size_t j = 0; j < 3; j++)
      for (uint64_t seed = 0; seed < 3; seed++) {
        size_t k = clusters[j], n = 60 * k;
        double *x = make_blobs(n, columns[c], k, seed);
        size_t found = chosen_by(rows_of(x, n, columns[c]), (ockham_sweep_options){.no_silhouette = true});
        if (found != k) print_error("d %zu, seed %zu: %zu for %zu\n", columns[c], (size_t)seed, found, k);
        assert_int_equal(found, k);
        free(x);
      }
}

/* Even cubes in one or two columns are left out: cutting them gains just what it costs, so that chance decides. */
static void test_noise_is_one_cluster(void **unused) {
  (void)unused;
  const size_t columns[] = {1, 2, 5, 20};
  for (size_t c = 0; c < 4; c++)
    for (uint64_t seed = 0; seed < 3; seed++) {
      double *normal = make_normal(400, columns[c], seed), *uniform = make_uniform(400, columns[c], seed);
      ockham_sweep_options options = {.no_silhouette = true};
      assert_int_equal(chosen_by(rows_of(normal, 400, columns[c]), options), 1);
      if (columns[c] > 2) assert_int_equal(chosen_by(rows_of(uniform, 400, columns[c]), options), 1);
      free(normal);
      free(uniform);
    }
}

/* Of 50 draws of n rows, how many are said to be one cluster. */
static size_t count_ones(double *make(size_t, size_t, uint64_t), size_t n, size_t d) {
  size_t ones = 0;
  for (uint64_t draw = 0; draw < 50; draw++) {
    double *x = make(n, d, 1000 + draw);
    ones += chosen_by(rows_of(x, n, d), (ockham_sweep_options){.no_silhouette = true, .threads = 1}) == 1;
    free(x);
  }
  return ones;
}

static void test_little_noise_is_one_cluster(void **unused) {
  (void)unused;
  const size_t rows[] = {5, 6, 10, 20, 50}, columns[] = {1, 2, 5};
  for (size_t r = 0; r < 5; r++)
    for (size_t c = 0; c < 3; c++) {
      assert_true(count_ones(make_normal, rows[r], columns[c]) >= 47);
    }
}

/* Three groups 4 standard deviations apart fill a line almost evenly, and are three all the same. */
static void test_close_groups_on_a_line_are_found(void **unused) {
  (void)unused;
  double *x = make_normal(300, 1, 3);
  for (size_t i = 0; i < 300; i++) x[i] += 4 * (double)(i % 3);
  assert_int_equal(chosen_by(rows_of(x, 300, 1), (ockham_sweep_options){.no_silhouette = true}), 3);
  free(x);
}

/* Clusters of very different sizes and spreads: Unbalance in small. */
static void test_unequal_clusters_are_found(void **unused) {
  (void)unused;
  double *x = make_normal(620, 2, 1);
  for (size_t i = 0; i < 620; i++) {
    size_t c = i < 200 ? 0 : i < 400 ? 1 : i < 600 ? 2 : 3; /* 200, 200, 200 and 20 rows */
    double sd = c == 3 ? 5 : 1;
    x[2 * i] = x[2 * i] * sd + (c == 3 ? 100.0 : 10.0 * (double)c);
    x[2 * i + 1] *= sd;
  }
  assert_int_equal(chosen_by(rows_of(x, 620, 2), (ockham_sweep_options){.no_silhouette = true}), 4);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_k_is_found),
      cmocka_unit_test(test_noise_is_one_cluster),
      cmocka_unit_test(test_little_noise_is_one_cluster),
      cmocka_unit_test(test_close_groups_on_a_line_are_found),
      cmocka_unit_test(test_unequal_clusters_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
