/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of certificates: against SciPy 1.17.1, against formulas, and answers that differ in known ways. */
#include "test.h"

#include <unistd.h>

#include "serve/certify.h"

static void test_theil_sen(void **state) {
  (void)state;
  /* scipy.stats.theilslopes(y, x, 0.95) */
  const double x[] = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89};
  const double y[] = {2.1, 3.9, 6.2, 9.8, 16.5, 25.5, 40, 70.1, 109.3, 180.2};
  ockham_interval slope;
  assert_ok(ock_theil_sen(x, y, 10, &slope, err));
  assert_close(slope.value, 2.0018181818181815, 1e-14);
  assert_close(slope.low, 1.9300000000000002, 1e-14);
  assert_close(slope.high, 2.0606060606060606, 1e-14);
  const double noisy[] = {5.001, 5.599,  5.326,  5.009,  5.745,  5.508,  6.86,   8.44,   6.908,  7.08,
                          8.49,  8.657,  8.705,  7.97,   9.171,  10.195, 8.456,  9.642,  8.499,  9.41,
                          9.158, 11.065, 10.333, 12.171, 12.357, 12.313, 10.283, 12.561, 13.351, 13.813};
  double steps[30];
  for (int i = 0; i < 30; i++) steps[i] = i;
  assert_ok(ock_theil_sen(steps, noisy, 30, &slope, err));
  assert_close(slope.value, 0.2831538461538461, 1e-13);
  assert_close(slope.low, 0.24000000000000007, 1e-13);
  assert_close(slope.high, 0.3169166666666667, 1e-13);
  assert_ok(ock_theil_sen(x, y, 2, &slope, err));
  assert_true(isnan(slope.value));
}

static void test_quantile(void **state) {
  (void)state;
  double values[] = {5, 1, 4, 2, 3};
  assert_true(ock_quantile(values, 5, 0.5) == 3);
  assert_true(ock_quantile(values, 5, 0.99) == 5);
  assert_true(ock_quantile(values, 5, 0.2) == 1);
  assert_true(isnan(ock_quantile(values, 0, 0.5)));
}

static double variance_of_mean(const double *values, size_t n) {
  double mean = 0, sum = 0;
  for (size_t i = 0; i < n; i++) mean += values[i] / (double)n;
  for (size_t i = 0; i < n; i++) sum += (values[i] - mean) * (values[i] - mean);
  return sum / (double)n / (double)n;
}

/* Of normal times the bootstrap's interval is that of the normal theory, up to chance. */
static void test_cost_of_rows(void **state) {
  (void)state;
  enum { N = 500 };
  double a[N], b[N];
  ock_rng rng = ock_rng_make(3, 0);
  for (int i = 0; i < N; i++) {
    a[i] = 100 + 2 + 3 * ock_rng_normal(&rng);
    b[i] = 100 + 2 * 256 + 9 * ock_rng_normal(&rng);
  }
  ockham_interval row, request, again, unused;
  assert_ok(ock_cost_of_rows(a, N, b, N, 255, 1, &row, &request, err));
  double spread = 1.96 * sqrt(variance_of_mean(a, N) + variance_of_mean(b, N)) / 255;
  assert_true(fabs(row.value - 2) < spread * 2);
  assert_true(fabs((row.high - row.low) / (2 * spread) - 1) < 0.12);
  assert_true(row.low < row.value && row.value < row.high);
  assert_true(fabs(request.value - 100) < 1);
  assert_ok(ock_cost_of_rows(a, N, b, N, 255, 1, &again, &unused, err));
  assert_memory_equal(&row, &again, sizeof row);
  assert_ok(ock_cost_of_rows(a, N, b, N, 255, 2, &again, &unused, err));
  assert_true(again.low != row.low);
  assert_ok(ock_cost_of_rows(a, 0, b, N, 255, 2, &again, &unused, err));
  assert_true(isnan(again.value));
}

/* ---- differences ---- */

