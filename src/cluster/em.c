/* SPDX-License-Identifier: Apache-2.0 */
/* Expectation and maximisation. A pass over the panels takes each row's posterior probabilities and adds up the moments
 * that the next covariance step needs; moments are about the means of the step before, so that nothing cancels. */
#include <math.h>
#include <string.h>

#include "cluster/mixture.h"
#include "stats/internal.h"

enum { MOST_BLOCKS = 32, PANELS_A_BLOCK = 4 };

/* Where no row of a panel has a posterior probability above this, a component gets nothing from it. */
static const double negligible = 1e-20;

struct ock_em_block {
  size_t first, end; /* panels */
  double *sums;      /* k_max x (1 + d + second moments) */
  double log_likelihood, log_certainty, entropy;
};

struct ock_em_worker {
  double *scratch; /* (d + 1) x OCK_PANEL */
  double *values;  /* k_max x OCK_PANEL */
};

/* What a pass takes memberships from, and where it puts them. */
typedef struct pass {
  ock_em *em;
  const double *centroids;  /* the nearest gets the row; or */
  const double *membership; /* n x k, given; or the mixture */
  const ock_em_outputs *outputs; /* to classify, and not to add moments up; or NULL */
} pass;

static size_t sums_of_one(const ock_em *em) {
  return 1 + em->d + ock_second_moments(em->d, em->full);
}

/* ---- memory ---- */

static bool allocate_parts(ock_em *em, size_t second) {
  size_t values = ock_size_product(em->k_max, em->d), matrices = ock_size_product(em->k_max, second);
  size_t sums = ock_size_product(em->k_max, 1 + em->d + second);
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
    if (!em->workers[w].scratch || !em->workers[w].values) return false;
  }
  em->proportion = ock_arena_array(&em->arena, em->k_max, sizeof(double));
  em->mean = ock_arena_array(&em->arena, values, sizeof(double));
  em->covariance = ock_arena_array(&em->arena, matrices, sizeof(double));
  em->factor = ock_arena_array(&em->arena, matrices, sizeof(double));
  em->log_scale = ock_arena_array(&em->arena, em->k_max, sizeof(double));
  em->moments.weight = ock_arena_array(&em->arena, em->k_max, sizeof(double));
  em->moments.mean = ock_arena_array(&em->arena, values, sizeof(double));
  em->moments.scatter = ock_arena_array(&em->arena, matrices, sizeof(double));
  em->total[0] = ock_arena_array(&em->arena, em->d, sizeof(double));
  em->total[1] = ock_arena_array(&em->arena, second, sizeof(double));
  return em->proportion && em->mean && em->covariance && em->factor && em->log_scale && em->moments.weight &&
         em->moments.mean && em->moments.scatter && em->total[0] && em->total[1];
}

void ock_em_clear(ock_em *em) {
  ock_arena_clear(&em->arena);
  *em = (ock_em){0};
}

/* ---- passes ---- */

