/* SPDX-License-Identifier: Apache-2.0 */
/* All pairs of rows, sorted by distance: a radix sort of the distances' bits, whose order is theirs. */
#include "select/row_pairs.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11, N_DIGITS = 6, N_BUCKETS = 1 << DIGIT_BITS, OTHERS = 128 };

/* ---- distances ---- */

typedef struct distance_pass {
  ockham_rows x;
  const ock_kernels *kernels;
  const double *zeros; /* d */
  double *scratch;     /* a worker: panel, squares */
  size_t scratch_size;
  ock_row_pair *pairs;
} distance_pass;

/* Pairs of row a with the m rows from b on, of which those beyond a count. */
static void store_pairs(const distance_pass *p, size_t a, size_t b, size_t m, const double *squares) {
  size_t n = p->x.n_rows, before = a * (2 * n - a - 1) / 2;
  for (size_t j = b > a ? 0 : a + 1 - b; j < m; j++)
    p->pairs[before + (b + j) - a - 1] =
        (ock_row_pair){.distance = sqrt(squares[j * OCK_PANEL]), .a = (uint16_t)a, .b = (uint16_t)(b + j)};
}

static void measure_panel(void *arg, size_t i, size_t worker) {
  const distance_pass *p = arg;
  size_t d = p->x.n_columns, first = i * OCK_PANEL, n = p->x.n_rows;
  size_t n_here = n - first < OCK_PANEL ? n - first : OCK_PANEL;
  double *panel = p->scratch + worker * p->scratch_size, *squares = panel + d * OCK_PANEL;
  ock_panel_load(p->kernels, p->x, p->zeros, first, n_here, panel);
  for (size_t b = first; b < n; b += OTHERS) {
    size_t m = n - b < OTHERS ? n - b : OTHERS;
    p->kernels->distances(panel, d, (const double *)p->x.data + b * d, m, squares);
    for (size_t r = 0; r < n_here; r++) store_pairs(p, first + r, b, m, squares + r);
  }
}

static ockham_status measure(const double *x, size_t n, size_t d, ock_pool *pool, ock_row_pair *pairs,
                             ockham_error *err) {
  distance_pass p = {.x = {.data = x, .n_rows = n, .n_columns = d},
                     .kernels = ock_kernels_pick(),
                     .scratch_size = (d + OTHERS) * OCK_PANEL,
                     .pairs = pairs};
  ock_arena arena = {0};
  double *zeros = ock_arena_array(&arena, d, sizeof *zeros);
  p.scratch = ock_arena_array(&arena, ock_size_product(ock_pool_size(pool), p.scratch_size), sizeof(double));
  ockham_status status = OCKHAM_OK;
  if (zeros && p.scratch) {
    memset(zeros, 0, d * sizeof *zeros);
    p.zeros = zeros;
    ock_pool_run(pool, (n + OCK_PANEL - 1) / OCK_PANEL, measure_panel, &p);
  } else {
    status = ock_fail_memory(err, "distances", ock_size_product(p.scratch_size, sizeof(double)));
  }
  ock_arena_clear(&arena);
  return status;
}

/* ---- order ---- */

static inline size_t digit_of(double distance, unsigned digit) {
  uint64_t bits;
  memcpy(&bits, &distance, sizeof bits);
  return bits >> (digit * DIGIT_BITS) & (N_BUCKETS - 1);
}

static void count_digits(const ock_row_pair *pairs, size_t n, uint32_t (*count)[N_BUCKETS]) {
  memset(count, 0, N_DIGITS * sizeof *count);
  for (size_t i = 0; i < n; i++)
    for (unsigned digit = 0; digit < N_DIGITS; digit++) count[digit][digit_of(pairs[i].distance, digit)]++;
}

static void sort_by_digit(const ock_row_pair *from, size_t n, unsigned digit, uint32_t *count, ock_row_pair *to) {
  uint32_t begin = 0;
  for (size_t bucket = 0; bucket < N_BUCKETS; bucket++) {
    uint32_t here = count[bucket];
    count[bucket] = begin;
    begin += here;
  }
  for (size_t i = 0; i < n; i++) to[count[digit_of(from[i].distance, digit)]++] = from[i];
}

/* In either of the two arrays; the other is scratch. */
static ock_row_pair *sort(ock_row_pair *pairs, ock_row_pair *spare, size_t n, uint32_t (*count)[N_BUCKETS]) {
  count_digits(pairs, n, count);
  for (unsigned digit = 0; digit < N_DIGITS; digit++) {
    if (n == 0 || count[digit][digit_of(pairs[0].distance, digit)] == n) continue; /* all have the same */
    sort_by_digit(pairs, n, digit, count[digit], spare);
    ock_row_pair *sorted = spare;
    spare = pairs;
    pairs = sorted;
  }
  return pairs;
}

ockham_status ock_row_pairs_sort(const double *x, size_t n, size_t d, ock_pool *pool, ock_row_pair **out,
                                 ockham_error *err) {
  assert(n <= UINT16_MAX);
  size_t n_pairs = ock_row_pairs_count(n);
  *out = NULL;
  ock_row_pair *pairs = ock_alloc_array(n_pairs, sizeof *pairs), *spare = ock_alloc_array(n_pairs, sizeof *spare);
  uint32_t(*count)[N_BUCKETS] = ock_alloc_array(N_DIGITS, sizeof *count);
  ockham_status status = pairs && spare && count
                             ? measure(x, n, d, pool, pairs, err)
                             : ock_fail_memory(err, "pairs of rows", ock_size_product(2 * n_pairs, sizeof *pairs));
  if (!status) *out = sort(pairs, spare, n_pairs, count);
  if (*out != pairs) ock_free(pairs);
  if (*out != spare) ock_free(spare);
  ock_free(count);
  return status;
}
