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

/* What a row is expected to be: the same for all, or by its hour. */
typedef struct shares {
  const double *p; /* n_bins, of every hour when there are hours */
  const uint8_t *hours;
  size_t n_bins;
  double rows_a_share;   /* that they were found from */
  double squares, cubes; /* sums of powers, a row's on average */
  double same;           /* share of neighbours in the same bin */
} shares;

static const double *shares_of(const shares *m, size_t row) {
  return m->p + (m->hours ? m->hours[row] * m->n_bins : 0);
}

/* Makes shares of counts. */
static size_t divide_counts(double *p, size_t n_kinds, size_t n_bins) {
  size_t n_used = 0;
  for (size_t kind = 0; kind < n_kinds; kind++) {
    double n = 0;
    for (size_t b = 0; b < n_bins; b++) n += p[kind * n_bins + b];
    for (size_t b = 0; n > 0 && b < n_bins; b++) p[kind * n_bins + b] /= n;
    n_used += n > 0;
  }
  return n_used;
}

/* p: room for shares of every hour, or of one when there are none; zeroed. */
static shares measure(const uint16_t *codes, const uint8_t *hours, size_t n, size_t n_bins, double *p) {
  shares m = {.p = p, .hours = hours, .n_bins = n_bins};
  size_t n_same = 0;
  for (size_t i = 0; i < n; i++) p[(hours ? hours[i] * n_bins : 0) + codes[i]]++;
  for (size_t i = 1; i < n; i++) n_same += codes[i] == codes[i - 1];
  m.same = (double)n_same / (double)(n - 1);
  double squares[OCK_HOUR_KINDS] = {0}, cubes[OCK_HOUR_KINDS] = {0};
  size_t n_kinds = hours ? OCK_HOUR_KINDS : 1;
  m.rows_a_share = (double)n / (double)divide_counts(p, n_kinds, n_bins);
  for (size_t i = 0; i < n_kinds * n_bins; i++) {
    squares[i / n_bins] += p[i] * p[i];
    cubes[i / n_bins] += p[i] * p[i] * p[i];
  }
  for (size_t i = 0; i < n; i++) {
    size_t kind = hours ? hours[i] : 0;
    m.squares += squares[kind] / (double)n;
    m.cubes += cubes[kind] / (double)n;
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
    double chance = m->squares - (1 + s) / (1 - s) * (1 - m->squares) / m->rows_a_share;
    s = fmin(fmax((m->same - chance) / (1 - chance), 0), OCK_PROFILE_MOST_STICKY);
  }
  double error = sqrt(fmax(m->squares + m->squares * m->squares - 2 * m->cubes, 0) / (double)n) / (1 - m->squares);
  return s > neighbours_z * error ? s : 0;
}

/* ---- stretches of 64, 128, ... rows ---- */

typedef struct level {
  double differences[OCKHAM_PROFILE_MOST_BINS]; /* of counts from what is expected */
  double squares; /* sum over stretches and bins of squared differences from what is expected */
  size_t n;       /* stretches */
} level;

static void close_stretch(level *l, size_t n_bins, level *longer) {
  for (size_t b = 0; b < n_bins; b++) {
    l->squares += l->differences[b] * l->differences[b];
    if (longer) longer->differences[b] += l->differences[b];
  }
  memset(l->differences, 0, n_bins * sizeof *l->differences);
  l->n++;
}

static void measure_stretches(const uint16_t *codes, size_t n, const shares *m, level *levels, size_t n_levels) {
  for (size_t i = 0; i < n; i++) {
    const double *p = shares_of(m, i);
    levels[0].differences[codes[i]]++;
    if (m->hours) {
      for (size_t b = 0; b < m->n_bins; b++) levels[0].differences[b] -= p[b];
    } else if ((i + 1) % SHORTEST == 0) {
      for (size_t b = 0; b < m->n_bins; b++) levels[0].differences[b] -= SHORTEST * p[b];
    }
    size_t length = SHORTEST;
    for (size_t l = 0; l < n_levels && (i + 1) % length == 0; l++, length *= 2)
      close_stretch(&levels[l], m->n_bins, l + 1 < n_levels ? &levels[l + 1] : NULL);
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

double ock_stickiness(const uint16_t *codes, const uint8_t *hours, size_t n, size_t n_bins, double *scratch) {
  memset(scratch, 0, (hours ? OCK_HOUR_KINDS : 1) * n_bins * sizeof *scratch);
  shares m = measure(codes, hours, n, n_bins, scratch);
  if (!(1 - m.squares > 1e-12)) return 0; /* one bin has them all */
  level levels[MOST_LEVELS];
  size_t n_levels = 0;
  for (size_t length = SHORTEST; length <= LONGEST && length * FEWEST_STRETCHES <= n; length *= 2)
    memset(&levels[n_levels++], 0, sizeof *levels);
  double s = from_neighbours(&m, n);
  if (n_levels == 0) return s;
  measure_stretches(codes, n, &m, levels, n_levels);
  return from_stretches(levels, n_levels, &m, s);
}
