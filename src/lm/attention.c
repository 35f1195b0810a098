/* SPDX-License-Identifier: Apache-2.0 */
/* Attention: context[i] = sum over j of softmax_j(scale q[i] k[j] + bias[i - j]) v[j], a head at a time, in bands of
 * rows, so that what a causal mask hides is not computed. */
#include <math.h>
#include <string.h>

#include "lm/net.h"

enum { BAND = OCK_LM_BAND };

/* A head of one sequence, and a band of its rows. */
typedef struct place {
  const stack *s;
  sublayer *u;
  size_t b, h, length; /* S, of what is attended to */
  size_t first, end;   /* rows */
  size_t low, high;    /* columns that any of them sees */
} place;

static size_t head_width(const ock_lm_net *net) {
  return net->config.width / net->config.heads;
}

static real logit_scale(const ock_lm_net *net) {
  double d = (double)head_width(net);
  switch (net->config.init) {
    case OCKHAM_LM_INIT_T5:
      return 1;
    case OCKHAM_LM_INIT_MUP:
      return (real)(1 / d);
    default:
      return (real)(1 / sqrt(d));
  }
}

static size_t attended_length(const ock_lm_net *net, const stack *s, const sublayer *u) {
  return u->kind == CROSS_ATTENTION ? net->layout->batch.source_length : s->length;
}

void ock_lm_attention_place(ock_lm_net *net, const stack *s, sublayer *u) {
  const ockham_lm_config *c = &net->config;
  pile *p = &net->layout->pile;
  attention_state *a = &u->attention_state;
  size_t rows = ock_lm_rows_of(s), length = attended_length(net, s, u), attended = s->n_sequences * length;
  size_t groups = ock_lm_n_kv_heads(c), kv = groups * head_width(net);
  a->q = a->q_plain = ock_lm_pile_take(p, rows * c->width);
  a->k = a->k_plain = ock_lm_pile_take(p, attended * kv);
  a->v = ock_lm_pile_take(p, attended * kv);
  if (c->qk_norm) {
    a->q_plain = ock_lm_pile_take(p, rows * c->width);
    a->k_plain = ock_lm_pile_take(p, attended * kv);
    a->q_norm.scale = ock_lm_pile_take(p, rows * c->heads);
    a->k_norm.scale = ock_lm_pile_take(p, attended * groups);
  }
  a->p = ock_lm_pile_take(p, c->heads * rows * length);
  a->context = ock_lm_pile_take(p, rows * c->width);
}

/* ---- where things are ---- */

static real *weights_at(const ock_lm_net *net, const place *t) {
  size_t head = t->b * net->config.heads + t->h;
  return t->u->attention_state.p + (head * t->s->length + t->first) * t->length + t->low;
}

/* Rows of queries, or of anything of their shape. */
static size_t query_at(const ock_lm_net *net, const place *t) {
  return (t->b * t->s->length + t->first) * net->config.width + t->h * head_width(net);
}

static size_t kv_width(const ock_lm_net *net) {
  return ock_lm_n_kv_heads(&net->config) * head_width(net);
}

static size_t key_at(const ock_lm_net *net, const place *t) {
  size_t group = t->h * ock_lm_n_kv_heads(&net->config) / net->config.heads;
  return (t->b * t->length + t->low) * kv_width(net) + group * head_width(net);
}

static const real *bias_of_row(const ock_lm_net *net, const place *t, size_t i, const real *bias) {
  (void)net;
  if (!bias || t->u->kind == CROSS_ATTENTION) return NULL;
  return bias + t->h * (2 * t->s->length - 1) + t->s->length - 1 - i;
}

static uint64_t number_of_weight(const ock_lm_net *net, const place *t, size_t i) {
  return ((uint64_t)(t->b * net->config.heads + t->h) * t->s->length + i) * t->length + t->low;
}

/* Run f on every band of every head. */
static void each_band(ock_lm_net *net, const stack *s, sublayer *u, void (*f)(ock_lm_net *, const place *)) {
  place t = {.s = s, .u = u, .length = attended_length(net, s, u)};
  for (t.b = 0; t.b < s->n_sequences; t.b++)
    for (t.h = 0; t.h < net->config.heads; t.h++)
      for (t.first = 0; t.first < s->length; t.first = t.end) {
        t.end = t.first + BAND < s->length ? t.first + BAND : s->length;
        t.low = ock_lm_mask_view(net, s, u, t.b, t.first).low;
        t.high = ock_lm_mask_view(net, s, u, t.b, t.end - 1).high;
        f(net, &t);
      }
}

