/* SPDX-License-Identifier: Apache-2.0 */
/* The usual detectors on the same numbers as others: scipy 1.17 (stats.chisquare, ks_2samp, truncnorm), numpy's
 * trapezoid for the area, River 0.26.1 (PageHinkley, ADWIN), R's spc 0.6.7 (xcusum.arl). Numbers are the ranks of 250
 * equal bins, whose number comes from a congruential generator that is written down again in Python. */
#include "drift/watch_set.h"
#include "drift/watches.h"
#include "test.h"

enum { FINE = 250 };
static const double no_edges[1];
static uint64_t fine_counts[FINE + 1], coarse_counts[11];
static ockham_signal fine, coarse;
static const ockham_drift_options usual = {.window = 200, .seed = 1, .threads = 1};

static int make_signals(void **unused) {
  (void)unused;
  for (size_t b = 0; b < FINE; b++) fine_counts[b] = 4000;
  for (size_t b = 0; b < 10; b++) coarse_counts[b] = 100000;
  fine = (ockham_signal){
      .kind = OCKHAM_SIGNAL_COLUMN, .n_bins = FINE + 1, .counts = fine_counts, .n_counted = 1000000, .edges = no_edges};
  coarse = fine;
  coarse.n_bins = 11, coarse.counts = coarse_counts;
  return 0;
}

static size_t next_code(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (size_t)(*state >> 33) % FINE;
}

static void *start(const ock_watch_type *type, const ockham_signal *signal) {
  void *state = calloc(1, type->state_size(signal, &usual));
  assert_ok(type->start(state, signal, &usual, err));
  return state;
}

static double put(const ock_watch_type *type, void *state, const uint16_t *codes) {
  type->put(state, &(ock_watch_block){.n_rows = OCKHAM_DRIFT_BLOCK, .codes = codes});
  return type->statistic(state);
}

static void end(const ock_watch_type *type, void *state) {
  if (type->end) type->end(state);
  free(state);
}

/* ---- ranks ---- */

static void scores_are_means_of_normal_quarters(void **unused) {
  (void)unused;
  static const uint64_t counts[] = {100000, 100000, 100000, 100000, 7};
  static const double scores[] = {-1.3702242491597552, -0.349979295122705, 0.349979295122705, 1.3702242491597552};
  const ockham_signal signal = {.kind = OCKHAM_SIGNAL_DISTANCE, .n_bins = 5, .counts = counts, .n_counted = 400007};
  double found[5], ranks[5], mean = 0;
  ock_signal_scores(&signal, found);
  ock_signal_ranks(&signal, ranks);
  for (size_t b = 0; b < 4; b++) {
    assert_close(found[b], scores[b], 1e-9);
    assert_close(ranks[b], .125 + .25 * (double)b, 1e-12);
    mean += ranks[b] / 4;
  }
  assert_true(isnan(found[4]) && isnan(ranks[4]));
  assert_close(mean, .5, 1e-12);
}

/* Bins that have no rows in the reference have a score all the same, and not a wild one. */
static void empty_bins_have_ranks(void **unused) {
  (void)unused;
  static const uint64_t counts[] = {0, 500, 500, 0, 0};
  const ockham_signal signal = {
      .kind = OCKHAM_SIGNAL_COLUMN, .n_bins = 5, .counts = counts, .n_counted = 1000, .edges = no_edges};
  double scores[5], ranks[5];
  ock_signal_scores(&signal, scores);
  ock_signal_ranks(&signal, ranks);
  for (size_t b = 1; b < 4; b++) assert_true(scores[b] > scores[b - 1] && ranks[b] > ranks[b - 1]);
  assert_true(scores[0] > -6 && scores[3] < 6 && ranks[0] > 0 && ranks[3] < 1);
}

