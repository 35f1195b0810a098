/* SPDX-License-Identifier: Apache-2.0 */
/* Merges kept beside a corpus: they are what learning gives, to the bit, whatever becomes of the file. */
#include "../data/source_test.h"
#include "lm/text.h"
/* apart from the above, whose headers must come first */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { MOST = 40, N_BYTES = 1400000 };

static char folder[64], corpus_path[96], kept_path[512];

/* Of a hundred words, which are counted fast. */
static ockham_corpus *make_corpus(uint64_t n_bytes, uint64_t seed) {
  ockham_corpus *corpus;
  ock_corpus_builder builder = {.document_bytes = 4096, .held_out = .02};
  ock_rng rng = ock_rng_make(seed, 0);
  while (builder.halves[0].n_bytes + builder.halves[1].n_bytes < n_bytes) {
    char text[4096];
    size_t n = 0;
    while (n < sizeof text - 16) {
      uint64_t word = ock_rng_below(&rng, 100);
      n += (size_t)sprintf(text + n, "%c%c%cing ", 'a' + (int)word % 10, 'k' + (int)word / 10, 'a' + (int)(seed % 26));
    }
    assert_ok(ock_corpus_add_document(&builder, text, n, err));
  }
  assert_ok(ock_corpus_finish(&builder, &corpus, err));
  ock_corpus_builder_clear(&builder);
  assert_ok(ockham_corpus_write(corpus, corpus_path, err));
  ockham_corpus_free(corpus);
  assert_ok(ockham_corpus_open(corpus_path, &corpus, err));
  return corpus;
}

/* Everything beside the corpus; the last that it finds is kept_path. */
static size_t count_kept(void) {
  size_t n = 0;
  DIR *all = opendir(folder);
  for (const struct dirent *entry; (entry = readdir(all));) {
    if (entry->d_name[0] == '.' || strcmp(entry->d_name, "a.text") == 0) continue;
    snprintf(kept_path, sizeof kept_path, "%s/%s", folder, entry->d_name);
    assert_non_null(strstr(kept_path, "/a.text.merges-")); /* nothing temporary stays */
    n++;
  }
  closedir(all);
  return n;
}

static int set_up(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "%s", "/tmp/ockham_test_merges_XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(corpus_path, sizeof corpus_path, "%s/a.text", folder);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  while (count_kept()) remove(kept_path);
  unlink(corpus_path);
  return rmdir(folder);
}

static bool is_learnt(const ockham_corpus *corpus, const int32_t *expected, size_t n_expected) {
  int32_t *merges = NULL;
  size_t n = 0;
  if (ock_lm_merges_of(corpus, MOST, &merges, &n, NULL)) return false;
  bool same = n == n_expected && memcmp(merges, expected, n * 2 * sizeof *merges) == 0;
  ock_free(merges);
  return same;
}

static int32_t *learn(const ockham_corpus *corpus, size_t *n) {
  int32_t *merges;
  assert_ok(ock_lm_learn_merges(&corpus->train, MOST, &merges, n, err));
  assert_int_equal(*n, MOST);
  return merges;
}

static void test_small_text(void **state) {
  (void)state;
  ockham_corpus *corpus = make_corpus(100000, 3);
  size_t n;
  int32_t *expected = learn(corpus, &n);
  assert_true(is_learnt(corpus, expected, n));
  assert_int_equal(count_kept(), 0);
  ock_free(expected);
  ockham_corpus_free(corpus);
}

/* The kept file with other chunks, but whole. */
static void forge(const char *changed, const unsigned char *bytes, size_t size, int32_t change) {
  ock_container file;
  ock_container_writer writer;
  unsigned char *copy = malloc(size);
  const void *facts, *merges;
  size_t facts_size, merges_size;
  uint64_t own_facts[4];
  int32_t own_merges[2 * MOST];
  memcpy(copy, bytes, size);
  assert_ok(ock_container_parse(&file, "kept", copy, size, OCK_TAG('M', 'E', 'R', 'G'), 1, err));
  assert_true(ock_container_get(&file, OCK_TAG('F', 'A', 'C', 'T'), &facts, &facts_size));
  assert_true(ock_container_get(&file, OCK_TAG('M', 'E', 'R', 'G'), &merges, &merges_size));
  assert_true(facts_size == sizeof own_facts && merges_size == sizeof own_merges);
  memcpy(own_facts, facts, facts_size);
  memcpy(own_merges, merges, merges_size);
  if (strcmp(changed, "FACT") == 0) own_facts[0]++;
  if (strcmp(changed, "MERG") == 0) own_merges[7] = change;
  assert_ok(ock_container_create(&writer, kept_path, OCK_TAG('M', 'E', 'R', 'G'), 1, err));
  ock_container_put(&writer, OCK_TAG('F', 'A', 'C', 'T'), own_facts, sizeof own_facts);
  ock_container_put(&writer, OCK_TAG('M', 'E', 'R', 'G'), own_merges, sizeof own_merges);
  assert_ok(ock_container_commit(&writer, err));
  free(copy);
}

