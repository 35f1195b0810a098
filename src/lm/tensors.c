/* SPDX-License-Identifier: Apache-2.0 */
/* Which tensors a config has, in which place. */
#include <string.h>

#include "lm/net.h"

typedef struct builder {
  ock_lm_net *net;
  const ockham_lm_config *c;
  char prefix[24]; /* "decoder.127.ffn.63." */
  bool encoder;
  size_t layer;
  uint32_t n_sublayers; /* so far, in all stacks */
  ffn_weights *experts; /* the next free */
} builder;

static void join(char *text, size_t size, const char *first, const char *second) {
  size_t used = 0;
  while (*first && used + 1 < size) text[used++] = *first++;
  while (*second && used + 1 < size) text[used++] = *second++;
  text[used] = '\0';
}

static ock_lm_tensor *add_tensor(builder *b, ock_lm_part part, size_t rows, size_t columns, const char *name) {
  static const ock_lm_role roles[] = {
      [OCK_LM_TOKENS] = OCK_LM_EMBEDDING, [OCK_LM_PLACES] = OCK_LM_EMBEDDING, [OCK_LM_LOGITS] = OCK_LM_HEAD,
      [OCK_LM_QUERY] = OCK_LM_HIDDEN,     [OCK_LM_KEY] = OCK_LM_HIDDEN,       [OCK_LM_VALUE] = OCK_LM_HIDDEN,
      [OCK_LM_ATTENDED] = OCK_LM_HIDDEN,  [OCK_LM_IN] = OCK_LM_HIDDEN,        [OCK_LM_GATE] = OCK_LM_HIDDEN,
      [OCK_LM_OUT] = OCK_LM_HIDDEN,       [OCK_LM_ROUTER] = OCK_LM_HIDDEN,    [OCK_LM_GAIN] = OCK_LM_VECTOR,
      [OCK_LM_OFFSET] = OCK_LM_VECTOR};
  ock_lm_tensor *t = &b->net->tensors[b->net->n_tensors++];
  /* Steps of Muon are as large for an input of any width as they are, and of SGD as the gradients are. */
  bool slowed =
      roles[part] == OCK_LM_HIDDEN && b->c->init == OCKHAM_LM_INIT_MUP && b->c->optimizer == OCKHAM_LM_OPTIMIZER_ADAMW;
  *t = (ock_lm_tensor){.role = roles[part],
                       .part = part,
                       .rows = rows,
                       .columns = columns,
                       .rate = slowed ? (float)OCK_LM_MUP_WIDTH / (float)b->c->width : 1};
  join(t->name, sizeof t->name, b->prefix, name);
  return t;
}

static dense add_dense(builder *b, ock_lm_part part, size_t rows, size_t columns, const char *name) {
  dense d = {add_tensor(b, part, rows, columns, name), NULL};
  char bias[16];
  join(bias, sizeof bias, name, ".bias");
  if (b->c->bias) d.b = add_tensor(b, OCK_LM_OFFSET, 1, columns, bias);
  return d;
}

static norm add_norm(builder *b, bool is_there, const char *name) {
  if (!is_there) return (norm){NULL, NULL};
  char text[24];
  join(text, sizeof text, name, ".gain");
  norm n = {add_tensor(b, OCK_LM_GAIN, 1, b->c->width, text), NULL};
  join(text, sizeof text, name, ".bias");
  if (b->c->norm == OCKHAM_LM_NORM_LAYER) n.bias = add_tensor(b, OCK_LM_OFFSET, 1, b->c->width, text);
  return n;
}

static attention_weights add_attention(builder *b) {
  size_t d = b->c->width, head = d / b->c->heads, kv = ock_lm_n_kv_heads(b->c) * head;
  attention_weights a = {.q = add_dense(b, OCK_LM_QUERY, d, d, "q"),
                         .k = add_dense(b, OCK_LM_KEY, d, kv, "k"),
                         .v = add_dense(b, OCK_LM_VALUE, d, kv, "v"),
                         .o = add_dense(b, OCK_LM_ATTENDED, d, d, "o")};
  if (b->c->qk_norm) {
    a.q_gain = add_tensor(b, OCK_LM_GAIN, 1, head, "q_gain");
    a.k_gain = add_tensor(b, OCK_LM_GAIN, 1, head, "k_gain");
  }
  return a;
}

