/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of mains: which the design can tell, which the law needs (they stand for their aliases), and what those that
 * can be told do. */
#include <math.h>
#include <string.h>

#include "ablate/analysis.h"

static const double dependent = 1e-6;
enum { MOST_PAIRS = 1000, NAMED = 6 };

/* ---- aliases ---- */

typedef struct sorting {
  ock_analysis *a;
  ock_model model; /* with all pairs */
  ock_basis basis;
  size_t *kept; /* the column of each of the basis */
  double *row, *column, *along;
  size_t *leader;               /* of each pair: itself, or a pair before it that it cannot be told from */
  size_t *n_joined;             /* pairs of each leader */
  bool *is_candidate, *is_main; /* is_main: mains alone make it */
} sorting;

static size_t find_leader(const sorting *s, size_t pair) {
  while (s->leader[pair] != pair) pair = s->leader[pair];
  return pair;
}

/* The pair joins all that it depends on. */
static void join(sorting *s, size_t pair) {
  size_t first_pair = ock_first_pair(&s->model);
  ock_basis_solve(&s->basis, s->along);
  s->is_main[pair] = true;
  for (size_t j = 0; j < s->basis.rank; j++) {
    if (s->kept[j] < first_pair || fabs(s->along[j]) < 10 * dependent) continue;
    size_t x = find_leader(s, pair), y = find_leader(s, s->kept[j] - first_pair);
    s->leader[x > y ? x : y] = x > y ? y : x;
    s->is_main[pair] = false;
  }
}

static void sort_columns(sorting *s) {
  const ock_model *m = &s->model;
  size_t first_pair = ock_first_pair(m);
  for (size_t at = 0; at < ock_n_columns(m); at++) {
    for (size_t u = 0; u < m->n_units; u++) {
      ock_model_row(m, m->units[u].levels, m->l[u], m->units[u].scale, s->row);
      s->column[u] = s->row[at];
    }
    bool is_new = ock_basis_add(&s->basis, s->column, dependent, s->along);
    if (is_new) s->kept[s->basis.rank - 1] = at;
    if (at < first_pair) continue;
    s->is_candidate[at - first_pair] = is_new;
    if (!is_new) join(s, at - first_pair);
  }
  for (size_t i = 0; i < m->n_pairs; i++) s->n_joined[find_leader(s, i)]++;
}

static void name_pair(const sorting *s, size_t pair, char *text, size_t size) {
  size_t used = strlen(text);
  for (size_t side = 0; side < 2; side++) {
    const ock_main *main = &s->a->mains[s->model.pairs[pair][side]];
    const ockham_study_factor *factor = &s->a->study->factors[main->factor];
    if (used >= size - 1) return;
    snprintf(text + used, size - used, "%s%s", side ? " x " : used ? ", " : "", factor->name);
    used = strlen(text);
    if (factor->n_levels > 2 && used < size - 1) snprintf(text + used, size - used, "=%s", factor->levels[main->level]);
    used = strlen(text);
  }
}

static bool is_alone(const sorting *s, size_t pair) {
  return !s->is_main[pair] && s->n_joined[find_leader(s, pair)] == 1;
}

/* One line for each group of aliases. */
static ockham_status warn_of_aliases(const sorting *s, ockham_error *err) {
  for (size_t pair = 0; pair < s->model.n_pairs; pair++) {
    if (find_leader(s, pair) != pair || is_alone(s, pair)) continue;
    char text[400] = "";
    size_t n = 0;
    for (size_t other = pair; other < s->model.n_pairs; other++) {
      if (find_leader(s, other) != pair) continue;
      if (n++ < NAMED) name_pair(s, other, text, sizeof text);
    }
    ockham_status status =
        s->is_main[pair]
            ? ock_warn(s->a, "this interaction cannot be told from main effects: %s", text)
            : ock_warn(s->a, "these interactions cannot be told apart: %s%s", text, n > NAMED ? " ..." : "");
    if (status) return ock_no_room(err);
  }
  return OCKHAM_OK;
}

