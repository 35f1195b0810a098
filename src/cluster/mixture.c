/* SPDX-License-Identifier: Apache-2.0 */
/* The public mixture: one k, and the family that BIC prefers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/mixture.h"
#include "stats/internal.h"

enum { DEFAULT_STEPS = 1000, ROWS_AT_ONCE = 1 << 16 };
static const double default_tolerance = 1e-6;

/* A fit in the making. */
typedef struct fitting {
  ockham_rows x;
  const ockham_mixture_options *options;
  bool wanted[OCKHAM_N_COVARIANCES];
  ock_pool *pool;
  ock_ticker ticker;
  ock_frame frame;
  uint32_t *label; /* of the k-means that is the start */
  double *centroids;
  size_t k;
  ock_store store;
  ock_em em;
} fitting;

/* ---- options ---- */

/* All families that differ in d columns and are worth a try. With no more rows than columns every matrix is singular,
 * and only the prior keeps it alive: mclust leaves those families out too. */
static void choose_families(size_t n, size_t d, bool *wanted) {
  bool may_be_full = ock_covariance_may_be_full(n, d, 1);
  for (size_t i = 0; i < OCKHAM_N_COVARIANCES; i++) {
    ockham_covariance f = (ockham_covariance)i;
    wanted[i] = ock_covariance_is_spherical(f) || (ock_covariance_is_full(f) ? may_be_full : d > 1);
  }
}

/* Which families the list names; NULL: the choice is ours. */
static ockham_status read_families(const char *list, size_t n, size_t d, bool *wanted, ockham_error *err) {
  memset(wanted, 0, OCKHAM_N_COVARIANCES * sizeof *wanted);
  if (!list) {
    choose_families(n, d, wanted);
    return OCKHAM_OK;
  }
  for (const char *at = list; *at;) {
    char name[8] = "";
    at += strspn(at, " ");
    size_t room = strcspn(at, ","), length = room;
    while (length > 0 && at[length - 1] == ' ') length--;
    if (length < sizeof name) memcpy(name, at, length);
    ockham_covariance family = ockham_covariance_find(name);
    if (family == OCKHAM_N_COVARIANCES)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected families such as EII,VVV, found '%.*s'", (int)length, at);
    if (d == 1) family = ockham_covariance_name(family)[0] == 'E' ? OCKHAM_EII : OCKHAM_VII; /* the others are these */
    wanted[family] = true;
    at += room;
    at += *at == ',';
  }
  for (size_t f = 0; f < OCKHAM_N_COVARIANCES; f++)
    if (wanted[f]) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected families such as EII,VVV, found none");
}

static ockham_status check_start(const ockham_mixture_options *o, size_t n, ockham_error *err) {
  for (size_t i = 0; o->start && i < n; i++) {
    double sum = 0;
    for (size_t j = 0; j < o->k; j++) {
      double value = o->start[i * o->k + j];
      sum += value >= 0 ? value : NAN;
    }
    if (!(fabs(sum - 1) <= 1e-6))
      return ock_fail_at(err, OCKHAM_BAD_ARGUMENT, i + 1, 0,
                         "start, row %zu: expected memberships of at least 0 whose sum is 1", i + 1);
  }
  return OCKHAM_OK;
}

static ockham_status check(ockham_rows x, const ockham_mixture_options *options, ockham_error *err) {
  OCK_TRY(ock_rows_check(x, "the data", err));
  OCK_TRY(ock_check_k_given(options != NULL, options ? options->k : 0, err));
  OCK_TRY(ock_check_row_count(x.n_rows, err));
  return check_start(options, x.n_rows, err);
}

/* ---- the start ---- */

/* Rows in the order of their labels: then most components get nothing from most panels. */
static ockham_status fill_store(fitting *f, ockham_error *err) {
  size_t n = f->x.n_rows;
  uint32_t *order = ock_alloc_array(n, sizeof *order);
  size_t *first = ock_alloc_array(f->k + 1, sizeof *first);
  ockham_status status = OCKHAM_NO_MEMORY;
  if (order && first) {
    ock_sort_by_label(f->label, n, first, f->k, order);
    status = ock_store_init(&f->store, &f->frame, f->x, order, n, true, f->pool, err);
  } else {
    status = ock_fail_memory(err, "the order of the rows", ock_size_product(n, sizeof *order));
  }
  ock_free(order);
  ock_free(first);
  return status;
}

