/* SPDX-License-Identifier: Apache-2.0 */
/* One process and one job at a time: what it answers, and each way in which it may not. */
#include "crew_test.h"

typedef struct setting {
  notes notes;
  ock_crew *crew;
} setting;

static setting *start_setting(const char *const *command, void (*change)(ock_crew_options *)) {
  setting *s = test_calloc(1, sizeof *s);
  ock_crew_options options = actor_options(command, &s->notes);
  if (change) change(&options);
  s->crew = start_crew(&options);
  return s;
}

static void end_setting(setting *s) {
  ock_crew_stop(s->crew, 5000);
  test_free(s);
}

static void short_timeout(ock_crew_options *o) {
  o->timeout_ms = 400;
}

/* ---- what works ---- */

static void test_answers(void **state) {
  (void)state;
  setting *s = start_setting(model_command, NULL);
  for (int i = 0; i < 100; i++) assert_true(ask(s->crew, i, 1, OCK_DONE, NULL) == i + 1.75);
  ock_crew_figures figures;
  ock_crew_look(s->crew, &figures);
  assert_int_equal(figures.n_up, 1);
  assert_int_equal(figures.n_starts, 1);
  assert_int_equal(figures.n_deaths, 0);
  assert_true(figures.memory_bytes > 100000 && figures.peak_memory_bytes >= figures.memory_bytes);
  assert_true(figures.mean_service_seconds > 0);
  const ock_schema *schema = ock_crew_schema(s->crew);
  assert_int_equal(schema->n_inputs, 1);
  assert_string_equal(schema->outputs[0].name, "y");
  assert_true(ock_crew_ready(s->crew));
  end_setting(s);
}

static void test_large_batch(void **state) {
  (void)state;
  enum { ROWS = 400000 }; /* 12.8 MB there, 3.2 MB back: many times a pipe */
  setting *s = start_setting(model_command, NULL);
  waiter w = {0};
  ock_job *job = ock_job_new();
  ock_tensor *x = ock_message_add(&job->request, "x", OCK_FP64, (uint64_t[]){ROWS, 4}, 2, 0);
  for (size_t i = 0; i < (size_t)ROWS * 4; i++) ((double *)x->data)[i] = (double)i;
  job->request.n_rows = ROWS;
  job->done = note_done;
  job->user = &w;
  assert_true(ock_crew_submit(s->crew, job, NULL));
  wait_done(job);
  assert_int_equal(job->outcome, OCK_DONE);
  for (size_t i = 0; i < ROWS; i++) assert_true(answer_of(job, i) == (double)(16 * i + 6));
  assert_true(job->encode_ns > 0 && job->decode_ns > 0);
  assert_true(job->queued_ns <= job->started_ns && job->started_ns < job->finished_ns);
  ock_job_release(job);
  end_setting(s);
}

static void test_json_worker(void **state) {
  (void)state;
  static const char *const command[] = {OCK_TEST_ACTOR, "json", NULL};
  setting *s = start_setting(command, NULL);
  assert_true(ask(s->crew, 1, 2, OCK_DONE, NULL) == 7);
  assert_string_equal(ock_crew_schema(s->crew)->columns[3], "d");
  wait_for_event(&s->notes, OCK_WORKER_LOG, 2);
  assert_non_null(strstr(s->notes.last[OCK_WORKER_LOG], "\"data\":[1,2,0.5,0.25]")); /* it prints what it got */
  end_setting(s);
}

static void test_errors_are_told(void **state) {
  (void)state;
  ockham_error error;
  setting *s = start_setting(model_command, NULL);
  ask(s->crew, -ACT_REFUSE, 0, OCK_REFUSED, &error);
  assert_string_equal(error.message, "no \"such\" thing");
  ask(s->crew, -ACT_FAIL, 0, OCK_FAILED, &error);
  assert_string_equal(error.message, "it broke");
  ask(s->crew, -ACT_BAD_JSON, 0, OCK_BAD_ANSWER, &error);
  assert_non_null(strstr(error.message, "at byte"));
  ask(s->crew, -ACT_BAD_NAME, 0, OCK_BAD_ANSWER, &error);
  assert_string_equal(error.message, "expected no output 'z' in the answer");
  ask(s->crew, -ACT_NO_OUTPUT, 0, OCK_BAD_ANSWER, &error);
  assert_string_equal(error.message, "expected output 'y' in the answer, found none");
  ask(s->crew, 1, 0, OCK_DONE, NULL);
  assert_int_equal(s->notes.n[OCK_WORKER_DIED], 0); /* none of this is a reason to end it */
  end_setting(s);
}

