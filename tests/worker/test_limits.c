/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, as they are kept here: by control groups where there are any, and by resource limits in a second crew that is
 * told to do without groups (in a process of its own, as what there is is found out once). */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "crew_test.h"

enum { MEMORY_MB = 64 };

static ock_crew *start_limited(notes *seen, ock_limits limits) {
  ock_crew_options options = actor_options(model_command, seen);
  options.limits = limits;
  options.timeout_ms = 5000;
  return start_crew(&options);
}

static const char *kept_by(ock_crew *crew) {
  ock_crew_figures figures;
  ock_crew_look(crew, &figures);
  return figures.limits;
}

static bool has_groups(ock_crew *crew, const char *what) {
  return strncmp(kept_by(crew), "cgroup", 6) == 0 && !strstr(kept_by(crew), what);
}

static void test_memory(void **state) {
  (void)state;
  notes seen = {0};
  ock_crew *crew = start_limited(&seen, (ock_limits){.memory_bytes = (uint64_t)MEMORY_MB << 20});
  ockham_error error;
  ask(crew, -ACT_EAT, 20, OCK_DONE, NULL);
  ask(crew, -ACT_EAT, 500, OCK_DIED, &error);
  const char *wanted = has_groups(crew, "memory") ? "was killed by signal 9 (Killed): memory limit of 64 MB reached; "
                                                  : "signal 6 (Aborted): memory limit of 64 MB reached, as it says; ";
  if (!strstr(error.message, wanted)) fail_msg("expected '%s', found '%s'", wanted, error.message);
  assert_true(ask(crew, 1, 1, OCK_DONE, NULL) == 2.75);
  ask(crew, -ACT_KILL, 0, OCK_DIED, &error);
  assert_null(strstr(error.message, "memory")); /* another death is none of the limit's */
  ock_crew_stop(crew, 1000);
}

