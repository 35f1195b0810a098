/* SPDX-License-Identifier: Apache-2.0 */
#include "model/bytes.h"
#include "model/example.h"

static file_bytes example_file(ockham_scale kind) {
  return file_of(example_model(kind));
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

static void test_damage_is_seen(void **state) {
  (void)state;
  assert_every_changed_byte_is_seen(example_file(OCKHAM_SCALE_STANDARD));
  assert_every_cut_is_seen(example_file(OCKHAM_SCALE_STANDARD));
}

static void test_mutations(void **state) {
  (void)state;
  int n_accepted = count_accepted_mutations(example_file(OCKHAM_SCALE_STANDARD), 1000);
  assert_true(n_accepted > 10 && n_accepted < 500);
}

static void test_relations_are_checked(void **state) {
  (void)state;
  const double nan = NAN, infinity = INFINITY, negative = -1;
  const uint64_t zero = 0, two = 2, huge = UINT64_MAX, columns = (uint64_t)1 << 61;
  const wrong_content cases[] = {
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
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_is_told(original, &cases[i]);
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
  assert_true(refuse_memory_while_loading() >= 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_save_load_save),
      cmocka_unit_test(test_format_1_stays),
      cmocka_unit_test(test_damage_is_seen),
      cmocka_unit_test(test_mutations),
      cmocka_unit_test(test_relations_are_checked),
      cmocka_unit_test(test_other_files_are_refused),
      cmocka_unit_test(test_a_folder_that_is_not_there),
      cmocka_unit_test(test_memory_runs_out_while_saving),
      cmocka_unit_test(test_memory_runs_out_while_loading),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
