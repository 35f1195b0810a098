/* SPDX-License-Identifier: Apache-2.0 */
/* Workers with one fault each (subject.c): it is found, where it belongs; and one without is found fit. */
#include "test.h"

#include <ockham/certify.h>
#include <ockham/model.h>
#include <unistd.h>

static char sample[64];

static void write_sample(void) {
  FILE *stream = fopen(sample, "wb");
  assert_non_null(stream);
  fputs("d,a,b,c,unused\n", stream);
  for (int i = 1; i <= 150; i++) fprintf(stream, "%g,%d,%d,%g,5\n", i * 0.5, i, i % 7, -i * 0.1);
  fclose(stream);
}

static ockham_certificate certify_model(const ockham_serve_model *model, unsigned requests) {
  ockham_certificate certificate;
  ockham_certify_options options = {.model = model, .sample = sample, .requests = requests};
  assert_ok(ockham_certify(&options, &certificate, err));
  return certificate;
}

static ockham_certificate certify(const char *fault, unsigned requests, unsigned timeout_ms) {
  const char *command[] = {OCK_TEST_SUBJECT, fault, NULL};
  const ockham_serve_model model = {.name = "m", .command = command, .n_command = 2, .timeout_ms = timeout_ms};
  return certify_model(&model, requests);
}

static void print_findings(const ockham_certificate *c) {
  for (size_t i = 0; i < OCKHAM_FINDING_COUNT; i++)
    printf("%s %s: %s\n", ockham_fit_text(c->findings[i].fit), c->findings[i].name, c->findings[i].text);
}

/* This is found, with these words, and nothing else is worse than ok (but what `also` says). */
static void assert_finds(const ockham_certificate *c, ockham_finding_kind kind, ockham_fit fit, const char *text,
                         unsigned also) {
  bool good = c->findings[kind].fit == fit && strstr(c->findings[kind].text, text);
  for (unsigned i = 0; i < OCKHAM_FINDING_COUNT; i++)
    if (i != kind && !(also >> i & 1)) good = good && c->findings[i].fit == OCKHAM_FIT_OK;
  if (good) return;
  print_findings(c);
  fail_msg("expected %s: %s", c->findings[kind].name, text);
}

#define ALSO(name) (1u << OCKHAM_FINDING_##name)

static void test_clean(void **state) {
  (void)state;
  ockham_certificate c = certify("", 2000, 0);
  assert_finds(&c, OCKHAM_FINDING_ANSWERS, OCKHAM_FIT_OK, "all 2000 requests were answered", 0);
  assert_int_equal(c.n_sample_rows, 150);
  const ockham_budget *b = &c.budget;
  assert_int_equal(b->requests, 2000);
  assert_true(b->memory_bytes > 500000 && b->memory_bytes < 200000000);
  assert_true(b->memory_limit_bytes > b->memory_bytes);
  assert_true(b->startup_seconds > 0);
  assert_true(b->cpu_seconds_per_request.low <= b->cpu_seconds_per_request.value &&
              b->cpu_seconds_per_request.value <= b->cpu_seconds_per_request.high);
  assert_true(b->timeout_ms >= 1000);
  static const unsigned rows[] = {1, 4, 16, 64, 256};
  for (size_t i = 0; i < OCKHAM_CERTIFY_BATCHES; i++) {
    assert_int_equal(b->batches[i].rows, rows[i]);
    assert_true(b->batches[i].p50_seconds > 0 && b->batches[i].p50_seconds <= b->batches[i].p99_seconds);
  }
}

static void test_leak(void **state) {
  (void)state;
  ockham_certificate c = certify("leak", 1500, 0);
  assert_finds(&c, OCKHAM_FINDING_GROWTH, OCKHAM_FIT_BAD, "a leak of ", 0);
  const ockham_interval *slope = &c.budget.growth_bytes_per_request; /* 20,000 bytes, and what malloc adds */
  if (!(slope->value > 19500 && slope->value < 20500)) fail_msg("%g bytes a request", slope->value);
  assert_true(slope->low > 18000 && slope->high < 22000);
}

