/* SPDX-License-Identifier: Apache-2.0 */
/* Journals: of one study, kept whole; and runs from tables and tasks that come into them. */
#include <fcntl.h>
#include <sys/wait.h>

#include "ablate/import.h"
#include "trainer.h"

#ifdef OCK_HAVE_SQLITE

/* Put one run that is done. */
static void put_run(ockham_journal *journal, const ockham_study *study, size_t scale, int a, int b, uint64_t seed,
                    double loss) {
  uint8_t levels[] = {(uint8_t)a, (uint8_t)b};
  ockham_run run = {.id = ock_journal_next_id(journal), .scale = scale, .levels = levels, .seed = seed};
  ock_result result = {.loss = loss, .flops = 1e9, .parameters = NAN, .tokens = 5, .seconds = 2, .slope = NAN};
  ock_metrics metrics = {0};
  ock_line key = {0};
  result.outcome = OCKHAM_OUTCOME_DONE;
  ock_metrics_feed(&metrics, "METRIC x=1\nMETRIC curve=1,2 curve=2,1.5\n", 41);
  ock_metrics_end(&metrics);
  ock_run_key(study, &run, &key);
  ock_row row = {.run = &run, .key = key.bytes, .result = &result, .metrics = &metrics, .command = "c", .log = "l"};
  assert_ok(ock_journal_put(journal, &row, err));
  ock_metrics_clear(&metrics);
  ock_free(key.bytes);
}

static ockham_journal *open_new(const ockham_study *study) {
  ockham_journal *journal;
  unlink(journal_path);
  assert_ok(ockham_journal_open(journal_path, study, &journal, err));
  return journal;
}

static void test_runs_are_kept(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  ockham_journal *journal = open_new(&study);
  const ockham_run *runs;
  size_t n;
  put_run(journal, &study, 1, 1, 2, UINT64_MAX, 2.5);
  put_run(journal, &study, 0, 0, 0, 3, 2.25);
  put_run(journal, &study, 0, 0, 0, 3, 2.125); /* the same, again */
  ockham_journal_free(journal);
  assert_ok(ockham_journal_open(journal_path, &study, &journal, err));
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_int_equal(n, 2);
  assert_true(runs[0].id == 1 && runs[0].scale == 1 && runs[0].levels[0] == 1 && runs[0].levels[1] == 2);
  assert_true(runs[0].seed == UINT64_MAX && runs[0].loss == 2.5 && runs[0].flops == 1e9 && runs[0].rate == 1);
  assert_true(isnan(runs[0].parameters) && isnan(runs[0].slope) && runs[0].tokens == 5 && runs[0].seconds == 2);
  assert_true(runs[1].loss == 2.125);
  ockham_journal_free(journal);
}

static void expect_refused(const ockham_study *study, ockham_status wanted, const char *message) {
  ockham_journal *journal;
  ockham_error err = {0};
  ockham_status status = ockham_journal_open(journal_path, study, &journal, &err);
  if (status != wanted || !strstr(err.message, message)) fail_msg("status %d: %s", status, err.message);
  assert_null(journal);
}

static void test_another_study_is_refused(void **state) {
  (void)state;
  ockham_study study = make_study("t"), other = make_study("u");
  ockham_journal *journal = open_new(&study);
  ockham_journal_free(journal);
  assert_ok(ockham_journal_open(journal_path, &other, &journal, err)); /* nothing was run yet: it may change */
  put_run(journal, &other, 0, 0, 0, 1, 2);
  ockham_journal_free(journal);
  expect_refused(&study, OCKHAM_BAD_DATA, "found 'command u' where the study has 'command t'");
  other.n_scales = 1;
  expect_refused(&other, OCKHAM_BAD_DATA, "found 'scale S2 width=64' where the study has 'nothing'");
}

