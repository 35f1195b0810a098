/* SPDX-License-Identifier: Apache-2.0 */
/* X-means and G-means: clusters are split in rounds, wherever a test of their rows says so. */
#include <ockham/splits.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "select/halves.h"
#include "select/internal.h"

enum { MAX_ITERATIONS = 100, MAX_PASSES = 300, FIRST_ROOM = 32, RNG_STREAM_AXES = 3000 };

/* A step that lowers the inertia by less than this share of it ends a round; the last goes on. */
static const double rough_tolerance = 1e-4;

/* Hamerly & Elkan's critical value: 0.0001 is what it exceeds by chance where rows are many. */
static const double published_critical = 1.8692;

typedef struct splitting {
  ockham_rows x;
  const ockham_splits_options *options;
  size_t k_max;
  double n_varying, variance_floor; /* X-means, in the frame's units */
  ock_frame frame;
  ock_pool *pool;
  ock_ticker ticker;
  bool wide;
  ock_store store;
  ock_lloyd state;
  ock_fit fit;                   /* of the rounds so far the last, or with X-means that of the highest BIC: */
  double score;                  /* its BIC */
  size_t n_iterations;           /* of states before this one */
  uint32_t *label;               /* n: of each row when its cluster was last asked */
  uint32_t *member;              /* n: rows by cluster */
  uint32_t *order;               /* of the rows, neighbours together; NULL: not known */
  ock_weighted_value *projected; /* n, G-means */
  ock_halver halver;
  ock_arena arena;
} splitting;

/* ---- what a cluster is asked ---- */

/* BIC of k round Gaussians of one variance, from sum_j n_j ln(n_j / n) and the sum of squares; -infinity where there
 * are not more rows than clusters. */
static double bic(const splitting *p, double k, double n, double mixing, double squares) {
  const double log_two_pi = 1.8378770664093454;
  double d = p->n_varying, left = n - k, price = k * (d + 1) / 2 * log(n);
  if (!(left > 0)) return -INFINITY;
  if (p->options->as_printed) {
    double variance = fmax(squares / left, d * p->variance_floor);
    return mixing - n / 2 * log_two_pi - n * d / 2 * log(variance) - (n - k * k) / 2 - price;
  }
  double variance = fmax(squares / (left * d), p->variance_floor);
  return mixing - n * d / 2 * (log_two_pi + log(variance)) - left * d / 2 - price;
}

static double mixing_term(const double *weights, size_t k, double n) {
  double sum = 0;
  for (size_t j = 0; j < k; j++)
    if (weights[j] > 0) sum += weights[j] * log(weights[j] / n);
  return sum;
}

/* By how much two clusters have the higher BIC. */
static double ask_bic(const splitting *p, const ock_halves *h) {
  double n = h->weight[0] + h->weight[1];
  return bic(p, 2, n, mixing_term(h->weight, 2, n), h->within - h->gain) - bic(p, 1, n, 0, h->within);
}

/* By how much the rows are less normal than alpha allows. */
static double ask_normality(const splitting *p, ock_weighted_value *values, size_t n) {
  ock_normality test = ock_normality_test(values, n);
  double alpha = p->options->alpha;
  if (!(test.n >= OCK_NORMALITY_FEWEST) || isnan(test.statistic)) return -INFINITY;
  if (alpha == 0) return test.statistic * (1 + 4 / test.n - 25 / (test.n * test.n)) - published_critical;
  return test.p < alpha ? test.statistic : -test.statistic;
}

/* One round: which clusters have changed, how they are cut, and what speaks for it (more than 0: split). */
typedef struct asking {
  splitting *p;
  size_t k, round;
  size_t *first;      /* k + 1: of each cluster's members */
  bool *changed;      /* k: since it was last asked */
  ock_halves *halves; /* k */
  double *evidence;   /* k */
  uint32_t *chosen;   /* k: those to split, the strongest first */
  size_t n_chosen;
  ock_arena arena;
} asking;

static void ask_cluster(void *arg, size_t j, size_t worker) {
  const asking *a = arg;
  splitting *p = a->p;
  const ock_halves *h = &a->halves[j];
  a->evidence[j] = -INFINITY;
  if (!(h->gain > 0)) return;
  if (p->options->method == OCKHAM_X_MEANS) {
    a->evidence[j] = ask_bic(p, h);
    return;
  }
  ock_project_on_halves(&p->halver, h, worker, p->projected + a->first[j]);
  a->evidence[j] = ask_normality(p, p->projected + a->first[j], h->n);
}

/* ---- a round ---- */

