/* SPDX-License-Identifier: Apache-2.0 */
/* From runs to units: what a run counts as, what varies. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"
#include "ablate/journal.h"

ockham_status ock_no_room(ockham_error *err) {
  return ock_fail(err, OCKHAM_NO_MEMORY, "not enough memory for the analysis of the study");
}

ockham_status ock_warn(ock_analysis *a, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (a->out->n_warnings == a->n_warnings_room) {
    size_t room = 2 * a->n_warnings_room + 8;
    char **more = ock_arena_array(a->arena, room, sizeof *more);
    if (!more) return OCKHAM_NO_MEMORY;
    if (a->out->n_warnings) memcpy(more, a->out->warnings, a->out->n_warnings * sizeof *more);
    a->out->warnings = more, a->n_warnings_room = room;
  }
  char *kept = ock_arena_text(a->arena, text, strlen(text));
  if (!kept) return OCKHAM_NO_MEMORY;
  a->out->warnings[a->out->n_warnings++] = kept;
  return OCKHAM_OK;
}

bool ock_is_baseline(const ock_analysis *a, const uint8_t *levels) {
  for (size_t f = 0; f < a->study->n_factors; f++)
    if (levels[f]) return false;
  return true;
}

bool ock_is_recipe(const ock_analysis *a, const uint8_t *levels) {
  for (size_t f = 0; f < a->study->n_factors; f++)
    if (levels[f] != 1) return false;
  return true;
}

/* ---- cells ---- */

static int compare_numbers(const void *x, const void *y, void *analysis) {
  const ock_analysis *a = analysis;
  size_t i = *(const size_t *)x, j = *(const size_t *)y;
  if (a->runs[i].scale != a->runs[j].scale) return a->runs[i].scale < a->runs[j].scale ? -1 : 1;
  int levels = memcmp(a->runs[i].levels, a->runs[j].levels, a->study->n_factors);
  return levels ? levels : (i > j) - (i < j);
}

static ockham_status find_cells(ock_analysis *a, ockham_error *err) {
  ock_cells *cells = &a->cells;
  size_t n = a->n_runs;
  cells->runs = ock_arena_array(&a->scratch, n, sizeof *cells->runs);
  cells->first = ock_arena_array(&a->scratch, n + 1, sizeof *cells->first);
  cells->of = ock_arena_array(&a->scratch, n, sizeof *cells->of);
  if (!cells->runs || !cells->first || !cells->of) return ock_no_room(err);
  for (size_t i = 0; i < n; i++) cells->runs[i] = i;
  qsort_r(cells->runs, n, sizeof *cells->runs, compare_numbers, a);
  for (size_t at = 0; at < n; at++) {
    const ockham_run *run = &a->runs[cells->runs[at]], *before = at ? &a->runs[cells->runs[at - 1]] : NULL;
    if (!before || run->scale != before->scale || memcmp(run->levels, before->levels, a->study->n_factors) != 0)
      cells->first[cells->n++] = at;
    cells->of[cells->runs[at]] = cells->n - 1;
  }
  cells->first[cells->n] = n;
  return OCKHAM_OK;
}

/* ---- what a run counts as ---- */

static ockham_status check_run(const ock_analysis *a, size_t i, ockham_error *err) {
  const ockham_run *run = &a->runs[i];
  if (run->scale >= a->study->n_scales)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a scale below %zu, found %zu in run %llu", a->study->n_scales,
                    run->scale, (unsigned long long)run->id);
  for (size_t f = 0; f < a->study->n_factors; f++) {
    const ockham_study_factor *factor = &a->study->factors[f];
    if (run->levels[f] >= factor->n_levels)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a level of '%s' below %zu, found %u in run %llu",
                      factor->name, factor->n_levels, run->levels[f], (unsigned long long)run->id);
  }
  if (run->outcome == OCKHAM_OUTCOME_DONE && !isfinite(run->loss))
    return ock_fail(err, OCKHAM_BAD_DATA, "expected a finite loss of run %llu, which is done, found %g",
                    (unsigned long long)run->id, run->loss);
  return OCKHAM_OK;
}

static double compute_of(const ock_analysis *a, const ockham_run *run) {
  double compute = a->how.account == OCKHAM_ACCOUNT_PARAMETERS ? run->parameters
                   : a->how.account == OCKHAM_ACCOUNT_TIME     ? run->seconds
                                                               : run->flops;
  return compute > 0 && isfinite(compute) ? log(compute) : NAN;
}

/* A probe counts where its cell has nothing else: the best of its rates. */
static bool is_best_probe(const ock_analysis *a, size_t i) {
  const ock_cells *cells = &a->cells;
  for (size_t at = cells->first[cells->of[i]]; at < cells->first[cells->of[i] + 1]; at++) {
    size_t j = cells->runs[at];
    if (j == i || isnan(a->loss[j])) continue;
    if (a->runs[j].purpose != OCKHAM_PURPOSE_PROBE) return false;
    if (a->loss[j] < a->loss[i] || (a->loss[j] == a->loss[i] && j < i)) return false;
  }
  return true;
}