static ffn_weights add_ffn(builder *b) {
  size_t d = b->c->width, hidden = b->c->hidden;
  ffn_weights f = {.in = add_dense(b, OCK_LM_IN, d, hidden, "in")};
  if (ock_lm_is_gated(b->c->ffn)) f.gate = add_dense(b, OCK_LM_GATE, d, hidden, "gate");
  f.out = add_dense(b, OCK_LM_OUT, hidden, d, "out");
  return f;
}

static void set_prefix(builder *b, const char *part) {
  char name[24];
  snprintf(name, sizeof name, "%s.%u.", b->encoder ? "encoder" : "decoder", (unsigned)b->layer % 1000);
  join(b->prefix, sizeof b->prefix, name, part);
  if (*part) join(b->prefix, sizeof b->prefix, b->prefix, ".");
}

static void add_experts(builder *b, sublayer *s) {
  s->router = add_dense(b, OCK_LM_ROUTER, b->c->width, b->c->experts, "router");
  s->experts = b->experts;
  b->experts += b->c->experts;
  for (size_t e = 0; e < b->c->experts; e++) {
    char part[16];
    snprintf(part, sizeof part, "ffn.%u", (unsigned)e % MOST_EXPERTS);
    set_prefix(b, part);
    s->experts[e] = add_ffn(b);
  }
  set_prefix(b, "ffn");
}

static bool is_local(const ockham_lm_config *c, size_t layer) {
  return c->mask == OCKHAM_LM_MASK_LOCAL || c->mask == OCKHAM_LM_MASK_STRIDED ||
         (c->mask == OCKHAM_LM_MASK_ALTERNATING && layer % 2 == 0);
}

static void add_sublayer(builder *b, block *to, sublayer_kind kind) {
  static const char *const names[] = {"attention", "cross", "ffn"};
  sublayer *s = &to->sublayers[to->n_sublayers++];
  s->kind = kind;
  s->number = b->n_sublayers++;
  s->local = kind == SELF_ATTENTION && is_local(b->c, b->layer);
  set_prefix(b, names[kind]);
  if (kind != FEED_FORWARD)
    s->attention = add_attention(b);
  else if (b->c->experts)
    add_experts(b, s);
  else
    s->ffn = add_ffn(b);
  ockham_lm_norm_place place = b->c->norm_place;
  s->after = add_norm(b, place == OCKHAM_LM_NORM_PLACE_OUTPUT || place == OCKHAM_LM_NORM_PLACE_SANDWICH, "norm_after");
  if (place == OCKHAM_LM_NORM_PLACE_REZERO) s->scale = add_tensor(b, OCK_LM_OFFSET, 1, 1, "scale");
}

/* The norms of a block are named after its sublayer, or, of parallel ones, after the layer. */
static void add_block_norms(builder *b, block *to) {
  if (to->n_sublayers > 1) set_prefix(b, "");
  ockham_lm_norm_place place = b->c->norm_place;
  to->before = add_norm(b, place == OCKHAM_LM_NORM_PLACE_PRE || place == OCKHAM_LM_NORM_PLACE_SANDWICH, "norm");
  to->post = add_norm(b, place == OCKHAM_LM_NORM_PLACE_POST, "norm");
}

static block *add_layer(builder *b, block *next) {
  bool parallel = b->c->block == OCKHAM_LM_BLOCK_PARALLEL, cross = !b->encoder && ock_lm_has_encoder(b->c);
  for (int kind = SELF_ATTENTION; kind <= FEED_FORWARD; kind++) {
    if (kind == CROSS_ATTENTION && !cross) continue;
    add_sublayer(b, next, (sublayer_kind)kind);
    if (parallel && kind != FEED_FORWARD) continue;
    add_block_norms(b, next++);
  }
  return next;
}