static void test_a_study_may_grow(void **state) {
  (void)state;
  static const char *const more[] = {"off", "on", "half"};
  static const ockham_study_setting huge[] = {{"width", "128"}}, tiny[] = {{"width", "16"}};
  const ockham_study_factor factors[] = {{"a", 3, more}, {"b", 3, levels_of_b}};
  const ockham_study_scale scales[] = {{.name = "S0", .n_settings = 1, .settings = tiny},
                                       test_scales[0],
                                       test_scales[1],
                                       {.name = "S3", .n_settings = 1, .settings = huge}};
  static const ockham_study_claim early = {"a=on helps", OCKHAM_CLAIM_HELPS, 0, 1},
                                  late = {"a=on hurts", OCKHAM_CLAIM_HURTS, 0, 1};
  const ockham_study_claim claims[] = {early, late};
  ockham_study study = make_study("t"), grown = make_study("t");
  study.n_claims = 1;
  study.claims = &early;
  ockham_journal *journal = open_new(&study);
  put_run(journal, &study, 1, 1, 2, 1, 2);
  ockham_journal_free(journal);
  grown.factors = factors;
  grown.n_scales = 4;
  grown.scales = scales;
  grown.seeds = 3;
  grown.n_claims = 2;
  grown.claims = claims;
  const ockham_run *runs;
  size_t n;
  for (int again = 0; again < 2; again++) {
    assert_ok(ockham_journal_open(journal_path, &grown, &journal, err));
    assert_ok(ockham_journal_runs(journal, &runs, &n, err));
    assert_true(n == 1 && runs[0].scale == 2 && runs[0].levels[0] == 1); /* S2 is the third now */
    assert_true(ockham_journal_claimed_before(journal, &early));
    assert_false(ockham_journal_claimed_before(journal, &late));
    ockham_journal_free(journal);
  }
  expect_refused(&study, OCKHAM_BAD_DATA, "found 'factor a off on half' where the study has 'factor a off on'");
}

static void write_file(const char *name, const char *text, size_t size, char path[128]) {
  snprintf(path, 128, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, size, file), size);
  fclose(file);
}

static void test_other_files_are_refused(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  char path[128];
  unlink(journal_path);
  write_file("j.db", "this is no database, but it is long enough to be one, or so it would seem to anybody", 84, path);
  expect_refused(&study, OCKHAM_BAD_FILE, "file is not a database");
  unlink(journal_path);
  char command[256];
  snprintf(command, sizeof command, "%s/no/such/folder", folder);
  ockham_journal *journal;
  ockham_error problem = {0};
  assert_int_equal(ockham_journal_open(command, &study, &journal, &problem), OCKHAM_IO);
}

static void assert_as_put(const ockham_run *run) {
  assert_true(run->seed >= 1 && run->seed <= 20 && run->loss == 2 + (double)run->seed / 16);
  assert_true(run->scale == 0 && run->levels[0] == 0 && run->levels[1] == 0 && run->rate == 1);
  assert_true(run->outcome == OCKHAM_OUTCOME_DONE && run->purpose == OCKHAM_PURPOSE_DESIGN && isnan(run->slope));
  assert_true(run->flops == 1e9 && run->tokens == 5 && run->seconds == 2 && isnan(run->parameters));
}

/* Everything from a byte on is lost, or a byte has changed: a journal that can be opened holds only runs as they were
 * written, and nothing breaks. */
static void test_damage_is_survived(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  ockham_journal *journal = open_new(&study);
  for (uint64_t seed = 1; seed <= 20; seed++) put_run(journal, &study, 0, 0, 0, seed, 2 + (double)seed / 16);
  ockham_journal_free(journal);
  FILE *file = fopen(journal_path, "r");
  static char whole[1 << 17];
  char path[128];
  size_t size = fread(whole, 1, sizeof whole, file);
  fclose(file);
  assert_true(size > 8192 && size < sizeof whole);
  ock_rng rng = ock_rng_make(1, 1);
  for (int trial = 0; trial < 300; trial++) {
    size_t kept = trial % 2 ? size : (size_t)ock_rng_below(&rng, size), at = (size_t)ock_rng_below(&rng, size);
    char before = whole[at];
    if (trial % 2) whole[at] = (char)ock_rng_next(&rng);
    unlink(journal_path);
    write_file("j.db", whole, kept, path);
    whole[at] = before;
    const ockham_run *runs;
    size_t n;
    if (ockham_journal_open(journal_path, &study, &journal, NULL)) continue;
    assert_ok(ockham_journal_runs(journal, &runs, &n, err));
    assert_true(n <= 20);
    for (size_t i = 0; i < n; i++) assert_as_put(&runs[i]);
    ockham_journal_free(journal);
  }
}

