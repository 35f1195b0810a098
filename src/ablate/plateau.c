/* SPDX-License-Identifier: Apache-2.0 */
/* Which runs have not left the plateau that small models begin on, and whether that is said of the baseline itself:
 * then it is the scale that is too small. A scale is judged by the loss and the last slope that its baseline has
 * typically, the medians of its runs; where these are in two groups, of the lower one.
 *
 * On the plateau are
 * - a run whose loss is worse than the baseline's, by more than twice its replicates' spread, and whose last slope is
 *   not within a factor of two of the baseline's: it still falls steeply, or has not begun to;
 * - the worse group of a cell whose replicates are in two.
 * The baseline is when it is in two groups, or when a tenth of the other runs learn earlier: their losses are better by
 * more than twice its compute would bring it, and their slopes are not like its own. Then none of these is marked. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

typedef struct plateau {
  ock_analysis *a;
  size_t scale;
  double *room;               /* n_runs */
  double *worse_of;           /* of each cell: runs with this loss or a higher one are its worse group; infinite */
  double within;              /* spread of replicates within their groups; NaN: none */
  double halving;             /* what half of the compute costs the baseline; NaN: not known */
  double worse;               /* of the baseline's runs these are the worse group; infinite: it has one */
  double loss, spread, slope; /* of the others */
} plateau;

static double median_of(double *values, size_t n) {
  qsort(values, n, sizeof *values, ock_compare_doubles);
  return n ? (values[(n - 1) / 2] + values[n / 2]) / 2 : NAN;
}

static bool is_here(const plateau *p, size_t i) {
  return p->a->used[i] && p->a->runs[i].scale == p->scale;
}

static bool is_alike(double slope, double usual) {
  return usual < 0 && slope / usual >= .5 && slope / usual <= 2;
}

/* ---- two groups ---- */

/* Of n sorted losses: where the widest gap is, how wide, and the squares within what it parts. */
static size_t widest_gap(const double *losses, size_t n, double *gap, double *squares) {
  size_t at = 1;
  for (size_t i = 1; i < n; i++)
    if (losses[i] - losses[i - 1] > losses[at] - losses[at - 1]) at = i;
  *gap = losses[at] - losses[at - 1], *squares = 0;
  for (size_t part = 0; part < 2; part++) {
    size_t from = part ? at : 0, to = part ? n : at;
    double mean = 0;
    for (size_t i = from; i < to; i++) mean += losses[i] / (double)(to - from);
    for (size_t i = from; i < to; i++) *squares += (losses[i] - mean) * (losses[i] - mean);
  }
  return at;
}

/* Losses of a cell's runs, sorted, in p->room. */
static size_t losses_of(plateau *p, size_t cell) {
  const ock_cells *cells = &p->a->cells;
  size_t n = 0;
  for (size_t at = cells->first[cell]; at < cells->first[cell + 1]; at++)
    if (is_here(p, cells->runs[at])) p->room[n++] = p->a->loss[cells->runs[at]];
  qsort(p->room, n, sizeof *p->room, ock_compare_doubles);
  return n;
}

/* Of the runs here: sums over cells go in the order of their first ones. */
static bool is_first_of_cell(const plateau *p, size_t i) {
  const ock_cells *cells = &p->a->cells;
  size_t at = cells->first[cells->of[i]];
  while (cells->runs[at] < i && !is_here(p, cells->runs[at])) at++;
  return cells->runs[at] == i && is_here(p, i);
}

enum { FEWEST = 3 }; /* of a cell that has groups */

/* Pooled over cells, so that one whose runs happen to lie close does not make a gap of its noise. */
static double find_within(plateau *p) {
  double sum = 0, freedom = 0, gap, squares;
  for (size_t i = 0; i < p->a->n_runs; i++) {
    if (!is_first_of_cell(p, i)) continue;
    size_t n = losses_of(p, p->a->cells.of[i]);
    if (n < FEWEST) continue;
    widest_gap(p->room, n, &gap, &squares);
    sum += squares, freedom += (double)n - 2;
  }
  const double fewest = 3;
  return freedom >= fewest ? sqrt(sum / freedom) : NAN;
}

/* The least loss of the worse group of a cell; infinite: it has one. */
static double worse_from(plateau *p, size_t cell) {
  const double wide = 6;
  size_t n = losses_of(p, cell);
  double gap, squares;
  if (n < FEWEST) return INFINITY;
  size_t at = widest_gap(p->room, n, &gap, &squares);
  return gap > wide * p->within && gap > p->halving ? p->room[at] : INFINITY;
}

/* ---- the baseline ---- */

/* Losses or slopes of the baseline's runs that are below `from`, in room. */
static size_t baseline_values(const plateau *p, size_t scale, double from, bool slopes, double *values) {
  const ock_analysis *a = p->a;
  size_t n = 0;
  for (size_t i = 0; i < a->n_runs; i++) {
    if (!a->used[i] || a->runs[i].scale != scale || !ock_is_baseline(a, a->runs[i].levels)) continue;
    double value = slopes ? a->runs[i].slope : a->loss[i];
    if (a->loss[i] < from && !isnan(value)) values[n++] = value;
  }
  return n;
}

