/* SPDX-License-Identifier: Apache-2.0 */
/* How a budget is split over signals: by group, then by kind, then evenly. */
#include <math.h>

#include "drift/internal.h"

/* Columns and outputs: all of a kind have one part together. */
static size_t count_kind(const ockham_signal *signals, const bool *watched, size_t n, ockham_signal_kind kind) {
  size_t count = 0;
  for (size_t s = 0; s < n; s++) count += signals[s].kind == kind && (!watched || watched[s]);
  return count;
}

/* A kind has one group: see OCKHAM_SIGNAL_LIST. */
static const ockham_signal_group group_of_kind[OCKHAM_N_SIGNAL_KINDS] = {
#define GROUP_OF_KIND(name, word, meaning, group) OCKHAM_GROUP_##group,
    OCKHAM_SIGNAL_LIST(GROUP_OF_KIND)
#undef GROUP_OF_KIND
};

ockham_status ock_budget_check(const double *group_shares, ockham_error *err) {
  for (size_t g = 0; g < OCKHAM_N_SIGNAL_GROUPS; g++) {
    if (!(group_shares[g] >= 0) || isinf(group_shares[g]))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "shares of the budget must not be negative, found %g", group_shares[g]);
  }
  return OCKHAM_OK;
}

/* Columns are many, and most of what goes wrong is in one of them. */
static double part_of_kind(ockham_signal_kind kind) {
  return kind == OCKHAM_SIGNAL_COLUMN ? 2 : 1;
}

void ock_budget_split(const ockham_signal *signals, const bool *watched, size_t n, const double *group_shares,
                      double *split) {
  static const double usual[OCKHAM_N_SIGNAL_GROUPS] = {
      [OCKHAM_GROUP_INPUTS] = .6, [OCKHAM_GROUP_OUTPUTS] = .2, [OCKHAM_GROUP_MISSING] = .2};
  size_t of_kind[OCKHAM_N_SIGNAL_KINDS];
  double parts_of_group[OCKHAM_N_SIGNAL_GROUPS] = {0};
  bool given = false;
  for (size_t g = 0; g < OCKHAM_N_SIGNAL_GROUPS; g++) given = given || (group_shares && group_shares[g] > 0);
  const double *shares = given ? group_shares : usual;
  for (size_t k = 0; k < OCKHAM_N_SIGNAL_KINDS; k++) {
    of_kind[k] = count_kind(signals, watched, n, (ockham_signal_kind)k);
    if (of_kind[k]) parts_of_group[group_of_kind[k]] += part_of_kind((ockham_signal_kind)k);
  }
  double total = 0;
  for (size_t g = 0; g < OCKHAM_N_SIGNAL_GROUPS; g++) total += parts_of_group[g] > 0 ? shares[g] : 0;
  for (size_t s = 0; s < n; s++) {
    ockham_signal_kind kind = signals[s].kind;
    ockham_signal_group group = group_of_kind[kind];
    bool counts = (!watched || watched[s]) && total > 0;
    double part = part_of_kind(kind) / parts_of_group[group] / (double)of_kind[kind];
    split[s] = counts ? shares[group] / total * part : 0;
  }
}
