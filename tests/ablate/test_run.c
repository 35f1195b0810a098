/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of programs that do well, badly, too long, or strangely. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "trainer.h"

#ifdef OCK_HAVE_SQLITE

/* Every cell once at the smaller scale. */
static void plan_cells(void) {
  plan_clear();
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 3; b++) plan_add(OCKHAM_PURPOSE_DESIGN, 0, a, b, 1, 1);
}

typedef struct told {
  size_t n, n_failed;
  char why[256];
} told;

static void on_run(void *arg, const ockham_run *run, const char *why, size_t n_done, size_t n_runs, double left) {
  told *t = arg;
  (void)left;
  assert_true(n_done <= n_runs && run->id > 0);
  t->n++;
  t->n_failed += why != NULL;
  if (why) snprintf(t->why, sizeof t->why, "%s", why);
}

/* The plan's runs by `command`; the journal is left open for looking. */
static ockham_journal *run_plan(const ockham_study *study, told *t, ockham_status wanted, bool retry) {
  ockham_journal *journal;
  ockham_run_options options = {.on_run = on_run, .arg = t, .retry = retry};
  ockham_error problem = {0};
  *t = (told){0};
  assert_ok(ockham_journal_open(journal_path, study, &journal, err));
  ockham_status status = ockham_study_run(study, &test_plan, journal, &options, &problem);
  if (status != wanted) fail_msg("status %d: %s", status, problem.message);
  return journal;
}

/* One run by this command, and what became of it. */
static ockham_run run_one(const char *command, double timeout_s, char why[256]) {
  ockham_study study = make_study(command);
  told t;
  size_t n;
  const ockham_run *runs;
  study.timeout_s = timeout_s;
  unlink(journal_path);
  plan_clear();
  plan_add(OCKHAM_PURPOSE_DESIGN, 0, 1, 2, 7, 1);
  ockham_journal *journal = run_plan(&study, &t, OCKHAM_OK, false);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_int_equal(n, 1);
  ockham_run run = runs[0];
  run.levels = NULL;
  ockham_journal_free(journal);
  strcpy(why, t.why);
  return run;
}

static void test_metrics_of_a_run_that_ends_well(void **state) {
  (void)state;
  char why[256];
  ockham_run run = run_one(
      "echo warming up; echo METRIC loss=9; echo METRIC flops=2e9 tokens=100; "
      "echo 'METRIC parameters=12 slope=-0.5'; echo METRIC loss=2.5 >&2; echo METRIC loss=1.25",
      0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_DONE);
  assert_true(run.loss == 1.25 && run.flops == 2e9 && run.tokens == 100 && run.parameters == 12 && run.slope == -.5);
  assert_true(run.seconds >= 0 && run.seconds < 60); /* measured, as it was not said */
  assert_true(run.seed == 7 && run.id == 1);
}

static void test_placeholders_reach_the_shell(void **state) {
  (void)state;
  char why[256];
  ockham_run run = run_one("test {a}:{b}:{width}:{seed} = on:z:32:7 && echo METRIC loss=3", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_DONE);
  run = run_one("test \"$OMP_NUM_THREADS$OPENBLAS_NUM_THREADS\" = 11 && echo METRIC loss=3", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_DONE);
  run = run_one("read line || echo METRIC loss=3", 0, why); /* its input is empty */
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_DONE);
}

static void test_the_curve_gives_the_slope(void **state) {
  (void)state;
  char why[256];
  /* loss = 3 - log(compute) exactly: the slope is -1 */
  ockham_run run = run_one(
      "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do awk -v i=$i 'BEGIN { printf \"METRIC curve=%.9g,%.9g\\n\", i, 3 - "
      "log(i) }'; "
      "done; echo METRIC loss=1",
      0, why);
  assert_close(run.slope, -1, 1e-6);
}

