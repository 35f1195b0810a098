/* SPDX-License-Identifier: Apache-2.0 */
#include "data/npy.h"
#include "data/table.h"
#include "source_test.h"

static char *name_list[] = {(char[]){"x"}, (char[]){"say \"a,b\""}};
static char *text_list[] = {(char[]){"setosa"}, (char[]){" b"}, (char[]){""}};

static void check_file(const ockham_table *table, const char *expected) {
  char *path = make_path(".csv");
  size_t size;
  assert_ok(ockham_table_write(table, path, err));
  unsigned char *bytes = read_file(path, &size);
  assert_string_equal((const char *)bytes, expected);
  free(bytes);
  drop_path(path);
}

static void test_csv(void **state) {
  (void)state;
  double values[] = {1, -0.5, 0.1, 1e300, 1e-300, 0.30000000000000004};
  uint32_t label[] = {0, 2, 1};
  ockham_table table = {.values = values,
                        .n_rows = 3,
                        .n_columns = 2,
                        .names = name_list,
                        .label = label,
                        .labels = {.texts = text_list, .n = 3}};
  check_file(&table,
             "x,\"say \"\"a,b\"\"\",label\n"
             "1,-0.5,setosa\n"
             "0.1,1e+300,\"\"\n"
             "1e-300,0.30000000000000004,\" b\"\n");
}

static void test_label_name_is_made_unique(void **state) {
  (void)state;
  double values[] = {1, 2};
  uint32_t label[] = {0};
  char *names[] = {(char[]){"label"}, (char[]){"label_2"}};
  ockham_table table = {.values = values,
                        .n_rows = 1,
                        .n_columns = 2,
                        .names = names,
                        .label = label,
                        .labels = {.texts = text_list, .n = 3}};
  check_file(&table, "label,label_2,label_3\n1,2,setosa\n");
}

/* More text than the buffer holds, read back with the C library's own strtod. */
static void test_every_digit_survives(void **state) {
  (void)state;
  enum { N = 40000 };
  double *values = malloc(N * sizeof *values);
  ock_rng rng = ock_rng_make(7, 0);
  for (size_t i = 0; i < N; i++) values[i] = ldexp(ock_rng_normal(&rng), (int)ock_rng_below(&rng, 600) - 300);
  ockham_table table = {.values = values, .n_rows = N, .n_columns = 1, .names = name_list};
  char *path = make_path(".csv");
  size_t size;
  assert_ok(ockham_table_write(&table, path, err));
  unsigned char *bytes = read_file(path, &size);
  assert_true(size > 2 * 256 * 1024);
  char *at = (char *)bytes + 2;
  for (size_t i = 0; i < N; i++, at++) {
    assert_true(strtod(at, &at) == values[i]);
    assert_int_equal(*at, '\n');
  }
  assert_ptr_equal(at, bytes + size);
  free(bytes);
  free(values);
  drop_path(path);
}

static void test_npy(void **state) {
  (void)state;
  double doubles[] = {1, 2, 3, 4, 5, -6.5};
  float floats[] = {1, 2, 3, 4, 5, -6.5f};
  for (int narrow = 0; narrow <= 1; narrow++) {
    ockham_table table = {.values = narrow ? (void *)floats : (void *)doubles,
                          .dtype = narrow ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64,
                          .n_rows = 3,
                          .n_columns = 2,
                          .names = name_list};
    char *path = make_path(".npy");
    size_t size;
    assert_ok(ockham_table_write(&table, path, err));
    unsigned char *bytes = read_file(path, &size);
    assert_int_equal(size, 128 + 6 * (narrow ? 4 : 8));
    assert_memory_equal(bytes, "\x93NUMPY\1\0\x76\0{'descr': '", 21);
    assert_int_equal(bytes[127], '\n');
    rows_read rows;
    ock_source *source = NULL;
    assert_ok(ock_npy_open_bytes(path, bytes, size, &source, err));
    assert_ok(read_rows(source, -1, -1, &rows, err));
    assert_int_equal(rows.dtype, table.dtype);
    assert_int_equal(rows.n_rows, 3);
    assert_memory_equal(rows.values, doubles, sizeof doubles);
    rows_read_clear(&rows);
    free(bytes);
    drop_path(path);
  }
}

static void test_failures_leave_what_was_there(void **state) {
  (void)state;
  double values[] = {1};
  ockham_table table = {.values = values, .n_rows = 1, .n_columns = 1, .names = name_list};
  ockham_error err = {0};
  assert_int_equal(ockham_table_write(&table, "/nonexistent/x.csv", &err), OCKHAM_CANNOT_WRITE);
  assert_ptr_equal(strstr(err.message, "/nonexistent/x.csv: "), err.message);
  char *path = make_path(".csv");
  write_file(path, "before", 6);
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_table_write(&table, path, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    size_t size;
    unsigned char *bytes = read_file(path, &size);
    assert_string_equal((const char *)bytes, status ? "before" : "x\n1\n");
    free(bytes);
  }
  drop_path(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_csv),
      cmocka_unit_test(test_label_name_is_made_unique),
      cmocka_unit_test(test_every_digit_survives),
      cmocka_unit_test(test_npy),
      cmocka_unit_test(test_failures_leave_what_was_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
