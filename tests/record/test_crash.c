/* SPDX-License-Identifier: Apache-2.0 */
/* A writer that is killed at any moment: what it acknowledged is there, whole, under the number it gave; what is not
 * whole is not returned. Read as it was left, and once more after the next writer recovered it. */
#include "folder.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

enum { RUNS = 25, MOST = 1 << 18, THREADS = 2 };

typedef struct told {
  uint64_t id, number;
} told;

static uint64_t acknowledged[MOST]; /* number of each id; 0: none */
static ock_recorder *child_recorder;
static uint64_t child_from, largest_id; /* that anything is known of */
static int child_pipe;

static void *write_for_ever(void *thread) {
  for (uint64_t i = child_from + (uintptr_t)thread; i < MOST; i += THREADS) {
    made_request made;
    make_request(i, &made);
    told t = {.id = i, .number = ock_recorder_put(child_recorder, &made.request)};
    if (t.number && write(child_pipe, &t, sizeof t) != sizeof t) _exit(1);
  }
  for (;;) pause();
}

static void run_child(const char *folder) {
  const ock_recorder_options options = {
      .segment_bytes = 128 << 10, .keep_bytes = 1 << 30, .keep_seconds = FOR_EVER, .flush_ms = 3};
  pthread_t thread;
  if (ock_recorder_open(folder, &options, &child_recorder, NULL)) _exit(2);
  if (pthread_create(&thread, NULL, write_for_ever, (void *)(uintptr_t)1)) _exit(3);
  write_for_ever((void *)(uintptr_t)0);
}

/* Read what it acknowledges for a while (ms; beginning with the first), kill it, and read the rest. */
static uint64_t kill_later(pid_t child, int pipe_end, int after_ms) {
  uint64_t n = 0, end_ns = 0;
  told t;
  for (bool killed = false;;) {
    if (!killed && end_ns && ock_clock_ns() >= end_ns) {
      assert_int_equal(kill(child, SIGKILL), 0);
      killed = true;
    }
    struct pollfd wait_for = {.fd = pipe_end, .events = POLLIN};
    if (poll(&wait_for, 1, 1) == 0) continue;
    ssize_t got = read(pipe_end, &t, sizeof t);
    if (got == 0) break;
    assert_int_equal(got, sizeof t);
    assert_true(t.id < MOST);
    assert_int_equal(acknowledged[t.id], 0);
    acknowledged[t.id] = t.number;
    if (t.id > largest_id) largest_id = t.id;
    if (!n++) end_ns = ock_clock_ns() + (uint64_t)after_ms * 1000000u;
  }
  return n;
}

static void check_recording(const char *folder, uint64_t n_acknowledged) {
  static bool seen[MOST];
  ockham_recording *recording = open_recording(folder);
  ockham_request request;
  uint64_t n = 0, last = 0;
  memset(seen, 0, sizeof seen);
  while (next_request(recording, NULL, &request)) {
    uint64_t id = number_of_id(request.id);
    assert_true(id < MOST && !seen[id] && request.number > last);
    assert_true(is_as_made(&request));
    seen[id] = true;
    if (id > largest_id) largest_id = id;
    last = request.number;
    if (!acknowledged[id]) continue; /* kept, but killed before it could say so */
    assert_int_equal(acknowledged[id], request.number);
    n++;
  }
  assert_int_equal(n, n_acknowledged);
  ockham_recording_close(recording);
}

static void test_nothing_acknowledged_is_lost(void **state) {
  (void)state;
  char folder[64];
  uint64_t n = 0;
  make_folder(folder);
  for (int run = 0; run < RUNS; run++) {
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    child_from = largest_id + 1;
    child_pipe = ends[1];
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) run_child(folder);
    close(ends[1]);
    n += kill_later(child, ends[0], (int)(mix((uint64_t)run) % 15));
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    check_recording(folder, n);
  }
  ock_recorder_close(open_recorder(folder, &(ock_recorder_options){.keep_bytes = 1 << 30, .keep_seconds = FOR_EVER}));
  check_recording(folder, n);
  assert_true(n > 1000);
  remove_folder(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_acknowledged_is_lost)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
