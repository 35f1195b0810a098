/* SPDX-License-Identifier: Apache-2.0 */
/* Missing cells that are kept, columns of texts and columns of times, of CSV. */
#include "csv_text.h"
#include "data/source_test.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__})
static const ockham_read_options keep = {.missing = OCKHAM_MISSING_KEEP},
                                 find = {.missing = OCKHAM_MISSING_KEEP, .find_categories = true};

/* As assert_table(), where NaN is NaN. */
static void assert_values(const ockham_table *table, size_t n_rows, size_t n_columns, const double *values) {
  assert_int_equal(table->n_rows, n_rows);
  assert_int_equal(table->n_columns, n_columns);
  for (size_t i = 0; i < n_rows * n_columns; i++) {
    double found = ((double *)table->values)[i];
    if (!(found == values[i] || (isnan(found) && isnan(values[i]))))
      fail_msg("value %zu is %g, expected %g", i, found, values[i]);
  }
}
#define assert_cells(table, n_rows, n_columns, ...) \
  assert_values(table, n_rows, n_columns, (const double[]){__VA_ARGS__})

static void assert_texts(const ockham_table *table, size_t j, const char *joined) {
  char found[256] = "";
  for (size_t i = 0; i < ockham_table_n_texts(table, j); i++) {
    strcat(found, i ? "|" : "");
    strcat(found, ockham_table_text(table, j, i));
  }
  assert_string_equal(found, joined);
}

static void kept_cells_are_nan(void **state) {
  (void)state;
  ockham_table *table = csv_table("a,b\n1,\nNA,-inf\n?,inf\n", keep);
  assert_cells(table, 3, 2, 1, NAN, NAN, -INFINITY, NAN, INFINITY);
  assert_int_equal(ockham_table_n_rows_dropped(table) + ockham_table_n_cells_filled(table), 0);
  assert_int_equal(ockham_table_source_row(table, 2), 3);
  assert_int_equal(ockham_table_n_texts(table, 0), 0);
  assert_null(ockham_table_times(table));
  ockham_table_free(table);
  assert_csv_fails("a\n1\nx\n", keep, "t.csv:3: column 1 'a' holds text ('x'), expected a number");
}

static void texts_are_numbered_as_they_come(void **state) {
  (void)state;
  ockham_read_options options = {
      .missing = OCKHAM_MISSING_KEEP, .category_columns = NAMES("k", "n"), .n_category_columns = 2};
  const char *text = "a,k,n\n1,red,1\n2,\"the \"\"green\"\"\",1.0\n3, red ,NA\n4,-,1\n5,\"red\",2\n";
  ockham_table *table = csv_table(text, options);
  assert_cells(table, 5, 3, 1, 0, 0, 2, 1, 1, 3, 0, NAN, 4, NAN, 0, 5, 0, 2);
  assert_texts(table, 0, "");
  assert_texts(table, 1, "red|the \"green\"");
  assert_texts(table, 2, "1|1.0|2");
  ockham_table_free(table);
  options.columns = NAMES("n", "a", "k"), options.n_columns = 3;
  table = csv_table(text, options);
  assert_cells(table, 5, 3, 0, 1, 0, 1, 2, 1, NAN, 3, 0, 0, 4, NAN, 2, 5, 0);
  assert_texts(table, 0, "1|1.0|2");
  ockham_table_free(table);
}

static void missing_texts_are_as_asked(void **state) {
  (void)state;
  ockham_read_options options = {.category_columns = NAMES("k"), .n_category_columns = 1};
  const char *text = "a,k\n1,x\n2,\n3,y\n";
  assert_csv_fails(text, options,
                   "t.csv:3: column 2 'k' is empty; --missing drop leaves out such rows, --missing mean fills them in");
  options.missing = OCKHAM_MISSING_DROP;
  ockham_table *table = csv_table(text, options);
  assert_cells(table, 2, 2, 1, 0, 3, 1);
  ockham_table_free(table);
  options.missing = OCKHAM_MISSING_MEAN;
  assert_csv_fails(text, options,
                   "t.csv: column 'k' holds texts, so the 1 missing ones have no mean; leave it out, or such rows");
}

