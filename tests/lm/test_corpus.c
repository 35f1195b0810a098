/* SPDX-License-Identifier: Apache-2.0 */
/* Corpora: text into documents and parts, the file, damage to it, and the entropy of the synthetic source against
 * counts of what it made. */
#include <sys/stat.h>
#include <unistd.h>

#include "lm/corpus.h"
#include "test.h"

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/ockham_corpus_XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

static const char *path_of(const char *name) {
  static char paths[8][128];
  static int next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof *paths, "%s/%s", folder, name);
  return path;
}

static void write_file(const char *name, const void *bytes, size_t size) {
  FILE *file = fopen(path_of(name), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  fclose(file);
}

/* ---- documents ---- */

static void test_documents_end_at_blank_lines(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t bytes, end;
  } expected[] = {
      {"short", 10, 5},
      {"one\n\ntwo\n\nthree\n\nfour", 4, 5},
      {"one\n\ntwo\n\nthree\n\nfour", 6, 10},
      {"one\n\n\n\ntwo two two", 4, 7},
      {"one\n \t\r\ntwo two two", 4, 8},
      {"one\ntwo\nthree\nfour\nfive", 6, 8},               /* no blank line: a line's end */
      {"abcdefghijklmnopqrstuvw", 6, 12},                  /* no line either: twice as far */
      {"abcde\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9xyz", 6, 11}, /* not within a letter */
      {"abcdefghijk", 6, 11},                              /* what is left is less than twice as much */
      {"abcdefg\n\nk", 6, 9},
      {"\n\n\n", 2, 3},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    const char *text = expected[i].text;
    size_t end = ock_corpus_document_end((const unsigned char *)text, strlen(text), expected[i].bytes);
    if (end != expected[i].end) fail_msg("'%s' ends at %zu, expected %zu", text, end, expected[i].end);
  }
}

static void add_random_documents(ock_corpus_builder *builder, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i < to; i++) {
    ock_rng rng = ock_rng_make(11, i / 2); /* each twice */
    unsigned char text[64];
    size_t size = 17 + (size_t)ock_rng_below(&rng, 40);
    for (size_t j = 0; j < size; j++) text[j] = (unsigned char)('a' + ock_rng_below(&rng, 26));
    assert_ok(ock_corpus_add_document(builder, text, size, err));
  }
}

static bool has_document(const ock_corpus_part *part, const unsigned char *text, size_t size) {
  uint64_t begin = 0;
  for (uint64_t d = 0; d < part->n_documents; begin = part->ends[d++])
    if (part->ends[d] - begin == size && memcmp(part->text + begin, text, size) == 0) return true;
  return false;
}

static void test_the_split_is_by_document_and_stays(void **state) {
  (void)state;
  ockham_corpus *small, *large;
  ock_corpus_builder one = {.document_bytes = 1, .held_out = .1}, other = one;
  add_random_documents(&one, 0, 400);
  add_random_documents(&other, 400, 2000); /* others first */
  add_random_documents(&other, 0, 400);
  assert_ok(ock_corpus_finish(&one, &small, err));
  assert_ok(ock_corpus_finish(&other, &large, err));
  assert_int_equal(small->train.n_documents + small->held.n_documents, 400);
  uint64_t begin = 0;
  for (uint64_t d = 0; d < small->held.n_documents; begin = small->held.ends[d++]) {
    size_t size = (size_t)(small->held.ends[d] - begin);
    assert_true(has_document(&large->held, small->held.text + begin, size));
    assert_false(has_document(&small->train, small->held.text + begin, size)); /* its twin neither */
  }
  begin = 0;
  for (uint64_t d = 0; d < small->train.n_documents; begin = small->train.ends[d++])
    assert_true(has_document(&large->train, small->train.text + begin, (size_t)(small->train.ends[d] - begin)));
  /* 1000 different documents of which a tenth is held out: 4 standard deviations of the binomial are 38. */
  assert_true(fabs((double)large->held.n_documents / 2 - 100) < 38);
  ockham_corpus_free(small);
  ockham_corpus_free(large);
}

