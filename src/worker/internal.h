/* SPDX-License-Identifier: Apache-2.0 */
/* worker: who computes an answer, and how the rest is kept safe from it: processes that this server starts and limits,
 *   servers elsewhere, and functions of this process that take long.
 * Main types: ock_job (a request and its answer), ock_crew (a bounded queue and the hands that work it off, one thread
 *   a hand), ock_hand_kind (a table of functions: process.c, upstream.c, call.c).
 * Invariants: each job is done exactly once, whatever dies; a process has one job at a time, so that its CPU time and
 *   its death belong to that job; nothing that a process sends is believed before it was checked; what ends a process
 *   is known and told (exit code, signal, limit, stderr); a job that killed two is not tried a third time.
 * Threads: crews may be used from any thread; `done` and `told` come from a thread of the crew, never from a call into
 *   it, and without the crew's mutex.
 * Source: frames are listed in frame.h; limits in cgroups(7), getrlimit(2), seccomp(2). */
#ifndef OCK_WORKER_INTERNAL_H
#define OCK_WORKER_INTERNAL_H

#include <stdatomic.h>

#include "core/internal.h"
#include "wire/internal.h"

/* ---- jobs ---- */

/* X(name, HTTP status, Triton's reason, what it means) */
#define OCK_OUTCOME_LIST(X)                                                \
  X(DONE, 200, "", "answered")                                             \
  X(REFUSED, 400, "BACKEND", "the model refused the request")              \
  X(FAILED, 500, "BACKEND", "the model failed on the request")             \
  X(BAD_ANSWER, 502, "BACKEND", "the model's answer cannot be understood") \
  X(DIED, 502, "BACKEND", "the worker died on the request")                \
  X(TIMED_OUT, 504, "BACKEND", "the model took longer than its time-out")  \
  X(LATE, 504, "CANCELED", "the deadline passed")                          \
  X(TOO_LATE, 503, "REJECTED", "the deadline would pass before its turn")  \
  X(QUEUE_FULL, 503, "REJECTED", "the queue is full")                      \
  X(UNAVAILABLE, 503, "REJECTED", "no worker is up")                       \
  X(QUARANTINED, 422, "REJECTED", "the same request killed two workers")   \
  X(CANCELLED, 499, "CANCELED", "the client left")                         \
  X(STOPPED, 503, "REJECTED", "the model is being unloaded")
#define OCK_OUTCOME_ENUM(name, status, reason, text) OCK_##name,
typedef enum ock_outcome { OCK_OUTCOME_LIST(OCK_OUTCOME_ENUM) OCK_OUTCOME_COUNT } ock_outcome;
#undef OCK_OUTCOME_ENUM
int ock_outcome_status(ock_outcome outcome);
const char *ock_outcome_reason(ock_outcome outcome);
const char *ock_outcome_text(ock_outcome outcome);

/* Made by ock_job_new() with one reference; the caller fills the first part, then submits it, and reads the second part
 * once done was called. */
typedef struct ock_job {
  ock_message request;
  uint64_t hash;                        /* of the request's body: what quarantine goes by; 0: not known */
  uint64_t deadline_ns;                 /* by ock_clock_ns(); 0: none but the model's time-out */
  const char *request_id, *traceparent; /* for the log, for deaths and for servers; NULL: none. ock_job_name() */
  void (*done)(struct ock_job *job);    /* called exactly once for each job that was accepted */
  void *user;

  ock_message answer;
  ock_outcome outcome;
  ockham_error error;                          /* when it is not DONE */
  uint64_t queued_ns, started_ns, finished_ns; /* by ock_clock_ns(); started_ns is 0 when it never was */
  uint64_t cpu_ns;                             /* the process's CPU time for it, user and system; 0: not known */
  uint64_t encode_ns, decode_ns;               /* of it, packing the request and unpacking the answer */
  int attempts;                                /* how many workers had it */

  struct ock_job_private *own; /* the crew's */
} ock_job;
ock_job *ock_job_new(void); /* NULL: no memory */
/* Copy both into the request, which must be there already: a hand may look at them after `done`, when what the caller
 * had is gone. Without memory for it they stay NULL. */
void ock_job_name(ock_job *job, const char *request_id, const char *traceparent);
void ock_job_hold(ock_job *job);
void ock_job_release(ock_job *job);

/* ---- what a crew does ---- */

/* Something that people want to know of. Texts are valid during the call. */
typedef enum ock_worker_event_kind {
  OCK_WORKER_UP,
  OCK_WORKER_DIED,
  OCK_WORKER_LOG,
  OCK_QUARANTINE,
  OCK_BREAKER_OPEN,
  OCK_BREAKER_CLOSED
} ock_worker_event_kind;
typedef struct ock_worker_event {
  ock_worker_event_kind kind;
  const char *model, *version;
  size_t hand;
  long process;
  const char *text; /* one line: DIED: "worker 0 (process 4711) was killed by signal 9 (Killed): memory limit of 256
                       MB reached; last request r-17, running for 1.2 s"; LOG: a line of its stderr */
  const char *request_id;  /* DIED, QUARANTINE: the request it was at; NULL: none */
  uint64_t hash;           /* of that */
  const char *stderr_tail; /* DIED: the last 64 KB of its stderr; never NULL */
  size_t stderr_size;
  int exit_code, signal; /* DIED: -1, 0 when not so */
} ock_worker_event;

