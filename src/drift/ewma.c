/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/ewma.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "stats/internal.h"

/* ---- how rare a sum of squares is ---- */

static double log10_tail_of_normal(double z) {
  if (z < 30) return -log10(.5 * erfc(z / sqrt(2)));
  return (z * z / 2 + log(z * sqrt(2 * M_PI))) / log(10);
}

/* Of T, as a multiple of its mean. */
static double score_of(double ratio, double freedom) {
  double spread = 2 / (9 * freedom);
  return log10_tail_of_normal((cbrt(ratio) - (1 - spread)) / sqrt(spread));
}

static const double table_end = 5; /* of roots of the ratio */

static void fill_table(ock_ewma_span *span) {
  for (size_t i = 0; i <= OCK_EWMA_TABLE; i++) {
    double root = table_end * (double)i / OCK_EWMA_TABLE;
    span->scores[i] = (float)score_of(root * root, span->freedom);
  }
}

static double look_up(const ock_ewma_span *span, double ratio) {
  double at = sqrt(ratio) * (OCK_EWMA_TABLE / table_end);
  if (at < OCK_EWMA_TABLE) {
    size_t i = (size_t)at;
    double low = span->scores[i];
    return low + (span->scores[i + 1] - low) * (at - (double)i);
  }
  return score_of(ratio, span->freedom);
}

/* Of the size of a standard normal variable. */
static double score_of_normal(double z) {
  return log10_tail_of_normal(z) - log10(2);
}

static const double normal_end = 8;

static void fill_normal_table(ock_ewma_plan *plan) {
  for (size_t i = 0; i <= OCK_EWMA_TABLE; i++)
    plan->normal_scores[i] = (float)score_of_normal(normal_end * (double)i / OCK_EWMA_TABLE);
}

static double look_up_normal(const ock_ewma_plan *plan, double z) {
  double at = z * (OCK_EWMA_TABLE / normal_end);
  if (!(at < OCK_EWMA_TABLE)) return score_of_normal(z);
  size_t i = (size_t)at;
  double low = plan->normal_scores[i];
  return low + (plan->normal_scores[i + 1] - low) * (at - (double)i);
}

/* ---- what is known of the shares ---- */

/* Rows of the reference in a bin. A cluster's rows are outside beyond a radius that leaves one in a thousand of the
 * other half of the reference there: when few were counted, what that half says is worth as much. */
double ock_ewma_rows_known(const ockham_signal *signal, size_t bin) {
  double n = (double)signal->counts[bin], by_radius = (double)signal->n_counted / 1000;
  bool outside = signal->kind == OCKHAM_SIGNAL_CLUSTERS && bin + 2 == signal->n_bins;
  return outside && n < by_radius ? ceil((n + by_radius) / 2) : n;
}

typedef struct tally {
  const ockham_signal *signal;
  double inflation;
} tally;

/* The logarithm of the probability of the counts when shares are Dirichlet(e^log_prior, ...). */
static double log_evidence(const void *arg, double log_prior) {
  const tally *t = arg;
  double prior = exp(log_prior), k = (double)t->signal->n_bins;
  double sum = ock_log_gamma(k * prior) - ock_log_gamma(k * prior + (double)t->signal->n_counted / t->inflation);
  for (size_t j = 0; j < t->signal->n_bins; j++) {
    if (t->signal->counts[j])
      sum += ock_log_gamma((double)t->signal->counts[j] / t->inflation + prior) - ock_log_gamma(prior);
  }
  return sum;
}

/* Half a row in each bin is what to add where nothing is known; where many bins have few rows each, the counts
 * themselves tell how alike their shares are, and half would leave the rare ones too rare (Good, Annals of Statistics
 * 4, 1976). Bins beyond the least and the largest of n values have no rows by construction, and a share of 1 / (n + 1)
 * on average: one row for those. */
static double find_prior(const ockham_signal *signal, double inflation) {
  const double least = ock_signal_ordered(signal) ? 1 : .5, most = 8;
  tally t = {signal, inflation};
  return exp(ock_golden_section(log_evidence, &t, log(least), log(most), .02));
}

/* ---- the plan ---- */

static const size_t shortest_span = 32, longest_span = 32768, span_ratio = 4;
/* A reference of n rows bears spans up to this part of it. Longer ones tell little more about drift, and more about
 * which rows happened to be in the reference: false alarms would come at once with some references, and never with
 * others. */
static const size_t reference_part = 8;

