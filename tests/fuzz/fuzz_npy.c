/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an NPY file: opened and read to the end, with the last column as the label. */
#include "data/npy.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  ock_source *source;
  ockham_error err;
  if (ock_npy_open_bytes("fuzz.npy", bytes, size, &source, &err)) return 0;
  ock_labels labels = {0};
  ock_block block = {0};
  source->labels = &labels;
  for (size_t j = 0; j < source->n_columns; j++)
    source->role[j] = j > 0 && j + 1 == source->n_columns ? OCK_ROLE_LABEL : OCK_ROLE_FEATURE;
  while (source->next(source, &block, &err) == OCKHAM_OK && block.n_rows > 0) {
  }
  source->close(source);
  ock_labels_clear(&labels);
  return 0;
}
