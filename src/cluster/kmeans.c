/* SPDX-License-Identifier: Apache-2.0 */
/* The public fit for one k, and labels for given centroids. */
#include <math.h>
#include <string.h>

#include "cluster/internal.h"

enum { DEFAULT_RESTARTS = 4, DEFAULT_MAX_ITERATIONS = 300, RNG_STREAM_SEEDING = 1 };

/* Tolerance 0: steps go on until no label changes. */
static const double until_no_label_changes = 0;
/* Starts that end in the same place differ by rounding only: the first is kept, so that the numbers of the clusters do
 * not depend on the instruction set. */
static const double worth_switching = 1 - 1e-12;

static ockham_status check(ockham_rows x, const ockham_kmeans_options *options, ockham_error *err) {
  OCK_TRY(ock_rows_check(x, "the data", err));
  if (!options || options->k == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "k must be at least 1, found %s", options ? "0" : "no options");
  if (options->k > x.n_rows)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "k must be at most the number of rows, %zu, found %zu", x.n_rows,
                    options->k);
  if (options->k >= UINT32_MAX) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "k must be below 2^32 - 1");
  return OCKHAM_OK;
}

/* Centres are already where Lloyd's algorithm leaves them, or nearly so: one step makes every cluster non-empty and
 * every centre the mean of its rows to the last digit, for the sums are taken afresh and not carried through many
 * changes. */
static void polish(ock_lloyd *s, const double *centroids, size_t k) {
  ock_lloyd_assign(s, centroids, k);
  ock_lloyd_run(s, DEFAULT_MAX_ITERATIONS, until_no_label_changes);
}

/* The best of several starts: its centres stay in `best` (k x d), and s ends in that state. */
static bool run_restarts(ock_lloyd *s, const ockham_kmeans_options *options, double *best, size_t *n_iterations) {
  size_t max_iterations = options->max_iterations ? options->max_iterations : DEFAULT_MAX_ITERATIONS;
  double best_inertia = INFINITY;
  size_t best_k = 0;
  bool best_converged = false;
  for (size_t r = 0; r < s->ticker->total; r++) {
    ock_rng rng = ock_rng_make(options->seed, RNG_STREAM_SEEDING + r);
    s->n_iterations = 0;
    ock_lloyd_seed(s, options->k, &rng);
    bool converged = ock_lloyd_run(s, max_iterations, until_no_label_changes);
    if (s->ticker->stopped) return false;
    if (s->inertia < best_inertia * worth_switching) {
      best_inertia = s->inertia;
      best_k = s->k;
      best_converged = converged;
      *n_iterations = s->n_iterations;
      memcpy(best, s->centroids, s->k * s->d * sizeof(double));
    }
    s->ticker->done++;
  }
  if (best_converged)
    polish(s, best, best_k);
  else
    ock_lloyd_assign(s, best, best_k);
  return best_converged;
}

static ockham_status fit_exact(ock_lloyd *s, ockham_rows x, size_t k, ockham_error *err) {
  ock_exact1d exact;
  OCK_TRY(ock_exact1d_init(&exact, x, k, s->ticker, err));
  k = exact.k_max;
  ock_exact1d_centroids(&exact, k, s->centroids);
  ock_exact1d_clear(&exact);
  for (size_t j = 0; j < k; j++) s->centroids[j] -= s->origin[0];
  polish(s, s->centroids, k);
  return OCKHAM_OK;
}

static ockham_status copy_out(const ock_lloyd *s, uint32_t *labels, ockham_kmeans *result, ockham_error *err) {
  result->centroids = ock_alloc_array(s->k * s->d, sizeof(double));
  result->sizes = ock_alloc_array(s->k, sizeof(uint64_t));
  result->within = ock_alloc_array(s->k, sizeof(double));
  if (!result->centroids || !result->sizes || !result->within) {
    ockham_kmeans_clear(result);
    return ock_fail_memory(err, "the clustering", s->k * (s->d + 2) * sizeof(double));
  }
  result->k = s->k;
  result->n_columns = s->d;
  result->inertia = s->inertia;
  for (size_t j = 0; j < s->k; j++) {
    result->sizes[j] = s->counts[j];
    result->within[j] = s->within[j];
    for (size_t l = 0; l < s->d; l++) result->centroids[j * s->d + l] = s->centroids[j * s->d + l] + s->origin[l];
  }
  if (labels) memcpy(labels, s->label, s->n * sizeof *labels);
  return OCKHAM_OK;
}

