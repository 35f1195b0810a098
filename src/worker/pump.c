/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/process.h"

enum { LEAST_FRAME_LIMIT = 1 << 20 };
static const uint64_t blind_look_ns = 20000000;         /* without a pidfd */
static const uint64_t end_after_output_ns = 1000000000; /* to exit, once it closed its frames */

/* ---- sending ---- */

static void write_outgoing(ock_process *process) {
  ock_buffer *out = &process->outgoing;
  while (process->n_sent < out->size) {
    ssize_t n = write(process->child.in, out->bytes + process->n_sent, out->size - process->n_sent);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n < 0) process->n_sent = out->size; /* nobody reads it: it will die, or not answer in time */
    if (n > 0) process->n_sent += (size_t)n;
  }
}

void ock_pump_send(ock_process *process, unsigned type, uint32_t id) {
  ock_buffer *out = &process->outgoing;
  ock_frame frame = {.type = type, .length = (uint32_t)(out->size - OCK_FRAME_HEADER), .id = id};
  ock_frame_pack(&frame, (unsigned char *)out->bytes);
  process->n_sent = 0;
  write_outgoing(process);
}

/* ---- receiving ---- */

static size_t most_frame_bytes(const ock_hand *hand) {
  size_t most = hand->options->most_answer_bytes;
  return most > LEAST_FRAME_LIMIT ? most : LEAST_FRAME_LIMIT;
}

static ock_got read_frame(ock_hand *hand, ock_process *process, ockham_error *err) {
  ock_frame_state state;
  do {
    state = ock_frame_read(&process->reader, process->child.out, most_frame_bytes(hand), err);
    if (state == OCK_FRAME_READY && process->reader.frame.type != OCK_FRAME_PONG) return OCK_GOT_FRAME;
    if (state == OCK_FRAME_READY) process->pinged_ns = 0;
  } while (state == OCK_FRAME_READY);
  if (state == OCK_FRAME_WAIT) return OCK_GOT_TIME;
  if (state == OCK_FRAME_BAD && !process->reader.ended) return OCK_GOT_GARBAGE;
  /* the end; half a frame is what a death leaves, not a breach */
  if (!process->out_ended_ns) process->out_ended_ns = ock_clock_ns();
  return OCK_GOT_TIME;
}

static bool is_dead(const ock_process *process) {
  siginfo_t info = {0};
  return waitid(P_PID, (id_t)process->child.process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* It is dead, but what it sent before still counts. */
static ock_got read_last_frames(ock_hand *hand, ock_process *process) {
  ockham_error unused;
  return read_frame(hand, process, &unused) == OCK_GOT_FRAME ? OCK_GOT_FRAME : OCK_GOT_DEATH;
}

/* ---- the loop ---- */

enum { WAKE, OUT, LOG, DEATH, IN, N_WATCHED };

static uint64_t limit_wait(const ock_process *process, uint64_t until_ns, uint64_t now) {
  uint64_t until = until_ns;
  if (process->out_ended_ns && process->out_ended_ns + end_after_output_ns < until)
    until = process->out_ended_ns + end_after_output_ns;
  if (process->child.handle < 0 && now + blind_look_ns < until) until = now + blind_look_ns;
  return until > now ? until - now : 0;
}

static void wait_for_any(ock_hand *hand, ock_process *process, uint64_t until_ns, struct pollfd watched[N_WATCHED]) {
  uint64_t wait = limit_wait(process, until_ns, ock_clock_ns());
  struct timespec pause = ock_timespec(wait);
  bool sends = process->n_sent < process->outgoing.size;
  watched[WAKE] = (struct pollfd){.fd = hand->wake, .events = POLLIN};
  watched[OUT] = (struct pollfd){.fd = process->out_ended_ns ? -1 : process->child.out, .events = POLLIN};
  watched[LOG] = (struct pollfd){.fd = process->log_ended ? -1 : process->child.log, .events = POLLIN};
  watched[DEATH] = (struct pollfd){.fd = process->child.handle, .events = POLLIN};
  watched[IN] = (struct pollfd){.fd = sends ? process->child.in : -1, .events = POLLOUT};
  if (ppoll(watched, N_WATCHED, &pause, NULL) >= 0) return;
  for (int i = 0; i < N_WATCHED; i++) watched[i].revents = 0;
}

static ock_got look_at_death(ock_hand *hand, ock_process *process, bool handle_says, ockham_error *err) {
  if (handle_says || (process->child.handle < 0 && is_dead(process))) return read_last_frames(hand, process);
  if (!process->out_ended_ns || ock_clock_ns() < process->out_ended_ns + end_after_output_ns) return OCK_GOT_TIME;
  ock_fail(err, OCKHAM_BAD_DATA, "it closed its output and goes on");
  return OCK_GOT_GARBAGE;
}

/* What happened in one round; GOT_TIME: nothing that matters outside. */
static ock_got turn(ock_hand *hand, ock_process *process, uint64_t until_ns, ockham_error *err) {
  struct pollfd watched[N_WATCHED];
  wait_for_any(hand, process, until_ns, watched);
  if (watched[IN].revents) write_outgoing(process);
  if (watched[LOG].revents) process->log_ended = ock_log_read(&process->log, process->child.log, hand) == OCK_LOG_ENDED;
  ock_got got = watched[OUT].revents ? read_frame(hand, process, err) : OCK_GOT_TIME;
  if (got == OCK_GOT_TIME) got = look_at_death(hand, process, watched[DEATH].revents != 0, err);
  if (got == OCK_GOT_TIME && watched[WAKE].revents) got = OCK_GOT_WAKE;
  return got;
}

ock_got ock_pump(ock_hand *hand, ock_process *process, uint64_t until_ns, ockham_error *err) {
  if (process->reader.n_ahead) {
    ock_got got = read_frame(hand, process, err);
    if (got != OCK_GOT_TIME) return got;
  }
  for (;;) {
    ock_got got = turn(hand, process, until_ns, err);
    if (got != OCK_GOT_TIME) return got;
    if (ock_clock_ns() >= until_ns) return OCK_GOT_TIME;
  }
}
