/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "kernels/internal.h"
#include "kernels/tables.h"

static const ock_kernels *const tables[] = {
    &ock_kernels_reference,
#ifdef OCK_HAVE_sse2
    &ock_kernels_sse2,
#endif
#ifdef OCK_HAVE_avx2
    &ock_kernels_avx2,
#endif
#ifdef OCK_HAVE_avx512
    &ock_kernels_avx512,
#endif
#ifdef OCK_HAVE_neon
    &ock_kernels_neon,
#endif
    NULL,
};

const ock_kernels *const *ock_kernels_all(void) {
  return tables;
}

const ock_kernels *ock_kernels_pick(void) {
  const char *forced = getenv("OCKHAM_ISA");
  const ock_kernels *best = tables[0];
  for (size_t i = 0; tables[i]; i++) {
    if (!tables[i]->runs_here()) continue;
    if (forced && strcmp(forced, tables[i]->isa) == 0) return tables[i];
    best = tables[i];
  }
  return best;
}

const char *ockham_instruction_set(void) {
  return ock_kernels_pick()->isa;
}
