/* SPDX-License-Identifier: Apache-2.0 */
/* E, the loss that no compute takes away. A study of one or two decades hardly knows it: its profile likelihood is used
 * as its distribution, over 0 to just below the least loss, where the baseline's exponent is between 0 and 1 (two
 * scales leave it flat: that range is then all there is). */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

static const double most_exponent = 1, unlikely = 12; /* in logarithms below the best: as good as nothing */

typedef struct profile {
  const ock_model *model;
  ock_fit *fits; /* one a worker */
  double low, step;
  double squares[OCK_GRID], information[OCK_GRID];
  double uneven; /* by how much the squares exaggerate what is known */
} profile;

/* The column that decides E: -1 / (loss - E), weighted, less what the fit's columns say. */
static double *deciding_column(ock_fit *fit, const ock_model *m, double irreducible) {
  double *x = fit->row + fit->p * fit->n;
  for (size_t u = 0; u < fit->n; u++) x[u] = ock_root_weight(fit, m, u) / (m->fitted[u] - irreducible);
  (void)ock_basis_rest(&fit->basis, x, fit->basis.room);
  return x;
}

static void profile_point(void *arg, size_t i, size_t worker) {
  profile *p = arg;
  ock_fit *fit = &p->fits[worker];
  const ock_model *m = p->model;
  ock_fit_run(fit, m, p->low + (double)i * p->step, false);
  double exponent = -fit->coefficients[1];
  for (size_t j = 0; j < m->n_mains; j++) exponent += fit->coefficients[ock_first_trend(m) + j] * m->centre[j];
  p->squares[i] = exponent > 0 && exponent <= most_exponent ? fit->squares : INFINITY;
  const double *x = deciding_column(fit, m, fit->irreducible);
  p->information[i] = 0;
  for (size_t u = 0; u < fit->n; u++) p->information[i] += x[u] * x[u];
}

/* The logarithm of how likely each value is: a Student's likelihood with the degrees of freedom of the noise, times
 * Jeffreys' prior, the root of the information, to which that of a uniform distribution over the range is added. With
 * a flat prior low values, which the data tell apart least, would win by their number. */
static double weigh(const profile *p, double most, double freedom, double *log_weight) {
  double least = INFINITY, best = -INFINITY, uniform = 12 / (most * most);
  for (size_t i = 0; i < OCK_GRID; i++) least = fmin(least, p->squares[i]);
  for (size_t i = 0; i < OCK_GRID; i++) {
    double likelihood = -(freedom + 1) / 2 * log1p((p->squares[i] - least) / p->uneven / freedom);
    log_weight[i] = isfinite(p->squares[i]) ? likelihood + log(p->information[i] / p->uneven + uniform) / 2 : -INFINITY;
    best = fmax(best, log_weight[i]);
  }
  for (size_t i = 0; i < OCK_GRID; i++) log_weight[i] -= best;
  return least;
}

/* What decides E is one column, -1 / (loss - E), less what the others say; where cells are noisier than their weights
 * have it, the squares change by more than they should (the ratio of White's variance to the usual one; 1 at least). */
static double find_uneven(const profile *p, double irreducible) {
  const ock_model *m = p->model;
  ock_fit *fit = &p->fits[0];
  double of_weights = 0, of_cells = 0;
  ock_fit_run(fit, m, irreducible, false);
  const double *x = deciding_column(fit, m, irreducible);
  for (size_t u = 0; u < fit->n; u++) {
    double root = ock_root_weight(fit, m, u) / fit->magnitude[u];
    of_weights += x[u] * x[u];
    of_cells += x[u] * x[u] * root * root * m->own[u];
  }
  return of_cells > of_weights ? of_cells / of_weights : 1;
}