static void columns_of_text_are_found(void **state) {
  (void)state;
  ockham_table *table = csv_table("a,k\n1,x\n,y\n3,\n", find);
  assert_cells(table, 3, 2, 1, 0, NAN, 1, 3, NAN);
  assert_texts(table, 1, "x|y");
  ockham_table_free(table);
  table = csv_table("red,1\nblue,2\n", find);
  assert_cells(table, 2, 2, 0, 1, 1, 2);
  assert_string_equal(ockham_table_column_name(table, 0), "x1");
  ockham_table_free(table);
  table = csv_table("a,b\n1,2\n3,4\n", find);
  assert_null(table->texts);
  assert_cells(table, 2, 2, 1, 2, 3, 4);
  ockham_table_free(table);
  assert_csv_fails("a,b\n1;2\n3,5;4\n", (ockham_read_options){.find_categories = true, .delimiter = ';'},
                   "t.csv:2: expected 1 cell, found 2");
  assert_csv_fails("a;b\n1;2\n3,5;4\n", find,
                   "t.csv:3: column 1 'a' holds '3,5': commas in numbers are not understood; write a decimal point, "
                   "and nothing between thousands");
}

/* Text long after the first rows: what was read as numbers is read again as it stands in the file. */
static void text_that_comes_late_is_found(void **state) {
  (void)state;
  enum { N = 3000 };
  char *text = malloc(N * 24);
  for (int policy = OCKHAM_MISSING_ERROR; policy <= OCKHAM_MISSING_KEEP; policy++) {
    if (policy == OCKHAM_MISSING_MEAN) continue;
    size_t n = (size_t)sprintf(text, "a,late,later\n");
    for (int i = 0; i < N; i++)
      n += (size_t)sprintf(text + n, i == N - 1 ? "%d,1.0,z\n" : i == 1000 ? "%d,u,1\n" : "%d,1.0,1\n", i);
    ockham_table *table;
    ockham_read_options options = {.missing = (ockham_missing)policy, .find_categories = true, .threads = 2};
    assert_ok(csv_read(text, n, 512, options, &table, err));
    assert_int_equal(table->n_rows, N);
    assert_texts(table, 0, "");
    assert_texts(table, 1, "1.0|u");
    assert_texts(table, 2, "1|z");
    for (size_t i = 0; i < N; i++) {
      const double *row = (const double *)table->values + 3 * i;
      assert_true(row[0] == (double)i && row[1] == (i == 1000) && row[2] == (i == N - 1));
    }
    ockham_table_free(table);
  }
  free(text);
}

/* From a pipe, which cannot be read twice, as from a file. */
static void pipes_are_read_twice_where_they_must_be(void **state) {
  (void)state;
  char command[600], *path = make_path(".csv");
  FILE *file = fopen(path, "w");
  fprintf(file, "a,k\n");
  for (int i = 0; i < 200000; i++) fprintf(file, i == 150000 ? "%d,x\n" : "%d,7\n", i);
  fclose(file);
  snprintf(command, sizeof command, "cat %s", path);
  FILE *cat = popen(command, "r");
  int old = dup(STDIN_FILENO);
  dup2(fileno(cat), STDIN_FILENO);
  ockham_table *table;
  assert_ok(ockham_table_read("-", &find, &table, err));
  assert_int_equal(table->n_rows, 200000);
  assert_texts(table, 1, "7|x");
  ockham_table_free(table);
  pclose(cat);
  dup2(old, STDIN_FILENO);
  close(old);
  drop_path(path);
}

/* A random text: "w17", or nothing. Returns its number by first appearance. */
static double write_word(char *text, size_t *n, size_t n_words, int *numbers, int *n_seen, ock_rng *rng) {
  size_t word = ock_rng_below(rng, n_words);
  if (ock_rng_below(rng, 10) == 0) return (double)NAN;
  if (numbers[word] < 0) numbers[word] = (*n_seen)++;
  *n += (size_t)sprintf(text + *n, ock_rng_below(rng, 2) ? "w%zu" : "\"w%zu\"", word);
  return numbers[word];
}