static void expect_renewed(const ockham_corpus *corpus, const int32_t *expected, size_t n, const unsigned char *bytes,
                           size_t size) {
  assert_true(is_learnt(corpus, expected, n));
  assert_int_equal(count_kept(), 1);
  size_t size_now;
  unsigned char *now = read_file(kept_path, &size_now);
  assert_int_equal(size_now, size);
  assert_memory_equal(now, bytes, size);
  free(now);
}

static void test_kept(void **state) {
  (void)state;
  ockham_corpus *corpus = make_corpus(N_BYTES, 3);
  size_t n, size;
  int32_t *expected = learn(corpus, &n);
  assert_true(is_learnt(corpus, expected, n));
  assert_int_equal(count_kept(), 1);
  unsigned char *bytes = read_file(kept_path, &size);
  expect_renewed(corpus, expected, n, bytes, size);

  expected[7] = '#'; /* it is what is read */
  forge("MERG", bytes, size, '#');
  assert_true(is_learnt(corpus, expected, n));
  ock_free(expected);
  expected = learn(corpus, &n);

  write_file(kept_path, bytes, size / 2);
  expect_renewed(corpus, expected, n, bytes, size);
  bytes[size / 2] ^= 1;
  write_file(kept_path, bytes, size);
  bytes[size / 2] ^= 1;
  expect_renewed(corpus, expected, n, bytes, size);
  write_file(kept_path, "", 0);
  expect_renewed(corpus, expected, n, bytes, size);
  forge("FACT", bytes, size, 0);
  expect_renewed(corpus, expected, n, bytes, size);
  forge("MERG", bytes, size, 300); /* of a piece that is not there yet */
  expect_renewed(corpus, expected, n, bytes, size);
  for_each_allocation_failure(i) {
    int32_t *merges = NULL;
    size_t n_merges;
    ock_fault_after(i);
    ockham_status status = ock_lm_merges_of(corpus, MOST, &merges, &n_merges, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (!status) assert_memory_equal(merges, expected, n * 2 * sizeof *merges);
    ock_free(merges);
  }
  free(bytes);
  ock_free(expected);
  ockham_corpus_free(corpus);
}

/* Another text of the same name and size, and another number of merges. */
static void test_other_text(void **state) {
  (void)state;
  size_t n, n_seven;
  int32_t *seven;
  for (uint64_t seed = 4; seed < 6; seed++) {
    ockham_corpus *corpus = make_corpus(N_BYTES, seed);
    int32_t *expected = learn(corpus, &n);
    assert_true(is_learnt(corpus, expected, n));
    assert_true(is_learnt(corpus, expected, n));
    assert_ok(ock_lm_merges_of(corpus, 7, &seven, &n_seven, err));
    assert_true(n_seven == 7 && memcmp(seven, expected, 14 * sizeof *seven) == 0);
    ock_free(seven);
    ock_free(expected);
    ockham_corpus_free(corpus);
  }
  assert_int_equal(count_kept(), 4);
}

/* Nothing can be written where a folder is in the way. */
static void test_not_written(void **state) {
  (void)state;
  ockham_corpus *corpus = make_corpus(N_BYTES, 3);
  size_t n;
  int32_t *expected = learn(corpus, &n);
  assert_true(is_learnt(corpus, expected, n));
  assert_int_equal(count_kept(), 1);
  unlink(kept_path);
  assert_int_equal(mkdir(kept_path, 0777), 0);
  assert_true(is_learnt(corpus, expected, n));
  assert_int_equal(count_kept(), 1);
  ock_free(expected);
  ockham_corpus_free(corpus);
}

static void test_processes(void **state) {
  (void)state;
  enum { N = 4 };
  ockham_corpus *corpus = make_corpus(N_BYTES, 3);
  size_t n;
  int32_t *expected = learn(corpus, &n);
  for (int i = 0; i < N; i++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(is_learnt(corpus, expected, n) && is_learnt(corpus, expected, n) ? 0 : 1);
  }
  for (int i = 0, status; i < N; i++) {
    assert_true(wait(&status) > 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  assert_int_equal(count_kept(), 1);
  ock_free(expected);
  ockham_corpus_free(corpus);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_small_text, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_other_text, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_not_written, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_processes, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
