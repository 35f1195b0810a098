/* SPDX-License-Identifier: Apache-2.0 */
/* Every table that runs on this machine gives what the plain reference gives. */

#include "kernels/internal.h"
#include "test.h"

enum { MAX_D = 40, MAX_K = 23 };

typedef struct example {
  double panel[MAX_D * OCK_PANEL];
  double centroids[MAX_K * MAX_D];
  size_t d, k;
} example;

/* Rows on a coarse grid make exact ties common; offset moves everything far from the origin. */
static void draw(example *e, ock_rng *rng, size_t d, size_t k, bool grid, double offset) {
  e->d = d;
  e->k = k;
  for (size_t i = 0; i < d * OCK_PANEL; i++)
    e->panel[i] = offset + (grid ? (double)ock_rng_below(rng, 3) : ock_rng_normal(rng));
  for (size_t i = 0; i < k * d; i++)
    e->centroids[i] = offset + (grid ? (double)ock_rng_below(rng, 3) : ock_rng_normal(rng));
}

static void compare_nearest_two(const ock_kernels *a, const ock_kernels *b, const example *e) {
  uint32_t label[2][OCK_PANEL];
  double nearest[2][OCK_PANEL], second[2][OCK_PANEL];
  a->nearest_two(e->panel, e->d, e->centroids, e->k, label[0], nearest[0], second[0]);
  b->nearest_two(e->panel, e->d, e->centroids, e->k, label[1], nearest[1], second[1]);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    if (label[0][r] != label[1][r]) assert_true(second[0][r] - nearest[0][r] <= 1e-12 * second[0][r]);
    assert_close(nearest[0][r], nearest[1][r], 1e-12);
    if (e->k == 1)
      assert_true(isinf(second[0][r]) && isinf(second[1][r]));
    else
      assert_close(second[0][r], second[1][r], 1e-12);
  }
}

static void compare_distances(const ock_kernels *a, const ock_kernels *b, const example *e) {
  static double out[2][MAX_K * OCK_PANEL];
  a->distances(e->panel, e->d, e->centroids, e->k, out[0]);
  b->distances(e->panel, e->d, e->centroids, e->k, out[1]);
  for (size_t i = 0; i < e->k * OCK_PANEL; i++) assert_close(out[0][i], out[1][i], 1e-12);

  uint32_t label[OCK_PANEL];
  double own[2][OCK_PANEL];
  for (size_t r = 0; r < OCK_PANEL; r++) label[r] = (uint32_t)((r * 7) % e->k);
  a->own_distance(e->panel, e->d, e->centroids, label, own[0]);
  b->own_distance(e->panel, e->d, e->centroids, label, own[1]);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    assert_close(own[0][r], own[1][r], 1e-12);
    assert_close(own[0][r], out[0][label[r] * OCK_PANEL + r], 1e-12);
  }
}

/* Blocks of every size, in pieces of 1, 2, ... rows; the last takes what is left. */
static void compare_pair_sums(const ock_kernels *a, const ock_kernels *b, const example *e, ock_rng *rng) {
  static float rows[OCK_PAIR_ROWS * MAX_D], shifted[MAX_D * OCK_STRIP];
  static double sums[2][OCK_PAIR_ROWS * OCK_STRIP], merged[2][4 * OCK_STRIP];
  uint32_t length[OCK_PAIR_ROWS], into[OCK_PAIR_ROWS];
  ock_pair_block block = {.origin = e->centroids, .rows = rows, .length = length};
  block.n_rows = 1 + ock_rng_below(rng, OCK_PAIR_ROWS);
  for (size_t left = block.n_rows; left > 0; left -= length[block.n_pieces++]) {
    length[block.n_pieces] = (uint32_t)(block.n_pieces + 1 < left ? block.n_pieces + 1 : left);
    into[block.n_pieces] = (uint32_t)ock_rng_below(rng, 4);
  }
  for (size_t i = 0; i < block.n_rows * e->d; i++) rows[i] = (float)ock_rng_normal(rng);
  /* The first d * OCK_STRIP values of the panel serve as a strip. */
  a->pair_sums(e->panel, e->d, &block, shifted, sums[0]);
  b->pair_sums(e->panel, e->d, &block, shifted, sums[1]);
  for (size_t i = 0; i < block.n_pieces * OCK_STRIP; i++) assert_close(sums[0][i], sums[1][i], 1e-6);
  memset(merged, 0, sizeof merged);
  a->merge_sums(sums[0], block.n_pieces, into, merged[0]);
  b->merge_sums(sums[0], block.n_pieces, into, merged[1]);
  for (size_t i = 0; i < 4 * OCK_STRIP; i++) assert_close(merged[0][i], merged[1][i], 1e-12);
}

