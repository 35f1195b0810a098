/* SPDX-License-Identifier: Apache-2.0 */
/* Whether other rows of the same kind give the same clusters: halves that predict each other, and bootstrap samples. */
#include <math.h>
#include <string.h>

#include "select/resamples.h"

enum { KIND_SPLIT = 2, KIND_BOOTSTRAP = 3 };

static ockham_status no_memory(const ock_resampling *r, ockham_error *err) {
  return ock_fail_memory(err, "the labels of a resample", ock_size_product(2 * r->k_max, r->x.n_rows));
}

/* ---- halves ---- */

typedef struct half {
  ockham_rows x;
  ockham_sweep *sweep;
  uint16_t *own, *predicted; /* labels by its own centroids, and by those of the other half */
} half;

static void clear_half(half *h) {
  if (h->x.data) ock_rows_copy_clear(&h->x);
  ockham_sweep_free(h->sweep);
  ock_free(h->own);
  ock_free(h->predicted);
}

static ockham_status sweep_half(const ock_resampling *r, ock_resample *resample, const uint32_t *row, size_t n, half *h,
                                ockham_error *err) {
  OCK_TRY(ock_rows_copy(r->x, row, n, &h->x, err));
  OCK_TRY(ock_resample_sweep(r, resample, h->x, NULL, &h->sweep, err));
  h->own = ock_alloc_array(ock_size_product(n, r->k_max), sizeof *h->own);
  h->predicted = ock_alloc_array(ock_size_product(n, r->k_max), sizeof *h->predicted);
  if (!h->own || !h->predicted) return no_memory(r, err);
  return ock_resample_label_rows(h->sweep, h->x, h->own, err);
}

static double strength_of(const half *h, size_t k, uint32_t *cells) {
  size_t n = h->x.n_rows;
  ock_cross_tabulate(ock_labels_at(h->own, n, k), ock_labels_at(h->predicted, n, k), NULL, n, k, cells);
  return ock_least_share_together(cells, k);
}

static ockham_status compare_halves(const ock_resampling *r, half h[2], double *strength, ockham_error *err) {
  size_t reach = ock_resample_reach(h[0].sweep);
  if (ock_resample_reach(h[1].sweep) < reach) reach = ock_resample_reach(h[1].sweep);
  for (size_t s = 0; s < 2; s++) OCK_TRY(ock_resample_label_rows(h[1 - s].sweep, h[s].x, h[s].predicted, err));
  uint32_t *cells = ock_alloc_array(r->k_max * r->k_max, sizeof *cells);
  if (!cells) return no_memory(r, err);
  for (size_t k = 1; k <= r->k_max; k++) strength[k - 1] = k == 1 ? 1 : NAN;
  for (size_t k = 2; k <= reach; k++)
    strength[k - 1] = (strength_of(&h[0], k, cells) + strength_of(&h[1], k, cells)) / 2;
  ock_free(cells);
  return OCKHAM_OK;
}

/* All rows in random order: the first half of them, and the rest. */
static void shuffle(uint32_t *row, size_t n, ock_rng *rng) {
  for (size_t i = 0; i < n; i++) {
    size_t j = ock_rng_below(rng, i + 1);
    if (j < i) row[i] = row[j];
    row[j] = (uint32_t)i;
  }
}

static ockham_status split(const ock_resampling *r, ock_resample *resample, void *results, ockham_error *err) {
  size_t n = r->x.n_rows;
  double *strength = (double *)results + resample->number * r->k_max;
  half h[2] = {0};
  uint32_t *row = ock_alloc_array(n, sizeof *row);
  if (!row) return no_memory(r, err);
  shuffle(row, n, &resample->rng);
  ockham_status status = sweep_half(r, resample, row, n / 2, &h[0], err);
  if (!status) status = sweep_half(r, resample, row + n / 2, n - n / 2, &h[1], err);
  if (!status) status = compare_halves(r, h, strength, err);
  clear_half(&h[0]);
  clear_half(&h[1]);
  ock_free(row);
  return status;
}

ockham_status ock_prediction_strength_gather(const ock_resampling *r, ockham_resample_statistics *of,
                                             ockham_error *err) {
  if (r->x.n_rows < 2) return OCKHAM_OK;
  size_t values = ock_size_product(OCK_SPLITS, r->k_max);
  double *strength = ock_alloc_array(values, sizeof *strength);
  if (!strength) return ock_fail_memory(err, "the prediction strength", ock_size_product(values, sizeof *strength));
  ockham_status status = ock_resamples_run(r, "prediction strength", KIND_SPLIT, OCK_SPLITS, split, strength, err);
  for (size_t k = 1; k <= r->k_max && !status; k++)
    of[k - 1].prediction_strength =
        ock_mean_of(strength + k - 1, OCK_SPLITS, r->k_max, &of[k - 1].prediction_strength_error);
  ock_free(strength);
  return status;
}

/* ---- bootstrap samples ---- */

typedef struct bootstraps {
  double *instability; /* OCK_BOOTSTRAP_PAIRS x k_max */
  double *jaccard;     /* 2 OCK_BOOTSTRAP_PAIRS x the sum of k: of each cluster, best over those of the sample */
} bootstraps;

typedef struct bootstrap {
  uint32_t *count; /* how often each row was drawn */
  double *weights; /* the same */
  uint16_t *label; /* of all rows */
  size_t reach;
} bootstrap;

