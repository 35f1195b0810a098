/* SPDX-License-Identifier: Apache-2.0 */
/* Products of bfloat16: by oneDNN against those of rounded floats in double, and what they do to a network. */
#include "lm/net.h"
#include "test.h"

enum { MOST = 70, STRIDE = MOST + 7 };

typedef struct operands {
  float a[MOST * STRIDE], b[MOST * STRIDE], c[MOST * STRIDE];
} operands;

static void fill(float *x, uint64_t stream) {
  ock_rng rng = ock_rng_make(4, stream);
  for (size_t i = 0; i < MOST * STRIDE; i++) x[i] = (float)ock_rng_normal(&rng);
}

static double rounded(float x) {
  float y;
  ock_lm_loops_all()[0]->round_to_bf16(1, &x, &y);
  return (double)y;
}

static double expected(const operands *o, bool ta, bool tb, size_t k, double alpha, double beta, size_t r, size_t c) {
  double sum = 0;
  for (size_t i = 0; i < k; i++)
    sum += rounded(o->a[ta ? i * STRIDE + r : r * STRIDE + i]) * rounded(o->b[tb ? c * STRIDE + i : i * STRIDE + c]);
  return alpha * sum + beta * (double)o->c[r * STRIDE + c];
}

static ock_lm_net *net_of(ockham_lm_precision precision) {
  ockham_lm_config config = {.precision = precision, .width = 64, .context = 64, .batch = 128, .window = 16};
  assert_ok(ockham_lm_config_complete(&config, err));
  ock_lm_net *net = NULL;
  assert_ok(ock_lm_net_new(&config, &net, err));
  ock_lm_net_init(net);
  return net;
}

static double run(ock_lm_net *net) {
  int32_t tokens[129];
  for (int32_t i = 0; i <= 128; i++) tokens[i] = i * i % 251;
  ock_lm_batch batch = {.n_sequences = 2, .length = 64, .tokens = tokens, .targets = tokens + 1, .n_targets = 128};
  double loss;
  assert_ok(ock_lm_net_forward(net, &batch, true, 0, &loss, NULL, err));
  ock_lm_net_backward(net);
  return loss;
}

static void check_product(ock_lm_net *net, bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, float beta) {
  static operands o;
  static float c[MOST * STRIDE];
  fill(o.a, 0), fill(o.b, 1), fill(o.c, 2);
  memcpy(c, o.c, sizeof c);
  ock_lm_multiply(net, ta, tb, m, n, k, alpha, o.a, STRIDE, o.b, STRIDE, beta, c, STRIDE);
  for (size_t r = 0; r < MOST; r++)
    for (size_t i = 0; i < STRIDE; i++) {
      bool inside = r < m && i < n;
      double wanted = inside ? expected(&o, ta, tb, k, (double)alpha, (double)beta, r, i) : (double)o.c[r * STRIDE + i];
      assert_close((double)c[r * STRIDE + i], wanted, inside ? 1e-5 : 0);
    }
}

static void check_products(ock_lm_net *net) {
  static const size_t sizes[][3] = {{1, 1, 1}, {16, 16, 16}, {17, 3, 40}, {64, 33, 7}, {70, 70, 70}, {5, 64, 32}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (int t = 0; t < 4; t++) {
      check_product(net, t & 1, t & 2, sizes[s][0], sizes[s][1], sizes[s][2], 1, 0);
      check_product(net, t & 1, t & 2, sizes[s][0], sizes[s][1], sizes[s][2], .7f, 1);
    }
}

static void products_are_of_rounded_numbers(void **state) {
  (void)state;
  if (ock_lm_problem()) skip();
  ock_lm_net *net = net_of(OCKHAM_LM_PRECISION_BF16);
  run(net); /* makes room */
  check_products(net);
  ock_lm_bf16_free(net->layout->bf16);
  net->layout->bf16 = NULL; /* and where the processor has no instructions for it */
  check_products(net);
  ock_lm_net_free(net);
}

/* Rounding is to 8 bits: losses and gradients are near those of float32, and not the same. */
static void networks_differ_by_rounding(void **state) {
  (void)state;
  if (ock_lm_problem()) skip();
  ock_lm_net *exact = net_of(OCKHAM_LM_PRECISION_F32), *net = net_of(OCKHAM_LM_PRECISION_BF16);
  double a = run(exact), b = run(net), product = 0, squares = 0, others = 0;
  assert_true(a != b && fabs(a - b) < .01 * a);
  for (size_t i = 0; i < net->n_parameters; i++) {
    product += (double)exact->gradients[i] * (double)net->gradients[i];
    squares += (double)exact->gradients[i] * (double)exact->gradients[i];
    others += (double)net->gradients[i] * (double)net->gradients[i];
  }
  assert_true(product / sqrt(squares * others) > .999);
  ock_lm_bf16_free(net->layout->bf16);
  net->layout->bf16 = NULL;
  assert_close(run(net), b, 1e-5);
  ock_lm_net_free(exact);
  ock_lm_net_free(net);
}

static void runs_are_the_same_bits(void **state) {
  (void)state;
  if (ock_lm_problem()) skip();
  for (unsigned p = 0; p < OCKHAM_LM_N_PRECISIONS; p++) {
    ock_lm_net *a = net_of((ockham_lm_precision)p), *b = net_of((ockham_lm_precision)p);
    run(a);
    assert_true(run(a) == run(b));
    assert_memory_equal(a->gradients, b->gradients, a->n_parameters * sizeof *a->gradients);
    ock_lm_net_free(a);
    ock_lm_net_free(b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_are_of_rounded_numbers),
      cmocka_unit_test(networks_differ_by_rounding),
      cmocka_unit_test(runs_are_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
