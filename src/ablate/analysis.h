/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of an analysis share.
 *
 * Runs that differ by their seed only are one unit. Given E, log(loss - E) of a unit is linear in columns for the
 * mains, their products with log compute, and pairs; the noise is of the loss, its variance one a scale, more where
 * replicates say so. E is drawn from its profile likelihood between 0 and the least loss, coefficients given E from
 * normal noise whose variances are drawn too: what follows is read off these draws. */
#ifndef OCK_ABLATE_ANALYSIS_H
#define OCK_ABLATE_ANALYSIS_H

#include <stdlib.h>

#include "ablate/internal.h"
#include "stats/internal.h"

/* A level other than the first of its factor. */
typedef struct ock_main {
  size_t factor, level;
} ock_main;

typedef struct ock_unit {
  size_t scale, n; /* runs */
  const uint8_t *levels;
  double loss, squares; /* mean, and squares about it */
  double log_compute;   /* mean; NaN: not reported */
} ock_unit;

/* A linear model of log(loss - E). Columns: 1 and l (law), or one a block of units; mains, centred; with a law mains
 * times l; pairs, products of centred mains. */
typedef struct ock_model {
  size_t n_factors, n_blocks; /* n_blocks 0: a law */
  size_t n_mains, n_pairs;
  const ock_main *mains;
  double *centre;     /* n_mains */
  size_t (*pairs)[2]; /* numbers of mains */
  size_t n_units;
  const ock_unit *units;
  double *l;      /* n_units: log(C / C0), or what stands for it */
  bool *trends;   /* n_mains: its product with l is a column; else that is 0. NULL: all are */
  double *offset; /* n_units: taken off log(loss - E); NULL: 0 */
  double *fitted; /* n_units: the loss, as last fitted */
  size_t n_scales;
  double *variance; /* n_scales: of the loss of a run */
  double *freedom;  /* n_scales: of that variance; 0: it is a guess */
  double between;   /* variance of log(loss - E) between cells that no column explains */
  double *own;      /* n_units: variance of the unit's mean loss */
  bool by_effects;  /* no degrees of freedom: the noise was guessed from the effects */
} ock_model;

/* The fit at one E. */
typedef struct ock_fit {
  size_t n, p;
  double irreducible;
  double *influence;    /* p x n: coefficients are its product with log(loss - E); 0 for columns left out */
  double *coefficients; /* p */
  double *leverage, *residual, *magnitude; /* n; magnitude: loss - E as it is weighted */
  bool *kept;                              /* p: does not depend on columns before it */
  double squares;                          /* weighted, of the residuals */
  ock_basis basis;
  double *along;   /* p: where y lies along the basis */
  double *row, *y; /* room */
} ock_fit;

/* Runs in the order of their cells: scale and levels. */
typedef struct ock_cells {
  size_t n;
  size_t *runs;  /* numbers of runs, cell by cell, ascending in each */
  size_t *first; /* n + 1: where in `runs` each cell's begin */
  size_t *of;    /* of each run */
} ock_cells;

enum { OCK_GRID = 32 };
/* What the data say of E: values of equal distance and how likely each is. */
typedef struct ock_irreducible {
  size_t n;
  double value[OCK_GRID], weight[OCK_GRID];
  double mean;
} ock_irreducible;

typedef struct ock_draws {
  size_t n, p;
  double *irreducible;  /* n */
  double *coefficients; /* n x p */
  double *t;            /* n x n_mains: deviation of a main, in standard errors */
} ock_draws;

/* Pairs that bring something of their own, as candidates, and those that can be told from all others. */
typedef struct ock_pairs {
  size_t n; /* candidates: one of each group of aliases */
  size_t (*items)[2];
  bool *told; /* n */
} ock_pairs;