/* The clusters of k-means, which rows are sorted by even where another start is given: then one step is enough. */
static ockham_status find_clusters(fitting *f, ockham_error *err) {
  const ockham_mixture_options *o = f->options;
  size_t restarts = o->restarts ? o->restarts : ock_usual_restarts(o->k);
  ockham_kmeans_options options = {.k = o->k,
                                   .seed = o->seed,
                                   .restarts = o->start ? 1 : restarts,
                                   .max_iterations = o->start ? 1 : 0,
                                   .threads = o->threads,
                                   .progress = o->progress,
                                   .weights = f->frame.weights};
  ockham_kmeans kmeans = {0};
  f->label = ock_alloc_array(f->x.n_rows, sizeof *f->label);
  if (!f->label) return ock_fail_memory(err, "the labels", ock_size_product(f->x.n_rows, sizeof *f->label));
  OCK_TRY(ockham_kmeans_fit(f->x, &options, f->label, &kmeans, err));
  f->k = kmeans.k;
  f->centroids = kmeans.centroids;
  kmeans.centroids = NULL;
  ockham_kmeans_clear(&kmeans);
  if (f->k < o->k)
    return ock_fail(err, OCKHAM_BAD_DATA, "the data have only %zu distinct rows, too few for %zu components", f->k,
                    o->k);
  for (size_t j = 0; j < f->k; j++)
    for (size_t l = 0; l < f->frame.d; l++) {
      double *value = &f->centroids[j * f->frame.d + l];
      *value = (*value - f->frame.origin[l]) * f->frame.unit;
    }
  return OCKHAM_OK;
}

/* ---- the fit ---- */

/* A family from the start, with Gaussian tails or not; where a component collapses again, with the prior. False when
 * that fails too, or the ticker stopped it. */
static bool fit_family(fitting *f, ockham_covariance family, bool fit_tail) {
  const ockham_mixture_options *o = f->options;
  ock_em *em = &f->em;
  size_t steps = o->max_steps ? o->max_steps : DEFAULT_STEPS;
  double tolerance = o->tolerance > 0 ? o->tolerance : default_tolerance;
  bool full = ock_covariance_is_full(family);
  em->fit_tail = fit_tail;
  for (int prior = 0; prior < 2; prior++) {
    em->prior = prior;
    if (o->start)
      ock_em_start_from(em, o->start, f->k, full);
    else
      ock_em_start(em, f->centroids, f->k, full);
    if (ock_em_run(em, family, steps, tolerance)) return true;
    if (f->ticker.stopped) return false;
  }
  return false;
}

static bool allocate_result(ockham_mixture *m, ockham_covariance family, size_t k, size_t d) {
  m->family = family;
  m->k = k;
  m->n_columns = d;
  m->proportions = ock_alloc_array(k, sizeof(double));
  m->means = ock_alloc_array(ock_size_product(k, d), sizeof(double));
  m->covariances = ock_alloc_array(k, ock_size_product(ockham_covariance_size(family, d), sizeof(double)));
  return m->proportions && m->means && m->covariances;
}

static void write_component(const ock_em *em, size_t from, ockham_mixture *to, size_t j) {
  const ock_frame *frame = em->store->frame;
  size_t d = em->d, second = ock_second_moments(d, em->full);
  const double *covariance = em->covariance + from * second;
  double *values = to->covariances + j * ockham_covariance_size(to->family, d);
  double scale = ock_tail_spread(em->tail, d) / (frame->unit * frame->unit);
  to->proportions[j] = em->proportion[from];
  for (size_t l = 0; l < d; l++) to->means[j * d + l] = em->mean[from * d + l] / frame->unit + frame->origin[l];
  if (!ock_covariance_is_full(to->family)) /* EM may have triangles even then */
    for (size_t l = 0; l < d; l++) values[l] = covariance[em->full ? l * (l + 3) / 2 : l] * scale;
  else
    for (size_t i = 0; i < d; i++)
      for (size_t l = 0; l <= i; l++) values[i * d + l] = values[l * d + i] = *covariance++ * scale;
}

