/* SPDX-License-Identifier: Apache-2.0 */
/* Study files: what is read, what is refused and in which line, and the commands that follow. */
#include <ockham/report.h>
#include "ablate/study.h"
#include "test.h"

static const char good[] =
    "name: small\n"                                                     /* 1 */
    "command: sh t.sh {a} {b} {width} {seed} {rate} ${HOME} {{seed}}\n" /* 2 */
    "metric: loss\n"                                                    /* 3 */
    "worst-loss: 5.5\n"                                                 /* 4 */
    "base: {rate: 0.003}\n"                                             /* 5 */
    "factors:\n"                                                        /* 6 */
    "  a: [off, on]\n"                                                  /* 7 */
    "  b: [x, it's, z]\n"                                               /* 8 */
    "scales:\n"                                                         /* 9 */
    "  S1: {width: 32, replicates: 4}\n"                                /* 10 */
    "  S2: {width: 64, runs: 6}\n"                                      /* 11 */
    "  S3: {width: 128, held-out: yes}\n"                               /* 12 */
    "design: {kind: d-optimal, runs: 6, add-one-in: yes}\n"             /* 13 */
    "forbidden: [{a: on, b: z}]\n"                                      /* 14 */
    "rates: [0.5, 1, 2]\n"                                              /* 15 */
    "claims: [a=on helps, b=z vanishes, joint is submultiplicative]\n"  /* 16 */
    "budget: {core-minutes: 90, cores: 2}\n"                            /* 17 */
    "timeout: 90s\n"                                                    /* 18 */
    "seeds: 2\n"                                                        /* 19 */
    "seed: 7\n";                                                        /* 20 */

static ockham_status parse(const char *text, ockham_study **study, ockham_error *err) {
  return ockham_study_parse("s.yaml", text, strlen(text), NULL, study, err);
}

#ifdef OCK_HAVE_YAML

static void test_everything_is_read(void **state) {
  (void)state;
  ockham_study *s;
  assert_ok(parse(good, &s, err));
  assert_string_equal(s->name, "small");
  assert_null(s->corpus);
  assert_string_equal(s->metric, "loss");
  assert_string_equal(s->compute, "flops");
  assert_true(s->worst_loss == 5.5 && s->seeds == 2 && s->seed == 7 && s->timeout_s == 90);
  assert_true(s->core_minutes == 90 && s->cores == 2);
  assert_int_equal(s->n_factors, 2);
  assert_string_equal(s->factors[0].levels[0], "off"); /* as written: no truth value */
  assert_int_equal(s->factors[1].n_levels, 3);
  assert_int_equal(s->n_scales, 3);
  assert_string_equal(s->scales[1].name, "S2");
  assert_string_equal(s->scales[1].settings[0].name, "width");
  assert_string_equal(s->scales[1].settings[0].value, "64");
  assert_int_equal(s->scales[1].design_runs, 6);
  assert_int_equal(s->scales[0].replicates, 4);
  assert_true(!s->scales[0].held_out && s->scales[2].held_out);
  assert_int_equal(s->design, OCKHAM_DESIGN_D_OPTIMAL);
  assert_true(s->design_runs == 6 && s->add_one_in && !s->leave_one_out);
  assert_true(s->n_forbidden == 1 && s->forbidden[0].factor[1] == 1 && s->forbidden[0].level[1] == 2);
  assert_true(s->n_rates == 3 && s->rates[0] == 0.5);
  assert_int_equal(s->n_claims, 3);
  assert_int_equal(s->claims[0].kind, OCKHAM_CLAIM_HELPS);
  assert_true(s->claims[1].kind == OCKHAM_CLAIM_VANISHES && s->claims[1].factor == 1 && s->claims[1].level == 2);
  assert_int_equal(s->claims[2].kind, OCKHAM_CLAIM_SUBMULTIPLICATIVE);
  ockham_study_free(s);
}

