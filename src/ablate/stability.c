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

/* What a cell's probes say. */
typedef struct probed {
  double excess, rate; /* mean excess of the study's rates over the best, and where that was */
  bool at_edge;        /* of the rates that it was run at */
} probed;

static bool is_of_study(const ockham_study *study, double rate) {
  for (size_t i = 0; i < study->n_rates; i++)
    if (study->rates[i] == rate) return true;
  return study->n_rates == 0;
}

/* False: it was not probed at all of the study's rates. */
static bool probe_cell(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels,
                       probed *found) {
  double sum = 0, best = INFINITY, lowest = INFINITY, highest = 0;
  size_t n = 0;
  for (size_t i = 0; i < n_runs; i++) {
    if (!is_probe_of(study, &runs[i], levels)) continue;
    double loss = runs[i].outcome == OCKHAM_OUTCOME_DONE ? fmin(runs[i].loss, study->worst_loss) : study->worst_loss;
    bool own = is_of_study(study, runs[i].rate); /* further ones are of some cells only */
    sum += own ? loss : 0;
    n += own;
    lowest = fmin(lowest, runs[i].rate);
    highest = fmax(highest, runs[i].rate);
    if (loss < best) {
      best = loss;
      found->rate = runs[i].rate;
    }
  }
  found->excess = sum / (double)n - best;
  found->at_edge = found->rate == lowest || found->rate == highest;
  return n > 1 && n >= study->n_rates;
}

static bool is_first_of_cell(const ockham_study *study, const ockham_run *runs, size_t i) {
  if (!is_probe_of(study, &runs[i], runs[i].levels)) return false;
  for (size_t j = 0; j < i; j++)
    if (is_probe_of(study, &runs[j], runs[i].levels)) return false;
  return true;
}

static void add_cell(const ockham_study *study, const uint8_t *levels, const probed *cell,
                     ockham_level_stability *of_levels) {
  for (size_t f = 0, first = 0; f < study->n_factors; first += study->factors[f++].n_levels) {
    ockham_level_stability *level = &of_levels[first + levels[f]];
    level->n_probed++;
    level->n_at_edge += cell->at_edge;
    level->rate_sensitivity += cell->excess;
    level->rate += log(cell->rate);
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
    probed cell = {.rate = 1};
    if (is_first_of_cell(study, runs, i) && probe_cell(study, runs, n_runs, runs[i].levels, &cell))
      add_cell(study, runs[i].levels, &cell, levels);
  }
  for (size_t i = 0; i < n; i++) {
    levels[i].rate_sensitivity = levels[i].n_probed ? levels[i].rate_sensitivity / (double)levels[i].n_probed : NAN;
    levels[i].rate = levels[i].n_probed ? exp(levels[i].rate / (double)levels[i].n_probed) : NAN;
  }
}
