/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds that are carried over hundreds of motions stay bounds, in every table that runs here. */
#include "kernels/internal.h"
#include "test.h"

enum { D = 3, MAX_K = 70, N_BOUNDS = 80, N_ROWS = 20, N_STEPS = 200 };

typedef struct walk {
  size_t k;
  double row[N_ROWS][D], centre[MAX_K][D];
  size_t own[N_ROWS];
  float lower[N_BOUNDS], upper, drift[N_BOUNDS];
} walk;

static double distance(const double *a, const double *b) {
  double sum = 0;
  for (size_t l = 0; l < D; l++) sum += (a[l] - b[l]) * (a[l] - b[l]);
  return sqrt(sum);
}

static double least_distance(const walk *w, size_t j) {
  double least = INFINITY;
  for (size_t r = 0; r < N_ROWS; r++) least = fmin(least, distance(w->row[r], w->centre[j]));
  return least;
}

/* The rows keep their centres: the nearest at the start. */
static double own_distance(const walk *w) {
  double most = 0;
  for (size_t r = 0; r < N_ROWS; r++) most = fmax(most, distance(w->row[r], w->centre[w->own[r]]));
  return most;
}

static void start(walk *w, ock_rng *rng, size_t k) {
  *w = (walk){.k = k};
  for (size_t r = 0; r < N_ROWS; r++)
    for (size_t l = 0; l < D; l++) w->row[r][l] = 0.1 * ock_rng_normal(rng);
  for (size_t j = 0; j < N_BOUNDS; j++) w->lower[j] = INFINITY;
  for (size_t j = 0; j < k; j++) {
    for (size_t l = 0; l < D; l++) w->centre[j][l] = ock_rng_normal(rng);
    w->lower[j] = (float)least_distance(w, j) * (1 - 0x1p-20f);
  }
  for (size_t r = 0; r < N_ROWS; r++)
    for (size_t j = 1; j < k; j++)
      if (distance(w->row[r], w->centre[j]) < distance(w->row[r], w->centre[w->own[r]])) w->own[r] = j;
  w->upper = (float)own_distance(w) * (1 + 0x1p-20f);
}

/* Few steps are large; some centres rest. */
static void move(walk *w, ock_rng *rng) {
  double length = pow(10, -5 * ock_rng_uniform(rng)) / 50;
  for (size_t j = 0; j < w->k; j++) {
    double from[D];
    memcpy(from, w->centre[j], sizeof from);
    for (size_t l = 0; ock_rng_below(rng, 3) > 0 && l < D; l++) w->centre[j][l] += length * ock_rng_normal(rng);
    w->drift[j] = (float)(distance(from, w->centre[j]) * (1 + 0x1p-20));
  }
}

static void check(const walk *w, const uint32_t *reach, size_t n, float most) {
  size_t listed = 0;
  float fastest = 0;
  for (size_t j = 0; j < w->k; j++) {
    assert_true((double)w->lower[j] <= least_distance(w, j));
    if (!(w->lower[j] <= w->upper)) continue;
    assert_true(listed < n && reach[listed] == j);
    fastest = w->drift[j] > fastest ? w->drift[j] : fastest;
    listed++;
  }
  assert_int_equal(listed, n);
  assert_true(most == fastest);
  assert_true((double)w->upper >= own_distance(w));
  for (size_t j = w->k; j < N_BOUNDS; j++) assert_true(isinf(w->lower[j]) && w->lower[j] > 0);
}

/* Not less than it must be: what falls is the drift and rounding. */
static void check_not_too_loose(const walk *before, const walk *w) {
  float fastest = 0;
  for (size_t j = 0; j < w->k; j++) {
    float expected = before->lower[j] - w->drift[j];
    assert_true(fabsf(w->lower[j] - expected) <= 0x1p-20f * (fabsf(before->lower[j]) + w->drift[j]));
    if (before->lower[j] <= before->upper) fastest = w->drift[j] > fastest ? w->drift[j] : fastest;
  }
  assert_true(fabsf(w->upper - (before->upper + fastest)) <= 0x1p-20f * w->upper);
}

static void bounds_stay_bounds(void **state) {
  (void)state;
  static walk w, before;
  for (size_t t = 0; ock_kernels_all()[t]; t++) {
    if (!ock_kernels_all()[t]->runs_here()) continue;
    for (size_t k = 1; k <= MAX_K; k += 1 + k / 3) {
      ock_rng rng = ock_rng_make(31, k);
      start(&w, &rng, k);
      for (size_t step = 0; step < N_STEPS; step++) {
        uint32_t reach[N_BOUNDS];
        float most;
        move(&w, &rng);
        before = w;
        size_t n_bounds = (k + OCK_BOUNDS - 1) / OCK_BOUNDS * OCK_BOUNDS;
        size_t n = ock_kernels_all()[t]->carry(w.lower, &w.upper, w.drift, n_bounds, reach, &most);
        check(&w, reach, n, most);
        check_not_too_loose(&before, &w);
      }
    }
  }
}

/* A bound that equals the reach is within it, and nothing else changes when nothing moves. */
static void equal_is_within_reach(void **state) {
  (void)state;
  for (size_t t = 0; ock_kernels_all()[t]; t++) {
    if (!ock_kernels_all()[t]->runs_here()) continue;
    float lower[OCK_BOUNDS], drift[OCK_BOUNDS] = {0}, upper = 0, most = 7;
    uint32_t reach[OCK_BOUNDS];
    for (size_t j = 0; j < OCK_BOUNDS; j++) lower[j] = j < 5 ? (float)(j % 2) : INFINITY;
    assert_int_equal(ock_kernels_all()[t]->carry(lower, &upper, drift, OCK_BOUNDS, reach, &most), 3);
    assert_true(reach[0] == 0 && reach[1] == 2 && reach[2] == 4 && most == 0 && upper == 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_stay_bounds),
      cmocka_unit_test(equal_is_within_reach),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
