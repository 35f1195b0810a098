/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria from clusterings of other rows: against R's packages, against another way of counting, and what must hold of
 * them for any rows. */
#include "select/resamples.h"
#include "select/resamples_reference.h"
#include "sweeping.h"

static const char *const names[] = {
    "gap", "gap-pca", "gap-star", "prediction-strength", "bootstrap-instability", "bootstrap-jaccard"};
enum { N_NAMES = sizeof names / sizeof *names };

static ockham_sweep_options all_up_to(size_t k_max) {
  return (ockham_sweep_options){
      .k_max = k_max, .all_criteria = true, .no_silhouette = true, .threads = 2, .restarts = 1};
}

static const ockham_resample_statistics *statistics_at(const ockham_sweep *sweep, size_t i) {
  return ockham_sweep_curve(sweep)->points[i].resamples;
}

static size_t choice_of(const ockham_sweep *sweep, const char *name) {
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  size_t i = ockham_criterion_choose(ockham_criterion_find(name), curve);
  return i == SIZE_MAX ? 0 : curve->points[i].k;
}

static double value_at(const ockham_sweep *sweep, const char *name, size_t i) {
  return ockham_criterion_value(ockham_criterion_find(name), ockham_sweep_curve(sweep), i);
}

/* Where a gap is largest: its rule stops earlier where fewer clusters are a worse fit than their neighbours in k. */
static size_t peak_of(const ockham_sweep *sweep, const char *name) {
  size_t best = 0;
  for (size_t i = 1; i < ockham_sweep_curve(sweep)->n_points; i++)
    if (value_at(sweep, name, i) > value_at(sweep, name, best)) best = i;
  return ockham_sweep_curve(sweep)->points[best].k;
}

/* k clusters that are apart. The gap without a logarithm may miss them, and more clusters may be stable too. */
static void assert_all_see(const ockham_sweep *sweep, size_t k) {
  const ockham_resample_statistics *s = statistics_at(sweep, k - 1);
  assert_int_equal(peak_of(sweep, "gap"), k);
  assert_int_equal(peak_of(sweep, "gap-pca"), k);
  assert_int_equal(choice_of(sweep, "prediction-strength"), k);
  assert_true(choice_of(sweep, "bootstrap-jaccard") >= k);
  assert_true(s->prediction_strength > 0.95 && s->jaccard > 0.95 && s->instability < 0.01);
  assert_true(s->jaccard_mean >= s->jaccard && s->jaccard_mean <= 1);
}

/* ---- against R ---- */

/* Both are means over draws: they agree to 4.5 standard errors of their difference (a thousandth where all draws agree,
 * for R's starts may miss an optimum). */
static void assert_agrees(const char *what, size_t k, double ours, double our_error, reference_pair theirs,
                          double their_error) {
  double tolerance = 4.5 * sqrt(our_error * our_error + their_error * their_error) + 1e-3 * fmax(1, fabs(theirs.mean));
  if (!(fabs(ours - theirs.mean) <= tolerance))
    fail_msg("%s, k = %zu: %g, R has %g; may differ by %g", what, k, ours, theirs.mean, tolerance);
}

/* s(k) is the spread of one reference, nearly; that of few differs by a tenth or so. */
static void assert_gap_agrees(const char *what, size_t k, ockham_gap ours, reference_pair theirs) {
  assert_agrees(what, k, ours.value, ours.error / sqrt(OCK_REFERENCES), theirs, theirs.spread / sqrt(REFERENCE_DRAWS));
  double ratio = ours.error / theirs.spread;
  if (!(ratio > 0.6 && ratio < 1.5)) fail_msg("%s, k = %zu: s is %g, R's %g", what, k, ours.error, theirs.spread);
}

