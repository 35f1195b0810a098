/* SPDX-License-Identifier: Apache-2.0 */
/* Mixtures for every k. A quick look at some k tells which families can win, and about where. Each of these then goes
 * down from above its peak, and starts twice at each k: from the clusters of k-means, and from its own mixture with one
 * component more, the two merged that are best told by one. The better is kept. */
#include <math.h>
#include <stdlib.h>

#include "select/mixtures.h"
#include "select/run.h"
#include "stats/internal.h"

/* Mixtures are of so many rows and values at most: what more would tell of k is little, and costs in proportion. But a
 * component should have some rows. */
enum { MOST_ROWS = 12000, MOST_VALUES = 400000, ROWS_A_COMPONENT = 50, MOST_STEPS = 150 };
static const double tolerance = 0.01; /* nats */

/* Families of any orientation are for tables with several times more rows than columns: with fewer any two halves of
 * the rows can be told apart by some direction. */
enum { ROWS_A_COLUMN = 4 };

/* A start that after some steps is this much worse than another is given up (nats). */
enum { FIRST_STEPS = 12 };
static const double hopeless = 20;

/* Families to try: one of each kind is enough to find k, others are between them. Tails are found for the best of
 * these. */
static const ockham_covariance families[] = {OCKHAM_EII, OCKHAM_VII, OCKHAM_VVI, OCKHAM_EEE, OCKHAM_VEV, OCKHAM_VVV};
enum { N_FAMILIES = sizeof families / sizeof *families, N_TAILS = 2 };

/* The quick look: so many steps for these k, until BIC has fallen twice. */
static const size_t few_k[] = {1, 2, 3, 4, 6, 8, 11, 16, 22, 32, 45, 64, 90, 128, 180, 256};
enum { N_FEW_K = sizeof few_k / sizeof *few_k, MOST_FALLS = 2 };
/* A family whose gain over one component falls short of the best one's by more than this share and so many nats per
 * logarithm of the rows is out of the race. */
static const double share_behind = 0.05, logarithms_behind = 15;

/* One family after the other, with its tail or the Gaussian one, on its way down. */
typedef struct descent {
  ock_mixtures *m;
  ock_em *em;
  const ockham_sweep *sweep;
  ock_ticker *ticker;
  double left[N_FAMILIES]; /* BIC of each at the quick look; -infinity where it is out of the race */
  ockham_covariance family;
  bool tail;
  ock_moments carried, best; /* of the mixture with one component more, and of the better one for this k */
  bool has_carried;
  bool lacks_memory; /* some mixture could not be kept */
} descent;

/* Parameters that are nearly as many as the rows which tell of them cost too little at 1/2 ln n each, and are taken for
 * clusters. As in Hurvich & Tsai's and Bedrick & Tsai's corrections of AIC, and McQuarrie's of BIC, n rows that give q
 * means and a matrix over c columns cost n / (n - q - c - 1) times as much; where components have matrices of their
 * own, each by its own rows. Infinite where the rows are too few. */
