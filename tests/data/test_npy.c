/* SPDX-License-Identifier: Apache-2.0 */
#include "data/npy.h"
#include "source_test.h"

/* An NPY file in memory: version, header text padded as numpy does, payload. */
typedef struct npy_file {
  unsigned char bytes[4096];
  size_t size, data_offset;
} npy_file;

static npy_file make_file(int version, const char *header, const void *payload, size_t payload_size) {
  npy_file file = {{0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0}, 0, 0};
  size_t start = version == 1 ? 10 : 12, length = strlen(header) + 1;
  while ((start + length) % 64 != 0) length++;
  file.bytes[8] = (unsigned char)length;
  file.bytes[9] = (unsigned char)(length >> 8);
  memset(file.bytes + start, ' ', length);
  memcpy(file.bytes + start, header, strlen(header));
  file.bytes[start + length - 1] = '\n';
  file.data_offset = start + length;
  file.size = file.data_offset + payload_size;
  assert_true(file.size <= sizeof file.bytes);
  if (payload_size > 0) memcpy(file.bytes + file.data_offset, payload, payload_size);
  return file;
}

static ockham_status read_bytes(const unsigned char *bytes, size_t size, int label, int skip, rows_read *rows,
                                ockham_error *err) {
  ock_source *source;
  *rows = (rows_read){0};
  OCK_TRY(ock_npy_open_bytes("x.npy", bytes, size, &source, err));
  return read_rows(source, label, skip, rows, err);
}

#define assert_values(rows, ...)                                                                       \
  do {                                                                                                 \
    const double expected[] = {__VA_ARGS__};                                                           \
    assert_int_equal((rows).n_rows *(rows).n_features, sizeof expected / 8);                           \
    for (size_t v = 0; v < sizeof expected / 8; v++)                                                   \
      assert_true((rows).values[v] == expected[v] || (isnan((rows).values[v]) && isnan(expected[v]))); \
  } while (0)

static void check_type(const char *descr, const void *payload, size_t payload_size, double first, double second) {
  char header[128];
  snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", descr);
  npy_file file = make_file(1, header, payload, payload_size);
  rows_read rows;
  assert_ok(read_bytes(file.bytes, file.size, -1, -1, &rows, err));
  assert_int_equal(rows.n_features, 1);
  assert_int_equal(rows.dtype, strcmp(descr + 1, "f4") == 0 ? OCKHAM_FLOAT32 : OCKHAM_FLOAT64);
  assert_values(rows, first, second);
  rows_read_clear(&rows);
}

static void test_every_type_in_both_byte_orders(void **state) {
  (void)state;
  check_type("<f8", "\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0", 16, 1.5, -2);
  check_type(">f8", "\x3f\xf8\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x00", 16, 1.5, -2);
  check_type("<f4", "\x00\x00\xc0\x3f\x00\x00\x00\xc0", 8, 1.5, -2);
  check_type(">f4", "\x3f\xc0\x00\x00\xc0\x00\x00\x00", 8, 1.5, -2);
  check_type("<f2", "\x00\x3e\x00\xc0", 4, 1.5, -2);
  check_type(">f2", "\x3e\x00\xc0\x00", 4, 1.5, -2);
  check_type("|i1", "\x7f\x80", 2, 127, -128);
  check_type("<i2", "\x01\x02\xff\xff", 4, 513, -1);
  check_type(">i2", "\x02\x01\xff\xff", 4, 513, -1);
  check_type("<i4", "\x04\x03\x02\x01\xfe\xff\xff\xff", 8, 16909060, -2);
  check_type(">i4", "\x01\x02\x03\x04\xff\xff\xff\xfe", 8, 16909060, -2);
  check_type("<i8", "\x01\x00\x00\x00\x00\x00\x20\x00\xff\xff\xff\xff\xff\xff\xff\xff", 16, 0x1p53, -1);
  check_type(">i8", "\x00\x20\x00\x00\x00\x00\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff", 16, 0x1p53 + 4, -1);
  check_type("|u1", "\x00\xff", 2, 0, 255);
  check_type("<u2", "\x01\x02\xff\xff", 4, 513, 65535);
  check_type("<u4", "\x04\x03\x02\x01\xff\xff\xff\xff", 8, 16909060, 4294967295.0);
  check_type("<u8", "\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", 16, 1, 0x1p64);
  check_type("|b1", "\x00\x01", 2, 0, 1);
}

