/* SPDX-License-Identifier: Apache-2.0 */
/* A few steps of Lloyd's algorithm on the fitted half, then how far its rows lie from their centres. Sums are of slabs
 * of stretches that do not depend on the number of threads, and of clipped values. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "profile/internal.h"
#include "stats/internal.h"

enum { N_SLABS = 16, MOST_STEPS = 5, FEWEST_FOR_RADIUS = 5, FEWEST_FOR_QUANTILE = 1000 };
static const double radius_share = 0.999, radius_deviations = 3.0902323061678132; /* of a normal variable */

/* Of one cluster along one number, about the centre. */
typedef struct moments {
  double count, sum, squares;
} moments;

typedef struct cluster_fit {
  ock_profile_fit *fit;
  size_t n_stretches; /* that are fitted */
  moments *slabs;     /* N_SLABS x k x n_numbers */
  bool keep;          /* labels and distances are wanted */
  uint16_t *label;    /* n_fitted */
  double *squared;    /* n_fitted; NaN where cells are missing */
  double *sorted;     /* n_fitted: distances by cluster */
  size_t *first;      /* k + 1: where each begins */
} cluster_fit;

static size_t n_cells(const cluster_fit *c) {
  return c->fit->profile->parts.k * c->fit->profile->parts.n_numbers;
}

/* ---- one pass over the fitted half ---- */

static void add_block(const ockham_profile *p, const ock_block *block, moments *sums) {
  size_t d = p->parts.n_numbers;
  for (size_t r = 0; r < block->n; r++) {
    size_t row = block->label[r] * d;
    for (size_t m = 0; m < d; m++) {
      double cell = block->values[p->numbers[m] * OCK_PANEL + r], value = block->scaled[m * OCK_PANEL + r];
      if (cell != cell) continue;
      value = fmin(fmax(value, p->sum_low[m]), p->sum_high[m]) - p->centroids[row + m];
      moments *sum = &sums[row + m];
      sum->count++;
      sum->sum += value;
      sum->squares += value * value;
    }
  }
}

static void keep_block(const cluster_fit *c, const ock_block *block, size_t at) {
  for (size_t r = 0; r < block->n; r++) {
    c->label[at + r] = (uint16_t)block->label[r];
    c->squared[at + r] = block->missing_numbers[r] ? NAN : block->squared[r];
  }
}

static void pass_stretch(const cluster_fit *c, size_t stretch, ock_block *block, moments *sums) {
  const ock_profile_fit *fit = c->fit;
  size_t first = 2 * stretch * fit->stretch, left = fit->x.n_rows - first;
  size_t n = left < fit->stretch ? left : fit->stretch;
  for (size_t at = 0; at < n; at += OCK_PANEL) {
    ock_block_load(fit->profile, fit->x, first + at, n - at < OCK_PANEL ? n - at : OCK_PANEL, block);
    ock_block_assign(fit->profile, block);
    add_block(fit->profile, block, sums);
    if (c->keep) keep_block(c, block, stretch * fit->stretch + at);
  }
}

static void pass_slab(void *arg, size_t slab, size_t worker) {
  const cluster_fit *c = arg;
  size_t end = c->n_stretches * (slab + 1) / N_SLABS;
  moments *sums = c->slabs + slab * n_cells(c);
  memset(sums, 0, n_cells(c) * sizeof *sums);
  for (size_t stretch = c->n_stretches * slab / N_SLABS; stretch < end; stretch++)
    pass_stretch(c, stretch, c->fit->blocks[worker], sums);
}

/* Sums of all slabs, in the first. */
static ockham_status pass_all(cluster_fit *c) {
  OCK_TRY(ock_profile_run(c->fit, N_SLABS, pass_slab, c));
  for (size_t slab = 1; slab < N_SLABS; slab++)
    for (size_t i = 0; i < n_cells(c); i++) {
      const moments *more = &c->slabs[slab * n_cells(c) + i];
      c->slabs[i].count += more->count;
      c->slabs[i].sum += more->sum;
      c->slabs[i].squares += more->squares;
    }
  return OCKHAM_OK;
}

/* A cluster without rows stays where it is. */
static bool move_centroids(const cluster_fit *c) {
  bool moved = false;
  for (size_t i = 0; i < n_cells(c); i++) {
    if (c->slabs[i].count == 0 || c->slabs[i].sum == 0) continue;
    double *centre = &c->fit->profile->centroids[i], before = *centre;
    *centre += c->slabs[i].sum / c->slabs[i].count;
    moved |= *centre != before;
  }
  return moved;
}

static void set_deviations(const cluster_fit *c) {
  for (size_t i = 0; i < n_cells(c); i++) {
    const moments *sum = &c->slabs[i];
    double mean = sum->count > 0 ? sum->sum / sum->count : 0;
    double variance = sum->count > 0 ? sum->squares / sum->count - mean * mean : 0;
    c->fit->profile->deviations[i] = sqrt(fmax(variance, 0));
  }
}

/* ---- distances ---- */

/* Student's t at radius_share, by Cornish and Fisher's expansion: within 1 % from 4 degrees of freedom on. */
static double student_deviations(double freedom) {
  double z = radius_deviations, z2 = z * z;
  return z + z * (z2 + 1) / (4 * freedom) + z * ((5 * z2 + 16) * z2 + 3) / (96 * freedom * freedom) +
         z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * freedom * freedom * freedom);
}

/* How many of m sorted distances are not wild: beyond ten robust deviations of their cube roots, which are about normal
 * where squared distances are sums of squares of such (Wilson & Hilferty, PNAS 17, 1931, doi:10.1073/pnas.17.12.684).
 */
