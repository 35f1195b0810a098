/* SPDX-License-Identifier: Apache-2.0 */
/* The budget of a model that is being served, and what it has used of it. */
#ifndef OCK_SERVE_ALLOWANCE_H
#define OCK_SERVE_ALLOWANCE_H

#include <ockham/certify.h>
#include <pthread.h>

/* X(NAME) */
#define OCK_ALLOWANCE_LIST(X) X(CPU) X(TIME) X(MEMORY)
#define OCK_ALLOWANCE_ENUM(name) OCK_ALLOWANCE_##name,
typedef enum ock_allowance_kind { OCK_ALLOWANCE_LIST(OCK_ALLOWANCE_ENUM) OCK_ALLOWANCE_COUNT } ock_allowance_kind;
#undef OCK_ALLOWANCE_ENUM

/* Judged once in so many answers. */
enum { OCK_ALLOWANCE_WINDOW = 256 };

/* Zero-initialise; without a budget nothing is ever told. */
typedef struct ock_allowance {
  bool there;
  ockham_budget budget;
  pthread_mutex_t lock; /* of the rest */
  unsigned n, n_slow;   /* answers in this window */
  double cpu_used, cpu_allowed;
  bool over[OCK_ALLOWANCE_COUNT];
} ock_allowance;

/* Read a budget, and set what the model's settings leave open: the time-out, and of a program the memory. */
ockham_status ock_allowance_open(ock_allowance *allowance, const char *path, ockham_serve_model *settings,
                                 ockham_error *err);
void ock_allowance_clear(ock_allowance *allowance);
/* Count an answer; cpu_seconds 0: not known. True when a window is full: ock_allowance_judge() then. */
bool ock_allowance_add(ock_allowance *allowance, uint64_t n_rows, double seconds, double cpu_seconds);
/* What has changed since the last window, as texts that go on from the model's name; returns how many. memory_bytes 0:
 * not known. */
typedef char ock_allowance_line[160];
size_t ock_allowance_judge(ock_allowance *allowance, uint64_t memory_bytes,
                           ock_allowance_line lines[OCK_ALLOWANCE_COUNT]);

/* All of it, for an answer of a version: events "budget" and lines of the log. */
struct ock_version;
void ock_allowance_note(struct ock_version *version, const ockham_request *request);

#endif
