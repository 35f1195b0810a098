/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of a process: control groups of version 2 or 1 where this server may make them below its own, resource limits
 * for the rest. What a limit is kept by is found out once, when a crew starts.
 *   memory     v2 memory.max, v1 memory.limit_in_bytes; else RLIMIT_DATA (what it asked for, not what it uses)
 *   CPU        v2 cpu.max, v1 cpu.cfs_quota_us; else not kept
 *   processes  v2 and v1 pids.max (threads count); else RLIMIT_NPROC (all of the user's processes; root's not at all)
 *   files      RLIMIT_NOFILE, RLIMIT_FSIZE
 * Source: cgroups(7), Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/, getrlimit(2). */
#ifndef OCK_WORKER_LIMITS_H
#define OCK_WORKER_LIMITS_H

#include <sys/resource.h>
#include <sys/types.h>

#include "worker/internal.h"

/* How these limits will be kept: "cgroup v1", or with what is not kept, or not well. */
void ock_limits_describe(const ock_limits *limits, char *text, size_t size);
/* "256 MB" */
void ock_limits_size_text(uint64_t bytes, char *text, size_t size);

/* ---- cgroup.c ---- */

typedef enum ock_controller { OCK_CONTROL_MEMORY, OCK_CONTROL_CPU, OCK_CONTROL_PIDS, OCK_CONTROLLERS } ock_controller;

/* Folders of this server's own groups, below which it may make others; version 0: it may not. */
typedef struct ock_cgroups {
  int version[OCK_CONTROLLERS];
  char folder[OCK_CONTROLLERS][512];
} ock_cgroups;
/* Looked for once in a process, also made ready there (version 2: the server moves into a group of its own, as groups
 * with limits must not hold processes themselves). Groups left behind by servers that are gone are removed. */
const ock_cgroups *ock_cgroups_find(void);

/* The groups of one hand's processes. */
typedef struct ock_cage {
  ock_limits limits;
  char folder[OCK_CONTROLLERS][640]; /* "": none */
  int version[OCK_CONTROLLERS];
  int join[OCK_CONTROLLERS]; /* write "0" to be in; -1: none */
  uint64_t oom_before, pids_before;
} ock_cage;
/* What no group can be had for is kept by resource limits. IO when a group that was found cannot be made. */
ockham_status ock_cage_make(const ock_limits *limits, ock_cage *cage, ockham_error *err);
/* Note the counters, before a process starts. */
void ock_cage_mark(ock_cage *cage);
/* What was reached since then, for a death's certificate: "memory limit of 256 MB reached", or "". */
void ock_cage_reached(const ock_cage *cage, char *text, size_t size);
/* End all that is in it, and wait until they have. */
void ock_cage_kill(const ock_cage *cage);
void ock_cage_remove(ock_cage *cage);

/* ---- what a child does, after vfork(): async-signal-safe ---- */

bool ock_cage_enter(const ock_cage *cage);
bool ock_limits_apply(const ock_cage *cage);

#endif