static ock_answer make_answer(const double *numbers, size_t n, const char *texts, size_t texts_size) {
  ock_answer answer = {.n_rows = n};
  const uint64_t shape[] = {n}, one[] = {1};
  ock_tensor *y = ock_message_add(&answer.message, "y", OCK_FP64, shape, 1, 0);
  assert_non_null(y);
  memcpy(y->data, numbers, n * sizeof *numbers);
  ock_tensor *t = ock_message_add(&answer.message, "t", OCK_BYTES, shape, 1, texts_size);
  assert_non_null(t);
  memcpy(t->data, texts, texts_size);
  ock_tensor *total = ock_message_add(&answer.message, "total", OCK_FP64, one, n == 1 ? 0 : 1, 0);
  assert_non_null(total);
  memcpy(total->data, numbers, sizeof *numbers);
  return answer;
}

static void test_differences(void **state) {
  (void)state;
  static const char texts[] = "\1\0\0\0a\2\0\0\0bc\0\0\0", others[] = "\1\0\0\0a\2\0\0\0bd\0\0\0";
  const double x[] = {1, 100, (double)NAN}, y[] = {1, 101, (double)NAN};
  ock_answer a = make_answer(x, 3, texts, 15), b = make_answer(y, 3, texts, 15), c = make_answer(x, 3, others, 15);
  ock_deviation d = {0};
  ock_compare_whole(&a, &a, &d);
  assert_false(d.differs);
  ock_compare_whole(&a, &b, &d);
  assert_true(d.differs);
  assert_close(d.relative, 1.0 / 101, 1e-12);
  assert_int_equal(d.row, 1);
  assert_string_equal(d.output, "y");
  d = (ock_deviation){0};
  ock_compare_whole(&a, &c, &d);
  assert_true(isinf(d.relative));
  assert_int_equal(d.row, 1);
  assert_string_equal(d.output, "t");
  d = (ock_deviation){0};
  ock_compare_row(&a, 0, &b, 0, &d);
  assert_false(d.differs);
  ock_compare_row(&a, 0, &b, 1, &d);
  assert_true(d.differs && isinf(d.relative)); /* the texts */
  size_t row = 0;
  char output[64];
  assert_int_equal(ock_count_bad_numbers(&a, &row, output), 1);
  assert_int_equal(row, 2);
  assert_string_equal(output, "y");
  ock_answer_clear(&a);
  ock_answer_clear(&b);
  ock_answer_clear(&c);
}

/* ---- files ---- */

static void make_certificate(ockham_certificate *certificate) {
  *certificate = (ockham_certificate){.budget = {.requests = 10000,
                                                 .startup_seconds = 0.1,
                                                 .memory_bytes = 123456789,
                                                 .memory_limit_bytes = 201326592,
                                                 .cpu_seconds_per_row = {1e-6, 0.9e-6, 1.1e-6},
                                                 .cpu_seconds_per_request = {(double)NAN, (double)NAN, (double)NAN},
                                                 .growth_bytes_per_request = {-0.5, -1, 0.25},
                                                 .timeout_ms = 120}};
  for (unsigned i = 0; i < OCKHAM_CERTIFY_BATCHES; i++)
    certificate->budget.batches[i] = (ockham_batch_latency){1u << (2 * i), 0.001 * i, 0.002 * i};
  for (size_t i = 0; i < OCKHAM_FINDING_COUNT; i++)
    certificate->findings[i] = (ockham_finding){.name = "x", .fit = OCKHAM_FIT_OK, .text = "\"quoted\"\n"};
}

static char path[64];

static void write_text(const char *text) {
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
}

static void test_round_trip(void **state) {
  (void)state;
  ockham_certificate certificate;
  ockham_budget read;
  make_certificate(&certificate);
  assert_ok(ockham_certificate_write(&certificate, "price", path, err));
  assert_ok(ockham_budget_read(path, &read, err));
  const ockham_budget *b = &certificate.budget;
  assert_int_equal(read.requests, b->requests);
  assert_int_equal(read.memory_bytes, b->memory_bytes);
  assert_int_equal(read.memory_limit_bytes, b->memory_limit_bytes);
  assert_int_equal(read.timeout_ms, b->timeout_ms);
  assert_true(read.startup_seconds == b->startup_seconds);
  assert_memory_equal(&read.cpu_seconds_per_row, &b->cpu_seconds_per_row, sizeof read.cpu_seconds_per_row);
  assert_memory_equal(&read.growth_bytes_per_request, &b->growth_bytes_per_request, sizeof(ockham_interval));
  assert_true(isnan(read.cpu_seconds_per_request.value));
  for (size_t i = 0; i < OCKHAM_CERTIFY_BATCHES; i++) {
    assert_int_equal(read.batches[i].rows, b->batches[i].rows);
    assert_true(read.batches[i].p50_seconds == b->batches[i].p50_seconds);
    assert_true(read.batches[i].p99_seconds == b->batches[i].p99_seconds);
  }
}

