/* SPDX-License-Identifier: Apache-2.0 */
/* What the page draws is what the sweep and the rows say. */
#include "blocks.h"
#include "paging.h"
#include "report/page.h"
#include "select/mixtures.h"

/* ---- the sweep ---- */

static void assert_sweep_is_that_of_json(const paged *p, const json_t *object) {
  char *text;
  ockham_report_options options = {.format = OCKHAM_FORMAT_JSON};
  assert_ok(ockham_report_sweep(p->sweep, &options, &text, err));
  json_t *expected = json_loads(text, 0, NULL);
  assert_true(json_equal(json_object_get(object, "sweep"), expected));
  json_decref(expected);
  ockham_text_free(text);
}

static void assert_criteria_are_those_of_curve(const paged *p, const json_t *object) {
  const json_t *criteria = json_object_get(object, "criteria");
  const ockham_curve *curve = ockham_sweep_curve(p->sweep);
  assert_true(json_array_size(criteria) >= 6);
  for (size_t c = 0; c < json_array_size(criteria); c++) {
    const json_t *shown = json_array_get(criteria, c), *choice = json_object_get(shown, "choice");
    const ockham_criterion *criterion = ockham_criterion_find(json_string_value(json_object_get(shown, "name")));
    size_t i = ockham_criterion_choose(criterion, curve);
    assert_string_equal(json_string_value(json_object_get(shown, "title")), criterion->title);
    assert_non_null(json_string_value(json_object_get(shown, "short")));
    assert_true(i == SIZE_MAX ? json_is_null(choice) : (size_t)json_integer_value(choice) == curve->points[i].k);
  }
}

static void test_sweep_is_whole(void **unused) {
  (void)unused;
  ockham_sweep_options options[] = {
      {0}, {.criterion = "silhouette"}, {.criterion = "elbow", .k_max = 2}, {.k_min = 3, .k_max = 3}};
  for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
    paged p = paged_blobs(200, 3, 4, options[o]);
    json_t *object = paged_json(&p, (ockham_page_options){0});
    assert_sweep_is_that_of_json(&p, object);
    assert_criteria_are_those_of_curve(&p, object);
    json_decref(object);
    paged_free(&p);
  }
}