/* Memberships of a panel whose rows belong to the nearest centroid. */
static void take_nearest(const pass *p, size_t panel, double *values) {
  const ock_em *em = p->em;
  const double *x = ock_store_panel(em->store, panel);
  memset(values, 0, em->k * OCK_PANEL * sizeof *values);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    double least = INFINITY;
    size_t best = 0;
    for (size_t j = 0; j < em->k; j++) {
      double squared = 0;
      for (size_t l = 0; l < em->d; l++) {
        double difference = x[ock_strip_place(em->d, r, l)] - p->centroids[j * em->d + l];
        squared += difference * difference;
      }
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

/* Memberships by the mixture, and log densities; adds the panel's log-likelihood. */
static void take_posterior(const pass *p, ock_em_block *block, size_t panel, size_t n, ock_em_worker *w,
                           double *log_density) {
  const ock_em *em = p->em;
  const ock_kernels *kernels = ock_kernels_pick();
  size_t second = ock_second_moments(em->d, em->full);
  for (size_t j = 0; j < em->k; j++)
    kernels->log_density(ock_store_panel(em->store, panel), em->d,
                         &(ock_gaussian){.mean = em->mean + j * em->d,
                                         .factor = em->factor + j * second,
                                         .full = em->full,
                                         .log_scale = em->log_scale[j]},
                         w->scratch, w->values + j * OCK_PANEL);
  kernels->posterior(w->values, em->k, log_density);
  for (size_t r = 0; r < n; r++)
    block->log_likelihood += ock_store_weight(em->store, panel * OCK_PANEL + r) * log_density[r];
}

/* Add the moments of a panel to the block's sums. */
static void add_panel(const pass *p, ock_em_block *block, size_t panel, size_t n, ock_em_worker *w) {
  const ock_em *em = p->em;
  const ock_kernels *kernels = ock_kernels_pick();
  for (size_t j = 0; j < em->k; j++) {
    double *value = w->values + j * OCK_PANEL, most = 0;
    for (size_t r = n; r < OCK_PANEL; r++) value[r] = 0;
    for (size_t r = 0; r < OCK_PANEL; r++) most = value[r] > most ? value[r] : most;
    if (!(most > negligible)) continue;
    for (size_t r = 0; em->store->weight && r < n; r++) value[r] *= em->store->weight[panel * OCK_PANEL + r];
    kernels->add_moments(ock_store_panel(em->store, panel), em->d, em->mean + j * em->d, em->full, value, w->scratch,
                         block->sums + j * sums_of_one(em));
  }
}

static void classify_panel(const pass *p, ock_em_block *block, size_t panel, size_t n, const ock_em_worker *w,
                           const double *log_density) {
  const ock_em *em = p->em;
  const ock_em_outputs *to = p->outputs;
  for (size_t r = 0; r < n; r++) {
    size_t place = panel * OCK_PANEL + r, row = em->store->row[place], best = 0;
    double weight = ock_store_weight(em->store, place), entropy = 0;
    for (size_t j = 0; j < em->k; j++) {
      double value = w->values[j * OCK_PANEL + r];
      if (value > w->values[best * OCK_PANEL + r]) best = j;
      if (value > 0) entropy -= value * log(value);
      if (to->membership) to->membership[row * em->k + j] = value;
    }
    if (to->label) to->label[row] = (uint32_t)best;
    if (to->log_density) to->log_density[row] = log_density[r];
    block->log_certainty += weight * log(w->values[best * OCK_PANEL + r]);
    block->entropy += weight * entropy;
  }
}

static void pass_block(void *arg, size_t number, size_t worker) {
  const pass *p = arg;
  const ock_em *em = p->em;
  ock_em_block *block = &em->blocks[number];
  ock_em_worker *w = &em->workers[worker];
  block->log_likelihood = block->log_certainty = block->entropy = 0;
  if (!p->outputs) memset(block->sums, 0, em->k * sums_of_one(em) * sizeof(double));
  for (size_t panel = block->first; panel < block->end; panel++) {
    double log_density[OCK_PANEL];
    size_t left = em->store->n - panel * OCK_PANEL, n = left < OCK_PANEL ? left : OCK_PANEL;
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

/* From sums about the old means to moments about the new ones. */
static void take_moments(ock_em *em) {
  size_t d = em->d, one = sums_of_one(em), second = one - 1 - d;
  double *total = em->blocks[0].sums;
  for (size_t b = 1; b < em->n_blocks; b++)
    for (size_t i = 0; i < em->k * one; i++) total[i] += em->blocks[b].sums[i];
  em->moments.k = em->k;
  em->moments.d = d;
  em->moments.full = em->full;
  for (size_t j = 0; j < em->k; j++) {
    const double *sums = total + j * one, *first = sums + 1, *products = first + d;
    double weight = sums[0], by = weight > 0 ? 1 / weight : 0, *scatter = em->moments.scatter + j * second;
    em->moments.weight[j] = weight;
    for (size_t l = 0; l < d; l++) em->moments.mean[j * d + l] = em->mean[j * d + l] + first[l] * by;
    for (size_t i = 0, at = 0; i < d; i++)
      for (size_t l = em->full ? 0 : i; l <= i; l++, at++) scatter[at] = products[at] - first[i] * first[l] * by;
  }
}

static void make_pass(ock_em *em, const pass *p) {
  ock_pool_run(em->pool, em->n_blocks, pass_block, (void *)p);
  em->log_likelihood = 0;
  for (size_t b = 0; b < em->n_blocks; b++) em->log_likelihood += em->blocks[b].log_likelihood;
  if (!p->outputs) take_moments(em);
}

/* ---- steps ---- */

/* Fraley & Raftery, J. Classification 24, 2007 (doi:10.1007/s00357-007-0004-5): means drawn a little to that of all rows,
 * and to each scatter that of all rows added, as if for one row in the volume that a component has. */
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

/* Factor and scale of component j from its covariance; false when that is singular. */
static bool take_factor(ock_em *em, size_t j) {
  const double log_two_pi = 1.8378770664093454836;
  size_t d = em->d, second = ock_second_moments(d, em->full);
  double *factor = em->factor + j * second, logs = 0;
  memcpy(factor, em->covariance + j * second, second * sizeof *factor);
  if (em->full && !ock_cholesky(factor, d)) return false;
  for (size_t l = 0; l < d; l++) {
    double deviation = em->full ? factor[l * (l + 1) / 2 + l] : sqrt(factor[l]);
    if (!(deviation * deviation > em->floor)) return false;
    logs += log(deviation);
    if (!em->full) factor[l] = 1 / deviation;
  }
  if (em->full) ock_triangle_invert(factor, d);
  em->log_scale[j] = log(em->proportion[j]) - 0.5 * (double)d * log_two_pi - logs;
  return true;
}

bool ock_em_take_factors(ock_em *em) {
  for (size_t j = 0; j < em->k; j++)
    if (!take_factor(em, j)) return false;
  return true;
}

static bool maximise(ock_em *em) {
  double total = 0, *weights = em->proportion;
  for (size_t j = 0; j < em->k; j++) weights[j] = em->moments.weight[j];
  if (em->prior) add_prior(em, weights);
  for (size_t j = 0; j < em->k; j++) total += weights[j];
  for (size_t j = 0; j < em->k; j++) em->proportion[j] = weights[j] / total;
  memcpy(em->mean, em->moments.mean, em->k * em->d * sizeof(double));
  return ock_covariance_step(em->family, &em->moments, &em->shapes, em->covariance) && ock_em_take_factors(em);
}

bool ock_em_run(ock_em *em, ockham_covariance family, size_t most_steps, double tolerance) {
  double before = -INFINITY;
  em->family = family;
  em->shapes.oriented = em->converged = false;
  for (em->n_steps = 0; em->n_steps < most_steps; em->n_steps++) {
    if (em->ticker && ock_ticker_stopped(em->ticker)) return false;
    if (!maximise(em)) return false;
    make_pass(em, &(pass){.em = em});
    em->converged = em->log_likelihood - before < tolerance;
    if (em->converged) break;
    before = em->log_likelihood;
  }
  return isfinite(em->log_likelihood);
}

/* ---- starts ---- */

static void begin(ock_em *em, size_t k, bool full) {
  em->k = k;
  em->full = full;
  memset(em->mean, 0, k * em->d * sizeof(double)); /* moments about the mean of all rows, at first */
}

void ock_em_start(ock_em *em, const double *centroids, size_t k, bool full) {
  begin(em, k, full);
  memcpy(em->mean, centroids, k * em->d * sizeof(double));
  make_pass(em, &(pass){.em = em, .centroids = centroids});
}

void ock_em_start_from(ock_em *em, const double *membership, size_t k, bool full) {
  begin(em, k, full);
  make_pass(em, &(pass){.em = em, .membership = membership});
}

void ock_em_classify(ock_em *em, const ock_em_outputs *outputs, double *log_certainty, double *entropy) {
  make_pass(em, &(pass){.em = em, .outputs = outputs});
  *log_certainty = *entropy = 0;
  for (size_t b = 0; b < em->n_blocks; b++) {
    *log_certainty += em->blocks[b].log_certainty;
    *entropy += em->blocks[b].entropy;
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
                 .n_blocks = n_blocks < 1 ? 1 : n_blocks < MOST_BLOCKS ? n_blocks : MOST_BLOCKS};
  if (!allocate_parts(em, second) || !ock_shapes_init(&em->shapes, k_max, store->d, full, &em->arena)) {
    ock_em_clear(em);
    return ock_fail_memory(err, "a mixture", ock_size_product(k_max, ock_size_product(second, 8 * (n_blocks + 4))));
  }
  for (size_t f = 0; f <= full; f++) { /* one cluster about the origin */
    begin(em, 1, f);
    make_pass(em, &(pass){.em = em, .centroids = em->mean});
    memcpy(em->total[f], em->moments.scatter, ock_second_moments(store->d, f) * sizeof(double));
  }
  return OCKHAM_OK;
}
