/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels that take weights: every table gives what the plain one gives, and weights of 1 what none give. */
#include "kernels/internal.h"
#include "test.h"

enum { MAX_D = 33 };

static double weight_of(size_t i) {
  return (double)(i * 7 % 5) / 4;
}

/* ---- one side of a plane ---- */

typedef struct side {
  double panel[2][OCK_PANEL * MAX_D], normal[2][MAX_D], weights[2][OCK_PANEL]; /* as elements; ones */
  uint32_t label[OCK_PANEL];
} side;

static void put(const ock_search_kernels *table, void *elements, size_t at, double value) {
  if (table->element_bytes == sizeof(float))
    ((float *)elements)[at] = (float)value;
  else
    ((double *)elements)[at] = value;
}

static void compare_sides(const ock_search_kernels *table, const ock_search_kernels *plain, size_t d, ock_rng *rng) {
  static side s;
  double sums[3][MAX_D] = {{0}}, n[3];
  double tolerance = table->element_bytes == sizeof(float) ? 1e-5 : 1e-13;
  for (size_t i = 0; i < OCK_PANEL * d; i++) put(table, s.panel[0], i, (double)ock_rng_below(rng, 64) / 8);
  for (size_t l = 0; l < d; l++) put(table, s.normal[0], l, (double)ock_rng_below(rng, 9) - 4);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    s.label[r] = (uint32_t)ock_rng_below(rng, 3);
    put(table, s.weights[0], r, weight_of(r));
    put(table, s.weights[1], r, 1);
  }
  const ock_search_kernels *tables[] = {table, plain};
  for (size_t t = 0; t < 2; t++)
    n[t] = tables[t]->take_side(s.panel[0], d, s.normal[0], 0.5, s.label, 1, s.weights[0], sums[t]);
  assert_close(n[0], n[1], tolerance);
  for (size_t l = 0; l < d; l++) assert_close(sums[0][l], sums[1][l], tolerance);
  memset(sums, 0, sizeof sums);
  n[0] = table->take_side(s.panel[0], d, s.normal[0], 0.5, s.label, 1, s.weights[1], sums[0]);
  n[1] = table->take_side(s.panel[0], d, s.normal[0], 0.5, s.label, 1, NULL, sums[1]);
  assert_true(n[0] == n[1]);
  assert_memory_equal(sums[0], sums[1], d * sizeof(double));
}

static void sides_are_taken_by_weight(void **state) {
  (void)state;
  const ock_kernels *reference = ock_kernels_all()[0];
  for (const ock_kernels *const *table = ock_kernels_all(); *table; table++) {
    if (!(*table)->runs_here()) continue;
    ock_rng rng = ock_rng_make(1, 1);
    for (size_t d = 1; d <= MAX_D; d += d < 5 ? 1 : 7) {
      compare_sides((*table)->narrow, reference->narrow, d, &rng);
      compare_sides((*table)->wide, reference->wide, d, &rng);
    }
  }
}

/* ---- sums over pairs ---- */

static void pairs_are_summed_by_weight(void **state) {
  (void)state;
  enum { PIECES = 3, ROWS = 77 };
  static float rows[ROWS * MAX_D], shifted[MAX_D * OCK_STRIP], weights[ROWS];
  static double strip[MAX_D * OCK_STRIP], origin[MAX_D];
  const uint32_t length[PIECES] = {1, 30, 46};
  ock_rng rng = ock_rng_make(2, 1);
  for (size_t i = 0; i < ROWS * MAX_D; i++) rows[i] = (float)ock_rng_normal(&rng);
  for (size_t i = 0; i < MAX_D * OCK_STRIP; i++) strip[i] = ock_rng_normal(&rng);
  for (size_t i = 0; i < ROWS; i++) weights[i] = (float)weight_of(i);
  for (const ock_kernels *const *table = ock_kernels_all(); *table; table++) {
    if (!(*table)->runs_here()) continue;
    for (size_t d = 1; d <= MAX_D; d += 4) {
      double sums[PIECES * OCK_STRIP];
      ock_pair_block block = {origin, rows, ROWS, PIECES, length, weights};
      (*table)->pair_sums(strip, d, &block, shifted, sums);
      for (size_t i = 0, row = 0; i < PIECES; row += length[i++])
        for (size_t r = 0; r < OCK_STRIP; r++) {
          double expected = 0;
          for (size_t j = row; j < row + length[i]; j++) {
            double squared = 0;
            for (size_t l = 0; l < d; l++) squared += pow(strip[l * OCK_STRIP + r] - (double)rows[j * d + l], 2);
            expected += weight_of(j) * sqrt(squared);
          }
          assert_close(sums[i * OCK_STRIP + r], expected, 1e-5);
        }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sides_are_taken_by_weight),
      cmocka_unit_test(pairs_are_summed_by_weight),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
