/* SPDX-License-Identifier: Apache-2.0 */
/* Which terms the data want: each submodel weighs exp(-BIC / 2), and a term what the models weigh that hold it. A trend
 * needs its main, a pair one of its two. The models are walked by Gibbs' sampler; what is averaged are the
 * probabilities of each step, not its outcomes.
 *
 * BIC = N ln RSS + k ln n. RSS has the pure error in it, and N are the degrees of freedom that mains and trends leave:
 * the number of runs, as usual, would take chance for terms where these are many. n are the cells, for runs of a cell
 * do not tell models apart. With more terms than a third of the cells, sets of each size weigh the same (extended BIC).
 * Source: Schwarz, Ann. Stat. 6, 1978; Chen & Chen, Biometrika 95, 2008; George & McCulloch, JASA 88, 1993. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

enum { N_VALUES = 11, N_CHAINS = 4, SWEEPS = 120, BURNED = 20 };

/* The sums of one value of E, of the terms only: what always is in the model has been taken off. */
typedef struct sums {
  double *gram, *with_y; /* p x p, p */
  double y, rest;        /* squares of y, and those that all terms leave */
} sums;

typedef struct evidence {
  ock_analysis *a;
  const ock_pairs *pairs;
  size_t p, n_always, n_values, n_mains, n_trends; /* p: mains, trends, pairs */
  bool *kept;
  sums values[N_VALUES];
  double log_chance[N_VALUES];
  double pure, freedom, n_cells; /* squares of pure error; degrees of freedom that mains and trends leave */
  bool extended;
  double *triangle, *solved; /* a chain's */
  bool *in;                  /* a chain's: p */
  double *chances;           /* a chain's: p */
} evidence;

/* ---- a model's weight ---- */

/* g' G^-1 g over the terms that are in. */
static double explained(const evidence *e, const sums *s, const bool *in, double *triangle, double *solved) {
  size_t n = 0;
  double sum = 0;
  for (size_t i = 0; i < e->p; i++) {
    if (!in[i]) continue;
    double *row = triangle + n * (n + 1) / 2;
    size_t m = 0;
    double right = s->with_y[i], diagonal = s->gram[i * e->p + i], whole = diagonal;
    for (size_t j = 0; j < i; j++) {
      if (!in[j]) continue;
      const double *other = triangle + m * (m + 1) / 2;
      double value = s->gram[i * e->p + j];
      for (size_t l = 0; l < m; l++) value -= row[l] * other[l];
      row[m] = value / other[m];
      diagonal -= row[m] * row[m];
      right -= row[m] * solved[m];
      m++;
    }
    row[m] = sqrt(fmax(diagonal, 1e-12 * whole));
    solved[m] = right / row[m];
    sum += solved[m] * solved[m];
    n++;
  }
  return sum;
}

static double log_choose(double n, double k) {
  return ock_log_gamma(n + 1) - ock_log_gamma(k + 1) - ock_log_gamma(n - k + 1);
}

static double log_weight(const evidence *e, size_t value, const bool *in, double *triangle, double *solved) {
  const sums *s = &e->values[value];
  double k = 0, pairs = 0, n_pairs = 0;
  for (size_t i = 0; i < e->p; i++) {
    bool is_pair = i >= e->n_mains + e->n_trends;
    n_pairs += is_pair && e->kept[i];
    k += in[i], pairs += is_pair && in[i];
  }
  double left = fmax(s->y - explained(e, s, in, triangle, solved), 1e-12 * s->y);
  double squares = fmax(left, 0) + s->rest + e->pure;
  double weight = -.5 * e->freedom * log(squares) - .5 * k * log(e->n_cells);
  weight -= log_choose(n_pairs, pairs);
  if (e->extended) weight -= log_choose((double)(e->n_mains + e->n_trends), k - pairs);
  return weight;
}

/* ---- steps ---- */

typedef struct chain {
  const evidence *e;
  bool *in;
  double *triangle, *solved, *chances;
  size_t value;
  ock_rng rng;
} chain;

/* From logarithms to probabilities, and one of n by chance. */
static size_t choose(ock_rng *rng, double *weight, size_t n) {
  double most = -INFINITY, total = 0;
  for (size_t i = 0; i < n; i++) most = fmax(most, weight[i]);
  for (size_t i = 0; i < n; i++) total += weight[i] = exp(weight[i] - most);
  double at = ock_rng_uniform(rng) * total;
  size_t chosen = 0;
  for (size_t i = 0; i < n; i++) weight[i] /= total;
  for (double sum = weight[0] * total; chosen + 1 < n && at >= sum; sum += weight[chosen] * total) chosen++;
  return chosen;
}

