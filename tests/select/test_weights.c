/* SPDX-License-Identifier: Apache-2.0 */
/* A table with weights gets the curve, the silhouettes and the answer of the table that holds each row as often as its
 * weight says. */
#include "select/internal.h"
#include "sweeping.h"

/* Rows with weights, and the same repeated. */
typedef struct pair {
  size_t n, d, total;
  double *x, *weights, *repeated;
  size_t *origin; /* total: which row each of the repeated is */
} pair;

static pair make_pair(double *x, size_t n, size_t d, size_t most_times, uint64_t seed) {
  pair p = {.n = n, .d = d, .x = x, .weights = malloc(n * sizeof(double))};
  ock_rng rng = ock_rng_make(seed, 4);
  for (size_t i = 0; i < n; i++) {
    p.weights[i] = (double)(1 + ock_rng_below(&rng, most_times));
    p.total += (size_t)p.weights[i];
  }
  p.repeated = malloc(p.total * d * sizeof(double));
  p.origin = malloc(p.total * sizeof *p.origin);
  for (size_t time = 0, at = 0; time < most_times; time++)
    for (size_t i = 0; i < n; i++)
      if ((double)time < p.weights[i]) {
        memcpy(p.repeated + at * d, x + i * d, d * sizeof(double));
        p.origin[at++] = i;
      }
  return p;
}

static void free_pair(pair *p) {
  free(p->x);
  free(p->weights);
  free(p->repeated);
  free(p->origin);
}

static ockham_rows repeated_rows(const pair *p) {
  return rows_of(p->repeated, p->total, p->d);
}

/* ---- curves ---- */

/* Every criterion of point i that does not look at its neighbours. */
static void assert_same_point(const ockham_curve *a, const ockham_curve *b, size_t i, double tolerance) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  const ockham_curve_point *p = &a->points[i], *q = &b->points[i];
  assert_int_equal(p->k, q->k);
  assert_close(p->inertia, q->inertia, tolerance);
  for (size_t j = 0; j < p->k; j++) {
    assert_true(p->weights[j] == q->weights[j] && q->weights[j] == (double)q->sizes[j]);
    assert_close(p->within[j], q->within[j], tolerance);
    assert_close(p->spread[j], q->spread[j], tolerance);
  }
  bool is_pure = false; /* a cluster of one distinct row: its variance is 0, or what rounding makes of that */
  for (size_t j = 0; j < p->k; j++) is_pure = is_pure || p->within[j] < 1e-20;
  for (size_t c = 0; c < n; c++) {
    if (!criteria[c].usual) continue;
    if (is_pure && strcmp(criteria[c].name, "bic-goxmeans") == 0) continue; /* has its logarithm */
    double value = ockham_criterion_value(&criteria[c], a, i), other = ockham_criterion_value(&criteria[c], b, i);
    bool is_silhouette = strcmp(criteria[c].name, "silhouette") == 0; /* of float32 distances */
    if (!isnan(value) || !isnan(other)) assert_close(value, other, is_silhouette ? 1e-6 : tolerance);
  }
}

/* Every criterion of two curves that are the same throughout. */
static void assert_same_criteria(const ockham_curve *a, const ockham_curve *b, double tolerance) {
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t i = 0; i < a->n_points; i++)
    for (size_t c = 0; c < n; c++) {
      double value = ockham_criterion_value(&criteria[c], a, i), other = ockham_criterion_value(&criteria[c], b, i);
      if (!criteria[c].usual && (!isnan(value) || !isnan(other))) assert_close(value, other, tolerance);
    }
}

