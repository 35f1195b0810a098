/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: a resumed run is the uninterrupted one to the bit; other configs, corpora and damage are refused. */
#include "../model/seal.h"
#include "training.h"

/* ---- going on ---- */

/* What a checkpoint keeps but for time. */
static void assert_same_weights(const char *path, const char *other) {
  ock_lm_checkpoint a, b;
  assert_ok(ock_lm_checkpoint_open(path, &a, err));
  assert_ok(ock_lm_checkpoint_open(other, &b, err));
  assert_int_equal(a.n_weights, b.n_weights);
  assert_int_equal(a.n_state, b.n_state);
  assert_memory_equal(a.weights, b.weights, a.n_weights * sizeof(float));
  assert_memory_equal(a.state, b.state, a.n_state * sizeof(float));
  a.run.seconds = b.run.seconds = 0;
  assert_memory_equal(&a.run, &b.run, sizeof a.run);
  ock_lm_checkpoint_clear(&a);
  ock_lm_checkpoint_clear(&b);
}

/* Stopped before each of the steps in turn, and each time gone on with from the file. */
static void run_in_parts(const ockham_lm_config *config, const ockham_corpus *corpus, const char *path,
                         const uint64_t *stops, size_t n_stops, ockham_lm_result *result) {
  ockham_lm_train_options options;
  for (size_t i = 0; i < n_stops; i++) {
    stopper stop = {.at = stops[i]};
    ockham_error error = {0};
    char message[128];
    options = tiny_options(path, &stop);
    assert_int_equal(ockham_lm_train(config, corpus, &options, result, &error), OCKHAM_INTERRUPTED);
    snprintf(message, sizeof message, "stopped after %llu of 24 steps, which %s keeps", (unsigned long long)stops[i],
             path);
    assert_string_equal(error.message, message);
  }
  options = tiny_options(path, NULL);
  assert_ok(ockham_lm_train(config, corpus, &options, result, err));
}

static void check_resumed(const ockham_lm_config *config, const ockham_corpus *corpus, const uint64_t *stops,
                          size_t n_stops) {
  char *whole_path = make_path(".lm"), *path = make_path(".lm");
  ockham_lm_result whole, parts;
  unlink(whole_path);
  unlink(path);
  ockham_lm_train_options options = tiny_options(whole_path, NULL);
  assert_ok(ockham_lm_train(config, corpus, &options, &whole, err));
  run_in_parts(config, corpus, path, stops, n_stops, &parts);
  assert_same_result(&whole, &parts);
  assert_same_weights(whole_path, path);
  ockham_lm_result_clear(&parts);
  options = tiny_options(path, NULL); /* once more, with nothing left to do */
  assert_ok(ockham_lm_train(config, corpus, &options, &parts, err));
  assert_same_result(&whole, &parts);
  ockham_lm_result_clear(&parts);
  ockham_lm_result_clear(&whole);
  drop_path(whole_path);
  drop_path(path);
}

static void test_resumed_optimizers(void **state) {
  (void)state;
  const uint64_t stops[] = {1, 2, 11, 23};
  ockham_corpus *corpus = tiny_corpus(1);
  for (int optimizer = 0; optimizer < OCKHAM_LM_N_OPTIMIZERS; optimizer++) {
    ockham_lm_config config = tiny_config();
    config.optimizer = (ockham_lm_optimizer)optimizer;
    config.dropout = .1;
    check_resumed(&config, corpus, stops, 4);
  }
  ockham_corpus_free(corpus);
}

static void test_resumed_choices(void **state) {
  (void)state;
  static const char *const choices[] = {"objective=ul2", "architecture=encoder-decoder", "tokens=bpe", "order=reverse"};
  const uint64_t stops[] = {7};
  ockham_corpus *corpus = tiny_corpus(1);
  for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
    ockham_lm_config config = tiny_config();
    config.vocabulary = 300;
    if (i == 1) config.objective = OCKHAM_LM_OBJECTIVE_PLM;
    assert_ok(ockham_lm_config_set(&config, choices[i], err));
    check_resumed(&config, corpus, stops, 1);
  }
  ockham_corpus_free(corpus);
}

