/* SPDX-License-Identifier: Apache-2.0 */
/* One component less: the two that are best told by one, and moments that are kept for that. */
#include <math.h>
#include <string.h>

#include "cluster/mixture.h"
#include "stats/internal.h"

/* The logarithm of the determinant of a component's covariance, of the family's kind, for n rows of this scatter. */
static double log_determinant(const ock_em *em, const double *scatter, double n, double *room) {
  size_t d = em->d;
  double logs = 0, trace = 0;
  if (em->full) {
    memcpy(room, scatter, ock_second_moments(d, true) * sizeof *room);
    if (!ock_cholesky(room, d)) return -INFINITY;
    return 2 * ock_factor_log_root(room, d) - (double)d * log(n);
  }
  for (size_t l = 0; l < d; l++) {
    logs += log(scatter[l]);
    trace += scatter[l];
  }
  return (ock_covariance_is_spherical(em->family) ? (double)d * log(trace / (double)d) : logs) - (double)d * log(n);
}

/* The scatter of the rows of two components about their common mean. */
static void join_scatters(const ock_em *em, size_t a, size_t b, double *out) {
  const ock_moments *m = &em->moments;
  size_t d = em->d, second = ock_second_moments(d, em->full);
  double share = m->weight[a] * m->weight[b] / (m->weight[a] + m->weight[b]);
  for (size_t i = 0, at = 0; i < d; i++)
    for (size_t l = em->full ? 0 : i; l <= i; l++, at++)
      out[at] = m->scatter[a * second + at] + m->scatter[b * second + at] +
                share * (m->mean[a * d + i] - m->mean[b * d + i]) * (m->mean[a * d + l] - m->mean[b * d + l]);
}

/* n ln|C| - 2 n ln n: what a component adds to minus twice the log-likelihood, each row counted where it belongs. */
static double deviance(const ock_em *em, const double *scatter, double n, double *room) {
  return n * log_determinant(em, scatter, n, room) - 2 * n * log(n);
}

/* The pair whose joining raises the deviance least; returns by how much, infinite when that cannot be said. */
static double find_pair(ock_em *em, size_t *best_a, size_t *best_b) {
  const ock_moments *m = &em->moments;
  size_t second = ock_second_moments(em->d, em->full);
  double *joint = em->scratch.common, *room = em->scratch.factor, least = INFINITY;
  double *own = em->log_scale; /* not in use between steps */
  for (size_t j = 0; j < em->k; j++) own[j] = deviance(em, m->scatter + j * second, m->weight[j], room);
  for (size_t b = 1; b < em->k; b++)
    for (size_t a = 0; a < b; a++) {
      join_scatters(em, a, b, joint);
      double rise = deviance(em, joint, m->weight[a] + m->weight[b], room) - own[a] - own[b];
      if (!(rise < least)) continue;
      least = rise;
      *best_a = a;
      *best_b = b;
    }
  return least;
}

/* Component a becomes both, and the last one gets the number of b > a. */
static void join(ock_em *em, size_t a, size_t b) {
  ock_moments *m = &em->moments;
  size_t d = em->d, second = ock_second_moments(d, em->full), last = em->k - 1;
  double *joint = em->scratch.common, n = m->weight[a] + m->weight[b];
  join_scatters(em, a, b, joint);
  for (size_t l = 0; l < d; l++)
    m->mean[a * d + l] = (m->weight[a] * m->mean[a * d + l] + m->weight[b] * m->mean[b * d + l]) / n;
  memcpy(m->scatter + a * second, joint, second * sizeof *joint);
  m->weight[a] = n;
  m->weight[b] = m->weight[last];
  memmove(m->mean + b * d, m->mean + last * d, d * sizeof *m->mean);
  memmove(m->scatter + b * second, m->scatter + last * second, second * sizeof *m->scatter);
  m->k = em->k = last;
}

bool ock_em_merge(ock_em *em) {
  size_t a = 0, b = 0;
  if (!isfinite(find_pair(em, &a, &b))) return false;
  join(em, a, b);
  return true;
}

bool ock_moments_init(ock_moments *m, size_t k_max, size_t d, bool full, ock_arena *arena) {
  size_t second = ock_second_moments(d, full);
  *m = (ock_moments){.weight = ock_arena_array(arena, k_max, sizeof(double)),
                     .mean = ock_arena_array(arena, ock_size_product(k_max, d), sizeof(double)),
                     .scatter = ock_arena_array(arena, ock_size_product(k_max, second), sizeof(double))};
  return m->weight && m->mean && m->scatter;
}

static void copy_moments(const ock_moments *from, ock_moments *to) {
  size_t second = ock_second_moments(from->d, from->full);
  memcpy(to->weight, from->weight, from->k * sizeof *to->weight);
  memcpy(to->mean, from->mean, from->k * from->d * sizeof *to->mean);
  memcpy(to->scatter, from->scatter, from->k * second * sizeof *to->scatter);
  to->k = from->k;
  to->d = from->d;
  to->full = from->full;
}

void ock_em_save(const ock_em *em, ock_moments *to) {
  copy_moments(&em->moments, to);
}

void ock_em_restore(ock_em *em, const ock_moments *from) {
  copy_moments(from, &em->moments);
  em->k = from->k;
  em->full = from->full;
}

void ock_em_flatten(ock_em *em) {
  ock_moments *m = &em->moments;
  size_t d = em->d, second = ock_second_moments(d, true);
  for (size_t j = 0; j < m->k && m->full; j++)
    for (size_t l = 0; l < d; l++) m->scatter[j * d + l] = m->scatter[j * second + l * (l + 1) / 2 + l];
  em->full = m->full = false;
}
