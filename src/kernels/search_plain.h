/* SPDX-License-Identifier: Apache-2.0 */
/* The plain twins of search.c for one type, included by search_reference.c with `element` and PLAIN(name) defined. */

static element PLAIN(coordinate)(const void *panel, size_t d, size_t r, size_t l) {
  return ((const element *)panel)[ock_strip_place(d, r, l)];
}

static element PLAIN(half_distance)(const ock_contest *c, size_t r, size_t j) {
  const element *centre = (const element *)c->centres + j * c->d;
  element sum = ((const element *)c->half_squares)[r] + ((const element *)c->half_norms)[j];
  for (size_t l = 0; l < c->d; l++) sum -= PLAIN(coordinate)(c->panel, c->d, r, l) * centre[l];
  return sum;
}

static float PLAIN(below)(element half, double rounding) {
  double squared = 2 * ((double)half - rounding);
  return squared > 0 ? (float)sqrt(squared) * (1 - 0x1p-20f) : 0;
}

static float PLAIN(above)(element half, double rounding) {
  double squared = 2 * ((double)half + rounding);
  return squared > 0 ? (float)sqrt(squared) * (1 + 0x1p-20f) : 0;
}

static uint64_t PLAIN(nearest_two)(const ock_contest *c, uint32_t *which, uint32_t *runner_up, float *gap, float *least,
                                   float reach[2]) {
  uint64_t doubtful = 0;
  for (size_t j = 0; least && j < c->m; j++) least[j] = INFINITY;
  if (least) reach[0] = reach[1] = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    element best = (element)INFINITY, second = (element)INFINITY;
    which[r] = runner_up[r] = 0;
    for (size_t j = 0; j < c->m; j++) {
      element half = PLAIN(half_distance)(c, r, j);
      if (least && PLAIN(below)(half, c->rounding) < least[j]) least[j] = PLAIN(below)(half, c->rounding);
      if (half < best) {
        second = best;
        runner_up[r] = which[r];
        best = half;
        which[r] = (uint32_t)j;
      } else if (half < second) {
        second = half;
        runner_up[r] = (uint32_t)j;
      }
    }
    gap[r] = (float)(second - best);
    doubtful |= (uint64_t) !((double)second - (double)best > 2 * c->rounding) << r;
    if (least && PLAIN(above)(best, c->rounding) > reach[0]) reach[0] = PLAIN(above)(best, c->rounding);
    if (least && PLAIN(above)(second, c->rounding) > reach[1]) reach[1] = PLAIN(above)(second, c->rounding);
  }
  return doubtful;
}

static void PLAIN(nearest)(const ock_contest *c, uint32_t *which, float *least, float *upper) {
  uint32_t runner_up[OCK_PANEL];
  float gap[OCK_PANEL], reach[2];
  PLAIN(nearest_two)(c, which, runner_up, gap, least, reach);
  *upper = reach[0];
}

static double PLAIN(take_side)(const void *panel, size_t d, const void *normal, double threshold, const uint32_t *label,
                               uint32_t j, const void *weights, double *sums) {
  const element *direction = normal, *given = weights;
  double count = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    element along = 0;
    for (size_t l = 0; l < d; l++) along += PLAIN(coordinate)(panel, d, r, l) * direction[l];
    if (label[r] != j || !(along > (element)threshold)) continue;
    double weight = given ? (double)given[r] : 1;
    count += weight;
    for (size_t l = 0; l < d; l++) sums[l] += weight * (double)PLAIN(coordinate)(panel, d, r, l);
  }
  return count;
}

static double PLAIN(sum_panel)(const void *panel, const void *half_squares, size_t d, double *sums) {
  double squares = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    for (size_t l = 0; l < d; l++) sums[l] += (double)PLAIN(coordinate)(panel, d, r, l);
    squares += 2 * (double)((const element *)half_squares)[r];
  }
  return squares;
}
