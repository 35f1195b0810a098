/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is stopped while requests wait for models that it has let go. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <ockham/serve.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* 256 rows: the slow subject takes 0.6 s for them. */
static const char row[] = "1,2,3,4\n";
enum { ROWS = 256 };

typedef struct fixture {
  char folder[64];
  const char *command[3];
  ockham_serve_model model;
  ockham_serve_options options;
  ockham_server *server;
} fixture;

static void start(fixture *f) {
  strcpy(f->folder, "/tmp/ockham-test-stop-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  f->command[0] = OCK_TEST_SUBJECT;
  f->command[1] = "slow";
  f->model = (ockham_serve_model){.name = "m", .command = f->command, .n_command = 2, .no_sandbox = true};
  f->options = (ockham_serve_options){.listen = "127.0.0.1:0",
                                      .admin = "none",
                                      .folder = f->folder,
                                      .no_record = true,
                                      .models = &f->model,
                                      .n_models = 1};
  assert_ok(ockham_server_start(&f->options, NULL, NULL, &f->server, err));
  assert_ok(ockham_server_wait(f->server, err));
}

static void remove_folder(const fixture *f) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", f->folder);
  assert_int_equal(system(command), 0);
}

/* Send a request whose answer takes a while, and wait until it should be worked for. */
static int ask(const fixture *f, unsigned wait_ms) {
  static char request[256 + ROWS * sizeof row];
  const char *colon = strrchr(ockham_server_url(f->server), ':');
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  size_t n = (size_t)snprintf(request, sizeof request,
                              "POST /m/m HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: %zu\r\n\r\n",
                              ROWS * (sizeof row - 1));
  for (int i = 0; i < ROWS; i++, n += sizeof row - 1) memcpy(request + n, row, sizeof row);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(send(fd, request, n, 0), n);
  usleep(wait_ms * 1000);
  return fd;
}

/* 0: there was none, for the request had not been read. */
static int read_status(int fd) {
  char answer[256] = "";
  int status = 0;
  ssize_t n = recv(fd, answer, sizeof answer - 1, 0);
  if (n > 0) assert_int_equal(sscanf(answer, "HTTP/1.1 %d", &status), 1);
  close(fd);
  return status;
}

/* The version is in the catalog no more, but its request is suspended: the end of the server answers it. */
static int stop_while_asked(unsigned wait_ms, unsigned timeout_ms) {
  fixture f = {0};
  start(&f);
  int fd = ask(&f, wait_ms);
  ockham_serve_options none = f.options;
  none.n_models = 0;
  assert_ok(ockham_server_reload(f.server, &none, err));
  ockham_server_stop(f.server, timeout_ms);
  int status = read_status(fd);
  remove_folder(&f);
  return status;
}

/* On a busy machine it takes longer until the request has been read, or it was answered before. */
static void test_let_go(void **state) {
  (void)state;
  int status = 0;
  for (unsigned wait_ms = 100; wait_ms <= 3200 && status != 503; wait_ms *= 2) status = stop_while_asked(wait_ms, 50);
  assert_int_equal(status, 503);
}

/* It has the time that the stop gives it. */
static void test_finished(void **state) {
  (void)state;
  int status = 0;
  for (unsigned wait_ms = 200; wait_ms <= 3200 && !status; wait_ms *= 2) status = stop_while_asked(wait_ms, 30000);
  assert_int_equal(status, 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_let_go), cmocka_unit_test(test_finished)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
