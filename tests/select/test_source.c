/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps of more rows than memory holds: what is measured is measured on all rows. */
#include "blocks.h"
#include "select/sweeping.h"

enum { MEMORY = 16 << 20 };

typedef struct setting {
  size_t block_rows, sample_rows, threads, memory;
  ockham_sweep_options options;
} setting;

static ockham_status run(blocks *b, setting s, ockham_sweep **sweep, ockham_error *err) {
  ockham_row_source source = blocks_source(b);
  ockham_overview overview = {0};
  b->block_rows = s.block_rows ? s.block_rows : 500;
  s.options.threads = s.threads;
  *sweep = NULL;
  ockham_status status =
      ockham_overview_take(&source, s.sample_rows ? s.sample_rows : 1000, s.options.seed, NULL, &overview, err);
  if (!status)
    status = ockham_sweep_run_source(&source, &overview, s.memory ? s.memory : MEMORY, &s.options, sweep, err);
  ockham_overview_clear(&overview);
  return status;
}

static ockham_sweep *run_well(ockham_rows x, setting s) {
  blocks b = {.x = x};
  ockham_sweep *sweep;
  assert_ok(run(&b, s, &sweep, err));
  assert_curve_in_order(sweep);
  assert_int_equal(b.n_rounds, 1 + ockham_sweep_verdict(sweep).n_passes);
  return sweep;
}

/* Computed apart from the library: inertia, sizes, within and spread of the centroids of every k over all rows. */
static void assert_measured_on_all(const ockham_sweep *sweep, ockham_rows x) {
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  assert_int_equal(curve->n_rows, x.n_rows);
  for (size_t i = 0; i < curve->n_points; i++) {
    const ockham_curve_point *p = &curve->points[i];
    double *within = calloc(p->k, sizeof *within), *spread = calloc(p->k, sizeof *spread), inertia = 0;
    uint64_t *sizes = calloc(p->k, sizeof *sizes);
    for (size_t r = 0; r < x.n_rows; r++) {
      size_t best = 0;
      double least = INFINITY;
      for (size_t j = 0; j < p->k; j++) {
        double squares = squares_between(x, r, p->centroids + j * x.n_columns);
        if (squares < least) {
          least = squares;
          best = j;
        }
      }
      sizes[best]++;
      within[best] += least;
      spread[best] += sqrt(least);
      inertia += least;
    }
    assert_true(fabs(p->inertia - inertia) <= 1e-9 * inertia);
    for (size_t j = 0; j < p->k; j++) {
      assert_int_equal(p->sizes[j], sizes[j]);
      assert_true(fabs(p->within[j] - within[j]) <= 1e-9 * within[j] + 1e-12 * inertia);
      assert_true(fabs(p->spread[j] - spread[j]) <= 1e-9 * spread[j] + 1e-12 * inertia);
    }
    free(sizes);
    free(within);
    free(spread);
  }
}

static void test_the_answer_is_that_of_all_rows(void **unused) {
  (void)unused;
  for (size_t k = 1; k <= 7; k += 3) {
    double *x = make_blobs(6000, 3, k, k);
    ockham_rows rows = rows_of(x, 6000, 3);
    ockham_sweep *sweep = run_well(rows, (setting){.options = {.k_max = 20}});
    ockham_verdict v = ockham_sweep_verdict(sweep);
    assert_int_equal(v.k, k);
    assert_true(v.searched_rows > 400 && v.searched_rows <= 1000);
    assert_true(v.n_passes >= 2 && v.silhouette_rows > 0 && !v.exact && !v.partial);
    assert_measured_on_all(sweep, rows);
    ockham_sweep *whole = sweep_with(rows, (ockham_sweep_options){.criterion = "bic", .k_max = 20});
    const ockham_curve *c = ockham_sweep_curve(sweep), *e = ockham_sweep_curve(whole);
    assert_close(c->total / e->total, 1, 1e-12);
    for (size_t i = 0; i < k; i++) { /* beyond it optima differ; before it they are one */
      assert_close(c->points[i].inertia / e->points[i].inertia, 1, i + 1 == k ? 1e-6 : 0.05);
      if (i + 1 != k || k == 1) continue;
      assert_close(c->points[i].simplified_silhouette, e->points[i].simplified_silhouette, 1e-4);
      assert_true(fabs(c->points[i].silhouette - e->points[i].silhouette) < 6 * c->points[i].silhouette_error + 0.01);
    }
    ockham_sweep_free(whole);
    ockham_sweep_free(sweep);
    free(x);
  }
}

/* The default range, which is extended by what all rows say. */
static void test_default_ranges(void **unused) {
  (void)unused;
  double *x = make_blobs(9000, 2, 70, 3);
  ockham_sweep *sweep = run_well(rows_of(x, 9000, 2), (setting){.sample_rows = 4000});
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_int_equal(v.k, 70);
  assert_false(v.at_edge);
  ockham_sweep_free(sweep);
  free(x);
}

