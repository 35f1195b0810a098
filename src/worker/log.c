/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { MOST_LINE = 1000, BURST = 200, LINES_PER_SECOND = 50 };

ockham_status ock_log_begin(ock_log *log, ockham_error *err) {
  if (!log->bytes) log->bytes = ock_alloc(OCK_LOG_BYTES);
  if (!log->bytes) return ock_fail_memory(err, "a worker's log", OCK_LOG_BYTES);
  log->size = log->line = 0;
  log->cut = false;
  return OCKHAM_OK;
}

void ock_log_clear(ock_log *log) {
  ock_free(log->bytes);
  *log = (ock_log){0};
}

/* ---- telling ---- */

static void tell(ock_hand *hand, const char *text) {
  ock_worker_event event = {.kind = OCK_WORKER_LOG, .text = text, .exit_code = -1};
  ock_hand_tell(hand, &event);
}

static bool may_tell(ock_log *log) {
  uint64_t now = ock_clock_ns();
  log->tokens += log->refilled_ns ? (double)(now - log->refilled_ns) * 1e-9 * LINES_PER_SECOND : BURST;
  log->refilled_ns = now;
  if (log->tokens > BURST) log->tokens = BURST;
  if (log->tokens < 1) return false;
  log->tokens -= 1;
  return true;
}

static void tell_left_out(ock_log *log, ock_hand *hand) {
  char text[80];
  if (!log->n_left_out) return;
  snprintf(text, sizeof text, "(%" PRIu64 " lines left out)", log->n_left_out);
  log->n_left_out = 0;
  tell(hand, text);
}

static void tell_line(ock_log *log, const char *line, size_t length, ock_hand *hand) {
  char text[MOST_LINE + 4];
  if (length && line[length - 1] == '\r') length--;
  if (length == 0) return;
  if (!may_tell(log)) {
    log->n_left_out++;
    return;
  }
  tell_left_out(log, hand);
  size_t n = length < MOST_LINE ? length : MOST_LINE;
  memcpy(text, line, n);
  for (size_t i = 0; i < n; i++) /* a terminal that shows the log shall not obey it */
    if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f) text[i] = ' ';
  memcpy(text + n, length > n ? "..." : "", length > n ? 4 : 1);
  tell(hand, text);
}

static void tell_lines(ock_log *log, size_t searched, ock_hand *hand) {
  char *end;
  while ((end = memchr(log->bytes + searched, '\n', log->size - searched))) {
    if (!log->cut) tell_line(log, log->bytes + log->line, (size_t)(end - log->bytes) - log->line, hand);
    log->cut = false;
    log->line = searched = (size_t)(end - log->bytes) + 1;
  }
  if (!log->cut && log->size - log->line > MOST_LINE) {
    tell_line(log, log->bytes + log->line, log->size - log->line, hand);
    log->cut = true;
  }
}

/* ---- reading ---- */

static void make_room(ock_log *log) {
  if (log->size <= OCK_LOG_KEPT) return;
  size_t dropped = log->size - OCK_LOG_KEPT;
  memmove(log->bytes, log->bytes + dropped, OCK_LOG_KEPT);
  log->size = OCK_LOG_KEPT;
  log->line = log->line > dropped ? log->line - dropped : 0;
}

ock_log_state ock_log_read(ock_log *log, int descriptor, ock_hand *hand) {
  make_room(log);
  ssize_t n = read(descriptor, log->bytes + log->size, OCK_LOG_BYTES - log->size);
  if (n < 0) return errno == EINTR ? OCK_LOG_MORE : errno == EAGAIN ? OCK_LOG_EMPTY : OCK_LOG_ENDED;
  if (n == 0) return OCK_LOG_ENDED;
  size_t searched = log->size;
  log->size += (size_t)n;
  tell_lines(log, searched, hand);
  return OCK_LOG_MORE;
}

void ock_log_end(ock_log *log, ock_hand *hand) {
  if (!log->cut && log->size > log->line) tell_line(log, log->bytes + log->line, log->size - log->line, hand);
  log->line = log->size;
  tell_left_out(log, hand);
}

const char *ock_log_tail(const ock_log *log, size_t *size) {
  *size = log->size < OCK_LOG_KEPT ? log->size : OCK_LOG_KEPT;
  return log->bytes ? log->bytes + log->size - *size : "";
}

void ock_log_last_line(const ock_log *log, char *text, size_t size) {
  size_t end = log->bytes ? log->size : 0;
  while (end && (log->bytes[end - 1] == '\n' || log->bytes[end - 1] == '\r' || log->bytes[end - 1] == ' ')) end--;
  size_t start = end;
  while (start && log->bytes[start - 1] != '\n') start--;
  size_t n = end - start < size - 1 ? end - start : size - 1;
  if (n) memcpy(text, log->bytes + start, n);
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)text[i] < ' ') text[i] = ' ';
  text[n] = '\0';
}