/* Exit status of a process of another user than root, who may write anything. */
static int as_another(int (*what)(const char *path), const char *path) {
  int status;
  pid_t child = fork();
  if (child == 0) _exit(geteuid() == 0 && (setgid(65534) || setuid(65534)) ? 99 : what(path));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* How many runs there are, where none can be written. */
static int read_only(const char *path) {
  ockham_study study = make_study("t");
  ockham_journal *journal;
  const ockham_run *runs;
  ockham_error problem = {0};
  size_t n = 0;
  if (ockham_journal_open(path, &study, &journal, &problem)) return 91;
  if (ockham_journal_runs(journal, &runs, &n, &problem)) return 92;
  if (ock_journal_lock(journal, &problem) != OCKHAM_CANNOT_WRITE) return 93;
  ockham_journal_free(journal);
  return (int)n;
}

/* Somebody else's, or on a disk that nothing can be written to; and by a link to it. */
static void test_a_journal_may_be_read_only(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  char odd[96], runs[128], link[96];
  snprintf(odd, sizeof odd, "%s//a#b?c%%20.db", folder);
  snprintf(runs, sizeof runs, "%s.runs", odd);
  snprintf(link, sizeof link, "%s.link", folder);
  ockham_journal *journal = open_new(&study);
  for (uint64_t seed = 1; seed <= 20; seed++) put_run(journal, &study, 0, 0, 0, seed, 2);
  ockham_journal_free(journal);
  assert_true(!rename(journal_path, odd) && !mkdir(runs, 0777) && !chmod(runs, 0777) && !symlink(odd, link));
  assert_true(!chmod(odd, 0444) && !chmod(folder, 0777)); /* the file alone */
  assert_int_equal(as_another(read_only, odd), 20);
  assert_true(!chmod(odd, 0666) && !chmod(folder, 0555)); /* its folder alone */
  assert_int_equal(as_another(read_only, odd), 20);
  assert_int_equal(as_another(read_only, link), 20);
  assert_true(!chmod(folder, 0755));
  assert_ok(ockham_journal_open(odd, &study, &journal, err)); /* somebody writes, and what is newest is in the log */
  put_run(journal, &study, 0, 0, 0, 21, 2);
  assert_true(!chmod(odd, 0444) && !chmod(folder, 0555));
  assert_int_equal(as_another(read_only, link), 21);
  assert_true(!chmod(folder, 0755) && !chmod(odd, 0644));
  ockham_journal_free(journal);
  unlink(link);
}

static void put_rate(ockham_journal *journal, const ockham_study *study, double rate) {
  uint8_t levels[] = {0, 0};
  ockham_run run = {.id = ock_journal_next_id(journal), .levels = levels, .seed = 1, .rate = rate};
  ock_result result = {.outcome = OCKHAM_OUTCOME_DONE, .loss = -0.0, .flops = 1, .slope = -.25};
  ock_line key = {0};
  ock_run_key(study, &run, &key);
  ock_row row = {.run = &run, .key = key.bytes, .result = &result};
  assert_ok(ock_journal_put(journal, &row, err));
  ock_free(key.bytes);
}

/* Numbers that are not kept as they are, and another locale's comma. */
static void test_rates_and_zeros(void **state) {
  (void)state;
  static const double rates[] = {.5, 1. / 3, 2e-9, 123456789.125, 3 * .1};
  ockham_study study = make_study("t");
  ockham_journal *journal = open_new(&study);
  for (size_t i = 0; i < 5; i++) put_rate(journal, &study, rates[i]);
  ockham_journal_free(journal);
  set_decimal_comma(); /* where there is one */
  ockham_status status = ockham_journal_open(journal_path, &study, &journal, NULL);
  setlocale(LC_ALL, "C");
  assert_int_equal(status, OCKHAM_OK);
  assert_non_null(ock_journal_find(journal, "S1 a=off b=x seed=1 rate=0.333333333333"));
  assert_non_null(ock_journal_find(journal, "S1 a=off b=x seed=1 rate=123456789.125"));
  assert_non_null(ock_journal_find(journal, "S1 a=off b=x seed=1 rate=0.3"));
  ockham_journal_free(journal);
}

/* ---- import ---- */

/* Import text; the journal's runs, which it keeps open. */
static ockham_journal *import_text(const ockham_study *study, const char *name, const char *text,
                                   const ockham_import_options *options, uint64_t n_wanted) {
  char path[128];
  uint64_t n;
  ockham_journal *journal = open_new(study);
  write_file(name, text, strlen(text), path);
  assert_ok(ockham_journal_import(journal, path, options, &n, err));
  assert_int_equal(n, n_wanted);
  assert_ok(ockham_journal_import(journal, path, options, &n, err));
  assert_int_equal(n, 0); /* they are there */
  return journal;
}

static void test_csv_is_imported(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  const ockham_run *runs;
  size_t n;
  ockham_journal *journal = import_text(&study, "t.csv",
                                        "\xef\xbb\xbf"
                                        "note,a,b,scale,seed,loss,flops,seconds,purpose\r\n"
                                        "\"a, \"\"b\"\"\nc\",on,z,S2,4,2.5,1e12,60,\r\n"
                                        ",off,x,S1,1,nan,1e10,,\n\n"
                                        ",off,x,S1,2,,1e10,,pilot\n"
                                        ",on,y,S1,3.0,1.5,,,\n",
                                        NULL, 4);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(n == 4 && runs[0].scale == 1 && runs[0].levels[0] == 1 && runs[0].levels[1] == 2);
  assert_true(runs[0].seed == 4 && runs[0].loss == 2.5 && runs[0].flops == 1e12 && runs[0].seconds == 60);
  assert_true(runs[0].outcome == OCKHAM_OUTCOME_DONE && runs[0].purpose == OCKHAM_PURPOSE_DESIGN);
  assert_true(runs[1].outcome == OCKHAM_OUTCOME_DIVERGED && isnan(runs[1].loss));
  assert_true(runs[1].purpose == OCKHAM_PURPOSE_BASELINE);
  assert_true(runs[2].outcome == OCKHAM_OUTCOME_FAILED && runs[2].purpose == OCKHAM_PURPOSE_PILOT);
  assert_true(runs[3].seed == 3 && isnan(runs[3].flops));
  ockham_journal_free(journal);
}

/* As `wandb` exports them: names of its own, a state, the width instead of a scale, no seeds. */
static void test_columns_of_other_trackers(void **state) {
  (void)state;
  static const ockham_study_setting map[] = {
      {"loss", "eval/loss"}, {"flops", "train/total_flos"}, {"outcome", "State"}, {"b", "config.b"}};
  static const ockham_study_setting set[] = {{"a", "on"}};
  const ockham_import_options options = {.map = map, .n_map = 4, .set = set, .n_set = 1};
  ockham_study study = make_study("t");
  const ockham_run *runs;
  size_t n;
  ockham_journal *journal = import_text(&study, "w.csv",
                                        "Name,State,width,config.b,eval/loss,train/total_flos\n"
                                        "r1,finished,64,y,2.5,10\nr2,finished,64,y,2.25,10\nr3,crashed,32.0,z,,\n"
                                        "r4,running,32,x,3,1\n",
                                        &options, 3);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(n == 3 && runs[0].seed == 1 && runs[1].seed == 2 && runs[0].scale == 1 && runs[2].scale == 0);
  assert_true(runs[0].levels[0] == 1 && runs[0].levels[1] == 1 && runs[1].loss == 2.25 && runs[1].flops == 10);
  assert_int_equal(runs[2].outcome, OCKHAM_OUTCOME_FAILED);
  ockham_journal_free(journal);
}

static void test_json_lines_are_imported(void **state) {
  (void)state;
#ifdef OCK_HAVE_JANSSON
  ockham_study study = make_study("t");
  static const ockham_study_setting map[] = {{"a", "config.a"}, {"b", "config.b"}};
  const ockham_import_options options = {.map = map, .n_map = 2};
  const ockham_run *runs;
  size_t n;
  ockham_journal *journal = import_text(&study, "t.jsonl",
                                        "{\"config\": {\"a\": true, \"b\": \"y\"}, \"scale\": \"S1\", \"seed\": 3, "
                                        "\"loss\": 2.5, \"tokens\": 1000}\n\n"
                                        "{\"config\": {\"a\": false, \"b\": \"x\"}, \"scale\": \"S2\", \"loss\": NaN, "
                                        "\"note\": \"NaN \\\" -Infinity\", \"list\": [1]}\n"
                                        "{\"config\": {\"a\": false, \"b\": \"z\"}, \"scale\": \"S2\", \"loss\": null}",
                                        &options, 3);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(n == 3 && runs[0].levels[0] == 1 && runs[0].levels[1] == 1 && runs[0].loss == 2.5);
  assert_true(runs[0].seed == 3 && runs[0].tokens == 1000);
  assert_int_equal(runs[1].outcome, OCKHAM_OUTCOME_DIVERGED);
  assert_int_equal(runs[2].outcome, OCKHAM_OUTCOME_FAILED);
  ockham_journal_free(journal);
#endif
}

static void test_faults_of_tables(void **state) {
  (void)state;
  static const struct {
    const char *name, *text, *message;
  } faults[] = {
      {"f.csv", "a,loss,width\non,1,32\nof,2,32\n", "f.csv, line 3: expected a level of a, found 'of'"},
      {"f.csv", "a,loss,scale\non,1,S9\n", "line 2: expected a scale of the study, found 'S9'"},
      {"f.csv", "a,loss\non,1\n", "line 2: expected a column `scale`, or the settings of one scale; found those of 0"},
      {"f.csv", "a,loss,width\non,1\n", "line 2: expected 3 cells, found 2"},
      {"f.csv", "a,loss,width\non,one,32\n", "line 2: expected a number for loss, found 'one'"},
      {"f.csv", "a,loss,width,seed\non,1,32,-4\n", "line 2: expected a seed, a whole number, found '-4'"},
      {"f.csv", "a,loss,width,outcome\non,1,32,fine\n", "expected an outcome such as done, diverged or failed"},
      {"f.csv", "a,loss,width,outcome\non,,32,done\n", "expected loss of a run that is done, found nothing"},
      {"f.csv", "a,loss,width,purpose\non,1,32,fun\n", "expected a purpose such as design or baseline"},
      {"f.csv", "a,loss,width\n\"on,1,32\n", "line 2: a quote is not closed"},
      {"f.csv", "loss,width\n1,32\n", "line 2: expected a column 'a': where all runs are at one level of a, set it"},
      {"f.csv", "a,width\non,32\n", "line 2: expected a column 'loss', the loss: map it"},
      {"f.csv", "a,loss,width,a\non,1,32,on\n", "f.csv, line 1: two columns are called 'a'"},
      {"f.csv", "a,loss,width\n\n", "f.csv: expected a row a run, found none"},
      {"f.csv", "", "f.csv: expected a row a run, found none"},
      {"f.csv", "a;loss;width\non;1,5;32\n", "line 2: expected a number for loss, found '1,5'"},
      {"f.csv", "a,loss,width,seed\non,1,32,4\non,1.5,32,4\n",
       "line 3: expected a run that is new, or as it is known: run 1 (the same levels, scale, rate and seed 4) ended "
       "with the loss 1, not the loss 1.5"},
      {"f.csv", "a,loss,width,seed\non,1,32,4\non,nan,32,4\n", "ended with the loss 1, not a divergence"},
      {"f.csv", "a,loss,scale,width\non,1,S1,64\n", "line 2: expected width=32 at scale S1, found '64'"},
      {"f.xls", "a", "expected a name in .csv, .tsv, .jsonl or .out"},
      {"f.out", "hello\n", "expected the output of a task of this study, found no line that says which run it is"},
#ifdef OCK_HAVE_JANSSON
      {"f.jsonl", "{\"a\": \"on\", \"width\": 32, \"loss\": 1}\n[1]\n", "f.jsonl, line 2: expected a JSON object"},
      {"f.jsonl", "\n", "f.jsonl: expected a row a run, found none"},
      {"f.jsonl", "{\"a\": \n", "line 1: expected a JSON object, found "},
#endif
  };
  static const ockham_study_setting set[] = {{"b", "x"}};
  const ockham_import_options options = {.set = set, .n_set = 1};
  ockham_study study = make_study("t");
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    ockham_journal *journal = open_new(&study);
    ockham_error problem = {0};
    char path[128];
    uint64_t imported = 77;
    size_t n;
    write_file(faults[i].name, faults[i].text, strlen(faults[i].text), path);
    ockham_status status = ockham_journal_import(journal, path, &options, &imported, &problem);
    if (!status || !strstr(problem.message, faults[i].message))
      fail_msg("expected '%s', found '%s'", faults[i].message, problem.message);
    assert_int_equal(imported, 77);
    ock_journal_all(journal, &n);
    assert_int_equal(n, 0); /* all or nothing */
    ockham_journal_free(journal);
  }
}