static void test_noise_and_bytes(void **state) {
  (void)state;
  setting *s = start_setting(model_command, NULL);
  snprintf(s->notes.watched, sizeof s->notes.watched, "OCK   [2Jhello"); /* a terminal has nothing to obey */
  assert_true(ask(s->crew, -ACT_NOISE, 1, OCK_DONE, NULL) == -ACT_NOISE + 1.75);
  wait_for_event(&s->notes, OCK_WORKER_LOG, 2);
  assert_int_equal(s->notes.n_watched, 1);
  assert_true(ask(s->crew, -ACT_BYTES, 1, OCK_DONE, NULL) == -ACT_BYTES + 1.75);
  assert_int_equal(s->notes.n[OCK_WORKER_DIED], 0);
  end_setting(s);
}

static void test_what_a_process_has(void **state) {
  (void)state;
  setting *s = start_setting(model_command, NULL);
  waiter w;
  ock_job *job = submit(s->crew, &w, -ACT_SELF, 0);
  wait_done(job);
  assert_int_equal(job->outcome, OCK_DONE);
  assert_true(answer_of(job, 0) == 5); /* descriptors: /dev/null, the log twice, the frames */
  assert_true(answer_of(job, 1) == 1); /* its own session */
  assert_true(answer_of(job, 2) == 1); /* and group */
  assert_true(answer_of(job, 3) == 0); /* signals blocked */
  assert_true(answer_of(job, 4) == 1); /* SIGPIPE as usual */
  ock_job_release(job);
  end_setting(s);
}

static void test_cpu_time(void **state) {
  (void)state;
  setting *s = start_setting(model_command, NULL);
  waiter w;
  ock_job *job = submit(s->crew, &w, -ACT_SPIN, 60);
  wait_done(job);
  assert_int_equal(job->outcome, OCK_DONE);
  assert_true(job->cpu_ns > 30000000 && job->cpu_ns < 90000000); /* the rest was used to start */
  ock_crew_figures figures;
  ock_crew_look(s->crew, &figures);
  assert_true(figures.cpu_seconds >= 0.06 && figures.cpu_seconds < 0.2);
  ock_job_release(job);
  job = submit(s->crew, &w, -ACT_SLEEP, 60);
  wait_done(job);
  assert_true(job->cpu_ns < 10000000); /* sleeping costs nothing */
  ock_job_release(job);
  end_setting(s);
}

/* ---- what does not ---- */

/* A death: told with its signal or code, the request and the end of stderr; another process follows. */
static void test_deaths(void **state) {
  (void)state;
  ockham_error error;
  setting *s = start_setting(model_command, NULL);
  ask(s->crew, -ACT_KILL, 0, OCK_DIED, &error);
  assert_non_null(strstr(error.message, "was killed by signal 9 (Killed); it was at a request, running for "));
  assert_int_equal(s->notes.n[OCK_WORKER_DIED], 2); /* it was tried again */
  assert_int_equal(s->notes.signal, 9);
  waiter w;
  ock_job *job = make_job(&w, -ACT_EXIT, 0);
  job->request_id = "r-17";
  assert_true(ock_crew_submit(s->crew, job, NULL));
  wait_done(job);
  assert_int_equal(job->outcome, OCK_DIED);
  assert_int_equal(job->attempts, 2);
  assert_non_null(strstr(job->error.message, " exited with code 3; last request r-17, running for "));
  assert_int_equal(s->notes.exit_code, 3);
  assert_string_equal(s->notes.request_id, "r-17");
  assert_string_equal(s->notes.tail, "printed before hello\ngiving up\nfor good");
  assert_true(ask(s->crew, 1, 1, OCK_DONE, NULL) == 2.75);
  assert_int_equal(s->notes.n[OCK_WORKER_UP], 5);
  ock_job_release(job);
  end_setting(s);
}

static void test_hang_times_out(void **state) {
  (void)state;
  ockham_error error;
  setting *s = start_setting(model_command, short_timeout);
  ask(s->crew, -ACT_HANG, 0, OCK_TIMED_OUT, &error);
  assert_non_null(strstr(error.message, "was ended: the request took longer than its time-out of 0.400 s"));
  ask(s->crew, -ACT_SPIN, 100000, OCK_TIMED_OUT, &error);
  assert_int_equal(s->notes.n[OCK_WORKER_DIED], 2); /* not tried again */
  assert_true(ask(s->crew, 1, 1, OCK_DONE, NULL) == 2.75);
  ock_crew_figures figures;
  ock_crew_look(s->crew, &figures);
  assert_true(figures.cpu_seconds > 0); /* of those that ended too */
  end_setting(s);
}