static bool is_at_rate(const ockham_run *run, double rate) {
  return run->purpose != OCKHAM_PURPOSE_PROBE && ock_rate_of(run) == rate;
}

/* The rate that a cell's runs have to be at, where it has runs at its best, or the study's: what ran before a later
 * probe found that, or `rates` changed, is of another study. 0: any. */
static double rate_of_cell(const ock_analysis *a, size_t cell) {
  const size_t *first = a->cells.runs + a->cells.first[cell], *end = a->cells.runs + a->cells.first[cell + 1];
  double rate = ock_rate_choose(a->study, a->runs, a->n_runs, a->runs[*first].levels);
  for (const size_t *i = first; i < end; i++)
    if (is_at_rate(&a->runs[*i], rate) && !isnan(a->loss[*i])) return rate;
  return 0;
}

static void count_cell(ock_analysis *a, size_t cell) {
  double rate = rate_of_cell(a, cell);
  for (size_t at = a->cells.first[cell]; at < a->cells.first[cell + 1]; at++) {
    size_t i = a->cells.runs[at];
    const ockham_run *run = &a->runs[i];
    ockham_scale_noise *noise = &a->out->scales[run->scale];
    bool probe = run->purpose == OCKHAM_PURPOSE_PROBE, superseded = rate > 0 && !probe && !is_at_rate(run, rate);
    bool counts = !isnan(a->loss[i]) && !superseded && (!probe || is_best_probe(a, i));
    a->n_superseded += superseded;
    a->diverged[i] = counts && ock_run_diverged(a->study, run);
    a->used[i] = counts && !a->diverged[i];
    noise->n_runs += counts;
    noise->n_diverged += a->diverged[i];
  }
}

static ockham_status count_runs(ock_analysis *a, ockham_error *err) {
  for (size_t i = 0; i < a->n_runs; i++) {
    const ockham_run *run = &a->runs[i];
    OCK_TRY(check_run(a, i, err));
    ockham_scale_noise *noise = &a->out->scales[run->scale];
    bool done = run->outcome == OCKHAM_OUTCOME_DONE;
    a->loss[i] = ock_run_diverged(a->study, run) ? a->study->worst_loss : done ? run->loss : NAN;
    a->log_compute[i] = compute_of(a, run);
    noise->n_failed += ock_has_failed(run->outcome);
  }
  for (size_t c = 0; c < a->cells.n; c++) count_cell(a, c);
  return OCKHAM_OK;
}

/* ---- units ---- */

typedef struct ordered_run {
  const ockham_run *run;
  double loss, log_compute;
  size_t n_factors;
} ordered_run;

static int compare_cells(const ordered_run *x, const ordered_run *y) {
  if (x->run->scale != y->run->scale) return x->run->scale < y->run->scale ? -1 : 1;
  return memcmp(x->run->levels, y->run->levels, x->n_factors);
}

/* By loss within a cell, so that sums do not depend on the order of runs. */
static int compare_runs(const void *a, const void *b) {
  const ordered_run *x = a, *y = b;
  int cells = compare_cells(x, y);
  if (cells) return cells;
  if (x->loss != y->loss) return x->loss < y->loss ? -1 : 1;
  if (x->run->seed != y->run->seed) return x->run->seed < y->run->seed ? -1 : 1;
  return (x->log_compute > y->log_compute) - (x->log_compute < y->log_compute);
}

/* The same run twice tells nothing of the noise. Seed 0: not said. */
static bool is_again(const ordered_run *run, const ordered_run *before) {
  return run->run->seed && run->run->seed == before->run->seed && run->loss == before->loss &&
         run->run->outcome == OCKHAM_OUTCOME_DONE && !compare_cells(run, before);
}

static size_t leave_out_again(ordered_run *runs, size_t n) {
  size_t n_kept = 0;
  for (size_t i = 0; i < n; i++)
    if (!n_kept || !is_again(&runs[i], &runs[n_kept - 1])) runs[n_kept++] = runs[i];
  return n_kept;
}

static ock_unit unit_of(const ordered_run *runs, size_t n) {
  ock_unit unit = {.scale = runs->run->scale, .n = n, .levels = runs->run->levels};
  size_t n_compute = 0;
  for (size_t i = 0; i < n; i++) {
    unit.loss += runs[i].loss / (double)n;
    if (isnan(runs[i].log_compute)) continue;
    unit.log_compute += runs[i].log_compute;
    n_compute++;
  }
  for (size_t i = 0; i < n; i++) unit.squares += (runs[i].loss - unit.loss) * (runs[i].loss - unit.loss);
  unit.log_compute /= (double)n_compute; /* 0 / 0 is NaN */
  return unit;
}

