/* SPDX-License-Identifier: Apache-2.0 */
/* D-optimal designs against R's, against every choice of cells, and against regular fractions. */
#include "ablate/studies.h"
#include "test.h"

enum { MOST_CELLS = 64, MOST_FACTORS = 16 };

static double efficiency(const ock_design_model *model, const uint8_t *cells, size_t n) {
  double log_det = NAN;
  assert_true(ock_design_log_det(model, cells, n, &log_det));
  return exp(log_det / (double)model->n_terms) / (double)n;
}

/* The search itself, without the short cut by a regular fraction; cells are allowed and different. */
static double search(const ock_design_model *model, size_t n, uint64_t seed, uint8_t *cells) {
  size_t k = model->n_factors;
  assert_ok(ock_design_optimal(model, n, seed, cells, err));
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(ock_design_broken(model, cells + i * k), model->n_forbidden);
    for (size_t f = 0; f < k; f++) assert_true(cells[i * k + f] < model->factors[f].n_levels);
    if (i) assert_true(memcmp(cells + (i - 1) * k, cells + i * k, k) < 0);
  }
  return efficiency(model, cells, n);
}

/* Efficiencies of optFederov() of the R package AlgDesign 1.2.1.2, the best of 100 starts each over all allowed cells,
 * rescored with contr.helmert() scaled to the squares' sum that a level has on average, as here. */
static void test_against_algdesign(void **state) {
  static const ockham_study_forbidden two[] = {{{0, 1}, {1, 2}}, {{2, 3}, {3, 0}}};
  static const ockham_study_forbidden three[] = {{{2, 0}, {2, 2}}, {{0, 1}, {0, 1}}, {{0, 1}, {0, 2}}};
  static const struct {
    size_t n_factors, levels[6], n_cells;
    const ockham_study_forbidden *forbidden;
    size_t n_forbidden;
    double efficiency;
  } cases[] = {
      {3, {2, 3, 4}, 9, NULL, 0, .917936888408},
      {3, {2, 3, 4}, 12, NULL, 0, .983314621037},
      {3, {3, 3, 3}, 9, NULL, 0, 1},
      {3, {3, 3, 3}, 12, NULL, 0, .958188392526},
      {4, {2, 2, 3, 5}, 14, NULL, 0, .959304864029},
      {5, {2, 2, 2, 2, 2}, 10, NULL, 0, .96405690567},
      {3, {7, 3, 3}, 15, NULL, 0, .912971570516},
      {4, {3, 3, 4, 2}, 14, two, 2, .922382955911},
      {5, {3, 3, 4, 2, 2}, 18, three, 3, .905764324689},
      {6, {5, 2, 4, 4, 3, 2}, 20, NULL, 0, .966530806739},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ockham_study_factor factors[6];
    uint8_t cells[MOST_CELLS * 6];
    make_factors(factors, cases[i].n_factors, cases[i].levels);
    ock_design_model model =
        ock_design_model_make(factors, cases[i].n_factors, cases[i].forbidden, cases[i].n_forbidden, NULL, 0);
    double found = search(&model, cases[i].n_cells, 1, cells);
    if (!(found > .997 * cases[i].efficiency && found <= 1 + 1e-12))
      fail_msg("case %zu: efficiency %.9f, not %.9f", i, found, cases[i].efficiency);
    if (cases[i].n_cells < 20) assert_close(found, cases[i].efficiency, 1e-9);
  }
}

/* ---- every choice of cells ---- */

static double best_of_all(const ock_design_model *model, const uint8_t *listed, size_t n_listed, size_t kept,
                          uint8_t *chosen, size_t n_chosen, size_t n, size_t from) {
  size_t k = model->n_factors;
  if (n_chosen == n) return efficiency(model, chosen, n);
  double best = -1;
  for (size_t c = from; c + (n - n_chosen) <= n_listed; c++) {
    if (kept < n_listed && c > kept && n_chosen == 0) break; /* kept is 0 where it is used */
    memcpy(chosen + n_chosen * k, listed + c * k, k);
    best = fmax(best, best_of_all(model, listed, n_listed, kept, chosen, n_chosen + 1, n, c + 1));
  }
  return best;
}