static void check_reference(const resamples_reference *r) {
  size_t values = r->n_rows * r->n_columns;
  const double root = sqrt(REFERENCE_RESAMPLES);
  double *x = malloc(values * sizeof *x);
  for (size_t i = 0; i < values; i++) x[i] = r->rows[i] / 64.0;
  ockham_sweep_options options = all_up_to(REFERENCE_K);
  options.restarts = 0; /* the default */
  ockham_sweep *sweep = sweep_with(rows_of(x, r->n_rows, r->n_columns), options);
  for (size_t i = 0; i < REFERENCE_K; i++) {
    const ockham_resample_statistics *s = statistics_at(sweep, i);
    assert_int_equal(s->n_rows, r->n_rows);
    assert_gap_agrees(r->name, i + 1, s->gap, r->gap[i]);
    assert_gap_agrees(r->name, i + 1, s->gap_pca, r->gap_pca[i]);
    assert_gap_agrees(r->name, i + 1, s->gap_star, r->gap_star[i]);
    if (i == 0) continue;
    reference_pair strength = r->strength[i - 1], apart = r->instability[i - 1], like = r->jaccard[i - 1];
    assert_agrees("strength", i + 1, s->prediction_strength, s->prediction_strength_error, strength,
                  strength.spread / root);
    assert_agrees("instability", i + 1, s->instability, s->instability_error, apart, apart.spread / root);
    assert_agrees("jaccard", i + 1, s->jaccard, like.spread / sqrt(2 * OCK_BOOTSTRAP_PAIRS), like, like.spread / root);
  }
  ockham_sweep_free(sweep);
  free(x);
}

static void test_against_r(void **unused) {
  (void)unused;
  for (size_t r = 0; r < sizeof resamples_references / sizeof *resamples_references; r++)
    check_reference(resamples_references[r]);
}

/* ---- counts of pairs, by looking at all pairs ---- */

enum { N_PAIRED = 40, MOST_K = 6 };

/* Row i counts count[i] times. */
typedef struct labellings {
  uint16_t a[N_PAIRED], b[N_PAIRED];
  uint32_t count[N_PAIRED], cells[MOST_K * MOST_K];
  size_t k;
} labellings;

static labellings make_labellings(size_t k, uint64_t seed, bool counted) {
  labellings l = {.k = k};
  ock_rng rng = ock_rng_make(seed, 5);
  for (size_t i = 0; i < N_PAIRED; i++) {
    l.a[i] = (uint16_t)ock_rng_below(&rng, k);
    l.b[i] = (uint16_t)(ock_rng_below(&rng, 3) ? l.a[i] : ock_rng_below(&rng, k));
    l.count[i] = counted ? (uint32_t)ock_rng_below(&rng, 4) : 1;
  }
  ock_cross_tabulate(l.a, l.b, counted ? l.count : NULL, N_PAIRED, k, l.cells);
  return l;
}

static double share_disagreeing(const labellings *l) {
  double disagree = 0, n = 0;
  for (size_t i = 0; i < N_PAIRED; i++)
    for (size_t j = 0; j < N_PAIRED; j++) {
      double pairs = (double)l->count[i] * l->count[j];
      disagree += pairs * ((l->a[i] == l->a[j]) != (l->b[i] == l->b[j]));
      n += pairs;
    }
  return disagree / n;
}

/* Only where every row counts once. */
static double least_share_together(const labellings *l) {
  double least = 1;
  for (size_t c = 0; c < l->k; c++) {
    double together = 0, pairs = 0;
    for (size_t i = 0; i < N_PAIRED; i++)
      for (size_t j = 0; j < i; j++)
        if (l->a[i] == c && l->a[j] == c) {
          pairs++;
          together += l->b[i] == l->b[j];
        }
    if (pairs > 0 && together / pairs < least) least = together / pairs;
  }
  return least;
}

static double best_jaccard(const labellings *l, size_t cluster) {
  double best = 0;
  for (size_t other = 0; other < l->k; other++) {
    double both = 0, either = 0;
    for (size_t i = 0; i < N_PAIRED; i++) {
      both += l->count[i] * (l->a[i] == cluster && l->b[i] == other);
      either += l->count[i] * (l->a[i] == cluster || l->b[i] == other);
    }
    if (both > 0) best = fmax(best, both / either);
  }
  return best;
}

