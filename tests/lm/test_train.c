/* SPDX-License-Identifier: Apache-2.0 */
/* Training: what it learns, its curve, divergence, stops. */
#include "training.h"

/* ---- what is learnt ---- */

/* Nothing was learnt at a rate of next to nothing: about the entropy of any of the tokens, log2(304) = 8.2 bits. */
static void test_untrained(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm_result result;
  config.rate = 1e-9;
  config.warmup = 1; /* until then nobody may say that it diverged */
  ockham_lm_train_options options = tiny_options(NULL, NULL);
  assert_ok(ockham_lm_train(&config, corpus, &options, &result, err));
  assert_true(result.suffix_bits > 7.5 && result.suffix_bits < 10);
  assert_true(result.whole_bits > 7.5 && result.whole_bits < 10);
  assert_false(result.diverged);
  ockham_lm_result_clear(&result);
  ockham_corpus_free(corpus);
}

/* ---- the curve ---- */

static void test_curve(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm_cost cost;
  ockham_lm_result result;
  ockham_lm_train_options options = {.points = 6, .held_every = 2, .held_bytes = 2048};
  assert_ok(ockham_lm_train(&config, corpus, &options, &result, err));
  assert_ok(ockham_lm_cost_of(&config, &cost, err));
  assert_int_equal(result.steps, TINY_STEPS);
  assert_int_equal(result.tokens, 32 * TINY_STEPS);
  assert_close(result.flops, cost.flops, 1e-12);
  assert_int_equal(result.n_points, 6);
  for (size_t p = 0; p < 6; p++) {
    const ockham_lm_point *point = &result.points[p];
    assert_int_equal(point->step, 4 * (p + 1));
    assert_int_equal(point->tokens, 128 * (p + 1));
    assert_close(point->flops, cost.flops * (double)(p + 1) / 6, 1e-12);
    assert_true(point->train_loss > 0 && point->gradient_norm > 0 && point->rate > 0);
    assert_int_equal(isnan(point->held_bits), p % 2 == 0);
  }
  assert_true(result.points[5].held_bits == result.suffix_bits);
  assert_close(result.suffix_bits, (result.suffix_bits_at[0] + result.suffix_bits_at[1] + result.suffix_bits_at[2]) / 3,
               1e-12);
  ockham_lm_result_clear(&result);
  ockham_corpus_free(corpus);
}

/* A point's loss is the mean since the one before, and the result's that of the last tenth. */
static void test_losses_add_up(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm_result fine, coarse;
  ockham_lm_train_options options = tiny_options(NULL, NULL);
  assert_ok(ockham_lm_train(&config, corpus, &options, &fine, err));
  options.points = 4;
  assert_ok(ockham_lm_train(&config, corpus, &options, &coarse, err));
  for (size_t p = 0; p < 4; p++) {
    double sum = 0, norm = 0;
    for (size_t s = 6 * p; s < 6 * p + 6; s++) {
      sum += fine.points[s].train_loss;
      norm = fmax(norm, fine.points[s].gradient_norm);
    }
    assert_close(coarse.points[p].train_loss, sum / 6, 1e-12);
    assert_true(coarse.points[p].gradient_norm == norm);
  }
  assert_close(fine.train_loss, (fine.points[22].train_loss + fine.points[23].train_loss) / 2, 1e-12);
  assert_true(coarse.train_loss == fine.train_loss);
  ockham_lm_result_clear(&fine);
  ockham_lm_result_clear(&coarse);
  ockham_corpus_free(corpus);
}

static void test_same_bits(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  for (int optimizer = 0; optimizer < OCKHAM_LM_N_OPTIMIZERS; optimizer++) {
    ockham_lm_config config = tiny_config();
    ockham_lm_result first, second, other;
    config.optimizer = (ockham_lm_optimizer)optimizer;
    config.dropout = .1;
    ockham_lm_train_options options = tiny_options(NULL, NULL);
    assert_ok(ockham_lm_train(&config, corpus, &options, &first, err));
    assert_ok(ockham_lm_train(&config, corpus, &options, &second, err));
    assert_same_result(&first, &second);
    config.seed++;
    assert_ok(ockham_lm_train(&config, corpus, &options, &other, err));
    assert_true(other.suffix_bits != first.suffix_bits);
    ockham_lm_result_clear(&first);
    ockham_lm_result_clear(&second);
    ockham_lm_result_clear(&other);
  }
  ockham_corpus_free(corpus);
}

