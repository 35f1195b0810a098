/* SPDX-License-Identifier: Apache-2.0 */
/* What clusterings of other rows said: shown as criteria. */
#include <math.h>

#include "criteria/internal.h"

double ock_gap(const ockham_curve *curve, size_t i) {
  const ockham_resample_statistics *s = curve->points[i].resamples;
  return s ? s->gap.value : NAN;
}

double ock_gap_pca(const ockham_curve *curve, size_t i) {
  const ockham_resample_statistics *s = curve->points[i].resamples;
  return s ? s->gap_pca.value : NAN;
}

double ock_gap_star(const ockham_curve *curve, size_t i) {
  const ockham_resample_statistics *s = curve->points[i].resamples;
  return s ? s->gap_star.value : NAN;
}

double ock_prediction_strength(const ockham_curve *curve, size_t i) {
  const ockham_resample_statistics *s = curve->points[i].resamples;
  return s ? s->prediction_strength : NAN;
}

double ock_instability(const ockham_curve *curve, size_t i) {
  const ockham_resample_statistics *s = curve->points[i].resamples;
  return s ? s->instability : NAN;
}

double ock_jaccard(const ockham_curve *curve, size_t i) {
  const ockham_resample_statistics *s = curve->points[i].resamples;
  return s ? s->jaccard : NAN;
}