static void test_counts_are_those_of_all_pairs(void **unused) {
  (void)unused;
  for (uint64_t seed = 0; seed < 60; seed++)
    for (int counted = 0; counted < 2; counted++) {
      labellings l = make_labellings(1 + seed % MOST_K, seed, counted);
      double jaccard[MOST_K];
      assert_close(ock_share_disagreeing(l.cells, l.k), share_disagreeing(&l), 1e-14);
      if (!counted) assert_close(ock_least_share_together(l.cells, l.k), least_share_together(&l), 1e-14);
      ock_best_jaccard(l.cells, l.k, jaccard);
      for (size_t c = 0; c < l.k; c++) assert_close(jaccard[c], best_jaccard(&l, c), 1e-14);
    }
}

/* Two clusters of three rows, one of which the other labelling puts elsewhere. */
static void test_counts_by_hand(void **unused) {
  (void)unused;
  const uint16_t a[] = {0, 0, 0, 1, 1, 1}, b[] = {1, 1, 0, 0, 0, 0};
  uint32_t cells[4];
  double jaccard[2];
  ock_cross_tabulate(a, b, NULL, 6, 2, cells);
  const uint32_t expected[] = {1, 2, 3, 0};
  assert_memory_equal(cells, expected, sizeof cells);
  assert_close(ock_least_share_together(cells, 2), 1.0 / 3, 1e-15); /* 1 of the 3 pairs of the first */
  assert_close(ock_share_disagreeing(cells, 2), 10.0 / 36, 1e-15);  /* row 2 against each other row */
  ock_best_jaccard(cells, 2, jaccard);
  assert_close(jaccard[0], 2.0 / 3, 1e-15);
  assert_close(jaccard[1], 3.0 / 4, 1e-15);
  const uint16_t alone[] = {0, 0, 0, 0, 0, 1}; /* a row alone has no pair that could be parted */
  ock_cross_tabulate(alone, a, NULL, 6, 2, cells);
  assert_close(ock_least_share_together(cells, 2), 4.0 / 10, 1e-15);
}

static void test_means_by_hand(void **unused) {
  (void)unused;
  const double values[] = {1, -5, 2, -5, 6, -5};
  double error;
  assert_close(ock_mean_of(values, 3, 2, &error), 3, 1e-15);
  assert_close(error, sqrt(7.0 / 3), 1e-15); /* variance (4 + 1 + 9) / 2 */
  assert_true(isnan(ock_mean_of((const double[]){1, NAN}, 2, 1, NULL)));
}

/* ---- what they say ---- */

static void test_clusters_that_are_apart(void **unused) {
  (void)unused;
  for (size_t d = 1; d <= 3; d += 2) {
    double *x = make_blobs(200, d, 4, 1);
    ockham_sweep *sweep = sweep_with(rows_of(x, 200, d), all_up_to(8));
    assert_all_see(sweep, 4);
    ockham_sweep_free(sweep);
    free(x);
  }
}

static void test_one_cluster_where_there_is_none(void **unused) {
  (void)unused;
  size_t n_right[3] = {0};
  for (uint64_t seed = 1; seed <= 8; seed++) {
    double *x = make_uniform(80, 2, seed);
    ockham_sweep *sweep = sweep_with(rows_of(x, 80, 2), all_up_to(3));
    for (size_t c = 0; c < 3; c++) n_right[c] += choice_of(sweep, names[c]) == 1;
    assert_true(value_at(sweep, "prediction-strength", 0) == 1 && value_at(sweep, "bootstrap-jaccard", 0) == 1);
    assert_true(isnan(value_at(sweep, "bootstrap-instability", 0)));
    ockham_sweep_free(sweep);
    free(x);
  }
  print_message("of 8 even draws one cluster by %s %zu, %s %zu, %s %zu\n", names[0], n_right[0], names[1], n_right[1],
                names[2], n_right[2]);
  assert_true(n_right[0] >= 6 && n_right[1] >= 6 && n_right[2] >= 6);
}

/* ---- invariance ---- */

