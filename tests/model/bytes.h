/* SPDX-License-Identifier: Apache-2.0 */
/* Model files as bytes, in a folder of the test's own: to compare, to damage, and to see refused. */
#ifndef OCK_TEST_MODEL_BYTES_H
#define OCK_TEST_MODEL_BYTES_H

#include <unistd.h>

#include "model/internal.h"
#include "model/seal.h"
#include "test.h"

enum { MAX_FILE_SIZE = 1024 };

typedef struct file_bytes {
  _Alignas(8) unsigned char bytes[MAX_FILE_SIZE];
  size_t size;
} file_bytes;

/* ---- a folder of our own ---- */

static char folder[] = "/tmp/ockham-test-model-XXXXXX";
static char path_a[64], path_b[64];

static inline int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(path_a, sizeof path_a, "%s/a.model", folder);
  snprintf(path_b, sizeof path_b, "%s/b.model", folder);
  return 0;
}

/* Fails when a test left anything else behind, such as a temporary file. */
static inline int remove_folder(void **state) {
  (void)state;
  unlink(path_a);
  unlink(path_b);
  return rmdir(folder);
}

static inline file_bytes read_file(const char *path) {
  file_bytes file;
  FILE *stream = fopen(path, "rb");
  assert_non_null(stream);
  file.size = fread(file.bytes, 1, sizeof file.bytes, stream);
  assert_true(file.size < sizeof file.bytes);
  fclose(stream);
  return file;
}

/* The file of a model, which is freed. */
static inline file_bytes file_of(ockham_model *model) {
  assert_ok(ockham_model_save(model, path_a, err));
  ockham_model_free(model);
  return read_file(path_a);
}

/* ---- damage ---- */

/* The message, when these bytes are refused as they must be. */
static inline const char *refusal_of(file_bytes *file) {
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

static inline void assert_every_changed_byte_is_seen(file_bytes file) {
  for (size_t i = 0; i < file.size; i++)
    for (unsigned flip = 1; flip < 256; flip++) {
      file.bytes[i] ^= (unsigned char)flip;
      refusal_of(&file);
      file.bytes[i] ^= (unsigned char)flip;
    }
}

static inline void assert_every_cut_is_seen(file_bytes file) {
  size_t size = file.size;
  for (file.size = 0; file.size < size; file.size++) refusal_of(&file);
  file.bytes[size] = 0;
  file.size = size + 1;
  refusal_of(&file);
}

static inline void mutate(file_bytes *file, ock_rng *rng) {
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

/* With right checksums, a changed file is refused, or it is a model like any other. Returns how many of `repeats` are
 * that. */
static inline int count_accepted_mutations(file_bytes original, int repeats) {
  ock_rng rng = ock_rng_make(1, 0);
  int n_accepted = 0, n_changed = 0;
  for (int repeat = 0; repeat < repeats; repeat++) {
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
  assert_true(n_changed > repeats * 9 / 10);
  return n_accepted;
}

/* ---- relations: right checksums, wrong content ---- */

static inline unsigned char *payload_of(file_bytes *file, const char *tag) {
  for (size_t at = 16; at + 16 <= file->size; at += 8)
    if (memcmp(file->bytes + at, tag, 4) == 0 && memcmp(file->bytes + at + 4, "\0\0\0\0", 4) == 0)
      return file->bytes + at + 16;
  fail_msg("no chunk %s", tag);
  return NULL;
}

/* A value put at some place of a chunk, and what is then said. */
typedef struct wrong_content {
  const char *tag;
  ptrdiff_t at;
  const void *value;
  size_t size;
  const char *message;
} wrong_content;

static inline void assert_is_told(file_bytes file, const wrong_content *wrong) {
  memcpy(payload_of(&file, wrong->tag) + wrong->at, wrong->value, wrong->size);
  seal_container(file.bytes, file.size);
  assert_string_equal(refusal_of(&file), wrong->message);
}

/* ---- memory runs out ---- */

/* Loading path_a without enough of it; returns how often that was. */
static inline long refuse_memory_while_loading(void) {
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
  return n_refusals;
}

#endif
