/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/table.h"

/* Values up to which the squares of differences, summed over many columns, stay finite in each type. */
#define LARGEST_FLOAT64 1e150
#define LARGEST_FLOAT32 1e16

/* What is measured of the columns of x. Differences are taken in units of 2^k near each column's range, which makes
 * them at most 2 in size: neither 1e300 nor 1e-200 overflows or vanishes when squared, and the unit costs no bits. */
typedef struct measures {
  ockham_rows x;
  const double *weights; /* of the rows; NULL: all 1 */
  double total;          /* their sum */
  double *row;           /* scratch for one row as doubles */
  double *low, *high;    /* extremes */
  double *unit;          /* 1 / 2^k; 0 for a column that is constant */
  double *mean, *sd;
  double spread_ratio;
} measures;

/* ---- reading rows ---- */

static const double *row_as_doubles(const measures *m, size_t i) {
  size_t at = i * ock_rows_stride(m->x);
  if (m->x.dtype == OCKHAM_FLOAT64) return (const double *)m->x.data + at;
  const float *from = (const float *)m->x.data + at;
  for (size_t j = 0; j < m->x.n_columns; j++) m->row[j] = (double)from[j];
  return m->row;
}

/* ---- mean and standard deviation ---- */

static double weight_of(const measures *m, size_t i) {
  return m->weights ? m->weights[i] : 1;
}

static void find_extremes(measures *m) {
  size_t d = m->x.n_columns, first = 0;
  while (weight_of(m, first) == 0) first++;
  memcpy(m->low, row_as_doubles(m, first), d * sizeof(double));
  memcpy(m->high, m->low, d * sizeof(double));
  for (size_t i = first + 1; i < m->x.n_rows; i++) {
    if (weight_of(m, i) == 0) continue;
    const double *row = row_as_doubles(m, i);
    for (size_t j = 0; j < d; j++) {
      m->low[j] = row[j] < m->low[j] ? row[j] : m->low[j];
      m->high[j] = row[j] > m->high[j] ? row[j] : m->high[j];
    }
  }
}

/* Columns whose factor would not be finite count as constant. The test is on the extremes: a standard deviation that
 * is computed can be rounding noise where all values are equal. */
static ockham_status choose_units(measures *m, ockham_error *err) {
  for (size_t j = 0; j < m->x.n_columns; j++) {
    double range = m->high[j] - m->low[j];
    if (!isfinite(range))
      return ock_fail_at(err, OCKHAM_BAD_DATA, 0, j + 1,
                         "column %zu runs from %g to %g, which is too wide to be squared", j + 1, m->low[j],
                         m->high[j]);
    int exponent = 0;
    frexp(range, &exponent);
    m->unit[j] = range < 0x1p-1000 ? 0 : ldexp(1, 1 - exponent);
  }
  return OCKHAM_OK;
}

static void find_means(measures *m) {
  size_t d = m->x.n_columns;
  memset(m->mean, 0, d * sizeof(double));
  for (size_t i = 0; i < m->x.n_rows; i++) {
    const double *row = row_as_doubles(m, i);
    double weight = weight_of(m, i);
    for (size_t j = 0; j < d && weight > 0; j++) m->mean[j] += weight * ((row[j] - m->low[j]) * m->unit[j]);
  }
  for (size_t j = 0; j < d; j++)
    m->mean[j] = m->unit[j] > 0 ? m->low[j] + m->mean[j] / m->total / m->unit[j] : m->low[j];
}

/* Two passes, so that an offset costs no digits; the sum of the differences takes out what the mean's rounding left. */
static ockham_status find_deviations(measures *m, ockham_error *err) {
  size_t d = m->x.n_columns;
  double n = m->total;
  double *sum = ock_alloc_zeroed(d, sizeof *sum);
  if (!sum) return ock_fail_memory(err, "sums of columns", d * sizeof *sum);
  memset(m->sd, 0, d * sizeof(double));
  for (size_t i = 0; i < m->x.n_rows; i++) {
    const double *row = row_as_doubles(m, i);
    double weight = weight_of(m, i);
    for (size_t j = 0; j < d && weight > 0; j++) {
      double difference = (row[j] - m->mean[j]) * m->unit[j];
      sum[j] += weight * difference;
      m->sd[j] += weight * (difference * difference);
    }
  }
  for (size_t j = 0; j < d; j++)
    m->sd[j] = m->unit[j] > 0 ? sqrt(fmax(0, m->sd[j] - sum[j] * sum[j] / n) / n) / m->unit[j] : 0;
  ock_free(sum);
  return OCKHAM_OK;
}