double ock_mixture_price(ockham_covariance family, bool tail, const double *weight, size_t k, size_t d) {
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
  double log_certainty;
  ock_mixture_score score = {.log_likelihood = ock_em_log_likelihood(em), .tail = em->tail, .fitted = true};
  ock_em_classify(em, &(ock_em_outputs){0}, &log_certainty, NULL);
  score.bic = 2 * score.log_likelihood - ock_mixture_price(em->family, em->fit_tail, em->moments.weight, em->k, em->d);
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

/* A mixture that comes this near the best (on the scale of BIC) is kept. */
static const double near_best = 100;

static void keep(descent *d, const ock_mixture_score *score) {
  ock_mixtures *m = d->m;
  size_t k = d->em->k;
  if (!(score->bic > m->kept_bic[k - 1]) || score->bic < m->best - near_best) return;
  m->kept_bic[k - 1] = score->bic;
  if (ock_em_write(d->em, &m->kept[k - 1], NULL, NULL) != OCKHAM_OK) d->lacks_memory = true;
}

/* Take what em holds if it is better than what is known for this k and family. */
static void take(descent *d, bool fitted, ock_mixture_score *score) {
  if (!fitted || (score->fitted && !(ock_em_log_likelihood(d->em) > score->log_likelihood))) return;
  *score = score_of(d->em);
  keep(d, score);
  ock_em_save(d->em, &d->best);
}

static void note_best(ock_mixtures *m, size_t k, double bic) {
  if (!(bic > m->best)) return;
  m->best = bic;
  m->best_k = k;
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

static ock_mixture_score *score_at(const descent *d, size_t k) {
  return ock_mixture_at(d->m, k, d->family, d->tail);
}

/* Whether rows are too few for k components however they share them. */
static bool are_rows_too_few(const descent *d, size_t k) {
  double *equal = d->best.weight, n = d->em->store->total; /* room that is not in use between fits */
  for (size_t j = 0; j < k; j++) equal[j] = n / (double)k;
  return isinf(ock_mixture_price(d->family, d->tail, equal, k, d->sweep->d));
}

/* What the quick look at a family says: -infinity where it fits nothing. */
typedef struct glance {
  double bic;
  size_t k;
} glance;

/* BIC after some steps from k-means, without a tail; -infinity where that fails. */
static double try_k(descent *d, size_t k) {
  ock_em *em = d->em;
  if (are_rows_too_few(d, k)) return -INFINITY;
  em->fit_tail = em->prior = false;
  em->family = d->family;
  ock_em_start(em, d->sweep->fits[k - 1].centroids, k, ock_covariance_is_full(d->family));
  if (!ock_em_run(em, d->family, FIRST_STEPS, tolerance)) return -INFINITY;
  return 2 * ock_em_log_likelihood(em) - ock_mixture_price(d->family, false, em->moments.weight, k, em->d);
}

/* k_round: where k-means says that the peak is. */
static glance glance_at(descent *d, size_t k_round) {
  glance best = {try_k(d, k_round), k_round};
  double highest = -INFINITY;
  for (size_t i = 0, falls = 0; i < N_FEW_K && few_k[i] <= d->m->k_max && falls < MOST_FALLS; i++) {
    if (few_k[i] < d->sweep->k_min || ock_ticker_stopped(d->ticker)) continue;
    double bic = try_k(d, few_k[i]);
    falls = bic > highest ? 0 : falls + 1;
    highest = fmax(highest, bic);
    if (bic > best.bic) best = (glance){bic, few_k[i]};
  }
  return best;
}

/* One family from that k down. Returns the best score. */
static double go_down(descent *d, size_t from) {
  double best = -INFINITY;
  d->has_carried = false;
  double least_price = ock_mixture_price(d->family, d->tail, &d->em->store->total, 1, d->sweep->d);
  for (size_t k = from; k >= d->sweep->k_min && !ock_ticker_stopped(d->ticker); k--) {
    ock_mixture_score *score = score_at(d, k);
    if (are_rows_too_few(d, k)) continue;
    *score = fit_k(d, k);
    best = fmax(best, score->bic);
    note_best(d->m, k, score->bic);
    d->ticker->done++;
    /* With fewer components the likelihood is hardly more: even one component's parameters would cost too much. */
    if (score->fitted && 2 * score->log_likelihood - least_price < d->m->best) break;
  }
  return best;
}

static bool is_tried(const ock_mixtures *m, ockham_covariance family, size_t d) {
  return ock_covariance_is_spherical(family) || (d > 1 && (m->full || !ock_covariance_is_full(family)));
}

static size_t best_of(const double bic[N_FAMILIES]) {
  size_t f = 0;
  for (size_t i = 1; i < N_FAMILIES; i++) f = bic[i] > bic[f] ? i : f;
  return f;
}

/* Every family a little: which are left in the race. Returns from which k they are to go down. */
static size_t look_around(descent *d, size_t k_round) {
  enum { LEAST_MORE = 4 };
  glance at[N_FAMILIES];
  double *bic = d->left, single = INFINITY, log_n = log(d->em->store->total);
  size_t highest = 1, k_max = d->m->k_max;
  for (size_t f = 0; f < N_FAMILIES; f++) {
    at[f] = (glance){-INFINITY, 1};
    bic[f] = -INFINITY;
    d->family = families[f];
    if (!is_tried(d->m, d->family, d->sweep->d)) continue;
    at[f] = glance_at(d, k_round);
    single = fmin(single, try_k(d, 1));
    bic[f] = at[f].bic;
  }
  double best = bic[best_of(bic)], behind = share_behind * (best - single) + logarithms_behind * log_n;
  for (size_t f = 0; f < N_FAMILIES; f++) {
    if (bic[f] < best - behind) bic[f] = -INFINITY;
    if (bic[f] > -INFINITY && at[f].k > highest) highest = at[f].k;
  }
  highest += highest / 3 > LEAST_MORE ? highest / 3 : LEAST_MORE;
  return highest < k_max ? highest : k_max;
}

/* The families that are left, and the best of them with their tails. */
static void go_down_all(descent *d, size_t from) {
  double best[N_FAMILIES];
  d->tail = false;
  for (size_t f = 0; f < N_FAMILIES; f++) {
    d->family = families[f];
    best[f] = d->left[f] > -INFINITY ? go_down(d, from) : -INFINITY;
  }
  d->tail = true;
  for (size_t t = 0; t < N_TAILS; t++) {
    size_t f = best_of(best);
    if (!(best[f] > -INFINITY)) break;
    d->family = families[f];
    best[f] = -INFINITY;
    go_down(d, from);
  }
}

/* Families learn from each other: where k is in question, each starts also from the best mixture of any. */
static void learn(descent *d) {
  ock_mixtures *m = d->m;
  const double in_question = 30;
  for (size_t k = 1; k <= m->k_max; k++) {
    if (m->kept[k - 1].k == 0 || m->kept_bic[k - 1] < m->best - in_question) continue;
    for (size_t which = 0; which < 2 * N_FAMILIES && !ock_ticker_stopped(d->ticker); which++) {
      d->family = families[which / 2];
      d->tail = which % 2;
      ock_mixture_score *score = score_at(d, k);
      if (!(d->left[which / 2] > -INFINITY) || !score->fitted) continue;
      bool full = ock_covariance_is_full(d->family);
      if (!ock_em_put(d->em, &m->kept[k - 1], full)) continue;
      ock_em_measure(d->em);
      if (!full) ock_em_flatten(d->em);
      d->em->fit_tail = d->tail;
      take(d, run(d, score), score);
      note_best(m, k, score->bic);
    }
  }
}

/* Bring the best to its fixed point. */
static void finish(descent *d) {
  enum { STEPS = 1000 };
  const double small = 1e-5;
  ock_mixtures *m = d->m;
  const ockham_mixture *best = m->best > -INFINITY ? &m->kept[m->best_k - 1] : NULL;
  if (!best || best->k == 0 || !ock_em_put(d->em, best, false)) return;
  d->family = best->family;
  d->tail = d->em->fit_tail = best->tail != 1;
  ock_mixture_score *score = score_at(d, best->k);
  take(d, ock_em_resume(d->em, STEPS, small), score);
  note_best(m, best->k, score->bic);
}

static void forget_far(ock_mixtures *m) {
  for (size_t k = 1; k <= m->k_max; k++)
    if (m->kept_bic[k - 1] < m->best - near_best) ockham_mixture_clear(&m->kept[k - 1]);
}

/* All of it: the quick look, all families down, further from above while the best is there, and the last steps. */
static ockham_status descend_all(ock_mixtures *m, const ockham_sweep *sweep, ock_em *em, size_t k_round,
                                 ock_ticker *ticker, ockham_error *err) {
  ock_arena arena = {0};
  descent d = {.m = m, .em = em, .sweep = sweep, .ticker = ticker};
  bool fits = ock_moments_init(&d.carried, m->k_max, sweep->d, m->full, &arena) &&
              ock_moments_init(&d.best, m->k_max, sweep->d, m->full, &arena);
  if (fits) {
    size_t from = look_around(&d, k_round);
    go_down_all(&d, from);
    while (m->best_k == from && from < m->k_max && !ock_ticker_stopped(ticker)) {
      from = 2 * from < m->k_max ? 2 * from : m->k_max;
      go_down_all(&d, from);
    }
    learn(&d);
    finish(&d);
    forget_far(m);
  }
  ock_arena_clear(&arena);
  if (fits && !d.lacks_memory) return OCKHAM_OK;
  return ock_fail_memory(err, "the mixtures", ock_size_product(m->k_max, ock_size_product(sweep->d, sizeof(double))));
}

static size_t rows_for(const ock_mixtures_question *q) {
  const double copies = 8, own_bytes = 160; /* of the rows; of what is known of each */
  size_t d = q->x.n_columns, least = q->k_max * ROWS_A_COMPONENT, n = MOST_VALUES / d;
  double row_bytes = (copies * (double)d + (double)q->k_max) * sizeof(double) + own_bytes;
  n = ock_clamp(n > least ? n : least, 1, MOST_ROWS);
  return q->most_bytes > 0 && q->most_bytes / row_bytes < (double)n ? (size_t)(q->most_bytes / row_bytes) : n;
}

static bool allocate(ock_mixtures *m, size_t k, size_t d) {
  m->k_max = k;
  m->scores = ock_alloc_array(ock_size_product(k, OCK_MIXTURES), sizeof *m->scores);
  m->kept = ock_alloc_zeroed(k, sizeof *m->kept);
  m->kept_bic = ock_alloc_array(k, sizeof *m->kept_bic);
  m->doubts.says = ock_alloc_zeroed(k, sizeof *m->doubts.says);
  m->grain = ock_alloc_array(d, sizeof *m->grain);
  if (!m->scores || !m->kept || !m->kept_bic || !m->doubts.says || !m->grain) return false;
  for (size_t i = 0; i < k * OCK_MIXTURES; i++) m->scores[i] = (ock_mixture_score){.bic = -INFINITY, .icl = -INFINITY};
  for (size_t i = 0; i < k; i++) m->kept_bic[i] = -INFINITY;
  return true;
}

/* A difference in BIC of less than 6 is no strong evidence, and of less than 10 no very strong one (Kass & Raftery,
 * JASA 90, 1995): of the k within the first, what most halves of the rows say; within the second, what nearly all do.
 */
static size_t let_halves_decide(const ock_mixtures *m) {
  const double strong = 6, very_strong = 10, nearly_all = 0.95;
  const ock_doubts *d = &m->doubts;
  size_t k = m->best_k;
  for (size_t other = 1; k > 0 && other <= m->k_max; other++) { /* 0: nothing was fitted */
    double short_of_best = m->best - ock_mixtures_best_bic(m, other);
    bool by_most = short_of_best < strong && d->says[other - 1] > d->says[k - 1];
    bool by_nearly_all = short_of_best < very_strong && d->n_halves > 0 &&
                         (double)d->says[other - 1] >= nearly_all * (double)d->n_halves;
    if (by_most || by_nearly_all) k = other;
  }
  return k;
}

/* No variance along a column may be less than that of rounding to its grid, whose step is the least gap between two of
 * its values (Sheppard), nor than what computing can tell. Of a column with hardly any values the gap is no step: the
 * floor is no more than a share of its variance. What computing can tell is a share of the variances too, but of those
 * without what is far out, which would hide clusters. */
static void set_floor(ock_em *em, const ock_grain *grain) {
  const double most = 0.02, computing = 1e-10;
  double least = 0;
  for (size_t l = 0; l < em->d; l++) {
    double variance = em->total[0][l] / em->store->total, middle = grain[l].middle_variance;
    least += computing * (middle > 0 ? fmin(middle, variance) : variance) / (double)em->d;
  }
  for (size_t l = 0; l < em->d; l++)
    em->floor[l] = fmax(least, fmin(grain[l].gap * grain[l].gap / 12, most * em->total[0][l] / em->store->total));
  ock_em_set_floor(em, em->floor);
}

/* Everything that is asked of the rows of the sketch. */
static ockham_status find_in(ock_mixtures *m, const ockham_sweep *sweep, const ock_mixtures_question *q,
                             ock_store *store, ock_pool *pool, ock_ticker *ticker, ockham_error *err) {
  ock_em em;
  if (!ock_grain_find(store, m->grain)) return ock_fail_memory(err, "a column", store->n * sizeof(double));
  ock_grain_spread(store, m->grain, q->seed);
  OCK_TRY(ock_em_init(&em, store, m->k_max, m->full, pool, ticker, err));
  ock_em_measure_rows(&em, false);
  set_floor(&em, m->grain);
  m->n_rows = store->n;
  ockham_status status = descend_all(m, sweep, &em, q->k_round, ticker, err);
  if (!status && sweep->k_min == 1 && !ticker->stopped)
    status = ock_single_find(store, m->full || sweep->d == 1, em.floor, pool, ticker, &m->single, err);
  note_best(m, 1, m->single.bic);
  if (!status && q->doubts && !ticker->stopped)
    status = ock_half_samples_ask(m, store, q->x, em.floor, q->seed, pool, ticker, err);
  m->k = q->by_default ? let_halves_decide(m) : m->best_k;
  bool lacks_matrices = !m->full && sweep->d > 1;
  if (!status && q->by_default && lacks_matrices && m->k > 1 && sweep->k_min == 1 && !ticker->stopped)
    status = ock_significance_ask(m, store, q->seed, pool, ticker, err);
  if (m->doubts.like_one) m->k = 1;
  if (!status && q->doubts && !ticker->stopped) status = ock_doubts_find(m, store, q->x, pool, err);
  if (!status && q->doubts && !ticker->stopped) status = ock_bent_find(m, store, q->seed, pool, ticker, err);
  ock_em_clear(&em);
  return status;
}

ockham_status ock_mixtures_find(const ockham_sweep *sweep, const ock_mixtures_question *q, ock_pool *pool,
                                ock_ticker *ticker, ock_mixtures *m, ockham_error *err) {
  ock_sketch sketch;
  size_t k = q->k_max;
  *m = (ock_mixtures){.best = -INFINITY,
                      .single.bic = -INFINITY,
                      .doubts.z = NAN,
                      .full = ock_covariance_may_be_full(q->x.n_rows, sweep->d, ROWS_A_COLUMN)};
  if (!allocate(m, k, sweep->d)) {
    ock_mixtures_clear(m);
    return ock_fail_memory(err, "the mixtures", ock_size_product(k, OCK_MIXTURES * sizeof *m->scores));
  }
  ticker->stage = "mixtures";
  ticker->done = 0;
  ticker->total = k * (N_FAMILIES + N_TAILS);
  ock_sketch_options options = {.n = rows_for(q), .k_max = k, .seed = q->seed, .wide = true};
  ockham_status status = ock_sketch_init(&sketch, q->x, sweep->frame, &options, pool, ticker, err);
  if (!status) {
    ock_lloyd_assign(&sketch.state, sweep->fits[k - 1].centroids, k);
    ock_lloyd_regroup(&sketch.state); /* most components then get nothing from most panels */
    status = find_in(m, sweep, q, &sketch.store, pool, ticker, err);
    ock_sketch_clear(&sketch, NULL);
  }
  if (status) ock_mixtures_clear(m);
  return status;
}

bool ock_mixtures_can_decide(const ock_mixtures *m, size_t d, bool is_limited) {
  const size_t counts = 5; /* fewer different values are names, not numbers */
  bool has_rivals = m->k_max == 1;
  for (size_t i = OCK_MIXTURES; i < m->k_max * OCK_MIXTURES && !has_rivals; i++) has_rivals = m->scores[i].fitted;
  for (size_t l = 0; is_limited && l < d; l++)
    if (!(m->grain[l].step > 0) || m->grain[l].n_different < counts) return false;
  return has_rivals;
}

void ock_mixtures_clear(ock_mixtures *m) {
  for (size_t k = 0; m->kept && k < m->k_max; k++) ockham_mixture_clear(&m->kept[k]);
  ock_free(m->scores);
  ock_free(m->kept);
  ock_free(m->kept_bic);
  ock_free(m->grain);
  ock_free(m->doubts.says);
  *m = (ock_mixtures){0};
}