/* From a copy of what a run wrote on its way, as after a kill. */
static void test_killed(void **state) {
  (void)state;
  char *path = make_path(".lm"), *whole_path = make_path(".lm"), command[1200];
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm_result whole, killed;
  stopper stop = {.at = 9};
  ockham_lm_train_options options = tiny_options(path, &stop);
  unlink(path);
  unlink(whole_path);
  options.checkpoint_s = 1e-9; /* after each step */
  assert_int_equal(ockham_lm_train(&config, corpus, &options, &whole, NULL), OCKHAM_INTERRUPTED);
  snprintf(command, sizeof command, "cp %s %s.copy", path, path);
  assert_int_equal(system(command), 0);
  options = tiny_options(path, NULL); /* goes on to the end, which is then lost */
  assert_ok(ockham_lm_train(&config, corpus, &options, &whole, err));
  ockham_lm_result_clear(&whole);
  snprintf(command, sizeof command, "mv %s.copy %s", path, path);
  assert_int_equal(system(command), 0);
  assert_ok(ockham_lm_train(&config, corpus, &options, &killed, err));
  options = tiny_options(whole_path, NULL);
  assert_ok(ockham_lm_train(&config, corpus, &options, &whole, err));
  assert_same_result(&whole, &killed);
  assert_same_weights(whole_path, path);
  ockham_lm_result_clear(&whole);
  ockham_lm_result_clear(&killed);
  ockham_corpus_free(corpus);
  drop_path(path);
  drop_path(whole_path);
}

static void test_diverged_stays_diverged(void **state) {
  (void)state;
  char *path = make_path(".lm");
  unlink(path);
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm_result first, again;
  config.rate = 100;
  config.clip = -1;
  config.train_tokens *= 4;
  ockham_lm_train_options options = tiny_options(path, NULL);
  assert_ok(ockham_lm_train(&config, corpus, &options, &first, err));
  assert_true(first.diverged);
  assert_ok(ockham_lm_train(&config, corpus, &options, &again, err));
  assert_same_result(&first, &again);
  assert_int_equal(first.diverged_step, again.diverged_step);
  ockham_lm_result_clear(&first);
  ockham_lm_result_clear(&again);
  ockham_corpus_free(corpus);
  drop_path(path);
}

/* ---- what does not belong together ---- */

static void write_checkpoint(const char *path, const ockham_lm_config *config, const ockham_corpus *corpus) {
  ockham_lm_result result;
  ockham_lm_train_options options = tiny_options(path, NULL);
  unlink(path);
  assert_ok(ockham_lm_train(config, corpus, &options, &result, err));
  ockham_lm_result_clear(&result);
}

static void test_other_config(void **state) {
  (void)state;
  char *path = make_path(".lm"), message[700];
  ockham_corpus *corpus = tiny_corpus(1), *other = tiny_corpus(2);
  ockham_lm_config config = tiny_config();
  ockham_lm_result result;
  ockham_error error = {0};
  write_checkpoint(path, &config, corpus);
  ockham_lm_train_options options = tiny_options(path, NULL);
  assert_int_equal(ockham_lm_train(&config, other, &options, &result, &error), OCKHAM_BAD_ARGUMENT);
  snprintf(message, sizeof message, "%s was trained on another corpus", path);
  assert_string_equal(error.message, message);
  config.rate = .5;
  assert_int_equal(ockham_lm_train(&config, corpus, &options, &result, &error), OCKHAM_BAD_ARGUMENT);
  snprintf(message, sizeof message, "%s was trained with rate=0.003, not rate=0.5: leave out resuming, or set that",
           path);
  assert_string_equal(error.message, message);
  ockham_corpus_free(other);
  ockham_corpus_free(corpus);
  drop_path(path);
}