ockham_status ock_units_gather(ock_analysis *a, ock_takes *takes, size_t scale, ock_unit **units, size_t *n,
                               ockham_error *err) {
  ordered_run *runs = ock_arena_array(&a->scratch, a->n_runs, sizeof *runs);
  ock_unit *made = ock_arena_array(&a->scratch, a->n_runs, sizeof *made);
  if (!runs || !made) return ock_no_room(err);
  size_t n_taken = 0, n_units = 0;
  for (size_t i = 0; i < a->n_runs; i++) {
    if (a->used[i] && takes(a, i, scale))
      runs[n_taken++] = (ordered_run){&a->runs[i], a->loss[i], a->log_compute[i], a->study->n_factors};
  }
  qsort(runs, n_taken, sizeof *runs, compare_runs);
  n_taken = leave_out_again(runs, n_taken);
  for (size_t first = 0, end; first < n_taken; first = end) {
    for (end = first + 1; end < n_taken && !compare_cells(&runs[first], &runs[end]);) end++;
    made[n_units++] = unit_of(runs + first, end - first);
  }
  *units = made, *n = n_units;
  return OCKHAM_OK;
}

/* ---- what varies ---- */

static ockham_status check_variation(const ock_analysis *a, ockham_error *err) {
  const ockham_study *study = a->study;
  size_t n_baselines = 0;
  for (size_t i = 0; i < a->n_runs; i++)
    n_baselines += a->used[i] && !study->scales[a->runs[i].scale].held_out && ock_is_baseline(a, a->runs[i].levels);
  if (!n_baselines)
    return ock_fail(err, OCKHAM_BAD_DATA,
                    "expected a run of the baseline, every factor at its first level; found none "
                    "that ended and did not diverge");
  for (size_t f = 0; f < study->n_factors; f++) {
    bool varies = false;
    for (size_t i = 0; i < a->n_runs && !varies; i++)
      varies = a->runs[i].outcome != OCKHAM_OUTCOME_WAITING && !study->scales[a->runs[i].scale].held_out &&
               a->runs[i].levels[f] != 0; /* also where none ended: that is told */
    if (!varies)
      return ock_fail(err, OCKHAM_BAD_DATA, "expected runs at two levels of '%s', found only '%s'",
                      study->factors[f].name, study->factors[f].levels[0]);
  }
  return OCKHAM_OK;
}

/* Of the baseline; without its runs, of all. */
static void find_scale_compute(ock_analysis *a) {
  for (size_t s = 0; s < a->study->n_scales; s++) {
    double sum[2] = {0}, n[2] = {0};
    for (size_t i = 0; i < a->n_runs; i++) {
      if (!a->used[i] || a->runs[i].scale != s || isnan(a->log_compute[i])) continue;
      size_t which = ock_is_baseline(a, a->runs[i].levels) ? 0 : 1;
      sum[which] += a->log_compute[i], n[which]++;
    }
    size_t which = n[0] > 0 ? 0 : 1;
    a->scale_compute[s] = sum[which] / n[which];
    a->out->scales[s].compute = exp(a->scale_compute[s]);
  }
}

static ockham_status make_room(ock_analysis *a, ockham_error *err) {
  size_t n = a->n_runs, n_scales = a->study->n_scales;
  a->loss = ock_arena_array(&a->scratch, n, sizeof *a->loss);
  a->log_compute = ock_arena_array(&a->scratch, n, sizeof *a->log_compute);
  a->used = ock_arena_array(&a->scratch, n, sizeof *a->used);
  a->diverged = ock_arena_array(&a->scratch, n, sizeof *a->diverged);
  a->scale_compute = ock_arena_array(&a->scratch, n_scales, sizeof *a->scale_compute);
  a->in_law = ock_arena_array(&a->scratch, n_scales, sizeof *a->in_law);
  a->out->transition = ock_arena_array(a->arena, n, sizeof *a->out->transition);
  a->out->scales = ock_arena_array(a->arena, n_scales, sizeof *a->out->scales);
  a->out->n_scales = n_scales;
  for (size_t f = 0; f < a->study->n_factors; f++) a->n_mains += a->study->factors[f].n_levels - 1;
  a->mains = ock_arena_array(&a->scratch, a->n_mains, sizeof *a->mains);
  if (!a->loss || !a->log_compute || !a->used || !a->diverged || !a->scale_compute || !a->in_law ||
      !a->out->transition || !a->out->scales || !a->mains)
    return ock_no_room(err);
  memset(a->out->transition, 0, n * sizeof *a->out->transition);
  memset(a->out->scales, 0, n_scales * sizeof *a->out->scales);
  size_t j = 0;
  for (size_t f = 0; f < a->study->n_factors; f++)
    for (size_t level = 1; level < a->study->factors[f].n_levels; level++) a->mains[j++] = (ock_main){f, level};
  return OCKHAM_OK;
}

ockham_status ock_gather(ock_analysis *a, ockham_error *err) {
  OCK_TRY(make_room(a, err));
  OCK_TRY(find_cells(a, err));
  OCK_TRY(count_runs(a, err));
  OCK_TRY(check_variation(a, err));
  find_scale_compute(a);
  for (size_t s = 0; s < a->study->n_scales; s++) a->in_law[s] = !a->study->scales[s].held_out;
  return ock_plateau_find(a, err);
}
