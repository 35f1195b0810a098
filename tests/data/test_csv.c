/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of csv.h, case by case; expected values are written out by hand. */
#include "csv_text.h"

#define ROWS(...) ((const double[]){__VA_ARGS__})

static const ockham_read_options defaults = {0};

/* ---- what is read ---- */

static void delimiters_are_found(void **state) {
  (void)state;
  assert_csv("a,b\n1,2\n3,4\n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("a;b\n1;2\n3;4\n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("a\tb\n1\t2\n3\t4\n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("a|b\n1|2\n3|4\n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("  a b\n 1   2\n3 \t 4 \n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("1, 2, 3\n4, 5, 6\n", 2, 3, ROWS(1, 2, 3, 4, 5, 6));
  assert_csv("1 ,2\t, 3 \n4,5,6\n", 2, 3, ROWS(1, 2, 3, 4, 5, 6));
  assert_csv("x\n1.5\n-2e3\n", 2, 1, ROWS(1.5, -2e3));
  assert_csv("height, in cm\n180\n190\n", 2, 1, ROWS(180, 190));
}

static void a_delimiter_may_be_forced(void **state) {
  (void)state;
  ockham_read_options options = {.delimiter = '/'};
  assert_table(csv_table("1/2\n3/4", options), 2, 2, ROWS(1, 2, 3, 4));
  options.delimiter = '.';
  ockham_table *table;
  ockham_error error;
  assert_int_equal(csv_read("1.2", 3, 0, options, &table, &error), OCKHAM_BAD_ARGUMENT);
}

static void row_ends_are_understood(void **state) {
  (void)state;
  assert_csv("a,b\r\n1,2\r\n3,4\r\n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("a,b\r1,2\r3,4\r", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("a,b\r1,2\r\r3,4", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("1,2\n3,4", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("\n\na,b\n\n1,2\n  \n3,4\n\n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("1\n\n2\n", 2, 1, ROWS(1, 2));
}

static void quotes_are_taken_off(void **state) {
  (void)state;
  assert_csv("\"a\",\"b\"\n\"1\",\"2\"\n 3 , \"4\" \n", 2, 2, ROWS(1, 2, 3, 4));
  ockham_table *table = csv_table("\"a,\"\"b\"\"\",\"c\nd\",5\" e\n1,2,3\n", defaults);
  assert_string_equal(ockham_table_column_name(table, 0), "a,\"b\"");
  assert_string_equal(ockham_table_column_name(table, 1), "c\nd");
  assert_string_equal(ockham_table_column_name(table, 2), "5\" e"); /* inside a cell a quote is a character */
  assert_table(table, 1, 3, ROWS(1, 2, 3));
}

static void marks_and_comments_are_skipped(void **state) {
  (void)state;
  assert_csv(
      "\xef\xbb\xbf"
      "a,b\n1,2\n",
      1, 2, ROWS(1, 2));
  assert_csv("# by hand\r\n#\n\na,b\n1,2\n", 1, 2, ROWS(1, 2));
  assert_csv("# 1 2 3\n1 2 3\n", 1, 3, ROWS(1, 2, 3));
}

static void a_trailing_delimiter_is_no_column(void **state) {
  (void)state;
  assert_csv("a,b,\n1,2,\n3,4,\n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("1;2;\r\n3;4;\r\n", 2, 2, ROWS(1, 2, 3, 4));
  assert_csv("a,b,\n1,2,\n3,4\n", 2, 2, ROWS(1, 2, 3, 4));
}

static void headers_are_found(void **state) {
  (void)state;
  ockham_table *table = csv_table(",b, \n1,2,3\n", defaults);
  assert_string_equal(ockham_table_column_name(table, 0), "x1");
  assert_string_equal(ockham_table_column_name(table, 1), "b");
  assert_string_equal(ockham_table_column_name(table, 2), "x3");
  assert_table(table, 1, 3, ROWS(1, 2, 3));
  assert_csv("2019,2020\n1,2\n", 2, 2, ROWS(2019, 2020, 1, 2));
  ockham_read_options options = {.header = OCKHAM_HEADER_PRESENT};
  table = csv_table("2019,2020\n1,2\n", options);
  assert_string_equal(ockham_table_column_name(table, 1), "2020");
  assert_table(table, 1, 2, ROWS(1, 2));
  options = (ockham_read_options){.columns = (const char *const[]){"2020", "x"}, .n_columns = 2};
  assert_table(csv_table("2020,x\n1,2\n", options), 1, 2, ROWS(1, 2));
}

static void labels_do_not_make_a_header(void **state) {
  (void)state;
  ockham_table *table = csv_table("1,2,b\n3,4,a\n5,6,b\n", (ockham_read_options){.label_column = "3"});
  const uint32_t *labels = ockham_table_labels(table);
  assert_int_equal(labels[0], 0);
  assert_int_equal(labels[1], 1);
  assert_int_equal(labels[2], 0);
  assert_int_equal(ockham_table_n_label_values(table), 2);
  assert_string_equal(ockham_table_label_text(table, 1), "a");
  assert_table(table, 3, 2, ROWS(1, 2, 3, 4, 5, 6));
}

static void labels_may_be_quoted_or_missing(void **state) {
  (void)state;
  ockham_table *table = csv_table("x,k\n1,\"a \"\"b\"\"\"\n2,\n3,\"\"\n4, c\t\n5,\"new\nline\"\n",
                                  (ockham_read_options){.label_column = "k"});
  static const char *const texts[] = {"a \"b\"", "", "", "c", "new\nline"};
  for (size_t i = 0; i < 5; i++)
    assert_string_equal(ockham_table_label_text(table, ockham_table_labels(table)[i]), texts[i]);
  assert_int_equal(ockham_table_n_label_values(table), 4);
  assert_table(table, 5, 1, ROWS(1, 2, 3, 4, 5));
}

static void missing_words_are_known(void **state) {
  (void)state;
  ockham_table *table = csv_table("a,b\n1,\n2,NA\n3,n/a\n4,NaN\n5,null\n6,None\n7,?\n8,-\n9,\"\"\n10,1\n11,#N/A\n",
                                  (ockham_read_options){.missing = OCKHAM_MISSING_DROP});
  assert_int_equal(ockham_table_n_rows_dropped(table), 10);
  assert_table(table, 1, 2, ROWS(10, 1));
}

static void wide_rows_are_read(void **state) {
  (void)state;
  enum { N = 10000 };
  char *text = malloc(2 * N * 8);
  size_t n = 0;
  for (int row = 0; row < 2; row++)
    for (int j = 0; j < N; j++) n += (size_t)sprintf(text + n, "%d%c", j + row, j + 1 < N ? ',' : '\n');
  ockham_table *table;
  assert_ok(csv_read(text, n, 0, defaults, &table, err));
  assert_int_equal(table->n_columns, N);
  assert_int_equal(table->n_rows, 2);
  assert_true(((double *)table->values)[2 * N - 1] == N);
  ockham_table_free(table);
  free(text);
}

/* ---- what is refused ---- */

static void empty_files_are_refused(void **state) {
  (void)state;
  assert_csv_fails("", defaults, "t.csv: no rows of numbers: the file is empty");
  assert_csv_fails("\n \n", defaults, "t.csv: no rows of numbers");
  assert_csv_fails("# nothing\n", defaults, "t.csv: no rows of numbers");
  assert_csv_fails("a,b\n", defaults, "t.csv: no rows of numbers");
}

static void ragged_rows_name_their_line(void **state) {
  (void)state;
  ockham_error error = assert_csv_fails("a,b\n1,2\n\n3\n", defaults, "t.csv:4: expected 2 cells, found 1");
  assert_int_equal(error.row, 2);
  assert_csv_fails("a,b\n1,2\n3,4,5\n", defaults, "t.csv:3: expected 2 cells, found 3");
  assert_csv_fails("a,b\n1,2,3\n", defaults, "t.csv:2: expected 2 cells, found 3");
  assert_csv_fails("1 2\n3\n4 5\n", defaults, "t.csv:2: expected 2 cells, found 1");
  assert_csv_fails("1 2\n3 4\n4 5 6\n", defaults, "t.csv:3: expected 2 cells, found 3");
  assert_csv_fails("x\n1\n2,3\n", (ockham_read_options){.delimiter = ','}, "t.csv:3: expected 1 cell, found 2");
  assert_csv_fails("a,b,c\n1,2,3\n1,total\n", defaults, "t.csv:3: expected 3 cells, found 2");
  assert_csv_fails(
      "a,b,\n1,2,\n3,4,5\n", (ockham_read_options){.delimiter = ','},
      "t.csv:2: column 3 'x3' is empty; --missing drop leaves out such rows, --missing mean fills them in");
}

static void text_names_its_column(void **state) {
  (void)state;
  ockham_error error = assert_csv_fails("a,b\n1,2\n3,abc\n5,6\n", defaults,
                                        "t.csv:3: column 2 'b' holds text ('abc'), expected a number");
  assert_int_equal(error.row, 2);
  assert_int_equal(error.column, 2);
  assert_csv_fails("id,a,b,kind\nq,1,2,x\nr,3,4,y\n", defaults,
                   "t.csv:2: columns 1 'id', 4 'kind' hold text ('q'), expected numbers; leave them out with "
                   "--ignore id,kind");
  assert_csv_fails("a,the kind\n1,x\n2,y\n", defaults,
                   "t.csv:2: column 2 'the kind' holds text ('x'), expected numbers; leave it out with --ignore 2, or "
                   "take it as the known labels with --label-column 2");
  assert_csv_fails("1,x\n2,y\n", defaults,
                   "t.csv:1: column 2 'x2' holds text ('x'), expected numbers; leave it out with --ignore x2, or take "
                   "it as the known labels with --label-column x2");
  assert_csv_fails("a\n1\n2\nthis text is much too long to be shown in a message of one line\n", defaults,
                   "t.csv:4: column 1 'a' holds text ('this text is much too long to be shown i...'), expected a "
                   "number");
}

static void missing_and_infinite_cells_are_refused(void **state) {
  (void)state;
  ockham_error error =
      assert_csv_fails("a,b\n1,2\n3,\n", defaults,
                       "t.csv:3: column 2 'b' is empty; --missing drop leaves out such rows, --missing mean fills "
                       "them in");
  assert_int_equal(error.row, 2);
  assert_int_equal(error.column, 2);
  assert_csv_fails("a\n1\n?\n", defaults,
                   "t.csv:3: column 1 'a' is missing ('?'); --missing drop leaves out such rows, --missing mean fills "
                   "them in");
  assert_csv_fails("a\n1\n-inf\n", defaults, "t.csv:3: column 1 'a' holds '-inf', which is not finite");
  assert_csv_fails("a\n1\n1e999\n", (ockham_read_options){.missing = OCKHAM_MISSING_MEAN},
                   "t.csv:3: column 1 'a' holds '1e999', which is not finite");
}

static void commas_in_numbers_are_not_misread(void **state) {
  (void)state;
#define COMMAS ": commas in numbers are not understood; write a decimal point, and nothing between thousands"
  assert_csv_fails("1,5;2,5\n", defaults, "t.csv:1: column 1 'x1' holds '1,5'" COMMAS);
  assert_csv_fails("a;b\n1,5;2,5\n3,5;4\n", defaults, "t.csv:2: column 1 'a' holds '1,5'" COMMAS);
  assert_csv_fails("1,5 2,5\n1,5 3,5\n", defaults, "t.csv:1: column 1 'x1' holds '1,5'" COMMAS);
  assert_csv_fails("a,b\n\"1,234.50\",2\n", defaults, "t.csv:2: column 1 'a' holds '1,234.50'" COMMAS);
  assert_csv_fails("a,b\n1,2\n\"1,234,567\",2\n", defaults, "t.csv:3: column 1 'a' holds '1,234,567'" COMMAS);
#undef COMMAS
}

static void broken_quotes_name_the_line_they_open_on(void **state) {
  (void)state;
  assert_csv_fails("a,b\n1,2\n3,\"4\n5,6\n7,8\n", defaults,
                   "t.csv:3: column 2 'b' starts with a quote that is never closed");
  assert_csv_fails("a,b,c\n\"1\n\",2,\"3\n", defaults,
                   "t.csv:3: column 3 'c' starts with a quote that is never closed");
  assert_csv_fails("\"a,b\n1,2\n", defaults, "t.csv:1: column 1: the quote that opens this cell is never closed");
  assert_csv_fails("a,b\n1,\"2\"x\n", defaults, "t.csv:2: column 2 'b' holds text after its closing quote");
}

static void other_encodings_are_refused(void **state) {
  (void)state;
  ockham_error error;
  ockham_table *table;
  assert_int_equal(csv_read("\xff\xfe"
                            "1\0,\0",
                            6, 0, defaults, &table, &error),
                   OCKHAM_BAD_FILE);
  assert_string_equal(error.message, "t.csv: the text is UTF-16; write it as UTF-8");
  ockham_read_options options = {.label_column = "b"};
  static const char nul[] = "a,b\n1,x\n2,y\0z\n";
  assert_int_equal(csv_read(nul, sizeof nul - 1, 0, options, &table, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message, "t.csv:3: column 2 'b' holds a NUL byte, so this is not a text file");
}

/* ---- pieces, threads, blocks ---- */

/* 20,000 rows, some of them quoted, in more text than the first look at a file takes in. */
static char *long_text(size_t *size, long bad_row, const char *bad) {
  char *text = malloc(1 << 21);
  size_t n = (size_t)sprintf(text, "x,kind,y\n");
  for (long i = 0; i < 20000; i++) {
    if (i == bad_row)
      n += (size_t)sprintf(text + n, "%s", bad);
    else
      n += (size_t)sprintf(text + n, i % 7 ? "%ld,k%ld,%.17g\n" : "%ld,\"k\n,\"\"%ld\",%.17g\n", i, i % 5,
                           sqrt((double)i));
  }
  *size = n;
  return text;
}

static void assert_long_table(const ockham_table *table) {
  assert_int_equal(table->n_rows, 20000);
  char expected[16];
  for (size_t i = 0; i < 20000; i++) {
    sprintf(expected, i % 7 ? "k%zu" : "k\n,\"%zu", i % 5);
    assert_string_equal(table->labels.texts[table->label[i]], expected);
    assert_true(((double *)table->values)[2 * i] == (double)i);
    assert_true(((double *)table->values)[2 * i + 1] == sqrt((double)i));
  }
}

static void pieces_and_threads_change_nothing(void **state) {
  (void)state;
  size_t size;
  char *text = long_text(&size, -1, NULL);
  static const size_t piece_bytes[] = {0, 100, 1000, 50000};
  for (size_t p = 0; p < 4; p++)
    for (size_t threads = 1; threads <= 3; threads++) {
      ockham_table *table;
      ockham_read_options options = {.label_column = "kind", .threads = threads};
      assert_ok(csv_read(text, size, piece_bytes[p], options, &table, err));
      assert_long_table(table);
      ockham_table_free(table);
    }
  free(text);
}

static void the_first_bad_line_is_told(void **state) {
  (void)state;
  size_t size;
  char *text = long_text(&size, 15000, "1,k,2\n1,\"k\n\",x\n");
  static const char later[] = "1\n1,k,\"2\n"; /* worse, but further down */
  memcpy(text + size, later, sizeof later);
  for (size_t threads = 1; threads <= 3; threads++) {
    ockham_table *table;
    ockham_error error;
    ockham_read_options options = {.label_column = "kind", .threads = threads};
    assert_int_equal(csv_read(text, size + strlen(later), 500, options, &table, &error), OCKHAM_BAD_DATA);
    /* Line: the header, 15001 rows, the 2143 line ends in quotes among them, and the one in the bad row. */
    assert_string_equal(error.message, "t.csv:17147: column 3 'y' holds text ('x'), expected a number");
    assert_int_equal(error.row, 15002);
    assert_int_equal(error.column, 3);
  }
  free(text);
}

static void blocks_do_not_depend_on_threads(void **state) {
  (void)state;
  size_t size, n_rows[2][400], n_blocks[2] = {0};
  char *text = long_text(&size, -1, NULL);
  for (size_t t = 0; t < 2; t++) {
    ockham_read_options options = {.ignore = (const char *const[]){"kind"}, .n_ignore = 1, .threads = t + 1};
    ock_source *source;
    ockham_reader *reader;
    ockham_rows rows;
    assert_ok(ock_csv_open_bytes("t.csv", text, size, 2000, &options, &source, err));
    assert_ok(ock_reader_open_source(source, &options, &reader, err));
    do {
      assert_ok(ockham_reader_next(reader, &rows, err));
      n_rows[t][n_blocks[t]++] = rows.n_rows;
    } while (rows.n_rows > 0);
    ockham_reader_close(reader);
  }
  assert_int_equal(n_blocks[0], n_blocks[1]);
  assert_true(n_blocks[0] > 100);
  assert_memory_equal(n_rows[0], n_rows[1], n_blocks[0] * sizeof(size_t));
  free(text);
}

/* ---- progress and memory ---- */

static bool count_and_stop(void *user, const char *stage, uint64_t done, uint64_t total) {
  assert_string_equal(stage, "reading");
  assert_true(done <= total);
  return ++*(int *)user < 1;
}

static void progress_can_stop_the_reading(void **state) {
  (void)state;
  int n_calls = 0;
  ockham_progress progress = {.report = count_and_stop, .user = &n_calls};
  ockham_read_options options = {.progress = &progress};
  ockham_table *table;
  ockham_error error;
  assert_int_equal(csv_read("1,2\n", 4, 0, options, &table, &error), OCKHAM_INTERRUPTED);
  assert_int_equal(n_calls, 1);
}

static void running_out_of_memory_is_told(void **state) {
  (void)state;
  static const char text[] = "a,b,k\n1,2,\"x\"\"\"\n3,4,y\n,5,x\n5,6,z\n";
  ockham_read_options options = {.label_column = "k",
                                 .missing = OCKHAM_MISSING_MEAN,
                                 .threads = 2,
                                 .columns = (const char *const[]){"b", "a"},
                                 .n_columns = 2};
  for_each_allocation_failure(n) {
    ockham_table *table;
    ockham_error error;
    ock_fault_after(n);
    ockham_status status = csv_read(text, sizeof text - 1, 8, options, &table, &error);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_table_free(table);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(delimiters_are_found),
      cmocka_unit_test(a_delimiter_may_be_forced),
      cmocka_unit_test(row_ends_are_understood),
      cmocka_unit_test(quotes_are_taken_off),
      cmocka_unit_test(marks_and_comments_are_skipped),
      cmocka_unit_test(a_trailing_delimiter_is_no_column),
      cmocka_unit_test(headers_are_found),
      cmocka_unit_test(labels_do_not_make_a_header),
      cmocka_unit_test(labels_may_be_quoted_or_missing),
      cmocka_unit_test(missing_words_are_known),
      cmocka_unit_test(wide_rows_are_read),
      cmocka_unit_test(empty_files_are_refused),
      cmocka_unit_test(ragged_rows_name_their_line),
      cmocka_unit_test(text_names_its_column),
      cmocka_unit_test(missing_and_infinite_cells_are_refused),
      cmocka_unit_test(commas_in_numbers_are_not_misread),
      cmocka_unit_test(broken_quotes_name_the_line_they_open_on),
      cmocka_unit_test(other_encodings_are_refused),
      cmocka_unit_test(pieces_and_threads_change_nothing),
      cmocka_unit_test(the_first_bad_line_is_told),
      cmocka_unit_test(blocks_do_not_depend_on_threads),
      cmocka_unit_test(progress_can_stop_the_reading),
      cmocka_unit_test(running_out_of_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