static double baseline_median(plateau *p, size_t scale, double from, bool slopes) {
  return median_of(p->room, baseline_values(p, scale, from, slopes, p->room));
}

/* By the flattest of its last slope and the lines to the scales beside it. */
static double find_halving(plateau *p) {
  const ock_analysis *a = p->a;
  double here = baseline_median(p, p->scale, INFINITY, false), slope = baseline_median(p, p->scale, INFINITY, true);
  double flattest = slope < 0 ? -slope : NAN;
  for (size_t s = 0; s < a->study->n_scales; s++) {
    if (s + 1 != p->scale && s != p->scale + 1) continue;
    double there = baseline_median(p, s, INFINITY, false);
    double line = -(there - here) / (a->scale_compute[s] - a->scale_compute[p->scale]);
    if (line > 0) flattest = fmin(flattest, line);
  }
  return flattest * log(2);
}

/* Where the worse group of each cell begins, the baseline's as well. */
static void part_cells(plateau *p) {
  const ock_cells *cells = &p->a->cells;
  p->worse = INFINITY;
  for (size_t c = 0; c < cells->n; c++) {
    const ockham_run *run = &p->a->runs[cells->runs[cells->first[c]]];
    if (run->scale != p->scale) continue;
    p->worse_of[c] = worse_from(p, c);
    if (ock_is_baseline(p->a, run->levels)) p->worse = p->worse_of[c];
  }
}

static void find_baseline(plateau *p) {
  const double deviation = 1.4826; /* of a Gaussian, in median distances */
  p->loss = baseline_median(p, p->scale, p->worse, false);
  p->slope = baseline_median(p, p->scale, p->worse, true);
  size_t n = baseline_values(p, p->scale, p->worse, false, p->room);
  for (size_t i = 0; i < n; i++) p->room[i] = fabs(p->room[i] - p->loss);
  p->spread = n < 3 ? 0 : deviation * median_of(p->room, n);
}

/* So many others learn earlier than it that it is the baseline which has not left. */
static bool is_baseline_late(const plateau *p) {
  const ock_analysis *a = p->a;
  const double enough = .1;
  size_t n = 0, n_early = 0;
  double least = fmax(isnan(p->halving) ? 0 : p->halving, 2 * p->spread);
  for (size_t i = 0; i < a->n_runs; i++) {
    if (!is_here(p, i) || isnan(a->runs[i].slope) || ock_is_baseline(a, a->runs[i].levels)) continue;
    n++;
    n_early += a->loss[i] < p->loss - least && !is_alike(a->runs[i].slope, p->slope);
  }
  return n_early > 0 && (double)n_early >= enough * (double)n && !isnan(p->slope);
}

/* ---- all ---- */

static bool is_late(const plateau *p, size_t i) {
  const ock_analysis *a = p->a;
  double slope = a->runs[i].slope;
  bool worse = a->loss[i] > p->loss + 2 * p->spread;
  if (worse && p->slope < 0 && !isnan(slope) && !is_alike(slope, p->slope)) return true;
  return a->loss[i] >= p->worse_of[a->cells.of[i]];
}

static void mark_scale(plateau *p) {
  ock_analysis *a = p->a;
  ockham_scale_noise *noise = &a->out->scales[p->scale];
  p->within = find_within(p), p->halving = find_halving(p);
  part_cells(p);
  find_baseline(p);
  bool all = is_baseline_late(p);
  for (size_t i = 0; i < a->n_runs; i++) {
    if (!is_here(p, i)) continue;
    noise->n_plateau += ock_is_baseline(a, a->runs[i].levels) && (all || a->loss[i] >= p->worse);
    a->out->transition[i] = !all && is_late(p, i);
    noise->n_transition += a->out->transition[i];
  }
}

ockham_status ock_plateau_find(ock_analysis *a, ockham_error *err) {
  plateau p = {.a = a,
               .room = ock_arena_array(&a->scratch, a->n_runs, sizeof *p.room),
               .worse_of = ock_arena_array(&a->scratch, a->cells.n, sizeof *p.worse_of)};
  if (!p.room || !p.worse_of) return ock_no_room(err);
  for (p.scale = 0; p.scale < a->study->n_scales; p.scale++) mark_scale(&p);
  return OCKHAM_OK;
}

ockham_status ock_plateau_warn(ock_analysis *a) {
  for (size_t s = 0; s < a->study->n_scales; s++) {
    const ockham_scale_noise *noise = &a->out->scales[s];
    const char *name = a->study->scales[s].name;
    if (noise->n_plateau)
      OCK_TRY(ock_warn(a,
                       "scale '%s' is too small for gains in compute: %zu runs of the baseline itself have not left "
                       "the plateau; train longer there, or leave the scale out",
                       name, noise->n_plateau));
    if (noise->n_transition)
      OCK_TRY(ock_warn(a, "scale '%s': %zu of %zu runs have not left the plateau and are kept out of the gains", name,
                       noise->n_transition, noise->n_runs));
  }
  return OCKHAM_OK;
}
