/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling: which token is chosen, and text from every kind of model. */
#include "training.h"

/* ---- choosing ---- */

static void count_choices(double temperature, size_t top, size_t n_draws, double share[4]) {
  const float logits[] = {0, 1, 2, -1};
  float scratch[4];
  ock_rng rng = ock_rng_make(11, 0);
  for (size_t i = 0; i < 4; i++) share[i] = 0;
  for (size_t d = 0; d < n_draws; d++)
    share[ock_lm_choose(logits, 4, temperature, top, &rng, scratch)] += 1 / (double)n_draws;
}

/* Shares are within five standard errors of the softmax. */
static void test_shares(void **state) {
  (void)state;
  const double temperatures[] = {1, .5, 2};
  for (size_t t = 0; t < 3; t++)
    for (size_t top = 0; top < 4; top++) {
      double share[4], weight[4], total = 0;
      count_choices(temperatures[t], top, 20000, share);
      for (size_t i = 0; i < 4; i++) {
        static const size_t rank[] = {2, 1, 0, 3};
        weight[i] = top && rank[i] >= top ? 0 : exp((double[]){0, 1, 2, -1}[i] / temperatures[t]);
        total += weight[i];
      }
      for (size_t i = 0; i < 4; i++) {
        double p = weight[i] / total;
        assert_true(fabs(share[i] - p) <= 5 * sqrt(p * (1 - p) / 20000) + 1e-9);
      }
    }
  double share[4];
  count_choices(-1, 0, 100, share);
  assert_true(share[2] > .999);
}

/* ---- text ---- */

typedef struct text {
  char bytes[4096];
  size_t size, most;
} text;

static bool put(void *arg, const void *bytes, size_t size) {
  text *t = arg;
  assert_true(t->size + size <= sizeof t->bytes);
  memcpy(t->bytes + t->size, bytes, size);
  t->size += size;
  return !t->most || t->size < t->most;
}

static ockham_lm *train_model(const ockham_lm_config *config, const ockham_corpus *corpus) {
  char *path = make_path(".lm");
  ockham_lm_result result;
  ockham_lm *model;
  ockham_lm_train_options options = {.checkpoint = path, .held_bytes = 64};
  assert_ok(ockham_lm_train(config, corpus, &options, &result, err));
  ockham_lm_result_clear(&result);
  assert_ok(ockham_lm_load(path, &model, err));
  drop_path(path);
  return model;
}

static void sample(ockham_lm *model, const char *prompt, size_t length, double temperature, uint64_t seed, text *out) {
  *out = (text){.size = 0};
  ockham_lm_sample_options options = {.prompt = prompt,
                                      .prompt_size = prompt ? strlen(prompt) : 0,
                                      .length = length,
                                      .temperature = temperature,
                                      .seed = seed,
                                      .put = put,
                                      .arg = out};
  assert_ok(ockham_lm_sample(model, &options, err));
}

static void assert_same_text(const text *a, const text *b) {
  assert_int_equal(a->size, b->size);
  assert_memory_equal(a->bytes, b->bytes, a->size);
}

/* With and without a prompt, far beyond the context; the same seed, the same text. */
static void check_model(const ockham_lm_config *config, const ockham_corpus *corpus) {
  ockham_lm *model = train_model(config, corpus);
  text first, again, other;
  sample(model, NULL, 50, 1, 1, &first);
  assert_true(first.size >= 50);
  sample(model, "abab=abab and a prompt that is longer than the context", 50, 1, 1, &first);
  sample(model, "abab=abab and a prompt that is longer than the context", 50, 1, 1, &again);
  assert_same_text(&first, &again);
  sample(model, "abab=abab and a prompt that is longer than the context", 50, 1, 2, &other);
  assert_true(first.size != other.size || memcmp(first.bytes, other.bytes, first.size) != 0);
  sample(model, "ab", 20, -1, 1, &first);
  sample(model, "ab", 20, -1, 2, &again);
  assert_same_text(&first, &again);
  ockham_lm_free(model);
}

static void test_every_kind(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  for (int architecture = 0; architecture < OCKHAM_LM_N_ARCHITECTURES; architecture++)
    for (int objective = 0; objective < OCKHAM_LM_N_OBJECTIVES; objective++) {
      ockham_lm_config config = tiny_config();
      config.train_tokens = 64;
      config.n_layers = 2;
      config.architecture = (ockham_lm_architecture)architecture;
      config.objective = (ockham_lm_objective)objective;
      ockham_lm_config complete = config;
      if (!ockham_lm_config_complete(&complete, NULL)) check_model(&config, corpus);
    }
  ockham_lm_config config = tiny_config();
  config.tokens = OCKHAM_LM_TOKENS_BPE;
  config.vocabulary = 280;
  check_model(&config, corpus);
  config.order = OCKHAM_LM_ORDER_REVERSE;
  check_model(&config, corpus);
  ockham_corpus_free(corpus);
}

