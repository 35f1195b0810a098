/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of a crew: what a kind of hand (process.c, upstream.c, call.c) is, and what the crew does for it.
 *
 * A hand is a thread of the crew and the state of its kind. The thread does, until the crew ends:
 *   open   again after a growing pause for as long as it fails; then
 *   watch  while there is nothing to do, and
 *   call   for each job;
 *   close  when a call said `lost`, when watch said false, or at the end: after each open, also a failed one.
 * All of these run in that thread and never at once; only look comes from others, under the hand's lock. The crew does
 * the rest: the queue, deadlines and cancellation (a job's `done` may have been called while call still works on it:
 * its answer is thrown away then), retries, quarantine, the breaker, and the check of answers against the schema. */
#ifndef OCK_WORKER_HAND_H
#define OCK_WORKER_HAND_H

#include <pthread.h>

#include "worker/internal.h"

typedef struct ock_hand {
  ock_crew *crew;
  const ock_crew_options *options; /* the crew's copy: no field is 0 that has a default */
  size_t index;
  int wake;     /* readable when there is something new, such as the end: whoever waits, waits for this too, then calls
                   ock_hand_woken() and looks at ock_hand_is_ending() */
  long process; /* set by open where there is one: for messages; else 0 */
  void *state;  /* state_bytes of the kind, zero before the first open, kept until the crew ends */
  pthread_mutex_t lock; /* held during look; the kind holds it while it changes what look reads */
} ock_hand;

/* What came of a job. The crew zero-initialises it, and clears `answer` if it does not hand it on. */
typedef struct ock_hand_result {
  ock_outcome outcome; /* DONE, REFUSED, FAILED, BAD_ANSWER, DIED, TIMED_OUT, UNAVAILABLE, STOPPED (the crew ends) */
  ockham_error error;  /* one line, unless DONE; its status is of no consequence */
  ock_message answer;  /* when DONE */
  uint64_t cpu_ns, encode_ns, decode_ns;
  bool lost;   /* the hand must be closed and opened anew: a failure for the breaker and the back-off */
  bool blamed; /* the request may be what did it: two of these, and it is in quarantine */
  bool again;  /* another hand may try, once */
} ock_hand_result;

typedef struct ock_hand_figures {
  double cpu_seconds; /* of all it ever had */
  uint64_t memory_bytes, peak_memory_bytes;
} ock_hand_figures;

typedef struct ock_hand_kind {
  const char *noun; /* "worker", "server": for messages */
  size_t state_bytes;
  bool tells_deaths; /* it tells DIED itself, also of an open that failed; else the crew does, with the error as text */
  bool blocks;       /* call cannot end at the model's time-out: the crew then gives the answer TIMED_OUT meanwhile */
  /* Until it is ready for jobs, within options->startup_ms; returns early when the crew ends. It may fill the schema
   * (zero-initialised; the crew clears it): the first one becomes the crew's, later ones must be equal. */
  ockham_status (*open)(ock_hand *hand, ock_schema *schema, ockham_error *err);
  /* Nothing to do: return true once hand->wake is readable (leave it so), false when the hand is lost. NULL: the crew
   * waits for hand->wake alone. */
  bool (*watch)(ock_hand *hand);
  /* Do a job until `give_up_ns` (by ock_clock_ns(): the model's time-out), then TIMED_OUT. The request is the hand's
   * for that time: others only read it. When the crew ends, return soon with STOPPED. Of the job, use request and
   * request_id only. */
  void (*call)(ock_hand *hand, ock_job *job, uint64_t give_up_ns, ock_hand_result *result);
  void (*close)(ock_hand *hand);
  void (*look)(ock_hand *hand, ock_hand_figures *figures); /* NULL: all 0 */
  void (*free)(ock_hand *hand);                            /* what state holds, when the crew ends; NULL: nothing */
} ock_hand_kind;

extern const ock_hand_kind ock_hand_process, ock_hand_upstream, ock_hand_call;

/* ---- what the crew does for a hand ---- */

void ock_hand_wake(ock_hand *hand);            /* make hand->wake readable */
void ock_hand_woken(ock_hand *hand);           /* make it unreadable again */
bool ock_hand_is_ending(const ock_hand *hand); /* give up what you are at */
/* Wait for hand->wake, at most until `until_ns` (0: for ever); false when that time has come. */
bool ock_hand_wait(ock_hand *hand, uint64_t until_ns);
/* Tell an event: kind, text and what belongs to it are the caller's, the model, hand and process are filled in. */
void ock_hand_tell(ock_hand *hand, const ock_worker_event *event);

#endif