/* `good` with `was` replaced; NULL: put behind. The caller frees it. */
static char *change(const char *was, const char *is) {
  char *text = malloc(sizeof good + strlen(is) + 1);
  const char *at = was ? strstr(good, was) : good + strlen(good);
  assert_non_null(at);
  size_t before = (size_t)(at - good);
  memcpy(text, good, before);
  strcpy(text + before, is);
  strcat(text, at + (was ? strlen(was) : 0));
  return text;
}

static void expect_fault(const char *was, const char *is, const char *message) {
  ockham_study *study;
  ockham_error err = {0};
  char *text = change(was, is);
  ockham_status status = parse(text, &study, &err);
  free(text);
  if (status != OCKHAM_BAD_FILE || !strstr(err.message, message) || strncmp(err.message, "s.yaml", 6) != 0)
    fail_msg("expected '%s', found %d '%s'", message, status, err.message);
  assert_null(study);
}

static void test_faults_say_what_and_where(void **state) {
  (void)state;
  static const struct {
    const char *was, *is, *message;
  } faults[] = {
      {"metric: loss\n", "metrik: loss\n", "s.yaml:3: there is no key 'metrik': is it metric?"},
      {"metric: loss\n", "loss: loss\n", "s.yaml:3: there is no key 'loss'; expected one of name, question, corpus"},
      {"runs: 6, add-one-in", "runs: 6, add_one_in", "s.yaml:13: there is no key 'add_one_in': is it add-one-in?"},
      {NULL, "seed: 8\n", "s.yaml:21: 'seed' is given twice, first in line 20"},
      {"a: [off, on]", "a: off", "s.yaml:7: expected a list of levels such as [pre, post], found a value"},
      {"a: [off, on]", "a: [off]", "s.yaml:7: expected 2 to 32 levels of a, found 1"},
      {"a: [off, on]", "a: [off, off]", "s.yaml:7: a has the level 'off' twice"},
      {"a: [off, on]", "a: [off, 'o n']", "s.yaml:7: expected a level without blanks, found 'o n'"},
      {"a: [off, on]", "a=: [off, on]", "s.yaml:7: expected a factor of letters, digits"},
      {"a: [off, on]", "seed: [p, q]\n  a: [off, on]", "s.yaml:7: 'seed' is given to each run, and cannot be a factor"},
      {"base: {rate: 0.003}", "base: {b: 3}", "s.yaml:5: 'b' is a factor, and cannot be set besides"},
      {"S2: {width: 64, runs: 6}", "S2: {width: 64, runs: many}",
       "s.yaml:11: expected a whole number from 1 to 100000, found 'many'"},
      {"replicates: 4}", "replicate: 4}", "s.yaml:10: there is no key 'replicate': is it replicates?"},
      {"S2: {width: 64, runs: 6}", "S2: {runs: 6}", "s.yaml:11: scale S2 does not say what {width} is"},
      {"replicates: 4}", "replicates: 4, held-out: yes}", "s.yaml:10: expected only the largest scales to be held out"},
      {"S3: {width: 128,", "S3: {width: 128, height: 3,",
       "s.yaml:2: expected {height} in the command, or scales do not differ by it"},
      {"{a: on, b: z}", "{a: on, c: z}", "s.yaml:14: expected a factor of the study, found 'c'"},
      {"{a: on, b: z}", "{a: on, b: y}", "s.yaml:14: expected a level of b, found 'y'"},
      {"{a: on, b: z}", "{a: off, b: x}", "s.yaml:14: a=off and b=x are the baseline, and cannot be forbidden"},
      {"{a: on, b: z}", "{a: on}", "s.yaml:14: expected levels of two factors, found 1"},
      {"kind: d-optimal", "kind: fraction",
       "s.yaml:13: a fraction has every pair of levels, some of which are forbidden: expected d-optimal"},
      {"runs: 6, add-one-in", "runs: 2, add-one-in",
       "s.yaml:13: expected at least 4 cells, one for the mean and one a change, found 2"},
      {"S2: {width: 64, runs: 6}", "S2: {width: 32, runs: 6}",
       "s.yaml:11: S2 has the settings of S1: their runs would be the same"},
      {"kind: d-optimal", "kind: dopt", "s.yaml:13: expected full, fraction, d-optimal, add-one-in or leave-one-out"},
      {"[0.5, 1, 2]", "[0.5, 1, 1]", "s.yaml:15: 1 is given twice"},
      {NULL, "widen: 9\n", "s.yaml:21: expected a whole number from 0 to 8, found '9'"},
      {"rates: [0.5, 1, 2]", "widen: 2", "s.yaml:15: expected rates, two or more, to go on from; found 0"},
      {"[0.5, 1, 2]", "[0, 1]", "s.yaml:15: expected a number from 1e-06 to 1e+06, found '0'"},
      {"a=on helps", "a=on is great", "s.yaml:16: expected FACTOR=LEVEL and helps, hurts"},
      {"a=on helps", "a=off helps",
       "s.yaml:16: a=off is the first level, which others are compared with: make the claim of a=on"},
      {"a=on helps", "aa=on helps", "s.yaml:16: expected a factor of the study, found 'aa'"},
      {"timeout: 90s", "timeout: soon", "s.yaml:18: expected a duration such as 90s, 10m or 2h, found 'soon'"},
      {"{seed} {rate}", "{seed}", "s.yaml:2: expected {rate} in the command, or its multiples change nothing"},
      {"{seed} {rate}", "{rate}", "s.yaml:2: expected {seed} in the command, or replicates are all the same"},
      {"{a} {b}", "{a}", "s.yaml:2: expected {b} in the command, or it is no factor"},
      {"{a} {b}", "{a} {b} {sede}", "s.yaml:2: there is no {sede}: is it {seed}?"},
      {"{a} {b}", "{a} {b} {print}", "{{print}} is text"},
      {"worst-loss: 5.5\n", "", "expected worst-loss: what loss is of a model that has learned nothing"},
      {"name: small\n", "name: small\ncorpus: c\n", "s.yaml:2: expected corpus (the built-in trainer) or command"},
      {"scales:", "scales", "s.yaml:"},
      {"name: small\n", "name: [a\n", "s.yaml:"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    expect_fault(faults[i].was, faults[i].is, faults[i].message);
  ockham_study *study;
  ockham_error err = {0};
  assert_int_equal(parse("", &study, &err), OCKHAM_BAD_FILE);
  assert_string_equal(err.message, "s.yaml: expected a study, found nothing");
  assert_int_equal(parse("factors: {a: [x, y]}\n", &study, &err), OCKHAM_BAD_FILE);
  assert_string_equal(err.message, "s.yaml: expected scales:, found none");
}

static void test_one_scale_answers_no_claim_about_scale(void **state) {
  (void)state;
  ockham_study *study;
  ockham_error err = {0};
  static const char text[] = "corpus: c\nfactors: {a: [x, y]}\nscales: {S: {width: 3}}\nclaims: [a=y grows]\n";
  assert_int_equal(parse(text, &study, &err), OCKHAM_BAD_FILE);
  assert_string_equal(err.message, "s.yaml:4: 'a=y grows' is a claim about scale, which one scale cannot answer");
}

/* ---- the trainer ---- */

static ockham_status check_setting(void *user, const char *name, const char *value, ockham_error *err) {
  (void)user;
  if (strcmp(value, "wrong") == 0) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%s is never wrong", name);
  return OCKHAM_OK;
}

static ockham_status complete(void *user, const ockham_study_setting *settings, size_t n, ockham_trainer_facts *facts,
                              ockham_error *err) {
  (void)user;
  const char *a = ock_setting_find(settings, n, "a"), *b = ock_setting_find(settings, n, "b");
  if (strcmp(a, "y") == 0 && strcmp(b, "x") == 0) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "y needs no x");
  *facts = (ockham_trainer_facts){.rate = .02, .flops = atof(ock_setting_find(settings, n, "width"))};
  return OCKHAM_OK;
}

static const ockham_trainer trainer = {.check = check_setting, .complete = complete, .path = "/a b/ockham"};

static void expect_of_trainer(const char *text, const char *message) {
  ockham_study *study;
  ockham_error err = {0};
  assert_int_equal(ockham_study_parse("s.yaml", text, strlen(text), &trainer, &study, &err), OCKHAM_BAD_FILE);
  assert_string_equal(err.message, message);
}

static void test_the_trainer_is_asked(void **state) {
  (void)state;
  expect_of_trainer("corpus: c\nfactors: {a: [x, wrong], b: [x, y]}\nscales: {S: {width: 3}}\n",
                    "s.yaml:2: a is never wrong");
  expect_of_trainer("corpus: c\nbase: {c: wrong}\nfactors: {a: [x, z], b: [x, y]}\nscales: {S: {width: 3}}\n",
                    "s.yaml:2: c is never wrong");
  expect_of_trainer("corpus: c\nfactors: {c: [x, z], a: [x, y], b: [x, y]}\nscales: {S: {width: 3}}\n",
                    "s.yaml:2: a=y and b=x cannot meet, and are not under `forbidden`: y needs no x");
  expect_of_trainer("corpus: c\nfactors: {a: [x, y], b: [y, x]}\nscales: {S: {width: 3}}\n",
                    "s.yaml:2: a=y and b=x cannot meet, and are not under `forbidden`: y needs no x");
  expect_of_trainer("corpus: c\nfactors: {a: [x, z], b: [x, y]}\nscales:\n  S: {width: 3}\n  T: {width: 2}\n",
                    "s.yaml:5: expected the smallest scale first, found T with 2 FLOPs after one with 3");
  expect_of_trainer("corpus: c\nfactors: {a: [x, z], b: [x, 0.1, 1e-1]}\nscales: {S: {width: 3}}\n",
                    "s.yaml:2: b=1e-1 is b=0.1");
  expect_of_trainer("corpus: c\nbase: {b: x}\nfactors: {a: [x, y], c: [x, z]}\nscales: {S: {width: 3}}\n",
                    "s.yaml:3: a=y beside the baseline: y needs no x"); /* no level of c mends that */
  ockham_study *study;
  static const char text[] =
      "corpus: c\nfactors: {a: [x, y], b: [x, y]}\nforbidden: [{a: y, b: x}]\nscales: {S: {width: 3}}\n"
      "rates: [0.5, 1]\n";
  assert_ok(ockham_study_parse("s.yaml", text, strlen(text), &trainer, &study, err));
  uint8_t levels[] = {1, 1};
  ockham_run run = {.id = 3, .levels = levels, .seed = 12, .rate = .5};
  char *command;
  assert_ok(ockham_run_command(study, &run, &trainer, &command, err));
  assert_string_equal(command,
                      "'/a b/ockham' train c --set width=3 --set a=y --set b=y --set seed=12 --set rate=0.01 "
                      "--metrics --quiet");
  ockham_text_free(command);
  run.rate = 0;
  assert_ok(ockham_run_command(study, &run, &trainer, &command, err));
  assert_null(strstr(command, "rate"));
  ockham_text_free(command);
  ockham_study_free(study);
}

/* ---- commands ---- */

static void test_commands_are_filled_in(void **state) {
  (void)state;
  ockham_study *study;
  char *command;
  assert_ok(parse(good, &study, err));
  uint8_t levels[] = {1, 1};
  ockham_run run = {.id = 3, .levels = levels, .scale = 1, .seed = 12, .rate = 2};
  assert_ok(ockham_run_command(study, &run, NULL, &command, err));
  assert_string_equal(command, "sh t.sh on 'it'\\''s' 64 12 0.006 ${HOME} {seed}");
  ockham_text_free(command);
  run.rate = 0;
  assert_ok(ockham_run_command(study, &run, NULL, &command, err));
  assert_non_null(strstr(command, " 12 0.003 "));
  ockham_text_free(command);
  ockham_study_free(study);
  char *text = change("{a} {b} {width}", "{assignments} run{run} {scale}");
  assert_ok(parse(text, &study, err));
  free(text);
  assert_ok(ockham_run_command(study, &run, NULL, &command, err));
  assert_string_equal(command, "sh t.sh width=64 a=on 'b=it'\\''s' run3 S2 12 0.003 ${HOME} {seed}");
  ockham_text_free(command);
  ockham_study_free(study);
}

/* ---- the text ---- */

static void expect_compared(const char *was, const char *is, const char *message) {
  ockham_study *before, *after;
  ockham_error why = {0};
  char *text = change(was, is);
  assert_ok(parse(good, &before, err));
  assert_ok(parse(text, &after, err));
  free(text);
  char *known = ock_study_text(before);
  ockham_status status = ock_study_compare(after, known, "j.db", &why);
  if (!message && status) fail_msg("refused: %s", why.message);
  if (message && (!status || !strstr(why.message, message)))
    fail_msg("expected '%s', found '%s'", message, why.message);
  ock_free(known);
  ockham_study_free(before);
  ockham_study_free(after);
}

static void test_a_study_that_grew_is_the_same(void **state) {
  (void)state;
  expect_compared("seed: 7", "seed: 8", NULL);
  expect_compared("a: [off, on]", "a: [off, on, half]", NULL);
  expect_compared("  S3: {width: 128, held-out: yes}\n", "  S3: {width: 128}\n  S10: {width: 256}\n", NULL);
  expect_compared(
      "a: [off, on]", "a: [half, off, on]",
      "j.db: expected the journal of this study, found 'factor a off on' where the study has 'factor a half "
      "off on'");
  expect_compared("S2: {width: 64", "S2: {width: 65",
                  "found 'scale S2 width=64' where the study has 'scale S2 width=65'");
  expect_compared("  S3: {width: 128, held-out: yes}\n", "  S30: {width: 128, held-out: yes}\n",
                  "found 'scale S3 width=128' where the study has 'nothing'");
  expect_compared("metric: loss", "metric: bpb", "found 'metric loss' where the study has 'metric bpb'");
  expect_compared("sh t.sh {a}", "sh t.sh -v {a}", "where the study has 'command sh t.sh -v {a}");
}

static void test_examples_are_studies(void **state) {
  (void)state;
  static const char *const names[] = {"quick", "components", "objective", "continuation", "others", "anybody"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[1024];
    ockham_study *study;
    snprintf(path, sizeof path, "%s/../../examples/ablation/%s.yaml", OCK_TEST_DATA, names[i]);
    assert_ok(ockham_study_read(path, NULL, &study, err));
    assert_string_equal(study->name, names[i]);
    assert_true(study->n_claims > 0);
    ockham_study_free(study);
  }
}

static void test_memory_may_run_out(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ockham_study *study;
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = parse(good, &study, &err);
    if (status) {
      assert_int_equal(status, OCKHAM_NO_MEMORY);
      continue;
    }
    char *command, *text = ock_study_text(study);
    uint8_t levels[] = {1, 1};
    ockham_run run = {.id = 3, .levels = levels, .scale = 1, .seed = 12, .rate = 2};
    if (text) (void)!ock_study_compare(study, text, "j", &err);
    ock_free(text);
    if (ockham_run_command(study, &run, NULL, &command, &err) == OCKHAM_OK) ockham_text_free(command);
    ockham_study_free(study);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_everything_is_read),
      cmocka_unit_test(test_faults_say_what_and_where),
      cmocka_unit_test(test_one_scale_answers_no_claim_about_scale),
      cmocka_unit_test(test_the_trainer_is_asked),
      cmocka_unit_test(test_commands_are_filled_in),
      cmocka_unit_test(test_a_study_that_grew_is_the_same),
      cmocka_unit_test(test_examples_are_studies),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
  ockham_study *study;
  ockham_error err = {0};
  return parse(good, &study, &err) == OCKHAM_UNSUPPORTED ? 0 : 1;
}

#endif
