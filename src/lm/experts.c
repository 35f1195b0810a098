/* SPDX-License-Identifier: Apache-2.0 */
/* A mixture of experts: p = softmax(x router); y = sum of p[e] f_e(x) over the `active` experts e of the largest p
 * (Fedus, Zoph & Shazeer, 2021, arXiv:2101.03961, with one). Every pair of a token and an expert is computed. The loss
 * gets BALANCE E sum_e share[e] mean(p[e]), which is least where all are chosen equally often. */
#include <string.h>

#include "lm/net.h"

#define BALANCE .01

void ock_lm_experts_place(ock_lm_net *net, size_t rows, sublayer *u) {
  pile *p = &net->layout->pile;
  experts_state *e = &u->experts_state;
  size_t pairs = rows * net->config.active, d = net->config.width;
  e->p = ock_lm_pile_take(p, rows * net->config.experts);
  e->chosen = (uint32_t *)ock_lm_pile_take(p, pairs);
  e->order = (uint32_t *)ock_lm_pile_take(p, pairs);
  e->x = ock_lm_pile_take(p, pairs * d);
  e->y = ock_lm_pile_take(p, pairs * d);
  ock_lm_ffn_place(net, pairs, &u->ffn_state);
}

/* Of a row of E weights, the largest `active` ones; the first of equals. */
static void choose_largest(const real *p, size_t n_experts, size_t active, uint32_t *chosen) {
  for (size_t a = 0; a < active; a++) {
    size_t best = n_experts;
    for (size_t e = 0; e < n_experts; e++) {
      bool taken = false;
      for (size_t i = 0; i < a; i++) taken |= chosen[i] == e;
      if (!taken && (best == n_experts || p[e] > p[best])) best = e;
    }
    chosen[a] = (uint32_t)best;
  }
}

/* Pairs by expert, and within one by token. */
static void sort_pairs(experts_state *s, size_t n_pairs, size_t n_experts) {
  size_t next[MOST_EXPERTS + 1] = {0};
  for (size_t i = 0; i < n_pairs; i++) next[s->chosen[i] + 1]++;
  for (size_t e = 0; e < n_experts; e++) {
    s->share[e] = (real)next[e + 1] / (real)n_pairs;
    next[e + 1] += next[e];
  }
  memcpy(s->first_row, next, sizeof next);
  for (size_t i = 0; i < n_pairs; i++) s->order[next[s->chosen[i]]++] = (uint32_t)i;
}

static double balance(const ock_lm_net *net, const experts_state *s, size_t rows) {
  size_t n = net->config.experts;
  double sum = 0;
  for (size_t r = 0; r < rows; r++)
    for (size_t e = 0; e < n; e++) sum += (double)s->share[e] * (double)s->p[r * n + e];
  return BALANCE * (double)n * sum / (double)rows;
}

static ffn_state rows_from(const ock_lm_net *net, const ffn_state *s, size_t row) {
  size_t at = row * net->config.hidden;
  return (ffn_state){s->u + at, s->w ? s->w + at : NULL, s->h + at};
}

void ock_lm_experts(ock_lm_net *net, size_t rows, sublayer *u, const real *x) {
  experts_state *s = &u->experts_state;
  const ock_lm_loops *loops = net->layout->loops;
  size_t n = net->config.experts, active = net->config.active, d = net->config.width, pairs = rows * active;
  ock_lm_dense(net, rows, &u->router, x, s->p);
  for (size_t r = 0; r < rows; r++) {
    loops->softmax(n, NULL, s->p + r * n);
    choose_largest(s->p + r * n, n, active, s->chosen + r * active);
  }
  sort_pairs(s, pairs, n);
  net->layout->penalty += balance(net, s, rows);
  for (size_t i = 0; i < pairs; i++) memcpy(s->x + i * d, x + s->order[i] / active * d, d * sizeof *x);
  for (size_t e = 0; e < n; e++) {
    size_t first = s->first_row[e], count = s->first_row[e + 1] - first;
    ffn_state part = rows_from(net, &u->ffn_state, first);
    if (count) ock_lm_ffn(net, count, &u->experts[e], &part, s->x + first * d, s->y + first * d);
  }
  memset(u->y, 0, rows * d * sizeof *u->y);
  for (size_t i = 0; i < pairs; i++) {
    size_t r = s->order[i] / active;
    loops->add(d, u->y + r * d, s->p[r * n + s->chosen[s->order[i]]], s->y + i * d, u->y + r * d);
  }
}

/* Of p, from the outputs and the balance; then of the router's logits. */
static void router_backward(ock_lm_net *net, size_t rows, sublayer *u, const real *dy, real *dp) {
  const experts_state *s = &u->experts_state;
  const ock_lm_loops *loops = net->layout->loops;
  size_t n = net->config.experts, active = net->config.active, d = net->config.width;
  for (size_t r = 0; r < rows; r++)
    for (size_t e = 0; e < n; e++) dp[r * n + e] = (real)(BALANCE * (double)n / (double)rows) * s->share[e];
  for (size_t i = 0; i < rows * active; i++) {
    size_t r = s->order[i] / active;
    dp[r * n + s->chosen[s->order[i]]] += (real)loops->dot(d, dy + r * d, s->y + i * d);
  }
  for (size_t r = 0; r < rows; r++) loops->softmax_backward(n, s->p + r * n, dp + r * n);
}

void ock_lm_experts_backward(ock_lm_net *net, size_t rows, sublayer *u, const real *x, const real *dy, bool add,
                             real *dx) {
  const experts_state *s = &u->experts_state;
  const ock_lm_loops *loops = net->layout->loops;
  const scratch *g = &net->layout->scratch;
  size_t n = net->config.experts, active = net->config.active, d = net->config.width, pairs = rows * active;
  router_backward(net, rows, u, dy, g->router);
  for (size_t i = 0; i < pairs; i++) {
    size_t r = s->order[i] / active;
    loops->scale(d, s->p[r * n + s->chosen[s->order[i]]], dy + r * d, g->expert_y + i * d);
  }
  for (size_t e = 0; e < n; e++) {
    size_t first = s->first_row[e], count = s->first_row[e + 1] - first;
    ffn_state part = rows_from(net, &u->ffn_state, first);
    if (count)
      ock_lm_ffn_backward(net, count, &u->experts[e], &part, s->x + first * d, g->expert_y + first * d, false,
                          g->expert_x + first * d);
  }
  ock_lm_dense_backward(net, rows, &u->router, x, g->router, add, dx);
  for (size_t i = 0; i < pairs; i++) {
    real *row = dx + s->order[i] / active * d;
    loops->add(d, row, 1, g->expert_x + i * d, row);
  }
}
