/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker process may not ask the system for. The filter is made before vfork(), so that the child only has to
 * hand it over. Source: seccomp(2), libseccomp's seccomp_export_bpf(3). */
#ifndef OCK_WORKER_SANDBOX_H
#define OCK_WORKER_SANDBOX_H

#include <linux/filter.h>

#include "core/internal.h"

typedef struct ock_sandbox {
  struct sock_fprog program; /* len 0: nothing is denied */
  bool no_network;
} ock_sandbox;
/* Zero-initialise; ock_sandbox_clear(). UNSUPPORTED: this system has no filters. */
ockham_status ock_sandbox_make(bool deny_syscalls, bool no_network, ock_sandbox *sandbox, ockham_error *err);
void ock_sandbox_clear(ock_sandbox *sandbox);
/* In a child after vfork(), async-signal-safe: no new privileges, no network, the filter. */
bool ock_sandbox_enter(const ock_sandbox *sandbox);

#endif