/* What the text of a random table must be read as is known from how it was made. */
static size_t write_random(char *text, double *expected, size_t n_rows, ock_rng *rng) {
  size_t n = (size_t)sprintf(text, "u,x,v\n");
  int numbers[2][500], n_seen[2] = {0};
  memset(numbers, -1, sizeof numbers);
  for (size_t i = 0; i < n_rows; i++) {
    expected[3 * i] = write_word(text, &n, 4, numbers[0], &n_seen[0], rng);
    n += (size_t)sprintf(text + n, ",%zu,", i);
    expected[3 * i + 1] = (double)i;
    expected[3 * i + 2] = write_word(text, &n, 500, numbers[1], &n_seen[1], rng);
    text[n++] = '\n';
  }
  return n;
}

static void tables_are_the_same_for_any_pieces_and_threads(void **state) {
  (void)state;
  enum { N = 2000 };
  char *text = malloc(N * 40);
  double *expected = malloc(N * 3 * sizeof *expected);
  for (uint64_t seed = 0; seed < 5; seed++) {
    ock_rng rng = ock_rng_make(seed, 0);
    size_t n = write_random(text, expected, N, &rng);
    for (size_t threads = 1; threads <= 8; threads += 7)
      for (size_t piece = 16; piece <= 65536; piece *= 16) {
        ockham_read_options options = find;
        ockham_table *table;
        options.threads = threads;
        assert_ok(csv_read(text, n, piece, options, &table, err));
        assert_values(table, N, 3, expected);
        ockham_table_free(table);
      }
  }
  free(text);
  free(expected);
}

/* Of pandas 2: Timestamp(text).timestamp(), in UTC where the text says nothing. */
static void times_are_seconds(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double seconds;
  } known[] = {
      {"2026-03-01", 1772323200},
      {"2026-03-01T12:30:00Z", 1772368200},
      {"2026-03-01 12:30", 1772368200},
      {"2026-03-01T12:30:05.25+05:30", 1772348405.25},
      {"2024-02-29T23:59:59-0800", 1709279999},
      {"1969-12-31T23:59:59Z", -1},
      {"1900-03-01", -2203891200},
      {"2000-02-29 00:00:00.123456", 951782400.123456},
      {"9999-12-31T23:59:59Z", 253402300799},
      {"2026-03-01T01:00:00+02", 1772319600},
      {"0001-01-01", -62135596800},
      {"1772368200", 1772368200},
      {"-1.5", -1.5},
      {"1.7723682e9", 1772368200},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double seconds = 0;
    if (!ock_time_parse(known[i].text, strlen(known[i].text), &seconds)) fail_msg("%s", known[i].text);
    assert_close(seconds, known[i].seconds, 1e-15);
  }
  static const char *const none[] = {"",
                                     "x",
                                     "2026-02-29",
                                     "2026-13-01",
                                     "1900-02-29",
                                     "2026-03-1",
                                     "2026-03-01T",
                                     "2026-3-01",
                                     "2026-03-01T25:00",
                                     "2026-03-01T12",
                                     "2026-03-01T12:30:61",
                                     "2026-03-01T12:30:00.",
                                     "2026-03-01T12:30:00+",
                                     "0000-01-01",
                                     "2026-03-01Z",
                                     "2026-03-01T12:30:00+05:",
                                     "2026-03-01T12:30 x",
                                     "inf",
                                     "253402300800",
                                     "1772368200000",
                                     "2026-04-31"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    double seconds;
    if (ock_time_parse(none[i], strlen(none[i]), &seconds)) fail_msg("'%s' is %g", none[i], seconds);
  }
}

