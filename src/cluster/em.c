/* SPDX-License-Identifier: Apache-2.0 */
/* Expectation and maximisation. A pass over the panels takes each row's posterior probabilities and adds up the moments
 * that the next covariance step needs; moments are about the means of the step before, so that nothing cancels. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "cluster/mixture.h"
#include "stats/internal.h"

enum { MOST_BLOCKS = 32, PANELS_A_BLOCK = 4 };

/* Where no row of a panel has a posterior probability above this, a component gets nothing from it. */
static const double negligible = 1e-12;

struct ock_em_block {
  size_t first, end;  /* panels */
  double *sums;       /* k_max x sums_of_one() */
  double slope, bend; /* sums of powers times the first and second power of the logarithm */
  double log_likelihood, log_certainty, entropy;
};

struct ock_em_worker {
  double *scratch; /* (d + 1) x OCK_PANEL */
  double *values;  /* k_max x OCK_PANEL: of the components within reach of the panel ... */
  uint32_t *near;  /* k_max: ... whose numbers these are, */
  size_t n_near;
  double *most;       /* k_max: no row of the panel has a higher logarithm of a component's density */
  ock_powers *powers; /* k_max */
  ock_watch *watch;   /* the caller's own worker asks the ticker; NULL: others only look ... */
  atomic_bool *stop;  /* ... at what it found */
};

/* What a pass takes memberships from, and where it puts them. */
typedef struct pass {
  ock_em *em;
  const double *centroids;       /* the nearest gets the row; or */
  const double *membership;      /* n x k, given; or the mixture */
  const ock_em_outputs *outputs; /* to classify, and not to add moments up; or NULL */
  bool entropy;                  /* then also this */
} pass;

/* Of one component: its weight, d and second moments, and at the end the sum of powers and the count of rows. */
static size_t sums_of(size_t d, size_t second) {
  return 1 + d + second + 2;
}

static size_t sums_of_one(const ock_em *em) {
  return sums_of(em->d, ock_second_moments(em->d, em->full));
}

static bool has_gaussian_tail(const ock_em *em) {
  return em->tail == 1;
}

/* ---- memory ---- */

static bool allocate_parts(ock_em *em, size_t second) {
  size_t values = ock_size_product(em->k_max, em->d), matrices = ock_size_product(em->k_max, second);
  size_t sums = ock_size_product(em->k_max, sums_of(em->d, second));
  em->blocks = ock_arena_array(&em->arena, em->n_blocks, sizeof *em->blocks);
  em->workers = ock_arena_array(&em->arena, ock_pool_size(em->pool), sizeof *em->workers);
  if (!em->blocks || !em->workers) return false;
  for (size_t b = 0; b < em->n_blocks; b++) {
    em->blocks[b] = (ock_em_block){.first = em->store->n_panels * b / em->n_blocks,
                                   .end = em->store->n_panels * (b + 1) / em->n_blocks,
                                   .sums = ock_arena_array(&em->arena, sums, sizeof(double))};
    if (!em->blocks[b].sums) return false;
  }
  for (size_t w = 0; w < ock_pool_size(em->pool); w++) {
    em->workers[w].scratch = ock_arena_array(&em->arena, ock_size_product(em->d + 1, OCK_PANEL), sizeof(double));
    em->workers[w].values = ock_arena_array(&em->arena, ock_size_product(em->k_max, OCK_PANEL), sizeof(double));
    em->workers[w].near = ock_arena_array(&em->arena, em->k_max, sizeof(uint32_t));
    em->workers[w].most = ock_arena_array(&em->arena, em->k_max, sizeof(double));
    if (!em->workers[w].near || !em->workers[w].most) return false;
    em->workers[w].powers = ock_arena_array(&em->arena, em->k_max, sizeof(ock_powers));
    double *at = ock_arena_array(&em->arena, ock_size_product(em->k_max, 3 * OCK_PANEL), sizeof(double));
    if (!em->workers[w].scratch || !em->workers[w].values || !em->workers[w].powers || !at) return false;
    for (size_t j = 0; j < em->k_max; j++, at += 3 * OCK_PANEL)
      em->workers[w].powers[j] = (ock_powers){.logarithm = at, .power = at + OCK_PANEL, .pull = at + 2 * OCK_PANEL};
  }
  em->proportion = ock_arena_array(&em->arena, em->k_max, sizeof(double));
  em->mean = ock_arena_array(&em->arena, values, sizeof(double));
  em->covariance = ock_arena_array(&em->arena, matrices, sizeof(double));
  em->factor = ock_arena_array(&em->arena, matrices, sizeof(double));
  em->log_scale = ock_arena_array(&em->arena, em->k_max, sizeof(double));
  em->widest = ock_arena_array(&em->arena, em->k_max, sizeof(double));
  em->middle = ock_arena_array(&em->arena, ock_size_product(em->store->n_panels, em->d), sizeof(double));
  em->radius = ock_arena_array(&em->arena, em->store->n_panels, sizeof(double));
  em->floor = ock_arena_array(&em->arena, em->d, sizeof(double));
  em->total[0] = ock_arena_array(&em->arena, em->d, sizeof(double));
  em->total[1] = ock_arena_array(&em->arena, second, sizeof(double));
  return em->proportion && em->mean && em->covariance && em->factor && em->log_scale && em->widest && em->middle &&
         em->radius && em->floor && em->total[0] && em->total[1];
}

