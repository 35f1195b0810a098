/* SPDX-License-Identifier: Apache-2.0 */
/* A crew whose hands ask a server: one of libmicrohttpd in this process, which computes with jansson, and misbehaves as
 * it is told to. */
#include "test.h"

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "worker/internal.h"

/* ---- the server ---- */

typedef enum mode { NORMAL, SLOW, STATUS, GARBAGE, HUGE_ANSWER, CUT_ANSWER, NO_ANSWER } mode;

static struct {
  struct MHD_Daemon *daemon;
  unsigned port;
  bool binary;                              /* it says that it takes binary tensors */
  atomic_int mode, status, ready, ready_us; /* ready_us: how long that answer takes */
  atomic_int n_infer, n_elsewhere, n_ready;
  const char *error; /* the body with STATUS */
  pthread_mutex_t lock;
  char agent[64], id[64], trace[64], type[64], path[128]; /* of the last infer */
  bool was_binary;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER, .status = 500, .ready = 200, .error = ""};

typedef struct upload {
  char *bytes;
  size_t size;
} upload;

static const char *header(struct MHD_Connection *connection, const char *name) {
  const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value ? value : "";
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, char *text, size_t size,
                              size_t json_size) {
  struct MHD_Response *response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
  char number[24];
  snprintf(number, sizeof number, "%zu", json_size);
  if (json_size) MHD_add_response_header(response, "Inference-Header-Content-Length", number);
  if (status / 100 == 3) MHD_add_response_header(response, "Location", "/elsewhere");
  enum MHD_Result result = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text) {
  return answer(connection, status, strdup(text), strlen(text), 0);
}

static ssize_t cut_short(void *user, uint64_t position, char *bytes, size_t most) {
  (void)user;
  if (position >= 100) return MHD_CONTENT_READER_END_WITH_ERROR;
  size_t n = most < 100 ? most : 100;
  memset(bytes, ' ', n);
  return (ssize_t)n;
}

static enum MHD_Result answer_cut(struct MHD_Connection *connection) {
  struct MHD_Response *response = MHD_create_response_from_callback(1000, 100, cut_short, NULL, NULL);
  enum MHD_Result result = MHD_queue_response(connection, 200, response);
  MHD_destroy_response(response);
  return result;
}

/* y = 2 x, from JSON to JSON. */
static enum MHD_Result answer_json(struct MHD_Connection *connection, const upload *body) {
  json_t *request = json_loadb(body->bytes, body->size, 0, NULL);
  json_t *input = json_array_get(json_object_get(request, "inputs"), 0), *data = json_array(), *value;
  size_t i;
  json_array_foreach(json_object_get(input, "data"), i, value)
      json_array_append_new(data, json_real(2 * json_number_value(value)));
  json_t *out = json_pack("{s:s, s:[{s:s, s:s, s:O, s:o}]}", "model_name", "m", "outputs", "name", "y", "datatype",
                          "FP64", "shape", json_object_get(input, "shape"), "data", data);
  char *text = out ? json_dumps(out, 0) : strdup("null");
  json_decref(out);
  json_decref(request);
  return answer(connection, 200, text, strlen(text), 0);
}

/* The same from bytes to bytes. */
static enum MHD_Result answer_binary(struct MHD_Connection *connection, const upload *body, size_t json_size) {
  json_t *request = json_loadb(body->bytes, json_size, 0, NULL);
  json_t *input = json_array_get(json_object_get(request, "inputs"), 0);
  size_t n = (body->size - json_size) / sizeof(double);
  json_t *out =
      json_pack("{s:s, s:[{s:s, s:s, s:O, s:{s:i}}]}", "model_name", "m", "outputs", "name", "y", "datatype", "FP64",
                "shape", json_object_get(input, "shape"), "parameters", "binary_data_size", (int)(n * sizeof(double)));
  char *text = out ? json_dumps(out, 0) : strdup("null");
  size_t size = strlen(text);
  text = realloc(text, size + n * sizeof(double));
  for (size_t i = 0; i < n; i++) {
    double x;
    memcpy(&x, body->bytes + json_size + i * sizeof x, sizeof x);
    x *= 2;
    memcpy(text + size + i * sizeof x, &x, sizeof x);
  }
  json_decref(out);
  json_decref(request);
  return answer(connection, 200, text, size + n * sizeof(double), size);
}

