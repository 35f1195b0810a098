/* SPDX-License-Identifier: Apache-2.0 */
/* A profile inside a model and its file. */
#include <unistd.h>

#include "model/example.h"
#include "model/seal.h"

enum { N = 60, MAX_SIZE = 1 << 16 };

static char path[] = "/tmp/ockham-test-model-XXXXXX";

static int make_file(void **state) {
  (void)state;
  int file = mkstemp(path);
  return file < 0 ? -1 : close(file);
}

static int remove_file(void **state) {
  (void)state;
  return unlink(path);
}

typedef struct file_bytes {
  _Alignas(8) unsigned char bytes[MAX_SIZE];
  size_t size;
} file_bytes;

static void read_file(file_bytes *file) {
  FILE *stream = fopen(path, "rb");
  assert_non_null(stream);
  file->size = fread(file->bytes, 1, sizeof file->bytes, stream);
  assert_true(file->size < sizeof file->bytes);
  fclose(stream);
}

/* Of the model's columns (the other way round), and of one that it does not know. */
static ockham_profile *make_profile(const char *first) {
  const ockham_profile_column columns[] = {
      {.name = first}, {.name = "colour", .kind = OCKHAM_COLUMN_CATEGORY}, {.name = "length, cm"}};
  double x[N * 3], centroids[2] = {0};
  ock_rng rng = ock_rng_make(1, 0);
  for (size_t i = 0; i < N * 3; i++) x[i] = i % 3 == 1 ? NAN : ock_rng_normal(&rng);
  ockham_profile_options options = {.columns = columns, .k = 1, .centroids = centroids, .threads = 1};
  ockham_profile *profile = NULL;
  assert_ok(ockham_profile_fit((ockham_rows){x, N, 3, 0, OCKHAM_FLOAT64}, &options, &profile, err));
  return profile;
}

static ockham_model *make_model(bool mixture) {
  ockham_model_parts parts = mixture ? example_mixture_parts(OCKHAM_SCALE_NONE) : example_parts(OCKHAM_SCALE_NONE);
  ockham_profile *profile = make_profile("width");
  ockham_model *model = NULL;
  parts.profile = profile;
  assert_ok(ockham_model_new(&parts, &model, err));
  ockham_profile_free(profile); /* the model has its own */
  return model;
}

static void assert_same_profile(const ockham_profile *a, const ockham_profile *b) {
  unsigned char *bytes_a, *bytes_b;
  size_t size_a, size_b;
  assert_ok(ockham_profile_encode(a, &bytes_a, &size_a, err));
  assert_ok(ockham_profile_encode(b, &bytes_b, &size_b, err));
  assert_int_equal(size_a, size_b);
  assert_memory_equal(bytes_a, bytes_b, size_a);
  ockham_bytes_free(bytes_a);
  ockham_bytes_free(bytes_b);
}

static void test_save_load_save(void **state) {
  (void)state;
  static file_bytes first, second;
  for (int mixture = 0; mixture < 2; mixture++) {
    ockham_model *model = make_model(mixture), *back;
    assert_ok(ockham_model_save(model, path, err));
    read_file(&first);
    assert_ok(ockham_model_load(path, &back, err));
    assert_has_frame_of_example(back, OCKHAM_SCALE_NONE);
    assert_same_profile(ockham_model_look(model)->profile, ockham_model_look(back)->profile);
    assert_ok(ockham_model_save(back, path, err));
    read_file(&second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    ockham_model_free(model);
    ockham_model_free(back);
  }
}

static void test_a_model_without_has_none(void **state) {
  (void)state;
  ockham_model *model = example_model(OCKHAM_SCALE_NONE), *back;
  assert_null(ockham_model_look(model)->profile);
  assert_ok(ockham_model_save(model, path, err));
  assert_ok(ockham_model_load(path, &back, err));
  assert_null(ockham_model_look(back)->profile);
  ockham_model_free(model);
  ockham_model_free(back);
}

static void test_it_must_know_the_columns(void **state) {
  (void)state;
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_NONE);
  ockham_profile *profile = make_profile("height");
  ockham_model *model = (ockham_model *)&parts;
  ockham_error err = {0};
  parts.profile = profile;
  assert_int_equal(ockham_model_new(&parts, &model, &err), OCKHAM_BAD_ARGUMENT);
  assert_null(model);
  assert_string_equal(err.message,
                      "the profile must have each column of the model among its inputs of numbers, found no 'width'");
  parts.column_names = (const char *const[]){"length, cm", "colour"}; /* which are texts */
  assert_int_equal(ockham_model_new(&parts, &model, &err), OCKHAM_BAD_ARGUMENT);
  ockham_profile_free(profile);
}

/* A profile of texts has no clusters: then a model may hold it alone. */
static ockham_profile *make_profile_of_texts(void) {
  static const char *const texts[] = {"red", "blue"};
  const ockham_profile_column columns[] = {
      {.name = "colour", .kind = OCKHAM_COLUMN_CATEGORY, .texts = texts, .n_texts = 2}};
  double x[N];
  for (size_t i = 0; i < N; i++) x[i] = (double)(i % 3 == 0);
  ockham_profile_options options = {.columns = columns, .threads = 1};
  ockham_profile *profile = NULL;
  assert_ok(ockham_profile_fit((ockham_rows){x, N, 1, 0, OCKHAM_FLOAT64}, &options, &profile, err));
  return profile;
}

