/* SPDX-License-Identifier: Apache-2.0 */
/* drift: whether rows still look like a profile's, in a stream with a budget of false alarms or as one batch.
 * Main types: ockham_drift_monitor (a stream), ock_watch_type (how a detector sees it), ock_run_lengths (what a value
 * of its statistic means: how rarely it comes without drift). Invariants: every statistic is turned into a run length
 * before it is compared with anything, so that signals of different kinds and detectors share one budget; nothing grows
 * with the stream. Threads: calibration uses threads; a monitor belongs to one at a time. Source: docs/drift.md. */
#ifndef OCK_DRIFT_INTERNAL_H
#define OCK_DRIFT_INTERNAL_H

#include <ockham/drift.h>

#include "core/internal.h"
#include "profile/internal.h"

/* ---- run lengths: calibration by simulation ---- */

/* How long it takes without drift until a statistic exceeds a value: on average, from the start of a stream. Logarithms
 * of rows by rising statistic; linear between points, and beyond the last with the slope of the last stretch. */
enum { OCK_RUN_LENGTH_POINTS = 64 };
typedef struct ock_run_lengths {
  size_t n;
  double statistic[OCK_RUN_LENGTH_POINTS], log_rows[OCK_RUN_LENGTH_POINTS];
} ock_run_lengths;
double ock_run_lengths_at(const ock_run_lengths *curve, double statistic); /* rows */
double ock_run_lengths_limit(const ock_run_lengths *curve, double rows);   /* the statistic */

/* A stream without drift. One simulation has `n_streams` of them, each with a reference drawn anew (so that what is not
 * known about it is part of the result), of `n_steps` steps of `rows_a_step` rows. Functions may be called by several
 * threads, each with a state of its own. */
typedef struct ock_null_streams {
  const void *context;
  size_t state_size;
  size_t n_streams, n_steps, rows_a_step;
  void (*start)(const void *context, void *state, ock_rng *rng);  /* of a zeroed state; the generator is the stream's */
  double (*step)(const void *context, void *state, ock_rng *rng); /* the statistic after the next step */
  void (*end)(const void *context, void *state);                  /* frees what start took; may be NULL */
} ock_null_streams;
ockham_status ock_run_lengths_simulate(const ock_null_streams *streams, uint64_t seed, size_t threads,
                                       ock_run_lengths *curve, ockham_error *err);

/* How rows that a simulation may make in all are shared: for one of n_curves, within what is of use. */
size_t ock_calibration_rows(size_t n_curves);
/* FNV-1a of a signal's counts, for signatures. */
uint64_t ock_hash_counts(const ockham_signal *signal);

/* Shares that a reference leaves possible: Dirichlet(counts / inflation + prior), times n_bins. */
void ock_draw_shares(const ockham_signal *signal, double inflation, double prior, ock_rng *rng, double *shares);
/* Walker's aliases: each of n_bins places of equal probability holds its own bin below its threshold (0 to 1), and
 * another from there on (Vose, IEEE TSE 17, 1991). The shares, n_bins in all, are used up. */
void ock_make_aliases(double *shares, size_t n_bins, double *threshold, uint16_t *alias);

/* ---- watches: one signal, or one column, seen by one detector ---- */

/* What a watch is told of a block of rows: the bins of its signal. */
typedef struct ock_watch_block {
  size_t n_rows;
  const uint16_t *codes; /* n_rows: of this signal */
  const double *plain;   /* n_rows, for MMD: see ock_mmd_plain(); else NULL */
  size_t hour;           /* 1 + the hour of the week, of its middle row; 0: not to be compared by hour */
} ock_watch_block;

/* The shares of bins that a watch stands for at present, and how many independent rows they are worth. */
typedef struct ock_shares {
  const double *now;
  double n_effective;
  double span_rows; /* rows back that they reach, about */
} ock_shares;

typedef struct ock_watch_type ock_watch_type;
struct ock_watch_type {
  size_t (*state_size)(const ockham_signal *signal, const ockham_drift_options *options);
  ockham_status (*start)(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                         ockham_error *err); /* takes memory, and sets what a reset keeps */
  void (*reset)(void *state);
  void (*put)(void *state, const ock_watch_block *block);
  double (*statistic)(const void *state);
  ock_shares (*shares)(const void *state);
  void (*end)(void *state);                     /* frees what start took; NULL: it takes nothing */
  bool (*applies)(const ockham_signal *signal); /* whether it watches such a signal */
  /* Tells the limit above which its statistic alarms, after start; NULL where it makes no difference. ADWIN drops what
   * is beyond it, and cumulative sums do not grow far beyond, so that they come down again. */
  void (*set_limit)(void *state, double limit);
  /* Its run lengths for this signal; watches of equal signature (below) share them, so they depend on nothing else. The
   * monitor finds n_curves of them, which share the time that there is. */
  ockham_status (*calibrate)(const ock_watch_type *type, const ockham_signal *signal,
                             const ockham_drift_options *options, size_t n_curves, ock_run_lengths *curve,
                             ockham_error *err);
  /* What run lengths depend on, as bytes: up to 64; returns how many. */
  size_t (*signature)(const ockham_signal *signal, const ockham_drift_options *options, unsigned char *bytes);
};

/* By ockham_detector. That of MMD watches whole rows, in the place of the clusters: its options.reference are plain
 * rows, and its blocks have them. */
