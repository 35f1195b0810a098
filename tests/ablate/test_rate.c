/* SPDX-License-Identifier: Apache-2.0 */
/* Learning rates of cells: found by probes, and further on where the best is the last on its side. */
#include <math.h>

#include "trainer.h"

enum { MOST_PROBES = 32 };

/* ---- beside a walk that is written out ---- */

typedef struct cell {
  ockham_run runs[MOST_PROBES];
  size_t n;
  double bottom, outcome_below; /* the best rate; below this one training fails */
  double most;                  /* above this one it diverges; 0: at none */
} cell;

static const uint8_t the_levels[2] = {0, 1};

static void probe(cell *c, double rate) {
  assert_true(c->n < MOST_PROBES);
  for (size_t i = 0; i < c->n; i++) assert_true(c->runs[i].rate != rate);
  bool failed = rate < c->outcome_below;
  bool diverged = c->most > 0 && rate > c->most;
  c->runs[c->n++] = (ockham_run){.purpose = OCKHAM_PURPOSE_PROBE,
                                 .levels = the_levels,
                                 .rate = rate,
                                 .outcome = failed     ? OCKHAM_OUTCOME_FAILED
                                            : diverged ? OCKHAM_OUTCOME_DIVERGED
                                                       : OCKHAM_OUTCOME_DONE,
                                 .loss = failed || diverged ? NAN : 1 + pow(log(rate / c->bottom), 2)};
}

static double loss_at(const cell *c, double rate) {
  return rate < c->outcome_below ? INFINITY : 1 + pow(log(rate / c->bottom), 2);
}

/* From `rate` on by `ratio` while it gets better. */
static double walk(const cell *c, double rate, double ratio, size_t most, size_t *n_steps) {
  for (*n_steps = 0; *n_steps < most;) {
    ++*n_steps;
    if (!(loss_at(c, rate * ratio) < loss_at(c, rate))) break;
    rate *= ratio;
  }
  return rate;
}

/* Rates 1, 4, 16 in any order; the best is expected to be found wherever it is. */
static void test_the_best_is_found(void **state) {
  (void)state;
  static const double orders[][3] = {{1, 4, 16}, {16, 1, 4}, {4, 16, 1}};
  for (size_t k = 0; k < 3; k++)
    for (size_t widen = 0; widen <= 4; widen++)
      for (double at = -9.7; at < 14; at += .5) {
        ockham_study study = make_study("t");
        study.rates = orders[k], study.n_rates = 3, study.widen = widen, study.worst_loss = 1e9;
        cell c = {.bottom = pow(2, at), .outcome_below = k == 2 ? .05 : 0};
        ock_rate_search search = ock_rate_find(&study, c.runs, c.n, the_levels);
        assert_true(search.best == 0 && !search.settled && search.n_further == 0);
        for (size_t i = 0; i < 3; i++) probe(&c, study.rates[i]);
        while (search = ock_rate_find(&study, c.runs, c.n, the_levels), !search.settled)
          probe(&c, search.further[search.n_further - 1]);
        size_t n_steps = 0;
        double best = 4;
        if (at < 1) best = walk(&c, 1, .25, widen, &n_steps);
        if (at > 3) best = walk(&c, 16, 4, widen, &n_steps);
        assert_true(search.best == best && search.n_further == n_steps && c.n == 3 + n_steps);
        assert_true(ock_rate_choose(&study, c.runs, c.n, the_levels) == best);
        study.widen = 0; /* what was tried is not forgotten */
        search = ock_rate_find(&study, c.runs, c.n, the_levels);
        assert_true(search.best == best && search.settled);
      }
}

/* Training that diverges above a rate, also above all that are tried: the best lies below it. */
static void test_the_best_is_below(void **state) {
  (void)state;
  static const double rates[] = {1, 4, 16};
  ockham_study study = make_study("t");
  study.rates = rates, study.n_rates = 3, study.widen = 4;
  for (double most = 1. / 1024; most < 32; most *= 4) {
    cell c = {.bottom = most, .most = most};
    for (size_t i = 0; i < 3; i++) probe(&c, rates[i]);
    ock_rate_search search;
    while (search = ock_rate_find(&study, c.runs, c.n, the_levels), !search.settled)
      probe(&c, search.further[search.n_further - 1]);
    assert_true(search.best == (most < 1. / 256 ? 1 : most)); /* four further on, and no more */
  }
}

