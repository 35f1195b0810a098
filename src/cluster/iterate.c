/* SPDX-License-Identifier: Apache-2.0 */
/* Lloyd's steps with Hamerly's two bounds a row: a row is looked at only when its upper bound reaches the lower one. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"

/* With this many survivors of a panel it is cheaper to search them where they are than to gather them again. */
enum { WORTH_SEARCHING_IN_PLACE = 24 };

/* Rows whose bounds are carried over at once: their lists of suspects stay in the first-level cache. */
enum { ROWS_AT_ONCE = 1024 };

typedef struct lloyd_step {
  ock_lloyd *s;
  ock_motion motion;
} lloyd_step;

/* ---- moving the centres ---- */

/* Centres become the means of their rows. Returns sum of counts * drift^2: the inertia falls by at least that. */
static double move_centres(ock_lloyd *s) {
  double decrease = 0;
  memcpy(s->previous, s->centroids, s->k * s->d * sizeof(double));
  for (size_t j = 0; j < s->k; j++) {
    s->drift[j] = 0;
    if (s->counts[j] == 0) continue;
    for (size_t l = 0; l < s->d; l++) s->centroids[j * s->d + l] = s->sums[j * s->d + l] / (double)s->counts[j];
    double squared = ock_squared_distance(s->previous + j * s->d, s->centroids + j * s->d, s->d);
    s->drift[j] = sqrt(squared);
    decrease += (double)s->counts[j] * squared;
  }
  return decrease;
}

static void find_half_gaps(ock_lloyd *s) {
  bool worthwhile = (double)s->k * (double)s->k * (double)s->d <= 8.0 * (double)s->n;
  for (size_t j = 0; j < s->k; j++) s->half_gap[j] = worthwhile && s->k > 1 ? INFINITY : 0;
  if (!worthwhile) return;
  for (size_t a = 1; a < s->k; a++)
    for (size_t b = 0; b < a; b++) {
      double gap = ock_squared_distance(s->centroids + a * s->d, s->centroids + b * s->d, s->d);
      if (gap < s->half_gap[a]) s->half_gap[a] = gap;
      if (gap < s->half_gap[b]) s->half_gap[b] = gap;
    }
  for (size_t j = 0; j < s->k; j++) s->half_gap[j] = 0.5 * sqrt(s->half_gap[j]);
}

static void find_fastest(const ock_lloyd *s, ock_motion *motion) {
  motion->fastest = 0;
  motion->most = motion->next = 0;
  for (size_t j = 0; j < s->k; j++) {
    if (s->drift[j] > motion->most) {
      motion->next = motion->most;
      motion->most = s->drift[j];
      motion->fastest = (uint32_t)j;
    } else if (s->drift[j] > motion->next) {
      motion->next = s->drift[j];
    }
  }
}

/* ---- following them with the labels ---- */

static void relabel(ock_lloyd *s, ock_lloyd_block *block, size_t i, uint32_t label, double nearest, double second) {
  uint32_t old = s->label[i];
  s->upper[i] = sqrt(nearest);
  s->lower[i] = sqrt(second);
  if (label == old) return;
  s->label[i] = label;
  ock_lloyd_add_row(s, i, -1, block->sums + old * s->d);
  ock_lloyd_add_row(s, i, +1, block->sums + label * s->d);
  block->counts[old]--;
  block->counts[label]++;
  block->n_changed++;
}

/* Search the panel, which holds the rows of `search`, among all centres. */
static void search_panel(ock_lloyd *s, ock_lloyd_block *block, const double *panel, const ock_search *search) {
  double nearest[OCK_PANEL], second[OCK_PANEL];
  uint32_t label[OCK_PANEL];
  s->kernels->nearest_two(panel, s->d, s->centroids, s->k, label, nearest, second);
  for (size_t r = 0; r < search->n; r++) relabel(s, block, search->row[r], label[r], nearest[r], second[r]);
}

static void search_all(ock_lloyd *s, ock_lloyd_block *block, double *panel, ock_search *search) {
  if (search->n == 0) return;
  ock_panel_gather(s->kernels, s->x, s->origin, search->row, search->n, panel);
  search_panel(s, block, panel, search);
  search->n = 0;
}

static bool stays(const lloyd_step *step, size_t i) {
  const ock_lloyd *s = step->s;
  double reach = s->upper[i] * step->motion.slack;
  return reach < s->lower[i] || reach < s->half_gap[s->label[i]];
}

/* Make the upper bounds of the suspects exact; those that still do not stay are searched, at once or with later ones.
 */
static void tighten(const lloyd_step *step, ock_lloyd_block *block, double *panel, ock_search *suspects,
                    ock_search *pending) {
  ock_lloyd *s = step->s;
  uint32_t label[OCK_PANEL] = {0};
  double own[OCK_PANEL];
  size_t moving[OCK_PANEL], n_moving = 0;
  if (suspects->n == 0) return;
  for (size_t r = 0; r < suspects->n; r++) label[r] = s->label[suspects->row[r]];
  ock_panel_gather(s->kernels, s->x, s->origin, suspects->row, suspects->n, panel);
  s->kernels->own_distance(panel, s->d, s->centroids, label, own);
  for (size_t r = 0; r < suspects->n; r++) {
    size_t i = suspects->row[r];
    s->upper[i] = sqrt(own[r]);
    if (!stays(step, i)) moving[n_moving++] = i;
  }
  if (n_moving >= WORTH_SEARCHING_IN_PLACE || n_moving == suspects->n) {
    search_panel(s, block, panel, suspects);
  } else {
    for (size_t m = 0; m < n_moving; m++) {
      pending->row[pending->n++] = moving[m];
      if (pending->n == OCK_PANEL) search_all(s, block, panel, pending);
    }
  }
  suspects->n = 0;
}