static size_t count_tame(const double *sorted, size_t m) {
  double quartile = cbrt(ock_sorted_quantile(sorted, m, 0.25)), median = cbrt(ock_sorted_quantile(sorted, m, 0.5));
  double deviation = (cbrt(ock_sorted_quantile(sorted, m, 0.75)) - quartile) / 1.349, n_tame = 0;
  if (!(deviation > 0)) return m;
  for (size_t i = 0; i < m; i++) n_tame += cbrt(sorted[i]) <= median + 10 * deviation;
  return (size_t)n_tame;
}

/* Few rows have no such quantile: it is that of a normal variable with the mean and the deviation of their cube roots,
 * and never less than the largest seen (wild rows apart, which would make room for others like them). */
static double extrapolate_radius(const double *sorted, size_t m) {
  size_t n = count_tame(sorted, m);
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += cbrt(sorted[i]);
  double mean = sum / (double)n;
  for (size_t i = 0; i < n; i++) squares += (cbrt(sorted[i]) - mean) * (cbrt(sorted[i]) - mean);
  double freedom = (double)(n - 1), deviation = sqrt(squares / freedom * (1 + 1 / (double)n));
  double root = mean + student_deviations(freedom) * deviation;
  return fmax(root * root * root, sorted[n - 1]);
}

static double radius_of(const double *sorted, size_t m) {
  if (m >= FEWEST_FOR_QUANTILE) return ock_sorted_quantile(sorted, m, radius_share);
  return m >= FEWEST_FOR_RADIUS ? extrapolate_radius(sorted, m) : m ? sorted[m - 1] : 0;
}

static void set_edges(const double *sorted, size_t m, double *edges) {
  for (size_t b = 0; b < OCK_DISTANCE_EDGES; b++)
    edges[b] = m ? ock_sorted_quantile(sorted, m, (double)(b + 1) / OCKHAM_PROFILE_DISTANCE_BINS) : 0;
}

static void measure_cluster(void *arg, size_t i, size_t worker) {
  const cluster_fit *c = arg;
  ockham_profile *p = c->fit->profile;
  double *distances = c->sorted + c->first[i];
  size_t m = c->first[i + 1] - c->first[i];
  ock_sort_doubles(distances, m, ock_profile_sort_space(c->fit, worker));
  p->radii[i] = radius_of(distances, m);
  set_edges(distances, m, p->distance_edges + i * OCK_DISTANCE_EDGES);
}

/* Distances of whole rows, those of each cluster together. */
static void sort_by_cluster(const cluster_fit *c) {
  size_t n = c->fit->profile->parts.n_fitted, k = c->fit->profile->parts.k;
  memset(c->first, 0, (k + 1) * sizeof *c->first);
  for (size_t i = 0; i < n; i++)
    if (c->squared[i] == c->squared[i]) c->first[c->label[i] + 1]++;
  for (size_t j = 0; j < k; j++) c->first[j + 1] += c->first[j];
  for (size_t i = 0; i < n; i++)
    if (c->squared[i] == c->squared[i]) c->sorted[c->first[c->label[i]]++] = c->squared[i];
  for (size_t j = k; j > 0; j--) c->first[j] = c->first[j - 1];
  c->first[0] = 0;
}

/* Clusters of next to no rows go by the distances of all. Where no row at all is whole, none is outside. */
static void measure_small(const cluster_fit *c) {
  ockham_profile *p = c->fit->profile;
  size_t k = p->parts.k, m = c->first[k];
  bool sorted = false;
  for (size_t i = 0; i < k; i++) {
    if (c->first[i + 1] - c->first[i] >= FEWEST_FOR_RADIUS) continue;
    if (!sorted) { /* where each cluster begins stays right; what it holds is not needed any more */
      ock_sort_doubles(c->sorted, m, ock_profile_sort_space(c->fit, 0));
      sorted = true;
    }
    p->radii[i] = m ? fmax(p->radii[i], radius_of(c->sorted, m)) : DBL_MAX;
    set_edges(c->sorted, m, p->distance_edges + i * OCK_DISTANCE_EDGES);
  }
}

static ockham_status make_room(cluster_fit *c) {
  ock_arena *scratch = &c->fit->scratch;
  size_t n = c->fit->profile->parts.n_fitted, slabs = ock_size_product(N_SLABS, n_cells(c));
  c->slabs = ock_arena_array(scratch, slabs, sizeof *c->slabs);
  c->label = ock_arena_array(scratch, n, sizeof *c->label);
  c->squared = ock_arena_array(scratch, n, sizeof *c->squared);
  c->sorted = ock_arena_array(scratch, n, sizeof *c->sorted);
  c->first = ock_arena_array(scratch, c->fit->profile->parts.k + 1, sizeof *c->first);
  if (c->slabs && c->label && c->squared && c->sorted && c->first) return OCKHAM_OK;
  return ock_fail_memory(c->fit->err, "distances of rows", ock_size_product(n, 2 * sizeof(double)));
}

ockham_status ock_fit_clusters(ock_profile_fit *fit) {
  ockham_profile *p = fit->profile;
  if (p->parts.k == 0) return OCKHAM_OK;
  cluster_fit c = {.fit = fit};
  c.n_stretches = (p->parts.n_fitted + fit->stretch - 1) / fit->stretch;
  OCK_TRY(make_room(&c));
  memcpy(p->centroids, fit->options->centroids, n_cells(&c) * sizeof *p->centroids);
  for (int step = 0; step < MOST_STEPS; step++) {
    OCK_TRY(pass_all(&c));
    if (!move_centroids(&c)) break;
  }
  c.keep = true;
  OCK_TRY(pass_all(&c));
  set_deviations(&c);
  sort_by_cluster(&c);
  OCK_TRY(ock_profile_run(fit, p->parts.k, measure_cluster, &c));
  measure_small(&c);
  return OCKHAM_OK;
}