static void test_unknown_columns_are_not_mapped(void **state) {
  (void)state;
  static const ockham_study_setting map[] = {{"flops", "flos"}, {"losses", "eval/loss"}};
  ockham_import_options options = {.map = map, .n_map = 2};
  ockham_study study = make_study("t");
  ockham_journal *journal = open_new(&study);
  ockham_error problem = {0};
  char path[128];
  uint64_t n;
  write_file("t.csv", "a,b\n", 4, path);
  assert_int_equal(ockham_journal_import(journal, path, &options, &n, &problem), OCKHAM_BAD_ARGUMENT);
  assert_non_null(strstr(problem.message, "slope, found 'losses'"));
  options.n_map = 1;
  assert_int_equal(ockham_journal_import(journal, path, &options, &n, &problem), OCKHAM_BAD_DATA);
  assert_non_null(strstr(problem.message, "line 1: expected a column 'flos', which flops is mapped to"));
  ockham_journal_free(journal);
}

/* The journal has two runs of this cell, of seeds 2 and 3; tables have others, and more of them each time. */
static void test_rows_without_seeds_are_runs_of_their_own(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t n_new;
    size_t n_all;
  } tables[] = {
      {"a,b,scale,seed,loss\non,x,S1,2,2\non,x,S1,3,3\n", 2, 2},
      {"a,b,scale,loss\non,x,S1,1.1\non,x,S1,1.2\non,x,S1,1.1\n", 3, 5},
      {"a,b,scale,loss\non,x,S1,1.1\non,x,S1,1.2\non,x,S1,1.1\n", 0, 5}, /* the same file again */
      {"a,b,scale,loss\non,x,S1,1.1\non,x,S1,1.2\non,x,S1,1.1\non,x,S1,\non,x,S1,1.5\n", 2, 7},
      {"a,b,scale,loss\non,x,S1,1.1\non,x,S1,1.2\non,x,S1,1.1\non,x,S1,1.4\non,x,S1,1.5\n", 1,
       7},                                              /* it was run again */
      {"a,b,scale,loss\non,x,S1,7\non,x,S1,8\n", 2, 9}, /* another file */
  };
  ockham_study study = make_study("t");
  ockham_journal *journal = open_new(&study);
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    char path[128];
    uint64_t n_new;
    size_t n_all;
    write_file("s.csv", tables[i].text, strlen(tables[i].text), path);
    assert_ok(ockham_journal_import(journal, path, NULL, &n_new, err));
    ock_journal_all(journal, &n_all);
    assert_true(n_new == tables[i].n_new && n_all == tables[i].n_all);
  }
  ockham_journal_free(journal);
}

