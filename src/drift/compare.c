/* SPDX-License-Identifier: Apache-2.0 */
/* A batch against a profile. Rows are put into bins in blocks of a fixed size, whose counts and sums are kept apart
 * until all are there: so that results do not depend on threads, and that rows of a bin can be found again. */
#include <math.h>
#include <string.h>

#include "drift/internal.h"

enum { BLOCK_ROWS = 8192, CHUNK_ROWS = 512 };
static const double default_level = .01;

/* Of a column of numbers, less the reference's mean. */
typedef struct moments {
  double n, sum, square;
} moments;

typedef struct comparison {
  ockham_drift_comparison public; /* first: a pointer to it is one to this */
  ock_arena arena;
  const ockham_profile *profile;
  const ockham_profile_parts *parts;
  ockham_rows x;
  size_t n_blocks, n_all_bins;
  const size_t *first_bin; /* n_signals: where a signal's bins begin among all */
  uint32_t *block_counts;  /* n_blocks x n_all_bins */
  moments *block_moments;  /* n_blocks x n_columns */
  uint16_t *codes;         /* a worker: CHUNK_ROWS x n_signals */
  ockham_status *statuses; /* n_blocks */
  uint64_t *counts;        /* n_all_bins */
  moments *moments;        /* n_columns */
  double *p, *split;       /* n_signals */
  bool *picked, *tested;   /* n_signals; tested: there was something to compare */
  ockham_drift_signal *signals;
  ockham_drift_bin **bins;
  const double *shares; /* of groups, or NULL */
  uint64_t seed;
} comparison;

static void *take(comparison *c, size_t count, size_t size) {
  void *block = ock_arena_array(&c->arena, count, size);
  if (block) memset(block, 0, count * size);
  return block;
}

