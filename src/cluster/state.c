/* SPDX-License-Identifier: Apache-2.0 */
/* The state of k-means: its memory, its centres, and what follows from its sums. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/lloyd.h"

/* Blocks depend on the data's shape only, never on the threads, so that sums are taken in the same order everywhere.
 * Few enough that their partial sums stay small beside the data. */
static size_t choose_n_blocks(size_t n_panels, size_t d, size_t k_max) {
  const size_t min_panels = 48, max_blocks = 32;
  const double budget = 4e6; /* doubles */
  size_t blocks = n_panels / min_panels;
  if (blocks > max_blocks) blocks = max_blocks;
  while (blocks > 4 && (double)blocks * (double)k_max * (double)d > budget) blocks--;
  return blocks ? blocks : 1;
}

static bool allocate_block(ock_lloyd *s, ock_lloyd_block *block) {
  block->sums = ock_arena_array(&s->arena, ock_size_product(s->k_max, s->d), sizeof(double));
  block->counts = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  block->weights = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  block->squares = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  block->churn = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  block->touched = ock_arena_array(&s->arena, s->k_max, sizeof(bool));
  if (!block->sums || !block->counts || !block->weights || !block->squares || !block->churn || !block->touched)
    return false;
  memset(block->touched, 0, s->k_max * sizeof(bool));
  return true;
}

static bool allocate_worker(ock_lloyd *s, ock_lloyd_worker *worker) {
  size_t element = s->store->search->element_bytes;
  worker->centres = ock_arena_array(&s->arena, ock_size_product(s->k_max, s->d), element);
  worker->half_norms = ock_arena_array(&s->arena, s->k_max, element);
  worker->candidates = ock_arena_array(&s->arena, s->n_bounds, sizeof(uint32_t));
  worker->least = ock_arena_array(&s->arena, s->n_bounds, sizeof(float));
  worker->inherited = ock_arena_array(&s->arena, s->n_bounds, sizeof(float));
  worker->normal = ock_arena_array(&s->arena, s->d, element);
  worker->sums = ock_arena_array(&s->arena, 5 * s->d, sizeof(double));
  size_t n_members = ock_lloyd_most_members(s->d);
  worker->members = ock_arena_array(&s->arena, ock_size_product(n_members, s->d), element);
  worker->member_label = ock_arena_array(&s->arena, n_members, sizeof(uint32_t));
  bool weighted = s->store->weight != NULL;
  worker->member_weights = weighted ? ock_arena_array(&s->arena, n_members, element) : NULL;
  if (worker->members) memset(worker->members, 0, n_members * s->d * element);
  return worker->centres && worker->half_norms && worker->candidates && worker->least && worker->inherited &&
         worker->normal && worker->sums && worker->members && worker->member_label &&
         (worker->member_weights || !weighted);
}

static bool allocate_scratch(ock_lloyd *s) {
  size_t n_panels = s->store->n_panels;
  s->blocks = ock_arena_array(&s->arena, s->n_blocks, sizeof *s->blocks);
  s->workers = ock_arena_array(&s->arena, ock_pool_size(s->pool), sizeof *s->workers);
  if (!s->blocks || !s->workers) return false;
  for (size_t b = 0; b < s->n_blocks; b++) {
    s->blocks[b].first = n_panels * b / s->n_blocks;
    s->blocks[b].end = n_panels * (b + 1) / s->n_blocks;
    if (!allocate_block(s, &s->blocks[b])) return false;
  }
  for (size_t w = 0; w < ock_pool_size(s->pool); w++)
    if (!allocate_worker(s, &s->workers[w])) return false;
  return true;
}