static double bic_of(const ock_em *em) {
  return 2 * ock_em_log_likelihood(em) - ock_em_parameters(em) * log(em->store->total);
}

ockham_status ock_em_write(ock_em *em, ockham_mixture *to, uint32_t *labels, ockham_error *err) {
  size_t k = em->k, d = em->d;
  double log_certainty;
  ock_ranked *ranks = ock_alloc_array(k, sizeof *ranks);
  uint32_t *number = ock_alloc_array(k, sizeof *number);
  ockham_mixture_clear(to);
  bool fits = allocate_result(to, em->family, k, d) && ranks && number;
  if (fits) {
    for (size_t j = 0; j < k; j++) ranks[j] = (ock_ranked){em->proportion[j], em->mean + j * d, d, (uint32_t)j};
    qsort(ranks, k, sizeof *ranks, ock_compare_ranked);
    for (size_t j = 0; j < k; j++) {
      write_component(em, ranks[j].j, to, j);
      number[ranks[j].j] = (uint32_t)j;
    }
    to->log_likelihood = ock_em_log_likelihood(em);
    to->n_parameters = ock_em_parameters(em);
    to->tail = em->tail;
    to->bic = bic_of(em);
    to->aic = 2 * (to->log_likelihood - to->n_parameters);
    to->n_steps = em->n_steps;
    to->converged = em->converged;
    to->regularised = em->prior;
    ock_em_classify(em, &(ock_em_outputs){.label = labels}, &log_certainty, &to->entropy);
    to->icl = to->bic + 2 * log_certainty;
    bool stopped = em->ticker && em->ticker->stopped; /* then labels are no numbers of components */
    for (size_t i = 0; labels && !stopped && i < em->store->n; i++) labels[i] = number[labels[i]];
  }
  ock_free(ranks);
  ock_free(number);
  if (fits) return OCKHAM_OK;
  ockham_mixture_clear(to);
  return ock_fail_memory(err, "the mixture", ock_size_product(ock_size_product(k, d), d * sizeof(double)));
}

static ockham_status fail_stopped(ockham_error *err) {
  return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the mixture was fitted");
}

static ockham_status try_families(fitting *f, uint32_t *labels, ockham_mixture *result, ockham_error *err) {
  const ockham_mixture_options *o = f->options;
  double best = -INFINITY, bics[OCKHAM_N_COVARIANCES];
  for (size_t i = 0; i < OCKHAM_N_COVARIANCES; i++) {
    ockham_covariance family = (ockham_covariance)i;
    bics[i] = NAN;
    for (int tail = 0; f->wanted[i] && tail <= o->tails; tail++) {
      bool fitted = fit_family(f, family, tail);
      if (f->ticker.stopped) return fail_stopped(err);
      f->ticker.done++;
      if (!fitted) continue;
      bics[i] = fmax(bics[i], bic_of(&f->em));
      if (!(bics[i] > best)) continue;
      best = bics[i];
      OCK_TRY(ock_em_write(&f->em, result, labels, err));
      if (f->ticker.stopped) return fail_stopped(err);
    }
  }
  memcpy(result->family_bic, bics, sizeof bics);
  if (best > -INFINITY) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_DATA,
                  "no family can be fitted with %zu component%s: columns do not vary, or rows are too few", f->k,
                  f->k == 1 ? "" : "s");
}

static ockham_status fit(fitting *f, uint32_t *labels, ockham_mixture *result, ockham_error *err) {
  bool full = false;
  if (!isfinite(f->frame.unit * f->frame.unit)) return ock_fail_alike(err);
  OCK_TRY(find_clusters(f, err));
  OCK_TRY(fill_store(f, err));
  for (size_t i = 0; i < OCKHAM_N_COVARIANCES; i++) {
    full = full || (f->wanted[i] && ock_covariance_is_full((ockham_covariance)i));
    f->ticker.total += f->wanted[i] ? 1 + f->options->tails : 0;
  }
  f->ticker.stage = "mixture";
  OCK_TRY(ock_em_init(&f->em, &f->store, f->k, full, f->pool, &f->ticker, err));
  ock_em_measure_rows(&f->em, full);
  for (size_t l = 0; l < f->frame.d; l++) f->em.floor[l] = ock_em_least_variance(&f->em);
  ock_em_set_floor(&f->em, f->em.floor);
  return try_families(f, labels, result, err);
}

