/* SPDX-License-Identifier: Apache-2.0 */
/* Bins of two samples: Pearson's chi-squared where there are rows enough, exact and simulated tests where not. */
#include <math.h>
#include <stdlib.h>

#include "drift/internal.h"
#include "stats/internal.h"

enum {
  FEW_ROWS = 100,
  ENOUGH_EXPECTED = 5,
  FEWEST_BATCHES = 2000,
  MOST_BATCHES = 100000,
  MOST_ROWS = 20000000,
  ENOUGH_EXCEEDED = 100
};

typedef struct pair {
  double reference, now;
} pair;

typedef struct table {
  size_t n_bins;
  double n, m; /* rows of the reference and of the batch */
  pair bins[OCKHAM_PROFILE_MOST_BINS];
} table;

/* The largest first; the order of bins in a signal breaks ties, for qsort() need not be stable. */
static int compare_pairs(const void *a, const void *b) {
  const pair *x = a, *y = b;
  double sum_x = x->reference + x->now, sum_y = y->reference + y->now;
  if (sum_x != sum_y) return sum_x > sum_y ? -1 : 1;
  return (x->reference < y->reference) - (x->reference > y->reference);
}

static void fill_table(const ock_two_samples *samples, table *t) {
  double inflation = ock_variance_inflation(samples->stickiness);
  t->n_bins = 0, t->n = 0, t->m = 0;
  for (size_t b = 0; b < samples->n_bins; b++) {
    pair both = {(double)samples->reference[b] / inflation, (double)samples->now[b] / inflation};
    if (!(both.reference + both.now > 0)) continue;
    t->n += both.reference, t->m += both.now;
    t->bins[t->n_bins++] = both;
  }
  qsort(t->bins, t->n_bins, sizeof *t->bins, compare_pairs);
}

/* Sum over bins and samples of (seen - expected)^2 / expected. */
static double measure_chi2(const table *t) {
  double sum = 0;
  for (size_t b = 0; b < t->n_bins; b++) {
    double difference = sqrt(t->n / t->m) * t->bins[b].now - sqrt(t->m / t->n) * t->bins[b].reference;
    sum += difference * difference / (t->bins[b].reference + t->bins[b].now);
  }
  return sum;
}

/* ---- many rows ---- */

/* Join neighbours in falling order until the smaller sample should have enough in each; the rest is what is left. */
static pair join_bins(table *t) {
  double share = fmin(t->n, t->m) / (t->n + t->m);
  pair open = {0, 0};
  size_t kept = 0;
  for (size_t b = 0; b < t->n_bins; b++) {
    open.reference += t->bins[b].reference, open.now += t->bins[b].now;
    if (share * (open.reference + open.now) < ENOUGH_EXPECTED) continue;
    t->bins[kept++] = open;
    open = (pair){0, 0};
  }
  t->n_bins = kept;
  return open;
}

/* Of rows in rare bins, exactly: whether they are more than the other sample lets expect, which the batch may have
 * grown into; and, where the reference is the smaller sample, whether it is the batch that lacks them. Then both share.
 */
static double compare_rare(double n, double m, pair rare) {
  const double unseen = 2; /* below and above the reference's n rows: each of these has 1 of the n + 1 places between */
  double share = m / (n + m);
  double grown = rare.now > 0 ? ock_beta_share(share, rare.now, rare.reference + unseen) : 1;
  if (n >= m) return grown;
  double vanished = rare.reference > 0 ? ock_beta_share(1 - share, rare.reference, rare.now + 1) : 1;
  return fmin(1, 2 * fmin(grown, vanished));
}

static ock_difference compare_many(table *t) {
  const double rare_part = .1;
  double n = t->n, m = t->m;
  pair rare = join_bins(t);
  ock_difference result = {.p = 1};
  t->n -= rare.reference, t->m -= rare.now;
  if (t->n_bins > 1 && t->n > 0 && t->m > 0) {
    result.freedom = (double)t->n_bins - 1;
    result.chi2 = measure_chi2(t);
    result.p = ock_chi2_tail(result.chi2, result.freedom);
  }
  if (!(rare.reference + rare.now > 0) || !t->n_bins) return result;
  double p_rare = compare_rare(n, m, rare);
  result.p = result.freedom > 0 ? fmin(1, fmin(result.p / (1 - rare_part), p_rare / rare_part)) : p_rare;
  if (!(result.freedom > 0)) result.freedom = 1;
  return result;
}