static bool allocate(ock_lloyd *s) {
  size_t centre_values = ock_size_product(s->k_max, s->d), element = s->store->search->element_bytes;
  size_t n_panels = s->store->n_panels;
  s->centroids = ock_arena_array(&s->arena, centre_values, sizeof(double));
  s->sums = ock_arena_array(&s->arena, centre_values, sizeof(double));
  s->counts = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  s->weights = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  s->squares = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  s->centres = ock_arena_array(&s->arena, centre_values, element);
  s->half_norms = ock_arena_array(&s->arena, s->k_max, element);
  s->label = ock_arena_array(&s->arena, n_panels * OCK_PANEL, sizeof(uint32_t));
  s->lower = ock_arena_array(&s->arena, ock_size_product(n_panels, s->n_bounds), sizeof(float));
  s->upper = ock_arena_array(&s->arena, n_panels, sizeof(float));
  s->drift = ock_arena_array(&s->arena, s->n_bounds, sizeof(float));
  s->list = ock_arena_array(&s->arena, s->k_max, sizeof(uint32_t));
  s->positions = ock_arena_array(&s->arena, centre_values, sizeof(double));
  double most_rows = fmin((double)s->n, (double)s->k_max * (double)ock_lloyd_most_members(s->d));
  s->members = ock_arena_array(&s->arena, s->k_max, sizeof *s->members);
  s->member_rows = ock_arena_array(&s->arena, (size_t)most_rows, sizeof(uint32_t));
  s->succession.parent = ock_arena_array(&s->arena, s->k_max, sizeof(uint32_t));
  s->succession.gap = ock_arena_array(&s->arena, s->k_max, sizeof(float));
  s->succession.heir = ock_arena_array(&s->arena, s->k_max, sizeof(uint32_t));
  s->succession.shift = ock_arena_array(&s->arena, s->n_bounds, sizeof(float));
  s->cuts = ock_arena_array(&s->arena, s->k_max, sizeof *s->cuts);
  if (!s->succession.parent || !s->succession.gap || !s->succession.heir || !s->succession.shift) return false;
  if (!s->centroids || !s->sums || !s->counts || !s->weights || !s->squares || !s->centres || !s->half_norms ||
      !s->label || !s->lower || !s->upper || !s->drift || !s->list || !s->positions || !s->members || !s->member_rows ||
      !s->cuts || !ock_history_init(s))
    return false;
  for (size_t j = 0; j < s->k_max; j++) {
    s->cuts[j].positions = ock_arena_array(&s->arena, 2 * s->d, sizeof(double));
    if (!s->cuts[j].positions) return false;
  }
  memset(s->centres, 0, centre_values * element);
  return true;
}

ockham_status ock_lloyd_init(ock_lloyd *s, ock_store *store, size_t k_max, uint64_t seed, ock_pool *pool,
                             ock_ticker *ticker, ockham_error *err) {
  *s = (ock_lloyd){.store = store,
                   .n = store->n,
                   .d = store->d,
                   .k_max = k_max,
                   .n_bounds = (k_max + OCK_BOUNDS - 1) / OCK_BOUNDS * OCK_BOUNDS,
                   .kernels = ock_kernels_pick(),
                   .pool = pool,
                   .ticker = ticker,
                   .seed = seed};
  s->n_blocks = choose_n_blocks(store->n_panels, s->d, k_max);
  if (allocate(s) && allocate_scratch(s)) return OCKHAM_OK;
  ock_lloyd_clear(s);
  double size = 4.0 * (double)store->n + 4.0 * (double)store->n_panels * (double)k_max +
                8.0 * (double)k_max * (double)store->d * 12;
  return ock_fail_memory(err, "the state of k-means", size < (double)SIZE_MAX ? (size_t)size : SIZE_MAX);
}

void ock_lloyd_clear(ock_lloyd *s) {
  ock_arena_clear(&s->arena);
  *s = (ock_lloyd){0};
}

/* ---- centres ---- */

