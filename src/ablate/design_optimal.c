/* SPDX-License-Identifier: Apache-2.0 */
/* D-optimal sets of different cells, by exchanges from several starts: of one coordinate (Meyer & Nachtsheim,
 * Technometrics 37, 1995), of two where a rule ties them, and of whole cells where these can be listed (Fedorov, Theory
 * of optimal experiments, 1972). */
#include <stdlib.h>
#include <string.h>

#include "ablate/design.h"

enum { MOST_LISTED = 4096, MOST_PASSES = 60, MOST_STARTS = 100, FEWEST_STARTS = 4, MOST_DRAWS = 2000 };
static const double work_budget = 2e8; /* multiplications, about: some tenths of a second */
static const double least_gain = 1e-8; /* of the determinant, of an exchange */

typedef struct exchange {
  const ock_design_model *model;
  size_t n, k, d; /* cells, factors, terms */
  const uint8_t *listed;
  size_t n_listed, kept; /* cells to choose from, when there is a list; one that must be in the set */
  uint8_t *cells;        /* n x k */
  size_t *number;        /* n: of the list */
  bool *used;            /* n_listed */
  double *rows;          /* n x d */
  double *inverse;       /* d x d: of X'X, with a little added while that is singular */
  double *packed, *row, *image, *image_of_row, *change;
  size_t *changed; /* d each but packed */
  ock_rng rng;
  ock_arena arena;
} exchange;

static void *take(exchange *e, bool *there, size_t count, size_t size) {
  void *block = ock_arena_array(&e->arena, count, size);
  *there = *there && block;
  return block;
}

static ockham_status prepare(exchange *e, ockham_error *err) {
  bool there = true;
  size_t d = e->d, number = sizeof(double), square = ock_size_product(d, d * number);
  e->cells = take(e, &there, e->n, e->k);
  e->number = take(e, &there, e->n, sizeof *e->number);
  e->used = take(e, &there, e->n_listed + 1, sizeof *e->used);
  e->rows = take(e, &there, e->n, d * number);
  e->inverse = take(e, &there, d, d * number);
  e->packed = take(e, &there, d * (d + 1) / 2, number);
  e->row = take(e, &there, d, number);
  e->image = take(e, &there, d, number);
  e->image_of_row = take(e, &there, d, number);
  e->change = take(e, &there, d, number);
  e->changed = take(e, &there, d, sizeof *e->changed);
  return there ? OCKHAM_OK : ock_fail_memory(err, "a search for a D-optimal design", square);
}

/* ---- one exchange ---- */

