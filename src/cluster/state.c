/* SPDX-License-Identifier: Apache-2.0 */
/* The state of k-means: its memory, its blocks, and the passes that compute without moving a centre. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/lloyd.h"

/* Blocks depend on the data's shape only, never on the threads, so that sums are taken in the same order everywhere.
 * Few enough that their partial sums stay small beside the data. */
static size_t choose_n_blocks(size_t n, size_t d, size_t k_max) {
  const size_t min_rows = 2048, max_blocks = 64, few = 8;
  const double budget = 4e6; /* doubles */
  size_t blocks = n / min_rows;
  if (blocks > max_blocks) blocks = max_blocks;
  if ((double)blocks * (double)k_max * (double)d > budget) {
    double affordable = budget / ((double)k_max * (double)d);
    size_t least = blocks < few ? blocks : few;
    blocks = affordable < (double)least ? least : (size_t)affordable;
  }
  return blocks ? blocks : 1;
}

static bool allocate_block(ock_lloyd *s, ock_lloyd_block *block) {
  size_t n_sums = s->k_max > OCK_MAX_CANDIDATES ? s->k_max : OCK_MAX_CANDIDATES;
  block->sums = ock_arena_array(&s->arena, ock_size_product(n_sums, s->d), sizeof(double));
  block->counts = ock_arena_array(&s->arena, n_sums, sizeof(int64_t));
  block->within = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  block->spread = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  block->gain = ock_arena_array(&s->arena, OCK_MAX_CANDIDATES, sizeof(double));
  return block->sums && block->counts && block->within && block->spread && block->gain;
}

static bool allocate_scratch(ock_lloyd *s) {
  s->blocks = ock_arena_array(&s->arena, s->n_blocks, sizeof *s->blocks);
  s->workers = ock_arena_array(&s->arena, ock_pool_size(s->pool), sizeof *s->workers);
  if (!s->blocks || !s->workers) return false;
  for (size_t b = 0; b < s->n_blocks; b++) {
    /* Whole panels, so that no panel straddles two blocks. */
    size_t panels = (s->n + OCK_PANEL - 1) / OCK_PANEL;
    s->blocks[b].first = panels * b / s->n_blocks * OCK_PANEL;
    s->blocks[b].end = panels * (b + 1) / s->n_blocks * OCK_PANEL;
    if (s->blocks[b].end > s->n) s->blocks[b].end = s->n;
    if (!allocate_block(s, &s->blocks[b])) return false;
  }
  for (size_t w = 0; w < ock_pool_size(s->pool); w++) {
    s->workers[w].panel = ock_arena_array(&s->arena, ock_size_product(s->d, OCK_PANEL), sizeof(double));
    s->workers[w].candidates = ock_arena_array(&s->arena, OCK_MAX_CANDIDATES * OCK_PANEL, sizeof(double));
    if (!s->workers[w].panel || !s->workers[w].candidates) return false;
  }
  return true;
}

static bool allocate(ock_lloyd *s) {
  size_t centre_values = ock_size_product(s->k_max, s->d);
  s->origin = ock_arena_array(&s->arena, s->d, sizeof(double));
  s->centroids = ock_arena_array(&s->arena, centre_values, sizeof(double));
  s->sums = ock_arena_array(&s->arena, centre_values, sizeof(double));
  s->previous = ock_arena_array(&s->arena, centre_values, sizeof(double));
  s->counts = ock_arena_array(&s->arena, s->k_max, sizeof(uint64_t));
  s->within = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  s->spread = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  s->drift = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  s->half_gap = ock_arena_array(&s->arena, s->k_max, sizeof(double));
  s->order = ock_arena_array(&s->arena, s->k_max, sizeof(uint32_t));
  s->candidates = ock_arena_array(&s->arena, ock_size_product(2 * OCK_MAX_CANDIDATES, s->d), sizeof(double));
  s->label = ock_arena_array(&s->arena, s->n, sizeof(uint32_t));
  s->upper = ock_arena_array(&s->arena, s->n, sizeof(double));
  s->lower = ock_arena_array(&s->arena, s->n, sizeof(double));
  return s->origin && s->centroids && s->sums && s->previous && s->counts && s->within && s->spread && s->drift &&
         s->half_gap && s->order && s->candidates && s->label && s->upper && s->lower;
}

void ock_lloyd_run_blocks(ock_lloyd *s, ock_task *task, void *arg) {
  ock_pool_run(s->pool, s->n_blocks, task, arg);
}

