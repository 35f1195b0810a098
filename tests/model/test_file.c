/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "model/example.h"
#include "model/seal.h"

enum { MAX_FILE_SIZE = 1024 };

typedef struct file_bytes {
  _Alignas(8) unsigned char bytes[MAX_FILE_SIZE];
  size_t size;
} file_bytes;

/* ---- a folder of our own ---- */

static char folder[] = "/tmp/ockham-test-model-XXXXXX";
static char path_a[64], path_b[64];

static int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(path_a, sizeof path_a, "%s/a.model", folder);
  snprintf(path_b, sizeof path_b, "%s/b.model", folder);
  return 0;
}

/* Fails when a test left anything else behind, such as a temporary file. */
static int remove_folder(void **state) {
  (void)state;
  unlink(path_a);
  unlink(path_b);
  return rmdir(folder);
}

static file_bytes read_file(const char *path) {
  file_bytes file;
  FILE *stream = fopen(path, "rb");
  assert_non_null(stream);
  file.size = fread(file.bytes, 1, sizeof file.bytes, stream);
  assert_true(file.size < sizeof file.bytes);
  fclose(stream);
  return file;
}

static file_bytes example_file(ockham_scale kind) {
  ockham_model *model = example_model(kind);
  assert_ok(ockham_model_save(model, path_a, err));
  ockham_model_free(model);
  return read_file(path_a);
}

/* ---- what is written is what is read ---- */

static void test_save_load_save(void **state) {
  (void)state;
  static const ockham_scale kinds[] = {OCKHAM_SCALE_NONE, OCKHAM_SCALE_STANDARD, OCKHAM_SCALE_ROBUST};
  for (size_t i = 0; i < 3; i++) {
    file_bytes first = example_file(kinds[i]);
    ockham_model *model;
    assert_ok(ockham_model_load(path_a, &model, err));
    assert_is_example(model, kinds[i]);
    assert_ok(ockham_model_save(model, path_b, err));
    ockham_model_free(model);
    file_bytes second = read_file(path_b);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
  }
}

/* A file kept since format 1 was laid down: it must be read for ever, and as long as format 1 is written, written. */
static void test_format_1_stays(void **state) {
  (void)state;
  const char *path = OCK_TEST_DATA "/model/format-1.model";
  file_bytes kept = read_file(path);
  ockham_model *model;
  assert_ok(ockham_model_load(path, &model, err));
  assert_is_example(model, OCKHAM_SCALE_STANDARD);
  ockham_model_free(model);
  file_bytes written = example_file(OCKHAM_SCALE_STANDARD);
  assert_int_equal(written.size, kept.size);
  assert_memory_equal(written.bytes, kept.bytes, kept.size);
}

/* ---- damage ---- */

/* The message, when these bytes are refused as they must be. */
static const char *refusal_of(file_bytes *file) {
  static ockham_error err;
  ockham_model *model = (ockham_model *)file;
  ockham_status status = ock_model_parse("x.model", file->bytes, file->size, &model, &err);
  if (status == OCKHAM_OK) fail_msg("damage was not seen");
  assert_int_equal(status, OCKHAM_BAD_FILE);
  assert_int_equal(err.status, OCKHAM_BAD_FILE);
  assert_null(model);
  assert_memory_equal(err.message, "x.model: ", 9);
  return err.message;
}

static void test_every_changed_byte_is_seen(void **state) {
  (void)state;
  file_bytes file = example_file(OCKHAM_SCALE_STANDARD);
  for (size_t i = 0; i < file.size; i++)
    for (unsigned flip = 1; flip < 256; flip++) {
      file.bytes[i] ^= (unsigned char)flip;
      refusal_of(&file);
      file.bytes[i] ^= (unsigned char)flip;
    }
}

static void test_every_cut_is_seen(void **state) {
  (void)state;
  file_bytes file = example_file(OCKHAM_SCALE_STANDARD);
  size_t size = file.size;
  for (file.size = 0; file.size < size; file.size++) refusal_of(&file);
  file.bytes[size] = 0;
  file.size = size + 1;
  refusal_of(&file);
}

