/* SPDX-License-Identifier: Apache-2.0 */
/* A worker that does on request whatever a worker may do. Its model adds up the columns of each row of x; a first
 * number below 0 is something to do instead (the list of ACTIONS), with the second as its measure. The first word says
 * how it starts: "model", or what else `main` knows. */
#include "actor.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include "worker/helpers/ockham_worker.h"

static int in, out;
static uint32_t id;

static void sleep_ms(long ms) {
  struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  while (nanosleep(&pause, &pause) && errno == EINTR) {
  }
}

static void spin_ms(long ms) {
  struct timespec used;
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < ms);
}

static void answer_numbers(const double *numbers, long n) {
  ockham_call call = {0};
  double *y = ockham_output(&call, "y", "FP64", 1, &n, (size_t)n * 8);
  memcpy(y, numbers, (size_t)n * 8);
  ockham_send_outputs(out, id, &call);
  free(y);
}

static void answer_number(double number) {
  answer_numbers(&number, 1);
}

/* The right answer, byte by byte. */
static void answer_in_bytes(double number) {
  int ends[2];
  unsigned char bytes[4096];
  if (pipe(ends)) exit(9);
  int whole = out;
  out = ends[1];
  answer_number(number);
  out = whole;
  ssize_t n = read(ends[0], bytes, sizeof bytes);
  for (ssize_t i = 0; i < n; i++) ockham_write_all(out, bytes + i, 1);
  close(ends[0]);
  close(ends[1]);
}

static void answer_text(const char *text) {
  size_t length = strlen(text);
  unsigned char frame[512];
  ockham_put(frame + 16, (uint32_t)length, 4);
  memcpy(frame + 20, text, length);
  ockham_send(out, OCKHAM_RESULT, id, frame, length + 4);
}

static void flood(int descriptor, double mb) {
  static char line[1 << 16];
  memset(line, 'e', sizeof line);
  for (size_t i = 99; i < sizeof line; i += 100) line[i] = '\n';
  for (double written = 0; written < mb * 1048576; written += sizeof line)
    ockham_write_all(descriptor, line, sizeof line);
}

static void eat_memory(double mb) {
  for (double eaten = 0; eaten < mb; eaten++) {
    volatile char *block = malloc(1 << 20); /* or the compiler does without it */
    if (!block) {
      fprintf(stderr, "MemoryError: no more than %.0f MB\n", eaten);
      abort();
    }
    for (int i = 0; i < 1 << 20; i += 4096) block[i] = 1;
  }
}

static double count_forks(void) {
  int n = 0;
  for (; n < 300; n++) {
    pid_t child = fork();
    if (child < 0) break;
    if (child == 0) {
      pause();
      _exit(0);
    }
  }
  return n;
}

static double count_files(void) {
  int n = 0;
  while (n < 100000 && dup(2) >= 0) n++;
  for (int i = 5; i < n + 10; i++) close(i);
  return n;
}

static double error_of(long result) {
  return result < 0 ? errno : 0;
}

static void try_system(void) {
  double errors[] = {error_of(ptrace(PTRACE_TRACEME, 0, 0, 0)),
                     error_of(mount("none", "/tmp", "tmpfs", 0, "")),
                     error_of(unshare(CLONE_NEWUSER)),
                     error_of(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)),
                     error_of(syscall(SYS_bpf, 0, 0, 0)),
                     error_of(syscall(SYS_keyctl, 0, 0, 0, 0, 0)),
                     error_of(syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0)),
                     error_of(kill(getppid(), 0)),
                     error_of(kill(-getpgid(getppid()), 0)),
                     error_of(kill(-1, 0)),
                     error_of(kill(0, 0)), /* its own group */
                     error_of(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : (errno = EINVAL, -1))};
  answer_numbers(errors, sizeof errors / sizeof errors[0]);
}

/* Ports of this machine, so that only the sandbox can be what denies it. */
static void try_network(double port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int tcp = socket(AF_INET, SOCK_STREAM, 0), tcp_error = errno;
  double errors[] = {tcp < 0 ? tcp_error : error_of(connect(tcp, (struct sockaddr *)&address, sizeof address)),
                     error_of(socket(AF_INET6, SOCK_DGRAM, 0)),
                     error_of(socket(AF_PACKET, SOCK_RAW, 0)),
                     error_of(socket(AF_NETLINK, SOCK_RAW, 0)),
                     error_of(syscall(425 /* io_uring_setup */, 1, 0)),
                     error_of(socket(AF_UNIX, SOCK_STREAM, 0))};
  answer_numbers(errors, sizeof errors / sizeof errors[0]);
}