/* One column: every k is the optimum, so whole curves are the same. */
static void curves_of_one_column_are_the_same(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 5; seed++) {
    pair p = make_pair(make_blobs(240, 1, 4, seed), 240, 1, 5, seed);
    ockham_sweep *a = sweep_with(rows_of(p.x, p.n, 1), (ockham_sweep_options){.weights = p.weights});
    ockham_sweep *b = sweep_with(repeated_rows(&p), (ockham_sweep_options){0});
    const ockham_curve *c = ockham_sweep_curve(a), *e = ockham_sweep_curve(b);
    assert_int_equal(c->n_points, e->n_points);
    assert_true(c->weighted && !e->weighted && c->n_rows == 240 && e->n_rows == p.total);
    assert_true(c->total_weight == (double)p.total && e->total_weight == (double)p.total);
    assert_close(c->total, e->total, 1e-12);
    assert_close(c->variance_floor, e->variance_floor, 1e-12);
    for (size_t i = 0; i < c->n_points; i++) assert_same_point(c, e, i, 1e-9);
    assert_same_criteria(c, e, 1e-6); /* differences of differences */
    assert_int_equal(ockham_sweep_verdict(a).k, ockham_sweep_verdict(b).k);
    assert_close(ockham_sweep_verdict(a).weight, ockham_sweep_verdict(b).weight, 1e-5); /* as far as EM goes */
    ockham_sweep_free(a);
    ockham_sweep_free(b);
    free_pair(&p);
  }
}

/* Groups that every search finds. */
static void check_blobs(size_t n, size_t d, size_t k, size_t most_times, uint64_t seed) {
  pair p = make_pair(make_blobs(n, d, k, seed), n, d, most_times, seed);
  ockham_rows x = rows_of(p.x, n, d);
  ockham_sweep *a = sweep_with(x, (ockham_sweep_options){.weights = p.weights, .exact = true, .criterion = "bic"});
  ockham_sweep *b = sweep_with(repeated_rows(&p), (ockham_sweep_options){.exact = true, .criterion = "bic"});
  ockham_verdict v = ockham_sweep_verdict(a), w = ockham_sweep_verdict(b);
  assert_int_equal(v.k, k);
  assert_int_equal(w.k, k);
  assert_same_point(ockham_sweep_curve(a), ockham_sweep_curve(b), v.point, 1e-9);
  uint32_t *labels = malloc(n * sizeof *labels), *others = malloc(p.total * sizeof *others);
  assert_ok(ockham_sweep_labels(a, x, v.point, 1, labels, err));
  assert_ok(ockham_sweep_labels(b, repeated_rows(&p), w.point, 1, others, err));
  for (size_t i = 0; i < p.total; i++) assert_int_equal(others[i], labels[p.origin[i]]);
  free(labels);
  free(others);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free_pair(&p);
}

static void blobs_get_the_same_answer(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 6; seed++) check_blobs(300 + 40 * seed, 2 + seed, 2 + seed, 4, seed);
  check_blobs(3000, 3, 7, 3, 9);
}

/* By mixtures: the same likelihood, and halves of the copies that say the same. */
static void mixtures_get_the_same_answer(void **state) {
  (void)state;
  enum { N = 400, K = 4 };
  pair p = make_pair(make_blobs(N, 2, K, 3), N, 2, 2, 3);
  ockham_sweep *a = sweep_with(rows_of(p.x, N, 2), (ockham_sweep_options){.weights = p.weights});
  ockham_sweep *b = sweep_with(repeated_rows(&p), (ockham_sweep_options){0});
  ockham_verdict v = ockham_sweep_verdict(a), w = ockham_sweep_verdict(b);
  assert_int_equal(v.k, K);
  assert_int_equal(w.k, K);
  assert_non_null(v.mixture);
  assert_close(ockham_sweep_curve(a)->points[v.point].mixture_bic, ockham_sweep_curve(b)->points[w.point].mixture_bic,
               1e-7);
  assert_true(v.confidence.n_agree + 4 >= v.confidence.n_halves && w.confidence.n_agree + 4 >= w.confidence.n_halves);
  for (size_t j = 0; j < K; j++) {
    assert_true(v.weights[j] == (double)w.sizes[j]);
    assert_close(v.within[j], w.within[j], 1e-5);
    assert_close(v.mixture->proportions[j], w.mixture->proportions[j], 1e-5);
  }
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free_pair(&p);
}