static void a_column_of_times_is_no_feature(void **state) {
  (void)state;
  ockham_read_options options = {.time_column = "t", .missing = OCKHAM_MISSING_KEEP};
  ockham_table *table = csv_table("a,t,b\n1,2026-03-01T12:30:00Z,2\n3,,4\n5,1772368201,6\n", options);
  const double *times = ockham_table_times(table);
  assert_true(times[0] == 1772368200 && isnan(times[1]) && times[2] == 1772368201);
  assert_cells(table, 3, 2, 1, 2, 3, 4, 5, 6);
  ockham_table_free(table);
  options.missing = OCKHAM_MISSING_DROP;
  table = csv_table("a,t\n1,2026-03-01\n3,\n5,7\n", options);
  assert_true(table->n_rows == 2 && ockham_table_times(table)[1] == 7);
  ockham_table_free(table);
  table = csv_table("2026-03-01 12:30:00,1\n2026-03-02 12:30:00,2\n", (ockham_read_options){.time_column = "1"});
  assert_true(ockham_table_times(table)[0] == 1772368200);
  assert_cells(table, 2, 1, 1, 2);
  ockham_table_free(table);
}

static void what_is_no_time_is_refused(void **state) {
  (void)state;
  ockham_read_options options = {.time_column = "t"};
  ockham_error error = assert_csv_fails(
      "a,t\n1,2026-03-01\n2,yesterday\n", options,
      "t.csv:3: column 2 't' holds 'yesterday', expected a time such as 2026-03-01T12:30:00Z, or seconds since 1970");
  assert_true(error.row == 2 && error.column == 2);
  assert_csv_fails("a,t\n1,1772368200000\n", options,
                   "t.csv:2: column 2 't' holds '1772368200000', expected seconds since 1970 in the years 1 to 9999 "
                   "(not milliseconds)");
  options.missing = OCKHAM_MISSING_MEAN;
  assert_csv_fails("a,t\n1,5\n2,\n", options,
                   "t.csv:3: column 2 't' is empty; --missing drop leaves out such rows, --missing mean fills them in");
  options = (ockham_read_options){.time_column = "t", .label_column = "t"};
  assert_csv_fails("a,t\n1,5\n", options, "t.csv: column 't' cannot hold both labels and times");
  options = (ockham_read_options){.time_column = "t", .weight_column = "t"};
  assert_csv_fails("a,t\n1,5\n", options, "t.csv: column 't' cannot hold both weights and times");
  options = (ockham_read_options){.time_column = "b"};
  assert_csv_fails("a,t\n1,5\n", options, "t.csv: no column 'b'; it has 'a', 't'");
  options = (ockham_read_options){
      .ignore = NAMES("t"), .n_ignore = 1, .category_columns = NAMES("t"), .n_category_columns = 1};
  assert_csv_fails("a,t\n1,5\n", options, "t.csv: column 't' is to hold categories, but is no feature");
}