static void test_each_part_has_a_document(void **state) {
  (void)state;
  static const double shares[] = {1e-12, .5, 1 - 1e-12};
  for (int s = 0; s < 3; s++)
    for (uint64_t n = 2; n < 40; n += 3) {
      ock_corpus_builder builder = {.document_bytes = 1, .held_out = shares[s]};
      for (uint64_t i = 0; i < n; i++) {
        char text[16];
        assert_ok(ock_corpus_add_document(&builder, text, (size_t)snprintf(text, sizeof text, "text %d", (int)i), err));
      }
      ockham_corpus *corpus;
      assert_ok(ock_corpus_finish(&builder, &corpus, err));
      assert_int_equal(corpus->train.n_documents + corpus->held.n_documents, n);
      if (s != 1) assert_int_equal((s ? corpus->train : corpus->held).n_documents, 1);
      char text[16];
      for (uint64_t i = 0; i < n; i++) {
        size_t size = (size_t)snprintf(text, sizeof text, "text %d", (int)i);
        assert_int_equal(has_document(&corpus->train, (unsigned char *)text, size) +
                             has_document(&corpus->held, (unsigned char *)text, size),
                         1);
      }
      ockham_corpus_free(corpus);
    }
  ock_corpus_builder builder = {.document_bytes = 9, .held_out = .5};
  ockham_corpus *corpus;
  ockham_error error = {0};
  assert_ok(ock_corpus_add_text(&builder, (const unsigned char *)"one only", 8, err));
  assert_int_equal(ock_corpus_finish(&builder, &corpus, &error), OCKHAM_BAD_DATA);
  assert_string_equal(error.message,
                      "a corpus needs at least 2 documents, one of them to be held out, found 1; a "
                      "document ends at the blank line next after 9 bytes");
  ock_corpus_builder_clear(&builder);
}

/* ---- files ---- */

static void write_sources(void) {
  char text[3000];
  size_t n = 0;
  for (int i = 0; n < sizeof text - 40; i++) n += (size_t)snprintf(text + n, 40, "paragraph %d of a text\n\n", i);
  mkdir(path_of("sources"), 0700);
  mkdir(path_of("sources/b"), 0700);
  write_file("sources/c.txt", text, n);
  write_file("sources/b/page.html", "<html><p>caf&eacute; &lt;b&gt;</p><p>two</html>", 47);
  write_file("sources/b/picture.png", "\x89PNG\0\0", 6);
  write_file("sources/a.txt", "first <i>of</i> all", 19);
  write_file("sources/.hidden", "never", 5);
}

static void test_prepare(void **state) {
  (void)state;
  write_sources();
  const char *paths[] = {path_of("sources"), path_of("sources/b/picture.png")};
  ockham_corpus_options options = {.paths = paths, .n_paths = 2, .strip_markup = true, .document_bytes = 100};
  ockham_corpus_facts facts, found;
  const char *file = path_of("prepared");
  assert_ok(ockham_corpus_prepare(&options, file, &facts, err));
  assert_int_equal(facts.n_left_out, 1); /* in the folder; the second time it was asked for by name */
  ockham_corpus *corpus;
  assert_ok(ockham_corpus_open(file, &corpus, err));
  found = ockham_corpus_look(corpus);
  facts.n_left_out = 0;
  assert_memory_equal(&facts, &found, sizeof facts);
  static const char *const documents[] = {"first <i>of</i> all", "caf\xc3\xa9 <b>\n\ntwo"};
  for (int i = 0; i < 2; i++)
    assert_true(has_document(&corpus->train, (const unsigned char *)documents[i], strlen(documents[i])) ||
                has_document(&corpus->held, (const unsigned char *)documents[i], strlen(documents[i])));
  assert_true(has_document(&corpus->train, (const unsigned char *)"\x89PNG\0\0", 6) ||
              has_document(&corpus->held, (const unsigned char *)"\x89PNG\0\0", 6));
  assert_close(found.byte_entropy, ock_corpus_byte_entropy(corpus->train.text, corpus->train.n_bytes), 1e-15);
  ockham_corpus_free(corpus);
  options.most_bytes = 500;
  assert_ok(ockham_corpus_prepare(&options, file, &facts, err));
  assert_true(facts.n_bytes <= 500 && facts.n_bytes > 300);
}

