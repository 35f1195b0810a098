/* SPDX-License-Identifier: Apache-2.0 */
/* Optimisers against PyTorch's and numpy's singular values, schedules against PyTorch's: optimizer_reference.h. */
#include "../test.h"
#include "lm/optimizer.h"
#include "optimizer_reference.h"

enum { N_TENSORS = 3, N_SLOTS = 32 + 32 + 16, N_STEPS = 12 };

/* A network that only has weights. */
typedef struct fake_net {
  ock_lm_net net;
  ock_lm_tensor tensors[N_TENSORS];
  float weights[N_SLOTS], gradients[N_SLOTS];
} fake_net;

static const size_t shapes[N_TENSORS][2] = {{6, 4}, {3, 8}, {1, 5}};
static const size_t offsets[N_TENSORS] = {0, 32, 64};

static size_t size_of(size_t t) {
  return shapes[t][0] * shapes[t][1];
}

static void make_net(fake_net *fake, ockham_lm_optimizer optimizer, double rate) {
  *fake = (fake_net){.net.n_tensors = N_TENSORS, .net.n_parameters = N_SLOTS};
  fake->net.tensors = fake->tensors;
  fake->net.weights = fake->weights;
  fake->net.gradients = fake->gradients;
  fake->net.config = (ockham_lm_config){
      .optimizer = optimizer, .rate = rate, .decay = .1, .clip = -1, .warmup = .25, .last_rate = .05};
  for (size_t t = 0; t < N_TENSORS; t++) {
    fake->tensors[t] = (ock_lm_tensor){.role = t < 2 ? OCK_LM_HIDDEN : OCK_LM_VECTOR,
                                       .rows = shapes[t][0],
                                       .columns = shapes[t][1],
                                       .weight = fake->weights + offsets[t],
                                       .gradient = fake->gradients + offsets[t],
                                       .rate = 1};
    for (size_t i = 0; i < size_of(t); i++) fake->tensors[t].weight[i] = (float)(sin((double)(1 + i + 7 * t)) / 2);
  }
}

static void set_gradients(fake_net *fake, uint64_t step) {
  for (size_t t = 0; t < N_TENSORS; t++)
    for (size_t i = 0; i < size_of(t); i++)
      fake->tensors[t].gradient[i] =
          (float)(cos(.7 * (double)i + (double)step + 3 * (double)t) + .3 * (double)fake->tensors[t].weight[i]);
}

static void check_weights(const fake_net *fake, const double *expected, double tolerance) {
  for (size_t t = 0; t < N_TENSORS; t++)
    for (size_t i = 0; i < size_of(t); i++, expected++)
      assert_close((double)fake->tensors[t].weight[i], *expected, tolerance);
}

static void train(fake_net *fake, uint64_t from, uint64_t to, ock_lm_optimizer *optimizer, double *norms) {
  for (uint64_t step = from; step < to; step++) {
    set_gradients(fake, step);
    double norm = ock_lm_optimizer_step(optimizer, step, N_STEPS);
    if (norms) norms[step] = norm;
  }
}

static void run(fake_net *fake, double *norms) {
  ock_lm_optimizer *optimizer;
  assert_ok(ock_lm_optimizer_new(&fake->net, &optimizer, err));
  train(fake, 0, N_STEPS, optimizer, norms);
  ock_lm_optimizer_free(optimizer);
}

static void test_adamw(void **state) {
  (void)state;
  fake_net fake;
  make_net(&fake, OCKHAM_LM_OPTIMIZER_ADAMW, .01);
  run(&fake, NULL);
  check_weights(&fake, after_adamw, 2e-6);
}

static void test_clipping(void **state) {
  (void)state;
  fake_net fake;
  double norms[N_STEPS];
  make_net(&fake, OCKHAM_LM_OPTIMIZER_ADAMW, .01);
  fake.net.config.clip = 2;
  run(&fake, norms);
  check_weights(&fake, after_clipped, 2e-6);
  for (size_t s = 0; s < N_STEPS; s++) assert_close(norms[s], norms_clipped[s], 1e-6);
}

static void test_sgd(void **state) {
  (void)state;
  fake_net fake;
  make_net(&fake, OCKHAM_LM_OPTIMIZER_SGD, .05);
  fake.net.config.decay = -1;
  run(&fake, NULL);
  check_weights(&fake, after_sgd, 2e-6);
}