static void test_failures_say_why(void **state) {
  (void)state;
  char why[256];
  ockham_run run = run_one("echo METRIC loss=3; exit 3", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_FAILED);
  assert_true(isnan(run.loss));
  assert_non_null(strstr(why, "exit status 3; see "));
  run = run_one("no-such-program", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_FAILED);
  assert_non_null(strstr(why, "exit status 127 (there is no such command)"));
  run = run_one("echo loss=3", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_FAILED);
  assert_non_null(strstr(why, "it printed no line 'METRIC loss=NUMBER'"));
  run = run_one("kill -SEGV $$", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_FAILED);
  assert_non_null(strstr(why, "killed by signal 11"));
  run = run_one("kill -9 0", 0, why); /* with its keeper */
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_FAILED);
  assert_non_null(strstr(why, "it was killed"));
}

static void test_divergence_is_data(void **state) {
  (void)state;
  char why[256];
  ockham_run run = run_one("echo METRIC loss=nan", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_DIVERGED);
  assert_true(isnan(run.loss));
  run = run_one("echo METRIC diverged=1 loss=4; exit 2", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_DIVERGED);
  assert_true(run.loss == 4);
  run = run_one("echo METRIC loss=inf", 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_DIVERGED);
}

static void test_time_runs_out(void **state) {
  (void)state;
  char why[256];
  ockham_run run = run_one("echo METRIC loss=3; sleep 30 & sleep 30", .2, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_TIMED_OUT);
  assert_non_null(strstr(why, "it took longer than 0.2 s"));
  assert_true(run.seconds < 20);
}

static void test_garbage_and_floods(void **state) {
  (void)state;
  char why[256], path[128];
  struct stat facts;
  ockham_run run = run_one(
      "printf '\\000\\377METRIC loss=1\\nMETRIC\\nMETRIC =\\nMETRIC loss=\\nMETRIC loss=abc\\n"
      "METRIC curve=1\\nMETRICS loss=2\\n METRIC loss=3\\nMETRIC\\tloss=4.5\\r\\nMETRIC x'",
      0, why);
  assert_true(run.outcome == OCKHAM_OUTCOME_DONE && run.loss == 4.5);
  /* 18 MB, a line without an end among them: the log is cut, the metric is found */
  run = run_one("head -c 12000000 /dev/zero; echo; head -c 6000000 /dev/zero; echo; echo METRIC loss=6", 0, why);
  assert_true(run.outcome == OCKHAM_OUTCOME_DONE && run.loss == 6);
  snprintf(path, sizeof path, "%s.runs/00001-S1.log", journal_path);
  assert_int_equal(stat(path, &facts), 0);
  assert_true(facts.st_size > 16 << 20 && facts.st_size < 17 << 20);
}

/* One that has ended, but that nobody has waited for, is not. */
static bool is_alive(long pid) {
  char path[64], state = 'Z';
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  FILE *file = fopen(path, "r");
  if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 'Z';
  if (file) fclose(file);
  return state != 'Z';
}

/* The number that a program wrote into a file; waits for it. */
static long read_pid(const char *path) {
  for (int i = 0; i < 500; i++) {
    long pid = 0;
    FILE *file = fopen(path, "r");
    bool found = file && fscanf(file, "%ld\n", &pid) == 1;
    if (file) fclose(file);
    if (found) return pid;
    usleep(10000);
  }
  return 0;
}

static void wait_for_death(long pid) {
  for (int i = 0; i < 500 && is_alive(pid); i++) usleep(10000);
  assert_false(is_alive(pid));
}

static void test_nothing_is_left_behind(void **state) {
  (void)state;
  char command[256], path[128], why[256];
  snprintf(path, sizeof path, "%s/left", folder);
  snprintf(command, sizeof command, "(echo $$; exec sleep 1000) > /dev/null & echo $! > %s; echo METRIC loss=1", path);
  ockham_run run = run_one(command, 0, why);
  assert_int_equal(run.outcome, OCKHAM_OUTCOME_DONE);
  long pid = read_pid(path);
  assert_true(pid > 0);
  wait_for_death(pid);
}

/* What a program started dies with the process that ran it, killed without a chance to do anything; and what had ended
 * before is in the journal. */
