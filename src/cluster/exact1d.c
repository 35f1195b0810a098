/* SPDX-License-Identifier: Apache-2.0 */
/* One column: the least inertia for every k by dynamic programming over the sorted distinct values,
 *   best[k][j] = min over i of best[k - 1][i - 1] + cost(i, j),
 * where cost(i, j) is the sum of squares of values i ... j about their mean. The best i does not fall as j grows, so
 * each row of the table is filled by divide and conquer. After Wang & Song, R Journal 3(2), 2011, and Groenlund et al.,
 * arXiv:1701.07204, 2017. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "cluster/internal.h"
#include "stats/internal.h"

static const double table_limit_bytes = 1024.0 * 1024 * 1024;

bool ock_exact1d_fits(size_t n, size_t k_max) {
  return n < UINT32_MAX && (double)n * (double)k_max * sizeof(uint32_t) <= table_limit_bytes;
}

/* The unevaluated sum of two doubles: 106 bits, because the cost of a cluster is a small difference of large sums, and
 * what is near must not drown in the squares of what is far. After Dekker, Numer. Math. 18, 1971. */
typedef struct wide {
  double high, low;
} wide;

static inline wide add_exactly(double a, double b) {
  double sum = a + b, b_in_sum = sum - a;
  return (wide){sum, (a - (sum - b_in_sum)) + (b - b_in_sum)};
}

static inline wide split(double a) {
  double shifted = a * 0x8000001p0, high = shifted - (shifted - a);
  return (wide){high, a - high};
}

static inline wide multiply_exactly(double a, double b) {
  double product = a * b;
  wide x = split(a), y = split(b);
  return (wide){product, ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low};
}

static inline wide add(wide a, wide b) {
  wide sum = add_exactly(a.high, b.high);
  return add_exactly(sum.high, sum.low + (a.low + b.low));
}

static inline wide subtract(wide a, wide b) {
  return add(a, (wide){-b.high, -b.low});
}

static inline wide scale(wide a, double factor) {
  wide product = multiply_exactly(a.high, factor);
  return (wide){product.high, product.low + a.low * factor};
}

/* Sums over the values before each, about the overall mean, in a unit in which all values are at most 1. */
typedef struct prefix {
  wide sum, squares;
} prefix;

typedef struct table {
  ock_exact1d *e;
  prefix *before;      /* n_distinct + 1 */
  double *best, *last; /* n_distinct: this row of the table and the one before it */
  double rough_error;  /* what rough_total() may be wrong by */
  ock_ticker *ticker;  /* may be NULL */
  size_t k;
} table;

typedef struct weighted_value {
  double value, weight;
} weighted_value;

static void collect_weighted(ock_exact1d *e, ockham_rows x, const double *weights, weighted_value *sorted) {
  for (size_t i = 0; i < e->n; i++) sorted[i] = (weighted_value){ock_rows_get(x, i, 0), weights[i]};
  qsort(sorted, e->n, sizeof *sorted, ock_compare_doubles);
  double before = 0;
  for (size_t i = 0; i < e->n; i++) {
    if (i == 0 || sorted[i].value != e->value[e->n_distinct - 1]) {
      e->weight_before[e->n_distinct] = before;
      e->value[e->n_distinct++] = sorted[i].value;
    }
    before += sorted[i].weight;
  }
  e->weight_before[e->n_distinct] = before;
}

static void collect_distinct(ock_exact1d *e, ockham_rows x) {
  for (size_t i = 0; i < e->n; i++) e->value[i] = ock_rows_get(x, i, 0);
  qsort(e->value, e->n, sizeof(double), ock_compare_doubles);
  for (size_t i = 0; i < e->n; i++) {
    if (i == 0 || e->value[i] != e->value[e->n_distinct - 1]) {
      e->weight_before[e->n_distinct] = (double)i;
      e->value[e->n_distinct++] = e->value[i];
    }
  }
  e->weight_before[e->n_distinct] = (double)e->n;
}

