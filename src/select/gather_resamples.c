/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows are resampled, what their own clusterings are, and which resamples are asked for. */
#include <string.h>

#include "select/resamples.h"

/* A pass over the rows for all k may take so many products: tables with more are resampled as so many of their rows. */
static const double most_products = 1e9;
enum { MOST_ROWS = 10000, LEAST_ROWS = 1000, ROWS_A_CLUSTER = 10, RNG_STREAM_ROWS = 1000, KIND_OWN = 4 };

/* ---- the rows ---- */

static size_t most_rows(size_t d, size_t k_max) {
  double products = (double)d * (double)k_max * (double)(k_max + 1) / 2;
  size_t least = ROWS_A_CLUSTER * k_max > LEAST_ROWS ? ROWS_A_CLUSTER * k_max : LEAST_ROWS;
  return ock_clamp((size_t)(most_products / products), least, MOST_ROWS);
}

/* A row of weight w is w rows, as nearly as whole numbers allow when every so many of all of them are taken. */
static void draw_by_weight(const ock_frame *frame, size_t m, uint64_t seed, uint32_t *row) {
  ock_rng rng = ock_rng_make(seed, RNG_STREAM_ROWS);
  double first = ock_rng_uniform(&rng), every = frame->total / (double)m, passed = 0;
  size_t taken = 0;
  for (size_t i = 0; i < frame->n && taken < m; i++) {
    passed += frame->weights[i];
    while (taken < m && ((double)taken + first) * every < passed) row[taken++] = (uint32_t)i;
  }
  while (taken < m) row[taken++] = (uint32_t)(frame->n - 1); /* rounding */
}

/* In the units of the frame: *row receives the rows' numbers, NULL when they are all. */
static ockham_status choose_rows(const ock_run *r, size_t k_max, size_t *m, uint32_t **row, ockham_error *err) {
  const ock_frame *frame = &r->frame;
  size_t most = most_rows(frame->d, k_max);
  *m = frame->n < most ? frame->n : most;
  if (!frame->weights) return ock_rows_sample(frame->n, *m, r->options->seed + RNG_STREAM_ROWS, row, err);
  *m = frame->total < (double)most ? (size_t)(frame->total + 0.5) : most;
  if (*m == 0) *m = 1;
  *row = ock_alloc_array(*m, sizeof **row);
  if (!*row) return ock_fail_memory(err, "a sample of the rows", *m * sizeof **row);
  draw_by_weight(frame, *m, r->options->seed, *row);
  return OCKHAM_OK;
}

static ockham_status copy_rows(const ock_run *r, size_t m, const uint32_t *row, ock_resampling *to, ockham_error *err) {
  const ock_frame *frame = &r->frame;
  size_t d = frame->d;
  double *x = ock_alloc_array(ock_size_product(m, d), sizeof *x);
  if (!x) return ock_fail_memory(err, "the rows to resample", ock_size_product(m * d, sizeof *x));
  for (size_t i = 0; i < m; i++)
    for (size_t l = 0; l < d; l++)
      x[i * d + l] = (ock_rows_get(r->x, row ? row[i] : i, l) - frame->origin[l]) * frame->unit;
  to->x = (ockham_rows){.data = x, .n_rows = m, .n_columns = d};
  return OCKHAM_OK;
}

/* ---- their own clusterings ---- */

static ockham_status make_room(ock_resampling *to, ockham_error *err) {
  size_t n = to->x.n_rows, k_max = to->k_max;
  to->inertia = ock_alloc_array(k_max, sizeof *to->inertia);
  to->label = ock_alloc_array(ock_size_product(n, k_max), sizeof *to->label);
  to->first_one = ock_alloc_array(k_max + 2, sizeof *to->first_one);
  if (!to->inertia || !to->label || !to->first_one)
    return ock_fail_memory(err, "the labels for every k", ock_size_product(n, 2 * k_max));
  for (size_t k = 0; k < k_max + 2; k++) to->first_one[k] = k < 3 ? 0 : to->first_one[k - 1] + k - 1;
  return OCKHAM_OK;
}

/* All rows: those of the sweep. */
static ockham_status take_fits(const ockham_sweep *sweep, ock_resampling *to, ockham_error *err) {
  OCK_TRY(make_room(to, err));
  for (size_t k = 1; k <= to->k_max; k++) to->inertia[k - 1] = sweep->fits[k - 1].inertia;
  double *origin = ock_alloc_zeroed(sweep->d, sizeof *origin);
  if (!origin) return ock_fail_memory(err, "the labels for every k", sweep->d * sizeof *origin);
  ockham_status status = ock_resample_label_by_fits(&sweep->fits[1], to->k_max - 1, to->x, origin, to->label, err);
  ock_free(origin);
  return status;
}

