/* SPDX-License-Identifier: Apache-2.0 */
/* Four threads put while segments go by, and a reader follows: every number once, in order, whole. */
#include "folder.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, EACH = 1500, ALL = THREADS * EACH };

static ock_recorder *recorder;
static _Atomic uint64_t numbers[ALL + 1]; /* the id that got it */
static atomic_int n_running;

static void *put_some(void *argument) {
  uint64_t thread = (uintptr_t)argument;
  for (uint64_t k = 0; k < EACH; k++) {
    uint64_t id = 1 + thread * EACH + k, number = put_made(recorder, id);
    if (number && number <= ALL) atomic_store(&numbers[number], id);
    if (k % 100 == 0) ock_recorder_event(recorder, &(ockham_event){.kind = "load", .text = "a model was loaded"});
  }
  atomic_fetch_sub(&n_running, 1);
  return NULL;
}

/* While they run, and until there is nothing more. */
static uint64_t follow(ockham_recording *recording) {
  uint64_t n = 0;
  for (bool running = true;;) {
    ockham_request request;
    if (next_request(recording, NULL, &request)) {
      assert_int_equal(request.number, ++n);
      assert_true(is_as_made(&request));
    } else if (!running) {
      return n;
    } else {
      running = atomic_load(&n_running) != 0; /* asked before what it would have put last is asked for */
    }
  }
}

static void check_ids(ockham_recording *recording) {
  ockham_request request;
  ockham_recording_rewind(recording, true);
  for (uint64_t number = ALL; number > 0; number--) {
    assert_true(next_request(recording, NULL, &request));
    assert_int_equal(request.number, number);
    assert_int_equal(number_of_id(request.id), atomic_load(&numbers[number]));
  }
}

static void test_every_number_once(void **state) {
  (void)state;
  char folder[64];
  pthread_t threads[THREADS];
  const ock_recorder_options options = {
      .segment_bytes = 256 << 10, .keep_bytes = 1 << 30, .keep_seconds = FOR_EVER, .flush_ms = 1};
  make_folder(folder);
  recorder = open_recorder(folder, &options);
  ockham_recording *recording = open_recording(folder);
  atomic_store(&n_running, THREADS);
  for (uintptr_t t = 0; t < THREADS; t++) assert_int_equal(pthread_create(&threads[t], NULL, put_some, (void *)t), 0);
  assert_int_equal(follow(recording), ALL);
  for (int t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
  check_ids(recording);
  ock_recorder_figures figures;
  ock_recorder_look(recorder, &figures);
  assert_int_equal(figures.n_requests, ALL);
  assert_int_equal(figures.n_events_lost, 0);
  ock_recorder_close(recorder);
  check_ids(recording);
  assert_int_equal(ockham_recording_damaged(recording), 0);
  ockham_recording_close(recording);
  remove_folder(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_number_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
