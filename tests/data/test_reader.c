/* SPDX-License-Identifier: Apache-2.0 */
/* Which format, which columns, which rows: the layer above all formats, and where bytes come from. */
#include "csv_text.h"
#include "data/source_test.h"

#define ROWS(...) ((const double[]){__VA_ARGS__})
#define NAMES(...) ((const char *const[]){__VA_ARGS__})

static const char abc[] = "a,b,c\n1,2,3\n4,5,6\n";

static void assert_chosen(ockham_read_options options, size_t n_columns, const double *values) {
  assert_table(csv_table(abc, options), 2, n_columns, values);
}

/* ---- columns ---- */

static void columns_are_chosen_in_any_order(void **state) {
  (void)state;
  assert_chosen((ockham_read_options){.columns = NAMES("c", "a"), .n_columns = 2}, 2, ROWS(3, 1, 6, 4));
  assert_chosen((ockham_read_options){.columns = NAMES("3", "2", "1"), .n_columns = 3}, 3, ROWS(3, 2, 1, 6, 5, 4));
  assert_chosen((ockham_read_options){.ignore = NAMES("b"), .n_ignore = 1}, 2, ROWS(1, 3, 4, 6));
  assert_chosen((ockham_read_options){.ignore = NAMES("1", "c"), .n_ignore = 2}, 1, ROWS(2, 5));
  assert_chosen((ockham_read_options){.label_column = "a"}, 2, ROWS(2, 3, 5, 6));
}

static void labels_and_ignored_columns_are_no_features(void **state) {
  (void)state;
  ockham_read_options options = {
      .columns = NAMES("b", "a", "c"), .n_columns = 3, .label_column = "a", .ignore = NAMES("a"), .n_ignore = 1};
  assert_chosen(options, 2, ROWS(2, 3, 5, 6));
  options = (ockham_read_options){.columns = NAMES("b", "a"), .n_columns = 2, .ignore = NAMES("a"), .n_ignore = 1};
  assert_chosen(options, 1, ROWS(2, 5));
}

static void names_go_before_numbers(void **state) {
  (void)state;
  ockham_read_options options = {.columns = NAMES("3"), .n_columns = 1, .header = OCKHAM_HEADER_PRESENT};
  assert_table(csv_table("3,2,1\n7,8,9\n", options), 1, 1, ROWS(7));
}

static void bad_choices_are_refused(void **state) {
  (void)state;
  ockham_read_options options = {.columns = NAMES("foo"), .n_columns = 1};
  ockham_error error = assert_csv_fails(abc, options, "t.csv: no column 'foo'; it has 'a', 'b', 'c'");
  assert_int_equal(error.status, OCKHAM_BAD_ARGUMENT);
  assert_csv_fails("a,b,c,d,e,f,g,h,i\n1,2,3,4,5,6,7,8,9\n", (ockham_read_options){.label_column = "z"},
                   "t.csv: no column 'z'; it has 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ...");
  assert_csv_fails(abc, (ockham_read_options){.ignore = NAMES("4"), .n_ignore = 1},
                   "t.csv: no column '4'; it has 'a', 'b', 'c'");
  assert_csv_fails(abc, (ockham_read_options){.ignore = NAMES("0"), .n_ignore = 1},
                   "t.csv: no column '0'; it has 'a', 'b', 'c'");
  assert_csv_fails("a,a\n1,2\n", (ockham_read_options){.ignore = NAMES("a"), .n_ignore = 1},
                   "t.csv: 2 columns are named 'a'; choose by number");
  assert_csv_fails(abc, (ockham_read_options){.columns = NAMES("a", "1"), .n_columns = 2},
                   "t.csv: column '1' was chosen twice");
  assert_csv_fails("a\n1\n", (ockham_read_options){.label_column = "a"},
                   "t.csv: none of its 1 column is left as a feature");
  assert_csv_fails(abc, (ockham_read_options){.ignore = NAMES("a", "b", "c"), .n_ignore = 3},
                   "t.csv: none of its 3 columns is left as a feature");
}

static void names_that_repeat_are_fine_when_all_are_read(void **state) {
  (void)state;
  assert_csv("a,a\n1,2\n", 1, 2, ROWS(1, 2));
}

/* ---- a source that is no text ---- */

typedef struct numbers {
  ock_source base;
  const void *values;
  size_t n_rows, n_given, rows_per_block;
} numbers;

