/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan costs and what it can show, from a pilot: the spread of equal runs, their seconds, and how fast the
 * baseline's loss falls with compute. */
#include <stdlib.h>
#include <string.h>

#include "ablate/journal.h"
#include "ablate/plan.h"

static const double power = .8, false_calls = .1, most_ceg = 1.25;

static bool is_done(const ockham_run *run, const ockham_study *study) {
  return run->outcome == OCKHAM_OUTCOME_DONE && run->scale < study->n_scales && isfinite(run->loss);
}

/* ---- time ---- */

static bool is_positive(double x) {
  return x > 0 && isfinite(x);
}

static bool took_time(const ockham_run *run) {
  return ock_has_ended(run->outcome) && is_positive(run->seconds);
}

/* A line through (x, y). */
typedef struct line {
  double n, x, y, xx, xy, low, high;
} line;

static void line_add(line *l, double x, double y) {
  double from_x = x - l->x, from_y = y - l->y;
  l->low = l->n ? fmin(l->low, x) : x;
  l->high = l->n ? fmax(l->high, x) : x;
  l->n++;
  l->x += from_x / l->n;
  l->y += from_y / l->n;
  l->xx += from_x * (x - l->x);
  l->xy += from_x * (y - l->y);
}

/* log(seconds) on log(flops). A slope of 1 until flops differ by a factor of two; never far from it: beyond the pilot a
 * wild slope would say anything. */
static double line_at(const line *l, double x) {
  double slope = l->high - l->low < log(2) ? 1 : fmin(fmax(l->xy / l->xx, .5), 1.5);
  return l->y + slope * (x - l->x);
}

typedef struct times {
  line all;             /* log(seconds) on log(flops) */
  const line *of_scale; /* x: log(flops); n_scales */
  const line *seconds;  /* y: log(seconds), also of runs without flops; n_scales */
} times;

/* By the runs of the scale, and how much more or less work this one is; else by its work alone. */
static double predict_seconds(const times *t, const ockham_run *run) {
  const line *own = &t->seconds[run->scale], *with_flops = &t->of_scale[run->scale];
  bool known = is_positive(run->flops);
  if (own->n && known && with_flops->n == own->n) return exp(own->y + log(run->flops) - with_flops->x);
  if (own->n) return exp(own->y);
  return known && t->all.n ? exp(line_at(&t->all, log(run->flops))) : NAN;
}

static ockham_status find_times(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, times *t,
                                ockham_error *err) {
  line *lines = ock_alloc_zeroed(study->n_scales, 2 * sizeof *lines);
  if (!lines) return ock_fail_memory(err, "times of runs", study->n_scales * 2 * sizeof *lines);
  line *of_scale = lines, *seconds = lines + study->n_scales;
  *t = (times){.of_scale = of_scale, .seconds = seconds};
  for (size_t i = 0; i < n_pilot; i++) {
    const ockham_run *run = &pilot[i];
    if (run->scale >= study->n_scales || !took_time(run)) continue;
    line_add(&seconds[run->scale], 0, log(run->seconds));
    if (!is_positive(run->flops)) continue;
    line_add(&of_scale[run->scale], log(run->flops), log(run->seconds));
    line_add(&t->all, log(run->flops), log(run->seconds));
  }
  return OCKHAM_OK;
}

ockham_status ock_plan_time(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan *plan,
                            ockham_error *err) {
  times t = {0};
  OCK_TRY(find_times(study, pilot, n_pilot, &t, err));
  plan->core_seconds = 0;
  for (size_t s = 0; s < study->n_scales; s++) plan->scales[s].run_seconds = 0;
  for (size_t i = 0; i < plan->n_runs; i++) {
    ockham_run *run = &plan->runs[i];
    run->seconds = predict_seconds(&t, run);
    plan->core_seconds += run->seconds;
    plan->scales[run->scale].run_seconds += run->seconds;
  }
  for (size_t s = 0; s < study->n_scales; s++) plan->scales[s].run_seconds /= (double)plan->scales[s].n_runs;
  plan->over_budget = study->core_minutes > 0 && plan->core_seconds > 60 * study->core_minutes;
  ock_free((void *)t.of_scale);
  return OCKHAM_OK;
}

/* ---- noise ---- */

typedef struct cell_run {
  const ockham_run *run;
  size_t n_factors;
} cell_run;

/* Runs of a cell at another rate, which a later probe may have left behind, are apart: their means differ. */
static int compare_cells(const void *a, const void *b) {
  const cell_run *x = a, *y = b;
  if (x->run->scale != y->run->scale) return x->run->scale < y->run->scale ? -1 : 1;
  int order = memcmp(x->run->levels, y->run->levels, x->n_factors);
  double rate = ock_rate_of(x->run), other = ock_rate_of(y->run);
  return order ? order : (rate > other) - (rate < other);
}

