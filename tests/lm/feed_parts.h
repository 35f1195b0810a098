/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of feeds share: a corpus from texts, and a complete config. */
#ifndef OCK_TEST_LM_FEED_PARTS_H
#define OCK_TEST_LM_FEED_PARTS_H

#include "lm/feed.h"
#include "test.h"

static inline ockham_corpus *synthetic(uint64_t n_bytes) {
  ockham_corpus *corpus;
  assert_ok(ockham_corpus_synthetic(n_bytes, 8, 3, &corpus, NULL, err));
  return corpus;
}

static inline ockham_lm_config config_of(ockham_lm_architecture architecture, ockham_lm_objective objective,
                                         size_t context, size_t rows) {
  ockham_lm_config config = {.context = context, .batch = rows * context, .seed = 5, .vocabulary = 300};
  assert_ok(ockham_lm_config_complete(&config, err));
  config.architecture = architecture; /* after the check: the feed knows what no study may ask for as well */
  config.objective = objective;
  return config;
}

static inline ock_lm_feed *feed_of(const ockham_lm_config *config, const ockham_corpus *corpus) {
  ock_lm_feed *feed;
  assert_ok(ock_lm_feed_new(config, corpus, &feed, err));
  return feed;
}

#endif