static ockham_status numbers_next(ock_source *source, ock_block *block, ockham_error *err) {
  (void)err;
  numbers *self = (numbers *)source;
  size_t n = self->n_rows - self->n_given, width = source->dtype == OCKHAM_FLOAT32 ? 4 : 8;
  if (n > self->rows_per_block) n = self->rows_per_block;
  *block = (ock_block){.values = (const char *)self->values + self->n_given * source->n_columns * width,
                       .n_rows = n,
                       .dtype = source->dtype};
  self->n_given += n;
  return OCKHAM_OK;
}

static void numbers_close(ock_source *source) {
  ock_source_clear(source);
}

static ockham_status open_numbers(numbers *self, const void *values, size_t n_rows, size_t n_columns,
                                  ockham_dtype dtype, const ockham_read_options *options, ockham_reader **reader,
                                  ockham_error *err) {
  *self = (numbers){.base = {.path = "t.npy", .dtype = dtype, .next = numbers_next, .close = numbers_close},
                    .values = values,
                    .n_rows = n_rows,
                    .rows_per_block = 2};
  OCK_TRY(ock_source_set_columns(&self->base, n_columns, true, err));
  return ock_reader_open_source(&self->base, options, reader, err);
}

static void float32_blocks_become_float64(void **state) {
  (void)state;
  static const float values[] = {1, 2, 3, 4, 5, 6};
  numbers source;
  ockham_reader *reader;
  ockham_rows rows;
  ockham_read_options options = {.columns = NAMES("x2", "x1"), .n_columns = 2};
  assert_ok(open_numbers(&source, values, 3, 2, OCKHAM_FLOAT32, &options, &reader, err));
  assert_int_equal(ockham_reader_n_columns(reader), 2);
  assert_string_equal(ockham_reader_column_name(reader, 0), "x2");
  assert_ok(ockham_reader_next(reader, &rows, err));
  assert_int_equal(rows.dtype, OCKHAM_FLOAT64);
  assert_int_equal(rows.n_rows, 2);
  assert_memory_equal(rows.data, ROWS(2, 1, 4, 3), 4 * sizeof(double));
  assert_ok(ockham_reader_next(reader, &rows, err));
  assert_int_equal(rows.n_rows, 1);
  assert_ok(ockham_reader_next(reader, &rows, err));
  assert_int_equal(rows.n_rows, 0);
  ockham_reader_close(reader);
}

/* The same with values that are two chosen features of three columns, one row a block. */
static ockham_status features_next(ock_source *source, ock_block *block, ockham_error *err) {
  (void)err;
  numbers *self = (numbers *)source;
  *block = (ock_block){.values = (const double *)self->values + 2 * self->n_given, .n_rows = self->n_given < 3};
  self->n_given += block->n_rows;
  return OCKHAM_OK;
}

