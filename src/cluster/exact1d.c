/* SPDX-License-Identifier: Apache-2.0 */
/* One column: the least inertia for every k by dynamic programming over the sorted distinct values,
 *   best[k][j] = min over i of best[k - 1][i - 1] + cost(i, j),
 * where cost(i, j) is the sum of squares of values i ... j about their mean. The best i does not fall as j grows, so
 * each row of the table is filled by divide and conquer. After Wang & Song, R Journal 3(2), 2011, and Groenlund et al.,
 * arXiv:1701.07204, 2017. */
#include <math.h>
#include <stdlib.h>

#include "cluster/internal.h"

static const double table_limit_bytes = 1024.0 * 1024 * 1024;

bool ock_exact1d_fits(size_t n, size_t k_max) {
  return n < UINT32_MAX && (double)n * (double)k_max * sizeof(uint32_t) <= table_limit_bytes;
}

/* Sums over the values before each, about the overall mean: long double, for they are subtracted from each other. */
typedef struct prefix {
  long double weight, sum, squares;
} prefix;

typedef struct table {
  ock_exact1d *e;
  prefix *before;      /* n_distinct + 1 */
  double *best, *last; /* n_distinct: this row of the table and the one before it */
  size_t k;
} table;

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void collect_distinct(ock_exact1d *e, ockham_rows x) {
  for (size_t i = 0; i < e->n; i++) e->value[i] = ock_rows_get(x, i, 0);
  qsort(e->value, e->n, sizeof(double), compare_doubles);
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

static void sum_prefixes(const ock_exact1d *e, prefix *before) {
  long double mean = 0;
  for (size_t i = 0; i < e->n_distinct; i++) mean += (long double)weight(e, i) * e->value[i];
  mean /= (long double)e->n;
  before[0] = (prefix){0, 0, 0};
  for (size_t i = 0; i < e->n_distinct; i++) {
    long double value = e->value[i] - mean, w = weight(e, i);
    before[i + 1] = (prefix){before[i].weight + w, before[i].sum + w * value, before[i].squares + w * value * value};
  }
}

static double cost(const prefix *before, size_t i, size_t j) {
  long double weight = before[j + 1].weight - before[i].weight;
  long double sum = before[j + 1].sum - before[i].sum;
  long double squares = before[j + 1].squares - before[i].squares - sum * sum / weight;
  return squares > 0 ? (double)squares : 0;
}

/* Fill entries low ... high of the row for t->k clusters, knowing that the last cluster begins in from ... to. */
static void fill(table *t, size_t low, size_t high, size_t from, size_t to) {
  size_t j = low + (high - low) / 2;
  size_t first = from > t->k - 1 ? from : t->k - 1; /* k - 1 values at least go to the other clusters */
  size_t best_first = first;
  double best = INFINITY;
  for (size_t i = first; i <= to && i <= j; i++) {
    double total = (i ? t->last[i - 1] : 0) + cost(t->before, i, j);
    if (total < best) {
      best = total;
      best_first = i;
    }
  }
  t->best[j] = best;
  t->e->first[(t->k - 1) * t->e->n_distinct + j] = (uint32_t)best_first;
  if (j > low) fill(t, low, j - 1, from, best_first);
  if (j < high) fill(t, j + 1, high, best_first, to);
}

static ockham_status fill_table(table *t, ock_ticker *ticker, ockham_error *err) {
  size_t n = t->e->n_distinct;
  for (size_t j = 0; j < n; j++) {
    t->best[j] = cost(t->before, 0, j);
    t->e->first[j] = 0;
  }
  for (t->k = 2; t->k <= t->e->k_max; t->k++) {
    double *swap = t->last;
    t->last = t->best;
    t->best = swap;
    fill(t, t->k - 1, n - 1, t->k - 1, n - 1);
    if (ticker && ock_ticker_stopped(ticker)) return ock_fail(err, OCKHAM_INTERRUPTED, "stopped at k = %zu", t->k);
  }
  return OCKHAM_OK;
}

ockham_status ock_exact1d_init(ock_exact1d *e, ockham_rows x, size_t k_max, ock_ticker *ticker, ockham_error *err) {
  *e = (ock_exact1d){.n = x.n_rows};
  table t = {.e = e};
  ockham_status status = OCKHAM_OK;
  e->value = ock_alloc_array(e->n, sizeof(double));
  e->weight_before = ock_alloc_array(e->n + 1, sizeof(double));
  if (e->value && e->weight_before) {
    collect_distinct(e, x);
    e->k_max = k_max < e->n_distinct ? k_max : e->n_distinct;
    e->first = ock_alloc_array(ock_size_product(e->k_max, e->n_distinct), sizeof(uint32_t));
    t.before = ock_alloc_array(e->n_distinct + 1, sizeof(prefix));
    t.best = ock_alloc_array(e->n_distinct, sizeof(double));
    t.last = ock_alloc_array(e->n_distinct, sizeof(double));
  }
  if (e->first && t.before && t.best && t.last) {
    sum_prefixes(e, t.before);
    status = fill_table(&t, ticker, err);
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
    centroids[c] = base + sum / (e->weight_before[end] - e->weight_before[first]);
    end = first;
  }
}

void ock_exact1d_clear(ock_exact1d *e) {
  ock_free(e->value);
  ock_free(e->weight_before);
  ock_free(e->first);
  *e = (ock_exact1d){0};
}