void ock_em_clear(ock_em *em) {
  ock_arena_clear(&em->arena);
  *em = (ock_em){0};
}

/* ---- passes ---- */

/* Before so many more multiplications. */
static bool is_stopped(const ock_em_worker *w, double work) {
  if (ock_watch_stopped(w->watch, work)) atomic_store_explicit(w->stop, true, memory_order_relaxed);
  return atomic_load_explicit(w->stop, memory_order_relaxed);
}

/* Of a panel and a component: its densities and its moments. */
static double work_of_panel(const ock_em *em) {
  return (double)OCK_PANEL * (double)(em->d + ock_second_moments(em->d, em->full));
}

/* The squared distance of row r of a panel to a point. */
static double squared_from(const ock_em *em, const double *panel, size_t r, const double *point) {
  double squared = 0;
  for (size_t l = 0; l < em->d; l++) {
    double difference = panel[ock_strip_place(em->d, r, l)] - point[l];
    squared += difference * difference;
  }
  return squared;
}

/* Memberships of a panel whose rows belong to the nearest centroid. */
static void take_nearest(const pass *p, size_t panel, double *values) {
  const ock_em *em = p->em;
  const double *x = ock_store_panel(em->store, panel);
  memset(values, 0, em->k * OCK_PANEL * sizeof *values);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double least = INFINITY;
    size_t best = 0;
    for (size_t j = 0; j < em->k; j++) {
      double squared = squared_from(em, x, r, p->centroids + j * em->d);
      if (!(squared < least)) continue;
      least = squared;
      best = j;
    }
    values[best * OCK_PANEL + r] = 1;
  }
}

static void take_given(const pass *p, size_t panel, size_t n, double *values) {
  const ock_em *em = p->em;
  for (size_t r = 0; r < n; r++)
    for (size_t j = 0; j < em->k; j++)
      values[j * OCK_PANEL + r] = p->membership[em->store->row[panel * OCK_PANEL + r] * em->k + j];
}

static void take_density(const ock_em *em, size_t panel, size_t j, ock_em_worker *w) {
  size_t second = ock_second_moments(em->d, em->full), at = w->n_near++;
  w->near[at] = (uint32_t)j;
  em->kernels->log_density(ock_store_panel(em->store, panel), em->d,
                           &(ock_gaussian){.mean = em->mean + j * em->d,
                                           .factor = em->factor + j * second,
                                           .full = em->full,
                                           .log_scale = em->log_scale[j],
                                           .tail = em->tail,
                                           .power = &w->powers[at]},
                           w->scratch, w->values + at * OCK_PANEL);
}

