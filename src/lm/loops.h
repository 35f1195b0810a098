/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of networks that are no matrix products: one body, compiled for each instruction set. x, y, dx, dy ... are
 * rows x d, rows one after another; d... is the gradient of what it is named after. */
#ifndef OCK_LM_LOOPS_H
#define OCK_LM_LOOPS_H

#include "lm/internal.h"

typedef ock_lm_real real;

/* What a row of logits comes to. */
typedef struct ock_lm_row_loss {
  real nll, log_z; /* log of the sum of e^logit */
} ock_lm_row_loss;

typedef struct ock_lm_loops {
  const char *isa;

  /* y = gain x scale, scale[row] = 1 / sqrt(mean(x^2) + 1e-6). */
  void (*rms)(size_t rows, size_t d, const real *x, const real *gain, real *y, real *scale);
  /* dx (or, with add, dx +) and dgain + of it. dx may be dy. */
  void (*rms_backward)(size_t rows, size_t d, const real *x, const real *gain, const real *scale, const real *dy,
                       bool add, real *dx, real *dgain);
  /* y = gain (x - mean) scale + bias, scale[row] = 1 / sqrt(var + 1e-5). */
  void (*layer)(size_t rows, size_t d, const real *x, const real *gain, const real *bias, real *y, real *scale,
                real *mean);
  void (*layer_backward)(size_t rows, size_t d, const real *x, const real *gain, const real *scale, const real *mean,
                         const real *dy, bool add, real *dx, real *dgain, real *dbias);

  /* sum = x + a y; sum may be x. */
  void (*add)(size_t n, const real *x, real a, const real *y, real *sum);
  void (*scale)(size_t n, real a, const real *x, real *y); /* y = a x; y may be x */
  double (*dot)(size_t n, const real *x, const real *y);
  void (*add_row)(size_t rows, size_t d, const real *row, real *x);
  void (*sum_rows)(size_t rows, size_t d, const real *x, real *sum); /* added to sum */

  /* Turn the pairs (m, m + half) of each of `heads` heads of 2 half numbers; row i by the angles whose cosines and
   * sines are at i half. sign 1, or -1 to turn back. */
  void (*rope)(size_t rows, size_t heads, size_t half, const real *cosines, const real *sines, real sign, real *x);

  /* h = f(u), or f(u) w of the gated. */
  void (*activate)(ockham_lm_ffn ffn, size_t n, const real *u, const real *w, real *h);
  /* du of dh, and dw. du may be dh. */
  void (*activate_backward)(ockham_lm_ffn ffn, size_t n, const real *u, const real *w, const real *dh, real *du,
                            real *dw);

  /* In place; bias is added before, or NULL. Where all are minus infinity, all weights are 0. */
  void (*softmax)(size_t n, const real *bias, real *logits);
  /* dp becomes the gradient of the logits. */
  void (*softmax_backward)(size_t n, const real *p, real *dp);
  /* In place c tanh(x / c); and dx of it, given what came out. */
  void (*cap)(size_t n, real c, real *x);
  void (*cap_backward)(size_t n, real c, const real *capped, real *dx);
  /* Of a row of logits. weight 0: that is all. Else they become the gradient of weight (nll + z_loss log_z^2). */
  ock_lm_row_loss (*cross_entropy)(size_t n, size_t target, real weight, real z_loss, real *logits);

  /* Of x[i], by (key, first + i): 0 with the probability, else times 1 / (1 - probability). */
  void (*dropout)(size_t n, uint64_t key, uint64_t first, double probability, real *x);
  void (*to_bf16)(size_t n, const real *x, uint16_t *rounded);   /* bfloat16 */
  void (*round_to_bf16)(size_t n, const real *x, real *rounded); /* to nearest, ties to even */
} ock_lm_loops;

/* Of the instruction set that ockham_instruction_set() tells. */
const ock_lm_loops *ock_lm_loops_pick(void);
/* All that were compiled; NULL at the end. Those for other machines are among them. */
const ock_lm_loops *const *ock_lm_loops_all(void);

#endif
