/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of rows: one row a stretch, in order, and nothing of cycles. */
#include "select/internal.h"
#include "select/sweeping.h"

enum { N = 1000 };

static void test_each_stretch_gives_a_row(void **unused) {
  (void)unused;
  for (size_t n = 1; n < N; n += 37) {
    uint32_t *row;
    assert_ok(ock_rows_sample(N, n, 5, &row, err));
    for (size_t i = 0; i < n; i++) {
      assert_true(row[i] < N && row[i] >= i * (N / n) && row[i] < (i + 1) * (N / n + 1));
      if (i > 0) assert_true(row[i] > row[i - 1]);
    }
    ock_free(row);
  }
}

/* The same seed draws the same rows; another draws others. */
static void test_seeds(void **unused) {
  (void)unused;
  uint32_t *row[3];
  for (size_t i = 0; i < 3; i++) assert_ok(ock_rows_sample(N, 100, 7 + i / 2, &row[i], err));
  assert_memory_equal(row[0], row[1], 100 * sizeof(uint32_t));
  assert_memory_not_equal(row[0], row[2], 100 * sizeof(uint32_t));
  for (size_t i = 0; i < 3; i++) ock_free(row[i]);
}

static void test_all_rows_need_no_list(void **unused) {
  (void)unused;
  for (size_t n = 2; n < 5; n++) {
    uint32_t none, *row = &none;
    assert_ok(ock_rows_sample(2, n, 1, &row, err));
    assert_null(row);
  }
}

/* Rows that come in turn, as by the hours of a day: every cluster is met, whatever the step. */
static void test_cycles_are_seen_whole(void **unused) {
  (void)unused;
  for (size_t cycle = 2; cycle <= 40; cycle++) {
    uint32_t *row;
    bool seen[40] = {false};
    size_t n_seen = 0;
    assert_ok(ock_rows_sample(N, N / 5, 3, &row, err));
    for (size_t i = 0; i < N / 5; i++) {
      n_seen += !seen[row[i] % cycle];
      seen[row[i] % cycle] = true;
    }
    assert_true(n_seen >= cycle - 1);
    ock_free(row);
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
  ockham_progress progress = {.report = stop_while_sampling};
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
  uint32_t none, *row = &none;
  ockham_error err = {0};
  ock_fault_after(0);
  assert_int_equal(ock_rows_sample(6, 3, 1, &row, &err), OCKHAM_NO_MEMORY);
  ock_fault_clear();
  assert_null(row);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_stretch_gives_a_row),
      cmocka_unit_test(test_seeds),
      cmocka_unit_test(test_all_rows_need_no_list),
      cmocka_unit_test(test_cycles_are_seen_whole),
      cmocka_unit_test(test_stop_keeps_what_the_sample_found),
      cmocka_unit_test(test_want_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