static ockham_status fit_weighed(const ock_weighing *weighed, const ockham_mixture_options *options, uint32_t *labels,
                                 ockham_mixture *result, ockham_error *err) {
  fitting f = {.x = weighed->x, .options = options, .ticker = {.progress = options->progress}};
  OCK_TRY(ock_check_k(options->k, f.x.n_rows, options->weights ? " with a weight" : "", err));
  OCK_TRY(read_families(options->families, f.x.n_rows, f.x.n_columns, f.wanted, err));
  OCK_TRY(ock_pool_new(options->threads, &f.pool, err));
  ockham_status status = ock_frame_init_weighted(&f.frame, f.x, weighed->weights, f.pool, err);
  if (!status) status = fit(&f, labels, result, err);
  ock_em_clear(&f.em);
  ock_store_clear(&f.store);
  ock_free(f.centroids);
  ock_free(f.label);
  ock_frame_clear(&f.frame);
  ock_pool_free(f.pool);
  return status;
}

/* The same where some rows have no weight, and get a label too. */
static ockham_status fit_picked(ockham_rows x, const ock_weighing *weighed, const ockham_mixture_options *options,
                                uint32_t *labels, ockham_mixture *result, ockham_error *err) {
  size_t n = weighed->x.n_rows, k = options->k;
  ockham_mixture_options picked = *options;
  double *start = options->start ? ock_alloc_array(n, k * sizeof *start) : NULL;
  if (options->start && !start) return ock_fail_memory(err, "the start", ock_size_product(n, k * sizeof *start));
  for (size_t i = 0; start && i < n; i++)
    memcpy(start + i * k, options->start + weighed->row[i] * k, k * sizeof *start);
  picked.start = start;
  ockham_status status = fit_weighed(weighed, &picked, NULL, result, err);
  if (!status && labels) status = ockham_mixture_predict(result, x, options->threads, labels, NULL, NULL, err);
  ock_free(start);
  return status;
}

ockham_status ockham_mixture_fit(ockham_rows x, const ockham_mixture_options *options, uint32_t *labels,
                                 ockham_mixture *result, ockham_error *err) {
  *result = (ockham_mixture){0};
  OCK_TRY(check(x, options, err));
  ock_weighing weighed;
  OCK_TRY(ock_weighing_init(&weighed, x, options->weights, err));
  ockham_status status = weighed.row ? fit_picked(x, &weighed, options, labels, result, err)
                                     : fit_weighed(&weighed, options, labels, result, err);
  ock_weighing_clear(&weighed);
  if (status) ockham_mixture_clear(result);
  return status;
}

void ockham_mixture_clear(ockham_mixture *mixture) {
  ock_free(mixture->proportions);
  ock_free(mixture->means);
  ock_free(mixture->covariances);
  *mixture = (ockham_mixture){0};
}

/* ---- is it one? ---- */

static ockham_status check_kind(const ockham_mixture *m, ockham_error *err) {
  const double least_tail = 0.1, most_tail = 10; /* what is fitted is from 0.3 to 4 */
  if (m->k == 0 || m->k >= UINT32_MAX || m->n_columns == 0)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "a mixture must have at least one component and one column, found %zu and %zu", m->k, m->n_columns);
  if (!m->proportions || !m->means || !m->covariances)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a mixture must have proportions, means and covariances, found NULL");
  if (!ockham_covariance_name(m->family))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the family must be one of %d, found number %d", OCKHAM_N_COVARIANCES,
                    (int)m->family);
  if (ock_size_product(m->k, ockham_covariance_size(m->family, m->n_columns)) > SIZE_MAX / sizeof(double))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "%zu covariances of %zu columns are more than can be addressed", m->k,
                    m->n_columns);
  if (!(m->tail >= least_tail && m->tail <= most_tail))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the tail must be from %g to %g, found %g", least_tail, most_tail,
                    m->tail);
  return OCKHAM_OK;
}

static ockham_status check_proportions(const ockham_mixture *m, ockham_error *err) {
  const double rounding = 1e-9;
  double sum = 0;
  for (size_t j = 0; j < m->k; j++) {
    if (!(m->proportions[j] > 0 && isfinite(m->proportions[j])))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the proportion of component %zu must be finite and positive, found %g",
                      j, m->proportions[j]);
    sum += m->proportions[j];
  }
  if (fabs(sum - 1) <= rounding) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the proportions of components must add up to 1, found %.10g", sum);
}

