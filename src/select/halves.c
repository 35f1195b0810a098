/* SPDX-License-Identifier: Apache-2.0 */
/* A small cluster is one task. Of a large one some members are; passes over all of them are cut into blocks, which all
 * workers share, and whose sums are added up in their order. */
#include "select/halves.h"

#include <math.h>
#include <string.h>

enum { MOST_MEMBERS = 4096, FEWEST_MEMBERS = 256, MEMBER_VALUES = 1 << 19, FEW_MEMBERS = 1000, MOST_FULL = 64 };
enum { MOST_POWERS = 50, MOST_STEPS = 100, STEPS_OF_ALL = 4, MOST_STARTS = 8 };

/* An axis that turns by less than this is found (1 - cosine). */
static const double steady = 1e-9;
/* A further start for each time that the values are fewer than these. */
static const double values_for_starts = 2e4;
/* Of more than a few rows a step that gains no more than this share is the last. */
static const double worth_a_step = 1e-5;
/* A half of less than this share of the weight is none: rounding. */
static const double least_share = 1e-13;

/* One half, by which the other is known, for the sum of both is 0: rows about their mean. */
typedef struct side {
  double weight, gain;
  double *sum; /* d */
} side;

/* Where the halves meet: rows x with way x > threshold are the side. */
typedef struct plane {
  double *way; /* d */
  double threshold;
} plane;

typedef struct ock_halver_large {
  ock_halves *cluster;
  plane plane;
  side best;
  bool done;
} large;

typedef struct ock_halver_block {
  size_t large; /* whose members these are: its number among the large ones */
  const uint32_t *member;
  size_t n;
  double *sums; /* 1 + 2 d */
} block;

typedef struct ock_halver_worker {
  double *rows, *weights;          /* some members about their mean, in panels of strips */
  double *gathered, *strips;       /* one panel: as it is gathered, and in strips */
  double weight[OCK_PANEL];        /* of its rows */
  double *scratch, *moments;       /* for sums of squares and products */
  double *way, *next, *side, *row; /* d each */
  double *best;                    /* d */
} worker;

static const uint32_t everybody[OCK_PANEL]; /* one label for all */

static bool is_full(size_t d) {
  return d <= MOST_FULL;
}

static bool worker_init(worker *w, size_t most, size_t d, ock_arena *arena) {
  size_t n_moments = 1 + d + ock_second_moments(d, is_full(d));
  w->rows = ock_arena_array(arena, ock_size_product(most, d), sizeof(double));
  w->weights = ock_arena_array(arena, most, sizeof(double));
  w->gathered = ock_arena_array(arena, ock_size_product(3 * d + 1, OCK_PANEL), sizeof(double));
  w->moments = ock_arena_array(arena, n_moments + 5 * d, sizeof(double));
  if (!w->rows || !w->weights || !w->gathered || !w->moments) return false;
  w->strips = w->gathered + d * OCK_PANEL;
  w->scratch = w->strips + d * OCK_PANEL;
  w->way = w->moments + n_moments;
  w->next = w->way + d;
  w->side = w->next + d;
  w->row = w->side + d;
  w->best = w->row + d;
  return true;
}

static size_t most_members(size_t d) {
  size_t n = MEMBER_VALUES / d / OCK_PANEL * OCK_PANEL;
  return n < FEWEST_MEMBERS ? FEWEST_MEMBERS : n > MOST_MEMBERS ? MOST_MEMBERS : n;
}