static void test_units_and_place_do_not_matter(void **unused) {
  (void)unused;
  const double factor = 1024, shift = 4096; /* which round nothing away */
  double *x = make_blobs(90, 2, 3, 2), *y = malloc(180 * sizeof *y);
  for (size_t i = 0; i < 180; i++) {
    x[i] = round(x[i] * 64) / 64;
    y[i] = x[i] * factor + shift;
  }
  ockham_sweep *a = sweep_with(rows_of(x, 90, 2), all_up_to(5)), *b = sweep_with(rows_of(y, 90, 2), all_up_to(5));
  for (size_t i = 0; i < 5; i++) {
    const ockham_resample_statistics *s = statistics_at(a, i), *t = statistics_at(b, i);
    assert_close(s->gap.value, t->gap.value, 1e-9);
    assert_close(s->gap_pca.value, t->gap_pca.value, 1e-9);
    assert_close(s->gap_star.value * factor * factor, t->gap_star.value, 1e-9);
    assert_close(s->prediction_strength, t->prediction_strength, 1e-9);
    assert_close(s->jaccard_mean, t->jaccard_mean, 1e-9);
  }
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
  free(y);
}

/* A turned table has another box of columns, but the same along its principal axes. */
static void test_axes_turn_with_the_rows(void **unused) {
  (void)unused;
  double *x = make_normal(80, 2, 4), *y = malloc(160 * sizeof *y), angle = 0.6;
  for (size_t i = 0; i < 80; i++) {
    x[2 * i] *= 6;
    y[2 * i] = cos(angle) * x[2 * i] - sin(angle) * x[2 * i + 1];
    y[2 * i + 1] = sin(angle) * x[2 * i] + cos(angle) * x[2 * i + 1];
  }
  ockham_sweep *a = sweep_with(rows_of(x, 80, 2), all_up_to(4)), *b = sweep_with(rows_of(y, 80, 2), all_up_to(4));
  for (size_t i = 0; i < 4; i++)
    assert_close(statistics_at(a, i)->gap_pca.value, statistics_at(b, i)->gap_pca.value, 1e-6);
  assert_true(fabs(statistics_at(a, 3)->gap.value - statistics_at(b, 3)->gap.value) > 0.3);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
  free(y);
}

static void assert_same_statistics(const ockham_sweep *a, const ockham_sweep *b, double tolerance) {
  for (size_t i = 0; i < ockham_sweep_curve(a)->n_points; i++)
    for (size_t c = 0; c < N_NAMES; c++) {
      double u = value_at(a, names[c], i), v = value_at(b, names[c], i);
      if (isnan(u) && isnan(v)) continue;
      assert_close(u, v, tolerance);
    }
}

static void test_threads_do_not_matter(void **unused) {
  (void)unused;
  double *x = make_normal(70, 3, 5);
  ockham_sweep_options options = all_up_to(6);
  options.threads = 1;
  ockham_sweep *one = sweep_with(rows_of(x, 70, 3), options);
  for (size_t threads = 2; threads <= 5; threads += 3) {
    options.threads = threads;
    ockham_sweep *more = sweep_with(rows_of(x, 70, 3), options);
    for (size_t i = 0; i < 6; i++)
      assert_memory_equal(statistics_at(one, i), statistics_at(more, i), sizeof *statistics_at(one, i));
    ockham_sweep_free(more);
  }
  options.seed = 1;
  ockham_sweep *other = sweep_with(rows_of(x, 70, 3), options);
  assert_true(statistics_at(one, 2)->gap.value != statistics_at(other, 2)->gap.value);
  ockham_sweep_free(other);
  ockham_sweep_free(one);
  free(x);
}

