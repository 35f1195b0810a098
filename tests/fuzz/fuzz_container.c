/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a container, with their checksums made right first: what is behind them is what wants finding. */
#include <string.h>

#include "checksums.h"
#include "data/internal.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

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