static void test_header_spellings(void **state) {
  (void)state;
  static const char *const headers[] = {
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }",
      "{'shape': (2, 3), 'fortran_order': False, 'descr': '|u1'}",
      "{\"shape\":(2,3,),\"descr\":\"|u1\",\"fortran_order\":False}",
      " { 'descr' : '|u1' , 'shape' : ( 2L , 3L ) , 'fortran_order' : False , } ",
  };
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
    for (int version = 1; version <= 3; version++) {
      npy_file file = make_file(version, headers[i], "\1\2\3\4\5\6", 6);
      rows_read rows;
      assert_ok(read_bytes(file.bytes, file.size, -1, -1, &rows, err));
      assert_int_equal(rows.n_rows, 2);
      assert_values(rows, 1, 2, 3, 4, 5, 6);
      rows_read_clear(&rows);
    }
}

static void refuse(const char *header, size_t payload_size, ockham_status status, const char *words) {
  static const unsigned char zeros[256];
  npy_file file = make_file(1, header, zeros, payload_size);
  rows_read rows;
  ockham_error err = {0};
  assert_int_equal(read_bytes(file.bytes, file.size, -1, -1, &rows, &err), status);
  if (!strstr(err.message, words)) fail_msg("'%s' lacks '%s'", err.message, words);
  assert_ptr_equal(strstr(err.message, "x.npy: "), err.message);
}

static void test_refusals_name_what_was_found(void **state) {
  (void)state;
  refuse("{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }", 32, OCKHAM_UNSUPPORTED, "'<c16'");
  refuse("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", 16, OCKHAM_UNSUPPORTED, "'|O'");
  refuse("{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }", 24, OCKHAM_UNSUPPORTED, "'<U3'");
  refuse("{'descr': '|f8', 'fortran_order': False, 'shape': (2,), }", 16, OCKHAM_UNSUPPORTED, "'|f8'");
  refuse("{'descr': '', 'fortran_order': False, 'shape': (2,), }", 16, OCKHAM_UNSUPPORTED, "''");
  refuse("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", 16, OCKHAM_UNSUPPORTED, "structured");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1, 3), }", 48, OCKHAM_BAD_DATA, "3 dimensions");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 8, OCKHAM_BAD_DATA, "0 dimensions");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", 0, OCKHAM_BAD_DATA, "0 rows");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 0), }", 0, OCKHAM_BAD_DATA, "0 columns");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 23, OCKHAM_BAD_FILE, "cut short");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 25, OCKHAM_BAD_FILE, "more follows");
  /* 2^61 + 1 elements of 8 bytes are 8 bytes when the product wraps */
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693953,), }", 8, OCKHAM_BAD_FILE, "cut");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551616,), }", 8, OCKHAM_BAD_FILE, "length");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (3), }", 24, OCKHAM_BAD_FILE, "comma");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }", 24, OCKHAM_BAD_FILE, "length");
  refuse("{'descr': '<f8', 'fortran_order': 0, 'shape': (3,), }", 24, OCKHAM_BAD_FILE, "True or False");
  refuse("{'descr': '<f8', 'shape': (3,), }", 24, OCKHAM_BAD_FILE, "once");
  refuse("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 24, OCKHAM_BAD_FILE, "once");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'x': 1}", 24, OCKHAM_BAD_FILE, "once");
  refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), } x", 24, OCKHAM_BAD_FILE, "nothing but blanks");
  refuse("{'descr': '<f8' 'fortran_order': False, 'shape': (3,), }", 24, OCKHAM_BAD_FILE, "comma");
  refuse("{'descr': '<f8, 'fortran_order': False, 'shape': (3,), }", 24, OCKHAM_UNSUPPORTED, "type");
  refuse("", 24, OCKHAM_BAD_FILE, "'{'");
}