static ockham_status prepare(comparison *c, size_t n_workers, ockham_error *err) {
  size_t n_signals = c->parts->n_signals, n_columns = c->parts->n_columns;
  size_t *first_bin = take(c, n_signals, sizeof *first_bin);
  c->n_blocks = (c->x.n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  for (size_t s = 0; s < n_signals && first_bin; s++) {
    first_bin[s] = c->n_all_bins;
    c->n_all_bins += c->parts->signals[s].n_bins;
  }
  c->first_bin = first_bin;
  size_t n_counts = ock_size_product(c->n_blocks, c->n_all_bins), n_moments = ock_size_product(c->n_blocks, n_columns);
  if (ock_size_product(n_counts, sizeof *c->block_counts) == SIZE_MAX ||
      ock_size_product(n_moments, sizeof *c->block_moments) == SIZE_MAX)
    return ock_fail_memory(err, "counts of blocks of rows", SIZE_MAX);
  bool there = first_bin && (c->block_counts = take(c, n_counts, sizeof *c->block_counts)) &&
               (c->block_moments = take(c, n_moments, sizeof *c->block_moments)) &&
               (c->codes = take(c, n_workers * CHUNK_ROWS * n_signals, sizeof *c->codes)) &&
               (c->statuses = take(c, c->n_blocks, sizeof *c->statuses)) &&
               (c->counts = take(c, c->n_all_bins, sizeof *c->counts)) &&
               (c->moments = take(c, n_columns, sizeof *c->moments)) && (c->p = take(c, n_signals, sizeof *c->p)) &&
               (c->split = take(c, n_signals, sizeof *c->split)) &&
               (c->picked = take(c, n_signals, sizeof *c->picked)) &&
               (c->tested = take(c, n_signals, sizeof *c->tested)) &&
               (c->signals = take(c, n_signals, sizeof *c->signals)) && (c->bins = take(c, n_signals, sizeof *c->bins));
  for (size_t s = 0; s < n_signals && there; s++)
    there = (c->bins[s] = take(c, c->parts->signals[s].n_bins, sizeof **c->bins));
  return there ? OCKHAM_OK : ock_fail_memory(err, "counts of blocks of rows", n_counts * sizeof *c->block_counts);
}

/* ---- counting ---- */

static ockham_rows some_rows(ockham_rows x, size_t first, size_t n) {
  size_t cell = x.dtype == OCKHAM_FLOAT32 ? sizeof(float) : sizeof(double);
  x.data = (const char *)x.data + first * ock_rows_stride(x) * cell;
  x.n_rows = n;
  return x;
}

static void add_moments(const ockham_profile_parts *parts, ockham_rows rows, moments *sums) {
  for (size_t j = 0; j < parts->n_columns; j++) {
    if (parts->columns[j].kind != OCKHAM_COLUMN_NUMBER) continue;
    const ockham_column_range *range = &parts->ranges[j];
    moments m = sums[j];
    for (size_t i = 0; i < rows.n_rows; i++) {
      double value = ock_rows_get(rows, i, j);
      if (value < range->clip_low) value = range->clip_low;
      if (value > range->clip_high) value = range->clip_high;
      double from_mean = isnan(value) ? 0 : value - range->mean;
      m.n += !isnan(value), m.sum += from_mean, m.square += from_mean * from_mean;
    }
    sums[j] = m;
  }
}

static void count_block(void *arg, size_t block, size_t worker) {
  comparison *c = arg;
  size_t n_signals = c->parts->n_signals, end = (block + 1) * BLOCK_ROWS;
  uint16_t *codes = c->codes + worker * CHUNK_ROWS * n_signals;
  uint32_t *counts = c->block_counts + block * c->n_all_bins;
  if (end > c->x.n_rows) end = c->x.n_rows;
  for (size_t first = block * BLOCK_ROWS; first < end; first += CHUNK_ROWS) {
    size_t n = end - first < CHUNK_ROWS ? end - first : CHUNK_ROWS;
    ockham_rows rows = some_rows(c->x, first, n);
    c->statuses[block] = ockham_profile_bin(c->profile, rows, codes, NULL, NULL);
    if (c->statuses[block]) return;
    for (size_t i = 0; i < n; i++) {
      for (size_t s = 0; s < n_signals; s++) counts[c->first_bin[s] + codes[i * n_signals + s]]++;
    }
    add_moments(c->parts, rows, c->block_moments + block * c->parts->n_columns);
  }
}

static ockham_status add_blocks(comparison *c, ockham_error *err) {
  for (size_t block = 0; block < c->n_blocks; block++) {
    if (c->statuses[block])
      return ock_fail(err, c->statuses[block], "expected rows that the profile has bins for, found others from row %zu",
                      block * BLOCK_ROWS + 1);
    for (size_t b = 0; b < c->n_all_bins; b++) c->counts[b] += c->block_counts[block * c->n_all_bins + b];
    for (size_t j = 0; j < c->parts->n_columns; j++) {
      const moments *m = &c->block_moments[block * c->parts->n_columns + j];
      c->moments[j].n += m->n, c->moments[j].sum += m->sum, c->moments[j].square += m->square;
    }
  }
  return OCKHAM_OK;
}

/* ---- one signal ---- */

/* Means of columns, clipped, and of distances as normal scores; both in standard deviations of the reference. */
static void measure_shift(ockham_drift_signal *d, double shift, double variance_now, double n_reference, double n_now) {
  double half = OCK_NORMAL_975 * sqrt(1 / n_reference + variance_now / n_now);
  d->shift = shift;
  d->shift_low = shift - half;
  d->shift_high = shift + half;
}

static void shift_of_column(const comparison *c, ockham_drift_signal *d, double inflation) {
  size_t column = d->signal->index;
  const ockham_column_range *range = &c->parts->ranges[column];
  const moments *m = &c->moments[column];
  uint64_t n_reference = c->parts->n_rows - range->n_missing;
  if (!(range->sd > 0) || !(m->n > 0) || !n_reference) return;
  double mean = m->sum / m->n, variance = fmax(0, m->square / m->n - mean * mean) / (range->sd * range->sd);
  measure_shift(d, mean / range->sd, variance, (double)n_reference / inflation, m->n / inflation);
}

static void shift_of_distance(ockham_drift_signal *d, const uint64_t *counts, double inflation) {
  double scores[OCKHAM_PROFILE_MOST_BINS], n = 0, m = 0, mean = 0, sum = 0, square = 0;
  ock_signal_scores(d->signal, scores);
  for (size_t b = 0; b < ock_signal_ordered(d->signal); b++) {
    double then = (double)d->signal->counts[b], now = (double)counts[b];
    n += then, mean += then * scores[b];
    m += now, sum += now * scores[b], square += now * scores[b] * scores[b];
  }
  if (!(n > 0) || !(m > 0)) return;
  double variance = fmax(0, square / m - sum / m * (sum / m));
  measure_shift(d, sum / m - mean / n, variance, n / inflation, m / inflation);
}

static void describe_signal(const comparison *c, size_t s, double inflation) {
  ockham_drift_signal *d = &c->signals[s];
  const ockham_signal *signal = d->signal;
  const uint64_t *counts = c->counts + c->first_bin[s];
  double reference[OCKHAM_PROFILE_MOST_BINS], now[OCKHAM_PROFILE_MOST_BINS];
  double n = (double)signal->n_counted / inflation, m = d->n_effective;
  for (size_t b = 0; b < signal->n_bins; b++) {
    reference[b] = signal->n_counted ? (double)signal->counts[b] / (double)signal->n_counted : 0;
    now[b] = (double)counts[b] / (double)c->x.n_rows;
    ockham_drift_bin *bin = &c->bins[s][b];
    *bin = (ockham_drift_bin){.reference = reference[b], .now = now[b]};
    ock_share_interval(reference[b], n, now[b], m, &bin->low, &bin->high);
  }
  ock_effect effect = ock_effect_of(reference, n, now, m, signal->n_bins);
  d->psi = effect.psi, d->psi_low = effect.psi_low, d->psi_high = effect.psi_high, d->js = effect.js;
  if (signal->kind == OCKHAM_SIGNAL_DISTANCE) {
    shift_of_distance(d, counts, inflation);
  } else if (ock_signal_ordered(signal) && signal->kind != OCKHAM_SIGNAL_DIRECTION) {
    shift_of_column(c, d, inflation);
  }
}

/* Both samples are taken to be as sticky as the reference: each row then tells as much as 1 / inflation rows that do
 * not depend on each other. The batch's own order is not looked at: it may be sorted, or shuffled. */
static void compare_signal(void *arg, size_t s, size_t worker) {
  (void)worker;
  comparison *c = arg;
  const ockham_signal *signal = &c->parts->signals[s];
  double inflation = ock_variance_inflation(signal->stickiness);
  double enough = c->public.level * c->split[s];
  ock_two_samples samples = {.n_bins = signal->n_bins,
                             .reference = signal->counts,
                             .now = c->counts + c->first_bin[s],
                             .stickiness = signal->stickiness,
                             .enough = enough > 0 ? enough : c->public.level,
                             .seed = c->seed + s};
  ock_difference difference = ock_two_samples_compare(&samples);
  c->p[s] = difference.p;
  c->tested[s] = difference.freedom > 0;
  c->signals[s] = (ockham_drift_signal){.signal = signal,
                                        .statistic = -log10(fmax(difference.p, 1e-300)),
                                        .limit = INFINITY, /* see share_again() */
                                        .run_length = NAN,
                                        .asked_run_length = NAN,
                                        .p_value = difference.p,
                                        .n_effective = (double)c->x.n_rows / inflation,
                                        .shift = NAN,
                                        .shift_low = NAN,
                                        .shift_high = NAN};
  describe_signal(c, s, inflation);
}

/* ---- the whole ---- */

static double find_min_effect(const ockham_drift_options *options) {
  double asked = options ? options->min_effect : 0;
  return asked < 0 ? 0 : asked > 0 ? asked : OCKHAM_DRIFT_MIN_EFFECT;
}

static bool has_effect(const comparison *c, const ockham_drift_signal *d) {
  return !(c->public.min_effect > 0) || d->psi >= c->public.min_effect;
}

/* What there was nothing to compare of (no cell missing, then or now) leaves its share to the others. */
static void share_again(comparison *c) {
  double total = 0;
  for (size_t s = 0; s < c->public.n_signals; s++) total += c->tested[s] ? c->split[s] : 0;
  for (size_t s = 0; s < c->public.n_signals && total > 0; s++) {
    c->split[s] = c->tested[s] ? c->split[s] / total : 0;
    c->signals[s].limit = c->split[s] > 0 ? -log10(c->public.level * c->split[s]) : INFINITY;
  }
}

static void judge(comparison *c) {
  ockham_drift_comparison *r = &c->public;
  size_t n = r->n_signals;
  share_again(c);
  r->p_value = ock_p_values_combine(c->p, c->split, n);
  ock_p_values_pick(c->p, c->split, n, r->level, c->picked);
  bool significant = r->p_value < r->level;
  double least = INFINITY;
  for (size_t s = 0; s < n; s++) {
    c->signals[s].drifted = significant && c->picked[s] && has_effect(c, &c->signals[s]);
    if (c->signals[s].drifted) r->verdict = OCKHAM_DRIFT_FOUND;
  }
  for (size_t s = 0; s < n; s++) { /* one that drifted, when there is one */
    bool may_lead = c->split[s] > 0 && (r->verdict != OCKHAM_DRIFT_FOUND || c->signals[s].drifted);
    double ratio = may_lead ? c->p[s] / c->split[s] : INFINITY;
    bool tie = ratio == least && isfinite(ratio) && c->signals[s].psi > c->signals[r->leading].psi;
    if (ratio < least || tie) least = ratio, r->leading = s;
  }
  if (significant && r->verdict != OCKHAM_DRIFT_FOUND) r->verdict = OCKHAM_DRIFT_TRIVIAL;
}

static void find_smallest_shift(comparison *c) {
  double n = 0, m = 0, split = 0, count = 0;
  for (size_t s = 0; s < c->parts->n_signals; s++) {
    const ockham_signal *signal = &c->parts->signals[s];
    if (signal->kind != OCKHAM_SIGNAL_COLUMN || !ock_signal_ordered(signal)) continue;
    double inflation = ock_variance_inflation(signal->stickiness);
    n += (double)signal->n_counted / inflation, m += (double)c->x.n_rows / inflation;
    split += c->split[s], count++;
  }
  c->public.smallest_shift =
      count > 0 ? ock_smallest_shift(n / count, m / count, c->public.level * split / count) : NAN;
}

/* The bin of the leading signal whose share rose by most standard errors. */
static void find_grown_bin(comparison *c) {
  ockham_drift_comparison *r = &c->public;
  double most = -INFINITY;
  for (size_t b = 0; b < r->signals[r->leading].signal->n_bins; b++) {
    const ockham_drift_bin *bin = &r->bins[r->leading][b];
    double n = (double)r->signals[r->leading].signal->n_counted, m = (double)r->n_rows;
    double share = (n * bin->reference + m * bin->now) / (n + m);
    double rise = share > 0 && share < 1 ? (bin->now - bin->reference) / sqrt(share * (1 - share)) : 0;
    if (!(rise > most)) continue;
    most = rise, r->grown_bin = b, r->grown_from = bin->reference, r->grown_to = bin->now;
  }
}

/* Rows from one to before another that are in a bin, after those that were found. codes: room for a chunk. */
static ockham_status find_rows(const ockham_profile *profile, ockham_rows x, size_t from, size_t end, size_t signal,
                               size_t bin, uint16_t *codes, uint64_t *rows, size_t *found, ockham_error *err) {
  size_t n_signals = ockham_profile_look(profile)->n_signals;
  for (size_t first = from; first < end && *found < OCKHAM_DRIFT_EXAMPLES; first += CHUNK_ROWS) {
    size_t n = end - first < CHUNK_ROWS ? end - first : CHUNK_ROWS;
    OCK_TRY(ockham_profile_bin(profile, some_rows(x, first, n), codes, NULL, err));
    for (size_t i = 0; i < n && *found < OCKHAM_DRIFT_EXAMPLES; i++)
      if (codes[i * n_signals + signal] == bin) rows[(*found)++] = first + i + 1;
  }
  return OCKHAM_OK;
}

static ockham_status find_examples(comparison *c, ockham_error *err) {
  ockham_drift_comparison *r = &c->public;
  size_t at = c->first_bin[r->leading] + r->grown_bin, found = 0;
  for (size_t block = 0; block < c->n_blocks; block++) {
    size_t end = (block + 1) * BLOCK_ROWS;
    if (!c->block_counts[block * c->n_all_bins + at]) continue;
    OCK_TRY(find_rows(c->profile, c->x, block * BLOCK_ROWS, end < c->x.n_rows ? end : c->x.n_rows, r->leading,
                      r->grown_bin, c->codes, r->example_rows, &found, err));
  }
  return OCKHAM_OK;
}

ockham_status ockham_drift_examples(const ockham_profile *profile, ockham_rows x, size_t signal, size_t bin,
                                    uint64_t first_row, uint64_t *rows, ockham_error *err) {
  OCK_TRY(ock_profile_check_rows(profile, x, err));
  memset(rows, 0, OCKHAM_DRIFT_EXAMPLES * sizeof *rows);
  size_t n_signals = ockham_profile_look(profile)->n_signals, found = 0;
  uint16_t *codes = ock_alloc_array(ock_size_product(CHUNK_ROWS, n_signals), sizeof *codes);
  if (!codes) return ock_fail_memory(err, "bins of rows", ock_size_product(CHUNK_ROWS, n_signals * sizeof *codes));
  size_t from = first_row > 0 ? (size_t)first_row - 1 : 0;
  ockham_status status = find_rows(profile, x, from, x.n_rows, signal, bin, codes, rows, &found, err);
  ock_free(codes);
  return status;
}

/* ---- the call ---- */

static ockham_status check_arguments(const ockham_profile *profile, ockham_rows x, const ockham_drift_options *options,
                                     ockham_error *err) {
  if (!profile) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a profile, found none");
  OCK_TRY(ock_profile_check_rows(profile, x, err));
  if (!x.n_rows) return ock_fail(err, OCKHAM_BAD_DATA, "expected rows to compare, found none");
  if (!options) return OCKHAM_OK;
  if (!(options->level >= 0 && options->level < 1))
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a level between 0 and 1, found %g", options->level);
  return ock_budget_check(options->shares, err);
}

static ockham_status run(comparison *c, ock_pool *pool, const ockham_progress *progress, ockham_error *err) {
  size_t n_signals = c->parts->n_signals;
  ock_ticker ticker = {.progress = progress, .stage = "comparing rows"};
  OCK_TRY(prepare(c, ock_pool_size(pool), err));
  ock_budget_split(c->parts->signals, NULL, n_signals, c->shares, c->split);
  if (!ock_pool_run_watched(pool, &ticker, c->n_blocks, count_block, c))
    return ock_fail(err, OCKHAM_INTERRUPTED, "interrupted while rows were compared");
  OCK_TRY(add_blocks(c, err));
  if (!ock_pool_run_watched(pool, &ticker, n_signals, compare_signal, c))
    return ock_fail(err, OCKHAM_INTERRUPTED, "interrupted while signals were compared");
  c->public.signals = c->signals;
  c->public.bins = (const ockham_drift_bin *const *)c->bins;
  judge(c);
  find_smallest_shift(c);
  find_grown_bin(c);
  return find_examples(c, err);
}

ockham_status ockham_drift_compare(const ockham_profile *profile, ockham_rows x, const ockham_drift_options *options,
                                   const ockham_progress *progress, ockham_drift_comparison **comparison_out,
                                   ockham_error *err) {
  *comparison_out = NULL;
  OCK_TRY(check_arguments(profile, x, options, err));
  comparison *c = ock_alloc_zeroed(1, sizeof *c);
  if (!c) return ock_fail_memory(err, "a comparison", sizeof *c);
  c->profile = profile, c->parts = ockham_profile_look(profile), c->x = x;
  c->seed = options ? options->seed : 0, c->shares = options ? options->shares : NULL;
  c->public.n_rows = x.n_rows;
  c->public.n_signals = c->parts->n_signals;
  c->public.level = options && options->level > 0 ? options->level : default_level;
  c->public.min_effect = find_min_effect(options);
  ock_pool *pool = NULL;
  ockham_status status = ock_pool_new(options ? options->threads : 0, &pool, err);
  if (!status) status = run(c, pool, progress, err);
  ock_pool_free(pool);
  if (status) {
    ockham_drift_comparison_free(&c->public);
    return status;
  }
  *comparison_out = &c->public;
  return OCKHAM_OK;
}

void ockham_drift_comparison_free(ockham_drift_comparison *result) {
  comparison *c = (comparison *)result;
  if (!c) return;
  ock_arena_clear(&c->arena);
  ock_free(c);
}
