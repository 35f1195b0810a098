/* SPDX-License-Identifier: Apache-2.0 */
/* One cluster cut in two by 2-means along its longest axis, as Hamerly & Elkan do. */
#include "select/halves.h"

#include <math.h>
#include <string.h>

enum { MOST_MEMBERS = 4096, FEWEST_MEMBERS = 256, MEMBER_VALUES = 1 << 19, MOST_POWERS = 50, MOST_STEPS = 100 };

/* An axis that turns by less than this is found (1 - cosine). */
static const double steady = 1e-9;

static size_t most_members(size_t d) {
  size_t n = MEMBER_VALUES / d;
  return n < FEWEST_MEMBERS ? FEWEST_MEMBERS : n > MOST_MEMBERS ? MOST_MEMBERS : n;
}

bool ock_cut_scratch_init(ock_cut_scratch *c, size_t d, ock_arena *arena) {
  c->rows = ock_arena_array(arena, ock_size_product(most_members(d), d), sizeof(double));
  c->weights = ock_arena_array(arena, most_members(d), sizeof(double));
  c->row = ock_arena_array(arena, ock_size_product(5, d), sizeof(double));
  if (!c->rows || !c->weights || !c->row) return false;
  c->mean = c->row + d;
  c->way = c->mean + d;
  c->next = c->way + d;
  c->half = c->next + d;
  return true;
}

/* A row in the frame's units; returns its weight. */
static double read_row(const ock_cut_rows *r, size_t i, double *row) {
  const ock_frame *f = r->frame;
  for (size_t l = 0; l < f->d; l++) row[l] = (ock_rows_get(r->x, i, l) - f->origin[l]) * f->unit;
  return f->weights ? f->weights[i] : 1;
}

static double dot(const double *a, const double *b, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += a[l] * b[l];
  return sum;
}

static void add_scaled(double *sum, double factor, const double *row, size_t d) {
  for (size_t l = 0; l < d; l++) sum[l] += factor * row[l];
}

/* ---- some members ---- */

typedef struct sample {
  size_t n, d;
  const double *rows, *weights; /* n x d, about their mean; n */
  double total;
} sample;

/* Every so many members, about their mean, which scratch->mean receives. */
static sample take_sample(const ock_cut_rows *r, const uint32_t *members, size_t n, ock_cut_scratch *c) {
  size_t d = r->frame->d, every = (n + most_members(d) - 1) / most_members(d);
  sample s = {.n = (n + every - 1) / every, .d = d, .rows = c->rows, .weights = c->weights};
  memset(c->mean, 0, d * sizeof(double));
  for (size_t i = 0; i < s.n; i++) {
    c->weights[i] = read_row(r, members[i * every], c->rows + i * d);
    s.total += c->weights[i];
    add_scaled(c->mean, c->weights[i], c->rows + i * d, d);
  }
  for (size_t l = 0; l < d; l++) c->mean[l] /= s.total;
  for (size_t i = 0; i < s.n; i++) add_scaled(c->rows + i * d, -1, c->mean, d);
  return s;
}

/* The longest axis, of length 1, into scratch->way; returns the variance along it, 0 when there is none. */
static double find_axis(const sample *s, ock_rng *rng, ock_cut_scratch *c) {
  double variance = 0, cosine = 0;
  for (size_t l = 0; l < s->d; l++) c->way[l] = ock_rng_normal(rng);
  for (size_t power = 0; power < MOST_POWERS && cosine < 1 - steady; power++) {
    memset(c->next, 0, s->d * sizeof(double));
    for (size_t i = 0; i < s->n; i++) {
      const double *row = s->rows + i * s->d;
      add_scaled(c->next, s->weights[i] / s->total * dot(row, c->way, s->d), row, s->d);
    }
    double length = sqrt(dot(c->next, c->next, s->d)), before = sqrt(dot(c->way, c->way, s->d));
    if (!(length > 0)) return 0;
    cosine = dot(c->next, c->way, s->d) / length / before;
    variance = length / before;
    for (size_t l = 0; l < s->d; l++) c->way[l] = c->next[l] / length;
  }
  return variance;
}

/* 2-means of the sample from the plane across `way` at the threshold: these become those of its means at the end. False
 * when all rows are on one side. */
