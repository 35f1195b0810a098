/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_FD = 5, FIRST_FREE_FD = 16, FRAME_PIPE_BYTES = 1 << 20, LOG_PIPE_BYTES = 1 << 16 };

extern char **environ;

/* ---- what the child needs, made before vfork() ---- */

typedef struct start_plan {
  const ock_spawn *spawn;
  ock_arena arena;
  const char *program;
  char **words, **environment;
  int null, in, out, log, status; /* the child's ends */
  pid_t parent;
} start_plan;

static char *join(ock_arena *arena, const char *a, const char *b, const char *c) {
  size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
  char *text = ock_arena_array(arena, size, 1);
  if (text) snprintf(text, size, "%s%s%s", a, b, c);
  return text;
}

/* One with a slash is looked up in the folder it runs in, by the child. */
static ockham_status find_program(start_plan *plan, ockham_error *err) {
  const char *name = plan->spawn->options->command[0];
  char path[OCK_PROGRAM_PATH];
  plan->program = name;
  if (strchr(name, '/')) return OCKHAM_OK;
  if (!ock_program_find(name, NULL, path))
    return ock_fail(err, OCKHAM_IO, "cannot find the program '%s' in PATH", name);
  plan->program = ock_arena_text(&plan->arena, path, strlen(path));
  return plan->program ? OCKHAM_OK : ock_fail_memory(err, "the path of a program", strlen(path) + 1);
}

static bool sets_same_name(const char *one, const char *other) {
  size_t length = strcspn(other, "=");
  return strncmp(one, other, length) == 0 && one[length] == '=';
}

static void set_variable(char **list, size_t *n, char *setting) {
  for (size_t i = 0; i < *n; i++)
    if (sets_same_name(list[i], setting)) {
      list[i] = setting;
      return;
    }
  list[(*n)++] = setting;
}

static const char *look_up(char *const *list, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (sets_same_name(list[i], name)) return list[i] + strlen(name) + 1;
  return NULL;
}

static ockham_status make_environment(start_plan *plan, ockham_error *err) {
  enum { OWN = 5 };
  const ock_crew_options *o = plan->spawn->options;
  size_t n_inherited = 0, n_set = 0, n = 0;
  while (environ && environ[n_inherited]) n_inherited++;
  while (o->environment && o->environment[n_set]) n_set++;
  char **list = ock_arena_array(&plan->arena, n_inherited + n_set + OWN + 1, sizeof *list);
  char *own[OWN] = {join(&plan->arena, "OCKHAM_IN=", "3", ""), join(&plan->arena, "OCKHAM_OUT=", "4", ""),
                    join(&plan->arena, "OCKHAM_MODEL=", o->model, ""),
                    join(&plan->arena, "OCKHAM_VERSION=", o->version, "")};
  if (!list || !own[0] || !own[1] || !own[2] || !own[3]) return ock_fail_memory(err, "an environment", 0);
  for (; n < n_inherited; n++) list[n] = environ[n];
  for (size_t i = 0; i < n_set; i++) set_variable(list, &n, (char *)o->environment[i]);
  for (size_t i = 0; i + 1 < OWN; i++) set_variable(list, &n, own[i]);
  if (o->helpers) {
    const char *path = look_up(list, n, "PYTHONPATH");
    char *folders = join(&plan->arena, o->helpers, path && *path ? ":" : "", path ? path : "");
    char *setting = folders ? join(&plan->arena, "PYTHONPATH=", folders, "") : NULL;
    if (!setting) return ock_fail_memory(err, "an environment", 0);
    set_variable(list, &n, setting);
  }
  list[n] = NULL;
  plan->environment = list;
  plan->words = (char **)o->command;
  return OCKHAM_OK;
}

/* ---- in the child: nothing but async-signal-safe calls ---- */

typedef struct step_failure { /* what it sends back when it cannot become the program */
  char step[32];
  int error;
} step_failure;

static _Noreturn void give_up(int status, const char *step) {
  step_failure failure = {.error = errno};
  strncpy(failure.step, step, sizeof failure.step - 1);
  ssize_t unused = write(status, &failure, sizeof failure);
  (void)unused;
  _exit(127);
}

static void reset_signals(void) {
  sigset_t none;
  struct sigaction plain = {.sa_handler = SIG_DFL};
  for (int i = 1; i < NSIG; i++) (void)sigaction(i, &plain, NULL);
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All of ours are at FIRST_FREE_FD or above, so that none is overwritten before it is copied. */
static bool place_descriptors(const start_plan *plan) {
  const int wanted[] = {plan->null, plan->log, plan->log, plan->in, plan->out};
  for (int i = 0; i < 5; i++)
    if (dup2(wanted[i], i) < 0) return false;
  return dup3(plan->status, STATUS_FD, O_CLOEXEC) >= 0;
}

static void close_others(void) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, STATUS_FD + 1, ~0u, 0) == 0) return;
#endif
  long n = sysconf(_SC_OPEN_MAX);
  for (int i = STATUS_FD + 1; i < n; i++) close(i);
}

/* The kernel shall take a worker before the server. */
static void offer_to_oom_killer(void) {
  int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t unused = write(file, "500", 3);
  (void)unused;
  close(file);
}

