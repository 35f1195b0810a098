/* SPDX-License-Identifier: Apache-2.0 */
/* The silhouette of many partitions at once. For a strip of rows, distances to all rows are summed over the pieces of
 * the pairing, and these sums merged down its tree until they are sums over clusters. */
#include <math.h>
#include <string.h>

#include "select/pairing.h"

enum { STRIPS_A_TASK = 4, ENOUGH_ROWS = 16 };

/* What a task adds up, for each partition. */
typedef struct total {
  double silhouette;
  double squares; /* of differences between successive rows of a strip */
} total;

typedef struct pass {
  ockham_rows x;
  const double *origin;
  const ock_partitions *partitions;
  const ock_kernels *kernels;
  ock_pairing pairing;
  size_t n_evaluated;
  size_t *first_count; /* of each partition's clusters in count */
  uint32_t *count;     /* rows of each cluster in x ... */
  double *weight;      /* ... and the sum of their weights */
  size_t scratch_size;
  double *scratch; /* a worker: strip, the same in float32, sums over the pieces of a block, sums over nodes */
  total *totals;   /* a task: n_partitions */
} pass;

/* A strip of the rows that are evaluated. */
typedef struct strip {
  size_t n;
  size_t row[OCK_STRIP];
  double *x; /* n_columns x OCK_STRIP, relative to the origin and scaled; lanes beyond n repeat the first row */
} strip;

static void load_strip(const pass *p, size_t first, strip *s) {
  s->n = p->n_evaluated - first < OCK_STRIP ? p->n_evaluated - first : OCK_STRIP;
  for (size_t r = 0; r < OCK_STRIP; r++) {
    size_t i = first + (r < s->n ? r : 0);
    s->row[r] = p->partitions->row ? p->partitions->row[i] : i;
    for (size_t l = 0; l < p->x.n_columns; l++)
      s->x[l * OCK_STRIP + r] = (ock_rows_get(p->x, s->row[r], l) - p->origin[l]) * p->pairing.scale;
  }
}

/* Whether the sample has too few rows of a cluster to tell the mean distance to it. */
static bool is_thin(const pass *p, uint32_t count) {
  return p->partitions->sampled && count < ENOUGH_ROWS;
}

/* The root mean square distance from each row of the strip to the rows of cluster j in the whole table, from
 * sum |x - y|^2 = n |x - centroid|^2 + within; leaving out the row itself. */
static void measure_by_centroid(const pass *p, const strip *s, const ock_fit *fit, size_t j, const size_t *own,
                                double *mean) {
  size_t d = p->x.n_columns;
  double n = ock_fit_weight(fit, j), scale = p->pairing.scale;
  for (size_t r = 0; r < OCK_STRIP; r++) {
    double squares = 0;
    for (size_t l = 0; l < d; l++) {
      double difference = s->x[l * OCK_STRIP + r] - fit->centroids[j * d + l] * scale;
      squares += difference * difference;
    }
    double n_others = own[r] == j ? n - 1 : n;
    mean[r] = n_others > 0 ? sqrt((squares * n + fit->within[j] * scale * scale) / n_others) : 0;
  }
}

static double weight_of(const pass *p, size_t row) {
  return p->partitions->weights ? p->partitions->weights[row] : 1;
}

/* What the clusters of one partition are like. */
typedef struct clusters {
  const ock_fit *fit;
  const uint32_t *count;
  const double *weight;
} clusters;

/* The weight of cluster j in the whole table. */
static double whole_weight(const pass *p, const clusters *c, size_t j) {
  return p->partitions->sampled ? ock_fit_weight(c->fit, j) : c->weight[j];
}

/* The mean distances to the rows' own clusters, whose sums are taken away: to the other rows there, as they are met
 * here, and to the further rows at the same place that the row stands for. */
static void take_own(const pass *p, const strip *s, const clusters *c, const size_t *own, double *sums,
                     double *within) {
  for (size_t r = 0; r < OCK_STRIP; r++) {
    size_t j = own[r];
    double *mine = &sums[j * OCK_STRIP + r], weight = weight_of(p, s->row[r]), whole = whole_weight(p, c, j);
    double others = (c->weight[j] - weight) * p->pairing.unit;
    bool done = is_thin(p, c->count[j]) || !(others > 0) || !(whole > 1);
    within[r] = done ? *mine : *mine / others * ((whole - weight) / (whole - 1));
    *mine = INFINITY;
  }
}

