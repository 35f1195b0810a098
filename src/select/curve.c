/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a sweep, and the curve that it shows to criteria. */
#include <math.h>

#include "select/evidence.h"
#include "select/mixtures.h"

/* ---- memory ---- */

ockham_status ock_sweep_reserve(ockham_sweep *sweep, size_t k, ockham_error *err) {
  if (k <= sweep->k_capacity) return OCKHAM_OK;
  ock_fit *fits = ock_realloc_array(sweep->fits, k, sizeof *fits);
  if (!fits) return ock_fail_memory(err, "the curve", k * sizeof *fits);
  sweep->fits = fits;
  for (; sweep->k_capacity < k; sweep->k_capacity++) ock_fit_init(&fits[sweep->k_capacity]);
  return OCKHAM_OK;
}

size_t ock_sweep_count_fits(const ockham_sweep *sweep) {
  size_t k = 0;
  while (k < sweep->k_capacity && sweep->fits[k].centroids) k++;
  return k;
}

ockham_status ock_sweep_new(const ock_frame *frame, const ockham_sweep_options *options, ockham_sweep **out,
                            ockham_error *err) {
  ockham_sweep *sweep = ock_alloc_zeroed(1, sizeof *sweep);
  if (!sweep) return ock_fail_memory(err, "the sweep", sizeof *sweep);
  sweep->n = frame->n;
  sweep->d = frame->d;
  sweep->total_weight = frame->total;
  sweep->weighted = frame->weights != NULL;
  sweep->frame = frame;
  sweep->k_min = options->k_min ? options->k_min : 1;
  sweep->criterion = ockham_criterion_find(options->criterion ? options->criterion : "mixture");
  sweep->by_default = !options->criterion;
  *out = sweep;
  return OCKHAM_OK;
}

void ockham_sweep_free(ockham_sweep *sweep) {
  if (!sweep) return;
  for (size_t k = 0; k < sweep->k_capacity; k++) ock_fit_clear(&sweep->fits[k]);
  ock_free(sweep->fits);
  if (sweep->mixtures) ock_mixtures_clear(sweep->mixtures);
  ock_free(sweep->mixtures);
  ock_free(sweep->sizes);
  ock_free(sweep->weights);
  ock_free(sweep->within);
  ock_free(sweep->pairs);
  ock_row_evidence_free(sweep->row_evidence);
  ock_free(sweep->resamples);
  ock_frame_clear(&sweep->own_frame);
  ock_free(sweep->points);
  ock_free(sweep->shown);
  ock_free(sweep);
}

/* ---- the curve ---- */

/* The best mixture with that many components. */
static void show_mixture(const ock_mixtures *m, ockham_curve_point *point) {
  point->mixture_bic = point->mixture_icl = -INFINITY;
  point->mixture_tail = 1;
  if (point->k == 1 && m->single.bic > -INFINITY) {
    point->mixture_bic = point->mixture_icl = m->single.bic;
    point->mixture_shape = m->single.shape;
  }
  for (size_t which = 0; point->k <= m->k_max && which < OCK_MIXTURES; which++) {
    ockham_covariance family = (ockham_covariance)(which / 2);
    const ock_mixture_score *score = ock_mixture_at(m, point->k, family, which % 2);
    point->mixture_icl = fmax(point->mixture_icl, score->icl);
    if (!(score->bic > point->mixture_bic)) continue;
    point->mixture_bic = score->bic;
    point->mixture_shape = OCKHAM_SHAPE_COMPONENTS;
    point->mixture_family = family;
    point->mixture_tail = score->tail;
  }
}

/* From the frame's units to the data's: k x d centroids, then k within and k spread, at `shown`. */
static void show_point(ockham_sweep *sweep, const ock_fit *fit, ockham_curve_point *point, double *shown) {
  const ock_frame *frame = sweep->frame;
  double unit = frame->unit, *within = shown + fit->k * sweep->d, *spread = within + fit->k;
  for (size_t j = 0; j < fit->k; j++) {
    for (size_t l = 0; l < sweep->d; l++)
      shown[j * sweep->d + l] = fit->centroids[j * sweep->d + l] / unit + frame->origin[l];
    within[j] = fit->within[j] / unit / unit;
    spread[j] = fit->spread[j] / unit;
  }
  *point = (ockham_curve_point){.k = fit->k,
                                .inertia = fit->inertia / unit / unit,
                                .sizes = fit->sizes,
                                .within = within,
                                .spread = spread,
                                .centroids = shown,
                                .silhouette = fit->silhouette,
                                .simplified_silhouette = fit->simplified_silhouette,
                                .silhouette_error = fit->silhouette_error,
                                .weights = fit->weights};
  if (sweep->mixtures) show_mixture(sweep->mixtures, point);
  if (sweep->row_evidence) point->rows = &sweep->row_evidence->points[fit->k - sweep->k_min];
  if (sweep->resamples) point->resamples = &sweep->resamples[fit->k - sweep->k_min];
}

ockham_status ock_sweep_build_curve(ockham_sweep *sweep, ockham_error *err) {
  size_t n_points = sweep->k_max + 1 - sweep->k_min, n_clusters = 0;
  for (size_t k = sweep->k_min; k <= sweep->k_max; k++) n_clusters += k;
  ockham_curve_point *points = ock_realloc_array(sweep->points, n_points, sizeof *points);
  if (points) sweep->points = points;
  size_t values = ock_size_product(n_clusters, sweep->d + 2);
  double *shown = ock_realloc_array(sweep->shown, values, sizeof(double));
  if (shown) sweep->shown = shown;
  if (!points || !shown) return ock_fail_memory(err, "the curve", ock_size_product(values, sizeof(double)));
  for (size_t i = 0; i < n_points; i++) {
    show_point(sweep, &sweep->fits[sweep->k_min + i - 1], &points[i], shown);
    if (sweep->pairs) points[i].pairs = &sweep->pairs[i];
    shown += points[i].k * (sweep->d + 2);
  }
  const ock_fit *one = &sweep->fits[0];
  sweep->curve = (ockham_curve){.n_rows = sweep->n,
                                .n_columns = sweep->d,
                                .n_varying = sweep->survey.n_varying,
                                .variance_floor = sweep->survey.variance_floor,
                                .total = sweep->survey.total,
                                .n_points = n_points,
                                .points = points,
                                .total_weight = sweep->total_weight,
                                .weighted = sweep->weighted,
                                .has_mixtures = sweep->mixtures != NULL,
                                .total_spread = one->settled ? one->spread[0] / sweep->frame->unit : 0};
  return OCKHAM_OK;
}
