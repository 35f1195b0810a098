/* SPDX-License-Identifier: Apache-2.0 */
/* The public sweep: which k are tried, in which order, and what is gathered of them; verdict.c says what comes of it.
 */
#include <math.h>
#include <string.h>

#include "select/evidence.h"
#include "select/mixtures.h"

enum { DEFAULT_K_LOW = 10, DEFAULT_K_HIGH = 60 };

/* The estimate of the silhouette looks at so many times fewer pairs than the exact one may. */
enum { SHARE_TO_ESTIMATE = 4 };

static const double largest_value = 1e140;

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
  OCK_TRY(ock_check_k_range(o->k_min, o->k_max, err));
  OCK_TRY(ock_check_algorithm(o->algorithm, o->precision, err));
  if (o->k_max > UINT16_MAX)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a sweep goes up to k = %d, found %zu", UINT16_MAX, o->k_max);
  return OCKHAM_OK;
}

/* k among the rows that count. */
static ockham_status check_k(size_t n_rows, const char *which, const ockham_sweep_options *o, ockham_error *err) {
  OCK_TRY(ock_check_k(o->k_min, n_rows, which, err));
  return ock_check_k(o->k_max, n_rows, which, err);
}

static ockham_status check(ockham_rows x, const ockham_sweep_options *o, ockham_error *err) {
  OCK_TRY(ock_rows_check(x, "the data", err));
  OCK_TRY(check_magnitudes(x, err));
  OCK_TRY(ock_check_row_count(x.n_rows, err));
  return check_options(o, err);
}

/* The range should go on this far above the best k: a peak at the edge is no peak. */
static size_t margin_above(size_t k) {
  return k / 4 > 3 ? k / 4 : 3;
}

/* How many rows there are, counted by their weights. */
static size_t count_rows(const ock_run *r) {
  return r->frame.total < 1 ? 1 : r->frame.total < 1e15 ? (size_t)llround(r->frame.total) : (size_t)1e15;
}

static ockham_status choose_range(ock_run *r, ockham_error *err) {
  size_t n = count_rows(r), k_min = r->sweep->k_min;
  if (r->options->k_max) {
    r->k_target = r->k_end = r->options->k_max;
    return OCKHAM_OK;
  }
  /* More clusters than a third of the rows are not looked for: too few rows are left to tell spread from noise. */
  size_t most = ock_clamp((r->feed ? r->x.n_rows : n) / 3, k_min, r->x.n_rows);
  r->k_end = ock_clamp(r->feed ? r->plan.k_limit : OCKHAM_K_LIMIT, k_min, most);
  size_t root = (size_t)lround(sqrt((double)n));
  r->k_target = ock_clamp(ock_clamp(root, DEFAULT_K_LOW, DEFAULT_K_HIGH), k_min, r->k_end);
  if (r->k_target < k_min + DEFAULT_K_LOW) r->k_target = ock_clamp(k_min + DEFAULT_K_LOW, k_min, r->k_end);
  if (root <= r->k_target) return OCKHAM_OK;
  /* Clusters in clusters make a criterion peak early; a quick look as far as the root of n tells where the last peak
   * is. */
  size_t k;
  OCK_TRY(ock_scout(r->x, &r->frame, &r->wide, ock_clamp(root, r->k_target, r->k_end), r->options->seed, r->pool,
                    &r->ticker, &k, err));
  r->k_target = ock_clamp(k + margin_above(k), r->k_target, r->k_end);
  return OCKHAM_OK;
}

/* ---- what is wanted ---- */

static bool is_of_mixtures(const ockham_criterion *criterion) {
  return criterion->evidence == OCKHAM_EVIDENCE_MIXTURES;
}

/* Whether it needs more of the rows than fits, or mixtures of some, show. */
static bool needs_rows(const ockham_criterion *criterion) {
  return criterion->evidence != OCKHAM_EVIDENCE_CURVE && criterion->evidence != OCKHAM_EVIDENCE_MIXTURES;
}

/* How many pairs of rows the exact silhouette may look at. */
static double most_pairs(const ock_run *r) {
  const double cost = 8; /* of a pair beside its columns */
  return OCKHAM_SILHOUETTE_LIMIT / ((double)r->x.n_columns + cost);
}

static ock_silhouettes silhouettes_wanted(const ock_run *r) {
  if (r->options->no_silhouette) return OCK_SILHOUETTES_NONE;
  double pairs = (double)r->x.n_rows * (double)r->x.n_rows;
  return pairs <= most_pairs(r) || r->options->exact ? OCK_SILHOUETTES_ALL : OCK_SILHOUETTES_SIMPLIFIED;
}

/* Whether the criterion that decides is known only once silhouettes are. */
static bool needs_silhouette(const ockham_sweep *sweep) {
  return strstr(sweep->criterion->name, "silhouette") != NULL;
}

