/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that diverged: a second response beside the loss. Which levels make more runs diverge than the first level of
 * their factor does is asked by Fisher's exact test, one-sided, within strata (scales, and the levels of factors that
 * were found to matter before): of the runs, and of the cells, of which one counts as diverged where any of its runs
 * did, so that many replicates of one cell are not taken for many cells. The larger p of the two holds. Holm's steps
 * keep the family-wise error.
 * Source: Mehta, Patel & Gray, JASA 80, 1985 (the exact test in strata); Wilson, JASA 22, 1927 (intervals of shares);
 * Holm, Scand. J. Statist. 6, 1979. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

/* A run, or a cell at a scale. */
typedef struct item {
  const ockham_run *run;
  const bool *strata; /* of factors */
  size_t n_factors;
  bool diverged;
} item;

typedef struct divergence {
  ock_analysis *a;
  item *runs, *cells, *room;
  size_t n_runs, n_cells;
  bool *counts; /* n_runs of the study: it has ended or diverged, and counts for the loss */
  bool *strata; /* n_factors: its levels are kept apart */
  ock_stratum *of_strata;
  double *chance; /* of each number of diverged items */
  double *p;      /* n_mains; NaN: nothing to compare */
  bool *settled;  /* n_mains */
} divergence;

/* ---- shares ---- */

ockham_interval ock_wilson(size_t hits, size_t n, double level) {
  if (!n) return (ockham_interval){NAN, NAN, NAN};
  double z = ock_normal_quantile((1 + level) / 2), of = (double)n, share = (double)hits / of;
  double middle = (share + z * z / 2 / of) / (1 + z * z / of);
  double half = z * sqrt(share * (1 - share) / of + z * z / 4 / of / of) / (1 + z * z / of);
  return (ockham_interval){share, hits ? middle - half : 0, hits < n ? middle + half : 1};
}

/* ---- the exact test ---- */

static double log_choose(double n, double k) {
  return ock_log_gamma(n + 1) - ock_log_gamma(k + 1) - ock_log_gamma(n - k + 1);
}

/* chance[0..most] becomes that of the sum with a hypergeometric number; returns the new `most`. */
static size_t add_stratum(double *chance, size_t most, const ock_stratum *s) {
  double n = (double)s->n, m = (double)s->at_level;
  size_t low = s->at_level + s->diverged > s->n ? s->at_level + s->diverged - s->n : 0;
  size_t high = s->at_level < s->diverged ? s->at_level : s->diverged;
  double whole = log_choose(n, (double)s->diverged);
  for (size_t to = most + high + 1; to-- > 0;) {
    double sum = 0;
    for (size_t x = low; x <= high && x <= to; x++) {
      if (to - x > most) continue;
      double k = (double)x;
      sum += chance[to - x] * exp(log_choose(m, k) + log_choose(n - m, (double)s->diverged - k) - whole);
    }
    chance[to] = sum;
  }
  return most + high;
}

double ock_exact_tail(const ock_stratum *strata, size_t n, double *chance) {
  size_t most = 0, seen = 0;
  chance[0] = 1;
  for (size_t i = 0; i < n; i++) {
    seen += strata[i].both;
    if (strata[i].diverged) most = add_stratum(chance, most, &strata[i]);
  }
  double p = 0;
  for (size_t x = most + 1; x-- > seen;) p += chance[x];
  return fmin(p, 1);
}

static int compare_strata(const item *x, const item *y) {
  if (x->run->scale != y->run->scale) return x->run->scale < y->run->scale ? -1 : 1;
  for (size_t f = 0; f < x->n_factors; f++)
    if (x->strata[f] && x->run->levels[f] != y->run->levels[f]) return x->run->levels[f] < y->run->levels[f] ? -1 : 1;
  return 0;
}

static int compare_items(const void *a, const void *b) {
  return compare_strata(a, b);
}

