/* SPDX-License-Identifier: Apache-2.0 */
#include "data/internal.h"
#include "source_test.h"

#ifndef OCK_HAVE_SQLITE

static void test_build_without_sqlite_says_so(void **state) {
  (void)state;
  ock_source *source;
  ockham_error err = {0};
  assert_int_equal(ock_sqlite_open("x.db", NULL, NULL, &source, &err), OCKHAM_UNSUPPORTED);
  assert_non_null(strstr(err.message, "this build has no SQLite"));
  assert_null(source);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_build_without_sqlite_says_so)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <sqlite3.h>

static char *make_database(const char *sql) {
  char *path = make_path(".db");
  sqlite3 *database = NULL;
  assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
  if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(database));
  sqlite3_close(database);
  return path;
}

static ockham_status read_database(const char *path, const char *part, const char *query, int label, int skip,
                                   rows_read *rows, ockham_error *err) {
  ock_source *source;
  ockham_read_options options = {.query = query};
  *rows = (rows_read){0};
  OCK_TRY(ock_sqlite_open(path, part, &options, &source, err));
  return read_rows(source, label, skip, rows, err);
}

static void check_rows(const char *path, const char *part, const char *query, size_t n_features, size_t n_values,
                       const double *values) {
  rows_read rows;
  assert_ok(read_database(path, part, query, -1, -1, &rows, err));
  assert_int_equal(rows.n_features, n_features);
  assert_int_equal(rows.n_rows * n_features, n_values);
  for (size_t i = 0; i < n_values; i++)
    if (!(rows.values[i] == values[i] || (isnan(rows.values[i]) && isnan(values[i]))))
      fail_msg("value %zu is %g, expected %g", i, rows.values[i], values[i]);
  rows_read_clear(&rows);
}

static void test_cells(void **state) {
  (void)state;
  char *path = make_database(
      "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2.5), (NULL, '1e3'), ('', 'NA'), (-9007199254740993, ' 7 ');");
  const double expected[] = {1, 2.5, NAN, 1000, NAN, NAN, -9007199254740992, 7};
  check_rows(path, NULL, NULL, 2, 8, expected);
  drop_path(path);
}

static void test_names_and_roles(void **state) {
  (void)state;
  char *path = make_database(
      "CREATE TABLE t (\"a b\" REAL, species TEXT, c INT); INSERT INTO t VALUES (1, 'x', 2), (3, 'y', 4), (5, 'x', "
      "6);");
  ock_source *source = NULL;
  rows_read rows;
  assert_ok(ock_sqlite_open(path, "t", NULL, &source, err));
  assert_int_equal(source->n_columns, 3);
  assert_string_equal(source->names[0], "a b");
  assert_ok(read_rows(source, 1, 0, &rows, err));
  assert_int_equal(rows.n_rows, 3);
  assert_true(rows.values[0] == 2 && rows.values[1] == 4 && rows.values[2] == 6);
  assert_string_equal(rows.labels.texts[1], "y");
  assert_int_equal(rows.label[2], 0);
  rows_read_clear(&rows);
  drop_path(path);
}

static void test_labels_of_every_type(void **state) {
  (void)state;
  char *path = make_database(
      "CREATE TABLE t (l, x); INSERT INTO t VALUES (9007199254740993, 0), (0.1, 0), (0.10000000000000002, 0), "
      "('text', 0), (x'6162', 0), (NULL, 0), ('', 0), (x'', 0);");
  static const char *const texts[] = {"9007199254740993", "0.1", "0.10000000000000002", "text", "ab", ""};
  rows_read rows;
  assert_ok(read_database(path, NULL, NULL, 0, -1, &rows, err));
  assert_int_equal(rows.labels.n, 6);
  for (size_t i = 0; i < 6; i++) assert_string_equal(rows.labels.texts[i], texts[i]);
  assert_int_equal(rows.label[7], 5);
  rows_read_clear(&rows);
  drop_path(path);
}

static void refuse(const char *path, const char *part, const char *query, ockham_status status, const char *words) {
  rows_read rows;
  ockham_error err = {0};
  assert_int_equal(read_database(path, part, query, -1, -1, &rows, &err), status);
  if (!strstr(err.message, words)) fail_msg("'%s' lacks '%s'", err.message, words);
  assert_ptr_equal(strstr(err.message, path), err.message);
  rows_read_clear(&rows);
}

