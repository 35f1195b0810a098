/* SPDX-License-Identifier: Apache-2.0 */
/* The exact silhouette of many partitions at once. Each distance between two rows is computed once for a strip of rows
 * and added to one sum a partition: the sum that belongs to the cluster of the other row. */
#include <math.h>
#include <string.h>

#include "kernels/internal.h"
#include "select/internal.h"

/* Sums of one group of partitions should stay in the second-level cache: 2048 x OCK_STRIP doubles are 256 KiB. */
enum { MAX_SLOTS = 2048, ROWS_AT_ONCE = 256, STRIPS_A_TASK = 4 };

/* Partitions that are summed together. Cluster j of partition first + p has slot offset[p] + j. */
typedef struct group {
  size_t first, n;
  size_t n_slots;
  const size_t *offset; /* by partition, from the start of the arrays */
  uint16_t *slot;       /* n_rows x n */
} group;

typedef struct pass {
  ockham_rows x;
  const double *origin;
  const ock_partitions *partitions;
  const ock_kernels *kernels;
  group group;
  size_t scratch_size;
  double *scratch;   /* a worker: strip, chunk of rows, sums */
  double *task_sums; /* a task: n_partitions totals */
} pass;

static void load_chunk(const pass *p, size_t first, size_t n, double *chunk) {
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < p->x.n_columns; l++)
      chunk[i * p->x.n_columns + l] = ock_rows_get(p->x, first + i, l) - p->origin[l];
}

static void load_strip(const pass *p, size_t first, size_t n, double *strip) {
  for (size_t l = 0; l < p->x.n_columns; l++)
    for (size_t r = 0; r < OCK_STRIP; r++)
      strip[l * OCK_STRIP + r] = r < n ? ock_rows_get(p->x, first + r, l) - p->origin[l] : 0;
}

/* From sums of distances to each cluster to the silhouettes of the strip's rows, summed over the rows. */
static double strip_silhouette(const pass *p, size_t partition, const double *sums, size_t first, size_t n) {
  size_t k = p->partitions->k[partition];
  const uint64_t *sizes = p->partitions->sizes[partition];
  double total = 0;
  for (size_t r = 0; r < n; r++) {
    size_t own = p->partitions->label[(first + r) * p->partitions->n_partitions + partition];
    if (sizes[own] < 2) continue; /* a row alone has silhouette 0 */
    double nearest = INFINITY;
    for (size_t j = 0; j < k; j++) {
      double mean = sums[j * OCK_STRIP + r] / (double)sizes[j];
      if (j != own && mean < nearest) nearest = mean;
    }
    double within = sums[own * OCK_STRIP + r] / (double)(sizes[own] - 1);
    double larger = within > nearest ? within : nearest;
    if (larger > 0) total += (nearest - within) / larger;
  }
  return total;
}

static void sum_strip(const pass *p, size_t first, size_t n, double *scratch, double *totals) {
  size_t d = p->x.n_columns;
  double *strip = scratch, *chunk = strip + d * OCK_STRIP, *sums = chunk + d * ROWS_AT_ONCE;
  memset(sums, 0, p->group.n_slots * OCK_STRIP * sizeof(double));
  load_strip(p, first, n, strip);
  for (size_t row = 0; row < p->x.n_rows; row += ROWS_AT_ONCE) {
    size_t m = p->x.n_rows - row < ROWS_AT_ONCE ? p->x.n_rows - row : ROWS_AT_ONCE;
    load_chunk(p, row, m, chunk);
    p->kernels->pair_sums(strip, d, chunk, m, p->group.slot + row * p->group.n, p->group.n, sums);
  }
  for (size_t g = 0; g < p->group.n; g++) {
    size_t partition = p->group.first + g;
    totals[partition] += strip_silhouette(p, partition, sums + p->group.offset[partition] * OCK_STRIP, first, n);
  }
}

static void run_task(void *arg, size_t task, size_t worker) {
  const pass *p = arg;
  double *totals = p->task_sums + task * p->partitions->n_partitions;
  for (size_t s = 0; s < STRIPS_A_TASK; s++) {
    size_t first = (task * STRIPS_A_TASK + s) * OCK_STRIP;
    if (first >= p->x.n_rows) return;
    size_t n = p->x.n_rows - first < OCK_STRIP ? p->x.n_rows - first : OCK_STRIP;
    sum_strip(p, first, n, p->scratch + worker * p->scratch_size, totals);
  }
}