static void multiply(const exchange *e, const double *x, double *image) {
  for (size_t i = 0; i < e->d; i++) {
    const double *from = e->inverse + i * e->d;
    double sum = 0;
    for (size_t j = 0; j < e->d; j++) sum += from[j] * x[j];
    image[i] = sum;
  }
}

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* By what the determinant is multiplied when `cell` takes the place of row i, e->image being the inverse times that
 * row: (1 + y'Dy) (1 - x'Dx) + (x'Dy)^2, with y = x + a change of few terms. */
static double gain(exchange *e, size_t i, const uint8_t *cell) {
  const double *x = e->rows + i * e->d;
  size_t n = 0;
  ock_design_row(e->model, cell, e->row);
  for (size_t t = 0; t < e->d; t++) {
    if (e->row[t] == x[t]) continue;
    e->change[n] = e->row[t] - x[t];
    e->changed[n++] = t;
  }
  double own = dot(x, e->image, e->d), cross = 0, square = 0;
  for (size_t a = 0; a < n; a++) {
    const double *from = e->inverse + e->changed[a] * e->d;
    double sum = 0;
    for (size_t b = 0; b < n; b++) sum += from[e->changed[b]] * e->change[b];
    square += sum * e->change[a];
    cross += e->image[e->changed[a]] * e->change[a];
  }
  double both = own + cross, other = own + 2 * cross + square;
  return (1 + other) * (1 - own) + both * both;
}

/* D += sign u u' / denominator. */
static void add_outer(exchange *e, const double *u, double factor) {
  for (size_t i = 0; i < e->d; i++) {
    double *to = e->inverse + i * e->d, by = factor * u[i];
    for (size_t j = 0; j < e->d; j++) to[j] += by * u[j];
  }
}

static void put_cell(exchange *e, size_t i, const uint8_t *cell) {
  double *x = e->rows + i * e->d;
  ock_design_row(e->model, cell, e->row);
  multiply(e, e->row, e->image_of_row);
  add_outer(e, e->image_of_row, -1 / (1 + dot(e->row, e->image_of_row, e->d)));
  multiply(e, x, e->image);
  add_outer(e, e->image, 1 / (1 - dot(x, e->image, e->d)));
  memcpy(x, e->row, e->d * sizeof *x);
  memcpy(e->cells + i * e->k, cell, e->k);
  multiply(e, x, e->image);
}

static bool is_new(const exchange *e, const uint8_t *cell) {
  for (size_t i = 0; i < e->n; i++) {
    if (memcmp(e->cells + i * e->k, cell, e->k) == 0) return false;
  }
  return true;
}

static bool is_better(exchange *e, size_t i, const uint8_t *cell, double *best) {
  if (ock_design_broken(e->model, cell) < e->model->n_forbidden) return false;
  double found = gain(e, i, cell);
  if (!(found > *best) || !is_new(e, cell)) return false;
  *best = found;
  return true;
}

/* ---- passes ---- */

/* Row i at its best levels of factors a and b (one factor when they are the same). */
static bool exchange_levels(exchange *e, size_t i, size_t a, size_t b) {
  uint8_t cell[OCK_FRACTION_MOST_FACTORS], best_cell[OCK_FRACTION_MOST_FACTORS];
  const ockham_study_factor *factors = e->model->factors;
  double best = 1 + least_gain;
  bool better = false;
  memcpy(cell, e->cells + i * e->k, e->k);
  for (size_t l = 0; l < factors[a].n_levels; l++) {
    for (size_t m = 0; m < (a == b ? 1 : factors[b].n_levels); m++) {
      cell[b] = (uint8_t)m;
      cell[a] = (uint8_t)l;
      if (!is_better(e, i, cell, &best)) continue;
      better = true;
      memcpy(best_cell, cell, e->k);
    }
  }
  if (better) put_cell(e, i, best_cell);
  return better;
}

static bool pass_of_levels(exchange *e) {
  bool better = false;
  for (size_t i = 0; i < e->n; i++) {
    multiply(e, e->rows + i * e->d, e->image);
    for (size_t f = 0; f < e->k; f++) better |= exchange_levels(e, i, f, f);
    for (size_t r = 0; r < e->model->n_forbidden; r++)
      better |= exchange_levels(e, i, e->model->forbidden[r].factor[0], e->model->forbidden[r].factor[1]);
  }
  return better;
}

static bool pass_of_list(exchange *e) {
  bool better = false;
  for (size_t i = 0; i < e->n; i++) {
    size_t best_number = e->n_listed;
    double best = 1 + least_gain;
    if (e->number[i] == e->kept && e->kept < e->n_listed) continue;
    multiply(e, e->rows + i * e->d, e->image);
    for (size_t c = 0; c < e->n_listed; c++) {
      double found = e->used[c] ? 0 : gain(e, i, e->listed + c * e->k);
      if (!(found > best)) continue;
      best = found;
      best_number = c;
    }
    if (best_number == e->n_listed) continue;
    put_cell(e, i, e->listed + best_number * e->k);
    if (e->number[i] < e->n_listed) e->used[e->number[i]] = false;
    e->used[e->number[i] = best_number] = true;
    better = true;
  }
  return better;
}

/* Anew: errors of updates pile up, and what was singular may no longer be. */
static void refresh(exchange *e) {
  for (size_t i = 0; i < e->n; i++) ock_design_row(e->model, e->cells + i * e->k, e->rows + i * e->d);
  double ridge = 1e-4 * (double)e->n;
  if (!ock_design_inverse(e->rows, e->n, e->d, 0, e->packed, e->inverse) &&
      !ock_design_inverse(e->rows, e->n, e->d, ridge, e->packed, e->inverse))
    memset(e->inverse, 0, e->d * e->d * sizeof *e->inverse); /* only where numbers overflow */
}

static void find_numbers(exchange *e) {
  memset(e->used, 0, e->n_listed * sizeof *e->used);
  for (size_t i = 0; i < e->n; i++) {
    for (size_t c = 0; c < e->n_listed; c++) {
      if (memcmp(e->cells + i * e->k, e->listed + c * e->k, e->k) != 0) continue;
      e->number[i] = c;
      e->used[c] = true;
    }
  }
}

/* ---- starts ---- */

static void start_from_list(exchange *e) {
  memset(e->used, 0, e->n_listed * sizeof *e->used);
  for (size_t i = 0; i < e->n; i++) {
    size_t c = i == 0 && e->kept < e->n_listed ? e->kept : ock_rng_below(&e->rng, e->n_listed);
    while (e->used[c]) c = (c + 1) % e->n_listed;
    e->used[e->number[i] = c] = true;
    memcpy(e->cells + i * e->k, e->listed + c * e->k, e->k);
  }
}

/* Levels one factor after another, in a random order, each at random among those that the rules leave; false: none. */
static bool draw_cell(exchange *e, uint8_t *cell) {
  uint8_t order[OCK_FRACTION_MOST_FACTORS];
  memset(cell, UINT8_MAX, e->k); /* no level: no rule is broken */
  for (size_t f = 0; f < e->k; f++) order[f] = (uint8_t)f;
  for (size_t f = e->k; f-- > 0;) {
    size_t swap = ock_rng_below(&e->rng, f + 1), factor = order[swap];
    size_t n_levels = e->model->factors[factor].n_levels, first = ock_rng_below(&e->rng, n_levels), l = 0;
    order[swap] = order[f];
    for (; l < n_levels; l++) {
      cell[factor] = (uint8_t)((first + l) % n_levels);
      if (ock_design_broken(e->model, cell) == e->model->n_forbidden) break;
    }
    if (l == n_levels) return false;
  }
  return true;
}

static bool start_at_random(exchange *e) {
  memset(e->cells, UINT8_MAX, e->n * e->k);
  for (size_t i = 0; i < e->n; i++) {
    uint8_t cell[OCK_FRACTION_MOST_FACTORS];
    size_t draws = 0;
    while (draws < MOST_DRAWS && (!draw_cell(e, cell) || !is_new(e, cell))) draws++;
    if (draws == MOST_DRAWS) return false;
    memcpy(e->cells + i * e->k, cell, e->k);
  }
  return true;
}

/* Multiplications of a pass. */
static double pass_work(const exchange *e, bool by_levels) {
  double n = (double)e->n, d = (double)e->d, tried = (double)e->n_listed;
  if (by_levels) {
    tried = 0;
    for (size_t f = 0; f < e->k; f++) tried += (double)e->model->factors[f].n_levels;
  }
  return n * (tried * (2 * d + 40) + 4 * d * d) + d * d * d / 3;
}

static void climb(exchange *e, bool by_levels, bool by_list) {
  bool better = true;
  for (size_t pass = 0; pass < MOST_PASSES && better; pass++) {
    refresh(e);
    better = by_levels && pass_of_levels(e);
    if (better || !by_list) continue;
    if (by_levels) find_numbers(e);
    better = pass_of_list(e);
  }
}

static ockham_status search(exchange *e, bool by_levels, uint8_t *cells, size_t *numbers, double *best,
                            ockham_error *err) {
  bool by_list = e->n_listed && (!by_levels || pass_work(e, false) < work_budget / 8);
  double work = 8 * pass_work(e, by_levels) + (by_list && by_levels ? 2 * pass_work(e, false) : 0);
  double starts = fmin(fmax(work_budget / work, FEWEST_STARTS), MOST_STARTS);
  *best = -INFINITY;
  for (size_t s = 0; s < (size_t)starts; s++) {
    double found;
    if (e->n_listed) {
      start_from_list(e);
    } else if (!start_at_random(e)) {
      continue;
    }
    climb(e, by_levels, by_list);
    if (!ock_design_log_det(e->model, e->cells, e->n, &found))
      return ock_fail_memory(err, "a search for a D-optimal design", e->n * e->d * sizeof(double));
    if (!(found > *best + 1e-12 * fabs(found))) continue;
    *best = found;
    memcpy(cells, e->cells, e->n * e->k);
    if (numbers) memcpy(numbers, e->number, e->n * sizeof *numbers);
  }
  return OCKHAM_OK;
}

static ockham_status run(exchange *e, const ock_design_model *model, bool by_levels, uint64_t seed, uint8_t *cells,
                         size_t *numbers, double *best, ockham_error *err) {
  e->model = model;
  e->k = model->n_factors;
  e->d = model->n_terms;
  e->rng = ock_rng_make(seed, 0x6f7074);
  ockham_status status = prepare(e, err);
  if (!status) status = search(e, by_levels, cells, numbers, best, err);
  ock_arena_clear(&e->arena);
  return status;
}

/* ---- the two questions ---- */

static ockham_status fail_untold(const ock_design_model *model, size_t n_cells, ockham_error *err) {
  return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                  "expected cells that tell %zu terms apart, found none such among %zu: some levels only come together",
                  model->n_terms, n_cells);
}