static const char *text_at(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

static void test_words(void **unused) {
  (void)unused;
  paged p = paged_blobs(1500, 2, 15, (ockham_sweep_options){0});
  json_t *object = paged_json(&p, (ockham_page_options){0});
  assert_string_equal(text_at(object, "headline"), "15 clusters");
  assert_string_equal(text_at(object, "tone"), "sure");
  assert_non_null(strstr(text_at(object, "certainty"), "all 20 random halves"));
  assert_non_null(strstr(text_at(object, "elbow"), "The elbow says "));
  assert_non_null(strstr(text_at(object, "elbow"), " BIC weighs each such gain"));
  const json_t *reason = json_array_get(json_object_get(object, "reasons"), 0);
  assert_non_null(strstr(text_at(reason, "text"), "BIC of mixtures is highest at 15: "));
  assert_string_equal(text_at(reason, "kind"), "reason");
  json_decref(object);
  paged_free(&p);

  p = paged_blobs(60, 2, 3, (ockham_sweep_options){.k_min = 3, .k_max = 3});
  object = paged_json(&p, (ockham_page_options){0});
  assert_string_equal(text_at(object, "tone"), "open");
  assert_string_equal(text_at(object, "certainty"), "No other number was tried.");
  json_decref(object);
  paged_free(&p);

  p = paged_blobs(90, 2, 3, (ockham_sweep_options){.criterion = "silhouette", .no_silhouette = true, .k_max = 5});
  object = paged_json(&p, (ockham_page_options){0});
  assert_string_equal(text_at(object, "headline"), "No answer from silhouette");
  assert_string_equal(text_at(object, "tone"), "open");
  json_decref(object);
  paged_free(&p);
}

/* What may be called BIC, and what has its bands. */
static void test_criteria_have_names_and_scales(void **unused) {
  (void)unused;
  static const char *const expected[][3] = {{"bic", "BIC", "bic"},
                                            {"mixture", "BIC", "bic"},
                                            {"bicc", "BIC for few rows", "bic"},
                                            {"aic", "AIC", "likelihood"},
                                            {"aicc", "AICc", "likelihood"},
                                            {"mixture-icl", "ICL", "likelihood"},
                                            {"bic-goxmeans", "BIC of goxmeans", "likelihood"},
                                            {"bic-pelleg-moore", "BIC of Pelleg & Moore", "likelihood"},
                                            {"slope-heuristic", "slope heuristic", "own"},
                                            {"silhouette", "silhouette", "own"},
                                            {"elbow", "elbow (Kneedle)", "own"}};
  for (size_t c = 0; c < sizeof expected / sizeof *expected; c++) {
    ock_manner manner = ock_page_manner(ockham_criterion_find(expected[c][0]));
    assert_string_equal(manner.short_title, expected[c][1]);
    assert_string_equal(manner.scale, expected[c][2]);
  }
}

static const char *const deciders[][2] = {
    {"aic", " AIC weighs each such gain"}, {"mixture-icl", " ICL weighs each such gain"}, {"silhouette", NULL}};

/* The price is that of what decides; what is no likelihood has none. */
static void test_elbow_is_told_of_what_decides(void **unused) {
  (void)unused;
  for (size_t c = 0; c < sizeof deciders / sizeof *deciders; c++) {
    paged p = paged_blobs(1500, 2, 15, (ockham_sweep_options){.criterion = deciders[c][0], .mixtures = true});
    json_t *object = paged_json(&p, (ockham_page_options){0});
    const char *elbow = text_at(object, "elbow");
    assert_non_null(strstr(elbow, "Inertia falls with every cluster"));
    assert_null(strstr(elbow, " BIC weighs"));
    if (deciders[c][1])
      assert_non_null(strstr(elbow, deciders[c][1]));
    else
      assert_null(strstr(elbow, "weighs each such gain"));
    json_decref(object);
    paged_free(&p);
  }
}

/* The elbow of a shorter range is that of Kneedle there. */
static void test_elbow_of_a_shorter_range(void **unused) {
  (void)unused;
  paged p = paged_blobs(1500, 2, 15, (ockham_sweep_options){.criterion = "bic"});
  const ockham_curve *curve = ockham_sweep_curve(p.sweep);
  json_t *object = paged_json(&p, (ockham_page_options){0});
  const char *moves = strstr(text_at(object, "elbow"), "drawn only up to ");
  size_t range, elbow;
  double k[64], inertia[64];
  assert_non_null(moves);
  assert_int_equal(sscanf(moves, "drawn only up to %zu, the same curve has it at %zu", &range, &elbow), 2);
  assert_true(curve->points[0].k == 1 && range < curve->n_points && range <= 64);
  for (size_t i = 0; i < range; i++) {
    k[i] = (double)curve->points[i].k;
    inertia[i] = curve->points[i].inertia;
  }
  assert_int_equal(curve->points[ockham_kneedle(k, inertia, range)].k, elbow);
  assert_int_not_equal(curve->points[ockham_criterion_choose(ockham_criterion_find("elbow"), curve)].k, elbow);
  json_decref(object);
  paged_free(&p);
}

/* What is against the answer is marked; known labels are told of once, with what the numbers mean. */
static void test_reasons_have_kinds(void **unused) {
  (void)unused;
  static const struct {
    double adjusted_rand;
    const char *words;
  } cases[] = {{0.96, ": nearly the same"}, {0.95, ": much alike"}, {0.7, ": alike in part"}, {0.3, ": hardly alike"}};
  paged p = paged_blobs(240, 2, 3, (ockham_sweep_options){.k_max = 9});
  p.sweep->mixtures->doubts.n_peaks = 1;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ockham_agreement agreement = {cases[i].adjusted_rand, 0.5};
    json_t *object = paged_json(&p, (ockham_page_options){.report = {.agreement = &agreement, .n_label_values = 3}});
    const json_t *reasons = json_object_get(object, "reasons");
    size_t n_beware = 0, n_against = 0;
    for (size_t r = 0; r < json_array_size(reasons); r++) {
      const char *text = text_at(json_array_get(reasons, r), "text");
      bool beware = strcmp(text_at(json_array_get(reasons, r), "kind"), "beware") == 0;
      assert_int_equal(beware, strncmp(text, "Beware: ", 8) == 0);
      n_beware += beware;
      if (strncmp(text, "Against the 3 known labels: ", 28) != 0) continue;
      n_against++;
      assert_non_null(strstr(text, cases[i].words));
    }
    assert_int_equal(n_beware, 1);
    assert_int_equal(n_against, 1);
    json_decref(object);
  }
  paged_free(&p);
}