static ockham_status prepare(asking *a, ockham_error *err) {
  size_t k = a->k, d = a->p->frame.d;
  a->first = ock_arena_array(&a->arena, k + 1, sizeof *a->first);
  a->changed = ock_arena_array(&a->arena, k, sizeof *a->changed);
  a->halves = ock_arena_array(&a->arena, k, sizeof *a->halves);
  a->evidence = ock_arena_array(&a->arena, k, sizeof *a->evidence);
  a->chosen = ock_arena_array(&a->arena, k, sizeof *a->chosen);
  double *room = ock_arena_array(&a->arena, ock_size_product(4 * k, d), sizeof *room);
  if (!a->first || !a->changed || !a->halves || !a->evidence || !a->chosen || !room)
    return ock_fail_memory(err, "the halves of clusters", ock_size_product(4 * k, d * sizeof *room));
  for (size_t j = 0; j < k; j++, room += 4 * d)
    a->halves[j] = (ock_halves){.means = room, .mean = room + 2 * d, .variances = room + 3 * d};
  return OCKHAM_OK;
}

/* Note each row's label, and which clusters rows have joined or left since they were asked. */
static void note_labels(const asking *a) {
  const ock_lloyd *s = &a->p->state;
  memset(a->changed, 0, a->k * sizeof *a->changed);
  for (size_t i = 0; i < s->n; i++) {
    uint32_t *before = &a->p->label[s->store->row[i]], now = s->label[i];
    if (*before == now) continue;
    a->changed[now] = true;
    if (*before < a->k) a->changed[*before] = true;
    *before = now;
  }
}

static int compare_evidence(const void *a, const void *b, void *evidence) {
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  double x = ((const double *)evidence)[i], y = ((const double *)evidence)[j];
  return x != y ? (x > y ? -1 : 1) : i < j ? -1 : 1;
}

static void choose(asking *a) {
  for (uint32_t j = 0; j < a->k; j++)
    if (a->evidence[j] > 0) a->chosen[a->n_chosen++] = j;
  qsort_r(a->chosen, a->n_chosen, sizeof *a->chosen, compare_evidence, a->evidence);
  if (a->n_chosen > a->p->k_max - a->k) a->n_chosen = a->p->k_max - a->k;
}

/* Those that have changed; none is chosen when it is stopped. */
static void ask_clusters(asking *a) {
  splitting *p = a->p;
  for (size_t j = 0; j < a->k; j++) {
    a->halves[j].member = p->member + a->first[j];
    a->halves[j].n = a->changed[j] ? a->first[j + 1] - a->first[j] : 0;
    a->halves[j].stream = RNG_STREAM_AXES + a->round * (uint64_t)p->k_max + j;
  }
  ock_halve(&p->halver, a->halves, a->k, p->pool, &p->ticker);
  if (ock_pool_run_watched(p->pool, &p->ticker, a->k, ask_cluster, a)) choose(a);
}

/* A state with room for k clusters; what the one before knew is gone. */
static ockham_status renew_state(splitting *p, size_t k, ockham_error *err) {
  size_t room = 2 * p->state.k_max < FIRST_ROOM ? FIRST_ROOM : 2 * p->state.k_max;
  if (room < k) room = k;
  p->n_iterations += p->state.n_iterations;
  ock_lloyd_clear(&p->state);
  OCK_TRY(ock_lloyd_init(&p->state, &p->store, room < p->k_max ? room : p->k_max, p->options->seed, p->pool, &p->ticker,
                         err));
  p->state.plain = p->options->algorithm == OCKHAM_ALGORITHM_LLOYD;
  return OCKHAM_OK;
}

/* One half takes the cluster's number, the other a new one. */
static ockham_status split_chosen(splitting *p, const asking *a, ockham_error *err) {
  size_t d = p->frame.d, k = a->k + a->n_chosen;
  double *centroids = ock_alloc_array(ock_size_product(k, d), sizeof *centroids);
  if (!centroids) return ock_fail_memory(err, "the centroids", ock_size_product(k, d * sizeof *centroids));
  memcpy(centroids, p->state.centroids, a->k * d * sizeof *centroids);
  for (size_t i = 0; i < a->n_chosen; i++) {
    const double *means = a->halves[a->chosen[i]].means;
    memcpy(centroids + a->chosen[i] * d, means, d * sizeof *centroids);
    memcpy(centroids + (a->k + i) * d, means + d, d * sizeof *centroids);
  }
  ockham_status status = k > p->state.k_max ? renew_state(p, k, err) : OCKHAM_OK;
  if (!status) ock_lloyd_assign(&p->state, centroids, k);
  ock_free(centroids);
  if (status) return status;
  ock_lloyd_regroup_grown(&p->state);
  ock_lloyd_run(&p->state, MAX_ITERATIONS, rough_tolerance);
  return OCKHAM_OK;
}

