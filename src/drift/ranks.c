/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bins of a signal with an order lie in the reference's distribution. A row's rank is the middle of its bin's
 * range: inside a bin nothing is known of the reference, and to place rows there by their values would give ranks that
 * are not uniform without drift. */
#include <math.h>

#include "drift/internal.h"
#include "stats/internal.h"

void ock_signal_edges(const ockham_signal *signal, double *edges) {
  size_t n = ock_signal_ordered(signal);
  double total = 0, below = 0;
  for (size_t b = 0; b < n; b++) total += (double)signal->counts[b] + .5;
  edges[0] = 0;
  for (size_t b = 0; b < n; b++) {
    below += (double)signal->counts[b] + .5;
    edges[b + 1] = below / total;
  }
  edges[n] = 1;
}

void ock_signal_ranks(const ockham_signal *signal, double *ranks) {
  double edges[OCKHAM_PROFILE_MOST_BINS + 1];
  size_t n = ock_signal_ordered(signal);
  ock_signal_edges(signal, edges);
  for (size_t b = 0; b < signal->n_bins; b++) ranks[b] = b < n ? (edges[b] + edges[b + 1]) / 2 : NAN;
}

/* The mean of a standard normal variable between two of its quantiles is the difference of its densities there over the
 * share between; then all to mean 0 and variance 1. */
void ock_signal_scores(const ockham_signal *signal, double *scores) {
  double edges[OCKHAM_PROFILE_MOST_BINS + 1], before = 0, variance = 0;
  size_t n = ock_signal_ordered(signal);
  ock_signal_edges(signal, edges);
  for (size_t b = 0; b < n; b++) {
    double density = b + 1 < n ? ock_normal_density(ock_normal_quantile(edges[b + 1])) : 0;
    double share = edges[b + 1] - edges[b];
    scores[b] = (before - density) / share;
    variance += scores[b] * scores[b] * share;
    before = density;
  }
  for (size_t b = 0; b < signal->n_bins; b++) scores[b] = b >= n ? NAN : variance > 0 ? scores[b] / sqrt(variance) : 0;
}