bool ock_halver_init(ock_halver *h, ockham_rows x, const ock_frame *frame, uint64_t seed, const ock_pool *pool,
                     ock_arena *arena) {
  size_t d = frame->d, n_workers = ock_pool_size(pool);
  *h = (ock_halver){.x = x, .frame = frame, .kernels = ock_kernels_pick(), .seed = seed, .most = most_members(d)};
  size_t n_large = x.n_rows / h->most, n_blocks = 2 * n_large; /* only the last of a cluster's may not be full */
  double *sums = ock_arena_array(arena, n_blocks, ock_size_product(1 + 2 * d, sizeof(double)));
  double *planes = ock_arena_array(arena, n_large, ock_size_product(2 * d, sizeof(double)));
  h->workers = ock_arena_array(arena, n_workers, sizeof *h->workers);
  h->blocks = ock_arena_array(arena, n_blocks, sizeof *h->blocks);
  h->large = ock_arena_array(arena, n_large, sizeof *h->large);
  if (!sums || !planes || !h->workers || !h->blocks || !h->large) return false;
  for (size_t b = 0; b < n_blocks; b++) h->blocks[b].sums = sums + b * (1 + 2 * d);
  for (size_t i = 0; i < n_large; i++)
    h->large[i] = (large){.plane.way = planes + 2 * i * d, .best.sum = planes + (2 * i + 1) * d};
  bool fits = true;
  for (size_t w = 0; w < n_workers && fits; w++) fits = worker_init(&h->workers[w], h->most, d, arena);
  return fits;
}

/* ---- rows ---- */

/* A panel of n of every so many members, less the centre; what is beyond them has no weight. */
static void load(const ock_halver *h, worker *w, const uint32_t *member, size_t every, size_t n, const double *centre,
                 double *strips, double *weight) {
  size_t d = h->frame->d, index[OCK_PANEL];
  for (size_t r = 0; r < n; r++) index[r] = member[r * every];
  for (size_t r = 0; r < OCK_PANEL; r++) weight[r] = r >= n ? 0 : h->frame->weights ? h->frame->weights[index[r]] : 1;
  ock_panel_gather(h->kernels, h->x, h->frame->origin, index, n, w->gathered);
  for (size_t first = 0; first < OCK_PANEL; first += OCK_STRIP)
    for (size_t l = 0; l < d; l++) {
      const double *from = w->gathered + l * OCK_PANEL + first;
      double *to = strips + ock_strip_place(d, first, l);
      for (size_t r = 0; r < OCK_STRIP; r++) to[r] = from[r] * h->frame->unit - centre[l];
    }
}

static size_t at_most_a_panel(size_t n) {
  return n < OCK_PANEL ? n : OCK_PANEL;
}

/* In several sums, which do not wait for each other. */
static double dot(const double *a, const double *b, size_t d) {
  double part[4] = {0};
  size_t l = 0;
  for (; l + 4 <= d; l += 4)
    for (size_t q = 0; q < 4; q++) part[q] += a[l + q] * b[l + q];
  for (; l < d; l++) part[0] += a[l] * b[l];
  return (part[0] + part[1]) + (part[2] + part[3]);
}

/* ---- means and variances ---- */

/* Weight, sums and sums of squares (full: and of products) of a panel, about where its rows are counted from. */
static void add_moments(const ock_halver *h, worker *w, const double *strips, const double *weight, bool full,
                        double *sums) {
  size_t d = h->frame->d;
  memset(w->next, 0, d * sizeof(double));
  h->kernels->add_moments(strips, d, w->next, full, weight, w->scratch, sums);
}

/* About where the members are: the mean of a few of them. Equal rows are at no distance from it. */
static void find_centre(const ock_halver *h, worker *w, ock_halves *c) {
  size_t d = h->frame->d, every = (c->n + OCK_PANEL - 1) / OCK_PANEL;
  double *sums = w->moments;
  for (size_t l = 0; l < d; l++)
    c->mean[l] = (ock_rows_get(h->x, c->member[0], l) - h->frame->origin[l]) * h->frame->unit;
  load(h, w, c->member, every, (c->n + every - 1) / every, c->mean, w->strips, w->weight);
  memset(sums, 0, (1 + 2 * d) * sizeof *sums);
  add_moments(h, w, w->strips, w->weight, false, sums);
  for (size_t l = 0; l < d; l++) c->mean[l] += sums[1 + l] / sums[0];
}

