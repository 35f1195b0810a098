/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter for programs that know lines only: this program is also the worker (`... lines columns outputs script`).
 */
#include <ockham/worker.h>

#include "crew_test.h"

static int run_adapter(char **argv) {
  const char *const command[] = {"sh", "-c", argv[4], NULL};
  ockham_worker_lines_options options = {.columns = argv[2], .outputs = argv[3], .command = command};
  ockham_error error = {0};
  int exit_code;
  if (ockham_worker_lines(&options, &exit_code, &error)) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  return exit_code;
}

static ock_crew *start_lines(const char *columns, const char *outputs, const char *script, notes *seen) {
  const char *const command[] = {"/proc/self/exe", "lines", columns, outputs, script, NULL};
  ock_crew_options options = actor_options(command, seen);
  options.timeout_ms = 3000;
  return start_crew(&options);
}

enum { ROWS = 300 };

/* ROWS rows of all that a line can hold; text of length i % 40, with quotes and commas in it. */
static ock_job *make_rows(waiter *w, const char *text_piece) {
  ock_job *job = ock_job_new();
  *w = (waiter){0};
  job->done = note_done;
  job->user = w;
  ock_tensor *x = ock_message_add(&job->request, "x", OCK_FP64, (uint64_t[]){ROWS}, 1, 0);
  for (int i = 0; i < ROWS; i++) memcpy(x->data + 8 * i, &(double){i / 7.0}, 8);
  ock_tensor *k = ock_message_add(&job->request, "k", OCK_INT32, (uint64_t[]){ROWS}, 1, 0);
  for (int i = 0; i < ROWS; i++) memcpy(k->data + 4 * i, &(int32_t){i - 100}, 4);
  size_t length = strlen(text_piece), size = 0;
  for (int i = 0; i < ROWS; i++) size += 4 + (size_t)(i % 40) * length;
  ock_tensor *t = ock_message_add(&job->request, "t", OCK_BYTES, (uint64_t[]){ROWS}, 1, size);
  unsigned char *at = t->data;
  for (int i = 0; i < ROWS; i++) {
    uint32_t n = (uint32_t)((size_t)(i % 40) * length);
    memcpy(at, &n, 4);
    at += 4;
    for (int j = 0; j < i % 40; j++, at += length) memcpy(at, text_piece, length);
  }
  job->request.n_rows = ROWS;
  return job;
}

/* `cat` gives back each line: what went through CSV twice is what it was. */
static void test_there_and_back(void **state) {
  (void)state;
  ock_crew *crew = start_lines("x,k:INT32,t:BYTES", "x,k:INT32,t:BYTES", "exec cat", NULL);
  static const char *const pieces[] = {"a", "a\"b,", "\"", ",", " \303\251 ", "#"};
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    waiter w;
    ock_job *job = make_rows(&w, pieces[i]);
    assert_true(ock_crew_submit(crew, job, NULL));
    wait_done(job);
    if (job->outcome != OCK_DONE) fail_msg("%s", job->error.message);
    for (size_t j = 0; j < 3; j++) {
      const ock_tensor *sent = &job->request.tensors[j], *got = ock_message_find(&job->answer, sent->name);
      assert_int_equal(got->size_bytes, sent->size_bytes);
      assert_memory_equal(got->data, sent->data, sent->size_bytes);
    }
    ock_job_release(job);
  }
  assert_int_equal(ock_crew_schema(crew)->layout, OCK_LAYOUT_COLUMNS);
  ock_crew_stop(crew, 1000);
}

static void expect_rows(ock_crew *crew, const char *piece, ock_outcome outcome, const char *text) {
  waiter w;
  ock_job *job = make_rows(&w, piece);
  assert_true(ock_crew_submit(crew, job, NULL));
  wait_done(job);
  if (job->outcome != outcome || !strstr(job->error.message, text))
    fail_msg("expected '%s', found '%s': %s", text, ock_outcome_text(job->outcome), job->error.message);
  ock_job_release(job);
}

static void test_what_scripts_say(void **state) {
  (void)state;
  static const struct {
    const char *outputs, *script, *text;
    ock_outcome outcome;
  } cases[] = {
      {"y", "while read -r l; do echo error: too old; done", "too old", OCK_REFUSED},
      {"y", "while read -r l; do echo abc; done", "expected FP64 for y in the program's line, found 'abc'", OCK_FAILED},
      {"y", "while read -r l; do echo; done", "expected FP64 for y in the program's line, found ''", OCK_FAILED},
      {"y", "while read -r l; do echo 1,2; done", "expected 1 cells in the program's line, found more", OCK_FAILED},
      {"y,z", "while read -r l; do echo 1; done", "expected 2 cells in the program's line, found fewer", OCK_FAILED},
      {"y:UINT8", "while read -r l; do echo 256; done", "expected UINT8 for y", OCK_FAILED},
      {"y:INT64", "while read -r l; do echo 1.5; done", "expected INT64 for y", OCK_FAILED},
      {"y", "read -r l; exit 9", "exited with code 9", OCK_DIED},
      {"y", "read -r l; kill -9 $$", "exited with code 137", OCK_DIED},
      {"y", "sleep 100", "time-out", OCK_TIMED_OUT}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    notes seen = {0};
    const char *const command[] = {"/proc/self/exe", "lines",         "x,k:INT32,t:BYTES",
                                   cases[i].outputs, cases[i].script, NULL};
    ock_crew_options options = actor_options(command, &seen);
    options.timeout_ms = cases[i].outcome == OCK_TIMED_OUT ? 100 : 5000;
    ock_crew *crew = start_crew(&options);
    expect_rows(crew, "a", cases[i].outcome, cases[i].text);
    ock_crew_stop(crew, 1000);
  }
}

static void test_lines_within_text(void **state) {
  (void)state;
  ock_crew *crew = start_lines("x,k:INT32,t:BYTES", "x,k:INT32,t:BYTES", "exec cat", NULL);
  expect_rows(crew, "a\nb", OCK_REFUSED, "expected text of one line in row 2, column t");
  expect_rows(crew, "fine", OCK_DONE, ""); /* and the lines are still in step */
  ock_crew_stop(crew, 1000);
}

static void test_bad_options(void **state) {
  (void)state;
  static const char *const command[] = {"cat", NULL};
  static const char *const lists[] = {"", ",", "a:", "a:FP16", "a:NUMBER", "a,,b"};
  int exit_code;
  ockham_error error;
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    ockham_worker_lines_options options = {.columns = lists[i], .outputs = "y", .command = command};
    assert_int_equal(ockham_worker_lines(&options, &exit_code, &error), OCKHAM_BAD_ARGUMENT);
  }
  ockham_worker_lines_options options = {.columns = "x", .outputs = "y", .command = command};
  assert_int_equal(ockham_worker_lines(&options, &exit_code, &error), OCKHAM_BAD_ARGUMENT);
  assert_non_null(strstr(error.message, "expected to be started by `ockham serve`"));
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "lines") == 0) return run_adapter(argv);
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_what_scripts_say),
                                     cmocka_unit_test(test_lines_within_text), cmocka_unit_test(test_bad_options)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