static void set_span(ock_ewma_plan *plan, ock_ewma_span *span, double *weights) {
  size_t m = span->rows / 8 > OCKHAM_DRIFT_BLOCK ? span->rows / 8 : OCKHAM_DRIFT_BLOCK;
  m -= m % OCKHAM_DRIFT_BLOCK;
  double l = -expm1(-(double)m / (double)span->rows);
  span->rows_an_update = m;
  span->lambda = l;
  span->variance = plan->inflation * l / (2 - l) / (double)m;
  /* A row in a bin that is never seen must not alarm by itself, nor the few rows that stick to it. */
  double least = plan->inflation * plan->inflation / (double)span->rows;
  double squares = 0, products = 0, fourth = 0;
  for (size_t j = 0; j < plan->n_bins; j++) {
    double p = plan->expected[j], w = 1 / (p + least);
    weights[j] = w;
    span->mean_factor += w * p * (1 - p);
    squares += w * w * p * p * (1 - 2 * p);
    products += w * p * p;
    fourth += w * w * p;
  }
  double v = span->variance + 1 / plan->n_reference, keep = 1 - l;
  double lumps = pow(plan->inflation, 3) * pow(l, 4) / pow((double)m, 3) / (1 - pow(keep, 4)) / (v * v);
  double variance = 2 * (squares + products * products) + lumps * fourth;
  span->freedom = fmax(1, 2 * span->mean_factor * span->mean_factor / variance); /* below, the cube root is no normal */
  span->weights = weights;
  fill_table(span);
}

/* Scores less what `other` (NULL: nothing) explains of them, to variance 1; all by the expected shares of the first n
 * bins. Returns the
 * deviation that there was, 0 when nothing is left. */
static double make_orthonormal(const double *expected, size_t n, double *scores, const double *other) {
  double total = 0, mean = 0, product = 0, square = 0;
  for (size_t j = 0; j < n; j++) total += expected[j], mean += expected[j] * scores[j];
  mean /= total;
  for (size_t j = 0; other && j < n; j++) product += expected[j] * scores[j] * other[j];
  for (size_t j = 0; j < n; j++) {
    scores[j] -= mean + (other ? product * other[j] : 0);
    square += expected[j] * scores[j] * scores[j];
  }
  double deviation = sqrt(square);
  for (size_t j = 0; j < n; j++) scores[j] = deviation > 1e-6 ? scores[j] / deviation : 0;
  return deviation;
}

/* Normal scores and their squares: components of a smooth test (J. Neyman, "Smooth test for goodness of fit", 1937,
 * doi:10.1080/03461238.1937.10404821). Where all bins share a change of the mean, one number sees it sooner than the
 * sum of squares of all. */
static void set_contrasts(ock_ewma_plan *plan, const ockham_signal *signal, double *location, double *scale) {
  enum { FEWEST_BINS = 3 };
  double scores[OCKHAM_PROFILE_MOST_BINS];
  size_t n = ock_signal_ordered(signal);
  if (n < FEWEST_BINS) return;
  ock_signal_scores(signal, scores);
  memcpy(location, scores, n * sizeof *location);
  if (!(make_orthonormal(plan->expected, n, location, NULL) > 0)) return;
  fill_normal_table(plan);
  plan->contrasts[OCK_EWMA_LOCATION] = location;
  for (size_t j = 0; j < n; j++) scale[j] = location[j] * location[j];
  plan->scale_deviation = make_orthonormal(plan->expected, n, scale, location);
  if (plan->scale_deviation > .1) plan->contrasts[OCK_EWMA_SCALE] = scale;
}

static size_t pad(size_t n_bins) {
  return (n_bins + OCK_EWMA_LANES - 1) / OCK_EWMA_LANES * OCK_EWMA_LANES;
}

/* Stickiness makes shares of the reference and of a span equally uncertain, so that their ratio does not call for
 * shorter spans; but memory that lasts as long as a span does: the root of it is between the two. */
static void set_spans(ock_ewma_plan *plan, size_t window) {
  size_t longest = window ? window : (size_t)(plan->n_reference * sqrt(plan->inflation) / (double)reference_part);
  if (longest > longest_span) longest = longest_span;
  if (longest < shortest_span) longest = shortest_span;
  /* The longest, and then shorter ones. */
  size_t rows[OCK_EWMA_MOST_SPANS], n = 0;
  for (size_t r = shortest_span; r * 2 <= longest && n + 1 < OCK_EWMA_MOST_SPANS; r *= span_ratio) rows[n++] = r;
  rows[n++] = longest;
  for (size_t i = 0; i < n; i++) plan->spans[i].rows = rows[i];
  plan->n_spans = n;
}

