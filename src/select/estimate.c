/* SPDX-License-Identifier: Apache-2.0 */
/* The silhouette from some of the rows. A sample stands for all rows: distances go to its rows only. Of some of its
 * rows, evenly drawn, the silhouette is computed within the sample; their mean is the estimate. */
#include <math.h>
#include <string.h>

#include "select/internal.h"

enum { RNG_STREAM_ESTIMATE = 800, SAMPLE_A_ROW = 16 };

/* How many rows are drawn, and of how many of these the silhouette is computed. A larger share of evaluated rows would
 * make the sample's own error count; a smaller one gives away precision. */
typedef struct plan {
  size_t n_sample, n_evaluated;
} plan;

/* One row of each stretch of so many, so that every row has the same chance. */
static size_t n_stretches(size_t n, size_t length) {
  return (n + length - 1) / length;
}

static plan make_plan(size_t n, double pairs) {
  double sample = fmax(1, sqrt(SAMPLE_A_ROW * pairs));
  plan p = {.n_sample = sample < (double)n ? n_stretches(n, (size_t)((double)n / sample)) : n};
  double evaluated = fmax(1, pairs / (double)p.n_sample);
  size_t length = (size_t)ceil((double)p.n_sample / evaluated);
  p.n_evaluated = n_stretches(p.n_sample, length > 0 ? length : 1);
  return p;
}

/* ---- labels of the sample ---- */

typedef struct labelling {
  ockham_rows sample;
  const double *origin;
  const ock_kernels *kernels;
  const double *weights; /* of the sample's rows; NULL: all 1 */
  const ock_fit *fits;
  size_t n_fits;
  double *panels; /* a worker */
  uint16_t *label;
} labelling;

static void label_panel(void *arg, size_t i, size_t worker) {
  const labelling *l = arg;
  size_t d = l->sample.n_columns, first = i * OCK_PANEL;
  size_t n = l->sample.n_rows - first < OCK_PANEL ? l->sample.n_rows - first : OCK_PANEL;
  double *panel = l->panels + worker * d * OCK_PANEL, nearest[OCK_PANEL], second[OCK_PANEL];
  uint32_t label[OCK_PANEL];
  ock_panel_load(l->kernels, l->sample, l->origin, first, n, panel);
  for (size_t p = 0; p < l->n_fits; p++) {
    l->kernels->nearest_two(panel, d, l->fits[p].centroids, l->fits[p].k, label, nearest, second);
    for (size_t r = 0; r < n; r++) l->label[(first + r) * l->n_fits + p] = (uint16_t)label[r];
  }
}

/* ---- the estimate ---- */

/* The mean over m of M sampled rows has variance v (1 / m - 1 / M) about the mean over the sample. That one has about
 * 2 v (1 / M - 1 / n), for a row counts twice: by its own silhouette, and by its distances to others. Of the share of
 * rows whose clusters were not met at all we know that their silhouettes are in -1 ... 1. */
static double standard_error(double variance, size_t n, plan p, double share_unseen) {
  double m = (double)p.n_evaluated, sample = (double)p.n_sample;
  double error = variance * ((1 / m - 1 / sample) + 2 * (1 / sample - 1 / (double)n));
  return sqrt(error + share_unseen * share_unseen / 3);
}

static void draw_evaluated(uint32_t *row, plan p, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, RNG_STREAM_ESTIMATE);
  size_t length = p.n_sample / p.n_evaluated, n_longer = p.n_sample % p.n_evaluated, first = 0;
  for (size_t i = 0; i < p.n_evaluated; i++) {
    size_t n = length + (i < n_longer);
    row[i] = (uint32_t)(first + ock_rng_below(&rng, n));
    first += n;
  }
}

/* Scratch, and results by fit. */
typedef struct estimate {
  plan plan;
  uint32_t *row;
  double *unseen; /* the largest k: weights of the clusters not met */
  double *silhouette, *variance;
} estimate;

static bool make_room(estimate *e, labelling *l, size_t n_workers, ock_arena *arena) {
  e->row = ock_arena_array(arena, e->plan.n_evaluated, sizeof *e->row);
  e->unseen = ock_arena_array(arena, l->fits[l->n_fits - 1].k, sizeof *e->unseen);
  e->silhouette = ock_arena_array(arena, l->n_fits, sizeof(double));
  e->variance = ock_arena_array(arena, l->n_fits, sizeof(double));
  l->label = ock_arena_array(arena, ock_size_product(l->sample.n_rows, l->n_fits), sizeof *l->label);
  l->panels = ock_arena_array(arena, n_workers * OCK_PANEL, ock_size_product(l->sample.n_columns, sizeof(double)));
  return e->row && e->unseen && e->silhouette && e->variance && l->label && l->panels;
}

