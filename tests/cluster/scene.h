/* SPDX-License-Identifier: Apache-2.0 */
/* Random data for the tests of this folder, and plain arithmetic to compare with. */
#ifndef OCK_TEST_SCENE_H
#define OCK_TEST_SCENE_H

#include "cluster/internal.h"
#include "test.h"

enum { SCENE_MAX_ROWS = 7000, SCENE_MAX_COLUMNS = 20, SCENE_MAX_STRIDE = SCENE_MAX_COLUMNS + 3, SCENE_MAX_K = 40 };

/* A view of rows with the memory behind it; scratch between rows holds NaN, so that reading it shows. */
typedef struct scene {
  ockham_rows x;
  double wide[SCENE_MAX_ROWS * SCENE_MAX_STRIDE];
  float narrow[SCENE_MAX_ROWS * SCENE_MAX_STRIDE];
} scene;

static inline void scene_shape(scene *e, size_t n, size_t d, size_t stride, ockham_dtype dtype) {
  e->x = (ockham_rows){.data = dtype == OCKHAM_FLOAT32 ? (const void *)e->narrow : (const void *)e->wide,
                       .n_rows = n,
                       .n_columns = d,
                       .stride = stride,
                       .dtype = dtype};
  for (size_t i = 0; i < n * ock_rows_stride(e->x); i++) e->narrow[i] = (float)(e->wide[i] = NAN);
}

static inline void scene_put(scene *e, size_t row, size_t column, double value) {
  size_t at = row * ock_rows_stride(e->x) + column;
  e->wide[at] = value;
  e->narrow[at] = (float)value;
}

/* Whole numbers 0 ... 3, where distances tie exactly, or normal values around five places. */
static inline void scene_draw(scene *e, ock_rng *rng, bool coarse) {
  for (size_t i = 0; i < e->x.n_rows; i++) {
    double place = (double)ock_rng_below(rng, 5);
    for (size_t l = 0; l < e->x.n_columns; l++)
      scene_put(e, i, l, coarse ? (double)ock_rng_below(rng, 4) : ock_rng_normal(rng) + 4 * place * (double)(l % 2));
  }
}

/* n rows in k round clouds of deviation 1 about (40 c, offset). */
static inline void scene_blobs(scene *e, ock_rng *rng, size_t n, size_t d, size_t k, double offset) {
  scene_shape(e, n, d, 0, OCKHAM_FLOAT64);
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < d; l++)
      scene_put(e, i, l, offset + (l == 0 ? 40 * (double)(i % k) : 0) + ock_rng_normal(rng));
}

/* Squared distance from row i, less origin (d values or NULL), to a centre. */
static inline double plain_squared_distance(ockham_rows x, size_t i, const double *origin, const double *centre) {
  double sum = 0;
  for (size_t l = 0; l < x.n_columns; l++) {
    double difference = ock_rows_get(x, i, l) - (origin ? origin[l] : 0) - centre[l];
    sum += difference * difference;
  }
  return sum;
}

static inline size_t plain_nearest(ockham_rows x, size_t i, const double *origin, const double *centres, size_t k) {
  size_t best = 0;
  double least = INFINITY;
  for (size_t j = 0; j < k; j++) {
    double squared = plain_squared_distance(x, i, origin, centres + j * x.n_columns);
    if (squared < least) {
      least = squared;
      best = j;
    }
  }
  return best;
}

#endif