static void check_breach(setting *s, int action, const char *text) {
  ockham_error error;
  int n_died = s->notes.n[OCK_WORKER_DIED];
  ask(s->crew, -action, 0, OCK_BAD_ANSWER, &error);
  if (!strstr(error.message, text)) fail_msg("expected '%s', found '%s'", text, error.message);
  assert_int_equal(s->notes.n[OCK_WORKER_DIED], n_died + 1);
  assert_true(ask(s->crew, 1, 1, OCK_DONE, NULL) == 2.75);
}

static void test_broken_frames(void **state) {
  (void)state;
  setting *s = start_setting(model_command, NULL);
  check_breach(s, ACT_GARBAGE, "expected a frame that begins with 0x014b434f, found 0x73696874");
  check_breach(s, ACT_OVERSIZED, "expected a frame of at most 67108864 bytes, found a RESULT of 4294967295");
  check_breach(s, ACT_WRONG_ID, "expected RESULT or ERROR with id ");
  check_breach(s, ACT_CLOSE, "it closed its output and goes on");
  end_setting(s);
}

static void test_half_a_frame(void **state) {
  (void)state;
  ockham_error error;
  setting *s = start_setting(model_command, NULL);
  ask(s->crew, -ACT_HALF, 0, OCK_DIED, &error);
  assert_non_null(strstr(error.message, "signal 9"));
  end_setting(s);
}

/* What it said before it died counts; what nobody asked for ends it. */
static void test_last_words(void **state) {
  (void)state;
  setting *s = start_setting(model_command, NULL);
  assert_true(ask(s->crew, -ACT_ANSWER_AND_DIE, 1, OCK_DONE, NULL) == -ACT_ANSWER_AND_DIE + 1.75);
  wait_for_event(&s->notes, OCK_WORKER_DIED, 1);
  assert_non_null(strstr(s->notes.last[OCK_WORKER_DIED], "it had nothing to do"));
  assert_true(ask(s->crew, -ACT_TWICE, 1, OCK_DONE, NULL) == -ACT_TWICE + 1.75);
  wait_for_event(&s->notes, OCK_WORKER_DIED, 2);
  assert_non_null(strstr(s->notes.last[OCK_WORKER_DIED], "it sent a frame that nobody asked for"));
  end_setting(s);
}

static long resident_pages(void) {
  long all, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_int_equal(fscanf(file, "%ld %ld", &all, &resident), 2);
  fclose(file);
  return resident;
}

static void test_flood(void **state) {
  (void)state;
  setting *s = start_setting(model_command, NULL);
  ask(s->crew, -ACT_FLOOD, 1, OCK_DONE, NULL);
  long before = resident_pages();
  assert_true(ask(s->crew, -ACT_FLOOD, 1024, OCK_DONE, NULL) == -ACT_FLOOD + 1024.75);
  assert_true(resident_pages() - before < 4096); /* 16 MB, of a GB */
  ask(s->crew, -ACT_KILL, 0, OCK_DIED, NULL);
  assert_true(s->notes.n[OCK_WORKER_LOG] < 5000); /* of ten million lines */
  end_setting(s);
}

static void test_tail_is_64_kb(void **state) {
  (void)state;
  setting *s = start_setting(model_command, short_timeout);
  waiter w;
  ock_job *job = submit(s->crew, &w, -ACT_FLOOD, 1e9); /* it prints until its time is over */
  wait_done(job);
  assert_int_equal(job->outcome, OCK_TIMED_OUT);
  assert_int_equal(s->notes.tail_size, 65536);
  assert_non_null(strstr(s->notes.tail, "eeee\neeee"));
  ock_job_release(job);
  end_setting(s);
}

/* ---- starts ---- */

static void check_start_fails(const char *mode, const char *text) {
  const char *const command[] = {OCK_TEST_ACTOR, mode, NULL};
  notes seen = {0};
  ock_crew_options options = actor_options(command, &seen);
  options.startup_ms = strcmp(mode, "silent") == 0 ? 200 : 20000;
  options.backoff_ms = options.most_backoff_ms = 10000;
  ock_crew *crew;
  ockham_error error = {0};
  assert_ok(ock_crew_start(&options, &crew, err));
  assert_int_equal(ock_crew_wait(crew, &error), OCKHAM_IO);
  if (strcmp(mode, "silent") == 0 && strstr(error.message, "within 0.2 s")) { /* either clock may be first */
    wait_for_event(&seen, OCK_WORKER_DIED, 1);
    snprintf(error.message, sizeof error.message, "%s", seen.last[OCK_WORKER_DIED]);
  }
  if (!strstr(error.message, text)) fail_msg("expected '%s', found '%s'", text, error.message);
  assert_false(ock_crew_ready(crew));
  assert_null(ock_crew_schema(crew));
  assert_int_equal(seen.n[OCK_WORKER_DIED], 1);
  ock_crew_stop(crew, 0);
}