static void test_truncations_are_refused(void **state) {
  (void)state;
  npy_file file = make_file(2, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 2), }", "abcdefgh", 8);
  for (size_t size = 0; size <= file.size; size++) {
    unsigned char *exact = malloc(size + 1); /* so that a sanitizer sees reading beyond */
    unsigned char *bytes = exact + 1;
    memcpy(bytes, file.bytes, size);
    rows_read rows;
    ockham_error err = {0};
    ockham_status status = read_bytes(bytes, size, -1, -1, &rows, &err);
    assert_int_equal(status, size == file.size ? OCKHAM_OK : OCKHAM_BAD_FILE);
    rows_read_clear(&rows);
    free(exact);
  }
}

static void test_fortran_order_and_roles(void **state) {
  (void)state;
  const int64_t columns[] = {1, 2, 3, 10, 20, 10, -1, -2, -3};
  npy_file file = make_file(1, "{'descr': '<i8', 'fortran_order': True, 'shape': (3, 3), }", columns, sizeof columns);
  rows_read rows;
  assert_ok(read_bytes(file.bytes, file.size, -1, -1, &rows, err));
  assert_values(rows, 1, 10, -1, 2, 20, -2, 3, 10, -3);
  rows_read_clear(&rows);
  assert_ok(read_bytes(file.bytes, file.size, 1, 0, &rows, err));
  assert_values(rows, -1, -2, -3);
  assert_int_equal(rows.labels.n, 2);
  assert_string_equal(rows.labels.texts[0], "10");
  assert_string_equal(rows.labels.texts[1], "20");
  assert_int_equal(rows.label[2], 0);
  rows_read_clear(&rows);
}

static void test_labels_keep_large_integers_apart(void **state) {
  (void)state;
  const int64_t table[] = {5, 9007199254740992, 6, 9007199254740993};
  npy_file file = make_file(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 2), }", table, sizeof table);
  rows_read rows;
  assert_ok(read_bytes(file.bytes, file.size, 1, -1, &rows, err));
  assert_values(rows, 5, 6);
  assert_int_equal(rows.labels.n, 2);
  assert_string_equal(rows.labels.texts[1], "9007199254740993");
  rows_read_clear(&rows);
}

static void read_committed(const char *name, rows_read *rows) {
  char path[512];
  ock_source *source = NULL;
  snprintf(path, sizeof path, "%s/files/%s", OCK_TEST_DATA, name);
  assert_ok(ock_npy_open(path, NULL, &source, err));
  assert_string_equal(source->names[0], "x1");
  assert_ok(read_rows(source, -1, -1, rows, err));
}

/* Files that numpy 2.4.6 wrote: see files/README. */
static void test_files_of_numpy(void **state) {
  (void)state;
  rows_read rows;
  read_committed("fortran_f8.npy", &rows);
  assert_int_equal(rows.n_rows, 4);
  assert_values(rows, 0, .125, .25, .375, .5, .625, .75, .875, 1, 1.125, 1.25, 1.375);
  rows_read_clear(&rows);
  read_committed("big_endian_i4.npy", &rows);
  assert_int_equal(rows.n_rows, 5);
  assert_values(rows, -3000, -2000, -1000, 0, 1000, 2000, 3000, 4000, 5000, 6000);
  rows_read_clear(&rows);
  read_committed("half_f2.npy", &rows);
  assert_values(rows, 0.0999755859375, -2, 65504, 5.960464477539063e-08, NAN, INFINITY, -0.0, 1.5);
  assert_true(signbit(rows.values[6]) != 0);
  rows_read_clear(&rows);
}

