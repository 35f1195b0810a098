/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that lie so near to each other that floats, or squares of doubles, no longer tell them apart: every search comes
 * to an end, and k is the number of distinct rows when that is less than asked for. */
#include <signal.h>
#include <unistd.h>

#include "lloyd_check.h"

enum { N = 200 };

static scene data;
static uint32_t labels[N];

/* Groups of values that are about `apart` from each other, each value many times; returns how many there are. */
static size_t draw(ock_rng *rng, double apart) {
  static double value[32][SCENE_MAX_COLUMNS];
  size_t d = 2 + ock_rng_below(rng, 4), n_groups = 2 + ock_rng_below(rng, 3), each = 1 + ock_rng_below(rng, 4);
  scene_shape(&data, N, d, 0, OCKHAM_FLOAT64);
  for (size_t v = 0; v < n_groups * each; v++)
    for (size_t l = 0; l < d; l++)
      value[v][l] = v % each == 0 ? ock_rng_normal(rng) : value[v - v % each][l] + apart * ock_rng_normal(rng);
  for (size_t i = 0; i < N; i++) {
    size_t v = i < n_groups * each ? i : ock_rng_below(rng, n_groups * each);
    for (size_t l = 0; l < d; l++) scene_put(&data, i, l, value[v][l]);
  }
  return n_groups * each;
}

static void fail_for_time(int number) {
  (void)number;
  static const char text[] = "a search goes on without end\n";
  if (write(STDOUT_FILENO, text, sizeof text - 1) < 0) _exit(2);
  _exit(1);
}

/* With floats throughout, so that rounding undoes what cuts seem to gain. */
static void repairs_come_to_an_end(void **state) {
  (void)state;
  static stage g;
  signal(SIGALRM, fail_for_time);
  for (uint64_t repeat = 0; repeat < 150; repeat++) {
    ock_rng rng = ock_rng_make(71, repeat);
    size_t n_values = draw(&rng, pow(10, -3 - (double)(repeat % 12)));
    alarm(20);
    stage_begin(&g, data.x, n_values + 2, repeat % 5 == 0, 1);
    for (int way = 0; way < 2; way++) {
      if (way)
        ock_lloyd_scatter(&g.s, n_values + repeat % 3, &rng);
      else
        ock_lloyd_grow(&g.s, n_values + repeat % 3);
      ock_lloyd_run(&g.s, 100, 0);
      check_all(&g);
      for (size_t j = 0; j < g.s.k; j++) assert_true(g.s.counts[j] > 0);
    }
    stage_end(&g);
    alarm(0);
  }
}

static void fit_to(double apart, uint64_t first_seed) {
  signal(SIGALRM, fail_for_time);
  for (uint64_t repeat = 0; repeat < 40; repeat++) {
    ock_rng rng = ock_rng_make(first_seed, repeat);
    size_t n_values = draw(&rng, apart), k = n_values + repeat % 3;
    ockham_kmeans result = {0};
    alarm(20);
    assert_ok(ockham_kmeans_fit(data.x, &(ockham_kmeans_options){.k = k, .threads = 1}, labels, &result, err));
    alarm(0);
    if (result.k != n_values) fail_msg("%g apart, repeat %d: %zu of %zu", apart, (int)repeat, result.k, n_values);
    assert_true(result.converged);
    for (size_t j = 0; j < result.k; j++) assert_true(result.sizes[j] > 0);
    ockham_kmeans_clear(&result);
  }
}

static void rows_that_floats_tell_apart(void **state) {
  (void)state;
  fit_to(1e-2, 72);
}

static void rows_that_floats_do_not_tell_apart(void **state) {
  (void)state;
  fit_to(1e-4, 73);
  fit_to(1e-5, 74);
  fit_to(1e-6, 75);
}

/* The square of 1e-9 is lost beside 1, the difference itself is not. */
static void rows_that_squares_do_not_tell_apart(void **state) {
  (void)state;
  fit_to(1e-8, 76);
  fit_to(1e-10, 77);
  fit_to(1e-13, 78);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_that_floats_tell_apart),
      cmocka_unit_test(rows_that_squares_do_not_tell_apart),
      cmocka_unit_test(rows_that_floats_do_not_tell_apart),
      cmocka_unit_test(repairs_come_to_an_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