extern const ock_watch_type *const ock_watch_types[OCKHAM_N_DETECTORS];

/* ---- whole rows ---- */

/* Rows as MMD sees them: inputs of numbers (the profile's n_numbers), less the reference's mean, in its standard
 * deviations, clipped as means are; missing ones are 0. plain: x.n_rows x n_numbers. */
void ock_mmd_plain(const ockham_profile_parts *profile, ockham_rows x, double *plain);
enum { OCK_MMD_MOST_ROWS = 2000 };
/* Some of the rows of a reference: all, or up to OCK_MMD_MOST_ROWS in stretches spread over it; each plain, and then
 * the number of its cluster. plain->data is freed by ock_free(). Fails with BAD_ARGUMENT (fewer than 20 rows, other
 * columns), UNSUPPORTED (a profile without numbers), NO_MEMORY. */
ockham_status ock_mmd_reference(const ockham_profile *profile, ockham_rows reference, ockham_rows *plain,
                                ockham_error *err);
extern const ock_watch_type ock_watch_ewma;

/* ---- effects, of any two sets of shares ---- */

#define OCK_NORMAL_975 1.959963984540054 /* standard deviations either way of a 95 % interval */

typedef struct ock_effect {
  double psi, psi_low, psi_high, js;
  bool blind; /* rows are too few for any bin to stand alone: PSI is 0 whatever happened */
} ock_effect;
/* Shares of the reference (from n_reference rows) and now (n_now, both effective). Bins with too few rows are joined.
 */
ock_effect ock_effect_of(const double *reference, double n_reference, const double *now, double n_now, size_t n_bins);
/* 95 % interval of a difference of shares (Agresti & Caffo, American Statistician 54, 2000). */
void ock_share_interval(double reference, double n_reference, double now, double n_now, double *low, double *high);

/* ---- signals with an order: ock_signal_ordered() ---- */

/* The reference's distribution function, of counts + 1/2, before each of them and after the last. */
void ock_signal_edges(const ockham_signal *signal, double *edges);
/* n_bins: the middle of a bin's range, 0 to 1; normal scores of mean 0 and variance 1; NaN for rows without a value. */
void ock_signal_ranks(const ockham_signal *signal, double *ranks);
void ock_signal_scores(const ockham_signal *signal, double *scores);

/* ---- the budget ---- */

/* BAD_ARGUMENT when one of OCKHAM_N_SIGNAL_GROUPS shares is negative, infinite or no number. */
ockham_status ock_budget_check(const double *group_shares, ockham_error *err);
/* What part of a budget each of n signals has, 1 in all: group_shares (OCKHAM_N_SIGNAL_GROUPS; NULL or all 0: the
 * usual) of groups that have a signal, evenly over the kinds of signals in a group, evenly over those of a kind.
 * watched: n, or NULL for all; others have none. All is 0 when the groups that have signals have no share. */
void ock_budget_split(const ockham_signal *signals, const bool *watched, size_t n, const double *group_shares,
                      double *split);

/* ---- two samples ---- */

/* Rows in the bins of a reference and of a batch, both equally sticky. */
typedef struct ock_two_samples {
  size_t n_bins;
  const uint64_t *reference, *now; /* n_bins each */
  double stickiness;
  double enough; /* a p below this is as good as any: simulation stops at a third of it */
  uint64_t seed; /* of simulation */
} ock_two_samples;
typedef struct ock_difference {
  double chi2;    /* Pearson's two-sample statistic, of joined bins */
  double freedom; /* degrees; 0: there is nothing to compare, and p is 1 */
  double p;
  bool simulated;
} ock_difference;
/* Whether both come from one distribution. Counts are divided by what stickiness inflates variances by. A batch then
 * worth 100 rows or more: bins where the smaller sample should have fewer than 5 are joined, the largest first; what is
 * left over in the end (bins that are rare even together) has an exact binomial test of its own for having grown, or
 * vanished where the reference is the smaller sample, with a tenth of the level. Smaller ones: all bins, and the
 * distribution of chi2 given the sums of both samples, by drawing equally sticky batches from them without replacement.
 * O(n_bins log n_bins), or for small batches up to some 1e7 draws. */
ock_difference ock_two_samples_compare(const ock_two_samples *samples);

/* One p-value of n with weights (1 in all), which may depend on each other (Liu & Xie, JASA 115, 2020,
 * doi:10.1080/01621459.2018.1554485). Those with weight 0 do not count. */
double ock_p_values_combine(const double *p, const double *weights, size_t n);
/* Which of them to name when the whole is significant: Benjamini & Hochberg's rule with weights (Genovese, Roeder &
 * Wasserman, Biometrika 93, 2006, doi:10.1093/biomet/93.3.509), and always the least p / weight. */
void ock_p_values_pick(const double *p, const double *weights, size_t n, double level, bool *picked);

/* The shift of a normal column, in standard deviations, that a chi-squared test of ten equal bins at this level finds
 * in 80 % of cases; both sizes effective. Infinite when there are too few rows for any. */
double ock_smallest_shift(double n_reference, double n_now, double level);

/* Of rows in their order, or of what their hours do not explain where they are compared by those. */
double ock_signal_stickiness(const ockham_signal *signal, bool by_hour);
/* (1 + s) / (1 - s): what stickiness multiplies the variance of shares by. */
double ock_variance_inflation(double stickiness);

#endif
