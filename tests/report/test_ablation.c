/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of a study whose runs follow a law that is known: loss = 1 + exp(y), y = 1 - .2 l, and of a change y - .1 l.
 */
#include <ockham/ablate.h>
#include <ockham/report.h>

#include "test.h"

#ifdef OCK_HAVE_JANSSON
#include <jansson.h>
#endif

enum { N_SCALES = 3, N_SEEDS = 4, N_RATES = 2, N_RUNS = N_SCALES * 4 * N_SEEDS + 4 * N_RATES };

static const char *const levels_a[] = {"old", "new"}, *const levels_b[] = {"x", "<y>"};
static const ockham_study_factor factors[] = {{"a", 2, levels_a}, {"b", 2, levels_b}};
static const ockham_study_scale scales[N_SCALES] = {{.name = "S"}, {.name = "M"}, {.name = "L", .held_out = false}};
static const ockham_study_claim claims[] = {{"a=new helps", OCKHAM_CLAIM_HELPS, 0, 1},
                                            {"a=new vanishes", OCKHAM_CLAIM_VANISHES, 0, 1},
                                            {"b=<y> hurts", OCKHAM_CLAIM_HURTS, 1, 1},
                                            {"b=<y> is negligible", OCKHAM_CLAIM_NEGLIGIBLE, 1, 1},
                                            {"joint is submultiplicative", OCKHAM_CLAIM_SUBMULTIPLICATIVE, 0, 0}};
static const double rates[] = {1, 2};
static const ockham_study study = {.name = "known",
                                   .question = "Is it told?",
                                   .metric = "loss",
                                   .compute = "flops",
                                   .command = "c",
                                   .n_factors = 2,
                                   .factors = factors,
                                   .n_scales = N_SCALES,
                                   .scales = scales,
                                   .n_claims = 5,
                                   .claims = claims,
                                   .rates = rates,
                                   .n_rates = N_RATES,
                                   .worst_loss = 8,
                                   .seeds = N_SEEDS};
