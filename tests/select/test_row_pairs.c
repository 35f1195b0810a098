/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of pairs of rows: one walk up their order against every pair of pairs looked at; weights against repeated
 * rows; and in a whole sweep. */
#include "criteria/plain_pairs.h"
#include "select/row_pairs.h"
#include "sweeping.h"

enum { MOST_K = 24 };

/* ---- one labelling ---- */

/* A labelling of rows; centroids are the means, by weight. */
typedef struct problem {
  ockham_rows x;
  size_t k;
  uint8_t *label;
  double *weights; /* NULL: all 1 */
  double *centroids;
} problem;

static void find_means(problem *p) {
  size_t d = p->x.n_columns;
  double sum[MOST_K] = {0};
  p->centroids = calloc(p->k * d, sizeof(double));
  for (size_t i = 0; i < p->x.n_rows; i++) sum[p->label[i]] += p->weights ? p->weights[i] : 1;
  for (size_t i = 0; i < p->x.n_rows; i++)
    for (size_t l = 0; l < d; l++)
      p->centroids[p->label[i] * d + l] +=
          ock_rows_get(p->x, i, l) * (p->weights ? p->weights[i] : 1) / sum[p->label[i]];
}

/* All of 0 ... k - 1 unless there are too few rows. */
static problem make_problem(double *x, size_t n, size_t d, size_t k, uint64_t seed) {
  problem p = {.x = rows_of(x, n, d), .k = k, .label = malloc(n)};
  ock_rng rng = ock_rng_make(seed, 7);
  for (size_t i = 0; i < n; i++) p.label[i] = (uint8_t)(i < k ? i : ock_rng_below(&rng, k));
  return p;
}

static void free_problem(problem *p) {
  free((void *)p->x.data);
  free(p->label);
  free(p->weights);
  free(p->centroids);
}

/* In a frame of unit 1/4 and an origin. */
static ockham_status solve(problem *p, size_t threads, ockham_pair_statistics *found, ockham_error *err) {
  enum { MOST_N = 2048 };
  size_t n = p->x.n_rows, d = p->x.n_columns;
  double *x = malloc(n * d * sizeof *x), *centroids = malloc(p->k * d * sizeof *x), origin[16], weights[MOST_N];
  uint16_t label[MOST_N];
  assert_true(n <= MOST_N && d <= 16);
  for (size_t l = 0; l < d; l++) origin[l] = 0.5;
  for (size_t i = 0; i < n * d; i++) x[i] = ock_rows_get(p->x, i / d, i % d) / 4;
  for (size_t i = 0; i < p->k * d; i++) centroids[i] = p->centroids[i] / 4 - origin[i % d];
  for (size_t i = 0; i < n; i++) label[i] = p->label[i];
  ock_paired_rows rows = {.n = n, .d = d, .x = x, .origin = origin, .unit = 0.25};
  ock_row_labels labels = {.k = p->k, .centroids = centroids, .label = label};
  ock_pair_scratch scratch;
  ock_arena arena = {0};
  ock_pool *pool;
  ockham_status status = ock_pool_new(threads, &pool, err);
  if (!status) status = ock_paired_rows_init(&rows, p->weights, weights, pool, err);
  if (!status && !ock_pair_scratch_init(&scratch, &rows, p->k, &arena))
    status = ock_fail(err, OCKHAM_NO_MEMORY, "not enough");
  if (!status) ock_pair_statistics(&rows, &labels, &scratch, found);
  ock_paired_rows_clear(&rows);
  ock_arena_clear(&arena);
  ock_pool_free(pool);
  free(x);
  free(centroids);
  return status;
}

static void assert_plain(problem *p, double tolerance) {
  ockham_pair_statistics found;
  if (!p->centroids) find_means(p);
  ockham_pair_statistics expected =
      plain_statistics(&(plain_rows){p->x.data, p->x.n_rows, p->x.n_columns, p->k, p->label, p->centroids});
  assert_ok(solve(p, 2, &found, err));
  plain_assert_same(&found, &expected, tolerance);
}

/* Numbers of rows about the widths of panels. */
static void random_labellings_agree_with_the_definition(void **state) {
  (void)state;
  const size_t sizes[] = {2, 3, 5, 20, 63, 64, 65, 130};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (size_t k = 1; k <= MOST_K; k += 1 + k / 2) {
      if (k > sizes[s]) continue;
      size_t d = 1 + (s + k) % 5;
      problem p = make_problem(make_normal(sizes[s], d, 10 * s + k), sizes[s], d, k, s);
      assert_plain(&p, 1e-12);
      free_problem(&p);
    }
}