static void find_spread_ratio(measures *m) {
  double smallest = INFINITY, largest = 0;
  for (size_t j = 0; j < m->x.n_columns; j++) {
    if (m->sd[j] == 0) continue;
    smallest = fmin(smallest, m->sd[j]);
    largest = fmax(largest, m->sd[j]);
  }
  m->spread_ratio = largest > 0 ? fmin(largest / smallest, DBL_MAX) : 1;
}

static ockham_status measure(measures *m, ock_arena *arena, ockham_error *err) {
  size_t d = m->x.n_columns;
  double **arrays[] = {&m->row, &m->low, &m->high, &m->unit, &m->mean, &m->sd};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
    *arrays[i] = ock_arena_array(arena, d, sizeof(double));
    if (!*arrays[i]) return ock_fail_memory(err, "measures of columns", ock_size_product(d, sizeof(double)));
  }
  find_extremes(m);
  OCK_TRY(choose_units(m, err));
  find_means(m);
  OCK_TRY(find_deviations(m, err));
  find_spread_ratio(m);
  return OCKHAM_OK;
}

/* ---- median and quartiles ---- */

/* Reorder value[first ... end - 1] so that value[target] is what sorting would put there, nothing before it is larger
 * and nothing after it smaller. Hoare's selection with three parts, so that ties cost nothing, around random pivots, so
 * that no order of the data is slow. */
static double select_value(double *value, size_t first, size_t end, size_t target, ock_rng *rng) {
  while (end - first > 1) {
    double pivot = value[first + ock_rng_below(rng, end - first)];
    size_t less = first, at = first, more = end;
    while (at < more) {
      double x = value[at];
      if (x < pivot) {
        value[at++] = value[less];
        value[less++] = x;
      } else if (x > pivot) {
        value[at] = value[--more];
        value[more] = x;
      } else {
        at++;
      }
    }
    if (target < less)
      end = less;
    else if (target >= more)
      first = more;
    else
      return pivot;
  }
  return value[target];
}

/* The q-quantile with linear interpolation between the values around (n - 1) q (Hyndman & Fan's type 7, numpy's
 * default). Calls for one column go from the lowest q up: nothing before value[*sorted] is larger than what follows. */
static double find_quantile(double *value, size_t n, double q, size_t *sorted, ock_rng *rng) {
  double place = (double)(n - 1) * q;
  size_t below = (size_t)place;
  double fraction = place - (double)below;
  double low = select_value(value, *sorted, n, below, rng);
  *sorted = below;
  if (fraction == 0 || below + 1 == n) return low;
  double high = value[below + 1];
  for (size_t i = below + 2; i < n; i++) high = value[i] < high ? value[i] : high;
  return low + (high - low) * fraction;
}

static void measure_robustly(const measures *m, size_t j, double *buffer, double *centre, double *range) {
  ock_rng rng = ock_rng_make(0, j);
  size_t n = m->x.n_rows, sorted = 0;
  for (size_t i = 0; i < n; i++) buffer[i] = ock_rows_get(m->x, i, j);
  double lower = find_quantile(buffer, n, 0.25, &sorted, &rng);
  *centre = find_quantile(buffer, n, 0.5, &sorted, &rng);
  *range = find_quantile(buffer, n, 0.75, &sorted, &rng) - lower;
}

/* A value and its weight, sorted by value; then the sum of the weights up to there. */
typedef struct weighted_value {
  double value, weight;
} weighted_value;

static int compare_values(const void *a, const void *b) {
  double x = ((const weighted_value *)a)->value, y = ((const weighted_value *)b)->value;
  return (x > y) - (x < y);
}

/* What stands at a place, from 0, when each value is repeated as often as its weight says. */
static double value_at(const weighted_value *sorted, size_t n, double place) {
  size_t low = 0, high = n - 1;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (sorted[middle].weight > place)
      high = middle;
    else
      low = middle + 1;
  }
  return sorted[low].value;
}