static ockham_status ask_all(splitting *p, size_t round, size_t *n_split, ockham_error *err) {
  asking a = {.p = p, .k = p->state.k, .round = round};
  ockham_status status = prepare(&a, err);
  if (!status) {
    note_labels(&a);
    ock_sort_by_label(p->label, p->state.n, a.first, a.k, p->member);
    memmove(a.first + 1, a.first, a.k * sizeof *a.first); /* from where they end to where they begin */
    a.first[0] = 0;
    ask_clusters(&a);
    *n_split = a.n_chosen;
  }
  if (!status && a.n_chosen > 0) status = split_chosen(p, &a, err);
  ock_arena_clear(&a.arena);
  return status;
}

/* Keep the clustering if it is the best so far. */
static ockham_status keep(splitting *p, ockham_error *err) {
  const ock_lloyd *s = &p->state;
  if (p->options->method == OCKHAM_X_MEANS) {
    double n = p->store.total, score = bic(p, (double)s->k, n, mixing_term(s->weights, s->k, n), s->inertia);
    if (p->fit.centroids && !(score > p->score)) return OCKHAM_OK;
    p->score = score;
  }
  if (ock_fit_take(&p->fit, s)) return OCKHAM_OK;
  return ock_fail_memory(err, "the clustering", ock_size_product(s->k * 8, s->d + 2));
}

static double last_tolerance(const splitting *p) {
  return ock_rows_are_many(p->frame.n, p->frame.d) ? ock_tolerance_for_many : 0;
}

/* Rounds until no cluster asks for it, not even after the last steps. */
static ockham_status run_rounds(splitting *p, bool *too_fine, ockham_error *err) {
  ock_lloyd *s = &p->state;
  bool settled = false;
  for (size_t round = 0; !p->ticker.stopped; round++) {
    size_t n_split = 0;
    *too_fine = ock_store_is_too_fine(&p->store, s->inertia);
    if (*too_fine) return OCKHAM_OK;
    OCK_TRY(keep(p, err));
    p->ticker.done = s->k;
    if (s->k < p->k_max && !ock_ticker_stopped(&p->ticker)) OCK_TRY(ask_all(p, round, &n_split, err));
    if (n_split == 0 && settled) return OCKHAM_OK;
    settled = n_split == 0;
    if (settled) ock_lloyd_run(s, MAX_ITERATIONS, last_tolerance(p));
  }
  return OCKHAM_OK;
}

/* ---- from rows to the result ---- */

/* What BIC has to know of the data. */
static ockham_status survey(splitting *p, ockham_error *err) {
  ock_survey found;
  double unit = p->frame.unit, total = p->store.squares / unit / unit;
  OCK_TRY(ock_survey_rows(p->x, &p->frame, total, &found, err));
  p->n_varying = (double)found.n_varying;
  p->variance_floor = found.variance_floor * unit * unit;
  return found.n_varying == 0 || total > 0 ? OCKHAM_OK : ock_fail_alike(err);
}

static ockham_status search_once(splitting *p, bool *too_fine, ockham_error *err) {
  size_t k_min = p->options->k_min ? p->options->k_min : 1;
  OCK_TRY(ock_store_init(&p->store, &p->frame, p->x, NULL, p->x.n_rows, p->wide, p->pool, err));
  ockham_status status = p->options->method == OCKHAM_X_MEANS ? survey(p, err) : OCKHAM_OK;
  if (!status) status = renew_state(p, k_min, err);
  if (!status) {
    memset(p->label, 0xff, p->x.n_rows * sizeof *p->label);
    ock_lloyd_grow(&p->state, k_min);
    ock_lloyd_run(&p->state, MAX_ITERATIONS, rough_tolerance);
    status = run_rounds(p, too_fine, err);
  }
  p->n_iterations += p->state.n_iterations;
  if (!status && p->state.k_regrouped > 0) {
    ock_free(p->order);
    p->order = p->store.row;
    p->store.row = NULL;
  }
  ock_lloyd_clear(&p->state);
  ock_store_clear(&p->store);
  return status;
}

static ockham_status search(splitting *p, ockham_error *err) {
  bool too_fine = false;
  OCK_TRY(search_once(p, &too_fine, err));
  if (too_fine && !p->ticker.stopped) {
    p->wide = true;
    p->n_iterations = 0;
    ock_fit_clear(&p->fit);
    OCK_TRY(search_once(p, &too_fine, err));
  }
  if (!p->ticker.stopped) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the fit was done");
}