static uint8_t cells[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static ockham_run runs[N_RUNS];
static ockham_ablation *ablation;

static ockham_run make_run(size_t i, size_t scale, int cell, uint64_t seed, double rate, double noise) {
  double l = 2.0 * (double)scale, y = 1 - .2 * l - (cells[cell][0] ? .2 + .1 * l : 0) + .1 * log2(rate) + noise;
  return (ockham_run){.id = i + 1,
                      .purpose = rate > 1 ? OCKHAM_PURPOSE_PROBE : OCKHAM_PURPOSE_DESIGN,
                      .scale = scale,
                      .levels = cells[cell],
                      .seed = seed,
                      .rate = rate,
                      .outcome = OCKHAM_OUTCOME_DONE,
                      .loss = 1 + exp(y),
                      .flops = exp(20 + l),
                      .parameters = exp(10 + l / 2),
                      .tokens = exp(10 + l / 2) * (cells[cell][0] ? 2 : 1),
                      .seconds = exp(l),
                      .slope = -.2 * exp(y)};
}

static int make_runs(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(1, 1);
  size_t n = 0;
  for (size_t s = 0; s < N_SCALES; s++)
    for (int c = 0; c < 4; c++)
      for (uint64_t k = 0; k < N_SEEDS; k++, n++) runs[n] = make_run(n, s, c, k + 1, 1, .003 * ock_rng_normal(&rng));
  for (int c = 0; c < 4; c++)
    for (size_t r = 0; r < N_RATES; r++, n++) {
      runs[n] = make_run(n, 0, c, 0, rates[r], 0);
      runs[n].purpose = OCKHAM_PURPOSE_PROBE;
    }
  runs[N_RUNS - 1].outcome = OCKHAM_OUTCOME_DIVERGED; /* a probe: it tells of its rate */
  runs[N_RUNS - 1].loss = NAN;
  ockham_ablation_options options = {.bootstraps = 100, .threads = 1};
  return ockham_ablation_analyse(&study, runs, N_RUNS, &options, &ablation, NULL);
}

static int free_runs(void **state) {
  (void)state;
  ockham_ablation_free(ablation);
  return 0;
}

static ockham_ablation_account make_account(void) {
  static const bool after[] = {false, false, true, false, false};
  ockham_ablation_account account = {
      .study = &study, .runs = runs, .n_runs = N_RUNS, .ablation = ablation, .claimed_after = after, .level = .9};
  account.beside[OCKHAM_ACCOUNT_TIME] = ablation;
  return account;
}

static void test_the_text_tells_all(void **state) {
  (void)state;
  static const char *const parts[] = {"known: Is it told?\n",
                                      "  56 runs at 3 scales; loss, lower is better; intervals of 90 %\n",
                                      "a old -> new",
                                      "helps",
                                      "grows",
                                      "negligible",
                                      "a=new helps                             yes",
                                      "a=new vanishes                          no",
                                      "b=<y> is negligible                     yes",
                                      "beware: claimed when runs had ended already",
                                      "iso-flop                 iso-time",
                                      "a old -> new                            x1.000      x0.500\n",
                                      "  1 other change has the baseline's parameters and FLOPs a token",
                                      "a=old                                   28      0         0",
                                      "a=new                                   28      1         0",
                                      "beware: of 4 cells 4 did best at the lowest or highest rate tried",
                                      "irreducible loss E"};
  ockham_ablation_account account = make_account();
  ockham_ablation_report_options options = {.ascii = true};
  char *text;
  assert_ok(ockham_report_ablation(&account, &options, &text, err));
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (!strstr(text, parts[i])) fail_msg("'%s' is not in:\n%s", parts[i], text);
  for (const char *c = text; *c; c++) {
    assert_true((unsigned char)*c < 128);
    assert_false(*c == '\n' && c > text && c[-1] == ' ');
  }
  ockham_text_free(text);
  assert_ok(ockham_report_ablation(&account, NULL, &text, err));
  assert_non_null(strstr(text, "a old \xe2\x86\x92 new"));
  ockham_text_free(text);
}

/* A level that makes runs diverge is told so beside its verdict. */
static void test_what_diverges(void **state) {
  (void)state;
  ockham_ablation_account account = make_account();
  char *text;
  ablation->mains[0].diverges = true;
  assert_ok(ockham_report_ablation(&account, &(ockham_ablation_report_options){.ascii = true}, &text, err));
  assert_non_null(strstr(text, "a old -> new                            helps (diverges)       "));
  assert_non_null(strstr(text, "change                                  verdict                its CEG"));
  ockham_text_free(text);
  ablation->mains[0].diverges = false;
}

/* Truth: log CEG = (.2 + .1 l) / .2 where l is 0, 2 and 4 from the smallest. */
static void test_the_json_holds_the_figures(void **state) {
  (void)state;
#ifdef OCK_HAVE_JANSSON
  ockham_ablation_account account = make_account();
  ockham_ablation_report_options options = {.format = OCKHAM_FORMAT_JSON};
  char *text;
  assert_ok(ockham_report_ablation(&account, &options, &text, err));
  json_t *root = json_loads(text, 0, NULL);
  ockham_text_free(text);
  assert_non_null(root);
  assert_int_equal(json_integer_value(json_object_get(root, "format")), 1);
  json_t *a = json_array_get(json_object_get(root, "mains"), 0), *ceg = json_object_get(a, "ceg");
  for (size_t s = 0; s < N_SCALES; s++) {
    double truth = exp((.2 + .1 * 2.0 * (double)s) / .2);
    double value = json_number_value(json_array_get(json_array_get(ceg, s), 0));
    if (fabs(log(value / truth)) > .1) fail_msg("%g for %g", value, truth);
  }
  assert_string_equal(json_string_value(json_object_get(a, "verdict")), "helps");
  assert_string_equal(json_string_value(json_object_get(a, "level")), "new");
  assert_true(json_is_false(json_object_get(a, "diverges")));
  assert_true(json_number_value(json_array_get(json_object_get(a, "diverged"), 0)) == 0);
  assert_true(json_number_value(json_object_get(a, "p_diverged")) == 1);
  assert_int_equal(json_array_size(json_object_get(root, "runs")), N_RUNS);
  json_t *last = json_array_get(json_object_get(root, "runs"), N_RUNS - 1);
  assert_true(json_is_null(json_object_get(last, "loss")));
  assert_string_equal(json_string_value(json_object_get(last, "outcome")), "diverged");
  json_t *stability = json_array_get(json_object_get(root, "stability"), 0);
  assert_int_equal(json_integer_value(json_object_get(stability, "cells_at_edge")), 2);
  assert_true(json_is_null(json_object_get(root, "held_out")));
  assert_true(json_is_true(json_object_get(json_array_get(json_object_get(root, "claims"), 2), "made_after")));
  json_decref(root);
#endif
}

static void test_memory_may_run_out(void **state) {
  (void)state;
  ockham_ablation_account account = make_account();
  ockham_ablation_report_options options = {.format = OCKHAM_FORMAT_JSON};
  for_each_allocation_failure(n) {
    char *text;
    ock_fault_after(n);
    ockham_status status = ockham_report_ablation(&account, n % 2 ? &options : NULL, &text, NULL);
    if (status == OCKHAM_OK)
      ockham_text_free(text);
    else
      assert_null(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_text_tells_all),
      cmocka_unit_test(test_what_diverges),
      cmocka_unit_test(test_the_json_holds_the_figures),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, make_runs, free_runs);
}