/* The densities of the components that any row of a panel may have to do with: by their distance from its middle, no
 * density of the others is more than e^-36 of that of one component. */
static void find_near(const ock_em *em, size_t panel, ock_em_worker *w) {
  const double nothing = 36;
  const double *middle = em->middle + panel * em->d;
  double range[2];
  size_t best = 0;
  w->n_near = 0;
  for (size_t j = 0; j < em->k; j++) {
    double apart = sqrt(ock_squared_distance(middle, em->mean + j * em->d, em->d)) - em->radius[panel];
    double squared = apart > 0 ? apart * apart / em->widest[j] : 0;
    w->most[j] = em->log_scale[j] - 0.5 * (has_gaussian_tail(em) ? squared : pow(squared, em->tail));
    if (w->most[j] > w->most[best]) best = j;
  }
  take_density(em, panel, best, w);
  em->kernels->range(w->values, range);
  for (size_t j = 0; j < em->k; j++) {
    if (j == best || w->most[j] < range[0] - nothing) continue;
    if (is_stopped(w, work_of_panel(em))) return;
    take_density(em, panel, j, w);
  }
}

/* All components, where memberships are given. */
static void take_all(const ock_em *em, ock_em_worker *w) {
  for (size_t j = 0; j < em->k; j++) w->near[j] = (uint32_t)j;
  w->n_near = em->k;
}

/* Memberships by the mixture, and log densities; adds the panel's log-likelihood. */
static void take_posterior(const pass *p, ock_em_block *block, size_t panel, size_t n, ock_em_worker *w,
                           double *log_density) {
  const ock_em *em = p->em;
  find_near(em, panel, w);
  em->kernels->posterior(w->values, w->n_near, log_density);
  for (size_t r = 0; r < n; r++)
    block->log_likelihood += ock_store_weight(em->store, panel * OCK_PANEL + r) * log_density[r];
}

/* What the tail is to be told of component j, and memberships to the weights that moments are taken with. */
static void weigh_tail(const ock_em *em, ock_em_block *block, size_t j, const ock_powers *powers, double *value) {
  enum { TOTAL, POWER, SLOPE, BEND };
  double *to = block->sums + (j + 1) * sums_of_one(em) - 2, sums[OCK_TAIL_SUMS] = {0};
  em->kernels->weigh_tail(value, powers, sums);
  to[0] += sums[POWER];
  to[1] += sums[TOTAL];
  block->slope += sums[SLOPE];
  block->bend += sums[BEND];
}

/* Add the moments of a panel to the block's sums. */
static void add_panel(const pass *p, ock_em_block *block, size_t panel, size_t n, ock_em_worker *w) {
  const ock_em *em = p->em;
  for (size_t at = 0; at < w->n_near; at++) {
    size_t j = w->near[at];
    double *value = w->values + at * OCK_PANEL, range[2];
    for (size_t r = n; r < OCK_PANEL; r++) value[r] = 0;
    em->kernels->range(value, range);
    if (!(range[1] > negligible)) continue;
    if (is_stopped(w, work_of_panel(em))) return;
    for (size_t r = 0; em->store->weight && r < n; r++) value[r] *= em->store->weight[panel * OCK_PANEL + r];
    bool given = p->centroids || p->membership;
    if (!has_gaussian_tail(em) && !given) weigh_tail(em, block, j, &w->powers[at], value);
    em->kernels->add_moments(ock_store_panel(em->store, panel), em->d, em->mean + j * em->d, em->full, value,
                             w->scratch, block->sums + j * sums_of_one(em));
  }
}

