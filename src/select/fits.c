/* SPDX-License-Identifier: Apache-2.0 */
/* A clustering for every k: climbed on some of the rows or all, finished on more, settled on all. */
#include <math.h>
#include <string.h>

#include "select/run.h"

enum { DEFAULT_ROUNDS = 1, MORE_ROUNDS = 3, FEW_ROWS = 2000, AFRESH_K = 24, FINISHING_STEPS = 100 };
static const double tolerance_for_few = 1e-12;

/* Where more than this share of the pairs of panels and centres is within reach there are no clusters to speak of:
 * optima then differ by so little that some rows cannot tell which is better. */
static const double structure = 0.6;
enum { FEW_CLUSTERS = 8 }; /* where bounds have no chance to spare any */

/* After a stop nobody wants to wait: so many products, about half a second. */
static const double values_after_stop = 1e10;

/* On more values than this a step costs so much that few are worth it: for the last thousandth nobody would wait. */
static const double values_at_ease = 4e6;
enum { FINISHING_STEPS_AT_MOST = 5 };

static bool is_costly(const ock_lloyd *s) {
  return (double)s->n * (double)s->d > values_at_ease;
}

ock_rows_in_order ock_run_rows(const ock_run *r) {
  return (ock_rows_in_order){.x = r->x,
                             .order = r->order,
                             .wide = r->wide,
                             .plain = r->options->algorithm == OCKHAM_ALGORITHM_LLOYD,
                             .partial_bytes = r->partial_bytes};
}

static void clear_fits(ockham_sweep *sweep, size_t from) {
  for (size_t k = from; k <= sweep->k_capacity; k++) ock_fit_clear(&sweep->fits[k - 1]);
}

/* After a stop, up to which k fits can be measured on all rows without a wait. */
static size_t worth_measuring(const ock_run *r) {
  double row_values = (double)r->x.n_rows * (double)r->x.n_columns, values = 0;
  size_t k = 1;
  for (; k < r->sweep->k_max && values <= values_after_stop; k++)
    if (!r->sweep->fits[k].settled) values += (double)(k + 1) * row_values;
  return k;
}

/* ---- settling ---- */

/* How many rows a store may hold. */
static size_t affordable_rows(const ock_run *r) {
  double row_bytes = ock_store_bytes(1, r->x.n_columns, r->wide) + (double)r->k_target * 4 / OCK_PANEL;
  double n = r->store_bytes / row_bytes;
  return n < (double)r->x.n_rows ? ock_clamp((size_t)n, r->k_target, r->x.n_rows) : r->x.n_rows;
}

/* Work on a sketch of n rows, with a state for k up to k_target. */
typedef ockham_status work_on_sketch(ock_run *r, ock_climb *climb, ockham_error *err);

static ockham_status with_sketch(ock_run *r, ockham_sweep *sweep, size_t n, bool *too_fine, work_on_sketch *work,
                                 ockham_error *err) {
  ock_sketch sketch;
  ock_sketch_options options = {.n = n,
                                .k_max = ock_clamp(r->k_target, 1, r->x.n_rows),
                                .seed = r->options->seed,
                                .wide = r->wide,
                                .plain = r->options->algorithm == OCKHAM_ALGORITHM_LLOYD};
  OCK_TRY(ock_sketch_init(&sketch, r->x, &r->frame, &options, r->pool, &r->ticker, err));
  ock_climb climb = {.sweep = sweep, .state = &sketch.state, .seed = r->options->seed, .ticker = &r->ticker};
  ockham_status status = work(r, &climb, err);
  const ockham_work *spent = &sketch.state.work;
  *too_fine = climb.too_fine;
  r->sweep->work.distances += spent->distances;
  r->sweep->work.plain_distances += spent->plain_distances;
  r->sweep->work.steps += spent->steps;
  ock_sketch_clear(&sketch, status ? NULL : &r->order);
  return status;
}

static bool falls_throughout(const ockham_sweep *sweep) {
  for (size_t k = 2; k <= sweep->k_max; k++)
    if (sweep->fits[k - 1].inertia > sweep->fits[k - 2].inertia) return false;
  return true;
}

/* A cluster of the fit before is split where there is more inertia than that has, which happens where steps were cut
 * short. */
static ockham_status split_where_it_rises(ock_run *r, ock_climb *climb, bool again, ockham_error *err) {
  ockham_sweep *sweep = climb->sweep;
  for (size_t k = 2; k <= sweep->k_max && !r->ticker.stopped; k++)
    if (sweep->fits[k - 1].inertia > sweep->fits[k - 2].inertia)
      OCK_TRY(ock_fit_split(sweep, climb->state, k, again, err));
  return OCKHAM_OK;
}