/* Few different values: most distances are equal to others, many are 0. */
static void equal_distances_agree_with_the_definition(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    size_t n = 30 + seed, d = 1 + seed % 3;
    double *x = make_uniform(n, d, seed);
    for (size_t i = 0; i < n * d; i++) x[i] = floor(x[i] * 4);
    problem p = make_problem(x, n, d, 2 + seed % 4, seed);
    assert_plain(&p, 1e-12);
    free_problem(&p);
  }
}

static void all_equal_rows_agree_with_the_definition(void **state) {
  (void)state;
  problem p = make_problem(calloc(40, sizeof(double)), 20, 2, 3, 1);
  for (size_t i = 0; i < 40; i++) ((double *)p.x.data)[i] = 0.1;
  assert_plain(&p, 1e-12);
  free_problem(&p);
}

/* Clusters that have no row among these do not count. */
static void clusters_without_rows_do_not_count(void **state) {
  (void)state;
  problem p = make_problem(make_normal(40, 3, 2), 40, 3, 4, 3), q = make_problem(make_normal(40, 3, 2), 40, 3, 4, 3);
  ockham_pair_statistics a, b;
  find_means(&p);
  q.k = 9;
  q.centroids = calloc(9 * 3, sizeof(double)); /* the others in the middle of all */
  for (size_t j = 0; j < 4; j++) memcpy(q.centroids + (2 * j + 1) * 3, p.centroids + j * 3, 3 * sizeof(double));
  for (size_t i = 0; i < 40; i++) q.label[i] = (uint8_t)(2 * q.label[i] + 1);
  assert_ok(solve(&p, 1, &a, err));
  assert_ok(solve(&q, 1, &b, err));
  plain_assert_same(&a, &b, 0);
  free_problem(&p);
  free_problem(&q);
}

static void offsets_cost_no_digits(void **state) {
  (void)state;
  enum { N = 60, D = 2 };
  double *x = make_normal(N, D, 4), *y = malloc(N * D * sizeof *y);
  for (size_t i = 0; i < N * D; i++) {
    x[i] = floor(x[i] * 16) / 16;
    y[i] = x[i] + 0x1p40;
  }
  problem p = make_problem(x, N, D, 3, 4), q = make_problem(y, N, D, 3, 4);
  ockham_pair_statistics a, b;
  find_means(&p);
  q.centroids = malloc(3 * D * sizeof(double));
  for (size_t i = 0; i < 3 * D; i++) q.centroids[i] = p.centroids[i] + 0x1p40;
  assert_ok(solve(&p, 1, &a, err));
  assert_ok(solve(&q, 1, &b, err));
  a.least_mean_crossed = b.least_mean_crossed = 0; /* of centroids, which were rounded */
  a.centroid_correlation = b.centroid_correlation = 0;
  plain_assert_same(&a, &b, 0);
  free_problem(&p);
  free_problem(&q);
}

/* ---- weights ---- */

/* Each row as often as its weight says. */
static problem repeat(const problem *p) {
  size_t n = 0, d = p->x.n_columns, at = 0;
  for (size_t i = 0; i < p->x.n_rows; i++) n += (size_t)p->weights[i];
  problem q = {.k = p->k, .label = malloc(n), .centroids = malloc(p->k * d * sizeof(double))};
  double *x = malloc(n * d * sizeof *x);
  for (size_t i = 0; i < p->x.n_rows; i++)
    for (size_t time = 0; (double)time < p->weights[i]; time++, at++) {
      memcpy(x + at * d, (const double *)p->x.data + i * d, d * sizeof *x);
      q.label[at] = p->label[i];
    }
  memcpy(q.centroids, p->centroids, p->k * d * sizeof(double));
  q.x = rows_of(x, n, d);
  return q;
}

static void weights_are_repeated_rows(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 30; seed++) {
    size_t n = 20 + 3 * seed, d = 1 + seed % 4, k = 1 + seed % 5;
    double *x = make_normal(n, d, seed);
    if (seed % 2)
      for (size_t i = 0; i < n * d; i++) x[i] = floor(2 * x[i]); /* with equal rows and distances */
    problem p = make_problem(x, n, d, k, seed);
    ock_rng rng = ock_rng_make(seed, 9);
    p.weights = malloc(n * sizeof *p.weights);
    for (size_t i = 0; i < n; i++) p.weights[i] = (double)(1 + ock_rng_below(&rng, 5));
    find_means(&p);
    problem q = repeat(&p);
    ockham_pair_statistics weighted, repeated;
    assert_ok(solve(&p, 1, &weighted, err));
    assert_ok(solve(&q, 1, &repeated, err));
    plain_assert_same(&weighted, &repeated, 1e-12);
    free_problem(&p);
    free_problem(&q);
  }
}

