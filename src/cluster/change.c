/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the set of centres under labels and bounds that are kept, and the order of the rows under all of them. */
#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"

void ock_lloyd_split(ock_lloyd *s, size_t j) {
  ock_lloyd_change change = ock_lloyd_no_change;
  const double *positions = s->cuts[j].positions;
  size_t k = s->k++, row_bytes = s->d * s->store->search->element_bytes;
  change.parent = (uint32_t)j;
  change.child = (uint32_t)k;
  memset(s->drift, 0, s->n_bounds * sizeof(float));
  memcpy((char *)s->centres + k * row_bytes, (char *)s->centres + j * row_bytes, row_bytes); /* where it comes from */
  s->drift[k] = (float)ock_lloyd_put_centre(s, k, positions + s->d);
  s->drift[j] = (float)ock_lloyd_put_centre(s, j, positions);
  memset(s->sums + k * s->d, 0, s->d * sizeof(double));
  s->counts[k] = s->weights[k] = s->squares[k] = 0;
  s->cuts[j].churn = s->cuts[k].churn = INFINITY;
  ock_lloyd_follow(s, &change);
}

/* Cluster j becomes what cluster `from` is. */
static void take_number(ock_lloyd *s, size_t j, size_t from) {
  double *positions = s->cuts[j].positions;
  ock_lloyd_put_centre(s, j, s->centroids + from * s->d);
  memcpy(s->sums + j * s->d, s->sums + from * s->d, s->d * sizeof(double));
  s->counts[j] = s->counts[from];
  s->weights[j] = s->weights[from];
  s->squares[j] = s->squares[from];
  s->cuts[j] = s->cuts[from];
  s->cuts[from].positions = positions;
}

void ock_lloyd_merge(ock_lloyd *s, size_t a, size_t b) {
  if (a > b) {
    size_t swap = a;
    a = b;
    b = swap;
  }
  ock_lloyd_change change = ock_lloyd_no_change;
  size_t last = s->k - 1;
  double *mean = s->workers[0].sums;
  s->counts[a] += s->counts[b];
  s->weights[a] += s->weights[b];
  s->squares[a] += s->squares[b];
  for (size_t l = 0; l < s->d; l++) s->sums[a * s->d + l] += s->sums[b * s->d + l];
  if (!ock_lloyd_is_empty(s, a))
    ock_lloyd_mean(s, a, mean);
  else
    memcpy(mean, s->centroids + a * s->d, s->d * sizeof(double)); /* no rows, no mean */
  memset(s->drift, 0, s->n_bounds * sizeof(float));
  change.merged = (uint32_t)b;
  change.into = (uint32_t)a;
  double rounding = (ock_store_is_wide(s->store) ? 0x1p-52 : 0x1p-23) * (2 * sqrt((double)s->d) + 1); /* of centres */
  change.shift = (float)(sqrt(ock_squared_distance(mean, s->centroids + b * s->d, s->d)) * (1 + 1e-6) + rounding);
  s->drift[a] = (float)ock_lloyd_put_centre(s, a, mean);
  s->cuts[a].churn = INFINITY;
  if (b != last) {
    change.renamed = (uint32_t)last;
    take_number(s, b, last);
  }
  s->k--;
  ock_lloyd_follow(s, &change);
}

bool ock_lloyd_trade(ock_lloyd *s, double worth) {
  size_t a, b, last = s->k - 1;
  if (s->k < 3) return false;
  double price = ock_lloyd_cheapest_merge(s, &a, &b);
  size_t j = ock_lloyd_best_cut(s, a, b);
  if (!(s->cuts[j].gain > worth * price)) return false;
  ock_lloyd_merge(s, a, b);
  ock_lloyd_split(s, j == last ? (a > b ? a : b) : j);
  return true;
}

/* ---- order ---- */

/* What a row is sorted by: its cluster and the cluster on that side, then about how far it is from going over. */
typedef struct place {
  uint32_t key, at;
} place;

typedef struct locate_pass {
  ock_lloyd *s;
  place *places;
  unsigned gap_bits; /* of the key */
  bool pairs;        /* there is room for both clusters in it */
} locate_pass;

/* Bits that numbers below n take. */
static unsigned count_bits(uint64_t n) {
  unsigned bits = 0;
  while (bits < 64 && (n - 1) >> bits) bits++;
  return bits;
}