static void classify_panel(const pass *p, ock_em_block *block, size_t panel, size_t n, const ock_em_worker *w,
                           const double *log_density) {
  const ock_em *em = p->em;
  const ock_em_outputs *to = p->outputs;
  for (size_t r = 0; r < n; r++) {
    size_t place = panel * OCK_PANEL + r, row = em->store->row[place], best = 0;
    double weight = ock_store_weight(em->store, place), entropy = 0;
    if (to->membership) memset(to->membership + row * em->k, 0, em->k * sizeof(double));
    for (size_t at = 0; at < w->n_near; at++) {
      double value = w->values[at * OCK_PANEL + r];
      if (value > w->values[best * OCK_PANEL + r]) best = at;
      if (p->entropy && value > 0) entropy -= value * log(value);
      if (to->membership) to->membership[row * em->k + w->near[at]] = value;
    }
    if (to->label) to->label[row] = w->near[best];
    if (to->log_density) to->log_density[row] = log_density[r];
    block->log_certainty += weight * log(w->values[best * OCK_PANEL + r]);
    block->entropy += weight * entropy;
  }
}

static void pass_block(const pass *p, ock_em_block *block, ock_em_worker *w) {
  const ock_em *em = p->em;
  block->log_likelihood = block->log_certainty = block->entropy = block->slope = block->bend = 0;
  if (!p->outputs) memset(block->sums, 0, em->k * sums_of_one(em) * sizeof(double));
  for (size_t panel = block->first; panel < block->end && !is_stopped(w, OCK_PANEL * (double)em->d); panel++) {
    double log_density[OCK_PANEL];
    size_t left = em->store->n - panel * OCK_PANEL, n = left < OCK_PANEL ? left : OCK_PANEL;
    if (p->centroids || p->membership) take_all(em, w);
    if (p->centroids)
      take_nearest(p, panel, w->values);
    else if (p->membership)
      take_given(p, panel, n, w->values);
    else
      take_posterior(p, block, panel, n, w, log_density);
    if (p->outputs)
      classify_panel(p, block, panel, n, w, log_density);
    else
      add_panel(p, block, panel, n, w);
  }
}

/* The blocks of a pass, by whoever is free. */
typedef struct round_of_blocks {
  const pass *pass;
  atomic_size_t n_begun, n_done;
} round_of_blocks;

/* Others may be busy for long when the caller has nothing left to do: it alone can ask the ticker. */
static void watch_others(round_of_blocks *r, const ock_em_worker *w) {
  const double soon = 3e6;
  const ock_em *em = r->pass->em;
  const struct timespec nap = {.tv_nsec = 100000};
  if ((double)em->blocks[0].end * (double)em->k * work_of_panel(em) < soon) return;
  while (atomic_load(&r->n_done) < em->n_blocks && !is_stopped(w, soon)) nanosleep(&nap, NULL);
}

static void pass_blocks(void *arg, size_t number, size_t worker) {
  round_of_blocks *r = arg;
  const ock_em *em = r->pass->em;
  (void)number;
  for (size_t b; (b = atomic_fetch_add(&r->n_begun, 1)) < em->n_blocks; atomic_fetch_add(&r->n_done, 1))
    pass_block(r->pass, &em->blocks[b], &em->workers[worker]);
  if (worker == 0) watch_others(r, &em->workers[0]);
}

static void run_blocks(ock_em *em, const pass *p) {
  round_of_blocks r = {.pass = p};
  ock_watch watch = {.ticker = em->ticker};
  atomic_bool stop = false;
  size_t n_workers = ock_pool_size(em->pool);
  for (size_t w = 0; w < n_workers; w++) {
    em->workers[w].watch = w ? NULL : &watch;
    em->workers[w].stop = &stop;
  }
  ock_pool_run(em->pool, em->n_blocks < n_workers ? em->n_blocks : n_workers, pass_blocks, &r);
}

/* With tails that are not Gaussian the scatters give the right shapes, but steps in volume that fall short or go too
 * far, by a power that is known: the best volume for rows of these squared lengths is (tail sum m^tail / (n d))^(1 /
 * tail) times the one before. Where tails are light, shapes too would go too far, and change by a share. */