static void fill_slots(const pass *p) {
  const group *g = &p->group;
  for (size_t i = 0; i < p->x.n_rows; i++)
    for (size_t q = 0; q < g->n; q++) {
      size_t partition = g->first + q;
      size_t label = p->partitions->label[i * p->partitions->n_partitions + partition];
      g->slot[i * g->n + q] = (uint16_t)(g->offset[partition] + label);
    }
}

/* Group partitions so that the slots of a group stay below MAX_SLOTS; returns the end of the group from `first`. */
static size_t close_group(const ock_partitions *partitions, size_t first, size_t *offset, size_t *n_slots) {
  size_t end = first;
  *n_slots = 0;
  while (end < partitions->n_partitions && (end == first || *n_slots + partitions->k[end] <= MAX_SLOTS)) {
    offset[end] = *n_slots;
    *n_slots += partitions->k[end++];
  }
  return end;
}

/* Tasks run in batches, so that a stop is noticed. */
typedef struct batch {
  pass *pass;
  size_t first;
} batch;

static void run_batch_task(void *arg, size_t task, size_t worker) {
  const batch *b = arg;
  run_task(b->pass, b->first + task, worker);
}

static bool run_batches(pass *p, size_t n_tasks, ock_pool *pool, ock_ticker *ticker) {
  const size_t tasks_a_batch = 64;
  for (size_t first = 0; first < n_tasks; first += tasks_a_batch) {
    if (ticker && ock_ticker_stopped(ticker)) return false;
    size_t n = n_tasks - first < tasks_a_batch ? n_tasks - first : tasks_a_batch;
    ock_pool_run(pool, n, run_batch_task, &(batch){p, first});
  }
  return true;
}

static ockham_status run_groups(pass *p, size_t n_tasks, size_t *offset, ock_pool *pool, ock_ticker *ticker,
                                ockham_error *err) {
  size_t n_partitions = p->partitions->n_partitions;
  for (size_t first = 0, end; first < n_partitions; first = end) {
    end = close_group(p->partitions, first, offset, &p->group.n_slots);
    p->group.first = first;
    p->group.n = end - first;
    p->group.offset = offset;
    fill_slots(p);
    if (!run_batches(p, n_tasks, pool, ticker))
      return ock_fail(err, OCKHAM_INTERRUPTED, "stopped while computing silhouettes");
  }
  return OCKHAM_OK;
}

ockham_status ock_silhouettes_exact(ockham_rows x, const double *origin, const ock_partitions *partitions,
                                    ock_pool *pool, ock_ticker *ticker, double *silhouette, ockham_error *err) {
  size_t n_partitions = partitions->n_partitions, rows_a_task = STRIPS_A_TASK * OCK_STRIP;
  size_t n_tasks = (x.n_rows + rows_a_task - 1) / rows_a_task, most_slots = MAX_SLOTS;
  for (size_t q = 0; q < n_partitions; q++)
    if (partitions->k[q] > most_slots) most_slots = partitions->k[q];
  ock_arena arena = {0};
  pass p = {.x = x, .origin = origin, .partitions = partitions, .kernels = ock_kernels_pick()};
  p.scratch_size = x.n_columns * (OCK_STRIP + ROWS_AT_ONCE) + most_slots * OCK_STRIP;
  p.scratch = ock_arena_array(&arena, ock_pool_size(pool) * sizeof(double), p.scratch_size);
  p.task_sums = ock_arena_array(&arena, ock_size_product(n_tasks, n_partitions), sizeof(double));
  p.group.slot = ock_arena_array(&arena, ock_size_product(x.n_rows, n_partitions), sizeof(uint16_t));
  size_t *offset = ock_arena_array(&arena, n_partitions, sizeof *offset);
  ockham_status status;
  if (p.scratch && p.task_sums && p.group.slot && offset) {
    memset(p.task_sums, 0, n_tasks * n_partitions * sizeof(double));
    status = run_groups(&p, n_tasks, offset, pool, ticker, err);
  } else {
    status = ock_fail_memory(err, "the silhouette", ock_size_product(x.n_rows, 2 * n_partitions));
  }
  for (size_t q = 0; q < n_partitions && !status; q++) {
    double total = 0;
    for (size_t task = 0; task < n_tasks; task++) total += p.task_sums[task * n_partitions + q];
    silhouette[q] = total / (double)x.n_rows;
  }
  ock_arena_clear(&arena);
  return status;
}
