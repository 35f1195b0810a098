/* SPDX-License-Identifier: Apache-2.0 */
/* Columns first, for clusters and directions need their ranges; then clusters on one half; then bins are named, and all
 * rows go into them. */
#include <math.h>
#include <string.h>

#include "profile/internal.h"

/* ---- what is asked for ---- */

static ockham_status check_rows(ockham_rows x, ockham_error *err) {
  if (!x.data || x.n_columns == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the data must have at least one column, found %zu",
                    x.data ? x.n_columns : 0);
  if (x.dtype != OCKHAM_FLOAT64 && x.dtype != OCKHAM_FLOAT32)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the data must be float64 or float32, found type %d", (int)x.dtype);
  if (ock_rows_stride(x) < x.n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the stride must be at least %zu columns, found %zu", x.n_columns,
                    x.stride);
  if (x.n_rows >= UINT32_MAX)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "at most 2^32 - 2 rows can be profiled, found %zu", x.n_rows);
  if (x.n_rows < OCK_PROFILE_FEWEST_ROWS)
    return ock_fail(err, OCKHAM_BAD_DATA, "a profile needs at least %d rows, found %zu", (int)OCK_PROFILE_FEWEST_ROWS,
                    x.n_rows);
  return OCKHAM_OK;
}

static ockham_status check_column(const ockham_profile_column *column, size_t j, ockham_error *err) {
  if (!column->name) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "column %zu must have a name, found NULL", j + 1);
  if (column->kind > OCKHAM_COLUMN_CATEGORY || column->role > OCKHAM_COLUMN_OUTPUT)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "column %zu must be of a known kind and role, found %d and %d", j + 1,
                    (int)column->kind, (int)column->role);
  if (column->kind == OCKHAM_COLUMN_NUMBER && column->n_texts)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "column %zu is of numbers and must have no texts, found %zu", j + 1,
                    column->n_texts);
  if (column->n_texts >= UINT32_MAX || (column->n_texts && !column->texts))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "column %zu must have its %zu texts", j + 1, column->n_texts);
  for (size_t t = 0; t < column->n_texts; t++)
    if (!column->texts[t])
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "text %zu of column %zu must not be NULL", t, j + 1);
  return OCKHAM_OK;
}

static size_t count_numbers(ockham_rows x, const ockham_profile_column *columns) {
  size_t n = columns ? 0 : x.n_columns;
  for (size_t j = 0; columns && j < x.n_columns; j++)
    n += columns[j].role == OCKHAM_COLUMN_INPUT && columns[j].kind == OCKHAM_COLUMN_NUMBER;
  return n;
}

static ockham_status check_scaling(const ockham_profile_options *options, size_t n_numbers, ockham_error *err) {
  if (!options->centre != !options->factor)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "centre and factor must be given both or not at all");
  for (size_t m = 0; options->centre && m < n_numbers; m++)
    if (!isfinite(options->centre[m]) || !isfinite(options->factor[m]) || !(options->factor[m] > 0))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                      "the scaling of number %zu must have a finite centre and a finite positive factor, found %g and "
                      "%g",
                      m + 1, options->centre[m], options->factor[m]);
  return OCKHAM_OK;
}

static ockham_status check_clusters(const ockham_profile_options *options, size_t n_numbers, ockham_error *err) {
  if (!options->k != !n_numbers || options->k > OCK_PROFILE_MOST_CLUSTERS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "k must be %s, found %zu",
                    n_numbers ? "from 1 to 258" : "0 without a column of numbers among the inputs", options->k);
  if (options->k && !options->centroids)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%zu clusters must have centroids, found NULL", options->k);
  for (size_t i = 0; i < options->k * n_numbers; i++)
    if (!(fabs(options->centroids[i]) <= OCK_PROFILE_LARGEST))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the centroid of cluster %zu must be finite, found %g", i / n_numbers,
                      options->centroids[i]);
  return check_scaling(options, n_numbers, err);
}

static ockham_status check(ockham_rows x, const ockham_profile_options *options, ockham_error *err) {
  OCK_TRY(check_rows(x, err));
  if (!options) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a profile must have options, found NULL");
  for (size_t j = 0; options->columns && j < x.n_columns; j++) OCK_TRY(check_column(&options->columns[j], j, err));
  return check_clusters(options, count_numbers(x, options->columns), err);
}

/* ---- the steps ---- */

ockham_status ock_profile_run(ock_profile_fit *fit, size_t n_tasks, ock_task *task, void *arg) {
  if (ock_pool_run_watched(fit->pool, &fit->ticker, n_tasks, task, arg)) return OCKHAM_OK;
  return ock_fail(fit->err, OCKHAM_INTERRUPTED, "stopped while the profile was taken");
}

static ockham_status make_room(ock_profile_fit *fit) {
  size_t n_workers = ock_pool_size(fit->pool), n = fit->x.n_rows;
  size_t n_edged = fit->profile->parts.n_columns + OCKHAM_PROFILE_MOST_DIRECTIONS;
  fit->sort_space = ock_arena_array(&fit->scratch, ock_size_product(n_workers, n), 2 * sizeof(double));
  fit->edges = ock_arena_array(&fit->scratch, n_edged, OCK_PROFILE_MOST_EDGES * sizeof(double));
  fit->n_edges = ock_arena_array(&fit->scratch, n_edged, sizeof *fit->n_edges);
  fit->single = ock_arena_array(&fit->scratch, n_edged, sizeof *fit->single);
  fit->blocks = ock_alloc_zeroed(n_workers, sizeof *fit->blocks);
  bool ok = fit->sort_space && fit->edges && fit->n_edges && fit->single && fit->blocks;
  for (size_t i = 0; ok && i < n_workers; i++) ok = (fit->blocks[i] = ock_block_new(fit->profile)) != NULL;
  return ok ? OCKHAM_OK : ock_fail_memory(fit->err, "a profile", ock_size_product(2 * sizeof(double), n));
}