/* One run, whatever the times it was tried. */
static void test_a_run_counts_once(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  ockham_journal_free(import_text(&study, "o.csv", "a,b,scale,seed,loss\non,x,S1,4,\non,x,S1,4,2.5\n", NULL, 1));
}

/* What is mapped or set goes before a column that the table calls as the study does. */
static void test_a_map_goes_first(void **state) {
  (void)state;
  static const ockham_study_setting map[] = {{"loss", "other"}};
  const ockham_import_options options = {.map = map, .n_map = 1};
  ockham_study study = make_study("t");
  study.metric = "nll";
  const ockham_run *runs;
  size_t n;
  ockham_journal *journal = import_text(&study, "m.csv", "a,b,scale,nll,other\non,x,S1,9,2.5\n", &options, 1);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(n == 1 && runs[0].loss == 2.5);
  ockham_journal_free(journal);
}

/* A run that failed, and was run again elsewhere. */
static void test_failed_runs_are_replaced(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  const ockham_run *runs;
  size_t n;
  uint64_t imported;
  char path[128];
  static const char again[] = "a,b,scale,seed,loss\non,x,S1,4,2.5\noff,x,S1,4,\n";
  ockham_journal *journal = import_text(&study, "t.csv", "a,b,scale,seed,loss\non,x,S1,4,\noff,x,S1,4,3\n", NULL, 2);
  write_file("u.csv", again, strlen(again), path);
  assert_ok(ockham_journal_import(journal, path, NULL, &imported, err));
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(imported == 1 && n == 2);
  for (size_t i = 0; i < n; i++)
    assert_true(runs[i].outcome == OCKHAM_OUTCOME_DONE && runs[i].loss == (runs[i].levels[0] ? 2.5 : 3));
  ockham_journal_free(journal);
}

