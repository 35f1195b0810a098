/* SPDX-License-Identifier: Apache-2.0 */
/* The public fit for one k, and labels for given centroids. */
#include <math.h>
#include <string.h>

#include "cluster/internal.h"

enum { DEFAULT_MAX_ITERATIONS = 300, RNG_STREAM_SEEDING = 1, MOST_TRADES = 8 };

/* The first start cuts one cluster after the other; with more clusters than this, drawn ones are no better. */
enum { MANY_CLUSTERS = 64, USUAL_RESTARTS = 4 };
/* Where a step takes so few products, many starts take no time that anybody notices. */
enum { QUICK_RESTARTS = 32 };
static const double a_quick_step = 1e6;

/* The best start goes on with as many rows as this holds, and ends on all. */
static const double refinement_bytes = 256e6;

/* A step that lowers the inertia by less than this share of it is the last of a start. */
static const double sketch_tolerance = 1e-4;
/* Starts that end in the same place differ by rounding only: the first is kept, so that the numbers of the clusters do
 * not depend on the instruction set. */
static const double worth_switching = 1 - 1e-6;

static ockham_status check(ockham_rows x, const ockham_kmeans_options *options, ockham_error *err) {
  OCK_TRY(ock_rows_check(x, "the data", err));
  OCK_TRY(ock_check_k_given(options != NULL, options ? options->k : 0, err));
  OCK_TRY(ock_check_algorithm(options->algorithm, options->precision, err));
  return ock_check_row_count(x.n_rows, err);
}

/* A fit in the making. */
typedef struct fitting {
  ockham_rows x;
  const ockham_kmeans_options *options;
  size_t n_restarts, max_iterations;
  ock_frame frame;
  ock_pool *pool;
  ock_ticker ticker;
  ock_fit fit;
  uint32_t *order; /* of the rows, neighbours together; NULL: not known */
  size_t n_iterations;
  bool wide;
} fitting;

static double tolerance(const fitting *f) {
  return ock_rows_are_many(f->frame.n, f->frame.d) ? ock_tolerance_for_many : 0;
}

static ockham_status no_memory(const fitting *f, ockham_error *err) {
  return ock_fail_memory(err, "the clustering", ock_size_product(f->options->k * 8, f->frame.d + 2));
}

/* Out of a local optimum, while it pays. */
static void trade(const fitting *f, ock_lloyd *s) {
  for (size_t t = 0; t < MOST_TRADES && s->n_iterations < f->max_iterations; t++) {
    if (s->ticker->stopped || !ock_lloyd_trade(s, 1)) break;
    ock_lloyd_run(s, f->max_iterations - s->n_iterations, sketch_tolerance);
  }
}

/* The best of several starts on the rows of a sketch. */
static ockham_status try_starts(fitting *f, ock_lloyd *s, ockham_error *err) {
  for (size_t r = 0; r < f->n_restarts; r++) {
    ock_rng rng = ock_rng_make(f->options->seed, RNG_STREAM_SEEDING + r);
    s->n_iterations = 0;
    if (r == 0)
      ock_lloyd_grow(s, f->options->k);
    else
      ock_lloyd_scatter(s, f->options->k, &rng);
    ock_lloyd_run(s, f->max_iterations, sketch_tolerance);
    trade(f, s);
    if (s->ticker->stopped) return OCKHAM_OK;
    f->ticker.done++;
    if (!(s->inertia < f->fit.inertia * worth_switching) && s->k <= f->fit.k) continue;
    if (!ock_fit_take(&f->fit, s)) return no_memory(f, err);
    f->n_iterations = s->n_iterations;
  }
  return OCKHAM_OK;
}

static ockham_status refine(fitting *f, ock_lloyd *s, ockham_error *err) {
  ock_lloyd_assign(s, f->fit.centroids, f->fit.k);
  ock_lloyd_regroup(s);
  s->n_iterations = 0;
  if (f->n_iterations < f->max_iterations) ock_lloyd_run(s, f->max_iterations - f->n_iterations, tolerance(f));
  f->n_iterations += s->n_iterations;
  return ock_fit_take(&f->fit, s) ? OCKHAM_OK : no_memory(f, err);
}