static void note_request(struct MHD_Connection *connection, const char *path) {
  pthread_mutex_lock(&server.lock);
  snprintf(server.agent, sizeof server.agent, "%s", header(connection, "User-Agent"));
  snprintf(server.id, sizeof server.id, "%s", header(connection, "X-Request-Id"));
  snprintf(server.trace, sizeof server.trace, "%s", header(connection, "traceparent"));
  snprintf(server.type, sizeof server.type, "%s", header(connection, "Content-Type"));
  snprintf(server.path, sizeof server.path, "%s", path);
  server.was_binary = *header(connection, "Inference-Header-Content-Length") != '\0';
  pthread_mutex_unlock(&server.lock);
}

static enum MHD_Result infer(struct MHD_Connection *connection, const char *path, const upload *body) {
  size_t json_size = strtoull(header(connection, "Inference-Header-Content-Length"), NULL, 10);
  note_request(connection, path);
  server.n_infer++;
  switch ((mode)server.mode) {
    case SLOW:
      usleep(600000);
      break;
    case STATUS:
      return answer_text(connection, (unsigned)server.status, server.error);
    case GARBAGE:
      return answer_text(connection, 200, "{\"outputs\": [{\"name\": 7]");
    case HUGE_ANSWER:
      return answer(connection, 200, calloc(1, 2 << 20), 2 << 20, 0);
    case CUT_ANSWER:
      return answer_cut(connection);
    case NO_ANSWER:
      return MHD_NO;
    case NORMAL:
      break;
  }
  return json_size ? answer_binary(connection, body, json_size) : answer_json(connection, body);
}

static enum MHD_Result document(struct MHD_Connection *connection, const char *path) {
  static const char metadata[] =
      "{\"name\": \"m\", \"platform\": \"test\", \"inputs\": [{\"name\": \"x\", \"datatype\": \"FP64\", \"shape\": "
      "[-1, 2]}], \"outputs\": [{\"name\": \"y\", \"datatype\": \"FP64\", \"shape\": [-1, 2]}]}";
  if (strcmp(path, "/v2") == 0)
    return answer_text(connection, 200,
                       server.binary ? "{\"name\": \"t\", \"extensions\": [\"statistics\", \"binary_tensor_data\"]}"
                                     : "{\"name\": \"t\", \"extensions\": []}");
  if (strcmp(path, "/v2/models/m") == 0) return answer_text(connection, 200, metadata);
  if (strcmp(path, "/v2/models/m/ready") == 0) {
    usleep((useconds_t)server.ready_us);
    server.n_ready++;
    return answer_text(connection, (unsigned)server.ready, "{}");
  }
  server.n_elsewhere++;
  return answer_text(connection, 404, "{\"error\": \"there is no such page\"}");
}

static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *http_version, const char *bytes, size_t *size, void **state) {
  (void)user, (void)http_version;
  upload *body = *state;
  if (!body) return (*state = calloc(1, sizeof *body)) ? MHD_YES : MHD_NO;
  if (*size) {
    body->bytes = realloc(body->bytes, body->size + *size);
    memcpy(body->bytes + body->size, bytes, *size);
    body->size += *size;
    *size = 0;
    return MHD_YES;
  }
  return strcmp(method, "POST") == 0 ? infer(connection, path, body) : document(connection, path);
}

static void forget(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code) {
  (void)user, (void)connection, (void)code;
  upload *body = *state;
  if (body) free(body->bytes);
  free(body);
}