/* The least mean distances to the clusters. */
static void find_nearest(const pass *p, const clusters *c, const double *sums, double *nearest) {
  for (size_t r = 0; r < OCK_STRIP; r++) nearest[r] = INFINITY;
  for (size_t j = 0; j < c->fit->k; j++, sums += OCK_STRIP) {
    if (c->count[j] == 0 && !p->partitions->sampled) continue;
    double share = is_thin(p, c->count[j]) ? 1 : 1 / (c->weight[j] * p->pairing.unit);
    for (size_t r = 0; r < OCK_STRIP; r++) nearest[r] = sums[r] * share < nearest[r] ? sums[r] * share : nearest[r];
  }
}

/* From sums of distances to each cluster, which are used up, to the silhouettes of the strip's rows. */
static void find_silhouettes(const pass *p, size_t partition, const strip *s, double *sums, double *silhouette) {
  const ock_partitions *all = p->partitions;
  size_t first = p->first_count[partition];
  clusters c = {.fit = &all->fits[partition], .count = p->count + first, .weight = p->weight + first};
  double nearest[OCK_STRIP], within[OCK_STRIP];
  size_t own[OCK_STRIP];
  for (size_t r = 0; r < OCK_STRIP; r++) own[r] = all->label[s->row[r] * all->n_partitions + partition];
  for (size_t j = 0; j < c.fit->k; j++)
    if (is_thin(p, c.count[j])) measure_by_centroid(p, s, c.fit, j, own, sums + j * OCK_STRIP);
  take_own(p, s, &c, own, sums, within);
  find_nearest(p, &c, sums, nearest);
  for (size_t r = 0; r < OCK_STRIP; r++) {
    double larger = fmax(within[r], nearest[r]);
    bool alone = !(whole_weight(p, &c, own[r]) > 1); /* has silhouette 0 */
    silhouette[r] = larger > 0 && !alone ? (nearest[r] - within[r]) / larger : 0;
  }
}

static void add_silhouettes(const pass *p, size_t partition, const strip *s, double *distances, total *t) {
  double silhouette[OCK_STRIP];
  find_silhouettes(p, partition, s, distances, silhouette);
  for (size_t r = 0; r < s->n; r++) {
    t->silhouette += weight_of(p, s->row[r]) * silhouette[r];
    if (r > 0) t->squares += (silhouette[r] - silhouette[r - 1]) * (silhouette[r] - silhouette[r - 1]);
  }
}

/* Sums of distances from the strip to the pieces, merged into the nodes that are made of pieces. */
static void sum_pieces(const pass *p, const strip *s, float *shifted, double *pieces, double *node_sums) {
  const ock_pairing *g = &p->pairing;
  for (size_t v = 0; v < g->n_nodes; v++)
    if (g->nodes[v].parent == OCK_FROM_PIECES)
      memset(node_sums + g->nodes[v].offset * OCK_STRIP, 0, g->nodes[v].n_atoms * OCK_STRIP * sizeof(double));
  for (size_t b = 0; b < g->n_blocks; b++) {
    p->kernels->pair_sums(s->x, p->x.n_columns, &g->blocks[b], shifted, pieces);
    for (size_t v = 0; v < g->n_nodes; v++)
      if (g->nodes[v].parent == OCK_FROM_PIECES)
        p->kernels->merge_sums(pieces, g->blocks[b].n_pieces, g->nodes[v].into + g->first_piece[b],
                               node_sums + g->nodes[v].offset * OCK_STRIP);
  }
}

static void evaluate_strip(const pass *p, size_t first, double *scratch, total *totals) {
  const ock_pairing *g = &p->pairing;
  size_t strip_size = p->x.n_columns * OCK_STRIP;
  strip s = {.x = scratch};
  float *shifted = (float *)(scratch + strip_size);
  double *pieces = scratch + strip_size + strip_size / 2, *node_sums = pieces + OCK_PAIR_ROWS * OCK_STRIP;
  load_strip(p, first, &s);
  sum_pieces(p, &s, shifted, pieces, node_sums);
  for (size_t v = 0; v < g->n_nodes; v++) {
    const ock_pair_node *node = &g->nodes[v];
    double *own = node_sums + node->offset * OCK_STRIP;
    if (node->parent != OCK_FROM_PIECES) {
      memset(own, 0, node->n_atoms * OCK_STRIP * sizeof(double));
      p->kernels->merge_sums(node_sums + g->nodes[node->parent].offset * OCK_STRIP, node->n_from, node->into, own);
    }
    if (node->n == 1) add_silhouettes(p, node->first, &s, own, &totals[node->first]);
  }
}

static void run_task(void *arg, size_t task, size_t worker) {
  const pass *p = arg;
  total *totals = p->totals + task * p->partitions->n_partitions;
  for (size_t s = 0; s < STRIPS_A_TASK; s++) {
    size_t first = (task * STRIPS_A_TASK + s) * OCK_STRIP;
    if (first < p->n_evaluated) evaluate_strip(p, first, p->scratch + worker * p->scratch_size, totals);
  }
}

