/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profile/internal.h"
#include "stats/internal.h"

/* ---- sorting: by digits of 11 bits, the least first ---- */

enum { DIGIT_BITS = 11, N_DIGITS = 6, N_BUCKETS = 1 << DIGIT_BITS, FEW = 512 };

/* Numbers in an order that is that of their bits. */
static uint64_t key_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static bool sort_by_digit(const double *from, size_t n, int shift, size_t *count, double *to) {
  memset(count, 0, N_BUCKETS * sizeof *count);
  for (size_t i = 0; i < n; i++) count[key_of(from[i]) >> shift & (N_BUCKETS - 1)]++;
  if (count[key_of(from[0]) >> shift & (N_BUCKETS - 1)] == n) return false;
  size_t start = 0;
  for (size_t b = 0; b < N_BUCKETS; b++) {
    size_t size = count[b];
    count[b] = start;
    start += size;
  }
  for (size_t i = 0; i < n; i++) to[count[key_of(from[i]) >> shift & (N_BUCKETS - 1)]++] = from[i];
  return true;
}

void ock_sort_doubles(double *values, size_t n, double *scratch) {
  size_t count[N_BUCKETS];
  double *from = values, *to = scratch;
  if (n < FEW) {
    qsort(values, n, sizeof *values, ock_compare_doubles);
    return;
  }
  for (int digit = 0; digit < N_DIGITS; digit++) {
    if (!sort_by_digit(from, n, digit * DIGIT_BITS, count, to)) continue;
    double *other = from;
    from = to;
    to = other;
  }
  if (from != values) memcpy(values, from, n * sizeof *values);
}

/* ---- edges ---- */

