/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "lm/internal.h"

/* From 1 at the peak to 0 at the last step; part is how much of the way is done. */
static double height(ockham_lm_schedule schedule, double part) {
  const double pi = 3.14159265358979323846;
  switch (schedule) {
    case OCKHAM_LM_SCHEDULE_COSINE:
      return 0.5 + 0.5 * cos(pi * part);
    case OCKHAM_LM_SCHEDULE_LINEAR:
      return 1 - part;
    default:
      return 1;
  }
}

uint64_t ock_lm_warmup_steps(const ockham_lm_config *config, uint64_t n_steps) {
  double steps = config->warmup > 0 ? round(config->warmup * (double)n_steps) : 0;
  return steps < (double)n_steps ? (uint64_t)steps : n_steps;
}

double ock_lm_rate_at(const ockham_lm_config *config, uint64_t step, uint64_t n_steps) {
  uint64_t warmup = ock_lm_warmup_steps(config, n_steps);
  if (step < warmup) return config->rate * (double)(step + 1) / (double)warmup;
  uint64_t peak = warmup ? warmup - 1 : 0;
  double part = step + 1 < n_steps ? (double)(step - peak) / (double)(n_steps - 1 - peak) : 1;
  if (n_steps - 1 == peak) part = 0;
  double last = config->last_rate > 0 ? config->last_rate : 0;
  return config->rate * (last + (1 - last) * height(config->schedule, part));
}
