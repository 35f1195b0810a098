/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: what is read, and that each mistake is told in one line, with its place. */
#include "test.h"

#include <ockham/serve.h>

#include "serve/config.h"

static ockham_serve_file *parse(const char *text, ockham_error *err) {
  ock_problems problems = {.first = err};
  ockham_serve_file *file;
  ockham_status status = ock_config_parse("conf/ockham.yaml", text, strlen(text), &problems, &file);
  assert_int_equal(status, problems.status);
  assert_true((file != NULL) == (status == OCKHAM_OK));
  return file;
}

static ockham_serve_file *parse_good(const char *text) {
  ockham_error err = {0};
  ockham_serve_file *file = parse(text, &err);
  if (!file) fail_msg("%s", err.message);
  return file;
}

static const char whole[] =
    "listen: 0.0.0.0:80\n"
    "admin: ./admin.sock\n"
    "token_file: /etc/token\n"
    "tls: {certificate: cert.pem, key: /k.pem}\n"
    "folder: data\n"
    "access_log: '-'\n"
    "threads: 3\n"
    "connections: 100\n"
    "body: 16M\n"
    "request_timeout: 5s\n"
    "idle_timeout: 1.5m\n"
    "record:\n"
    "  sample: 0\n"
    "  keep: 1.5GiB\n"
    "  days: 3\n"
    "  flush: 20ms\n"
    "  body: 4KB\n"
    "  redact: [name, 'the age']\n"
    "drift:\n"
    "  false_alarms: 1 per 7d\n"
    "  shares: {inputs: 0.7, errors: 0}\n"
    "  min_effect: 0\n"
    "  by_hour: no\n"
    "  webhook: https://h/alarm\n"
    "models:\n"
    "  - name: km\n"
    "    file: km.ock\n"
    "  - name: price\n"
    "    version: 2\n"
    "    command: python3 -u 'my predict.py' \"a\\\"b\"\n"
    "    environment: {A: 1, B: 'x=y'}\n"
    "    workers: 4\n"
    "    queue: 7\n"
    "    timeout: 250ms\n"
    "    startup: 1m\n"
    "    limits: {memory: 512M, cpus: 1.5, processes: 8, files: 32, network: no, sandbox: off}\n"
    "    weight: 0.25\n"
    "    slow: 2s\n"
    "    budget: b.json\n"
    "    profile: b.profile\n"
    "    drift: {false_alarms: 1 per 500 rows, detector: chi2, min_effect: 0.02}\n"
    "  - {name: up, upstream: 'http://h/v2/models/m', upstream_json: true, shadow: yes, tolerance: 1e-3, drift: no}\n";

static void test_server_keys(void **state) {
  (void)state;
  ockham_serve_file *file = parse_good(whole);
  const ockham_serve_options *o = ockham_serve_file_look(file);
  assert_string_equal(o->listen, "0.0.0.0:80");
  assert_string_equal(o->admin, "conf/admin.sock");
  assert_string_equal(o->token_file, "/etc/token");
  assert_string_equal(o->certificate, "conf/cert.pem");
  assert_string_equal(o->key, "/k.pem");
  assert_string_equal(o->folder, "conf/data");
  assert_string_equal(o->access_log, "-");
  assert_int_equal(o->threads, 3);
  assert_int_equal(o->connections, 100);
  assert_int_equal(o->body_bytes, 16 << 20);
  assert_int_equal(o->request_seconds, 5);
  assert_int_equal(o->idle_seconds, 90);
  assert_false(o->no_record);
  assert_true(o->sample < 0);
  assert_int_equal(o->record_bytes, 3 << 29);
  assert_int_equal(o->record_days, 3);
  assert_int_equal(o->flush_ms, 20);
  assert_int_equal(o->record_body_bytes, 4096);
  assert_int_equal(o->n_redact, 2);
  assert_string_equal(o->redact[1], "the age");
  assert_string_equal(o->drift.false_alarms, "1 per 7d");
  assert_true(o->drift.shares[OCKHAM_GROUP_INPUTS] == 0.7 && o->drift.shares[OCKHAM_GROUP_ERRORS] < 0);
  assert_true(o->drift.shares[OCKHAM_GROUP_LATENCY] == 0 && o->drift.min_effect < 0);
  assert_true(o->drift.any_hour && !o->drift.off);
  assert_string_equal(o->drift.webhook, "https://h/alarm");
  ockham_serve_file_free(file);
}

