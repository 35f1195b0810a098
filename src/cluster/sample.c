/* SPDX-License-Identifier: Apache-2.0 */
/* One row out of each of many equal stretches: rows that are sorted by cluster are thinned evenly, and rows that come
 * in cycles, such as hours of the day, are not met at the same hour each time. */
#include <string.h>

#include "cluster/internal.h"

enum { RNG_STREAM_SAMPLE = 700 };

ockham_status ock_rows_sample(size_t n_rows, size_t n_sample, uint64_t seed, uint32_t **rows, ockham_error *err) {
  *rows = NULL;
  if (n_sample >= n_rows) return OCKHAM_OK;
  uint32_t *row = ock_alloc_array(n_sample, sizeof *row);
  if (!row) return ock_fail_memory(err, "a sample of the rows", ock_size_product(n_sample, sizeof *row));
  ock_rng rng = ock_rng_make(seed, RNG_STREAM_SAMPLE);
  size_t length = n_rows / n_sample, n_longer = n_rows % n_sample, first = 0; /* longer stretches come first */
  for (size_t i = 0; i < n_sample; i++) {
    size_t n = length + (i < n_longer);
    row[i] = (uint32_t)(first + ock_rng_below(&rng, n));
    first += n;
  }
  *rows = row;
  return OCKHAM_OK;
}

ockham_status ock_rows_copy(ockham_rows x, const uint32_t *row, size_t n, ockham_rows *copy, ockham_error *err) {
  size_t value_bytes = x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  size_t row_bytes = x.n_columns * value_bytes, stride_bytes = ock_rows_stride(x) * value_bytes;
  char *rows = ock_alloc_array(n, row_bytes);
  if (!rows) return ock_fail_memory(err, "a sample of the rows", ock_size_product(n, row_bytes));
  for (size_t i = 0; i < n; i++) memcpy(rows + i * row_bytes, (const char *)x.data + row[i] * stride_bytes, row_bytes);
  *copy = (ockham_rows){.data = rows, .n_rows = n, .n_columns = x.n_columns, .dtype = x.dtype};
  return OCKHAM_OK;
}

void ock_rows_copy_clear(ockham_rows *copy) {
  ock_free((void *)copy->data);
  *copy = (ockham_rows){0};
}

void ock_sort_by_label(const uint32_t *label, size_t n, size_t *first, size_t k, uint32_t *order) {
  memset(first, 0, (k + 1) * sizeof *first);
  for (size_t i = 0; i < n; i++) first[label[i] + 1]++;
  for (size_t j = 0; j < k; j++) first[j + 1] += first[j];
  for (size_t i = 0; i < n; i++) order[first[label[i]]++] = (uint32_t)i;
}
