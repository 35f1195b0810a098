/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes: how they are read, what answers gave, and how far apart the two are. */
#include "test.h"

#include "serve/outcomes.h"

static ockham_status parse(const char *text, json_t **root, ock_truth_said **said, size_t *n, ockham_error *err) {
  return ock_outcomes_parse(text, strlen(text), root, said, n, err);
}

static void test_forms(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t n;
  } good[] = {{"[]", 0},
              {"[{\"id\":\"a\",\"actual\":1}]", 1},
              {"{\"id\":\"a\",\"actual\":1}", 1},
              {"{\"id\":\"a\",\"actual\":1}\n{\"id\":\"b\",\"error\":0}\n", 2},
              {"{\"id\":\"a\",\"actual\":1}\r\n\n  {\"id\":\"b\",\"error\":true} ", 2},
              {" [ {\"model\":\"m\",\"version\":\"1\",\"actual\":\"x\",\"predicted\":\"y\"} ] ", 1}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    json_t *root;
    ock_truth_said *said;
    size_t n;
    assert_ok(parse(good[i].text, &root, &said, &n, err));
    assert_int_equal(n, good[i].n);
    json_decref(root);
    ock_free(said);
  }
}

static void test_values(void **state) {
  (void)state;
  json_t *root;
  ock_truth_said *said;
  size_t n;
  assert_ok(
      parse("[{\"id\":\"r\",\"row\":3,\"output\":\"y\",\"actual\":2.5,\"predicted\":2,\"time\":1764000000.25},"
            "{\"model\":\"m\",\"version\":\"2\",\"error\":0.125,\"time\":\"2026-11-29T01:04:05.5Z\"}]",
            &root, &said, &n, err));
  assert_int_equal(n, 2);
  assert_string_equal(said[0].id, "r");
  assert_string_equal(said[0].output, "y");
  assert_true(said[0].row == 3 && isnan(said[0].error) && said[0].time_s == 1764000000.25);
  assert_true(json_number_value(said[0].actual) == 2.5 && json_number_value(said[0].predicted) == 2);
  assert_true(said[1].error == 0.125 && !said[1].id && !said[1].actual);
  assert_true(said[1].time_s == 1795914245.5); /* date -d 2026-11-29T01:04:05Z +%s */
  assert_string_equal(said[1].version, "2");
  json_decref(root);
  ock_free(said);
}

