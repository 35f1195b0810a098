/* SPDX-License-Identifier: Apache-2.0 */
/* A source of known entropy is learnt. */
#include "training.h"

/* .45 bits a byte for who knows all of it, 1.30 by counts of letters: a model of 35,000 weights gets to within .12,
 * which takes its copies as well (without them it stays at about .7), and no model gets below it. */
static void test_known_entropy(void **state) {
  (void)state;
  double entropy;
  ockham_corpus *corpus;
  assert_ok(ockham_corpus_synthetic(400000, 2, 3, &corpus, &entropy, err));
  ockham_lm_config config = {
      .n_layers = 2, .width = 32, .context = 48, .batch = 96, .train_tokens = 200000, .rate = .006, .seed = 0};
  ockham_lm_result result;
  ockham_lm_train_options options = {.held_bytes = 8192};
  assert_ok(ockham_lm_train(&config, corpus, &options, &result, err));
  assert_true(result.suffix_bits > entropy - .02);
  assert_true(result.suffix_bits < entropy + .12);
  assert_true(result.whole_bits > result.suffix_bits);
  assert_true(result.last_slope < 0);
  ockham_lm_result_clear(&result);
  ockham_corpus_free(corpus);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_entropy)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
