/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as a table: the same runs when they are imported again, whatever names and numbers they have. */
#include <inttypes.h>
#include <math.h>

#include "trainer.h"

#ifdef OCK_HAVE_SQLITE

static const char *const odd_levels[] = {"off", "1,000", "\"so\"", ";"};

/* Names of columns of ours, in every place where a study may have them. */
static const struct {
  const char *metric, *compute, *factor;
} names[] = {
    {"loss", "flops", "b,too"}, {"tokens", "seconds", "rate"}, {"seed", "loss", "flops"}, {"x", "x", "tokens"}};

static ockham_study odd_study(ockham_study_factor factors[2], size_t i) {
  ockham_study study = make_study("t");
  factors[0] = (ockham_study_factor){"a", 4, odd_levels};
  factors[1] = (ockham_study_factor){names[i].factor, 3, levels_of_b};
  study.factors = factors;
  study.metric = names[i].metric;
  study.compute = names[i].compute;
  return study;
}

static ockham_journal *open_new(const char *path, const ockham_study *study) {
  ockham_journal *journal;
  unlink(path);
  assert_ok(ockham_journal_open(path, study, &journal, err));
  return journal;
}

static double random_number(ock_rng *rng) {
  static const double special[] = {NAN, 0, -0.0, INFINITY};
  return ock_rng_below(rng, 2) ? exp(40 * ock_rng_uniform(rng) - 20) : special[ock_rng_below(rng, 4)];
}

/* Of every purpose and outcome, with numbers that need all their digits, or are not known. */
static void put_runs(ockham_journal *journal, size_t n) {
  const ockham_study *study = ock_journal_study(journal);
  ock_rng rng = ock_rng_make(7, 1);
  for (size_t i = 0; i < n; i++) {
    uint8_t levels[2];
    for (size_t f = 0; f < 2; f++) levels[f] = (uint8_t)ock_rng_below(&rng, study->factors[f].n_levels);
    ock_result result = {.outcome = 1 + i % (OCKHAM_N_OUTCOMES - 1),
                         .flops = random_number(&rng),
                         .parameters = random_number(&rng),
                         .tokens = random_number(&rng),
                         .seconds = random_number(&rng),
                         .slope = -random_number(&rng)};
    double loss = exp(ock_rng_uniform(&rng));
    bool has_loss =
        result.outcome == OCKHAM_OUTCOME_DONE || (result.outcome == OCKHAM_OUTCOME_DIVERGED && ock_rng_below(&rng, 2));
    result.loss = has_loss ? loss : NAN;
    ockham_run run = {.id = i + 1,
                      .purpose = (ockham_purpose)(i % OCKHAM_N_PURPOSES),
                      .scale = i % 2,
                      .levels = levels,
                      .seed = i % 3 ? UINT64_MAX - i : i,
                      .rate = ock_rng_uniform(&rng)};
    ock_line key = {0};
    ock_run_key(study, &run, &key);
    ock_row row = {.run = &run, .key = key.bytes, .result = &result, .cpu_seconds = NAN};
    assert_ok(ock_journal_put(journal, &row, err));
    ock_free(key.bytes);
  }
}

static bool same(double a, double b) {
  return a == b || (isnan(a) && isnan(b));
}

static void assert_same_runs(const ockham_journal *a, const ockham_journal *b) {
  size_t n, m;
  const ockham_run *runs = ock_journal_all(a, &n), *others = ock_journal_all(b, &m);
  assert_int_equal(n, m);
  for (size_t i = 0; i < n; i++) {
    const ockham_run *x = &runs[i], *y = &others[i];
    assert_true(x->id == y->id && x->purpose == y->purpose && x->scale == y->scale && x->seed == y->seed);
    assert_memory_equal(x->levels, y->levels, 2);
    assert_int_equal(x->outcome, y->outcome);
    assert_true(same(x->rate, y->rate) && same(x->loss, y->loss) && same(x->flops, y->flops) &&
                same(x->parameters, y->parameters) && same(x->tokens, y->tokens) && same(x->seconds, y->seconds) &&
                same(x->slope, y->slope));
  }
}