static ockham_status split_once(ock_run *r, ock_climb *climb, ockham_error *err) {
  return split_where_it_rises(r, climb, false, err);
}

static ockham_status split_surely(ock_run *r, ock_climb *climb, ockham_error *err) {
  return split_where_it_rises(r, climb, true, err);
}

ockham_status ock_run_settle(ock_run *r, ockham_sweep *sweep, ock_feed *feed, ockham_error *err) {
  enum { ROUNDS = 3 };
  ock_rows_in_order rows = ock_run_rows(r);
  bool too_fine;
  if (feed) {
    rows.feed = feed;
    rows.order = NULL;
  }
  for (size_t round = 0;; round++) {
    OCK_TRY(ock_settle_fits(sweep, &rows, 1, NULL, !r->options->no_silhouette, r->pool, &r->ticker, err));
    sweep->k_max = ock_sweep_count_fits(sweep);
    if (r->ticker.stopped || round == ROUNDS || falls_throughout(sweep)) return OCKHAM_OK;
    OCK_TRY(with_sketch(r, sweep, affordable_rows(r), &too_fine, round + 1 < ROUNDS ? split_once : split_surely, err));
  }
}

/* Measure the fits that are new. After a stop some of them, as they are, and nothing can stop that. */
static ockham_status settle(ock_run *r, ockham_error *err) {
  ock_rows_in_order rows = ock_run_rows(r);
  ockham_sweep *sweep = r->sweep;
  sweep->k_max = ock_sweep_count_fits(sweep);
  if (!r->ticker.stopped) OCK_TRY(ock_run_settle(r, sweep, NULL, err));
  if (!r->ticker.stopped) return OCKHAM_OK;
  if (ock_ticker_gave_up(&r->ticker)) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before there was a result");
  sweep->k_max = worth_measuring(r);
  ock_ticker unstoppable = {.stopped = false};
  rows.as_they_are = true;
  OCK_TRY(ock_settle_fits(sweep, &rows, 1, NULL, !r->options->no_silhouette, r->pool, &unstoppable, err));
  clear_fits(sweep, sweep->k_max + 1);
  for (size_t k = 2; k <= sweep->k_max; k++) /* what is not yet an improvement on fewer clusters is left out */
    if (!sweep->fits[k - 1].centroids || sweep->fits[k - 1].inertia > sweep->fits[k - 2].inertia) clear_fits(sweep, k);
  sweep->k_max = ock_sweep_count_fits(sweep);
  return OCKHAM_OK;
}

/* ---- fitting ---- */

static ockham_status fit_one_column(ock_run *r, ockham_error *err) {
  ock_exact1d exact;
  ockham_status status = ock_exact1d_init_weighted(&exact, r->x, r->frame.weights, r->k_target, &r->ticker, err);
  if (status == OCKHAM_INTERRUPTED) return OCKHAM_OK; /* with the fits there are */
  OCK_TRY(status);
  for (size_t k = 1; k <= exact.k_max && !status; k++) {
    ock_fit *fit = &r->sweep->fits[k - 1];
    if (fit->settled) continue;
    if (!ock_fit_allocate(fit, k, 1)) {
      status = ock_fail_memory(err, "a clustering of the curve", k * 4 * sizeof(double));
      break;
    }
    ock_exact1d_centroids(&exact, k, fit->centroids);
    for (size_t j = 0; j < k; j++) fit->centroids[j] = (fit->centroids[j] - r->frame.origin[0]) * r->frame.unit;
  }
  r->sweep->exact = true;
  ock_exact1d_clear(&exact);
  return status;
}

size_t ock_run_rounds(const ock_run *r) {
  if (r->options->restarts) return r->options->restarts;
  return r->x.n_rows <= FEW_ROWS ? MORE_ROUNDS : DEFAULT_ROUNDS; /* few rows take no time, and have many optima */
}

static size_t n_rounds(const ock_run *r, const ock_lloyd *s) {
  return is_costly(s) && !r->options->restarts ? 0 : ock_run_rounds(r);
}

/* Whether bounds rule out next to nothing: no panel is nearer to its own centres than to the others. */
static bool lacks_structure(const ock_run *r, ock_lloyd *s) {
  return r->k_target >= FEW_CLUSTERS && ock_lloyd_share_within_reach(s) > structure;
}

