/* SPDX-License-Identifier: Apache-2.0 */
/* Factors for tests of designs and plans. */
#ifndef OCK_TEST_STUDIES_H
#define OCK_TEST_STUDIES_H

#include "ablate/design.h"

static const char *const level_names[] = {"l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7"};
static const char *const factor_names[] = {"A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M",
                                           "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y"};

/* n factors with n_levels[i] (two where n_levels is NULL). */
static inline void make_factors(ockham_study_factor *factors, size_t n, const size_t *n_levels) {
  for (size_t f = 0; f < n; f++)
    factors[f] = (ockham_study_factor){factor_names[f], n_levels ? n_levels[f] : 2, level_names};
}

static inline uint8_t level_of(const ockham_design *design, size_t cell, size_t factor) {
  return design->levels[cell * design->n_factors + factor];
}

static inline bool cell_breaks(const uint8_t *cell, const ockham_study_forbidden *rules, size_t n) {
  for (size_t r = 0; r < n; r++) {
    if (cell[rules[r].factor[0]] == rules[r].level[0] && cell[rules[r].factor[1]] == rules[r].level[1]) return true;
  }
  return false;
}

#endif
