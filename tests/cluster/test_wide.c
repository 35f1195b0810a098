/* SPDX-License-Identifier: Apache-2.0 */
/* Tables with many columns: which families are tried, and that what takes long can be stopped at any place. */
#include <math.h>

#include "cluster/mixture.h"
#include "test.h"

enum { MOST_ROWS = 512, MOST_COLUMNS = 160, SECOND = MOST_COLUMNS * (MOST_COLUMNS + 1) / 2 };

static double values[MOST_ROWS * MOST_COLUMNS];

/* Two clouds with different spreads. */
static ockham_rows draw(uint64_t seed, size_t n, size_t d) {
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < n * d; i++)
    values[i] = ock_rng_normal(&rng) * (1 + (double)(i / d % 2)) + 9 * (double)(i / d % 2);
  return (ockham_rows){.data = values, .n_rows = n, .n_columns = d, .dtype = OCKHAM_FLOAT64};
}

/* ---- the choice of families ---- */

static size_t count_matrices(size_t n, size_t d, const double *weights) {
  ockham_mixture m;
  size_t n_full = 0;
  ockham_mixture_options options = {.k = 1, .max_steps = 1, .threads = 1, .weights = weights};
  assert_ok(ockham_mixture_fit(draw(1, n, d), &options, NULL, &m, err));
  for (size_t f = 0; f < OCKHAM_N_COVARIANCES; f++) {
    bool full = ock_covariance_is_full((ockham_covariance)f);
    if (!full) assert_true(isfinite(m.family_bic[f]));
    n_full += full && isfinite(m.family_bic[f]);
  }
  ockham_mixture_clear(&m);
  return n_full;
}

static void matrices_need_more_rows_than_columns(void **state) {
  (void)state;
  static double weights[MOST_ROWS];
  assert_int_equal(count_matrices(12, 11, NULL), 8);
  assert_int_equal(count_matrices(11, 11, NULL), 0);
  assert_int_equal(count_matrices(5, 11, NULL), 0);
  for (size_t i = 0; i < 20; i++) weights[i] = i < 11; /* only rows that count */
  assert_int_equal(count_matrices(20, 11, weights), 0);
  weights[19] = 2;
  assert_int_equal(count_matrices(20, 11, weights), 8);
}

static void matrices_of_very_many_columns_are_asked_for(void **state) {
  (void)state;
  ockham_mixture m;
  assert_int_equal(count_matrices(200, 64, NULL), 8);
  assert_int_equal(count_matrices(200, 65, NULL), 0);
  ockham_mixture_options options = {.k = 1, .families = "EEE,VVV,VII", .threads = 1};
  assert_ok(ockham_mixture_fit(draw(1, 200, 65), &options, NULL, &m, err));
  assert_true(isfinite(m.family_bic[OCKHAM_EEE]) && isfinite(m.family_bic[OCKHAM_VVV]));
  assert_true(isnan(m.family_bic[OCKHAM_VEE]));
  ockham_mixture_clear(&m);
}

/* ---- stopping ---- */

typedef struct patience {
  size_t n_calls, most;
} patience;

static bool run_out(void *user, const char *stage, uint64_t done, uint64_t total) {
  patience *p = user;
  (void)done;
  (void)total;
  if (strcmp(stage, "mixture") != 0) return true;
  return ++p->n_calls <= p->most;
}

