/* SPDX-License-Identifier: Apache-2.0 */
/* What tells the best mixture from its neighbours: which components overlap, whether there is a gap between them, and
 * which would be split next. */
#include <math.h>
#include <string.h>

#include "select/mixtures.h"

enum { MOST_MEMBERSHIPS = 4000000, STOPS = 24 };

/* Components that share less than this have a gap between them. */
static const double least_overlap = 0.002;

/* The rows of the store, in the data's units, and what the best mixture says of them. */
typedef struct inquiry {
  size_t n, d, k;
  ockham_rows rows;
  double *values, *membership; /* n x d; n x k */
  double *shared;              /* k x k, or k x (k + 1) with one component more */
  double *size;                /* k */
  uint32_t *label, *finer;     /* n: by the best, and by one component more */
  size_t *group;               /* k */
  ock_arena arena;
} inquiry;

static bool allocate(inquiry *q, const ock_store *store, size_t k) {
  q->n = store->n;
  q->d = store->d;
  q->k = k;
  q->values = ock_arena_array(&q->arena, ock_size_product(q->n, q->d), sizeof(double));
  q->membership = ock_arena_array(&q->arena, ock_size_product(q->n, k), sizeof(double));
  q->shared = ock_arena_array(&q->arena, ock_size_product(k, k + 1), sizeof(double));
  q->size = ock_arena_array(&q->arena, k, sizeof(double));
  q->label = ock_arena_array(&q->arena, q->n, sizeof(uint32_t));
  q->finer = ock_arena_array(&q->arena, q->n, sizeof(uint32_t));
  q->group = ock_arena_array(&q->arena, k, sizeof(size_t));
  return q->values && q->membership && q->shared && q->size && q->label && q->finer && q->group;
}

static void gather(inquiry *q, const ock_store *store, ockham_rows x) {
  for (size_t i = 0; i < q->n; i++)
    for (size_t l = 0; l < q->d; l++) q->values[i * q->d + l] = ock_rows_get(x, store->row[i], l);
  q->rows = (ockham_rows){.data = q->values, .n_rows = q->n, .n_columns = q->d, .stride = q->d};
}

/* shared[a k + b]: how much rows of component a may belong to b. */
static void share_rows(inquiry *q, const ock_store *store) {
  memset(q->shared, 0, q->k * q->k * sizeof *q->shared);
  memset(q->size, 0, q->k * sizeof *q->size);
  for (size_t i = 0; i < q->n; i++) {
    double weight = ock_store_weight(store, i), *to = q->shared + q->label[i] * q->k;
    q->size[q->label[i]] += weight;
    for (size_t j = 0; j < q->k; j++) to[j] += weight * q->membership[i * q->k + j];
  }
}

static double overlap_of(const inquiry *q, size_t a, size_t b) {
  double rows = q->size[a] + q->size[b];
  return rows > 0 ? (q->shared[a * q->k + b] + q->shared[b * q->k + a]) / rows : 0;
}

static void find_overlap(const inquiry *q, ock_doubts *doubts) {
  for (size_t b = 1; b < q->k; b++)
    for (size_t a = 0; a < b; a++) {
      double overlap = overlap_of(q, a, b);
      if (!(overlap > doubts->overlap)) continue;
      doubts->overlap = overlap;
      doubts->merge_a = a;
      doubts->merge_b = b;
    }
}

/* ---- gaps ---- */

static size_t root_of(const size_t *group, size_t j) {
  while (group[j] != j) j = group[j];
  return j;
}