/* ---- few rows ---- */

typedef struct urn {
  size_t n_bins, n_draws;
  double stickiness, weight; /* a row takes so much out of the urn */
  double sums[OCKHAM_PROFILE_MOST_BINS], cumulated[OCKHAM_PROFILE_MOST_BINS], drawn[OCKHAM_PROFILE_MOST_BINS];
} urn;

static size_t draw_any(const urn *u, ock_rng *rng) {
  double at = ock_rng_uniform(rng) * u->cumulated[u->n_bins - 1];
  size_t b = 0;
  while (b + 1 < u->n_bins && u->cumulated[b] <= at) b++;
  return b;
}

/* A bin that has given what it had is refused, and in proportion before. */
static size_t draw_bin(const urn *u, ock_rng *rng) {
  enum { MOST_TRIES = 1000 }; /* the urn is never empty, but for rounding */
  size_t b = draw_any(u, rng);
  for (int tries = 0; tries < MOST_TRIES; tries++) {
    if (ock_rng_uniform(rng) * u->sums[b] < u->sums[b] - u->drawn[b]) break;
    b = draw_any(u, rng);
  }
  return b;
}

/* One batch without replacement: the sum of drawn^2 / sum over bins, with which chi2 rises. */
static double draw_batch(urn *u, ock_rng *rng) {
  double sum = 0;
  size_t b = 0;
  for (size_t i = 0; i < u->n_bins; i++) u->drawn[i] = 0;
  for (size_t i = 0; i < u->n_draws; i++) {
    bool stays = i && u->stickiness > 0 && ock_rng_uniform(rng) < u->stickiness;
    if (!stays) b = draw_bin(u, rng);
    sum += (2 * u->drawn[b] + u->weight) * u->weight / u->sums[b];
    u->drawn[b] += u->weight;
  }
  return sum;
}

/* Stops once enough batches were as far off (Besag & Clifford, Biometrika 78, 1991). */
static double simulate_tail(urn *u, double seen, double enough, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 0);
  double wanted = fmin(fmax(3 / enough, FEWEST_BATCHES), fmin(MOST_BATCHES, (double)MOST_ROWS / (double)u->n_draws));
  size_t n = 0, exceeded = 0;
  while ((double)n < wanted && exceeded < ENOUGH_EXCEEDED) {
    exceeded += draw_batch(u, &rng) >= seen * (1 - 1e-9);
    n++;
  }
  return exceeded == ENOUGH_EXCEEDED ? (double)exceeded / (double)n : (double)(exceeded + 1) / (double)(n + 1);
}

static ock_difference compare_few(const table *t, const ock_two_samples *samples) {
  double inflation = ock_variance_inflation(samples->stickiness), sum = 0, seen = 0;
  urn u = {.n_bins = t->n_bins,
           .n_draws = (size_t)round(t->m * inflation),
           .stickiness = samples->stickiness,
           .weight = 1 / inflation};
  for (size_t b = 0; b < t->n_bins; b++) {
    u.sums[b] = t->bins[b].reference + t->bins[b].now;
    u.cumulated[b] = sum += u.sums[b];
    seen += t->bins[b].now * t->bins[b].now / u.sums[b];
  }
  return (ock_difference){.chi2 = measure_chi2(t),
                          .freedom = (double)t->n_bins - 1,
                          .p = simulate_tail(&u, seen, samples->enough, samples->seed),
                          .simulated = true};
}

ock_difference ock_two_samples_compare(const ock_two_samples *samples) {
  table t;
  fill_table(samples, &t);
  if (t.n_bins < 2 || !(t.n > 0) || !(t.m > 0)) return (ock_difference){.p = 1};
  return t.m < FEW_ROWS ? compare_few(&t, samples) : compare_many(&t);
}