static void signals_without_an_order_have_none(void **unused) {
  (void)unused;
  ockham_signal signal = coarse;
  signal.edges = NULL;
  assert_true(ock_signal_ordered(&coarse) == 10 && ock_signal_ordered(&signal) == 0);
  signal.kind = OCKHAM_SIGNAL_CLUSTERS;
  assert_true(ock_signal_ordered(&signal) == 0 && ock_watch_chi2.applies(&signal) && !ock_watch_ks.applies(&signal));
  assert_true(ock_watch_mmd.applies(&signal) && !ock_watch_mmd.applies(&coarse));
}

/* ---- statistics ---- */

static void windows_are_those_of_scipy(void **unused) {
  (void)unused;
  static const struct {
    const ock_watch_type *type;
    double statistic;
  } known[] = {{&ock_watch_chi2, 20.595880823835234},
               {&ock_watch_ks, 1.2726649460038735},
               {&ock_watch_wasserstein, 0.49363973663228744}};
  static const uint32_t counts[10] = {19, 16, 22, 31, 18, 22, 22, 28, 15, 7};
  for (size_t k = 0; k < 3; k++) {
    void *state = start(known[k].type, &coarse);
    uint64_t random = 1;
    double statistic = 0;
    for (size_t i = 0; i < 400; i += OCKHAM_DRIFT_BLOCK) {
      uint16_t codes[OCKHAM_DRIFT_BLOCK];
      for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) {
        size_t row = i + r, code = next_code(&random);
        if (row >= 200 && (row - 200) % 3 == 0) code = code * 200 / 250;
        codes[r] = (uint16_t)(code / 25);
      }
      statistic = put(known[k].type, state, codes);
      assert_true((statistic > 0) == (i + OCKHAM_DRIFT_BLOCK >= 200));
    }
    assert_close(statistic, known[k].statistic, 1e-4); /* half a row more a bin of the reference */
    ock_shares shares = known[k].type->shares(state);
    for (size_t b = 0; b < 10; b++) assert_close(shares.now[b], counts[b] / 200., 1e-12);
    assert_true(shares.n_effective == 200);
    end(known[k].type, state);
  }
}

static uint16_t drifting_code(uint64_t *random, size_t row) {
  size_t code = next_code(random), part = row / 1500;
  if (part == 1) code = code * 200 / 250 + 50;
  if (part == 3) code = code * 100 / 250;
  if (part == 4) code = code * 240 / 250;
  return (uint16_t)code;
}

/* PageHinkley(min_instances=1, delta=.02, alpha=1): the larger of sum - min and max - sum after so many rows. Ours with
 * a reference of no rows, as River knows of none; its largest value within a block. */
static void page_and_hinkley_as_in_river(void **unused) {
  (void)unused;
  static const struct {
    size_t row;
    double statistic;
  } known[] = {{160, 1.7077298180497564}, {1600, 6.770639212565392}, {2000, 34.708841721842404},
               {3000, 71.87005235650247}, {4800, 118.1216319037998}, {7472, 345.8082146545386}};
  static uint64_t none[FINE + 1];
  ockham_signal signal = fine;
  signal.counts = none, signal.n_counted = 0;
  void *state = start(&ock_watch_page_hinkley, &signal);
  uint64_t random = 1;
  size_t at = 0;
  for (size_t i = 0; i < 7488 && at < 6;) {
    uint16_t codes[OCKHAM_DRIFT_BLOCK];
    size_t n = known[at].row - i < OCKHAM_DRIFT_BLOCK ? known[at].row - i : OCKHAM_DRIFT_BLOCK;
    if (n > 1 && known[at].row - i <= OCKHAM_DRIFT_BLOCK) n--; /* the row that is looked at is a block of its own */
    for (size_t r = 0; r < n; r++) codes[r] = drifting_code(&random, i + r);
    ock_watch_page_hinkley.put(state, &(ock_watch_block){.n_rows = n, .codes = codes});
    i += n;
    if (i == known[at].row) assert_close(ock_watch_page_hinkley.statistic(state), known[at++].statistic, 1e-9);
  }
  assert_int_equal(at, 6);
  end(&ock_watch_page_hinkley, state);
}

