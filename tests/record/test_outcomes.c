/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes in the metadata of a recording: kept beside its writer, all of a call or none, the latest found again. */
#include "../test.h"

#include <sqlite3.h>
#include <unistd.h>

#include "record/store.h"

static char folder[64];

static int set_up(void **state) {
  (void)state;
  strcpy(folder, "/tmp/ockham-outcomes-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static ock_truth truth(const char *version, double error) {
  return (ock_truth){.time_ns = 5,
                     .received_ns = ock_wall_ns(),
                     .id = "r'1",
                     .request = 7,
                     .model = "m",
                     .version = version,
                     .predicted = "1",
                     .actual = "\"x\"",
                     .error = error};
}

static double ask(const char *sql) {
  char path[128];
  sqlite3 *database;
  sqlite3_stmt *s;
  snprintf(path, sizeof path, "%s/ockham.db", folder);
  assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &s, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(s), SQLITE_ROW);
  double value = sqlite3_column_double(s, 0);
  sqlite3_finalize(s);
  sqlite3_close(database);
  return value;
}

static void assert_errors(const char *version, size_t most, const double *wanted, size_t n_wanted) {
  double *errors;
  size_t n;
  assert_ok(ock_outcomes_get(folder, "m", version, most, &errors, &n, err));
  assert_int_equal(n, n_wanted);
  for (size_t i = 0; i < n; i++) assert_true(errors[i] == wanted[i]);
  ock_free(errors);
}

/* By another connection than the recorder's, while it runs. */
static void test_kept(void **state) {
  (void)state;
  ock_recorder *recorder;
  const ock_truth first[] = {truth("1", 0), truth("2", 9), truth("1", NAN), truth("1", 0.25)}, second = truth("1", 1);
  assert_ok(ock_recorder_open(folder, NULL, &recorder, err));
  assert_ok(ock_outcomes_put(folder, first, 4, err));
  ock_recorder_event(recorder, &(ockham_event){.kind = "load"});
  assert_ok(ock_outcomes_put(folder, &second, 1, err));
  assert_errors("1", 10, (const double[]){0, 0.25, 1}, 3);
  assert_errors("1", 2, (const double[]){0.25, 1}, 2);
  assert_errors("2", 10, (const double[]){9}, 1);
  assert_errors("3", 10, NULL, 0);
  ock_recorder_close(recorder);
  assert_true(ask("SELECT count(*) FROM outcomes WHERE id = 'r''1' AND request = 7 AND actual = '\"x\"'") == 5);
  assert_true(ask("SELECT count(*) FROM outcomes WHERE error IS NULL") == 1);
  assert_true(ask("SELECT count(*) FROM events WHERE kind = 'load'") == 1);
}

static void test_trimmed(void **state) {
  (void)state;
  ock_store *store;
  bool found;
  ock_truth one = truth("9", 0.5);
  assert_ok(ock_store_open(folder, true, &store, &found, err));
  one.received_ns = 1000;
  assert_ok(ock_store_put_outcomes(store, &one, 1, err));
  assert_ok(ock_store_trim_outcomes(store, 1001, 1000, err));
  assert_errors("9", 10, NULL, 0);
  assert_errors("1", 10, (const double[]){0, 0.25, 1}, 3);
  assert_ok(ock_store_trim_outcomes(store, 0, 2, err)); /* the last has number 5 */
  assert_errors("1", 10, (const double[]){0.25, 1}, 2);
  ock_store_close(store);
}

static void test_no_folder(void **state) {
  (void)state;
  ock_truth one = truth("1", 1);
  double *errors;
  size_t n = 1;
  assert_int_not_equal(ock_outcomes_put("/nowhere/at/all", &one, 1, NULL), OCKHAM_OK);
  assert_ok(ock_outcomes_get("/nowhere/at/all", "m", "1", 5, &errors, &n, err));
  assert_true(n == 0 && !errors);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kept),
      cmocka_unit_test(test_trimmed),
      cmocka_unit_test(test_no_folder),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
