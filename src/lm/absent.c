/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of lm.h in a build without networks: that for the Python package, which does not offer them. The table
 * of factors and its configs stay. */
#include <ockham/lm.h>

#include "core/internal.h"

static ockham_status absent(ockham_error *err) {
  return ock_fail(err, OCKHAM_UNSUPPORTED, "this build has no language models: it was made for the Python package");
}

ockham_status ockham_lm_cost_of(const ockham_lm_config *config, ockham_lm_cost *cost, ockham_error *err) {
  (void)config, (void)cost;
  return absent(err);
}

ockham_status ockham_corpus_prepare(const ockham_corpus_options *options, const char *path, ockham_corpus_facts *facts,
                                    ockham_error *err) {
  (void)options, (void)path, (void)facts;
  return absent(err);
}

ockham_status ockham_corpus_synthetic(uint64_t n_bytes, size_t letters, uint64_t seed, ockham_corpus **corpus,
                                      double *entropy, ockham_error *err) {
  (void)n_bytes, (void)letters, (void)seed, (void)entropy;
  *corpus = NULL;
  return absent(err);
}

ockham_status ockham_corpus_open(const char *path, ockham_corpus **corpus, ockham_error *err) {
  (void)path;
  *corpus = NULL;
  return absent(err);
}

ockham_status ockham_corpus_write(const ockham_corpus *corpus, const char *path, ockham_error *err) {
  (void)corpus, (void)path;
  return absent(err);
}

ockham_corpus_facts ockham_corpus_look(const ockham_corpus *corpus) {
  (void)corpus; /* there is none */
  return (ockham_corpus_facts){0};
}

void ockham_corpus_free(ockham_corpus *corpus) {
  (void)corpus;
}

void ockham_lm_result_clear(ockham_lm_result *result) {
  *result = (ockham_lm_result){0};
}

ockham_status ockham_lm_train(const ockham_lm_config *config, const ockham_corpus *corpus,
                              const ockham_lm_train_options *options, ockham_lm_result *result, ockham_error *err) {
  (void)config, (void)corpus, (void)options;
  *result = (ockham_lm_result){0};
  return absent(err);
}

ockham_status ockham_lm_load(const char *path, ockham_lm **model, ockham_error *err) {
  (void)path;
  *model = NULL;
  return absent(err);
}

const ockham_lm_config *ockham_lm_config_of(const ockham_lm *model) {
  (void)model; /* there is none */
  return NULL;
}

void ockham_lm_free(ockham_lm *model) {
  (void)model;
}

ockham_status ockham_lm_sample(ockham_lm *model, const ockham_lm_sample_options *options, ockham_error *err) {
  (void)model, (void)options;
  return absent(err);
}
