/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: the answer comes first, ASCII is ASCII, JSON says what the curve says, and want of memory is told. */
#include <jansson.h>
#include <ockham/report.h>

#include "blocks.h"
#include "select/mixtures.h"
#include "select/sweeping.h"

/* ---- sweeps to report ---- */

static ockham_sweep *sweep_blobs(size_t k, ockham_sweep_options options) {
  double *x = make_blobs(60 * k, 2, k, 1);
  ockham_sweep *sweep = sweep_with(rows_of(x, 60 * k, 2), options);
  free(x);
  return sweep;
}

static ockham_sweep *sweep_noise(void) {
  double *x = make_normal(1234, 3, 1);
  ockham_sweep *sweep = sweep_with(rows_of(x, 1234, 3), (ockham_sweep_options){.k_max = 12});
  free(x);
  return sweep;
}

/* Stop as soon as there are some k to compare. */
static bool stop(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user;
  (void)stage;
  (void)total;
  return done < 2;
}

static ockham_sweep *sweep_stopped(void) {
  ockham_progress progress = {.report = stop};
  double *x = make_normal(300, 2, 1);
  ockham_sweep *sweep =
      sweep_with(rows_of(x, 300, 2), (ockham_sweep_options){.restarts = 1000000, .progress = &progress});
  free(x);
  return sweep;
}

/* As many k as rows: BIC is highest at the last. */
static ockham_sweep *sweep_crowded(void) {
  return sweep_blobs(3, (ockham_sweep_options){.k_max = 180, .criterion = "bic"});
}

static ockham_sweep *sweep_undecided(void) {
  return sweep_blobs(3, (ockham_sweep_options){.k_max = 8, .criterion = "silhouette", .no_silhouette = true});
}

/* The report, to be freed with ockham_text_free(). */
static char *report(const ockham_sweep *sweep, ockham_report_options options) {
  char *text = NULL;
  assert_ok(ockham_report_sweep(sweep, &options, &text, err));
  assert_non_null(text);
  return text;
}

/* ---- text ---- */

static void assert_text_has(const ockham_sweep *sweep, ockham_report_options options, const char *wanted) {
  char *text = report(sweep, options);
  if (!strstr(text, wanted)) fail_msg("'%s' is missing in:\n%s", wanted, text);
  ockham_text_free(text);
}

static void assert_text_lacks(const ockham_sweep *sweep, ockham_report_options options, const char *unwanted) {
  char *text = report(sweep, options);
  if (strstr(text, unwanted)) fail_msg("'%s' is there in:\n%s", unwanted, text);
  ockham_text_free(text);
}

static void assert_first_line_has(const ockham_sweep *sweep, const char *wanted) {
  char *text = report(sweep, (ockham_report_options){0});
  text[strcspn(text, "\n")] = '\0';
  if (!strstr(text, wanted)) fail_msg("'%s' is missing in: %s", wanted, text);
  ockham_text_free(text);
}

static void test_first_line_is_the_answer(void **unused) {
  (void)unused;
  ockham_sweep *blobs = sweep_blobs(5, (ockham_sweep_options){0}), *noise = sweep_noise();
  ockham_sweep *partial = sweep_stopped(), *undecided = sweep_undecided();
  assert_first_line_has(blobs, "5 clusters ");
  assert_first_line_has(blobs, "300 rows");
  assert_first_line_has(noise, "1 cluster: no structure found");
  assert_first_line_has(noise, "1,234 rows");
  assert_first_line_has(noise, "k = 1");
  assert_first_line_has(undecided, "no answer from silhouette");
  assert_first_line_has(partial, "stopped early"); /* whatever k it got to */
  ockham_sweep_free(blobs);
  ockham_sweep_free(noise);
  ockham_sweep_free(partial);
  ockham_sweep_free(undecided);
}

static void test_a_dismissed_maximum_is_told(void **unused) {
  (void)unused;
  ockham_sweep *crowded = sweep_crowded();
  assert_first_line_has(crowded, "3 clusters ");
  assert_text_has(crowded, (ockham_report_options){0},
                  "BIC is highest at 180, but for so few rows one cluster explains as much; of the other k, at 3\n");
  ockham_sweep_free(crowded);
}

