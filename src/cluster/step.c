/* SPDX-License-Identifier: Apache-2.0 */
/* Lloyd's steps with bounds on whole panels: a panel is searched only when two of its centres are within reach of its
 * rows and one of these has moved, and then among the centres within reach alone. */
#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"

typedef struct follow_pass {
  ock_lloyd *s;
  const ock_lloyd_change *change;
} follow_pass;

/* ---- what a block adds up ---- */

static void touch(const ock_lloyd *s, ock_lloyd_block *block, size_t j) {
  if (block->touched[j]) return;
  block->touched[j] = true;
  block->counts[j] = block->weights[j] = block->squares[j] = block->churn[j] = 0;
  memset(block->sums + j * s->d, 0, s->d * sizeof(double));
}

/* Row r of panel p joins cluster `to`. */
static void add_row(const ock_lloyd *s, ock_lloyd_block *block, size_t p, size_t r, size_t to) {
  size_t first = ock_strip_place(s->d, r, 0);
  double *sum = block->sums + to * s->d, weight = ock_store_weight(s->store, p * OCK_PANEL + r);
  touch(s, block, to);
  if (ock_store_is_wide(s->store)) {
    const double *x = (const double *)ock_store_panel(s->store, p) + first;
    for (size_t l = 0; l < s->d; l++) sum[l] += weight * x[l * OCK_STRIP];
  } else {
    const float *x = (const float *)ock_store_panel(s->store, p) + first;
    for (size_t l = 0; l < s->d; l++) sum[l] += weight * (double)x[l * OCK_STRIP];
  }
  block->counts[to]++;
  block->weights[to] += weight;
  block->squares[to] += weight * 2 * ock_element(ock_store_half_squares(s->store, p), r, ock_store_is_wide(s->store));
  block->churn[to] += weight;
}

/* It leaves cluster `from` for `to`. */
static void move_row(const ock_lloyd *s, ock_lloyd_block *block, size_t p, size_t r, size_t from, size_t to) {
  size_t first = ock_strip_place(s->d, r, 0);
  touch(s, block, from);
  touch(s, block, to);
  double *old = block->sums + from * s->d, *now = block->sums + to * s->d;
  double weight = ock_store_weight(s->store, p * OCK_PANEL + r);
  if (ock_store_is_wide(s->store)) {
    const double *x = (const double *)ock_store_panel(s->store, p) + first;
    for (size_t l = 0; l < s->d; l++) {
      double value = weight * x[l * OCK_STRIP];
      old[l] -= value;
      now[l] += value;
    }
  } else {
    const float *x = (const float *)ock_store_panel(s->store, p) + first;
    for (size_t l = 0; l < s->d; l++) {
      double value = weight * (double)x[l * OCK_STRIP];
      old[l] -= value;
      now[l] += value;
    }
  }
  double square = weight * 2 * ock_element(ock_store_half_squares(s->store, p), r, ock_store_is_wide(s->store));
  block->counts[from]--;
  block->counts[to]++;
  block->weights[from] -= weight;
  block->weights[to] += weight;
  block->squares[from] -= square;
  block->squares[to] += square;
  block->churn[from] += weight;
  block->churn[to] += weight;
}

/* Add the rows of a whole panel to a cluster by their weights, in doubles: a heavy row's rounding to floats would be
 * more than a light one. Returns the sum of the weights. */
static double add_by_weight(const ock_lloyd *s, size_t p, double *sums, double *squares) {
  const double *weight = s->store->weight + p * OCK_PANEL;
  bool wide = ock_store_is_wide(s->store);
  const void *panel = ock_store_panel(s->store, p), *half_squares = ock_store_half_squares(s->store, p);
  double total = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    total += weight[r];
    *squares += weight[r] * 2 * ock_element(half_squares, r, wide);
  }
  for (size_t first = 0; first < OCK_PANEL; first += OCK_STRIP)
    for (size_t l = 0; l < s->d; l++) {
      size_t at = ock_strip_place(s->d, first, l);
      double product[OCK_STRIP], part[4] = {0};
      for (size_t r = 0; r < OCK_STRIP; r++)
        product[r] =
            weight[first + r] * (wide ? ((const double *)panel)[at + r] : (double)((const float *)panel)[at + r]);
      for (size_t r = 0; r < OCK_STRIP; r += 4)
        for (size_t q = 0; q < 4; q++) part[q] += product[r + q];
      sums[l] += (part[0] + part[1]) + (part[2] + part[3]);
    }
  return total;
}

