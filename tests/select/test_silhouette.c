/* SPDX-License-Identifier: Apache-2.0 */
/* Exact silhouettes of many partitions against Rousseeuw's definition in a double loop, and against scikit-learn. */
#include "../criteria/reference.h"
#include "select/internal.h"
#include "test.h"

enum { MOST_PARTITIONS = 80, MOST_K = 300 };

/* How far sums of float32 distances may be off. */
static const double narrow = 1e-6;

/* Rows with their partitions. */
typedef struct problem {
  ockham_rows x;
  double *origin;
  size_t n_partitions;
  ock_fit fits[MOST_PARTITIONS];
  uint64_t sizes[MOST_PARTITIONS][MOST_K];
  double within[MOST_PARTITIONS][MOST_K], spread[MOST_PARTITIONS][MOST_K];
  uint16_t *label;
  const uint32_t *row; /* those evaluated, or NULL */
  size_t n_evaluated;
  bool sampled; /* the fits are known already */
} problem;

static problem *make_problem(ockham_rows x, size_t n_partitions) {
  problem *p = calloc(1, sizeof *p);
  p->x = x;
  p->origin = calloc(x.n_columns, sizeof(double));
  p->n_partitions = n_partitions;
  p->label = calloc(x.n_rows * n_partitions, sizeof *p->label);
  for (size_t q = 0; q < n_partitions; q++)
    p->fits[q] = (ock_fit){.sizes = p->sizes[q], .within = p->within[q], .spread = p->spread[q]};
  return p;
}

static void set_label(problem *p, size_t row, size_t partition, size_t label) {
  assert_true(label < MOST_K);
  p->label[row * p->n_partitions + partition] = (uint16_t)label;
  p->sizes[partition][label]++;
  if (label >= p->fits[partition].k) p->fits[partition].k = label + 1;
}

static void free_problem(problem *p) {
  for (size_t q = 0; q < p->n_partitions; q++) free(p->fits[q].centroids);
  free(p->origin);
  free(p->label);
  free(p);
}

/* Centroids, and sums of distances to them. */
static void measure(problem *p, size_t q) {
  size_t d = p->x.n_columns, k = p->fits[q].k;
  double *centroids = calloc(k * d, sizeof(double));
  free(p->fits[q].centroids);
  p->fits[q].centroids = centroids;
  memset(p->within[q], 0, sizeof p->within[q]);
  memset(p->spread[q], 0, sizeof p->spread[q]);
  for (size_t i = 0; i < p->x.n_rows; i++) {
    size_t j = p->label[i * p->n_partitions + q];
    for (size_t l = 0; l < d; l++)
      centroids[j * d + l] += (ock_rows_get(p->x, i, l) - p->origin[l]) / (double)p->sizes[q][j];
  }
  for (size_t i = 0; i < p->x.n_rows; i++) {
    size_t j = p->label[i * p->n_partitions + q];
    double squares = 0;
    for (size_t l = 0; l < d; l++) squares += pow(ock_rows_get(p->x, i, l) - p->origin[l] - centroids[j * d + l], 2);
    p->within[q][j] += squares;
    p->spread[q][j] += sqrt(squares);
  }
}

static ockham_status solve(problem *p, size_t threads, ock_ticker *ticker, double *silhouette, ockham_error *err) {
  ock_pool *pool;
  for (size_t q = 0; q < p->n_partitions && !p->sampled; q++) measure(p, q);
  ockham_status status = ock_pool_new(threads, &pool, err);
  if (status) return status;
  ock_partitions partitions = {.n_partitions = p->n_partitions,
                               .fits = p->fits,
                               .label = p->label,
                               .sampled = p->sampled,
                               .row = p->row,
                               .n_evaluated = p->n_evaluated};
  status = ock_silhouettes_compute(p->x, p->origin, &partitions, pool, ticker, silhouette, NULL, err);
  ock_pool_free(pool);
  return status;
}

/* ---- the definition ---- */