/* The best k is so near the end of the range that a better one may lie beyond: extend the range, if it may be. */
static bool extend(ock_run *r, ockham_sweep *sweep) {
  bool later = sweep->criterion->evidence != OCKHAM_EVIDENCE_CURVE; /* which comes after, and not much beyond BIC */
  const ockham_criterion *criterion = later ? ockham_criterion_find("bic") : sweep->criterion;
  size_t best = ockham_criterion_choose(criterion, &sweep->curve);
  if (r->ticker.stopped || sweep->distinct_limit || r->k_target >= r->k_end || best == SIZE_MAX) return false;
  size_t k = sweep->curve.points[best].k;
  if (k + margin_above(k) <= r->k_target) return false;
  r->k_target = ock_clamp(r->k_target + r->k_target / 2, r->k_target + 1, r->k_end);
  sweep->extended = true;
  return true;
}

/* Fit every k up to k_target; *more says that the range has been extended and this is to be done again. */
static ockham_status cover(ock_run *r, bool *more, ockham_error *err) {
  ockham_sweep *sweep = r->sweep;
  OCK_TRY(ock_run_fit_all(r, err));
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
  ock_rows_in_order rows = ock_run_rows(r);
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

static ockham_status survey_whole(ock_run *r, ockham_error *err) {
  ockham_sweep *whole = r->whole;
  double total = whole->fits[0].inertia / r->frame.unit / r->frame.unit;
  OCK_TRY(ock_survey_rows(r->x, &r->frame, total, &whole->survey, err));
  if (whole->survey.n_varying == 0 || total > 0) return OCKHAM_OK;
  return ock_fail_alike(err);
}

/* Whether an inertia is rounding only: there are no more distinct rows than clusters, in the sample or elsewhere. */
static bool is_nothing(double inertia, const ockham_sweep *whole) {
  return inertia <= 1e-24 * whole->fits[0].inertia;
}

/* After the search: measure its fits on all rows; *more says that the search is to go further. */
static ockham_status cover_whole(ock_run *r, bool *more, ockham_error *err) {
  ockham_sweep *whole = r->whole;
  if (!r->ticker.stopped) {
    OCK_TRY(ock_fits_adopt(whole, r->sweep, err));
    OCK_TRY(ock_run_settle(r, whole, r->feed, err));
  }
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

/* Mixtures for k up to a little more than k-means finds by BIC, further while the best is at the end. */
static ockham_status find_mixtures(ock_run *r, ockham_sweep *sweep, ockham_error *err) {
  enum { LEAST_MORE = 5 };
  if (!r->options->mixtures && !r->options->all_criteria && !is_of_mixtures(sweep->criterion)) return OCKHAM_OK;
  if (sweep->survey.n_varying < sweep->d || r->ticker.stopped) return OCKHAM_OK;
  size_t best = ockham_criterion_choose(ockham_criterion_find("bic"), &sweep->curve);
  size_t k_round = best == SIZE_MAX ? sweep->k_min : sweep->curve.points[best].k, limit = sweep->k_max;
  size_t k = ock_clamp(k_round + (k_round / 4 > LEAST_MORE ? k_round / 4 : LEAST_MORE), 1, limit);
  ock_mixtures *found = ock_alloc_zeroed(1, sizeof *found);
  if (!found) return ock_fail_memory(err, "the mixtures", sizeof *found);
  for (;;) {
    ock_mixtures_clear(found);
    ock_mixtures_question question = {.x = r->x,
                                      .k_max = k,
                                      .k_round = k_round,
                                      .seed = r->options->seed,
                                      .doubts = is_of_mixtures(sweep->criterion),
                                      .by_default = sweep->by_default,
                                      .most_bytes = r->feed ? r->plan.silhouette_bytes : 0};
    ockham_status status = ock_mixtures_find(sweep, &question, r->pool, &r->ticker, found, err);
    if (status) {
      ock_free(found);
      return status;
    }
    if (k == limit || found->best_k < k || r->ticker.stopped) break;
    k = ock_clamp(2 * k, 1, limit);
  }
  if (r->ticker.stopped) { /* what has come down only part of the way says nothing */
    ock_mixtures_clear(found);
    ock_free(found);
    return OCKHAM_OK;
  }
  sweep->mixtures = found;
  return OCKHAM_OK;
}

/* Whether evidence of this kind is to be gathered. */
static bool is_wanted(const ock_run *r, const ockham_sweep *sweep, ockham_evidence evidence) {
  return r->options->all_criteria || sweep->criterion->evidence == evidence;
}

/* What is gathered where all rows are in memory. */
static const struct {
  ockham_evidence evidence;
  ock_gather *gather;
} gathers[] = {{OCKHAM_EVIDENCE_ROWS, ock_gather_rows},
               {OCKHAM_EVIDENCE_PAIRS, ock_gather_pairs},
               {OCKHAM_EVIDENCE_RESAMPLES, ock_gather_resamples}};

/* What criteria need beside the curve. When it was stopped before there was any for the one that decides, BIC does. */
static ockham_status gather(ock_run *r, ockham_sweep *sweep, ockham_error *err) {
  OCK_TRY(find_mixtures(r, sweep, err));
  for (size_t i = 0; !r->feed && i < sizeof gathers / sizeof *gathers; i++)
    if (is_wanted(r, sweep, gathers[i].evidence) && !r->ticker.stopped) OCK_TRY(gathers[i].gather(r, sweep, err));
  OCK_TRY(ock_sweep_build_curve(sweep, err));
  bool can_decide = ockham_criterion_has_evidence(sweep->criterion, &sweep->curve);
  if (can_decide && !r->options->criterion) /* rows may be too few for any mixture, or hardly any different ones */
    can_decide = ockham_criterion_choose(sweep->criterion, &sweep->curve) != SIZE_MAX &&
                 ock_mixtures_can_decide(sweep->mixtures, sweep->d, sweep->distinct_limit);
  if (!can_decide && (r->ticker.stopped || !r->options->criterion)) sweep->criterion = ockham_criterion_find("bic");
  return r->feed ? OCKHAM_OK : ock_sweep_take_mixture(sweep, r->x, ock_pool_size(r->pool), err);
}

static ockham_status run_sweep(ock_run *r, ockham_error *err) {
  OCK_TRY(choose_range(r, err));
  for (bool more = true; more;) {
    r->ticker.done = 0;
    r->ticker.total = r->k_target * (2 * (ock_run_rounds(r) + 1) + 1 + 3); /* climbs, finishing, and settling thrice */
    OCK_TRY(ock_sweep_reserve(r->sweep, r->k_target, err));
    OCK_TRY(cover(r, &more, err));
    if (!more && r->feed) OCK_TRY(cover_whole(r, &more, err));
  }
  return gather(r, r->feed ? r->whole : r->sweep, err);
}

static ockham_status sweep_in_frame(ock_run *r, ockham_error *err) {
  OCK_TRY(ock_sweep_new(&r->frame, r->options, &r->sweep, err));
  if (r->feed) r->sweep->total_weight = (double)(r->sweep->n = r->x.n_rows);
  ockham_error problem = {0}; /* a stop is one inside, and none to the caller when there is a partial sweep */
  ockham_status status = r->feed ? ock_sweep_new(&r->frame, r->options, &r->whole, &problem) : OCKHAM_OK;
  if (!status) status = run_sweep(r, &problem);
  if (!status && ock_ticker_gave_up(&r->ticker))
    status = ock_fail(&problem, OCKHAM_INTERRUPTED, "stopped before there was a result");
  if (status && err) *err = problem;
  return status;
}

/* Sweep in a frame, which is the result's then; it is free in any case. */
static ockham_status run_in_frame(ock_run *r, double start_seconds, ockham_sweep **out, ockham_error *err) {
  ockham_status status = sweep_in_frame(r, err);
  ockham_sweep *result = r->feed ? r->whole : r->sweep, *other = r->feed ? r->sweep : NULL;
  if (other && result) {
    result->work.distances += other->work.distances;
    result->work.plain_distances += other->work.plain_distances;
    result->work.steps += other->work.steps;
  }
  ockham_sweep_free(r->some);
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
  ock_run r = {.x = weighed->x,
               .options = options,
               .wide = options->precision == OCKHAM_PRECISION_DOUBLE,
               .ticker = {.progress = options->progress, .stage = "k-means"},
               .store_bytes = ock_store_most_bytes};
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
  if (o->criterion && needs_rows(ockham_criterion_find(o->criterion)))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "criterion '%s' needs all rows in memory", o->criterion);
  return check_k(overview->sample.n_rows, " searched", o, err);
}

ockham_status ockham_sweep_run_source(const ockham_row_source *source, const ockham_overview *overview,
                                      size_t memory_bytes, const ockham_sweep_options *options, ockham_sweep **out,
                                      ockham_error *err) {
  *out = NULL;
  if (!options) options = &all_defaults;
  double start = ock_clock_seconds();
  ock_feed feed;
  ock_run r = {.x = overview->sample,
               .options = options,
               .wide = options->precision == OCKHAM_PRECISION_DOUBLE,
               .ticker = {.progress = options->progress, .stage = "k-means"},
               .feed = &feed};
  OCK_TRY(check_overview(source, overview, options, err));
  OCK_TRY(ock_plan_memory(source->n_columns, (double)memory_bytes, options->k_max, &r.plan, err));
  r.store_bytes = fmin(ock_store_most_bytes, r.plan.store_bytes);
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