/* All rows of a panel for the first time: as many have one label, the sum of all goes there and the others are moved.
 */
static void add_panel(const ock_lloyd *s, ock_lloyd_block *block, size_t p) {
  const uint32_t *label = s->label + p * OCK_PANEL;
  uint32_t home = label[OCK_PANEL / 2];
  size_t n_rows = ock_lloyd_rows_of_panel(s, p), n_home = 0;
  for (size_t r = 0; r < n_rows; r++) n_home += label[r] == home;
  bool together = n_rows == OCK_PANEL && n_home > OCK_PANEL / 2;
  block->n_changed += n_rows;
  if (together) {
    touch(s, block, home);
    double *sum = block->sums + home * s->d;
    double weight = OCK_PANEL;
    if (s->store->weight)
      weight = add_by_weight(s, p, sum, &block->squares[home]);
    else
      block->squares[home] +=
          s->store->search->sum_panel(ock_store_panel(s->store, p), ock_store_half_squares(s->store, p), s->d, sum);
    block->counts[home] += OCK_PANEL;
    block->weights[home] += weight;
    block->churn[home] += weight;
  }
  for (size_t r = 0; r < n_rows; r++) {
    if (!together)
      add_row(s, block, p, r, label[r]);
    else if (label[r] != home)
      move_row(s, block, p, r, home, label[r]);
  }
}

static uint64_t reduce_blocks(ock_lloyd *s) {
  uint64_t n_changed = 0;
  for (size_t b = 0; b < s->n_blocks; b++) {
    ock_lloyd_block *block = &s->blocks[b];
    n_changed += block->n_changed;
    s->work.distances += block->n_distances;
    for (size_t j = 0; j < s->k; j++) {
      if (!block->touched[j]) continue;
      block->touched[j] = false;
      s->counts[j] += block->counts[j];
      s->weights[j] += block->weights[j];
      s->squares[j] += block->squares[j];
      s->cuts[j].churn += block->churn[j];
      for (size_t l = j * s->d; l < (j + 1) * s->d; l++) s->sums[l] += block->sums[l];
    }
  }
  s->work.plain_distances += (uint64_t)s->n * s->k;
  s->inertia = 0;
  for (size_t j = 0; j < s->k; j++) s->inertia += ock_lloyd_within(s, j);
  return n_changed;
}

/* ---- panels ---- */

/* What the rows of a panel that change their label add up to. */
static void count_changes(ock_lloyd *s, ock_lloyd_block *block, size_t p, const uint32_t *now) {
  const uint32_t *before = s->label + p * OCK_PANEL;
  size_t n_rows = ock_lloyd_rows_of_panel(s, p);
  uint32_t any = 0;
  for (size_t r = 0; r < OCK_PANEL; r++) any |= now[r] ^ before[r];
  for (size_t r = 0; any && r < n_rows; r++) {
    if (now[r] == before[r]) continue;
    move_row(s, block, p, r, before[r], now[r]);
    block->n_changed++;
  }
}

/* Search the rows of a panel among n candidates (NULL: all k centres), ascending; new labels and bounds. */
static void search_panel(ock_lloyd *s, ock_lloyd_block *block, ock_lloyd_worker *worker, size_t p,
                         const uint32_t *candidates, size_t n, bool everything) {
  size_t element = s->store->search->element_bytes, row_bytes = s->d * element;
  uint32_t which[OCK_PANEL], *label = s->label + p * OCK_PANEL;
  float *lower = ock_lloyd_lower(s, p), *least = candidates ? worker->least : lower;
  ock_contest contest = {.panel = ock_store_panel(s->store, p),
                         .half_squares = ock_store_half_squares(s->store, p),
                         .centres = candidates ? worker->centres : s->centres,
                         .half_norms = candidates ? worker->half_norms : s->half_norms,
                         .d = s->d,
                         .m = n,
                         .rounding = ock_contest_rounding(element, s->d, (double)s->store->reach[p], s->reach)};
  for (size_t c = 0; candidates && c < n; c++) {
    memcpy(worker->centres + c * row_bytes, (const char *)s->centres + candidates[c] * row_bytes, row_bytes);
    memcpy(worker->half_norms + c * element, (const char *)s->half_norms + candidates[c] * element, element);
  }
  s->store->search->nearest(&contest, which, least, &s->upper[p]);
  for (size_t c = 0; candidates && c < n; c++) lower[candidates[c]] = least[c];
  block->n_distances += n * OCK_PANEL;
  if (candidates)
    for (size_t r = 0; r < OCK_PANEL; r++) which[r] = candidates[which[r]];
  if (!everything) count_changes(s, block, p, which);
  memcpy(label, which, sizeof which);
  if (everything) add_panel(s, block, p);
}