/* ---- the origin: column means, by blocks ---- */

static double square_of_row(const ock_lloyd *s, size_t i) {
  double sum = 0;
  for (size_t l = 0; l < s->d; l++) sum += ock_rows_get(s->x, i, l) * ock_rows_get(s->x, i, l);
  return sum;
}

static void sum_rows(void *arg, size_t b, size_t worker) {
  (void)worker;
  ock_lloyd *s = arg;
  ock_lloyd_block *block = &s->blocks[b];
  memset(block->sums, 0, s->d * sizeof(double));
  block->weight = 0;
  for (size_t i = block->first; i < block->end; i++) {
    ock_lloyd_add_row(s, i, 1, block->sums);
    block->weight += square_of_row(s, i);
  }
}

/* False when squared distances, or sums of them over the rows, could exceed what a double holds. */
static bool find_origin(ock_lloyd *s) {
  double squares = 0;
  memset(s->origin, 0, s->d * sizeof(double));
  ock_lloyd_run_blocks(s, sum_rows, s);
  for (size_t b = 0; b < s->n_blocks; b++) {
    squares += s->blocks[b].weight;
    for (size_t l = 0; l < s->d && b > 0; l++) s->blocks[0].sums[l] += s->blocks[b].sums[l];
  }
  for (size_t l = 0; l < s->d; l++) s->origin[l] = s->blocks[0].sums[l] / (double)s->n;
  return squares <= DBL_MAX / (8 * (double)s->n);
}

ockham_status ock_lloyd_init(ock_lloyd *s, ockham_rows x, size_t k_max, ock_pool *pool, ock_ticker *ticker,
                             ockham_error *err) {
  *s = (ock_lloyd){.x = x,
                   .n = x.n_rows,
                   .d = x.n_columns,
                   .k_max = k_max,
                   .kernels = ock_kernels_pick(),
                   .pool = pool,
                   .ticker = ticker};
  s->n_blocks = choose_n_blocks(s->n, s->d, k_max);
  if (!allocate(s) || !allocate_scratch(s)) {
    ock_lloyd_clear(s);
    double size = 20.0 * (double)x.n_rows + 8.0 * (double)k_max * (double)x.n_columns * (3 + (double)s->n_blocks);
    return ock_fail_memory(err, "the state of k-means", size < (double)SIZE_MAX ? (size_t)size : SIZE_MAX);
  }
  if (!find_origin(s)) {
    ock_lloyd_clear(s);
    return ock_fail(err, OCKHAM_BAD_DATA, "the data hold values too large to be squared and summed; scale them");
  }
  return OCKHAM_OK;
}

void ock_lloyd_clear(ock_lloyd *s) {
  ock_arena_clear(&s->arena);
  *s = (ock_lloyd){0};
}

/* ---- what passes share ---- */

double ock_squared_distance(const double *a, const double *b, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += (a[l] - b[l]) * (a[l] - b[l]);
  return sum;
}

void ock_lloyd_add_row(const ock_lloyd *s, size_t i, double sign, double *sum) {
  size_t at = i * ock_rows_stride(s->x);
  if (s->x.dtype == OCKHAM_FLOAT32) {
    const float *row = (const float *)s->x.data + at;
    for (size_t l = 0; l < s->d; l++) sum[l] += sign * ((double)row[l] - s->origin[l]);
  } else {
    const double *row = (const double *)s->x.data + at;
    for (size_t l = 0; l < s->d; l++) sum[l] += sign * (row[l] - s->origin[l]);
  }
}

void ock_lloyd_zero_blocks(ock_lloyd *s) {
  for (size_t b = 0; b < s->n_blocks; b++) {
    memset(s->blocks[b].sums, 0, s->k * s->d * sizeof(double));
    memset(s->blocks[b].counts, 0, s->k * sizeof(int64_t));
    s->blocks[b].n_changed = 0;
  }
}

uint64_t ock_lloyd_reduce_blocks(ock_lloyd *s) {
  uint64_t n_changed = 0;
  for (size_t b = 0; b < s->n_blocks; b++) {
    const ock_lloyd_block *block = &s->blocks[b];
    if (block->n_changed == 0) continue;
    n_changed += block->n_changed;
    for (size_t i = 0; i < s->k * s->d; i++) s->sums[i] += block->sums[i];
    for (size_t j = 0; j < s->k; j++) s->counts[j] += (uint64_t)block->counts[j];
  }
  return n_changed;
}

