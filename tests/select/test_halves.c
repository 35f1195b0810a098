/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster cut in two: what is said of the halves against plain sums over the rows. */
#include "select/halves.h"

#include "select/sweeping.h"

enum { D = 3, MOST = 12000 };

static uint32_t members[MOST];

/* A third of the rows: the members need not be all, nor stand together. */
static size_t choose_members(size_t n_rows) {
  size_t n = 0;
  for (size_t i = 1; i < n_rows; i += 3) members[n++] = (uint32_t)i;
  return n;
}

typedef struct cut {
  ock_frame frame;
  ock_arena arena;
  ock_halver halver;
  ock_halves halves;
  double mean[D], variances[D], means[2 * D];
} cut;

static void make_cut_with(cut *c, ockham_rows x, const double *weights, size_t n, size_t threads, bool restarts) {
  ock_pool *pool;
  *c = (cut){0};
  assert_ok(ock_pool_new(threads, &pool, err));
  assert_ok(ock_frame_init_weighted(&c->frame, x, weights, pool, err));
  assert_true(ock_halver_init(&c->halver, x, &c->frame, 5, pool, &c->arena));
  c->halver.restarts = restarts;
  c->halves = (ock_halves){
      .member = members, .n = n, .stream = 6, .mean = c->mean, .variances = c->variances, .means = c->means};
  ock_halve(&c->halver, &c->halves, 1, pool, NULL);
  ock_pool_free(pool);
}

static void make_cut(cut *c, ockham_rows x, const double *weights, size_t n) {
  make_cut_with(c, x, weights, n, 1, false);
}

static void clear_cut(cut *c) {
  ock_arena_clear(&c->arena);
  ock_frame_clear(&c->frame);
}

static double value(const cut *c, size_t i, size_t l) {
  return (ock_rows_get(c->halver.x, i, l) - c->frame.origin[l]) * c->frame.unit;
}

static double squares_to(const cut *c, size_t i, const double *centre) {
  double sum = 0;
  for (size_t l = 0; l < D; l++) sum += pow(value(c, i, l) - centre[l], 2);
  return sum;
}

/* Weighted means of the members for which side[i] is `which`, or of all (2); returns the sum of the weights. */
static double mean_of(const cut *c, const uint32_t *side, uint32_t which, size_t n, double *mean) {
  double total = 0;
  memset(mean, 0, D * sizeof *mean);
  for (size_t i = 0; i < n; i++) {
    double w = c->frame.weights ? c->frame.weights[members[i]] : 1;
    if (which < 2 && side[i] != which) continue;
    total += w;
    for (size_t l = 0; l < D; l++) mean[l] += w * value(c, members[i], l);
  }
  for (size_t l = 0; l < D; l++) mean[l] /= total;
  return total;
}

static double squares_about(const cut *c, const uint32_t *side, uint32_t which, size_t n, const double *mean) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    if (which == 2 || side[i] == which)
      sum += (c->frame.weights ? c->frame.weights[members[i]] : 1) * squares_to(c, members[i], mean);
  return sum;
}

/* With at most a thousand members the halves are a fixed point of 2-means: each member is with the nearer mean, the
 * means are those of these, and the gain is what they lower the sum of squares by. */
static void the_halves_are_those_of_two_means(void **state) {
  (void)state;
  double weights[6000];
  for (size_t i = 0; i < 6000; i++) weights[i] = 0.25 * (double)(1 + i % 5);
  for (uint64_t draw = 0; draw < 12; draw++) {
    size_t n_rows = 60 << draw % 6;
    double *x = draw % 2 ? make_normal(n_rows, D, draw) : make_blobs(n_rows, D, 4, draw);
    size_t n = choose_members(n_rows);
    uint32_t side[MOST];
    cut c;
    make_cut(&c, rows_of(x, n_rows, D), draw % 3 ? weights : NULL, n);
    for (size_t i = 0; i < n; i++)
      side[i] = squares_to(&c, members[i], c.means + D) < squares_to(&c, members[i], c.means);
    double after = 0, mean[D], total = 0;
    for (uint32_t s = 0; s < 2; s++) {
      double weight = mean_of(&c, side, s, n, mean);
      assert_close(weight, c.halves.weight[s], 1e-12);
      for (size_t l = 0; l < D; l++) assert_close(mean[l], c.means[s * D + l], 1e-12);
      after += squares_about(&c, side, s, n, mean);
      total += weight;
    }
    assert_close(mean_of(&c, side, 2, n, mean), total, 1e-12);
    assert_close(c.halves.total, total, 1e-12);
    for (size_t l = 0; l < D; l++) assert_close(c.mean[l], mean[l], 1e-12);
    double before = squares_about(&c, side, 2, n, mean);
    assert_true(fabs(c.halves.within / before - 1) < 1e-12);
    assert_true(c.halves.gain > 0 && fabs((before - c.halves.gain) / after - 1) < 1e-10);
    clear_cut(&c);
    free(x);
  }
}