static void test_the_least_k_is_doubted(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(3, (ockham_sweep_options){.k_min = 6, .k_max = 12});
  assert_text_has(sweep, (ockham_report_options){0}, "6 is the least k tried: there may be fewer clusters");
  ockham_sweep_free(sweep);
}

/* The only k that was tried is no certainty. */
static void test_one_k_alone_is_not_sure(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(3, (ockham_sweep_options){.k_min = 3, .k_max = 3});
  assert_first_line_has(sweep, "3 clusters (no other k tried)");
  assert_text_has(sweep, (ockham_report_options){0}, " at 3: there is no other k to compare with\n");
  assert_text_lacks(sweep, (ockham_report_options){0}, "posterior weight");
  assert_text_lacks(sweep, (ockham_report_options){0}, "halves");
  ockham_sweep_free(sweep);
}

/* Votes are told, the most first; and how many there are of those that are not, and that were not given. */
static void test_votes_of_halves_add_up(void **unused) {
  (void)unused;
  static const struct {
    size_t says[7];
    const char *line;
  } cases[] = {{{0, 0, 20}, "all say 3"},
               {{0, 7, 13}, "13 say 3, 7 say 2"},
               {{0, 0, 10}, "10 say 3; 10 could not tell"},
               {{3, 2, 5, 6, 4}, "6 say 4, 5 say 3, 4 say 5, 3 say 1, 2 otherwise"},
               {{1, 2, 5, 0, 4, 3, 1}, "5 say 3, 4 say 5, 3 say 6, 2 say 2, 2 otherwise; 4 could not tell"}};
  ockham_sweep *sweep = sweep_blobs(3, (ockham_sweep_options){.k_max = 9});
  ock_doubts *doubts = &sweep->mixtures->doubts;
  assert_true(sweep->mixtures->k_max >= 7);
  assert_int_equal(doubts->n_halves, 20);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char line[120];
    memcpy(doubts->says, cases[i].says, sizeof cases[i].says);
    snprintf(line, sizeof line, "\n  of 20 random halves of the rows %s\n", cases[i].line);
    assert_text_has(sweep, (ockham_report_options){0}, line);
  }
  memset(doubts->says, 0, sizeof cases->says);
  assert_text_lacks(sweep, (ockham_report_options){0}, "halves");
  ockham_sweep_free(sweep);
}

/* What one Gaussian says of clusters, and where it overrules them. */
static void test_one_gaussian_is_told(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(3, (ockham_sweep_options){.k_max = 9});
  ock_mixtures *m = sweep->mixtures;
  assert_text_lacks(sweep, (ockham_report_options){0}, "SigClust");
  m->doubts.z = -7.25;
  assert_text_has(sweep, (ockham_report_options){0}, "correlated like these (z = -7.2; SigClust)\n");
  m->doubts.z = -0.5;
  m->doubts.like_one = true;
  m->k = 1;
  const ockham_report_options options = {0};
  assert_text_has(sweep, options, "1 cluster: no structure found");
  assert_text_has(sweep, options,
                  "  BIC of mixtures is highest at 3, but clusters are no tighter than in rows of one Gaussian");
  assert_text_has(sweep, options, "(z = -0.5; SigClust)");
  assert_text_lacks(sweep, options, "it is best told");
  assert_text_lacks(sweep, options, "count as one");
  ockham_sweep_free(sweep);
}

/* Why BIC of k-means decides where nobody asked for it; not where somebody did, nor where all columns are constant. */
static void test_constant_columns_are_told(void **unused) {
  (void)unused;
  static const char *const said[5] = {[1] = " decides, for mixtures need columns that vary, and one is constant\n",
                                      [2] = " decides, for mixtures need columns that vary, and 2 are constant\n"};
  for (size_t n = 0; n <= 5; n++) { /* the last: one, and a criterion */
    double *x = make_blobs(180, 4, 3, 1);
    for (size_t i = 0; i < 720; i++) x[i] = i % 4 < (n == 5 ? 1 : n) ? 7 : x[i];
    ockham_sweep *sweep = sweep_with(rows_of(x, 180, 4), (ockham_sweep_options){.criterion = n == 5 ? "bic" : NULL});
    bool tells = n == 1 || n == 2;
    if (n != 3)
      (tells ? assert_text_has : assert_text_lacks)(sweep, (ockham_report_options){0}, tells ? said[n] : "constant");
    ockham_sweep_free(sweep);
    free(x);
  }
}

