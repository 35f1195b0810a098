/* SPDX-License-Identifier: Apache-2.0 */
/* What else could have been found: E from its distribution, and given it the coefficients that other noise would have
 * given. Normal noise of each unit's variance, times what its scale's variance may be off by. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

/* sqrt(freedom / chi-squared), by Wilson & Hilferty. */
static double draw_inflation(double freedom, ock_rng *rng) {
  double part = 2 / (9 * fmax(freedom, 1)), root = 1 - part + sqrt(part) * ock_rng_normal(rng);
  return pow(fmax(root, .05), -1.5);
}

void ock_draw_errors(const ock_model *m, ock_rng *rng, double *errors) {
  double inflation = 1;
  for (size_t u = 0; u < m->n_units; u++) {
    size_t scale = m->units[u].scale;
    if (!u || m->units[u - 1].scale != scale) inflation = draw_inflation(m->freedom[scale], rng);
    errors[u] = sqrt(m->own[u]) * inflation * ock_rng_normal(rng);
  }
}

typedef struct drawing {
  const ock_analysis *a;
  const ock_model *model;
  ock_draws *draws;
  ock_fit *fits;  /* one a worker */
  double *errors; /* n_units a worker */
  double *spread; /* n_mains a worker */
  size_t *first;  /* OCK_GRID + 1: draws of each value of E */
} drawing;

static void draw_at(void *arg, size_t i, size_t worker) {
  drawing *d = arg;
  const ock_analysis *a = d->a;
  const ock_model *m = d->model;
  ock_fit *fit = &d->fits[worker];
  double *errors = d->errors + worker * m->n_units, *spread = d->spread + worker * m->n_mains;
  size_t first_main = ock_first_main(m);
  if (d->first[i] == d->first[i + 1]) return;
  ock_fit_run(fit, m, a->irreducible.value[i], true);
  for (size_t j = 0; j < m->n_mains; j++) spread[j] = sqrt(ock_fit_variance(fit, m, first_main + j, NULL));
  for (size_t b = d->first[i]; b < d->first[i + 1]; b++) {
    ock_rng rng = ock_rng_make(a->how.seed, b);
    double *coefficients = d->draws->coefficients + b * fit->p;
    ock_draw_errors(m, &rng, errors);
    for (size_t u = 0; u < m->n_units; u++) errors[u] /= fit->magnitude[u];
    for (size_t j = 0; j < fit->p; j++) {
      const double *influence = fit->influence + j * fit->n;
      double sum = 0;
      for (size_t u = 0; u < fit->n; u++) sum += influence[u] * errors[u];
      coefficients[j] = fit->coefficients[j] + sum;
      if (j >= first_main && j < first_main + m->n_mains)
        d->draws->t[b * m->n_mains + j - first_main] = spread[j - first_main] > 0 ? sum / spread[j - first_main] : 0;
    }
    d->draws->irreducible[b] = fit->irreducible;
  }
}

/* Draw b has the value of E at the quantile (b + 1/2) / n. */
static void deal(drawing *d) {
  const ock_irreducible *e = &d->a->irreducible;
  size_t n = d->draws->n;
  double below = 0;
  for (size_t i = 0; i < e->n; i++) {
    d->first[i] = (size_t)floor(below * (double)n + .5);
    below += e->weight[i];
  }
  d->first[0] = 0, d->first[e->n] = n;
}

static ockham_status make(ock_analysis *a, drawing *d, ock_arena *arena, ockham_error *err) {
  size_t workers = ock_pool_size(a->pool);
  const ock_model *m = d->model;
  d->fits = ock_arena_array(arena, workers, sizeof *d->fits);
  d->errors = ock_arena_array(arena, ock_size_product(workers, m->n_units), sizeof *d->errors);
  d->spread = ock_arena_array(arena, ock_size_product(workers, m->n_mains), sizeof *d->spread);
  d->first = ock_arena_array(arena, OCK_GRID + 1, sizeof *d->first);
  bool made = d->fits && d->errors && d->spread && d->first;
  for (size_t i = 0; i < workers && made; i++) made = ock_fit_make(&d->fits[i], arena, m);
  if (!made) return ock_no_room(err);
  deal(d);
  if (!ock_pool_run_watched(a->pool, &a->ticker, a->irreducible.n, draw_at, d))
    return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the intervals were known");
  return OCKHAM_OK;
}

ockham_status ock_draws_make(ock_analysis *a, const ock_model *m, ock_draws *draws, ockham_error *err) {
  draws->n = a->how.bootstraps, draws->p = ock_n_columns(m);
  draws->irreducible = ock_arena_array(&a->scratch, draws->n, sizeof *draws->irreducible);
  draws->coefficients = ock_arena_array(&a->scratch, ock_size_product(draws->n, draws->p), sizeof(double));
  draws->t = ock_arena_array(&a->scratch, ock_size_product(draws->n, a->n_mains), sizeof *draws->t);
  if (!draws->irreducible || !draws->coefficients || !draws->t) return ock_no_room(err);
  ock_arena arena = {0};
  drawing d = {.a = a, .model = m, .draws = draws};
  ockham_status status = make(a, &d, &arena, err);
  ock_arena_clear(&arena);
  return status;
}

ockham_interval ock_interval_of(double value, double *values, size_t n, double level) {
  for (size_t i = 0; i < n; i++)
    if (isnan(values[i])) return (ockham_interval){NAN, NAN, NAN};
  if (isnan(value) || !n) return (ockham_interval){NAN, NAN, NAN};
  qsort(values, n, sizeof *values, ock_compare_doubles);
  return (ockham_interval){.value = value,
                           .low = fmin(value, ock_sorted_quantile(values, n, (1 - level) / 2)),
                           .high = fmax(value, ock_sorted_quantile(values, n, (1 + level) / 2))};
}
