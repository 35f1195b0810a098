/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep says in the end: which k, how sure that is, and whose rows are whose. */
#include <math.h>
#include <string.h>

#include "select/mixtures.h"

const ockham_curve *ockham_sweep_curve(const ockham_sweep *sweep) {
  return &sweep->curve;
}

/* Posterior probability of the point's k by a criterion on the scale of BIC, computed without a table. Where it has no
 * value for another k there is nothing to be sure of. */
static double bic_weight(const ockham_criterion *criterion, const ockham_curve *curve, size_t point) {
  double own = ockham_criterion_value(criterion, curve, point), sum = 0;
  bool compared = false;
  for (size_t i = 0; i < curve->n_points; i++) {
    double value = ockham_criterion_value(criterion, curve, i);
    if (!isnan(value)) sum += exp((value - own) / 2);
    compared |= i != point && isfinite(value);
  }
  return compared ? 1 / sum : NAN;
}

/* The point that BIC prefers among those that one cluster does not explain as well, 0 when there is none. With hardly
 * more rows than clusters BIC has no bound, and its maximum there says nothing of the other k. */
static size_t best_beyond_one(const ockham_curve *curve) {
  size_t best = 0;
  double highest = ockham_score_bic(curve, 0).value;
  for (size_t i = 1; i < curve->n_points; i++) {
    double value = ockham_score_bic(curve, i).value;
    if (!(value > highest) || ockham_one_cluster_suffices(curve, i)) continue;
    best = i;
    highest = value;
  }
  return best;
}

static bool do_mixtures_decide(const ockham_sweep *sweep) {
  return sweep->mixtures && sweep->criterion->evidence == OCKHAM_EVIDENCE_MIXTURES;
}

/* The point that decides: SIZE_MAX when none does. */
static size_t decide(const ockham_sweep *sweep) {
  size_t point = ockham_criterion_choose(sweep->criterion, &sweep->curve);
  bool is_open = sweep->by_default && do_mixtures_decide(sweep) && point != SIZE_MAX;
  return is_open ? sweep->mixtures->k - sweep->curve.points[0].k : point;
}

/* ---- the clusters of a mixture ---- */

/* Sizes and sums of the clusters of the mixture that decided, and the labels on the way. */
static ockham_status count_rows(ockham_sweep *sweep, ockham_rows x, size_t threads, uint32_t *labels,
                                ockham_error *err) {
  OCK_TRY(ockham_mixture_predict(sweep->chosen, x, threads, labels, NULL, NULL, err));
  size_t d = x.n_columns;
  for (size_t i = 0; i < x.n_rows; i++) {
    const double *mean = sweep->chosen->means + labels[i] * d;
    double weight = sweep->weighted ? sweep->frame->weights[i] : 1, squared = 0;
    for (size_t l = 0; l < d; l++) squared += (ock_rows_get(x, i, l) - mean[l]) * (ock_rows_get(x, i, l) - mean[l]);
    sweep->sizes[labels[i]]++;
    sweep->within[labels[i]] += weight * squared;
    if (sweep->weighted) sweep->weights[labels[i]] += weight;
  }
  return OCKHAM_OK;
}

ockham_status ock_sweep_take_mixture(ockham_sweep *sweep, ockham_rows x, size_t threads, ockham_error *err) {
  if (!do_mixtures_decide(sweep)) return OCKHAM_OK;
  size_t point = decide(sweep), k = point == SIZE_MAX ? 1 : sweep->curve.points[point].k;
  if (k == 1 || sweep->mixtures->kept[k - 1].k == 0) return OCKHAM_OK;
  sweep->chosen = &sweep->mixtures->kept[k - 1];
  sweep->sizes = ock_alloc_zeroed(k, sizeof *sweep->sizes);
  sweep->weights = sweep->weighted ? ock_alloc_zeroed(k, sizeof *sweep->weights) : NULL;
  sweep->within = ock_alloc_zeroed(k, sizeof *sweep->within);
  uint32_t *labels = ock_alloc_array(x.n_rows, sizeof *labels);
  ockham_status status = OCKHAM_OK;
  if (!labels || !sweep->sizes || !sweep->within || (sweep->weighted && !sweep->weights))
    status = ock_fail_memory(err, "the labels", ock_size_product(x.n_rows, sizeof *labels));
  if (!status) status = count_rows(sweep, x, threads, labels, err);
  ock_free(labels);
  return status;
}

ockham_status ockham_sweep_verdict_labels(const ockham_sweep *sweep, ockham_rows x, size_t threads, uint32_t *labels,
                                          ockham_error *err) {
  if (sweep->chosen) return ockham_mixture_predict(sweep->chosen, x, threads, labels, NULL, NULL, err);
  return ockham_sweep_labels(sweep, x, ockham_sweep_verdict(sweep).point, threads, labels, err);
}

