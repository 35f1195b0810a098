/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that exist; which of them are compiled in is the build's choice. */
#ifndef OCK_KERNELS_TABLES_H
#define OCK_KERNELS_TABLES_H

#include "kernels/internal.h"

extern const ock_kernels ock_kernels_reference, ock_kernels_sse2, ock_kernels_avx2, ock_kernels_avx512,
    ock_kernels_neon;
extern const ock_search_kernels ock_search_reference_float, ock_search_sse2_float, ock_search_avx2_float,
    ock_search_avx512_float, ock_search_neon_float, ock_search_reference_double, ock_search_sse2_double,
    ock_search_avx2_double, ock_search_avx512_double, ock_search_neon_double;

#define OCK_CARRY_(isa) ock_carry_##isa
#define OCK_CARRY(isa) OCK_CARRY_(isa)
typedef size_t ock_carry(float *lower, float *upper, const float *drift, size_t k, uint32_t *within_reach, float *most);
ock_carry ock_carry_sse2, ock_carry_avx2, ock_carry_avx512, ock_carry_neon;

/* Kernels of pairs.c, which the tables refer to. */
#define OCK_DECLARE_PAIRS(isa)                                                                                        \
  void ock_pair_sums_##isa(const double *strip, size_t d, const ock_pair_block *block, float *shifted, double *sums); \
  void ock_merge_sums_##isa(const double *from, size_t n, const uint32_t *into, double *sums);
OCK_DECLARE_PAIRS(sse2)
OCK_DECLARE_PAIRS(avx2)
OCK_DECLARE_PAIRS(avx512)
OCK_DECLARE_PAIRS(neon)

/* Those of gaussian.c. */
#define OCK_DECLARE_GAUSSIAN(isa)                                                                                   \
  void ock_log_density_##isa(const double *panel, size_t d, const ock_gaussian *g, double *scratch, double *out);   \
  void ock_add_moments_##isa(const double *panel, size_t d, const double *mean, bool full, const double *weight,    \
                             double *scratch, double *sums);                                                        \
  void ock_add_projected_##isa(const double *panel, size_t d, const double *v, const double *weight, double *sums); \
  void ock_weigh_tail_##isa(double *membership, const ock_powers *powers, double sums[OCK_TAIL_SUMS]);              \
  void ock_range_##isa(const double *values, double range[2]);                                                      \
  void ock_posterior_##isa(double *values, size_t k, double *log_sum);
OCK_DECLARE_GAUSSIAN(sse2)
OCK_DECLARE_GAUSSIAN(avx2)
OCK_DECLARE_GAUSSIAN(avx512)
OCK_DECLARE_GAUSSIAN(neon)

#endif
