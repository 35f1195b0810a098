/* SPDX-License-Identifier: Apache-2.0 */
/* A clustering that stands by itself: its memory, and how it is taken from a state. */
#include <math.h>
#include <string.h>

#include "cluster/internal.h"

void ock_fit_init(ock_fit *fit) {
  *fit = (ock_fit){.inertia = INFINITY, .silhouette = NAN, .simplified_silhouette = NAN};
}

void ock_fit_clear(ock_fit *fit) {
  ock_free(fit->centroids);
  ock_free(fit->sizes);
  ock_free(fit->weights);
  ock_free(fit->within);
  ock_free(fit->spread);
  ock_fit_init(fit);
}

bool ock_fit_allocate(ock_fit *fit, size_t k, size_t d) {
  if (fit->centroids && fit->k == k) return true;
  ock_fit_clear(fit);
  fit->k = k;
  fit->centroids = ock_alloc_array(ock_size_product(k, d), sizeof(double));
  fit->sizes = ock_alloc_array(k, sizeof(uint64_t));
  fit->weights = ock_alloc_array(k, sizeof(double));
  fit->within = ock_alloc_array(k, sizeof(double));
  fit->spread = ock_alloc_array(k, sizeof(double));
  if (fit->centroids && fit->sizes && fit->weights && fit->within && fit->spread) return true;
  ock_fit_clear(fit);
  return false;
}

bool ock_fit_take(ock_fit *fit, const ock_lloyd *state) {
  if (!ock_fit_allocate(fit, state->k, state->d)) return false;
  fit->inertia = state->inertia;
  fit->settled = fit->converged = false;
  fit->silhouette = fit->simplified_silhouette = NAN; /* those were of another clustering */
  for (size_t j = 0; j < state->k; j++) {
    double *centroid = fit->centroids + j * state->d;
    if (ock_lloyd_is_empty(state, j)) /* it is where it was; the exact passes give it a row */
      memcpy(centroid, state->centroids + j * state->d, state->d * sizeof(double));
    else
      ock_lloyd_mean(state, j, centroid);
    fit->sizes[j] = (uint64_t)(state->counts[j] + 0.5);
    fit->weights[j] = state->weights[j];
    fit->within[j] = ock_lloyd_within(state, j);
    fit->spread[j] = NAN;
  }
  return true;
}

int ock_compare_ranked(const void *a, const void *b) {
  const ock_ranked *x = a, *y = b;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  for (size_t l = 0; l < x->d; l++)
    if (x->centroid[l] != y->centroid[l]) return x->centroid[l] < y->centroid[l] ? -1 : 1;
  return (x->j > y->j) - (x->j < y->j);
}