/* Fractions by the definition, and sums beyond what a product of four weights could hold: shares and means are those of
 * moderate weights. Below weight 1 there is no pair within a row. */
static void weights_of_any_size(void **state) {
  (void)state;
  enum { N = 50 };
  problem p = make_problem(make_normal(N, 2, 5), N, 2, 3, 5);
  ockham_pair_statistics small, tiny, huge;
  double expected[2] = {0}, sums[2] = {0};
  p.weights = malloc(N * sizeof *p.weights);
  for (size_t i = 0; i < N; i++) p.weights[i] = 0.1 + (double)(i * 7 % 10) / 12;
  find_means(&p);
  assert_ok(solve(&p, 1, &small, err));
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < i; j++) {
      double weight = p.weights[i] * p.weights[j];
      expected[p.label[i] != p.label[j]] += weight;
      sums[p.label[i] != p.label[j]] +=
          weight * plain_distance((const double *)p.x.data + 2 * i, (const double *)p.x.data + 2 * j, 2);
    }
  assert_close(small.n_pairs, expected[0] + expected[1], 1e-12);
  assert_close(small.mean_within, sums[0] / expected[0], 1e-12);
  assert_close(small.mean_between, sums[1] / expected[1], 1e-12);
  for (size_t i = 0; i < N; i++) p.weights[i] *= 0x1p-300;
  assert_ok(solve(&p, 1, &tiny, err));
  tiny.n_pairs *= 0x1p600;
  tiny.equal = small.equal;
  plain_assert_same(&tiny, &small, 1e-15);
  for (size_t i = 0; i < N; i++) p.weights[i] *= 0x1p620;
  assert_ok(solve(&p, 1, &huge, err));
  assert_true(isfinite(huge.n_pairs) && huge.n_pairs > 1e190);
  assert_true(huge.concordant + huge.discordant > 0.99 && huge.concordant + huge.discordant <= 1 + 1e-12);
  free_problem(&p);
}

/* ---- whole sweeps ---- */

static bool is_of_pairs(const ockham_criterion *c) {
  return c->evidence == OCKHAM_EVIDENCE_PAIRS;
}

static void sweeps_agree_with_the_definition(void **state) {
  (void)state;
  enum { N = 90, D = 3, K = 8 };
  double *x = make_blobs(N, D, 4, 3);
  uint32_t labels[N];
  uint8_t label[N];
  ockham_sweep *sweep = sweep_with(rows_of(x, N, D), (ockham_sweep_options){.criterion = "gamma", .k_max = K});
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  assert_int_equal(curve->n_points, K);
  for (size_t i = 0; i < K; i++) {
    const ockham_curve_point *p = &curve->points[i];
    assert_ok(ockham_sweep_labels(sweep, rows_of(x, N, D), i, 1, labels, err));
    for (size_t row = 0; row < N; row++) label[row] = (uint8_t)labels[row];
    ockham_pair_statistics expected = plain_statistics(&(plain_rows){x, N, D, p->k, label, p->centroids});
    plain_assert_same(p->pairs, &expected, 1e-11);
  }
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_int_equal(v.k, 4);
  assert_int_equal(v.pair_rows, 0);
  assert_false(v.undecided);
  ockham_sweep_free(sweep);
  free(x);
}

/* One column, so that clusterings are the same. */
static void a_weighted_sweep_is_that_of_repeated_rows(void **state) {
  (void)state;
  enum { N = 120, K = 7 };
  double *x = make_blobs(N, 1, 4, 6), *repeated = malloc(3 * N * sizeof *x), weights[N];
  size_t n = 0;
  for (size_t i = 0; i < N; i++) {
    weights[i] = (double)(1 + i * 7 % 3);
    for (size_t time = 0; (double)time < weights[i]; time++) repeated[n++] = x[i];
  }
  ockham_sweep_options options = {.criterion = "tau", .k_max = K};
  ockham_sweep *b = sweep_with(rows_of(repeated, n, 1), options);
  options.weights = weights;
  ockham_sweep *a = sweep_with(rows_of(x, N, 1), options);
  for (size_t i = 0; i < K; i++)
    plain_assert_same(ockham_sweep_curve(a)->points[i].pairs, ockham_sweep_curve(b)->points[i].pairs, 1e-10);
  assert_int_equal(ockham_sweep_verdict(a).k, ockham_sweep_verdict(b).k);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
  free(repeated);
}

