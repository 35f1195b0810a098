/* SPDX-License-Identifier: Apache-2.0 */
/* The linear part: log(loss - E) on mains, mains times log compute, and pairs, by weighted least squares. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

static const double dependent = 1e-7; /* a column of which less is left depends on those before it */

/* ---- columns ---- */

static bool is_at(const ock_main *main, const uint8_t *levels) {
  return levels[main->factor] == main->level;
}

static void find_centres(ock_model *m) {
  for (size_t j = 0; j < m->n_mains; j++) {
    double n = 0;
    for (size_t u = 0; u < m->n_units; u++) n += is_at(&m->mains[j], m->units[u].levels);
    m->centre[j] = n / (double)m->n_units;
  }
}

bool ock_model_make(ock_model *m, ock_arena *arena, size_t n_scales, size_t most_pairs, double central) {
  size_t n = m->n_units;
  m->n_scales = n_scales;
  m->centre = ock_arena_array(arena, m->n_mains, sizeof *m->centre);
  m->pairs = ock_arena_array(arena, most_pairs, sizeof *m->pairs);
  m->l = ock_arena_array(arena, n, sizeof *m->l);
  m->fitted = ock_arena_array(arena, n, sizeof *m->fitted);
  m->variance = ock_arena_array(arena, n_scales, sizeof *m->variance);
  m->freedom = ock_arena_array(arena, n_scales, sizeof *m->freedom);
  m->own = ock_arena_array(arena, n, sizeof *m->own);
  if (!m->centre || !m->pairs || !m->l || !m->fitted || !m->variance || !m->freedom || !m->own) return false;
  find_centres(m);
  for (size_t u = 0; u < n; u++) {
    m->l[u] = m->n_blocks ? 0 : m->units[u].log_compute - central;
    m->fitted[u] = m->units[u].loss;
  }
  return true;
}

void ock_model_row(const ock_model *m, const uint8_t *levels, double l, size_t block, double *row) {
  double *mains = row + ock_first_main(m), *trends = row + ock_first_trend(m), *pairs = row + ock_first_pair(m);
  for (size_t b = 0; b < m->n_blocks; b++) row[b] = m->n_blocks == 1 || b == block;
  if (!m->n_blocks) row[0] = 1, row[1] = l;
  for (size_t j = 0; j < m->n_mains; j++) mains[j] = is_at(&m->mains[j], levels) - m->centre[j];
  for (size_t j = 0; !m->n_blocks && j < m->n_mains; j++) trends[j] = m->trends && !m->trends[j] ? 0 : mains[j] * l;
  for (size_t j = 0; j < m->n_pairs; j++) pairs[j] = mains[m->pairs[j][0]] * mains[m->pairs[j][1]];
}

double ock_model_predict(const ock_model *m, const double *coefficients, const uint8_t *levels, double l, size_t block,
                         double *row) {
  double sum = 0;
  ock_model_row(m, levels, l, block, row);
  for (size_t j = 0; j < ock_n_columns(m); j++) sum += row[j] * coefficients[j];
  return sum;
}

double ock_model_slope(const ock_model *m, const double *coefficients, const uint8_t *levels) {
  const double *trends = coefficients + ock_first_trend(m);
  double slope = coefficients[1];
  for (size_t j = 0; j < m->n_mains; j++) slope += trends[j] * (is_at(&m->mains[j], levels) - m->centre[j]);
  return slope;
}

double ock_model_most(const ock_model *m) {
  const double left = .03;
  double least = INFINITY;
  for (size_t u = 0; u < m->n_units; u++) least = fmin(least, fmin(m->units[u].loss, m->fitted[u]));
  return least > 0 ? least * (1 - left) : 0;
}

/* ---- what can be told ---- */

/* Column `at` of all units. */
static void fill_column(const ock_model *m, size_t at, double *row, double *column) {
  for (size_t u = 0; u < m->n_units; u++) {
    ock_model_row(m, m->units[u].levels, m->l[u], m->units[u].scale, row);
    column[u] = row[at];
  }
}

