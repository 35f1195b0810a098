/* SPDX-License-Identifier: Apache-2.0 */
/* Products with weights. In bfloat16 their inputs are rounded first and the products added up in float32: by the
 * processor's instructions for that, or, where it has none, by those of float32. */
#include <string.h>

#include "lm/net.h"

/* ---- bfloat16 ---- */

typedef struct factor {
  bool transposed;
  size_t rows, columns; /* as they lie */
  const real *x;
  size_t stride;
} factor;

/* rows x columns of x. */
static factor factor_of(bool transposed, size_t rows, size_t columns, const real *x, size_t stride) {
  return transposed ? (factor){true, columns, rows, x, stride} : (factor){false, rows, columns, x, stride};
}

#ifndef OCK_LM_DOUBLE
/* Shapes are few when they are multiples of 16; zeros fill what is added. */
static size_t padded(size_t n) {
  return (n + 15) / 16 * 16;
}

static uint16_t *packed(const ock_lm_net *net, const factor *f, real *room) {
  uint16_t *to = (uint16_t *)room;
  size_t columns = padded(f->columns), rows = padded(f->rows);
  if (f->columns == columns && f->stride == columns)
    net->layout->loops->to_bf16(f->rows * columns, f->x, to);
  else
    for (size_t r = 0; r < f->rows; r++) {
      net->layout->loops->to_bf16(f->columns, f->x + r * f->stride, to + r * columns);
      memset(to + r * columns + f->columns, 0, (columns - f->columns) * sizeof *to);
    }
  memset(to + f->rows * columns, 0, (rows - f->rows) * columns * sizeof *to);
  return to;
}

/* c = alpha x + beta c, beta 0 or 1. */
static void give(const ock_lm_net *net, size_t n, real alpha, const real *x, real beta, real *c) {
  if (beta != 0)
    net->layout->loops->add(n, c, alpha, x, c);
  else
    net->layout->loops->scale(n, alpha, x, c);
}

static bool multiply_packed(ock_lm_net *net, const factor *a, const factor *b, size_t m, size_t n, size_t k, real alpha,
                            real beta, real *c, size_t ldc) {
  const scratch *g = &net->layout->scratch;
  size_t columns = padded(n);
  bool whole = n == columns && ldc == n, direct = whole && m == padded(m) && alpha == 1 && beta == 0;
  real *to = direct ? c : g->rounded[2];
  if (!net->layout->bf16) return false;
  if (!ock_lm_bf16_product(net->layout->bf16, a->transposed, b->transposed, padded(m), columns, padded(k),
                           packed(net, a, g->rounded[0]), packed(net, b, g->rounded[1]), to))
    return false;
  if (direct) return true;
  if (whole)
    give(net, m * n, alpha, to, beta, c);
  else
    for (size_t r = 0; r < m; r++) give(net, n, alpha, to + r * columns, beta, c + r * ldc);
  return true;
}
#endif

static const real *rounded(const ock_lm_net *net, const factor *f, real *to) {
  for (size_t r = 0; r < f->rows; r++)
    net->layout->loops->round_to_bf16(f->columns, f->x + r * f->stride, to + r * f->columns);
  return to;
}

static void multiply_rounded(ock_lm_net *net, const factor *a, const factor *b, size_t m, size_t n, size_t k,
                             real alpha, real beta, real *c, size_t ldc) {
  const scratch *g = &net->layout->scratch;
#ifndef OCK_LM_DOUBLE
  if (multiply_packed(net, a, b, m, n, k, alpha, beta, c, ldc)) return;
#endif
  ock_lm_product(a->transposed, b->transposed, m, n, k, alpha, rounded(net, a, g->rounded[0]), a->columns,
                 rounded(net, b, g->rounded[1]), b->columns, beta, c, ldc);
}

/* ---- all precisions ---- */

void ock_lm_multiply(ock_lm_net *net, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, real alpha,
                     const real *a, size_t lda, const real *b, size_t ldb, real beta, real *c, size_t ldc) {
  if (!m || !n || !k) return;
  if (net->config.precision == OCKHAM_LM_PRECISION_F32) {
    ock_lm_product(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    return;
  }
  factor left = factor_of(transpose_a, m, k, a, lda), right = factor_of(transpose_b, k, n, b, ldb);
  multiply_rounded(net, &left, &right, m, n, k, alpha, beta, c, ldc);
}

void ock_lm_dense(ock_lm_net *net, size_t rows, const dense *d, const real *x, real *y) {
  size_t inputs = d->w->rows, outputs = d->w->columns;
  ock_lm_multiply(net, false, false, rows, outputs, inputs, 1, x, inputs, d->w->weight, outputs, 0, y, outputs);
  if (d->b) net->layout->loops->add_row(rows, outputs, d->b->weight, y);
}

void ock_lm_dense_backward(ock_lm_net *net, size_t rows, const dense *d, const real *x, const real *dy, bool add,
                           real *dx) {
  size_t inputs = d->w->rows, outputs = d->w->columns;
  ock_lm_multiply(net, true, false, inputs, outputs, rows, 1, x, inputs, dy, outputs, 1, d->w->gradient, outputs);
  if (d->b) net->layout->loops->sum_rows(rows, outputs, dy, d->b->gradient);
  if (dx)
    ock_lm_multiply(net, false, true, rows, inputs, outputs, 1, dy, outputs, d->w->weight, outputs, add, dx, inputs);
}
