/* SPDX-License-Identifier: Apache-2.0 */
/* What every plan must hold, over random studies; and numbers that stay. */
#include "ablate/plans.h"

/* Runs that are no probes, of a cell at a scale. */
static size_t count_cell(const ockham_plan *plan, size_t n_factors, size_t scale, const uint8_t *levels) {
  size_t n = 0;
  for (size_t i = 0; i < plan->n_runs; i++) {
    const ockham_run *run = &plan->runs[i];
    n += run->scale == scale && run->purpose != OCKHAM_PURPOSE_PROBE && !memcmp(run->levels, levels, n_factors);
  }
  return n;
}

static size_t count_purpose(const ockham_plan *plan, size_t scale, ockham_purpose purpose) {
  size_t n = 0;
  for (size_t i = 0; i < plan->n_runs; i++) n += plan->runs[i].scale == scale && plan->runs[i].purpose == purpose;
  return n;
}

static bool holds_cell(const ockham_design *design, const uint8_t *levels) {
  for (size_t x = 0; x < design->n_cells; x++) {
    if (memcmp(design->levels + x * design->n_factors, levels, design->n_factors) == 0) return true;
  }
  return false;
}

/* ---- what every plan holds ---- */

static void check_order(const ockham_study *study, const ockham_plan *plan) {
  bool seen_other = false;
  size_t n = 0;
  for (size_t i = 0; i < plan->n_runs; i++) {
    const ockham_run *run = &plan->runs[i];
    assert_int_equal(run->id, i + 1);
    assert_int_equal(run->outcome, OCKHAM_OUTCOME_WAITING);
    assert_true(isnan(run->loss) && isnan(run->flops));
    assert_false(cell_breaks(run->levels, study->forbidden, study->n_forbidden));
    if (i) assert_true(run->scale >= plan->runs[i - 1].scale);
    if (run->purpose == OCKHAM_PURPOSE_PROBE) {
      assert_false(seen_other);
      assert_int_equal(run->scale, 0);
      assert_true(run->rate > 0);
    } else {
      seen_other = true;
      assert_true(study->n_rates > 1 ? run->rate == 0 : run->rate > 0);
    }
  }
  for (size_t s = 0; s < plan->n_scales; s++) n += plan->scales[s].n_runs;
  assert_int_equal(n, plan->n_runs);
}

/* A cell has seeds 1, 2, ... beyond the study's, each once; probes have the study's, and each rate once. */
static void check_seeds(const ockham_study *study, const ockham_plan *plan) {
  size_t k = study->n_factors;
  for (size_t i = 0; i < plan->n_runs; i++) {
    const ockham_run *run = &plan->runs[i];
    bool probe = run->purpose == OCKHAM_PURPOSE_PROBE;
    size_t n_same = 0;
    for (size_t j = 0; j < plan->n_runs; j++) {
      const ockham_run *other = &plan->runs[j];
      if (other->scale != run->scale || memcmp(other->levels, run->levels, k) != 0) continue;
      if ((other->purpose == OCKHAM_PURPOSE_PROBE) != probe || other->seed != run->seed) continue;
      n_same += !probe || other->rate == run->rate;
    }
    assert_int_equal(n_same, 1);
    if (probe) {
      assert_int_equal(run->seed, study->seed);
      assert_true(count_cell(plan, k, 0, run->levels) + count_cell(plan, k, 1, run->levels) +
                      count_cell(plan, k, 2, run->levels) >
                  0);
    } else {
      size_t n = count_cell(plan, k, run->scale, run->levels);
      assert_true(run->seed > study->seed && run->seed <= study->seed + n);
    }
  }
}

