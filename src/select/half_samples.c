/* SPDX-License-Identifier: Apache-2.0 */
/* Would other rows say the same? Random halves of the rows, each with its complement (Shah & Samworth, JRSS B 75, 2013,
 * doi:10.1111/j.1467-9868.2011.01034.x), choose among the mixtures that come near the best. */
#include <math.h>
#include <stdlib.h>

#include "select/mixtures.h"

enum { N_PAIRS = 10, MOST_CANDIDATES = 6, MOST_STEPS = 40 };
static const double tolerance = 0.05, near_best = 60; /* nats; on the scale of BIC */

/* What the halves choose among: at most MOST_CANDIDATES k, by their BIC on all rows. */
static size_t pick_candidates(const ock_mixtures *m, size_t candidate[MOST_CANDIDATES]) {
  size_t n = 0;
  for (size_t k = 1; k <= m->k_max; k++) {
    double bic = ock_mixtures_best_bic(m, k);
    if (bic < m->best - near_best || !(bic > -INFINITY)) continue;
    size_t at = n < MOST_CANDIDATES ? n++ : MOST_CANDIDATES;
    for (; at > 0; at--) { /* kept in falling order of BIC */
      if (ock_mixtures_best_bic(m, candidate[at - 1]) >= bic) break;
      if (at < MOST_CANDIDATES) candidate[at] = candidate[at - 1];
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
static ockham_status ask(const ock_mixtures *m, const ock_store *half, const size_t *candidate, size_t n,
                         const double *floor, ock_pool *pool, ock_ticker *ticker, size_t *k, ockham_error *err) {
  ock_em em;
  double highest = -INFINITY;
  size_t k_max = 1;
  *k = 0;
  for (size_t c = 0; c < n; c++) k_max = candidate[c] > k_max ? candidate[c] : k_max;
  OCK_TRY(ock_em_init(&em, half, k_max, m->full, pool, ticker, err));
  ock_em_set_floor(&em, floor);
  ockham_status status = OCKHAM_OK;
  for (size_t c = 0; c < n && !status && !ock_ticker_stopped(ticker); c++) {
    double bic = bic_of(&em, &m->kept[candidate[c] - 1]);
    if (candidate[c] == 1 && m->single.bic > -INFINITY) {
      ock_single single;
      status = ock_single_find(half, m->full || half->d == 1, floor, pool, ticker, &single, err);
      bic = fmax(bic, single.bic);
    }
    if (!(bic > highest)) continue;
    highest = bic;
    *k = candidate[c];
  }
  ock_em_clear(&em);
  return status;
}

/* ---- rows of weight 1 ---- */

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

/* ---- rows with weights ---- */

/* How many of a row's copies fall into the first half: each by the toss of a coin, many by their normal law; of a
 * fraction all or nothing. */
static double share_copies(double weight, ock_rng *rng) {
  const double many = 64;
  double whole = floor(weight), part = weight - whole;
  double first = (ock_rng_next(rng) & 1) ? part : 0;
  if (whole > many) return first + fmin(whole, fmax(0, round(whole / 2 + sqrt(whole) / 2 * ock_rng_normal(rng))));
  for (double i = 0; i < whole; i++) first += (double)(ock_rng_next(rng) & 1);
  return first;
}

/* Divide the weights of all rows: the first half's into weights[0 ... n - 1] by row of x, and the others' after them.
 */
static void share_weights(const ock_store *store, const ock_frame *frame, size_t n_rows, double *weights,
                          ock_rng *rng) {
  for (size_t i = 0; i < store->n; i++) {
    size_t row = store->row[i];
    weights[row] = share_copies(frame->weights[row], rng);
    weights[n_rows + row] = frame->weights[row] - weights[row];
  }
}

/* ---- all halves ---- */

/* Room for one pair of halves. */
typedef struct halves {
  const ock_store *store;
  ockham_rows x;
  uint32_t *place, *row; /* n each: places of the store, and the rows there; the halves one after the other */
  double *weights;       /* 2 x rows of x; NULL: all 1 */
  ock_rng rng;
} halves;

static bool init(halves *h, const ock_store *store, ockham_rows x, uint64_t seed) {
  enum { RNG_STREAM_HALF_SAMPLES = 0x6861 };
  bool weighted = store->frame->weights != NULL;
  *h = (halves){.store = store,
                .x = x,
                .place = ock_alloc_array(store->n, sizeof(uint32_t)),
                .row = ock_alloc_array(store->n, sizeof(uint32_t)),
                .weights = weighted ? ock_alloc_array(x.n_rows, 2 * sizeof(double)) : NULL,
                .rng = ock_rng_make(seed, RNG_STREAM_HALF_SAMPLES)};
  if (!h->place || !h->row || (weighted && !h->weights)) return false;
  for (size_t i = 0; i < store->n; i++) h->place[i] = (uint32_t)i;
  return true;
}

static void clear(halves *h) {
  ock_free(h->place);
  ock_free(h->row);
  ock_free(h->weights);
}

static void draw(halves *h) {
  if (h->weights) {
    share_weights(h->store, h->store->frame, h->x.n_rows, h->weights, &h->rng);
    return;
  }
  shuffle(h->place, h->store->n, &h->rng);
  sort_halves(h->place, h->store->n, h->store, h->row);
}

/* The rows of the first or the second half, as a store. */
static ockham_status take_half(halves *h, size_t which, ock_frame *frame, ock_pool *pool, ock_store *half,
                               ockham_error *err) {
  size_t n = h->store->n, first = which ? n / 2 : 0, count = which ? n - n / 2 : n / 2;
  *frame = *h->store->frame;
  if (h->weights) {
    const double *weights = frame->weights = h->weights + which * h->x.n_rows;
    first = count = 0;
    for (size_t i = 0; i < n; i++) {
      h->row[count] = h->store->row[i];
      count += weights[h->store->row[i]] > 0;
    }
  }
  return ock_store_init(half, frame, h->x, h->row + first, count, true, pool, err);
}

ockham_status ock_half_samples_ask(ock_mixtures *m, const ock_store *store, ockham_rows x, const double *floor,
                                   uint64_t seed, ock_pool *pool, ock_ticker *ticker, ockham_error *err) {
  size_t candidate[MOST_CANDIDATES], n_candidates = pick_candidates(m, candidate);
  halves h;
  ockham_status status = OCKHAM_OK;
  ticker->stage = "halves of the rows";
  if (store->n < 2) return OCKHAM_OK;
  if (!init(&h, store, x, seed))
    status = ock_fail_memory(err, "halves of the rows", ock_size_product(store->n, 2 * sizeof(uint32_t)));
  for (size_t i = 0; i < 2 * N_PAIRS && !status && !ock_ticker_stopped(ticker); i++) {
    ock_store some;
    ock_frame frame;
    size_t k;
    if (i % 2 == 0) draw(&h);
    status = take_half(&h, i % 2, &frame, pool, &some, err);
    if (status) break;
    ock_grain_spread(&some, m->grain, seed);
    status = ask(m, &some, candidate, n_candidates, floor, pool, ticker, &k, err);
    ock_store_clear(&some);
    if (status || ticker->stopped) break;
    if (k) m->doubts.says[k - 1]++;
    m->doubts.n_halves++;
  }
  clear(&h);
  return status;
}
