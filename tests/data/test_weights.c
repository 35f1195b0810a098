/* SPDX-License-Identifier: Apache-2.0 */
/* A column of weights: taken out of the rows, checked, and counted by in means and scalings. */
#include "csv_text.h"
#include "data/source_test.h"

#define ROWS(...) ((const double[]){__VA_ARGS__})
#define NAMES(...) ((const char *const[]){__VA_ARGS__})

static const char awb[] = "a,w,b\n1,2,3\n4,0.5,6\n7,0,9\n";

static void check_weights(const ockham_table *table, size_t n, const double *weights) {
  assert_non_null(ockham_table_weights(table));
  for (size_t i = 0; i < n; i++) assert_true(ockham_table_weights(table)[i] == weights[i]);
}

static void assert_weighted(const char *text, ockham_read_options options, size_t n_rows, size_t n_columns,
                            const double *values, const double *weights) {
  ockham_table *table = csv_table(text, options);
  check_weights(table, n_rows, weights);
  assert_table(table, n_rows, n_columns, values);
}

static void weights_are_no_feature(void **state) {
  (void)state;
  const double *weights = ROWS(2, 0.5, 0);
  assert_weighted(awb, (ockham_read_options){.weight_column = "w"}, 3, 2, ROWS(1, 3, 4, 6, 7, 9), weights);
  assert_weighted(awb, (ockham_read_options){.weight_column = "2"}, 3, 2, ROWS(1, 3, 4, 6, 7, 9), weights);
  ockham_read_options options = {.weight_column = "w", .columns = NAMES("b", "w", "a"), .n_columns = 3};
  assert_weighted(awb, options, 3, 2, ROWS(3, 1, 6, 4, 9, 7), weights);
  options = (ockham_read_options){.weight_column = "w", .ignore = NAMES("w", "a"), .n_ignore = 2};
  assert_weighted(awb, options, 3, 1, ROWS(3, 6, 9), weights);
  options = (ockham_read_options){.weight_column = "w", .label_column = "a"};
  ockham_table *table = csv_table(awb, options);
  assert_int_equal(ockham_table_labels(table)[2], 2);
  ockham_table_free(table);
  assert_weighted("1,2,3\n4,0.5,6\n", (ockham_read_options){.weight_column = "2"}, 2, 2, ROWS(1, 3, 4, 6), weights);
  table = csv_table(awb, (ockham_read_options){0});
  assert_null(ockham_table_weights(table));
  ockham_table_free(table);
}

static void what_is_no_weight_is_refused(void **state) {
  (void)state;
  ockham_read_options options = {.weight_column = "w"};
  ockham_error error =
      assert_csv_fails("a,w\n1,2\n1,-3\n", options,
                       "t.csv: row 2, column 2 'w': a weight must be 0 or a number from 1e-100 to 1e+100, found -3");
  assert_true(error.status == OCKHAM_BAD_DATA && error.row == 2 && error.column == 2);
  assert_csv_fails("a,w\n1,1e101\n", options,
                   "t.csv: row 1, column 2 'w': a weight must be 0 or a number from 1e-100 to 1e+100, found 1e+101");
  assert_csv_fails("a,w\n1,0\n2,0\n", options, "t.csv: all weights are 0, expected a row that counts");
  assert_csv_fails("a,w\n1,2\n", (ockham_read_options){.weight_column = "v"}, "t.csv: no column 'v'; it has 'a', 'w'");
  assert_csv_fails("a,w\n1,2\n", (ockham_read_options){.weight_column = "w", .label_column = "w"},
                   "t.csv: column 'w' cannot hold both labels and weights");
  assert_csv_fails("w\n2\n", options, "t.csv: none of its 1 column is left as a feature");
}

/* A missing weight is none; a row is dropped for it, but it is never made up. */
static void missing_weights(void **state) {
  (void)state;
  const char *text = "a,w\n1,2\n2,\n,3\n4,5\n";
  ockham_table *table;
  ockham_error error = {0};
  ockham_read_options options = {.weight_column = "w"};
  assert_int_equal(csv_read(text, strlen(text), 0, options, &table, &error), OCKHAM_BAD_DATA);
  assert_int_equal(error.row, 2);
  assert_int_equal(error.column, 2);
  options.missing = OCKHAM_MISSING_DROP;
  table = csv_table(text, options);
  assert_int_equal(ockham_table_n_rows_dropped(table), 2);
  assert_int_equal(ockham_table_source_row(table, 1), 4);
  check_weights(table, 2, ROWS(2, 5));
  assert_table(table, 2, 1, ROWS(1, 4));
  options.missing = OCKHAM_MISSING_MEAN;
  assert_csv_fails(text, options,
                   "t.csv: row 2, column 2 'w': a weight must be 0 or a number from 1e-100 to 1e+100, found nan");
}

static void means_are_by_weight(void **state) {
  (void)state;
  ockham_read_options options = {.weight_column = "w", .missing = OCKHAM_MISSING_MEAN};
  assert_weighted("a,b,w\n1,10,1\n4,,2\n,40,3\n100,,0\n,7,0\n", options, 5, 2,
                  ROWS(1, 10, 4, 32.5, 3, 40, 100, 32.5, 3, 7), ROWS(1, 2, 3, 0, 0));
  assert_csv_fails("a,b,w\n1,,1\n4,2,0\n", options,
                   "t.csv: column 'b' has no cell but missing ones; leave it out with --ignore");
}