/* Noise has no clusters but many optima: the curve falls all the same, from samples of any size. */
static void test_noise(void **unused) {
  (void)unused;
  for (size_t d = 1; d <= 8; d *= 2)
    for (size_t sample = 100; sample <= 3200; sample *= 8) {
      double *x = make_uniform(5000, d, d);
      ockham_rows rows = rows_of(x, 5000, d);
      ockham_sweep *sweep =
          run_well(rows, (setting){.sample_rows = sample, .options = {.criterion = "bic", .k_max = 30}});
      assert_int_equal(ockham_sweep_curve(sweep)->n_points, 30);
      if (sample == 800) assert_measured_on_all(sweep, rows);
      ockham_sweep_free(sweep);
      free(x);
    }
}

static void test_same_bits(void **unused) {
  (void)unused;
  double *x = make_blobs(7000, 40, 5, 9); /* more than a stretch of rows */
  ockham_rows rows = rows_of(x, 7000, 40);
  ockham_sweep *first = run_well(rows, (setting){.block_rows = 7000, .threads = 1, .options = {.k_max = 8}});
  for (size_t i = 2; i <= 4; i++) {
    ockham_sweep *sweep =
        run_well(rows, (setting){.block_rows = i == 2 ? 1 : 63 * i, .threads = i, .options = {.k_max = 8}});
    assert_same_curves(first, sweep);
    ockham_sweep_free(sweep);
  }
  ockham_sweep_free(first);
  free(x);
}

/* ---- rows of which a sample says little ---- */

static void test_few_distinct_rows(void **unused) {
  (void)unused;
  double x[4000];
  for (size_t i = 0; i < 4000; i++) x[i] = (double)(i / 2 % 5);
  ockham_sweep *sweep = run_well(rows_of(x, 2000, 2), (setting){.sample_rows = 100});
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_true(v.distinct_limit);
  assert_int_equal(ockham_sweep_curve(sweep)->n_points, 5);
  ockham_sweep_free(sweep);
  for (size_t i = 0; i < 4000; i++) x[i] = 0.1;
  sweep = run_well(rows_of(x, 2000, 2), (setting){.sample_rows = 100});
  assert_int_equal(ockham_sweep_verdict(sweep).k, 1);
  assert_true(ockham_sweep_verdict(sweep).distinct_limit);
  ockham_sweep_free(sweep);
  x[2 * 1234] = 5; /* one row that the sample may not have */
  for (uint64_t seed = 0; seed < 4; seed++) {
    sweep = run_well(rows_of(x, 2000, 2), (setting){.sample_rows = 100, .options = {.seed = seed}});
    assert_close(ockham_sweep_curve(sweep)->total, 4.9 * 4.9 * (1 - 1.0 / 2000), 1e-9);
    ockham_sweep_free(sweep);
  }
}

/* ---- arguments ---- */

static void expect_failure(setting s, ockham_status status, const char *message) {
  double *x = make_normal(2000, 3, 1);
  blocks b = {.x = rows_of(x, 2000, 3)};
  ockham_sweep *sweep;
  ockham_error err = {0};
  assert_int_equal(run(&b, s, &sweep, &err), status);
  assert_string_equal(err.message, message);
  assert_null(sweep);
  free(x);
}

static void test_arguments(void **unused) {
  (void)unused;
  expect_failure((setting){.memory = 1000}, OCKHAM_BAD_ARGUMENT,
                 "for 3 columns and k up to 60 at least 16M of memory are needed");
  expect_failure((setting){.options = {.exact = true}}, OCKHAM_BAD_ARGUMENT,
                 "the exact silhouette needs all rows in memory");
  expect_failure((setting){.options = {.k_min = 3, .k_max = 2}}, OCKHAM_BAD_ARGUMENT,
                 "the least k, 3, must not exceed the largest, 2");
  expect_failure((setting){.sample_rows = 50, .options = {.k_max = 51}}, OCKHAM_BAD_ARGUMENT,
                 "k must be at most the number of rows searched, 31, found 51");
  expect_failure((setting){.options = {.criterion = "none"}}, OCKHAM_BAD_ARGUMENT,
                 "no criterion is named 'none'; `ockham criteria` lists them");
  expect_failure((setting){.options = {.criterion = "marriot"}}, OCKHAM_BAD_ARGUMENT,
                 "criterion 'marriot' needs all rows in memory");
}