/* A reader numbers texts as a table does, block by block, and once more after going back. */
static void readers_know_texts_and_times(void **state) {
  (void)state;
  char *path = make_path(".csv");
  FILE *file = fopen(path, "w");
  fprintf(file, "t,k,a\n");
  for (int i = 0; i < 50000; i++) fprintf(file, "%d,w%d,%d\n", i, i * 7 % 1000, i);
  fclose(file);
  ockham_read_options options = {
      .missing = OCKHAM_MISSING_KEEP, .time_column = "t", .category_columns = NAMES("k"), .n_category_columns = 1};
  ockham_table *table;
  ockham_reader *reader;
  assert_ok(ockham_table_read(path, &options, &table, err));
  assert_ok(ockham_reader_open(path, &options, &reader, err));
  for (int round = 0; round < 2; round++) {
    ockham_rows rows;
    size_t n = 0, n_blocks = 0;
    for (;; n += rows.n_rows, n_blocks++) {
      assert_ok(ockham_reader_next(reader, &rows, err));
      if (rows.n_rows == 0) break;
      assert_memory_equal(rows.data, (double *)table->values + 2 * n, rows.n_rows * 2 * sizeof(double));
      assert_memory_equal(ockham_reader_times(reader), table->time + n, rows.n_rows * sizeof(double));
    }
    assert_true(n == 50000 && n_blocks > 1);
    assert_int_equal(ockham_reader_n_texts(reader, 0), 1000);
    assert_int_equal(ockham_reader_n_texts(reader, 1), 0);
    for (size_t i = 0; i < 1000; i++)
      assert_string_equal(ockham_reader_text(reader, 0, i), ockham_table_text(table, 0, i));
    assert_ok(ockham_reader_rewind(reader, err));
  }
  ockham_reader_close(reader);
  ockham_table_free(table);
  ockham_error error;
  assert_int_equal(ockham_reader_open(path, &find, &reader, &error), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(error.message,
                      "columns of text cannot be found while reading in blocks: name them as categories");
  drop_path(path);
}

/* Files of numbers have texts where they are asked for: those that stand for the numbers. */
static void numbers_of_arrays_become_texts(void **state) {
  (void)state;
  static const float values[] = {0.5f, 3600, 1, NAN, 7200, 2, 0.1f, 10800, NAN, 0.5f, 14400, INFINITY};
  char *path = make_path(".npy"), header[129];
  snprintf(header, sizeof header, "%s%-117s\n", "\x93NUMPY\x01\x01\x01\x01",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3), }");
  header[7] = 0, header[8] = 118, header[9] = 0; /* version 1.0, then how long the rest is */
  unsigned char bytes[128 + sizeof values];
  memcpy(bytes, header, 128);
  memcpy(bytes + 128, values, sizeof values);
  write_file(path, bytes, sizeof bytes);
  ockham_read_options options = {.missing = OCKHAM_MISSING_KEEP,
                                 .category_columns = NAMES("1"),
                                 .n_category_columns = 1,
                                 .time_column = "2",
                                 .find_categories = true};
  ockham_table *table;
  assert_ok(ockham_table_read(path, &options, &table, err));
  static const float expected[] = {0, 1, NAN, 2, 1, NAN, 0, INFINITY};
  for (size_t i = 0; i < 8; i++) {
    float found = ((const float *)table->values)[i];
    assert_true(found == expected[i] || (isnan(found) && isnan(expected[i])));
  }
  char rounded[32];
  ock_number_format((double)0.1f, rounded);
  assert_int_equal(ockham_table_n_texts(table, 0), 2);
  assert_string_equal(ockham_table_text(table, 0, 0), "0.5");
  assert_string_equal(ockham_table_text(table, 0, 1), rounded);
  for (size_t i = 0; i < 4; i++) assert_true(ockham_table_times(table)[i] == 3600.0 * (double)(i + 1));
  ockham_table_free(table);
  options.time_column = "3";
  ockham_error error;
  assert_int_equal(ockham_table_read(path, &options, &table, &error), OCKHAM_BAD_DATA);
  assert_non_null(strstr(error.message, "row 4, column 3 'x3': expected a time in seconds since 1970, found inf"));
  assert_true(error.row == 4 && error.column == 3);
  drop_path(path);
}

static void running_out_of_memory_is_told(void **state) {
  (void)state;
  static const char text[] = "a,k,t,l\n1,u,1,1\n2,\"v\"\"\",2,1\n,w,3,x\n5,u,6,7\n";
  for_each_allocation_failure(n) {
    ockham_table *table;
    ockham_error error;
    ock_fault_after(n);
    ockham_read_options options = find;
    options.threads = 1, options.time_column = "t";
    ockham_status status = csv_read(text, sizeof text - 1, 8, options, &table, &error);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_table_free(table);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kept_cells_are_nan),
      cmocka_unit_test(texts_are_numbered_as_they_come),
      cmocka_unit_test(missing_texts_are_as_asked),
      cmocka_unit_test(columns_of_text_are_found),
      cmocka_unit_test(text_that_comes_late_is_found),
      cmocka_unit_test(pipes_are_read_twice_where_they_must_be),
      cmocka_unit_test(tables_are_the_same_for_any_pieces_and_threads),
      cmocka_unit_test(times_are_seconds),
      cmocka_unit_test(a_column_of_times_is_no_feature),
      cmocka_unit_test(what_is_no_time_is_refused),
      cmocka_unit_test(readers_know_texts_and_times),
      cmocka_unit_test(numbers_of_arrays_become_texts),
      cmocka_unit_test(running_out_of_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