static void test_processes(void **state) {
  (void)state;
  notes seen = {0};
  ock_crew *crew = start_limited(&seen, (ock_limits){.n_processes = 20});
  if (strstr(kept_by(crew), "processes are not limited")) {
    print_message("skipped: %s\n", kept_by(crew));
  } else {
    assert_true(ask(crew, -ACT_FORKS, 0, OCK_DONE, NULL) <= 19); /* a fork bomb ends there */
    ockham_error error;
    ask(crew, -ACT_KILL, 0, OCK_DIED, &error);
    if (has_groups(crew, "processes")) assert_non_null(strstr(seen.last[OCK_WORKER_DIED], "signal 9"));
    assert_true(ask(crew, 1, 1, OCK_DONE, NULL) == 2.75);
  }
  ock_crew_stop(crew, 1000);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* CPU time that 100 ms of a clock gave it, in percent. */
static void test_cpus(void **state) {
  (void)state;
  ock_crew *crew = start_limited(NULL, (ock_limits){.cpus = 0.2});
  if (strstr(kept_by(crew), "CPU time is not limited")) {
    print_message("skipped: %s\n", kept_by(crew));
  } else {
    waiter w;
    ock_job *job = submit(crew, &w, -ACT_SPIN, 150);
    wait_done(job);
    assert_int_equal(job->outcome, OCK_DONE);
    /* 20 ms in each 100 ms: 150 ms take 0.6 s or more, however busy the machine is. */
    assert_true(job->finished_ns - job->started_ns > (uint64_t)400000000);
    ock_job_release(job);
  }
  ock_crew_stop(crew, 1000);
}

static void test_files(void **state) {
  (void)state;
  notes seen = {0};
  ock_crew *crew = start_limited(&seen, (ock_limits){.n_files = 40, .file_bytes = 1 << 20});
  assert_true(ask(crew, -ACT_FILES, 0, OCK_DONE, NULL) == 35); /* five are open already */
  ask(crew, -ACT_BIG_FILE, 0.5, OCK_DONE, NULL);
  ockham_error error;
  ask(crew, -ACT_BIG_FILE, 2, OCK_DIED, &error);
  assert_non_null(strstr(error.message, "limit of 1 MB for a file reached"));
  ock_crew_stop(crew, 1000);
}

/* ---- the sandbox ---- */

static void expect_errors(ock_crew *crew, int action, double measure, const int *wanted, size_t n) {
  waiter w;
  ock_job *job = submit(crew, &w, -action, measure);
  wait_done(job);
  assert_int_equal(job->outcome, OCK_DONE);
  for (size_t i = 0; i < n; i++)
    if (answer_of(job, i) != wanted[i])
      fail_msg("call %zu: expected error %d, found %g", i, wanted[i], answer_of(job, i));
  ock_job_release(job);
}

static void test_denied_calls(void **state) {
  (void)state;
  static const int wanted[] = {EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, 0, 0};
  notes seen = {0};
  ock_crew *crew = start_limited(&seen, (ock_limits){.deny_syscalls = true});
  expect_errors(crew, ACT_SYSTEM, 0, wanted, sizeof wanted / sizeof wanted[0]);
  assert_true(ask(crew, -ACT_FORKS, 0, OCK_DONE, NULL) > 100); /* and fork() still works */
#ifdef __x86_64__
  ockham_error error;
  ask(crew, -ACT_OTHER_NUMBERS, 0, OCK_DIED, &error);
  assert_non_null(strstr(error.message, "signal 31 (Bad system call): it asked for a system call that its sandbox"));
#endif
  ock_crew_stop(crew, 1000);
}

/* Somebody listens, so that nothing but the sandbox can be in the way. */
static int listen_somewhere(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
  assert_int_equal(listen(listener, 5), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
  *port = ntohs(address.sin_port);
  return listener;
}

static void test_no_network(void **state) {
  (void)state;
  static const int wanted[] = {EACCES, EACCES, EACCES, EACCES, ENOSYS, 0};
  int port, listener = listen_somewhere(&port);
  for (int denied = 0; denied < 3; denied++) {
    ock_crew *crew = start_limited(NULL, (ock_limits){.no_network = denied > 0, .deny_syscalls = denied > 1});
    if (denied)
      expect_errors(crew, ACT_NETWORK, port, wanted, sizeof wanted / sizeof wanted[0]);
    else
      assert_true(ask(crew, -ACT_NETWORK, port, OCK_DONE, NULL) == 0); /* it connects */
    ock_crew_stop(crew, 1000);
  }
  close(listener);
}

/* ---- the server dies ---- */

/* kill -9 of the server: its workers are gone, also one that is at a job. */
static void test_worker_dies_with_server(void **state) {
  (void)state;
  char mark[64];
  snprintf(mark, sizeof mark, "model ockham-orphan-%ld", (long)getpid());
  pid_t server = fork();
  if (server == 0) {
    const char *const command[] = {OCK_TEST_ACTOR, "model", strchr(mark, ' ') + 1, NULL};
    ock_crew_options options = actor_options(command, NULL);
    ock_crew *crew;
    waiter w;
    if (ock_crew_start(&options, &crew, NULL) || ock_crew_wait(crew, NULL)) _exit(1);
    submit(crew, &w, -ACT_HANG, 0);
    pause();
  }
  eventually(find_process(mark) != 0);
  kill(server, SIGKILL);
  assert_int_equal(waitpid(server, NULL, 0), server);
  eventually(find_process(mark) == 0);
}

/* ---- without groups ---- */

static void test_description(void **state) {
  (void)state;
  ock_crew *crew = start_limited(NULL, (ock_limits){.memory_bytes = (uint64_t)64 << 20, .cpus = 1, .n_processes = 9});
  print_message("limits here: %s\n", kept_by(crew));
  assert_true(strncmp(kept_by(crew), "cgroup v2", 9) == 0 || strncmp(kept_by(crew), "cgroup v1", 9) == 0 ||
              strncmp(kept_by(crew), "rlimits", 7) == 0);
  if (getenv("OCKHAM_LIMITS"))
    assert_non_null(strstr(kept_by(crew), "rlimits; memory as what a process asks for, not what it uses; CPU time"));
  ock_crew_stop(crew, 1000);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_description), cmocka_unit_test(test_memory),
      cmocka_unit_test(test_processes),   cmocka_unit_test(test_cpus),
      cmocka_unit_test(test_files),       cmocka_unit_test(test_denied_calls),
      cmocka_unit_test(test_no_network),  cmocka_unit_test(test_worker_dies_with_server)};
  int n_failed = cmocka_run_group_tests_name("with what is here", tests, NULL, NULL);
  if (n_failed || argc > 1) return n_failed;
  setenv("OCKHAM_LIMITS", "rlimits", 1);
  execl("/proc/self/exe", argv[0], "again", (char *)NULL);
  return 1;
}
