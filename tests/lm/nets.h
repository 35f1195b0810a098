/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks of doubles and batches for them: what the tests of networks share. */
#ifndef OCK_TEST_LM_NETS_H
#define OCK_TEST_LM_NETS_H

#include "lm/net.h"
#include "test.h"

enum { SEQUENCES = 2, LENGTH = 9, SOURCE = 7 };

typedef struct example {
  int32_t tokens[SEQUENCES * LENGTH], targets[SEQUENCES * LENGTH], source[SEQUENCES * SOURCE];
  int32_t prefix[SEQUENCES], source_used[SEQUENCES];
  ock_lm_batch batch;
} example;

/* "a=b c=d" into a config that was completed. */
static inline ockham_lm_config config_of(const char *settings) {
  ockham_lm_config config = {
      .n_layers = 2, .width = 8, .heads = 2, .hidden = 16, .context = LENGTH, .window = 3, .batch = SEQUENCES * LENGTH};
  char *copy = ock_string_copy(settings), *rest = copy;
  for (char *part = strtok_r(rest, " ", &rest); part; part = strtok_r(NULL, " ", &rest))
    assert_ok(ockham_lm_config_set(&config, part, err));
  ock_free(copy);
  if (config.architecture != OCKHAM_LM_ARCHITECTURE_CAUSAL) config.objective = OCKHAM_LM_OBJECTIVE_PLM;
  assert_ok(ockham_lm_config_complete(&config, err));
  return config;
}

/* Every third place without a target; prefixes of 4 and 2; a source of 7 and one of 1. */
static inline void make_example(example *x, const ockham_lm_config *config) {
  ock_rng rng = ock_rng_make(5, 0);
  for (size_t i = 0; i < SEQUENCES * LENGTH; i++) {
    x->tokens[i] = (int32_t)ock_rng_below(&rng, 300);
    x->targets[i] = i % 3 ? (int32_t)ock_rng_below(&rng, 300) : -1;
  }
  for (size_t i = 0; i < SEQUENCES * SOURCE; i++) x->source[i] = (int32_t)ock_rng_below(&rng, 300);
  for (int32_t b = 0; b < SEQUENCES; b++) {
    x->prefix[b] = 4 - 2 * b;
    x->source_used[b] = SOURCE - 6 * b;
  }
  x->batch = (ock_lm_batch){.n_sequences = SEQUENCES,
                            .length = LENGTH,
                            .tokens = x->tokens,
                            .targets = x->targets,
                            .n_targets = SEQUENCES * LENGTH / 3 * 2};
  if (config->architecture == OCKHAM_LM_ARCHITECTURE_PREFIX) x->batch.prefix = x->prefix;
  if (!ock_lm_has_encoder(config)) return;
  x->batch.source_length = SOURCE;
  x->batch.source = x->source;
  x->batch.source_used = x->source_used;
}

/* With its first weights, and something of everything added, so that nothing is 0 or 1. */
static inline ock_lm_net *net_of(const ockham_lm_config *config) {
  ock_lm_net *net = NULL;
  assert_ok(ock_lm_net_new(config, &net, err));
  ock_lm_net_init(net);
  ock_rng rng = ock_rng_make(6, 0);
  for (size_t i = 0; i < net->n_tensors; i++)
    for (size_t j = 0; j < net->tensors[i].rows * net->tensors[i].columns; j++)
      net->tensors[i].weight[j] += (real)(.2 * ock_rng_normal(&rng));
  return net;
}

/* What backward differentiates. */
static inline double objective(ock_lm_net *net, const ock_lm_batch *batch) {
  double loss = 0;
  assert_ok(ock_lm_net_forward(net, batch, true, 3, &loss, NULL, err));
  return loss + net->layout->penalty;
}

/* The tensor of a name. */
static inline ock_lm_tensor *tensor_of(const ock_lm_net *net, const char *name) {
  for (size_t i = 0; i < net->n_tensors; i++)
    if (strcmp(net->tensors[i].name, name) == 0) return &net->tensors[i];
  fail_msg("no tensor %s", name);
  return NULL;
}

/* Skips the test where this machine has no BLAS. */
#define NEED_BLAS()               \
  do {                            \
    (void)state;                  \
    if (ock_lm_problem()) skip(); \
  } while (0)

#endif
