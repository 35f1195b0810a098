/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: merges against an implementation that counts every pair anew for each of them, and everything decodes to
 * what was encoded. */
#include "lm/feed_parts.h"

static ock_corpus_part part_of(const char *text, uint64_t *end) {
  *end = strlen(text);
  return (ock_corpus_part){(const unsigned char *)text, end, 1, *end};
}

/* ---- chunks ---- */

static void test_chunks(void **state) {
  (void)state;
  static const char text[] = "Don't  pay 1234 \xc3\xa9t\xc3\xa9!!\n\n\tx   y \n z ";
  static const char *const expected[] = {
      "Don", "'", "t", " ", " pay", " 1234", " \xc3\xa9t\xc3\xa9", "!!", "\n\n\t", "x", "  ", " y", " \n", " z", " "};
  size_t at = 0;
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    size_t n = ock_lm_chunk((const unsigned char *)text + at, sizeof text - 1 - at);
    assert_int_equal(n, strlen(expected[i]));
    assert_memory_equal(text + at, expected[i], n);
    at += n;
  }
  assert_int_equal(at, sizeof text - 1);
  unsigned char many[200];
  memset(many, 'a', sizeof many);
  assert_int_equal(ock_lm_chunk(many, sizeof many), OCK_LM_LONGEST_CHUNK);
  memset(many, ' ', sizeof many);
  assert_int_equal(ock_lm_chunk(many, sizeof many), OCK_LM_LONGEST_CHUNK);
}

/* ---- merges, slowly ---- */

enum { MOST_TEXT = 4000 };

/* Chunks as arrays of pieces, with 0xffff behind each. */
static size_t cut(const ock_corpus_part *part, int32_t *pieces) {
  size_t n = 0, at = 0;
  while (at < part->n_bytes) {
    size_t size = ock_lm_chunk(part->text + at, part->n_bytes - at);
    for (size_t i = 0; i < size; i++) pieces[n++] = part->text[at++];
    pieces[n++] = -1;
  }
  return n;
}

static size_t replace(int32_t *pieces, size_t n, int32_t left, int32_t right, int32_t made) {
  size_t kept = 0;
  for (size_t i = 0; i < n;) {
    bool both = i + 1 < n && pieces[i] == left && pieces[i + 1] == right;
    pieces[kept++] = both ? made : pieces[i];
    i += both ? 2 : 1;
  }
  return kept;
}

static size_t learn_slowly(const ock_corpus_part *part, size_t most, int32_t *merges) {
  static int32_t pieces[2 * MOST_TEXT];
  static uint32_t counts[700][700];
  size_t n = cut(part, pieces);
  for (size_t r = 0; r < most; r++) {
    memset(counts, 0, sizeof counts);
    for (size_t i = 1; i < n; i++)
      if (pieces[i - 1] >= 0 && pieces[i] >= 0) counts[pieces[i - 1]][pieces[i]]++;
    int32_t left = 0, right = 0;
    for (int32_t a = 0; a < 700; a++)
      for (int32_t b = 0; b < 700; b++)
        if (counts[a][b] > counts[left][right]) left = a, right = b;
    if (counts[left][right] < 2) return r;
    merges[2 * r] = left;
    merges[2 * r + 1] = right;
    n = replace(pieces, n, left, right, (int32_t)(256 + r));
  }
  return most;
}

static void fill_text(char *text, size_t size, int style, uint64_t seed) {
  static const char *const words[] = {"the", "then", "a", "aaaa", "banana", "ananas", "12121", "--", "\n", "abab"};
  ock_rng rng = ock_rng_make(seed, 9);
  size_t n = 0;
  while (n + 12 < size) {
    if (style == 0)
      n += (size_t)sprintf(text + n, "%s%s", words[ock_rng_below(&rng, 10)], ock_rng_below(&rng, 3) ? " " : "");
    else
      text[n++] = style == 1 ? "aab"[ock_rng_below(&rng, 3)] : (char)(1 + ock_rng_below(&rng, 255));
  }
  text[n] = '\0';
}

static void test_merges_are_those_of_a_slow_learner(void **state) {
  (void)state;
  static int32_t expected[2 * 400];
  static char text[MOST_TEXT];
  for (int style = 0; style < 3; style++)
    for (uint64_t seed = 0; seed < 2; seed++) {
      size_t most = style == 1 ? 300 : 60, n;
      fill_text(text, seed ? 500 : MOST_TEXT, style, seed);
      uint64_t end;
      ock_corpus_part part = part_of(text, &end);
      int32_t *merges;
      assert_ok(ock_lm_learn_merges(&part, most, &merges, &n, err));
      assert_int_equal(n, learn_slowly(&part, most, expected));
      assert_memory_equal(merges, expected, n * 2 * sizeof *merges);
      ock_free(merges);
    }
}