static void test_determinism(void **state) {
  (void)state;
  ockham_certificate c = certify("random", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_DETERMINISM, OCKHAM_FIT_BAD,
               "the same request is answered differently: output 'y' of row ", ALSO(BATCHES) | ALSO(GROWTH));
  c = certify("process", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_DETERMINISM, OCKHAM_FIT_BAD,
               "another process answers differently: output 'y' of row ", ALSO(GROWTH));
  c = certify("order", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_DETERMINISM, OCKHAM_FIT_BAD, "the order of rows matters: output 'y' of row ",
               ALSO(BATCHES) | ALSO(GROWTH));
}

static void test_numbers(void **state) {
  (void)state;
  ockham_certificate c = certify("nan", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_NUMBERS, OCKHAM_FIT_BAD, " answers; the first: output 'y' of row 7, ", ALSO(GROWTH));
}

/* A spread that a row alone does not have: its answer is NaN, in a batch it is none. */
static void test_numbers_alone(void **state) {
  (void)state;
  ockham_certificate c = certify("alone", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_NUMBERS, OCKHAM_FIT_BAD, ", alone", ALSO(GROWTH) | ALSO(BATCHES));
  assert_non_null(strstr(c.findings[OCKHAM_FINDING_BATCHES].text, " differs altogether"));
}

static void test_batches(void **state) {
  (void)state;
  ockham_certificate c = certify("batch", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_BATCHES, OCKHAM_FIT_BAD, "in a batch and alone: output 'y' of row ", ALSO(GROWTH));
  c = certify("rounding", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_BATCHES, OCKHAM_FIT_NOTE, "differs by 1e-12 of its value", ALSO(GROWTH));
}

/* Of ten requests two have 256 rows, which take 0.6 s each. */
static void test_slow(void **state) {
  (void)state;
  ockham_certificate c = certify("slow", 10, 1100);
  assert_finds(&c, OCKHAM_FINDING_LATENCY, OCKHAM_FIT_NOTE, "near the time-out of 1.1 s", ALSO(GROWTH));
  assert_true(c.budget.timeout_ms >= 2400);
}

static void test_too_slow(void **state) {
  (void)state;
  ockham_certificate c = certify("slow", 10, 300);
  assert_int_equal(c.findings[OCKHAM_FINDING_LATENCY].fit, OCKHAM_FIT_BAD);
  assert_non_null(strstr(c.findings[OCKHAM_FINDING_LATENCY].text, "requests took longer than 0.3 s"));
  assert_non_null(
      strstr(c.findings[OCKHAM_FINDING_ANSWERS].text, " of 10 requests failed; the first: the model took "));
}

static void test_failing(void **state) {
  (void)state;
  ockham_certificate c = certify("failing", 100, 0);
  assert_int_equal(c.findings[OCKHAM_FINDING_ANSWERS].fit, OCKHAM_FIT_BAD);
  assert_non_null(strstr(c.findings[OCKHAM_FINDING_ANSWERS].text, "2 of 100 requests failed; the first: "));
}

static void test_odd_inputs(void **state) {
  (void)state;
  ockham_certificate c = certify("fragile", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_ODD_INPUTS, OCKHAM_FIT_BAD,
               "no rows: the worker died on the request: ", ALSO(GROWTH));
  c = certify("huge", 50, 0);
  assert_finds(&c, OCKHAM_FINDING_ODD_INPUTS, OCKHAM_FIT_BAD,
               "huge values: the worker died on the request: ", ALSO(GROWTH));
}

/* ---- what cannot be certified ---- */