static void test_muon(void **state) {
  (void)state;
  fake_net fake;
  make_net(&fake, OCKHAM_LM_OPTIMIZER_MUON, .02);
  run(&fake, NULL);
  check_weights(&fake, after_muon, 2e-5);
}

/* Without gradients matrices shrink, vectors do not, and a tensor's own rate counts: the formula, by hand. A share of
 * the rate that suits each optimiser is the same decay for all. */
static void test_decay(void **state) {
  (void)state;
  const double rates[] = {.003, .02, .3};
  for (int kind = 0; kind < OCKHAM_LM_N_OPTIMIZERS; kind++) {
    fake_net fake;
    ock_lm_optimizer *optimizer;
    make_net(&fake, (ockham_lm_optimizer)kind, rates[kind]);
    fake.net.config.schedule = OCKHAM_LM_SCHEDULE_CONSTANT;
    fake.net.config.warmup = -1;
    fake.net.config.decay = 5;
    fake.tensors[1].rate = .5;
    assert_ok(ock_lm_optimizer_new(&fake.net, &optimizer, err));
    assert_true(ock_lm_optimizer_step(optimizer, 0, N_STEPS) == 0);
    ock_lm_optimizer_free(optimizer);
    for (size_t i = 0; i < 24; i++) {
      assert_close((double)fake.tensors[0].weight[i], (1 - .015) * sin((double)(1 + i)) / 2, 1e-6);
      assert_close((double)fake.tensors[1].weight[i], (1 - .0075) * sin((double)(8 + i)) / 2, 1e-6);
    }
    for (size_t i = 0; i < 5; i++) assert_true(fake.tensors[2].weight[i] == (float)(sin((double)(15 + i)) / 2));
  }
}

/* A tensor's rate is a factor of its steps. */
static void test_rate_of_a_tensor(void **state) {
  (void)state;
  for (int kind = 0; kind < OCKHAM_LM_N_OPTIMIZERS; kind++) {
    fake_net whole, half;
    make_net(&whole, (ockham_lm_optimizer)kind, .01);
    make_net(&half, (ockham_lm_optimizer)kind, .01);
    whole.net.config.decay = half.net.config.decay = -1;
    half.tensors[0].rate = .5;
    fake_net *nets[] = {&whole, &half};
    for (int n = 0; n < 2; n++) {
      ock_lm_optimizer *optimizer;
      assert_ok(ock_lm_optimizer_new(&nets[n]->net, &optimizer, err));
      train(nets[n], 0, 1, optimizer, NULL);
      ock_lm_optimizer_free(optimizer);
    }
    for (size_t i = 0; i < 24; i++) {
      double first = (double)(float)(sin((double)(1 + i)) / 2);
      assert_close((double)half.tensors[0].weight[i] - first, .5 * ((double)whole.tensors[0].weight[i] - first), 1e-6);
      assert_true(half.tensors[1].weight[i] == whole.tensors[1].weight[i]);
    }
  }
}

/* The state is all there is to keep: from its copy the same bits follow. */
static void test_state(void **state) {
  (void)state;
  for (int kind = 0; kind < OCKHAM_LM_N_OPTIMIZERS; kind++) {
    fake_net whole, parts;
    ock_lm_optimizer *before, *after;
    size_t n, n_after;
    make_net(&whole, (ockham_lm_optimizer)kind, .01);
    run(&whole, NULL);
    make_net(&parts, (ockham_lm_optimizer)kind, .01);
    assert_ok(ock_lm_optimizer_new(&parts.net, &before, err));
    assert_ok(ock_lm_optimizer_new(&parts.net, &after, err));
    train(&parts, 0, 5, before, NULL);
    float *from = ock_lm_optimizer_state(before, &n), *to = ock_lm_optimizer_state(after, &n_after);
    assert_int_equal(n, n_after);
    memcpy(to, from, n * sizeof *to);
    train(&parts, 5, N_STEPS, after, NULL);
    assert_memory_equal(parts.weights, whole.weights, sizeof whole.weights);
    ock_lm_optimizer_free(before);
    ock_lm_optimizer_free(after);
  }
}