static void test_choosing_the_table(void **state) {
  (void)state;
  static const double one[] = {1}, two[] = {2}, three[] = {3};
  char *path = make_database(
      "CREATE TABLE \"odd \"\" name\" (a); INSERT INTO \"odd \"\" name\" VALUES (1);"
      "CREATE TABLE b (a INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO b VALUES (2);"
      "CREATE VIEW v AS SELECT 3; CREATE VIEW broken AS SELECT * FROM gone;");
  refuse(path, NULL, NULL, OCKHAM_BAD_ARGUMENT, "holds 4 tables (b, broken, odd \" name, v)");
  refuse(path, "c", NULL, OCKHAM_BAD_ARGUMENT, "has no table 'c'; it holds b, broken");
  refuse(path, "broken", NULL, OCKHAM_BAD_ARGUMENT, "gone");
  refuse(path, "b", "SELECT 1", OCKHAM_BAD_ARGUMENT, "not both");
  check_rows(path, "odd \" name", NULL, 1, 1, one);
  check_rows(path, "b", NULL, 1, 1, two);
  check_rows(path, "v", NULL, 1, 1, three);
  drop_path(path);
  path = make_database("CREATE TABLE t (a); DROP TABLE t;");
  refuse(path, NULL, NULL, OCKHAM_BAD_DATA, "holds no table");
  drop_path(path);
}

static void test_queries(void **state) {
  (void)state;
  static const double expected[] = {3, 30, 2, 20};
  char *path = make_database("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3);");
  check_rows(path, NULL, "SELECT a, a * 10 FROM t WHERE a > 1 ORDER BY a DESC", 2, 4, expected);
  check_rows(path, NULL,
             "-- rows\nWITH b AS (SELECT * FROM t) SELECT a, a * 10 FROM b WHERE a > 1 ORDER BY a DESC;"
             " /* the end */ ; ",
             2, 4, expected);
  refuse(path, NULL, "SELECT 1; SELECT 2", OCKHAM_BAD_ARGUMENT, "more than one statement");
  refuse(path, NULL, "SELECT 1; nonsense", OCKHAM_BAD_ARGUMENT, "more than one statement");
  refuse(path, NULL, "DELETE FROM t", OCKHAM_BAD_ARGUMENT, "only reads");
  refuse(path, NULL, "DELETE FROM t RETURNING a", OCKHAM_BAD_ARGUMENT, "only reads");
  refuse(path, NULL, "ATTACH '/nonexistent/y.db' AS y", OCKHAM_BAD_ARGUMENT, "only reads");
  refuse(path, NULL, "BEGIN", OCKHAM_BAD_ARGUMENT, "only reads");
  refuse(path, NULL, " -- nothing", OCKHAM_BAD_ARGUMENT, "empty");
  refuse(path, NULL, "SELECT absent FROM t", OCKHAM_BAD_ARGUMENT, "no such column: absent");
  drop_path(path);
}

static void test_text_in_a_feature(void **state) {
  (void)state;
  char *path = make_database(
      "CREATE TABLE t (a, species); INSERT INTO t VALUES (1, 2), (2, 'setosa'); CREATE TABLE blobs (b);"
      "INSERT INTO blobs VALUES (x'0102');"
      "CREATE TABLE long (c); INSERT INTO long VALUES ('123456789 123456789 123456789 12345678\xc3\xa9\xc3\xa9');");
  refuse(path, "t", NULL, OCKHAM_BAD_DATA,
         ": row 2: column 2 'species' holds text ('setosa'), expected a number; leave it out with --ignore species");
  refuse(path, "blobs", NULL, OCKHAM_BAD_DATA, "column 1 'b' holds bytes (a BLOB), expected a number");
  refuse(path, "long", NULL, OCKHAM_BAD_DATA, "12345678\xc3\xa9'), expected");
  ockham_error err = {0};
  rows_read rows;
  assert_int_equal(read_database(path, "t", NULL, -1, -1, &rows, &err), OCKHAM_BAD_DATA);
  assert_int_equal(err.row, 2);
  assert_int_equal(err.column, 2);
  rows_read_clear(&rows);
  drop_path(path);
}

static void test_many_blocks(void **state) {
  (void)state;
  char *path = make_database(
      "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) "
      "SELECT i AS a, -i AS b FROM n;");
  rows_read rows;
  assert_ok(read_database(path, "t", NULL, -1, -1, &rows, err));
  assert_int_equal(rows.n_rows, 100000);
  assert_true(rows.n_blocks > 2);
  for (size_t i = 0; i < 100000; i++)
    assert_true(rows.values[2 * i] == (double)i && rows.values[2 * i + 1] == -(double)i);
  rows_read_clear(&rows);
  drop_path(path);
}