/* Rows of a merged cluster and of a renamed one change numbers, where there may be some in the panel; returns whether
 * rows were merged. */
static bool renumber(const ock_lloyd *s, const ock_lloyd_change *change, size_t p) {
  float *lower = ock_lloyd_lower(s, p), reach = s->upper[p];
  bool merged = lower[change->merged] <= reach;
  bool renamed = change->renamed != OCK_LLOYD_NONE && lower[change->renamed] <= reach;
  uint32_t *label = s->label + p * OCK_PANEL;
  for (size_t r = 0; (merged || renamed) && r < OCK_PANEL; r++) {
    if (label[r] == change->merged)
      label[r] = change->into;
    else if (label[r] == change->renamed)
      label[r] = change->merged;
  }
  if (change->renamed != OCK_LLOYD_NONE) lower[change->merged] = lower[change->renamed];
  lower[s->k] = INFINITY; /* the number that is no longer used */
  if (merged) s->upper[p] += change->shift;
  return merged;
}

/* All centres are new: bounds on the old ones are carried over, if there are any. */
static void search_anew(const follow_pass *pass, ock_lloyd_block *block, ock_lloyd_worker *worker, size_t p) {
  ock_lloyd *s = pass->s;
  const ock_succession *to = &s->succession;
  float *lower = ock_lloyd_lower(s, p), shift = 0;
  size_t n = 0;
  for (size_t a = 0; a < pass->change->n_old; a++)
    if (lower[a] <= s->upper[p] && to->shift[a] > shift) shift = to->shift[a];
  if (pass->change->n_old > 0) s->upper[p] = s->upper[p] * (1 + 0x1p-20f) + shift;
  for (size_t j = 0; j < s->k && pass->change->n_old > 0; j++) {
    worker->inherited[j] = lower[to->parent[j]] * (1 - 0x1p-20f) - to->gap[j];
    if (worker->inherited[j] <= s->upper[p]) worker->candidates[n++] = (uint32_t)j;
  }
  for (size_t j = s->k; j < s->n_bounds; j++) lower[j] = INFINITY;
  if (pass->change->n_old == 0 || s->plain || (double)n >= ock_worth_copying * (double)s->k) {
    search_panel(s, block, worker, p, NULL, s->k, true);
    return;
  }
  memcpy(lower, worker->inherited, s->k * sizeof *lower);
  search_panel(s, block, worker, p, worker->candidates, n, true);
}

static void follow_panel(const follow_pass *pass, ock_lloyd_block *block, ock_lloyd_worker *worker, size_t p) {
  ock_lloyd *s = pass->s;
  const ock_lloyd_change *change = pass->change;
  float *lower = ock_lloyd_lower(s, p), most;
  if (change->everything) {
    search_anew(pass, block, worker, p);
    return;
  }
  bool must = change->merged != OCK_LLOYD_NONE && renumber(s, change, p);
  if (change->child != OCK_LLOYD_NONE) lower[change->child] = lower[change->parent];
  size_t n_bounds = (s->k + OCK_BOUNDS - 1) / OCK_BOUNDS * OCK_BOUNDS;
  size_t n = s->kernels->carry(lower, &s->upper[p], s->drift, n_bounds, worker->candidates, &most);
  if (!must && (n < 2 || !(most > 0)) && !s->plain) return;
  bool copy = (double)n < ock_worth_copying * (double)s->k && !s->plain;
  search_panel(s, block, worker, p, copy ? worker->candidates : NULL, copy ? n : s->k, false);
}

