/* SPDX-License-Identifier: Apache-2.0 */
/* Of chains that keep their bin with a known probability, and of rows that go in slow waves. */
#include "profile/example.h"
#include "stats/internal.h"

enum { MOST_ROWS = 100000, N_SHARES = 3 };
static uint16_t codes[MOST_ROWS];
static double scratch[OCK_HOUR_KINDS * 16];

static const struct shares {
  size_t n_bins;
  double p[8];
} shares[N_SHARES] = {
    {2, {0.5, 0.5}},
    {4, {0.25, 0.25, 0.25, 0.25}},
    {8, {0.6, 0.2, 0.1, 0.05, 0.03, 0.01, 0.01, 0}},
};

static uint16_t draw(const struct shares *s, ock_rng *rng) {
  double u = ock_rng_uniform(rng);
  uint16_t b = 0;
  while (b + 1u < s->n_bins && u >= s->p[b]) u -= s->p[b++];
  return b;
}

static void draw_chain(const struct shares *s, double stay, size_t n, ock_rng *rng) {
  for (size_t i = 0; i < n; i++) codes[i] = i && ock_rng_uniform(rng) < stay ? codes[i - 1] : draw(s, rng);
}

/* Mean and standard deviation of what is estimated, from chains of n rows. */
typedef struct estimate {
  double mean, sd, share_of_zero;
} estimate;

static estimate estimate_of(const struct shares *s, double stay, size_t n, size_t repeats) {
  double sum = 0, squares = 0, zeros = 0;
  for (size_t repeat = 0; repeat < repeats; repeat++) {
    ock_rng rng = ock_rng_make(repeat, n);
    draw_chain(s, stay, n, &rng);
    double found = ock_stickiness(codes, NULL, n, s->n_bins, scratch);
    sum += found;
    squares += found * found;
    zeros += found == 0;
  }
  double r = (double)repeats, mean = sum / r;
  return (estimate){mean, sqrt(fmax(squares / r - mean * mean, 0)), zeros / r};
}

static const size_t sizes[] = {500, 5000, 100000}, n_repeats[] = {300, 100, 12};

static void test_a_chain_is_as_sticky_as_it_is(void **state) {
  (void)state;
  static const double stay[] = {0.2, 0.5};
  for (size_t i = 0; i < N_SHARES; i++)
    for (size_t c = 0; c < 3; c++)
      for (size_t j = 0; j < 2; j++) {
        estimate e = estimate_of(&shares[i], stay[j], sizes[c], n_repeats[c]);
        double error = e.sd / sqrt((double)n_repeats[c]); /* of the mean; four of them, for there are 18 cases */
        if (fabs(e.mean - stay[j]) > 4 * error + 0.002)
          fail_msg("shares %zu, %zu rows, %g: found %g +- %g", i, sizes[c], stay[j], e.mean, error);
        if (e.sd > 2.5 / sqrt((double)sizes[c]))
          fail_msg("shares %zu, %zu rows, %g: deviation %g", i, sizes[c], stay[j], e.sd);
      }
}

static void test_shuffled_rows_are_not_sticky(void **state) {
  (void)state;
  for (size_t i = 0; i < N_SHARES; i++)
    for (size_t c = 0; c < 3; c++) {
      estimate e = estimate_of(&shares[i], 0, sizes[c], c == 2 ? 25 : n_repeats[c]);
      if (e.share_of_zero < 0.85 || e.mean > 0.02)
        fail_msg("shares %zu, %zu rows: %g are 0, mean %g", i, sizes[c], e.share_of_zero, e.mean);
    }
}

/* Two bins whose shares swing between 0.3 and 0.7 every 1000 rows: neighbours hardly show it, stretches do. Counts of
 * 512 rows vary 1 + 512 (0.02 / 0.25) (sin a / a)^2 = 17 times as much as without waves, a being 512 pi / 1000, and
 * (17 - 1) / (17 + 1) is 0.89. */