static size_t list_pairs(const ock_analysis *a, size_t (*pairs)[2]) {
  size_t n = 0;
  for (size_t i = 0; i < a->n_mains; i++) {
    for (size_t j = i + 1; j < a->n_mains; j++) {
      if (a->mains[i].factor == a->mains[j].factor || !a->main_told[i] || !a->main_told[j]) continue;
      if (pairs) pairs[n][0] = i, pairs[n][1] = j;
      n++;
    }
  }
  return n;
}

static ockham_status make_sorting(sorting *s, size_t n_pairs, ockham_error *err) {
  ock_analysis *a = s->a;
  ock_arena *arena = &a->scratch;
  s->model = a->model;
  s->model.n_pairs = n_pairs;
  s->model.pairs = ock_arena_array(arena, n_pairs, sizeof *s->model.pairs);
  size_t p = ock_n_columns(&s->model), n = s->model.n_units;
  s->kept = ock_arena_array(arena, p, sizeof *s->kept);
  s->row = ock_arena_array(arena, p, sizeof *s->row);
  s->along = ock_arena_array(arena, p + 1, sizeof *s->along);
  s->column = ock_arena_array(arena, n, sizeof *s->column);
  s->leader = ock_arena_array(arena, n_pairs, sizeof *s->leader);
  s->n_joined = ock_arena_array(arena, n_pairs, sizeof *s->n_joined);
  s->is_candidate = ock_arena_array(arena, n_pairs, sizeof *s->is_candidate);
  s->is_main = ock_arena_array(arena, n_pairs, sizeof *s->is_main);
  if (!s->model.pairs || !s->kept || !s->row || !s->along || !s->column || !s->leader || !s->n_joined ||
      !s->is_candidate || !s->is_main || !ock_basis_make(&s->basis, arena, n, p < n ? p : n))
    return ock_no_room(err);
  for (size_t i = 0; i < n_pairs; i++) s->leader[i] = i, s->n_joined[i] = 0, s->is_main[i] = false;
  return OCKHAM_OK;
}

ockham_status ock_pairs_sort(ock_analysis *a, ock_pairs *pairs, ockham_error *err) {
  *pairs = (ock_pairs){0};
  size_t n_pairs = list_pairs(a, NULL);
  if (n_pairs > MOST_PAIRS)
    return ock_warn(a, "%zu interactions are possible: beyond %d none is looked at", n_pairs, MOST_PAIRS)
               ? ock_no_room(err)
               : OCKHAM_OK;
  sorting s = {.a = a};
  OCK_TRY(make_sorting(&s, n_pairs, err));
  list_pairs(a, s.model.pairs);
  sort_columns(&s);
  pairs->items = ock_arena_array(&a->scratch, n_pairs, sizeof *pairs->items);
  pairs->told = ock_arena_array(&a->scratch, n_pairs, sizeof *pairs->told);
  if (!pairs->items || !pairs->told) return ock_no_room(err);
  for (size_t i = 0; i < n_pairs; i++) {
    if (!s.is_candidate[i]) continue;
    memcpy(pairs->items[pairs->n], s.model.pairs[i], sizeof *pairs->items);
    pairs->told[pairs->n++] = is_alone(&s, i);
  }
  return warn_of_aliases(&s, err);
}

/* ---- which the law needs ---- */

typedef struct selecting {
  ock_fit *fit;
  const ock_model *model;
  double *rest;    /* what is left of y, weighted */
  double *columns; /* n_candidates x n, weighted, less what the law's columns say */
  double *length;
} selecting;

static double squares_of(const double *x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  return sum;
}

/* By how much candidate i would lower the squares. */
static double gain_of(const selecting *s, size_t i) {
  size_t n = s->model->n_units;
  const double *x = s->columns + i * n;
  double along = 0, length = squares_of(x, n);
  if (!(length > dependent * dependent * s->length[i])) return 0;
  for (size_t u = 0; u < n; u++) along += x[u] * s->rest[u];
  return along * along / length;
}

static void take_off(double *x, const double *direction, double length, size_t n) {
  double along = 0;
  for (size_t u = 0; u < n; u++) along += x[u] * direction[u];
  for (size_t u = 0; u < n; u++) x[u] -= along / length * direction[u];
}