static bool is_needed(const chain *c, size_t main) {
  const evidence *e = c->e;
  for (size_t i = 0; i < e->pairs->n; i++) {
    const size_t *pair = e->pairs->items[i];
    if (!c->in[e->n_mains + e->n_trends + i] || (pair[0] != main && pair[1] != main)) continue;
    if (!c->in[pair[0] == main ? pair[1] : pair[0]]) return true;
  }
  return false;
}

static void step_main(chain *c, size_t j, bool counts) {
  const evidence *e = c->e;
  double weight[3];
  size_t n_states = e->n_trends && e->kept[e->n_mains + j] ? 3 : 2;
  if (!e->kept[j]) return;
  bool *trend = e->n_trends ? &c->in[e->n_mains + j] : NULL;
  for (size_t state = 0; state < n_states; state++) {
    c->in[j] = state > 0;
    if (trend) *trend = state > 1;
    weight[state] = state == 0 && is_needed(c, j) ? -INFINITY : log_weight(e, c->value, c->in, c->triangle, c->solved);
  }
  size_t chosen = choose(&c->rng, weight, n_states);
  c->in[j] = chosen > 0;
  if (trend) *trend = chosen > 1;
  if (!counts) return;
  c->chances[j] += 1 - weight[0];
  if (n_states == 3) c->chances[e->n_mains + j] += weight[2];
}

static void step_pair(chain *c, size_t i, bool counts) {
  const evidence *e = c->e;
  size_t at = e->n_mains + e->n_trends + i;
  const size_t *pair = e->pairs->items[i];
  if (!e->kept[at] || (!c->in[pair[0]] && !c->in[pair[1]])) return;
  double weight[2];
  for (size_t state = 0; state < 2; state++) {
    c->in[at] = state;
    weight[state] = log_weight(e, c->value, c->in, c->triangle, c->solved);
  }
  c->in[at] = choose(&c->rng, weight, 2);
  if (counts) c->chances[at] += weight[1];
}

/* E is as its profile has it: that is of the largest model, for a smaller one that is wrong would bend it. */
static void step_value(chain *c) {
  double weight[N_VALUES];
  if (c->e->n_values == 1) return;
  memcpy(weight, c->e->log_chance, sizeof weight);
  c->value = choose(&c->rng, weight, c->e->n_values);
}

static void walk(void *arg, size_t i, size_t worker) {
  evidence *e = arg;
  (void)worker;
  size_t p = e->p;
  chain c = {.e = e,
             .in = e->in + i * p,
             .triangle = e->triangle + i * p * (p + 1) / 2,
             .solved = e->solved + i * p,
             .chances = e->chances + i * p,
             .value = e->n_values / 2};
  c.rng = ock_rng_make(e->a->how.seed, ((uint64_t)1 << 60) + i);
  for (size_t j = 0; j < p; j++) c.in[j] = e->kept[j] && j < e->n_mains + e->n_trends && i % 2 == 0, c.chances[j] = 0;
  for (size_t sweep = 0; sweep < SWEEPS; sweep++) {
    bool counts = sweep >= BURNED;
    for (size_t j = 0; j < e->n_mains; j++) step_main(&c, j, counts);
    for (size_t j = 0; j < e->pairs->n; j++) step_pair(&c, j, counts);
    step_value(&c);
  }
}

/* ---- sums ---- */

/* What always is in the model is made orthogonal first: the rest of R is that of the terms. */
static void take_sums(evidence *e, const ock_fit *fit, size_t value) {
  const ock_basis *basis = &fit->basis;
  sums *s = &e->values[value];
  const double *along = fit->along;
  size_t p = e->p, first = 0;
  for (size_t j = 0; j < e->n_always; j++) first += fit->kept[j];
  memset(s->gram, 0, p * p * sizeof *s->gram), memset(s->with_y, 0, p * sizeof *s->with_y);
  s->y = 0, s->rest = fit->squares;
  for (size_t l = first; l < basis->rank; l++) s->y += along[l] * along[l];
  size_t *column = (size_t *)e->solved; /* of the basis, of each term that is kept */
  for (size_t j = 0, rank = first; j < p; j++)
    if (fit->kept[e->n_always + j]) column[j] = rank++;
  for (size_t i = 0; i < p; i++) {
    if (!fit->kept[e->n_always + i]) continue;
    const double *x = basis->r + column[i] * basis->most;
    for (size_t l = first; l <= column[i]; l++) s->with_y[i] += x[l] * along[l];
    for (size_t j = 0; j <= i; j++) {
      if (!fit->kept[e->n_always + j]) continue;
      const double *y = basis->r + column[j] * basis->most;
      for (size_t l = first; l <= column[j]; l++) s->gram[i * p + j] += x[l] * y[l];
      s->gram[j * p + i] = s->gram[i * p + j];
    }
  }
}

