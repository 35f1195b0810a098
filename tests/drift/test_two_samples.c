/* SPDX-License-Identifier: Apache-2.0 */
/* Tables against scipy 1.17: stats.chi2_contingency([reference, now], correction=False), with
 * method=PermutationMethod(n_resamples=200000) for small ones, and binom.sf for rare bins. Sizes of the test: how often
 * it rejects when both samples are from one distribution, which is what a p-value promises. */
#include "drift/internal.h"
#include "test.h"

static ock_difference compare(const uint64_t *reference, const uint64_t *now, size_t n_bins, double stickiness) {
  return ock_two_samples_compare(&(ock_two_samples){
      .n_bins = n_bins, .reference = reference, .now = now, .stickiness = stickiness, .enough = 1e-4, .seed = 1});
}

enum { MOST_BINS = 10 };
typedef struct known_table {
  size_t n_bins;
  uint64_t reference[MOST_BINS], now[MOST_BINS];
  double chi2, p;
} known_table;

static void dense_tables_are_those_of_scipy(void **unused) {
  (void)unused;
  static const known_table known[] = {
      {5, {120, 80, 200, 95, 15}, {60, 48, 90, 60, 12}, 4.544822254695971, 0.3372657558654629},
      {10,
       {1000, 1010, 990, 1003, 997, 1000, 1000, 995, 1005, 1000},
       {55, 49, 60, 38, 52, 71, 40, 44, 46, 45},
       17.157714733532252,
       0.046302706200846595},
      {2, {5000, 300}, {480, 45}, 7.264925095443109, 0.007031420136080148},
      {4, {100000, 100000, 100000, 70000}, {310, 290, 300, 180}, 4.245005825552158, 0.2361943989148331},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    ock_difference d = compare(known[i].reference, known[i].now, known[i].n_bins, 0);
    assert_close(d.chi2, known[i].chi2, 1e-12);
    assert_close(d.p, known[i].p, 1e-12);
    assert_true(d.freedom == (double)known[i].n_bins - 1 && !d.simulated);
  }
}

/* Three standard errors of both simulations. */
static void small_tables_are_those_of_scipy(void **unused) {
  (void)unused;
  static const known_table known[] = {
      {4, {30, 30, 30, 30}, {9, 2, 3, 1}, 8.507447693435598, 0.03587482062589687},
      {5, {400, 300, 200, 90, 10}, {5, 4, 6, 4, 1}, 8.223438628558277, 0.07826460867695662},
      {3, {12, 8, 5}, {2, 5, 7}, 5.503775510204083, 0.07115464422677886},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double p = 0;
    enum { TIMES = 200 };
    for (uint64_t seed = 0; seed < TIMES; seed++) {
      ock_two_samples samples = {known[i].n_bins, known[i].reference, known[i].now, 0, 1e-4, seed};
      ock_difference d = ock_two_samples_compare(&samples);
      assert_close(d.chi2, known[i].chi2, 1e-12);
      assert_true(d.simulated);
      p += d.p / TIMES;
    }
    assert_true(fabs(p / known[i].p - 1) < .03);
  }
}

/* In both the large bins agree to the row: what is left is the binomial test of the rare one, at a tenth of the level.
 */
static void a_rare_bin_has_a_test_of_its_own(void **unused) {
  (void)unused;
  static const uint64_t five[] = {2499, 2499, 2}, some[] = {500, 500, 5};
  ock_difference d = compare(five, some, 3, 0);
  assert_true(d.freedom == 1);
  assert_close(d.p, 0.046961604957796776, 1e-9); /* binom.sf(4, 8, 1005/6005) / .1 */
  static const uint64_t hundred[] = {50000, 50000, 0}, three[] = {1000, 997, 3}, one[] = {1000, 999, 1};
  assert_close(compare(hundred, three, 3, 0).p, 0.0002971086890101269, 1e-9); /* binom.sf(2, 4, 2000/102000) / .1 */
  assert_true(compare(hundred, one, 3, 0).p > .1);
}

/* Below and above all n rows of the reference there are none of them, and yet each of these two bins has one of the n +
 * 1 places between rows: some rows of a batch lie there without any drift. */
static void ends_of_the_reference_are_not_news(void **unused) {
  (void)unused;
  enum { N = 1000, M = 600, TIMES = 3000 };
  size_t rejected = 0;
  for (size_t t = 0; t < TIMES; t++) {
    ock_rng rng = ock_rng_make(t, 5);
    double least = 1, most = 0;
    for (size_t i = 0; i < N; i++) {
      double x = ock_rng_uniform(&rng);
      least = fmin(least, x), most = fmax(most, x);
    }
    uint64_t reference[] = {0, N, 0}, now[3] = {0};
    for (size_t i = 0; i < M; i++) {
      double x = ock_rng_uniform(&rng);
      now[x < least ? 0 : x > most ? 2 : 1]++;
    }
    rejected += compare(reference, now, 3, 0).p <= .05;
  }
  assert_true(rejected < .05 * TIMES + 4 * sqrt(.05 * TIMES) && rejected > .01 * TIMES);
}