static void mutate(file_bytes *file, ock_rng *rng) {
  for (uint64_t n = 1 + ock_rng_below(rng, 6); n > 0; n--) {
    size_t at = (size_t)ock_rng_below(rng, file->size), tail = file->size - at;
    switch (ock_rng_below(rng, 4)) {
      case 0:
        file->bytes[at] = (unsigned char)ock_rng_next(rng);
        break;
      case 1:
        file->bytes[at] ^= (unsigned char)(1 << ock_rng_below(rng, 8));
        break;
      case 2: /* take out a few bytes, put in zeros at the end */
        memset(file->bytes + at, 0, tail < 8 ? tail : 8);
        break;
      default: /* repeat a piece */
        memmove(file->bytes + at, file->bytes + ock_rng_below(rng, file->size - tail + 1), tail / 2);
    }
  }
}

/* With right checksums, a changed file is refused, or it is a model like any other. */
static void test_mutations(void **state) {
  (void)state;
  file_bytes original = example_file(OCKHAM_SCALE_STANDARD);
  ock_rng rng = ock_rng_make(1, 0);
  int n_accepted = 0, n_changed = 0;
  for (int repeat = 0; repeat < 1000; repeat++) {
    file_bytes file = original;
    mutate(&file, &rng);
    if (memcmp(file.bytes, original.bytes, file.size) == 0) continue;
    n_changed++;
    refusal_of(&file);
    seal_container(file.bytes, file.size);
    ockham_model *model;
    ockham_status status = ock_model_parse("x.model", file.bytes, file.size, &model, NULL);
    if (status == OCKHAM_OK) {
      n_accepted++;
      assert_ok(ock_model_check(ockham_model_look(model), err));
      ockham_model_free(model);
    } else {
      assert_int_equal(status, OCKHAM_BAD_FILE);
      assert_null(model);
    }
  }
  assert_true(n_changed > 900 && n_accepted > 10 && n_accepted < 500);
}

/* ---- relations: right checksums, wrong content ---- */

static unsigned char *payload_of(file_bytes *file, const char *tag) {
  for (size_t at = 16; at + 16 <= file->size; at += 8)
    if (memcmp(file->bytes + at, tag, 4) == 0 && memcmp(file->bytes + at + 4, "\0\0\0\0", 4) == 0)
      return file->bytes + at + 16;
  fail_msg("no chunk %s", tag);
  return NULL;
}

static void test_relations_are_checked(void **state) {
  (void)state;
  const double nan = NAN, infinity = INFINITY, negative = -1;
  const uint64_t zero = 0, two = 2, huge = UINT64_MAX, columns = (uint64_t)1 << 61;
  const struct {
    const char *tag;
    ptrdiff_t at;
    const void *value;
    size_t size;
    const char *message;
  } cases[] = {
      {"META", 0, &zero, 8, "x.model: chunk 'CENT' must have 0 bytes, found 48"},
      {"META", 0, &two, 8, "x.model: chunk 'CENT' must have 32 bytes, found 48"},
      {"META", 0, &huge, 8, "x.model: chunk 'CENT' must have 18446744073709551615 bytes, found 48"},
      {"META", 8, &zero, 8, "x.model: 17 bytes of text must be 0 texts that each end in a NUL"},
      {"META", 8, &columns, 8, "x.model: 2305843009213693952 texts are missing"},
      {"META", 16, &two, 8, "x.model: the sizes of clusters must add up to 2 rows, found 150"},
      {"META", 32, &huge, 8, "x.model: 3 clusters in 2 columns with scaling 18446744073709551615 cannot be"},
      {"META", 32, &zero, 8, "x.model: the scaling must be none, standard or robust, found number 0"},
      {"META", 32, "\1", 1, "x.model: chunk 'SCAL' must have 0 bytes, found 32"},
      {"META", 40, &nan, 8, "x.model: the spread ratio must be finite and not negative, found nan"},
      {"META", -16, "meta", 4, "x.model: chunk 'META' is missing"},
      {"NAME", 3, "", 1, "x.model: 17 bytes of text must be 2 texts that each end in a NUL"},
      {"NAME", 16, "x", 1, "x.model: 17 bytes of text must be 2 texts that each end in a NUL"},
      {"SCAL", 16, &zero, 8,
       "x.model: the scaling of column 1 must have a finite centre and a finite positive factor, found 5.5 and 0"},
      {"CENT", 8, &infinity, 8, "x.model: the centroid of cluster 0 must be finite, found inf in column 2"},
      {"SIZE", 0, &huge, 8, "x.model: the sizes of clusters must add up to 150 rows, found 99 beyond 2^64"},
      {"WITH", 16, &negative, 8, "x.model: within of cluster 2 must be finite and not negative, found -1"},
      {"CRIT", 3, "x", 1, "x.model: 4 bytes of text must be 1 texts that each end in a NUL"},
  };
  file_bytes original = example_file(OCKHAM_SCALE_STANDARD);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    file_bytes file = original;
    memcpy(payload_of(&file, cases[i].tag) + cases[i].at, cases[i].value, cases[i].size);
    seal_container(file.bytes, file.size);
    assert_string_equal(refusal_of(&file), cases[i].message);
  }
}