/* Narrow the range to what is likely; false when that is most of it. */
static bool zoom(profile *p, const double *log_weight) {
  const size_t enough = OCK_GRID / 3;
  size_t first = OCK_GRID, last = 0;
  for (size_t i = 0; i < OCK_GRID; i++) {
    if (!(log_weight[i] > -unlikely)) continue;
    if (first == OCK_GRID) first = i;
    last = i;
  }
  if (last - first >= enough) return false;
  double low = p->low + ((double)first - 1) * p->step, high = p->low + ((double)last + 1) * p->step;
  p->low = first ? low : p->low;
  p->step = (high - p->low) / (OCK_GRID - 1);
  return true;
}

static void keep(ock_irreducible *e, const profile *p, const double *log_weight) {
  double total = 0;
  e->n = OCK_GRID, e->mean = 0;
  for (size_t i = 0; i < OCK_GRID; i++) total += exp(log_weight[i]);
  for (size_t i = 0; i < OCK_GRID; i++) {
    e->value[i] = p->low + (double)i * p->step;
    e->weight[i] = exp(log_weight[i]) / total;
    e->mean += e->weight[i] * (e->value[i] - p->low);
  }
  e->mean += p->low;
}

static ockham_status find(ock_analysis *a, profile *p, ockham_error *err) {
  enum { MOST_ZOOMS = 40 };
  double log_weight[OCK_GRID], most = ock_model_most(p->model), freedom = fmax(1, ock_total_freedom(p->model));
  p->uneven = a->irreducible.n ? find_uneven(p, a->irreducible.mean) : 1;
  p->low = 0, p->step = most / (OCK_GRID - 1);
  for (size_t i = 0; i < MOST_ZOOMS; i++) {
    if (!ock_pool_run_watched(a->pool, &a->ticker, OCK_GRID, profile_point, p))
      return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the law was fitted");
    if (isinf(weigh(p, most, freedom, log_weight))) { /* the loss does not fall along compute */
      a->irreducible = (ock_irreducible){0};
      return OCKHAM_OK;
    }
    if (p->step < 1e-14 * most || !zoom(p, log_weight)) break;
  }
  keep(&a->irreducible, p, log_weight);
  return OCKHAM_OK;
}

/* With all pairs there are, if enough is left: else what is no sum in log(loss - E) would be blamed on E. */
static ock_model profile_model(const ock_analysis *a) {
  const size_t spare = 8;
  ock_model m = a->model;
  if (!a->pairs || !a->pairs->n || ock_first_pair(&m) + a->pairs->n + spare > m.n_units) return m;
  m.pairs = a->pairs->items, m.n_pairs = a->pairs->n;
  return m;
}

static ockham_status find_irreducible(ock_analysis *a, ockham_error *err) {
  if (a->model.n_blocks) {
    a->irreducible = (ock_irreducible){.n = 1, .weight = {1}};
    return OCKHAM_OK;
  }
  ock_arena arena = {0};
  size_t n = ock_pool_size(a->pool);
  ock_model m = profile_model(a);
  profile p = {.model = &m, .fits = ock_arena_array(&arena, n, sizeof *p.fits)};
  bool made = p.fits != NULL;
  for (size_t i = 0; i < n && made; i++) made = ock_fit_make(&p.fits[i], &arena, &m);
  ockham_status status = made ? find(a, &p, err) : ock_no_room(err);
  ock_arena_clear(&arena);
  return status;
}

ockham_status ock_law_settle(ock_analysis *a, ockham_error *err) {
  enum { ROUNDS = 3 };
  ock_model *m = &a->model;
  if (!ock_fit_make(&a->fit, &a->scratch, m)) return ock_no_room(err);
  for (size_t round = 0; round <= ROUNDS; round++) {
    OCK_TRY(find_irreducible(a, err));
    if (!a->irreducible.n) return OCKHAM_OK;
    ock_fit_run(&a->fit, m, a->irreducible.mean, true);
    if (round == ROUNDS) break;
    for (size_t u = 0; u < m->n_units; u++) {
      double left = log(m->units[u].loss - a->fit.irreducible) - a->fit.residual[u];
      m->fitted[u] = a->fit.irreducible + exp(left);
    }
    ock_variance_find(m, &a->fit);
  }
  return OCKHAM_OK;
}