static void test_planning(void **unused) {
  (void)unused;
  size_t n = 0, more = 0;
  assert_ok(ockham_sweep_sample_rows(4, MEMORY, NULL, &n, err));
  assert_true(n * 4 * sizeof(double) <= MEMORY / 2 && n * 4 * sizeof(double) > MEMORY / 4);
  assert_ok(ockham_sweep_sample_rows(4, 4 * (size_t)MEMORY, NULL, &more, err));
  assert_true(more >= 4 * n - 4 && more <= 4 * n + 4);
  for (size_t d = 1; d <= 1000; d *= 10) {
    assert_false(ockham_sweep_fits(1000000000, d, MEMORY));
    assert_true(ockham_sweep_fits(100, d, (size_t)1 << 30));
  }
  assert_int_equal(ockham_sweep_sample_rows(5000, MEMORY, NULL, &n, NULL), OCKHAM_BAD_ARGUMENT);
  assert_ok(ockham_sweep_sample_rows(5000, (size_t)4 << 30, NULL, &n, err));
}

/* ---- what goes wrong ---- */

static void test_sources_that_go_wrong(void **unused) {
  (void)unused;
  double *x = make_blobs(4000, 2, 3, 1);
  const ockham_status statuses[] = {OCKHAM_IO, OCKHAM_BAD_FILE, OCKHAM_NO_MEMORY};
  ockham_sweep *sweep;
  ockham_error err;
  for (size_t i = 0; i < 3; i++)
    for (size_t round = 1; round <= 3; round++) {
      blocks b = {.x = rows_of(x, 4000, 2), .bad_round = round, .bad_row = 900, .bad_status = statuses[i]};
      assert_int_equal(run(&b, (setting){.options = {.k_max = 5}}, &sweep, &err), statuses[i]);
      assert_string_equal(err.message, "the source failed");
    }
  blocks b = {.x = rows_of(x, 4000, 2), .bad_round = 2, .bad_row = 3999};
  assert_int_equal(run(&b, (setting){.options = {.k_max = 5}}, &sweep, &err), OCKHAM_BAD_DATA);
  assert_string_equal(err.message, "the rows have changed while they were read: there were 4000, now there are 3999");
  free(x);
}

/* A stop in the first pass leaves nothing; in the second, the centroids of the search as all rows measure them. */
static void test_stops(void **unused) {
  (void)unused;
  double *x = make_blobs(4000, 2, 3, 1);
  ockham_rows rows = rows_of(x, 4000, 2);
  ockham_sweep *sweep;
  ockham_error err;
  blocks b = {.x = rows, .bad_round = 2, .bad_row = 900, .bad_status = OCKHAM_INTERRUPTED};
  assert_int_equal(run(&b, (setting){.options = {.k_max = 5}}, &sweep, &err), OCKHAM_INTERRUPTED);
  assert_string_equal(err.message, "stopped before all rows were measured");
  b = (blocks){.x = rows, .bad_round = 3, .bad_row = 900, .bad_status = OCKHAM_INTERRUPTED};
  assert_int_equal(run(&b, (setting){.options = {.k_max = 5}}, &sweep, &err), OCKHAM_OK);
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_true(v.partial);
  assert_int_equal(v.n_passes, 1);
  assert_int_equal(v.k, 3);
  assert_curve_in_order(sweep);
  assert_measured_on_all(sweep, rows);
  ockham_sweep_free(sweep);
  free(x);
}

static bool stop_at_once(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

static void test_a_stop_in_the_search(void **unused) {
  (void)unused;
  double *x = make_blobs(4000, 2, 3, 1);
  const ockham_progress progress = {.report = stop_at_once};
  blocks b = {.x = rows_of(x, 4000, 2)};
  ockham_sweep *sweep;
  assert_int_equal(run(&b, (setting){.options = {.progress = &progress}}, &sweep, NULL), OCKHAM_INTERRUPTED);
  free(x);
}

static void test_allocation_failures(void **unused) {
  (void)unused;
  double *x = make_blobs(300, 2, 2, 1);
  for_each_allocation_failure(n) {
    blocks b = {.x = rows_of(x, 300, 2)};
    ockham_sweep *sweep;
    ock_fault_after(n);
    ockham_status status = run(&b, (setting){.sample_rows = 100, .threads = 1, .options = {.k_max = 3}}, &sweep, NULL);
    if (ock_fault_hits())
      assert_true(status == OCKHAM_NO_MEMORY || status == OCKHAM_OK); /* some of it can be done without */
    else
      assert_int_equal(status, OCKHAM_OK);
    assert_int_equal(status == OCKHAM_OK, sweep != NULL);
    ockham_sweep_free(sweep);
  }
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_answer_is_that_of_all_rows),
      cmocka_unit_test(test_default_ranges),
      cmocka_unit_test(test_noise),
      cmocka_unit_test(test_same_bits),
      cmocka_unit_test(test_few_distinct_rows),
      cmocka_unit_test(test_arguments),
      cmocka_unit_test(test_planning),
      cmocka_unit_test(test_sources_that_go_wrong),
      cmocka_unit_test(test_stops),
      cmocka_unit_test(test_a_stop_in_the_search),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