/* Candidate i becomes a column: what lies along it leaves all others. */
static void admit(selecting *s, size_t i, size_t n_candidates, double *direction) {
  size_t n = s->model->n_units;
  memcpy(direction, s->columns + i * n, n * sizeof *direction);
  double length = squares_of(direction, n);
  take_off(s->rest, direction, length, n);
  for (size_t j = 0; j < n_candidates; j++) take_off(s->columns + j * n, direction, length, n);
}

static void fill_candidates(selecting *s, const ock_pairs *pairs, const ock_model *m, double *row) {
  size_t n = m->n_units, first = ock_first_main(m);
  for (size_t i = 0; i < pairs->n; i++) {
    double *x = s->columns + i * n;
    for (size_t u = 0; u < n; u++) {
      ock_model_row(m, m->units[u].levels, m->l[u], m->units[u].scale, row);
      double root = s->fit->magnitude[u] / sqrt(m->own[u]);
      x[u] = root * row[first + pairs->items[i][0]] * row[first + pairs->items[i][1]];
    }
    s->length[i] = squares_of(x, n);
  }
}

/* The law's columns, weighted, off the candidates and y. */
static void take_law_off(selecting *s, const ock_pairs *pairs, ock_basis *basis, double *row, double *along) {
  const ock_model *m = s->model;
  size_t n = m->n_units;
  for (size_t at = 0; at < ock_n_columns(m); at++) {
    for (size_t u = 0; u < n; u++) {
      ock_model_row(m, m->units[u].levels, m->l[u], m->units[u].scale, row);
      s->rest[u] = row[at] * s->fit->magnitude[u] / sqrt(m->own[u]);
    }
    ock_basis_add(basis, s->rest, dependent, NULL);
  }
  for (size_t i = 0; i < pairs->n; i++) (void)ock_basis_rest(basis, s->columns + i * n, along);
  for (size_t u = 0; u < n; u++)
    s->rest[u] = log(m->units[u].loss - s->fit->irreducible) * s->fit->magnitude[u] / sqrt(m->own[u]);
  (void)ock_basis_rest(basis, s->rest, along);
}

/* Does it pay what the extended BIC (Chen & Chen, Biometrika 95, 2008) asks, ln(cells) + ln(candidates)? That is of a
 * likelihood ratio with many degrees of freedom; with few, of the F test that is as improbable. */
static bool pays(double gain, double squares, double freedom, double price) {
  if (!(freedom > 1)) return false;
  return ock_f_tail(gain * (freedom - 1) / fmax(squares - gain, 0), 1, freedom - 1) < ock_chi2_tail(price, 1);
}

/* Where cells differ by more than their runs do, a pair that is missing may be why. What cells are off by is then one a
 * cell to spare, in units of what they differ by; where these are few no pair could pay beside the runs, however large
 * it is, and it is held against the other cells alone. */
static void select_forward(ock_analysis *a, selecting *s, const ock_pairs *pairs, size_t rank, double *direction) {
  const size_t spare = 3, most = 10;
  ock_model *m = &a->model;
  size_t n_again = 0;
  for (size_t u = 0; u < m->n_units; u++) n_again += m->units[u].n - 1;
  double n = (double)m->n_units, price = log(n) + log((double)pairs->n);
  double pure = m->between > 0 && n - (double)rank < 2 * price ? 0 : (double)n_again;
  while (m->n_pairs < most && rank + m->n_pairs + spare < m->n_units + n_again && rank + m->n_pairs + 1 < n) {
    size_t best = 0;
    double gain = 0;
    for (size_t i = 0; i < pairs->n; i++) {
      double own = gain_of(s, i);
      if (own > gain) gain = own, best = i;
    }
    double squares = squares_of(s->rest, m->n_units) + pure, freedom = n + pure - (double)(rank + m->n_pairs);
    if (!(gain > 0) || !pays(gain, squares, freedom, price)) return;
    memcpy(m->pairs[m->n_pairs++], pairs->items[best], sizeof *m->pairs);
    admit(s, best, pairs->n, direction);
  }
}

