/* SPDX-License-Identifier: Apache-2.0 */
/* Studies with known truth, and how often the analysis says it: a C program, for it analyses thousands.
 * bench/ablation.py runs it and writes bench/ablation.md.
 *
 *   ablation studies SCENARIO N SEED   N studies of a scenario below; lines "name,hits,of"
 *   ablation law BOOTSTRAPS N SEED     N sets of points as Hoffmann et al.'s; lines "name,true,median,5 %,95
 * %,covered,of"
 *
 * Truth of a study: loss = E + exp(g + effects - (gam + ...) log(C / C0)), of 8 two-level factors, of which three do
 * nothing, three gain the same compute at every scale, and two gain what vanishes towards the largest scale. */
#include <math.h>
#include <ockham/ablate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- random numbers that are not the library's: PCG (O'Neill, 2014) ---- */

static uint64_t random_state;

static double uniform(void) {
  uint64_t x = random_state;
  random_state = x * 6364136223846793005u + 1442695040888963407u;
  uint32_t mixed = (uint32_t)(((x >> 18) ^ x) >> 27), turn = (uint32_t)(x >> 59);
  return ((mixed >> turn | mixed << (-turn & 31)) + .5) / 4294967296.;
}

static double between(double low, double high) {
  return low + (high - low) * uniform();
}

