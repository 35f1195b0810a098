/* SPDX-License-Identifier: Apache-2.0 */
/* Levels that are the same thing somewhere: losses and gradients of two networks must agree there. Each pair is set up
 * so that a network shares its tensors' names with the other; those that only one has are set to do nothing. */
#include "nets.h"

typedef void arrange(ock_lm_net *net);

/* Copies the tensors of one name that have one shape. */
static void share(const ock_lm_net *from, ock_lm_net *to) {
  for (size_t i = 0; i < to->n_tensors; i++)
    for (size_t j = 0; j < from->n_tensors; j++) {
      ock_lm_tensor *t = &to->tensors[i], *f = &from->tensors[j];
      size_t n = t->rows * t->columns;
      if (strcmp(t->name, f->name) == 0 && n == f->rows * f->columns) memcpy(t->weight, f->weight, n * sizeof(real));
    }
}

static double worst_difference(const ock_lm_net *a, const ock_lm_net *b) {
  double worst = 0;
  for (size_t i = 0; i < a->n_tensors; i++)
    for (size_t j = 0; j < b->n_tensors; j++) {
      const ock_lm_tensor *t = &a->tensors[i], *f = &b->tensors[j];
      size_t n = t->rows * t->columns;
      if (strcmp(t->name, f->name) != 0 || n != f->rows * f->columns) continue;
      for (size_t k = 0; k < n; k++) worst = fmax(worst, fabs(t->gradient[k] - f->gradient[k]));
    }
  return worst;
}

static ock_lm_net *run(const char *settings, const ock_lm_net *like, arrange *set, example *x, double *value) {
  ockham_lm_config config = config_of(settings);
  ock_lm_net *net = net_of(&config);
  if (like) share(like, net);
  if (set) set(net);
  *value = objective(net, &x->batch);
  ock_lm_net_backward(net);
  return net;
}

static void check_equal(const char *one, const char *other, arrange *set, example *x) {
  double a, b;
  ock_lm_net *first = run(one, NULL, NULL, x, &a), *second = run(other, first, set, x, &b);
  if (!(fabs(a - b) <= 1e-9) || !(worst_difference(first, second) <= 1e-8))
    fail_msg("'%s' and '%s': %.15g, %.15g; gradients differ by %g", one, other, a, b, worst_difference(first, second));
  ock_lm_net_free(first);
  ock_lm_net_free(second);
}

/* On a batch for a causal network, or for what `of` says. */
static void check(const char *one, const char *other, arrange *set, const char *of) {
  ockham_lm_config config = config_of(of);
  example x;
  make_example(&x, &config);
  if (x.batch.prefix) memset(x.prefix, 0, sizeof x.prefix);
  check_equal(one, other, set, &x);
}

/* ---- masks and architectures ---- */

static void a_prefix_of_none_is_causal(void **state) {
  NEED_BLAS();
  static const char *const positions[] = {"rope", "learned", "sinusoidal", "alibi", "none"};
  for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
    char one[64], other[64];
    snprintf(one, sizeof one, "position=%s", positions[i]);
    snprintf(other, sizeof other, "architecture=prefix position=%s", positions[i]);
    check(one, other, NULL, "architecture=prefix");
    check(one, other, NULL, ""); /* and where the batch has none */
  }
}

static void a_whole_window_is_full(void **state) {
  NEED_BLAS();
  static const char *const masks[] = {"local", "strided", "alternating"};
  static const char *const on[] = {"", "architecture=prefix ", "architecture=encoder-decoder "};
  for (size_t m = 0; m < 3; m++)
    for (size_t a = 0; a < 3; a++) {
      char other[96];
      snprintf(other, sizeof other, "%swindow=%d mask=%s", on[a], LENGTH, masks[m]);
      check(on[a], other, NULL, on[a]);
    }
  check("mask=local window=1", "mask=local window=1 position=none", NULL,
        ""); /* alone, a place knows nothing of others */
}

/* Strided over every place is full, however small the window. */
static void a_stride_of_one_is_full(void **state) {
  NEED_BLAS();
  check("", "mask=strided window=1", NULL, "");
}