/* What one criterion gathers is what all gather, and no more. */
static void test_one_criterion_gathers_its_own(void **unused) {
  (void)unused;
  double *x = make_blobs(80, 2, 3, 6);
  ockham_sweep *all = sweep_with(rows_of(x, 80, 2), all_up_to(5));
  for (size_t c = 0; c < N_NAMES; c++) {
    ockham_sweep *one =
        sweep_with(rows_of(x, 80, 2),
                   (ockham_sweep_options){.k_max = 5, .restarts = 1, .criterion = names[c], .no_silhouette = true});
    ockham_verdict v = ockham_sweep_verdict(one);
    assert_string_equal(v.criterion->name, names[c]);
    assert_false(v.undecided);
    assert_int_equal(v.k, choice_of(all, names[c]));
    for (size_t i = 1; i < 5; i++) assert_true(value_at(one, names[c], i) == value_at(all, names[c], i));
    assert_true(isnan(value_at(one, c < 3 ? "prediction-strength" : "gap", 2)));
    ockham_sweep_free(one);
  }
  ockham_sweep *usual = sweep_with(rows_of(x, 80, 2), (ockham_sweep_options){.k_max = 5});
  assert_null(statistics_at(usual, 0));
  ockham_sweep_free(usual);
  ockham_sweep_free(all);
  free(x);
}

/* ---- weights, and some of many rows ---- */

static void test_weights_count_rows(void **unused) {
  (void)unused;
  enum { N = 40, D = 2 };
  double *x = make_normal(N, D, 7), weights[N], *each = malloc(N * 4 * D * sizeof *each);
  size_t n = 0;
  for (size_t i = 0; i < N; i++) {
    x[i * D] += i % 2 ? 8 : 0;
    weights[i] = (double)(i % 4);
    for (size_t w = 0; w < i % 4; w++) memcpy(each + n++ * D, x + i * D, D * sizeof *x);
  }
  ockham_sweep_options options = all_up_to(5);
  ockham_sweep *copies = sweep_with(rows_of(each, n, D), options);
  options.weights = weights;
  ockham_sweep *weighted = sweep_with(rows_of(x, N, D), options);
  assert_int_equal(statistics_at(weighted, 0)->n_rows, n);
  assert_same_statistics(weighted, copies, 1e-6); /* drawn from the same rows in the same order */
  ockham_sweep_free(weighted);
  ockham_sweep_free(copies);
  free(each);
  free(x);
}

/* Fractions are met as often as they say; little weight leaves few rows to draw from, and nothing to say of more k. */
static void test_fractional_weights(void **unused) {
  (void)unused;
  double *x = make_blobs(90, 2, 3, 8), weights[90];
  for (size_t i = 0; i < 90; i++) weights[i] = 0.5 + (double)(i % 7) / 3;
  ockham_sweep_options options = all_up_to(5);
  options.weights = weights;
  ockham_sweep *sweep = sweep_with(rows_of(x, 90, 2), options);
  assert_int_equal(statistics_at(sweep, 0)->n_rows, llround(ockham_sweep_curve(sweep)->total_weight));
  assert_all_see(sweep, 3);
  ockham_sweep_free(sweep);
  for (size_t i = 0; i < 90; i++) weights[i] = 0.03;
  sweep = sweep_with(rows_of(x, 90, 2), options);
  assert_int_equal(statistics_at(sweep, 0)->n_rows, 3);
  assert_true(isnan(value_at(sweep, "gap", 3)) && isnan(value_at(sweep, "prediction-strength", 2)));
  ockham_sweep_free(sweep);
  free(x);
}

static void test_some_of_many_rows(void **unused) {
  (void)unused;
  enum { N = 10500 };
  double *x = make_blobs(N, 1, 4, 9);
  ockham_sweep_options options = all_up_to(5);
  options.all_criteria = false;
  options.criterion = "gap";
  ockham_sweep *sweep = sweep_with(rows_of(x, N, 1), options);
  assert_int_equal(statistics_at(sweep, 0)->n_rows, 10000);
  assert_int_equal(ockham_sweep_verdict(sweep).k, 4);
  ockham_sweep_free(sweep);
  free(x);
}

/* ---- where things end ---- */

