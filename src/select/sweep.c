/* SPDX-License-Identifier: Apache-2.0 */
/* The public sweep: which k are tried, in which order, and what is said in the end. */
#include <math.h>
#include <string.h>

#include "select/internal.h"

enum { DEFAULT_K_LOW = 10, DEFAULT_K_HIGH = 60, DEFAULT_ROUNDS = 1, MORE_ROUNDS = 3, FEW_ROWS = 2000, AFRESH_K = 24 };

/* The estimate of the silhouette looks at so many times fewer pairs than the exact one may. */
enum { SHARE_TO_ESTIMATE = 4 };

static const double largest_value = 1e140;

/* Large tables are climbed on some of their rows, at least so many and so many a cluster. */
enum { SKETCH_ROWS = 25000, SKETCH_VALUES = 1000000, SKETCH_ROWS_A_CLUSTER = 100, WORTH_SKETCHING = 2 };

/* What was found is finished on as many rows as this takes, and then settled on all. */
static const double store_bytes = 64e6;
enum { FINISHING_STEPS = 100 };
static const double tolerance_for_many = 1e-5, tolerance_for_few = 1e-12;

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

/* What a run needs beside its result. */
typedef struct run {
  ockham_sweep *sweep;
  ockham_rows x;
  const ockham_sweep_options *options;
  ock_pool *pool;
  ock_ticker ticker;
  ock_frame frame;
  ockham_sweep *sketch; /* the fits of some rows, for large tables; else NULL */
  uint32_t *order;      /* all rows, neighbours together, once that is known */
  bool wide;            /* floats cannot tell the rows apart */
  bool unstructured;    /* most centres are within reach of most rows */
  double store_bytes;   /* what a store may take */
  double partial_bytes; /* and sums of a pass; 0: a good size */
  size_t k_target;      /* up to where the range goes now */
  size_t k_end;         /* up to where it may be extended */
  /* Beyond memory: x are some of the rows, and `sweep` is of these. */
  ock_feed *feed; /* all of them; else NULL */
  ockham_sweep *whole;
  ock_memory_plan plan;
} run;

/* ---- options ---- */

/* Sums of squares must not overflow, whatever the number of rows. */
static ockham_status check_magnitudes(ockham_rows x, ockham_error *err) {
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t j = 0; j < x.n_columns; j++)
      if (!(fabs(ock_rows_get(x, i, j)) <= largest_value))
        return ock_fail_at(err, OCKHAM_BAD_DATA, i + 1, j + 1,
                           "row %zu, column %zu: %g is too large, its square would overflow; at most %g can be used",
                           i + 1, j + 1, ock_rows_get(x, i, j), largest_value);
  return OCKHAM_OK;
}

static ockham_status check_options(const ockham_sweep_options *o, ockham_error *err) {
  if (o->criterion && !ockham_criterion_find(o->criterion))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "no criterion is named '%s'; `ockham criteria` lists them", o->criterion);
  if (o->k_max && o->k_min > o->k_max)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the least k, %zu, must not exceed the largest, %zu", o->k_min, o->k_max);
  if (o->algorithm > OCKHAM_ALGORITHM_BOUNDS || o->precision > OCKHAM_PRECISION_DOUBLE)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "there is no algorithm %d with precision %d", (int)o->algorithm,
                    (int)o->precision);
  if (o->k_max > UINT16_MAX)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a sweep goes up to k = %d, found %zu", UINT16_MAX, o->k_max);
  return OCKHAM_OK;
}

/* k among the rows that count. */
static ockham_status check_k(size_t n_rows, const char *which, const ockham_sweep_options *o, ockham_error *err) {
  if (o->k_min <= n_rows && o->k_max <= n_rows) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "k must be at most the number of rows%s, %zu, found %zu", which, n_rows,
                  o->k_min > n_rows ? o->k_min : o->k_max);
}