/* A source that is cut is as one whose rest is padding. */
static void padding_is_not_seen(void **state) {
  NEED_BLAS();
  ockham_lm_config config = config_of("architecture=encoder-decoder position=t5");
  example x;
  make_example(&x, &config);
  double a, b;
  x.source_used[1] = 5;
  ock_lm_net *net = run("architecture=encoder-decoder position=t5", NULL, NULL, &x, &a);
  for (size_t i = 5; i < SOURCE; i++) x.source[SOURCE + i] = (x.source[SOURCE + i] + 7) % 300;
  b = objective(net, &x.batch);
  assert_close(a, b, 1e-12);
  x.source[0] = (x.source[0] + 7) % 300;
  assert_true(fabs(objective(net, &x.batch) - b) > 1e-6);
  ock_lm_net_free(net);
}

/* What comes later changes nothing before it. */
static void nobody_sees_ahead(void **state) {
  NEED_BLAS();
  static const char *const settings[] = {
      "", "mask=strided", "position=t5", "position=alibi", "experts=4 active=2", "block=parallel"};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    ockham_lm_config config = config_of(settings[i]);
    ock_lm_net *net = net_of(&config);
    example x;
    make_example(&x, &config);
    real before[SEQUENCES * LENGTH], after[SEQUENCES * LENGTH];
    double loss;
    assert_ok(ock_lm_net_forward(net, &x.batch, false, 0, &loss, before, err));
    x.tokens[7] = (x.tokens[7] + 1) % 300; /* of the first sequence, whose targets at 1, 2, 4, 5 are the first four */
    assert_ok(ock_lm_net_forward(net, &x.batch, false, 0, &loss, after, err));
    for (size_t t = 0; t < 4; t++) assert_close(before[t], after[t], 1e-12);
    assert_true(fabs(before[4] - after[4]) > 1e-9); /* at 7 */
    ock_lm_net_free(net);
  }
}

/* ---- attention ---- */

static void as_many_groups_as_heads(void **state) {
  NEED_BLAS();
  check("heads=4", "heads=4 attention=gqa kv-heads=4", NULL, "");
  check("heads=4 attention=mqa", "heads=4 attention=gqa kv-heads=1", NULL, "");
  check("heads=1", "heads=1 attention=mqa", NULL, "");
}

/* Groups whose keys and values are equal are one. */
static void repeat_kv(ock_lm_net *net) {
  for (size_t i = 0; i < net->n_tensors; i++) {
    ock_lm_tensor *t = &net->tensors[i];
    if (t->part != OCK_LM_KEY && t->part != OCK_LM_VALUE) continue;
    ockham_lm_config mqa = config_of("heads=4 attention=mqa");
    ock_lm_net *one = net_of(&mqa);
    const ock_lm_tensor *from = tensor_of(one, t->name);
    for (size_t r = 0; r < t->rows; r++)
      for (size_t c = 0; c < t->columns; c++)
        t->weight[r * t->columns + c] = from->weight[r * from->columns + c % from->columns];
    ock_lm_net_free(one);
  }
}

static void equal_groups_are_one(void **state) {
  NEED_BLAS();
  check("heads=4 attention=mqa", "heads=4", repeat_kv, "");
  check("heads=4 attention=mqa", "heads=4 attention=gqa kv-heads=2", repeat_kv, "");
}

static void large_caps_and_small_terms_are_none(void **state) {
  NEED_BLAS();
  check("", "attention-cap=1e9", NULL, "");
  check("", "logit-cap=1e9", NULL, "");
  check("", "z-loss=0 dropout=0", NULL, "");
  check("", "z-loss=1e-13", NULL, "");
}

/* ---- positions ---- */

static void silence(ock_lm_net *net) {
  for (size_t i = 0; i < net->n_tensors; i++) {
    ock_lm_tensor *t = &net->tensors[i];
    if (strstr(t->name, "buckets") || strstr(t->name, "places"))
      memset(t->weight, 0, t->rows * t->columns * sizeof(real));
  }
}

static void empty_tables_are_no_positions(void **state) {
  NEED_BLAS();
  static const char *const on[] = {"", "architecture=prefix ", "architecture=encoder-decoder "};
  for (size_t a = 0; a < 3; a++) {
    char one[64], t5[64], learned[64];
    snprintf(one, sizeof one, "%sposition=none", on[a]);
    snprintf(t5, sizeof t5, "%sposition=t5", on[a]);
    snprintf(learned, sizeof learned, "%sposition=learned", on[a]);
    check(one, t5, silence, on[a]);
    check(one, learned, silence, on[a]);
  }
}

