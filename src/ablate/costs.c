/* SPDX-License-Identifier: Apache-2.0 */
/* What a change costs: parameters, and FLOPs a token, over the baseline's. By these alone it may win at one account and
 * lose at another. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

enum { PARAMETERS, FLOPS_PER_TOKEN, N_COSTS };

/* The largest scale that was not held out, of which there are runs; SIZE_MAX: none. */
static size_t find_scale(const ock_analysis *a) {
  size_t s = a->study->n_scales;
  while (s-- > 0)
    if (a->in_law[s] && a->out->scales[s].n_runs) return s;
  return SIZE_MAX;
}

/* ---- by the trainer ---- */

/* NaN where it does not know, or does not take these levels. */
static ockham_status ask(const ock_analysis *a, size_t scale, const uint8_t *levels, double costs[N_COSTS],
                         ockham_error *err) {
  ockham_trainer_facts facts = {NAN, NAN, NAN, NAN};
  ockham_run run = {.scale = scale, .levels = levels};
  ockham_status status = ockham_run_ask(a->study, &run, a->how.trainer, &facts, err);
  if (status == OCKHAM_NO_MEMORY) return status;
  costs[PARAMETERS] = status ? NAN : facts.parameters;
  costs[FLOPS_PER_TOKEN] = status ? NAN : facts.flops / facts.tokens;
  return OCKHAM_OK;
}

static ockham_status find_by_trainer(const ock_analysis *a, size_t scale, double (*ratios)[N_COSTS],
                                     ockham_error *err) {
  uint8_t levels[24] = {0}; /* of as many factors as there may be */
  double base[N_COSTS], costs[N_COSTS];
  if (a->study->command || !a->how.trainer) return OCKHAM_OK;
  OCK_TRY(ask(a, scale, levels, base, err));
  for (size_t j = 0; j < a->n_mains; j++) {
    const ock_main *main = &a->mains[j];
    levels[main->factor] = (uint8_t)main->level;
    OCK_TRY(ask(a, scale, levels, costs, err));
    levels[main->factor] = 0;
    for (size_t k = 0; k < N_COSTS; k++) ratios[j][k] = costs[k] / base[k];
  }
  return OCKHAM_OK;
}

/* ---- by the runs ---- */

/* One run of each cell: its others cost the same. */
typedef struct cells {
  size_t n;
  const ockham_run **runs;
  double *costs; /* logarithms */
} cells;

static double cost_of(const ockham_run *run, size_t k) {
  double cost = k == PARAMETERS ? run->parameters : run->flops / run->tokens;
  return cost > 0 && isfinite(cost) ? log(cost) : NAN;
}

static ockham_status gather_cells(ock_analysis *a, size_t scale, size_t k, cells *c, ockham_error *err) {
  c->n = 0;
  c->runs = ock_arena_array(&a->scratch, a->n_runs, sizeof *c->runs);
  c->costs = ock_arena_array(&a->scratch, a->n_runs, sizeof *c->costs);
  bool *taken = ock_arena_array(&a->scratch, a->cells.n, sizeof *taken);
  if (!c->runs || !c->costs || !taken) return ock_no_room(err);
  memset(taken, 0, a->cells.n * sizeof *taken);
  for (size_t i = 0; i < a->n_runs; i++) {
    const ockham_run *run = &a->runs[i];
    double cost = cost_of(run, k);
    if (run->scale != scale || isnan(cost) || taken[a->cells.of[i]]) continue;
    taken[a->cells.of[i]] = true;
    c->runs[c->n] = run;
    c->costs[c->n++] = cost;
  }
  return OCKHAM_OK;
}

/* Whether the cell is the baseline with this change alone; NULL: with none. */
static bool is_single(const ock_analysis *a, const uint8_t *levels, const ock_main *main) {
  for (size_t f = 0; f < a->study->n_factors; f++)
    if (levels[f] != (main && main->factor == f ? main->level : 0)) return false;
  return true;
}

