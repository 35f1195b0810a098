/* SPDX-License-Identifier: Apache-2.0 */
/* Rings, arcs, spirals: rows that hang together, but not about a centre. Groups are connected by rows that are among
 * each other's nearest. Half way between two rows of a group that has a centre there are rows of that group; in a bent
 * one there often are none. */
#include <math.h>
#include <stdlib.h>

#include "select/mixtures.h"
#include "stats/internal.h"

enum { MOST_ROWS = 2000, MOST_COLUMNS = 32, NEIGHBOURS = 8, MIDPOINTS = 600, FEWEST_ROWS = 20 };

/* A midpoint is far from its group when no row of it is nearer than `far` times the distance within which most rows
 * have all their neighbours; a group with far_share of such midpoints or more is bent; and groups count that have
 * group_share of the rows or more. */
static const double far = 2, most_rows_share = 0.9, far_share = 0.2, group_share = 0.03;

typedef struct bend_search {
  size_t n, d;
  double *x;           /* n x d, each column's variance 1 */
  double *distance;    /* n x NEIGHBOURS, squared, rising */
  uint32_t *neighbour; /* n x NEIGHBOURS */
  uint32_t *group;     /* n: a row of the same group, in the end the same for all */
  uint32_t *members;   /* n */
  double *reach;       /* n */
  ock_arena arena;
} bend_search;

static bool allocate(bend_search *s) {
  s->x = ock_arena_array(&s->arena, ock_size_product(s->n, s->d), sizeof(double));
  s->distance = ock_arena_array(&s->arena, s->n, NEIGHBOURS * sizeof(double));
  s->neighbour = ock_arena_array(&s->arena, s->n, NEIGHBOURS * sizeof(uint32_t));
  s->group = ock_arena_array(&s->arena, s->n, sizeof(uint32_t));
  s->members = ock_arena_array(&s->arena, s->n, sizeof(uint32_t));
  s->reach = ock_arena_array(&s->arena, s->n, sizeof(double));
  return s->x && s->distance && s->neighbour && s->group && s->members && s->reach;
}

/* Rows from all over the store, columns in units of their standard deviations. */
static void gather(bend_search *s, const ock_store *store) {
  for (size_t i = 0; i < s->n; i++) ock_store_read_row(store, i * store->n / s->n, s->x + i * s->d);
  for (size_t l = 0; l < s->d; l++) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++) mean += s->x[i * s->d + l] / (double)s->n;
    for (size_t i = 0; i < s->n; i++) squares += (s->x[i * s->d + l] - mean) * (s->x[i * s->d + l] - mean);
    double by = squares > 0 ? sqrt((double)s->n / squares) : 0;
    for (size_t i = 0; i < s->n; i++) s->x[i * s->d + l] *= by;
  }
}

/* ---- neighbours ---- */

static void find_neighbours(void *arg, size_t i, size_t worker) {
  bend_search *s = arg;
  double *distance = s->distance + i * NEIGHBOURS;
  uint32_t *neighbour = s->neighbour + i * NEIGHBOURS;
  (void)worker;
  for (size_t q = 0; q < NEIGHBOURS; q++) distance[q] = INFINITY;
  for (size_t j = 0; j < s->n; j++) {
    double squared = j == i ? INFINITY : ock_squared_distance(s->x + i * s->d, s->x + j * s->d, s->d);
    if (!(squared < distance[NEIGHBOURS - 1])) continue;
    size_t q = NEIGHBOURS - 1;
    for (; q > 0 && distance[q - 1] > squared; q--) {
      distance[q] = distance[q - 1];
      neighbour[q] = neighbour[q - 1];
    }
    distance[q] = squared;
    neighbour[q] = (uint32_t)j;
  }
}

static bool has_neighbour(const bend_search *s, size_t i, uint32_t j) {
  for (size_t q = 0; q < NEIGHBOURS; q++)
    if (s->neighbour[i * NEIGHBOURS + q] == j) return true;
  return false;
}

