/* SPDX-License-Identifier: Apache-2.0 */
/* A process that keeps its bin with probability s, and else draws a new one, has P(same as before) = pi + s (1 - pi),
 * pi being the sum of squared shares, and over L rows varies V(L) times as much as independent draws, which tends to
 * (1 + s) / (1 - s). The first gives s from neighbours. Where stretches of rows vary more than that explains, as with
 * slow waves, s is what makes V as large as it is seen. */
#include <math.h>
#include <string.h>

#include "profile/internal.h"

enum { SHORTEST = 64, LONGEST = 32768, FEWEST_STRETCHES = 32, MOST_LEVELS = 10 };
static const double neighbours_z = 2, stretches_z = 3.09; /* one-sided: 2.3 %, 0.1 % */
/* Of what is significant the lower end of an interval is taken: one reference in some hundred has stretches that vary
 * so by chance, and would hardly ever alarm by their estimate. */
static const double bound_z = 2;

typedef struct shares {
  double p[OCKHAM_PROFILE_MOST_BINS];
  double squares, cubes; /* sums of powers */
  double same;           /* share of neighbours in the same bin */
} shares;

static shares measure(const uint16_t *codes, size_t n, size_t n_bins) {
  shares m = {0};
  size_t n_same = 0;
  for (size_t i = 0; i < n; i++) m.p[codes[i]]++;
  for (size_t i = 1; i < n; i++) n_same += codes[i] == codes[i - 1];
  m.same = (double)n_same / (double)(n - 1);
  for (size_t b = 0; b < n_bins; b++) {
    m.p[b] /= (double)n;
    m.squares += m.p[b] * m.p[b];
    m.cubes += m.p[b] * m.p[b] * m.p[b];
  }
  return m;
}

/* V(L) of a process of stickiness s. */
static double inflation(double s, double length) {
  return (1 + s) / (1 - s) - 2 * s * (1 - pow(s, length)) / (length * (1 - s) * (1 - s));
}

/* Squared shares, as counted, are too large by V (1 - pi) / n, which the second round takes off. Stickiness that is not
 * significant is none; the standard error is that without any. */
static double from_neighbours(const shares *m, size_t n) {
  double s = 0;
  for (int round = 0; round < 2; round++) {
    double chance = m->squares - (1 + s) / (1 - s) * (1 - m->squares) / (double)n;
    s = fmin(fmax((m->same - chance) / (1 - chance), 0), OCK_PROFILE_MOST_STICKY);
  }
  double error = sqrt(fmax(m->squares + m->squares * m->squares - 2 * m->cubes, 0) / (double)n) / (1 - m->squares);
  return s > neighbours_z * error ? s : 0;
}

/* ---- stretches of 64, 128, ... rows ---- */

typedef struct level {
  uint32_t counts[OCKHAM_PROFILE_MOST_BINS];
  double squares; /* sum over stretches and bins of squared differences from what is expected */
  size_t n;       /* stretches */
} level;

static void close_stretch(level *l, const shares *m, size_t n_bins, double length, level *longer) {
  for (size_t b = 0; b < n_bins; b++) {
    double difference = l->counts[b] - length * m->p[b];
    l->squares += difference * difference;
    if (longer) longer->counts[b] += l->counts[b];
  }
  memset(l->counts, 0, n_bins * sizeof *l->counts);
  l->n++;
}

static void measure_stretches(const uint16_t *codes, size_t n, size_t n_bins, const shares *m, level *levels,
                              size_t n_levels) {
  for (size_t i = 0; i < n; i++) {
    levels[0].counts[codes[i]]++;
    size_t length = SHORTEST;
    for (size_t l = 0; l < n_levels && (i + 1) % length == 0; l++, length *= 2)
      close_stretch(&levels[l], m, n_bins, (double)length, l + 1 < n_levels ? &levels[l + 1] : NULL);
  }
}

/* How large a sum of squares gets by chance, in units of what is expected: about chi-squared with so many degrees of
 * freedom (Satterthwaite), whose cube root is about normal (Wilson & Hilferty). */
static double largest_by_chance(double z, double freedom) {
  double spread = 2 / (9 * freedom), root = 1 - spread + z * sqrt(spread);
  return root * root * root;
}

static double solve(double target, double length, double low) {
  double high = OCK_PROFILE_MOST_STICKY;
  for (int round = 0; round < 40; round++) {
    double middle = (low + high) / 2;
    if (inflation(middle, length) < target)
      low = middle;
    else
      high = middle;
  }
  return (low + high) / 2;
}

static double from_stretches(const level *levels, size_t n_levels, const shares *m, double s) {
  double variance = 1 - m->squares, most = s, length = SHORTEST;
  double squared = m->squares - 2 * m->cubes + m->squares * m->squares; /* trace of the squared covariance */
  for (size_t l = 0; l < n_levels; l++, length *= 2) {
    double n = (double)levels[l].n, seen = levels[l].squares / ((n - 1) * length * variance);
    double freedom = (n - 1) * variance * variance / squared;
    if (seen / inflation(s, length) <= largest_by_chance(stretches_z, freedom)) continue;
    most = fmax(most, solve(seen / largest_by_chance(bound_z, freedom), length, s));
  }
  return most;
}

double ock_stickiness(const uint16_t *codes, size_t n, size_t n_bins) {
  shares m = measure(codes, n, n_bins);
  if (!(1 - m.squares > 1e-12)) return 0; /* one bin has them all */
  level levels[MOST_LEVELS];
  size_t n_levels = 0;
  for (size_t length = SHORTEST; length <= LONGEST && length * FEWEST_STRETCHES <= n; length *= 2)
    memset(&levels[n_levels++], 0, sizeof *levels);
  double s = from_neighbours(&m, n);
  if (n_levels == 0) return s;
  measure_stretches(codes, n, n_bins, &m, levels, n_levels);
  return from_stretches(levels, n_levels, &m, s);
}