/* How sure the answer is, by what halves of the rows say: fewer is no contradiction, more is one. */
static void test_certainty(void **unused) {
  (void)unused;
  static const struct {
    size_t says[7];
    const char *tone, *begin, *end;
  } cases[] = {{{0, 0, 20}, "sure", "Sure: all 20", " say the same."},
               {{0, 1, 19}, "fair", "Fairly sure: of 20", " 19 say the same, 1 says 2."},
               {{0, 19, 1}, "fair", "Likely, but half of the rows", " 1 says the same, 19 say 2."},
               {{0, 0, 5, 15}, "open", "Not sure: of 20", " 5 say the same, 15 say 4."},
               {{0, 0, 16}, "fair", "Fairly sure: of 20", " 16 say the same."}};
  paged p = paged_blobs(240, 2, 3, (ockham_sweep_options){.k_max = 9});
  ock_doubts *doubts = &p.sweep->mixtures->doubts;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    memcpy(doubts->says, cases[i].says, sizeof cases[i].says);
    json_t *object = paged_json(&p, (ockham_page_options){0});
    const char *certainty = text_at(object, "certainty"), *end = cases[i].end;
    assert_string_equal(text_at(object, "tone"), cases[i].tone);
    if (!strstr(certainty, cases[i].begin) || !strstr(certainty, end)) fail_msg("%s", certainty);
    json_decref(object);
  }
  paged_free(&p);
}

/* ---- clusters and columns ---- */

static void test_centres_in_own_units(void **unused) {
  (void)unused;
  enum { N = 240, D = 3 };
  paged p = paged_blobs(N, D, 3, (ockham_sweep_options){.criterion = "bic", .k_max = 5});
  double centre[] = {100, -5, 0}, factor[] = {0.5, 2, 4};
  ockham_scaling scaling = {.kind = OCKHAM_SCALE_STANDARD, .n_columns = D, .centre = centre, .factor = factor};
  json_t *object = paged_json(&p, (ockham_page_options){.report = {.scaling = &scaling}});
  const ockham_curve_point *point = &ockham_sweep_curve(p.sweep)->points[ockham_sweep_verdict(p.sweep).point];
  const json_t *columns = json_object_get(object, "columns");
  double explained = 2;
  for (size_t c = 0; c < D; c++) {
    const json_t *column = json_array_get(columns, c);
    size_t j = (size_t)json_integer_value(json_object_get(column, "number")) - 1;
    double sum = 0, squares = 0, between = 0;
    for (size_t i = 0; i < N; i++) sum += p.x[i * D + j] / N;
    for (size_t i = 0; i < N; i++) squares += pow(p.x[i * D + j] - sum, 2) / N;
    for (size_t m = 0; m < point->k; m++) {
      double off = (point->centroids[m * D + j] - sum) / sqrt(squares);
      assert_close(real_at(json_object_get(column, "values"), m), point->centroids[m * D + j] / factor[j] + centre[j],
                   1e-12);
      assert_close(real_at(json_object_get(column, "distances"), m), off, 1e-9);
      between += off * off * (double)point->sizes[m] / N;
    }
    assert_close(json_number_value(json_object_get(column, "explained")), between, 1e-9);
    assert_true(between <= explained + 1e-9); /* the most telling first */
    explained = between;
  }
  json_decref(object);
  paged_free(&p);
}

static void test_the_most_telling_columns(void **unused) {
  (void)unused;
  enum { N = 120, D = 50 };
  paged p = {.x = make_normal(N, D, 3)};
  for (size_t i = 0; i < N; i++) p.x[i * D + 41] += 30.0 * (double)(i % 2); /* the only one that tells */
  p.rows = rows_of(p.x, N, D);
  p.sweep = sweep_with(p.rows, (ockham_sweep_options){.criterion = "silhouette", .k_max = 4});
  p.labels = malloc(N * sizeof *p.labels);
  assert_ok(ockham_sweep_verdict_labels(p.sweep, p.rows, 1, p.labels, err));
  json_t *object = paged_json(&p, (ockham_page_options){0});
  const json_t *columns = json_object_get(object, "columns"), *first = json_array_get(columns, 0);
  assert_int_equal(json_array_size(columns), OCKHAM_PAGE_COLUMNS);
  assert_string_equal(text_at(first, "name"), "x42");
  for (size_t j = 0; j < 2; j++) {
    const json_t *top = json_object_get(json_array_get(json_object_get(object, "clusters"), j), "top");
    assert_int_equal(json_array_size(top), 3);
    assert_string_equal(text_at(json_array_get(top, 0), "name"), "x42");
  }
  json_decref(object);
  paged_free(&p);
}