static void correct_volumes(ock_em *em) {
  size_t d = em->d, one = sums_of_one(em), second = ock_second_moments(d, em->full);
  bool one_volume = ockham_covariance_name(em->family)[0] == 'E';
  double share = em->tail <= 1 ? 1 : em->stride / em->tail;
  for (size_t j = 0; j < em->k; j++) {
    const double *sums = em->blocks[0].sums + j * one;
    double power = one_volume ? em->power : sums[one - 2], n = one_volume ? em->store->total : sums[one - 1];
    double step = em->tail * power / (n * (double)d), factor = pow(step, 1 / em->tail - 1);
    double *scatter = em->moments.scatter + j * second;
    if (!(step > 0) || !isfinite(factor)) continue;
    for (size_t i = 0; i < second; i++) {
      /* the old shape, the new volume */
      double before = sums[one - 1] * em->covariance[j * second + i] * step * factor;
      scatter[i] = share * factor * scatter[i] + (1 - share) * before;
    }
  }
}

/* From sums about the old means to moments about the new ones. */
static void take_moments(ock_em *em, bool given) {
  size_t d = em->d, one = sums_of_one(em), second = ock_second_moments(d, em->full);
  double *total = em->blocks[0].sums;
  for (size_t b = 1; b < em->n_blocks && !ock_watch_stopped(&em->scratch.watch, (double)em->k * (double)one); b++)
    for (size_t i = 0; i < em->k * one; i++) total[i] += em->blocks[b].sums[i];
  em->moments.k = em->k;
  em->moments.d = d;
  em->moments.full = em->full;
  em->power = 0;
  /* Where tails are light, means go a share of the way, as the curvature says. */
  double share = given || em->tail <= 1 ? 1 : em->stride / (1 + 2 * (em->tail - 1) / (double)d);
  for (size_t j = 0; j < em->k; j++) {
    const double *sums = total + j * one, *first = sums + 1, *products = first + d;
    double by = sums[0] > 0 ? 1 / sums[0] : 0, *scatter = em->moments.scatter + j * second;
    em->moments.weight[j] = given || has_gaussian_tail(em) ? sums[0] : sums[one - 1];
    em->power += sums[one - 2];
    for (size_t l = 0; l < d; l++) em->moments.mean[j * d + l] = em->mean[j * d + l] + share * first[l] * by;
    for (size_t i = 0, at = 0; i < d; i++)
      for (size_t l = em->full ? 0 : i; l <= i; l++, at++) scatter[at] = products[at] - first[i] * first[l] * by;
  }
  if (!given && !has_gaussian_tail(em)) correct_volumes(em);
}

static void make_pass(ock_em *em, const pass *p) {
  run_blocks(em, p);
  em->log_likelihood = 0;
  for (size_t b = 0; b < em->n_blocks; b++) em->log_likelihood += em->blocks[b].log_likelihood;
  if (!p->outputs) take_moments(em, p->centroids || p->membership);
}

/* ---- steps ---- */

/* Fraley & Raftery, J. Classification 24, 2007 (doi:10.1007/s00357-007-0004-5): means drawn a little to that of all
 * rows, and to each scatter that of all rows added, as if for one row in the volume that a component has. */
static void add_prior(ock_em *em, double *weights) {
  const double shrinkage = 0.01;
  size_t d = em->d, second = ock_second_moments(d, em->full);
  double share = pow((double)em->k, -2.0 / (double)d) / em->store->total;
  for (size_t j = 0; j < em->k; j++) {
    double *mean = em->moments.mean + j * d, *scatter = em->moments.scatter + j * second;
    double weight = em->moments.weight[j], pull = shrinkage * weight / (shrinkage + weight);
    for (size_t i = 0, at = 0; i < d; i++)
      for (size_t l = em->full ? 0 : i; l <= i; l++, at++)
        scatter[at] += share * em->total[em->full][at] + pull * mean[i] * mean[l];
    for (size_t l = 0; l < d; l++) mean[l] *= weight / (shrinkage + weight);
    weights[j] = weight;
    em->moments.weight[j] = weight + 2 * (double)d + 4;
  }
}

