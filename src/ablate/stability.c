/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "ablate/internal.h"
#include "ablate/journal.h"

bool ock_run_diverged(const ockham_study *study, const ockham_run *run) {
  return run->outcome == OCKHAM_OUTCOME_DIVERGED ||
         (run->outcome == OCKHAM_OUTCOME_DONE && run->loss >= study->worst_loss);
}

bool ock_has_failed(ockham_outcome outcome) {
  return outcome == OCKHAM_OUTCOME_FAILED || outcome == OCKHAM_OUTCOME_TIMED_OUT;
}

bool ock_has_ended(ockham_outcome outcome) {
  return outcome == OCKHAM_OUTCOME_DONE || outcome == OCKHAM_OUTCOME_DIVERGED;
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

/* What a cell's probes say. */
typedef struct probed {
  double excess, rate; /* mean excess of the study's rates over the best, and where that was; 0: all diverged */
  bool at_edge;        /* of the rates that it was run at */
} probed;

/* False: it was not probed at all of the study's rates, or there is one only. */
static bool probe_cell(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels,
                       probed *found) {
  ock_rate_search search = ock_rate_find(study, runs, n_runs, levels);
  double sum = 0, lowest = INFINITY, highest = 0, best = INFINITY;
  if (study->n_rates < 2) return false;
  for (size_t i = 0; i < study->n_rates + search.n_further; i++) {
    bool tried, own = i < study->n_rates;
    double rate = own ? study->rates[i] : search.further[i - study->n_rates];
    double loss = ock_rate_loss(study, runs, n_runs, levels, rate, &tried);
    if (loss == INFINITY && own) return false;
    if (loss == INFINITY) continue;
    sum += own ? loss : 0; /* further ones are of some cells only */
    lowest = fmin(lowest, rate);
    highest = fmax(highest, rate);
    best = fmin(best, loss);
  }
  bool ended = best < study->worst_loss;
  *found = (probed){.excess = sum / (double)study->n_rates - best,
                    .rate = ended ? search.best : 0,
                    .at_edge = ended && (search.best == lowest || search.best == highest)};
  return true;
}

static bool is_first_of_cell(const ockham_study *study, const ockham_run *runs, size_t i) {
  if (runs[i].purpose != OCKHAM_PURPOSE_PROBE) return false;
  for (size_t j = 0; j < i; j++)
    if (runs[j].purpose == OCKHAM_PURPOSE_PROBE && memcmp(runs[j].levels, runs[i].levels, study->n_factors) == 0)
      return false;
  return true;
}

static void add_cell(const ockham_study *study, const uint8_t *levels, const probed *cell,
                     ockham_level_stability *of_levels, size_t *n_ended) {
  for (size_t f = 0, first = 0; f < study->n_factors; first += study->factors[f++].n_levels) {
    ockham_level_stability *level = &of_levels[first + levels[f]];
    level->n_probed++;
    level->n_at_edge += cell->at_edge;
    level->rate_sensitivity += cell->excess;
    if (!(cell->rate > 0)) continue;
    level->rate += log(cell->rate);
    n_ended[first + levels[f]]++;
  }
}

void ockham_study_stability(const ockham_study *study, const ockham_run *runs, size_t n_runs,
                            ockham_level_stability *levels) {
  size_t n = 0, n_ended[OCK_MOST_FACTORS * OCK_MOST_LEVELS] = {0};
  for (size_t f = 0; f < study->n_factors; f++)
    for (size_t l = 0; l < study->factors[f].n_levels; l++) {
      ock_level_count count = ock_level_count_runs(study, runs, n_runs, NULL, f, l, SIZE_MAX);
      levels[n++] = (ockham_level_stability){
          .factor = f, .level = l, .n_runs = count.n_runs, .n_diverged = count.n_diverged, .n_failed = count.n_failed};
    }
  for (size_t i = 0; i < n_runs; i++) {
    probed cell;
    if (is_first_of_cell(study, runs, i) && probe_cell(study, runs, n_runs, runs[i].levels, &cell))
      add_cell(study, runs[i].levels, &cell, levels, n_ended);
  }
  for (size_t i = 0; i < n; i++) {
    levels[i].rate_sensitivity = levels[i].n_probed ? levels[i].rate_sensitivity / (double)levels[i].n_probed : NAN;
    levels[i].rate = n_ended[i] ? exp(levels[i].rate / (double)n_ended[i]) : NAN;
  }
}
