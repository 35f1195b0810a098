/* SPDX-License-Identifier: Apache-2.0 */
/* The rows looked at once more for each k: they are labelled, and sorted by label; then each cluster's rows are added
 * up in their order. Clusters that have the same rows as one of the k before are known already. */
#include <math.h>
#include <string.h>

#include "select/evidence.h"
#include "select/halves.h"

enum { ROWS_A_TASK = 64 * OCK_PANEL, RNG_STREAM_HALVES = 1 << 24 };

/* The clusters of one k. */
typedef struct clusters {
  uint32_t *label;    /* n */
  size_t *size;       /* k_max */
  ock_halves *halves; /* k_max */
  double *means;      /* k_max x d, in the frame's units; the rest of what halves have stands behind them */
} clusters;

/* One k at a time; arrays have room for the largest. */
typedef struct look {
  ockham_rows x;
  const ock_frame *frame;
  const ock_kernels *kernels;
  ock_pool *pool;
  ock_ticker *ticker;
  ock_halver halver;
  size_t k, d;
  clusters now, before;
  bool knows_before;
  uint32_t *order; /* n */
  size_t *end;     /* k + 1: where the rows of each cluster end in the order */
  double *centres; /* k x d, in the data's units, relative to the origin */
  double *weights; /* k */
  double *scatter; /* k: |v_j| of a cluster, in the frame's units */
  double *near;    /* k x k: weight of the rows of cluster i near the mean of cluster j ... */
  double *middle;  /* ... and near the middle of the two */
  double *between; /* k x k: squared distances of the means */
  double reach;    /* squared: what is near, in the data's units */
  size_t slice;    /* of the rows of each cluster */
  double *scratch; /* a worker */
  size_t scratch_size;
} look;

static bool run_tasks(look *l, size_t n_tasks, ock_task *task) {
  return ock_pool_run_watched(l->pool, l->ticker, n_tasks, task, l);
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
    memcpy(l->now.label + first, label, count * sizeof *label);
  }
}

static bool sort_rows(look *l, const ock_fit *fit) {
  for (size_t i = 0; i < l->k * l->d; i++) l->centres[i] = fit->centroids[i] / l->frame->unit;
  if (!run_tasks(l, (l->x.n_rows + ROWS_A_TASK - 1) / ROWS_A_TASK, label_rows)) return false;
  ock_sort_by_label(l->now.label, l->x.n_rows, l->end, l->k, l->order);
  return true;
}

/* ---- each cluster by itself ---- */

/* What was found for the same rows. */
static void take_known(const ock_halves *from, size_t d, ock_halves *c) {
  c->total = from->total;
  c->within = from->within;
  c->gain = from->gain;
  memcpy(c->mean, from->mean, d * sizeof(double));
  memcpy(c->variances, from->variances, d * sizeof(double));
}

/* The cluster of the k before that has the rows of cluster j, and no others; NULL: none. */
static const ock_halves *find_known(const look *l, size_t j) {
  const ock_halves *c = &l->now.halves[j];
  size_t n = l->now.size[j], i = 0;
  if (!l->knows_before || n == 0) return NULL;
  uint32_t other = l->before.label[c->member[0]];
  if (l->before.size[other] != n) return NULL;
  while (i < n && l->before.label[c->member[i]] == other) i++;
  return i == n ? &l->before.halves[other] : NULL;
}

/* Cluster j is to be cut, unless it has no rows, or is known. */
static void prepare_cluster(void *arg, size_t j, size_t worker) {
  (void)worker;
  const look *l = arg;
  ock_halves *c = &l->now.halves[j];
  size_t first = j ? l->end[j - 1] : 0;
  c->member = l->order + first;
  l->now.size[j] = c->n = l->end[j] - first;
  if (c->n > 0) c->stream = RNG_STREAM_HALVES + c->member[0]; /* the same rows have the same halves, whatever k is */
  const ock_halves *known = find_known(l, j);
  if (known) take_known(known, l->d, c);
  if (known) c->n = 0;
}