static double count_open(void) {
  DIR *folder = opendir("/proc/self/fd");
  int n = -1; /* the folder's own */
  while (folder && readdir(folder)) n++;
  closedir(folder);
  return n - 2; /* . and .. */
}

static void tell_about_itself(void) {
  sigset_t blocked;
  struct sigaction pipe_action;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  sigaction(SIGPIPE, NULL, &pipe_action);
  int n_blocked = 0;
  for (int i = 1; i < 32; i++) n_blocked += sigismember(&blocked, i) == 1;
  double facts[] = {count_open(), getsid(0) == getpid(), getpgrp() == getpid(), n_blocked,
                    pipe_action.sa_handler == SIG_DFL};
  answer_numbers(facts, sizeof facts / sizeof facts[0]);
}

static void leave_a_child(bool in_own_session) {
  if (fork() == 0) {
    if (in_own_session) setsid();
    sleep_ms(600000);
    _exit(0);
  }
}

static void write_file(double mb) {
  char path[] = "/tmp/ockham-actor-XXXXXX";
  int file = mkstemp(path);
  unlink(path);
  flood(file, mb);
}

static long call_by_other_numbers(void) {
#ifdef __x86_64__
  long result; /* getpid of 32 bits */
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
  return result;
#else
  return getpid();
#endif
}

static void act(int action, const double *x, double sum) {
  static const unsigned char oversized[16] = {'O', 'C', 'K', 1, 3, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0};
  switch (action) {
    case ACT_HANG:
      sleep_ms(600000);
      break;
    case ACT_EXIT:
      fprintf(stderr, "giving up\nfor good");
      exit(3);
    case ACT_KILL:
      raise(SIGKILL);
      break;
    case ACT_GARBAGE:
      ockham_write_all(out, "this is no frame at all, is it", 30);
      sleep_ms(600000);
      break;
    case ACT_OVERSIZED:
      ockham_write_all(out, oversized, 16);
      sleep_ms(600000);
      break;
    case ACT_WRONG_ID:
      id++;
      answer_number(sum);
      break;
    case ACT_BYTES:
      answer_in_bytes(sum);
      break;
    case ACT_NOISE:
      printf("OCK\1 \033[2Jhello\n");
      fflush(stdout);
      flood(1, 0.01);
      answer_number(sum);
      break;
    case ACT_FLOOD:
      flood(2, x[1]);
      answer_number(sum);
      break;
    case ACT_EAT:
      eat_memory(x[1]);
      answer_number(sum);
      break;
    case ACT_FORKS:
      answer_number(count_forks());
      break;
    case ACT_SPIN:
      spin_ms((long)x[1]);
      answer_number(sum);
      break;
    case ACT_FILES:
      answer_number(count_files());
      break;
    case ACT_SYSTEM:
      try_system();
      break;
    case ACT_NETWORK:
      try_network(x[1]);
      break;
    case ACT_HALF:
      ockham_write_all(out, oversized, 9);
      raise(SIGKILL);
      break;
    case ACT_BAD_JSON:
      answer_text("{\"outputs\": [}");
      break;
    case ACT_BAD_NAME:
      answer_text("{\"outputs\":[{\"name\":\"z\",\"datatype\":\"FP64\",\"shape\":[1],\"data\":[1]}]}");
      break;
    case ACT_NO_OUTPUT:
      answer_text("{\"outputs\":[]}");
      break;
    case ACT_REFUSE:
      ockham_send_error(out, id, "no \"such\"\nthing", 400);
      break;
    case ACT_FAIL:
      ockham_send_error(out, id, "it broke", 500);
      break;
    case ACT_SLEEP:
      sleep_ms((long)x[1]);
      answer_number(sum);
      break;
    case ACT_CLOSE:
      close(out);
      sleep_ms(600000);
      break;
    case ACT_BIG_FILE:
      write_file(x[1]);
      answer_number(sum);
      break;
    case ACT_OTHER_NUMBERS:
      answer_number((double)call_by_other_numbers());
      break;
    case ACT_SELF:
      tell_about_itself();
      break;
    case ACT_CHILD:
      leave_a_child(x[1] > 0);
      raise(SIGKILL);
      break;
    case ACT_ANSWER_AND_DIE:
      answer_number(sum);
      raise(SIGKILL);
      break;
    case ACT_TWICE:
      answer_number(sum);
      answer_number(sum);
      break;
    case ACT_PROCESS:
      answer_number(getpid());
      break;
    default:
      exit(8);
  }
}