static ockham_status check(ockham_rows x, const ockham_sweep_options *o, ockham_error *err) {
  OCK_TRY(ock_rows_check(x, "the data", err));
  OCK_TRY(check_magnitudes(x, err));
  if (x.n_rows >= UINT32_MAX)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "at most 2^32 - 2 rows can be clustered, found %zu", x.n_rows);
  return check_options(o, err);
}

static size_t clamp(size_t value, size_t low, size_t high) {
  return value < low ? low : value > high ? high : value;
}

/* The range should go on this far above the best k: a peak at the edge is no peak. */
static size_t margin_above(size_t k) {
  return k / 4 > 3 ? k / 4 : 3;
}

/* How many rows there are, counted by their weights. */
static size_t count_rows(const run *r) {
  return r->frame.total < 1 ? 1 : r->frame.total < 1e15 ? (size_t)llround(r->frame.total) : (size_t)1e15;
}

static ockham_status choose_range(run *r, ockham_error *err) {
  size_t n = count_rows(r), k_min = r->sweep->k_min;
  if (r->options->k_max) {
    r->k_target = r->k_end = r->options->k_max;
    return OCKHAM_OK;
  }
  /* More clusters than a third of the rows are not looked for: too few rows are left to tell spread from noise. */
  size_t most = clamp((r->feed ? r->x.n_rows : n) / 3, k_min, r->x.n_rows);
  r->k_end = clamp(r->feed ? r->plan.k_limit : OCKHAM_K_LIMIT, k_min, most);
  size_t root = (size_t)lround(sqrt((double)n));
  r->k_target = clamp(clamp(root, DEFAULT_K_LOW, DEFAULT_K_HIGH), k_min, r->k_end);
  if (r->k_target < k_min + DEFAULT_K_LOW) r->k_target = clamp(k_min + DEFAULT_K_LOW, k_min, r->k_end);
  if (root <= r->k_target) return OCKHAM_OK;
  /* Clusters in clusters make a criterion peak early; a quick look as far as the root of n tells where the last peak
   * is. */
  size_t k;
  OCK_TRY(ock_scout(r->x, &r->frame, &r->wide, clamp(root, r->k_target, r->k_end), r->options->seed, r->pool,
                    &r->ticker, &k, err));
  r->k_target = clamp(k + margin_above(k), r->k_target, r->k_end);
  return OCKHAM_OK;
}

/* ---- fitting ---- */

/* How many pairs of rows the exact silhouette may look at. */
static double most_pairs(const run *r) {
  const double cost = 8; /* of a pair beside its columns */
  return OCKHAM_SILHOUETTE_LIMIT / ((double)r->x.n_columns + cost);
}

static ock_silhouettes silhouettes_wanted(const run *r) {
  if (r->options->no_silhouette) return OCK_SILHOUETTES_NONE;
  double pairs = (double)r->x.n_rows * (double)r->x.n_rows;
  return pairs <= most_pairs(r) || r->options->exact ? OCK_SILHOUETTES_ALL : OCK_SILHOUETTES_SIMPLIFIED;
}

/* Whether the deciding criterion needs the rows to be looked at once more. */
static bool needs_silhouette(const ockham_sweep *sweep) {
  return strstr(sweep->criterion->name, "silhouette") != NULL;
}

