/* SPDX-License-Identifier: Apache-2.0 */
/* Many sweeps of other rows, spread over threads; and what two labellings have in common. */
#include <stdatomic.h>
#include <string.h>

#include "select/resamples.h"

/* Streams of random numbers: one for each resample of each kind. */
enum { RNG_STREAM_RESAMPLES = 1 << 21, STREAMS_A_KIND = 1 << 12 };

/* ---- across threads ---- */

typedef struct running {
  const ock_resampling *r;
  ock_resample_work *work;
  void *results;
  size_t kind;
  atomic_bool stop;
  atomic_size_t n_done;
  ockham_error *problems; /* one a piece */
} running;

typedef struct place {
  running *of;
  size_t worker;
} place;

/* The caller's function is reached from its own thread only; others learn from that whether to stop. */
static bool report(void *user, const char *stage, uint64_t done, uint64_t total) {
  place *here = user;
  (void)stage, (void)done, (void)total;
  if (here->worker == 0) {
    ock_ticker *ticker = here->of->r->ticker;
    ticker->done = atomic_load(&here->of->n_done);
    if (ock_ticker_stopped(ticker)) atomic_store(&here->of->stop, true);
  }
  return !atomic_load(&here->of->stop);
}

static void run_one(void *arg, size_t i, size_t worker) {
  running *all = arg;
  place here = {all, worker};
  ockham_progress progress = {.report = report, .user = &here};
  ockham_error *problem = &all->problems[i];
  if (!report(&here, NULL, 0, 0)) {
    problem->status = OCKHAM_INTERRUPTED;
    return;
  }
  ock_resample resample = {.number = i, .progress = &progress};
  resample.rng = ock_rng_make(all->r->options->seed, RNG_STREAM_RESAMPLES + all->kind * STREAMS_A_KIND + i);
  problem->status = all->work(all->r, &resample, all->results, problem);
  if (problem->status) atomic_store(&all->stop, true);
  atomic_fetch_add(&all->n_done, 1);
}

/* A stop follows from a failure: the failure is what matters. */
static ockham_status outcome(const running *all, size_t n, ockham_error *err) {
  const ockham_error *worst = NULL;
  for (size_t i = 0; i < n; i++) {
    const ockham_error *problem = &all->problems[i];
    if (problem->status && (!worst || worst->status == OCKHAM_INTERRUPTED)) worst = problem;
  }
  if (!worst) return OCKHAM_OK;
  if (err) *err = *worst;
  return worst->status;
}

ockham_status ock_resamples_run(const ock_resampling *r, const char *stage, size_t kind, size_t n,
                                ock_resample_work *work, void *results, ockham_error *err) {
  running all = {.r = r, .work = work, .results = results, .kind = kind};
  all.problems = ock_alloc_zeroed(n, sizeof *all.problems);
  if (!all.problems) return ock_fail_memory(err, "the resamples", n * sizeof *all.problems);
  r->ticker->stage = stage;
  r->ticker->total = n;
  r->ticker->done = 0;
  ock_pool_run(r->pool, n, run_one, &all);
  ockham_status status = outcome(&all, n, err);
  ock_free(all.problems);
  return status;
}

/* ---- one sweep ---- */

static size_t count_rows(ockham_rows x, const double *weights) {
  size_t n = weights ? 0 : x.n_rows;
  for (size_t i = 0; weights && i < x.n_rows; i++) n += weights[i] > 0;
  return n;
}

ockham_status ock_resample_sweep(const ock_resampling *r, ock_resample *resample, ockham_rows x, const double *weights,
                                 ockham_sweep **sweep, ockham_error *err) {
  const ockham_sweep_options *o = r->options;
  size_t n = count_rows(x, weights);
  ockham_sweep_options options = {.k_max = n < r->k_max ? n : r->k_max,
                                  .seed = ock_rng_next(&resample->rng),
                                  .restarts = o->restarts,
                                  .criterion = "bic", /* clusterings are all that is wanted */
                                  .no_silhouette = true,
                                  .threads = 1,
                                  .progress = resample->progress,
                                  .algorithm = o->algorithm,
                                  .precision = o->precision,
                                  .weights = weights};
  ockham_error problem = {0};
  ockham_status status = ockham_sweep_run(x, &options, sweep, &problem);
  if (status == OCKHAM_BAD_DATA) return OCKHAM_OK; /* rows that are alike to rounding have no sweep */
  if (!status && (*sweep)->partial) {
    ockham_sweep_free(*sweep);
    *sweep = NULL;
    return ock_fail(err, OCKHAM_INTERRUPTED, "stopped while clustering resamples");
  }
  if (status && err) *err = problem;
  return status;
}