/* ---- forward ---- */

/* scale q k', capped. */
static void band_logits(ock_lm_net *net, const place *t, real *logits, size_t stride) {
  const attention_state *a = &t->u->attention_state;
  size_t rows = t->end - t->first, columns = t->high - t->low;
  ock_lm_multiply(net, false, true, rows, columns, head_width(net), logit_scale(net), a->q + query_at(net, t),
                  net->config.width, a->k + key_at(net, t), kv_width(net), 0, logits, stride);
  for (size_t r = 0; net->config.attention_cap > 0 && r < rows; r++)
    net->layout->loops->cap(columns, (real)net->config.attention_cap, logits + r * stride);
}

static void weigh_row(ock_lm_net *net, const place *t, size_t i, real *row) {
  view v = ock_lm_mask_view(net, t->s, t->u, t->b, i);
  real *seen = row + (v.low - t->low);
  const real *bias = bias_of_row(net, t, i, t->s->bias);
  ock_lm_mask_holes(net, t->u, i, v, seen);
  if (v.high > v.low) net->layout->loops->softmax(v.high - v.low, bias ? bias + v.low : NULL, seen);
  for (size_t j = t->low; j < v.low; j++) row[j - t->low] = 0;
  for (size_t j = v.high; j < t->high; j++) row[j - t->low] = 0;
}

/* The weights less those that dropout takes: a copy in scratch, or they themselves. */
static const real *kept_weights(ock_lm_net *net, const place *t, size_t *stride) {
  const real *p = weights_at(net, t);
  *stride = t->length;
  if (!ock_lm_drops(net)) return p;
  size_t rows = t->end - t->first, columns = t->high - t->low;
  real *kept = net->layout->scratch.kept;
  for (size_t r = 0; r < rows; r++) {
    memcpy(kept + r * columns, p + r * t->length, columns * sizeof *p);
    ock_lm_dropout(net, DROP_ATTENTION, t->u->number, columns, number_of_weight(net, t, t->first + r),
                   kept + r * columns);
  }
  *stride = columns;
  return kept;
}

static void band_forward(ock_lm_net *net, const place *t) {
  const attention_state *a = &t->u->attention_state;
  real *p = weights_at(net, t), *context = a->context + query_at(net, t);
  size_t d = head_width(net), width = net->config.width, rows = t->end - t->first, columns = t->high - t->low;
  if (!columns) {
    for (size_t r = 0; r < rows; r++) memset(context + r * width, 0, d * sizeof *context);
    return;
  }
  band_logits(net, t, p, t->length);
  for (size_t r = 0; r < rows; r++) weigh_row(net, t, t->first + r, p + r * t->length);
  size_t stride;
  const real *kept = kept_weights(net, t, &stride);
  ock_lm_multiply(net, false, false, rows, d, columns, 1, kept, stride, a->v + key_at(net, t), kv_width(net), 0,
                  context, width);
}

static void turn(ock_lm_net *net, const stack *s, size_t heads, real sign, real *x) {
  const ock_lm_layout *l = net->layout;
  size_t half = head_width(net) / 2;
  for (size_t b = 0; b < s->n_sequences; b++)
    l->loops->rope(s->length, heads, half, l->cosines, l->sines, sign, x + b * s->length * heads * 2 * half);
}

static bool turns(const ock_lm_net *net, const sublayer *u) {
  return net->config.position == OCKHAM_LM_POSITION_ROPE && u->kind == SELF_ATTENTION;
}

void ock_lm_attention(ock_lm_net *net, const stack *s, sublayer *u, const real *x, const real *memory) {
  const attention_weights *w = &u->attention;
  attention_state *a = &u->attention_state;
  size_t rows = ock_lm_rows_of(s), attended = s->n_sequences * attended_length(net, s, u);
  size_t heads = net->config.heads, groups = ock_lm_n_kv_heads(&net->config);
  const real *of = u->kind == CROSS_ATTENTION ? memory : x;
  ock_lm_dense(net, rows, &w->q, x, a->q_plain);
  ock_lm_dense(net, attended, &w->k, of, a->k_plain);
  ock_lm_dense(net, attended, &w->v, of, a->v);
  if (w->q_gain) {
    ock_lm_norm(net, &(norm){w->q_gain, NULL}, &a->q_norm, rows * heads, a->q_plain, a->q);
    ock_lm_norm(net, &(norm){w->k_gain, NULL}, &a->k_norm, attended * groups, a->k_plain, a->k);
  }
  if (turns(net, u)) {
    turn(net, s, heads, 1, a->q);
    turn(net, s, groups, 1, a->k);
  }
  each_band(net, s, u, band_forward);
  ock_lm_dense(net, rows, &w->o, a->context, u->y);
}