static void test_cannot_write(void **state) {
  (void)state;
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  ockham_lm_result result;
  ockham_lm_train_options options = tiny_options("/no/such/folder/x.lm", NULL);
  assert_int_equal(ockham_lm_train(&config, corpus, &options, &result, NULL), OCKHAM_CANNOT_WRITE);
  ockham_corpus_free(corpus);
}

/* ---- damage ---- */

static ockham_status load_bytes(unsigned char *bytes, size_t size, ockham_error *err) {
  ock_lm_checkpoint checkpoint;
  ockham_lm *model = NULL;
  ockham_status status = ock_lm_checkpoint_parse("x.lm", bytes, size, &checkpoint, err);
  if (!status) status = ock_lm_of_checkpoint(&checkpoint, "x.lm", &model, err);
  ockham_lm_free(model);
  return status;
}

/* A byte changed anywhere is noticed. With checksums made right again it is noticed or does no harm. */
static void test_flipped_bytes(void **state) {
  (void)state;
  size_t size;
  char *path = make_path(".lm");
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  config.tokens = OCKHAM_LM_TOKENS_BPE;
  config.vocabulary = 270;
  write_checkpoint(path, &config, corpus);
  unsigned char *bytes = read_file(path, &size), *copy = malloc(size);
  assert_int_equal(load_bytes(bytes, size, NULL), OCKHAM_OK);
  for (size_t i = 0; i < size; i += i < 2000 ? 1 : 997) {
    ockham_error error = {0};
    memcpy(copy, bytes, size);
    copy[i] ^= (unsigned char)(1 << i % 8);
    assert_int_equal(load_bytes(copy, size, &error), OCKHAM_BAD_FILE);
    assert_memory_equal(error.message, "x.lm: ", 6);
    seal_container(copy, size);
    ockham_status status = load_bytes(copy, size, &error);
    assert_true(status == OCKHAM_OK || status == OCKHAM_BAD_FILE);
  }
  for (size_t cut = 0; cut < size; cut += cut < 300 ? 1 : 1009)
    assert_int_equal(load_bytes(bytes, cut, NULL), OCKHAM_BAD_FILE);
  free(copy);
  free(bytes);
  ockham_corpus_free(corpus);
  drop_path(path);
}

static void test_no_memory_to_load(void **state) {
  (void)state;
  char *path = make_path(".lm");
  ockham_corpus *corpus = tiny_corpus(1);
  ockham_lm_config config = tiny_config();
  write_checkpoint(path, &config, corpus);
  for_each_allocation_failure(n) {
    ockham_lm *model;
    ock_fault_after(n);
    ockham_status status = ockham_lm_load(path, &model, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    assert_true(!model == !!status);
    ockham_lm_free(model);
  }
  for_each_allocation_failure(m) {
    ockham_lm_result result = {0};
    ockham_lm_train_options options = tiny_options(path, NULL);
    ock_fault_after(m);
    ockham_status status = ockham_lm_train(&config, corpus, &options, &result, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_lm_result_clear(&result);
  }
  ockham_corpus_free(corpus);
  drop_path(path);
}

static void test_no_file(void **state) {
  (void)state;
  ockham_lm *model;
  assert_int_equal(ockham_lm_load("/no/such/file.lm", &model, NULL), OCKHAM_IO);
  assert_null(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_resumed_optimizers),
      cmocka_unit_test(test_resumed_choices),
      cmocka_unit_test(test_killed),
      cmocka_unit_test(test_diverged_stays_diverged),
      cmocka_unit_test(test_other_config),
      cmocka_unit_test(test_cannot_write),
      cmocka_unit_test(test_flipped_bytes),
      cmocka_unit_test(test_no_memory_to_load),
      cmocka_unit_test(test_no_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
