/* SPDX-License-Identifier: Apache-2.0 */
/* Designs: which cells of all combinations are run. */
#include <string.h>

#include "ablate/design.h"

enum { MOST_FULL = 65536, MOST_LEVELS = 32, MOST_CHOSEN = 4096 };

typedef struct request {
  const ock_design_model *model; /* with the pairs */
  size_t n_cells;                /* as asked for, 0 too */
  uint64_t seed;
} request;

void ockham_design_clear(ockham_design *design) {
  if (!design) return;
  for (size_t i = 0; i < design->n_aliases; i++) ock_free(design->aliases[i]);
  ock_free(design->aliases);
  ock_free(design->levels);
  *design = (ockham_design){0};
}

/* ---- what was asked ---- */

static ockham_status check_rules(const ock_design_model *model, ockham_error *err) {
  for (size_t r = 0; r < model->n_forbidden; r++) {
    for (size_t i = 0; i < 2; i++) {
      size_t factor = model->forbidden[r].factor[i], level = model->forbidden[r].level[i];
      if (factor >= model->n_factors)
        return ock_fail(err, OCKHAM_BAD_ARGUMENT, "forbidden combination %zu: expected a factor below %zu, found %zu",
                        r + 1, model->n_factors, factor);
      if (level >= model->factors[factor].n_levels)
        return ock_fail(err, OCKHAM_BAD_ARGUMENT, "forbidden combination %zu: expected a level below %zu, found %zu",
                        r + 1, model->factors[factor].n_levels, level);
    }
  }
  return OCKHAM_OK;
}

static ockham_status check(const ock_design_model *model, ockham_error *err) {
  if (!model->n_factors || model->n_factors > OCK_FRACTION_MOST_FACTORS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected 1 to %d factors, found %zu", OCK_FRACTION_MOST_FACTORS,
                    model->n_factors);
  for (size_t f = 0; f < model->n_factors; f++) {
    size_t n = model->factors[f].n_levels;
    if (n < 2 || n > MOST_LEVELS)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "factor %s: expected 2 to %d levels, found %zu", model->factors[f].name,
                      MOST_LEVELS, n);
  }
  for (size_t p = 0; p < model->n_pairs; p++) {
    size_t a = model->pairs[2 * p], b = model->pairs[2 * p + 1];
    if (a >= model->n_factors || b >= model->n_factors || a == b)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "pair %zu: expected two factors below %zu, found %zu and %zu", p + 1,
                      model->n_factors, a, b);
  }
  return check_rules(model, err);
}

static bool has_two_levels(const ock_design_model *model) {
  bool two = true;
  for (size_t f = 0; f < model->n_factors; f++) two = two && model->factors[f].n_levels == 2;
  return two;
}

static ockham_status take_cells(ockham_design *design, size_t n_cells, size_t n_factors, ockham_error *err) {
  design->n_cells = n_cells;
  design->n_factors = n_factors;
  design->levels = ock_alloc_zeroed(n_cells, n_factors);
  return design->levels ? OCKHAM_OK
                        : ock_fail_memory(err, "the cells of a design", ock_size_product(n_cells, n_factors));
}

/* ---- kinds ---- */

static ockham_status make_full(const request *r, ockham_design *design, ockham_error *err) {
  OCK_TRY(ock_design_allowed(r->model, MOST_FULL, &design->levels, &design->n_cells, err));
  design->n_factors = r->model->n_factors;
  if (!design->n_cells) return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected an allowed combination, found none");
  if (design->n_cells > MOST_FULL)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected at most %d combinations in a full design, found more",
                    MOST_FULL);
  return OCKHAM_OK;
}

ockham_status ock_fraction_fill(const ock_fraction *fraction, const ockham_study_factor *factors, ockham_design *design,
                                ockham_error *err) {
  OCK_TRY(take_cells(design, (size_t)1 << fraction->n_basic, fraction->n_factors, err));
  for (size_t x = 0; x < design->n_cells; x++) {
    for (size_t i = 0; i < fraction->n_factors; i++)
      design->levels[x * fraction->n_factors + i] = (uint8_t)ock_parity(fraction->column[i] & (unsigned)x);
  }
  design->resolution = ock_fraction_resolution(fraction);
  return ock_fraction_aliases(fraction, factors, &design->aliases, &design->n_aliases, err);
}

