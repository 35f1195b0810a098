/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of every level against central differences of the objective, in float64. */
#include "nets.h"

enum { SAMPLES = 4 /* of a tensor */ };

static double difference(ock_lm_net *net, const ock_lm_batch *batch, double *weight) {
  const double step = 1e-5, value = *weight;
  *weight = value + step;
  double above = objective(net, batch);
  *weight = value - step;
  double below = objective(net, batch);
  *weight = value;
  return (above - below) / (2 * step);
}

static void check_tensor(ock_lm_net *net, const ock_lm_batch *batch, const ock_lm_tensor *t, const double *gradient,
                         ock_rng *rng, const char *settings) {
  size_t n = t->rows * t->columns;
  double most = 0;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(gradient[i]));
  for (size_t k = 0; k < SAMPLES; k++) {
    size_t i = ock_rng_below(rng, n);
    for (size_t tries = 0; tries < 2000 && fabs(gradient[i]) < .05 * most; tries++) i = ock_rng_below(rng, n);
    double found = difference(net, batch, &t->weight[i]);
    if (!(fabs(found - gradient[i]) <= 1e-6 * fabs(gradient[i]) + 1e-9))
      fail_msg("%s: %s[%zu]: gradient %.12g, differences %.12g", settings, t->name, i, gradient[i], found);
  }
}

/* Along a direction in which every weight moves; differences of fourth order. Returns the derivative by gradient. */
static double move(ock_lm_net *net, const double *start, const double *gradient, double by) {
  ock_rng rng = ock_rng_make(8, 0);
  double sum = 0;
  for (size_t i = 0; i < net->n_parameters; i++) {
    double along = ock_rng_normal(&rng);
    sum += along * gradient[i];
    net->weights[i] = start[i] + by * along;
  }
  return sum;
}

static void check_direction(ock_lm_net *net, const ock_lm_batch *batch, const double *gradient, const char *settings) {
  const double step = 2e-6, at[] = {-2 * step, -step, step, 2 * step};
  double *start = ock_alloc_array(net->n_parameters, sizeof *start), expected = 0, values[4];
  assert_non_null(start);
  memcpy(start, net->weights, net->n_parameters * sizeof *start);
  for (int i = 0; i < 4; i++) {
    expected = move(net, start, gradient, at[i]);
    values[i] = objective(net, batch);
  }
  memcpy(net->weights, start, net->n_parameters * sizeof *start);
  ock_free(start);
  double found = (8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * step);
  if (!(fabs(found - expected) <= 1e-6 * fmax(fabs(expected), .01)))
    fail_msg("%s: along a direction %.12g, differences %.12g", settings, expected, found);
}

static void check_gradients(const char *settings) {
  ockham_lm_config config = config_of(settings);
  ock_lm_net *net = net_of(&config);
  example x;
  make_example(&x, &config);
  objective(net, &x.batch);
  ock_lm_net_backward(net);
  double *gradient = ock_alloc_array(net->n_parameters, sizeof *gradient);
  assert_non_null(gradient);
  memcpy(gradient, net->gradients, net->n_parameters * sizeof *gradient);
  ock_rng rng = ock_rng_make(7, 0);
  for (size_t i = 0; i < net->n_tensors; i++)
    check_tensor(net, &x.batch, &net->tensors[i], gradient + (net->tensors[i].weight - net->weights), &rng, settings);
  check_direction(net, &x.batch, gradient, settings);
  ock_free(gradient);
  ock_lm_net_free(net);
}

/* ---- each level of each choice, on each architecture ---- */

/* Those that a network knows nothing of, and rounding, which has no derivative. */
static bool is_of_training(const ockham_lm_factor *factor) {
  static const char *const names[] = {"objective", "order", "tokens", "optimizer", "schedule", "precision"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(factor->name, names[i]) == 0) return true;
  return false;
}

static size_t check_levels(const char *base) {
  size_t n, checked = 0;
  const ockham_lm_factor *factors = ockham_lm_factors(&n);
  for (size_t f = 0; f < n; f++)
    for (size_t l = 0; l < factors[f].n_levels && !is_of_training(&factors[f]); l++, checked++) {
      char settings[160];
      snprintf(settings, sizeof settings, "%s %s=%s", base, factors[f].name, factors[f].levels[l].name);
      check_gradients(settings);
    }
  return checked;
}

static void causal(void **state) {
  NEED_BLAS();
  assert_int_equal(check_levels(""), 46);
}

static void prefix(void **state) {
  NEED_BLAS();
  check_levels("architecture=prefix");
}

static void encoder_decoder(void **state) {
  NEED_BLAS();
  check_levels("architecture=encoder-decoder");
}

/* ---- numbers, and what meets what ---- */

static void numbers_and_combinations(void **state) {
  NEED_BLAS();
  static const char *const settings[] = {
      "logit-cap=3",
      "attention-cap=1",
      "z-loss=0.3",
      "dropout=0.3",
      "experts=4",
      "experts=4 active=2 bias=on",
      "experts=3 active=3 ffn=gelu",
      "heads=1",
      "heads=4 kv-heads=2 attention=gqa qk-norm=on",
      "window=1 mask=local",
      "window=2 mask=strided architecture=prefix position=t5",
      "logit-cap=2 z-loss=0.1 bias=on init=mup tying=untied",
      "attention-cap=1 dropout=0.2 position=t5 mask=strided",
      "architecture=encoder-decoder dropout=0.2 attention-cap=1 bias=on qk-norm=on position=t5 init=t5",
      "architecture=encoder-decoder block=parallel norm-place=sandwich norm=layer experts=3 active=2",
      "architecture=encoder-decoder mask=local attention=mqa norm-place=post position=learned",
      "architecture=encoder-decoder mask=strided",
      "block=parallel norm-place=none dropout=0.4",
      "block=parallel norm-place=output norm=layer",
      "block=parallel norm-place=post norm=layer bias=on",
  };
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) check_gradients(settings[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(causal),
      cmocka_unit_test(prefix),
      cmocka_unit_test(encoder_decoder),
      cmocka_unit_test(numbers_and_combinations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
