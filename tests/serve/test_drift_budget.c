/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets of false alarms: how they are read, and what they are worth in rows. */
#include "test.h"

#include "serve/drift_budget.h"

static void test_parse(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double seconds, rows;
  } good[] = {{"1 per 30d", 30 * 86400.0, 0},  {"1 per 100000 rows", 0, 100000}, {"2 per 1w", 3.5 * 86400, 0},
              {"1 per 90 m", 5400, 0},         {"  1   per 6h  ", 21600, 0},     {"3 per 180s", 60, 0},
              {"1 per 1e6 rows", 0, 1e6},      {"1 per 100 row", 0, 100},        {"1.5 per 3000rows", 0, 2000},
              {"0.5 per 30d", 60 * 86400.0, 0}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    ock_alarm_budget budget;
    assert_ok(ock_alarm_budget_parse(good[i].text, &budget, err));
    assert_true(budget.seconds == good[i].seconds && budget.rows == good[i].rows);
  }
}

static void test_mistakes(void **state) {
  (void)state;
  static const struct {
    const char *text, *expected;
  } bad[] = {{"", "expected a number of alarms"},           {"1", "expected a number of alarms"},
             {"1 per", "expected a number of alarms"},      {"1 per 30", "expected a number of alarms"},
             {"1 per 30x", "expected a number of alarms"},  {"1 per 30ds", "expected a number of alarms"},
             {"per 30d", "expected a number of alarms"},    {"-1 per 30d", "expected a number of alarms"},
             {"0 per 30d", "expected a number of alarms"},  {"1 per 0 rows", "expected a number of alarms"},
             {"1 in 30d", "expected a number of alarms"},   {"nan per 3d", "expected a number of alarms"},
             {"0x1 per 3d", "expected a number of alarms"}, {"1 per inf rows", "expected a number of alarms"},
             {"1 per30d", "expected a number of alarms"},   {"1 per 30 d x", "expected a number of alarms"},
             {"1 per 59s", "one alarm per 1m to"},          {"1 per 40000d", "one alarm per 1m to"},
             {"2 per 199 rows", "per 100 to 1e15 rows"},    {"1 per 1e16 rows", "per 100 to 1e15 rows"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ock_alarm_budget budget = {-1, -1};
    ockham_error err = {0};
    assert_int_equal(ock_alarm_budget_parse(bad[i].text, &budget, &err), OCKHAM_BAD_ARGUMENT);
    if (!strstr(err.message, bad[i].expected)) fail_msg("'%s': %s", bad[i].text, err.message);
    assert_true(budget.seconds == -1 && budget.rows == -1);
  }
}

/* A steady stream has its rate whenever it is looked at; after days of another rate that one is seen, weighted as said.
 */
static void test_rate(void **state) {
  (void)state;
  ock_rate rate = {0};
  double now = 1e9;
  assert_true(ock_rate_look(&rate, now) == 0);
  for (int i = 0; i <= 7200; i++, now += 60) ock_rate_add(&rate, 60 * 12.5, now); /* five days */
  assert_true(fabs(ock_rate_look(&rate, now) / 12.5 - 1) < 2e-3);
  double before = ock_rate_look(&rate, now), begin = now;
  for (int i = 0; i < 1440; i++, now += 60) ock_rate_add(&rate, 60 * 50, now);
  double wanted = 50 + (before - 50) * exp(-(now - begin) / 86400); /* the exponential window, from first principles */
  assert_true(fabs(ock_rate_look(&rate, now) / wanted - 1) < 0.01);
  assert_true(ock_rate_look(&rate, now + 10 * 86400) < 0.01);
  ock_rate minute = {0};
  for (int i = 0; i <= 60; i++) ock_rate_add(&minute, 100, 5e8 + i);
  assert_true(fabs(ock_rate_look(&minute, 5e8 + 61) - 100) < 0.1);
}

static void test_conversion(void **state) {
  (void)state;
  ock_alarm_budget month = {.seconds = 30 * 86400.0}, rows = {.rows = 5000};
  assert_true(ock_alarm_budget_rows(&month, 12.3) == 12.3 * 2592000);
  assert_true(ock_alarm_budget_rows(&month, 0) == 100);
  assert_true(ock_alarm_budget_rows(&rows, 12.3) == 5000);
  assert_true(ock_rate_changed(1, 2.01) && ock_rate_changed(1, 0.49));
  assert_false(ock_rate_changed(1, 1.99) || ock_rate_changed(1, 0.51));
  char text[160];
  ock_alarm_budget_say(&month, "1 per 30d", 12.3, false, text, sizeof text);
  assert_string_equal(text, "1 per 30d at 12.3 rows/s = 1 per 31.9 million rows");
  ock_alarm_budget_say(&month, "1 per 30d", 1, true, text, sizeof text);
  assert_string_equal(text, "1 per 30d at an assumed 1 row/s = 1 per 2.59 million rows");
  ock_alarm_budget_say(&rows, "1 per 5000 rows", 1, true, text, sizeof text);
  assert_string_equal(text, "1 per 5000 rows");
}

static void test_counts(void **state) {
  (void)state;
  static const struct {
    double count;
    const char *text;
  } rows[] = {{1, "1"},
              {12.345, "12.3"},
              {999, "999"},
              {1234, "1,230"},
              {100000, "100,000"},
              {999999, "1 million"},
              {3100000, "3.1 million"},
              {2.5e9, "2.5 billion"},
              {7e12, "7 trillion"},
              {4.2e15, "4.2e+15"},
              {INFINITY, "a great many"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[32];
    ock_say_count(rows[i].count, text);
    assert_string_equal(text, rows[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse),      cmocka_unit_test(test_mistakes), cmocka_unit_test(test_rate),
      cmocka_unit_test(test_conversion), cmocka_unit_test(test_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