static ockham_status climb_all(ock_run *r, ock_climb *climb, ockham_error *err) {
  ockham_sweep *sweep = climb->sweep;
  size_t covered = ock_sweep_count_fits(sweep);
  r->ticker.stage = "k-means";
  bool first = covered <= 1;
  for (size_t round = 0; round <= n_rounds(r, climb->state); round++) {
    OCK_TRY(ock_climb_up(climb, round == 0 ? covered : 1, r->k_target, err));
    if (r->ticker.stopped || climb->too_fine) return OCKHAM_OK;
    r->unstructured = climb->state->n < r->x.n_rows && lacks_structure(r, climb->state);
    if (r->unstructured) return OCKHAM_OK; /* more rows are needed to tell fits apart */
    OCK_TRY(ock_climb_down(climb, ock_sweep_count_fits(sweep), 1, err));
    if (r->ticker.stopped || climb->too_fine) return OCKHAM_OK;
    if (round == 0 && first) OCK_TRY(ock_climb_afresh(climb, ock_clamp(AFRESH_K, 1, ock_sweep_count_fits(sweep)), err));
  }
  return OCKHAM_OK;
}

/* The fit with one cluster. */
static ockham_status fit_one_cluster(ockham_sweep *sweep, ockham_error *err) {
  ock_fit *fit = &sweep->fits[0];
  if (!ock_fit_allocate(fit, 1, sweep->d)) return ock_fail_memory(err, "a clustering of the curve", sweep->d * 8);
  memset(fit->centroids, 0, sweep->d * sizeof(double)); /* the mean, relative to itself */
  return OCKHAM_OK;
}

/* The same, and what holds for every k. */
static ockham_status begin(ock_run *r, ockham_error *err) {
  OCK_TRY(fit_one_cluster(r->sweep, err));
  OCK_TRY(settle(r, err));
  if (r->ticker.stopped) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before k = 2 was reached");
  double unit = r->frame.unit;
  OCK_TRY(ock_survey_rows(r->x, &r->frame, r->sweep->fits[0].inertia / unit / unit, &r->sweep->survey, err));
  if (r->sweep->survey.n_varying > 0 && r->sweep->survey.total == 0 && !r->feed) return ock_fail_alike(err);
  return OCKHAM_OK;
}

/* Bring the fits that `from` holds near to fixed points on the rows of the sketch. */
static ockham_status finish_fits(ock_run *r, ock_climb *climb, const ockham_sweep *from, ockham_error *err) {
  ock_lloyd *s = climb->state;
  size_t most = ock_sweep_count_fits(from) < s->k_max ? ock_sweep_count_fits(from) : s->k_max;
  double tolerance = ock_rows_are_many(s->n, s->d) ? ock_tolerance_for_many : tolerance_for_few;
  r->ticker.stage = "k-means, finishing";
  ock_lloyd_assign(s, from->fits[most - 1].centroids, most);
  ock_lloyd_regroup(s); /* without it all is as right, but slower */
  for (size_t k = 2; k <= most && !ock_ticker_stopped(&r->ticker); k++) {
    if (climb->sweep->fits[k - 1].settled) continue;
    ock_lloyd_assign(s, from->fits[k - 1].centroids, k);
    ock_lloyd_run(s, is_costly(s) ? FINISHING_STEPS_AT_MOST : FINISHING_STEPS, tolerance);
    if (!ock_state_is_whole(s, k)) continue;
    if (!ock_fit_take(&climb->sweep->fits[k - 1], s))
      return ock_fail_memory(err, "a clustering of the curve", k * (s->d + 3) * sizeof(double));
    r->ticker.done++;
  }
  return OCKHAM_OK;
}

/* Work on n rows, in floats if these can tell the rows apart. */
static ockham_status search(ock_run *r, ockham_sweep *sweep, size_t n, work_on_sketch *work, ockham_error *err) {
  bool too_fine;
  OCK_TRY(with_sketch(r, sweep, n, &too_fine, work, err));
  if (!too_fine) return OCKHAM_OK;
  r->wide = true;
  clear_fits(sweep, 2);
  return with_sketch(r, sweep, n, &too_fine, work, err);
}

static ockham_status search_and_finish(ock_run *r, ock_climb *climb, ockham_error *err) {
  OCK_TRY(climb_all(r, climb, err));
  if (climb->too_fine || r->ticker.stopped) return OCKHAM_OK;
  return finish_fits(r, climb, climb->sweep, err);
}

