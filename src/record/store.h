/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata: ockham.db, SQLite in write-ahead mode, in the folder of the recording. It says what is in which
 * segment, so that readers can leave some out, and keeps the events. What it says of segments can be made anew from
 * them. */
#ifndef OCK_RECORD_STORE_H
#define OCK_RECORD_STORE_H

#include "record/segment.h"

/* What is known of a segment that is full. Models are told as a line each, "\nname:version\n..."; too many: "*". */
enum { OCK_FACTS_MODELS = 1024, OCK_FACTS_CLASSES = 6 };
typedef struct ock_facts {
  uint64_t first_number, last_number, bytes, n_requests;
  uint64_t first_ns, last_ns, most_total_ns;
  uint64_t n_by_class[OCK_FACTS_CLASSES]; /* by status / 100; 0: others */
  uint32_t marks;                         /* all that any request has */
  char models[OCK_FACTS_MODELS];
} ock_facts;
void ock_facts_add(ock_facts *facts, const ockham_request *request);
/* False: none of its requests can pass. */
bool ock_facts_may_pass(const ock_facts *facts, const ockham_request_filter *filter);
bool ock_request_passes(const ockham_request *request, const ockham_request_filter *filter);

typedef struct ock_store ock_store;
/* Made, or brought to the newest schema, unless it is opened to be read. *found is false when there is none to read.
 * BAD_FILE: damaged or no database; UNSUPPORTED: of a later schema; CANNOT_WRITE, IO, NO_MEMORY. */
ockham_status ock_store_open(const char *folder, bool write, ock_store **store, bool *found, ockham_error *err);
void ock_store_close(ock_store *store);

/* Between these, all or nothing is done. */
ockham_status ock_store_begin(ock_store *store, ockham_error *err);
ockham_status ock_store_commit(ock_store *store, ockham_error *err);
void ock_store_rollback(ock_store *store);

ockham_status ock_store_put_segment(ock_store *store, const ock_facts *facts, ockham_error *err);
ockham_status ock_store_remove_segment(ock_store *store, uint64_t first_number, ockham_error *err);
/* The segment of this first number. */
ockham_status ock_store_get_segment(ock_store *store, uint64_t first_number, ock_facts *facts, bool *found,
                                    ockham_error *err);
/* The last number of all; 0: none. */
ockham_status ock_store_last_number(ock_store *store, uint64_t *number, ockham_error *err);

ockham_status ock_store_put_event(ock_store *store, const ockham_event *event, ockham_error *err);
/* The first event after a number, copied into *room (to be freed). */
ockham_status ock_store_get_event(ock_store *store, uint64_t after_number, const char *kind, ockham_event *event,
                                  char **room, bool *found, ockham_error *err);
/* Remove events before a time, and then the oldest until what is left has at most so many bytes. */
ockham_status ock_store_trim_events(ock_store *store, uint64_t before_ns, uint64_t most_bytes, ockham_error *err);

/* What turned out later: all of them or none, and the errors of the latest of a version, the oldest first (at most
 * `most`; *errors from ock_alloc, to be freed). */
ockham_status ock_store_put_outcomes(ock_store *store, const ock_truth *outcomes, size_t n, ockham_error *err);
ockham_status ock_store_get_errors(ock_store *store, const char *model, const char *version, size_t most,
                                   double **errors, size_t *n, ockham_error *err);
/* Remove those that came before a time, and then the oldest until so many are left. */
ockham_status ock_store_trim_outcomes(ock_store *store, uint64_t before_ns, uint64_t most, ockham_error *err);

#endif