typedef struct ock_analysis {
  const ockham_study *study;
  const ockham_run *runs;
  size_t n_runs;
  ockham_ablation_options how;
  ock_arena *arena;  /* of the answer */
  ock_arena scratch; /* of the analysis */
  ock_pool *pool;
  ock_ticker ticker;
  ockham_ablation *out;
  size_t n_warnings_room;

  ock_cells cells;
  double *loss, *log_compute; /* n_runs: as they count */
  bool *used, *diverged;      /* n_runs: it counts, and has ended or diverged */
  bool *lost;                 /* n_mains x n_scales: all runs diverged there, at the level or the factor's first */
  double *scale_compute;      /* n_scales: log, of the baseline; NaN */
  bool *in_law;               /* n_scales */
  double central;             /* log C0 */
  size_t n_mains;
  ock_main *mains;

  ock_model model;
  const ock_pairs *pairs; /* NULL: not known yet */
  size_t n_superseded;    /* runs at rates that are no longer their cells' */
  size_t n_selected;      /* of the model's pairs: each pays for itself */
  ock_irreducible irreducible;
  ock_fit fit; /* at irreducible.mean */
  ock_draws draws;
  bool *main_told, *trend_told; /* n_mains */
  double *scale_effects;        /* n_scales x bootstraps x n_mains: log ratio of loss - E at a scale; NaN: not told */
  double *scale_baselines;      /* n_scales x bootstraps: loss of the baseline; NaN */
  double *scale_effect;         /* n_scales x n_mains: the estimates */
  double *scale_baseline;       /* n_scales */
  double *inclusion;            /* n_mains, n_mains of trends, n_pairs of all candidates */
} ock_analysis;

/* ---- gather.c: runs to units ---- */
ockham_status ock_gather(ock_analysis *a, ockham_error *err);
/* Units of the runs that `takes` says, ordered by scale and levels; *units is the scratch arena's. */
typedef bool ock_takes(const ock_analysis *a, size_t run, size_t scale);
ockham_status ock_units_gather(ock_analysis *a, ock_takes *takes, size_t scale, ock_unit **units, size_t *n,
                               ockham_error *err);
bool ock_is_baseline(const ock_analysis *a, const uint8_t *levels);
bool ock_is_recipe(const ock_analysis *a, const uint8_t *levels);
/* Without a text's memory the warning is not there: the call fails later. */
OCK_PRINTF(2, 3) ockham_status ock_warn(ock_analysis *a, const char *format, ...);
ockham_status ock_no_room(ockham_error *err);

/* ---- plateau.c: which runs have not begun to learn ---- */
ockham_status ock_plateau_find(ock_analysis *a, ockham_error *err);
ockham_status ock_plateau_warn(ock_analysis *a);

/* ---- divergence.c: which levels make runs diverge ---- */
ockham_status ock_divergence_find(ock_analysis *a, ockham_error *err);
/* What that makes of a verdict on the loss. */
void ock_divergence_decide(ockham_effect *effect);
/* Every run at the level of that main diverged. */
bool ock_level_lost(const ock_analysis *a, size_t j);
ockham_status ock_divergence_warn(ock_analysis *a);
/* Of n runs so many are at the level, so many diverged, and so many are both. */
typedef struct ock_stratum {
  size_t n, at_level, diverged, both;
} ock_stratum;
/* P(as many are both, or more), were the diverged any of their stratum. chance: room for all diverged, and one. */
double ock_exact_tail(const ock_stratum *strata, size_t n, double *chance);
/* Wilson's interval of a share. */
ockham_interval ock_wilson(size_t hits, size_t n, double level);

/* ---- model.c: the linear part ---- */
static inline size_t ock_first_main(const ock_model *m) {
  return m->n_blocks ? m->n_blocks : 2;
}
static inline size_t ock_first_trend(const ock_model *m) {
  return ock_first_main(m) + m->n_mains;
}
static inline size_t ock_first_pair(const ock_model *m) {
  return ock_first_trend(m) + (m->n_blocks ? 0 : m->n_mains);
}
static inline size_t ock_n_columns(const ock_model *m) {
  return ock_first_pair(m) + m->n_pairs;
}
/* Everything but units, mains and blocks: room for so many pairs, centres, l from log compute less `central`. */
bool ock_model_make(ock_model *m, ock_arena *arena, size_t n_scales, size_t most_pairs, double central);
void ock_model_row(const ock_model *m, const uint8_t *levels, double l, size_t block, double *row);
/* What the coefficients say of log(loss - E), and of its slope on l (law). row: room. */
double ock_model_predict(const ock_model *m, const double *coefficients, const uint8_t *levels, double l, size_t block,
                         double *row);
