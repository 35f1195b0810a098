/* SPDX-License-Identifier: Apache-2.0 */
/* What a process prints: read as fast as it comes, the last 64 KB kept, lines passed on as long as they are not too
 * many. */
#ifndef OCK_WORKER_LOG_H
#define OCK_WORKER_LOG_H

#include "worker/hand.h"

enum { OCK_LOG_KEPT = 64 * 1024, OCK_LOG_BYTES = 2 * OCK_LOG_KEPT };

/* Zero-initialise, then ock_log_begin() for each process; ock_log_clear(). */
typedef struct ock_log {
  char *bytes; /* OCK_LOG_BYTES of them */
  size_t size;
  size_t line;   /* where the line begins that is not complete yet */
  bool cut;      /* the start of that line was told already: the rest is not */
  double tokens; /* lines that may be told now */
  uint64_t refilled_ns, n_left_out;
} ock_log;
ockham_status ock_log_begin(ock_log *log, ockham_error *err);
typedef enum ock_log_state { OCK_LOG_MORE, OCK_LOG_EMPTY, OCK_LOG_ENDED } ock_log_state;
/* Read once, up to 64 KB, and tell the lines. */
ock_log_state ock_log_read(ock_log *log, int descriptor, ock_hand *hand);
/* Tell what has not been: a line without an end, and how many were left out. */
void ock_log_end(ock_log *log, ock_hand *hand);
const char *ock_log_tail(const ock_log *log, size_t *size);
/* The last line that is not empty, cut to size - 1 bytes; "" when there is none. */
void ock_log_last_line(const ock_log *log, char *text, size_t size);
void ock_log_clear(ock_log *log);

#endif