static void fill_values(evidence *e, ock_fit *fit, const ock_model *m) {
  const ock_irreducible *values = &e->a->irreducible;
  e->n_values = values->n < N_VALUES ? values->n : N_VALUES;
  for (size_t i = 0; i < e->n_values; i++) {
    size_t at = e->n_values == 1 ? 0 : i * (values->n - 1) / (e->n_values - 1);
    ock_fit_run(fit, m, values->value[at], false);
    take_sums(e, fit, i);
    e->log_chance[i] = log(fmax(values->weight[at], 1e-300));
  }
  for (size_t j = 0; j < e->p; j++) e->kept[j] = fit->kept[e->n_always + j];
  for (size_t u = 0; u < m->n_units; u++) e->pure += (double)m->units[u].n - 1;
  e->n_cells = (double)m->n_units, e->freedom = e->n_cells + e->pure;
  for (size_t j = 0; j < e->n_always + e->n_mains + e->n_trends; j++) e->freedom -= fit->kept[j];
  e->freedom = fmax(e->freedom - (double)e->a->model.n_pairs, 1);
}

static bool make_room(evidence *e, ock_arena *arena) {
  size_t p = e->p;
  e->kept = ock_arena_array(arena, p, sizeof *e->kept);
  e->in = ock_arena_array(arena, N_CHAINS * p, sizeof *e->in);
  e->chances = ock_arena_array(arena, N_CHAINS * p, sizeof *e->chances);
  e->solved = ock_arena_array(arena, N_CHAINS * p, sizeof *e->solved);
  e->triangle = ock_arena_array(arena, ock_size_product(N_CHAINS * p, p + 1) / 2, sizeof *e->triangle);
  bool made = e->kept && e->in && e->chances && e->solved && e->triangle;
  for (size_t i = 0; i < N_VALUES && made; i++) {
    e->values[i].gram = ock_arena_array(arena, ock_size_product(p, p), sizeof(double));
    e->values[i].with_y = ock_arena_array(arena, p, sizeof(double));
    made = e->values[i].gram && e->values[i].with_y;
  }
  return made;
}

static ockham_status find(evidence *e, ock_arena *arena, ockham_error *err) {
  ock_analysis *a = e->a;
  ock_model m = a->model;
  ock_fit fit;
  m.pairs = e->pairs->items, m.n_pairs = e->pairs->n;
  e->n_always = ock_first_main(&m);
  e->n_mains = m.n_mains, e->n_trends = m.n_blocks ? 0 : m.n_mains;
  e->p = ock_n_columns(&m) - e->n_always;
  if (!make_room(e, arena) || !ock_fit_make(&fit, arena, &m)) return ock_no_room(err);
  fill_values(e, &fit, &m);
  e->extended = (double)(e->n_mains + e->n_trends) > e->n_cells / 3;
  if (!ock_pool_run_watched(a->pool, &a->ticker, N_CHAINS, walk, e))
    return ock_fail(err, OCKHAM_INTERRUPTED, "stopped before the evidence was weighed");
  for (size_t j = 0; j < e->p; j++) {
    double sum = 0;
    for (size_t i = 0; i < N_CHAINS; i++) sum += e->chances[i * e->p + j];
    size_t to = j < e->n_mains + e->n_trends ? j : j - e->n_mains - e->n_trends + 2 * e->n_mains;
    a->inclusion[to] = e->kept[j] ? sum / (N_CHAINS * (SWEEPS - BURNED)) : NAN;
  }
  return OCKHAM_OK;
}

ockham_status ock_evidence_find(ock_analysis *a, const ock_pairs *pairs, ockham_error *err) {
  size_t n = 2 * a->n_mains + pairs->n;
  a->inclusion = ock_arena_array(&a->scratch, n, sizeof *a->inclusion);
  if (!a->inclusion) return ock_no_room(err);
  for (size_t i = 0; i < n; i++) a->inclusion[i] = NAN;
  ock_arena arena = {0};
  evidence e = {.a = a, .pairs = pairs};
  ockham_status status = find(&e, &arena, err);
  ock_arena_clear(&arena);
  if (status) return status;
  for (size_t j = 0; j < a->n_mains; j++) {
    a->out->mains[j].inclusion = a->main_told[j] ? a->inclusion[j] : NAN;
    a->out->mains[j].inclusion_trend = a->trend_told[j] ? a->inclusion[a->n_mains + j] : NAN;
  }
  return OCKHAM_OK;
}
