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

/* ---- watches: one signal, or one column, seen by one detector ---- */

/* What a watch is told of a block of rows: the bins of its signal and, for detectors of numbers, ranks: where the row
 * lies in the reference's distribution, 0 to 1 (inside a bin in proportion, by the profile's edges; NaN: missing). */
typedef struct ock_block {
  size_t n_rows;
  const uint16_t *codes; /* n_rows: of this signal */
  const double *ranks;   /* n_rows, or NULL for signals without an order */
} ock_block;

/* The shares of bins that a watch stands for at present, and how many independent rows they are worth. */
typedef struct ock_shares {
  const double *now;
  double n_effective;
  double span_rows; /* rows back that they reach, about */
} ock_shares;

typedef struct ock_watch_type {
  size_t (*state_size)(const ockham_signal *signal, const ockham_drift_options *options);
  ockham_status (*start)(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                         ockham_error *err); /* takes memory, and sets what a reset keeps */
  void (*reset)(void *state);
  void (*put)(void *state, const ock_block *block);
  double (*statistic)(const void *state);
  ock_shares (*shares)(const void *state);
  void (*end)(void *state);
  bool (*applies)(const ockham_signal *signal); /* whether it watches such a signal */
  /* Its run lengths for this signal; watches of equal signature (below) share them. */
  ockham_status (*calibrate)(const ockham_signal *signal, const ockham_drift_options *options, ock_run_lengths *curve,
                             ockham_error *err);
  /* What run lengths depend on, as bytes: up to 64; returns how many. */
  size_t (*signature)(const ockham_signal *signal, const ockham_drift_options *options, unsigned char *bytes);
} ock_watch_type;

/* By ockham_detector; MMD watches whole rows and is not among them. */
extern const ock_watch_type ock_watch_types[OCKHAM_N_DETECTORS];

/* ---- effects, of any two sets of shares ---- */

typedef struct ock_effect {
  double psi, psi_low, psi_high, js;
} ock_effect;
/* Shares of the reference (from n_reference rows) and now (n_now, both effective). Bins with too few rows are joined.
 */
ock_effect ock_effect_of(const double *reference, double n_reference, const double *now, double n_now, size_t n_bins);
/* 95 % interval of a difference of shares (Agresti & Caffo, American Statistician 54, 2000). */
void ock_share_interval(double reference, double n_reference, double now, double n_now, double *low, double *high);

/* (1 + s) / (1 - s): what stickiness multiplies the variance of shares by. */
double ock_variance_inflation(double stickiness);

#endif