static bool stop(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

static void test_prepare_says_what_is_wrong(void **state) {
  (void)state;
  write_sources();
  const char *paths[] = {path_of("absent")};
  char expected[256];
  ockham_corpus_options options = {.paths = paths, .n_paths = 1};
  ockham_error err = {0};
  assert_int_equal(ockham_corpus_prepare(&options, path_of("x"), NULL, &err), OCKHAM_IO);
  snprintf(expected, sizeof expected, "%s: cannot be opened: No such file or directory", paths[0]);
  assert_string_equal(err.message, expected);
  paths[0] = path_of("sources");
  options.held_out = .6;
  assert_int_equal(ockham_corpus_prepare(&options, path_of("x"), NULL, &err), OCKHAM_BAD_ARGUMENT);
  options.held_out = NAN;
  assert_int_equal(ockham_corpus_prepare(&options, path_of("x"), NULL, &err), OCKHAM_BAD_ARGUMENT);
  options.held_out = 0;
  options.progress.report = stop;
  assert_int_equal(ockham_corpus_prepare(&options, path_of("x"), NULL, &err), OCKHAM_INTERRUPTED);
  options.n_paths = 0;
  assert_int_equal(ockham_corpus_prepare(&options, path_of("x"), NULL, &err), OCKHAM_BAD_ARGUMENT);
  assert_int_not_equal(access(path_of("x"), F_OK), 0); /* nothing was left behind */
}

/* The entropy of bytes by hand: 1/2, 1/4, 1/8, 1/8. */
static void test_byte_entropy(void **state) {
  (void)state;
  assert_close(ock_corpus_byte_entropy((const unsigned char *)"aaaabbcd", 8), 1.75, 1e-15);
  assert_true(ock_corpus_byte_entropy((const unsigned char *)"aaaa", 4) == 0);
}

/* ---- damage ---- */

static void test_any_damage_is_noticed(void **state) {
  (void)state;
  ockham_corpus *corpus;
  ock_corpus_builder builder = {.document_bytes = 1, .held_out = .5};
  for (int i = 0; i < 8; i++) assert_ok(ock_corpus_add_document(&builder, &"abcdefgh"[i], 9 - (size_t)i, err));
  assert_ok(ock_corpus_finish(&builder, &corpus, err));
  const char *path = path_of("damaged");
  assert_ok(ockham_corpus_write(corpus, path, err));
  ockham_corpus_free(corpus);
  static unsigned char bytes[4096];
  FILE *file = fopen(path, "rb");
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  ockham_error error = {0};
  for (size_t i = 0; i < size; i++) {
    bytes[i] ^= 1 << i % 8;
    write_file("damaged", bytes, size);
    assert_int_equal(ockham_corpus_open(path, &corpus, &error), OCKHAM_BAD_FILE);
    assert_null(corpus);
    bytes[i] ^= 1 << i % 8;
    write_file("damaged", bytes, i);
    assert_int_equal(ockham_corpus_open(path, &corpus, &error), OCKHAM_BAD_FILE);
  }
  write_file("damaged", bytes, size);
  assert_ok(ockham_corpus_open(path, &corpus, err));
  ockham_corpus_free(corpus);
  assert_int_equal(ockham_corpus_open(path_of("absent"), &corpus, &error), OCKHAM_IO);
}

/* Files whose checksums are right and whose contents are not. */
static void test_contents_are_checked(void **state) {
  (void)state;
  static const struct {
    uint64_t facts[2], ends[3];
    size_t n_ends, n_train, n_held;
    const char *message;
  } bad[] = {
      {{1, 1}, {3, 2}, 2, 3, 2, NULL},
      {{2, 1}, {3, 2}, 2, 3, 2, "2 and 1 documents with 16 bytes of ends"},
      {{UINT64_MAX, 3}, {3, 2}, 2, 3, 2, "18446744073709551615 and 3 documents with 16 bytes of ends"},
      {{2, 0}, {3, 5}, 2, 5, 0, "no document held out"},
      {{0, 2}, {3, 5}, 2, 0, 5, "no document to train on"},
      {{2, 1}, {3, 3, 2}, 3, 3, 2, "document 2 to train on ends at byte 3, expected 4 to 3"},
      {{2, 1}, {4, 3, 2}, 3, 3, 2, "document 1 to train on ends at byte 4, expected 1 to 3"},
      {{1, 1}, {3, 9}, 2, 3, 2, "document 1 held out ends at byte 9, expected 1 to 2"},
      {{1, 1}, {3, 1}, 2, 3, 2, "the documents held out end at byte 1 of 2"},
  };
  const char *path = path_of("contents");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ock_container_writer writer;
    ockham_corpus *corpus;
    ockham_error error = {0};
    char expected[256];
    assert_ok(ock_container_create(&writer, path, OCK_CORPUS_KIND, 1, err));
    ock_container_put(&writer, OCK_TAG('F', 'A', 'C', 'T'), bad[i].facts, 16);
    ock_container_put(&writer, OCK_TAG('E', 'N', 'D', 'S'), bad[i].ends, bad[i].n_ends * 8);
    ock_container_put(&writer, OCK_TAG('T', 'R', 'A', 'I'), "abcde", bad[i].n_train);
    ock_container_put(&writer, OCK_TAG('H', 'E', 'L', 'D'), "abcde", bad[i].n_held);
    assert_ok(ock_container_commit(&writer, err));
    ockham_status status = ockham_corpus_open(path, &corpus, &error);
    assert_int_equal(status, bad[i].message ? OCKHAM_BAD_FILE : OCKHAM_OK);
    snprintf(expected, sizeof expected, "%s: damaged: %s", path, bad[i].message ? bad[i].message : "");
    if (bad[i].message) assert_string_equal(error.message, expected);
    ockham_corpus_free(corpus);
  }
}

/* ---- the synthetic source ---- */

