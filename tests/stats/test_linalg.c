/* SPDX-License-Identifier: Apache-2.0 */
/* Small symmetric matrices, put together again from their parts. */
#include <math.h>

#include "stats/internal.h"
#include "test.h"

enum { MOST_D = 40 };

/* B B' + ridge I, packed. */
static void draw(ock_rng *rng, size_t d, double ridge, double *packed) {
  static double b[MOST_D * MOST_D];
  for (size_t i = 0; i < d * d; i++) b[i] = ock_rng_normal(rng);
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = i == j ? ridge : 0;
      for (size_t l = 0; l < d; l++) sum += b[i * d + l] * b[j * d + l];
      packed[i * (i + 1) / 2 + j] = sum;
    }
}

static double at(const double *packed, size_t i, size_t j) {
  return i >= j ? packed[i * (i + 1) / 2 + j] : packed[j * (j + 1) / 2 + i];
}

static void factors_make_the_matrix(void **state) {
  (void)state;
  static double a[MOST_D * MOST_D], factor[MOST_D * MOST_D], inverse[MOST_D * MOST_D];
  ock_rng rng = ock_rng_make(1, 0);
  for (size_t d = 1; d <= MOST_D; d++) {
    draw(&rng, d, 0.5, a);
    memcpy(factor, a, sizeof a);
    assert_true(ock_cholesky(factor, d));
    memcpy(inverse, factor, sizeof a);
    ock_triangle_invert(inverse, d);
    for (size_t i = 0; i < d; i++)
      for (size_t j = 0; j <= i; j++) {
        double product = 0, one = 0;
        for (size_t l = 0; l <= j; l++) product += at(factor, i, l) * at(factor, j, l);
        for (size_t l = j; l <= i; l++) one += at(inverse, i, l) * at(factor, l, j);
        assert_true(fabs(product - at(a, i, j)) <= 1e-12 * (double)d);
        assert_true(fabs(one - (i == j)) <= 1e-10 * (double)d);
      }
  }
}

static void singular_matrices_have_none(void **state) {
  (void)state;
  double zero[1] = {0}, flat[3] = {1, 2, 4}, bent[3] = {1, 2, 3}, none[1] = {NAN};
  assert_false(ock_cholesky(zero, 1));
  assert_false(ock_cholesky(flat, 2));
  assert_false(ock_cholesky(bent, 2));
  assert_false(ock_cholesky(none, 1));
}

static void check_eigen(const double *packed, size_t d, double scale) {
  static double square[MOST_D * MOST_D], vectors[MOST_D * MOST_D], values[MOST_D];
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < d; j++) square[i * d + j] = at(packed, i, j);
  ock_symmetric_eigen(square, d, values, vectors);
  double alone[MOST_D];
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < d; j++) square[i * d + j] = at(packed, i, j);
  ock_symmetric_eigen(square, d, alone, NULL);
  assert_memory_equal(alone, values, d * sizeof *values);
  for (size_t i = 0; i < d; i++) {
    if (i > 0) assert_true(values[i] <= values[i - 1]);
    for (size_t j = 0; j < d; j++) {
      double sum = 0, one = 0;
      for (size_t l = 0; l < d; l++) {
        sum += vectors[i * d + l] * values[l] * vectors[j * d + l];
        one += vectors[l * d + i] * vectors[l * d + j];
      }
      assert_true(fabs(sum - at(packed, i, j)) <= 1e-12 * scale * (double)d);
      assert_true(fabs(one - (i == j)) <= 1e-13 * (double)d);
    }
  }
}

static void eigenvectors_make_the_matrix(void **state) {
  (void)state;
  static double a[MOST_D * MOST_D];
  ock_rng rng = ock_rng_make(2, 0);
  for (size_t d = 1; d <= MOST_D; d++) {
    draw(&rng, d, 0, a);
    check_eigen(a, d, (double)d);
    for (size_t i = 0; i < d; i++)
      for (size_t j = 0; j <= i; j++) a[i * (i + 1) / 2 + j] = i == j ? (double)(i % 3) : 0; /* equal ones */
    check_eigen(a, d, 1);
    for (size_t i = 0; i < d * (d + 1) / 2; i++) a[i] = 1; /* rank 1 */
    check_eigen(a, d, (double)d);
  }
}

/* ---- one way and the other ---- */

typedef bool eigen_function(double *a, size_t d, double *values, double *vectors, ock_watch *watch);

static double largest(const double *packed, size_t d) {
  double most = 0;
  for (size_t i = 0; i < d * (d + 1) / 2; i++) most = fmax(most, fabs(packed[i]));
  return most;
}

/* Both are orthonormal, make the matrix, and have the same values. */
static void check_both(const double *packed, size_t d) {
  static double square[MOST_D * MOST_D], vectors[MOST_D * MOST_D];
  static eigen_function *const ways[] = {ock_eigen_by_rotations, ock_eigen_by_reflections};
  double found[2][MOST_D], alone[MOST_D], most = largest(packed, d), unit = most > 0 ? most : 1;
  for (size_t way = 0; way < 2; way++) {
    for (int with = 0; with < 2; with++) {
      for (size_t i = 0; i < d * d; i++) square[i] = at(packed, i / d, i % d);
      assert_true(ways[way](square, d, with ? found[way] : alone, with ? vectors : NULL, NULL));
    }
    assert_memory_equal(alone, found[way], d * sizeof *alone);
    for (size_t i = 0; i < d * d; i++) {
      size_t p = i / d, q = i % d;
      double one = 0, sum = 0;
      for (size_t l = 0; l < d; l++) {
        one += vectors[l * d + p] * vectors[l * d + q];
        sum += vectors[p * d + l] * (found[way][l] / unit) * vectors[q * d + l];
      }
      assert_true(fabs(one - (p == q)) <= 1e-12);
      assert_true(fabs(sum - at(packed, p, q) / unit) <= 1e-12 * (double)d);
    }
  }
  for (size_t l = 0; l < d; l++) assert_true(fabs(found[0][l] - found[1][l]) <= 1e-10 * most);
}

