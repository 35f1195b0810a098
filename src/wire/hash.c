/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "wire/internal.h"

uint64_t ock_hash(const void *bytes, size_t size) {
  return XXH3_64bits(bytes, size);
}
