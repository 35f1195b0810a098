/* SPDX-License-Identifier: Apache-2.0 */
/* Many tests at once: the family-wise error of the mains by the largest |t| of the draws, stepping down (Westfall &
 * Young, Resampling-based multiple testing, 1993), the false discovery rate of interactions (Benjamini & Hochberg,
 * JRSS B 57, 1995). */
#include <math.h>

#include "ablate/analysis.h"

typedef struct ranked {
  double key;
  size_t at;
} ranked;

static int compare_falling(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? 1 : -1;
  return (x->at > y->at) - (x->at < y->at);
}

/* The largest |t| of a draw over the hypotheses that are not above the one at `first`. */
static double largest(const double *draw, const ranked *order, size_t first, size_t m) {
  double most = 0;
  for (size_t i = first; i < m; i++) most = fmax(most, fabs(draw[order[i].at]));
  return most;
}

bool ock_step_down(const double *t, const double *draws, size_t n, size_t m, ock_arena *room, double *p) {
  ranked *order = ock_arena_array(room, m, sizeof *order);
  if (!order) return false;
  size_t n_known = 0;
  for (size_t j = 0; j < m; j++) {
    p[j] = NAN;
    if (!isnan(t[j])) order[n_known++] = (ranked){fabs(t[j]), j};
  }
  qsort(order, n_known, sizeof *order, compare_falling);
  double before = 0;
  for (size_t i = 0; i < n_known; i++) {
    double above = 1;
    for (size_t b = 0; b < n; b++) above += largest(draws + b * m, order, i, n_known) >= order[i].key;
    before = fmax(before, above / (double)(n + 1));
    p[order[i].at] = before;
  }
  return true;
}

bool ock_false_discovery(double *p, size_t m, ock_arena *room) {
  ranked *order = ock_arena_array(room, m, sizeof *order);
  if (!order) return false;
  size_t n_known = 0;
  for (size_t j = 0; j < m; j++)
    if (!isnan(p[j])) order[n_known++] = (ranked){p[j], j};
  qsort(order, n_known, sizeof *order, compare_falling);
  double least = 1;
  for (size_t i = 0; i < n_known; i++) {
    least = fmin(least, order[i].key * (double)n_known / (double)(n_known - i));
    p[order[i].at] = least;
  }
  return true;
}