static void test_model_keys(void **state) {
  (void)state;
  ockham_serve_file *file = parse_good(whole);
  const ockham_serve_options *o = ockham_serve_file_look(file);
  assert_int_equal(o->n_models, 3);
  assert_string_equal(o->models[0].file, "conf/km.ock");
  assert_null(o->models[0].folder);
  const ockham_serve_model *m = &o->models[1];
  assert_string_equal(m->version, "2");
  assert_int_equal(m->n_command, 4);
  assert_string_equal(m->command[2], "my predict.py");
  assert_string_equal(m->command[3], "a\"b");
  assert_null(m->command[4]);
  assert_string_equal(m->folder, "conf");
  assert_int_equal(m->n_environment, 2);
  assert_string_equal(m->environment[1], "B=x=y");
  assert_int_equal(m->workers, 4);
  assert_int_equal(m->queue, 7);
  assert_int_equal(m->timeout_ms, 250);
  assert_int_equal(m->startup_ms, 60000);
  assert_int_equal(m->memory_bytes, 512 << 20);
  assert_true(m->cpus == 1.5 && m->weight == 0.25);
  assert_int_equal(m->processes, 8);
  assert_int_equal(m->files, 32);
  assert_true(m->no_network && m->no_sandbox);
  assert_int_equal(m->slow_ms, 2000);
  assert_string_equal(m->budget, "conf/b.json");
  assert_string_equal(m->profile, "conf/b.profile");
  assert_string_equal(m->drift.false_alarms, "1 per 500 rows");
  assert_string_equal(m->drift.detector, "chi2");
  assert_true(m->drift.min_effect == 0.02 && !m->drift.off && o->models[2].drift.off);
  assert_string_equal(o->models[2].upstream, "http://h/v2/models/m");
  assert_true(o->models[2].upstream_json && o->models[2].shadow && o->models[2].tolerance == 1e-3);
  ockham_serve_file_free(file);
}

static void test_forms(void **state) {
  (void)state;
  setenv("OCK_TEST_NAME", "9", 1);
  unsetenv("OCK_TEST_OTHER");
  ockham_serve_file *file = parse_good(
      "x-shared: &shared\n"
      "  workers: 2\n"
      "  limits: &limits {memory: 1G}\n"
      "record: no\n"
      "threads: ${OCK_TEST_NAME}\n"
      "listen: ':80${OCK_TEST_NAME}'\n"
      "admin: ${OCK_TEST_OTHER:-none}\n"
      "token_file: ~\n"
      "models:\n"
      "  a: {<<: *shared, workers: 5, command: [x, '$${HOME} $a']}\n"
      "  b:\n"
      "    <<: [{queue: 3}, *shared]\n"
      "    command: y\n"
      "    limits: *limits\n");
  const ockham_serve_options *o = ockham_serve_file_look(file);
  assert_true(o->no_record);
  assert_int_equal(o->threads, 9);
  assert_string_equal(o->listen, ":809");
  assert_string_equal(o->admin, "none");
  assert_null(o->token_file);
  assert_int_equal(o->n_models, 2);
  assert_string_equal(o->models[0].name, "a");
  assert_int_equal(o->models[0].workers, 5);
  assert_int_equal(o->models[0].memory_bytes, 1 << 30);
  assert_string_equal(o->models[0].command[1], "${HOME} $a");
  assert_string_equal(o->models[1].name, "b");
  assert_int_equal(o->models[1].workers, 2);
  assert_int_equal(o->models[1].queue, 3);
  assert_int_equal(o->models[1].memory_bytes, 1 << 30);
  ockham_serve_file_free(file);
}

/* ---- mistakes ---- */

typedef struct mistake {
  const char *text, *message; /* after "conf/ockham.yaml:" */
} mistake;