/* Applying the merges one after another to the whole is what encoding must find. */
static void test_encoding_applies_the_merges_in_order(void **state) {
  (void)state;
  static char text[MOST_TEXT];
  static int32_t pieces[2 * MOST_TEXT], tokens[MOST_TEXT];
  for (int style = 0; style < 2; style++) {
    fill_text(text, MOST_TEXT, style, 5);
    uint64_t end;
    ock_corpus_part part = part_of(text, &end);
    int32_t *merges;
    size_t n_merges;
    ock_lm_text coder;
    assert_ok(ock_lm_learn_merges(&part, 200, &merges, &n_merges, err));
    assert_ok(ock_lm_text_init(&coder, merges, n_merges, err));
    fill_text(text, MOST_TEXT, style, 6); /* another text */
    part = part_of(text, &end);
    for (int again = 0; again < 2; again++) { /* the second time chunks are known */
      size_t n = cut(&part, pieces), n_tokens = ock_lm_text_encode(&coder, part.text, end, tokens), at = 0;
      for (size_t r = 0; r < n_merges; r++)
        n = replace(pieces, n, merges[2 * r], merges[2 * r + 1], (int32_t)(256 + r));
      for (size_t i = 0; i < n; i++)
        if (pieces[i] >= 0) assert_int_equal(tokens[at++], pieces[i]);
      assert_int_equal(at, n_tokens);
    }
    ock_lm_text_clear(&coder);
    ock_free(merges);
  }
}

/* ---- there and back ---- */

static void check_back(ock_lm_feed *feed, const unsigned char *bytes, size_t size) {
  const int32_t *tokens;
  size_t n = ock_lm_feed_encode(feed, bytes, size, &tokens), at = 0;
  assert_true(n <= size);
  for (size_t i = 0; i < n; i++) {
    const char *piece;
    size_t length = ock_lm_feed_decode(feed, tokens[i], &piece);
    assert_true(length > 0 && at + length <= size);
    assert_memory_equal(piece, bytes + at, length);
    at += length;
  }
  assert_int_equal(at, size);
}

static void test_everything_decodes(void **state) {
  (void)state;
  ockham_corpus *corpus = synthetic(20000);
  for (int level = 0; level < 2; level++) {
    ockham_lm_config config = config_of(OCKHAM_LM_ARCHITECTURE_CAUSAL, OCKHAM_LM_OBJECTIVE_FLM, 16, 1);
    config.tokens = (ockham_lm_tokens)level;
    ock_lm_feed *feed = feed_of(&config, corpus), *copy;
    const int32_t *merges;
    size_t n_merges = ock_lm_feed_merges(feed, &merges);
    assert_int_equal(n_merges, level ? 300 - 256 : 0);
    assert_ok(ock_lm_feed_of_merges(&config, merges, n_merges, &copy, err));
    unsigned char bytes[3000];
    ock_rng rng = ock_rng_make(1, 1);
    for (int round = 0; round < 30; round++) {
      size_t size = round == 0 ? 256 : (size_t)ock_rng_below(&rng, sizeof bytes);
      for (size_t i = 0; i < size; i++) {
        uint64_t draw = ock_rng_next(&rng);
        bytes[i] = (unsigned char)(round == 0 ? i : round % 2 ? draw : (uint64_t) "abc \n"[draw % 5]);
      }
      check_back(feed, bytes, size);
      check_back(copy, bytes, size);
    }
    check_back(feed, corpus->held.text, corpus->held.n_bytes);
    config.order = OCKHAM_LM_ORDER_REVERSE; /* prompts as the model reads them */
    const int32_t *tokens;
    size_t n = ock_lm_feed_encode(copy, "a\xc3\xa9", 3, &tokens);
    assert_int_equal(n, 3);
    static const int32_t reversed[2][3] = {{0xc3, 0xa9, 'a'}, {0xa9, 0xc3, 'a'}};
    assert_memory_equal(tokens, reversed[level], sizeof *reversed);
    const char *none;
    for (int32_t t = 0; t < OCK_LM_N_SPECIALS; t++)
      assert_int_equal(ock_lm_feed_decode(feed, (int32_t)ock_lm_n_pieces(&config) + t, &none), 0);
    assert_int_equal(ock_lm_feed_decode(feed, -1, &none), 0);
    ock_lm_feed_free(feed);
    ock_lm_feed_free(copy);
  }
  ockham_corpus_free(corpus);
}