static void test_exhaustive(void **state) {
  static const ockham_study_forbidden rules[] = {{{0, 1}, {1, 1}}, {{1, 2}, {0, 2}}};
  static const struct {
    size_t n_factors, levels[4], n_cells, n_forbidden;
  } cases[] = {{3, {2, 2, 2}, 4, 0},    {3, {2, 2, 2}, 5, 0}, {3, {2, 2, 2}, 6, 0}, {4, {2, 2, 2, 2}, 6, 0},
               {4, {2, 2, 2, 2}, 7, 0}, {2, {3, 4}, 7, 0},    {3, {2, 3, 3}, 6, 0}, {3, {2, 3, 3}, 7, 2},
               {3, {2, 2, 3}, 6, 2},    {2, {4, 4}, 9, 0}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ockham_study_factor factors[4];
    uint8_t cells[MOST_CELLS * 4], *listed;
    size_t n_listed;
    make_factors(factors, cases[i].n_factors, cases[i].levels);
    ock_design_model model = ock_design_model_make(factors, cases[i].n_factors, rules, cases[i].n_forbidden, NULL, 0);
    assert_ok(ock_design_allowed(&model, MOST_CELLS, &listed, &n_listed, err));
    double best = best_of_all(&model, listed, n_listed, SIZE_MAX, cells, 0, cases[i].n_cells, 0);
    assert_close(search(&model, cases[i].n_cells, 5, cells), best, 1e-9);
    ock_free(listed);
  }
}

/* Some of a list, one of them given. */
static void test_subset(void **state) {
  static const size_t sizes[] = {6, 7, 8};
  ockham_study_factor factors[5];
  ockham_design design;
  (void)state;
  make_factors(factors, 5, NULL);
  ock_design_model model = ock_design_model_make(factors, 5, NULL, 0, NULL, 0);
  assert_ok(ockham_design_make(OCKHAM_DESIGN_FRACTION, 16, factors, 5, NULL, 0, NULL, 0, 1, &design, err));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t picked[16];
    uint8_t cells[16 * 5];
    assert_ok(ock_design_subset(&model, design.levels, 16, sizes[i], 0, 3, picked, err));
    assert_int_equal(picked[0], 0);
    for (size_t c = 0; c < sizes[i]; c++) {
      if (c) assert_true(picked[c] > picked[c - 1] && picked[c] < 16);
      memcpy(cells + c * 5, design.levels + picked[c] * 5, 5);
    }
    double found = efficiency(&model, cells, sizes[i]);
    assert_close(found, best_of_all(&model, design.levels, 16, 0, cells, 0, sizes[i], 0), 1e-9);
  }
  ockham_design_clear(&design);
}

/* ---- regular fractions ---- */

/* The search finds efficiency 1 by itself; asked for by its public name the design is the regular one. */
static void test_as_good_as_regular(void **state) {
  static const size_t sizes[][2] = {{2, 4}, {3, 4}, {4, 8}, {7, 8}, {5, 16}, {8, 16}};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ockham_study_factor factors[MOST_FACTORS];
    uint8_t cells[MOST_CELLS * MOST_FACTORS];
    ockham_design regular, optimal;
    make_factors(factors, sizes[i][0], NULL);
    ock_design_model model = ock_design_model_make(factors, sizes[i][0], NULL, 0, NULL, 0);
    assert_close(search(&model, sizes[i][1], 2, cells), 1, 1e-12);
    assert_ok(ockham_design_make(OCKHAM_DESIGN_FRACTION, sizes[i][1], factors, sizes[i][0], NULL, 0, NULL, 0, 1,
                                 &regular, err));
    assert_ok(ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, sizes[i][1], factors, sizes[i][0], NULL, 0, NULL, 0, 1,
                                 &optimal, err));
    assert_int_equal(optimal.resolution, regular.resolution);
    assert_memory_equal(optimal.levels, regular.levels, sizes[i][0] * sizes[i][1]);
    ockham_design_clear(&regular);
    ockham_design_clear(&optimal);
  }
}

/* Plackett & Burman's 12 runs are D-optimal for 11 factors: efficiency 1 without being regular. */
static void test_plackett_burman(void **state) {
  ockham_study_factor factors[11];
  ockham_design design;
  (void)state;
  make_factors(factors, 11, NULL);
  assert_ok(ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, 12, factors, 11, NULL, 0, NULL, 0, 1, &design, err));
  assert_close(design.efficiency, 1, 1e-12);
  assert_int_equal(design.resolution, 0);
  ockham_design_clear(&design);
}

/* A pair is worth more cells, and told from the mains: 2^(4-1) with A*B beside C*D cannot, nine cells can. */
static void test_pairs(void **state) {
  static const size_t pairs[] = {0, 1, 2, 3};
  ockham_study_factor factors[4];
  ockham_design design;
  ockham_error error = {0};
  double with, without;
  (void)state;
  make_factors(factors, 4, NULL);
  ock_design_model model = ock_design_model_make(factors, 4, NULL, 0, pairs, 2);
  assert_int_equal(model.n_terms, 7);
  assert_ok(ockham_design_make(OCKHAM_DESIGN_FRACTION, 8, factors, 4, NULL, 0, NULL, 0, 1, &design, err));
  assert_true(ock_design_log_det(&model, design.levels, 8, &without));
  assert_true(isinf(without));
  ockham_design_clear(&design);
  assert_int_equal(ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, 6, factors, 4, NULL, 0, pairs, 2, 1, &design, &error),
                   OCKHAM_BAD_ARGUMENT);
  assert_ok(ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, 8, factors, 4, NULL, 0, pairs, 2, 1, &design, err));
  assert_true(ock_design_log_det(&model, design.levels, 8, &with));
  assert_true(isfinite(with));
  ockham_design_clear(&design);
}

