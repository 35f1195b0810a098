/* SPDX-License-Identifier: Apache-2.0 */
/* The rows looked at once more for each k: they are labelled, and sorted by label; then each cluster is one task, which
 * adds up its rows in their order. */
#include <math.h>
#include <string.h>

#include "select/evidence.h"

enum { ROWS_A_TASK = 64 * OCK_PANEL, RNG_STREAM_HALVES = 1 << 24 };

/* One k at a time; arrays have room for the largest. */
typedef struct look {
  ockham_rows x;
  const ock_frame *frame;
  const ock_kernels *kernels;
  size_t k, d;
  uint64_t seed;
  uint32_t *label, *order; /* n */
  size_t *end;             /* k + 1: where the rows of each cluster end in the order */
  double *centres;         /* k x d, in the data's units, relative to the origin */
  double *weights;         /* k */
  double *means;           /* k x d, in the frame's units */
  double *scatter;         /* k: |v_j| of a cluster, in the frame's units */
  double *halves;          /* k, in the frame's units */
  double *near;            /* k x k: weight of the rows of cluster i near the mean of cluster j ... */
  double *middle;          /* ... and near the middle of the two */
  double *between;         /* k x k: squared distances of the means */
  double reach;            /* squared: what is near, in the data's units */
  double *scratch;         /* a worker */
  size_t scratch_size;
} look;

static ock_cluster_rows cluster_rows(const look *l, size_t j) {
  size_t first = j ? l->end[j - 1] : 0;
  return (ock_cluster_rows){.x = l->x,
                            .frame = l->frame,
                            .row = l->order + first,
                            .n = l->end[j] - first,
                            .every = 1,
                            .mean = l->means + j * l->d,
                            .weight = l->weights[j]};
}

/* ---- labels ---- */

static void label_rows(void *arg, size_t task, size_t worker) {
  const look *l = arg;
  size_t n = l->x.n_rows, end = (task + 1) * ROWS_A_TASK < n ? (task + 1) * ROWS_A_TASK : n;
  double *panel = l->scratch + worker * l->scratch_size, nearest[OCK_PANEL], second[OCK_PANEL];
  uint32_t label[OCK_PANEL];
  for (size_t first = task * ROWS_A_TASK; first < end; first += OCK_PANEL) {
    size_t count = end - first < OCK_PANEL ? end - first : OCK_PANEL;
    ock_panel_load(l->kernels, l->x, l->frame->origin, first, count, panel);
    l->kernels->nearest_two(panel, l->d, l->centres, l->k, label, nearest, second);
    memcpy(l->label + first, label, count * sizeof *label);
  }
}

static void sort_rows(look *l, const ock_fit *fit, ock_pool *pool) {
  l->k = fit->k;
  for (size_t i = 0; i < l->k * l->d; i++) l->centres[i] = fit->centroids[i] / l->frame->unit;
  ock_pool_run(pool, (l->x.n_rows + ROWS_A_TASK - 1) / ROWS_A_TASK, label_rows, l);
  ock_sort_by_label(l->label, l->x.n_rows, l->end, l->k, l->order);
}

/* ---- each cluster by itself ---- */

/* Variances of the columns; returns which is the greatest. */
static size_t find_variances(const ock_cluster_rows *c, double *values, double *variances) {
  size_t d = c->frame->d, widest = 0;
  memset(variances, 0, d * sizeof(double));
  for (size_t i = 0; i < c->n; i++) {
    double weight = ock_cluster_row(c, i, values);
    for (size_t l = 0; l < d; l++) variances[l] += weight * values[l] * values[l];
  }
  for (size_t l = 0; l < d; l++) {
    variances[l] = c->weight > 0 ? variances[l] / c->weight : 0;
    if (variances[l] > variances[widest]) widest = l;
  }
  return widest;
}

static double length(const double *v, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += v[l] * v[l];
  return sqrt(sum);
}

static void describe_cluster(void *arg, size_t j, size_t worker) {
  const look *l = arg;
  double *values = l->scratch + worker * l->scratch_size, *sums = values + l->d;
  ock_cluster_rows c = cluster_rows(l, j);
  ock_cluster_find_mean(&c, values, sums);
  l->weights[j] = c.weight;
  size_t widest = find_variances(&c, values, sums);
  l->scatter[j] = length(sums, l->d);
  ock_rng rng = ock_rng_make(l->seed, RNG_STREAM_HALVES + l->k * UINT16_MAX + j);
  l->halves[j] = l->scatter[j] > 0 ? ock_halve(&c, widest, &rng, values) : 0;
}