static void clear_bootstrap(bootstrap *b) {
  ock_free(b->count);
  ock_free(b->weights);
  ock_free(b->label);
}

static ockham_status sweep_bootstrap(const ock_resampling *r, ock_resample *resample, bootstrap *b, ockham_error *err) {
  size_t n = r->x.n_rows;
  b->count = ock_alloc_zeroed(n, sizeof *b->count);
  b->weights = ock_alloc_array(n, sizeof *b->weights);
  b->label = ock_alloc_array(ock_size_product(n, r->k_max), sizeof *b->label);
  if (!b->count || !b->weights || !b->label) return no_memory(r, err);
  for (size_t i = 0; i < n; i++) b->count[ock_rng_below(&resample->rng, n)]++;
  for (size_t i = 0; i < n; i++) b->weights[i] = b->count[i];
  ockham_sweep *sweep = NULL;
  OCK_TRY(ock_resample_sweep(r, resample, r->x, b->weights, &sweep, err));
  b->reach = ock_resample_reach(sweep);
  ockham_status status = ock_resample_label_rows(sweep, r->x, b->label, err);
  ockham_sweep_free(sweep);
  return status;
}

/* Similarities of the clusters of all rows to those of the sample, both seen at the rows of the sample. */
static void compare_with_all(const ock_resampling *r, const bootstrap *b, double *jaccard, uint32_t *cells) {
  size_t n = r->x.n_rows;
  for (size_t k = 2; k <= r->k_max; k++) {
    double *of_k = jaccard + r->first_one[k];
    if (k <= b->reach) {
      ock_cross_tabulate(ock_labels_at(r->label, n, k), ock_labels_at(b->label, n, k), b->count, n, k, cells);
      ock_best_jaccard(cells, k, of_k);
    } else {
      for (size_t j = 0; j < k; j++) of_k[j] = NAN;
    }
  }
}

static void compare_two(const ock_resampling *r, const bootstrap pair[2], double *instability, uint32_t *cells) {
  size_t n = r->x.n_rows;
  for (size_t k = 1; k <= r->k_max; k++) {
    instability[k - 1] = NAN;
    if (k < 2 || k > pair[0].reach || k > pair[1].reach) continue;
    ock_cross_tabulate(ock_labels_at(pair[0].label, n, k), ock_labels_at(pair[1].label, n, k), NULL, n, k, cells);
    instability[k - 1] = ock_share_disagreeing(cells, k);
  }
}

static ockham_status draw_pair(const ock_resampling *r, ock_resample *resample, void *results, ockham_error *err) {
  const bootstraps *all = results;
  size_t n_clusters = r->first_one[r->k_max + 1];
  bootstrap pair[2] = {0};
  uint32_t *cells = ock_alloc_array(r->k_max * r->k_max, sizeof *cells);
  ockham_status status = cells ? OCKHAM_OK : no_memory(r, err);
  for (size_t s = 0; s < 2 && !status; s++) {
    status = sweep_bootstrap(r, resample, &pair[s], err);
    if (!status) compare_with_all(r, &pair[s], all->jaccard + (2 * resample->number + s) * n_clusters, cells);
  }
  if (!status) compare_two(r, pair, all->instability + resample->number * r->k_max, cells);
  clear_bootstrap(&pair[0]);
  clear_bootstrap(&pair[1]);
  ock_free(cells);
  return status;
}

static void take_jaccard(const ock_resampling *r, const double *jaccard, size_t k, ockham_resample_statistics *of) {
  size_t n_clusters = r->first_one[r->k_max + 1];
  double least = INFINITY, sum = 0;
  for (size_t j = 0; j < k; j++) {
    double mean = ock_mean_of(jaccard + r->first_one[k] + j, 2 * OCK_BOOTSTRAP_PAIRS, n_clusters, NULL);
    least = mean < least ? mean : least;
    sum += mean;
  }
  of->jaccard_mean = sum / (double)k;
  of->jaccard = isnan(sum) ? NAN : least;
}

ockham_status ock_bootstrap_gather(const ock_resampling *r, ockham_resample_statistics *of, ockham_error *err) {
  size_t values = OCK_BOOTSTRAP_PAIRS * r->k_max, similarities = 2 * OCK_BOOTSTRAP_PAIRS * r->first_one[r->k_max + 1];
  bootstraps all = {ock_alloc_array(values, sizeof(double)), ock_alloc_array(similarities, sizeof(double))};
  ockham_status status = all.instability && all.jaccard
                             ? OCKHAM_OK
                             : ock_fail_memory(err, "the bootstrap", (values + similarities) * sizeof(double));
  if (!status) status = ock_resamples_run(r, "bootstrap", KIND_BOOTSTRAP, OCK_BOOTSTRAP_PAIRS, draw_pair, &all, err);
  if (!status) of[0].jaccard = of[0].jaccard_mean = 1;
  for (size_t k = 2; k <= r->k_max && !status; k++) {
    of[k - 1].instability =
        ock_mean_of(all.instability + k - 1, OCK_BOOTSTRAP_PAIRS, r->k_max, &of[k - 1].instability_error);
    take_jaccard(r, all.jaccard, k, &of[k - 1]);
  }
  ock_free(all.instability);
  ock_free(all.jaccard);
  return status;
}