/* ---- the tail ---- */

/* log of the constant c with which c |C|^-1/2 exp(-m^tail / 2) is a density in d dimensions. */
static double log_constant(double tail, size_t d) {
  double half = (double)d / 2, x = half / tail;
  return log((double)d) + ock_log_gamma(half) - half * log(acos(-1)) - ock_log_gamma(1 + x) - (1 + x) * log(2);
}

double ock_tail_spread(double tail, size_t d) {
  if (tail == 1) return 1;
  double x = (double)d / (2 * tail);
  return exp(log(2) / tail + ock_log_gamma(x + 1 / tail) - ock_log_gamma(x)) / (double)d;
}

/* ---- maximisation ---- */

/* No less than the variance of component j in any direction: the norm of its matrix, in units of its largest element,
 * for squares must not underflow. */
static double largest_variance(const ock_em *em, size_t j) {
  const double outward = 1 + 1e-9;
  const double *c = em->covariance + j * ock_second_moments(em->d, em->full);
  double most = 0, squares = 0;
  for (size_t i = 0; i < ock_second_moments(em->d, em->full); i++) most = fmax(most, fabs(c[i]));
  if (!em->full || !(most > 0)) return most * outward;
  for (size_t i = 0; i < em->d; i++)
    for (size_t l = 0; l <= i; l++, c++) squares += (l < i ? 2 : 1) * (*c / most) * (*c / most);
  return most * sqrt(squares) * outward;
}

/* Factor and scale of component j from its covariance; false when that is singular. */
static bool take_factor(ock_em *em, size_t j) {
  size_t d = em->d, second = ock_second_moments(d, em->full);
  double *factor = em->factor + j * second, logs;
  memcpy(factor, em->covariance + j * second, second * sizeof *factor);
  bool sphere = ock_covariance_is_spherical(em->family);
  if (sphere && !(em->covariance[j * second] > em->level_floor)) return false;
  if (!ock_inverse_factor_watched(factor, d, em->full, sphere ? NULL : em->floor, &logs, &em->scratch.watch))
    return false;
  em->log_scale[j] = log(em->proportion[j]) + log_constant(em->tail, d) - logs;
  em->widest[j] = largest_variance(em, j);
  return true;
}

bool ock_em_take_factors(ock_em *em) {
  for (size_t j = 0; j < em->k; j++)
    if (!take_factor(em, j)) return false;
  return true;
}

/* How the sum of powers goes with the tail: its logarithm at e^s times the tail is that of em->power + first s +
 * second s^2 / 2. */
typedef struct power_course {
  const ock_em *em;
  double first, second;
} power_course;

/* The best volume at that tail, as a multiple of what it is. */
static double volume_at(const power_course *c, double s) {
  double tail = c->em->tail * exp(s), power = c->em->power * exp(c->first * s + c->second * s * s / 2);
  return pow(tail * power / (c->em->store->total * (double)c->em->d), 1 / tail);
}

/* The expected log-likelihood a row at that tail and its best volume. */
static double judge_tail(const void *arg, double s) {
  const power_course *c = arg;
  double tail = c->em->tail * exp(s), d = (double)c->em->d;
  return log_constant(tail, c->em->d) - 0.5 * d * log(volume_at(c, s)) - 0.5 * d / tail;
}

/* The best tail near the one there is, by golden sections, with the best volume for it: all else stays. Densities with
 * an exponent below 1/2 rise so steeply at their means that these stick to rows: at its mean a component is d / (2
 * tail) nats above what it is on average, which in many columns pays for one more. */
