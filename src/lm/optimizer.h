/* SPDX-License-Identifier: Apache-2.0 */
/* What the optimisers share. */
#ifndef OCK_LM_OPTIMIZER_H
#define OCK_LM_OPTIMIZER_H

#include "lm/internal.h"

/* Loops over flat arrays. Each element is its own, and no products are fused: the same bits for any vector width. */
typedef struct ock_lm_adam {
  float scale; /* of gradients: what clipping left of them */
  float keep;  /* of weights: 1 less the decay */
  float beta1, beta2, epsilon;
  float step;         /* rate / (1 - beta1^t) */
  float inverse_root; /* 1 / sqrt(1 - beta2^t) */
} ock_lm_adam;
/* first, second: the means of gradients and of their squares. */
void ock_lm_adam_step(const ock_lm_adam *adam, size_t n, float *weight, const float *gradient, float *first,
                      float *second);
void ock_lm_sgd_step(float scale, float keep, float momentum, float rate, size_t n, float *weight,
                     const float *gradient, float *velocity);
/* velocity = momentum velocity + (1 - momentum) g, and out = momentum velocity + (1 - momentum) g (Nesterov's). */
void ock_lm_nesterov(float scale, float momentum, size_t n, const float *gradient, float *velocity, float *out);
/* weight = keep weight - rate update */
void ock_lm_move(float keep, float rate, size_t n, float *weight, const float *update);
/* In float64, in an order that does not depend on the vector width. */
double ock_lm_sum_of_squares(size_t n, const float *x);

/* Muon's: x (rows x columns) becomes about U V' of its singular value decomposition U S V', by five steps of Newton and
 * Schulz; work has room for ock_lm_orthogonal_room() floats. */
size_t ock_lm_orthogonal_room(size_t rows, size_t columns);
void ock_lm_orthogonalize(size_t rows, size_t columns, float *x, float *work);

#endif