/* From sums about the centre, which becomes the mean. */
static void take_moments(const double *sums, size_t d, ock_halves *c) {
  c->total = sums[0];
  c->within = 0;
  for (size_t l = 0; l < d; l++) {
    double offset = sums[1 + l] / c->total;
    c->mean[l] += offset;
    c->variances[l] = fmax(0, sums[1 + d + l] / c->total - offset * offset);
    c->within += c->total * c->variances[l];
  }
}

/* ---- the halves ---- */

/* What the side gains; 0 when it or the other is none. */
static void measure_side(side *a, double total, size_t d) {
  double other = total - a->weight;
  bool both = a->weight > least_share * total && other > least_share * total;
  a->gain = both ? dot(a->sum, a->sum, d) / a->weight * (total / other) : 0;
}

/* Midway between the means of both. */
static void place_plane(const side *a, double total, size_t d, plane *p) {
  double other = total - a->weight, along = 0;
  for (size_t l = 0; l < d; l++) {
    p->way[l] = a->sum[l] / a->weight + a->sum[l] / other;
    along += p->way[l] * a->sum[l];
  }
  p->threshold = 0.5 * (along / a->weight - along / other);
}

static void keep_side(const side *a, size_t d, side *best) {
  best->weight = a->weight;
  best->gain = a->gain;
  memcpy(best->sum, a->sum, d * sizeof *a->sum);
}

static void take_halves(const side *a, size_t d, ock_halves *c) {
  if (!(a->gain > 0)) return;
  c->gain = a->gain;
  c->weight[0] = c->total - a->weight;
  c->weight[1] = a->weight;
  for (size_t l = 0; l < d; l++) {
    c->means[l] = c->mean[l] - a->sum[l] / c->weight[0];
    c->means[d + l] = c->mean[l] + a->sum[l] / c->weight[1];
  }
}

/* ---- 2-means of a sample ---- */

/* Rows about their mean. */
typedef struct sample {
  size_t n, n_panels, d;
  const double *rows, *weights;
  double total;
  size_t widest; /* column */
} sample;

/* Every so many members, about the centre. */
static sample take_sample(const ock_halver *h, worker *w, const ock_halves *c) {
  size_t d = h->frame->d, every = (c->n + h->most - 1) / h->most, n = (c->n + every - 1) / every;
  sample s = {.n = n, .n_panels = (n + OCK_PANEL - 1) / OCK_PANEL, .d = d, .rows = w->rows, .weights = w->weights};
  for (size_t p = 0; p < s.n_panels; p++)
    load(h, w, c->member + p * OCK_PANEL * every, every, at_most_a_panel(n - p * OCK_PANEL), c->mean,
         w->rows + p * d * OCK_PANEL, w->weights + p * OCK_PANEL);
  return s;
}

static void add_sample(const ock_halver *h, worker *w, const sample *s, bool full, double *sums) {
  memset(sums, 0, (1 + s->d + ock_second_moments(s->d, full)) * sizeof *sums);
  for (size_t p = 0; p < s->n_panels; p++)
    add_moments(h, w, s->rows + p * s->d * OCK_PANEL, s->weights + p * OCK_PANEL, full, sums);
}

/* From sums about the centre: rows are then about their own mean, which is so far from it. */
static void move_sample(worker *w, sample *s, const double *sums, double *offset) {
  const double *squares = sums + 1 + s->d;
  double most = 0;
  s->total = sums[0];
  for (size_t l = 0; l < s->d; l++) {
    offset[l] = sums[1 + l] / s->total;
    double variance = squares[l] / s->total - offset[l] * offset[l];
    if (!(variance > most)) continue;
    most = variance;
    s->widest = l;
  }
  for (size_t first = 0; first < s->n_panels * OCK_PANEL; first += OCK_STRIP)
    for (size_t l = 0; l < s->d; l++)
      for (size_t r = 0; r < OCK_STRIP; r++) w->rows[first * s->d + l * OCK_STRIP + r] -= offset[l];
}