/* What is thinned out and finished on all rows. */
static void large_tables_get_the_same_answer(void **state) {
  (void)state;
  enum { N = 52000, K = 6 };
  pair p = make_pair(make_blobs(N, 2, K, 5), N, 2, 2, 5);
  ockham_sweep_options options = {.k_max = 10, .no_silhouette = true, .criterion = "bic"};
  ockham_sweep *b = sweep_with(repeated_rows(&p), options);
  options.weights = p.weights;
  ockham_sweep *a = sweep_with(rows_of(p.x, N, 2), options);
  assert_int_equal(ockham_sweep_verdict(a).k, K);
  assert_int_equal(ockham_sweep_verdict(b).k, K);
  assert_same_point(ockham_sweep_curve(a), ockham_sweep_curve(b), K - 1, 1e-9);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free_pair(&p);
}

static void weights_of_one_change_nothing(void **state) {
  (void)state;
  for (size_t d = 1; d <= 3; d++) {
    pair p = make_pair(make_normal(700, d, d), 700, d, 1, d);
    ockham_sweep *a = sweep_with(rows_of(p.x, 700, d), (ockham_sweep_options){.weights = p.weights});
    ockham_sweep *b = sweep_with(rows_of(p.x, 700, d), (ockham_sweep_options){0});
    assert_same_curves(a, b);
    assert_false(ockham_sweep_curve(a)->weighted);
    ockham_sweep_free(a);
    ockham_sweep_free(b);
    free_pair(&p);
  }
}

/* Rows of weight 0, far away and in a column of their own, change no bit of the curve. */
static void rows_of_weight_zero_count_nowhere(void **state) {
  (void)state;
  enum { N = 500, MORE = 100, D = 3 };
  pair p = make_pair(make_blobs(N, D, 4, 2), N, D, 3, 2);
  double *x = malloc((N + MORE) * D * sizeof *x), *weights = malloc((N + MORE) * sizeof *weights);
  for (size_t i = 0; i < N; i++) p.x[i * D + 2] = 7; /* does not vary among those that count */
  for (size_t i = 0, from = 0; i < N + MORE; i++) {
    bool counts = i % 6 != 0;
    weights[i] = counts ? p.weights[from] : 0;
    for (size_t l = 0; l < D; l++) x[i * D + l] = counts ? p.x[from * D + l] : 1e6 * (double)(i + l);
    from += counts;
  }
  ockham_sweep *a = sweep_with(rows_of(x, N + MORE, D), (ockham_sweep_options){.weights = weights});
  ockham_sweep *b = sweep_with(rows_of(p.x, N, D), (ockham_sweep_options){.weights = p.weights});
  assert_same_curves(a, b);
  assert_int_equal(ockham_sweep_curve(a)->n_rows, N);
  assert_int_equal(ockham_sweep_curve(a)->n_varying, 2);
  uint32_t *labels = malloc((N + MORE) * sizeof *labels);
  assert_ok(ockham_sweep_labels(a, rows_of(x, N + MORE, D), 3, 1, labels, err));
  free(labels);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
  free(weights);
  free_pair(&p);
}