static void they_are_gathered_when_asked_for(void **state) {
  (void)state;
  double *x = make_blobs(60, 2, 3, 2);
  ockham_sweep *plain = sweep_with(rows_of(x, 60, 2), (ockham_sweep_options){.k_max = 4});
  ockham_sweep *all = sweep_with(rows_of(x, 60, 2), (ockham_sweep_options){.k_max = 4, .all_criteria = true});
  assert_null(ockham_sweep_curve(plain)->points[3].pairs);
  assert_non_null(ockham_sweep_curve(all)->points[0].pairs);
  size_t n, n_of_pairs = 0;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) {
    if (!is_of_pairs(&criteria[c])) continue;
    n_of_pairs++;
    assert_int_equal(ockham_criterion_choose(&criteria[c], ockham_sweep_curve(plain)), SIZE_MAX);
    for (size_t i = 0; i < 4; i++)
      assert_false(isinf(ockham_criterion_value(&criteria[c], ockham_sweep_curve(all), i)));
    assert_true(isnan(ockham_criterion_value(&criteria[c], ockham_sweep_curve(all), 0))); /* k = 1 */
    assert_int_equal(ockham_criterion_choose(&criteria[c], ockham_sweep_curve(all)), 2);
  }
  assert_true(n_of_pairs > 10);
  ockham_sweep_free(plain);
  ockham_sweep_free(all);
  free(x);
}

/* Drawn rows tell nearly what all do: gamma and the like, by all pairs of 2,600 rows and by those of 2,000. */
static void drawn_rows_stand_for_all(void **state) {
  (void)state;
  enum { N = 2600, K = 4 };
  double *x = make_normal(N, 2, 6);
  ockham_sweep *sweep = sweep_with(rows_of(x, N, 2), (ockham_sweep_options){.criterion = "gamma", .k_max = K});
  const ockham_curve *curve = ockham_sweep_curve(sweep);
  assert_int_equal(ockham_sweep_verdict(sweep).pair_rows, OCKHAM_PAIR_ROWS);
  uint32_t *labels = malloc(N * sizeof *labels);
  for (size_t i = 1; i < K; i++) {
    double sum[2] = {0}, n[2] = {0};
    assert_ok(ockham_sweep_labels(sweep, rows_of(x, N, 2), i, 1, labels, err));
    for (size_t a = 0; a < N; a++)
      for (size_t b = 0; b < a; b++) {
        sum[labels[a] != labels[b]] += plain_distance(x + 2 * a, x + 2 * b, 2);
        n[labels[a] != labels[b]]++;
      }
    const ockham_pair_statistics *p = curve->points[i].pairs;
    assert_true(p->n_pairs == OCKHAM_PAIR_ROWS * (OCKHAM_PAIR_ROWS - 1.0) / 2);
    assert_true(fabs(p->mean_within / (sum[0] / n[0]) - 1) < 0.02);
    assert_true(fabs(p->mean_between / (sum[1] / n[1]) - 1) < 0.02);
    assert_true(fabs(p->share_within / (n[0] / (n[0] + n[1])) - 1) < 0.02);
  }
  free(labels);
  ockham_sweep_free(sweep);
  free(x);
}

static void threads_give_the_same_bits(void **state) {
  (void)state;
  double *x = make_normal(2500, 3, 7);
  ockham_sweep *first = NULL;
  for (size_t threads = 1; threads <= 3; threads++) {
    ockham_sweep *sweep = sweep_with(
        rows_of(x, 2500, 3), (ockham_sweep_options){.criterion = "tau", .k_max = 12, .threads = threads, .seed = 3});
    const ockham_curve *a = ockham_sweep_curve(sweep), *b = ockham_sweep_curve(first ? first : sweep);
    for (size_t i = 0; i < 12; i++)
      assert_memory_equal(a->points[i].pairs, b->points[i].pairs, sizeof *a->points[i].pairs);
    if (first)
      ockham_sweep_free(sweep);
    else
      first = sweep;
  }
  ockham_sweep_free(first);
  free(x);
}