/* Sums of squares and products, from their lower triangle, times a vector. */
static void multiply_matrix(const double *packed, size_t d, const double *v, double *product) {
  for (size_t i = 0; i < d; i++) {
    const double *row = packed + i * (i + 1) / 2;
    product[i] = dot(row, v, i + 1);
    for (size_t l = 0; l < i; l++) product[l] += row[l] * v[i];
  }
}

/* The same from the rows. */
static void multiply_rows(const ock_halver *h, const sample *s, const double *v, double *product) {
  memset(product, 0, s->d * sizeof *product);
  for (size_t p = 0; p < s->n_panels; p++)
    h->kernels->add_projected(s->rows + p * s->d * OCK_PANEL, s->d, v, s->weights + p * OCK_PANEL, product);
}

/* The longest axis, of length 1, into w->way; false when there is none. */
static bool find_axis(const ock_halver *h, worker *w, const sample *s, ock_rng *rng) {
  size_t d = s->d;
  double cosine = 0;
  if (is_full(d)) add_sample(h, w, s, true, w->moments);
  for (size_t l = 0; l < d; l++) w->way[l] = ock_rng_normal(rng);
  for (size_t power = 0; power < MOST_POWERS && cosine < 1 - steady; power++) {
    if (is_full(d))
      multiply_matrix(w->moments + 1 + d, d, w->way, w->next);
    else
      multiply_rows(h, s, w->way, w->next);
    double length = sqrt(dot(w->next, w->next, d)), before = sqrt(dot(w->way, w->way, d));
    if (!(length > 0)) return false;
    cosine = dot(w->next, w->way, d) / length / before;
    for (size_t l = 0; l < d; l++) w->way[l] = w->next[l] / length;
  }
  return true;
}

static double add_side(const ock_halver *h, const double *strips, const double *weight, const plane *p, double *sum) {
  return h->kernels->wide->take_side(strips, h->frame->d, p->way, p->threshold, everybody, 0, weight, sum);
}

/* Steps from a plane on until none gains; a side that gains more than the best is kept. */
static void climb(const ock_halver *h, worker *w, const sample *s, plane *p, side *best) {
  double gain = 0;
  for (size_t step = 0; step < MOST_STEPS; step++) {
    side now = {.sum = w->side};
    memset(now.sum, 0, s->d * sizeof(double));
    for (size_t i = 0; i < s->n_panels; i++)
      now.weight += add_side(h, s->rows + i * s->d * OCK_PANEL, s->weights + i * OCK_PANEL, p, now.sum);
    measure_side(&now, s->total, s->d);
    if (!(now.gain > gain * (s->n > FEW_MEMBERS ? 1 + worth_a_step : 1))) return;
    gain = now.gain;
    place_plane(&now, s->total, s->d, p);
    if (now.gain > best->gain) keep_side(&now, s->d, best);
  }
}

static void read_row(const sample *s, size_t i, double *row) {
  const double *at = s->rows + i / OCK_PANEL * OCK_PANEL * s->d + ock_strip_place(s->d, i % OCK_PANEL, 0);
  for (size_t l = 0; l < s->d; l++) row[l] = at[l * OCK_STRIP];
}

static void place_across_column(const sample *s, plane *p) {
  memset(p->way, 0, s->d * sizeof(double));
  p->way[s->widest] = 1;
  p->threshold = 0;
}

/* Midway between two of the rows. */
static void place_between_rows(worker *w, const sample *s, ock_rng *rng, plane *p) {
  read_row(s, ock_rng_below(rng, s->n), p->way);
  read_row(s, ock_rng_below(rng, s->n), w->row);
  p->threshold = 0.5 * (dot(p->way, p->way, s->d) - dot(w->row, w->row, s->d));
  for (size_t l = 0; l < s->d; l++) p->way[l] -= w->row[l];
}

static size_t count_starts(const ock_halver *h, const sample *s) {
  size_t n = h->restarts ? 2 + (size_t)(values_for_starts / ((double)s->n * (double)s->d)) : 1;
  return n < MOST_STARTS ? n : MOST_STARTS;
}

/* From all starts: the plane through the mean across the longest axis, then that across the column with the greatest
 * variance, then others. */
