/* SPDX-License-Identifier: Apache-2.0 */
/* Which cluster should be cut in two, and where: a few steps of 2-means inside each cluster that has changed. In many
 * dimensions a row is no good position for a centre (it is as far from its own cluster's rows as from others'), the
 * mean of half a cluster is. */
#include <math.h>
#include <string.h>

#include "cluster/lloyd.h"

enum { TRIES = 2, MOST_STEPS = 8, ROWS_TO_CHOOSE_FROM = 4, RNG_STREAM_CUTS = 1 << 20 };

/* Some of the members tell where to cut as well as all. */
enum { MOST_MEMBERS = 1024, FEWEST_MEMBERS = 128, MEMBER_VALUES = 1 << 17 };

/* A cut is looked for again when this share of its weight came or went. */
static const double worth_looking = 0.05;
/* A step of 2-means that gains less than this share more is the last. */
static const double worth_going_on = 1.01;

size_t ock_lloyd_most_members(size_t d) {
  size_t n = MEMBER_VALUES / d / OCK_PANEL * OCK_PANEL;
  return n < FEWEST_MEMBERS ? FEWEST_MEMBERS : n > MOST_MEMBERS ? MOST_MEMBERS : n;
}

/* Members of a cluster, copied into panels of their own. */
typedef struct members {
  const ock_lloyd *s;
  ock_lloyd_worker *worker;
  size_t n;
  double total;  /* of their weights, the largest of which is 1; n when all are */
  double lowest; /* a half of less than this weight is none: rounding */
  double *mean;  /* of the members that were copied */
} members;

static const void *member_panel(const members *m, size_t p) {
  return m->worker->members + p * m->s->d * OCK_PANEL * m->s->store->search->element_bytes;
}

static double member_value(const members *m, size_t i, size_t l) {
  return ock_element(member_panel(m, i / OCK_PANEL), ock_strip_place(m->s->d, i % OCK_PANEL, l),
                     ock_store_is_wide(m->s->store));
}

static void copy_member(const members *m, size_t to, size_t from) {
  size_t d = m->s->d, a = ock_strip_place(d, from % OCK_PANEL, 0), b = ock_strip_place(d, to % OCK_PANEL, 0);
  const void *source = ock_store_panel(m->s->store, from / OCK_PANEL);
  void *target = (void *)member_panel(m, to / OCK_PANEL);
  if (ock_store_is_wide(m->s->store))
    for (size_t l = 0; l < d; l++) ((double *)target)[b + l * OCK_STRIP] = ((const double *)source)[a + l * OCK_STRIP];
  else
    for (size_t l = 0; l < d; l++) ((float *)target)[b + l * OCK_STRIP] = ((const float *)source)[a + l * OCK_STRIP];
}

static double member_weight(const members *m, size_t i) {
  return m->worker->member_weights ? ock_element(m->worker->member_weights, i, ock_store_is_wide(m->s->store)) : 1;
}

/* Their weights, relative to the largest. */
static void copy_weights(members *m, const uint32_t *rows) {
  const double *weight = m->s->store->weight;
  bool wide = ock_store_is_wide(m->s->store);
  size_t padded = (m->n + OCK_PANEL - 1) / OCK_PANEL * OCK_PANEL;
  double most = 0;
  for (size_t i = 0; i < m->n; i++) most = fmax(most, weight[rows[i]]);
  m->total = 0;
  for (size_t i = 0; i < m->n; i++) {
    ock_element_set(m->worker->member_weights, i, wide, weight[rows[i]] / most);
    m->total += member_weight(m, i);
  }
  for (size_t i = m->n; i < padded; i++) ock_element_set(m->worker->member_weights, i, wide, 0);
  m->lowest = m->total * (wide ? 1e-13 : 1e-6);
}

/* The rows of the cluster that were chosen, copied. */
static members copy_members(const ock_lloyd *s, const uint32_t *rows, size_t n, ock_lloyd_worker *worker) {
  members m = {.s = s, .worker = worker, .n = n, .total = (double)n, .lowest = 1, .mean = worker->sums};
  size_t most = ock_lloyd_most_members(s->d);
  for (size_t i = 0; i < n; i++) copy_member(&m, i, rows[i]);
  if (worker->member_weights) copy_weights(&m, rows);
  memset(m.mean, 0, s->d * sizeof(double));
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < s->d; l++) m.mean[l] += member_weight(&m, i) * member_value(&m, i, l);
  for (size_t l = 0; l < s->d; l++) m.mean[l] /= m.total;
  memset(worker->member_label, 0xff, most * sizeof *worker->member_label);
  memset(worker->member_label, 0, n * sizeof *worker->member_label);
  return m;
}

/* The way from the mean to member i; returns the square of its length. */
static double way_to(const members *m, size_t i, double *way) {
  double squared = 0;
  for (size_t l = 0; l < m->s->d; l++) {
    way[l] = member_value(m, i, l) - m->mean[l];
    squared += way[l] * way[l];
  }
  return squared;
}

/* A way to begin with: to one of a few members, far ones preferred. */
static bool choose_way(const members *m, ock_rng *rng, double *way) {
  size_t row[ROWS_TO_CHOOSE_FROM];
  double squared[ROWS_TO_CHOOSE_FROM], total = 0;
  for (size_t c = 0; c < ROWS_TO_CHOOSE_FROM; c++) {
    row[c] = ock_rng_below(rng, m->n);
    squared[c] = way_to(m, row[c], way);
    total += squared[c];
  }
  double target = ock_rng_uniform(rng) * total;
  size_t c = 0;
  while (c + 1 < ROWS_TO_CHOOSE_FROM && target >= squared[c]) target -= squared[c++];
  return way_to(m, row[c], way) > 0;
}

