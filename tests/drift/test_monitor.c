/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor of rows around two centres: what it says, and what must not make a difference. */
#include <ockham/drift.h>

#include "../profile/example.h"

enum { N = 8000, D = 3, LIVE = 6000 };
static ockham_profile *profile;
static ockham_drift_monitor *monitor; /* shared: tests begin with a reset */
static double live[LIVE * D];

static void make_live(double shift, size_t from, uint64_t seed) {
  blobs b = make_blobs(LIVE, D, 2, 6, seed);
  for (size_t i = from; i < LIVE; i++) b.x[i * D + 1] += shift;
  memcpy(live, b.x, sizeof live);
  free_blobs(&b);
}

static ockham_drift_monitor *monitor_with(ockham_drift_options options) {
  ockham_drift_monitor *made = NULL;
  assert_ok(ockham_drift_monitor_new(profile, &options, &made, err));
  return made;
}

static size_t put(ockham_drift_monitor *m, size_t first, size_t n) {
  size_t n_alarms = 0;
  assert_ok(ockham_drift_monitor_put(m, rows_of(live + first * D, n, D), NULL, &n_alarms, err));
  return n_alarms;
}

static int set_up(void **state) {
  (void)state;
  blobs b = make_blobs(N, D, 2, 6, 1);
  profile = profile_of_blobs(&b);
  free_blobs(&b);
  monitor = monitor_with((ockham_drift_options){.rows_per_false_alarm = 1e5});
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ockham_drift_monitor_free(monitor);
  ockham_profile_free(profile);
  return 0;
}

static size_t signal_index(const char *name) {
  return (size_t)(signal_named(profile, name) - ockham_profile_look(profile)->signals);
}

/* All that a state tells, as one number. */
static double digest(ockham_drift_monitor *m) {
  const ockham_drift_state *s = ockham_drift_monitor_look(m);
  double sum = (double)s->n_rows + (double)s->n_measured * 3 + (double)s->n_episodes * 5 + (double)s->leading;
  for (size_t i = 0; i < s->n_signals; i++) {
    const ockham_drift_signal *t = &s->signals[i];
    sum += t->statistic * 7 + t->limit + log(t->run_length) + t->psi + t->js + (isnan(t->shift) ? 0 : t->shift);
  }
  for (size_t i = 0; i < s->n_points; i++) sum += s->points[i].alarm_level * (double)(i + 1);
  for (size_t i = 0; i < s->n_kept; i++) sum += (double)(s->episodes[i].since_row + s->episodes[i].noticed_row);
  return sum;
}

static void test_a_shift_is_one_episode(void **state) {
  (void)state;
  ockham_drift_monitor_reset(monitor);
  make_live(1, 3000, 2);
  assert_int_equal(put(monitor, 0, 3000), 0);
  assert_int_equal(put(monitor, 3000, 3000), 1);
  const ockham_drift_state *s = ockham_drift_monitor_look(monitor);
  assert_true(s->drifted && s->n_episodes == 1 && s->n_kept == 1);
  assert_true(s->episodes[0].noticed_row > 3000 && s->episodes[0].noticed_row < 3400);
  assert_true(s->episodes[0].since_row > 2900 && s->episodes[0].since_row < 3150);
  const ockham_drift_signal *moved = &s->signals[signal_index("x2")];
  assert_true(moved->drifted && moved->run_length > moved->asked_run_length && moved->psi_low > .1);
  assert_true(moved->shift_low < 1 && 1 < moved->shift_high && moved->shift_low > .7);
  assert_false(s->signals[signal_index("x3")].drifted);
}

static void test_quiet_ends_an_episode(void **state) {
  (void)state;
  ockham_drift_monitor_reset(monitor);
  make_live(2, 2000, 3);
  assert_int_equal(put(monitor, 0, 2600), 1);
  make_live(0, 0, 4);
  size_t n_alarms = 0;
  for (int i = 0; i < 4; i++) n_alarms += put(monitor, 0, LIVE);
  const ockham_drift_state *s = ockham_drift_monitor_look(monitor);
  assert_int_equal(n_alarms, 0);
  assert_false(s->drifted);
  assert_true(s->episodes[0].until_row > 2600);
}

