/* SPDX-License-Identifier: Apache-2.0 */
#include "data/internal.h"
#include "source_test.h"

#ifndef OCK_HAVE_HDF5

static void test_build_without_hdf5_says_so(void **state) {
  (void)state;
  ock_source *source;
  ockham_error err = {0};
  assert_int_equal(ock_hdf5_open("x.h5", NULL, NULL, &source, &err), OCKHAM_UNSUPPORTED);
  assert_non_null(strstr(err.message, "this build has no HDF5"));
  assert_null(source);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_build_without_hdf5_says_so)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <hdf5.h>

/* Put a dataset into an open file or group, chunked and compressed when chunk_rows is not 0. */
static void put_dataset(hid_t place, const char *name, int n_dimensions, const hsize_t *shape, hsize_t chunk_rows,
                        hid_t file_type, hid_t memory_type, const void *values) {
  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  if (chunk_rows > 0) {
    hsize_t chunk[3] = {chunk_rows, n_dimensions > 1 ? shape[1] : 0, 0};
    H5Pset_chunk(properties, n_dimensions, chunk);
    H5Pset_deflate(properties, 1);
  }
  hid_t space = H5Screate_simple(n_dimensions, shape, NULL);
  hid_t dataset = H5Dcreate2(place, name, file_type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  assert_true(dataset >= 0);
  if (values) assert_true(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(dataset);
  H5Sclose(space);
  H5Pclose(properties);
}

static char *make_file(int n_dimensions, const hsize_t *shape, hsize_t chunk_rows, hid_t file_type, hid_t memory_type,
                       const void *values) {
  char *path = make_path(".h5");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(file >= 0);
  put_dataset(file, "x", n_dimensions, shape, chunk_rows, file_type, memory_type, values);
  H5Fclose(file);
  return path;
}

static ockham_status read_file_rows(const char *path, const char *part, int label, int skip, rows_read *rows,
                                    ockham_error *err) {
  ock_source *source;
  *rows = (rows_read){0};
  OCK_TRY(ock_hdf5_open(path, part, NULL, &source, err));
  return read_rows(source, label, skip, rows, err);
}

static void check_type(hid_t file_type, ockham_dtype dtype) {
  static const double values[6] = {1, 2, 3, 100, 0, 7};
  static const hsize_t shape[2] = {3, 2};
  char *path = make_file(2, shape, 0, file_type, H5T_NATIVE_DOUBLE, values);
  rows_read rows;
  assert_ok(read_file_rows(path, NULL, -1, -1, &rows, err));
  assert_int_equal(rows.n_rows, 3);
  assert_int_equal(rows.dtype, dtype);
  assert_memory_equal(rows.values, values, sizeof values);
  rows_read_clear(&rows);
  drop_path(path);
}

static void test_types(void **state) {
  (void)state;
  check_type(H5T_IEEE_F64LE, OCKHAM_FLOAT64);
  check_type(H5T_IEEE_F64BE, OCKHAM_FLOAT64);
  check_type(H5T_IEEE_F32LE, OCKHAM_FLOAT32);
  check_type(H5T_IEEE_F32BE, OCKHAM_FLOAT32);
  check_type(H5T_STD_I8LE, OCKHAM_FLOAT64);
  check_type(H5T_STD_U8LE, OCKHAM_FLOAT64);
  check_type(H5T_STD_I16BE, OCKHAM_FLOAT64);
  check_type(H5T_STD_I32LE, OCKHAM_FLOAT64);
  check_type(H5T_STD_I64BE, OCKHAM_FLOAT64);
  check_type(H5T_STD_U64LE, OCKHAM_FLOAT64);
}

static void test_one_dimension(void **state) {
  (void)state;
  static const double values[3] = {1.5, -2, 1e300};
  static const hsize_t shape[1] = {3};
  char *path = make_file(1, shape, 2, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
  rows_read rows;
  assert_ok(read_file_rows(path, "x", -1, -1, &rows, err));
  assert_int_equal(rows.n_rows, 3);
  assert_int_equal(rows.n_features, 1);
  assert_memory_equal(rows.values, values, sizeof values);
  rows_read_clear(&rows);
  drop_path(path);
}

/* More rows than a block, compressed in chunks that divide neither blocks nor rows; some columns; a label. */
static void test_many_blocks_with_roles(void **state) {
  (void)state;
  enum { ROWS = 50000, COLUMNS = 6 };
  static const hsize_t shape[2] = {ROWS, COLUMNS};
  int32_t *values = malloc(sizeof(int32_t) * ROWS * COLUMNS);
  for (size_t i = 0; i < ROWS * COLUMNS; i++) values[i] = i % COLUMNS == 4 ? (int32_t)(i / COLUMNS % 3) : (int32_t)i;
  char *path = make_file(2, shape, 777, H5T_STD_I32LE, H5T_NATIVE_INT32, values);
  rows_read rows;
  assert_ok(read_file_rows(path, "/x", 4, 0, &rows, err));
  assert_int_equal(rows.n_rows, ROWS);
  assert_int_equal(rows.labels.n, 3);
  assert_string_equal(rows.labels.texts[2], "2");
  assert_true(rows.n_blocks > 2);
  for (size_t i = 0; i < ROWS; i++) {
    static const size_t column[4] = {1, 2, 3, 5};
    for (size_t f = 0; f < 4; f++) assert_true(rows.values[i * 4 + f] == (double)(i * COLUMNS + column[f]));
    assert_int_equal(rows.label[i], i % 3);
  }
  rows_read_clear(&rows);
  free(values);
  drop_path(path);
}

static void test_labels_keep_large_integers_apart(void **state) {
  (void)state;
  static const uint64_t values[4] = {5, UINT64_MAX, 6, UINT64_MAX - 1};
  static const double floats[2] = {0.5, 3};
  static const hsize_t shape[2] = {2, 2}, column[1] = {2};
  char *path = make_file(2, shape, 0, H5T_STD_U64LE, H5T_NATIVE_UINT64, values);
  rows_read rows;
  assert_ok(read_file_rows(path, NULL, 1, -1, &rows, err));
  assert_int_equal(rows.labels.n, 2);
  assert_string_equal(rows.labels.texts[1], "18446744073709551614");
  rows_read_clear(&rows);
  drop_path(path);
  path = make_file(1, column, 0, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, floats);
  assert_ok(read_file_rows(path, NULL, 0, -1, &rows, err));
  assert_string_equal(rows.labels.texts[0], "0.5");
  rows_read_clear(&rows);
  drop_path(path);
}

static void refuse(const char *path, const char *part, ockham_status status, const char *words) {
  rows_read rows;
  ockham_error err = {0};
  assert_int_equal(read_file_rows(path, part, -1, -1, &rows, &err), status);
  if (!strstr(err.message, words)) fail_msg("'%s' lacks '%s'", err.message, words);
  assert_ptr_equal(strstr(err.message, path), err.message);
}

/* Two datasets in groups, text, and three dimensions. */
static char *make_crowded_file(void) {
  static const double values[4] = {1, 2, 3, 4};
  static const hsize_t shape[3] = {2, 2, 1};
  char *path = make_path(".h5");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t group = H5Gcreate2(file, "deep", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  hid_t text = H5Tcopy(H5T_C_S1);
  put_dataset(file, "cube", 3, shape, 0, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
  put_dataset(file, "text", 1, shape, 0, text, text, "ab");
  put_dataset(group, "a", 2, shape, 0, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
  put_dataset(file, "b", 1, shape, 0, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
  H5Tclose(text);
  H5Gclose(group);
  H5Fclose(file);
  return path;
}

static void test_choosing_the_dataset(void **state) {
  (void)state;
  char *path = make_crowded_file();
  rows_read rows;
  refuse(path, NULL, OCKHAM_BAD_ARGUMENT, "holds 2 datasets (/b, /deep/a)");
  refuse(path, "/c", OCKHAM_BAD_ARGUMENT, "has no dataset '/c'; it holds /b, /deep/a");
  refuse(path, "/deep", OCKHAM_BAD_ARGUMENT, "has no dataset '/deep'");
  refuse(path, "/text", OCKHAM_UNSUPPORTED, "holds text");
  refuse(path, "/cube", OCKHAM_BAD_DATA, "3 dimensions");
  assert_ok(read_file_rows(path, "/deep/a", -1, -1, &rows, err));
  assert_int_equal(rows.n_rows, 2);
  rows_read_clear(&rows);
  drop_path(path);
}

static void test_shapes_that_cannot_be(void **state) {
  (void)state;
  static const hsize_t none[2] = {0, 3}, wide[2] = {1, 1 << 25}, huge[2] = {(hsize_t)1 << 40, 1 << 20};
  char *path = make_file(2, none, 0, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, NULL);
  refuse(path, NULL, OCKHAM_BAD_DATA, "0 rows");
  drop_path(path);
  path = make_file(2, wide, 0, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, NULL);
  refuse(path, NULL, OCKHAM_BAD_DATA, "33554432 columns");
  drop_path(path);
  path = make_file(2, huge, 1, H5T_STD_I8LE, H5T_NATIVE_DOUBLE, NULL);
  refuse(path, NULL, OCKHAM_BAD_FILE, "only 0 bytes are stored");
  drop_path(path);
}

static void test_what_is_no_hdf5_file(void **state) {
  (void)state;
  char *path = make_path(".h5");
  refuse(path, NULL, OCKHAM_BAD_FILE, "HDF5 cannot open it: ");
  refuse("/nonexistent/x.h5", NULL, OCKHAM_IO, "No such file");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  refuse(path, NULL, OCKHAM_BAD_DATA, "no dataset of numbers");
  drop_path(path);
}

static herr_t own_handler(hid_t stack, void *data) {
  (void)stack;
  (void)data;
  return 0;
}

static void test_error_printing_is_put_back(void **state) {
  (void)state;
  H5E_auto2_t function;
  void *data;
  char *path = make_path(".h5");
  H5Eset_auto2(H5E_DEFAULT, own_handler, path);
  refuse(path, NULL, OCKHAM_BAD_FILE, "HDF5");
  H5Eget_auto2(H5E_DEFAULT, &function, &data);
  assert_true(function == own_handler && data == path);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  drop_path(path);
}

/* HDF5 1.10 leaks a little of its own when a file is damaged; the sanitizer is to look at our memory. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libhdf5";
}

/* HDF5 has no checksums by default, so a changed payload is another valid file; nothing may crash. The data lie in one
 * piece, because HDF5 1.10 trusts the sizes of damaged compressed chunks and reads beyond them. */
static void test_truncations_and_mutations(void **state) {
  (void)state;
  static const double values[6] = {1, 2, 3, 4, 5, 6};
  static const hsize_t shape[2] = {3, 2};
  char *path = make_file(2, shape, 0, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
  size_t size;
  unsigned char *bytes = read_file(path, &size);
  ock_rng rng = ock_rng_make(4, 0);
  for (int i = 0; i < 1000; i++) {
    unsigned char *changed = malloc(size);
    memcpy(changed, bytes, size);
    for (uint64_t n = 1 + ock_rng_below(&rng, 3); n > 0; n--)
      changed[ock_rng_below(&rng, size)] = (unsigned char)ock_rng_next(&rng);
    write_file(path, changed, i % 4 ? size : (size_t)ock_rng_below(&rng, size));
    rows_read rows;
    ockham_error err = {0};
    if (read_file_rows(path, NULL, -1, -1, &rows, &err)) assert_true(strlen(err.message) > 10);
    rows_read_clear(&rows);
    free(changed);
  }
  free(bytes);
  drop_path(path);
}

static void test_allocation_failures(void **state) {
  (void)state;
  static const double values[6] = {1, 2, 3, 4, 5, 6};
  static const hsize_t shape[2] = {2, 3};
  char *path = make_file(2, shape, 0, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
  for_each_allocation_failure(n) {
    rows_read rows;
    ock_fault_after(n);
    ockham_status status = read_file_rows(path, NULL, 0, 1, &rows, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    rows_read_clear(&rows);
  }
  drop_path(path);
}

int main(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_one_dimension),
      cmocka_unit_test(test_many_blocks_with_roles),
      cmocka_unit_test(test_labels_keep_large_integers_apart),
      cmocka_unit_test(test_choosing_the_dataset),
      cmocka_unit_test(test_shapes_that_cannot_be),
      cmocka_unit_test(test_what_is_no_hdf5_file),
      cmocka_unit_test(test_error_printing_is_put_back),
      cmocka_unit_test(test_truncations_and_mutations),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