static void search_sample(const ock_halver *h, worker *w, const sample *s, uint64_t stream, side *best) {
  ock_rng rng = ock_rng_make(h->seed, stream);
  plane p = {.way = w->way};
  if (!find_axis(h, w, s, &rng)) return;
  for (size_t start = 0; start < count_starts(h, s); start++) {
    if (start == 1) place_across_column(s, &p);
    if (start > 1) place_between_rows(w, s, &rng, &p);
    climb(h, w, s, &p, best);
  }
}

/* ---- small clusters ---- */

typedef struct pass {
  const ock_halver *h;
  ock_halves *halves;
} pass;

static void cut_small(void *arg, size_t i, size_t at) {
  const pass *p = arg;
  const ock_halver *h = p->h;
  worker *w = &h->workers[at];
  ock_halves *c = &p->halves[i];
  if (c->n == 0 || c->n > h->most) return;
  side best = {.sum = w->best};
  find_centre(h, w, c);
  sample s = take_sample(h, w, c);
  add_sample(h, w, &s, false, w->moments);
  take_moments(w->moments, s.d, c);
  if (!(c->within > 0)) return;
  move_sample(w, &s, w->moments, w->row);
  search_sample(h, w, &s, c->stream, &best);
  take_halves(&best, s.d, c);
}

/* ---- large clusters ---- */

/* Lists them, and their blocks; returns how many there are. */
static size_t list_large(ock_halver *h, ock_halves *halves, size_t n, size_t *n_blocks) {
  size_t n_large = 0;
  *n_blocks = 0;
  for (size_t i = 0; i < n; i++) {
    if (halves[i].n <= h->most) continue;
    for (size_t first = 0; first < halves[i].n; first += h->most) {
      block *b = &h->blocks[(*n_blocks)++];
      b->large = n_large;
      b->member = halves[i].member + first;
      b->n = halves[i].n - first < h->most ? halves[i].n - first : h->most;
    }
    h->large[n_large].cluster = &halves[i];
    h->large[n_large].best.gain = 0;
    h->large[n_large++].done = false;
  }
  return n_large;
}

static void centre_large(void *arg, size_t i, size_t at) {
  const ock_halver *h = arg;
  find_centre(h, &h->workers[at], h->large[i].cluster);
}

static void measure_block(void *arg, size_t i, size_t at) {
  const ock_halver *h = arg;
  const block *b = &h->blocks[i];
  worker *w = &h->workers[at];
  memset(b->sums, 0, (1 + 2 * h->frame->d) * sizeof(double));
  for (size_t first = 0; first < b->n; first += OCK_PANEL) {
    load(h, w, b->member + first, 1, at_most_a_panel(b->n - first), h->large[b->large].cluster->mean, w->strips,
         w->weight);
    add_moments(h, w, w->strips, w->weight, false, b->sums);
  }
}

/* Where some of its members say it is to be cut: the plane, which is then about the mean of all. */
static void search_large(void *arg, size_t i, size_t at) {
  const ock_halver *h = arg;
  worker *w = &h->workers[at];
  large *c = &h->large[i];
  side best = {.sum = w->best};
  sample s = take_sample(h, w, c->cluster);
  add_sample(h, w, &s, false, w->moments);
  move_sample(w, &s, w->moments, c->best.sum); /* how far: free until a side of all is kept */
  search_sample(h, w, &s, c->cluster->stream, &best);
  c->done = !(best.gain > 0);
  if (c->done) return;
  place_plane(&best, s.total, s.d, &c->plane);
  c->plane.threshold += dot(c->plane.way, c->best.sum, s.d);
}

static void step_block(void *arg, size_t i, size_t at) {
  const ock_halver *h = arg;
  const block *b = &h->blocks[i];
  const large *c = &h->large[b->large];
  worker *w = &h->workers[at];
  memset(b->sums, 0, (1 + h->frame->d) * sizeof(double));
  for (size_t first = 0; first < b->n && !c->done; first += OCK_PANEL) {
    load(h, w, b->member + first, 1, at_most_a_panel(b->n - first), c->cluster->mean, w->strips, w->weight);
    b->sums[0] += add_side(h, w->strips, w->weight, &c->plane, b->sums + 1);
  }
}

