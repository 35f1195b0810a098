/* SPDX-License-Identifier: Apache-2.0 */
/* Runs from rows in memory: the same as from a table with these rows. */
#include <unistd.h>

#include "ablate/import.h"
#include "trainer.h"

#ifdef OCK_HAVE_SQLITE

enum { N_ROWS = 5, MOST_CELLS = 6 };
static const ockham_study_setting cells[N_ROWS][MOST_CELLS] = {
    {{"a", "off"}, {"b", "x"}, {"scale", "S1"}, {"loss", "2.5"}, {"flops", "1e9"}, {"tokens", "5"}},
    {{"loss", "2.25"}, {"scale", "S2"}, {"a", "true"}, {"b", "z"}, {"flops", ""}, {"seed", "7"}},
    {{"a", "off"}, {"b", "x"}, {"scale", "S1"}, {"loss", "2.5"}, {"flops", "1e9"}, {"tokens", "6"}},
    {{"a", "off"}, {"b", "x"}, {"scale", "S2"}, {"loss", "nan"}, {"flops", "2e9"}, {"tokens", "6"}},
    {{"a", "off"}, {"b", "x"}, {"scale", "S2"}, {"loss", ""}, {"flops", "2e9"}, {"tokens", "6"}},
};

static void fill(ockham_study_row rows[N_ROWS]) {
  for (size_t i = 0; i < N_ROWS; i++) rows[i] = (ockham_study_row){cells[i], MOST_CELLS};
}

static ockham_journal *open_new(const ockham_study *study) {
  ockham_journal *journal;
  unlink(journal_path);
  assert_ok(ockham_journal_open(journal_path, study, &journal, err));
  return journal;
}

static size_t copy_runs(ockham_journal *journal, ockham_run kept[N_ROWS]) {
  const ockham_run *runs;
  size_t n;
  assert_ok(ockham_journal_runs(journal, &runs, &n, err));
  assert_true(n <= N_ROWS);
  for (size_t i = 0; i < n; i++) kept[i] = runs[i];
  return n;
}

/* As CSV, where a text may be in quotes. */
static void write_table(const char *path) {
  static const char *const names[] = {"a", "b", "scale", "loss", "flops", "tokens", "seed"};
  FILE *file = fopen(path, "w");
  fprintf(file, "a,b,scale,loss,flops,tokens,seed\n");
  for (size_t i = 0; i < N_ROWS; i++)
    for (size_t c = 0; c < 7; c++) {
      const char *text = "";
      for (size_t k = 0; k < MOST_CELLS; k++)
        if (strcmp(cells[i][k].name, names[c]) == 0) text = cells[i][k].value;
      fprintf(file, "\"%s\"%s", text, c == 6 ? "\n" : ",");
    }
  fclose(file);
}

static void test_as_from_a_table(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  ockham_study_row rows[N_ROWS];
  ockham_run by_rows[N_ROWS], by_table[N_ROWS];
  uint64_t n = 0;
  fill(rows);
  ockham_journal *journal = open_new(&study);
  assert_ok(ockham_journal_import_rows(journal, rows, N_ROWS, NULL, &n, err));
  assert_int_equal(n, N_ROWS);
  assert_int_equal(copy_runs(journal, by_rows), N_ROWS);
  assert_true(by_rows[1].levels[0] == 1 && by_rows[1].levels[1] == 2 && by_rows[1].scale == 1 && by_rows[1].seed == 7);
  assert_true(by_rows[0].seed == 1 && by_rows[2].seed == 2 && isnan(by_rows[1].flops) && by_rows[2].tokens == 6);
  assert_int_equal(by_rows[3].outcome, OCKHAM_OUTCOME_DIVERGED);
  assert_int_equal(by_rows[4].outcome, OCKHAM_OUTCOME_FAILED);
  assert_ok(ockham_journal_import_rows(journal, rows, N_ROWS, NULL, &n, err));
  assert_int_equal(n, 0); /* it has them */
  ockham_journal_free(journal);
  char path[96];
  snprintf(path, sizeof path, "%s/rows.csv", folder);
  write_table(path);
  journal = open_new(&study);
  assert_ok(ockham_journal_import(journal, path, NULL, &n, err));
  assert_int_equal(copy_runs(journal, by_table), N_ROWS);
  for (size_t i = 0; i < N_ROWS; i++) {
    const ockham_run *a = &by_rows[i], *b = &by_table[i];
    assert_true(a->id == b->id && a->purpose == b->purpose && a->scale == b->scale && a->seed == b->seed);
    assert_true(a->outcome == b->outcome && (a->loss == b->loss || isnan(a->loss)));
  }
  ockham_journal_free(journal);
}

static void test_names_and_what_is_set(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  ockham_study_setting theirs[] = {{"A", "on"}, {"b", "x"}, {"eval/loss", "2"}};
  ockham_study_row row = {theirs, 3};
  const ockham_study_setting map[] = {{"a", "A"}, {"loss", "eval/loss"}};
  const ockham_study_setting set[] = {{"scale", "S1"}, {"scale", "S2"}}; /* the last of a name holds */
  ockham_import_options options = {.map = map, .n_map = 2, .set = set, .n_set = 2};
  ockham_run run[N_ROWS];
  uint64_t n = 0;
  ockham_journal *journal = open_new(&study);
  assert_ok(ockham_journal_import_rows(journal, &row, 1, &options, &n, err));
  assert_true(copy_runs(journal, run) == 1 && run->levels[0] == 1 && run->scale == 1 && run->loss == 2);
  ockham_journal_free(journal);
}

static void test_nothing_of_what_is_wrong(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  ockham_study_setting wrong[] = {{"a", "off"}, {"b", "w"}, {"scale", "S1"}, {"loss", "2"}};
  ockham_study_row rows[N_ROWS];
  ockham_run runs[N_ROWS];
  ockham_error error = {0};
  uint64_t n = 3;
  fill(rows);
  rows[2] = (ockham_study_row){wrong, 4};
  ockham_journal *journal = open_new(&study);
  assert_int_equal(ockham_journal_import_rows(journal, rows, N_ROWS, NULL, &n, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "the runs, line 3: expected a level of b, found 'w'");
  assert_true(error.row == 3 && n == 3 && copy_runs(journal, runs) == 0);
  assert_int_equal(ockham_journal_import_rows(journal, rows, 0, NULL, &n, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "expected a row a run, found none");
  ockham_journal_free(journal);
}

static void test_no_memory(void **state) {
  (void)state;
  ockham_study study = make_study("t");
  ockham_study_row rows[N_ROWS];
  ockham_run runs[N_ROWS];
  uint64_t n = 0;
  fill(rows);
  ockham_journal *journal = open_new(&study);
  for_each_allocation_failure(k) {
    ockham_error error = {0};
    ock_fault_after(k);
    ockham_status status = ockham_journal_import_rows(journal, rows, N_ROWS, NULL, &n, &error);
    if (status) assert_int_equal(status, OCKHAM_NO_MEMORY);
    if (status) assert_int_equal(copy_runs(journal, runs), 0);
  }
  assert_int_equal(copy_runs(journal, runs), N_ROWS);
  ockham_journal_free(journal);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_as_from_a_table),
      cmocka_unit_test(test_names_and_what_is_set),
      cmocka_unit_test(test_nothing_of_what_is_wrong),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

#else

int main(void) {
  return 77;
}

#endif
