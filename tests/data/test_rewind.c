/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are read more than once: the same rows, labels and numbers each time, scaled or not. */
#include "data/source_test.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__})

/* Rows of a, b and who, some with gaps; longer than one piece of the parallel reader. */
static char *write_table(size_t n_rows) {
  char *path = make_path(".csv");
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  fputs("a,who,b\n", out);
  for (size_t i = 0; i < n_rows; i++)
    if (i % 1000 == 7)
      fprintf(out, "NA,w%zu,1\n", i % 5);
    else
      fprintf(out, "%zu.25,w%zu,%zu\n", i, i % 5, 2 * i);
  assert_int_equal(fclose(out), 0);
  return path;
}

static ockham_reader *open_path(const char *path, ockham_read_options options) {
  ockham_reader *reader;
  assert_ok(ockham_reader_open(path, &options, &reader, err));
  return reader;
}

/* Read up to `most` rows and check them: columns are b, a. Returns how many there were. */
static size_t check_rows(ockham_reader *reader, size_t most, const ockham_scaling *scaling) {
  size_t n = 0;
  for (ockham_rows rows; n < most; n += rows.n_rows) {
    assert_ok(ockham_reader_next(reader, &rows, err));
    if (rows.n_rows == 0) break;
    const uint32_t *labels = ockham_reader_labels(reader);
    for (size_t i = 0; i < rows.n_rows; i++) {
      size_t number = (size_t)ockham_reader_source_row(reader, i) - 1;
      double b = 2 * (double)number, a = (double)number + 0.25;
      if (scaling) {
        b = (b - scaling->centre[0]) * scaling->factor[0];
        a = (a - scaling->centre[1]) * scaling->factor[1];
      }
      assert_true(ock_rows_get(rows, i, 0) == b && ock_rows_get(rows, i, 1) == a);
      assert_int_equal(labels[i], number % 5);
    }
  }
  return n;
}

static void test_rounds_are_alike(void **state) {
  (void)state;
  enum { N = 60000 };
  char *path = write_table(N);
  ockham_reader *reader = open_path(path, (ockham_read_options){.columns = NAMES("b", "a"),
                                                                .n_columns = 2,
                                                                .label_column = "who",
                                                                .missing = OCKHAM_MISSING_DROP,
                                                                .threads = 3});
  ockham_row_source source;
  double centre[] = {7, 9}, factor[] = {0.5, 0.1};
  const ockham_scaling scaling = {OCKHAM_SCALE_STANDARD, 2, centre, factor, 1};
  assert_ok(ockham_reader_source(reader, &source, err));
  assert_int_equal(source.n_columns, 2);
  for (int round = 0; round < 4; round++) {
    if (round == 2) ockham_reader_scale(reader, &scaling);
    assert_ok(source.rewind(source.user, err));
    size_t most = round == 1 ? 10 : SIZE_MAX, n = check_rows(reader, most, round >= 2 ? &scaling : NULL);
    if (round == 1) continue;
    assert_int_equal(n, N - N / 1000);
    assert_int_equal(ockham_reader_n_rows_dropped(reader), N / 1000);
    assert_int_equal(ockham_reader_n_label_values(reader), 5);
  }
  ockham_reader_close(reader);
  drop_path(path);
}

static void test_a_file_that_has_changed(void **state) {
  (void)state;
  char *path = make_path(".csv");
  write_file(path, "a,b\n1,2\n", 8);
  ockham_reader *reader = open_path(path, (ockham_read_options){0});
  ockham_rows rows;
  ockham_error err;
  assert_int_equal(ockham_reader_next(reader, &rows, &err), OCKHAM_OK);
  write_file(path, "a,c\n1,2\n", 8);
  assert_int_equal(ockham_reader_rewind(reader, &err), OCKHAM_BAD_FILE);
  assert_non_null(strstr(err.message, ": has other columns than when it was read before"));
  unlink(path);
  assert_int_equal(ockham_reader_rewind(reader, &err), OCKHAM_IO);
  ockham_reader_close(reader);
  free(path);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  char *path = write_table(50);
  for_each_allocation_failure(n) {
    ockham_reader *reader;
    ockham_rows rows;
    const ockham_read_options options = {.ignore = NAMES("who"), .n_ignore = 1, .missing = OCKHAM_MISSING_DROP};
    double centre[] = {7, 9}, factor[] = {0.5, 0.1};
    const ockham_scaling scaling = {OCKHAM_SCALE_STANDARD, 2, centre, factor, 1};
    ock_fault_after(n);
    ockham_status status = ockham_reader_open(path, &options, &reader, NULL);
    if (!status) {
      ockham_reader_scale(reader, &scaling);
      status = ockham_reader_next(reader, &rows, NULL);
      if (!status) status = ockham_reader_rewind(reader, NULL);
      if (!status) status = ockham_reader_next(reader, &rows, NULL);
    }
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_reader_close(reader);
  }
  drop_path(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rounds_are_alike),
      cmocka_unit_test(test_a_file_that_has_changed),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