/* A sweep that was stopped has not looked everywhere, and cannot say that there is no structure. */
static void test_partial_sweep_claims_nothing(void **unused) {
  (void)unused;
  ockham_sweep *partial = sweep_stopped();
  assert_true(ockham_sweep_verdict(partial).partial);
  assert_int_equal(ockham_sweep_verdict(partial).k, 1);
  assert_text_lacks(partial, (ockham_report_options){0}, "no structure");
  ockham_sweep_free(partial);
}

static void test_ascii_is_ascii(void **unused) {
  (void)unused;
  ockham_sweep *sweeps[] = {sweep_blobs(5, (ockham_sweep_options){0}), sweep_noise(), sweep_stopped(),
                            sweep_undecided(), sweep_blobs(30, (ockham_sweep_options){.k_max = 40})};
  bool other_is_not = false;
  for (size_t s = 0; s < sizeof sweeps / sizeof *sweeps; s++) {
    char *text = report(sweeps[s], (ockham_report_options){.ascii = true, .all_k = true});
    for (const char *c = text; *c; c++) assert_in_range((unsigned char)*c, 1, 127);
    assert_int_equal(text[strlen(text) - 1], '\n');
    ockham_text_free(text);
    text = report(sweeps[s], (ockham_report_options){0});
    for (const char *c = text; *c; c++) other_is_not = other_is_not || (unsigned char)*c > 127;
    ockham_text_free(text);
    ockham_sweep_free(sweeps[s]);
  }
  assert_true(other_is_not);
}

static void test_text_names_every_criterion(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(4, (ockham_sweep_options){.criterion = "bic"});
  ockham_sweep *with_all = sweep_blobs(4, (ockham_sweep_options){.all_criteria = true});
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) {
    char line[64]; /* of the table: a title may be part of another */
    snprintf(line, sizeof line, "\n  %-24s ", criteria[c].title);
    assert_text_has(with_all, (ockham_report_options){.all_criteria = true}, line);
    if (criteria[c].evidence != OCKHAM_EVIDENCE_CURVE || !criteria[c].usual)
      assert_text_lacks(sweep, (ockham_report_options){0}, line);
  }
  ockham_sweep_free(with_all);
  assert_text_has(sweep, (ockham_report_options){0}, "decides");
  assert_text_has(sweep, (ockham_report_options){0}, "posterior weight");
  ockham_sweep_free(sweep);
}

/* What decides by a rule has no runner-up. */
static void test_text_tells_the_rule(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(4, (ockham_sweep_options){.criterion = "variance-explained"});
  assert_text_has(sweep, (ockham_report_options){0}, "  variance explained chooses ");
  assert_text_has(sweep, (ockham_report_options){0}, ": first k with a value of at least 0.9; there it is 0.9");
  assert_text_lacks(sweep, (ockham_report_options){0}, "highest at");
  ockham_sweep_free(sweep);
}

static void test_text_tells_what_was_done(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(4, (ockham_sweep_options){.k_max = 3});
  ockham_scaling scaling = {.kind = OCKHAM_SCALE_STANDARD, .spread_ratio = 123};
  ockham_agreement agreement = {0.875, 0.75};
  ockham_report_options options = {.scaling = &scaling,
                                   .scaling_chosen = true,
                                   .agreement = &agreement,
                                   .n_label_values = 17,
                                   .n_rows_dropped = 1,
                                   .n_cells_filled = 2345};
  assert_text_has(sweep, options,
                  "standardised: their spreads differ by 123 to 1; with scale none they stay as they are\n");
  assert_text_has(sweep, options,
                  "17 known labels: adjusted Rand 0.875, adjusted mutual information 0.750: much alike\n");
  assert_text_has(sweep, options, "1 row with missing values left out");
  assert_text_has(sweep, options, "2,345 missing cells filled");
  assert_text_has(sweep, options, "3 is the largest k tried");
  assert_text_lacks(sweep, (ockham_report_options){0}, "known labels");
  ockham_sweep_free(sweep);
  sweep = sweep_undecided(); /* nothing that could be alike */
  assert_text_has(sweep, options, "adjusted Rand 0.875, adjusted mutual information 0.750\n");
  ockham_sweep_free(sweep);
}