static void test_few_rows(void **unused) {
  (void)unused;
  const double x[] = {3, -7, 12, 5, 5, 5};
  for (size_t n = 1; n <= 6; n++)
    for (size_t d = 1; n * d <= 6; d++) {
      ockham_sweep *sweep = sweep_with(rows_of(x, n, d), all_up_to(n));
      for (size_t c = 0; c < N_NAMES; c++) {
        size_t k = choice_of(sweep, names[c]);
        assert_true(k <= n);
        for (size_t i = 0; i < ockham_sweep_curve(sweep)->n_points; i++)
          assert_false(isinf(value_at(sweep, names[c], i)));
      }
      ockham_sweep_free(sweep);
    }
}

static void test_rows_that_repeat(void **unused) {
  (void)unused;
  double x[120];
  for (size_t i = 0; i < 120; i++) x[i] = (double)(i / 2 % 4 * 7);
  ockham_sweep *sweep = sweep_with(rows_of(x, 60, 2), all_up_to(8));
  assert_int_equal(ockham_sweep_curve(sweep)->n_points, 4);
  assert_true(isnan(value_at(sweep, "gap", 3))); /* no inertia is left */
  assert_close(value_at(sweep, "prediction-strength", 3), 1, 1e-12);
  ockham_sweep_free(sweep);
  for (size_t i = 0; i < 120; i++) x[i] = 0.1;
  sweep = sweep_with(rows_of(x, 60, 2), (ockham_sweep_options){.criterion = "gap"});
  assert_true(ockham_sweep_verdict(sweep).undecided);
  assert_int_equal(ockham_sweep_verdict(sweep).k, 1);
  ockham_sweep_free(sweep);
}

static void test_range_may_begin_above_one(void **unused) {
  (void)unused;
  double *x = make_blobs(120, 2, 4, 10);
  ockham_sweep *all = sweep_with(rows_of(x, 120, 2), all_up_to(6));
  ockham_sweep_options options = all_up_to(6);
  options.k_min = 3;
  ockham_sweep *some = sweep_with(rows_of(x, 120, 2), options);
  for (size_t i = 0; i < 4; i++)
    assert_memory_equal(statistics_at(some, i), statistics_at(all, i + 2), sizeof(ockham_resample_statistics));
  assert_int_equal(choice_of(some, "gap"), 4);
  ockham_sweep_free(some);
  ockham_sweep_free(all);
  free(x);
}

/* Beyond the limit nothing is said; below it all is as ever. */
static void test_many_clusters(void **unused) {
  (void)unused;
  enum { N = 300, K = OCKHAM_RESAMPLE_K_LIMIT + 20 };
  double *x = make_uniform(N, 1, 11);
  ockham_sweep *sweep = sweep_with(
      rows_of(x, N, 1), (ockham_sweep_options){.k_max = K, .criterion = "gap", .no_silhouette = true, .threads = 2});
  assert_true(isfinite(value_at(sweep, "gap", OCKHAM_RESAMPLE_K_LIMIT - 1)));
  assert_true(isnan(value_at(sweep, "gap", OCKHAM_RESAMPLE_K_LIMIT)));
  assert_int_equal(ockham_sweep_verdict(sweep).k, 1);
  ockham_sweep_free(sweep);
  free(x);
}

static void test_principal_axes_of_many_columns_are_left_out(void **unused) {
  (void)unused;
  double *x = make_normal(12, 257, 12);
  ockham_sweep *sweep = sweep_with(rows_of(x, 12, 257), all_up_to(3));
  assert_true(isfinite(value_at(sweep, "gap", 1)) && isnan(value_at(sweep, "gap-pca", 1)));
  ockham_sweep_free(sweep);
  sweep = sweep_with(rows_of(x, 12, 40), (ockham_sweep_options){.k_max = 3, .criterion = "gap-pca"});
  assert_true(isfinite(value_at(sweep, "gap-pca", 1)));
  ockham_sweep_free(sweep);
  free(x);
}

/* ---- stops and want of memory ---- */

static bool stop_in_stage(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)done, (void)total;
  return strcmp(stage, user) != 0;
}