static bool run_two_means(const sample *s, ock_cut_scratch *c, double *threshold) {
  double gain = 0;
  for (size_t step = 0; step < MOST_STEPS; step++) {
    double weight = 0;
    memset(c->half, 0, s->d * sizeof(double));
    for (size_t i = 0; i < s->n; i++) {
      const double *row = s->rows + i * s->d;
      if (!(dot(row, c->way, s->d) > *threshold)) continue;
      weight += s->weights[i];
      add_scaled(c->half, s->weights[i], row, s->d);
    }
    double other = s->total - weight, squared = dot(c->half, c->half, s->d);
    if (!(weight > 0 && other > 0)) return step > 0;
    double now = squared / weight + squared / other; /* the halves' sums are opposite */
    if (step > 0 && !(now > gain)) return true;
    gain = now;
    for (size_t l = 0; l < s->d; l++) c->way[l] = c->half[l] / weight + c->half[l] / other;
    *threshold = 0.5 * (dot(c->way, c->half, s->d) / weight - dot(c->way, c->half, s->d) / other);
  }
  return true;
}

/* ---- all members ---- */

/* All take sides of the plane across scratch->way through scratch->mean + threshold; way and threshold become those of
 * the halves' means. */
static void take_sides(const ock_cut_rows *r, const uint32_t *members, size_t n, double *threshold, ock_cut_scratch *c,
                       ock_halves *h) {
  size_t d = r->frame->d;
  double squares = 0, squared = 0, difference = 0;
  h->weight[0] = h->weight[1] = 0;
  memset(h->means, 0, 2 * d * sizeof(double));
  for (size_t i = 0; i < n; i++) {
    double w = read_row(r, members[i], c->row);
    add_scaled(c->row, -1, c->mean, d);
    size_t side = dot(c->row, c->way, d) > *threshold;
    h->weight[side] += w;
    squares += w * dot(c->row, c->row, d);
    add_scaled(h->means + side * d, w, c->row, d);
  }
  double total = h->weight[0] + h->weight[1];
  if (!(h->weight[0] > 0 && h->weight[1] > 0)) return;
  for (size_t l = 0; l < d; l++) {
    double offset = (h->means[l] + h->means[d + l]) / total;
    squared += offset * offset;
    h->means[l] /= h->weight[0];
    h->means[d + l] /= h->weight[1];
    c->way[l] = h->means[d + l] - h->means[l];
    difference += c->way[l] * c->way[l];
  }
  *threshold = 0.5 * (dot(c->way, h->means, d) + dot(c->way, h->means + d, d));
  h->within = fmax(squares - total * squared, 0);
  h->gain = h->weight[0] * (h->weight[1] / total) * difference;
  for (size_t side = 0; side < 2; side++) add_scaled(h->means + side * d, 1, c->mean, d);
}

void ock_cut_in_halves(const ock_cut_rows *r, const uint32_t *members, size_t n, ock_rng *rng, ock_cut_scratch *c,
                       ock_halves *h) {
  h->weight[0] = h->weight[1] = h->within = h->gain = 0;
  if (n < 2) return;
  sample s = take_sample(r, members, n, c);
  double threshold = 0; /* mean +- the same: the plane goes through the mean */
  if (!(find_axis(&s, rng, c) > 0) || !run_two_means(&s, c, &threshold)) return;
  take_sides(r, members, n, &threshold, c, h);
  if (s.n < n && h->weight[0] > 0 && h->weight[1] > 0) take_sides(r, members, n, &threshold, c, h);
}

void ock_project_on_halves(const ock_cut_rows *r, const uint32_t *members, size_t n, const ock_halves *h,
                           ock_cut_scratch *c, ock_weighted_value *values) {
  size_t d = r->frame->d;
  for (size_t l = 0; l < d; l++) {
    c->mean[l] = 0.5 * (h->means[l] + h->means[d + l]);
    c->way[l] = h->means[d + l] - h->means[l];
  }
  for (size_t i = 0; i < n; i++) {
    values[i].weight = read_row(r, members[i], c->row);
    add_scaled(c->row, -1, c->mean, d);
    values[i].value = dot(c->row, c->way, d);
  }
}
