/* SPDX-License-Identifier: Apache-2.0 */
/* Mixtures for every k: each family goes down from the largest k, and starts twice at each: from the clusters of
 * k-means, and from its own mixture with one component more, the two merged that are best told by one. The better is
 * kept. */
#include <math.h>
#include <string.h>

#include "select/mixtures.h"

/* Mixtures are of so many rows at most: what more would tell of k is little, and costs in proportion. */
enum { MOST_ROWS = 12000, MOST_STEPS = 150 };
static const double tolerance = 0.01; /* nats */

/* A start that after some steps is this much worse than another is given up (nats). */
enum { FIRST_STEPS = 12 };
static const double hopeless = 20;

/* Families to try: one of each kind is enough to find k, others are between them. Tails are found for the best of
 * these. */
static const ockham_covariance families[] = {OCKHAM_EII, OCKHAM_VII, OCKHAM_VVI, OCKHAM_EEE, OCKHAM_VEV, OCKHAM_VVV};
enum { N_FAMILIES = sizeof families / sizeof *families, N_TAILS = 2 };

/* One family, with its tail or the Gaussian one, on its way down. */
typedef struct descent {
  ock_em *em;
  const ockham_sweep *sweep;
  ockham_covariance family;
  bool tail;
  ock_moments carried, best; /* of the mixture with one component more, and of the better one for this k */
  bool has_carried;
} descent;

/* Parameters that are nearly as many as the rows which tell of them cost too little at 1/2 ln n each, and are taken for
 * clusters. As in Hurvich & Tsai's and Bedrick & Tsai's corrections of AIC, and McQuarrie's of BIC, n rows that give q
 * means and a matrix over c columns cost n / (n - q - c - 1) times as much; where components have matrices of their
 * own, each by its own rows. Infinite where the rows are too few. */
static double price_of(ockham_covariance family, bool tail, const double *weight, size_t k, size_t d) {
  const char *name = ockham_covariance_name(family);
  bool own = name[0] == 'V' || name[1] == 'V' || name[2] == 'V';
  double columns = ock_covariance_is_full(family) ? (double)d : 1, n = 0, price = (double)k - 1 + (tail ? 1 : 0);
  double each = (ockham_covariance_parameters(family, k, d) - (double)k + 1) / (double)k;
  for (size_t j = 0; j < k; j++) n += weight[j];
  for (size_t j = 0; j < k; j++) {
    double rows = own ? weight[j] : n, left = rows - (own ? 1 : (double)k) - columns - 1;
    if (!(left > 0)) return INFINITY;
    price += each * rows / left;
  }
  return price * log(n);
}

static ock_mixture_score score_of(ock_em *em) {
  double log_certainty, entropy;
  ock_mixture_score score = {.log_likelihood = ock_em_log_likelihood(em), .tail = em->tail, .fitted = true};
  ock_em_classify(em, &(ock_em_outputs){0}, &log_certainty, &entropy);
  score.bic = 2 * score.log_likelihood - price_of(em->family, em->fit_tail, em->moments.weight, em->k, em->d);
  score.icl = score.bic + 2 * log_certainty;
  return score;
}

/* Run from the moments there are, in two parts: the second unless what is known for this k is out of reach. */
static bool run(descent *d, const ock_mixture_score *known) {
  ock_em *em = d->em;
  if (!ock_em_run(em, d->family, known->fitted ? FIRST_STEPS : MOST_STEPS, tolerance)) return false;
  if (!known->fitted || em->converged) return true;
  if (ock_em_log_likelihood(em) < known->log_likelihood - hopeless) return true;
  return ock_em_go_on(em, MOST_STEPS, tolerance);
}

/* Take what em holds if it is better than what is known for this k. */
static void take(descent *d, bool fitted, ock_mixture_score *score) {
  if (!fitted || (score->fitted && !(ock_em_log_likelihood(d->em) > score->log_likelihood))) return;
  *score = score_of(d->em);
  ock_em_save(d->em, &d->best);
}

static ock_mixture_score fit_k(descent *d, size_t k) {
  ock_mixture_score score = {.bic = -INFINITY, .icl = -INFINITY};
  ock_em *em = d->em;
  em->fit_tail = d->tail;
  em->prior = false;
  em->family = d->family;
  if (d->has_carried) {
    ock_em_restore(em, &d->carried);
    take(d, ock_em_merge(em) && run(d, &score), &score);
  }
  ock_em_start(em, d->sweep->fits[k - 1].centroids, k, ock_covariance_is_full(d->family));
  take(d, run(d, &score), &score);
  d->has_carried = score.fitted;
  if (!score.fitted) return score;
  ock_moments swap = d->carried;
  d->carried = d->best;
  d->best = swap;
  return score;
}

/* Whether rows are too few for k components however they share them. */
static bool is_priceless(const descent *d, size_t k) {
  double *equal = d->best.weight, n = d->em->store->total; /* room that is not in use between fits */
  for (size_t j = 0; j < k; j++) equal[j] = n / (double)k;
  return isinf(price_of(d->family, d->tail, equal, k, d->sweep->d));
}