/* Whether the density, on the way from mean to mean, falls clearly below that of either end. */
static ockham_status find_gap(const inquiry *q, const ockham_mixture *m, size_t a, size_t b, bool *gap,
                              ockham_error *err) {
  const double clearly = 0.02; /* of its logarithm */
  double *way = ock_alloc_array(ock_size_product(STOPS, q->d), sizeof *way), log_density[STOPS], least = INFINITY;
  if (!way) return ock_fail_memory(err, "the way between two means", ock_size_product(STOPS, q->d * sizeof *way));
  for (size_t s = 0; s < STOPS; s++)
    for (size_t l = 0; l < q->d; l++) {
      double share = (double)s / (STOPS - 1);
      way[s * q->d + l] = (1 - share) * m->means[a * q->d + l] + share * m->means[b * q->d + l];
    }
  ockham_rows rows = {.data = way, .n_rows = STOPS, .n_columns = q->d, .stride = q->d};
  ockham_status status = ockham_mixture_predict(m, rows, 1, NULL, NULL, log_density, err);
  for (size_t s = 0; !status && s < STOPS; s++) least = fmin(least, log_density[s]);
  *gap = !status && least < fmin(log_density[0], log_density[STOPS - 1]) - clearly;
  ock_free(way);
  return status;
}

static ockham_status count_peaks(inquiry *q, const ockham_mixture *m, ock_doubts *doubts, ockham_error *err) {
  size_t *group = q->group, n = q->k;
  for (size_t j = 0; j < q->k; j++) group[j] = j;
  for (size_t b = 1; b < q->k; b++)
    for (size_t a = 0; a < b; a++) {
      bool gap = false;
      if (root_of(group, a) == root_of(group, b) || overlap_of(q, a, b) < least_overlap) continue;
      OCK_TRY(find_gap(q, m, a, b, &gap, err));
      if (gap) continue;
      group[root_of(group, b)] = root_of(group, a);
      n--;
    }
  doubts->n_peaks = n;
  return OCKHAM_OK;
}

/* ---- one more ---- */

/* The component whose rows are two components' of the mixture with one more: where the second largest part is the
 * largest. */
static void find_split(inquiry *q, ock_doubts *doubts) {
  size_t finer_k = q->k + 1;
  double most = 0;
  memset(q->shared, 0, q->k * finer_k * sizeof *q->shared);
  for (size_t i = 0; i < q->n; i++) q->shared[q->label[i] * finer_k + q->finer[i]]++;
  for (size_t j = 0; j < q->k; j++) {
    double first = 0, second = 0;
    for (size_t f = 0; f < finer_k; f++) {
      double rows = q->shared[j * finer_k + f];
      if (rows > first) {
        second = first;
        first = rows;
      } else if (rows > second) {
        second = rows;
      }
    }
    if (!(second > most)) continue;
    most = second;
    doubts->split = j;
    doubts->has_split = true;
  }
}

static ockham_status inquire(inquiry *q, ock_mixtures *m, const ock_store *store, ock_pool *pool, ockham_error *err) {
  const ockham_mixture *best = &m->kept[m->k - 1];
  size_t threads = ock_pool_size(pool);
  OCK_TRY(ockham_mixture_predict(best, q->rows, threads, q->label, q->membership, NULL, err));
  share_rows(q, store);
  find_overlap(q, &m->doubts);
  OCK_TRY(count_peaks(q, best, &m->doubts, err));
  const ockham_mixture *finer = m->k < m->k_max ? &m->kept[m->k] : NULL;
  if (!finer || finer->k == 0) return OCKHAM_OK;
  OCK_TRY(ockham_mixture_predict(finer, q->rows, threads, q->finer, NULL, NULL, err));
  find_split(q, &m->doubts);
  return OCKHAM_OK;
}

ockham_status ock_doubts_find(ock_mixtures *m, const ock_store *store, ockham_rows x, ock_pool *pool,
                              ockham_error *err) {
  inquiry q = {0};
  size_t k = m->best > -INFINITY ? m->kept[m->k - 1].k : 0;
  if (k == 0 || ock_size_product(k, store->n) > MOST_MEMBERSHIPS) return OCKHAM_OK;
  ockham_status status = OCKHAM_OK;
  if (allocate(&q, store, k)) {
    gather(&q, store, x);
    status = inquire(&q, m, store, pool, err);
  } else {
    status = ock_fail_memory(err, "the overlap of components", ock_size_product(store->n, (k + q.d) * sizeof(double)));
  }
  ock_arena_clear(&q.arena);
  return status;
}
