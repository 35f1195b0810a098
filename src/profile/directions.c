/* SPDX-License-Identifier: Apache-2.0 */
/* Principal axes of standardised columns: the leading ones say where most of the variation went, along the trailing
 * ones next to nothing varies as long as correlations hold. They are of the fitted half of the rows, which vary more
 * along the leading ones than others do, and less along the trailing ones; bins lie between quantiles of the others. */
#include <ockham/stats.h>
#include <string.h>

#include "cluster/internal.h"
#include "profile/internal.h"

enum { MOST_SAMPLE_ROWS = 20000, MOST_SAMPLE_CELLS = 2000000, ROWS_A_COLUMN = 8 };
static const double least_variance = 1e-10; /* of all: less is rounding */

static size_t sample_size(const ock_profile_fit *fit) {
  size_t d = fit->profile->parts.n_numbers, n = MOST_SAMPLE_CELLS / d;
  n = n < ROWS_A_COLUMN * d ? ROWS_A_COLUMN * d : n;
  n = n > MOST_SAMPLE_ROWS ? MOST_SAMPLE_ROWS : n;
  return n < fit->profile->parts.n_fitted ? n : fit->profile->parts.n_fitted;
}

static void standardise_row(const ock_profile_fit *fit, size_t row, double *out) {
  const ockham_profile *p = fit->profile;
  for (size_t m = 0; m < p->parts.n_numbers; m++) {
    double value = ock_rows_get(fit->x, row, p->numbers[m]);
    out[m] = value == value ? (fmin(fmax(value, p->low[m]), p->high[m]) - p->mean[m]) * p->gain[m] : 0;
  }
}

static ockham_status fit_axes(ock_profile_fit *fit, ockham_principal_axes *axes) {
  size_t d = fit->profile->parts.n_numbers, n = sample_size(fit);
  double *sample = ock_alloc_array(n, d * sizeof *sample);
  uint32_t *row = NULL;
  ockham_status status = sample
                             ? ock_rows_sample(fit->profile->parts.n_fitted, n, fit->options->seed, &row, fit->err)
                             : ock_fail_memory(fit->err, "a sample of rows", ock_size_product(n, d * sizeof(double)));
  if (!status) {
    for (size_t i = 0; i < n; i++) standardise_row(fit, ock_fitted_row(fit, row ? row[i] : i), sample + i * d);
    size_t n_axes = d <= OCKHAM_EXACT_AXES_COLUMNS ? d : OCKHAM_PROFILE_MOST_DIRECTIONS;
    ockham_rows rows = {.data = sample, .n_rows = n, .n_columns = d};
    status = ockham_principal_axes_fit(rows, NULL, n_axes, ock_pool_size(fit->pool), axes, fit->err);
  }
  ock_free(row);
  ock_free(sample);
  return status;
}

/* All axes that vary; of many the first and the last. */
static size_t choose_axes(const ockham_principal_axes *axes, size_t *chosen) {
  size_t n = 0, most = OCKHAM_PROFILE_MOST_DIRECTIONS;
  while (n < axes->n_axes && axes->variances[n] > least_variance * axes->total_variance) n++;
  for (size_t i = 0; i < n && i < most; i++) chosen[i] = n <= most || i < most / 2 ? i : n - most + i;
  return n < most ? n : most;
}

static void project_all(void *arg, size_t direction, size_t worker) {
  ock_profile_fit *fit = arg;
  ock_block *block = fit->blocks[worker];
  double *values = ock_profile_sort_space(fit, worker);
  size_t n = 0, n_rows = fit->x.n_rows, at = fit->profile->parts.n_columns + direction;
  for (size_t first = 0; first < n_rows; first += OCK_PANEL) {
    double along[OCK_PANEL];
    ock_block_load(fit->profile, fit->x, first, n_rows - first < OCK_PANEL ? n_rows - first : OCK_PANEL, block);
    ock_block_standardise(fit->profile, block);
    ock_block_project(fit->profile, block, direction, along);
    for (size_t i = 0; i < block->n; i++) {
      if (!ock_row_is_fitted(fit, first + i)) values[n++] = along[i] == 0 ? 0 : along[i];
    }
  }
  ock_sort_doubles(values, n, values + n);
  fit->n_edges[at] = ock_quantile_edges(values, n, fit->edges + at * OCK_PROFILE_MOST_EDGES, &fit->single[at]);
}

/* Those along which the other half does not vary have no bins; edges of all that stay begin with a least value and end
 * with a largest. */
static void drop_constant(ock_profile_fit *fit, size_t n) {
  enum { FEWEST_EDGES = 3 };
  ockham_profile *p = fit->profile;
  size_t d = p->parts.n_numbers, first = p->parts.n_columns, kept = 0;
  for (size_t i = 0; i < n; i++) {
    size_t from = first + i, to = first + kept;
    if (fit->n_edges[from] < FEWEST_EDGES) continue;
    if (kept++ == i) continue;
    memcpy(p->directions + (kept - 1) * d, p->directions + i * d, d * sizeof *p->directions);
    memcpy(fit->edges + to * OCK_PROFILE_MOST_EDGES, fit->edges + from * OCK_PROFILE_MOST_EDGES,
           OCK_PROFILE_MOST_EDGES * sizeof *fit->edges);
    fit->n_edges[to] = fit->n_edges[from];
  }
  p->parts.n_directions = kept;
}

ockham_status ock_fit_directions(ock_profile_fit *fit) {
  ockham_profile *p = fit->profile;
  size_t d = p->parts.n_numbers, chosen[OCKHAM_PROFILE_MOST_DIRECTIONS];
  ockham_principal_axes axes = {0};
  if (d < 2) return OCKHAM_OK;
  OCK_TRY(fit_axes(fit, &axes));
  size_t n = choose_axes(&axes, chosen);
  bool ok = ock_profile_add_directions(p, n);
  for (size_t i = 0; ok && i < n; i++)
    memcpy(p->directions + i * d, axes.directions + chosen[i] * d, d * sizeof *p->directions);
  ockham_principal_axes_clear(&axes);
  if (!ok) return ock_fail_memory(fit->err, "directions", ock_size_product(n, d * sizeof(double)));
  OCK_TRY(ock_profile_run(fit, n, project_all, fit));
  drop_constant(fit, n);
  return OCKHAM_OK;
}