/* P(as many at the level diverge, or more); NaN: nothing is at one of the two levels. */
static double test_items(divergence *d, const item *from, size_t n_from, const ock_main *main) {
  size_t n = 0, n_at = 0, n_strata = 0;
  for (size_t i = 0; i < n_from; i++) {
    size_t level = from[i].run->levels[main->factor];
    if (level != 0 && level != main->level) continue;
    n_at += level != 0;
    d->room[n++] = from[i];
  }
  if (n_at == 0 || n_at == n) return NAN;
  bool kept = d->strata[main->factor]; /* it is what is compared */
  d->strata[main->factor] = false;
  qsort(d->room, n, sizeof *d->room, compare_items);
  for (size_t i = 0; i < n;) {
    ock_stratum s = {0};
    const item *first = &d->room[i];
    for (; i < n && !compare_strata(first, &d->room[i]); i++) {
      bool at = d->room[i].run->levels[main->factor] != 0;
      s.n++, s.at_level += at, s.diverged += d->room[i].diverged, s.both += at && d->room[i].diverged;
    }
    d->of_strata[n_strata++] = s;
  }
  d->strata[main->factor] = kept;
  return ock_exact_tail(d->of_strata, n_strata, d->chance);
}

/* ---- all levels ---- */

static void test_all(divergence *d) {
  for (size_t j = 0; j < d->a->n_mains; j++) {
    if (d->settled[j]) continue;
    double of_runs = test_items(d, d->runs, d->n_runs, &d->a->mains[j]);
    d->p[j] = isnan(of_runs) ? NAN : fmax(of_runs, test_items(d, d->cells, d->n_cells, &d->a->mains[j]));
  }
}

static size_t least_of(const divergence *d) {
  size_t least = SIZE_MAX;
  for (size_t j = 0; j < d->a->n_mains; j++)
    if (!d->settled[j] && !isnan(d->p[j]) && (least == SIZE_MAX || d->p[j] < d->p[least])) least = j;
  return least;
}

/* Step by step: what is found makes strata for what comes after it. */
static void step_down(divergence *d) {
  ock_analysis *a = d->a;
  size_t n_left = 0, j;
  double before = 0;
  test_all(d);
  for (j = 0; j < a->n_mains; j++) n_left += !isnan(d->p[j]);
  while ((j = least_of(d)) != SIZE_MAX) {
    ockham_effect *effect = &a->out->mains[j];
    before = effect->p_diverged = fmin(1, fmax(before, (double)n_left-- * d->p[j]));
    effect->diverges = before <= a->how.false_calls;
    d->settled[j] = true;
    if (!effect->diverges || d->strata[effect->factor]) continue;
    d->strata[effect->factor] = true;
    test_all(d);
  }
}

static int compare_cells(const void *a, const void *b) {
  const item *x = a, *y = b;
  if (x->run->scale != y->run->scale) return x->run->scale < y->run->scale ? -1 : 1;
  return memcmp(x->run->levels, y->run->levels, x->n_factors);
}

static ockham_status make_items(divergence *d, ockham_error *err) {
  ock_analysis *a = d->a;
  size_t n = a->n_runs, n_factors = a->study->n_factors, n_diverged = 0;
  d->runs = ock_arena_array(&a->scratch, n, sizeof *d->runs);
  d->cells = ock_arena_array(&a->scratch, n, sizeof *d->cells);
  d->room = ock_arena_array(&a->scratch, n, sizeof *d->room);
  d->of_strata = ock_arena_array(&a->scratch, n, sizeof *d->of_strata);
  d->strata = ock_arena_array(&a->scratch, n_factors, sizeof *d->strata);
  d->counts = ock_arena_array(&a->scratch, n, sizeof *d->counts);
  if (!d->runs || !d->cells || !d->room || !d->of_strata || !d->strata || !d->counts) return ock_no_room(err);
  memset(d->strata, 0, n_factors * sizeof *d->strata);
  for (size_t i = 0; i < n; i++) {
    d->counts[i] = a->used[i] || a->diverged[i];
    if (!d->counts[i]) continue;
    d->runs[d->n_runs++] = (item){&a->runs[i], d->strata, n_factors, a->diverged[i]};
    n_diverged += a->diverged[i];
  }
  qsort(d->runs, d->n_runs, sizeof *d->runs, compare_cells);
  for (size_t i = 0; i < d->n_runs; i++) {
    if (i && !compare_cells(&d->runs[i - 1], &d->runs[i]))
      d->cells[d->n_cells - 1].diverged |= d->runs[i].diverged;
    else
      d->cells[d->n_cells++] = d->runs[i];
  }
  d->chance = ock_arena_array(&a->scratch, n_diverged + 1, sizeof *d->chance);
  d->p = ock_arena_array(&a->scratch, a->n_mains, sizeof *d->p);
  d->settled = ock_arena_array(&a->scratch, a->n_mains, sizeof *d->settled);
  if (!d->chance || !d->p || !d->settled) return ock_no_room(err);
  memset(d->settled, 0, a->n_mains * sizeof *d->settled);
  return OCKHAM_OK;
}

