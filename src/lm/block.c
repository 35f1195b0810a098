/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks: out = post(x + sum of a drop(after(f(before(x))))) over sublayers f, where before, after, post and a are
 * there as the norms' place says; and stacks of them. x, out: N x d. */
#include <string.h>

#include "lm/net.h"

/* ---- dropout ---- */

bool ock_lm_drops(const ock_lm_net *net) {
  return net->layout->training && net->config.dropout > 0;
}

/* A key for each step and place, of the seed. */
void ock_lm_dropout(const ock_lm_net *net, dropout_place place, uint32_t number, size_t n, uint64_t first, real *x) {
  if (!ock_lm_drops(net)) return;
  ock_rng rng = ock_rng_make(net->config.seed ^ 0x64726f706f757421u, net->layout->step);
  uint64_t key = ock_rng_next(&rng) + (uint64_t)(number * N_DROPOUT_PLACES + place) * 0x9e3779b97f4a7c15u;
  net->layout->loops->dropout(n, key, first, net->config.dropout, x);
}

/* ---- room ---- */

static void place_sublayer(ock_lm_net *net, const stack *s, sublayer *u) {
  size_t rows = ock_lm_rows_of(s);
  if (u->kind != FEED_FORWARD)
    ock_lm_attention_place(net, s, u);
  else if (u->experts)
    ock_lm_experts_place(net, rows, u);
  else
    ock_lm_ffn_place(net, rows, &u->ffn_state);
  u->y = ock_lm_pile_take(&net->layout->pile, rows * net->config.width);
  ock_lm_norm_place(&net->layout->pile, &u->after, rows, &u->after_state);
}

static void place_block(ock_lm_net *net, const stack *s, block *b) {
  pile *p = &net->layout->pile;
  size_t rows = ock_lm_rows_of(s), n = rows * net->config.width;
  ock_lm_norm_place(p, &b->before, rows, &b->before_state);
  ock_lm_norm_place(p, &b->post, rows, &b->post_state);
  b->normed = b->before.gain ? ock_lm_pile_take(p, n) : b->x;
  b->sum = b->post.gain ? ock_lm_pile_take(p, n) : b->out;
  for (size_t i = 0; i < b->n_sublayers; i++) place_sublayer(net, s, &b->sublayers[i]);
}

/* Blocks whose states are not needed backward share their room; two outputs take turns. */
void ock_lm_stack_place(ock_lm_net *net, stack *s) {
  ock_lm_layout *l = net->layout;
  size_t rows = ock_lm_rows_of(s), n = rows * net->config.width;
  ock_lm_position_place(net, s);
  s->embedded = ock_lm_pile_take(&l->pile, n);
  real *other = l->training ? NULL : ock_lm_pile_take(&l->pile, n), *x = s->embedded;
  ock_lm_norm_place(&l->pile, &s->last, rows, &s->last_state);
  if (s->last.gain) s->out = ock_lm_pile_take(&l->pile, n);
  for (size_t i = 0; i < s->n_blocks; i++) {
    block *b = &s->blocks[i];
    size_t mark = l->pile.used;
    b->x = x;
    b->out = l->training ? ock_lm_pile_take(&l->pile, n) : i % 2 ? s->embedded : other;
    place_block(net, s, b);
    x = b->out;
    if (!l->training) l->pile.used = mark;
  }
  if (!s->last.gain) s->out = x;
}

/* ---- forward ---- */

static void run_sublayer(ock_lm_net *net, const stack *s, sublayer *u, const real *x, const real *memory) {
  size_t rows = ock_lm_rows_of(s);
  if (u->kind != FEED_FORWARD)
    ock_lm_attention(net, s, u, x, memory);
  else if (u->experts)
    ock_lm_experts(net, rows, u, x);
  else
    ock_lm_ffn(net, rows, &u->ffn, &u->ffn_state, x, u->y);
}

/* to = x + what the sublayer makes of its output. */
static void add_output(ock_lm_net *net, const stack *s, sublayer *u, const real *x, real *to) {
  size_t rows = ock_lm_rows_of(s), n = rows * net->config.width;
  real *y = u->y;
  if (u->after.gain) {
    y = net->layout->scratch.y;
    ock_lm_norm(net, &u->after, &u->after_state, rows, u->y, y);
  }
  ock_lm_dropout(net, DROP_OUTPUT, u->number, n, 0, y);
  net->layout->loops->add(n, x, u->scale ? *u->scale->weight : 1, y, to);
}

static void run_block(ock_lm_net *net, const stack *s, block *b, const real *memory) {
  size_t rows = ock_lm_rows_of(s);
  if (b->before.gain) ock_lm_norm(net, &b->before, &b->before_state, rows, b->x, b->normed);
  for (size_t i = 0; i < b->n_sublayers; i++) {
    run_sublayer(net, s, &b->sublayers[i], b->normed, memory);
    add_output(net, s, &b->sublayers[i], i ? b->sum : b->x, b->sum);
  }
  if (b->post.gain) ock_lm_norm(net, &b->post, &b->post_state, rows, b->sum, b->out);
}

