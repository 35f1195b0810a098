/* SPDX-License-Identifier: Apache-2.0 */
/* A command in a process group of its own, which ends with this process however that ends: a keeper stands between,
 * waits for the command, and ends the whole group when the command has ended or when it loses its parent. The keeper is
 * a fork that runs nothing, so it only does what is safe after a fork of a process with threads. */
#ifndef OCK_ABLATE_PROCESS_H
#define OCK_ABLATE_PROCESS_H

#include <sys/types.h>

#include "core/internal.h"

typedef struct ock_child {
  pid_t keeper;         /* also the number of the group; 0: none */
  int out, errors, end; /* pipes, not blocking: what it prints (-1: closed), and ock_child_end when it has ended */
} ock_child;

/* As the keeper writes it into `end`. Nothing but the end of that pipe: the group was killed. */
typedef struct ock_child_end {
  int status; /* of waitpid() */
  double cpu_seconds;
} ock_child_end;

/* Run by /bin/sh, its input empty. cpu: the core that it stays on; -1: any. environment: "NAME=value" ..., ended by
 * NULL. */
ockham_status ock_child_start(const char *command, int cpu, char *const *environment, ock_child *child,
                              ockham_error *err);
/* End all of the group, at once. */
void ock_child_kill(const ock_child *child);
/* Wait for the keeper, which has ended or is about to, and close the pipes. */
void ock_child_finish(ock_child *child);
/* How it ended, as a line; NULL: well. */
const char *ock_child_why(const ock_child_end *end, char text[160]);

/* This process's environment, with one thread for libraries that would take all cores. NULL: no memory; ock_free(). */
char **ock_child_environment(void);
/* The cores that this process may use; *n 0 where it cannot be known. NULL: no memory, or none. */
int *ock_child_cores(size_t *n);

#endif