static void check_cells(const ockham_study *study, const ockham_plan *plan) {
  static const uint8_t baseline[OCK_FRACTION_MOST_FACTORS] = {0};
  size_t seeds = study->seeds ? study->seeds : 1, k = study->n_factors;
  uint8_t recipe[OCK_FRACTION_MOST_FACTORS];
  memset(recipe, 1, sizeof recipe);
  for (size_t s = 0; s < study->n_scales; s++) {
    const ockham_design *design = &plan->designs[s];
    size_t replicates = study->scales[s].replicates;
    assert_int_equal(count_purpose(plan, s, OCKHAM_PURPOSE_DESIGN), design->n_cells * seeds);
    assert_true(count_cell(plan, k, s, baseline) >= (replicates > seeds ? replicates : seeds));
    if (holds_cell(design, baseline)) assert_int_equal(count_cell(plan, k, s, baseline), seeds + replicates);
    if (!cell_breaks(recipe, study->forbidden, study->n_forbidden))
      assert_true(count_cell(plan, k, s, recipe) >= replicates);
    for (size_t t = 0; t < study->n_scales; t++) { /* the smaller is a part of the larger */
      if (plan->designs[t].n_cells < design->n_cells) continue;
      for (size_t x = 0; x < design->n_cells; x++)
        assert_true(holds_cell(&plan->designs[t], design->levels + x * design->n_factors));
    }
  }
}

/* Every change alone at the smallest scale, unless it is forbidden. */
static void check_one_at_a_time(const ockham_study *study, const ockham_plan *plan) {
  size_t k = study->n_factors;
  for (size_t f = 0; f < k; f++) {
    uint8_t added[OCK_FRACTION_MOST_FACTORS] = {0}, left[OCK_FRACTION_MOST_FACTORS];
    memset(left, 1, sizeof left);
    added[f] = 1;
    left[f] = 0;
    if (study->add_one_in && !cell_breaks(added, study->forbidden, study->n_forbidden))
      assert_true(count_cell(plan, k, 0, added) > 0);
    if (study->leave_one_out && !cell_breaks(left, study->forbidden, study->n_forbidden))
      assert_true(count_cell(plan, k, 0, left) > 0);
  }
}

static void check_same(const ockham_plan *a, const ockham_plan *b, size_t n_factors) {
  assert_int_equal(a->n_runs, b->n_runs);
  for (size_t i = 0; i < a->n_runs; i++) {
    assert_int_equal(a->runs[i].id, b->runs[i].id);
    assert_int_equal(a->runs[i].scale, b->runs[i].scale);
    assert_int_equal(a->runs[i].seed, b->runs[i].seed);
    assert_memory_equal(a->runs[i].levels, b->runs[i].levels, n_factors);
  }
}

static void draw_study(ock_rng *rng, setup *s, ockham_study_forbidden *rules) {
  static const double rates[] = {.5, 1, 2};
  make_setup(s, 2 + ock_rng_below(rng, 6), 1 + ock_rng_below(rng, 3));
  ockham_study *study = &s->study;
  size_t k = study->n_factors, n_terms = 1;
  bool mixed = ock_rng_below(rng, 2);
  study->design = mixed ? OCKHAM_DESIGN_D_OPTIMAL : OCKHAM_DESIGN_FRACTION;
  for (size_t f = 0; f < k; f++) {
    s->factors[f].n_levels = mixed ? 2 + ock_rng_below(rng, 2) : 2;
    n_terms += s->factors[f].n_levels - 1;
  }
  if (mixed && k > 2 && ock_rng_below(rng, 2)) {
    rules[0] = (ockham_study_forbidden){{0, 1 + ock_rng_below(rng, k - 1)}, {1, ock_rng_below(rng, 2)}};
    study->forbidden = rules;
    study->n_forbidden = 1;
  }
  for (size_t i = 1; i < study->n_scales; i++) s->scales[i].design_runs = ock_rng_below(rng, 2) ? n_terms : 0;
  for (size_t i = 0; i < study->n_scales; i++) s->scales[i].replicates = ock_rng_below(rng, 4);
  study->seeds = ock_rng_below(rng, 3);
  study->add_one_in = ock_rng_below(rng, 2);
  study->leave_one_out = ock_rng_below(rng, 2);
  study->rates = rates;
  study->n_rates = ock_rng_below(rng, 4);
  study->seed = ock_rng_below(rng, 1000);
}

