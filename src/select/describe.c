/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of the fits in the end, on all rows: exact sums, and silhouettes. */
#include <math.h>
#include <string.h>

#include "select/internal.h"

/* Rows that are many get one step, unless it would lower the inertia by next to nothing, and are measured. */
enum { PASSES_FOR_FEW = 300, PASSES_FOR_MANY = 2 };

ockham_status ock_settle_fits(ockham_sweep *sweep, const ock_rows_in_order *rows, size_t from, uint16_t *labels,
                              bool silhouettes, ock_pool *pool, ock_ticker *ticker, ockham_error *err) {
  size_t n = 0;
  if (sweep->k_max < from) return OCKHAM_OK;
  ock_fit **open = ock_alloc_array(sweep->k_max + 1 - from, sizeof(ock_fit *));
  if (!open) return ock_fail_memory(err, "the fits", sweep->k_max * sizeof *open);
  for (size_t k = from; k <= sweep->k_max; k++)
    if (labels || !sweep->fits[k - 1].settled) open[n++] = &sweep->fits[k - 1];
  bool many = ock_rows_are_many(sweep->n, sweep->d) || rows->feed;
  ock_feed in_memory = ock_feed_of_rows(rows->x), *feed = rows->feed ? rows->feed : &in_memory;
  ock_settle_options options = {.order = rows->order,
                                .most_passes = rows->as_they_are ? 1
                                               : many            ? PASSES_FOR_MANY
                                                                 : PASSES_FOR_FEW,
                                .tolerance = many ? ock_tolerance_for_many : 0,
                                .silhouettes = silhouettes,
                                .wide = rows->wide,
                                .plain = rows->plain,
                                .labels = labels,
                                .partial_bytes = rows->partial_bytes};
  ticker->stage = "k-means, all rows";
  ockham_status status =
      n ? ock_settle_feed(feed, sweep->frame, open, n, &options, pool, ticker, &sweep->work, err) : OCKHAM_OK;
  ock_free(open);
  return status;
}

void ock_fits_label(const ock_fit *fits, size_t n_fits, ockham_rows x, const double *origin, double *panel,
                    uint16_t *label) {
  const ock_kernels *kernels = ock_kernels_pick();
  double nearest[OCK_PANEL], second[OCK_PANEL];
  uint32_t which[OCK_PANEL];
  for (size_t first = 0; first < x.n_rows; first += OCK_PANEL) {
    size_t n = x.n_rows - first < OCK_PANEL ? x.n_rows - first : OCK_PANEL;
    ock_panel_load(kernels, x, origin, first, n, panel);
    for (size_t p = 0; p < n_fits; p++) {
      kernels->nearest_two(panel, x.n_columns, fits[p].centroids, fits[p].k, which, nearest, second);
      for (size_t r = 0; r < n; r++) label[p * x.n_rows + first + r] = (uint16_t)which[r];
    }
  }
}

ockham_status ock_fits_in_data_units(const ockham_sweep *sweep, size_t from, ock_arena *arena, ock_fit **fits,
                                     ockham_error *err) {
  size_t n = sweep->k_max + 1 - from, d = sweep->d;
  double unit = sweep->frame->unit;
  *fits = ock_arena_array(arena, n, sizeof **fits);
  for (size_t p = 0; *fits && p < n; p++) {
    const ock_fit *fit = &sweep->fits[from + p - 1];
    double *values = ock_arena_array(arena, ock_size_product(fit->k, d + 2), sizeof(double));
    if (!values) {
      *fits = NULL;
      break;
    }
    ock_fit *copy = &(*fits)[p];
    *copy = *fit;
    copy->centroids = values;
    copy->within = values + fit->k * d;
    copy->spread = copy->within + fit->k;
    for (size_t i = 0; i < fit->k * d; i++) copy->centroids[i] = fit->centroids[i] / unit;
    for (size_t j = 0; j < fit->k; j++) {
      copy->within[j] = fit->within[j] / unit / unit;
      copy->spread[j] = fit->spread[j] / unit;
    }
  }
  return *fits ? OCKHAM_OK : ock_fail_memory(err, "the fits", n * sizeof **fits);
}

static ockham_status measure_silhouettes(ockham_sweep *sweep, ockham_rows x, size_t first_k, size_t n_partitions,
                                         const uint16_t *label, ock_pool *pool, ock_ticker *ticker, ockham_error *err) {
  ock_arena arena = {0};
  ock_fit *fits;
  double *silhouette = ock_arena_array(&arena, n_partitions, sizeof *silhouette);
  ockham_status status = silhouette ? ock_fits_in_data_units(sweep, first_k, &arena, &fits, err)
                                    : ock_fail_memory(err, "the silhouette", n_partitions * sizeof *silhouette);
  if (!status) {
    ock_partitions partitions = {
        .n_partitions = n_partitions, .fits = fits, .label = label, .weights = sweep->frame->weights};
    status = ock_silhouettes_compute(x, sweep->frame->origin, &partitions, pool, ticker, silhouette, NULL, err);
  }
  for (size_t p = 0; p < n_partitions && !status; p++) {
    sweep->fits[first_k + p - 1].silhouette = silhouette[p];
    sweep->fits[first_k + p - 1].silhouette_error = 0;
  }
  ock_arena_clear(&arena);
  return status == OCKHAM_INTERRUPTED ? OCKHAM_OK : status; /* without them, then */
}

ockham_status ock_exact_silhouettes(ockham_sweep *sweep, const ock_rows_in_order *rows, ock_pool *pool,
                                    ock_ticker *ticker, ockham_error *err) {
  size_t first = sweep->k_min > 2 ? sweep->k_min : 2;
  if (sweep->k_max < first || ticker->stopped) return OCKHAM_OK;
  size_t n = sweep->k_max + 1 - first;
  uint16_t *label = ock_alloc_array(ock_size_product(sweep->n, n), sizeof *label);
  if (!label) return ock_fail_memory(err, "the labels for every k", ock_size_product(sweep->n, 2 * n));
  ockham_status status = ock_settle_fits(sweep, rows, first, label, true, pool, ticker, err);
  ticker->stage = "silhouette";
  if (!status && !ticker->stopped) status = measure_silhouettes(sweep, rows->x, first, n, label, pool, ticker, err);
  ock_free(label);
  return status;
}