static void follow_block(void *arg, size_t b, size_t worker) {
  const follow_pass *pass = arg;
  ock_lloyd_block *block = &pass->s->blocks[b];
  block->n_changed = block->n_distances = 0;
  for (size_t p = block->first; p < block->end; p++) follow_panel(pass, block, &pass->s->workers[worker], p);
}

uint64_t ock_lloyd_follow(ock_lloyd *s, const ock_lloyd_change *change) {
  follow_pass pass = {s, change};
  ock_lloyd_norms(s);
  ock_pool_run(s->pool, s->n_blocks, follow_block, &pass);
  return reduce_blocks(s);
}

/* ---- steps ---- */

/* Put the centres at these positions. False when none moves. */
static bool move_centres(ock_lloyd *s, const double *positions) {
  bool moved = false;
  memset(s->drift, 0, s->n_bounds * sizeof(float));
  for (size_t j = 0; j < s->k; j++) {
    s->drift[j] = (float)ock_lloyd_put_centre(s, j, positions + j * s->d);
    moved = moved || s->drift[j] > 0;
  }
  return moved;
}

/* An empty cluster becomes part of another, and k falls. */
static void drop_empty(ock_lloyd *s, size_t j) {
  memset(s->drift, 0, s->n_bounds * sizeof(float));
  ock_lloyd_merge(s, j == 0 ? 1 : 0, j);
}

/* Give every empty cluster half of another, or drop it. Returns whether there was an empty one. Where rounding
 * undoes a cut, or takes all rows of a third cluster, one is empty again: cuts beyond those needed are few. */
static bool repair_empty(ock_lloyd *s) {
  enum { MOST_FUTILE = 8 };
  size_t n_left = MOST_FUTILE;
  bool found = false;
  for (size_t j = 0; j < s->k; j++) n_left += ock_lloyd_is_empty(s, j);
  for (size_t j = 0; j < s->k && s->k > 1;) {
    if (!ock_lloyd_is_empty(s, j)) {
      j++;
      continue;
    }
    found = true;
    drop_empty(s, j);
    size_t best = ock_lloyd_best_cut(s, OCK_LLOYD_NONE, OCK_LLOYD_NONE);
    if (n_left > 0 && s->cuts[best].gain > 0) {
      ock_lloyd_split(s, best);
      n_left--;
    }
    j = 0;
  }
  return found;
}

/* The means of the clusters' rows, as the last step left them. */
static const double *last_means(const ock_lloyd *s) {
  return s->history.means[(s->history.next + OCK_LLOYD_DEPTH - 1) % OCK_LLOYD_DEPTH];
}

bool ock_lloyd_run(ock_lloyd *s, size_t max_iterations, double tolerance) {
  enum { MOST_REPAIRS = 100, PLAIN_STEPS = 3 };
  size_t n_repairs = 0, n_plain = 0;
  repair_empty(s);
  s->history.n = 0;
  for (size_t iteration = 0; iteration < max_iterations; iteration++) {
    if (s->ticker && ock_ticker_stopped(s->ticker)) return false;
    double before = s->inertia;
    ock_history_note(s);
    bool room = iteration + 1 < max_iterations; /* to take it back */
    bool ahead = n_plain++ >= PLAIN_STEPS && room && ock_history_extrapolate(s, s->positions);
    if (!move_centres(s, ahead ? s->positions : last_means(s))) return true;
    uint64_t n_changed = ock_lloyd_follow(s, &ock_lloyd_no_change);
    s->n_iterations++;
    s->work.steps++;
    if (ahead && !(s->inertia < before)) { /* too far: back to the means */
      move_centres(s, last_means(s));
      n_changed = ock_lloyd_follow(s, &ock_lloyd_no_change);
      s->n_iterations++;
      s->work.steps++;
      iteration++;
      s->history.n = n_plain = 0;
    }
    if (n_repairs < MOST_REPAIRS && repair_empty(s)) {
      n_repairs++;
      s->history.n = n_plain = 0;
      continue;
    }
    if (n_changed == 0) return true;
    if (!(tolerance > 0 && before - s->inertia <= tolerance * s->inertia)) continue;
    if (!ahead) return true;
    s->history.n = n_plain = 0; /* such a step may gain little where plain ones still gain */
  }
  return false;
}
