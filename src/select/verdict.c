/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep says in the end: which k, how sure that is, and whose rows are whose. */
#include <math.h>
#include <string.h>

#include "select/mixtures.h"

const ockham_curve *ockham_sweep_curve(const ockham_sweep *sweep) {
  return &sweep->curve;
}

/* Posterior probability of the point's k by a criterion on the scale of BIC, computed without a table. */
static double bic_weight(const ockham_criterion *criterion, const ockham_curve *curve, size_t point) {
  double best = ockham_criterion_value(criterion, curve, point), sum = 0;
  for (size_t i = 0; i < curve->n_points; i++) {
    double value = ockham_criterion_value(criterion, curve, i);
    if (!isnan(value)) sum += exp((value - best) / 2);
  }
  return 1 / sum;
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

ockham_verdict ockham_sweep_verdict(const ockham_sweep *sweep) {
  const ockham_curve *curve = &sweep->curve;
  size_t point = ockham_criterion_choose(sweep->criterion, curve);
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
      .extended = sweep->extended,
      .partial = sweep->partial,
      .distinct_limit = sweep->distinct_limit,
      .exact = sweep->exact,
      .silhouette_rows = sweep->silhouette_rows,
      .searched_rows = sweep->searched_rows,
      .n_passes = sweep->n_passes,
      .mixture_rows = sweep->mixtures ? sweep->mixtures->n_rows : 0,
      .pair_rows = sweep->pair_rows,
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
