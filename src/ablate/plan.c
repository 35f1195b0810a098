/* SPDX-License-Identifier: Apache-2.0 */
/* All runs of a study. A run's place within its scale comes from what it is, so that a study that grows keeps the order
 * of what it had. */
#include <stdlib.h>
#include <string.h>

#include "ablate/journal.h"
#include "ablate/plan.h"

enum { MOST_RUNS = 1000000 };

/* Runs of one cell at one scale, with seeds first, first + 1, ... */
typedef struct job {
  uint8_t levels[OCK_FRACTION_MOST_FACTORS];
  size_t scale, first, n;
  ockham_purpose purpose;
  double rate;
} job;

typedef struct planner {
  const ockham_study *study;
  const ockham_run *pilot; /* n_pilot */
  size_t n_pilot;
  const ockham_design *designs;
  ock_design_model model;
  job *jobs;
  size_t n_jobs, room, n_runs;
  bool failed; /* memory ran out */
} planner;

static size_t n_seeds(const ockham_study *study) {
  return study->seeds ? study->seeds : 1;
}

/* ---- which cells ---- */

static void add_job(planner *p, size_t scale, const uint8_t *levels, ockham_purpose purpose, size_t first, size_t n) {
  const ockham_study *study = p->study;
  if (p->failed || !n) return;
  if (p->n_jobs == p->room) {
    size_t room = 2 * p->room + 64;
    job *jobs = ock_realloc_array(p->jobs, room, sizeof *jobs);
    p->failed = !jobs;
    if (!jobs) return;
    p->jobs = jobs;
    p->room = room;
  }
  double rate = study->n_rates > 1 ? 0 : study->n_rates ? study->rates[0] : 1;
  job *to = &p->jobs[p->n_jobs++];
  *to = (job){.scale = scale, .purpose = purpose, .first = first, .n = n, .rate = rate};
  memcpy(to->levels, levels, study->n_factors);
  p->n_runs = n > MOST_RUNS ? MOST_RUNS + 1 : p->n_runs + n;
}

/* How many runs of the cell are planned at the scale, whose jobs begin at `from`. */
static size_t count_planned(const planner *p, size_t from, const uint8_t *levels) {
  size_t n = 0;
  for (size_t j = from; j < p->n_jobs; j++) {
    if (memcmp(p->jobs[j].levels, levels, p->study->n_factors) == 0) n += p->jobs[j].n;
  }
  return n;
}

/* What the scale does not have yet and the rules allow. */
static void add_missing(planner *p, size_t from, const uint8_t *levels, ockham_purpose purpose) {
  if (ock_design_broken(&p->model, levels) < p->model.n_forbidden || count_planned(p, from, levels)) return;
  add_job(p, 0, levels, purpose, 0, n_seeds(p->study));
}

static void add_added(planner *p, size_t from) {
  uint8_t cell[OCK_FRACTION_MOST_FACTORS] = {0};
  add_missing(p, from, cell, OCKHAM_PURPOSE_ADD_ONE_IN);
  for (size_t f = 0; f < p->study->n_factors; f++) {
    for (size_t l = 1; l < p->study->factors[f].n_levels; l++) {
      cell[f] = (uint8_t)l;
      add_missing(p, from, cell, OCKHAM_PURPOSE_ADD_ONE_IN);
    }
    cell[f] = 0;
  }
}

static void add_left_out(planner *p, size_t from) {
  uint8_t cell[OCK_FRACTION_MOST_FACTORS];
  memset(cell, 1, sizeof cell);
  add_missing(p, from, cell, OCKHAM_PURPOSE_LEAVE_ONE_OUT);
  for (size_t f = 0; f < p->study->n_factors; f++) {
    cell[f] = 0;
    add_missing(p, from, cell, OCKHAM_PURPOSE_LEAVE_ONE_OUT);
    cell[f] = 1;
  }
}