/* Sums of squares within cells, and their degrees of freedom, by scale. */
typedef struct spread {
  double square;
  size_t degrees;
} spread;

static void sum_within(const cell_run *runs, size_t n, spread *spreads) {
  for (size_t first = 0, next; first < n; first = next) {
    double mean = 0, square = 0;
    for (next = first; next < n && compare_cells(&runs[first], &runs[next]) == 0; next++) {
      double from = runs[next].run->loss - mean;
      mean += from / (double)(next - first + 1);
      square += from * (runs[next].run->loss - mean);
    }
    spreads[runs[first].run->scale].square += square;
    spreads[runs[first].run->scale].degrees += next - first - 1;
  }
}

/* Runs of one kind of a list, sorted by cell: done ones that are not probes (any outcome when planned). */
static size_t sort_cells(const ockham_study *study, const ockham_run *runs, size_t n_runs, bool planned,
                         cell_run *sorted) {
  size_t n = 0;
  for (size_t i = 0; i < n_runs; i++) {
    if (runs[i].purpose == OCKHAM_PURPOSE_PROBE || !(planned || is_done(&runs[i], study))) continue;
    sorted[n++] = (cell_run){&runs[i], study->n_factors};
  }
  qsort(sorted, n, sizeof *sorted, compare_cells);
  return n;
}

/* The nearest scale that has replicates, of two as near the smaller: its noise is hardly less. n_scales: none. */
static size_t nearest_noise(const spread *spreads, size_t n_scales, size_t scale) {
  for (size_t away = 0; away < n_scales; away++) {
    if (away <= scale && spreads[scale - away].degrees) return scale - away;
    if (scale + away < n_scales && spreads[scale + away].degrees) return scale + away;
  }
  return n_scales;
}

/* ---- what a level's change is known to ---- */

typedef struct scratch {
  double *rows, *packed, *inverse, *low, *high; /* runs x terms, packed, terms x terms, a row each */
  cell_run *sorted;
  spread *found, *planned; /* n_scales each */
  ock_arena arena;
} scratch;

static ockham_status prepare(scratch *s, size_t n_rows, size_t d, size_t n_sorted, size_t n_scales, ockham_error *err) {
  size_t number = sizeof(double);
  bool there = (s->rows = ock_arena_array(&s->arena, n_rows, d * number)) &&
               (s->packed = ock_arena_array(&s->arena, d * (d + 1) / 2, number)) &&
               (s->inverse = ock_arena_array(&s->arena, d, d * number)) &&
               (s->low = ock_arena_array(&s->arena, d, number)) && (s->high = ock_arena_array(&s->arena, d, number)) &&
               (s->sorted = ock_arena_array(&s->arena, n_sorted, sizeof *s->sorted)) &&
               (s->found = ock_arena_array(&s->arena, n_scales, sizeof *s->found)) &&
               (s->planned = ock_arena_array(&s->arena, n_scales, sizeof *s->planned));
  if (!there) return ock_fail_memory(err, "what a plan can detect", ock_size_product(n_rows, d * number));
  memset(s->found, 0, n_scales * sizeof *s->found);
  memset(s->planned, 0, n_scales * sizeof *s->planned);
  return OCKHAM_OK;
}

/* Variance of the change from a factor's first level to another, in units of a run's: c' (X'X)^-1 c, the cells being
 * the other factors' first levels, as these cancel. */
static double change_variance(const ock_design_model *model, scratch *s, size_t factor, size_t level) {
  uint8_t cell[OCK_FRACTION_MOST_FACTORS] = {0};
  size_t d = model->n_terms;
  double sum = 0;
  ock_design_row(model, cell, s->low);
  cell[factor] = (uint8_t)level;
  ock_design_row(model, cell, s->high);
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j < d; j++) sum += (s->high[i] - s->low[i]) * s->inverse[i * d + j] * (s->high[j] - s->low[j]);
  }
  return sum;
}

/* The largest of these; infinite where the runs of the scale do not tell all levels. */
static double worst_variance(const ock_design_model *model, const ockham_plan *plan, size_t scale, scratch *s) {
  size_t n = 0, d = model->n_terms;
  double worst = 0;
  for (size_t i = 0; i < plan->n_runs; i++) {
    const ockham_run *run = &plan->runs[i];
    if (run->scale == scale && run->purpose != OCKHAM_PURPOSE_PROBE)
      ock_design_row(model, run->levels, s->rows + n++ * d);
  }
  if (!ock_design_inverse(s->rows, n, d, 0, s->packed, s->inverse)) return INFINITY;
  for (size_t f = 0; f < model->n_factors; f++) {
    for (size_t l = 1; l < model->factors[f].n_levels; l++) worst = fmax(worst, change_variance(model, s, f, l));
  }
  return worst;
}