static void test_slow_waves_are_seen(void **state) {
  (void)state;
  ock_rng rng = ock_rng_make(4, 0);
  for (size_t i = 0; i < MOST_ROWS; i++)
    codes[i] = ock_rng_uniform(&rng) < 0.5 + 0.2 * sin(2 * M_PI * (double)i / 1000);
  double s = ock_stickiness(codes, NULL, MOST_ROWS, 2, scratch);
  assert_true(s > 0.8 && s < 0.97);
  for (size_t i = MOST_ROWS - 1; i > 0; i--) { /* the same rows, shuffled */
    size_t other = (size_t)ock_rng_below(&rng, i + 1);
    uint16_t code = codes[i];
    codes[i] = codes[other];
    codes[other] = code;
  }
  assert_true(ock_stickiness(codes, NULL, MOST_ROWS, 2, scratch) < 0.01);
}

/* What it says of long stretches is what they do: variances of counts over 500 rows, by (1 + s) / (1 - s). */
static void test_it_predicts_variances(void **state) {
  (void)state;
  enum { LENGTH = 500, N_STRETCHES = MOST_ROWS / LENGTH };
  ock_rng rng = ock_rng_make(9, 0);
  draw_chain(&shares[0], 0.5, MOST_ROWS, &rng);
  double s = ock_stickiness(codes, NULL, MOST_ROWS, 2, scratch), squares = 0;
  for (size_t i = 0; i < N_STRETCHES; i++) {
    double count = 0;
    for (size_t j = 0; j < LENGTH; j++) count += codes[i * LENGTH + j];
    squares += (count - LENGTH / 2.0) * (count - LENGTH / 2.0);
  }
  double seen = squares / N_STRETCHES / (LENGTH * 0.25);
  assert_true(fabs(seen / ((1 + s) / (1 - s)) - 1) < 0.3); /* three standard errors of 200 stretches */
}

/* An autoregressive series: neighbours are close and seldom in the same of ten bins, and means vary (1 + r) / (1 - r)
 * times as much, r being the autocorrelation. Ten bins keep some 97 % of it. A chain has the same by both measures. */
static void test_order_tells_of_autoregression(void **state) {
  (void)state;
  const double correlation = .6;
  double edges[9], x = 0;
  for (size_t b = 0; b < 9; b++) edges[b] = ock_normal_quantile((double)(b + 1) / 10);
  ock_rng rng = ock_rng_make(12, 0);
  for (size_t i = 0; i < MOST_ROWS; i++) {
    x = correlation * x + sqrt(1 - correlation * correlation) * ock_rng_normal(&rng);
    codes[i] = 0;
    for (size_t b = 0; b < 9; b++) codes[i] += x >= edges[b];
  }
  double s = ock_stickiness(codes, NULL, MOST_ROWS, 10, scratch);
  assert_true(s < .5);
  s = ock_order_stickiness(codes, NULL, MOST_ROWS, 10, 10, s);
  assert_true(s > .55 && s < .62);

  draw_chain(&shares[0], .5, MOST_ROWS, &rng);
  s = ock_stickiness(codes, NULL, MOST_ROWS, 2, scratch);
  assert_float_equal(ock_order_stickiness(codes, NULL, MOST_ROWS, 2, 2, s), s, .01);
}

static void test_ends(void **state) {
  (void)state;
  memset(codes, 0, sizeof codes);
  assert_true(ock_stickiness(codes, NULL, 1000, 3, scratch) == 0); /* one bin has all */
  for (size_t i = 0; i < 1000; i++) codes[i] = i >= 500;
  assert_true(ock_stickiness(codes, NULL, 1000, 2, scratch) == OCK_PROFILE_MOST_STICKY);
  for (size_t i = 0; i < 1000; i++) codes[i] = i % 2;
  assert_true(ock_stickiness(codes, NULL, 1000, 2, scratch) == 0); /* neighbours are never the same */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_chain_is_as_sticky_as_it_is), cmocka_unit_test(test_shuffled_rows_are_not_sticky),
      cmocka_unit_test(test_slow_waves_are_seen),           cmocka_unit_test(test_it_predicts_variances),
      cmocka_unit_test(test_order_tells_of_autoregression), cmocka_unit_test(test_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