/* ADWIN(delta=.002, clock=16) finds the four changes at 1824, 3344, 4576 and 6048, the first with 1056 rows left. Its
 * bound takes five rows off each part, and it stops after one cut: so it may be some blocks apart, and we go on
 * cutting. */
static void adwin_as_in_river(void **unused) {
  (void)unused;
  static const size_t found_by_river[] = {1824, 3344, 4576, 6048};
  void *state = start(&ock_watch_adwin, &fine);
  ock_watch_adwin.set_limit(state, 1);
  uint64_t random = 1;
  size_t found = 0, latest = 0;
  for (size_t i = 0; i + OCKHAM_DRIFT_BLOCK <= 7500; i += OCKHAM_DRIFT_BLOCK) {
    uint16_t codes[OCKHAM_DRIFT_BLOCK];
    for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) codes[r] = drifting_code(&random, i + r);
    size_t row = i + OCKHAM_DRIFT_BLOCK;
    if (!(put(&ock_watch_adwin, state, codes) > 1)) continue;
    bool new_change = !latest || row - latest > 700;
    latest = row;
    if (!new_change) continue;
    assert_true(found < 4 && row + 64 >= found_by_river[found] && row <= found_by_river[found] + 64);
    found++;
  }
  assert_int_equal(found, 4);
  end(&ock_watch_adwin, state);
}

/* The bound and the means again, over all splits of all rows: buckets can only miss the largest ratio, by little. */
static void adwin_as_over_all_splits(void **unused) {
  (void)unused;
  enum { N = 2048 };
  double ranks[N], least_ratio = 1;
  void *state = start(&ock_watch_adwin, &fine);
  uint64_t random = 5;
  for (size_t i = 0; i < N; i += OCKHAM_DRIFT_BLOCK) {
    uint16_t codes[OCKHAM_DRIFT_BLOCK];
    for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) {
      codes[r] = (uint16_t)(next_code(&random) * (i < 1000 ? 250 : 200) / 250);
      ranks[i + r] = (codes[r] + .5) / FINE;
    }
    double statistic = put(&ock_watch_adwin, state, codes);
    if (i < 100 || i % 256) continue;
    double n = (double)(i + OCKHAM_DRIFT_BLOCK), sum = 0, square = 0, largest = 0, before = 0;
    for (size_t r = 0; r < n; r++) sum += ranks[r], square += ranks[r] * ranks[r];
    double variance = square / n - sum / n * (sum / n), l = log(2 * log(n) / .002);
    for (size_t cut = 1; cut < n; cut++) {
      before += ranks[cut - 1];
      if (cut < 5 || n - cut < 5) continue;
      double n0 = cut, n1 = n - cut, m = 1 / (1 / n0 + 1 / n1);
      double bound = sqrt(2 / m * variance * l) + 2 / (3 * m) * l;
      largest = fmax(largest, fabs(before / n0 - (sum - before) / n1) / bound);
    }
    assert_true(statistic <= largest * (1 + 1e-12));
    least_ratio = fmin(least_ratio, statistic / largest);
  }
  assert_true(least_ratio > .7);
  end(&ock_watch_adwin, state);
}

/* ks_2samp's exact probability of a difference of 16 / 60 or more is .02763, for numbers without ties. */
static void kswin_differs_as_often_as_it_should(void **unused) {
  (void)unused;
  enum { TIMES = 2500 };
  void *state = start(&ock_watch_kswin, &fine);
  uint64_t random = 9;
  size_t reached = 0;
  for (size_t t = 0; t < TIMES; t++) {
    double statistic = 0;
    for (size_t i = 0; i < 208; i += OCKHAM_DRIFT_BLOCK) {
      uint16_t codes[OCKHAM_DRIFT_BLOCK];
      for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) codes[r] = (uint16_t)next_code(&random);
      statistic = put(&ock_watch_kswin, state, codes);
    }
    reached += statistic >= 16. / 60 - 1e-9;
  }
  assert_true(fabs(reached - .02763 * TIMES) < 4 * sqrt(.02763 * TIMES));
  end(&ock_watch_kswin, state);
}

