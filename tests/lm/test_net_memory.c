/* SPDX-License-Identifier: Apache-2.0 */
/* Room for batches: it grows, shapes may change between passes, and it may run out. */
#include "nets.h"

static ockham_status run_both(const ockham_lm_config *config, ockham_error *err) {
  ock_lm_net *net = NULL;
  ockham_status status = ock_lm_net_new(config, &net, err);
  if (status) {
    assert_null(net);
    return status;
  }
  ock_lm_net_init(net);
  example x;
  make_example(&x, config);
  ock_lm_batch small = x.batch;
  small.n_sequences = 1;
  small.n_targets = LENGTH / 3 * 2;
  double loss;
  status = ock_lm_net_forward(net, &small, true, 0, &loss, NULL, err);
  if (!status) ock_lm_net_backward(net);
  if (!status) status = ock_lm_net_forward(net, &x.batch, true, 0, &loss, NULL, err);
  if (!status) ock_lm_net_backward(net);
  ock_lm_net_free(net);
  return status;
}

static void memory_may_run_out(void **state) {
  NEED_BLAS();
  static const char *const settings[] = {"", "experts=3", "architecture=encoder-decoder position=t5"};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    ockham_lm_config config = config_of(settings[i]);
    for_each_allocation_failure(n) {
      ockham_error error = {0};
      ock_fault_after(n);
      ockham_status status = run_both(&config, &error);
      if (ock_fault_hits()) {
        assert_int_equal(status, OCKHAM_NO_MEMORY);
        assert_true(strstr(error.message, "not enough memory") != NULL);
      } else {
        assert_int_equal(status, OCKHAM_OK);
      }
    }
    ockham_lm_cost cost;
    for_each_allocation_failure(n) {
      ock_fault_after(n);
      ockham_status status = ockham_lm_cost_of(&config, &cost, NULL);
      assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    }
  }
}

/* Long, short, long again; trained and not: each loss is that of a new network. */
static void shapes_may_change(void **state) {
  NEED_BLAS();
  ockham_lm_config config = config_of("norm-place=sandwich layers=3");
  ock_lm_net *net = net_of(&config);
  example x;
  make_example(&x, &config);
  int32_t targets[SEQUENCES * LENGTH];
  for (size_t i = 0; i < SEQUENCES * LENGTH; i++) targets[i] = x.tokens[(i + 5) % (SEQUENCES * LENGTH)];
  for (size_t turn = 0; turn < 24; turn++) {
    size_t length = 1 + turn * 5 % LENGTH;
    ock_lm_batch batch = {
        .n_sequences = 1 + turn % SEQUENCES, .length = length, .tokens = x.tokens, .targets = targets};
    batch.n_targets = batch.n_sequences * length;
    ock_lm_net *fresh = net_of(&config);
    double found, expected;
    assert_ok(ock_lm_net_forward(net, &batch, turn % 3 > 0, 0, &found, NULL, err));
    if (turn % 3 > 0) ock_lm_net_backward(net);
    assert_ok(ock_lm_net_forward(fresh, &batch, true, 0, &expected, NULL, err));
    assert_true(found == expected);
    ock_lm_net_free(fresh);
  }
  ock_lm_net_free(net);
}

/* Dropout is by the seed and the step, and by nothing that was before. */
static void dropout_is_by_seed_and_step(void **state) {
  NEED_BLAS();
  ockham_lm_config config = config_of("dropout=0.3"), other = config;
  other.seed = 1;
  example x;
  make_example(&x, &config);
  ock_lm_net *a = net_of(&config), *b = net_of(&config), *c = net_of(&other);
  memcpy(c->weights, a->weights, a->n_parameters * sizeof(real));
  double of_a[4], of_b, of_c, plain;
  for (uint64_t step = 0; step < 4; step++)
    assert_ok(ock_lm_net_forward(a, &x.batch, true, step, &of_a[step], NULL, err));
  assert_ok(ock_lm_net_forward(b, &x.batch, true, 2, &of_b, NULL, err));
  assert_ok(ock_lm_net_forward(c, &x.batch, true, 2, &of_c, NULL, err));
  assert_ok(ock_lm_net_forward(b, &x.batch, false, 2, &plain, NULL, err));
  assert_true(of_a[2] == of_b && of_a[2] != of_c && of_a[2] != of_a[1] && of_a[2] != plain);
  ock_lm_net_free(a);
  ock_lm_net_free(b);
  ock_lm_net_free(c);
}

/* Nothing is asked: no loss, no gradient. */
static void no_targets(void **state) {
  NEED_BLAS();
  ockham_lm_config config = config_of("");
  ock_lm_net *net = net_of(&config);
  example x;
  make_example(&x, &config);
  for (size_t i = 0; i < SEQUENCES * LENGTH; i++) x.targets[i] = -1;
  x.batch.n_targets = 0;
  assert_true(objective(net, &x.batch) == 0);
  ock_lm_net_backward(net);
  for (size_t i = 0; i < net->n_parameters; i++) assert_true(net->gradients[i] == 0);
  ock_lm_net_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_may_run_out),
      cmocka_unit_test(shapes_may_change),
      cmocka_unit_test(dropout_is_by_seed_and_step),
      cmocka_unit_test(no_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
