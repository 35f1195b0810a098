/* SPDX-License-Identifier: Apache-2.0 */
/* Another budget on the way: a monitor that was told it later has the limits of one that was told it first, and forgets
 * nothing. */
#include "test.h"

#include <ockham/drift.h>

enum { N = 2000, D = 2 };

static ockham_profile *make_profile(double *x) {
  static const double centroids[] = {0, 0, 6, 6};
  ockham_profile_options options = {.k = 2, .centroids = centroids, .seed = 1};
  ockham_profile *profile;
  ock_rng rng = ock_rng_make(3, 0);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < D; j++) x[i * D + j] = ock_rng_normal(&rng) + 6.0 * (double)(i % 2);
  assert_ok(ockham_profile_fit((ockham_rows){.data = x, .n_rows = N, .n_columns = D}, &options, &profile, err));
  return profile;
}

static void test_monitor(void **state) {
  (void)state;
  static double x[N * D];
  ockham_profile *profile = make_profile(x);
  ockham_drift_monitor *told_first, *told_later;
  ockham_drift_options options = {.rows_per_false_alarm = 50000};
  assert_ok(ockham_drift_monitor_new(profile, &options, &told_first, err));
  options.rows_per_false_alarm = 1e7;
  assert_ok(ockham_drift_monitor_new(profile, &options, &told_later, err));
  ockham_rows rows = {.data = x, .n_rows = 320, .n_columns = D};
  assert_ok(ockham_drift_monitor_put(told_first, rows, NULL, NULL, err));
  assert_ok(ockham_drift_monitor_put(told_later, rows, NULL, NULL, err));
  double before = ockham_drift_monitor_look(told_later)->signals[0].limit;
  ockham_drift_monitor_set_budget(told_later, 50000);
  const ockham_drift_state *a = ockham_drift_monitor_look(told_first), *b = ockham_drift_monitor_look(told_later);
  assert_true(b->asked_run_length == 50000 && b->n_rows == 320 && before > b->signals[0].limit);
  for (size_t s = 0; s < a->n_signals; s++) {
    assert_true(a->signals[s].limit == b->signals[s].limit ||
                (isinf(a->signals[s].limit) && isinf(b->signals[s].limit)));
    assert_true(a->signals[s].statistic == b->signals[s].statistic);
  }
  ockham_drift_monitor_free(told_first);
  ockham_drift_monitor_free(told_later);
  ockham_profile_free(profile);
}

static void test_stream(void **state) {
  (void)state;
  ockham_stream *stream;
  ockham_stream_options options = {.events = true, .rows_per_false_alarm = 1e9, .n_learn = 500};
  assert_ok(ockham_stream_new(&options, &stream, err));
  ock_rng rng = ock_rng_make(4, 0);
  ockham_stream_set_budget(stream, 2e9); /* while it learns */
  for (size_t i = 0; i < 500; i++) assert_false(ockham_stream_put(stream, ock_rng_uniform(&rng) < 0.1));
  assert_true(ockham_stream_look(stream).ready && ockham_stream_look(stream).asked_run_length == 2e9);
  ockham_stream_set_budget(stream, 1000);
  assert_true(ockham_stream_look(stream).asked_run_length == 1000);
  size_t n_alarms = 0;
  for (size_t i = 0; i < 300; i++) n_alarms += ockham_stream_put(stream, ock_rng_uniform(&rng) < 0.4);
  assert_int_equal(n_alarms, 1);
  ockham_stream_free(stream);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_monitor), cmocka_unit_test(test_stream)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
