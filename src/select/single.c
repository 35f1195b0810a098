/* SPDX-License-Identifier: Apache-2.0 */
/* One cluster, of a shape that no component of ours has: before several components are believed, one cluster has had
 * its chance to be skewed, to have tails that fall as a power, or to fill a box. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "select/mixtures.h"
#include "stats/internal.h"

/* Where one value has more than this share of the rows, a density sticks to it. */
static const double most_ties = 0.2;

/* The rows of the mixtures, by rows and by columns. */
typedef struct single {
  size_t n, d;
  double total;
  double *rows, *columns, *sorted, *z;
  double *weight;         /* NULL: 1 each */
  double *log_likelihood; /* d: of each column's best shape */
  ock_shape_result *result;
  ock_arena arena;
} single;

static bool gather(single *s, const ock_store *store) {
  size_t n = s->n = store->n, d = s->d = store->d, values = ock_size_product(n, d);
  s->total = store->total;
  s->rows = ock_arena_array(&s->arena, values, sizeof(double));
  s->columns = ock_arena_array(&s->arena, values, sizeof(double));
  s->sorted = ock_arena_array(&s->arena, values, sizeof(double));
  s->z = ock_arena_array(&s->arena, values, sizeof(double));
  s->log_likelihood = ock_arena_array(&s->arena, d, sizeof(double));
  s->result = ock_arena_array(&s->arena, d, sizeof *s->result);
  s->weight = store->weight ? ock_arena_array(&s->arena, n, sizeof(double)) : NULL;
  if (!s->rows || !s->columns || !s->sorted || !s->z || !s->log_likelihood || !s->result ||
      (store->weight && !s->weight))
    return false;
  for (size_t i = 0; i < n; i++) {
    ock_store_read_row(store, i, s->rows + i * d);
    for (size_t l = 0; l < d; l++) s->columns[l * n + i] = s->rows[i * d + l];
    if (s->weight) s->weight[i] = ock_store_weight(store, i);
  }
  return true;
}

/* ---- skewed columns, and how they hang together ---- */

static bool has_many_ties(const double *sorted, size_t n) {
  size_t run = 1, longest = 1;
  for (size_t i = 1; i < n; i++) {
    run = sorted[i] > sorted[i - 1] ? 1 : run + 1;
    longest = run > longest ? run : longest;
  }
  return (double)longest > most_ties * (double)n;
}

/* The better of the two shapes, and the normal values that it makes of the column. */
static ock_shape_result shape_column(single *s, size_t l) {
  const double *x = s->columns + l * s->n;
  double *z = s->z + l * s->n;
  ock_sinh_arcsinh_fit tailed;
  ock_power_fit skewed;
  bool has_tailed = ock_sinh_arcsinh_estimate(x, s->weight, s->n, &tailed);
  ock_shape_result result = ock_power_estimate(x, s->weight, s->n, &skewed);
  if (result == OCK_SHAPE_NO_MEMORY || (result == OCK_SHAPE_NONE && !has_tailed)) return result;
  bool by_power = result == OCK_SHAPE_FITTED && !(has_tailed && tailed.log_likelihood > skewed.log_likelihood);
  for (size_t i = 0; i < s->n; i++) z[i] = by_power ? ock_power_normal(&skewed, x[i]) : ock_sinh_arcsinh(&tailed, x[i]);
  s->log_likelihood[l] = by_power ? skewed.log_likelihood : tailed.log_likelihood;
  return OCK_SHAPE_FITTED;
}

static void fit_column(void *arg, size_t l, size_t worker) {
  single *s = arg;
  const double *x = s->columns + l * s->n;
  double *sorted = s->sorted + l * s->n;
  (void)worker;
  memcpy(sorted, x, s->n * sizeof *sorted);
  qsort(sorted, s->n, sizeof *sorted, ock_compare_doubles);
  s->result[l] = has_many_ties(sorted, s->n) ? OCK_SHAPE_NONE : shape_column(s, l);
}

/* What the correlation of the columns' normal values adds to the log-likelihood: a Gaussian copula. */
static double copula_gain(const single *s, double *correlation, double *room) {
  size_t n = s->n, d = s->d;
  double trace = 0, product = 0;
  for (size_t i = 0, at = 0; i < d; i++)
    for (size_t j = 0; j <= i; j++, at++) {
      double sum = 0;
      for (size_t r = 0; r < n; r++) sum += (s->weight ? s->weight[r] : 1) * s->z[i * n + r] * s->z[j * n + r];
      room[at] = sum / s->total;
    }
  for (size_t i = 0, at = 0; i < d; i++)
    for (size_t j = 0; j <= i; j++, at++)
      correlation[at] = room[at] / sqrt(room[i * (i + 1) / 2 + i] * room[j * (j + 1) / 2 + j]);
  /* |R|, and the trace of R^-1 S: with R the correlation of S both follow from R's factor and the diagonal of S. */
  if (!ock_cholesky(correlation, d)) return 0;
  double log_determinant = 2 * ock_factor_log_root(correlation, d);
  ock_triangle_invert(correlation, d);
  for (size_t i = 0; i < d; i++) { /* row i of the inverse factor, times S, times itself */
    const double *row = correlation + i * (i + 1) / 2;
    for (size_t a = 0; a <= i; a++)
      for (size_t b = 0; b <= i; b++)
        product += row[a] * row[b] * (a >= b ? room[a * (a + 1) / 2 + b] : room[b * (b + 1) / 2 + a]);
    trace += room[i * (i + 1) / 2 + i];
  }
  return -0.5 * s->total * (log_determinant + product - trace);
}