static void assert_refuses(const ockham_certify_options *options, ockham_status status, const char *text) {
  ockham_certificate certificate;
  ockham_error error = {0};
  assert_int_equal(ockham_certify(options, &certificate, &error), status);
  if (!strstr(error.message, text)) fail_msg("'%s' lacks '%s'", error.message, text);
}

static bool stop_early(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user;
  return !(strcmp(stage, "asking") == 0 && done >= 20 && total > done);
}

static void test_refusals(void **state) {
  (void)state;
  const char *command[] = {OCK_TEST_SUBJECT, "refusing", NULL}, *good[] = {OCK_TEST_SUBJECT, "", NULL};
  const char *absent[] = {"/nowhere/program", NULL};
  ockham_serve_model model = {.name = "m", .command = command, .n_command = 2, .startup_ms = 2000};
  ockham_certify_options options = {.model = &model, .sample = sample, .requests = 10};
  assert_refuses(&options, OCKHAM_BAD_DATA, "the model refuses its rows: I take nothing");
  model.command = good;
  options.sample = "/nowhere/rows.csv";
  assert_refuses(&options, OCKHAM_IO, "/nowhere/rows.csv: cannot be opened");
  options.sample = NULL;
  assert_refuses(&options, OCKHAM_BAD_ARGUMENT, "expected a sample of rows, found none");
  options.sample = sample;
  const ockham_progress progress = {.report = stop_early};
  options.requests = 100;
  options.progress = &progress;
  assert_refuses(&options, OCKHAM_INTERRUPTED, "stopped after 20 of some ");
  options.progress = NULL;
  model.command = absent;
  model.n_command = 1;
  assert_refuses(&options, OCKHAM_IO, "/nowhere/program");
  model.command = NULL;
  assert_refuses(&options, OCKHAM_BAD_ARGUMENT, "expected exactly one of file, command and upstream, found none");
}

/* A fitted model is called in this process. */
static void test_fitted(void **state) {
  (void)state;
  static const char *const columns[] = {"a", "d"};
  static const double centroids[] = {0, 0, 100, 50}, within[] = {1, 1};
  static const uint64_t sizes[] = {2, 3};
  ockham_model_parts parts = {.k = 2,
                              .n_columns = 2,
                              .column_names = columns,
                              .scaling = {.kind = OCKHAM_SCALE_NONE, .n_columns = 2, .spread_ratio = 1},
                              .centroids = centroids,
                              .sizes = sizes,
                              .within = within,
                              .n_rows = 5,
                              .criterion = "given"};
  ockham_model *fitted;
  char path[64];
  snprintf(path, sizeof path, "/tmp/ockham-certify-%ld.ock", (long)getpid());
  assert_ok(ockham_model_new(&parts, &fitted, err));
  assert_ok(ockham_model_save(fitted, path, err));
  ockham_model_free(fitted);
  const ockham_serve_model model = {.name = "m", .file = path};
  ockham_certificate c = certify_model(&model, 500);
  unlink(path);
  assert_finds(&c, OCKHAM_FINDING_DETERMINISM, OCKHAM_FIT_OK, "in 2 fresh starts", ALSO(GROWTH));
  assert_true(c.findings[OCKHAM_FINDING_GROWTH].fit != OCKHAM_FIT_BAD);
  assert_true(c.budget.memory_bytes > 0);
}

static int set_up(void **state) {
  (void)state;
  snprintf(sample, sizeof sample, "/tmp/ockham-sample-%ld.csv", (long)getpid());
  write_sample();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  return unlink(sample);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_clean),      cmocka_unit_test(test_leak),          cmocka_unit_test(test_determinism),
      cmocka_unit_test(test_numbers),    cmocka_unit_test(test_numbers_alone), cmocka_unit_test(test_batches),
      cmocka_unit_test(test_slow),       cmocka_unit_test(test_too_slow),      cmocka_unit_test(test_failing),
      cmocka_unit_test(test_odd_inputs), cmocka_unit_test(test_refusals),      cmocka_unit_test(test_fitted),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