static void check_variances(const cut *c, size_t n, const double *mean) {
  for (size_t l = 0; l < D; l++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += pow(value(c, members[i], l) - mean[l], 2);
    assert_true(fabs(c->variances[l] * (double)n / sum - 1) < 1e-12);
  }
}

/* Many members: some tell where to cut, but sums are over all. */
static void many_members_are_all_summed(void **state) {
  (void)state;
  size_t n_rows = 3 * MOST;
  double *x = make_blobs(n_rows, D, 2, 21); /* members are of both clusters */
  size_t n = choose_members(n_rows);
  cut c;
  assert_int_equal(n, MOST);
  make_cut(&c, rows_of(x, n_rows, D), NULL, n);
  assert_true(c.halves.weight[0] == MOST / 2 && c.halves.weight[1] == MOST / 2);
  double mean[D];
  mean_of(&c, NULL, 2, n, mean);
  assert_true(fabs(c.halves.within / squares_about(&c, NULL, 2, n, mean) - 1) < 1e-12);
  for (size_t l = 0; l < D; l++) assert_close(c.mean[l], mean[l], 1e-12);
  check_variances(&c, n, mean);
  clear_cut(&c);
  free(x);
}

/* The line through the means is the longest axis of a long cluster. */
static void a_long_cluster_is_cut_across(void **state) {
  (void)state;
  double *x = make_normal(3000, D, 22);
  for (size_t i = 0; i < 3000; i++) { /* along (2, -1, 2) / 3 */
    double length = 7 * x[D * i];
    x[D * i] = length * 2 / 3 + x[D * i + 1];
    x[D * i + 1] = -length / 3 + x[D * i + 2];
    x[D * i + 2] = length * 2 / 3;
  }
  cut c;
  size_t n = choose_members(3000);
  make_cut(&c, rows_of(x, 3000, D), NULL, n);
  double way[D], length = 0;
  for (size_t l = 0; l < D; l++) {
    way[l] = c.means[D + l] - c.means[l];
    length += way[l] * way[l];
  }
  double cosine = fabs(2 * way[0] - way[1] + 2 * way[2]) / 3 / sqrt(length);
  assert_true(cosine > 0.995);
  clear_cut(&c);
  free(x);
}

static void projections_are_along_that_line(void **state) {
  (void)state;
  ock_weighted_value values[400];
  double weights[1200];
  double *x = make_blobs(1200, D, 3, 23);
  for (size_t i = 0; i < 1200; i++) weights[i] = (double)(1 + i % 4);
  size_t n = choose_members(1200);
  cut c;
  make_cut(&c, rows_of(x, 1200, D), weights, n);
  ock_project_on_halves(&c.halver, &c.halves, 0, values);
  for (size_t i = 0; i < n; i++) {
    /* |x - a|^2 - |x - b|^2 is twice that, for means a and b */
    double twice = squares_to(&c, members[i], c.means) - squares_to(&c, members[i], c.means + D);
    assert_close(values[i].value, twice / 2, 1e-12);
    assert_true(values[i].weight == weights[members[i]]);
  }
  clear_cut(&c);
  free(x);
}

