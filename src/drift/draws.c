/* SPDX-License-Identifier: Apache-2.0 */
/* Random shares, and bins that are drawn from shares. */
#include <math.h>

#include "drift/internal.h"

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

void ock_draw_shares(const ockham_signal *signal, double inflation, double prior, ock_rng *rng, double *shares) {
  double sum = 0;
  for (size_t b = 0; b < signal->n_bins; b++)
    sum += shares[b] = draw_gamma((double)signal->counts[b] / inflation + prior, rng);
  for (size_t b = 0; b < signal->n_bins; b++) shares[b] *= (double)signal->n_bins / sum;
}

void ock_make_aliases(double *shares, size_t n_bins, double *threshold, uint16_t *alias) {
  uint16_t small[OCKHAM_PROFILE_MOST_BINS], large[OCKHAM_PROFILE_MOST_BINS];
  size_t n_small = 0, n_large = 0;
  for (size_t b = 0; b < n_bins; b++) {
    threshold[b] = 1, alias[b] = (uint16_t)b;
    if (shares[b] < 1) {
      small[n_small++] = (uint16_t)b;
    } else {
      large[n_large++] = (uint16_t)b;
    }
  }
  while (n_small && n_large) {
    uint16_t less = small[--n_small], more = large[n_large - 1];
    threshold[less] = shares[less], alias[less] = more;
    shares[more] -= 1 - shares[less];
    if (shares[more] < 1) small[n_small++] = large[--n_large];
  }
}
