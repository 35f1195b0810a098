/* SPDX-License-Identifier: Apache-2.0 */
/* A source of known entropy is learnt. */
#include "lm/corpus.h"
#include "training.h"

/* Bits of a byte given the two before, by counts: what a perfect model of such a short memory gets. */
static double bits_by_pairs(const ock_corpus_part *part) {
  enum { N = 128 };
  static uint32_t triples[N][N][N], pairs[N][N];
  double bits = 0;
  memset(triples, 0, sizeof triples);
  memset(pairs, 0, sizeof pairs);
  for (uint64_t i = 2; i < part->n_bytes; i++) {
    const unsigned char *t = part->text + i;
    triples[t[-2]][t[-1]][t[0]]++;
    pairs[t[-2]][t[-1]]++;
  }
  for (uint64_t i = 2; i < part->n_bytes; i++) {
    const unsigned char *t = part->text + i;
    bits -= log2((double)triples[t[-2]][t[-1]][t[0]] / pairs[t[-2]][t[-1]]);
  }
  return bits / (double)(part->n_bytes - 2);
}

/* Better than by two letters, since a record's length and copies can be seen in a context; no better than who knows the
 * source and sees all of the document. How many copies it has found by then differs from seed to seed. */
static void test_known_entropy(void **state) {
  (void)state;
  double entropy;
  ockham_corpus *corpus;
  assert_ok(ockham_corpus_synthetic(400000, 2, 3, &corpus, &entropy, err));
  double short_memory = bits_by_pairs(&corpus->train);
  ockham_lm_config config = {
      .n_layers = 2, .width = 32, .context = 48, .batch = 96, .train_tokens = 200000, .rate = .006, .seed = 1};
  ockham_lm_result result;
  ockham_lm_train_options options = {.held_bytes = 8192};
  assert_ok(ockham_lm_train(&config, corpus, &options, &result, err));
  assert_true(result.suffix_bits > entropy - .02);
  assert_true(result.suffix_bits < short_memory);
  assert_true(result.suffix_bits < entropy + .3);
  assert_true(result.whole_bits > result.suffix_bits);
  assert_true(result.last_slope < 0);
  ockham_lm_result_clear(&result);
  ockham_corpus_free(corpus);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_entropy)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