static ock_level_count count_level(const divergence *d, size_t factor, size_t level, size_t scale) {
  return ock_level_count_runs(d->a->study, d->a->runs, d->a->n_runs, d->counts, factor, level, scale);
}

static bool is_lost(const divergence *d, size_t factor, size_t level, size_t scale) {
  ock_level_count count = count_level(d, factor, level, scale);
  return count.n_runs > 0 && count.n_diverged == count.n_runs;
}

static void count_main(const divergence *d, size_t j) {
  ock_analysis *a = d->a;
  ockham_effect *effect = &a->out->mains[j];
  ock_level_count first = count_level(d, effect->factor, 0, SIZE_MAX);
  ock_level_count own = count_level(d, effect->factor, effect->level, SIZE_MAX);
  effect->baseline_diverged = ock_wilson(first.n_diverged, first.n_runs, a->how.level);
  effect->n_runs = own.n_runs, effect->n_diverged = own.n_diverged;
  effect->diverged = ock_wilson(own.n_diverged, own.n_runs, a->how.level);
  for (size_t s = 0; s < a->study->n_scales; s++)
    a->lost[j * a->study->n_scales + s] =
        is_lost(d, effect->factor, 0, s) || is_lost(d, effect->factor, effect->level, s);
}

ockham_status ock_divergence_find(ock_analysis *a, ockham_error *err) {
  divergence d = {.a = a};
  a->lost = ock_arena_array(&a->scratch, ock_size_product(a->n_mains, a->study->n_scales), sizeof *a->lost);
  if (!a->lost) return ock_no_room(err);
  OCK_TRY(make_items(&d, err));
  for (size_t j = 0; j < a->n_mains; j++) count_main(&d, j);
  step_down(&d);
  return OCKHAM_OK;
}

/* ---- verdicts ---- */

bool ock_level_lost(const ock_analysis *a, size_t j) {
  const ockham_effect *effect = &a->out->mains[j];
  return effect->n_runs > 0 && effect->n_diverged == effect->n_runs;
}

void ock_divergence_decide(ockham_effect *effect) {
  const double most = .5;
  if (!effect->diverges) return;
  if (!(effect->diverged.value > most) && effect->verdict != OCKHAM_EFFECT_NEGLIGIBLE) return;
  effect->verdict = OCKHAM_EFFECT_HURTS;
  effect->runs_to_decide = NAN;
}

/* ---- warnings ---- */

static ockham_status warn_of_level(ock_analysis *a, size_t j) {
  const ockham_effect *effect = &a->out->mains[j];
  const ockham_study_factor *factor = &a->study->factors[effect->factor];
  const char *level = factor->levels[effect->level];
  if (effect->diverges)
    OCK_TRY(ock_warn(a,
                     "'%s' at '%s' makes runs diverge: %zu of %zu did, of '%s' %.2g %% (p = %.2g); what is said of "
                     "its loss is of those that ended",
                     factor->name, level, effect->n_diverged, effect->n_runs, factor->levels[0],
                     100 * effect->baseline_diverged.value, effect->p_diverged));
  if (ock_level_lost(a, j))
    return ock_warn(a, "'%s' at '%s': all of %zu runs diverged, and nothing can be said of the loss", factor->name,
                    level, effect->n_runs);
  for (size_t s = 0; s < a->study->n_scales; s++)
    if (a->lost[j * a->study->n_scales + s])
      OCK_TRY(ock_warn(a,
                       "scale '%s': all runs of '%s' at '%s', or at '%s', diverged: nothing is said of the loss there",
                       a->study->scales[s].name, factor->name, level, factor->levels[0]));
  return OCKHAM_OK;
}

ockham_status ock_divergence_warn(ock_analysis *a) {
  for (size_t s = 0; s < a->study->n_scales; s++) {
    const ockham_scale_noise *noise = &a->out->scales[s];
    if (noise->n_diverged)
      OCK_TRY(ock_warn(a,
                       "scale '%s': %zu of %zu runs diverged: they tell of stability, and are kept out of the law "
                       "and of all changes of the loss, which are of runs that ended",
                       a->study->scales[s].name, noise->n_diverged, noise->n_runs));
  }
  for (size_t j = 0; j < a->n_mains; j++) OCK_TRY(warn_of_level(a, j));
  return OCKHAM_OK;
}
