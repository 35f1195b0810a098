/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a model with a mixture: format 2. */
#include "model/bytes.h"
#include "model/example.h"

static file_bytes example_file(ockham_scale kind) {
  return file_of(example_model_of_mixture(kind));
}

/* ---- what is written is what is read ---- */

static void test_save_load_save(void **state) {
  (void)state;
  static const ockham_scale kinds[] = {OCKHAM_SCALE_NONE, OCKHAM_SCALE_STANDARD, OCKHAM_SCALE_ROBUST};
  static const double weights[] = {120.5, 0, 1e9};
  for (size_t i = 0; i < 6; i++) {
    ockham_model_parts parts = example_mixture_parts(kinds[i / 2]);
    ockham_model *model;
    if (i % 2) parts.weights = weights;
    assert_ok(ockham_model_new(&parts, &model, err));
    file_bytes first = file_of(model);
    assert_ok(ockham_model_load(path_a, &model, err));
    assert_has_frame_of_example(model, kinds[i / 2]);
    assert_is_mixture(model);
    if (i % 2)
      assert_memory_equal(ockham_model_look(model)->weights, weights, sizeof weights);
    else
      assert_null(ockham_model_look(model)->weights);
    file_bytes second = file_of(model);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
  }
}

/* A file kept since format 2 was laid down. */
static void test_format_2_stays(void **state) {
  (void)state;
  const char *path = OCK_TEST_DATA "/model/format-2.model";
  file_bytes kept = read_file(path);
  ockham_model *model;
  assert_ok(ockham_model_load(path, &model, err));
  assert_has_frame_of_example(model, OCKHAM_SCALE_STANDARD);
  assert_is_mixture(model);
  ockham_model_free(model);
  file_bytes written = example_file(OCKHAM_SCALE_STANDARD);
  assert_int_equal(written.bytes[8], 2);
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
  int n_accepted = count_accepted_mutations(example_file(OCKHAM_SCALE_STANDARD), 2000);
  assert_true(n_accepted > 10 && n_accepted < 1000);
}

static void test_relations_are_checked(void **state) {
  (void)state;
  const double nan = NAN, infinity = INFINITY, negative = -0.25, zero_number = 0, one = 1, many = 20;
  const uint64_t zero = 0, two = 2, four = 4, families = OCKHAM_N_COVARIANCES, huge = UINT64_MAX;
  const uint64_t half = (uint64_t)1 << 32, flags = 4, axes = OCKHAM_VVI, columns = (uint64_t)1 << 61;
  const wrong_content cases[] = {
      {"META", 0, &zero, 8, "x.model: chunk 'CENT' must have 0 bytes, found 48"},
      {"META", 0, &two, 8, "x.model: chunk 'CENT' must have 32 bytes, found 48"},
      {"META", 0, &half, 8, "x.model: chunk 'CENT' must have 68719476736 bytes, found 48"},
      {"META", 8, &columns, 8, "x.model: 2305843009213693952 texts are missing"},
      {"META", 16, &two, 8, "x.model: the sizes of clusters must add up to 2 rows, found 150"},
      {"MIXT", -16, "mixt", 4, "x.model: chunk 'MIXT' is missing"},
      {"PROP", -16, "prop", 4, "x.model: chunk 'PROP' is missing"},
      {"COVA", -16, "cova", 4, "x.model: chunk 'COVA' is missing"},
      {"MIXT", 0, &families, 8, "x.model: a mixture of family 14 with flags 3 after 23 steps cannot be"},
      {"MIXT", 8, &flags, 8, "x.model: a mixture of family 13 with flags 4 after 23 steps cannot be"},
      {"MIXT", 24, &nan, 8, "x.model: the tail must be from 0.1 to 10, found nan"},
      {"MIXT", 24, &many, 8, "x.model: the tail must be from 0.1 to 10, found 20"},
      {"MIXT", 32, &infinity, 8, "x.model: likelihood and criteria of the mixture must be finite, found inf"},
      {"MIXT", 48, &nan, 8, "x.model: likelihood and criteria of the mixture must be finite, found nan"},
      {"MIXT", 0, &axes, 8, "x.model: chunk 'COVA' must have 48 bytes, found 96"},
      {"PROP", 0, &negative, 8, "x.model: the proportion of component 0 must be finite and positive, found -0.25"},
      {"PROP", 8, &nan, 8, "x.model: the proportion of component 1 must be finite and positive, found nan"},
      {"PROP", 16, &zero_number, 8, "x.model: the proportion of component 2 must be finite and positive, found 0"},
      {"PROP", 16, &one, 8, "x.model: the proportions of components must add up to 1, found 1.75"},
      {"CENT", 40, &infinity, 8, "x.model: the mean of component 2 must be finite, found inf in column 2"},
      {"COVA", 24, &nan, 8, "x.model: the covariance of component 0 must be finite, found nan for columns 2 and 2"},
      {"COVA", 8, &one, 8,
       "x.model: the covariance of component 0 must be symmetric, found 1 and 0.5 for columns 1 and 2"},
      {"COVA", 32, &negative, 8, "x.model: the covariance of component 1 must be positive definite"},
      {"COVA", 88, &negative, 8, "x.model: the covariance of component 2 must be positive definite"},
      {"SIZE", 0, &four, 8, "x.model: the sizes of clusters must add up to 150 rows, found 104"},
      {"META", 32, &huge, 8, "x.model: 3 clusters in 2 columns with scaling 18446744073709551615 cannot be"},
  };
  file_bytes original = example_file(OCKHAM_SCALE_STANDARD);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_is_told(original, &cases[i]);
}