static double normal(void) {
  double radius = sqrt(-2 * log(uniform()));
  return radius * cos(2 * M_PI * uniform());
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void die(const ockham_error *error) {
  fprintf(stderr, "ablation: %s\n", error->message);
  exit(1);
}

/* ---- scenarios ---- */

enum { FACTORS = 8, MOST_SCALES = 4, MOST_RUNS = 400, NULLS = 3, CONSTANTS = 3, PAIRS = 2 };
typedef struct scenario {
  const char *name;
  int n_scales;
  double ratio[MOST_SCALES];   /* of compute, to the scale before */
  double sd[MOST_SCALES];      /* of the loss */
  int runs[MOST_SCALES];       /* of the design: 8, 16 or 32 */
  int seeds[MOST_SCALES];      /* of each cell */
  int replicates[MOST_SCALES]; /* of the baseline, and of the recipe */
  double uneven;               /* sd of the logarithm of a cell's noise; with one factor doubling it */
  bool pairs;                  /* there are two interactions */
  bool noisy;                  /* the second level of a factor doubles the noise */
  bool held;                   /* the largest is held out */
  double astray;               /* share of all runs that diverge */
  bool unstable;               /* half of the runs at the second level of a factor diverge */
} scenario;

static const scenario scenarios[] = {
    {"even", 3, {1, 6, 6}, {.004, .004, .004}, {16, 16, 16}, {1, 1, 1}, {6, 6, 3}, 0, false, false, false, 0, false},
    {"usual", 3, {1, 6, 6}, {.012, .004, .002}, {32, 16, 16}, {1, 1, 1}, {6, 6, 3}, .3, false, true, false, 0, false},
    {"two", 2, {1, 10}, {.012, .004}, {32, 16}, {1, 1}, {6, 6}, .3, false, true, false, 0, false},
    {"pairs", 3, {1, 6, 6}, {.012, .004, .002}, {32, 16, 16}, {1, 1, 1}, {6, 6, 3}, .3, true, true, false, 0, false},
    {"few", 3, {1, 6, 6}, {.012, .004, .002}, {16, 16, 8}, {1, 1, 1}, {3, 3, 2}, .3, false, true, false, 0, false},
    {"bare", 3, {1, 6, 6}, {.012, .004, .002}, {16, 16, 16}, {1, 1, 1}, {0, 0, 0}, .3, false, true, false, 0, false},
    {"held",
     4,
     {1, 6, 6, 6},
     {.012, .004, .002, .002},
     {16, 16, 16, 0},
     {1, 1, 1, 1},
     {6, 6, 3, 3},
     .3,
     false,
     true,
     true,
     0,
     false},
    {"wide",
     4,
     {1, 10, 10, 10},
     {.012, .004, .002, .002},
     {16, 16, 16, 8},
     {2, 1, 1, 1},
     {6, 6, 3, 3},
     .3,
     false,
     true,
     false,
     0,
     false},
    {"astray",
     3,
     {1, 6, 6},
     {.012, .004, .002},
     {32, 16, 16},
     {1, 1, 1},
     {6, 6, 3},
     .3,
     false,
     true,
     false,
     .03,
     false},
    {"unstable", 3, {1, 6, 6}, {.012, .004, .002}, {32, 16, 16}, {1, 1, 1}, {6, 6, 3}, .3, false, true, false, 0, true},
};

typedef struct truth {
  double irreducible, level, exponent, effect[FACTORS], change[FACTORS]; /* change: del */
  double pair[PAIRS];                                                    /* of factors 0 x 3 and 4 x 6 */
  double l[MOST_SCALES];                                                 /* from the middle */
  int kind[FACTORS];                                                     /* 0: null, 1: constant, 2: vanishing */
} truth;
static const int pair_of[PAIRS][2] = {{0, 3}, {4, 6}};

static truth make_truth(const scenario *s) {
  truth t = {0};
  double sum = 0, middle = 0;
  for (int i = 0; i < s->n_scales; i++) t.l[i] = sum += log(s->ratio[i]), middle += sum / s->n_scales;
  for (int i = 0; i < s->n_scales; i++) t.l[i] -= middle;
  t.exponent = between(.1, .3);
  double last = between(1.1, 1.5), part = between(.2, .8); /* of the loss at the largest scale that is E */
  t.irreducible = part * last;
  t.level = log(last - t.irreducible) + t.exponent * t.l[s->n_scales - 1];
  int order[FACTORS];
  for (int f = 0; f < FACTORS; f++) {
    int other = (int)(uniform() * (f + 1));
    order[f] = order[other], order[other] = f;
  }
  for (int i = 0; i < FACTORS; i++) {
    int f = order[i], sign = uniform() < .5 ? -1 : 1;
    t.kind[f] = i < NULLS ? 0 : i < NULLS + CONSTANTS ? 1 : 2;
    double range = t.l[s->n_scales - 1] - t.l[0];
    double gain = t.kind[f] == 1 ? sign * between(.1, .6) : t.kind[f] == 2 ? sign * between(.3, .8) : 0;
    double elasticity = t.kind[f] == 2 ? -.9 * gain / range : 0; /* gain is that of the smallest scale */
    t.change[f] = t.exponent * elasticity;
    t.effect[f] = -t.exponent * (gain - elasticity * t.l[0]);
  }
  for (int i = 0; i < PAIRS; i++) t.pair[i] = s->pairs ? (uniform() < .5 ? -1 : 1) * t.exponent * between(.15, .4) : 0;
  return t;
}

static double log_left(const truth *t, const uint8_t *levels, double l) {
  double sum = t->level - t->exponent * l;
  for (int f = 0; f < FACTORS; f++) sum += levels[f] * (t->effect[f] - t->change[f] * l);
  for (int i = 0; i < PAIRS; i++) sum += t->pair[i] * levels[pair_of[i][0]] * levels[pair_of[i][1]];
  return sum;
}

/* ---- a study ---- */

typedef struct sample {
  ockham_study study;
  ockham_study_factor factors[FACTORS];
  ockham_study_scale scales[MOST_SCALES];
  size_t n_runs, n_cells[MOST_SCALES];
  int unstable; /* factor; -1: none */
  double astray;
  ockham_run runs[MOST_RUNS];
  uint8_t levels[MOST_RUNS][FACTORS];
} sample;

static const char *const level_names[] = {"old", "new"}, *const factor_names[] = {"A", "B", "C", "D",
                                                                                  "E", "F", "G", "H"};
static const char *const scale_names[] = {"S1", "S2", "S3", "S4"};

static void add_run(sample *x, const truth *t, int scale, ockham_purpose purpose, const uint8_t *levels, double sd) {
  ockham_run *run = &x->runs[x->n_runs];
  memcpy(x->levels[x->n_runs], levels, FACTORS);
  *run = (ockham_run){.id = x->n_runs + 1,
                      .purpose = purpose,
                      .scale = (size_t)scale,
                      .levels = x->levels[x->n_runs],
                      .seed = x->n_runs,
                      .outcome = OCKHAM_OUTCOME_DONE,
                      .flops = 1e12 * exp(t->l[scale] - t->l[0]),
                      .parameters = NAN,
                      .tokens = NAN,
                      .seconds = NAN,
                      .slope = NAN};
  run->loss = t->irreducible + exp(log_left(t, levels, t->l[scale])) + sd * normal();
  double risk = x->unstable >= 0 && levels[x->unstable] ? .5 : x->astray;
  if (risk > 0 && uniform() < risk) run->outcome = OCKHAM_OUTCOME_DIVERGED, run->loss = NAN;
  x->n_runs++;
}

/* Cells of a regular fraction that holds the baseline and the recipe: 32 (8-3), 16 (8-4), or 8 of the 16. */
static void fill_cell(int n, int i, uint8_t *levels) {
  int a = i & 1, b = i >> 1 & 1, c = i >> 2 & 1, d = n == 8 ? a ^ b ^ c : i >> 3 & 1,
      e = n == 32 ? i >> 4 & 1 : b ^ c ^ d;
  int f = a ^ c ^ d, g = a ^ b ^ c, h = n == 32 ? b ^ c ^ e : a ^ b ^ d;
  if (n == 32) f = a ^ b ^ c, g = a ^ b ^ d, h = (a ^ c) ^ (d ^ e) ^ b;
  const int all[FACTORS] = {a, b, c, d, e, f, g, h};
  for (int j = 0; j < FACTORS; j++) levels[j] = (uint8_t)all[j];
}

static void make_sample(sample *x, const scenario *s, const truth *t) {
  static const uint8_t baseline[FACTORS], recipe[FACTORS] = {1, 1, 1, 1, 1, 1, 1, 1};
  int noisy = (int)(uniform() * FACTORS);
  x->n_runs = 0;
  x->unstable = s->unstable ? (int)(uniform() * FACTORS) : -1;
  x->astray = s->astray;
  for (int k = 0; k < s->n_scales; k++) {
    double of_ends[2] = {s->sd[k], s->sd[k] * (s->noisy ? 2 : 1)};
    bool held = s->held && k == s->n_scales - 1;
    for (int i = 0; i < s->runs[k]; i++) {
      uint8_t levels[FACTORS];
      fill_cell(s->runs[k], i, levels);
      double sd = s->sd[k] * exp(s->uneven * normal()) * (s->noisy && levels[noisy] ? 2 : 1);
      if (!memcmp(levels, baseline, FACTORS)) sd = of_ends[0];
      if (!memcmp(levels, recipe, FACTORS)) sd = of_ends[1];
      for (int j = 0; j < s->seeds[k]; j++) add_run(x, t, k, OCKHAM_PURPOSE_DESIGN, levels, sd);
    }
    for (int j = 0; j < s->replicates[k]; j++) add_run(x, t, k, OCKHAM_PURPOSE_BASELINE, baseline, of_ends[0]);
    for (int j = 0; j < s->replicates[k] && !held; j++) add_run(x, t, k, OCKHAM_PURPOSE_RECIPE, recipe, of_ends[1]);
    x->scales[k] = (ockham_study_scale){.name = scale_names[k], .held_out = held};
  }
  for (int f = 0; f < FACTORS; f++) x->factors[f] = (ockham_study_factor){factor_names[f], 2, level_names};
  x->study = (ockham_study){.name = "simulated",
                            .n_factors = FACTORS,
                            .factors = x->factors,
                            .n_scales = (size_t)s->n_scales,
                            .scales = x->scales,
                            .worst_loss = 8};
}

/* ---- what is true of it ---- */

/* The change of loss, averaged over the cells of the scale. */
static double true_loss_change(const truth *t, const sample *x, int scale, int f) {
  double sum = 0, n = 0;
  for (size_t i = 0; i < x->n_runs; i++) {
    bool seen = false;
    if (x->runs[i].scale != (size_t)scale) continue;
    for (size_t j = 0; j < i && !seen; j++)
      seen = x->runs[j].scale == (size_t)scale && !memcmp(x->levels[i], x->levels[j], FACTORS);
    if (seen) continue;
    uint8_t levels[FACTORS];
    memcpy(levels, x->levels[i], FACTORS);
    levels[f] = 1;
    sum += exp(log_left(t, levels, t->l[scale]));
    levels[f] = 0;
    sum -= exp(log_left(t, levels, t->l[scale]));
    n++;
  }
  return sum / n;
}

/* The others averaged, half of them at each level. */
static double true_log_gain(const truth *t, int scale, int f) {
  double effect = t->effect[f] - t->change[f] * t->l[scale];
  for (int i = 0; i < PAIRS; i++) effect += pair_of[i][0] == f || pair_of[i][1] == f ? t->pair[i] / 2 : 0;
  return -effect / t->exponent;
}

/* ---- tallies ---- */

enum { MOST_TALLIES = 60 };
static struct tally {
  char name[40];
  double hits, of;
} tallies[MOST_TALLIES];

static void count(const char *name, bool hit) {
  int i = 0;
  while (tallies[i].name[0] && strcmp(tallies[i].name, name)) i++;
  snprintf(tallies[i].name, sizeof tallies[i].name, "%s", name);
  tallies[i].hits += hit, tallies[i].of++;
}

static void count_in(const char *name, ockham_interval interval, double value) {
  if (!isnan(interval.low)) count(name, value >= interval.low && value <= interval.high);
}

static void count_study(const truth *t, const sample *x, const ockham_ablation *answer) {
  static const char *const kinds[] = {"null", "constant", "vanishing"};
  bool false_call = false, false_divergence = false;
  char name[40];
  size_t last = answer->n_scales - 1;
  for (int f = 0; f < FACTORS; f++) {
    const ockham_effect *effect = &answer->mains[f];
    const char *kind = f == x->unstable ? "unstable" : kinds[t->kind[f]];
    for (int k = 0; k <= (int)last; k++) {
      snprintf(name, sizeof name, "loss S%d", k + 1);
      count_in(name, effect->loss[k], true_loss_change(t, x, k, f));
      snprintf(name, sizeof name, "log CEG S%d", k + 1);
      count_in(name, effect->ceg[k], exp(true_log_gain(t, k, f)));
      snprintf(name, sizeof name, "measured CEG S%d", k + 1);
      count_in(name, effect->ceg_measured[k], exp(true_log_gain(t, k, f)));
    }
    count_in("elasticity", effect->elasticity, t->change[f] / t->exponent);
    snprintf(name, sizeof name, "elasticity %s", kind);
    count_in(name, effect->elasticity, t->change[f] / t->exponent);
    bool unstable = f == x->unstable;
    bool called = effect->verdict == OCKHAM_EFFECT_HELPS || effect->verdict == OCKHAM_EFFECT_HURTS;
    bool helps = true_log_gain(t, 0, f) + true_log_gain(t, (int)last, f) > 0;
    false_call |= called && !unstable && t->kind[f] == 0 && true_log_gain(t, 0, f) == 0; /* in no pair, either */
    snprintf(name, sizeof name, "called %s", kind);
    count(name, called);
    snprintf(name, sizeof name, "negligible %s", kind);
    count(name, effect->verdict == OCKHAM_EFFECT_NEGLIGIBLE);
    if (called && t->kind[f] && !unstable)
      count("right sign when called", helps == (effect->verdict == OCKHAM_EFFECT_HELPS));
    snprintf(name, sizeof name, "vanishes said of %s", kind);
    count(name, effect->trend == OCKHAM_TREND_VANISHES || effect->trend == OCKHAM_TREND_CROSSES);
    snprintf(name, sizeof name, "grows said of %s", kind);
    count(name, effect->trend == OCKHAM_TREND_GROWS);
    snprintf(name, sizeof name, "p of trend below .1 of %s", kind);
    count(name, effect->p_trend < .1);
    snprintf(name, sizeof name, "inclusion above .5 of %s", kind);
    count(name, effect->inclusion > .5);
    if (unstable) count("diverges said of unstable", effect->diverges);
    if (unstable) count("helps said of unstable", effect->verdict == OCKHAM_EFFECT_HELPS && !effect->diverges);
    false_divergence |= effect->diverges && !unstable;
  }
  if (x->unstable >= 0 || x->astray > 0) count("false divergence", false_divergence);
  count("family-wise false call", false_call);
  count_in("exponent", answer->law.exponent, t->exponent);
  count_in("irreducible", answer->law.irreducible, t->irreducible);
  uint8_t none[FACTORS] = {0}, all[FACTORS];
  memset(all, 1, sizeof all);
  for (size_t k = 0; k <= last; k++) {
    double joint = (log_left(t, none, t->l[k]) - log_left(t, all, t->l[k])) / t->exponent, product = 0;
    for (int f = 0; f < FACTORS; f++) product -= (t->effect[f] - t->change[f] * t->l[k]) / t->exponent;
    count_in("joint CEG", answer->joints[k].joint, exp(joint));
    count_in("product CEG", answer->joints[k].product, exp(product));
    count_in("joint / product", answer->joints[k].ratio, exp(joint - product));
  }
  count_in("held-out loss", answer->predicted, answer->held_loss);
}

static void run_studies(const scenario *s, int n, size_t bootstraps) {
  sample *x = calloc(1, sizeof *x);
  for (int i = 0; i < n; i++) {
    truth t = make_truth(s);
    make_sample(x, s, &t);
    ockham_ablation *answer;
    ockham_error error;
    ockham_ablation_options options = {.threads = 1, .seed = (uint64_t)i, .bootstraps = bootstraps};
    if (ockham_ablation_analyse(&x->study, x->runs, x->n_runs, &options, &answer, &error)) die(&error);
    count_study(&t, x, answer);
    ockham_ablation_free(answer);
  }
  free(x);
  for (int i = 0; tallies[i].name[0]; i++) printf("%s,%g,%g\n", tallies[i].name, tallies[i].hits, tallies[i].of);
}

/* ---- the scaling law ---- */

enum { POINTS = 240, SIZES = 9, PARAMETERS = 5 };

/* Nine budgets of 6e18 to 3e21 operations, each over models of a tenth to ten times the best size, a part of them with
 * other budgets: as Hoffmann et al.'s points lie. Noise of the logarithm: mostly .006, some of .02. */
static void draw_points(double *n, double *d, double *loss) {
  for (int i = 0; i < POINTS; i++) {
    double budget = 6e18 * pow(10, between(0, 2.7)), best = .2 * sqrt(budget), tilt = between(-1, 1);
    n[i] = fmin(fmax(best / 2 * pow(10, tilt), 4e7), 1.6e10);
    d[i] = budget / 6 / n[i];
    double value = 1.8172 + 482.01 * pow(n[i], -.3478) + 2085.43 * pow(d[i], -.3658);
    loss[i] = value * exp((uniform() < .85 ? .006 : .02) * normal());
  }
}

static void run_laws(int n, size_t bootstraps) {
  static const char *const names[PARAMETERS] = {"E", "A", "B", "alpha", "beta"};
  static const double truths[PARAMETERS] = {1.8172, 482.01, 2085.43, .3478, .3658};
  static double size[POINTS], tokens[POINTS], loss[POINTS];
  double *found = malloc((size_t)n * PARAMETERS * sizeof *found);
  int covered[PARAMETERS] = {0};
  for (int i = 0; i < n; i++) {
    draw_points(size, tokens, loss);
    ockham_scaling_law law;
    ockham_error error;
    if (ockham_scaling_law_fit(size, tokens, loss, POINTS, bootstraps, (uint64_t)i, &law, &error)) die(&error);
    const ockham_interval *all[PARAMETERS] = {&law.E, &law.A, &law.B, &law.alpha, &law.beta};
    for (int j = 0; j < PARAMETERS; j++) {
      found[j * n + i] = all[j]->value;
      covered[j] += truths[j] >= all[j]->low && truths[j] <= all[j]->high;
    }
  }
  for (int j = 0; j < PARAMETERS; j++) {
    double *values = found + j * n;
    qsort(values, (size_t)n, sizeof *values, compare);
    printf("%s,%g,%g,%g,%g,%d,%d\n", names[j], truths[j], values[n / 2], values[n / 20], values[n - 1 - n / 20],
           covered[j], n);
  }
  free(found);
}

int main(int n_arguments, char **arguments) {
  if (n_arguments < 5) return fprintf(stderr, "usage: see the source\n"), 2;
  int n = atoi(arguments[3]);
  random_state = strtoul(arguments[4], NULL, 10) * 7919 + 104729;
  for (int i = 0; i < 10; i++) uniform();
  if (!strcmp(arguments[1], "law")) {
    run_laws(n, (size_t)atoi(arguments[2]));
    return 0;
  }
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    if (strcmp(arguments[2], scenarios[i].name)) continue;
    run_studies(&scenarios[i], n, 0);
    return 0;
  }
  return fprintf(stderr, "ablation: no scenario '%s'\n", arguments[2]), 2;
}
