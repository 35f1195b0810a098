/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a version, and what it answers, watched for drift from its profile: whoever answers a request leaves
 * a copy of its rows in a bounded queue, and a thread of the version's own puts them before the monitor, tells of
 * alarms and follows the traffic with the budget. What has no room in the queue is not watched, and counted. Main type:
 * ock_drift; versions of the same model that follow each other share one, so that a reload forgets nothing. Threads:
 * `lock` is for the monitor and all that it knows, and may be held for some milliseconds: never by who answers a
 *   request. `queue_lock` is held for a moment, and taken last. */
#ifndef OCK_SERVE_DRIFT_H
#define OCK_SERVE_DRIFT_H

#include <ockham/drift.h>
#include <ockham/serve.h>
#include <pthread.h>
#include <stdatomic.h>

#include "serve/drift_budget.h"
#include "wire/internal.h"

struct ockham_server;
struct ock_version;
struct ock_exchange;

/* ---- settings ---- */

/* A model's own, and what it leaves open by the server's. Texts are borrowed. */
ockham_serve_drift ock_drift_settings(const ockham_serve_drift *of_model, const ockham_serve_drift *of_server);
/* The profile in a file of its own or in that of a model, the caller's. *profile is NULL where a model has none. */
ockham_status ock_profile_open(const char *path, ockham_profile **profile, ockham_error *err);

/* ---- life ---- */

typedef struct ock_drift ock_drift;
/* Watch a version from now on; its settings are complete. Holds itself once, for the caller. Thresholds are found in
 * the background. */
ockham_status ock_drift_start(struct ock_version *version, ock_drift **drift, ockham_error *err);
void ock_drift_hold(ock_drift *drift);
void ock_drift_release(ock_drift *drift); /* NULL is fine */
/* Whether a version with these settings may go on with it: the model and the profile are the same. */
bool ock_drift_fits(const ock_drift *drift, const ockham_serve_model *settings);
/* Other settings: a budget is taken over as it is, for others thresholds are found anew. */
ockham_status ock_drift_configure(ock_drift *drift, const ockham_serve_drift *settings, ockham_error *err);

/* ---- on the way of a request ---- */

typedef struct ock_drift_request {
  double time_s;    /* since 1970 */
  double compute_s; /* of the model */
  uint64_t number;  /* in the recording, or 0 */
  size_t n_rows;
  bool answered, fault; /* neither: it was the client's */
} ock_drift_request;
/* Copy what is watched. `answer` gives memory. */
void ock_drift_note(ock_drift *drift, const ock_schema *schema, const ock_drift_request *request,
                    const ock_message *asked, ock_message *answer);
/* Whether bodies should be kept: during drift, for some requests with a row in the bin that has grown most. */
bool ock_drift_wants(ock_drift *drift, const ock_schema *schema, const ock_message *asked, ock_message *answer);

/* ---- outcomes: what turned out later ---- */

/* Whether errors are 0 or 1, as far as is known: 1, 0; -1: not known. */
int ock_drift_outcomes_are_events(ock_drift *drift);
/* Errors of answers, in their order: 0 or 1, or absolute differences. */
void ock_drift_put_outcomes(ock_drift *drift, const double *errors, size_t n);

/* ---- looking ---- */

/* The document of /v2/models/{m}/drift; and what of it the console needs each second, an object. */
void ock_drift_write(struct ock_version *version, ock_buffer *out);
void ock_drift_write_short(struct ock_version *version, ock_buffer *out);
void ock_drift_metrics(struct ockham_server *server, ock_buffer *out);

/* ---- webhooks ---- */

typedef struct ock_webhooks ock_webhooks;
/* A thread that posts, started with the first. */
ockham_status ock_webhooks_new(struct ockham_server *server, ock_webhooks **webhooks, ockham_error *err);
/* POST a JSON body, three times if need be; never waits. What has no room is told in the log. */
void ock_webhooks_send(ock_webhooks *webhooks, const char *url, const char *json);
void ock_webhooks_free(ock_webhooks *webhooks); /* gives up what is left */

#endif