static void test_a_stop_leaves_the_rest(void **unused) {
  (void)unused;
  static const char *const stages[] = {"gap", "gap, principal axes", "prediction strength", "bootstrap"};
  double *x = make_normal(400, 3, 13);
  for (size_t s = 0; s < 4; s++) {
    ockham_progress progress = {.report = stop_in_stage, .user = (void *)stages[s]};
    ockham_sweep_options options = {
        .k_max = 12, .criterion = names[s + (s > 1)], .progress = &progress, .no_silhouette = true, .threads = 2};
    ockham_sweep *sweep = sweep_with(rows_of(x, 400, 3), options);
    assert_true(ockham_sweep_verdict(sweep).partial);
    assert_null(statistics_at(sweep, 0));
    assert_string_equal(ockham_sweep_verdict(sweep).criterion->name, "bic");
    assert_int_equal(ockham_sweep_curve(sweep)->n_points, 12);
    assert_curve_in_order(sweep);
    ockham_sweep_free(sweep);
  }
  free(x);
}

/* Every allocation at first, then fewer and fewer. */
static void test_want_of_memory(void **unused) {
  (void)unused;
  const double x[] = {0, 1, 9, 10, 30, 31, 33, 2, 11, 34, 35, 36};
  const double weights[] = {1, 2, 1, 1, 1, 1};
  for (size_t c = 0; c < N_NAMES; c++) {
    ockham_sweep_options options = {.k_max = 3,
                                    .criterion = names[c],
                                    .weights = c % 2 ? weights : NULL,
                                    .threads = 1,
                                    .restarts = 1,
                                    .no_silhouette = true};
    bool done = false;
    for (long n = 0; !done; n += 1 + n / 8) {
      ockham_sweep *sweep = NULL;
      ockham_error err = {0};
      ock_fault_after(n);
      ockham_status status = ockham_sweep_run(rows_of(x, 6, 2), &options, &sweep, &err);
      done = ock_fault_hits() == 0;
      ock_fault_clear();
      assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
      assert_true((sweep != NULL) == (status == OCKHAM_OK));
      if (status) assert_non_null(strstr(err.message, "not enough memory"));
      ockham_sweep_free(sweep);
    }
  }
}

static void test_beyond_memory_it_is_refused(void **unused) {
  (void)unused;
  double *x = make_normal(400, 2, 14);
  ockham_rows rows = rows_of(x, 400, 2);
  double zeros[2] = {0}, ones[2] = {1, 1};
  ockham_row_source source = {.n_columns = 2};
  ockham_overview overview = {.n_rows = 400, .n_columns = 2, .sample = rows, .mean = zeros, .low = zeros, .high = ones};
  ockham_sweep *sweep;
  ockham_error err = {0};
  assert_int_equal(
      ockham_sweep_run_source(&source, &overview, 100000000, &(ockham_sweep_options){.criterion = "gap"}, &sweep, &err),
      OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "criterion 'gap' needs all rows in memory");
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_r),
      cmocka_unit_test(test_counts_are_those_of_all_pairs),
      cmocka_unit_test(test_counts_by_hand),
      cmocka_unit_test(test_means_by_hand),
      cmocka_unit_test(test_clusters_that_are_apart),
      cmocka_unit_test(test_one_cluster_where_there_is_none),
      cmocka_unit_test(test_units_and_place_do_not_matter),
      cmocka_unit_test(test_axes_turn_with_the_rows),
      cmocka_unit_test(test_threads_do_not_matter),
      cmocka_unit_test(test_one_criterion_gathers_its_own),
      cmocka_unit_test(test_weights_count_rows),
      cmocka_unit_test(test_fractional_weights),
      cmocka_unit_test(test_some_of_many_rows),
      cmocka_unit_test(test_few_rows),
      cmocka_unit_test(test_rows_that_repeat),
      cmocka_unit_test(test_range_may_begin_above_one),
      cmocka_unit_test(test_many_clusters),
      cmocka_unit_test(test_principal_axes_of_many_columns_are_left_out),
      cmocka_unit_test(test_a_stop_leaves_the_rest),
      cmocka_unit_test(test_want_of_memory),
      cmocka_unit_test(test_beyond_memory_it_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