static locate_pass plan_keys(ock_lloyd *s, place *places) {
  enum { KEY_BITS = 32, MOST_GAP_BITS = 12 };
  unsigned one = count_bits(s->k), both = count_bits((uint64_t)s->k * s->k);
  locate_pass pass = {.s = s, .places = places, .pairs = both <= KEY_BITS};
  unsigned left = KEY_BITS - (pass.pairs ? both : one);
  pass.gap_bits = left < MOST_GAP_BITS ? left : MOST_GAP_BITS;
  return pass;
}

static uint32_t make_key(const locate_pass *pass, uint32_t label, uint32_t runner_up, float gap) {
  uint32_t bits = 0, where = pass->pairs ? label * (uint32_t)pass->s->k + runner_up : label;
  if (gap > 0) memcpy(&bits, &gap, sizeof bits); /* those of positive numbers are in their order */
  return pass->gap_bits ? where << pass->gap_bits | bits >> (31 - pass->gap_bits) : where;
}

static void locate_block(void *arg, size_t b, size_t worker) {
  (void)worker;
  const locate_pass *pass = arg;
  const ock_lloyd *s = pass->s;
  for (size_t p = s->blocks[b].first; p < s->blocks[b].end; p++) {
    uint32_t which[OCK_PANEL], runner_up[OCK_PANEL];
    float gap[OCK_PANEL];
    ock_contest contest = {.panel = ock_store_panel(s->store, p),
                           .half_squares = ock_store_half_squares(s->store, p),
                           .centres = s->centres,
                           .half_norms = s->half_norms,
                           .d = s->d,
                           .m = s->k};
    s->store->search->nearest_two(&contest, which, runner_up, gap, NULL, NULL);
    for (size_t r = 0; r < ock_lloyd_rows_of_panel(s, p); r++)
      pass->places[p * OCK_PANEL + r] =
          (place){make_key(pass, which[r], runner_up[r], gap[r]), (uint32_t)(p * OCK_PANEL + r)};
  }
}

/* Stable radix sort, 11 bits at a time, from `places` and back, with room for as many in `other`. Digits that are the
 * same everywhere are passed over. */
static place *sort_places(place *places, place *other, size_t n) {
  enum { BITS = 11, DIGITS = 1 << BITS };
  for (unsigned shift = 0; shift < 32; shift += BITS) {
    size_t start[DIGITS] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) start[places[i].key >> shift & (DIGITS - 1)]++;
    if (start[places[0].key >> shift & (DIGITS - 1)] == n) continue;
    for (size_t digit = 0; digit < DIGITS; digit++) {
      size_t count = start[digit];
      start[digit] = sum;
      sum += count;
    }
    for (size_t i = 0; i < n; i++) other[start[places[i].key >> shift & (DIGITS - 1)]++] = places[i];
    place *swap = places;
    places = other;
    other = swap;
  }
  return places;
}

double ock_lloyd_share_within_reach(ock_lloyd *s) {
  size_t k = s->k, n_panels = s->store->n_panels, n = 0;
  s->k = 0; /* bounds that were carried far say less than there is */
  ock_lloyd_assign(s, s->centroids, k);
  for (size_t p = 0; p < n_panels; p++)
    for (size_t j = 0; j < k; j++) n += ock_lloyd_lower(s, p)[j] <= s->upper[p];
  return (double)n / ((double)n_panels * (double)k);
}

bool ock_lloyd_regroup(ock_lloyd *s) {
  place *places = ock_alloc_array(s->n, 2 * sizeof *places);
  uint32_t *order = ock_alloc_array(s->n, sizeof *order);
  bool done = false;
  if (places && order) {
    locate_pass pass = plan_keys(s, places);
    ock_pool_run(s->pool, s->n_blocks, locate_block, &pass);
    const place *sorted = sort_places(places, places + s->n, s->n);
    for (size_t i = 0; i < s->n; i++) order[i] = sorted[i].at;
    done = ock_store_reorder(s->store, order, s->pool);
  }
  ock_free(places);
  ock_free(order);
  if (!done) return false;
  size_t k = s->k_regrouped = s->k;
  s->k = 0; /* bounds were those of other rows */
  ock_lloyd_assign(s, s->centroids, k);
  return true;
}

void ock_lloyd_regroup_grown(ock_lloyd *s) {
  enum { FEWEST = 8 };
  if (s->k >= FEWEST && s->k >= 2 * s->k_regrouped) ock_lloyd_regroup(s); /* without it all is as right, but slower */
}
