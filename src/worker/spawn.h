/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a process: its own session and group, dead when the thread that started it is, nothing of ours open in it.
 */
#ifndef OCK_WORKER_SPAWN_H
#define OCK_WORKER_SPAWN_H

#include <sys/types.h>

#include "worker/limits.h"
#include "worker/sandbox.h"

/* Where frames are in a worker: not 0 and 1, so that nothing a program prints can get among them. */
enum { OCK_FRAMES_IN = 3, OCK_FRAMES_OUT = 4 };

typedef struct ock_spawn {
  const ock_crew_options *options;
  const ock_cage *cage;
  const ock_sandbox *sandbox;
} ock_spawn;

typedef struct ock_child {
  pid_t process;
  int handle;  /* a pidfd: readable once it is dead; -1: none */
  int in, out; /* frames to it and from it; none of the three blocks */
  int log;     /* what it prints */
} ock_child;

/* IO: no such program, and whatever the system refuses, with the step that failed. */
ockham_status ock_spawn_child(const ock_spawn *spawn, ock_child *child, ockham_error *err);
void ock_child_close(ock_child *child); /* the descriptors */

#endif
