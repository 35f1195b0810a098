/* SPDX-License-Identifier: Apache-2.0 */
/* A hand that is a process. process.c: what hand.h asks for; pump.c: its pipes; death.c: its end and what is told of
 * it. */
#ifndef OCK_WORKER_PROCESS_H
#define OCK_WORKER_PROCESS_H

#include <time.h>

#include "worker/frame.h"
#include "worker/log.h"
#include "worker/spawn.h"

typedef struct ock_process {
  ock_child child; /* its process is 0 when there is none */
  clockid_t cpu_clock;
  bool has_cpu_clock;
  ock_cage cage;
  ock_sandbox sandbox;
  bool is_prepared; /* these two are made */
  ock_frame_reader reader;
  ock_log log;
  bool log_ended;
  ock_buffer outgoing; /* a frame, of which n_sent bytes are on their way */
  size_t n_sent;
  uint64_t out_ended_ns; /* it closed its frames then; 0: not */
  bool is_ready;         /* it said HELLO */
  bool json;             /* its "encoding" */
  uint32_t last_id;
  uint64_t pinged_ns;  /* when it was asked and has not answered; 0: it has */
  uint64_t sampled_ns; /* when its memory was last looked at */
  /* under the hand's lock */
  double ended_cpu_seconds; /* of those before */
  uint64_t peak_memory_bytes;
} ock_process;

/* ---- pump.c ---- */

typedef enum ock_got { OCK_GOT_FRAME, OCK_GOT_DEATH, OCK_GOT_WAKE, OCK_GOT_TIME, OCK_GOT_GARBAGE } ock_got;
/* Move bytes until something happened: a frame came (but PONG is dealt with here), it died (all frames from before were
 * given), hand->wake is readable, until_ns has come, or it broke the rules, as *err says. */
ock_got ock_pump(ock_hand *hand, ock_process *process, uint64_t until_ns, ockham_error *err);
/* Put a frame's header into the room that was left for it at the start of `outgoing`, and begin to send. */
void ock_pump_send(ock_process *process, unsigned type, uint32_t id);

/* ---- death.c ---- */

uint64_t ock_process_cpu_ns(const ock_process *process); /* so far; 0: not known */
/* Its memory now, and note the peak; the hand's lock is held. */
uint64_t ock_process_sample(ock_process *process);

typedef struct ock_death {
  const char *reason; /* why the server ends it; NULL: it ended by itself */
  const ock_job *job; /* that it was at; NULL: none */
  uint64_t started_ns;
  uint64_t grace_ms; /* let it end by itself for so long */
  bool quiet;        /* nobody needs to know */
} ock_death;
/* End it if it has not ended, with all that it started; tell DIED. `text` gets the certificate. Returns its CPU time.
 */
uint64_t ock_process_end(ock_hand *hand, ock_process *process, const ock_death *death, char *text, size_t size);

#endif