/* Sizes that follow from META are compared with the file before anything is made room for. */
static void test_no_room_is_made_for_what_is_not_there(void **state) {
  (void)state;
  const uint64_t k = UINT32_MAX - 1;
  file_bytes file = example_file(OCKHAM_SCALE_NONE);
  memcpy(payload_of(&file, "META"), &k, sizeof k);
  seal_container(file.bytes, file.size);
  ock_fault_after(1); /* an array of the names' addresses is all that is asked for */
  const char *message = refusal_of(&file);
  assert_int_equal(ock_fault_hits(), 0);
  ock_fault_clear();
  assert_string_equal(message, "x.model: chunk 'CENT' must have 68719476704 bytes, found 48");
}

/* What has a mixture is no k-means of its means, nor the other way round. */
static void test_formats_are_not_mixed_up(void **state) {
  (void)state;
  file_bytes file = example_file(OCKHAM_SCALE_NONE);
  file.bytes[8] = 1;
  seal_container(file.bytes, file.size);
  assert_string_equal(refusal_of(&file), "x.model: chunk 'WITH' is missing");
  file = file_of(example_model(OCKHAM_SCALE_NONE));
  file.bytes[8] = 2;
  seal_container(file.bytes, file.size);
  assert_string_equal(refusal_of(&file), "x.model: chunk 'MIXT' is missing");
}

/* ---- memory runs out ---- */

static void test_memory_runs_out_while_saving(void **state) {
  (void)state;
  ockham_model *model = example_model_of_mixture(OCKHAM_SCALE_NONE);
  file_bytes before = file_of(example_model_of_mixture(OCKHAM_SCALE_STANDARD));
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
  assert_true(refuse_memory_while_loading() >= 4); /* one more than without a mixture: to check covariances */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_save_load_save),
      cmocka_unit_test(test_format_2_stays),
      cmocka_unit_test(test_damage_is_seen),
      cmocka_unit_test(test_mutations),
      cmocka_unit_test(test_relations_are_checked),
      cmocka_unit_test(test_no_room_is_made_for_what_is_not_there),
      cmocka_unit_test(test_formats_are_not_mixed_up),
      cmocka_unit_test(test_memory_runs_out_while_saving),
      cmocka_unit_test(test_memory_runs_out_while_loading),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