static void test_random_studies(void **state) {
  ock_rng rng = ock_rng_make(17, 0);
  size_t n_made = 0;
  (void)state;
  for (size_t i = 0; i < 40; i++) {
    setup s;
    ockham_study_forbidden rules[1];
    ockham_plan *plan, *again;
    ockham_error error = {0};
    draw_study(&rng, &s, rules);
    if (ockham_plan_make(&s.study, NULL, 0, &plan, &error)) {
      assert_int_equal(error.status, OCKHAM_BAD_ARGUMENT); /* too few allowed cells */
      continue;
    }
    n_made++;
    check_order(&s.study, plan);
    check_seeds(&s.study, plan);
    check_cells(&s.study, plan);
    check_one_at_a_time(&s.study, plan);
    again = plan_with(&s.study, NULL, 0);
    check_same(plan, again, s.study.n_factors);
    ockham_plan_free(again);
    ockham_plan_free(plan);
  }
  assert_true(n_made > 30);
}

/* The study of the notes: 2^(8-4) at two scales, twelve of its cells at the third. */
static void test_components(void **state) {
  static const double rates[] = {.5, 1, 2};
  setup s;
  (void)state;
  make_setup(&s, 8, 3);
  s.scales[2].design_runs = 12;
  s.scales[2].replicates = 3;
  s.study.rates = rates;
  s.study.n_rates = 3;
  s.study.add_one_in = true;
  ockham_plan *plan = plan_with(&s.study, NULL, 0);
  assert_int_equal(plan->designs[0].resolution, 4);
  assert_int_equal(plan->designs[1].n_cells, 16);
  assert_int_equal(plan->designs[2].n_cells, 12);
  assert_int_equal(plan->designs[2].resolution, 0);
  assert_true(plan->designs[2].efficiency > .8);
  assert_int_equal(plan->scales[0].n_runs, 3 * 24 + 16 + 8 + 12); /* the baseline and the recipe are in the fraction */
  assert_int_equal(plan->scales[1].n_runs, 16 + 12);
  assert_int_equal(plan->scales[2].n_runs, 12 + 6);
  assert_int_equal(plan->scales[0].degrees, 12);
  assert_true(isnan(plan->core_seconds) && isnan(plan->scales[0].detectable_loss) && !plan->underpowered);
  ockham_plan_free(plan);
}

/* Parts of parts stay regular, and main effects clear of pairs at every scale where fractions of its size can have
 * that: for eight factors 64 cells of resolution V have no 32 of IV, so the 64 are others. */
static void test_nested_fractions(void **state) {
  static const size_t cases[][8] = {{7, 3, 32, 16, 8, 4, 4, 3},
                                    {8, 2, 64, 32, 0, 4, 4, 0},
                                    {8, 2, 32, 16, 0, 4, 4, 0},
                                    {5, 2, 32, 16, 0, 0, 5, 0},
                                    {12, 3, 32, 64, 128, 4, 4, 4}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    setup s;
    make_setup(&s, cases[i][0], cases[i][1]);
    for (size_t j = 0; j < cases[i][1]; j++) s.scales[j].design_runs = cases[i][2 + j];
    ockham_plan *plan = plan_with(&s.study, NULL, 0);
    for (size_t j = 0; j < cases[i][1]; j++) {
      assert_int_equal(plan->designs[j].n_cells, cases[i][2 + j]);
      assert_int_equal(plan->designs[j].resolution, cases[i][5 + j]);
      assert_close(plan->designs[j].efficiency, 1, 1e-12);
    }
    check_cells(&s.study, plan);
    ockham_plan_free(plan);
  }
}