static const mistake mistakes[] = {
    {"", " expected keys such as 'models', found nothing"},
    {"# nothing\n", " expected keys such as 'models', found nothing"},
    {"- a\n", "1: expected keys such as 'models:', found a list"},
    {"hello\n", "1: expected keys such as 'models:', found a value"},
    {"listen: :80\nadmni: none\n", "2: there is no key 'admni': is it admin?"},
    {"listen: :80\nbanana: none\n", "2: there is no key 'banana'"},
    {"record: {retention: 4}\n", "1: record: there is no key 'retention'"},
    {"record:\n  smaple: 4\n", "2: record: there is no key 'smaple': is it sample?"},
    {"models:\n  - name: a\n    timeout_ms: 10\n", "3: models[0]: there is no key 'timeout_ms': is it timeout?"},
    {"models:\n  - name: a\n  - name: b\n    timeout: soon\n",
     "4: models[1].timeout: expected a duration such as 500ms or 10s, found 'soon'"},
    {"models:\n  - timeout: 10\n", "2: models[0].timeout: expected a duration such as 500ms or 10s, found '10'"},
    {"models:\n  - timeout: 2d\n",
     "2: models[0].timeout: expected a duration such as 500ms or 10s from 1ms to 1d, found '2d'"},
    {"models:\n  price:\n    timeout: -1s\n",
     "3: models.price.timeout: expected a duration such as 500ms or 10s from 1ms to 1d, found '-1s'"},
    {"models:\n  - limits: {memory: 12Q}\n", "2: models[0].limits.memory: expected a size such as 512M, found '12Q'"},
    {"models:\n  - limits: {memory: 1K}\n",
     "2: models[0].limits.memory: expected a size such as 512M from 1M to 1024T, found '1K'"},
    {"models:\n  - limits: 3\n", "2: models[0].limits: expected a mapping, found a value"},
    {"models:\n  - workers: 0\n", "2: models[0].workers: expected a whole number from 1 to 1024, found '0'"},
    {"models:\n  - workers: 1.5\n", "2: models[0].workers: expected a whole number, found '1.5'"},
    {"models:\n  - workers: [1]\n", "2: models[0].workers: expected a whole number, found a list"},
    {"models:\n  - workers: nan\n", "2: models[0].workers: expected a whole number, found 'nan'"},
    {"models:\n  - weight: 0x10\n", "2: models[0].weight: expected a number, found '0x10'"},
    {"models:\n  - weight: -1\n", "2: models[0].weight: expected a number from 0 to 1000000000, found '-1'"},
    {"models:\n  - shadow: maybe\n", "2: models[0].shadow: expected yes or no, found 'maybe'"},
    {"models:\n  - command: python 'a\n",
     "2: models[0].command: expected closed quotes and something after every '\\', found 'python 'a'"},
    {"models:\n  - command: {a: b}\n",
     "2: models[0].command: expected a command such as [python3, predict.py], found a mapping"},
    {"models:\n  - command:\n    - a\n    - [b]\n", "4: models[0].command[1]: expected a text, found a list"},
    {"models:\n  - environment: [A=1]\n",
     "2: models[0].environment: expected a mapping of names to values, found a list"},
    {"models:\n  - environment:\n      A: 1\n      B=C: 2\n",
     "4: models[0].environment.B=C: expected a name without '=', found 'B=C'"},
    {"models: 3\n", "1: models: expected a list of models, found a value"},
    {"models: [a.ock]\n", "1: models[0]: expected a mapping such as {file: model.ock}, found a value"},
    {"models:\n  a: {name: b}\n", "2: models.a.name: given twice, first in line 2"},
    {"listen: :80\nfolder: x\nlisten: :81\n", "3: listen: given twice, first in line 1"},
    {"listen: ''\n", "1: listen: expected an address such as 127.0.0.1:8080, found an empty text"},
    {"listen: \"a\\0b\"\n", "1: listen: expected an address such as 127.0.0.1:8080, found a text with a zero byte"},
    {"record: {sample: 1.5}\n", "1: record.sample: expected a number from 0 to 1, found '1.5'"},
    {"record: {redact: age}\n", "1: record.redact: expected a list such as [a, b], found a value"},
    {"record: perhaps\n", "1: record: expected a mapping, yes or no, found 'perhaps'"},
    {"listen: ${OCK_TEST_UNSET}\n", "1: listen: environment variable OCK_TEST_UNSET is not set"},
    {"\nlisten: ${9}\n", "2: listen: expected ${NAME} or ${NAME:-otherwise} ('$${' is '${'), found '${9}'"},
    {"<<: 3\n", "1: expected a mapping after '<<', found a value"},
    {"[a]: 3\n", "1: expected a key, found a list"},
    {"a: b: c\n", "1: expected YAML, found a mistake: mapping values are not allowed in this context"},
    {"models:\n  - {a\n  - b\n",
     "4: expected YAML, found a mistake while parsing a flow mapping (line 2): did not find "
     "expected ',' or '}'"},
    {"a: *b\n", "1: expected YAML, found a mistake: found undefined alias"},
    {"listen: :80\n---\nlisten: :81\n", "2: expected one document, found two"},
    {"listen: :80\n\tadmin: none\n",
     "2: expected YAML, found a mistake while scanning a plain scalar (line 1): found a "
     "tab character that violates indentation"},
    {"models: &a [*a]\n", "1: models[0]: expected a mapping such as {file: model.ock}, found a list"},
    {"models: [&a {<<: *a}]\n",
     "1: models[0]: expected at most 100000 keys and items, 16 levels deep, aliases counted"},
};