static void test_pieces_are_as_the_whole(void **state) {
  (void)state;
  make_live(.5, 3000, 5);
  ockham_drift_monitor_reset(monitor);
  put(monitor, 0, LIVE);
  double whole = digest(monitor);
  ockham_drift_monitor_reset(monitor);
  ock_rng rng = ock_rng_make(1, 2);
  for (size_t at = 0; at < LIVE;) {
    size_t n = (size_t)ock_rng_below(&rng, 90);
    if (n > LIVE - at) n = LIVE - at;
    put(monitor, at, n);
    at += n;
  }
  assert_true(digest(monitor) == whole); /* and a reset monitor is as a new one: */
  ockham_drift_monitor *other = monitor_with((ockham_drift_options){.rows_per_false_alarm = 1e5, .threads = 3});
  put(other, 0, LIVE);
  assert_true(digest(other) == whole);
  ockham_drift_monitor_free(other);
}

/* One row of 1,000 standard deviations, or of infinities: no alarm, and the verdict on the rest is what it was. */
static void test_an_outlier_changes_no_verdict(void **state) {
  (void)state;
  const double wild[] = {1000, -1000, INFINITY, 1e300};
  for (size_t w = 0; w < 4; w++) {
    for (int moved = 0; moved < 2; moved++) {
      make_live(moved ? .5 : 0, 1000, 6);
      for (size_t j = 0; j < D; j++) live[1010 * D + j] = wild[w];
      ockham_drift_monitor_reset(monitor);
      assert_int_equal(put(monitor, 0, LIVE), moved);
      const ockham_drift_signal *t = &ockham_drift_monitor_look(monitor)->signals[signal_index("x2")];
      assert_int_equal(t->drifted, moved);
      assert_true(fabs(t->shift - .5 * moved) < .25);
    }
  }
}

static void test_missing_rows_are_noticed_as_missing(void **state) {
  (void)state;
  make_live(0, 0, 7);
  for (size_t i = 3000; i < LIVE; i++) live[i * D + i % D] = NAN;
  ockham_drift_monitor_reset(monitor);
  assert_int_equal(put(monitor, 0, 3000), 0);
  assert_int_equal(put(monitor, 3000, 3000), 1);
  const ockham_drift_state *s = ockham_drift_monitor_look(monitor);
  assert_true(s->signals[signal_index("missing")].drifted);
  for (size_t i = 0; i < LIVE * D; i++) live[i] = NAN;
  put(monitor, 0, LIVE);
  assert_true(ockham_drift_monitor_look(monitor)->drifted);
}

static void test_a_trivial_change_does_not_alarm(void **state) {
  (void)state;
  ockham_drift_monitor *other = monitor_with((ockham_drift_options){.rows_per_false_alarm = 1e5, .min_effect = 1});
  make_live(.5, 0, 8);
  assert_int_equal(put(other, 0, LIVE), 0);
  const ockham_drift_signal *t = &ockham_drift_monitor_look(other)->signals[signal_index("x2")];
  assert_true(t->statistic > t->limit && !t->drifted && t->psi > .1 && t->psi < 1);
  ockham_drift_monitor_free(other);
}

static void test_examples_lie_in_their_bin(void **state) {
  (void)state;
  make_live(0, 0, 9);
  ockham_drift_monitor_reset(monitor);
  put(monitor, 0, 5003); /* three rows are not measured yet */
  uint64_t numbers[600];
  double values[600 * D];
  size_t s = signal_index("x3"), n_bins = signal_named(profile, "x3")->n_bins, n = 0;
  size_t n_signals = ockham_profile_look(profile)->n_signals;
  for (size_t b = 0; b < n_bins; b++) {
    size_t found = ockham_drift_monitor_examples(monitor, s, b, 600, numbers, values);
    for (size_t i = 0; i < found; i++) {
      uint16_t codes[64];
      assert_true(n_signals <= 64 && numbers[i] <= 5000 && numbers[i] > 5003 - OCKHAM_DRIFT_KEPT_ROWS);
      assert_memory_equal(values + i * D, live + (numbers[i] - 1) * D, sizeof(double) * D);
      assert_ok(ockham_profile_bin(profile, rows_of(values + i * D, 1, D), codes, NULL, err));
      assert_int_equal(codes[s], b);
      if (i) assert_true(numbers[i] < numbers[i - 1]);
    }
    n += found;
  }
  assert_int_equal(n, 5003 - 11 - (5003 - OCKHAM_DRIFT_KEPT_ROWS)); /* 5003 = 16 x 312 + 11 */
  ockham_drift_bin bins[OCKHAM_PROFILE_MOST_BINS];
  ockham_drift_monitor_bins(monitor, s, bins);
  double reference = 0, now = 0;
  for (size_t b = 0; b < n_bins; b++) {
    reference += bins[b].reference, now += bins[b].now;
    assert_true(bins[b].low <= bins[b].high);
  }
  assert_close(reference, 1, 1e-12);
  assert_close(now, 1, 1e-9);
}