static void tell(const ock_model *m, ock_basis *basis, size_t first, size_t n, double *room, bool *told) {
  size_t p = ock_n_columns(m);
  double *row = room, *along = room + p, *column = room + 2 * p + 1;
  size_t *kept = (size_t *)(column + m->n_units);
  for (size_t at = 0; at < first + n; at++) {
    fill_column(m, at, row, column);
    if (at >= first) told[at - first] = true;
    if (ock_basis_add(basis, column, dependent, along)) {
      kept[basis->rank - 1] = at;
      continue;
    }
    if (at < first) continue;
    told[at - first] = false;
    ock_basis_solve(basis, along);
    for (size_t j = 0; j < basis->rank; j++)
      if (kept[j] >= first && fabs(along[j]) > 10 * dependent) told[kept[j] - first] = false;
  }
}

ockham_status ock_columns_told(const ock_model *m, size_t first, size_t n, bool *told, ockham_error *err) {
  ock_arena arena = {0};
  size_t p = ock_n_columns(m);
  ock_basis basis;
  double *room = ock_arena_array(&arena, 3 * p + 1 + m->n_units, sizeof *room); /* a size_t is no larger */
  bool made = room && ock_basis_make(&basis, &arena, m->n_units, p < m->n_units ? p : m->n_units);
  if (made) tell(m, &basis, first, n, room, told);
  ock_arena_clear(&arena);
  return made ? OCKHAM_OK : ock_no_room(err);
}

/* ---- the fit ---- */

bool ock_fit_make(ock_fit *fit, ock_arena *arena, const ock_model *m) {
  size_t n = m->n_units, p = ock_n_columns(m);
  *fit = (ock_fit){.n = n, .p = p};
  fit->influence = ock_arena_array(arena, ock_size_product(p, n), sizeof *fit->influence);
  fit->coefficients = ock_arena_array(arena, p, sizeof *fit->coefficients);
  fit->leverage = ock_arena_array(arena, n, sizeof *fit->leverage);
  fit->residual = ock_arena_array(arena, n, sizeof *fit->residual);
  fit->magnitude = ock_arena_array(arena, n, sizeof *fit->magnitude);
  fit->kept = ock_arena_array(arena, p, sizeof *fit->kept);
  fit->along = ock_arena_array(arena, p, sizeof *fit->along);
  fit->row = ock_arena_array(arena, ock_size_product(p + 1, n), sizeof *fit->row);
  fit->y = ock_arena_array(arena, n, sizeof *fit->y);
  return fit->influence && fit->coefficients && fit->leverage && fit->residual && fit->magnitude && fit->kept &&
         fit->along && fit->row && fit->y && ock_basis_make(&fit->basis, arena, n, p < n ? p : n);
}

static double scale_middle(const ock_model *m, size_t scale, double irreducible) {
  double sum = 0, n = 0;
  for (size_t u = 0; u < m->n_units; u++) {
    if (m->units[u].scale != scale) continue;
    sum += log(m->fitted[u] - irreducible), n++;
  }
  return exp(sum / n);
}

/* loss - E by which the noise of a loss becomes that of its logarithm; a run that is far off is no more precise for it.
 */
static void find_magnitudes(ock_fit *fit, const ock_model *m, double irreducible) {
  const double most = 1.5;
  for (size_t u = 0; u < m->n_units;) {
    size_t scale = m->units[u].scale;
    double middle = scale_middle(m, scale, irreducible);
    for (; u < m->n_units && m->units[u].scale == scale; u++)
      fit->magnitude[u] = fmin(fmax(m->fitted[u] - irreducible, middle / most), middle * most);
  }
}

double ock_root_weight(const ock_fit *fit, const ock_model *m, size_t u) {
  double magnitude = fit->magnitude[u], run = m->variance[m->units[u].scale] / (double)m->units[u].n;
  return magnitude / sqrt(run + m->between * magnitude * magnitude);
}