/* Some of the rows, or by their weights: a sweep over these. */
static ockham_status fit_rows(const ock_resampling *r, ock_resample *resample, void *results, ockham_error *err) {
  ock_resampling *to = results;
  ockham_sweep *sweep = NULL;
  OCK_TRY(ock_resample_sweep(r, resample, r->x, NULL, &sweep, err));
  to->k_max = ock_resample_reach(sweep);
  ockham_status status = to->k_max ? make_room(to, err) : OCKHAM_OK;
  for (size_t k = 1; k <= to->k_max && !status; k++)
    to->inertia[k - 1] = sweep->fits[k - 1].inertia / sweep->frame->unit / sweep->frame->unit;
  if (!status) status = ock_resample_label_rows(sweep, r->x, to->label, err);
  ockham_sweep_free(sweep);
  return status;
}

static ockham_status prepare(ock_run *run, const ockham_sweep *sweep, ock_resampling *r, ockham_error *err) {
  uint32_t *row = NULL;
  size_t m;
  OCK_TRY(choose_rows(run, r->k_max, &m, &row, err));
  ockham_status status = copy_rows(run, m, row, r, err);
  bool all = !row;
  ock_free(row);
  if (status) return status;
  if (all) return take_fits(sweep, r, err);
  ock_resampling asked = *r;
  return ock_resamples_run(&asked, "resamples", KIND_OWN, 1, fit_rows, r, err);
}

static void clear(ock_resampling *r) {
  if (r->x.data) ock_rows_copy_clear(&r->x);
  ock_free(r->inertia);
  ock_free(r->label);
  ock_free(r->first_one);
}

/* ---- what is asked for ---- */

static bool wants(const ock_run *r, const ockham_sweep *sweep, const char *criterion) {
  return r->options->all_criteria || strcmp(sweep->criterion->name, criterion) == 0;
}

static ockham_status gather(const ock_run *run, const ockham_sweep *sweep, const ock_resampling *r,
                            ockham_resample_statistics *of, ockham_error *err) {
  if (r->k_max == 0) return OCKHAM_OK;
  if (wants(run, sweep, "gap") || wants(run, sweep, "gap-star")) OCK_TRY(ock_gap_gather(r, false, of, err));
  if (wants(run, sweep, "gap-pca")) OCK_TRY(ock_gap_gather(r, true, of, err));
  if (wants(run, sweep, "prediction-strength")) OCK_TRY(ock_prediction_strength_gather(r, of, err));
  if (wants(run, sweep, "bootstrap-instability") || wants(run, sweep, "bootstrap-jaccard"))
    OCK_TRY(ock_bootstrap_gather(r, of, err));
  return OCKHAM_OK;
}

static ockham_resample_statistics *make_undefined(size_t n) {
  ockham_resample_statistics *of = ock_alloc_array(n, sizeof *of);
  for (size_t i = 0; of && i < n; i++)
    of[i] = (ockham_resample_statistics){.gap = {NAN, NAN},
                                         .gap_pca = {NAN, NAN},
                                         .gap_star = {NAN, NAN},
                                         .prediction_strength = NAN,
                                         .prediction_strength_error = NAN,
                                         .instability = NAN,
                                         .instability_error = NAN,
                                         .jaccard = NAN,
                                         .jaccard_mean = NAN};
  return of;
}

/* Those of k_min ... k_max are kept. */
static void keep(ockham_sweep *sweep, ockham_resample_statistics *of, size_t n_rows) {
  size_t n = sweep->k_max + 1 - sweep->k_min;
  memmove(of, of + sweep->k_min - 1, n * sizeof *of);
  for (size_t i = 0; i < n; i++) of[i].n_rows = n_rows;
  ock_free(sweep->resamples);
  sweep->resamples = of;
}

ockham_status ock_gather_resamples(ock_run *run, ockham_sweep *sweep, ockham_error *err) {
  ock_resampling r = {.unit = run->frame.unit, .options = run->options, .pool = run->pool, .ticker = &run->ticker};
  r.k_max = ock_clamp(sweep->k_max, 1, OCKHAM_RESAMPLE_K_LIMIT);
  ockham_resample_statistics *of = make_undefined(sweep->k_max);
  if (!of) return ock_fail_memory(err, "the resamples", ock_size_product(sweep->k_max, sizeof *of));
  ockham_error problem = {0};
  ockham_status status = prepare(run, sweep, &r, &problem);
  if (!status) status = gather(run, sweep, &r, of, &problem);
  if (!status)
    keep(sweep, of, r.x.n_rows);
  else
    ock_free(of);
  clear(&r);
  if (status == OCKHAM_INTERRUPTED) return OCKHAM_OK; /* without them, then */
  if (status && err) *err = problem;
  return status;
}