static ockham_status run_tasks(pass *p, size_t n_tasks, ock_pool *pool, ock_ticker *ticker, ockham_error *err) {
  if (ock_pool_run_watched(pool, ticker, n_tasks, run_task, p)) return OCKHAM_OK;
  return ock_fail(err, OCKHAM_INTERRUPTED, "stopped while computing silhouettes");
}

static void count_rows(pass *p) {
  const ock_partitions *all = p->partitions;
  size_t end = 0;
  for (size_t q = 0; q < all->n_partitions; q++) {
    p->first_count[q] = end;
    end += all->fits[q].k;
  }
  memset(p->count, 0, end * sizeof *p->count);
  memset(p->weight, 0, end * sizeof *p->weight);
  for (size_t i = 0; i < p->x.n_rows; i++)
    for (size_t q = 0; q < all->n_partitions; q++) {
      size_t cluster = p->first_count[q] + all->label[i * all->n_partitions + q];
      p->count[cluster]++;
      p->weight[cluster] += weight_of(p, i);
    }
}

static bool make_room(pass *p, size_t n_tasks, size_t n_workers, ock_arena *arena) {
  size_t n_partitions = p->partitions->n_partitions, n_clusters = 0, d = p->x.n_columns;
  for (size_t q = 0; q < n_partitions; q++) n_clusters += p->partitions->fits[q].k;
  p->scratch_size = (d + (d + 1) / 2 + OCK_PAIR_ROWS + p->pairing.n_sums) * OCK_STRIP;
  p->first_count = ock_arena_array(arena, n_partitions, sizeof *p->first_count);
  p->count = ock_arena_array(arena, n_clusters, sizeof *p->count);
  p->weight = ock_arena_array(arena, n_clusters, sizeof *p->weight);
  p->scratch = ock_arena_array(arena, n_workers * sizeof(double), p->scratch_size);
  p->totals = ock_arena_array(arena, ock_size_product(n_tasks, n_partitions), sizeof *p->totals);
  return p->first_count && p->count && p->weight && p->scratch && p->totals;
}

/* The sum of the weights of the rows that are evaluated; *uneven is by how much their being uneven raises the variance
 * of a mean: n sum w^2 / (sum w)^2 (Kish, Survey Sampling, 1965). */
static double sum_weights(const pass *p, double *uneven) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < p->n_evaluated; i++) {
    double weight = weight_of(p, p->partitions->row ? p->partitions->row[i] : i);
    sum += weight;
    squares += weight * weight;
  }
  *uneven = (double)p->n_evaluated * squares / (sum * sum);
  return sum;
}

/* Totals are added up in the order of tasks. */
static void finish(const pass *p, size_t n_tasks, double *silhouette, double *variance) {
  size_t n_partitions = p->partitions->n_partitions, n = p->n_evaluated;
  size_t n_differences = n - (n + OCK_STRIP - 1) / OCK_STRIP;
  double uneven, weight = sum_weights(p, &uneven);
  for (size_t q = 0; q < n_partitions; q++) {
    total t = {0};
    for (size_t task = 0; task < n_tasks; task++) {
      t.silhouette += p->totals[task * n_partitions + q].silhouette;
      t.squares += p->totals[task * n_partitions + q].squares;
    }
    silhouette[q] = t.silhouette / weight;
    if (variance) variance[q] = n_differences ? uneven * t.squares / (2 * (double)n_differences) : 0;
  }
}

ockham_status ock_silhouettes_compute(ockham_rows x, const double *origin, const ock_partitions *partitions,
                                      ock_pool *pool, ock_ticker *ticker, double *silhouette, double *variance,
                                      ockham_error *err) {
  pass p = {.x = x, .origin = origin, .partitions = partitions, .kernels = ock_kernels_pick()};
  p.n_evaluated = partitions->row ? partitions->n_evaluated : x.n_rows;
  size_t rows_a_task = STRIPS_A_TASK * OCK_STRIP, n_tasks = (p.n_evaluated + rows_a_task - 1) / rows_a_task;
  OCK_TRY(ock_pairing_init(&p.pairing, x, origin, partitions, err));
  ock_arena arena = {0};
  ockham_status status;
  if (make_room(&p, n_tasks, ock_pool_size(pool), &arena)) {
    memset(p.totals, 0, n_tasks * partitions->n_partitions * sizeof *p.totals);
    count_rows(&p);
    status = run_tasks(&p, n_tasks, pool, ticker, err);
    if (!status) finish(&p, n_tasks, silhouette, variance);
  } else {
    status = ock_fail_memory(err, "the silhouette", ock_size_product(p.scratch_size, sizeof(double)));
  }
  ock_arena_clear(&arena);
  ock_pairing_clear(&p.pairing);
  return status;
}
