/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "ablate/internal.h"

static void count_run(const ockham_run *run, ockham_level_stability *level) {
  level->n_runs++;
  level->n_diverged += run->outcome == OCKHAM_OUTCOME_DIVERGED;
  level->n_failed += run->outcome == OCKHAM_OUTCOME_FAILED || run->outcome == OCKHAM_OUTCOME_TIMED_OUT;
}

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

void ockham_study_stability(const ockham_study *study, const ockham_run *runs, size_t n_runs,
                            ockham_level_stability *levels) {
  size_t first = 0;
  for (size_t f = 0; f < study->n_factors; f++) {
    for (size_t l = 0; l < study->factors[f].n_levels; l++)
      levels[first + l] = (ockham_level_stability){.factor = f, .level = l};
    for (size_t i = 0; i < n_runs; i++) {
      ockham_level_stability *level = &levels[first + runs[i].levels[f]];
      double excess, rate = 1;
      count_run(&runs[i], level);
      if (!is_first_of_cell(study, runs, i) || !probe_cell(study, runs, n_runs, runs[i].levels, &excess, &rate))
        continue;
      level->n_probed++;
      level->n_at_edge += is_at_edge(study, rate);
      level->rate_sensitivity += excess;
      level->rate += log(rate);
    }
    for (size_t l = 0; l < study->factors[f].n_levels; l++) {
      ockham_level_stability *level = &levels[first + l];
      level->rate_sensitivity = level->n_probed ? level->rate_sensitivity / (double)level->n_probed : NAN;
      level->rate = level->n_probed ? exp(level->rate / (double)level->n_probed) : NAN;
    }
    first += study->factors[f].n_levels;
  }
}
