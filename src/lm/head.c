/* SPDX-License-Identifier: Apache-2.0 */
/* The head: logits = c cap(scale x W + b) of the rows that have a target, and their loss. x: n_rows x d, W: d x V, or
 * the table of embeddings (V x d) taken transposed. */
#include <math.h>
#include <string.h>

#include "lm/net.h"

void ock_lm_head_place(ock_lm_net *net) {
  ock_lm_layout *l = net->layout;
  size_t all = l->batch.n_sequences * l->batch.length, n = l->batch.n_targets, d = net->config.width;
  size_t n_tokens = ock_lm_n_tokens(&net->config);
  l->rows = (uint32_t *)ock_lm_pile_take(&l->pile, n);
  l->selected = n < all ? ock_lm_pile_take(&l->pile, n * d) : NULL;
  l->logits = ock_lm_pile_take(&l->pile, n * n_tokens);
  l->last_hidden = ock_lm_pile_take(&l->pile, l->batch.n_sequences * d);
  l->last_logits = ock_lm_pile_take(&l->pile, l->batch.n_sequences * n_tokens);
}

static real head_scale(const ock_lm_net *net) {
  bool tied = !net->layout->head.w;
  if (net->config.init == OCKHAM_LM_INIT_MUP) return (real)OCK_LM_MUP_WIDTH / (real)net->config.width;
  return net->config.init == OCKHAM_LM_INIT_T5 && tied ? (real)(1 / sqrt((double)net->config.width)) : 1;
}

static void make_logits(ock_lm_net *net, size_t rows, const real *x, real *logits) {
  const ock_lm_layout *l = net->layout;
  size_t d = net->config.width, n = l->embedding->rows;
  const ock_lm_tensor *w = l->head.w ? l->head.w : l->embedding;
  ock_lm_multiply(net, false, !l->head.w, rows, n, d, head_scale(net), x, d, w->weight, w->columns, 0, logits, n);
  if (l->head.b) l->loops->add_row(rows, n, l->head.b->weight, logits);
  if (net->config.logit_cap > 0) l->loops->cap(rows * n, (real)net->config.logit_cap, logits);
}

static void select_rows(ock_lm_net *net) {
  ock_lm_layout *l = net->layout;
  size_t all = l->batch.n_sequences * l->batch.length, d = net->config.width;
  l->n_rows = 0;
  for (size_t r = 0; r < all; r++) {
    if (l->batch.targets[r] < 0) continue;
    if (l->selected) memcpy(l->selected + l->n_rows * d, l->decoder.out + r * d, d * sizeof(real));
    l->rows[l->n_rows++] = (uint32_t)r;
  }
}

static const real *selected_rows(const ock_lm_layout *l) {
  return l->selected ? l->selected : l->decoder.out;
}

/* Through the cap, whose outputs the loss overwrote but for a copy. */
static ock_lm_row_loss row_loss(ock_lm_net *net, size_t target, real weight, real *logits) {
  const ock_lm_layout *l = net->layout;
  size_t n = l->embedding->rows;
  bool capped = net->config.logit_cap > 0 && weight != 0;
  if (capped) memcpy(l->scratch.row, logits, n * sizeof *logits);
  ock_lm_row_loss loss = l->loops->cross_entropy(n, target, weight, (real)net->config.z_loss, logits);
  if (capped) l->loops->cap_backward(n, (real)net->config.logit_cap, l->scratch.row, logits);
  return loss;
}

double ock_lm_head(ock_lm_net *net, real *nll) {
  ock_lm_layout *l = net->layout;
  size_t n = l->embedding->rows;
  select_rows(net);
  if (!l->n_rows) return 0;
  make_logits(net, l->n_rows, selected_rows(l), l->logits);
  double sum = 0, squares = 0;
  real weight = l->training ? (real)(1 / (double)l->n_rows) : 0;
  for (size_t i = 0; i < l->n_rows; i++) {
    ock_lm_row_loss loss = row_loss(net, (size_t)l->batch.targets[l->rows[i]], weight, l->logits + i * n);
    sum += (double)loss.nll;
    squares += (double)loss.log_z * (double)loss.log_z;
    if (nll) nll[i] = loss.nll;
  }
  l->penalty += net->config.z_loss * squares / (double)l->n_rows;
  return sum / (double)l->n_rows;
}

void ock_lm_head_backward(ock_lm_net *net, real *d_out) {
  ock_lm_layout *l = net->layout;
  size_t d = net->config.width, n = l->embedding->rows, rows = l->n_rows;
  const real *x = selected_rows(l), scale = head_scale(net);
  real *dx = l->selected ? l->selected : d_out;
  ock_lm_tensor *w = l->head.w ? l->head.w : l->embedding;
  if (l->selected) memset(d_out, 0, l->batch.n_sequences * l->batch.length * d * sizeof *d_out);
  if (!rows) return;
  if (l->head.b) l->loops->sum_rows(rows, n, l->logits, l->head.b->gradient);
  if (l->head.w)
    ock_lm_multiply(net, true, false, d, n, rows, scale, x, d, l->logits, n, 1, w->gradient, n);
  else
    ock_lm_multiply(net, true, false, n, d, rows, scale, l->logits, n, x, d, 1, w->gradient, d);
  ock_lm_multiply(net, false, l->head.w != NULL, rows, d, n, scale, l->logits, n, w->weight, w->columns, 0, dx, d);
  for (size_t i = 0; l->selected && i < rows; i++) memcpy(d_out + l->rows[i] * d, dx + i * d, d * sizeof *d_out);
}

const real *ock_lm_net_last_logits(ock_lm_net *net) {
  const ock_lm_layout *l = net->layout;
  size_t d = net->config.width, length = l->batch.length;
  for (size_t b = 0; b < l->batch.n_sequences; b++)
    memcpy(l->last_hidden + b * d, l->decoder.out + ((b + 1) * length - 1) * d, d * sizeof(real));
  make_logits(net, l->batch.n_sequences, l->last_hidden, l->last_logits);
  return l->last_logits;
}
