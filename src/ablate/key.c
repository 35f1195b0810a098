/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "ablate/journal.h"

double ock_rate_of(const ockham_run *run) {
  return run->rate > 0 ? run->rate : 1;
}

void ock_levels_put(const ockham_study *study, const uint8_t *levels, ock_line *text) {
  for (size_t f = 0; f < study->n_factors; f++) {
    ock_line_add(text, f ? " " : "");
    ock_line_add(text, study->factors[f].name);
    ock_line_add(text, "=");
    ock_line_add(text, study->factors[f].levels[levels[f]]);
  }
}

void ock_run_key(const ockham_study *study, const ockham_run *run, ock_line *key) {
  if (run->purpose == OCKHAM_PURPOSE_PROBE) ock_line_add(key, "probe ");
  ock_line_add(key, study->scales[run->scale].name);
  ock_line_add(key, " ");
  ock_levels_put(study, run->levels, key);
  ock_line_print(key, " seed=%" PRIu64 " rate=%.12g", run->seed, ock_rate_of(run));
}
