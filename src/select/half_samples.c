/* SPDX-License-Identifier: Apache-2.0 */
/* Would other rows say the same? Random halves of the rows, each with its complement (Shah & Samworth, JRSS B 75, 2013,
 * doi:10.1111/j.1467-9868.2011.01034.x), choose among the mixtures that come near the best. */
#include <math.h>
#include <stdlib.h>

#include "select/mixtures.h"

enum { N_PAIRS = 10, MOST_CANDIDATES = 6, MOST_STEPS = 40 };
static const double tolerance = 0.05, nothing_near = 60; /* nats; on the scale of BIC */

/* What the halves choose among: at most MOST_CANDIDATES k, by their BIC on all rows. */
static size_t pick_candidates(const ock_mixtures *m, size_t candidate[MOST_CANDIDATES]) {
  size_t n = 0;
  for (size_t k = 1; k <= m->k_max; k++) {
    double bic = k == 1 ? fmax(m->kept_bic[0], m->single.bic) : m->kept_bic[k - 1];
    if (bic < m->best - nothing_near || !(bic > -INFINITY)) continue;
    size_t at = n < MOST_CANDIDATES ? n++ : MOST_CANDIDATES;
    for (; at > 0; at--) { /* kept in falling order of BIC */
      size_t other = candidate[at - 1];
      double its = other == 1 ? fmax(m->kept_bic[0], m->single.bic) : m->kept_bic[other - 1];
      if (its >= bic) break;
      if (at < MOST_CANDIDATES) candidate[at] = other;
    }
    if (at < MOST_CANDIDATES) candidate[at] = k;
  }
  return n;
}

/* BIC of the kept mixture with k components on the rows of em, after some steps from where it is. */
static double bic_of(ock_em *em, const ockham_mixture *kept) {
  if (kept->k == 0 || !ock_em_put(em, kept, false)) return -INFINITY;
  em->fit_tail = kept->tail != 1;
  em->prior = false;
  if (!ock_em_resume(em, MOST_STEPS, tolerance)) return -INFINITY;
  return 2 * ock_em_log_likelihood(em) - ock_mixture_price(em->family, em->fit_tail, em->moments.weight, em->k, em->d);
}

/* Which of the candidates a half prefers; 0: none can be fitted. */
static ockham_status ask(const ock_mixtures *m, const ock_store *half, const size_t *candidate, size_t n, double floor,
                         ock_pool *pool, ock_ticker *ticker, size_t *k, ockham_error *err) {
  ock_em em;
  double highest = -INFINITY;
  size_t k_max = 1;
  *k = 0;
  for (size_t c = 0; c < n; c++) k_max = candidate[c] > k_max ? candidate[c] : k_max;
  OCK_TRY(ock_em_init(&em, half, k_max, m->full, pool, ticker, err));
  em.floor = floor;
  ockham_status status = OCKHAM_OK;
  for (size_t c = 0; c < n && !status && !ock_ticker_stopped(ticker); c++) {
    double bic = bic_of(&em, &m->kept[candidate[c] - 1]);
    if (candidate[c] == 1 && m->single.bic > -INFINITY) {
      ock_single single;
      status = ock_single_find(half, m->full || half->d == 1, pool, &single, err);
      bic = fmax(bic, single.bic);
    }
    if (!(bic > highest)) continue;
    highest = bic;
    *k = candidate[c];
  }
  ock_em_clear(&em);
  return status;
}

/* Choose n / 2 of n places at random, without order: the first half of `place`. */
static void shuffle(uint32_t *place, size_t n, ock_rng *rng) {
  for (size_t i = 0; i < n / 2; i++) {
    size_t other = i + (size_t)ock_rng_below(rng, n - i);
    uint32_t swap = place[i];
    place[i] = place[other];
    place[other] = swap;
  }
}

static int compare_places(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* In the order of the store, so that panels hold neighbours. */
static void sort_halves(uint32_t *place, size_t n, const ock_store *store, uint32_t *row) {
  qsort(place, n / 2, sizeof *place, compare_places);
  qsort(place + n / 2, n - n / 2, sizeof *place, compare_places);
  for (size_t i = 0; i < n; i++) row[i] = store->row[place[i]];
}

ockham_status ock_half_samples_ask(ock_mixtures *m, const ock_store *store, ockham_rows x, double floor, uint64_t seed,
                                   ock_pool *pool, ock_ticker *ticker, ockham_error *err) {
  enum { STREAM = 0x6861 };
  size_t candidate[MOST_CANDIDATES], n = store->n, n_candidates = pick_candidates(m, candidate);
  uint32_t *place = ock_alloc_array(n, 2 * sizeof *place), *row = place ? place + n : NULL;
  if (!place) return ock_fail_memory(err, "halves of the rows", ock_size_product(n, 2 * sizeof *place));
  ock_rng rng = ock_rng_make(seed, STREAM);
  ockham_status status = OCKHAM_OK;
  ticker->stage = "halves of the rows";
  for (size_t i = 0; i < n; i++) place[i] = (uint32_t)i;
  for (size_t pair = 0; pair < N_PAIRS && n > 1 && !status && !ock_ticker_stopped(ticker); pair++) {
    shuffle(place, n, &rng);
    sort_halves(place, n, store, row);
    for (size_t half = 0; half < 2 && !status; half++) {
      ock_store some;
      size_t k, first = half ? n / 2 : 0, count = half ? n - n / 2 : n / 2;
      status = ock_store_init(&some, store->frame, x, row + first, count, true, pool, err);
      if (status) break;
      status = ask(m, &some, candidate, n_candidates, floor, pool, ticker, &k, err);
      ock_store_clear(&some);
      if (status || ticker->stopped) break;
      if (k) m->doubts.says[k - 1]++;
      m->doubts.n_halves++;
    }
  }
  ock_free(place);
  return status;
}