/* Where nothing at all was learned there is no side to go on. */
static void test_no_best(void **state) {
  (void)state;
  static const double rates[] = {1, 2};
  ockham_study study = make_study("t");
  study.rates = rates, study.n_rates = 2, study.widen = 3;
  cell c = {.bottom = 1, .outcome_below = 9};
  probe(&c, 1), probe(&c, 2);
  ock_rate_search search = ock_rate_find(&study, c.runs, c.n, the_levels);
  assert_true(search.best == 0 && search.settled && search.n_further == 0);
}

#ifdef OCK_HAVE_SQLITE

/* ---- run ---- */

/* With a on the best is beyond what may be tried, 1/8; with a off it is 4, one further on. */
static void test_runs_wait_for_it(void **state) {
  (void)state;
  static const double rates[] = {.5, 1, 2};
  ockham_study study = make_study(
      "case {a}{rate} in on0.125 | off4) l=1 ;; on0.25 | off2 | off8) l=2 ;; on0.5 | off1) l=3 ;; *) l=4 ;; esac; "
      "echo METRIC loss=$l flops=1");
  study.rates = rates, study.n_rates = 3, study.widen = 2;
  study.design = OCKHAM_DESIGN_FULL;
  ockham_journal *journal;
  ockham_plan *plan;
  const ockham_run *runs;
  size_t n, n_probes = 0;
  unlink(journal_path);
  assert_ok(ockham_journal_open(journal_path, &study, &journal, err));
  assert_ok(ockham_plan_make(&study, NULL, 0, &plan, err));
  assert_ok(ockham_study_run(&study, plan, journal, NULL, err));
  ockham_plan_free(plan);
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  for (size_t i = 0; i < n; i++) {
    n_probes += runs[i].purpose == OCKHAM_PURPOSE_PROBE;
    if (runs[i].purpose != OCKHAM_PURPOSE_PROBE)
      assert_true(runs[i].rate == (runs[i].levels[0] ? .125 : 4) && runs[i].loss == 1);
  }
  assert_true(n_probes == 6 * 5 && n > n_probes);
  assert_ok(ockham_plan_make(&study, runs, n, &plan, err));
  assert_int_equal(plan->n_runs, n);
  assert_int_equal(ockham_study_waiting(&study, plan, journal), 0);
  ockham_plan_free(plan);
  ockham_level_stability stability[5];
  ockham_study_stability(&study, runs, n, stability);
  assert_true(stability[0].n_probed == 3 && stability[0].n_at_edge == 0 && fabs(stability[0].rate - 4) < 1e-12);
  assert_true(stability[1].n_probed == 3 && stability[1].n_at_edge == 3 && fabs(stability[1].rate - .125) < 1e-12);
  assert_true(fabs(stability[0].rate_sensitivity - 2) < 1e-12); /* of .5, 1 and 2: 4, 3 and 2, less 1 */
  ockham_journal_free(journal);
}

static size_t count_calls(const char *path, size_t *n_twice) {
  char command[256];
  size_t n;
  snprintf(command, sizeof command, "wc -l < %s; sort %s | uniq -d | wc -l", path, path);
  FILE *pipe = popen(command, "r");
  assert_int_equal(fscanf(pipe, "%zu %zu", &n, n_twice), 2);
  pclose(pipe);
  return n;
}

static ockham_plan *plan_of(const ockham_study *study, ockham_journal *journal) {
  size_t n;
  const ockham_run *runs = ock_journal_all(journal, &n); /* journal NULL: nothing */
  ockham_plan *plan;
  assert_ok(ockham_plan_make(study, runs, n, &plan, err));
  return plan;
}

static void run_now(const ockham_study *study, ockham_journal *journal, bool retry) {
  ockham_plan *plan = plan_of(study, journal);
  assert_ok(ockham_study_run(study, plan, journal, &(ockham_run_options){.retry = retry}, err));
  ockham_plan_free(plan);
}