/* How many rows of the whole week an hour's own are pooled with: the more, the less hours differ. Shares of hours are
 * taken for Dirichlet(more x p) draws, which makes chi-squared of the table of hours and bins 1 + (n - 1) / (more + 1)
 * times as large as one kind of hour would, n being the rows of an hour. */
static double pooled_rows(const ockham_signal *signal, double inflation) {
  double chi2 = 0, total = (double)signal->n_counted, freedom = 0, n_hours = 0;
  size_t n_used = 0;
  for (size_t j = 0; j < signal->n_bins; j++) n_used += signal->counts[j] > 0;
  for (size_t h = 0; h < OCKHAM_HOURS_A_WEEK; h++) {
    const uint32_t *counts = signal->by_hour + h * signal->n_bins;
    double n = 0;
    for (size_t j = 0; j < signal->n_bins; j++) n += counts[j];
    if (!(n > 0)) continue;
    n_hours++;
    for (size_t j = 0; j < signal->n_bins; j++) {
      double expected = n * (double)signal->counts[j] / total;
      if (expected > 0) chi2 += (counts[j] - expected) * (counts[j] - expected) / expected;
    }
  }
  if (n_hours < 2 || n_used < 2) return total;
  freedom = (n_hours - 1) * (double)(n_used - 1);
  double excess = chi2 / freedom / inflation - 1, n = total / n_hours;
  return excess * total > n ? fmin(total, fmax(1, (n - 1) / excess - 1)) : total;
}

double ock_ewma_hour_rows(const ockham_signal *signal) {
  double pooled = pooled_rows(signal, ock_variance_inflation(signal->stickiness_in_hours));
  return fmin((double)signal->n_counted, (double)signal->n_counted / OCKHAM_HOURS_A_WEEK + pooled);
}

/* An hour's commonest bins may be rare in the week, and then vary more than these do; few bins have the hour's rows,
 * and a sum of few squares has a longer tail. As if all varied as the one that does so most: too much rather than too
 * little. */
static double spread_of(const ock_ewma_plan *plan, const double *shares) {
  double most = 1;
  for (size_t j = 0; j < plan->n_bins; j++) {
    double p = plan->expected[j];
    most = fmax(most, shares[j] * (1 - shares[j]) / (p * (1 - p)));
  }
  return most;
}

static void set_hours(ock_ewma_plan *plan, const ockham_signal *signal, double *by_hour) {
  double more = pooled_rows(signal, plan->inflation);
  for (size_t h = 0; h < OCKHAM_HOURS_A_WEEK; h++) {
    const uint32_t *counts = signal->by_hour + h * plan->n_bins;
    double n = 0;
    for (size_t j = 0; j < plan->n_bins; j++) n += counts[j];
    for (size_t j = 0; j < plan->n_bins; j++)
      by_hour[h * plan->n_padded + j] = (counts[j] + more * plan->expected[j]) / (n + more);
    plan->hour_spread[h] = spread_of(plan, by_hour + h * plan->n_padded);
  }
}

ockham_status ock_ewma_plan_make(const ockham_signal *signal, size_t window, bool by_hour, ock_ewma_plan *plan,
                                 ockham_error *err) {
  *plan = (ock_ewma_plan){.n_bins = signal->n_bins, .n_padded = pad(signal->n_bins)};
  by_hour = by_hour && signal->by_hour;
  plan->inflation = ock_variance_inflation(ock_signal_stickiness(signal, by_hour));
  plan->n_reference = (double)signal->n_counted / plan->inflation;
  if (by_hour) plan->n_reference = ock_ewma_hour_rows(signal) / plan->inflation;
  set_spans(plan, window);
  size_t n_rows = 1 + OCK_EWMA_CONTRASTS + plan->n_spans + (by_hour ? OCKHAM_HOURS_A_WEEK : 0);
  double *memory = plan->memory = ock_alloc_zeroed(n_rows * plan->n_padded, sizeof *memory);
  if (!memory) return ock_fail_memory(err, "the weights of bins", n_rows * plan->n_padded * sizeof *memory);
  plan->prior = find_prior(signal, plan->inflation);
  double all = 0;
  for (size_t j = 0; j < plan->n_bins; j++)
    all += memory[j] = ock_ewma_rows_known(signal, j) / plan->inflation + plan->prior;
  for (size_t j = 0; j < plan->n_bins; j++) memory[j] /= all;
  plan->expected = memory;
  set_contrasts(plan, signal, memory + plan->n_padded, memory + 2 * plan->n_padded);
  memory += OCK_EWMA_CONTRASTS * plan->n_padded;
  for (size_t i = 0; i < plan->n_spans; i++) set_span(plan, &plan->spans[i], memory += plan->n_padded);
  if (by_hour) {
    set_hours(plan, signal, memory += plan->n_padded);
    plan->by_hour = memory;
  }
  return OCKHAM_OK;
}

