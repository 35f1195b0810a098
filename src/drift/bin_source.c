/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of bins without drift. */
#include <math.h>

#include "drift/watches.h"

/* Marsaglia & Tsang, ACM TOMS 26, 2000 (doi:10.1145/358407.358414). */
static double draw_gamma(double shape, ock_rng *rng) {
  double boost = 1;
  if (shape < 1) {
    boost = pow(ock_rng_uniform(rng), 1 / shape);
    shape += 1;
  }
  double d = shape - 1. / 3, c = 1 / sqrt(9 * d);
  for (;;) {
    double z = ock_rng_normal(rng), root = 1 + c * z;
    if (!(root > 0)) continue;
    double v = root * root * root;
    if (log(ock_rng_uniform(rng)) < z * z / 2 + d - d * v + d * log(v)) return boost * d * v;
  }
}

/* Each place of equal probability holds part of one bin and the rest of another (Vose, IEEE TSE 17, 1991). */
static void make_aliases(ock_bin_source *source, double *shares) {
  uint16_t small[OCKHAM_PROFILE_MOST_BINS], large[OCKHAM_PROFILE_MOST_BINS];
  size_t n = source->n_bins, n_small = 0, n_large = 0;
  for (size_t b = 0; b < n; b++) {
    shares[b] *= (double)n;
    source->threshold[b] = 1, source->alias[b] = (uint16_t)b;
    if (shares[b] < 1) {
      small[n_small++] = (uint16_t)b;
    } else {
      large[n_large++] = (uint16_t)b;
    }
  }
  while (n_small && n_large) {
    uint16_t less = small[--n_small], more = large[n_large - 1];
    source->threshold[less] = shares[less], source->alias[less] = more;
    shares[more] -= 1 - shares[less];
    if (shares[more] < 1) small[n_small++] = large[--n_large];
  }
}

static uint16_t draw_bin(const ock_bin_source *source, ock_rng *rng) {
  double at = ock_rng_uniform(rng) * (double)source->n_bins;
  size_t place = (size_t)at;
  if (place >= source->n_bins) place = source->n_bins - 1;
  return at - (double)place < source->threshold[place] ? (uint16_t)place : source->alias[place];
}

void ock_bin_source_start(ock_bin_source *source, const ockham_signal *signal, ock_rng *rng) {
  double inflation = ock_variance_inflation(signal->stickiness), sum = 0, shares[OCKHAM_PROFILE_MOST_BINS];
  source->n_bins = signal->n_bins;
  source->stickiness = signal->stickiness;
  for (size_t b = 0; b < signal->n_bins; b++)
    sum += shares[b] = draw_gamma((double)signal->counts[b] / inflation + .5, rng);
  for (size_t b = 0; b < signal->n_bins; b++) shares[b] /= sum;
  make_aliases(source, shares);
  source->latest = draw_bin(source, rng);
}

void ock_bin_source_draw(ock_bin_source *source, ock_rng *rng, size_t n, uint16_t *codes) {
  for (size_t i = 0; i < n; i++) {
    bool stays = source->stickiness > 0 && ock_rng_uniform(rng) < source->stickiness;
    if (!stays) source->latest = draw_bin(source, rng);
    codes[i] = source->latest;
  }
}
