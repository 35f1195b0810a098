/* SPDX-License-Identifier: Apache-2.0 */
/* What a config costs, counted on its tensors and on sequences laid out as the feed would. */
#include "lm/feed.h"
#include "lm/net.h"

enum { N_DRAWS = 256 /* of sequences whose lengths vary */ };

/* Numbers of the matrices that a row passes; 6 operations each: one product forward, two backward. */
typedef struct passed {
  double by_token, by_source, by_target; /* of the stack's own rows, of the encoder's output, of rows with a target */
} passed;

static double numbers_in(const ock_lm_tensor *t) {
  return t ? (double)(t->rows * t->columns) : 0;
}

static double ffn_numbers(const ffn_weights *f) {
  return numbers_in(f->in.w) + numbers_in(f->gate.w) + numbers_in(f->out.w);
}

static void add_sublayer(const ockham_lm_config *c, const sublayer *u, passed *p) {
  const attention_weights *a = &u->attention;
  double kv = numbers_in(a->k.w) + numbers_in(a->v.w);
  if (u->kind == FEED_FORWARD) {
    p->by_token += u->experts ? (double)c->active * ffn_numbers(u->experts) : ffn_numbers(&u->ffn);
    p->by_token += numbers_in(u->router.w);
    return;
  }
  p->by_token += numbers_in(a->q.w) + numbers_in(a->o.w);
  *(u->kind == CROSS_ATTENTION ? &p->by_source : &p->by_token) += kv;
}

static passed passed_by(const ockham_lm_config *c, const stack *s) {
  passed p = {0, 0, 0};
  for (size_t b = 0; b < s->n_blocks; b++)
    for (size_t i = 0; i < s->blocks[b].n_sublayers; i++) add_sublayer(c, &s->blocks[b].sublayers[i], &p);
  return p;
}

/* Pairs of the first sequence that the attention of a stack weighs. */
static double pairs_of(const ock_lm_net *net, const stack *s) {
  double pairs = 0;
  for (size_t b = 0; b < s->n_blocks; b++)
    for (size_t u = 0; u < s->blocks[b].n_sublayers; u++) {
      const sublayer *sub = &s->blocks[b].sublayers[u];
      for (size_t i = 0; sub->kind != FEED_FORWARD && i < s->length; i++)
        pairs += (double)ock_lm_mask_count(net, s, sub, 0, i);
    }
  return pairs;
}

/* A sequence: what it holds is known from the example, as feed.c lays it out. */
typedef struct sequence {
  size_t length, source, prefix, n_targets;
} sequence;

static sequence lay_out(const ock_lm_shape *shape, const ock_lm_example *e) {
  bool starts = e->start >= 0, apart = shape->encoder && starts;
  sequence q = {.source = !shape->encoder ? 0 : starts ? e->n_given : 1};
  q.prefix = (apart ? 0 : e->n_given) + starts;
  q.length = q.prefix + e->n_asked - 1;
  q.n_targets = e->n_counted - e->n_free;
  if (e->loss_on_given && !apart) q.n_targets += e->n_given - 1;
  return q;
}

static double operations(ock_lm_net *net, const sequence *q) {
  ock_lm_layout *l = net->layout;
  int32_t prefix = (int32_t)q->prefix;
  double d = (double)net->config.width;
  l->batch = (ock_lm_batch){.n_sequences = 1, .length = q->length, .source_length = q->source, .prefix = &prefix};
  l->decoder.length = q->length;
  l->encoder.length = q->source;
  passed decoder = passed_by(&net->config, &l->decoder), encoder = passed_by(&net->config, &l->encoder);
  double weights = decoder.by_token * (double)q->length + (encoder.by_token + decoder.by_source) * (double)q->source +
                   d * (double)l->embedding->rows * (double)q->n_targets;
  return 6 * weights + 12 * d * (pairs_of(net, &l->decoder) + pairs_of(net, &l->encoder));
}

static bool lengths_vary(const ock_lm_kind *kind) {
  return kind->name == OCK_LM_PREFIX || kind->name == OCK_LM_CONTINUE || kind->name == OCK_LM_MIDDLE;
}

