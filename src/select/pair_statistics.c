/* SPDX-License-Identifier: Apache-2.0 */
/* What one labelling makes of the sorted pairs of rows. A pair counts by the product of its rows' weights; a row of
 * weight w holds w (w - 1) / 2 more pairs, at distance 0. */
#include <math.h>
#include <string.h>

#include "select/row_pairs.h"

/* Standard deviations below this share of the mean are rounding. */
static const double nothing = 1e-12;

/* ---- what is the same for every labelling ---- */

/* Weights in units of a power of two, so that products of them neither overflow nor are rounded. */
static void take_weights(ock_paired_rows *rows, const double *raw, double *weights) {
  double largest = 1;
  int exponent;
  if (raw) largest = 0;
  for (size_t i = 0; raw && i < rows->n; i++) largest = fmax(largest, raw[i]);
  double mantissa = frexp(largest, &exponent);
  rows->heavy = ldexp(1, mantissa > 0.5 ? exponent : exponent - 1);
  rows->self = 0;
  for (size_t i = 0; i < rows->n; i++) {
    double weight = weights[i] = (raw ? raw[i] : 1) / rows->heavy;
    rows->self += fmax(0, weight * (weight - 1 / rows->heavy) / 2);
  }
  rows->weights = weights;
}

static inline double pair_weight(const ock_paired_rows *rows, const ock_row_pair *pair) {
  return rows->weights[pair->a] * rows->weights[pair->b];
}

static void measure_spread(ock_paired_rows *rows) {
  size_t n_pairs = ock_row_pairs_count(rows->n);
  double sum = 0, squares = 0;
  rows->total = rows->self;
  for (size_t p = 0; p < n_pairs; p++) {
    double weight = pair_weight(rows, &rows->pairs[p]);
    rows->total += weight;
    sum += weight * rows->pairs[p].distance;
  }
  rows->mean = sum / rows->total;
  for (size_t p = 0; p < n_pairs; p++) {
    double difference = rows->pairs[p].distance - rows->mean;
    squares += pair_weight(rows, &rows->pairs[p]) * difference * difference;
  }
  rows->deviation = sqrt((squares + rows->self * rows->mean * rows->mean) / rows->total);
}

/* So many pairs among pairs of rows that are of this weight. */
static double count_twos(const ock_paired_rows *rows, double weight) {
  return fmax(0, weight * (weight - 1 / rows->heavy / rows->heavy) / 2);
}

static void count_equal(ock_paired_rows *rows) {
  size_t n_pairs = ock_row_pairs_count(rows->n);
  double equal = 0, distance = 0, here = rows->self;
  for (size_t p = 0; p < n_pairs; p++) {
    if (rows->pairs[p].distance != distance) {
      equal += count_twos(rows, here);
      here = 0;
      distance = rows->pairs[p].distance;
    }
    here += pair_weight(rows, &rows->pairs[p]);
  }
  rows->equal = (equal + count_twos(rows, here)) / count_twos(rows, rows->total);
}

ockham_status ock_paired_rows_init(ock_paired_rows *rows, const double *raw_weights, double *weights, ock_pool *pool,
                                   ockham_error *err) {
  OCK_TRY(ock_row_pairs_sort(rows->x, rows->n, rows->d, pool, &rows->pairs, err));
  take_weights(rows, raw_weights, weights);
  measure_spread(rows);
  count_equal(rows);
  return OCKHAM_OK;
}

void ock_paired_rows_clear(ock_paired_rows *rows) {
  ock_free(rows->pairs);
  rows->pairs = NULL;
}

/* ---- the clusters that have rows here ---- */

bool ock_pair_scratch_init(ock_pair_scratch *s, const ock_paired_rows *rows, size_t k_max, ock_arena *arena) {
  size_t m = k_max < rows->n ? k_max : rows->n;
  s->label = ock_arena_array(arena, rows->n, sizeof *s->label);
  s->number = ock_arena_array(arena, k_max, sizeof *s->number);
  s->centroids = ock_arena_array(arena, ock_size_product(m, rows->d), sizeof(double));
  s->weights = ock_arena_array(arena, m, sizeof(double));
  s->n_within = ock_arena_array(arena, m, sizeof(double));
  s->sums = ock_arena_array(arena, ock_size_product(m, m), sizeof(double));
  s->crossed = ock_arena_array(arena, ock_size_product(m, m), sizeof(double));
  s->panel = ock_arena_array(arena, ock_size_product(rows->d, OCK_PANEL), sizeof(double));
  s->distances = ock_arena_array(arena, m, OCK_PANEL * sizeof(double));
  s->at = ock_arena_array(arena, rows->d, sizeof(double));
  return s->label && s->number && s->centroids && s->weights && s->n_within && s->sums && s->crossed && s->panel &&
         s->distances && s->at;
}