static void set_sinusoids(ock_lm_net *net) {
  ock_lm_tensor *t = tensor_of(net, "decoder.places");
  for (size_t i = 0; i < t->rows; i++)
    for (size_t m = 0; m < t->columns; m += 2) {
      double angle = (double)i * pow(10000, -(double)m / (double)t->columns);
      t->weight[i * t->columns + m] = sin(angle);
      t->weight[i * t->columns + m + 1] = cos(angle);
    }
}

/* ALiBi's biases as a table of T5's: below 16 each distance has a bucket. */
static void set_slopes(ock_lm_net *net) {
  ock_lm_tensor *t = tensor_of(net, "decoder.buckets");
  for (size_t distance = 0; distance < 16; distance++)
    for (size_t h = 0; h < 2; h++) t->weight[distance * 2 + h] = -(double)distance * (h ? 1. / 256 : 1. / 16);
}

static void fixed_positions_are_learned_ones(void **state) {
  NEED_BLAS();
  check("position=sinusoidal", "position=learned", set_sinusoids, "");
  check("position=alibi", "position=t5", set_slopes, "");
}

/* Rope knows distances only: all places moved by one change nothing. */
static void rope_knows_distances(void **state) {
  NEED_BLAS();
  ockham_lm_config config = config_of("mask=local window=1"); /* a place sees itself alone, wherever it is */
  ock_lm_net *net = net_of(&config);
  example x;
  make_example(&x, &config);
  for (size_t i = 0; i < SEQUENCES * LENGTH; i++) x.tokens[i] = 7, x.targets[i] = 9;
  x.batch.n_targets = SEQUENCES * LENGTH;
  real nll[SEQUENCES * LENGTH];
  double loss;
  assert_ok(ock_lm_net_forward(net, &x.batch, false, 0, &loss, nll, err));
  for (size_t i = 1; i < SEQUENCES * LENGTH; i++) assert_close(nll[i], nll[0], 1e-12);
  ock_lm_net_free(net);
}

/* ---- norms, blocks, experts ---- */

/* Of rows whose mean is 0 a layer norm is an RMS norm, but for epsilon. */
static void a_layer_norm_of_rows_without_mean(void **state) {
  (void)state;
  enum { D = 24 };
  const ock_lm_loops *loops = ock_lm_loops_pick();
  double x[D], gain[D], zero[D] = {0}, rms[D], layer[D], scale, mean, sum = 0;
  ock_rng rng = ock_rng_make(1, 0);
  for (size_t i = 0; i < D; i++) x[i] = 100 * ock_rng_normal(&rng), gain[i] = ock_rng_normal(&rng), sum += x[i];
  for (size_t i = 0; i < D; i++) x[i] -= sum / D;
  loops->rms(1, D, x, gain, rms, &scale);
  loops->layer(1, D, x, gain, zero, layer, &scale, &mean);
  for (size_t i = 0; i < D; i++) assert_close(rms[i], layer[i], 1e-8);
}

static void open_scales(ock_lm_net *net) {
  for (size_t i = 0; i < net->n_tensors; i++)
    if (strstr(net->tensors[i].name, "scale")) *net->tensors[i].weight = 0;
}

/* ReZero at its start: the embedding goes straight to the head, whatever the layers are. */
static void rezero_begins_as_no_layers(void **state) {
  NEED_BLAS();
  ockham_lm_config config = config_of("norm-place=none layers=2"),
                   other = config_of("norm-place=none layers=1 ffn=relu");
  ock_lm_net *a = net_of(&config), *b = net_of(&other);
  share(a, b);
  open_scales(a);
  open_scales(b);
  example x;
  make_example(&x, &config);
  assert_close(objective(a, &x.batch), objective(b, &x.batch), 1e-12);
  ock_lm_net_free(a);
  ock_lm_net_free(b);
}

/* Sublayers that put out nothing: serial and parallel blocks agree, and so do their gradients of the outputs. */
static void close_outputs(ock_lm_net *net) {
  for (size_t i = 0; i < net->n_tensors; i++) {
    ock_lm_tensor *t = &net->tensors[i];
    if (t->part == OCK_LM_ATTENDED) memset(t->weight, 0, t->rows * t->columns * sizeof(real));
    if (t->part == OCK_LM_GAIN)
      for (size_t k = 0; k < t->columns; k++) t->weight[k] = 1;
  }
}