static void tables_agree(void **state) {
  (void)state;
  static example e;
  const ock_kernels *reference = ock_kernels_all()[0];
  ock_rng rng = ock_rng_make(1, 0);
  for (size_t t = 0; ock_kernels_all()[t]; t++) {
    const ock_kernels *table = ock_kernels_all()[t];
    if (!table->runs_here()) {
      print_message("%s does not run here: not compared\n", table->isa);
      continue;
    }
    for (size_t d = 1; d <= MAX_D; d += d < 10 ? 1 : 15)
      for (size_t k = 1; k <= MAX_K; k += 1 + k / 4) {
        draw(&e, &rng, d, k, (d + k) % 2 == 0, k % 3 == 0 ? 1e6 : 0);
        compare_nearest_two(reference, table, &e);
        compare_distances(reference, table, &e);
        compare_pair_sums(reference, table, &e, &rng);
      }
  }
}

/* On small integers every sum is exact, so ties are exact too and must go to the lower centroid. */
static void ties_go_to_the_lower_centroid(void **state) {
  (void)state;
  static example e;
  ock_rng rng = ock_rng_make(2, 0);
  for (size_t t = 0; ock_kernels_all()[t]; t++) {
    if (!ock_kernels_all()[t]->runs_here()) continue;
    draw(&e, &rng, 2, 17, true, 0);
    uint32_t label[OCK_PANEL];
    double nearest[OCK_PANEL], second[OCK_PANEL];
    ock_kernels_all()[t]->nearest_two(e.panel, 2, e.centroids, 17, label, nearest, second);
    for (size_t r = 0; r < OCK_PANEL; r++)
      for (size_t j = 0; j < label[r]; j++) {
        double a = e.panel[r] - e.centroids[2 * j], b = e.panel[OCK_PANEL + r] - e.centroids[2 * j + 1];
        assert_true(a * a + b * b > nearest[r]);
      }
  }
}

static void check_panels(const ock_kernels *table, ockham_rows x) {
  double origin[4] = {1, 2, 3, 4}, panel[4 * OCK_PANEL];
  ock_panel_load(table, x, origin, 1, 2, panel);
  for (size_t r = 0; r < OCK_PANEL; r++)
    for (size_t l = 0; l < 4; l++)
      assert_true(panel[l * OCK_PANEL + r] == ock_rows_get(x, r < 2 ? r + 1 : 1, l) - origin[l]);
  size_t index[2] = {2, 0};
  ock_panel_gather(table, x, origin, index, 2, panel);
  for (size_t r = 0; r < OCK_PANEL; r++)
    for (size_t l = 0; l < 4; l++)
      assert_true(panel[l * OCK_PANEL + r] == ock_rows_get(x, index[r < 2 ? r : 0], l) - origin[l]);
}

static void panels_hold_the_rows_minus_the_origin(void **state) {
  (void)state;
  float narrow[3 * 5];
  double wide[3 * 5];
  for (size_t i = 0; i < 15; i++) wide[i] = narrow[i] = (float)i / 7;
  for (size_t t = 0; ock_kernels_all()[t]; t++) {
    if (!ock_kernels_all()[t]->runs_here()) continue;
    ockham_rows x = {.data = narrow, .n_rows = 3, .n_columns = 4, .stride = 5, .dtype = OCKHAM_FLOAT32};
    check_panels(ock_kernels_all()[t], x);
    x.data = wide;
    x.dtype = OCKHAM_FLOAT64;
    check_panels(ock_kernels_all()[t], x);
  }
}

static void the_environment_forces_a_table(void **state) {
  (void)state;
  setenv("OCKHAM_ISA", "reference", 1);
  assert_string_equal(ockham_instruction_set(), "reference");
  unsetenv("OCKHAM_ISA");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_agree),
      cmocka_unit_test(ties_go_to_the_lower_centroid),
      cmocka_unit_test(panels_hold_the_rows_minus_the_origin),
      cmocka_unit_test(the_environment_forces_a_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