/* ---- how sure ---- */

size_t ockham_sweep_half_count(const ockham_sweep *sweep, size_t k) {
  const ock_mixtures *m = sweep->mixtures;
  return m && k >= 1 && k <= m->k_max ? m->doubts.says[k - 1] : 0;
}

static ockham_confidence confidence_in(const ockham_sweep *sweep, size_t k) {
  const ock_mixtures *m = sweep->mixtures;
  if (!do_mixtures_decide(sweep) || m->k != k) return (ockham_confidence){0};
  const ock_doubts *d = &m->doubts;
  ockham_confidence c = {.n_halves = d->n_halves,
                         .n_agree = d->says[k - 1],
                         .n_peaks = d->n_peaks,
                         .n_bent = d->n_bent,
                         .bent_share = d->bent_share,
                         .z = d->z,
                         .like_one = d->like_one};
  if (sweep->chosen || k == 1) { /* components are the clusters, and have their numbers */
    c.merge_a = d->merge_a;
    c.merge_b = d->merge_b;
    c.overlap = d->overlap;
    c.has_split = d->has_split;
    c.split = d->split;
  }
  bool differ = 2 * c.n_agree < c.n_halves;
  bool most_say_one = 2 * d->says[0] > c.n_halves;
  c.unclear = k > 1 && (most_say_one || (differ && c.n_peaks == 1));
  return c;
}

/* How many columns are constant, where that kept mixtures, the default, from deciding; in a sweep that was stopped it
 * may have been the stop. */
static size_t count_in_the_way(const ockham_sweep *sweep) {
  const ock_survey *survey = &sweep->survey;
  bool fell_back = sweep->by_default && !sweep->mixtures && !sweep->partial;
  return fell_back && survey->n_varying > 0 ? sweep->d - survey->n_varying : 0;
}

ockham_verdict ockham_sweep_verdict(const ockham_sweep *sweep) {
  const ockham_curve *curve = &sweep->curve;
  size_t point = decide(sweep);
  bool decided = point != SIZE_MAX;
  if (!decided) point = 0; /* a criterion that finds nothing, such as no knee, leaves the simplest model */
  bool by_bic = strcmp(sweep->criterion->name, "bic") == 0;
  bool by_mixture = strcmp(sweep->criterion->name, "mixture") == 0 && decided;
  bool doubtful = by_bic && ockham_one_cluster_suffices(curve, point);
  if (doubtful) point = best_beyond_one(curve);
  return (ockham_verdict){
      .k = curve->points[point].k,
      .point = point,
      .criterion = sweep->criterion,
      .undecided = !decided,
      .one_suffices = doubtful && point == 0,
      .crowded = doubtful && point > 0,
      .weight = (by_bic && !doubtful) || by_mixture ? bic_weight(sweep->criterion, curve, point) : NAN,
      .at_edge = point + 1 == curve->n_points && curve->n_points > 1 && !sweep->distinct_limit &&
                 curve->points[point].k < curve->n_rows,
      .at_lower_edge = decided && point == 0 && curve->points[0].k > 1 && curve->n_points > 1,
      .overruled = sweep->by_default && by_mixture && point != ockham_criterion_choose(sweep->criterion, curve),
      .extended = sweep->extended,
      .partial = sweep->partial,
      .distinct_limit = sweep->distinct_limit,
      .exact = sweep->exact,
      .silhouette_rows = sweep->silhouette_rows,
      .searched_rows = sweep->searched_rows,
      .n_passes = sweep->n_passes,
      .mixture_rows = sweep->mixtures ? sweep->mixtures->n_rows : 0,
      .n_constant = count_in_the_way(sweep),
      .pair_rows = sweep->pair_rows,
      .confidence = confidence_in(sweep, curve->points[point].k),
      .mixture = sweep->chosen,
      .within = sweep->chosen ? sweep->within : curve->points[point].within,
      .sizes = sweep->chosen ? sweep->sizes : curve->points[point].sizes,
      .weights = !sweep->weighted ? NULL
                 : sweep->chosen  ? sweep->weights
                                  : curve->points[point].weights,
      .seconds = sweep->seconds};
}

ockham_work ockham_sweep_work(const ockham_sweep *sweep) {
  return sweep->work;
}

ockham_status ockham_sweep_labels(const ockham_sweep *sweep, ockham_rows x, size_t i, size_t threads, uint32_t *labels,
                                  ockham_error *err) {
  if (i >= sweep->curve.n_points)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the curve has %zu points, asked for number %zu", sweep->curve.n_points,
                    i + 1);
  if (x.n_columns != sweep->d)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected rows of %zu columns, found %zu", sweep->d, x.n_columns);
  return ockham_nearest(x, sweep->curve.points[i].centroids, sweep->curve.points[i].k, threads, labels, NULL, err);
}
