/* SPDX-License-Identifier: Apache-2.0 */
/* Both indices are (found - expected) / (largest - expected) for a sum of g(size of cell) over the contingency table:
 * g(m) = m (m - 1) / 2, the pairs of rows, gives the Rand index, and g(m) = m log m the mutual information. `largest`
 * is the mean of that sum over the clusters of a and over those of b. Written like this, entropies cancel before they
 * are rounded, and only the sizes of clusters and cells matter. */
#include <math.h>
#include <string.h>

#include "stats/internal.h"

/* Weights below this share of the greatest one do not change a sum. */
#define NEGLIGIBLE 1e-25

static double m_log_m(double m) {
  return m > 1 ? m * log(m) : 0;
}

/* ---- from sizes to indices ---- */

/* The mean of m log m when two clusters of a and b rows out of n overlap in m rows by chance (hypergeometric). Walks
 * both ways from near the mode by the ratio of neighbouring probabilities, and divides by their sum: no factorials. */
static double expected_m_log_m(double a, double b, double n) {
  double low = fmax(0, a + b - n), high = fmin(a, b);
  double mode = fmin(fmax(floor((a + 1) * (b + 1) / (n + 2)), low), high);
  double total = 1, sum = m_log_m(mode);
  for (double m = mode, weight = 1; m < high && weight > NEGLIGIBLE;) {
    weight *= (a - m) * (b - m) / ((m + 1) * (n - a - b + m + 1));
    m++;
    total += weight;
    sum += weight * m_log_m(m);
  }
  for (double m = mode, weight = 1; m > low && weight > NEGLIGIBLE;) {
    weight *= m * (n - a - b + m) / ((a - m + 1) * (b - m + 1));
    m--;
    total += weight;
    sum += weight * m_log_m(m);
  }
  return sum / total;
}

static double expected_information(const ock_sizes *a, const ock_sizes *b) {
  double sum = 0;
  for (size_t i = 0; i < a->n_items; i++)
    for (size_t j = 0; j < b->n_items; j++)
      sum += (double)a->items[i].count * (double)b->items[j].count *
             expected_m_log_m((double)a->items[i].size, (double)b->items[j].size, (double)a->n_rows);
  return sum;
}

static double information(const ock_sizes *sizes) {
  double sum = 0;
  for (size_t i = 0; i < sizes->n_items; i++)
    sum += (double)sizes->items[i].count * m_log_m((double)sizes->items[i].size);
  return sum;
}

/* Exact below 2^64 pairs (long double holds 64 bits or more), that is for all n below 6e9. */
static long double pairs(const ock_sizes *sizes) {
  long double sum = 0;
  for (size_t i = 0; i < sizes->n_items; i++) {
    long double m = (long double)sizes->items[i].size;
    sum += (long double)sizes->items[i].count * (m * (m - 1) / 2);
  }
  return sum;
}

static double adjust_for_chance(long double found, long double largest, long double expected) {
  return (double)((found - expected) / (largest - expected));
}

ockham_agreement ock_agreement_of_sizes(const ock_sizes *a, const ock_sizes *b, const ock_sizes *cells) {
  /* As many cells as clusters on both sides: each cluster is one of the other side's. Here found = largest, and with
   * one cluster or n of them expected too. */
  if (cells->n_groups == a->n_groups && cells->n_groups == b->n_groups) return (ockham_agreement){1, 1};
  long double n = (long double)a->n_rows, pairs_a = pairs(a), pairs_b = pairs(b);
  double information_a = information(a), information_b = information(b);
  return (ockham_agreement){
      .adjusted_rand = adjust_for_chance(pairs(cells), (pairs_a + pairs_b) / 2, pairs_a / (n * (n - 1) / 2) * pairs_b),
      .adjusted_mutual_information =
          adjust_for_chance(information(cells), (information_a + information_b) / 2, expected_information(a, b)),
  };
}

/* ---- from labels to sizes ---- */

/* Sort keys by their bytes, lowest first; bytes in which no two keys differ cost nothing. */
static void sort_keys(uint64_t *keys, uint64_t *scratch, size_t n) {
  uint64_t differing = 0;
  for (size_t i = 0; i < n; i++) differing |= keys[i] ^ keys[0];
  uint64_t *from = keys, *to = scratch;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    if (!(differing >> shift & 0xff)) continue;
    size_t next[256] = {0};
    for (size_t i = 0; i < n; i++) next[from[i] >> shift & 0xff]++;
    for (size_t byte = 0, start = 0; byte < 256; byte++) {
      size_t count = next[byte];
      next[byte] = start;
      start += count;
    }
    for (size_t i = 0; i < n; i++) to[next[from[i] >> shift & 0xff]++] = from[i];
    uint64_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != keys) memcpy(keys, from, n * sizeof *keys);
}

/* Put the lengths of the runs of equal keys in their place; returns how many there are. */
static size_t replace_by_run_lengths(uint64_t *keys, size_t n) {
  size_t n_runs = 0;
  for (size_t start = 0, i = 1; i <= n; i++) {
    if (i < n && keys[i] == keys[start]) continue;
    keys[n_runs++] = i - start;
    start = i;
  }
  return n_runs;
}