/* One step: the members beyond the plane are one half; positions become the means of both. Returns what that gains. */
static double take_halves(const members *m, const double *way, double threshold, double *positions) {
  const ock_lloyd *s = m->s;
  double *half = m->worker->sums + 2 * s->d, n_1 = 0;
  memset(half, 0, s->d * sizeof(double));
  for (size_t l = 0; l < s->d; l++) ock_element_set(m->worker->normal, l, ock_store_is_wide(s->store), way[l]);
  size_t panel_bytes = OCK_PANEL * s->store->search->element_bytes;
  for (size_t p = 0; p * OCK_PANEL < m->n; p++) {
    const char *weights = m->worker->member_weights ? m->worker->member_weights + p * panel_bytes : NULL;
    n_1 += s->store->search->take_side(member_panel(m, p), s->d, m->worker->normal, threshold,
                                       m->worker->member_label + p * OCK_PANEL, 0, weights, half);
  }
  double n_2 = m->total - n_1;
  if (n_1 < m->lowest || n_2 < m->lowest) return 0;
  for (size_t l = 0; l < s->d; l++) {
    positions[l] = half[l] / n_1;
    positions[s->d + l] = (m->mean[l] * m->total - half[l]) / n_2;
  }
  return n_1 * n_2 / (n_1 + n_2) * ock_squared_distance(positions, positions + s->d, s->d);
}

static double along(const double *way, const double *position, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += way[l] * position[l];
  return sum;
}

/* Cut the cluster once; returns what that gains. */
static double try_cut(const members *m, ock_rng *rng, double *positions) {
  size_t d = m->s->d;
  double *way = m->worker->sums + d, gain = 0;
  if (!choose_way(m, rng, way)) return 0;
  double threshold = along(way, m->mean, d); /* the plane goes through the mean first */
  for (size_t step = 0; step < MOST_STEPS; step++) {
    double next = take_halves(m, way, threshold, positions);
    bool enough = !(next > gain * worth_going_on);
    gain = next;
    if (enough) break;
    for (size_t l = 0; l < d; l++) way[l] = positions[l] - positions[d + l];
    threshold = 0.5 * (along(way, positions, d) + along(way, positions + d, d));
  }
  return gain;
}

/* ---- all clusters that have changed ---- */

typedef struct look_pass {
  ock_lloyd *s;
  uint64_t first_draw;
} look_pass;

/* Two tries, the better of which is kept. */
static void look_at_cluster(void *arg, size_t i, size_t w) {
  const look_pass *pass = arg;
  ock_lloyd *s = pass->s;
  ock_lloyd_worker *worker = &s->workers[w];
  const ock_members *chosen = &s->members[i];
  ock_cut *cut = &s->cuts[chosen->cluster];
  ock_rng rng = ock_rng_make(s->seed, RNG_STREAM_CUTS + pass->first_draw + i);
  if (chosen->n < 2) return;
  members m = copy_members(s, chosen->rows, chosen->n, worker);
  for (size_t t = 0; t < TRIES; t++) {
    double *positions = worker->sums + 3 * s->d;
    double gain = try_cut(&m, &rng, positions) * s->weights[chosen->cluster] / m.total;
    if (!(gain > cut->gain)) continue;
    cut->gain = gain;
    memcpy(cut->positions, positions, 2 * s->d * sizeof(double));
  }
}

/* Clusters whose cuts are to be looked for, with room for some of their rows; returns how many there are. */
static size_t list_changed(ock_lloyd *s) {
  size_t most = ock_lloyd_most_members(s->d), n = 0, n_rows = 0;
  for (size_t j = 0; j < s->k; j++) {
    s->list[j] = OCK_LLOYD_NONE;
    if (!(s->cuts[j].churn > worth_looking * s->weights[j])) continue;
    s->cuts[j].gain = s->cuts[j].churn = 0;
    if (!(s->counts[j] > 1.5) || !(ock_lloyd_within(s, j) > 1e-14 * s->squares[j])) continue;
    size_t count = (size_t)(s->counts[j] + 0.5);
    s->members[n] = (ock_members){.cluster = (uint32_t)j, .rows = s->member_rows + n_rows, .every = 1};
    s->members[n].every = count > most ? (count + most - 1) / most : 1;
    n_rows += count < most ? count : most;
    s->list[j] = (uint32_t)n++;
  }
  return n;
}

/* Every so many rows of each cluster in the list. */
static void choose_members(ock_lloyd *s) {
  for (size_t i = 0; i < s->n; i++) {
    uint32_t number = s->list[s->label[i]];
    if (number == OCK_LLOYD_NONE) continue;
    ock_members *m = &s->members[number];
    if (m->n_seen++ % m->every == 0) m->rows[m->n++] = (uint32_t)i;
  }
}

size_t ock_lloyd_best_cut(ock_lloyd *s, size_t avoid_a, size_t avoid_b) {
  size_t n = list_changed(s), best = 0;
  if (n > 0) choose_members(s);
  ock_pool_run(s->pool, n, look_at_cluster, &(look_pass){s, s->n_draws});
  s->n_draws += n;
  while (best + 1 < s->k && (best == avoid_a || best == avoid_b)) best++;
  for (size_t j = best + 1; j < s->k; j++)
    if (j != avoid_a && j != avoid_b && s->cuts[j].gain > s->cuts[best].gain) best = j;
  return best;
}