/* The sums of a cluster's blocks, from block b on, into those of the first; returns which is the next cluster's. */
static size_t add_blocks(const ock_halver *h, size_t b, size_t n_blocks, size_t n_sums) {
  size_t next = b + 1;
  for (; next < n_blocks && h->blocks[next].large == h->blocks[b].large; next++)
    for (size_t i = 0; i < n_sums; i++) h->blocks[b].sums[i] += h->blocks[next].sums[i];
  return next;
}

/* One step of a cluster, from the sums of its blocks. */
static void take_step(large *c, double *sums, size_t d) {
  side now = {.weight = sums[0], .sum = sums + 1};
  if (c->done) return;
  measure_side(&now, c->cluster->total, d);
  c->done = !(now.gain > c->best.gain * (1 + worth_a_step));
  if (!(now.gain > c->best.gain)) return;
  keep_side(&now, d, &c->best);
  place_plane(&now, c->cluster->total, d, &c->plane);
}

static void cut_large(ock_halver *h, size_t n_large, size_t n_blocks, ock_pool *pool, ock_ticker *ticker) {
  size_t d = h->frame->d, next;
  if (!ock_pool_run_watched(pool, ticker, n_large, centre_large, h)) return;
  if (!ock_pool_run_watched(pool, ticker, n_blocks, measure_block, h)) return;
  for (size_t b = 0; b < n_blocks; b = next) {
    next = add_blocks(h, b, n_blocks, 1 + 2 * d);
    take_moments(h->blocks[b].sums, d, h->large[h->blocks[b].large].cluster);
  }
  if (!ock_pool_run_watched(pool, ticker, n_large, search_large, h)) return;
  for (size_t step = 0; step < STEPS_OF_ALL; step++) {
    if (!ock_pool_run_watched(pool, ticker, n_blocks, step_block, h)) return;
    for (size_t b = 0; b < n_blocks; b = next) {
      next = add_blocks(h, b, n_blocks, 1 + d);
      take_step(&h->large[h->blocks[b].large], h->blocks[b].sums, d);
    }
  }
  for (size_t i = 0; i < n_large; i++) take_halves(&h->large[i].best, d, h->large[i].cluster);
}

/* ---- both ---- */

void ock_halve(ock_halver *h, ock_halves *halves, size_t n, ock_pool *pool, ock_ticker *ticker) {
  size_t n_blocks, n_large = list_large(h, halves, n, &n_blocks);
  for (size_t i = 0; i < n; i++) {
    ock_halves *c = &halves[i];
    if (c->n > 0) c->total = c->weight[0] = c->weight[1] = c->within = c->gain = 0;
  }
  if (n_large > 0) cut_large(h, n_large, n_blocks, pool, ticker);
  ock_pool_run_watched(pool, ticker, n, cut_small, &(pass){h, halves});
}

void ock_project_on_halves(const ock_halver *h, const ock_halves *c, size_t at, ock_weighted_value *values) {
  size_t d = h->frame->d;
  worker *w = &h->workers[at];
  for (size_t l = 0; l < d; l++) {
    w->row[l] = 0.5 * (c->means[l] + c->means[d + l]);
    w->way[l] = c->means[d + l] - c->means[l];
  }
  for (size_t first = 0; first < c->n; first += OCK_PANEL) {
    size_t n = at_most_a_panel(c->n - first);
    double along[OCK_PANEL] = {0};
    load(h, w, c->member + first, 1, n, w->row, w->strips, w->weight);
    for (size_t l = 0; l < d; l++)
      for (size_t r = 0; r < OCK_PANEL; r++) along[r] += w->way[l] * w->strips[ock_strip_place(d, r, l)];
    for (size_t r = 0; r < n; r++) values[first + r] = (ock_weighted_value){along[r], w->weight[r]};
  }
}
