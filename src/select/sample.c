/* SPDX-License-Identifier: Apache-2.0 */
/* One row out of each of many equal stretches: rows that are sorted by cluster are thinned evenly, and rows that come
 * in cycles, such as hours of the day, are not met at the same hour each time. */
#include <string.h>

#include "select/internal.h"

enum { RNG_STREAM_SAMPLE = 700 };

ockham_status ock_rows_sample(ockham_rows x, size_t n_sample, uint64_t seed, ockham_rows *sample, ockham_error *err) {
  *sample = x;
  if (n_sample >= x.n_rows) return OCKHAM_OK;
  size_t row_bytes = x.n_columns * (x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double));
  char *rows = ock_alloc_array(n_sample, row_bytes);
  if (!rows) return ock_fail_memory(err, "a sample of the rows", ock_size_product(n_sample, row_bytes));
  ock_rng rng = ock_rng_make(seed, RNG_STREAM_SAMPLE);
  size_t stride_bytes = row_bytes / x.n_columns * ock_rows_stride(x), length = x.n_rows / n_sample;
  size_t n_longer = x.n_rows % n_sample, first = 0; /* stretches of one row more come first */
  for (size_t i = 0; i < n_sample; i++) {
    size_t n = length + (i < n_longer);
    memcpy(rows + i * row_bytes, (const char *)x.data + (first + ock_rng_below(&rng, n)) * stride_bytes, row_bytes);
    first += n;
  }
  sample->data = rows;
  sample->n_rows = n_sample;
  sample->stride = x.n_columns;
  return OCKHAM_OK;
}

void ock_rows_sample_clear(ockham_rows *sample, ockham_rows x) {
  if (sample->data != x.data) ock_free((void *)sample->data);
  *sample = (ockham_rows){0};
}
