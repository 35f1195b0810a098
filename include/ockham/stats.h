/* SPDX-License-Identifier: Apache-2.0 */
/** Statistics about labels: how far two labellings of the same rows agree. */
#ifndef OCKHAM_STATS_H
#define OCKHAM_STATS_H

#include <ockham/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Agreement of two labellings, corrected for chance: 1 for the same partition, about 0 for independent ones. */
typedef struct ockham_agreement {
  double adjusted_rand;               /**< ARI: Hubert & Arabie, J. Classification 2, 1985 (doi:10.1007/BF01908075) */
  double adjusted_mutual_information; /**< AMI, arithmetic mean normalisation: Vinh, Epps & Bailey, JMLR 11, 2010 */
} ockham_agreement;

/** Compare labellings a and b of n rows, numbers below 2^32 - 1 in any range. Both values are 1 when the partitions are
 *  equal (two all-in-one or two all-apart partitions included). O(n log n + k_a k_b n_max) time.
 *  Fails with BAD_ARGUMENT (n is 0) or NO_MEMORY. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_agreement_measure(const uint32_t *a, const uint32_t *b, size_t n,
                                                                    ockham_agreement *agreement, ockham_error *err);

/** The same from how many rows each pair of clusters shares: counts[i * n_b + j] of cluster i of a and j of b, some of
 *  which may have no rows. */
OCKHAM_API OCKHAM_MUST_CHECK ockham_status ockham_agreement_of_counts(const uint64_t *counts, size_t n_a, size_t n_b,
                                                                      ockham_agreement *agreement, ockham_error *err);

#ifdef __cplusplus
}
#endif
#endif
