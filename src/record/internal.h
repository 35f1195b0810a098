/* SPDX-License-Identifier: Apache-2.0 */
/* record: the flight recorder: what was asked, what was answered and what happened, kept so that it can be looked at.
 * Main types: ock_recorder (the one writer of a folder), ockham_recording (a reader of it).
 * Invariants: an entry that ock_recorder_put() returned from survives the death of the process, and after the flush
 *   interval the death of the machine; entries carry a CRC, and a reader passes over what is damaged or half-written;
 *   old segments go first, and never more is kept than was allowed; a full disk stops the recording, never the server.
 * Threads: ock_recorder_put() and _event() from any thread, without waiting for the disk or for each other.
 * Source: segments are described in segment.h; the metadata are SQLite's, in write-ahead mode. */
#ifndef OCK_RECORD_INTERNAL_H
#define OCK_RECORD_INTERNAL_H

#include <ockham/record.h>

#include "core/internal.h"

/* ---- the words of the lists in <ockham/record.h> ---- */

extern const char *const ock_phase_words[OCKHAM_PHASE_COUNT];
typedef struct ock_mark_word {
  uint32_t mark;
  const char *word;
} ock_mark_word;
#define OCK_MARK_COUNT(name, word, bit) +1
enum { OCK_MARKS = 0 OCKHAM_REQUEST_MARK_LIST(OCK_MARK_COUNT) };
#undef OCK_MARK_COUNT
extern const ock_mark_word ock_mark_words[OCK_MARKS];

/* ---- outcomes: what turned out of an answer later ---- */

typedef struct ock_truth {
  uint64_t time_ns, received_ns;  /* when it turned out, or 0; when it came here */
  const char *id;                 /* X-Request-Id; "" */
  uint64_t request;               /* its number in the recording; 0: not known */
  const char *model, *version;    /* "" when not known */
  const char *predicted, *actual; /* as JSON; "" */
  double error;                   /* 0 or 1, or an absolute difference; NaN: not known, as the answer is not */
} ock_truth;
/* Into the metadata of a folder that is being recorded into, all or none; and the errors of the latest outcomes of a
 * version, the oldest first, to be given to ock_free(). */
ockham_status ock_outcomes_put(const char *folder, const ock_truth *outcomes, size_t n, ockham_error *err);
ockham_status ock_outcomes_get(const char *folder, const char *model, const char *version, size_t most, double **errors,
                               size_t *n, ockham_error *err);

/* ---- the recorder ---- */

typedef struct ock_recorder_options {
  uint64_t segment_bytes; /* 0: 64 MiB, or an eighth of keep_bytes where that is less */
  uint64_t keep_bytes;    /* 0: 1 GiB */
  uint64_t keep_seconds;  /* 0: 14 days */
  uint32_t flush_ms;      /* 0: 100 */
} ock_recorder_options;

typedef struct ock_recorder ock_recorder;
/* The folder is made when it is not there, for its owner only. It is locked: a second writer fails with IO. */
ockham_status ock_recorder_open(const char *folder, const ock_recorder_options *options, ock_recorder **recorder,
                                ockham_error *err);
/* Keep a request; request->number is ignored. Returns its number, 0 when it could not be kept (see ock_recorder_look).
 */
uint64_t ock_recorder_put(ock_recorder *recorder, const ockham_request *request);
/* Keep an event; number and a time of 0 are filled in. */
void ock_recorder_event(ock_recorder *recorder, const ockham_event *event);

typedef struct ock_recorder_figures {
  uint64_t n_requests, n_segments, bytes; /* in the folder; files count with all that was set aside for them */
  uint64_t n_put;                         /* since opening */
  uint64_t n_lost, n_events_lost;         /* since opening, for want of room */
  const char *problem; /* why entries are being, or will soon be, lost; NULL when they are not; valid as long as the
                          recorder */
} ock_recorder_figures;
void ock_recorder_look(ock_recorder *recorder, ock_recorder_figures *figures);
/* Everything to disk, then close. */
void ock_recorder_close(ock_recorder *recorder);

#endif