/* V diag(values) V' of a random V. */
static void draw_spectrum(ock_rng *rng, size_t d, const double *spectrum, double *packed) {
  static double square[MOST_D * MOST_D], vectors[MOST_D * MOST_D], room[MOST_D];
  draw(rng, d, 0, packed);
  for (size_t i = 0; i < d * d; i++) square[i] = at(packed, i / d, i % d);
  assert_true(ock_eigen_by_rotations(square, d, room, vectors, NULL));
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = 0;
      for (size_t l = 0; l < d; l++) sum += vectors[i * d + l] * spectrum[l] * vectors[j * d + l];
      packed[i * (i + 1) / 2 + j] = sum;
    }
}

enum { ALL_ONE, FEW_KINDS, RANK_ONE, ZERO, HUGE_RANGE, BOTH_SIGNS, N_SPECTRA };

static double spectrum_at(int kind, size_t l, size_t d) {
  switch (kind) {
    case ALL_ONE:
      return 1;
    case FEW_KINDS:
      return (double)(l % 3);
    case RANK_ONE:
      return l == 0;
    case ZERO:
      return 0;
    case HUGE_RANGE:
      return pow(10, 15 - 30 * (double)l / (double)d);
    default:
      return (double)l - (double)d / 2;
  }
}

static void both_ways_agree(void **state) {
  (void)state;
  static double a[MOST_D * MOST_D], spectrum[MOST_D];
  static const int powers[] = {0, -500, 500}; /* squares would not be numbers */
  ock_rng rng = ock_rng_make(3, 0);
  for (size_t d = 1; d <= MOST_D; d += 1 + d / 8) {
    draw(&rng, d, 0, a);
    check_both(a, d);
    for (int kind = 0; kind < N_SPECTRA; kind++) {
      for (size_t l = 0; l < d; l++) spectrum[l] = spectrum_at(kind, l, d);
      draw_spectrum(&rng, d, spectrum, a);
      check_both(a, d);
      for (size_t i = 0; i < d; i++) /* along the axes: nothing to reflect */
        for (size_t j = 0; j <= i; j++) a[i * (i + 1) / 2 + j] = i == j ? spectrum[i] : 0;
      check_both(a, d);
    }
    for (size_t i = 0; i < d; i++) /* in three diagonals; the ranges of rows differ by 1e30 */
      for (size_t j = 0; j <= i; j++)
        a[i * (i + 1) / 2 + j] = i - j < 2 ? pow(10, -30 * (double)i / (double)d) * (double)(1 + i + j) : 0;
    check_both(a, d);
  }
  for (size_t p = 0; p < 3; p++) {
    static double square[MOST_D * MOST_D], values[2][MOST_D], vectors[MOST_D * MOST_D];
    size_t d = 20;
    draw(&rng, d, 0, a);
    for (int scaled = 0; scaled < 2; scaled++) {
      for (size_t i = 0; i < d * d; i++) square[i] = ldexp(at(a, i / d, i % d), scaled ? powers[p] : 0);
      assert_true(ock_eigen_by_reflections(square, d, values[scaled], vectors, NULL));
    }
    for (size_t l = 0; l < d; l++) assert_true(values[1][l] == ldexp(values[0][l], powers[p]));
  }
}

/* ---- stopping ---- */

static bool stop(void *user, const char *stage, uint64_t done, uint64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return false;
}

/* Each at 200 columns takes more than a million multiplications; at 8 it is over before anyone is asked. */
static void long_work_is_stopped(void **state) {
  (void)state;
  enum { MANY = 200 };
  static double a[MANY * MANY], values[MANY], vectors[MANY * MANY];
  ockham_progress progress = {.report = stop};
  for (size_t d = 8; d <= MANY; d += MANY - 8)
    for (int what = 0; what < 5; what++) {
      ock_ticker ticker = {.progress = &progress, .stage = "matrices"};
      ock_watch watch = {.ticker = &ticker};
      double log_root;
      bool whole = false;
      for (size_t i = 0, at = 0; i < d && what < 3; i++)
        for (size_t j = 0; j <= i; j++) a[at++] = i == j ? 2 * (double)d : 1 / (double)(1 + i + j);
      for (size_t i = 0; i < d * d && what >= 3; i++) a[i] = 1 / (double)(1 + i / d + i % d);
      if (what == 0) whole = ock_cholesky_watched(a, d, &watch);
      if (what == 1) whole = ock_triangle_invert_watched(a, d, &watch);
      if (what == 2) whole = ock_inverse_factor_watched(a, d, true, NULL, &log_root, &watch);
      if (what == 3) whole = ock_eigen_by_rotations(a, d, values, vectors, &watch);
      if (what == 4) whole = ock_eigen_by_reflections(a, d, values, vectors, &watch);
      assert_true(whole == (d == 8) && ticker.stopped == (d == MANY));
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(factors_make_the_matrix),      cmocka_unit_test(singular_matrices_have_none),
      cmocka_unit_test(eigenvectors_make_the_matrix), cmocka_unit_test(both_ways_agree),
      cmocka_unit_test(long_work_is_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
