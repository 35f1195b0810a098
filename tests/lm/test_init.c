/* SPDX-License-Identifier: Apache-2.0 */
/* First weights: the deviations that ockham/lm.h states, and what two configs share. */
#include "lm/net.h"
#include "test.h"

enum { D = 96, HEADS = 3, LAYERS = 4, HIDDEN = 256 };

static ock_lm_net *net_of(ockham_lm_init init, ockham_lm_tying tying) {
  ockham_lm_config config = {.width = D,
                             .heads = HEADS,
                             .n_layers = LAYERS,
                             .hidden = HIDDEN,
                             .init = init,
                             .tying = tying,
                             .position = OCKHAM_LM_POSITION_LEARNED,
                             .bias = true,
                             .seed = 3};
  assert_ok(ockham_lm_config_complete(&config, err));
  ock_lm_net *net = NULL;
  assert_ok(ock_lm_net_new(&config, &net, err));
  ock_lm_net_init(net);
  return net;
}

static const ock_lm_tensor *tensor_of(const ock_lm_net *net, const char *name) {
  for (size_t i = 0; i < net->n_tensors; i++)
    if (strcmp(net->tensors[i].name, name) == 0) return &net->tensors[i];
  fail_msg("no tensor %s", name);
  return NULL;
}

/* Within 4 standard errors of the deviation. */
static void check_deviation(const ock_lm_net *net, const char *name, double expected) {
  const ock_lm_tensor *t = tensor_of(net, name);
  double sum = 0, n = (double)(t->rows * t->columns);
  for (size_t i = 0; i < t->rows * t->columns; i++) sum += (double)t->weight[i] * (double)t->weight[i];
  double found = sqrt(sum / n);
  if (!(fabs(found - expected) <= 4 * expected / sqrt(2 * n)))
    fail_msg("%s: deviation %g, expected %g", name, found, expected);
}

typedef struct expected {
  ockham_lm_init init;
  double tokens, places, q, k, o, in, out, head;
} expected;

static void deviations_are_as_stated(void **state) {
  (void)state;
  if (ock_lm_problem()) skip();
  const double in = 1 / sqrt(D), hidden = 1 / sqrt(HIDDEN), depth = sqrt(2 * LAYERS), head = D / HEADS;
  const expected all[] = {
      {OCKHAM_LM_INIT_FAN_IN, in, in, in, in, in / depth, in, hidden / depth, in},
      {OCKHAM_LM_INIT_MUP, .125, .125, in, in, in / depth, in, hidden / depth, in},
      {OCKHAM_LM_INIT_FAN_IN_UNSCALED, in, in, in, in, in, in, hidden, in},
      {OCKHAM_LM_INIT_GPT2, .02, .02, .02, .02, .02 / depth, .02, .02 / depth, .02},
      {OCKHAM_LM_INIT_XAVIER, sqrt(2. / (304 + D)), sqrt(2. / (128 + D)), in, in, in, sqrt(2. / (D + HIDDEN)),
       sqrt(2. / (D + HIDDEN)), sqrt(2. / (304 + D))},
      {OCKHAM_LM_INIT_T5, 1, 1, 1 / sqrt(D * head), in, 1 / sqrt(HEADS * head), in, hidden, in},
      {OCKHAM_LM_INIT_ZERO_OUTPUT, in, in, in, in, 0, in, 0, in},
  };
  assert_int_equal(sizeof all / sizeof *all, OCKHAM_LM_N_INITS);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    ock_lm_net *net = net_of(all[i].init, OCKHAM_LM_TYING_UNTIED);
    check_deviation(net, "tokens", all[i].tokens);
    check_deviation(net, "decoder.places", all[i].places);
    check_deviation(net, "decoder.3.attention.q", all[i].q);
    check_deviation(net, "decoder.0.attention.k", all[i].k);
    check_deviation(net, "decoder.0.attention.o", all[i].o);
    check_deviation(net, "decoder.2.ffn.in", all[i].in);
    check_deviation(net, "decoder.2.ffn.out", all[i].out);
    check_deviation(net, "head", all[i].head);
    check_deviation(net, "decoder.0.attention.q.bias", 0);
    check_deviation(net, "decoder.norm.gain", 1);
    ock_lm_net_free(net);
  }
}

static void rates_are_mups(void **state) {
  (void)state;
  if (ock_lm_problem()) skip();
  ock_lm_net *net = net_of(OCKHAM_LM_INIT_MUP, OCKHAM_LM_TYING_UNTIED);
  for (size_t i = 0; i < net->n_tensors; i++) {
    bool hidden = net->tensors[i].role == OCK_LM_HIDDEN;
    assert_close((double)net->tensors[i].rate, hidden ? 64. / D : 1, 1e-7);
  }
  ock_lm_net_free(net);
  ockham_lm_config config = {.init = OCKHAM_LM_INIT_MUP, .optimizer = OCKHAM_LM_OPTIMIZER_MUON, .width = D};
  assert_ok(ockham_lm_config_complete(&config, err));
  assert_ok(ock_lm_net_new(&config, &net, err));
  for (size_t i = 0; i < net->n_tensors; i++) assert_close((double)net->tensors[i].rate, 1, 1e-7);
  ock_lm_net_free(net);
}

/* A tensor's numbers follow from its name, its shape and the seed. */
static void configs_share_what_they_have_in_common(void **state) {
  (void)state;
  if (ock_lm_problem()) skip();
  ock_lm_net *tied = net_of(OCKHAM_LM_INIT_FAN_IN, OCKHAM_LM_TYING_TIED);
  ock_lm_net *untied = net_of(OCKHAM_LM_INIT_FAN_IN, OCKHAM_LM_TYING_UNTIED);
  for (size_t i = 0; i < tied->n_tensors; i++) {
    const ock_lm_tensor *a = &tied->tensors[i], *b = tensor_of(untied, a->name);
    assert_memory_equal(a->weight, b->weight, a->rows * a->columns * sizeof *a->weight);
  }
  const ock_lm_tensor *q = tensor_of(tied, "decoder.0.attention.q"), *k = tensor_of(tied, "decoder.0.attention.k");
  assert_true(q->weight[0] != k->weight[0]);
  ock_lm_net_free(tied);
  ock_lm_net_free(untied);
}

/* Tensors lie one after another, each at a multiple of 16 numbers, all within the block. */
static void tensors_lie_in_order(void **state) {
  (void)state;
  if (ock_lm_problem()) skip();
  ock_lm_net *net = net_of(OCKHAM_LM_INIT_FAN_IN, OCKHAM_LM_TYING_UNTIED);
  size_t at = 0;
  for (size_t i = 0; i < net->n_tensors; i++) {
    const ock_lm_tensor *t = &net->tensors[i];
    assert_int_equal(t->weight - net->weights, at);
    assert_int_equal(t->gradient - net->gradients, at);
    at += (t->rows * t->columns + 15) / 16 * 16;
  }
  assert_int_equal(at, net->n_parameters);
  assert_int_equal((uintptr_t)net->weights % 64, 0);
  ock_lm_net_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(deviations_are_as_stated),
      cmocka_unit_test(rates_are_mups),
      cmocka_unit_test(configs_share_what_they_have_in_common),
      cmocka_unit_test(tensors_lie_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
