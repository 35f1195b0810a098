/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a whole configuration: each problem in one line with its place, in files that lie in a folder of our own.
 */
#include "test.h"

#include <fcntl.h>
#include <ockham/certify.h>
#include <ockham/model.h>
#include <ockham/serve.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/config.h"

static char folder[64];

static void write_file(const char *name, const char *text, mode_t mode) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
  assert_int_equal(chmod(path, mode), 0);
}

static void write_model(const char *name) {
  static const char *const columns[] = {"a", "b"};
  static const double centroids[] = {0, 0, 1, 1}, within[] = {1, 1};
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
  ockham_model *model;
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_ok(ockham_model_new(&parts, &model, err));
  assert_ok(ockham_model_save(model, path, err));
  ockham_model_free(model);
}

static void write_budget(const char *name) {
  ockham_certificate certificate = {.budget = {.requests = 1}};
  char path[128];
  for (size_t i = 0; i < OCKHAM_FINDING_COUNT; i++) certificate.findings[i].name = "x";
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_ok(ockham_certificate_write(&certificate, "w", path, err));
}

static int set_up(void **state) {
  (void)state;
  strcpy(folder, "/tmp/ockham-config-XXXXXX");
  assert_non_null(mkdtemp(folder));
  write_model("km.ock");
  write_budget("budget.json");
  write_file("work.py", "#!/bin/sh\n", 0755);
  write_file("plain.txt", "#!/bin/sh\n", 0644);
  write_file("token", "secret\n", 0600);
  write_file("open-token", "secret\n", 0644);
  write_file("empty-token", "\n", 0600);
  write_file("cert.pem", "-----BEGIN CERTIFICATE-----\nAA\n", 0644);
  write_file("key.pem", "-----BEGIN PRIVATE KEY-----\nAA\n", 0600);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

typedef struct lines {
  char text[8192];
} lines;

/* Without the folder, so that it can be compared. */
static void add_line(void *user, const char *line) {
  lines *all = user;
  size_t used = strlen(all->text);
  for (const char *c = line; *c && used < sizeof all->text - 2;) {
    if (strncmp(c, folder, strlen(folder)) == 0) {
      c += strlen(folder);
      all->text[used++] = '@';
    } else {
      all->text[used++] = *c++;
    }
  }
  strcpy(all->text + used, "\n");
}

/* What is wrong with a file of this text, each problem in a line. */
static void check_text(const char *text, lines *all) {
  char path[128];
  ockham_serve_file *file;
  ockham_error error = {0};
  all->text[0] = '\0';
  write_file("o.yaml", text, 0600);
  snprintf(path, sizeof path, "%s/o.yaml", folder);
  assert_ok(ockham_serve_file_read(path, &file, err));
  const ockham_serve_options *options = ockham_serve_file_look(file);
  ockham_status status = ockham_serve_check_each(options, file, add_line, all, &error);
  assert_int_equal(status, *all->text ? OCKHAM_BAD_DATA : OCKHAM_OK);
  lines first = {""};
  if (status) add_line(&first, error.message);
  assert_int_equal(strncmp(first.text, all->text, strlen(first.text)), 0);
  ockham_error plain = {0};
  assert_int_equal(ockham_serve_check(options, file, &plain), status);
  assert_string_equal(plain.message, error.message);
  ockham_serve_file_free(file);
}

static void test_good(void **state) {
  (void)state;
  lines all;
  check_text(
      "listen: :0\nadmin: 0.0.0.0:8081\ntoken_file: token\ntls: {certificate: cert.pem, key: key.pem}\n"
      "folder: a/b/c\naccess_log: log.json\n"
      "models:\n"
      "  - {name: km, file: km.ock}\n"
      "  - {name: w, command: ./work.py, weight: 1, budget: budget.json}\n"
      "  - {name: w, version: 2, command: [sh, -c, x], shadow: yes}\n"
      "  - {name: u, upstream: 'https://h:1/v2/models/m', upstream_json: yes}\n",
      &all);
  assert_string_equal(all.text, "");
}

typedef struct problem {
  const char *text, *lines;
} problem;

#define MODEL "models: [{name: a, file: km.ock}]\n"

static const problem problems[] = {
    {"folder: x\n", "models: expected at least one model, found none\n"},
    {"listen: '80'\n" MODEL,
     "@/o.yaml:1: listen: expected an address such as 127.0.0.1:8080, [::1]:8080 or :8080, found '80'\n"},
    {"listen: none\n" MODEL, "@/o.yaml:1: listen: expected an address such as 127.0.0.1:8080, found 'none'\n"},
    {"listen: :1\nadmin: 127.0.0.1:1\n" MODEL,
     "@/o.yaml:2: admin: expected another port than that of listen, found 1 for both\n"},
    {"admin: x.sock\n" MODEL,
     "@/o.yaml:1: admin: expected an address such as 127.0.0.1:8080, [::1]:8080 or :8080, found "
     "'x.sock' (the path of a socket has a '/')\n"},
    {"admin: :8081\n" MODEL,
     "@/o.yaml:1: admin: expected a token_file, since :8081 can be reached from other machines\n"},
    {"admin: ./none/x.sock\n" MODEL, "@/o.yaml:1: admin: @/none/: No such file or directory\n"},
    {"token_file: nowhere\n" MODEL, "@/o.yaml:1: token_file: @/nowhere: No such file or directory\n"},
    {"token_file: empty-token\n" MODEL,
     "@/o.yaml:1: token_file: expected a token in the first line of @/empty-token, found none\n"},
    {"token_file: open-token\n" MODEL,
     "@/o.yaml:1: token_file: expected a file that others cannot read or change, found @/open-token with mode 0644 "
     "(chmod "
     "600)\n"},
    {"tls:\n  certificate: cert.pem\n" MODEL, "@/o.yaml:2: tls.certificate: expected a key with it, found none\n"},
    {"tls:\n  key: cert.pem\n  certificate: .\n" MODEL,
     "@/o.yaml:3: tls.certificate: @/.: expected a file, found a folder\n"
     "@/o.yaml:2: tls.key: expected a PEM file with a PRIVATE KEY, found none in @/cert.pem\n"},
    {"folder: token\n" MODEL, "@/o.yaml:1: folder: expected a folder, found that @/token is a file\n"},
    {"folder: token/x\n" MODEL, "@/o.yaml:1: folder: @/token/x: Not a directory\n"},
    {"access_log: nowhere/log\n" MODEL, "@/o.yaml:1: access_log: @/nowhere/: No such file or directory\n"},
    {"models:\n- file: km.ock\n", "@/o.yaml:2: models[0]: expected a name, found none\n"},
    {"models:\n  a b: {file: km.ock}\n",
     "@/o.yaml:2: models.a b.name: expected at most 64 letters, digits, '_', '-' and '.', not starting with '.', found "
     "'a "
     "b'\n"},
    {"models:\n  - {name: a, file: km.ock}\n  - {name: a, file: km.ock}\n",
     "@/o.yaml:3: models[1].name: expected another version than that of models[0], found a version 1 again\n"},
    {"models:\n  - {name: a, file: km.ock}\n  - {name: a, version: 1, file: km.ock}\n",
     "@/o.yaml:3: models[1].version: expected another version than that of models[0], found a version 1 again\n"},
    {"models:\n  a:\n    workers: 2\n",
     "@/o.yaml:3: models.a: expected exactly one of file, command and upstream, found none\n"},
    {"models:\n  a:\n    file: km.ock\n    command: x\n",
     "@/o.yaml:3: models.a: expected exactly one of file, command and upstream, found several\n"},
    {"models:\n  a: {file: no.ock}\n",
     "@/o.yaml:2: models.a.file: @/no.ock: cannot be opened: No such file or directory\n"},
    {"models:\n  a: {file: token}\n",
     "@/o.yaml:2: models.a.file: @/token: not a file of ockham: it does not start with the letters OCKHAM\n"},
    {"models:\n  a:\n    command: ./plain.txt\n",
     "@/o.yaml:3: models.a.command: expected a program that can be run, found none at './plain.txt'\n"},
    {"models:\n  a: {command: ockham-no-such-program x}\n",
     "@/o.yaml:2: models.a.command: expected a program that can be run, found none in PATH for "
     "'ockham-no-such-program'\n"},
    {"models:\n  a: {command: []}\n", "@/o.yaml:2: models.a.command: expected a program, found nothing\n"},
    {"models:\n  a: {command: sh, folder: nowhere}\n",
     "@/o.yaml:2: models.a.folder: expected a folder, found none at @/nowhere\n"},
    {"models:\n  a: {upstream: ftp://h/x}\n",
     "@/o.yaml:2: models.a.upstream: expected a URL such as http://127.0.0.1:9000/v2/models/name, found 'ftp://h/x'\n"},
    {"models:\n  a:\n    file: km.ock\n    limits:\n      memory: 1G\n    upstream_json: yes\n",
     "@/o.yaml:5: models.a.limits.memory: expected only with a command, found it with a fitted model\n"
     "@/o.yaml:6: models.a.upstream_json: expected only with an upstream\n"},
    {"models:\n  a: {file: km.ock, shadow: yes, weight: 2}\n",
     "@/o.yaml:2: models.a.weight: expected none for a shadow, whose answers no client sees, found 2\n"
     "@/o.yaml:2: models.a.shadow: expected another version of 'a' that answers, found only shadows\n"},
    {"models:\n  a: {file: km.ock, budget: token}\n",
     "@/o.yaml:2: models.a.budget: @/token:1: expected JSON, found a mistake: '[' or '{' expected near 'secret'\n"},
    {"models:\n  a: {file: km.ock, budget: nothing}\n",
     "@/o.yaml:2: models.a.budget: @/nothing: cannot be opened: No such file or directory\n"},
    {"drift:\n  false_alarms: 1 a day\n  shares: {inputs: 0}\n  detector: mmd\nmodels:\n  a: {file: km.ock}\n",
     "@/o.yaml:2: drift.false_alarms: expected a number of alarms and a time (s, m, h, d, w) or rows, such as '1 per "
     "30d' "
     "or '1 per 100000 rows', found '1 a day'\n"
     "@/o.yaml:3: drift.shares: expected a share above 0, found none\n"
     "@/o.yaml:4: drift.detector: expected a detector that needs no rows of the reference, found 'mmd'\n"},
    {"models:\n  a:\n    file: km.ock\n    profile: km.ock\n    drift:\n      false_alarms: 5 per 100 rows\n"
     "      detector: crystal ball\n      webhook: ftp://h/x\n",
     "@/o.yaml:4: models.a.profile: expected a profile, found a model without one in @/km.ock (ockham profile "
     "--model)\n"
     "@/o.yaml:6: models.a.drift.false_alarms: expected one alarm per 100 to 1e15 rows, found '5 per 100 rows'\n"
     "@/o.yaml:7: models.a.drift.detector: expected a detector such as ewma or chi2, found 'crystal ball'\n"
     "@/o.yaml:8: models.a.drift.webhook: expected a URL such as https://example.org/alarms, found another text\n"},
    {"models:\n  a: {file: km.ock, profile: token}\n",
     "@/o.yaml:2: models.a.profile: @/token: not a file of ockham: it does not start with the letters OCKHAM\n"},
};

static void test_problems(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
    lines all;
    check_text(problems[i].text, &all);
    assert_string_equal(all.text, problems[i].lines);
  }
}