static void test_tasks_of_a_job_array(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  const ockham_run *runs;
  size_t n;
  static const char task[] =
      "OCKHAM run=7 purpose=probe scale=S2 seed=3 rate=0.5 levels a=on b=z\n"
      "hello\nMETRIC loss=2.5 flops=1e9\n\nOCKHAM end status=0 seconds=61\n";
  ockham_journal *journal = import_text(&study, "00007.out", task, NULL, 1);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(n == 1 && runs[0].purpose == OCKHAM_PURPOSE_PROBE && runs[0].scale == 1 && runs[0].seed == 3);
  assert_true(runs[0].rate == .5 && runs[0].levels[0] == 1 && runs[0].levels[1] == 2 && runs[0].loss == 2.5);
  assert_true(runs[0].seconds == 61);
  ockham_journal_free(journal);
  journal = import_text(&study, "1.out",
                        "OCKHAM run=7 purpose=design scale=S2 seed=3 rate=1 levels a=on b=z\nMETRIC loss=2.5\n", NULL,
                        0); /* it did not come to its end */
  ockham_journal_free(journal);
  journal = import_text(&study, "1.out",
                        "OCKHAM run=7 purpose=design scale=S2 seed=3 rate=1 levels a=on b=z\nMETRIC loss=2.5\n"
                        "OCKHAM end status=137 seconds=5\n",
                        NULL, 1);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_int_equal(runs[0].outcome, OCKHAM_OUTCOME_FAILED);
  /* Run again, it takes the place of the one that failed. */
  char path[128];
  uint64_t imported;
  static const char again[] =
      "OCKHAM run=7 purpose=design scale=S2 seed=3 rate=1 levels a=on b=z\nMETRIC loss=2.5\n"
      "OCKHAM end status=0 seconds=5\n";
  write_file("2.out", again, sizeof again - 1, path);
  assert_ok(ockham_journal_import(journal, path, NULL, &imported, err));
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(imported == 1 && n == 1 && runs[0].loss == 2.5);
  ockham_journal_free(journal);
}