static bool move_tail(ock_em *em) {
  const double least = em->d > 2 ? 0.5 : 0.3, most = 4, farthest = 0.2, enough = 1e-6;
  double slope = 0, bend = 0, t = em->tail;
  for (size_t b = 0; b < em->n_blocks; b++) {
    slope += em->blocks[b].slope;
    bend += em->blocks[b].bend;
  }
  power_course c = {.em = em, .first = t * slope / em->power};
  c.second = (t * t * bend + t * slope) / em->power - c.first * c.first;
  double low = fmax(-farthest, log(least / t)), high = fmin(farthest, log(most / t));
  double s = ock_golden_section(judge_tail, &c, low, high, enough), scale = volume_at(&c, s);
  for (size_t i = 0; i < em->k * ock_second_moments(em->d, em->full); i++) em->covariance[i] *= scale;
  em->tail = t * exp(s);
  return ock_em_take_factors(em);
}

static bool maximise(ock_em *em) {
  double total = 0, *weights = em->proportion;
  for (size_t j = 0; j < em->k; j++) weights[j] = em->moments.weight[j];
  if (em->prior) add_prior(em, weights);
  for (size_t j = 0; j < em->k; j++) total += weights[j];
  for (size_t j = 0; j < em->k; j++) em->proportion[j] = weights[j] / total;
  memcpy(em->mean, em->moments.mean, em->k * em->d * sizeof(double));
  return ock_covariance_step(em->family, &em->moments, &em->scratch, em->covariance) && ock_em_take_factors(em);
}

bool ock_em_go_on(ock_em *em, size_t most_steps, double tolerance) {
  enum { GAUSSIAN_STEPS = 4 }; /* until components are about where they belong; then tail and components in turn */
  const double shortest = 1.0 / 16;
  for (; em->n_steps < most_steps; em->n_steps++) {
    double before = em->n_steps > 0 ? em->log_likelihood : -INFINITY;
    if (em->ticker && ock_ticker_stopped(em->ticker)) return false;
    bool tail_now = em->fit_tail && em->n_steps > GAUSSIAN_STEPS && em->n_steps % 2;
    if (tail_now ? !move_tail(em) : !maximise(em)) return false;
    if (em->fit_tail && em->n_steps == GAUSSIAN_STEPS) em->tail = 1 - 1e-9; /* powers are only told of other tails */
    make_pass(em, &(pass){.em = em});
    if (em->ticker && em->ticker->stopped) return false;
    double change = em->log_likelihood - before;
    double least = 0x1p-50 * fabs(em->log_likelihood); /* less is rounding */
    em->converged = fabs(change) < fmax(tolerance, least) && (!em->fit_tail || em->n_steps > GAUSSIAN_STEPS + 1);
    if (em->converged) break;
    if (change < 0 && em->tail > 1) em->stride = fmax(em->stride / 2, shortest);
  }
  return isfinite(em->log_likelihood);
}

bool ock_em_resume(ock_em *em, size_t most_steps, double tolerance) {
  enum { STEPS_BEFORE = 6 }; /* the tail moves with the next but one */
  ock_em_measure(em);
  em->scratch.oriented = em->converged = false;
  em->stride = 1;
  em->n_steps = STEPS_BEFORE;
  return ock_em_go_on(em, STEPS_BEFORE + most_steps, tolerance);
}

bool ock_em_run(ock_em *em, ockham_covariance family, size_t most_steps, double tolerance) {
  em->family = family;
  em->scratch.oriented = em->converged = false;
  em->tail = em->stride = 1;
  em->n_steps = 0;
  return ock_em_go_on(em, most_steps, tolerance);
}

/* ---- starts ---- */

static void begin(ock_em *em, size_t k, bool full) {
  em->k = k;
  em->full = full;
  memset(em->mean, 0, k * em->d * sizeof(double)); /* moments about the mean of all rows, at first */
}

void ock_em_start(ock_em *em, const double *centroids, size_t k, bool full) {
  begin(em, k, full);
  memcpy(em->mean, centroids, k * em->d * sizeof(double)); /* moments about these, so that nothing cancels */
  make_pass(em, &(pass){.em = em, .centroids = centroids});
}