static double row_distance(ockham_rows x, size_t a, size_t b) {
  double sum = 0;
  for (size_t l = 0; l < x.n_columns; l++) {
    double difference = ock_rows_get(x, a, l) - ock_rows_get(x, b, l);
    sum += difference * difference;
  }
  return sqrt(sum);
}

static double naive_row(const problem *p, size_t partition, size_t row) {
  double sums[MOST_K] = {0}, nearest = INFINITY;
  size_t own = p->label[row * p->n_partitions + partition];
  if (p->sizes[partition][own] == 1) return 0;
  for (size_t i = 0; i < p->x.n_rows; i++)
    sums[p->label[i * p->n_partitions + partition]] += row_distance(p->x, row, i);
  for (size_t j = 0; j < p->fits[partition].k; j++)
    if (j != own) nearest = fmin(nearest, sums[j] / (double)p->sizes[partition][j]);
  double within = sums[own] / (double)(p->sizes[partition][own] - 1);
  return fmax(within, nearest) > 0 ? (nearest - within) / fmax(within, nearest) : 0;
}

static double naive_silhouette(const problem *p, size_t partition) {
  double total = 0;
  for (size_t row = 0; row < p->x.n_rows; row++) total += naive_row(p, partition, row);
  return total / (double)p->x.n_rows;
}

static void assert_matches_definition(problem *p, double tolerance) {
  double found[MOST_PARTITIONS];
  assert_ok(solve(p, 2, NULL, found, err));
  for (size_t q = 0; q < p->n_partitions; q++) assert_close(found[q], naive_silhouette(p, q), tolerance);
}

/* ---- tests ---- */

static void fill_normal(double *x, size_t n, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, 1);
  for (size_t i = 0; i < n; i++) x[i] = ock_rng_normal(&rng);
}

/* Every cluster has a row, whatever the draws. */
static void label_at_random(problem *p, size_t partition, size_t k, uint64_t seed) {
  ock_rng rng = ock_rng_make(seed, partition);
  for (size_t i = 0; i < p->x.n_rows; i++) set_label(p, i, partition, i < k ? i : ock_rng_below(&rng, k));
}

static void test_agrees_with_scikit_learn(void **unused) {
  (void)unused;
  for (size_t c = 0; c < sizeof reference_cases / sizeof *reference_cases; c++) {
    const reference_case *r = &reference_cases[c];
    double x[1024], found;
    for (size_t i = 0; i < r->n_rows * r->n_columns; i++) x[i] = r->rows[i] / 64.0;
    problem *p = make_problem((ockham_rows){.data = x, .n_rows = r->n_rows, .n_columns = r->n_columns}, 1);
    for (size_t i = 0; i < r->n_rows; i++) set_label(p, i, 0, r->labels[i]);
    assert_ok(solve(p, 1, NULL, &found, err));
    assert_close(found, r->silhouette, narrow);
    free_problem(p);
  }
}

/* Sizes around the widths of strips (16 rows), blocks (128) and tasks (64). */
static void test_every_size_agrees_with_the_definition(void **unused) {
  (void)unused;
  const size_t sizes[] = {2, 3, 15, 16, 17, 63, 64, 65, 127, 128, 129, 257, 300};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    double x[300 * 3];
    fill_normal(x, 300 * 3, s);
    size_t n = sizes[s], n_partitions = n < 9 ? 1 : 4;
    problem *p = make_problem((ockham_rows){.data = x, .n_rows = n, .n_columns = 3}, n_partitions);
    for (size_t q = 0; q < n_partitions; q++) label_at_random(p, q, 2 + 2 * q, s);
    assert_matches_definition(p, narrow);
    free_problem(p);
  }
}

/* No two rows share their clusters for every k = 2 ... 80; some clusters are single rows. */
static void test_many_unrelated_partitions(void **unused) {
  (void)unused;
  double x[150 * 2];
  fill_normal(x, 150 * 2, 1);
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = 150, .n_columns = 2}, 79);
  for (size_t q = 0; q < 79; q++) label_at_random(p, q, 2 + q, 2);
  assert_matches_definition(p, narrow);
  free_problem(p);
}