static void test_killed_without_warning(void **state) {
  (void)state;
  char command[256], path[128];
  snprintf(path, sizeof path, "%s/grandchild", folder);
  snprintf(command, sizeof command, "if [ {a} = on ]; then sleep 1000 & echo $! > %s; wait; fi; echo METRIC loss=1",
           path);
  ockham_study study = make_study(command);
  unlink(journal_path);
  plan_clear();
  plan_add(OCKHAM_PURPOSE_DESIGN, 0, 0, 0, 1, 1);
  plan_add(OCKHAM_PURPOSE_DESIGN, 0, 1, 0, 1, 1);
  study.cores = 1;
  pid_t child = fork();
  if (child == 0) {
    ockham_journal *journal;
    if (!ockham_journal_open(journal_path, &study, &journal, NULL))
      (void)!ockham_study_run(&study, &test_plan, journal, NULL, NULL);
    _exit(0);
  }
  long grandchild = read_pid(path);
  assert_true(grandchild > 0);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  wait_for_death(grandchild);
  /* The lock went with it; the run that had ended is not run again. */
  told t;
  study.command = "echo METRIC loss=2";
  ockham_journal *journal;
  const ockham_run *runs;
  size_t n;
  ockham_study same = make_study(command);
  assert_ok(ockham_journal_open(journal_path, &same, &journal, err));
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_int_equal(n, 1);
  assert_true(runs[0].levels[0] == 0 && runs[0].loss == 1);
  assert_int_equal(ockham_study_waiting(&same, &test_plan, journal), 1);
  ockham_journal_free(journal);
  FILE *file = fopen(path, "w"); /* this time there is nothing to wait for */
  fclose(file);
  same.timeout_s = .3;
  journal = run_plan(&same, &t, OCKHAM_OK, false);
  assert_int_equal(t.n, 1);
  ockham_journal_free(journal);
}

static bool stop_at_once(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)stage;
  (void)total;
  return done < *(uint64_t *)user;
}

static void test_stopped_and_resumed(void **state) {
  (void)state;
  ockham_study study = make_study("echo METRIC loss={seed}{width}");
  ockham_journal *journal;
  ockham_error problem = {0};
  uint64_t most = 2;
  ockham_run_options options = {.cores = 1, .progress = {.report = stop_at_once, .user = &most}};
  told t;
  size_t n;
  const ockham_run *runs;
  unlink(journal_path);
  plan_cells();
  assert_ok(ockham_journal_open(journal_path, &study, &journal, err));
  assert_int_equal(ockham_study_run(&study, &test_plan, journal, &options, &problem), OCKHAM_INTERRUPTED);
  assert_string_equal(problem.message, "stopped after 2 of 6 runs");
  ockham_journal_free(journal);
  journal = run_plan(&study, &t, OCKHAM_OK, false);
  assert_int_equal(t.n, 4);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_int_equal(n, 6);
  for (size_t i = 0; i < n; i++) {
    assert_true(runs[i].loss == 132 && runs[i].id == i + 1);
    assert_int_equal(runs[i].levels[0], i / 3);
    assert_int_equal(runs[i].levels[1], i % 3);
  }
  ockham_journal_free(journal);
  journal = run_plan(&study, &t, OCKHAM_OK, false);
  assert_int_equal(t.n, 0); /* nothing is left to do */
  ockham_journal_free(journal);
}

static void test_failures_are_run_again_when_asked(void **state) {
  (void)state;
  char command[256];
  told t;
  snprintf(command, sizeof command, "if [ {b} = y ] && [ ! -e %s/mended ]; then exit 1; fi; echo METRIC loss=2",
           folder);
  ockham_study study = make_study(command);
  unlink(journal_path);
  plan_cells();
  ockham_journal_free(run_plan(&study, &t, OCKHAM_OK, false));
  assert_true(t.n == 6 && t.n_failed == 2);
  ockham_journal_free(run_plan(&study, &t, OCKHAM_OK, false));
  assert_int_equal(t.n, 0);
  snprintf(command, sizeof command, "%s/mended", folder);
  FILE *file = fopen(command, "w");
  fclose(file);
  snprintf(command, sizeof command, "if [ {b} = y ] && [ ! -e %s/mended ]; then exit 1; fi; echo METRIC loss=2",
           folder);
  ockham_journal *journal = run_plan(&study, &t, OCKHAM_OK, true);
  assert_true(t.n == 2 && t.n_failed == 0);
  const ockham_run *runs;
  size_t n;
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_int_equal(n, 6); /* in the places of those that failed */
  ockham_journal_free(journal);
}

