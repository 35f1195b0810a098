/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of mixtures: every table against the reference, and those with a fused step against each other to the bit.
 */
#include <math.h>

#include "kernels/internal.h"
#include "test.h"

enum { MAX_D = 40, MAX_K = 9, MAX_SECOND = MAX_D * (MAX_D + 1) / 2 };

typedef struct example {
  size_t d, k;
  bool full;
  double tail;
  double panel[MAX_D * OCK_PANEL], mean[MAX_D], factor[MAX_SECOND], weight[OCK_PANEL];
  double values[MAX_K * OCK_PANEL];
} example;

/* What one table makes of it. */
typedef struct result {
  double density[OCK_PANEL], logarithm[OCK_PANEL], power[OCK_PANEL], pull[OCK_PANEL], sums[1 + MAX_D + MAX_SECOND],
      projected[MAX_D], values[MAX_K * OCK_PANEL], log_sum[OCK_PANEL], weighed[OCK_PANEL], tail[OCK_TAIL_SUMS],
      range[2];
} result;

static example e;
static result reference, first_fused, found;

static void draw(ock_rng *rng, size_t d, bool full) {
  e.d = d;
  e.full = full;
  e.tail = ock_rng_below(rng, 2) ? 1 : 0.2 + 3 * ock_rng_uniform(rng);
  e.k = 1 + ock_rng_below(rng, MAX_K);
  for (size_t i = 0; i < d * OCK_PANEL; i++) e.panel[i] = ock_rng_normal(rng);
  for (size_t l = 0; l < d; l++) e.mean[l] = ock_rng_normal(rng);
  for (size_t i = 0; i < ock_second_moments(d, full); i++) e.factor[i] = ock_rng_normal(rng);
  for (size_t r = 0; r < OCK_PANEL; r++) e.weight[r] = r % 7 ? ock_rng_uniform(rng) : 0;
  for (size_t i = 0; i < e.k * OCK_PANEL; i++) e.values[i] = -ock_rng_uniform(rng) * (i % 5 ? 30 : 2000);
}

static void compute(const ock_kernels *table, result *to) {
  static double scratch[(MAX_D + 1) * OCK_PANEL];
  ock_powers powers = {.logarithm = to->logarithm, .power = to->power, .pull = to->pull};
  ock_gaussian g = {
      .mean = e.mean, .factor = e.factor, .full = e.full, .log_scale = -1.5, .tail = e.tail, .power = &powers};
  memset(to, 0, sizeof *to);
  table->log_density(e.panel, e.d, &g, scratch, to->density);
  to->sums[0] = 3; /* they are added to */
  table->add_moments(e.panel, e.d, e.mean, e.full, e.weight, scratch, to->sums);
  to->projected[0] = 5;
  table->add_projected(e.panel, e.d, e.mean, e.weight, to->projected);
  memcpy(to->values, e.values, sizeof e.values);
  table->posterior(to->values, e.k, to->log_sum);
  memcpy(to->weighed, e.weight, sizeof e.weight);
  to->tail[0] = 2;
  if (e.tail != 1) table->weigh_tail(to->weighed, &powers, to->tail);
  table->range(to->density, to->range);
}

static void assert_range(const result *a) {
  bool least = false, most = false;
  for (size_t r = 0; r < OCK_PANEL; r++) {
    assert_true(a->range[0] <= a->density[r] && a->density[r] <= a->range[1]);
    least = least || a->density[r] == a->range[0];
    most = most || a->density[r] == a->range[1];
  }
  assert_true(least && most);
}

static void compare(const result *a, const result *b) {
  size_t n_sums = 1 + e.d + ock_second_moments(e.d, e.full);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    assert_true(fabs(a->density[r] - b->density[r]) <= 1e-11 * (1 + fabs(a->density[r])));
    assert_true(fabs(a->logarithm[r] - b->logarithm[r]) <= 1e-11);
    assert_true(fabs(a->power[r] - b->power[r]) <= 1e-11 * a->power[r]);
    assert_true(fabs(a->pull[r] - b->pull[r]) <= 1e-11 * a->pull[r]);
    assert_true(fabs(a->log_sum[r] - b->log_sum[r]) <= 1e-13 * (1 + fabs(a->log_sum[r])));
  }
  for (size_t i = 0; i < OCK_TAIL_SUMS; i++)
    assert_true(fabs(a->tail[i] - b->tail[i]) <= 1e-11 * (1 + fabs(a->tail[i])));
  for (size_t r = 0; r < OCK_PANEL; r++)
    assert_true(fabs(a->weighed[r] - b->weighed[r]) <= 1e-11 * (1 + a->weighed[r]));
  assert_range(a);
  assert_range(b);
  for (size_t i = 0; i < n_sums; i++) assert_true(fabs(a->sums[i] - b->sums[i]) <= 1e-11);
  for (size_t l = 0; l < e.d; l++) assert_true(fabs(a->projected[l] - b->projected[l]) <= 1e-11);
  for (size_t i = 0; i < e.k * OCK_PANEL; i++)
    assert_true(fabs(a->values[i] - b->values[i]) <= 4e-15 * a->values[i] + 1e-15);
}

static void tables_agree(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(31, 0);
  for (size_t round = 0; round < 200; round++) {
    bool have_fused = false;
    draw(&rng, 1 + ock_rng_below(&rng, MAX_D), round % 2);
    for (size_t t = 0; ock_kernels_all()[t]; t++) {
      const ock_kernels *table = ock_kernels_all()[t];
      if (!table->runs_here()) continue;
      compute(table, &found);
      if (t == 0) reference = found;
      compare(&reference, &found);
      if (strcmp(table->isa, "reference") == 0 || strcmp(table->isa, "sse2") == 0) continue;
      if (!have_fused) first_fused = found;
      have_fused = true;
      assert_memory_equal(&first_fused, &found, sizeof found);
    }
  }
}

/* Probabilities sum to 1, and far from every component the nearest one has the row. */
static void posteriors_are_probabilities(void **state) {
  (void)state;
  static double values[3 * OCK_PANEL], log_sum[OCK_PANEL];
  const ock_kernels *table = ock_kernels_pick();
  for (size_t r = 0; r < OCK_PANEL; r++) {
    values[r] = -1e6 - (double)r;
    values[OCK_PANEL + r] = -1e6 - (double)r - log(3);
    values[2 * OCK_PANEL + r] = -1e9;
  }
  table->posterior(values, 3, log_sum);
  for (size_t r = 0; r < OCK_PANEL; r++) {
    assert_true(fabs(values[r] - 0.75) < 1e-10 && fabs(values[OCK_PANEL + r] - 0.25) < 1e-10);
    assert_true(values[2 * OCK_PANEL + r] < 1e-300);
    assert_true(fabs(log_sum[r] - (-1e6 - (double)r + log(4.0 / 3))) < 1e-9);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_agree),
      cmocka_unit_test(posteriors_are_probabilities),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