typedef struct ock_limits { /* 0: no limit */
  uint64_t memory_bytes, file_bytes, n_processes, n_files;
  double cpus; /* of CPU time a second */
  bool no_network, deny_syscalls;
} ock_limits;

typedef struct ock_crew_options {
  const char *model, *version;          /* for messages */
  size_t n_hands;                       /* 0: 1 */
  size_t queue_length;                  /* jobs that may wait; 0: 64 */
  uint32_t startup_ms;                  /* until a process must have said HELLO; 0: 30,000 */
  uint32_t timeout_ms;                  /* until a job must be answered; 0: 10,000 */
  uint32_t backoff_ms, most_backoff_ms; /* between restarts, doubling; 0: 100 and 30,000 */
  size_t breaker_failures;  /* deaths and time-outs in a row after which jobs are refused until one start, or a trial
                               job, works; 0: 5 */
  size_t most_answer_bytes; /* 0: 64 MiB */
  uint32_t ping_ms;         /* an idle process is asked whether it is there so often; 0: 30,000 */
  /* a process */
  const char *const *command;     /* ended by NULL; looked up in PATH when it holds no slash */
  const char *folder;             /* its working folder; NULL: the server's */
  const char *const *environment; /* "NAME=value" to set, ended by NULL; may be NULL */
  const char *helpers;            /* folder with ockham_worker.py, put in front of PYTHONPATH; NULL: none */
  ock_limits limits;
  /* a server elsewhere */
  const char *url; /* of its infer (protocol v2) */
  bool binary;     /* it takes binary tensors */
  /* a function of this process */
  ockham_status (*call)(void *user, ock_message *request, ock_message *answer, ockham_error *err);
  void *call_user;
  const atomic_bool *interrupted;                          /* once it is true ock_crew_wait() fails; may be NULL */
  void (*told)(void *user, const ock_worker_event *event); /* may be NULL */
  void *told_user;
} ock_crew_options;

typedef struct ock_crew ock_crew;
/* Start: returns once the hands run, not once they are up: ock_crew_wait(). Copies the options. BAD_ARGUMENT,
 * NO_MEMORY, IO. */
ockham_status ock_crew_start(const ock_crew_options *options, ock_crew **crew, ockham_error *err);
/* Until one hand is up, or none can be: then IO with why, the end of stderr in it; for at most startup_ms. IO at once
 * when the crew is being closed. */
ockham_status ock_crew_wait(ock_crew *crew, ockham_error *err);
/* What the first HELLO, or the server's metadata, said; NULL before. Valid as long as the crew. */
const ock_schema *ock_crew_schema(const ock_crew *crew);
bool ock_crew_ready(ock_crew *crew); /* a hand is up, and the breaker closed */
/* Hand a job over: the crew holds a reference until it called done. Or refuse it at once: its outcome and error are
 * set, done is not called, false is returned; *retry_ms is when it may be worth trying again. */
bool ock_crew_submit(ock_crew *crew, ock_job *job, uint32_t *retry_ms);
/* The answer is not wanted any more: done comes soon, with CANCELLED unless it was done already. Also of a job that
 * will be submitted. */
void ock_crew_cancel(ock_crew *crew, ock_job *job);
/* Finish what was accepted (for at most timeout_ms, then refuse it with STOPPED), end the processes, free all. */
void ock_crew_stop(ock_crew *crew, uint32_t timeout_ms);
/* The same without freeing it: submit refuses, look and schema go on. May be called twice; NULL is fine, as above. */
void ock_crew_close(ock_crew *crew, uint32_t timeout_ms);

typedef struct ock_crew_figures {
  size_t n_hands, n_up, n_busy, n_waiting;
  uint64_t n_starts, n_deaths, n_quarantined, n_refused;
  double cpu_seconds;                       /* of all processes, those that ended too */
  uint64_t memory_bytes, peak_memory_bytes; /* resident: now, and the most any process had */
  double mean_service_seconds;              /* moving average */
  bool breaker_open;
  const char *limits; /* how limits are kept: "cgroup v2", "cgroup v1", "rlimits", with what is not kept */
} ock_crew_figures;
void ock_crew_look(ock_crew *crew, ock_crew_figures *figures);

/* The file of a program: in PATH, or where its name says, which is relative to a folder (NULL: the server's). False
 * when there is none that can be run. */
enum { OCK_PROGRAM_PATH = 4096 };
bool ock_program_find(const char *name, const char *folder, char path[OCK_PROGRAM_PATH]);
/* Resident bytes of a process, now and at most so far; 0 when it is not there. */
void ock_memory_of(long process, uint64_t *now, uint64_t *peak);

/* Write ockham_worker.py and ockham_worker.h into a folder, which is made when it is not there. CANNOT_WRITE. */
ockham_status ock_helpers_write(const char *folder, ockham_error *err);
/* The same into a new folder of its own; and away with it. */
enum { OCK_HELPERS_PATH = 1024 };
ockham_status ock_helpers_make(char folder[OCK_HELPERS_PATH], ockham_error *err);
void ock_helpers_remove(const char *folder);

#endif
