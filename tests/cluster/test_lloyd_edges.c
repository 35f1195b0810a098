/* SPDX-License-Identifier: Apache-2.0 */
/* The state of k-means at its edges: empty clusters, as many clusters as rows, cuts that keep their promise, no memory.
 */
#include "lloyd_check.h"

static scene data;
static stage g;

/* ---- empty clusters ---- */

/* Rows of one column, and centres that need not be near any. */
static void start_line(bool wide, const double *rows, size_t n, const double *centres, size_t k) {
  scene_shape(&data, n, 1, 0, OCKHAM_FLOAT64);
  for (size_t i = 0; i < n; i++) scene_put(&data, i, 0, rows[i]);
  stage_begin(&g, data.x, k, wide, 1);
  double positions[SCENE_MAX_K];
  for (size_t j = 0; j < k; j++) positions[j] = (centres[j] - g.frame.origin[0]) * g.frame.unit;
  ock_lloyd_assign(&g.s, positions, k);
}

static void check_line(size_t max_iterations, size_t k) {
  ock_lloyd_run(&g.s, max_iterations, 0);
  assert_int_equal(g.s.k, k);
  for (size_t j = 0; j < k; j++) assert_true(g.s.counts[j] > 0);
  check_all(&g);
  stage_end(&g);
}

static void empty_clusters_are_filled(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++)
    for (size_t max_iterations = 0; max_iterations < 4; max_iterations++) {
      start_line(wide, (double[]){1, 2, 3, 4, 5, 6}, 6, (double[]){9, 9, 9, 9}, 4);
      check_line(max_iterations, 4);
      start_line(wide, (double[]){0, 0, 0, 10}, 4, (double[]){0, 6, 1000}, 3);
      check_line(max_iterations, 2);
      start_line(wide, (double[]){0, 1, 10, 20}, 4, (double[]){0.5, 6, 26, 1000}, 4);
      check_line(max_iterations, 4);
    }
}

static void too_few_distinct_rows_lower_k(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    start_line(wide, (double[]){5, 5, 5, 5}, 4, (double[]){5, 7, 5, 5}, 4);
    check_line(10, 1);
    start_line(wide, (double[]){1, 8, 1, 8, 3, 3, 3}, 7, (double[]){1, 1, 1, 1, 1, 8, 3}, 7);
    check_line(10, 3);
    start_line(wide, (double[]){1, 8, 1, 8, 3, 3, 3}, 7, (double[]){1, 1, 1, 1, 1, 1, 1}, 7);
    check_line(0, 3);
  }
}

static size_t count_distinct_centroids(const ock_lloyd *s) {
  size_t n = 0;
  for (size_t j = 0; j < s->k; j++) {
    size_t i = 0;
    while (i < j && ock_squared_distance(s->centroids + i * s->d, s->centroids + j * s->d, s->d) > 1e-8) i++;
    n += i == j;
  }
  return n;
}

/* A grid of 16 places: there are 16 clusters, however many are asked for. Only copies of a centroid that came with rows
 * of their own (of as many panels) may stay: labels of equal distances are not searched again. */
static void clusters_are_at_most_the_distinct_rows(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++)
    for (size_t k = 14; k <= 40; k += 1 + k / 4) {
      ock_rng rng = ock_rng_make(11, k);
      scene_shape(&data, 500, 2, 0, OCKHAM_FLOAT32);
      scene_draw(&data, &rng, true);
      stage_begin(&g, data.x, k, wide, 1);
      for (int way = 0; way < 3; way++) {
        if (way == 0) ock_lloyd_grow(&g.s, k);
        if (way == 1) ock_lloyd_scatter(&g.s, k, &rng);
        if (way == 2) assign_random(&g.s, &rng, k);
        ock_lloyd_run(&g.s, 100, 0);
        assert_int_equal(way == 2 ? count_distinct_centroids(&g.s) : g.s.k, k < 16 ? k : 16);
        check_all(&g);
        if (k >= 16) {
          assert_true(g.s.inertia <= stage_sum_rounding(&g.s) * g.store.squares);
          assert_true(g.s.k > 16 || !ock_lloyd_trade(&g.s, 1));
        }
        assert_true(ock_lloyd_regroup(&g.s));
        check_all(&g);
      }
      stage_end(&g);
    }
}