double ock_model_slope(const ock_model *m, const double *coefficients, const uint8_t *levels);
bool ock_fit_make(ock_fit *fit, ock_arena *arena, const ock_model *m);
/* with_influence: else only the squares are found. */
void ock_fit_run(ock_fit *fit, const ock_model *m, double irreducible, bool with_influence);
/* Variance of a coefficient, and its degrees of freedom (Satterthwaite's). */
double ock_fit_variance(const ock_fit *fit, const ock_model *m, size_t column, double *freedom);
double ock_fit_covariance(const ock_fit *fit, const ock_model *m, size_t a, size_t b);
/* Which of n columns from `first` on can be told from those before them and from each other, whatever the weights. */
ockham_status ock_columns_told(const ock_model *m, size_t first, size_t n, bool *told, ockham_error *err);
/* By which a row is multiplied: 1 / its standard deviation. */
double ock_root_weight(const ock_fit *fit, const ock_model *m, size_t u);
/* The largest E that leaves something of every loss. */
double ock_model_most(const ock_model *m);

/* ---- noise.c ---- */
ockham_status ock_scale_noise_find(ock_analysis *a, ockham_error *err);
/* From pure error and residuals to variance, freedom, between and own. */
void ock_variance_guess(ock_model *m);
void ock_variance_find(ock_model *m, const ock_fit *fit);
double ock_total_freedom(const ock_model *m);

/* ---- irreducible.c ---- */
/* Rounds of E (its distribution is its profile likelihood), fit and variance. */
ockham_status ock_law_settle(ock_analysis *a, ockham_error *err);

/* ---- draws.c ---- */
ockham_status ock_draws_make(ock_analysis *a, const ock_model *m, ock_draws *draws, ockham_error *err);
/* Unit errors of one draw: normal, their variances drawn too. */
void ock_draw_errors(const ock_model *m, ock_rng *rng, double *errors);
/* Of n values, which are sorted: NaN when any is. */
ockham_interval ock_interval_of(double value, double *values, size_t n, double level);

/* ---- scales.c: each scale for itself ---- */
ockham_status ock_scales_analyse(ock_analysis *a, ockham_error *err);

/* ---- measured.c: read off the baseline's curve ---- */
ockham_status ock_measured_find(ock_analysis *a, ockham_error *err);
/* Where a monotone cubic through n points, x ascending, takes the value y, from node `from` outward: below it to the
 * right, above it to the left (y falls along x). -INFINITY and INFINITY: beyond the ends. */
double ock_curve_find(const double *x, const double *y, size_t n, size_t from, double value);
double ock_curve_at(const double *x, const double *y, size_t n, double at);

/* ---- effects.c, verdicts.c ---- */
/* n effects of which nothing is known, the answer's; NULL when memory runs out. */
ockham_effect *ock_effects_new(ock_analysis *a, size_t n);
ockham_status ock_effects_find(ock_analysis *a, ockham_error *err);
ockham_status ock_verdicts_find(ock_analysis *a, ockham_error *err);
/* Of the logarithm of the CEG at l, with a law. room: one a draw. */
ockham_interval ock_log_gain(const ock_analysis *a, size_t j, double l, double *room);
/* The baseline's exponent. */
double ock_exponent(const ock_analysis *a, const double *coefficients);
/* Fieller's interval of -c_0 / c_1, c_1 multiplying it; NaN when it is not bounded. */
ockham_interval ock_fieller(double c0, double c1, double v00, double v01, double v11, double t);

/* ---- pairs.c ---- */
ockham_status ock_pairs_sort(ock_analysis *a, ock_pairs *pairs, ockham_error *err);
ockham_status ock_pairs_select(ock_analysis *a, const ock_pairs *pairs, ockham_error *err);
ockham_status ock_interactions_find(ock_analysis *a, const ock_pairs *pairs, ockham_error *err);
/* depends.c: warnings of mains that a pair turns over; one that is nothing in the mean only is undecided. */
ockham_status ock_depends_find(ock_analysis *a, ockham_error *err);

/* ---- evidence.c ---- */
ockham_status ock_evidence_find(ock_analysis *a, const ock_pairs *pairs, ockham_error *err);

/* ---- costs.c ---- */
ockham_status ock_costs_find(ock_analysis *a, ockham_error *err);

/* ---- recipe.c ---- */
ockham_status ock_recipe_find(ock_analysis *a, const ock_pairs *pairs, ockham_error *err);
ockham_status ock_prediction_find(ock_analysis *a, ockham_error *err);

/* ---- multiplicity.c ---- */
/* Westfall & Young's step-down: how often the largest of so many |t| is above each. draws: n x m; p: m. */
bool ock_step_down(const double *t, const double *draws, size_t n, size_t m, ock_arena *room, double *p);
/* Benjamini & Hochberg's, in place; NaN stay. */
bool ock_false_discovery(double *p, size_t m, ock_arena *room);

#endif
