/* SPDX-License-Identifier: Apache-2.0 */
/* The EWMA watch on signals made by hand: its shares against weighted means computed here, the score against
 * chi-squared (values of R 4.2.2's pchisq), run lengths against streams of a generator that is not the library's. */
#include "drift/ewma.h"
#include "test.h"

enum { K = 6 };
static uint64_t counts[K] = {2400, 2000, 1600, 1000, 1000, 0};
static const ockham_signal signal = {.n_bins = K, .counts = counts, .n_counted = 8000};
static const ockham_drift_options options = {.rows_per_false_alarm = 1e4, .seed = 1};

static void *start(const ockham_signal *s, const ockham_drift_options *how) {
  void *watch = calloc(1, ock_watch_ewma.state_size(s, how));
  assert_ok(ock_watch_ewma.start(watch, s, how, err));
  return watch;
}

static void end(void *watch) {
  ock_watch_ewma.end(watch);
  free(watch);
}

/* xorshift64*, and the bin of a uniform number. */
static uint64_t state = 88172645463325252u;
static double uniform(void) {
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return (double)(state * 2685821657736338717u >> 11) * 0x1p-53;
}
static uint16_t draw(const double *shares) {
  double u = uniform();
  uint16_t b = 0;
  while (b + 1 < K && u >= shares[b]) u -= shares[b++];
  return b;
}

static void test_shares_are_weighted_means(void **unused) {
  (void)unused;
  void *watch = start(&signal, &options);
  const double shares[K] = {.1, .1, .2, .2, .3, .1};
  double sums[K] = {0}, weight = 0, squares = 0;
  double lambda = -expm1(-16. / 32); /* of the shortest span, which leads at first */
  for (int block = 0; block < 3; block++) {
    uint16_t codes[16];
    double keep = pow(1 - lambda, 2 - block);
    for (int r = 0; r < 16; r++) sums[codes[r] = draw(shares)] += keep / 16;
    weight += keep, squares += keep * keep / 16;
    for (int r = 0; r < 16; r += 8) /* blocks may come in pieces */
      ock_watch_ewma.put(watch, &(ock_watch_block){.n_rows = 8, .codes = codes + r});
  }
  ock_shares found = ock_watch_ewma.shares(watch);
  if (fabs(found.n_effective - weight * weight / squares) < .01) {
    for (int b = 0; b < K; b++) assert_close(found.now[b], sums[b] / weight, 1e-9);
  } else { /* another span: all the same */
    double total = 0;
    for (int b = 0; b < K; b++) total += found.now[b];
    assert_close(total, 1, 1e-9);
  }
  assert_true(found.n_effective > 30 && found.n_effective < 50);
  end(watch);
}

/* Bins with many rows and a reference without error: the score of one block at a time is that of chi-squared. */
static void test_scores_are_tail_probabilities(void **unused) {
  (void)unused;
  uint64_t many[2] = {500000000, 500000000};
  ockham_signal coin = {.n_bins = 2, .counts = many, .n_counted = 1000000000};
  ockham_drift_options short_span = {.window = 32, .seed = 1};
  ock_ewma_plan plan;
  assert_ok(ock_ewma_plan_make(&coin, short_span.window, false, &plan, err));
  assert_int_equal(plan.n_spans, 1);
  void *memory = malloc(ock_ewma_memory(&plan));
  ock_ewma ewma;
  ock_ewma_reset(&plan, &ewma, memory);
  /* 14 of 16: chi-squared 9, of one degree: -log10(pchisq(9, 1, lower = FALSE)) = 2.5687; 16 of 16: 4.1986. What is
   * taken for the kurtosis of small blocks makes it less. */
  ewma.counts[0] = 14, ewma.counts[1] = 2;
  ock_ewma_update(&plan, &ewma, 0);
  assert_true(ewma.spans[0].score > 1.9 && ewma.spans[0].score < 2.7);
  ock_ewma_reset(&plan, &ewma, memory);
  ewma.counts[0] = 8, ewma.counts[1] = 8;
  ock_ewma_update(&plan, &ewma, 0);
  assert_true(ewma.spans[0].score >= 0 && ewma.spans[0].score < .05);
  free(memory);
  ock_ewma_plan_clear(&plan);
}