void ock_ewma_plan_clear(ock_ewma_plan *plan) {
  ock_free(plan->memory);
  *plan = (ock_ewma_plan){0};
}

/* ---- the state ---- */

size_t ock_ewma_memory(const ock_ewma_plan *plan) {
  size_t arrays = 1;
  for (size_t i = 0; i < plan->n_spans; i++) arrays += plan->spans[i].rows_an_update > OCKHAM_DRIFT_BLOCK ? 2 : 1;
  return plan->n_padded * (arrays * sizeof(double) + sizeof(uint32_t)); /* n_padded is even */
}

void ock_ewma_reset(const ock_ewma_plan *plan, ock_ewma *ewma, void *memory) {
  memset(memory, 0, ock_ewma_memory(plan));
  double *next = memory;
  *ewma = (ock_ewma){.block = next};
  for (size_t i = 0; i < plan->n_spans; i++) {
    ock_ewma_span_state *state = &ewma->spans[i];
    state->decay = 1;
    state->spread = 1;
    state->differences = next += plan->n_padded;
    if (plan->spans[i].rows_an_update > OCKHAM_DRIFT_BLOCK) state->sums = next += plan->n_padded;
  }
  ewma->counts = (uint32_t *)(next + plan->n_padded);
}

/* D += lambda (x - D); returns sum w D^2. In lanes, which compilers turn into vectors. */
static double move_differences(double *restrict d, const double *restrict x, const double *restrict w, double lambda,
                               double factor, size_t n) {
  double sum[OCK_EWMA_LANES] = {0};
  for (size_t j = 0; j < n; j += OCK_EWMA_LANES) {
    for (size_t lane = 0; lane < OCK_EWMA_LANES; lane++) {
      double moved = d[j + lane] + lambda * (x[j + lane] * factor - d[j + lane]);
      d[j + lane] = moved;
      sum[lane] += w[j + lane] * moved * moved;
    }
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double look_at(const double *restrict contrast, const double *restrict d, size_t n) {
  double sum[OCK_EWMA_LANES] = {0};
  for (size_t j = 0; j < n; j += OCK_EWMA_LANES) {
    for (size_t lane = 0; lane < OCK_EWMA_LANES; lane++) sum[lane] += contrast[j + lane] * d[j + lane];
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* The larger of the two as normal scores. A mean of squares is as skewed as chi-squared, whose root is about normal
 * (R. A. Fisher, 1922). */
static double largest_contrast(const ock_ewma_plan *plan, const double *differences, double variance) {
  double z = fabs(look_at(plan->contrasts[OCK_EWMA_LOCATION], differences, plan->n_padded)) / sqrt(variance);
  if (!plan->contrasts[OCK_EWMA_SCALE]) return z;
  double square = 1 + plan->scale_deviation * look_at(plan->contrasts[OCK_EWMA_SCALE], differences, plan->n_padded);
  double freedom = 2 / (plan->scale_deviation * plan->scale_deviation * variance);
  double root = sqrt(2 * freedom * fmax(square, 0)) - sqrt(fmax(2 * freedom - 1, 0));
  return fmax(z, fabs(root));
}

static void update_span(const ock_ewma_plan *plan, const ock_ewma_span *span, ock_ewma_span_state *state,
                        const double *block, double spread) {
  const double *shares = block;
  bool is_first = state->decay == 1 && !state->n_blocks;
  state->spread += (is_first ? 1 : fmin(1, OCKHAM_DRIFT_BLOCK / (double)span->rows)) * (spread - state->spread);
  double factor = 1;
  if (state->sums) {
    for (size_t j = 0; j < plan->n_padded; j++) state->sums[j] += block[j];
    if (++state->n_blocks * OCKHAM_DRIFT_BLOCK < span->rows_an_update) return;
    factor = 1 / (double)state->n_blocks;
    shares = state->sums;
  }
  double t = move_differences(state->differences, shares, span->weights, span->lambda, factor, plan->n_padded);
  if (state->sums) {
    memset(state->sums, 0, plan->n_padded * sizeof *state->sums);
    state->n_blocks = 0;
  }
  state->decay *= 1 - span->lambda;
  double reached =
      1 - state->decay; /* how much of what is weighted has been seen: the reference's error weighs as much */
  double variance = span->variance * (1 - state->decay * state->decay) + reached * reached / plan->n_reference;
  variance *= state->spread;
  state->score = look_up(span, t / (variance * span->mean_factor));
  if (!plan->contrasts[OCK_EWMA_LOCATION]) return;
  double z = largest_contrast(plan, state->differences, variance);
  state->score = fmax(state->score, look_up_normal(plan, z));
}

void ock_ewma_update(const ock_ewma_plan *plan, ock_ewma *ewma, size_t hour) {
  const double *expected = plan->expected;
  double spread = 1;
  if (plan->by_hour && hour) {
    expected = plan->by_hour + (hour - 1) * plan->n_padded;
    spread = plan->hour_spread[hour - 1];
  }
  for (size_t j = 0; j < plan->n_padded; j++)
    ewma->block[j] = ewma->counts[j] * (1. / OCKHAM_DRIFT_BLOCK) - expected[j];
  memset(ewma->counts, 0, plan->n_padded * sizeof *ewma->counts);
  for (size_t i = 0; i < plan->n_spans; i++) update_span(plan, &plan->spans[i], &ewma->spans[i], ewma->block, spread);
}

size_t ock_ewma_leading(const ock_ewma_plan *plan, const ock_ewma *ewma) {
  size_t best = 0;
  for (size_t i = 1; i < plan->n_spans; i++) {
    if (ewma->spans[i].score > ewma->spans[best].score) best = i;
  }
  return best;
}

/* ---- the watch ---- */

typedef struct watch {
  ock_ewma_plan plan;
  ock_ewma ewma;
  void *memory;
  double *now;
} watch;

static size_t watch_size(const ockham_signal *signal, const ockham_drift_options *options) {
  (void)signal;
  (void)options;
  return sizeof(watch);
}

static void watch_end(void *state) {
  watch *w = state;
  ock_ewma_plan_clear(&w->plan);
  ock_free(w->memory);
  w->memory = NULL;
}

static void watch_reset(void *state) {
  watch *w = state;
  ock_ewma_reset(&w->plan, &w->ewma, w->memory);
}

static ockham_status watch_start(void *state, const ockham_signal *signal, const ockham_drift_options *options,
                                 ockham_error *err) {
  watch *w = state;
  *w = (watch){0};
  OCK_TRY(ock_ewma_plan_make(signal, options->window, options->by_hour, &w->plan, err));
  size_t size = ock_ewma_memory(&w->plan), shares = w->plan.n_padded * sizeof *w->now;
  w->memory = ock_alloc(size + shares);
  if (!w->memory) {
    watch_end(w);
    return ock_fail_memory(err, "weighted means of bins", size + shares);
  }
  w->now = (double *)((char *)w->memory + size);
  watch_reset(w);
  return OCKHAM_OK;
}

static void watch_put(void *state, const ock_watch_block *block) {
  watch *w = state;
  for (size_t i = 0; i < block->n_rows; i++) {
    assert(block->codes[i] < w->plan.n_bins);
    w->ewma.counts[block->codes[i]]++;
    if (++w->ewma.n_rows < OCKHAM_DRIFT_BLOCK) continue;
    w->ewma.n_rows = 0;
    ock_ewma_update(&w->plan, &w->ewma, block->hour);
  }
}

static double watch_statistic(const void *state) {
  const watch *w = state;
  return w->ewma.spans[ock_ewma_leading(&w->plan, &w->ewma)].score;
}

/* A mean over what the span has seen so far; n is what makes its variance that of as many independent rows. */
static ock_shares watch_shares(const void *state) {
  const watch *w = state;
  size_t i = ock_ewma_leading(&w->plan, &w->ewma);
  const ock_ewma_span *span = &w->plan.spans[i];
  const ock_ewma_span_state *at = &w->ewma.spans[i];
  double reached = 1 - at->decay;
  for (size_t j = 0; j < w->plan.n_bins; j++) {
    double now = w->plan.expected[j] + (reached > 0 ? at->differences[j] / reached : 0);
    w->now[j] = now > 0 ? now : 0; /* of rounding; by hour, of what other hours have */
  }
  double n = reached > 0 ? reached * reached / (span->variance * (1 - at->decay * at->decay)) : 0;
  return (ock_shares){.now = w->now, .n_effective = n, .span_rows = reached * (double)span->rows};
}

static bool watch_applies(const ockham_signal *signal) {
  (void)signal;
  return true;
}

const ock_watch_type ock_watch_ewma = {
    .state_size = watch_size,
    .start = watch_start,
    .reset = watch_reset,
    .put = watch_put,
    .statistic = watch_statistic,
    .shares = watch_shares,
    .end = watch_end,
    .applies = watch_applies,
    .calibrate = ock_ewma_calibrate,
    .signature = ock_ewma_signature,
};