/* Beside what the scale has: seeds go on where its own end. The baseline is run at every scale. */
static void add_replicates(planner *p, size_t scale, size_t from) {
  uint8_t cell[OCK_FRACTION_MOST_FACTORS] = {0};
  size_t replicates = p->study->scales[scale].replicates, planned = count_planned(p, from, cell), n = replicates;
  if (!planned && n < n_seeds(p->study)) n = n_seeds(p->study);
  add_job(p, scale, cell, OCKHAM_PURPOSE_BASELINE, planned, n);
  memset(cell, 1, sizeof cell);
  if (ock_design_broken(&p->model, cell) < p->model.n_forbidden) return;
  add_job(p, scale, cell, OCKHAM_PURPOSE_RECIPE, count_planned(p, from, cell), replicates);
}

static void add_scale(planner *p, size_t scale) {
  size_t from = p->n_jobs;
  const ockham_design *design = &p->designs[scale];
  for (size_t x = 0; x < design->n_cells; x++)
    add_job(p, scale, design->levels + x * design->n_factors, OCKHAM_PURPOSE_DESIGN, 0, n_seeds(p->study));
  if (scale == 0 && p->study->add_one_in) add_added(p, from);
  if (scale == 0 && p->study->leave_one_out) add_left_out(p, from);
  add_replicates(p, scale, from);
}

static int compare_jobs(const void *a, const void *b, void *n_factors) {
  return memcmp(((const job *)a)->levels, ((const job *)b)->levels, *(const size_t *)n_factors);
}

static void add_probe(planner *p, const uint8_t *levels, double rate) {
  add_job(p, 0, levels, OCKHAM_PURPOSE_PROBE, 0, 1);
  if (!p->failed) p->jobs[p->n_jobs - 1].rate = rate;
}

/* Every cell of the study at every rate, at the smallest scale, and at those that its probes call for. */
static ockham_status add_probes(planner *p, ockham_error *err) {
  size_t n = p->n_jobs, k = p->study->n_factors;
  if (p->failed || p->study->n_rates < 2) return OCKHAM_OK;
  job *cells = ock_alloc_array(n, sizeof *cells);
  if (!cells) return ock_fail_memory(err, "the runs of a plan", ock_size_product(n, sizeof *cells));
  memcpy(cells, p->jobs, n * sizeof *cells);
  qsort_r(cells, n, sizeof *cells, compare_jobs, &k);
  for (size_t i = 0; i < n; i++) {
    if (i && memcmp(cells[i].levels, cells[i - 1].levels, k) == 0) continue;
    for (size_t r = 0; r < p->study->n_rates; r++) add_probe(p, cells[i].levels, p->study->rates[r]);
    ock_rate_search search = ock_rate_find(p->study, p->pilot, p->n_pilot, cells[i].levels);
    for (size_t r = 0; r < search.n_further; r++) add_probe(p, cells[i].levels, search.further[r]);
  }
  ock_free(cells);
  return OCKHAM_OK;
}

/* ---- in which order ---- */

typedef struct placed {
  ockham_run run;
  uint64_t key;
} placed;

static void mix(uint64_t *key, uint64_t value) {
  ock_rng rng = ock_rng_make(*key, value);
  *key = ock_rng_next(&rng);
}

static uint64_t make_key(const ockham_study *study, const ockham_run *run) {
  uint64_t key = study->seed, rate;
  memcpy(&rate, &run->rate, sizeof rate);
  mix(&key, run->scale);
  mix(&key, run->seed);
  mix(&key, run->purpose == OCKHAM_PURPOSE_PROBE ? rate : 0);
  for (size_t f = 0; f < study->n_factors; f++) mix(&key, run->levels[f]);
  return key;
}

/* Within a scale probes come first, for other runs wait for them. */
static int compare_places(const void *a, const void *b) {
  const placed *x = a, *y = b;
  if (x->run.scale != y->run.scale) return x->run.scale < y->run.scale ? -1 : 1;
  bool x_probe = x->run.purpose == OCKHAM_PURPOSE_PROBE, y_probe = y->run.purpose == OCKHAM_PURPOSE_PROBE;
  if (x_probe != y_probe) return x_probe ? -1 : 1;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->run.id > y->run.id) - (x->run.id < y->run.id);
}

/* The same seeds for every cell: seed + 1, + 2, ...; the study's own is that of the probes. */
static uint64_t seed_of(const ockham_study *study, ockham_purpose purpose, size_t replicate) {
  return study->seed + (purpose == OCKHAM_PURPOSE_PROBE ? 0 : 1 + replicate);
}