static void test_mistakes(void **state) {
  (void)state;
  unsetenv("OCK_TEST_UNSET");
  for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
    char expected[512];
    ockham_error err = {0};
    ockham_serve_file *file = parse(mistakes[i].text, &err);
    if (file) fail_msg("was read: %s", mistakes[i].text);
    snprintf(expected, sizeof expected, "conf/ockham.yaml:%s", mistakes[i].message);
    assert_string_equal(err.message, expected);
    assert_int_equal(err.status, OCKHAM_BAD_DATA);
  }
}

typedef struct lines {
  char text[4096];
} lines;

static void add_line(void *user, const char *line) {
  lines *all = user;
  size_t used = strlen(all->text);
  snprintf(all->text + used, sizeof all->text - used, "%s\n", line);
}

/* One mistake does not hide the next. */
static void test_all_mistakes(void **state) {
  (void)state;
  static const char text[] = "listen: [a]\nthreads: x\nmodels:\n  - {name: a, queue: 0}\n  - {nmae: b}\n";
  lines all = {""};
  ockham_error err = {0};
  ock_problems problems = {.tell = add_line, .user = &all, .first = &err};
  ockham_serve_file *file;
  assert_int_equal(ock_config_parse("c.yaml", text, strlen(text), &problems, &file), OCKHAM_BAD_DATA);
  assert_string_equal(all.text,
                      "c.yaml:1: listen: expected an address such as 127.0.0.1:8080, found a list\n"
                      "c.yaml:2: threads: expected a whole number, found 'x'\n"
                      "c.yaml:4: models[0].queue: expected a whole number from 1 to 1000000, found '0'\n"
                      "c.yaml:5: models[1]: there is no key 'nmae': is it name?\n");
  assert_int_equal(strncmp(all.text, err.message, strlen(err.message)), 0);
}

/* Nine levels of ten aliases are a billion models. */
static void test_bomb(void **state) {
  (void)state;
  char text[4096] = "x-a0: &a0 {workers: 1}\n";
  for (int i = 1; i < 10; i++) {
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "x-a%d: &a%d {<<: [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]}\n", i,
             i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
  }
  strcat(text, "models: [*a9]\n");
  ockham_error err = {0};
  assert_null(parse(text, &err));
  assert_non_null(strstr(err.message, "100000 keys"));
}

/* ---- values ---- */

static void test_sizes_and_durations(void **state) {
  (void)state;
  double value;
  assert_true(ock_parse_size("4096", &value) && value == 4096);
  assert_true(ock_parse_size("0.5K", &value) && value == 512);
  assert_true(ock_parse_size("2TiB", &value) && value == 2199023255552.0);
  assert_false(ock_parse_size("0.3", &value));
  assert_false(ock_parse_size("1KK", &value));
  assert_false(ock_parse_size("M", &value));
  assert_false(ock_parse_size("1e400", &value));
  assert_true(ock_parse_duration("1.5h", &value) && value == 5400);
  assert_true(ock_parse_duration("14d", &value) && value == 14 * 86400);
  assert_false(ock_parse_duration("1 s", &value));
  assert_false(ock_parse_duration("s", &value));
  assert_false(ock_parse_duration("1S", &value));
}

