/* SPDX-License-Identifier: Apache-2.0 */
/* The EWMA of the shares of a signal's bins: arithmetic that the live watch and its simulation have in common.
 *
 * For each span, D_j is the exponentially weighted mean of (share of bin j in a block - expected share). Then
 *   T = sum_j w_j D_j^2,  w_j = 1 / (p_j + inflation^2 / span),
 * and the score is -log10 of the probability that T is larger without drift: T's mean and variance follow from those of
 * multinomial counts (times the inflation by stickiness) and of the reference's own counts, and T is taken for a
 * multiple of a chi-squared with these moments, whose cube root is nearly normal. Where bins have an order there are
 * two smooth components beside T, sums over bins of D times their normal scores (location) and of D times the scores'
 * squares (scale), each over its standard deviation; the score of a span is the largest of the three, a component
 * counting as a normal variable either way, the scale by the root of the mean of squares that it stands for. What these
 * approximations are off by, calibration takes care of: it needs a statistic that is about as rare as it says, for all
 * spans alike. The statistic is the largest score. Sources: Satterthwaite, Biometrics Bulletin 2, 1946; Wilson &
 * Hilferty, PNAS 17, 1931; Neyman, 1937 (doi:10.1080/03461238.1937.10404821). */
#ifndef OCK_DRIFT_EWMA_H
#define OCK_DRIFT_EWMA_H

#include "drift/internal.h"

/* Of the differences: how far all has moved along the order of the bins, and how far it has spread. */
enum { OCK_EWMA_LOCATION, OCK_EWMA_SCALE, OCK_EWMA_CONTRASTS };
enum { OCK_EWMA_MOST_SPANS = 8, OCK_EWMA_TABLE = 128, OCK_EWMA_LANES = 4 };

typedef struct ock_ewma_span {
  size_t rows, rows_an_update; /* longer spans are updated less often, every eighth of them */
  double lambda;               /* an update's weight */
  double variance;             /* of D, in units of p (1 - p), when many updates were made */
  double mean_factor;          /* sum_j w_j p_j (1 - p_j) */
  double freedom;
  float scores[OCK_EWMA_TABLE + 1]; /* by the root of T over its mean */
  const double *weights;            /* w, padded with zeros */
} ock_ewma_span;

/* What does not change. */
typedef struct ock_ewma_plan {
  size_t n_bins, n_padded, n_spans;
  double inflation,
      n_reference;        /* effective: divided by the inflation; by hour: rows that an hour's shares are worth */
  double prior;           /* rows in each bin that are added to the reference's */
  const double *expected; /* n_padded */
  const double *by_hour;  /* OCKHAM_HOURS_A_WEEK x n_padded, or NULL */
  double hour_spread[OCKHAM_HOURS_A_WEEK]; /* how much more sum_j (z_j - p_j)^2 / p_j varies by the hour's shares */
  /* Of bins in an order, else NULL: n_padded each, of mean 0 and variance 1 under the expected shares. */
  const double *contrasts[OCK_EWMA_CONTRASTS];
  float normal_scores[OCK_EWMA_TABLE + 1]; /* by the size of a contrast */
  double scale_deviation;                  /* of the squared scores that the second one is made from */
  ock_ewma_span spans[OCK_EWMA_MOST_SPANS];
  void *memory;
} ock_ewma_plan;
ockham_status ock_ewma_plan_make(const ockham_signal *signal, size_t window, bool by_hour, ock_ewma_plan *plan,
                                 ockham_error *err);
/* Rows of the reference that a bin has, as far as they are known. */
double ock_ewma_rows_known(const ockham_signal *signal, size_t bin);
/* How many rows the shares of an hour of the week are worth, with what is pooled with its own. */
double ock_ewma_hour_rows(const ockham_signal *signal);
void ock_ewma_plan_clear(ock_ewma_plan *plan);

/* What does. */
typedef struct ock_ewma_span_state {
  double decay;        /* (1 - lambda)^updates */
  double spread;       /* hour_spread of the rows that it reaches, on average */
  double score;        /* after the latest update */
  double *sums;        /* of differences since then; NULL: it is updated with every block */
  size_t n_blocks;     /* in the sums */
  double *differences; /* D */
} ock_ewma_span_state;
typedef struct ock_ewma {
  size_t n_rows;    /* in counts */
  uint32_t *counts; /* of the block that is being filled */
  double *block;    /* its shares less the expected ones */
  ock_ewma_span_state spans[OCK_EWMA_MOST_SPANS];
} ock_ewma;
/* The arrays of a state lie in memory of this size, aligned as doubles. */
size_t ock_ewma_memory(const ock_ewma_plan *plan);
void ock_ewma_reset(const ock_ewma_plan *plan, ock_ewma *ewma, void *memory);
/* Ends a block: counts of OCKHAM_DRIFT_BLOCK rows are there. hour: as in ock_watch_block. */
void ock_ewma_update(const ock_ewma_plan *plan, ock_ewma *ewma, size_t hour);
/* The span with the largest score. */
size_t ock_ewma_leading(const ock_ewma_plan *plan, const ock_ewma *ewma);

/* Watches of the same signature have the same run lengths: those of `canonical`, whose counts lie in `counts`
 * (OCKHAM_PROFILE_MOST_BINS): without hours, and by_hour with as many rows as an hour's shares are worth. */
void ock_ewma_canonical(const ockham_signal *signal, bool by_hour, ockham_signal *canonical, uint64_t *counts);
ockham_status ock_ewma_calibrate(const ock_watch_type *type, const ockham_signal *signal,
                                 const ockham_drift_options *options, size_t n_curves, ock_run_lengths *curve,
                                 ockham_error *err);
size_t ock_ewma_signature(const ockham_signal *signal, const ockham_drift_options *options, unsigned char *bytes);

#endif