/* ---- the best shape ---- */

/* With few rows parameters cost more, as in ock_mixture_price() those of one component. */
static double bic_of(double log_likelihood, double parameters, double n, double columns) {
  double left = n - 1 - columns - 1;
  return left > 0 ? 2 * log_likelihood - parameters * log(n) * n / left : -INFINITY;
}

static void consider(const single *s, ockham_shape shape, double log_likelihood, double parameters, bool full,
                     ock_single *best) {
  double bic = bic_of(log_likelihood, parameters, s->total, full ? (double)s->d : 1);
  if (!(bic > best->bic)) return;
  *best = (ock_single){.shape = shape, .log_likelihood = log_likelihood, .bic = bic};
}

static ockham_status consider_skewed(const single *s, bool full, ock_single *best, ockham_error *err) {
  size_t d = s->d, second = d * (d + 1) / 2;
  double sum = 0, parameters = 4 * (double)d;
  for (size_t l = 0; l < d; l++) sum += s->log_likelihood[l];
  consider(s, OCKHAM_SHAPE_SKEWED, sum, parameters, false, best);
  if (!full) return OCKHAM_OK;
  double *room = ock_alloc_array(2 * second, sizeof *room);
  if (!room) return ock_fail_memory(err, "one cluster", 2 * second * sizeof *room);
  sum += copula_gain(s, room, room + second);
  ock_free(room);
  consider(s, OCKHAM_SHAPE_SKEWED, sum, parameters + (double)(d * (d - 1) / 2), true, best);
  return OCKHAM_OK;
}

static void consider_box(const single *s, ock_single *best) {
  double logs = 0;
  for (size_t l = 0; l < s->d; l++) {
    const double *sorted = s->sorted + l * s->n;
    logs += log(sorted[s->n - 1] - sorted[0]);
  }
  consider(s, OCKHAM_SHAPE_BOX, -s->total * logs, 2 * (double)s->d, false, best);
}

static ockham_status consider_student(const single *s, bool full, ock_ticker *ticker, ock_single *best,
                                      ockham_error *err) {
  double d = (double)s->d, log_likelihood, freedom;
  const double variances[] = {[OCK_SPHERE] = 1, [OCK_ALONG_AXES] = d, [OCK_ANY_ORIENTATION] = d * (d + 1) / 2};
  for (int o = OCK_SPHERE; o <= (full ? OCK_ANY_ORIENTATION : OCK_ALONG_AXES) && !ock_ticker_stopped(ticker); o++) {
    ock_shape_result result =
        ock_student_estimate(s->rows, s->weight, s->n, s->d, (ock_orientation)o, &log_likelihood, &freedom);
    if (result == OCK_SHAPE_NO_MEMORY) return ock_fail_memory(err, "one cluster", 2 * s->n * sizeof(double));
    if (result == OCK_SHAPE_FITTED)
      consider(s, OCKHAM_SHAPE_STUDENT, log_likelihood, d + 1 + variances[o], o == OCK_ANY_ORIENTATION, best);
  }
  return OCKHAM_OK;
}

/* Whether every column varies by more than the floor of variances, over the middle half of its values. */
static bool varies(const single *s, const double *floor) {
  for (size_t l = 0; l < s->d; l++)
    if (!(ock_quartile_variance(s->sorted + l * s->n, s->n) > floor[l])) return false;
  return true;
}

/* Shapes are for columns that vary, and whose values are not a few that repeat. */
static ockham_status consider_all(single *s, bool full, const double *floor, ock_pool *pool, ock_ticker *ticker,
                                  ock_single *best, ockham_error *err) {
  if (!ock_pool_run_watched(pool, ticker, s->d, fit_column, s) || !varies(s, floor)) return OCKHAM_OK;
  for (size_t l = 0; l < s->d; l++) {
    if (s->result[l] == OCK_SHAPE_NO_MEMORY) return ock_fail_memory(err, "one cluster", s->n * sizeof(double));
    if (s->result[l] == OCK_SHAPE_NONE) return OCKHAM_OK;
  }
  OCK_TRY(consider_skewed(s, full, best, err));
  consider_box(s, best);
  return consider_student(s, full, ticker, best, err);
}

ockham_status ock_single_find(const ock_store *store, bool full, const double *floor, ock_pool *pool,
                              ock_ticker *ticker, ock_single *best, ockham_error *err) {
  single s = {0};
  *best = (ock_single){.bic = -INFINITY};
  ockham_status status = OCKHAM_OK;
  if (!gather(&s, store))
    status =
        ock_fail_memory(err, "one cluster", ock_size_product(ock_size_product(store->n, store->d), 4 * sizeof(double)));
  if (!status) status = consider_all(&s, full, floor, pool, ticker, best, err);
  if (!status && best->bic > -INFINITY) { /* from the frame's units to the data's */
    double units = store->total * (double)store->d * log(store->frame->unit);
    best->log_likelihood += units;
    best->bic += 2 * units;
  }
  ock_arena_clear(&s.arena);
  return status;
}