void ock_lm_stack(ock_lm_net *net, stack *s, const int32_t *tokens, const real *memory) {
  const ock_lm_layout *l = net->layout;
  size_t rows = ock_lm_rows_of(s), d = net->config.width;
  ock_lm_position_prepare(net, s);
  for (size_t r = 0; r < rows; r++)
    memcpy(s->embedded + r * d, l->embedding->weight + (size_t)tokens[r] * d, d * sizeof(real));
  ock_lm_position_add(net, s);
  ock_lm_dropout(net, DROP_EMBEDDING, s->encoder, rows * d, 0, s->embedded);
  for (size_t i = 0; i < s->n_blocks; i++) run_block(net, s, &s->blocks[i], memory);
  if (s->last.gain) ock_lm_norm(net, &s->last, &s->last_state, rows, s->blocks[s->n_blocks - 1].out, s->out);
}

/* ---- backward ---- */

/* The gradient of the sublayer's output, from that of the sum: a copy in scratch, or the sum's itself. */
static const real *output_backward(ock_lm_net *net, const stack *s, sublayer *u, const real *d_sum) {
  const ock_lm_loops *loops = net->layout->loops;
  size_t rows = ock_lm_rows_of(s), n = rows * net->config.width;
  real *dy = net->layout->scratch.y;
  const real *from = d_sum;
  if (u->scale) *u->scale->gradient += (real)loops->dot(n, d_sum, u->y); /* y was dropped in place */
  if (u->scale || ock_lm_drops(net)) {
    loops->scale(n, u->scale ? *u->scale->weight : 1, d_sum, dy);
    ock_lm_dropout(net, DROP_OUTPUT, u->number, n, 0, dy);
    from = dy;
  }
  if (!u->after.gain) return from;
  ock_lm_norm_backward(net, &u->after, &u->after_state, rows, u->y, from, false, dy);
  return dy;
}

static void sublayer_backward(ock_lm_net *net, const stack *s, sublayer *u, const real *x, const real *memory,
                              const real *dy, bool add, real *dx, real *d_memory) {
  size_t rows = ock_lm_rows_of(s);
  if (u->kind != FEED_FORWARD)
    ock_lm_attention_backward(net, s, u, x, memory, dy, add, dx, d_memory);
  else if (u->experts)
    ock_lm_experts_backward(net, rows, u, x, dy, add, dx);
  else
    ock_lm_ffn_backward(net, rows, &u->ffn, &u->ffn_state, x, dy, add, dx);
}

/* d_out becomes the gradient of the block's input. */
static void block_backward(ock_lm_net *net, const stack *s, block *b, const real *memory, real *d_out, real *d_memory) {
  size_t rows = ock_lm_rows_of(s);
  real *d_normed = net->layout->scratch.normed;
  if (b->post.gain) ock_lm_norm_backward(net, &b->post, &b->post_state, rows, b->sum, d_out, false, d_out);
  for (size_t i = 0; i < b->n_sublayers; i++) {
    sublayer *u = &b->sublayers[i];
    const real *dy = output_backward(net, s, u, d_out);
    sublayer_backward(net, s, u, b->normed, memory, dy, i > 0, d_normed, d_memory);
  }
  if (b->before.gain)
    ock_lm_norm_backward(net, &b->before, &b->before_state, rows, b->x, d_normed, true, d_out);
  else
    net->layout->loops->add(rows * net->config.width, d_out, 1, d_normed, d_out);
}

void ock_lm_stack_backward(ock_lm_net *net, stack *s, const int32_t *tokens, const real *memory, real *d_out,
                           real *d_memory) {
  ock_lm_layout *l = net->layout;
  size_t rows = ock_lm_rows_of(s), d = net->config.width;
  const real *last = s->blocks[s->n_blocks - 1].out;
  if (s->buckets) memset(l->scratch.bias, 0, net->config.heads * (2 * s->length - 1) * sizeof(real));
  if (s->last.gain) ock_lm_norm_backward(net, &s->last, &s->last_state, rows, last, d_out, false, d_out);
  for (size_t i = s->n_blocks; i-- > 0;) block_backward(net, s, &s->blocks[i], memory, d_out, d_memory);
  ock_lm_position_bias_backward(net, s);
  ock_lm_dropout(net, DROP_EMBEDDING, s->encoder, rows * d, 0, d_out);
  ock_lm_position_add_backward(net, s, d_out);
  for (size_t r = 0; r < rows; r++) {
    real *gradient = l->embedding->gradient + (size_t)tokens[r] * d;
    l->loops->add(d, gradient, 1, d_out + r * d, gradient);
  }
}