static int compare_cells(const void *a, const void *b, void *size) {
  return memcmp(a, b, *(const size_t *)size);
}

ockham_status ock_design_optimal(const ock_design_model *model, size_t n_cells, uint64_t seed, uint8_t *cells,
                                 ockham_error *err) {
  exchange e = {.n = n_cells};
  uint8_t *listed;
  size_t n_listed, k = model->n_factors;
  double best;
  OCK_TRY(ock_design_allowed(model, MOST_LISTED, &listed, &n_listed, err));
  ockham_status status = OCKHAM_OK;
  if (n_listed < n_cells) {
    status = ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected at most the %zu cells that are allowed, found %zu", n_listed,
                      n_cells);
  } else if (n_listed <= MOST_LISTED) {
    e.listed = listed;
    e.n_listed = e.kept = n_listed;
  }
  if (!status) status = run(&e, model, true, seed, cells, NULL, &best, err);
  if (!status && isinf(best)) status = fail_untold(model, n_cells, err);
  if (!status) qsort_r(cells, n_cells, k, compare_cells, &k);
  ock_free(listed);
  return status;
}

static int compare_numbers(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

ockham_status ock_design_subset(const ock_design_model *model, const uint8_t *listed, size_t n_listed, size_t n_cells,
                                size_t kept, uint64_t seed, size_t *picked, ockham_error *err) {
  exchange e = {.n = n_cells, .listed = listed, .n_listed = n_listed, .kept = kept};
  uint8_t *cells = ock_alloc_array(n_cells, model->n_factors);
  double best;
  if (!cells) return ock_fail_memory(err, "the cells of a design", ock_size_product(n_cells, model->n_factors));
  ockham_status status = run(&e, model, false, seed, cells, picked, &best, err);
  if (!status && isinf(best)) status = fail_untold(model, n_cells, err);
  if (!status) qsort(picked, n_cells, sizeof *picked, compare_numbers);
  ock_free(cells);
  return status;
}
