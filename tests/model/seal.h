/* SPDX-License-Identifier: Apache-2.0 */
/* Make the checksums of a damaged container right again, so that tests and fuzzing reach what lies behind them. */
#ifndef OCK_TEST_MODEL_SEAL_H
#define OCK_TEST_MODEL_SEAL_H

#include <string.h>

#include "data/internal.h"

static inline void seal_container(unsigned char *bytes, size_t size) {
  if (size < 16) return;
  uint32_t crc = ock_crc32(0, bytes, 16);
  for (size_t at = 16; size - at >= 24;) {
    uint64_t payload;
    memcpy(&payload, bytes + at + 8, sizeof payload);
    if (payload > size - at - 24 || (payload + 7) / 8 * 8 > size - at - 24) return;
    size_t checked = 16 + (size_t)((payload + 7) / 8 * 8);
    crc = ock_crc32(crc, bytes + at, checked);
    memcpy(bytes + at + checked, &crc, sizeof crc);
    at += checked + 8;
  }
}

#endif