/* The rates that are known of the plan: of probes in any case, of others from the probes. */
static void expect_rates(const ockham_study *study, ockham_journal *journal, double off, double on) {
  ockham_plan *plan = plan_of(study, journal);
  double rates[256];
  assert_true(plan->n_runs <= 256);
  assert_ok(ockham_plan_rates(study, plan, journal, rates, err));
  for (size_t i = 0; i < plan->n_runs; i++) {
    const ockham_run *run = &plan->runs[i];
    assert_true(rates[i] == (run->purpose == OCKHAM_PURPOSE_PROBE ? run->rate : run->levels[0] ? on : off));
  }
  ockham_plan_free(plan);
}

/* A probe fails, is mended and tried again: it is the best, so that others follow, and nothing is run twice that went
 * well. */
static void test_a_failed_probe_again(void **state) {
  (void)state;
  static const double rates[] = {1, 2};
  char command[512], calls[96], broken[96];
  snprintf(calls, sizeof calls, "%s/calls", folder);
  snprintf(broken, sizeof broken, "%s/broken", folder);
  snprintf(
      command, sizeof command,
      "echo {a}{b} {scale} {seed} {rate} >> %s; [ {a}{rate} = on1 -a -e %s ] && exit 3; "
      "case {a}{rate} in on0.5 | off2) l=1 ;; on1 | off1 | off4) l=2 ;; *) l=3 ;; esac; echo METRIC loss=$l flops=1",
      calls, broken);
  ockham_study study = make_study(command);
  study.rates = rates, study.n_rates = 2, study.widen = 2;
  study.design = OCKHAM_DESIGN_FULL;
  ockham_journal *journal;
  size_t n_twice, n_before, n_after;
  unlink(journal_path);
  unlink(calls);
  fclose(fopen(broken, "w"));
  assert_ok(ockham_journal_open(journal_path, &study, &journal, err));
  expect_rates(&study, NULL, 0, 0);
  run_now(&study, journal, false);
  n_before = count_calls(calls, &n_twice);
  assert_int_equal(n_twice, 0);
  expect_rates(&study, journal, 2, 2);
  unlink(broken);
  run_now(&study, journal, true);
  n_after = count_calls(calls, &n_twice);
  ockham_plan *plan = plan_of(&study, journal);
  assert_int_equal(ockham_study_waiting(&study, plan, journal), 0); /* in one go */
  ockham_plan_free(plan);
  assert_int_equal(n_twice, 3); /* the probes of "on" at 1, beside each level of b */
  expect_rates(&study, journal, 2, .5);
  run_now(&study, journal, true);
  assert_true(n_after > n_before + 3 && count_calls(calls, &n_twice) == n_after);
  ockham_journal_free(journal);
}

/* A cell whose own probes all fail takes another's rate, once that has been found. */
static void test_a_cell_without_a_probe(void **state) {
  (void)state;
  static const double rates[] = {1, 2};
  char command[512], calls[96];
  snprintf(calls, sizeof calls, "%s/others", folder);
  snprintf(command, sizeof command,
           "echo {a}{b} {scale} {seed} {rate} >> %s; [ {a} = on ] && exit 3; sleep .02; "
           "case {rate} in 8) l=1 ;; 4) l=2 ;; 2) l=3 ;; *) l=4 ;; esac; echo METRIC loss=$l flops=1",
           calls);
  ockham_study study = make_study(command);
  study.rates = rates, study.n_rates = 2, study.widen = 2;
  study.design = OCKHAM_DESIGN_FULL;
  ockham_journal *journal;
  unlink(journal_path);
  assert_ok(ockham_journal_open(journal_path, &study, &journal, err));
  run_now(&study, journal, false);
  expect_rates(&study, journal, 8, 8);
  const ockham_run *runs;
  size_t n;
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  for (size_t i = 0; i < n; i++) assert_true(runs[i].purpose == OCKHAM_PURPOSE_PROBE || runs[i].rate == 8);
  ockham_journal_free(journal);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_best_is_found),
      cmocka_unit_test(test_the_best_is_below),
      cmocka_unit_test(test_no_best),
#ifdef OCK_HAVE_SQLITE
      cmocka_unit_test(test_runs_wait_for_it),
      cmocka_unit_test(test_a_failed_probe_again),
      cmocka_unit_test(test_a_cell_without_a_probe),
#endif
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
