/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a container, with their checksums made right first: what is behind them is what wants finding. */
#include <string.h>

#include "data/internal.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

/* Write the checksum of every chunk that fits into the file. */
static void mend_checksums(unsigned char *bytes, size_t size) {
  if (size < 16) return;
  uint32_t crc = ock_crc32(0, bytes, 16);
  for (size_t at = 16; size - at >= 24;) {
    uint64_t payload;
    memcpy(&payload, bytes + at + 8, sizeof payload);
    if (payload > size - at - 24) return;
    size_t checked = 16 + (((size_t)payload + 7) & ~(size_t)7);
    if (checked > size - at - 8) return;
    crc = ock_crc32(crc, bytes + at, checked);
    memcpy(bytes + at + checked, &crc, sizeof crc);
    at += checked + 8;
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  ock_container container;
  const void *payload;
  size_t payload_size;
  unsigned char *copy = ock_alloc(size);
  if (!copy) return 0;
  if (size > 0) memcpy(copy, bytes, size);
  mend_checksums(copy, size);
  if (ock_container_parse(&container, "fuzz", copy, size, OCK_TAG('T', 'E', 'S', 'T'), 3, NULL) == OCKHAM_OK)
    if (ock_container_get(&container, OCK_TAG('A', 'A', 'A', 'A'), &payload, &payload_size) && payload_size > 0)
      (void)((const volatile unsigned char *)payload)[payload_size - 1];
  ock_free(copy);
  return 0;
}