/* The full design at the smallest scale, parts of it above: also of more combinations than a fraction has. */
static void test_full_and_parts(void **state) {
  (void)state;
  for (size_t k = 4; k <= 13; k += 9) {
    setup s;
    make_setup(&s, k, 2);
    s.study.design = OCKHAM_DESIGN_FULL;
    s.scales[1].design_runs = k == 4 ? 8 : 32;
    ockham_plan *plan = plan_with(&s.study, NULL, 0);
    assert_int_equal(plan->designs[0].n_cells, 1u << k);
    assert_int_equal(plan->designs[1].resolution, 4);
    if (k == 4) check_cells(&s.study, plan);
    ockham_plan_free(plan);
  }
}

/* ---- numbers ---- */

static const ockham_run *find_run(const ockham_plan *plan, const ockham_run *run, size_t n_factors) {
  for (size_t i = 0; i < plan->n_runs; i++) {
    const ockham_run *found = &plan->runs[i];
    if (found->scale == run->scale && found->seed == run->seed && !memcmp(found->levels, run->levels, n_factors) &&
        (found->purpose == OCKHAM_PURPOSE_PROBE) == (run->purpose == OCKHAM_PURPOSE_PROBE) &&
        (found->purpose != OCKHAM_PURPOSE_PROBE || found->rate == run->rate))
      return found;
  }
  return NULL;
}

static void check_numbers(const ockham_plan *plan, const ockham_run *pilot, size_t n_pilot, size_t n_factors) {
  for (size_t i = 0; i < n_pilot; i++) {
    const ockham_run *run = find_run(plan, &pilot[i], n_factors);
    assert_non_null(run);
    assert_int_equal(run->id, pilot[i].id);
  }
  for (size_t i = 0; i < plan->n_runs; i++) {
    for (size_t j = 0; j < i; j++) assert_int_not_equal(plan->runs[i].id, plan->runs[j].id);
  }
}

static void test_growing_by_scales(void **state) {
  setup s;
  (void)state;
  make_setup(&s, 6, 2);
  ockham_plan *before = plan_with(&s.study, NULL, 0);
  s.study.n_scales = 3;
  ockham_plan *after = plan_with(&s.study, NULL, 0);
  assert_true(after->n_runs > before->n_runs);
  check_numbers(after, before->runs, before->n_runs, 6);
  ockham_plan_free(before);
  ockham_plan_free(after);
}

/* Runs made keep their numbers when seeds are added, the order of what was there stays, and going on later, with some
 * of the new runs made, changes no number of a run that was made. */
static void test_growing_by_seeds(void **state) {
  setup s;
  (void)state;
  make_setup(&s, 6, 2);
  ockham_plan *before = plan_with(&s.study, NULL, 0);
  ockham_plan *same = plan_with(&s.study, before->runs + 5, 9); /* going on: nothing changes */
  check_same(before, same, 6);
  s.study.seeds = 2;
  ockham_plan *after = plan_with(&s.study, before->runs, 40);
  check_numbers(after, before->runs, 40, 6);
  for (size_t i = 0; i < after->n_runs; i++)
    assert_true(after->runs[i].id <= 40 || !find_run(before, &after->runs[i], 6) ||
                find_run(before, &after->runs[i], 6)->id > 40);
  uint64_t last = 0;
  for (size_t i = 0; i < after->n_runs; i++) { /* the order of what was there */
    const ockham_run *run = find_run(before, &after->runs[i], 6);
    if (!run) continue;
    assert_true(run->id > last);
    last = run->id;
  }
  ockham_run made[60];
  size_t n = 0;
  for (size_t i = 0; i < after->n_runs && n < 60; i += 1 + i % 2) made[n++] = after->runs[i];
  ockham_plan *later = plan_with(&s.study, made, n);
  check_numbers(later, made, n, 6);
  ockham_plan_free(before);
  ockham_plan_free(same);
  ockham_plan_free(after);
  ockham_plan_free(later);
}