static void values_that_are_not_finite_are_placed(void **state) {
  (void)state;
  static const struct {
    double values[6]; /* three rows of x2, x3 */
    ockham_missing missing;
    unsigned row, column;
    const char *message;
  } cases[] = {
      {{1, 2, 3, 4, 5, NAN},
       OCKHAM_MISSING_ERROR,
       3,
       3,
       "t.npy: row 3, column 3 'x3' is missing (NaN); --missing drop leaves out such rows, --missing mean fills them "
       "in"},
      {{1, 2, INFINITY, NAN, 5, 6},
       OCKHAM_MISSING_ERROR,
       2,
       2,
       "t.npy: row 2, column 2 'x2' holds inf, which is not finite"},
      {{1, NAN, 3, 4, 5, -INFINITY},
       OCKHAM_MISSING_MEAN,
       3,
       3,
       "t.npy: row 3, column 3 'x3' holds -inf, which is not finite"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    numbers source;
    ockham_reader *reader;
    ockham_rows rows;
    ockham_error error = {0};
    ockham_read_options options = {.missing = cases[i].missing, .columns = NAMES("x3", "x2"), .n_columns = 2};
    assert_ok(open_numbers(&source, cases[i].values, 3, 3, OCKHAM_FLOAT64, &options, &reader, err));
    source.base.next = features_next;
    ockham_status status = OCKHAM_OK;
    for (int n = 0; n < 3 && !status; n++) status = ockham_reader_next(reader, &rows, &error);
    assert_int_equal(status, OCKHAM_BAD_DATA);
    assert_string_equal(error.message, cases[i].message);
    assert_int_equal(error.row, cases[i].row);
    assert_int_equal(error.column, cases[i].column);
    ockham_reader_close(reader);
  }
}

static void dropped_rows_keep_the_numbers_of_the_rest(void **state) {
  (void)state;
  static const double values[] = {1, 2, NAN, 4, 5, 6, INFINITY, INFINITY, 9, NAN, 11, 12};
  numbers source;
  ockham_reader *reader;
  ockham_rows rows;
  ockham_read_options options = {.missing = OCKHAM_MISSING_DROP};
  assert_ok(open_numbers(&source, values, 6, 2, OCKHAM_FLOAT64, &options, &reader, err));
  static const double kept[] = {1, 2, 5, 6, 11, 12};
  static const uint64_t numbers_kept[] = {1, 3, 6};
  size_t n = 0;
  for (;;) {
    assert_ok(ockham_reader_next(reader, &rows, err));
    if (rows.n_rows == 0) break;
    for (size_t i = 0; i < rows.n_rows; i++, n++) {
      assert_memory_equal((const double *)rows.data + 2 * i, kept + 2 * n, 2 * sizeof(double));
      assert_int_equal(ockham_reader_source_row(reader, i), numbers_kept[n]);
    }
  }
  assert_int_equal(n, 3);
  ockham_reader_close(reader);
}

/* ---- files ---- */

static ockham_error assert_file_fails(const char *path, ockham_read_options options, ockham_status status) {
  ockham_error error = {0};
  ockham_reader *reader = (ockham_reader *)&error;
  assert_int_equal(ockham_reader_open(path, &options, &reader, &error), status);
  assert_null(reader);
  assert_int_equal(error.status, status);
  return error;
}

static void what_is_no_file_is_told(void **state) {
  (void)state;
  ockham_error error = assert_file_fails("/nonexistent/data.csv", (ockham_read_options){0}, OCKHAM_IO);
  assert_string_equal(error.message, "/nonexistent/data.csv: cannot be opened: No such file or directory");
  error = assert_file_fails("/", (ockham_read_options){0}, OCKHAM_IO);
  assert_string_equal(error.message, "/: is a directory, expected a file");
  assert_file_fails(NULL, (ockham_read_options){0}, OCKHAM_BAD_ARGUMENT);
}

static void options_that_do_not_fit_are_told(void **state) {
  (void)state;
  char *path = make_path(".csv");
  write_file(path, abc, sizeof abc - 1);
  assert_file_fails(path, (ockham_read_options){.query = "select 1"}, OCKHAM_BAD_ARGUMENT);
  assert_file_fails(path, (ockham_read_options){.missing = OCKHAM_MISSING_MEAN}, OCKHAM_BAD_ARGUMENT);
  assert_file_fails(path, (ockham_read_options){.missing = (ockham_missing)7}, OCKHAM_BAD_ARGUMENT);
  char with_part[600], expected[700];
  snprintf(with_part, sizeof with_part, "%s:table", path);
  snprintf(expected, sizeof expected, "%s: only HDF5 and SQLite files have parts to choose", with_part);
  ockham_error error = assert_file_fails(with_part, (ockham_read_options){0}, OCKHAM_BAD_ARGUMENT);
  assert_string_equal(error.message, expected);
  drop_path(path);
}

static void a_colon_may_be_part_of_a_name(void **state) {
  (void)state;
  char *path = make_path(":x.csv");
  write_file(path, abc, sizeof abc - 1);
  ockham_table *table;
  assert_ok(ockham_table_read(path, NULL, &table, err));
  assert_table(table, 2, 3, ROWS(1, 2, 3, 4, 5, 6));
  drop_path(path);
}

static void formats_follow_from_the_first_bytes(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
  } starts[] = {{"\x93NUMPY\1\0", 8}, {"\x89HDF\r\n\x1a\n", 8}, {"SQLite format 3", 16}};
  for (size_t i = 0; i < 3; i++) {
    char *path = make_path(".csv");
    write_file(path, starts[i].bytes, starts[i].size);
    ockham_error error = {0};
    ockham_reader *reader;
    ockham_status status = ockham_reader_open(path, NULL, &reader, &error);
    assert_true(status == OCKHAM_BAD_FILE || status == OCKHAM_UNSUPPORTED);
    drop_path(path);
  }
}

/* Run with standard input replaced by a pipe that a child process fills. */
static ockham_status read_stdin(const void *bytes, size_t size, ockham_table **table, ockham_error *err) {
  int ends[2], kept = dup(STDIN_FILENO);
  assert_int_equal(pipe(ends), 0);
  assert_true(size < 60000); /* fits the pipe */
  assert_int_equal(write(ends[1], bytes, size), (ssize_t)size);
  close(ends[1]);
  dup2(ends[0], STDIN_FILENO);
  close(ends[0]);
  ockham_status status = ockham_table_read("-", NULL, table, err);
  dup2(kept, STDIN_FILENO);
  close(kept);
  return status;
}

