/* SPDX-License-Identifier: Apache-2.0 */
/* Rows go through in blocks that fit a cache: a worker scales a block into its own buffer and labels it there. So the
 * scaling is as parallel as the distances are, and extra memory does not grow with the rows. */
#include <math.h>
#include <ockham/cluster.h>

#include "data/internal.h"
#include "model/internal.h"

enum { BLOCK_SIZE_BYTES = 256 * 1024, MAX_ROWS_A_BLOCK = 4096, MIN_ROWS_A_BLOCK = 64 };

/* A worker stops at its first failure. Blocks are handed out in order, so the first of all is among the workers'. */
typedef struct worker_state {
  ockham_status status;
  size_t failed_block;
  ockham_error err;
} worker_state;

typedef struct prediction {
  const ockham_model *model;
  ockham_rows x;
  size_t n_rows_a_block;
  uint32_t *labels;
  double *squared_distances;
  double *scaled;    /* n_rows_a_block x n_columns a worker */
  double *distances; /* n_rows_a_block a worker */
  worker_state *workers;
} prediction;

static ockham_rows block_of_rows(const prediction *p, size_t block) {
  size_t first = block * p->n_rows_a_block, left = p->x.n_rows - first;
  size_t element_size = p->x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  ockham_rows rows = p->x;
  rows.data = (const unsigned char *)p->x.data + first * ock_rows_stride(p->x) * element_size;
  rows.n_rows = left < p->n_rows_a_block ? left : p->n_rows_a_block;
  return rows;
}

static ockham_rows scale_block(const prediction *p, ockham_rows rows, size_t worker) {
  if (p->model->parts.scaling.kind == OCKHAM_SCALE_NONE) return rows;
  void *scaled = p->scaled + worker * p->n_rows_a_block * p->x.n_columns;
  ockham_scaling_apply(&p->model->parts.scaling, rows, scaled);
  rows.data = scaled;
  rows.stride = 0;
  return rows;
}

ockham_status ock_model_fail_overflow(const ockham_model *model, size_t row, ockham_error *err) {
  return ock_fail_at(err, OCKHAM_BAD_DATA, row + 1, 0,
                     "row %zu is so far from every %s that its squared distance overflows", row + 1,
                     model->parts.mixture ? "component" : "centroid");
}

static ockham_status label_block(const prediction *p, size_t block, size_t worker, ockham_error *err) {
  const ockham_model_parts *parts = &p->model->parts;
  size_t first = block * p->n_rows_a_block;
  ockham_rows rows = scale_block(p, block_of_rows(p, block), worker);
  uint32_t *labels = p->labels ? p->labels + first : NULL;
  double *distances = p->squared_distances ? p->squared_distances + first : p->distances + worker * p->n_rows_a_block;
  ockham_status status = ockham_nearest(rows, parts->centroids, parts->k, 1, labels, distances, err);
  if (status == OCKHAM_BAD_DATA) return ock_model_fail_overflow(p->model, first + (size_t)err->row - 1, err);
  for (size_t i = 0; !status && i < rows.n_rows; i++)
    if (!isfinite(distances[i])) status = ock_model_fail_overflow(p->model, first + i, err);
  return status;
}

static void label_block_task(void *arg, size_t block, size_t worker) {
  const prediction *p = arg;
  worker_state *state = &p->workers[worker];
  if (state->status) return;
  state->status = label_block(p, block, worker, &state->err);
  state->failed_block = block;
}

static ockham_status first_failure(const prediction *p, size_t n_workers, ockham_error *err) {
  const worker_state *first = NULL;
  for (size_t i = 0; i < n_workers; i++)
    if (p->workers[i].status && (!first || p->workers[i].failed_block < first->failed_block)) first = &p->workers[i];
  if (!first) return OCKHAM_OK;
  if (err) *err = first->err;
  return first->status;
}

static ockham_status allocate(prediction *p, size_t n_workers, ock_arena *arena, ockham_error *err) {
  bool scales = p->model->parts.scaling.kind != OCKHAM_SCALE_NONE;
  size_t n_rows = n_workers * p->n_rows_a_block, row_size = scales ? p->x.n_columns * sizeof(double) : 0;
  p->scaled = ock_arena_array(arena, n_rows, row_size);
  p->distances = ock_arena_array(arena, n_rows, sizeof(double));
  p->workers = ock_arena_array(arena, n_workers, sizeof *p->workers);
  if (!p->scaled || !p->distances || !p->workers)
    return ock_fail_memory(err, "blocks of rows", ock_size_product(n_rows, row_size + sizeof(double)));
  for (size_t i = 0; i < n_workers; i++) p->workers[i] = (worker_state){0};
  return OCKHAM_OK;
}

/* No more than there are: a server asks for one row at a time. */
static size_t rows_a_block(ockham_rows x) {
  size_t n = BLOCK_SIZE_BYTES / sizeof(double) / x.n_columns;
  n = n > MAX_ROWS_A_BLOCK ? MAX_ROWS_A_BLOCK : n < MIN_ROWS_A_BLOCK ? MIN_ROWS_A_BLOCK : n;
  return n < x.n_rows ? n : x.n_rows;
}

ockham_status ockham_model_predict(const ockham_model *model, ockham_rows x, size_t threads, uint32_t *labels,
                                   double *squared_distances, ockham_error *err) {
  if (model->parts.k == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the model must have clusters, found a profile alone");
  if (x.n_columns != model->parts.n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the data must have the model's %zu columns, found %zu",
                    model->parts.n_columns, x.n_columns);
  OCK_TRY(ock_rows_check(x, "the data", err));
  if (model->parts.mixture) return ock_model_predict_mixture(model, x, threads, labels, squared_distances, err);
  prediction p = {.model = model,
                  .x = x,
                  .n_rows_a_block = rows_a_block(x),
                  .labels = labels,
                  .squared_distances = squared_distances};
  size_t n_blocks = (x.n_rows - 1) / p.n_rows_a_block + 1;
  ock_pool *pool;
  OCK_TRY(ock_pool_new(n_blocks == 1 ? 1 : threads, &pool, err));
  ock_arena arena = {0};
  ockham_status status = allocate(&p, ock_pool_size(pool), &arena, err);
  if (!status) {
    ock_pool_run(pool, n_blocks, label_block_task, &p);
    status = first_failure(&p, ock_pool_size(pool), err);
  }
  ock_arena_clear(&arena);
  ock_pool_free(pool);
  return status;
}
