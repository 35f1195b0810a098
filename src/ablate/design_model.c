/* SPDX-License-Identifier: Apache-2.0 */
/* The linear model of a design: which cells are allowed, their rows of contrasts, and how well a set tells terms. */
#include <string.h>

#include "ablate/design.h"
#include "stats/internal.h"

ock_design_model ock_design_model_make(const ockham_study_factor *factors, size_t n_factors,
                                       const ockham_study_forbidden *forbidden, size_t n_forbidden, const size_t *pairs,
                                       size_t n_pairs) {
  ock_design_model model = {n_factors, n_forbidden, n_pairs, 1, factors, forbidden, pairs};
  for (size_t f = 0; f < n_factors; f++) model.n_terms += factors[f].n_levels - 1;
  for (size_t p = 0; p < n_pairs; p++)
    model.n_terms += (factors[pairs[2 * p]].n_levels - 1) * (factors[pairs[2 * p + 1]].n_levels - 1);
  return model;
}

void ock_design_row(const ock_design_model *model, const uint8_t *cell, double *row) {
  *row++ = 1;
  for (size_t f = 0; f < model->n_factors; f++) {
    size_t n_levels = model->factors[f].n_levels;
    for (size_t j = 1; j < n_levels; j++) *row++ = ock_design_contrast(n_levels, j, cell[f]);
  }
  for (size_t p = 0; p < model->n_pairs; p++) {
    size_t a = model->pairs[2 * p], b = model->pairs[2 * p + 1];
    size_t n_a = model->factors[a].n_levels, n_b = model->factors[b].n_levels;
    for (size_t i = 1; i < n_a; i++) {
      for (size_t j = 1; j < n_b; j++)
        *row++ = ock_design_contrast(n_a, i, cell[a]) * ock_design_contrast(n_b, j, cell[b]);
    }
  }
}

size_t ock_design_broken(const ock_design_model *model, const uint8_t *cell) {
  size_t r = 0;
  while (r < model->n_forbidden && (cell[model->forbidden[r].factor[0]] != model->forbidden[r].level[0] ||
                                    cell[model->forbidden[r].factor[1]] != model->forbidden[r].level[1]))
    r++;
  return r;
}

/* ---- X'X ---- */

/* Its factor, packed; false when singular: a pivot is nothing beside those of a balanced design. */
static bool factor_products(const double *rows, size_t n, size_t d, double ridge, double *packed) {
  memset(packed, 0, d * (d + 1) / 2 * sizeof *packed);
  for (size_t r = 0; r < n; r++) {
    const double *x = rows + r * d;
    double *to = packed;
    for (size_t i = 0; i < d; i++) {
      for (size_t j = 0; j <= i; j++) *to++ += x[i] * x[j];
    }
  }
  for (size_t i = 0; i < d; i++) packed[i * (i + 1) / 2 + i] += ridge;
  if (!ock_cholesky(packed, d)) return false;
  for (size_t i = 0; i < d && ridge == 0; i++) {
    double pivot = packed[i * (i + 1) / 2 + i];
    if (pivot * pivot < 1e-9 * (double)n) return false;
  }
  return true;
}

bool ock_design_inverse(const double *rows, size_t n, size_t d, double ridge, double *packed, double *inverse) {
  if (!factor_products(rows, n, d, ridge, packed)) return false;
  ock_triangle_invert(packed, d);
  memset(inverse, 0, d * d * sizeof *inverse);
  for (size_t k = 0; k < d; k++) { /* the sum of the outer products of the rows of the inverted factor */
    const double *x = packed + k * (k + 1) / 2;
    for (size_t i = 0; i <= k; i++) {
      for (size_t j = 0; j <= i; j++) inverse[i * d + j] += x[i] * x[j];
    }
  }
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j < i; j++) inverse[j * d + i] = inverse[i * d + j];
  }
  return true;
}

bool ock_design_log_det(const ock_design_model *model, const uint8_t *cells, size_t n_cells, double *log_det) {
  size_t d = model->n_terms;
  double *rows = ock_alloc_array(n_cells, ock_size_product(d, sizeof *rows));
  double *packed = ock_alloc_array(d * (d + 1) / 2, sizeof *packed);
  bool there = rows && packed;
  if (there) {
    for (size_t i = 0; i < n_cells; i++) ock_design_row(model, cells + i * model->n_factors, rows + i * d);
    *log_det = factor_products(rows, n_cells, d, 0, packed) ? 2 * ock_factor_log_root(packed, d) : -INFINITY;
  }
  ock_free(packed);
  ock_free(rows);
  return there;
}

/* ---- cells ---- */

/* The next combination; false after the last. */
static bool next_cell(const ock_design_model *model, uint8_t *cell) {
  for (size_t f = model->n_factors; f-- > 0;) {
    if (++cell[f] < model->factors[f].n_levels) return true;
    cell[f] = 0;
  }
  return false;
}

/* Of all combinations, not only of the allowed ones; stops above most. */
static size_t count_combinations(const ock_design_model *model, size_t most) {
  size_t n = 1;
  for (size_t f = 0; f < model->n_factors && n <= most; f++) n *= model->factors[f].n_levels;
  return n;
}

/* Rules leave few of very many combinations in no study that is met, so those are not searched. */
enum { MOST_LOOKED_AT = 1 << 20 };

ockham_status ock_design_allowed(const ock_design_model *model, size_t most, uint8_t **cells, size_t *n_cells,
                                 ockham_error *err) {
  size_t k = model->n_factors, all = count_combinations(model, MOST_LOOKED_AT), room = most < all ? most : all, n = 0;
  uint8_t *found = ock_alloc_array(room, k), cell[OCK_FRACTION_MOST_FACTORS] = {0};
  *cells = NULL;
  *n_cells = 0;
  if (!found) return ock_fail_memory(err, "the cells of a design", ock_size_product(room, k));
  bool more = all <= MOST_LOOKED_AT;
  if (!more) n = most + 1;
  while (more && n <= most) {
    if (ock_design_broken(model, cell) == model->n_forbidden) {
      if (n < most) memcpy(found + n * k, cell, k);
      n++;
    }
    more = next_cell(model, cell);
  }
  *cells = found;
  *n_cells = n;
  return OCKHAM_OK;
}