static double weight(const ock_exact1d *e, size_t i) {
  return e->weight_before[i + 1] - e->weight_before[i];
}

static void sum_prefixes(table *t) {
  const ock_exact1d *e = t->e;
  prefix *before = t->before;
  double mean = 0, largest = 0, largest_sum = 0;
  int exponent;
  frexp(fmax(fabs(e->value[0]), fabs(e->value[e->n_distinct - 1])), &exponent);
  for (size_t i = 0; i < e->n_distinct; i++) mean += weight(e, i) * ldexp(e->value[i], -exponent);
  mean /= e->weight_before[e->n_distinct];
  before[0] = (prefix){{0, 0}, {0, 0}};
  for (size_t i = 0; i < e->n_distinct; i++) {
    wide value = add_exactly(ldexp(e->value[i], -exponent), -mean);
    wide square = scale(value, value.high);
    square.low += value.high * value.low;
    before[i + 1].sum = add(before[i].sum, scale(value, weight(e, i)));
    before[i + 1].squares = add(before[i].squares, scale(square, weight(e, i)));
    largest = fmax(largest, fabs(value.high));
    largest_sum = fmax(largest_sum, fabs(before[i + 1].sum.high));
  }
  t->rough_error = 8 * DBL_EPSILON * (largest * largest_sum + before[e->n_distinct].squares.high);
}

/* What the table would hold for j if the last cluster began at i > 0, in plain arithmetic, to within rough_error. */
static inline double rough_total(const table *t, size_t i, size_t j) {
  double weight = t->e->weight_before[j + 1] - t->e->weight_before[i];
  double sum = t->before[j + 1].sum.high - t->before[i].sum.high;
  return t->last[i - 1] + (t->before[j + 1].squares.high - t->before[i].squares.high - sum * sum / weight);
}

/* squares - sum^2 / weight, as squares - centre * sum - centre * rest - rest^2 / weight with centre + rest / weight
 * the mean: no quotient is needed to more than 53 bits. */
static double cost(const table *t, size_t i, size_t j) {
  double weight = t->e->weight_before[j + 1] - t->e->weight_before[i];
  wide sum = subtract(t->before[j + 1].sum, t->before[i].sum);
  wide squares = subtract(t->before[j + 1].squares, t->before[i].squares);
  double centre = sum.high / weight;
  double rest = subtract(sum, multiply_exactly(centre, weight)).high;
  double total = subtract(squares, scale(sum, centre)).high - centre * rest - rest * rest / weight;
  return total > 0 ? total : 0;
}

/* Where the last cluster of values 0 ... j begins, in first ... last > 0: a rough look rules most places out. */
static size_t find_first(table *t, size_t j, size_t first, size_t last) {
  double best_rough = INFINITY, best = INFINITY;
  size_t best_first = first;
  for (size_t i = first; i <= last; i++) {
    double rough = rough_total(t, i, j);
    if (rough < best_rough) best_rough = rough;
  }
  double limit = best_rough + 2 * t->rough_error;
  for (size_t i = first; i <= last; i++) {
    if (rough_total(t, i, j) > limit) continue;
    double total = t->last[i - 1] + cost(t, i, j);
    if (total < best) {
      best = total;
      best_first = i;
    }
  }
  t->best[j] = best;
  return best_first;
}

/* Fill entries low ... high of the row for t->k clusters, knowing that the last cluster begins in from ... to. Not all
 * of them where it is stopped. */
static void fill(table *t, size_t low, size_t high, size_t from, size_t to) {
  bool is_long = high - low > 1 << 15;
  if (is_long && t->ticker && ock_ticker_stopped(t->ticker)) return;
  size_t j = low + (high - low) / 2;
  size_t least = from > t->k - 1 ? from : t->k - 1; /* k - 1 values at least go to the other clusters */
  size_t first = find_first(t, j, least, to < j ? to : j);
  t->e->first[(t->k - 1) * t->e->n_distinct + j] = (uint32_t)first;
  if (j > low) fill(t, low, j - 1, from, first);
  if (j < high) fill(t, j + 1, high, first, to);
}