double ock_squared_distance(const double *a, const double *b, size_t d) {
  double sum[4] = {0};
  size_t l = 0;
  for (; l + 4 <= d; l += 4)
    for (size_t q = 0; q < 4; q++) sum[q] += (a[l + q] - b[l + q]) * (a[l + q] - b[l + q]);
  for (; l < d; l++) sum[0] += (a[l] - b[l]) * (a[l] - b[l]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void ock_find_parents(const double *old, size_t n_old, const double *now, size_t n_now, size_t d, ock_succession *to) {
  for (size_t a = 0; a < n_old; a++) to->shift[a] = INFINITY;
  for (size_t j = 0; j < n_now; j++) {
    double least = INFINITY;
    for (size_t a = 0; a < n_old; a++) {
      double squared = ock_squared_distance(old + a * d, now + j * d, d);
      if (squared < least) {
        least = squared;
        to->parent[j] = (uint32_t)a;
      }
      if (squared < to->shift[a]) {
        to->shift[a] = (float)(squared * (1 + 0x1p-20));
        to->heir[a] = (uint32_t)j;
      }
    }
    to->gap[j] = ock_bound_distance(least);
  }
  for (size_t a = 0; a < n_old; a++) to->shift[a] = ock_bound_distance(fmax(to->shift[a], FLT_MIN));
}

double ock_lloyd_put_centre(ock_lloyd *s, size_t j, const double *position) {
  bool wide = ock_store_is_wide(s->store);
  double squared = 0, norm = 0;
  for (size_t l = 0; l < s->d; l++) {
    double before = ock_element(s->centres, j * s->d + l, wide);
    s->centroids[j * s->d + l] = position[l];
    ock_element_set(s->centres, j * s->d + l, wide, position[l]);
    double after = ock_element(s->centres, j * s->d + l, wide);
    squared += (after - before) * (after - before);
    norm += after * after;
  }
  ock_element_set(s->half_norms, j, wide, norm / 2);
  return sqrt(squared) * (1 + 0x1p-20);
}

void ock_lloyd_norms(ock_lloyd *s) {
  double most = 0;
  for (size_t j = 0; j < s->k; j++) most = ock_larger(most, ock_element(s->half_norms, j, ock_store_is_wide(s->store)));
  s->reach = sqrt(2 * most) * (1 + 1e-6);
}

void ock_lloyd_mean(const ock_lloyd *s, size_t j, double *mean) {
  for (size_t l = 0; l < s->d; l++) mean[l] = s->sums[j * s->d + l] / s->weights[j];
  /* What heavy rows leave behind by rounding when they go can be more than a light row: no mean is beyond the rows. */
  for (size_t l = 0; s->store->weight && l < s->d; l++) mean[l] = fmin(fmax(mean[l], -1), 1);
}

double ock_lloyd_within(const ock_lloyd *s, size_t j) {
  if (!(s->weights[j] > 0)) return 0;
  const double *sum = s->sums + j * s->d;
  double squared = 0;
  for (size_t l = 0; l < s->d; l++) squared += sum[l] * sum[l];
  double within = s->squares[j] - squared / s->weights[j];
  return within > 0 ? within : 0;
}

void ock_lloyd_assign(ock_lloyd *s, const double *centroids, size_t k) {
  bool wide = ock_store_is_wide(s->store);
  size_t n_old = s->k;
  bool knows = n_old > 0 && n_old * OCK_PANEL < s->n; /* else comparing the centres costs as much as it spares */
  double *old = s->history.means[0];
  for (size_t i = 0; knows && i < n_old * s->d; i++) old[i] = ock_element(s->centres, i, wide);
  s->k = k;
  for (size_t j = 0; j < k; j++) {
    ock_lloyd_put_centre(s, j, centroids + j * s->d);
    s->cuts[j].churn = INFINITY;
  }
  if (knows) {
    double *now = s->history.steps[0];
    for (size_t i = 0; i < k * s->d; i++) now[i] = ock_element(s->centres, i, wide);
    ock_find_parents(old, n_old, now, k, s->d, &s->succession);
  }
  memset(s->sums, 0, k * s->d * sizeof(double));
  memset(s->counts, 0, k * sizeof(double));
  memset(s->weights, 0, k * sizeof(double));
  memset(s->squares, 0, k * sizeof(double));
  memset(s->drift, 0, s->n_bounds * sizeof(float));
  ock_lloyd_change change = ock_lloyd_no_change;
  change.everything = true;
  change.n_old = knows ? n_old : 0;
  ock_lloyd_follow(s, &change);
}

double ock_lloyd_cheapest_merge(const ock_lloyd *s, size_t *best_a, size_t *best_b) {
  double least = INFINITY;
  *best_a = 0;
  *best_b = 1;
  for (size_t b = 1; b < s->k; b++)
    for (size_t a = 0; a < b; a++) {
      double sum = s->weights[a] + s->weights[b], share = sum > 0 ? s->weights[a] * s->weights[b] / sum : 0;
      double price = share * ock_squared_distance(s->centroids + a * s->d, s->centroids + b * s->d, s->d);
      if (price < least) {
        least = price;
        *best_a = a;
        *best_b = b;
      }
    }
  return least;
}

/* ---- starts ---- */

/* Fill `before` with the sum of the weights before each place, the total last. */
static double *sum_weights(const ock_lloyd *s) {
  double *before = s->store->weight ? ock_alloc_array(s->n + 1, sizeof(double)) : NULL;
  if (!before) return NULL;
  before[0] = 0;
  for (size_t i = 0; i < s->n; i++) before[i + 1] = before[i] + s->store->weight[i];
  return before;
}

/* A place, with probability proportional to its weight; where memory ran out for `before`, each like any other. */
static size_t draw_place(const ock_lloyd *s, const double *before, ock_rng *rng) {
  if (!before) return ock_rng_below(rng, s->n);
  double target = ock_rng_uniform(rng) * before[s->n];
  size_t low = 0, high = s->n - 1; /* the last place with before[place] <= target */
  while (low < high) {
    size_t middle = high - (high - low) / 2;
    if (before[middle] <= target)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

/* k-means++ among m rows at `rows`: the next centre is drawn with probability proportional to the squared distance to
 * the nearest so far. */
static void draw_spread(const ock_lloyd *s, const double *rows, double *nearest, size_t m, size_t k, ock_rng *rng) {
  for (size_t i = 0; i < m; i++) nearest[i] = INFINITY;
  size_t chosen = 0;
  for (size_t j = 0; j < k; j++) {
    double total = 0;
    memcpy(s->positions + j * s->d, rows + chosen * s->d, s->d * sizeof(double));
    for (size_t i = 0; i < m; i++) {
      double squared = ock_squared_distance(rows + i * s->d, rows + chosen * s->d, s->d);
      if (squared < nearest[i]) nearest[i] = squared;
      total += nearest[i];
    }
    double target = ock_rng_uniform(rng) * total;
    for (chosen = 0; chosen + 1 < m && target >= nearest[chosen]; chosen++) target -= nearest[chosen];
  }
}

void ock_lloyd_scatter(ock_lloyd *s, size_t k, ock_rng *rng) {
  enum { ROWS_A_CENTRE = 20, MOST_VALUES = 1 << 20 };
  size_t m = k * ROWS_A_CENTRE;
  double *before = sum_weights(s);
  double *rows = (double)m * (double)(s->d + 1) <= MOST_VALUES ? ock_alloc_array(m, (s->d + 1) * sizeof(double)) : NULL;
  if (rows) {
    for (size_t i = 0; i < m; i++) ock_store_read_row(s->store, draw_place(s, before, rng), rows + i * s->d);
    draw_spread(s, rows, rows + m * s->d, m, k, rng);
    ock_free(rows);
  } else {
    for (size_t j = 0; j < k; j++) ock_store_read_row(s->store, draw_place(s, before, rng), s->positions + j * s->d);
  }
  ock_free(before);
  s->k = 0; /* what bounds say of other centres is no help */
  ock_lloyd_assign(s, s->positions, k);
}

static int compare_gains(const void *a, const void *b, void *cuts) {
  double x = ((const ock_cut *)cuts)[*(const uint32_t *)a].gain, y = ((const ock_cut *)cuts)[*(const uint32_t *)b].gain;
  return x != y ? (x > y ? -1 : 1) : *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

/* Cut the m clusters that gain most, all in one pass over the rows. */
static void split_many(ock_lloyd *s, size_t m) {
  size_t k = s->k, row_bytes = s->d * sizeof(double);
  for (uint32_t j = 0; j < k; j++) s->list[j] = j;
  qsort_r(s->list, k, sizeof *s->list, compare_gains, s->cuts);
  memcpy(s->positions, s->centroids, k * row_bytes);
  size_t now = k;
  for (size_t i = 0; i < m && s->cuts[s->list[i]].gain > 0; i++) {
    const ock_cut *cut = &s->cuts[s->list[i]];
    memcpy(s->positions + s->list[i] * s->d, cut->positions, row_bytes);
    memcpy(s->positions + now++ * s->d, cut->positions + s->d, row_bytes);
  }
  ock_lloyd_assign(s, s->positions, now);
}

void ock_lloyd_grow(ock_lloyd *s, size_t k) {
  enum { ONE_BY_ONE = 64, SHARE_AT_ONCE = 4 };
  memset(s->centroids, 0, s->d * sizeof(double));
  s->k = 0;
  ock_lloyd_assign(s, s->centroids, 1);
  while (s->k < k) {
    size_t j = ock_lloyd_best_cut(s, OCK_LLOYD_NONE, OCK_LLOYD_NONE);
    if (!(s->cuts[j].gain > 0)) break;
    size_t m = s->k / SHARE_AT_ONCE;
    if (s->k < ONE_BY_ONE)
      ock_lloyd_split(s, j);
    else
      split_many(s, m < k - s->k ? m : k - s->k);
    ock_lloyd_regroup_grown(s);
    if (s->ticker && ock_ticker_stopped(s->ticker)) break;
  }
}
