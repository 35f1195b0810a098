/* SPDX-License-Identifier: Apache-2.0 */
/* The helper modules and the examples, as their users run them. Python's answers are compared with its own arithmetic.
 */
#include "crew_test.h"

static bool has_python(void) {
  return system("python3 -c pass >/dev/null 2>&1") == 0;
}

static ock_crew_options python_options(const char *const *command, notes *seen) {
  ock_crew_options options = actor_options(command, seen);
  options.helpers = OCK_TEST_HELPERS;
  options.folder = OCK_TEST_FOLDER;
  return options;
}

/* All datatypes there and back: the model gives back what it got, and prints. */
static void add_all_types(ock_message *request) {
  static const ock_datatype types[] = {OCK_BOOL,  OCK_UINT8, OCK_UINT16, OCK_UINT32, OCK_UINT64, OCK_INT8,
                                       OCK_INT16, OCK_INT32, OCK_INT64,  OCK_FP16,   OCK_FP32,   OCK_FP64};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    ock_tensor *tensor = ock_message_add(request, ock_datatype_name(types[i]), types[i], (uint64_t[]){3, 2}, 2, 0);
    for (size_t j = 0; j < tensor->size_bytes; j++)
      tensor->data[j] = (unsigned char)(types[i] == OCK_BOOL ? j % 2 : j * 5 + 1);
  }
  ock_tensor *bytes = ock_message_add(request, "BYTES", OCK_BYTES, (uint64_t[]){3, 1}, 2, 18);
  memcpy(bytes->data, "\2\0\0\0\0\377\0\0\0\0\4\0\0\0text", 18);
  request->n_rows = 3;
}

static ock_job *ask_all_types(ock_crew *crew, waiter *w) {
  ock_job *job = ock_job_new();
  *w = (waiter){0};
  job->done = note_done;
  job->user = w;
  add_all_types(&job->request);
  assert_true(ock_crew_submit(crew, job, NULL));
  wait_done(job);
  return job;
}

static void test_python_types(void **state) {
  (void)state;
  static const char *const command[] = {"python3", "echo.py", NULL};
  if (!has_python()) skip();
  notes seen = {.watched = "echo was asked"};
  ock_crew_options options = python_options(command, &seen);
  ock_crew *crew = start_crew(&options);
  waiter w;
  ock_job *job = ask_all_types(crew, &w);
  if (job->outcome != OCK_DONE) fail_msg("%s", job->error.message);
  assert_int_equal(job->answer.n_tensors, job->request.n_tensors);
  for (size_t i = 0; i < job->request.n_tensors; i++) {
    const ock_tensor *x = &job->request.tensors[i], *y = ock_message_find(&job->answer, x->name);
    assert_non_null(y);
    assert_int_equal(y->n_dimensions, 2);
    assert_memory_equal(y->shape, x->shape, 2 * sizeof x->shape[0]);
    assert_int_equal(y->size_bytes, x->size_bytes);
    assert_memory_equal(y->data, x->data, x->size_bytes);
  }
  ock_job_release(job);
  ock_crew_stop(crew, 2000);
  assert_int_equal(seen.n_watched, 1);
  assert_int_equal(seen.n[OCK_WORKER_DIED], 0);
}

static void test_python_model(void **state) {
  (void)state;
  static const char *const command[] = {"python3", "model.py", NULL};
  if (!has_python()) skip();
  notes seen = {.watched = "ZeroDivisionError"};
  ock_crew_options options = python_options(command, &seen);
  ock_crew *crew = start_crew(&options);
  ockham_error error;
  assert_true(ask(crew, 1, 2, OCK_DONE, NULL) == 3.75);
  ask(crew, -1, 0, OCK_REFUSED, &error);
  assert_string_equal(error.message, "x must not be -1");
  ask(crew, -2, 0, OCK_FAILED, &error);
  assert_non_null(strstr(error.message, "ZeroDivisionError: "));
  ask(crew, -3, 0, OCK_DIED, &error);
  assert_non_null(strstr(error.message, "exited with code 3"));
  ask(crew, -4, 0, OCK_BAD_ANSWER, &error);
  assert_string_equal(error.message, "expected output 'y' in the answer, found none");
  assert_true(ask(crew, 1, 3, OCK_DONE, NULL) == 4.75);
  assert_true(seen.n_watched >= 1); /* with its traceback */
  ock_crew_stop(crew, 2000);
}

static void test_c_header(void **state) {
  (void)state;
  static const char *const command[] = {OCK_TEST_C_WORKER, NULL};
  notes seen = {0};
  ock_crew_options options = actor_options(command, &seen);
  options.ping_ms = 5;
  ock_crew *crew = start_crew(&options);
  ockham_error error;
  for (int i = 0; i < 20; i++) {
    assert_true(ask(crew, i, 2, OCK_DONE, NULL) == i + 2.75);
    sleep_ms(i % 4);
  }
  ask(crew, (double)NAN, 0, OCK_REFUSED, &error);
  assert_non_null(strstr(error.message, "finite"));
  ock_crew_stop(crew, 2000);
  assert_int_equal(seen.n[OCK_WORKER_DIED], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_python_types), cmocka_unit_test(test_python_model),
                                     cmocka_unit_test(test_c_header)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