static void place_jobs(const planner *p, placed *runs, uint8_t *levels) {
  size_t n = 0, k = p->study->n_factors;
  for (size_t j = 0; j < p->n_jobs; j++) {
    const job *from = &p->jobs[j];
    for (size_t i = 0; i < from->n; i++, n++) {
      uint8_t *cell = levels + n * k;
      memcpy(cell, from->levels, k);
      runs[n].run = (ockham_run){.id = n + 1,
                                 .purpose = from->purpose,
                                 .scale = from->scale,
                                 .levels = cell,
                                 .seed = seed_of(p->study, from->purpose, from->first + i),
                                 .rate = from->rate,
                                 .loss = NAN,
                                 .flops = NAN,
                                 .parameters = NAN,
                                 .tokens = NAN,
                                 .seconds = NAN,
                                 .slope = NAN};
      runs[n].key = make_key(p->study, &runs[n].run);
    }
  }
  qsort(runs, n, sizeof *runs, compare_places);
}

static ockham_status take_runs(const planner *p, ockham_plan *plan, ockham_error *err) {
  size_t n = p->n_runs;
  placed *runs = ock_alloc_array(n, sizeof *runs);
  plan->runs = ock_alloc_array(n, sizeof *plan->runs);
  plan->levels = ock_alloc_array(n, p->study->n_factors);
  bool there = runs && plan->runs && plan->levels;
  if (there) {
    place_jobs(p, runs, plan->levels);
    plan->n_runs = n;
    for (size_t i = 0; i < n; i++) {
      plan->runs[i] = runs[i].run;
      plan->runs[i].id = i + 1;
      plan->scales[runs[i].run.scale].n_runs++;
    }
  }
  ock_free(runs);
  return there ? OCKHAM_OK : ock_fail_memory(err, "the runs of a plan", ock_size_product(n, sizeof *plan->runs));
}

static ockham_status make_runs(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan *plan,
                               ockham_error *err) {
  planner p = {
      .study = study,
      .pilot = pilot,
      .n_pilot = n_pilot,
      .designs = plan->designs,
      .model = ock_design_model_make(study->factors, study->n_factors, study->forbidden, study->n_forbidden, NULL, 0)};
  for (size_t s = 0; s < study->n_scales; s++) add_scale(&p, s);
  ockham_status status = add_probes(&p, err);
  if (!status && p.failed) status = ock_fail_memory(err, "the runs of a plan", p.room * sizeof *p.jobs);
  if (!status && p.n_runs > MOST_RUNS)
    status = ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected at most %d runs, found more", MOST_RUNS);
  if (!status) status = take_runs(&p, plan, err);
  ock_free(p.jobs);
  return status;
}

/* ---- numbers ---- */

/* The same run: what it is for does not matter, and of a rate that was found later only a probe is told. */
static int compare_runs(const ockham_run *a, const ockham_run *b, size_t n_factors) {
  bool a_probe = a->purpose == OCKHAM_PURPOSE_PROBE, b_probe = b->purpose == OCKHAM_PURPOSE_PROBE;
  if (a->scale != b->scale) return a->scale < b->scale ? -1 : 1;
  if (a_probe != b_probe) return a_probe ? -1 : 1;
  if (a->seed != b->seed) return a->seed < b->seed ? -1 : 1;
  if (a_probe && a->rate != b->rate) return a->rate < b->rate ? -1 : 1;
  return memcmp(a->levels, b->levels, n_factors);
}

static int compare_pointers(const void *a, const void *b, void *n_factors) {
  return compare_runs(*(ockham_run *const *)a, *(ockham_run *const *)b, *(const size_t *)n_factors);
}

static ockham_run **find_pointer(ockham_run **sorted, size_t n, const ockham_run *run, size_t k) {
  size_t low = 0, high = n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = compare_runs(run, sorted[middle], k);
    if (order == 0) return &sorted[middle];
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return NULL;
}

/* A run that was made keeps its number. While that is its place, others have theirs, too; else the study has grown or
 * other runs were brought in, and those not made yet are numbered from after the last. */
