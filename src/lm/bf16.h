/* SPDX-License-Identifier: Apache-2.0 */
/* Products of bfloat16 by the processor's own instructions, which oneDNN knows how to use: 2 to 6 times as fast as
 * those of float32 where there are any. oneDNN is opened when the first network of that precision is made. */
#ifndef OCK_LM_BF16_H
#define OCK_LM_BF16_H

#include "lm/internal.h"

typedef struct ock_lm_bf16 ock_lm_bf16;
/* NULL: not in this build or on this machine. */
ock_lm_bf16 *ock_lm_bf16_new(void);
void ock_lm_bf16_free(ock_lm_bf16 *products);
/* c (m x n) = a b, sums in float32; rows follow each other. a is m x k, or k x m and taken transposed; so is b. False:
 * oneDNN could not. Each shape costs a millisecond once: let sizes be few. */
bool ock_lm_bf16_product(ock_lm_bf16 *products, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                         uint16_t *a, uint16_t *b, float *c);

#endif
