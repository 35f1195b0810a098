/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a crew. crew.c: the queue and what others call; shift.c: a hand's thread; keeper.c: the thread that
 * answers for jobs whose time is over; trouble.c: the breaker and quarantine; options.c: the copy of the options.
 *
 * A job is ANSWERED once somebody claimed it under the crew's mutex; who did fills in its outcome and calls done,
 * outside the mutex, and gives up the crew's reference. */
#ifndef OCK_WORKER_CREW_H
#define OCK_WORKER_CREW_H

#include <stdatomic.h>

#include "worker/hand.h"

typedef enum job_state { JOB_NEW, JOB_WAITING, JOB_RUNNING, JOB_ANSWERED } job_state;

typedef struct ock_job_private {
  atomic_size_t references;
  job_state state;
  bool cancelled;
  ock_job *previous, *next; /* in the queue, or in a list of claimed ones (next only) */
} ock_job_private;

typedef struct member { /* a hand, as the crew sees it */
  ock_hand hand;
  pthread_t thread;
  ock_job *job; /* that it is at; NULL: none */
  uint64_t job_started_ns;
  bool up, idle;
  struct member *next_idle;
  size_t failures;   /* since it last answered a job */
  uint64_t retry_ns; /* when it is opened again; 0: it is being opened, or up */
  bool failed_once;  /* its first open came to nothing */
} member;

enum { SUSPECTS = 256 };
typedef struct suspect {
  uint64_t hash, seen_ns;
  size_t n_killed;
} suspect;

struct ock_crew {
  ock_crew_options options;
  ock_arena arena; /* what options point to */
  const ock_hand_kind *kind;
  char limits[256];
  pthread_mutex_t mutex;  /* of all that follows, except as noted */
  pthread_cond_t changed; /* a hand came up or failed, or the last job was answered */
  ock_job *first, *last;  /* waiting */
  size_t n_waiting, n_unanswered;
  member *members;
  size_t n_started; /* of their threads */
  member *idle;
  size_t n_up, n_busy;
  atomic_bool ending;
  bool stopping, closed;
  double mean_service_ns;
  uint64_t n_starts, n_deaths, n_quarantined, n_refused;
  ockham_error last_failure; /* of an open */
  uint64_t told_ns;          /* when one was told of last; of a server */
  uint64_t told_starts;      /* n_starts then */
  /* trouble.c */
  size_t failures_in_row;
  bool breaker_open;
  uint64_t trial_ns; /* when an open breaker lets the next job through */
  suspect suspects[SUSPECTS];
  size_t n_suspects;
  /* keeper.c */
  pthread_t keeper;
  pthread_cond_t tick;
  uint64_t keeper_wake_ns; /* 0: it sleeps until there is something */
  bool keeper_called, keeper_ending;
  /* set once */
  ock_schema schema;
  _Atomic(const ock_schema *) known_schema;
};

ockham_status ock_crew_copy_options(ock_crew *crew, const ock_crew_options *options, ockham_error *err);

/* ---- crew.c; the mutex is held unless noted ---- */

/* Take a job out of the queue, or off its hand: from now on it is the caller's to answer. */
void ock_crew_claim(ock_crew *crew, ock_job *job);
/* A claimed job's outcome, done, and the end of the crew's reference. Not with the mutex. */
OCK_PRINTF(4, 5)
void ock_crew_answer(ock_crew *crew, ock_job *job, ock_outcome outcome, const char *format, ...);
void ock_crew_push_front(ock_crew *crew, ock_job *job);
void ock_crew_wake_one(ock_crew *crew);
/* Claim all that wait into a list by own->next, and answer such a list (without the mutex). */
ock_job *ock_crew_claim_waiting(ock_crew *crew);
OCK_PRINTF(4, 5)
void ock_crew_answer_all(ock_crew *crew, ock_job *list, ock_outcome outcome, const char *format, ...);
uint64_t ock_crew_timeout_ns(const ock_crew *crew);          /* no mutex */
void ock_crew_tell(ock_crew *crew, ock_worker_event *event); /* no mutex */

/* ---- shift.c, keeper.c ---- */

void *ock_shift_run(void *member);
void *ock_keeper_run(void *crew);
/* There is something to do at `when_ns` (0: now). */
void ock_keeper_call(ock_crew *crew, uint64_t when_ns);

/* ---- trouble.c: the mutex is held ---- */

/* A hand failed, or works. Return whether the breaker changed: then tell, once the mutex is free. */
bool ock_trouble_failed(ock_crew *crew);
bool ock_trouble_started(ock_crew *crew);
bool ock_trouble_answered(ock_crew *crew);
bool ock_trouble_lets_through(ock_crew *crew, uint64_t now); /* a job, by the breaker */
/* Blame a request for a death; true: it is in quarantine from now on. */
bool ock_trouble_blame(ock_crew *crew, uint64_t hash);
void ock_trouble_forgive(ock_crew *crew, uint64_t hash);
bool ock_trouble_knows(ock_crew *crew, uint64_t hash); /* it is in quarantine */

#endif
