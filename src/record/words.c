/* SPDX-License-Identifier: Apache-2.0 */
#include "record/internal.h"

#define PHASE(name, word) word,
const char *const ock_phase_words[OCKHAM_PHASE_COUNT] = {OCKHAM_PHASE_LIST(PHASE)};

#define MARK(name, word, bit) {OCKHAM_MARK_##name, word},
const ock_mark_word ock_mark_words[OCK_MARKS] = {OCKHAM_REQUEST_MARK_LIST(MARK)};