static void test_bad_budgets(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"", ":1: expected JSON, found a mistake: '[' or '{' expected near end of file"},
      {"{}", ": expected a file of `ockham certify` (\"ockham_budget\": 1), found none"},
      {"[1]", ": expected a file of `ockham certify` (\"ockham_budget\": 1), found none"},
      {"{\"ockham_budget\": 1}", ": requests: expected a number of at least 0 or null, found nothing"},
      {"{\"ockham_budget\": 1, \"requests\": \"3\"}",
       ": requests: expected a number of at least 0 or null, found something else"},
      {"{\"ockham_budget\": 1, \"requests\": -3}",
       ": requests: expected a number of at least 0 or null, found one below"},
      {"{\"ockham_budget\": 1, \"requests\": 1, \"startup_seconds\": 1, \"memory_bytes\": null, "
       "\"memory_limit_bytes\": 1e300, \"timeout_ms\": 1e300, \"cpu_seconds_per_row\": 3}",
       ": cpu_seconds_per_row.estimate: expected a number or null, found nothing"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ockham_budget budget;
    ockham_error error = {0};
    char expected[512];
    write_text(cases[i].text);
    assert_int_equal(ockham_budget_read(path, &budget, &error), OCKHAM_BAD_FILE);
    snprintf(expected, sizeof expected, "%s%s", path, cases[i].message);
    assert_string_equal(error.message, expected);
  }
  ockham_budget budget;
  assert_int_equal(ockham_budget_read("/nowhere/b.json", &budget, NULL), OCKHAM_IO);
}

static void test_no_memory(void **state) {
  (void)state;
  ockham_certificate certificate;
  make_certificate(&certificate);
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_certificate_write(&certificate, "m", path, NULL);
    assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
  }
}

/* Rows of a sample as tensors of other types; every allocation of it may fail. */
static void test_rows(void **state) {
  (void)state;
  static const char json[] =
      "{\"inputs\":[{\"name\":\"b\",\"datatype\":\"INT16\",\"shape\":[-1,1]},{\"name\":\"a\",\"datatype\":\"FP32\","
      "\"shape\":[-1]}],\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[-1]}]}";
  ock_schema schema = {0};
  assert_ok(ock_schema_parse(json, sizeof json - 1, &schema, err));
  write_text("a,b\n0.5,-3\n1.5,4\n2.5,5\n");
  for_each_allocation_failure(n) {
    static const size_t order[] = {1, 0};
    ock_sample sample;
    ock_message request = {0};
    ock_fault_after(n);
    ockham_status status = ock_sample_read(path, NULL, &schema, &sample, NULL);
    if (!status) status = ock_sample_request(&sample, &schema, 2, 2, order, &request, NULL);
    assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
    if (status == OCKHAM_OK) {
      assert_int_equal(sample.n_rows, 3);
      assert_int_equal(request.n_tensors, 2);
      assert_int_equal(request.tensors[0].n_dimensions, 2);
      const int16_t *b = (const int16_t *)(const void *)request.tensors[0].data;
      const float *a = (const float *)(const void *)request.tensors[1].data;
      assert_true(b[0] == -3 && b[1] == 5 && a[0] == 0.5f && a[1] == 2.5f); /* rows 4, which is 1 again, and 3 */
    }
    ock_message_clear(&request);
    ock_sample_clear(&sample);
  }
  ock_sample sample;
  ockham_error error;
  write_text("a,b\n0.5,-3\n1.5,4.5\n");
  assert_int_equal(ock_sample_read(path, NULL, &schema, &sample, &error), OCKHAM_BAD_DATA);
  if (!strstr(error.message, ": row 2: expected INT16 in column 1, found 4.5")) fail_msg("%s", error.message);
  ock_schema_clear(&schema);
}

static int set_up(void **state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/ockham-budget-%ld.json", (long)getpid());
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_theil_sen),   cmocka_unit_test(test_quantile),   cmocka_unit_test(test_cost_of_rows),
      cmocka_unit_test(test_differences), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bad_budgets),
      cmocka_unit_test(test_no_memory),   cmocka_unit_test(test_rows),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