/* Bins that have nothing but the smaller sample's rows are rare in both together, whichever it is. */
static void all_rows_of_the_smaller_sample_may_be_in_a_rare_bin(void **unused) {
  (void)unused;
  static const uint64_t few[] = {0, 0, 14}, most[] = {0, 1, 13}, many[] = {50000, 45000, 5000};
  static const uint64_t thousands[] = {5000, 5000, 0}, fresh[] = {0, 0, 100};
  ock_difference d = compare(few, many, 3, 0);
  assert_true(d.chi2 == 0 && d.freedom == 1);
  assert_close(d.p, 8.259624697195025e-14, 1e-8); /* 2 binom.sf(13, 5014, 14 / 100014), by its sum */
  assert_true(compare(most, many, 3, 0).p < 1e-9);
  d = compare(thousands, fresh, 3, 0);
  assert_true(d.p < 1e-30 && isfinite(d.chi2) && d.freedom == 1);
}

static void nothing_to_compare_is_no_difference(void **unused) {
  (void)unused;
  static const uint64_t all[] = {500, 0}, other[] = {0, 500}, none[] = {0, 0};
  assert_true(compare(all, all, 2, 0).p == 1 && compare(all, all, 2, 0).freedom == 0);
  assert_true(compare(none, all, 2, 0).p == 1 && compare(all, none, 2, 0).p == 1);
  assert_true(compare(all, other, 2, 0).p < 1e-100);
}

/* ---- sizes ---- */

typedef struct setting {
  size_t n_reference, n_now;
  double stickiness;
} setting;

static void draw(const double *shares, size_t n_bins, size_t n, double stickiness, ock_rng *rng, uint64_t *counts) {
  size_t bin = 0;
  memset(counts, 0, n_bins * sizeof *counts);
  for (size_t i = 0; i < n; i++) {
    if (!i || ock_rng_uniform(rng) >= stickiness) {
      double at = ock_rng_uniform(rng);
      for (bin = 0; bin + 1 < n_bins && at >= shares[bin]; bin++) at -= shares[bin];
    }
    counts[bin]++;
  }
}

/* How many of `times` pairs are rejected at .05. */
static size_t count_rejected(const double *shares, size_t n_bins, setting s, size_t times) {
  uint64_t reference[MOST_BINS], now[MOST_BINS];
  size_t rejected = 0;
  for (size_t i = 0; i < times; i++) {
    ock_rng rng = ock_rng_make(i, s.n_now + 7 * s.n_reference);
    draw(shares, n_bins, s.n_reference, s.stickiness, &rng, reference);
    draw(shares, n_bins, s.n_now, s.stickiness, &rng, now);
    ock_two_samples samples = {n_bins, reference, now, s.stickiness, .01, i};
    rejected += ock_two_samples_compare(&samples).p < .05;
  }
  return rejected;
}

/* Four standard deviations of a binomial above; as few as there may be, for rare bins have a tenth of the level. */
static void rejects_one_in_twenty_without_drift(void **unused) {
  (void)unused;
  static const setting settings[] = {{500, 50, 0},    {500, 5000, 0},   {5000, 50, 0},
                                     {5000, 300, .2}, {5000, 2000, .5}, {20000, 1000, .2},
                                     {2000, 50, .5},  {100000, 100, 0}, {500, 500, .2}};
  static const double shares[] = {.3, .2, .15, .1, .1, .08, .05, .0179, .002, .0001};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    size_t times = settings[i].n_reference > 50000 ? 400 : 600;
    double wanted = .05 * (double)times, far = 4 * sqrt(.05 * .95 * (double)times);
    double rejected = (double)count_rejected(shares, MOST_BINS, settings[i], times);
    if (!(rejected < wanted + far && rejected > wanted - far - .02 * (double)times))
      fail_msg("%zu and %zu rows, stickiness %g: %g of %zu rejected", settings[i].n_reference, settings[i].n_now,
               settings[i].stickiness, rejected, times);
  }
}

/* What the correction is for: without it, sticky rows are rejected four times as often and more. */
static void stickiness_matters(void **unused) {
  (void)unused;
  static const double shares[] = {.3, .3, .4};
  uint64_t reference[3], now[3];
  size_t rejected = 0;
  enum { TIMES = 400 };
  for (size_t i = 0; i < TIMES; i++) {
    ock_rng rng = ock_rng_make(i, 3);
    draw(shares, 3, 2000, .5, &rng, reference);
    draw(shares, 3, 1000, .5, &rng, now);
    rejected += compare(reference, now, 3, 0).p < .05;
  }
  assert_true(rejected > TIMES / 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dense_tables_are_those_of_scipy),
      cmocka_unit_test(small_tables_are_those_of_scipy),
      cmocka_unit_test(a_rare_bin_has_a_test_of_its_own),
      cmocka_unit_test(nothing_to_compare_is_no_difference),
      cmocka_unit_test(rejects_one_in_twenty_without_drift),
      cmocka_unit_test(stickiness_matters),
      cmocka_unit_test(ends_of_the_reference_are_not_news),
      cmocka_unit_test(all_rows_of_the_smaller_sample_may_be_in_a_rare_bin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
