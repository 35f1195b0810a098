/* SPDX-License-Identifier: Apache-2.0 */
/* Beyond memory: how a budget is divided, and what is done with fits of a sample before and after all rows have been
 * seen. Half of a budget is for the sample, an eighth for the curve, a quarter for what goes on: the search in the
 * sample, then the passes over all rows, then silhouettes, one after the other. The rest is the reader's. */
#include <math.h>
#include <string.h>

#include "select/internal.h"

enum { DEFAULT_K = 60, ROWS_A_CLUSTER = 100, CURVE_COPIES = 6, FEWEST_BLOCKS = 4 };
static const double mebibyte = 1048576, least_of_all = 16 * 1048576.0;

/* A store is copied when it is put into another order, and a state of it has labels, bounds and lists. */
static const double stores_a_state = 2.7;

/* Scratch for one row of a silhouette beside its coordinates and labels. */
static const double silhouette_row_bytes = 300;

/* Of the tables for the global optimum in one column. */
static const double exact1d_row_bytes = 84, exact1d_fit_bytes = 4;

/* Centroids, sums and spreads for all k. */
static double fits_bytes(size_t d, double k) {
  return k * (k + 1) / 2 * (double)(d + 5) * sizeof(double);
}

static double curve_bytes(size_t d, double k) {
  return CURVE_COPIES * fits_bytes(d, k);
}

static size_t largest_k(size_t d, double bytes) {
  size_t k = 1;
  while (k < OCKHAM_K_LIMIT && curve_bytes(d, (double)(k + 1)) <= bytes) k++;
  return k;
}

/* Of the sample and what the search needs besides for each of its rows. */
static double sample_row_bytes(size_t d, size_t k) {
  double bytes = (double)d * sizeof(double) + 2 * sizeof(uint32_t);
  return d == 1 ? bytes + exact1d_row_bytes + exact1d_fit_bytes * (double)k : bytes;
}

static double least_memory(size_t d, size_t k) {
  double rows = (double)(ROWS_A_CLUSTER * k), search = stores_a_state * rows * ock_store_bytes(1, d, false);
  double passes = ock_feed_bytes(d) + FEWEST_BLOCKS * fits_bytes(d, (double)k);
  double least = fmax(8 * curve_bytes(d, (double)k), 4 * fmax(search, passes));
  return fmax(fmax(least, 2 * rows * sample_row_bytes(d, k)), least_of_all);
}

ockham_status ock_plan_memory(size_t n_columns, double memory_bytes, size_t k_max, ock_memory_plan *plan,
                              ockham_error *err) {
  size_t k = k_max ? k_max : DEFAULT_K;
  double least = least_memory(n_columns, k);
  if (memory_bytes < least)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "for %zu column%s and k up to %zu at least %.0fM of memory are needed",
                    n_columns, n_columns == 1 ? "" : "s", k, ceil(least / mebibyte));
  if (!k_max) k = largest_k(n_columns, memory_bytes / 8);
  *plan = (ock_memory_plan){.k_limit = k,
                            .sample_rows = (size_t)fmin(memory_bytes / 2 / sample_row_bytes(n_columns, k), 4e9),
                            .store_bytes = memory_bytes / 4 / stores_a_state,
                            .partial_bytes = memory_bytes / 8,
                            .silhouette_bytes = memory_bytes / 4};
  return OCKHAM_OK;
}

double ock_plan_pairs(const ock_memory_plan *plan, size_t n_columns, size_t k_max) {
  double row_bytes = silhouette_row_bytes + 12 * (double)n_columns + 4 * (double)k_max;
  double rows = plan->silhouette_bytes / row_bytes;
  return rows * rows / 16; /* what the estimate makes of it */
}

ockham_status ockham_sweep_sample_rows(size_t n_columns, size_t memory_bytes, const ockham_sweep_options *options,
                                       size_t *n_rows, ockham_error *err) {
  ock_memory_plan plan;
  OCK_TRY(ock_plan_memory(n_columns, (double)memory_bytes, options ? options->k_max : 0, &plan, err));
  *n_rows = plan.sample_rows;
  return OCKHAM_OK;
}