/* The same sentences, and no table after them. */
static void test_sentences_alone(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(4, (ockham_sweep_options){0});
  ockham_report_options options = {.no_tables = true};
  char *whole, *sentences;
  assert_ok(ockham_report_sweep(sweep, NULL, &whole, err));
  assert_ok(ockham_report_sweep(sweep, &options, &sentences, err));
  const char *tried = strchr(sentences, '\n') + 1, *why = strchr(tried, '\n') + 1;
  const char *same = strchr(whole, '\n') + 1, *table = strstr(same, "\n\n");
  assert_memory_equal(sentences, "4 clusters\n  240 rows", 20);
  assert_non_null(table);
  assert_int_equal(strlen(why), table + 1 - same);
  assert_memory_equal(why, same, strlen(why));
  ockham_text_free(whole);
  ockham_text_free(sentences);
  ockham_sweep_free(sweep);
}

/* Each is one line, which the report with tables breaks where it is long. */
static void test_sentences_alone_are_not_broken(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(3, (ockham_sweep_options){.k_max = 9});
  ockham_report_options options = {.no_tables = true};
  sweep->mixtures->doubts.z = -0.5;
  sweep->mixtures->doubts.like_one = true;
  sweep->mixtures->k = 1;
  assert_text_has(sweep, (ockham_report_options){0}, "one Gaussian whose\n  columns are correlated");
  assert_text_has(sweep, options, "one Gaussian whose columns are correlated");
  ockham_sweep_free(sweep);
}

static void test_what_is_shown(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(3, (ockham_sweep_options){.k_max = 5, .criterion = "bic"});
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  const ockham_criterion *usual = ockham_criterion_find("aic"), *rare = ockham_criterion_find("hartigan"),
                         *without = ockham_criterion_find("gamma");
  assert_true(ockham_report_shows(curve, usual, false, NULL));
  assert_false(ockham_report_shows(curve, rare, false, NULL));
  assert_false(ockham_report_shows(curve, rare, false, usual));
  assert_true(ockham_report_shows(curve, rare, false, rare));
  assert_true(ockham_report_shows(curve, rare, true, NULL));
  assert_false(ockham_report_shows(curve, without, true, without)); /* no pairs of rows were looked at */
  ockham_sweep_free(sweep);
}

/* Many columns make few rows too many for the exact silhouette. */
static void test_an_estimate_is_told(void **unused) {
  (void)unused;
  enum { N = 5000, D = 500 };
  double *x = make_normal(N, D, 2);
  for (size_t i = 0; i < N; i += 2) x[i * D] += 30;
  ockham_sweep *sweep = sweep_with(rows_of(x, N, D), (ockham_sweep_options){.k_max = 2});
  char wanted[80];
  const ockham_curve_point *p = &ockham_sweep_curve(sweep)->points[1];
  size_t n_rows = ockham_sweep_verdict(sweep).silhouette_rows;
  assert_true(n_rows > 0 && n_rows < 1000);
  snprintf(wanted, sizeof wanted, "  +- %.2g, from %zu rows\n", p->silhouette_error, n_rows);
  assert_text_has(sweep, (ockham_report_options){.ascii = true}, wanted);
  char *text = report(sweep, (ockham_report_options){.format = OCKHAM_FORMAT_JSON});
  json_t *object = json_loads(text, 0, NULL);
  assert_int_equal(json_integer_value(json_object_get(object, "silhouette_rows")), n_rows);
  json_t *points = json_object_get(object, "curve");
  assert_true(json_is_null(json_object_get(json_array_get(points, 0), "silhouette_error")));
  assert_true(json_real_value(json_object_get(json_array_get(points, 1), "silhouette_error")) == p->silhouette_error);
  json_decref(object);
  ockham_text_free(text);
  ockham_sweep_free(sweep);
  free(x);
}