static void test_mistakes(void **state) {
  (void)state;
  static const char *const bad[][2] = {
      {"", "expected a list of outcomes, or one a line, found nothing"},
      {"7", "expected a list of outcomes"},
      {"[1", "expected a list of outcomes"},
      {"[{\"id\":\"a\",\"error\":0},{}]", "outcomes[1]: expected the id of a request"},
      {"[{\"id\":\"\",\"error\":0}]", "outcomes[0].id: expected a text that is not empty, found a text"},
      {"[{\"id\":3,\"error\":0}]", "outcomes[0].id: expected a text, found a number"},
      {"[{\"id\":\"a\",\"actual\":null}]", "outcomes[0].actual: expected a number, a text, true or false, found null"},
      {"[{\"id\":\"a\",\"error\":-0.5}]", "outcomes[0].error: expected a number that is not negative, found a number"},
      {"[{\"id\":\"a\",\"error\":\"1\"}]", "outcomes[0].error: expected a number that is not negative, found a text"},
      {"[{\"id\":\"a\",\"error\":1,\"actual\":1}]", "outcomes[0]: expected either actual or error, found both"},
      {"[{\"id\":\"a\",\"error\":1,\"predicted\":1}]", "outcomes[0]: expected predicted with actual"},
      {"[{\"id\":\"a\",\"actual\":1,\"row\":-1}]", "outcomes[0].row: expected the number of a row"},
      {"[{\"id\":\"a\",\"actual\":1,\"row\":1.5}]", "outcomes[0].row: expected the number of a row"},
      {"[{\"model\":\"m\",\"error\":1}]", "outcomes[0]: expected the id of a request, or a model and its version"},
      {"[{\"model\":\"m\",\"version\":\"1\",\"actual\":1}]", "outcomes[0]: expected predicted where there is no id"},
      {"[{\"id\":\"a\",\"actual\":1,\"time\":\"2026-11-29\"}]", "outcomes[0].time: expected seconds since 1970"},
      {"[{\"id\":\"a\",\"actual\":1,\"time\":\"2026-11-29T01:04:05+01:00\"}]", "outcomes[0].time"},
      {"[{\"id\":\"a\",\"actual\":1,\"truth\":1}]", "outcomes[0]: there is no key 'truth'"},
      {"[{\"id\":\"a\",\"actual\":1,\"actual\":2}]", "duplicate"},
      {"{\"id\":\"a\",\"actual\":1}\n{\"id\":\"b\",", "line 2: expected JSON"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    json_t *root = (json_t *)1;
    ock_truth_said *said = NULL;
    size_t n;
    ockham_error err = {0};
    assert_int_equal(parse(bad[i][0], &root, &said, &n, &err), OCKHAM_BAD_DATA);
    if (!strstr(err.message, bad[i][1])) fail_msg("%s: %s", bad[i][0], err.message);
    assert_true(!root && !said);
  }
}

/* As ock_body_explain() has the answers of each form. */
static void test_predicted(void **state) {
  (void)state;
  static const struct {
    const char *answer, *output;
    uint64_t row;
    const char *value; /* JSON; NULL: there is none */
  } rows[] = {
      {"{\"outputs\":[{\"name\":\"a\",\"shape\":[2],\"data\":[4,5]},{\"name\":\"b\",\"shape\":[2],\"data\":[6,7]}]}",
       NULL, 1, "5"},
      {"{\"outputs\":[{\"name\":\"a\",\"shape\":[2],\"data\":[4,5]},{\"name\":\"b\",\"shape\":[2],\"data\":[6,7]}]}",
       "b", 0, "6"},
      {"{\"outputs\":[{\"name\":\"p\",\"shape\":[2,3],\"data\":[1,2,3,4,5,6]}]}", NULL, 1, "4"},
      {"{\"outputs\":[{\"name\":\"a\",\"shape\":[2],\"data\":[4,5]}]}", NULL, 2, NULL},
      {"{\"outputs\":[{\"name\":\"a\",\"shape\":[2],\"data\":[4,5]}]}", "c", 0, NULL},
      {"{\"json\":{\"cluster\":2,\"squared_distance\":0.5}}", NULL, 0, "2"},
      {"{\"json\":{\"cluster\":2,\"squared_distance\":0.5}}", NULL, 1, NULL},
      {"{\"json\":[{\"cluster\":2},{\"cluster\":3}]}", "cluster", 1, "3"},
      {"{\"json\":{\"predictions\":[{\"y\":1.5},{\"y\":2.5}]}}", NULL, 1, "2.5"},
      {"{\"json\":{\"predictions\":[0.25,0.75]}}", NULL, 1, "0.75"},
      {"{\"json\":{\"predictions\":[[1,2],[3,4]]}}", NULL, 1, "3"},
      {"{\"json\":{\"outputs\":{\"y\":[1,2],\"z\":[3,4]}}}", "z", 1, "4"},
      {"{\"json\":{\"outputs\":[7,8]}}", NULL, 1, "8"},
      {"{\"csv\":\"y\\n1\\n\"}", "y", 0, NULL},
      {"{\"json\":\"text\"}", NULL, 0, "\"text\""},
      {"{\"json\":[]}", NULL, 0, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    json_t *answer = json_loads(rows[i].answer, 0, NULL),
           *wanted = rows[i].value ? json_loads(rows[i].value, JSON_DECODE_ANY, NULL) : NULL;
    assert_non_null(answer);
    const json_t *found = ock_truth_predicted(answer, rows[i].output, rows[i].row);
    if (wanted ? !found || !json_equal(found, wanted) : found != NULL) fail_msg("%s", rows[i].answer);
    json_decref(answer);
    json_decref(wanted);
  }
}

static void test_errors(void **state) {
  (void)state;
  static const struct {
    const char *predicted, *actual;
    bool classes;
    double error;
  } rows[] = {{"2.5", "2", false, 0.5},     {"2", "2.0", true, 0},    {"2", "3", true, 1},
              {"2", "3", false, 1},         {"2", "7", false, 5},     {"2", "\"2\"", true, 0},
              {"true", "1", true, 0},       {"0", "false", true, 0},  {"\"a\"", "\"a\"", true, 0},
              {"\"a\"", "\"b\"", false, 1}, {"-1.5", "1.5", false, 3}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    json_t *p = json_loads(rows[i].predicted, JSON_DECODE_ANY, NULL),
           *a = json_loads(rows[i].actual, JSON_DECODE_ANY, NULL);
    assert_true(ock_truth_error(p, a, rows[i].classes) == rows[i].error);
    json_decref(p);
    json_decref(a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms),     cmocka_unit_test(test_values), cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_predicted), cmocka_unit_test(test_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