/* ---- what lies between clusters ---- */

/* The rows of one panel, all of cluster j, whose squared distances to all means are known. */
static void count_near(const look *l, size_t j, const size_t *row, size_t n, const double *distances) {
  for (size_t i = 0; i < l->k; i++)
    for (size_t r = 0; r < n; r++) {
      double weight = l->frame->weights ? l->frame->weights[row[r]] : 1, here = distances[i * OCK_PANEL + r];
      double to_middle = (here + distances[j * OCK_PANEL + r]) / 2 - l->between[j * l->k + i] / 4;
      if (here <= l->reach) l->near[j * l->k + i] += weight;
      if (to_middle <= l->reach) l->middle[j * l->k + i] += weight;
    }
}

static void meet_others(void *arg, size_t j, size_t worker) {
  const look *l = arg;
  double *panel = l->scratch + worker * l->scratch_size, *distances = panel + l->d * OCK_PANEL;
  size_t row[OCK_PANEL];
  ock_cluster_rows c = cluster_rows(l, j);
  for (size_t i = 0; i < l->k; i++) {
    l->near[j * l->k + i] = l->middle[j * l->k + i] = 0;
    l->between[j * l->k + i] = ock_squared_distance(l->centres + j * l->d, l->centres + i * l->d, l->d);
  }
  for (size_t first = 0; first < c.n; first += OCK_PANEL) {
    size_t n = c.n - first < OCK_PANEL ? c.n - first : OCK_PANEL;
    for (size_t r = 0; r < n; r++) row[r] = c.row[first + r];
    ock_panel_gather(l->kernels, l->x, l->frame->origin, row, n, panel);
    l->kernels->distances(panel, l->d, l->centres, l->k, distances);
    count_near(l, j, row, n, distances);
  }
}

static double mean_density(const look *l) {
  double sum = 0, k = (double)l->k;
  for (size_t i = 0; i < l->k; i++)
    for (size_t j = 0; j < i; j++) {
      size_t ij = i * l->k + j, ji = j * l->k + i;
      double between = l->middle[ij] + l->middle[ji];
      double denser = fmax(l->near[i * l->k + i] + l->near[ji], l->near[j * l->k + j] + l->near[ij]);
      if (between > 0) sum += denser > 0 ? between / denser : NAN;
    }
  return sum / (k * (k - 1) / 2);
}

/* ---- all of one k ---- */

static double total_variance(const ock_scatter *s, double weight) {
  double sum = 0;
  for (size_t a = 0; a < s->m; a++) sum += s->squares[a] / weight * (s->squares[a] / weight);
  return sqrt(sum);
}

/* What is found goes into `statistics`, whose arrays are there. */
static void look_at(look *l, const ock_fit *fit, ock_scatter *s, ock_pool *pool, ockham_row_statistics *statistics,
                    double *explained, double *halves) {
  double sum = 0, unit = l->frame->unit, k = (double)fit->k;
  sort_rows(l, fit, pool);
  ock_pool_run(pool, l->k, describe_cluster, l);
  for (size_t j = 0; j < l->k; j++) sum += l->scatter[j];
  for (size_t j = 0; j < l->k; j++) halves[j] = l->halves[j] / unit / unit;
  for (size_t i = 0; i < l->k * l->d; i++) l->centres[i] = l->means[i] / unit;
  l->reach = sum / (k * k) / unit / unit;
  if (l->k > 1) ock_pool_run(pool, l->k, meet_others, l);
  *statistics = (ockham_row_statistics){.spectrum = s->spectrum,
                                        .explained = explained,
                                        .scattering = sum / k / total_variance(s, l->frame->total),
                                        .density_between = l->k > 1 ? mean_density(l) : NAN,
                                        .halves = halves};
  ock_scatter_compare(s, l->k, l->weights, l->means, &statistics->log_determinant, &statistics->trace_ratio, explained);
}

