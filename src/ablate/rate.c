/* SPDX-License-Identifier: Apache-2.0 */
/* Which multiple of the learning rate a cell is run at. */
#include <math.h>
#include <string.h>

#include "ablate/internal.h"
#include "ablate/journal.h"

double ock_rate_loss(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels,
                     double rate, bool *tried) {
  double sum = 0;
  size_t n = 0;
  *tried = false;
  for (size_t i = 0; i < n_runs; i++) {
    const ockham_run *run = &runs[i];
    if (run->purpose != OCKHAM_PURPOSE_PROBE || run->scale != 0 || run->rate != rate ||
        memcmp(run->levels, levels, study->n_factors) != 0)
      continue;
    *tried = *tried || run->outcome != OCKHAM_OUTCOME_WAITING;
    if (!ock_has_ended(run->outcome)) continue;
    sum += ock_run_diverged(study, run) ? study->worst_loss : run->loss;
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

/* The rate next to one of the study's rates; 0: it is the last on that side. */
static double next_to(const ockham_study *study, double rate, bool above) {
  double next = 0;
  for (size_t i = 0; i < study->n_rates; i++) {
    double other = study->rates[i];
    if (above ? other > rate && (next == 0 || other < next) : other < rate && other > next) next = other;
  }
  return next;
}

/* How far apart rates are beyond `rate`, the last on its side; 1: it is not. */
static double ratio_beyond(const ockham_study *study, double rate) {
  double below = next_to(study, rate, false), above = next_to(study, rate, true);
  if ((below > 0) == (above > 0)) return 1;
  return rate / (below > 0 ? below : above);
}

ock_rate_search ock_rate_find(const ockham_study *study, const ockham_run *runs, size_t n_runs, const uint8_t *levels) {
  ock_rate_search search = {.settled = true};
  double best_loss = INFINITY, lowest = INFINITY;
  for (size_t i = 0; i < study->n_rates; i++) {
    bool tried;
    double rate = study->rates[i], loss = ock_rate_loss(study, runs, n_runs, levels, rate, &tried);
    lowest = fmin(lowest, rate);
    search.settled = search.settled && tried;
    if (loss == INFINITY || (search.best > 0 && !is_better(loss, rate, best_loss, search.best))) continue;
    search.best = rate;
    best_loss = loss;
  }
  if (!search.settled || search.best == 0) return search;
  double rate = best_loss < study->worst_loss ? search.best : lowest; /* where all diverged it is further down */
  for (double ratio = ratio_beyond(study, rate); ratio != 1 && search.n_further < OCK_MOST_WIDER;) {
    bool tried;
    rate = ock_twelve_digits(rate * ratio);
    double loss = ock_rate_loss(study, runs, n_runs, levels, rate, &tried);
    if (!tried && search.n_further >= study->widen) break; /* what was tried counts also where it widens less now */
    search.further[search.n_further++] = rate;
    search.settled = tried;
    bool better = loss < INFINITY && is_better(loss, rate, best_loss, search.best);
    if (better) search.best = rate, best_loss = loss;
    if (!better && (loss == INFINITY || best_loss < study->worst_loss)) break;
  }
  return search;
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
    double rate = ock_rate_find(study, runs, n_runs, runs[i].levels).best;
    if (rate == 0) continue;
    best = rate;
    fewest = n;
  }
  return best;
}