static void test_drawn_pairs_are_told(void **unused) {
  (void)unused;
  enum { N = OCKHAM_PAIR_ROWS + 1 };
  double *x = make_blobs(N, 2, 3, 5);
  ockham_sweep_options options = {.k_max = 5, .criterion = "gamma"};
  ockham_sweep *all = sweep_with(rows_of(x, N - 1, 2), options), *drawn = sweep_with(rows_of(x, N, 2), options);
  assert_text_has(all, (ockham_report_options){0}, "gamma is highest at 3, 1");
  assert_text_lacks(all, (ockham_report_options){0}, "drawn at random");
  assert_text_has(drawn, (ockham_report_options){0}, "are estimates from 2,000 rows drawn at random");
  char *text = report(drawn, (ockham_report_options){.format = OCKHAM_FORMAT_JSON});
  assert_non_null(strstr(text, "\"pair_rows\": 2000,"));
  ockham_text_free(text);
  ockham_sweep_free(all);
  ockham_sweep_free(drawn);
  free(x);
}

/* Only the first 24 clusters are listed; of the others just what is true of them is said. */
static void test_many_clusters_are_summed_up(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(30, (ockham_sweep_options){.k_max = 40});
  assert_int_equal(ockham_sweep_verdict(sweep).k, 30);
  const ockham_curve_point *p = &ockham_sweep_curve(sweep)->points[ockham_sweep_verdict(sweep).point];
  uint64_t rest = 0;
  for (size_t j = 24; j < 30; j++) rest += p->sizes[j];
  char wanted[80];
  snprintf(wanted, sizeof wanted, "... 6 more with %llu rows", (unsigned long long)rest);
  assert_text_has(sweep, (ockham_report_options){.ascii = true}, wanted);
  ockham_sweep_free(sweep);
}

static void test_default_options(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_noise();
  char *text, *same = report(sweep, (ockham_report_options){0});
  assert_ok(ockham_report_sweep(sweep, NULL, &text, err));
  assert_string_equal(text, same);
  ockham_text_free(text);
  ockham_text_free(same);
  ockham_text_free(NULL);
  ockham_sweep_free(sweep);
}

/* ---- JSON ---- */

static json_t *report_json(const ockham_sweep *sweep, ockham_report_options options) {
  options.format = OCKHAM_FORMAT_JSON;
  char *text = report(sweep, options);
  json_error_t problem;
  assert_null(strchr(text, '\n'));
  json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
  if (!object) fail_msg("%s in %s", problem.text, text);
  ockham_text_free(text);
  return object;
}

/* The same bits, or null for NaN: 17 digits lose nothing. */
static void assert_json_number(const json_t *object, const char *key, double expected) {
  const json_t *value = json_object_get(object, key);
  if (!value) fail_msg("%s is missing", key);
  if (isfinite(expected) ? !json_is_real(value) || json_real_value(value) != expected : !json_is_null(value))
    fail_msg("%s is %.17g, expected %.17g", key, json_number_value(value), expected);
}

static void assert_json_integer(const json_t *object, const char *key, uint64_t expected) {
  const json_t *value = json_object_get(object, key);
  if (!json_is_integer(value)) fail_msg("%s is missing", key);
  assert_int_equal(json_integer_value(value), expected);
}

static void check_json_curve(const json_t *array, const ockham_curve *curve) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  assert_int_equal(json_array_size(array), curve->n_points);
  for (size_t i = 0; i < curve->n_points; i++) {
    const json_t *point = json_array_get(array, i);
    ockham_fit_score bic = ockham_score_bic(curve, i);
    assert_json_integer(point, "k", curve->points[i].k);
    assert_json_number(point, "inertia", curve->points[i].inertia);
    for (size_t c = 0; c < n; c++)
      if (criteria[c].usual && criteria[c].direction != OCKHAM_KNEE &&
          ockham_criterion_has_evidence(&criteria[c], curve))
        assert_json_number(point, criteria[c].name, ockham_criterion_value(&criteria[c], curve, i));
    assert_json_number(point, "log_likelihood", bic.log_likelihood);
    assert_string_equal(json_string_value(json_object_get(point, "model")), bic.variances_differ ? "VII" : "EII");
  }
}