static bool look_init(look *l, const ock_run *r, size_t k_max, ock_arena *arena) {
  size_t n = r->x.n_rows, d = r->x.n_columns, n_workers = ock_pool_size(r->pool);
  *l = (look){.x = r->x, .frame = &r->frame, .kernels = ock_kernels_pick(), .d = d, .seed = r->options->seed};
  l->scratch_size = (d + k_max) * OCK_PANEL; /* more than OCK_HALVES d */
  l->label = ock_arena_array(arena, n, sizeof *l->label);
  l->order = ock_arena_array(arena, n, sizeof *l->order);
  l->end = ock_arena_array(arena, k_max + 1, sizeof *l->end);
  l->centres = ock_arena_array(arena, ock_size_product(k_max, d), sizeof(double));
  l->means = ock_arena_array(arena, ock_size_product(k_max, d), sizeof(double));
  l->weights = ock_arena_array(arena, k_max, sizeof(double));
  l->scatter = ock_arena_array(arena, k_max, sizeof(double));
  l->halves = ock_arena_array(arena, k_max, sizeof(double));
  l->near = ock_arena_array(arena, k_max * k_max, sizeof(double));
  l->middle = ock_arena_array(arena, k_max * k_max, sizeof(double));
  l->between = ock_arena_array(arena, k_max * k_max, sizeof(double));
  l->scratch = ock_arena_array(arena, n_workers, ock_size_product(l->scratch_size, sizeof(double)));
  return l->label && l->order && l->end && l->centres && l->means && l->weights && l->scatter && l->halves && l->near &&
         l->middle && l->between && l->scratch;
}

static ockham_status fail(ockham_error *err, const look *l, size_t k_max) {
  return ock_fail_memory(err, "a further look at the rows", 8 * l->x.n_rows + 16 * k_max * (l->d + k_max));
}

/* Every k; the spectrum moves into the evidence. */
static ockham_status look_at_all(look *l, ock_run *r, const ockham_sweep *sweep, ock_scatter *s,
                                 ock_row_evidence *evidence, ockham_error *err) {
  ock_arena *arena = &evidence->arena;
  size_t d = sweep->d;
  if (s->spectrum) {
    double *copy = ock_arena_array(arena, s->m, sizeof(double));
    if (!copy) return fail(err, l, sweep->k_max);
    s->spectrum = memcpy(copy, s->spectrum, s->m * sizeof(double));
  }
  for (size_t k = sweep->k_min; k <= sweep->k_max && !ock_ticker_stopped(&r->ticker); k++) {
    double *explained = ock_arena_array(arena, d, sizeof(double)), *halves = ock_arena_array(arena, k, sizeof(double));
    if (!explained || !halves) return fail(err, l, sweep->k_max);
    look_at(l, &sweep->fits[k - 1], s, r->pool, &evidence->points[k - sweep->k_min], explained, halves);
    r->ticker.done++;
  }
  return OCKHAM_OK;
}

void ock_row_evidence_free(ock_row_evidence *evidence) {
  if (evidence) ock_arena_clear(&evidence->arena);
  ock_free(evidence);
}

ockham_status ock_gather_rows(ock_run *r, ockham_sweep *sweep, ockham_error *err) {
  ock_arena arena = {0};
  ock_scatter s = {0};
  look l;
  ock_row_evidence *evidence = ock_alloc_zeroed(1, sizeof *evidence);
  r->ticker.stage = "criteria of rows";
  r->ticker.done = 0;
  r->ticker.total = sweep->k_max + 1 - sweep->k_min;
  bool fits = look_init(&l, r, sweep->k_max, &arena) && evidence;
  if (fits) evidence->points = ock_arena_array(&evidence->arena, r->ticker.total, sizeof *evidence->points);
  ockham_status status = fits && evidence->points ? OCKHAM_OK : fail(err, &l, sweep->k_max);
  if (!status) status = ock_scatter_init(&s, r->x, &r->frame, r->pool, err);
  if (!status) status = look_at_all(&l, r, sweep, &s, evidence, err);
  if (!status && !r->ticker.stopped) {
    sweep->row_evidence = evidence;
    evidence = NULL;
  }
  ock_scatter_clear(&s);
  ock_row_evidence_free(evidence);
  ock_arena_clear(&arena);
  return status;
}