static void test_the_stream_spells_the_corpus(void **state) {
  (void)state;
  ockham_corpus *corpus = synthetic(20000);
  const ock_corpus_part *train = &corpus->train;
  unsigned char *spelt = malloc(train->n_bytes);
  for (int level = 0; level < 2; level++) {
    ockham_lm_config config = config_of(OCKHAM_LM_ARCHITECTURE_CAUSAL, OCKHAM_LM_OBJECTIVE_FLM, 16, 1);
    config.tokens = (ockham_lm_tokens)level;
    ock_lm_feed *feed = feed_of(&config, corpus);
    size_t n = (size_t)feed->stream.length, at = 0, d = 0;
    int32_t *all = malloc(n * sizeof *all), some[7];
    ock_lm_stream_copy(&feed->stream, 0, n, all);
    for (size_t i = 0; i < n; i++) {
      const char *bytes;
      if (all[i] == feed->stream.begin) {
        assert_int_equal(at, d ? train->ends[d - 1] : 0);
        d++;
      }
      size_t size = ock_lm_feed_decode(feed, all[i], &bytes);
      memcpy(spelt + at, bytes, size);
      at += size;
      ock_lm_stream_copy(&feed->stream, i, 7, some); /* from anywhere, round the end */
      for (size_t j = 0; j < 7; j++) assert_int_equal(some[j], all[(i + j) % n]);
    }
    assert_int_equal(d, train->n_documents);
    assert_int_equal(at, train->n_bytes);
    assert_memory_equal(spelt, train->text, at);
    if (level) assert_true(n < train->n_bytes * 2 / 3);
    free(all);
    ock_lm_feed_free(feed);
  }
  free(spelt);
  ockham_corpus_free(corpus);
}

static void test_reversing_keeps_letters(void **state) {
  (void)state;
  static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc3(\x80\xe2\x82";
  static const char expected[] =
      "\x82\xe2\x80(\xc3 \xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9"
      "a";
  unsigned char reversed[sizeof text];
  ock_lm_reverse_letters((const unsigned char *)text, sizeof text - 1, reversed);
  assert_memory_equal(reversed, expected, sizeof text - 1);
}

static void test_bad_merges(void **state) {
  (void)state;
  ockham_lm_config config = config_of(OCKHAM_LM_ARCHITECTURE_CAUSAL, OCKHAM_LM_OBJECTIVE_FLM, 16, 1);
  config.tokens = OCKHAM_LM_TOKENS_BPE;
  ock_lm_feed *feed;
  ockham_error err = {0};
  static const int32_t forward[] = {'a', 256}, negative[] = {-1, 'a'}, far[] = {'a', 'b', 256, 258};
  assert_int_equal(ock_lm_feed_of_merges(&config, forward, 1, &feed, &err), OCKHAM_BAD_FILE);
  assert_string_equal(err.message, "merge 1 is of piece 256, expected one below 256");
  assert_int_equal(ock_lm_feed_of_merges(&config, negative, 1, &feed, &err), OCKHAM_BAD_FILE);
  assert_int_equal(ock_lm_feed_of_merges(&config, far, 2, &feed, &err), OCKHAM_BAD_FILE);
  assert_int_equal(ock_lm_feed_of_merges(&config, far, 45, &feed, &err), OCKHAM_BAD_FILE);
  assert_string_equal(err.message, "expected at most 44 merges, found 45");
  int32_t doubling[12];
  for (int i = 0; i < 6; i++) doubling[2 * i] = doubling[2 * i + 1] = i ? 255 + i : 'a';
  assert_int_equal(ock_lm_feed_of_merges(&config, doubling, 6, &feed, &err), OCKHAM_BAD_FILE);
  assert_string_equal(err.message, "merge 6 makes a piece of more than 48 bytes");
  assert_null(feed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chunks),
      cmocka_unit_test(test_merges_are_those_of_a_slow_learner),
      cmocka_unit_test(test_encoding_applies_the_merges_in_order),
      cmocka_unit_test(test_everything_decodes),
      cmocka_unit_test(test_the_stream_spells_the_corpus),
      cmocka_unit_test(test_reversing_keeps_letters),
      cmocka_unit_test(test_bad_merges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