/* float32 rows with gaps give what the same numbers as doubles do. */
static void strided_float32_is_the_same(void **state) {
  (void)state;
  enum { N = 150, D = 2, STRIDE = 5 };
  double *x = make_blobs(N, D, 3, 8);
  float narrow[N * STRIDE];
  for (size_t i = 0; i < N * STRIDE; i++) narrow[i] = NAN;
  for (size_t i = 0; i < N * D; i++) x[i] = narrow[i / D * STRIDE + i % D] = (float)x[i];
  ockham_sweep_options options = {.criterion = "dunn-33", .k_max = 5};
  ockham_sweep *a = sweep_with(rows_of(x, N, D), options);
  ockham_sweep *b = sweep_with((ockham_rows){narrow, N, D, STRIDE, OCKHAM_FLOAT32}, options);
  for (size_t i = 0; i < 5; i++)
    plain_assert_same(ockham_sweep_curve(a)->points[i].pairs, ockham_sweep_curve(b)->points[i].pairs, 1e-14);
  ockham_sweep_free(a);
  ockham_sweep_free(b);
  free(x);
}

/* Weights from 1e-60 to 1e99: values are numbers or undefined, and undefined for one cluster. */
static void uneven_weights_leave_numbers(void **state) {
  (void)state;
  const double x[] = {1, 2, 5, 9, 2.5}, weights[] = {1e-60, 1e99, 3, 7, 1e50};
  ockham_sweep *sweep =
      sweep_with(rows_of(x, 5, 1), (ockham_sweep_options){.criterion = "gamma", .k_max = 5, .weights = weights});
  size_t n;
  const ockham_criterion *criteria = ockham_criteria(&n);
  for (size_t c = 0; c < n; c++) {
    if (!is_of_pairs(&criteria[c])) continue;
    for (size_t i = 0; i < 5; i++)
      assert_false(isinf(ockham_criterion_value(&criteria[c], ockham_sweep_curve(sweep), i)));
    assert_true(isnan(ockham_criterion_value(&criteria[c], ockham_sweep_curve(sweep), 0)));
  }
  ockham_sweep_free(sweep);
}

/* ---- what goes wrong ---- */

static void running_out_of_memory_is_reported(void **state) {
  (void)state;
  double *x = make_blobs(70, 2, 3, 9);
  bool finished = false;
  for_each_allocation_failure(n) {
    ockham_error err = {0};
    ockham_sweep *sweep;
    ockham_sweep_options options = {.k_max = 4, .criterion = "gamma", .threads = 1};
    ock_fault_after(n);
    ockham_status status = ockham_sweep_run(rows_of(x, 70, 2), &options, &sweep, &err);
    assert_true(status == OCKHAM_OK || status == OCKHAM_NO_MEMORY);
    finished = status == OCKHAM_OK && ockham_sweep_curve(sweep)->points[0].pairs != NULL;
    ockham_sweep_free(sweep);
  }
  assert_true(finished);
  free(x);
}

static bool stop_at_pairs(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)done;
  (void)total;
  bool *stopped = user;
  *stopped = *stopped || strcmp(stage, "pairs of rows") == 0;
  return !*stopped;
}

/* Progress is asked for at most every 20 ms, so the rows are many. */
static void a_stop_leaves_a_sweep_without_them(void **state) {
  (void)state;
  bool stopped = false;
  ockham_progress progress = {.report = stop_at_pairs, .user = &stopped};
  double *x = make_normal(3000, 8, 10);
  ockham_sweep *sweep =
      sweep_with(rows_of(x, 3000, 8), (ockham_sweep_options){.criterion = "gamma", .k_max = 60, .progress = &progress});
  ockham_verdict v = ockham_sweep_verdict(sweep);
  assert_true(stopped && v.partial);
  assert_string_equal(v.criterion->name, "bic");
  assert_null(ockham_sweep_curve(sweep)->points[0].pairs);
  assert_curve_in_order(sweep);
  ockham_sweep_free(sweep);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_labellings_agree_with_the_definition),
      cmocka_unit_test(equal_distances_agree_with_the_definition),
      cmocka_unit_test(all_equal_rows_agree_with_the_definition),
      cmocka_unit_test(clusters_without_rows_do_not_count),
      cmocka_unit_test(offsets_cost_no_digits),
      cmocka_unit_test(weights_are_repeated_rows),
      cmocka_unit_test(weights_of_any_size),
      cmocka_unit_test(sweeps_agree_with_the_definition),
      cmocka_unit_test(a_weighted_sweep_is_that_of_repeated_rows),
      cmocka_unit_test(they_are_gathered_when_asked_for),
      cmocka_unit_test(drawn_rows_stand_for_all),
      cmocka_unit_test(threads_give_the_same_bits),
      cmocka_unit_test(strided_float32_is_the_same),
      cmocka_unit_test(uneven_weights_leave_numbers),
      cmocka_unit_test(running_out_of_memory_is_reported),
      cmocka_unit_test(a_stop_leaves_a_sweep_without_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