static double cost_of_single(const ock_analysis *a, const cells *c, const ock_main *main) {
  for (size_t i = 0; i < c->n; i++)
    if (is_single(a, c->runs[i]->levels, main)) return c->costs[i];
  return NAN;
}

/* The least squares of the logarithms on 1 and all changes; NaN for one that cannot be told from others. */
static ockham_status fit_cells(ock_analysis *a, const cells *c, double *ratios, ockham_error *err) {
  const double dependent = 1e-7;
  size_t n = c->n, p = a->n_mains + 1;
  ock_basis basis;
  double *column = ock_arena_array(&a->scratch, n, sizeof *column);
  double *along = ock_arena_array(&a->scratch, p + 1, sizeof *along);
  size_t *kept = ock_arena_array(&a->scratch, p, sizeof *kept);
  if (!column || !along || !kept || !ock_basis_make(&basis, &a->scratch, n, p < n ? p : n)) return ock_no_room(err);
  for (size_t j = 0; j < p; j++) ratios[j] = 0;
  for (size_t j = 0; j < p; j++) {
    for (size_t i = 0; i < n; i++)
      column[i] = j == 0 || c->runs[i]->levels[a->mains[j - 1].factor] == a->mains[j - 1].level;
    if (ock_basis_add(&basis, column, dependent, along)) {
      kept[basis.rank - 1] = j;
      continue;
    }
    ratios[j] = NAN;
    ock_basis_solve(&basis, along);
    for (size_t r = 0; r < basis.rank; r++)
      if (fabs(along[r]) > 10 * dependent) ratios[kept[r]] = NAN;
  }
  memcpy(column, c->costs, n * sizeof *column);
  ock_basis_rest(&basis, column, along);
  ock_basis_solve(&basis, along);
  for (size_t r = 0; r < basis.rank; r++) ratios[kept[r]] = exp(ratios[kept[r]] + along[r]);
  return OCKHAM_OK;
}

/* Of a cell with the change alone where it was run, else by what all cells have in common. */
static ockham_status find_by_runs(ock_analysis *a, size_t scale, size_t k, double (*ratios)[N_COSTS],
                                  ockham_error *err) {
  cells c;
  OCK_TRY(gather_cells(a, scale, k, &c, err));
  double *fitted = ock_arena_array(&a->scratch, a->n_mains + 1, sizeof *fitted);
  if (!fitted) return ock_no_room(err);
  if (!c.n) return OCKHAM_OK;
  OCK_TRY(fit_cells(a, &c, fitted, err));
  double base = cost_of_single(a, &c, NULL);
  for (size_t j = 0; j < a->n_mains; j++) {
    if (!isnan(ratios[j][k])) continue;
    double single = exp(cost_of_single(a, &c, &a->mains[j]) - base);
    ratios[j][k] = isnan(single) ? fitted[j + 1] : single;
  }
  return OCKHAM_OK;
}

ockham_status ock_costs_find(ock_analysis *a, ockham_error *err) {
  size_t scale = find_scale(a);
  double(*ratios)[N_COSTS] = ock_arena_array(&a->scratch, a->n_mains, sizeof *ratios);
  if (!ratios) return ock_no_room(err);
  if (scale == SIZE_MAX) return OCKHAM_OK;
  for (size_t j = 0; j < a->n_mains; j++) ratios[j][PARAMETERS] = ratios[j][FLOPS_PER_TOKEN] = NAN;
  OCK_TRY(find_by_trainer(a, scale, ratios, err));
  for (size_t k = 0; k < N_COSTS; k++) OCK_TRY(find_by_runs(a, scale, k, ratios, err));
  for (size_t j = 0; j < a->n_mains; j++) {
    a->out->mains[j].parameters = ratios[j][PARAMETERS];
    a->out->mains[j].flops_per_token = ratios[j][FLOPS_PER_TOKEN];
  }
  return OCKHAM_OK;
}
