/* SPDX-License-Identifier: Apache-2.0 */
/* When a change began: the likelihood ratio of "all rows since r have shares of their own" is highest where r is the
 * first row of the change (Page; Hinkley, Biometrika 57, 1970), and r goes over the rows of which counts were kept. */
#include <math.h>
#include <string.h>

#include "drift/monitor.h"

static uint32_t *snapshot(const ock_onset *onset, size_t level, size_t place) {
  return onset->snapshots + (level * OCK_ONSET_KEPT + place) * onset->n_bins;
}

bool ock_onset_start(ock_onset *onset, size_t n_bins, ock_arena *arena) {
  onset->n_bins = n_bins;
  onset->counts = ock_arena_array(arena, n_bins, sizeof *onset->counts);
  onset->snapshots = ock_arena_array(arena, ock_size_product(n_bins, (size_t)OCK_ONSET_LEVELS * OCK_ONSET_KEPT),
                                     sizeof *onset->snapshots);
  return onset->counts && onset->snapshots;
}

void ock_onset_reset(ock_onset *onset) {
  memset(onset->counts, 0, onset->n_bins * sizeof *onset->counts);
  memset(onset->rows, 255, sizeof onset->rows);
  ock_onset_note(onset, 0, 0);
}

void ock_onset_note(ock_onset *onset, uint64_t n_rows, double time) {
  for (size_t level = 0; level < OCK_ONSET_LEVELS; level++) {
    uint64_t number = n_rows / OCKHAM_DRIFT_BLOCK >> level;
    if (number << level != n_rows / OCKHAM_DRIFT_BLOCK) return;
    size_t place = number % OCK_ONSET_KEPT;
    memcpy(snapshot(onset, level, place), onset->counts, onset->n_bins * sizeof *onset->counts);
    onset->rows[level][place] = n_rows;
    onset->times[level][place] = time;
  }
}

static double times_log(double count, double share) {
  return count > 0 ? count * log(share) : 0;
}

/* Twice the logarithm of the likelihood ratio of "the rows since a snapshot and the reference have shares of their own"
 * to "the same": of two samples, for with the reference's shares taken as the truth its own error adds up over long
 * stretches. */
static double ratio_since(const uint32_t *now, const uint32_t *then, const ockham_signal *signal) {
  double n = 0, sum = 0, all = (double)signal->n_counted + .5 * (double)signal->n_bins;
  for (size_t b = 0; b < signal->n_bins; b++) n += (uint32_t)(now[b] - then[b]);
  for (size_t b = 0; b < signal->n_bins; b++) {
    double count = (uint32_t)(now[b] - then[b]), reference = (double)signal->counts[b] + .5;
    double both = (count + reference) / (n + all);
    sum += times_log(count, count / n / both) + times_log(reference, reference / all / both);
  }
  return 2 * sum;
}

uint64_t ock_onset_find(const ock_onset *onset, const ockham_signal *signal, size_t first_bin, uint64_t n_rows,
                        uint64_t from, double *time) {
  uint64_t best_row = n_rows;
  double best = -INFINITY;
  for (size_t level = 0; level < OCK_ONSET_LEVELS; level++) {
    for (size_t place = 0; place < OCK_ONSET_KEPT; place++) {
      uint64_t row = onset->rows[level][place];
      if (row == UINT64_MAX || row >= n_rows || row < from) continue;
      double ratio = ratio_since(onset->counts + first_bin, snapshot(onset, level, place) + first_bin, signal);
      if (ratio > best) best = ratio, best_row = row, *time = onset->times[level][place];
    }
  }
  return best_row;
}