/* A factor whose second level is never allowed. */
static void test_untold_level(void **state) {
  static const ockham_study_forbidden rules[] = {{{0, 1}, {1, 0}}, {{0, 1}, {1, 1}}};
  ockham_study_factor factors[4];
  ockham_design design;
  ockham_error error = {0};
  (void)state;
  make_factors(factors, 4, NULL);
  assert_int_equal(ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, 6, factors, 4, rules, 2, NULL, 0, 1, &design, &error),
                   OCKHAM_BAD_ARGUMENT);
  assert_non_null(strstr(error.message, "5 terms"));
}

/* ---- over random studies ---- */

static void test_random_rules(void **state) {
  ock_rng rng = ock_rng_make(3, 0);
  size_t n_made = 0;
  (void)state;
  for (size_t i = 0; i < 30; i++) {
    ockham_study_factor factors[5];
    ockham_study_forbidden rules[4];
    size_t levels[5], k = 2 + ock_rng_below(&rng, 4), n_rules = ock_rng_below(&rng, 5);
    ockham_design design, again;
    ockham_error error = {0};
    for (size_t f = 0; f < k; f++) levels[f] = 2 + ock_rng_below(&rng, 3);
    make_factors(factors, k, levels);
    for (size_t r = 0; r < n_rules; r++) {
      size_t a = ock_rng_below(&rng, k), b = (a + 1 + ock_rng_below(&rng, k - 1)) % k;
      rules[r] = (ockham_study_forbidden){{a, b}, {ock_rng_below(&rng, levels[a]), ock_rng_below(&rng, levels[b])}};
    }
    if (ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, 0, factors, k, rules, n_rules, NULL, 0, i, &design, &error))
      continue;
    n_made++;
    assert_true(design.efficiency > 0 && design.efficiency <= 1 + 1e-12);
    for (size_t x = 0; x < design.n_cells; x++) {
      assert_false(cell_breaks(design.levels + x * k, rules, n_rules));
      for (size_t y = 0; y < x; y++) assert_memory_not_equal(design.levels + x * k, design.levels + y * k, k);
    }
    assert_ok(ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, 0, factors, k, rules, n_rules, NULL, 0, i, &again, err));
    assert_int_equal(again.n_cells, design.n_cells);
    assert_memory_equal(again.levels, design.levels, design.n_cells * k);
    ockham_design_clear(&design);
    ockham_design_clear(&again);
  }
  assert_true(n_made > 20);
}

/* More cells than can be listed, and rules that leave only some: from random starts. */
static void test_unlisted(void **state) {
  ockham_study_factor factors[14];
  ockham_study_forbidden rules[] = {{{0, 1}, {0, 0}}, {{2, 3}, {1, 1}}, {{4, 13}, {0, 1}}};
  ockham_design design;
  (void)state;
  make_factors(factors, 14, NULL);
  assert_ok(ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, 24, factors, 14, rules, 3, NULL, 0, 1, &design, err));
  for (size_t x = 0; x < 24; x++) assert_false(cell_breaks(design.levels + x * 14, rules, 3));
  assert_true(design.efficiency > .85);
  ockham_design_clear(&design);
}

static void test_allocation_failures(void **state) {
  ockham_study_factor factors[3];
  ockham_study_forbidden rule = {{0, 1}, {1, 2}};
  (void)state;
  make_factors(factors, 3, (size_t[]){2, 3, 2});
  for_each_allocation_failure(n) {
    ockham_design design = {0};
    ockham_error error = {0};
    ock_fault_after(n);
    ockham_status status =
        ockham_design_make(OCKHAM_DESIGN_D_OPTIMAL, 7, factors, 3, &rule, 1, NULL, 0, 7, &design, &error);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    ockham_design_clear(&design);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_algdesign),
      cmocka_unit_test(test_exhaustive),
      cmocka_unit_test(test_subset),
      cmocka_unit_test(test_as_good_as_regular),
      cmocka_unit_test(test_plackett_burman),
      cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_untold_level),
      cmocka_unit_test(test_random_rules),
      cmocka_unit_test(test_unlisted),
      cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