static _Noreturn void become_program(const start_plan *plan) {
  const ock_spawn *spawn = plan->spawn;
  (void)setsid();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != plan->parent) give_up(plan->status, "tie it to the server");
  reset_signals();
  offer_to_oom_killer();
  if (!ock_cage_enter(spawn->cage)) give_up(plan->status, "put it into its group");
  if (!place_descriptors(plan)) give_up(plan->status, "give it its pipes");
  close_others();
  if (spawn->options->folder && chdir(spawn->options->folder)) give_up(STATUS_FD, "enter its folder");
  if (!ock_limits_apply(spawn->cage)) give_up(STATUS_FD, "limit it");
  if (!ock_sandbox_enter(spawn->sandbox)) give_up(STATUS_FD, "put it into its sandbox");
  execve(plan->program, plan->words, plan->environment);
  give_up(STATUS_FD, "run it");
}

/* ---- the parent ---- */

static void close_one(int *descriptor) {
  if (*descriptor >= 0) close(*descriptor);
  *descriptor = -1;
}

static int move_up(int descriptor) {
  int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
  int failure = errno;
  close(descriptor);
  errno = failure;
  return moved;
}

/* A pipe with one end for the child, moved out of the way, and ours, which does not block. */
static bool make_pipe(int *childs, int *ours, bool child_reads, int bytes) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return false;
  *ours = ends[child_reads];
  *childs = move_up(ends[!child_reads]);
  if (bytes) (void)fcntl(*ours, F_SETPIPE_SZ, bytes); /* the system's limit may be less */
  return *childs >= 0 && fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static ockham_status make_pipes(start_plan *plan, ock_child *child, int *status, ockham_error *err) {
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  plan->null = null < 0 ? -1 : move_up(null);
  if (plan->null < 0 || !make_pipe(&plan->in, &child->in, true, FRAME_PIPE_BYTES) ||
      !make_pipe(&plan->out, &child->out, false, FRAME_PIPE_BYTES) ||
      !make_pipe(&plan->log, &child->log, false, LOG_PIPE_BYTES) || !make_pipe(&plan->status, status, false, 0))
    return ock_fail(err, OCKHAM_IO, "cannot make a worker's pipes: %s", strerror(errno));
  return OCKHAM_OK;
}

static void close_childs_ends(start_plan *plan) {
  close_one(&plan->null);
  close_one(&plan->in);
  close_one(&plan->out);
  close_one(&plan->log);
  close_one(&plan->status);
}

/* Until the child has become the program (the end of the pipe, by exec) or said why it cannot. */
static ockham_status await_program(const start_plan *plan, ock_child *child, int status, ockham_error *err) {
  step_failure failure = {0};
  (void)fcntl(status, F_SETFL, 0);
  ssize_t n;
  do n = read(status, &failure, sizeof failure);
  while (n < 0 && errno == EINTR);
  if (n != (ssize_t)sizeof failure) return OCKHAM_OK; /* should it have died before that, its death will tell */
  while (waitpid(child->process, NULL, 0) < 0 && errno == EINTR) {
  }
  child->process = 0;
  return ock_fail(err, OCKHAM_IO, "cannot start '%s' (%s): %s", plan->spawn->options->command[0], failure.step,
                  strerror(failure.error));
}

static int open_handle(pid_t process) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, process, 0);
#else
  (void)process;
  return -1;
#endif
}

/* vfork(), as fork() would copy the tables of all of the server's memory (50 ms for 2 GB), and stop its other threads
 * where they touch new memory. The child uses the memory of this thread, which waits, until it is the program or gone:
 * it only writes to its own frames. With all signals blocked, so that no handler of the server runs in it. */
static pid_t fork_quietly(const start_plan *plan) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t process = vfork();
  if (process == 0) become_program(plan);
  int failure = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = failure;
  return process;
}

static ockham_status start(start_plan *plan, ock_child *child, ockham_error *err) {
  int status = -1;
  OCK_TRY(find_program(plan, err));
  OCK_TRY(make_environment(plan, err));
  ockham_status result = make_pipes(plan, child, &status, err);
  if (!result) {
    child->process = fork_quietly(plan);
    if (child->process < 0) result = ock_fail(err, OCKHAM_IO, "cannot start a process: %s", strerror(errno));
  }
  close_childs_ends(plan);
  if (!result) result = await_program(plan, child, status, err);
  if (!result) child->handle = open_handle(child->process);
  close_one(&status);
  return result;
}

ockham_status ock_spawn_child(const ock_spawn *spawn, ock_child *child, ockham_error *err) {
  start_plan plan = {.spawn = spawn, .null = -1, .in = -1, .out = -1, .log = -1, .status = -1, .parent = getpid()};
  *child = (ock_child){.handle = -1, .in = -1, .out = -1, .log = -1};
  ockham_status status = start(&plan, child, err);
  ock_arena_clear(&plan.arena);
  if (status) {
    ock_child_close(child);
    child->process = 0;
  }
  return status;
}

void ock_child_close(ock_child *child) {
  close_one(&child->handle);
  close_one(&child->in);
  close_one(&child->out);
  close_one(&child->log);
}
