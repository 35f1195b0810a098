/* SPDX-License-Identifier: Apache-2.0 */
/* The matrices of sums of squares and products: T once from the rows; B of each k from its means alone, and W = T - B.
 */
#include <math.h>
#include <string.h>

#include "select/evidence.h"
#include "stats/internal.h"

enum { MOST_BLOCKS = 32, LEAST_ROWS_A_BLOCK = 256 };

/* A column of which less than this share of its sum of squares is left beside the others tells nothing but rounding. */
static const double least_pivot = 1e-11;

static size_t packed(size_t m) {
  return m * (m + 1) / 2;
}

/* ---- T ---- */

typedef struct pass {
  const ock_scatter *s;
  ockham_rows x;
  const ock_frame *frame;
  bool full;
  size_t n_blocks, size;
  double *sums, *rows; /* a block: size, m */
} pass;

static void add_block(void *arg, size_t b, size_t worker) {
  (void)worker;
  const pass *p = arg;
  const ock_frame *frame = p->frame;
  size_t m = p->s->m, end = (b + 1) * p->x.n_rows / p->n_blocks;
  double *sums = p->sums + b * p->size, *row = p->rows + b * m;
  memset(sums, 0, p->size * sizeof *sums);
  for (size_t i = b * p->x.n_rows / p->n_blocks; i < end; i++) {
    double weight = frame->weights ? frame->weights[i] : 1;
    for (size_t a = 0; a < m; a++) {
      size_t l = p->s->column[a];
      row[a] = (ock_rows_get(p->x, i, l) - frame->origin[l]) * frame->unit;
    }
    if (!p->full)
      for (size_t a = 0; a < m; a++) sums[a] += weight * row[a] * row[a];
    else
      for (size_t a = 0; a < m; a++)
        for (size_t c = 0; c <= a; c++) sums[packed(a) + c] += weight * row[a] * row[c];
  }
}

/* In blocks, whose sums are added up in their order: into those of the first. */
static double *add_rows(const ock_scatter *s, ockham_rows x, const ock_frame *frame, ock_pool *pool, ock_arena *arena) {
  bool full = s->m <= OCKHAM_SCATTER_COLUMNS;
  pass p = {.s = s, .x = x, .frame = frame, .full = full, .size = full ? packed(s->m) : s->m};
  p.n_blocks = ock_clamp(x.n_rows / LEAST_ROWS_A_BLOCK, 1, MOST_BLOCKS);
  p.sums = ock_arena_array(arena, p.n_blocks, ock_size_product(p.size, sizeof(double)));
  p.rows = ock_arena_array(arena, p.n_blocks, ock_size_product(s->m, sizeof(double)));
  if (!p.sums || !p.rows) return NULL;
  ock_pool_run(pool, p.n_blocks, add_block, &p);
  for (size_t b = 1; b < p.n_blocks; b++)
    for (size_t i = 0; i < p.size; i++) p.sums[i] += p.sums[b * p.size + i];
  return p.sums;
}

/* The logarithm of the determinant of a matrix that becomes its own Cholesky factor; NaN when it is singular. */
static double factorise(double *a, size_t m) {
  double sum = 0;
  if (!ock_cholesky(a, m)) return NAN;
  for (size_t i = 0; i < m; i++) {
    double pivot = a[packed(i) + i];
    if (pivot * pivot < least_pivot) return NAN;
    sum += 2 * log(pivot);
  }
  return sum;
}

static bool find_spectrum(ock_scatter *s, const double *sums, double unit, ock_arena *scratch) {
  size_t m = s->m;
  double *square = ock_arena_array(scratch, 2 * m, ock_size_product(m, sizeof(double)));
  s->spectrum = ock_arena_array(&s->arena, m, sizeof(double));
  if (!square || !s->spectrum) return false;
  for (size_t a = 0; a < m; a++)
    for (size_t c = 0; c <= a; c++) square[a * m + c] = square[c * m + a] = sums[packed(a) + c];
  ock_symmetric_eigen(square, m, s->spectrum, square + m * m);
  for (size_t a = 0; a < m; a++) s->spectrum[a] = fmax(0, s->spectrum[a]) / unit / unit;
  return true;
}