static double find_weighted_quantile(const weighted_value *sorted, size_t n, double q) {
  double place = fmax(0, (sorted[n - 1].weight - 1) * q), below = floor(place), fraction = place - below;
  double low = value_at(sorted, n, below);
  return fraction == 0 ? low : low + (value_at(sorted, n, below + 1) - low) * fraction;
}

static void measure_robustly_weighted(const measures *m, size_t j, weighted_value *buffer, double *centre,
                                      double *range) {
  size_t n = 0;
  for (size_t i = 0; i < m->x.n_rows; i++)
    if (m->weights[i] > 0) buffer[n++] = (weighted_value){ock_rows_get(m->x, i, j), m->weights[i]};
  qsort(buffer, n, sizeof *buffer, compare_values);
  for (size_t i = 1; i < n; i++) buffer[i].weight += buffer[i - 1].weight;
  *centre = find_weighted_quantile(buffer, n, 0.5);
  *range = find_weighted_quantile(buffer, n, 0.75) - find_weighted_quantile(buffer, n, 0.25);
}

/* ---- fitting ---- */

static double factor_for(double spread) {
  double factor = 1 / spread;
  return spread > 0 && isfinite(factor) && factor > 0 ? factor : 1;
}

static void fill_standard(const measures *m, ockham_scaling *scaling) {
  for (size_t j = 0; j < m->x.n_columns; j++) {
    scaling->centre[j] = m->mean[j];
    scaling->factor[j] = factor_for(m->sd[j]);
  }
}

static ockham_status fill_robust(const measures *m, ockham_scaling *scaling, ockham_error *err) {
  size_t size = m->weights ? sizeof(weighted_value) : sizeof(double);
  void *buffer = ock_alloc_array(m->x.n_rows, size);
  if (!buffer) return ock_fail_memory(err, "a copy of a column", ock_size_product(m->x.n_rows, size));
  for (size_t j = 0; j < m->x.n_columns; j++) {
    double range = 0;
    scaling->centre[j] = m->mean[j];
    if (m->unit[j] > 0 && m->weights)
      measure_robustly_weighted(m, j, buffer, &scaling->centre[j], &range);
    else if (m->unit[j] > 0)
      measure_robustly(m, j, buffer, &scaling->centre[j], &range);
    scaling->factor[j] = factor_for(range > 0 ? range : m->sd[j]);
  }
  ock_free(buffer);
  return OCKHAM_OK;
}

/* Data that stay as they are must be of a size whose squares are finite. */
static ockham_status check_size(const measures *m, ockham_error *err) {
  double limit = m->x.dtype == OCKHAM_FLOAT32 ? LARGEST_FLOAT32 : LARGEST_FLOAT64;
  for (size_t j = 0; j < m->x.n_columns; j++) {
    double largest = fmax(fabs(m->low[j]), fabs(m->high[j]));
    if (largest > limit)
      return ock_fail_at(err, OCKHAM_BAD_DATA, 0, j + 1,
                         "column %zu holds values of %g, whose squares overflow; scale it (the limit is %g)", j + 1,
                         largest, limit);
  }
  return OCKHAM_OK;
}

static ockham_status fill(const measures *m, ockham_scaling *scaling, ockham_error *err) {
  size_t d = m->x.n_columns;
  scaling->n_columns = d;
  scaling->spread_ratio = m->spread_ratio;
  if (scaling->kind == OCKHAM_SCALE_AUTO)
    scaling->kind = m->spread_ratio > OCKHAM_SCALE_AUTO_RATIO ? OCKHAM_SCALE_STANDARD : OCKHAM_SCALE_NONE;
  if (scaling->kind == OCKHAM_SCALE_NONE) return check_size(m, err);
  scaling->centre = ock_alloc_array(d, sizeof *scaling->centre);
  scaling->factor = ock_alloc_array(d, sizeof *scaling->factor);
  if (!scaling->centre || !scaling->factor) return ock_fail_memory(err, "a scaling", 2 * d * sizeof(double));
  if (scaling->kind == OCKHAM_SCALE_ROBUST) return fill_robust(m, scaling, err);
  fill_standard(m, scaling);
  return OCKHAM_OK;
}

