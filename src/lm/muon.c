/* SPDX-License-Identifier: Apache-2.0 */
/* Newton-Schulz: x <- a x + (b A + c A^2) x with A = x x' keeps the singular vectors of x and moves each singular value
 * s by a s + b s^3 + c s^5; five times with Jordan's coefficients take any s in about .003 ... 1 into .68 ... 1.14. */
#include <math.h>
#include <string.h>

#include "lm/optimizer.h"

static const float A = 3.4445F, B = -4.7750F, C = 2.0315F;
enum { N_STEPS = 5 };

size_t ock_lm_orthogonal_room(size_t rows, size_t columns) {
  size_t least = rows < columns ? rows : columns;
  return rows * columns + 2 * least * least;
}

/* One step from x to y; square is x x' (n = rows) or x' x (n = columns), whichever is smaller. */
static void step(size_t rows, size_t columns, const float *x, float *y, float *square, float *inner) {
  bool wide = rows <= columns;
  size_t n = wide ? rows : columns, k = wide ? columns : rows;
  ock_lm_product(!wide, wide, n, n, k, 1, x, columns, x, columns, 0, square, n);
  memcpy(inner, square, n * n * sizeof *inner);
  ock_lm_product(false, false, n, n, n, C, square, n, square, n, B, inner, n);
  memcpy(y, x, rows * columns * sizeof *y);
  if (wide)
    ock_lm_product(false, false, rows, columns, rows, 1, inner, n, x, columns, A, y, columns);
  else
    ock_lm_product(false, false, rows, columns, columns, 1, x, columns, inner, n, A, y, columns);
}

void ock_lm_orthogonalize(size_t rows, size_t columns, float *x, float *work) {
  size_t size = rows * columns, least = rows < columns ? rows : columns;
  float scale = (float)(1 / (sqrt(ock_lm_sum_of_squares(size, x)) + 1e-7)); /* no singular value is above 1 */
  float *from = x, *to = work, *square = work + size, *inner = square + least * least;
  for (size_t i = 0; i < size; i++) x[i] *= scale;
  for (int s = 0; s < N_STEPS; s++) {
    step(rows, columns, from, to, square, inner);
    float *swap = from;
    from = to;
    to = swap;
  }
  if (from != x) memcpy(x, from, size * sizeof *x);
}