/* xcusum.arl(.25, 8, 0, sided="two") = 368.394; mu=.5: 28.762. Bins are looked at after 16 rows: half of that more. */
static void cusum_runs_as_long_as_in_spc(void **unused) {
  (void)unused;
  enum { TIMES = 1500 };
  void *state = start(&ock_watch_cusum, &fine);
  ock_rng rng = ock_rng_make(3, 0);
  for (int shifted = 0; shifted < 2; shifted++) {
    double rows = 0;
    for (size_t t = 0; t < TIMES; t++) {
      ock_watch_cusum.reset(state);
      double statistic = 0;
      while (!(statistic > 8)) {
        uint16_t codes[OCKHAM_DRIFT_BLOCK];
        for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) {
          double z = ock_rng_normal(&rng) + (shifted ? .5 : 0);
          codes[r] = (uint16_t)fmin(FINE - 1, FINE * .5 * erfc(-z / sqrt(2)));
        }
        statistic = put(&ock_watch_cusum, state, codes);
        rows += OCKHAM_DRIFT_BLOCK;
      }
    }
    double expected = (shifted ? 28.762375 : 368.39387) + 7.5;
    assert_true(fabs(rows / TIMES - expected) < .08 * expected);
  }
  end(&ock_watch_cusum, state);
}

/* ---- all of them ---- */

static const ock_watch_type *const types[] = {&ock_watch_chi2,         &ock_watch_ks,    &ock_watch_wasserstein,
                                              &ock_watch_page_hinkley, &ock_watch_adwin, &ock_watch_kswin,
                                              &ock_watch_cusum};
enum { N_TYPES = sizeof types / sizeof *types };

/* Rows of the reference's distribution, by another way than calibration's: shifted, they are drawn from the upper part.
 */
static void draw(ock_rng *rng, double stickiness, double missing, bool shifted, uint16_t *latest, uint16_t *codes) {
  for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) {
    if (ock_rng_uniform(rng) >= stickiness) {
      *latest = (uint16_t)ock_rng_below(rng, 10);
      if (shifted && *latest < 4) *latest = (uint16_t)(*latest + 5);
      if (ock_rng_uniform(rng) < missing) *latest = 10;
    }
    codes[r] = *latest;
  }
}

/* 150 streams, asked 1,000 rows: within a third (four standard errors of a mean of exponential runs). */
static void runs_are_as_long_as_asked(void **unused) {
  (void)unused;
  enum { STREAMS = 150 };
  uint64_t counts[11];
  for (size_t b = 0; b < 11; b++) counts[b] = b < 10 ? 990 : 100;
  ockham_signal signal = coarse;
  signal.counts = counts, signal.n_counted = 10000, signal.stickiness = .2;
  for (size_t k = 0; k < N_TYPES; k++) {
    ock_run_lengths curve;
    assert_ok(types[k]->calibrate(types[k], &signal, &usual, 30, &curve, err));
    double limit = ock_run_lengths_limit(&curve, 1000), rows = 0;
    void *state = start(types[k], &signal);
    if (types[k]->set_limit) types[k]->set_limit(state, limit);
    for (uint64_t s = 0; s < STREAMS; s++) {
      ock_rng rng = ock_rng_make(s, 77);
      uint16_t codes[OCKHAM_DRIFT_BLOCK], latest = 0;
      types[k]->reset(state);
      do {
        draw(&rng, .2, .01, false, &latest, codes);
        rows += OCKHAM_DRIFT_BLOCK;
      } while (!(put(types[k], state, codes) > limit));
    }
    if (!(rows / STREAMS > 670 && rows / STREAMS < 1330)) fail_msg("detector %zu: %g rows", k, rows / STREAMS);
    end(types[k], state);
  }
}

