/* SPDX-License-Identifier: Apache-2.0 */
/* Where centres creep for dozens of steps, all the same way, a combination of the last few steps goes farther than the
 * next one: Anderson's acceleration of the map from centres to the means of their rows. After Anderson, J. ACM 12, 1965
 * (doi:10.1145/321296.321305), as Zhang et al., arXiv:1805.10638, use it for k-means. */
#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"

enum { DEPTH = OCK_LLOYD_DEPTH };

/* Differences that are this much smaller than others tell of rounding. */
static const double ridge = 1e-9;
/* Weights beyond this have lost their digits. */
static const double too_far = 1e3;

bool ock_history_init(ock_lloyd *s) {
  size_t values = ock_size_product(s->k_max, s->d);
  for (size_t i = 0; i < DEPTH; i++) {
    s->history.means[i] = ock_arena_array(&s->arena, values, sizeof(double));
    s->history.steps[i] = ock_arena_array(&s->arena, values, sizeof(double));
    if (!s->history.means[i] || !s->history.steps[i]) return false;
  }
  return true;
}

static double inner_product(const double *a, const double *b, size_t n) {
  double sum[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t q = 0; q < 4; q++) sum[q] += a[i + q] * b[i + q];
  for (; i < n; i++) sum[0] += a[i] * b[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Solve the n x n system by elimination; it is symmetric and, with the ridge, positive definite. */
static bool solve(double matrix[DEPTH][DEPTH], double *right, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!(matrix[i][i] > 0)) return false;
    for (size_t r = i + 1; r < n; r++) {
      double factor = matrix[r][i] / matrix[i][i];
      for (size_t c = i; c < n; c++) matrix[r][c] -= factor * matrix[i][c];
      right[r] -= factor * right[i];
    }
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t c = i + 1; c < n; c++) right[i] -= matrix[i][c] * right[c];
    right[i] /= matrix[i][i];
  }
  return true;
}

bool ock_history_extrapolate(ock_lloyd *s, double *positions) {
  const ock_history *h = &s->history;
  size_t n = h->n - 1, now = (h->next + DEPTH - 1) % DEPTH, past[DEPTH];
  double matrix[DEPTH][DEPTH], weight[DEPTH];
  if (h->n < 2) return false;
  for (size_t i = 0; i < n; i++) past[i] = (now + DEPTH - 1 - i) % DEPTH;
  /* Of the differences of this step from earlier ones: products of differences from products of steps. */
  for (size_t i = 0; i < n; i++) {
    weight[i] = h->product[now][now] - h->product[past[i]][now];
    for (size_t c = 0; c < n; c++) matrix[i][c] = weight[i] - h->product[now][past[c]] + h->product[past[i]][past[c]];
    matrix[i][i] *= 1 + ridge;
  }
  if (!solve(matrix, weight, n)) return false;
  memcpy(positions, h->means[now], s->k * s->d * sizeof(double));
  for (size_t i = 0; i < n; i++) {
    const double *mean = h->means[past[i]], *last = h->means[now];
    if (!(fabs(weight[i]) < too_far)) return false;
    for (size_t l = 0; l < s->k * s->d; l++) positions[l] -= weight[i] * (last[l] - mean[l]);
  }
  return true;
}

void ock_history_note(ock_lloyd *s) {
  ock_history *h = &s->history;
  size_t now = h->next;
  double *mean = h->means[now], *step = h->steps[now];
  for (size_t j = 0; j < s->k; j++) {
    double *m = mean + j * s->d;
    if (!ock_lloyd_is_empty(s, j))
      ock_lloyd_mean(s, j, m);
    else
      memcpy(m, s->centroids + j * s->d, s->d * sizeof(double));
    for (size_t l = 0; l < s->d; l++) step[j * s->d + l] = m[l] - s->centroids[j * s->d + l];
  }
  h->next = (now + 1) % DEPTH;
  if (h->n < DEPTH) h->n++;
  for (size_t i = 0; i < h->n; i++) {
    size_t past = (now + DEPTH - i) % DEPTH;
    h->product[now][past] = h->product[past][now] = inner_product(step, h->steps[past], s->k * s->d);
  }
}