static ockham_status fit(ock_lloyd *s, ockham_rows x, const ockham_kmeans_options *options, uint32_t *labels,
                         ockham_kmeans *result, ockham_error *err) {
  bool exact = s->d == 1 && ock_exact1d_fits(s->n, options->k);
  bool converged = true;
  size_t n_iterations = 0;
  if (exact) {
    OCK_TRY(fit_exact(s, x, options->k, err));
  } else {
    double *best = ock_alloc_array(ock_size_product(options->k, s->d), sizeof(double));
    if (!best) return ock_fail_memory(err, "the best centroids", ock_size_product(options->k * 8, s->d));
    converged = run_restarts(s, options, best, &n_iterations);
    ock_free(best);
    if (s->ticker->stopped) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the fit was done");
  }
  ock_lloyd_sort(s);
  OCK_TRY(copy_out(s, labels, result, err));
  result->exact = exact || s->k == 1;
  result->converged = converged;
  result->n_iterations = n_iterations;
  return OCKHAM_OK;
}

static size_t choose_restarts(const ockham_kmeans_options *options) {
  if (options->k == 1) return 1;
  return options->restarts ? options->restarts : DEFAULT_RESTARTS;
}

ockham_status ockham_kmeans_fit(ockham_rows x, const ockham_kmeans_options *options, uint32_t *labels,
                                ockham_kmeans *result, ockham_error *err) {
  *result = (ockham_kmeans){0};
  OCK_TRY(check(x, options, err));
  ock_pool *pool;
  ock_lloyd s;
  ock_ticker ticker = {.progress = options->progress, .stage = "k-means", .total = choose_restarts(options)};
  OCK_TRY(ock_pool_new(options->threads, &pool, err));
  ockham_status status = ock_lloyd_init(&s, x, options->k, pool, &ticker, err);
  if (!status) {
    status = fit(&s, x, options, labels, result, err);
    ock_lloyd_clear(&s);
  }
  ock_pool_free(pool);
  return status;
}

void ockham_kmeans_clear(ockham_kmeans *result) {
  ock_free(result->centroids);
  ock_free(result->sizes);
  ock_free(result->within);
  *result = (ockham_kmeans){0};
}

/* ---- labels for given centroids ---- */

typedef struct nearest_task {
  ockham_rows x;
  const double *origin; /* n_columns zeros */
  const double *centroids;
  size_t k;
  uint32_t *labels;
  double *squared_distances;
  const ock_kernels *kernels;
  double *panels; /* one a worker */
} nearest_task;

enum { ROWS_A_TASK = 64 * OCK_PANEL };

static void label_rows(void *arg, size_t task, size_t worker) {
  const nearest_task *t = arg;
  size_t end = (task + 1) * ROWS_A_TASK < t->x.n_rows ? (task + 1) * ROWS_A_TASK : t->x.n_rows;
  double *panel = t->panels + worker * t->x.n_columns * OCK_PANEL, nearest[OCK_PANEL], second[OCK_PANEL];
  uint32_t label[OCK_PANEL];
  for (size_t first = task * ROWS_A_TASK; first < end; first += OCK_PANEL) {
    size_t n = end - first < OCK_PANEL ? end - first : OCK_PANEL;
    ock_panel_load(t->kernels, t->x, t->origin, first, n, panel);
    t->kernels->nearest_two(panel, t->x.n_columns, t->centroids, t->k, label, nearest, second);
    if (t->labels) memcpy(t->labels + first, label, n * sizeof *label);
    if (t->squared_distances) memcpy(t->squared_distances + first, nearest, n * sizeof *nearest);
  }
}

ockham_status ockham_nearest(ockham_rows x, const double *centroids, size_t k, size_t threads, uint32_t *labels,
                             double *squared_distances, ockham_error *err) {
  OCK_TRY(ock_rows_check(x, "the data", err));
  if (k == 0 || k >= UINT32_MAX)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "k must be at least 1 and below 2^32 - 1, found %zu", k);
  ockham_rows centres = {.data = centroids, .n_rows = k, .n_columns = x.n_columns};
  OCK_TRY(ock_rows_check(centres, "the centroids", err));
  ock_pool *pool;
  OCK_TRY(ock_pool_new(threads, &pool, err));
  nearest_task task = {.x = x,
                       .centroids = centroids,
                       .k = k,
                       .labels = labels,
                       .squared_distances = squared_distances,
                       .kernels = ock_kernels_pick()};
  size_t panel_size = ock_size_product(x.n_columns, OCK_PANEL * sizeof(double));
  double *origin = ock_alloc_zeroed(x.n_columns, sizeof(double));
  task.origin = origin;
  task.panels = ock_alloc_array(ock_pool_size(pool), panel_size);
  ockham_status status = OCKHAM_OK;
  if (task.panels && origin)
    ock_pool_run(pool, (x.n_rows + ROWS_A_TASK - 1) / ROWS_A_TASK, label_rows, &task);
  else
    status = ock_fail_memory(err, "panels of rows", panel_size);
  ock_free(task.panels);
  ock_free(origin);
  ock_pool_free(pool);
  return status;
}