/* The number of basic factors of so many cells, 0: the fewest without a word of three letters. */
static ockham_status find_n_basic(size_t n_factors, size_t n_cells, size_t *n_basic, ockham_error *err) {
  size_t m = 1;
  if (!n_cells) {
    while ((size_t)1 << (m - 1) < n_factors) m++;
  } else {
    while (m < OCK_FRACTION_MOST_BASIC && (size_t)1 << m < n_cells) m++;
    if (n_cells != (size_t)1 << m)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected 2, 4, 8, ... or %d cells of a fraction, found %zu",
                      1 << OCK_FRACTION_MOST_BASIC, n_cells);
  }
  if ((size_t)1 << m <= n_factors)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected more cells than the %zu factors, found %zu", n_factors,
                    (size_t)1 << m);
  if (m > n_factors)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected at most %zu cells, which is every combination, found %zu",
                    (size_t)1 << n_factors, (size_t)1 << m);
  *n_basic = m;
  return OCKHAM_OK;
}

static ockham_status make_fraction(const request *r, ockham_design *design, ockham_error *err) {
  ock_fraction fraction;
  size_t n_basic = 0;
  for (size_t f = 0; f < r->model->n_factors; f++) {
    if (r->model->factors[f].n_levels != 2)
      return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                      "a fraction: expected factors of two levels, found %s with %zu (a d-optimal design takes them)",
                      r->model->factors[f].name, r->model->factors[f].n_levels);
  }
  if (r->model->n_forbidden)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                    "a fraction: expected no forbidden combinations, found %zu (a d-optimal design takes them)",
                    r->model->n_forbidden);
  OCK_TRY(find_n_basic(r->model->n_factors, r->n_cells, &n_basic, err));
  ock_fraction_search(r->model->n_factors, n_basic, &fraction);
  return ock_fraction_fill(&fraction, r->model->factors, design, err);
}

/* A regular fraction is D-optimal for main effects, and of those sets the one that says the most about pairs. */
static bool is_regular(const request *r, size_t n_cells) {
  size_t k = r->model->n_factors;
  bool power = n_cells > 1 && n_cells <= 1u << OCK_FRACTION_MOST_BASIC && (n_cells & (n_cells - 1)) == 0;
  return power && has_two_levels(r->model) && !r->model->n_forbidden && !r->model->n_pairs && n_cells > k &&
         (k > OCK_FRACTION_MOST_BASIC || n_cells <= (size_t)1 << k);
}

static ockham_status make_optimal(const request *r, ockham_design *design, ockham_error *err) {
  size_t n_terms = r->model->n_terms, n_cells = r->n_cells ? r->n_cells : n_terms + (n_terms + 1) / 2;
  if (!r->n_cells) { /* all, where there are not so many */
    uint8_t *cells;
    size_t n_allowed;
    OCK_TRY(ock_design_allowed(r->model, n_cells, &cells, &n_allowed, err));
    ock_free(cells);
    if (n_allowed < n_cells) n_cells = n_allowed;
  }
  if (n_cells > MOST_CHOSEN)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "a d-optimal design: expected at most %d cells, found %zu", MOST_CHOSEN,
                    n_cells);
  if (n_cells < n_terms)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected at least %zu cells, one a term, found %zu", n_terms, n_cells);
  if (is_regular(r, n_cells)) return make_fraction(&(request){r->model, n_cells, r->seed}, design, err);
  OCK_TRY(take_cells(design, n_cells, r->model->n_factors, err));
  return ock_design_optimal(r->model, n_cells, r->seed, design->levels, err);
}

static ockham_status check_cell(const ock_design_model *model, const uint8_t *cell, const char *what,
                                ockham_error *err) {
  size_t rule = ock_design_broken(model, cell);
  if (rule == model->n_forbidden) return OCKHAM_OK;
  const ockham_study_forbidden *f = &model->forbidden[rule];
  return ock_fail(err, OCKHAM_BAD_ARGUMENT,
                  "%s: expected an allowed combination, found forbidden combination %zu (%s, %s)", what, rule + 1,
                  model->factors[f->factor[0]].name, model->factors[f->factor[1]].name);
}