/* Down to one cluster and up again, to one for every row. */
static void down_to_one_and_up_to_all(void **state) {
  (void)state;
  enum { N = 40 };
  for (int wide = 0; wide < 2; wide++) {
    ock_rng rng = ock_rng_make(12, (uint64_t)wide);
    scene_shape(&data, N, 3, 0, OCKHAM_FLOAT64);
    scene_draw(&data, &rng, false);
    stage_begin(&g, data.x, N, wide, 1);
    assign_random(&g.s, &rng, N);
    while (g.s.k > 1) {
      size_t a, b, k = g.s.k;
      double price = ock_lloyd_cheapest_merge(&g.s, &a, &b);
      assert_true(a < b && b < k && price >= 0);
      ock_lloyd_merge(&g.s, a, b);
      assert_int_equal(g.s.k, k - 1);
      check_all(&g);
    }
    while (g.s.k < N) {
      size_t k = g.s.k, j = ock_lloyd_best_cut(&g.s, OCK_LLOYD_NONE, OCK_LLOYD_NONE);
      assert_true(g.s.cuts[j].gain > 0);
      ock_lloyd_split(&g.s, j);
      assert_int_equal(g.s.k, k + 1);
      check_all(&g);
    }
    assert_true(g.s.inertia <= stage_sum_rounding(&g.s) * g.store.squares);
    stage_end(&g);
  }
}

/* ---- promises ---- */

/* The price of a merge of clusters whose centroids are their means is by how much the inertia rises, before labels are
 * searched again: nothing comes out more dearly. */
static void merges_cost_at_most_their_price(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(13, 0);
  scene_shape(&data, 3000, 4, 0, OCKHAM_FLOAT64);
  scene_draw(&data, &rng, false);
  stage_begin(&g, data.x, 30, true, 2);
  ock_lloyd_scatter(&g.s, 30, &rng);
  while (g.s.k > 1) {
    size_t a, b;
    ock_lloyd_run(&g.s, 1000, 0);
    double before = g.s.inertia, price = ock_lloyd_cheapest_merge(&g.s, &a, &b);
    for (size_t i = 0; i < 20; i++) { /* no other pair costs less */
      size_t c = ock_rng_below(&rng, g.s.k), e = ock_rng_below(&rng, g.s.k);
      if (c == e) continue;
      double share = g.s.counts[c] * g.s.counts[e] / (g.s.counts[c] + g.s.counts[e]);
      assert_true(price <= share * ock_squared_distance(g.s.centroids + c * 4, g.s.centroids + e * 4, 4) * (1 + 1e-9));
    }
    ock_lloyd_merge(&g.s, a, b);
    assert_true(g.s.inertia <= (before + price) * (1 + 1e-9));
  }
  stage_end(&g);
}

/* Pairs of small clouds, each pair far from the others: a cut goes between the two, and no other row moves. */
static void cuts_gain_what_they_say(void **state) {
  (void)state;
  enum { N = 1200, PAIRS = 6, D = 3 };
  assert_true(N / PAIRS <= ock_lloyd_most_members(D));
  for (int wide = 0; wide < 2; wide++) {
    ock_rng rng = ock_rng_make(14, (uint64_t)wide);
    double centres[PAIRS * D];
    scene_shape(&data, N, D, 0, OCKHAM_FLOAT64);
    for (size_t i = 0; i < N; i++)
      for (size_t l = 0; l < D; l++) {
        double pair = (double)(i % PAIRS), half = (double)(i / PAIRS % 2);
        scene_put(&data, i, l, (l == 0 ? 100 * pair : 0) + (l == 1 ? (8 + pair) * half : 0) + ock_rng_normal(&rng) / 8);
      }
    stage_begin(&g, data.x, 2 * PAIRS, wide, 2);
    for (size_t j = 0; j < PAIRS * D; j++)
      centres[j] = ((j % D == 0 ? 100 * (double)(j / D) : 0) - g.frame.origin[j % D]) * g.frame.unit;
    ock_lloyd_assign(&g.s, centres, PAIRS);
    double rounding = 4 * stage_sum_rounding(&g.s) * g.store.squares;
    while (g.s.k < 2 * PAIRS) {
      double before = g.s.inertia;
      size_t j = ock_lloyd_best_cut(&g.s, OCK_LLOYD_NONE, OCK_LLOYD_NONE);
      double gain = g.s.cuts[j].gain;
      assert_true(gain > 0);
      ock_lloyd_split(&g.s, j);
      if (!(fabs(before - gain - g.s.inertia) <= rounding))
        fail_msg("wide %d: gain %.12g, but %.12g", wide, gain, before - g.s.inertia);
      check_all(&g);
    }
    stage_end(&g);
  }
}