static void test_a_study_that_cannot_work_stops_early(void **state) {
  (void)state;
  ockham_study study = make_study("exit 4");
  ockham_journal *journal;
  ockham_error problem = {0};
  unlink(journal_path);
  plan_cells();
  assert_ok(ockham_journal_open(journal_path, &study, &journal, err));
  assert_int_equal(ockham_study_run(&study, &test_plan, journal, NULL, &problem), OCKHAM_BAD_DATA);
  assert_non_null(strstr(problem.message, "the first 3 runs all failed, the last: exit status 4; see "));
  ockham_journal_free(journal);
}

/* Five of six cells fail, the first of them before any that does not: but the journal has one that went well. */
static void test_a_level_that_fails_leaves_the_others(void **state) {
  (void)state;
  told t;
  ockham_study study = make_study("[ {a}{b} = offx ] || exit 1; echo METRIC loss=2");
  study.cores = 1;
  unlink(journal_path);
  plan_clear();
  plan_add(OCKHAM_PURPOSE_DESIGN, 0, 0, 0, 1, 1);
  ockham_journal_free(run_plan(&study, &t, OCKHAM_OK, false));
  plan_clear();
  for (int a = 1; a >= 0; a--)
    for (int b = 2; b >= 0; b--) plan_add(OCKHAM_PURPOSE_DESIGN, 0, a, b, 1, 1);
  ockham_journal_free(run_plan(&study, &t, OCKHAM_OK, false));
  assert_true(t.n == 5 && t.n_failed == 5);
}

/* The loss of a cell is lowest at 0.5 where a is on, at 2 where it is off; the others' rates follow, at both scales. */
static void test_probes_choose_the_rate(void **state) {
  (void)state;
  static const double rates[] = {.5, 1, 2};
  ockham_study study = make_study(
      "case {a}{rate} in on0.5 | off2) echo METRIC loss=1 rate={rate} ;; "
      "*) echo METRIC loss=2 rate={rate} ;; esac");
  told t;
  const ockham_run *runs;
  size_t n;
  study.rates = rates;
  study.n_rates = 3;
  unlink(journal_path);
  plan_clear();
  plan_add(OCKHAM_PURPOSE_DESIGN, 0, 0, 0, 1, 0); /* before its probes */
  plan_add(OCKHAM_PURPOSE_DESIGN, 1, 1, 0, 1, 0);
  plan_add(OCKHAM_PURPOSE_DESIGN, 1, 1, 2, 1, 0); /* a cell without probes: as the nearest */
  for (int a = 0; a < 2; a++)
    for (int r = 0; r < 3; r++) plan_add(OCKHAM_PURPOSE_PROBE, 0, a, 0, 0, rates[r]);
  ockham_journal *journal = run_plan(&study, &t, OCKHAM_OK, false);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_int_equal(n, 9);
  size_t n_design = 0;
  for (size_t i = 0; i < n; i++) {
    if (runs[i].purpose == OCKHAM_PURPOSE_PROBE) continue;
    assert_true(runs[i].rate == (runs[i].levels[0] ? .5 : 2));
    assert_true(runs[i].loss == 1);
    n_design++;
  }
  assert_int_equal(n_design, 3);
  ockham_journal_free(journal);
  ockham_journal_free(run_plan(&study, &t, OCKHAM_OK, false));
  assert_int_equal(t.n, 0);
}

