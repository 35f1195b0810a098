/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lm/net.h"

/* ---- networks ---- */

enum { LINE = 64 }; /* bytes of a cache line, to which blocks are aligned */

static void *aligned(void *p) {
  return (void *)(((uintptr_t)p + LINE - 1) & ~(uintptr_t)(LINE - 1));
}

static ockham_status make_weights(ock_lm_net *net, ockham_error *err) {
  ock_lm_layout *l = net->layout;
  size_t n = 2 * net->n_parameters + LINE;
  l->weights = ock_alloc_zeroed(n, sizeof(real));
  if (!l->weights) return ock_fail_memory(err, "the weights", ock_size_product(n, sizeof(real)));
  net->weights = aligned(l->weights);
  net->gradients = net->weights + net->n_parameters;
  ock_lm_tensors_place(net);
  return OCKHAM_OK;
}

static ockham_status make(const ockham_lm_config *config, ock_lm_net *net, ockham_error *err) {
  net->config = *config;
  net->layout = ock_alloc_zeroed(1, sizeof *net->layout);
  if (!net->layout) return ock_fail_memory(err, "a network", sizeof *net->layout);
  net->layout->loops = ock_lm_loops_pick();
  if (config->precision == OCKHAM_LM_PRECISION_BF16 && strcmp(net->layout->loops->isa, "avx512") == 0)
    net->layout->bf16 = ock_lm_bf16_new();
  OCK_TRY(ock_lm_tensors_make(net, err));
  return make_weights(net, err);
}

ockham_status ock_lm_net_new(const ockham_lm_config *config, ock_lm_net **net, ockham_error *err) {
  *net = NULL;
  if (ock_lm_problem()) return ock_fail(err, OCKHAM_UNSUPPORTED, "networks need BLAS: %s", ock_lm_problem());
  ock_lm_net *made = ock_alloc_zeroed(1, sizeof *made);
  if (!made) return ock_fail_memory(err, "a network", sizeof *made);
  ockham_status status = make(config, made, err);
  if (status)
    ock_lm_net_free(made);
  else
    *net = made;
  return status;
}

void ock_lm_net_free(ock_lm_net *net) {
  if (!net) return;
  ock_lm_layout *l = net->layout;
  if (l) {
    ock_free(l->weights);
    ock_free(l->block);
    ock_free(l->cosines);
    ock_lm_bf16_free(l->bf16);
    ock_lm_tensors_free(net);
  }
  ock_free(l);
  ock_free(net);
}

/* ---- room for activations ---- */

real *ock_lm_pile_take(pile *p, size_t n) {
  real *part = p->base ? p->base + p->used : NULL;
  p->used += (n + 15) / 16 * 16;
  if (p->used > p->most) p->most = p->used;
  return part;
}

static size_t most(size_t a, size_t b) {
  return a > b ? a : b;
}

/* The largest input of a product, rounded ahead of it. */
static size_t most_rounded(const ock_lm_net *net, size_t rows, size_t length) {
  const ockham_lm_config *c = &net->config;
  size_t n_tokens = net->layout->embedding->rows, widest = most(c->width, most(c->hidden, n_tokens));
  size_t pairs = c->experts ? rows * c->active : rows, pad = 16; /* and what product.c fills up */
  return (most(most(pairs, c->width), c->hidden) + pad) * (widest + pad) + (OCK_LM_BAND + pad) * (length + pad);
}