static ockham_status check_mean(const ockham_mixture *m, size_t j, ockham_error *err) {
  const double *mean = m->means + j * m->n_columns;
  for (size_t l = 0; l < m->n_columns; l++)
    if (!isfinite(mean[l]))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the mean of component %zu must be finite, found %g in column %zu", j,
                      mean[l], l + 1);
  return OCKHAM_OK;
}

static ockham_status check_variances(const ockham_mixture *m, size_t j, ockham_error *err) {
  const double *variance = m->covariances + j * m->n_columns;
  for (size_t l = 0; l < m->n_columns; l++)
    if (!isfinite(variance[l]))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the variance of component %zu must be finite, found %g in column %zu",
                      j, variance[l], l + 1);
  return OCKHAM_OK;
}

/* Finite, and alike on both sides of the diagonal. */
static ockham_status check_square(const ockham_mixture *m, size_t j, ockham_error *err) {
  const double rounding = 1e-9;
  size_t d = m->n_columns;
  const double *square = m->covariances + j * d * d;
  for (size_t i = 0; i < d; i++)
    for (size_t l = 0; l < d; l++) {
      double value = square[i * d + l], other = square[l * d + i];
      if (!isfinite(value))
        return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                        "the covariance of component %zu must be finite, found %g for columns %zu and %zu", j, value,
                        i + 1, l + 1);
      if (l < i && !(fabs(value - other) <= rounding * (fabs(value) + fabs(other))))
        return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                        "the covariance of component %zu must be symmetric, found %g and %g for columns %zu and %zu", j,
                        other, value, l + 1, i + 1);
    }
  return OCKHAM_OK;
}

/* The matrix of component j that its density has, in a frame of that unit: variances along the axes, or a packed
 * triangle. */
static void pack_component(const ockham_mixture *m, size_t j, bool full, double unit, double *packed) {
  size_t d = m->n_columns;
  bool square = ock_covariance_is_full(m->family);
  const double *values = m->covariances + j * ockham_covariance_size(m->family, d);
  double scale = unit * unit / ock_tail_spread(m->tail, d);
  for (size_t i = 0; i < d; i++)
    for (size_t l = full ? 0 : i; l <= i; l++)
      *packed++ = square ? scale * values[i * d + l] : l == i ? scale * values[i] : 0;
}

/* Whether there is a density of finite numbers. */
static bool has_factor(const ockham_mixture *m, size_t j, double *packed) {
  bool full = ock_covariance_is_full(m->family);
  size_t second = ock_second_moments(m->n_columns, full);
  double log_root, check = 0; /* a product with 0 is NaN for what is not finite */
  pack_component(m, j, full, 1, packed);
  for (size_t i = 0; i < second; i++) check += packed[i] * 0;
  if (check != 0 || !ock_inverse_factor(packed, m->n_columns, full, NULL, &log_root)) return false;
  for (size_t i = 0; i < second; i++) check += packed[i] * 0;
  return check == 0;
}

ockham_status ockham_mixture_check(const ockham_mixture *m, ockham_error *err) {
  OCK_TRY(check_kind(m, err));
  OCK_TRY(check_proportions(m, err));
  size_t second = ock_second_moments(m->n_columns, ock_covariance_is_full(m->family));
  double *packed = ock_alloc_array(second, sizeof *packed);
  if (!packed) return ock_fail_memory(err, "a covariance", ock_size_product(second, sizeof *packed));
  ockham_status status = OCKHAM_OK;
  for (size_t j = 0; j < m->k && !status; j++) {
    status = check_mean(m, j, err);
    if (!status) status = ock_covariance_is_full(m->family) ? check_square(m, j, err) : check_variances(m, j, err);
    if (!status && !has_factor(m, j, packed))
      status = ock_fail(err, OCKHAM_BAD_ARGUMENT, "the covariance of component %zu must be positive definite", j);
  }
  ock_free(packed);
  return status;
}

/* ---- what it says of rows ---- */