/* Number the clusters anew; returns how many there are. */
static size_t number_clusters(const ock_paired_rows *rows, const ock_row_labels *labels, ock_pair_scratch *s) {
  size_t m = 0, d = rows->d;
  memset(s->number, 0, labels->k * sizeof *s->number);
  for (size_t i = 0; i < rows->n; i++) s->number[labels->label[i]] = 1;
  for (size_t j = 0; j < labels->k; j++) {
    if (!s->number[j]) continue;
    memcpy(s->centroids + m * d, labels->centroids + j * d, d * sizeof(double));
    s->number[j] = (uint16_t)m++;
  }
  for (size_t i = 0; i < rows->n; i++) s->label[i] = s->number[labels->label[i]];
  return m;
}

/* Their weights, and how many pairs they hold: (W^2 - sum w^2) / 2, which is 0 exactly for one row, and those within
 * rows. */
static void weigh_clusters(const ock_paired_rows *rows, ock_pair_scratch *s, size_t m) {
  double least = 1 / rows->heavy;
  memset(s->weights, 0, m * sizeof(double));
  memset(s->n_within, 0, m * sizeof(double));
  for (size_t i = 0; i < rows->n; i++) {
    double weight = rows->weights[i];
    s->weights[s->label[i]] += weight;
    s->n_within[s->label[i]] += weight > least ? -weight * least : -weight * weight;
  }
  for (size_t j = 0; j < m; j++) s->n_within[j] = (s->weights[j] * s->weights[j] + s->n_within[j]) / 2;
}

/* crossed[a m + b]: the sum of distances from the rows of cluster a to centroid b. */
static void cross(const ock_paired_rows *rows, ock_pair_scratch *s, size_t m) {
  const ock_kernels *kernels = ock_kernels_pick();
  ockham_rows x = {.data = rows->x, .n_rows = rows->n, .n_columns = rows->d};
  memset(s->crossed, 0, m * m * sizeof(double));
  for (size_t first = 0; first < rows->n; first += OCK_PANEL) {
    size_t n = rows->n - first < OCK_PANEL ? rows->n - first : OCK_PANEL;
    ock_panel_load(kernels, x, rows->origin, first, n, s->panel);
    kernels->distances(s->panel, rows->d, s->centroids, m, s->distances);
    for (size_t r = 0; r < n; r++) {
      double *to = s->crossed + s->label[first + r] * m, weight = rows->weights[first + r];
      for (size_t b = 0; b < m; b++) to[b] += weight * sqrt(s->distances[b * OCK_PANEL + r]);
    }
  }
}

/* ---- the walk ---- */

enum { WITHIN, BETWEEN };

/* What has been met on the way up: of each kind of pairs. */
typedef struct tally {
  double n[2], sum[2]; /* their weight below this distance, and the sum of their distances */
  double here[2];      /* their weight at this distance */
  double concordant, discordant;
} tally;

static void close_distance(tally *t) {
  t->concordant += t->here[BETWEEN] * t->n[WITHIN];
  t->discordant += t->here[WITHIN] * t->n[BETWEEN];
  for (int kind = 0; kind < 2; kind++) {
    t->n[kind] += t->here[kind];
    t->here[kind] = 0;
  }
}

static void walk(const ock_paired_rows *rows, ock_pair_scratch *s, size_t m, tally *t) {
  size_t n_pairs = ock_row_pairs_count(rows->n);
  double distance = 0;
  *t = (tally){.here[WITHIN] = rows->self};
  memset(s->sums, 0, m * m * sizeof(double));
  for (size_t p = 0; p < n_pairs; p++) {
    const ock_row_pair *pair = &rows->pairs[p];
    if (pair->distance != distance) {
      close_distance(t);
      distance = pair->distance;
    }
    size_t a = s->label[pair->a], b = s->label[pair->b];
    double weight = pair_weight(rows, pair);
    int kind = a == b ? WITHIN : BETWEEN;
    t->here[kind] += weight;
    t->sum[kind] += weight * distance;
    s->sums[a * m + b] += weight * distance;
  }
  close_distance(t);
}

/* The sum of distances of the nearest pairs of such a weight; added up as the walk does, so that it is that of the
 * pairs within when these are the nearest. */
static double sum_nearest(const ock_paired_rows *rows, double weight) {
  double sum = 0;
  weight -= rows->self;
  for (size_t p = 0; p < ock_row_pairs_count(rows->n) && weight > 0; p++) {
    double here = fmin(weight, pair_weight(rows, &rows->pairs[p]));
    sum += here * rows->pairs[p].distance;
    weight -= here;
  }
  return sum;
}

static double sum_farthest(const ock_paired_rows *rows, double weight) {
  double sum = 0;
  for (size_t p = ock_row_pairs_count(rows->n); p-- > 0 && weight > 0;) {
    double here = fmin(weight, pair_weight(rows, &rows->pairs[p]));
    sum += here * rows->pairs[p].distance;
    weight -= here;
  }
  return sum;
}

