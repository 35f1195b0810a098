/* SPDX-License-Identifier: Apache-2.0 */
/* The last pass over the fits: each is brought to a fixed point, and what criteria need of the rows is taken. */
#include <math.h>
#include <string.h>

#include "select/internal.h"

enum { MAX_ITERATIONS = 300, RNG_STREAM_REPAIR = 500 };

static ockham_status no_memory(const ock_lloyd *s, ockham_error *err) {
  return ock_fail_memory(err, "a clustering of the curve", s->k * (s->d + 3) * sizeof(double));
}

static void grow_from(ock_climb *climb, const ock_fit *below) {
  ock_lloyd *s = climb->state;
  ock_rng rng = ock_rng_make(climb->seed, RNG_STREAM_REPAIR + below->k + 1);
  double gain, *position = s->previous;
  ock_lloyd_assign(s, below->centroids, below->k);
  if (ock_lloyd_propose(s, &rng, ock_lloyd_n_candidates(below->k + 1), position, &gain)) ock_lloyd_insert(s, position);
  ock_lloyd_run(s, MAX_ITERATIONS, 0);
}

/* Bring fits[k - 1] to a fixed point; where it is no better than its predecessor, grow it from that one instead. */
static ockham_status finish_fit(ock_climb *climb, size_t k, ockham_error *err) {
  ock_lloyd *s = climb->state;
  ock_fit *fit = &climb->sweep->fits[k - 1];
  bool kept;
  ock_lloyd_assign(s, fit->centroids, k);
  ock_lloyd_run(s, MAX_ITERATIONS, 0);
  const ock_fit *below = k > 1 ? &climb->sweep->fits[k - 2] : NULL;
  if (below && below->centroids && s->inertia > below->inertia) grow_from(climb, below);
  ock_lloyd_assign(s, s->centroids, s->k); /* labels by search, and exact distances to the second nearest centre */
  if (!ock_state_is_whole(s, k)) {         /* differences are at the level of rounding: the fit is as good as any */
    ock_lloyd_assign(s, fit->centroids, k);
    if (!ock_state_is_whole(s, k)) return OCKHAM_OK;
  }
  fit->inertia = INFINITY; /* whatever it was: the state is what we keep */
  return ock_fit_keep(fit, s, &kept) ? OCKHAM_OK : no_memory(s, err);
}

/* Mean over rows of (b - a) / max(a, b) with a, b the distances to the nearest and second nearest centroid. */
static double simplified_silhouette(const ock_lloyd *s) {
  double total = 0;
  if (s->k < 2) return NAN;
  for (size_t i = 0; i < s->n; i++)
    if (s->counts[s->label[i]] > 1 && s->lower[i] > 0) total += (s->lower[i] - s->upper[i]) / s->lower[i];
  return total / (double)s->n;
}

static ockham_status exact_silhouettes(ock_climb *climb, size_t first_k, size_t n_partitions, const uint16_t *label,
                                       ockham_error *err) {
  ockham_sweep *sweep = climb->sweep;
  ock_arena arena = {0};
  size_t *k = ock_arena_array(&arena, n_partitions, sizeof *k);
  const uint64_t **sizes = ock_arena_array(&arena, n_partitions, sizeof *sizes);
  double *silhouette = ock_arena_array(&arena, n_partitions, sizeof *silhouette);
  ockham_status status;
  if (k && sizes && silhouette) {
    for (size_t p = 0; p < n_partitions; p++) {
      k[p] = first_k + p;
      sizes[p] = sweep->fits[k[p] - 1].sizes;
    }
    ock_partitions partitions = {n_partitions, k, sizes, label};
    status = ock_silhouettes_exact(climb->state->x, climb->state->origin, &partitions, climb->state->pool,
                                   climb->ticker, silhouette, err);
    for (size_t p = 0; p < n_partitions && !status; p++) sweep->fits[k[p] - 1].silhouette = silhouette[p];
  } else {
    status = ock_fail_memory(err, "the silhouette", n_partitions * 24);
  }
  ock_arena_clear(&arena);
  return status == OCKHAM_INTERRUPTED ? OCKHAM_OK : status; /* without them, then */
}

ockham_status ock_describe(ock_climb *climb, ock_silhouettes silhouettes, ockham_error *err) {
  ockham_sweep *sweep = climb->sweep;
  ock_lloyd *s = climb->state;
  size_t first = sweep->k_min > 2 ? sweep->k_min : 2;
  size_t n_partitions = sweep->k_max >= first ? sweep->k_max - first + 1 : 0;
  uint16_t *label = NULL;
  bool exact = silhouettes == OCK_SILHOUETTES_ALL && n_partitions > 0;
  if (exact && !(label = ock_alloc_array(ock_size_product(sweep->n, n_partitions), sizeof *label)))
    return ock_fail_memory(err, "the labels for every k", ock_size_product(sweep->n, 2 * n_partitions));
  ockham_status status = OCKHAM_OK;
  climb->ticker->stage = "silhouette";
  for (size_t k = 1; k <= sweep->k_max && !status; k++) {
    ock_fit *fit = &sweep->fits[k - 1];
    if (!fit->centroids) continue;
    if (climb->ticker->stopped) break; /* the fits stay as the climbs left them */
    status = finish_fit(climb, k, err);
    if (status || silhouettes == OCK_SILHOUETTES_NONE) continue;
    fit->simplified_silhouette = simplified_silhouette(s);
    for (size_t i = 0; exact && k >= first && i < s->n; i++)
      label[i * n_partitions + (k - first)] = (uint16_t)s->label[i];
  }
  if (!status && exact && !climb->ticker->stopped) status = exact_silhouettes(climb, first, n_partitions, label, err);
  ock_free(label);
  return status;
}
