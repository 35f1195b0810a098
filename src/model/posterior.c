/* SPDX-License-Identifier: Apache-2.0 */
/* What a model's mixture says of rows: they are scaled a stretch at a time, and each stretch goes to the mixture. A
 * stretch is of whole panels, so that rows share one with the same neighbours as if all went at once. */
#include <math.h>

#include "model/internal.h"

enum { STRETCH_VALUES = 1 << 20, ROWS_A_PANEL = 64, MOST_ROWS = 1 << 16 };

typedef struct outputs {
  uint32_t *labels;
  double *probabilities, *log_densities, *squared_distances; /* each NULL or by row of all */
} outputs;

/* Room for a stretch. */
typedef struct stretch {
  size_t n_rows;
  void *scaled;
  uint32_t *labels; /* where distances are wanted, and labels are not */
} stretch;

static size_t rows_a_stretch(size_t n_columns) {
  size_t n = STRETCH_VALUES / n_columns / ROWS_A_PANEL * ROWS_A_PANEL;
  return n > MOST_ROWS ? MOST_ROWS : n < ROWS_A_PANEL ? ROWS_A_PANEL : n;
}

/* To the mean of each row's component. */
static ockham_status measure_distances(const ockham_model *model, ockham_rows rows, size_t first,
                                       const uint32_t *labels, double *distances, ockham_error *err) {
  size_t d = rows.n_columns;
  for (size_t i = 0; i < rows.n_rows; i++) {
    const double *mean = model->mixture.means + labels[i] * d;
    distances[i] = 0;
    for (size_t l = 0; l < d; l++) {
      double difference = ock_rows_get(rows, i, l) - mean[l];
      distances[i] += difference * difference;
    }
    if (!isfinite(distances[i])) return ock_model_fail_overflow(model, first + i, err);
  }
  return OCKHAM_OK;
}

static ockham_status tell_stretch(const ockham_model *model, ockham_rows rows, size_t first, size_t threads,
                                  const stretch *room, const outputs *to, ockham_error *err) {
  uint32_t *labels = to->labels ? to->labels + first : room->labels;
  double *distances = to->squared_distances ? to->squared_distances + first : NULL;
  ockham_error inner = {0};
  if (model->parts.scaling.kind != OCKHAM_SCALE_NONE) {
    ockham_scaling_apply(&model->parts.scaling, rows, room->scaled);
    rows.data = room->scaled;
    rows.stride = 0;
  }
  ockham_status status = ockham_mixture_predict(&model->mixture, rows, threads, labels,
                                                to->probabilities ? to->probabilities + first * model->parts.k : NULL,
                                                to->log_densities ? to->log_densities + first : NULL, &inner);
  if (status == OCKHAM_BAD_DATA) return ock_model_fail_overflow(model, first + (size_t)inner.row - 1, err);
  if (status && err) *err = inner;
  if (!status && distances) status = measure_distances(model, rows, first, labels, distances, err);
  return status;
}

static ockham_status allocate(const ockham_model *model, ockham_rows x, const outputs *to, ock_arena *arena,
                              stretch *room, ockham_error *err) {
  size_t n = rows_a_stretch(x.n_columns), size_bytes = ock_size_product(x.n_columns, sizeof(double));
  room->n_rows = n < x.n_rows ? n : x.n_rows;
  if (model->parts.scaling.kind != OCKHAM_SCALE_NONE) room->scaled = ock_arena_array(arena, room->n_rows, size_bytes);
  if (to->squared_distances) room->labels = ock_arena_array(arena, room->n_rows, sizeof *room->labels);
  if ((room->scaled || model->parts.scaling.kind == OCKHAM_SCALE_NONE) && (room->labels || !to->squared_distances))
    return OCKHAM_OK;
  return ock_fail_memory(err, "a stretch of rows", ock_size_product(room->n_rows, size_bytes));
}

static ockham_status tell_rows(const ockham_model *model, ockham_rows x, size_t threads, const outputs *to,
                               ockham_error *err) {
  size_t stride_bytes = ock_rows_stride(x) * (x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double));
  ock_arena arena = {0};
  stretch room = {0};
  ockham_status status = allocate(model, x, to, &arena, &room, err);
  for (size_t first = 0; first < x.n_rows && !status; first += room.n_rows) {
    ockham_rows some = x;
    some.data = (const char *)x.data + first * stride_bytes;
    some.n_rows = x.n_rows - first < room.n_rows ? x.n_rows - first : room.n_rows;
    status = tell_stretch(model, some, first, threads, &room, to, err);
  }
  ock_arena_clear(&arena);
  return status;
}

ockham_status ock_model_predict_mixture(const ockham_model *model, ockham_rows x, size_t threads, uint32_t *labels,
                                        double *squared_distances, ockham_error *err) {
  return tell_rows(model, x, threads, &(outputs){.labels = labels, .squared_distances = squared_distances}, err);
}

ockham_status ockham_model_posterior(const ockham_model *model, ockham_rows x, size_t threads, uint32_t *labels,
                                     double *probabilities, double *log_densities, ockham_error *err) {
  if (!model->parts.mixture)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the model must hold a mixture, found centroids of k-means");
  if (x.n_columns != model->parts.n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the data must have the model's %zu columns, found %zu",
                    model->parts.n_columns, x.n_columns);
  OCK_TRY(ock_rows_check(x, "the data", err));
  outputs to = {.labels = labels, .probabilities = probabilities, .log_densities = log_densities};
  return tell_rows(model, x, threads, &to, err);
}
