/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values, unless a test names another source: adjusted_rand_score of scikit-learn 1.9.1, and the adjusted
 * mutual information from exact binomials and logarithms of 60 digits (Python's integers and decimal), with which
 * adjusted_mutual_info_score of scikit-learn 1.9.1 agrees to 4e-11. */
#include "stats/internal.h"
#include "test.h"

enum { MAX_ROWS = 50000 };
static uint32_t labels_a[MAX_ROWS], labels_b[MAX_ROWS];

/* The same from a table of counts, where labels are small; some of its rows and columns are empty. */
static void check_counts(const uint32_t *a, const uint32_t *b, size_t n, ockham_agreement expected) {
  enum { MOST = 60 };
  static uint64_t counts[MOST * (MOST + 1)];
  ockham_agreement found = {NAN, NAN};
  memset(counts, 0, sizeof counts);
  for (size_t i = 0; i < n; i++) {
    if (a[i] >= MOST || b[i] >= MOST) return;
    counts[a[i] * (MOST + 1) + b[i]]++;
  }
  assert_ok(ockham_agreement_of_counts(counts, MOST, MOST + 1, &found, err));
  assert_memory_equal(&found, &expected, sizeof found);
}

static ockham_agreement measure(const uint32_t *a, const uint32_t *b, size_t n) {
  ockham_agreement agreement = {NAN, NAN};
  assert_ok(ockham_agreement_measure(a, b, n, &agreement, err));
  check_counts(a, b, n, agreement);
  return agreement;
}

static void check(const uint32_t *a, const uint32_t *b, size_t n, double rand, double information) {
  ockham_agreement found = measure(a, b, n);
  assert_close(found.adjusted_rand, rand, 1e-14);
  assert_close(found.adjusted_mutual_information, information, 1e-14);
}

static void test_small_tables(void **state) {
  (void)state;
  check((uint32_t[]){0, 0, 1, 2}, (uint32_t[]){0, 0, 1, 1}, 4, 0.5714285714285714, 0.5714285714285714);
  check((uint32_t[]){0, 0, 1, 1}, (uint32_t[]){0, 1, 0, 1}, 4, -0.5, -0.5);
  check((uint32_t[]){0, 0, 0, 0, 0, 0, 1, 1, 2, 3}, (uint32_t[]){5, 5, 5, 5, 9, 9, 9, 9, 9, 7}, 10, 0.22413793103448276,
        0.322836371058096215);
  check((uint32_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 8}, (uint32_t[]){0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, 10,
        -0.022727272727272728, -0.0227272727272727273);
  for (uint32_t i = 0; i < 300; i++) labels_a[i] = (i * i * 7 + 3) % 11;
  for (uint32_t i = 0; i < 300; i++) labels_b[i] = (i * i * i + 5 * i) % 7;
  check(labels_a, labels_b, 300, -0.011371133635656649, -0.0211497325854303760);
}

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

/* a is uniform over k labels, b is a with noise_percent of the rows drawn again. */
static void make_noisy_labels(size_t n, uint32_t k, uint32_t noise_percent) {
  uint64_t state = 1;
  for (size_t i = 0; i < n; i++) {
    uint32_t label = next_random(&state) % k;
    bool noisy = next_random(&state) % 100 < noise_percent;
    uint32_t other = next_random(&state) % k;
    labels_a[i] = label;
    labels_b[i] = noisy ? other : label;
  }
}

static void test_noisy_labels(void **state) {
  (void)state;
  static const struct {
    size_t n;
    uint32_t k, noise_percent;
    double rand, information;
  } cases[] = {{1000, 3, 10, 0.8441905211612002, 0.774813915350988830},
               {10000, 100, 30, 0.49635428864915165, 0.620273721599666930},
               {2000, 40, 100, 7.03278703962097e-05, 0.00327245420569640924},
               {50000, 2, 100, -1.2382714079175614e-05, -8.93967617713125e-06},
               {5000, 1000, 50, 0.25894678617490674, 0.339709850768998119}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    make_noisy_labels(cases[i].n, cases[i].k, cases[i].noise_percent);
    check(labels_a, labels_b, cases[i].n, cases[i].rand, cases[i].information);
  }
}

/* By definition: 1 for equal partitions, exactly; 0 when one side says nothing. */
static void test_degenerate_partitions(void **state) {
  (void)state;
  static const uint32_t same[5] = {7, 7, 7, 7, 7}, apart[5] = {4, 1, 0, 3, 2}, two[5] = {0, 1, 0, 1, 1};
  static const uint32_t other_two[5] = {UINT32_MAX, 0, UINT32_MAX, 0, 0};
  static const struct {
    const uint32_t *a, *b;
    size_t n;
    double expected;
  } cases[] = {{same, same, 5, 1},  {apart, apart, 5, 1}, {two, other_two, 5, 1}, {same, apart, 1, 1},
               {same, apart, 5, 0}, {same, two, 5, 0},    {two, apart, 5, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ockham_agreement found = measure(cases[i].a, cases[i].b, cases[i].n);
    assert_true(found.adjusted_rand == cases[i].expected);
    assert_true(found.adjusted_mutual_information == cases[i].expected);
  }
}

/* Neither index depends on the order of the two labellings, of the rows, or on the numbers of the labels. */
static void test_names_and_order_do_not_matter(void **state) {
  (void)state;
  enum { N = 1000 };
  make_noisy_labels(N, 7, 40);
  ockham_agreement expected = measure(labels_a, labels_b, N);
  ockham_agreement swapped = measure(labels_b, labels_a, N);
  assert_close(swapped.adjusted_rand, expected.adjusted_rand, 1e-15);
  assert_close(swapped.adjusted_mutual_information, expected.adjusted_mutual_information, 1e-13);
  for (size_t i = 0; i < N / 2; i++) {
    uint32_t a = labels_a[i], b = labels_b[i];
    labels_a[i] = labels_a[N - 1 - i] * 2654435761u; /* odd: no two labels meet */
    labels_b[i] = UINT32_MAX - labels_b[N - 1 - i];
    labels_a[N - 1 - i] = a * 2654435761u;
    labels_b[N - 1 - i] = UINT32_MAX - b;
  }
  ockham_agreement renamed = measure(labels_a, labels_b, N);
  assert_memory_equal(&renamed, &expected, sizeof expected);
}

/* ---- a second way: indices from their definitions, expectations over all orders of the rows ---- */

enum { SMALL = 7, SMALL_LABELS = 4 };

static void measure_plain(const uint32_t *a, const uint32_t *b, double *pairs, double *information) {
  double cells[SMALL_LABELS][SMALL_LABELS] = {{0}}, row[SMALL_LABELS] = {0}, column[SMALL_LABELS] = {0};
  for (size_t i = 0; i < SMALL; i++) {
    cells[a[i]][b[i]]++;
    row[a[i]]++;
    column[b[i]]++;
  }
  *pairs = *information = 0;
  for (size_t i = 0; i < SMALL_LABELS; i++)
    for (size_t j = 0; j < SMALL_LABELS; j++) {
      *pairs += cells[i][j] * (cells[i][j] - 1) / 2;
      if (cells[i][j] > 0) *information += cells[i][j] / SMALL * log(SMALL * cells[i][j] / (row[i] * column[j]));
    }
}

static void add_over_orders(const uint32_t *a, uint32_t *b, size_t fixed, double sums[3]) {
  if (fixed == SMALL) {
    double pairs, information;
    measure_plain(a, b, &pairs, &information);
    sums[0]++;
    sums[1] += pairs;
    sums[2] += information;
    return;
  }
  for (size_t i = fixed; i < SMALL; i++) {
    uint32_t swap = b[fixed];
    b[fixed] = b[i];
    b[i] = swap;
    add_over_orders(a, b, fixed + 1, sums);
    b[i] = b[fixed];
    b[fixed] = swap;
  }
}

static void test_against_all_orders_of_the_rows(void **state) {
  (void)state;
  uint64_t random = 5;
  for (int repeat = 0; repeat < 20; repeat++) {
    uint32_t a[SMALL] = {0, 1}, b[SMALL] = {0, 0, 1};
    for (size_t i = 3; i < SMALL; i++) a[i] = next_random(&random) % SMALL_LABELS;
    for (size_t i = 3; i < SMALL; i++) b[i] = next_random(&random) % SMALL_LABELS;
    double pairs, information, pairs_a, pairs_b, information_a, information_b, sums[3] = {0};
    measure_plain(a, b, &pairs, &information);
    measure_plain(a, a, &pairs_a, &information_a); /* a's entropy */
    measure_plain(b, b, &pairs_b, &information_b);
    ockham_agreement found = measure(a, b, SMALL);
    add_over_orders(a, b, 0, sums);
    double expected_pairs = sums[1] / sums[0], expected_information = sums[2] / sums[0];
    if (fabs((pairs_a + pairs_b) / 2 - expected_pairs) < 1e-9) continue; /* equal and trivial */
    assert_close(found.adjusted_rand, (pairs - expected_pairs) / ((pairs_a + pairs_b) / 2 - expected_pairs), 1e-12);
    assert_close(found.adjusted_mutual_information,
                 (information - expected_information) / ((information_a + information_b) / 2 - expected_information),
                 1e-12);
  }
}

/* 10^9 rows, where pairs exceed 53 bits. Expected values: Python's exact fractions, rounded once. */
static void test_pairs_of_a_thousand_million_rows(void **state) {
  (void)state;
  ock_sizes halves = {(ock_size_count[]){{500000000, 2}}, 1, 2, 1000000000};
  ock_sizes quarters = {(ock_size_count[]){{249990000, 2}, {250010000, 2}}, 2, 4, 1000000000};
  double rand = ock_agreement_of_sizes(&halves, &halves, &quarters).adjusted_rand;
  assert_close(rand / 5.999999996e-10, 1, 1e-8);
  ock_sizes one = {(ock_size_count[]){{1, 1}, {999999999, 1}}, 2, 2, 1000000000};
  ock_sizes two = {(ock_size_count[]){{2, 1}, {999999998, 1}}, 2, 2, 1000000000};
  ock_sizes cells = {(ock_size_count[]){{1, 1}, {2, 1}, {999999997, 1}}, 3, 3, 1000000000};
  rand = ock_agreement_of_sizes(&one, &two, &cells).adjusted_rand;
  assert_close(rand / -1.3333333337777778e-09, 1, 1e-8);
}

static void test_no_rows_is_refused(void **state) {
  (void)state;
  ockham_agreement untouched = {2, 3};
  ockham_error err;
  assert_int_equal(ockham_agreement_measure(labels_a, labels_b, 0, &untouched, &err), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(err.message, "two labellings must have at least one row, found none");
  const uint64_t counts[6] = {0};
  assert_int_equal(ockham_agreement_of_counts(counts, 2, 3, &untouched, &err), OCKHAM_BAD_ARGUMENT);
  assert_true(untouched.adjusted_rand == 2 && untouched.adjusted_mutual_information == 3);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  make_noisy_labels(500, 9, 20);
  long n_refusals = 0;
  for_each_allocation_failure(n) {
    ockham_agreement found;
    ockham_error err;
    ock_fault_after(n);
    ockham_status status = ockham_agreement_measure(labels_a, labels_b, 500, &found, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    n_refusals += ock_fault_hits() > 0;
  }
  assert_int_equal(n_refusals, 5);
  const uint64_t counts[6] = {5, 0, 1, 2, 8, 3};
  for_each_allocation_failure(n) {
    ockham_agreement found;
    ock_fault_after(n);
    ockham_status status = ockham_agreement_of_counts(counts, 2, 3, &found, NULL);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small_tables),
      cmocka_unit_test(test_noisy_labels),
      cmocka_unit_test(test_degenerate_partitions),
      cmocka_unit_test(test_names_and_order_do_not_matter),
      cmocka_unit_test(test_against_all_orders_of_the_rows),
      cmocka_unit_test(test_pairs_of_a_thousand_million_rows),
      cmocka_unit_test(test_no_rows_is_refused),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