/* The share of rows, by their weights, in clusters of fit p of which no row was evaluated. */
static double share_unseen(const estimate *e, const labelling *l, size_t p, double total) {
  const ock_fit *fit = &l->fits[p];
  double unseen = 0;
  for (size_t j = 0; j < fit->k; j++) e->unseen[j] = ock_fit_weight(fit, j);
  for (size_t i = 0; i < e->plan.n_evaluated; i++) e->unseen[l->label[e->row[i] * l->n_fits + p]] = 0;
  for (size_t j = 0; j < fit->k; j++) unseen += e->unseen[j];
  return unseen / total;
}

static ockham_status estimate_fits(estimate *e, labelling *l, uint64_t seed, ock_pool *pool, ock_ticker *ticker,
                                   ockham_error *err) {
  draw_evaluated(e->row, e->plan, seed);
  if (!ock_pool_run_watched(pool, ticker, (l->sample.n_rows + OCK_PANEL - 1) / OCK_PANEL, label_panel, l))
    return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before silhouettes were estimated");
  ock_partitions partitions = {.n_partitions = l->n_fits,
                               .fits = l->fits,
                               .label = l->label,
                               .sampled = true,
                               .row = e->row,
                               .n_evaluated = e->plan.n_evaluated,
                               .weights = l->weights};
  return ock_silhouettes_compute(l->sample, l->origin, &partitions, pool, ticker, e->silhouette, e->variance, err);
}

static ockham_status estimate_from(ockham_sweep *sweep, ockham_rows sample, const double *weights, plan how,
                                   uint64_t seed, ock_pool *pool, ock_ticker *ticker, ockham_error *err) {
  size_t first = sweep->k_min > 2 ? sweep->k_min : 2;
  ock_fit *fits;
  estimate e = {.plan = how};
  ock_arena arena = {0};
  ockham_status status = ock_fits_in_data_units(sweep, first, &arena, &fits, err);
  if (status) {
    ock_arena_clear(&arena);
    return status;
  }
  labelling l = {.sample = sample,
                 .origin = sweep->frame->origin,
                 .kernels = ock_kernels_pick(),
                 .weights = weights,
                 .fits = fits,
                 .n_fits = sweep->k_max - first + 1};
  status = make_room(&e, &l, ock_pool_size(pool), &arena)
               ? estimate_fits(&e, &l, seed, pool, ticker, err)
               : ock_fail_memory(err, "the labels for every k", sample.n_rows * 2 * l.n_fits);
  for (size_t p = 0; p < l.n_fits && !status; p++) {
    sweep->fits[first + p - 1].silhouette = e.silhouette[p];
    sweep->fits[first + p - 1].silhouette_error =
        standard_error(e.variance[p], sweep->n, how, share_unseen(&e, &l, p, sweep->total_weight));
  }
  if (!status) sweep->silhouette_rows = how.n_evaluated;
  ock_arena_clear(&arena);
  return status == OCKHAM_INTERRUPTED ? OCKHAM_OK : status; /* without them, then */
}

ockham_status ock_silhouettes_estimate(ockham_sweep *sweep, ockham_rows x, double pairs, uint64_t seed, ock_pool *pool,
                                       ock_ticker *ticker, ockham_error *err) {
  if (sweep->k_max < 2 || sweep->k_max < sweep->k_min) return OCKHAM_OK;
  plan p = make_plan(x.n_rows, pairs);
  uint32_t *row;
  ockham_rows sample = x;
  const double *all = sweep->frame->weights;
  double *weights = NULL;
  ticker->stage = "silhouette";
  OCK_TRY(ock_rows_sample(x.n_rows, p.n_sample, seed + RNG_STREAM_ESTIMATE, &row, err));
  ockham_status status = row ? ock_rows_copy(x, row, p.n_sample, &sample, err) : OCKHAM_OK;
  if (!status && row && all) {
    weights = ock_alloc_array(p.n_sample, sizeof *weights);
    if (!weights) status = ock_fail_memory(err, "a sample of the rows", ock_size_product(p.n_sample, sizeof *weights));
    for (size_t i = 0; weights && i < p.n_sample; i++) weights[i] = all[row[i]];
  }
  if (!status) status = estimate_from(sweep, sample, row ? weights : all, p, seed, pool, ticker, err);
  if (sample.data != x.data) ock_rows_copy_clear(&sample);
  ock_free(row);
  ock_free(weights);
  return status;
}