static void test_what_is_no_database(void **state) {
  (void)state;
  char *path = make_path(".db");
  write_file(path, "this is a text, and not a small one either: SQLite wants a hundred bytes at least to look at....",
             96);
  refuse(path, NULL, NULL, OCKHAM_BAD_FILE, "not a database");
  refuse("/nonexistent/x.db", NULL, NULL, OCKHAM_IO, "No such file");
  drop_path(path);
}

/* SQLite has no checksums, so some changes give other values; nothing may crash or hang. */
static void test_truncations_and_mutations(void **state) {
  (void)state;
  char *path = make_database("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2), (3, 4.5), ('6', NULL);");
  size_t size;
  unsigned char *bytes = read_file(path, &size);
  unsigned char *changed = malloc(size);
  ock_rng rng = ock_rng_make(6, 0);
  for (int i = 0; i < 1000; i++) {
    memcpy(changed, bytes, size);
    for (int n = 0; n < 4; n++) { /* the pages are mostly empty: aim at their full ends too */
      size_t at = n % 2 ? (size_t)ock_rng_below(&rng, 200) : (size - 1 - (size_t)ock_rng_below(&rng, 100));
      changed[i % 3 == 0 ? (size_t)ock_rng_below(&rng, size) : at] = (unsigned char)ock_rng_next(&rng);
    }
    write_file(path, changed, i % 4 ? size : (size_t)ock_rng_below(&rng, size));
    rows_read rows;
    ockham_error err = {0};
    if (read_database(path, NULL, NULL, -1, -1, &rows, &err)) assert_true(strlen(err.message) > 10);
    rows_read_clear(&rows);
  }
  free(changed);
  free(bytes);
  drop_path(path);
}

static void test_allocation_failures(void **state) {
  (void)state;
  char *path = make_database("CREATE TABLE t (a, b, c); INSERT INTO t VALUES (1, 'x', 2), (2, 'y', 3);");
  for_each_allocation_failure(n) {
    rows_read rows;
    ock_fault_after(n);
    ockham_status status = read_database(path, NULL, NULL, 1, -1, &rows, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    rows_read_clear(&rows);
  }
  drop_path(path);
}

static void test_texts_and_times(void **state) {
  (void)state;
  char *path = make_database(
      "CREATE TABLE t (a, k, late, t); INSERT INTO t VALUES (1, 'x', 1.5, '2026-03-01 12:30:00'), (NULL, NULL, 2, "
      "7.25), "
      "(3, 'NA', 'w', 8), (4, 'x', 1.5, NULL);");
  ockham_read_options options = {.missing = OCKHAM_MISSING_KEEP, .find_categories = true, .time_column = "t"};
  ockham_table *table;
  assert_ok(ockham_table_read(path, &options, &table, err));
  const double expected[] = {1, 0, 0, NAN, NAN, 1, 3, NAN, 2, 4, 0, 0}, *values = ockham_table_rows(table).data;
  for (size_t i = 0; i < 12; i++) assert_true(values[i] == expected[i] || (isnan(values[i]) && isnan(expected[i])));
  assert_int_equal(ockham_table_n_texts(table, 0), 0);
  assert_int_equal(ockham_table_n_texts(table, 1), 1);
  assert_int_equal(ockham_table_n_texts(table, 2), 3);
  assert_string_equal(ockham_table_text(table, 2, 0), "1.5");
  assert_string_equal(ockham_table_text(table, 2, 2), "w");
  const double *times = ockham_table_times(table);
  assert_true(times[0] == 1772368200 && times[1] == 7.25 && times[2] == 8 && isnan(times[3]));
  ockham_table_free(table);
  ockham_error error;
  options.time_column = "k";
  assert_int_equal(ockham_table_read(path, &options, &table, &error), OCKHAM_BAD_DATA);
  assert_non_null(strstr(error.message, "row 1: column 2 'k' holds 'x', expected a time such as 2026-03-01T12:30:00Z"));
  options = (ockham_read_options){.find_categories = true, .query = "SELECT late FROM t UNION ALL SELECT x'00'"};
  assert_int_equal(ockham_table_read(path, &options, &table, &error), OCKHAM_BAD_DATA);
  assert_non_null(strstr(error.message, "row 5: column 1 'late' holds bytes (a BLOB)"));
  drop_path(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cells),
      cmocka_unit_test(test_names_and_roles),
      cmocka_unit_test(test_labels_of_every_type),
      cmocka_unit_test(test_choosing_the_table),
      cmocka_unit_test(test_queries),
      cmocka_unit_test(test_text_in_a_feature),
      cmocka_unit_test(test_many_blocks),
      cmocka_unit_test(test_what_is_no_database),
      cmocka_unit_test(test_truncations_and_mutations),
      cmocka_unit_test(test_texts_and_times),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