static void start_server(void) {
  server.daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
                                   (uint16_t)server.port, NULL, NULL, handle, NULL, MHD_OPTION_NOTIFY_COMPLETED, forget,
                                   NULL, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
  assert_non_null(server.daemon);
  server.port = MHD_get_daemon_info(server.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static int set_up(void **state) {
  (void)state;
  server.mode = NORMAL;
  server.ready = 200;
  server.ready_us = 0;
  server.binary = false;
  server.port = 0;
  start_server();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  if (server.daemon) MHD_stop_daemon(server.daemon);
  server.daemon = NULL;
  return 0;
}

/* ---- jobs ---- */

static ock_crew *start_crew(const char *path, ock_crew_options options) {
  char url[128];
  ock_crew *crew;
  snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server.port, path);
  options.model = "m";
  options.version = "1";
  options.url = url;
  options.most_answer_bytes = 1 << 20;
  if (!options.timeout_ms) options.timeout_ms = 5000;
  options.backoff_ms = 20;
  options.most_backoff_ms = 50;
  options.ping_ms = 30;
  assert_ok(ock_crew_start(&options, &crew, err));
  return crew;
}

static void post(ock_job *job) {
  sem_post(job->user);
}

/* Rows of two columns: 0.5, 1.5, 2.5, ... */
static ock_job *make_job(size_t n_rows, sem_t *done) {
  const uint64_t shape[] = {n_rows, 2};
  ock_job *job = ock_job_new();
  assert_non_null(job);
  ock_tensor *x = ock_message_add(&job->request, "x", OCK_FP64, shape, 2, 0);
  assert_non_null(x);
  for (size_t i = 0; i < 2 * n_rows; i++) ((double *)x->data)[i] = (double)i + 0.5;
  job->request.n_rows = n_rows;
  ock_job_name(job, "r-17", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  job->done = post;
  job->user = done;
  sem_init(done, 0, 0);
  return job;
}

static ock_job *do_job(ock_crew *crew, size_t n_rows) {
  static sem_t done;
  uint32_t retry_ms;
  ock_job *job = make_job(n_rows, &done);
  if (ock_crew_submit(crew, job, &retry_ms))
    while (sem_wait(&done) != 0) continue;
  return job;
}

static void assert_doubled(const ock_job *job, size_t n_rows) {
  if (job->outcome != OCK_DONE) fail_msg("%s: %s", ock_outcome_text(job->outcome), job->error.message);
  const ock_tensor *y = ock_message_find(&job->answer, "y");
  assert_non_null(y);
  assert_int_equal(y->n_elements, 2 * n_rows);
  for (size_t i = 0; i < 2 * n_rows; i++) assert_true(ock_tensor_number(y, i) == 2 * ((double)i + 0.5));
}

/* One job, of this outcome and message; *crew goes on. */
static void assert_ends(ock_crew *crew, ock_outcome outcome, const char *message) {
  ock_job *job = do_job(crew, 1);
  if (job->outcome != outcome) fail_msg("%s: %s", ock_outcome_text(job->outcome), job->error.message);
  if (!strstr(job->error.message, message)) fail_msg("'%s' lacks '%s'", job->error.message, message);
  ock_job_release(job);
}

static void assert_works(ock_crew *crew, size_t n_rows) {
  ock_job *job = do_job(crew, n_rows);
  assert_doubled(job, n_rows);
  ock_job_release(job);
}

/* ---- tests ---- */

static void test_json(void **state) {
  (void)state;
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){.binary = true}); /* which the server does not say */
  assert_ok(ock_crew_wait(crew, err));
  const ock_schema *schema = ock_crew_schema(crew);
  assert_non_null(schema);
  assert_string_equal(schema->inputs[0].name, "x");
  assert_int_equal(schema->layout, OCK_LAYOUT_MATRIX);
  assert_works(crew, 3);
  assert_works(crew, 20000);
  assert_string_equal(server.agent, "ockham/" OCKHAM_VERSION);
  assert_string_equal(server.id, "r-17");
  assert_string_equal(server.trace, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  assert_string_equal(server.type, "application/json");
  assert_string_equal(server.path, "/v2/models/m/infer");
  assert_false(server.was_binary);
  ock_crew_stop(crew, 1000);
}

static void test_binary(void **state) {
  (void)state;
  server.binary = true;
  ock_crew *crew = start_crew("/v2/models/m/infer", (ock_crew_options){.binary = true, .n_hands = 3});
  assert_ok(ock_crew_wait(crew, err));
  assert_works(crew, 1);
  assert_works(crew, 50000);
  assert_true(server.was_binary);
  assert_string_equal(server.type, "application/octet-stream");
  ock_crew_stop(crew, 1000);
  crew = start_crew("/v2/models/m/", (ock_crew_options){.binary = false});
  assert_ok(ock_crew_wait(crew, err));
  assert_works(crew, 2);
  assert_false(server.was_binary);
  ock_crew_stop(crew, 1000);
}

/* A URL that is not of protocol v2's form is asked as it stands. */
static void test_any_url(void **state) {
  (void)state;
  ock_crew *crew = start_crew("/score?x=1", (ock_crew_options){0});
  assert_ok(ock_crew_wait(crew, err));
  assert_works(crew, 2);
  assert_string_equal(server.path, "/score");
  ock_crew_stop(crew, 1000);
}

static void test_statuses(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *body;
    ock_outcome outcome;
    const char *message;
  } cases[] = {
      {400, "{\"error\": \"row 3 is\\nnegative\"}", OCK_REFUSED, "row 3 is negative"},
      {422, "{\"detail\": \"no column a\"}", OCK_REFUSED, "no column a"},
      {404, "<html>", OCK_REFUSED, "the server answered with status 404"},
      {500, "{\"error\": \"it broke\"}", OCK_FAILED, "it broke"},
      {502, "", OCK_FAILED, "the server answered with status 502"},
      {302, "", OCK_BAD_ANSWER, "the server answered with status 302"},
      {204, "", OCK_BAD_ANSWER, ""},
  };
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){0});
  assert_ok(ock_crew_wait(crew, err));
  int elsewhere = server.n_elsewhere;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    server.mode = STATUS;
    server.status = cases[i].status;
    server.error = cases[i].body;
    assert_ends(crew, cases[i].outcome, cases[i].message);
  }
  assert_int_equal(server.n_elsewhere, elsewhere); /* no redirect was followed */
  server.mode = NORMAL;
  assert_works(crew, 2);
  ock_crew_stop(crew, 1000);
}