/* The one step of each family whose matrices are more than copied. */
static void steps_are_stopped(void **state) {
  (void)state;
  static double weight[2], mean[2 * MOST_COLUMNS], scatter[2 * SECOND], covariance[2 * SECOND];
  size_t d = MOST_COLUMNS;
  ock_rng rng = ock_rng_make(2, 0);
  memset(scatter, 0, sizeof scatter);
  for (size_t j = 0; j < 2; j++) {
    weight[j] = 1000;
    for (size_t i = 0; i < d; i++)
      for (size_t l = 0; l <= i; l++)
        scatter[j * SECOND + i * (i + 1) / 2 + l] = i == l ? 1000 * (1 + ock_rng_uniform(&rng)) : ock_rng_normal(&rng);
  }
  ock_moments m = {.k = 2, .d = d, .full = true, .weight = weight, .mean = mean, .scatter = scatter};
  for (size_t f = OCKHAM_VEE; f < OCKHAM_VVV; f++)
    for (int stops = 0; stops < 2; stops++) {
      patience p = {.most = stops ? 0 : SIZE_MAX};
      ockham_progress progress = {.report = run_out, .user = &p};
      ock_ticker ticker = {.progress = &progress, .stage = "mixture"};
      ock_arena arena = {0};
      ock_covariance_scratch scratch;
      assert_true(ock_covariance_scratch_init(&scratch, 2, d, true, &arena));
      scratch.watch.ticker = &ticker;
      assert_true(ock_covariance_step((ockham_covariance)f, &m, &scratch, covariance) == !stops);
      assert_true(p.n_calls > 0 && ticker.stopped == (bool)stops);
      ock_arena_clear(&arena);
    }
}

/* A pass over the rows asks, whoever is at work. */
static void passes_are_stopped(void **state) {
  (void)state;
  for (size_t threads = 1; threads <= 3; threads++) {
    patience p = {0};
    ockham_progress progress = {.report = run_out, .user = &p};
    ock_ticker ticker = {.progress = &progress, .stage = "mixture"};
    ockham_rows x = draw(3, MOST_ROWS, MOST_COLUMNS);
    ock_pool *pool;
    ock_frame frame;
    ock_store store;
    ock_em em;
    assert_ok(ock_pool_new(threads, &pool, err));
    assert_ok(ock_frame_init_weighted(&frame, x, NULL, pool, err));
    assert_ok(ock_store_init(&store, &frame, x, NULL, x.n_rows, true, pool, err));
    assert_ok(ock_em_init(&em, &store, 1, true, pool, &ticker, err));
    ock_em_measure_rows(&em, true);
    /* of several workers others may have done it all before the caller came */
    assert_true(ticker.stopped == (p.n_calls == 1) && (ticker.stopped || threads > 1));
    assert_false(ock_em_run(&em, OCKHAM_VVV, 10, 1e-6));
    ock_em_clear(&em);
    ock_store_clear(&store);
    ock_frame_clear(&frame);
    ock_pool_free(pool);
  }
}

/* Wherever it is stopped, there is no mixture, or a whole one. */
static void a_fit_is_stopped_anywhere(void **state) {
  (void)state;
  static uint32_t labels[MOST_ROWS];
  static const char *const families[] = {"VEV", "EVE", "VVV,EVV"};
  for (size_t f = 0; f < sizeof families / sizeof *families; f++)
    for (size_t most = 0; most < 8; most++) {
      patience p = {.most = most};
      ockham_progress progress = {.report = run_out, .user = &p};
      ockham_mixture m;
      ockham_error err;
      ockham_mixture_options options = {
          .k = 2, .families = families[f], .max_steps = 2, .threads = 1 + most % 3, .progress = &progress};
      ockham_status status = ockham_mixture_fit(draw(4, MOST_ROWS, MOST_COLUMNS), &options, labels, &m, &err);
      assert_int_equal(status, p.n_calls > most ? OCKHAM_INTERRUPTED : OCKHAM_OK);
      assert_true((m.means != NULL) == (status == OCKHAM_OK));
      for (size_t i = 0; !status && i < MOST_ROWS; i++) assert_true(labels[i] < 2);
      ockham_mixture_clear(&m);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(matrices_need_more_rows_than_columns),
      cmocka_unit_test(matrices_of_very_many_columns_are_asked_for),
      cmocka_unit_test(steps_are_stopped),
      cmocka_unit_test(passes_are_stopped),
      cmocka_unit_test(a_fit_is_stopped_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
