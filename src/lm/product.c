/* SPDX-License-Identifier: Apache-2.0 */
/* Products with weights. In bfloat16 their inputs are rounded first and the products added up in float32, as
 * processors with such instructions do. */
#include "lm/net.h"

static const real *rounded(ock_lm_net *net, real *to, bool transpose, size_t rows, size_t columns, const real *x,
                           size_t *ldx) {
  if (transpose) {
    size_t swap = rows;
    rows = columns;
    columns = swap;
  }
  for (size_t r = 0; r < rows; r++) net->layout->loops->round_to_bf16(columns, x + r * *ldx, to + r * columns);
  *ldx = columns;
  return to;
}

void ock_lm_multiply(ock_lm_net *net, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, real alpha,
                     const real *a, size_t lda, const real *b, size_t ldb, real beta, real *c, size_t ldc) {
  if (!m || !n || !k) return;
  if (net->config.precision == OCKHAM_LM_PRECISION_BF16) {
    a = rounded(net, net->layout->scratch.rounded[0], transpose_a, m, k, a, &lda);
    b = rounded(net, net->layout->scratch.rounded[1], transpose_b, k, n, b, &ldb);
  }
  ock_lm_product(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
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