static void a_shift_is_noticed_and_ends(void **unused) {
  (void)unused;
  for (size_t k = 0; k < N_TYPES; k++) {
    ock_run_lengths curve;
    assert_ok(types[k]->calibrate(types[k], &coarse, &usual, 30, &curve, err));
    double limit = ock_run_lengths_limit(&curve, 20000);
    void *state = start(types[k], &coarse);
    if (types[k]->set_limit) types[k]->set_limit(state, limit);
    ock_rng rng = ock_rng_make(8, 0);
    uint16_t codes[OCKHAM_DRIFT_BLOCK], latest = 0;
    size_t noticed = 0, above_in_the_end = 0;
    for (size_t row = 0; row < 6000; row += OCKHAM_DRIFT_BLOCK) {
      bool shifted = row >= 2000 && row < 3000;
      draw(&rng, 0, 0, shifted, &latest, codes);
      bool above = put(types[k], state, codes) > limit;
      if (above && !noticed) noticed = row;
      if (above && row > 4500) above_in_the_end++;
    }
    if (noticed < 2000 || noticed > 2500) fail_msg("detector %zu: noticed at %zu", k, noticed);
    if (above_in_the_end) fail_msg("detector %zu: still above", k);
    end(types[k], state);
  }
}

/* A reset is a new beginning, and rows without a value are passed over, or make no statistic at all. */
static void resets_and_missing_rows(void **unused) {
  (void)unused;
  for (size_t k = 0; k < N_TYPES; k++) {
    void *state = start(types[k], &coarse), *fresh = start(types[k], &coarse);
    uint16_t codes[OCKHAM_DRIFT_BLOCK], latest = 0, missing[OCKHAM_DRIFT_BLOCK];
    ock_rng rng = ock_rng_make(4, 0);
    for (size_t r = 0; r < OCKHAM_DRIFT_BLOCK; r++) missing[r] = 10;
    for (size_t i = 0; i < 30; i++) draw(&rng, 0, .1, true, &latest, codes), put(types[k], state, codes);
    types[k]->reset(state);
    for (size_t i = 0; i < 60; i++) {
      draw(&rng, 0, .1, i > 30, &latest, codes);
      double again = put(types[k], state, codes), once = put(types[k], fresh, codes);
      assert_true(again == once && isfinite(once));
    }
    types[k]->reset(state);
    for (size_t i = 0; i < 30; i++) {
      double statistic = put(types[k], state, missing);
      assert_true(types[k] == &ock_watch_chi2 ? isfinite(statistic) : statistic == 0);
    }
    end(types[k], state);
    end(types[k], fresh);
  }
}

/* Signals that are nearly alike share a curve, and others do not. */
static void signatures_tell_signals_apart(void **unused) {
  (void)unused;
  unsigned char one[64], other[64];
  uint64_t counts[11];
  ockham_signal signal = coarse;
  signal.counts = counts;
  for (size_t b = 0; b < 11; b++) counts[b] = b < 10 ? 100000 + b % 2 : 0;
  size_t size = ock_watch_signature(&coarse, &usual, one);
  assert_true(size <= 64 && ock_watch_signature(&signal, &usual, other) == size && !memcmp(one, other, size));
  signal.stickiness = .3;
  ock_watch_signature(&signal, &usual, other);
  assert_true(memcmp(one, other, size));
  signal.stickiness = 0, counts[3] *= 2;
  ock_watch_signature(&signal, &usual, other);
  assert_true(memcmp(one, other, size));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scores_are_means_of_normal_quarters),
      cmocka_unit_test(empty_bins_have_ranks),
      cmocka_unit_test(signals_without_an_order_have_none),
      cmocka_unit_test(windows_are_those_of_scipy),
      cmocka_unit_test(page_and_hinkley_as_in_river),
      cmocka_unit_test(adwin_as_in_river),
      cmocka_unit_test(adwin_as_over_all_splits),
      cmocka_unit_test(kswin_differs_as_often_as_it_should),
      cmocka_unit_test(cusum_runs_as_long_as_in_spc),
      cmocka_unit_test(runs_are_as_long_as_asked),
      cmocka_unit_test(a_shift_is_noticed_and_ends),
      cmocka_unit_test(resets_and_missing_rows),
      cmocka_unit_test(signatures_tell_signals_apart),
  };
  return cmocka_run_group_tests(tests, make_signals, NULL);
}
