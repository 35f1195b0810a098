/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the clusters are more than one Gaussian of correlated columns, where the rows are too few for its matrix.
 * Spheres, and ellipsoids along the axes, tell such rows better by several components, so BIC of these says little.
 * SigClust asks the rows themselves: are the clusters tighter than those that k-means finds in as many rows of one
 * Gaussian with their covariance? Liu, Hayes, Nobel & Marron, JASA 103, 2008 (doi:10.1198/016214508000000454). The
 * covariance is shrunk to a sphere as Ledoit & Wolf say (J. Multivariate Analysis 88, 2004,
 * doi:10.1016/S0047-259X(03)00096-4): that of so few rows is far too long in some directions. */
#include <math.h>
#include <string.h>

#include "select/mixtures.h"
#include "select/resamples.h"
#include "select/run.h"

enum { DRAWS = 20, MOST_ROWS = 400, LEAST_ROWS_A_CLUSTER = 2, RNG_STREAM_DRAWS = 0x7367 };
/* n^2 d of them are added up for a draw. */
static const double most_products = 3e7;
/* One in twenty draws of one Gaussian is below: Student's t with 19 degrees of freedom, for one value more. */
static const double significant = -1.729 * 1.0246950765959599;

typedef struct gaussian {
  size_t n, d, k;
  uint64_t seed;
  double *rows;            /* n x d, less their mean */
  double *weight;          /* n; NULL: 1 each */
  double total;            /* weight of all */
  double variance, shrunk; /* the mean of a column's; how far the covariance is shrunk to it, 0 to 1 */
  double *drawn;           /* a worker: n x d */
  double *factor;          /* a worker: n */
  double *ratio;           /* DRAWS; NaN: memory ran out */
  ock_arena arena;
} gaussian;

static double weight_of(const gaussian *g, size_t i) {
  return g->weight ? g->weight[i] : 1;
}

static bool allocate(gaussian *g, size_t n_workers, bool weighted) {
  size_t values = ock_size_product(g->n, g->d);
  g->rows = ock_arena_array(&g->arena, values, sizeof(double));
  g->drawn = ock_arena_array(&g->arena, n_workers, ock_size_product(values, sizeof(double)));
  g->factor = ock_arena_array(&g->arena, n_workers, ock_size_product(g->n, sizeof(double)));
  g->ratio = ock_arena_array(&g->arena, DRAWS, sizeof(double));
  g->weight = weighted ? ock_arena_array(&g->arena, g->n, sizeof(double)) : NULL;
  return g->rows && g->drawn && g->factor && g->ratio && (g->weight || !weighted);
}

/* Every so many rows of the store: in its order neighbours are together. */
static void gather(gaussian *g, const ock_store *store) {
  size_t d = g->d;
  for (size_t i = 0; i < g->n; i++) {
    size_t place = i * store->n / g->n;
    ock_store_read_row(store, place, g->rows + i * d);
    if (g->weight) g->weight[i] = ock_store_weight(store, place);
    g->total += weight_of(g, i);
  }
  for (size_t l = 0; l < d; l++) {
    double mean = 0;
    for (size_t i = 0; i < g->n; i++) mean += weight_of(g, i) * g->rows[i * d + l] / g->total;
    for (size_t i = 0; i < g->n; i++) g->rows[i * d + l] -= mean;
  }
}

static double product_of(const gaussian *g, size_t i, size_t j) {
  const double *a = g->rows + i * g->d, *b = g->rows + j * g->d;
  double sum = 0;
  for (size_t l = 0; l < g->d; l++) sum += a[l] * b[l];
  return sum;
}

/* The shrinkage that is best for the mean squared error: by how much the covariance S differs from a sphere, and how
 * much of that is chance. Everything follows from products of rows: |S|^2 is the sum of their squares. */
static void find_shrinkage(gaussian *g) {
  double squares = 0, fourth = 0, trace = 0, d = (double)g->d;
  for (size_t i = 0; i < g->n; i++) {
    double own = product_of(g, i, i), weight = weight_of(g, i) / g->total;
    trace += weight * own;
    fourth += weight * own * own;
    squares += weight * weight * own * own;
    for (size_t j = 0; j < i; j++) {
      double product = product_of(g, i, j);
      squares += 2 * weight * weight_of(g, j) / g->total * product * product;
    }
  }
  double apart = squares - trace * trace / d, chance = (fourth - squares) / g->total;
  g->variance = trace / d;
  g->shrunk = apart > 0 ? fmin(1, chance / apart) : 1;
}