/* The script that is written for Slurm, run by a shell in its place. */
static void test_a_job_array_from_end_to_end(void **state) {
  (void)state;
  static const double rates[] = {1, 2};
  ockham_study study = make_study("echo METRIC loss={rate}.5");
  char script[128], command[512];
  size_t n_tasks, n_later, n;
  uint64_t imported;
  const ockham_run *runs;
  study.rates = rates;
  study.n_rates = 2;
  plan_clear();
  plan_add(OCKHAM_PURPOSE_DESIGN, 0, 0, 1, 1, 0);
  plan_add(OCKHAM_PURPOSE_PROBE, 0, 0, 1, 0, 1);
  plan_add(OCKHAM_PURPOSE_PROBE, 0, 0, 1, 0, 2);
  ockham_journal *journal = open_new(&study);
  snprintf(script, sizeof script, "%s/it's a job", folder);
  study.name = "my study\nrm.yaml"; /* a file's name */
  for (int round = 0; round < 2; round++) {
    assert_ok(ockham_study_slurm(&study, &test_plan, journal, NULL, script, &n_tasks, &n_later, err));
    assert_int_equal(n_tasks, round ? 1 : 2);
    assert_int_equal(n_later, round ? 0 : 1);
    snprintf(command, sizeof command, "grep -qx '#SBATCH --job-name=my-study-rm.yaml' \"%s\"", script);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command,
             "cd %s && for i in 1 2; do SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_JOB_ID=%d sh \"it's a job\" 2> /dev/null; "
             "done; true",
             folder, round);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s.runs", script);
    assert_ok(ockham_journal_import(journal, command, NULL, &imported, err));
    assert_int_equal(imported, n_tasks);
  }
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(n == 3 && runs[2].purpose == OCKHAM_PURPOSE_DESIGN && runs[2].rate == 1 && runs[2].loss == 1.5);
  assert_ok(ockham_study_slurm(&study, &test_plan, journal, NULL, script, &n_tasks, &n_later, err));
  assert_true(n_tasks == 0 && n_later == 0);
  ockham_journal_free(journal);
}

