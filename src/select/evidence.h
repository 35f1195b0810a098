/* SPDX-License-Identifier: Apache-2.0 */
/* What criteria need beside sizes, centroids and inertia: gathered for each k when it is asked for. */
#ifndef OCK_SELECT_EVIDENCE_H
#define OCK_SELECT_EVIDENCE_H

#include "select/run.h"

/* Gather all of one kind for the sweep's k_min ... k_max; kept in the sweep, and shown by its curve from then on. When
 * the ticker stops it there is none. Fails with NO_MEMORY. */
typedef ockham_status ock_gather(ock_run *r, ockham_sweep *sweep, ockham_error *err);
ock_gather ock_gather_resamples;

#endif