/* What the rows say when they are looked at once more; halves may be found from other rows. */
static void rows_are_looked_at_by_weight(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 4; seed++) {
    size_t d = 1 + seed;
    pair p = make_pair(make_blobs(300, d, 4, seed), 300, d, 4, seed);
    ockham_sweep_options options = {.weights = p.weights, .criterion = "scott", .k_max = 5};
    ockham_sweep *a = sweep_with(rows_of(p.x, p.n, d), options);
    options.weights = NULL;
    ockham_sweep *b = sweep_with(repeated_rows(&p), options);
    for (size_t k = 0; k < 4; k += 3) { /* where there is but one good clustering */
      const ockham_row_statistics *r = ockham_sweep_curve(a)->points[k].rows,
                                  *s = ockham_sweep_curve(b)->points[k].rows;
      assert_close(r->log_determinant, s->log_determinant, 1e-9);
      assert_close(r->trace_ratio, s->trace_ratio, 1e-9);
      assert_close(r->scattering, s->scattering, 1e-9);
      if (k > 0) assert_close(r->density_between, s->density_between, 1e-9);
      for (size_t l = 0; l < d; l++) {
        assert_close(r->explained[l], s->explained[l], 1e-9);
        assert_close(r->spectrum[l], s->spectrum[l], 1e-9);
      }
      for (size_t j = 0; j <= k; j++) assert_close(r->halves[j], s->halves[j], 0.05);
    }
    ockham_sweep_free(a);
    ockham_sweep_free(b);
    free_pair(&p);
  }
}

/* Any factor leaves the clusterings as they are; it is the criteria that read it. */
static void the_scale_of_weights_leaves_the_clusterings(void **state) {
  (void)state;
  pair p = make_pair(make_blobs(400, 2, 5, 3), 400, 2, 4, 3);
  ockham_rows x = rows_of(p.x, 400, 2);
  ockham_sweep_options options = {.k_max = 12, .weights = p.weights};
  ockham_sweep *a = sweep_with(x, options);
  for (size_t i = 0; i < 400; i++) p.weights[i] *= 0x1p-6;
  ockham_sweep *b = sweep_with(x, options);
  const ockham_curve *c = ockham_sweep_curve(a), *e = ockham_sweep_curve(b);
  assert_int_equal(c->n_points, e->n_points);
  for (size_t i = 0; i < c->n_points; i++) {
    assert_true(c->points[i].inertia == 0x1p6 * e->points[i].inertia);
    assert_memory_equal(c->points[i].centroids, e->points[i].centroids, c->points[i].k * 2 * sizeof(double));
    assert_memory_equal(c->points[i].sizes, e->points[i].sizes, c->points[i].k * sizeof(uint64_t));
  }
  assert_true(ockham_score_bic(c, 4).value != ockham_score_bic(e, 4).value);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free_pair(&p);
}

/* ---- silhouettes of any partition ---- */

enum { PARTITIONS = 7, MOST_K = 12 };

/* Partition q has q + 2 clusters, the last of which is one row. */
static uint16_t label_of(size_t row, size_t q) {
  return (uint16_t)(row == 5 ? q + 1 : (row * 2654435761u >> 7) % (q + 1));
}

static void compute(ockham_rows x, const double *weights, const size_t *origin, double *silhouette) {
  uint16_t *label = malloc(x.n_rows * PARTITIONS * sizeof *label);
  double *zeros = calloc(x.n_columns, sizeof *zeros), sums[PARTITIONS][MOST_K] = {{0}}, ones[MOST_K];
  ock_fit fits[PARTITIONS];
  for (size_t i = 0; i < x.n_rows; i++)
    for (size_t q = 0; q < PARTITIONS; q++) {
      label[i * PARTITIONS + q] = label_of(origin ? origin[i] : i, q);
      sums[q][label[i * PARTITIONS + q]] += weights ? weights[i] : 1;
    }
  for (size_t j = 0; j < MOST_K; j++) ones[j] = 1;
  for (size_t q = 0; q < PARTITIONS; q++) {
    ock_fit_init(&fits[q]);
    fits[q].k = q + 2;
    fits[q].weights = sums[q];
    fits[q].spread = ones; /* only a hint of where blocks should end */
  }
  ock_partitions partitions = {.n_partitions = PARTITIONS, .fits = fits, .label = label, .weights = weights};
  ock_pool *pool;
  assert_ok(ock_pool_new(2, &pool, err));
  assert_ok(ock_silhouettes_compute(x, zeros, &partitions, pool, NULL, silhouette, NULL, err));
  ock_pool_free(pool);
  free(label);
  free(zeros);
}