/* Options that were not read from a file: the same checks, no lines. */
static void test_without_file(void **state) {
  (void)state;
  ockham_serve_model model = {.name = "a", .upstream = "http://h/x", .timeout_ms = 4000000000u, .weight = NAN};
  ockham_serve_options options = {.sample = 2, .models = &model, .n_models = 1};
  lines all = {""};
  ockham_error error = {0};
  assert_int_equal(ockham_serve_check_each(&options, NULL, add_line, &all, &error), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(all.text,
                      "record.sample: expected a number from 0 to 1, found 2\n"
                      "models[0].timeout: expected a duration such as 500ms or 10s from 1ms to 1d, found 4000000000\n"
                      "models[0].weight: expected a number from 0 to 1000000000, found nan\n");
  options = (ockham_serve_options){.sample = -1, .models = &model, .n_models = 1};
  model.timeout_ms = 0;
  model.weight = 0;
  assert_ok(ockham_serve_check(&options, NULL, err));
}

/* Models that were added to those of a file have no line in it. */
static void test_added_to_file(void **state) {
  (void)state;
  char path[128];
  ockham_serve_file *file;
  ockham_error error = {0};
  write_file("o.yaml", "models:\n  a: {file: km.ock}\n", 0600);
  snprintf(path, sizeof path, "%s/o.yaml", folder);
  assert_ok(ockham_serve_file_read(path, &file, err));
  ockham_serve_options options = *ockham_serve_file_look(file);
  ockham_serve_model models[] = {options.models[0], {.name = "b"}};
  options.models = models;
  options.n_models = 2;
  assert_int_equal(ockham_serve_check(&options, file, &error), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(error.message, "models[1]: expected exactly one of file, command and upstream, found none");
  ockham_serve_file_free(file);
}

static void test_files_that_cannot_be_read(void **state) {
  (void)state;
  ockham_serve_file *file;
  ockham_error error = {0};
  assert_int_equal(ockham_serve_file_read("/nowhere/x.yaml", &file, &error), OCKHAM_IO);
  assert_string_equal(error.message, "/nowhere/x.yaml: No such file or directory");
  assert_int_equal(ockham_serve_file_read("/tmp", &file, &error), OCKHAM_IO);
  assert_string_equal(error.message, "/tmp: Is a directory");
  assert_null(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good),
      cmocka_unit_test(test_problems),
      cmocka_unit_test(test_without_file),
      cmocka_unit_test(test_added_to_file),
      cmocka_unit_test(test_files_that_cannot_be_read),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