static void parallel_is_serial_where_attention_is_silent(void **state) {
  NEED_BLAS();
  ockham_lm_config serial = config_of("layers=1"), parallel = config_of("layers=1 block=parallel");
  ock_lm_net *a = net_of(&serial), *b = net_of(&parallel);
  share(a, b);
  close_outputs(a);
  close_outputs(b);
  example x;
  make_example(&x, &serial);
  assert_close(objective(a, &x.batch), objective(b, &x.batch), 1e-12);
  ock_lm_net_backward(a);
  ock_lm_net_backward(b);
  const ock_lm_tensor *in = tensor_of(a, "decoder.0.ffn.in"), *as = tensor_of(b, "decoder.0.ffn.in");
  for (size_t i = 0; i < in->rows * in->columns; i++) assert_close(in->gradient[i], as->gradient[i], 1e-12);
  ock_lm_net_free(a);
  ock_lm_net_free(b);
}

/* All experts are the dense sublayer, and all are asked: their weights sum to 1. */
static void copy_experts(ock_lm_net *net) {
  ockham_lm_config dense_config = config_of("");
  ock_lm_net *dense_net = net_of(&dense_config);
  for (size_t i = 0; i < net->n_tensors; i++) {
    char *digit = strstr(net->tensors[i].name, ".ffn."), name[48];
    if (!digit || digit[5] < '0' || digit[5] > '9') continue;
    snprintf(name, sizeof name, "%.*s%s", (int)(digit - net->tensors[i].name) + 5, net->tensors[i].name, digit + 7);
    const ock_lm_tensor *from = tensor_of(dense_net, name);
    memcpy(net->tensors[i].weight, from->weight, from->rows * from->columns * sizeof(real));
  }
  ock_lm_net_free(dense_net);
}

static void equal_experts_are_one(void **state) {
  NEED_BLAS();
  ockham_lm_config one = config_of(""), many = config_of("experts=3 active=3");
  ock_lm_net *a = net_of(&one), *b = net_of(&many);
  share(a, b);
  copy_experts(b);
  example x;
  make_example(&x, &one);
  double dense_loss = objective(a, &x.batch), loss = objective(b, &x.batch);
  assert_close(loss - b->layout->penalty, dense_loss, 1e-10);
  assert_close(b->layout->penalty, 2 * .01, 1e-10); /* shares are equal, and weights sum to 1: E / E a layer */
  ock_lm_net_backward(a);
  ock_lm_net_backward(b);
  const ock_lm_tensor *q = tensor_of(a, "decoder.0.attention.q"), *as = tensor_of(b, "decoder.0.attention.q");
  for (size_t i = 0; i < q->rows * q->columns; i++) assert_close(q->gradient[i], as->gradient[i], 1e-10);
  ock_lm_net_free(a);
  ock_lm_net_free(b);
}

/* ---- heads, gates, batches ---- */

static void transpose_head(ock_lm_net *net) {
  ock_lm_tensor *head = tensor_of(net, "head"), *table = tensor_of(net, "tokens");
  for (size_t v = 0; v < table->rows; v++)
    for (size_t i = 0; i < table->columns; i++)
      head->weight[i * table->rows + v] = table->weight[v * table->columns + i];
}

static void an_equal_head_is_tied(void **state) {
  NEED_BLAS();
  ockham_lm_config one = config_of("tying=tied"), other = config_of("tying=untied");
  ock_lm_net *a = net_of(&one), *b = net_of(&other);
  share(a, b);
  transpose_head(b);
  example x;
  make_example(&x, &one);
  assert_close(objective(a, &x.batch), objective(b, &x.batch), 1e-12);
  ock_lm_net_backward(a);
  ock_lm_net_backward(b);
  const ock_lm_tensor *table = tensor_of(a, "tokens"), *head = tensor_of(b, "head"), *rows = tensor_of(b, "tokens");
  for (size_t v = 0; v < table->rows; v++)
    for (size_t i = 0; i < table->columns; i++)
      assert_close(table->gradient[v * table->columns + i],
                   rows->gradient[v * table->columns + i] + head->gradient[i * table->rows + v], 1e-12);
  ock_lm_net_free(a);
  ock_lm_net_free(b);
}

/* x V = 1 through a bias makes relu's gate open: (1 * x W) O, which without a gate and with relu is that where x W > 0.
 */
static void open_gates(ock_lm_net *net) {
  for (size_t i = 0; i < net->n_tensors; i++) {
    ock_lm_tensor *t = &net->tensors[i];
    if (t->part == OCK_LM_GATE) memset(t->weight, 0, t->rows * t->columns * sizeof(real));
    if (strstr(t->name, "gate.bias"))
      for (size_t k = 0; k < t->columns; k++) t->weight[k] = 1;
    if (strstr(t->name, "in.bias"))
      for (size_t k = 0; k < t->columns; k++) t->weight[k] = 50;
  }
}