static void zero_measures(ock_lloyd *s, ock_lloyd_block *block) {
  memset(block->within, 0, s->k * sizeof(double));
  memset(block->spread, 0, s->k * sizeof(double));
}

static void reduce_measures(ock_lloyd *s) {
  s->inertia = 0;
  for (size_t j = 0; j < s->k; j++) {
    s->within[j] = s->spread[j] = 0;
    for (size_t b = 0; b < s->n_blocks; b++) {
      s->within[j] += s->blocks[b].within[j];
      s->spread[j] += s->blocks[b].spread[j];
    }
    s->inertia += s->within[j];
  }
}

/* ---- assign ---- */

static void assign_block(void *arg, size_t b, size_t worker) {
  ock_lloyd *s = arg;
  ock_lloyd_block *block = &s->blocks[b];
  double *panel = s->workers[worker].panel, nearest[OCK_PANEL], second[OCK_PANEL];
  uint32_t label[OCK_PANEL];
  zero_measures(s, block);
  for (size_t first = block->first; first < block->end; first += OCK_PANEL) {
    size_t n = block->end - first < OCK_PANEL ? block->end - first : OCK_PANEL;
    ock_panel_load(s->kernels, s->x, s->origin, first, n, panel);
    s->kernels->nearest_two(panel, s->d, s->centroids, s->k, label, nearest, second);
    for (size_t r = 0; r < n; r++) {
      s->label[first + r] = label[r];
      s->upper[first + r] = sqrt(nearest[r]);
      s->lower[first + r] = sqrt(second[r]);
      block->within[label[r]] += nearest[r];
      block->spread[label[r]] += s->upper[first + r];
      block->counts[label[r]]++;
      ock_lloyd_add_row(s, first + r, 1, block->sums + label[r] * s->d);
    }
  }
  block->n_changed = block->end - block->first;
}

void ock_lloyd_assign(ock_lloyd *s, const double *centroids, size_t k) {
  s->k = k;
  if (centroids != s->centroids) memcpy(s->centroids, centroids, k * s->d * sizeof(double));
  memset(s->sums, 0, k * s->d * sizeof(double));
  memset(s->counts, 0, k * sizeof(uint64_t));
  ock_lloyd_zero_blocks(s);
  ock_lloyd_run_blocks(s, assign_block, s);
  ock_lloyd_reduce_blocks(s);
  reduce_measures(s);
}

static int compare_sizes(const void *a, const void *b, void *counts) {
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  const uint64_t *count = counts;
  if (count[i] != count[j]) return count[i] > count[j] ? -1 : 1;
  return (i > j) - (i < j);
}

void ock_lloyd_sort(ock_lloyd *s) {
  for (uint32_t j = 0; j < s->k; j++) s->order[j] = j;
  qsort_r(s->order, s->k, sizeof *s->order, compare_sizes, s->counts);
  memcpy(s->previous, s->centroids, s->k * s->d * sizeof(double));
  for (size_t j = 0; j < s->k; j++)
    memcpy(s->centroids + j * s->d, s->previous + s->order[j] * s->d, s->d * sizeof(double));
  ock_lloyd_assign(s, s->centroids, s->k);
}

/* ---- measure ---- */

static void measure_block(void *arg, size_t b, size_t worker) {
  ock_lloyd *s = arg;
  ock_lloyd_block *block = &s->blocks[b];
  double *panel = s->workers[worker].panel, own[OCK_PANEL];
  uint32_t label[OCK_PANEL] = {0};
  zero_measures(s, block);
  for (size_t first = block->first; first < block->end; first += OCK_PANEL) {
    size_t n = block->end - first < OCK_PANEL ? block->end - first : OCK_PANEL;
    ock_panel_load(s->kernels, s->x, s->origin, first, n, panel);
    memcpy(label, s->label + first, n * sizeof *label);
    memset(label + n, 0, (OCK_PANEL - n) * sizeof *label);
    s->kernels->own_distance(panel, s->d, s->centroids, label, own);
    for (size_t r = 0; r < n; r++) {
      s->upper[first + r] = sqrt(own[r]);
      block->within[label[r]] += own[r];
      block->spread[label[r]] += s->upper[first + r];
    }
  }
}

void ock_lloyd_measure(ock_lloyd *s) {
  ock_lloyd_run_blocks(s, measure_block, s);
  reduce_measures(s);
}
