/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "ablate/internal.h"

bool ock_run_diverged(const ockham_study *study, const ockham_run *run) {
  return run->outcome == OCKHAM_OUTCOME_DIVERGED ||
         (run->outcome == OCKHAM_OUTCOME_DONE && run->loss >= study->worst_loss);
}

bool ock_has_failed(ockham_outcome outcome) {
  return outcome == OCKHAM_OUTCOME_FAILED || outcome == OCKHAM_OUTCOME_TIMED_OUT;
}

ock_level_count ock_level_count_runs(const ockham_study *study, const ockham_run *runs, size_t n_runs,
                                     const bool *takes, size_t factor, size_t level, size_t scale) {
  ock_level_count count = {0};
  for (size_t i = 0; i < n_runs; i++) {
    const ockham_run *run = &runs[i];
    if (run->levels[factor] != level || (takes && !takes[i]) || (scale != SIZE_MAX && run->scale != scale)) continue;
    count.n_runs++;
    count.n_diverged += ock_run_diverged(study, run);
    count.n_failed += ock_has_failed(run->outcome);
  }
  return count;
}

/* ---- rates ---- */

static bool is_probe_of(const ockham_study *study, const ockham_run *run, const uint8_t *levels) {
  bool counts = run->outcome == OCKHAM_OUTCOME_DONE || run->outcome == OCKHAM_OUTCOME_DIVERGED;
  return run->purpose == OCKHAM_PURPOSE_PROBE && counts && memcmp(run->levels, levels, study->n_factors) == 0;
}

/* Mean excess of a cell's probes over the best, and where that was; false: it was not probed at all rates. */
static bool probe_cell(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels,
                       double *excess, double *rate) {
  double sum = 0, best = INFINITY;
  size_t n = 0;
  for (size_t i = 0; i < n_runs; i++) {
    if (!is_probe_of(study, &runs[i], levels)) continue;
    double loss = runs[i].outcome == OCKHAM_OUTCOME_DONE ? fmin(runs[i].loss, study->worst_loss) : study->worst_loss;
    sum += loss;
    n++;
    if (loss < best) {
      best = loss;
      *rate = runs[i].rate;
    }
  }
  *excess = sum / (double)n - best;
  return n > 1 && n >= study->n_rates;
}

static bool is_first_of_cell(const ockham_study *study, const ockham_run *runs, size_t i) {
  if (!is_probe_of(study, &runs[i], runs[i].levels)) return false;
  for (size_t j = 0; j < i; j++)
    if (is_probe_of(study, &runs[j], runs[i].levels)) return false;
  return true;
}

static bool is_at_edge(const ockham_study *study, double rate) {
  bool lower = false, higher = false;
  for (size_t i = 0; i < study->n_rates; i++) {
    lower = lower || study->rates[i] < rate;
    higher = higher || study->rates[i] > rate;
  }
  return !lower || !higher;
}

static void add_cell(const ockham_study *study, const uint8_t *levels, double excess, double rate,
                     ockham_level_stability *of_levels) {
  for (size_t f = 0, first = 0; f < study->n_factors; first += study->factors[f++].n_levels) {
    ockham_level_stability *level = &of_levels[first + levels[f]];
    level->n_probed++;
    level->n_at_edge += is_at_edge(study, rate);
    level->rate_sensitivity += excess;
    level->rate += log(rate);
  }
}

void ockham_study_stability(const ockham_study *study, const ockham_run *runs, size_t n_runs,
                            ockham_level_stability *levels) {
  size_t n = 0;
  for (size_t f = 0; f < study->n_factors; f++)
    for (size_t l = 0; l < study->factors[f].n_levels; l++) {
      ock_level_count count = ock_level_count_runs(study, runs, n_runs, NULL, f, l, SIZE_MAX);
      levels[n++] = (ockham_level_stability){
          .factor = f, .level = l, .n_runs = count.n_runs, .n_diverged = count.n_diverged, .n_failed = count.n_failed};
    }
  for (size_t i = 0; i < n_runs; i++) {
    double excess, rate = 1;
    if (is_first_of_cell(study, runs, i) && probe_cell(study, runs, n_runs, runs[i].levels, &excess, &rate))
      add_cell(study, runs[i].levels, excess, rate, levels);
  }
  for (size_t i = 0; i < n; i++) {
    levels[i].rate_sensitivity = levels[i].n_probed ? levels[i].rate_sensitivity / (double)levels[i].n_probed : NAN;
    levels[i].rate = levels[i].n_probed ? exp(levels[i].rate / (double)levels[i].n_probed) : NAN;
  }
}