/* Splitting agrees with what sh makes of the same text, where it expands nothing. */
static void test_split_like_a_shell(void **state) {
  (void)state;
  static const char *const commands[] = {"a b  c",    " a\tb ",  "'a b' c",        "a'b'\"c d\"e", "\"a\\\"b\\\\c\\n\"",
                                         "a\\ b \\'", "'' \"\"", "'a\"b' \"c'd\"", "--x='1 2' y"};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    ock_arena arena = {0};
    const char **words;
    size_t n;
    char script[256], line[256];
    assert_true(ock_config_split(&arena, commands[i], &words, &n));
    snprintf(script, sizeof script, "for w in %s; do echo \"[$w]\" | sed 's/x/x/'; done", commands[i]);
    FILE *shell = popen(script, "r");
    assert_non_null(shell);
    for (size_t j = 0; j < n; j++) {
      char expected[256];
      snprintf(expected, sizeof expected, "[%s]\n", words[j]);
      if (strstr(commands[i], "\\n") == NULL) /* echo of some shells expands it */
        assert_true(fgets(line, sizeof line, shell) && strcmp(line, expected) == 0);
    }
    while (fgetc(shell) != EOF) continue;
    pclose(shell);
    ock_arena_clear(&arena);
  }
}

static void test_addresses(void **state) {
  (void)state;
  static const struct {
    const char *text, *host;
    unsigned port;
    bool local;
  } good[] = {{"127.0.0.1:80", "127.0.0.1", 80, true},
              {":0", "", 0, false},
              {"[::1]:9", "::1", 9, true},
              {"[::]:9", "::", 9, false},
              {"localhost:1", "localhost", 1, true},
              {"127.9.9.9:1", "127.9.9.9", 1, true},
              {"a-b.c:65535", "a-b.c", 65535, false}};
  static const char *const bad[] = {"",        "80",    "a",       "a:",          "a:b",   "a:65536", "a: 1", "::1:80",
                                    "[::1]80", "[a]:1", "1.2.3:4", "256.1.1.1:1", "a b:1", "a:-1",    "a:+1"};
  ock_address address;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_ok(ock_address_parse(good[i].text, &address, err));
    assert_string_equal(address.host, good[i].host);
    assert_int_equal(address.port, good[i].port);
    assert_int_equal(ock_address_is_local(&address), good[i].local);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (ock_address_parse(bad[i], &address, NULL) == OCKHAM_OK) fail_msg("taken: %s", bad[i]);
  assert_ok(ock_address_parse("./x", &address, err));
  assert_string_equal(address.path, "./x");
  assert_ok(ock_address_parse("none", &address, err));
  assert_true(address.none);
}

/* ---- memory, and the reference ---- */

static void test_no_memory(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ock_problems problems = {0};
    ockham_serve_file *file;
    ockham_status status = ock_config_parse("conf/ockham.yaml", whole, strlen(whole), &problems, &file);
    assert_true(status == OCKHAM_OK ? file != NULL : status == OCKHAM_NO_MEMORY && !file);
    ockham_serve_file_free(file);
  }
}

/* docs/serve.md holds the reference as the table of keys has it. */
static void test_reference(void **state) {
  (void)state;
  FILE *stream = fopen(OCK_TEST_DATA "/../../docs/serve.md", "rb");
  assert_non_null(stream);
  char *page = calloc(1, 1 << 20);
  assert_non_null(page);
  assert_true(fread(page, 1, (1 << 20) - 1, stream) > 0);
  fclose(stream);
  ock_buffer wanted = {0};
  ock_config_describe(&wanted);
  ock_buffer_put(&wanted, "", 1);
  assert_false(wanted.failed);
  if (!strstr(page, wanted.bytes)) fail_msg("docs/serve.md should hold:\n%s", wanted.bytes);
  ock_buffer_clear(&wanted);
  free(page);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_server_keys),
      cmocka_unit_test(test_model_keys),
      cmocka_unit_test(test_forms),
      cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_all_mistakes),
      cmocka_unit_test(test_bomb),
      cmocka_unit_test(test_sizes_and_durations),
      cmocka_unit_test(test_split_like_a_shell),
      cmocka_unit_test(test_addresses),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