/* One family from its largest k down. Returns the best score. */
static double go_down(ock_mixtures *m, descent *d, ock_ticker *ticker) {
  double best = -INFINITY;
  size_t which = 2 * (size_t)d->family + d->tail;
  d->has_carried = false;
  double least_price = price_of(d->family, d->tail, &d->em->store->total, 1, d->sweep->d);
  for (size_t k = m->k_max; k >= d->sweep->k_min && !ock_ticker_stopped(ticker); k--) {
    ock_mixture_score *score = ock_mixture_at(m, k, which);
    if (is_priceless(d, k)) continue;
    *score = fit_k(d, k);
    best = fmax(best, score->bic);
    if (score->bic > m->best) {
      m->best = score->bic;
      m->best_k = k;
    }
    ticker->done++;
    /* With fewer components the likelihood is hardly more: even one component's parameters would cost too much. */
    if (score->fitted && 2 * score->log_likelihood - least_price < m->best) break;
  }
  return best;
}

static bool is_tried(const ock_mixtures *m, ockham_covariance family, size_t d) {
  return family == OCKHAM_EII || family == OCKHAM_VII || (d > 1 && (m->full || !ock_covariance_is_full(family)));
}

static ockham_status descend_all(ock_mixtures *m, const ockham_sweep *sweep, ock_em *em, ock_ticker *ticker,
                                 ockham_error *err) {
  ock_arena arena = {0};
  double best[N_FAMILIES];
  descent d = {.em = em, .sweep = sweep};
  bool fits = ock_moments_init(&d.carried, m->k_max, sweep->d, m->full, &arena) &&
              ock_moments_init(&d.best, m->k_max, sweep->d, m->full, &arena);
  for (size_t f = 0; fits && f < N_FAMILIES; f++) {
    d.family = families[f];
    best[f] = is_tried(m, d.family, sweep->d) ? go_down(m, &d, ticker) : -INFINITY;
  }
  for (size_t t = 0; fits && t < N_TAILS; t++) {
    size_t f = 0;
    for (size_t i = 1; i < N_FAMILIES; i++) f = best[i] > best[f] ? i : f;
    if (!(best[f] > -INFINITY)) break;
    d.family = families[f];
    d.tail = true;
    best[f] = -INFINITY;
    go_down(m, &d, ticker);
  }
  ock_arena_clear(&arena);
  return fits ? OCKHAM_OK : ock_fail_memory(err, "the mixtures", m->k_max * sweep->d * sizeof(double));
}

/* Families of any orientation are for tables with several times more rows than columns: with fewer any two halves of
 * the rows can be told apart by some direction. Where columns are very many, what their matrices take is out of
 * proportion. */
static bool may_be_full(size_t n, size_t d) {
  const size_t most_columns = 64, rows_a_column = 4;
  return d > 1 && d <= most_columns && n > rows_a_column * d;
}

ockham_status ock_mixtures_find(const ockham_sweep *sweep, ockham_rows x, size_t k, uint64_t seed, ock_pool *pool,
                                ock_ticker *ticker, ock_mixtures *m, ockham_error *err) {
  ock_sketch sketch;
  ock_em em;
  *m = (ock_mixtures){.k_max = k, .best = -INFINITY, .full = may_be_full(x.n_rows, sweep->d)};
  m->scores = ock_alloc_array(ock_size_product(k, OCK_MIXTURES), sizeof *m->scores);
  if (!m->scores) return ock_fail_memory(err, "the mixtures", k * OCK_MIXTURES * sizeof *m->scores);
  for (size_t i = 0; i < k * OCK_MIXTURES; i++) m->scores[i] = (ock_mixture_score){.bic = -INFINITY, .icl = -INFINITY};
  ticker->stage = "mixtures";
  ticker->done = 0;
  ticker->total = k * (N_FAMILIES + N_TAILS);
  ock_sketch_options options = {.n = MOST_ROWS, .k_max = k, .seed = seed, .wide = true};
  ockham_status status = ock_sketch_init(&sketch, x, sweep->frame, &options, pool, ticker, err);
  if (!status) {
    ock_lloyd_assign(&sketch.state, sweep->fits[k - 1].centroids, k);
    ock_lloyd_regroup(&sketch.state); /* most components then get nothing from most panels */
    status = ock_em_init(&em, &sketch.store, k, m->full, pool, ticker, err);
    if (!status) {
      double unit = sweep->frame->unit;
      ock_em_measure_rows(&em, false);
      em.floor = fmax(ock_em_least_variance(&em), sweep->survey.variance_floor * unit * unit);
      m->n_rows = sketch.store.n;
      status = descend_all(m, sweep, &em, ticker, err);
      ock_em_clear(&em);
    }
    ock_sketch_clear(&sketch, NULL);
  }
  if (status) ock_mixtures_clear(m);
  return status;
}

void ock_mixtures_clear(ock_mixtures *m) {
  ock_free(m->scores);
  *m = (ock_mixtures){0};
}
