/* SPDX-License-Identifier: Apache-2.0 */
/* A column whose categories follow the hour of the day: what is usual by night is drift by day. */
#include <ockham/drift.h>

#include "../profile/example.h"

enum { WEEKS = 4, ROWS_AN_HOUR = 24, HOURS = 168, N = WEEKS * HOURS * ROWS_AN_HOUR, LIVE = HOURS * ROWS_AN_HOUR };
static const double monday = 345600 + 52 * 604800; /* 1970-01-05 was one */
static double x[N], times[N], live[LIVE], live_times[LIVE];

/* By night (22 to 6) three in four rows are of the first of three categories, by day one in four. */
static void make_rows(double *values, double *at, size_t n, double start, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < n; i++) {
    double hours = (double)i / ROWS_AN_HOUR;
    size_t hour = (size_t)hours % 24;
    double first = hour >= 22 || hour < 6 ? .75 : .25;
    at[i] = start + 3600 * hours;
    values[i] = ock_rng_uniform(&rng) < first ? 0 : 1 + (double)ock_rng_below(&rng, 2);
  }
}

static ockham_profile *make_profile(void) {
  static const char *const texts[] = {"walk", "bus", "car"};
  const ockham_profile_column column = {.name = "way", .kind = OCKHAM_COLUMN_CATEGORY, .texts = texts, .n_texts = 3};
  ockham_profile *profile = NULL;
  make_rows(x, times, N, monday, 1);
  ockham_profile_options options = {.columns = &column, .times = times};
  assert_ok(ockham_profile_fit(rows_of(x, N, 1), &options, &profile, err));
  assert_non_null(ockham_profile_look(profile)->signals[0].by_hour);
  return profile;
}

/* Alarms of a week, from a clock that is `late` seconds behind. */
static size_t alarms_of(const ockham_profile *profile, bool by_hour, double late) {
  ockham_drift_options options = {.by_hour = by_hour, .rows_per_false_alarm = 1e5, .min_effect = -1};
  ockham_drift_monitor *monitor = NULL;
  size_t n_alarms = 0;
  make_rows(live, live_times, LIVE, monday + WEEKS * 604800, 2);
  for (size_t i = 0; i < LIVE; i++) live_times[i] += late;
  assert_ok(ockham_drift_monitor_new(profile, &options, &monitor, err));
  assert_ok(ockham_drift_monitor_put(monitor, rows_of(live, LIVE, 1), live_times, &n_alarms, err));
  ockham_drift_monitor_free(monitor);
  return n_alarms;
}

static void test_hours_are_compared_with_their_like(void **state) {
  (void)state;
  ockham_profile *profile = make_profile();
  print_message("stickiness %g\n", ockham_profile_look(profile)->signals[0].stickiness);
  assert_int_equal(alarms_of(profile, true, 0), 0);
  assert_true(alarms_of(profile, true, 12 * 3600) > 0);      /* night's rows by day: the same shares in all */
  assert_int_equal(alarms_of(profile, false, 12 * 3600), 0); /* which nothing else can tell */
  ockham_profile_free(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_hours_are_compared_with_their_like)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
