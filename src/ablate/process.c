/* SPDX-License-Identifier: Apache-2.0 */
#include "ablate/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

extern char **environ;

/* ---- the keeper: async-signal-safe throughout ---- */

static void end_group(int signal_number) {
  (void)signal_number;
  kill(0, SIGKILL); /* and itself */
}

/* When the parent dies, however it does, SIGHUP comes. */
static void watch_parent(pid_t parent) {
  struct sigaction action = {.sa_handler = end_group};
  sigemptyset(&action.sa_mask);
  sigaction(SIGHUP, &action, NULL);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGHUP);
#endif
  if (getppid() != parent) end_group(0); /* it died before */
}

static void stay_on(int cpu) {
#ifdef __linux__
  cpu_set_t set;
  if (cpu < 0 || cpu >= CPU_SETSIZE) return;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set); /* a core that has gone is no reason to fail */
#else
  (void)cpu;
#endif
}

static void reset_signals(void) {
  struct sigaction usual = {.sa_handler = SIG_DFL};
  sigset_t none;
  sigemptyset(&usual.sa_mask);
  for (int s = 1; s < 32; s++)
    if (s != SIGKILL && s != SIGSTOP) sigaction(s, &usual, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void run_command(const char *command, int out, int errors, char *const *environment) {
  char *const arguments[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)command, NULL};
  reset_signals();
  int input = open("/dev/null", O_RDONLY);
  if (input >= 0) dup2(input, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  execve("/bin/sh", arguments, environment);
  _exit(127);
}

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

/* Locks and files of the parent must not live on with the keeper: only its three pipes do, as 3, 4 and 5. */
static void keep_only(int out, int errors, int end) {
  enum { FIRST = 3, BEYOND = 6 };
  int high[3] = {fcntl(out, F_DUPFD, BEYOND), fcntl(errors, F_DUPFD, BEYOND), fcntl(end, F_DUPFD, BEYOND)};
  for (int i = 0; i < 3; i++) dup2(high[i], FIRST + i);
#ifdef __linux__
  close_range(BEYOND, ~0U, 0);
#else
  for (int file = BEYOND; file < 1024; file++) close(file);
#endif
  for (int i = 0; i < 3; i++) fcntl(FIRST + i, F_SETFD, FD_CLOEXEC);
}

_Noreturn static void keep(const char *command, int cpu, char *const *environment, pid_t parent) {
  enum { OUT = 3, ERRORS, END };
  ock_child_end message = {0};
  struct rusage usage;
  setpgid(0, 0);
  reset_signals();
  watch_parent(parent);
  stay_on(cpu);
  pid_t child = fork();
  if (child == 0) run_command(command, OUT, ERRORS, environment);
  close(OUT);
  close(ERRORS);
  while (child > 0 && waitpid(child, &message.status, 0) < 0 && errno == EINTR) {
  }
  if (child > 0 && getrusage(RUSAGE_CHILDREN, &usage) == 0)
    message.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  if (child > 0 && write(END, &message, sizeof message) < 0) _exit(1);
  end_group(0); /* what it left behind */
  _exit(1);
}

/* ---- the parent ---- */

static void close_pair(int pipe_ends[2]) {
  for (int i = 0; i < 2; i++)
    if (pipe_ends[i] >= 0) close(pipe_ends[i]);
}

static bool open_pipes(int pipes[3][2]) {
  for (int i = 0; i < 3; i++)
    if (pipe2(pipes[i], O_CLOEXEC)) return false;
  for (int i = 0; i < 3; i++) fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
  return true;
}

/* Signals wait until the keeper can tell its own handlers from ours. */
static pid_t fork_keeper(const char *command, int cpu, char *const *environment, int pipes[3][2]) {
  sigset_t all, before;
  pid_t parent = getpid();
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t keeper = fork();
  if (keeper == 0) {
    keep_only(pipes[0][1], pipes[1][1], pipes[2][1]);
    keep(command, cpu, environment, parent);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return keeper;
}

ockham_status ock_child_start(const char *command, int cpu, char *const *environment, ock_child *child,
                              ockham_error *err) {
  int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
  *child = (ock_child){.out = -1, .errors = -1, .end = -1};
  pid_t keeper = open_pipes(pipes) ? fork_keeper(command, cpu, environment, pipes) : -1;
  if (keeper < 0) {
    int code = errno;
    for (int i = 0; i < 3; i++) close_pair(pipes[i]);
    return ock_fail(err, OCKHAM_IO, "a run cannot be started: %s", strerror(code));
  }
  setpgid(keeper, keeper); /* whoever comes first */
  for (int i = 0; i < 3; i++) close(pipes[i][1]);
  *child = (ock_child){.keeper = keeper, .out = pipes[0][0], .errors = pipes[1][0], .end = pipes[2][0]};
  return OCKHAM_OK;
}

void ock_child_kill(const ock_child *child) {
  if (child->keeper > 0) kill(-child->keeper, SIGKILL);
}

void ock_child_finish(ock_child *child) {
  while (child->keeper > 0 && waitpid(child->keeper, NULL, 0) < 0 && errno == EINTR) {
  }
  if (child->keeper > 0) {
    if (child->out >= 0) close(child->out);
    if (child->errors >= 0) close(child->errors);
    close(child->end);
  }
  *child = (ock_child){.out = -1, .errors = -1, .end = -1};
}

const char *ock_child_why(const ock_child_end *end, char text[160]) {
  if (WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0) return NULL;
  if (WIFEXITED(end->status))
    snprintf(text, 160, "exit status %d%s", WEXITSTATUS(end->status),
             WEXITSTATUS(end->status) == 127 ? " (there is no such command)" : "");
  else
    snprintf(text, 160, "killed by signal %d (%s)", WTERMSIG(end->status), strsignal(WTERMSIG(end->status)));
  return text;
}

char **ock_child_environment(void) {
  static const char *const threads[] = {"OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1",
                                        "NUMEXPR_NUM_THREADS=1"};
  enum { N_THREADS = sizeof threads / sizeof *threads };
  size_t n = 0, kept = 0;
  while (environ[n]) n++;
  char **list = ock_alloc_array(n + N_THREADS + 1, sizeof *list);
  if (!list) return NULL;
  for (size_t i = 0; i < n; i++) {
    bool replaced = false;
    for (size_t t = 0; t < N_THREADS; t++)
      replaced = replaced || strncmp(environ[i], threads[t], strcspn(threads[t], "=") + 1) == 0;
    if (!replaced) list[kept++] = environ[i];
  }
  for (size_t t = 0; t < N_THREADS; t++) list[kept++] = (char *)(uintptr_t)threads[t];
  list[kept] = NULL;
  return list;
}

int *ock_child_cores(size_t *n) {
  *n = 0;
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set)) return NULL;
  int *cores = ock_alloc_array((size_t)CPU_COUNT(&set), sizeof *cores);
  for (int cpu = 0; cores && cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &set)) cores[(*n)++] = cpu;
  return cores;
#else
  return NULL;
#endif
}