/* Runs of somebody else have numbers of their own, which nothing else gets. */
static void test_foreign_runs(void **state) {
  static const uint8_t levels[] = {0, 1, 0, 0};
  ockham_run foreign = {.id = 3, .purpose = OCKHAM_PURPOSE_PILOT, .seed = 999, .levels = levels, .loss = 1};
  setup s;
  (void)state;
  make_setup(&s, 4, 1);
  ockham_plan *plan = plan_with(&s.study, &foreign, 1);
  for (size_t i = 0; i < plan->n_runs; i++) assert_int_equal(plan->runs[i].id, 4 + i);
  ockham_plan_free(plan);
}

/* Of many seeds a run is equally often first, and the order is another one at each scale. */
static void test_order_is_random(void **state) {
  enum { N = 160 };
  size_t first[8] = {0}, n_same = 0;
  (void)state;
  for (size_t i = 0; i < N; i++) {
    setup s;
    make_setup(&s, 3, 2);
    s.scales[0].replicates = s.scales[1].replicates = 0;
    s.study.seed = i;
    ockham_plan *plan = plan_with(&s.study, NULL, 0);
    const uint8_t *x = plan->runs[0].levels, *y = plan->runs[8].levels;
    first[x[0] + 2 * x[1] + 4 * x[2]]++;
    n_same += memcmp(x, y, 3) == 0;
    ockham_plan_free(plan);
  }
  double chi2 = 0;
  for (size_t c = 0; c < 8; c++) chi2 += pow((double)first[c] - N / 8.0, 2) / (N / 8.0);
  assert_true(chi2 < 24.3);               /* the 0.1 % point with 7 degrees of freedom */
  assert_true(n_same > 6 && n_same < 40); /* 20 expected */
}

/* ---- what is refused ---- */

static void refuse(const ockham_study *study, const char *message) {
  ockham_error error = {0};
  ockham_plan *plan = (ockham_plan *)1;
  assert_int_equal(ockham_plan_make(study, NULL, 0, &plan, &error), OCKHAM_BAD_ARGUMENT);
  assert_null(plan);
  if (!strstr(error.message, message)) fail_msg("\"%s\" is not in \"%s\"", message, error.message);
}

static void test_refused(void **state) {
  static const double rates[] = {1, -1};
  setup s;
  (void)state;
  make_setup(&s, 8, 2);
  s.scales[1].design_runs = 8;
  refuse(&s.study, "scale S2: expected at least 9 cells, one a term, found 8");
  s.scales[1].design_runs = 0;
  s.study.seeds = 100000;
  refuse(&s.study, "at most 1000000 runs");
  s.study.seeds = 1;
  s.study.n_rates = 2;
  s.study.rates = rates;
  refuse(&s.study, "rates above 0, found -1");
  s.study.n_rates = 0;
  s.factors[2].n_levels = 3;
  refuse(&s.study, "found C with 3");
  s.study.n_scales = 0;
  refuse(&s.study, "at least one scale");
}

static void test_allocation_failures(void **state) {
  static const double rates[] = {1, 2};
  ockham_run pilot[4];
  setup s;
  (void)state;
  make_setup(&s, 5, 2);
  s.scales[1].design_runs = 7;
  s.scales[0].replicates = 2;
  s.study.add_one_in = true;
  s.study.rates = rates;
  s.study.n_rates = 2;
  for (size_t i = 0; i < 4; i++) pilot[i] = done_run(i / 2, all_zero, i, (double)i, 1e9, 1);
  for_each_allocation_failure(n) {
    ockham_plan *plan;
    ockham_error error = {0};
    ock_fault_after(n);
    ockham_status status = ockham_plan_make(&s.study, pilot, 4, &plan, &error);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    assert_true((plan != NULL) == (status == OCKHAM_OK));
    ockham_plan_free(plan);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_studies),    cmocka_unit_test(test_components),
      cmocka_unit_test(test_nested_fractions),  cmocka_unit_test(test_full_and_parts),
      cmocka_unit_test(test_growing_by_scales), cmocka_unit_test(test_growing_by_seeds),
      cmocka_unit_test(test_foreign_runs),      cmocka_unit_test(test_order_is_random),
      cmocka_unit_test(test_refused),           cmocka_unit_test(test_allocation_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