static void answer(const unsigned char *payload, size_t size) {
  ockham_call call = {0};
  if (ockham_read_request(payload, size, &call) || call.n_inputs != 1) exit(7);
  const ockham_tensor *x = &call.inputs[0];
  const double *data = x->data;
  long n = x->shape[0];
  double *sums = calloc((size_t)n + 1, sizeof *sums);
  for (long i = 0; i < n; i++)
    for (long j = 0; j < 4; j++) sums[i] += data[i * 4 + j];
  if (n && data[0] < 0)
    act((int)-data[0], data, sums[0]);
  else
    answer_numbers(sums, n);
  free(sums);
  free(x->data);
}

static int run(const char *hello, bool answers_pings) {
  unsigned char header[16];
  ockham_send_text(out, OCKHAM_HELLO, 0, hello);
  while (ockham_read_all(in, header, 16) == 0) {
    uint32_t type = ockham_get(header + 4, 2), length = ockham_get(header + 8, 4);
    id = ockham_get(header + 12, 4);
    unsigned char *payload = malloc(length + 1);
    if (ockham_read_all(in, payload, length)) return 1;
    if (type == OCKHAM_INFER) answer(payload, length);
    if (type == OCKHAM_PING && answers_pings) ockham_send_text(out, OCKHAM_PONG, id, "");
    free(payload);
    if (type == OCKHAM_SHUTDOWN) return 0;
  }
  return 1;
}

/* Plain JSON both ways, without a parser: the answer is always y = [7]. */
static int run_json(void) {
  unsigned char header[16], frame[256];
  static const char text[] = "{\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP64\",\"shape\":[1],\"data\":[7]}]}";
  ockham_send_text(out, OCKHAM_HELLO, 0, ACTOR_JSON_HELLO);
  while (ockham_read_all(in, header, 16) == 0) {
    uint32_t type = ockham_get(header + 4, 2), length = ockham_get(header + 8, 4);
    id = ockham_get(header + 12, 4);
    char *payload = calloc(length + 1, 1);
    if (ockham_read_all(in, payload, length)) return 1;
    fprintf(stderr, "%s\n", payload);
    memcpy(frame + 16, text, sizeof text - 1);
    if (type == OCKHAM_INFER && payload[0] == '{') ockham_send(out, OCKHAM_RESULT, id, frame, sizeof text - 1);
    free(payload);
    if (type == OCKHAM_SHUTDOWN) return 0;
  }
  return 1;
}

static const char *count_starts(const char *path) { /* "1" the first time, then "2", ... */
  static char text[2];
  FILE *file = fopen(path, "a+");
  fputc('x', file);
  text[0] = (char)('0' + ftell(file));
  fclose(file);
  return text;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (!getenv("OCKHAM_IN")) return 2;
  in = atoi(getenv("OCKHAM_IN"));
  out = atoi(getenv("OCKHAM_OUT"));
  printf("printed before hello\n");
  fflush(stdout);
  if (strcmp(mode, "model") == 0) return run(ACTOR_HELLO, true);
  if (strcmp(mode, "no-pong") == 0) return run(ACTOR_HELLO, false);
  if (strcmp(mode, "json") == 0) return run_json();
  if (strcmp(mode, "silent") == 0) sleep_ms(600000);
  if (strcmp(mode, "bad-hello") == 0) return run("{\"inputs\": 3}", true);
  if (strcmp(mode, "no-hello") == 0) return ockham_send_text(out, OCKHAM_PONG, 0, "") + run("", true);
  if (strcmp(mode, "idle-death") == 0) {
    ockham_send_text(out, OCKHAM_HELLO, 0, ACTOR_HELLO);
    return sleep_ms(50), 4;
  }
  if (strcmp(mode, "other-hello") == 0)
    return run(count_starts(argv[2])[0] == '1' ? ACTOR_HELLO : ACTOR_JSON_HELLO, true);
  if (strcmp(mode, "fails-first") == 0 && count_starts(argv[2])[0] < argv[3][0]) return 5;
  if (strcmp(mode, "fails-first") == 0) return run(ACTOR_HELLO, true);
  fprintf(stderr, "no module named %s\n", mode);
  return 6;
}
