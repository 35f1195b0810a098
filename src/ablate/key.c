/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "ablate/journal.h"

#define X(name, word) word,
const char *const ock_purpose_words[] = {OCKHAM_PURPOSE_LIST(X) NULL};
const char *const ock_outcome_words[] = {OCKHAM_OUTCOME_LIST(X) NULL};
#undef X

size_t ock_word_find(const char *const *words, const char *word) {
  size_t i = 0;
  while (words[i] && strcmp(words[i], word) != 0) i++;
  return i;
}

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
  ock_line_print(key, " seed=%" PRIu64 " rate=", run->seed);
  ock_line_number(key, ock_rate_of(run));
}
