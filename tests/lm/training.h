/* SPDX-License-Identifier: Apache-2.0 */
/* A corpus of a synthetic source, a config that trains in milliseconds, and runs that stop where a test says. */
#ifndef OCK_TEST_LM_TRAINING_H
#define OCK_TEST_LM_TRAINING_H

#include "../data/source_test.h"
#include "lm/train.h"

enum { TINY_STEPS = 24 };

static inline ockham_lm_config tiny_config(void) {
  return (ockham_lm_config){
      .n_layers = 1, .width = 16, .heads = 2, .context = 16, .batch = 32, .train_tokens = 32 * TINY_STEPS, .seed = 5};
}

static inline ockham_corpus *tiny_corpus(uint64_t seed) {
  ockham_corpus *corpus = NULL;
  assert_ok(ockham_corpus_synthetic(30000, 4, seed, &corpus, NULL, err));
  return corpus;
}

/* Stops a run before step `at`: the library asks every 20 ms at most, so that the point before waits for it. */
typedef struct stopper {
  uint64_t at;
} stopper;

static inline bool stop_at(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)stage;
  (void)total;
  return done < ((const stopper *)user)->at;
}

static inline void wait_at(void *arg, const ockham_lm_point *point) {
  if (point->step == ((const stopper *)arg)->at) usleep(25000);
}

/* With a point of the curve for each step; stop: NULL for never. */
static inline ockham_lm_train_options tiny_options(const char *path, stopper *stop) {
  ockham_lm_train_options options = {
      .checkpoint = path, .resume = path != NULL, .points = TINY_STEPS, .held_every = 8, .held_bytes = 1024};
  if (!stop) return options;
  options.on_point = wait_at;
  options.arg = stop;
  options.progress = (ockham_progress){.report = stop_at, .user = stop};
  return options;
}

/* All of a result but for the time that it took is the same, to the bit. */
static inline void assert_same_result(const ockham_lm_result *a, const ockham_lm_result *b) {
  assert_int_equal(a->n_points, b->n_points);
  for (size_t p = 0; p < a->n_points; p++) {
    ockham_lm_point x = a->points[p], y = b->points[p];
    x.seconds = y.seconds = 0;
    assert_memory_equal(&x, &y, sizeof x);
  }
  assert_int_equal(a->diverged, b->diverged);
  assert_memory_equal(a->suffix_bits_at, b->suffix_bits_at, sizeof a->suffix_bits_at);
  assert_memory_equal(&a->suffix_bits, &b->suffix_bits, sizeof(double));
  assert_memory_equal(&a->whole_bits, &b->whole_bits, sizeof(double));
  assert_memory_equal(&a->train_loss, &b->train_loss, sizeof(double));
  assert_memory_equal(&a->last_slope, &b->last_slope, sizeof(double));
  assert_int_equal(a->steps, b->steps);
}

#endif
