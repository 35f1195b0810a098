/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that a fuzzer made, with checksums that hold: what is behind them is what wants finding. */
#ifndef OCK_FUZZ_CHECKSUMS_H
#define OCK_FUZZ_CHECKSUMS_H

#include <string.h>

#include "core/internal.h"

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

#endif
