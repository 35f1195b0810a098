/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of rows: one row a stretch, in order, and nothing of cycles. */
#include "select/internal.h"
#include "select/sweeping.h"

enum { N = 1000, STRIDE = 3 };

static void test_each_stretch_gives_a_row(void **unused) {
  (void)unused;
  float x[N * STRIDE];
  for (size_t i = 0; i < N * STRIDE; i++) x[i] = (float)i;
  ockham_rows all = {.data = x, .n_rows = N, .n_columns = 2, .stride = STRIDE, .dtype = OCKHAM_FLOAT32};
  for (size_t n = 1; n <= N; n += 37) {
    ockham_rows some;
    assert_ok(ock_rows_sample(all, n, 5, &some, err));
    assert_int_equal(some.n_rows, n);
    for (size_t i = 0; i < n; i++) {
      size_t row = (size_t)ock_rows_get(some, i, 0) / STRIDE;
      assert_true(row >= i * (N / n) && row < (i + 1) * (N / n + 1));
      assert_true(ock_rows_get(some, i, 1) == ock_rows_get(all, row, 1));
      if (i > 0) assert_true(ock_rows_get(some, i, 0) > ock_rows_get(some, i - 1, 0));
    }
    ock_rows_sample_clear(&some, all);
  }
}

static void test_few_rows_are_not_copied(void **unused) {
  (void)unused;
  double x[4] = {1, 2, 3, 4};
  ockham_rows all = rows_of(x, 2, 2), some;
  assert_ok(ock_rows_sample(all, 2, 1, &some, err));
  assert_ptr_equal(some.data, x);
  ock_rows_sample_clear(&some, all);
}

/* Rows that come in turn, as by the hours of a day: every cluster is met, whatever the step. */
static void test_cycles_are_seen_whole(void **unused) {
  (void)unused;
  double x[N];
  for (size_t cycle = 2; cycle <= 40; cycle++) {
    for (size_t i = 0; i < N; i++) x[i] = (double)(i % cycle);
    ockham_rows all = rows_of(x, N, 1), some;
    bool seen[40] = {false};
    size_t n_seen = 0;
    assert_ok(ock_rows_sample(all, N / 5, 3, &some, err));
    for (size_t i = 0; i < some.n_rows; i++) {
      size_t phase = (size_t)ock_rows_get(some, i, 0);
      n_seen += !seen[phase];
      seen[phase] = true;
    }
    assert_true(n_seen >= cycle - 1);
    ock_rows_sample_clear(&some, all);
  }
}

static bool stop_while_sampling(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user;
  (void)total;
  return strcmp(stage, "k-means") != 0 || done < 3;
}

/* A stop while only some rows have been looked at still tells what these say, of all rows. */
static void test_stop_keeps_what_the_sample_found(void **unused) {
  (void)unused;
  const size_t n = 60000;
  double *x = make_blobs(n, 2, 5, 1);
  ockham_progress progress = {stop_while_sampling, NULL};
  ockham_sweep *sweep;
  assert_ok(ockham_sweep_run(rows_of(x, n, 2),
                             &(ockham_sweep_options){.k_max = 30, .threads = 1, .progress = &progress}, &sweep, err));
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  assert_true(ockham_sweep_verdict(sweep).partial);
  assert_in_range(curve->n_points, 2, 29);
  for (size_t p = 0; p < curve->n_points; p++) {
    uint64_t rows = 0;
    for (size_t j = 0; j < curve->points[p].k; j++) rows += curve->points[p].sizes[j];
    assert_int_equal(rows, n);
    if (p > 0) assert_true(curve->points[p].inertia <= curve->points[p - 1].inertia);
  }
  ockham_sweep_free(sweep);
  free(x);
}

static void test_want_of_memory(void **unused) {
  (void)unused;
  double x[6] = {1, 2, 3, 4, 5, 6};
  ockham_rows some;
  ockham_error err = {0};
  ock_fault_after(0);
  assert_int_equal(ock_rows_sample(rows_of(x, 6, 1), 3, 1, &some, &err), OCKHAM_NO_MEMORY);
  ock_fault_clear();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_stretch_gives_a_row), cmocka_unit_test(test_few_rows_are_not_copied),
      cmocka_unit_test(test_cycles_are_seen_whole),    cmocka_unit_test(test_stop_keeps_what_the_sample_found),
      cmocka_unit_test(test_want_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