static void place_scratch(ock_lm_net *net) {
  const ockham_lm_config *c = &net->config;
  const ock_lm_batch *batch = &net->layout->batch;
  pile *p = &net->layout->pile;
  scratch *g = &net->layout->scratch;
  size_t source = batch->n_sequences * batch->source_length, length = most(batch->length, batch->source_length);
  size_t rows = batch->n_sequences * length, n = rows * c->width;
  size_t pairs = c->experts ? rows * c->active : rows;
  *g = (scratch){.y = ock_lm_pile_take(p, n)}; /* the forward pass wants it too */
  g->kept = ock_lm_pile_take(p, OCK_LM_BAND * length);
  g->row = ock_lm_pile_take(p, net->layout->embedding->rows);
  g->bias = ock_lm_pile_take(p, c->heads * 2 * length);
  for (int i = 0; i < 3 && c->precision == OCKHAM_LM_PRECISION_BF16; i++)
    g->rounded[i] = ock_lm_pile_take(p, most_rounded(net, rows, length));
  if (!net->layout->training) return;
  g->out = ock_lm_pile_take(p, n);
  g->normed = ock_lm_pile_take(p, n);
  g->memory = ock_lm_pile_take(p, source * c->width);
  g->q = ock_lm_pile_take(p, n);
  g->k = ock_lm_pile_take(p, n);
  g->v = ock_lm_pile_take(p, n);
  g->context = ock_lm_pile_take(p, n);
  g->p = ock_lm_pile_take(p, OCK_LM_BAND * length);
  g->u = ock_lm_pile_take(p, pairs * c->hidden);
  g->w = ock_lm_pile_take(p, pairs * c->hidden);
  if (!c->experts) return;
  g->expert_x = ock_lm_pile_take(p, pairs * c->width);
  g->expert_y = ock_lm_pile_take(p, pairs * c->width);
  g->router = ock_lm_pile_take(p, rows * c->experts);
}

static bool encodes(const ock_lm_net *net) {
  return net->layout->encoder.n_blocks > 0;
}

static void place_all(ock_lm_net *net) {
  ock_lm_layout *l = net->layout;
  const ock_lm_batch *b = &l->batch;
  l->encoder.n_sequences = l->decoder.n_sequences = b->n_sequences;
  l->encoder.length = b->source_length;
  l->decoder.length = b->length;
  place_scratch(net);
  if (encodes(net)) ock_lm_stack_place(net, &l->encoder);
  ock_lm_stack_place(net, &l->decoder);
  ock_lm_head_place(net);
}

/* Count first; then again with the memory. */
static ockham_status make_room(ock_lm_net *net, ockham_error *err) {
  ock_lm_layout *l = net->layout;
  size_t size = l->pile.size;
  real *base = l->pile.base;
  OCK_TRY(ock_lm_position_angles(net, most(l->batch.length, l->batch.source_length), err));
  l->pile = (pile){.size = size};
  place_all(net);
  if (l->pile.most > size) {
    size = l->pile.most;
    ock_free(l->block);
    l->pile.size = 0;
    l->block = ock_alloc_array(size + LINE, sizeof(real));
    if (!l->block) return ock_fail_memory(err, "activations", ock_size_product(size, sizeof(real)));
    base = aligned(l->block);
  }
  l->pile = (pile){.base = base, .size = size};
  place_all(net);
  return OCKHAM_OK;
}

/* ---- passes ---- */

ockham_status ock_lm_net_forward(ock_lm_net *net, const ock_lm_batch *batch, bool training, uint64_t step, double *loss,
                                 real *nll, ockham_error *err) {
  ock_lm_layout *l = net->layout;
  l->batch = *batch;
  l->training = training;
  l->step = step;
  l->penalty = 0;
  OCK_TRY(make_room(net, err));
  if (encodes(net)) ock_lm_stack(net, &l->encoder, batch->source, NULL);
  ock_lm_stack(net, &l->decoder, batch->tokens, encodes(net) ? l->encoder.out : NULL);
  *loss = ock_lm_head(net, nll);
  return OCKHAM_OK;
}

void ock_lm_net_backward(ock_lm_net *net) {
  ock_lm_layout *l = net->layout;
  const ock_lm_batch *batch = &l->batch;
  scratch *g = &l->scratch;
  memset(net->gradients, 0, net->n_parameters * sizeof *net->gradients);
  ock_lm_head_backward(net, g->out);
  if (!encodes(net)) {
    ock_lm_stack_backward(net, &l->decoder, batch->tokens, NULL, g->out, NULL);
    return;
  }
  memset(g->memory, 0, batch->n_sequences * batch->source_length * net->config.width * sizeof(real));
  ock_lm_stack_backward(net, &l->decoder, batch->tokens, l->encoder.out, g->out, g->memory);
  ock_lm_stack_backward(net, &l->encoder, batch->source, NULL, g->memory, NULL);
}