static void test_a_profile_alone(void **state) {
  (void)state;
  static file_bytes file, changed;
  ockham_profile *profile = make_profile_of_texts(), *with_clusters = make_profile("width");
  ockham_model_parts parts = {
      .scaling = {.kind = OCKHAM_SCALE_NONE}, .criterion = "none", .seed = 3, .profile = profile};
  ockham_model *model, *back;
  ockham_error problem = {0};
  assert_ok(ockham_model_new(&parts, &model, err));
  assert_ok(ockham_model_save(model, path, err));
  assert_ok(ockham_model_load(path, &back, err));
  assert_int_equal(ockham_model_look(back)->k, 0);
  assert_int_equal(ockham_model_look(back)->seed, 3);
  assert_same_profile(profile, ockham_model_look(back)->profile);
  assert_int_equal(
      ockham_model_predict(back, (ockham_rows){&(double){1}, 1, 1, 0, OCKHAM_FLOAT64}, 1, NULL, NULL, &problem),
      OCKHAM_BAD_ARGUMENT);
  assert_string_equal(problem.message, "the model must have clusters, found a profile alone");
  read_file(&file);
  ockham_model_free(model);
  ockham_model_free(back);
  for (size_t at = 0; at < file.size; at++) { /* what is changed is refused, or a model that can be freed */
    changed = file;
    changed.bytes[at] ^= 1;
    seal_container(changed.bytes, changed.size);
    (void)!ock_model_parse("x.model", changed.bytes, changed.size, &model, &problem);
    ockham_model_free(model);
  }
  parts.n_rows = 1;
  assert_int_equal(ockham_model_new(&parts, &model, &problem), OCKHAM_BAD_ARGUMENT);
  parts.n_rows = 0;
  parts.criterion = NULL;
  assert_int_equal(ockham_model_new(&parts, &model, &problem), OCKHAM_BAD_ARGUMENT);
  parts.criterion = "none";
  parts.profile = with_clusters; /* which clusters would be missing */
  assert_int_equal(ockham_model_new(&parts, &model, &problem), OCKHAM_BAD_ARGUMENT);
  parts.profile = NULL;
  assert_int_equal(ockham_model_new(&parts, &model, &problem), OCKHAM_BAD_ARGUMENT);
  ockham_profile_free(profile);
  ockham_profile_free(with_clusters);
}

/* Each byte changed and the checksums made right again: refused, or a model that saves what it is. */
static void test_changed_bytes(void **state) {
  (void)state;
  static file_bytes file, changed;
  ockham_model *model = make_model(false);
  assert_ok(ockham_model_save(model, path, err));
  ockham_model_free(model);
  read_file(&file);
  ock_rng rng = ock_rng_make(1, 0);
  size_t n_refused = 0;
  for (size_t at = 0; at < file.size; at++) {
    changed = file;
    changed.bytes[at] ^= (unsigned char)(1 + ock_rng_below(&rng, 255));
    seal_container(changed.bytes, changed.size);
    ockham_error err = {0};
    ockham_status status = ock_model_parse("x.model", changed.bytes, changed.size, &model, &err);
    n_refused += status != OCKHAM_OK;
    if (status) {
      assert_int_equal(status, OCKHAM_BAD_FILE);
      assert_memory_equal(err.message, "x.model: ", 9);
    }
    ockham_model_free(model);
  }
  assert_true(n_refused > file.size / 4);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  ockham_model_parts parts = example_parts(OCKHAM_SCALE_NONE);
  ockham_profile *profile = make_profile("width");
  parts.profile = profile;
  long n_refusals[3] = {0};
  for_each_allocation_failure(n) {
    ockham_model *model = (ockham_model *)&parts;
    ock_fault_after(n);
    ockham_status status = ockham_model_new(&parts, &model, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    n_refusals[0] += status != OCKHAM_OK;
    ockham_model_free(model);
  }
  ockham_model *model;
  assert_ok(ockham_model_new(&parts, &model, err));
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_model_save(model, path, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    n_refusals[1] += status != OCKHAM_OK;
  }
  for_each_allocation_failure(n) {
    ockham_model *back = model;
    ock_fault_after(n);
    ockham_status status = ockham_model_load(path, &back, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    n_refusals[2] += status != OCKHAM_OK;
    ockham_model_free(back);
  }
  assert_true(n_refusals[0] >= 5 && n_refusals[1] >= 2 && n_refusals[2] >= 6);
  ockham_model_free(model);
  ockham_profile_free(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_save_load_save),
      cmocka_unit_test(test_a_model_without_has_none),
      cmocka_unit_test(test_it_must_know_the_columns),
      cmocka_unit_test(test_a_profile_alone),
      cmocka_unit_test(test_changed_bytes),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