/* ---- rows ---- */

static double coordinate(const json_t *axis, size_t i) {
  return json_number_value(json_object_get(axis, "low")) +
         json_number_value(json_object_get(axis, "step")) * real_at(json_object_get(axis, "numbers"), i);
}

static void test_rows_on_axes(void **unused) {
  (void)unused;
  enum { N = 150, D = 4 };
  paged p = paged_blobs(N, D, 3, (ockham_sweep_options){.k_max = 5});
  uint64_t numbers[N];
  for (size_t i = 0; i < N; i++) numbers[i] = 1000 + 2 * i;
  json_t *object = paged_json(&p, (ockham_page_options){.row_numbers = numbers});
  const json_t *map = json_object_get(object, "map"), *row = json_object_get(map, "row");
  ockham_principal_axes axes;
  double at[2 * N];
  bool seen[N] = {false};
  assert_ok(ockham_principal_axes_fit(p.rows, NULL, 2, 1, &axes, err));
  ockham_principal_axes_project(&axes, p.rows, at);
  assert_int_equal(json_array_size(row), N);
  for (size_t s = 0; s < N; s++) {
    size_t i = (size_t)(real_at(row, s) - 1000) / 2;
    assert_false(seen[i]);
    seen[i] = true;
    assert_int_equal(real_at(json_object_get(map, "cluster"), s), p.labels[i]);
    for (size_t a = 0; a < 2; a++) { /* the nearest step */
      const json_t *axis = json_object_get(map, a ? "y" : "x");
      double half = json_number_value(json_object_get(axis, "step")) / 2;
      assert_true(fabs(coordinate(axis, s) - at[2 * i + a]) <= 1.0001 * half);
    }
  }
  ockham_principal_axes_clear(&axes);
  json_decref(object);
  paged_free(&p);
}

/* a' C b of the axes a and b, each element of C on its own. */
static double between_axes(const ockham_mixture *m, size_t j, const double *a, const double *b) {
  size_t d = m->n_columns, size = ockham_covariance_size(m->family, d);
  double sum = 0;
  for (size_t l = 0; l < d; l++)
    for (size_t o = 0; o < d; o++) {
      double c = size == d ? (l == o ? m->covariances[j * d + l] : 0) : m->covariances[j * size + l * d + o];
      sum += a[l] * c * b[o];
    }
  return sum;
}

static void test_ellipses_are_projected_covariances(void **unused) {
  (void)unused;
  enum { N = 400, D = 3 };
  paged p = paged_blobs(N, D, 4, (ockham_sweep_options){.k_max = 6});
  const ockham_mixture *m = ockham_sweep_verdict(p.sweep).mixture;
  assert_non_null(m);
  json_t *object = paged_json(&p, (ockham_page_options){0});
  const json_t *ellipses = at_path(object, "map", "ellipses");
  ockham_principal_axes axes;
  assert_ok(ockham_principal_axes_fit(p.rows, NULL, 2, 1, &axes, err));
  const double *a = axes.directions, *b = a + D;
  for (size_t j = 0; j < m->k; j++) {
    const json_t *ellipse = json_array_get(ellipses, j), *centre = json_array_get(at_path(object, "map", "centres"), j);
    double on_a = 0;
    for (size_t l = 0; l < D; l++) on_a += (m->means[j * D + l] - axes.mean[l]) * a[l];
    assert_close(real_at(centre, 0), on_a, 1e-9);
    assert_close(real_at(ellipse, 0), between_axes(m, j, a, a), 1e-9);
    assert_close(real_at(ellipse, 1), between_axes(m, j, a, b), 1e-9);
    assert_close(real_at(ellipse, 2), between_axes(m, j, b, b), 1e-9);
  }
  ockham_principal_axes_clear(&axes);
  json_decref(object);
  paged_free(&p);
}