/* Many small pairs, none of which pays: are they something together (F test at 25 %)? Then all are taken. */
static void take_together(ock_analysis *a, selecting *s, const ock_pairs *pairs, size_t rank, double *direction) {
  const double significant = .25, fewest = 8;
  ock_model *m = &a->model;
  double pure = 0, before = squares_of(s->rest, m->n_units), added = 0;
  for (size_t u = 0; u < m->n_units; u++) pure += (double)m->units[u].n - 1;
  for (size_t i = 0; i < pairs->n; i++) {
    if (!(squares_of(s->columns + i * m->n_units, m->n_units) > dependent * dependent * s->length[i])) continue;
    admit(s, i, pairs->n, direction);
    added++;
  }
  double cells = (double)m->n_units - (double)(rank + m->n_pairs) - added,
         after = squares_of(s->rest, m->n_units) + pure;
  if (added < 1 || cells < fewest) return;
  double ratio = (before + pure - after) / added / (after / (cells + pure));
  if (ock_f_tail(ratio, added, cells + pure) > significant) return;
  for (size_t i = 0; i < pairs->n; i++) {
    bool is_in = false;
    for (size_t j = 0; j < a->n_selected; j++) is_in |= !memcmp(m->pairs[j], pairs->items[i], sizeof *m->pairs);
    if (!is_in) memcpy(m->pairs[m->n_pairs++], pairs->items[i], sizeof *m->pairs);
  }
}

ockham_status ock_pairs_select(ock_analysis *a, const ock_pairs *pairs, ockham_error *err) {
  const ock_model *m = &a->model;
  size_t n = m->n_units, p = ock_n_columns(m);
  ock_arena *arena = &a->scratch;
  a->model.pairs = ock_arena_array(arena, pairs->n, sizeof *a->model.pairs);
  selecting s = {.fit = &a->fit, .model = m, .rest = ock_arena_array(arena, n, sizeof *s.rest)};
  s.columns = ock_arena_array(arena, ock_size_product(pairs->n, n), sizeof *s.columns);
  s.length = ock_arena_array(arena, pairs->n, sizeof *s.length);
  double *row = ock_arena_array(arena, p, sizeof *row), *along = ock_arena_array(arena, p, sizeof *along);
  double *direction = ock_arena_array(arena, n, sizeof *direction);
  ock_basis basis;
  if (!a->model.pairs || !s.rest || !s.columns || !s.length || !row || !along || !direction ||
      !ock_basis_make(&basis, arena, n, p < n ? p : n))
    return ock_no_room(err);
  fill_candidates(&s, pairs, m, row);
  take_law_off(&s, pairs, &basis, row, along);
  select_forward(a, &s, pairs, basis.rank, direction);
  a->n_selected = m->n_pairs;
  take_together(a, &s, pairs, basis.rank, direction);
  return OCKHAM_OK;
}

/* ---- those that can be told ---- */

static void fill_interaction(ock_analysis *a, const ock_model *m, ock_fit *fit, ockham_effect *effect) {
  size_t column = ock_first_pair(m) + m->n_pairs - 1;
  double freedom, variance = ock_fit_variance(fit, m, column, &freedom), value = fit->coefficients[column];
  double half = ock_student_quantile((1 + a->how.level) / 2, freedom) * sqrt(variance);
  effect->log_loss = (ockham_interval){value, value - half, value + half};
  effect->p = ock_student_tail(value / sqrt(variance), freedom);
  double exponent = a->model.n_blocks ? NAN : ock_exponent(a, a->fit.coefficients);
  double gain = -1 / exponent;
  for (size_t s = 0; s < a->study->n_scales; s++) {
    double left = a->scale_baseline[s] - (a->model.n_blocks ? 0 : a->irreducible.mean);
    ockham_interval *loss = (ockham_interval *)effect->loss + s, *ceg = (ockham_interval *)effect->ceg + s;
    *loss = (ockham_interval){left * expm1(value), left * expm1(value - half), left * expm1(value + half)};
    *ceg = (ockham_interval){exp(gain * value), exp(gain * (value + half)), exp(gain * (value - half))};
  }
}

