/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that learn from their first values. */
#include <ockham/drift.h>

#include "test.h"

static ockham_stream *stream_with(ockham_stream_options options) {
  ockham_stream *stream = NULL;
  assert_ok(ockham_stream_new(&options, &stream, err));
  return stream;
}

static void test_a_rate_that_doubles(void **state) {
  (void)state;
  ockham_stream *stream = stream_with((ockham_stream_options){.events = true, .rows_per_false_alarm = 1e4});
  ock_rng rng = ock_rng_make(1, 0);
  size_t n_alarms = 0, noticed = 0;
  for (size_t i = 0; i < 8000; i++) {
    double rate = i < 6000 ? .05 : .15;
    if (i == 1999) assert_false(ockham_stream_look(stream).ready);
    if (i % 100 == 0) assert_false(ockham_stream_put(stream, NAN));
    if (ockham_stream_put(stream, ock_rng_uniform(&rng) < rate)) n_alarms++, noticed = i;
  }
  ockham_stream_state s = ockham_stream_look(stream);
  assert_true(s.ready && s.n_values == 8000 && s.n_learned == 2000);
  assert_int_equal(n_alarms, 1);
  assert_true(noticed > 6000 && noticed < 6600 && s.drifted && s.n_episodes == 1);
  assert_true(s.latest.noticed_row == noticed + 1);
  assert_true(s.latest.since_row > 5700 && s.latest.since_row < 6300);
  assert_true(fabs(s.reference - .05) < .015 && s.low < .15 && .15 < s.high && s.low > .08);
  assert_true(s.run_length > s.asked_run_length && s.psi > .05);
  ockham_stream_free(stream);
}

static void test_latencies_that_grow(void **state) {
  (void)state;
  ockham_stream *stream = stream_with((ockham_stream_options){.rows_per_false_alarm = 1e4, .n_learn = 1000});
  ock_rng rng = ock_rng_make(2, 0);
  size_t n_alarms = 0;
  for (size_t i = 0; i < 6000; i++) {
    double value = exp(ock_rng_normal(&rng) * .3) * (i < 4000 ? 10 : 15);
    if (i == 2000) value = 1e9; /* one wild one */
    n_alarms += ockham_stream_put(stream, value);
    if (i == 3999) assert_int_equal(n_alarms, 0);
  }
  ockham_stream_state s = ockham_stream_look(stream);
  assert_int_equal(n_alarms, 1);
  assert_true(s.drifted && s.reference > 9.5 && s.reference < 11.5 && s.low > 13 && s.high < 19 && s.low < s.now);
  ockham_stream_free(stream);
}

static void test_a_constant_stays_quiet_until_it_changes(void **state) {
  (void)state;
  ockham_stream *stream = stream_with((ockham_stream_options){.events = true, .n_learn = 500});
  for (size_t i = 0; i < 5000; i++) assert_false(ockham_stream_put(stream, 0));
  size_t n_alarms = 0;
  for (size_t i = 0; i < 500; i++) n_alarms += ockham_stream_put(stream, i % 4 == 0);
  assert_int_equal(n_alarms, 1);
  ockham_stream_free(stream);
}

/* Squares of such values are infinite: the next ones are learned from. Rows are counted all the same. */
static void test_values_too_far_apart_are_learned_anew(void **state) {
  (void)state;
  ockham_stream *stream = stream_with((ockham_stream_options){.rows_per_false_alarm = 1e4, .n_learn = 500});
  ock_rng rng = ock_rng_make(4, 0);
  for (size_t i = 0; i < 500; i++) assert_false(ockham_stream_put(stream, i % 2 ? 1e300 : -1e300));
  assert_false(ockham_stream_look(stream).ready);
  size_t noticed = 0;
  for (size_t i = 500; i < 4000; i++)
    if (ockham_stream_put(stream, ock_rng_normal(&rng) + (i < 3000 ? 0 : 2))) noticed = i;
  ockham_stream_state s = ockham_stream_look(stream);
  assert_true(s.ready && s.n_learned == 500 && s.n_values == 4000 && s.n_episodes == 1);
  assert_true(noticed >= 3000 && s.latest.noticed_row == noticed + 1);
  assert_true(s.latest.since_row > 2900 && s.latest.since_row <= s.latest.noticed_row);
  ockham_stream_free(stream);
}

static void test_wrong_arguments_are_refused(void **state) {
  (void)state;
  ockham_stream *stream;
  ockham_error error;
  ockham_stream_options options = {.n_learn = 99};
  assert_int_equal(ockham_stream_new(&options, &stream, &error), OCKHAM_BAD_ARGUMENT);
  assert_string_equal(error.message, "n_learn must be 100 or more, found 99");
  options = (ockham_stream_options){.rows_per_false_alarm = NAN};
  assert_ok(ockham_stream_new(&options, &stream, err)); /* none: the default */
  assert_true(ockham_stream_look(stream).asked_run_length == 100000);
  ockham_stream_free(stream);
  ockham_stream_free(NULL);
}

/* Memory that runs out while it learns: it learns again. */
static void test_memory_may_run_out(void **state) {
  (void)state;
  for (long n = 0; n < 40; n += 3) {
    ockham_stream *stream = stream_with((ockham_stream_options){.events = true, .n_learn = 100});
    for (int i = 0; i < 99; i++) ockham_stream_put(stream, i % 2);
    ock_fault_after(n);
    ockham_stream_put(stream, 0);
    ockham_stream_state s = ockham_stream_look(stream);
    if (ock_fault_hits()) assert_true(!s.ready && s.n_learned == 0);
    bool done = ock_fault_hits() == 0;
    ock_fault_clear();
    ockham_stream_free(stream);
    if (done) break;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_rate_that_doubles),
      cmocka_unit_test(test_latencies_that_grow),
      cmocka_unit_test(test_a_constant_stays_quiet_until_it_changes),
      cmocka_unit_test(test_values_too_far_apart_are_learned_anew),
      cmocka_unit_test(test_wrong_arguments_are_refused),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