/* More rows than a block holds, in both orders, must give the same table. */
static void test_many_blocks(void **state) {
  (void)state;
  enum { ROWS = 70000, COLUMNS = 5 };
  for (int fortran = 0; fortran <= 1; fortran++) {
    char header[128];
    snprintf(header, sizeof header, "{'descr': '>i4', 'fortran_order': %s, 'shape': (%d, %d), }",
             fortran ? "True" : "False", ROWS, COLUMNS);
    npy_file start = make_file(1, header, NULL, 0);
    size_t size = start.size + (size_t)ROWS * COLUMNS * 4;
    unsigned char *bytes = malloc(size);
    memcpy(bytes, start.bytes, start.size);
    for (size_t i = 0; i < ROWS; i++)
      for (size_t j = 0; j < COLUMNS; j++) {
        uint32_t value = __builtin_bswap32((uint32_t)(i * 7 + j));
        memcpy(bytes + start.size + 4 * (fortran ? j * ROWS + i : i * COLUMNS + j), &value, 4);
      }
    char *path = make_path(".npy");
    write_file(path, bytes, size);
    ock_source *source = NULL;
    rows_read rows;
    assert_ok(ock_npy_open(path, NULL, &source, err));
    assert_int_equal(source->n_rows_expected, ROWS);
    assert_ok(read_rows(source, -1, 2, &rows, err));
    assert_int_equal(rows.n_rows, ROWS);
    assert_true(rows.n_blocks > 2);
    for (size_t i = 0; i < ROWS; i++) {
      static const double offset[4] = {0, 1, 3, 4};
      for (size_t f = 0; f < 4; f++) assert_true(rows.values[i * 4 + f] == (double)(i * 7) + offset[f]);
    }
    rows_read_clear(&rows);
    free(bytes);
    drop_path(path);
  }
}

static void test_what_is_no_file(void **state) {
  (void)state;
  ock_source *source;
  ockham_error err = {0};
  assert_int_equal(ock_npy_open("/nonexistent/x.npy", NULL, &source, &err), OCKHAM_IO);
  assert_non_null(strstr(err.message, "/nonexistent/x.npy: "));
  assert_null(source);
  assert_int_equal(ock_npy_open("/tmp", NULL, &source, &err), OCKHAM_BAD_FILE);
}

/* A mutated payload is another valid file; a mutated header is refused, or describes just as many bytes. */
static void test_mutations(void **state) {
  (void)state;
  const double table[6] = {1, 2, 3, 4, 5, 6};
  npy_file file = make_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", table, sizeof table);
  ock_rng rng = ock_rng_make(1, 0);
  int n_read = 0;
  for (int i = 0; i < 1000; i++) {
    npy_file changed = file;
    for (uint64_t n = 1 + ock_rng_below(&rng, 3); n > 0; n--)
      changed.bytes[ock_rng_below(&rng, file.size)] ^= (unsigned char)(1 + ock_rng_below(&rng, 255));
    rows_read rows;
    ockham_error err = {0};
    ockham_status status = read_bytes(changed.bytes, changed.size, -1, -1, &rows, &err);
    if (status)
      assert_true(strlen(err.message) > 10);
    else if (memcmp(changed.bytes, file.bytes, file.data_offset) == 0)
      for (size_t v = 0; v < 6; v++) assert_memory_equal(&rows.values[v], changed.bytes + file.data_offset + 8 * v, 8);
    n_read += !status;
    rows_read_clear(&rows);
  }
  assert_in_range(n_read, 50, 500);
}

static void test_allocation_failures(void **state) {
  (void)state;
  char path[512];
  snprintf(path, sizeof path, "%s/files/fortran_f8.npy", OCK_TEST_DATA);
  for_each_allocation_failure(n) {
    ock_source *source;
    rows_read rows = {0};
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = ock_npy_open(path, NULL, &source, &err);
    if (!status) status = read_rows(source, 1, -1, &rows, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    rows_read_clear(&rows);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_type_in_both_byte_orders),
      cmocka_unit_test(test_header_spellings),
      cmocka_unit_test(test_refusals_name_what_was_found),
      cmocka_unit_test(test_truncations_are_refused),
      cmocka_unit_test(test_fortran_order_and_roles),
      cmocka_unit_test(test_labels_keep_large_integers_apart),
      cmocka_unit_test(test_files_of_numpy),
      cmocka_unit_test(test_many_blocks),
      cmocka_unit_test(test_what_is_no_file),
      cmocka_unit_test(test_mutations),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
