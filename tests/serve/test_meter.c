/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms against sorted lists of the same times. */
#include "../test.h"
#include "serve/meter.h"

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

enum { N = 20000 };

static uint64_t *draw_times(ock_histogram *h, uint64_t seed) {
  uint64_t *times = malloc(N * sizeof *times);
  ock_rng rng = ock_rng_make(seed, 0);
  for (size_t i = 0; i < N; i++) {
    times[i] = (uint64_t)(exp(ock_rng_uniform(&rng) * 22) * 10); /* 10 ns ... 36 s */
    ock_histogram_add(h, times[i]);
  }
  qsort(times, N, sizeof *times, compare);
  return times;
}

static void quantiles_are_right_to_a_bucket(void **state) {
  (void)state;
  ock_histogram h = {0};
  assert_int_equal(ock_histogram_quantile(&h, 0.5), 0);
  uint64_t *times = draw_times(&h, 1);
  const double qs[] = {0.01, 0.1, 0.5, 0.9, 0.99, 0.999};
  for (size_t i = 0; i < sizeof qs / sizeof qs[0]; i++) {
    double exact = (double)times[(size_t)(qs[i] * N)], said = (double)ock_histogram_quantile(&h, qs[i]);
    /* Never below what it is by more than a rank, at most an eighth and a microsecond above. */
    if (said < 0.97 * exact || said > exact * (1 + 1.0 / 8) * 1.03 + 1000)
      fail_msg("%g: %g, not %g", qs[i], said, exact);
  }
  free(times);
}

static void counts_below_powers_of_two_are_exact(void **state) {
  (void)state;
  ock_histogram h = {0};
  uint64_t *times = draw_times(&h, 2);
  for (unsigned power = 0; power < 26; power++) {
    unsigned long long n = 0;
    for (size_t i = 0; i < N; i++) n += times[i] / 1000 < (uint64_t)1 << power;
    assert_int_equal(ock_histogram_below(&h, power), n);
  }
  assert_int_equal(h.n, N);
  free(times);
}

static void the_extremes_have_a_bucket(void **state) {
  (void)state;
  ock_histogram h = {0};
  ock_histogram_add(&h, 0);
  ock_histogram_add(&h, UINT64_MAX);
  assert_int_equal(ock_histogram_below(&h, 0), 1);
  assert_true(ock_histogram_quantile(&h, 1) > (uint64_t)1 << 40);
}

static ockham_request request_of(uint64_t total_ns, uint64_t n_rows) {
  return (ockham_request){.total_ns = total_ns, .n_rows = n_rows, .phase_ns = {1, 2, 3, 4, 5}};
}

static void what_counts_as_slow_follows_the_traffic(void **state) {
  (void)state;
  ock_meter *meter = malloc(sizeof *meter);
  ock_meter_init(meter);
  ockham_request r = request_of(1000000, 1);
  for (int i = 0; i < 255; i++) ock_meter_add(meter, &r, NULL);
  assert_int_equal(meter->slow_ns, 0);
  ock_meter_add(meter, &r, NULL);
  assert_true(meter->slow_ns >= 4 * 1000000u && meter->slow_ns <= 5 * 1000000u);
  ock_meter_add(meter, &r, "BACKEND");
  assert_int_equal(meter->n_success, 256);
  assert_int_equal(meter->n_failure[OCK_REASON_BACKEND], 1);
  assert_int_equal(meter->phase_ns[OCKHAM_PHASE_ENCODE], 256 * 5);
  ock_meter_clear(meter);
  free(meter);
}

static void batch_sizes_are_told_apart_up_to_a_limit(void **state) {
  (void)state;
  ock_meter *meter = malloc(sizeof *meter);
  ock_meter_init(meter);
  for (uint64_t n = 1; n <= 2 * OCK_BATCH_SIZES; n++) {
    ockham_request r = request_of(1000, n);
    ock_meter_add(meter, &r, NULL);
    ock_meter_add(meter, &r, "");
  }
  assert_int_equal(meter->n_sizes, OCK_BATCH_SIZES);
  for (size_t i = 0; i < OCK_BATCH_SIZES; i++) {
    assert_int_equal(meter->sizes[i].n_rows, i + 1);
    assert_int_equal(meter->sizes[i].count, 2);
  }
  ock_meter_clear(meter);
  free(meter);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quantiles_are_right_to_a_bucket),
      cmocka_unit_test(counts_below_powers_of_two_are_exact),
      cmocka_unit_test(the_extremes_have_a_bucket),
      cmocka_unit_test(what_counts_as_slow_follows_the_traffic),
      cmocka_unit_test(batch_sizes_are_told_apart_up_to_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