static void blocks_have_weights(void **state) {
  (void)state;
  char *path = make_path(".csv");
  write_file(path, awb, strlen(awb));
  ockham_reader *reader;
  ockham_rows rows;
  assert_ok(ockham_reader_open(path, &(ockham_read_options){.weight_column = "w"}, &reader, err));
  assert_int_equal(ockham_reader_n_columns(reader), 2);
  assert_string_equal(ockham_reader_column_name(reader, 1), "b");
  assert_ok(ockham_reader_next(reader, &rows, err));
  assert_int_equal(rows.n_rows, 3);
  for (size_t i = 0; i < 3; i++) {
    assert_true(ockham_reader_weights(reader)[i] == ROWS(2, 0.5, 0)[i]);
    assert_true(ock_rows_get(rows, i, 1) == ROWS(3, 6, 9)[i]);
  }
  ockham_reader_close(reader);
  drop_path(path);
}

/* Features and weights of float32. */
static void npy_columns_hold_weights(void **state) {
  (void)state;
  static const float values[] = {1, 0.25f, 3, 4, 2, 6};
  char header[129], *path = make_path(".npy");
  memset(header, ' ', sizeof header);
  memcpy(header, "\x93NUMPY\1\0\x76\0", 10);
  const char *text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}";
  memcpy(header + 10, text, strlen(text));
  header[127] = '\n';
  unsigned char bytes[128 + sizeof values];
  memcpy(bytes, header, 128);
  memcpy(bytes + 128, values, sizeof values);
  write_file(path, bytes, sizeof bytes);
  ockham_table *table;
  assert_ok(ockham_table_read(path, &(ockham_read_options){.weight_column = "2"}, &table, err));
  ockham_rows rows = ockham_table_rows(table);
  check_weights(table, 2, ROWS(0.25, 2));
  assert_true(rows.dtype == OCKHAM_FLOAT32 && rows.n_columns == 2);
  assert_memory_equal(rows.data, ((const float[]){1, 3, 4, 6}), 4 * sizeof(float));
  ockham_table_free(table);
  drop_path(path);
}

static void running_out_of_memory_is_told(void **state) {
  (void)state;
  for_each_allocation_failure(n) {
    ockham_table *table;
    ockham_error error = {0};
    ockham_read_options options = {.weight_column = "w", .missing = OCKHAM_MISSING_MEAN, .threads = 1};
    ock_fault_after(n);
    ockham_status status = csv_read(awb, strlen(awb), 0, options, &table, &error);
    assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
    ockham_table_free(table);
  }
}

/* ---- scaling ---- */

enum { N = 90, D = 4, MOST_TIMES = 5 };

static void scalings_are_those_of_repeated_rows(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 8; seed++) {
    ock_rng rng = ock_rng_make(seed, 1);
    static double x[N * D], repeated[MOST_TIMES * N * D], weights[N];
    size_t total = 0;
    for (size_t i = 0; i < N; i++) {
      weights[i] = (double)ock_rng_below(&rng, MOST_TIMES);
      for (size_t j = 0; j < D; j++)
        x[i * D + j] = j == 2 ? 4 : 1e6 * (double)j + (double)ock_rng_below(&rng, 40) * (double)(1 + j);
      if (weights[i] == 0) x[i * D] = 1e9; /* counts nowhere */
      for (double time = 0; time < weights[i]; time++) memcpy(repeated + total++ * D, x + i * D, D * sizeof(double));
    }
    for (int kind = OCKHAM_SCALE_AUTO; kind <= OCKHAM_SCALE_ROBUST; kind++) {
      ockham_scaling a, b;
      assert_ok(ockham_scaling_fit_weighted((ockham_rows){.data = x, .n_rows = N, .n_columns = D}, weights,
                                            (ockham_scale)kind, &a, err));
      assert_ok(ockham_scaling_fit((ockham_rows){.data = repeated, .n_rows = total, .n_columns = D}, (ockham_scale)kind,
                                   &b, err));
      assert_int_equal(a.kind, b.kind);
      assert_close(a.spread_ratio, b.spread_ratio, 1e-12);
      for (size_t j = 0; a.centre && j < D; j++) {
        assert_close(a.centre[j], b.centre[j], 1e-14);
        assert_close(a.factor[j], b.factor[j], 1e-12);
      }
      ockham_scaling_clear(&a);
      ockham_scaling_clear(&b);
    }
  }
}

static void scalings_refuse_what_is_no_weight(void **state) {
  (void)state;
  ockham_scaling scaling;
  ockham_error error = {0};
  ockham_rows x = {.data = ROWS(1, 2, 3), .n_rows = 3, .n_columns = 1};
  assert_int_equal(ockham_scaling_fit_weighted(x, ROWS(1, NAN, 1), OCKHAM_SCALE_STANDARD, &scaling, &error),
                   OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "row 2: a weight must be 0 or a number from 1e-100 to 1e+100, found nan");
  assert_int_equal(error.row, 2);
  assert_int_equal(ockham_scaling_fit_weighted(x, ROWS(0, 0, 0), OCKHAM_SCALE_ROBUST, &scaling, &error),
                   OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "all weights are 0, expected a row that counts");
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_scaling_fit_weighted(x, ROWS(1, 0, 3), OCKHAM_SCALE_ROBUST, &scaling, &error);
    assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
    if (!status) ockham_scaling_clear(&scaling);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_no_feature),
      cmocka_unit_test(what_is_no_weight_is_refused),
      cmocka_unit_test(missing_weights),
      cmocka_unit_test(means_are_by_weight),
      cmocka_unit_test(blocks_have_weights),
      cmocka_unit_test(npy_columns_hold_weights),
      cmocka_unit_test(running_out_of_memory_is_told),
      cmocka_unit_test(scalings_are_those_of_repeated_rows),
      cmocka_unit_test(scalings_refuse_what_is_no_weight),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