static void test_starts_that_fail(void **state) {
  (void)state;
  check_start_fails("nothing", "exited with code 6; it was not ready yet; it said: no module named nothing");
  check_start_fails("silent", "was ended: it did not say HELLO within 0.200 s");
  check_start_fails("bad-hello", "expected");
  check_start_fails("no-hello", "expected");
}

static void test_programs_that_are_not_there(void **state) {
  (void)state;
  static const struct {
    const char *program, *text;
  } cases[] = {{"no-such-program-here", "cannot find the program 'no-such-program-here' in PATH"},
               {"/no/such/program", "cannot start '/no/such/program' (run it): No such file or directory"},
               {"/etc/passwd", "cannot start '/etc/passwd' (run it): Permission denied"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *const command[] = {cases[i].program, NULL};
    notes seen = {0};
    ock_crew_options options = actor_options(command, &seen);
    ockham_error error = {0};
    ock_crew *crew;
    assert_ok(ock_crew_start(&options, &crew, err));
    assert_int_equal(ock_crew_wait(crew, &error), OCKHAM_IO);
    assert_non_null(strstr(error.message, cases[i].text));
    assert_true(seen.n[OCK_WORKER_DIED] > 0);
    ock_crew_stop(crew, 0);
  }
}

static void test_folder_and_environment(void **state) {
  (void)state;
  static const char *const command[] = {"sh", "-c", "test \"$A\" = b && test \"$PWD\" = /tmp && exec \"$ACTOR\" model",
                                        NULL};
  static const char *const environment[] = {"A=a", "A=b", "ACTOR=" OCK_TEST_ACTOR, NULL};
  ock_crew_options options = actor_options(command, NULL);
  options.environment = environment;
  options.folder = "/tmp";
  ock_crew *crew = start_crew(&options);
  assert_true(ask(crew, 1, 1, OCK_DONE, NULL) == 2.75);
  ock_crew_stop(crew, 1000);
  options.folder = "/no/such/folder";
  ockham_error error = {0};
  assert_ok(ock_crew_start(&options, &crew, err));
  assert_int_equal(ock_crew_wait(crew, &error), OCKHAM_IO);
  assert_non_null(strstr(error.message, "(enter its folder): No such file or directory"));
  ock_crew_stop(crew, 0);
}

static void test_pings(void **state) {
  (void)state;
  static const char *const deaf[] = {OCK_TEST_ACTOR, "no-pong", NULL};
  for (int i = 0; i < 2; i++) {
    notes seen = {0};
    ock_crew_options options = actor_options(i ? deaf : model_command, &seen);
    options.ping_ms = 5;
    options.timeout_ms = i ? 200 : 10000;
    ock_crew *crew = start_crew(&options);
    if (i) {
      wait_for_event(&seen, OCK_WORKER_DIED, 1);
      assert_non_null(strstr(seen.last[OCK_WORKER_DIED], "it did not answer a PING"));
    } else {
      sleep_ms(60);
      for (int j = 0; j < 50; j++) ask(crew, 1, j, OCK_DONE, NULL), sleep_ms(j % 8); /* pings and jobs meet */
      assert_int_equal(seen.n[OCK_WORKER_DIED], 0);
    }
    ock_crew_stop(crew, 1000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers),
                                     cmocka_unit_test(test_large_batch),
                                     cmocka_unit_test(test_json_worker),
                                     cmocka_unit_test(test_errors_are_told),
                                     cmocka_unit_test(test_noise_and_bytes),
                                     cmocka_unit_test(test_what_a_process_has),
                                     cmocka_unit_test(test_cpu_time),
                                     cmocka_unit_test(test_deaths),
                                     cmocka_unit_test(test_hang_times_out),
                                     cmocka_unit_test(test_broken_frames),
                                     cmocka_unit_test(test_half_a_frame),
                                     cmocka_unit_test(test_last_words),
                                     cmocka_unit_test(test_flood),
                                     cmocka_unit_test(test_tail_is_64_kb),
                                     cmocka_unit_test(test_starts_that_fail),
                                     cmocka_unit_test(test_programs_that_are_not_there),
                                     cmocka_unit_test(test_folder_and_environment),
                                     cmocka_unit_test(test_pings)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
