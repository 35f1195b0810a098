/* SPDX-License-Identifier: Apache-2.0 */
/* Which multiple of the learning rate a cell is run at. */
#include <math.h>
#include <string.h>

#include "ablate/journal.h"

/* Mean loss of a cell's probes at one multiple; infinite without any that counts. */
static double mean_loss(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels,
                        double rate) {
  double sum = 0;
  size_t n = 0;
  for (size_t i = 0; i < n_runs; i++) {
    const ockham_run *run = &runs[i];
    bool counts = run->purpose == OCKHAM_PURPOSE_PROBE && run->scale == 0 && run->rate == rate &&
                  (run->outcome == OCKHAM_OUTCOME_DONE || run->outcome == OCKHAM_OUTCOME_DIVERGED) &&
                  memcmp(run->levels, levels, study->n_factors) == 0;
    if (!counts) continue;
    sum += run->outcome == OCKHAM_OUTCOME_DONE ? run->loss : study->worst_loss;
    n++;
  }
  return n ? sum / (double)n : INFINITY;
}

/* Of equal ones that which changes the rate least, then the lower. */
static bool is_better(double loss, double rate, double best_loss, double best) {
  if (loss != best_loss) return loss < best_loss;
  double change = fabs(log(rate)), best_change = fabs(log(best));
  return change != best_change ? change < best_change : rate < best;
}

static double choose_of_cell(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels) {
  double best = 0, best_loss = INFINITY;
  for (size_t i = 0; i < study->n_rates; i++) {
    double loss = mean_loss(study, runs, n_runs, levels, study->rates[i]);
    if (loss == INFINITY || (best > 0 && !is_better(loss, study->rates[i], best_loss, best))) continue;
    best = study->rates[i];
    best_loss = loss;
  }
  return best;
}

static size_t count_differences(const ockham_study *study, const uint8_t *a, const uint8_t *b) {
  size_t n = 0;
  for (size_t f = 0; f < study->n_factors; f++) n += a[f] != b[f];
  return n;
}

double ock_rate_choose(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels) {
  if (study->n_rates == 0) return 1;
  if (study->n_rates == 1) return study->rates[0];
  double best = 0;
  size_t fewest = SIZE_MAX;
  for (size_t i = 0; i < n_runs; i++) {
    if (runs[i].purpose != OCKHAM_PURPOSE_PROBE || runs[i].scale != 0) continue;
    size_t n = count_differences(study, runs[i].levels, levels);
    if (n >= fewest) continue;
    double rate = choose_of_cell(study, runs, n_runs, runs[i].levels);
    if (rate == 0) continue;
    best = rate;
    fewest = n;
  }
  return best;
}