static ock_rows_in_order in_order(const run *r) {
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
static size_t worth_measuring(const run *r) {
  double row_values = (double)r->x.n_rows * (double)r->x.n_columns, values = 0;
  size_t k = 1;
  for (; k < r->sweep->k_max && values <= values_after_stop; k++)
    if (!r->sweep->fits[k].settled) values += (double)(k + 1) * row_values;
  return k;
}

/* Measure the fits that are new on all rows. After a stop some of them, as they are, and nothing can stop that. */
static ockham_status settle(run *r, ockham_error *err) {
  ock_rows_in_order rows = in_order(r);
  ockham_sweep *sweep = r->sweep;
  sweep->k_max = ock_sweep_count_fits(sweep);
  if (!r->ticker.stopped)
    OCK_TRY(ock_settle_fits(sweep, &rows, 1, NULL, !r->options->no_silhouette, r->pool, &r->ticker, err));
  if (!r->ticker.stopped) return OCKHAM_OK;
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

static ockham_status fit_one_column(run *r, ockham_error *err) {
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

static size_t most_rounds(const run *r) {
  if (r->options->restarts) return r->options->restarts;
  return r->x.n_rows <= FEW_ROWS ? MORE_ROUNDS : DEFAULT_ROUNDS; /* few rows take no time, and have many optima */
}

static size_t n_rounds(const run *r, const ock_lloyd *s) {
  return is_costly(s) && !r->options->restarts ? 0 : most_rounds(r);
}

/* Whether bounds rule out next to nothing: no panel is nearer to its own centres than to the others. */
static bool lacks_structure(const run *r, ock_lloyd *s) {
  return r->k_target >= FEW_CLUSTERS && ock_lloyd_share_within_reach(s) > structure;
}

static ockham_status climb_all(run *r, ock_climb *climb, ockham_error *err) {
  ockham_sweep *sweep = climb->sweep;
  size_t covered = ock_sweep_count_fits(sweep);
  r->ticker.stage = "k-means";
  bool first = covered <= 1;
  for (size_t round = 0; round <= n_rounds(r, climb->state); round++) {
    OCK_TRY(ock_climb_up(climb, round == 0 ? covered : 1, r->k_target, err));
    if (r->ticker.stopped || climb->too_fine) return OCKHAM_OK;
    r->unstructured = lacks_structure(r, climb->state);
    if (r->unstructured && climb->state->n < r->x.n_rows)
      return OCKHAM_OK; /* more rows are needed to tell fits apart */
    OCK_TRY(ock_climb_down(climb, ock_sweep_count_fits(sweep), 1, err));
    if (r->ticker.stopped || climb->too_fine) return OCKHAM_OK;
    if (round == 0 && first) OCK_TRY(ock_climb_afresh(climb, clamp(AFRESH_K, 1, ock_sweep_count_fits(sweep)), err));
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
static ockham_status begin(run *r, ockham_error *err) {
  OCK_TRY(fit_one_cluster(r->sweep, err));
  OCK_TRY(settle(r, err));
  if (r->ticker.stopped) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before k = 2 was reached");
  double unit = r->frame.unit;
  OCK_TRY(ock_survey_rows(r->x, &r->frame, r->sweep->fits[0].inertia / unit / unit, &r->sweep->survey, err));
  if (r->sweep->survey.n_varying > 0 && r->sweep->survey.total == 0 && !r->feed)
    return ock_fail(err, OCKHAM_BAD_DATA,
                    "the rows differ so little that the squares of differences are 0; scale them");
  return OCKHAM_OK;
}

/* How many rows are enough to climb on; all of them when that is not far from it. */
static size_t sketch_size(const run *r) {
  size_t enough = clamp(SKETCH_VALUES / r->x.n_columns, 1, SKETCH_ROWS);
  if (enough < r->k_target * SKETCH_ROWS_A_CLUSTER) enough = r->k_target * SKETCH_ROWS_A_CLUSTER;
  return r->x.n_rows / WORTH_SKETCHING >= enough ? enough : r->x.n_rows;
}

/* How many rows a store may hold. */
static size_t affordable_rows(const run *r) {
  double row_bytes = ock_store_bytes(1, r->x.n_columns, r->wide) + (double)r->k_target * 4 / OCK_PANEL;
  double n = r->store_bytes / row_bytes;
  return n < (double)r->x.n_rows ? clamp((size_t)n, r->k_target, r->x.n_rows) : r->x.n_rows;
}

/* Remember the order of a store of all rows. */
static void keep_order(run *r, ock_store *store) {
  if (store->n < r->x.n_rows) return;
  ock_free(r->order);
  r->order = store->row;
  store->row = NULL;
}

/* Work on a store of n rows, from all over, with a state for k up to k_target. */
typedef ockham_status work_on_store(run *r, ock_climb *climb, ockham_error *err);

static ockham_status with_store(run *r, ockham_sweep *sweep, size_t n, bool *too_fine, work_on_store *work,
                                ockham_error *err) {
  uint32_t *some;
  ock_store store;
  ock_lloyd state;
  OCK_TRY(ock_rows_sample(r->x.n_rows, n, r->options->seed, &some, err));
  ockham_status status = ock_store_init(&store, &r->frame, r->x, some, some ? n : r->x.n_rows, r->wide, r->pool, err);
  ock_free(some);
  OCK_TRY(status);
  status = ock_lloyd_init(&state, &store, clamp(r->k_target, 1, store.n), r->options->seed, r->pool, &r->ticker, err);
  if (!status) {
    ock_climb climb = {.sweep = sweep, .state = &state, .seed = r->options->seed, .ticker = &r->ticker};
    state.plain = r->options->algorithm == OCKHAM_ALGORITHM_LLOYD;
    status = work(r, &climb, err);
    *too_fine = climb.too_fine;
    r->sweep->work.distances += state.work.distances;
    r->sweep->work.plain_distances += state.work.plain_distances;
    r->sweep->work.steps += state.work.steps;
    ock_lloyd_clear(&state);
    if (!status) keep_order(r, &store);
  }
  ock_store_clear(&store);
  return status;
}

/* Bring the fits that `from` holds near to fixed points on the rows of the store. */
static ockham_status finish_fits(run *r, ock_climb *climb, const ockham_sweep *from, ockham_error *err) {
  ock_lloyd *s = climb->state;
  size_t most = ock_sweep_count_fits(from) < s->k_max ? ock_sweep_count_fits(from) : s->k_max;
  double tolerance = ock_rows_are_many(s->n, s->d) ? tolerance_for_many : tolerance_for_few;
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
static ockham_status search(run *r, ockham_sweep *sweep, size_t n, work_on_store *work, ockham_error *err) {
  bool too_fine;
  OCK_TRY(with_store(r, sweep, n, &too_fine, work, err));
  if (!too_fine) return OCKHAM_OK;
  r->wide = true;
  clear_fits(sweep, 2);
  return with_store(r, sweep, n, &too_fine, work, err);
}

static ockham_status search_and_finish(run *r, ock_climb *climb, ockham_error *err) {
  OCK_TRY(climb_all(r, climb, err));
  if (climb->too_fine || r->ticker.stopped) return OCKHAM_OK;
  return finish_fits(r, climb, climb->sweep, err);
}

/* Finish on many rows what was found on some. */
static ockham_status finish_sketch(run *r, ock_climb *climb, ockham_error *err) {
  OCK_TRY(finish_fits(r, climb, r->sketch, err));
  if (!r->unstructured || is_costly(climb->state) || r->ticker.stopped) return OCKHAM_OK;
  OCK_TRY(ock_climb_up(climb, 1, ock_sweep_count_fits(climb->sweep), err));
  return ock_climb_down(climb, ock_sweep_count_fits(climb->sweep), 1, err);
}

/* Stopped while only some rows had been looked at: what these say is measured on all rows by settle(). */
static ockham_status keep_sketch(run *r, ockham_error *err) {
  ockham_sweep *sweep = r->sweep;
  for (size_t k = 2; k <= r->sketch->k_max; k++) {
    ock_fit *fit = &sweep->fits[k - 1];
    if (fit->centroids) continue;
    if (!ock_fit_allocate(fit, k, sweep->d))
      return ock_fail_memory(err, "a clustering of the curve", k * (sweep->d + 3) * sizeof(double));
    memcpy(fit->centroids, r->sketch->fits[k - 1].centroids, k * sweep->d * sizeof(double));
  }
  return OCKHAM_OK;
}

static ockham_status sketch_and_finish(run *r, ockham_error *err) {
  bool too_fine;
  if (!r->sketch) {
    OCK_TRY(ock_sweep_new(&r->frame, r->options, &r->sketch, err));
    OCK_TRY(ock_sweep_reserve(r->sketch, 1, err));
    OCK_TRY(fit_one_cluster(r->sketch, err));
    r->sketch->fits[0].inertia = INFINITY;
  }
  OCK_TRY(ock_sweep_reserve(r->sketch, r->k_target, err));
  OCK_TRY(search(r, r->sketch, sketch_size(r), climb_all, err));
  r->sketch->k_max = ock_sweep_count_fits(r->sketch);
  if (r->ticker.stopped) return keep_sketch(r, err);
  OCK_TRY(with_store(r, r->sweep, affordable_rows(r), &too_fine, finish_sketch, err));
  return r->ticker.stopped ? keep_sketch(r, err) : OCKHAM_OK;
}

/* All rows in the order of their labels (below k), as they come among equals. */
static void sort_by_label(const uint32_t *label, size_t n, size_t *first, size_t k, uint32_t *order) {
  memset(first, 0, (k + 1) * sizeof *first);
  for (size_t i = 0; i < n; i++) first[label[i] + 1]++;
  for (size_t j = 0; j < k; j++) first[j + 1] += first[j];
  for (size_t i = 0; i < n; i++) order[first[label[i]]++] = (uint32_t)i;
}

/* Where a store of all rows has not told an order, the clusters of the largest k do: one pass that makes those for all
 * k skip most of their work. Without memory for it they are as right, but slower. */
static ockham_status order_rows(run *r, ockham_error *err) {
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
      sort_by_label(label, n, first, k, order);
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

/* Each k has less inertia than the one before it, which can fail where steps were cut short: then a cluster of that one
 * is split. */
static ockham_status mend(run *r, ock_climb *climb, ockham_error *err) {
  ockham_sweep *sweep = climb->sweep;
  for (size_t k = 2; k <= sweep->k_max && !r->ticker.stopped; k++)
    if (sweep->fits[k - 1].inertia > sweep->fits[k - 2].inertia) OCK_TRY(ock_climb_grow(climb, k, err));
  return OCKHAM_OK;
}

static bool falls_throughout(const ockham_sweep *sweep) {
  for (size_t k = 2; k <= sweep->k_max; k++)
    if (sweep->fits[k - 1].inertia > sweep->fits[k - 2].inertia) return false;
  return true;
}

/* Fit every k up to k_target on all rows: directly, or from what some of them suggest. */
static ockham_status fit_all(run *r, ockham_error *err) {
  ockham_sweep *sweep = r->sweep;
  bool too_fine;
  if (ock_sweep_count_fits(sweep) == 0) OCK_TRY(begin(r, err));
  if (sweep->d == 1 && ock_exact1d_fits(sweep->n, r->k_target)) {
    OCK_TRY(fit_one_column(r, err));
    return settle(r, err);
  }
  if (sketch_size(r) == r->x.n_rows)
    OCK_TRY(search(r, sweep, r->x.n_rows, search_and_finish, err));
  else
    OCK_TRY(sketch_and_finish(r, err));
  if (!r->feed) OCK_TRY(order_rows(r, err));
  OCK_TRY(settle(r, err));
  if (!falls_throughout(sweep) && !r->ticker.stopped) {
    OCK_TRY(with_store(r, sweep, affordable_rows(r), &too_fine, mend, err));
    OCK_TRY(settle(r, err));
  }
  return OCKHAM_OK;
}

/* The best k is so near the end of the range that a better one may lie beyond: extend the range, if it may be. */
static bool extend(run *r, ockham_sweep *sweep) {
  size_t best = ockham_criterion_choose(sweep->criterion, &sweep->curve);
  if (r->ticker.stopped || sweep->distinct_limit || r->k_target >= r->k_end || best == SIZE_MAX) return false;
  size_t k = sweep->curve.points[best].k;
  if (k + margin_above(k) <= r->k_target) return false;
  r->k_target = clamp(r->k_target + r->k_target / 2, r->k_target + 1, r->k_end);
  sweep->extended = true;
  return true;
}

/* Fit every k up to k_target; *more says that the range has been extended and this is to be done again. */
static ockham_status cover(run *r, bool *more, ockham_error *err) {
  ockham_sweep *sweep = r->sweep;
  OCK_TRY(fit_all(r, err));
  sweep->k_max = ock_sweep_count_fits(sweep);
  sweep->distinct_limit = sweep->k_max < r->k_target && !r->ticker.stopped;
  size_t least = sweep->k_min < r->k_target ? sweep->k_min + 1 : sweep->k_min; /* one k alone says nothing */
  if (sweep->k_max < least && r->ticker.stopped)
    return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before k = %zu was reached", least);
  if (sweep->k_max < sweep->k_min)
    return ock_fail(err, OCKHAM_BAD_DATA, "the data have %zu distinct row%s, too few for %zu clusters", sweep->k_max,
                    sweep->k_max == 1 ? "" : "s", sweep->k_min);
  OCK_TRY(ock_sweep_build_curve(sweep, err));
  *more = !needs_silhouette(sweep) && extend(r, sweep);
  if (*more || r->feed) return OCKHAM_OK;
  ock_rows_in_order rows = in_order(r);
  ock_silhouettes wanted = silhouettes_wanted(r);
  if (wanted == OCK_SILHOUETTES_ALL) OCK_TRY(ock_exact_silhouettes(sweep, &rows, r->pool, &r->ticker, err));
  if (wanted == OCK_SILHOUETTES_SIMPLIFIED && !r->ticker.stopped)
    OCK_TRY(ock_silhouettes_estimate(sweep, r->x, most_pairs(r) / SHARE_TO_ESTIMATE, r->options->seed, r->pool,
                                     &r->ticker, err));
  OCK_TRY(ock_sweep_build_curve(sweep, err));
  *more = extend(r, sweep);
  return OCKHAM_OK;
}

/* ---- beyond memory ---- */

/* Split again where a fit has more inertia than the one before it. */
static ockham_status split_where_it_rises(run *r, ock_climb *climb, bool again, ockham_error *err) {
  ockham_sweep *whole = r->whole;
  for (size_t k = 2; k <= whole->k_max; k++)
    if (whole->fits[k - 1].inertia > whole->fits[k - 2].inertia)
      OCK_TRY(ock_fit_split(whole, climb->state, k, again, err));
  return OCKHAM_OK;
}

static ockham_status split_once(run *r, ock_climb *climb, ockham_error *err) {
  return split_where_it_rises(r, climb, false, err);
}

static ockham_status split_surely(run *r, ock_climb *climb, ockham_error *err) {
  return split_where_it_rises(r, climb, true, err);
}

/* Settle the fits of the sample on all rows; what rises then is split, and settled again. */
static ockham_status settle_whole(run *r, ockham_error *err) {
  enum { ROUNDS = 3 };
  ockham_sweep *whole = r->whole;
  ock_rows_in_order rows = in_order(r);
  rows.feed = r->feed;
  rows.order = NULL;
  size_t most = (size_t)(r->store_bytes / ock_store_bytes(1, r->x.n_columns, r->wide));
  bool too_fine;
  OCK_TRY(ock_fits_adopt(whole, r->sweep, err));
  for (size_t round = 0;; round++) {
    OCK_TRY(ock_settle_fits(whole, &rows, 1, NULL, !r->options->no_silhouette, r->pool, &r->ticker, err));
    whole->k_max = ock_sweep_count_fits(whole);
    if (r->ticker.stopped || round == ROUNDS || falls_throughout(whole)) return OCKHAM_OK;
    OCK_TRY(with_store(r, whole, clamp(most, r->k_target, r->x.n_rows), &too_fine,
                       round + 1 < ROUNDS ? split_once : split_surely, err));
  }
}

static ockham_status survey_whole(run *r, ockham_error *err) {
  ockham_sweep *whole = r->whole;
  double total = whole->fits[0].inertia / r->frame.unit / r->frame.unit;
  OCK_TRY(ock_survey_rows(r->x, &r->frame, total, &whole->survey, err));
  if (whole->survey.n_varying == 0 || total > 0) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_DATA, "the rows differ so little that the squares of differences are 0; scale them");
}

/* Whether an inertia is rounding only: there are no more distinct rows than clusters, in the sample or elsewhere. */
static bool is_nothing(double inertia, const ockham_sweep *whole) {
  return inertia <= 1e-24 * whole->fits[0].inertia;
}

/* After the search: measure its fits on all rows; *more says that the search is to go further. */
static ockham_status cover_whole(run *r, bool *more, ockham_error *err) {
  ockham_sweep *whole = r->whole;
  OCK_TRY(r->ticker.stopped ? OCKHAM_OK : settle_whole(r, err));
  ock_fits_cut(whole);
  size_t least = whole->k_min < r->k_target ? whole->k_min + 1 : whole->k_min;
  if (whole->k_max < least && r->ticker.stopped)
    return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before all rows were measured");
  if (whole->k_max < whole->k_min)
    return ock_fail(err, OCKHAM_BAD_DATA, "%zu of the rows have only %zu distinct ones, too few for %zu clusters",
                    r->x.n_rows, whole->k_max, whole->k_min);
  whole->n_passes = r->feed->n_rounds;
  whole->distinct_limit = whole->k_max < r->k_target && is_nothing(whole->fits[whole->k_max - 1].inertia, whole);
  OCK_TRY(survey_whole(r, err));
  OCK_TRY(ock_sweep_build_curve(whole, err));
  bool may_extend = !r->sweep->distinct_limit && whole->k_max == r->k_target;
  *more = may_extend && !needs_silhouette(whole) && extend(r, whole);
  if (*more || r->ticker.stopped || r->options->no_silhouette) return OCKHAM_OK;
  double pairs = fmin(most_pairs(r) / SHARE_TO_ESTIMATE, ock_plan_pairs(&r->plan, whole->d, whole->k_max));
  OCK_TRY(ock_silhouettes_estimate(whole, r->x, pairs, r->options->seed, r->pool, &r->ticker, err));
  OCK_TRY(ock_sweep_build_curve(whole, err));
  *more = may_extend && extend(r, whole);
  return OCKHAM_OK;
}

static ockham_status run_sweep(run *r, ockham_error *err) {
  OCK_TRY(choose_range(r, err));
  for (bool more = true; more;) {
    r->ticker.done = 0;
    r->ticker.total = r->k_target * (2 * (most_rounds(r) + 1) + 1 + 3); /* climbs, finishing, and settling thrice */
    OCK_TRY(ock_sweep_reserve(r->sweep, r->k_target, err));
    OCK_TRY(cover(r, &more, err));
    if (!more && r->feed) OCK_TRY(cover_whole(r, &more, err));
  }
  return OCKHAM_OK;
}

static ockham_status sweep_in_frame(run *r, ockham_error *err) {
  OCK_TRY(ock_sweep_new(&r->frame, r->options, &r->sweep, err));
  if (r->feed) r->sweep->total_weight = (double)(r->sweep->n = r->x.n_rows);
  ockham_error problem = {0}; /* a stop is one inside, and none to the caller when there is a partial sweep */
  ockham_status status = r->feed ? ock_sweep_new(&r->frame, r->options, &r->whole, &problem) : OCKHAM_OK;
  if (!status) status = run_sweep(r, &problem);
  if (status && err) *err = problem;
  return status;
}

/* Sweep in a frame, which is the result's then; it is free in any case. */
static ockham_status run_in_frame(run *r, double start_seconds, ockham_sweep **out, ockham_error *err) {
  ockham_status status = sweep_in_frame(r, err);
  ockham_sweep *result = r->feed ? r->whole : r->sweep, *other = r->feed ? r->sweep : NULL;
  if (other && result) {
    result->work.distances += other->work.distances;
    result->work.plain_distances += other->work.plain_distances;
    result->work.steps += other->work.steps;
  }
  ockham_sweep_free(r->sketch);
  ockham_sweep_free(other);
  ock_free(r->order);
  if (status) {
    ockham_sweep_free(result);
    ock_frame_clear(&r->frame);
    return status;
  }
  result->own_frame = r->frame;
  result->own_frame.weights = NULL; /* they were borrowed */
  result->frame = &result->own_frame;
  result->partial = r->ticker.stopped;
  result->searched_rows = r->feed ? r->x.n_rows : 0;
  result->seconds = ock_clock_seconds() - start_seconds;
  *out = result;
  return OCKHAM_OK;
}

static const ockham_sweep_options all_defaults = {0};

/* Sweep over the rows that count. */
static ockham_status sweep_weighed(const ock_weighing *weighed, const ockham_sweep_options *options,
                                   double start_seconds, ockham_sweep **out, ockham_error *err) {
  run r = {.x = weighed->x,
           .options = options,
           .wide = options->precision == OCKHAM_PRECISION_DOUBLE,
           .ticker = {.progress = options->progress, .stage = "k-means"},
           .store_bytes = store_bytes};
  OCK_TRY(check_k(r.x.n_rows, options->weights ? " with a weight" : "", options, err));
  OCK_TRY(ock_pool_new(options->threads, &r.pool, err));
  ockham_status status = ock_frame_init_weighted(&r.frame, r.x, weighed->weights, r.pool, err);
  if (!status) status = run_in_frame(&r, start_seconds, out, err);
  ock_pool_free(r.pool);
  return status;
}

ockham_status ockham_sweep_run(ockham_rows x, const ockham_sweep_options *options, ockham_sweep **out,
                               ockham_error *err) {
  *out = NULL;
  if (!options) options = &all_defaults;
  double start = ock_clock_seconds();
  OCK_TRY(check(x, options, err));
  ock_weighing weighed;
  OCK_TRY(ock_weighing_init(&weighed, x, options->weights, err));
  ockham_status status = sweep_weighed(&weighed, options, start, out, err);
  ock_weighing_clear(&weighed);
  return status;
}

static ockham_status check_overview(const ockham_row_source *source, const ockham_overview *overview,
                                    const ockham_sweep_options *o, ockham_error *err) {
  if (source->n_columns != overview->n_columns || overview->sample.n_rows == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the overview must be of the source, with a sample of its rows");
  for (size_t j = 0; j < overview->n_columns; j++) {
    double largest = fmax(fabs(overview->low[j]), fabs(overview->high[j]));
    if (!(largest <= largest_value))
      return ock_fail_at(err, OCKHAM_BAD_DATA, 0, j + 1,
                         "column %zu holds %g, which is too large, its square would overflow; at most %g can be used",
                         j + 1, largest, largest_value);
  }
  if (o->exact) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the exact silhouette needs all rows in memory");
  if (o->weights) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "rows of a source cannot be weighted");
  OCK_TRY(check_options(o, err));
  return check_k(overview->sample.n_rows, " searched", o, err);
}

ockham_status ockham_sweep_run_source(const ockham_row_source *source, const ockham_overview *overview,
                                      size_t memory_bytes, const ockham_sweep_options *options, ockham_sweep **out,
                                      ockham_error *err) {
  *out = NULL;
  if (!options) options = &all_defaults;
  double start = ock_clock_seconds();
  ock_feed feed;
  run r = {.x = overview->sample,
           .options = options,
           .wide = options->precision == OCKHAM_PRECISION_DOUBLE,
           .ticker = {.progress = options->progress, .stage = "k-means"},
           .feed = &feed};
  OCK_TRY(check_overview(source, overview, options, err));
  OCK_TRY(ock_plan_memory(source->n_columns, (double)memory_bytes, options->k_max, &r.plan, err));
  r.store_bytes = fmin(store_bytes, r.plan.store_bytes);
  r.partial_bytes = r.plan.partial_bytes;
  OCK_TRY(ock_feed_of_source(&feed, source, overview->n_rows, err));
  ockham_status status = ock_pool_new(options->threads, &r.pool, err);
  if (!status)
    status = ock_frame_of_ranges(&r.frame, overview->n_rows, source->n_columns, overview->mean, overview->low,
                                 overview->high, err);
  if (!status) status = run_in_frame(&r, start, out, err);
  ock_pool_free(r.pool);
  ock_feed_clear(&feed);
  return status;
}