static void silhouettes_are_those_of_repeated_rows(void **state) {
  (void)state;
  size_t n_alone = 0;
  for (uint64_t seed = 0; seed < 12; seed++) {
    size_t n = 50 + 30 * seed, d = 1 + seed % 5;
    pair p = make_pair(make_normal(n, d, seed), n, d, 4, seed);
    double a[PARTITIONS], b[PARTITIONS];
    n_alone += p.weights[5] == 1; /* else its cluster is several rows at one place */
    compute(rows_of(p.x, n, d), p.weights, NULL, a);
    compute(repeated_rows(&p), NULL, p.origin, b);
    for (size_t q = 0; q < PARTITIONS; q++) assert_close(a[q], b[q], 1e-6);
    for (size_t i = 0; i < n; i++) p.weights[i] = 1; /* as a table without any */
    compute(rows_of(p.x, n, d), p.weights, NULL, a);
    compute(rows_of(p.x, n, d), NULL, NULL, b);
    for (size_t q = 0; q < PARTITIONS; q++) assert_close(a[q], b[q], 1e-6);
    free_pair(&p);
  }
  assert_true(n_alone > 0 && n_alone < 12);
}

static double row_distance(const double *x, const double *y, size_t d) {
  double sum = 0;
  for (size_t l = 0; l < d; l++) sum += (x[l] - y[l]) * (x[l] - y[l]);
  return sqrt(sum);
}

/* By the definition: a = sum w |x - y| / (W - 1) over the own cluster, of weight W. */
static double defined_silhouette(const pair *p, size_t q) {
  double total = 0, silhouettes = 0;
  for (size_t i = 0; i < p->n; i++) {
    double sums[MOST_K] = {0}, weights[MOST_K] = {0}, nearest = INFINITY;
    for (size_t other = 0; other < p->n; other++) {
      size_t j = label_of(other, q);
      weights[j] += p->weights[other];
      sums[j] += p->weights[other] * row_distance(p->x + i * p->d, p->x + other * p->d, p->d);
    }
    size_t own = label_of(i, q);
    for (size_t j = 0; j < q + 2; j++)
      if (j != own) nearest = fmin(nearest, sums[j] / weights[j]);
    double within = sums[own] / (weights[own] - 1);
    total += p->weights[i];
    if (weights[own] > 1) silhouettes += p->weights[i] * (nearest - within) / fmax(nearest, within);
  }
  return silhouettes / total;
}

static void silhouettes_of_fractions_are_as_defined(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 4; seed++) {
    pair p = make_pair(make_normal(130, 1 + seed, seed), 130, 1 + seed, 4, seed);
    for (size_t i = 0; i < p.n; i++) p.weights[i] = 0.05 + (double)(i * 31 % 17) / 7;
    double found[PARTITIONS];
    compute(rows_of(p.x, p.n, p.d), p.weights, NULL, found);
    for (size_t q = 0; q < PARTITIONS; q++) assert_close(found[q], defined_silhouette(&p, q), 1e-6);
    free_pair(&p);
  }
}

