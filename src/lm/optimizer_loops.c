/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "lm/optimizer.h"

void ock_lm_adam_step(const ock_lm_adam *adam, size_t n, float *restrict weight, const float *restrict gradient,
                      float *restrict first, float *restrict second) {
  const ock_lm_adam a = *adam;
  const float rest1 = 1 - a.beta1, rest2 = 1 - a.beta2;
  for (size_t i = 0; i < n; i++) {
    float g = a.scale * gradient[i];
    float m = a.beta1 * first[i] + rest1 * g, v = a.beta2 * second[i] + rest2 * (g * g);
    first[i] = m;
    second[i] = v;
    weight[i] = a.keep * weight[i] - a.step * m / (sqrtf(v) * a.inverse_root + a.epsilon);
  }
}

void ock_lm_sgd_step(float scale, float keep, float momentum, float rate, size_t n, float *restrict weight,
                     const float *restrict gradient, float *restrict velocity) {
  for (size_t i = 0; i < n; i++) {
    float v = momentum * velocity[i] + scale * gradient[i];
    velocity[i] = v;
    weight[i] = keep * weight[i] - rate * v;
  }
}

void ock_lm_nesterov(float scale, float momentum, size_t n, const float *restrict gradient, float *restrict velocity,
                     float *restrict out) {
  const float rest = 1 - momentum;
  for (size_t i = 0; i < n; i++) {
    float g = rest * (scale * gradient[i]), v = momentum * velocity[i] + g;
    velocity[i] = v;
    out[i] = momentum * v + g;
  }
}

void ock_lm_move(float keep, float rate, size_t n, float *restrict weight, const float *restrict update) {
  for (size_t i = 0; i < n; i++) weight[i] = keep * weight[i] - rate * update[i];
}

double ock_lm_sum_of_squares(size_t n, const float *x) {
  enum { LANES = 16 };
  double lane[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t l = 0; l < LANES; l++) lane[l] += (double)x[i + l] * (double)x[i + l];
  for (; i < n; i++) lane[i % LANES] += (double)x[i] * (double)x[i];
  for (size_t l = 0; l < LANES; l++) sum += lane[l];
  return sum;
}