/* Rows of the shrunk covariance: sums of the rows by normal factors have S, and normal noise the sphere. */
static void draw(const gaussian *g, ock_rng *rng, double *factor, double *drawn) {
  size_t n = g->n, d = g->d;
  double noise = sqrt(g->shrunk * g->variance);
  for (size_t i = 0; i < n; i++) {
    double *row = drawn + i * d;
    for (size_t j = 0; j < n; j++) factor[j] = sqrt((1 - g->shrunk) * weight_of(g, j) / g->total) * ock_rng_normal(rng);
    for (size_t l = 0; l < d; l++) row[l] = noise * ock_rng_normal(rng);
    for (size_t j = 0; j < n; j++)
      for (size_t l = 0; l < d; l++) row[l] += factor[j] * g->rows[j * d + l];
  }
}

/* The share of the rows' sum of squares that k clusters leave. */
static ockham_status find_ratio(const gaussian *g, const double *rows, double *ratio, ockham_error *err) {
  ockham_kmeans fit = {0}, one = {0};
  ockham_rows x = {.data = rows, .n_rows = g->n, .n_columns = g->d, .stride = g->d};
  ockham_kmeans_options options = {.k = g->k, .seed = g->seed, .threads = 1, .weights = g->weight};
  ockham_status status = ockham_kmeans_fit(x, &options, NULL, &fit, err);
  options.k = options.restarts = 1;
  if (!status) status = ockham_kmeans_fit(x, &options, NULL, &one, err);
  if (!status) *ratio = one.inertia > 0 ? fit.inertia / one.inertia : 0;
  ockham_kmeans_clear(&fit);
  ockham_kmeans_clear(&one);
  return status;
}

static void try_draw(void *arg, size_t number, size_t worker) {
  gaussian *g = arg;
  ock_rng rng = ock_rng_make(g->seed, RNG_STREAM_DRAWS + number);
  double *drawn = g->drawn + worker * g->n * g->d;
  draw(g, &rng, g->factor + worker * g->n, drawn);
  if (find_ratio(g, drawn, &g->ratio[number], NULL)) g->ratio[number] = NAN;
}

/* How many standard deviations of such draws the rows' own ratio is above their mean. */
static ockham_status compare(gaussian *g, ock_pool *pool, ock_ticker *ticker, double *z, ockham_error *err) {
  double own, error;
  find_shrinkage(g);
  OCK_TRY(find_ratio(g, g->rows, &own, err));
  if (!ock_pool_run_watched(pool, ticker, DRAWS, try_draw, g)) return OCKHAM_OK;
  double mean = ock_mean_of(g->ratio, DRAWS, 1, &error);
  if (isnan(mean))
    return ock_fail_memory(err, "clusters of one Gaussian", ock_size_product(g->n, g->d * sizeof(double)));
  if (error > 0) *z = (own - mean) / (error * sqrt(DRAWS));
  return OCKHAM_OK;
}

ockham_status ock_significance_ask(ock_mixtures *m, const ock_store *store, uint64_t seed, ock_pool *pool,
                                   ock_ticker *ticker, ockham_error *err) {
  double most = sqrt(most_products / (double)store->d);
  gaussian g = {.n = ock_clamp(store->n, 1, ock_clamp((size_t)most, 1, MOST_ROWS)), .d = store->d, .seed = seed};
  g.k = ock_clamp(m->k, 1, g.n / LEAST_ROWS_A_CLUSTER);
  if (g.k < 2) return OCKHAM_OK;
  ticker->stage = "rows of one Gaussian";
  ockham_status status = OCKHAM_OK;
  if (allocate(&g, ock_pool_size(pool), store->weight != NULL)) {
    gather(&g, store);
    status = compare(&g, pool, ticker, &m->doubts.z, err);
  } else {
    status = ock_fail_memory(err, "rows of one Gaussian", ock_size_product(g.n, g.d * sizeof(double)));
  }
  m->doubts.like_one = m->doubts.z > significant;
  ock_arena_clear(&g.arena);
  return status;
}