static ockham_status allocate(splitting *p, ockham_error *err) {
  size_t n = p->x.n_rows;
  p->label = ock_arena_array(&p->arena, n, sizeof *p->label);
  p->member = ock_arena_array(&p->arena, n, sizeof *p->member);
  bool fits = p->label && p->member;
  if (fits && p->options->method == OCKHAM_G_MEANS) {
    p->projected = ock_arena_array(&p->arena, n, sizeof *p->projected);
    fits = p->projected != NULL;
  }
  fits = fits && ock_halver_init(&p->halver, p->x, &p->frame, p->options->seed, p->pool, &p->arena);
  return fits ? OCKHAM_OK : ock_fail_memory(err, "the rows by cluster", ock_size_product(n, 24));
}

static ockham_status fit(splitting *p, uint32_t *labels, ockham_kmeans *result, ockham_error *err) {
  OCK_TRY(allocate(p, err));
  OCK_TRY(search(p, err));
  ock_settle_options settle = {.order = p->order,
                               .most_passes = MAX_PASSES,
                               .tolerance = last_tolerance(p),
                               .wide = p->wide,
                               .plain = p->options->algorithm == OCKHAM_ALGORITHM_LLOYD,
                               .may_drop = true,
                               .label = labels};
  ock_fit *fits[1] = {&p->fit};
  ockham_work work = {0};
  OCK_TRY(ock_settle(p->x, &p->frame, fits, 1, &settle, p->pool, &p->ticker, &work, err));
  if (p->ticker.stopped || !p->fit.settled) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the fit was done");
  OCK_TRY(ock_kmeans_of_fit(&p->fit, &p->frame, result, err));
  result->exact = p->fit.k == 1;
  result->converged = p->fit.converged;
  result->n_iterations = p->n_iterations + p->fit.n_passes - 1;
  return OCKHAM_OK;
}

static size_t choose_k_max(const ockham_splits_options *o, size_t n_rows) {
  if (o->k_max) return o->k_max;
  size_t k_max = o->k_min > OCKHAM_SPLITS_K_MAX ? o->k_min : OCKHAM_SPLITS_K_MAX;
  return k_max < n_rows ? k_max : n_rows;
}

static ockham_status fit_weighed(const ock_weighing *weighed, const ockham_splits_options *options, uint32_t *labels,
                                 ockham_kmeans *result, ockham_error *err) {
  const char *which = options->weights ? " with a weight" : "";
  size_t n = weighed->x.n_rows;
  OCK_TRY(ock_check_k(options->k_min, n, which, err));
  OCK_TRY(ock_check_k(options->k_max, n, which, err));
  splitting p = {.x = weighed->x,
                 .options = options,
                 .k_max = choose_k_max(options, n),
                 .wide = options->precision == OCKHAM_PRECISION_DOUBLE,
                 .ticker = {.progress = options->progress, .stage = "splits"}};
  ock_fit_init(&p.fit);
  OCK_TRY(ock_pool_new(options->threads, &p.pool, err));
  ockham_status status = ock_frame_init_weighted(&p.frame, p.x, weighed->weights, p.pool, err);
  if (!status) status = fit(&p, labels, result, err);
  ock_fit_clear(&p.fit);
  ock_free(p.order);
  ock_arena_clear(&p.arena);
  ock_frame_clear(&p.frame);
  ock_pool_free(p.pool);
  return status;
}

/* The same, and labels also of the rows that do not count. */
static ockham_status fit_picked(ockham_rows x, const ock_weighing *weighed, const ockham_splits_options *options,
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

static ockham_status check(ockham_rows x, const ockham_splits_options *o, ockham_error *err) {
  OCK_TRY(ock_rows_check(x, "the data", err));
  OCK_TRY(ock_check_algorithm(o->algorithm, o->precision, err));
  OCK_TRY(ock_check_row_count(x.n_rows, err));
  if (o->method > OCKHAM_G_MEANS) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "there is no method %d", (int)o->method);
  OCK_TRY(ock_check_k_range(o->k_min, o->k_max, err));
  if (!(o->alpha >= 0 && o->alpha < 1))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "alpha must be between 0 and 1, found %g", o->alpha);
  return OCKHAM_OK;
}

static const ockham_splits_options all_defaults = {0};

ockham_status ockham_splits_fit(ockham_rows x, const ockham_splits_options *options, uint32_t *labels,
                                ockham_kmeans *result, ockham_error *err) {
  *result = (ockham_kmeans){0};
  if (!options) options = &all_defaults;
  OCK_TRY(check(x, options, err));
  ock_weighing weighed;
  OCK_TRY(ock_weighing_init(&weighed, x, options->weights, err));
  ockham_status status = weighed.row && labels ? fit_picked(x, &weighed, options, labels, result, err)
                                               : fit_weighed(&weighed, options, labels, result, err);
  ock_weighing_clear(&weighed);
  return status;
}
