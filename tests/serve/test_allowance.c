/* SPDX-License-Identifier: Apache-2.0 */
/* A model is told of when it takes more than its budget, once, and again when that is over. */
#include "test.h"

#include <unistd.h>

#include "serve/internal.h"

static char path[64];

static void write_budget(void) {
  ockham_certificate c = {.budget = {.requests = 1,
                                     .memory_bytes = 100 << 20,
                                     .memory_limit_bytes = 160 << 20,
                                     .cpu_seconds_per_row = {1e-6, 0.5e-6, 2e-6},
                                     .cpu_seconds_per_request = {1e-4, 1e-4, 1e-4},
                                     .timeout_ms = 250}};
  for (unsigned i = 0; i < OCKHAM_CERTIFY_BATCHES; i++)
    c.budget.batches[i] = (ockham_batch_latency){1u << (2 * i), 0.001, 0.002 * (i + 1)};
  for (size_t i = 0; i < OCKHAM_FINDING_COUNT; i++) c.findings[i].name = "x";
  assert_ok(ockham_certificate_write(&c, "m", path, err));
}

static void open_allowance(ock_allowance *allowance, ockham_serve_model *settings) {
  write_budget();
  *allowance = (ock_allowance){0};
  assert_ok(ock_allowance_open(allowance, path, settings, err));
}

/* A window of answers of 100 rows: allowed are 0.3 ms of CPU, and 20 ms; but some of them take `slow` seconds. */
static size_t run_window(ock_allowance *allowance, double cpu, double slow, unsigned n_slow, uint64_t memory,
                         ock_allowance_line lines[OCK_ALLOWANCE_COUNT]) {
  for (unsigned i = 0; i < OCK_ALLOWANCE_WINDOW; i++) {
    bool full = ock_allowance_add(allowance, 100, i < n_slow ? slow : 0.001, cpu);
    assert_int_equal(full, i == OCK_ALLOWANCE_WINDOW - 1);
  }
  return ock_allowance_judge(allowance, memory, lines);
}

static void test_settings(void **state) {
  (void)state;
  const char *command[] = {"x", NULL};
  ock_allowance allowance;
  ockham_serve_model open = {.command = command}, set = {.command = command, .memory_bytes = 5, .timeout_ms = 7},
                     fitted = {.file = "x"};
  open_allowance(&allowance, &open);
  assert_int_equal(open.memory_bytes, 160 << 20);
  assert_int_equal(open.timeout_ms, 250);
  ock_allowance_clear(&allowance);
  open_allowance(&allowance, &set);
  assert_int_equal(set.memory_bytes, 5);
  assert_int_equal(set.timeout_ms, 7);
  ock_allowance_clear(&allowance);
  open_allowance(&allowance, &fitted);
  assert_int_equal(fitted.memory_bytes, 0);
  ock_allowance_clear(&allowance);
  ock_allowance none = {0};
  assert_false(ock_allowance_add(&none, 1, 1e9, 1e9));
}

static void test_judge(void **state) {
  (void)state;
  ock_allowance allowance;
  ockham_serve_model settings = {.file = "x"};
  ock_allowance_line lines[OCK_ALLOWANCE_COUNT];
  open_allowance(&allowance, &settings);
  assert_int_equal(run_window(&allowance, 0.0004, 0, 0, 120 << 20, lines), 0); /* 1.33 times, 1.2 times */
  assert_int_equal(run_window(&allowance, 0.0009, 0, 0, 100 << 20, lines), 1);
  assert_string_equal(lines[0], "uses 3 times the CPU of its budget, in the last 256 answers");
  assert_int_equal(run_window(&allowance, 0.0009, 0, 0, 100 << 20, lines), 0); /* it was told */
  assert_int_equal(run_window(&allowance, 0.0003, 0.0215, 12, 100 << 20, lines), 1);
  assert_string_equal(lines[0], "is within its budget again: CPU");
  assert_int_equal(run_window(&allowance, 0, 0.0215, 32, 150 << 20, lines), 2);
  assert_string_equal(lines[0],
                      "is slower than its budget: 12.5 % of the last 256 answers took more than twice the 99th "
                      "percentile");
  assert_string_equal(lines[1], "has 150 MiB, 1.5 times the memory of its budget");
  assert_int_equal(run_window(&allowance, 0.01, 0.0205, 256, 150 << 20, lines), 2);
  assert_string_equal(lines[0], "uses 33.3 times the CPU of its budget, in the last 256 answers");
  assert_string_equal(lines[1], "is within its budget again: time");
  assert_int_equal(run_window(&allowance, 0, 1, 256, 0, lines), 3);
  ock_allowance_clear(&allowance);
}

static int set_up(void **state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/ockham-allowance-%ld.json", (long)getpid());
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_settings), cmocka_unit_test(test_judge)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
