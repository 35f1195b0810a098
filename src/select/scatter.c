/* SPDX-License-Identifier: Apache-2.0 */
/* The matrices of sums of squares and products: T once from the rows; B of each k from its means alone, and W = T - B.
 */
#include <math.h>
#include <string.h>

#include "select/evidence.h"
#include "stats/internal.h"

enum { MOST_BLOCKS = 32, LEAST_ROWS_A_BLOCK = 256, VALUES_A_SLICE = 1 << 16 };

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
  const ock_kernels *kernels;
  bool full;
  size_t n_blocks, size, slice, slice_rows;
  double *sums;    /* a block: size */
  double *scratch; /* a worker */
  size_t scratch_size;
} pass;

/* The columns that vary of a panel of rows, in strips, and their weights. */
static void load(const pass *p, size_t first, size_t n, double *panel, double *strips, double *weight) {
  const ock_frame *frame = p->frame;
  ock_panel_load(p->kernels, p->x, frame->origin, first, n, panel);
  for (size_t r = 0; r < OCK_PANEL; r++) weight[r] = r >= n ? 0 : frame->weights ? frame->weights[first + r] : 1;
  for (size_t strip = 0; strip < OCK_PANEL; strip += OCK_STRIP)
    for (size_t a = 0; a < p->s->m; a++) {
      const double *from = panel + p->s->column[a] * OCK_PANEL + strip;
      double *to = strips + ock_strip_place(p->s->m, strip, a);
      for (size_t r = 0; r < OCK_STRIP; r++) to[r] = from[r] * frame->unit;
    }
}

/* A slice of a block. */
static void add_block(void *arg, size_t b, size_t worker) {
  const pass *p = arg;
  size_t m = p->s->m, first = b * p->x.n_rows / p->n_blocks + p->slice * p->slice_rows;
  size_t end = (b + 1) * p->x.n_rows / p->n_blocks;
  double *panel = p->scratch + worker * p->scratch_size, *strips = panel + p->x.n_columns * OCK_PANEL;
  double *scratch = strips + m * OCK_PANEL, *nothing = scratch + (m + 1) * OCK_PANEL, weight[OCK_PANEL];
  memset(nothing, 0, m * sizeof *nothing);
  if (end > first + p->slice_rows) end = first + p->slice_rows;
  for (; first < end; first += OCK_PANEL) {
    load(p, first, end - first < OCK_PANEL ? end - first : OCK_PANEL, panel, strips, weight);
    p->kernels->add_moments(strips, m, nothing, p->full, weight, scratch, p->sums + b * p->size);
  }
}

/* In blocks, whose sums are added up in their order, into those of the first: the second moments stand behind others.
 * NULL: no memory. */
static double *add_rows(const ock_scatter *s, ockham_rows x, const ock_frame *frame, ock_pool *pool, ock_ticker *ticker,
                        ock_arena *arena) {
  bool full = s->m <= OCKHAM_SCATTER_COLUMNS;
  size_t m = s->m, n_moments = ock_second_moments(m, full);
  pass p = {.s = s, .x = x, .frame = frame, .kernels = ock_kernels_pick(), .full = full, .size = 1 + m + n_moments};
  p.n_blocks = ock_clamp(x.n_rows / LEAST_ROWS_A_BLOCK, 1, MOST_BLOCKS);
  p.slice_rows = ock_clamp(VALUES_A_SLICE / (n_moments + x.n_columns), 1, VALUES_A_SLICE) * OCK_PANEL;
  p.scratch_size = (x.n_columns + 2 * m + 1) * OCK_PANEL + m;
  p.sums = ock_arena_array(arena, p.n_blocks, ock_size_product(p.size, sizeof(double)));
  p.scratch = ock_arena_array(arena, ock_pool_size(pool), ock_size_product(p.scratch_size, sizeof(double)));
  if (!p.sums || !p.scratch) return NULL;
  memset(p.sums, 0, p.n_blocks * p.size * sizeof(double));
  for (; p.slice * p.slice_rows <= x.n_rows / p.n_blocks; p.slice++)
    if (!ock_pool_run_watched(pool, ticker, p.n_blocks, add_block, &p)) break;
  for (size_t b = 1; b < p.n_blocks; b++)
    for (size_t i = 0; i < p.size; i++) p.sums[i] += p.sums[b * p.size + i];
  return p.sums + 1 + m;
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
  double *square = ock_arena_array(scratch, m, ock_size_product(m, sizeof(double)));
  s->spectrum = ock_arena_array(&s->arena, m, sizeof(double));
  if (!square || !s->spectrum) return false;
  for (size_t a = 0; a < m; a++)
    for (size_t c = 0; c <= a; c++) square[a * m + c] = square[c * m + a] = sums[packed(a) + c];
  ock_symmetric_eigen(square, m, s->spectrum, NULL);
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

static bool fill(ock_scatter *s, ockham_rows x, const ock_frame *frame, ock_pool *pool, ock_ticker *ticker,
                 ock_arena *scratch) {
  bool full = s->m <= OCKHAM_SCATTER_COLUMNS;
  s->column = ock_arena_array(&s->arena, s->d, sizeof *s->column);
  s->squares = ock_arena_array(&s->arena, s->d, sizeof *s->squares);
  if (!s->column || !s->squares) return false;
  for (size_t l = 0, a = 0; l < s->d; l++)
    if (frame->low[l] < frame->high[l]) s->column[a++] = l;
  double *sums = add_rows(s, x, frame, pool, ticker, scratch);
  if (!sums) return false;
  if (ticker->stopped) return true;
  for (size_t a = 0; a < s->m; a++) s->squares[a] = full ? sums[packed(a) + a] : sums[a];
  return !full || s->m == 0 || (find_spectrum(s, sums, frame->unit, scratch) && prepare_matrices(s, sums));
}

ockham_status ock_scatter_init(ock_scatter *s, ockham_rows x, const ock_frame *frame, ock_pool *pool,
                               ock_ticker *ticker, ockham_error *err) {
  ock_arena scratch = {0};
  *s = (ock_scatter){.d = frame->d};
  for (size_t l = 0; l < s->d; l++) s->m += frame->low[l] < frame->high[l];
  bool done = fill(s, x, frame, pool, ticker, &scratch);
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