/* ---- clusters against each other ---- */

static bool are_apart(const ock_row_pair *pair, const uint16_t *label) {
  return label[pair->a] != label[pair->b];
}

/* The ends of the order, as far as a pair of the kind. */
static void find_extremes(const ock_paired_rows *rows, const uint16_t *label, ockham_pair_statistics *out) {
  size_t n_pairs = ock_row_pairs_count(rows->n), first = 0, last = n_pairs;
  while (first < n_pairs && !are_apart(&rows->pairs[first], label)) first++;
  while (last > 0 && are_apart(&rows->pairs[last - 1], label)) last--;
  out->least_between = first < n_pairs ? rows->pairs[first].distance / rows->unit : NAN;
  out->largest_within = last > 0 ? rows->pairs[last - 1].distance / rows->unit : rows->self > 0 ? 0 : NAN;
}

static void compare_clusters(const ock_paired_rows *rows, const ock_pair_scratch *s, size_t m,
                             ockham_pair_statistics *out) {
  double least_mean = INFINITY, least_crossed = INFINITY, largest_mean = -1;
  for (size_t a = 0; a < m; a++) {
    if (s->n_within[a] > 0) largest_mean = fmax(largest_mean, s->sums[a * m + a] / s->n_within[a]);
    for (size_t b = 0; b < a; b++) {
      double sum = s->sums[a * m + b] + s->sums[b * m + a], crossed = s->crossed[a * m + b] + s->crossed[b * m + a];
      least_mean = fmin(least_mean, sum / (s->weights[a] * s->weights[b]));
      least_crossed = fmin(least_crossed, crossed / (s->weights[a] + s->weights[b]));
    }
  }
  out->least_mean_between = m > 1 ? least_mean / rows->unit : NAN;
  out->least_mean_crossed = m > 1 ? least_crossed / rows->unit : NAN;
  out->largest_mean_within = largest_mean >= 0 ? largest_mean / rows->unit : NAN;
}

static double centroid_distance(const ock_pair_scratch *s, size_t d, size_t a, size_t b) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) {
    double difference = s->centroids[a * d + l] - s->centroids[b * d + l];
    sum += difference * difference;
  }
  return sqrt(sum);
}

/* Of the distance of two rows and that of their clusters' centroids, over all pairs: first the mean of the latter. */
static double correlate(const ock_paired_rows *rows, const ock_pair_scratch *s, size_t m, const tally *t) {
  double sum = 0;
  for (size_t a = 0; a < m; a++)
    for (size_t b = 0; b < a; b++) sum += s->weights[a] * s->weights[b] * centroid_distance(s, rows->d, a, b);
  double mean = sum / rows->total, products = -mean * (t->sum[WITHIN] - t->n[WITHIN] * rows->mean);
  double squares = t->n[WITHIN] * mean * mean;
  for (size_t a = 0; a < m; a++)
    for (size_t b = 0; b < a; b++) {
      double difference = centroid_distance(s, rows->d, a, b) - mean, n = s->weights[a] * s->weights[b];
      products += (s->sums[a * m + b] + s->sums[b * m + a] - n * rows->mean) * difference;
      squares += n * difference * difference;
    }
  double deviation = sqrt(squares / rows->total);
  bool constant = !(deviation > nothing * mean) || !(rows->deviation > nothing * rows->mean);
  return constant ? NAN : products / rows->total / deviation / rows->deviation;
}

void ock_pair_statistics(const ock_paired_rows *rows, const ock_row_labels *labels, ock_pair_scratch *s,
                         ockham_pair_statistics *out) {
  size_t m = number_clusters(rows, labels, s);
  tally t;
  weigh_clusters(rows, s, m);
  cross(rows, s, m);
  walk(rows, s, m, &t);
  double n = t.n[WITHIN], comparisons = n * t.n[BETWEEN];
  *out = (ockham_pair_statistics){
      .n_pairs = rows->total * rows->heavy * rows->heavy,
      .share_within = n / rows->total,
      .mean_within = n > 0 ? t.sum[WITHIN] / n / rows->unit : NAN,
      .mean_between = t.n[BETWEEN] > 0 ? t.sum[BETWEEN] / t.n[BETWEEN] / rows->unit : NAN,
      .mean_nearest = n > 0 ? sum_nearest(rows, n) / n / rows->unit : NAN,
      .mean_farthest = n > 0 ? sum_farthest(rows, n) / n / rows->unit : NAN,
      .deviation = rows->deviation > nothing * rows->mean ? rows->deviation / rows->unit : 0,
      .concordant = comparisons > 0 ? t.concordant / comparisons : NAN,
      .discordant = comparisons > 0 ? t.discordant / comparisons : NAN,
      .equal = rows->equal,
      .centroid_correlation = correlate(rows, s, m, &t),
  };
  find_extremes(rows, s->label, out);
  compare_clusters(rows, s, m, out);
}