static double operations_of_kind(ock_lm_net *net, const ock_lm_kind *kind, const int32_t *raw, ock_lm_example *e) {
  ock_lm_shape shape = ock_lm_shape_of(&net->config);
  size_t n = lengths_vary(kind) ? N_DRAWS : 1;
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    ock_rng lengths = ock_rng_make(0, 2 * i), own = ock_rng_make(0, 2 * i + 1);
    ock_lm_make_example(&shape, kind, raw, &lengths, &own, e);
    sequence q = lay_out(&shape, e);
    sum += operations(net, &q);
  }
  return sum / (double)n;
}

/* A sequence's, in the mean over the objective's kinds. */
static ockham_status count_operations(ock_lm_net *net, double *operations_a_sequence, ockham_error *err) {
  size_t room = net->config.context + 4;
  int32_t *tokens = ock_alloc_zeroed(3 * room, sizeof *tokens);
  if (!tokens) return ock_fail_memory(err, "a sequence", 3 * room * sizeof *tokens);
  ock_lm_example e = {.given = tokens + room, .asked = tokens + 2 * room};
  ock_lm_mixture mixture = ock_lm_mixture_of(&net->config);
  double sum = 0;
  for (size_t k = 0; k < mixture.n_kinds; k++)
    sum += (double)mixture.kinds[k].turns * operations_of_kind(net, &mixture.kinds[k], tokens, &e);
  *operations_a_sequence = sum / (double)mixture.n_turns;
  ock_free(tokens);
  return OCKHAM_OK;
}

static void count_parameters(const ock_lm_net *net, ockham_lm_cost *cost) {
  for (size_t i = 0; i < net->n_tensors; i++) {
    const ock_lm_tensor *t = &net->tensors[i];
    uint64_t n = t->rows * t->columns;
    cost->parameters += n;
    if (t->role == OCK_LM_EMBEDDING || t->role == OCK_LM_HEAD) cost->parameters_embedding += n;
  }
}

static uint64_t ffn_parameters(const ffn_weights *f) {
  const dense *parts[] = {&f->in, &f->gate, &f->out};
  uint64_t sum = 0;
  for (size_t i = 0; i < 3; i++) sum += (uint64_t)(numbers_in(parts[i]->w) + numbers_in(parts[i]->b));
  return sum;
}

/* Of the experts that a token does not pass. */
static uint64_t idle_parameters(const ock_lm_net *net) {
  const ock_lm_layout *l = net->layout;
  const stack *stacks[] = {&l->encoder, &l->decoder};
  uint64_t sum = 0;
  for (size_t s = 0; s < 2; s++)
    for (size_t b = 0; b < stacks[s]->n_blocks; b++)
      for (size_t i = 0; i < stacks[s]->blocks[b].n_sublayers; i++) {
        const sublayer *u = &stacks[s]->blocks[b].sublayers[i];
        if (u->experts) sum += (net->config.experts - net->config.active) * ffn_parameters(u->experts);
      }
  return sum;
}

static ockham_status count_all(ock_lm_net *net, ockham_lm_cost *cost, ockham_error *err) {
  double operations_a_sequence = 0;
  OCK_TRY(ock_lm_tensors_make(net, err));
  OCK_TRY(count_operations(net, &operations_a_sequence, err));
  const ockham_lm_config *c = &net->config;
  *cost = (ockham_lm_cost){.steps = (c->train_tokens + c->batch - 1) / c->batch};
  count_parameters(net, cost);
  cost->parameters_active = cost->parameters - idle_parameters(net);
  cost->flops_per_token = operations_a_sequence / (double)c->context;
  cost->flops = cost->flops_per_token * (double)c->batch * (double)cost->steps;
  return OCKHAM_OK;
}

ockham_status ockham_lm_cost_of(const ockham_lm_config *config, ockham_lm_cost *cost, ockham_error *err) {
  ock_lm_layout layout = {0};
  ock_lm_net net = {.config = *config, .layout = &layout};
  OCK_TRY(ockham_lm_config_complete(&net.config, err));
  ockham_status status = count_all(&net, cost, err);
  ock_lm_tensors_free(&net);
  return status;
}
