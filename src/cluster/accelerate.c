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

bool ock_history_init(ock_lloyd *s) {
  size_t values = ock_size_product(s->k_max, s->d);
  for (size_t i = 0; i < DEPTH; i++) {
    s->history.means[i] = ock_arena_array(&s->arena, values, sizeof(double));
    s->history.steps[i] = ock_arena_array(&s->arena, values, sizeof(double));
    if (!s->history.means[i] || !s->history.steps[i]) return false;
  }
  return true;
}

/* (a - b) c, each cluster weighed by its rows. */
static double inner_product(const ock_lloyd *s, const double *a, const double *b, const double *c) {
  double total = 0;
  for (size_t j = 0; j < s->k; j++) {
    double sum = 0;
    for (size_t l = j * s->d; l < (j + 1) * s->d; l++) sum += (a[l] - b[l]) * c[l];
    total += s->counts[j] * sum;
  }
  return total;
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
  ock_history *h = &s->history;
  size_t n = h->n - 1, now = (h->next + DEPTH - 1) % DEPTH;
  double matrix[DEPTH][DEPTH], weight[DEPTH];
  const double *step = h->steps[now], *past[DEPTH];
  if (h->n < 2) return false;
  for (size_t i = 0; i < n; i++) past[i] = h->steps[(now + DEPTH - 1 - i) % DEPTH];
  for (size_t i = 0; i < n; i++) {
    weight[i] = inner_product(s, step, past[i], step);
    for (size_t c = 0; c <= i; c++) matrix[i][c] = matrix[c][i] = weight[i] - inner_product(s, step, past[i], past[c]);
    matrix[i][i] *= 1 + ridge;
  }
  if (!solve(matrix, weight, n)) return false;
  memcpy(positions, h->means[now], s->k * s->d * sizeof(double));
  for (size_t i = 0; i < n; i++) {
    const double *mean = h->means[(now + DEPTH - 1 - i) % DEPTH];
    if (!(fabs(weight[i]) < 1e3)) return false;
    for (size_t l = 0; l < s->k * s->d; l++) positions[l] -= weight[i] * (h->means[now][l] - mean[l]);
  }
  return true;
}

void ock_history_note(ock_lloyd *s) {
  ock_history *h = &s->history;
  double *mean = h->means[h->next], *step = h->steps[h->next];
  for (size_t j = 0; j < s->k; j++) {
    double *m = mean + j * s->d;
    if (s->counts[j] > 0)
      ock_lloyd_mean(s, j, m);
    else
      memcpy(m, s->centroids + j * s->d, s->d * sizeof(double));
    for (size_t l = 0; l < s->d; l++) step[j * s->d + l] = m[l] - s->centroids[j * s->d + l];
  }
  h->next = (h->next + 1) % DEPTH;
  if (h->n < DEPTH) h->n++;
}
