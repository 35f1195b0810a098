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
  ock_cut_scratch scratch;
  ock_cut_rows rows;
  ock_halves halves;
  double means[2 * D];
} cut;

static void make_cut(cut *c, ockham_rows x, const double *weights, size_t n) {
  ock_pool *pool;
  *c = (cut){0};
  assert_ok(ock_pool_new(1, &pool, err));
  assert_ok(ock_frame_init_weighted(&c->frame, x, weights, pool, err));
  ock_pool_free(pool);
  assert_true(ock_cut_scratch_init(&c->scratch, D, &c->arena));
  c->rows = (ock_cut_rows){x, &c->frame};
  c->halves.means = c->means;
  ock_rng rng = ock_rng_make(5, 6);
  ock_cut_in_halves(&c->rows, members, n, &rng, &c->scratch, &c->halves);
}

static void clear_cut(cut *c) {
  ock_arena_clear(&c->arena);
  ock_frame_clear(&c->frame);
}

static double value(const cut *c, size_t i, size_t l) {
  return (ock_rows_get(c->rows.x, i, l) - c->frame.origin[l]) * c->frame.unit;
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

/* With at most some thousand members the halves are a fixed point of 2-means: each member is with the nearer mean, the
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
    double before = squares_about(&c, side, 2, n, mean);
    assert_true(fabs(c.halves.within / before - 1) < 1e-12);
    assert_true(c.halves.gain > 0 && fabs((before - c.halves.gain) / after - 1) < 1e-10);
    clear_cut(&c);
    free(x);
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
  ock_project_on_halves(&c.rows, members, n, &c.halves, &c.scratch, values);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_halves_are_those_of_two_means), cmocka_unit_test(many_members_are_all_summed),
      cmocka_unit_test(a_long_cluster_is_cut_across),      cmocka_unit_test(projections_are_along_that_line),
      cmocka_unit_test(equal_members_have_no_halves),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