static void check_json_choices(const json_t *object, const ockham_curve *curve) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) {
    size_t i = ockham_criterion_choose(&criteria[c], curve);
    const json_t *k = json_object_get(object, criteria[c].name);
    assert_int_equal(k != NULL, ockham_criterion_has_evidence(&criteria[c], curve) && criteria[c].usual);
    if (!k) continue;
    assert_true(i == SIZE_MAX ? json_is_null(k) : (size_t)json_integer_value(k) == curve->points[i].k);
  }
}

static void check_json(const ockham_sweep *sweep) {
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  ockham_verdict v = ockham_sweep_verdict(sweep);
  json_t *object = report_json(sweep, (ockham_report_options){.seed = 42, .n_rows_dropped = 3, .n_cells_filled = 4});
  assert_json_integer(object, "n_rows", curve->n_rows);
  assert_json_integer(object, "n_columns", curve->n_columns);
  if (v.undecided)
    assert_true(json_is_null(json_object_get(object, "k")));
  else
    assert_json_integer(object, "k", v.k);
  assert_string_equal(json_string_value(json_object_get(object, "criterion")), v.criterion->name);
  assert_json_number(object, "weight", v.weight);
  assert_json_number(object, "seconds", v.seconds);
  assert_json_integer(object, "k_min", curve->points[0].k);
  assert_json_integer(object, "k_max", curve->points[curve->n_points - 1].k);
  assert_int_equal(json_is_true(json_object_get(object, "partial")), v.partial);
  assert_int_equal(json_is_true(json_object_get(object, "one_suffices")), v.one_suffices);
  assert_int_equal(json_is_true(json_object_get(object, "crowded")), v.crowded);
  assert_int_equal(json_is_true(json_object_get(object, "at_edge")), v.at_edge);
  assert_int_equal(json_is_true(json_object_get(object, "at_lower_edge")), v.at_lower_edge);
  assert_json_integer(object, "seed", 42);
  assert_json_integer(object, "rows_dropped", 3);
  assert_json_integer(object, "cells_filled", 4);
  assert_string_equal(json_string_value(json_object_get(object, "version")), ockham_version());
  assert_string_equal(json_string_value(json_object_get(object, "scale")), "none");
  const json_t *sizes = json_object_get(object, "sizes");
  assert_int_equal(json_array_size(sizes), v.k);
  for (size_t j = 0; j < v.k; j++)
    assert_int_equal(json_integer_value(json_array_get(sizes, j)), curve->points[v.point].sizes[j]);
  check_json_choices(json_object_get(object, "criteria"), curve);
  check_json_curve(json_object_get(object, "curve"), curve);
  json_decref(object);
}

static void test_json_says_what_the_curve_says(void **unused) {
  (void)unused;
  ockham_sweep *sweeps[] = {
      sweep_blobs(5, (ockham_sweep_options){0}),          sweep_noise(),  sweep_stopped(), sweep_undecided(),
      sweep_blobs(4, (ockham_sweep_options){.k_max = 3}), sweep_crowded()};
  for (size_t s = 0; s < sizeof sweeps / sizeof *sweeps; s++) {
    check_json(sweeps[s]);
    ockham_sweep_free(sweeps[s]);
  }
}

static void test_json_has_what_was_added(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_noise();
  ockham_scaling scaling = {.kind = OCKHAM_SCALE_ROBUST};
  ockham_agreement agreement = {0.1, 1.0 / 3};
  json_t *object =
      report_json(sweep, (ockham_report_options){.scaling = &scaling, .agreement = &agreement, .seed = UINT64_MAX});
  assert_string_equal(json_string_value(json_object_get(object, "scale")), "robust");
  assert_json_number(object, "adjusted_rand", 0.1);
  assert_json_number(object, "adjusted_mutual_information", 1.0 / 3);
  assert_string_equal(json_string_value(json_object_get(object, "seed")), "18446744073709551615");
  json_decref(object);
  ockham_sweep_free(sweep);
}

/* ---- want of memory ---- */