static double length(const double *v, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += v[l] * v[l];
  return sqrt(sum);
}

static bool describe_clusters(look *l) {
  for (size_t j = 0; j < l->k; j++) {
    ock_halves *c = &l->now.halves[j];
    c->total = c->within = c->gain = 0;
    memset(c->mean, 0, l->d * sizeof(double));
    memset(c->variances, 0, l->d * sizeof(double));
  }
  if (!ock_pool_run_watched(l->pool, l->ticker, l->k, prepare_cluster, l)) return false;
  ock_halve(&l->halver, l->now.halves, l->k, l->pool, l->ticker);
  for (size_t j = 0; j < l->k; j++) {
    l->weights[j] = l->now.halves[j].total;
    l->scatter[j] = length(l->now.halves[j].variances, l->d);
  }
  return !l->ticker->stopped;
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

static void prepare_meeting(void *arg, size_t j, size_t worker) {
  (void)worker;
  const look *l = arg;
  for (size_t i = 0; i < l->k; i++) {
    l->near[j * l->k + i] = l->middle[j * l->k + i] = 0;
    l->between[j * l->k + i] = ock_squared_distance(l->centres + j * l->d, l->centres + i * l->d, l->d);
  }
}

/* A slice of the rows of cluster j. */
static void meet_others(void *arg, size_t j, size_t worker) {
  const look *l = arg;
  double *panel = l->scratch + worker * l->scratch_size, *distances = panel + l->d * OCK_PANEL;
  size_t row[OCK_PANEL], from = l->slice * ROWS_A_TASK, end = l->now.size[j];
  const uint32_t *member = l->now.halves[j].member;
  end = end < from + ROWS_A_TASK ? end : from + ROWS_A_TASK;
  for (size_t first = from; first < end; first += OCK_PANEL) {
    size_t n = end - first < OCK_PANEL ? end - first : OCK_PANEL;
    for (size_t r = 0; r < n; r++) row[r] = member[first + r];
    ock_panel_gather(l->kernels, l->x, l->frame->origin, row, n, panel);
    l->kernels->distances(panel, l->d, l->centres, l->k, distances);
    count_near(l, j, row, n, distances);
  }
}

static bool meet_all(look *l) {
  size_t largest = 0;
  for (size_t j = 0; j < l->k; j++) largest = l->now.size[j] > largest ? l->now.size[j] : largest;
  for (size_t i = 0; i < l->k * l->d; i++) l->centres[i] = l->now.means[i] / l->frame->unit;
  ock_pool_run(l->pool, l->k, prepare_meeting, l);
  for (l->slice = 0; l->slice * ROWS_A_TASK < largest; l->slice++)
    if (!run_tasks(l, l->k, meet_others)) return false;
  return true;
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

/* What is found goes into `statistics`, whose arrays are there; nothing is when it is stopped. */
static void look_at(look *l, const ock_fit *fit, ock_scatter *s, ockham_row_statistics *statistics, double *explained,
                    double *halves) {
  double sum = 0, unit = l->frame->unit, k = (double)fit->k;
  l->k = fit->k;
  if (!sort_rows(l, fit) || !describe_clusters(l)) return;
  for (size_t j = 0; j < l->k; j++) {
    const ock_halves *c = &l->now.halves[j];
    sum += l->scatter[j];
    halves[j] = fmax(0, c->within - c->gain) / unit / unit;
  }
  l->reach = sum / (k * k) / unit / unit;
  bool meet = l->k > 1 && l->k <= OCKHAM_DENSITY_CLUSTERS;
  if (meet && !meet_all(l)) return;
  *statistics = (ockham_row_statistics){.spectrum = s->spectrum,
                                        .explained = explained,
                                        .scattering = sum / k / total_variance(s, l->frame->total),
                                        .density_between = meet ? mean_density(l) : NAN,
                                        .halves = halves};
  ock_scatter_compare(s, l->k, l->weights, l->now.means, &statistics->log_determinant, &statistics->trace_ratio,
                      explained);
  clusters before = l->before;
  l->before = l->now;
  l->now = before;
  l->knows_before = true;
}

/* ---- every k ---- */

static bool clusters_init(clusters *c, size_t n, size_t d, size_t k_max, ock_arena *arena) {
  c->label = ock_arena_array(arena, n, sizeof *c->label);
  c->size = ock_arena_array(arena, k_max, sizeof *c->size);
  c->halves = ock_arena_array(arena, k_max, sizeof *c->halves);
  c->means = ock_arena_array(arena, ock_size_product(4 * k_max, d), sizeof *c->means);
  if (!c->label || !c->size || !c->halves || !c->means) return false;
  for (size_t j = 0; j < k_max; j++)
    c->halves[j] = (ock_halves){
        .mean = c->means + j * d, .variances = c->means + (k_max + j) * d, .means = c->means + (2 * k_max + 2 * j) * d};
  return true;
}

static bool look_init(look *l, ock_run *r, size_t k_max, ock_arena *arena) {
  size_t n = r->x.n_rows, d = r->x.n_columns, n_workers = ock_pool_size(r->pool);
  size_t k_met = k_max < OCKHAM_DENSITY_CLUSTERS ? k_max : OCKHAM_DENSITY_CLUSTERS;
  *l = (look){.x = r->x,
              .frame = &r->frame,
              .kernels = ock_kernels_pick(),
              .pool = r->pool,
              .ticker = &r->ticker,
              .d = d,
              .scratch_size = (d + k_met) * OCK_PANEL};
  bool fits = clusters_init(&l->now, n, d, k_max, arena) && clusters_init(&l->before, n, d, k_max, arena) &&
              ock_halver_init(&l->halver, r->x, &r->frame, r->options->seed, r->pool, arena);
  l->halver.restarts = true;
  l->order = ock_arena_array(arena, n, sizeof *l->order);
  l->end = ock_arena_array(arena, k_max + 1, sizeof *l->end);
  l->centres = ock_arena_array(arena, ock_size_product(k_max, d), sizeof(double));
  l->weights = ock_arena_array(arena, k_max, sizeof(double));
  l->scatter = ock_arena_array(arena, k_max, sizeof(double));
  l->near = ock_arena_array(arena, k_met * k_met, sizeof(double));
  l->middle = ock_arena_array(arena, k_met * k_met, sizeof(double));
  l->between = ock_arena_array(arena, k_met * k_met, sizeof(double));
  l->scratch = ock_arena_array(arena, n_workers, ock_size_product(l->scratch_size, sizeof(double)));
  return fits && l->order && l->end && l->centres && l->weights && l->scatter && l->near && l->middle && l->between &&
         l->scratch;
}

static ockham_status fail(ockham_error *err, const look *l, size_t k_max) {
  return ock_fail_memory(err, "a further look at the rows", 12 * l->x.n_rows + 72 * k_max * l->d);
}

/* The spectrum moves into the evidence. */
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
    look_at(l, &sweep->fits[k - 1], s, &evidence->points[k - sweep->k_min], explained, halves);
    r->ticker.done++;
  }
  return OCKHAM_OK;
}

void ock_row_evidence_free(ock_row_evidence *evidence) {
  if (evidence) ock_arena_clear(&evidence->arena);
  ock_free(evidence);
}

ockham_status ock_gather_rows(ock_run *r, ockham_sweep *sweep, ockham_error *err) {
  if (ock_ticker_stopped(&r->ticker)) return OCKHAM_OK;
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
  if (!status) status = ock_scatter_init(&s, r->x, &r->frame, r->pool, &r->ticker, err);
  if (!status && !r->ticker.stopped) status = look_at_all(&l, r, sweep, &s, evidence, err);
  if (!status && !r->ticker.stopped) {
    sweep->row_evidence = evidence;
    evidence = NULL;
  }
  ock_scatter_clear(&s);
  ock_row_evidence_free(evidence);
  ock_arena_clear(&arena);
  return status;
}