static block *add_stack(builder *b, stack *s, bool encoder, block *blocks) {
  const ockham_lm_config *c = b->c;
  s->encoder = b->encoder = encoder;
  s->blocks = blocks;
  snprintf(b->prefix, sizeof b->prefix, "%s.", encoder ? "encoder" : "decoder");
  if (c->position == OCKHAM_LM_POSITION_LEARNED)
    s->places = add_tensor(b, OCK_LM_PLACES, c->context, c->width, "places");
  if (c->position == OCKHAM_LM_POSITION_T5) s->buckets = add_tensor(b, OCK_LM_OFFSET, 32, c->heads, "buckets");
  for (b->layer = 0; b->layer < ock_lm_layers_of_stack(c); b->layer++) blocks = add_layer(b, blocks);
  s->n_blocks = (size_t)(blocks - s->blocks);
  snprintf(b->prefix, sizeof b->prefix, "%s.", encoder ? "encoder" : "decoder");
  bool last = c->norm_place != OCKHAM_LM_NORM_PLACE_POST && c->norm_place != OCKHAM_LM_NORM_PLACE_REZERO;
  s->last = add_norm(b, last, "norm");
  return blocks;
}

static void add_all(builder *b) {
  ock_lm_layout *l = b->net->layout;
  size_t n_tokens = ock_lm_n_tokens(b->c), d = b->c->width;
  l->embedding = add_tensor(b, OCK_LM_TOKENS, n_tokens, d, "tokens");
  block *next = l->blocks;
  if (ock_lm_has_encoder(b->c)) next = add_stack(b, &l->encoder, true, next);
  add_stack(b, &l->decoder, false, next);
  b->prefix[0] = '\0';
  if (b->c->tying == OCKHAM_LM_TYING_UNTIED)
    l->head = add_dense(b, OCK_LM_LOGITS, d, n_tokens, "head");
  else if (b->c->bias)
    l->head.b = add_tensor(b, OCK_LM_OFFSET, 1, n_tokens, "head.bias");
}

/* Every tensor begins at a multiple of 16 numbers. */
static size_t room_of(const ock_lm_tensor *t) {
  return (t->rows * t->columns + 15) / 16 * 16;
}

void ock_lm_tensors_place(ock_lm_net *net) {
  size_t at = 0;
  for (size_t i = 0; i < net->n_tensors; i++) {
    net->tensors[i].weight = net->weights + at;
    net->tensors[i].gradient = net->gradients + at;
    at += room_of(&net->tensors[i]);
  }
}

void ock_lm_tensors_free(ock_lm_net *net) {
  ock_free(net->layout->blocks);
  ock_free(net->layout->experts);
  ock_free(net->tensors);
}

ockham_status ock_lm_tensors_make(ock_lm_net *net, ockham_error *err) {
  const ockham_lm_config *c = &net->config;
  size_t stacks = ock_lm_has_encoder(c) ? 2 : 1, n_blocks = stacks * ock_lm_layers_of_stack(c) * 3;
  size_t experts = c->experts ? c->experts : 1, n_tensors = 16 + n_blocks * (24 + 6 * experts);
  ock_lm_layout *l = net->layout;
  net->tensors = ock_alloc_zeroed(n_tensors, sizeof *net->tensors);
  l->blocks = ock_alloc_zeroed(n_blocks, sizeof *l->blocks);
  l->experts = ock_alloc_zeroed(n_blocks * experts, sizeof *l->experts);
  if (!net->tensors || !l->blocks || !l->experts)
    return ock_fail_memory(err, "the table of tensors", n_tensors * sizeof *net->tensors);
  builder b = {.net = net, .c = c, .experts = l->experts};
  add_all(&b);
  for (size_t i = 0; i < net->n_tensors; i++) net->n_parameters += room_of(&net->tensors[i]);
  return OCKHAM_OK;
}