static void test_busy(void **state) {
  (void)state;
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){.breaker_failures = 100});
  assert_ok(ock_crew_wait(crew, err));
  server.mode = STATUS;
  server.error = "{\"error\": \"try later\"}";
  server.status = 503;
  assert_ends(crew, OCK_UNAVAILABLE, "try later");
  server.status = 429;
  assert_ends(crew, OCK_UNAVAILABLE, "try later");
  ock_crew_stop(crew, 1000);
}

static void test_bad_answers(void **state) {
  (void)state;
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){.breaker_failures = 100});
  assert_ok(ock_crew_wait(crew, err));
  server.mode = GARBAGE;
  assert_ends(crew, OCK_BAD_ANSWER, "at byte");
  server.mode = HUGE_ANSWER;
  assert_ends(crew, OCK_BAD_ANSWER, "expected an answer of at most 1048576 bytes, found more");
  server.mode = CUT_ANSWER;
  assert_ends(crew, OCK_BAD_ANSWER, "transfer closed with 900 bytes remaining to read");
  server.mode = NORMAL;
  assert_works(crew, 2);
  ock_crew_stop(crew, 1000);
}

/* Closed without an answer: tried once more, then given up. */
static void test_no_answer(void **state) {
  (void)state;
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){.breaker_failures = 100});
  assert_ok(ock_crew_wait(crew, err));
  server.mode = NO_ANSWER;
  server.n_infer = 0;
  assert_ends(crew, OCK_UNAVAILABLE, "Empty reply from server");
  assert_true(server.n_infer >= 2);
  server.mode = NORMAL;
  for (int i = 0; i < 500 && !ock_crew_ready(crew); i++) usleep(10000);
  assert_works(crew, 2);
  ock_crew_stop(crew, 1000);
}