typedef ockham_status work_on_sketch(fitting *f, ock_lloyd *s, ockham_error *err);

static ockham_status with_sketch(fitting *f, size_t n, work_on_sketch *work, bool *too_fine, ockham_error *err) {
  ock_sketch sketch;
  ock_sketch_options options = {.n = n,
                                .k_max = f->options->k,
                                .seed = f->options->seed,
                                .wide = f->wide,
                                .plain = f->options->algorithm == OCKHAM_ALGORITHM_LLOYD};
  *too_fine = false;
  OCK_TRY(ock_sketch_init(&sketch, f->x, &f->frame, &options, f->pool, &f->ticker, err));
  ockham_status status = work(f, &sketch.state, err);
  *too_fine = f->fit.centroids && ock_store_is_too_fine(&sketch.store, f->fit.inertia);
  ock_sketch_clear(&sketch, status ? NULL : &f->order);
  return status;
}

/* Row i in the frame's units. */
static void read_row(const fitting *f, size_t i, double *row) {
  for (size_t l = 0; l < f->frame.d; l++)
    row[l] = (ock_rows_get(f->x, i, l) - f->frame.origin[l]) * f->frame.unit + 0.0; /* no -0 */
}

/* Up to `most` different rows into `rows` (most x d); returns how many there are. */
static size_t list_distinct(const fitting *f, size_t most, double *rows, uint32_t *table, size_t n_slots) {
  size_t d = f->frame.d, n = 0;
  memset(table, 0xff, n_slots * sizeof *table);
  for (size_t i = 0; i < f->x.n_rows && n < most; i++) {
    double *row = rows + n * d;
    uint64_t hash = 0;
    read_row(f, i, row);
    for (size_t l = 0; l < d; l++) {
      uint64_t bits;
      memcpy(&bits, &row[l], sizeof bits);
      hash = (hash ^ bits) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 29;
    }
    size_t slot = hash % n_slots;
    while (table[slot] != UINT32_MAX && memcmp(rows + table[slot] * d, row, d * sizeof(double)) != 0)
      slot = (slot + 1) % n_slots;
    if (table[slot] == UINT32_MAX) table[slot] = (uint32_t)n++;
  }
  return n;
}

/* Fewer clusters than were asked for were found: because no more rows differ, or because squares of distances hide that
 * they do. Then each different row is a cluster, or if these are too many, clusters without rows are added: the exact
 * passes give them the rows that are farthest off. */
static ockham_status fill_up(fitting *f, ockham_error *err) {
  size_t k = f->options->k, d = f->frame.d, n_slots = 2 * k + 1;
  double *rows = ock_alloc_array(ock_size_product(k, d), sizeof *rows);
  uint32_t *table = ock_alloc_array(n_slots, sizeof *table);
  size_t n = rows && table ? list_distinct(f, k, rows, table, n_slots) : 0;
  bool fits = n > 0;
  if (n == k)
    for (size_t j = 0; j < k; j++)
      memcpy(rows + j * d, f->fit.centroids + (j < f->fit.k ? j : 0) * d, d * sizeof *rows);
  if (n > f->fit.k) {
    f->wide = true;
    f->n_iterations = 0; /* as it were another start */
    fits = ock_fit_allocate(&f->fit, n, d);
    if (fits) memcpy(f->fit.centroids, rows, n * d * sizeof *rows);
  }
  ock_free(rows);
  ock_free(table);
  return fits ? OCKHAM_OK : no_memory(f, err);
}

