/* SPDX-License-Identifier: Apache-2.0 */
/* The last pass over the fits: each is brought to a fixed point, and what criteria need of the rows is taken. */
#include <math.h>
#include <string.h>

#include "select/internal.h"

enum { MAX_ITERATIONS = 300, RNG_STREAM_REPAIR = 500 };

/* Few rows are brought to where no label changes. Many rows have labels that go on changing without end in sight or any
 * effect: there a step that lowers the inertia by less than a millionth is the last. */
enum { MANY_ROWS = 20000 };

static double tolerance(const ock_lloyd *s) {
  return s->n > MANY_ROWS ? 1e-6 : 0;
}

static ockham_status no_memory(const ock_lloyd *s, ockham_error *err) {
  return ock_fail_memory(err, "a clustering of the curve", s->k * (s->d + 3) * sizeof(double));
}

/* The centroids to begin with, relative to the state's origin. */
static void load(ock_lloyd *s, const ock_fit *fit, const double *origin) {
  for (size_t i = 0; i < fit->k * s->d; i++)
    s->centroids[i] = fit->centroids[i] + (origin[i % s->d] - s->origin[i % s->d]);
  ock_lloyd_assign(s, s->centroids, fit->k);
}

static void grow_from(ock_climb *climb, const ock_fit *below) {
  ock_lloyd *s = climb->state;
  ock_rng rng = ock_rng_make(climb->seed, RNG_STREAM_REPAIR + below->k + 1);
  size_t j;
  load(s, below, s->origin);
  if (ock_lloyd_propose_split(s, &rng, ock_lloyd_n_candidates(below->k + 1), &j, s->candidates))
    ock_lloyd_split(s, j, s->candidates);
  ock_lloyd_run(s, MAX_ITERATIONS, tolerance(s));
}

/* Bring a fit to a fixed point, from where `start` is; where it is no better than its predecessor, grow it from that
 * one instead. */
static ockham_status finish_fit(ock_climb *climb, const ock_fit *start, const double *origin, ockham_error *err) {
  ock_lloyd *s = climb->state;
  size_t k = start->k;
  ock_fit *fit = &climb->sweep->fits[k - 1];
  bool kept;
  load(s, start, origin);
  ock_lloyd_run(s, MAX_ITERATIONS, tolerance(s));
  const ock_fit *below = k > 1 ? &climb->sweep->fits[k - 2] : NULL;
  if (below && below->centroids && (s->inertia > below->inertia || s->k < k)) grow_from(climb, below);
  ock_lloyd_sort(s);               /* labels by search, and exact distances to the second nearest centre */
  if (!ock_state_is_whole(s, k)) { /* differences are at the level of rounding: the start is as good as any */
    load(s, start, origin);
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
  ock_lloyd *s = climb->state;
  ock_fit *fits = &climb->sweep->fits[first_k - 1];
  double *silhouette = ock_alloc_array(n_partitions, sizeof *silhouette);
  if (!silhouette) return ock_fail_memory(err, "the silhouette", n_partitions * sizeof *silhouette);
  ock_partitions partitions = {.n_partitions = n_partitions, .fits = fits, .label = label};
  ockham_status status =
      ock_silhouettes_compute(s->x, s->origin, &partitions, s->pool, climb->ticker, silhouette, NULL, err);
  for (size_t p = 0; p < n_partitions && !status; p++) {
    fits[p].silhouette = silhouette[p];
    fits[p].silhouette_error = 0;
  }
  ock_free(silhouette);
  return status == OCKHAM_INTERRUPTED ? OCKHAM_OK : status; /* without them, then */
}

ockham_status ock_settle(ock_climb *climb, const ockham_sweep *start, size_t from, double seconds, ockham_error *err) {
  ock_lloyd *s = climb->state;
  double end = ock_clock_seconds() + seconds;
  bool kept;
  for (size_t k = from; k <= start->k_max && ock_clock_seconds() < end; k++) {
    load(s, &start->fits[k - 1], start->origin);
    ock_lloyd_sort(s);
    if (!ock_state_is_whole(s, k) || s->inertia > climb->sweep->fits[k - 2].inertia) break;
    if (!ock_fit_keep(&climb->sweep->fits[k - 1], s, &kept)) return no_memory(s, err);
  }
  return OCKHAM_OK;
}

/* Where fit k is to begin: its own centroids if it has some. */
static const ock_fit *starting_fit(const ockham_sweep *sweep, const ockham_sweep *start, size_t k,
                                   const double **origin) {
  const ock_fit *own = &sweep->fits[k - 1];
  *origin = own->centroids ? sweep->origin : start ? start->origin : NULL;
  if (own->centroids) return own;
  return start && k <= start->k_max && start->fits[k - 1].centroids ? &start->fits[k - 1] : NULL;
}

/* The labels of every k from `first` on, which the exact silhouettes need together; label is NULL when they are not
 * wanted. */
typedef struct all_labels {
  size_t first, n;
  uint16_t *label; /* rows x n */
} all_labels;

static ockham_status make_room(all_labels *labels, const ockham_sweep *sweep, size_t k_max, ockham_error *err) {
  labels->first = sweep->k_min > 2 ? sweep->k_min : 2;
  labels->n = k_max >= labels->first ? k_max - labels->first + 1 : 0;
  if (labels->n == 0) return OCKHAM_OK;
  labels->label = ock_alloc_zeroed(ock_size_product(sweep->n, labels->n), sizeof(uint16_t));
  return labels->label ? OCKHAM_OK
                       : ock_fail_memory(err, "the labels for every k", ock_size_product(sweep->n, 2 * labels->n));
}

static void note_labels(all_labels *labels, const ock_lloyd *s) {
  if (!labels->label || s->k < labels->first) return;
  for (size_t i = 0; i < s->n; i++) labels->label[i * labels->n + (s->k - labels->first)] = (uint16_t)s->label[i];
}

static ockham_status finish_fits(ock_climb *climb, const ockham_sweep *start, size_t from, size_t k_max,
                                 bool silhouettes, all_labels *labels, ockham_error *err) {
  ockham_sweep *sweep = climb->sweep;
  for (size_t k = from; k <= k_max; k++) {
    const double *origin;
    const ock_fit *begin = starting_fit(sweep, start, k, &origin);
    if (!begin || climb->ticker->stopped) break; /* fits that there are stay as the climbs left them */
    OCK_TRY(finish_fit(climb, begin, origin, err));
    if (!sweep->fits[k - 1].centroids) break;
    climb->ticker->done++;
    if (silhouettes) sweep->fits[k - 1].simplified_silhouette = simplified_silhouette(climb->state);
    note_labels(labels, climb->state);
  }
  return OCKHAM_OK;
}

ockham_status ock_describe(ock_climb *climb, const ockham_sweep *start, size_t from, ock_silhouettes silhouettes,
                           ockham_error *err) {
  size_t k_max = start ? start->k_max : climb->sweep->k_max;
  all_labels labels = {0};
  if (silhouettes == OCK_SILHOUETTES_ALL) OCK_TRY(make_room(&labels, climb->sweep, k_max, err));
  climb->ticker->stage = start ? "k-means, all rows" : "silhouette";
  ockham_status status = finish_fits(climb, start, from, k_max, silhouettes != OCK_SILHOUETTES_NONE, &labels, err);
  if (!status && labels.label && !climb->ticker->stopped)
    status = exact_silhouettes(climb, labels.first, labels.n, labels.label, err);
  ock_free(labels.label);
  return status;
}