static void test_want_of_memory(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_noise();
  for (int format = 0; format <= 1; format++) {
    size_t n_refused = 0;
    for_each_allocation_failure(n) {
      char *text = (char *)&format; /* must become NULL */
      ockham_error err = {0};
      ock_fault_after(n);
      ockham_status status =
          ockham_report_sweep(sweep, &(ockham_report_options){.format = (ockham_format)format}, &text, &err);
      bool told = status == OCKHAM_NO_MEMORY && text == NULL && strstr(err.message, "memory");
      if (status == OCKHAM_OK) ockham_text_free(text);
      assert_true(ock_fault_hits() ? told : status == OCKHAM_OK);
      n_refused += told;
    }
    assert_true(n_refused > 0);
  }
  ockham_sweep_free(sweep);
}

/* jansson asks malloc, not us: let it run out, too. */
static long jansson_left;

static void *allocate_until_none_is_left(size_t size) {
  return jansson_left-- > 0 ? malloc(size) : NULL;
}

static void test_json_is_whole_or_not_there(void **unused) {
  (void)unused;
  ockham_sweep *sweep = sweep_blobs(2, (ockham_sweep_options){.k_max = 3});
  ockham_report_options options = {.format = OCKHAM_FORMAT_JSON};
  bool whole = false;
  json_set_alloc_funcs(allocate_until_none_is_left, free);
  for (long n = 0; !whole && n < 10000; n++) {
    char *text;
    jansson_left = n;
    ockham_status status = ockham_report_sweep(sweep, &options, &text, NULL);
    whole = jansson_left >= 0;
    assert_int_equal(status, whole ? OCKHAM_OK : OCKHAM_NO_MEMORY);
    ockham_text_free(text);
  }
  json_set_alloc_funcs(malloc, free);
  assert_true(whole);
  ockham_sweep_free(sweep);
}

/* A sweep in passes says on how many rows it searched. */
static void test_passes_are_told(void **state) {
  (void)state;
  enum { N = 4000 };
  double *x = malloc(N * sizeof *x);
  for (size_t i = 0; i < N; i++) x[i] = (double)(i % 3) * 100 + (double)(i * 7919 % 101) / 101;
  blocks b = {.x = {.data = x, .n_rows = N, .n_columns = 1}, .block_rows = 99};
  ockham_row_source source = blocks_source(&b);
  ockham_overview overview = {0};
  ockham_sweep *sweep;
  char *text;
  assert_ok(ockham_overview_take(&source, 1500, 0, NULL, &overview, err));
  assert_ok(ockham_sweep_run_source(&source, &overview, 1 << 25, &(ockham_sweep_options){.k_max = 6}, &sweep, err));
  assert_ok(ockham_report_sweep(sweep, NULL, &text, err));
  assert_non_null(strstr(text, "\n  searched on 1,000 of 4,000 rows, measured on all in 2 passes\n"));
  assert_null(strstr(text, "the best there is"));
  ockham_text_free(text);
  ockham_sweep_free(sweep);
  ockham_overview_clear(&overview);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_passes_are_told),
      cmocka_unit_test(test_first_line_is_the_answer),
      cmocka_unit_test(test_a_dismissed_maximum_is_told),
      cmocka_unit_test(test_the_least_k_is_doubted),
      cmocka_unit_test(test_one_k_alone_is_not_sure),
      cmocka_unit_test(test_votes_of_halves_add_up),
      cmocka_unit_test(test_one_gaussian_is_told),
      cmocka_unit_test(test_constant_columns_are_told),
      cmocka_unit_test(test_partial_sweep_claims_nothing),
      cmocka_unit_test(test_ascii_is_ascii),
      cmocka_unit_test(test_text_names_every_criterion),
      cmocka_unit_test(test_text_tells_the_rule),
      cmocka_unit_test(test_text_tells_what_was_done),
      cmocka_unit_test(test_sentences_alone),
      cmocka_unit_test(test_sentences_alone_are_not_broken),
      cmocka_unit_test(test_what_is_shown),
      cmocka_unit_test(test_an_estimate_is_told),
      cmocka_unit_test(test_drawn_pairs_are_told),
      cmocka_unit_test(test_many_clusters_are_summed_up),
      cmocka_unit_test(test_default_options),
      cmocka_unit_test(test_json_says_what_the_curve_says),
      cmocka_unit_test(test_json_has_what_was_added),
      cmocka_unit_test(test_want_of_memory),
      cmocka_unit_test(test_json_is_whole_or_not_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