static void test_slow(void **state) {
  (void)state;
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){.timeout_ms = 100, .breaker_failures = 100});
  assert_ok(ock_crew_wait(crew, err));
  server.mode = SLOW;
  assert_ends(crew, OCK_TIMED_OUT, "did not answer in time");
  server.mode = NORMAL;
  assert_works(crew, 2);
  ock_crew_stop(crew, 1000);
}

/* A crew that ends does not wait for a server. */
static void test_stop_while_asked(void **state) {
  (void)state;
  sem_t done;
  uint32_t retry_ms;
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){.timeout_ms = 60000});
  assert_ok(ock_crew_wait(crew, err));
  server.mode = SLOW;
  server.n_infer = 0;
  ock_job *job = make_job(1, &done);
  assert_true(ock_crew_submit(crew, job, &retry_ms));
  while (server.n_infer == 0) usleep(1000);
  ock_crew_stop(crew, 0);
  while (sem_wait(&done) != 0) continue;
  assert_int_equal(job->outcome, OCK_STOPPED);
  ock_job_release(job);
}

static void count_deaths(void *user, const ock_worker_event *event) {
  if (event->kind == OCK_WORKER_DIED) atomic_fetch_add((atomic_int *)user, 1);
}

/* Nobody listens yet: the crew waits, and works once somebody does. That is told once, not at every try of each hand.
 */
static void test_refused_then_up(void **state) {
  (void)state;
  atomic_int n_deaths = 0;
  ockham_error error;
  MHD_stop_daemon(server.daemon);
  server.daemon = NULL;
  ock_crew *crew =
      start_crew("/v2/models/m",
                 (ock_crew_options){.startup_ms = 300, .n_hands = 32, .told = count_deaths, .told_user = &n_deaths});
  assert_int_equal(ock_crew_wait(crew, &error), OCKHAM_IO);
  if (!strstr(error.message, "Failed to connect")) fail_msg("%s", error.message);
  assert_int_equal(n_deaths, 1);
  assert_false(ock_crew_ready(crew));
  assert_ends(crew, OCK_UNAVAILABLE, "");
  start_server();
  for (int i = 0; i < 1000 && !ock_crew_ready(crew); i++) usleep(10000);
  assert_works(crew, 2);
  ock_crew_stop(crew, 1000);
}

/* Asked whether it is ready while there is nothing to do. */
static void test_probe(void **state) {
  (void)state;
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){0});
  assert_ok(ock_crew_wait(crew, err));
  server.ready = 503;
  for (int i = 0; i < 1000 && ock_crew_ready(crew); i++) usleep(10000);
  assert_false(ock_crew_ready(crew));
  server.ready = 404; /* a server without that page */
  for (int i = 0; i < 1000 && !ock_crew_ready(crew); i++) usleep(10000);
  assert_works(crew, 2);
  ock_crew_stop(crew, 1000);
}

/* A job, and the end, that come while the hand asks whether the server is ready: most of the time, here. */
static void test_work_while_probed(void **state) {
  (void)state;
  ock_crew *crew = start_crew("/v2/models/m", (ock_crew_options){.n_hands = 2});
  assert_ok(ock_crew_wait(crew, err));
  server.ready_us = 100000;
  for (int i = 0; i < 5; i++) {
    server.n_ready = 0;
    while (server.n_ready == 0) usleep(1000); /* the next probe comes 30 ms later */
    usleep(60000);
    assert_works(crew, 2);
  }
  ock_crew_stop(crew, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_binary, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_any_url, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_statuses, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_busy, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_bad_answers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_no_answer, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_slow, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_stop_while_asked, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refused_then_up, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_probe, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_work_while_probed, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