/* Scale T, and see whether it is singular. */
static bool prepare_matrices(ock_scatter *s, const double *sums) {
  size_t m = s->m;
  double *total = ock_arena_array(&s->arena, packed(m), sizeof(double));
  s->within = ock_arena_array(&s->arena, packed(m), sizeof(double));
  s->position = ock_arena_array(&s->arena, m, sizeof(double));
  if (!total || !s->within || !s->position) return false;
  for (size_t a = 0; a < m; a++)
    for (size_t c = 0; c <= a; c++)
      total[packed(a) + c] = sums[packed(a) + c] / sqrt(s->squares[a]) / sqrt(s->squares[c]);
  memcpy(s->within, total, packed(m) * sizeof *total);
  s->log_determinant = factorise(s->within, m);
  s->total = isnan(s->log_determinant) ? NULL : total;
  return true;
}

static bool fill(ock_scatter *s, ockham_rows x, const ock_frame *frame, ock_pool *pool, ock_arena *scratch) {
  bool full = s->m <= OCKHAM_SCATTER_COLUMNS;
  s->column = ock_arena_array(&s->arena, s->d, sizeof *s->column);
  s->squares = ock_arena_array(&s->arena, s->d, sizeof *s->squares);
  if (!s->column || !s->squares) return false;
  for (size_t l = 0, a = 0; l < s->d; l++)
    if (frame->low[l] < frame->high[l]) s->column[a++] = l;
  double *sums = add_rows(s, x, frame, pool, scratch);
  if (!sums) return false;
  for (size_t a = 0; a < s->m; a++) s->squares[a] = full ? sums[packed(a) + a] : sums[a];
  return !full || s->m == 0 || (find_spectrum(s, sums, frame->unit, scratch) && prepare_matrices(s, sums));
}

ockham_status ock_scatter_init(ock_scatter *s, ockham_rows x, const ock_frame *frame, ock_pool *pool,
                               ockham_error *err) {
  ock_arena scratch = {0};
  *s = (ock_scatter){.d = frame->d};
  for (size_t l = 0; l < s->d; l++) s->m += frame->low[l] < frame->high[l];
  bool done = fill(s, x, frame, pool, &scratch);
  ock_arena_clear(&scratch);
  return done ? OCKHAM_OK : ock_fail_memory(err, "sums of products", ock_size_product(packed(s->m), sizeof(double)));
}

void ock_scatter_clear(ock_scatter *s) {
  ock_arena_clear(&s->arena);
}

/* ---- W of each k ---- */

static void place(const ock_scatter *s, const double *mean, double *position) {
  for (size_t a = 0; a < s->m; a++) position[a] = mean[s->column[a]] / sqrt(s->squares[a]);
}

static void take_between(ock_scatter *s, double weight) {
  const double *at = s->position;
  for (size_t a = 0; a < s->m; a++)
    for (size_t c = 0; c <= a; c++) s->within[packed(a) + c] -= weight * at[a] * at[c];
}

/* |L^-1 position|^2, where W = L L^T. */
static double length_in_within(ock_scatter *s) {
  double *at = s->position, sum = 0;
  for (size_t a = 0; a < s->m; a++) {
    const double *row = s->within + packed(a);
    for (size_t c = 0; c < a; c++) at[a] -= row[c] * at[c];
    at[a] /= row[a];
    sum += at[a] * at[a];
  }
  return sum;
}

static void compare_matrices(ock_scatter *s, size_t k, const double *weights, const double *means,
                             double *log_determinant, double *trace_ratio) {
  *log_determinant = *trace_ratio = NAN;
  if (!s->total) return;
  memcpy(s->within, s->total, packed(s->m) * sizeof(double));
  for (size_t j = 0; k > 1 && j < k; j++) {
    place(s, means + j * s->d, s->position);
    take_between(s, weights[j]);
  }
  *log_determinant = factorise(s->within, s->m) - s->log_determinant;
  if (isnan(*log_determinant)) return;
  *trace_ratio = 0;
  for (size_t j = 0; k > 1 && j < k; j++) {
    place(s, means + j * s->d, s->position);
    *trace_ratio += weights[j] * length_in_within(s);
  }
}

void ock_scatter_compare(ock_scatter *s, size_t k, const double *weights, const double *means, double *log_determinant,
                         double *trace_ratio, double *explained) {
  for (size_t l = 0; l < s->d; l++) explained[l] = NAN;
  for (size_t a = 0; a < s->m; a++) {
    double sum = 0;
    for (size_t j = 0; k > 1 && j < k; j++) {
      double mean = means[j * s->d + s->column[a]];
      sum += weights[j] * mean * mean;
    }
    explained[s->column[a]] = sum / s->squares[a];
  }
  compare_matrices(s, k, weights, means, log_determinant, trace_ratio);
}