/* The same bytes are measured whatever the batch: a model that stays as it was made has the same bits. */
static void test_held_bytes_do_not_depend_on_the_batch(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  double bits[3], whole[3];
  for (size_t b = 0; b < 3; b++) {
    ockham_lm_config config = tiny_config();
    ockham_lm_result result;
    config.rate = 1e-9;
    config.batch = 16 * (1 + 2 * b);
    config.train_tokens = config.batch;
    ockham_lm_train_options options = {.held_bytes = 16 * 7};
    assert_ok(ockham_lm_train(&config, corpus, &options, &result, err));
    bits[b] = result.suffix_bits;
    whole[b] = result.whole_bits;
    ockham_lm_result_clear(&result);
    assert_close(bits[b], bits[0], 1e-5);
    assert_close(whole[b], whole[0], 1e-5);
  }
  ockham_corpus_free(corpus);
}

/* ---- divergence ---- */

static void test_divergence(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  for (int optimizer = 0; optimizer < OCKHAM_LM_N_OPTIMIZERS; optimizer++) {
    ockham_lm_config config = tiny_config();
    ockham_lm_result result;
    config.optimizer = (ockham_lm_optimizer)optimizer;
    config.train_tokens *= 4;
    config.rate = 30;
    config.clip = -1;
    ockham_lm_train_options options = {.held_bytes = 2048};
    assert_ok(ockham_lm_train(&config, corpus, &options, &result, err));
    assert_true(result.diverged);
    assert_true(result.steps < 4 * TINY_STEPS);
    assert_int_equal(result.diverged_step, result.steps - 1);
    assert_true(result.suffix_bits == 8 && result.whole_bits == 8 && result.suffix_bits_at[2] == 8);
    assert_close(result.train_loss, log(304), 1e-12);
    assert_true(result.points[result.n_points - 1].held_bits == 8);
    ockham_lm_result_clear(&result);
  }
  ockham_corpus_free(corpus);
}

/* ---- stops and failures ---- */

static void test_stop_without_checkpoint(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  stopper stop = {.at = 3};
  ockham_lm_result result;
  ockham_error error = {0};
  ockham_lm_train_options options = tiny_options(NULL, &stop);
  assert_int_equal(ockham_lm_train(&config, corpus, &options, &result, &error), OCKHAM_INTERRUPTED);
  assert_string_equal(error.message, "stopped after 3 of 24 steps");
  ockham_corpus_free(corpus);
}

static void test_bad_config(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm_result result;
  config.width = 15;
  assert_int_equal(ockham_lm_train(&config, corpus, NULL, &result, NULL), OCKHAM_BAD_ARGUMENT);
  config = tiny_config();
  config.context = config.batch = 4096;
  config.train_tokens = 4096;
  ockham_error error = {0};
  assert_int_equal(ockham_lm_train(&config, corpus, NULL, &result, &error), OCKHAM_BAD_DATA);
  ockham_corpus_free(corpus);
}

static void test_no_memory(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  char *path = make_path(".lm");
  config.train_tokens = 32 * 3;
  config.optimizer = OCKHAM_LM_OPTIMIZER_MUON;
  for_each_allocation_failure(n) {
    ockham_lm_result result = {0};
    ockham_lm_train_options options = {.checkpoint = path, .held_bytes = 256};
    ock_fault_after(n);
    ockham_status status = ockham_lm_train(&config, corpus, &options, &result, NULL);
    bool refused = ock_fault_hits() > 0;
    ock_fault_clear();
    assert_int_equal(status, refused ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_lm_result_clear(&result);
    if (!refused) break;
  }
  drop_path(path);
  ockham_corpus_free(corpus);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_untrained),
      cmocka_unit_test(test_curve),
      cmocka_unit_test(test_losses_add_up),
      cmocka_unit_test(test_same_bits),
      cmocka_unit_test(test_held_bytes_do_not_depend_on_the_batch),
      cmocka_unit_test(test_divergence),
      cmocka_unit_test(test_stop_without_checkpoint),
      cmocka_unit_test(test_bad_config),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
