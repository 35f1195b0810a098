/* SPDX-License-Identifier: Apache-2.0 */
/* The gain without a law: at which compute does the baseline's curve, interpolated through its scales by a monotone
 * cubic in log compute, reach the loss of the changed baseline? Beyond the curve's ends nobody knows: censored; it ends
 * before a scale that makes the baseline worse.
 * Source: Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5, 1984 (the slopes); they are those of PCHIP. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

/* ---- a monotone cubic ---- */

static double end_slope(double h0, double h1, double d0, double d1) {
  double slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
  if (!(slope * d0 > 0)) return 0;
  if (!(d0 * d1 > 0) && fabs(slope) > 3 * fabs(d0)) return 3 * d0;
  return slope;
}

/* The slope at node i. */
static double slope_at(const double *x, const double *y, size_t n, size_t i) {
  if (n == 2) return (y[1] - y[0]) / (x[1] - x[0]);
  size_t j = i == 0 ? 0 : i == n - 1 ? n - 3 : i - 1;
  double h0 = x[j + 1] - x[j], h1 = x[j + 2] - x[j + 1], d0 = (y[j + 1] - y[j]) / h0, d1 = (y[j + 2] - y[j + 1]) / h1;
  if (i == 0) return end_slope(h0, h1, d0, d1);
  if (i == n - 1) return end_slope(h1, h0, d1, d0);
  if (!(d0 * d1 > 0)) return 0;
  double w0 = 2 * h1 + h0, w1 = h1 + 2 * h0;
  return (w0 + w1) / (w0 / d0 + w1 / d1);
}

static double piece_at(const double *x, const double *y, size_t n, size_t i, double at) {
  double h = x[i + 1] - x[i], t = (at - x[i]) / h, m0 = h * slope_at(x, y, n, i), m1 = h * slope_at(x, y, n, i + 1);
  double rise = y[i + 1] - y[i];
  return y[i] + t * (m0 + t * (3 * rise - 2 * m0 - m1 + t * (m0 + m1 - 2 * rise)));
}

double ock_curve_at(const double *x, const double *y, size_t n, double at) {
  size_t i = 0;
  while (i + 2 < n && at > x[i + 1]) i++;
  return piece_at(x, y, n, i, at);
}

static double find_in_piece(const double *x, const double *y, size_t n, size_t i, double value) {
  enum { HALVINGS = 50 };
  double low = x[i], high = x[i + 1];
  for (size_t step = 0; step < HALVINGS; step++) {
    double middle = (low + high) / 2;
    if (piece_at(x, y, n, i, middle) > value)
      low = middle;
    else
      high = middle;
  }
  return (low + high) / 2;
}

double ock_curve_find(const double *x, const double *y, size_t n, size_t from, double value) {
  if (value == y[from]) return x[from];
  if (value < y[from]) {
    for (size_t i = from; i + 1 < n; i++)
      if (y[i] >= value && y[i + 1] <= value) return find_in_piece(x, y, n, i, value);
    return INFINITY;
  }
  for (size_t i = from; i-- > 0;)
    if (y[i] >= value && y[i + 1] <= value) return find_in_piece(x, y, n, i, value);
  return -INFINITY;
}

/* ---- the gain ---- */

typedef struct curve {
  size_t n, *scale; /* of each node */
  double *x, *y;
} curve;

/* The gain of one effect at node `from`: exp(-INFINITY) is 0. */
static double read_gain(const curve *c, size_t from, double irreducible, double effect) {
  double loss = irreducible + (c->y[from] - irreducible) * exp(effect);
  return exp(ock_curve_find(c->x, c->y, c->n, from, loss) - c->x[from]);
}

static void fill_curve(curve *c, const double *baselines, size_t step) {
  for (size_t i = 0; i < c->n; i++) c->y[i] = baselines[c->scale[i] * step];
}

/* Censored: the end of the curve is what is known, on one side. */
static ockham_interval censor(const curve *c, size_t from, ockham_interval gain) {
  double least = exp(c->x[0] - c->x[from]), most = exp(c->x[c->n - 1] - c->x[from]);
  if (isinf(gain.value)) gain = (ockham_interval){most, fmin(gain.low, most), INFINITY};
  if (gain.value == 0) gain = (ockham_interval){least, 0, fmax(gain.high, least)};
  return gain;
}

static void measure(const ock_analysis *a, curve *c, size_t from, double *gains) {
  size_t n_draws = a->how.bootstraps, s = c->scale[from];
  double irreducible = a->model.n_blocks ? 0 : a->irreducible.mean;
  for (size_t j = 0; j < a->n_mains; j++) {
    double effect = a->scale_effect[s * a->n_mains + j];
    if (isnan(effect)) continue;
    for (size_t b = 0; b < n_draws; b++) {
      fill_curve(c, a->scale_baselines + b, n_draws);
      gains[b] = read_gain(c, from, irreducible, a->scale_effects[(s * n_draws + b) * a->n_mains + j]);
    }
    fill_curve(c, a->scale_baseline, 1);
    ockham_interval *measured = (ockham_interval *)a->out->mains[j].ceg_measured;
    double value = read_gain(c, from, irreducible, effect);
    measured[s] = censor(c, from, ock_interval_of(value, gains, n_draws, a->how.level));
  }
}

ockham_status ock_measured_find(ock_analysis *a, ockham_error *err) {
  size_t n_scales = a->study->n_scales;
  curve c = {.scale = ock_arena_array(&a->scratch, n_scales, sizeof *c.scale),
             .x = ock_arena_array(&a->scratch, n_scales, sizeof *c.x),
             .y = ock_arena_array(&a->scratch, n_scales, sizeof *c.y)};
  double *gains = ock_arena_array(&a->scratch, a->how.bootstraps, sizeof *gains);
  if (!c.scale || !c.x || !c.y || !gains) return ock_no_room(err);
  for (size_t s = 0; s < n_scales; s++) {
    if (isnan(a->scale_compute[s]) || isnan(a->scale_baseline[s])) continue;
    if (c.n && !(a->scale_compute[s] > c.x[c.n - 1])) continue; /* no larger than the scale before */
    if (c.n && !(a->scale_baseline[s] < a->scale_baseline[c.scale[c.n - 1]])) break; /* the curve ends where it rises */
    c.x[c.n] = a->scale_compute[s];
    c.scale[c.n++] = s;
  }
  if (c.n < 2) return OCKHAM_OK;
  for (size_t i = 0; i < c.n; i++) measure(a, &c, i, gains);
  return OCKHAM_OK;
}
