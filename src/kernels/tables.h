/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that exist; which of them are compiled in is the build's choice. */
#ifndef OCK_KERNELS_TABLES_H
#define OCK_KERNELS_TABLES_H

#include "kernels/internal.h"

extern const ock_kernels ock_kernels_reference, ock_kernels_sse2, ock_kernels_avx2, ock_kernels_avx512,
    ock_kernels_neon;

#endif