/* Several hundred clusters a partition, and k = n. */
static void test_many_clusters(void **unused) {
  (void)unused;
  double x[300];
  fill_normal(x, 300, 3);
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = 300, .n_columns = 1}, 12);
  for (size_t q = 0; q < 11; q++) label_at_random(p, q, 299 - 17 * q, 4);
  for (size_t i = 0; i < 300; i++) set_label(p, i, 11, i);
  assert_matches_definition(p, narrow);
  double found[12];
  assert_ok(solve(p, 1, NULL, found, err));
  assert_true(found[11] == 0); /* single rows all */
  free_problem(p);
}

static void test_duplicates(void **unused) {
  (void)unused;
  double x[120 * 2];
  for (size_t i = 0; i < 120; i++) {
    x[2 * i] = (double)(i % 4);
    x[2 * i + 1] = (double)(i % 2);
  }
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = 120, .n_columns = 2}, 3);
  for (size_t i = 0; i < 120; i++) {
    set_label(p, i, 0, i % 4); /* every cluster one point: silhouette 1 */
    set_label(p, i, 1, i % 2);
    set_label(p, i, 2, i / 60); /* equal rows in both */
  }
  assert_matches_definition(p, narrow);
  double found[3];
  assert_ok(solve(p, 1, NULL, found, err));
  assert_close(found[0], 1, 1e-15);
  free_problem(p);
}

static void test_all_rows_equal(void **unused) {
  (void)unused;
  double x[40] = {0}, found;
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = 40, .n_columns = 1}, 1);
  for (size_t i = 0; i < 40; i++) set_label(p, i, 0, i % 2);
  assert_ok(solve(p, 1, NULL, &found, err));
  assert_true(found == 0); /* a = b = 0 */
  free_problem(p);
}

/* A view of float32 with gaps that hold NaN, an origin that is not zero, and 1 ... 37 columns. */
static void test_strided_float32(void **unused) {
  (void)unused;
  const size_t columns[] = {1, 2, 7, 8, 37};
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
    enum { N_ROWS = 90, STRIDE = 40 };
    float x[N_ROWS * STRIDE];
    double normal[N_ROWS * STRIDE];
    fill_normal(normal, N_ROWS * STRIDE, c);
    for (size_t i = 0; i < N_ROWS * STRIDE; i++) x[i] = i % STRIDE < columns[c] ? (float)(normal[i] + 1000) : NAN;
    problem *p = make_problem((ockham_rows){x, N_ROWS, columns[c], STRIDE, OCKHAM_FLOAT32}, 5);
    for (size_t l = 0; l < columns[c]; l++) p->origin[l] = 1000.1;
    for (size_t q = 0; q < 5; q++) label_at_random(p, q, 2 + 3 * q, c);
    assert_matches_definition(p, narrow);
    free_problem(p);
  }
}

static void test_threads_give_the_same_bits(void **unused) {
  (void)unused;
  double x[1500 * 2], found[4][60];
  fill_normal(x, 1500 * 2, 5);
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = 1500, .n_columns = 2}, 60);
  for (size_t q = 0; q < 60; q++) label_at_random(p, q, 20 + q, 6);
  const size_t threads[] = {1, 2, 3, 1};
  for (size_t t = 0; t < 4; t++) {
    assert_ok(solve(p, threads[t], NULL, found[t], err));
    assert_memory_equal(found[t], found[0], sizeof found[0]);
  }
  free_problem(p);
}

/* Clusters in clusters: partitions that share most of their boundaries, so that a tree of several levels is built. */
static void test_nested_partitions(void **unused) {
  (void)unused;
  enum { N = 700, D = 4, PARTITIONS = 31 };
  static double x[N * D], centre[32 * D];
  fill_normal(centre, 32 * D, 9);
  fill_normal(x, N * D, 10);
  for (size_t i = 0; i < N * D; i++) x[i] = 0.3 * x[i] + 5 * centre[i / D % 32 * D + i % D];
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = N, .n_columns = D}, PARTITIONS);
  for (size_t q = 0; q < PARTITIONS; q++)
    for (size_t i = 0; i < N; i++) set_label(p, i, q, i % 32 < q + 2 ? i % 32 : (i % 32) % (q + 2));
  assert_matches_definition(p, 1e-7);
  free_problem(p);
}

