/* SPDX-License-Identifier: Apache-2.0 */
/* Counts, codes and rounded values; and what is far out. */
#include "select/mixtures.h"
#include "select/sweeping.h"

enum { N = 600 };

static void assert_k(const double *x, size_t n, size_t d, size_t k) {
  ockham_sweep *sweep = sweep_with(rows_of(x, n, d), (ockham_sweep_options){.no_silhouette = true});
  assert_int_equal(ockham_sweep_verdict(sweep).k, k);
  assert_string_equal(ockham_sweep_verdict(sweep).criterion->name, "mixture");
  ockham_sweep_free(sweep);
}

static double *draw(size_t n, size_t d, uint64_t seed, double (*value)(ock_rng *rng, size_t row, size_t column)) {
  double *x = malloc(n * d * sizeof *x);
  ock_rng rng = ock_rng_make(seed, 9);
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++) x[i * d + l] = value(&rng, i, l);
  return x;
}

/* How many of some uniform numbers have a product of more than e^-mean (Knuth). */
static double poisson(ock_rng *rng, double mean) {
  double n = -1;
  for (double product = 1; product > exp(-mean); n++) product *= ock_rng_uniform(rng);
  return n;
}

static double code(ock_rng *rng, size_t row, size_t column) {
  (void)row, (void)column;
  return 1 + (double)ock_rng_below(rng, 5);
}

static double count(ock_rng *rng, size_t row, size_t column) {
  (void)row, (void)column;
  return poisson(rng, 3);
}

static double two_counts(ock_rng *rng, size_t row, size_t column) {
  (void)column;
  return poisson(rng, row % 2 ? 3 : 25);
}

static double answer(ock_rng *rng, size_t row, size_t column) {
  (void)column;
  return fmin(5, fmax(1, round((row % 2 ? 2 : 4) + 0.7 * ock_rng_normal(rng))));
}

/* Repeated values are no clusters, and clusters of values that repeat are. */
static void counts_and_codes(void **state) {
  (void)state;
  static const struct {
    double (*value)(ock_rng *rng, size_t row, size_t column);
    size_t d, k;
  } cases[] = {{code, 3, 1},  {code, 6, 1},       {code, 1, 1},  {count, 1, 1},
               {count, 2, 1}, {two_counts, 1, 2}, {answer, 6, 2}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
    for (uint64_t seed = 0; seed < 3; seed++) {
      double *x = draw(N, cases[c].d, seed, cases[c].value);
      assert_k(x, N, cases[c].d, cases[c].k);
      free(x);
    }
}

/* One row that is 10^5 to 10^9 times as far out as the clusters are wide is one more cluster. */
static void what_is_far_out_hides_nothing(void **state) {
  (void)state;
  double *x = make_blobs(301, 2, 3, 5);
  for (double far = 1e5; far <= 1e9; far *= 100) {
    x[600] = x[601] = far;
    assert_k(x, 301, 2, 4);
  }
  free(x);
}

/* ---- its parts ---- */

static void with_store(const double *x, size_t n, size_t d, void (*look)(ock_store *store)) {
  ock_pool *pool;
  ock_frame frame = {.n = n, .d = d, .total = (double)n, .unit = 1, .origin = calloc(d, sizeof(double))};
  ock_store store;
  assert_ok(ock_pool_new(1, &pool, err));
  assert_ok(ock_store_init(&store, &frame, rows_of(x, n, d), NULL, n, true, pool, err));
  look(&store);
  ock_store_clear(&store);
  ock_pool_free(pool);
  free(frame.origin);
}

static void look_at_grain(ock_store *store) {
  ock_grain grain[4];
  assert_true(ock_grain_find(store, grain));
  assert_true(grain[0].step == 2 && grain[0].gap == 2 && grain[0].n_different == 5);
  assert_true(grain[1].gap == 0.5 && grain[1].step == 0); /* 0.5 and 0.75 apart */
  assert_true(grain[2].gap == 0 && grain[2].step == 0 && grain[2].n_different == N);
  assert_true(grain[3].gap == 0 && grain[3].step == 0 && grain[3].n_different == 1);
  double before[4], once[4];
  ock_store_read_row(store, 77, before);
  ock_grain_spread(store, grain, 3);
  ock_store_read_row(store, 77, once);
  assert_true(fabs(once[0] - before[0]) <= 1 && once[0] != before[0]);
  for (size_t l = 1; l < 4; l++) assert_true(once[l] == before[l]);
  double mean = 0, squares = 0; /* evenly over a step of 2: variance 1/3 */
  for (size_t i = 0; i < N; i++) {
    ock_store_read_row(store, i, once);
    double moved = once[0] - 2 * (double)(i % 5);
    mean += moved / N;
    squares += moved * moved / N;
  }
  assert_true(fabs(mean) < 0.1 && fabs(squares - 1.0 / 3) < 0.05);
}

static void grids_are_told_from_others(void **state) {
  (void)state;
  double *x = malloc(N * 4 * sizeof *x);
  ock_rng rng = ock_rng_make(4, 9);
  for (size_t i = 0; i < N; i++) {
    x[i * 4] = 2 * (double)(i % 5);
    x[i * 4 + 1] = i % 3 == 0 ? 0 : i % 3 == 1 ? 0.5 : 1.25;
    x[i * 4 + 2] = ock_rng_normal(&rng);
    x[i * 4 + 3] = 7;
  }
  with_store(x, N, 4, look_at_grain);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_and_codes),
      cmocka_unit_test(what_is_far_out_hides_nothing),
      cmocka_unit_test(grids_are_told_from_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
