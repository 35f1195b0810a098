/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are read as they come: what is complete is given out at once, and in the end it is what a file would have
 * given; and columns that may be absent. */
#include <ockham/data.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "test.h"

/* Standard input becomes the end of a pipe; the other one is returned. */
static int open_pipe(void) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  close(ends[0]);
  return ends[1];
}

static void say(int to, const char *text) {
  assert_int_equal(write(to, text, strlen(text)), strlen(text));
}

static void assert_next(ockham_reader *reader, size_t n_rows, const double *values) {
  ockham_rows rows;
  assert_ok(ockham_reader_next(reader, &rows, err));
  assert_int_equal(rows.n_rows, n_rows);
  for (size_t i = 0; i < n_rows * rows.n_columns; i++) assert_close(((const double *)rows.data)[i], values[i], 0);
}

static void test_rows_are_not_kept_back(void **unused) {
  (void)unused;
  int to = open_pipe();
  ockham_reader *reader;
  say(to, "a,b\n1,2\n3,4\n5,");
  assert_ok(ockham_reader_open("-", &(ockham_read_options){.as_they_come = true}, &reader, err));
  assert_next(reader, 2, (double[]){1, 2, 3, 4});
  say(to, "6\n");
  assert_next(reader, 1, (double[]){5, 6});
  say(to, "\"7\",8\n9,\"1");
  assert_next(reader, 1, (double[]){7, 8});
  say(to, "0\"\n11,12");
  assert_next(reader, 1, (double[]){9, 10});
  close(to);
  assert_next(reader, 1, (double[]){11, 12}); /* the last row needs no end of line */
  assert_int_equal(ockham_reader_source_row(reader, 0), 6);
  assert_next(reader, 0, NULL);
  ockham_reader_close(reader);
}

static void test_a_header_waits_for_a_row(void **unused) {
  (void)unused;
  int to = open_pipe();
  ockham_reader *reader;
  say(to, "a,b\n");
  close(to);
  assert_ok(ockham_reader_open("-", &(ockham_read_options){.as_they_come = true}, &reader, err));
  assert_string_equal(ockham_reader_column_name(reader, 1), "b");
  assert_next(reader, 0, NULL);
  ockham_reader_close(reader);
}

/* However writes fall, the rows are those of a file. */
static void *write_slowly(void *arg) {
  int copy = *(const int *)arg, *to = &copy;
  char text[64];
  unsigned step = 1;
  for (int i = 0; i < 2000; i++) {
    int n = snprintf(text, sizeof text, "%d,\"x\n%d\",%d.5\n", i, i % 3, i);
    for (int at = 0, size; at < n; at += size) {
      step = step * 5 + 3;
      size = 1 + (int)((step >> 8) % 7);
      if (size > n - at) size = n - at;
      if (write(*to, text + at, (size_t)size) != size) return NULL;
    }
  }
  close(*to);
  return NULL;
}

static void test_rows_are_those_of_a_file(void **unused) {
  (void)unused;
  static const char *const categories[] = {"b"};
  int to = open_pipe();
  say(to, "a,b,c\n");
  pthread_t writer;
  assert_int_equal(pthread_create(&writer, NULL, write_slowly, &to), 0);
  ockham_reader *reader;
  ockham_read_options options = {.as_they_come = true, .category_columns = categories, .n_category_columns = 1};
  assert_ok(ockham_reader_open("-", &options, &reader, err));
  size_t n = 0;
  for (ockham_rows rows = {.n_rows = 1}; rows.n_rows > 0; n += rows.n_rows) {
    assert_ok(ockham_reader_next(reader, &rows, err));
    const double *x = rows.data;
    for (size_t i = 0; i < rows.n_rows; i++, x += 3) {
      assert_close(x[0], (double)(n + i), 0);
      assert_close(x[1], (double)((n + i) % 3), 0);
      assert_close(x[2], (double)(n + i) + 0.5, 0);
    }
  }
  assert_int_equal(n, 2000);
  ockham_reader_close(reader);
  pthread_join(writer, NULL);
}

/* ---- a stop ---- */

static volatile sig_atomic_t stopped;
static _Atomic bool noticed;

static void on_signal(int number) {
  (void)number;
  stopped = 1;
}

static bool go_on(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return !stopped;
}

static void *press(void *arg) {
  const pthread_t *reader = arg;
  while (!noticed) { /* until one meets the wait */
    usleep(20000);
    pthread_kill(*reader, SIGUSR1);
  }
  return NULL;
}

static void test_a_wait_can_be_stopped(void **unused) {
  (void)unused;
  int to = open_pipe();
  ockham_progress progress = {.report = go_on};
  ockham_reader *reader;
  ockham_rows rows;
  ockham_error error;
  say(to, "a,b\n1,2\n");
  assert_ok(ockham_reader_open("-", &(ockham_read_options){.as_they_come = true, .progress = &progress}, &reader, err));
  assert_next(reader, 1, (double[]){1, 2});
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  pthread_t self = pthread_self(), other;
  assert_int_equal(pthread_create(&other, NULL, press, &self), 0);
  assert_int_equal(ockham_reader_next(reader, &rows, &error), OCKHAM_INTERRUPTED);
  assert_string_equal(error.message, "stdin: reading was stopped");
  noticed = true;
  ockham_reader_close(reader);
  pthread_join(other, NULL);
  close(to);
}

/* ---- columns that may be absent ---- */

static void put_file(const char *path, const char *text) {
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  fputs(text, out);
  fclose(out);
}

static void test_absent_columns(void **unused) {
  (void)unused;
  static const char *const columns[] = {"c", "gone", "1", "a"}, *const categories[] = {"lost", "c"};
  static const char *const none[] = {"1", "gone"};
  char path[] = "/tmp/ockham-absent-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  put_file(path, "a,b,c,d\n1,2,red,4\n5,6,blue,8\n");
  ockham_read_options options = {
      .columns = columns, .n_columns = 4, .category_columns = categories, .n_category_columns = 2, .skip_absent = true};
  ockham_table *table;
  assert_ok(ockham_table_read(path, &options, &table, err));
  assert_int_equal(ockham_table_rows(table).n_columns, 2);
  assert_string_equal(ockham_table_column_name(table, 0), "c");
  assert_string_equal(ockham_table_column_name(table, 1), "a");
  assert_string_equal(ockham_table_text(table, 0, 1), "blue");
  assert_int_equal(ockham_table_n_unused_columns(table), 2);
  ockham_table_free(table);

  ockham_error error;
  options = (ockham_read_options){.columns = none, .n_columns = 2, .skip_absent = true};
  assert_int_equal(ockham_table_read(path, &options, &table, &error), OCKHAM_BAD_DATA);
  assert_non_null(strstr(error.message, ": has none of the 2 columns that are needed; it has 'a', 'b', 'c', 'd'"));
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_not_kept_back), cmocka_unit_test(test_a_header_waits_for_a_row),
      cmocka_unit_test(test_rows_are_those_of_a_file), cmocka_unit_test(test_a_wait_can_be_stopped),
      cmocka_unit_test(test_absent_columns)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