/* Where other rows move too, or the cut was not quite done, more is gained than was said. */
static void cuts_gain_no_less_than_they_say(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    ock_rng rng = ock_rng_make(15, (uint64_t)wide);
    scene_shape(&data, 1000, 2, 0, OCKHAM_FLOAT64);
    scene_draw(&data, &rng, false);
    stage_begin(&g, data.x, 40, wide, 1);
    ock_lloyd_scatter(&g.s, 5, &rng);
    double rounding = 4 * stage_sum_rounding(&g.s) * g.store.squares;
    size_t n_sure = 0;
    while (g.s.k < 40) {
      ock_lloyd_run(&g.s, 1000, 0); /* centroids are means, or steps alone would change the inertia */
      double before = g.s.inertia;
      size_t j = ock_lloyd_best_cut(&g.s, 0, 1);
      assert_true(j > 1);
      double gain = g.s.cuts[j].gain, churn = g.s.cuts[j].churn;
      ock_lloyd_split(&g.s, j);
      if (churn > 0) continue; /* of the rows as they were before some came or went */
      if (!(g.s.inertia <= before - gain + rounding))
        fail_msg("wide %d k %zu: gain %.12g, but %.12g", wide, g.s.k, gain, before - g.s.inertia);
      n_sure++;
    }
    assert_true(n_sure > 10);
    stage_end(&g);
  }
}

/* ---- memory ---- */

static void memory_runs_out(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(16, 0);
  scene_shape(&data, 500, 20, 0, OCKHAM_FLOAT64);
  scene_draw(&data, &rng, false);
  stage_begin(&g, data.x, 40, false, 3);
  for_each_allocation_failure(n) {
    ock_store store;
    ockham_error err;
    ock_fault_after(n);
    ockham_status status = ock_store_init(&store, &g.frame, data.x, NULL, 500, n % 2, g.pool, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (!status) ock_store_clear(&store);
  }
  for_each_allocation_failure(n) {
    ock_lloyd s;
    ockham_error err;
    ock_fault_after(n);
    ockham_status status = ock_lloyd_init(&s, &g.store, 40, 1, g.pool, NULL, &err);
    assert_int_equal(status, ock_fault_hits() ? OCKHAM_NO_MEMORY : OCKHAM_OK);
    if (!status) ock_lloyd_clear(&s);
  }
  ock_lloyd_scatter(&g.s, 40, &rng);
  static uint32_t before[500], order[500];
  for (uint32_t i = 0; i < 500; i++) order[i] = 499 - i;
  for_each_allocation_failure(n) { /* what fails leaves all as it was */
    memcpy(before, g.store.row, sizeof before);
    ock_fault_after(n);
    bool done = ock_store_reorder(&g.store, order, g.pool);
    assert_true(done == (ock_fault_hits() == 0));
    for (size_t i = 0; i < 500; i++) assert_int_equal(g.store.row[i], before[done ? 499 - i : i]);
  }
  ock_lloyd_scatter(&g.s, 40, &rng);
  for_each_allocation_failure(n) {
    ock_fault_after(n);
    bool done = ock_lloyd_regroup(&g.s);
    assert_true(done == (ock_fault_hits() == 0));
    ock_fault_clear();
    check_all(&g);
    if (done) break;
  }
  ock_fault_after(0); /* rows to choose from do not fit: plain draws */
  ock_lloyd_scatter(&g.s, 40, &rng);
  ock_fault_clear();
  check_all(&g);
  stage_end(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(empty_clusters_are_filled),
      cmocka_unit_test(too_few_distinct_rows_lower_k),
      cmocka_unit_test(clusters_are_at_most_the_distinct_rows),
      cmocka_unit_test(down_to_one_and_up_to_all),
      cmocka_unit_test(merges_cost_at_most_their_price),
      cmocka_unit_test(cuts_gain_what_they_say),
      cmocka_unit_test(cuts_gain_no_less_than_they_say),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