/* Columns, weighted, into fit->row (p x n), and y behind them. */
static void fill(ock_fit *fit, const ock_model *m, double *row) {
  size_t n = fit->n, p = fit->p;
  for (size_t u = 0; u < n; u++) {
    double root = ock_root_weight(fit, m, u);
    ock_model_row(m, m->units[u].levels, m->l[u], m->units[u].scale, row);
    for (size_t j = 0; j < p; j++) fit->row[j * n + u] = root * row[j];
    fit->row[p * n + u] = root * fit->y[u];
  }
}

/* influence = R^-1 Q' W, and leverage, the squares of Q's rows. along: rank. */
static void find_influence(ock_fit *fit, const ock_model *m, double *along) {
  size_t n = fit->n;
  memset(fit->influence, 0, fit->p * n * sizeof *fit->influence);
  for (size_t u = 0; u < n; u++) {
    double root = ock_root_weight(fit, m, u), sum = 0;
    for (size_t j = 0; j < fit->basis.rank; j++) {
      along[j] = fit->basis.q[j * n + u];
      sum += along[j] * along[j];
    }
    fit->leverage[u] = fmin(sum, 1);
    ock_basis_solve(&fit->basis, along);
    for (size_t j = 0, at = 0; j < fit->p; j++)
      if (fit->kept[j]) fit->influence[j * n + u] = root * along[at++];
  }
}

void ock_fit_run(ock_fit *fit, const ock_model *m, double irreducible, bool with_influence) {
  size_t n = fit->n;
  double *along = fit->basis.room;
  fit->irreducible = irreducible;
  for (size_t u = 0; u < n; u++) fit->y[u] = log(m->units[u].loss - irreducible) - (m->offset ? m->offset[u] : 0);
  find_magnitudes(fit, m, irreducible);
  fill(fit, m, fit->coefficients);
  fit->basis.rank = 0;
  for (size_t j = 0; j < fit->p; j++) fit->kept[j] = ock_basis_add(&fit->basis, fit->row + j * n, dependent, NULL);
  double *rest = fit->row + fit->p * n, length = ock_basis_rest(&fit->basis, rest, along);
  memcpy(fit->along, along, fit->basis.rank * sizeof *along);
  fit->squares = length * length;
  for (size_t u = 0; u < n; u++) fit->residual[u] = rest[u] / ock_root_weight(fit, m, u);
  ock_basis_solve(&fit->basis, along);
  for (size_t j = 0, at = 0; j < fit->p; j++) fit->coefficients[j] = fit->kept[j] ? along[at++] : 0;
  if (with_influence) find_influence(fit, m, along);
}

/* ---- its precision ---- */

double ock_fit_covariance(const ock_fit *fit, const ock_model *m, size_t a, size_t b) {
  const double *x = fit->influence + a * fit->n, *y = fit->influence + b * fit->n;
  double sum = 0;
  for (size_t u = 0; u < fit->n; u++) sum += x[u] * y[u] * m->own[u] / (fit->magnitude[u] * fit->magnitude[u]);
  return sum;
}

double ock_fit_variance(const ock_fit *fit, const ock_model *m, size_t column, double *freedom) {
  const double *x = fit->influence + column * fit->n;
  double total = 0, of_scale = 0, parts = 0;
  for (size_t u = 0; u < fit->n; u++) {
    size_t scale = m->units[u].scale;
    of_scale += x[u] * x[u] * m->own[u] / (fit->magnitude[u] * fit->magnitude[u]);
    if (u + 1 < fit->n && m->units[u + 1].scale == scale) continue;
    parts += of_scale * of_scale / fmax(m->freedom[scale], .5);
    total += of_scale, of_scale = 0;
  }
  if (freedom) *freedom = parts > 0 ? total * total / parts : 1;
  return total;
}