bool ockham_sweep_fits(uint64_t n_rows, size_t n_columns, size_t memory_bytes) {
  enum { SILHOUETTE_ROWS = 32000 };
  static const double own_bytes = 8 * 1048576.0;
  double n = (double)n_rows, bytes = own_bytes + n * (sample_row_bytes(n_columns, DEFAULT_K) + 32);
  bytes += fmin(n, SILHOUETTE_ROWS) * (silhouette_row_bytes + 4 * (double)n_columns + 2 * DEFAULT_K);
  bytes += stores_a_state * fmin(ock_store_most_bytes, n * ock_store_bytes(1, n_columns, false));
  bytes +=
      fmin(ock_settle_bytes, OCK_SETTLE_BLOCKS * fits_bytes(n_columns, DEFAULT_K)) + curve_bytes(n_columns, DEFAULT_K);
  return bytes <= (double)memory_bytes;
}

/* ---- fits ---- */

ockham_status ock_fits_adopt(ockham_sweep *whole, const ockham_sweep *some, ockham_error *err) {
  OCK_TRY(ock_sweep_reserve(whole, some->k_max, err));
  for (size_t k = ock_sweep_count_fits(whole) + 1; k <= some->k_max; k++) {
    const ock_fit *from = &some->fits[k - 1];
    ock_fit *to = &whole->fits[k - 1];
    if (!ock_fit_allocate(to, k, whole->d))
      return ock_fail_memory(err, "a clustering of the curve", k * (whole->d + 3) * sizeof(double));
    memcpy(to->centroids, from->centroids, k * whole->d * sizeof(double));
    to->settled = false;
  }
  whole->k_max = ock_sweep_count_fits(whole);
  return OCKHAM_OK;
}

/* The row that is farthest from its centroid. */
static void find_farthest(const ock_lloyd *s, double *row, double *at) {
  double farthest = -1;
  for (size_t i = 0; i < s->n; i++) {
    ock_store_read_row(s->store, i, row);
    double squared = ock_squared_distance(row, s->centroids + s->label[i] * s->d, s->d);
    if (squared <= farthest) continue;
    farthest = squared;
    memcpy(at, row, s->d * sizeof(double));
  }
}

ockham_status ock_fit_split(ockham_sweep *whole, ock_lloyd *state, size_t k, bool again, ockham_error *err) {
  size_t d = whole->d;
  double *centroids = ock_alloc_array(k + 1, d * sizeof(double));
  ock_fit *fit = &whole->fits[k - 1];
  if (!centroids || !ock_fit_allocate(fit, k, d)) {
    ock_free(centroids);
    return ock_fail_memory(err, "a clustering of the curve", k * (d + 3) * sizeof(double));
  }
  memcpy(centroids, whole->fits[k - 2].centroids, (k - 1) * d * sizeof(double));
  ock_lloyd_assign(state, centroids, k - 1);
  size_t j = ock_lloyd_best_cut(state, SIZE_MAX, SIZE_MAX);
  if (again || !(state->cuts[j].gain > 0)) {
    find_farthest(state, centroids + k * d, centroids + (k - 1) * d);
  } else {
    memcpy(centroids + j * d, state->cuts[j].positions, d * sizeof(double));
    memcpy(centroids + (k - 1) * d, state->cuts[j].positions + d, d * sizeof(double));
  }
  memcpy(fit->centroids, centroids, k * d * sizeof(double));
  fit->settled = false;
  fit->inertia = whole->fits[k - 2].inertia; /* or less, it will be seen */
  ock_free(centroids);
  return OCKHAM_OK;
}

void ock_fits_cut(ockham_sweep *whole) {
  size_t k = 0, n = ock_sweep_count_fits(whole);
  const ock_fit *fits = whole->fits;
  while (k < n && fits[k].settled && (k == 0 || fits[k].inertia <= fits[k - 1].inertia)) k++;
  for (size_t i = k; i < whole->k_capacity; i++) ock_fit_clear(&whole->fits[i]);
  whole->k_max = k;
}
