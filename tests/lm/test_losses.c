/* SPDX-License-Identifier: Apache-2.0 */
/* Ten steps of a small default model, loss by loss, against PyTorch's in float64: losses_reference.py. */
#include "../test.h"
#include "lm/internal.h"
#include "losses_reference.h"

enum { CONTEXT = 16, ROWS = 3, N_STEPS = 10 };

static void set_weights(const ock_lm_tensor *tensor) {
  unsigned key = 0;
  for (const char *c = tensor->name; *c; c++) key += (unsigned char)*c;
  double k = key % 97 + 1, scale = sqrt(2 * (double)tensor->rows);
  for (size_t i = 0; i < tensor->rows * tensor->columns; i++) {
    double x = (double)i;
    tensor->weight[i] = (float)(tensor->role == OCK_LM_VECTOR ? 1 + .1 * sin(x + k) : sin(.1 * k * x + k) / scale);
  }
}

static int32_t letter(size_t b, size_t t, size_t step) {
  return (int32_t)(65 + (7 * b + 3 * t * t + 5 * step + t * step) % 50);
}

static void make_batch(size_t step, int32_t *tokens, int32_t *targets, ock_lm_batch *batch) {
  for (size_t b = 0; b < ROWS; b++)
    for (size_t t = 0; t < CONTEXT; t++) {
      tokens[b * CONTEXT + t] = letter(b, t, step);
      targets[b * CONTEXT + t] = letter(b, t + 1, step);
    }
  *batch = (ock_lm_batch){
      .n_sequences = ROWS, .length = CONTEXT, .tokens = tokens, .targets = targets, .n_targets = ROWS * CONTEXT};
}

static void test_ten_losses(void **state) {
  (void)state;
  ockham_lm_config config = {
      .width = 16, .heads = 2, .hidden = 48, .context = CONTEXT, .batch = ROWS * CONTEXT, .rate = .02, .warmup = .2};
  ock_lm_net *net;
  ock_lm_optimizer *optimizer;
  assert_ok(ockham_lm_config_complete(&config, err));
  assert_ok(ock_lm_net_new(&config, &net, err));
  assert_ok(ock_lm_optimizer_new(net, &optimizer, err));
  for (size_t t = 0; t < net->n_tensors; t++) set_weights(&net->tensors[t]);
  for (size_t step = 0; step < N_STEPS; step++) {
    int32_t tokens[ROWS * CONTEXT], targets[ROWS * CONTEXT];
    ock_lm_batch batch;
    double loss;
    make_batch(step, tokens, targets, &batch);
    assert_ok(ock_lm_net_forward(net, &batch, true, step, &loss, NULL, err));
    ock_lm_net_backward(net);
    double norm = ock_lm_optimizer_step(optimizer, step, N_STEPS);
    assert_close(loss, reference_losses[step], 1e-5);
    assert_close(norm, reference_norms[step], step ? 5e-3 : 1e-6); /* first steps are signs of gradients, even small */
  }
  ock_lm_optimizer_free(optimizer);
  ock_lm_net_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_ten_losses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