/* Finish on many rows what was found on some. */
static ockham_status finish_sketch(ock_run *r, ock_climb *climb, ockham_error *err) {
  OCK_TRY(finish_fits(r, climb, r->some, err));
  if (!r->unstructured || is_costly(climb->state) || r->ticker.stopped) return OCKHAM_OK;
  OCK_TRY(ock_climb_up(climb, 1, ock_sweep_count_fits(climb->sweep), err));
  return ock_climb_down(climb, ock_sweep_count_fits(climb->sweep), 1, err);
}

/* Stopped while only some rows had been looked at: what these say is measured on all rows by settle(). */
static ockham_status keep_sketch(ock_run *r, ockham_error *err) {
  ockham_sweep *sweep = r->sweep;
  for (size_t k = 2; k <= r->some->k_max; k++) {
    ock_fit *fit = &sweep->fits[k - 1];
    if (fit->centroids) continue;
    if (!ock_fit_allocate(fit, k, sweep->d))
      return ock_fail_memory(err, "a clustering of the curve", k * (sweep->d + 3) * sizeof(double));
    memcpy(fit->centroids, r->some->fits[k - 1].centroids, k * sweep->d * sizeof(double));
  }
  return OCKHAM_OK;
}

static ockham_status sketch_and_finish(ock_run *r, ockham_error *err) {
  bool too_fine;
  if (!r->some) {
    OCK_TRY(ock_sweep_new(&r->frame, r->options, &r->some, err));
    OCK_TRY(ock_sweep_reserve(r->some, 1, err));
    OCK_TRY(fit_one_cluster(r->some, err));
    r->some->fits[0].inertia = INFINITY;
  }
  OCK_TRY(ock_sweep_reserve(r->some, r->k_target, err));
  OCK_TRY(search(r, r->some, ock_sketch_rows(r->x.n_rows, r->x.n_columns, r->k_target), climb_all, err));
  r->some->k_max = ock_sweep_count_fits(r->some);
  if (r->ticker.stopped) return keep_sketch(r, err);
  OCK_TRY(with_sketch(r, r->sweep, affordable_rows(r), &too_fine, finish_sketch, err));
  return r->ticker.stopped ? keep_sketch(r, err) : OCKHAM_OK;
}

/* Where a store of all rows has not told an order, the clusters of the largest k do: one pass that makes those for all
 * k skip most of their work. Without memory for it they are as right, but slower. */
static ockham_status order_rows(ock_run *r, ockham_error *err) {
  size_t n = r->x.n_rows, k = ock_sweep_count_fits(r->sweep), d = r->sweep->d;
  if (r->order || r->unstructured || r->ticker.stopped || k < FEW_CLUSTERS) return OCKHAM_OK;
  uint32_t *label = ock_alloc_array(n, sizeof *label), *order = ock_alloc_array(n, sizeof *order);
  size_t *first = ock_alloc_array(k + 1, sizeof *first);
  ockham_status status = OCKHAM_OK;
  ock_fit copy, *fits[1] = {&copy};
  ock_fit_init(&copy);
  if (label && order && first && ock_fit_allocate(&copy, k, d)) {
    memcpy(copy.centroids, r->sweep->fits[k - 1].centroids, k * d * sizeof(double));
    ock_settle_options options = {.most_passes = 1, .wide = r->wide, .may_drop = true, .label = label};
    status = ock_settle(r->x, &r->frame, fits, 1, &options, r->pool, &r->ticker, &r->sweep->work, err);
    if (!status && copy.settled) {
      ock_sort_by_label(label, n, first, k, order);
      r->order = order;
      order = NULL;
    }
  }
  ock_fit_clear(&copy);
  ock_free(first);
  ock_free(order);
  ock_free(label);
  return status;
}

ockham_status ock_run_fit_all(ock_run *r, ockham_error *err) {
  ockham_sweep *sweep = r->sweep;
  if (ock_sweep_count_fits(sweep) == 0) OCK_TRY(begin(r, err));
  if (sweep->d == 1 && ock_exact1d_fits(sweep->n, r->k_target)) {
    OCK_TRY(fit_one_column(r, err));
    return settle(r, err);
  }
  if (ock_sketch_rows(r->x.n_rows, r->x.n_columns, r->k_target) == r->x.n_rows)
    OCK_TRY(search(r, sweep, r->x.n_rows, search_and_finish, err));
  else
    OCK_TRY(sketch_and_finish(r, err));
  if (!r->feed) OCK_TRY(order_rows(r, err));
  return settle(r, err);
}
