/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_text.h"
#include "data/source_test.h"

#define ROWS(...) ((const double[]){__VA_ARGS__})

static const ockham_read_options mean = {.missing = OCKHAM_MISSING_MEAN}, drop = {.missing = OCKHAM_MISSING_DROP};

static void a_table_tells_what_it_holds(void **state) {
  (void)state;
  ockham_table *table = csv_table("a,k,b\n1,u,2\n3,v,4\n", (ockham_read_options){.label_column = "k"});
  ockham_rows rows = ockham_table_rows(table);
  assert_int_equal(rows.n_rows, 2);
  assert_int_equal(rows.n_columns, 2);
  assert_int_equal(rows.dtype, OCKHAM_FLOAT64);
  assert_true(ock_rows_get(rows, 1, 1) == 4);
  assert_string_equal(ockham_table_column_name(table, 1), "b");
  assert_int_equal(ockham_table_n_label_values(table), 2);
  assert_int_equal(ockham_table_labels(table)[1], 1);
  assert_string_equal(ockham_table_label_text(table, 1), "v");
  assert_int_equal(ockham_table_n_rows_dropped(table), 0);
  assert_int_equal(ockham_table_n_cells_filled(table), 0);
  ockham_table_free(table);
  table = csv_table("1\n", (ockham_read_options){0});
  assert_null(ockham_table_labels(table));
  assert_int_equal(ockham_table_n_label_values(table), 0);
  ockham_table_free(table);
  ockham_table_free(NULL);
}

static void means_fill_what_is_missing(void **state) {
  (void)state;
  ockham_table *table = csv_table("a,b\n1,\n,3\n3,4\nNA,NA\n", mean);
  assert_int_equal(ockham_table_n_cells_filled(table), 4);
  assert_int_equal(ockham_table_n_rows_dropped(table), 0);
  assert_table(table, 4, 2, ROWS(1, 3.5, 2, 3, 3, 4, 2, 3.5));
  assert_table(csv_table("a\n1.5e308\n1.5e308\nNA\n", mean), 3, 1, ROWS(1.5e308, 1.5e308, 1.5e308));
  assert_csv_fails("a,b\n1,\n2,NA\n", mean,
                   "t.csv: column 'b' has no cell but missing ones; leave it out with --ignore");
}

static void rows_with_missing_cells_are_dropped(void **state) {
  (void)state;
  ockham_table *table = csv_table("a,k,b\n1,u,\n2,v,3\ninf,w,4\n5,u,6\n",
                                  (ockham_read_options){.missing = OCKHAM_MISSING_DROP, .label_column = "k"});
  assert_int_equal(ockham_table_n_rows_dropped(table), 2);
  assert_int_equal(ockham_table_source_row(table, 0), 2);
  assert_int_equal(ockham_table_source_row(table, 1), 4);
  const uint32_t *labels = ockham_table_labels(table);
  assert_string_equal(ockham_table_label_text(table, labels[0]), "v");
  assert_string_equal(ockham_table_label_text(table, labels[1]), "u");
  assert_table(table, 2, 2, ROWS(2, 3, 5, 6));
  assert_csv_fails("a,b\n1,\n,2\n", drop, "t.csv: no rows are left: all 2 have a missing or infinite cell");
}

static void constant_and_repeated_rows_are_data_like_any(void **state) {
  (void)state;
  assert_csv("a,b\n7,7\n7,7\n", 2, 2, ROWS(7, 7, 7, 7));
  assert_csv("5\n", 1, 1, ROWS(5));
}

/* More rows than were expected from the first: the table grows as it is filled. */
static void tables_grow(void **state) {
  (void)state;
  enum { N = 60000 };
  char *text = malloc(N * 16), *path = make_path(".csv");
  size_t n = 0;
  for (int i = 0; i < N; i++) n += (size_t)sprintf(text + n, i < 200 ? "%d.0000000\n" : "%d\n", i);
  write_file(path, text, n);
  ockham_table *table;
  assert_ok(ockham_table_read(path, NULL, &table, err));
  assert_int_equal(table->n_rows, N);
  for (int i = 0; i < N; i++) assert_true(((double *)table->values)[i] == i);
  ockham_table_free(table);
  drop_path(path);
  free(text);
}

static void running_out_of_memory_is_told(void **state) {
  (void)state;
  static const char text[] = "a,k,b\n1,u,\n2,v,3\n,w,4\n5,u,6\n";
  for (int policy = OCKHAM_MISSING_DROP; policy <= OCKHAM_MISSING_MEAN; policy++) for_each_allocation_failure(n) {
      ockham_table *table;
      ockham_error error;
      ock_fault_after(n);
      ockham_read_options options = {.label_column = "k", .missing = (ockham_missing)policy, .threads = 1};
      ockham_status status = csv_read(text, sizeof text - 1, 8, options, &table, &error);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
      ockham_table_free(table);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_tells_what_it_holds),
      cmocka_unit_test(means_fill_what_is_missing),
      cmocka_unit_test(rows_with_missing_cells_are_dropped),
      cmocka_unit_test(constant_and_repeated_rows_are_data_like_any),
      cmocka_unit_test(tables_grow),
      cmocka_unit_test(running_out_of_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