/* Bits a byte by counts of the letters after two others, and of whether a record is copied; the text is taken apart
 * here by its new lines. With 900,000 bytes the counts' own bias is below .001. */
static double counted_entropy(const ock_corpus_part *part) {
  static uint64_t counts[26][26][26];
  uint64_t n_copied = 0, n_records = 0, begin = 0, at = 0;
  memset(counts, 0, sizeof counts);
  for (uint64_t d = 0; d < part->n_documents; begin = part->ends[d++]) {
    int before = 0, last = 0;
    for (at = begin; at < part->ends[d]; n_records++) {
      const unsigned char *text = part->text + at;
      for (int i = 0; i < 16; i++) {
        int now = text[i] - 'a';
        counts[before][last][now]++;
        before = last;
        last = now;
      }
      bool copied = text[16] == '=';
      if (copied) assert_memory_equal(text, text + 17, 16);
      assert_int_equal(text[copied ? 33 : 16], '\n');
      n_copied += copied;
      at += copied ? 34 : 17;
    }
    assert_int_equal(at, part->ends[d]);
  }
  double bits = (double)n_records; /* of a fair coin each */
  assert_true(fabs((double)n_copied / (double)n_records - .5) < 4 * .5 / sqrt((double)n_records));
  for (int a = 0; a < 26; a++)
    for (int b = 0; b < 26; b++) {
      double total = 0;
      for (int c = 0; c < 26; c++) total += (double)counts[a][b][c];
      for (int c = 0; c < 26; c++)
        if (counts[a][b][c]) bits -= (double)counts[a][b][c] * log2((double)counts[a][b][c] / total);
    }
  return bits / (double)part->n_bytes;
}

static void test_synthetic_entropy(void **state) {
  (void)state;
  static const size_t letters[] = {0, 2, 8, 20};
  for (int i = 0; i < 4; i++) {
    ockham_corpus *corpus, *again;
    double entropy, second;
    assert_ok(ockham_corpus_synthetic(900000, letters[i], 7, &corpus, &entropy, err));
    assert_ok(ockham_corpus_synthetic(900000, letters[i], 7, &again, &second, err));
    assert_true(entropy == second && corpus->train.n_bytes == again->train.n_bytes);
    assert_memory_equal(corpus->train.text, again->train.text, corpus->train.n_bytes);
    double counted = counted_entropy(&corpus->train);
    if (fabs(counted / entropy - 1) > (letters[i] == 20 ? .02 : .01))
      fail_msg("%zu letters: counts say %g, the source %g", letters[i], counted, entropy);
    ockham_corpus_facts facts = ockham_corpus_look(corpus);
    assert_true(facts.n_bytes >= 900000 && facts.n_bytes < 900600);
    assert_true(entropy < facts.byte_entropy); /* there is something to learn */
    ockham_corpus_free(corpus);
    ockham_corpus_free(again);
  }
  ockham_corpus *corpus;
  assert_int_equal(ockham_corpus_synthetic(4095, 8, 0, &corpus, NULL, NULL), OCKHAM_BAD_ARGUMENT);
  assert_int_equal(ockham_corpus_synthetic(9999, 27, 0, &corpus, NULL, NULL), OCKHAM_BAD_ARGUMENT);
  assert_int_equal(ockham_corpus_synthetic(9999, 1, 0, &corpus, NULL, NULL), OCKHAM_BAD_ARGUMENT);
  assert_null(corpus);
}

/* ---- memory ---- */

static void test_allocation_failures(void **state) {
  (void)state;
  write_sources();
  const char *paths[] = {path_of("sources")}, *file = path_of("memory");
  ockham_corpus_options options = {.paths = paths, .n_paths = 1, .document_bytes = 50};
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ockham_corpus_prepare(&options, file, NULL, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
  }
  for_each_allocation_failure(n) {
    ockham_corpus *corpus;
    ock_fault_after(n);
    ockham_status status = ockham_corpus_open(file, &corpus, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_corpus_free(corpus);
  }
  for_each_allocation_failure(n) {
    ockham_corpus *corpus;
    ock_fault_after(n);
    ockham_status status = ockham_corpus_synthetic(4096, 3, 1, &corpus, NULL, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_corpus_free(corpus);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_documents_end_at_blank_lines),
      cmocka_unit_test(test_the_split_is_by_document_and_stays),
      cmocka_unit_test(test_each_part_has_a_document),
      cmocka_unit_test(test_prepare),
      cmocka_unit_test(test_prepare_says_what_is_wrong),
      cmocka_unit_test(test_byte_entropy),
      cmocka_unit_test(test_any_damage_is_noticed),
      cmocka_unit_test(test_contents_are_checked),
      cmocka_unit_test(test_synthetic_entropy),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