/* The baseline, and it with each level of each factor. */
static ockham_status make_add_one_in(const request *r, ockham_design *design, ockham_error *err) {
  size_t k = r->model->n_factors, n = 1;
  for (size_t f = 0; f < k; f++) n += r->model->factors[f].n_levels - 1;
  OCK_TRY(take_cells(design, n, k, err));
  uint8_t *cell = design->levels + k;
  for (size_t f = 0; f < k; f++) {
    for (size_t l = 1; l < r->model->factors[f].n_levels; l++, cell += k) cell[f] = (uint8_t)l;
  }
  for (size_t i = 0; i < n; i++) OCK_TRY(check_cell(r->model, design->levels + i * k, "add-one-in", err));
  return OCKHAM_OK;
}

/* Every factor at its second level, and it with each factor back at its first. */
static ockham_status make_leave_one_out(const request *r, ockham_design *design, ockham_error *err) {
  size_t k = r->model->n_factors;
  OCK_TRY(take_cells(design, k + 1, k, err));
  memset(design->levels, 1, (k + 1) * k);
  for (size_t f = 0; f < k; f++) design->levels[(f + 1) * k + f] = 0;
  for (size_t i = 0; i <= k; i++) OCK_TRY(check_cell(r->model, design->levels + i * k, "leave-one-out", err));
  return OCKHAM_OK;
}

/* ---- what it is worth ---- */

/* 0 where levels are missing, as after leave-one-out with more than two of them. */
ockham_status ock_design_weigh(const ock_design_model *model, ockham_design *design, ockham_error *err) {
  ock_design_model mains = *model;
  double log_det;
  mains.n_pairs = 0;
  mains.n_terms = ock_design_model_make(model->factors, model->n_factors, NULL, 0, NULL, 0).n_terms;
  if (!ock_design_log_det(&mains, design->levels, design->n_cells, &log_det))
    return ock_fail_memory(err, "the efficiency of a design", design->n_cells * mains.n_terms * sizeof(double));
  design->efficiency = exp(log_det / (double)mains.n_terms) / (double)design->n_cells;
  return OCKHAM_OK;
}

static ockham_status make(ockham_design_kind kind, const request *r, ockham_design *design, ockham_error *err) {
  static ockham_status (*const makers[OCKHAM_N_DESIGNS])(const request *, ockham_design *, ockham_error *) = {
      [OCKHAM_DESIGN_FULL] = make_full,
      [OCKHAM_DESIGN_FRACTION] = make_fraction,
      [OCKHAM_DESIGN_D_OPTIMAL] = make_optimal,
      [OCKHAM_DESIGN_ADD_ONE_IN] = make_add_one_in,
      [OCKHAM_DESIGN_LEAVE_ONE_OUT] = make_leave_one_out};
  if ((unsigned)kind >= OCKHAM_N_DESIGNS)
    return ock_fail(err, OCKHAM_BAD_ARGUMENT, "expected a kind of design below %d, found %d", (int)OCKHAM_N_DESIGNS,
                    (int)kind);
  OCK_TRY(makers[kind](r, design, err));
  return ock_design_weigh(r->model, design, err);
}

ockham_status ockham_design_make(ockham_design_kind kind, size_t n_cells, const ockham_study_factor *factors,
                                 size_t n_factors, const ockham_study_forbidden *forbidden, size_t n_forbidden,
                                 const size_t *pairs, size_t n_pairs, uint64_t seed, ockham_design *design,
                                 ockham_error *err) {
  ockham_design made = {0};
  ock_design_model model = {n_factors, n_forbidden, n_pairs, 0, factors, forbidden, pairs};
  OCK_TRY(check(&model, err));
  model = ock_design_model_make(factors, n_factors, forbidden, n_forbidden, pairs, n_pairs);
  ockham_status status = make(kind, &(request){&model, n_cells, seed}, &made, err);
  if (status) {
    ockham_design_clear(&made);
    return status;
  }
  *design = made;
  return OCKHAM_OK;
}