/* Of the sizes of n_groups groups of n rows. Destroys keys. */
static ockham_status count_sizes(uint64_t *keys, uint64_t *scratch, size_t n_groups, uint64_t n, ock_sizes *sizes,
                                 ockham_error *err) {
  sort_keys(keys, scratch, n_groups);
  size_t n_items = 1;
  for (size_t i = 1; i < n_groups; i++) n_items += keys[i] != keys[i - 1];
  ock_size_count *items = ock_alloc_zeroed(n_items, sizeof *items);
  if (!items) return ock_fail_memory(err, "cluster sizes", ock_size_product(n_items, sizeof *items));
  *sizes = (ock_sizes){.items = items, .n_items = n_items, .n_groups = n_groups, .n_rows = n};
  for (size_t i = 0; i < n_groups; i++) {
    if (i > 0 && keys[i] != keys[i - 1]) items++;
    items->size = keys[i];
    items->count++;
  }
  return OCKHAM_OK;
}

/* The sizes of the groups of equal keys. Destroys keys. */
static ockham_status measure_sizes(uint64_t *keys, uint64_t *scratch, size_t n, ock_sizes *sizes, ockham_error *err) {
  sort_keys(keys, scratch, n);
  return count_sizes(keys, scratch, replace_by_run_lengths(keys, n), n, sizes, err);
}

static ockham_status measure(const uint32_t *a, const uint32_t *b, size_t n, uint64_t *keys, uint64_t *scratch,
                             ock_sizes sizes[3], ockham_error *err) {
  for (size_t i = 0; i < n; i++) keys[i] = a[i];
  OCK_TRY(measure_sizes(keys, scratch, n, &sizes[0], err));
  for (size_t i = 0; i < n; i++) keys[i] = b[i];
  OCK_TRY(measure_sizes(keys, scratch, n, &sizes[1], err));
  for (size_t i = 0; i < n; i++) keys[i] = (uint64_t)a[i] << 32 | b[i];
  return measure_sizes(keys, scratch, n, &sizes[2], err);
}

ockham_status ockham_agreement_measure(const uint32_t *a, const uint32_t *b, size_t n, ockham_agreement *agreement,
                                       ockham_error *err) {
  if (n == 0) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "two labellings must have at least one row, found none");
  uint64_t *keys = ock_alloc_array(n, sizeof *keys), *scratch = ock_alloc_array(n, sizeof *scratch);
  ock_sizes sizes[3] = {{0}};
  ockham_status status = OCKHAM_NO_MEMORY;
  if (keys && scratch)
    status = measure(a, b, n, keys, scratch, sizes, err);
  else
    ock_fail_memory(err, "the table of two labellings", ock_size_product(n, 2 * sizeof *keys));
  if (!status) *agreement = ock_agreement_of_sizes(&sizes[0], &sizes[1], &sizes[2]);
  for (size_t i = 0; i < 3; i++) ock_free(sizes[i].items);
  ock_free(scratch);
  ock_free(keys);
  return status;
}

/* ---- from counts to sizes ---- */

/* Sizes of clusters i: sums of n_b counts `step` apart, the first at i * stride; those of no rows are left out. */
static ockham_status sum_counts(const uint64_t *counts, size_t n_groups, size_t stride, size_t n_cells, size_t step,
                                uint64_t *keys, ock_sizes *sizes, ockham_error *err) {
  size_t n = 0;
  uint64_t n_rows = 0;
  for (size_t i = 0; i < n_groups; i++) {
    uint64_t size = 0;
    for (size_t c = 0; c < n_cells; c++) size += counts[i * stride + c * step];
    n_rows += size;
    if (size > 0) keys[n++] = size;
  }
  return count_sizes(keys, keys + n_groups, n, n_rows, sizes, err);
}

ockham_status ockham_agreement_of_counts(const uint64_t *counts, size_t n_a, size_t n_b, ockham_agreement *agreement,
                                         ockham_error *err) {
  size_t n_cells = ock_size_product(n_a, n_b);
  uint64_t n_rows = 0;
  for (size_t i = 0; i < n_cells; i++) n_rows += counts[i];
  if (n_rows == 0) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "two labellings must have at least one row, found none");
  uint64_t *keys = ock_alloc_array(n_cells, 2 * sizeof *keys);
  if (!keys) return ock_fail_memory(err, "the table of two labellings", ock_size_product(n_cells, 2 * sizeof *keys));
  ock_sizes sizes[3] = {{0}};
  ockham_status status = sum_counts(counts, n_a, n_b, n_b, 1, keys, &sizes[0], err);
  if (!status) status = sum_counts(counts, n_b, 1, n_a, n_b, keys, &sizes[1], err);
  if (!status) status = sum_counts(counts, n_cells, 1, 1, 1, keys, &sizes[2], err);
  if (!status) *agreement = ock_agreement_of_sizes(&sizes[0], &sizes[1], &sizes[2]);
  for (size_t i = 0; i < 3; i++) ock_free(sizes[i].items);
  ock_free(keys);
  return status;
}
