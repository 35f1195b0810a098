/* SPDX-License-Identifier: Apache-2.0 */
/* One round over a source: measures against plain sums, samples that are fair, scalings as of whole tables. */
#include <ockham/data.h>

#include "blocks.h"

enum { N = 3001, D = 3 };
static double x[N * D];

static ockham_rows draw(uint64_t seed, double offset) {
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < N; i++)
    for (size_t l = 0; l < D; l++) x[i * D + l] = offset + pow(10, (double)l) * ock_rng_normal(&rng);
  return (ockham_rows){.data = x, .n_rows = N, .n_columns = D};
}

static ockham_overview take(ockham_rows rows, size_t block_rows, size_t most, uint64_t seed) {
  ockham_overview o = {0};
  blocks b = {.x = rows, .block_rows = block_rows};
  ockham_row_source source = blocks_source(&b);
  assert_ok(ockham_overview_take(&source, most, seed, NULL, &o, err));
  assert_int_equal(o.n_rows, rows.n_rows);
  return o;
}

static void test_measures(void **unused) {
  (void)unused;
  for (int i = 0; i < 2; i++) {
    double offset = i ? 1e9 : 0;
    ockham_rows rows = draw(1, offset);
    ockham_overview o = take(rows, 100, 10, 0);
    for (size_t l = 0; l < D; l++) {
      long double sum = 0, squares = 0;
      double low = INFINITY, high = -INFINITY;
      for (size_t r = 0; r < N; r++) {
        sum += (long double)x[r * D + l] - (long double)offset;
        low = fmin(low, x[r * D + l]);
        high = fmax(high, x[r * D + l]);
      }
      for (size_t r = 0; r < N; r++) squares += powl((long double)x[r * D + l] - (long double)offset - sum / N, 2);
      double sd = (double)sqrtl(squares / N);
      assert_true(fabs(o.mean[l] - offset - (double)(sum / N)) <= 1e-15 * (offset + sd));
      assert_true(fabs(o.sd[l] - sd) <= (i ? 1e-7 : 1e-13) * sd);
      assert_true(o.low[l] == low && o.high[l] == high);
    }
    ockham_overview_clear(&o);
  }
}

static void assert_same(const ockham_overview *a, const ockham_overview *b) {
  assert_memory_equal(a->mean, b->mean, D * sizeof(double));
  assert_memory_equal(a->sd, b->sd, D * sizeof(double));
  assert_int_equal(a->sample.n_rows, b->sample.n_rows);
  assert_memory_equal(a->sample.data, b->sample.data, a->sample.n_rows * D * sizeof(double));
}

static void test_blocks_do_not_matter(void **unused) {
  (void)unused;
  ockham_rows rows = draw(2, 5);
  ockham_overview whole = take(rows, N, 500, 7);
  for (size_t block_rows = 1; block_rows < N; block_rows = 5 * block_rows + 2) {
    ockham_overview o = take(rows, block_rows, 500, 7);
    assert_same(&whole, &o);
    ockham_overview_clear(&o);
  }
  ockham_overview_clear(&whole);
}

/* Ascending rows, one of each stretch; all of them when there is room. */
static void test_the_sample_is_spread_evenly(void **unused) {
  (void)unused;
  for (size_t i = 0; i < N; i++) x[i] = (double)i;
  ockham_rows rows = {.data = x, .n_rows = N, .n_columns = 1};
  for (size_t most = 2; most < 2 * N; most = most * 3 / 2) {
    ockham_overview o = take(rows, 64, most, most);
    const double *sample = o.sample.data;
    size_t n = o.sample.n_rows;
    if (most / 2 * 2 >= N) assert_true(n == N && o.stretch == 1);
    assert_true(n <= most && (n == N || 2 * n + 2 >= most / 2 * 2));
    for (size_t i = 0; i < n; i++) assert_int_equal((uint64_t)sample[i] / o.stretch, i);
    ockham_overview_clear(&o);
  }
}

/* Every row is as likely as any other: those of a short last stretch too. */
static void test_the_sample_is_fair(void **unused) {
  (void)unused;
  enum { ROWS = 45, DRAWS = 20000, MOST = 8 };
  size_t seen[ROWS] = {0}, n = 0;
  for (size_t i = 0; i < ROWS; i++) x[i] = (double)i;
  for (uint64_t seed = 0; seed < DRAWS; seed++) {
    ockham_overview o = take((ockham_rows){.data = x, .n_rows = ROWS, .n_columns = 1}, ROWS, MOST, seed);
    assert_int_equal(o.stretch, 8);
    for (size_t i = 0; i < o.sample.n_rows; i++) seen[(size_t)((const double *)o.sample.data)[i]]++;
    n += o.sample.n_rows;
    ockham_overview_clear(&o);
  }
  for (size_t i = 0; i < ROWS; i++) /* 1 in 8: within 6 standard deviations */
    assert_true(fabs((double)seen[i] - DRAWS / 8.0) < 6 * sqrt(DRAWS / 8.0 * 7 / 8));
  assert_true(n > 0);
}