static ockham_status search(fitting *f, ockham_error *err) {
  size_t n = f->x.n_rows, enough = ock_sketch_rows(n, f->frame.d, f->options->k);
  bool too_fine;
  OCK_TRY(with_sketch(f, enough, try_starts, &too_fine, err));
  if (too_fine && !f->ticker.stopped) {
    f->wide = true;
    ock_fit_clear(&f->fit);
    OCK_TRY(with_sketch(f, enough, try_starts, &too_fine, err));
  }
  if (f->ticker.stopped) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the fit was done");
  double affordable = refinement_bytes / ock_store_bytes(1, f->frame.d, f->wide);
  size_t more = affordable < (double)n ? (size_t)affordable : n;
  OCK_TRY(with_sketch(f, more > enough ? more : enough, refine, &too_fine, err));
  return f->fit.k < f->options->k ? fill_up(f, err) : OCKHAM_OK;
}

static ockham_status fit_exact(fitting *f, ockham_error *err) {
  ock_exact1d exact;
  OCK_TRY(ock_exact1d_init_weighted(&exact, f->x, f->frame.weights, f->options->k, &f->ticker, err));
  size_t k = exact.k_max;
  bool fits = ock_fit_allocate(&f->fit, k, 1);
  if (fits) ock_exact1d_centroids(&exact, k, f->fit.centroids);
  ock_exact1d_clear(&exact);
  if (!fits) return no_memory(f, err);
  for (size_t j = 0; j < k; j++) f->fit.centroids[j] = (f->fit.centroids[j] - f->frame.origin[0]) * f->frame.unit;
  return OCKHAM_OK;
}

static ockham_status fit(fitting *f, uint32_t *labels, ockham_kmeans *result, ockham_error *err) {
  bool exact = f->frame.d == 1 && ock_exact1d_fits(f->frame.n, f->options->k);
  if (exact)
    OCK_TRY(fit_exact(f, err));
  else
    OCK_TRY(search(f, err));
  size_t passes =
      f->max_iterations > f->n_iterations ? f->max_iterations - f->n_iterations + 1 : 1; /* the first moves nothing */
  ock_settle_options settle = {.order = f->order,
                               .most_passes = passes,
                               .tolerance = tolerance(f),
                               .wide = f->wide,
                               .plain = f->options->algorithm == OCKHAM_ALGORITHM_LLOYD,
                               .may_drop = true,
                               .label = labels};
  ock_fit *fits[1] = {&f->fit};
  ockham_work work = {0};
  OCK_TRY(ock_settle(f->x, &f->frame, fits, 1, &settle, f->pool, &f->ticker, &work, err));
  if (f->ticker.stopped || !f->fit.settled) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the fit was done");
  OCK_TRY(ock_kmeans_of_fit(&f->fit, &f->frame, result, err));
  result->exact = exact || f->fit.k == 1;
  result->converged = f->fit.converged;
  result->n_iterations = exact ? 0 : f->n_iterations + f->fit.n_passes - 1;
  return OCKHAM_OK;
}

size_t ock_usual_restarts(size_t k) {
  return k > MANY_CLUSTERS ? 1 : USUAL_RESTARTS;
}

static size_t choose_restarts(ockham_rows x, const ockham_kmeans_options *options) {
  if (options->k == 1) return 1;
  if (options->restarts) return options->restarts;
  double a_step = (double)ock_sketch_rows(x.n_rows, x.n_columns, options->k) * (double)(x.n_columns * options->k);
  bool is_quick = options->k <= MANY_CLUSTERS && a_step <= a_quick_step;
  return is_quick ? QUICK_RESTARTS : ock_usual_restarts(options->k);
}