/* ---- backward ---- */

/* The gradient of the band's weights, into that of its logits before bias. */
static void band_through_softmax(ock_lm_net *net, const place *t, real *dp) {
  size_t rows = t->end - t->first, columns = t->high - t->low;
  const ock_lm_loops *loops = net->layout->loops;
  const real *p = weights_at(net, t);
  for (size_t r = 0; r < rows; r++) {
    real *row = dp + r * columns;
    ock_lm_dropout(net, DROP_ATTENTION, t->u->number, columns, number_of_weight(net, t, t->first + r), row);
    loops->softmax_backward(columns, p + r * t->length, row);
    if (!t->s->buckets || t->u->kind == CROSS_ATTENTION) continue;
    real *d_bias = net->layout->scratch.bias + t->h * (2 * t->s->length - 1) + t->s->length - 1 - (t->first + r);
    loops->add(columns, d_bias + t->low, 1, row, d_bias + t->low);
  }
}

static void band_through_cap(ock_lm_net *net, const place *t, real *dp) {
  size_t rows = t->end - t->first, columns = t->high - t->low;
  real *capped = net->layout->scratch.kept;
  band_logits(net, t, capped, columns);
  net->layout->loops->cap_backward(rows * columns, (real)net->config.attention_cap, capped, dp);
}

static void band_backward(ock_lm_net *net, const place *t) {
  const attention_state *a = &t->u->attention_state;
  const scratch *g = &net->layout->scratch;
  size_t d = head_width(net), width = net->config.width, kv = kv_width(net);
  size_t rows = t->end - t->first, columns = t->high - t->low, query = query_at(net, t), key = key_at(net, t), stride;
  if (!columns) {
    for (size_t r = 0; r < rows; r++) memset(g->q + query + r * width, 0, d * sizeof *g->q);
    return;
  }
  ock_lm_multiply(net, false, true, rows, columns, d, 1, g->context + query, width, a->v + key, kv, 0, g->p, columns);
  const real *kept = kept_weights(net, t, &stride);
  ock_lm_multiply(net, true, false, columns, d, rows, 1, kept, stride, g->context + query, width, 1, g->v + key, kv);
  band_through_softmax(net, t, g->p);
  if (net->config.attention_cap > 0) band_through_cap(net, t, g->p);
  real scale = logit_scale(net);
  ock_lm_multiply(net, false, false, rows, d, columns, scale, g->p, columns, a->k + key, kv, 0, g->q + query, width);
  ock_lm_multiply(net, true, false, columns, d, rows, scale, g->p, columns, a->q + query, width, 1, g->k + key, kv);
}

void ock_lm_attention_backward(ock_lm_net *net, const stack *s, sublayer *u, const real *x, const real *memory,
                               const real *dy, bool add, real *dx, real *d_memory) {
  const attention_weights *w = &u->attention;
  const attention_state *a = &u->attention_state;
  const scratch *g = &net->layout->scratch;
  size_t rows = ock_lm_rows_of(s), attended = s->n_sequences * attended_length(net, s, u);
  size_t heads = net->config.heads, groups = ock_lm_n_kv_heads(&net->config), kv = kv_width(net);
  bool cross = u->kind == CROSS_ATTENTION;
  ock_lm_dense_backward(net, rows, &w->o, a->context, dy, false, g->context);
  memset(g->k, 0, attended * kv * sizeof *g->k);
  memset(g->v, 0, attended * kv * sizeof *g->v);
  each_band(net, s, u, band_backward);
  if (turns(net, u)) {
    turn(net, s, heads, -1, g->q);
    turn(net, s, groups, -1, g->k);
  }
  if (w->q_gain) {
    ock_lm_norm_backward(net, &(norm){w->q_gain, NULL}, &a->q_norm, rows * heads, a->q_plain, g->q, false, g->q);
    ock_lm_norm_backward(net, &(norm){w->k_gain, NULL}, &a->k_norm, attended * groups, a->k_plain, g->k, false, g->k);
  }
  ock_lm_dense_backward(net, rows, &w->q, x, g->q, add, dx);
  ock_lm_dense_backward(net, attended, &w->k, cross ? memory : x, g->k, true, cross ? d_memory : dx);
  ock_lm_dense_backward(net, attended, &w->v, cross ? memory : x, g->v, true, cross ? d_memory : dx);
}