static void equal_members_have_no_halves(void **state) {
  (void)state;
  double x[30];
  for (size_t i = 0; i < 30; i++) x[i] = i % 9 / 3 == 1 ? 0.1 : (double)i; /* the members are rows 1, 4 and 7 */
  cut c;
  make_cut(&c, rows_of(x, 10, D), NULL, choose_members(9));
  assert_true(c.halves.gain == 0 && c.halves.weight[0] == 0);
  clear_cut(&c);
  make_cut(&c, rows_of(x, 10, D), NULL, 1);
  assert_true(c.halves.gain == 0);
  clear_cut(&c);
}

/* A cube is cut best across a column, which has no axis longer than others. */
static void further_starts_find_better_halves(void **state) {
  (void)state;
  size_t n_better = 0;
  for (uint64_t seed = 0; seed < 10; seed++) {
    size_t n_rows = seed < 5 ? 900 : 3 * MOST;
    double *x = make_uniform(n_rows, D, seed);
    size_t n = choose_members(n_rows);
    cut one, more;
    make_cut(&one, rows_of(x, n_rows, D), NULL, n);
    make_cut_with(&more, rows_of(x, n_rows, D), NULL, n, 1, true);
    assert_true(more.halves.gain >= one.halves.gain * (1 - 1e-3));
    n_better += more.halves.gain > one.halves.gain * (1 + 1e-3);
    clear_cut(&one);
    clear_cut(&more);
    free(x);
  }
  assert_true(n_better > 0);
}

static void threads_do_not_matter(void **state) {
  (void)state;
  for (size_t n_rows = 900; n_rows <= 3 * MOST; n_rows *= 40) {
    double *x = make_normal(n_rows, D, 24);
    size_t n = choose_members(n_rows);
    cut one, three;
    make_cut_with(&one, rows_of(x, n_rows, D), NULL, n, 1, true);
    make_cut_with(&three, rows_of(x, n_rows, D), NULL, n, 3, true);
    assert_memory_equal(one.means, three.means, sizeof one.means);
    assert_memory_equal(one.variances, three.variances, sizeof one.variances);
    assert_true(one.halves.gain == three.halves.gain && one.halves.within == three.halves.within);
    clear_cut(&one);
    clear_cut(&three);
    free(x);
  }
}

/* More columns than the covariance is made for: the axis comes from the rows themselves. */
static void wide_rows_are_cut_too(void **state) {
  (void)state;
  enum { N = 200, WIDE = 70 };
  double *x = make_normal(N, WIDE, 25), mean[WIDE], variances[WIDE], means[2 * WIDE];
  for (size_t i = 0; i < N; i++)
    for (size_t l = 0; l < WIDE; l++) x[i * WIDE + l] += i % 2 ? 3 : -3;
  ock_pool *pool;
  ock_frame frame;
  ock_arena arena = {0};
  ock_halver halver;
  assert_ok(ock_pool_new(1, &pool, err));
  assert_ok(ock_frame_init(&frame, rows_of(x, N, WIDE), pool, err));
  assert_true(ock_halver_init(&halver, rows_of(x, N, WIDE), &frame, 1, pool, &arena));
  for (uint32_t i = 0; i < N; i++) members[i] = i;
  ock_halves c = {.member = members, .n = N, .mean = mean, .variances = variances, .means = means};
  ock_halve(&halver, &c, 1, pool, NULL);
  assert_true(c.weight[0] == N / 2 && c.weight[1] == N / 2);
  double within = 0;
  for (size_t i = 0; i < N; i++)
    for (size_t l = 0; l < WIDE; l++) within += pow((x[i * WIDE + l] - frame.origin[l]) * frame.unit - mean[l], 2);
  assert_true(fabs(c.within / within - 1) < 1e-12);
  for (size_t l = 0; l < WIDE; l++) assert_true(fabs(fabs(means[WIDE + l] - means[l]) / frame.unit - 6) < 0.8);
  ock_arena_clear(&arena);
  ock_frame_clear(&frame);
  ock_pool_free(pool);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_halves_are_those_of_two_means),
      cmocka_unit_test(many_members_are_all_summed),
      cmocka_unit_test(a_long_cluster_is_cut_across),
      cmocka_unit_test(projections_are_along_that_line),
      cmocka_unit_test(equal_members_have_no_halves),
      cmocka_unit_test(further_starts_find_better_halves),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(wide_rows_are_cut_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
