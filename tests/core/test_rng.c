/* SPDX-License-Identifier: Apache-2.0 */
/* Expected sequences: xoshiro256++ and splitmix64 written anew in Python's integers from Blackman & Vigna
 * (doi:10.1145/3460772); distributions: their moments, with bounds of five deviations. */
#include "test.h"

static void it_is_xoshiro256_plus_plus(void **state) {
  (void)state;
  static const uint64_t expected[10] = {41943041u,
                                        58720359u,
                                        3588806011781223u,
                                        3591011842654386u,
                                        9228616714210784205u,
                                        9973669472204895162u,
                                        14011001112246962877u,
                                        12406186145184390807u,
                                        15849039046786891736u,
                                        10450023813501588000u};
  ock_rng rng = {{1, 2, 3, 4}};
  for (size_t i = 0; i < 10; i++) assert_true(ock_rng_next(&rng) == expected[i]);
}

static void it_is_seeded_by_splitmix64(void **state) {
  (void)state;
  static const struct {
    uint64_t seed, stream, state[4], next[3];
  } cases[] = {{0,
                0,
                {0xa706dd2f4d197e6f, 0xb382a305f4414f5e, 0x631a9154fbabf717, 0xa80aba8c86640906},
                {0x84f09bf307c1073a, 0xc82ffb597ceee51b, 0xadf96905c5df4417}},
               {42,
                7,
                {0x6eab8625df268fbc, 0x45847a4c3fc62d89, 0xe9871b135156aabf, 0x3ef7d517faf51d54},
                {0xd9893fc677d6169, 0x8c202a1a1dd3b94d, 0xb20f071eca7887c8}}};
  for (size_t c = 0; c < 2; c++) {
    ock_rng rng = ock_rng_make(cases[c].seed, cases[c].stream);
    assert_memory_equal(rng.state, cases[c].state, sizeof rng.state);
    for (size_t i = 0; i < 3; i++) assert_true(ock_rng_next(&rng) == cases[c].next[i]);
  }
}

static void streams_differ(void **state) {
  (void)state;
  uint64_t first[64];
  for (uint64_t i = 0; i < 64; i++) {
    ock_rng rng = ock_rng_make(i / 8, i % 8);
    first[i] = ock_rng_next(&rng);
    for (uint64_t j = 0; j < i; j++) assert_true(first[i] != first[j]);
  }
}

static void uniforms_fill_the_unit_interval(void **state) {
  (void)state;
  enum { N = 100000 };
  ock_rng rng = ock_rng_make(1, 0);
  double sum = 0, squares = 0, least = 1, most = 0;
  for (size_t i = 0; i < N; i++) {
    double u = ock_rng_uniform(&rng);
    assert_true(u >= 0 && u < 1);
    sum += u;
    squares += u * u;
    least = fmin(least, u);
    most = fmax(most, u);
  }
  assert_true(fabs(sum / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
  assert_true(fabs(squares / N - 1.0 / 3) < 5 * sqrt(4.0 / 45 / N));
  assert_true(least < 1e-3 && most > 1 - 1e-3);
  ock_rng greatest = {{0, 0, 0, 0}};
  greatest.state[0] = UINT64_MAX; /* next: rotl(-1, 23) + -1 = -2 */
  assert_true(ock_rng_uniform(&greatest) < 1);
}

/* Pearson's chi-square over the residues has mean b - 1 and variance 2 (b - 1). */
static void whole_numbers_are_unbiased(void **state) {
  (void)state;
  enum { N = 60000 };
  static const uint64_t bounds[] = {1, 2, 3, 7, 10, 100};
  for (size_t c = 0; c < 6; c++) {
    ock_rng rng = ock_rng_make(2, c);
    double counts[100] = {0}, chi_square = 0, b = (double)bounds[c];
    for (size_t i = 0; i < N; i++) {
      uint64_t draw = ock_rng_below(&rng, bounds[c]);
      assert_true(draw < bounds[c]);
      counts[draw]++;
    }
    for (size_t i = 0; i < bounds[c]; i++) chi_square += (counts[i] - N / b) * (counts[i] - N / b) / (N / b);
    assert_true(chi_square < b - 1 + 5 * sqrt(2 * b));
  }
}

/* With a bound of 3/4 of 2^64 a plain remainder would give the lowest third twice as often. */
static void large_bounds_are_unbiased_too(void **state) {
  (void)state;
  enum { N = 30000 };
  const uint64_t third = (uint64_t)1 << 62;
  ock_rng rng = ock_rng_make(3, 0);
  double counts[3] = {0};
  for (size_t i = 0; i < N; i++) counts[ock_rng_below(&rng, 3 * third) / third]++;
  for (size_t i = 0; i < 3; i++) assert_true(fabs(counts[i] - N / 3.0) < 5 * sqrt(N * 2.0 / 9));
  for (size_t i = 0; i < 100; i++) assert_true(ock_rng_below(&rng, UINT64_MAX) < UINT64_MAX);
}

/* Moments 0, 1, 0, 3 of the normal distribution, whose estimates have variances 1, 2, 15, 96 over n. */
static void normals_have_their_moments(void **state) {
  (void)state;
  enum { N = 100000 };
  static const double moments[4] = {0, 1, 0, 3}, variances[4] = {1, 2, 15, 96};
  ock_rng rng = ock_rng_make(4, 0);
  double sums[4] = {0}, within_one = 0;
  for (size_t i = 0; i < N; i++) {
    double z = ock_rng_normal(&rng), power = 1;
    for (size_t m = 0; m < 4; m++) sums[m] += power *= z;
    within_one += fabs(z) < 1;
  }
  for (size_t m = 0; m < 4; m++) assert_true(fabs(sums[m] / N - moments[m]) < 5 * sqrt(variances[m] / N));
  assert_true(fabs(within_one / N - erf(sqrt(0.5))) < 5 * sqrt(0.22 / N));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_xoshiro256_plus_plus),
      cmocka_unit_test(it_is_seeded_by_splitmix64),
      cmocka_unit_test(streams_differ),
      cmocka_unit_test(uniforms_fill_the_unit_interval),
      cmocka_unit_test(whole_numbers_are_unbiased),
      cmocka_unit_test(large_bounds_are_unbiased_too),
      cmocka_unit_test(normals_have_their_moments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
