/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of bins without drift. */
#include "drift/watches.h"

static uint16_t draw_bin(const ock_bin_source *source, ock_rng *rng) {
  double at = ock_rng_uniform(rng) * (double)source->n_bins;
  size_t place = (size_t)at;
  if (place >= source->n_bins) place = source->n_bins - 1;
  return at - (double)place < source->threshold[place] ? (uint16_t)place : source->alias[place];
}

void ock_bin_source_start(ock_bin_source *source, const ockham_signal *signal, ock_rng *rng) {
  double shares[OCKHAM_PROFILE_MOST_BINS];
  source->n_bins = signal->n_bins;
  source->stickiness = signal->stickiness;
  ock_draw_shares(signal, ock_variance_inflation(signal->stickiness), .5, rng, shares);
  ock_make_aliases(shares, source->n_bins, source->threshold, source->alias);
  source->latest = draw_bin(source, rng);
}

void ock_bin_source_draw(ock_bin_source *source, ock_rng *rng, size_t n, uint16_t *codes) {
  for (size_t i = 0; i < n; i++) {
    bool stays = source->stickiness > 0 && ock_rng_uniform(rng) < source->stickiness;
    if (!stays) source->latest = draw_bin(source, rng);
    codes[i] = source->latest;
  }
}