static void test_memory_may_run_out(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  static const char text[] = "a,b,loss,width\non,x,1,32\non,x,2,32\n",
                    line[] = "{\"a\": \"on\", \"b\": \"x\", \"width\": 32, \"loss\": 1}\n";
  char path[128], other[128];
  write_file("m.csv", text, strlen(text), path);
  write_file("m.jsonl", line, strlen(line), other);
  for_each_allocation_failure(n) {
    ockham_journal *journal;
    uint64_t imported;
    unlink(journal_path);
    ock_fault_after(n);
    if (ockham_journal_open(journal_path, &study, &journal, NULL)) continue;
    ockham_error problem = {0};
    ockham_status status = ockham_journal_import(journal, path, NULL, &imported, &problem);
    if (!status) status = ockham_journal_import(journal, other, NULL, &imported, &problem);
    if (status != OCKHAM_OK && status != OCKHAM_NO_MEMORY && status != OCKHAM_UNSUPPORTED)
      fail_msg("%d: %s", status, problem.message);
    ockham_journal_free(journal);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_runs_are_kept),
      cmocka_unit_test(test_another_study_is_refused),
      cmocka_unit_test(test_a_study_may_grow),
      cmocka_unit_test(test_other_files_are_refused),
      cmocka_unit_test(test_damage_is_survived),
      cmocka_unit_test(test_a_journal_may_be_read_only),
      cmocka_unit_test(test_rates_and_zeros),
      cmocka_unit_test(test_csv_is_imported),
      cmocka_unit_test(test_columns_of_other_trackers),
      cmocka_unit_test(test_json_lines_are_imported),
      cmocka_unit_test(test_faults_of_tables),
      cmocka_unit_test(test_unknown_columns_are_not_mapped),
      cmocka_unit_test(test_rows_without_seeds_are_runs_of_their_own),
      cmocka_unit_test(test_a_run_counts_once),
      cmocka_unit_test(test_a_map_goes_first),
      cmocka_unit_test(test_failed_runs_are_replaced),
      cmocka_unit_test(test_tasks_of_a_job_array),
      cmocka_unit_test(test_a_job_array_from_end_to_end),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

#else

int main(void) {
  return 77;
}

#endif