ockham_status ock_resample_label_by_fits(const ock_fit *fits, size_t n_fits, ockham_rows x, const double *origin,
                                         uint16_t *label, ockham_error *err) {
  double *panel = ock_alloc_array(OCK_PANEL * sizeof(double), x.n_columns);
  if (!panel)
    return ock_fail_memory(err, "the labels of a resample", ock_size_product(OCK_PANEL * sizeof(double), x.n_columns));
  ock_fits_label(fits, n_fits, x, origin, panel, label);
  ock_free(panel);
  return OCKHAM_OK;
}

ockham_status ock_resample_label_rows(const ockham_sweep *sweep, ockham_rows x, uint16_t *label, ockham_error *err) {
  if (ock_resample_reach(sweep) < 2) return OCKHAM_OK;
  ock_arena arena = {0};
  ock_fit *fits;
  ockham_status status = ock_fits_in_data_units(sweep, 2, &arena, &fits, err);
  if (!status) status = ock_resample_label_by_fits(fits, sweep->k_max - 1, x, sweep->frame->origin, label, err);
  ock_arena_clear(&arena);
  return status;
}

/* ---- results ---- */

double ock_mean_of(const double *values, size_t n, size_t stride, double *error) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += values[i * stride];
  double mean = sum / (double)n;
  for (size_t i = 0; i < n; i++) squares += (values[i * stride] - mean) * (values[i * stride] - mean);
  if (error) *error = sqrt(squares / ((double)n - 1) / (double)n);
  return mean;
}

void ock_cross_tabulate(const uint16_t *a, const uint16_t *b, const uint32_t *count, size_t n, size_t k,
                        uint32_t *cells) {
  memset(cells, 0, k * k * sizeof *cells);
  for (size_t i = 0; i < n; i++) cells[a[i] * k + b[i]] += count ? count[i] : 1;
}

/* Sums over one row or column of cells: of the counts, and of their squares. */
typedef struct sums {
  double count, squares;
} sums;

static sums sum_cells(const uint32_t *cells, size_t k, size_t stride) {
  sums s = {0, 0};
  for (size_t j = 0; j < k; j++) {
    double n = cells[j * stride];
    s.count += n;
    s.squares += n * n;
  }
  return s;
}

double ock_least_share_together(const uint32_t *cells, size_t k) {
  double least = 1;
  for (size_t i = 0; i < k; i++) {
    sums s = sum_cells(cells + i * k, k, 1);
    if (s.count > 1) least = fmin(least, (s.squares - s.count) / (s.count * (s.count - 1)));
  }
  return least;
}

double ock_share_disagreeing(const uint32_t *cells, size_t k) {
  double n = 0, one = 0, other = 0, both = 0;
  for (size_t i = 0; i < k; i++) {
    sums a = sum_cells(cells + i * k, k, 1), b = sum_cells(cells + i, k, k);
    n += a.count;
    one += a.count * a.count;
    other += b.count * b.count;
    both += a.squares;
  }
  return ((one - both) + (other - both)) / (n * n);
}

void ock_best_jaccard(const uint32_t *cells, size_t k, double *jaccard) {
  double in_b[OCKHAM_RESAMPLE_K_LIMIT];
  for (size_t j = 0; j < k; j++) in_b[j] = sum_cells(cells + j, k, k).count;
  for (size_t i = 0; i < k; i++) {
    double in_a = sum_cells(cells + i * k, k, 1).count;
    jaccard[i] = 0;
    for (size_t j = 0; j < k; j++) {
      double both = cells[i * k + j];
      if (both > 0) jaccard[i] = fmax(jaccard[i], both / (in_a + in_b[j] - both));
    }
  }
}