/* How many of m sorted values are below, or at most, a value. */
static size_t rank_of(const double *sorted, size_t m, double value, bool with_equal) {
  size_t low = 0, high = m;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (sorted[middle] < value || (with_equal && sorted[middle] == value))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* All different values, if they are at most `most`; else 0. */
static size_t list_values(const double *sorted, size_t m, size_t most, double *values) {
  size_t n = 0;
  for (size_t i = 0; i < m; i = rank_of(sorted, m, sorted[i], true)) {
    if (n == most) return 0;
    values[n++] = sorted[i];
  }
  return n;
}

/* A value that would fill a bin alone has one alone: the next greater one begins the next bin, if there is room. */
static size_t list_quantiles(const double *sorted, size_t m, size_t n_bins, double *edges) {
  size_t n = 0;
  for (size_t i = 0; i < n_bins; i++) {
    double edge = sorted[i * m / n_bins];
    size_t end = rank_of(sorted, m, edge, true), n_equal = end - rank_of(sorted, m, edge, false);
    if (n == 0 || edge > edges[n - 1]) edges[n++] = edge;
    size_t to_come = n_bins - 1 - i + 1;
    if (n_equal * n_bins >= m && end < m && sorted[end] > edges[n - 1] && n + to_come < OCK_PROFILE_MOST_EDGES)
      edges[n++] = sorted[end];
  }
  return n;
}

size_t ock_quantile_edges(const double *sorted, size_t m, double *edges, uint32_t *single) {
  *single = 0;
  if (m == 0) return 0;
  size_t n_bins = m / 5; /* so many rows in each, at least */
  n_bins = n_bins < 1 ? 1 : n_bins > OCKHAM_PROFILE_COLUMN_BINS ? OCKHAM_PROFILE_COLUMN_BINS : n_bins;
  size_t n = list_values(sorted, m, n_bins, edges);
  if (n == 0) n = list_quantiles(sorted, m, n_bins, edges);
  edges[n++] = sorted[m - 1];
  for (size_t b = 0; b + 1 < n; b++) {
    size_t end = b + 2 == n ? m : rank_of(sorted, m, edges[b + 1], false);
    if (sorted[end - 1] == edges[b]) *single |= UINT32_C(1) << b;
  }
  return n;
}

/* ---- ranges ---- */

/* Quantiles are at least one row in from either end, so that one wild value is beyond them however few rows there are.
 */
static void set_range(const double *sorted, size_t m, ockham_column_range *range) {
  size_t beyond = m / 1000;
  if (beyond < 1 && m >= OCK_PROFILE_FEWEST_ROWS) beyond = 1;
  double low = sorted[beyond], high = sorted[m - 1 - beyond], sum = 0, squares = 0;
  range->least = sorted[0];
  range->most = sorted[m - 1];
  range->clip_low = fmax(low - 3 * (high - low), -DBL_MAX);
  range->clip_high = fmin(high + 3 * (high - low), DBL_MAX);
  for (size_t i = 0; i < m; i++) sum += fmin(fmax(sorted[i], range->clip_low), range->clip_high) - low;
  range->mean = low + sum / (double)m;
  for (size_t i = 0; i < m; i++) {
    double difference = fmin(fmax(sorted[i], range->clip_low), range->clip_high) - range->mean;
    squares += difference * difference;
  }
  range->sd = sqrt(squares / (double)m);
}

/* Finite values of a column. */
static size_t gather(ockham_rows x, size_t j, double *values, uint64_t *n_missing) {
  size_t m = 0, n_nan = 0;
  for (size_t i = 0; i < x.n_rows; i++) {
    double value = ock_rows_get(x, i, j);
    n_nan += value != value;
    if (isfinite(value)) values[m++] = value == 0 ? 0 : value; /* no -0, which sorts apart */
  }
  *n_missing = n_nan;
  return m;
}

static void fit_numbers(ock_profile_fit *fit, size_t j, double *values) {
  ockham_column_range *range = &fit->profile->ranges[j];
  size_t m = gather(fit->x, j, values, &range->n_missing);
  ock_sort_doubles(values, m, values + fit->x.n_rows);
  fit->n_edges[j] = ock_quantile_edges(values, m, fit->edges + j * OCK_PROFILE_MOST_EDGES, &fit->single[j]);
  if (m) set_range(values, m, range);
}

/* ---- texts ---- */

typedef struct text_count {
  uint64_t count;
  uint32_t text;
} text_count;

static int compare_counts(const void *a, const void *b) {
  const text_count *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return (x->text > y->text) - (x->text < y->text);
}

/* Where there are many texts, one that only a single row has was new when that row came, and tells how many of the rows
 * to come are: as many as such rows (I. J. Good, Biometrika 40, 1953). Else a column of numbers of orders would be all
 * new ever after. */
static uint16_t bin_of_text(size_t rank, uint64_t count, size_t n_texts) {
  const size_t most = OCKHAM_PROFILE_MOST_CATEGORIES;
  if (n_texts > most && count <= 1) return OCK_PROFILE_NEW_TEXT;
  return (uint16_t)(rank < most ? rank : most);
}

static void fit_texts(ock_profile_fit *fit, size_t j, text_count *counts) {
  size_t n_texts = fit->profile->columns[j].n_texts, n_missing = 0;
  for (size_t t = 0; t < n_texts; t++) counts[t] = (text_count){0, (uint32_t)t};
  for (size_t i = 0; i < fit->x.n_rows; i++) {
    double value = ock_rows_get(fit->x, i, j);
    n_missing += value != value;
    if (value >= 0 && value < (double)n_texts && value == floor(value)) counts[(size_t)value].count++;
  }
  fit->profile->ranges[j].n_missing = n_missing;
  qsort(counts, n_texts, sizeof *counts, compare_counts);
  for (size_t rank = 0; rank < n_texts; rank++)
    fit->profile->text_bins[j][counts[rank].text] = bin_of_text(rank, counts[rank].count, n_texts);
}

typedef struct column_tasks {
  ock_profile_fit *fit;
  text_count **counts; /* n_columns: of texts; else NULL */
} column_tasks;

static void fit_column(void *arg, size_t j, size_t worker) {
  const column_tasks *tasks = arg;
  if (tasks->counts[j])
    fit_texts(tasks->fit, j, tasks->counts[j]);
  else
    fit_numbers(tasks->fit, j, ock_profile_sort_space(tasks->fit, worker));
}

ockham_status ock_fit_columns(ock_profile_fit *fit) {
  const ockham_profile *p = fit->profile;
  size_t n = p->parts.n_columns;
  column_tasks tasks = {fit, ock_arena_array(&fit->scratch, n, sizeof *tasks.counts)};
  if (!tasks.counts) return ock_fail_memory(fit->err, "the columns", ock_size_product(n, sizeof *tasks.counts));
  for (size_t j = 0; j < n; j++) {
    size_t n_texts = p->columns[j].n_texts;
    tasks.counts[j] = NULL;
    if (p->columns[j].kind == OCKHAM_COLUMN_NUMBER) continue;
    tasks.counts[j] = ock_arena_array(&fit->scratch, n_texts, sizeof(text_count));
    if (!tasks.counts[j]) return ock_fail_memory(fit->err, "texts", ock_size_product(n_texts, sizeof(text_count)));
  }
  OCK_TRY(ock_profile_run(fit, n, fit_column, &tasks));
  for (size_t j = 0; j < n; j++)
    if (!isfinite(p->ranges[j].sd) || !isfinite(p->ranges[j].mean))
      return ock_fail_at(fit->err, OCKHAM_BAD_DATA, 0, j + 1, "column '%s' is so wide that squares overflow",
                         p->columns[j].name);
  return OCKHAM_OK;
}