static void test_float32_is_widened(void **unused) {
  (void)unused;
  static float narrow[N * (D + 1)];
  ockham_rows rows = {.data = x, .n_rows = N, .n_columns = D};
  ock_rng rng = ock_rng_make(3, 0);
  for (size_t i = 0; i < N; i++)
    for (size_t l = 0; l < D; l++) {
      x[i * D + l] = (double)ock_rng_below(&rng, 1000000) / 64;
      narrow[i * (D + 1) + l] = (float)x[i * D + l];
    }
  ockham_overview a = take(rows, 77, 400, 1);
  ockham_overview b = take(
      (ockham_rows){.data = narrow, .n_rows = N, .n_columns = D, .stride = D + 1, .dtype = OCKHAM_FLOAT32}, 50, 400, 1);
  assert_same(&a, &b);
  ockham_overview_clear(&a);
  ockham_overview_clear(&b);
}

/* Scalings are those of the whole table, the robust one when the sample has all rows. */
static void test_scalings(void **unused) {
  (void)unused;
  ockham_rows rows = draw(4, 3);
  for (int kind = OCKHAM_SCALE_AUTO; kind <= OCKHAM_SCALE_ROBUST; kind++) {
    ockham_overview o = take(rows, 100, kind == OCKHAM_SCALE_ROBUST ? N + 1 : 100, 0);
    ockham_scaling of_table = {.kind = OCKHAM_SCALE_NONE}, of_overview = {.kind = OCKHAM_SCALE_NONE};
    assert_ok(ockham_scaling_fit(rows, (ockham_scale)kind, &of_table, err));
    assert_ok(ockham_overview_fit_scaling(&o, (ockham_scale)kind, &of_overview, err));
    assert_int_equal(of_table.kind, of_overview.kind);
    assert_close(of_table.spread_ratio, of_overview.spread_ratio, 1e-12);
    for (size_t l = 0; l < D && of_table.factor; l++) {
      assert_close(of_table.factor[l], of_overview.factor[l], 1e-12);
      assert_close(of_table.centre[l], of_overview.centre[l], 1e-12);
    }
    ockham_overview_scale(&o, &of_overview);
    double *scaled = malloc(sizeof x);
    ockham_scaling_apply(&of_overview, rows, scaled);
    ockham_rows y = {.data = scaled, .n_rows = N, .n_columns = D};
    ockham_overview of_scaled = take(y, N, kind == OCKHAM_SCALE_ROBUST ? N + 1 : 100, 0);
    for (size_t l = 0; l < D; l++) {
      assert_close(o.mean[l], of_scaled.mean[l], 1e-12);
      assert_close(o.sd[l], of_scaled.sd[l], 1e-12);
      assert_true(o.low[l] == of_scaled.low[l] && o.high[l] == of_scaled.high[l]);
    }
    assert_memory_equal(o.sample.data, of_scaled.sample.data, o.sample.n_rows * D * sizeof(double));
    ockham_overview_clear(&of_scaled);
    free(scaled);
    ockham_scaling_clear(&of_table);
    ockham_scaling_clear(&of_overview);
    ockham_overview_clear(&o);
  }
}

/* ---- what goes wrong ---- */

static ockham_error failure(blocks b, size_t most, ockham_status status) {
  ockham_overview o = {0};
  ockham_error err = {0};
  ockham_row_source source = blocks_source(&b);
  assert_int_equal(ockham_overview_take(&source, most, 0, NULL, &o, &err), status);
  assert_null(o.mean);
  assert_int_equal(err.status, status);
  return err;
}

static bool stop(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

static void test_failures(void **unused) {
  (void)unused;
  ockham_rows rows = draw(5, 0);
  failure((blocks){.x = rows, .block_rows = 9}, 1, OCKHAM_BAD_ARGUMENT);
  failure((blocks){.x = rows, .block_rows = 9, .bad_round = 1, .bad_row = 99, .bad_status = OCKHAM_IO}, 9, OCKHAM_IO);
  ockham_error none = failure((blocks){.x = rows, .block_rows = 9, .bad_round = 1}, 9, OCKHAM_BAD_DATA);
  assert_string_equal(none.message, "no rows of numbers");
  x[1000 * D + 2] = NAN;
  ockham_error err = failure((blocks){.x = rows, .block_rows = 64}, 9, OCKHAM_BAD_DATA);
  assert_int_equal(err.row, 1001);
  assert_int_equal(err.column, 3);
  x[1000 * D + 2] = 1e300;
  assert_int_equal(failure((blocks){.x = rows, .block_rows = 64}, 9, OCKHAM_BAD_DATA).column, 3);
  x[1000 * D + 2] = 0;
  ockham_overview o = {0};
  blocks b = {.x = rows, .block_rows = 10};
  ockham_row_source source = blocks_source(&b);
  const ockham_progress progress = {.report = stop};
  assert_int_equal(ockham_overview_take(&source, 9, 0, &progress, &o, NULL), OCKHAM_INTERRUPTED);
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_overview_take(&source, 5000, 0, NULL, &o, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_scaling scaling = {.kind = OCKHAM_SCALE_NONE};
    if (!status) status = ockham_overview_fit_scaling(&o, OCKHAM_SCALE_ROBUST, &scaling, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_scaling_clear(&scaling);
    ockham_overview_clear(&o);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_measures),
      cmocka_unit_test(test_blocks_do_not_matter),
      cmocka_unit_test(test_the_sample_is_spread_evenly),
      cmocka_unit_test(test_the_sample_is_fair),
      cmocka_unit_test(test_float32_is_widened),
      cmocka_unit_test(test_scalings),
      cmocka_unit_test(test_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