/* The truth is the reference's shares, with its 8,000 rows about what they are: 300 streams, to 12 % (two errors). */
static void test_run_lengths_are_as_promised(void **unused) {
  (void)unused;
  const double truth[K] = {.3, .25, .2, .125, .125, 0};
  ock_run_lengths curve;
  assert_ok(ock_watch_ewma.calibrate(&ock_watch_ewma, &signal, &options, 20, &curve, err));
  double sum = 0, asked = 2000, limit = ock_run_lengths_limit(&curve, asked);
  enum { STREAMS = 300 };
  uint64_t drawn[K];
  for (int i = 0; i < STREAMS; i++) {
    memset(drawn, 0, sizeof drawn);
    for (int r = 0; r < 8000; r++) drawn[draw(truth)]++;
    ockham_signal one = {.n_bins = K, .counts = drawn, .n_counted = 8000};
    void *watch = start(&one, &options);
    double length = 0;
    do {
      uint16_t codes[16];
      for (int r = 0; r < 16; r++) codes[r] = draw(truth);
      ock_watch_ewma.put(watch, &(ock_watch_block){.n_rows = 16, .codes = codes});
      length += 16;
    } while (ock_watch_ewma.statistic(watch) <= limit && length < 1e6);
    sum += length;
    end(watch);
  }
  double ratio = sum / STREAMS / asked;
  if (ratio < .8 || ratio > 1.25) fail_msg("run length %g times what was asked for", ratio);
}

static void test_one_row_in_a_bin_never_seen_is_no_alarm(void **unused) {
  (void)unused;
  ock_run_lengths curve;
  assert_ok(ock_watch_ewma.calibrate(&ock_watch_ewma, &signal, &options, 20, &curve, err));
  void *watch = start(&signal, &options);
  const double truth[K] = {.3, .25, .2, .125, .125, 0};
  double highest = 0, before = 0;
  for (int block = 0; block < 200; block++) {
    uint16_t codes[16];
    for (int r = 0; r < 16; r++) codes[r] = draw(truth);
    if (block == 100) codes[3] = K - 1, before = ock_watch_ewma.statistic(watch);
    ock_watch_ewma.put(watch, &(ock_watch_block){.n_rows = 16, .codes = codes});
    if (block == 100) highest = ock_watch_ewma.statistic(watch);
  }
  assert_true(highest < before + 2 && ock_run_lengths_at(&curve, highest) < 1e4);
  end(watch);
}

static void test_like_signals_share_a_curve(void **unused) {
  (void)unused;
  uint64_t other[K] = {0, 1010, 1990, 2410, 1600, 1000}, unlike[K] = {0, 4000, 1000, 1000, 1000, 1000};
  unsigned char a[64] = {0}, b[64] = {0}, c[64] = {0};
  size_t n = ock_watch_ewma.signature(&signal, &options, a);
  ockham_signal like = {.n_bins = K, .counts = other, .n_counted = 8010, .stickiness = .01};
  assert_int_equal(ock_watch_ewma.signature(&like, &options, b), n);
  assert_memory_equal(a, b, n);
  like.counts = unlike, like.n_counted = 8000;
  ock_watch_ewma.signature(&like, &options, c);
  assert_memory_not_equal(a, c, n);
  like.counts = other, like.stickiness = .3;
  ock_watch_ewma.signature(&like, &options, c);
  assert_memory_not_equal(a, c, n);
}

static void test_memory_may_run_out(void **unused) {
  (void)unused;
  for_each_allocation_failure(n) {
    void *watch = calloc(1, ock_watch_ewma.state_size(&signal, &options));
    ock_fault_after(n);
    ockham_status status = ock_watch_ewma.start(watch, &signal, &options, NULL);
    if (ock_fault_hits()) assert_int_equal(status, OCKHAM_NO_MEMORY);
    if (!status) ock_watch_ewma.end(watch);
    free(watch);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shares_are_weighted_means),
      cmocka_unit_test(test_scores_are_tail_probabilities),
      cmocka_unit_test(test_run_lengths_are_as_promised),
      cmocka_unit_test(test_one_row_in_a_bin_never_seen_is_no_alarm),
      cmocka_unit_test(test_like_signals_share_a_curve),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
