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

static void PLAIN(nearest)(const ock_contest *c, uint32_t *which, float *least, float *upper) {
  *upper = 0;
  for (size_t j = 0; j < c->m; j++) least[j] = INFINITY;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    element best = (element)INFINITY;
    which[r] = 0;
    for (size_t j = 0; j < c->m; j++) {
      element half = PLAIN(half_distance)(c, r, j);
      double squared = 2 * ((double)half - c->rounding);
      float below = squared > 0 ? (float)sqrt(squared) * (1 - 0x1p-20f) : 0;
      if (below < least[j]) least[j] = below;
      if (!(half < best)) continue;
      best = half;
      which[r] = (uint32_t)j;
    }
    double squared = 2 * ((double)best + c->rounding);
    float above = squared > 0 ? (float)sqrt(squared) * (1 + 0x1p-20f) : 0;
    if (above > *upper) *upper = above;
  }
}

static uint64_t PLAIN(nearest_two)(const ock_contest *c, uint32_t *which, uint32_t *runner_up, float *gap) {
  uint64_t doubtful = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    element best = (element)INFINITY, second = (element)INFINITY;
    which[r] = runner_up[r] = 0;
    for (size_t j = 0; j < c->m; j++) {
      element half = PLAIN(half_distance)(c, r, j);
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
  }
  return doubtful;
}

static double PLAIN(take_side)(const void *panel, size_t d, const void *normal, double threshold, const uint32_t *label,
                               uint32_t j, double *sums) {
  const element *direction = normal;
  double count = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    element along = 0;
    for (size_t l = 0; l < d; l++) along += PLAIN(coordinate)(panel, d, r, l) * direction[l];
    if (label[r] != j || !(along > (element)threshold)) continue;
    count++;
    for (size_t l = 0; l < d; l++) sums[l] += (double)PLAIN(coordinate)(panel, d, r, l);
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