static void test_other_files_are_refused(void **state) {
  (void)state;
  file_bytes file = example_file(OCKHAM_SCALE_NONE);
  file.bytes[8] = 3;
  seal_container(file.bytes, file.size);
  assert_string_equal(refusal_of(&file),
                      "x.model: was written by a newer version of ockham (format 3, this one reads up to 2)");
  ockham_model *model = (ockham_model *)folder;
  ockham_error err;
  unlink(path_b);
  assert_int_equal(ockham_model_load(path_b, &model, &err), OCKHAM_IO);
  assert_null(model);
  assert_memory_equal(err.message, path_b, strlen(path_b));
}

/* ---- memory and disk run out ---- */

static void test_a_folder_that_is_not_there(void **state) {
  (void)state;
  ockham_model *model = example_model(OCKHAM_SCALE_NONE);
  ockham_error err;
  assert_int_equal(ockham_model_save(model, "/nowhere/at/all", &err), OCKHAM_CANNOT_WRITE);
  assert_memory_equal(err.message, "/nowhere/at/all: ", 17);
  ockham_model_free(model);
}

static void test_memory_runs_out_while_saving(void **state) {
  (void)state;
  file_bytes before = example_file(OCKHAM_SCALE_STANDARD);
  ockham_model *model = example_model(OCKHAM_SCALE_NONE);
  long n_refusals = 0;
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_model_save(model, path_a, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (!status) continue;
    n_refusals++;
    file_bytes after = read_file(path_a);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.bytes, before.bytes, before.size);
  }
  ockham_model_free(model);
  assert_true(n_refusals >= 1);
}

static void test_memory_runs_out_while_loading(void **state) {
  (void)state;
  example_file(OCKHAM_SCALE_STANDARD);
  long n_refusals = 0;
  for_each_allocation_failure(n) {
    ockham_model *model = (ockham_model *)folder;
    ockham_error err = {0};
    ock_fault_after(n);
    ockham_status status = ockham_model_load(path_a, &model, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    assert_int_equal(err.status, status);
    if (status) assert_null(model);
    n_refusals += status != OCKHAM_OK;
    ockham_model_free(model);
  }
  assert_true(n_refusals >= 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_save_load_save),
      cmocka_unit_test(test_format_1_stays),
      cmocka_unit_test(test_every_changed_byte_is_seen),
      cmocka_unit_test(test_every_cut_is_seen),
      cmocka_unit_test(test_mutations),
      cmocka_unit_test(test_relations_are_checked),
      cmocka_unit_test(test_other_files_are_refused),
      cmocka_unit_test(test_a_folder_that_is_not_there),
      cmocka_unit_test(test_memory_runs_out_while_saving),
      cmocka_unit_test(test_memory_runs_out_while_loading),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