bool ock_em_put(ock_em *em, const ockham_mixture *mixture, bool full) {
  const ock_frame *frame = em->store->frame;
  size_t k = mixture->k, d = mixture->n_columns;
  if (k == 0) return false; /* it could not be kept */
  em->k = k;
  em->full = full || ock_covariance_is_full(mixture->family);
  em->family = mixture->family;
  em->tail = mixture->tail;
  memcpy(em->proportion, mixture->proportions, k * sizeof(double));
  for (size_t i = 0; i < k * d; i++) em->mean[i] = (mixture->means[i] - frame->origin[i % d]) * frame->unit;
  for (size_t j = 0; j < k; j++)
    pack_component(mixture, j, em->full, frame->unit, em->covariance + j * ock_second_moments(d, em->full));
  return ock_em_take_factors(em);
}

static double largest_absolute(const double *values, size_t n) {
  double most = 0;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(values[i]));
  return most;
}

/* Squares of what is farther out than this could overflow, and would then be taken for anything. */
static ockham_status check_reach(const ock_em *em, ockham_rows x, size_t first, ockham_error *err) {
  const double longest = 1e150;
  size_t d = em->d, second = ock_second_moments(d, em->full);
  double steepest = largest_absolute(em->factor, em->k * second) * sqrt((double)d * (double)second);
  double farthest = fmin(longest, longest / steepest) - largest_absolute(em->mean, em->k * d);
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t l = 0; l < d; l++)
      if (!(fabs(ock_rows_get(x, i, l)) <= farthest))
        return ock_fail_at(err, OCKHAM_BAD_DATA, first + i + 1, l + 1,
                           "row %zu is so far from every component that its squared distance overflows", first + i + 1);
  return OCKHAM_OK;
}

static ockham_status predict_some(const ockham_mixture *mixture, ockham_rows x, size_t first, ock_pool *pool,
                                  const ock_em_outputs *outputs, ockham_error *err) {
  ock_frame plain = {.n = x.n_rows, .d = x.n_columns, .total = (double)x.n_rows, .unit = 1};
  ock_store store;
  ock_em em;
  double certainty;
  plain.origin = ock_alloc_zeroed(x.n_columns, sizeof(double));
  if (!plain.origin) return ock_fail_memory(err, "the rows", ock_size_product(x.n_columns, sizeof(double)));
  ockham_status status = ock_store_init(&store, &plain, x, NULL, x.n_rows, true, pool, err);
  if (!status) {
    status = ock_em_init(&em, &store, mixture->k, ock_covariance_is_full(mixture->family), pool, NULL, err);
    if (!status && !ock_em_put(&em, mixture, false))
      status = ock_fail(err, OCKHAM_BAD_ARGUMENT, "a covariance of the mixture is singular");
    if (!status) status = check_reach(&em, x, first, err);
    if (!status) ock_em_classify(&em, outputs, &certainty, NULL);
    ock_em_clear(&em);
    ock_store_clear(&store);
  }
  ock_free(plain.origin);
  return status;
}

ockham_status ockham_mixture_predict(const ockham_mixture *mixture, ockham_rows x, size_t threads, uint32_t *labels,
                                     double *probabilities, double *log_densities, ockham_error *err) {
  ock_pool *pool;
  OCK_TRY(ock_rows_check(x, "the data", err));
  if (x.n_columns != mixture->n_columns)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected rows of %zu columns, found %zu", mixture->n_columns,
                    x.n_columns);
  OCK_TRY(ock_pool_new(threads, &pool, err));
  size_t stride_bytes = ock_rows_stride(x) * (x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double));
  ockham_status status = OCKHAM_OK;
  for (size_t first = 0; first < x.n_rows && !status; first += ROWS_AT_ONCE) {
    ockham_rows some = x;
    some.data = (const char *)x.data + first * stride_bytes;
    some.n_rows = x.n_rows - first < ROWS_AT_ONCE ? x.n_rows - first : ROWS_AT_ONCE;
    ock_em_outputs outputs = {.label = labels ? labels + first : NULL,
                              .membership = probabilities ? probabilities + first * mixture->k : NULL,
                              .log_density = log_densities ? log_densities + first : NULL};
    status = predict_some(mixture, some, first, pool, &outputs, err);
  }
  ock_pool_free(pool);
  return status;
}
