/* SPDX-License-Identifier: Apache-2.0 */
/* Feed-forward: y = f(x in) out, or y = (f(x gate) * x in) out. */
#include "lm/net.h"

void ock_lm_ffn_place(ock_lm_net *net, size_t rows, ffn_state *state) {
  pile *p = &net->layout->pile;
  size_t n = rows * net->config.hidden;
  state->u = ock_lm_pile_take(p, n);
  state->w = ock_lm_is_gated(net->config.ffn) ? ock_lm_pile_take(p, n) : NULL;
  state->h = ock_lm_pile_take(p, n);
}

void ock_lm_ffn(ock_lm_net *net, size_t rows, const ffn_weights *w, ffn_state *state, const real *x, real *y) {
  ock_lm_dense(net, rows, w->gate.w ? &w->gate : &w->in, x, state->u);
  if (w->gate.w) ock_lm_dense(net, rows, &w->in, x, state->w);
  net->layout->loops->activate(net->config.ffn, rows * net->config.hidden, state->u, state->w, state->h);
  ock_lm_dense(net, rows, &w->out, state->h, y);
}

void ock_lm_ffn_backward(ock_lm_net *net, size_t rows, const ffn_weights *w, const ffn_state *state, const real *x,
                         const real *dy, bool add, real *dx) {
  real *du = net->layout->scratch.u, *dw = net->layout->scratch.w;
  ock_lm_dense_backward(net, rows, &w->out, state->h, dy, false, du);
  net->layout->loops->activate_backward(net->config.ffn, rows * net->config.hidden, state->u, state->w, du, du, dw);
  ock_lm_dense_backward(net, rows, w->gate.w ? &w->gate : &w->in, x, du, add, dx);
  if (w->gate.w) ock_lm_dense_backward(net, rows, &w->in, x, dw, true, dx);
}
