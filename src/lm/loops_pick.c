/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "kernels/internal.h"
#include "lm/loops.h"

extern const ock_lm_loops ock_lm_loops_reference;
#ifndef OCK_LM_DOUBLE
extern const ock_lm_loops ock_lm_loops_sse2, ock_lm_loops_avx2, ock_lm_loops_avx512, ock_lm_loops_neon;
#endif

static const ock_lm_loops *const tables[] = {
    &ock_lm_loops_reference,
#ifndef OCK_LM_DOUBLE
#ifdef OCK_HAVE_sse2
    &ock_lm_loops_sse2,
#endif
#ifdef OCK_HAVE_avx2
    &ock_lm_loops_avx2,
#endif
#ifdef OCK_HAVE_avx512
    &ock_lm_loops_avx512,
#endif
#ifdef OCK_HAVE_neon
    &ock_lm_loops_neon,
#endif
#endif
    NULL,
};

const ock_lm_loops *const *ock_lm_loops_all(void) {
  return tables;
}

const ock_lm_loops *ock_lm_loops_pick(void) {
  const char *isa = ock_kernels_pick()->isa;
  for (size_t i = 0; tables[i]; i++)
    if (strcmp(tables[i]->isa, isa) == 0) return tables[i];
  return tables[0];
}