/* Two columns stand for themselves, in their own units. */
static void test_two_columns_are_the_axes(void **unused) {
  (void)unused;
  enum { N = 90 };
  paged p = paged_blobs(N, 2, 3, (ockham_sweep_options){.k_max = 4});
  double centre[] = {7, -3}, factor[] = {2, 0.25};
  ockham_scaling scaling = {.kind = OCKHAM_SCALE_STANDARD, .n_columns = 2, .centre = centre, .factor = factor};
  json_t *object = paged_json(&p, (ockham_page_options){.report = {.scaling = &scaling}});
  const json_t *map = json_object_get(object, "map");
  assert_true(json_is_true(json_object_get(map, "plain")));
  for (size_t s = 0; s < N; s++) {
    size_t i = (size_t)real_at(json_object_get(map, "row"), s) - 1;
    assert_close(coordinate(json_object_get(map, "x"), s), p.x[2 * i] / 2 + 7, 1e-2);
    assert_close(coordinate(json_object_get(map, "y"), s), p.x[2 * i + 1] / 0.25 - 3, 1e-2);
  }
  json_decref(object);
  paged_free(&p);
}

static void test_many_rows_are_drawn_from(void **unused) {
  (void)unused;
  enum { N = OCKHAM_PAGE_ROWS + 5000, D = 2 };
  paged p = paged_blobs(N, D, 2, (ockham_sweep_options){.criterion = "bic", .k_max = 3, .no_silhouette = true});
  json_t *object = paged_json(&p, (ockham_page_options){0});
  const json_t *row = at_path(object, "map", "row");
  static bool seen[N];
  double sum = 0;
  assert_int_equal(json_array_size(row), OCKHAM_PAGE_ROWS);
  for (size_t s = 0; s < OCKHAM_PAGE_ROWS; s++) {
    size_t i = (size_t)real_at(row, s) - 1;
    assert_true(i < N);
    assert_false(seen[i]);
    seen[i] = true;
    sum += (double)i / N / OCKHAM_PAGE_ROWS;
  }
  assert_in_range((int)(1000 * sum), 490, 510);
  assert_true(json_is_false(at_path(object, "map", "sample")));
  json_decref(object);
  paged_free(&p);
}

static void test_known_labels(void **unused) {
  (void)unused;
  enum { N = 60 };
  static const char *const texts[] = {"none", "first", "second"};
  uint32_t known[N];
  for (size_t i = 0; i < N; i++) known[i] = i % 3 == 0 ? 2 : 1;
  paged p = paged_blobs(N, 3, 3, (ockham_sweep_options){.k_max = 4});
  json_t *object = paged_json(
      &p, (ockham_page_options){.known_labels = known, .known_label_texts = texts, .report = {.n_label_values = 3}});
  const json_t *map = json_object_get(object, "map"), *values = json_object_get(map, "known_texts");
  assert_int_equal(json_array_size(values), 2); /* those that there are */
  for (size_t s = 0; s < N; s++) {
    size_t i = (size_t)real_at(json_object_get(map, "row"), s) - 1;
    size_t at = (size_t)real_at(json_object_get(map, "known"), s);
    assert_string_equal(json_string_value(json_array_get(values, at)), texts[known[i]]);
  }
  json_decref(object);
  paged_free(&p);
}

/* Rows without weight are not shown; the others count as they weigh. */
static void test_weights(void **unused) {
  (void)unused;
  enum { N = 90, D = 3 };
  double *x = make_blobs(N, D, 3, 1), weights[N];
  for (size_t i = 0; i < N; i++) weights[i] = i < 30 ? 0 : i % 2 ? 1 : 3;
  paged p = {.x = x, .rows = rows_of(x, N, D), .labels = malloc(N * sizeof *p.labels)};
  p.sweep = sweep_with(p.rows, (ockham_sweep_options){.k_max = 4, .weights = weights});
  assert_ok(ockham_sweep_verdict_labels(p.sweep, p.rows, 1, p.labels, err));
  json_t *object = paged_json(&p, (ockham_page_options){.weights = weights});
  double share = 0, weight = 0;
  assert_int_equal(json_array_size(at_path(object, "map", "row")), 60);
  for (size_t s = 0; s < 60; s++) assert_true(real_at(at_path(object, "map", "row"), s) > 30);
  for (size_t j = 0; j < json_array_size(json_object_get(object, "clusters")); j++) {
    const json_t *cluster = json_array_get(json_object_get(object, "clusters"), j);
    share += json_number_value(json_object_get(cluster, "share"));
    weight += json_number_value(json_object_get(cluster, "weight"));
  }
  assert_close(share, 1, 1e-12);
  assert_close(weight, 120, 1e-12);
  json_decref(object);
  paged_free(&p);
}