/* The estimate from some of the rows is as near as it says. */
static void estimates_are_near(void **state) {
  (void)state;
  enum { N = 6000, K = 7, SEEDS = 30 };
  pair p = make_pair(make_normal(N, 2, 8), N, 2, 9, 8);
  ockham_sweep *sweep = sweep_with(rows_of(p.x, N, 2),
                                   (ockham_sweep_options){.k_min = 2, .k_max = K, .exact = true, .weights = p.weights});
  double exact[K + 1], squares = 0, stated = 0;
  for (size_t k = 2; k <= K; k++) exact[k] = sweep->fits[k - 1].silhouette;
  sweep->own_frame.weights = p.weights; /* as they are while it runs */
  ock_pool *pool;
  assert_ok(ock_pool_new(2, &pool, err));
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    ock_ticker ticker = {0};
    assert_ok(ock_silhouettes_estimate(sweep, rows_of(p.x, N, 2), 3e5, seed, pool, &ticker, err));
    for (size_t k = 2; k <= K; k++) {
      double error = sweep->fits[k - 1].silhouette - exact[k], sd = sweep->fits[k - 1].silhouette_error;
      if (!(fabs(error) <= 4.5 * sd)) fail_msg("k = %zu, seed %d: off by %g, stated %g", k, (int)seed, error, sd);
      squares += error * error;
      stated += sd * sd;
    }
  }
  print_message("observed over stated error: %.2f\n", sqrt(squares / stated));
  assert_true(squares < 2 * stated && squares > 0.4 * stated);
  ock_pool_free(pool);
  sweep->own_frame.weights = NULL;
  ockham_sweep_free(sweep);
  free_pair(&p);
}

/* ---- what goes wrong ---- */

static void what_is_no_weight_is_refused(void **state) {
  (void)state;
  static const double x[] = {1, 2, 3, 4};
  static const double negative[] = {1, 1, -2, 1}, none[4] = {0}, two[] = {0, 3, 2.5, 0};
  ockham_error err = {0};
  ockham_sweep *sweep;
  ockham_sweep_options options = {.weights = negative};
  assert_int_equal(ockham_sweep_run(rows_of(x, 4, 1), &options, &sweep, &err), OCKHAM_BAD_DATA);
  assert_string_equal(err.message, "row 3: a weight must be 0 or a number from 1e-100 to 1e+100, found -2");
  assert_int_equal(err.row, 3);
  options.weights = none;
  assert_int_equal(ockham_sweep_run(rows_of(x, 4, 1), &options, &sweep, &err), OCKHAM_BAD_DATA);
  assert_string_equal(err.message, "all weights are 0, expected a row that counts");
  options = (ockham_sweep_options){.weights = two, .k_max = 3};
  assert_int_equal(ockham_sweep_run(rows_of(x, 4, 1), &options, &sweep, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "k must be at most the number of rows with a weight, 2, found 3");
  assert_null(sweep);
  options = (ockham_sweep_options){.weights = two};
  assert_int_equal(ockham_sweep_run(rows_of(x, 4, 1), &options, &sweep, &err), OCKHAM_OK);
  ockham_sweep_free(sweep);
}

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  pair p = make_pair(make_blobs(90, 2, 3, 6), 90, 2, 3, 6);
  p.weights[4] = 0;
  for_each_allocation_failure(n) {
    ockham_error err = {0};
    ockham_sweep *sweep;
    ockham_sweep_options options = {.k_max = 4, .weights = p.weights, .threads = 1};
    ock_fault_after(n);
    ockham_status status = ockham_sweep_run(rows_of(p.x, 90, 2), &options, &sweep, &err);
    assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
    ockham_sweep_free(sweep);
  }
  free_pair(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(curves_of_one_column_are_the_same),
      cmocka_unit_test(blobs_get_the_same_answer),
      cmocka_unit_test(mixtures_get_the_same_answer),
      cmocka_unit_test(large_tables_get_the_same_answer),
      cmocka_unit_test(rows_are_looked_at_by_weight),
      cmocka_unit_test(weights_of_one_change_nothing),
      cmocka_unit_test(rows_of_weight_zero_count_nowhere),
      cmocka_unit_test(the_scale_of_weights_leaves_the_clusterings),
      cmocka_unit_test(silhouettes_are_those_of_repeated_rows),
      cmocka_unit_test(silhouettes_of_fractions_are_as_defined),
      cmocka_unit_test(estimates_are_near),
      cmocka_unit_test(what_is_no_weight_is_refused),
      cmocka_unit_test(running_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