/* The order of the rows changes blocks and the order of sums, and nothing else. */
static void test_the_order_of_rows_does_not_matter(void **unused) {
  (void)unused;
  enum { N = 500, D = 3, PARTITIONS = 6 };
  static double x[N * D], y[N * D];
  fill_normal(x, N * D, 11);
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = N, .n_columns = D}, PARTITIONS);
  problem *other = make_problem((ockham_rows){.data = y, .n_rows = N, .n_columns = D}, PARTITIONS);
  for (size_t q = 0; q < PARTITIONS; q++) label_at_random(p, q, 2 + q, 12);
  for (size_t i = 0; i < N; i++) {
    size_t from = i * 377 % N;
    memcpy(y + i * D, x + from * D, D * sizeof(double));
    for (size_t q = 0; q < PARTITIONS; q++) set_label(other, i, q, p->label[from * PARTITIONS + q]);
  }
  double a[PARTITIONS], b[PARTITIONS];
  assert_ok(solve(p, 2, NULL, a, err));
  assert_ok(solve(other, 2, NULL, b, err));
  for (size_t q = 0; q < PARTITIONS; q++) assert_close(a[q], b[q], 1e-7);
  free_problem(p);
  free_problem(other);
}

/* Clusters of 1e-7 of the distance between them, some of few rows, and an origin far from most of them: float32
 * relative to one origin would not tell their rows apart. The smallest distances are 1e-13 of the largest: what float64
 * holds. */
static void test_tight_clusters_far_apart(void **unused) {
  (void)unused;
  enum { N = 240, D = 3, K = 12 };
  double noise[N * D], x[N * D];
  for (double tightness = 1e-2; tightness > 1e-8; tightness /= 10) {
    fill_normal(noise, N * D, 13);
    problem *p = make_problem((ockham_rows){.data = x, .n_rows = N, .n_columns = D}, 3);
    for (size_t i = 0; i < N; i++) {
      size_t j = i < K ? i : i % 4 ? i % 3 : i % K; /* most of the clusters are small */
      for (size_t l = 0; l < D; l++)
        x[i * D + l] = 1e3 * (double)((j + l) % K) + tightness * (noise[i * D + l] + (i % 2 ? 2.5 : 0));
      set_label(p, i, 0, j);
      set_label(p, i, 1, 2 * j + i % 2);
      set_label(p, i, 2, j / 3);
    }
    for (size_t l = 0; l < D; l++) p->origin[l] = x[l];
    assert_matches_definition(p, narrow);
    free_problem(p);
  }
}

/* Values whose squares float32 does not hold. */
static void test_huge_and_tiny_values(void **unused) {
  (void)unused;
  const double sizes[] = {1e-150, 1e-30, 1e30, 1e139};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    double x[200 * 2];
    fill_normal(x, 200 * 2, 14);
    for (size_t i = 0; i < 200 * 2; i++) x[i] *= sizes[s];
    problem *p = make_problem((ockham_rows){.data = x, .n_rows = 200, .n_columns = 2}, 3);
    for (size_t q = 0; q < 3; q++) label_at_random(p, q, 2 + q, 15);
    assert_matches_definition(p, narrow);
    free_problem(p);
  }
}

/* Of some rows only: the definition's mean over these. */
static void test_some_rows(void **unused) {
  (void)unused;
  enum { N = 310, EVALUATED = 37 };
  double x[N * 2], found[4];
  uint32_t row[EVALUATED];
  fill_normal(x, N * 2, 16);
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = N, .n_columns = 2}, 4);
  for (size_t q = 0; q < 4; q++) label_at_random(p, q, 2 + 3 * q, 17);
  for (size_t i = 0; i < EVALUATED; i++) row[i] = (uint32_t)(i * 8 + i % 5);
  p->row = row;
  p->n_evaluated = EVALUATED;
  assert_ok(solve(p, 2, NULL, found, err));
  for (size_t q = 0; q < 4; q++) {
    double total = 0;
    for (size_t i = 0; i < EVALUATED; i++) total += naive_row(p, q, row[i]);
    assert_close(found[q], total / EVALUATED, narrow);
  }
  free_problem(p);
}