static void test_one_column_is_a_histogram(void **unused) {
  (void)unused;
  paged p = paged_blobs(300, 1, 3, (ockham_sweep_options){.k_max = 5});
  json_t *object = paged_json(&p, (ockham_page_options){0});
  const json_t *bins = at_path(object, "histogram", "bins");
  double sizes[16] = {0};
  assert_true(json_is_null(json_object_get(object, "map")));
  for (size_t b = 0; b < json_array_size(bins); b++) {
    const json_t *bin = json_array_get(bins, b);
    sizes[json_integer_value(json_object_get(bin, "cluster"))] += json_number_value(json_object_get(bin, "weight"));
    assert_true(json_number_value(json_object_get(bin, "from")) < json_number_value(json_object_get(bin, "to")));
  }
  ockham_verdict v = ockham_sweep_verdict(p.sweep);
  for (size_t j = 0; j < v.k; j++) assert_true(sizes[j] == (double)v.sizes[j]);
  json_decref(object);
  paged_free(&p);
}

/* Rows that do not differ have no axes to speak of, but a page. */
static void test_constant_columns(void **unused) {
  (void)unused;
  double x[40] = {0};
  paged p = {.x = x, .rows = rows_of(x, 20, 2)};
  uint32_t labels[20] = {0};
  p.labels = labels;
  p.sweep = sweep_with(p.rows, (ockham_sweep_options){0});
  json_t *object = paged_json(&p, (ockham_page_options){0});
  const json_t *column = json_array_get(json_object_get(object, "columns"), 0);
  assert_true(real_at(json_object_get(column, "distances"), 0) == 0);
  json_decref(object);
  ockham_sweep_free(p.sweep);
}

/* In passes the overview's sample is shown, as what it is. */
static void test_sample_of_passes(void **unused) {
  (void)unused;
  enum { N = 4000, D = 2 };
  double *x = make_blobs(N, D, 3, 2);
  blocks b = {.x = rows_of(x, N, D), .block_rows = 99};
  ockham_row_source source = blocks_source(&b);
  ockham_overview overview = {0};
  paged p = {0};
  assert_ok(ockham_overview_take(&source, 1500, 0, NULL, &overview, err));
  assert_ok(ockham_sweep_run_source(&source, &overview, 1 << 25, &(ockham_sweep_options){.k_max = 6}, &p.sweep, err));
  p.rows = overview.sample;
  p.labels = malloc(p.rows.n_rows * sizeof *p.labels);
  assert_ok(ockham_sweep_verdict_labels(p.sweep, p.rows, 1, p.labels, err));
  json_t *object = paged_json(&p, (ockham_page_options){0});
  assert_true(json_is_true(at_path(object, "map", "sample")));
  assert_true(json_is_null(at_path(object, "map", "row")));
  assert_int_equal(json_array_size(at_path(object, "map", "cluster")), p.rows.n_rows);
  json_decref(object);
  ockham_overview_clear(&overview);
  free(x);
  paged_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sweep_is_whole),
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_criteria_have_names_and_scales),
      cmocka_unit_test(test_elbow_is_told_of_what_decides),
      cmocka_unit_test(test_elbow_of_a_shorter_range),
      cmocka_unit_test(test_reasons_have_kinds),
      cmocka_unit_test(test_certainty),
      cmocka_unit_test(test_centres_in_own_units),
      cmocka_unit_test(test_the_most_telling_columns),
      cmocka_unit_test(test_rows_on_axes),
      cmocka_unit_test(test_ellipses_are_projected_covariances),
      cmocka_unit_test(test_two_columns_are_the_axes),
      cmocka_unit_test(test_many_rows_are_drawn_from),
      cmocka_unit_test(test_known_labels),
      cmocka_unit_test(test_weights),
      cmocka_unit_test(test_one_column_is_a_histogram),
      cmocka_unit_test(test_constant_columns),
      cmocka_unit_test(test_sample_of_passes),
  };
  return ockham_report_has_page() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