static void follow_block(void *arg, size_t b, size_t worker) {
  const lloyd_step *step = arg;
  ock_lloyd *s = step->s;
  ock_lloyd_block *block = &s->blocks[b];
  double *panel = s->workers[worker].panel;
  ock_search suspects = {.n = 0}, pending = {.n = 0};
  uint32_t found[ROWS_AT_ONCE];
  for (size_t first = block->first; first < block->end; first += ROWS_AT_ONCE) {
    size_t n = block->end - first < ROWS_AT_ONCE ? block->end - first : ROWS_AT_ONCE;
    size_t n_found = s->kernels->follow(s->label + first, s->upper + first, s->lower + first, n, &step->motion, found);
    for (size_t f = 0; f < n_found; f++) {
      suspects.row[suspects.n++] = first + found[f];
      if (suspects.n == OCK_PANEL) tighten(step, block, panel, &suspects, &pending);
    }
  }
  tighten(step, block, panel, &suspects, &pending);
  search_all(s, block, panel, &pending);
}

/* ---- empty clusters ---- */

static void find_farthest(void *arg, size_t b, size_t worker) {
  (void)worker;
  ock_lloyd *s = arg;
  ock_lloyd_block *block = &s->blocks[b];
  block->farthest = block->first;
  for (size_t i = block->first; i < block->end; i++)
    if (s->upper[i] > s->upper[block->farthest]) block->farthest = i;
}

static size_t farthest_row(ock_lloyd *s) {
  ock_lloyd_run_blocks(s, find_farthest, s);
  size_t farthest = s->blocks[0].farthest;
  for (size_t b = 1; b < s->n_blocks; b++)
    if (s->upper[s->blocks[b].farthest] > s->upper[farthest]) farthest = s->blocks[b].farthest;
  return farthest;
}

/* Remove a centre that has no rows: the last one takes its number. */
static void drop_empty(ock_lloyd *s, size_t j) {
  size_t last = --s->k;
  if (j == last) return;
  memcpy(s->centroids + j * s->d, s->centroids + last * s->d, s->d * sizeof(double));
  memcpy(s->sums + j * s->d, s->sums + last * s->d, s->d * sizeof(double));
  s->counts[j] = s->counts[last];
  for (size_t i = 0; i < s->n; i++)
    if (s->label[i] == last) s->label[i] = (uint32_t)j;
}

/* Whether two rows are the same point relative to the origin, as all distances see them. */
static bool rows_equal(const ock_lloyd *s, size_t a, size_t b) {
  for (size_t l = 0; l < s->d; l++)
    if (ock_rows_get(s->x, a, l) - s->origin[l] != ock_rows_get(s->x, b, l) - s->origin[l]) return false;
  return true;
}

/* Whether all rows of this row's cluster are equal, so that only rounding keeps them off their centre. */
static bool cluster_is_one_point(const ock_lloyd *s, size_t row) {
  for (size_t i = 0; i < s->n; i++)
    if (s->label[i] == s->label[row] && !rows_equal(s, i, row)) return false;
  return true;
}

/* Give every empty cluster a row, or drop it. Each turn drops a centre or puts one on a row that was off its centre, so
 * there is an end, though a cluster may run empty when its only row is taken. Returns whether there was an empty one.
 */
static bool repair_empty(ock_lloyd *s) {
  bool found = false;
  for (size_t j = 0; j < s->k;) {
    if (s->counts[j]) {
      j++;
      continue;
    }
    if (!found) ock_lloyd_measure(s);
    found = true;
    size_t row = farthest_row(s);
    if (s->upper[row] == 0) {
      drop_empty(s, j);
      continue;
    }
    double *position = s->previous; /* free between steps */
    memset(position, 0, s->d * sizeof(double));
    ock_lloyd_add_row(s, row, 1, position);
    ock_lloyd_move(s, cluster_is_one_point(s, row) ? s->label[row] : j, position);
    j = 0;
  }
  return found;
}

bool ock_lloyd_run(ock_lloyd *s, size_t max_iterations, double tolerance) {
  lloyd_step step = {.s = s, .motion = {.drift = s->drift, .half_gap = s->half_gap}};
  bool converged = false;
  step.motion.slack = 1 + ((double)s->d + 1000) * DBL_EPSILON;
  repair_empty(s);
  for (size_t iteration = 0; iteration < max_iterations && !converged; iteration++) {
    if (s->ticker && ock_ticker_stopped(s->ticker)) break;
    double decrease = move_centres(s);
    find_half_gaps(s);
    find_fastest(s, &step.motion);
    ock_lloyd_zero_blocks(s);
    ock_lloyd_run_blocks(s, follow_block, &step);
    uint64_t n_changed = ock_lloyd_reduce_blocks(s);
    s->n_iterations++;
    converged = !repair_empty(s) && (n_changed == 0 || decrease <= tolerance * s->inertia);
  }
  ock_lloyd_measure(s);
  return converged;
}