/* A sample without a row of one cluster and with few of another, whose rows are all equal: the root mean square
 * distance to it is the mean distance, and the answer that of the whole table. */
static void test_clusters_that_a_sample_misses(void **unused) {
  (void)unused;
  enum { N = 120, D = 2, FAR = 10, NEAR = 20, SAMPLED = N - FAR };
  double x[N * D], found, total = 0;
  fill_normal(x, N * D, 18);
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = N, .n_columns = D}, 1);
  for (size_t i = 0; i < N; i++) {
    size_t j = i >= SAMPLED ? 2 : i >= SAMPLED - NEAR ? 1 : 0;
    if (j > 0) x[i * D] = x[i * D + 1] = j == 1 ? 9 : -4; /* the nearest is the one that is missed */
    set_label(p, i, 0, j);
  }
  p->origin[0] = 1;
  for (size_t i = 0; i < SAMPLED - 8; i++) total += naive_row(p, 0, i); /* 12 rows of cluster 1 */
  assert_ok(solve(p, 1, NULL, &found, err));
  assert_close(found, naive_silhouette(p, 0), narrow);
  p->sampled = true;
  p->x.n_rows = SAMPLED - 8;
  assert_ok(solve(p, 1, NULL, &found, err));
  assert_close(found, total / (SAMPLED - 8), narrow);
  free_problem(p);
}

static bool refuse(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user;
  (void)stage;
  (void)done;
  (void)total;
  return false;
}

static void test_a_stop_writes_nothing(void **unused) {
  (void)unused;
  double x[100], found = -7;
  fill_normal(x, 100, 7);
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = 100, .n_columns = 1}, 1);
  label_at_random(p, 0, 3, 7);
  ockham_progress progress = {.report = refuse};
  ock_ticker ticker = {.progress = &progress};
  ockham_error err = {0};
  assert_int_equal(solve(p, 1, &ticker, &found, &err), OCKHAM_INTERRUPTED);
  assert_true(err.message[0]);
  assert_true(found == -7);
  free_problem(p);
}

static void test_want_of_memory(void **unused) {
  (void)unused;
  double x[100], found = -7;
  fill_normal(x, 100, 8);
  problem *p = make_problem((ockham_rows){.data = x, .n_rows = 100, .n_columns = 1}, 1);
  label_at_random(p, 0, 3, 8);
  size_t n_refused = 0;
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    ockham_error err = {0};
    ockham_status status = solve(p, 1, NULL, &found, &err);
    if (ock_fault_hits() == 0) {
      assert_int_equal(status, OCKHAM_OK);
      continue;
    }
    assert_int_equal(status, OCKHAM_NO_MEMORY);
    assert_true(found == -7);
    n_refused++;
  }
  assert_true(n_refused > 1);
  assert_close(found, naive_silhouette(p, 0), narrow);
  free_problem(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_agrees_with_scikit_learn),
      cmocka_unit_test(test_every_size_agrees_with_the_definition),
      cmocka_unit_test(test_many_unrelated_partitions),
      cmocka_unit_test(test_many_clusters),
      cmocka_unit_test(test_duplicates),
      cmocka_unit_test(test_all_rows_equal),
      cmocka_unit_test(test_strided_float32),
      cmocka_unit_test(test_nested_partitions),
      cmocka_unit_test(test_the_order_of_rows_does_not_matter),
      cmocka_unit_test(test_tight_clusters_far_apart),
      cmocka_unit_test(test_huge_and_tiny_values),
      cmocka_unit_test(test_some_rows),
      cmocka_unit_test(test_clusters_that_a_sample_misses),
      cmocka_unit_test(test_threads_give_the_same_bits),
      cmocka_unit_test(test_a_stop_writes_nothing),
      cmocka_unit_test(test_want_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