static void check_rates(ockham_lm_schedule schedule, const double *expected) {
  ockham_lm_config config = {.schedule = schedule, .rate = .01, .warmup = .25, .last_rate = .05};
  for (uint64_t s = 0; s < N_STEPS; s++) assert_close(ock_lm_rate_at(&config, s, N_STEPS), expected[s], 1e-11);
}

static void test_schedules(void **state) {
  (void)state;
  check_rates(OCKHAM_LM_SCHEDULE_COSINE, rates_cosine);
  check_rates(OCKHAM_LM_SCHEDULE_LINEAR, rates_linear);
  check_rates(OCKHAM_LM_SCHEDULE_CONSTANT, rates_constant);
}

/* Where there is no room for a warm-up, or for a way down. */
static void test_short_schedules(void **state) {
  (void)state;
  ockham_lm_config config = {.rate = 2, .warmup = -1, .last_rate = -1};
  assert_true(ock_lm_rate_at(&config, 0, 1) == 2);
  assert_true(ock_lm_rate_at(&config, 0, 2) == 2);
  assert_close(ock_lm_rate_at(&config, 1, 2), 0, 1e-15);
  config.warmup = 1;
  assert_true(ock_lm_rate_at(&config, 0, 1) == 2);
  assert_true(ock_lm_rate_at(&config, 1, 4) == 1);
  assert_true(ock_lm_rate_at(&config, 3, 4) == 2);
}

/* x x' for the smaller side: singular values near 1, whatever they were, mean that it is near the identity. */
static void check_orthogonal(size_t rows, size_t columns) {
  float *x = malloc(rows * columns * sizeof *x), *work = malloc(ock_lm_orthogonal_room(rows, columns) * sizeof *work);
  ock_rng rng = ock_rng_make(7, rows * 1000 + columns);
  for (size_t i = 0; i < rows * columns; i++) x[i] = (float)(100 * ock_rng_normal(&rng));
  ock_lm_orthogonalize(rows, columns, x, work);
  size_t n = rows < columns ? rows : columns, m = rows < columns ? columns : rows;
  double squares = 0, fourth = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double product = 0;
      for (size_t k = 0; k < m; k++) {
        size_t a = rows < columns ? i * columns + k : k * columns + i,
               b = rows < columns ? j * columns + k : k * columns + j;
        product += (double)x[a] * (double)x[b];
      }
      if (i == j) squares += product;
      fourth += product * product;
    }
  double mean = squares / (double)n, spread = sqrt(fmax(0, fourth / (double)n - mean * mean)); /* of s^2 over the n */
  assert_true(mean > .46 && mean < 1.3);                                                       /* s in .68 ... 1.14 */
  assert_true(spread < .35);
  free(x);
  free(work);
}

static void test_orthogonal(void **state) {
  (void)state;
  check_orthogonal(8, 24);
  check_orthogonal(24, 8);
  check_orthogonal(1, 9);
  check_orthogonal(64, 176);
  check_orthogonal(48, 48);
}

static void test_no_gradient_to_orthogonalize(void **state) {
  (void)state;
  float x[6] = {0}, work[6 + 2 * 4];
  ock_lm_orthogonalize(2, 3, x, work);
  for (int i = 0; i < 6; i++) assert_true(x[i] == 0);
}

static void test_no_memory(void **state) {
  (void)state;
  fake_net fake;
  ock_lm_optimizer *optimizer = NULL;
  make_net(&fake, OCKHAM_LM_OPTIMIZER_MUON, .02);
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_status status = ock_lm_optimizer_new(&fake.net, &optimizer, NULL);
    assert_true(ock_fault_hits() ? status == OCKHAM_NO_MEMORY && !optimizer : status == OCKHAM_OK);
    ock_lm_optimizer_free(optimizer);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_adamw),
      cmocka_unit_test(test_clipping),
      cmocka_unit_test(test_sgd),
      cmocka_unit_test(test_muon),
      cmocka_unit_test(test_decay),
      cmocka_unit_test(test_rate_of_a_tensor),
      cmocka_unit_test(test_state),
      cmocka_unit_test(test_schedules),
      cmocka_unit_test(test_short_schedules),
      cmocka_unit_test(test_orthogonal),
      cmocka_unit_test(test_no_gradient_to_orthogonalize),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
