/* SPDX-License-Identifier: Apache-2.0 */
/* How sticky the values behind ordered bins are. Neighbours that are close without being in the same bin, as in an
 * autoregressive series, hardly show in how often the bin is the same; means of such rows vary as much as those of rows
 * that stay with a probability of the autocorrelation. */
#include <math.h>

#include "profile/internal.h"
#include "stats/internal.h"

static const double least_z = 3; /* of white noise, one-sided: .1 % */

/* Normal scores of the middle of each bin in order; 0 for rows without a value. */
static void find_scores(const uint64_t *counts, size_t n_bins, size_t n_ordered, double *scores) {
  double total = 0, below = 0;
  for (size_t b = 0; b < n_ordered; b++) total += (double)counts[b];
  for (size_t b = 0; b < n_bins; b++) {
    double rows = (double)counts[b];
    scores[b] = b < n_ordered && rows > 0 ? ock_normal_quantile((below + rows / 2) / total) : 0;
    below += rows;
  }
}

/* Means of scores by kind of hour, or of all as one kind. */
static void find_means(const uint16_t *codes, const uint8_t *hours, size_t n, const double *scores, double *means) {
  double rows[OCK_HOUR_KINDS] = {0};
  for (size_t i = 0; i < n; i++) {
    size_t kind = hours ? hours[i] : 0;
    means[kind] += scores[codes[i]];
    rows[kind]++;
  }
  for (size_t kind = 0; kind < OCK_HOUR_KINDS; kind++) {
    if (rows[kind] > 0) means[kind] /= rows[kind];
  }
}

double ock_order_stickiness(const uint16_t *codes, const uint8_t *hours, size_t n, size_t n_bins, size_t n_ordered,
                            double s) {
  uint64_t counts[OCKHAM_PROFILE_MOST_BINS] = {0};
  double scores[OCKHAM_PROFILE_MOST_BINS], means[OCK_HOUR_KINDS] = {0}, squares = 0, products = 0, before = 0;
  for (size_t i = 0; i < n; i++) counts[codes[i]]++;
  find_scores(counts, n_bins, n_ordered, scores);
  find_means(codes, hours, n, scores, means);
  for (size_t i = 0; i < n; i++) {
    double score = scores[codes[i]] - means[hours ? hours[i] : 0];
    squares += score * score;
    products += score * before;
    before = score;
  }
  double correlation = squares > 0 ? products / squares : 0;
  /* What is above s by chance must not be taken for more: limits would be too high on average. */
  if (!(correlation > s + least_z * sqrt((1 - s * s) / (double)n))) return s;
  return fmin(correlation, OCK_PROFILE_MOST_STICKY);
}
