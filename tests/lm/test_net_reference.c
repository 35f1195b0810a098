/* SPDX-License-Identifier: Apache-2.0 */
/* Losses, gradients and logits of every level against PyTorch's: levels_reference.py writes the models down once more
 * and prints levels_reference.h. Gradients are compared by their product with numbers by formula. */
#include "nets.h"

enum { N_VALUES = 5 };

static const struct {
  const char *settings;
  double values[N_VALUES];
} references[] = {
#include "levels_reference.h"
};

static double key_of(const char *name) {
  size_t sum = 0;
  for (size_t i = 0; name[i]; i++) sum += (i + 1) * (unsigned char)name[i];
  return (double)(sum % 97);
}

static double number(double i) {
  return sin(i + .13 * i * i);
}

static void fill(ock_lm_tensor *t) {
  double key = key_of(t->name);
  for (size_t i = 0; i < t->rows * t->columns; i++) {
    double n = number((double)i + key);
    t->weight[i] = t->part == OCK_LM_GAIN ? 1 + .1 * n : t->part == OCK_LM_OFFSET ? .3 * n : n / sqrt((double)t->rows);
  }
}

static void fill_example(example *x) {
  for (int32_t i = 0; i < SEQUENCES * LENGTH; i++) {
    x->tokens[i] = (i * 37 + 11) % 300;
    x->targets[i] = i % 3 ? (i * 53 + 5) % 300 : -1;
  }
  for (int32_t i = 0; i < SEQUENCES * SOURCE; i++) x->source[i] = (i * 71 + 3) % 300;
  x->source_used[1] = SOURCE - 2;
}

static double product_with_gradient(const ock_lm_net *net) {
  double sum = 0;
  for (size_t t = 0; t < net->n_tensors; t++) {
    const ock_lm_tensor *of = &net->tensors[t];
    double key = key_of(of->name) + 1;
    for (size_t i = 0; i < of->rows * of->columns; i++) sum += of->gradient[i] * number((double)i + key);
  }
  return sum;
}

static void check(const char *settings, const double expected[N_VALUES]) {
  ockham_lm_config config = config_of(settings);
  ock_lm_net *net = net_of(&config);
  example x;
  make_example(&x, &config);
  fill_example(&x);
  for (size_t t = 0; t < net->n_tensors; t++) fill(&net->tensors[t]);
  double loss;
  assert_ok(ock_lm_net_forward(net, &x.batch, true, 0, &loss, NULL, err));
  double found[N_VALUES] = {loss, loss + net->layout->penalty};
  ock_lm_net_backward(net);
  found[2] = product_with_gradient(net);
  const real *logits = ock_lm_net_last_logits(net);
  found[3] = logits[5];
  found[4] = logits[304 + 200];
  for (size_t i = 0; i < N_VALUES; i++)
    if (!(fabs(found[i] - expected[i]) <= 1e-9 * fmax(1, fabs(expected[i]))))
      fail_msg("'%s', value %zu: %.14g, of PyTorch %.14g", settings, i, found[i], expected[i]);
  ock_lm_net_free(net);
}

static void every_level_is_as_pytorch_has_it(void **state) {
  NEED_BLAS();
  for (size_t i = 0; i < sizeof references / sizeof *references; i++)
    check(references[i].settings, references[i].values);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_level_is_as_pytorch_has_it)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