static ockham_status ask(const table *t, size_t k, ockham_error *err) {
  if (!t->ticker || !ock_ticker_stopped(t->ticker)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_INTERRUPTED, "stopped at k = %zu", k);
}

static ockham_status fill_table(table *t, ockham_error *err) {
  size_t n = t->e->n_distinct;
  for (size_t j = 0; j < n; j++) {
    t->best[j] = cost(t, 0, j);
    t->e->first[j] = 0;
  }
  OCK_TRY(ask(t, 1, err));
  for (t->k = 2; t->k <= t->e->k_max; t->k++) {
    double *swap = t->last;
    t->last = t->best;
    t->best = swap;
    fill(t, t->k - 1, n - 1, t->k - 1, n - 1);
    OCK_TRY(ask(t, t->k, err));
  }
  return OCKHAM_OK;
}

/* Room for the values, and them in it. */
static bool collect(ock_exact1d *e, ockham_rows x, const double *weights) {
  e->value = ock_alloc_array(e->n, sizeof(double));
  e->weight_before = ock_alloc_array(e->n + 1, sizeof(double));
  weighted_value *sorted = weights ? ock_alloc_array(e->n, sizeof *sorted) : NULL;
  bool fits = e->value && e->weight_before && (sorted || !weights);
  if (fits && weights)
    collect_weighted(e, x, weights, sorted);
  else if (fits)
    collect_distinct(e, x);
  ock_free(sorted);
  return fits;
}

ockham_status ock_exact1d_init_weighted(ock_exact1d *e, ockham_rows x, const double *weights, size_t k_max,
                                        ock_ticker *ticker, ockham_error *err) {
  *e = (ock_exact1d){.n = x.n_rows};
  table t = {.e = e, .ticker = ticker};
  ockham_status status = OCKHAM_OK;
  if (collect(e, x, weights)) {
    e->k_max = k_max < e->n_distinct ? k_max : e->n_distinct;
    e->first = ock_alloc_array(ock_size_product(e->k_max, e->n_distinct), sizeof(uint32_t));
    t.before = ock_alloc_array(e->n_distinct + 1, sizeof(prefix));
    t.best = ock_alloc_array(e->n_distinct, sizeof(double));
    t.last = ock_alloc_array(e->n_distinct, sizeof(double));
  }
  if (e->first && t.before && t.best && t.last) {
    status = ask(&t, 1, err);
    if (!status) sum_prefixes(&t);
    if (!status) status = fill_table(&t, err);
  } else {
    status = ock_fail_memory(err, "the table of the exact optimum", ock_size_product(e->n, 4 * k_max + 80));
  }
  ock_free(t.before);
  ock_free(t.best);
  ock_free(t.last);
  if (status) ock_exact1d_clear(e);
  return status;
}

void ock_exact1d_centroids(const ock_exact1d *e, size_t k, double *centroids) {
  size_t end = e->n_distinct;
  for (size_t c = k; c-- > 0;) {
    size_t first = e->first[c * e->n_distinct + end - 1];
    double base = e->value[first], sum = 0; /* about the first value: no digits are lost to an offset */
    for (size_t i = first; i < end; i++) sum += weight(e, i) * (e->value[i] - base);
    double total = e->weight_before[end] - e->weight_before[first]; /* of next to nothing, rounding may leave nothing */
    centroids[c] = total > 0 ? base + sum / total : base;
    end = first;
  }
}

void ock_exact1d_clear(ock_exact1d *e) {
  ock_free(e->value);
  ock_free(e->weight_before);
  ock_free(e->first);
  *e = (ock_exact1d){0};
}