/* ---- what a change of the loss is worth ---- */

typedef struct point {
  double n, log_compute, loss;
} point;

static point baseline_at(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, size_t scale) {
  static const uint8_t baseline[OCK_FRACTION_MOST_FACTORS] = {0};
  point p = {0};
  for (size_t i = 0; i < n_pilot; i++) {
    const ockham_run *run = &pilot[i];
    if (run->scale != scale || !is_done(run, study) || run->purpose == OCKHAM_PURPOSE_PROBE) continue;
    if (!is_positive(run->flops) || memcmp(run->levels, baseline, study->n_factors) != 0) continue;
    p.n++;
    p.log_compute += (log(run->flops) - p.log_compute) / p.n;
    p.loss += (run->loss - p.loss) / p.n;
  }
  return p;
}

/* d loss / d log(compute) between two scales; NaN: one is not there. */
static double secant(point a, point b) {
  return a.n && b.n && a.log_compute != b.log_compute ? (b.loss - a.loss) / (b.log_compute - a.log_compute) : NAN;
}

/* At a scale: the harmonic mean of the slopes to the nearest scales of the pilot on either side (Fritsch & Butland,
 * SIAM J. Sci. Stat. Comput. 5, 1984), so that the flatter side counts for more; at an end the one there is. */
static double slope_at(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, size_t scale) {
  point at = baseline_at(study, pilot, n_pilot, scale), near;
  double before = NAN, after = NAN;
  for (size_t s = scale; s-- > 0 && isnan(before);) {
    near = baseline_at(study, pilot, n_pilot, s);
    before = secant(near, at);
  }
  for (size_t s = scale + 1; s < study->n_scales && isnan(after); s++) {
    near = baseline_at(study, pilot, n_pilot, s);
    after = secant(at, near);
  }
  if (isnan(before)) return after;
  if (isnan(after)) return before;
  return before < 0 && after < 0 ? 2 * before * after / (before + after) : 0;
}

/* ---- all together ---- */

static void weigh_scale(const ockham_study *study, const ock_design_model *model, const ockham_run *pilot,
                        size_t n_pilot, scratch *s, size_t scale, ockham_plan *plan) {
  ockham_plan_scale *to = &plan->scales[scale];
  size_t source = nearest_noise(s->found, study->n_scales, scale), n_mains = model->n_terms - 1;
  to->degrees = s->planned[scale].degrees;
  to->noise = to->detectable_loss = to->detectable_ceg = NAN;
  if (source == study->n_scales) return;
  to->noise = sqrt(s->found[source].square / (double)s->found[source].degrees);
  if (s->found[scale].degrees > to->degrees) to->degrees = s->found[scale].degrees;
  size_t degrees = to->degrees ? to->degrees : s->found[source].degrees;
  double errors = ock_t_detectable(false_calls / (double)n_mains, (double)degrees, power);
  double slope = slope_at(study, pilot, n_pilot, scale);
  to->detectable_loss = errors * to->noise * sqrt(worst_variance(model, plan, scale, s));
  if (!isnan(slope)) to->detectable_ceg = slope < 0 ? exp(to->detectable_loss / -slope) : INFINITY;
}

static void judge(const ockham_study *study, ockham_plan *plan) {
  size_t n_known = 0, n_poor = 0;
  for (size_t s = 0; s < study->n_scales; s++) {
    n_known += !isnan(plan->scales[s].detectable_ceg);
    n_poor += plan->scales[s].detectable_ceg > most_ceg;
  }
  plan->underpowered = n_known && n_poor == n_known;
}

ockham_status ock_plan_weigh(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan *plan,
                             ockham_error *err) {
  ock_design_model model =
      ock_design_model_make(study->factors, study->n_factors, study->forbidden, study->n_forbidden, NULL, 0);
  scratch s = {0};
  size_t n_sorted = n_pilot > plan->n_runs ? n_pilot : plan->n_runs, n_rows = 0;
  for (size_t i = 0; i < study->n_scales; i++)
    n_rows = n_rows > plan->scales[i].n_runs ? n_rows : plan->scales[i].n_runs;
  ockham_status status = prepare(&s, n_rows, model.n_terms, n_sorted, study->n_scales, err);
  if (!status) {
    sum_within(s.sorted, sort_cells(study, pilot, n_pilot, false, s.sorted), s.found);
    sum_within(s.sorted, sort_cells(study, plan->runs, plan->n_runs, true, s.sorted), s.planned);
    for (size_t i = 0; i < study->n_scales; i++) weigh_scale(study, &model, pilot, n_pilot, &s, i, plan);
    judge(study, plan);
  }
  ock_arena_clear(&s.arena);
  return status;
}
