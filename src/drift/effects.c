/* SPDX-License-Identifier: Apache-2.0 */
/* How far two sets of shares are apart, with what chance alone adds taken off: Yurdakul, Statistical properties of
 * population stability index, 2018: without drift PSI is about (1/n + 1/m) times a chi-squared of k - 1 degrees. */
#include <math.h>

#include "drift/internal.h"

double ock_signal_stickiness(const ockham_signal *signal, bool by_hour) {
  return by_hour && signal->by_hour ? signal->stickiness_in_hours : signal->stickiness;
}

double ock_variance_inflation(double stickiness) {
  return (1 + stickiness) / (1 - stickiness);
}

/* Sums over bins, of which sparse ones come last, as one. */
typedef struct sums {
  size_t n_bins, n_dense;
  double n, m;                                 /* rows */
  double psi, divergence;                      /* biased; the divergence is Jensen & Shannon's in nats */
  double slope_p, slope_q, square_p, square_q; /* means of the derivatives of PSI by p and q, and of their squares */
} sums;

/* Half a row more keeps logarithms finite where a bin is empty on one side. */
static void add_bin(sums *s, double p, double q, size_t n_bins) {
  double smooth_p = (s->n * p + .5) / (s->n + .5 * (double)n_bins);
  double smooth_q = (s->m * q + .5) / (s->m + .5 * (double)n_bins);
  double ratio = log(smooth_q / smooth_p), middle = (smooth_p + smooth_q) / 2;
  double by_p = -ratio + 1 - smooth_q / smooth_p, by_q = ratio + 1 - smooth_p / smooth_q;
  s->psi += (smooth_q - smooth_p) * ratio;
  s->divergence += (smooth_p * log(smooth_p / middle) + smooth_q * log(smooth_q / middle)) / 2;
  s->slope_p += smooth_p * by_p, s->square_p += smooth_p * by_p * by_p;
  s->slope_q += smooth_q * by_q, s->square_q += smooth_q * by_q * by_q;
  s->n_bins++;
}

/* A bin stands alone when the smaller sample would have 5 rows in it, were both alike. */
static bool is_dense(const sums *s, double p, double q) {
  return fmin(s->n, s->m) * (s->n * p + s->m * q) / (s->n + s->m) >= 5;
}

static sums sum_bins(const double *p, double n, const double *q, double m, size_t n_bins) {
  sums s = {.n = n, .m = m};
  for (size_t b = 0; b < n_bins; b++) s.n_dense += is_dense(&s, p[b], q[b]);
  double rest_p = 0, rest_q = 0;
  size_t n_used = s.n_dense + (s.n_dense < n_bins);
  for (size_t b = 0; b < n_bins; b++) {
    if (is_dense(&s, p[b], q[b])) {
      add_bin(&s, p[b], q[b], n_used);
    } else {
      rest_p += p[b], rest_q += q[b];
    }
  }
  if (s.n_dense < n_bins && (rest_p > 0 || rest_q > 0)) add_bin(&s, rest_p, rest_q, n_used);
  return s;
}

ock_effect ock_effect_of(const double *reference, double n_reference, const double *now, double n_now, size_t n_bins) {
  if (!(n_reference > 0) || !(n_now > 0)) return (ock_effect){NAN, NAN, NAN, NAN, false};
  sums s = sum_bins(reference, n_reference, now, n_now, n_bins);
  double noise = 1 / n_reference + 1 / n_now, freedom = s.n_bins > 1 ? (double)(s.n_bins - 1) : 0;
  double psi = s.psi - freedom * noise;
  /* By the delta method, of the part of PSI that is not chance, and the variance of the part that is. */
  double slopes = (s.square_p - s.slope_p * s.slope_p) / s.n + (s.square_q - s.slope_q * s.slope_q) / s.m;
  double variance = (psi > 0 ? slopes * psi / s.psi : 0) + 2 * freedom * noise * noise;
  double half = OCK_NORMAL_975 * sqrt(variance);
  double divergence = fmax(0, s.divergence - freedom * noise / 8);
  return (ock_effect){.psi = psi,
                      .psi_low = fmax(psi - half, fmin(psi, 0)),
                      .psi_high = psi + half,
                      .js = fmin(1, sqrt(divergence / log(2))),
                      .blind = !s.n_dense};
}

void ock_share_interval(double reference, double n_reference, double now, double n_now, double *low, double *high) {
  double p = (reference * n_reference + 1) / (n_reference + 2), q = (now * n_now + 1) / (n_now + 2);
  double half = OCK_NORMAL_975 * sqrt(p * (1 - p) / (n_reference + 2) + q * (1 - q) / (n_now + 2));
  *low = fmax(-1, q - p - half);
  *high = fmin(1, q - p + half);
}