static ockham_status number_runs(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan *plan,
                                 ockham_error *err) {
  size_t n = plan->n_runs, k = study->n_factors;
  uint64_t last = 0;
  bool grown = false;
  if (!n_pilot) return OCKHAM_OK;
  ockham_run **sorted = ock_alloc_array(n, sizeof *sorted);
  uint64_t *kept = ock_alloc_zeroed(n, sizeof *kept);
  bool there = sorted && kept;
  for (size_t i = 0; there && i < n; i++) sorted[i] = &plan->runs[i];
  if (there) qsort_r(sorted, n, sizeof *sorted, compare_pointers, &k);
  for (size_t i = 0; there && i < n_pilot; i++) {
    ockham_run **found = find_pointer(sorted, n, &pilot[i], k);
    uint64_t id = pilot[i].id;
    if (id > last) last = id;
    if (!found) {
      grown = grown || (id >= 1 && id <= n);
    } else if (id && !kept[*found - plan->runs]) {
      kept[*found - plan->runs] = id;
      grown = grown || (*found)->id != id;
    }
  }
  for (size_t i = 0; there && grown && i < n; i++) plan->runs[i].id = kept[i] ? kept[i] : ++last;
  ock_free(kept);
  ock_free(sorted);
  return there ? OCKHAM_OK : ock_fail_memory(err, "the numbers of runs", n * sizeof *sorted);
}

/* ---- the plan ---- */

void ockham_plan_free(ockham_plan *plan) {
  if (!plan) return;
  for (size_t s = 0; plan->designs && s < plan->n_scales; s++) ockham_design_clear(&plan->designs[s]);
  ock_free(plan->designs);
  ock_free(plan->scales);
  ock_free(plan->levels);
  ock_free(plan->runs);
  ock_free(plan);
}

ockham_status ockham_plan_predict(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan *plan,
                                  ockham_error *err) {
  OCK_TRY(ock_plan_time(study, pilot, n_pilot, plan, err));
  return ock_plan_weigh(study, pilot, n_pilot, plan, err);
}

static ockham_status check(const ockham_study *study, ockham_error *err) {
  if (!study->n_scales) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected at least one scale, found none");
  if (!study->n_factors || study->n_factors > OCK_FRACTION_MOST_FACTORS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected 1 to %d factors, found %zu", OCK_FRACTION_MOST_FACTORS,
                    study->n_factors);
  for (size_t i = 0; i < study->n_rates; i++) {
    if (!(study->rates[i] > 0) || isinf(study->rates[i]))
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected rates above 0, found %g", study->rates[i]);
  }
  if (study->widen > OCK_MOST_WIDER || (study->widen && study->n_rates < 2))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected to widen two rates or more by at most %d, found %zu and %zu",
                    OCK_MOST_WIDER, study->n_rates, study->widen);
  return OCKHAM_OK;
}

static ockham_status fill(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan *plan,
                          ockham_error *err) {
  OCK_TRY(ock_plan_nest(study, plan->designs, err));
  OCK_TRY(make_runs(study, pilot, n_pilot, plan, err));
  OCK_TRY(number_runs(study, pilot, n_pilot, plan, err));
  return ockham_plan_predict(study, pilot, n_pilot, plan, err);
}

ockham_status ockham_plan_make(const ockham_study *study, const ockham_run *pilot, size_t n_pilot, ockham_plan **plan,
                               ockham_error *err) {
  *plan = NULL;
  OCK_TRY(check(study, err));
  ockham_plan *made = ock_alloc_zeroed(1, sizeof *made);
  if (!made) return ock_fail_memory(err, "a plan", sizeof *made);
  made->n_scales = study->n_scales;
  made->designs = ock_alloc_zeroed(study->n_scales, sizeof *made->designs);
  made->scales = ock_alloc_zeroed(study->n_scales, sizeof *made->scales);
  ockham_status status = made->designs && made->scales
                             ? fill(study, pilot, n_pilot, made, err)
                             : ock_fail_memory(err, "a plan", study->n_scales * sizeof *made->scales);
  if (status) {
    ockham_plan_free(made);
  } else {
    *plan = made;
  }
  return status;
}
