/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/process.h"

enum { HINT_BYTES = 4096, MOST_LAST_READS = 256 };
static const uint64_t kill_wait_ns = (uint64_t)10 * 1000000000u;

/* ---- what it used ---- */

uint64_t ock_process_cpu_ns(const ock_process *process) {
  struct timespec used;
  if (!process->has_cpu_clock || clock_gettime(process->cpu_clock, &used)) return 0;
  return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static uint64_t find_kilobytes(const char *text, const char *key) {
  const char *at = strstr(text, key);
  return at ? strtoull(at + strlen(key), NULL, 10) * 1024 : 0;
}

/* The peak is of the program alone; ru_maxrss would begin with that of the server it was forked from. */
void ock_memory_of(long process, uint64_t *now, uint64_t *peak) {
  char path[48], text[4096];
  snprintf(path, sizeof path, "/proc/%ld/status", process);
  FILE *file = fopen(path, "re");
  size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
  if (file) fclose(file);
  text[n] = '\0';
  *now = find_kilobytes(text, "VmRSS:");
  *peak = find_kilobytes(text, "VmHWM:");
}

uint64_t ock_process_sample(ock_process *process) {
  uint64_t now, peak;
  if (!process->child.process) return 0;
  ock_memory_of((long)process->child.process, &now, &peak);
  if (peak > process->peak_memory_bytes) process->peak_memory_bytes = peak;
  return now;
}

/* ---- ending it ---- */

static bool is_over(const ock_process *process) {
  siginfo_t info = {0};
  return waitid(P_PID, (id_t)process->child.process, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

/* Ask it to end, and let it for a while. */
static void let_end(ock_hand *hand, ock_process *process, uint64_t grace_ms) {
  bool idle = process->n_sent == process->outgoing.size;
  process->outgoing.size = 0;
  if (idle && ock_buffer_room(&process->outgoing, OCK_FRAME_HEADER)) {
    process->outgoing.size = OCK_FRAME_HEADER;
    ock_pump_send(process, OCK_FRAME_SHUTDOWN, 0);
  }
  close(process->child.in);
  process->child.in = -1;
  process->outgoing.size = process->n_sent = 0;
  uint64_t until = ock_clock_ns() + grace_ms * 1000000u;
  while (ock_clock_ns() < until && !is_over(process)) {
    struct pollfd watched[] = {{.fd = process->child.handle, .events = POLLIN},
                               {.fd = process->log_ended ? -1 : process->child.log, .events = POLLIN}};
    (void)poll(watched, 2, process->child.handle < 0 ? 5 : (int)grace_ms);
    if (watched[1].revents) process->log_ended = ock_log_read(&process->log, process->child.log, hand) == OCK_LOG_ENDED;
  }
}

/* Its whole group: what it started has no use without it. */
static void kill_all(const ock_process *process) {
  (void)kill(-process->child.process, SIGKILL);
  (void)kill(process->child.process, SIGKILL);
  uint64_t until = ock_clock_ns() + kill_wait_ns;
  while (!is_over(process) && ock_clock_ns() < until) {
    struct pollfd watched = {.fd = process->child.handle, .events = POLLIN};
    (void)poll(&watched, 1, process->child.handle < 0 ? 5 : 1000);
  }
}

static void read_rest_of_log(ock_hand *hand, ock_process *process) {
  for (int i = 0; i < MOST_LAST_READS && !process->log_ended; i++) {
    ock_log_state state = ock_log_read(&process->log, process->child.log, hand);
    if (state == OCK_LOG_EMPTY) break;
    process->log_ended = state == OCK_LOG_ENDED;
  }
  ock_log_end(&process->log, hand);
}

static double as_seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static int reap(ock_hand *hand, ock_process *process) {
  struct rusage used = {0};
  int status = 0;
  pthread_mutex_lock(&hand->lock);
  if (wait4(process->child.process, &status, WNOHANG, &used) == process->child.process)
    process->ended_cpu_seconds += as_seconds(used.ru_utime) + as_seconds(used.ru_stime);
  process->child.process = 0;
  process->has_cpu_clock = false;
  pthread_mutex_unlock(&hand->lock);
  return status;
}

/* ---- the certificate ---- */

static bool has_said(const ock_log *log, const char *const *words) {
  char text[HINT_BYTES + 1];
  size_t size, n;
  const char *tail = ock_log_tail(log, &size);
  n = size < HINT_BYTES ? size : HINT_BYTES;
  if (n) memcpy(text, tail + size - n, n);
  text[n] = '\0';
  for (; *words; words++)
    if (strstr(text, *words)) return true;
  return false;
}

/* Where the kernel does not say that a limit was reached, the program may have. */
static void find_hint(const ock_process *process, char *text, size_t size) {
  static const char *const memory_words[] = {"MemoryError", "bad_alloc", "annot allocate memory", "ut of memory", NULL};
  static const char *const file_words[] = {"oo many open files", NULL};
  const ock_limits *limits = &process->cage.limits;
  char limit[32];
  if (limits->memory_bytes && has_said(&process->log, memory_words)) {
    ock_limits_size_text(limits->memory_bytes, limit, sizeof limit);
    snprintf(text, size, "memory limit of %s reached, as it says", limit);
  } else if (limits->n_files && has_said(&process->log, file_words)) {
    snprintf(text, size, "limit of %" PRIu64 " open files reached, as it says", limits->n_files);
  }
}

static void find_cause(const ock_process *process, int status, char *text, size_t size) {
  char limit[32];
  ock_cage_reached(&process->cage, text, size);
  if (text[0]) return;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) {
    ock_limits_size_text(process->cage.limits.file_bytes, limit, sizeof limit);
    snprintf(text, size, "limit of %s for a file reached", limit);
  } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
    snprintf(text, size, "it asked for a system call that its sandbox does not know");
  } else {
    find_hint(process, text, size);
  }
}

static void describe_end(const ock_death *death, int status, char *text, size_t size) {
  if (death->reason)
    snprintf(text, size, "was ended: %.200s", death->reason);
  else if (WIFSIGNALED(status))
    snprintf(text, size, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
  else
    snprintf(text, size, "exited with code %d", WEXITSTATUS(status));
}

static void describe_work(const ock_process *process, const ock_death *death, uint64_t now, char *text, size_t size) {
  double running = (double)(now - death->started_ns) * 1e-9;
  if (death->job && death->job->request_id)
    snprintf(text, size, "last request %.80s, running for %.3f s", death->job->request_id, running);
  else if (death->job)
    snprintf(text, size, "it was at a request, running for %.3f s", running);
  else
    snprintf(text, size, process->is_ready ? "it had nothing to do" : "it was not ready yet");
}

static void write_certificate(ock_hand *hand, const ock_process *process, const ock_death *death, int status,
                              uint64_t now, char *text, size_t size) {
  char end[256], cause[160], work[160];
  describe_end(death, status, end, sizeof end);
  find_cause(process, status, cause, sizeof cause);
  describe_work(process, death, now, work, sizeof work);
  snprintf(text, size, "worker %zu (process %ld) %s%s%s; %s", hand->index, hand->process, end, cause[0] ? ": " : "",
           cause, work);
}

static void tell(ock_hand *hand, const ock_process *process, const ock_death *death, int status, const char *text) {
  ock_worker_event event = {.kind = OCK_WORKER_DIED, .text = text, .exit_code = -1};
  event.stderr_tail = ock_log_tail(&process->log, &event.stderr_size);
  if (WIFSIGNALED(status)) event.signal = WTERMSIG(status);
  if (WIFEXITED(status)) event.exit_code = WEXITSTATUS(status);
  if (death->job) event.request_id = death->job->request_id, event.hash = death->job->hash;
  ock_hand_tell(hand, &event);
}

uint64_t ock_process_end(ock_hand *hand, ock_process *process, const ock_death *death, char *text, size_t size) {
  uint64_t now = ock_clock_ns();
  if (death->grace_ms && !is_over(process)) let_end(hand, process, death->grace_ms);
  kill_all(process);
  uint64_t cpu_ns = ock_process_cpu_ns(process);
  ock_cage_kill(&process->cage);
  read_rest_of_log(hand, process);
  int status = reap(hand, process);
  write_certificate(hand, process, death, status, now, text, size);
  if (!death->quiet) tell(hand, process, death, status, text);
  return cpu_ns;
}