static void test_the_course_stays_short(void **state) {
  (void)state;
  make_live(0, 0, 10);
  ockham_drift_monitor_reset(monitor);
  for (int i = 0; i < 10; i++) put(monitor, 0, LIVE);
  const ockham_drift_state *s = ockham_drift_monitor_look(monitor);
  assert_true(s->n_points > OCKHAM_DRIFT_MOST_POINTS / 4 && s->n_points < OCKHAM_DRIFT_MOST_POINTS);
  for (size_t i = 1; i < s->n_points; i++) assert_true(s->points[i].row > s->points[i - 1].row);
  assert_true(s->points[s->n_points - 1].row <= s->n_measured && s->n_measured == 60000);
}

/* What is no time is as none: neither an hour of the week nor the beginning of an episode follows from it. */
static void test_times_that_cannot_be(void **state) {
  (void)state;
  static const double odd[] = {INFINITY, 1e300, -1, NAN, 2e15};
  static double all[LIVE];
  double *x = make_mixed(N, 1), *times = make_times(N, 600), untimed = 0;
  ockham_profile *mixed = profile_of_mixed(x, N, times, 1), *before = profile;
  profile = mixed;
  ockham_drift_monitor *m = monitor_with((ockham_drift_options){.by_hour = true, .rows_per_false_alarm = 1e4});
  profile = before;
  for (size_t t = 0; t <= sizeof odd / sizeof *odd; t++) {
    for (size_t i = 0; i < LIVE && t; i++) all[i] = odd[t - 1];
    ockham_drift_monitor_reset(m);
    assert_ok(ockham_drift_monitor_put(m, rows_of(x, LIVE, MIXED_COLUMNS), t ? all : NULL, NULL, err));
    const ockham_drift_state *s = ockham_drift_monitor_look(m);
    for (size_t i = 0; i < s->n_kept; i++) assert_true(s->episodes[i].noticed_s == 0 && s->episodes[i].since_s == 0);
    if (!t) untimed = digest(m);
    assert_true(digest(m) == untimed);
  }
  ockham_drift_monitor_free(m);
  ockham_profile_free(mixed);
  free(x);
  free(times);
}

static void test_wrong_arguments_are_refused(void **state) {
  (void)state;
  ockham_error error;
  ockham_drift_monitor *made;
  ockham_drift_options options = {.rows_per_false_alarm = 99};
  assert_int_equal(ockham_drift_monitor_new(profile, &options, &made, &error), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(error.message, "rows_per_false_alarm must be 100 or more, found 99");
  options = (ockham_drift_options){.shares = {[OCKHAM_GROUP_LATENCY] = 1}};
  assert_int_equal(ockham_drift_monitor_new(profile, &options, &made, &error), OCKHAM_UNSUPPORTED);
  options = (ockham_drift_options){.detector = OCKHAM_N_DETECTORS};
  assert_int_equal(ockham_drift_monitor_new(profile, &options, &made, &error), OCKHAM_BAD_ARGUMENT);
  assert_null(made);
  assert_int_equal(ockham_drift_monitor_put(monitor, rows_of(live, 1, D - 1), NULL, NULL, &error), OCKHAM_BAD_ARGUMENT);
  assert_int_equal(ockham_drift_monitor_put(monitor, rows_of(NULL, 1, D), NULL, NULL, &error), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(error.message, "the data must not be NULL");
  ockham_drift_monitor_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_shift_is_one_episode),
      cmocka_unit_test(test_quiet_ends_an_episode),
      cmocka_unit_test(test_pieces_are_as_the_whole),
      cmocka_unit_test(test_an_outlier_changes_no_verdict),
      cmocka_unit_test(test_missing_rows_are_noticed_as_missing),
      cmocka_unit_test(test_a_trivial_change_does_not_alarm),
      cmocka_unit_test(test_examples_lie_in_their_bin),
      cmocka_unit_test(test_the_course_stays_short),
      cmocka_unit_test(test_times_that_cannot_be),
      cmocka_unit_test(test_wrong_arguments_are_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