static void test_two_cannot_run_one_journal(void **state) {
  (void)state;
  ockham_study study = make_study("echo METRIC loss=1");
  ockham_journal *first, *second;
  ockham_error problem = {0};
  unlink(journal_path);
  plan_cells();
  assert_ok(ockham_journal_open(journal_path, &study, &first, err));
  assert_ok(ockham_journal_open(journal_path, &study, &second, err));
  assert_ok(ock_journal_lock(first, err));
  assert_int_equal(ockham_study_run(&study, &test_plan, second, NULL, &problem), OCKHAM_BAD_DATA);
  char expected[96];
  snprintf(expected, sizeof expected, "process %ld is writing to this journal", (long)getpid());
  if (!strstr(problem.message, expected)) fail_msg("%s", problem.message);
  ock_journal_unlock(first);
  assert_ok(ockham_study_run(&study, &test_plan, second, NULL, err));
  ockham_journal_free(first);
  ockham_journal_free(second);
}

/* Two runs of a plan that come to the same are run once, also when both could be under way. */
static void test_equal_runs_are_run_once(void **state) {
  (void)state;
  ockham_study study = make_study("sleep 0.1; echo METRIC loss=1");
  told t;
  unlink(journal_path);
  plan_clear();
  plan_add(OCKHAM_PURPOSE_DESIGN, 0, 0, 0, 1, 1);
  plan_add(OCKHAM_PURPOSE_BASELINE, 0, 0, 0, 1, 1);
  ockham_journal_free(run_plan(&study, &t, OCKHAM_OK, false));
  assert_int_equal(t.n, 1);
}

static void test_a_pilot_is_of_replicates(void **state) {
  (void)state;
  ockham_study study = make_study("echo METRIC loss=1");
  ockham_journal *journal;
  ockham_run_options options = {.only_replicates = true, .only_scale = 1};
  size_t n;
  const ockham_run *runs;
  unlink(journal_path);
  plan_cells();
  plan_add(OCKHAM_PURPOSE_BASELINE, 0, 0, 0, 2, 1);
  plan_add(OCKHAM_PURPOSE_BASELINE, 1, 0, 0, 2, 1);
  assert_ok(ockham_journal_open(journal_path, &study, &journal, err));
  assert_ok(ockham_study_run(&study, &test_plan, journal, &options, err));
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(n == 1 && runs[0].purpose == OCKHAM_PURPOSE_BASELINE && runs[0].scale == 0);
  assert_int_equal(ockham_study_waiting(&study, &test_plan, journal), 7);
  ockham_journal_free(journal);
}

static void test_memory_may_run_out(void **state) {
  (void)state;
  ockham_study study = make_study("echo METRIC loss=1 x=2 curve=1,2");
  plan_clear();
  plan_add(OCKHAM_PURPOSE_DESIGN, 0, 0, 0, 1, 0);
  for_each_allocation_failure(n) {
    ockham_journal *journal;
    unlink(journal_path);
    ock_fault_after(n);
    if (ockham_journal_open(journal_path, &study, &journal, NULL)) continue;
    ockham_status status = ockham_study_run(&study, &test_plan, journal, NULL, NULL);
    assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
    ockham_journal_free(journal);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_metrics_of_a_run_that_ends_well),
      cmocka_unit_test(test_placeholders_reach_the_shell),
      cmocka_unit_test(test_the_curve_gives_the_slope),
      cmocka_unit_test(test_failures_say_why),
      cmocka_unit_test(test_divergence_is_data),
      cmocka_unit_test(test_time_runs_out),
      cmocka_unit_test(test_garbage_and_floods),
      cmocka_unit_test(test_nothing_is_left_behind),
      cmocka_unit_test(test_killed_without_warning),
      cmocka_unit_test(test_stopped_and_resumed),
      cmocka_unit_test(test_failures_are_run_again_when_asked),
      cmocka_unit_test(test_a_study_that_cannot_work_stops_early),
      cmocka_unit_test(test_a_level_that_fails_leaves_the_others),
      cmocka_unit_test(test_probes_choose_the_rate),
      cmocka_unit_test(test_two_cannot_run_one_journal),
      cmocka_unit_test(test_equal_runs_are_run_once),
      cmocka_unit_test(test_a_pilot_is_of_replicates),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

#else

int main(void) {
  return 77;
}

#endif
