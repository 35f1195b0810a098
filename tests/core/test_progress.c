/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

typedef struct watcher {
  long calls, calls_to_allow;
  uint64_t done, total;
} watcher;

static bool watch(void *user, const char *stage, uint64_t done, uint64_t total) {
  watcher *w = user;
  assert_string_equal(stage, "work");
  w->calls++;
  w->done = done;
  w->total = total;
  return w->calls < w->calls_to_allow;
}

static void no_progress_never_stops(void **state) {
  (void)state;
  ockham_progress silent = {0};
  ock_ticker without = {0}, with_silent = {.progress = &silent, .stage = "work"};
  assert_false(ock_progress_stopped(NULL, "work", 1, 2));
  assert_false(ock_progress_stopped(&silent, "work", 1, 2));
  for (int i = 0; i < 100; i++) assert_false(ock_ticker_stopped(&without) || ock_ticker_stopped(&with_silent));
}

static void progress_passes_numbers_on(void **state) {
  (void)state;
  watcher w = {.calls_to_allow = 2};
  ockham_progress progress = {.report = watch, .user = &w};
  assert_false(ock_progress_stopped(&progress, "work", 3, 9));
  assert_true(w.done == 3 && w.total == 9);
  assert_true(ock_progress_stopped(&progress, "work", 4, 9));
}

static void the_ticker_limits_its_rate(void **state) {
  (void)state;
  watcher w = {.calls_to_allow = 1000000};
  ockham_progress progress = {.report = watch, .user = &w};
  ock_ticker ticker = {.progress = &progress, .stage = "work", .done = 5, .total = 7};
  double start = ock_clock_seconds();
  for (int i = 0; i < 20000; i++) assert_false(ock_ticker_stopped(&ticker));
  double seconds = ock_clock_seconds() - start;
  assert_true(w.calls >= 1 && (double)w.calls <= 2 + seconds / 0.02); /* at once, then every 20 ms at most */
  assert_true(w.done == 5 && w.total == 7);
}

static bool count_calls(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)stage;
  (void)done;
  (void)total;
  ++*(int *)user;
  return true;
}

static void a_new_stage_is_told_at_once(void **state) {
  (void)state;
  static const char *const stages[] = {"one", "two", "three"};
  int calls = 0;
  ockham_progress progress = {.report = count_calls, .user = &calls};
  ock_ticker ticker = {.progress = &progress};
  for (int i = 0; i < 3; i++) {
    ticker.stage = stages[i];
    assert_false(ock_ticker_stopped(&ticker));
    assert_true(calls > i);
  }
}

static void a_stopped_ticker_stays_stopped(void **state) {
  (void)state;
  watcher w = {.calls_to_allow = 1};
  ockham_progress progress = {.report = watch, .user = &w};
  ock_ticker ticker = {.progress = &progress, .stage = "work"};
  for (int i = 0; i < 1000; i++) {
    assert_true(ock_ticker_stopped(&ticker));
    ticker.next_call_seconds = 0; /* whatever the clock says */
  }
  assert_int_equal(w.calls, 1);
}

static void the_clock_goes_forward(void **state) {
  (void)state;
  double before = ock_clock_seconds();
  for (int i = 0; i < 1000; i++) {
    double now = ock_clock_seconds();
    assert_true(now >= before);
    before = now;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_progress_never_stops),        cmocka_unit_test(progress_passes_numbers_on),
      cmocka_unit_test(the_ticker_limits_its_rate),     cmocka_unit_test(a_new_stage_is_told_at_once),
      cmocka_unit_test(a_stopped_ticker_stays_stopped), cmocka_unit_test(the_clock_goes_forward),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