ockham_status ockham_scaling_fit(ockham_rows x, ockham_scale kind, ockham_scaling *scaling, ockham_error *err) {
  return ockham_scaling_fit_weighted(x, NULL, kind, scaling, err);
}

ockham_status ockham_scaling_fit_weighted(ockham_rows x, const double *weights, ockham_scale kind,
                                          ockham_scaling *scaling, ockham_error *err) {
  if ((unsigned)kind > OCKHAM_SCALE_ROBUST)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the scaling must be auto, none, standard or robust, found %d",
                    (int)kind);
  OCK_TRY(ock_rows_check(x, "the data", err));
  ock_arena arena = {0};
  measures m = {.x = x, .weights = weights};
  OCK_TRY(ock_weights_check(weights, x.n_rows, &m.total, err));
  ockham_scaling fitted = {.kind = kind};
  ockham_status status = measure(&m, &arena, err);
  if (!status) status = fill(&m, &fitted, err);
  ock_arena_clear(&arena);
  if (status)
    ockham_scaling_clear(&fitted);
  else
    *scaling = fitted;
  return status;
}

ockham_status ockham_overview_fit_scaling(const ockham_overview *overview, ockham_scale kind, ockham_scaling *scaling,
                                          ockham_error *err) {
  if ((unsigned)kind > OCKHAM_SCALE_ROBUST)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "the scaling must be auto, none, standard or robust, found %d",
                    (int)kind);
  measures m = {.x = overview->sample,
                .low = overview->low,
                .high = overview->high,
                .mean = overview->mean,
                .sd = overview->sd,
                .unit = ock_alloc_array(overview->n_columns, sizeof(double))};
  ockham_scaling fitted = {.kind = kind};
  if (!m.unit) return ock_fail_memory(err, "measures of columns", overview->n_columns * sizeof(double));
  ockham_status status = choose_units(&m, err);
  find_spread_ratio(&m);
  if (!status) status = fill(&m, &fitted, err);
  ock_free(m.unit);
  if (status)
    ockham_scaling_clear(&fitted);
  else
    *scaling = fitted;
  return status;
}

void ockham_scaling_clear(ockham_scaling *scaling) {
  ock_free(scaling->centre);
  ock_free(scaling->factor);
  *scaling = (ockham_scaling){0};
}

/* ---- applying ---- */

static void copy_rows(ockham_rows x, void *to) {
  size_t size = x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  unsigned char *row = to;
  if (to == x.data) return;
  for (size_t i = 0; i < x.n_rows; i++, row += x.n_columns * size)
    memcpy(row, (const unsigned char *)x.data + i * ock_rows_stride(x) * size, x.n_columns * size);
}

/* One body for both types: the arithmetic is in double. */
#define APPLY(name, type)                                                                \
  static void apply_##name(const ockham_scaling *scaling, ockham_rows x, type *to) {     \
    const type *from = x.data;                                                           \
    for (size_t i = 0; i < x.n_rows; i++, from += ock_rows_stride(x), to += x.n_columns) \
      for (size_t j = 0; j < x.n_columns; j++)                                           \
        to[j] = (type)(((double)from[j] - scaling->centre[j]) * scaling->factor[j]);     \
  }
APPLY(float32, float)
APPLY(float64, double)

void ockham_scaling_apply(const ockham_scaling *scaling, ockham_rows x, void *scaled) {
  assert(scaled != x.data || ock_rows_stride(x) == x.n_columns);
  assert(scaling->kind == OCKHAM_SCALE_NONE || scaling->n_columns == x.n_columns);
  if (scaling->kind == OCKHAM_SCALE_NONE)
    copy_rows(x, scaled);
  else if (x.dtype == OCKHAM_FLOAT32)
    apply_float32(scaling, x, scaled);
  else
    apply_float64(scaling, x, scaled);
}

void ockham_table_scale(ockham_table *table, const ockham_scaling *scaling) {
  ockham_rows x = {.data = table->values,
                   .n_rows = table->n_rows,
                   .n_columns = table->n_columns,
                   .stride = table->n_columns,
                   .dtype = table->dtype};
  ockham_scaling_apply(scaling, x, table->values);
}