static void an_open_gate_is_none(void **state) {
  NEED_BLAS();
  ockham_lm_config gated = config_of("ffn=reglu bias=on"), plain = config_of("ffn=relu bias=on");
  ock_lm_net *a = net_of(&gated), *b = net_of(&plain);
  share(a, b);
  open_gates(a);
  open_gates(b);
  example x;
  make_example(&x, &gated);
  assert_close(objective(a, &x.batch), objective(b, &x.batch), 1e-10);
  ock_lm_net_free(a);
  ock_lm_net_free(b);
}

/* The mean over sequences of losses by themselves; dropout is by place in the batch, so without it. */
static void sequences_do_not_meet(void **state) {
  NEED_BLAS();
  ockham_lm_config config = config_of("");
  ock_lm_net *net = net_of(&config);
  example x;
  make_example(&x, &config);
  double all = objective(net, &x.batch), sum = 0;
  for (size_t b = 0; b < SEQUENCES; b++) {
    ock_lm_batch one = x.batch;
    one.n_sequences = 1;
    one.tokens += b * LENGTH;
    one.targets += b * LENGTH;
    one.n_targets /= SEQUENCES;
    sum += objective(net, &one) / SEQUENCES;
  }
  assert_close(all, sum, 1e-12);
  ock_lm_net_free(net);
}

/* Blocks share their room when nothing is kept for the way back: the loss is the same. */
static void evaluation_is_training_without_dropout(void **state) {
  NEED_BLAS();
  static const char *const settings[] = {"layers=5",
                                         "layers=4 norm-place=post",
                                         "layers=3 norm-place=none",
                                         "architecture=encoder-decoder layers=3 norm-place=output",
                                         "block=parallel layers=3 experts=4",
                                         "norm-place=sandwich norm=layer"};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    ockham_lm_config config = config_of(settings[i]);
    ock_lm_net *net = net_of(&config);
    example x;
    make_example(&x, &config);
    double trained, evaluated;
    assert_ok(ock_lm_net_forward(net, &x.batch, false, 0, &evaluated, NULL, err));
    assert_ok(ock_lm_net_forward(net, &x.batch, true, 0, &trained, NULL, err));
    assert_true(trained == evaluated);
    ock_lm_net_free(net);
  }
}

static void last_logits_are_those_of_the_loss(void **state) {
  NEED_BLAS();
  ockham_lm_config config = config_of("logit-cap=5 bias=on");
  ock_lm_net *net = net_of(&config);
  example x;
  make_example(&x, &config);
  real nll[SEQUENCES * LENGTH];
  double loss, sum = 0;
  assert_ok(ock_lm_net_forward(net, &x.batch, false, 0, &loss, nll, err));
  const real *logits = ock_lm_net_last_logits(net) + 304; /* of the second sequence, whose last place has a target */
  for (size_t v = 0; v < 304; v++) sum += exp(logits[v]);
  assert_close(nll[x.batch.n_targets - 1], log(sum) - logits[x.targets[SEQUENCES * LENGTH - 1]], 1e-10);
  ock_lm_net_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_prefix_of_none_is_causal),
      cmocka_unit_test(a_whole_window_is_full),
      cmocka_unit_test(a_stride_of_one_is_full),
      cmocka_unit_test(padding_is_not_seen),
      cmocka_unit_test(nobody_sees_ahead),
      cmocka_unit_test(as_many_groups_as_heads),
      cmocka_unit_test(equal_groups_are_one),
      cmocka_unit_test(large_caps_and_small_terms_are_none),
      cmocka_unit_test(empty_tables_are_no_positions),
      cmocka_unit_test(fixed_positions_are_learned_ones),
      cmocka_unit_test(rope_knows_distances),
      cmocka_unit_test(a_layer_norm_of_rows_without_mean),
      cmocka_unit_test(rezero_begins_as_no_layers),
      cmocka_unit_test(parallel_is_serial_where_attention_is_silent),
      cmocka_unit_test(equal_experts_are_one),
      cmocka_unit_test(an_equal_head_is_tied),
      cmocka_unit_test(an_open_gate_is_none),
      cmocka_unit_test(sequences_do_not_meet),
      cmocka_unit_test(evaluation_is_training_without_dropout),
      cmocka_unit_test(last_logits_are_those_of_the_loss),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