/* In the law with it added, unless it is there: then the last two change places. */
static ockham_status fit_interaction(ock_analysis *a, const size_t *pair, ockham_effect *effect, ockham_error *err) {
  ock_arena arena = {0};
  ock_model m = a->model;
  ock_fit fit;
  m.pairs = ock_arena_array(&arena, m.n_pairs + 1, sizeof *m.pairs);
  if (!m.pairs) return ock_no_room(err);
  size_t n = 0;
  for (size_t i = 0; i < a->model.n_pairs; i++)
    if (memcmp(a->model.pairs[i], pair, sizeof *m.pairs)) memcpy(m.pairs[n++], a->model.pairs[i], sizeof *m.pairs);
  memcpy(m.pairs[n++], pair, sizeof *m.pairs);
  m.n_pairs = n;
  bool made = ock_fit_make(&fit, &arena, &m);
  if (made) {
    ock_fit_run(&fit, &m, a->irreducible.mean, true);
    if (fit.kept[ock_n_columns(&m) - 1]) fill_interaction(a, &m, &fit, effect);
  }
  ock_arena_clear(&arena);
  return made ? OCKHAM_OK : ock_no_room(err);
}

static int compare_likeliest(const void *a, const void *b) {
  const ockham_effect *x = a, *y = b;
  if (x->inclusion != y->inclusion) return x->inclusion < y->inclusion ? 1 : -1;
  if (x->p != y->p) return x->p < y->p ? -1 : 1;
  return x->factor != y->factor ? (x->factor < y->factor ? -1 : 1) : (x->other_factor > y->other_factor) * 2 - 1;
}

static ockham_status adjust(ock_analysis *a, ockham_error *err) {
  size_t n = a->out->n_interactions;
  double *p = ock_arena_array(&a->scratch, n, sizeof *p);
  if (!p) return ock_no_room(err);
  for (size_t i = 0; i < n; i++) p[i] = a->out->interactions[i].p;
  if (!ock_false_discovery(p, n, &a->scratch)) return ock_no_room(err);
  for (size_t i = 0; i < n; i++) {
    ockham_effect *effect = &a->out->interactions[i];
    effect->p_adjusted = p[i];
    double rope = a->how.negligible, exponent = a->model.n_blocks ? NAN : ock_exponent(a, a->fit.coefficients);
    bool small = fmax(fabs(effect->log_loss.low), fabs(effect->log_loss.high)) / exponent <= log(rope);
    effect->verdict = small                           ? OCKHAM_EFFECT_NEGLIGIBLE
                      : !(p[i] <= a->how.false_calls) ? OCKHAM_EFFECT_UNDECIDED
                      : effect->log_loss.value < 0    ? OCKHAM_EFFECT_HELPS
                                                      : OCKHAM_EFFECT_HURTS;
  }
  return OCKHAM_OK;
}

ockham_status ock_interactions_find(ock_analysis *a, const ock_pairs *pairs, ockham_error *err) {
  size_t n = 0;
  for (size_t i = 0; i < pairs->n; i++) n += pairs->told[i];
  a->out->interactions = ock_effects_new(a, n);
  if (!a->out->interactions) return ock_no_room(err);
  for (size_t i = 0; i < pairs->n; i++) {
    if (!pairs->told[i]) continue;
    ockham_effect *effect = &a->out->interactions[a->out->n_interactions++];
    const ock_main *x = &a->mains[pairs->items[i][0]], *y = &a->mains[pairs->items[i][1]];
    effect->factor = x->factor, effect->level = x->level;
    effect->other_factor = y->factor, effect->other_level = y->level;
    effect->inclusion = a->inclusion[2 * a->n_mains + i];
    OCK_TRY(fit_interaction(a, pairs->items[i], effect, err));
  }
  OCK_TRY(adjust(a, err));
  qsort(a->out->interactions, n, sizeof *a->out->interactions, compare_likeliest);
  return OCKHAM_OK;
}