static void standard_input_is_read(void **state) {
  (void)state;
  ockham_table *table;
  assert_ok(read_stdin(abc, sizeof abc - 1, &table, err));
  assert_table(table, 2, 3, ROWS(1, 2, 3, 4, 5, 6));
  ockham_error error;
  assert_int_equal(read_stdin("a\n1\nx\n", 6, &table, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "stdin:3: column 1 'a' holds text ('x'), expected a number");
}

/* `a,b\n1,2\n3,4\n` as gzip 1.12 packs it. */
static const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b,
                                       0xd4, 0x49, 0xe2, 0x32, 0xd4, 0x31, 0xe2, 0x32, 0xd6, 0x31, 0xe1,
                                       0x02, 0x00, 0xe5, 0xe9, 0xd6, 0xce, 0x0c, 0x00, 0x00, 0x00};

static bool has_zlib(void) {
  ockham_table *table;
  ockham_error error;
  ockham_status status = csv_read(packed, sizeof packed, 0, (ockham_read_options){0}, &table, &error);
  ockham_table_free(table);
  return status != OCKHAM_UNSUPPORTED;
}

static void gzip_is_unpacked(void **state) {
  (void)state;
  if (!has_zlib()) skip();
  ockham_table *table;
  assert_ok(read_stdin(packed, sizeof packed, &table, err));
  assert_table(table, 2, 2, ROWS(1, 2, 3, 4));
  unsigned char padded[sizeof packed + 5] = {0};
  memcpy(padded, packed, sizeof packed);
  assert_ok(csv_read(padded, sizeof padded, 0, (ockham_read_options){0}, &table, err));
  assert_table(table, 2, 2, ROWS(1, 2, 3, 4));
}

static void gzip_members_are_joined(void **state) {
  (void)state;
  if (!has_zlib()) skip();
  unsigned char twice[2 * sizeof packed];
  memcpy(twice, packed, sizeof packed);
  memcpy(twice + sizeof packed, packed, sizeof packed);
  ockham_error error;
  ockham_table *table;
  assert_int_equal(csv_read(twice, sizeof twice, 0, (ockham_read_options){0}, &table, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "t.csv:4: column 1 'a' holds text ('a'), expected a number");
}

static void gzip_that_is_cut_or_damaged_is_refused(void **state) {
  (void)state;
  if (!has_zlib()) skip();
  ockham_error error;
  ockham_table *table;
  for (size_t size = 2; size < sizeof packed; size++) {
    assert_int_equal(csv_read(packed, size, 0, (ockham_read_options){0}, &table, &error), OCKHAM_BAD_FILE);
    assert_string_equal(error.message, "t.csv: the gzip data end early: the file is cut off");
  }
  unsigned char damaged[sizeof packed];
  memcpy(damaged, packed, sizeof packed);
  damaged[sizeof packed - 6] ^= 1; /* in the checksum */
  assert_int_equal(csv_read(damaged, sizeof damaged, 0, (ockham_read_options){0}, &table, &error), OCKHAM_BAD_FILE);
}

static void running_out_of_memory_is_told(void **state) {
  (void)state;
  char *path = make_path(".csv");
  write_file(path, packed, sizeof packed);
  ockham_read_options options = {.missing = OCKHAM_MISSING_DROP, .columns = NAMES("b", "a"), .n_columns = 2};
  bool packed_is_read = has_zlib();
  for_each_allocation_failure(n) {
    ockham_reader *reader;
    ockham_rows rows;
    ockham_error error;
    ock_fault_after(n);
    ockham_status status = ockham_reader_open(path, &options, &reader, &error);
    if (!status) status = ockham_reader_next(reader, &rows, &error);
    if (packed_is_read) assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_reader_close(reader);
  }
  drop_path(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_are_chosen_in_any_order),
      cmocka_unit_test(labels_and_ignored_columns_are_no_features),
      cmocka_unit_test(names_go_before_numbers),
      cmocka_unit_test(bad_choices_are_refused),
      cmocka_unit_test(names_that_repeat_are_fine_when_all_are_read),
      cmocka_unit_test(float32_blocks_become_float64),
      cmocka_unit_test(values_that_are_not_finite_are_placed),
      cmocka_unit_test(dropped_rows_keep_the_numbers_of_the_rest),
      cmocka_unit_test(what_is_no_file_is_told),
      cmocka_unit_test(options_that_do_not_fit_are_told),
      cmocka_unit_test(a_colon_may_be_part_of_a_name),
      cmocka_unit_test(formats_follow_from_the_first_bytes),
      cmocka_unit_test(standard_input_is_read),
      cmocka_unit_test(gzip_is_unpacked),
      cmocka_unit_test(gzip_members_are_joined),
      cmocka_unit_test(gzip_that_is_cut_or_damaged_is_refused),
      cmocka_unit_test(running_out_of_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
