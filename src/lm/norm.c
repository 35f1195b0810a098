/* SPDX-License-Identifier: Apache-2.0 */
/* RMS and layer norms of rows of d numbers. */
#include "lm/net.h"

void ock_lm_norm_place(pile *p, const norm *n, size_t rows, norm_state *state) {
  if (!n->gain) return;
  state->scale = ock_lm_pile_take(p, rows);
  if (n->bias) state->mean = ock_lm_pile_take(p, rows);
}

void ock_lm_norm(ock_lm_net *net, const norm *n, norm_state *state, size_t rows, const real *x, real *y) {
  const ock_lm_loops *loops = net->layout->loops;
  size_t d = n->gain->columns;
  if (n->bias)
    loops->layer(rows, d, x, n->gain->weight, n->bias->weight, y, state->scale, state->mean);
  else
    loops->rms(rows, d, x, n->gain->weight, y, state->scale);
}

void ock_lm_norm_backward(ock_lm_net *net, const norm *n, const norm_state *state, size_t rows, const real *x,
                          const real *dy, bool add, real *dx) {
  const ock_lm_loops *loops = net->layout->loops;
  size_t d = n->gain->columns;
  if (n->bias)
    loops->layer_backward(rows, d, x, n->gain->weight, state->scale, state->mean, dy, add, dx, n->gain->gradient,
                          n->bias->gradient);
  else
    loops->rms_backward(rows, d, x, n->gain->weight, state->scale, dy, add, dx, n->gain->gradient);
}