/* A text of one word, over and over, is learnt by heart: forwards it goes on, backwards it begins before the prompt. */
static ockham_corpus *word_corpus(void) {
  char *path = make_path(".txt"), *corpus_path = make_path(".corpus");
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < 4000; i++) fputs("abcdefgh", file);
  fclose(file);
  const char *paths[] = {path};
  ockham_corpus_options options = {.paths = paths, .n_paths = 1, .document_bytes = 512, .held_out = .2};
  ockham_corpus_facts facts;
  ockham_corpus *corpus;
  assert_ok(ockham_corpus_prepare(&options, corpus_path, &facts, err));
  assert_ok(ockham_corpus_open(corpus_path, &corpus, err));
  drop_path(path);
  drop_path(corpus_path);
  return corpus;
}

static void test_learnt_by_heart(void **state) {
  (void)state;
  ockham_corpus *corpus = word_corpus();
  for (int reverse = 0; reverse < 2; reverse++) {
    ockham_lm_config config = tiny_config();
    config.order = (ockham_lm_order)reverse;
    config.batch = 64;
    config.train_tokens = 64 * 300;
    config.rate = .01;
    ockham_lm *model = train_model(&config, corpus);
    text t;
    sample(model, "cdefghabcdefgh", 11, -1, 0, &t);
    assert_int_equal(t.size, 11);
    assert_memory_equal(t.bytes, reverse ? "habcdefghab" : "abcdefghabc", 11);
    ockham_lm_free(model);
  }
  ockham_corpus_free(corpus);
}

static void test_put_stops(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm *model = train_model(&config, corpus);
  text t = {.most = 3};
  ockham_lm_sample_options options = {.put = put, .arg = &t};
  assert_ok(ockham_lm_sample(model, &options, err));
  assert_int_equal(t.size, 3);
  assert_int_equal(ockham_lm_config_of(model)->width, 16);
  ockham_lm_free(model);
  ockham_lm_free(NULL);
  ockham_corpus_free(corpus);
}

/* Weights that are no numbers, as a run leaves them that diverged. */
static void test_diverged_model(void **state) {
  (void)state;
  char *path = make_path(".lm");
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm_result result;
  ock_lm_checkpoint checkpoint;
  ockham_lm *model;
  ockham_lm_train_options train_options = {.checkpoint = path};
  assert_ok(ockham_lm_train(&config, corpus, &train_options, &result, err));
  assert_ok(ock_lm_checkpoint_open(path, &checkpoint, err));
  for (size_t i = 0; i < checkpoint.n_weights; i++) ((float *)checkpoint.weights)[i] = NAN;
  assert_ok(ock_lm_of_checkpoint(&checkpoint, path, &model, err));
  text t = {.size = 0};
  ockham_lm_sample_options options = {.put = put, .arg = &t};
  assert_int_equal(ockham_lm_sample(model, &options, NULL), OCKHAM_BAD_DATA);
  assert_int_equal(t.size, 0);
  ockham_lm_free(model);
  ock_lm_checkpoint_clear(&checkpoint);
  ockham_lm_result_clear(&result);
  ockham_corpus_free(corpus);
  drop_path(path);
}

static void test_no_memory(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  config.train_tokens = 64;
  config.order = OCKHAM_LM_ORDER_REVERSE;
  ockham_lm *model = train_model(&config, corpus);
  for_each_allocation_failure(n) {
    text t = {.size = 0};
    ockham_lm_sample_options options = {.prompt = "ab", .prompt_size = 2, .length = 3, .put = put, .arg = &t};
    ock_fault_after(n);
    ockham_status status = ockham_lm_sample(model, &options, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
  }
  for (size_t below = 0; below < 4; below++) { /* no room for so much, and for the prompt */
    ockham_lm_sample_options endless = {.prompt = "ab", .prompt_size = 2, .length = SIZE_MAX - below, .put = put};
    assert_int_equal(ockham_lm_sample(model, &endless, NULL), OCKHAM_NO_MEMORY);
  }
  ockham_lm_free(model);
  ockham_corpus_free(corpus);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shares),    cmocka_unit_test(test_every_kind),     cmocka_unit_test(test_learnt_by_heart),
      cmocka_unit_test(test_put_stops), cmocka_unit_test(test_diverged_model), cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