static uint32_t root_of(uint32_t *group, uint32_t i) {
  while (group[i] != i) i = group[i] = group[group[i]];
  return i;
}

static void connect(bend_search *s) {
  for (size_t i = 0; i < s->n; i++) s->group[i] = (uint32_t)i;
  for (size_t i = 0; i < s->n; i++)
    for (size_t q = 0; q < NEIGHBOURS; q++) {
      uint32_t j = s->neighbour[i * NEIGHBOURS + q];
      if (j < i && has_neighbour(s, j, (uint32_t)i)) s->group[root_of(s->group, (uint32_t)i)] = root_of(s->group, j);
    }
  for (size_t i = 0; i < s->n; i++) s->group[i] = root_of(s->group, (uint32_t)i);
}

/* ---- midpoints ---- */

/* The squared distance within which most members have their neighbours. */
static double common_reach(bend_search *s, size_t count) {
  for (size_t m = 0; m < count; m++) s->reach[m] = s->distance[s->members[m] * NEIGHBOURS + NEIGHBOURS - 1];
  qsort(s->reach, count, sizeof *s->reach, ock_compare_doubles);
  return s->reach[(size_t)(most_rows_share * (double)(count - 1))];
}

static bool is_bent(bend_search *s, size_t count, ock_rng *rng) {
  double limit = far * far * common_reach(s, count), *middle = s->reach; /* no longer in use; d < n values */
  size_t n_far = 0;
  for (size_t t = 0; t < MIDPOINTS; t++) {
    const double *a = s->x + s->members[ock_rng_below(rng, count)] * s->d;
    const double *b = s->x + s->members[ock_rng_below(rng, count)] * s->d;
    double least = INFINITY;
    for (size_t l = 0; l < s->d; l++) middle[l] = 0.5 * (a[l] + b[l]);
    for (size_t m = 0; m < count && least > limit; m++)
      least = fmin(least, ock_squared_distance(middle, s->x + s->members[m] * s->d, s->d));
    n_far += least > limit;
  }
  return (double)n_far >= far_share * MIDPOINTS;
}

static void judge_groups(bend_search *s, ock_rng *rng, ock_doubts *doubts) {
  size_t n_rows = 0;
  for (uint32_t g = 0; g < s->n; g++) {
    size_t count = 0;
    if (s->group[g] != g) continue;
    for (uint32_t i = 0; i < s->n; i++)
      if (s->group[i] == g) s->members[count++] = i;
    if (count < FEWEST_ROWS || (double)count < group_share * (double)s->n || !is_bent(s, count, rng)) continue;
    doubts->n_bent++;
    n_rows += count;
  }
  doubts->bent_share = (double)n_rows / (double)s->n;
}

ockham_status ock_bent_find(ock_mixtures *m, const ock_store *store, uint64_t seed, ock_pool *pool, ock_ticker *ticker,
                            ockham_error *err) {
  enum { RNG_STREAM_BENT = 0x6265 };
  bend_search s = {.n = store->n < MOST_ROWS ? store->n : MOST_ROWS, .d = store->d};
  if (s.d < 2 || s.d > MOST_COLUMNS || s.n < 2 * MOST_COLUMNS) return OCKHAM_OK;
  ockham_status status = OCKHAM_OK;
  if (allocate(&s)) {
    ock_rng rng = ock_rng_make(seed, RNG_STREAM_BENT);
    gather(&s, store);
    if (ock_pool_run_watched(pool, ticker, s.n, find_neighbours, &s)) {
      connect(&s);
      judge_groups(&s, &rng, &m->doubts);
    }
  } else {
    status = ock_fail_memory(err, "neighbours of rows", ock_size_product(s.n, (s.d + NEIGHBOURS) * sizeof(double)));
  }
  ock_arena_clear(&s.arena);
  return status;
}