static void free_room(ock_profile_fit *fit) {
  for (size_t i = 0; fit->blocks && i < ock_pool_size(fit->pool); i++) ock_free(fit->blocks[i]);
  ock_free(fit->blocks);
  ock_arena_clear(&fit->scratch);
  ock_pool_free(fit->pool);
}

static bool set_scaling(ock_profile_fit *fit) {
  ockham_profile *p = fit->profile;
  for (size_t m = 0; m < p->parts.n_numbers; m++) {
    p->centre[m] = fit->options->centre ? fit->options->centre[m] : 0;
    p->factor[m] = fit->options->factor ? fit->options->factor[m] : 1;
  }
  return ock_profile_set_limits(p);
}

/* A direction's bins are open: its first and last edge say nothing. */
static bool set_edges(ock_profile_fit *fit, size_t s) {
  ockham_profile *p = fit->profile;
  ockham_signal *signal = &p->signals[s];
  bool open = signal->kind == OCKHAM_SIGNAL_DIRECTION;
  size_t at = open ? p->parts.n_columns + signal->index : signal->index, n = fit->n_edges[at] - (open ? 2 : 0);
  signal->n_edges = n;
  signal->n_bins = n + (open ? 1 : 2);
  p->single[s] = open ? 0 : fit->single[at];
  if (n == 0) return true;
  double *edges = ock_profile_array(p, n, sizeof *edges);
  signal->edges = edges;
  return edges && memcpy(edges, fit->edges + at * OCK_PROFILE_MOST_EDGES + open, n * sizeof *edges);
}

static ockham_status set_bins(ock_profile_fit *fit) {
  ockham_profile *p = fit->profile;
  bool ok = true;
  for (size_t s = 0; ok && s < p->parts.n_signals; s++) {
    ockham_signal *signal = &p->signals[s];
    if (ock_signal_has_edges(p, signal))
      ok = set_edges(fit, s);
    else
      signal->n_bins = ock_signal_fixed_bins(p, signal);
    ok = ok && ock_name_bins(p, s);
  }
  return ok ? OCKHAM_OK : ock_fail_memory(fit->err, "the bins of a profile", p->parts.n_signals * sizeof *p->signals);
}

static ockham_status fit_all(ock_profile_fit *fit) {
  ockham_profile *p = fit->profile;
  OCK_TRY(make_room(fit));
  OCK_TRY(ock_fit_columns(fit));
  if (!set_scaling(fit) || !ock_profile_add_clusters(p, fit->options->k))
    return ock_fail_memory(fit->err, "the clusters of a profile", fit->options->k * p->parts.n_numbers);
  OCK_TRY(ock_fit_directions(fit));
  OCK_TRY(ock_fit_clusters(fit));
  if (!ock_profile_add_signals(p)) return ock_fail_memory(fit->err, "the signals of a profile", sizeof *p->signals);
  OCK_TRY(set_bins(fit));
  if (!ock_profile_finish(p)) return ock_fail_memory(fit->err, "the bins of a profile", sizeof *p->signals);
  return ock_fit_counts(fit);
}

/* At least some ten stretches, so that a trend in time is in both halves; as long as that allows, up to 1000 rows, so
 * that neighbours stay neighbours. Where hours of the week are kept, half an hour: else some hours would be in one half
 * only. */
static size_t stretch_of(size_t n, const double *times) {
  size_t stretch = n / 64;
  if (times && fabs(times[n - 1] - times[0]) >= OCK_HOURS_FROM_S) {
    double half_an_hour = 1800 * (double)n / fabs(times[n - 1] - times[0]);
    if ((double)stretch > half_an_hour) stretch = (size_t)half_an_hour;
  }
  return stretch < 1 ? 1 : stretch > 1000 ? 1000 : stretch;
}

static size_t count_fitted(size_t n, size_t stretch) {
  size_t rest = n % (2 * stretch);
  return n / (2 * stretch) * stretch + (rest < stretch ? rest : stretch);
}

ockham_status ockham_profile_fit(ockham_rows x, const ockham_profile_options *options, ockham_profile **profile,
                                 ockham_error *err) {
  *profile = NULL;
  OCK_TRY(check(x, options, err));
  ock_profile_fit fit = {.x = x, .options = options, .stretch = stretch_of(x.n_rows, options->times), .err = err};
  fit.ticker = (ock_ticker){.progress = options->progress, .stage = "profile"};
  OCK_TRY(ock_pool_new(options->threads, &fit.pool, err));
  ockham_status status = ock_profile_new(options->columns, x.n_columns, &fit.profile, err);
  if (!status) {
    fit.profile->parts.n_rows = x.n_rows;
    fit.profile->parts.n_fitted = count_fitted(x.n_rows, fit.stretch);
    status = fit_all(&fit);
  }
  free_room(&fit);
  if (status) {
    ockham_profile_free(fit.profile);
    return status;
  }
  *profile = fit.profile;
  return OCKHAM_OK;
}
