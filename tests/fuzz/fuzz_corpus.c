/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a corpus, with their checksums made right first, are refused, or can be trained on and held out. */
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "lm/feed.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

static void use(const ockham_corpus *corpus, unsigned choice) {
  ockham_lm_config config = {.context = 16, .batch = 32, .vocabulary = 300};
  config.objective = (ockham_lm_objective)(choice % OCKHAM_LM_N_OBJECTIVES);
  config.tokens = (ockham_lm_tokens)(choice / 8 % 2);
  config.order = (ockham_lm_order)(choice / 16 % 2);
  ock_lm_feed *feed;
  check(ock_lm_feed_new(&config, corpus, &feed, NULL) == OCKHAM_OK);
  const ock_lm_batch *batch;
  uint64_t n_pieces, n_bytes;
  for (uint64_t step = 0; step < 3; step++) {
    ock_lm_feed_batch(feed, step, &batch);
    check(batch->n_targets > 0 && batch->length == 16);
  }
  for (uint64_t first = 0; first < ock_lm_feed_n_held(feed); first += 2) {
    ock_lm_feed_held(feed, first, 1, &batch, &n_pieces, &n_bytes);
    check(batch->length <= 16 && n_bytes == 12 * n_pieces);
  }
  ock_lm_feed_free(feed);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  ock_container container;
  ockham_corpus *corpus;
  unsigned char *copy = ock_alloc(size);
  if (!copy) return 0;
  if (size > 0) memcpy(copy, bytes, size);
  mend_checksums(copy, size);
  if (ock_container_parse(&container, "fuzz", copy, size, OCK_CORPUS_KIND, OCK_CORPUS_VERSION, NULL)) {
    ock_free(copy);
    return 0;
  }
  if (ock_corpus_of_container(&container, "fuzz", &corpus, NULL) == OCKHAM_OK)
    use(corpus, ock_crc32(0, bytes, size)); /* any config */
  ockham_corpus_free(corpus);
  ock_container_clear(&container);
  return 0;
}