static ockham_journal *open_again(ockham_journal *journal, const char *path, const ockham_study *study) {
  ockham_journal_free(journal);
  assert_ok(ockham_journal_open(path, study, &journal, err));
  return journal;
}

static void test_a_table_has_the_same_runs(void **state) {
  (void)state;
  char table[96], other_path[96];
  uint64_t n;
  snprintf(table, sizeof table, "%s/t.CSV", folder);
  snprintf(other_path, sizeof other_path, "%s/other.db", folder);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    ockham_study_factor factors[2];
    ockham_study study = odd_study(factors, i);
    ockham_journal *journal = open_new(journal_path, &study), *other = open_new(other_path, &study);
    put_runs(journal, 70);
    assert_ok(ockham_journal_export(journal, table, &n, err));
    assert_int_equal(n, 70);
    assert_ok(ockham_journal_import(other, table, NULL, &n, err));
    assert_int_equal(n, 70);
    assert_same_runs(journal, other);
    journal = open_again(journal, journal_path, &study);
    other = open_again(other, other_path, &study);
    assert_same_runs(journal, other);
    ockham_journal_free(other);
    ockham_journal_free(journal);
  }
}

/* The compute may be the tokens, say: two columns of a name would not be read. */
static void test_a_name_is_one_column(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  study.compute = "tokens";
  char table[96], line[256];
  uint64_t n;
  snprintf(table, sizeof table, "%s/t.csv", folder);
  ockham_journal *journal = open_new(journal_path, &study);
  static const ockham_study_setting cells[] = {
      {"a", "on"}, {"b", "z"}, {"scale", "S2"}, {"loss", "2.5"}, {"tokens", "4"}};
  assert_ok(ockham_journal_import_rows(journal, &(ockham_study_row){cells, 5}, 1, NULL, &n, err));
  assert_ok(ockham_journal_export(journal, table, &n, err));
  ockham_journal_free(journal);
  FILE *file = fopen(table, "r");
  assert_non_null(fgets(line, sizeof line, file));
  assert_string_equal(line,
                      "scale,width,a,b,seed,rate,purpose,outcome,loss,tokens,parameters,run:tokens,seconds,slope\n");
  assert_non_null(fgets(line, sizeof line, file));
  assert_string_equal(line, "S2,64,on,z,1,1,design,done,2.5,4,,4,,\n");
  fclose(file);
}

static void test_faults(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  ockham_journal *journal = open_new(journal_path, &study);
  ockham_error problem = {0};
  char table[96];
  uint64_t n = 77;
  put_runs(journal, 5);
  assert_int_equal(ockham_journal_export(journal, "t.xls", &n, &problem), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(problem.message, "t.xls: expected a name in .csv");
  assert_int_equal(ockham_journal_export(journal, "csv", &n, &problem), OCKHAM_BAD_ARGUMENT);
  snprintf(table, sizeof table, "%s/none/t.csv", folder);
  assert_int_not_equal(ockham_journal_export(journal, table, &n, &problem), OCKHAM_OK);
  assert_int_equal(n, 77);
  snprintf(table, sizeof table, "%s/m.csv", folder);
  for_each_allocation_failure(k) {
    ock_fault_after(k);
    ockham_status status = ockham_journal_export(journal, table, &n, &problem);
    if (status) assert_int_equal(status, OCKHAM_NO_MEMORY);
    if (status) assert_int_not_equal(access(table, F_OK), 0);
  }
  assert_int_equal(access(table, F_OK), 0);
  ockham_journal_free(journal);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_table_has_the_same_runs),
      cmocka_unit_test(test_a_name_is_one_column),
      cmocka_unit_test(test_faults),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

#else

int main(void) {
  return 77;
}

#endif
