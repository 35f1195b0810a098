/* SPDX-License-Identifier: Apache-2.0 */
/* Every detector of the table in a monitor: quiet on rows like the reference's, and an alarm after a change that it can
 * see; MMD's own path through whole rows. */
#include "drift/internal.h"
#include "test.h"

enum { N_COLUMNS = 3, N_REFERENCE = 4000 };
static const double centroids[2 * N_COLUMNS] = {-3, 0, 0, 3, 0, 0};
static double reference_rows[N_REFERENCE * N_COLUMNS];

static const char *const words[] = {
#define WORD(name, word, statistic, source) word,
    OCKHAM_DETECTOR_LIST(WORD)
#undef WORD
};

static void draw_row(ock_rng *rng, double shift, double *row) {
  row[0] = centroids[N_COLUMNS * ock_rng_below(rng, 2)] + ock_rng_normal(rng);
  row[1] = ock_rng_normal(rng) + shift;
  row[2] = ock_rng_normal(rng);
}

static ockham_rows make_reference(void) {
  ock_rng rng = ock_rng_make(1, 0);
  for (size_t i = 0; i < N_REFERENCE; i++) draw_row(&rng, 0, reference_rows + i * N_COLUMNS);
  return (ockham_rows){.data = reference_rows, .n_rows = N_REFERENCE, .n_columns = N_COLUMNS};
}

static ockham_profile *make_profile(void) {
  ockham_profile *profile = NULL;
  ockham_profile_options options = {.k = 2, .centroids = centroids, .unordered = true, .threads = 1};
  assert_ok(ockham_profile_fit(make_reference(), &options, &profile, err));
  return profile;
}

static ockham_drift_options options_of(ockham_detector detector) {
  return (ockham_drift_options){
      .detector = detector, .rows_per_false_alarm = 200000, .reference = make_reference(), .threads = 1};
}

static size_t put_rows(ockham_drift_monitor *monitor, ock_rng *rng, double shift, size_t n) {
  size_t alarms = 0;
  for (size_t i = 0; i < n; i += 50) {
    double rows[50 * N_COLUMNS];
    for (size_t r = 0; r < 50; r++) draw_row(rng, shift, rows + r * N_COLUMNS);
    size_t now = 0;
    ockham_rows x = {.data = rows, .n_rows = 50, .n_columns = N_COLUMNS};
    assert_ok(ockham_drift_monitor_put(monitor, x, NULL, &now, err));
    alarms += now;
  }
  return alarms;
}

static void all_notice_a_shift(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile();
  for (size_t d = 0; d < OCKHAM_N_DETECTORS; d++) {
    ockham_drift_monitor *monitor = NULL;
    ockham_drift_options options = options_of((ockham_detector)d);
    assert_ok(ockham_drift_monitor_new(profile, &options, &monitor, err));
    ock_rng rng = ock_rng_make(5, 0);
    size_t before = put_rows(monitor, &rng, 0, 1000), after = put_rows(monitor, &rng, 1.5, 800);
    const ockham_drift_state *state = ockham_drift_monitor_look(monitor);
    if (before || !after) fail_msg("%s: %zu alarms before, %zu after", words[d], before, after);
    const ockham_drift_episode *first = &state->episodes[0];
    assert_true(first->noticed_row > 1000 && first->noticed_row <= 1800);
    if (d != OCKHAM_DETECTOR_MMD && d != OCKHAM_DETECTOR_EWMA) /* they may see it in the distance first */
      assert_true(state->signals[first->signal].signal->kind != OCKHAM_SIGNAL_MISSING);
    ockham_drift_monitor_free(monitor);
  }
  ockham_profile_free(profile);
}

/* Missing cells and a wild value are rows like others to it. */
static void mmd_takes_any_rows(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile();
  ockham_drift_monitor *monitor = NULL;
  ockham_drift_options options = options_of(OCKHAM_DETECTOR_MMD);
  assert_ok(ockham_drift_monitor_new(profile, &options, &monitor, err));
  ock_rng rng = ock_rng_make(6, 0);
  double rows[16 * N_COLUMNS];
  for (size_t i = 0; i < 60; i++) {
    for (size_t r = 0; r < 16; r++) draw_row(&rng, 0, rows + r * N_COLUMNS);
    if (i % 10 == 0) rows[1] = 1e300, rows[5] = NAN, rows[8] = -INFINITY;
    size_t alarms = 0;
    ockham_rows x = {.data = rows, .n_rows = 16, .n_columns = N_COLUMNS};
    assert_ok(ockham_drift_monitor_put(monitor, x, NULL, &alarms, err));
    assert_int_equal(alarms, 0);
  }
  const ockham_drift_state *state = ockham_drift_monitor_look(monitor);
  assert_true(isfinite(state->signals[0].statistic) && state->signals[0].statistic > 0);
  ockham_drift_monitor_free(monitor);
  ockham_profile_free(profile);
}

static void mmd_asks_for_its_reference(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile();
  ockham_drift_monitor *monitor = NULL;
  ockham_error err = {0};
  ockham_drift_options options = options_of(OCKHAM_DETECTOR_MMD);
  options.reference.data = NULL;
  assert_int_equal(ockham_drift_monitor_new(profile, &options, &monitor, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "expected 20 or more rows of the reference for mmd, found 0");
  options.reference = make_reference(), options.reference.n_columns = 2, options.reference.stride = 3;
  assert_int_equal(ockham_drift_monitor_new(profile, &options, &monitor, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "expected the profile's 3 columns in the reference's rows, found 2");
  assert_null(monitor);
  ockham_profile_free(profile);
}

static void threads_give_the_same_limits(void **unused) {
  (void)unused;
  ockham_profile *profile = make_profile();
  for (size_t d = OCKHAM_DETECTOR_MMD; d <= OCKHAM_DETECTOR_PAGE_HINKLEY; d++) {
    double limits[2];
    for (size_t threads = 1; threads <= 2; threads++) {
      ockham_drift_monitor *monitor = NULL;
      ockham_drift_options options = options_of((ockham_detector)d);
      options.threads = 2 * threads - 1;
      assert_ok(ockham_drift_monitor_new(profile, &options, &monitor, err));
      const ockham_drift_state *state = ockham_drift_monitor_look(monitor);
      size_t watched = 0;
      while (!isfinite(state->signals[watched].limit)) watched++;
      limits[threads - 1] = state->signals[watched].limit;
      ockham_drift_monitor_free(monitor);
    }
    assert_memory_equal(&limits[0], &limits[1], sizeof limits[0]);
  }
  ockham_profile_free(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_notice_a_shift),
      cmocka_unit_test(mmd_takes_any_rows),
      cmocka_unit_test(mmd_asks_for_its_reference),
      cmocka_unit_test(threads_give_the_same_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