/* Cluster the rows that count. */
static ockham_status fit_weighed(const ock_weighing *weighed, const ockham_kmeans_options *options, uint32_t *labels,
                                 ockham_kmeans *result, ockham_error *err) {
  OCK_TRY(ock_check_k(options->k, weighed->x.n_rows, options->weights ? " with a weight" : "", err));
  fitting f = {.x = weighed->x,
               .options = options,
               .n_restarts = choose_restarts(weighed->x, options),
               .max_iterations = options->max_iterations ? options->max_iterations : DEFAULT_MAX_ITERATIONS};
  f.wide = options->precision == OCKHAM_PRECISION_DOUBLE;
  f.ticker = (ock_ticker){.progress = options->progress, .stage = "k-means", .total = f.n_restarts};
  ock_fit_init(&f.fit);
  OCK_TRY(ock_pool_new(options->threads, &f.pool, err));
  ockham_status status = ock_frame_init_weighted(&f.frame, f.x, weighed->weights, f.pool, err);
  if (!status) status = fit(&f, labels, result, err);
  ock_fit_clear(&f.fit);
  ock_free(f.order);
  ock_frame_clear(&f.frame);
  ock_pool_free(f.pool);
  return status;
}

/* The same, and labels also of the rows that do not count. */
static ockham_status fit_picked(ockham_rows x, const ock_weighing *weighed, const ockham_kmeans_options *options,
                                uint32_t *labels, ockham_kmeans *result, ockham_error *err) {
  size_t n = weighed->x.n_rows;
  uint32_t *label = ock_alloc_array(n, sizeof *label);
  if (!label) return ock_fail_memory(err, "the labels", ock_size_product(n, sizeof *label));
  ockham_status status = fit_weighed(weighed, options, label, result, err);
  if (!status) status = ock_kmeans_label_all(result, x, weighed, label, options->threads, labels, err);
  ock_free(label);
  if (status) ockham_kmeans_clear(result);
  return status;
}

ockham_status ock_kmeans_label_all(const ockham_kmeans *result, ockham_rows x, const ock_weighing *weighed,
                                   const uint32_t *label, size_t threads, uint32_t *labels, ockham_error *err) {
  OCK_TRY(ockham_nearest(x, result->centroids, result->k, threads, labels, NULL, err));
  for (size_t i = 0; i < weighed->x.n_rows; i++) labels[weighed->row[i]] = label[i];
  return OCKHAM_OK;
}

ockham_status ockham_kmeans_fit(ockham_rows x, const ockham_kmeans_options *options, uint32_t *labels,
                                ockham_kmeans *result, ockham_error *err) {
  *result = (ockham_kmeans){0};
  OCK_TRY(check(x, options, err));
  ock_weighing weighed;
  OCK_TRY(ock_weighing_init(&weighed, x, options->weights, err));
  ockham_status status = weighed.row && labels ? fit_picked(x, &weighed, options, labels, result, err)
                                               : fit_weighed(&weighed, options, labels, result, err);
  ock_weighing_clear(&weighed);
  return status;
}

/* ---- the result ---- */

ockham_status ock_kmeans_of_fit(const ock_fit *fit, const ock_frame *frame, ockham_kmeans *result, ockham_error *err) {
  size_t k = fit->k, d = frame->d;
  double unit = frame->unit;
  *result = (ockham_kmeans){.k = k, .n_columns = d, .inertia = fit->inertia / unit / unit};
  result->centroids = ock_alloc_array(k * d, sizeof(double));
  result->sizes = ock_alloc_array(k, sizeof(uint64_t));
  result->weights = ock_alloc_array(k, sizeof(double));
  result->within = ock_alloc_array(k, sizeof(double));
  if (!result->centroids || !result->sizes || !result->weights || !result->within) {
    ockham_kmeans_clear(result);
    return ock_fail_memory(err, "the clustering", ock_size_product(k * 8, d + 2));
  }
  for (size_t j = 0; j < k; j++) {
    result->sizes[j] = fit->sizes[j];
    result->weights[j] = fit->weights[j];
    result->within[j] = fit->within[j] / unit / unit;
    for (size_t l = 0; l < d; l++) result->centroids[j * d + l] = fit->centroids[j * d + l] / unit + frame->origin[l];
  }
  return OCKHAM_OK;
}

void ockham_kmeans_clear(ockham_kmeans *result) {
  ock_free(result->centroids);
  ock_free(result->sizes);
  ock_free(result->weights);
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