void ock_em_set_floor(ock_em *em, const double *floor) {
  em->level_floor = 0;
  for (size_t l = 0; l < em->d; l++) {
    em->floor[l] = floor[l];
    em->level_floor += floor[l] / (double)em->d;
  }
}

void ock_em_measure(ock_em *em) {
  make_pass(em, &(pass){.em = em});
}

void ock_em_start_from(ock_em *em, const double *membership, size_t k, bool full) {
  begin(em, k, full);
  make_pass(em, &(pass){.em = em, .membership = membership});
}

/* ---- results ---- */

double ock_em_least_variance(const ock_em *em) {
  const double share = 1e-10;
  double total = 0;
  for (size_t l = 0; l < em->d; l++) total += em->total[0][l];
  return share * total / (em->store->total * (double)em->d);
}

double ock_em_log_likelihood(const ock_em *em) {
  return em->log_likelihood + em->store->total * (double)em->d * log(em->store->frame->unit);
}

double ock_em_parameters(const ock_em *em) {
  return ockham_covariance_parameters(em->family, em->k, em->d) + (em->fit_tail ? 1 : 0);
}

void ock_em_classify(ock_em *em, const ock_em_outputs *outputs, double *log_certainty, double *entropy) {
  make_pass(em, &(pass){.em = em, .outputs = outputs, .entropy = entropy != NULL});
  *log_certainty = 0;
  if (entropy) *entropy = 0;
  for (size_t b = 0; b < em->n_blocks; b++) {
    *log_certainty += em->blocks[b].log_certainty;
    if (entropy) *entropy += em->blocks[b].entropy;
  }
}

/* The middle of each panel's rows, and the largest distance from it. */
static void measure_panels(ock_em *em) {
  for (size_t p = 0; p < em->store->n_panels; p++) {
    const double *x = ock_store_panel(em->store, p);
    double *middle = em->middle + p * em->d, farthest = 0;
    memset(middle, 0, em->d * sizeof *middle);
    for (size_t l = 0; l < em->d; l++)
      for (size_t r = 0; r < OCK_PANEL; r++) middle[l] += x[ock_strip_place(em->d, r, l)] / OCK_PANEL;
    for (size_t r = 0; r < OCK_PANEL; r++) farthest = fmax(farthest, squared_from(em, x, r, middle));
    em->radius[p] = sqrt(farthest) * (1 + 1e-9);
  }
}

ockham_status ock_em_init(ock_em *em, const ock_store *store, size_t k_max, bool full, ock_pool *pool,
                          ock_ticker *ticker, ockham_error *err) {
  size_t n_blocks = store->n_panels / PANELS_A_BLOCK, second = ock_second_moments(store->d, full);
  *em = (ock_em){.store = store,
                 .pool = pool,
                 .ticker = ticker,
                 .d = store->d,
                 .k_max = k_max,
                 .kernels = ock_kernels_pick(),
                 .tail = 1,
                 .n_blocks = n_blocks < 1             ? 1
                             : n_blocks < MOST_BLOCKS ? n_blocks
                                                      : MOST_BLOCKS};
  if (!allocate_parts(em, second) || !ock_moments_init(&em->moments, k_max, store->d, full, &em->arena) ||
      !ock_covariance_scratch_init(&em->scratch, k_max, store->d, full, &em->arena)) {
    ock_em_clear(em);
    return ock_fail_memory(err, "a mixture", ock_size_product(k_max, ock_size_product(second, 8 * (n_blocks + 4))));
  }
  memset(em->floor, 0, em->d * sizeof(double));
  em->level_floor = 0;
  em->scratch.watch.ticker = ticker;
  measure_panels(em);
  return OCKHAM_OK;
}

void ock_em_measure_rows(ock_em *em, bool full) {
  for (size_t f = 0; f <= full; f++) { /* one cluster about the origin */
    begin(em, 1, f);
    make_pass(em, &(pass){.em = em, .centroids = em->mean});
    memcpy(em->total[f], em->moments.scatter, ock_second_moments(em->d, f) * sizeof(double));
  }
}
