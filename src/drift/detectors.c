/* SPDX-License-Identifier: Apache-2.0 */
/* The table of detectors. */
#include <string.h>

#include "drift/watches.h"

const ock_watch_type *const ock_watch_types[OCKHAM_N_DETECTORS] = {
    [OCKHAM_DETECTOR_EWMA] = &ock_watch_ewma,   [OCKHAM_DETECTOR_CHI2] = &ock_watch_chi2,
    [OCKHAM_DETECTOR_KS] = &ock_watch_ks,       [OCKHAM_DETECTOR_WASSERSTEIN] = &ock_watch_wasserstein,
    [OCKHAM_DETECTOR_MMD] = &ock_watch_mmd,     [OCKHAM_DETECTOR_PAGE_HINKLEY] = &ock_watch_page_hinkley,
    [OCKHAM_DETECTOR_ADWIN] = &ock_watch_adwin, [OCKHAM_DETECTOR_KSWIN] = &ock_watch_kswin,
    [OCKHAM_DETECTOR_CUSUM] = &ock_watch_cusum,
};

bool ockham_detector_find(const char *word, ockham_detector *detector) {
#define WORD(name, word, statistic, source) [OCKHAM_DETECTOR_##name] = word,
  static const char *const words[OCKHAM_N_DETECTORS] = {OCKHAM_DETECTOR_LIST(WORD)};
#undef WORD
  for (int i = 0; i < OCKHAM_N_DETECTORS; i++) {
    if (strcmp(words[i], word) != 0) continue;
    *detector = (ockham_detector)i;
    return true;
  }
  return false;
}
